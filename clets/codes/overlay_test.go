package codes

import (
	"bytes"
	"testing"
	"testing/fstest"
)

func sheetOf(t *testing.T, name string) []byte {
	t.Helper()
	b, err := data.ReadFile("data/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLoadWith(t *testing.T) {
	t.Parallel()
	const name = "crosswalks/hair.ncic.tsv"
	changed := bytes.Replace(sheetOf(t, name), []byte("\nBRO\tBRO\t"), []byte("\nBRO\tBLK\t"), 1)
	if bytes.Equal(changed, sheetOf(t, name)) {
		t.Fatal("there was no row to change")
	}
	b, err := LoadWith(fstest.MapFS{name: {Data: changed}})
	if err != nil {
		t.Fatal(err)
	}
	if l, err := b.Crosswalk("hair.ncic").Find("BRO"); err != nil || l.To != "BLK" {
		t.Errorf("%+v, %v", l, err)
	}
	if l, err := b.Crosswalk("hair.ncic").Find("GRY"); err != nil || l.To != "GRY" {
		t.Errorf("a row that was not changed: %+v, %v", l, err)
	}
	plain, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if l, _ := plain.Crosswalk("hair.ncic").Find("BRO"); l.To != "BRO" {
		t.Error("an overlay changed the embedded table")
	}
}

func TestLoadWithRefuses(t *testing.T) {
	t.Parallel()
	for name, overlay := range map[string]fstest.MapFS{
		"a file for nothing":   {"crosswalks/hiar.ncic.tsv": {Data: sheetOf(t, "crosswalks/hair.ncic.tsv")}},
		"a code that is none":  {"crosswalks/hair.ncic.tsv": {Data: bytes.Replace(sheetOf(t, "crosswalks/hair.ncic.tsv"), []byte("\nBRO\tBRO\t"), []byte("\nBRO\tQQQ\t"), 1)}},
		"a file without rules": {"tables/ncic.hair.tsv": {Data: []byte("code\n")}},
	} {
		if _, err := LoadWith(overlay); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

package codes

import (
	"encoding/xml"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func book(t *testing.T) *Book {
	t.Helper()
	b, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// schemaCodes reads the enumerations of the package's code schema, which is the other end of every crosswalk.
func schemaCodes(t *testing.T) map[string][]string {
	t.Helper()
	b, err := os.ReadFile("../../schemas/xsd/codes-1.0.xsd")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Types []struct {
			Name   string `xml:"name,attr"`
			Values []struct {
				Value string `xml:"value,attr"`
			} `xml:"restriction>enumeration"`
		} `xml:"simpleType"`
	}
	if err := xml.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	types := map[string][]string{}
	for _, s := range schema.Types {
		for _, v := range s.Values {
			types[s.Name] = append(types[s.Name], v.Value)
		}
	}
	return types
}

// gaps lists the codes of the schema that a crosswalk does not know, and those it knows that the schema has not.
func gaps(c *Crosswalk, schema []string) (missing, surplus []string) {
	known := map[string]bool{}
	for _, v := range schema {
		known[v] = true
		if _, err := c.Find(v); err != nil {
			missing = append(missing, v)
		}
	}
	for _, l := range c.Links() {
		if !known[l.From] {
			surplus = append(surplus, l.From)
		}
	}
	return missing, surplus
}

func TestCrosswalksAreTotal(t *testing.T) {
	t.Parallel()
	b, types := book(t), schemaCodes(t)
	for _, name := range b.Crosswalks() {
		c := b.Crosswalk(name)
		if len(types[c.From]) == 0 {
			t.Errorf("%s comes from %s, which the schema does not enumerate", name, c.From)
		}
		missing, surplus := gaps(c, types[c.From])
		if len(missing)+len(surplus) > 0 {
			t.Errorf("%s: missing %v, surplus %v", name, missing, surplus)
		}
	}
}

func TestAGapIsSeen(t *testing.T) {
	t.Parallel()
	missing, surplus := gaps(book(t).Crosswalk("sex.cal_doj"), []string{"M", "F", "X", "Q"})
	if strings.Join(missing, "") != "Q" || strings.Join(surplus, "") != "U" {
		t.Errorf("missing %v, surplus %v", missing, surplus)
	}
}

// The letter U is the trap for which the two authorities' tables are kept apart.
func TestRaceUIsTwoThings(t *testing.T) {
	t.Parallel()
	b := book(t)
	for _, c := range []struct{ word, calDOJ, ncic string }{
		{"unknown", "X", "U"}, {"hawaiian", "U", "P"}, {"asianIndian", "Z", "A"}, {"black", "B", "B"}, {"other", "O", ""},
	} {
		cal, err := b.Crosswalk("race.cal_doj").Find(c.word)
		if err != nil || cal.To != c.calDOJ {
			t.Errorf("%s is %q in cal_doj (%v)", c.word, cal.To, err)
		}
		fbi, err := b.Crosswalk("race.ncic").Find(c.word)
		if err != nil || fbi.To != c.ncic || (fbi.To == "") != (fbi.Reason != "") {
			t.Errorf("%s is %q in ncic, reason %q (%v)", c.word, fbi.To, fbi.Reason, err)
		}
	}
}

func TestUnknownCodesHaveNoCounterpart(t *testing.T) {
	t.Parallel()
	b := book(t)
	if _, err := b.Table("ncic.sex").Find("X"); !errors.Is(err, ErrNotInTable) {
		t.Errorf("NCIC has no sex X: %v", err)
	}
	if _, err := b.Crosswalk("race.cal_doj").Find("B"); !errors.Is(err, ErrNotInTable) {
		t.Errorf("a letter is no word of the package: %v", err)
	}
	if b.Table("no such table") != nil || b.Crosswalk("no such crosswalk") != nil {
		t.Error("a table out of nothing")
	}
}

func TestTablesHoldWhatTheProfileNames(t *testing.T) {
	t.Parallel()
	b := book(t)
	for table, codes := range map[string]string{
		"order_type": "EPO EGV TRO OAH CPO TCH CHO TEA TEF EAR EAF TWH WHO TSV SVO TGV HGV OGV JUV TJV OOS RTO",
		"ncic.pco":   "01 02 03 04 05 06 07 08 09",
		"reject":     "01 02 03 04 05 06 20 21 22 23 24 30 40 90 91",
		"nak":        "10 11 12 13 14 15",
	} {
		for _, code := range strings.Fields(codes) {
			if _, err := b.Table(table).Find(code); err != nil {
				t.Errorf("%s %s: %v", table, code, err)
			}
		}
		if n := len(b.Table(table).Codes()); n != len(strings.Fields(codes)) {
			t.Errorf("%s has %d codes", table, n)
		}
	}
	orange, err := b.Table("county").Find("030")
	if err != nil || orange.Meaning != "Orange" || orange.Class != "06059" {
		t.Errorf("county 030 is %+v (%v)", orange, err)
	}
	if n := len(b.Table("county").Codes()); n != 58 {
		t.Errorf("%d counties", n)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	const head = "code\tmeaning\tsource\tedition\tconfidence\n"
	const good = "A\ta\ts\t1\tours\n"
	const xhead = "# from: SexCodeType\n# to: t\nfrom\tto\treason\tsource\tedition\tconfidence\n"
	const xgood = "M\tA\t\ts\t1\tours\n"
	for name, c := range map[string]struct{ table, crosswalk, want string }{
		"code twice":          {head + good + good, xhead + xgood, "stands twice"},
		"no source":           {head + "A\ta\t\t1\tours\n", xhead + xgood, "source and edition"},
		"no meaning":          {head + "A\t\ts\t1\tours\n", xhead + xgood, "meaning"},
		"confidence":          {head + "A\ta\ts\t1\tsure\n", xhead + xgood, "confidence"},
		"cells":               {head + "A\ta\ts\t1\n", xhead + xgood, "4 cells, 5 columns"},
		"white space":         {head + "A \ta\ts\t1\tours\n", xhead + xgood, "white space"},
		"no rows":             {head, xhead + xgood, "no row"},
		"column missing":      {"code\tmeaning\nA\ta\n", xhead + xgood, "column source"},
		"leads nowhere":       {head + good, xhead + "M\tB\t\ts\t1\tours\n", "B is not in table t"},
		"neither code":        {head + good, xhead + "M\t\t\ts\t1\tours\n", "either a code or a reason"},
		"both":                {head + good, xhead + "M\tA\twhy\ts\t1\tours\n", "either a code or a reason"},
		"crosswalk code once": {head + good, xhead + xgood + xgood, "stands twice"},
		"crosswalk head":      {head + good, strings.Replace(xhead, "# to: t", "# to: u", 1) + xgood, "existing table"},
	} {
		files := fstest.MapFS{"data/tables/t.tsv": {Data: []byte(c.table)}, "data/crosswalks/x.tsv": {Data: []byte(c.crosswalk)}}
		if _, err := load(files); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	files := fstest.MapFS{"data/tables/t.tsv": {Data: []byte(head + good)}, "data/crosswalks/x.tsv": {Data: []byte(xhead + xgood)}}
	if _, err := load(files); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

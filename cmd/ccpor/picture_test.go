package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"ccpor/picture"
)

// The program as it is built, with all that its packages do before its main function, makes cells of itself that can be confined and draw.
func TestPictureCommand(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.UserCacheDir()
	check(t, err)
	out := filepath.Join(t.TempDir(), "page.png")
	run := func(args ...string) []byte {
		t.Helper()
		cmd := exec.Command(program(t, "ccpor"), append([]string{"--json", "picture", "--pictures-dir", filepath.Join(kept, "ccpor-pictures")}, args...)...)
		cmd.Stderr = os.Stderr
		b, err := cmd.Output()
		check(t, err)
		return b
	}
	form, scan := "../../testdata/cases/dv110/image.pdf", "../../picture/testdata/scan-group4.tiff"
	for file, pages := range map[string]int{form: 1, scan: 3} {
		var d picture.Document
		check(t, json.Unmarshal(run(file), &d))
		if d.Pages != pages || len(d.Sizes) != pages || len(d.Nature) != 0 || d.Refused != "" {
			t.Errorf("%s: %+v", file, d)
		}
	}
	run("--width", "100", "--out", out, form)
	if b, err := os.ReadFile(out); err != nil || len(b) < 500 || string(b[1:4]) != "PNG" {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

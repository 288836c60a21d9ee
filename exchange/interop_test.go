package exchange

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Every test that docs/interop.md names exists, and no line of its tables is without one.
func TestInteropNamesTests(t *testing.T) {
	t.Parallel()
	exist := map[string]bool{}
	for _, dir := range []string{".", "soap", "sig", "client", "../schemas/canon", "../wsdl"} {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		check(t, err)
		for _, file := range files {
			b, err := os.ReadFile(file)
			check(t, err)
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`).FindAllSubmatch(b, -1) {
				exist[string(m[1])] = true
			}
		}
	}
	page, err := os.ReadFile("../docs/interop.md")
	check(t, err)
	named := regexp.MustCompile("`(Test\\w+)`").FindAllSubmatch(page, -1)
	for _, m := range named {
		if !exist[string(m[1])] {
			t.Errorf("there is no %s", m[1])
		}
	}
	rows := regexp.MustCompile(`(?m)^\| (BP|SSBP|BSP) R\d{4}.*\| (stated|likely) \|$`).FindAll(page, -1)
	for _, row := range rows {
		if !regexp.MustCompile("`Test\\w+`").Match(row) {
			t.Errorf("no test shows it: %s", row)
		}
	}
	if len(rows) < 40 {
		t.Errorf("%d rules", len(rows))
	}
}

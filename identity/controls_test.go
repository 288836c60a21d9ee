package identity

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]+)`")
	someTest  = regexp.MustCompile(`(?m)^func (Test[A-Z][A-Za-z0-9]+)\(`)
)

// Each control of docs/security.md names a test at least, and every test that is named there for people's signing in exists.
func TestControlsHaveTheirTests(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(doc), "\n## People: how they sign in\n")
	if !ok {
		t.Fatal("docs/security.md has no section of how people sign in")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	exists := testsOf(t, "../identity", "../identity/federation", "../store", "../web/signin", "../cmd/ccpor")
	rows := 0
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| control") || strings.HasPrefix(line, "| ---") {
			continue
		}
		rows++
		named := namedTest.FindAllStringSubmatch(line, -1)
		if len(named) == 0 {
			t.Errorf("no test: %s", line)
		}
		for _, n := range named {
			if !exists[n[1]] {
				t.Errorf("there is no %s", n[1])
			}
		}
	}
	if rows < 15 {
		t.Errorf("%d controls", rows)
	}
}

func testsOf(t *testing.T, dirs ...string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, dir := range dirs {
		files, err := fs.Glob(os.DirFS(dir), "*_test.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			source, err := os.ReadFile(dir + "/" + f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range someTest.FindAllStringSubmatch(string(source), -1) {
				found[m[1]] = true
			}
		}
	}
	return found
}

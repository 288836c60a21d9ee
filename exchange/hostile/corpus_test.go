package hostile

import (
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"testing"
)

// docs/security.md tells how many cases of each class there are, and how many in all.
func TestSecurityTellsTheClasses(t *testing.T) {
	t.Parallel()
	cases, err := Corpus("../../testdata/attacks")
	if err != nil {
		t.Fatal(err)
	}
	corpus := map[string]int{}
	for _, k := range cases {
		corpus[k.Class]++
	}
	text, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Attacks\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if told := classes(t, section); !maps.Equal(told, corpus) {
		t.Errorf("docs/security.md tells\n%v, and the corpus has\n%v", told, corpus)
	}
	if all := fmt.Sprintf(", %d messages ", len(cases)); !strings.Contains(section, all) {
		t.Errorf("docs/security.md does not say%sof the corpus", all)
	}
}

// classes reads the table of a section: pairs of a class and a number, several in a line.
func classes(t *testing.T, section string) map[string]int {
	t.Helper()
	told := map[string]int{}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := 0; i+1 < len(cells); i += 2 {
			n, err := strconv.Atoi(strings.TrimSpace(cells[i+1]))
			if err != nil {
				continue // the head of the table
			}
			class := strings.TrimSpace(cells[i])
			if _, twice := told[class]; twice {
				t.Errorf("docs/security.md tells of the class %s twice", class)
			}
			told[class] = n
		}
	}
	return told
}

package precedence

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const documentFile = "../../docs/precedence.md"

// The tables of docs/precedence.md say what the data say; go test -run TestDocument -update writes them anew.
func TestDocument(t *testing.T) {
	t.Parallel()
	l := law(t)
	was, err := os.ReadFile(documentFile)
	if err != nil {
		t.Fatal(err)
	}
	is := string(was)
	for name, table := range map[string]string{
		"rank": branchTable(l, "rank"), "left": branchTable(l, "left"), "term": branchTable(l, "term"), "doubt": branchTable(l, "doubt"),
		"kinds": kindTable(l), "clauses": clauseTable(l), "cases": caseTable(),
	} {
		from, to := "<!-- table "+name+" -->\n", "<!-- end "+name+" -->"
		before, rest, found := strings.Cut(is, from)
		_, after, ended := strings.Cut(rest, to)
		if !found || !ended {
			t.Fatalf("docs/precedence.md has no place for the table %s", name)
		}
		is = before + from + table + to + after
	}
	if *update {
		if err := os.WriteFile(documentFile, []byte(is), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if is != string(was) {
		t.Error("docs/precedence.md is not what the data say; run go generate ./mapping/precedence")
	}
}

func row(b *bytes.Buffer, cells ...string) { fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | ")) }

func branchTable(l *Law, part string) string {
	var b bytes.Buffer
	row(&b, "branch", "the reason that is given", "in Spanish", "citation", "case", "how sure")
	row(&b, "---", "---", "---", "---", "---", "---")
	for _, x := range l.Branches() {
		if x.Part != part {
			continue
		}
		sure := x.Confidence
		if x.Ours {
			sure = "**ours**: " + x.Source
		}
		if !x.From.IsZero() {
			sure += "; since " + x.From.String()
		}
		i := slices.IndexFunc(cases, func(c judged) bool { return slices.Contains(c.proves, x.ID) })
		shown := ""
		if i >= 0 {
			shown = link(cases[i].name)
		}
		row(&b, "`"+string(x.ID)+"`", x.Says.En, x.Says.Es, x.Citation, shown, sure)
	}
	return b.String()
}

func link(name string) string {
	return "[" + name + "](../mapping/precedence/testdata/" + name + ".txt)"
}

func kindTable(l *Law) string {
	var b bytes.Buffer
	row(&b, "family", "form", "side", "citation", "ranked with others under", "why", "how sure")
	row(&b, "---", "---", "---", "---", "---", "---", "---")
	for _, k := range l.Kinds() {
		row(&b, string(k.Family), k.Form, string(k.Side), k.Citation, k.Act, k.Source, k.Confidence)
	}
	return b.String()
}

func clauseTable(l *Law) string {
	hows := map[string]string{
		byLevel: "what differs is a conflict", byDistance: "a smaller distance is covered by a greater one that counts; a greater one below a smaller one that counts is a conflict",
		byFlag: "said or not said: never a conflict", byOwn: "each order's own: both are kept", byText: "a court's words: a person compares them", byPermission: "a permission: nothing against a ban of contact that counts",
	}
	var b bytes.Buffer
	row(&b, "clause", "what is stricter", "how two orders are compared", "makes an emergency order more restrictive")
	row(&b, "---", "---", "---", "---")
	for _, c := range l.Clauses() {
		row(&b, c.Name.En+" (`"+string(c.ID)+"`)", c.Stricter, hows[c.Compare], map[bool]string{true: "yes", false: "no"}[c.Restricts])
	}
	return b.String()
}

func caseTable() string {
	var b bytes.Buffer
	row(&b, "case", "what it shows")
	row(&b, "---", "---")
	for _, c := range cases {
		row(&b, link(c.name), c.tells)
	}
	return b.String()
}

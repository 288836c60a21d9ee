package sigtest

import (
	"os"
	"strings"
	"testing"
)

// Row is one way in which two verdicts differ: the attack, or what was done to generated documents, and what each says.
type Row struct{ Case, Ours, Theirs string }

// Table is the part of the kept file that one test holds exact, and what that test has seen.
type Table struct {
	file  string
	known map[Row]bool
	seen  map[Row]int
	count Verdicts
}

// Verdicts counts what became of the documents of one test.
type Verdicts struct{ Accepted, Refused, RefusedHereAlone, AcceptedHereAlone int }

// messages is what the names of attacks by whole messages begin with in the kept file.
const messages = "messages/"

// Documents are the rows of single packages, and of what was done to generated ones.
func Documents(t testing.TB, file string) *Table {
	t.Helper()
	return read(t, file, false)
}

// Messages are the rows of whole messages: their cases are named messages/CLASS/NAME.
func Messages(t testing.TB, file string) *Table {
	t.Helper()
	return read(t, file, true)
}

func read(t testing.TB, file string, ofMessages bool) *Table {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	table := &Table{file: file, known: map[Row]bool{}, seen: map[Row]int{}}
	for i, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		cells := strings.Split(line, "\t")
		if len(cells) != 4 || cells[3] == "" {
			t.Fatalf("%s:%d: want case, ours, xmlsec1's and why", file, i+1)
		}
		row := Row{cells[0], cells[1], cells[2]}
		if table.known[row] {
			t.Errorf("%s:%d: the row of %s stands there twice", file, i+1, row.Case)
		}
		if i > 0 && strings.HasPrefix(row.Case, messages) == ofMessages {
			table.known[row] = true
		}
	}
	return table
}

// Compare counts two verdicts. The first time that they differ in a way of which the table says nothing, or that this hub alone accepts, which
// nothing excuses, it is an error; shown is the document then.
func (d *Table) Compare(t testing.TB, row Row, shown []byte) {
	t.Helper()
	ours, theirs := row.Ours == Accepts, row.Theirs == Accepts
	d.count.add(ours, theirs)
	if ours == theirs {
		return
	}
	d.seen[row]++
	switch {
	case d.seen[row] > 1:
	case ours:
		t.Errorf("%s: accepted here, and xmlsec1 refuses it: %q", row.Case, shown)
	case !d.known[row]:
		t.Errorf("not in %s: %s\t%s\t%s\n%q", d.file, row.Case, row.Ours, row.Theirs, shown)
	}
}

func (v *Verdicts) add(ours, theirs bool) {
	switch {
	case ours && theirs:
		v.Accepted++
	case ours:
		v.AcceptedHereAlone++
	case theirs:
		v.RefusedHereAlone++
	default:
		v.Refused++
	}
}

// Told gives what was counted since it was last asked, and logs it.
func (d *Table) Told(t testing.TB, what string) Verdicts {
	t.Helper()
	v := d.count
	d.count = Verdicts{}
	t.Logf("%s: both accept %d, both refuse %d, refused here alone %d, accepted here alone %d",
		what, v.Accepted, v.Refused, v.RefusedHereAlone, v.AcceptedHereAlone)
	return v
}

// Unseen is an error for each row that was not needed.
func (d *Table) Unseen(t testing.TB) {
	t.Helper()
	for row := range d.known {
		if d.seen[row] == 0 {
			t.Errorf("%s has the row %v, and the two do not differ so", d.file, row)
		}
	}
}

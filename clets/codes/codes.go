// Package codes holds the code tables of the outbound side as embedded data: what a letter means to the state's justice department,
// to the FBI's NCIC and to the CARPOS line profile, and the crosswalks that lead from the package's own codes to theirs.
//
// A table is a file of tab-separated rows, each with its meaning, source, edition and confidence; Load reads all of them and checks
// them: no code twice, no row without a source, every crosswalk complete in itself and ending in codes that exist. A crosswalk is total:
// it gives for every code of its side either a code of the other or a written reason why there is none.
//
// The state's tables (cal_doj) and the FBI's (ncic) are kept apart, because they use one letter for two things (race U). The package
// knows nothing of orders and messages, and it refuses to guess: a code that no row names has no counterpart.
package codes

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed data
var data embed.FS

// ErrNotInTable says that a code is in no row of the table or crosswalk that was asked.
var ErrNotInTable = errors.New("code is not in the table")

// Confidence says how well a row is known.
type Confidence string

// The degrees of confidence, from best to least. Ours marks a convention of this project.
const (
	Confirmed Confidence = "confirmed"
	Likely    Confidence = "likely"
	Recall    Confidence = "recall"
	Ours      Confidence = "ours"
	Public    Confidence = "public"
)

// ParseConfidence takes one of the degrees.
func ParseConfidence(s string) (Confidence, error) {
	c := Confidence(s)
	if !slices.Contains([]Confidence{Confirmed, Likely, Recall, Ours, Public}, c) {
		return "", fmt.Errorf("confidence %q is none of the known ones", s)
	}
	return c, nil
}

// Origin says where a row comes from.
type Origin struct {
	Source     string
	Edition    string
	Confidence Confidence
}

// Code is one row of a table.
type Code struct {
	Code    string
	Meaning string
	// Class is what a table says of its codes beyond the meaning; the head of the table's file explains it. It may be several words.
	Class string
	Origin
}

// Is says that the code's class holds the word.
func (c Code) Is(word string) bool { return slices.Contains(strings.Fields(c.Class), word) }

// Table is a list of codes of one authority.
type Table struct {
	Name  string
	codes []Code
	index map[string]int
}

// Codes are all rows, in the order of the file.
func (t *Table) Codes() []Code { return slices.Clone(t.codes) }

// Find is the row of a code, or ErrNotInTable.
func (t *Table) Find(code string) (Code, error) {
	i, ok := t.index[code]
	if !ok {
		return Code{}, fmt.Errorf("table %s: %w", t.Name, ErrNotInTable)
	}
	return t.codes[i], nil
}

// Link is one row of a crosswalk: exactly one of To and Reason is filled.
type Link struct {
	From string
	// To is the code of the other side.
	To string
	// Reason says why there is none.
	Reason string
	Origin
}

// Crosswalk leads from the codes of one table to those of another.
type Crosswalk struct {
	Name string
	// From names the simple type of the package's code schema, To the table of this package.
	From, To string
	links    []Link
	index    map[string]int
}

// Links are all rows, in the order of the file.
func (c *Crosswalk) Links() []Link { return slices.Clone(c.links) }

// Find is the row of a code of the package, or ErrNotInTable.
func (c *Crosswalk) Find(code string) (Link, error) {
	i, ok := c.index[code]
	if !ok {
		return Link{}, fmt.Errorf("crosswalk %s: %w", c.Name, ErrNotInTable)
	}
	return c.links[i], nil
}

// Book is every table and crosswalk.
type Book struct {
	tables     map[string]*Table
	crosswalks map[string]*Crosswalk
}

// Table is the table of that name; nil when there is none.
func (b *Book) Table(name string) *Table { return b.tables[name] }

// Crosswalk is the crosswalk of that name; nil when there is none.
func (b *Book) Crosswalk(name string) *Crosswalk { return b.crosswalks[name] }

// Tables and Crosswalks are the names, sorted.
func (b *Book) Tables() []string     { return sortedKeys(b.tables) }
func (b *Book) Crosswalks() []string { return sortedKeys(b.crosswalks) }

func sortedKeys[T any](m map[string]T) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Load reads and checks the embedded data. Its error names the file and every fault in it.
func Load() (*Book, error) { return load(data) }

func load(files fs.FS) (*Book, error) {
	b := &Book{tables: map[string]*Table{}, crosswalks: map[string]*Crosswalk{}}
	err := eachSheet(files, "data/tables", func(s Sheet) error {
		t, err := newTable(s)
		b.tables[t.Name] = t
		return err
	})
	if err != nil {
		return nil, err
	}
	err = eachSheet(files, "data/crosswalks", func(s Sheet) error {
		c, err := newCrosswalk(s, b.tables)
		b.crosswalks[c.Name] = c
		return err
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

func eachSheet(files fs.FS, dir string, take func(Sheet) error) error {
	names, err := fs.Glob(files, path.Join(dir, "*.tsv"))
	if err != nil {
		return fmt.Errorf("list %s: %w", dir, err)
	}
	if len(names) == 0 {
		return fmt.Errorf("%s holds no table", dir)
	}
	for _, name := range names {
		s, err := ReadSheet(files, name)
		if err != nil {
			return err
		}
		if err := take(s); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func newTable(s Sheet) (*Table, error) {
	t := &Table{Name: s.Name, index: map[string]int{}}
	var faults []error
	if err := s.Need("code", "meaning", "source", "edition", "confidence"); err != nil {
		return t, err
	}
	for _, r := range s.Rows {
		o, err := originOf(r)
		if err != nil {
			faults = append(faults, err)
		}
		c := Code{Code: r.Get("code"), Meaning: r.Get("meaning"), Class: r.Get("class"), Origin: o}
		if c.Code == "" || c.Meaning == "" {
			faults = append(faults, r.Errorf("code and meaning are needed"))
		}
		if _, twice := t.index[c.Code]; twice {
			faults = append(faults, r.Errorf("code %s stands twice", c.Code))
		}
		t.index[c.Code] = len(t.codes)
		t.codes = append(t.codes, c)
	}
	return t, errors.Join(faults...)
}

func newCrosswalk(s Sheet, tables map[string]*Table) (*Crosswalk, error) {
	c := &Crosswalk{Name: s.Name, From: s.Head["from"], To: s.Head["to"], index: map[string]int{}}
	to := tables[c.To]
	if c.From == "" || to == nil {
		return c, fmt.Errorf("the head must name where the crosswalk comes from and an existing table to which it leads")
	}
	if err := s.Need("from", "to", "reason", "source", "edition", "confidence"); err != nil {
		return c, err
	}
	var faults []error
	for _, r := range s.Rows {
		l, err := newLink(r, to)
		if err != nil {
			faults = append(faults, err)
		}
		if _, twice := c.index[l.From]; twice {
			faults = append(faults, r.Errorf("code %s stands twice", l.From))
		}
		c.index[l.From] = len(c.links)
		c.links = append(c.links, l)
	}
	return c, errors.Join(faults...)
}

func newLink(r Row, to *Table) (Link, error) {
	o, err := originOf(r)
	l := Link{From: r.Get("from"), To: r.Get("to"), Reason: r.Get("reason"), Origin: o}
	switch {
	case err != nil:
		return l, err
	case l.From == "":
		return l, r.Errorf("a code of the package is needed")
	case (l.To == "") == (l.Reason == ""):
		return l, r.Errorf("either a code or a reason is needed, not both")
	case l.To != "":
		if _, err := to.Find(l.To); err != nil {
			return l, r.Errorf("%s is not in table %s", l.To, to.Name)
		}
	}
	return l, nil
}

func originOf(r Row) (Origin, error) {
	c, err := ParseConfidence(r.Get("confidence"))
	o := Origin{Source: r.Get("source"), Edition: r.Get("edition"), Confidence: c}
	if err != nil {
		return o, r.Errorf("%v", err)
	}
	if o.Source == "" || o.Edition == "" {
		return o, r.Errorf("source and edition are needed")
	}
	return o, nil
}

package replay

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"ccpor/mapping/order"
)

// Table groups differences: what is the same in many packages stands there once.
type Table struct {
	// Show lets values about people be seen.
	Show   bool
	groups map[groupKey]*Group
}

type groupKey struct {
	stage   Stage
	what    string
	was, is string
}

// Group is one difference, and where it was found. Was and Is are masked where they are about a person.
type Group struct {
	Stage    Stage            `json:"stage"`
	What     string           `json:"what"`
	Was      string           `json:"was"`
	Is       string           `json:"is"`
	Count    int              `json:"count"`
	Examples []order.Tracking `json:"examples"` // tracking numbers at the origin, the smallest few
}

// mostExamples is how many tracking numbers a group keeps.
const mostExamples = 3

// Add adds what differs in one package, known by its tracking number at the origin.
func (t *Table) Add(of order.Tracking, all []Difference) {
	if t.groups == nil {
		t.groups = map[groupKey]*Group{}
	}
	for _, d := range all {
		was, is := d.Was, d.Is
		if d.Personal && !t.Show {
			was, is = masked(was), masked(is)
		}
		k := groupKey{d.Stage, withoutIndices(d.What), was, is}
		g := t.groups[k]
		if g == nil {
			g = &Group{Stage: k.stage, What: k.what, Was: was, Is: is}
			t.groups[k] = g
		}
		g.Count++
		if !slices.Contains(g.Examples, of) {
			g.Examples = append(g.Examples, of)
			slices.Sort(g.Examples)
			g.Examples = g.Examples[:min(len(g.Examples), mostExamples)]
		}
	}
}

// masked keeps from a value only whether there is one.
func masked(v string) string {
	if v == "" {
		return ""
	}
	return "(withheld)"
}

// withoutIndices makes protected[3].race and protected[0].race one thing.
func withoutIndices(path string) string {
	var b strings.Builder
	in := false
	for _, r := range path {
		switch {
		case r == '[':
			in = true
			b.WriteString("[]")
		case r == ']':
			in = false
		case !in:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Groups are all, by stage, then the most frequent first.
func (t *Table) Groups() []Group {
	all := make([]Group, 0, len(t.groups))
	for _, g := range t.groups {
		all = append(all, *g)
	}
	slices.SortFunc(all, func(a, b Group) int {
		return cmp.Or(cmp.Compare(slices.Index(stages, a.Stage), slices.Index(stages, b.Stage)), cmp.Compare(b.Count, a.Count), cmp.Compare(a.What, b.What),
			cmp.Compare(a.Was, b.Was), cmp.Compare(a.Is, b.Is))
	})
	return all
}

// WriteGroups writes a table for people.
func WriteGroups(w io.Writer, groups []Group) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "stage\twhat differs\twas\tis\thow many\tfor example")
	for _, g := range groups {
		examples := make([]string, len(g.Examples))
		for i, e := range g.Examples {
			examples[i] = string(e)
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%d\t%s\n", g.Stage, g.What, orNothing(g.Was), orNothing(g.Is), g.Count, strings.Join(examples, " "))
	}
	return tw.Flush()
}

func orNothing(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

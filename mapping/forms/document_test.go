package forms

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/forms.md anew")

const formsDocument = "../../docs/forms.md"

// docs/forms.md says what the data say; go test -run TestFormsDocument -update writes it anew.
func TestFormsDocument(t *testing.T) {
	t.Parallel()
	want := document(load(t))
	if *update {
		if err := os.WriteFile(formsDocument, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(formsDocument)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/forms.md is not what the data say; run go generate ./mapping/forms")
	}
}

const preface = `# Forms

<!-- Written from mapping/forms/data by "go generate ./mapping/forms". -->

The Judicial Council forms that the exchange knows. They are data (` + "`mapping/forms/data`" + `, one file a family): a new family, form or revision is a new row, and no code of the
hub names a form. An order on a form or revision that is not here is refused, and told which ones are: without its row nobody knows its CLETS designator, nor when it
ends if it does not say so.

How sure each row is stands beside it: *stated* by the source that the data name, *likely* from it, or *unverified*. A revision's window is from the day of the revision to the
day before the next one that is known; an order outside of its window is a warning, as is every miss of a longest duration.

A proof of service or a change on another form than these is a warning only: the order that it is about tells what it is.
`

func document(t *Table) []byte {
	var b bytes.Buffer
	b.WriteString(preface)
	fmt.Fprintf(&b, "\nEdition of %s.\n", t.Edition())
	b.WriteString("\n## Orders\n\n| form | designator | title | stages | protects | who asks, if not the protected person | ends by default | lasts at most | revisions |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	revisions(&b, t, func(f Form) []string {
		return []string{f.Number, designators(f), f.Title, join(f.Stages), protects(f), asks(f), "`" + f.Expiry + "`", longest(f.Max)}
	})
	b.WriteString("\nEvery order form names people, court, dates, end and service, and has room for other orders; its boxes beside that:\n\n| form | boxes | revisions |\n| --- | --- | --- |\n")
	revisions(&b, t, func(f Form) []string { return []string{f.Number, boxes(f)} })
	b.WriteString("\n## When an order ends that names no date\n\n| rule | end | citation | confidence |\n| --- | --- | --- | --- |\n")
	for _, r := range t.Rules() {
		cells(&b, "`"+r.ID+"`", r.Text, r.Citation, r.Confidence)
	}
	b.WriteString("\n## Changes and ends\n\nA change brings the whole order as it stands now, on the order's own form; the form by which it was made stands beside it. It may also have been made on none.\n\n" +
		"| form | title | changes orders of family | to | ends them because | lasts at most | confidence |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, f := range t.Forms() {
		if f.Kind == KindChange {
			cells(&b, f.Number, f.Title, string(f.Family), join(f.Reasons), join(f.Ends), longest(f.Max), f.Confidence)
		}
	}
	b.WriteString("\n## Proofs of service\n\n| form | title | methods | confidence |\n| --- | --- | --- | --- |\n")
	for _, f := range t.Forms() {
		if f.Kind == KindProof {
			cells(&b, f.Number, f.Title, join(f.Methods), f.Confidence)
		}
	}
	b.WriteString("\n## Confidential information\n\n| form | title | confidence |\n| --- | --- | --- |\n")
	for _, f := range t.Forms() {
		if f.Kind == KindConfidential {
			cells(&b, f.Number, f.Title, f.Confidence)
		}
	}
	return b.Bytes()
}

// revisions writes a line for every run of revisions of an order form that say the same, with their days and how sure they are.
func revisions(b *bytes.Buffer, t *Table, say func(Form) []string) {
	var last, days []string
	flush := func() {
		if last != nil {
			cells(b, append(last, strings.Join(days, "<br>"))...)
		}
	}
	for _, f := range t.Forms() {
		if f.Kind != KindOrder {
			continue
		}
		if line := say(f); !slices.Equal(line, last) {
			flush()
			last, days = line, nil
		}
		days = append(days, f.Revision.String()+" "+f.Confidence)
	}
	flush()
}

func cells(b *bytes.Buffer, all ...string) {
	for _, c := range all {
		b.WriteString("| " + c + " ")
	}
	b.WriteString("|\n")
}

func join[T ~string](list []T) string {
	all := make([]string, len(list))
	for i, s := range list {
		all[i] = string(s)
	}
	return strings.Join(all, ", ")
}

func designators(f Form) string {
	if f.FinancialDesignator == "" {
		return f.Designator
	}
	return f.Designator + "; " + f.FinancialDesignator + " for financial abuse alone"
}

func protects(f Form) string {
	var all []string
	if f.ProtectedMin > 0 {
		all = append(all, "people")
	}
	if f.OrganizationsMin > 0 {
		all = append(all, "organizations")
	}
	if len(all) == 0 {
		return "nobody by name"
	}
	return strings.Join(all, ", ")
}

func asks(f Form) string {
	s := join(f.Petitioners)
	if f.NeedsPetitioner {
		s += " (always)"
	}
	return s
}

func longest(m Max) string {
	switch {
	case m.Years == 1:
		return "1 year (" + m.Citation + ")"
	case m.Years > 0:
		return fmt.Sprintf("%d years (%s)", m.Years, m.Citation)
	case m.Days > 0:
		return fmt.Sprintf("%d days (%s)", m.Days, m.Citation)
	}
	return ""
}

func boxes(f Form) string {
	all := []string{join(f.Clauses)}
	for _, x := range []struct {
		there bool
		text  string
	}{{f.AlwaysFirearms, "firearms always"}, {f.NeedsHearing, "a hearing to come"}, {f.NeedsOfficer, "the officer who asked"}, {f.Foreign, "the registered order"},
		{f.Access != "", "kept from the public: " + string(f.Access)}} {
		if x.there {
			all = append(all, x.text)
		}
	}
	return strings.Join(all, "; ")
}

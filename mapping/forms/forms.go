// Package forms knows the Judicial Council forms on which orders are made and served: family, CLETS designator, title, revisions and their windows,
// what a form must name, and when an order on it ends if the form does not say.
//
// All of it is data (forms.json), each row with source and confidence, checked when loaded. A new form or revision is a
// new row. The package refuses to guess: a form or revision that is not in the table is an error that says which ones are.
package forms

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"ccpor/mapping/order"
)

//go:embed forms.json
var file []byte

// Kind tells orders from proofs of service.
type Kind string

// The kinds of forms.
const (
	KindOrder Kind = "order"
	KindProof Kind = "proof"
)

// Form is one revision of a form.
type Form struct {
	Number string `json:"number"`
	// Revision is the first day of the revision as printed on the form, and of its use. Proofs of service name none.
	Revision order.Date `json:"revision"`
	// Until is the last day on which courts issue orders on this revision; zero while it is in use. Orders made before stay in force.
	Until      order.Date   `json:"until"`
	Kind       Kind         `json:"kind"`
	Family     order.Family `json:"family"`
	Designator string       `json:"designator"`
	Title      string       `json:"title"`
	// Stages are those in which an order on this form can stand.
	Stages []order.Stage `json:"stages"`
	// NeedsHearing: the form names a hearing to come. NeedsOfficer: it names the officer who asked for it.
	NeedsHearing bool `json:"needsHearing"`
	NeedsOfficer bool `json:"needsOfficer"`
	// ProtectedMin is how many protected persons the form needs at least; 0 where it protects no person.
	ProtectedMin int `json:"protectedMin"`
	// Firearms: the form always has a firearm clause.
	Firearms bool `json:"firearms"`
	// Expiry is the id of the rule that holds when the form names no expiration.
	Expiry string `json:"expiry"`
	Max    Max    `json:"max"`
	// Methods are the ways of service that a proof on this form can state.
	Methods    []order.ServiceMethod `json:"methods"`
	Source     string                `json:"source"`
	Confidence string                `json:"confidence"` // stated, likely or unverified
}

// Max is how long an order on a form may last from its issue. Zero years and days: no bound.
type Max struct {
	Years    int    `json:"years"`
	Days     int    `json:"days"`
	Citation string `json:"citation"`
}

// Order is the form as an order carries it.
func (f Form) Order() order.Form {
	return order.Form{Number: f.Number, Revision: f.Revision, Family: f.Family, Designator: f.Designator, Title: f.Title}
}

// InUse says whether courts issue orders on this revision on the day.
func (f Form) InUse(d order.Date) bool {
	return !d.Before(f.Revision) && (f.Until.IsZero() || !d.After(f.Until))
}

// HasStage says whether an order on this form can stand in the stage.
func (f Form) HasStage(s order.Stage) bool { return slices.Contains(f.Stages, s) }

// Table is all forms and expiry rules. It never changes and is shared by goroutines.
type Table struct {
	forms   map[string][]Form // by number, revisions in order
	expiry  map[string]ExpiryRule
	edition string
}

// UnknownError says that a form or a revision is not in the table.
type UnknownError struct {
	Number   string
	Revision order.Date
	// Known are the revisions of the form in the table; none when the form itself is unknown.
	Known []order.Date
}

func (e *UnknownError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("form %s is not in the table", e.Number)
	}
	known := make([]string, len(e.Known))
	for i, d := range e.Known {
		known[i] = d.String()
	}
	return fmt.Sprintf("form %s has no revision %v in the table; known are %s", e.Number, e.Revision, strings.Join(known, ", "))
}

// Edition is the day on which the table was last checked, as 2026-11-22.
func (t *Table) Edition() string { return t.edition }

// Forms are all forms by number, then revision.
func (t *Table) Forms() []Form {
	var all []Form
	for _, list := range t.forms {
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b Form) int {
		if c := strings.Compare(a.Number, b.Number); c != 0 {
			return c
		}
		return strings.Compare(a.Revision.String(), b.Revision.String())
	})
	return all
}

// Find is the form of an order by number and revision. The error is *UnknownError.
func (t *Table) Find(number string, revision order.Date) (Form, error) {
	e := &UnknownError{Number: number, Revision: revision}
	for _, f := range t.forms[number] {
		if f.Kind != KindOrder {
			continue
		}
		if f.Revision == revision {
			return f, nil
		}
		e.Known = append(e.Known, f.Revision)
	}
	return Form{}, e
}

// Proof is the form of a proof of service by number; the empty number is a return on no form of its own. The error is *UnknownError.
func (t *Table) Proof(number string) (Form, error) {
	for _, f := range t.forms[number] {
		if f.Kind == KindProof {
			return f, nil
		}
	}
	return Form{}, &UnknownError{Number: number}
}

// Expiry is a rule by id.
func (t *Table) Expiry(id string) (ExpiryRule, bool) {
	r, ok := t.expiry[id]
	return r, ok
}

// Package forms knows the Judicial Council forms on which orders are made, changed, ended and served: family, CLETS designator, title, revisions and their
// windows, who asks and who is protected, what a form has boxes for, and when an order on it ends if the form does not say.
//
// All of it is data (the files in data, one a family), each row with source and confidence, checked when loaded. A new family, form or revision is a
// new row: no code of the hub names a form. The package refuses to guess: a form or revision that is not in the table is an error that says which ones are.
package forms

import (
	"cmp"
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ccpor/mapping/order"
)

//go:generate go test -run TestFormsDocument -update

//go:embed data/*.json
var files embed.FS

// Kind tells what a form is for.
type Kind string

// The kinds of forms.
const (
	KindOrder        Kind = "order"        // an order is made on it
	KindChange       Kind = "change"       // an order of its family is changed or ended by it
	KindProof        Kind = "proof"        // service is proven on it
	KindConfidential Kind = "confidential" // it describes people for law enforcement only
)

// Form is one row: of an order form one revision, of any other the form.
type Form struct {
	Number string `json:"number"`
	// Revision is the first day of the revision as printed on the form, and of its use. Only orders name one.
	Revision order.Date `json:"revision"`
	// Until is the last day on which courts issue orders on this revision; zero while it is in use. Orders made before stay in force.
	Until  order.Date   `json:"until"`
	Kind   Kind         `json:"kind"`
	Family order.Family `json:"family"`
	// Designator is the CLETS designator; FinancialDesignator that of an order for financial abuse alone, where the form has both.
	Designator          string `json:"designator"`
	FinancialDesignator string `json:"financialDesignator"`
	Title               string `json:"title"`
	// Stages are those in which an order on this form can stand.
	Stages []order.Stage `json:"stages"`
	// NeedsHearing: the form names a hearing to come. NeedsOfficer: it names the officer who asked for it.
	NeedsHearing bool `json:"needsHearing"`
	NeedsOfficer bool `json:"needsOfficer"`
	// Petitioners are who can ask beside, or instead of, the protected person; none: the form has no box for anybody else. NeedsPetitioner: the form always names one.
	Petitioners     []order.PetitionerKind `json:"petitioners"`
	NeedsPetitioner bool                   `json:"needsPetitioner"`
	// ProtectedMin and OrganizationsMin are how many protected persons and organizations the form needs at least.
	ProtectedMin     int `json:"protectedMin"`
	OrganizationsMin int `json:"organizationsMin"`
	// Clauses are what the form has boxes for beside what every form has.
	Clauses []Clause `json:"clauses"`
	// AlwaysFirearms: the form always has a firearm clause, but for financial abuse alone.
	AlwaysFirearms bool `json:"alwaysFirearms"`
	// Foreign: the form registers an order of another state, tribe or country.
	Foreign bool `json:"foreign"`
	// Access is the class that orders on this form belong to by law; empty: normal.
	Access order.Access `json:"access"`
	// Expiry is the id of the rule that holds when the form names no expiration.
	Expiry string `json:"expiry"`
	// Max is how long an order may last: from its issue, or, of a change form, from the change.
	Max Max `json:"max"`
	// Reasons and Ends are for what a change form modifies and cancels orders.
	Reasons []order.ModifyReason `json:"reasons"`
	Ends    []order.CancelReason `json:"ends"`
	// Methods are the ways of service that a proof on this form can state.
	Methods    []order.ServiceMethod `json:"methods"`
	Source     string                `json:"source"`
	Confidence string                `json:"confidence"` // stated, likely or unverified
}

// Clause is something that some forms have a box for and others have not.
type Clause string

// Clauses are all that a row can name. mapping/rules finds each in an order.
var clauses = []Clause{"noHarm", "noContact", "noThirdParty", "childExchange", "stayAway", "moveOut", "firearms", "bodyArmor", "named", "custody", "visitation",
	"noDissuasion", "mayRecord", "brady", "animals", "property", "support", "programs", "monitoring", "financialAbuse", "statutes", "otherCases", "organizations"}

// Clauses are the names that a row can give.
func Clauses() []Clause { return slices.Clone(clauses) }

// Max is how long an order may last. Zero years and days: no bound.
type Max struct {
	Years    int    `json:"years"`
	Days     int    `json:"days"`
	Citation string `json:"citation"`
}

// Order is the form as an order with these terms carries it.
func (f Form) Order(t order.Terms) order.Form {
	designator := f.Designator
	if t.FinancialAbuseOnly && f.FinancialDesignator != "" {
		designator = f.FinancialDesignator
	}
	return order.Form{Number: f.Number, Revision: f.Revision, Family: f.Family, Designator: designator, Title: f.Title}
}

// InUse says whether courts issue orders on this revision on the day.
func (f Form) InUse(d order.Date) bool {
	return !d.Before(f.Revision) && (f.Until.IsZero() || !d.After(f.Until))
}

// HasStage says whether an order on this form can stand in the stage.
func (f Form) HasStage(s order.Stage) bool { return slices.Contains(f.Stages, s) }

// Has says whether the form has a box for the clause.
func (f Form) Has(c Clause) bool { return slices.Contains(f.Clauses, c) }

// Table is all forms and expiry rules. It never changes and is shared by goroutines.
type Table struct {
	forms   map[key][]Form // revisions in order
	expiry  map[string]ExpiryRule
	edition string
}

// key is what a row is found by: a number may be both an order form and, by its box MODIFICATION, a change form.
type key struct {
	kind   Kind
	number string
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

// Edition is the latest day on which a file of the table was checked, as 2026-11-22.
func (t *Table) Edition() string { return t.edition }

// Forms are all forms by number, kind and revision.
func (t *Table) Forms() []Form {
	var all []Form
	for _, list := range t.forms {
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b Form) int {
		return cmp.Or(strings.Compare(a.Number, b.Number), strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Revision.String(), b.Revision.String()))
	})
	return all
}

// Find is the form of an order by number and revision. The error is *UnknownError.
func (t *Table) Find(number string, revision order.Date) (Form, error) {
	e := &UnknownError{Number: number, Revision: revision}
	for _, f := range t.forms[key{KindOrder, number}] {
		if f.Revision == revision {
			return f, nil
		}
		e.Known = append(e.Known, f.Revision)
	}
	return Form{}, e
}

// Proof is the form of a proof of service by number; the empty number is a return on no form of its own. The error is *UnknownError.
func (t *Table) Proof(number string) (Form, error) { return t.only(KindProof, number) }

// Change is the form by which an order is changed or ended. The error is *UnknownError.
func (t *Table) Change(number string) (Form, error) { return t.only(KindChange, number) }

func (t *Table) only(k Kind, number string) (Form, error) {
	if list := t.forms[key{k, number}]; len(list) > 0 {
		return list[0], nil
	}
	return Form{}, &UnknownError{Number: number}
}

// Expiry is a rule by id.
func (t *Table) Expiry(id string) (ExpiryRule, bool) {
	r, ok := t.expiry[id]
	return r, ok
}

// Rules are all expiry rules by id.
func (t *Table) Rules() []ExpiryRule {
	return slices.SortedFunc(maps.Values(t.expiry), func(a, b ExpiryRule) int { return strings.Compare(a.ID, b.ID) })
}

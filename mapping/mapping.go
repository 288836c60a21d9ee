// Package mapping turns the exchange's package into the words of the domain, and back.
//
// Mapper.Package reads a schemas.Document, that is octets that a registered court has signed and that are valid by the schemas, in one pass of
// the canonical reader's events. It is pure: the same octets, form table and calendar give the same Package, whatever the time or the
// machine. Values are made by the Parse functions of mapping/order; white space is collapsed where the schema says token and kept
// where it says string; nothing is normalised, upper-cased or completed. What a form leaves blank stays blank, but for the
// expiration, whose default is the law's and is marked as such with its rule.
//
// Write is the way back: the unsigned package, in canonical form, that Package reads as the same Package.
//
// The package knows nothing of CARPOS and judges nothing: whether an order makes sense is asked in mapping/rules. A form that is not in
// the table is no error here; the order then has a number and no family, and rules tell.
package mapping

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"ccpor/mapping/calendar"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
	"ccpor/schemas"
	"ccpor/schemas/canon"
)

// ErrShape says that a valid document has a shape that the mapping does not know: the schemas and the mapping have drifted apart. A fault of ours.
var ErrShape = errors.New("the mapping does not know this document's shape")

// Action is what a package does.
type Action string

// The actions of a package.
const (
	ActionAdd    Action = "add"    // a new order
	ActionModify Action = "modify" // an order as it stands after the court has changed it
	ActionCancel Action = "cancel" // an order no longer stands
	ActionServe  Action = "serve"  // a proof of service of an order
	ActionAttach Action = "attach" // images or confidential information of an order, apart from its data
)

// Package is what a court sent, in the words of the domain. It holds exactly one of Order, Service, Cancellation and Supplement: the subject that its action asks for.
type Package struct {
	ID     order.LocalID `json:"id"` // the sender's, unique among its packages
	Action Action        `json:"action"`
	Sent   time.Time     `json:"sent"` // as the sender states it, in UTC
	// Submitter is the agency that sent the package, as the package states it. Who signed it is for others to know.
	Submitter       order.ORI `json:"submitter"`
	Software        string    `json:"software"`
	SoftwareVersion string    `json:"softwareVersion,omitempty"`
	Test            bool      `json:"test,omitempty"`

	// Modification stands beside the Order of a modify package.
	Modification *order.Modification `json:"modification,omitempty"`
	Order        *order.Order        `json:"order,omitempty"`
	Service      *order.Service      `json:"service,omitempty"`
	Cancellation *order.Cancellation `json:"cancellation,omitempty"`
	Supplement   *order.Supplement   `json:"supplement,omitempty"`
	// Confidential is a compartment of its own: it may come with an order or a supplement, and never becomes part of either.
	Confidential *order.Confidential `json:"confidential,omitempty"`
	// Documents are those that the package names; its subject's Documents are the same.
	Documents []order.Document `json:"documents,omitempty"`
	Notes     []order.Note     `json:"notes,omitempty"`
}

// Mapper maps packages. It is shared by goroutines.
type Mapper struct {
	forms    *forms.Table
	calendar *calendar.Calendar
	readers  sync.Pool
}

// New is a mapper over a form table and a calendar.
func New(f *forms.Table, c *calendar.Calendar) *Mapper {
	m := &Mapper{forms: f, calendar: c}
	m.readers.New = func() any { return new(reader) }
	return m
}

// The profile repeats what the octets went through already; the reader has no other entrance.
var profile = canon.NewProfile(canon.Limits{}, schemas.PackageNamespace)

// Package maps a document. The only error wraps ErrShape.
func (m *Mapper) Package(d schemas.Document) (Package, error) {
	r, ok := m.readers.Get().(*reader)
	if !ok {
		r = new(reader)
	}
	defer m.readers.Put(r)
	p := r.read(d.Octets())
	if r.err != nil {
		return Package{}, fmt.Errorf("%w: %w", ErrShape, r.err)
	}
	m.complete(&p)
	return p, nil
}

// complete adds what is not in the document: the form's row, the default expiry, and notes on both.
func (m *Mapper) complete(p *Package) {
	switch {
	case p.Order != nil:
		p.Order.Documents = p.Documents
		m.form(p, p.Order)
	case p.Service != nil:
		p.Service.Documents = p.Documents
	case p.Cancellation != nil:
		p.Cancellation.Documents = p.Documents
	case p.Supplement != nil:
		p.Supplement.Documents = p.Documents
	}
	if p.Action == ActionAdd && p.Order != nil && !p.has("order") {
		p.note("NoOrderImage", "The package brings no image of the order. The order is taken; the image can follow.", "/OrderPackage/Document")
	}
}

func (m *Mapper) form(p *Package, o *order.Order) {
	f, err := m.forms.Find(o.Form.Number, o.Form.Revision)
	if err != nil {
		return // mapping/rules tells, with every other problem
	}
	o.Form = f.Order(o.Terms)
	if o.Expiry.Basis != "" {
		return
	}
	rule, ok := m.forms.Expiry(f.Expiry)
	if !ok {
		return
	}
	if o.Expiry, ok = rule.Default(o, m.calendar); !ok {
		return
	}
	p.note("ExpiryDefault", fmt.Sprintf("The form names no expiration date. The default is %s, here %s (rule %s; %s).",
		rule.Text, ends(o.Expiry), rule.ID, rule.Citation), "/OrderPackage/ProtectionOrder/OrderExpirationDate")
}

// Reference names the order that the package is about.
func (p *Package) Reference() order.Reference {
	switch {
	case p.Order != nil:
		return order.Reference{OrderID: p.Order.ID, Court: p.Order.Court.ORI, Case: p.Order.Case}
	case p.Service != nil:
		return order.Reference{OrderID: p.Service.OrderID, Court: p.Service.Court, Case: p.Service.Case}
	case p.Cancellation != nil:
		return p.Cancellation.Reference
	case p.Supplement != nil:
		return p.Supplement.Reference
	}
	return order.Reference{}
}

func ends(e order.Expiry) string {
	if e.Time == nil {
		return e.Date.String()
	}
	return e.Date.String() + " " + e.Time.String()
}

func (p *Package) has(role string) bool {
	for _, d := range p.Documents {
		if d.Role == role {
			return true
		}
	}
	return false
}

func (p *Package) note(code, text, path string) {
	p.Notes = append(p.Notes, order.Note{Code: code, Text: text, Path: path})
}

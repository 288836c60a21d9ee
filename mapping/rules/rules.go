// Package rules asks whether a package makes sense: one function a rule, each with id, citation and severity, and every finding at once.
//
// The severity follows one principle. The order of a court is taken as it is: what is missing for CARPOS, unusual in law or unlikely in
// fact is a warning that travels with the order. An error is only what contradicts itself, so that nobody could say what the court ordered,
// for whom or until when, or which order a proof of service proves.
//
// Check judges a package by itself and a given day; Against judges a proof of service by the order that it names, once that order is known.
// Whether the sender may send the package at all is asked elsewhere. The package repairs nothing, and its texts hold no names and no
// dates of birth.
package rules

import (
	"errors"

	"ccpor/mapping"
	"ccpor/mapping/calendar"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
)

// ID names a rule. Ids are part of the service contract: never renamed, never given another meaning.
type ID string

// Severity says what a finding does to a package.
type Severity string

// The severities: an error refuses the package, a warning travels with it.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Whose says whose move it is.
type Whose string

// Court: what the order says, a clerk's or a judge's matter. Sender: the court's software or its configuration.
const (
	Court  Whose = "court"
	Sender Whose = "sender"
)

// Finding is one violation of one rule.
type Finding struct {
	Rule     ID       `json:"rule"`
	Severity Severity `json:"severity"`
	Text     string   `json:"text"` // what is wrong, for a court clerk
	Fix      string   `json:"fix"`  // what to do
	Path     string   `json:"path"` // in the package, as schemas.Problem has it
	Citation string   `json:"citation"`
	Whose    Whose    `json:"whose"`
}

// Rule is one rule of the book.
type Rule struct {
	ID       ID
	Severity Severity
	Whose    Whose
	Citation string
	// Effective is the first day of issue of orders that the rule judges; zero for all.
	Effective order.Date
	// Asks is the rule in one sentence.
	Asks string

	find func(in *input) []place
}

// place is where a rule is broken, and how.
type place struct{ path, text, fix string }

// input is what rules look at: a package with its subject; form is zero when formErr is not nil.
type input struct {
	p       *mapping.Package
	o       *order.Order // the order that the package brings
	s       *order.Service
	m       *order.Modification
	c       *order.Cancellation
	known   *order.Order // the order that the package is about; in Against only
	ended   *order.Cancellation
	today   order.Date
	form    forms.Form
	formErr *forms.UnknownError
	book    *Book
}

// Known is what the hub has of an order that a package names.
type Known struct {
	Order *order.Order
	// Cancelled is set once the order no longer stands.
	Cancelled *order.Cancellation
}

// Book is all rules, over a form table and a calendar. It is shared by goroutines.
type Book struct {
	forms    *forms.Table
	calendar *calendar.Calendar
}

// New is the book of rules.
func New(f *forms.Table, c *calendar.Calendar) *Book { return &Book{forms: f, calendar: c} }

// Rules are all rules in the order in which they are asked; one that judges several subjects stands once.
func (b *Book) Rules() []Rule {
	var all []Rule
	seen := map[ID]bool{}
	for _, list := range [][]Rule{packageRules, orderRules, modificationRules, serviceRules, cancellationRules, supplementRules,
		againstService, againstModification, againstCancellation, againstSupplement} {
		for _, r := range list {
			if !seen[r.ID] {
				seen[r.ID], all = true, append(all, r)
			}
		}
	}
	return all
}

// Check is everything wrong with a package on a day of the courts' time zone.
func (b *Book) Check(p mapping.Package, today order.Date) []Finding {
	in := b.input(&p)
	in.today = today
	found := ask(packageRules, in)
	switch {
	case in.o != nil:
		found = append(found, ask(orderRules, in)...)
		if in.m != nil {
			found = append(found, ask(modificationRules, in)...)
		}
	case in.s != nil:
		found = append(found, ask(serviceRules, in)...)
	case in.c != nil:
		found = append(found, ask(cancellationRules, in)...)
	case p.Supplement != nil:
		found = append(found, ask(supplementRules, in)...)
	}
	return found
}

func (b *Book) input(p *mapping.Package) *input {
	in := &input{p: p, o: p.Order, s: p.Service, m: p.Modification, c: p.Cancellation, book: b}
	if in.o == nil {
		return in
	}
	var err error
	if in.form, err = b.forms.Find(in.o.Form.Number, in.o.Form.Revision); err != nil && !errors.As(err, &in.formErr) {
		in.formErr = &forms.UnknownError{Number: in.o.Form.Number, Revision: in.o.Form.Revision}
	}
	return in
}

// Against is everything wrong with a package beside the order that it names: a proof of service, a modification, a cancellation or a supplement.
// A new order is about no other, and nothing is found.
func (b *Book) Against(p mapping.Package, known Known) []Finding {
	in := b.input(&p)
	in.known, in.ended = known.Order, known.Cancelled
	switch {
	case in.known == nil:
		return nil
	case in.s != nil:
		return ask(againstService, in)
	case in.o != nil && in.m != nil:
		return ask(againstModification, in)
	case in.c != nil:
		return ask(againstCancellation, in)
	case p.Supplement != nil:
		return ask(againstSupplement, in)
	}
	return nil
}

func ask(rules []Rule, in *input) []Finding {
	var all []Finding
	for i := range rules {
		r := &rules[i]
		if in.o != nil && !r.Effective.IsZero() && in.o.Issued.Before(r.Effective) {
			continue
		}
		for _, f := range r.find(in) {
			all = append(all, Finding{Rule: r.ID, Severity: r.Severity, Text: f.text, Fix: f.fix, Path: f.path, Citation: r.Citation, Whose: r.Whose})
		}
	}
	return all
}

// one is the finding of a rule that can be broken once.
func one(broken bool, path, text, fix string) []place {
	if !broken {
		return nil
	}
	return []place{{path, text, fix}}
}

package carpos

import (
	"slices"
	"strings"

	"ccpor/mapping/order"
)

// EnterWith makes the ERR of an order and of the CLETS-001 that came for it, nil for none: WithConfidential, the social security number, and Disagreements among
// the notes.
func (d *Dictionary) EnterWith(o order.Order, secret *order.Confidential, c Context) (Transaction, []Lack) {
	if secret != nil && secret.Restrained != nil {
		c.SSN = secret.Restrained.SSN
	}
	t, lacks := d.Enter(WithConfidential(o, secret), c)
	t.Notes = append(t.Notes, Disagreements(o, secret)...)
	return t, lacks
}

// WithConfidential is the order with what CLETS-001 says beyond it, for Enter and nothing else: descriptors that the order does not give are taken
// from there, other names and marks are added. The order's own words win wherever it has any (Disagreements tells where they differ). The social security number,
// which no order has a place for, goes into Context.SSN. What CLETS-001 says of a protected person whom the order names fills blanks only; their whereabouts go
// nowhere, and nobody is protected because CLETS-001 names them.
func WithConfidential(o order.Order, c *order.Confidential) order.Order {
	if c == nil {
		return o
	}
	if r := c.Restrained; r != nil {
		o.Restrained = describe(o.Restrained, *r)
	}
	o.Protected = slices.Clone(o.Protected)
	for _, k := range c.Protected {
		if i := named(o.Protected, k.Name); i >= 0 {
			o.Protected[i].Person = fill(o.Protected[i].Person, k.Person)
		}
	}
	return o
}

// named is the place of the one protected person of that name, -1 when there is none or more than one.
func named(people []order.Protected, n order.Name) int {
	at := -1
	for i, p := range people {
		switch {
		case !sameName(p.Name, n):
		case at >= 0:
			return -1
		default:
			at = i
		}
	}
	return at
}

// sameName says that two names are one however their letters and blanks are set.
func sameName(a, b order.Name) bool {
	same := func(x, y string) bool {
		return strings.EqualFold(strings.Join(strings.Fields(x), " "), strings.Join(strings.Fields(y), " "))
	}
	return same(a.Given, b.Given) && same(a.Middle, b.Middle) && same(a.Surname, b.Surname) && same(a.Suffix, b.Suffix)
}

func describe(r order.Restrained, c order.ConfidentialRestrained) order.Restrained {
	r.Person = fill(r.Person, c.Person)
	r.Height, r.Weight = blank(r.Height, c.Height), blank(r.Weight, c.Weight)
	r.Hair, r.Eyes = blank(r.Hair, c.Hair), blank(r.Eyes, c.Eyes)
	r.DriverLicense, r.Address = blank(r.DriverLicense, c.DriverLicense), blank(r.Address, c.Address)
	r.Aliases = slices.Clone(r.Aliases)
	for _, n := range c.Aliases {
		known := sameName(n, r.Name) || slices.ContainsFunc(r.Aliases, func(a order.Name) bool { return sameName(a, n) })
		if !known {
			r.Aliases = append(r.Aliases, n)
		}
	}
	r.Marks = append(slices.Clone(r.Marks), c.Marks...)
	return r
}

// fill completes a description. A date of birth is taken beside an age of the order, which may be an estimate; an age beside a date of birth of the order is
// not: it would be a second word on the same thing.
func fill(p, c order.Person) order.Person {
	p.Sex, p.Race = blank(p.Sex, c.Sex), blank(p.Race, c.Race)
	if p.Born == nil {
		p.Born, p.Age = c.Born, blank(p.Age, c.Age)
	}
	return p
}

// blank is the second value where the first says nothing.
func blank[T comparable](said, otherwise T) T {
	var nothing T
	if said == nothing {
		return otherwise
	}
	return said
}

// Disagreements tells, for the notes of a transaction, where CLETS-001 says something else than the order that it came with, and what of it went nowhere. No note
// holds a value: people without the right to see CLETS-001 may read them.
func Disagreements(o order.Order, c *order.Confidential) []order.Note {
	if c == nil {
		return nil
	}
	t := &teller{}
	if r := c.Restrained; r != nil {
		t.restrained(o, *r)
	}
	for _, k := range c.Protected {
		i := named(o.Protected, k.Name)
		if i < 0 {
			t.add("PPN", "confidential.unmatched", "CLETS-001 describes a protected person whom the order does not name, or names more than once; nothing of it is sent.")
			continue
		}
		p := o.Protected[i].Person
		t.differ("PSX", "the sex of a protected person", p.Sex, k.Sex)
		t.differ("PRA", "the race of a protected person", p.Race, k.Race)
		t.born("PPB", "the date of birth or age of a protected person", p, k.Person, o.Issued)
	}
	return t.notes
}

type teller struct{ notes []order.Note }

// add tells a thing once.
func (t *teller) add(field, code, text string) {
	n := order.Note{Code: code, Text: text, Path: field}
	if !slices.Contains(t.notes, n) {
		t.notes = append(t.notes, n)
	}
}

func (t *teller) tell(field, what string) {
	t.add(field, "confidential.differs", "CLETS-001 and the order differ on "+what+"; what the order says is sent.")
}

func (t *teller) differ(field, what, said, otherwise string) {
	if said != "" && otherwise != "" && said != otherwise {
		t.tell(field, what)
	}
}

func (t *teller) restrained(o order.Order, c order.ConfidentialRestrained) {
	r := o.Restrained
	t.differ("SEX", "the sex", r.Sex, c.Sex)
	t.differ("RAC", "the race", r.Race, c.Race)
	t.born("DOB", "the date of birth or age", r.Person, c.Person, o.Issued)
	t.differ("EYE", "the eyes", r.Eyes, c.Eyes)
	t.differ("HAI", "the hair", r.Hair, c.Hair)
	if r.Height != 0 && c.Height != 0 && r.Height != c.Height {
		t.tell("HGT", "the height")
	}
	if r.Weight != 0 && c.Weight != 0 && r.Weight != c.Weight {
		t.tell("WGT", "the weight")
	}
	if r.DriverLicense != nil && c.DriverLicense != nil && *r.DriverLicense != *c.DriverLicense {
		t.tell("OLN", "the driver's licence")
	}
	if r.Address != nil && c.Address != nil && *r.Address != *c.Address {
		t.tell("ADR", "the address")
	}
	if len(c.Telephones)+len(c.Vehicles)+len(c.Firearms) > 0 || c.Employer != "" || c.Language != "" || c.FirearmsKnown != "" || c.SpeaksEnglish != nil {
		t.add("MIS", "leftOut", "What CLETS-001 says of telephones, employer, vehicles, language and known firearms has no field at CARPOS and stays in the registry.")
	}
}

// born compares what the two say of somebody's age. An order that gives an age only is completed by the date of birth, which is sent in its stead; it is
// told when the two are more than a year apart.
func (t *teller) born(field, what string, p, c order.Person, issued order.Date) {
	switch {
	case p.Born != nil && c.Born != nil && *p.Born != *c.Born:
		t.tell(field, what)
	case p.Born == nil && c.Born != nil && p.Age > 0 && !ageFits(p.Age, *c.Born, issued):
		t.add(field, "confidential.differs", "The age on the order does not fit the date of birth on CLETS-001, which is sent because the order has none.")
	case p.Born == nil && c.Born == nil && p.Age > 0 && c.Age > 0 && p.Age != c.Age:
		t.tell(field, what)
	}
}

// ageFits allows for a birthday and for an estimate: one year.
func ageFits(age int, born, day order.Date) bool {
	return !born.AddYears(age-1).After(day) && born.AddYears(age+2).After(day)
}

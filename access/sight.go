package access

import (
	"slices"
	"time"

	"ccpor/mapping/order"
)

// Sight is how much of an order somebody sees.
type Sight int

// The sights, from the narrowest to the widest.
const (
	Nothing Sight = iota // not even that it exists
	Outline              // which order it is, and how it stands; no name and no case number
	Whole                // all of it but CLETS-001, and the protected side's whereabouts where Whereabouts says so
)

// sights say what each role sees of each access class: of orders of the agency's own county, and of others. docs/access.md is this table for people.
// A class or a role that is not here is seen by nobody, or sees nothing.
var sights = map[Role]map[order.Access]struct{ own, other Sight }{
	JudicialOfficer: {order.AccessNormal: {Whole, Whole}, order.AccessJuvenile: {Whole, Whole}, order.AccessSealed: {Whole, Nothing}},
	CourtClerk:      {order.AccessNormal: {Whole, Whole}, order.AccessJuvenile: {Whole, Nothing}, order.AccessSealed: {Whole, Nothing}},
	LawEnforcement:  {order.AccessNormal: {Whole, Whole}, order.AccessJuvenile: {Whole, Whole}, order.AccessSealed: {Whole, Whole}},
	HelpDesk:        {order.AccessNormal: {Outline, Nothing}, order.AccessJuvenile: {Nothing, Nothing}, order.AccessSealed: {Nothing, Nothing}},
}

// Object is an order as far as it decides who sees it.
type Object struct {
	Court  order.ORI
	ID     order.LocalID
	Access order.Access
	Test   bool
}

// ObjectOf is what decides of an order; test is what it was when it came.
func ObjectOf(o order.Order, test bool) Object {
	return Object{Court: o.Court.ORI, ID: o.ID, Access: o.Access, Test: test}
}

// Sees is how much of an order the person sees at a time: the most that any of the roles allows, or all of it where that person has opened it.
func (a Asker) Sees(o Object, now time.Time) Sight {
	if o.Test != a.Test {
		return Nothing
	}
	if a.opened(o, now) {
		return Whole
	}
	most := Nothing
	for _, r := range a.Roles {
		if a.Has(r) {
			most = max(most, a.sight(r, o))
		}
	}
	return most
}

func (a Asker) sight(r Role, o Object) Sight {
	// A foreign order is sealed but for law enforcement (Fam. Code 6404(a)); who else may see sealed ones is said of each person.
	if o.Access == order.AccessSealed && r != LawEnforcement && !a.Sealed {
		return Nothing
	}
	s := sights[r][o.Access]
	if a.near(o.Court) {
		return s.own
	}
	return s.other
}

// near says that the court is of the agency's own county; every county is the exchange's own.
func (a Asker) near(court order.ORI) bool {
	return a.Kind.Central() || countyOf(court) == countyOf(a.Agency)
}

// countyOf is the part of an ORI that says the county: the state's two letters and three digits.
func countyOf(o order.ORI) order.ORI { return o[:min(5, len(o))] }

func (a Asker) opened(o Object, now time.Time) bool {
	return a.mayBreak() && slices.ContainsFunc(a.Opened, func(p Opened) bool { return p.Court == o.Court && p.ID == o.ID && now.Before(p.Until) })
}

// mayBreak says that the person can still open orders: who has lost the role has lost what it opened.
func (a Asker) mayBreak() bool { return a.May(BreakGlass, order.Date{}) != Nobodys }

// Whereabouts says whether the person sees where the protected side lives, works or goes to school, of an order that is seen whole: law enforcement does, and judges and
// clerks of the county that made it. Breaking the glass does not show them.
func (a Asker) Whereabouts(court order.ORI) bool {
	if a.Has(LawEnforcement) {
		return true
	}
	return (a.Has(JudicialOfficer) || a.Has(CourtClerk)) && countyOf(court) == countyOf(a.Agency)
}

// ByName says whether the person searches by what people are called or when they were born. Who sees no name may not find one by asking.
func (a Asker) ByName() bool {
	return a.Has(JudicialOfficer) || a.Has(CourtClerk) || a.Has(LawEnforcement)
}

// Withhold is the order without the protected side's whereabouts, and whether anything of them is lacking now.
func Withhold(o order.Order) (_ order.Order, hidden bool) {
	moveOut := o.Terms.MoveOut
	hidden = o.Terms.MoveOf != nil
	o.Terms.MoveOf = nil
	stay := o.Terms.StayAway
	o.Terms.StayAway = nil
	for _, s := range stay {
		places := make([]order.Place, len(s.Places))
		for i, p := range s.Places {
			hidden = hidden || p.Text != ""
			places[i] = order.Place{Kind: p.Kind}
		}
		o.Terms.StayAway = append(o.Terms.StayAway, order.StayAway{Yards: s.Yards, Places: places})
	}
	organizations := o.Organizations
	o.Organizations = nil
	for _, g := range organizations {
		hidden = hidden || len(g.Sites) > 0
		o.Organizations = append(o.Organizations, order.Organization{Name: g.Name})
	}
	// Where the restrained person has to move out of, the address on the form may still be the home that is left to the protected side.
	if moveOut && o.Restrained.Address != nil {
		hidden, o.Restrained.Address = true, nil
	}
	// What the judge wrote by hand, or of animals, property and support, may name any place.
	for _, text := range []*string{&o.OtherOrders, &o.Terms.Animals, &o.Terms.Property, &o.Terms.Support} {
		hidden = hidden || *text != ""
		*text = ""
	}
	return o, hidden
}

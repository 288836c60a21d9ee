package exchange

import (
	"ccpor/mapping/order"
	"ccpor/store"
)

// role is in what capacity a person asks. The asking agency vouches for it.
type role string

const (
	judicialOfficer role = "judicialOfficer"
	courtClerk      role = "courtClerk"
	lawEnforcement  role = "lawEnforcement"
	helpDesk        role = "helpDesk"
)

// sight is how much of an order somebody sees.
type sight int

const (
	nothing sight = iota // not even that it exists
	outline              // which order it is, and how it stands; no name
	whole                // all of it but CLETS-001, which no operation gives out
)

// may says for which roles an agency of a kind can vouch.
var may = map[store.AgencyKind][]role{
	store.KindCourt:          {judicialOfficer, courtClerk, helpDesk},
	store.KindTribalCourt:    {judicialOfficer, courtClerk, helpDesk},
	store.KindLawEnforcement: {lawEnforcement, helpDesk},
}

// sights say what each role sees of each access class: of orders of the asking agency's own county, and of others. docs/access.md is this table for people.
// A class that is not here is seen by nobody.
var sights = map[role]map[order.Access]struct{ own, other sight }{
	judicialOfficer: {order.AccessNormal: {whole, whole}, order.AccessJuvenile: {whole, whole}, order.AccessSealed: {whole, nothing}},
	courtClerk:      {order.AccessNormal: {whole, whole}, order.AccessJuvenile: {whole, nothing}, order.AccessSealed: {whole, nothing}},
	lawEnforcement:  {order.AccessNormal: {whole, whole}, order.AccessJuvenile: {whole, whole}, order.AccessSealed: {whole, whole}},
	helpDesk:        {order.AccessNormal: {outline, nothing}, order.AccessJuvenile: {nothing, nothing}, order.AccessSealed: {nothing, nothing}},
}

// byName says in which roles one searches by what people are called or when they were born. The help desk sees no name, so it may not find one by asking.
func (r role) byName() bool { return r != helpDesk }

// sees is how much of an order a person of an agency sees.
func sees(a store.Agency, r role, f store.FoundOrder) sight {
	if f.Test != a.Test {
		return nothing
	}
	s := sights[r][f.Order.Access]
	if isOwn(a, f) {
		return s.own
	}
	return s.other
}

// isOwn says that the order is of the agency's own county.
func isOwn(a store.Agency, f store.FoundOrder) bool {
	return countyOf(f.Order.Court.ORI) == countyOf(a.ORI)
}

// withheld is the order without the protected side's whereabouts, for everybody but law enforcement and the courts of the county that made it.
func withheld(a store.Agency, r role, f store.FoundOrder) (order.Order, bool) {
	o := f.Order
	if r == lawEnforcement || isOwn(a, f) {
		return o, false
	}
	hidden := o.Terms.MoveOf != nil
	o.Terms.MoveOf = nil
	o.Terms.StayAway = nil
	for _, s := range f.Order.Terms.StayAway {
		places := make([]order.Place, len(s.Places))
		for i, p := range s.Places {
			hidden = hidden || p.Text != ""
			places[i] = order.Place{Kind: p.Kind}
		}
		o.Terms.StayAway = append(o.Terms.StayAway, order.StayAway{Yards: s.Yards, Places: places})
	}
	o.Organizations = nil
	for _, g := range f.Order.Organizations {
		hidden = hidden || len(g.Sites) > 0
		o.Organizations = append(o.Organizations, order.Organization{Name: g.Name})
	}
	// Where the restrained person has to move out of, the address on the form may still be the home that is left to the protected side.
	if f.Order.Terms.MoveOut && o.Restrained.Address != nil {
		hidden, o.Restrained.Address = true, nil
	}
	// What the judge wrote by hand, or of animals, property and support, may name any place.
	for _, text := range []*string{&o.OtherOrders, &o.Terms.Animals, &o.Terms.Property, &o.Terms.Support} {
		hidden = hidden || *text != ""
		*text = ""
	}
	return o, hidden
}

package carpos

import (
	"slices"

	"ccpor/mapping/order"
)

// WithConfidential is the order with what CLETS-001 says beyond it, for Enter and nothing else: descriptors that the order does not give are taken
// from there, other names and marks are added. The order's own words win wherever it has any. The social security number, which no order has a place for, goes
// into Context.SSN. What CLETS-001 says of protected persons fills their blanks only; their whereabouts go nowhere.
func WithConfidential(o order.Order, c *order.Confidential) order.Order {
	if c == nil {
		return o
	}
	if r := c.Restrained; r != nil {
		o.Restrained = describe(o.Restrained, *r)
	}
	o.Protected = slices.Clone(o.Protected)
	for i := range o.Protected {
		for _, k := range c.Protected {
			if k.Name == o.Protected[i].Name {
				o.Protected[i].Person = fill(o.Protected[i].Person, k.Person)
			}
		}
	}
	return o
}

func describe(r order.Restrained, c order.ConfidentialRestrained) order.Restrained {
	r.Person = fill(r.Person, c.Person)
	r.Height, r.Weight = blank(r.Height, c.Height), blank(r.Weight, c.Weight)
	r.Hair, r.Eyes = blank(r.Hair, c.Hair), blank(r.Eyes, c.Eyes)
	r.DriverLicense, r.Address = blank(r.DriverLicense, c.DriverLicense), blank(r.Address, c.Address)
	r.Aliases = slices.Clone(r.Aliases)
	for _, n := range c.Aliases {
		if n != r.Name && !slices.Contains(r.Aliases, n) {
			r.Aliases = append(r.Aliases, n)
		}
	}
	r.Marks = append(slices.Clone(r.Marks), c.Marks...)
	return r
}

// fill completes a description. An age beside a date of birth would be a second word on the same thing.
func fill(p, c order.Person) order.Person {
	p.Sex, p.Race = blank(p.Sex, c.Sex), blank(p.Race, c.Race)
	p.Born = blank(p.Born, c.Born)
	p.Age = blank(p.Age, c.Age)
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

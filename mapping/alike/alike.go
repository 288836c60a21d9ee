// Package alike says which orders are about the people of another order, so that what counts between them can be judged (mapping/precedence).
//
// Two descriptions are held for one person's that have a name in common, surname and first given name without regard to case, accents and hyphens, and of which nothing that is known differs: date of birth,
// an age by more than a few years, sex. It is our rule; no form and no statute says who is who. Where no date of birth is known on both sides the name alone speaks for it, which is said, so that a person
// can look: an order too many is seen by whoever reads it, an order left out by nobody.
//
// It refuses to judge by anything but the orders themselves, and to find them: which orders are compared is its caller's choice.
package alike

import (
	"slices"
	"strings"

	"ccpor/mapping/names"
	"ccpor/mapping/order"
	"ccpor/mapping/precedence"
)

// apart is by how many years an age may differ from a date of birth: ages on forms are estimates.
const apart = 4

// Pair is an order with all others that bind its restrained person for one of its protected people.
type Pair struct {
	Restrained, Protected order.Name
	// Orders are the order itself and the others, for precedence.Law.Judge: those that protect nobody by name, too.
	Orders []precedence.Standing
	// ByName are the keys of others that are held to be about these people by what they are called alone.
	ByName []string
}

// Pairs sets an order beside others, once for each person whom it protects. Others about somebody else are left out, as is the order itself where it is among them. An order that protects nobody by name has
// no pair.
func Pairs(of precedence.Standing, others []precedence.Standing) (pairs []Pair) {
	for _, p := range of.Order.Protected {
		pair := Pair{Restrained: of.Order.Restrained.Name, Protected: p.Name, Orders: []precedence.Standing{of}}
		for _, other := range others {
			if other.Key != of.Key {
				pair.take(of.Order, p, other)
			}
		}
		pairs = append(pairs, pair)
	}
	return pairs
}

// take adds the other order where it is about the pair.
func (p *Pair) take(of order.Order, protected order.Protected, other precedence.Standing) {
	one, two := restrained(of), restrained(other.Order)
	if !same(one, two) {
		return
	}
	sure := sure(one, two)
	if len(other.Order.Protected) > 0 {
		i := slices.IndexFunc(other.Order.Protected, func(x order.Protected) bool {
			return same(figureOf(protected, of.Issued), figureOf(x, other.Order.Issued))
		})
		if i < 0 {
			return
		}
		sure = sure && surely(protected.Person, other.Order.Protected[i].Person)
	}
	p.Orders = append(p.Orders, other)
	if !sure {
		p.ByName = append(p.ByName, other.Key)
	}
}

// figure is somebody as an order describes that person on its day.
type figure struct {
	names []order.Name
	order.Person
	day order.Date
}

func restrained(o order.Order) figure {
	return figure{append([]order.Name{o.Restrained.Name}, o.Restrained.Aliases...), o.Restrained.Person, o.Issued}
}

func figureOf(p order.Protected, day order.Date) figure {
	return figure{[]order.Name{p.Name}, p.Person, day}
}

func sure(a, b figure) bool { return surely(a.Person, b.Person) }

func surely(a, b order.Person) bool { return a.Born != nil && b.Born != nil }

// same says that two descriptions can be of one person.
func same(a, b figure) bool {
	switch {
	case !named(a.names, b.names), differ(a.Sex, b.Sex):
		return false
	case surely(a.Person, b.Person):
		return *a.Born == *b.Born
	}
	return fits(a, b) && fits(b, a)
}

func differ(a, b string) bool {
	known := func(s string) bool { return s == "M" || s == "F" }
	return known(a) && known(b) && a != b
}

// fits compares a date of birth with an age.
func fits(a, b figure) bool {
	if a.Born == nil || b.Born != nil || b.Age == 0 {
		return true
	}
	years := b.day.Year() - a.Born.Year()
	return years-b.Age <= apart && b.Age-years <= apart
}

func named(a, b []order.Name) bool {
	return slices.ContainsFunc(a, func(x order.Name) bool {
		return slices.ContainsFunc(b, func(y order.Name) bool { return written(x) == written(y) })
	})
}

// written is a name as it is compared.
func written(n order.Name) string {
	given, _, _ := strings.Cut(names.Fold(n.Given), " ")
	return names.Fold(n.Surname) + "," + given
}

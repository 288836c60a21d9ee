package store

import (
	"slices"
	"time"

	"ccpor/mapping/names"
	"ccpor/mapping/order"
)

// What a name is worth by the date of birth beside it.
const (
	bornNear, bornUnknown, bornOther = 0.93, 0.85, 0.6
)

// birthday is a date of birth that was meant, or is mistaken for it.
type birthday struct {
	day   order.Date
	worth float64
	why   names.Reason
}

// birthdays are the dates that were asked and those that they are mistaken for: day and month swapped, and one of day, month and year off by one, by a decade, or in a digit.
func birthdays(asked []order.Date) []birthday {
	var all []birthday
	add := func(d order.Date, worth float64, why names.Reason) {
		if !slices.ContainsFunc(all, func(b birthday) bool { return b.day == d }) {
			all = append(all, birthday{d, worth, why})
		}
	}
	for _, d := range asked {
		add(d, 1, names.Born)
	}
	for _, d := range asked {
		y, m, n := d.Year(), int(d.Month()), d.Day()
		if n <= 12 {
			add(order.MakeDate(y, time.Month(n), m), bornNear, names.BornSwapped)
		}
		for _, by := range [][3]int{{0, 0, 1}, {0, 0, -1}, {0, 0, 10}, {0, 0, -10}, {0, 1, 0}, {0, -1, 0}, {1, 0, 0}, {-1, 0, 0}, {10, 0, 0}, {-10, 0, 0}} {
			if near := order.MakeDate(y+by[0], time.Month(m+by[1]), n+by[2]); near.Day() == n+by[2] || by[2] == 0 && near.Day() == n {
				add(near, bornNear, names.BornNear)
			}
		}
	}
	return all
}

// birth is what a date of birth is worth; where none is asked, nothing.
func (s *searching) birth(t *time.Time) birthday {
	switch {
	case len(s.born) == 0:
		return birthday{worth: 1}
	case t == nil:
		return birthday{worth: bornUnknown, why: names.BornUnknown}
	}
	born := order.DateOf(t.UTC())
	for _, b := range s.born {
		if b.day == born {
			return b
		}
	}
	return birthday{worth: bornOther, why: names.BornDiffers}
}

// person is somebody whom an order names.
type person struct {
	side Side
	name order.Name
	born *order.Date
	also bool // it is another name of the restrained person
}

func peopleOf(o order.Order) []person {
	all := []person{{SideRestrained, o.Restrained.Name, o.Restrained.Born, false}}
	for _, a := range o.Restrained.Aliases {
		all = append(all, person{SideRestrained, a, o.Restrained.Born, true})
	}
	for _, p := range o.Protected {
		all = append(all, person{SideProtected, p.Name, p.Born, false})
	}
	return all
}

// judge says how well an order fits, by the one of its people who fits best; false: it does not.
func (s *searching) judge(o FoundOrder, number names.Reason) (Hit, bool) {
	best := Hit{FoundOrder: o}
	found := false
	for _, p := range peopleOf(o.Order) {
		if s.q.Side != "" && s.q.Side != p.side {
			continue
		}
		if score, why, ok := s.judgePerson(p); ok && (!found || score > best.Score) {
			best.Side, best.Name, best.Score, best.Reasons, found = p.side, p.name, score, why, true
		}
	}
	switch {
	case number == "":
		return best, found
	case s.ask.Empty() && len(s.born) == 0:
		best.Score, best.Reasons = 1, []names.Reason{number}
	case found:
		best.Score, best.Reasons = (1+best.Score)/2, append([]names.Reason{number}, best.Reasons...)
	default:
		best.Score, best.Reasons = 0.5, []names.Reason{number}
	}
	return best, true
}

func (s *searching) judgePerson(p person) (score float64, why []names.Reason, ok bool) {
	if !s.q.BornIn.has(p.born) {
		return 0, nil, false
	}
	born := s.birth(day(p.born))
	if s.ask.Empty() {
		return born.worth, []names.Reason{born.why}, born.worth > bornUnknown
	}
	m, ok := s.ask.Match(s.reader.naming.book.Of(p.name))
	if !ok || !m.Enough && !(len(s.born) > 0 && born.worth > bornUnknown) {
		return 0, nil, false
	}
	why = m.Reasons
	if p.also {
		why = append(slices.Clone(why), names.Alias)
	}
	if born.why != "" {
		why = append(slices.Clone(why), born.why)
	}
	return m.Score * born.worth, why, true
}

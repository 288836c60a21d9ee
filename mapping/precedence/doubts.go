package precedence

import (
	"cmp"
	"slices"

	"ccpor/mapping/order"
)

// doubt notes something that a person has to find out, once.
func (s *sitting) doubt(id BranchID, c ClauseID, orders ...*standing) {
	d := Doubt{Reason: s.law.branch(id), Clause: c}
	for _, o := range orders {
		d.Orders = append(d.Orders, o.Key)
	}
	slices.Sort(d.Orders)
	d.Orders = slices.Compact(d.Orders)
	s.add(d)
}

func (s *sitting) add(d Doubt) {
	if !slices.ContainsFunc(s.ruling.Open, func(o Doubt) bool {
		return o.Reason.ID == d.Reason.ID && o.Clause == d.Clause && o.Place == d.Place && slices.Equal(o.Orders, d.Orders)
	}) {
		s.ruling.Open = append(s.ruling.Open, d)
	}
}

// doubts adds what the ranking and the terms leave open.
func (s *sitting) doubts() {
	for _, group := range s.groups {
		if len(group) > 1 {
			s.doubt(doubtTie, "", group...)
		}
	}
	for _, o := range s.live {
		s.endDoubts(o)
		if !o.beside {
			s.kindDoubts(o)
			s.pairDoubts(o)
		}
	}
	for _, t := range s.ruling.Terms {
		s.termDoubts(t)
	}
	slices.SortStableFunc(s.ruling.Open, func(a, b Doubt) int {
		return cmp.Or(cmp.Compare(s.sequence(a.Reason.ID), s.sequence(b.Reason.ID)), slices.Compare(a.Orders, b.Orders))
	})
}

func (s *sitting) sequence(id BranchID) int {
	return slices.IndexFunc(s.law.branches, func(b Branch) bool { return b.ID == id })
}

func (s *sitting) endDoubts(o *standing) {
	e := o.Order.Expiry
	switch {
	case e.Date == nil && e.Basis != order.ExpiryPermanent:
		s.doubt(doubtEnd, "", o)
	case e.Date != nil && e.Basis == order.ExpiryHearingEnd && *e.Date == order.DateOf(s.at):
		s.doubt(doubtHearing, "", o)
	}
}

// kindDoubts are about orders of which it is not known whether they are civil or criminal, or when they were made, where another order's place hangs on it.
func (s *sitting) kindDoubts(o *standing) {
	rivals := slices.ContainsFunc(s.live, func(r *standing) bool { return r != o && !r.beside && s.key(r).contact == s.key(o).contact })
	if !rivals {
		return
	}
	switch o.side {
	case SideForeign:
		s.doubt(doubtForeign, "", o)
	case SideUnknown:
		s.doubt(doubtKind, "", o)
	}
	if f := o.Order.Foreign; f != nil && f.Issued == nil {
		s.doubt(doubtForeignDate, "", o)
	}
}

// pairDoubts are about orders that were ranked by their days alone.
func (s *sitting) pairDoubts(o *standing) {
	for _, r := range s.live {
		if r == o || r.beside {
			continue
		}
		a, b := s.key(o), s.key(r)
		if a.contact == b.contact && a.side == b.side && later(r, o) && changedSince(o, r) {
			s.doubt(doubtChanged, "", o, r)
		}
		if untilHearing(o.Order) && !untilHearing(r.Order) && o.Order.Court.ORI == r.Order.Court.ORI && sameCase(o.Order.Case, r.Order.Case) && later(r, o) {
			s.doubt(doubtTemporary, "", o, r)
		}
	}
}

// changedSince says whether the court changed the order in its terms or length on or after the day on which the other one was issued.
func changedSince(o, later *standing) bool {
	c := o.Changed
	return c != nil && c.Reason != order.ModifyCorrect && c.Reason != order.ModifyContinue && !c.Date.Before(later.issued.day)
}

// termDoubts are about terms of which the law does not say what becomes of them, and about words that a program does not compare.
func (s *sitting) termDoubts(t Term) {
	for _, o := range t.Others {
		if o.State == StateConflict && t.Governs != nil && o.Level > t.Governs.Level && o.Reason.ID != permission {
			s.add(Doubt{Reason: s.law.branch(doubtStricter), Clause: t.Clause, Place: t.Place, Orders: pair(o.Key, t.Governs.Key)})
		}
	}
	if t.State == StateRead && t.Clause != "exchange" || t.Clause == "other" && t.State == StateOnlyHere && len(s.live) > 1 {
		d := Doubt{Reason: s.law.branch(doubtRead), Clause: t.Clause, Orders: []string{t.Governs.Key}}
		for _, o := range t.Others {
			d.Orders = append(d.Orders, o.Key)
		}
		slices.Sort(d.Orders)
		s.add(d)
	}
}

func pair(a, b string) []string {
	keys := []string{a, b}
	slices.Sort(keys)
	return keys
}

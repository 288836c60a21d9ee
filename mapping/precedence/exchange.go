package precedence

import (
	"slices"
	"strings"

	"ccpor/mapping/order"
)

// yield looks for the order to which a criminal order's exception for the exchange of children gives way (CR-160, exceptions 4 and 5: a family, juvenile or probate order of a
// case and date, or one issued later; the package does not tell the two apart).
func (s *sitting) yield() {
	t := s.find("exchange")
	if t == nil {
		return
	}
	for _, o := range s.live {
		if o.side != SideCriminal || !o.Order.Terms.ChildExchange {
			continue
		}
		if to := s.yieldsTo(o); to != "" {
			s.giveWay(t, o.Key, to)
		}
	}
}

// giveWay marks what the order says of the exchange of children, unless a ban stands against it.
func (s *sitting) giveWay(t *Term, key, to string) {
	for i := range t.Others {
		if said := &t.Others[i]; said.Key == key && said.State != StateConflict {
			said.State, said.YieldsTo, said.Reason = StateYields, to, s.law.branch(exchange)
		}
	}
	if g := t.Governs; g != nil && g.Key == key {
		g.State, g.YieldsTo, g.Reason = StateYields, to, s.law.branch(exchange)
	}
	marked := t.Governs != nil && t.Governs.YieldsTo != "" || slices.ContainsFunc(t.Others, func(o Said) bool { return o.YieldsTo != "" })
	if marked && t.State != StateConflict {
		t.State, t.Reason = StateYields, s.law.branch(exchange)
	}
}

// yieldsTo is the key of the order that the exception means; where that is not certain, none, and a doubt.
func (s *sitting) yieldsTo(o *standing) string {
	var to string
	named := familyCases(&o.Order)
	for _, f := range s.live {
		if f == o || f.side == SideCriminal || f.side == SideEmergency {
			continue
		}
		i := slices.IndexFunc(named, func(c order.OtherCase) bool { return sameCase(c.Number, f.Order.Case) })
		switch {
		case i >= 0 && named[i].Issued != nil && *named[i].Issued != f.Order.Issued:
			s.doubt(doubtExchangeDate, "exchange", o, f)
		case i >= 0 && !visits(f):
			s.doubt(doubtExchangeEmpty, "exchange", o, f)
		case i >= 0:
			to = f.Key
		case visits(f) && len(named) == 0 && later(f, o):
			to = f.Key
		case visits(f):
			s.doubt(doubtExchangeOther, "exchange", o, f)
		}
	}
	if to == "" && !s.doubted(o.Key, doubtExchangeDate, doubtExchangeEmpty, doubtExchangeOther) {
		s.doubt(doubtExchangeMissing, "exchange", o)
	}
	return to
}

func (s *sitting) doubted(key string, ids ...BranchID) bool {
	return slices.ContainsFunc(s.ruling.Open, func(d Doubt) bool { return slices.Contains(ids, d.Reason.ID) && slices.Contains(d.Orders, key) })
}

// visits says whether an order gives visitation, or lets children be exchanged.
func visits(o *standing) bool {
	return o.Order.Terms.VisitationToRestrained || o.Order.Terms.ChildExchange
}

// later says whether an order was certainly issued after another one.
func later(a, b *standing) bool {
	if a.issued.day != b.issued.day {
		return a.issued.day.After(b.issued.day)
	}
	return a.issued.time != nil && b.issued.time != nil && *a.issued.time > *b.issued.time
}

// sameCase takes numbers for the same that differ in spaces, hyphens and the size of letters.
func sameCase(a, b order.CaseNumber) bool {
	plain := strings.NewReplacer(" ", "", "-", "")
	return strings.EqualFold(plain.Replace(string(a)), plain.Replace(string(b)))
}

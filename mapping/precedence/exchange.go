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
		if o.side == SideCriminal && o.Order.Terms.ChildExchange {
			to, why := s.yieldsTo(o)
			s.giveWay(t, o.Key, to, why)
		}
	}
}

// giveWay marks what the order says of the exchange of children, unless a ban stands against it: it yields to an order, or a person has to find out to which.
func (s *sitting) giveWay(t *Term, key, to string, why BranchID) {
	state := StateYields
	if to == "" {
		state = StateRead
	}
	mark := func(said *Said) {
		if said.Key == key && said.Reason.ID != permission {
			said.State, said.YieldsTo, said.Reason = state, to, s.law.branch(why)
			if slices.Index(gravest, t.State) <= slices.Index(gravest, state) {
				t.State, t.Reason = state, said.Reason
			}
		}
	}
	for i := range t.Others {
		mark(&t.Others[i])
	}
	if t.Governs != nil {
		mark(t.Governs)
	}
}

// yieldsTo is the key of the order that the exception means; where that is not certain, none, and the doubt.
func (s *sitting) yieldsTo(o *standing) (string, BranchID) {
	to, why := "", doubtExchangeMissing
	for _, f := range s.live {
		if f == o || f.side == SideCriminal || f.side == SideEmergency {
			continue
		}
		switch reach := reaches(o, f); reach {
		case exchange:
			to, why = f.Key, exchange
		case "":
		default:
			s.doubt(reach, "exchange", o, f)
			if to == "" {
				why = reach
			}
		}
	}
	if why == doubtExchangeMissing {
		s.doubt(why, "exchange", o)
	}
	return to, why
}

// reaches says whether a criminal order's exception means a civil order: exchange where it does, a doubt where that is not certain, and nothing where it does not.
func reaches(o, f *standing) BranchID {
	named := familyCases(&o.Order)
	i := slices.IndexFunc(named, func(c order.OtherCase) bool { return sameCase(c.Number, f.Order.Case) })
	switch {
	case i >= 0 && named[i].Issued != nil && *named[i].Issued != f.Order.Issued:
		return doubtExchangeDate
	case i >= 0 && !visits(f):
		return doubtExchangeEmpty
	case !visits(f):
		return ""
	case i >= 0 || len(named) == 0 && later(f, o):
		return exchange
	}
	return doubtExchangeOther
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

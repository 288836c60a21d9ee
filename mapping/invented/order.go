package invented

import (
	"fmt"
	"time"

	"ccpor/mapping/forms"
	"ccpor/mapping/order"
)

// invent is an order on the form. A third of what a form has boxes for is left blank.
func (s *story) invent(f forms.Form) order.Order {
	court := s.maker.Court
	if s.sometimes(2) {
		court.Department, court.Telephone = "C"+pick(s.r, []string{"1", "12", "44"}), "5555550100"
		court.Address = s.address()
	}
	o := order.Order{
		Form: order.Form{Number: f.Number, Revision: f.Revision}, Case: s.caseNumber(), Court: court, Issued: s.issueDay(f, s.r.IntN(12)), Judge: s.judge(),
		Stage: f.Stages[s.r.IntN(len(f.Stages))], Access: order.AccessNormal,
	}
	if f.Access != "" {
		o.Access = f.Access
	}
	if s.sometimes(3) {
		t := order.TimeOfDay(9*60 + s.r.IntN(480))
		o.IssuedTime = &t
	}
	o.Restrained = s.restrained(&o)
	s.people(f, &o)
	o.Terms = s.terms(f, &o)
	s.hearings(f, &o)
	o.Expiry = s.expiry(f, &o)
	if s.sometimes(2) {
		o.OtherOrders = s.words(1 + s.r.IntN(60))
	}
	return o
}

// caseNumber is unique within the docket, so that the hub's own number for the order, which it makes of it, is always the same.
func (s *story) caseNumber() order.CaseNumber {
	return order.CaseNumber(fmt.Sprintf("%s%s", pick(s.r, []string{"", "26"}), s.id))
}

func (s *story) judge() string { return "Judge " + pick(s.r, surnames) }

func (s *story) address() *order.Address {
	return &order.Address{Street: fmt.Sprintf("%d %s Lane", 1+s.r.IntN(999), pick(s.r, given)), City: "Nowhere", State: "CA", Postal: "00000"}
}

// people are all but the restrained person.
func (s *story) people(f forms.Form, o *order.Order) {
	most := f.ProtectedMin
	switch {
	case f.ProtectedMin > 0 && s.sometimes(12):
		most += 8 + s.r.IntN(20) // more than some tables take
	case f.ProtectedMin > 0:
		most += s.r.IntN(3)
	}
	for range most {
		o.Protected = append(o.Protected, s.protected(o))
	}
	for range f.OrganizationsMin {
		o.Organizations = append(o.Organizations, s.organization())
	}
	if f.Has("organizations") && s.sometimes(2) {
		o.Organizations = append(o.Organizations, s.organization())
	}
	if len(f.Petitioners) > 0 && (f.NeedsPetitioner || s.sometimes(3)) {
		o.Petitioner = &order.Petitioner{Kind: f.Petitioners[s.r.IntN(len(f.Petitioners))], Name: "Invented " + pick(s.r, surnames)}
	}
	if f.NeedsOfficer {
		o.Officer = &order.Officer{Name: "Officer " + pick(s.r, given), Badge: "0001", Agency: "Invented Police", Telephone: "5555550101"}
	}
	if f.Foreign {
		day, certified := o.Issued.AddYears(-1), s.sometimes(2)
		o.Foreign = &order.Foreign{Court: "Invented Tribal Court", Jurisdiction: "Nowhere", Case: "N-" + s.id, Issued: &day, Certified: &certified}
	}
}

func (s *story) organization() order.Organization {
	g := order.Organization{Name: pick(s.r, surnames) + " Works"}
	if s.sometimes(2) {
		g.Sites = []order.Address{*s.address()}
	}
	return g
}

// hearings are those that the form needs, and the service that they make needless.
func (s *story) hearings(f forms.Form, o *order.Order) {
	o.Service = order.ServiceNotServed
	if o.Stage == order.StageAfterHearing || o.Stage == order.StagePreTrial {
		present := s.sometimes(2)
		o.Hearings = append(o.Hearings, order.Hearing{Purpose: order.HearingHeard, Date: o.Issued, Department: "N7"})
		o.Restrained.Present = &present
		if present {
			o.Service = order.ServicePresent
		}
	}
	if f.NeedsHearing || s.sometimes(6) {
		at := order.TimeOfDay(8*60 + 30)
		h := order.Hearing{Purpose: order.HearingNext, Date: o.Issued.AddDays(10 + s.r.IntN(11)), Time: &at, Room: "2", Judge: s.judge()}
		if s.sometimes(10) {
			h.Time = nil
		}
		o.Hearings = append(o.Hearings, h)
	}
}

// expiry is none, a day, a day and a time, or never, as the form allows.
func (s *story) expiry(f forms.Form, o *order.Order) order.Expiry {
	rule, ok := s.table.Expiry(f.Expiry)
	byDefault := ok && rule.Kind != forms.AsWritten && (rule.Kind != forms.HearingEnd || f.NeedsHearing)
	switch {
	case byDefault && s.sometimes(3):
		return order.Expiry{}
	case !temporary(f) && s.sometimes(5):
		return order.Expiry{Basis: order.ExpiryPermanent}
	}
	e := order.Expiry{Basis: order.ExpiryExplicit}
	day := s.lasts(f, o)
	e.Date = &day
	if s.sometimes(3) {
		t := order.TimeOfDay(17 * 60)
		e.Time = &t
	}
	return e
}

// lasts is a last day within what orders on the form can last.
func (s *story) lasts(f forms.Form, o *order.Order) order.Date {
	switch {
	case f.NeedsHearing:
		return o.Hearings[len(o.Hearings)-1].Date
	case f.Max.Days > 0:
		return o.Issued.AddDays(1 + s.r.IntN(min(f.Max.Days, 5)))
	case f.Max.Years > 0:
		return o.Issued.AddYears(1 + s.r.IntN(f.Max.Years))
	}
	return o.Issued.AddYears(1 + s.r.IntN(10))
}

// terms are those that the form has boxes for.
func (s *story) terms(f forms.Form, o *order.Order) order.Terms {
	var t order.Terms
	for _, c := range forms.Clauses() {
		if say := clauseTerms[c]; say != nil && f.Has(c) && !s.sometimes(3) {
			say(s, &t, o)
		}
	}
	if t.FinancialAbuseOnly {
		t.Firearms = nil
	} else if f.AlwaysFirearms || t.Firearms == nil && f.Has("firearms") && !f.Has("noHarm") {
		clauseTerms["firearms"](s, &t, o)
	}
	return t
}

// clauseTerms says what the box of each clause says. A clause that is not here is one of which the docket leaves the box blank.
var clauseTerms = map[forms.Clause]func(s *story, t *order.Terms, o *order.Order){
	"noHarm":       func(_ *story, t *order.Terms, _ *order.Order) { t.NoHarm = true },
	"noContact":    func(_ *story, t *order.Terms, _ *order.Order) { t.NoContact = true },
	"noThirdParty": func(_ *story, t *order.Terms, _ *order.Order) { t.NoThirdPartyContact = true },
	"noDissuasion": func(_ *story, t *order.Terms, _ *order.Order) { t.NoDissuasion = true },
	"mayRecord":    func(_ *story, t *order.Terms, _ *order.Order) { t.MayRecord = true },
	"custody":      func(_ *story, t *order.Terms, _ *order.Order) { t.CustodyToProtected = true },
	"visitation":   func(_ *story, t *order.Terms, _ *order.Order) { t.VisitationToRestrained = true },
	"childExchange": func(s *story, t *order.Terms, o *order.Order) {
		t.ChildExchange = true
		o.OtherCases = append(o.OtherCases, order.OtherCase{Kind: "family", Number: order.CaseNumber("F-" + s.id), Court: "Invented Court"})
	},
	"stayAway": func(s *story, t *order.Terms, _ *order.Order) {
		places := []order.Place{{Kind: order.PlacePerson}}
		for _, k := range []order.PlaceKind{order.PlaceResidence, order.PlaceWork, order.PlaceSchool, order.PlaceChildCare, order.PlaceVehicle, order.PlaceOther} {
			if s.sometimes(2) {
				places = append(places, order.Place{Kind: k, Text: "the old mill"})
			}
		}
		t.StayAway = []order.StayAway{{Yards: 10 * (1 + s.r.IntN(30)), Places: places}}
		if s.sometimes(4) {
			t.StayAway = append(t.StayAway, order.StayAway{Yards: 5, Places: []order.Place{{Kind: order.PlaceOther, Text: "the garden"}}})
		}
	},
	"moveOut": func(s *story, t *order.Terms, _ *order.Order) { t.MoveOut, t.MoveOf = true, s.address() },
	"firearms": func(s *story, t *order.Terms, _ *order.Order) {
		t.Firearms = &order.Firearms{NoPossession: true, NoPurchase: true, Surrender: !s.sometimes(3)}
		if t.Firearms.Surrender && s.sometimes(2) {
			t.Firearms.WithinHours = 24
		}
	},
	"bodyArmor": func(_ *story, t *order.Terms, _ *order.Order) {
		if t.Firearms != nil {
			t.Firearms.NoBodyArmor = true
		}
	},
	"named": func(_ *story, t *order.Terms, _ *order.Order) {
		if t.Firearms != nil {
			t.Firearms.Named = []string{"a blunderbuss"}
		}
	},
	"brady":    func(s *story, t *order.Terms, _ *order.Order) { b := s.sometimes(2); t.Brady = &b },
	"animals":  func(s *story, t *order.Terms, _ *order.Order) { t.Animals = "the cat " + pick(s.r, given) },
	"property": func(s *story, t *order.Terms, _ *order.Order) { t.Property = s.words(8) },
	"support":  func(s *story, t *order.Terms, _ *order.Order) { t.Support = s.words(6) },
	"programs": func(_ *story, t *order.Terms, _ *order.Order) { t.Programs = []string{"a program of gardening"} },
	"monitoring": func(s *story, t *order.Terms, o *order.Order) {
		day := o.Issued.AddDays(30 + s.r.IntN(300))
		t.MonitoredUntil = &day
	},
	"financialAbuse": func(s *story, t *order.Terms, _ *order.Order) { t.FinancialAbuseOnly = s.sometimes(2) },
	"statutes": func(s *story, _ *order.Terms, o *order.Order) {
		o.Statutes = []string{pick(s.r, []string{"PC 136.2", "PC 273.5(j)", "PC 646.9(k)"})}
	},
	"otherCases": func(s *story, _ *order.Terms, o *order.Order) {
		o.OtherCases = append(o.OtherCases, order.OtherCase{Kind: "criminal", Number: order.CaseNumber("M-" + s.id)})
	},
}

// words is hand-written text of that many words.
func (s *story) words(n int) string {
	m := s.maker
	m.Words = n
	return m.text(s.r)
}

func (s *story) born() *order.Date {
	d := order.MakeDate(s.maker.Issued.Year()-35-s.r.IntN(50), time.Month(1+s.r.IntN(12)), 1+s.r.IntN(28))
	return &d
}

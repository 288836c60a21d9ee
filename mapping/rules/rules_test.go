package rules

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ccpor/mapping"
	"ccpor/mapping/calendar"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
)

func book(t testing.TB) *Book {
	t.Helper()
	f, err := forms.Load()
	if err != nil {
		t.Fatal(err)
	}
	c, err := calendar.Load()
	if err != nil {
		t.Fatal(err)
	}
	return New(f, c)
}

func day(s string) order.Date {
	d, err := order.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func ptr[T any](v T) *T { return &v }

var today = day("2026-06-01")

// temporary, after hearing and emergency: three packages with nothing wrong on 2026-06-01.
func temporary() mapping.Package {
	return mapping.Package{ID: "P-1", Action: mapping.ActionAdd, Sent: time.Unix(0, 0), Submitter: "CA030013J", Order: &order.Order{
		ID: "O-1", Form: order.Form{Number: "DV-110", Revision: day("2025-01-01"), Family: "DV", Designator: "TRO"}, Case: "26FL0001",
		Issued: day("2026-06-01"), Judge: "Judge Basalt", Stage: order.StageTemporary,
		Hearings: []order.Hearing{{Purpose: order.HearingNext, Date: day("2026-06-22")}},
		Expiry:   order.Expiry{Date: ptr(day("2026-06-22")), Basis: order.ExpiryHearingEnd, Rule: "TRO-HEARING"},
		Restrained: order.Restrained{Name: order.Name{Given: "Rowan", Surname: "Granite"},
			Person: order.Person{Sex: "M", Born: ptr(day("1986-06-02")), Age: 39}},
		Protected: []order.Protected{{Name: order.Name{Given: "Hazel", Surname: "Granite"}, Person: order.Person{Sex: "F"}}},
		Terms:     order.Terms{NoHarm: true, Firearms: &order.Firearms{NoPossession: true}},
		Service:   order.ServiceNotServed,
	}}
}

func emergency() mapping.Package {
	p := temporary()
	o := p.Order
	o.Form = order.Form{Number: "EPO-001", Revision: day("2014-01-01"), Family: "EPO", Designator: "EPO"}
	o.Stage, o.Hearings, o.Officer = order.StageEmergency, nil, &order.Officer{Name: "Deputy Slate"}
	o.Expiry = order.Expiry{Date: ptr(day("2026-06-08")), Time: ptr(order.TimeOfDay(17 * 60)), Basis: order.ExpiryExplicit}
	return p
}

func afterHearing() mapping.Package {
	p := temporary()
	o := p.Order
	o.Form = order.Form{Number: "DV-130", Revision: day("2026-01-01"), Family: "DV", Designator: "OAH"}
	o.Stage = order.StageAfterHearing
	o.Hearings = []order.Hearing{{Purpose: order.HearingHeard, Date: day("2026-06-01")}}
	o.Expiry = order.Expiry{Date: ptr(day("2031-06-01")), Basis: order.ExpiryExplicit}
	return p
}

func proof() mapping.Package {
	return mapping.Package{ID: "P-2", Action: mapping.ActionServe, Service: &order.Service{
		OrderID: "O-1", Court: "CA030013J", Case: "26FL0001", Form: "DV-200", Restrained: order.Name{Given: "Rowan", Surname: "Granite"},
		Date: day("2026-06-01"), Time: 18 * 60, Method: order.MethodPersonal, Server: order.Officer{Name: "Deputy Slate"}}}
}

func about() order.Reference {
	return order.Reference{OrderID: "O-1", Court: "CA030013J", Case: "26FL0001"}
}

func continued() mapping.Package {
	p := temporary()
	p.ID, p.Action = "P-3", mapping.ActionModify
	p.Modification = &order.Modification{Reason: order.ModifyContinue, Date: day("2026-06-01"), Form: "DV-116"}
	p.Order.Expiry.Date, p.Order.Hearings[0].Date = ptr(day("2026-06-25")), day("2026-06-25")
	return p
}

// renewed is an order of 2021 that its renewal has made permanent.
func renewed() mapping.Package {
	p := afterHearing()
	o := p.Order
	p.ID, p.Action, p.Modification = "P-6", mapping.ActionModify, &order.Modification{Reason: order.ModifyRenew, Date: day("2026-06-01"), Form: "DV-730"}
	o.Form.Revision, o.Issued, o.Hearings[0].Date, o.Restrained.Age = day("2016-07-01"), day("2021-06-01"), day("2021-06-01"), 0
	o.Expiry = order.Expiry{Basis: order.ExpiryPermanent}
	return p
}

// financial is an elder-abuse order for financial abuse alone.
func financial() mapping.Package {
	p := temporary()
	o := p.Order
	o.Form = order.Form{Number: "EA-110", Revision: day("2026-01-01"), Family: "EA", Designator: "TEF"}
	o.Terms = order.Terms{FinancialAbuseOnly: true, Property: "The bank card must be returned."}
	return p
}

func cancelled() mapping.Package {
	return mapping.Package{ID: "P-4", Action: mapping.ActionCancel, Cancellation: &order.Cancellation{Reference: about(), Form: "DV-330",
		Restrained: order.Name{Given: "Rowan", Surname: "Granite"}, Reason: order.CancelTerminated, Date: day("2026-06-01")}}
}

func supplement() mapping.Package {
	return mapping.Package{ID: "P-5", Action: mapping.ActionAttach, Supplement: &order.Supplement{Reference: about(), Restrained: &order.Name{Given: "Rowan", Surname: "Granite"}},
		Confidential: &order.Confidential{Restrained: &order.ConfidentialRestrained{Person: order.Person{Sex: "M", Born: ptr(day("1986-06-02"))}}}}
}

// workplace is an order that somebody else asks for.
func workplace() mapping.Package {
	p := afterHearing()
	o := p.Order
	o.Form = order.Form{Number: "WV-130", Revision: day("2026-01-01"), Family: "WV", Designator: "WHO"}
	o.Expiry.Date = ptr(day("2029-06-01"))
	o.Petitioner = &order.Petitioner{Kind: order.PetitionerEmployer, Name: "Invented Quarry, Inc."}
	return p
}

func registered() mapping.Package {
	p := afterHearing()
	o := p.Order
	o.Form = order.Form{Number: "DV-600", Revision: day("2015-01-01"), Family: "OOS", Designator: "OOS"}
	o.Stage, o.Access = order.StageRegistered, order.AccessSealed
	o.Foreign = &order.Foreign{Court: "Invented Tribal Court", Jurisdiction: "Invented Tribe"}
	return p
}

func TestGoodSamples(t *testing.T) {
	t.Parallel()
	b := book(t)
	for name, p := range map[string]mapping.Package{"temporary": temporary(), "emergency": emergency(), "after hearing": afterHearing(), "proof": proof(),
		"continued": continued(), "cancelled": cancelled(), "supplement": supplement(), "workplace": workplace(), "registered": registered(), "renewed": renewed(), "financial": financial()} {
		if found := b.Check(p, today); len(found) > 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
	for name, p := range map[string]mapping.Package{"proof": proof(), "continued": continued(), "cancelled": cancelled(), "supplement": supplement(), "temporary": temporary()} {
		if found := b.Against(p, Known{Order: temporary().Order}); len(found) > 0 {
			t.Errorf("%s against its order: %+v", name, found)
		}
	}
	if found := b.Against(proof(), Known{}); len(found) > 0 {
		t.Errorf("against nothing: %+v", found)
	}
}

// sample is one way to break one rule: begin is the good package that it changes.
type sample struct {
	rule  ID
	begin func() mapping.Package
	path  string
	do    func(p *mapping.Package, o *order.Order)
}

var bad = []sample{
	{"ActionMismatch", temporary, "PackageActionCode", func(p *mapping.Package, _ *order.Order) { p.Action = mapping.ActionServe }},
	{"ActionMismatch", proof, "PackageActionCode", func(p *mapping.Package, _ *order.Order) { p.Action = mapping.ActionAdd }},
	{"DocumentRepeated", temporary, "Document[2]/DocumentIdentification", func(p *mapping.Package, _ *order.Order) {
		p.Documents = []order.Document{{ID: "a"}, {ID: "a"}, {ID: "b"}}
	}},
	{"DocumentRepeated", proof, "Document[3]/DocumentIdentification", func(p *mapping.Package, _ *order.Order) {
		p.Documents = []order.Document{{ID: "a"}, {ID: "b"}, {ID: "a"}}
	}},
	{"FormUnknown", temporary, "FormNumberText", func(_ *mapping.Package, o *order.Order) { o.Form.Number = "DV-999" }},
	{"FormUnknown", temporary, "FormNumberText", func(_ *mapping.Package, o *order.Order) { o.Form.Number = "DV-200" }},
	{"FormRevisionUnknown", temporary, "FormRevisionDate", func(_ *mapping.Package, o *order.Order) { o.Form.Revision = day("2025-01-02") }},
	{"FormNotInUse", temporary, "FormRevisionDate", func(_ *mapping.Package, o *order.Order) { o.Form.Revision = day("2016-07-01") }},
	{"StageNotOfForm", temporary, "CourtOrderStageCode", func(_ *mapping.Package, o *order.Order) { o.Stage = order.StagePreTrial }},
	{"IssuedInFuture", temporary, "CourtOrderIssuingDate", func(_ *mapping.Package, o *order.Order) { o.Issued = day("2026-06-02") }},
	{"ExpiryUnknown", temporary, "OrderExpirationDate", func(_ *mapping.Package, o *order.Order) { o.Expiry = order.Expiry{} }},
	{"ExpiryBeforeIssue", afterHearing, "OrderExpirationDate", func(_ *mapping.Package, o *order.Order) { o.Expiry.Date = ptr(day("2026-05-31")) }},
	{"ExpiryBeforeIssue", afterHearing, "OrderExpirationDate", func(_ *mapping.Package, o *order.Order) {
		o.Expiry.Date, o.Expiry.Time, o.IssuedTime = &o.Issued, ptr(order.TimeOfDay(9*60)), ptr(order.TimeOfDay(10*60))
	}},
	{"ExpiryTooLong", afterHearing, "OrderExpirationDate", func(_ *mapping.Package, o *order.Order) { o.Expiry.Date = ptr(day("2031-06-02")) }},
	{"ExpiryTooLong", afterHearing, "OrderPermanentIndicator", func(_ *mapping.Package, o *order.Order) { o.Expiry = order.Expiry{Basis: order.ExpiryPermanent} }},
	{"EmergencyExpiry", emergency, "OrderExpirationDate", func(_ *mapping.Package, o *order.Order) { o.Expiry.Date = ptr(day("2026-06-09")) }},
	{"EmergencyExpiry", emergency, "OrderExpirationDate", func(_ *mapping.Package, o *order.Order) { o.Expiry = order.Expiry{Basis: order.ExpiryPermanent} }},
	{"ExpiredAlready", emergency, "OrderExpirationDate", func(_ *mapping.Package, o *order.Order) {
		o.Issued, o.Expiry.Date = day("2026-05-25"), ptr(day("2026-05-31"))
	}},
	{"HearingMissing", temporary, "CourtHearing", func(_ *mapping.Package, o *order.Order) { o.Hearings[0].Purpose = order.HearingReview }},
	{"HearingBeforeIssue", temporary, "CourtHearing[2]/HearingDate", func(_ *mapping.Package, o *order.Order) {
		o.Hearings = append(o.Hearings, order.Hearing{Purpose: order.HearingReview, Date: day("2026-05-01")})
	}},
	{"HearingBeforeIssue", afterHearing, "CourtHearing/HearingDate", func(_ *mapping.Package, o *order.Order) { o.Hearings[0].Date = day("2026-06-02") }},
	{"RestrainedIsProtected", temporary, "ProtectedPerson[2]/PersonName", func(_ *mapping.Package, o *order.Order) {
		o.Protected = append(o.Protected, order.Protected{Name: order.Name{Given: "ROWAN", Middle: "A.", Surname: "Gra nité"}})
	}},
	{"ProtectedMissing", temporary, "ProtectedPerson", func(_ *mapping.Package, o *order.Order) { o.Protected = nil }},
	{"BornAfterIssue", temporary, "RestrainedPerson/PersonBirthDate", func(_ *mapping.Package, o *order.Order) {
		o.Restrained.Born, o.Restrained.Age = ptr(day("2086-06-02")), 0
	}},
	{"BornAfterIssue", temporary, "ProtectedPerson/PersonBirthDate", func(_ *mapping.Package, o *order.Order) { o.Protected[0].Born = ptr(day("2026-06-02")) }},
	{"AgeAgainstBirth", temporary, "RestrainedPerson/PersonAgeMeasure", func(_ *mapping.Package, o *order.Order) { o.Restrained.Age = 41 }},
	{"AgeAgainstBirth", temporary, "ProtectedPerson/PersonAgeMeasure", func(_ *mapping.Package, o *order.Order) {
		o.Protected[0].Born, o.Protected[0].Age = ptr(day("2000-01-01")), 62
	}},
	{"PresenceContradicted", temporary, "CourtOrderServiceCode", func(_ *mapping.Package, o *order.Order) {
		o.Service, o.Restrained.Present = order.ServicePresent, ptr(false)
	}},
	{"OfficerMissing", emergency, "RequestingOfficer", func(_ *mapping.Package, o *order.Order) { o.Officer = nil }},
	{"FirearmsMissing", temporary, "FirearmRestriction", func(_ *mapping.Package, o *order.Order) { o.Terms.Firearms = nil }},
	{"ConfidentialDiffers", temporary, "RestrainedPersonConfidential", func(p *mapping.Package, _ *order.Order) {
		p.Confidential = &order.Confidential{Restrained: &order.ConfidentialRestrained{Person: order.Person{Born: ptr(day("1991-01-01"))}}}
	}},
	{"FirearmsInFinancialAbuse", financial, "FirearmRestriction", func(_ *mapping.Package, o *order.Order) { o.Terms.Firearms = &order.Firearms{} }},
	{"ExpiryTooLong", renewed, "OrderExpirationDate", func(p *mapping.Package, o *order.Order) {
		p.Modification.Reason, p.Modification.Form = order.ModifyAmend, "DV-330"
		o.Expiry = order.Expiry{Date: ptr(day("2031-06-02")), Basis: order.ExpiryExplicit}
	}},
	{"ExpiryTooLong", renewed, "OrderPermanentIndicator", func(p *mapping.Package, _ *order.Order) { p.Modification.Form = "" }},
	{"ExpiryTooLong", renewed, "OrderExpirationDate", func(p *mapping.Package, o *order.Order) {
		p.Modification.Form, o.Expiry = "", order.Expiry{Date: ptr(day("2031-06-02")), Basis: order.ExpiryExplicit}
	}},
	{"ExchangeWithoutCase", temporary, "CaseOtherIdentification", func(_ *mapping.Package, o *order.Order) {
		o.Terms.ChildExchange, o.OtherCases = true, []order.OtherCase{{Kind: "criminal", Number: "X"}}
	}},
	{"ActionMismatch", continued, "PackageActionCode", func(p *mapping.Package, _ *order.Order) { p.Action = mapping.ActionAdd }},
	{"ActionMismatch", temporary, "PackageActionCode", func(p *mapping.Package, _ *order.Order) { p.Action = mapping.ActionModify }},
	{"ActionMismatch", cancelled, "PackageActionCode", func(p *mapping.Package, _ *order.Order) { p.Action = mapping.ActionAttach }},
	{"ConfidentialMisplaced", proof, "ConfidentialInformation", func(p *mapping.Package, _ *order.Order) { p.Confidential = &order.Confidential{} }},
	{"ConfidentialMisplaced", cancelled, "ConfidentialInformation", func(p *mapping.Package, _ *order.Order) { p.Confidential = &order.Confidential{} }},
	{"NothingAttached", supplement, "CourtOrderSupplement", func(p *mapping.Package, _ *order.Order) { p.Confidential = nil }},
	{"PetitionerMissing", workplace, "Petitioner", func(_ *mapping.Package, o *order.Order) { o.Petitioner = nil }},
	{"PetitionerNotOfForm", workplace, "PetitionerCategoryCode", func(_ *mapping.Package, o *order.Order) { o.Petitioner.Kind = order.PetitionerSchool }},
	{"ForeignMissing", registered, "ForeignOrder", func(_ *mapping.Package, o *order.Order) { o.Foreign = nil }},
	{"ForeignMissing", afterHearing, "ForeignOrder", func(_ *mapping.Package, o *order.Order) { o.Foreign = &order.Foreign{Court: "X", Jurisdiction: "Y"} }},
	{"AccessClass", registered, "DocumentAccessCode", func(_ *mapping.Package, o *order.Order) { o.Access = order.AccessNormal }},
	{"FieldNotOfForm", temporary, "NoDissuasionIndicator", func(_ *mapping.Package, o *order.Order) { o.Terms.NoDissuasion = true }},
	{"FieldNotOfForm", emergency, "FirearmRestriction/NoBodyArmorIndicator", func(_ *mapping.Package, o *order.Order) { o.Terms.Firearms.NoBodyArmor = true }},
	{"FollowsItself", afterHearing, "FollowedOrderIdentification", func(_ *mapping.Package, o *order.Order) { o.Follows = o.ID }},
	{"ModifiedInFuture", continued, "ModificationDate", func(p *mapping.Package, _ *order.Order) { p.Modification.Date = day("2026-06-02") }},
	{"ModifiedBeforeIssue", continued, "ModificationDate", func(p *mapping.Package, _ *order.Order) { p.Modification.Date = day("2026-05-31") }},
	{"ChangeFormUnknown", continued, "CourtOrderModification/FormNumberText", func(p *mapping.Package, _ *order.Order) { p.Modification.Form = "DV-110" }},
	{"ChangeFormUnknown", continued, "CourtOrderModification/FormNumberText", func(p *mapping.Package, _ *order.Order) { p.Modification.Form = "DV-730" }},
	{"ChangeFormUnknown", continued, "CourtOrderModification/FormNumberText", func(p *mapping.Package, _ *order.Order) { p.Modification.Form = "CH-116" }},
	{"ContinuedNotTemporary", afterHearing, "ModificationReasonCode", func(p *mapping.Package, _ *order.Order) {
		p.Action, p.Modification = mapping.ActionModify, &order.Modification{Reason: order.ModifyContinue, Date: day("2026-06-01")}
	}},
	{"CancelledInFuture", cancelled, "CancellationDate", func(p *mapping.Package, _ *order.Order) { p.Cancellation.Date = day("2026-06-02") }},
	{"EndFormUnknown", cancelled, "FormNumberText", func(p *mapping.Package, _ *order.Order) { p.Cancellation.Form = "DV-130" }},
	{"EndFormUnknown", cancelled, "FormNumberText", func(p *mapping.Package, _ *order.Order) { p.Cancellation.Reason = order.CancelDeceased }},
	{"ServedInFuture", proof, "CourtOrderServiceDate", func(p *mapping.Package, _ *order.Order) { p.Service.Date = day("2026-06-02") }},
	{"ProofFormUnknown", proof, "FormNumberText", func(p *mapping.Package, _ *order.Order) { p.Service.Form = "DV-110" }},
	{"ProofOtherMethod", proof, "ServiceMethodCode", func(p *mapping.Package, _ *order.Order) { p.Service.Method = order.MethodMail }},
}

var badAgainst = []sample{
	{"ServiceOtherCase", proof, "CaseDocketID", func(p *mapping.Package, _ *order.Order) { p.Service.Case = "26FL0002" }},
	{"ServiceOtherPerson", proof, "RestrainedPersonName", func(p *mapping.Package, _ *order.Order) { p.Service.Restrained.Given = "Hazel" }},
	{"ServiceOtherPerson", proof, "RestrainedPersonName", func(p *mapping.Package, _ *order.Order) { p.Service.Restrained.Surname = "Basalt" }},
	{"ServedBeforeIssue", proof, "CourtOrderServiceDate", func(p *mapping.Package, _ *order.Order) { p.Service.Date = day("2026-05-31") }},
	{"ServedBeforeIssue", proof, "CourtOrderServiceDate", func(_ *mapping.Package, o *order.Order) { o.IssuedTime = ptr(order.TimeOfDay(18*60 + 1)) }},
	{"ServedAfterExpiry", proof, "CourtOrderServiceDate", func(p *mapping.Package, _ *order.Order) { p.Service.Date = day("2026-06-23") }},
	{"ModifiedOtherCase", continued, "CaseDocketID", func(p *mapping.Package, _ *order.Order) { p.Order.Case = "26FL0002" }},
	{"ModifiedOtherPerson", continued, "RestrainedPerson/PersonName", func(p *mapping.Package, _ *order.Order) { p.Order.Restrained.Name.Given = "Ash" }},
	{"ModifiedSomebodyElse", continued, "RestrainedPerson", func(p *mapping.Package, _ *order.Order) {
		p.Modification.Reason = order.ModifyCorrect
		p.Order.Restrained.Name, p.Order.Restrained.Born = order.Name{Given: "Ash", Surname: "Basalt"}, ptr(day("1991-01-01"))
	}},
	{"ModifiedOtherForm", continued, "FormNumberText", func(_ *mapping.Package, o *order.Order) { o.Form.Designator = "TCH" }},
	{"NotLonger", continued, "OrderExpirationDate", func(p *mapping.Package, _ *order.Order) { p.Order.Expiry.Date = ptr(day("2026-06-22")) }},
	{"NotLonger", continued, "OrderExpirationDate", func(_ *mapping.Package, o *order.Order) { o.Expiry = order.Expiry{Basis: order.ExpiryPermanent} }},
	{"ModifiedAfterExpiry", continued, "ModificationDate", func(_ *mapping.Package, o *order.Order) { o.Expiry.Date = ptr(day("2026-05-31")) }},
	{"CancelOtherCase", cancelled, "CaseDocketID", func(p *mapping.Package, _ *order.Order) { p.Cancellation.Case = "26FL0002" }},
	{"CancelOtherPerson", cancelled, "RestrainedPersonName", func(p *mapping.Package, _ *order.Order) { p.Cancellation.Restrained.Given = "Hazel" }},
	{"CancelledBeforeIssue", cancelled, "CancellationDate", func(p *mapping.Package, _ *order.Order) { p.Cancellation.Date = day("2026-05-31") }},
	{"EndOtherFamily", cancelled, "FormNumberText", func(p *mapping.Package, _ *order.Order) { p.Cancellation.Form = "CR-165" }},
	{"SupplementOtherPerson", supplement, "RestrainedPersonName", func(p *mapping.Package, _ *order.Order) {
		p.Supplement.Restrained = &order.Name{Given: "Hazel", Surname: "Granite"}
	}},
	{"ConfidentialDiffers", supplement, "RestrainedPersonConfidential", func(p *mapping.Package, _ *order.Order) {
		p.Confidential.Restrained = &order.ConfidentialRestrained{Person: order.Person{Sex: "F"}}
	}},
	{"SupplementOtherCase", supplement, "CaseDocketID", func(p *mapping.Package, _ *order.Order) { p.Supplement.Case = "26FL0002" }},
}

// badEnded are packages about an order that was cancelled on 2026-05-31.
var badEnded = []sample{
	{"ServedAfterEnd", proof, "CourtOrderServiceDate", func(*mapping.Package, *order.Order) {}},
	{"ModifiedAfterEnd", continued, "OrderIdentification", func(*mapping.Package, *order.Order) {}},
	{"CancelledAlready", cancelled, "OrderIdentification", func(*mapping.Package, *order.Order) {}},
}

// Every bad sample breaks its rule, at its place, and no other rule.
func TestBadSamples(t *testing.T) {
	t.Parallel()
	b := book(t)
	broken := map[ID]bool{}
	check := func(s sample, found []Finding) {
		broken[s.rule] = true
		if len(found) != 1 || found[0].Rule != s.rule || !strings.HasSuffix(found[0].Path, s.path) {
			t.Errorf("%s: found %+v", s.rule, found)
		}
		for _, f := range found {
			if f.Text == "" || f.Fix == "" || f.Citation == "" || f.Whose == "" || strings.Contains(f.Text, "Granite") {
				t.Errorf("%s: %+v", s.rule, f)
			}
		}
	}
	for _, s := range bad {
		p := s.begin()
		s.do(&p, p.Order)
		check(s, b.Check(p, today))
	}
	for _, s := range badAgainst {
		p, known := s.begin(), temporary().Order
		s.do(&p, known)
		check(s, b.Against(p, Known{Order: known}))
	}
	inError := Known{Order: temporary().Order, Cancelled: &order.Cancellation{Date: day("2026-06-30"), Reason: order.CancelInError}}
	check(sample{rule: "ServedAfterEnd", path: "CourtOrderServiceDate"}, b.Against(proof(), inError))
	for _, s := range badEnded {
		check(s, b.Against(s.begin(), Known{Order: temporary().Order, Cancelled: &order.Cancellation{Date: day("2026-05-31")}}))
	}
	p := workplace()
	check(sample{rule: "OrganizationMissing", path: "ProtectedOrganization"}, New(needsOrganization(t), b.calendar).Check(p, today))
	for _, r := range b.Rules() {
		if !broken[r.ID] {
			t.Errorf("%s has no bad sample", r.ID)
		}
		if r.Asks == "" || r.Severity != Error && r.Severity != Warning || r.Whose != Court && r.Whose != Sender {
			t.Errorf("%s: not whole: %+v", r.ID, r)
		}
	}
}

// needsOrganization is a form table whose WV-130 protects an organization, as no form of today's table must.
func needsOrganization(t *testing.T) *forms.Table {
	t.Helper()
	table, err := forms.Read(fstest.MapFS{"data/x.json": {Data: []byte(`{"edition": "2026-11-25",
		"expiry": [{"id": "X", "kind": "asWritten", "text": "x", "citation": "x", "source": "x", "confidence": "stated"}],
		"forms": [{"number": "WV-130", "revision": "2026-01-01", "kind": "order", "family": "WV", "designator": "WHO", "title": "X", "stages": ["afterHearing"], "organizationsMin": 1,
			"petitioners": ["employer"], "clauses": ["noHarm", "firearms"], "expiry": "X", "source": "x", "confidence": "stated"}]}`)}})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// Every clause of the form table is found in an order by a rule, and nothing else is.
func TestEveryClauseIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range forms.Clauses() {
		if s, ok := said[c]; !ok || s.path == "" || s.in(&order.Order{}) {
			t.Errorf("clause %s", c)
		}
	}
	if len(said) != len(forms.Clauses()) {
		t.Errorf("%d clauses are found, %d are known", len(said), len(forms.Clauses()))
	}
}

// What must not be found: the near misses of the rules that compare people.
func TestNearMisses(t *testing.T) {
	t.Parallel()
	b := book(t)
	for name, do := range map[string]func(o *order.Order){
		"son with another birth date": func(o *order.Order) {
			o.Protected[0] = order.Protected{Name: o.Restrained.Name, Person: order.Person{Born: ptr(day("2016-01-01"))}}
		},
		"son with another age": func(o *order.Order) {
			o.Restrained.Born = nil
			o.Protected[0] = order.Protected{Name: o.Restrained.Name, Person: order.Person{Age: 10}}
		},
		"wife of the same name": func(o *order.Order) {
			o.Protected[0] = order.Protected{Name: o.Restrained.Name, Person: order.Person{Sex: "F"}}
		},
		"junior": func(o *order.Order) {
			o.Protected[0].Name = o.Restrained.Name
			o.Protected[0].Name.Suffix, o.Protected[0].Sex = "Jr.", ""
		},
		"another middle name": func(o *order.Order) {
			o.Restrained.Name.Middle = "Ash"
			o.Protected[0] = order.Protected{Name: order.Name{Given: "Rowan", Middle: "Oak", Surname: "Granite"}}
		},
		"age a year off": func(o *order.Order) { o.Restrained.Age = 40 },
		"an exchange with its case": func(o *order.Order) {
			o.Terms.ChildExchange, o.OtherCases = true, []order.OtherCase{{Kind: "family", Number: "X"}}
		},
	} {
		p := temporary()
		do(p.Order)
		if found := b.Check(p, today); len(found) > 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
	known, p := temporary().Order, proof()
	known.Restrained.Aliases = []order.Name{{Given: "Ró", Surname: "Gránite"}}
	p.Service.Restrained = order.Name{Given: "RO", Surname: "granite"}
	if found := b.Against(p, Known{Order: known}); len(found) > 0 {
		t.Errorf("served under an alias: %+v", found)
	}
}

// A change after which the order is still against the same person, whatever else is not as before.
func TestSamePersonChanged(t *testing.T) {
	t.Parallel()
	b := book(t)
	for name, do := range map[string]func(o *order.Order){
		"another spelling": func(o *order.Order) { o.Restrained.Name = order.Name{Given: "Roan", Surname: "Granite"} },
		"a married name":   func(o *order.Order) { o.Restrained.Name.Surname = "Basalt" },
		"a misread name":   func(o *order.Order) { o.Restrained.Name = order.Name{Given: "Ash", Surname: "Basalt"} },
		"a known alias": func(o *order.Order) {
			o.Restrained.Name = order.Name{Given: "Ro", Surname: "Boulder"}
			o.Restrained.Born = ptr(day("1991-01-01"))
		},
		"an old name kept": func(o *order.Order) {
			o.Restrained.Aliases = []order.Name{o.Restrained.Name}
			o.Restrained.Name, o.Restrained.Born = order.Name{Given: "Ash", Surname: "Basalt"}, ptr(day("1991-01-01"))
		},
		"another birth date": func(o *order.Order) { o.Restrained.Born = ptr(day("1991-01-01")) },
	} {
		known, p := temporary().Order, continued()
		known.Restrained.Aliases = []order.Name{{Given: "Ro", Surname: "Boulder"}}
		p.Modification.Reason = order.ModifyCorrect
		do(p.Order)
		if found := b.Against(p, Known{Order: known}); len(found) > 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// Everything at once: a package that breaks many rules tells them all.
func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	p := temporary()
	o := p.Order
	p.Action, o.Stage, o.Protected, o.Terms.Firearms, o.Hearings = mapping.ActionServe, order.StagePreTrial, nil, nil, nil
	o.Expiry.Date = ptr(day("2020-01-01"))
	var ids []string
	for _, f := range book(t).Check(p, today) {
		ids = append(ids, string(f.Rule))
	}
	want := "ActionMismatch StageNotOfForm ExpiryBeforeIssue HearingMissing ProtectedMissing FirearmsMissing"
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("found %s", got)
	}
}

// A rule does not judge orders older than itself.
func TestEffective(t *testing.T) {
	t.Parallel()
	p := temporary()
	rule := Rule{ID: "Later", Effective: day("2026-06-02"), find: func(*input) []place { return []place{{"p", "t", "f"}} }}
	if found := ask([]Rule{rule}, &input{o: p.Order}); len(found) != 0 {
		t.Errorf("judged an older order: %+v", found)
	}
	p.Order.Issued = day("2026-06-02")
	if found := ask([]Rule{rule}, &input{o: p.Order}); len(found) != 1 {
		t.Error("did not judge an order of its first day")
	}
}

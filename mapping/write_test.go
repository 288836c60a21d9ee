package mapping_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ccpor/mapping"
	"ccpor/mapping/order"
)

// The property: what Write writes is valid by the schemas, and Package reads it as it was.
func TestWriteThenRead(t *testing.T) {
	t.Parallel()
	m := mapper(t)
	rapid.Check(t, func(rt *rapid.T) {
		want := packages(rt)
		b, err := mapping.Write(want)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := m.Package(document(t, b))
		if err != nil {
			rt.Fatal(err)
		}
		got.Notes = nil
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b order.Date) bool { return a == b })); diff != "" {
			rt.Fatalf("%s\n%s", diff, b)
		}
		again, err := mapping.Write(got)
		if err != nil || string(again) != string(b) {
			rt.Fatalf("written again: %v\n%s", err, again)
		}
	})
}

func TestUnwritable(t *testing.T) {
	t.Parallel()
	p := mapped(t, seed(t))
	for name, change := range map[string]func(p *mapping.Package, o *order.Order){
		"nothing":     func(p *mapping.Package, _ *order.Order) { p.Order = nil },
		"both":        func(p *mapping.Package, _ *order.Order) { p.Service = &order.Service{} },
		"no surname":  func(_ *mapping.Package, o *order.Order) { o.Restrained.Name.Surname = "" },
		"control":     func(_ *mapping.Package, o *order.Order) { o.Judge = "A\x07" },
		"no text":     func(_ *mapping.Package, o *order.Order) { o.Judge = "A\xff" },
		"noncharcter": func(_ *mapping.Package, o *order.Order) { o.Judge = "A\uFFFF" },
	} {
		q, o := p, *p.Order
		q.Order = &o
		change(&q, &o)
		if _, err := mapping.Write(q); !errors.Is(err, mapping.ErrUnwritable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// --- generators ---

type gen = *rapid.T

func pick[T any](t gen, list ...T) T { return rapid.SampledFrom(list).Draw(t, "pick") }

func some[T any](t gen, f func(gen) T) *T {
	if !rapid.Bool().Draw(t, "some") {
		return nil
	}
	v := f(t)
	return &v
}

func maybe(t gen, f func(gen) string) string {
	if !rapid.Bool().Draw(t, "maybe") {
		return ""
	}
	return f(t)
}

func list[T any](t gen, most int, f func(gen) T) []T {
	var out []T
	for range rapid.IntRange(0, most).Draw(t, "count") {
		out = append(out, f(t))
	}
	return out
}

func matching(re string) func(gen) string {
	g := rapid.StringMatching(re)
	return func(t gen) string { return g.Draw(t, "text") }
}

var (
	token     = matching(`[A-Za-zÀ-ÿ&<>"'€]{1,12}( [^\s\x00-\x1f\x7f-\x9f]{1,6}){0,2}`)
	long      = matching(`[A-Za-zé&<>\]\t\n\r ]{0,30}[a-z]`)
	localID   = matching(`[A-Za-z0-9][A-Za-z0-9._:-]{0,63}`)
	ori       = matching(`[A-Z]{2}[0-9A-Z]{7}`)
	caseNo    = matching(`[!-~]([ -~]{0,10}[!-~])?`)
	telephone = matching(`[0-9]{10}`)
	number    = matching(`[A-Z0-9]{1,20}`)

	formNumber = matching(`[A-Z]{2,5}-[0-9]{3}[A-Z]?`)
)

func caseNumber(t gen) order.CaseNumber {
	c, err := order.ParseCaseNumber(collapsed(caseNo(t)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// collapsed has single spaces only: the schema's tokens have no others.
func collapsed(s string) string {
	out := []byte{}
	for i := range len(s) {
		if s[i] != ' ' || len(out) > 0 && out[len(out)-1] != ' ' {
			out = append(out, s[i])
		}
	}
	return string(out)
}

func date(t gen) order.Date {
	return order.MakeDate(1900, 1, 1).AddDays(rapid.IntRange(0, 90000).Draw(t, "day"))
}

func tod(t gen) order.TimeOfDay { return order.TimeOfDay(rapid.IntRange(0, 1439).Draw(t, "minutes")) }

func yes(t gen) bool { return rapid.Bool().Draw(t, "yes") }

func upTo(t gen, n int) int { return rapid.IntRange(0, n).Draw(t, "number") }

func between(t gen, a, b int) int { return rapid.IntRange(a, b).Draw(t, "number") }

// orZero is a number from a to b, or 0 for not said.
func orZero(t gen, a, b int) int {
	if yes(t) {
		return 0
	}
	return between(t, a, b)
}

func packages(t gen) mapping.Package {
	p := mapping.Package{
		ID: order.LocalID(localID(t)), Action: mapping.ActionAdd, Submitter: order.ORI(ori(t)),
		Sent:     time.Unix(int64(between(t, 0, 2_000_000_000)), int64(upTo(t, 999_999_999))).UTC(),
		Software: token(t), SoftwareVersion: maybe(t, token), Test: yes(t),
	}
	for i, d := range list(t, 3, documents) {
		d.ID += string(rune('0' + i)) // no two alike
		p.Documents = append(p.Documents, d)
	}
	subject(t, &p)
	return p
}

// subject gives the package one of the five things that packages are about, and what may stand beside it.
func subject(t gen, p *mapping.Package) {
	p.Action = pick(t, mapping.ActionAdd, mapping.ActionModify, mapping.ActionCancel, mapping.ActionServe, mapping.ActionAttach)
	switch p.Action {
	case mapping.ActionServe:
		p.Service = service(t)
		p.Service.Documents = p.Documents
	case mapping.ActionCancel:
		p.Cancellation = cancellation(t)
		p.Cancellation.Documents = p.Documents
	case mapping.ActionAttach:
		p.Supplement = &order.Supplement{Reference: reference(t), Form: maybe(t, formNumber), Restrained: some(t, name), Documents: p.Documents}
		p.Confidential = some(t, confidential)
	default:
		if p.Action == mapping.ActionModify {
			p.Modification = some(t, modification)
		}
		p.Order = protective(t)
		p.Order.Documents = p.Documents
		p.Confidential = some(t, confidential)
	}
}

func documents(t gen) order.Document {
	return order.Document{ID: matching(`[A-Za-z0-9][A-Za-z0-9._:-]{0,60}`)(t), Role: pick(t, "order", "proofOfService", "termination", "foreignOrder", "attachment"),
		Media: pick(t, "application/pdf", "image/tiff", "image/jpeg"), Bytes: int64(between(t, 1, 33554432)), Pages: orZero(t, 1, 1000), SHA256: matching(`[0-9a-f]{64}`)(t)}
}

func protective(t gen) *order.Order {
	o := &order.Order{
		ID: order.LocalID(localID(t)), Form: order.Form{Number: "XX-" + matching(`[0-9]{3}`)(t), Revision: date(t)}, // no known form: no default expiry
		Case: caseNumber(t), OtherCases: list(t, 2, otherCase), Follows: order.LocalID(maybe(t, localID)), Court: court(t),
		Issued: date(t), IssuedTime: some(t, tod), Judge: token(t), Modification: yes(t),
		Stage:    pick(t, order.StageEmergency, order.StageTemporary, order.StageAfterHearing, order.StagePreTrial, order.StagePostConviction, order.StageRegistered),
		Statutes: list(t, 3, token), Hearings: list(t, 3, hearing), Expiry: expiry(t),
		Access:     pick(t, order.AccessNormal, order.AccessJuvenile, order.AccessSealed),
		Restrained: restrained(t), Protected: list(t, 4, protected), Organizations: list(t, 2, organization), Petitioner: some(t, petitioner),
		Officer: some(t, officer), Foreign: some(t, foreign), Terms: terms(t),
		OtherOrders: maybe(t, long), Service: pick(t, order.ServicePresent, order.ServiceNotServed, order.ServiceServed, order.ServiceMail),
	}
	return o
}

func expiry(t gen) order.Expiry {
	switch upTo(t, 2) {
	case 0:
		return order.Expiry{}
	case 1:
		return order.Expiry{Basis: order.ExpiryPermanent}
	}
	d := date(t)
	return order.Expiry{Date: &d, Time: some(t, tod), Basis: order.ExpiryExplicit}
}

func otherCase(t gen) order.OtherCase {
	return order.OtherCase{Kind: pick(t, "family", "juvenile", "criminal", "probate", "lawEnforcement"), Number: caseNumber(t), Court: maybe(t, token), Issued: some(t, date)}
}

func court(t gen) order.Court {
	return order.Court{ORI: order.ORI(ori(t)), Name: token(t), County: maybe(t, token), Department: maybe(t, token), Address: some(t, address), Telephone: maybe(t, telephone)}
}

func address(t gen) order.Address {
	return order.Address{Street: token(t), City: maybe(t, token), State: maybe(t, matching(`[A-Z]{2}`)), Postal: maybe(t, matching(`[0-9]{5}(-[0-9]{4})?`))}
}

func hearing(t gen) order.Hearing {
	return order.Hearing{Purpose: pick(t, order.HearingHeard, order.HearingNext, order.HearingReview), Date: date(t), Time: some(t, tod),
		Department: maybe(t, token), Room: maybe(t, token), Judge: maybe(t, token)}
}

func name(t gen) order.Name {
	return order.Name{Given: maybe(t, token), Middle: maybe(t, token), Surname: token(t), Suffix: maybe(t, matching(`[A-Z][a-z.]{0,8}`))}
}

func described(t gen) order.Person {
	return order.Person{Sex: maybe(t, matching(`M|F|X|U`)), Race: pick(t, "", "white", "black", "unknown", "asianIndian"), Born: some(t, date), Age: upTo(t, 130)}
}

func restrained(t gen) order.Restrained {
	return order.Restrained{
		Name: name(t), Aliases: list(t, 3, name), Person: described(t), Height: orZero(t, 12, 108), Weight: orZero(t, 10, 999),
		Hair: pick(t, "", "BRO", "XXX"), Eyes: pick(t, "", "BLU", "XXX"), Marks: list(t, 2, token), Address: some(t, address),
		DriverLicense: some(t, license),
		CII:           maybe(t, number), FBI: maybe(t, number), PeaceOfficer: maybe(t, token), Minor: yes(t), Present: some(t, yes),
	}
}

func license(t gen) order.License {
	return order.License{Number: number(t), State: matching(`[A-Z]{2}`)(t), Year: orZero(t, 1900, 2199)}
}

func protected(t gen) order.Protected {
	return order.Protected{Name: name(t), Person: described(t), Relation: maybe(t, token), Minor: yes(t)}
}

func officer(t gen) order.Officer {
	o := order.Officer{Name: token(t), Badge: maybe(t, matching(`[A-Z0-9]{1,20}`)), Agency: maybe(t, token), Telephone: maybe(t, telephone)}
	if yes(t) {
		o.AgencyORI = order.ORI(ori(t))
	}
	return o
}

func terms(t gen) order.Terms {
	o := order.Terms{
		NoHarm: yes(t), NoContact: yes(t), NoThirdPartyContact: yes(t), ChildExchange: yes(t), StayAway: list(t, 2, stayAway), MoveOut: yes(t),
		Firearms: some(t, func(t gen) order.Firearms {
			return order.Firearms{NoPossession: yes(t), NoPurchase: yes(t), Surrender: yes(t), WithinHours: upTo(t, 999), NoBodyArmor: yes(t), Named: list(t, 2, token)}
		}),
		CustodyToProtected: yes(t), VisitationToRestrained: yes(t), NoDissuasion: yes(t), MayRecord: yes(t), Brady: some(t, yes),
		FinancialAbuseOnly: yes(t), Animals: maybe(t, long), Property: maybe(t, long), Support: maybe(t, long), Programs: list(t, 2, token), MonitoredUntil: some(t, date),
	}
	if o.MoveOut {
		o.MoveOf = some(t, address)
	}
	return o
}

func stayAway(t gen) order.StayAway {
	place := func(t gen) order.Place {
		return order.Place{Kind: pick(t, order.PlacePerson, order.PlaceResidence, order.PlaceWork, order.PlaceSchool, order.PlaceChildCare, order.PlaceVehicle, order.PlaceOther), Text: maybe(t, token)}
	}
	return order.StayAway{Yards: between(t, 1, 9999), Places: append(list(t, 3, place), place(t))}
}

func service(t gen) *order.Service {
	return &order.Service{
		OrderID: order.LocalID(localID(t)), Court: order.ORI(ori(t)), Case: caseNumber(t), Form: maybe(t, formNumber), Restrained: name(t),
		Date: date(t), Time: tod(t), Method: pick(t, order.MethodPersonal, order.MethodVerbal, order.MethodMail, order.MethodCourt),
		Server: officer(t), Own: yes(t), Place: maybe(t, token), Papers: list(t, 3, formNumber),
	}
}

func organization(t gen) order.Organization {
	return order.Organization{Name: token(t), Sites: list(t, 2, address)}
}

func petitioner(t gen) order.Petitioner {
	p := order.Petitioner{Name: token(t), Kind: pick(t, order.PetitionerPerson, order.PetitionerGuardian, order.PetitionerLawEnforcement,
		order.PetitionerEmployer, order.PetitionerSchool, order.PetitionerEstablishment, order.PetitionerPeople)}
	if yes(t) {
		p.ORI = order.ORI(ori(t))
	}
	return p
}

func foreign(t gen) order.Foreign {
	return order.Foreign{Court: token(t), Jurisdiction: token(t), Case: maybe(t, token), Issued: some(t, date), Certified: some(t, yes)}
}

func reference(t gen) order.Reference {
	return order.Reference{OrderID: order.LocalID(localID(t)), Court: order.ORI(ori(t)), Case: caseNumber(t)}
}

func modification(t gen) order.Modification {
	return order.Modification{Reason: pick(t, order.ModifyCorrect, order.ModifyAmend, order.ModifyContinue, order.ModifyExtend, order.ModifyRenew),
		Date: date(t), Form: maybe(t, formNumber), Judge: maybe(t, token)}
}

func cancellation(t gen) *order.Cancellation {
	return &order.Cancellation{Reference: reference(t), Form: maybe(t, formNumber), Restrained: name(t),
		Reason: pick(t, order.CancelTerminated, order.CancelInError, order.CancelDeceased), Date: date(t), Judge: maybe(t, token)}
}

func confidential(t gen) order.Confidential {
	return order.Confidential{Protected: list(t, 2, confidentialProtected), Restrained: some(t, func(t gen) order.ConfidentialRestrained {
		return order.ConfidentialRestrained{
			Aliases: list(t, 2, name), Person: described(t), Height: orZero(t, 12, 108), Weight: orZero(t, 10, 999), Hair: pick(t, "", "BRO", "XXX"),
			Eyes: pick(t, "", "BLU", "XXX"), Marks: list(t, 2, token), SSN: maybe(t, matching(`[0-9]{9}`)), DriverLicense: some(t, license),
			Address: some(t, address), Telephones: list(t, 2, telephone), Employer: maybe(t, token), EmployerAddress: some(t, address),
			Vehicles: list(t, 2, token), Language: maybe(t, token), SpeaksEnglish: some(t, yes), FirearmsKnown: pick(t, "", "yes", "no", "unknown"),
			Firearms: list(t, 2, token),
		}
	})}
}

func confidentialProtected(t gen) order.ConfidentialProtected {
	return order.ConfidentialProtected{Name: name(t), Person: described(t), Relation: maybe(t, token), Address: some(t, address), Telephones: list(t, 2, telephone)}
}

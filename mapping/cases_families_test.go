package mapping_test

import (
	"strings"
	"testing"

	"ccpor/mapping/order"
)

// families are the stories of every form of the table.
func families(t testing.TB) []goldenCase {
	var all []goldenCase
	for _, f := range []civil{domesticViolence(t), civilHarassment(t), elderAbuse(t), workplaceViolence(t), schoolViolence(t)} {
		f.stories(&all)
	}
	financialAbuse(t, &all)
	gunViolence(t, &all)
	criminal(t, &all)
	emergency(t, &all)
	juvenile(t, &all)
	registered(t, &all)
	retailTheft(t, &all)
	confidential001(t, &all)
	return all
}

// paper is an order with what every form says.
func paper(t testing.TB, number, revision, issued string, stage order.Stage) *order.Order {
	o := &order.Order{
		Form: order.Form{Number: number, Revision: on(t, revision)}, Court: orange(), Issued: on(t, issued), Judge: "Judge Opal Basalt", Stage: stage, Service: order.ServiceNotServed,
	}
	kind, form, _ := strings.Cut(number, "-")
	o.Case = order.CaseNumber(issued[2:4] + issued[5:7] + kind + "001") // the orders of one family and month are of one case
	o.ID = order.LocalID(string(o.Case) + "-" + form)
	return o
}

// edition is a revision of a form and the day on which a story's order was made on it.
type edition struct{ revision, issued string }

func newest(e []edition) edition { return e[len(e)-1] }

// civil is a family of orders that begin with a temporary one until a hearing.
type civil struct {
	t          testing.TB
	family     string
	temporary  []edition
	after      []edition
	restrained order.Restrained
	protected  []order.Protected
	// armor is the first revision with a box for body armor.
	armor string
	// more adds what the family alone has.
	more func(o *order.Order)
	// modifies, ends and forever: the forms by which orders of the family are changed and ended, and whether a renewal may be permanent.
	modifies string
	ends     []string
	forever  bool
}

func (f civil) order(form string, e edition, stage order.Stage) *order.Order {
	o := paper(f.t, f.family+"-"+form, e.revision, e.issued, stage)
	o.Restrained, o.Protected = f.restrained, append([]order.Protected(nil), f.protected...)
	o.Terms = order.Terms{NoHarm: true, NoContact: true, NoThirdPartyContact: true,
		StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlacePerson}, {Kind: order.PlaceResidence}, {Kind: order.PlaceWork}}}},
		Firearms: &order.Firearms{NoPossession: true, NoPurchase: true, Surrender: true, WithinHours: 24, NoBodyArmor: e.revision >= f.armor}}
	f.more(o)
	return o
}

func (f civil) untilHearing(e edition) *order.Order {
	o := f.order("110", e, order.StageTemporary)
	o.Hearings = []order.Hearing{{Purpose: order.HearingNext, Date: o.Issued.AddDays(20), Time: atTime(8, 30), Department: "L61"}}
	return o
}

// afterHearing follows a temporary order; the first revision's names no expiration, so that the form's default counts.
func (f civil) afterHearing(e edition) *order.Order {
	o := f.order("130", e, order.StageAfterHearing)
	o.Hearings = []order.Hearing{{Purpose: order.HearingHeard, Date: o.Issued, Time: atTime(8, 30), Department: "L61"}}
	o.Service, o.Restrained.Present, o.Terms.Brady = order.ServiceMail, ref(false), ref(true)
	if e != f.after[0] {
		o.Expiry = order.Expiry{Date: ref(o.Issued.AddYears(3)), Basis: order.ExpiryExplicit}
	}
	for _, earlier := range f.temporary {
		if before := f.untilHearing(earlier); before.Case == o.Case {
			o.Follows = before.ID
		}
	}
	return o
}

func (f civil) stories(all *[]goldenCase) {
	var temporary, after story
	for _, e := range f.temporary {
		temporary = tell(f.t, all, f.name("110", e), "Temporary order "+f.family+"-110, revision of "+e.revision, func() *order.Order { return f.untilHearing(e) })
	}
	for _, e := range f.after {
		after = tell(f.t, all, f.name("130", e), "Order after hearing "+f.family+"-130, revision of "+e.revision, func() *order.Order { return f.afterHearing(e) })
	}
	f.temporarySteps(temporary)
	f.afterSteps(after)
}

func (f civil) name(form string, e edition) string {
	return strings.ToLower(f.family) + form + "-" + e.revision
}

// The newest temporary order was made on 3 March 2026, with a hearing on 23 March.
func (f civil) temporarySteps(s story) {
	s.serve(f.family+"-200", order.MethodPersonal)
	s.modify(f.family+"-116", order.ModifyContinue, "2026-03-23", continued(f.t, "2026-04-13"))
	s.cancel("", order.CancelTerminated, "2026-03-23")
	s.attach("image", true, nil)
}

// The newest order after hearing was made on 23 March 2026 until 23 March 2029.
func (f civil) afterSteps(s story) {
	s.serve(f.family+"-250", order.MethodMail)
	s.modify(f.modifies, order.ModifyAmend, "2026-06-01", amended)
	s.modify(f.modifies, order.ModifyCorrect, "2026-03-24", corrected(f.t))
	s.modify(f.family+"-730", order.ModifyExtend, "2029-02-01", lasting(f.t, "2031-03-23"))
	renewed := lasting(f.t, "2032-02-01")
	if f.forever {
		renewed = forever
	}
	s.modify(f.family+"-730", order.ModifyRenew, "2029-02-01", renewed)
	for _, form := range f.ends {
		s.cancel(form, order.CancelTerminated, "2027-01-11")
	}
}

func adult(given, surname, sex string, age int) order.Protected {
	return order.Protected{Name: order.Name{Given: given, Surname: surname}, Person: order.Person{Sex: sex, Age: age}}
}

func somebody(t testing.TB, given, surname, sex, born string) order.Restrained {
	return order.Restrained{Name: order.Name{Given: given, Surname: surname}, Person: order.Person{Sex: sex, Race: "white", Born: ref(on(t, born))},
		Height: 70, Weight: 180, Hair: "BRO", Eyes: "HAZ"}
}

func domesticViolence(t testing.TB) civil {
	partner := adult("Hazel", "Pumice", "F", 38)
	partner.Relation = "former spouse"
	return civil{t: t, family: "DV", restrained: somebody(t, "Rowan", "Granite", "M", "1983-08-15"), protected: []order.Protected{partner},
		temporary: []edition{{"2012-01-01", "2015-05-04"}, {"2016-07-01", "2021-05-04"}, {"2025-01-01", "2026-03-03"}},
		after:     []edition{{"2012-01-01", "2015-05-26"}, {"2016-07-01", "2021-05-24"}, {"2025-01-01", "2025-02-10"}, {"2025-04-28", "2025-06-09"}, {"2026-01-01", "2026-03-23"}},
		armor:     "2025-01-01", modifies: "DV-330", ends: []string{"DV-330", "DV-400"}, forever: true,
		more: func(o *order.Order) {
			o.Terms.MayRecord, o.Terms.Animals = true, "The protected person keeps the dog Pebble."
			o.Terms.Property, o.Terms.Support = "The protected person has the use of the telephone account.", "Spousal support as ordered in the family case."
			if o.Stage == order.StageAfterHearing {
				o.Terms.Programs = []string{"batterer intervention programme, 52 weeks"}
			}
		}}
}

func civilHarassment(t testing.TB) civil {
	neighbor := adult("Clover", "Marl", "F", 44)
	neighbor.Relation = "neighbor"
	return civil{t: t, family: "CH", restrained: somebody(t, "Flint", "Shale", "M", "1975-02-03"), protected: []order.Protected{neighbor},
		temporary: []edition{{"2012-01-01", "2022-03-07"}, {"2023-01-01", "2023-03-06"}, {"2024-01-01", "2025-03-04"}, {"2026-01-01", "2026-03-03"}},
		after:     []edition{{"2012-01-01", "2022-03-28"}, {"2023-01-01", "2023-03-27"}, {"2024-01-01", "2025-03-24"}, {"2026-01-01", "2026-03-23"}},
		armor:     "2024-01-01", modifies: "CH-630", ends: []string{"CH-600", "CH-630"},
		more: func(o *order.Order) { o.Terms.Animals = "Must not come near the goat Basalt." }}
}

func elderAbuse(t testing.TB) civil {
	elder := adult("Olive", "Chert", "F", 82)
	elder.Relation = "aunt"
	return civil{t: t, family: "EA", restrained: somebody(t, "Garnet", "Loam", "X", "1968-10-10"), protected: []order.Protected{elder},
		temporary: []edition{{"2012-01-01", "2022-03-07"}, {"2023-01-01", "2024-03-04"}, {"2026-01-01", "2026-03-03"}},
		after:     []edition{{"2008-07-01", "2010-03-22"}, {"2012-01-01", "2016-03-21"}, {"2018-01-01", "2022-03-28"}, {"2023-01-01", "2024-03-25"}, {"2026-01-01", "2026-03-23"}},
		armor:     "2026-01-01", modifies: "EA-630", ends: []string{"EA-600", "EA-630"}, forever: true,
		more: func(o *order.Order) {
			o.Petitioner = &order.Petitioner{Kind: order.PetitionerGuardian, Name: "Laurel Tuff, conservator"}
			o.Terms.MoveOut, o.Terms.Property = true, "Must return the keys of the savings box."
		}}
}

func workplaceViolence(t testing.TB) civil {
	return civil{t: t, family: "WV", restrained: somebody(t, "Jasper", "Slag", "M", "1990-04-30"), protected: []order.Protected{adult("Poppy", "Quartzite", "F", 29), adult("Sage", "Dolerite", "M", 51)},
		temporary: []edition{{"2017-01-01", "2022-03-07"}, {"2023-01-01", "2023-03-06"}, {"2026-01-01", "2026-03-03"}},
		after:     []edition{{"2017-01-01", "2022-03-28"}, {"2023-01-01", "2023-03-27"}, {"2026-01-01", "2026-03-23"}},
		armor:     "2026-01-01", modifies: "WV-630", ends: []string{"WV-600", "WV-630"},
		more: func(o *order.Order) {
			o.Petitioner = &order.Petitioner{Kind: order.PetitionerEmployer, Name: "Invented Gravel Works, Inc."}
			o.Organizations = []order.Organization{{Name: "Invented Gravel Works, Inc.", Sites: []order.Address{
				{Street: "3 Quarry Road", City: "Invented Springs", State: "CA", Postal: "90000"}, {Street: "9 Harbor Road", City: "Invented Harbor", State: "CA"}}}}
		}}
}

func schoolViolence(t testing.TB) civil {
	return civil{t: t, family: "SV", restrained: somebody(t, "Ash", "Breccia", "M", "2003-12-24"), protected: []order.Protected{adult("Fern", "Gabbro", "F", 20)},
		temporary: []edition{{"2023-01-01", "2024-03-04"}, {"2026-01-01", "2026-03-03"}}, after: []edition{{"2023-01-01", "2024-03-25"}, {"2026-01-01", "2026-03-23"}},
		armor: "2026-01-01", modifies: "SV-630", ends: []string{"SV-600", "SV-630"},
		more: func(o *order.Order) {
			o.Petitioner = &order.Petitioner{Kind: order.PetitionerSchool, Name: "Invented Springs College"}
			o.Organizations = []order.Organization{{Name: "Invented Springs College", Sites: []order.Address{{Street: "20 Campus Lane", City: "Invented Springs", State: "CA"}}}}
		}}
}

// financialAbuse are the elder-abuse orders without a firearm clause, which have designators of their own.
func financialAbuse(t testing.TB, all *[]goldenCase) {
	f := elderAbuse(t)
	only := func(o *order.Order) *order.Order {
		o.ID, o.Case = o.ID+"-F", o.Case+"F"
		o.Terms = order.Terms{FinancialAbuseOnly: true, NoContact: true, Property: "Must not use the bank card, and must return it."}
		return o
	}
	tell(t, all, "ea110-financial", "Elder-abuse temporary order for financial abuse alone: no firearm clause, another designator",
		func() *order.Order { return only(f.untilHearing(newest(f.temporary))) })
	tell(t, all, "ea130-financial", "Elder-abuse order after hearing for financial abuse alone",
		func() *order.Order { o := only(f.afterHearing(newest(f.after))); o.Terms.Brady = nil; return o })
}

// confidential001 are CLETS-001 with an order, with its change, and apart from it.
func confidential001(t testing.TB, all *[]goldenCase) {
	f := domesticViolence(t)
	made := func() *order.Order {
		o := f.untilHearing(newest(f.temporary))
		o.ID, o.Case = o.ID+"-K", o.Case+"K"
		return o
	}
	s := tell(t, all, "clets001", "A temporary order that brings CLETS-001", made, "The number of the restrained person's social security card is no number that was ever given out.")
	(*all)[len(*all)-1].pack.Confidential = clets001(t, made())
	s.attach("clets001", false, clets001(t, made()))
	s.attach("image-and-clets001", true, clets001(t, made()))
	s.modify("", order.ModifyCorrect, "2026-03-04", corrected(t))
	last := &(*all)[len(*all)-1]
	last.pack.Confidential = clets001(t, last.pack.Order)
}

// --- gun violence: nobody is protected by name, an officer or another petitioner asks ---

func gunPaper(t testing.TB, number, revision, issued string, stage order.Stage) *order.Order {
	o := paper(t, number, revision, issued, stage)
	o.Restrained = somebody(t, "Obsidian", "Tephra", "M", "1994-07-19")
	o.Terms = order.Terms{Firearms: &order.Firearms{NoPossession: true, NoPurchase: true, Surrender: true, WithinHours: 24, Named: []string{"a revolver, in the truck"}}}
	o.Petitioner = &order.Petitioner{Kind: order.PetitionerLawEnforcement, Name: "Invented Springs Police Department", ORI: "CA0300000"}
	switch stage {
	case order.StageTemporary:
		o.Hearings = []order.Hearing{{Purpose: order.HearingNext, Date: o.Issued.AddDays(20), Time: atTime(9, 0), Department: "C66"}}
	case order.StageAfterHearing:
		o.Hearings = []order.Hearing{{Purpose: order.HearingHeard, Date: o.Issued, Time: atTime(9, 0), Department: "C66"}}
		o.Service, o.Restrained.Present = order.ServicePresent, ref(true)
	}
	return o
}

func officerOf(o *order.Order) {
	o.Officer = &order.Officer{Name: "Officer Cliff Gravel", Badge: "0001", Agency: "Invented Springs Police Department", AgencyORI: "CA0300000", Telephone: "5555550100"}
	o.Petitioner = nil
}

func gunViolence(t testing.TB, all *[]goldenCase) {
	var s story
	for _, e := range []edition{{"2016-01-01", "2018-03-05"}, {"2019-01-01", "2023-03-03"}, {"2024-01-01", "2026-03-03"}} {
		s = tell(t, all, "epo002-"+e.revision, "Gun violence emergency protective order EPO-002, revision of "+e.revision+": 21 days, nobody protected by name", func() *order.Order {
			o := gunPaper(t, "EPO-002", e.revision, e.issued, order.StageEmergency)
			officerOf(o)
			return o
		}, "The form names no expiration date: the 21 days of the statute count.")
	}
	s.serve("", order.MethodPersonal)
	s.serve("", order.MethodVerbal)
	s.modify("GV-116", order.ModifyContinue, "2026-03-20", lasting(t, "2026-04-07"))
	s.cancel("", order.CancelInError, "2026-03-05")
	s.attach("image", true, nil)

	for _, e := range []edition{{"2016-01-01", "2018-06-04"}, {"2019-01-01", "2020-06-01"}, {"2020-09-01", "2022-06-06"}, {"2024-01-01", "2024-06-03"}, {"2026-01-01", "2026-06-01"}} {
		s = gunTemporary(t, all, e)
	}
	s.modify("GV-116", order.ModifyContinue, "2026-06-20", continued(t, "2026-07-10"))

	for _, e := range []edition{{"2016-01-01", "2018-06-25"}, {"2019-01-01", "2020-06-22"}, {"2020-09-01", "2022-06-27"}, {"2024-01-01", "2024-06-24"}, {"2026-01-01", "2026-06-22"}} {
		s = tell(t, all, "gv130-"+e.revision, "Gun violence order after hearing GV-130, revision of "+e.revision, func() *order.Order {
			o := gunPaper(t, "GV-130", e.revision, e.issued, order.StageAfterHearing)
			o.Follows = order.LocalID(string(o.Case) + "-110")
			o.Petitioner = &order.Petitioner{Kind: order.PetitionerPerson, Name: "Sequoia Tephra, sister"}
			o.Expiry = order.Expiry{Date: ref(o.Issued.AddYears(1)), Time: atTime(17, 0), Basis: order.ExpiryExplicit}
			return o
		})
	}
	s.serve("GV-200", order.MethodPersonal)
	s.serve("GV-250", order.MethodMail)
	s.modify("GV-730", order.ModifyRenew, "2027-04-01", lasting(t, "2032-04-01"))
	s.modify("GV-730", order.ModifyExtend, "2027-04-01", lasting(t, "2029-04-01"))
	s.cancel("GV-600", order.CancelTerminated, "2027-01-11")
	s.cancel("GV-630", order.CancelTerminated, "2027-01-11")

	for _, e := range []edition{{"2016-01-01", "2018-03-26"}, {"2019-01-01", "2020-03-23"}, {"2020-09-01", "2022-03-21"}, {"2024-01-01", "2024-03-25"}, {"2026-01-01", "2026-03-23"}} {
		tell(t, all, "gv030-"+e.revision, "Gun violence order after hearing on EPO-002, GV-030, revision of "+e.revision, func() *order.Order {
			return gunPaper(t, "GV-030", e.revision, e.issued, order.StageAfterHearing)
		}, "The form names no expiration date: a year from the hearing is taken, the shortest term of the statute.")
	}
}

func gunTemporary(t testing.TB, all *[]goldenCase, e edition) story {
	return tell(t, all, "gv110-"+e.revision, "Temporary gun violence order GV-110, revision of "+e.revision, func() *order.Order {
		o := gunPaper(t, "GV-110", e.revision, e.issued, order.StageTemporary)
		o.Petitioner = &order.Petitioner{Kind: order.PetitionerPerson, Name: "Sequoia Tephra, sister"}
		return o
	})
}

// --- criminal orders: the People ask ---

func criminalPaper(t testing.TB, number, revision, issued string, stage order.Stage) *order.Order {
	o := paper(t, number, revision, issued, stage)
	o.Restrained, o.Restrained.Present = somebody(t, "Onyx", "Pyrite", "M", "1987-11-02"), ref(true)
	o.Hearings = []order.Hearing{{Purpose: order.HearingHeard, Date: o.Issued, Time: atTime(9, 0), Department: "C5", Judge: o.Judge}}
	o.Petitioner = &order.Petitioner{Kind: order.PetitionerPeople, Name: "People of the State of California"}
	o.Statutes, o.Service = []string{"PC 136.2"}, order.ServicePresent
	o.Terms.Firearms = &order.Firearms{NoPossession: true, NoPurchase: true, Surrender: true, WithinHours: 24}
	return o
}

func criminal(t testing.TB, all *[]goldenCase) {
	s := tell(t, all, "cr160-2019-01-22", "Criminal protective order CR-160 after conviction: a peace officer, monitoring, exchange of children", func() *order.Order {
		o := criminalPaper(t, "CR-160", "2019-01-22", "2026-02-02", order.StagePostConviction)
		o.Statutes = []string{"PC 136.2(i)(1)", "PC 273.5(j)"}
		o.Protected, o.Restrained.PeaceOfficer = []order.Protected{adult("Myrtle", "Opal", "F", 36)}, "Invented Springs Police Department"
		o.OtherCases = []order.OtherCase{{Kind: "family", Number: "25FL000777", Court: "Superior Court of California, County of Orange", Issued: ref(on(t, "2025-09-08"))}}
		o.Terms.NoHarm, o.Terms.NoContact, o.Terms.NoThirdPartyContact, o.Terms.ChildExchange, o.Terms.NoDissuasion, o.Terms.MayRecord = true, true, true, true, true, true
		o.Terms.StayAway = []order.StayAway{{Yards: 150, Places: []order.Place{{Kind: order.PlacePerson}, {Kind: order.PlaceResidence}, {Kind: order.PlaceVehicle}}}}
		o.Terms.Animals, o.Terms.Programs = "The protected person keeps the cat.", []string{"batterer's programme, 52 weeks"}
		o.Terms.MonitoredUntil = ref(on(t, "2027-02-01"))
		o.Expiry = explicit(t, "2031-02-02")
		return o
	})
	boxed := func(edit func(o *order.Order)) func(o *order.Order) {
		return func(o *order.Order) { edit(o); o.Modification = true }
	}
	s.modify("CR-160", order.ModifyAmend, "2026-08-03", boxed(amended))
	s.modify("CR-160", order.ModifyCorrect, "2026-02-04", boxed(corrected(t)))
	s.modify("CR-160", order.ModifyExtend, "2030-12-02", boxed(lasting(t, "2035-12-02")))
	s.modify("", order.ModifyCorrect, "2026-02-05", corrected(t))
	s.cancel("CR-165", order.CancelTerminated, "2027-03-01")
	s.cancel("", order.CancelDeceased, "2027-03-02")
	s.serve("", order.MethodCourt)
	s.serve("", order.MethodMail)
	s.attach("image", true, nil)

	tell(t, all, "cr160-2019-01-22-peaceful", "Criminal protective order CR-160 of another county that leaves peaceful contact between the people of dv130-2026-01-01, whose order forbids it", func() *order.Order {
		o := criminalPaper(t, "CR-160", "2019-01-22", "2026-03-30", order.StagePreTrial)
		o.ID, o.Case, o.Court = "2603CR007-160", "2603CR007", alpine()
		o.Restrained, o.Restrained.Present = somebody(t, "Rowan", "Granite", "M", "1983-08-15"), ref(true)
		o.Protected = []order.Protected{adult("Hazel", "Pumice", "F", 38)}
		o.Terms.NoHarm, o.Terms.NoDissuasion, o.Terms.MayRecord = true, true, true
		o.Terms.StayAway = []order.StayAway{{Yards: 50, Places: []order.Place{{Kind: order.PlaceResidence}}}}
		o.Expiry = explicit(t, "2029-03-30")
		return o
	})

	s = tell(t, all, "cr161-2019-01-22", "Criminal protective order CR-161, other than domestic violence, before trial", func() *order.Order {
		o := criminalPaper(t, "CR-161", "2019-01-22", "2026-03-02", order.StagePreTrial)
		o.Protected = []order.Protected{adult("Alder", "Bauxite", "M", 61)}
		o.Terms.NoHarm, o.Terms.NoContact, o.Terms.NoDissuasion = true, true, true
		return o
	}, "The form names no expiration date: three years from the issue count.")
	for _, r := range []order.ModifyReason{order.ModifyAmend, order.ModifyCorrect} {
		s.modify("CR-161", r, "2026-05-04", boxed(amended))
	}
	s.modify("CR-161", order.ModifyExtend, "2028-05-01", boxed(lasting(t, "2030-05-01")))
	s.cancel("CR-165", order.CancelTerminated, "2026-11-02")

	tell(t, all, "cr162-2019-01-22", "Order to surrender firearms CR-162: nothing but firearms, nobody protected by name", func() *order.Order {
		return criminalPaper(t, "CR-162", "2019-01-22", "2026-04-06", order.StagePreTrial)
	})
}

// --- emergency orders: an officer asks, the court-day rule counts ---

func emergency(t testing.TB, all *[]goldenCase) {
	s := tell(t, all, "epo001-2014-01-01", "Emergency protective order EPO-001 that names no expiration: the fifth court day, moved by a holiday past the seventh day", func() *order.Order {
		o := paper(t, "EPO-001", "2014-01-01", "2026-06-15", order.StageEmergency)
		officerOf(o)
		o.Restrained, o.Protected = somebody(t, "Basil", "Rhyolite", "M", "1991-01-01"), []order.Protected{adult("Juniper", "Talc", "F", 33), {Name: order.Name{Given: "Bud", Surname: "Talc"}, Person: order.Person{Age: 4}, Minor: true}}
		o.IssuedTime, o.OtherCases = atTime(23, 10), []order.OtherCase{{Kind: "lawEnforcement", Number: "26-000615"}}
		o.Terms = order.Terms{NoHarm: true, NoContact: true, MoveOut: true, CustodyToProtected: true,
			StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlacePerson}, {Kind: order.PlaceResidence}}}},
			Firearms: &order.Firearms{NoPossession: true, NoPurchase: true, Surrender: true, WithinHours: 24}}
		return o
	})
	s.serve("", order.MethodPersonal)
	s.serve("", order.MethodVerbal, "The officer read the terms aloud over the record that CARPOS showed.")
	s.cancel("", order.CancelInError, "2026-06-16")
	s.modify("", order.ModifyCorrect, "2026-06-16", corrected(t))
	s.attach("image", true, nil)
}

// --- juvenile orders: kept from the public ---

func juvenilePaper(t testing.TB, number, revision, issued string, stage order.Stage) *order.Order {
	o := paper(t, number, revision, issued, stage)
	o.Access = order.AccessJuvenile
	o.Restrained = somebody(t, "Cedar", "Gypsum", "M", "1980-05-05")
	o.Protected = []order.Protected{{Name: order.Name{Given: "Robin", Surname: "Agate"}, Person: order.Person{Sex: "F", Age: 12}, Relation: "stepchild", Minor: true}}
	o.Petitioner = &order.Petitioner{Kind: order.PetitionerGuardian, Name: "Willow Agate, grandmother"}
	o.OtherCases = []order.OtherCase{{Kind: "family", Number: "24FL000888"}}
	o.Terms = order.Terms{NoHarm: true, NoContact: true, NoThirdPartyContact: true, Firearms: &order.Firearms{NoPossession: true, NoPurchase: true, Surrender: true, WithinHours: 24},
		StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlacePerson}, {Kind: order.PlaceSchool}, {Kind: order.PlaceChildCare}}}}}
	o.Hearings = []order.Hearing{{Purpose: order.HearingHeard, Date: o.Issued, Time: atTime(10, 0), Department: "L44"}}
	o.Restrained.Present = ref(false)
	if stage == order.StageTemporary {
		o.Restrained.Present = nil
		o.Hearings = []order.Hearing{{Purpose: order.HearingNext, Date: o.Issued.AddDays(20), Time: atTime(10, 0), Department: "L44"}}
	}
	return o
}

// againstChild makes a child the restrained person.
func againstChild(t testing.TB, o *order.Order) *order.Order {
	present := o.Restrained.Present
	o.Restrained = somebody(t, "Aspen", "Feldspar", "M", "2010-08-08")
	o.Restrained.Minor, o.Restrained.Present = true, present
	o.Protected = []order.Protected{adult("Willow", "Agate", "F", 58)}
	o.Petitioner, o.OtherCases = nil, nil
	return o
}

func juvenile(t testing.TB, all *[]goldenCase) {
	var temporary, after story
	for _, e := range []edition{{"2014-01-01", "2018-03-05"}, {"2019-09-01", "2022-03-07"}, {"2023-01-01", "2024-03-04"}, {"2025-01-01", "2026-03-03"}} {
		temporary = tell(t, all, "jv250-"+e.revision, "Juvenile temporary order JV-250, revision of "+e.revision, func() *order.Order {
			return juvenilePaper(t, "JV-250", e.revision, e.issued, order.StageTemporary)
		})
	}
	for _, e := range []edition{{"2019-09-01", "2022-03-28"}, {"2023-01-01", "2024-03-25"}, {"2025-01-01", "2025-03-24"}, {"2026-01-01", "2026-03-23"}} {
		after = tell(t, all, "jv255-"+e.revision, "Juvenile order after hearing JV-255, revision of "+e.revision, func() *order.Order {
			o := juvenilePaper(t, "JV-255", e.revision, e.issued, order.StageAfterHearing)
			o.Follows = order.LocalID(string(o.Case) + "-250")
			return o
		}, "The form names no expiration date: three years from the hearing count.")
	}
	for _, e := range []edition{{"2023-01-01", "2024-05-06"}, {"2025-01-01", "2026-05-04"}} {
		tell(t, all, "jv260-"+e.revision, "Juvenile temporary order against a child JV-260, revision of "+e.revision, func() *order.Order {
			return againstChild(t, juvenilePaper(t, "JV-260", e.revision, e.issued, order.StageTemporary))
		})
	}
	for _, e := range []edition{{"2023-01-01", "2024-05-27"}, {"2025-01-01", "2025-05-27"}, {"2026-01-01", "2026-05-26"}} {
		tell(t, all, "jv265-"+e.revision, "Juvenile order against a child JV-265, revision of "+e.revision, func() *order.Order {
			return againstChild(t, juvenilePaper(t, "JV-265", e.revision, e.issued, order.StageAfterHearing))
		})
	}
	temporary.modify("", order.ModifyContinue, "2026-03-23", continued(t, "2026-04-13"))
	temporary.serve("", order.MethodPersonal)
	temporary.attach("image", true, nil)
	after.modify("JV-257", order.ModifyAmend, "2026-09-07", amended)
	after.modify("JV-257", order.ModifyCorrect, "2026-09-07", corrected(t))
	after.cancel("JV-257", order.CancelTerminated, "2027-01-11")
}

// --- orders of other states, tribes and countries ---

func registered(t testing.TB, all *[]goldenCase) {
	made := func(number, revision, issued, court, jurisdiction string) func() *order.Order {
		return func() *order.Order {
			o := paper(t, number, revision, issued, order.StageRegistered)
			o.Access = order.AccessSealed
			o.Restrained, o.Protected = somebody(t, "Hawthorn", "Zircon", "M", "1985-09-17"), []order.Protected{adult("Violet", "Moonstone", "F", 37)}
			o.Foreign = &order.Foreign{Court: court, Jurisdiction: jurisdiction, Case: "PO-2025-17", Issued: ref(on(t, "2025-05-05")), Certified: ref(true)}
			o.Terms = order.Terms{NoHarm: true, NoContact: true, StayAway: []order.StayAway{{Yards: 200, Places: []order.Place{{Kind: order.PlacePerson}}}}}
			return o
		}
	}
	s := tell(t, all, "dv600-2015-01-01", "Registration of a tribal court's order without an end, DV-600", func() *order.Order {
		o := made("DV-600", "2015-01-01", "2026-03-03", "Invented Rancheria Tribal Court", "Invented Rancheria")()
		forever(o)
		return o
	})
	s.modify("", order.ModifyAmend, "2026-08-03", amended)
	s.cancel("", order.CancelTerminated, "2027-01-11")
	s.serve("", order.MethodPersonal)
	s.attach("image", true, nil)
	tell(t, all, "dv630-2018-01-01", "Registration of a Canadian order, DV-630", func() *order.Order {
		o := made("DV-630", "2018-01-01", "2026-04-06", "Provincial Court of Nowhere", "British Columbia, Canada")()
		o.Expiry = explicit(t, "2028-05-05")
		return o
	})
}

package precedence

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden rulings and the tables of docs/precedence.md anew")

func pacific(t interface{ Fatal(...any) }) *time.Location {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func law(t interface {
	Helper()
	Fatal(...any)
}) *Law {
	t.Helper()
	l, err := Load(pacific(t))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func day(s string) order.Date {
	d, err := order.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func ptr[T any](v T) *T { return &v }

// with changes an order that is being made up.
type with func(*Standing)

var families = map[string]struct {
	family order.Family
	stage  order.Stage
}{
	"CR-160": {"CPO", order.StagePreTrial}, "CR-162": {"CPO", order.StagePreTrial}, "DV-110": {"DV", order.StageTemporary}, "DV-130": {"DV", order.StageAfterHearing},
	"CH-130": {"CH", order.StageAfterHearing}, "JV-255": {"JV", order.StageAfterHearing}, "EPO-001": {"EPO", order.StageEmergency}, "GV-130": {"GV", order.StageAfterHearing},
	"DV-600": {"OOS", order.StageRegistered}, "DV-630": {"OOS", order.StageRegistered}, "XX-130": {"XX", order.StageAfterHearing},
}

// made is an order on the form, issued on the day, that forbids harm and lasts until 2035.
func made(key, form, issued string, changes ...with) Standing {
	f := families[form]
	s := Standing{Key: key, Version: 1, Order: order.Order{
		ID: order.LocalID(key), Form: order.Form{Number: form, Family: f.family}, Case: order.CaseNumber("26-" + key), Court: order.Court{ORI: "CA030013J"}, Issued: day(issued), Stage: f.stage,
		Expiry: order.Expiry{Date: ptr(day("2035-01-01")), Basis: order.ExpiryExplicit}, Protected: []order.Protected{{Name: order.Name{Given: "Myrtle", Surname: "Opal"}}},
		Terms: order.Terms{NoHarm: true},
	}}
	for _, change := range changes {
		change(&s)
	}
	return s
}

func terms(change func(*order.Terms)) with { return func(s *Standing) { change(&s.Order.Terms) } }
func bans() with                           { return terms(func(t *order.Terms) { t.NoContact = true }) }
func swaps() with                          { return terms(func(t *order.Terms) { t.ChildExchange = true }) }
func visit() with                          { return terms(func(t *order.Terms) { t.VisitationToRestrained = true }) }
func stay(yards int) with {
	return terms(func(t *order.Terms) {
		t.StayAway = append(t.StayAway, order.StayAway{Yards: yards, Places: []order.Place{{Kind: order.PlacePerson}}})
	})
}
func home(yards int) with {
	return terms(func(t *order.Terms) {
		t.StayAway = append(t.StayAway, order.StayAway{Yards: yards, Places: []order.Place{{Kind: order.PlaceResidence}}})
	})
}
func armed() with {
	return terms(func(t *order.Terms) {
		t.Firearms = &order.Firearms{NoPossession: true, NoPurchase: true, Surrender: true, WithinHours: 24}
	})
}
func at(hour int) with {
	return func(s *Standing) { s.Order.IssuedTime = ptr(order.TimeOfDay(hour * 60)) }
}
func changed(f func(*Standing)) with { return f }
func names(kind, number string, issued *order.Date) with {
	return func(s *Standing) {
		s.Order.OtherCases = append(s.Order.OtherCases, order.OtherCase{Kind: kind, Number: order.CaseNumber(number), Issued: issued})
	}
}

// case is what is judged, and which branches it shows.
type judged struct {
	name, tells string
	at          string // noon of 2026-06-01 where empty
	proves      []BranchID
	orders      []Standing
}

var cases = []judged{
	{"only", "One order is in force: all of it counts.", "", []BranchID{only}, []Standing{made("dv", "DV-130", "2026-01-05", bans(), stay(100), armed())}},
	{"emergency", "An emergency order keeps the restrained person farther away and out of the home: it comes first in that; the rest of the criminal order stands.", "", []BranchID{emergency, emergencyClause, onlyHere, same, criminal},
		[]Standing{made("cpo", "CR-160", "2026-02-02", stay(50), armed()), made("dv", "DV-130", "2026-01-05", stay(50)), made("epo", "EPO-001", "2026-05-31", stay(200), terms(func(t *order.Terms) { t.MoveOut = true }))}},
	{"emergency-partly", "The emergency order asks for a greater distance from the person and a smaller one from the home than the criminal order. Each counts where it is the stricter one (Pen. Code 136.2(c)(1)(B)).", "",
		[]BranchID{emergency, emergencyClause, covered}, []Standing{made("cpo", "CR-160", "2026-02-02", bans(), stay(50), home(100)), made("epo", "EPO-001", "2026-05-31", stay(200), home(80))}},
	{"emergency-plain", "The emergency order is in nothing more restrictive than the criminal order: it has no precedence.", "", []BranchID{emergencyPlain, criminal, same},
		[]Standing{made("cpo", "CR-160", "2026-02-02", stay(200)), made("epo", "EPO-001", "2026-05-31", stay(100))}},
	{"emergency-between", "The emergency order is more restrictive than the civil order, and in nothing than the criminal one: it stands between them.", "", []BranchID{emergency, noContact},
		[]Standing{made("cpo", "CR-160", "2026-02-02", bans(), stay(200)), made("dv", "DV-130", "2026-01-05", stay(50)), made("epo", "EPO-001", "2026-05-31", stay(100))}},
	{"no-contact", "The family court forbids contact, the criminal court allows peaceful contact: since 1 July 2014 the no-contact order comes first.", "", []BranchID{noContact, conflict},
		[]Standing{made("cpo", "CR-160", "2026-02-02", stay(100)), made("dv", "DV-130", "2026-01-05", bans(), stay(100))}},
	{"no-contact-2014-07-01", "The same on the first day of the rule.", "2014-07-01 00:00", []BranchID{noContact},
		[]Standing{made("cpo", "CR-160", "2014-02-02"), made("dv", "DV-130", "2014-01-05", bans())}},
	{"no-contact-2014-06-30", "The same in the last minute before: the criminal order comes first, and the stricter word of the other is for the courts.", "2014-06-30 23:59", []BranchID{criminal, conflict, doubtStricter},
		[]Standing{made("cpo", "CR-160", "2014-02-02"), made("dv", "DV-130", "2014-01-05", bans())}},
	{"criminal", "Criminal before civil, although the civil order is the later one; what only the civil order says stays in force.", "", []BranchID{criminal, onlyHere, covered},
		[]Standing{made("cpo", "CR-160", "2026-01-05", stay(100)), made("dv", "DV-130", "2026-02-02", stay(50), armed())}},
	{"criminal-asks-less", "The civil order asks for a greater distance than the criminal one that counts.", "", []BranchID{criminal, conflict, doubtStricter},
		[]Standing{made("cpo", "CR-160", "2026-01-05", stay(100)), made("dv", "DV-130", "2026-02-02", stay(150))}},
	{"criminal-last", "Of two criminal orders the later one.", "", []BranchID{criminalLast}, []Standing{made("first", "CR-160", "2026-01-05", stay(100)), made("second", "CR-160", "2026-02-02", stay(50))}},
	{"civil-last", "Of two civil orders the later one; a juvenile order is one of them.", "", []BranchID{civilLast}, []Standing{made("dv", "DV-130", "2026-01-05", stay(100)), made("jv", "JV-255", "2026-02-02", stay(200))}},
	{"civil-last-by-the-hour", "Two civil orders of one day, with their hours.", "", []BranchID{civilLast}, []Standing{made("dv", "DV-130", "2026-02-02", at(9), stay(100)), made("ch", "CH-130", "2026-02-02", at(14), stay(200))}},
	{"several-no-contact", "Two orders forbid contact: the law does not say which comes first.", "", []BranchID{amongNoContact, same}, []Standing{made("cpo", "CR-160", "2026-01-05", bans()), made("dv", "DV-130", "2026-02-02", bans())}},
	{"three", "The law names the first; the others are ranked by the same rules.", "", []BranchID{civilLast, rest},
		[]Standing{made("a", "DV-130", "2026-01-05"), made("b", "CH-130", "2026-02-02"), made("c", "JV-255", "2026-03-03")}},
	{"out-of-state", "An order of another state, registered later than it was made, beside a family order.", "", []BranchID{foreignPlain, doubtForeign, civilLast},
		[]Standing{made("dv", "DV-130", "2026-01-05", stay(100)), made("nv", "DV-600", "2026-02-02", stay(50), changed(func(s *Standing) {
			s.Order.Foreign = &order.Foreign{Jurisdiction: "Nevada", Issued: ptr(day("2025-12-01"))}
		}))}},
	{"tribal-undated", "A tribal court's order whose own day the registration does not give.", "", []BranchID{foreignPlain, doubtForeign, doubtForeignDate},
		[]Standing{made("cpo", "CR-160", "2026-01-05"), made("tribe", "DV-600", "2026-02-02", changed(func(s *Standing) { s.Order.Foreign = &order.Foreign{Jurisdiction: "an invented tribe"} }))}},
	{"canadian", "A Canadian order is civil by its act (Fam. Code 6457).", "", []BranchID{criminal},
		[]Standing{made("cpo", "CR-160", "2026-01-05"), made("bc", "DV-630", "2026-02-02", changed(func(s *Standing) {
			s.Order.Foreign = &order.Foreign{Jurisdiction: "British Columbia", Issued: ptr(day("2025-12-01"))}
		}))}},
	{"same-day", "Two civil orders of one day, one without an hour: neither is put above the other.", "", []BranchID{tie, open, doubtTie},
		[]Standing{made("dv", "DV-130", "2026-02-02", at(9), stay(100)), made("ch", "CH-130", "2026-02-02", stay(200))}},
	{"same-day-below", "A criminal order above two that tie: what the three say of distance.", "", []BranchID{criminal, tie, doubtTie, covered},
		[]Standing{made("cpo", "CR-160", "2026-01-05", stay(300)), made("dv", "DV-130", "2026-02-02", stay(100)), made("ch", "CH-130", "2026-02-02", stay(200))}},
	{"beside", "A gun-violence order and an order to surrender firearms protect nobody by name: they are in force beside the family order.", "", []BranchID{beside, only, same},
		[]Standing{made("dv", "DV-130", "2026-01-05", armed()), made("gv", "GV-130", "2026-02-02", armed(), terms(func(t *order.Terms) { t.NoHarm = false }), changed(func(s *Standing) { s.Order.Protected = nil })),
			made("cr162", "CR-162", "2026-03-03", armed(), terms(func(t *order.Terms) { t.NoHarm = false }), changed(func(s *Standing) { s.Order.Protected = nil }))}},
	{"left", "What is not in force is left out of the ranking, and listed with why.", "", []BranchID{superseded, cancelled, replaced, expired, notYet},
		[]Standing{made("dv", "DV-130", "2026-03-03", stay(100), changed(func(s *Standing) { s.Version, s.Order.Follows = 2, "tro" })), made("dv", "DV-130", "2026-03-03", stay(50)),
			made("tro", "DV-110", "2026-02-02", bans()),
			made("ended", "CR-160", "2026-01-05", bans(), changed(func(s *Standing) {
				s.Cancelled = &order.Cancellation{Date: day("2026-06-01"), Reason: order.CancelTerminated}
			})),
			made("over", "CH-130", "2023-01-05", bans(), changed(func(s *Standing) {
				s.Order.Expiry.Date, s.Order.Expiry.Time = ptr(day("2026-06-01")), ptr(order.TimeOfDay(12*60))
			})),
			made("tomorrow", "CR-160", "2026-06-02", bans())}},
	{"last-moment", "Orders in their last minute: one ends at the end of the day, one with the next hour, one is cancelled from tomorrow, one was made this minute.", "2026-06-01 12:00", []BranchID{noContact, rest},
		[]Standing{made("day", "DV-130", "2023-01-05", changed(func(s *Standing) { s.Order.Expiry.Date = ptr(day("2026-06-01")) })),
			made("hour", "CH-130", "2023-02-02", changed(func(s *Standing) {
				s.Order.Expiry.Date, s.Order.Expiry.Time = ptr(day("2026-06-01")), ptr(order.TimeOfDay(12*60+1))
			})),
			made("cancelled", "JV-255", "2023-03-03", changed(func(s *Standing) { s.Cancelled = &order.Cancellation{Date: day("2026-06-02")} })), made("new", "CR-160", "2026-06-01", at(12), bans())}},
	{"words", "Two orders decide about animals in words of their own, and one judge wrote other orders.", "", []BranchID{read, doubtRead},
		[]Standing{made("cpo", "CR-160", "2026-02-02", terms(func(t *order.Terms) { t.Animals = "The protected person keeps the cat." })),
			made("dv", "DV-130", "2026-01-05", terms(func(t *order.Terms) { t.Animals = "The restrained person keeps the cat." }), changed(func(s *Standing) { s.Order.OtherOrders = "May fetch tools on Saturdays." }))}},
	{"each-its-own", "Two orders, two homes to move out of, two times for the firearms: both can be obeyed.", "", []BranchID{eachStands},
		[]Standing{made("cpo", "CR-160", "2026-02-02", armed(), terms(func(t *order.Terms) { t.MoveOut, t.MoveOf = true, &order.Address{Street: "1 Quarry Road"} })),
			made("dv", "DV-130", "2026-01-05", terms(func(t *order.Terms) {
				t.MoveOut, t.MoveOf, t.Firearms = true, &order.Address{Street: "2 Slate Lane"}, &order.Firearms{Surrender: true, WithinHours: 48}
			}))}},
	{"places", "Distances are compared place by place, and another place by its own words.", "", []BranchID{criminal, onlyHere, covered},
		[]Standing{made("cpo", "CR-160", "2026-02-02", terms(func(t *order.Terms) {
			t.StayAway = []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlaceResidence}, {Kind: order.PlaceWork}, {Kind: order.PlaceOther, Text: "the Gym"}}},
				{Yards: 20, Places: []order.Place{{Kind: order.PlaceResidence, Text: "the parents' home"}}}}
		})), made("dv", "DV-130", "2026-01-05", terms(func(t *order.Terms) {
			t.StayAway = []order.StayAway{{Yards: 50, Places: []order.Place{{Kind: order.PlaceResidence}, {Kind: order.PlaceOther, Text: "the  gym"}}}, {Yards: 80, Places: []order.Place{{Kind: order.PlaceOther, Text: "the choir"}}}}
		}))}},
	{"visitation", "The family court grants visitation and leaves contact; the criminal court forbids contact without exception.", "", []BranchID{permission, noContact},
		[]Standing{made("cpo", "CR-160", "2026-02-02", bans()), made("dv", "DV-130", "2026-01-05", visit(), swaps())}},
	{"visitation-of-two", "Two orders grant visitation below a ban of contact: the one that forbids contact itself stands, the other gives no right to contact.", "", []BranchID{permission, amongNoContact},
		[]Standing{made("cpo", "CR-160", "2026-02-02", bans()), made("dv", "DV-130", "2026-01-05", bans(), visit()), made("jv", "JV-255", "2026-03-03", visit())}},
	{"visitation-without-contact", "The family order forbids contact itself and still grants visitation: that is no conflict with the criminal ban.", "", []BranchID{amongNoContact, onlyHere},
		[]Standing{made("cpo", "CR-160", "2026-02-02", bans()), made("dv", "DV-130", "2026-01-05", bans(), visit())}},
	{"exchange", "The criminal order's exception names the family case and its day: for the exchange of children it yields to it.", "", []BranchID{exchange},
		[]Standing{made("cpo", "CR-160", "2026-02-02", bans(), swaps(), names("family", "26DV", ptr(day("2026-01-05")))), made("dv", "DV-130", "2026-01-05", bans(), swaps(), visit())}},
	{"exchange-later", "The exception names no case: it yields to the family order that was issued later.", "", []BranchID{exchange},
		[]Standing{made("cpo", "CR-160", "2026-02-02", bans(), swaps()), made("dv", "DV-130", "2026-03-03", bans(), swaps(), visit())}},
	{"exchange-earlier", "The exception names no case, and the family order is the earlier one: whether it is meant is not known.", "", []BranchID{doubtExchangeOther},
		[]Standing{made("cpo", "CR-160", "2026-03-03", bans(), swaps()), made("dv", "DV-130", "2026-02-02", bans(), swaps(), visit())}},
	{"exchange-banned", "The exception stands against a later emergency order that forbids all contact: it allows nothing.", "", []BranchID{permission, emergencyClause},
		[]Standing{made("cpo", "CR-160", "2026-02-02", bans(), swaps(), names("family", "26DV", nil)), made("dv", "DV-130", "2026-01-05", bans(), swaps(), visit()), made("epo", "EPO-001", "2026-05-31", bans())}},
	{"exchange-missing", "The order that the exception names is not among these.", "", []BranchID{doubtExchangeMissing},
		[]Standing{made("cpo", "CR-160", "2026-02-02", bans(), swaps(), names("juvenile", "25JV0001", nil)), made("ch", "CH-130", "2026-01-05")}},
	{"exchange-date", "The exception names the case with another day.", "", []BranchID{doubtExchangeDate},
		[]Standing{made("cpo", "CR-160", "2026-02-02", bans(), swaps(), names("family", "26-dv", ptr(day("2025-12-12")))), made("dv", "DV-130", "2026-01-05", bans(), swaps(), visit())}},
	{"exchange-empty", "The order that the exception names grants no visitation.", "", []BranchID{doubtExchangeEmpty},
		[]Standing{made("cpo", "CR-160", "2026-02-02", bans(), swaps(), names("family", "26-dv", nil)), made("dv", "DV-130", "2026-01-05", bans())}},
	{"exchange-other", "The exception names one case; an order of another case grants visitation.", "", []BranchID{doubtExchangeOther},
		[]Standing{made("cpo", "CR-160", "2026-02-02", bans(), swaps(), names("family", "25FL0001", nil)), made("jv", "JV-255", "2026-03-03", bans(), swaps(), visit())}},
	{"unknown-family", "A family that the table of kinds does not have.", "", []BranchID{doubtKind}, []Standing{made("cpo", "CR-160", "2026-02-02"), made("xx", "XX-130", "2026-03-03")}},
	{"renewed", "The earlier order was renewed after the later one was issued.", "", []BranchID{doubtChanged, civilLast},
		[]Standing{made("dv", "DV-130", "2024-01-05", stay(100), changed(func(s *Standing) {
			s.Changed = &order.Modification{Reason: order.ModifyRenew, Date: day("2026-05-05")}
		})), made("ch", "CH-130", "2026-02-02", stay(50))}},
	{"temporary-left-over", "A temporary order and the order after hearing of the same case, which does not name what it follows.", "", []BranchID{doubtTemporary, civilLast},
		[]Standing{made("tro", "DV-110", "2026-05-05", stay(100), changed(func(s *Standing) { s.Order.Case = "26FL0001" })), made("dv", "DV-130", "2026-05-25", stay(100), changed(func(s *Standing) { s.Order.Case = "26 FL 0001" }))}},
	{"hearing-today", "The temporary order ends with a hearing of this day.", "", []BranchID{doubtHearing, only},
		[]Standing{made("tro", "DV-110", "2026-05-12", changed(func(s *Standing) {
			s.Order.Expiry = order.Expiry{Date: ptr(day("2026-06-01")), Basis: order.ExpiryHearingEnd}
		}))}},
	{"no-end", "An order that does not say when it ends, and one that never does.", "", []BranchID{doubtEnd, civilLast},
		[]Standing{made("dv", "DV-130", "2026-01-05", changed(func(s *Standing) { s.Order.Expiry = order.Expiry{Basis: order.ExpiryPermanent} })), made("ch", "CH-130", "2026-02-02", changed(func(s *Standing) { s.Order.Expiry = order.Expiry{Basis: order.ExpiryExplicit} }))}},
	{"none", "No orders at all.", "", nil, nil},
}

func (c judged) rule(t *testing.T, l *Law) Ruling {
	t.Helper()
	moment := time.Date(2026, 6, 1, 12, 0, 0, 0, l.zone)
	if c.at != "" {
		var err error
		if moment, err = time.ParseInLocation("2006-01-02 15:04", c.at, l.zone); err != nil {
			t.Fatal(err)
		}
	}
	r, err := l.Judge(moment, c.orders)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The golden rulings are for judges to read: one file a case, in words. With -update they are written anew.
func TestCases(t *testing.T) {
	t.Parallel()
	l := law(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := c.rule(t, l)
			for _, id := range c.proves {
				if !uses(r, id) {
					t.Errorf("branch %s is not in the ruling", id)
				}
			}
			got, path := c.write(r), filepath.Join("testdata", c.name+".txt")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("not as before (if it should not be, run with -update):\n%s", d)
			}
		})
	}
}

// Every branch of the law, and of what we hold where it is silent, has a case.
func TestEveryBranchHasACase(t *testing.T) {
	t.Parallel()
	for _, b := range law(t).Branches() {
		if !slices.ContainsFunc(cases, func(c judged) bool { return slices.Contains(c.proves, b.ID) }) {
			t.Errorf("branch %s (%s) has no case", b.ID, b.Citation)
		}
	}
	golden, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(golden) != len(cases) {
		t.Errorf("%d golden rulings for %d cases, %v", len(golden), len(cases), err)
	}
}

// uses says whether a ruling gives the branch as a reason.
func uses(r Ruling, id BranchID) bool {
	var all []Branch
	for _, o := range r.Ranked {
		all = append(append(all, o.Reason), o.Also...)
	}
	for _, o := range slices.Concat(r.Beside, r.Left) {
		all = append(all, o.Reason)
	}
	for _, o := range r.Terms {
		all = append(all, o.Reason)
		for _, said := range o.Others {
			all = append(all, said.Reason)
		}
	}
	for _, o := range r.Open {
		all = append(all, o.Reason)
	}
	return slices.ContainsFunc(all, func(b Branch) bool { return b.ID == id })
}

func (c judged) write(r Ruling) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\nAt %s, under %s.\n", c.tells, r.At.Format("2006-01-02 15:04"), strings.Join(r.Under, ", "))
	for _, o := range c.orders {
		fmt.Fprintf(&b, "  %s: %s of %s%s, version %d\n", o.Key, o.Order.Form.Number, o.Order.Issued, hour(o.Order.IssuedTime), o.Version)
	}
	fmt.Fprintln(&b, "\nRanked")
	for _, o := range r.Ranked {
		fmt.Fprintf(&b, "  %d %s [%s]%s\n", o.Place, o.Key, o.Reason.ID, also(o.Also))
	}
	fmt.Fprintln(&b, "\nTerms")
	for _, t := range r.Terms {
		fmt.Fprintf(&b, "  %s: %s [%s]\n", strings.TrimSpace(t.Name.En+" "+t.Place), t.State, t.Reason.ID)
		if t.Governs != nil {
			fmt.Fprintf(&b, "    counts: %s\n", line(*t.Governs))
		}
		for _, o := range t.Others {
			fmt.Fprintf(&b, "    %s [%s]: %s\n", o.State, o.Reason.ID, line(o))
		}
	}
	list(&b, "Beside", r.Beside)
	list(&b, "Not in force", r.Left)
	if len(r.Open) > 0 {
		fmt.Fprintln(&b, "\nFor a person")
		for _, d := range r.Open {
			fmt.Fprintf(&b, "  %s: %s\n", strings.Join(append(d.Orders, strings.Fields(string(d.Clause)+" "+d.Place)...), " "), d.Reason.Says.En)
		}
	}
	if clashes := r.Conflicts(); len(clashes) > 0 {
		fmt.Fprintln(&b, "\nConflicts that both courts are told of")
		for _, x := range clashes {
			fmt.Fprintf(&b, "  %s: %s / %s%s\n", strings.TrimSpace(x.Name.En+" "+x.Place), line(x.Counts), line(x.Other), map[bool]string{true: " (neither comes first)"}[x.Open])
		}
	}
	return b.Bytes()
}

func hour(t *order.TimeOfDay) string {
	if t == nil {
		return ""
	}
	return " " + t.String()
}

func also(branches []Branch) string {
	var b strings.Builder
	for _, x := range branches {
		fmt.Fprintf(&b, " + %s", x.ID)
	}
	return b.String()
}

func line(s Said) string {
	text := s.Key + " \"" + s.Words.En + "\""
	if len(s.Texts) > 0 {
		text += " (" + strings.Join(s.Texts, "; ") + ")"
	}
	if s.YieldsTo != "" {
		text += ", yields to " + s.YieldsTo
	}
	return text
}

func list(b *bytes.Buffer, title string, orders []Placed) {
	if len(orders) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, o := range orders {
		fmt.Fprintf(b, "  %s, version %d [%s] %s\n", o.Key, o.Version, o.Reason.ID, o.By)
	}
}

package precedence

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"

	"pgregory.net/rapid"
)

// The moment of all drawn rulings; drawn orders lie around it.
func noon(l *Law) time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, l.zone) }

// drawn are up to six orders between two people, of few days and hours, so that they meet; some are of several versions, cancelled, expired, to come or followed.
func drawn(t *rapid.T) []Standing {
	forms := []string{"CR-160", "CR-162", "DV-110", "DV-130", "CH-130", "JV-255", "EPO-001", "EPO-001", "GV-130", "DV-600", "DV-630", "XX-130"}
	var all []Standing
	for i := range rapid.IntRange(0, 6).Draw(t, "orders") {
		key := fmt.Sprintf("o%d", i)
		s := made(key, rapid.SampledFrom(forms).Draw(t, "form"), rapid.SampledFrom([]string{"2026-05-28", "2026-05-29", "2026-05-30", "2026-05-31", "2026-06-02"}).Draw(t, "issued"))
		s.Order.Terms = drawTerms(t)
		s.Order.Case = order.CaseNumber(rapid.SampledFrom([]string{"26FL1", "26FL2"}).Draw(t, "case"))
		circumstances(t, &s)
		all = append(all, s)
		if rapid.IntRange(0, 5).Draw(t, "versions") == 0 {
			older := s
			older.Version, s.Version = 1, 2
			all[len(all)-1] = s
			all = append(all, older)
		}
	}
	return all
}

func circumstances(t *rapid.T, s *Standing) {
	sometimes := func(n int, what string) bool { return rapid.IntRange(0, n).Draw(t, what) == 0 }
	if !sometimes(3, "no hour") {
		s.Order.IssuedTime = ptr(order.TimeOfDay(60 * rapid.IntRange(9, 11).Draw(t, "hour")))
	}
	if sometimes(8, "cancelled") {
		s.Cancelled = &order.Cancellation{Date: day("2026-06-01"), Reason: order.CancelTerminated}
	}
	if sometimes(8, "expired") {
		s.Order.Expiry.Date = ptr(day("2026-05-31"))
	}
	if sometimes(8, "follows") {
		s.Order.Follows = "o0"
	}
	if sometimes(6, "protects nobody") || s.Order.Form.Family == "GV" {
		s.Order.Protected = nil
	}
	if s.Order.Form.Family == "OOS" && !sometimes(3, "undated") {
		s.Order.Foreign = &order.Foreign{Issued: ptr(day("2026-05-29"))}
	}
	if sometimes(2, "names a case") {
		s.Order.OtherCases = []order.OtherCase{{Kind: "family", Number: "26-FL-1"}}
	}
	if sometimes(4, "changed") {
		s.Changed = &order.Modification{Reason: order.ModifyAmend, Date: day("2026-05-31")}
	}
	if sometimes(4, "other orders") {
		s.Order.OtherOrders = "As said in court."
	}
}

func drawTerms(t *rapid.T) order.Terms {
	yes := func(what string) bool { return rapid.Bool().Draw(t, what) }
	v := order.Terms{NoHarm: yes("harm"), NoContact: yes("contact"), NoThirdPartyContact: yes("third"), ChildExchange: yes("exchange"), MoveOut: yes("move"), CustodyToProtected: yes("custody"),
		VisitationToRestrained: yes("visitation"), NoDissuasion: yes("dissuade"), MayRecord: yes("record"), FinancialAbuseOnly: yes("financial")}
	places := []order.PlaceKind{order.PlacePerson, order.PlaceResidence, order.PlaceOther}
	for range rapid.IntRange(0, 2).Draw(t, "distances") {
		v.StayAway = append(v.StayAway, order.StayAway{Yards: rapid.SampledFrom([]int{0, 50, 100}).Draw(t, "yards"), Places: []order.Place{{Kind: rapid.SampledFrom(places).Draw(t, "place"), Text: rapid.SampledFrom([]string{"", "a b"}).Draw(t, "text")}}})
	}
	if yes("firearms") {
		v.Firearms = &order.Firearms{NoPossession: yes("have"), NoPurchase: yes("buy"), Surrender: yes("surrender"), WithinHours: rapid.SampledFrom([]int{0, 24, 48}).Draw(t, "hours"), NoBodyArmor: yes("armor"),
			Named: rapid.SampledFrom([][]string{nil, {"a rifle"}}).Draw(t, "named")}
	}
	if yes("until") {
		v.MonitoredUntil = ptr(day(rapid.SampledFrom([]string{"2026-12-01", "2027-01-01"}).Draw(t, "monitored")))
	}
	if yes("brady") {
		v.Brady = ptr(yes("finds"))
	}
	v.Animals = rapid.SampledFrom([]string{"", "the cat", "the dog"}).Draw(t, "animals")
	v.Property, v.Support = rapid.SampledFrom([]string{"", "the car"}).Draw(t, "property"), rapid.SampledFrom([]string{"", "100 a month"}).Draw(t, "support")
	v.Programs = rapid.SampledFrom([][]string{nil, {"52 weeks"}, {"26 weeks"}}).Draw(t, "programs")
	return v
}

// property judges drawn orders and gives the ruling to a check.
func property(t *testing.T, check func(t *rapid.T, l *Law, given []Standing, r Ruling)) {
	t.Helper()
	t.Parallel()
	l := law(t)
	rapid.Check(t, func(t *rapid.T) {
		given := drawn(t)
		r, err := l.Judge(noon(l), given)
		if err != nil {
			t.Fatal(err)
		}
		check(t, l, given, r)
	})
}

func inWords(t *rapid.T, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSequenceOfInputDoesNotMatter(t *testing.T) {
	property(t, func(t *rapid.T, l *Law, given []Standing, r Ruling) {
		shuffled := rapid.Permutation(given).Draw(t, "shuffled")
		again, err := l.Judge(noon(l), shuffled)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := inWords(t, r), inWords(t, again); a != b {
			t.Fatalf("in another sequence:\n%s\n%s", a, b)
		}
	})
}

func TestEveryOrderComesOutOnce(t *testing.T) {
	property(t, func(t *rapid.T, _ *Law, given []Standing, r Ruling) {
		var out []string
		for _, o := range r.Ranked {
			out = append(out, fmt.Sprint(o.Key, o.Version))
		}
		for _, o := range slices.Concat(r.Beside, r.Left) {
			out = append(out, fmt.Sprint(o.Key, o.Version))
		}
		var in []string
		for _, o := range given {
			in = append(in, fmt.Sprint(o.Key, o.Version))
		}
		slices.Sort(in)
		slices.Sort(out)
		if !slices.Equal(in, out) {
			t.Fatalf("given %v, out came %v", in, out)
		}
	})
}

// clauseOf says under which clause each field of the terms must stand. A field that is not here fails the test: whoever adds a term decides how it is compared.
var clauseOf = map[string]ClauseID{
	"NoHarm": "harm", "NoContact": "contact", "NoThirdPartyContact": "thirdParty", "ChildExchange": "exchange", "StayAway": "stayAway", "MoveOut": "moveOut", "CustodyToProtected": "custody",
	"VisitationToRestrained": "visitation", "NoDissuasion": "dissuade", "MayRecord": "record", "FinancialAbuseOnly": "financialAbuse", "Animals": "animals", "Property": "property",
	"Support": "support", "Programs": "programs", "MonitoredUntil": "monitored", "Brady": "brady", "NoPossession": "noFirearms", "NoPurchase": "noPurchase", "Surrender": "surrender",
	"NoBodyArmor": "noBodyArmor", "Named": "namedFirearms",
	"Firearms": "", "MoveOf": "", "WithinHours": "", // read with another field
}

// spoken are the clauses of which the order speaks, found by reflection and not by the readers.
func spoken(t *rapid.T, v reflect.Value) []ClauseID {
	var all []ClauseID
	for i := range v.NumField() {
		clause, known := clauseOf[v.Type().Field(i).Name]
		if !known {
			t.Fatalf("the term %s has no clause", v.Type().Field(i).Name)
		}
		if clause != "" && !v.Field(i).IsZero() {
			all = append(all, clause)
		}
	}
	return all
}

func TestEveryTermOfEveryOrderInForceAppears(t *testing.T) {
	property(t, func(t *rapid.T, _ *Law, given []Standing, r Ruling) {
		for _, o := range given {
			if slices.ContainsFunc(r.Left, func(p Placed) bool { return p.Key == o.Key && p.Version == o.Version }) {
				continue
			}
			want := spoken(t, reflect.ValueOf(o.Order.Terms))
			if o.Order.Terms.Firearms != nil {
				want = append(want, spoken(t, reflect.ValueOf(*o.Order.Terms.Firearms))...)
			}
			if o.Order.OtherOrders != "" {
				want = append(want, "other")
			}
			for _, stay := range o.Order.Terms.StayAway {
				if !saysYards(r, o.Key, stay) {
					t.Fatalf("that %s keeps away %d yards from %v is not in the ruling", o.Key, stay.Yards, stay.Places)
				}
			}
			for _, clause := range want {
				if !speaks(r, clause, o.Key) {
					t.Fatalf("what %s says of %s is not in the ruling", o.Key, clause)
				}
			}
		}
	})
}

// saysYards finds the number of a distance in the sentence or the texts of what the order says of the place.
func saysYards(r Ruling, key string, stay order.StayAway) bool {
	return slices.ContainsFunc(r.Terms, func(t Term) bool {
		return t.Clause == "stayAway" && t.Place == string(stay.Places[0].Kind) && slices.ContainsFunc(append(slices.Clone(t.Others), governs(t)...), func(s Said) bool {
			return s.Key == key && (strings.Contains(s.Words.En, fmt.Sprintf(" %d yards", stay.Yards)) || slices.ContainsFunc(s.Texts, func(text string) bool { return strings.HasSuffix(text, fmt.Sprintf("(%d)", stay.Yards)) }))
		})
	})
}

func speaks(r Ruling, clause ClauseID, key string) bool {
	return slices.ContainsFunc(r.Terms, func(t Term) bool {
		return t.Clause == clause && (t.Governs != nil && t.Governs.Key == key || slices.ContainsFunc(t.Others, func(s Said) bool { return s.Key == key }))
	})
}

func TestAnExpiredOrderChangesNothing(t *testing.T) {
	property(t, func(t *rapid.T, l *Law, given []Standing, r Ruling) {
		old := made("old", rapid.SampledFrom([]string{"CR-160", "EPO-001", "DV-110", "DV-130"}).Draw(t, "old form"), "2026-05-30", bans(), stay(500))
		old.Order.Expiry.Date = ptr(day("2026-05-31"))
		again, err := l.Judge(noon(l), append(slices.Clone(given), old))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(again.Left); n != len(r.Left)+1 || again.Left[n-1].Key != "old" || again.Left[n-1].Reason.ID != expired {
			t.Fatalf("left are %v", again.Left)
		}
		again.Left = again.Left[:len(again.Left)-1]
		if a, b := inWords(t, r.Ranked)+inWords(t, r.Terms)+inWords(t, r.Open), inWords(t, again.Ranked)+inWords(t, again.Terms)+inWords(t, again.Open); a != b {
			t.Fatalf("with an expired order:\n%s\n%s", a, b)
		}
	})
}

// byKey is an order that is in force, as it was given.
func byKey(given []Standing, r Ruling, key string) Standing {
	for _, o := range given {
		if o.Key == key && !slices.ContainsFunc(r.Left, func(p Placed) bool { return p.Key == key && p.Version == o.Version }) {
			return o
		}
	}
	return Standing{}
}

// What the law says of two orders of which neither is an emergency order, said a second time and otherwise than the ranking does: above is 1 if a comes before b, -1 if after, 0 if
// the law does not say.
func above(a, b Standing) int {
	switch {
	case a.Order.Terms.NoContact != b.Order.Terms.NoContact:
		return map[bool]int{true: 1, false: -1}[a.Order.Terms.NoContact]
	case (a.Order.Form.Family == "CPO") != (b.Order.Form.Family == "CPO"):
		return map[bool]int{true: 1, false: -1}[a.Order.Form.Family == "CPO"]
	}
	issued := func(o Standing) order.Date {
		if f := o.Order.Foreign; f != nil && f.Issued != nil {
			return *f.Issued
		}
		return o.Order.Issued
	}
	switch {
	case issued(a).After(issued(b)):
		return 1
	case issued(b).After(issued(a)):
		return -1
	}
	return 0
}

// Where the law puts one order above another, the ranking does, whatever other orders there are; and of orders of one day with all hours the later one.
func TestTheRankingFollowsTheLaw(t *testing.T) {
	property(t, func(t *rapid.T, _ *Law, given []Standing, r Ruling) {
		for i, high := range r.Ranked {
			for _, low := range r.Ranked[i+1:] {
				a, b := byKey(given, r, high.Key), byKey(given, r, low.Key)
				if high.Place > low.Place {
					t.Fatalf("%s has place %d before %s with %d", high.Key, high.Place, low.Key, low.Place)
				}
				if a.Order.Form.Family == "EPO" || b.Order.Form.Family == "EPO" {
					continue
				}
				switch v := above(a, b); {
				case v < 0:
					t.Fatalf("%s stands above %s", high.Key, low.Key)
				case v > 0 && high.Place == low.Place:
					t.Fatalf("%s and %s share a place", high.Key, low.Key)
				case v == 0 && high.Place != low.Place && (a.Order.IssuedTime == nil || b.Order.IssuedTime == nil || *a.Order.IssuedTime <= *b.Order.IssuedTime):
					t.Fatalf("%s is put above %s without an hour that says so", high.Key, low.Key)
				}
			}
		}
	})
}

// An emergency order stands above every order than which it is more restrictive in something, and where it stands above one that the law would put first, it is.
func TestEmergencyOrdersStandWhereTheyAreMoreRestrictive(t *testing.T) {
	property(t, func(t *rapid.T, l *Law, given []Standing, r Ruling) {
		for _, e := range r.Ranked {
			if byKey(given, r, e.Key).Order.Form.Family != "EPO" {
				continue
			}
			for _, o := range r.Ranked {
				if byKey(given, r, o.Key).Order.Form.Family != "EPO" && moreRestrictive(l, byKey(given, r, e.Key), byKey(given, r, o.Key)) && e.Place >= o.Place {
					t.Fatalf("%s is more restrictive than %s, and has place %d against %d", e.Key, o.Key, e.Place, o.Place)
				}
			}
		}
	})
}

func moreRestrictive(l *Law, e, o Standing) bool {
	mine, others := says(&e.Order), says(&o.Order)
	for u, s := range mine {
		if l.row(u.clause).Restricts && s.level > others[u].level {
			return true
		}
	}
	return false
}

// The word of an order never gives way to that of a lower one, but for an emergency order's where it is not the stricter (Pen. Code 136.2(c)(1)(B)), for a permission
// against a ban that counts, and for the exception that a criminal order makes itself.
func TestAHigherOrderNeverYieldsToALowerOne(t *testing.T) {
	property(t, func(t *rapid.T, _ *Law, given []Standing, r Ruling) {
		place := map[string]int{}
		for _, o := range r.Ranked {
			place[o.Key] = o.Place
		}
		for _, term := range r.Terms {
			for _, o := range slices.DeleteFunc(append(slices.Clone(term.Others), governs(term)...), func(s Said) bool { return s.YieldsTo == "" }) {
				if from := byKey(given, r, o.Key); from.Order.Form.Family != "CPO" || !from.Order.Terms.ChildExchange || place[o.YieldsTo] == 0 && !standsBeside(r, o.YieldsTo) {
					t.Fatalf("%s yields to %s on %s", o.Key, o.YieldsTo, term.Clause)
				}
			}
			if term.Governs == nil {
				continue
			}
			for _, o := range term.Others {
				if o.State != StateConflict || o.Reason.ID == permission || place[o.Key] == 0 || place[o.Key] >= place[term.Governs.Key] && place[term.Governs.Key] > 0 {
					continue
				}
				if byKey(given, r, o.Key).Order.Form.Family != "EPO" || o.Level > term.Governs.Level {
					t.Fatalf("%s of place %d gives way to %s of place %d on %s", o.Key, place[o.Key], term.Governs.Key, place[term.Governs.Key], term.Clause)
				}
			}
		}
	})
}

// Where an emergency order's word counts before that of one other order which the law would put first, it is the stricter one.
func TestAnEmergencyOrderCountsInItsStricterTermsOnly(t *testing.T) {
	property(t, func(t *rapid.T, l *Law, given []Standing, r Ruling) {
		for _, term := range r.Terms {
			if term.Governs == nil || len(term.Others) != 1 || !l.row(term.Clause).Restricts || standsBeside(r, term.Others[0].Key) {
				continue
			}
			e, o := byKey(given, r, term.Governs.Key), byKey(given, r, term.Others[0].Key)
			if e.Order.Form.Family == "EPO" && o.Order.Form.Family != "EPO" && above(e, o) < 0 && term.Governs.Level <= term.Others[0].Level {
				t.Fatalf("%s counts before %s on %s, with %d against %d", e.Key, o.Key, term.Clause, term.Governs.Level, term.Others[0].Level)
			}
		}
	})
}

func governs(t Term) []Said {
	if t.Governs == nil {
		return nil
	}
	return []Said{*t.Governs}
}

func standsBeside(r Ruling, key string) bool {
	return slices.ContainsFunc(r.Beside, func(p Placed) bool { return p.Key == key })
}

// A clash is between two orders in force that differ; words are there in both languages wherever something is said.
func TestClashesAndWords(t *testing.T) {
	property(t, func(t *rapid.T, _ *Law, given []Standing, r Ruling) {
		for _, c := range r.Conflicts() {
			if c.Counts.Key == c.Other.Key || c.Reason.ID != permission && c.Counts.Level == c.Other.Level || byKey(given, r, c.Counts.Key).Key == "" || byKey(given, r, c.Other.Key).Key == "" {
				t.Fatalf("no conflict: %+v", c)
			}
		}
		for _, term := range r.Terms {
			for _, s := range append(slices.Clone(term.Others), governs(term)...) {
				if !s.Words.whole() || s.Words.En == s.Words.Es || s.Reason.ID == "" || s.State == "" {
					t.Fatalf("%s on %s: %+v", s.Key, term.Clause, s)
				}
			}
		}
		live := len(r.Ranked) + len(r.Beside)
		if live < 2 && len(r.Conflicts()) > 0 {
			t.Fatal("an order conflicts with itself")
		}
	})
}

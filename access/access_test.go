package access

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
)

const (
	orangeCourt   = order.ORI("CA030013J")
	orangeSecond  = order.ORI("CA030099J")
	alpineCourt   = order.ORI("CA002013J")
	orangeSheriff = order.ORI("CA0300000")
)

func now() time.Time { return time.Date(2026, 11, 29, 3, 0, 0, 0, time.UTC) }

func day(t *testing.T, s string) order.Date {
	t.Helper()
	d, err := order.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Every cell of the tables stands in docs/access.md, and nothing else does.
func TestDocIsTheTables(t *testing.T) {
	doc, err := os.ReadFile("../docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, table := range map[string]string{"roles": rolesTable(), "sights": sightsTable(), "deeds": deedsTable()} {
		if !strings.Contains(string(doc), "\n"+table+"\n") {
			t.Errorf("docs/access.md does not hold the table of %s:\n%s", name, table)
		}
	}
}

func rolesTable() string {
	var b strings.Builder
	b.WriteString("| kind of agency | roles |\n| --- | --- |\n")
	for _, k := range Kinds() {
		var names []string
		for _, r := range Vouched(k) {
			names = append(names, "`"+string(r)+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", k, strings.Join(names, ", "))
	}
	return b.String()
}

func sightsTable() string {
	var b strings.Builder
	b.WriteString("| role | normal | juvenile | sealed |\n| --- | --- | --- | --- |\n")
	words := map[Sight]string{Nothing: "nothing", Outline: "outline", Whole: "whole"}
	for _, r := range Roles() {
		fmt.Fprintf(&b, "| `%s` |", r)
		for _, class := range []order.Access{order.AccessNormal, order.AccessJuvenile, order.AccessSealed} {
			s := sights[r][class]
			if s.own == s.other {
				fmt.Fprintf(&b, " %s |", words[s.own])
			} else {
				fmt.Fprintf(&b, " %s; others %s |", words[s.own], words[s.other])
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func deedsTable() string {
	var b strings.Builder
	b.WriteString("| deed |")
	for _, r := range Roles() {
		fmt.Fprintf(&b, " `%s` |", r)
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(Roles())) + "\n")
	for _, d := range Deeds() {
		fmt.Fprintf(&b, "| `%s` |", d)
		for _, r := range Roles() {
			fmt.Fprintf(&b, " %s |", map[cell]string{never: "–", own: "own", home: "own; central all", central: "central all", all: "all"}[deeds[r][d]])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// Every cell of the sights, for the county's own people and for others; a test agency sees no live order, and who is not let see sealed ones sees none.
func TestSights(t *testing.T) {
	cells := map[Role][3][2]Sight{
		JudicialOfficer: {{Whole, Whole}, {Whole, Whole}, {Whole, Nothing}},
		CourtClerk:      {{Whole, Whole}, {Whole, Nothing}, {Whole, Nothing}},
		LawEnforcement:  {{Whole, Whole}, {Whole, Whole}, {Whole, Whole}},
		HelpDesk:        {{Outline, Nothing}, {Nothing, Nothing}, {Nothing, Nothing}},
	}
	for _, k := range Kinds() {
		for _, r := range append(Roles(), "another") {
			for i, class := range []order.Access{order.AccessNormal, order.AccessJuvenile, order.AccessSealed, "another"} {
				for j, agency := range []order.ORI{orangeSecond, alpineCourt} {
					want := Nothing
					if i < 3 && slices.Contains(Vouched(k), r) {
						want = cells[r][i][j]
						if k.Central() {
							want = cells[r][i][0]
						}
					}
					a := Asker{Kind: k, Agency: agency, Roles: []Role{r}, Sealed: true}
					o := Object{Court: orangeCourt, ID: "O-1", Access: class}
					if got := a.Sees(o, now()); got != want {
						t.Errorf("%s of %s at a %s sees %d of a %s order, not %d", r, agency, k, got, class, want)
					}
					a.Sealed = false
					if class == order.AccessSealed && r != LawEnforcement && a.Sees(o, now()) != Nothing {
						t.Errorf("%s sees sealed orders without being let", r)
					}
					a.Sealed, a.Test = true, true
					if a.Sees(o, now()) != Nothing {
						t.Errorf("%s of a test agency sees a live order", r)
					}
				}
			}
		}
	}
}

func TestSeveralRolesSeeTheMost(t *testing.T) {
	o := Object{Court: orangeCourt, Access: order.AccessJuvenile}
	clerk := Asker{Kind: KindCourt, Agency: alpineCourt, Roles: []Role{HelpDesk, CourtClerk}}
	judge := clerk
	judge.Roles = []Role{CourtClerk, JudicialOfficer}
	officer := clerk
	officer.Roles = []Role{LawEnforcement} // for which a court cannot vouch
	if clerk.Sees(o, now()) != Nothing || judge.Sees(o, now()) != Whole || officer.Sees(o, now()) != Nothing {
		t.Errorf("%d %d %d", clerk.Sees(o, now()), judge.Sees(o, now()), officer.Sees(o, now()))
	}
}

// An order that was opened is seen for its time, by who still may open any, and no other one is.
func TestOpenedForATime(t *testing.T) {
	o := Object{Court: orangeCourt, ID: "O-1", Access: order.AccessSealed}
	a := Asker{Kind: KindCourt, Agency: alpineCourt, Roles: []Role{JudicialOfficer}, Opened: []Opened{{Court: orangeCourt, ID: "O-1", Until: now()}}}
	if a.Sees(o, now().Add(-time.Second)) != Whole || a.Sees(o, now()) != Nothing {
		t.Error("the hour does not end")
	}
	before := now().Add(-time.Second)
	other := o
	other.ID = "O-2"
	test := o
	test.Test = true
	desk := a
	desk.Roles = []Role{HelpDesk}
	if a.Sees(other, before) != Nothing || a.Sees(test, before) != Nothing || desk.Sees(o, before) != Nothing {
		t.Error("more was opened than the one order to the one person")
	}
	if a.Whereabouts(orangeCourt) {
		t.Error("the whereabouts were opened too")
	}
}

func TestDeeds(t *testing.T) {
	today := day(t, "2026-11-29")
	yesterday := day(t, "2026-11-28")
	for _, k := range Kinds() {
		for _, r := range Roles() {
			for _, d := range Deeds() {
				a := Asker{Kind: k, Agency: orangeSheriff, Roles: []Role{r}, CertifiedUntil: &today}
				want := deeds[r][d].agency
				if k.Central() {
					want = deeds[r][d].central
				}
				if !slices.Contains(vouches[k], r) {
					want = Nobodys
				}
				if got := a.May(d, today); got != want {
					t.Errorf("%s at a %s: %s: %d, not %d", r, k, d, got, want)
				}
				if got := a.MayAbout(d, orangeSheriff, today); got != (want != Nobodys) {
					t.Errorf("%s at a %s: %s about its own agency: %v", r, k, d, got)
				}
				if got := a.MayAbout(d, orangeCourt, today); got != (want == Everybody) {
					t.Errorf("%s at a %s: %s about another agency: %v", r, k, d, got)
				}
				if a.CertifiedUntil = &yesterday; certified[d] && a.May(d, today) != Nobodys {
					t.Errorf("%s: %s although the certification has ended", r, d)
				}
				if a.CertifiedUntil = nil; certified[d] && a.May(d, today) != Nobodys {
					t.Errorf("%s: %s without a certification", r, d)
				}
			}
		}
	}
	if (Asker{Kind: KindOperator, Roles: []Role{HelpDesk}}).MayAbout(SeeAgency, "", today) != true || (Asker{Kind: KindCourt, Roles: []Role{HelpDesk}}).MayAbout(SeeAgency, "", today) {
		t.Error("what belongs to nobody is the exchange's alone")
	}
}

// Nobody who decides what people may do can also read orders, and no role of the exchange itself reads them.
func TestDutiesAreApart(t *testing.T) {
	for r, row := range deeds {
		for d := range row {
			if !slices.Contains(Deeds(), d) {
				t.Errorf("%s: there is no deed %s", r, d)
			}
		}
		if row[ManagePeople] != never && (sights[r] != nil || row[ReadContents] != never) {
			t.Errorf("%s gives out roles and reads orders", r)
		}
	}
	for k, roles := range vouches {
		for _, r := range roles {
			if k.Central() && sights[r][order.AccessNormal].own == Whole {
				t.Errorf("%s at a %s sees orders whole", r, k)
			}
		}
	}
}

func TestAskingRoles(t *testing.T) {
	for k, want := range map[Kind][]Role{KindCourt: {JudicialOfficer, CourtClerk, HelpDesk}, KindTribalCourt: {JudicialOfficer, CourtClerk, HelpDesk}, KindLawEnforcement: {LawEnforcement, HelpDesk},
		KindHelpDesk: {HelpDesk}, KindOperator: {HelpDesk}, "another": nil} {
		if got := Asking(k); !slices.Equal(got, want) {
			t.Errorf("%s: %v", k, got)
		}
	}
}

func TestWithhold(t *testing.T) {
	o := order.Order{Court: order.Court{ORI: orangeCourt}, OtherOrders: "at 2 Pebble Lane", Restrained: order.Restrained{Address: &order.Address{Street: "1 Pebble Lane"}},
		Organizations: []order.Organization{{Name: "Quarry, Inc.", Sites: []order.Address{{Street: "3 Pebble Lane"}}}},
		Terms: order.Terms{MoveOut: true, MoveOf: &order.Address{Street: "1 Pebble Lane"}, Property: "the car at Pebble Lane",
			StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlaceSchool, Text: "Pebble Lane School"}}}}}}
	less, hidden := Withhold(o)
	if !hidden || less.Terms.StayAway[0].Places[0].Kind != order.PlaceSchool || !less.Terms.MoveOut || strings.Contains(fmt.Sprintf("%+v %+v %+v", less, less.Terms, less.Restrained), "Pebble") {
		t.Errorf("%v %+v", hidden, less)
	}
	if o.Terms.StayAway[0].Places[0].Text == "" || len(o.Organizations[0].Sites) == 0 || o.Restrained.Address == nil {
		t.Error("the order itself was changed")
	}
	if _, hidden := Withhold(order.Order{}); hidden {
		t.Error("nothing was there to hide")
	}
	for _, c := range []struct {
		a    Asker
		sees bool
	}{
		{Asker{Kind: KindCourt, Agency: orangeSecond, Roles: []Role{CourtClerk}}, true}, {Asker{Kind: KindCourt, Agency: orangeSecond, Roles: []Role{HelpDesk}}, false},
		{Asker{Kind: KindCourt, Agency: alpineCourt, Roles: []Role{JudicialOfficer}}, false}, {Asker{Kind: KindLawEnforcement, Agency: "CA0020000", Roles: []Role{LawEnforcement}}, true},
		{Asker{Kind: KindLawEnforcement, Agency: orangeSheriff, Roles: []Role{HelpDesk}}, false},
	} {
		if got := c.a.Whereabouts(orangeCourt); got != c.sees {
			t.Errorf("%v sees whereabouts: %v", c.a, got)
		}
	}
}

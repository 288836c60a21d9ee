package precedence

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ccpor/mapping/forms"
	"ccpor/mapping/order"
)

// Every family of the form table has a side: whoever adds a family decides how its orders rank.
func TestEveryFamilyHasASide(t *testing.T) {
	t.Parallel()
	l := law(t)
	table, err := forms.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range table.Forms() {
		if f.Kind == forms.KindOrder && l.kind(f.Order(order.Terms{})).Side == SideUnknown {
			t.Errorf("%s of the family %s has no side", f.Number, f.Family)
		}
	}
	if k := l.kind(order.Form{Family: "OOS", Number: "DV-600"}); k.Side != SideForeign || k.Act == "" {
		t.Errorf("a registration is %+v", k)
	}
	if k := l.kind(order.Form{Family: "OOS", Number: "DV-630"}); k.Side != SideCivil || k.Act == "" {
		t.Errorf("a Canadian registration is %+v", k)
	}
}

// A row that is missing, given twice, unknown or without its words or citation is refused at the start.
func TestTablesAreChecked(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct{ file, was, is, says string }{
		"a branch less":        {"branches", `{"id": "only", "part": "rank"`, `{"id": "onIy", "part": "rank"`, "onIy"},
		"a branch of another":  {"branches", `{"id": "only", "part": "rank"`, `{"id": "only", "part": "term"`, "only"},
		"a branch twice":       {"branches", `{"id": "emergency", "part"`, `{"id": "only", "part"`, "only"},
		"no citation":          {"branches", `"citation": "Fam. Code 6383(h)(2)", "confidence": "stated", "source": "the section begins`, `"citation": "", "confidence": "stated", "source": "the section begins`, "citation"},
		"no Spanish":           {"branches", `"es": "No hay otra orden vigente que proteja a esta persona de la otra; por eso rige esta."`, `"es": ""`, "both languages"},
		"no confidence":        {"branches", `"confidence": "stated", "source": "the section begins`, `"confidence": "sure", "source": "the section begins`, "confidence"},
		"no such day":          {"branches", `"from": "2014-07-01"`, `"from": "2014-07-32"`, "date"},
		"a column unknown":     {"branches", `"from": "2014-07-01"`, `"since": "2014-07-01"`, "since"},
		"a side unknown":       {"kinds", `"family": "CPO", "side": "criminal"`, `"family": "CPO", "side": "penal"`, "CPO"},
		"a kind twice":         {"kinds", `"family": "RT"`, `"family": "CPO"`, "CPO"},
		"a clause less":        {"clauses", `"id": "harm"`, `"id": "harms"`, "harms"},
		"a sentence less":      {"clauses", `"peaceful": {`, `"peacefully": {`, "peaceful"},
		"a sentence too many":  {"clauses", `"says": {"none"`, `"says": {"never": {"en": "a", "es": "b"}, "none"`, "nothing uses"},
		"a number in one only": {"clauses", `Debe entregar las armas de fuego en %d horas.`, `Debe entregar las armas de fuego.`, "hours"},
		"a comparison unknown": {"clauses", `"compare": "level"`, `"compare": "levels"`, "contact"},
		"no edition":           {"clauses", `"edition": "2026-11-29"`, `"edition": ""`, "edition"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := fstest.MapFS{}
			for _, f := range []string{"branches", "kinds", "clauses"} {
				text, err := os.ReadFile("data/" + f + ".json")
				if err != nil {
					t.Fatal(err)
				}
				if f == x.file {
					changed := strings.Replace(string(text), x.was, x.is, 1)
					if changed == string(text) {
						t.Fatalf("%s.json has no %s", f, x.was)
					}
					text = []byte(changed)
				}
				files["data/"+f+".json"] = &fstest.MapFile{Data: text}
			}
			if _, err := Read(files, pacific(t)); err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("got %v, want an error that speaks of %s", err, x.says)
			}
		})
	}
	if _, err := Read(fstest.MapFS{}, pacific(t)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without files: %v", err)
	}
}

// What contradicts itself is refused, and told which order it is.
func TestGivenOrdersMustNotContradictThemselves(t *testing.T) {
	t.Parallel()
	l := law(t)
	a, b := made("a", "DV-130", "2026-01-05"), made("a", "DV-130", "2026-02-02")
	for name, given := range map[string][]Standing{"no key": {made("", "DV-130", "2026-01-05")}, "a version twice": {a, made("b", "CR-160", "2026-01-05"), b}} {
		var e *GivenError
		if _, err := l.Judge(noon(l), given); !errors.As(err, &e) || e.Problem == "" || err.Error() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The moment counts in the courts' time, wherever the clock of the caller stands.
func TestTheMomentIsOfTheCourts(t *testing.T) {
	t.Parallel()
	l := law(t)
	ends := made("a", "DV-130", "2026-01-05", changed(func(s *Standing) { s.Order.Expiry.Date = ptr(day("2026-06-01")) }))
	for moment, live := range map[string]int{"2026-06-02T06:59:59Z": 1, "2026-06-02T07:00:00Z": 0} {
		utc, err := time.Parse(time.RFC3339, moment)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := l.Judge(utc, []Standing{ends}); err != nil || len(r.Ranked) != live {
			t.Errorf("at %s: %d in force, %v", moment, len(r.Ranked), err)
		}
	}
}

// So does the day on which a branch begins to hold.
func TestTheDayIsOfTheCourts(t *testing.T) {
	t.Parallel()
	l := law(t)
	given := []Standing{made("cpo", "CR-160", "2014-02-02"), made("dv", "DV-130", "2014-01-05", bans())}
	for moment, first := range map[string]string{"2014-07-01T06:59:59Z": "cpo", "2014-07-01T07:00:00Z": "dv"} {
		utc, err := time.Parse(time.RFC3339, moment)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := l.Judge(utc, given); err != nil || r.Ranked[0].Key != first {
			t.Errorf("at %s: %+v, %v", moment, r.Ranked, err)
		}
	}
}

// Callers keep what they gave, and nothing of the tables can be changed through what was given out.
func TestNothingIsChanged(t *testing.T) {
	t.Parallel()
	l := law(t)
	given := []Standing{made("b", "DV-130", "2026-01-05"), made("a", "CR-160", "2026-01-05")}
	if _, err := l.Judge(noon(l), given); err != nil || given[0].Key != "b" {
		t.Errorf("the orders given are changed: %v, %v", given[0].Key, err)
	}
	l.Branches()[0].ID, l.Kinds()[0].Side, l.Clauses()[0].ID = "x", "x", "x"
	if l.Branches()[0].ID == "x" || l.Kinds()[0].Side == "x" || l.Clauses()[0].ID == "x" {
		t.Error("the tables can be changed from outside")
	}
}

func TestPairs(t *testing.T) {
	t.Parallel()
	party := func(key string, version int, restrained string, protected ...string) Party {
		return Party{Standing: Standing{Key: key, Version: version}, Restrained: restrained, Protected: protected}
	}
	given := []Party{
		party("cpo", 1, "R", "P", "Q"), party("cpo", 2, "R", "P", "P"), // its court left Q out of the second version
		party("dv", 1, "R", "Q"), party("gv", 1, "R"), party("alone", 1, "S"), party("mutual", 1, "P", "R"),
	}
	want := map[string]string{"P/R": "mutual1", "R/P": "cpo1 cpo2 gv1", "R/Q": "dv1 gv1", "S/": "alone1"}
	for range 2 {
		got := Pairs(given)
		if len(got) != len(want) || !slices.IsSortedFunc(got, func(a, b Pair) int { return strings.Compare(a.Restrained+a.Protected, b.Restrained+b.Protected) }) {
			t.Fatalf("%+v", got)
		}
		for _, p := range got {
			var keys []string
			for _, o := range p.Orders {
				keys = append(keys, o.Key+string(rune('0'+o.Version)))
			}
			if text := strings.Join(keys, " "); text != want[p.Restrained+"/"+p.Protected] {
				t.Errorf("%s/%s: %s", p.Restrained, p.Protected, text)
			}
		}
		slices.Reverse(given)
	}
	if got := Pairs(nil); len(got) != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

// An order that was replaced by one that was entered in error is in force.
func TestAnErrorReplacesNothing(t *testing.T) {
	t.Parallel()
	l := law(t)
	tro := made("tro", "DV-110", "2026-05-05")
	wrong := made("dv", "DV-130", "2026-05-25", changed(func(s *Standing) {
		s.Order.Follows, s.Cancelled = "tro", &order.Cancellation{Date: day("2026-05-26"), Reason: order.CancelInError}
	}))
	r, err := l.Judge(noon(l), []Standing{tro, wrong})
	if err != nil || len(r.Ranked) != 1 || r.Ranked[0].Key != "tro" {
		t.Errorf("%+v, %v", r.Ranked, err)
	}
	for name, change := range map[string]with{
		"of another court":      func(s *Standing) { s.Order.Court.ORI = "CA019013J" },
		"made before":           func(s *Standing) { s.Order.Issued = day("2026-05-04") },
		"made in a day to come": func(s *Standing) { s.Order.Issued = day("2026-06-02") },
	} {
		other := made("dv", "DV-130", "2026-05-25", changed(func(s *Standing) { s.Order.Follows = "tro" }), change)
		r, err := l.Judge(noon(l), []Standing{tro, other})
		if err != nil || slices.ContainsFunc(r.Left, func(p Placed) bool { return p.Key == "tro" }) {
			t.Errorf("%s: left are %+v, %v", name, r.Left, err)
		}
	}
	hearing := made("a", "DV-130", "2026-05-05")
	later := made("b", "DV-130", "2026-05-25", changed(func(s *Standing) { s.Order.Follows = "a" }))
	if r, err := l.Judge(noon(l), []Standing{hearing, later}); err != nil || len(r.Ranked) != 2 {
		t.Errorf("an order after hearing was replaced: %+v, %v", r.Left, err)
	}
}

// Two emergency orders over other orders: the ranking stays one in which each stands above what it is more restrictive than.
func TestSeveralEmergencyOrders(t *testing.T) {
	t.Parallel()
	l := law(t)
	r, err := l.Judge(noon(l), []Standing{
		made("cpo", "CR-160", "2026-05-01", bans(), stay(100)), made("dv", "DV-130", "2026-05-02", stay(10)),
		made("far", "EPO-001", "2026-05-29", stay(300)), made("near", "EPO-001", "2026-05-31", stay(50)),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range r.Ranked {
		got = append(got, o.Key+":"+string(o.Reason.ID))
	}
	if text := strings.Join(got, " "); text != "far:emergency cpo:emergency near:noContact dv:emergency" {
		t.Error(text)
	}
}

func TestRulingIsReadableAsJSON(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(cases[1].rule(t, law(t)))
	if err != nil || !strings.Contains(string(b), `"citation":"Pen. Code 136.2(c)(1)(A); Fam. Code 6383(h)(2)"`) || strings.Contains(string(b), "0001-01-01") {
		t.Errorf("%s, %v", b, err)
	}
}

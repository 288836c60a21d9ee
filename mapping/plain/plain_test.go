package plain

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ccpor/mapping/order"
)

var update = flag.Bool("update", false, "write the golden cases anew")

const cases = "../../testdata/cases"

func words(t *testing.T) *Words {
	t.Helper()
	w, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func zone(t *testing.T) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// caseOrder is the order of a golden case.
func caseOrder(t *testing.T, name string) order.Order {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(cases, name, "order.json"))
	if err != nil {
		t.Fatal(err)
	}
	var p struct{ Order order.Order }
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	return p.Order
}

// told are the cases whose orders are told in testdata: a criminal, temporary, final, emergency, gun-violence, workplace, juvenile and foreign order, and the seed's own.
var told = []string{"cr160-2019-01-22", "ch110-2024-01-01", "dv130-2025-01-01", "epo001-2014-01-01", "gv130-2024-01-01", "wv110-2023-01-01", "jv255-2025-01-01", "dv600-2015-01-01", "ea130-financial", "seed-cr160"}

// TestCases tells orders as on their second day, in both languages; with -update it writes what they said.
func TestCases(t *testing.T) {
	t.Parallel()
	w := words(t)
	for _, name := range told {
		o := caseOrder(t, name)
		st := Standing{Now: o.Issued.AddDays(1).At(540, zone(t)), Served: o.Service == order.ServicePresent || o.Service == order.ServiceServed}
		var b strings.Builder
		for _, l := range []Language{English, Spanish} {
			tell(&b, w.Glance(o, st, l), w.Aloud(o, l))
		}
		path := filepath.Join(cases, name, "plain.txt")
		if *update {
			if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s is not as before (if it should not be, run with -update):\n%s", path, diff)
		}
	}
}

func tell(b *strings.Builder, g Glance, aloud []string) {
	fmt.Fprintf(b, "[%s, %s]\n%s\n%s\n", g.Language, g.State, g.Head, g.Do)
	for _, s := range g.Sections {
		fmt.Fprintf(b, "%s:\n", s.Name)
		for _, l := range s.Lines {
			fmt.Fprintf(b, "  %s\n", l)
		}
	}
	fmt.Fprintf(b, "\n\"%s\"\n\n", strings.Join(aloud, "\n "))
}

func TestStanding(t *testing.T) {
	t.Parallel()
	w, z := words(t), zone(t)
	end, five := order.MakeDate(2026, 11, 29), order.TimeOfDay(17*60)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, z) }
	ends := func(e order.Expiry) order.Order {
		return order.Order{Expiry: e, Service: order.ServiceNotServed}
	}
	by := func(reason order.CancelReason, day int) *order.Cancellation {
		return &order.Cancellation{Reason: reason, Date: order.MakeDate(2026, 11, day)}
	}
	open := ends(order.Expiry{Basis: order.ExpiryPermanent})
	for name, c := range map[string]struct {
		o    order.Order
		st   Standing
		want State
	}{
		"the last minute of its last day":       {ends(order.Expiry{Date: &end}), Standing{Now: at(29, 23, 59), Served: true}, Served},
		"midnight":                              {ends(order.Expiry{Date: &end}), Standing{Now: at(30, 0, 0), Served: true}, Over},
		"midnight of Greenwich":                 {ends(order.Expiry{Date: &end}), Standing{Now: time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC).In(z), Served: true}, Served},
		"before its hour":                       {ends(order.Expiry{Date: &end, Time: &five}), Standing{Now: at(29, 16, 59)}, Unserved},
		"at its hour":                           {ends(order.Expiry{Date: &end, Time: &five}), Standing{Now: at(29, 17, 0)}, Over},
		"permanent":                             {open, Standing{Now: at(29, 0, 0).AddDate(80, 0, 0), Served: true}, Served},
		"nobody served it":                      {open, Standing{Now: at(1, 0, 0)}, Unserved},
		"present":                               {order.Order{Expiry: open.Expiry, Service: order.ServicePresent}, Standing{Now: at(1, 0, 0), Served: true}, Present},
		"present, and served all the same":      {order.Order{Expiry: open.Expiry, Service: order.ServicePresent}, Standing{Now: at(1, 0, 0), Served: true, Service: &order.Service{}}, Served},
		"by mail":                               {order.Order{Expiry: open.Expiry, Service: order.ServiceMail}, Standing{Now: at(1, 0, 0)}, Mail},
		"by mail, and proved":                   {order.Order{Expiry: open.Expiry, Service: order.ServiceMail}, Standing{Now: at(1, 0, 0), Served: true}, Served},
		"ended today":                           {open, Standing{Now: at(29, 0, 0), Cancelled: by(order.CancelTerminated, 29)}, Cancelled},
		"will be ended tomorrow":                {open, Standing{Now: at(29, 23, 59), Cancelled: by(order.CancelTerminated, 30)}, Ending},
		"entered in error, told of a later day": {open, Standing{Now: at(1, 0, 0), Cancelled: by(order.CancelInError, 30)}, Error},
		"died":                                  {open, Standing{Now: at(29, 0, 0), Cancelled: by(order.CancelDeceased, 1)}, Deceased},
		"cancelled, though it would stand longer": {ends(order.Expiry{Date: &end}), Standing{Now: at(2, 0, 0), Served: true, Cancelled: by(order.CancelTerminated, 1)}, Cancelled},
	} {
		if got := Stand(c.o, c.st); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
		for _, l := range []Language{English, Spanish} {
			if g := w.Glance(c.o, c.st, l); strings.Contains(g.Head+g.Do, "{") || g.Head == "" || g.Do == "" || g.Language != l {
				t.Errorf("%s: %+v", name, g)
			}
		}
	}
}

// A form's box that is ticked is said, in both languages, and to the restrained person.
func TestNoTermIsLeftUnsaid(t *testing.T) {
	t.Parallel()
	w := words(t)
	blank := order.Order{Expiry: order.Expiry{Basis: order.ExpiryPermanent}}
	all := func(o order.Order, l Language) string {
		return fmt.Sprint(w.Glance(o, Standing{Now: time.Unix(0, 0)}, l), w.Aloud(o, l))
	}
	terms := reflect.TypeOf(order.Terms{})
	for i := range terms.NumField() {
		name := terms.Field(i).Name
		for _, l := range []Language{English, Spanish} {
			o := blank
			fill(reflect.ValueOf(&o.Terms).Elem().Field(i))
			if all(o, l) == all(blank, l) {
				t.Errorf("%s is not said in %s", name, l)
			}
		}
	}
	guns := reflect.TypeOf(order.Firearms{})
	for i := range guns.NumField() {
		if guns.Field(i).Name == "WithinHours" {
			continue // it is part of another sentence
		}
		with, without := blank, blank
		with.Terms.Firearms, without.Terms.Firearms = &order.Firearms{}, &order.Firearms{}
		fill(reflect.ValueOf(with.Terms.Firearms).Elem().Field(i))
		if all(with, Spanish) == all(without, Spanish) {
			t.Errorf("Firearms.%s is not said", guns.Field(i).Name)
		}
	}
}

// fill gives a field some value that is not its zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString("something")
	case reflect.Int:
		v.SetInt(100)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		if d, is := v.Interface().(*order.Date); is {
			*d = order.MakeDate(2026, 11, 29)
		} else {
			fill(v.Elem())
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

// Every code that a package can hold has a word in both languages.
func TestEveryCodeHasAWord(t *testing.T) {
	t.Parallel()
	w := words(t)
	raw, err := os.ReadFile("../../schemas/xsd/codes-1.0.xsd")
	if err != nil {
		t.Fatal(err)
	}
	value := regexp.MustCompile(`enumeration value="([^"]*)"`)
	for kind, of := range map[string]string{"SexCodeType": "sex", "RaceCodeType": "race", "EyeColorCodeType": "eyes", "HairColorCodeType": "hair", "PlaceCodeType": "place", "ServiceMethodCodeType": "service.by"} {
		_, after, _ := strings.Cut(string(raw), `simpleType name="`+kind+`"`)
		body, _, found := strings.Cut(after, "</xs:simpleType>")
		codes := value.FindAllStringSubmatch(body, -1)
		if !found || len(codes) < 3 {
			t.Fatalf("%s: %d codes", kind, len(codes))
		}
		for _, c := range codes {
			for _, l := range []Language{English, Spanish} {
				if w.of[l][of+"."+c[1]] == "" && !(c[1] == "U" || c[1] == "unknown" || c[1] == "XXX") {
					t.Errorf("%s.%s has no word in %s", of, c[1], l)
				}
			}
		}
	}
}

// What is read aloud names nobody's whereabouts.
func TestAloudNamesNoWhereabouts(t *testing.T) {
	t.Parallel()
	w := words(t)
	o := order.Order{Terms: order.Terms{StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlaceSchool, Text: "Quarry Lane School"}}}}}, Expiry: order.Expiry{Basis: order.ExpiryPermanent}}
	for _, l := range []Language{English, Spanish} {
		if text := fmt.Sprint(w.Aloud(o, l)); strings.Contains(text, "Quarry") || !strings.Contains(text, "100") {
			t.Error(text)
		}
	}
	if o.Terms.StayAway[0].Places[0].Text == "" {
		t.Error("the order itself was changed")
	}
	if text := fmt.Sprint(w.Glance(o, Standing{}, English)); !strings.Contains(text, "Quarry") {
		t.Error(text)
	}
}

func TestTheTableIsJudged(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]string{
		"twice": "a\tx\ty\t\na\tx\ty\t", "no Spanish": "a\tx\t\t", "too short": "a\tx\ty", "other places": "a\t{day}\t{days}\t", "one place lost": "a\t{day} {time}\t{day}\t",
	} {
		if _, err := parse("id\tenglish\tspanish\tsource\n" + row); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if w, err := parse("id\tenglish\tspanish\tsource\na\t{day}, {time}\ta las {time} del {day}\t"); err != nil || w.Say(Spanish, "a") != "a las {time} del {day}" || w.Say("fr", "x.b") != "b" {
		t.Error(err)
	}
}

package forms

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"ccpor/mapping/calendar"
	"ccpor/mapping/order"
)

func load(t testing.TB) *Table {
	t.Helper()
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// parse reads a table of one file.
func parse(text string) (*Table, error) {
	return Read(fstest.MapFS{"data/one.json": {Data: []byte(text)}})
}

func date(t testing.TB, s string) order.Date {
	t.Helper()
	d, err := order.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFind(t *testing.T) {
	t.Parallel()
	table := load(t)
	f, err := table.Find("CR-160", date(t, "2005-01-01"))
	if err != nil || f.Designator != "CPO" || f.ProtectedMin != 1 || !f.HasStage(order.StagePreTrial) || f.HasStage(order.StageEmergency) {
		t.Errorf("the seed's form: %+v, %v", f, err)
	}
	if got := f.Order(order.Terms{}); got.Number != "CR-160" || got.Family != "CPO" || got.Designator != "CPO" || got.Revision != f.Revision || got.Title != f.Title {
		t.Errorf("as an order carries it: %+v", got)
	}
	var unknown *UnknownError
	if _, err := table.Find("CR-160", date(t, "2005-01-02")); !errors.As(err, &unknown) || len(unknown.Known) != 2 || !strings.Contains(err.Error(), "2019-01-22") {
		t.Errorf("an unknown revision: %v", err)
	}
	if _, err := table.Find("CR-999", date(t, "2005-01-01")); !errors.As(err, &unknown) || len(unknown.Known) != 0 || !strings.Contains(err.Error(), "CR-999") {
		t.Errorf("an unknown form: %v", err)
	}
	if _, err := table.Find("DV-200", order.Date{}); err == nil {
		t.Error("a proof of service was found as the form of an order")
	}
}

func TestProof(t *testing.T) {
	t.Parallel()
	table := load(t)
	for number, title := range map[string]string{"DV-200": "Personal", "DV-250": "Mail", "": "officer"} {
		if f, err := table.Proof(number); err != nil || !strings.Contains(f.Title, title) {
			t.Errorf("proof %q: %+v, %v", number, f, err)
		}
	}
	for _, number := range []string{"CR-160", "DV-999"} {
		if _, err := table.Proof(number); err == nil {
			t.Errorf("%s was found as a proof", number)
		}
	}
}

// A new form is a row of data: nothing else here knows it.
const madeUp = `{"edition": "2026-11-22",
 "expiry": [{"id": "XX-1Y", "kind": "yearsFromIssue", "years": 1, "text": "one year", "citation": "made up", "source": "made up", "confidence": "stated"}],
 "forms": [{"number": "XX-110", "revision": "2027-01-01", "kind": "order", "family": "XX", "designator": "TXX", "title": "Made-up Order",
  "stages": ["temporary"], "protectedMin": 0, "expiry": "XX-1Y", "max": {"years": 2, "citation": "made up"}, "source": "made up", "confidence": "stated"}]}`

func TestNewFormIsData(t *testing.T) {
	t.Parallel()
	table, err := parse(madeUp)
	if err != nil {
		t.Fatal(err)
	}
	f, err := table.Find("XX-110", date(t, "2027-01-01"))
	if err != nil || f.Family != "XX" {
		t.Fatalf("%+v, %v", f, err)
	}
	rule, ok := table.Expiry(f.Expiry)
	if !ok {
		t.Fatal("no expiry rule")
	}
	e, ok := rule.Default(&order.Order{Issued: date(t, "2027-02-28")}, nil)
	if !ok || e.Date.String() != "2028-02-28" || e.Rule != "XX-1Y" || e.Basis != order.ExpiryDefault {
		t.Errorf("expiry: %+v", e)
	}
	if d, ok := f.Max.Latest(date(t, "2027-02-28")); !ok || d.String() != "2029-02-28" {
		t.Errorf("longest duration: %v, %v", d, ok)
	}
}

func TestRefusedTables(t *testing.T) {
	t.Parallel()
	for name, swap := range map[string][2]string{
		"no edition":         {`"edition": "2026-11-22"`, `"edition": ""`},
		"unknown field":      {`"protectedMin"`, `"protected"`},
		"unknown petitioner": {`"protectedMin": 0`, `"protectedMin": 0, "petitioners": ["cat"]`},
		"nobody can ask":     {`"protectedMin": 0`, `"protectedMin": 0, "needsPetitioner": true`},
		"unknown clause":     {`"protectedMin": 0`, `"protectedMin": 0, "clauses": ["tea"]`},
		"unknown access":     {`"protectedMin": 0`, `"protectedMin": 0, "access": "normal"`},
		"days uncounted":     {`"years": 1,`, `"years": 1, "days": 1,`},
		"unknown stage":      {`"temporary"`, `"later"`},
		"no stage":           {`["temporary"]`, `[]`},
		"no such rule":       {`"expiry": "XX-1Y"`, `"expiry": "XX-2Y"`},
		"designator":         {`"TXX"`, `"Txx"`},
		"long designator":    {`"TXX"`, `"TXXX"`},
		"no title":           {`"Made-up Order"`, `""`},
		"no family":          {`"family": "XX"`, `"family": ""`},
		"no source":          {`"made up", "confidence": "stated"}]}`, `"", "confidence": "stated"}]}`},
		"confidence":         {`"confidence": "stated"}]}`, `"confidence": "sure"}]}`},
		"kind":               {`"kind": "order"`, `"kind": "paper"`},
		"rule kind":          {`"yearsFromIssue"`, `"someday"`},
		"rule years":         {`"years": 1,`, `"years": 0,`},
		"rule citation":      {`"citation": "made up", "source"`, `"citation": "", "source"`},
		"no citation of max": {`"years": 2, "citation": "made up"`, `"years": 2, "citation": ""`},
		"negative":           {`"years": 2`, `"years": -2`},
		"revision":           {`"revision": "2027-01-01"`, `"revision": "2027-02-30"`},
		"window":             {`"kind": "order"`, `"until": "2026-01-01", "kind": "order"`},
		"json":               {`]}`, ``},
	} {
		if !strings.Contains(madeUp, swap[0]) {
			t.Fatalf("%s: nothing to break", name)
		}
		if _, err := parse(strings.Replace(madeUp, swap[0], swap[1], 1)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	row := madeUp[strings.Index(madeUp, `{"number"`):strings.LastIndex(madeUp, "]}")]
	older := strings.Replace(row, "2027-01-01", "2026-01-01", 1)
	proof := `{"number": "XX-110", "kind": "proof", "title": "Proof", "methods": ["mail"], "source": "x", "confidence": "stated"}`
	for name, more := range map[string]string{
		"twice": row, "older after newer": older, "newer beside one in use": strings.Replace(row, "2027", "2028", 1),
		"a proof twice":         strings.Replace(proof, "XX-110", "XX-200", 1) + "," + strings.Replace(proof, "XX-110", "XX-200", 1),
		"a change for nothing":  `{"number": "XX-116", "kind": "change", "family": "XX", "title": "Change", "source": "x", "confidence": "stated"}`,
		"a change by magic":     `{"number": "XX-116", "kind": "change", "family": "XX", "title": "Change", "reasons": ["magic"], "source": "x", "confidence": "stated"}`,
		"an end by magic":       `{"number": "XX-116", "kind": "change", "family": "XX", "title": "Change", "ends": ["magic"], "source": "x", "confidence": "stated"}`,
		"proof without methods": strings.NewReplacer("XX-110", "XX-200", `["mail"]`, "[]").Replace(proof),
		"proof by magic":        strings.NewReplacer("XX-110", "XX-200", "mail", "magic").Replace(proof),
	} {
		if _, err := parse(strings.Replace(madeUp, row, row+","+more, 1)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := parse(strings.Replace(madeUp, row, row+","+strings.Replace(proof, "XX-110", "XX-200", 1), 1)); err != nil {
		t.Errorf("a second form: %v", err)
	}
}

func TestDefaultExpiry(t *testing.T) {
	t.Parallel()
	table := load(t)
	c, err := calendar.Load()
	if err != nil {
		t.Fatal(err)
	}
	hearings := []order.Hearing{
		{Purpose: order.HearingNext, Date: date(t, "2026-07-20")},
		{Purpose: order.HearingNext, Date: date(t, "2026-06-22")},
		{Purpose: order.HearingHeard, Date: date(t, "2026-05-30")},
	}
	for _, x := range []struct {
		rule     string
		hearings []order.Hearing
		day      string
		basis    order.ExpiryBasis
	}{
		{"CR160-3Y", nil, "2029-06-01", order.ExpiryDefault},
		{"DV130-3Y", hearings, "2029-05-30", order.ExpiryDefault},
		{"DV130-3Y", nil, "2029-06-01", order.ExpiryDefault},
		{"TRO-HEARING", hearings, "2026-06-22", order.ExpiryHearingEnd},
		{"TRO-HEARING", nil, "", ""},
		{"EPO-5-7", nil, "2026-06-08", order.ExpiryCourtDay},
		{"GV-21D", nil, "2026-06-22", order.ExpiryDefault},
		{"GV-1Y", hearings, "2027-05-30", order.ExpiryDefault},
		{"FOREIGN", nil, "", ""},
	} {
		rule, ok := table.Expiry(x.rule)
		if !ok {
			t.Fatalf("no rule %s", x.rule)
		}
		e, ok := rule.Default(&order.Order{Issued: date(t, "2026-06-01"), Hearings: x.hearings}, c)
		switch {
		case ok != (x.day != ""):
			t.Errorf("%s: found %v", x.rule, ok)
		case ok && (e.Date.String() != x.day || e.Basis != x.basis || e.Rule != x.rule):
			t.Errorf("%s: %+v on %v", x.rule, e, e.Date)
		}
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	f, err := load(t).Find("CR-160", date(t, "2005-01-01"))
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string]bool{"2004-12-31": false, "2005-01-01": true, "2019-01-21": true, "2019-01-22": false} {
		if f.InUse(date(t, day)) != want {
			t.Errorf("in use on %s: %v", day, !want)
		}
	}
}

// The designator of an elder-abuse order depends on what it is for.
func TestFinancialDesignator(t *testing.T) {
	t.Parallel()
	f, err := load(t).Find("EA-130", date(t, "2026-01-01"))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Order(order.Terms{}).Designator + f.Order(order.Terms{FinancialAbuseOnly: true}).Designator; got != "EAREAF" {
		t.Errorf("%s", got)
	}
}

// The table holds every form of the families that courts have.
func TestEveryFamilyIsThere(t *testing.T) {
	t.Parallel()
	table := load(t)
	known := map[string]bool{}
	for _, f := range table.Forms() {
		known[f.Number] = true
	}
	for _, number := range strings.Fields(`DV-110 DV-116 DV-130 DV-730 CH-110 CH-116 CH-130 CH-730 EA-110 EA-116 EA-130 EA-730 EPO-001 EPO-002 CR-160 CR-161 CR-162
		JV-250 JV-255 JV-265 SV-110 SV-116 SV-130 SV-730 WV-110 WV-116 WV-130 WV-730 GV-030 GV-110 GV-116 GV-130 GV-730 DV-600 DV-630
		CR-165 DV-400 CH-600 CH-630 EA-600 EA-630 SV-600 SV-630 WV-600 WV-630 GV-600 GV-630 DV-200 DV-250 CH-200 CH-250 EA-200 EA-250 GV-200 GV-250 SV-200 SV-250 WV-200 WV-250 CLETS-001`) {
		if !known[number] {
			t.Errorf("no form %s", number)
		}
	}
	if len(table.Rules()) < 10 {
		t.Errorf("%d expiry rules", len(table.Rules()))
	}
}

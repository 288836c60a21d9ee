package carpos

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
)

func overviewRegistered() Registered {
	c := overviewContext()
	c.FCN = "2320632500001"
	return Registered{Order: overviewOrder(), Context: c, Now: time.Date(2008, 1, 2, 3, 4, 0, 0, time.UTC)}
}

func beside(lines []Line) string {
	var b strings.Builder
	section := ""
	for _, l := range lines {
		if l.Section != section {
			section = l.Section
			fmt.Fprintf(&b, "%s\n", section)
		}
		fmt.Fprintf(&b, "  %s: %s\n    registry %q\n    CARPOS   %q\n", l.Label, l.Agreement, l.Registry, l.Carpos)
		if l.Note != "" {
			fmt.Fprintf(&b, "    %s\n", l.Note)
		}
	}
	return b.String()
}

// The form and the hit of the overview are two orders in many things: what a person sees of that.
func TestTheOverviewsHitBesideItsForm(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	r, err := d.ParseReply(overviewHit(t))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "overview-beside.txt", beside(d.SideBySide(overviewRegistered(), r.Hits[0])))
	golden(t, "overview-alone.txt", beside(d.Alone(r.Hits[0])))
	marked := map[string]bool{}
	for _, l := range d.SideBySide(overviewRegistered(), r.Hits[0]) {
		if l.Agreement.IsDifference() {
			marked[l.Field] = true
		}
	}
	for _, x := range d.Compare(overviewOrder(), overviewContext(), r.Hits[0]) {
		if x.Field != "request" && !marked[x.Field] {
			t.Errorf("%s differs, and no line says so", x.Field)
		}
	}
}

// hitOf prints a record as CARPOS would that had taken the transaction.
func recordOf(t *testing.T, d *Dictionary, changes ...string) Hit {
	t.Helper()
	r, err := d.ParseReply([]byte(hitsHead + printed(1, changes...)))
	if err != nil {
		t.Fatal(err)
	}
	return r.Hits[0]
}

func lineOf(t *testing.T, lines []Line, field string) Line {
	t.Helper()
	for _, l := range lines {
		if l.Field == field || field == "" && l.Label == "how the order stands" {
			return l
		}
	}
	t.Fatalf("no line for %s", field)
	return Line{}
}

func TestAgreements(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	born := date("1981-11-21")
	for name, tt := range map[string]struct {
		change  func(*Registered)
		print   []string
		field   string
		want    Agreement
		says    string // in the registry's value or the note
		notSays string
	}{
		"same":         {nil, nil, "NAM", Same, "JONES", ""},
		"accents":      {func(r *Registered) { r.Order.Restrained.Name = order.Name{Given: "José", Surname: "Núñez"} }, []string{"JONES,MARC", "NUNEZ,JOSE"}, "NAM", Otherwise, "Núñez, José", ""},
		"another name": {func(r *Registered) { r.Order.Restrained.Name = order.Name{Given: "José", Surname: "Núñez"} }, nil, "NAM", Differs, "Núñez, José", ""},
		"a name too long": {func(r *Registered) {
			r.Order.Restrained.Name = order.Name{Given: "Maximilian", Middle: "Bartholomew", Surname: "Featherstonehaugh"}
		}, []string{"JONES,MARC", "FEATHERSTONEHAUGH,MAXIMILIAN B"}, "NAM", Otherwise, "Bartholomew", ""},
		"a mark without a code": {func(r *Registered) { r.Order.Restrained.Marks = []string{"snake on the left arm"} }, nil, "SMT", Otherwise, "were left out", ""},
		"another mark":          {func(r *Registered) { r.Order.Restrained.Marks = []string{"snake on the left arm"} }, []string{"MIS/NO CONTACT.", "SMT/TAT L ARM\r\nMIS/NO CONTACT."}, "SMT", Differs, "snake", ""},
		"date of expiration":    {func(r *Registered) { e := date("2010-06-07"); r.Order.Expiry.Date = &e }, nil, "EXP", Differs, "06/07/2010", ""},
		"only in the registry":  {func(r *Registered) { r.Order.Court.Telephone = "7145550100" }, nil, "CTP", OnlyRegistry, "714-555-0100", ""},
		"only in CARPOS":        {nil, []string{"COURT CASE", "COURT PHONE NUMBER/(714) 935-7236\r\nCOURT CASE"}, "CTP", OnlyCarpos, "", ""},
		"CLETS-001":             {func(r *Registered) { r.Order.Restrained.Born = nil; r.Confidential = secretOf(born) }, nil, "DOB", Same, "not shown", "1981"},
		"CLETS-001 differs":     {func(r *Registered) { r.Order.Restrained.Born = nil; r.Confidential = secretOf(born.AddDays(1)) }, nil, "DOB", Differs, "not shown", "1981"},
		"withheld":              {func(r *Registered) { r.Withheld = []string{"OTH"} }, nil, "OTH", Differs, "withheld", "Street"},
		"not served":            {func(r *Registered) { r.Order.Service = order.ServiceNotServed }, nil, "", Same, "not served", ""},
		"served since": {func(r *Registered) {
			r.Order.Service = order.ServiceNotServed
			r.Services = []order.Service{{Date: born}}
		}, nil, "", Differs, "served", ""},
		"service on record": {func(r *Registered) {
			r.Order.Service = order.ServiceNotServed
			r.Services = []order.Service{{Date: born}}
		}, []string{"SVS/U", "SVS/S"}, "SVS", Same, "served", ""},
		"cancelled":             {func(r *Registered) { r.Cancelled = &order.Cancellation{Date: born, Reason: order.CancelTerminated} }, []string{"*** NOT SERVED", "*** CANCELLED"}, "", Same, "cancelled", ""},
		"its end not on record": {func(r *Registered) { r.Cancelled = &order.Cancellation{Date: born, Reason: order.CancelTerminated} }, nil, "CXD", OnlyRegistry, "11/21/1981", ""},
		"expired":               {func(r *Registered) { r.Now = time.Date(2009, 6, 8, 0, 0, 0, 0, time.UTC) }, []string{"*** NOT SERVED", "*** EXPIRED"}, "", Same, "expired", ""},
		"not yet expired":       {func(r *Registered) { r.Now = time.Date(2009, 6, 7, 23, 59, 0, 0, time.UTC) }, []string{"*** NOT SERVED", "*** EXPIRED"}, "", Differs, "served", ""},
		"a part not printed":    {nil, []string{"* * * * * ORDER INFORMATION * * * * *\r\n\r\nCTI/CA030013J\r\nORT/CPO\r\nPCO/01\r\nPCO/04\r\nSVS/U\r\n", ""}, "PCO", NotCompared, "without the part", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := overviewRegistered()
			if tt.change != nil {
				tt.change(&r)
			}
			l := lineOf(t, d.SideBySide(r, recordOf(t, d, tt.print...)), tt.field)
			if l.Agreement != tt.want || !strings.Contains(l.Registry+" "+l.Note, tt.says) {
				t.Errorf("%+v, want %s and %q", l, tt.want, tt.says)
			}
			if tt.notSays != "" && strings.Contains(l.Registry+l.Note, tt.notSays) {
				t.Errorf("%+v gives away %q", l, tt.notSays)
			}
		})
	}
}

func secretOf(born order.Date) *order.Confidential {
	return &order.Confidential{Restrained: &order.ConfidentialRestrained{Person: order.Person{Born: &born}}}
}

// Protected persons are compared by their names, in whatever order they are printed.
func TestProtectedPersonsBesideEachOther(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	r := overviewRegistered()
	born := date("1977-01-01")
	r.Order.Protected = []order.Protected{{Name: order.Name{Given: "Ann", Surname: "Smith"}, Person: order.Person{Sex: "F"}}, {Name: order.Name{Given: "Mary", Surname: "Smith"}, Person: order.Person{Born: &born}},
		{Name: order.Name{Given: "Zoë", Surname: "Smith"}}}
	var got []string
	for _, l := range d.SideBySide(r, recordOf(t, d)) {
		if strings.HasPrefix(l.Section, sectionProtected) {
			got = append(got, fmt.Sprintf("%s %s %s", l.Section, l.Field, l.Agreement))
		}
	}
	want := "Protected person 1 PPN same, Protected person 1 PSX same, Protected person 1 PRA only in CARPOS, Protected person 2 PPN same, Protected person 2 PPB same, Protected person 3 PPN only in the registry"
	if strings.Join(got, ", ") != want {
		t.Errorf("%s", strings.Join(got, ", "))
	}
}

// Whatever an order of the project is, a record of exactly what the hub enters differs from it in nothing.
func TestWhatWasEnteredDiffersInNothing(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	r := overviewRegistered()
	tx, _ := d.Enter(r.Order, r.Context)
	h := Hit{FCN: r.Context.FCN, ORI: tx.ORI, OCA: r.Context.OCA, Status: "SERVED", Fields: tx.Fields}
	for _, l := range d.SideBySide(r, h) {
		if l.Agreement.IsDifference() {
			t.Errorf("%+v", l)
		}
	}
}

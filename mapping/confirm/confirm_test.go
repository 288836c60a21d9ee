package confirm

import (
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/mapping/plain"
)

func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

func TestClocks(t *testing.T) {
	t.Parallel()
	all, err := LoadClocks()
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[Priority]time.Duration{"urgent": 10 * time.Minute, "routine": time.Hour} {
		if c, known := all.Of(p); !known || c.Within != want || !strings.Contains(c.Source, "NCIC") {
			t.Errorf("%s: %+v", p, c)
		}
	}
	const head = "priority\tname\tminutes\tsource\n"
	for name, rows := range map[string]string{"nothing": "", "no source": "a\tx\t1\t\n", "no minutes": "a\tx\tten\ty\n", "twice": "a\tx\t1\ty\na\tx\t2\ty\n", "falling": "a\tx\t2\ty\nb\tx\t1\ty\n", "none at all": "a\tx\t0\ty\n"} {
		if _, err := parseClocks(head + rows); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// What is left is never more than there is, and what is over is over.
func TestLeft(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]string{0: "0 seconds left", time.Second: "1 second left", 59 * time.Second: "59 seconds left", 90 * time.Second: "1 minute left", 10 * time.Minute: "10 minutes left", 3 * time.Hour: "3 hours left",
		-time.Millisecond: "0 seconds over", -time.Minute: "1 minute over", -50 * time.Hour: "2 days over"} {
		if got := Left(noon().Add(left), noon()); got != want {
			t.Errorf("%s: %s, want %s", left, got, want)
		}
	}
}

// A sheet that stands alone needs nothing beside it, escapes what courts write, and has lines to fill in by hand.
func TestPageStandsAlone(t *testing.T) {
	t.Parallel()
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	o := order.Order{ID: "o-1", Case: "06NF0886", Court: order.Court{ORI: "CA030013J", Name: "Court <script>"}, Issued: order.MakeDate(2026, 11, 1), Expiry: order.Expiry{Basis: order.ExpiryPermanent},
		Restrained: order.Restrained{Name: order.Name{Given: "Sam", Surname: "Quarry"}, CII: "A1", DriverLicense: &order.License{State: "CA", Number: "Z1"}}}
	f := Facts{Order: o, Standing: plain.Standing{Now: noon(), Served: true}, Version: 2, FCN: "2400000000209", Confirming: Agency{ORI: "CA0300000", Name: "Sheriff"}, Court: Agency{ORI: "CA030013J", Name: "Court", Contacts: []Contact{{Name: "Clerk", Telephone: "714"}}},
		Banner: []string{"From an offline pack"}}
	var b strings.Builder
	if err := s.Page(&b, "Order of a pack", f, f); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{"2400000000209", "06NF0886", "Sam Quarry", "A1", "CA Z1", "From an offline pack", "Signature", "No telephone number is registered", "Clerk", "Court &lt;script&gt;", "is not the official record", `class="leaf"`} {
		if !strings.Contains(page, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	for _, not := range []string{"<script", "<link", "src=", "http://", "https://", "url("} {
		if strings.Contains(page, not) {
			t.Errorf("it needs %s", not)
		}
	}
	over := f
	over.Standing.Cancelled = &order.Cancellation{Reason: order.CancelTerminated, Date: order.MakeDate(2026, 11, 2)}
	if html, err := s.Sheet(over); err != nil || !strings.Contains(string(html), "Do not confirm it.") {
		t.Errorf("%v %s", err, html)
	}
}

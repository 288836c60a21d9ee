package calendar

import (
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
)

func load(t testing.TB) *Calendar {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func date(t testing.TB, s string) order.Date {
	t.Helper()
	d, err := order.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The lists of 2021 to 2026 are those that superior courts published; 2006, 2010, 2011 and 2027 to 2028 are worked out by hand from the statute.
var golden = map[int]string{
	2006: "01-02 01-16 02-13 02-20 03-31 05-29 07-04 09-04 10-09 11-10 11-23 11-24 12-25",
	2010: "01-01 01-18 02-12 02-15 03-31 05-31 07-05 09-06 10-11 11-11 11-25 11-26 12-24 12-31",
	2011: "01-17 02-11 02-21 03-31 05-30 07-04 09-05 10-10 11-11 11-24 11-25 12-26",
	2021: "01-01 01-18 02-12 02-15 03-31 05-31 07-05 09-06 10-11 11-11 11-25 11-26 12-24 12-31",
	2022: "01-17 02-11 02-21 03-31 05-30 07-04 09-05 09-23 11-11 11-24 11-25 12-26",
	2023: "01-02 01-16 02-13 02-20 03-31 05-29 06-19 07-04 09-04 09-22 11-10 11-23 11-24 12-25",
	2024: "01-01 01-15 02-12 02-19 04-01 05-27 06-19 07-04 09-02 09-27 11-11 11-28 11-29 12-25",
	2025: "01-01 01-20 02-12 02-17 03-31 05-26 06-19 07-04 09-01 09-26 11-11 11-27 11-28 12-25",
	2026: "01-01 01-19 02-12 02-16 03-31 05-25 06-19 07-03 09-07 09-25 11-11 11-26 11-27 12-25",
	2027: "01-01 01-18 02-12 02-15 03-31 05-31 06-18 07-05 09-06 09-24 11-11 11-25 11-26 12-24 12-31",
	2028: "01-17 02-11 02-21 03-31 05-29 06-19 07-04 09-04 09-22 11-10 11-23 11-24 12-25",
}

func TestGoldenYears(t *testing.T) {
	t.Parallel()
	c := load(t)
	for year, want := range golden {
		var got []string
		for d := order.MakeDate(year, 1, 1); d.Year() == year; d = d.AddDays(1) {
			if _, ok := c.Holiday(d); ok {
				got = append(got, d.String()[5:])
			}
			if d.Weekday() != time.Saturday && d.Weekday() != time.Sunday {
				if _, ok := c.Holiday(d); ok == c.IsCourtDay(d) {
					t.Errorf("%v: holiday %v and court day %v", d, ok, c.IsCourtDay(d))
				}
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%d:\n got %s\nwant %s", year, s, want)
		}
	}
}

func TestNoHolidayOnWeekend(t *testing.T) {
	t.Parallel()
	c := load(t)
	for d := order.MakeDate(2005, 1, 1); c.Covers(d); d = d.AddDays(1) {
		_, holiday := c.Holiday(d)
		weekend := d.Weekday() == time.Saturday || d.Weekday() == time.Sunday
		if holiday && weekend || weekend && c.IsCourtDay(d) {
			t.Errorf("%v: holiday %v, court day %v", d, holiday, c.IsCourtDay(d))
		}
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, x := range []struct{ issued, due string }{
		{"2006-06-07", "2006-06-08T23:59:59-07:00"}, // Wednesday
		{"2026-11-20", "2026-11-23T23:59:59-08:00"}, // Friday
		{"2026-11-25", "2026-11-30T23:59:59-08:00"}, // before Thanksgiving
		{"2024-03-29", "2024-04-02T23:59:59-07:00"}, // Cesar Chavez Day kept on Monday
		{"2021-12-30", "2022-01-03T23:59:59-08:00"}, // New Year's Day kept in the old year
		{"2025-03-07", "2025-03-10T23:59:59-07:00"}, // the clocks change in between
	} {
		d := c.Deadline(date(t, x.issued))
		if got := d.Due.Format(time.RFC3339); got != x.due || d.Rule == "" || d.Citation == "" {
			t.Errorf("issued %s: due %s by %q, want %s", x.issued, got, d.Rule, x.due)
		}
	}
}

// A court's own closures move its deadlines, and nobody else's.
func TestClosing(t *testing.T) {
	t.Parallel()
	c := load(t)
	closed := c.Closing(date(t, "2026-11-23"), date(t, "2026-11-24")).Closing(date(t, "2026-11-25"))
	for _, x := range []struct {
		of          *Calendar
		issued, due string
	}{
		{c, "2026-11-20", "2026-11-23T23:59:59-08:00"},      // Friday
		{closed, "2026-11-20", "2026-11-30T23:59:59-08:00"}, // over three closed days and Thanksgiving
		{closed, "2026-11-19", "2026-11-20T23:59:59-08:00"},
		{closed, "2026-11-30", "2026-12-01T23:59:59-08:00"},
	} {
		if got := x.of.Deadline(date(t, x.issued)).Due.Format(time.RFC3339); got != x.due {
			t.Errorf("issued %s: due %s, want %s", x.issued, got, x.due)
		}
	}
	if c.IsCourtDay(date(t, "2026-11-24")) == closed.IsCourtDay(date(t, "2026-11-24")) {
		t.Error("the closed day is as every other")
	}
}

func TestEmergencyExpiry(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, x := range []struct{ issued, day, time string }{
		{"2026-06-01", "2026-06-08", "17:00"}, // Monday: fifth court day and seventh day are one
		{"2026-06-06", "2026-06-12", "17:00"}, // Saturday: the fifth court day is earlier
		{"2026-06-15", "2026-06-22", ""},      // Juneteenth moves the fifth court day past the seventh day
		{"2026-11-21", "2026-11-28", ""},      // Saturday before Thanksgiving
	} {
		d, tod := c.EmergencyExpiry(date(t, x.issued))
		got := ""
		if tod != nil {
			got = tod.String()
		}
		if d.String() != x.day || got != x.time {
			t.Errorf("issued %s: ends %v %s, want %s %s", x.issued, d, got, x.day, x.time)
		}
	}
}

func TestAddCourtDays(t *testing.T) {
	t.Parallel()
	c := load(t)
	d := date(t, "2026-11-25")
	if got := c.AddCourtDays(d, 0); got != d {
		t.Errorf("no days later: %v", got)
	}
	if got := c.AddCourtDays(d, 2); got.String() != "2026-12-01" {
		t.Errorf("two court days later: %v", got)
	}
}

func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	good := "# covers: 2005 2032\nDay\t01-01\t\t\tcite\tstated\n"
	if err := new(Calendar).read(good); err != nil {
		t.Fatalf("a good file: %v", err)
	}
	for _, bad := range []string{
		"", "# covers: 2005 2032", "Day\t01-01\t\t\tcite\tstated", "# covers: x\n", "# covers: 2032 2005\nDay\t01-01\t\t\tcite\tstated",
		strings.Replace(good, "01-01", "13-01", 1), strings.Replace(good, "01-01", "02-30", 1), strings.Replace(good, "01-01", "6 Monday 01", 1),
		strings.Replace(good, "01-01", "1 Sunday 01", 1), strings.Replace(good, "01-01", "1 Monday 13", 1), strings.Replace(good, "01-01", "1 Monday", 1),
		strings.Replace(good, "01-01", "x Monday 01 +1", 1), strings.Replace(good, "01-01", "01-01 +x", 1), strings.Replace(good, "cite", "", 1),
		strings.Replace(good, "\tstated", "", 1), strings.Replace(good, "01-01\t", "01-01\tx", 1), strings.Replace(good, "\t\tcite", "\tx\tcite", 1),
	} {
		if new(Calendar).read(bad) == nil {
			t.Errorf("taken: %q", bad)
		}
	}
}

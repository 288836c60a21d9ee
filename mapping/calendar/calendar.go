// Package calendar knows the days on which the California courts are open, and the deadlines that are counted in them.
//
// The judicial holidays are rules in an embedded file (holidays.tsv) with source, years and confidence; a holiday on a
// Saturday is kept on the Friday before, one on a Sunday on the Monday after (Cal. Rules of Court, rule 1.11). Days are pure dates; only Deadline gives a
// moment, in the time of Los Angeles, whose rules travel with the program.
//
// Closures of single courts are said by whoever knows them: Closing gives the calendar of such a court. The package refuses to guess a day that its file does not cover: Covers tells.
package calendar

import (
	_ "embed"
	"fmt"
	"slices"
	"time"
	_ "time/tzdata" // the time of Los Angeles must not depend on the machine

	"ccpor/mapping/order"
)

//go:embed holidays.tsv
var file string

// Calendar is the courts' calendar. It never changes and is shared by goroutines.
type Calendar struct {
	holidays    []holiday
	first, last int // years covered
	pacific     *time.Location
	closed      []order.Date // of one court
}

// Closing is the calendar of a court that is closed on these days, too.
func (c *Calendar) Closing(days ...order.Date) *Calendar {
	of := *c
	of.closed = slices.Concat(c.closed, days)
	return &of
}

// Load reads the embedded calendar.
func Load() (*Calendar, error) {
	pacific, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		return nil, fmt.Errorf("the courts' time zone: %w", err)
	}
	c := &Calendar{pacific: pacific}
	if err := c.read(file); err != nil {
		return nil, fmt.Errorf("holidays.tsv: %w", err)
	}
	return c, nil
}

// Pacific is the courts' time zone.
func (c *Calendar) Pacific() *time.Location { return c.pacific }

// Covers says whether the holidays of the day's year are known. Other years are counted by the same rules, as an estimate.
func (c *Calendar) Covers(d order.Date) bool { return d.Year() >= c.first && d.Year() <= c.last }

// Holiday is the name of the judicial holiday that the courts keep on this day, if there is one.
func (c *Calendar) Holiday(d order.Date) (name string, ok bool) {
	for _, h := range c.holidays {
		for year := d.Year(); year <= d.Year()+1; year++ { // New Year's Day may be kept in the year before
			if day, ok := h.kept(year); ok && day == d {
				return h.name, true
			}
		}
	}
	return "", false
}

// IsCourtDay says whether the courts are open: neither Saturday nor Sunday nor judicial holiday, nor a day on which this calendar's court is closed.
func (c *Calendar) IsCourtDay(d order.Date) bool {
	if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
		return false
	}
	if slices.Contains(c.closed, d) {
		return false
	}
	_, holiday := c.Holiday(d)
	return !holiday
}

// NextCourtDay is the first court day after d.
func (c *Calendar) NextCourtDay(d order.Date) order.Date {
	for d = d.AddDays(1); !c.IsCourtDay(d); {
		d = d.AddDays(1)
	}
	return d
}

// AddCourtDays is the n-th court day after d, and d itself for n of zero or less.
func (c *Calendar) AddCourtDays(d order.Date, n int) order.Date {
	for ; n > 0; n-- {
		d = c.NextCourtDay(d)
	}
	return d
}

// Deadline is the moment until which something is due, and why.
type Deadline struct {
	Due      time.Time
	Rule     string
	Citation string
}

// Deadline is when an order must have reached CARPOS: one business day from issuance, taken as the end of the first court day after it.
func (c *Calendar) Deadline(issued order.Date) Deadline {
	d := c.NextCourtDay(issued)
	return Deadline{
		Due:      time.Date(d.Year(), d.Month(), d.Day(), 23, 59, 59, 0, c.pacific),
		Rule:     ruleOneBusinessDay,
		Citation: citationOneBusinessDay,
	}
}

// closeOfBusiness is when EPO-001 says that an order of a fifth court day ends.
const closeOfBusiness = order.TimeOfDay(17 * 60)

// EmergencyExpiry is the end of an emergency protective order: the earlier of the close of judicial business (5 p.m.) on the fifth court day and the
// end of the seventh calendar day after issuance (Fam. Code 6256). The time is nil at the end of a day.
func (c *Calendar) EmergencyExpiry(issued order.Date) (order.Date, *order.TimeOfDay) {
	fifth, seventh := c.AddCourtDays(issued, 5), issued.AddDays(7)
	if seventh.Before(fifth) {
		return seventh, nil
	}
	t := closeOfBusiness
	return fifth, &t
}

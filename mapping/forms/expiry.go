package forms

import (
	"ccpor/mapping/calendar"
	"ccpor/mapping/order"
)

// ExpiryKind is how a default expiry is found.
type ExpiryKind string

// The kinds of default expiry.
const (
	FromIssue     ExpiryKind = "yearsFromIssue"   // Years after the day of issue
	FromHearing   ExpiryKind = "yearsFromHearing" // Years after the hearing at which the order was made; from the issue where none is named
	DaysFromIssue ExpiryKind = "daysFromIssue"    // Days after the day of issue
	HearingEnd    ExpiryKind = "hearingEnd"       // with the first hearing to come
	Emergency     ExpiryKind = "emergency"        // the emergency protective order's court-day rule
	AsWritten     ExpiryKind = "asWritten"        // there is no default
)

var expiryKinds = []ExpiryKind{FromIssue, FromHearing, DaysFromIssue, HearingEnd, Emergency, AsWritten}

// ExpiryRule says when an order ends whose form names no date.
type ExpiryRule struct {
	ID         string     `json:"id"`
	Kind       ExpiryKind `json:"kind"`
	Years      int        `json:"years"`
	Days       int        `json:"days"`
	Text       string     `json:"text"`
	Citation   string     `json:"citation"`
	Source     string     `json:"source"`
	Confidence string     `json:"confidence"`
}

// Default is the expiry that the rule gives to an order without one. It is false when the order lacks what the rule counts from.
func (r ExpiryRule) Default(o *order.Order, c *calendar.Calendar) (order.Expiry, bool) {
	e := order.Expiry{Basis: order.ExpiryDefault, Rule: r.ID}
	switch r.Kind {
	case FromIssue:
		e.Date = later(o.Issued, r.Years)
	case FromHearing:
		from := o.Issued
		if h := hearing(o, order.HearingHeard); h != nil {
			from = h.Date
		}
		e.Date = later(from, r.Years)
	case DaysFromIssue:
		d := o.Issued.AddDays(r.Days)
		e.Date = &d
	case Emergency:
		d, t := c.EmergencyExpiry(o.Issued)
		e.Date, e.Time, e.Basis = &d, t, order.ExpiryCourtDay
	case HearingEnd:
		h := hearing(o, order.HearingNext)
		if h == nil {
			return order.Expiry{}, false
		}
		d := h.Date
		e.Date, e.Basis = &d, order.ExpiryHearingEnd
	default:
		return order.Expiry{}, false
	}
	return e, true
}

func later(d order.Date, years int) *order.Date {
	d = d.AddYears(years)
	return &d
}

// hearing is the order's earliest hearing of a purpose.
func hearing(o *order.Order, p order.HearingPurpose) *order.Hearing {
	var first *order.Hearing
	for i := range o.Hearings {
		h := &o.Hearings[i]
		if h.Purpose == p && (first == nil || h.Date.Before(first.Date)) {
			first = h
		}
	}
	return first
}

// Latest is the last day on which an order can end that was made, or made longer, on the day; false when there is no bound.
func (m Max) Latest(from order.Date) (order.Date, bool) {
	if m.Years == 0 && m.Days == 0 {
		return order.Date{}, false
	}
	return from.AddYears(m.Years).AddDays(m.Days), true
}

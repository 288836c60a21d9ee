package admin

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// windowRow is a window with the time that lasts or comes next.
type windowRow struct {
	ID               store.WindowID
	When, Next, Text string
	Under            bool
}

type windowForm struct{ Weekday, Day, From, Until, Text string }

type windowsView struct {
	Rows  []windowRow
	Form  windowForm
	Days  []site.Choice
	Wrong wrong
}

func (p *Pages) windowsPage(r *site.Request, f windowForm, w wrong, status int) (site.Answer, error) {
	all, err := p.Store.Windows(r.Context(), r.Now)
	if err != nil {
		return site.Answer{}, err
	}
	v := windowsView{Form: f, Wrong: w, Days: []site.Choice{{Name: "once, on the day below"}}}
	for d := time.Sunday; d <= time.Saturday; d++ {
		v.Days = append(v.Days, site.Choice{Value: d.String(), Name: "every " + d.String()})
	}
	for _, o := range store.Upcoming(all, r.Now, p.Zone) {
		when := o.Words(p.Zone)
		if o.Weekly {
			when = "Every " + when
		}
		v.Rows = append(v.Rows, windowRow{o.ID, when, store.Span(o.At, o.To, p.Zone), o.Text, o.Under(r.Now)})
	}
	return site.Answer{Page: "windows", Title: "Maintenance windows", Data: v, Status: status, Object: "windows"}, nil
}

func (p *Pages) windows(r *site.Request) (site.Answer, error) {
	return p.windowsPage(r, windowForm{}, nil, 0)
}

func (p *Pages) actOnWindows(r *site.Request) (site.Answer, error) {
	switch typed(r, "do") {
	case "add":
		return p.addWindow(r)
	case "remove":
		return p.removeWindow(r)
	}
	return site.Answer{}, notAnAct()
}

func (p *Pages) addWindow(r *site.Request) (site.Answer, error) {
	f := windowForm{typed(r, "weekday"), typed(r, "day"), typed(r, "from"), typed(r, "until"), typed(r, "text")}
	window, w := f.read(p.Zone)
	if len(w) == 0 && !window.Weekly && !window.Ends.After(r.Now) {
		w["day"] = "It is over already."
	}
	if len(w) == 0 {
		kept, err := p.Store.AddWindow(r.Context(), window, by(r), r.Now)
		if err == nil {
			return site.Answer{To: "/windows", Object: "window " + strconv.FormatInt(int64(kept.ID), 10)}, nil
		}
		var known bool
		if w, known = wrongWith(err); !known {
			return site.Answer{}, err
		}
	}
	return p.windowsPage(r, f, w, again)
}

// read reads what was typed. A single window that ends not after it begins ends on the day after.
func (f windowForm) read(zone *time.Location) (store.Window, wrong) {
	w := wrong{}
	from, err := order.ParseTimeOfDay(f.From)
	if err != nil {
		w["from"] = "A time is written as 18:00."
	}
	until := order.TimeOfDay(24 * 60)
	if f.Until != "24:00" {
		if until, err = order.ParseTimeOfDay(f.Until); err != nil {
			w["until"] = "A time is written as 21:00; 24:00 is the end of the day."
		}
	}
	if f.Weekday != "" {
		for d := time.Sunday; d <= time.Saturday; d++ {
			if d.String() == f.Weekday {
				return store.Window{Weekly: true, Weekday: d, From: from, Until: until, Text: f.Text}, w
			}
		}
		w["weekday"] = "Choose one of those."
	}
	day, err := order.ParseDate(f.Day)
	if err != nil {
		w["day"] = "A day is written as 2026-12-24."
	}
	last := day
	if until <= from {
		last = day.AddDays(1)
	}
	return store.Window{Starts: day.At(from, zone), Ends: last.At(until, zone), Text: f.Text}, w
}

func (p *Pages) removeWindow(r *site.Request) (site.Answer, error) {
	id, err := strconv.ParseInt(typed(r, "window"), 10, 64)
	if err != nil {
		return site.Answer{}, notAnAct()
	}
	_, err = p.Store.RemoveWindow(r.Context(), store.WindowID(id), by(r), r.Now)
	if errors.Is(err, store.ErrNotFound) {
		return site.Answer{}, moved("the maintenance windows")
	}
	return site.Answer{To: "/windows", Object: "window " + strconv.FormatInt(id, 10)}, err
}

// ahead is how long before its start a window is announced on every page.
const ahead = 48 * time.Hour

// WindowReader is where maintenance windows are read; *store.Reader is one.
type WindowReader interface {
	Windows(ctx context.Context, now time.Time) ([]store.Window, error)
}

// Notices are what site.Config wants to announce on every page: that a maintenance window lasts, or that one begins within two days.
func Notices(from WindowReader, zone *time.Location, now func() time.Time) func(context.Context) ([]site.Notice, error) {
	return func(ctx context.Context) ([]site.Notice, error) {
		at := now()
		all, err := from.Windows(ctx, at)
		if err != nil {
			return nil, err
		}
		return announced(store.Upcoming(all, at, zone), at, zone), nil
	}
}

func announced(windows []store.Occurrence, now time.Time, zone *time.Location) []site.Notice {
	var notices []site.Notice
	for _, o := range windows {
		switch {
		case o.Under(now):
			notices = append(notices, site.Notice{Urgent: true, Text: strings.TrimSpace("Maintenance until " + endOf(o, now, zone) + ": the exchange may be away at any moment. What it has received is safe. " + o.Text)})
		case o.At.Sub(now) <= ahead:
			notices = append(notices, site.Notice{Text: strings.TrimSpace("Maintenance: the exchange may be away on " + store.Span(o.At, o.To, zone) + ". " + o.Text)})
		}
	}
	return notices
}

// endOf says when a window ends that lasts: the time of day where that is today.
func endOf(o store.Occurrence, now time.Time, zone *time.Location) string {
	layout := "15:04 MST"
	if order.DateOf(o.To.In(zone)) != order.DateOf(now.In(zone)) {
		layout = "Monday 2 January 15:04 MST"
	}
	return o.To.In(zone).Format(layout)
}

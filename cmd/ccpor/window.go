package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

type windowCommand struct {
	List   windowListCommand   `cmd:"" default:"withargs" help:"List the maintenance windows, and when each lasts or comes next."`
	Add    windowAddCommand    `cmd:"" help:"Announce a window, every week or once. Courts read it in GetPolicy, people on every page."`
	Remove windowRemoveCommand `cmd:"" help:"Take a window back."`
}

// windowOut is a window as JSON, with the time that lasts or comes next.
type windowOut struct {
	Number store.WindowID `json:"window"`
	When   string         `json:"when"`
	Weekly bool           `json:"weekly"`
	Starts time.Time      `json:"starts"`
	Ends   time.Time      `json:"ends"`
	Text   string         `json:"text"`
}

// printWindow writes one line.
func (t *terminal) printWindow(o store.Occurrence) error {
	return t.print(windowOut{o.ID, o.Words(t.zone), o.Weekly, o.At, o.To, o.Text}, "%d  %s, next %s: %s\n", o.ID, o.Words(t.zone), t.moment(o.At), o.Text)
}

type windowListCommand struct {
	Database database `embed:""`
}

func (c *windowListCommand) Run(ctx context.Context, t *terminal) error {
	now := time.Now()
	return withStore(ctx, c.Database, func(s *store.Store) error {
		all, err := s.Windows(ctx, now)
		if err != nil {
			return err
		}
		next := store.Upcoming(all, now, t.zone)
		if len(next) == 0 {
			return t.say("No maintenance window is announced.\n")
		}
		for _, o := range next {
			if err := t.printWindow(o); err != nil {
				return err
			}
		}
		return nil
	})
}

type windowAddCommand struct {
	Database database `embed:""`
	person   `embed:""`

	Weekly string `help:"Every week on this day: sunday to saturday." placeholder:"DAY"`
	On     string `help:"Once, on this day, as 2026-11-27." placeholder:"DATE"`
	From   string `required:"" help:"When it begins, as 18:00, by the courts' clock." placeholder:"TIME"`
	Until  string `required:"" help:"When it ends; 24:00 is the end of the day. A single one that ends not after it begins ends on the day after." placeholder:"TIME"`
	Text   string `required:"" help:"A sentence for everybody."`
}

func (c *windowAddCommand) Run(ctx context.Context, t *terminal) error {
	by, err := c.by()
	if err != nil {
		return err
	}
	w, err := c.window(t.zone)
	if err != nil {
		return err
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		now := time.Now()
		kept, err := s.AddWindow(ctx, w, by, now)
		if err != nil {
			return err
		}
		for _, o := range store.Upcoming([]store.Window{kept}, now, t.zone) {
			return t.printWindow(o)
		}
		return t.say("It is over already: nobody is told.\n")
	})
}

// window reads what was given.
func (c *windowAddCommand) window(zone *time.Location) (store.Window, error) {
	if (c.Weekly == "") == (c.On == "") {
		return store.Window{}, errors.New("either --weekly DAY or --on DATE")
	}
	from, err := order.ParseTimeOfDay(c.From)
	if err != nil {
		return store.Window{}, fmt.Errorf("--from: %w", err)
	}
	until := order.TimeOfDay(24 * 60)
	if c.Until != "24:00" {
		if until, err = order.ParseTimeOfDay(c.Until); err != nil {
			return store.Window{}, fmt.Errorf("--until: %w", err)
		}
	}
	if c.Weekly != "" {
		day, err := weekdayOf(c.Weekly)
		return store.Window{Weekly: true, Weekday: day, From: from, Until: until, Text: c.Text}, err
	}
	day, err := order.ParseDate(c.On)
	if err != nil {
		return store.Window{}, fmt.Errorf("--on: %w", err)
	}
	last := day
	if until <= from {
		last = day.AddDays(1)
	}
	return store.Window{Starts: day.At(from, zone), Ends: last.At(until, zone), Text: c.Text}, nil
}

func weekdayOf(name string) (time.Weekday, error) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), name) {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%q is no day of the week", name)
}

type windowRemoveCommand struct {
	Database database `embed:""`
	person   `embed:""`

	Number store.WindowID `arg:"" help:"The window's number, as 'ccpor window' tells it."`
}

func (c *windowRemoveCommand) Run(ctx context.Context, t *terminal) error {
	by, err := c.by()
	if err != nil {
		return err
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		w, err := s.RemoveWindow(ctx, c.Number, by, time.Now())
		if err := missing(err, "there is no window %d", c.Number); err != nil {
			return err
		}
		return t.print(map[string]any{"removed": w.ID, "when": w.Words(t.zone)}, "%s is taken back.\n", w.Words(t.zone))
	})
}

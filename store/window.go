package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// WindowID is the hub's own number of a maintenance window.
type WindowID int64

// Window is a time in which the exchange may be away: every week, by the courts' clock, or once.
type Window struct {
	ID WindowID
	// Weekly says that it is every week on Weekday, from From until Until, which is 1440 at the end of the day.
	Weekly      bool
	Weekday     time.Weekday
	From, Until order.TimeOfDay
	// Starts and Ends are those of a window that is once.
	Starts, Ends time.Time
	// Text is a sentence for everybody, 1 to 200 characters.
	Text string
}

// longestWindow bounds a window that is once: a slip in the year must not announce an absence for ever.
const longestWindow = 7 * 24 * time.Hour

// check says what is wrong with it, as an *InputError.
func (w Window) check() error {
	switch {
	case !IsLine(w.Text, 1, 200):
		return &InputError{"text", "Say in 1 to 200 characters on one line what people should know."}
	case w.Weekly && (w.Weekday < time.Sunday || w.Weekday > time.Saturday):
		return &InputError{"weekday", "It is a day of the week."}
	case w.Weekly && (w.From < 0 || w.Until > 24*60 || w.Until <= w.From):
		return &InputError{"until", "It ends on the same day, after it begins."}
	case w.Weekly:
		return nil
	case w.Starts.IsZero() || !w.Ends.After(w.Starts):
		return &InputError{"ends", "It ends after it begins."}
	case w.Ends.Sub(w.Starts) > longestWindow:
		return &InputError{"ends", "A window is a week long at most."}
	}
	return nil
}

// Next is the time of the window that lasts at now or comes next; false: it is over for good. zone is the courts'.
func (w Window) Next(now time.Time, zone *time.Location) (starts, ends time.Time, ok bool) {
	if !w.Weekly {
		return w.Starts, w.Ends, now.Before(w.Ends)
	}
	day := order.DateOf(now.In(zone))
	for day.Weekday() != w.Weekday {
		day = day.AddDays(1)
	}
	if !now.Before(day.At(w.Until, zone)) {
		day = day.AddDays(7)
	}
	return day.At(w.From, zone), day.At(w.Until, zone), true
}

// Words say when it is: "Wednesday 18:00 to 21:00", by the courts' clock.
func (w Window) Words(zone *time.Location) string {
	if w.Weekly {
		return fmt.Sprintf("%s %s to %s", w.Weekday, w.From, w.Until)
	}
	return Span(w.Starts, w.Ends, zone)
}

// Span says from when to when something lasts: the day once where it is one.
func Span(starts, ends time.Time, zone *time.Location) string {
	starts, ends = starts.In(zone), ends.In(zone)
	layout := "2 January 2006 15:04 MST"
	if starts.Format(time.DateOnly) == ends.Format(time.DateOnly) {
		layout = "15:04 MST"
	}
	return starts.Format("Monday 2 January 2006 15:04") + " to " + ends.Format(layout)
}

// Occurrence is one time of a window.
type Occurrence struct {
	Window
	// At is when it begins, To when it ends.
	At, To time.Time
}

// Under says that it lasts.
func (o Occurrence) Under(now time.Time) bool { return !now.Before(o.At) && now.Before(o.To) }

// Upcoming is of each window the time that lasts or comes next, the earliest first. What is over for good is left out.
func Upcoming(windows []Window, now time.Time, zone *time.Location) []Occurrence {
	var next []Occurrence
	for _, w := range windows {
		if at, to, ok := w.Next(now, zone); ok {
			next = append(next, Occurrence{w, at, to})
		}
	}
	slices.SortStableFunc(next, func(a, b Occurrence) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return next
}

func scanWindow(row pgx.CollectableRow) (w Window, err error) {
	var weekday, from, until *int
	var starts, ends *time.Time
	if err = row.Scan(&w.ID, &weekday, &from, &until, &starts, &ends, &w.Text); err != nil {
		return w, err
	}
	if w.Weekly = weekday != nil; w.Weekly {
		w.Weekday, w.From, w.Until = time.Weekday(*weekday), order.TimeOfDay(*from), order.TimeOfDay(*until)
	}
	w.Starts, w.Ends = known(starts), known(ends)
	return w, nil
}

const windowColumns = "id, weekday, from_minute, until_minute, starts_at, ends_at, text"

// Windows are all maintenance windows but those that ended before a moment.
func (r *Reader) Windows(ctx context.Context, now time.Time) ([]Window, error) {
	return all(ctx, r.pool, scanWindow, "list the maintenance windows", "select "+windowColumns+" from maintenance_window where ends_at is null or ends_at > $1 order by id", now)
}

// AddWindow announces a window. *InputError.
func (s *Store) AddWindow(ctx context.Context, w Window, by By, now time.Time) (Window, error) {
	if err := w.check(); err != nil {
		return Window{}, err
	}
	var weekday, from, until, starts, ends any
	if w.Weekly {
		weekday, from, until = int(w.Weekday), int(w.From), int(w.Until)
	} else {
		starts, ends = w.Starts, w.Ends
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, "insert into maintenance_window (weekday, from_minute, until_minute, starts_at, ends_at, text) values ($1, $2, $3, $4, $5, $6) returning id",
			weekday, from, until, starts, ends, w.Text).Scan(&w.ID)
		if err != nil {
			return fmt.Errorf("announce a maintenance window: %w", err)
		}
		return note(ctx, tx, w.event(by, now, "announced"))
	})
	return w, err
}

// RemoveWindow takes a window back; the log keeps what it was. ErrNotFound.
func (s *Store) RemoveWindow(ctx context.Context, id WindowID, by By, now time.Time) (Window, error) {
	var w Window
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if w, err = one(ctx, tx, scanWindow, "take a maintenance window back", "delete from maintenance_window where id = $1 returning "+windowColumns, int64(id)); err != nil {
			return err
		}
		return note(ctx, tx, w.event(by, now, "taken back"))
	})
	return w, err
}

func (w Window) event(by By, now time.Time, outcome string) Event {
	return Event{At: now, Actor: by.Actor, Person: by.Person, Agency: by.Agency, Action: "window.set", Object: fmt.Sprintf("window %d", w.ID), Outcome: outcome,
		Details: w.Words(time.UTC) + map[bool]string{true: " by the courts' clock"}[w.Weekly] + ": " + strconv.Quote(w.Text)}
}

package store

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// Closure is a day on which a court is closed beside the judicial holidays.
type Closure struct {
	Agency order.ORI  `json:"agency"`
	Day    order.Date `json:"day"`
	// Name says why, in 1 to 100 characters.
	Name string `json:"name"`
}

// mostClosed is for how many days a closure is said at once: a slip in the year must not close a court for ever.
const mostClosed = 31

func scanClosure(row pgx.CollectableRow) (c Closure, err error) {
	var day time.Time
	err = row.Scan(&c.Agency, &day, &c.Name)
	c.Day = order.DateOf(day)
	return c, err
}

const closureColumns = "a.ori, c.day, c.name"

// ClosuresOf lists an agency's closures from a day on.
func (r *Reader) ClosuresOf(ctx context.Context, ori order.ORI, from order.Date) ([]Closure, error) {
	return all(ctx, r.pool, scanClosure, "list the closures",
		"select "+closureColumns+" from agency_closure c join agency a on a.id = c.agency_id where a.ori = $1 and c.day >= $2::date order by c.day", string(ori), from.String())
}

// CloseCourt says that a court is closed from the first day to the last, 31 days at most: deadlines of orders that come from now on are counted without these days. What is said of a day already is said
// anew. *InputErrors: among them for an agency that is no court; ErrNotFound.
func (s *Store) CloseCourt(ctx context.Context, ori order.ORI, first, last order.Date, name string, by By, now time.Time) error {
	switch {
	case first.IsZero() || last.IsZero() || last.Before(first):
		return &InputError{"last", "The last day is not before the first."}
	case first.AddDays(mostClosed - 1).Before(last):
		return &InputError{"last", fmt.Sprintf("At most %d days are said at once.", mostClosed)}
	case !IsLine(name, 1, 100):
		return &InputError{"name", "Say why in 1 to 100 characters on one line."}
	}
	err := s.onAgency(ctx, ori, by, now, func(tx pgx.Tx, a Agency) (agencyNote, error) {
		if a.Kind != KindCourt && a.Kind != KindTribalCourt {
			return agencyNote{}, &InputError{"first", "Only a court's closures count: deadlines are counted in court days."}
		}
		_, err := tx.Exec(ctx, `insert into agency_closure (agency_id, day, name) select $1, d, $4 from generate_series($2::date, $3::date, interval '1 day') d
			on conflict (agency_id, day) do update set name = excluded.name`, int64(a.ID), first.String(), last.String(), name)
		if err != nil {
			return agencyNote{}, fmt.Errorf("close a court: %w", err)
		}
		return agencyNote{"agency.closure", "closed", fmt.Sprintf("%s to %s: %s", first, last, strconv.Quote(name))}, nil
	})
	s.closures.forget()
	return err
}

// OpenCourt says that a court is open on a day after all. Deadlines that were given stay. ErrNotFound: it was not said to be closed.
func (s *Store) OpenCourt(ctx context.Context, ori order.ORI, day order.Date, by By, now time.Time) error {
	err := s.onAgency(ctx, ori, by, now, func(tx pgx.Tx, a Agency) (agencyNote, error) {
		c, err := one(ctx, tx, scanClosure, "open a court",
			"delete from agency_closure c using agency a where c.agency_id = $1 and c.day = $2::date and a.id = c.agency_id returning "+closureColumns, int64(a.ID), day.String())
		return agencyNote{"agency.closure", "open", day.String() + ": " + strconv.Quote(c.Name)}, err
	})
	s.closures.forget()
	return err
}

// Closed are the days on which the court with that ORI is closed beside the judicial holidays, in their order. Answers are kept for a few seconds.
func (s *Store) Closed(ctx context.Context, court order.ORI, now time.Time) ([]order.Date, error) {
	if days, ok := s.closures.get(court, now); ok {
		return days, nil
	}
	rows, err := all(ctx, s.pool, scanClosure, "read the closures", "select "+closureColumns+" from agency_closure c join agency a on a.id = c.agency_id order by c.day")
	if err != nil {
		return nil, err
	}
	s.closures.put(rows, now)
	days, _ := s.closures.get(court, now)
	return days, nil
}

// closures remembers all courts' closures for a few seconds: there are some dozens a year, and every package asks.
type closures struct {
	mu    sync.Mutex
	days  map[order.ORI][]order.Date // nil: nothing is remembered
	asked time.Time
}

func (c *closures) get(court order.ORI, now time.Time) ([]order.Date, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.days[court], c.days != nil && now.Sub(c.asked).Abs() < remembered
}

func (c *closures) put(rows []Closure, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.days, c.asked = map[order.ORI][]order.Date{}, now
	for _, r := range rows {
		c.days[r.Agency] = append(c.days[r.Agency], r.Day)
	}
}

func (c *closures) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.days = nil
}

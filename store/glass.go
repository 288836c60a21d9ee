package store

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ccpor/access"
	"ccpor/mapping/order"
)

// GlassID is the hub's own number of an opening.
type GlassID int64

// What breaking the glass is bound by: for how long an order is open, how often a day one person may do it, and how many characters a reason has. The database holds to the same.
const (
	GlassTime      = time.Hour
	GlassADay      = 10
	GlassReasonMin = 10
	GlassReasonMax = 300
)

// Breaking is that a person opens what the tables of package access forbid.
type Breaking struct {
	Person PersonID
	Actor  string
	// Agency is the person's own.
	Agency order.ORI
	Court  order.ORI
	// Asked is the court's own identification of the order, as the person gave it; empty where a case was named.
	Asked order.LocalID
	// Orders are what there is of it; none where there is nothing, which is on record like any other.
	Orders []order.LocalID
	Test   bool
	// Reason goes on record as the purpose: no name belongs into it.
	Reason string
	At     time.Time
	// Day is the day of At in the courts' zone: the bound of a day begins anew with it.
	Day order.Date
}

// Glass is what was opened.
type Glass struct {
	ID     GlassID
	Person PersonID
	Actor  string
	Agency order.ORI
	Court  order.ORI
	Orders []order.LocalID
	Reason string
	// OpenedAt and Until bound for how long it is open.
	OpenedAt, Until time.Time
	// SeenAt is when somebody of the agency had read of it, SeenBy who; zero: nobody has.
	SeenAt time.Time
	SeenBy string
}

// Errors of breaking the glass.
var (
	// ErrGlassADay says that the person has opened as much as one may in a day.
	ErrGlassADay = errors.New("nothing more can be opened today")
	// ErrGlassReason says that the reason is too short or too long.
	ErrGlassReason = errors.New("a reason has 10 to 300 characters")
)

// BreakGlass opens the orders to the person for GlassTime, in one transaction with an audit entry for each, which holds the reason, and with a letter to each administrator of the person's agency. ErrGlassADay,
// ErrGlassReason.
func (s *Store) BreakGlass(ctx context.Context, b Breaking) (g Glass, err error) {
	if n := utf8.RuneCountInString(b.Reason); n < GlassReasonMin || n > GlassReasonMax {
		return g, ErrGlassReason
	}
	for range GlassADay + 1 { // whoever does it several times at once gets one number each; each loss is to another number, and after the last there is none
		err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			if g, err = openGlass(ctx, tx, b); err != nil {
				return err
			}
			for _, e := range b.events() {
				if err := auditIn(ctx, tx, e); err != nil {
					return err
				}
			}
			return s.tellAdministrators(ctx, tx, b.Agency, LetterGlass)
		})
		if !violates(err, "glass_once") {
			break
		}
	}
	if violates(err, "glass_a_day") {
		return Glass{}, ErrGlassADay
	}
	if err != nil {
		return Glass{}, fmt.Errorf("open an order: %w", err)
	}
	return g, nil
}

func openGlass(ctx context.Context, tx pgx.Tx, b Breaking) (Glass, error) {
	ids := make([]string, len(b.Orders))
	for i, id := range b.Orders {
		ids[i] = string(id)
	}
	return one(ctx, tx, scanGlass, "open it", `insert into glass (person, actor, agency, court, local_ids, test, reason, opened_at, until, day, nth)
		select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10::date, 1 + (select coalesce(max(nth), 0) from glass where person = $1 and day = $10::date) returning `+glassColumns,
		int64(b.Person), b.Actor, string(b.Agency), string(b.Court), ids, b.Test, b.Reason, b.At, b.At.Add(GlassTime), day(&b.Day))
}

// events are an entry for each order that was opened, or one for that there was nothing.
func (b Breaking) events() []Event {
	e := Event{At: b.At, Actor: b.Actor, Action: "glass.break", Outcome: "opened", Person: b.Person, Agency: b.Agency, Purpose: b.Reason, Details: "by identification"}
	if b.Asked == "" {
		e.Details = "by case number"
	}
	if len(b.Orders) == 0 {
		e.Object, e.Outcome = "orders of "+string(b.Court), "nothing there"
		if b.Asked != "" {
			e.Object = OrderObject(b.Court, b.Asked)
		}
		return []Event{e}
	}
	var all []Event
	for _, id := range b.Orders {
		e.Object = OrderObject(b.Court, id)
		all = append(all, e)
	}
	return all
}

// OrderObject is an order as the audit log names it.
func OrderObject(court order.ORI, id order.LocalID) string {
	return "order " + string(court) + "/" + string(id)
}

func violates(err error, constraint string) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.ConstraintName == constraint
}

// Opened are the orders that are open to a person at a time.
func (r *Reader) Opened(ctx context.Context, p PersonID, now time.Time) ([]access.Opened, error) {
	return all(ctx, r.pool, func(row pgx.CollectableRow) (o access.Opened, err error) {
		err = row.Scan(&o.Court, &o.ID, &o.Until)
		o.Until = o.Until.UTC()
		return o, err
	}, "read what is open to a person", "select court, unnest(local_ids), until from glass where person = $1 and day >= $2::timestamptz::date - 2 and until > $2::timestamptz", int64(p), now)
}

const glassColumns = "id, person, actor, agency, court, local_ids, reason, opened_at, until, seen_at, seen_by"

func scanGlass(row pgx.CollectableRow) (g Glass, err error) {
	var seen *time.Time
	err = row.Scan(&g.ID, &g.Person, &g.Actor, &g.Agency, &g.Court, &g.Orders, &g.Reason, &g.OpenedAt, &g.Until, &seen, &g.SeenBy)
	g.OpenedAt, g.Until, g.SeenAt = g.OpenedAt.UTC(), g.Until.UTC(), known(seen)
	return g, err
}

// Glasses are what an agency's people opened, newest first; of all agencies where agency is empty. Before goes on with the list; 0 begins it.
func (r *Reader) Glasses(ctx context.Context, agency order.ORI, before GlassID, limit int) ([]Glass, error) {
	return all(ctx, r.pool, scanGlass, "read what was opened", "select "+glassColumns+" from glass where $1 in ('', agency) and ($2::bigint = 0 or id < $2) order by id desc limit $3",
		string(agency), int64(before), limit)
}

// GlassUnseen counts what an agency's people opened and nobody there has read of.
func (r *Reader) GlassUnseen(ctx context.Context, agency order.ORI) (int, error) {
	return one(ctx, r.pool, pgx.RowTo[int], "count what was opened", "select count(*)::int from glass where agency = $1 and seen_at is null", string(agency))
}

// SeeGlass says that a person has read of what the people of that person's agency opened, up to a number, in one transaction with its audit entry. Who, when and for which agency is said
// by the event. It returns of how many nobody had read before; of none there is no entry.
func (s *Store) SeeGlass(ctx context.Context, by Event, upTo GlassID) (seen int, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, "update glass set seen_at = $3, seen_by = $4 where agency = $1 and id <= $2 and seen_at is null", string(by.Agency), int64(upTo), by.At, by.Actor)
		if err != nil {
			return err
		}
		if seen = int(done.RowsAffected()); seen == 0 {
			return nil
		}
		by.Action, by.Object, by.Outcome = "glass.see", "openings of "+string(by.Agency), fmt.Sprintf("%d seen", seen)
		return auditIn(ctx, tx, by)
	})
	if err != nil {
		return 0, fmt.Errorf("say that openings were read of: %w", err)
	}
	return seen, nil
}

// auditIn writes an entry in a transaction.
func auditIn(ctx context.Context, tx pgx.Tx, e Event) error {
	_, err := tx.Exec(ctx, "insert into audit (at, actor, action, object, outcome, details, person, agency, purpose) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		e.At, e.Actor, e.Action, e.Object, e.Outcome, e.Details, int64(e.Person), string(e.Agency), e.Purpose)
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

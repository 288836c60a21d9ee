package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// Follow does what is due between orders that follow one another and the given one, which either follows or is followed: once CARPOS has both, the earlier
// one is cancelled there (profile section 4, rule 7), from the day on which the later one was made, unless it has expired by today or no longer stands.
// Whichever of the two is accepted last has a job for this; done twice, nothing happens the second time. An order that follows one which it does not fit
// cancels nothing, and becomes a task.
func (s *Store) Follow(ctx context.Context, id int64, today order.Date, at time.Time) error {
	pairs, err := all(ctx, s.pool, pgx.RowToStructByPos[pair], "find orders that follow one another", `
		select f.id, p.id from order_ f join order_ p on p.court = f.court and p.local_id = f.follows and p.test = f.test and p.id <> f.id
		where f.follows <> '' and f.id = $1 and f.entered and p.entered and p.cancelled_by is null
		union
		select f.id, p.id from order_ p join order_ f on f.court = p.court and f.follows = p.local_id and f.test = p.test and p.id <> f.id
		where f.follows <> '' and p.id = $1 and f.entered and p.entered and p.cancelled_by is null
		order by 1`, id)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return s.supersede(ctx, tx, p, today, at) }); err != nil {
			return fmt.Errorf("cancel what an order follows: %w", err)
		}
	}
	return nil
}

// pair is an order and the one that it follows.
type pair struct{ Later, Earlier int64 }

// standing is an order as it stands, with what is needed to end it.
type standing struct {
	id, addedBy, agency int64
	replayed            *time.Time // when it was first received, of a replay
	open, seq           int
	cancelled, test     bool
	tracking            order.Tracking
	agencyORI           order.ORI
	order               order.Order
}

// object names the order in the audit log.
func (o standing) object() string { return fmt.Sprintf("order %s/%s", o.order.Court.ORI, o.order.ID) }

func (s *Store) readStanding(ctx context.Context, tx pgx.Tx, id int64) (standing, error) {
	return one(ctx, tx, func(row pgx.CollectableRow) (o standing, err error) {
		var document sealed
		fields := []any{&o.id, &o.addedBy, &o.agency, &o.open, &o.seq, &o.cancelled, &o.test, &o.tracking, &o.agencyORI, &o.replayed}
		if err = row.Scan(append(fields, document.fields()...)...); err != nil {
			return o, err
		}
		return o, s.openInto(ctx, inVersion, document, &o.order)
	}, "read an order", `select o.id, o.added_by, o.agency_id, o.open, o.next_seq, o.cancelled_by is not null, o.test, s.tracking, a.ori, case when s.replay_of <> '' then s.received_at at time zone 'America/Los_Angeles' end,
			`+sealedBy("v.document", "v.submission_id")+`
		from order_ o join order_version v on v.order_id = o.id and v.version = o.version join submission s on s.id = o.added_by join agency a on a.id = o.agency_id
		where o.id = $1`, id)
}

// supersede locks the earlier order only, whose row alone it changes.
func (s *Store) supersede(ctx context.Context, tx pgx.Tx, p pair, today order.Date, at time.Time) error {
	if _, err := tx.Exec(ctx, "select from order_ where id = $1 for update", p.Earlier); err != nil {
		return err
	}
	earlier, err := s.readStanding(ctx, tx, p.Earlier)
	if err != nil {
		return err
	}
	later, err := s.readStanding(ctx, tx, p.Later)
	if err != nil {
		return err
	}
	if later.replayed != nil {
		today = order.DateOf(*later.replayed) // a replay is judged as of when the package was first received
	}
	ends := earlier.order.Expiry.Date
	switch {
	case earlier.cancelled, ends != nil && ends.Before(today):
		return nil
	case !fitsAfter(later.order, earlier.order):
		return openFollows(ctx, tx, s.opts.Hub, later, earlier, at)
	}
	return s.end(ctx, tx, later, earlier, at)
}

// fitsAfter says that an order can have taken the place of the earlier one: that was made for a time only, no later, and binds the same person.
func fitsAfter(later, earlier order.Order) bool {
	a, b := later.Restrained.Name, earlier.Restrained.Name
	return (earlier.Stage == order.StageTemporary || earlier.Stage == order.StageEmergency) && !later.Issued.Before(earlier.Issued) &&
		strings.EqualFold(a.Surname, b.Surname) && strings.EqualFold(a.Given, b.Given)
}

// openFollows leaves it to the court: it may have named another order than it meant.
func openFollows(ctx context.Context, tx pgx.Tx, hub string, later, earlier standing, at time.Time) error {
	tag, err := tx.Exec(ctx, `insert into task (order_id, kind, agency_id, opened_by, since) values ($1, 'follows', $2, $3, $4)
		on conflict (order_id, kind) where closed_at is null do nothing`, later.id, later.agency, later.addedBy, at)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	_, err = tx.Exec(ctx, "insert into audit (at, actor, action, object, outcome, details) values ($1, $2, 'order.follow', $3, 'left open', $4)",
		at, "hub "+hub, earlier.object(), "the order of submission "+string(later.tracking)+" does not fit as its successor")
	return err
}

// end writes the earlier order's cancellation and the transaction that tells CARPOS of it.
func (s *Store) end(ctx context.Context, tx pgx.Tx, later, earlier standing, at time.Time) error {
	document, err := sealJSON(ctx, s.safe, inCancellation, string(later.tracking), &order.Cancellation{
		Reference:  order.Reference{OrderID: earlier.order.ID, Court: earlier.order.Court.ORI, Case: earlier.order.Case},
		Restrained: earlier.order.Restrained.Name, Reason: order.CancelTerminated, Date: later.order.Issued, Judge: later.order.Judge,
	})
	if err != nil {
		return fmt.Errorf("write the cancellation: %w", err)
	}
	state := StateReady
	if earlier.open > 0 {
		state = StateWaiting
	}
	var number int64
	if err := tx.QueryRow(ctx, "select nextval('transmission_id')").Scan(&number); err != nil {
		return err
	}
	var b pgx.Batch
	b.Queue("insert into cancellation (submission_id, order_id, document, ends) values ($1, $2, $3::bytea, $4)", later.addedBy, earlier.id, document, day(&later.order.Issued))
	b.Queue("update order_ set cancelled_by = $2, next_seq = next_seq + 1, open = open + 1 where id = $1", earlier.id, later.addedBy)
	b.Queue(`insert into transmission (id, order_id, seq, submission_id, kind, state, test, retry_at, changed_at) values ($1, $2, $3, $4, 'XRR', $5, $6, $7, $7)`,
		number, earlier.id, earlier.seq, later.addedBy, string(state), earlier.test, at)
	b.Queue("insert into audit (at, actor, action, object, outcome, details, order_id) values ($1, $2, 'order.follow', $3, 'cancelled', $4, $5)",
		at, "hub "+s.opts.Hub, earlier.object(), "the order of submission "+string(later.tracking)+" follows it and is in CARPOS", earlier.id)
	if state == StateReady {
		if err := enqueue(ctx, s.jobs, &b, time.Time{}, TransmissionID(number)); err != nil {
			return err
		}
	}
	return tx.SendBatch(ctx, &b).Close()
}

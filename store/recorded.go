package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"ccpor/mapping/order"
)

// RecordedID is the hub's own number of a service that was recorded here.
type RecordedID int64

// Recording is that a person of a law-enforcement agency says that an order was served.
type Recording struct {
	// Order is the order as that person saw it.
	Order   FoundOrder
	Service order.Service
	Person  PersonID
	Actor   string
	// Agency is the person's own, whose officer served.
	Agency order.ORI
	At     time.Time
}

// ErrOrderChanged says that the order was changed or ended since it was read: whoever acts on it looks again.
var ErrOrderChanged = errors.New("the order has changed since it was read")

// RecordService keeps a service that was recorded, with the transmission that tells CARPOS (SRR), its job, the audit entry and the notice for the court, in one transaction. The transmission takes its place in
// the order's sequence, as that of a package would; of an order that does not go to CARPOS through this hub there is none. The very same service is kept once: the number of the first is given, and nothing
// else is done. Whether the order can be served is judged by whoever calls; ErrOrderChanged where that was judged by another version or before the court ended it. ErrNotFound: nobody knows the agency.
func (s *Store) RecordService(ctx context.Context, r Recording) (RecordedID, error) {
	document, err := json.Marshal(r.Service)
	if err != nil {
		return 0, fmt.Errorf("write a service: %w", err)
	}
	var id RecordedID
	err = s.transact(ctx, func(tx pgx.Tx) (err error) {
		id, err = s.recordService(ctx, tx, r, document)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("record a service: %w", err)
	}
	return id, nil
}

// serving is an order of which a service is recorded; its row is locked.
type serving struct {
	id, addedBy, agency int64
	tracking            order.Tracking
	version, open, seq  int
	entered, test, ends bool
	relay               string
	first               int64 // the number of the same service, recorded before; 0: it was not
	before              bool  // somebody has proved service before
}

func (s *Store) recordService(ctx context.Context, tx pgx.Tx, r Recording, document []byte) (RecordedID, error) {
	digest := sha256.Sum256(document)
	o, err := lockServing(ctx, tx, r, digest[:])
	switch {
	case err != nil:
		return 0, err
	case o.first != 0:
		return RecordedID(o.first), nil
	case o.version != r.Order.Version || o.ends != (r.Order.Cancelled != nil):
		return 0, ErrOrderChanged
	}
	var id int64
	if err := tx.QueryRow(ctx, "select nextval('recorded_id')").Scan(&id); err != nil {
		return 0, err
	}
	secret, err := s.seal(ctx, inRecorded, strconv.FormatInt(id, 10), document)
	if err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, "insert into recorded (id, order_id, agency_id, person, actor, document, digest, at) values ($1, $2, $3, $4, $5, $6::bytea, $7, $8)",
		id, o.id, o.agency, int64(r.Person), r.Actor, secret, digest[:], r.At); err != nil {
		return 0, err
	}
	return RecordedID(id), s.oweRecorded(ctx, tx, o, r, RecordedID(id), digest)
}

// lockServing locks the order, and then looks what is there of it: another officer may just have recorded the same.
func lockServing(ctx context.Context, tx pgx.Tx, r Recording, digest []byte) (serving, error) {
	if _, err := tx.Exec(ctx, "select from order_ where id = $1 for update", r.Order.key); err != nil {
		return serving{}, err
	}
	return one(ctx, tx, func(row pgx.CollectableRow) (o serving, err error) {
		err = row.Scan(&o.id, &o.addedBy, &o.agency, &o.tracking, &o.version, &o.open, &o.seq, &o.entered, &o.test, &o.ends, &o.relay, &o.first, &o.before)
		return o, err
	}, "lock the order", `select o.id, o.added_by, a.id, e.tracking, o.version, o.open, o.next_seq, o.entered, o.test, o.cancelled_by is not null, o.relay,
			coalesce((select w.id from recorded w where w.order_id = o.id and w.digest = $3), 0), `+isServed+`
		from order_ o join submission e on e.id = o.added_by join agency a on a.ori = $2 where o.id = $1`, r.Order.key, string(r.Agency), digest)
}

// oweRecorded writes what follows from a service that was recorded.
func (s *Store) oweRecorded(ctx context.Context, tx pgx.Tx, o serving, r Recording, id RecordedID, digest [32]byte) error {
	var b pgx.Batch
	state, owed := TransmissionState(""), "nothing is owed to CARPOS"
	if o.relay == relayOwed {
		var number TransmissionID
		if err := tx.QueryRow(ctx, "select nextval('transmission_id')").Scan(&number); err != nil {
			return err
		}
		state, owed = StateWaiting, fmt.Sprintf("transmission %d (SRR) of submission %s", number, o.tracking)
		if o.open == 0 && o.entered {
			state = StateReady
			if err := enqueue(ctx, s.jobs, &b, time.Time{}, number); err != nil {
				return err
			}
		}
		b.Queue("update order_ set next_seq = next_seq + 1, open = open + 1 where id = $1", o.id)
		b.Queue(`insert into transmission (id, order_id, seq, submission_id, kind, state, test, retry_at, changed_at, recorded_id) values ($1, $2, $3, $4, 'SRR', $5, $6, $7, $7, $8)`,
			int64(number), o.id, o.seq, o.addedBy, string(state), o.test, r.At, int64(id))
	}
	queueServed(&b, o.id)
	details := string(r.Service.Method) + ", " + owed + ", SHA-256 " + hex.EncodeToString(digest[:])
	if o.before {
		details = "served before, " + details
	}
	b.Queue("insert into audit (at, actor, action, object, outcome, details, person, agency, order_id) values ($1, $2, 'service.record', $3, 'recorded', $4, $5, $6, $7)",
		r.At, r.Actor, OrderObject(r.Order.Order.Court.ORI, r.Order.Order.ID), details, int64(r.Person), string(r.Agency), o.id)
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return err
	}
	return tellCourt(ctx, tx, s.jobs, o.id, "Law enforcement has recorded with the exchange that the order was served.", r.At)
}

// tellCourt writes a notice for the court that added the order, where it listens: its entry stands as before, with the news as its reason.
func tellCourt(ctx context.Context, tx pgx.Tx, jobs *river.Client[pgx.Tx], orderID int64, news string, at time.Time) error {
	agencies, err := all(ctx, tx, pgx.RowTo[int64], "tell the court", `
		insert into notice (agency_id, transmission_id, submission_id, state, reason, item, tries, at)
		select s.agency_id, t.id, s.id, t.state, $2, '', t.tries, $3 from order_ o join submission s on s.id = o.added_by join transmission t on t.order_id = o.id and t.seq = 1
		join listener l on l.agency_id = s.agency_id join agency a on a.id = l.agency_id where o.id = $1 and l.active and not a.no_callbacks
		returning agency_id`, orderID, news, at)
	if err != nil {
		return err
	}
	for _, id := range agencies {
		if _, err := jobs.InsertTx(ctx, tx, DeliverArgs{id}, &river.InsertOpts{Queue: NoticeQueue}); err != nil {
			return fmt.Errorf("enqueue a delivery: %w", err)
		}
	}
	return nil
}

// RecordedStatus is a service that was recorded here, and how it stands with CARPOS.
type RecordedStatus struct {
	Number RecordedID
	// Agency is whose officer served, Person who recorded it, as the audit log has it.
	Agency  order.ORI
	Person  string
	At      time.Time
	Service order.Service
	// Transmission is its SRR; nil where the order does not go to CARPOS through this hub.
	Transmission *TransmissionStatus
}

// readRecorded reads the services of an order that were recorded here.
func readRecorded(ctx context.Context, tx pgx.Tx, by safe, orderID int64) ([]RecordedStatus, error) {
	type owed struct {
		RecordedStatus
		transmission TransmissionID
	}
	found, err := all(ctx, tx, func(row pgx.CollectableRow) (w owed, err error) {
		var document sealed
		if err = row.Scan(append([]any{&w.Number, &w.Agency, &w.Person, &w.At, &w.transmission}, document.fields()...)...); err != nil {
			return w, err
		}
		w.At = w.At.UTC()
		return w, by.openInto(ctx, inRecorded, document, &w.Service)
	}, "read the recorded services", `select w.id, a.ori, w.actor, w.at, coalesce(t.id, 0), w.document, w.id::text from recorded w join agency a on a.id = w.agency_id
		left join transmission t on t.recorded_id = w.id where w.order_id = $1 order by w.id`, orderID)
	out := make([]RecordedStatus, len(found))
	for i, w := range found {
		out[i] = w.RecordedStatus
		if err != nil || w.transmission == 0 {
			continue
		}
		var t TransmissionStatus
		if t, err = one(ctx, tx, scanTransmission, "read a transmission", "select "+transmissionColumns+", t.retry_at, t.changed_at from transmission t join order_ o on o.id = t.order_id where t.id = $1", int64(w.transmission)); err != nil {
			continue
		}
		t.Attempts, err = readAttempts(ctx, tx, t.ID)
		out[i].Transmission = &t
	}
	return out, err
}

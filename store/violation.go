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

	"ccpor/mapping/order"
)

// Errors of a violation that is reported to CARPOS.
var (
	// ErrNotOwed says that the order does not go to CARPOS through this hub, so that no violation of it can.
	ErrNotOwed = errors.New("the order does not go to CARPOS through this hub")
	// ErrReported says that the agency's report of that number has been reported already and was not given up.
	ErrReported = errors.New("this report has been reported to CARPOS already")
)

// ReportViolation stores a violation that a person reports on behalf of an agency, with the transmission that tells CARPOS, its job and the audit entry, in one
// transaction. It goes in the order's sequence: behind everything that came for the order before. v.Agency must be registered (ErrNotFound otherwise, as for the
// tracking number). ErrNotOwed, ErrReported.
func (s *Store) ReportViolation(ctx context.Context, t order.Tracking, v order.Violation, who string, at time.Time) (TransmissionID, error) {
	var id TransmissionID
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		id, err = s.reportViolation(ctx, tx, t, v, who, at)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("report a violation: %w", err)
	}
	return id, nil
}

// violated is an order of which a violation is reported; its row is locked.
type violated struct {
	id, addedBy, agency int64
	tracking            string
	open, seq           int
	entered, test       bool
	relay               string
}

func (s *Store) reportViolation(ctx context.Context, tx pgx.Tx, t order.Tracking, v order.Violation, who string, at time.Time) (TransmissionID, error) {
	o, err := lockViolated(ctx, tx, t, v.Agency)
	switch {
	case err != nil:
		return 0, err
	case o.relay != relayOwed:
		return 0, ErrNotOwed
	}
	twice, err := one(ctx, tx, pgx.RowTo[bool], "look for the report", `select exists (select from violation w join transmission t on t.violation_id = w.id
		where w.order_id = $1 and w.agency_id = $2 and w.report = $3 and t.state <> 'given_up')`, o.id, o.agency, v.Report)
	switch {
	case err != nil:
		return 0, err
	case twice:
		return 0, ErrReported
	}
	return s.oweViolation(ctx, tx, o, v, who, at)
}

func lockViolated(ctx context.Context, tx pgx.Tx, t order.Tracking, agency order.ORI) (violated, error) {
	return one(ctx, tx, func(row pgx.CollectableRow) (o violated, err error) {
		err = row.Scan(&o.id, &o.addedBy, &o.agency, &o.tracking, &o.open, &o.seq, &o.entered, &o.test, &o.relay)
		return o, err
	}, "lock the order", `select o.id, o.added_by, a.id, e.tracking, o.open, o.next_seq, o.entered, o.test, o.relay
		from submission s join order_ o on o.id = s.order_id join submission e on e.id = o.added_by join agency a on a.ori = $2 where s.tracking = $1 for update of o`, string(t), string(agency))
}

// oweViolation writes the violation and what is owed to CARPOS for it.
func (s *Store) oweViolation(ctx context.Context, tx pgx.Tx, o violated, v order.Violation, who string, at time.Time) (TransmissionID, error) {
	document, err := json.Marshal(v)
	if err != nil {
		return 0, fmt.Errorf("write the violation: %w", err)
	}
	state := StateWaiting
	if o.open == 0 && o.entered {
		state = StateReady
	}
	var id TransmissionID
	if err := tx.QueryRow(ctx, "select nextval('transmission_id')").Scan(&id); err != nil {
		return 0, err
	}
	digest := sha256.Sum256(document)
	secret, err := s.seal(ctx, inViolation, strconv.FormatInt(int64(id), 10), document)
	if err != nil {
		return 0, err
	}
	var b pgx.Batch
	b.Queue("update order_ set next_seq = next_seq + 1, open = open + 1 where id = $1", o.id)
	b.Queue(`with w as (insert into violation (order_id, agency_id, report, document, person, at) values ($2, $9, $10, $11::bytea, $12, $7) returning id)
		insert into transmission (id, order_id, seq, submission_id, kind, state, test, retry_at, changed_at, violation_id) select $1, $2, $3, $4, 'VRR', $5, $6, $8, $7, id from w`,
		int64(id), o.id, o.seq, o.addedBy, string(state), o.test, at, at, o.agency, v.Report, secret, who)
	b.Queue("insert into audit (at, actor, action, object, outcome, details, order_id) values ($1, $2, 'violation.report', $3, $4, $5, $6)", at, who,
		fmt.Sprintf("transmission %d (VRR) of submission %s", id, o.tracking), string(state), "on behalf of "+string(v.Agency)+", SHA-256 "+hex.EncodeToString(digest[:]), o.id)
	if state == StateReady {
		if err := enqueue(ctx, s.jobs, &b, time.Time{}, id); err != nil {
			return 0, err
		}
	}
	return id, tx.SendBatch(ctx, &b).Close()
}

// readViolations reads what people of the hub reported to CARPOS of an order.
func readViolations(ctx context.Context, tx pgx.Tx, orderID int64) ([]ViolationStatus, error) {
	found, err := all(ctx, tx, func(row pgx.CollectableRow) (v ViolationStatus, err error) {
		var retry *time.Time
		err = row.Scan(append([]any{&v.Agency, &v.Report, &v.Person, &v.At}, append(v.Transmission.fields(), &retry, &v.Transmission.ChangedAt)...)...)
		v.At, v.Transmission.ChangedAt, v.Transmission.RetryAt = v.At.UTC(), v.Transmission.ChangedAt.UTC(), known(retry)
		return v, err
	}, "read the violations", "select a.ori, w.report, w.person, w.at, "+transmissionColumns+`, t.retry_at, t.changed_at
		from violation w join transmission t on t.violation_id = w.id join order_ o on o.id = w.order_id join agency a on a.id = w.agency_id where w.order_id = $1 order by t.seq`, orderID)
	for i := range found {
		if err == nil {
			found[i].Transmission.Attempts, err = readAttempts(ctx, tx, found[i].Transmission.ID)
		}
	}
	return found, err
}

package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"ccpor/mapping/order"
)

// refusals collects refused packages into shared transactions, so that hostile traffic costs the database no more than honest traffic does.
// One flusher and no timer: while one transaction is under way, those that arrive gather for the next. The queue holds nothing: who waits for
// its turn holds its own message, of which the exchange bounds the bytes in hand, and gives up when its context ends.
type refusals struct {
	pool   *pgxpool.Pool
	opts   Options
	queue  chan *refusal
	ending chan struct{}
	done   sync.WaitGroup
}

// refusal is a refused package whose caller waits.
type refusal struct {
	Refused
	ctx      context.Context
	tracking order.Tracking
	wire     []byte // of the part that is kept, encrypted
	whole    bool   // the part is everything
	stages   string
	values   [][]byte   // of the problems, encrypted
	answer   chan error // takes one without blocking
}

// errNameless says that a refusal has an agency without its ORI, so that the audit log could not name it; it is a mistake of the program.
var errNameless = errors.New("a refused package of a known agency needs the agency's ORI")

func startRefusals(pool *pgxpool.Pool, opts Options) *refusals {
	q := &refusals{pool: pool, opts: opts, queue: make(chan *refusal), ending: make(chan struct{})}
	q.done.Go(q.run)
	return q
}

func (q *refusals) stop() {
	close(q.ending)
	q.done.Wait()
}

// Refuse keeps a refused package with every reason, and returns after the commit. Called by many goroutines at once: those that wait together
// share one transaction, and when that fails each is tried alone. When ctx ends first, Refuse returns its error; the refusal may then be kept or not.
func (s *Store) Refuse(ctx context.Context, r Refused) (order.Tracking, error) {
	f, err := s.refusal(ctx, r)
	if ended(s.refusals.ending) {
		err = ErrClosed
	}
	if err == nil {
		err = s.refusals.submit(f)
	}
	if err != nil {
		return "", fmt.Errorf("refuse: %w", err)
	}
	return f.tracking, nil
}

// ended says that nothing is taken any more.
func ended(ending <-chan struct{}) bool {
	select {
	case <-ending:
		return true
	default:
		return false
	}
}

// refusal does what can be done before the transaction, in the caller's own goroutine.
func (s *Store) refusal(ctx context.Context, r Refused) (*refusal, error) {
	if r.Agency != 0 && r.ORI == "" {
		return nil, errNameless
	}
	tracking, err := newTracking()
	if err != nil {
		return nil, err
	}
	stages, err := json.Marshal(r.Received.Stages)
	if err != nil {
		return nil, err
	}
	part := r.Received.Wire[:min(len(r.Received.Wire), s.opts.RefusedBytes)]
	f := &refusal{Refused: r, ctx: ctx, tracking: tracking, whole: len(part) == len(r.Received.Wire), stages: string(stages), answer: make(chan error, 1)}
	if f.wire, err = s.seal(ctx, inWire, string(tracking), part); err != nil {
		return nil, err
	}
	for i, p := range r.Problems {
		value, err := s.seal(ctx, inProblem, nameOfProblem(string(tracking), i+1), []byte(p.Value))
		if err != nil {
			return nil, err
		}
		f.values = append(f.values, value)
	}
	return f, nil
}

func (q *refusals) submit(f *refusal) error {
	select {
	case q.queue <- f:
	case <-f.ctx.Done():
		return f.ctx.Err()
	case <-q.ending:
		return ErrClosed
	}
	select {
	case err := <-f.answer:
		return err
	case <-f.ctx.Done():
		return f.ctx.Err()
	}
}

// run takes what waits, commits it, answers, and takes again.
func (q *refusals) run() {
	for {
		select {
		case f := <-q.queue:
			q.flush(q.gather(f))
		case <-q.ending:
			return
		}
	}
}

// gather takes what waits now beside the first, up to the bounds of a batch.
func (q *refusals) gather(first *refusal) []*refusal {
	batch, size := []*refusal{first}, len(first.wire)
	for len(batch) < q.opts.Batch && size < q.opts.BatchBytes {
		select {
		case f := <-q.queue:
			batch, size = append(batch, f), size+len(f.wire)
		default:
			return batch
		}
	}
	return batch
}

// flush commits a batch and answers its callers. What fails for reasons of its own is found by trying each alone; when the database is the reason,
// all are told, and their senders come again.
func (q *refusals) flush(batch []*refusal) {
	err := q.try(batch)
	if err != nil && !isTransient(err) && len(batch) > 1 {
		q.opts.Log.Warn("a shared transaction of refusals failed; each is tried alone", "packages", len(batch), "error", err.Error())
		for _, f := range batch {
			f.answer <- q.try([]*refusal{f})
		}
		return
	}
	for _, f := range batch {
		f.answer <- err
	}
}

// try runs the one statement that is the transaction.
func (q *refusals) try(batch []*refusal) error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	conn, err := q.pool.Acquire(ctx)
	if err != nil {
		return &lostError{err}
	}
	defer conn.Release()
	_, err = conn.Exec(ctx, insertRefusals, append(refusalRows(batch), problemRows(batch)...)...)
	if err != nil && conn.Conn().IsClosed() {
		return &lostError{err}
	}
	return err
}

// insertRefusals inserts the submissions, what came over the wire, the audit entries and the problems of a batch. Its arguments are
// refusalRows, one value a refusal, and problemRows, one value a problem.
const insertRefusals = `with n as (
		select nextval('submission_id') as id, u.* from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bool[], $6::timestamptz[], $7::text[], $8::text[],
			$9::bytea[], $10::text[], $11::text[], $12::text[], $13::bytea[], $14::bigint[], $15::bool[], $16::text[], $17::text[], $18::timestamptz[], $19::text[])
		with ordinality as u (tracking, agency_id, package, action, test, received_at, peer, correlation,
			digest, stage, code, replay_of, wire, wire_bytes, whole, content_type, stages, at, actor, place)),
	kept as (
		insert into received (submission_id, wire, wire_bytes, whole, content_type, stages, notes)
		select id, wire, wire_bytes, whole, content_type, stages, 'null' from n),
	audited as (
		insert into audit (at, actor, action, object, outcome, details, submission_id)
		select at, actor, 'submission.refuse', 'submission ' || tracking, 'refused', stage || ': ' || code, id from n),
	told as (
		insert into problem (submission_id, n, code, rule, severity, text, path, line, col, element, value, citation, fix, whose)
		select n.id, p.n, p.code, p.rule, p.severity, p.text, p.path, p.line, p.col, p.element, p.value, p.citation, p.fix, p.whose
		from unnest($20::bigint[], $21::int[], $22::text[], $23::text[], $24::text[], $25::text[], $26::text[], $27::int[], $28::int[], $29::text[], $30::bytea[],
			$31::text[], $32::text[], $33::text[])
		as p (place, n, code, rule, severity, text, path, line, col, element, value, citation, fix, whose) join n on n.place = p.place)
	insert into submission (id, tracking, agency_id, package, action, state, test, received_at, peer, correlation, digest, algorithm, due_rule, not_owed, waited_for,
		refused_stage, refused_code, replay_of)
	select id, tracking, nullif(agency_id, 0), package, action, 'refused', test, received_at, peer, correlation, digest, '', '', '', '', stage, code, replay_of from n`

func refusalRows(batch []*refusal) []any {
	return []any{
		column(batch, func(f *refusal) string { return string(f.tracking) }),
		column(batch, func(f *refusal) int64 { return int64(f.Agency) }),
		column(batch, func(f *refusal) string { return string(f.Package) }),
		column(batch, func(f *refusal) string { return string(f.Action) }),
		column(batch, func(f *refusal) bool { return f.Test || f.Received.Replay != nil }),
		column(batch, func(f *refusal) time.Time { return f.Received.At }),
		column(batch, func(f *refusal) string { return f.Received.Peer }),
		column(batch, func(f *refusal) string { return f.Received.Correlation }),
		column(batch, func(f *refusal) []byte { return f.Received.Digest[:] }),
		column(batch, func(f *refusal) string { return f.Stage }),
		column(batch, func(f *refusal) string { return f.Code }),
		column(batch, func(f *refusal) string { return f.Received.Replay.of() }),
		column(batch, func(f *refusal) []byte { return f.wire }),
		column(batch, func(f *refusal) int64 { return int64(len(f.Received.Wire)) }),
		column(batch, func(f *refusal) bool { return f.whole }),
		column(batch, func(f *refusal) string { return f.Received.ContentType }),
		column(batch, func(f *refusal) string { return f.stages }),
		column(batch, func(f *refusal) time.Time { return f.At }),
		column(batch, func(f *refusal) string { return f.whoSent() }),
	}
}

// whoSent names the sender in the audit log.
func (f *refusal) whoSent() string {
	if f.Agency == 0 {
		return f.Received.Replay.by() + "peer " + f.Received.Peer
	}
	return f.Received.Replay.by() + "agency " + string(f.ORI)
}

// told is one problem of the refusal at a place of the batch, from 1.
type told struct {
	place, n int
	value    []byte // encrypted
	Problem
}

func problemRows(batch []*refusal) []any {
	var all []told
	for i, f := range batch {
		for j, p := range f.Problems {
			all = append(all, told{i + 1, j + 1, f.values[j], p})
		}
	}
	return []any{
		column(all, func(p told) int64 { return int64(p.place) }),
		column(all, func(p told) int32 { return int32(p.n) }),
		column(all, func(p told) string { return p.Code }),
		column(all, func(p told) string { return p.Rule }),
		column(all, func(p told) string { return p.Severity }),
		column(all, func(p told) string { return p.Text }),
		column(all, func(p told) string { return p.Path }),
		column(all, func(p told) int32 { return int32(p.Line) }),
		column(all, func(p told) int32 { return int32(p.Column) }),
		column(all, func(p told) string { return p.Element }),
		column(all, func(p told) []byte { return p.value }),
		column(all, func(p told) string { return p.Citation }),
		column(all, func(p told) string { return p.Fix }),
		column(all, func(p told) string { return p.Whose }),
	}
}

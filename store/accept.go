package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
)

// intake collects accepted packages into shared transactions. There is no timer: while one transaction is under way, those that arrive
// gather for the next, which begins when that one has ended, or beside it as soon as they are a crowd. So a lone package is as fast as it can be, and many pay
// for the transaction and the disk once.
type intake struct {
	pool   *pgxpool.Pool
	jobs   *river.Client[pgx.Tx]
	opts   Options
	safe   safe
	naming *naming
	queue  chan *request
	turn   chan struct{} // held by the one transaction that began with less than a crowd
	ending chan struct{}
	done   sync.WaitGroup
}

// request is an entry whose caller waits.
type request struct {
	*entry
	ctx    context.Context
	answer chan answer // takes one without blocking
}

type answer struct {
	receipt Receipt
	err     error
}

// flushTimeout bounds one shared transaction; nothing in it takes longer than waiting for another hub's.
const flushTimeout = 30 * time.Second

func startIntake(ctx context.Context, url string, opts Options, jobs *river.Client[pgx.Tx], s safe, n *naming) (*intake, error) {
	pool, err := connect(ctx, url, opts.Flushers, keySettings)
	if err != nil {
		return nil, err
	}
	in := &intake{pool: pool, jobs: jobs, opts: opts, safe: s, naming: n, queue: make(chan *request), turn: make(chan struct{}, 1), ending: make(chan struct{})}
	for range opts.Flushers {
		in.done.Go(in.run)
	}
	return in, nil
}

func (in *intake) stop() {
	close(in.ending)
	in.done.Wait()
	in.pool.Close()
}

// Accept keeps a checked package and everything that follows from it, and returns after the commit. Called by many goroutines at once:
// those that wait together share one transaction, and when that fails each is tried alone. When ctx ends first, Accept returns its error;
// the package may then be kept or not, and sending it again tells. Errors: *ConflictError, *OrderExistsError, ErrClosed.
func (s *Store) Accept(ctx context.Context, a Accepted) (Receipt, error) {
	e, err := s.prepare(ctx, a)
	if ended(s.intake.ending) {
		err = ErrClosed
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("accept: %w", err)
	}
	return s.intake.submit(&request{entry: e, ctx: ctx, answer: make(chan answer, 1)})
}

func (in *intake) submit(r *request) (Receipt, error) {
	select {
	case in.queue <- r:
	case <-r.ctx.Done():
		return Receipt{}, r.ctx.Err()
	case <-in.ending:
		return Receipt{}, ErrClosed
	}
	select {
	case a := <-r.answer:
		return a.receipt, a.err
	case <-r.ctx.Done():
		return Receipt{}, r.ctx.Err()
	}
}

// run is one flusher: it takes what is there, commits it, answers, and takes again.
func (in *intake) run() {
	var later []*request
	for {
		b := in.collect(later)
		if b == nil {
			return
		}
		in.flush(b.requests)
		if b.turn {
			<-in.turn
		}
		later = b.later
	}
}

// collect takes what was put off and what waits, up to the bounds of a batch. It blocks for the first, and for its turn while it is less than a crowd. Two packages with the
// same name or about the same order do not share a transaction: the second is put off, and the next batch sees what became of the first.
func (in *intake) collect(waiting []*request) *gathering {
	b := newBatch(in.opts)
	for _, r := range waiting {
		b.add(r)
	}
	if len(b.requests) == 0 {
		select {
		case r := <-in.queue:
			b.add(r)
		case <-in.ending:
			return nil
		}
	}
	in.fill(b)
	for !b.turn && !b.crowd() && b.room() {
		select {
		case r := <-in.queue:
			b.add(r)
		case in.turn <- struct{}{}:
			b.turn = true
		}
		in.fill(b)
	}
	return b
}

// fill takes what waits now.
func (in *intake) fill(b *gathering) {
	for b.room() {
		select {
		case r := <-in.queue:
			b.add(r)
		default:
			return
		}
	}
}

// gathering is a batch while it fills.
type gathering struct {
	opts     Options
	requests []*request
	later    []*request
	packages map[packageKey]bool
	orders   map[orderKey]bool
	bytes    int
	turn     bool // it holds the turn
}

func newBatch(opts Options) *gathering {
	return &gathering{opts: opts, packages: map[packageKey]bool{}, orders: map[orderKey]bool{}}
}

// room bounds what was put off as well: it is answered too.
func (g *gathering) room() bool {
	return len(g.requests)+len(g.later) < g.opts.Batch && g.bytes < g.opts.BatchBytes
}

// crowd says that the batch is worth a transaction beside another one: a quarter of what it can hold.
func (g *gathering) crowd() bool { return 4*len(g.requests) >= g.opts.Batch }

func (g *gathering) add(r *request) {
	switch {
	case r.ctx.Err() != nil: // its caller is gone
	case len(g.requests) > 0 && (g.packages[r.key()] || g.orders[r.order] || g.bytes+r.size > g.opts.BatchBytes):
		g.later = append(g.later, r)
	default:
		g.requests = append(g.requests, r)
		g.bytes += r.size
	}
	g.packages[r.key()], g.orders[r.order] = true, true // what was put off keeps its turn before those that come after it
}

// flush commits a batch and answers its callers. What fails for reasons of its own (a row that the database does not take) is found by
// trying each alone; what fails for reasons of the database is tried once more together, since a first try may have been cut off after its commit.
func (in *intake) flush(batch []*request) {
	err := in.try(batch)
	if err != nil && isTransient(err) {
		err = in.try(batch)
	}
	if err != nil && !isTransient(err) && len(batch) > 1 {
		in.opts.Log.Warn("a shared transaction of the intake failed; each is tried alone", "packages", len(batch), "error", err.Error())
		for _, r := range batch {
			in.flush([]*request{r})
		}
		return
	}
	if err != nil && isTaken(err) {
		err = in.again(batch[0])
	}
	if err != nil {
		for _, r := range batch {
			r.answer <- answer{err: fmt.Errorf("accept: %w", err)}
		}
	}
}

// again tries one package some more after it drew a name that was taken: between its look and its insert another hub was faster.
func (in *intake) again(r *request) (err error) {
	for range 3 {
		if err = r.track(r.ctx, in.safe); err != nil {
			return err
		}
		if err = in.try([]*request{r}); err == nil || !isTaken(err) {
			return err
		}
	}
	return err
}

// try runs the transaction once and answers the callers when it is committed.
func (in *intake) try(batch []*request) error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	conn, err := in.pool.Acquire(ctx)
	if err != nil {
		return &lostError{err}
	}
	defer conn.Release() // a connection within a transaction is closed, which ends that
	t := newTransaction(conn.Conn(), in.jobs, in.opts, in.naming, batch)
	if err := t.run(ctx); err != nil {
		if conn.Conn().IsClosed() {
			return &lostError{err}
		}
		return err
	}
	for _, r := range batch {
		r.answer <- t.answers[r]
	}
	return nil
}

// lostError says that there was no connection, or that it broke: what was under way may be committed or not.
type lostError struct{ cause error }

func (e *lostError) Error() string { return "no connection to the database: " + e.cause.Error() }
func (e *lostError) Unwrap() error { return e.cause }

// isTransient says that the database, not the package, is the reason: lost connections, shutdowns, deadlocks, lack of resources, plans that a migration has made stale.
func isTransient(err error) bool {
	var lost *lostError
	if errors.As(err, &lost) {
		return true
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || len(pg.Code) != 5 {
		return false
	}
	switch pg.Code[:2] {
	case "08", "0A", "40", "53", "55", "57", "58", "XX":
		return true
	}
	return false
}

// isTaken says that a name was given to another row after this transaction had looked.
func isTaken(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}

// isMissingTable says that the schema has not been migrated.
func isMissingTable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42P01"
}

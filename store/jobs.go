package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// pollInterval is how often an idle River client looks for jobs: the price of not being woken, and the longest that a ready transmission waits for one.
const pollInterval = 100 * time.Millisecond

// quietDriver is River's driver without LISTEN and NOTIFY. River asks these two before it notifies; a NOTIFY would make all
// transactions of the intake queue for one lock at their commit.
type quietDriver struct{ *riverpgxv5.Driver }

func (quietDriver) SupportsListener() bool     { return false }
func (quietDriver) SupportsListenNotify() bool { return false }

// newDriver asks the database once for what River's driver wants to know of it, so that it need not within a batch.
func newDriver(ctx context.Context, pool *pgxpool.Pool) (quietDriver, error) {
	d := quietDriver{riverpgxv5.New(pool)}
	if err := d.GetExecutor().InitDriver(ctx); err != nil {
		return d, fmt.Errorf("job queue: %w", err)
	}
	return d, nil
}

// gatedDriver takes no job of River's default queue while the gate is closed: whoever can do nothing with a job leaves it to others, and does not ask.
type gatedDriver struct {
	quietDriver
	open func() bool
}

// GetExecutor gates the driver's own.
func (d gatedDriver) GetExecutor() riverdriver.Executor {
	return gatedExecutor{d.quietDriver.GetExecutor(), d.open}
}

type gatedExecutor struct {
	riverdriver.Executor
	open func() bool
}

// JobGetAvailable finds nothing while the gate is closed.
func (e gatedExecutor) JobGetAvailable(ctx context.Context, p *riverdriver.JobGetAvailableParams) (*riverdriver.JobGetAvailableResult, error) {
	if p.Queue == river.QueueDefault && !e.open() {
		return &riverdriver.JobGetAvailableResult{}, nil
	}
	return e.Executor.JobGetAvailable(ctx, p)
}

// Jobs makes a River client on this database that polls and never listens or notifies. Nil config makes one that only inserts.
// config.FetchPollInterval defaults to 100 ms here.
func (s *Store) Jobs(config *river.Config) (*river.Client[pgx.Tx], error) {
	return newJobs(s.driver, config)
}

// JobsWhile is Jobs for a client that takes jobs of the default queue only while open says so. It is asked before each look for jobs.
func (s *Store) JobsWhile(open func() bool, config *river.Config) (*river.Client[pgx.Tx], error) {
	return newJobs(gatedDriver{s.driver, open}, config)
}

func newJobs(driver riverdriver.Driver[pgx.Tx], config *river.Config) (*river.Client[pgx.Tx], error) {
	c := river.Config{Logger: slog.New(slog.DiscardHandler)}
	if config != nil {
		c = *config
	}
	c.PollOnly = true
	if c.Workers != nil {
		river.AddWorkerSafely(c.Workers, elsewhere[TransmitArgs]{})
		river.AddWorkerSafely(c.Workers, elsewhere[FollowArgs]{})
		river.AddWorkerSafely(c.Workers, elsewhere[DeliverArgs]{})
		river.AddWorkerSafely(c.Workers, elsewhere[InquireArgs]{})
		river.AddWorkerSafely(c.Workers, elsewhere[LetterArgs]{})
	}
	if c.FetchPollInterval == 0 {
		c.FetchPollInterval = max(pollInterval, c.FetchCooldown)
	}
	client, err := river.NewClient(driver, &c)
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	return client, nil
}

// elsewhere is the worker of a kind of jobs that another client works, in another queue. River's rescuer runs in one client for all and discards
// stuck jobs of kinds that this client does not know: so every client knows all of ours. Adding it where the kind has its worker has no effect.
type elsewhere[T river.JobArgs] struct{ river.WorkerDefaults[T] }

var errElsewhere = errors.New("a job is in another queue than its worker's")

func (elsewhere[T]) Work(context.Context, *river.Job[T]) error { return errElsewhere }

// enqueue adds a transmit job for each transmission to the batch, due at the given time.
func enqueue(ctx context.Context, jobs *river.Client[pgx.Tx], batch *pgx.Batch, due time.Time, ids ...TransmissionID) error {
	args := make([]river.JobArgs, len(ids))
	for i, id := range ids {
		args[i] = TransmitArgs{int64(id)}
	}
	return insertJobs(ctx, jobs, batch, due, args...)
}

// insertJobs adds jobs to the batch, due at the given time, or at once where that is zero. The statement is River's own, built by its InsertManyTx: only
// that it travels with the others of the batch, instead of costing a round trip, is ours.
func insertJobs(ctx context.Context, jobs *river.Client[pgx.Tx], batch *pgx.Batch, due time.Time, args ...river.JobArgs) error {
	if len(args) == 0 {
		return nil
	}
	opts := &river.InsertOpts{}
	if !due.IsZero() {
		opts.ScheduledAt = due
	}
	params := make([]river.InsertManyParams, len(args))
	for i, a := range args {
		params[i] = river.InsertManyParams{Args: a, InsertOpts: opts}
	}
	if _, err := jobs.InsertManyTx(ctx, batchTx{batch: batch}, params); err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	return nil
}

// batchTx hands the one statement of a River insert to a batch, and refuses the others that a River insert could come to need.
type batchTx struct {
	pgx.Tx // nil
	batch  *pgx.Batch
}

var errOneStatement = errors.New("the job queue's insert is more than one statement in this version of River")

// Conn is nil: the statement's execution mode is the batch's.
func (batchTx) Conn() *pgx.Conn { return nil }

func (batchTx) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	return pgconn.CommandTag{}, errOneStatement
}

func (batchTx) QueryRow(context.Context, string, ...any) pgx.Row { return noRow{} }

func (batchTx) CopyFrom(context.Context, pgx.Identifier, []string, pgx.CopyFromSource) (int64, error) {
	return 0, errOneStatement
}

type noRow struct{}

func (noRow) Scan(...any) error { return errOneStatement }

// Query queues the statement and answers that it returned no rows; River's count of inserted rows is not used.
func (tx batchTx) Query(_ context.Context, sql string, args ...any) (pgx.Rows, error) {
	tx.batch.Queue(sql, args...)
	return noRows{}, nil
}

type noRows struct{}

func (noRows) Close()                                       {}
func (noRows) Err() error                                   { return nil }
func (noRows) CommandTag() pgconn.CommandTag                { return pgconn.CommandTag{} }
func (noRows) FieldDescriptions() []pgconn.FieldDescription { return nil }
func (noRows) Next() bool                                   { return false }
func (noRows) Scan(...any) error                            { return pgx.ErrNoRows }
func (noRows) Values() ([]any, error)                       { return nil, pgx.ErrNoRows }
func (noRows) RawValues() [][]byte                          { return nil }
func (noRows) Conn() *pgx.Conn                              { return nil }
func (noRows) TypeMap() *pgtype.Map                         { return nil }

package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"ccpor/exchange/seal"
	"ccpor/store"
)

// Store is what the notifier needs of the store; *store.Store is one.
type Store interface {
	Jobs(config *river.Config) (*river.Client[pgx.Tx], error)
	TakeTurn(ctx context.Context, agency store.AgencyID, now time.Time, ttl time.Duration) (store.Turn, error)
	NextNotice(ctx context.Context, t store.Turn, now time.Time, ttl time.Duration) (store.Notice, error)
	Delivered(ctx context.Context, t store.Turn, n store.Notice, at time.Time) error
	Undelivered(ctx context.Context, t store.Turn, n store.Notice, code string, at, retryAt time.Time, late bool) error
	EndTurn(ctx context.Context, t store.Turn) error
	DueListeners(ctx context.Context, now time.Time) ([]store.AgencyID, error)
}

// Config is how a notifier works. Zero values are those given here.
type Config struct {
	// Seal signs notices; nil: they go unsigned.
	Seal *seal.Sealer
	// Certificate is the hub's own towards listeners; without one none is shown.
	Certificate *tls.Certificate
	// Plain allows http to this machine, for a sandbox.
	Plain bool
	// Timeout is how long one delivery may take: 20 s.
	Timeout time.Duration
	// Late is for how long deliveries to an agency fail until a person is told: 4 h.
	Late time.Duration
	// Scale is a factor on the pauses, below 1 only in a sandbox: 1.
	Scale float64
	// Sweep is how often what nobody was woken for is looked for: 15 s.
	Sweep time.Duration
	// Workers is how many agencies are told at a time: 16.
	Workers int
	// Observe is told of each delivery; nil: nobody is.
	Observe Observer
	// Now is the clock, nil for the machine's; Jitter is chance from 0 to 1, nil for the machine's.
	Now    func() time.Time
	Jitter func() float64
	// Log gets codes, numbers and agencies; nil discards it.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	for d, otherwise := range map[*time.Duration]time.Duration{&c.Timeout: 20 * time.Second, &c.Late: 4 * time.Hour, &c.Sweep: 15 * time.Second} {
		if *d <= 0 {
			*d = otherwise
		}
	}
	if c.Scale <= 0 {
		c.Scale = 1
	}
	if c.Workers <= 0 {
		c.Workers = 16
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Jitter == nil {
		c.Jitter = rand.Float64
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Notifier delivers notices.
type Notifier struct {
	cfg   Config
	store Store
	jobs  *river.Client[pgx.Tx]

	cancel   context.CancelFunc
	sweeping sync.WaitGroup
}

// New makes a notifier; Start sets it to work.
func New(s Store, cfg Config) (*Notifier, error) {
	n := &Notifier{cfg: cfg.withDefaults(), store: s}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, n.Worker()); err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	var err error
	n.jobs, err = s.Jobs(&river.Config{
		Queues:               map[string]river.QueueConfig{store.NoticeQueue: {MaxWorkers: n.cfg.Workers}},
		Workers:              workers,
		FetchPollInterval:    250 * time.Millisecond,
		FetchCooldown:        50 * time.Millisecond,
		JobTimeout:           n.turnTime(),
		RescueStuckJobsAfter: n.turnTime() + 5*time.Second,
	})
	if err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	return n, nil
}

// perTurn is how many notices an agency gets before another one's turn comes, as long as it takes them within the time of two slow ones.
const perTurn = 32

// turnTime is for how long a turn is taken and prolonged: longer than all deliveries of a turn, and than what the clocks of hubs may differ.
func (n *Notifier) turnTime() time.Duration { return 3*n.cfg.Timeout + time.Minute }

// Start works jobs until Stop; ctx bounds only the start.
func (n *Notifier) Start(ctx context.Context) error {
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	n.cancel = cancel
	if err := n.jobs.Start(working); err != nil {
		cancel()
		return fmt.Errorf("start telling agencies: %w", err)
	}
	n.sweeping.Go(func() { n.sweep(working) })
	return nil
}

// Stop takes no more jobs, gives what is under way the time that ctx allows, and then breaks it off: a notice whose confirmation has not come is delivered again.
func (n *Notifier) Stop(ctx context.Context) error {
	err := n.jobs.Stop(ctx)
	if err != nil {
		err = n.jobs.StopAndCancel(context.WithoutCancel(ctx))
	}
	n.cancel()
	n.sweeping.Wait()
	if err != nil {
		return fmt.Errorf("stop telling agencies: %w", err)
	}
	return nil
}

// sweep looks again and again for what nobody was woken for.
func (n *Notifier) sweep(ctx context.Context) {
	tick := time.NewTicker(n.cfg.Sweep)
	defer tick.Stop()
	for {
		if err := n.sweepOnce(ctx); err != nil && ctx.Err() == nil {
			n.cfg.Log.Error("notices could not be looked for", "error", err.Error())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// sweepOnce makes a job for every agency that has something due and nobody who delivers it.
func (n *Notifier) sweepOnce(ctx context.Context) error {
	due, err := n.store.DueListeners(ctx, n.cfg.Now())
	if err != nil {
		return err
	}
	for _, agency := range due {
		if _, err := n.jobs.Insert(ctx, store.DeliverArgs{AgencyID: int64(agency)}, &river.InsertOpts{Queue: store.NoticeQueue}); err != nil {
			return fmt.Errorf("enqueue a delivery: %w", err)
		}
	}
	return nil
}

// Worker works the jobs "deliver".
func (n *Notifier) Worker() river.Worker[store.DeliverArgs] { return &deliverer{notifier: n} }

// deliverer is the worker of the job "deliver".
type deliverer struct {
	river.WorkerDefaults[store.DeliverArgs]
	notifier *Notifier
}

// Work delivers to one agency. After a failure the same job comes again when the pause is over; snoozing uses up no attempt.
func (d *deliverer) Work(ctx context.Context, job *river.Job[store.DeliverArgs]) error {
	again, err := d.notifier.Deliver(ctx, store.AgencyID(job.Args.AgencyID))
	if err != nil {
		return err
	}
	if again >= 0 {
		return river.JobSnooze(again)
	}
	return nil
}

// Done says that Deliver has nothing left to do.
const Done time.Duration = -1

// Deliver takes the agency's turn and delivers what is due, up to a bound. It says after what time to look again: Done, at once, or after a pause. The error
// is the store's; a listener that fails is none.
func (n *Notifier) Deliver(ctx context.Context, agency store.AgencyID) (time.Duration, error) {
	began := n.cfg.Now()
	turn, err := n.store.TakeTurn(ctx, agency, began, n.turnTime())
	if errors.Is(err, store.ErrNotReady) {
		return Done, nil
	}
	if err != nil {
		return Done, err
	}
	p, code := n.newPost(turn.Listener)
	defer p.close()
	for i := 0; i < perTurn && n.cfg.Now().Sub(began) < 2*n.cfg.Timeout; i++ {
		notice, err := n.store.NextNotice(ctx, turn, n.cfg.Now(), n.turnTime())
		switch {
		case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrLostLease):
			return Done, nil
		case err != nil:
			return Done, errors.Join(err, n.store.EndTurn(context.WithoutCancel(ctx), turn))
		}
		posted := n.cfg.Now()
		if code == Confirmed {
			code = p.deliver(ctx, n.noticeOf(turn.ORI, notice))
		}
		if ctx.Err() != nil { // broken off by the hub itself: no failure of the listener's
			return Done, errors.Join(ctx.Err(), n.store.EndTurn(context.WithoutCancel(ctx), turn))
		}
		n.observed(turn, notice, code, posted)
		if code != Confirmed {
			return n.failed(ctx, turn, notice, code)
		}
		if err := n.store.Delivered(ctx, turn, notice, n.cfg.Now()); err != nil {
			return Done, ignoreLost(err)
		}
	}
	return 0, n.store.EndTurn(ctx, turn)
}

// failed begins a pause. A person is told once, when deliveries have failed for long.
func (n *Notifier) failed(ctx context.Context, turn store.Turn, notice store.Notice, code Code) (time.Duration, error) {
	now, pause := n.cfg.Now(), n.pause(turn.Fails+1)
	since := turn.FailingSince
	if since.IsZero() {
		since = now
	}
	late := now.Sub(since) >= n.cfg.Late
	if err := n.store.Undelivered(ctx, turn, notice, string(code), now, now.Add(pause), late); err != nil {
		return Done, ignoreLost(err)
	}
	log := n.cfg.Log.With("agency", turn.ORI, "notice", notice.Number, "code", code, "fails", turn.Fails+1, "since", since)
	if late && !turn.Late {
		log.Error("a court has not been told of changes for long: a person has to call it", "means", code.Meaning())
	} else {
		log.Warn("a notice was not confirmed", "again", pause)
	}
	return pause, nil
}

// ignoreLost passes over the loss of a turn: whoever has it delivers the notice again.
func ignoreLost(err error) error {
	if errors.Is(err, store.ErrLostLease) {
		return nil
	}
	return err
}

// Trial delivers a notice that tells of nothing, numbered 0, and says what became of it. It needs no turn.
func (n *Notifier) Trial(ctx context.Context, l store.Listener) Code {
	p, code := n.newPost(l)
	defer p.close()
	if code != Confirmed {
		return code
	}
	return p.deliver(ctx, n.trialOf(l.ORI))
}

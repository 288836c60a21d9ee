// Package relay brings what the hub owes to CARPOS over its lines, and learns what became of it (docs/carpos-profile.md, section 4).
//
// A River job says "one more is due", and one of another kind "look at what this order follows". Its worker takes a free place on a line, and only then asks the store
// which transmission goes next over it; it reads that, writes the transaction, stores the bytes, puts them on the line, and is done: it does not wait for the reply. A reply, whenever and after whatever restart it comes, is stored,
// matched to its attempt by the control number, judged by one table (policy.go), and settled in one database transaction, which also makes the next job;
// only then is it confirmed to the switch, so that a reply which could not be settled comes again. A reply that never comes is an event of the line
// like any other. So no worker is bound for the two minutes that a reply may take, nothing depends on the process that sent still living, and a
// timely reply goes the same way as a late one.
//
// An outcome that is not known is looked up before anything is sent again. What a process leaves behind when it is killed is found when a
// hub takes its line over, and by a sweep: it too counts as not known.
//
// What the switch sends without being asked goes the same way: stored, matched to its order by CARPOS's number, the name and ours (unsolicited.go), settled in one
// transaction, and only then confirmed. What is not certain waits for a person.
//
// What a person asks CARPOS goes the same way (inquire.go), and is asked again where a transaction would be looked up.
//
// Each line is leased, so that a mnemonic belongs to one hub at a time. The relay refuses to send a test package to any switch but a test switch, to
// take a reply for an acceptance that is not exactly one, and to decide what a person must decide. It writes no value of an order into a log.
package relay

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
	"github.com/jonboulle/clockwork"
	"github.com/riverqueue/river"

	"ccpor/clets/carpos"
	"ccpor/clets/codes"
	"ccpor/clets/link"
	"ccpor/mapping/order"
	"ccpor/store"
)

// Store is what the relay needs of the store; *store.Store is one.
type Store interface {
	JobsWhile(open func() bool, config *river.Config) (*river.Client[pgx.Tx], error)
	Choose(ctx context.Context, r store.Route, at time.Time) (store.TransmissionID, error)
	Classify(ctx context.Context, at time.Time) (int, error)
	Owed(ctx context.Context, at time.Time, within time.Duration) (bool, error)
	DueTest(ctx context.Context, at time.Time) (store.TransmissionID, error)
	Work(ctx context.Context, id store.TransmissionID) (store.Work, error)
	NextControl(ctx context.Context) (string, error)
	BeginAttempt(ctx context.Context, a store.Attempt) (store.AttemptID, error)
	MarkSent(ctx context.Context, id store.AttemptID, at time.Time) error
	MarkAcked(ctx context.Context, id store.AttemptID, at time.Time) error
	AttemptByControl(ctx context.Context, control string) (store.AttemptRef, error)
	Inbound(ctx context.Context, line, outseq, control, text string, at time.Time) (store.InboundID, bool, error)
	Handled(ctx context.Context, id store.InboundID, what string, at time.Time) error
	OrdersOfFCN(ctx context.Context, fcn order.FCN) ([]store.Filed, error)
	Understand(ctx context.Context, u store.Understood) error
	NotUnderstood(ctx context.Context, before time.Time) ([]store.Inbound, error)
	Finish(ctx context.Context, id store.AttemptID, o store.Outcome) (store.Finished, error)
	Hold(ctx context.Context, id store.TransmissionID, h store.Hold) error
	Settle(ctx context.Context, id store.TransmissionID, reason string, at time.Time) (store.Finished, error)
	Follow(ctx context.Context, orderID int64, today order.Date, at time.Time) error
	Orphans(ctx context.Context, olderThan, now time.Time) ([]store.TransmissionID, error)
	OrphansOfLine(ctx context.Context, line string, after time.Duration, now time.Time) ([]store.TransmissionID, error)
	Stranded(ctx context.Context, dueBefore, now time.Time) ([]store.TransmissionID, error)
	Lease(ctx context.Context, line string, ttl time.Duration) (store.Lease, error)
	Renew(ctx context.Context, l store.Lease, ttl time.Duration) (store.Lease, error)
	ReleaseLease(ctx context.Context, l store.Lease) error
	Inquirer
}

// Line is one line that the hub may hold.
type Line struct {
	// Mnemonic is the line's name, ORI the hub's, Address the switch's host:port.
	Mnemonic, ORI, Address string
	// TLS is nil for a plain connection, which only a sandbox may have.
	TLS *tls.Config
	// Window is how many requests may be unanswered; zero means 1.
	Window int
	// Test says that the switch is a test switch. Test packages go to no other.
	Test bool
}

// Config is how a relay works. Zero values are the profile's or the ones given here.
type Config struct {
	Lines []Line
	// Limits are the waits on a line.
	Limits link.Limits
	// Settle is for how long after Limits.Reply CARPOS may still carry out a request. A request without a reply is looked up no sooner than both together after it began, since
	// a look-up that comes before it sees nothing, and it would be sent twice: a tenth of Limits.Reply.
	Settle time.Duration
	// Pauses are those before another try, the last again and again; see policy.go.
	Pauses []time.Duration
	// Redial are the pauses before a line that is down is dialled again, the last again and again: 1, 2, 5, 15, 30 s.
	Redial []time.Duration
	// LeaseTTL is for how long a line is leased and so, with a twelfth of it, how long a line stays unused after its hub was killed: 6 s.
	LeaseTTL time.Duration
	// Sweep is how often what a dead hub left behind is looked for: 30 s.
	Sweep time.Duration
	// Poll is how often jobs are looked for: 50 ms.
	Poll time.Duration
	// Workers is how many jobs are worked at a time; zero means four for each place in the windows, and some more.
	Workers int
	// SlotWait is how long a worker waits for a place on a line before it gives its job back, for whichever hub has one: 2 s.
	SlotWait time.Duration

	// Against says in sentences what is wrong with a change, an end, a supplement or a proof of service beside the order that it names (Work.Known), and
	// nothing where nothing is; what is wrong is held. It is asked before each sending, since anything may come before its order. Nil asks nothing.
	Against func(store.Work) []string
	// Zone is where days begin and end; nil is UTC.
	Zone *time.Location

	// Report is told how the lines stand, whenever that changes and now and then; nil: nobody is.
	Report func(ctx context.Context, lines []LineStatus, at time.Time) error
	// Observe is told of attempts and lines; nil: nobody is.
	Observe Observer

	// Clock is nil for the machine's, Jitter for chance; it gives a number from 0 to 1.
	Clock  clockwork.Clock
	Jitter func() float64
	// Log gets what an operator has to know; nil discards it.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	orDuration := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	orDuration(&c.Limits.Ack, link.Profile.Ack)
	orDuration(&c.Limits.Reply, link.Profile.Reply)
	orDuration(&c.Settle, c.Limits.Reply/10)
	orDuration(&c.LeaseTTL, 6*time.Second)
	orDuration(&c.Sweep, 30*time.Second)
	orDuration(&c.Poll, 50*time.Millisecond)
	orDuration(&c.SlotWait, 2*time.Second)
	if len(c.Pauses) == 0 {
		c.Pauses = pauses
	}
	if len(c.Redial) == 0 {
		c.Redial = redial
	}
	if c.Clock == nil {
		c.Clock = clockwork.NewRealClock()
	}
	if c.Jitter == nil {
		c.Jitter = rand.Float64
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Workers <= 0 {
		c.Workers = 32
		for _, l := range c.Lines {
			c.Workers += 4 * max(l.Window, 1)
		}
	}
	return c
}

func (c Config) check() error {
	seen := map[string]bool{}
	for _, l := range c.Lines {
		if seen[l.Mnemonic] {
			return fmt.Errorf("line %s is configured twice", l.Mnemonic)
		}
		seen[l.Mnemonic] = true
	}
	if len(c.Lines) == 0 {
		return errors.New("no line is configured")
	}
	return nil
}

// Relay is the hub's outbound side.
type Relay struct {
	author
	cfg      Config
	store    Store
	codes    *codes.Book
	clock    clockwork.Clock
	log      *slog.Logger
	jobs     *river.Client[pgx.Tx]
	stations []*station
	seats    seats
	altered  chan struct{} // a line has come up or gone down since the last report
	rules    rules

	// dial opens a line, spawn runs in a goroutine of its own what the group waits for: a test may take the place of both.
	dial  func(context.Context, link.Config, link.Handler) (line, error)
	spawn func(*sync.WaitGroup, func())

	// keeping ends the lines and the sweep; stopping is closed first.
	keeping  context.Context
	cancel   context.CancelFunc
	stopping chan struct{}
	stopOnce sync.Once
	work     sync.WaitGroup
}

// New makes a relay; Start sets it to work.
func New(s Store, d *carpos.Dictionary, cfg Config) (*Relay, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	book, err := codes.Load()
	if err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	cfg = cfg.withDefaults()
	r := &Relay{cfg: cfg, store: s, author: author{d, cfg.Zone}, codes: book, clock: cfg.Clock, log: cfg.Log, rules: policy, dial: dial, spawn: (*sync.WaitGroup).Go, stopping: make(chan struct{}), altered: make(chan struct{}, 1)}
	r.seats.changed = make(chan struct{})
	for _, l := range cfg.Lines {
		r.stations = append(r.stations, newStation(r, l))
	}
	workers := river.NewWorkers()
	if err := errors.Join(river.AddWorkerSafely(workers, &transmitter{relay: r}), river.AddWorkerSafely(workers, &follower{relay: r}),
		river.AddWorkerSafely(workers, &inquirer{relay: r})); err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	r.jobs, err = s.JobsWhile(r.anyLine, &river.Config{
		Queues: map[string]river.QueueConfig{
			river.QueueDefault: {MaxWorkers: cfg.Workers}, store.FollowQueue: {MaxWorkers: followers, FetchPollInterval: max(cfg.Poll, followPoll)}, store.QueueInquire: {MaxWorkers: askWorkers},
		},
		Workers:              workers,
		FetchPollInterval:    max(cfg.Poll, minCooldown),
		FetchCooldown:        minCooldown,
		JobTimeout:           r.jobTimeout(),
		RescueStuckJobsAfter: r.jobTimeout() + 5*time.Second,
		Logger:               slog.New(warnings{cfg.Log.Handler()}),
	})
	if err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	return r, nil
}

// warnings lets River's warnings and errors through; its jobs hold numbers only.
type warnings struct{ slog.Handler }

// WithAttrs and WithGroup keep the wrapping.
func (w warnings) WithAttrs(a []slog.Attr) slog.Handler { return warnings{w.Handler.WithAttrs(a)} }
func (w warnings) WithGroup(name string) slog.Handler   { return warnings{w.Handler.WithGroup(name)} }

// Enabled says no to what is only for River's developers.
func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

const minCooldown = 10 * time.Millisecond

// followers is how many jobs "follow" are worked at a time.
const followers = 2

// followPoll is how often they are looked for: nobody waits for them.
const followPoll = 200 * time.Millisecond

// jobTimeout bounds a worker: it waits for a place on a line, and then only for the database.
func (r *Relay) jobTimeout() time.Duration { return 2*r.cfg.SlotWait + 15*time.Second }

// Start opens the lines and works jobs until Stop; ctx bounds only the start. A line that cannot be opened is no error: it is tried again.
func (r *Relay) Start(ctx context.Context) error {
	r.keeping, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := r.jobs.Start(r.keeping); err != nil {
		r.cancel()
		return fmt.Errorf("start the relay: %w", err)
	}
	for _, st := range r.stations {
		r.work.Go(func() { st.keep(r.keeping) })
	}
	r.work.Go(func() { r.sweep(r.keeping) })
	r.work.Go(func() { r.report(r.keeping) })
	return nil
}

// Stop takes no more jobs, lets the lines answer what is under way for as long as ctx allows, and closes them. What is unanswered then is
// recorded as unknown and looked up by the next hub that runs.
func (r *Relay) Stop(ctx context.Context) error {
	r.stopOnce.Do(func() { close(r.stopping) })
	err := r.jobs.Stop(ctx)
	if err != nil {
		err = errors.Join(err, r.jobs.StopAndCancel(context.WithoutCancel(ctx)))
	}
	for _, st := range r.stations {
		st.drain(ctx)
	}
	r.cancel()
	r.work.Wait()
	if err != nil {
		return fmt.Errorf("stop the relay: %w", err)
	}
	return nil
}

// LineStatus is how a line stands.
type LineStatus struct {
	Mnemonic string
	Up       bool
	Test     bool
	// Since is when it came up or went down; Why says why it is down.
	Since time.Time
	Why   string
	// Window is how many requests may be unanswered, UnderWay how many are.
	Window, UnderWay int
	// Heard is when the switch last said something on it; zero: not yet.
	Heard time.Time
}

// Lines tells how the lines of this hub stand.
func (r *Relay) Lines() []LineStatus {
	var all []LineStatus
	for _, st := range r.stations {
		all = append(all, st.status())
	}
	return all
}

// lookAfter is the least time from a request's beginning to the look-up for it.
func (r *Relay) lookAfter() time.Duration { return r.cfg.Limits.Reply + r.cfg.Settle }

func (r *Relay) now() time.Time { return r.clock.Now() }

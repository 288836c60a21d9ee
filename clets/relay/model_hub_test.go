package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jonboulle/clockwork"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"ccpor/clets/link"
	"ccpor/mapping/order"
	"ccpor/store"
)

// hub is one life of a hub: a relay of its own, whose lines, clock and store are the world's.
type hub struct {
	w        *world
	name     string
	relay    *Relay
	real     *store.Store
	lines    []*modelLine
	dead     bool
	stopping bool
}

// rise starts a hub under a name that no living one has.
func (w *world) rise() {
	name := ""
	for name == "" || slices.ContainsFunc(w.hubs, func(h *hub) bool { return !h.dead && h.name == name }) {
		name = string(rune('a' + w.chance.IntN(len(w.db.stores))))
	}
	h := &hub{w: w, name: name, real: w.db.stores[name[0]-'a']}
	var s Store = &modelStore{Store: h.real, h: h}
	if w.planted.store != nil {
		s = w.planted.store(s, h)
	}
	cfg := Config{
		Lines:  []Line{{Mnemonic: "CC00", ORI: "CA0340000", Window: modelWindow, Test: true}, {Mnemonic: "CC01", ORI: "CA0340000", Window: modelWindow, Test: true}},
		Limits: link.Limits{Ack: modelAck, Reply: modelReply}, Pauses: []time.Duration{10 * time.Second, time.Minute}, Redial: []time.Duration{time.Second, 5 * time.Second},
		LeaseTTL: modelLease, Sweep: modelSweep, SlotWait: 1, Clock: modelClock{clockwork.NewFakeClockAt(w.now), h}, Jitter: w.chance.Float64,
	}
	if w.planted.config != nil {
		w.planted.config(&cfg)
	}
	r, err := New(s, w.db.dict, cfg)
	if err != nil {
		w.fail("start a hub", err)
		return
	}
	h.relay = r
	r.dial = h.dial
	r.spawn = func(group *sync.WaitGroup, do func()) {
		group.Add(1)
		w.spawn(h, "settle", false, func() { defer group.Done(); do() })
	}
	if w.planted.rules != nil {
		r.rules = w.planted.rules()
	}
	w.say("hub %s starts", h.name)
	w.hubs = append(w.hubs, h)
	r.keeping, r.cancel = context.WithCancel(w.t.Context())
	for _, st := range r.stations {
		w.spawn(h, "keep "+st.cfg.Mnemonic, true, func() { st.keep(r.keeping) })
	}
	w.spawn(h, "sweep", true, func() { r.sweep(r.keeping) })
}

// crash ends a hub at whatever it is doing: nothing of it has any effect from now on.
func (w *world) crash(h *hub) {
	w.say("hub %s crashes", h.name)
	w.figures.crashes++
	w.take(h)
}

// take lets what a hub still does come to nothing, the keepers of its lines last, since they wait for the others.
func (w *world) take(h *hub) {
	h.dead = true
	for _, l := range h.lines {
		l.cut(w.hits(0.5))
	}
	h.relay.cancel()
	for {
		var mine []*task
		for _, t := range w.tasks {
			if t.hub == h {
				mine = append(mine, t)
			}
		}
		if len(mine) == 0 {
			break
		}
		slices.SortStableFunc(mine, func(a, b *task) int { return rank(a) - rank(b) })
		w.run(mine[0])
	}
	for _, j := range w.queue {
		if j.taken == h { // River's rescue
			j.taken, j.due = nil, w.now.Add(h.relay.jobTimeout()+5*time.Second)
		}
	}
	w.hubs = slices.DeleteFunc(w.hubs, func(o *hub) bool { return o == h })
}

func rank(t *task) int {
	if t.keeper {
		return 1
	}
	return 0
}

// stop ends a hub in order.
func (h *hub) stop() {
	h.w.say("hub %s stops", h.name)
	h.stopping = true
	r := h.relay
	h.w.spawn(h, "stop", false, func() {
		r.stopOnce.Do(func() { close(r.stopping) })
		for _, st := range r.stations {
			st.drain(r.keeping)
		}
		r.cancel()
	})
}

// gone says that a hub which was stopped has nothing left to do.
func (h *hub) gone() bool {
	return h.stopping && !slices.ContainsFunc(h.w.tasks, func(t *task) bool { return t.hub == h })
}

// options are what can happen at a hub: a job is taken, something comes over a line or goes out on it.
func (h *hub) options() []option {
	var all []option
	for _, l := range h.lines {
		all = append(all, l.options()...)
	}
	if h.stopping {
		if h.gone() {
			all = append(all, option{8, func() { h.w.take(h) }})
		}
		return all
	}
	working := 0
	for _, t := range h.w.tasks {
		if t.hub == h && t.name == "job" {
			working++
		}
	}
	for _, j := range h.w.jobs() {
		if j.kind != (store.FollowArgs{}).Kind() && !h.relay.anyLine() {
			continue // River asks before it takes one
		}
		if j.taken == nil && !j.due.After(h.w.now) && working < 4 {
			all = append(all, option{4, func() { h.work(j) }})
		}
	}
	return all
}

// work gives the hub a job, as River would.
func (h *hub) work(j *modelJob) {
	w := h.w
	j.taken = h
	j.attempt++
	w.put(j, "running")
	w.say("hub %s takes the job %s %s", h.name, j.kind, w.name("t", fmt.Sprint(j.transmission)))
	w.spawn(h, "job", false, func() {
		var err error
		if j.kind == (store.FollowArgs{}).Kind() {
			err = (&follower{relay: h.relay}).Work(w.t.Context(), &river.Job[store.FollowArgs]{Args: store.FollowArgs{OrderID: j.order}})
		} else {
			err = h.relay.jobResult(h.relay.step(w.t.Context())) // without the wait for a place, which is by the machine's clock
		}
		if !h.dead {
			h.worked(j, err)
		}
	})
}

// worked does with a job what its worker says. A snooze is longer than River's, so that a hub without lines costs few steps.
func (h *hub) worked(j *modelJob, err error) {
	var snooze *rivertype.JobSnoozeError
	var cancel *rivertype.JobCancelError
	j.taken = nil
	switch {
	case err == nil, errors.As(err, &cancel):
		h.w.put(j, "done")
	case errors.As(err, &snooze):
		j.due = h.w.now.Add(5 * snooze.Duration)
		h.w.put(j, "scheduled")
	default:
		j.due = h.w.now.Add(time.Duration(min(j.attempt*j.attempt, 60)) * time.Second)
		h.w.put(j, "retryable")
	}
}

// modelClock is the world's clock. Waiting for it gives way.
type modelClock struct {
	clockwork.Clock // of which no timer ever fires: what waits for the store is ended by the world
	h               *hub
}

func (c modelClock) Now() time.Time                  { return c.h.w.now }
func (c modelClock) Until(t time.Time) time.Duration { return t.Sub(c.h.w.now) }

func (c modelClock) After(d time.Duration) <-chan time.Time {
	w, t := c.h.w, c.h.w.running
	until := w.now.Add(d)
	disturbed := func() bool { return c.h.relay.keeping.Err() != nil || t.line != nil && t.line.closed }
	w.park(func() bool { return disturbed() || !w.now.Before(until) }, until)
	fired := make(chan time.Time, 1)
	if !disturbed() {
		fired <- w.now
	}
	return fired
}

// pause gives way at a call, before or behind its effect. The hub may be dead afterwards, or the database may not have answered.
func (h *hub) pause() error {
	if !h.dead {
		h.w.park(nil, time.Time{})
	}
	switch {
	case h.dead:
		return errDead
	case h.w.hits(h.w.weather.database):
		h.w.say("hub %s: %v", h.name, errBroken)
		return errBroken
	}
	return nil
}

// through makes a call of the store: the hub may die before it, or behind it.
func through[T any](h *hub, call string, do func() (T, error)) (T, error) {
	var none T
	if err := h.pause(); err != nil {
		return none, err
	}
	got, err := do()
	h.w.stale = true
	if err != nil {
		h.w.say("hub %s: %s: %v", h.name, call, bare(err))
		return got, err
	}
	h.w.say("hub %s: %s", h.name, call)
	if h.w.calm || h.w.chance.IntN(3) > 0 {
		return got, nil
	}
	if err := h.pause(); err != nil {
		return none, err
	}
	return got, nil
}

// bare is an error without the numbers of rows, which differ from run to run.
func bare(err error) error {
	var moved *store.MoveError
	switch {
	case errors.As(err, &moved):
		return fmt.Errorf("it is %s: it cannot be %s", moved.From, moved.Asked)
	default:
		for _, known := range []error{store.ErrNotFound, store.ErrNotReady, store.ErrNothingDue, store.ErrUnsettled, store.ErrLeased, store.ErrLostLease} {
			if errors.Is(err, known) {
				return known
			}
		}
	}
	return err
}

// just is for calls that return an error alone.
func just(do func() error) func() (struct{}, error) {
	return func() (struct{}, error) { return struct{}{}, do() }
}

// modelStore is the real store as a hub of the world sees it. Times are those at which a call has its effect, so that rows and the switch's journal can be
// set side by side.
type modelStore struct {
	*store.Store
	h *hub
}

func (*modelStore) JobsWhile(func() bool, *river.Config) (*river.Client[pgx.Tx], error) {
	return nil, nil
}

func (m *modelStore) Choose(ctx context.Context, r store.Route, _ time.Time) (store.TransmissionID, error) {
	return through(m.h, "Choose for "+r.Line, func() (store.TransmissionID, error) { return m.Store.Choose(ctx, r, m.h.w.stamp()) })
}

func (m *modelStore) Classify(ctx context.Context, _ time.Time) (int, error) {
	return through(m.h, "Classify", func() (int, error) { return m.Store.Classify(ctx, m.h.w.stamp()) })
}

func (m *modelStore) Owed(ctx context.Context, _ time.Time, within time.Duration) (bool, error) {
	return through(m.h, "Owed", func() (bool, error) { return m.Store.Owed(ctx, m.h.w.stamp(), within) })
}

func (m *modelStore) DueTest(ctx context.Context, _ time.Time) (store.TransmissionID, error) {
	return through(m.h, "DueTest", func() (store.TransmissionID, error) { return m.Store.DueTest(ctx, m.h.w.stamp()) })
}

func (m *modelStore) Work(ctx context.Context, id store.TransmissionID) (store.Work, error) {
	return through(m.h, "Work "+m.name(id), func() (store.Work, error) { return m.Store.Work(ctx, id) })
}

func (m *modelStore) name(id store.TransmissionID) string { return m.h.w.name("t", fmt.Sprint(id)) }
func (m *modelStore) attempt(id store.AttemptID) string   { return m.h.w.name("a", fmt.Sprint(id)) }

func (m *modelStore) BeginAttempt(ctx context.Context, a store.Attempt) (store.AttemptID, error) {
	call := fmt.Sprintf("BeginAttempt %s %s %s", a.Purpose, m.name(a.Transmission), m.h.w.name("c", a.Control))
	return through(m.h, call, func() (store.AttemptID, error) {
		a.At = m.h.w.stamp()
		return m.Store.BeginAttempt(ctx, a)
	})
}

func (m *modelStore) MarkSent(ctx context.Context, id store.AttemptID, _ time.Time) error {
	_, err := through(m.h, "MarkSent "+m.attempt(id), just(func() error { return m.Store.MarkSent(ctx, id, m.h.w.stamp()) }))
	return err
}

func (m *modelStore) MarkAcked(ctx context.Context, id store.AttemptID, _ time.Time) error {
	_, err := through(m.h, "MarkAcked "+m.attempt(id), just(func() error { return m.Store.MarkAcked(ctx, id, m.h.w.stamp()) }))
	return err
}

func (m *modelStore) AttemptByControl(ctx context.Context, control string) (store.AttemptRef, error) {
	return through(m.h, "AttemptByControl "+m.h.w.name("c", control), func() (store.AttemptRef, error) { return m.Store.AttemptByControl(ctx, control) })
}

func (m *modelStore) Inbound(ctx context.Context, line, outseq, control, text string, _ time.Time) (store.InboundID, bool, error) {
	type kept struct {
		id    store.InboundID
		fresh bool
	}
	k, err := through(m.h, "Inbound "+line+" "+outseq+" "+m.h.w.name("c", control), func() (k kept, err error) {
		k.id, k.fresh, err = m.Store.Inbound(ctx, line, outseq, control, text, m.h.w.stamp())
		return k, err
	})
	return k.id, k.fresh, err
}

func (m *modelStore) Handled(ctx context.Context, id store.InboundID, what string, _ time.Time) error {
	_, err := through(m.h, "Handled: "+what, just(func() error { return m.Store.Handled(ctx, id, what, m.h.w.stamp()) }))
	return err
}

func (m *modelStore) OrdersOfFCN(ctx context.Context, fcn order.FCN) ([]store.Filed, error) {
	return through(m.h, "OrdersOfFCN", func() ([]store.Filed, error) { return m.Store.OrdersOfFCN(ctx, fcn) })
}

func (m *modelStore) Understand(ctx context.Context, u store.Understood) error {
	_, err := through(m.h, fmt.Sprintf("Understand %s: %s", u.Kind, u.Wait), just(func() error {
		u.At = m.h.w.stamp()
		return m.Store.Understand(ctx, u)
	}))
	return err
}

func (m *modelStore) NotUnderstood(ctx context.Context, before time.Time) ([]store.Inbound, error) {
	return through(m.h, "NotUnderstood", func() ([]store.Inbound, error) { return m.Store.NotUnderstood(ctx, before) })
}

func (m *modelStore) Finish(ctx context.Context, id store.AttemptID, o store.Outcome) (store.Finished, error) {
	call := fmt.Sprintf("Finish %s %s: %s", m.attempt(id), o.Verdict, o.Text)
	return through(m.h, call, func() (store.Finished, error) {
		o.At = m.h.w.stamp()
		if o.RetryAt.Before(o.At) {
			o.RetryAt = o.At
		}
		return m.Store.Finish(ctx, id, o)
	})
}

func (m *modelStore) Hold(ctx context.Context, id store.TransmissionID, h store.Hold) error {
	_, err := through(m.h, "Hold "+m.name(id)+": "+h.Reason, just(func() error {
		h.At = m.h.w.stamp()
		return m.Store.Hold(ctx, id, h)
	}))
	return err
}

func (m *modelStore) Settle(ctx context.Context, id store.TransmissionID, reason string, _ time.Time) (store.Finished, error) {
	return through(m.h, "Settle "+m.name(id), func() (store.Finished, error) { return m.Store.Settle(ctx, id, reason, m.h.w.stamp()) })
}

func (m *modelStore) Follow(ctx context.Context, id int64, today order.Date, _ time.Time) error {
	_, err := through(m.h, "Follow", just(func() error { return m.Store.Follow(ctx, id, today, m.h.w.stamp()) }))
	return err
}

func (m *modelStore) Orphans(ctx context.Context, olderThan, _ time.Time) ([]store.TransmissionID, error) {
	return through(m.h, "Orphans", func() ([]store.TransmissionID, error) { return m.Store.Orphans(ctx, olderThan, m.h.w.stamp()) })
}

func (m *modelStore) OrphansOfLine(ctx context.Context, line string, after time.Duration, _ time.Time) ([]store.TransmissionID, error) {
	return through(m.h, "OrphansOfLine "+line, func() ([]store.TransmissionID, error) { return m.Store.OrphansOfLine(ctx, line, after, m.h.w.stamp()) })
}

func (m *modelStore) Stranded(ctx context.Context, dueBefore, _ time.Time) ([]store.TransmissionID, error) {
	return through(m.h, "Stranded", func() ([]store.TransmissionID, error) {
		m.h.w.setClock()
		return m.Store.Stranded(ctx, dueBefore, m.h.w.stamp())
	})
}

func (m *modelStore) Lease(ctx context.Context, line string, ttl time.Duration) (store.Lease, error) {
	return through(m.h, "Lease "+line, func() (l store.Lease, err error) {
		m.h.w.setClock()
		return m.Store.Lease(ctx, line, ttl)
	})
}

func (m *modelStore) Renew(ctx context.Context, l store.Lease, ttl time.Duration) (store.Lease, error) {
	return through(m.h, "Renew "+l.Line, func() (store.Lease, error) {
		m.h.w.setClock()
		return m.Store.Renew(ctx, l, ttl)
	})
}

func (m *modelStore) ReleaseLease(ctx context.Context, l store.Lease) error {
	_, err := through(m.h, "ReleaseLease "+l.Line, just(func() error {
		m.h.w.setClock()
		return m.Store.ReleaseLease(ctx, l)
	}))
	return err
}

// setClock sets the database's clock, by which leases run.
func (w *world) setClock() {
	_, err := w.db.conn.Exec(w.t.Context(), "update witness.clock set at = $1", w.now)
	w.fail("set the database's clock", err)
}

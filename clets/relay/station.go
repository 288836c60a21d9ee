package relay

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jonboulle/clockwork"

	"ccpor/clets/link"
	"ccpor/store"
)

// station keeps one line up as long as the relay runs.
type station struct {
	cfg   Line
	relay *Relay

	session *session // nil while the line is down; under relay.seats.mu

	mu       sync.Mutex
	up       bool
	since    time.Time
	why      string
	inflight map[string]sent // by control number

	heard atomic.Int64 // when the switch last said something
}

func newStation(r *Relay, cfg Line) *station {
	return &station{cfg: cfg, relay: r, inflight: map[string]sent{}, why: "not yet dialled", since: r.now()}
}

func (st *station) status() LineStatus {
	st.mu.Lock()
	defer st.mu.Unlock()
	return LineStatus{Mnemonic: st.cfg.Mnemonic, Up: st.up, Test: st.cfg.Test, Since: st.since, Why: st.why, Window: max(st.cfg.Window, 1), UnderWay: len(st.inflight), Heard: st.lastHeard()}
}

func (st *station) remember(control string, s sent) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.inflight[control] = s
}

func (st *station) forget(control string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.inflight, control)
}

func (st *station) recall(control string) *sent {
	st.mu.Lock()
	defer st.mu.Unlock()
	s, ok := st.inflight[control]
	if !ok {
		return nil
	}
	return &s
}

func (st *station) underWay() int {
	st.mu.Lock()
	defer st.mu.Unlock()
	return len(st.inflight)
}

// keep holds the lease and the line until ctx ends. A line that goes is dialled again after growing, jittered pauses.
func (st *station) keep(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; failures++ {
		began := st.relay.now()
		err := st.serve(ctx)
		st.note(false, err)
		st.relay.observeLine(st.cfg.Mnemonic, false)
		if st.relay.now().Sub(began) > steady {
			failures = 0
		}
		if ctx.Err() == nil {
			st.relay.log.Warn("a line is down", "line", st.cfg.Mnemonic, "error", err)
			st.pause(ctx, failures, err)
		}
	}
}

// steady is how long a line must have been up for the pauses to begin anew.
const steady = 10 * time.Second

// pause waits before the next try: while another hub has the line a short time only, so that it is taken over soon after its lease has ended or was given back.
func (st *station) pause(ctx context.Context, failures int, why error) {
	r := st.relay
	d := step(r.cfg.Redial, failures, r.cfg.Jitter())
	if errors.Is(why, store.ErrLeased) {
		d = step([]time.Duration{r.cfg.LeaseTTL / 12}, 0, r.cfg.Jitter())
	}
	select {
	case <-r.clock.After(d):
	case <-ctx.Done():
	}
}

// note keeps how the line stands, and has that reported where it is news.
func (st *station) note(up bool, why error) {
	text := ""
	if why != nil {
		text = why.Error()
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if up != st.up || text != st.why {
		defer st.relay.noticed()
	}
	if up != st.up {
		st.since = st.relay.now()
	}
	st.up, st.why = up, text
}

// serve leases the line, settles what a former holder left behind, logs on, and returns when the line is gone and everything that was on it is settled.
func (st *station) serve(ctx context.Context) error {
	r := st.relay
	lease, err := r.store.Lease(ctx, st.cfg.Mnemonic, r.cfg.LeaseTTL)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.LeaseTTL) // then it has run out by itself
		defer cancel()
		if err := r.store.ReleaseLease(ctx, lease); err != nil {
			r.log.Warn("a lease could not be given back; it runs out", "line", st.cfg.Mnemonic, "error", err)
		}
	}()
	left, err := r.store.OrphansOfLine(ctx, st.cfg.Mnemonic, r.lookAfter(), r.now())
	if err != nil {
		return err
	}
	if len(left) > 0 {
		r.log.Info("requests without a known outcome were found and will be looked up", "line", st.cfg.Mnemonic, "count", len(left))
	}
	s := &session{station: st, seated: map[string]bool{}, opened: make(chan struct{}), room: make(chan struct{}, settling)}
	s.line, err = r.dial(ctx, link.Config{
		Address: st.cfg.Address, Mnemonic: st.cfg.Mnemonic, ORI: st.cfg.ORI, TLS: st.cfg.TLS, Window: st.cfg.Window, Limits: r.cfg.Limits, Clock: r.clock,
	}, ear{s})
	if err != nil {
		return err
	}
	close(s.opened)
	asked := r.now() // logging on may have taken longer than the lease lasts
	if lease, err = st.renew(ctx, lease, asked.Add(r.cfg.LeaseTTL/2)); err != nil {
		s.line.Close()
		s.handling.Wait()
		return err
	}
	st.note(true, nil)
	r.observeLine(st.cfg.Mnemonic, true)
	r.log.Info("a line is up", "line", st.cfg.Mnemonic)
	st.open(s)
	lease, err = st.hold(ctx, s.line, lease, asked.Add(r.cfg.LeaseTTL))
	st.note(false, err)
	st.close(s)
	return err
}

// hold renews the lease until the line goes, the lease is lost or ctx ends. until is when the lease ends at the latest that this hub may assume. A database
// that does not answer is waited for no longer than that, less the time to close the line: so two hubs never have it.
func (st *station) hold(ctx context.Context, line line, lease store.Lease, until time.Time) (store.Lease, error) {
	r := st.relay
	for {
		select {
		case <-ctx.Done():
			return lease, ctx.Err()
		case <-line.Done():
			return lease, errLineGone
		case <-r.clock.After(r.cfg.LeaseTTL / 6):
		}
		asked := r.now()
		last := until.Add(-r.cfg.LeaseTTL / 6)
		renewed, err := st.renew(ctx, lease, last)
		switch {
		case err == nil:
			lease, until = renewed, asked.Add(r.cfg.LeaseTTL)
		case errors.Is(err, store.ErrLostLease), !r.now().Before(last):
			return lease, err
		}
	}
}

// renew gives up at the given time, whatever the database does.
func (st *station) renew(ctx context.Context, lease store.Lease, last time.Time) (store.Lease, error) {
	ctx, cancel := clockwork.WithDeadline(ctx, st.relay.clock, last)
	defer cancel()
	return st.relay.store.Renew(ctx, lease, st.relay.cfg.LeaseTTL)
}

var errLineGone = errors.New("the line closed")

// open lets workers use the line.
func (st *station) open(s *session) {
	r := st.relay
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	st.session = s
	r.seats.notify()
}

// close takes the line out of use and waits until nobody is at it and everything that came over it is settled.
func (st *station) close(s *session) {
	r := st.relay
	r.seats.mu.Lock()
	st.session = nil
	r.seats.mu.Unlock()
	s.line.Close()
	s.users.Wait()
	s.handling.Wait()
	st.mu.Lock()
	defer st.mu.Unlock()
	clear(st.inflight) // what is left could not be settled, and is found as an orphan
}

// drain lets the line answer what is under way.
func (st *station) drain(ctx context.Context) {
	st.relay.seats.mu.Lock()
	s := st.session
	st.relay.seats.mu.Unlock()
	if s == nil {
		return
	}
	if err := s.line.Drain(ctx); err != nil {
		st.relay.log.Info("requests are unanswered as the relay stops; they will be looked up", "line", st.cfg.Mnemonic, "count", st.underWay())
	}
}

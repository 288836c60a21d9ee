package relay

import (
	"context"
	"errors"
	"sync"
	"time"

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
}

func newStation(r *Relay, cfg Line) *station {
	return &station{cfg: cfg, relay: r, inflight: map[string]sent{}, why: "not yet dialled", since: r.now()}
}

func (st *station) status() LineStatus {
	st.mu.Lock()
	defer st.mu.Unlock()
	return LineStatus{Mnemonic: st.cfg.Mnemonic, Up: st.up, Test: st.cfg.Test, Since: st.since, Why: st.why, UnderWay: len(st.inflight)}
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

// pause waits before the next try: while another hub has the line, about as long as its lease may last.
func (st *station) pause(ctx context.Context, failures int, why error) {
	r := st.relay
	d := step(r.cfg.Redial, failures, r.cfg.Jitter())
	if errors.Is(why, store.ErrLeased) {
		d = step([]time.Duration{r.cfg.LeaseTTL / 3}, 0, r.cfg.Jitter())
	}
	select {
	case <-r.clock.After(d):
	case <-ctx.Done():
	}
}

// note keeps how the line stands.
func (st *station) note(up bool, why error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.up, st.since, st.why = up, st.relay.now(), ""
	if why != nil {
		st.why = why.Error()
	}
}

// serve leases the line, settles what a former holder left behind, logs on, and returns when the line is gone and everything that was on it is settled.
func (st *station) serve(ctx context.Context) error {
	r := st.relay
	lease, err := r.store.Lease(ctx, st.cfg.Mnemonic, r.cfg.LeaseTTL)
	if err != nil {
		return err
	}
	defer func() {
		if err := r.store.ReleaseLease(context.WithoutCancel(ctx), lease); err != nil {
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
	}, s)
	if err != nil {
		return err
	}
	close(s.opened)
	st.note(true, nil)
	r.log.Info("a line is up", "line", st.cfg.Mnemonic)
	st.open(s)
	lease, err = st.hold(ctx, s.line, lease)
	st.close(s)
	return err
}

// hold renews the lease until the line goes, the lease is lost or ctx ends.
func (st *station) hold(ctx context.Context, line line, lease store.Lease) (store.Lease, error) {
	r := st.relay
	until := r.now().Add(r.cfg.LeaseTTL)
	for {
		select {
		case <-ctx.Done():
			return lease, ctx.Err()
		case <-line.Done():
			return lease, errLineGone
		case <-r.clock.After(r.cfg.LeaseTTL / 3):
		}
		asked := r.now()
		renewed, err := r.store.Renew(ctx, lease, r.cfg.LeaseTTL)
		switch {
		case err == nil:
			lease, until = renewed, asked.Add(r.cfg.LeaseTTL)
		case errors.Is(err, store.ErrLostLease), r.now().Add(r.cfg.LeaseTTL / 3).After(until):
			return lease, err // before the lease ends, so that two hubs never have the line
		}
	}
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

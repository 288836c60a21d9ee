package relay

import (
	"context"
	"errors"
	"sync"

	"ccpor/store"
)

var (
	// errNoSeat says that no line had a free place in time.
	errNoSeat = errors.New("no line has a free place")
	// errNoTestSwitch says that a test package has nowhere to go.
	errNoTestSwitch = errors.New("no line leads to a test switch")
)

// seats are the places in the windows of all lines. A place is taken before the request is stored and free again when the request is answered, or
// out of time: so no worker waits at a line that is busy, and no request is stored that could not go out at once.
type seats struct {
	mu      sync.Mutex
	changed chan struct{} // closed, and made anew, when a place or a line becomes free
	// transmitting and inquiring are those who wait for a place.
	transmitting, inquiring waiting
}

// notify wakes whoever waits. The caller holds the lock.
func (s *seats) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// take finds the least busy line on which the transmission may go, and waits for one until ctx ends.
func (r *Relay) take(ctx context.Context, w store.Work) (*session, error) {
	if !r.anyLineFor(w) {
		return nil, errNoTestSwitch
	}
	if s, _ := r.tryTake(w); s != nil {
		return s, nil
	}
	defer r.seats.queue(&r.seats.transmitting, &w)()
	for {
		s, changed := r.tryTake(w)
		if s != nil {
			return s, nil
		}
		select {
		case <-changed:
		case <-r.stopping:
			return nil, errNoSeat
		case <-ctx.Done():
			return nil, errNoSeat
		}
	}
}

// anyLineFor says whether this hub has a line that may carry the transmission, up or not. Which mnemonic an agency wants is no reason against:
// another hub may have that line.
func (r *Relay) anyLineFor(w store.Work) bool {
	if !w.Test {
		return true
	}
	for _, st := range r.stations {
		if st.cfg.Test {
			return true
		}
	}
	return false
}

func (r *Relay) tryTake(w store.Work) (*session, <-chan struct{}) {
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	var best *session
	for _, st := range r.stations {
		s := st.session
		if s == nil || s.taken+r.keptToAsk(s) >= max(st.cfg.Window, 1) || !st.carries(w) {
			continue
		}
		if best == nil || s.taken < best.taken {
			best = s
		}
	}
	if best == nil {
		return nil, r.seats.changed
	}
	best.taken++
	best.asked = false
	best.users.Add(1)
	return best, nil
}

// seat ties the place to a request, which frees it by its end.
func (r *Relay) seat(s *session, control string) {
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	s.seated[control] = true
}

// vacate frees the place of a request, once.
func (r *Relay) vacate(s *session, control string) {
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	if s.seated[control] {
		delete(s.seated, control)
		if s.asking == control {
			s.asking = ""
		}
		s.taken--
		r.seats.notify()
	}
}

// leave frees a place of which nothing has come.
func (r *Relay) leave(s *session) {
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	s.taken--
	r.seats.notify()
}

// carries says whether the line may carry the transmission: the agency's own line where it has one, and a test switch for a test.
func (st *station) carries(w store.Work) bool {
	return (w.Agency.Mnemonic == "" || w.Agency.Mnemonic == st.cfg.Mnemonic) && (!w.Test || st.cfg.Test)
}

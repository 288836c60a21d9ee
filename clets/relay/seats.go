package relay

import (
	"errors"
	"sync"
)

// errNoSeat says that something is due for which no line has a free place.
var errNoSeat = errors.New("no line has a free place")

// seats are the places in the windows of all lines. A place is taken before anything is chosen for it and is free again when the request is answered, or
// out of time: so what goes is chosen at the last moment, no worker waits at a line that is busy, and no request is stored that could not go out at once.
type seats struct {
	mu      sync.Mutex
	changed chan struct{} // closed, and made anew, when a place or a line becomes free
	looks   uint64        // counts the looks for work, so that it is known which came before which
}

// place is a place in a line's window, taken.
type place struct {
	*session
	look uint64 // when it was taken, in looks
	tied bool   // a request has it, and frees it by its end
}

// look begins a look for work, and says what to wait for where none is found.
func (s *seats) look() (began uint64, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	return s.looks, s.changed
}

// next is what to wait for now.
func (s *seats) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// notify wakes whoever waits. The caller holds the lock.
func (s *seats) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// take finds the least busy line that has a free place and for which, since that look began, nobody has looked for work in vain. Nil: there is none.
func (r *Relay) take(began uint64) *place {
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	var best *session
	for _, st := range r.stations {
		s := st.session
		if s == nil || s.taken >= max(st.cfg.Window, 1) || s.empty > began {
			continue
		}
		if best == nil || s.taken < best.taken {
			best = s
		}
	}
	if best == nil {
		return nil
	}
	best.taken++
	best.users.Add(1)
	r.seats.looks++
	return &place{session: best, look: r.seats.looks}
}

// found keeps whether there was work for the place.
func (r *Relay) found(p *place, something bool) {
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	if something {
		p.session.empty = 0
	} else {
		p.session.empty = max(p.session.empty, p.look)
	}
}

// idle says that a line was looked at in vain since that look began: it has nothing to do, whatever the others have.
func (r *Relay) idle(began uint64) bool {
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	for _, st := range r.stations {
		if s := st.session; s != nil && s.empty > began {
			return true
		}
	}
	return false
}

// anyLine says whether a line of this hub is up: without one it takes no jobs.
func (r *Relay) anyLine() bool {
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	for _, st := range r.stations {
		if st.session != nil {
			return true
		}
	}
	return false
}

// anyTestLine says whether this hub has a line that may carry tests, up or not.
func (r *Relay) anyTestLine() bool {
	for _, st := range r.stations {
		if st.cfg.Test {
			return true
		}
	}
	return false
}

// seat ties the place to a request, which frees it by its end.
func (r *Relay) seat(p *place, control string) {
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	p.tied = true
	p.seated[control] = true
}

// vacate frees the place of a request, once.
func (r *Relay) vacate(s *session, control string) {
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	if s.seated[control] {
		delete(s.seated, control)
		s.taken--
		r.seats.notify()
	}
}

// leave ends the worker's use of the line, and frees a place of which nothing has come.
func (r *Relay) leave(p *place) {
	defer p.users.Done()
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	if !p.tied {
		p.taken--
		r.seats.notify()
	}
}

package sim

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Event is one entry of the history: a frame that came in or went out, or something that happened to a line.
type Event struct {
	Seq       uint64         `json:"seq"` // counts from 1 over the whole run
	At        time.Time      `json:"at"`
	Direction string         `json:"direction"` // in, out, or event
	Mnemonic  string         `json:"mnemonic,omitempty"`
	Kind      string         `json:"kind"` // MSG, RSP, ...; for an event: connected, closed, down, up, lost, violation
	Control   string         `json:"control,omitempty"`
	Outseq    string         `json:"outseq,omitempty"`
	Key       string         `json:"key,omitempty"` // of a MSG: ERR, QRR, ...
	Code      int            `json:"code,omitempty"`
	Happens   []Misbehaviour `json:"happens,omitempty"` // the misbehaviours that befall this MSG
	Note      string         `json:"note,omitempty"`    // why a line was closed, what was violated; no personal data
	Body      string         `json:"body,omitempty"`    // the frame's body as it was on the wire
}

// Kinds of Event whose Direction is event.
const (
	eventConnected = "connected"
	eventClosed    = "closed"
	eventDown      = "down"
	eventUp        = "up"
	eventLost      = "lost"
	eventViolation = "violation"
)

// history keeps the last events and counts them all.
type history struct {
	now  func() time.Time
	size int

	mu      sync.Mutex
	ring    []Event
	total   uint64
	changed chan struct{} // closed and replaced at every event
}

func newHistory(size int, now func() time.Time) *history {
	return &history{size: size, now: now, changed: make(chan struct{})}
}

func (h *history) add(e Event) {
	e.At = h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.total++
	e.Seq = h.total
	if len(h.ring) < h.size {
		h.ring = append(h.ring, e)
	} else {
		h.ring[(h.total-1)%uint64(h.size)] = e
	}
	close(h.changed)
	h.changed = make(chan struct{})
}

// events returns what is kept, oldest first, and how many there were in all.
func (h *history) events() ([]Event, uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := slices.Clone(h.ring)
	slices.SortFunc(out, func(a, b Event) int { return int(int64(a.Seq) - int64(b.Seq)) })
	return out, h.total
}

// count returns how many events there were in all.
func (h *history) count() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.total
}

func (h *history) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ring, h.total = nil, 0
}

// await looks after every event whether the condition holds.
func (h *history) await(ctx context.Context, holds func() bool) error {
	for {
		h.mu.Lock()
		changed := h.changed
		h.mu.Unlock()
		if holds() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

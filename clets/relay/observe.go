package relay

import (
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

// Observer is told of what happens on the lines, by the goroutines at work there and under their locks: it must not wait, nor ask the relay.
type Observer interface {
	// Ended is told of an attempt whose outcome is settled.
	Ended(a Attempt)
	// Acked is told how long the switch took to take a request.
	Acked(line string, took time.Duration)
	// Line is told of a line that came up, and of each failure to bring it up or end of it.
	Line(mnemonic string, up bool)
}

// Attempt is one sending or look-up as it ended: names, codes and times, and nothing of what was sent or answered.
type Attempt struct {
	Kind    store.Kind
	Purpose store.Purpose
	// Event is what happened, Verdict what follows from it, Code the number of a reject or NAK and zero without one.
	Event   string
	Verdict store.Verdict
	Code    int
	// Answered says that the switch or CARPOS answered.
	Answered bool
	// State is that of the transmission now.
	State         store.TransmissionState
	Line, Control string
	Began, Ended  time.Time

	// Correlation, Tracking and Received are those of the package that brought the transmission, Submitter is who sent it.
	Correlation string
	Tracking    order.Tracking
	Submitter   order.ORI
	Received    time.Time
}

// trail is what an observer is told of an attempt beside its outcome.
type trail struct {
	kind          store.Kind
	correlation   string
	tracking      order.Tracking
	submitter     order.ORI
	received      time.Time
	began         time.Time
	line, control string
}

func trailOf(w store.Work) trail {
	return trail{kind: w.Kind, correlation: w.Correlation, tracking: w.Tracking, submitter: w.Submitter.ORI, received: w.Received}
}

// begin notes where and when the attempt began.
func (t *trail) begin(at time.Time, line, control string) {
	t.began, t.line, t.control = at, line, control
}

// answered says of the events whether somebody at the other end spoke.
func (e event) answered() bool { return e != notSent && e != noAnswer && e != lineClosed }

func (r *Relay) observeEnd(s sent, f finding, o store.Outcome, done store.Finished) {
	if r.cfg.Observe == nil {
		return
	}
	t := s.trail
	r.cfg.Observe.Ended(Attempt{Kind: t.kind, Purpose: s.purpose, Event: string(f.event), Verdict: o.Verdict, Code: f.code, Answered: f.event.answered(), State: done.State,
		Line: t.line, Control: t.control, Began: t.began, Ended: o.At, Correlation: t.correlation, Tracking: t.tracking, Submitter: t.submitter, Received: t.received})
}

func (r *Relay) observeAck(s sent) {
	if r.cfg.Observe != nil {
		r.cfg.Observe.Acked(s.trail.line, r.now().Sub(s.trail.began))
	}
}

func (r *Relay) observeLine(mnemonic string, up bool) {
	if r.cfg.Observe != nil {
		r.cfg.Observe.Line(mnemonic, up)
	}
}

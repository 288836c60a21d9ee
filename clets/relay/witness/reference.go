package witness

import (
	"fmt"
	"slices"
	"strings"
)

// reference is the relay's side of one order as docs/states.md draws it: a machine that is told, transaction by transaction, what the audit log says has
// happened, and says which moves must have come of it.
type reference struct {
	steps    map[int64]*step // by transmission
	sequence []*step         // by number of the order's sequence, as they came
	breaches []Breach
}

// step is one transmission as the machine has it.
type step struct {
	id    int64
	kind  string
	seq   int
	state string
	doubt bool
}

func (s *step) final() bool    { return s.state == "accepted" || s.state == "given_up" }
func (s *step) underWay() bool { return !s.final() && s.state != "waiting" }

func newReference(order []transmission) *reference {
	r := &reference{steps: map[int64]*step{}}
	for _, t := range order {
		s := &step{id: t.ID, kind: t.Kind, seq: t.Seq}
		r.steps[t.ID] = s
		r.sequence = append(r.sequence, s)
	}
	slices.SortFunc(r.sequence, func(a, b *step) int { return a.seq - b.seq })
	return r
}

func (r *reference) complain(l Law, s *step, format string, args ...any) {
	r.breaches = append(r.breaches, Breach{l, fmt.Sprintf("transmission %d (%s, number %d of its order): ", s.id, s.kind, s.seq) + fmt.Sprintf(format, args...)})
}

// transaction tells the machine of one transaction: what the audit log says of it, and the moves that it made.
func (r *reference) transaction(audits []audited, moves []moved) {
	predicted := map[int64]string{}
	for _, a := range audits {
		r.happened(a, predicted)
	}
	for _, m := range moves {
		s := r.steps[m.Transmission]
		switch {
		case m.Before == "":
			r.born(s, m.After, len(audits) > 0)
		case s.state != m.Before:
			r.complain(LawMove, s, "moved from %s, and was %s", m.Before, s.state)
		case m.Before == "sending" && m.After == "sent":
		case len(audits) == 0:
			r.complain(LawAudit, s, "moved from %s to %s without an entry in the audit log", m.Before, m.After)
		case predicted[s.id] != m.After && !r.wakes(s, m.After):
			r.complain(LawMove, s, "moved from %s to %s, where %q was to come", m.Before, m.After, predicted[s.id])
		}
		r.moveTo(s, m.After)
		delete(predicted, s.id)
	}
	for id, to := range predicted {
		if s := r.steps[id]; s.state != to {
			r.complain(LawMove, s, "stayed %s, where %s was to come", s.state, to)
		}
	}
	r.judge()
}

// born puts a transmission into its first state: ready where nothing stands before it.
func (r *reference) born(s *step, state string, audited bool) {
	want := "waiting"
	if r.mayGo(s) {
		want = "ready"
	}
	switch {
	case state != want:
		r.complain(LawSequence, s, "begins %s, where %s was to come", state, want)
	case !audited:
		r.complain(LawAudit, s, "was made without an entry in the audit log")
	}
	r.moveTo(s, state)
}

// mayGo says that everything earlier of the order is settled and CARPOS has the order, or that this is the order.
func (r *reference) mayGo(s *step) bool {
	if s.seq == 1 {
		return true
	}
	for _, e := range r.sequence {
		if e.seq < s.seq && e.state != "" && !e.final() || e.seq == 1 && e.state != "accepted" {
			return false
		}
	}
	return true
}

// wakes says that a waiting transmission's turn has come, or that it falls with the order's entry.
func (r *reference) wakes(s *step, to string) bool {
	if s.state != "waiting" {
		return false
	}
	entryGone := slices.ContainsFunc(r.sequence, func(e *step) bool { return e.seq == 1 && e.state == "given_up" })
	return to == "ready" && r.mayGo(s) || to == "given_up" && entryGone
}

func (r *reference) moveTo(s *step, state string) {
	switch state {
	case "unknown":
		s.doubt = true
	case "held", "given_up":
	default:
		s.doubt = false
	}
	s.state = state
}

// happened predicts the move of the transmission that an entry of the audit log is about.
func (r *reference) happened(a audited, predicted map[int64]string) {
	var id int64
	if _, err := fmt.Sscanf(a.Object, "transmission %d ", &id); err != nil {
		return
	}
	s := r.steps[id]
	if s == nil {
		return
	}
	to := r.next(s, a)
	if to == "" {
		r.complain(LawMove, s, "%s with %q, which its state (%s) does not allow", a.Action, a.Outcome, s.state)
		return
	}
	if trying := s.state == "sending" || s.state == "sent"; trying && a.Action == "transmission.finish" && a.Outcome == "held" {
		s.doubt = true // a reply that nobody understands may be an acceptance
	}
	if a.Action == "transmission.finish" && predicted[id] == "ready" && a.Outcome == "rejected" {
		return // a correction was there already
	}
	predicted[id] = to
}

// next is the state that follows, or nothing where this cannot happen. What changes nothing is followed by the same state.
func (r *reference) next(s *step, a audited) string {
	on := func(to string, from ...string) string {
		if slices.Contains(from, s.state) {
			return to
		}
		return ""
	}
	switch strings.TrimPrefix(a.Action, "transmission.") {
	case "send":
		return on("sending", "ready")
	case "lookup":
		return on("unknown", "unknown")
	case "finish":
		return r.finished(s, a.Outcome)
	case "hold":
		return on("held", "ready", "unknown")
	case "settle":
		return on("accepted", "ready")
	case "release":
		if s.doubt {
			return on("unknown", "held")
		}
		return on("ready", "held")
	case "giveUp":
		return on("given_up", "held")
	case "correct":
		return on("ready", "held", "ready", "sending", "sent")
	}
	return ""
}

// finished is what a verdict means.
func (r *reference) finished(s *step, verdict string) string {
	trying := s.state == "sending" || s.state == "sent"
	switch {
	case verdict == "accepted" || verdict == "onFile":
		if s.state == "waiting" || s.state == "given_up" {
			return ""
		}
		return "accepted"
	case s.state == "accepted": // the other attempt was faster
		return "accepted"
	case verdict == "unknown" && (trying || s.state == "unknown"):
		return "unknown"
	case verdict == "retry" && trying:
		return "ready"
	case verdict == "retry" && s.state == "unknown":
		return "unknown"
	case (verdict == "rejected" || verdict == "held") && (trying || s.state == "unknown"):
		return "held"
	case verdict == "notFound" && s.state == "unknown":
		return "ready"
	}
	return ""
}

// judge says what must hold after every transaction.
func (r *reference) judge() {
	var going *step
	for _, s := range r.sequence {
		if s.state == "" || !s.underWay() {
			continue
		}
		if going != nil {
			r.complain(LawOverlap, s, "is %s while number %d is %s", s.state, going.seq, going.state)
		}
		going = s
		if s.state != "held" && !r.mayGo(s) {
			r.complain(LawSequence, s, "is %s before its turn", s.state)
		}
	}
}

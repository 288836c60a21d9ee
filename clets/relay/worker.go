package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"ccpor/clets/carpos"
	"ccpor/clets/link"
	"ccpor/mapping/order"
	"ccpor/store"
)

// transmitter is the worker of the job "transmit".
type transmitter struct {
	river.WorkerDefaults[store.TransmitArgs]
	relay *Relay
}

// snooze is how long a job waits that found no line with a free place.
const snooze = time.Second

// Work moves one transmission on, whichever goes next. The job itself is finished when the request is on the line; whatever comes of it makes a new job.
func (t *transmitter) Work(ctx context.Context, _ *river.Job[store.TransmitArgs]) error {
	return t.relay.jobResult(t.relay.wake(ctx))
}

// jobResult tells River what has become of a job.
func (r *Relay) jobResult(worked bool, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errNoSeat):
		return river.JobSnooze(snooze)
	}
	r.log.Error("a transmission could not be worked on; it is tried again", "error", err)
	if worked { // the transmission is passed over for a while, so that one that cannot be worked on is in nobody's way; then it has this job
		return river.JobSnooze(store.Claimed + snooze)
	}
	return river.JobSnooze(snooze)
}

// follower is the worker of the job "follow".
type follower struct {
	river.WorkerDefaults[store.FollowArgs]
	relay *Relay
}

// Work cancels what an order follows, once CARPOS has both. No sweep would find what this leaves undone, so the job is put off until it has succeeded, and
// never discarded.
func (f *follower) Work(ctx context.Context, job *river.Job[store.FollowArgs]) error {
	r, now := f.relay, f.relay.now()
	if err := r.store.Follow(ctx, job.Args.OrderID, order.DateOf(now.In(r.cfg.Zone)), now); err != nil {
		r.log.Error("what an order follows could not be looked at; it is tried again", "order", job.Args.OrderID, "error", err)
		return river.JobSnooze(step(r.cfg.Pauses, 0, r.cfg.Jitter()))
	}
	return nil
}

// wake does one step as soon as there is one to do, and is done when nothing is due. errNoSeat: something is due, and no line had a place for it in time.
func (r *Relay) wake(ctx context.Context) (worked bool, err error) {
	waiting, cancel := context.WithTimeout(ctx, r.slotWait())
	defer cancel()
	began, changed := r.seats.look()
	defer r.seats.waits(began)()
	for {
		worked, err = r.stepSince(ctx, began)
		if !errors.Is(err, errNoSeat) {
			return worked, err
		}
		select {
		case <-changed:
		case <-r.stopping:
			return false, errNoSeat
		case <-waiting.Done():
			return false, errNoSeat
		}
		changed = r.seats.next()
	}
}

// slotWait is jittered, so that workers that wait for places on other lines take turns at looking for work on those that are free.
func (r *Relay) slotWait() time.Duration {
	return step([]time.Duration{r.cfg.SlotWait}, 0, r.cfg.Jitter())
}

// step does one step of work now: it takes a free place on a line, chooses what goes over it, and works on that. It waits for nothing but the database. False:
// nothing is due. errNoSeat: something is due, and no line has a place for it.
func (r *Relay) step(ctx context.Context) (worked bool, err error) {
	began, _ := r.seats.look()
	return r.stepSince(ctx, began)
}

// stepSince is step for a look that began earlier: it does not look again at lines at which somebody else has looked in vain since.
func (r *Relay) stepSince(ctx context.Context, began uint64) (worked bool, err error) {
	for {
		p := r.take(began)
		if p == nil {
			return r.rest(ctx, began)
		}
		id, err := r.choose(ctx, p)
		if errors.Is(err, store.ErrNothingDue) {
			continue
		}
		if err != nil {
			return false, err
		}
		return true, r.workOn(ctx, p, id)
	}
}

// choose takes what goes next over the place, and leaves the place where that is nothing.
func (r *Relay) choose(ctx context.Context, p *place) (store.TransmissionID, error) {
	id, err := r.store.Choose(ctx, store.Route{Line: p.station.cfg.Mnemonic, Test: p.station.cfg.Test}, r.now())
	if err == nil || errors.Is(err, store.ErrNothingDue) {
		r.found(p, err == nil)
	}
	if err != nil {
		r.leave(p)
	}
	return id, err
}

// workOn works on what was chosen, and leaves the place unless a request has it.
func (r *Relay) workOn(ctx context.Context, p *place, id store.TransmissionID) error {
	defer r.leave(p)
	return r.transmit(ctx, p, id)
}

// apart is what may lie between the clocks of a hub and of the database, by which jobs come.
const apart = 2 * time.Second

// rest says what remains when no line has a free place and work for it. Where all lines are busy it need not ask.
func (r *Relay) rest(ctx context.Context, began uint64) (worked bool, err error) {
	if !r.idle(began) {
		return false, errNoSeat
	}
	owed, err := r.store.Owed(ctx, r.now(), apart)
	if err != nil || !owed {
		return false, err
	}
	if !r.anyTestLine() {
		if worked, err := r.holdTest(ctx); worked || err != nil {
			return worked, err
		}
	}
	return false, errNoSeat
}

// holdTest sets a test aside that has nowhere to go. Which mnemonic an agency wants is no such reason: another hub may have that line.
func (r *Relay) holdTest(ctx context.Context) (held bool, err error) {
	id, err := r.store.DueTest(ctx, r.now())
	if errors.Is(err, store.ErrNothingDue) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	w, err := r.store.Work(ctx, id)
	if err != nil {
		return false, fmt.Errorf("read transmission %d: %w", id, err)
	}
	return true, r.hold(ctx, w, store.Hold{Reason: "It is a test, and the hub has no line to a test switch."})
}

// transmit looks at a transmission and does what its state asks for.
func (r *Relay) transmit(ctx context.Context, p *place, id store.TransmissionID) error {
	w, err := r.store.Work(ctx, id)
	if err != nil {
		return fmt.Errorf("read transmission %d: %w", id, err)
	}
	if len(w.Replies) > 0 { // a hub died between storing and settling them
		if err := r.settleStored(ctx, w); err != nil {
			return err
		}
		if w, err = r.store.Work(ctx, id); err != nil {
			return fmt.Errorf("read transmission %d: %w", id, err)
		}
	}
	switch {
	case w.Busy:
		return nil
	case w.State == store.StateReady && !w.Unknown:
		return r.begin(ctx, p, w, store.PurposeSend)
	case w.State == store.StateReady || w.State == store.StateUnknown:
		return r.begin(ctx, p, w, store.PurposeLookup)
	}
	return nil
}

// begin sends the transaction, or looks it up. A look-up lacks nothing: what it looks for was sent once.
func (r *Relay) begin(ctx context.Context, p *place, w store.Work, purpose store.Purpose) error {
	if purpose == store.PurposeLookup {
		return r.write(ctx, p, w, purpose, r.sentBefore(w))
	}
	owed, lacks := r.owed(w)
	switch {
	case len(lacks) > 0:
		return r.hold(ctx, w, holdFor(lacks))
	case w.Kind == store.KindModify && owed.ChangesNothing():
		return r.settleUnsent(ctx, w)
	}
	if wrong := r.against(w); len(wrong) > 0 {
		return r.hold(ctx, w, store.Hold{Reason: strings.Join(wrong, " ") + insteadOf(w)})
	}
	return r.write(ctx, p, w, purpose, owed)
}

// insteadOf says what is done in place of a transmission that does not fit its order.
func insteadOf(w store.Work) string {
	if w.Recorded {
		return " Whoever served it records it anew, as it was; this one is given up."
	}
	return " The court sends a corrected package; this one is given up."
}

// write puts the request on the line.
func (r *Relay) write(ctx context.Context, p *place, w store.Work, purpose store.Purpose, owed carpos.Transaction) error {
	text, err := r.dict.Encode(r.requestOf(w, purpose, owed))
	if err != nil {
		return r.hold(ctx, w, store.Hold{Reason: "It cannot be written as a CARPOS message: " + err.Error() + "."})
	}
	q := r.sentFor(w, purpose, owed)
	if purpose == store.PurposeSend {
		q.tries++
	}
	return r.send(ctx, p, q, text)
}

// against says what is wrong with a package that follows an order beside that order, as CARPOS has it. A violation is no package.
func (r *Relay) against(w store.Work) []string {
	if r.cfg.Against == nil || w.Kind == store.KindEnter || w.Kind == store.KindViolate {
		return nil
	}
	return r.cfg.Against(w)
}

// settleUnsent ends a change that has nothing to tell: an empty one is none that CARPOS takes.
func (r *Relay) settleUnsent(ctx context.Context, w store.Work) error {
	_, err := r.store.Settle(ctx, w.ID, "Nothing was sent: what CARPOS has of the order is what it is to have.", r.now())
	if errors.Is(err, store.ErrNotReady) {
		return nil // another worker was faster
	}
	if err != nil {
		return fmt.Errorf("settle transmission %d: %w", w.ID, err)
	}
	return nil
}

func (r *Relay) hold(ctx context.Context, w store.Work, h store.Hold) error {
	h.At, h.Seen = r.now(), w.Seen
	err := r.store.Hold(ctx, w.ID, h)
	var moved *store.MoveError
	if errors.Is(err, store.ErrNotReady) || errors.As(err, &moved) {
		return nil // another worker was faster
	}
	if err != nil {
		return fmt.Errorf("hold transmission %d: %w", w.ID, err)
	}
	r.log.Info("a transmission waits for a person", "transmission", w.ID, "field", h.Field)
	return nil
}

// send stores the bytes, then puts them on the line, where a place is kept for them.
func (r *Relay) send(ctx context.Context, p *place, q sent, text []byte) error {
	s := p.session
	control, body, err := r.record(ctx, s, &q, text)
	if err != nil || q.attempt == 0 {
		return err
	}
	r.seat(p, control)
	s.station.remember(control, q)
	switch err := s.line.Send(ctx, control, body); {
	case errors.Is(err, link.ErrNotSent):
		s.station.forget(control)
		r.vacate(s, control)
		return r.finish(context.WithoutCancel(ctx), q, finding{event: notSent}, 0)
	case err != nil:
		return nil // the line broke; its end settles what was unanswered
	}
	if err := r.store.MarkSent(ctx, q.attempt, r.now()); err != nil {
		r.log.Warn("a request could not be marked as sent", "attempt", q.attempt, "error", err)
	}
	return nil
}

// record stores the request before it is sent (profile section 4, rule 1). The attempt stays zero where another worker has the transmission: its outcome
// makes the next job.
func (r *Relay) record(ctx context.Context, s *session, q *sent, text []byte) (control string, body []byte, err error) {
	if control, err = r.store.NextControl(ctx); err != nil {
		return "", nil, fmt.Errorf("draw a control number: %w", err)
	}
	body, q.at = s.line.Body(control, text), r.now()
	q.trail.begin(q.at, s.line.Mnemonic(), control)
	q.attempt, err = r.store.BeginAttempt(ctx, store.Attempt{
		Transmission: q.transmission, Purpose: q.purpose, Control: control, Line: s.line.Mnemonic(), Bytes: body, Notes: notesOf(*q), At: q.at,
	})
	switch {
	case errors.Is(err, store.ErrNotReady), errors.Is(err, store.ErrUnsettled):
		return "", nil, nil
	case err != nil:
		return "", nil, fmt.Errorf("store the request of transmission %d: %w", q.transmission, err)
	}
	return control, body, nil
}

// finish settles an attempt by the policy. That the transmission has moved on meanwhile is no error.
func (r *Relay) finish(ctx context.Context, s sent, f finding, in store.InboundID) error {
	o := r.outcome(s, f, in, r.now())
	done, err := r.store.Finish(ctx, s.attempt, o)
	var moved *store.MoveError
	if errors.As(err, &moved) {
		return r.tooLate(ctx, in)
	}
	if err != nil {
		return fmt.Errorf("settle attempt %d: %w", s.attempt, err)
	}
	r.observeEnd(s, f, o, done)
	r.log.Debug("an attempt is settled", "transmission", s.transmission, "purpose", s.purpose, "event", f.event, "verdict", o.Verdict, "state", done.State)
	return nil
}

// tooLate marks a reply that changes nothing any more.
func (r *Relay) tooLate(ctx context.Context, in store.InboundID) error {
	if in == 0 {
		return nil
	}
	if err := r.store.Handled(ctx, in, "came after the matter was settled", r.now()); err != nil {
		return fmt.Errorf("mark a late reply: %w", err)
	}
	return nil
}

// settleStored judges the replies that nobody has.
func (r *Relay) settleStored(ctx context.Context, w store.Work) error {
	for _, m := range w.Replies {
		if err := r.settle(ctx, nil, m.ID, m.Control, m.Text); err != nil {
			return err
		}
	}
	return nil
}

// settle judges a stored reply and settles its attempt. known is the attempt where it is remembered; otherwise it is found by the control
// number. A reply to nothing that any hub of this database ever sent is left for a person.
func (r *Relay) settle(ctx context.Context, known *sent, in store.InboundID, control, text string) error {
	if known == nil || known.inquiry != 0 {
		s, err := r.recall(ctx, control)
		if errors.Is(err, store.ErrNotFound) {
			err = r.settleInquiry(ctx, control, in, text)
			if errors.Is(err, store.ErrNotFound) {
				return r.stray(ctx, in, control)
			}
			return err
		}
		if errors.Is(err, errSettled) {
			return r.tooLate(ctx, in)
		}
		if err != nil {
			return err
		}
		known = &s
	}
	reply, err := r.dict.ParseReply([]byte(text))
	if err != nil {
		r.log.Warn("a reply is none that is known", "transmission", known.transmission, "error", err)
	}
	return r.finish(ctx, *known, r.judge(*known, reply), in)
}

// errSettled says that an attempt has brought its acceptance already: the reply is a repetition.
var errSettled = errors.New("the request is settled")

// recall finds an attempt by its control number, and writes its transaction again to judge by.
func (r *Relay) recall(ctx context.Context, control string) (sent, error) {
	ref, err := r.store.AttemptByControl(ctx, control)
	if err != nil {
		return sent{}, fmt.Errorf("find a request by its control number: %w", err)
	}
	if ref.Verdict == store.VerdictAccepted || ref.Verdict == store.VerdictOnFile {
		return sent{}, errSettled
	}
	w, err := r.store.Work(ctx, ref.Transmission)
	if err != nil {
		return sent{}, fmt.Errorf("read transmission %d: %w", ref.Transmission, err)
	}
	q := r.sentFor(w, ref.Purpose, r.sentBefore(w))
	q.attempt, q.at = ref.ID, ref.At
	q.trail.begin(ref.At, ref.Line, control)
	return q, nil
}

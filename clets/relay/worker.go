package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"ccpor/clets/link"
	"ccpor/store"
)

// transmitter is the worker of the job "transmit".
type transmitter struct {
	river.WorkerDefaults[store.TransmitArgs]
	relay *Relay
}

// snooze is how long a job waits that found no line with a free place.
const snooze = time.Second

// Work moves one transmission on. The job itself is finished when the request is on the line; whatever comes of it makes a new job.
func (t *transmitter) Work(ctx context.Context, job *river.Job[store.TransmitArgs]) error {
	err := t.relay.transmit(ctx, store.TransmissionID(job.Args.TransmissionID))
	switch {
	case errors.Is(err, errNoSeat):
		return river.JobSnooze(snooze)
	case errors.Is(err, store.ErrNotFound):
		return river.JobCancel(err)
	}
	return err
}

// transmit looks at a transmission and does what its state asks for.
func (r *Relay) transmit(ctx context.Context, id store.TransmissionID) error {
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
		return r.begin(ctx, w, store.PurposeSend)
	case w.State == store.StateReady || w.State == store.StateUnknown:
		return r.begin(ctx, w, store.PurposeLookup)
	}
	return nil
}

// begin writes the request, or holds the transmission for what lacks. A look-up lacks nothing: what it looks for was sent once.
func (r *Relay) begin(ctx context.Context, w store.Work, purpose store.Purpose) error {
	owed, lacks := r.owed(w)
	if len(lacks) > 0 && purpose == store.PurposeSend {
		return r.hold(ctx, w.ID, holdFor(lacks))
	}
	if wrong := r.against(w); len(wrong) > 0 && purpose == store.PurposeSend {
		return r.hold(ctx, w.ID, store.Hold{Reason: strings.Join(wrong, " ") + " The court sends a corrected proof; this one is given up."})
	}
	text, err := r.dict.Encode(r.requestOf(w, purpose, owed))
	if err != nil {
		return r.hold(ctx, w.ID, store.Hold{Reason: "It cannot be written as a CARPOS message: " + err.Error() + "."})
	}
	waiting, cancel := context.WithTimeout(ctx, r.cfg.SlotWait)
	defer cancel()
	s, err := r.take(waiting, w)
	if errors.Is(err, errNoTestSwitch) {
		return r.hold(ctx, w.ID, store.Hold{Reason: "It is a test, and the hub has no line to a test switch."})
	}
	if err != nil {
		return err
	}
	defer s.users.Done()
	q := r.sentFor(w, purpose, owed)
	if purpose == store.PurposeSend {
		q.tries++
	}
	return r.send(ctx, s, q, text)
}

// against says what is wrong with a proof of service of its order.
func (r *Relay) against(w store.Work) []string {
	if r.cfg.Against == nil || w.Kind != store.KindServe || w.Service == nil {
		return nil
	}
	return r.cfg.Against(w.Service, &w.Order)
}

func (r *Relay) hold(ctx context.Context, id store.TransmissionID, h store.Hold) error {
	h.At = r.now()
	err := r.store.Hold(ctx, id, h)
	var moved *store.MoveError
	if errors.Is(err, store.ErrNotReady) || errors.As(err, &moved) {
		return nil // another worker was faster
	}
	if err != nil {
		return fmt.Errorf("hold transmission %d: %w", id, err)
	}
	r.log.Info("a transmission waits for a person", "transmission", id, "field", h.Field)
	return nil
}

// send stores the bytes, then puts them on the line, where a place is kept for them.
func (r *Relay) send(ctx context.Context, s *session, q sent, text []byte) error {
	control, body, err := r.record(ctx, s, &q, text)
	if err != nil || q.attempt == 0 {
		r.leave(s)
		return err
	}
	r.seat(s, control)
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
	body = s.line.Body(control, text)
	q.attempt, err = r.store.BeginAttempt(ctx, store.Attempt{
		Transmission: q.transmission, Purpose: q.purpose, Control: control, Line: s.line.Mnemonic(), Bytes: body, At: r.now(),
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
// number. A reply to nothing that the hub ever sent is left for a person.
func (r *Relay) settle(ctx context.Context, known *sent, in store.InboundID, control, text string) error {
	if known == nil {
		s, err := r.recall(ctx, control)
		if errors.Is(err, store.ErrNotFound) {
			r.log.Warn("the switch answers a request that the hub does not know; a person has to read it", "control", control)
			return nil
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
	owed, _ := r.owed(w) // it was sent once; what its agency's registration lacks since does not matter
	q := r.sentFor(w, ref.Purpose, owed)
	q.attempt = ref.ID
	return q, nil
}

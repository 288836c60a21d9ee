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
	"ccpor/store"
)

// An inquiry is a question of a person, who waits. It changes nothing at CARPOS, so it is asked again where a transaction would be looked up. It goes before the
// backlog, but holds one place of a line at most, and where places are short it takes turns with the transmissions: neither can starve the other.

// Inquirer is what the relay needs of the store for inquiries.
type Inquirer interface {
	Inquiry(ctx context.Context, id store.InquiryID) (store.Inquiry, error)
	BeginInquiry(ctx context.Context, t store.InquiryTry) error
	AskAgain(ctx context.Context, control, why string, due, at time.Time) error
	FailInquiry(ctx context.Context, id store.InquiryID, control, why string, at time.Time) error
	AnswerInquiry(ctx context.Context, control string, reply store.InboundID, at time.Time) error
	InquiryByControl(ctx context.Context, control string) (store.InquiryID, error)
	StrandedInquiries(ctx context.Context, dueBefore time.Time) ([]store.InquiryID, error)
}

const (
	// askTries is how often an inquiry is sent within the asker's patience, each time for its part of that.
	askTries = 3
	// askWorkers is how many inquiries are looked at at a time.
	askWorkers = 8
	// askPause is the pause before an inquiry that was not taken is sent again.
	askPause = time.Second
)

// inquirer is the worker of the job "inquire".
type inquirer struct {
	river.WorkerDefaults[store.InquireArgs]
	relay *Relay
}

// Work moves one inquiry on. Like that of a transmission, the job is finished when the request is on the line.
func (w *inquirer) Work(ctx context.Context, job *river.Job[store.InquireArgs]) error {
	wait, err := w.relay.inquire(ctx, store.InquiryID(job.Args.InquiryID))
	switch {
	case errors.Is(err, store.ErrInquiryMoved):
		return nil // another worker was faster
	case errors.Is(err, store.ErrNotFound):
		return river.JobCancel(err)
	case err == nil && wait > 0:
		return river.JobSnooze(wait)
	}
	return err
}

// inquire looks at an inquiry and does what its state asks for; wait is when to look again, zero for no need.
func (r *Relay) inquire(ctx context.Context, id store.InquiryID) (wait time.Duration, err error) {
	q, err := r.store.Inquiry(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("read inquiry %d: %w", id, err)
	}
	left := q.Due.Sub(r.now())
	switch {
	case q.State == store.InquirySending && left > 0:
		return left, nil
	case q.State == store.InquirySending:
		return 0, r.unanswered(ctx, q, finding{event: noAnswer})
	case q.State != store.InquiryAsked:
		return 0, nil
	case left > 0:
		return left, nil
	case q.Until.Before(r.now()):
		return 0, r.failInquiry(ctx, q, r.neverSent(q))
	}
	return r.ask(ctx, q)
}

// neverSent says why an inquiry found no way within the asker's patience.
func (r *Relay) neverSent(q store.Inquiry) string {
	if q.Tries > 0 {
		return fmt.Sprintf("CARPOS gave no answer within the time, though it was asked %s.", times(q.Tries))
	}
	return "No line to the switch had a free place within the time. Nothing was asked."
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// ask puts the question on a line.
func (r *Relay) ask(ctx context.Context, q store.Inquiry) (wait time.Duration, err error) {
	waiting, cancel := context.WithTimeout(ctx, min(r.cfg.SlotWait, max(q.Until.Sub(r.now()), 0)))
	defer cancel()
	p, err := r.takeToAsk(waiting, &q)
	switch {
	case errors.Is(err, errNoTestSwitch):
		return 0, r.failInquiry(ctx, q, "It is a test, and the hub has no line to a test switch. Nothing was asked.")
	case err != nil:
		return snooze, nil
	}
	defer r.leaveAsked(p)
	return 0, r.sendInquiry(ctx, p, q)
}

// sendInquiry stores the bytes, then puts them on the line, where a place is kept for them.
func (r *Relay) sendInquiry(ctx context.Context, p *place, q store.Inquiry) error {
	control, err := r.store.NextControl(ctx)
	if err != nil {
		return fmt.Errorf("draw a control number: %w", err)
	}
	body, now := p.line.Body(control, q.Text), r.now()
	try := store.InquiryTry{Inquiry: q.ID, Control: control, Line: p.line.Mnemonic(), Bytes: body, At: now, Due: now.Add(q.Until.Sub(q.AskedAt) / askTries)}
	if try.Due.After(q.Until) {
		try.Due = q.Until
	}
	if err := r.store.BeginInquiry(ctx, try); err != nil {
		return err
	}
	r.seatAsked(p, control)
	p.station.remember(control, sent{inquiry: q.ID})
	if err := p.line.Send(ctx, control, body); errors.Is(err, link.ErrNotSent) {
		p.station.forget(control)
		r.vacate(p.session, control)
		q.Control, q.Tries = control, q.Tries+1
		return r.unanswered(context.WithoutCancel(ctx), q, finding{event: notSent})
	}
	return nil // where the line broke, its end settles what was unanswered
}

// seatAsked ties the place to the request, which frees it by its end.
func (r *Relay) seatAsked(p *place, control string) {
	r.seats.mu.Lock()
	p.asking = control
	r.seats.mu.Unlock()
	r.seat(p, control)
}

// askedAgain are the events after which an inquiry may be asked again, with what is said of them; after all others it fails, with the words of askFailed.
var askedAgain = map[event]string{
	noAnswer:    "There was no answer in time.",
	lineClosed:  "The line closed before the answer came.",
	notSent:     "The line closed before it was sent.",
	cut:         "CARPOS's reply ends early.",
	nakAgain:    "The switch cannot take it now: %s.",
	rejectAgain: "CARPOS cannot answer now: %s.",
}

var askFailed = map[event]string{
	nak:        "The switch refuses the question: %s.",
	reject:     "CARPOS refuses the question: %s.",
	unreadable: "CARPOS's reply is none that is known; a person has to read it.",
	foreign:    "CARPOS's reply belongs to another request; a person has to read it.",
}

// wordsOf fills the details into the sentence of an event.
func wordsOf(sentence string, f finding) string {
	if sentence == "" {
		return "Something happened that the relay has no rule for; a person has to look."
	}
	if f.details == "" {
		return sentence
	}
	return fmt.Sprintf(sentence, f.details)
}

// endedInquiry settles a request that the line gave no reply to.
func (r *Relay) endedInquiry(ctx context.Context, id store.InquiryID, control string, f finding) error {
	q, err := r.store.Inquiry(ctx, id)
	if err != nil {
		return fmt.Errorf("read inquiry %d: %w", id, err)
	}
	if q.Control != control {
		return nil // it has moved on
	}
	return notMoved(r.unanswered(ctx, q, f))
}

// notMoved passes over an inquiry that somebody else has moved meanwhile.
func notMoved(err error) error {
	if errors.Is(err, store.ErrInquiryMoved) {
		return nil
	}
	return err
}

// unanswered ends the try that is under way: the inquiry is asked again, or fails.
func (r *Relay) unanswered(ctx context.Context, q store.Inquiry, f finding) error {
	now := r.now()
	words, again := askedAgain[f.event]
	if !again {
		return r.failInquiry(ctx, q, wordsOf(askFailed[f.event], f))
	}
	words = wordsOf(words, f)
	due := now
	if f.event == nakAgain || f.event == rejectAgain {
		due = now.Add(min(askPause, r.cfg.Pauses[0]))
	}
	if q.Tries >= askTries || !due.Before(q.Until) {
		return r.failInquiry(ctx, q, words+" It was asked "+times(q.Tries)+".")
	}
	if err := r.store.AskAgain(ctx, q.Control, words, due, now); err != nil {
		return fmt.Errorf("ask inquiry %d again: %w", q.ID, err)
	}
	return nil
}

func (r *Relay) failInquiry(ctx context.Context, q store.Inquiry, why string) error {
	if err := r.store.FailInquiry(ctx, q.ID, q.Control, why, r.now()); err != nil {
		return fmt.Errorf("end inquiry %d: %w", q.ID, err)
	}
	r.log.Info("an inquiry got no answer", "inquiry", q.ID, "tries", q.Tries)
	return nil
}

// settleInquiry judges a stored reply to an inquiry. What it says of the question is judged when it is shown: here it is decided only whether it is an answer.
// A reply that is none fails the inquiry, and its text waits for a person.
func (r *Relay) settleInquiry(ctx context.Context, control string, in store.InboundID, text string) error {
	id, err := r.store.InquiryByControl(ctx, control)
	if err != nil {
		return err
	}
	q, err := r.store.Inquiry(ctx, id)
	if err != nil {
		return fmt.Errorf("read inquiry %d: %w", id, err)
	}
	if q.State == store.InquiryAnswered {
		return r.tooLate(ctx, in)
	}
	f := r.judgeInquiry(q, text)
	switch {
	case f.event == found:
		err = r.store.AnswerInquiry(ctx, control, in, r.now())
		if errors.Is(err, store.ErrInquiryMoved) {
			return r.tooLate(ctx, in)
		}
	case q.Control != control: // of a try that is given up: it cannot be an answer, and changes nothing
		return r.tooLateUnless(ctx, f, in)
	default:
		err = r.unansweredBy(ctx, q, f, in)
	}
	if err != nil {
		return fmt.Errorf("settle inquiry %d: %w", id, err)
	}
	return nil
}

// tooLateUnless marks a reply that changes nothing any more, unless a person has to read it.
func (r *Relay) tooLateUnless(ctx context.Context, f finding, in store.InboundID) error {
	if f.event == unreadable || f.event == foreign {
		return nil
	}
	return r.tooLate(ctx, in)
}

// unansweredBy ends a try by a reply that is no answer; what a person need not read is handled by it.
func (r *Relay) unansweredBy(ctx context.Context, q store.Inquiry, f finding, in store.InboundID) error {
	if err := notMoved(r.unanswered(ctx, q, f)); err != nil {
		return err
	}
	if f.event == unreadable || f.event == foreign {
		return nil
	}
	return r.store.Handled(ctx, in, "is no answer to inquiry "+fmt.Sprint(q.ID), r.now())
}

// judgeInquiry says what a reply is; found stands for an answer, hits or none.
func (r *Relay) judgeInquiry(q store.Inquiry, text string) finding {
	if !carpos.Whole(text) { // hits may be missing from it
		return finding{event: cut}
	}
	reply, err := r.dict.ParseReply([]byte(text))
	if err != nil {
		r.log.Warn("a reply to an inquiry is none that is known", "inquiry", q.ID)
		return finding{event: unreadable}
	}
	first, _, _ := strings.Cut(string(q.Text), "\r\n")
	switch {
	case reply.Echo != first[:min(maxEcho, len(first))]:
		return finding{event: foreign}
	case reply.Kind == carpos.Rejected:
		return r.rejected(reply)
	case reply.Kind == carpos.Hits, reply.Kind == carpos.NoRecord:
		return finding{event: found}
	}
	return finding{event: foreign}
}

// mayAsk says whether the line may carry the inquiry: the agency's own line where it has one, and a test switch for a test.
func (st *station) mayAsk(q *store.Inquiry) bool {
	return (q.Agency.Mnemonic == "" || q.Agency.Mnemonic == st.cfg.Mnemonic) && (!q.Test || st.cfg.Test)
}

// takeToAsk finds the least busy line on which the inquiry may go, and waits for one until ctx ends.
func (r *Relay) takeToAsk(ctx context.Context, q *store.Inquiry) (*place, error) {
	if q.Test && !r.anyTestLine() {
		return nil, errNoTestSwitch
	}
	defer r.seats.waitsToAsk(q)()
	for {
		p, changed := r.tryToAsk(q)
		if p != nil {
			return p, nil
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

// errNoTestSwitch says that a test has nowhere to go.
var errNoTestSwitch = errors.New("no line leads to a test switch")

func (r *Relay) tryToAsk(q *store.Inquiry) (*place, <-chan struct{}) {
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	var best *session
	for _, st := range r.stations {
		s := st.session
		if s == nil || s.taken >= max(st.cfg.Window, 1) || !st.mayAsk(q) || s.asking != "" || r.owesTurn(s) {
			continue
		}
		if best == nil || s.taken < best.taken {
			best = s
		}
	}
	if best == nil {
		return nil, r.seats.changed
	}
	r.seats.looks++
	best.taken++
	best.asking, best.asked = "taken", r.seats.looks
	best.users.Add(1)
	return &place{session: best, look: r.seats.looks}, nil
}

// owesTurn says that the line's next place is for a transmission: the last went to an inquiry, workers wait who will look at the line, and none of them has found
// it without work since. The caller holds the lock.
func (r *Relay) owesTurn(s *session) bool {
	return s.asked != 0 && r.seats.waking > 0 && s.empty <= min(s.asked, r.seats.newest)
}

// keptToAsk is how many places of a line are kept for inquiries that wait: one, where none is under way there and it is their turn. The caller holds the lock.
func (r *Relay) keptToAsk(s *session) int {
	if s.asking != "" || s.asked != 0 {
		return 0
	}
	for q := range r.seats.inquiring {
		if s.station.mayAsk(q) {
			return 1
		}
	}
	return 0
}

// waitsToAsk counts an inquiry among those that wait for a place, until the returned function is called.
func (s *seats) waitsToAsk(q *store.Inquiry) (no func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inquiring == nil {
		s.inquiring = map[*store.Inquiry]struct{}{}
	}
	s.inquiring[q] = struct{}{}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.inquiring, q)
		s.notify() // a place may have been kept for it
	}
}

// waits counts a worker, whose look began then, among those that look for something to send, until the returned function is called.
func (s *seats) waits(began uint64) (no func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waking++
	s.newest = began
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.waking--
		if s.waking == 0 && len(s.inquiring) > 0 {
			s.notify() // a place may have been kept for it
		}
	}
}

// leaveAsked ends the use of the line, and frees a place of which nothing has come.
func (r *Relay) leaveAsked(p *place) {
	r.seats.mu.Lock()
	if !p.tied {
		p.asking = ""
	}
	r.seats.mu.Unlock()
	r.leave(p)
}

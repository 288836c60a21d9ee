package relay

import (
	"context"
	"sync"
	"time"

	"ccpor/clets/link"
)

// session is the line while it is up. It is the line's handler.
type session struct {
	station *station
	line    line          // set when opened is closed
	opened  chan struct{} // the switch may speak before Dial returns

	taken  int             // places in the window; under relay.seats.mu, as the next two
	empty  uint64          // the last look at which there was no work for the line; 0 since there was some
	seated map[string]bool // the requests that have one, by control number
	asking string          // the inquiry that is under way, by control number; one at a time
	asked  uint64          // the look at which the last place went to an inquiry; 0 since it went to a transmission
	users  sync.WaitGroup  // workers at the line

	handling sync.WaitGroup
	room     chan struct{} // bounds what is settled at a time
}

// line is what the relay needs of a line to the switch; *link.Line is one.
type line interface {
	Mnemonic() string
	Body(control string, text []byte) []byte
	Send(ctx context.Context, control string, body []byte) error
	Got(outseq string) error
	Drain(ctx context.Context) error
	Done() <-chan struct{}
	Close()
}

func dial(ctx context.Context, cfg link.Config, h link.Handler) (line, error) {
	l, err := link.Dial(ctx, cfg, h)
	if err != nil {
		return nil, err // not a line that is nil
	}
	return l, nil
}

// settling is how many events of one line are settled at a time; the line is held up beyond that.
const settling = 16

// settleWithin bounds the database's time for one event. What cannot be settled is not confirmed to the switch, or is found by the sweep.
const settleWithin = 30 * time.Second

// handle settles something in a goroutine of its own, so that the line goes on reading.
func (s *session) handle(what func(context.Context) error) {
	s.room <- struct{}{}
	s.station.relay.spawn(&s.handling, func() {
		defer func() { <-s.room }()
		ctx, cancel := context.WithTimeout(context.Background(), settleWithin)
		defer cancel()
		if err := what(ctx); err != nil {
			s.station.relay.log.Error("what came over a line could not be settled; it comes again or is looked up", "line", s.station.cfg.Mnemonic, "error", err)
		}
	})
}

// Acked records the ACK of a request that is not answered yet.
func (s *session) Acked(control string) {
	st := s.station
	known := st.recall(control)
	if known == nil || known.inquiry != 0 {
		return
	}
	st.relay.observeAck(*known)
	s.handle(func(ctx context.Context) error {
		if st.recall(control) == nil {
			return nil // answered meanwhile
		}
		return st.relay.store.MarkAcked(ctx, known.attempt, st.relay.now())
	})
}

// Refused settles a request that the switch did not take. A NAK that comes after its time settles nothing: the look-up will tell.
func (s *session) Refused(control string, code int, _ string) {
	s.ended(control, s.station.relay.nacked(code))
}

// Expired makes the outcome unknown.
func (s *session) Expired(control string, _ link.Wait) {
	s.ended(control, finding{event: noAnswer})
}

// Closed makes the outcome of everything unanswered unknown.
func (s *session) Closed(why error, unanswered []string) {
	s.station.relay.log.Info("a line closed", "line", s.station.cfg.Mnemonic, "unanswered", len(unanswered), "error", why)
	for _, control := range unanswered {
		s.ended(control, finding{event: lineClosed})
	}
}

func (s *session) ended(control string, f finding) {
	s.station.relay.vacate(s, control)
	known := s.station.recall(control)
	if known == nil {
		return
	}
	s.handle(func(ctx context.Context) error {
		s.station.forget(control)
		if known.inquiry != 0 {
			return s.station.relay.endedInquiry(ctx, known.inquiry, control, f)
		}
		return s.station.relay.finish(ctx, *known, f, 0)
	})
}

// Replied stores a reply, settles its attempt and confirms it, in this order.
func (s *session) Replied(d link.Delivery) {
	st := s.station
	st.relay.vacate(s, d.Control)
	known := st.recall(d.Control)
	s.handle(func(ctx context.Context) error {
		id, _, err := st.relay.store.Inbound(ctx, st.cfg.Mnemonic, d.Outseq, d.Control, d.Text, st.relay.now())
		if err != nil {
			return err
		}
		if err := st.relay.settle(ctx, known, id, d.Control, d.Text); err != nil {
			return err
		}
		st.forget(d.Control)
		s.got(d.Outseq)
		return nil
	})
}

// Unsolicited stores a message, does what it asks for or leaves it to a person, and confirms it, in this order.
func (s *session) Unsolicited(d link.Delivery) {
	st := s.station
	s.handle(func(ctx context.Context) error {
		id, _, err := st.relay.store.Inbound(ctx, st.cfg.Mnemonic, d.Outseq, "", d.Text, st.relay.now())
		if err != nil {
			return err
		}
		if err := st.relay.understand(ctx, id, d.Text); err != nil {
			return err
		}
		s.got(d.Outseq)
		return nil
	})
}

// got confirms a message. Where the line is gone the switch repeats it, which does no harm.
func (s *session) got(outseq string) {
	<-s.opened
	if err := s.line.Got(outseq); err != nil {
		s.station.relay.log.Debug("a reply could not be confirmed; it will come again", "line", s.station.cfg.Mnemonic, "outseq", outseq)
	}
}

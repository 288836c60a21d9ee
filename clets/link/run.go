package link

import (
	"bufio"
	"slices"
	"sync"
	"time"
)

// run is the life of an open line: one goroutine reads frames, one watches the limits, and this one tells the handler.
func (l *Line) run(r *bufio.Reader) {
	defer close(l.ended)
	var both sync.WaitGroup
	both.Go(func() { l.shut(l.read(r)) })
	both.Go(l.watch)
	go func() { both.Wait(); close(l.events) }()
	for tell := range l.events {
		tell()
	}
	l.mu.Lock()
	var unanswered []string
	for control := range l.pending {
		unanswered = append(unanswered, control)
	}
	why := l.why
	l.mu.Unlock()
	slices.Sort(unanswered)
	l.handler.Closed(why, unanswered)
}

// read handles frames until one is wrong or none comes any more.
func (l *Line) read(r *bufio.Reader) error {
	for {
		body, err := readFrame(r)
		if err != nil {
			return err
		}
		m, err := parseMessage(body)
		if err != nil {
			return err
		}
		l.hear()
		if err := l.take(m); err != nil {
			return err
		}
	}
}

func (l *Line) hear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard, l.pinged = l.clock.Now(), time.Time{}
}

func (l *Line) take(m message) error {
	if m.mnemonic != "" && m.mnemonic != l.cfg.Mnemonic {
		return violation("a message for another line")
	}
	switch m.kind {
	case kindAck:
		if l.ack(m.control) {
			l.events <- func() { l.handler.Acked(m.control) }
		}
	case kindNak:
		l.settle(m.control)
		l.events <- func() { l.handler.Refused(m.control, m.code, m.text) }
	case kindReply:
		l.settle(m.control)
		l.events <- func() { l.handler.Replied(Delivery{m.outseq, m.control, m.text}) }
	case kindUnsolicited:
		l.events <- func() { l.handler.Unsolicited(Delivery{Outseq: m.outseq, Text: m.text}) }
	case kindPing:
		return l.write("PONG" + crlf)
	case kindPong:
	default:
		return violation("the switch may not say this now")
	}
	return nil
}

// ack notes an ACK; it tells whether the request waited for one.
func (l *Line) ack(control string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.pending[control]
	if r == nil || r.acked {
		return false
	}
	r.acked = true
	return true
}

// watch keeps the limits until the line is given up.
func (l *Line) watch() {
	for {
		t := l.clock.NewTimer(l.clock.Until(l.next()))
		select {
		case <-l.done:
			t.Stop()
			return
		case <-l.wake:
			t.Stop()
		case <-t.Chan():
			if err := l.due(l.clock.Now()); err != nil {
				l.shut(err)
				return
			}
		}
	}
}

// next is when the nearest limit ends.
func (l *Line) next() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.heard.Add(l.limits.Idle)
	if !l.pinged.IsZero() {
		at = l.pinged.Add(l.limits.Pong)
	}
	for _, r := range l.pending {
		if t := r.until(l.limits); t.Before(at) {
			at = t
		}
	}
	return at
}

func (r *request) until(limits Limits) time.Time {
	if !r.acked && limits.Ack < limits.Reply {
		return r.sent.Add(limits.Ack)
	}
	return r.sent.Add(limits.Reply)
}

// due acts on every limit that has ended.
func (l *Line) due(now time.Time) error {
	for control, missing := range l.overdue(now) {
		if l.settle(control) {
			l.events <- func() { l.handler.Expired(control, missing) }
		}
	}
	switch ping, silent := l.heartbeat(now); {
	case silent:
		return ErrSilent
	case ping:
		return l.write("PING" + crlf)
	}
	return nil
}

func (l *Line) overdue(now time.Time) map[string]Wait {
	l.mu.Lock()
	defer l.mu.Unlock()
	late := map[string]Wait{}
	for control, r := range l.pending {
		if now.Before(r.until(l.limits)) {
			continue
		}
		late[control] = WaitReply
		if !r.acked {
			late[control] = WaitAck
		}
	}
	return late
}

func (l *Line) heartbeat(now time.Time) (ping, silent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.pinged.IsZero() {
		return false, !now.Before(l.pinged.Add(l.limits.Pong))
	}
	if now.Before(l.heard.Add(l.limits.Idle)) {
		return false, false
	}
	l.pinged = now
	return true, false
}

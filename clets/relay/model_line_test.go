package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ccpor/clets/link"
	"ccpor/clets/relay/witness"
)

// modelLine is a line between a hub and the switch: what link.Line promises, by the world's clock and with the world's faults.
type modelLine struct {
	w       *world
	h       *hub
	cfg     link.Config
	handler link.Handler
	conn    *witness.Conn
	pending []*modelRequest
	out     []outgoing
	event   *task // the call of the handler that is under way
	done    chan struct{}
	closed  bool
	drained bool
	hasty   bool // a planted defect: confirms before it tells
	deaf    bool // a planted defect: does not tell that nothing came
}

// modelRequest is one that is unanswered.
type modelRequest struct {
	control string
	sent    time.Time
	acked   bool
}

func (r *modelRequest) until() time.Time {
	if r.acked {
		return r.sent.Add(modelReply)
	}
	return r.sent.Add(modelAck)
}

// outgoing is a request or a GOT that is on its way to the switch.
type outgoing struct {
	body, outseq string
	sent         time.Time
}

var errNoSwitch = errors.New("the switch cannot be reached")

// dial logs on at the switch.
func (h *hub) dial(_ context.Context, cfg link.Config, handler link.Handler) (line, error) {
	if err := h.pause(); err != nil {
		return nil, err
	}
	if h.w.hits(h.w.weather.notSent) {
		return nil, errNoSwitch
	}
	h.w.say("hub %s logs on as %s", h.name, cfg.Mnemonic)
	l := &modelLine{w: h.w, h: h, cfg: cfg, handler: handler, conn: h.w.sw.Logon(cfg.Mnemonic, h.name, h.w.stamp()), done: make(chan struct{})}
	h.lines = append(h.lines, l)
	h.w.running.line = l
	if h.w.planted.line != nil {
		return h.w.planted.line(l), nil
	}
	return l, nil
}

func (l *modelLine) Mnemonic() string      { return l.cfg.Mnemonic }
func (l *modelLine) Done() <-chan struct{} { return l.done }

func (l *modelLine) Body(control string, text []byte) []byte {
	return append([]byte("MSG "+l.cfg.Mnemonic+" "+control+"\r\n"), text...)
}

func (l *modelLine) Send(_ context.Context, control string, body []byte) error {
	if !l.h.dead {
		l.w.park(nil, time.Time{})
	}
	switch {
	case l.h.dead:
		return errDead
	case l.closed || l.drained:
		return fmt.Errorf("%w: %w", link.ErrNotSent, link.ErrClosed)
	case l.w.hits(l.w.weather.notSent):
		l.shut(errNoSwitch)
		return fmt.Errorf("%w: %w", link.ErrNotSent, errNoSwitch)
	}
	l.w.say("hub %s sends %s on %s", l.h.name, l.w.name("c", control), l.cfg.Mnemonic)
	l.pending = append(l.pending, &modelRequest{control: control, sent: l.w.now})
	if l.w.hits(l.w.weather.broken) {
		if l.w.chance.IntN(2) == 0 {
			l.arrive(outgoing{body: string(body), sent: l.w.now})
		}
		l.shut(errNoSwitch)
		return errNoSwitch
	}
	l.out = append(l.out, outgoing{body: string(body), sent: l.w.now})
	return nil
}

func (l *modelLine) Got(outseq string) error {
	if !l.h.dead {
		l.w.park(nil, time.Time{})
	}
	if l.h.dead || l.closed {
		return link.ErrClosed
	}
	l.w.say("hub %s: GOT %s %s", l.h.name, l.cfg.Mnemonic, outseq)
	l.out = append(l.out, outgoing{outseq: outseq, sent: l.w.now})
	return nil
}

// Drain waits for what is under way, but not for ever.
func (l *modelLine) Drain(ctx context.Context) error {
	l.drained = true
	until := l.w.now.Add(10 * time.Second)
	if !l.h.dead {
		l.w.park(func() bool { return l.closed || len(l.pending) == 0 || !l.w.now.Before(until) }, until)
	}
	if !l.closed && len(l.pending) > 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// Close returns when the handler has been told, and everything that came over the hub's lines is settled: what calls it waits for that next.
func (l *modelLine) Close() {
	l.shut(link.ErrClosed)
	t := l.w.running
	for l.others(t) {
		l.w.park(func() bool { return !l.others(t) }, time.Time{})
	}
	t.line = nil
}

// others says that the hub is at work on something beside what keeps it alive.
func (l *modelLine) others(keeper *task) bool {
	return slices.ContainsFunc(l.w.tasks, func(t *task) bool { return t.hub == l.h && !t.keeper && t.name != "stop" })
}

// shut gives the line up, once, and tells the handler.
func (l *modelLine) shut(why error) {
	if l.closed {
		return
	}
	l.cut(false)
	var unanswered []string
	for _, r := range l.pending {
		unanswered = append(unanswered, r.control)
	}
	l.pending = nil
	l.w.say("line %s of hub %s closes, %d unanswered", l.cfg.Mnemonic, l.h.name, len(unanswered))
	l.w.spawn(l.h, "closed", false, func() { l.handler.Closed(why, unanswered) })
}

// cut ends the connection: what was under way arrives still, or not.
func (l *modelLine) cut(arrives bool) {
	if l.closed {
		return
	}
	l.closed = true
	close(l.done)
	for _, o := range l.out {
		if arrives {
			l.arrive(o)
		}
	}
	l.out = nil
	l.w.sw.Close(l.conn, l.w.stamp())
}

// busy says that something is under way on the line.
func (l *modelLine) busy() bool {
	return !l.closed && (len(l.pending)+len(l.out)+len(l.conn.Out) > 0 || l.occupied())
}

// occupied says that the handler has not returned from its last call.
func (l *modelLine) occupied() bool { return l.event != nil && !l.event.done }

// linger is how long a frame may be on its way.
const linger = time.Second

// options are what can happen on a line.
func (l *modelLine) options() []option {
	if l.closed {
		return nil
	}
	if !l.conn.Open { // the switch has closed it
		return []option{{8, func() { l.shut(errNoSwitch) }}}
	}
	var all []option
	if len(l.out) > 0 {
		all = append(all, option{4, l.leave})
	}
	if l.w.hits(l.w.weather.drop / 20) {
		all = append(all, option{1000, func() { l.shut(errNoSwitch) }})
	}
	if l.w.hits(l.w.weather.unasked / 10) {
		all = append(all, option{1000, l.tell})
	}
	if l.occupied() {
		return all
	}
	if i := l.readable(); i >= 0 {
		all = append(all, option{6, func() { l.read(i) }})
	}
	for _, r := range l.pending {
		if !l.w.now.Before(r.until()) {
			all = append(all, option{6, func() { l.expire(r) }})
		}
	}
	return all
}

// deadlines tells of the moments at which something happens on the line by itself.
func (l *modelLine) deadlines(tell func(time.Time)) {
	if l.closed {
		return
	}
	for _, r := range l.pending {
		tell(r.until())
	}
	for _, f := range l.conn.Out {
		tell(f.Due)
	}
	for _, o := range l.out {
		tell(o.sent.Add(linger))
	}
}

// leave lets what was sent first arrive, or be lost with the line.
func (l *modelLine) leave() {
	o := l.out[0]
	l.out = l.out[1:]
	if l.w.hits(l.w.weather.lost) {
		l.w.say("something is lost on %s", l.cfg.Mnemonic)
		l.shut(errNoSwitch)
		return
	}
	l.arrive(o)
}

func (l *modelLine) arrive(o outgoing) {
	if o.outseq != "" {
		l.w.sw.Confirm(l.conn, o.outseq, l.w.stamp())
		return
	}
	fate := l.w.fate()
	fate.NoReply = fate.NoReply || isLookup(o.body) && l.w.hits(l.w.weather.mute)
	if fate.Slow > 0 { // not longer than CARPOS may take
		fate.Slow = min(fate.Slow, modelReply-slack-l.w.now.Sub(o.sent))
	}
	l.w.say("the switch has a request of line %s: %+v", l.cfg.Mnemonic, fate)
	l.w.sw.Receive(l.conn, o.body, fate, l.w.stamp())
}

func isLookup(body string) bool { return strings.Contains(body, "\r\nQRR.") }

// fate is what befalls a request. A reply may be so late that its transmission waits for a person by then. What is slow may outlive its line.
func (w *world) fate() witness.Fate {
	p := w.weather
	f := witness.Fate{NoAck: w.hits(p.noAck), NoReply: w.hits(p.noReply), Twice: w.hits(p.twice), Garbled: w.hits(p.garbled), Foreign: w.hits(p.foreign), Drop: w.hits(p.dropAfter)}
	if w.hits(p.nak) {
		f.NAK = []int{10, 11, 10, 11, 12, 14}[w.chance.IntN(6)]
	}
	if w.hits(p.reject) {
		f.Reject = []string{"90", "91", "90", "91", "06", "30"}[w.chance.IntN(6)]
	}
	if w.hits(p.late) {
		f.Late = modelReply/2 + time.Duration(w.chance.IntN(60)*[]int{1, 1, 10}[w.chance.IntN(3)])*time.Second
	}
	if w.hits(p.slow) {
		f.Slow, f.Drop = time.Duration(w.chance.IntN(int(modelReply))), f.Drop || w.chance.IntN(3) == 0
	}
	return f
}

// slack is kept between the longest that CARPOS takes and the look-up: a request may have been on its way to the line for a moment.
const slack = 4 * time.Second

// tell sends something that nobody asked for.
func (l *modelLine) tell() {
	text := fmt.Sprintf("ADMINISTRATIVE MESSAGE\r\nCARPOS WILL BE AWAY ON DAY %d\r\n", l.w.seed)
	control := ""
	if l.w.chance.IntN(2) == 0 {
		control, text = fmt.Sprintf("ZZZZ%06d", l.w.chance.IntN(1000000)), l.cfg.Mnemonic+".CA0340000\r\nRE: ERR.CA030013J.OCA/ELSEWHERE\r\nENTRY ACCEPTED\r\nFCN/9999999999999\r\n"
	}
	l.w.say("the switch tells %s what nobody asked for", l.cfg.Mnemonic)
	l.w.sw.Tell(l.conn, control, text, l.w.stamp())
}

// readable is the place of a frame that has come, none below zero.
func (l *modelLine) readable() int {
	var due []int
	for i, f := range l.conn.Out {
		if !f.Due.After(l.w.now) {
			due = append(due, i)
		}
	}
	switch {
	case len(due) == 0:
		return -1
	case len(due) > 1 && l.w.hits(l.w.weather.reorder):
		return due[l.w.chance.IntN(len(due))]
	}
	return due[0]
}

// read takes a frame and tells the handler.
func (l *modelLine) read(i int) {
	f := l.conn.Out[i]
	l.conn.Out = slices.Delete(l.conn.Out, i, i+1)
	r := l.request(f.Control)
	switch {
	case f.What == witness.Acked && (r == nil || r.acked):
	case f.What == witness.Acked:
		r.acked = true
		l.call("ACK "+l.w.name("c", f.Control), func() { l.handler.Acked(f.Control) })
	case f.What == witness.Naked:
		l.answered(r)
		l.call("NAK "+l.w.name("c", f.Control), func() { l.handler.Refused(f.Control, f.Code, "") })
	case f.Control == "":
		l.call("UNS "+f.Outseq, func() { l.handler.Unsolicited(link.Delivery{Outseq: f.Outseq, Text: f.Text}) })
	default:
		if l.hasty {
			l.out = append(l.out, outgoing{outseq: f.Outseq, sent: l.w.now})
		}
		l.answered(r)
		l.call("RSP "+f.Outseq+" "+l.w.name("c", f.Control), func() { l.handler.Replied(link.Delivery{Outseq: f.Outseq, Control: f.Control, Text: f.Text}) })
	}
}

func (l *modelLine) request(control string) *modelRequest {
	for _, r := range l.pending {
		if r.control == control {
			return r
		}
	}
	return nil
}

func (l *modelLine) answered(r *modelRequest) {
	l.pending = slices.DeleteFunc(l.pending, func(o *modelRequest) bool { return o == r })
}

func (l *modelLine) expire(r *modelRequest) {
	l.answered(r)
	if l.deaf {
		return
	}
	l.call("nothing came for "+l.w.name("c", r.control), func() { l.handler.Expired(r.control, link.WaitReply) })
}

// call tells the handler something; the next thing only when it has returned.
func (l *modelLine) call(what string, tell func()) {
	l.w.say("line %s of hub %s: %s", l.cfg.Mnemonic, l.h.name, what)
	l.event = l.w.spawn(l.h, "event", false, tell)
}

package sim

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

const lastOutseq = 999_999

// station is what the switch keeps for a mnemonic over all its connections: the replies without GOT, and the order in
// which replies go out.
type station struct {
	sw       *Switch
	mnemonic string

	mu       sync.Mutex
	conn     *conn // nil while nobody is logged on
	outseq   int
	pending  map[int]*output
	requests uint64        // MSGs so far; decides their fates
	last     chan struct{} // closed when the reply before has gone out
	held     []*job        // replies that wait to be overtaken
}

// output is one RSP or UNS until its GOT.
type output struct {
	seq     int
	control string
	body    []byte
	settles *sending // the change that it answers; nil: none
	timer   *time.Timer
}

// attach makes c the line of this mnemonic and returns the line that it displaces and what waits for a GOT.
func (st *station) attach(c *conn) (*conn, []*output) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if c.closed.Load() {
		return nil, nil
	}
	old := st.conn
	st.conn = c
	waiting := make([]*output, 0, len(st.pending))
	for _, o := range st.pending {
		waiting = append(waiting, o)
	}
	slices.SortFunc(waiting, func(a, b *output) int { return a.seq - b.seq })
	return old, waiting
}

func (st *station) detach(c *conn) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.conn == c {
		st.conn = nil
	}
}

func (st *station) loggedOn() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.conn != nil
}

// line returns the connection of this mnemonic, or nil.
func (st *station) line() *conn {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.conn
}

// nextRequest counts the requests of this mnemonic from 1.
func (st *station) nextRequest() uint64 {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.requests++
	return st.requests
}

// enqueue puts a reply behind the one before. The caller waits for the first channel and closes the second.
func (st *station) enqueue() (before, mine chan struct{}) {
	st.mu.Lock()
	defer st.mu.Unlock()
	before, mine = st.last, make(chan struct{})
	st.last = mine
	return before, mine
}

// push sends an RSP or UNS, and keeps it until its GOT. settles names the change that it answers, if it answers one.
func (st *station) push(head, control, text string, settles *sending) {
	o, c := st.keep(head, control, text, settles)
	if c != nil {
		st.transmit(c, o, "")
	}
}

func (st *station) keep(head, control, text string, settles *sending) (*output, *conn) {
	st.mu.Lock()
	defer st.mu.Unlock()
	seq := st.nextOutseq()
	body := fmt.Appendf(nil, "%s %s\r\n%s", head, outseqOf(seq), text)
	o := &output{seq: seq, control: control, body: body, settles: settles}
	st.pending[seq] = o
	o.timer = time.AfterFunc(st.sw.cfg.RepeatAfter, func() { st.repeat(o) })
	return o, st.conn
}

// transmit sends one output. A change is settled before the hub can read the reply, and unsettled again if it did not go out.
func (st *station) transmit(c *conn, o *output, note string) {
	if o.settles != nil {
		st.sw.judge.settled(*o.settles)
	}
	e := Event{Kind: string(o.body[:3]), Control: o.control, Outseq: outseqOf(o.seq), Note: note}
	if !c.write(o.body, e) && o.settles != nil {
		st.sw.judge.unsettled(*o.settles)
	}
}

// nextOutseq skips numbers that still wait for a GOT after the count began again.
func (st *station) nextOutseq() int {
	for {
		st.outseq = st.outseq%lastOutseq + 1
		if st.pending[st.outseq] == nil || len(st.pending) >= lastOutseq {
			return st.outseq
		}
	}
}

func outseqOf(n int) string { return fmt.Sprintf("%06d", n) }

// repeat sends again what still has no GOT.
func (st *station) repeat(o *output) {
	st.mu.Lock()
	if st.pending[o.seq] != o {
		st.mu.Unlock()
		return
	}
	o.timer.Reset(st.sw.cfg.RepeatAfter)
	c := st.conn
	st.mu.Unlock()
	if c != nil {
		st.transmit(c, o, "repeated")
	}
}

// got ends the repeating of one output and tells whether there was one.
func (st *station) got(seq int) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	o := st.pending[seq]
	if o == nil {
		return false
	}
	o.timer.Stop()
	delete(st.pending, seq)
	return true
}

// hold keeps a reply back until the next one has gone out.
func (st *station) hold(j *job) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.held = append(st.held, j)
}

// release takes the replies that were held back.
func (st *station) release() []*job {
	st.mu.Lock()
	defer st.mu.Unlock()
	held := st.held
	st.held = nil
	return held
}

// unhold takes one reply that was held back, unless it has gone out already.
func (st *station) unhold(j *job) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	i := slices.Index(st.held, j)
	if i < 0 {
		return false
	}
	st.held = slices.Delete(st.held, i, i+1)
	return true
}

// clear forgets what waits for a GOT.
func (st *station) clear() {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, o := range st.pending {
		o.timer.Stop()
	}
	st.pending = map[int]*output{}
	st.held = nil
}

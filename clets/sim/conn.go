package sim

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const writeWithin = 10 * time.Second

// conn is one connection of a hub; a line once it has logged on.
type conn struct {
	sw         *Switch
	nc         net.Conn
	station    atomic.Pointer[station]
	unanswered atomic.Int32
	pongBy     time.Time // zero: no PING is open. Of the reading goroutine only

	writing sync.Mutex
	closed  atomic.Bool
}

// serve reads frames until the line is closed.
func (c *conn) serve() {
	why := c.readAll()
	c.close(why)
	c.sw.forget(c)
}

// readAll returns why reading ended.
func (c *conn) readAll() string {
	r := bufio.NewReader(c.nc)
	for {
		if why := c.awaitFrame(r); why != "" {
			return why
		}
		body, err := readFrame(r)
		if err != nil {
			return whyClosed(err)
		}
		if why := c.handle(body); why != "" {
			return why
		}
	}
}

// awaitFrame waits for the first byte of a frame and keeps the heartbeat meanwhile.
func (c *conn) awaitFrame(r *bufio.Reader) string {
	silence := time.Now().Add(c.sw.cfg.PingAfter)
	for {
		deadline := silence
		if !c.pongBy.IsZero() {
			deadline = c.pongBy
		}
		if err := c.nc.SetReadDeadline(deadline); err != nil {
			return whyClosed(err)
		}
		_, err := r.Peek(1)
		switch {
		case err == nil:
			return whyClosed(c.nc.SetReadDeadline(time.Now().Add(c.sw.cfg.PingAfter)))
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return whyClosed(err)
		case !c.pongBy.IsZero():
			return "no PONG"
		case c.sw.Faults().Stall:
			silence = time.Now().Add(c.sw.cfg.PingAfter)
		default:
			c.write([]byte("PING\r\n"), Event{Kind: kindPing})
			c.pongBy = time.Now().Add(c.sw.cfg.PongWithin)
		}
	}
}

// whyClosed words an error of reading without any of the bytes read.
func whyClosed(err error) string {
	var bad framingError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &bad):
		return bad.Error()
	case errors.Is(err, io.EOF):
		return "closed by the hub"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "silence inside a frame"
	}
	return "connection lost"
}

// handle answers one body. It returns why the line must be closed, or nothing.
func (c *conn) handle(body []byte) string {
	m, err := parseMessage(body)
	if err == nil && m.kind == kindMsg && !c.sw.Faults().Stall {
		return c.request(m, string(body))
	}
	c.note(Event{Direction: "in", Kind: m.kind, Control: m.control, Outseq: m.outseq, Body: string(body)})
	switch {
	case err != nil:
		return err.Error()
	case c.sw.Faults().Stall:
		return ""
	}
	switch m.kind {
	case kindLogon:
		c.logon(m)
	case kindGot:
		c.got(m)
	case kindPing:
		c.write([]byte("PONG\r\n"), Event{Kind: kindPong})
	case kindPong:
		c.pongBy = time.Time{}
	}
	return ""
}

// note adds an event of this line to the history.
func (c *conn) note(e Event) {
	if st := c.station.Load(); st != nil {
		e.Mnemonic = st.mnemonic
	}
	c.sw.history.add(e)
}

// write sends one body and tells whether it went out. An error closes the line.
func (c *conn) write(body []byte, e Event) bool {
	c.writing.Lock()
	e.Direction, e.Body = "out", string(body)
	c.note(e)
	err := c.writeRaw(frame(body))
	c.writing.Unlock()
	if err != nil {
		c.close("connection lost")
	}
	return err == nil
}

func (c *conn) writeRaw(b []byte) error {
	if err := c.nc.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	_, err := c.nc.Write(b)
	return err
}

// close closes the line once and leaves its mnemonic to the next.
func (c *conn) close(why string) {
	if c.closed.Swap(true) {
		return
	}
	if st := c.station.Load(); st != nil {
		st.detach(c)
	}
	if err := c.nc.Close(); err != nil {
		why += " (not cleanly)"
	}
	c.note(Event{Direction: "event", Kind: eventClosed, Note: why})
}

// garbage writes bytes that are no frame and closes the line.
func (c *conn) garbage() {
	c.writing.Lock()
	err := c.writeRaw([]byte{soh, '0', '0', '0', 'X', '0', '0', '1', '2', stx, 0x00, 0xFF, etx})
	c.writing.Unlock()
	if err == nil {
		c.note(Event{Direction: "out", Kind: "garbage"})
	}
	c.close(string(GarbageFrame))
}

// logon opens the line, displaces an older one and repeats what still waits for a GOT.
func (c *conn) logon(m message) {
	if code := c.logonRefusal(m); code != 0 {
		c.write(fmt.Appendf(nil, "REFUSED %02d %s\r\n", code, nakWords[code]), Event{Kind: "REFUSED", Code: code})
		return
	}
	st := c.sw.station(m.mnemonic)
	c.station.Store(st)
	if !c.write([]byte("READY "+m.mnemonic+"\r\n"), Event{Kind: "READY"}) {
		return
	}
	old, waiting := st.attach(c)
	if old != nil && old != c {
		old.close("displaced")
	}
	for _, o := range waiting {
		st.transmit(c, o, "repeated")
	}
}

func (c *conn) logonRefusal(m message) int {
	st := c.station.Load()
	_, known := c.sw.cfg.Mnemonics[m.mnemonic]
	switch {
	case !m.headerOK, st != nil && st.mnemonic != m.mnemonic:
		return nakHeader
	case !known && c.sw.cfg.Mnemonics != nil:
		return nakMnemonic
	case !c.sw.authorised(m.ori):
		return nakORI
	}
	return 0
}

// authorised tells whether the switch knows the ORI.
func (s *Switch) authorised(ori string) bool {
	return isORI(ori) && (len(s.oris) == 0 || s.oris[ori])
}

func (c *conn) got(m message) {
	seq, err := strconv.Atoi(m.outseq)
	if st := c.station.Load(); st == nil || err != nil || !st.got(seq) {
		c.note(Event{Direction: "event", Kind: kindGot, Outseq: m.outseq, Note: "nothing waits for this GOT"})
	}
}

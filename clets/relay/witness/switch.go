package witness

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// repeatAfter is when an answer that is not confirmed is sent again (profile section 1).
const repeatAfter = 60 * time.Second

// Fate is what befalls a request at the switch. The zero value is a good day.
type Fate struct {
	// NAK is the number by which the switch refuses the request; zero for none.
	NAK int
	// Reject is the number by which CARPOS refuses it; empty for none.
	Reject string
	// NoAck and NoReply keep these back for ever, Late delays the reply. Slow delays that the request is carried out, and so the reply too.
	NoAck, NoReply bool
	Late, Slow     time.Duration
	// Twice sends the reply twice, Garbled spoils its words, Foreign puts another request's echo into it.
	Twice, Garbled, Foreign bool
	// Drop closes the line when the request has been carried out, before anything is said.
	Drop bool
}

// Frame is something on its way from the switch to a hub.
type Frame struct {
	What    Event // Acked, Naked or Answered
	Control string
	Code    int
	Outseq  string
	Text    string
	Due     time.Time
}

// Conn is a connection with a hub that has logged on.
type Conn struct {
	Line, Hub string
	// Out is what the switch has sent and the hub has not yet read, in no particular sequence.
	Out  []Frame
	Open bool

	number int
}

// Switch is the switch, and CARPOS behind it. It keeps the journal of all that it hears and says.
type Switch struct {
	Journal []Entry

	ori     string
	conns   []*Conn
	records []*record
	unread  []*answer // not yet confirmed
	outseq  map[string]int
	fcn     int
	echo    string // of the request before
	mill    []slow
}

// slow is a request that the switch has, and that will be carried out.
type slow struct {
	conn    *Conn
	request request
	body    string
	fate    Fate
	due     time.Time
}

// answer is an RSP or UNS until it is confirmed.
type answer struct {
	line, control, outseq, text string
	sent                        time.Time
}

// NewSwitch makes a switch for hubs of that ORI.
func NewSwitch(ori string) *Switch {
	return &Switch{ori: ori, outseq: map[string]int{}}
}

func (s *Switch) note(c *Conn, e Entry) {
	e.Line, e.Hub, e.Conn = c.Line, c.Hub, c.number
	s.Journal = append(s.Journal, e)
}

// Logon opens a connection, and sends what is not confirmed on this line again. Another connection of the line is displaced.
func (s *Switch) Logon(line, hub string, at time.Time) *Conn {
	c := &Conn{Line: line, Hub: hub, Open: true, number: len(s.conns) + 1}
	s.note(c, Entry{At: at, What: LoggedOn})
	for _, other := range s.conns {
		if other.Line == line {
			s.Close(other, at)
		}
	}
	s.conns = append(s.conns, c)
	for _, a := range s.unread {
		if a.line == line {
			c.send(Frame{What: Answered, Control: a.control, Outseq: a.outseq, Text: a.text, Due: at})
			a.sent = at
		}
	}
	return c
}

// Close ends a connection, whoever ended it. What it had sent and was not read is lost.
func (s *Switch) Close(c *Conn, at time.Time) {
	if c.Open {
		c.Open, c.Out = false, nil
		s.note(c, Entry{At: at, What: Closed})
	}
}

// Confirm takes a GOT.
func (s *Switch) Confirm(c *Conn, outseq string, at time.Time) {
	if !c.Open {
		return
	}
	s.note(c, Entry{At: at, What: Confirmed, Outseq: outseq})
	s.unread = slices.DeleteFunc(s.unread, func(a *answer) bool { return a.line == c.Line && a.outseq == outseq })
}

// Repeat sends again what has not been confirmed for long, and says when to ask next; zero when nothing is open.
func (s *Switch) Repeat(at time.Time) (next time.Time) {
	for _, a := range s.unread {
		due := a.sent.Add(repeatAfter)
		if c := s.connOf(a.line); c != nil && !due.After(at) {
			c.send(Frame{What: Answered, Control: a.control, Outseq: a.outseq, Text: a.text, Due: at})
			a.sent, due = at, at.Add(repeatAfter)
		}
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	return next
}

// Busy says that something is still to be carried out, or an answer to be confirmed.
func (s *Switch) Busy() bool { return len(s.unread)+len(s.mill) > 0 }

// Tell sends something that nobody asked for: an unsolicited message, or a reply to a control number of nobody's.
func (s *Switch) Tell(c *Conn, control, text string, at time.Time) {
	s.answer(c, control, text, at, 0, 1)
}

// Has puts another agency's record under a number, as CARPOS may have it.
func (s *Switch) Has(ori, oca, name string) {
	s.records = append(s.records, &record{fcn: s.nextFCN(), ori: ori, oca: oca, fields: []field{
		{"NAM", name}, {"SEX", "M"}, {"CTN", "ANOTHER COURT"}, {"CCN", oca}, {"ISD", "20200101"}, {"EXP", "NONEXP"}, {"ORT", "CPO"}, {"SVS", "U"},
	}})
}

func (s *Switch) connOf(line string) *Conn {
	for _, c := range s.conns {
		if c.Open && c.Line == line {
			return c
		}
	}
	return nil
}

func (c *Conn) send(f Frame) { c.Out = append(c.Out, f) }

func (s *Switch) nextFCN() string {
	s.fcn++
	return fmt.Sprintf("23206325%05d", s.fcn)
}

// Receive takes a request's body and carries it out as fate will have it.
func (s *Switch) Receive(c *Conn, body string, fate Fate, at time.Time) {
	if !c.Open {
		return
	}
	q := parseRequest(body)
	s.note(c, Entry{At: at, What: Requested, Control: q.control, Body: body})
	if fate.NAK != 0 {
		s.note(c, Entry{At: at, What: Naked, Control: q.control, Code: fate.NAK})
		c.send(Frame{What: Naked, Control: q.control, Code: fate.NAK, Due: at})
		return
	}
	if !fate.NoAck && !fate.Drop {
		s.note(c, Entry{At: at, What: Acked, Control: q.control})
		c.send(Frame{What: Acked, Control: q.control, Due: at})
	}
	s.mill = append(s.mill, slow{c, q, body, fate, at.Add(fate.Slow)})
	s.Work(at)
	if fate.Drop {
		s.Close(c, at)
	}
}

// Work carries out what is due, and says when to ask next; zero when nothing is open.
func (s *Switch) Work(at time.Time) (next time.Time) {
	open := s.mill
	s.mill = nil
	for _, m := range open {
		switch {
		case !m.due.After(at):
			s.do(m, at)
			continue
		case next.IsZero() || m.due.Before(next):
			next = m.due
		}
		s.mill = append(s.mill, m)
	}
	return next
}

// do carries a request out and answers it.
func (s *Switch) do(m slow, at time.Time) {
	c, q, fate := m.conn, m.request, m.fate
	var lines []string
	if fate.Reject != "" {
		lines = []string{"REJECT " + fate.Reject + " REFUSED"}
	} else {
		var changed bool
		if lines, changed = s.carryOut(q); changed {
			s.note(c, Entry{At: at, What: Carried, Control: q.control, Body: m.body})
		}
	}
	echo := q.first[:min(100, len(q.first))]
	if fate.Foreign && s.echo != "" && s.echo != echo {
		echo = s.echo
	}
	s.echo = q.first[:min(100, len(q.first))]
	if fate.Garbled {
		lines[0] = "#" + lines[0]
	}
	times := 1
	if fate.Twice {
		times = 2
	}
	if !fate.NoReply {
		s.answer(c, q.control, reply(c.Line, s.ori, echo, lines), at, fate.Late, times)
	}
}

func (s *Switch) answer(c *Conn, control, text string, at time.Time, late time.Duration, times int) {
	s.outseq[c.Line]++
	a := &answer{line: c.Line, control: control, outseq: fmt.Sprintf("%06d", s.outseq[c.Line]), text: text, sent: at.Add(late)}
	s.unread = append(s.unread, a)
	s.note(c, Entry{At: at, What: Answered, Control: control, Body: text, Outseq: a.outseq})
	for range times {
		c.send(Frame{What: Answered, Control: control, Outseq: a.outseq, Text: text, Due: at.Add(late)})
	}
}

func reply(line, ori, echo string, lines []string) string {
	return strings.Join(append([]string{line + "." + ori, "RE: " + echo}, lines...), "\r\n") + "\r\n"
}

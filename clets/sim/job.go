package sim

import (
	"fmt"
	"strings"
	"time"
)

// request takes one MSG from its header to the moment where it is taken or not. It returns why the line must be closed,
// or nothing.
func (c *conn) request(m message, body string) string {
	req, err := parseRequest(m.text)
	in := Event{Direction: "in", Kind: kindMsg, Control: m.control, Key: req.key, Body: body}
	code, breach := c.refusal(m, req, err)
	if code != 0 {
		c.note(in)
		if breach != "" {
			c.blame(breach, m, req)
		}
		c.nak(m.control, code)
		return ""
	}
	f := c.sw.fateOf(c.station.Load(), req)
	in.Happens = f.happens
	c.note(in)
	return c.befall(m, req, f)
}

// refusal judges the header as the switch does, before CARPOS sees anything. breach names what the hub did wrong, where the
// judge should know.
func (c *conn) refusal(m message, req request, err error) (code int, breach string) {
	st, s := c.station.Load(), c.sw
	switch {
	case !m.headerOK:
		return nakHeader, ""
	case st == nil, m.mnemonic != st.mnemonic:
		return nakMnemonic, ""
	case !s.judge.useControl(s.cfg.Mnemonics[m.mnemonic], m.control):
		return nakHeader, ControlTwice
	case err != nil:
		return nakHeader, ""
	case !s.authorised(req.ori):
		return nakORI, ""
	case s.cfg.MaxText > 0 && len(m.text) > s.cfg.MaxText:
		return nakTooLong, ""
	case int(c.unanswered.Load()) >= s.cfg.Window:
		return nakBusy, OverWindow
	}
	return 0, ""
}

func (c *conn) nak(control string, code int) {
	c.write(fmt.Appendf(nil, "NAK %s %02d %s\r\n", control, code, nakWords[code]),
		Event{Kind: "NAK", Control: control, Code: code})
}

func (c *conn) ack(control string) {
	c.write([]byte("ACK "+control+"\r\n"), Event{Kind: "ACK", Control: control})
}

// violation fills in what the judge notes of a request.
func (c *conn) violation(m message, req request) Violation {
	return Violation{
		At: c.sw.cfg.Now(), Mnemonic: m.mnemonic, Control: m.control, Key: req.key,
		OCA: req.fields.first("OCA"), FCN: req.fields.first("FCN"),
	}
}

func (c *conn) blame(kind string, m message, req request) {
	v := c.violation(m, req)
	v.Kind = kind
	c.sw.judge.blame(v)
	c.note(Event{Direction: "event", Kind: eventViolation, Control: m.control, Key: req.key, Note: kind})
}

// fateOf draws what befalls a request, and adds what a magic case number asks for.
func (s *Switch) fateOf(st *station, req request) fate {
	f := s.faults.Load().draw(s.cfg.Seed, st.mnemonic, st.nextRequest())
	if s.cfg.NoMagic || req.key != keyEnter {
		return f
	}
	o, _ := s.book.orderOf(req)
	return conjure(f, s.dict.rejects, req.fields.first("CCN"), func() int { return s.judge.tried(o) })
}

// befall lets the fate of a request happen. It returns why the line must be closed, or nothing.
func (c *conn) befall(m message, req request, f fate) string {
	switch {
	case f.has(Busy):
		c.nak(m.control, nakBusy)
		return ""
	case f.has(CarposDown):
		c.nak(m.control, nakDown)
		return ""
	}
	j := c.newJob(m, req, f)
	switch {
	case f.has(LoseRequest):
		return ""
	case f.has(DropBefore):
		return string(DropBefore)
	}
	j.take()
	if f.has(DropAfter) {
		return string(DropAfter)
	}
	return ""
}

// job is one request from the ACK to its reply.
type job struct {
	line    *conn
	station *station
	control string
	req     request
	fate    fate
	order   order
	at      time.Time
	lines   []string
	kept    <-chan error
	notice  *notice
}

// newJob registers a request with the judge: from here on its hub must think it under way.
func (c *conn) newJob(m message, req request, f fate) *job {
	o, stands := c.sw.book.orderOf(req)
	for _, kind := range c.sw.judge.arrives(req.key, sending{o, req.ori}, stands, c.violation(m, req)) {
		c.note(Event{Direction: "event", Kind: eventViolation, Control: m.control, Key: req.key, Note: kind})
	}
	return &job{
		line: c, station: c.station.Load(), control: m.control, req: req, fate: f, order: o, at: c.sw.cfg.Now(),
	}
}

// take acknowledges the request, has it carried out and plans the reply.
func (j *job) take() {
	c, s := j.line, j.line.sw
	c.unanswered.Add(1)
	if j.req.key != keyInquiry {
		s.judge.begins(j.order)
	}
	if !j.fate.has(LoseACK) && !j.fate.has(Overtake) {
		c.ack(j.control)
	}
	if j.fate.has(Slow) {
		s.after(s.cfg.ReplyAfter, j.due)
		s.after(j.fate.late, func() { j.carryOut(); j.deliver() })
		return
	}
	j.carryOut()
	before, mine := j.station.enqueue()
	s.work.Go(func() {
		defer close(mine)
		open := s.wait(s.cfg.ReplyAfter)
		if before != nil {
			<-before
		}
		j.due()
		if open {
			j.deliver()
		}
	})
}

// due frees the request's place in the window: the reply leaves now, however long it is on its way.
func (j *job) due() {
	j.line.unanswered.Add(-1)
	if j.req.key != keyInquiry {
		j.line.sw.judge.ends(j.order)
	}
}

// carryOut asks CARPOS, or refuses in its stead.
func (j *job) carryOut() {
	s := j.line.sw
	if n := j.refusedWith(); n != 0 {
		j.lines = []string{s.dict.line(reject{number: n})}
		return
	}
	a, err := s.book.answer(j.req, origin{at: j.at, mnemonic: j.station.mnemonic, control: j.control})
	if err != nil {
		s.fail(err)
		return
	}
	j.lines, j.kept, j.notice = a.lines, a.kept, a.notice
	if a.lines[0] != "ENTRY ACCEPTED" {
		return
	}
	if j.fate.changed {
		j.changeAtTerminal(a.lines[1])
	}
	if j.fate.then != "" {
		j.notice = &notice{mnemonic: j.station.mnemonic, text: sequel(j.fate.then, a.lines[1], j.req.fields, j.at)}
	}
}

// changeAtTerminal is what somebody at the entering agency types into a terminal of CLETS, and tells no hub of.
func (j *job) changeAtTerminal(fcn string) {
	s, was := j.line.sw, j.req.fields
	typed := request{key: keyModify, ori: j.req.ori, fields: fields{{"FCN", strings.TrimPrefix(fcn, "FCN/")}, {"NAM", was.first("NAM")}, {"OCA", was.first("OCA")}, {"RSN", "CORR"}, {"WGT", "199"}, {"HAI", "RED"}}}
	a, err := s.book.answer(typed, origin{at: j.at, mnemonic: j.station.mnemonic, control: "TERMINAL"})
	switch {
	case err != nil:
		s.fail(err)
	case a.lines[0] != accepted[keyModify]:
		s.fail(fmt.Errorf("a change at the terminal was refused: %s", a.lines[0]))
	}
	j.kept = a.kept // the journal is in order: what came later is safe only with what came before
}

func (j *job) refusedWith() int {
	switch {
	case j.fate.reject != 0:
		return j.fate.reject
	case j.fate.has(TryLater):
		return rejectLater
	case j.fate.has(CarposError):
		return rejectError
	}
	return 0
}

// sequel writes the unsolicited message that a magic case number asked for.
func sequel(title, fcn string, fs fields, at time.Time) string {
	lines := []string{title, fcn}
	day, name := at.Format("20060102"), "NAM/"+fs.first("NAM")
	switch title {
	case "SERVICE NOTICE":
		lines = append(lines, name, "OCA/"+fs.first("OCA"), "SVN/DEPUTY EXAMPLE", "SVD/"+day, "SVT/0930",
			"SVA/CA0300000", "SVM/P", "SVR/OTH")
	case "VIOLATION NOTICE":
		lines = append(lines, name, "VDT/"+day+"0930", "VLO/100 EXAMPLE STREET", "VAG/CA0300000", "VRN/EX-1", "ARR/N",
			"MIS/INVENTED BY THE SIMULATED SWITCH")
	default:
		lines = append(lines, "DATE OF BIRTH OR NUMERIC IDENTIFIER NOT ACCEPTED")
	}
	return strings.Join(lines, "\r\n") + "\r\n"
}

// deliver waits until what changed is safe and sends the reply, as late and as badly as its fate wants.
func (j *job) deliver() {
	s := j.line.sw
	if !j.safe() {
		return
	}
	switch {
	case j.fate.has(LoseReply):
		j.line.note(Event{Direction: "event", Kind: eventLost, Control: j.control})
	case j.fate.has(Late):
		s.after(j.fate.late, j.send)
	case j.fate.has(Reorder):
		j.station.hold(j)
		s.after(j.fate.late, func() {
			if j.station.unhold(j) {
				j.send()
			}
		})
	default:
		j.send()
		for _, held := range j.station.release() {
			held.send()
		}
	}
	if j.notice != nil {
		s.station(j.notice.mnemonic).push("UNS "+j.notice.mnemonic, "", j.notice.text, nil)
	}
}

// safe waits for the journal. Without it the change is not answered.
func (j *job) safe() bool {
	if j.kept == nil {
		return j.line.sw.Err() == nil
	}
	select {
	case err := <-j.kept:
		if err != nil {
			j.line.sw.fail(err)
		}
		return err == nil
	case <-j.line.sw.ctx.Done():
		return false
	}
}

func (j *job) send() {
	if j.fate.has(GarbageFrame) {
		if c := j.station.line(); c != nil {
			c.garbage()
		}
	}
	head := "RSP " + j.station.mnemonic + " " + j.control
	text := j.text()
	var settles *sending
	if j.req.key != keyInquiry {
		settles = &sending{j.order, j.req.ori}
	}
	j.station.push(head, j.control, text, settles)
	if j.fate.has(Twice) {
		j.station.push(head, j.control, text, settles)
	}
	if j.fate.has(Overtake) && !j.fate.has(LoseACK) {
		j.line.ack(j.control)
	}
}

const echoed = 100 // characters of the request's first line

// text is the reply as CARPOS prints it (profile section 3).
func (j *job) text() string {
	lines := j.lines
	if j.fate.has(Garble) {
		lines = garbled(lines)
	}
	echo := j.req.firstLine[:min(echoed, len(j.req.firstLine))]
	head := []string{j.line.sw.cfg.Mnemonic + "." + j.req.ori, "RE: " + echo}
	return strings.Join(append(head, lines...), "\r\n") + "\r\n"
}

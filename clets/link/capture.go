package link

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Captured is one body of a line as it was kept or copied by somebody, for reading by people. It is read as far as it can be, and everything that
// breaks the line protocol is told; a conversation is never led by it.
type Captured struct {
	// Framed says that SOH, a length and STX stood in front of it.
	Framed bool
	// Kind is the first word of its first line, empty for a text without one. The other parts of that line follow.
	Kind, Mnemonic, Control, Outseq string
	// Code and Words are those of NAK and REFUSED.
	Code  int
	Words string
	// Text is what follows the first line; the whole where there is none.
	Text []byte
	// Broken says that the first line is not whole, so that its parts are not known.
	Broken bool
	// Faults say what breaks the line protocol, in words and without any of its characters.
	Faults []string
}

// Capture reads bodies that follow each other, with or without their frames; without frames all of it is one body. Lines that end in LF alone
// are taken: so editors write them. Within a frame it is told.
func Capture(b []byte) []Captured {
	var all []Captured
	for len(b) > 0 && b[0] == soh {
		body, rest, faults := unframe(b)
		if bytes.Contains(body, []byte("\n")) && !bytes.Contains(body, []byte(crlf)) {
			faults = append(faults, "lines end in LF, not in CR LF; they are read all the same")
		}
		c := readCaptured(body, faults)
		c.Framed = true
		all = append(all, c)
		b = bytes.TrimLeft(rest, crlf)
	}
	if len(bytes.TrimSpace(b)) > 0 || len(all) == 0 {
		all = append(all, readCaptured(b, nil))
	}
	return all
}

// unframe takes what stands between STX and ETX, whatever the length in front of it says.
func unframe(b []byte) (body, rest []byte, faults []string) {
	body = b[1:]
	n, said := -1, body
	if i := bytes.IndexByte(body, stx); i >= 0 {
		said, body = body[:i], body[i+1:]
		if v, err := strconv.Atoi(string(said)); err == nil && len(said) == lengthDigits && v > 0 {
			n = v
		}
	} else {
		faults = append(faults, "the frame has no STX")
	}
	if n < 0 {
		faults = append(faults, "the frame's length is not a number of eight digits above 0")
	}
	end := bytes.IndexByte(body, etx)
	if end < 0 {
		faults = append(faults, "the frame does not end with ETX: it is cut")
		end = len(body)
		rest = nil
	} else {
		rest = body[end+1:]
	}
	body = body[:end]
	if n >= 0 && n != len(body) {
		faults = append(faults, fmt.Sprintf("the frame's length says %d, its body has %d", n, len(body)))
	}
	return body, rest, faults
}

func readCaptured(body []byte, faults []string) Captured {
	c := Captured{Faults: faults}
	if !bytes.Contains(body, []byte(crlf)) && bytes.Contains(body, []byte("\n")) {
		body = bytes.ReplaceAll(body, []byte("\n"), []byte(crlf))
	}
	c.characters(body)
	if len(body) == 0 || len(body) > maxBody {
		c.fault("a body has 1 to %d characters; this one has %d", maxBody, len(body))
	}
	first, rest, _ := bytes.Cut(body, []byte(crlf))
	kind, args, _ := strings.Cut(string(first), " ")
	if !isKind(kind) {
		c.Text = body
		return c
	}
	c.Kind, c.Text = kind, rest
	if !c.head(strings.Split(args, " ")) {
		c.Broken = true
		c.fault("the first line does not hold what belongs to %s", kind)
	}
	if m := bytes.TrimSpace(rest); len(m) > 0 && kind != kindReply && kind != kindUnsolicited && kind != kindMessage {
		c.fault("no second line belongs to %s", kind)
	}
	return c
}

func (c *Captured) fault(format string, args ...any) {
	c.Faults = append(c.Faults, fmt.Sprintf(format, args...))
}

// characters counts what may not stand in a body.
func (c *Captured) characters(b []byte) {
	bad, at := 0, 0
	for i := 0; i < len(b); i++ {
		pair := b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n'
		switch {
		case pair:
			i++
		case b[i] < 0x20 || b[i] > 0x7E:
			if bad == 0 {
				at = i + 1
			}
			bad++
		}
	}
	if bad > 0 {
		c.fault("%d characters are not allowed on the line, the first at place %d", bad, at)
	}
}

// The kinds that only a hub says.
const (
	kindLogon   = "LOGON"
	kindMessage = "MSG"
	kindGot     = "GOT"
)

func isKind(s string) bool {
	switch s {
	case kindReady, kindRefused, kindAck, kindNak, kindReply, kindUnsolicited, kindPing, kindPong, kindLogon, kindMessage, kindGot:
		return true
	}
	return false
}

// head reads the words behind the kind, and says whether they are those that belong there.
func (c *Captured) head(args []string) bool {
	var m message
	ok := false
	switch c.Kind {
	case kindReady:
		ok = len(args) == 1 && m.setMnemonic(args[0])
	case kindLogon:
		ok = len(args) == 2 && m.setMnemonic(args[0])
	case kindMessage:
		ok = len(args) == 2 && m.setMnemonic(args[0]) && m.setControl(args[1])
	case kindAck:
		ok = len(args) == 1 && m.setControl(args[0])
	case kindReply:
		ok = len(args) == 3 && m.setMnemonic(args[0]) && m.setControl(args[1]) && m.setOutseq(args[2])
	case kindUnsolicited:
		ok = len(args) == 2 && m.setMnemonic(args[0]) && m.setOutseq(args[1])
	case kindNak:
		ok = len(args) >= 2 && m.setControl(args[0]) && m.setCode(args[1:])
	case kindRefused:
		ok = m.setCode(args)
	case kindGot:
		ok = len(args) == 1 && m.setOutseq(args[0])
	case kindPing, kindPong:
		ok = len(args) == 1 && args[0] == ""
	}
	if ok { // of a line that is not whole nobody knows which word is what
		c.Mnemonic, c.Control, c.Outseq, c.Code, c.Words = m.mnemonic, m.control, m.outseq, m.code, m.text
	}
	return ok
}

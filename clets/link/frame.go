package link

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	soh = 0x01
	stx = 0x02
	etx = 0x03

	lengthDigits = 8
	// frameOverhead is SOH, the length, STX and ETX.
	frameOverhead = lengthDigits + 3
	maxBody       = 16384
	crlf          = "\r\n"
)

// ErrViolation is wrapped by every error about bytes that break the framing or the order of the conversation. It closes the line.
var ErrViolation = errors.New("the switch breaks the line protocol")

func violation(what string) error { return fmt.Errorf("%w: %s", ErrViolation, what) }

// appendFrame appends the frame of a body.
func appendFrame(b, body []byte) []byte {
	b = append(b, soh)
	b = fmt.Appendf(b, "%0*d", lengthDigits, len(body))
	b = append(b, stx)
	b = append(b, body...)
	return append(b, etx)
}

// readFrame reads one frame and returns its body. Its error is io.EOF only between two frames.
func readFrame(r *bufio.Reader) ([]byte, error) {
	var head [lengthDigits + 2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n, err := bodyLength(head)
	if err != nil {
		return nil, err
	}
	body := make([]byte, n+1)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, noEOF(err)
	}
	if body[n] != etx {
		return nil, violation("a frame does not end with ETX")
	}
	return body[:n], checkBody(body[:n])
}

// noEOF is for the inside of a frame, where the end of the stream is no end.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func bodyLength(head [lengthDigits + 2]byte) (int, error) {
	if head[0] != soh || head[lengthDigits+1] != stx {
		return 0, violation("a frame does not begin with SOH, a length and STX")
	}
	n := 0
	for _, c := range head[1 : lengthDigits+1] {
		if c < '0' || c > '9' {
			return 0, violation("a frame's length is no number")
		}
		n = n*10 + int(c-'0')
	}
	if n < 1 || n > maxBody {
		return 0, violation("a frame's body is empty or too long")
	}
	return n, nil
}

// checkBody takes US-ASCII 0x20 to 0x7E, and CR and LF as a pair.
func checkBody(b []byte) error {
	if len(b) < 1 || len(b) > maxBody {
		return violation("a body is empty or too long")
	}
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\r' && i+1 < len(b) && b[i+1] == '\n':
			i++
		case c < 0x20 || c > 0x7E:
			return violation("a body holds a character that is not allowed")
		}
	}
	return nil
}

// The kinds of messages, by the first word of the first line.
const (
	kindReady       = "READY"
	kindRefused     = "REFUSED"
	kindAck         = "ACK"
	kindNak         = "NAK"
	kindReply       = "RSP"
	kindUnsolicited = "UNS"
	kindPing        = "PING"
	kindPong        = "PONG"
)

// message is what the switch says in one body.
type message struct {
	kind     string
	mnemonic string
	control  string
	outseq   string
	code     int
	text     string // of RSP and UNS, what follows the first line; of NAK and REFUSED, the words
}

// parseMessage reads a body from the switch.
func parseMessage(body []byte) (message, error) {
	first, rest, more := strings.Cut(string(body), crlf)
	words := strings.Split(first, " ")
	m := message{kind: words[0], text: rest}
	ok := false
	switch args := words[1:]; m.kind {
	case kindReady:
		ok = len(args) == 1 && m.setMnemonic(args[0])
	case kindAck:
		ok = len(args) == 1 && m.setControl(args[0])
	case kindReply:
		ok = len(args) == 3 && m.setMnemonic(args[0]) && m.setControl(args[1]) && m.setOutseq(args[2])
	case kindUnsolicited:
		ok = len(args) == 2 && m.setMnemonic(args[0]) && m.setOutseq(args[1])
	case kindNak:
		ok = len(args) >= 2 && m.setControl(args[0]) && m.setCode(args[1:])
	case kindRefused:
		ok = len(args) >= 1 && m.setCode(args)
	case kindPing, kindPong:
		ok = len(args) == 0
	}
	if !ok {
		return message{}, violation("a body's first line is none of the known ones")
	}
	texts := m.kind == kindReply || m.kind == kindUnsolicited
	if more && rest != "" && !texts {
		return message{}, violation("a body has a second line where none belongs")
	}
	return m, nil
}

func (m *message) setMnemonic(s string) bool { m.mnemonic = s; return isMnemonic(s) }
func (m *message) setControl(s string) bool  { m.control = s; return isControl(s) }

func (m *message) setOutseq(s string) bool {
	m.outseq = s
	return len(s) == 6 && strings.Trim(s, "0123456789") == ""
}

func (m *message) setCode(args []string) bool {
	n, err := strconv.Atoi(args[0])
	m.code, m.text = n, strings.Join(args[1:], " ")
	return err == nil && len(args[0]) == 2 && n >= 0
}

func isMnemonic(s string) bool { return len(s) == 4 && upperAlnum(s) }
func isControl(s string) bool  { return len(s) == 10 && upperAlnum(s) }

func upperAlnum(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

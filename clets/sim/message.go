package sim

import (
	"errors"
	"strings"
)

// The kinds of body that a hub may send (profile section 1).
const (
	kindLogon = "LOGON"
	kindMsg   = "MSG"
	kindGot   = "GOT"
	kindPing  = "PING"
	kindPong  = "PONG"
)

// Codes of NAK and REFUSED.
const (
	nakBusy     = 10
	nakDown     = 11
	nakHeader   = 12
	nakMnemonic = 13
	nakORI      = 14
	nakTooLong  = 15
)

const noControl = "0000000000"

var nakWords = map[int]string{
	nakBusy: "BUSY", nakDown: "CARPOS DOWN", nakHeader: "BAD HEADER",
	nakMnemonic: "UNKNOWN MNEMONIC", nakORI: "ORI NOT AUTHORISED", nakTooLong: "TOO LONG",
}

// message is one body from the hub, taken apart as far as the switch needs it.
type message struct {
	kind     string
	mnemonic string
	control  string // MSG; as sent, not yet judged
	ori      string // LOGON
	outseq   string // GOT
	text     string // MSG: from the second line on
	headerOK bool   // LOGON, MSG: the first line has the right shape
}

var errUnknownKind = errors.New("the body is of no kind that a hub sends")

// parseMessage reads a body's first line. It fails only where the line must be closed: LOGON and MSG with a bad
// header are answered instead (headerOK false).
func parseMessage(body []byte) (message, error) {
	first, text, more := strings.Cut(string(body), "\r\n")
	words := strings.Split(first, " ")
	m := message{kind: words[0]}
	if m.kind != kindMsg && more && text != "" {
		return m, errUnknownKind
	}
	switch m.kind {
	case kindMsg:
		m.text = text
		m.readMsg(words)
	case kindLogon:
		m.readLogon(words)
	case kindGot:
		return m, m.readGot(words)
	case kindPing, kindPong:
		if len(words) != 1 {
			return m, errUnknownKind
		}
	default:
		return m, errUnknownKind
	}
	return m, nil
}

func (m *message) readMsg(words []string) {
	m.control = noControl
	if len(words) == 3 && isControl(words[2]) {
		m.mnemonic, m.control = words[1], words[2]
		m.headerOK = isMnemonic(m.mnemonic)
	}
}

func (m *message) readLogon(words []string) {
	if len(words) == 3 {
		m.mnemonic, m.ori = words[1], words[2]
		m.headerOK = isMnemonic(m.mnemonic) && isORI(m.ori)
	}
}

func (m *message) readGot(words []string) error {
	if len(words) != 2 || len(words[1]) != 6 || !isDigits(words[1]) {
		return errUnknownKind
	}
	m.outseq = words[1]
	return nil
}

func isControl(s string) bool  { return len(s) == 10 && isUpperAlnum(s) }
func isMnemonic(s string) bool { return len(s) == 4 && isUpperAlnum(s) }

// isORI holds for two letters and seven letters or digits. Which ORIs exist is a matter of configuration.
func isORI(s string) bool {
	return len(s) == 9 && isUpperAlnum(s) && isLetter(s[0]) && isLetter(s[1])
}

func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func isUpperAlnum(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) && !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

func isDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

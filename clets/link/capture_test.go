package link

import (
	"slices"
	"strings"
	"testing"
)

// What the link takes, Capture reads in the same way; what the link refuses, Capture reads as far as it can be, and says what is wrong.
func TestCapture(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		kinds  string
		faults []string
	}{
		"two frames":     {string(appendFrame(appendFrame(nil, []byte("PING\r\n")), []byte("ACK 0000000001\r\n"))), "PING,ACK", nil},
		"a bare text":    {"ENTRY ACCEPTED\nFCN/1\n", "", nil},
		"a first line":   {"RSP CCPR 0000000001 000001\r\nX\r\n", "RSP", nil},
		"nothing":        {"", "", []string{"a body has 1 to 16384 characters; this one has 0"}},
		"a wrong length": {"\x0100000009\x02PING\r\n\x03", "PING", []string{"the frame's length says 9, its body has 6"}},
		"no STX":         {"\x0100000006PING\r\n\x03", "", []string{"the frame has no STX", "the frame's length is not a number of eight digits above 0"}},
		"cut":            {"\x0100000006\x02PI", "", []string{"the frame does not end with ETX: it is cut", "the frame's length says 6, its body has 2"}},
		"foreign":        {"PING\x07\x80\r\n", "", []string{"2 characters are not allowed on the line, the first at place 5"}},
		"not whole":      {"RSP CCPR 12 000001\r\nX\r\n", "RSP", []string{"the first line does not hold what belongs to RSP"}},
		"two lines":      {"ACK 0000000001\r\nX\r\n", "ACK", []string{"no second line belongs to ACK"}},
	} {
		var kinds, faults []string
		for _, m := range Capture([]byte(c.text)) {
			kinds, faults = append(kinds, m.Kind), append(faults, m.Faults...)
		}
		if strings.Join(kinds, ",") != c.kinds || !slices.Equal(faults, c.faults) {
			t.Errorf("%s: kinds %v, faults %q", name, kinds, faults)
		}
	}
}

// Whatever is given, Capture gives at least one message and does not lose a text that stands behind a first line; where the link's own reader takes a body, they agree.
func FuzzCapture(f *testing.F) {
	f.Add([]byte("\x0100000006\x02PING\r\n\x03"))
	f.Add([]byte("RSP CCPR 0000000001 000001\r\nX"))
	f.Add([]byte("NAK 0000000001 10 BUSY"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all := Capture(b)
		if len(all) == 0 {
			t.Fatal("nothing")
		}
		m, err := parseMessage(b)
		if err != nil || checkBody(b) != nil {
			return
		}
		if c := all[0]; c.Kind != m.kind || c.Mnemonic != m.mnemonic || c.Control != m.control || c.Outseq != m.outseq || c.Code != m.code || c.Broken {
			t.Errorf("%+v, the link reads %+v", c, m)
		}
	})
}

package sim_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/clets/sim"
)

func TestLogon(t *testing.T) {
	t.Parallel()
	cfg := sim.Config{Mnemonics: map[string]string{"CCPR": "hub1"}, ORIs: []string{"CA0300000"}}
	for _, c := range []struct{ name, body, want string }{
		{"accepted", "LOGON CCPR CA0300000\r\n", "READY CCPR\r\n"},
		{"without the last CR LF", "LOGON CCPR CA0300000", "READY CCPR\r\n"},
		{"unknown mnemonic", "LOGON ABCD CA0300000\r\n", "REFUSED 13 UNKNOWN MNEMONIC\r\n"},
		{"unknown ORI", "LOGON CCPR CA0190000\r\n", "REFUSED 14 ORI NOT AUTHORISED\r\n"},
		{"bad mnemonic", "LOGON CCP CA0300000\r\n", "REFUSED 12 BAD HEADER\r\n"},
		{"bad ORI", "LOGON CCPR CA03\r\n", "REFUSED 12 BAD HEADER\r\n"},
		{"no ORI", "LOGON CCPR\r\n", "REFUSED 12 BAD HEADER\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := dial(t, start(t, cfg))
			h.send(c.body)
			h.expect(c.want)
		})
	}
}

// TestRequestWithoutLogon: a request on a line that was refused or never logged on is not carried out.
func TestRequestWithoutLogon(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{})
	h := dial(t, s)
	h.send("MSG CCPR CCPR000001\r\n" + order(oca).String())
	h.expect("NAK CCPR000001 13 UNKNOWN MNEMONIC\r\n")
	if n := len(s.Records()); n != 0 {
		t.Errorf("%d records", n)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	cfg := sim.Config{ORIs: []string{"CA0300000", court}, MaxText: 1000}
	for _, c := range []struct{ name, body, want string }{
		{"no control", "MSG CCPR\r\n", "NAK 0000000000 12 BAD HEADER\r\n"},
		{"short control", "MSG CCPR 123\r\n", "NAK 0000000000 12 BAD HEADER\r\n"},
		{"lower-case control", "MSG CCPR ccpr000001\r\n", "NAK 0000000000 12 BAD HEADER\r\n"},
		{"four words", "MSG CCPR CCPR000001 X\r\n", "NAK 0000000000 12 BAD HEADER\r\n"},
		{"no text", "MSG CCPR CCPR000001\r\n", "NAK CCPR000001 12 BAD HEADER\r\n"},
		{"no key", "MSG CCPR CCPR000001\r\nOCA/1\r\n", "NAK CCPR000001 12 BAD HEADER\r\n"},
		{"bad mnemonic", "MSG CC CCPR000001\r\n" + inquiry("1").String(), "NAK CCPR000001 12 BAD HEADER\r\n"},
		{"mnemonic of another line", "MSG ABCD CCPR000001\r\n" + inquiry("1").String(), "NAK CCPR000001 13 UNKNOWN MNEMONIC\r\n"},
		{"unknown ORI", "MSG CCPR CCPR000001\r\n" + inquiry("1").from(other).String(), "NAK CCPR000001 14 ORI NOT AUTHORISED\r\n"},
		{"too long", "MSG CCPR CCPR000001\r\n" + order(oca).with("OTH", strings.Repeat("X", 500)).with("MIS", strings.Repeat("X", 500)).String(), "NAK CCPR000001 15 TOO LONG\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, cfg)
			h := logon(t, s, "CCPR")
			h.send(c.body)
			h.expect(c.want)
			if n := len(s.Records()); n != 0 {
				t.Errorf("%d records", n)
			}
		})
	}
}

// TestControlNumbers: a number is used up by being sent, on any line of the hub, even if it was refused.
func TestControlNumbers(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{Mnemonics: map[string]string{"AAAA": "one", "BBBB": "one", "CCCC": "two"}})
	a, b, c := logon(t, s, "AAAA"), logon(t, s, "BBBB"), logon(t, s, "CCCC")
	const control = "X000000001"
	a.send("MSG AAAA " + control + "\r\nnonsense\r\n")
	a.expect("NAK " + control + " 12 BAD HEADER\r\n")
	for _, h := range []*hub{a, b} {
		h.send("MSG " + h.mnemonic + " " + control + "\r\n" + inquiry("1").String())
		h.expect("NAK " + control + " 12 BAD HEADER\r\n")
	}
	c.send("MSG CCCC " + control + "\r\n" + inquiry("1").String())
	c.expect("ACK " + control + "\r\n")
	r := s.Check()
	if len(r.Violations) != 2 || r.Violations[0].Kind != sim.ControlTwice || r.Violations[0].Control != control || r.OK() {
		t.Errorf("report %+v", r)
	}
}

func TestReplyHead(t *testing.T) {
	t.Parallel()
	h := logon(t, start(t, sim.Config{Mnemonic: "9ZZZ"}), "CCPR")
	long := "QRR.CA030013J.NAM/" + strings.Repeat("X", 200) + ",A\r\n"
	control := h.msg(long)
	h.expect("ACK " + control + "\r\n")
	r := h.rsp()
	if want := []string{"9ZZZ.CA030013J", "RE: " + long[:100]}; !slices.Equal(r.head, want) || r.outseq != "000001" {
		t.Errorf("head %q, outseq %s", r.head, r.outseq)
	}
}

// TestFramingErrors: the line is closed, and what a bad frame said is not done.
func TestFramingErrors(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]string{
		"garbage":                 "hello",
		"length beyond the limit": "\x0100099999\x02",
		"bare LF":                 "\x0100000005\x02PING\n\x03",
		"unknown kind":            "\x0100000005\x02HELLO\x03",
		"a kind of the switch":    "\x0100000014\x02ACK 1234567890\x03",
		"second line":             "\x0100000010\x02PING\r\nPONG\x03",
		"GOT without number":      "\x0100000003\x02GOT\x03",
		"GOT of five digits":      "\x0100000009\x02GOT 00001\x03",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, sim.Config{})
			h := logon(t, s, "CCPR")
			h.raw(wire)
			h.expectClosed()
			await(t, s, "the line closes", func(s *sim.Switch) bool { return len(events(s, "closed")) == 1 })
			if lines := s.Status().Lines; len(lines) != 0 {
				t.Errorf("still logged on: %v", lines)
			}
		})
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	for _, window := range []int{1, 3} {
		t.Run(fmt.Sprint(window), func(t *testing.T) {
			t.Parallel()
			s := start(t, sim.Config{Window: window, ReplyAfter: 100 * time.Millisecond})
			h := logon(t, s, "CCPR")
			var controls []string
			for range window {
				controls = append(controls, h.msg(inquiry("1").String()))
			}
			over := h.msg(inquiry("1").String())
			for _, c := range controls {
				h.expect("ACK " + c + "\r\n")
			}
			h.expect("NAK " + over + " 10 BUSY\r\n")
			for _, c := range controls {
				if r := h.rsp(); r.control != c {
					t.Errorf("reply to %s, want %s", r.control, c)
				}
			}
			h.ask(inquiry("1").String())
			if r := s.Check(); r.Total != 1 || r.Violations[0].Kind != sim.OverWindow {
				t.Errorf("report %+v", r)
			}
		})
	}
}

// TestRepeatedUntilGot: a reply comes again after the pause and after each LOGON, under the same outseq, until its GOT.
func TestRepeatedUntilGot(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{RepeatAfter: 50 * time.Millisecond})
	h := logon(t, s, "CCPR")
	control := h.msg(inquiry("1").String())
	h.expect("ACK " + control + "\r\n")
	first := h.read()
	for range 3 {
		h.expect(first)
	}
	h.send("GOT 000001\r\n")
	await(t, s, "GOT arrives", func(s *sim.Switch) bool { return len(events(s, "GOT")) == 1 })
	h.send("PING\r\n")
	for body := h.read(); body != "PONG\r\n"; body = h.read() {
		if body != first {
			t.Fatalf("got %q", body)
		}
	}
	// Longer than a pause: nothing comes any more.
	if err := h.nc.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if body, err := h.tryRead(); err == nil {
		t.Fatalf("after GOT: %q", body)
	}
}

func TestRepeatedAfterLogon(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{})
	h := logon(t, s, "CCPR")
	control := h.msg(inquiry("1").String())
	h.expect("ACK " + control + "\r\n")
	rsp := h.read()
	if err := s.Unsolicited("CCPR", "ADMINISTRATIVE MESSAGE\r\nTEST\r\n"); err != nil {
		t.Fatal(err)
	}
	uns := h.read()
	if uns != "UNS CCPR 000002\r\nADMINISTRATIVE MESSAGE\r\nTEST\r\n" {
		t.Fatalf("got %q", uns)
	}
	h = logon(t, s, "CCPR")
	h.expect(rsp)
	h.expect(uns)
	h.send("GOT 000001\r\n")
	h.send("LOGON CCPR CA0300000\r\n")
	h.expect("READY CCPR\r\n")
	h.expect(uns)
	h.send("GOT 000002\r\n")
	h.sync()
	h = logon(t, s, "CCPR")
	h.sync()
}

// TestDisplaced: the newer connection of a mnemonic takes over, replies to the older one's requests included.
func TestDisplaced(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{ReplyAfter: 50 * time.Millisecond})
	old := logon(t, s, "CCPR")
	control := old.msg(order(oca).String())
	old.expect("ACK " + control + "\r\n")
	young := logon(t, s, "CCPR")
	old.expectClosed()
	if r := young.rsp(); r.control != control || r.lines[0] != "ENTRY ACCEPTED" {
		t.Errorf("reply %+v", r)
	}
	if lines := s.Status().Lines; !slices.Equal(lines, []string{"CCPR"}) {
		t.Errorf("lines %v", lines)
	}
	closed := events(s, "closed")
	if len(closed) != 1 || closed[0].Note != "displaced" {
		t.Errorf("closed %+v", closed)
	}
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{PingAfter: 50 * time.Millisecond, PongWithin: 500 * time.Millisecond})
	h := logon(t, s, "CCPR")
	for range 3 {
		h.expect("PING\r\n")
		h.send("PONG\r\n")
	}
	h.expect("PING\r\n")
	h.expectClosed()
	await(t, s, "the line closes", func(s *sim.Switch) bool { return len(events(s, "closed")) == 1 })
	if closed := events(s, "closed"); closed[0].Note != "no PONG" {
		t.Errorf("closed %+v", closed)
	}
}

func TestUnsolicitedRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{})
	for _, c := range [][2]string{{"ccpr", "X"}, {"CCPR", ""}, {"CCPR", "A\nB"}, {"CCPR", strings.Repeat("X", 16384)}} {
		if err := s.Unsolicited(c[0], c[1]); err == nil {
			t.Errorf("%q taken", c)
		}
	}
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]sim.Config{
		"mnemonic":    {Mnemonic: "8ayx"},
		"mnemonics":   {Mnemonics: map[string]string{"TOOLONG": ""}},
		"ORI":         {ORIs: []string{"CA"}},
		"entry ORI":   {EntryORIs: []string{"CA"}},
		"prefix":      {FCNPrefix: "23"},
		"window":      {Window: -1},
		"pause":       {PingAfter: -1},
		"order type":  {OrderTypes: []sim.OrderType{{Code: "R"}}},
		"probability": {Faults: sim.Faults{Late: 1.1}},
		"address":     {Address: "nowhere"},
	} {
		if s, err := sim.Start(cfg); err == nil {
			t.Errorf("%s: started", name)
			s.Close()
		}
	}
}

// TestTLS: with client certificates asked for, a hub without one gets no word in.
func TestTLS(t *testing.T) {
	t.Parallel()
	cert, pool := selfSigned(t)
	s := start(t, sim.Config{TLS: &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
	}})
	client := &tls.Config{RootCAs: pool, ServerName: "localhost"}
	nc, err := tls.Dial("tcp", s.Addr(), client)
	if err == nil {
		h := newHub(t, nc)
		h.nc.Write([]byte("\x0100000004\x02PING\x03"))
		h.expectClosed()
	}
	client.Certificates = []tls.Certificate{cert}
	nc, err = tls.Dial("tcp", s.Addr(), client)
	if err != nil {
		t.Fatal(err)
	}
	h := newHub(t, nc)
	h.send("LOGON CCPR CA0300000\r\n")
	h.expect("READY CCPR\r\n")
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test only"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// TestDownAndUp: while down the switch refuses connections; the records stay, the address too.
func TestDownAndUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sim.Config{})
	if err := d.s.Down(0); err != nil {
		t.Fatal(err)
	}
	d.expectClosed()
	if nc, err := net.Dial("tcp", d.s.Addr()); err == nil {
		nc.Close()
		t.Fatal("connected to a switch that is down")
	}
	if err := d.s.Up(); err != nil {
		t.Fatal(err)
	}
	h := logon(t, d.s, "CCPR")
	h.requests = 10
	if got := h.ask(inquiry(oca).String()); got[0] != "MATCH MADE ON" {
		t.Errorf("got %q", got[0])
	}
	if err := d.s.Down(30 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	await(t, d.s, "up again by itself", func(s *sim.Switch) bool { return len(events(s, "up")) == 3 })
	logon(t, d.s, "CCPR")
}

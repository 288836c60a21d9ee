package link

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
)

const patience = 10 * time.Second

// recorder is a handler that writes down what it is told.
type recorder struct{ events chan string }

func newRecorder() *recorder { return &recorder{make(chan string, 100)} }

func (r *recorder) say(format string, args ...any) { r.events <- fmt.Sprintf(format, args...) }

func (r *recorder) Acked(c string)                    { r.say("acked %s", c) }
func (r *recorder) Refused(c string, n int, t string) { r.say("refused %s %d %s", c, n, t) }
func (r *recorder) Replied(d Delivery)                { r.say("replied %s %s %q", d.Control, d.Outseq, d.Text) }
func (r *recorder) Unsolicited(d Delivery)            { r.say("unsolicited %s %q", d.Outseq, d.Text) }
func (r *recorder) Expired(c string, w Wait)          { r.say("expired %s %s", c, w) }
func (r *recorder) Closed(why error, unanswered []string) {
	kind := "other"
	for name, err := range map[string]error{"closed": ErrClosed, "silent": ErrSilent, "violation": ErrViolation, "eof": io.EOF, "cut": io.ErrUnexpectedEOF} {
		if errors.Is(why, err) {
			kind = name
		}
	}
	r.say("closed %s %v", kind, unanswered)
}

func (r *recorder) want(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-r.events:
		if got != want {
			t.Fatalf("%s; wanted %s", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("nothing happens; wanted %s", want)
	}
}

// peer is the switch's end of a line, played by hand. It writes its frames with code of its own.
type peer struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func (p *peer) say(body string) { p.raw(fmt.Sprintf("\x01%08d\x02%s\x03", len(body), body)) }

func (p *peer) raw(s string) {
	p.t.Helper()
	if _, err := io.WriteString(p.conn, s); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) hear(want string) {
	p.t.Helper()
	if err := p.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		p.t.Fatal(err)
	}
	wire := fmt.Sprintf("\x01%08d\x02%s\x03", len(want), want)
	got := make([]byte, len(wire))
	if _, err := io.ReadFull(p.r, got); err != nil || string(got) != wire {
		p.t.Fatalf("heard %q (%v); wanted %q", got, err, wire)
	}
}

// listen accepts one connection and hands it out.
func listen(t *testing.T) (string, <-chan *peer) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	peers := make(chan *peer, 1)
	go func() {
		if conn, err := l.Accept(); err == nil {
			peers <- &peer{t, conn, bufio.NewReader(conn)}
		}
	}()
	t.Cleanup(func() { l.Close() })
	return l.Addr().String(), peers
}

type fixture struct {
	line  *Line
	peer  *peer
	rec   *recorder
	clock *clockwork.FakeClock
}

// open logs a line on.
func open(t *testing.T, window int, limits Limits) fixture {
	t.Helper()
	addr, peers := listen(t)
	f := fixture{rec: newRecorder(), clock: clockwork.NewFakeClockAt(time.Now())}
	dialed := make(chan error, 1)
	go func() {
		var err error
		f.line, err = Dial(t.Context(), Config{Address: addr, Mnemonic: "CCPR", ORI: "CA030013J", Window: window, Limits: limits, Clock: f.clock}, f.rec)
		dialed <- err
	}()
	f.peer = <-peers
	f.peer.hear("LOGON CCPR CA030013J\r\n")
	f.peer.say("READY CCPR\r\n")
	if err := <-dialed; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.peer.conn.Close(); f.line.Close() })
	return f
}

const (
	one   = "0000000001"
	two   = "0000000002"
	three = "0000000003"
)

func (f fixture) send(t *testing.T, control string) {
	t.Helper()
	if err := f.line.Send(t.Context(), control, f.line.Body(control, []byte("QRR.CA030013J.OCA/1\r\n"))); err != nil {
		t.Fatal(err)
	}
	f.peer.hear("MSG CCPR " + control + "\r\nQRR.CA030013J.OCA/1\r\n")
}

// advance moves the clock once the watch waits for it.
func (f fixture) advance(t *testing.T, d time.Duration) {
	t.Helper()
	if err := f.clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(d)
}

func TestConversation(t *testing.T) {
	t.Parallel()
	f := open(t, 3, Limits{})
	f.send(t, one)
	f.peer.say("ACK " + one + "\r\n")
	f.rec.want(t, "acked "+one)
	f.peer.say("RSP CCPR " + one + " 000001\r\n8AYX.CA030013J\r\nNO RECORD FOUND\r\n")
	f.rec.want(t, "replied "+one+` 000001 "8AYX.CA030013J\r\nNO RECORD FOUND\r\n"`)
	if err := f.line.Got("000001"); err != nil {
		t.Fatal(err)
	}
	f.peer.hear("GOT 000001\r\n")

	f.send(t, two) // a reply implies the ACK, which comes after it and is no news
	f.peer.say("RSP CCPR " + two + " 000002\r\nX")
	f.rec.want(t, "replied "+two+` 000002 "X"`)
	f.peer.say("ACK " + two)
	f.peer.say("RSP CCPR " + two + " 000003\r\nX\r\n")
	f.rec.want(t, "replied "+two+` 000003 "X\r\n"`)

	f.send(t, three)
	f.peer.say("NAK " + three + " 10 BUSY, TRY LATER\r\n")
	f.rec.want(t, "refused "+three+" 10 BUSY, TRY LATER")
	f.peer.say("UNS CCPR 000004\r\nADMINISTRATIVE MESSAGE\r\nHELLO\r\n")
	f.rec.want(t, `unsolicited 000004 "ADMINISTRATIVE MESSAGE\r\nHELLO\r\n"`)
	f.peer.say("PING\r\n")
	f.peer.hear("PONG\r\n")
	f.line.Close()
	f.rec.want(t, "closed closed []")
	if err := f.line.Send(t.Context(), one, f.line.Body(one, []byte("X"))); !errors.Is(err, ErrNotSent) {
		t.Errorf("sent on a closed line: %v", err)
	}
	if err := f.line.Got("000004"); err == nil {
		t.Error("confirmed on a closed line")
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	f := open(t, 1, Limits{})
	f.send(t, one)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.line.Send(ctx, two, f.line.Body(two, []byte("X"))); !errors.Is(err, ErrNotSent) || !errors.Is(err, context.Canceled) {
		t.Fatalf("the window is full, and yet: %v", err)
	}
	sent := make(chan error, 1)
	go func() { sent <- f.line.Send(t.Context(), two, f.line.Body(two, []byte("X\r\n"))) }()
	f.peer.say("NAK " + one + " 11 DOWN\r\n")
	f.rec.want(t, "refused "+one+" 11 DOWN")
	f.peer.hear("MSG CCPR " + two + "\r\nX\r\n")
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	f := open(t, 3, Limits{Idle: time.Hour})
	f.send(t, one)
	f.send(t, two)
	f.peer.say("ACK " + two + "\r\n")
	f.rec.want(t, "acked "+two)
	f.advance(t, Profile.Ack)
	f.rec.want(t, "expired "+one+" ACK")
	f.advance(t, Profile.Reply-Profile.Ack-1)
	f.send(t, three)
	f.peer.say("ACK " + three + "\r\n")
	f.rec.want(t, "acked "+three)
	f.advance(t, 1)
	f.rec.want(t, "expired "+two+" RSP")
	f.peer.say("RSP CCPR " + two + " 000001\r\nX")
	f.rec.want(t, "replied "+two+` 000001 "X"`) // late, but told
	f.peer.conn.Close()
	f.rec.want(t, "closed eof ["+three+"]")
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	f := open(t, 1, Limits{})
	f.advance(t, Profile.Idle)
	f.peer.hear("PING\r\n")
	f.peer.say("PONG\r\n")
	f.peer.say("UNS CCPR 000001\r\nX") // behind it, so that the PONG has been read
	f.rec.want(t, `unsolicited 000001 "X"`)
	f.advance(t, Profile.Pong) // the limit of the answered PING: nothing happens
	f.advance(t, Profile.Idle-Profile.Pong)
	f.peer.hear("PING\r\n")
	f.send(t, one)
	f.advance(t, Profile.Ack)
	f.rec.want(t, "expired "+one+" ACK")
	f.rec.want(t, "closed silent []")
}

func TestViolationsCloseTheLine(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]string{
		"not SOH":         "X00000004\x02PING\x03",
		"length":          "\x010000000X\x02PING\x03",
		"too long":        "\x0100016385\x02",
		"empty":           "\x0100000000\x02\x03",
		"no STX":          "\x0100000004PING\x03\x03",
		"no ETX":          "\x0100000004\x02PINGX",
		"NUL":             "\x0100000004\x02PIN\x00\x03",
		"high":            "\x0100000004\x02PIN\xe9\x03",
		"bare CR":         "\x0100000005\x02PING\r\x03",
		"bare LF":         "\x0100000005\x02PING\n\x03",
		"unknown word":    "\x0100000004\x02PANG\x03",
		"second line":     "\x0100000007\x02PING\r\nX\x03",
		"short control":   "\x0100000007\x02ACK 123\x03",
		"other line":      "\x0100000017\x02UNS XXXX 000001\r\n\x03",
		"READY again":     "\x0100000010\x02READY CCPR\x03",
		"hub's own words": "\x0100000010\x02GOT 000001\x03",
		"long outseq":     "\x0100000018\x02UNS CCPR 0000001\r\n\x03",
		"NAK code":        "\x0100000019\x02NAK 0000000001 100 X\x03",
		"NAK without":     "\x0100000014\x02NAK 0000000001\x03",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t, 1, Limits{})
			f.send(t, one)
			f.peer.raw(wire)
			f.rec.want(t, "closed violation ["+one+"]")
		})
	}
}

func TestCutFrame(t *testing.T) {
	t.Parallel()
	f := open(t, 1, Limits{})
	f.peer.raw("\x0100000004\x02PI")
	f.peer.conn.Close()
	f.rec.want(t, "closed cut []")
}

func TestSendRefusesWhatCannotBeFramed(t *testing.T) {
	t.Parallel()
	f := open(t, 1, Limits{})
	for name, c := range map[string]struct{ control, text string }{
		"control": {"123", "X"}, "lower": {"abcdefghij", "X"}, "character": {one, "JOSÉ"}, "bare LF": {one, "X\nY"}, "too long": {one, strings.Repeat("X", maxBody)},
	} {
		if err := f.line.Send(t.Context(), c.control, f.line.Body(c.control, []byte(c.text))); !errors.Is(err, ErrNotSent) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f.send(t, one) // and the line is as good as before
}

func TestDrain(t *testing.T) {
	t.Parallel()
	f := open(t, 2, Limits{})
	f.send(t, one)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.line.Drain(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("drained with a request under way: %v", err)
	}
	if err := f.line.Send(t.Context(), two, f.line.Body(two, []byte("X"))); !errors.Is(err, ErrNotSent) {
		t.Fatalf("sent on a line that drains: %v", err)
	}
	f.line.Close()
	f.rec.want(t, "closed closed ["+one+"]")
	if err := f.line.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestDrainWaits(t *testing.T) {
	t.Parallel()
	f := open(t, 2, Limits{})
	f.send(t, one)
	drained := make(chan error, 1)
	go func() { drained <- f.line.Drain(t.Context()) }()
	f.peer.say("RSP CCPR " + one + " 000001\r\nX")
	f.rec.want(t, "replied "+one+` 000001 "X"`)
	if err := <-drained; err != nil {
		t.Fatal(err)
	}
}

func TestLogonFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		want   func(error) bool
	}{
		"refused":        {"\x0100000029\x02REFUSED 13 UNKNOWN MNEMONIC\r\n\x03", func(err error) bool { var r *RefusedError; return errors.As(err, &r) && r.Code == 13 }},
		"another line":   {"\x0100000010\x02READY XXXX\x03", func(err error) bool { return errors.Is(err, ErrViolation) }},
		"something else": {"\x0100000004\x02PING\x03", func(err error) bool { return errors.Is(err, ErrViolation) }},
		"no frame":       {"HTTP/1.1 400 Bad Request\r\n\r\n", func(err error) bool { return errors.Is(err, ErrViolation) }},
		"silence":        {"", func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr, peers := listen(t)
			go func() {
				p := <-peers
				p.hear("LOGON CCPR CA030013J\r\n")
				p.raw(c.answer)
				io.Copy(io.Discard, p.conn) // until the hub hangs up
			}()
			_, err := Dial(t.Context(), Config{Address: addr, Mnemonic: "CCPR", ORI: "CA030013J", Limits: Limits{Ready: 300 * time.Millisecond}}, newRecorder())
			if err == nil || !c.want(err) {
				t.Errorf("%v", err)
			}
		})
	}
	for _, bad := range []Config{{Mnemonic: "CCP", ORI: "CA030013J"}, {Mnemonic: "CCPR", ORI: "CA"}, {Mnemonic: "ccpr", ORI: "CA030013J"}, {Mnemonic: "CCPR", ORI: "CA030013J", Window: -1}} {
		if _, err := Dial(t.Context(), bad, newRecorder()); err == nil {
			t.Errorf("%+v was dialled", bad)
		}
	}
}

// keys are certificates of the test authority, never to be trusted.
func keys(t *testing.T, name string) tls.Certificate {
	t.Helper()
	c, err := tls.LoadX509KeyPair("../../testdata/keys/"+name+".crt", "../../testdata/keys/"+name+".key")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ca, err := os.ReadFile("../../testdata/keys/ca.crt")
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	server := &tls.Config{Certificates: []tls.Certificate{keys(t, "switch")}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}
	name := serverName(t, server.Certificates[0])
	for label, c := range map[string]struct {
		client *tls.Config
		good   bool
	}{
		"both certificates":  {&tls.Config{RootCAs: pool, ServerName: name, Certificates: []tls.Certificate{keys(t, "hub")}, MinVersion: tls.VersionTLS12}, true},
		"no certificate":     {&tls.Config{RootCAs: pool, ServerName: name, MinVersion: tls.VersionTLS12}, false},
		"unknown authority":  {&tls.Config{RootCAs: x509.NewCertPool(), ServerName: name, MinVersion: tls.VersionTLS12}, false},
		"another host's key": {&tls.Config{RootCAs: pool, ServerName: "other.example", Certificates: []tls.Certificate{keys(t, "hub")}, MinVersion: tls.VersionTLS12}, false},
	} {
		l, err := tls.Listen("tcp", "127.0.0.1:0", server)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			if _, err := readFrame(bufio.NewReader(conn)); err == nil {
				conn.Write(appendFrame(nil, []byte("READY CCPR\r\n")))
				io.Copy(io.Discard, conn)
			}
		}()
		line, err := Dial(t.Context(), Config{Address: l.Addr().String(), Mnemonic: "CCPR", ORI: "CA030013J", TLS: c.client}, newRecorder())
		if (err == nil) != c.good {
			t.Errorf("%s: %v", label, err)
		}
		if line != nil {
			line.Close()
		}
		l.Close()
	}
}

func serverName(t *testing.T, c tls.Certificate) string {
	t.Helper()
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil || len(leaf.DNSNames) == 0 {
		t.Fatalf("the switch's certificate names no host: %v", err)
	}
	return leaf.DNSNames[0]
}

// A frame that is read is the frame that is written, and nothing behind it is touched.
func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("\x0100000006\x02PING\r\n\x03"))
	f.Add([]byte("\x0100000004\x02PING\x03\x01"))
	f.Add([]byte("\x0100016385\x02"))
	f.Add([]byte("\x0199999999\x02A\x03"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		body, err := readFrame(bufio.NewReader(bytes.NewReader(wire)))
		if err != nil {
			return
		}
		if len(body) < 1 || len(body) > maxBody {
			t.Fatalf("a body of %d", len(body))
		}
		if again := appendFrame(nil, body); !bytes.HasPrefix(wire, again) {
			t.Fatalf("%q was read from %q", body, wire)
		}
	})
}

func FuzzParseMessage(f *testing.F) {
	for _, s := range []string{"READY CCPR", "ACK 0000000001", "NAK 0000000001 10 BUSY", "RSP CCPR 0000000001 000001\r\nX", "UNS CCPR 000001\r\n", "PING\r\n", "REFUSED 13", "GOT 000001"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := parseMessage(body)
		if err != nil {
			if !errors.Is(err, ErrViolation) {
				t.Fatal(err)
			}
			return
		}
		if m.control != "" && !isControl(m.control) || m.mnemonic != "" && !isMnemonic(m.mnemonic) || m.code > 99 {
			t.Fatalf("%+v", m)
		}
	})
}

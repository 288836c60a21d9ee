package sim_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ccpor/clets/sim"
)

const patience = 10 * time.Second

// noon is the fixed time of the switch in tests: 22 November 2026, 12:00 in California.
var noon = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

func start(t *testing.T, cfg sim.Config) *sim.Switch {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return noon }
	}
	s, err := sim.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// hub is a raw client: its own framing, nothing clever.
type hub struct {
	t        *testing.T
	nc       net.Conn
	r        *bufio.Reader
	mnemonic string
	requests int
}

func dial(t *testing.T, s *sim.Switch) *hub {
	t.Helper()
	nc, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	return newHub(t, nc)
}

func newHub(t *testing.T, nc net.Conn) *hub {
	t.Cleanup(func() { nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &hub{t: t, nc: nc, r: bufio.NewReader(nc)}
}

// logon dials and logs on.
func logon(t *testing.T, s *sim.Switch, mnemonic string) *hub {
	t.Helper()
	h := dial(t, s)
	h.mnemonic = mnemonic
	h.send("LOGON " + mnemonic + " CA0300000\r\n")
	h.expect("READY " + mnemonic + "\r\n")
	return h
}

func (h *hub) raw(b string) {
	h.t.Helper()
	if _, err := h.nc.Write([]byte(b)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hub) send(body string) {
	h.t.Helper()
	h.raw(fmt.Sprintf("\x01%08d\x02%s\x03", len(body), body))
}

func (h *hub) tryRead() (string, error) {
	var head [10]byte
	if _, err := io.ReadFull(h.r, head[:]); err != nil {
		return "", err
	}
	n, err := strconv.Atoi(string(head[1:9]))
	if err != nil || head[0] != 1 || head[9] != 2 {
		return "", fmt.Errorf("no frame: %q", head)
	}
	body := make([]byte, n+1)
	if _, err := io.ReadFull(h.r, body); err != nil {
		return "", err
	}
	return string(body[:n]), nil
}

func (h *hub) read() string {
	h.t.Helper()
	body, err := h.tryRead()
	if err != nil {
		h.t.Fatalf("read a frame: %v", err)
	}
	return body
}

func (h *hub) expect(want string) {
	h.t.Helper()
	if got := h.read(); got != want {
		h.t.Fatalf("got %q, want %q", got, want)
	}
}

// expectClosed wants the switch to close the line without another frame.
func (h *hub) expectClosed() {
	h.t.Helper()
	if body, err := h.tryRead(); err == nil {
		h.t.Fatalf("got %q, want a closed line", body)
	}
}

// msg sends a request under the next control number and returns the number.
func (h *hub) msg(text string) string {
	h.t.Helper()
	h.requests++
	control := fmt.Sprintf("%s%06d", h.mnemonic, h.requests)
	h.send("MSG " + h.mnemonic + " " + control + "\r\n" + text)
	return control
}

// reply is an RSP taken apart.
type reply struct {
	control, outseq string
	head            []string // the two lines before the answer
	lines           []string // the answer
}

func (h *hub) rsp() reply {
	h.t.Helper()
	return parseRSP(h.t, h.read())
}

func parseRSP(t *testing.T, body string) reply {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(body, "\r\n"), "\r\n")
	words := strings.Fields(lines[0])
	if len(words) != 4 || words[0] != "RSP" || len(lines) < 4 {
		t.Fatalf("no RSP: %q", body)
	}
	return reply{control: words[2], outseq: words[3], head: lines[1:3], lines: lines[3:]}
}

// ask sends a request on a switch that behaves, and returns the answer's lines.
func (h *hub) ask(text string) []string {
	h.t.Helper()
	control := h.msg(text)
	h.expect("ACK " + control + "\r\n")
	r := h.rsp()
	if r.control != control {
		h.t.Fatalf("reply to %s, want %s", r.control, control)
	}
	h.got(r)
	return r.lines
}

func (h *hub) got(r reply) { h.t.Helper(); h.send("GOT " + r.outseq + "\r\n") }

// sync returns when the switch has dealt with everything sent so far.
func (h *hub) sync() {
	h.t.Helper()
	h.send("PING\r\n")
	h.expect("PONG\r\n")
}

// enter asks and returns the FCN of the accepted order.
func (h *hub) enter(text string) string {
	h.t.Helper()
	lines := h.ask(text)
	if lines[0] != "ENTRY ACCEPTED" {
		h.t.Fatalf("answer %q", lines)
	}
	return strings.TrimPrefix(lines[1], "FCN/")
}

func await(t *testing.T, s *sim.Switch, what string, holds func(*sim.Switch) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Await(ctx, holds); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// events returns the events of one kind.
func events(s *sim.Switch, kind string) []sim.Event {
	all, _ := s.History()
	var out []sim.Event
	for _, e := range all {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// text is a request that a test alters before it sends it.
type text struct {
	key, ori string
	fields   [][2]string
}

func (x text) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.%s.", x.key, x.ori)
	for _, f := range x.fields {
		fmt.Fprintf(&b, "%s/%s\r\n", f[0], f[1])
	}
	return b.String()
}

func (x text) clone() text {
	x.fields = append([][2]string(nil), x.fields...)
	return x
}

// with sets the first field of that code.
func (x text) with(code, value string) text {
	x = x.clone()
	for i, f := range x.fields {
		if f[0] == code {
			x.fields[i][1] = value
			return x
		}
	}
	panic("the sample has no " + code)
}

func (x text) without(codes ...string) text {
	var kept [][2]string
	for _, f := range x.fields {
		if !slices.Contains(codes, f[0]) {
			kept = append(kept, f)
		}
	}
	x.fields = kept
	return x
}

// before puts a field before the first one of another code; after "" it comes last.
func (x text) before(where, code, value string) text {
	x = x.clone()
	for i, f := range x.fields {
		if f[0] == where {
			x.fields = append(x.fields[:i], append([][2]string{{code, value}}, x.fields[i:]...)...)
			return x
		}
	}
	x.fields = append(x.fields, [2]string{code, value})
	return x
}

func (x text) from(ori string) text { x.ori = ori; return x }

const court, other = "CA030013J", "CA0190000"

// order is the sample order: the persons of the published sample, other dates.
func order(oca string) text {
	return text{"ERR", court, [][2]string{
		{"OCA", oca}, {"CTI", court}, {"CTN", "ORANGE COUNTY SUPERIOR"}, {"CTP", "7149357236"}, {"CTA", "DEPT N7"},
		{"CCN", "06NF0886"}, {"ORT", "CPO"}, {"FRM", "CR-160"}, {"ISD", "20261101"}, {"EXP", "20291101"},
		{"NAM", "JONES,MARC"}, {"AKA", "JONES,MARCO"}, {"SEX", "M"}, {"RAC", "B"}, {"DOB", "19811121"}, {"HGT", "601"}, {"WGT", "260"},
		{"EYE", "BRO"}, {"HAI", "BRO"}, {"PPN", "SMITH,MARY"}, {"PSX", "F"}, {"PRA", "X"}, {"PPB", "19770101"},
		{"RPC", "YES"}, {"CPP", "NO"}, {"FIR", "2"}, {"SAF", "PP"}, {"SAF", "RE"}, {"SAY", "0100"}, {"PCO", "01"}, {"PCO", "05"},
		{"BRD", "U"}, {"OTH", "STAY AWAY FROM 123 MAIN STREET FULLERTON CA 92835"}, {"SVS", "U"},
		{"MIS", "MAY NOT CONTACT THE PROTECTED PERSON. IMAGE: CALL 714-935-7236"},
	}}
}

func modify(fcn, oca string) text {
	return text{"MRR", court, [][2]string{
		{"FCN", fcn}, {"NAM", "JONES,MARC"}, {"OCA", oca}, {"RSN", "EXTD"}, {"EXP", "20301101"},
	}}
}

func cancel(fcn, oca string) text {
	return text{"XRR", court, [][2]string{
		{"FCN", fcn}, {"NAM", "JONES,MARC"}, {"OCA", oca}, {"CXD", "20261122"}, {"CXR", "T"},
	}}
}

func service(fcn, oca string) text {
	return text{"SRR", court, [][2]string{
		{"FCN", fcn}, {"NAM", "JONES,MARC"}, {"OCA", oca}, {"SVN", "DEPUTY EXAMPLE"}, {"SVD", "20261110"}, {"SVT", "0930"},
		{"SVA", "CA0300000"}, {"SVM", "P"}, {"SVR", "OWN"},
	}}
}

func violation(fcn string) text {
	return text{"VRR", court, [][2]string{
		{"FCN", fcn}, {"NAM", "JONES,MARC"}, {"VDT", "202611150930"}, {"VLO", "100 EXAMPLE STREET"}, {"VAG", "CA0300000"},
		{"VRN", "26-1234"}, {"ARR", "N"}, {"MIS", "TELEPHONED"},
	}}
}

func inquiry(oca string) text { return text{"QRR", court, [][2]string{{"OCA", oca}}} }

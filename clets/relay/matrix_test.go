package relay

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/clets/carpos"
	"ccpor/clets/codes"
	"ccpor/mapping/order"
	"ccpor/store"
)

var updateMatrix = flag.Bool("update-matrix", false, "write testdata/matrix anew")

const (
	matrixFCN = "2320632500001"
	otherFCN  = "2320632500002"
	matrixOCA = "CCPOR-1"
)

// matrix is every transaction of one order, each as it was sent.
type matrix struct {
	testing.TB
	dict  *carpos.Dictionary
	book  *codes.Book
	relay *Relay
	owed  map[carpos.Key]carpos.Transaction
}

func newMatrix(t testing.TB) *matrix {
	t.Helper()
	book, err := codes.Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := carpos.LoadWith(book)
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(&idle{}, d, Config{Lines: []Line{{Mnemonic: "CCPR"}}, Jitter: func() float64 { return 0.5 }})
	if err != nil {
		t.Fatal(err)
	}
	m := &matrix{TB: t, dict: d, book: book, relay: r, owed: map[carpos.Key]carpos.Transaction{}}
	c := carpos.Context{
		ORI: "CA030013J", OCA: matrixOCA, CourtName: "ORANGE CO SUPERIOR (NORTH)", Confirm: "FOR A COPY CONTACT CONTROL ONE, 714-555-0100", FCN: matrixFCN,
		Restrained: jones("M").Restrained.Name,
	}
	was, is := jones("M"), jones("M")
	is.Case = "M-2"
	entry := m.whole(d.Enter(*was, c))
	changed := m.whole(d.Enter(*is, c))
	m.whole(d.Modify(entry, changed, order.ModifyAmend, c))
	m.whole(d.Cancel(order.Cancellation{Restrained: was.Restrained.Name, Date: order.MakeDate(2026, 3, 4), Reason: order.CancelTerminated}, c))
	m.whole(d.Serve(*served("M"), c))
	violation, err := d.Decode([]byte("VRR.CA0300000.FCN/" + matrixFCN + "\r\nNAM/JONES,MARC\r\nVDT/202603051530\r\nVAG/CA0300000\r\nVRN/26-0001\r\nMIS/HE CAME TO THE DOOR.\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	m.whole(violation, nil)
	m.owed[carpos.Enter] = entry
	return m
}

// whole keeps a transaction that lacks nothing and can be sent.
func (m *matrix) whole(t carpos.Transaction, lacks []carpos.Lack) carpos.Transaction {
	m.Helper()
	if _, err := m.dict.Encode(t); err != nil || len(lacks) > 0 {
		m.Fatalf("%v, lacks %v", err, lacks)
	}
	m.owed[t.Key] = t
	return t
}

// attempt is the sending of a transaction, or the look-up for it.
func (m *matrix) attempt(key carpos.Key, p store.Purpose) sent {
	s := sent{purpose: p, owed: m.owed[key], form: "CR-160", fcn: matrixFCN, tries: 1}
	if key == carpos.Enter {
		s.fcn = ""
	}
	s.first = firstLine(s.owed)
	if p == store.PurposeLookup {
		s.first = firstLine(m.dict.Inquire(matrixOCA, s.owed.ORI))
	}
	return s
}

// arrival is something that can come of an attempt: a reply's text, or what happened instead of one.
type arrival struct {
	name  string
	text  func(echo string) string
	event event // instead of a text
	nak   int   // instead of a text
}

var acceptedWords = map[carpos.Key]string{
	carpos.Enter: "ENTRY ACCEPTED", carpos.Modify: "MODIFY ACCEPTED", carpos.Cancel: "CANCEL ACCEPTED", carpos.Serve: "SERVICE ACCEPTED", carpos.Violation: "VIOLATION ACCEPTED",
}

const (
	matrixHead = "8AYX.CA030013J\r\nRE: "
	numbers    = "\r\nFCN/" + matrixFCN + "\r\n"
)

// answer is a reply that repeats the request.
func answer(text string) func(string) string {
	return func(echo string) string { return matrixHead + echo + "\r\n" + text }
}

func plain(text string) func(string) string { return func(string) string { return text } }

// cases are all that can come.
func (m *matrix) cases() []arrival {
	var all []arrival
	add := func(name string, text func(string) string) { all = append(all, arrival{name: name, text: text}) }
	for _, k := range []carpos.Key{carpos.Enter, carpos.Modify, carpos.Cancel, carpos.Serve, carpos.Violation} {
		add("accepted: "+acceptedWords[k], answer(acceptedWords[k]+numbers))
	}
	for _, k := range []carpos.Key{carpos.Enter, carpos.Modify, carpos.Cancel, carpos.Serve, carpos.Violation} {
		add("of another FCN: "+acceptedWords[k], answer(acceptedWords[k]+"\r\nFCN/"+otherFCN+"\r\n"))
	}
	add("accepted, with NIC", answer("ENTRY ACCEPTED"+numbers+"NIC/H123456789\r\n"))
	add("accepted, without FCN", answer("ENTRY ACCEPTED\r\n"))
	add("accepted, with a reservation", answer("ENTRY ACCEPTED"+numbers+"SEE SUPERVISOR\r\n"))
	add("on file", answer("ON FILE"+numbers))
	add("on file, another FCN", answer("ON FILE\r\nFCN/"+otherFCN+"\r\n"))
	for _, c := range m.book.Table("reject").Codes() {
		add("reject "+c.Code, answer("REJECT "+c.Code+" "+strings.ToUpper(c.Meaning)+"\r\n"))
	}
	add("reject 06, with its field", answer("REJECT 06 CODE NOT IN TABLE FLD/RAC\r\n"))
	add("reject of an unknown field", answer("REJECT 02 FIELD UNKNOWN FLD/ZZZ\r\n"))
	add("reject of an unknown number", answer("REJECT 77 SMITH\r\n"))
	add("rejects: several", answer("REJECT 21 NAME DOES NOT MATCH FLD/NAM\r\nREJECT 04 FIELD VALUE FLD/DOB\r\n"))
	add("rejects: 90 and 91", answer("REJECT 90 LATER\r\nREJECT 91 ERROR\r\n"))
	add("rejects: 90 and 06", answer("REJECT 90 LATER\r\nREJECT 06 CODE NOT IN TABLE FLD/SEX\r\n"))
	add("no record", answer("NO RECORD FOUND\r\n"))
	for _, h := range matrixHits() {
		add("hits: "+h.name, answer("MATCH MADE ON\r\nOCA/"+matrixOCA+"\r\nOCA FIELD SEARCH REVEALS:\r\n"+h.text))
	}
	for _, n := range []string{
		"SERVICE NOTICE" + numbers + "SVN/A. CECIL\r\nSVD/20260303\r\nSVT/1700\r\nSVA/CA0300000\r\nSVM/P\r\nSVR/OTH\r\n", "VIOLATION NOTICE" + numbers + "VDT/202603051530\r\n",
		"NCIC REJECT" + numbers + "NO DATE OF BIRTH\r\n", "ADMINISTRATIVE MESSAGE\r\nTEST\r\n",
	} {
		name, _, _ := strings.Cut(n, "\r\n")
		add("a "+name+" as an answer", answer(n))
		add("a "+name+", bare, in an RSP", plain(n))
	}
	add("garbled", answer("DETPECCA YRTNE"+numbers))
	add("garbled head", plain("8AYX.CA0\r\nENTRY ACCEPTED"+numbers))
	add("empty", plain(""))
	add("head and echo alone", answer(""))
	add("echo of another request", func(string) string { return matrixHead + "ERR.CA030013J.OCA/CCPOR-2\r\nENTRY ACCEPTED" + numbers })
	add("echo cut", func(echo string) string { return matrixHead + echo[:len(echo)-1] + "\r\nENTRY ACCEPTED" + numbers })
	all = append(all, arrival{name: "not sent", event: notSent}, arrival{name: "expired: no ACK or no RSP", event: noAnswer}, arrival{name: "line closed", event: lineClosed})
	for _, c := range append(m.book.Table("nak").Codes(), codes.Code{Code: "99"}) {
		n := 0
		fmt.Sscan(c.Code, &n)
		all = append(all, arrival{name: "NAK " + c.Code, nak: n})
	}
	return all
}

type namedHit struct{ name, text string }

// record is one block of a hit.
func record(n int, fcn, oca, banner, nam, rest string) string {
	return fmt.Sprintf("ROS HIT # %03d\r\nFCN/%s\r\nORI/CA030013J\r\nOCA/%s\r\n*** %s CRIMINAL PROTECTIVE ORDER ***\r\n", n, fcn, oca, banner) +
		"* * * * * RESTRAINED PERSON INFORMATION * * * * *\r\nNAM/" + nam + "\r\n* * * * * COURT INFORMATION * * * * *\r\n" + rest + "***** END OF DVROS MESSAGE *****\r\n"
}

// matrixHits are the hits that a look-up can bring. The order's number M is on record as it was entered, M-2 as it was modified.
func matrixHits() []namedHit {
	const issued = "ISSUE DATE/20260302\r\n"
	const old, changed = "COURT CASE NUMBER/M\r\n" + issued, "COURT CASE NUMBER/M-2\r\n" + issued
	const part = "* * * * * ORDER INFORMATION * * * * *\r\nORT/CPO\r\n"
	const proof = part + "SVN/A. CECIL\r\nSVD/20260303\r\nSVT/1700\r\n"
	const foreign = "ISSUE DATE/20240101\r\n"
	name := "JONES,MARC"
	mine := func(n int, banner, rest string) string { return record(n, matrixFCN, matrixOCA, banner, name, rest) }
	another := record(2, otherFCN, matrixOCA, "NOT SERVED", "SMITH,JOHN", foreign)
	many := ""
	for n := range 30 {
		many += record(n+1, fmt.Sprintf("99%011d", n), matrixOCA, "EXPIRED", "SMITH,JOHN", foreign)
	}
	return []namedHit{
		{"as entered", mine(1, "NOT SERVED", old)}, {"as entered, all parts", mine(1, "NOT SERVED", old+part)}, {"as modified", mine(1, "NOT SERVED", changed)},
		{"served, no details", mine(1, "SERVED", old)}, {"served as proven", mine(1, "SERVED", old+proof)},
		{"served otherwise", mine(1, "SERVED", old+strings.Replace(proof, "1700", "1701", 1))},
		{"cancelled", mine(1, "CANCELLED", old)}, {"cancelled as asked", mine(1, "CANCELLED", old+part+"CXD/20260304\r\nCXR/T\r\n")},
		{"cancelled otherwise", mine(1, "CANCELLED", old+part+"CXD/20260303\r\nCXR/E\r\n")}, {"expired", mine(1, "EXPIRED", old)},
		{"a violation on record", mine(1, "NOT SERVED", old+"IMMEDIATELY CONFIRM WITH CA030023J\r\nNUMBER OF PRIOR VIOLATION MSG/001\r\n")},
		{"another alone", another}, {"beside another", mine(1, "NOT SERVED", old) + another},
		{"the same name and day, another FCN", record(1, otherFCN, matrixOCA, "NOT SERVED", name, old)}, {"twice", mine(1, "NOT SERVED", old) + record(2, otherFCN, matrixOCA, "NOT SERVED", name, old)},
		{"30 others", many}, {"the last of 31", many + mine(31, "NOT SERVED", old)}, {"30 others, more not shown", many + "MORE HITS NOT SHOWN/012\r\n"},
		{"without its FCN", strings.Replace(mine(1, "NOT SERVED", old), "FCN/"+matrixFCN+"\r\n", "", 1)}, {"none in it", ""},
	}
}

// result is one row of the matrix.
type result struct {
	event   event
	verdict store.Verdict
	state   store.TransmissionState
	pause   string
	where   string
	text    string
}

func (m *matrix) judge(s sent, c arrival) result {
	f := finding{event: c.event}
	switch {
	case c.nak != 0:
		f = m.relay.nacked(c.nak)
	case c.text != nil:
		reply, _ := m.dict.ParseReply([]byte(c.text(s.first)))
		f = m.relay.judge(s, reply)
	}
	o := m.relay.outcome(s, f, 0, matrixNow)
	r := result{event: f.event, verdict: o.Verdict, state: stateAfter(s.purpose, o.Verdict), pause: "-", where: "-", text: o.Text}
	if o.RetryAt.After(matrixNow) {
		r.pause = o.RetryAt.Sub(matrixNow).String()
	}
	if o.Field != "" {
		r.where = o.Field + " (" + o.Item + ")"
	}
	return r
}

var matrixNow = time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)

// Every transaction with everything that can come of its sending and of the look-up for it. The golden files are read by people.
func TestMatrix(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	for _, key := range []carpos.Key{carpos.Enter, carpos.Modify, carpos.Cancel, carpos.Serve, carpos.Violation} {
		var out strings.Builder
		for _, p := range []store.Purpose{store.PurposeSend, store.PurposeLookup} {
			s := m.attempt(key, p)
			fmt.Fprintf(&out, "===== %s of %s: %s\n", p, key, s.first)
			for _, c := range m.cases() {
				r := m.judge(s, c)
				m.lawful(key, p, c, r)
				fmt.Fprintf(&out, "%-52s %-12s %-9s %-9s %-6s %-28s %s\n", c.name, r.event, r.verdict, r.state, r.pause, r.where, r.text)
			}
			m.cuts(&out, s)
		}
		m.golden(string(key), out.String())
	}
}

// lawful holds what no row may break, whatever the golden files say (profile section 4).
func (m *matrix) lawful(key carpos.Key, p store.Purpose, c arrival, r result) {
	m.Helper()
	accepted := r.state == store.StateAccepted
	own := c.name == "accepted: "+acceptedWords[key] || key == carpos.Enter && slices.Contains([]string{"of another FCN: ENTRY ACCEPTED", "accepted, with NIC", "on file", "on file, another FCN"}, c.name)
	if p == store.PurposeSend && accepted != own {
		m.Errorf("sent %s, %s: accepted %v", key, c.name, accepted)
	}
	again := strings.HasSuffix(c.name, " 90") || strings.HasSuffix(c.name, " 91") || c.name == "rejects: 90 and 91" || c.nak == 10 || c.nak == 11
	if again != (r.pause != "-") && c.event == "" {
		m.Errorf("%s of %s, %s: pause %s", p, key, c.name, r.pause)
	}
	if p == store.PurposeSend && r.state == store.StateReady && !again && c.event != notSent {
		m.Errorf("sent %s, %s: sent again without a look-up", key, c.name)
	}
	if r.text == "" || strings.Contains(r.text, "SMITH") || strings.Contains(r.text, "%") {
		m.Errorf("%s of %s, %s: told %q", p, key, c.name, r.text)
	}
	if key == carpos.Violation && p == store.PurposeLookup && (accepted || r.state == store.StateReady) {
		m.Errorf("look-up of %s, %s: %s, although no record shows which violations it has", key, c.name, r.state)
	}
}

// cuts judges a reply that ends behind each of its lines; a cut at a line's end can leave an acceptance whole, which is none the worse.
func (m *matrix) cuts(out *strings.Builder, s sent) {
	for name, text := range map[string]string{"accepted": acceptedWords[s.owed.Key] + numbers + "NIC/H123456789\r\n", "hit": matrixHitText()} {
		if (name == "hit") != (s.purpose == store.PurposeLookup) {
			continue
		}
		lines := strings.SplitAfter(matrixHead+s.first+"\r\n"+text, "\r\n")
		var last result
		from := 0
		for n := range lines {
			r := m.judge(s, arrival{text: plain(strings.Join(lines[:n], ""))})
			if n > 0 && r != last {
				writeCuts(out, name, from, n-1, last)
				from = n
			}
			last = r
		}
		writeCuts(out, name, from, len(lines)-1, last)
	}
}

func writeCuts(out *strings.Builder, name string, from, to int, r result) {
	fmt.Fprintf(out, "%-52s %-12s %-9s %-9s %-6s %-28s %s\n", fmt.Sprintf("%s, cut after line %d to %d", name, from, to), r.event, r.verdict, r.state, r.pause, r.where, r.text)
}

func matrixHitText() string {
	return "MATCH MADE ON\r\nOCA/" + matrixOCA + "\r\nOCA FIELD SEARCH REVEALS:\r\n" + matrixHits()[1].text
}

// A question of a person is judged by nobody: every reply is shown as what it is.
func TestMatrixOfQuestions(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	const echo = "QRR.CA030013J.NAM/JONES,MARC"
	var out strings.Builder
	fmt.Fprintf(&out, "===== question of a person: %s\n", echo)
	for _, c := range m.cases() {
		if c.text == nil {
			continue
		}
		reply, err := m.dict.ParseReply([]byte(c.text(echo)))
		if (err != nil) != (reply.Kind == carpos.Unrecognised) {
			t.Errorf("%s: %s, %v", c.name, reply.Kind, err)
		}
		words, _, _ := strings.Cut(m.dict.DescribeReply(reply, false), "\n")
		fmt.Fprintf(&out, "%-52s %-16s %2d hits  %s\n", c.name, reply.Kind, len(reply.Hits), words)
	}
	m.golden("QRR", out.String())
}

// What ccpor describe says that the relay makes of a reply is what it makes of it.
func TestReadings(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	for key := range m.owed {
		for _, p := range []store.Purpose{store.PurposeSend, store.PurposeLookup} {
			s := m.attempt(key, p)
			for _, c := range m.cases() {
				want := m.judge(s, c)
				var readings []Reading
				switch {
				case c.nak != 0:
					readings = NAKReadings(m.dict, m.book, c.nak)
				case c.text != nil:
					reply, _ := m.dict.ParseReply([]byte(c.text(s.first)))
					if reply.Kind == carpos.Accepted && reply.FCN != matrixFCN && key != carpos.Enter {
						continue // of another order: the text alone cannot tell
					}
					if reply.Echo != s.first {
						continue
					}
					readings = Readings(m.dict, m.book, reply)
				default:
					continue
				}
				told := slices.ContainsFunc(readings, func(r Reading) bool {
					return r.Verdict == want.verdict && r.State == want.state && r.Again == (want.pause != "-") && (r.Text == want.text || want.event == unreadable)
				})
				if !told {
					t.Errorf("%s of %s, %s: %+v; it is %+v", p, key, c.name, readings, want)
				}
			}
		}
	}
}

func (m *matrix) golden(name, got string) {
	m.Helper()
	file := filepath.Join("testdata", "matrix", name+".txt")
	if *updateMatrix {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			m.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		m.Fatal(err)
	}
	if got != string(want) {
		m.Errorf("%s differs:\n%s", file, got)
	}
}

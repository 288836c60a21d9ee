package carpos

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ccpor/clets/sim"
	"ccpor/mapping/order"
)

const (
	casesDir = "../../testdata/cases"
	caseOCA  = "CCPOR-1"
	caseFCN  = "2320632500001"
)

// sample is a case of the whole project: what the court sent, as the mapping reads it.
type sample struct {
	name  string
	facts struct {
		Today order.Date
		// Order names the case whose order this one is about.
		Order string
	}
	pack struct {
		Submitter    order.ORI
		Action       string
		Order        *order.Order
		Modification *order.Modification
		Service      *order.Service
		Cancellation *order.Cancellation
		Supplement   *order.Supplement
		Confidential *order.Confidential
	}
}

func readSample(t *testing.T, name string) sample {
	t.Helper()
	s := sample{name: name}
	readJSON(t, filepath.Join(casesDir, name, "case.json"), &s.facts)
	readJSON(t, filepath.Join(casesDir, name, "order.json"), &s.pack)
	return s
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// context is what the relay knows beside the package.
func (s sample) context() Context {
	c := overviewContext()
	c.ORI, c.OCA = s.pack.Submitter, caseOCA
	return c
}

// enter is the ERR of the case's order, with the confidential information that came with it.
func (s sample) enter(d *Dictionary, c Context) (Transaction, []Lack) {
	return d.EnterWith(*s.pack.Order, s.pack.Confidential, c)
}

// owed is the transaction that the relay has for the case, and before it that by which CARPOS has the order; the first has no key where nothing is sent.
func (s sample) owed(t *testing.T, d *Dictionary) (tx, record Transaction, lacks []Lack) {
	t.Helper()
	c := s.context()
	if s.pack.Action == "add" {
		tx, lacks = s.enter(d, c)
		return tx, Transaction{}, lacks
	}
	about := s
	if s.facts.Order != "" {
		about = readSample(t, s.facts.Order)
	}
	entry := about.context()
	record, lacks = about.enter(d, entry)
	if len(lacks) > 0 {
		t.Fatalf("the order that it is about cannot be entered: %+v", lacks)
	}
	c.ORI, c.FCN, c.Restrained = entry.ORI, caseFCN, about.pack.Order.Restrained.Name
	if s.pack.Confidential == nil {
		s.pack.Confidential = about.pack.Confidential
	}
	switch {
	case s.pack.Service != nil:
		tx, lacks = d.Serve(*s.pack.Service, c)
	case s.pack.Cancellation != nil:
		tx, lacks = d.Cancel(*s.pack.Cancellation, c)
	case s.pack.Modification != nil:
		tx, lacks = s.modify(d, record, s.pack.Modification.Reason, c)
	case s.pack.Supplement != nil && s.pack.Confidential != nil:
		s.pack.Order = about.pack.Order
		tx, lacks = s.modify(d, record, order.ModifyCorrect, c)
	}
	return tx, record, lacks
}

func (s sample) modify(d *Dictionary, record Transaction, reason order.ModifyReason, c Context) (Transaction, []Lack) {
	want, lacks := s.enter(d, c)
	tx, more := d.Modify(record, want, reason, c)
	return tx, append(lacks, more...)
}

// Every case of the project as CARPOS gets it, with what lacks and what is noted. The same texts then go to the simulated switch, which shares no code with this
// package: it must take them, and what it has on record afterwards must be what this package thinks.
func TestCases(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(casesDir)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, e := range entries {
		golden := filepath.Join(casesDir, e.Name(), "carpos.txt")
		if strings.HasPrefix(e.Name(), "refused-") {
			if _, err := os.Stat(golden); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s never comes this far, and has a CARPOS text", e.Name())
			}
			continue
		}
		tried++
		t.Run(e.Name(), func(t *testing.T) {
			t.Parallel()
			d := dictionary(t)
			s := readSample(t, e.Name())
			tx, record, lacks := s.owed(t, d)
			goldenFile(t, golden, told(t, d, tx, lacks))
			if len(lacks) == 0 && tx.Key != "" {
				s.onSwitch(t, d, tx, record)
			}
		})
	}
	if tried < 100 {
		t.Errorf("only %d cases", tried)
	}
}

func told(t *testing.T, d *Dictionary, tx Transaction, lacks []Lack) string {
	t.Helper()
	if tx.Key == "" {
		return "nothing to send\n"
	}
	var out strings.Builder
	for _, l := range lacks {
		fmt.Fprintf(&out, "lack %s (%s, %s): %s\n", l.Field, l.FormItem, l.Whose, l.Reason)
	}
	text, err := d.Encode(tx)
	if (err == nil) != (len(lacks) == 0) {
		t.Errorf("%v with lacks %+v", err, lacks)
	}
	if tx.ChangesNothing() {
		out.WriteString("nothing has changed; not sent:\n")
	}
	out.Write(text)
	for _, n := range tx.Notes {
		fmt.Fprintf(&out, "note %s %s: %s\n", n.Path, n.Code, n.Text)
	}
	return out.String()
}

// onSwitch has the simulated switch carry the case out.
func (s sample) onSwitch(t *testing.T, d *Dictionary, tx, record Transaction) {
	t.Helper()
	desk := openDesk(t, s.facts.Today)
	if tx.Key == Enter {
		if r := desk.ask(t, d, tx); r.Kind != Accepted || r.Key != Enter {
			t.Fatalf("entered: %s", r.Text)
		}
		desk.has(t, tx)
		desk.agrees(t, d, s)
		return
	}
	if tx.ChangesNothing() {
		return
	}
	r := desk.ask(t, d, record)
	if r.Kind != Accepted {
		t.Fatalf("the order that it is about: %s", r.Text)
	}
	tx.Fields = slices.Clone(tx.Fields)
	tx.Fields[0].Value = string(r.FCN)
	if shown := desk.shows(t, d, tx, record); shown != ShownNo {
		t.Errorf("before: shown %s", shown)
	}
	if r := desk.ask(t, d, tx); r.Kind != Accepted || r.Key != tx.Key {
		t.Fatalf("%s: %s", tx.Key, r.Text)
	}
	if shown := desk.shows(t, d, tx, record); shown != ShownYes {
		t.Errorf("after: shown %s", shown)
	}
	if tx.Key == Modify {
		desk.has(t, d.Apply(record, tx))
		desk.agrees(t, d, s)
	}
}

// desk is a line to a switch of its own.
type desk struct {
	*sim.Switch
	nc   net.Conn
	r    *bufio.Reader
	sent int
}

func openDesk(t *testing.T, today order.Date) *desk {
	t.Helper()
	los, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	s, err := sim.Start(sim.Config{Now: func() time.Time { return today.At(8*60, los) }, NoMagic: true})
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(nc.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	d := &desk{Switch: s, nc: nc, r: bufio.NewReader(nc)}
	d.write(t, "LOGON CCPR CA0300000\r\n")
	if got := d.read(t); got != "READY CCPR\r\n" {
		t.Fatalf("got %q", got)
	}
	return d
}

func (d *desk) write(t *testing.T, body string) {
	t.Helper()
	if _, err := fmt.Fprintf(d.nc, "\x01%08d\x02%s\x03", len(body), body); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) read(t *testing.T) string {
	t.Helper()
	var head [10]byte
	if _, err := io.ReadFull(d.r, head[:]); err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(string(head[1:9]))
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, n+1)
	if _, err := io.ReadFull(d.r, body); err != nil {
		t.Fatal(err)
	}
	return string(body[:n])
}

// ask sends a transaction and reads the reply.
func (d *desk) ask(t *testing.T, dict *Dictionary, tx Transaction) Reply {
	t.Helper()
	text, err := dict.Encode(tx)
	if err != nil {
		t.Fatal(err)
	}
	d.sent++
	d.write(t, fmt.Sprintf("MSG CCPR %010d\r\n%s", d.sent, text))
	if ack := d.read(t); !strings.HasPrefix(ack, "ACK ") {
		t.Fatalf("got %q", ack)
	}
	head, body, _ := strings.Cut(d.read(t), "\r\n")
	d.write(t, "GOT "+head[strings.LastIndexByte(head, ' ')+1:]+"\r\n")
	r, err := dict.ParseReply([]byte(body))
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return r
}

// has wants the switch's one record to hold these fields.
func (d *desk) has(t *testing.T, want Transaction) {
	t.Helper()
	var got []Field
	for _, f := range d.Records()[0].Fields {
		got = append(got, Field{f.Code, f.Value})
	}
	if !slices.Equal(got, want.Fields) {
		t.Errorf("on record\n%v\nwanted\n%v", got, want.Fields)
	}
}

func (d *desk) hit(t *testing.T, dict *Dictionary) Hit {
	t.Helper()
	r := d.ask(t, dict, dict.Inquire(caseOCA, order.ORI(d.Records()[0].ORI)))
	if r.Kind != Hits || len(r.Hits) != 1 {
		t.Fatalf("looked up: %s", r.Text)
	}
	return r.Hits[0]
}

// shows is what a look-up says of the transaction.
func (d *desk) shows(t *testing.T, dict *Dictionary, tx, record Transaction) Shown {
	t.Helper()
	h := d.hit(t, dict)
	switch tx.Key {
	case Modify:
		return dict.ShowsModification(h, tx)
	case Cancel:
		return h.ShowsCancellation(tx)
	}
	return h.ShowsService(tx, record.First("SVS") != "U")
}

// agrees wants the hit to say of the order what the order says.
func (d *desk) agrees(t *testing.T, dict *Dictionary, s sample) {
	t.Helper()
	if s.pack.Order == nil {
		return // a supplement is about the order of another case
	}
	c := s.context()
	if r := s.pack.Confidential; r != nil && r.Restrained != nil {
		c.SSN = r.Restrained.SSN
	}
	for _, x := range dict.Compare(WithConfidential(*s.pack.Order, s.pack.Confidential), c, d.hit(t, dict)) {
		t.Errorf("the record differs in %s: %q, not %q", x.Field, x.Record, x.Order)
	}
}

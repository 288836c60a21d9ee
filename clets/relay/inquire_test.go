package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"ccpor/clets/carpos"
	"ccpor/clets/link"
	"ccpor/clets/sim"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// patience is that of a person in these tests: longer than everything that they wait for.
const patience = 30 * time.Second

// inquire puts an inquiry on behalf of the bench's court, which may ask.
func (b *bench) inquire(q store.Question, patience time.Duration) store.InquiryID {
	b.Helper()
	a := b.court
	a.MayQuery = true
	b.court = b.register(a)
	return b.inquireFor(a.ORI, q, patience)
}

func (b *bench) inquireFor(ori order.ORI, q store.Question, patience time.Duration) store.InquiryID {
	b.Helper()
	ask := carpos.Question{OCA: q.OCA, FCN: q.FCN, Case: q.Case, CTI: q.Court, Born: q.Born, Sex: q.Sex}
	if q.Name != nil {
		ask.Name = *q.Name
	}
	tx, err := b.dict.Ask(ask, ori)
	if err != nil {
		b.Fatal(err)
	}
	text, err := b.dict.Encode(tx)
	if err != nil {
		b.Fatal(err)
	}
	return b.inquireText(ori, q, text, patience)
}

func (b *bench) inquireText(ori order.ORI, q store.Question, text []byte, patience time.Duration) store.InquiryID {
	b.Helper()
	id, err := b.store.Inquire(b.Context(), store.NewInquiry{Actor: "test", Agency: ori, Certified: "badge 4711", Purpose: "traffic stop", Question: q, Text: text, At: time.Now(), Patience: patience})
	if err != nil {
		b.Fatal(err)
	}
	return id
}

// ended waits until an inquiry has ended.
func (b *bench) ended(id store.InquiryID) store.Inquiry {
	b.Helper()
	var q store.Inquiry
	b.until(soon, "ended", func() bool {
		var err error
		if q, err = b.store.Inquiry(b.Context(), id); err != nil {
			b.Fatal(err)
		}
		return q.State == store.InquiryAnswered || q.State == store.InquiryFailed
	})
	return q
}

// answered waits for the answer of an inquiry, and reads it.
func (b *bench) answered(id store.InquiryID) carpos.Reply {
	b.Helper()
	q := b.ended(id)
	if q.State != store.InquiryAnswered {
		b.Fatalf("inquiry %d %s: %s", id, q.State, q.Reason)
	}
	reply, err := b.dict.ParseReply([]byte(q.Reply.Text))
	if err != nil {
		b.Fatal(err)
	}
	return reply
}

// failed waits for the failure of an inquiry, which must say why.
func (b *bench) failed(id store.InquiryID, says string) store.Inquiry {
	b.Helper()
	q := b.ended(id)
	if q.State != store.InquiryFailed || !strings.Contains(q.Reason, says) {
		b.Fatalf("inquiry %d is %s, %q; want failed and %q", id, q.State, q.Reason, says)
	}
	return q
}

// left are the replies that wait for a person.
func (b *bench) left() string {
	return b.rows("select count(*)::int from inbound where handled_at is null")[0][0]
}

// An order is found by each key, and by a key that several orders share all of them.
func TestInquiryByEachKey(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{Window: 4})
	b.add("06NF0001")
	b.add("06NF0002")
	b.start(Config{})
	if got := b.settled(soon); got["accepted"] != 2 {
		t.Fatal(got)
	}
	row := b.rows("select fcn, oca from order_ where local_id = '06NF0001'")[0]
	born := order.MakeDate(1981, 11, 21)
	other := born.AddDays(1)
	for name, tt := range map[string]struct {
		q    store.Question
		hits int
	}{
		"FCN":               {store.Question{FCN: row[0]}, 1},
		"OCA":               {store.Question{OCA: row[1]}, 1},
		"case":              {store.Question{Case: "06NF0002", Court: "CA030013J"}, 1},
		"name":              {store.Question{Name: &order.Name{Surname: "jones", Given: "marc"}}, 2},
		"name, born":        {store.Question{Name: &order.Name{Surname: "Jones", Given: "Marc"}, Born: &born, Sex: "M"}, 2},
		"name, other birth": {store.Question{Name: &order.Name{Surname: "Jones", Given: "Marc"}, Born: &other}, 0},
		"protected person":  {store.Question{Name: &order.Name{Surname: "Smith", Given: "Mary"}}, 2},
		"unknown FCN":       {store.Question{FCN: "9999999999999"}, 0},
	} {
		reply := b.answered(b.inquire(tt.q, patience))
		want := carpos.Hits
		if tt.hits == 0 {
			want = carpos.NoRecord
		}
		if reply.Kind != want || len(reply.Hits) != tt.hits {
			t.Errorf("%s: %s with %d hits, want %d", name, reply.Kind, len(reply.Hits), tt.hits)
		}
	}
	if n := b.left(); n != "0" {
		t.Errorf("%s replies wait for a person", n)
	}
	b.sound()
}

// What CARPOS or the switch does not take now is asked again; what it refuses, or says so that nobody understands it, is not.
func TestInquiryMishaps(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		faults sim.Faults
		fails  string // what the failure says; empty where it is answered once the misbehaviour has ended
		tries  int
		left   string
	}{
		"lost reply":    {sim.Faults{LoseReply: 1}, "", 2, "0"},
		"lost request":  {sim.Faults{LoseRequest: 1}, "", 2, "0"},
		"line closed":   {sim.Faults{DropBefore: 1}, "", 2, "0"},
		"switch busy":   {sim.Faults{Busy: 1}, "", 2, "0"},
		"CARPOS away":   {sim.Faults{TryLater: 1}, "", 2, "0"},
		"garbled reply": {sim.Faults{Garble: 1}, "a person has to read it", 1, "1"},
		"reply twice":   {sim.Faults{Duplicate: 1}, "", 1, "0"},
		"always busy":   {sim.Faults{Busy: 1}, "The switch cannot take it now: 10 ", 3, "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sim.Config{Faults: tt.faults})
			id := b.inquire(store.Question{OCA: "NOWHERE-1"}, patience)
			b.start(Config{Pauses: []time.Duration{600 * time.Millisecond}, Redial: []time.Duration{600 * time.Millisecond}})
			if tt.fails != "" {
				if q := b.failed(id, tt.fails); q.Tries != tt.tries {
					t.Errorf("it was asked %d times, want %d", q.Tries, tt.tries)
				}
			} else {
				if tt.tries > 1 {
					b.until(soon, "tried", func() bool {
						return b.rows("select exists (select from inquiry_try where ended_at is not null)")[0][0] == "true"
					})
				}
				if err := b.sw.SetFaults(sim.Faults{}); err != nil {
					t.Fatal(err)
				}
				if reply := b.answered(id); reply.Kind != carpos.NoRecord {
					t.Errorf("it is answered %s", reply.Kind)
				}
				if q := b.ended(id); q.Tries < tt.tries {
					t.Errorf("it was asked %d times, want %d", q.Tries, tt.tries)
				}
			}
			b.until(soon, "replies handled", func() bool { return b.left() == tt.left })
		})
	}
}

// A hub that is killed between sending and reply leaves the inquiry to the next one, which gets the late reply.
func TestInquiryOutlivesItsHub(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{Faults: sim.Faults{Late: 1, LateBy: 600 * time.Millisecond}})
	id := b.inquire(store.Question{OCA: "NOWHERE-1"}, patience)
	m := newMortal(storetest.Open(t, b.url, store.Options{TestSwitch: true}), "Inbound", false)
	first := b.begin(m, Config{LeaseTTL: time.Second, Limits: link.Limits{Connect: time.Second, Ready: time.Second, Ack: 5 * time.Second, Reply: 10 * time.Second, Idle: time.Minute}})
	<-m.died // the reply is there, and is not kept
	t.Cleanup(func() { b.stop(first) })
	first.cancel()
	b.start(Config{LeaseTTL: time.Second, Limits: link.Limits{Connect: time.Second, Ready: time.Second, Ack: 5 * time.Second, Reply: 10 * time.Second, Idle: time.Minute}})
	if reply := b.answered(id); reply.Kind != carpos.NoRecord {
		t.Fatal(reply.Kind)
	}
	if n := b.rows("select count(*)::int from inquiry_try")[0][0]; n != "1" {
		t.Errorf("it was sent %s times; the switch repeats its reply to the next hub", n)
	}
}

// With the patience at its end an inquiry has failed, whatever holds it up; a reply that comes later is its answer all the same.
func TestLateReplyAnswersAFailedInquiry(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{Window: 4, Faults: sim.Faults{Late: 1, LateBy: 3 * time.Second}})
	r := b.start(Config{Limits: link.Limits{Connect: 5 * time.Second, Ready: 5 * time.Second, Ack: 5 * time.Second, Reply: 10 * time.Second, Idle: time.Minute}})
	b.until(soon, "up", func() bool { return r.Lines()[0].Up })
	id := b.inquire(store.Question{OCA: "NOWHERE-1"}, 1500*time.Millisecond)
	b.failed(id, "no answer")
	b.until(soon, "answered late", func() bool {
		q, err := b.store.Inquiry(t.Context(), id)
		return err == nil && q.State == store.InquiryAnswered && q.Reply != nil && q.Reason == ""
	})
}

func TestInquiryWithTheSwitchDown(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // nobody listens there
	b := newBench(t, sim.Config{})
	id := b.inquire(store.Question{OCA: "NOWHERE-1"}, time.Second)
	b.start(Config{Lines: []Line{{Mnemonic: "CC00", ORI: "CA0340000", Address: l.Addr().String(), Test: true}}})
	if q := b.failed(id, "No line to the switch had a free place"); q.Tries != 0 {
		t.Errorf("%d tries", q.Tries)
	}
}

// A test agency asks test switches only.
func TestTestInquiryGoesToNoLiveSwitch(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	b.register(store.Agency{ORI: "CA0300001", Name: "A test agency", Kind: store.KindLawEnforcement, Test: true, MayQuery: true})
	lines := b.lines(1, 1)
	lines[0].Test = false
	id := b.inquireFor("CA0300001", store.Question{OCA: "NOWHERE-1"}, patience)
	b.start(Config{Lines: lines})
	b.failed(id, "It is a test")
	for _, e := range first(b.sw.History()) {
		if e.Kind == "MSG" {
			t.Error("the live switch was asked")
		}
	}
}

func first[T, U any](v T, _ U) T { return v }

// What CARPOS refuses is told in the table's words, and not asked again.
func TestInquiryRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	b.register(store.Agency{ORI: "CA0300000", Name: "A sheriff", Kind: store.KindLawEnforcement, MayQuery: true})
	b.start(Config{})
	q := b.failed(b.inquireText("CA0300000", store.Question{OCA: "SECRET"}, []byte("QRR.CA0300000.ZZZ/SECRET\r\n"), patience), "CARPOS refuses the question: 02 ")
	if q.Tries != 1 || strings.Contains(q.Reason, "SECRET") || q.Reply != nil {
		t.Errorf("%d tries, %s", q.Tries, q.Reason)
	}
	b.until(soon, "refusal handled", func() bool { return b.left() == "0" })
}

// Inquiries go before a backlog and do not stop it: on a line with one place the two take turns.
func TestInquiriesAndEntriesTakeTurns(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{ReplyAfter: 20 * time.Millisecond})
	const entries, inquiries = 30, askWorkers
	var ids []store.InquiryID
	for i := range entries {
		b.add(fmt.Sprintf("06NF%04d", i))
	}
	for i := range inquiries {
		ids = append(ids, b.inquire(store.Question{OCA: fmt.Sprintf("NOWHERE-%d", i)}, patience))
	}
	b.start(Config{SlotWait: time.Minute}) // nobody who waits goes away meanwhile, however slow the machine is
	for _, id := range ids {
		b.answered(id)
	}
	if got := b.settled(soon); got["accepted"] != entries {
		t.Fatal(got)
	}
	var kinds strings.Builder
	for _, e := range first(b.sw.History()) {
		if e.Kind != "MSG" {
			continue
		}
		kinds.WriteByte(map[bool]byte{true: 'q', false: 'E'}[strings.Contains(e.Body, "\nQRR.")])
	}
	// From the first inquiry until the last one both sides wait.
	both := kinds.String()
	both = both[strings.Index(both, "q") : strings.LastIndex(both, "q")+1]
	if strings.Contains(both, "qqq") || strings.Contains(both, "EEEE") || !strings.Contains(both, "E") {
		t.Errorf("one side waited while the other went on: %s", kinds.String())
	}
	b.sound()
}

// An answer that ends early may lack hits: it is asked again, and shown to nobody.
func TestAnAnswerThatIsCutIsNone(t *testing.T) {
	t.Parallel()
	d, err := carpos.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(&idle{}, d, Config{Lines: []Line{{Mnemonic: "CCPR"}}})
	if err != nil {
		t.Fatal(err)
	}
	q := store.Inquiry{Text: []byte("QRR.CA030013J.OCA/06NF0001\r\n")}
	whole := "8AYX.CA030013J\r\nRE: QRR.CA030013J.OCA/06NF0001\r\nNO RECORD FOUND\r\n"
	if f := r.judgeInquiry(q, whole); f.event != found {
		t.Fatalf("%+v", f)
	}
	for n := range len(whole) - 1 {
		if f := r.judgeInquiry(q, whole[:n]); f.event == found {
			t.Errorf("cut after %d characters it is an answer", n)
		}
	}
	if _, again := askedAgain[cut]; !again {
		t.Error("what was cut is not asked again")
	}
}

// failsOn is a store in which one message cannot be settled.
type failsOn struct {
	idle
	bad     store.InboundID
	settled []store.InboundID
}

func (f *failsOn) NotUnderstood(context.Context, time.Time) ([]store.Inbound, error) {
	return []store.Inbound{{ID: 1, Text: "X\r\n"}, {ID: 2, Text: "X\r\n"}, {ID: 3, Text: "X\r\n"}}, nil
}

func (f *failsOn) Understand(_ context.Context, u store.Understood) error {
	if u.Message == f.bad {
		return errDead
	}
	f.settled = append(f.settled, u.Message)
	return nil
}

func TestAMessageThatCannotBeSettledKeepsNoneWaiting(t *testing.T) {
	t.Parallel()
	d, err := carpos.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := &failsOn{bad: 1}
	r, err := New(s, d, Config{Lines: []Line{{Mnemonic: "CCPR"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.understandLeft(t.Context(), time.Now()); !errors.Is(err, errDead) || len(s.settled) != 2 {
		t.Errorf("settled %v, %v", s.settled, err)
	}
}

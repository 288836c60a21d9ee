package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ccpor/clets/carpos"
	"ccpor/clets/sim"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// The messages are of the profile; every person and number in them is invented.
func serviceNotice(fcn, name, oca string) string {
	return "SERVICE NOTICE\r\nFCN/" + fcn + "\r\nNAM/" + name + "\r\nOCA/" + oca + "\r\nSVN/DEPUTY EXAMPLE\r\nSVD/20260303\r\nSVT/0930\r\nSVA/CA0300000\r\nSVM/P\r\nSVR/OTH\r\n"
}

func violationNotice(fcn, report string) string {
	return "VIOLATION NOTICE\r\nFCN/" + fcn + "\r\nNAM/JONES,MARC\r\nVDT/202603050930\r\nVAG/CA0300000\r\nVRN/" + report + "\r\nARR/N\r\nMIS/INVENTED\r\n"
}

// filed is a store that knows orders by their numbers and nothing else.
type filed struct {
	idle
	orders map[order.FCN][]store.Filed
	err    error
}

func (f *filed) OrdersOfFCN(_ context.Context, fcn order.FCN) ([]store.Filed, error) {
	return f.orders[fcn], f.err
}

// Only a whole notice about one order, with its name and number, has an effect. Everything else waits for a person, with the reason.
func TestWhatANoticeAsksFor(t *testing.T) {
	t.Parallel()
	jones := order.Name{Surname: "Jones", Given: "Marc"}
	known := &filed{orders: map[order.FCN][]store.Filed{
		"2320632500001": {{Order: 1, OCA: "06NF0886", Names: []order.Name{{Surname: "Jonas", Given: "Marc"}, jones}}}, // a version with the name corrected
		"2320632500002": {{Order: 2, OCA: "06NF0887", Names: []order.Name{{Surname: "Smith", Given: "Ann"}}}},         // another court's
		"2320632500003": {{Order: 3, OCA: "A", Names: []order.Name{jones}}, {Order: 4, OCA: "B", Names: []order.Name{jones}}},
	}}
	r, err := New(known, dictionary(t), Config{Lines: []Line{{Mnemonic: "CCPR"}}})
	if err != nil {
		t.Fatal(err)
	}
	service := serviceNotice("2320632500001", "JONES,MARC", "06NF0886")
	for name, c := range map[string]struct {
		text string
		kind store.MessageKind
		wait store.Wait
		of   int64
	}{
		"service":               {service, store.MessageService, "", 1},
		"under the former name": {serviceNotice("2320632500001", "JONAS,MARC", "06NF0886"), store.MessageService, "", 1},
		"without the number":    {strings.Replace(service, "OCA/06NF0886\r\n", "", 1), store.MessageService, "", 1},
		"violation":             {violationNotice("2320632500001", "EX-1"), store.MessageViolation, "", 1},
		"NCIC":                  {"NCIC REJECT\r\nFCN/2320632500001\r\nDATE OF BIRTH\r\n", store.MessageNCIC, store.WaitNCIC, 1},
		"NCIC of nothing":       {"NCIC REJECT\r\nFCN/9\r\nDATE OF BIRTH\r\n", store.MessageNCIC, store.WaitNoOrder, 0},
		"administrative":        {"ADMINISTRATIVE MESSAGE\r\nDOWN AT 0200\r\n", store.MessageAdmin, store.WaitAdmin, 0},
		"wrong FCN":             {serviceNotice("9320632500001", "JONES,MARC", "06NF0886"), store.MessageService, store.WaitNoOrder, 0},
		"wrong name":            {serviceNotice("2320632500001", "JONES,MARCO", "06NF0886"), store.MessageService, store.WaitName, 0},
		"another court's FCN":   {serviceNotice("2320632500002", "JONES,MARC", "06NF0886"), store.MessageService, store.WaitName, 0},
		"violation, other FCN":  {violationNotice("2320632500002", "EX-1"), store.MessageViolation, store.WaitName, 0},
		"wrong number":          {serviceNotice("2320632500001", "JONES,MARC", "06NF0887"), store.MessageService, store.WaitNumber, 0},
		"two orders":            {serviceNotice("2320632500003", "JONES,MARC", "A"), store.MessageService, store.WaitOrders, 0},
		"no name":               {strings.Replace(service, "NAM/JONES,MARC\r\n", "", 1), store.MessageService, store.WaitMalformed, 0},
		"no day":                {strings.Replace(service, "SVD/20260303\r\n", "", 1), store.MessageService, store.WaitMalformed, 0},
		"a bad day":             {strings.Replace(service, "20260303", "20260399", 1), store.MessageUnknown, store.WaitUnknown, 0},
		"an unknown field":      {service + "ZZZ/1\r\n", store.MessageUnknown, store.WaitUnknown, 0},
		"cut":                   {service[:len(service)-6], store.MessageUnknown, store.WaitCut, 0},
		"cut at a line":         {service[:strings.Index(service, "SVM")], store.MessageService, store.WaitMalformed, 0},
		"garbage":               {"WHAT IS THIS\r\n", store.MessageUnknown, store.WaitUnknown, 0},
		"nothing":               {"\r\n", store.MessageUnknown, store.WaitUnknown, 0},
		"an answer unasked":     {"8AYX.CA030013J\r\nRE: ERR.CA030013J.OCA/06NF0886\r\nENTRY ACCEPTED\r\nFCN/2320632500001\r\n", store.MessageUnknown, store.WaitUnknown, 0},
	} {
		u, err := r.read(t.Context(), c.text)
		if err != nil || u.Kind != c.kind || u.Wait != c.wait || u.Order != c.of {
			t.Errorf("%s: %+v %v", name, u, err)
		}
		if acts := u.Service != nil || u.Violation != nil; acts != (c.wait == "") || acts && (u.Service != nil) != (c.kind == store.MessageService) {
			t.Errorf("%s takes effect: %v", name, acts)
		}
		if strings.Contains(u.Why, "JONES") || strings.Contains(u.Why, "EXAMPLE") {
			t.Errorf("%s: the reason holds a value: %s", name, u.Why)
		}
		if u.Wait != "" && u.Wait.Sentence() == "" {
			t.Errorf("%s: nothing says why it waits", name)
		}
	}
	known.err = errors.New("the database is away")
	if _, err := r.read(t.Context(), service); err == nil {
		t.Error("a database that is away counts as an order that is not there")
	}
}

func dictionary(t testing.TB) *carpos.Dictionary {
	t.Helper()
	d, err := carpos.Load()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// enter adds an order, has it accepted, and gives its CARPOS number and ours.
func (b *bench) enter(id string) (fcn, oca string) {
	b.Helper()
	b.add(id)
	b.settled(soon)
	row := b.rows("select fcn, oca from order_ where local_id = $1", id)[0]
	return row[0], row[1]
}

// tell has the switch send the text.
func (b *bench) tell(line, text string) {
	b.Helper()
	if err := b.sw.Unsolicited(line, text); err != nil {
		b.Fatal(err)
	}
}

// confirmed waits until the switch has nothing left that the hub has not confirmed.
func (b *bench) confirmed(n int) {
	b.Helper()
	b.until(soon, "confirmed", func() bool { return b.gots() >= n })
}

// gots counts the messages that came unasked and were confirmed.
func (b *bench) gots() int {
	events, _ := b.sw.History()
	unasked, got := map[string]bool{}, map[string]bool{}
	for _, e := range events {
		switch e.Kind {
		case "UNS":
			unasked[e.Mnemonic+e.Outseq] = true
		case "GOT":
			got[e.Mnemonic+e.Outseq] = unasked[e.Mnemonic+e.Outseq]
		}
	}
	n := 0
	for _, is := range got {
		if is {
			n++
		}
	}
	return n
}

// Each message has its effect and its audit entry, once, however often and over whichever line it comes.
func TestUnsolicitedMessagesTakeEffect(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{Window: 2, RepeatAfter: time.Second})
	b.start(Config{Lines: b.lines(2, 2)[:1]})
	second := b.begin(storetest.Open(t, b.url, store.Options{TestSwitch: true}), Config{Lines: b.lines(2, 2)[1:]}) // another hub
	t.Cleanup(func() { b.stop(second) })
	fcn, oca := b.enter("06NF0001")
	served := serviceNotice(fcn, "JONES,MARC", oca)
	told := []string{served, violationNotice(fcn, "EX-1"), violationNotice(fcn, "EX-2"), "NCIC REJECT\r\nFCN/" + fcn + "\r\nINVENTED REASON\r\n",
		"ADMINISTRATIVE MESSAGE\r\nINVENTED\r\n", "WHAT IS THIS\r\n", serviceNotice(fcn, "SMITH,ANN", oca)}
	for _, text := range told {
		b.tell("CC00", text)
	}
	b.tell("CC01", served) // the other hub gets it too
	b.tell("CC00", served) // and once more under a number of its own
	b.confirmed(len(told) + 2)
	got := fmt.Sprint(b.rows("select kind, waits, handled, count(*)::int from inbound where control = '' group by 1, 2, 3 order by 1, 2, 3"))
	want := "[[administrative administrative  1] [ncicReject ncic  1] [serviceNotice  another message has told the same 2] [serviceNotice  the order is served 1]" +
		" [serviceNotice otherName  1] [unrecognised unknown  1] [violationNotice  the violation is kept on the order 2]]"
	if got != want {
		t.Errorf("\n%s\n%s", got, want)
	}
	if got := fmt.Sprint(b.rows("select kind, count(*)::int from reported group by 1 order by 1")); got != "[[serviceNotice 1] [violationNotice 2]]" {
		t.Error(got)
	}
	if n := b.rows("select count(*)::int from audit where action like 'message.%'")[0][0]; n != "9" {
		t.Errorf("%s audit entries of 9 messages", n)
	}
	if n := b.rows("select count(*)::int from transmission")[0][0]; n != "1" {
		t.Errorf("%s transmissions: service that CARPOS knows is not sent", n)
	}
	b.sound()
}

// Wherever a hub dies with a message in hand, the message takes effect once.
func TestDeathWithAMessage(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"Inbound", "Understand"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s after=%t", at, after), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, sim.Config{RepeatAfter: time.Second})
				first := b.begin(storetest.Open(t, b.url, store.Options{TestSwitch: true}), Config{LeaseTTL: time.Second})
				fcn, oca := b.enter("06NF0001")
				b.stop(first)
				m := newMortal(storetest.Open(t, b.url, store.Options{}), at, after)
				b.tell("CC00", serviceNotice(fcn, "JONES,MARC", oca))
				doomed := b.begin(m, Config{LeaseTTL: time.Second, Sweep: time.Hour})
				select {
				case <-m.died:
				case <-time.After(soon):
					t.Fatal("the hub lives on")
				}
				b.kill(doomed)
				if b.gots() != 0 {
					t.Error("a message was confirmed that had no effect yet")
				}
				b.start(Config{LeaseTTL: time.Second})
				b.confirmed(1)
				if got := fmt.Sprint(b.rows("select count(*)::int, (select count(*)::int from audit where action = 'message.apply'), (select count(*)::int from inbound where handled_at is not null and control = '') from reported")); got != "[[1 1 1]]" {
					t.Errorf("reported, audited, handled: %s", got)
				}
			})
		}
	}
}

// sick is a store that cannot settle messages for a while.
type sick struct {
	*store.Store
	failures atomic.Int64
}

func (s *sick) Understand(ctx context.Context, u store.Understood) error {
	if s.failures.Add(-1) >= 0 {
		return errors.New("the database is away")
	}
	return s.Store.Understand(ctx, u)
}

// What could not be settled is not confirmed: it comes again, until it can.
func TestAMessageIsNotConfirmedBeforeItsEffect(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{RepeatAfter: 500 * time.Millisecond})
	s := &sick{Store: storetest.Open(t, b.url, store.Options{TestSwitch: true})}
	s.failures.Store(2)
	r := b.begin(s, Config{Sweep: time.Hour})
	t.Cleanup(func() { b.stop(r) })
	fcn, oca := b.enter("06NF0001")
	b.tell("CC00", serviceNotice(fcn, "JONES,MARC", oca))
	b.until(soon, "tried twice", func() bool { return s.failures.Load() <= 0 })
	b.confirmed(1)
	events, _ := b.sw.History()
	sent := 0
	for _, e := range events {
		if e.Kind == "UNS" {
			sent++
		}
	}
	if n := b.rows("select count(*)::int from reported")[0][0]; n != "1" || sent < 3 {
		t.Errorf("%s reported, sent %d times", n, sent)
	}
}

// A notice that overtakes the reply to its order's entry takes effect when that is settled.
func TestANoticeThatOvertakes(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	r := b.start(Config{Sweep: 200 * time.Millisecond})
	text := serviceNotice("2320632599999", "JONES,MARC", "06NF0001")
	id, _, err := b.store.Inbound(t.Context(), "CC00", "900001", "", text, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.understand(t.Context(), id, text); err != nil {
		t.Fatal(err)
	}
	if w := b.rows("select waits from inbound where id = $1", int64(id))[0][0]; w != string(store.WaitNoOrder) {
		t.Fatalf("waits for %q", w)
	}
	b.enter("06NF0001")
	b.rows("update order_ set fcn = '2320632599999'")
	b.until(soon, "applied by the sweep", func() bool { return b.rows("select count(*)::int from reported")[0][0] == "1" })
}

// A reply that ends early is never an acceptance: it is looked up.
func TestACutReplyIsLookedUp(t *testing.T) {
	t.Parallel()
	r, err := New(&idle{}, dictionary(t), Config{Lines: []Line{{Mnemonic: "CCPR"}}})
	if err != nil {
		t.Fatal(err)
	}
	whole := "8AYX.CA030013J\r\nRE: ERR.CA030013J.OCA/06NF0886\r\nENTRY ACCEPTED\r\nFCN/2320632500001\r\n"
	q := sent{purpose: store.PurposeSend, first: "ERR.CA030013J.OCA/06NF0886"}
	q.owed.Key = "ERR"
	for n := range len(whole) + 1 {
		reply, _ := r.dict.ParseReply([]byte(whole[:n]))
		o := r.outcome(q, r.judge(q, reply), 0, time.Now())
		if (o.Verdict == store.VerdictAccepted) != (n == len(whole)) {
			t.Errorf("%q is %s", whole[:n], o.Verdict)
		}
		if n > 0 && whole[n-1] != '\n' && o.Verdict != store.VerdictUnknown {
			t.Errorf("%q is %s, not looked up", whole[:n], o.Verdict)
		}
	}
	q.purpose = store.PurposeLookup
	reply, _ := r.dict.ParseReply([]byte("8AYX.CA030013J\r\nRE: ERR.CA030013J.OCA/06NF0886\r\nNO RECORD FOUND"))
	if o := r.outcome(q, r.judge(q, reply), 0, time.Now()); o.Verdict != store.VerdictRetry {
		t.Errorf("a look-up that was cut is %s", o.Verdict)
	}
}

package relay

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"ccpor/clets/carpos"
	"ccpor/clets/link"
	"ccpor/clets/sim"
	"ccpor/store"
	"ccpor/store/storetest"
)

const soon = 40 * time.Second

func TestEntryAndService(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{Window: 4})
	b.serve("06NF0001") // comes first, and waits
	b.add("06NF0001")
	b.start(Config{})
	if got := b.settled(soon); got["accepted"] != 2 {
		t.Fatalf("%v", got)
	}
	b.sound()
	records := b.sw.Records()
	if len(records) != 1 || len(records[0].Service) == 0 {
		t.Fatalf("%+v", records)
	}
	if fcn := b.rows("select fcn from order_")[0][0]; fcn != records[0].FCN {
		t.Errorf("FCN %s, on record %s", fcn, records[0].FCN)
	}
}

// The bytes on the wire are the bytes that were stored before.
func TestWhatIsSentWasStored(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	b.add("06NF0001")
	b.start(Config{})
	b.settled(soon)
	stored := b.opened(attempts)[0]
	events, _ := b.sw.History()
	found := false
	for _, e := range events {
		found = found || e.Kind == "MSG" && e.Body == stored
	}
	if !found {
		t.Errorf("%q was not on the wire", stored)
	}
	tx, err := b.dict.Decode([]byte(stored[strings.Index(stored, "\r\n")+2:]))
	if err != nil || tx.Key != carpos.Enter || tx.First("NAM") != "JONES,MARC" {
		t.Errorf("%+v %v", tx, err)
	}
}

// Every way in which the switch can treat an entry ends as the profile says, in one run.
func TestWhatTheSwitchDoes(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{Window: 4, Faults: sim.Faults{LateBy: 900 * time.Millisecond}, RepeatAfter: 2 * time.Second})
	want := map[string]string{}
	for ending, state := range map[string]string{
		"LOST": "accepted", "GONE": "accepted", "DROP": "accepted", "CUT": "accepted", "LATE": "accepted", "SLOW": "accepted", "BUSY": "accepted", "DOWN": "accepted",
		"NOACK": "accepted", "DUP": "accepted", "SERV": "accepted", "VIOL": "accepted", "NCIC": "accepted", "R90": "accepted", "R91": "accepted",
		"GARB": "held", "R06": "held", "R30": "held", "R40": "held",
	} {
		b.add("M-" + ending)
		want["M-"+ending] = state
	}
	b.start(Config{Lines: b.lines(2, 4)})
	b.settled(90 * time.Second)
	for _, row := range b.rows("select v.case_number, t.state, t.reason from transmission t join order_version v on v.order_id = t.order_id") {
		if row[1] != want[row[0]] {
			t.Errorf("%s is %s: %s", row[0], row[1], row[2])
		}
		if row[1] == "held" && row[2] == "" {
			t.Errorf("%s is held without a reason", row[0])
		}
	}
	b.sound()
	b.until(soon, "all unsolicited messages understood", func() bool {
		rows := b.rows(`select i.kind, right(o.local_id, 4), i.waits, i.handled_at is not null from inbound i join order_ o on o.id = i.order_id where i.control = '' order by 1`)
		return fmt.Sprint(rows) == "[[ncicReject NCIC ncic false] [serviceNotice SERV  true] [violationNotice VIOL  true]]"
	})
}

func TestWhatLacksIsHeldAndSaid(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	o := jones("06NF0001")
	o.Restrained.Race, o.Restrained.Name.Surname = "", strings.Repeat("X", 40)
	b.accept(o, nil, nil)
	b.start(Config{})
	if got := b.settled(soon); got["held"] != 1 {
		t.Fatalf("%v", got)
	}
	row := b.rows("select reason, field, item from transmission")[0]
	if !strings.Contains(row[0], "NAM: ") || !strings.Contains(row[0], "RAC: ") || row[1] != "NAM" || row[2] != "Person to be restrained" {
		t.Errorf("%v", row)
	}
	if strings.Contains(row[0], "XXX") {
		t.Errorf("the reason holds the value: %s", row[0])
	}
	if n := b.sw.Status().Events; len(b.sw.Records()) != 0 || n == 0 {
		t.Errorf("something was sent")
	}
}

// A proof of service that came before its order is compared with it before it is sent.
func TestAProofOfAnotherOrderIsHeld(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	b.serve("06NF0001")
	b.add("06NF0001")
	b.serve("06NF0002")
	b.add("06NF0002")
	b.start(Config{Against: func(w store.Work) []string {
		s, known := w.Service, w.Known.Order
		if s.OrderID != known.ID {
			t.Errorf("asked of %s and %s", s.OrderID, known.ID)
		}
		if s.OrderID == "06NF0002" {
			return []string{"It names another case."}
		}
		return nil
	}})
	if got := b.settled(soon); got["accepted"] != 3 || got["held"] != 1 {
		t.Fatalf("%v", got)
	}
	row := b.rows("select kind, reason from transmission where state = 'held'")[0]
	if row[0] != "SRR" || !strings.HasPrefix(row[1], "It names another case.") {
		t.Errorf("%v", row)
	}
	b.sound()
}

func TestTestPackagesGoToTestSwitchesOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	b.accept(jones("06NF0001"), nil, func(a *store.Accepted) { a.Test = true })
	live := b.lines(1, 1)
	live[0].Test = false
	r := b.begin(storetest.Open(t, b.url, store.Options{}), Config{Lines: live})
	if got := b.settled(soon); got["held"] != 1 {
		t.Fatalf("%v", got)
	}
	b.stop(r)
	if len(b.sw.Records()) != 0 {
		t.Fatal("a test reached a switch that is none for tests")
	}
	for _, row := range b.rows("select id::int, reason from transmission") {
		if !strings.Contains(row[1], "test") {
			t.Errorf("%v", row)
		}
		var id store.TransmissionID
		fmt.Sscan(row[0], &id)
		if err := b.store.Release(t.Context(), id, "a person", time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	b.start(Config{Lines: b.lines(1, 1)})
	if got := b.settled(soon); got["accepted"] != 1 {
		t.Fatalf("%v", got)
	}
}

func TestAnAgencysOwnLine(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{Window: 2})
	b.court.Mnemonic = "CC01"
	b.register(b.court)
	for i := range 6 {
		b.add(fmt.Sprintf("06NF%04d", i))
	}
	b.start(Config{Lines: b.lines(2, 2)})
	b.settled(soon)
	for _, rec := range b.sw.Records() {
		if rec.Mnemonic != "CC01" {
			t.Errorf("entered under %s", rec.Mnemonic)
		}
	}
}

func TestSwitchThatIsDown(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	if err := b.sw.Down(0); err != nil {
		t.Fatal(err)
	}
	b.add("06NF0001")
	r := b.start(Config{SlotWait: 200 * time.Millisecond})
	b.until(soon, "told why", func() bool { s := r.Lines()[0]; return !s.Up && strings.Contains(s.Why, "connect") })
	if state := b.rows("select state from transmission")[0][0]; state != "ready" {
		t.Fatalf("%s", state)
	}
	if err := b.sw.Up(); err != nil {
		t.Fatal(err)
	}
	if got := b.settled(soon); got["accepted"] != 1 {
		t.Fatalf("%v", got)
	}
	if s := r.Lines()[0]; !s.Up || s.Mnemonic != "CC00" || !s.Test {
		t.Errorf("%+v", s)
	}
}

func TestRefusedLogon(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{Mnemonics: map[string]string{"XXXX": "other"}})
	r := b.start(Config{})
	b.until(soon, "told why", func() bool { return strings.Contains(r.Lines()[0].Why, "refuses the log-on: 13") })
}

// A mnemonic belongs to one hub at a time; the other takes over when the first stops.
func TestOneHubALine(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	first := b.begin(storetest.Open(t, b.url, store.Options{}), Config{LeaseTTL: 2 * time.Second})
	b.until(soon, "up", func() bool { return first.Lines()[0].Up })
	second := b.start(Config{LeaseTTL: 2 * time.Second})
	b.until(soon, "kept out", func() bool { return strings.Contains(second.Lines()[0].Why, store.ErrLeased.Error()) })
	b.add("06NF0001")
	b.settled(soon)
	b.stop(first)
	b.until(soon, "taken over", func() bool { return second.Lines()[0].Up })
	b.add("06NF0002")
	if got := b.settled(soon); got["accepted"] != 2 {
		t.Fatalf("%v", got)
	}
	events, _ := b.sw.History()
	for _, e := range events {
		if e.Note == "displaced" {
			t.Error("one hub displaced the other")
		}
	}
	b.sound()
}

// Wherever a hub dies, the next one brings the matter to its end, and nothing is entered twice or lost.
func TestDeathOfAHub(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"Work", "BeginAttempt", "MarkSent", "Inbound", "Finish"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s after=%t", at, after), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, sim.Config{RepeatAfter: time.Second, ReplyAfter: 20 * time.Millisecond})
				b.add("06NF0001")
				b.serve("06NF0001")
				m := newMortal(storetest.Open(t, b.url, store.Options{}), at, after)
				doomed := b.begin(m, Config{LeaseTTL: time.Second, Sweep: time.Hour})
				select {
				case <-m.died:
				case <-time.After(soon):
					t.Fatal("the hub lives on")
				}
				b.kill(doomed)
				b.start(Config{LeaseTTL: time.Second, Sweep: time.Second})
				if got := b.settled(90 * time.Second); got["accepted"] != 2 {
					t.Fatalf("%v: %v", got, b.rows("select kind, state, reason from transmission"))
				}
				b.sound()
				if r := b.sw.Records(); len(r) != 1 || r[0].FCN != b.rows("select fcn from order_")[0][0] {
					t.Errorf("%+v", r)
				}
			})
		}
	}
}

// kill ends a hub whose store is dead already: its connections go, and nothing is settled.
func (b *bench) kill(r *Relay) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_ = r.Stop(ctx) // it cannot stop in an orderly way; that is what it is for
}

// A reply to nothing, and one that nobody understands, are kept for a person and confirmed.
func TestForeignReplies(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	addr, said := scripted(t, "RSP CCPR 9999999999 000001\r\n8AYX.CA030013J\r\nRE: ERR.CA030013J.OCA/X\r\nENTRY ACCEPTED\r\nFCN/1\r\n", "UNS CCPR 000002\r\nWHAT IS THIS\r\n")
	b.start(Config{Lines: []Line{{Mnemonic: "CCPR", ORI: "CA0340000", Address: addr, Test: true}}})
	got := map[string]bool{}
	for range 2 {
		select {
		case line := <-said:
			got[line] = true
		case <-time.After(soon):
			t.Fatal("nothing is confirmed")
		}
	}
	if !got["GOT 000001\r\n"] || !got["GOT 000002\r\n"] {
		t.Errorf("%v", got)
	}
	if n := b.rows("select count(*)::int from inbound where handled_at is null")[0][0]; n != "2" {
		t.Errorf("%s are kept for a person", n)
	}
}

// scripted is a switch that says READY and then its lines, and hands out what the hub says after its LOGON.
func scripted(t *testing.T, lines ...string) (string, <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	said := make(chan string, 10)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		t.Cleanup(func() { conn.Close() })
		frame := make([]byte, 4096)
		conn.Read(frame) // LOGON
		for _, line := range append([]string{"READY CCPR\r\n"}, lines...) {
			fmt.Fprintf(conn, "\x01%08d\x02%s\x03", len(line), line)
		}
		for {
			n, err := conn.Read(frame)
			if err != nil {
				return
			}
			for _, part := range strings.Split(string(frame[:n]), "\x03") {
				if _, body, ok := strings.Cut(part, "\x02"); ok {
					said <- body
				}
			}
		}
	}()
	return l.Addr().String(), said
}

// A service that was entered is not entered again when its reply was lost, and one that was not, is.
func TestLostServiceIsLookedUp(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]sim.Faults{"reply lost": {LoseReply: 1}, "request lost": {LoseRequest: 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sim.Config{})
			b.add("06NF0001")
			b.start(Config{})
			b.settled(soon)
			if err := b.sw.SetFaults(faults); err != nil {
				t.Fatal(err)
			}
			b.serve("06NF0001")
			b.until(soon, "out of time", func() bool {
				return b.rows("select count(*)::int from attempt where verdict = 'unknown'")[0][0] == "1"
			})
			if err := b.sw.SetFaults(sim.Faults{}); err != nil {
				t.Fatal(err)
			}
			if got := b.settled(soon); got["accepted"] != 2 {
				t.Fatalf("%v", got)
			}
			served := 0
			for _, v := range b.sw.Records()[0].Versions {
				if v.Key == "SRR" {
					served++
				}
			}
			if served != 1 {
				t.Errorf("served %d times", served)
			}
			b.sound()
		})
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for _, cfg := range []Config{{}, {Lines: []Line{{Mnemonic: "CCPR"}, {Mnemonic: "CCPR"}}}} {
		if _, err := New(&idle{}, nil, cfg); err == nil {
			t.Errorf("%+v was taken", cfg)
		}
	}
	c := Config{Lines: []Line{{Mnemonic: "A", Window: 8}, {Mnemonic: "B"}}}.withDefaults()
	if c.Workers != 32+32+4 || c.Limits.Reply != link.Profile.Reply || len(c.Pauses) != 6 {
		t.Errorf("%+v", c)
	}
}

// An order that was given up by a person is not sent, and what could only follow it is not either.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	o := jones("06NF0001")
	o.Restrained.Race = ""
	b.accept(o, nil, nil)
	b.serve("06NF0001")
	b.start(Config{})
	b.until(soon, "held", func() bool { return b.rows("select state from transmission where seq = 1")[0][0] == "held" })
	var id store.TransmissionID
	fmt.Sscan(b.rows("select id::int from transmission where seq = 1")[0][0], &id)
	if err := b.store.GiveUp(t.Context(), id, "a person", "The court withdrew the order.", time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := b.settled(soon); got["given_up"] != 2 || len(b.sw.Records()) != 0 {
		t.Fatalf("%v", got)
	}
}

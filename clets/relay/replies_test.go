package relay

import (
	"fmt"
	"testing"
	"time"

	"ccpor/clets/sim"
	"ccpor/store"
)

// gotten collects what the hub confirms to a scripted switch.
func gotten(t *testing.T, said <-chan string, n int) map[string]int {
	t.Helper()
	got := map[string]int{}
	for range n {
		select {
		case line := <-said:
			got[line]++
		case <-time.After(soon):
			t.Fatalf("only %v is confirmed", got)
		}
	}
	return got
}

// A reply to a request of another hub is settled by whoever gets it, once; one to nobody waits for a person, with its reason and an audit entry.
func TestRepliesToOthersRequests(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	b.add("06NF0001")
	oca := b.rows("select oca from order_")[0][0]
	var id int64
	fmt.Sscan(b.rows("select id from transmission")[0][0], &id)
	control, err := b.store.NextControl(t.Context()) // of the hub that takes the packages in
	if err != nil {
		t.Fatal(err)
	}
	first := "ERR.CA030013J.OCA/" + oca
	if _, err := b.store.BeginAttempt(t.Context(), store.Attempt{Transmission: store.TransmissionID(id), Purpose: store.PurposeSend, Control: control, Line: "XXXX",
		Bytes: []byte("MSG XXXX " + control + "\r\n" + first + "\r\n"), At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	answer := "8AYX.CA030013J\r\nRE: " + first + "\r\nENTRY ACCEPTED\r\nFCN/2320632500001\r\n"
	addr, said := scripted(t, "RSP CCPR "+control+" 000001\r\n"+answer, "RSP CCPR "+control+" 000001\r\n"+answer, "RSP CCPR 9999999999 000002\r\n"+answer, "RSP CCPR 9999999999 000002\r\n"+answer)
	b.start(Config{Lines: []Line{{Mnemonic: "CCPR", ORI: "CA0340000", Address: addr, Test: true}}})
	if got := gotten(t, said, 4); got["GOT 000001\r\n"] != 2 || got["GOT 000002\r\n"] != 2 {
		t.Errorf("%v", got)
	}
	if got := fmt.Sprint(b.rows("select t.state, t.tries, o.fcn, o.open, (select count(*)::int from attempt) from transmission t join order_ o on o.id = t.order_id")); got != "[[accepted 1 2320632500001 0 1]]" {
		t.Error(got)
	}
	if got := fmt.Sprint(b.rows("select kind, control = '9999999999', waits, handled from inbound order by id")); got != "[[reply false  accepted] [reply true stray ]]" &&
		got != "[[reply true stray ] [reply false  accepted]]" {
		t.Error(got)
	}
	if got := fmt.Sprint(b.rows("select action, outcome, count(*)::int from audit where object like 'message %' group by 1, 2")); got != "[[message.wait stray 1]]" {
		t.Error(got)
	}
}

// A reply that comes after the matter was settled changes nothing, and is on record as that.
func TestALateReplyIsOnRecord(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	r := b.start(Config{})
	fcn, oca := b.enter("06NF0001")
	control := b.rows("select control from attempt")[0][0]
	for i, text := range []string{"ENTRY ACCEPTED\r\nFCN/" + fcn + "\r\n", "REJECT 91 CARPOS ERROR\r\n"} {
		text = "8AYX.CA030013J\r\nRE: ERR.CA030013J.OCA/" + oca + "\r\n" + text
		id, _, err := b.store.Inbound(t.Context(), "CC00", fmt.Sprintf("90000%d", i), control, text, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time as when it is repeated
			if err := r.settle(t.Context(), nil, id, control, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := fmt.Sprint(b.rows("select handled, (select state from transmission) from inbound where outseq like '9%'")); got != "[[came after the matter was settled accepted] [came after the matter was settled accepted]]" {
		t.Error(got)
	}
	if n := b.rows("select count(*)::int from audit where action = 'message.handle'")[0][0]; n != "2" {
		t.Errorf("%s audit entries of 2 late replies", n)
	}
}

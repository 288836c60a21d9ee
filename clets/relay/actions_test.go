package relay

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/clets/sim"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// keys are the transactions that CARPOS took for a record, in their sequence.
func keys(r sim.Record) string {
	var all []string
	for _, v := range r.Versions {
		all = append(all, v.Key)
	}
	return strings.Join(all, " ")
}

// record is the one of the order under that OCA.
func (b *bench) record(oca string) sim.Record {
	b.Helper()
	all := b.sw.Records()
	i := slices.IndexFunc(all, func(r sim.Record) bool { return r.OCA == oca })
	if i < 0 {
		b.Fatalf("%s is not on record", oca)
	}
	return all[i]
}

// Whatever comes first, CARPOS is told the entry first and the rest in the order in which it came.
func TestEveryActionInItsSequence(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{Window: 4})
	b.add("06NF0001")
	b.modify("06NF0001", 10)
	b.serve("06NF0001")
	b.modify("06NF0001", 20)
	b.cancel("06NF0001")

	b.modify("06NF0002", 10)
	b.cancel("06NF0002")
	b.add("06NF0002")
	b.start(Config{})
	if got := b.settled(soon); got["accepted"] != 8 {
		t.Fatalf("%v %v", got, b.rows("select kind, state, reason from transmission"))
	}
	b.sound()
	first, second := b.record("06NF0001"), b.record("06NF0002")
	if got := keys(first); got != "ERR MRR SRR MRR XRR" || first.Value("EXP") != "20360627" || len(first.Canceled) == 0 || len(first.Service) == 0 {
		t.Errorf("%s %s %v", got, first.Value("EXP"), first.Canceled)
	}
	if got := keys(second); got != "ERR MRR XRR" || second.Value("EXP") != "20360617" {
		t.Errorf("%s %s", got, second.Value("EXP"))
	}
	for i, want := range []string{"20360607", "20360617"} {
		if got := expiry(first.Versions[i].Fields); got != want {
			t.Errorf("version %d expires %s, want %s", i+1, got, want)
		}
	}
}

func expiry(fields []sim.Field) string {
	i := slices.IndexFunc(fields, func(f sim.Field) bool { return f.Code == "EXP" })
	if i < 0 {
		return ""
	}
	return fields[i].Value
}

// What changes nothing at CARPOS is not sent, and says so.
func TestAChangeThatChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	b.add("06NF0001")
	b.modify("06NF0001", 0)
	b.modify("06NF0001", 3)
	b.start(Config{Against: func(w store.Work) []string {
		if w.Known.Version == w.Version {
			return []string{"It is not longer than before."}
		}
		return nil
	}})
	if got := b.settled(soon); got["accepted"] != 3 {
		t.Fatalf("%v %v", got, b.rows("select kind, state, reason from transmission"))
	}
	if got := keys(b.record("06NF0001")); got != "ERR MRR" {
		t.Errorf("CARPOS took %s", got)
	}
	row := b.rows("select tries::int, reason, (select count(*)::int from attempt a where a.transmission_id = t.id) from transmission t where seq = 2")[0]
	if row[0] != "0" || !strings.HasPrefix(row[1], "Nothing was sent") || row[2] != "0" {
		t.Errorf("%v", row)
	}
	b.sound()
}

// An entry that lacks something goes by itself once the court has sent it, whichever way, and is told once.
func TestACorrectionGoesWithTheEntry(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{Window: 4})
	ids := []string{"06NF0001", "06NF0002", "06NF0003"}
	for _, id := range ids {
		o := jones(id)
		o.Restrained.Race = ""
		if id == "06NF0003" {
			b.modify(id, 5) // was there before the entry's turn
		}
		b.accept(o, nil, nil)
	}
	b.start(Config{})
	if got := b.settled(soon); got["held"] != 2 || got["accepted"] != 2 {
		t.Fatalf("%v %v", got, b.rows("select kind, state, reason from transmission"))
	}
	b.modify(ids[0], 5)
	b.attach(ids[1])
	if got := b.settled(soon); got["accepted"] != 6 {
		t.Fatalf("%v %v", got, b.rows("select kind, state, reason from transmission"))
	}
	for _, id := range ids {
		if r := b.record(id); keys(r) != "ERR" || r.Value("RAC") == "" {
			t.Errorf("%s: %s, RAC %q", id, keys(r), r.Value("RAC"))
		}
	}
	if got := b.record(ids[0]).Value("EXP"); got != "20360612" {
		t.Errorf("entered until %s", got)
	}
	b.sound()
}

// What was lost on the way is looked up: it is sent again only where CARPOS does not show it.
func TestLostChangesAndEnds(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]sim.Faults{"reply lost": {LoseReply: 1}, "request lost": {LoseRequest: 1}} {
		for key, bring := range map[string]func(*bench){
			"MRR": func(b *bench) { b.modify("06NF0001", 9) },
			"XRR": func(b *bench) { b.cancel("06NF0001") },
		} {
			t.Run(key+" "+name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, sim.Config{})
				b.add("06NF0001")
				b.start(Config{})
				b.settled(soon)
				if err := b.sw.SetFaults(faults); err != nil {
					t.Fatal(err)
				}
				bring(b)
				b.until(soon, "out of time", func() bool {
					return b.rows("select count(*)::int from attempt where verdict = 'unknown'")[0][0] == "1"
				})
				if err := b.sw.SetFaults(sim.Faults{}); err != nil {
					t.Fatal(err)
				}
				if got := b.settled(soon); got["accepted"] != 2 {
					t.Fatalf("%v %v", got, b.rows("select kind, state, reason from transmission"))
				}
				if got := keys(b.record("06NF0001")); got != "ERR "+key {
					t.Errorf("CARPOS took %s", got)
				}
				b.sound()
			})
		}
	}
}

// What comes while the outcome of a change is unknown does not change what is looked for.
func TestALookUpLooksForWhatWasSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	b.add("06NF0001")
	b.start(Config{})
	b.settled(soon)
	if err := b.sw.SetFaults(sim.Faults{LoseReply: 1}); err != nil {
		t.Fatal(err)
	}
	b.modify("06NF0001", 9)
	b.until(soon, "out of time", func() bool {
		return b.rows("select count(*)::int from attempt where verdict = 'unknown'")[0][0] == "1"
	})
	b.attach("06NF0001") // the first change would now be written with it
	if err := b.sw.SetFaults(sim.Faults{}); err != nil {
		t.Fatal(err)
	}
	if got := b.settled(soon); got["accepted"] != 3 {
		t.Fatalf("%v %v", got, b.rows("select kind, state, reason from transmission"))
	}
	if sent := b.rows("select count(*)::int from attempt a join transmission t on t.id = a.transmission_id where t.seq = 2 and a.purpose = 'send'")[0][0]; sent != "1" {
		t.Errorf("the change was sent %s times", sent)
	}
	b.sound()
}

// An order after hearing ends the temporary order that it follows, whichever of them CARPOS has first.
func TestAnOrderAfterHearing(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"tro", "oah"} {
		t.Run(first+" first", func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sim.Config{})
			temporary, after := jones("06NF-TRO"), jones("06NF-OAH")
			temporary.Stage = order.StageTemporary
			after.Stage, after.Follows, after.Issued = order.StageAfterHearing, "06NF-TRO", order.MakeDate(2026, 3, 20)
			both := []*order.Order{temporary, after}
			if first == "oah" {
				slices.Reverse(both)
			}
			b.start(Config{})
			for _, o := range both {
				b.accept(o, nil, nil)
				b.settled(soon)
			}
			b.until(soon, "cancelled", func() bool {
				return b.rows("select count(*)::int from transmission where kind = 'XRR' and state = 'accepted'")[0][0] == "1"
			})
			record := b.record("06NF-TRO")
			if keys(record) != "ERR XRR" || !slices.Contains(record.Canceled, sim.Field{Code: "CXD", Value: "20260320"}) || !slices.Contains(record.Canceled, sim.Field{Code: "CXR", Value: "T"}) {
				t.Errorf("%s %v", keys(record), record.Canceled)
			}
			if keys(b.record("06NF-OAH")) != "ERR" {
				t.Error("the order after hearing has changed")
			}
			b.sound()
		})
	}
}

// What came before its order is judged beside it, as CARPOS has it, before it is sent.
func TestAChangeAfterTheEndIsHeld(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	b.cancel("06NF0001")
	b.modify("06NF0001", 4)
	b.add("06NF0001")
	b.start(Config{Against: func(w store.Work) []string {
		if w.Known.Order.ID != "06NF0001" || w.Kind == store.KindEnter {
			t.Errorf("asked of %s beside %q", w.Kind, w.Known.Order.ID)
		}
		if w.Modification != nil && w.Known.Cancelled != nil {
			return []string{"The order was cancelled before."}
		}
		return nil
	}})
	if got := b.settled(soon); got["accepted"] != 2 || got["held"] != 1 {
		t.Fatalf("%v %v", got, b.rows("select kind, state, reason from transmission"))
	}
	if row := b.rows("select kind, reason from transmission where state = 'held'")[0]; row[0] != "MRR" || !strings.HasPrefix(row[1], "The order was cancelled before.") {
		t.Errorf("%v", row)
	}
	b.sound()
}

// Wherever a hub dies, the next one brings changes, ends and what follows to their end, each told once.
func TestDeathOfAHubAmongChanges(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"Work", "BeginAttempt", "MarkSent", "Inbound", "Finish", "Settle", "Follow"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s after=%t", at, after), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, sim.Config{Window: 4, RepeatAfter: time.Second, ReplyAfter: 20 * time.Millisecond})
				temporary, later := jones("06NF0001"), jones("06NF0002")
				temporary.Stage, later.Follows, later.Stage = order.StageTemporary, "06NF0001", order.StageAfterHearing
				b.enterFirst(temporary, later) // so that the hub dies among what comes afterwards
				b.modify("06NF0001", 0)
				b.modify("06NF0001", 7)
				b.modify("06NF0002", 7)
				m := newMortal(storetest.Open(t, b.url, store.Options{}), at, after)
				doomed := b.begin(m, Config{LeaseTTL: time.Second, Sweep: time.Hour})
				select {
				case <-m.died:
				case <-time.After(soon):
					t.Fatal("the hub lives on")
				}
				b.kill(doomed)
				b.start(Config{LeaseTTL: time.Second, Sweep: time.Second})
				b.until(40*time.Second, "cancelled", func() bool {
					return b.rows("select count(*)::int from transmission where kind = 'XRR' and state = 'accepted'")[0][0] == "1"
				})
				if got := b.settled(90 * time.Second); got["accepted"] != 6 {
					t.Fatalf("%v: %v", got, b.rows("select kind, state, reason from transmission"))
				}
				b.sound()
				first := b.record("06NF0001")
				told := strings.Fields(keys(first))
				slices.Sort(told)
				if strings.Join(told, " ") != "ERR MRR XRR" || keys(b.record("06NF0002")) != "ERR MRR" || first.Value("EXP") != "20360614" {
					t.Errorf("%s, %s until %s", keys(first), keys(b.record("06NF0002")), first.Value("EXP"))
				}
			})
		}
	}
}

// enterFirst brings the orders into CARPOS, and leaves what that makes due to the next hub.
func (b *bench) enterFirst(orders ...*order.Order) {
	b.Helper()
	r := b.begin(&noFollowing{storetest.Open(b, b.url, store.Options{TestSwitch: true})}, Config{LeaseTTL: time.Second, Pauses: []time.Duration{time.Second}})
	for _, o := range orders {
		b.accept(o, nil, nil)
	}
	b.settled(soon)
	b.stop(r)
}

// noFollowing is a store whose hub never gets to what an order follows: its jobs are tried again by another.
type noFollowing struct{ *store.Store }

func (*noFollowing) Follow(context.Context, int64, order.Date, time.Time) error { return errDead }

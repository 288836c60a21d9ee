package relay

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ccpor/clets/carpos"
	"ccpor/clets/sim"
	"ccpor/mapping/order"
	"ccpor/store"
)

// heldID is the one transmission that is held.
func (b *bench) heldID() store.TransmissionID {
	b.Helper()
	var id store.TransmissionID
	fmt.Sscan(b.rows("select id::int from transmission where state = 'held'")[0][0], &id)
	return id
}

func supply(pairs ...string) store.Act {
	a := store.Act{Verb: store.VerbCorrect, Who: "person jdoe", At: time.Now()}
	for i := 0; i < len(pairs); i += 2 {
		a.Corrections = append(a.Corrections, store.Correction{Field: pairs[i], Value: pairs[i+1], Source: "court clerk by telephone"})
	}
	return a
}

// An order without race and date of birth: a person supplies both, CARPOS gets them, keeps them through the court's next change, and gives way to the court's own.
func TestWhatAPersonSupplies(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	o := jones("06NF0001")
	o.Restrained.Race, o.Restrained.Born = "", nil
	b.accept(o, nil, nil)
	b.start(Config{})
	if got := b.settled(soon); got["held"] != 1 {
		t.Fatalf("%v", got)
	}
	id, desk := b.heldID(), NewDesk(b.store, b.dict, time.UTC)
	var wrong *carpos.CorrectionError
	if _, err := desk.Act(t.Context(), id, supply("RAC", "Q", "DOB", "19811121")); !errors.As(err, &wrong) {
		t.Errorf("a code that is none: %v", err)
	}
	var lacking *StillLacking
	if _, err := desk.Act(t.Context(), id, supply("RAC", "W")); !errors.As(err, &lacking) || !strings.Contains(err.Error(), "DOB") {
		t.Errorf("half of what lacks: %v", err)
	}
	if says, err := desk.Try(t.Context(), id, supply("RAC", "w", "AGE", "44")); err != nil || !strings.Contains(says, "It is sent with what is supplied") {
		t.Errorf("tried: %q, %v", says, err)
	}
	if n := b.rows("select count(*)::int from correction")[0][0]; n != "0" {
		t.Fatalf("%s corrections were kept of what was refused or tried", n)
	}
	if _, err := desk.Act(t.Context(), id, supply("RAC", "w", "AGE", "44")); err != nil {
		t.Fatal(err)
	}
	if got := b.settled(soon); got["accepted"] != 1 {
		t.Fatalf("%v", got)
	}
	record := b.sw.Records()[0]
	if record.Value("RAC") != "W" || record.Value("AGE") != "44" {
		t.Errorf("CARPOS has race %q and age %q", record.Value("RAC"), record.Value("AGE"))
	}
	for _, row := range b.rows("select details from audit union all select reason from notice union all select reason from transmission") {
		if strings.Contains(row[0], "44") {
			t.Errorf("a value stands in %q", row[0])
		}
	}

	change := func(n int, to func(*order.Order)) {
		c := jones("06NF0001")
		c.Restrained.Race, c.Restrained.Born = "", nil
		to(c)
		b.take(fmt.Sprintf("modify-%d", n), store.Accepted{Action: store.ActionModify, Order: c, Modification: &order.Modification{Reason: order.ModifyExtend, Date: order.MakeDate(2026, 3, 3)}}, nil)
		if got := b.settled(soon); got["accepted"] != n {
			t.Fatalf("change %d: %v", n, got)
		}
	}
	change(2, func(c *order.Order) { later := c.Expiry.Date.AddDays(30); c.Expiry.Date = &later })
	if record := b.sw.Records()[0]; record.Value("RAC") != "W" || record.Value("EXP") != "20360707" {
		t.Errorf("after a change that still does not say it, CARPOS has race %q, end %q", record.Value("RAC"), record.Value("EXP"))
	}
	change(3, func(c *order.Order) { c.Restrained.Race = "black" })
	if record := b.sw.Records()[0]; record.Value("RAC") != "B" || record.Value("AGE") != "44" {
		t.Errorf("after a change that says it, CARPOS has race %q and age %q", record.Value("RAC"), record.Value("AGE"))
	}
	b.sound()
}

// A name that no rule shortens is shortened once; what follows the entry goes under the same name.
func TestAShortenedNameGoesOnWithTheOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	o, long := jones("06NF0001"), order.Name{Given: "Hubert", Surname: "Wolfeschlegelsteinhausenbergerdorff"}
	o.Restrained.Name = long
	b.accept(o, nil, nil)
	b.start(Config{})
	if got := b.settled(soon); got["held"] != 1 {
		t.Fatalf("%v", got)
	}
	if _, err := NewDesk(b.store, b.dict, time.UTC).Act(t.Context(), b.heldID(), supply("NAM", "WOLFESCHLEGELSTEINHAUSEN,HUBER")); err != nil {
		t.Fatal(err)
	}
	s := served("06NF0001")
	s.Restrained = long
	b.accept(nil, s, nil)
	if got := b.settled(soon); got["accepted"] != 2 {
		t.Fatalf("%v: %v", got, b.rows("select kind, state, reason from transmission"))
	}
	b.sound()
}

func TestDeskWithholdsWhatIsPersonal(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	b.add("06NF0001")
	b.start(Config{})
	b.settled(soon)
	var id store.TransmissionID
	fmt.Sscan(b.rows("select id::int from transmission")[0][0], &id)
	desk := NewDesk(b.store, b.dict, time.UTC)
	for personal, want := range map[bool]bool{false: false, true: true} {
		i, err := desk.Item(t.Context(), id, personal)
		if err != nil || len(i.Attempts) != 1 || len(i.Replies) != 1 {
			t.Fatalf("%v, %d attempts, %d replies", err, len(i.Attempts), len(i.Replies))
		}
		if got := strings.Contains(i.Attempts[0].Said, "JONES"); got != want || len(i.Attempts[0].Bytes)+len(i.Replies[0].Text) > 0 {
			t.Errorf("personal %v: the name is shown %v, bytes are there: %v", personal, got, len(i.Attempts[0].Bytes) > 0)
		}
		if !strings.Contains(i.Replies[0].Said, "accepted") {
			t.Errorf("the reply is said as %q", i.Replies[0].Said)
		}
	}
	var not *store.ActError
	if _, err := desk.Try(t.Context(), id, supply("RAC", "W")); !errors.As(err, &not) {
		t.Errorf("what CARPOS has: %v", err)
	}
	if _, err := desk.Act(t.Context(), 4711, supply("RAC", "W")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what is not there: %v", err)
	}
}

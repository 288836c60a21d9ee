package sim_test

import (
	"slices"
	"testing"
	"time"

	"ccpor/clets/sim"
)

// kindsOf returns the kinds of the violations so far.
func kindsOf(s *sim.Switch) []string {
	var out []string
	for _, v := range s.Check().Violations {
		out = append(out, v.Kind)
	}
	return out
}

func TestJudgeDuplicates(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{})
	h := logon(t, s, "CCPR")
	first, second := h.enter(order("30-00001").String()), h.enter(order("30-00002").String())
	h.enter(order("30-00003").with("ISD", "20261102").String())
	h.enter(order("30-00004").with("CCN", "06NF0887").String())
	h.enter(order("30-00005").with("ORT", "OAH").String())
	r := s.Check()
	if r.Records != 5 || len(r.Duplicates) != 1 || r.OK() {
		t.Fatalf("report %+v", r)
	}
	d := r.Duplicates[0]
	if !slices.Equal(d.OCAs, []string{"30-00001", "30-00002"}) || !slices.Equal(d.FCNs, []string{first, second}) || d.ORI != court || d.CCN != "06NF0886" {
		t.Errorf("duplicate %+v", d)
	}
}

func TestJudgeCleanRun(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sim.Config{})
	for _, x := range []text{inquiry(oca), modify(d.fcn, oca), service(d.fcn, oca), violation(d.fcn), cancel(d.fcn, oca)} {
		d.ask(x.String())
		d.sync()
	}
	if r := d.s.Check(); !r.OK() || r.Records != 1 {
		t.Errorf("report %+v", r)
	}
}

// TestJudgeBeforeAccepted: nothing of an order but ERR and QRR before its ERR is accepted.
func TestJudgeBeforeAccepted(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{})
	h := logon(t, s, "CCPR")
	h.ask(inquiry(oca).String())
	for _, x := range []text{modify("1", oca), cancel("1", oca), service("1", oca), violation("1")} {
		h.ask(x.String())
	}
	want := []string{sim.BeforeAccepted, sim.BeforeAccepted, sim.BeforeAccepted, sim.BeforeAccepted}
	if got := kindsOf(s); !slices.Equal(got, want) {
		t.Errorf("violations %v", got)
	}
}

// TestJudgeWrongFCN: a mistyped FCN of an order that is on file is a fault, not a breach of the sequence.
func TestJudgeWrongFCN(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sim.Config{})
	d.ask(modify("1", oca).String())
	if got := kindsOf(d.s); len(got) != 0 {
		t.Errorf("violations %v", got)
	}
}

// TestJudgeOverlap: two lines with one order's transactions at once; a hub that has looked in between may go on.
func TestJudgeOverlap(t *testing.T) {
	t.Parallel()
	t.Run("blind", func(t *testing.T) { t.Parallel(); overlap(t, false, []string{sim.Overlap}) })
	t.Run("looked up", func(t *testing.T) { t.Parallel(); overlap(t, true, nil) })
}

func overlap(t *testing.T, look bool, want []string) {
	s := start(t, sim.Config{ReplyAfter: 200 * time.Millisecond})
	a, b := logon(t, s, "AAAA"), logon(t, s, "BBBB")
	fcn := a.enter(order(oca).String())
	first := a.msg(modify(fcn, oca).String())
	a.expect("ACK " + first + "\r\n")
	if look {
		c := logon(t, s, "CCCC")
		looked := c.msg(inquiry(oca).String())
		c.expect("ACK " + looked + "\r\n")
	}
	second := b.msg(service(fcn, oca).String())
	b.expect("ACK " + second + "\r\n")
	a.rsp()
	b.rsp()
	if got := kindsOf(s); !slices.Equal(got, want) {
		t.Errorf("violations %v, want %v", got, want)
	}
}

// TestJudgeResentBlind: an enter whose reply was lost is sent again with and without a look before.
func TestJudgeResentBlind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		faults sim.Faults
		look   bool
		want   []string
	}{
		{"reply lost, blind", sim.Faults{LoseReply: 1}, false, []string{sim.ResentBlind}},
		{"reply lost, looked up", sim.Faults{LoseReply: 1}, true, nil},
		{"request lost, blind", sim.Faults{LoseRequest: 1}, false, []string{sim.ResentBlind}},
		{"request lost, looked up", sim.Faults{LoseRequest: 1}, true, nil},
		{"line dropped before, blind", sim.Faults{DropBefore: 1}, false, []string{sim.ResentBlind}},
		{"busy: nothing was taken", sim.Faults{Busy: 1}, false, nil},
		{"try later: answered", sim.Faults{TryLater: 1}, false, nil},
		{"line dropped after, answered after the LOGON", sim.Faults{DropAfter: 1}, false, nil},
		{"in order", sim.Faults{}, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, sim.Config{Faults: c.faults})
			h := logon(t, s, "CCPR")
			h.msg(order(oca).String())
			await(t, s, "the first is dealt with", func(s *sim.Switch) bool {
				n := len(events(s, "RSP")) + len(events(s, "lost")) + len(events(s, "NAK")) + len(events(s, "closed"))
				return n > 0 || c.faults.LoseRequest > 0 && len(events(s, "MSG")) == 1
			})
			if err := s.SetFaults(sim.Faults{}); err != nil {
				t.Fatal(err)
			}
			if c.faults.DropAfter > 0 {
				logon(t, s, "CCPR").rsp()
			}
			again := logon(t, s, "BBBB")
			if c.look {
				again.ask(inquiry(oca).String())
			}
			again.ask(order(oca).String())
			if got := kindsOf(s); !slices.Equal(got, c.want) {
				t.Errorf("violations %v, want %v", got, c.want)
			}
		})
	}
}

// TestJudgeChangeResentBlind: a change whose reply was lost comes again, or another one in its place, with and without a look before.
func TestJudgeChangeResentBlind(t *testing.T) {
	t.Parallel()
	byFCN := func(fcn string) text { return text{"QRR", court, [][2]string{{"FCN", fcn}}} }
	for _, c := range []struct {
		name       string
		faults     sim.Faults
		first      func(fcn, oca string) text
		look, then func(fcn string) text
		want       []string
	}{
		{"modify again, blind", sim.Faults{LoseReply: 1}, modify, nil, func(f string) text { return modify(f, oca) }, []string{sim.ResentBlind}},
		{"modify again, looked up", sim.Faults{LoseReply: 1}, modify, func(string) text { return inquiry(oca) }, func(f string) text { return modify(f, oca) }, nil},
		{"modify again, looked up by FCN", sim.Faults{LoseReply: 1}, modify, byFCN, func(f string) text { return modify(f, oca) }, nil},
		{"modify again, another order looked up", sim.Faults{LoseReply: 1}, modify, func(string) text { return inquiry("30-00009") }, func(f string) text { return modify(f, oca) }, []string{sim.ResentBlind}},
		{"modify never arrived, blind", sim.Faults{LoseRequest: 1}, modify, nil, func(f string) text { return modify(f, oca) }, []string{sim.ResentBlind}},
		{"passed over by a cancellation", sim.Faults{LoseReply: 1}, modify, nil, func(f string) text { return cancel(f, oca) }, []string{sim.ResentBlind}},
		{"cancel again, blind", sim.Faults{LoseReply: 1}, cancel, nil, func(f string) text { return cancel(f, oca) }, []string{sim.ResentBlind}},
		{"cancel looked up, sent all the same", sim.Faults{LoseReply: 1}, cancel, func(string) text { return inquiry(oca) }, func(f string) text { return cancel(f, oca) }, []string{sim.AfterCancelled}},
		{"service again, blind", sim.Faults{LoseReply: 1}, service, nil, func(f string) text { return service(f, oca) }, []string{sim.ResentBlind}},
		{"modify of another agency's lost service", sim.Faults{LoseReply: 1}, func(f, _ string) text { return service(f, "LA-77").from(other).with("SVR", "OTH") }, nil, func(f string) text { return modify(f, oca) }, nil},
		{"modify answered: another", sim.Faults{}, modify, nil, func(f string) text { return cancel(f, oca) }, nil},
		{"modify refused for now: again", sim.Faults{TryLater: 1}, modify, nil, func(f string) text { return modify(f, oca) }, nil},
		{"modified after its cancellation", sim.Faults{}, cancel, nil, func(f string) text { return modify(f, oca) }, []string{sim.AfterCancelled}},
		{"served after its cancellation", sim.Faults{}, cancel, nil, func(f string) text { return service(f, oca) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, sim.Config{})
			if err := d.s.SetFaults(c.faults); err != nil {
				t.Fatal(err)
			}
			answered := len(events(d.s, "RSP"))
			d.msg(c.first(d.fcn, oca).String())
			await(t, d.s, "the first is dealt with", func(s *sim.Switch) bool {
				return len(events(s, "RSP")) > answered || len(events(s, "lost")) > 0 || c.faults.LoseRequest > 0 && len(events(s, "MSG")) == 2
			})
			if err := d.s.SetFaults(sim.Faults{}); err != nil {
				t.Fatal(err)
			}
			again := logon(t, d.s, "BBBB")
			if c.look != nil {
				again.ask(c.look(d.fcn).String())
			}
			again.ask(c.then(d.fcn).String())
			if got := kindsOf(d.s); !slices.Equal(got, c.want) {
				t.Errorf("violations %v, want %v", got, c.want)
			}
		})
	}
}

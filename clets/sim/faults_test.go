package sim_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/clets/sim"
)

// soon is a short delay; later is one within which a hub gets a PONG even on a busy machine.
const (
	soon  = 60 * time.Millisecond
	later = time.Second
)

// TestMisbehaviours sets each misbehaviour to certain, one at a time, and looks at it from the hub's side.
func TestMisbehaviours(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    sim.Misbehaviour
		faults  sim.Faults
		entered bool // whether the order is on file in the end
		see     func(t *testing.T, s *sim.Switch, h *hub, control string)
	}{
		{sim.LoseRequest, sim.Faults{LoseRequest: 1}, false, func(_ *testing.T, _ *sim.Switch, h *hub, _ string) {
			h.sync()
		}},
		{sim.DropBefore, sim.Faults{DropBefore: 1}, false, func(t *testing.T, s *sim.Switch, h *hub, _ string) {
			h.expectClosed()
			logon(t, s, "CCPR").sync()
		}},
		{sim.Busy, sim.Faults{Busy: 1}, false, func(_ *testing.T, _ *sim.Switch, h *hub, control string) {
			h.expect("NAK " + control + " 10 BUSY\r\n")
		}},
		{sim.CarposDown, sim.Faults{CarposDown: 1}, false, func(_ *testing.T, _ *sim.Switch, h *hub, control string) {
			h.expect("NAK " + control + " 11 CARPOS DOWN\r\n")
		}},
		{sim.TryLater, sim.Faults{TryLater: 1}, false, func(t *testing.T, _ *sim.Switch, h *hub, control string) {
			h.expect("ACK " + control + "\r\n")
			wantLine(t, h.rsp(), "REJECT 90 CARPOS UNAVAILABLE, TRY LATER")
		}},
		{sim.CarposError, sim.Faults{CarposError: 1}, false, func(t *testing.T, _ *sim.Switch, h *hub, control string) {
			h.expect("ACK " + control + "\r\n")
			wantLine(t, h.rsp(), "REJECT 91 CARPOS ERROR")
		}},
		{sim.DropAfter, sim.Faults{DropAfter: 1}, true, func(t *testing.T, s *sim.Switch, h *hub, control string) {
			h.expect("ACK " + control + "\r\n")
			h.expectClosed()
			again := logon(t, s, "CCPR")
			if r := again.rsp(); r.control != control {
				t.Errorf("after the LOGON: %+v", r)
			}
		}},
		{sim.LoseReply, sim.Faults{LoseReply: 1}, true, func(t *testing.T, s *sim.Switch, h *hub, control string) {
			h.expect("ACK " + control + "\r\n")
			await(t, s, "the reply is lost", func(s *sim.Switch) bool { return len(events(s, "lost")) == 1 })
			logon(t, s, "CCPR").sync()
		}},
		{sim.GarbageFrame, sim.Faults{GarbageFrame: 1}, true, func(t *testing.T, s *sim.Switch, h *hub, control string) {
			h.expect("ACK " + control + "\r\n")
			if body, err := h.tryRead(); err == nil {
				t.Errorf("a frame: %q", body)
			}
			if r := logon(t, s, "CCPR").rsp(); r.control != control {
				t.Errorf("after the LOGON: %+v", r)
			}
		}},
		{sim.LoseACK, sim.Faults{LoseACK: 1}, true, func(t *testing.T, _ *sim.Switch, h *hub, _ string) {
			wantLine(t, h.rsp(), "ENTRY ACCEPTED")
		}},
		{sim.Overtake, sim.Faults{Overtake: 1}, true, func(t *testing.T, _ *sim.Switch, h *hub, control string) {
			wantLine(t, h.rsp(), "ENTRY ACCEPTED")
			h.expect("ACK " + control + "\r\n")
		}},
		{sim.Garble, sim.Faults{Garble: 1}, true, func(t *testing.T, _ *sim.Switch, h *hub, control string) {
			h.expect("ACK " + control + "\r\n")
			r := h.rsp()
			wantLine(t, r, "DETPECCA YRTNE")
			if text := strings.Join(r.lines, "\n"); strings.Contains(text, "ACCEPTED") || strings.Contains(text, "FCN/") {
				t.Errorf("still says %q", text)
			}
		}},
		{sim.Twice, sim.Faults{Duplicate: 1}, true, func(t *testing.T, _ *sim.Switch, h *hub, control string) {
			h.expect("ACK " + control + "\r\n")
			a, b := h.rsp(), h.rsp()
			if a.control != control || b.control != control || a.outseq == b.outseq || !slices.Equal(a.lines, b.lines) {
				t.Errorf("%+v and %+v", a, b)
			}
		}},
		{sim.Late, sim.Faults{Late: 1, LateBy: later}, true, func(t *testing.T, s *sim.Switch, h *hub, control string) {
			h.expect("ACK " + control + "\r\n")
			h.sync()
			if n := len(s.Records()); n != 1 {
				t.Errorf("%d records while the reply is late", n)
			}
			wantLine(t, h.rsp(), "ENTRY ACCEPTED")
		}},
		{sim.Slow, sim.Faults{Slow: 1, LateBy: later}, true, func(t *testing.T, s *sim.Switch, h *hub, control string) {
			h.expect("ACK " + control + "\r\n")
			h.sync()
			if n := len(s.Records()); n != 0 {
				t.Errorf("%d records at once", n)
			}
			wantLine(t, h.rsp(), "ENTRY ACCEPTED")
		}},
		{sim.Reorder, sim.Faults{Reorder: 1, LateBy: soon}, true, func(t *testing.T, s *sim.Switch, h *hub, control string) {
			h.expect("ACK " + control + "\r\n")
			if err := s.SetFaults(sim.Faults{}); err != nil {
				t.Fatal(err)
			}
			second := h.msg(inquiry("1").String())
			h.expect("ACK " + second + "\r\n")
			if a, b := h.rsp(), h.rsp(); a.control != second || b.control != control {
				t.Errorf("replies to %s, %s", a.control, b.control)
			}
		}},
	}
	for _, c := range cases {
		t.Run(string(c.name), func(t *testing.T) {
			t.Parallel()
			s := start(t, sim.Config{Faults: c.faults, Window: 2})
			h := logon(t, s, "CCPR")
			control := h.msg(order(oca).String())
			c.see(t, s, h, control)
			if n := len(s.Records()); (n == 1) != c.entered {
				t.Errorf("%d records", n)
			}
			in := events(s, "MSG")
			if len(in) == 0 || !slices.Equal(in[0].Happens, []sim.Misbehaviour{c.name}) {
				t.Errorf("history says %+v", in)
			}
		})
	}
	if n := reflect.TypeFor[sim.Faults]().NumField() - 2; n != len(cases) {
		t.Errorf("%d misbehaviours, %d cases", n, len(cases))
	}
}

func wantLine(t *testing.T, r reply, want string) {
	t.Helper()
	if r.lines[0] != want {
		t.Errorf("got %q, want %q", r.lines, want)
	}
}

// TestReorderedAlone: a reply that nothing overtakes comes late, not never.
func TestReorderedAlone(t *testing.T) {
	t.Parallel()
	h := logon(t, start(t, sim.Config{Faults: sim.Faults{Reorder: 1, LateBy: soon}}), "CCPR")
	h.ask(order(oca).String())
}

// TestLateReplyHoldsNoPlace: the window is free when the reply is due, however late it comes.
func TestLateReplyHoldsNoPlace(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{Faults: sim.Faults{Late: 1, LateBy: time.Hour}})
	h := logon(t, s, "CCPR")
	first := h.msg(inquiry("1").String())
	h.expect("ACK " + first + "\r\n")
	for {
		control := h.msg(inquiry("1").String())
		if body := h.read(); body == "ACK "+control+"\r\n" {
			return
		} else if body != "NAK "+control+" 10 BUSY\r\n" {
			t.Fatalf("got %q", body)
		}
	}
}

func TestStall(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{Faults: sim.Faults{Stall: true}, PingAfter: 20 * time.Millisecond})
	h := dial(t, s)
	h.send("LOGON CCPR CA0300000\r\n")
	await(t, s, "LOGON arrives", func(s *sim.Switch) bool { return len(events(s, "LOGON")) == 1 })
	if err := h.nc.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if body, err := h.tryRead(); err == nil {
		t.Fatalf("a stalled switch said %q", body)
	}
	if err := s.SetFaults(sim.Faults{}); err != nil {
		t.Fatal(err)
	}
	logon(t, s, "CCPR")
}

// fates runs the same requests against a fresh switch and returns what befell each.
func fates(t *testing.T, seed uint64, f sim.Faults) []string {
	t.Helper()
	s := start(t, sim.Config{Seed: seed, Faults: f, Window: 1000})
	h := logon(t, s, "CCPR")
	for i := range 200 {
		h.msg(order(fmt.Sprintf("30-%05d", i)).String())
	}
	await(t, s, "all arrive", func(s *sim.Switch) bool { return len(events(s, "MSG")) == 200 })
	var out []string
	for _, e := range events(s, "MSG") {
		out = append(out, fmt.Sprint(e.Happens))
	}
	return out
}

// TestDeterminedBySeed: the same seed and requests, the same fates; another seed, others; about as often as asked; and raising one
// probability leaves the others where they were.
func TestDeterminedBySeed(t *testing.T) {
	t.Parallel()
	f := sim.Faults{LoseReply: 0.2, LoseACK: 0.1, Garble: 0.05}
	one, again, two := fates(t, 7, f), fates(t, 7, f), fates(t, 8, f)
	if !slices.Equal(one, again) {
		t.Error("the same seed drew differently")
	}
	if slices.Equal(one, two) {
		t.Error("another seed drew the same")
	}
	count := func(fates []string, what sim.Misbehaviour) int {
		n := 0
		for _, f := range fates {
			if strings.Contains(f, string(what)) {
				n++
			}
		}
		return n
	}
	if n := count(one, sim.LoseReply); n < 20 || n > 60 {
		t.Errorf("%d of 200 replies lost, asked for one in five", n)
	}
	f.Garble = 0.9
	more := fates(t, 7, f)
	for i := range one {
		if strings.Contains(one[i], "loseReply") != strings.Contains(more[i], "loseReply") {
			t.Fatalf("request %d: %s became %s", i, one[i], more[i])
		}
	}
}

func TestSetFaultsRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{Faults: sim.Faults{Busy: 0.5}})
	nan := 0.0
	nan /= nan
	for _, f := range []sim.Faults{{Late: -0.1}, {Busy: 1.01}, {Garble: nan}, {LateBy: -time.Second}} {
		if err := s.SetFaults(f); err == nil {
			t.Errorf("%+v taken", f)
		}
	}
	if s.Faults().Busy != 0.5 {
		t.Errorf("a refused setting changed %+v", s.Faults())
	}
}

// TestMagic: the ending of the court case number chooses the outcome of the enter.
func TestMagic(t *testing.T) {
	t.Parallel()
	for _, m := range sim.Magics() {
		t.Run(m.Ending, func(t *testing.T) {
			t.Parallel()
			s := start(t, sim.Config{Faults: sim.Faults{LateBy: soon}})
			x := order(oca).with("CCN", "26CV1-"+m.Ending).String()
			h := logon(t, s, "CCPR")
			tries := max(m.Times, 1)
			for i := range tries {
				h.msg(x)
				await(t, s, "it arrives", func(s *sim.Switch) bool { return len(events(s, "MSG")) == i+1 })
			}
			for _, e := range events(s, "MSG") {
				if m.Happens != "" && !slices.Equal(e.Happens, []sim.Misbehaviour{m.Happens}) {
					t.Errorf("happens %v, want %s", e.Happens, m.Happens)
				}
			}
			if m.Then != "" {
				await(t, s, "the sequel leaves", func(s *sim.Switch) bool {
					uns := events(s, "UNS")
					return len(uns) == 1 && strings.Contains(uns[0].Body, m.Then+"\r\nFCN/")
				})
			}
			if m.Changed {
				await(t, s, "the record is changed", func(s *sim.Switch) bool {
					all := s.Records()
					return len(all) == 1 && all[0].Value("HAI") == "RED" && all[0].Value("WGT") == "199" && len(all[0].Versions) == 2
				})
			}
			if m.Times == 0 {
				return
			}
			h = logon(t, s, "CCPR")
			h.requests = 100
			h.msg(x)
			await(t, s, "the last try arrives", func(s *sim.Switch) bool { return len(events(s, "MSG")) == tries+1 })
			if e := events(s, "MSG")[tries]; len(e.Happens) != 0 {
				t.Errorf("happens %v once more", e.Happens)
			}
		})
	}
}

func TestMagicRejects(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{})
	h := logon(t, s, "CCPR")
	for _, c := range []struct{ ccn, want string }{
		{"26CV1-R04", "REJECT 04 FIELD VALUE"}, {"26CV1-R04", "REJECT 04 FIELD VALUE"}, {"26CV1-R04", "REJECT 04 FIELD VALUE"},
		{"26CV1-R91", "REJECT 91 CARPOS ERROR"}, {"26CV1-R91", "REJECT 91 CARPOS ERROR"}, {"26CV1-R91", "ENTRY ACCEPTED"},
	} {
		if got := h.ask(order("MAGIC"+c.ccn[6:]).with("CCN", c.ccn).String()); got[0] != c.want {
			t.Errorf("%s: %q, want %q", c.ccn, got, c.want)
		}
	}
	for _, ccn := range []string{"26CV1-R77", "26CV1-R4", "R04", "26CV1-R04-A"} {
		if got := h.ask(order("PLAIN"+strings.ReplaceAll(ccn, "-", "")).with("CCN", ccn).String()); got[0] != "ENTRY ACCEPTED" {
			t.Errorf("%s: %q", ccn, got)
		}
	}
	plain := logon(t, start(t, sim.Config{NoMagic: true}), "CCPR")
	plain.enter(order(oca).with("CCN", "26CV1-R04").String())
}

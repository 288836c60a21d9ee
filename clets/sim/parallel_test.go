package sim_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"ccpor/clets/sim"
)

// TestManyLines: lines at work at once, on orders of their own, with misbehaviour that loses nothing for good; what is on
// file in the end is exactly what was entered.
func TestManyLines(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Config{HistorySize: 100, Faults: sim.Faults{Overtake: 0.2, LoseACK: 0.2, Duplicate: 0.2, TryLater: 0.1}, Seed: 3})
	const lines, each = 8, 40
	var wg sync.WaitGroup
	for l := range lines {
		h := logon(t, s, fmt.Sprintf("LN%02d", l))
		wg.Go(func() { h.work(l, each) })
	}
	wg.Go(func() {
		for range 50 {
			s.Records()
			s.Check()
			s.Status()
			s.History()
		}
	})
	wg.Wait()
	r := s.Check()
	if r.Records != lines*each {
		t.Errorf("%d records, want %d", r.Records, lines*each)
	}
	if r.Total != 0 {
		t.Errorf("violations %+v", r.Violations[0])
	}
	if kept, total := s.History(); len(kept) != 100 || total < 4*lines*each {
		t.Errorf("%d events kept of %d", len(kept), total)
	}
}

// work enters orders, each until it is accepted, and reads past whatever else comes.
func (h *hub) work(line, orders int) {
	for i := range orders {
		oca := fmt.Sprintf("%02d-%05d", line, i)
		for accepted := false; !accepted; {
			control := h.msg(order(oca).with("CCN", oca).String())
			accepted = h.replyTo(control).lines[0] != "REJECT 90 CARPOS UNAVAILABLE, TRY LATER"
		}
	}
}

// replyTo reads on until the reply to one request has come.
func (h *hub) replyTo(control string) reply {
	for {
		body, err := h.tryRead()
		if err != nil {
			h.t.Errorf("wait for the reply to %s: %v", control, err)
			return reply{lines: []string{""}}
		}
		if len(body) < 3 || body[:3] != "RSP" {
			continue
		}
		r := parseRSP(h.t, body)
		h.got(r)
		if r.control == control {
			return r
		}
	}
}

// BenchmarkLines measures transactions a second over 16 lines with a window of 16 and a reply time of 10 ms.
func BenchmarkLines(b *testing.B) {
	for _, kept := range []bool{false, true} {
		b.Run(fmt.Sprintf("kept=%v", kept), func(b *testing.B) {
			cfg := sim.Config{Window: 16, ReplyAfter: 10 * time.Millisecond}
			if kept {
				cfg.Dir = b.TempDir()
			}
			benchmarkLines(b, cfg)
		})
	}
}

func benchmarkLines(b *testing.B, cfg sim.Config) {
	s, err := sim.Start(cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	const lines = 16
	b.ResetTimer()
	var wg sync.WaitGroup
	for l := range lines {
		c := dialBench(b, s, fmt.Sprintf("LN%02d", l))
		wg.Go(func() { c.pump(b, l, b.N/lines+1, cfg.Window) })
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
	if r := s.Check(); r.Total != 0 {
		b.Fatalf("violations %+v", r.Violations[0])
	}
}

// benchLine is a line that keeps its window full.
type benchLine struct {
	nc       net.Conn
	r        *bufio.Reader
	mnemonic string
}

func dialBench(b *testing.B, s *sim.Switch, mnemonic string) benchLine {
	nc, err := net.Dial("tcp", s.Addr())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { nc.Close() })
	c := benchLine{nc, bufio.NewReader(nc), mnemonic}
	c.send(b, "LOGON "+mnemonic+" CA0300000\r\n")
	return c
}

func (c benchLine) send(b *testing.B, body string) {
	if _, err := fmt.Fprintf(c.nc, "\x01%08d\x02%s\x03", len(body), body); err != nil {
		b.Error(err)
	}
}

// pump sends n enters and returns when all have their reply.
func (c benchLine) pump(b *testing.B, line, n, window int) {
	sample := order("OCA")
	sent, answered := 0, 0
	for answered < n {
		for sent < n && sent-answered < window {
			sent++
			oca := fmt.Sprintf("%02d-%09d", line, sent)
			c.send(b, fmt.Sprintf("MSG %s %s%06d\r\n%s", c.mnemonic, c.mnemonic, sent, sample.with("OCA", oca).with("CCN", oca)))
		}
		body, err := c.r.ReadString(3)
		if err != nil {
			b.Error(err)
			return
		}
		if words := strings.Fields(body[10:]); words[0] == "RSP" {
			answered++
			c.send(b, "GOT "+words[3]+"\r\n")
		}
	}
}

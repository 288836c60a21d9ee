package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestReplaceFigures(t *testing.T) {
	t.Parallel()
	doc := "before\n" + beginMark + "old\n" + endMark + "after\n"
	got, err := replaceFigures(doc, "new\n")
	if want := "before\n" + beginMark + "\nnew\n" + endMark + "after\n"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, broken := range []string{"", beginMark, endMark, endMark + beginMark} {
		if _, err := replaceFigures(broken, "new\n"); !errors.Is(err, errNoMarks) {
			t.Errorf("%q: %v", broken, err)
		}
	}
}

// The document shows the figures that lie beside it.
func TestDocumentIsOfTheFigures(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := readJSON("../../bench/latest.json", &r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), r.markdown()) {
		t.Error("docs/performance.md does not show the figures of bench/latest.json: run ccpor-bench doc")
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	good := ingest{Shape: "order", ProbeDB: 2000, ProbeXML: 8000, Full: []loaded{{Clients: 8, OrdersPerS: 900, PeakRSS: 80}, {Clients: 32, OrdersPerS: 1300, PeakRSS: 90}}, Half: loaded{P50: 3, P99: 20}}
	good.compare()
	slow := ingest{Shape: "order", ProbeDB: 2000, ProbeXML: 8000, Full: []loaded{{OrdersPerS: 900, PeakRSS: 400}}, Half: loaded{P99: 50}}
	slow.compare()
	for name, c := range map[string]struct {
		ingest ingest
		met    bool
	}{"good": {good, true}, "slow": {slow, false}} {
		r := report{Ingest: []ingest{c.ingest}}
		r.judge()
		if len(r.Marks) != 4 {
			t.Fatalf("%s: %d marks", name, len(r.Marks))
		}
		for _, m := range r.Marks {
			if m.Met != c.met {
				t.Errorf("%s: %s: got %v of %v, met %v", name, m.Name, m.Got, m.Want, m.Met)
			}
		}
	}
	if got := good.RatioComposite; got != 1300/1600. {
		t.Errorf("ratio to the composite %v", got)
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	var r result
	for i := range 100 {
		r.latencies = append(r.latencies, time.Duration(100-i)*time.Millisecond)
	}
	r = r.sorted()
	for p, want := range map[float64]time.Duration{.5: 51 * time.Millisecond, .99: 100 * time.Millisecond, 0: time.Millisecond, 1: 100 * time.Millisecond} {
		if got := r.percentile(p); got != want {
			t.Errorf("percentile %v: %v, want %v", p, got, want)
		}
	}
	if (result{}).percentile(.5) != 0 {
		t.Error("a percentile of nothing")
	}
}

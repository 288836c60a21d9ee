package trace_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"ccpor/clets/relay"
	"ccpor/exchange"
	"ccpor/exchange/notify"
	"ccpor/observe/trace"
	"ccpor/store"
)

var now = time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)

const (
	correlation = "0af7651916cd43dd8448eb211c80319c"
	foreign     = "00-11111111111111111111111111111111-2222222222222222-01"
)

// kept keeps what a recorder has sent on when it was closed.
type kept struct {
	tracetest.InMemoryExporter
	spans tracetest.SpanStubs
}

func (k *kept) Shutdown(context.Context) error {
	k.spans = k.GetSpans()
	return nil
}

func recorder(t *testing.T, to sdk.SpanExporter, ratio float64, log *bytes.Buffer) *trace.Recorder {
	t.Helper()
	r, err := trace.New(t.Context(), trace.Config{To: to, Ratio: ratio, Hub: "hub-" + t.Name(), Version: "v1", Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func request() exchange.Request {
	return exchange.Request{Correlation: correlation, Parent: foreign, Operation: "SubmitOrder", Action: store.ActionAdd, Agency: "CA030013J", Tracking: "7K4M-X2Q9-PC", Receipt: true, Bytes: 20000,
		Began: now, Ended: now.Add(20 * time.Millisecond), Stages: []store.Stage{{Name: "signature", Start: now, End: now.Add(time.Millisecond), OK: true}, {Name: "store", Start: now.Add(time.Millisecond), End: now.Add(20 * time.Millisecond), OK: true}}}
}

func attempt() relay.Attempt {
	return relay.Attempt{Kind: store.KindEnter, Purpose: store.PurposeSend, Event: "entered", Verdict: store.VerdictAccepted, Answered: true, State: store.StateAccepted, Line: "CCP1", Control: "0000000100",
		Began: now.Add(48 * time.Hour), Ended: now.Add(48*time.Hour + time.Second), Correlation: correlation, Tracking: "7K4M-X2Q9-PC", Submitter: "CA030013J", Received: now}
}

// One process takes the package, another sends it two days later, a third tells the court: it is one trace, under one root.
func TestOneTraceOverProcessesAndDays(t *testing.T) {
	t.Parallel()
	var all tracetest.SpanStubs
	var log bytes.Buffer
	for _, do := range []func(*trace.Recorder){
		func(r *trace.Recorder) { r.Handled(request()) },
		func(r *trace.Recorder) { r.Ended(attempt()) },
		func(r *trace.Recorder) {
			r.Told(notify.Telling{Agency: "CA030013J", Number: 3, State: store.StateAccepted, Began: now, Ended: now, Correlation: correlation})
		},
	} {
		k := &kept{}
		r := recorder(t, k, 1, &log)
		do(r)
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		all = append(all, k.spans...)
	}
	if len(all) != 5 {
		t.Fatalf("%d spans", len(all))
	}
	root := all[2] // its stages end before it
	if root.Name != "SubmitOrder" || root.Parent.IsValid() || root.SpanContext.TraceID().String() != correlation || !root.StartTime.Equal(now) || !root.EndTime.Equal(now.Add(20*time.Millisecond)) {
		t.Errorf("root %+v", root)
	}
	names := ""
	for _, s := range all {
		names += s.Name + ", "
		if s.SpanContext.TraceID() != root.SpanContext.TraceID() {
			t.Errorf("%s is in another trace", s.Name)
		}
		if s.Name != root.Name && s.Parent.SpanID() != root.SpanContext.SpanID() {
			t.Errorf("%s is not under the root", s.Name)
		}
	}
	if names != "signature, store, SubmitOrder, send ERR, tell, " {
		t.Error(names)
	}
	if e := all[3].Events; len(e) != 1 || e[0].Name != "accepted" || !e[0].Time.Equal(now.Add(48*time.Hour+time.Second)) {
		t.Errorf("events %+v", e)
	}
	if len(root.Links) != 1 || root.Links[0].SpanContext.TraceID().String() != strings.Repeat("1", 32) {
		t.Errorf("the sender's own trace is linked as %+v", root.Links)
	}
	if log.Len() > 0 {
		t.Error(log.String())
	}
}

// What a sender says of its trace is a link or nothing.
func TestForeignParents(t *testing.T) {
	t.Parallel()
	for parent, links := range map[string]int{"": 0, foreign: 1, "00-" + strings.Repeat("0", 32) + "-2222222222222222-01": 0, "Marc Jones": 0, foreign + ";x": 0, strings.Replace(foreign, "-01", "-00", 1): 1} {
		k := &kept{}
		r := recorder(t, k, 1, &bytes.Buffer{})
		q := request()
		q.Parent = parent
		r.Handled(q)
		_ = r.Close(t.Context())
		root := k.spans[len(k.spans)-1]
		if len(root.Links) != links || root.Parent.IsValid() || root.SpanContext.TraceID().String() != correlation {
			t.Errorf("%q: %+v", parent, root)
		}
	}
}

// All hubs decide alike whether a trace is kept, by its name; strangers leave none.
func TestSampling(t *testing.T) {
	t.Parallel()
	unlike := "ffffffffffffffffffffffffffffffff"
	for _, c := range []struct {
		correlation, agency string
		ratio               float64
		request, attempt    int
	}{{correlation, "CA030013J", 0, 0, 0}, {correlation, "CA030013J", 1, 3, 1}, {correlation, "", 1, 0, 1}, {unlike, "CA030013J", 0.5, 0, 0}, {"none", "CA030013J", 1, 0, 0},
		{strings.Repeat("1", 32), "CA030013J", 0.5, 3, 1}} {
		q, a := request(), attempt()
		q.Correlation, a.Correlation = c.correlation, c.correlation
		q.Agency = ""
		if c.agency != "" {
			q.Agency = "CA030013J"
		}
		one, two := &kept{}, &kept{}
		r := recorder(t, one, c.ratio, &bytes.Buffer{})
		r.Handled(q)
		_ = r.Close(t.Context())
		r = recorder(t, two, c.ratio, &bytes.Buffer{})
		r.Ended(a)
		_ = r.Close(t.Context())
		if len(one.spans) != c.request || len(two.spans) != c.attempt {
			t.Errorf("%s at %g: %d and %d spans", c.correlation, c.ratio, len(one.spans), len(two.spans))
		}
	}
}

// What went wrong is marked, and by its code.
func TestFailures(t *testing.T) {
	t.Parallel()
	k := &kept{}
	r := recorder(t, k, 1, &bytes.Buffer{})
	q, a := request(), attempt()
	q.Code, q.Stages[1].OK = "Server.Unavailable", false
	a.Event, a.Answered, a.State = "noAnswer", false, store.StateUnknown
	r.Handled(q)
	r.Ended(a)
	_ = r.Close(t.Context())
	for i, want := range []string{"Unset", "Error", "Error", "Error"} {
		if s := k.spans[i]; s.Status.Code.String() != want || s.Status.Description != "" || len(s.Events) != 0 {
			t.Errorf("%s: %+v", s.Name, s.Status)
		}
	}
}

// broken is a collector that cannot be reached.
type broken struct{ tracetest.InMemoryExporter }

func (*broken) ExportSpans(context.Context, []sdk.ReadOnlySpan) error {
	return errors.New("no collector")
}

// A collector that cannot be reached is told once and costs nothing else.
func TestNoCollector(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := recorder(t, &broken{}, 1, &log)
	for range 2000 {
		r.Handled(request())
	}
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "traces could not be sent on"); n != 1 {
		t.Errorf("told %d times: %s", n, log.String())
	}
}

func BenchmarkHandled(b *testing.B) {
	for name, ratio := range map[string]float64{"kept": 1, "not kept": 0} {
		b.Run(name, func(b *testing.B) {
			r, err := trace.New(b.Context(), trace.Config{To: tracetest.NewNoopExporter(), Ratio: ratio, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			q := request()
			b.ReportAllocs()
			for b.Loop() {
				r.Handled(q)
			}
		})
	}
}

// Package trace writes one trace from a package's submission to CARPOS's acceptance, over processes and days, in OpenTelemetry's terms.
//
// A trace is named by the request's correlation identification, which the sender is told and which is kept with the submission: so whoever works on the package later, on whatever hub, knows the
// trace and its root without anything being stored or passed on for it. The root is the request, with a span for each stage; every attempt and every delivery of a notice is a span under it.
// Spans are written when what they are about is over, from the facts that are kept anyway: nothing on the way of a package knows of this package, and where it is not in use nothing is done for it.
//
// What the sender says of its own trace becomes a link and no more: who is asked for by a stranger's word decides neither the name of a trace nor whether one is kept. Whoever is not known by a
// registered certificate leaves no trace at all. Attributes are codes, kinds, lines, agencies of the registry, tracking and control numbers; the package refuses names, cases, values and texts.
package trace

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"ccpor/clets/relay"
	"ccpor/exchange"
	"ccpor/exchange/notify"
	"ccpor/store"
)

// Config is what a Recorder is made of; all of it is needed.
type Config struct {
	// To is where spans go. It is called from one goroutine, in batches.
	To sdk.SpanExporter
	// Ratio is how many of the traces are kept, from 0 to 1. It is decided by the trace's name, so that all hubs decide alike, as long as they have the same ratio.
	Ratio float64
	// Hub and Version name this process. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before.
	Hub, Version string
	Log          *slog.Logger
}

// Recorder writes traces. It observes the exchange, the relay and the callbacks, and never waits: what cannot be sent on in time is dropped.
type Recorder struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// New makes a recorder.
func New(ctx context.Context, c Config) (*Recorder, error) {
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	own := resource.NewSchemaless(attribute.String("service.name", "ccpor"), attribute.String("service.version", c.Version), attribute.String("service.instance.id", c.Hub))
	if about, err = resource.Merge(own, about); err != nil {
		return nil, err
	}
	p := sdk.NewTracerProvider(sdk.WithBatcher(&telling{SpanExporter: c.To, log: c.Log}), sdk.WithIDGenerator(names{}), sdk.WithSampler(sdk.TraceIDRatioBased(c.Ratio)), sdk.WithResource(about))
	return &Recorder{p, p.Tracer("ccpor")}, nil
}

// Close sends on what is left, for as long as ctx allows.
func (r *Recorder) Close(ctx context.Context) error { return r.provider.Shutdown(ctx) }

// telling logs what could not be sent on: the first time, and then once in a while.
type telling struct {
	sdk.SpanExporter
	log  *slog.Logger
	last atomic.Int64 // seconds of Unix time
}

// silence is for how long failures are not told again.
const silence = 5 * time.Minute

// ExportSpans sends spans on. A failure is told here and by nobody else.
func (t *telling) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := t.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		return nil
	}
	now, last := time.Now().Unix(), t.last.Load()
	if now-last > int64(silence.Seconds()) && t.last.CompareAndSwap(last, now) {
		t.log.Warn("traces could not be sent on; what they told is lost", "spans", len(spans), "error", err)
	}
	return nil
}

// names gives a trace the name that its context has, and its root the name that follows from it.
type names struct{}

type named struct{}

// NewIDs names a root.
func (names) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	id, ok := ctx.Value(named{}).(trace.TraceID)
	if !ok {
		binary.BigEndian.PutUint64(id[:8], rand.Uint64())
		binary.BigEndian.PutUint64(id[8:], rand.Uint64()|1)
	}
	return id, rootOf(id)
}

// NewSpanID names any other span.
func (names) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	binary.BigEndian.PutUint64(id[:], rand.Uint64()|1) // never zero
	return id
}

// rootOf is the root's name: half of the trace's, which is as random.
func rootOf(id trace.TraceID) (root trace.SpanID) {
	copy(root[:], id[8:])
	return root
}

// Handled writes the root of a trace and the stages of the intake.
func (r *Recorder) Handled(q exchange.Request) {
	id, err := trace.TraceIDFromHex(q.Correlation)
	if err != nil || q.Agency == "" {
		return
	}
	ctx := context.WithValue(context.Background(), named{}, id)
	ctx, span := r.tracer.Start(ctx, operation(q), trace.WithTimestamp(q.Began), trace.WithSpanKind(trace.SpanKindServer), trace.WithLinks(linkOf(q.Parent)...))
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(text("ccpor.agency", q.Agency), text("ccpor.action", q.Action), text("ccpor.tracking", q.Tracking), text("ccpor.code", q.Code),
		attribute.Int("ccpor.bytes", q.Bytes), attribute.Bool("ccpor.receipt", q.Receipt), attribute.Bool("ccpor.again", q.Again))
	for _, s := range q.Stages {
		_, stage := r.tracer.Start(ctx, s.Name, trace.WithTimestamp(s.Start))
		mark(stage, s.OK)
		stage.End(trace.WithTimestamp(s.End))
	}
	mark(span, q.Code == "")
	span.End(trace.WithTimestamp(q.Ended))
}

// text is an attribute of one of our own types.
func text[T ~string](key string, value T) attribute.KeyValue {
	return attribute.String(key, string(value))
}

func operation(q exchange.Request) string {
	if q.Operation == "" {
		return "request"
	}
	return q.Operation
}

// mark says of a span that it failed.
func mark(s trace.Span, ok bool) {
	if !ok {
		s.SetStatus(codes.Error, "")
	}
}

// linkOf is the sender's own trace, where it names one as W3C asks. What else it says of it is left out.
func linkOf(parent string) []trace.Link {
	if parent == "" {
		return nil
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": parent})
	if c := trace.SpanContextFromContext(ctx); c.IsValid() {
		return []trace.Link{{SpanContext: c}}
	}
	return nil
}

// under is the context of what belongs to the trace of a request that is long over.
func under(correlation string) (context.Context, bool) {
	id, err := trace.TraceIDFromHex(correlation)
	if err != nil {
		return nil, false
	}
	root := trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: rootOf(id), TraceFlags: trace.FlagsSampled, Remote: true})
	return trace.ContextWithRemoteSpanContext(context.Background(), root), true
}

// Ended writes an attempt. What CARPOS has accepted ends with that event.
func (r *Recorder) Ended(a relay.Attempt) {
	ctx, ok := under(a.Correlation)
	if !ok {
		return
	}
	_, span := r.tracer.Start(ctx, string(a.Purpose)+" "+string(a.Kind), trace.WithTimestamp(a.Began), trace.WithSpanKind(trace.SpanKindClient))
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(text("ccpor.tracking", a.Tracking), text("ccpor.agency", a.Submitter), text("ccpor.line", a.Line), text("ccpor.control", a.Control),
		text("ccpor.event", a.Event), text("ccpor.verdict", a.Verdict), text("ccpor.state", a.State), attribute.Int("ccpor.number", a.Code))
	if a.State == store.StateAccepted {
		span.AddEvent("accepted", trace.WithTimestamp(a.Ended))
	}
	mark(span, a.Answered)
	span.End(trace.WithTimestamp(a.Ended))
}

// Acked and Line belong to no package and are not written.
func (r *Recorder) Acked(string, time.Duration) {}

// Line is like Acked.
func (r *Recorder) Line(string, bool) {}

// Told writes a delivery to a court's listener.
func (r *Recorder) Told(t notify.Telling) {
	ctx, ok := under(t.Correlation)
	if !ok {
		return
	}
	_, span := r.tracer.Start(ctx, "tell", trace.WithTimestamp(t.Began), trace.WithSpanKind(trace.SpanKindClient))
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(text("ccpor.tracking", t.Tracking), text("ccpor.agency", t.Agency), text("ccpor.state", t.State), text("ccpor.code", t.Code), attribute.Int64("ccpor.notice", t.Number))
	mark(span, t.Code == notify.Confirmed)
	span.End(trace.WithTimestamp(t.Ended))
}

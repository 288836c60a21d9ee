package observe_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ccpor/exchange"
	"ccpor/observe"
	"ccpor/store"
)

// BenchmarkHandled is what it costs to count a request with eight stages.
func BenchmarkHandled(b *testing.B) {
	m, err := observe.New(prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	q := exchange.Request{Operation: "SubmitOrder", Action: store.ActionAdd, Agency: "CA030013J", Receipt: true, Bytes: 20000, Began: now, Ended: now.Add(20 * time.Millisecond)}
	for _, name := range []string{"receive", "envelope", "signature", "attachments", "schema", "mapping", "rules", "store"} {
		q.Stages = append(q.Stages, store.Stage{Name: name, Start: now, End: now.Add(time.Millisecond), OK: true})
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Handled(q)
	}
}

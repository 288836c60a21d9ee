package watch_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/watch"
	"ccpor/store"
)

// given gives each finding once, as the database does.
type given struct {
	warnings []store.ExpiryWarning
	near     []store.DeadlineWarning
	changes  store.AlarmChanges
	err      error
	asked    int
	tidied   int
	limits   store.AlarmLimits
}

func (g *given) WarnOfExpiry(context.Context, time.Time) ([]store.ExpiryWarning, error) {
	w := g.warnings
	g.warnings = nil
	return w, g.err
}

func (g *given) WarnOfDeadlines(context.Context, []float64, time.Time) ([]store.DeadlineWarning, error) {
	g.asked++
	n := g.near
	g.near = nil
	return n, g.err
}

func (g *given) RaiseAlarms(_ context.Context, limits store.AlarmLimits, _ time.Time) (store.AlarmChanges, error) {
	g.limits = limits
	c := g.changes
	g.changes = store.AlarmChanges{}
	return c, g.err
}

func (g *given) TidyUnserved(context.Context, time.Time) error {
	g.tidied++
	return g.err
}

// What is found is logged, one line each, at warn, and an all-clear at info; what cannot be looked at keeps nothing else from being looked at.
func TestLook(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	at := time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)
	g := &given{warnings: []store.ExpiryWarning{{CertificateStatus: store.CertificateStatus{Agency: "CA030013J", Fingerprint: "ab12"}, Threshold: 30}},
		near: []store.DeadlineWarning{{Agency: "CA030013J", Share: 0.8, Count: 12, First: at}},
		changes: store.AlarmChanges{
			Raised: []store.Alarm{{ID: 7, Kind: store.AlarmRefusals, Who: "peer 192.0.2.7", Count: 20, Code: "Client.Peer.CertificateUnknown"},
				{ID: 8, Kind: store.AlarmDeadline, Who: "agency CA030013J", Count: 3}},
			Cleared: []store.Alarm{{ID: 5, Kind: store.AlarmLine, Who: "line CCPR", Count: 1}}}}
	limits := store.AlarmLimits{Refusals: 20, Window: 10 * time.Minute, Line: time.Minute}
	w := &watch.Watch{Store: g, Shares: []float64{0.5, 0.8}, Limits: limits, Now: func() time.Time { return at }, Log: slog.New(slog.NewTextHandler(&log, nil))}
	w.Look(t.Context())
	w.Look(t.Context())
	text := log.String()
	for _, want := range []string{"within=30", `who="peer 192.0.2.7"`, "share=0.8", "count=12", "the deadline of orders has passed", "an alarm is over", `who="line CCPR"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not logged:\n%s", want, text)
		}
	}
	if strings.Count(text, "level=WARN") != 4 || strings.Count(text, "level=INFO") != 1 || g.limits != limits {
		t.Errorf("asked with %+v, logged:\n%s", g.limits, text)
	}
	g.err = errors.New("no database")
	w.Look(t.Context())
	if strings.Count(log.String(), "level=ERROR") != 4 || g.tidied != 3 {
		t.Errorf("logged:\n%s", log.String())
	}
	w.Shares, g.asked = nil, 0
	w.Look(t.Context())
	if g.asked != 0 {
		t.Error("deadlines were looked at where nobody is to be warned")
	}
}

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
	alarms   []store.Alarm
	err      error
	asked    int
}

func (g *given) WarnOfExpiry(context.Context, time.Time) ([]store.ExpiryWarning, error) {
	w := g.warnings
	g.warnings = nil
	return w, g.err
}

func (g *given) RaiseAlarms(context.Context, int, time.Duration, time.Time) ([]store.Alarm, error) {
	g.asked++
	a := g.alarms
	g.alarms = nil
	return a, g.err
}

// What is found is logged, one line each, at warn; what cannot be looked at keeps nothing else from being looked at.
func TestLook(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	g := &given{warnings: []store.ExpiryWarning{{CertificateStatus: store.CertificateStatus{Agency: "CA030013J", Fingerprint: "ab12"}, Threshold: 30}},
		alarms: []store.Alarm{{ID: 7, Who: "peer 192.0.2.7", Refusals: 20, Code: "Client.Peer.CertificateUnknown"}}}
	w := &watch.Watch{Store: g, Refusals: 20, Window: 10 * time.Minute, Now: func() time.Time { return time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC) }, Log: slog.New(slog.NewTextHandler(&log, nil))}
	w.Look(t.Context())
	w.Look(t.Context())
	if text := log.String(); strings.Count(text, "level=WARN") != 2 || !strings.Contains(text, "within=30") || !strings.Contains(text, `who="peer 192.0.2.7"`) {
		t.Errorf("logged:\n%s", text)
	}
	g.err = errors.New("no database")
	w.Look(t.Context())
	if strings.Count(log.String(), "level=ERROR") != 2 {
		t.Errorf("logged:\n%s", log.String())
	}
	w.Refusals, g.asked = 0, 0
	w.Look(t.Context())
	if g.asked != 0 {
		t.Error("alarms were looked for where there are to be none")
	}
}

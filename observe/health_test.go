package observe_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ccpor/clets/relay"
	"ccpor/observe"
)

// base is a database that may be away, or take no writes.
type base struct {
	ping, commit error
	asked        int
}

func (b *base) Ping(context.Context) error    { b.asked++; return b.ping }
func (b *base) Commits(context.Context) error { return b.commit }

func get(t *testing.T, h *observe.Health, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.Handler(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// A hub is ready when it can take an order; its lines are told and change nothing.
func TestReady(t *testing.T) {
	t.Parallel()
	secret := errors.New("connect to db.internal as ccpor: password wrong")
	for name, c := range map[string]struct {
		base    base
		stalled bool
		up      bool
		ready   bool
		fails   string
	}{
		"all is well":            {up: true, ready: true},
		"the switch is away":     {ready: true},
		"the database is away":   {base: base{ping: secret, commit: secret}, up: true, fails: "commit database"},
		"nothing can be written": {base: base{commit: secret}, up: true, fails: "commit"},
		"the ledger stands":      {stalled: true, up: true, fails: "ledger"},
	} {
		h := &observe.Health{Base: &c.base, Stalled: func() bool { return c.stalled }, Now: func() time.Time { return now },
			Lines: func() []relay.LineStatus {
				return []relay.LineStatus{{Mnemonic: "CCP1", Up: c.up, Since: now, Why: secret.Error()}}
			}}
		status, body := get(t, h, "/readyz")
		var r observe.Readiness
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			t.Fatal(err)
		}
		var fails []string
		for _, check := range []string{"commit", "database", "ledger"} {
			if !r.Checks[check] {
				fails = append(fails, check)
			}
		}
		if r.Ready != c.ready || (status == http.StatusOK) != c.ready || strings.Join(fails, " ") != c.fails || len(r.Checks) != 3 {
			t.Errorf("%s: %d %s", name, status, body)
		}
		if len(r.Lines) != 1 || r.Lines[0].Up != c.up || strings.Contains(body, "password") {
			t.Errorf("%s: %s", name, body)
		}
		if status, _ := get(t, h, "/healthz"); status != http.StatusOK {
			t.Errorf("%s: the process is alive all the same, and %d is told", name, status)
		}
	}
}

// Probes that come together cost the database one look, and a database that comes back is seen.
func TestReadyIsKeptForASecond(t *testing.T) {
	t.Parallel()
	at, b := now, &base{ping: errors.New("away")}
	h := &observe.Health{Base: b, Now: func() time.Time { return at }}
	for range 5 {
		h.Ready()
	}
	if b.asked != 1 {
		t.Errorf("asked %d times", b.asked)
	}
	b.ping, at = nil, at.Add(time.Second)
	if r := h.Ready(); !r.Ready || b.asked != 2 || r.Lines == nil {
		t.Errorf("%+v after %d", r, b.asked)
	}
}

func TestHealthRefuses(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	h := &observe.Health{Base: &base{}, Now: func() time.Time { return now }}
	h.Handler(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/readyz", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
	if status, _ := get(t, h, "/debug/pprof/"); status != http.StatusNotFound {
		t.Errorf("another path: %d", status)
	}
}

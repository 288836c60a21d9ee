package observe

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"ccpor/clets/relay"
)

// Base is what a hub cannot take orders without; *store.Store is it.
type Base interface {
	// Ping says whether the database answers and has the tables of this program, Commits whether something can be made durable.
	Ping(ctx context.Context) error
	Commits(ctx context.Context) error
}

// Health says whether a hub is alive, and whether it is ready to take orders. It tells no address, no version and no error's text: whoever may ask learns what fails, and the log says why.
type Health struct {
	Base Base
	// Stalled says that no orders are taken since the ledger stands still; nil: never.
	Stalled func() bool
	// Lines are this hub's, nil where it has none. They are told and judge nothing: a switch that is away must not stop the intake.
	Lines func() []relay.LineStatus
	Now   func() time.Time

	mu    sync.Mutex
	last  Readiness
	asked time.Time
}

// Readiness is whether a hub takes orders, and how its lines stand.
type Readiness struct {
	Ready  bool            `json:"ready"`
	Checks map[string]bool `json:"checks"`
	Lines  []LineHealth    `json:"lines"`
}

// LineHealth is how a line stands with this hub.
type LineHealth struct {
	Line  string    `json:"line"`
	Up    bool      `json:"up"`
	Since time.Time `json:"since"`
}

// The checks, in the order in which they build on each other.
const (
	checkDatabase = "database" // it answers, and its tables are of this program's version
	checkCommit   = "commit"   // something can be made durable
	checkLedger   = "ledger"   // what is done is put on record
)

const (
	readyKeep   = time.Second     // for how long an answer is given again: a check costs a flush of the disk
	readyWithin = 2 * time.Second // what a check may take
)

// Ready judges, a second old at most.
func (h *Health) Ready() Readiness {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := h.Now(); h.asked.IsZero() || now.Sub(h.asked).Abs() >= readyKeep {
		h.last = h.judge()
		h.asked = h.Now()
	}
	return h.last
}

func (h *Health) judge() Readiness {
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	r := Readiness{Checks: map[string]bool{checkDatabase: h.Base.Ping(ctx) == nil, checkLedger: h.Stalled == nil || !h.Stalled()}, Lines: []LineHealth{}}
	r.Checks[checkCommit] = r.Checks[checkDatabase] && h.Base.Commits(ctx) == nil
	r.Ready = r.Checks[checkDatabase] && r.Checks[checkCommit] && r.Checks[checkLedger]
	if h.Lines == nil {
		return r
	}
	for _, l := range h.Lines() {
		r.Lines = append(r.Lines, LineHealth{l.Mnemonic, l.Up, l.Since})
	}
	return r
}

// Handler serves /metrics, /healthz and /readyz.
func (h *Health) Handler(metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, map[string]bool{"alive": true}) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		r := h.Ready()
		status := http.StatusOK
		if !r.Ready {
			status = http.StatusServiceUnavailable
		}
		answer(w, status, r)
	})
	return mux
}

// answer writes a small document; who does not wait for it does not need it.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

var tracked = order.NewTracking(4711)

// shelf is a store with the submissions given.
type shelf struct {
	statuses map[order.Tracking]store.Status
	err      error
	events   []store.Event
	auditErr error
	messages []store.Message
	asked    store.MessageQuery
}

func (s *shelf) Status(_ context.Context, t order.Tracking) (store.Status, error) {
	if s.err != nil {
		return store.Status{}, s.err
	}
	st, ok := s.statuses[t]
	if !ok {
		return store.Status{}, store.ErrNotFound
	}
	return st, nil
}

func (s *shelf) Recent(context.Context, int, int64) ([]store.Summary, error) {
	var rows []store.Summary
	for t, st := range s.statuses {
		rows = append(rows, store.Summary{Tracking: t, State: st.State, Owed: st.Owed, ReceivedAt: st.ReceivedAt, RefusedCode: st.RefusedCode})
	}
	return rows, s.err
}

func (s *shelf) Audit(_ context.Context, e store.Event) error {
	if s.auditErr == nil {
		s.events = append(s.events, e)
	}
	return s.auditErr
}

func get(t *testing.T, s *shelf, path string, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	p, err := New(s, s, time.UTC, func() time.Time { return now }, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	h, err := p.Handler()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "127.0.0.1:8918"
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func received() time.Time { return time.Date(2026, 11, 21, 17, 30, 0, 0, time.UTC) }

func one(st store.Status) *shelf {
	st.Tracking, st.ReceivedAt = tracked, received()
	return &shelf{statuses: map[order.Tracking]store.Status{tracked: st}}
}

func TestSubmissionPageSaysHowItStands(t *testing.T) {
	sent := store.AttemptStatus{Purpose: store.PurposeSend, Line: "CCPR", At: received(), AckedAt: received()}
	lookup := store.AttemptStatus{Purpose: store.PurposeLookup, Line: "CCP2", At: received()}
	tests := map[string]struct {
		status store.Status
		want   []string
		not    []string
	}{
		"refused": {
			store.Status{State: store.SubmissionRefused, RefusedCode: "Client.Schema.Invalid", Next: store.Move{Whose: store.PartyCourt, Sentence: "Correct it and send it again."},
				Problems: []store.Problem{{Code: "Client.Schema.Invalid", Text: "This is no date.", Path: "/OrderPackage/Date", Line: 7, Value: "SECRET VALUE", Fix: "Write it as 2006-06-07.", Whose: "court"}}},
			[]string{"Refused.", "Correct it and send it again.", "Next move: the court&#39;s", "This is no date.", "line 7", "/OrderPackage/Date", "Write it as 2006-06-07."},
			[]string{"SECRET VALUE", "Due in CARPOS"}},
		"in CARPOS": {
			store.Status{State: store.SubmissionAccepted, Owed: true, Due: received().Add(72 * time.Hour), DueRule: "one court day", Order: &store.OrderSummary{FCN: "2320632500001", Case: "06NF0886"},
				Transmissions: []store.TransmissionStatus{{Transmission: store.Transmission{Kind: store.KindEnter, State: store.StateAccepted}, Attempts: []store.AttemptStatus{
					func() store.AttemptStatus {
						a := sent
						a.Verdict, a.Text, a.FinishedAt = store.VerdictAccepted, "ENTRY ACCEPTED", received()
						return a
					}()}}}},
			[]string{"In the registry and in CARPOS.", "ENTRY ACCEPTED", "2320632500001", "06NF0886", "says nothing about CARPOS", "one court day", "Stored in one transaction"}, []string{"has passed", "after its deadline"}},
		"in CARPOS too late": {
			store.Status{State: store.SubmissionAccepted, Owed: true, Due: received(), Transmissions: []store.TransmissionStatus{
				{Transmission: store.Transmission{Kind: store.KindEnter, State: store.StateAccepted}, ChangedAt: received().Add(time.Minute)}}},
			[]string{"It reached CARPOS after its deadline"}, []string{"has passed"}},
		"late": {
			store.Status{State: store.SubmissionAccepted, Owed: true, Due: received(), Transmissions: []store.TransmissionStatus{{Transmission: store.Transmission{Kind: store.KindEnter, State: store.StateUnknown}, Attempts: []store.AttemptStatus{sent, lookup}}}},
			[]string{"CARPOS has not confirmed it yet", "The deadline for CARPOS has passed", "Outcome unknown: looked up in CARPOS (QRR) on line CCP2"}, []string{"in CARPOS."}},
		"held": {
			store.Status{State: store.SubmissionAccepted, Owed: true, Due: received().Add(time.Hour * 72), Transmissions: []store.TransmissionStatus{{Transmission: store.Transmission{Kind: store.KindEnter, State: store.StateHeld, Reason: "race is missing"}}}},
			[]string{"Its way to CARPOS is held.", "race is missing"}, nil},
		"not owed": {store.Status{State: store.SubmissionAccepted}, []string{"In the registry."}, []string{"CARPOS has not"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := one(tt.status)
			w := get(t, s, "/submission/"+string(tracked), nil)
			body := w.Body.String()
			for _, want := range tt.want {
				if !strings.Contains(body, want) {
					t.Errorf("the page does not say %q", want)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(body, not) {
					t.Errorf("the page says %q", not)
				}
			}
			if w.Code != http.StatusOK || len(s.events) != 1 || !strings.Contains(s.events[0].Object, string(tracked)) {
				t.Errorf("status %d, audited %v; want 200 and one entry for the submission", w.Code, s.events)
			}
		})
	}
}

func TestPagesRefuse(t *testing.T) {
	good := "/submission/" + string(tracked)
	tests := map[string]struct {
		path   string
		change func(*http.Request)
		shelf  *shelf
		code   int
		says   string
	}{
		"mistyped number":       {"/submission/AAAA-AAAA-AB", nil, one(store.Status{}), 400, "no tracking number"},
		"number in the form":    {"/submission?tracking=hello", nil, one(store.Status{}), 400, "no tracking number"},
		"unknown number":        {"/submission/" + string(order.NewTracking(1)), nil, one(store.Status{}), 404, "No submission has this number"},
		"store away":            {good, nil, &shelf{err: errors.New("dial tcp: secret host")}, 503, "cannot be read now"},
		"audit away":            {good, nil, &shelf{statuses: one(store.Status{}).statuses, auditErr: errors.New("disk full")}, 503, "cannot be read now"},
		"another host name":     {good, func(r *http.Request) { r.Host = "evil.example" }, one(store.Status{}), 421, "own machine"},
		"list before nonsense":  {"/?before=-1", nil, one(store.Status{}), 400, "no such page"},
		"nothing to be written": {good, func(r *http.Request) { r.Method = http.MethodPost }, one(store.Status{}), 405, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := get(t, tt.shelf, tt.path, tt.change)
			if w.Code != tt.code || !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("status %d, body %.300q; want %d and %q", w.Code, w.Body, tt.code, tt.says)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Error("the page shows the inner error")
			}
		})
	}
}

func TestFindGoesToThePage(t *testing.T) {
	w := get(t, one(store.Status{}), "/submission?tracking="+strings.ToLower(strings.ReplaceAll(string(tracked), "-", "")), nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/submission/"+string(tracked) {
		t.Errorf("got %d to %q", w.Code, w.Header().Get("Location"))
	}
}

func TestPagesBindTheBrowser(t *testing.T) {
	w := get(t, one(store.Status{}), "/", nil)
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("policy %q", csp)
	}
	if strings.Contains(w.Body.String(), "<script") || strings.Contains(w.Body.String(), "style=") {
		t.Error("the page holds a script or an inline style")
	}
}

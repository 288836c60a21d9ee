package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/web"
	"ccpor/web/site"
)

// operator lets in one who sees the jobs.
type operator struct{}

func (operator) Who(*http.Request) (site.Visitor, error) {
	return site.Visitor{ID: 1, Login: "olga@operator.example", Name: "Olga Operator", Asker: access.Asker{Kind: access.KindOperator, Agency: "CA034ABCX", Roles: []access.Role{access.SystemAdministrator}}}, nil
}

// River's pages show the jobs and nothing about people, and change nothing.
func TestRiverPagesAreForReading(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	river, err := riverPages(s.store, log)
	s.must(err)
	s.must(river.Start(t.Context()))
	pages, err := web.New(web.Config{Config: site.Config{Auditor: s.store, Gate: operator{}, Now: time.Now, Zone: time.UTC, Log: log, URL: &url.URL{Scheme: "http", Host: "127.0.0.1:8918"}},
		Store: s.store, River: river})
	s.must(err)
	h := pages.Handler()
	ask := func(method, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(`{"ids":["1","2","3","4"]}`))
		r.Host = "127.0.0.1:8918"
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	index := ask(http.MethodGet, "/river/")
	if index.Code != http.StatusOK || !strings.Contains(index.Body.String(), "<title>River</title>") || !strings.Contains(index.Header().Get("Content-Security-Policy"), "script-src 'self';") {
		t.Errorf("index: %d, policy %q", index.Code, index.Header().Get("Content-Security-Policy"))
	}
	jobs := ask(http.MethodGet, "/river/api/jobs?state=available&limit=20")
	if jobs.Code != http.StatusOK || !strings.Contains(jobs.Body.String(), "transmission_id") || strings.Contains(strings.ToUpper(jobs.Body.String()), "SAMPLE") {
		t.Errorf("jobs: %d, %.300s", jobs.Code, jobs.Body)
	}
	for _, path := range []string{"/river/api/jobs/cancel", "/river/api/jobs/delete", "/river/api/jobs/retry"} {
		if w := ask(http.MethodPost, path); w.Code != http.StatusNotFound {
			t.Errorf("POST %s: %d", path, w.Code)
		}
	}
	if w := ask(http.MethodPut, "/river/api/queues/default/pause"); w.Code != http.StatusNotFound {
		t.Errorf("pausing the queue: %d", w.Code)
	}
	if again := ask(http.MethodGet, "/river/api/jobs?state=available&limit=20"); again.Body.String() != jobs.Body.String() {
		t.Error("the jobs are not what they were")
	}
}

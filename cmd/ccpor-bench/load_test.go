package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func testLoad(t *testing.T, handler http.HandlerFunc) load {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	return load{url: server.URL + "/soap", tls: server.Client().Transport.(*http.Transport).TLSClientConfig, clients: 3}
}

func TestLoadSendsEachOnce(t *testing.T) {
	t.Parallel()
	var seen [20]atomic.Int64
	l := testLoad(t, func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Content-Type") == "text/test" {
			seen[req.ContentLength].Add(1)
		}
	})
	requests := make([]request, len(seen))
	for i := range requests {
		requests[i] = request{contentType: "text/test", body: []byte(strings.Repeat("x", i))}
	}
	res, err := l.run(t.Context(), requests)
	if err != nil || res.sent != len(requests) || len(res.latencies) != len(requests) {
		t.Fatalf("sent %d, %d latencies, %v", res.sent, len(res.latencies), err)
	}
	for i := range seen {
		if n := seen[i].Load(); n != 1 {
			t.Errorf("request %d was sent %d times", i, n)
		}
	}
}

func TestLoadFailsWithTheFirstFault(t *testing.T) {
	t.Parallel()
	l := testLoad(t, func(w http.ResponseWriter, req *http.Request) {
		http.Error(w, "the words of a fault", http.StatusInternalServerError)
	})
	_, err := l.run(t.Context(), make([]request, 5))
	if !errors.Is(err, errRefused) || !strings.Contains(err.Error(), "the words of a fault") {
		t.Errorf("got %v", err)
	}
}

// Hostile requests are half of the traffic at any moment, are not in the result, and must be refused.
func TestLoadBesieged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer int
		want   error
	}{"refused": {http.StatusBadRequest, nil}, "taken": {http.StatusOK, errTaken}} {
		l := testLoad(t, func(w http.ResponseWriter, req *http.Request) {
			if req.ContentLength > 0 {
				w.WriteHeader(c.answer)
			}
		})
		all := interleaved(make([]request, 6), []request{{body: []byte("x"), hostile: true}, {body: []byte("y"), hostile: true}})
		res, err := l.run(t.Context(), all)
		if !errors.Is(err, c.want) || c.want == nil && (res.sent != 6 || len(all) != 12 || all[2].hostile || string(all[3].body) != "y") {
			t.Errorf("%s: sent %d of %d, %v", name, res.sent, len(all), err)
		}
	}
}

// A request that had to wait for its connection counts from when it was due.
func TestLatencyCountsFromTheDueTime(t *testing.T) {
	t.Parallel()
	const slow = 30 * time.Millisecond
	l := testLoad(t, func(w http.ResponseWriter, req *http.Request) { <-time.After(slow) })
	l.clients, l.rate = 1, 1000
	res, err := l.run(t.Context(), make([]request, 5))
	if err != nil {
		t.Fatal(err)
	}
	if last := res.percentile(1); last < 4*slow {
		t.Errorf("the last of five at 1000 a second took %v, though they went one after another at %v each", last, slow)
	}
}

func TestLoadEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	l := testLoad(t, func(w http.ResponseWriter, req *http.Request) { cancel() })
	if _, err := l.run(ctx, make([]request, 1000)); !errors.Is(err, context.Canceled) {
		t.Errorf("after a cancel: %v", err)
	}
	l = testLoad(t, func(w http.ResponseWriter, req *http.Request) {})
	l.most = time.Nanosecond
	res, err := l.run(t.Context(), make([]request, 1000))
	if err != nil || res.sent > 0 {
		t.Errorf("after its time: sent %d, %v", res.sent, err)
	}
}

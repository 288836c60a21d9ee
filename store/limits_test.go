package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/store"
)

// Limits of an agency's own are kept, whatever else is registered anew, and what counts against them are its own packages that were taken.
func TestLimitsOfAnAgency(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	want := store.AgencyLimits{PerSecond: 2.5, Burst: 7, Daily: 300}
	if a, err := h.SetLimits(t.Context(), h.court.ORI, want, store.By{Actor: "a test"}, noon); err != nil || a.Limits != want {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := h.RegisterAgency(t.Context(), h.court); err != nil {
		t.Fatal(err)
	}
	if a, err := h.AgencyByORI(t.Context(), h.court.ORI); err != nil || a.Limits != want {
		t.Errorf("registered anew: %+v, %v", a.Limits, err)
	}
	if _, err := h.SetLimits(t.Context(), "CA999999J", want, store.By{Actor: "a test"}, noon); !errors.Is(err, store.ErrNotFound) {
		t.Error("of nobody:", err)
	}
	if _, err := h.SetLimits(t.Context(), h.court.ORI, store.AgencyLimits{Daily: -1}, store.By{Actor: "a test"}, noon); err == nil {
		t.Error("a negative limit is kept")
	}
	mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	if _, err := h.Refuse(t.Context(), refusedOf(add(h.court, "p-2", "o-2"), nil)); err != nil {
		t.Fatal(err)
	}
	trial := add(h.court, "p-3", "o-3")
	trial.Test = true
	mustAccept(t, h.Store, trial)
	if n, err := h.TakenSince(t.Context(), store.Reach{Agency: h.court.ID, Test: true}, noon); err != nil || n != 1 {
		t.Errorf("tests: %d, %v", n, err)
	}
	for since, want := range map[time.Time]int{noon: 1, noon.Add(time.Second): 0} {
		if n, err := h.TakenSince(t.Context(), store.Reach{Agency: h.court.ID}, since); err != nil || n != want {
			t.Errorf("taken since %v: %d, %v", since, n, err)
		}
	}
	if n, err := h.TakenSince(t.Context(), store.Reach{Agency: h.court.ID + 1}, noon); err != nil || n != 0 {
		t.Errorf("another's: %d, %v", n, err)
	}
}

// Packages of today are counted without a look at those of the years before.
func TestCountOfADayIsOfThatDay(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.sql(`with i as (insert into submission (tracking, agency_id, package, action, state, test, received_at, peer, correlation, digest, canonical, signer, algorithm, order_id, due_rule, not_owed,
			waited_for, refused_stage, refused_code)
		select 'T-' || g, $1, 'old-' || g, 'add', 'accepted', false, $2::timestamptz - g * interval '1 hour', '', '', sha256(''), sha256(''), sha256(''), '', g, '', '', '', '', ''
		from generate_series(1, 20000) g returning 1) select count(*)::text from i`, int64(h.court.ID), noon)
	conn, err := pgx.Connect(t.Context(), h.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "analyze submission"); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), "explain (analyze, format text) "+store.TakenSinceSQL, int64(h.court.ID), false, noon.Add(-time.Hour*3))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if text := strings.Join(plan, "\n"); err != nil || strings.Contains(text, "Rows Removed by Filter") {
		t.Errorf("%v\n%s", err, text)
	}
}

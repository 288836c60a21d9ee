package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ccpor/store"
)

// Every transmission of the days asked for is told once, with its moments, over as many parts as it takes.
func TestTimes(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	first := mustAccept(t, h.Store, owed(h.court, "o-1", noon.Add(-time.Second)))
	entry := h.only(first).ID
	h.finish(h.begin(entry, store.PurposeSend), store.Outcome{Verdict: store.VerdictUnknown})
	h.finish(h.begin(entry, store.PurposeLookup), store.Outcome{Verdict: store.VerdictNotFound})
	a := h.begin(entry, store.PurposeSend)
	if err := errors.Join(h.MarkSent(t.Context(), a, noon.Add(time.Minute)), h.MarkAcked(t.Context(), a, noon.Add(2*time.Minute))); err != nil {
		t.Fatal(err)
	}
	last := accepted
	last.At = noon.Add(3 * time.Minute)
	if _, err := h.Finish(t.Context(), a, last); err != nil {
		t.Fatal(err)
	}
	mustAccept(t, h.Store, owed(h.court, "o-2", noon.Add(time.Hour)))
	test := owed(h.court, "o-3", noon)
	test.Test = true
	mustAccept(t, h.Store, test)
	later := owed(h.court, "o-4", noon)
	later.Received.At = noon.Add(24 * time.Hour)
	mustAccept(t, h.Store, later)
	ask := func(q store.TimesQuery) (rows []store.Times) {
		t.Helper()
		if q.From.IsZero() {
			q.From, q.To = noon.Add(-time.Hour), noon.Add(time.Hour)
		}
		if err := h.Times(t.Context(), q, noon.Add(2*time.Hour), func(x store.Times) error { rows = append(rows, x); return nil }); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	rows := ask(store.TimesQuery{})
	want := store.Times{Tracking: first.Tracking, Agency: "CA030013J", County: "Orange", Kind: store.KindEnter, Action: store.ActionAdd, State: store.StateAccepted, Received: noon, Due: noon.Add(-time.Second),
		FirstSent: noon, LastSent: noon.Add(time.Minute), Acknowledged: noon.Add(2 * time.Minute), Accepted: noon.Add(3 * time.Minute), Attempts: 2, Lookups: 1, Standing: store.StandingMetLate}
	if len(rows) != 2 || rows[0] != want || rows[1].Standing != store.StandingLate || !rows[1].Accepted.IsZero() {
		t.Errorf("got  %+v\nwant %+v", rows, want)
	}
	for name, x := range map[string]struct {
		q    store.TimesQuery
		want int
	}{
		"tests too":    {store.TimesQuery{Tests: true}, 2}, // nothing is owed for the test: this hub's switch is live
		"another's":    {store.TimesQuery{Agency: "CA019013J"}, 0},
		"its own":      {store.TimesQuery{Agency: "CA030013J"}, 2},
		"the next day": {store.TimesQuery{From: noon.Add(time.Hour), To: noon.Add(48 * time.Hour)}, 1},
		"from is in":   {store.TimesQuery{From: noon.Add(24 * time.Hour), To: noon.Add(48 * time.Hour)}, 1},
		"to is not":    {store.TimesQuery{From: noon.Add(time.Hour), To: noon.Add(24 * time.Hour)}, 0},
	} {
		if got := len(ask(x.q)); got != x.want {
			t.Errorf("%s: %d, want %d", name, got, x.want)
		}
	}
	full := errors.New("the disk is full")
	if err := h.Times(t.Context(), store.TimesQuery{From: noon, To: noon.Add(time.Hour)}, noon, func(store.Times) error { return full }); !errors.Is(err, full) {
		t.Errorf("an error of the one who writes: %v", err)
	}
}

// More than one part is read to its end, and packages for which nothing is owed are passed over.
func TestTimesOfMany(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	mustAccept(t, h.Store, owed(h.court, "o-1", noon))
	columns := "tracking, agency_id, package, action, state, test, received_at, peer, correlation, digest, canonical, signer, algorithm, order_id, due, due_rule, not_owed, waited_for, refused_stage, refused_code"
	copied := strings.NewReplacer("tracking,", "'T' || n,", "package,", "'p-' || n,", "order_id,", "1000 + n,", "not_owed,", "case when n % 3 = 0 then 'agency' else '' end,").Replace(columns)
	if err := errors.Join(
		h.exec("insert into submission (id, "+columns+") select 1000 + n, "+copied+" from submission, generate_series(1, 2500) n where id = 1"),
		h.exec(`insert into transmission (id, order_id, seq, submission_id, kind, state, test, retry_at, changed_at) select 1000 + n, 1000 + n, 1, 1000 + n, 'ERR', 'ready', false, now(), now()
			from generate_series(1, 2500) n where n % 3 > 0`)); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	err := h.Times(t.Context(), store.TimesQuery{From: noon, To: noon.Add(time.Second)}, noon, func(x store.Times) error {
		if seen[string(x.Tracking)] {
			return fmt.Errorf("%s is told twice", x.Tracking)
		}
		seen[string(x.Tracking)] = true
		return nil
	})
	if want := 1 + 2500 - 833; err != nil || len(seen) != want {
		t.Errorf("%d told, want %d; %v", len(seen), want, err)
	}
}

package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// Figures count what is not settled, by kind and state, with its ages and deadlines, and what else waits.
func TestFigures(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	court := orange(t, s)
	due := func(a store.Accepted, in time.Duration) store.Accepted {
		a.Deadline.Due = noon.Add(in)
		return a
	}
	mustAccept(t, s, due(add(court, "p-late", "late"), -time.Hour))
	mustAccept(t, s, due(add(court, "p-soon", "soon"), time.Hour))
	mustAccept(t, s, due(add(court, "p-held", "held"), 48*time.Hour))
	mustAccept(t, s, due(serve(court, "p-wait", "nobody"), 3*time.Hour))
	w, err := s.Work(t.Context(), transmissionOf(t, s, "p-held", court))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Hold(t.Context(), w.ID, store.Hold{Reason: "The order names no race.", Field: "RAC", Seen: w.Seen, At: noon.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Inbound(t.Context(), "CCP1", "000001", "", "SOMETHING NEW", noon.Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lease(t.Context(), "CCP1", time.Minute); err != nil {
		t.Fatal(err)
	}
	f, err := s.Figures(t.Context(), noon.Add(2*time.Minute), []float64{0.8, 0.03})
	if err != nil {
		t.Fatal(err)
	}
	want := []store.QueueFigure{
		{Kind: store.KindEnter, State: store.StateHeld, Count: 1, Since: noon.Add(time.Minute), Received: noon, Due: noon.Add(48 * time.Hour)},
		{Kind: store.KindEnter, State: store.StateReady, Count: 2, Since: noon, Received: noon, Due: noon.Add(-time.Hour), Late: 1, AtRisk: 1},
		{Kind: store.KindServe, State: store.StateWaiting, Count: 1, Since: noon, Received: noon, Due: noon.Add(3 * time.Hour)},
	}
	sorted := cmpopts.SortSlices(func(a, b store.QueueFigure) bool { return a.Kind+store.Kind(a.State) < b.Kind+store.Kind(b.State) })
	if d := cmp.Diff(want, f.Queue, sorted, cmpopts.EquateApproxTime(0)); d != "" {
		t.Error(d)
	}
	if f.Held["RAC"] != 1 || len(f.Held) != 1 || f.Unhandled != 1 || !f.UnhandledSince.Equal(noon.Add(-time.Minute)) || len(f.Leases) != 1 {
		t.Errorf("%+v", f)
	}
	jobs := 0
	for _, j := range f.Jobs {
		jobs += j.Count
	}
	if jobs == 0 || f.LedgerAt.IsZero() || len(f.Alarms)+len(f.Failing)+f.Notices != 0 {
		t.Errorf("%+v", f)
	}
}

// Tests have no deadline that anybody waits for.
func TestFiguresOfTests(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewURL(t), store.Options{TestSwitch: true})
	court := orange(t, s)
	a := add(court, "p-1", "o-1")
	a.Test, a.Deadline.Due = true, noon.Add(-time.Hour)
	mustAccept(t, s, a)
	f, err := s.Figures(t.Context(), noon, []float64{0.5})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Queue) != 1 || f.Queue[0].Count != 1 || f.Queue[0].Late != 0 || !f.Queue[0].Due.IsZero() {
		t.Errorf("%+v", f.Queue)
	}
}

// transmissionOf is the transmission that a package brought.
func transmissionOf(t *testing.T, s *store.Store, pkg string, a store.Agency) store.TransmissionID {
	t.Helper()
	status, err := s.StatusByPackage(t.Context(), a.Reach(), order.LocalID(pkg))
	if err != nil || len(status.Transmissions) != 1 {
		t.Fatalf("%v %+v", err, status)
	}
	return status.Transmissions[0].ID
}

// What is counted every ten seconds does not read what was settled in the years before: each part of it has an index of its own.
func TestFiguresReadIndexes(t *testing.T) {
	t.Parallel()
	conn := connect(t, storetest.NewURL(t))
	if _, err := conn.Exec(t.Context(), "set enable_seqscan = off"); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		"select t.kind, t.state, count(*) from " + store.OpenStates + " t group by 1, 2",
		"select field, count(*) from transmission where state = 'held' group by field",
		"select count(*), min(at) from inbound where handled_at is null",
		"select count(*) from alarm where cleared is null",
		"select kind, count(*) from task where closed_at is null group by kind",
		"select count(*) from notice where delivered_at is null",
		store.JobFigures,
	} {
		rows, err := conn.Query(t.Context(), "explain "+q)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(plan, "\n"); strings.Contains(all, "Seq Scan") {
			t.Errorf("%s reads everything:\n%s", q, all)
		}
	}
}

// A database that takes no writes is told from one that does.
func TestCommits(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	s := storetest.Open(t, url, store.Options{})
	if err := s.Commits(t.Context()); err != nil {
		t.Error(err)
	}
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	reading := storetest.Open(t, url+sep+"default_transaction_read_only=on", store.Options{})
	if err := reading.Commits(t.Context()); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("a database that takes no writes: %v", err)
	}
	s.Close()
	if err := s.Commits(t.Context()); err == nil {
		t.Error("a closed one commits")
	}
}

package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"ccpor/store"
	"ccpor/store/storetest"
)

// refuseAt refuses a package of the agency, or of nobody known.
func refuseAt(t testing.TB, s *store.Store, by store.Agency, at time.Time) {
	t.Helper()
	r := store.Refused{Agency: by.ID, ORI: by.ORI, At: at, Stage: "receive", Code: "Client.Peer.CertificateUnknown", Received: store.Received{At: at, Peer: "192.0.2.7:50123", Correlation: "c"}}
	if _, err := s.Refuse(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func acceptAt(t testing.TB, s *store.Store, a store.Accepted, at time.Time) {
	t.Helper()
	a.Received.At, a.Deadline.Due = at, at.Add(36*time.Hour)
	mustAccept(t, s, a)
}

func mustMeasure(t testing.TB, s *store.Store, at time.Time) bool {
	t.Helper()
	did, err := s.MeasureAll(t.Context(), []float64{0.5}, at)
	if err != nil {
		t.Fatal(err)
	}
	return did
}

// series are the values of a measure by "HH:MM label".
func series(t testing.TB, s *store.Store, from, to time.Time, step time.Duration, what store.Measure) map[string]float64 {
	t.Helper()
	all, err := s.Series(t.Context(), from, to, step, what)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, m := range all {
		got[strings.TrimSpace(m.At.Format("15:04")+" "+m.Label)] = m.Value
	}
	return got
}

// Of two hubs one measures a minute, each thing that happened is counted once, and what nobody measured is counted later.
func TestMeasure(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	one, other := storetest.Open(t, url, store.Options{}), storetest.Open(t, url, store.Options{})
	court := orange(t, one)
	acceptAt(t, one, add(court, "p-1", "o-1"), noon.Add(10*time.Second))
	acceptAt(t, one, add(court, "p-2", "o-2"), noon.Add(59*time.Second))
	acceptAt(t, one, add(court, "p-3", "o-3"), noon.Add(61*time.Second))
	refuseAt(t, one, court, noon.Add(20*time.Second))
	refuseAt(t, one, store.Agency{}, noon.Add(30*time.Second))
	if !mustMeasure(t, one, noon.Add(2*time.Minute+5*time.Second)) || mustMeasure(t, other, noon.Add(2*time.Minute+40*time.Second)) || mustMeasure(t, one, noon.Add(time.Minute)) {
		t.Error("a minute is measured once, and no minute before it")
	}
	acceptAt(t, one, add(court, "p-4", "o-4"), noon.Add(4*time.Minute))
	if !mustMeasure(t, other, noon.Add(6*time.Minute+time.Second)) { // nobody measured for some minutes
		t.Error("the other hub does not measure")
	}
	want := map[string]float64{"20:00": 2, "20:01": 1, "20:02": 0, "20:03": 0, "20:04": 1}
	if d := cmp.Diff(want, series(t, one, noon, noon.Add(time.Hour), time.Minute, store.MeasureAccepted)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]float64{"20:00 CA030013J": 1, "20:00": 1}, series(t, one, noon, noon.Add(time.Hour), time.Minute, store.MeasureRefused)); d != "" {
		t.Error(d)
	}
	if got := series(t, one, noon, noon.Add(time.Hour), 5*time.Minute, store.MeasureQueue); got["20:00 ready"] != 3 || got["20:05 ready"] != 4 || got["20:05 held"] != 0 {
		t.Errorf("the highest of the steps: %v", got)
	}
	if got := series(t, one, noon, noon.Add(time.Hour), time.Minute, store.MeasureUnsent); got["20:02"] != 115 || got["20:06"] != 351 {
		t.Errorf("unsent: %v", got)
	}
}

// Hubs that measure the same minute at the same moment write it once.
func TestMeasureAtOnce(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	first := storetest.Open(t, url, store.Options{})
	acceptAt(t, first, add(orange(t, first), "p-1", "o-1"), noon)
	hubs := []*store.Store{first, storetest.Open(t, url, store.Options{}), storetest.Open(t, url, store.Options{})}
	var wrote sync.Map
	var all sync.WaitGroup
	for i, s := range hubs {
		all.Go(func() {
			for m := range 5 {
				if mustMeasure(t, s, noon.Add(time.Duration(2+m)*time.Minute)) {
					if who, twice := wrote.LoadOrStore(m, i); twice {
						t.Errorf("minute %d is of hubs %v and %d", m, who, i)
					}
				}
			}
		})
	}
	all.Wait()
	got := series(t, first, noon, noon.Add(time.Hour), time.Hour, store.MeasureAccepted)
	if got["20:00"] != 1 {
		t.Errorf("counted twice: %v", got)
	}
}

// Attempts are counted when they end, however long ago they began; the ones that end later are not forgotten.
func TestMeasureAttempts(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	s, court, conn := h.Store, h.court, connect(t, h.url)
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	acceptAt(t, s, add(court, "p-1", "o-1"), noon)
	insert := func(id int, began, ended time.Duration, verdict string) {
		t.Helper()
		exec(`insert into attempt (id, transmission_id, purpose, control, line, hub, bytes, at, sent_at, finished_at, verdict)
			select $1, min(id), 'send', $2, 'CCP1', 'h', decode(repeat('01', 40), 'hex'), $3, $3, $4, $5 from transmission`, id, fmt.Sprintf("%010d", id), noon.Add(began), nullable(noon.Add(ended), verdict), verdict)
	}
	insert(1000, 0, 10*time.Second, "accepted")
	insert(1001, 0, 30*time.Second, "rejected")
	insert(1002, 5*time.Second, 0, "")
	insert(1003, 10*time.Second, 50*time.Second, "unknown")
	mustMeasure(t, s, noon.Add(2*time.Minute))
	exec("update attempt set verdict = 'onFile', finished_at = $1 where id = 1002", noon.Add(90*time.Second))
	insert(1004, 80*time.Second, 100*time.Second, "accepted")
	mustMeasure(t, s, noon.Add(3*time.Minute))
	mustMeasure(t, s, noon.Add(4*time.Minute))
	want := map[string]float64{"20:00 accepted": 1, "20:00 rejected": 1, "20:00 unknown": 1, "20:01 onFile": 1, "20:01 accepted": 1}
	if d := cmp.Diff(want, series(t, s, noon, noon.Add(time.Hour), time.Minute, store.MeasureAttempts)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]float64{"20:00": 20, "20:01": 52.5}, series(t, s, noon, noon.Add(time.Hour), time.Minute, store.MeasureReplyP50)); d != "" {
		t.Error(d)
	}
}

func nullable(at time.Time, verdict string) *time.Time {
	if verdict == "" {
		return nil
	}
	return &at
}

// Minutes become hours after two days: counts are summed up, of what stands the worst is kept; hours are forgotten after 35 days. It is done once, whichever hub asks, and again changes nothing.
func TestThinMeasured(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	s, other := storetest.Open(t, url, store.Options{Hub: "west-1"}), storetest.Open(t, url, store.Options{})
	for m := range 150 {
		at := noon.Add(time.Duration(m) * time.Minute)
		own := []store.Measured{{What: store.MeasureRefused, Label: "x", Value: 1}, {What: store.MeasureLinesUp, Value: float64(m)}, {What: store.MeasureLate, Value: float64(m)}}
		if err := s.MeasureOwn(t.Context(), own, at); err != nil {
			t.Fatal(err)
		}
	}
	now := noon.Add(48*time.Hour + 2*time.Hour + 10*time.Minute) // the hours of noon and after are over, the third is not
	for i, who := range []*store.Store{s, other, s} {
		if did, err := who.ThinMeasured(t.Context(), now); err != nil || did != (i == 0) {
			t.Errorf("thinned: %v, %v", did, err)
		}
	}
	minutes := series(t, s, noon, noon.Add(3*time.Hour), time.Minute, store.MeasureRefused)
	if len(minutes) != 2+30 || minutes["20:00 west-1 x"] != 60 || minutes["21:00 west-1 x"] != 60 || minutes["22:29 west-1 x"] != 1 {
		t.Errorf("%v", minutes)
	}
	for what, want := range map[store.Measure]map[string]float64{
		store.MeasureLinesUp: {"20:00 west-1": 0, "21:00 west-1": 60, "22:00 west-1": 120},
		store.MeasureLate:    {"20:00 west-1": 59, "21:00 west-1": 119, "22:00 west-1": 149},
	} {
		if d := cmp.Diff(want, series(t, s, noon, noon.Add(3*time.Hour), time.Hour, what)); d != "" {
			t.Error(what, d)
		}
	}
	if did, err := s.ThinMeasured(t.Context(), noon.Add(36*24*time.Hour)); err != nil || !did {
		t.Error(did, err)
	}
	if left := series(t, s, noon, noon.Add(3*time.Hour), time.Minute, store.MeasureRefused); len(left) != 0 {
		t.Errorf("kept for longer than 35 days: %v", left)
	}
}

// What a hub measures of itself it measures once a minute.
func TestMeasureOwn(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewURL(t), store.Options{Hub: "west 1"})
	for _, v := range []float64{0.25, 7} {
		if err := s.MeasureOwn(t.Context(), []store.Measured{{What: store.MeasureClock, Value: v}, {What: store.MeasureOwnEnd, Label: "seal", Value: float64(noon.Add(24 * time.Hour).Unix())}}, noon.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.MeasureOwn(t.Context(), []store.Measured{{What: "invented", Value: 1}}, noon); err == nil {
		t.Error("what is no measure was kept")
	}
	b, err := s.Board(t.Context(), noon.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if b.Clocks["west 1"] != 250*time.Millisecond || len(b.Own) != 1 || b.Own[0] != (store.OwnEnd{Hub: "west 1", Use: "seal", To: noon.Add(24 * time.Hour)}) || !b.Measured.IsZero() {
		t.Errorf("%+v", b)
	}
	if late, err := s.Board(t.Context(), noon.Add(6*time.Minute)); err != nil || len(late.Clocks)+len(late.Own) != 0 {
		t.Errorf("a hub that is gone: %+v, %v", late, err)
	}
	if ahead, err := s.ClockAhead(t.Context(), time.Now); err != nil || ahead.Abs() > time.Second {
		t.Errorf("this machine's own database: %s, %v", ahead, err)
	}
}

// The board reads what was measured, and what is short in itself.
func TestBoard(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	court := h.court
	acceptAt(t, h.Store, add(court, "p-1", "o-1"), noon)
	refuseAt(t, h.Store, court, noon.Add(time.Second))
	refuseAt(t, h.Store, court, noon.Add(2*time.Second))
	refuseAt(t, h.Store, store.Agency{}, noon.Add(time.Second))
	if err := h.ReportLines(t.Context(), []store.LineReport{{Line: "CCP1", Up: true, Since: noon}, {Line: "CCP2", Since: noon, Why: "refused"}}, noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	mustMeasure(t, h.Store, noon.Add(2*time.Minute))
	b, err := h.Board(t.Context(), noon.Add(150*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if !b.Measured.Equal(noon.Add(2*time.Minute)) || b.Queue[store.StateReady] != 1 || b.Unsent != 2*time.Minute || b.Jobs["available"]+b.Jobs["scheduled"] == 0 || len(b.Lines) != 2 || b.Database.Bytes == 0 ||
		b.Database.Connections == 0 || b.Database.Version != b.Database.Needed || b.LedgerAt.IsZero() {
		t.Errorf("%+v", b)
	}
	if d := cmp.Diff([]store.RefusedBy{{Agency: court.ORI, Name: court.Name, Count: 2}, {Count: 1}}, b.Refused); d != "" {
		t.Error(d)
	}
	if later, err := h.Board(t.Context(), noon.Add(25*time.Hour)); err != nil || len(later.Refused) != 0 {
		t.Errorf("a day later: %+v, %v", later.Refused, err)
	}
}

// Nothing that the board asks, and nothing that is measured each minute, reads all submissions or all attempts.
func TestBoardReadsIndexes(t *testing.T) {
	t.Parallel()
	conn := connect(t, storetest.NewURL(t))
	if _, err := conn.Exec(t.Context(), "set enable_seqscan = off"); err != nil {
		t.Fatal(err)
	}
	for _, q := range store.BoardSQL() {
		rows, err := conn.Query(t.Context(), "explain "+q)
		if err != nil {
			t.Fatal(q, err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(q, err)
		}
		whole := strings.Join(plan, "\n")
		for _, table := range []string{"submission", "attempt", "transmission", "audit", "measurement", "received"} {
			if strings.Contains(whole, "Seq Scan on "+table) {
				t.Errorf("%s reads all of %s:\n%s", q, table, whole)
			}
		}
	}
}

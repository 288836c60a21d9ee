package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ccpor/store"
	"ccpor/store/storetest"
)

const turnTime = 2 * time.Minute

// listen registers where the hub's court is told.
func (h *hub) listen(a store.Agency, active bool) {
	h.t.Helper()
	if err := h.RegisterListener(h.t.Context(), store.Listener{Agency: a.ID, URL: "http://localhost:1/", Edition: "1.1", Active: active}); err != nil {
		h.t.Fatal(err)
	}
}

// next takes the agency's next notice within a turn of its own or the given one.
func (h *hub) next(t store.Turn) store.Notice {
	h.t.Helper()
	n, err := h.NextNotice(h.t.Context(), t, noon, turnTime)
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func (h *hub) turn(a store.Agency, at time.Time) store.Turn {
	h.t.Helper()
	t, err := h.TakeTurn(h.t.Context(), a.ID, at, turnTime)
	if err != nil {
		h.t.Fatal(err)
	}
	return t
}

// drain delivers everything and says what was told.
func (h *hub) drain(a store.Agency) []string {
	h.t.Helper()
	var told []string
	t := h.turn(a, noon)
	for {
		n, err := h.NextNotice(h.t.Context(), t, noon, turnTime)
		if errors.Is(err, store.ErrNotFound) {
			return told
		}
		if err != nil {
			h.t.Fatal(err)
		}
		told = append(told, fmt.Sprintf("%d %s %s %s %s", n.Number, n.Package, n.Kind, n.State, n.FCN))
		if err := h.Delivered(h.t.Context(), t, n, noon); err != nil {
			h.t.Fatal(err)
		}
	}
}

// Every move but the passing ones is told, in order and numbered without gaps, to whoever sent the package; each commits a job with itself.
func TestMovesAreTold(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	police := register(t, h.Store, store.Agency{ORI: "CA0300100", Name: "Police", Kind: store.KindLawEnforcement, Submits: true})
	h.listen(h.court, true)
	h.listen(police, true)
	entry := h.only(mustAccept(t, h.Store, add(h.court, "p-1", "o-1")))
	served := mustAccept(t, h.Store, serve(police, "p-2", "o-1"))
	h.finish(h.begin(entry.ID, store.PurposeSend), store.Outcome{Verdict: store.VerdictUnknown})
	h.finish(h.begin(entry.ID, store.PurposeLookup), store.Outcome{Verdict: store.VerdictRetry}) // still unknown: no news
	h.finish(h.begin(entry.ID, store.PurposeLookup), store.Outcome{Verdict: store.VerdictNotFound})
	h.finish(h.begin(entry.ID, store.PurposeSend), store.Outcome{Verdict: store.VerdictRejected, Text: "CARPOS refuses it.", Item: "3"})
	if err := h.Release(t.Context(), entry.ID, "person x", noon); err != nil {
		t.Fatal(err)
	}
	h.finish(h.begin(entry.ID, store.PurposeSend), accepted)
	if err := h.Hold(t.Context(), h.only(served).ID, store.Hold{Reason: "It lacks something.", At: noon}); err != nil {
		t.Fatal(err)
	}
	want := []string{"1 p-1 ERR unknown ", "2 p-1 ERR ready ", "3 p-1 ERR held ", "4 p-1 ERR ready ", "5 p-1 ERR accepted 2320632500001"}
	if got := h.drain(h.court); !slices.Equal(got, want) {
		t.Errorf("told %q\nwant %q", got, want)
	}
	if got := h.drain(police); !slices.Equal(got, []string{"1 p-2 SRR ready ", "2 p-2 SRR held "}) {
		t.Errorf("the other sender is told %q", got)
	}
	all, err := h.Notices(t.Context(), h.court.ID, 10)
	if err != nil || len(all) != 5 || all[2].Reason != "CARPOS refuses it." || all[2].Item != "3" || all[2].Next.Whose != store.PartyPerson || all[4].Next.Whose != store.PartyNobody || !all[0].At.Equal(noon.Add(time.Second)) {
		t.Errorf("%+v, %v", all, err)
	}
	if jobs := h.sql("select count(*)::text from river_job where kind = 'deliver' and queue = 'notices' and (args->>'agency_id')::bigint = $1", int64(h.court.ID)); jobs < "5" {
		t.Errorf("%s jobs", jobs)
	}
	if audited := h.sql("select string_agg(details, ',' order by id) from audit where action = 'submission.tell' and actor = 'agency CA0300100'"); audited != "notice 1: SRR ready,notice 2: SRR held" {
		t.Errorf("on record: %s", audited)
	}
}

// What the intake moves is told like the relay's moves, in the same transaction, and the sweep finds it.
func TestTheIntakesMovesAreTold(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	police := register(t, h.Store, store.Agency{ORI: "CA0300100", Name: "Police", Kind: store.KindLawEnforcement, Submits: true})
	self := register(t, h.Store, store.Agency{ORI: "CA030023J", Name: "Enters itself"})
	h.listen(police, true)
	early := serve(police, "p-1", "o-1")
	mustAccept(t, h.Store, early)
	late := add(self, "p-2", "o-1")
	mustAccept(t, h.Store, late)
	due, err := h.DueListeners(t.Context(), noon)
	if err != nil || !slices.Equal(due, []store.AgencyID{police.ID}) {
		t.Errorf("due %v, %v", due, err)
	}
	if got := h.drain(police); !slices.Equal(got, []string{"1 p-1 SRR given_up "}) {
		t.Errorf("told %q", got)
	}
}

func TestNobodyIsToldUnasked(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	entry := h.only(mustAccept(t, h.Store, add(h.court, "p-1", "o-1")))
	h.finish(h.begin(entry.ID, store.PurposeSend), store.Outcome{Verdict: store.VerdictUnknown})
	h.listen(h.court, false)
	h.finish(h.begin(entry.ID, store.PurposeLookup), accepted)
	if n := h.sql("select (select count(*) from notice)::text || (select count(*) from river_job where kind = 'deliver')"); n != "00" {
		t.Errorf("notices and jobs: %s", n)
	}
	if _, err := h.TakeTurn(t.Context(), h.court.ID, noon, turnTime); !errors.Is(err, store.ErrNotReady) {
		t.Errorf("a turn without listener: %v", err)
	}
}

// told makes n notices of the hub's court.
func (h *hub) told(n int) {
	h.t.Helper()
	for i := range n {
		entry := h.only(mustAccept(h.t, h.Store, add(h.court, fmt.Sprintf("p-%d", i), fmt.Sprintf("o-%d", i))))
		h.finish(h.begin(entry.ID, store.PurposeSend), store.Outcome{Verdict: store.VerdictRejected, Text: "no"})
	}
}

// A turn is one hub's at a time; a dead hub's ends with its time; what it was delivering is delivered again, under its number.
func TestTurns(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	other := &hub{Store: storetest.Open(t, h.url, store.Options{Hub: "other"}), t: t, url: h.url, court: h.court}
	h.listen(h.court, true)
	h.told(2)
	dead := h.turn(h.court, noon)
	first := h.next(dead)
	if again := h.next(dead); again.Number != 1 || again.Tracking != first.Tracking {
		t.Errorf("the next of the same turn is %+v", again)
	}
	if _, err := other.TakeTurn(t.Context(), h.court.ID, noon.Add(turnTime), turnTime); !errors.Is(err, store.ErrNotReady) {
		t.Errorf("two turns at once: %v", err)
	}
	if due, err := other.DueListeners(t.Context(), noon); err != nil || len(due) != 0 {
		t.Errorf("due while it is another's turn: %v %v", due, err)
	}
	later := noon.Add(turnTime + time.Second)
	if due, err := other.DueListeners(t.Context(), later); err != nil || len(due) != 1 {
		t.Errorf("not due after the turn's end: %v %v", due, err)
	}
	turn := other.turn(h.court, later)
	if n := other.next(turn); n.Number != 1 || n.Tracking != first.Tracking {
		t.Errorf("after a hub's death comes %+v", n)
	}
	for name, err := range map[string]error{
		"delivered": h.Delivered(t.Context(), dead, first, later), "undelivered": h.Undelivered(t.Context(), dead, first, "x", later, later, false),
	} {
		if !errors.Is(err, store.ErrLostLease) {
			t.Errorf("%s in a lost turn: %v", name, err)
		}
	}
	if _, err := h.NextNotice(t.Context(), dead, later, turnTime); !errors.Is(err, store.ErrLostLease) {
		t.Errorf("the next in a lost turn: %v", err)
	}
	if err := h.EndTurn(t.Context(), dead); err != nil {
		t.Error(err)
	}
	if n := other.next(turn); n.Number != 1 {
		t.Errorf("a lost turn ended another's: %+v", n)
	}
}

// A failure begins a pause, is counted, and is forgotten by a success; the notice keeps its number.
func TestFailedDeliveries(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.listen(h.court, true)
	h.told(2)
	at, retry := noon, noon.Add(time.Hour)
	turn := h.turn(h.court, at)
	if err := h.Undelivered(t.Context(), turn, h.next(turn), "timeout", at, retry, true); err != nil {
		t.Fatal(err)
	}
	st, err := h.Listeners(t.Context())
	if err != nil || len(st) != 1 || st[0].Fails != 1 || st[0].Last != 1 || st[0].Pending != 2 || st[0].LastCode != "timeout" || !st[0].Late || !st[0].FailingSince.Equal(at) || !st[0].RetryAt.Equal(retry) {
		t.Errorf("%+v, %v", st, err)
	}
	if _, err := h.TakeTurn(t.Context(), h.court.ID, retry.Add(-time.Second), turnTime); !errors.Is(err, store.ErrNotReady) {
		t.Errorf("a turn within the pause: %v", err)
	}
	turn = h.turn(h.court, retry)
	n := h.next(turn)
	if n.Number != 1 || n.Tried != 1 || turn.Fails != 1 || !turn.Late || !turn.FailingSince.Equal(at) {
		t.Errorf("%+v %+v", turn, n)
	}
	if err := h.Delivered(t.Context(), turn, n, retry); err != nil {
		t.Fatal(err)
	}
	if st, err = h.Listeners(t.Context()); err != nil || st[0].Fails != 0 || st[0].Late || !st[0].FailingSince.IsZero() || st[0].LastCode != "" || st[0].Pending != 1 {
		t.Errorf("%+v, %v", st, err)
	}
	if err := h.exec("update notice set state = 'accepted' where number = 1"); err == nil || !strings.Contains(err.Error(), "not allowed") {
		t.Errorf("a notice was changed: %v", err)
	}
	if err := h.exec("delete from notice"); err == nil {
		t.Error("notices were deleted")
	}
}

// Whoever finds a turn taken may go: what it was woken for is seen by the turn's holder before that lets go. So nothing is left over when the last one that was
// woken has looked.
func TestNoWakeUpIsLost(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.listen(h.court, true)
	const senders, each = 4, 12
	woken := make(chan struct{}, senders*each)
	var writers, workers sync.WaitGroup
	for w := range senders {
		writers.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d-%d", w, i)
				entry := h.only(mustAccept(t, h.Store, add(h.court, "p-"+id, "o-"+id)))
				h.finish(h.begin(entry.ID, store.PurposeSend), store.Outcome{Verdict: store.VerdictRejected, Text: "no"})
				woken <- struct{}{} // after the commit, as a job is
			}
		})
	}
	go func() { writers.Wait(); close(woken) }()
	var told []int64
	var mu sync.Mutex // for the race detector: a turn is one worker's at a time
	for range 3 {
		workers.Go(func() {
			for range woken {
				turn, err := h.TakeTurn(t.Context(), h.court.ID, noon, turnTime)
				for err == nil {
					var n store.Notice
					if n, err = h.NextNotice(t.Context(), turn, noon, turnTime); err == nil {
						mu.Lock()
						told = append(told, n.Number)
						mu.Unlock()
						err = h.Delivered(t.Context(), turn, n, noon)
					}
				}
				if !errors.Is(err, store.ErrNotReady) && !errors.Is(err, store.ErrNotFound) {
					t.Error(err)
				}
			}
		})
	}
	workers.Wait()
	for i, n := range told {
		if n != int64(i+1) {
			t.Fatalf("told %v: not in order", told)
		}
	}
	if len(told) != senders*each {
		t.Errorf("%d told, want %d", len(told), senders*each)
	}
}

// An agency from which callbacks are withheld is told nothing, and what changes meanwhile is not told later.
func TestCallbacksAreWithheld(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.listen(h.court, true)
	move := func(id string) {
		t.Helper()
		entry := h.only(mustAccept(t, h.Store, add(h.court, "p-"+id, "o-"+id)))
		h.finish(h.begin(entry.ID, store.PurposeSend), store.Outcome{Verdict: store.VerdictRejected, Text: "no"})
	}
	move("1")
	if _, err := h.SetGrants(t.Context(), h.court.ORI, store.By{Actor: "a test"}, noon, false, store.GrantCallbacks); err != nil {
		t.Fatal(err)
	}
	move("2")
	if due, err := h.DueListeners(t.Context(), noon); err != nil || len(due) != 0 {
		t.Errorf("due while withheld: %v, %v", due, err)
	}
	if _, err := h.TakeTurn(t.Context(), h.court.ID, noon, turnTime); !errors.Is(err, store.ErrNotReady) {
		t.Errorf("a turn while withheld: %v", err)
	}
	if _, err := h.SetGrants(t.Context(), h.court.ORI, store.By{Actor: "a test"}, noon, true, store.GrantCallbacks); err != nil {
		t.Fatal(err)
	}
	if got := h.sql("select count(*)::text from notice"); got != "1" {
		t.Errorf("%s notices, want the one from before", got)
	}
}

// A turn that is just ending is waited for: whoever was woken for what its holder did not see any more must not take it for another's.
func TestATurnThatEndsIsWaitedFor(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.listen(h.court, true)
	h.told(1)
	h.turn(h.court, noon)
	holder := connect(t, h.url)
	ending, err := holder.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ending.Exec(t.Context(), "update listener set holder = '', held_until = null"); err != nil {
		t.Fatal(err)
	}
	taken := make(chan error, 1)
	go func() {
		_, err := h.TakeTurn(t.Context(), h.court.ID, noon, turnTime)
		taken <- err
	}()
	waits := connect(t, h.url)
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		var waiting bool
		if err := waits.QueryRow(t.Context(), "select exists (select from pg_stat_activity where $1 = any(pg_blocking_pids(pid)))", holder.PgConn().PID()).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		if waiting {
			break
		}
		select {
		case err := <-taken:
			t.Fatalf("the turn was judged before it had ended: %v", err)
		case <-tick.C:
		}
	}
	if err := ending.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-taken; err != nil {
		t.Errorf("a turn that has ended is not to be had: %v", err)
	}
}

package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// owed is a package that came at noon and is due then.
func owed(a store.Agency, id string, due time.Time) store.Accepted {
	p := add(a, "p-"+id, id)
	p.Deadline.Due = due
	return p
}

// TestDeadlinesAgreeWithTheOutlook: what the list picks in SQL is what the one function calls late or at risk, in whatever state and at whatever time.
func TestDeadlinesAgreeWithTheOutlook(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := rand.New(rand.NewPCG(3, 9))
	receipts := map[order.Tracking]bool{}
	for i := range 24 {
		id, due := fmt.Sprintf("o-%d", i), noon.Add(time.Duration(r.IntN(400)-100)*6*time.Minute)
		p := owed(h.court, id, due)
		switch i % 6 {
		case 1: // held
			h.hold(h.only(mustAccept(t, h.Store, p)).ID, store.Hold{Reason: "race is missing"})
		case 2: // sent
			h.begin(h.only(mustAccept(t, h.Store, p)).ID, store.PurposeSend)
		case 3: // accepted
			h.pass(mustAccept(t, h.Store, p))
		case 4: // waits for its order
			s := serve(h.court, "s-"+id, id)
			s.Deadline.Due = due
			mustAccept(t, h.Store, s)
		case 5: // a test
			p.Test = true
			mustAccept(t, h.Store, p)
		default:
			mustAccept(t, h.Store, p)
		}
	}
	list, err := h.FindSubmissions(t.Context(), store.SubmissionQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	all := list.Submissions
	for now := noon; now.Before(noon.Add(32 * time.Hour)); now = now.Add(97 * time.Minute) {
		for _, lateOnly := range []bool{false, true} {
			clear(receipts)
			found, err := h.Deadlines(t.Context(), store.DeadlineQuery{Now: now, Warn: shares, LateOnly: lateOnly, Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range found {
				receipts[d.Tracking] = true
			}
			if !slices.IsSortedFunc(found, func(a, b store.OwedBy) int { return a.Due.Compare(b.Due) }) {
				t.Errorf("not by deadline: %+v", found)
			}
			for _, m := range all {
				s, err := h.Status(t.Context(), m.Tracking)
				if err != nil {
					t.Fatal(err)
				}
				o := s.Outlook(now, shares)
				want := o.Standing == store.StandingLate || o.Standing == store.StandingAtRisk && !lateOnly
				if receipts[m.Tracking] != want {
					t.Errorf("%s: %s %+v; listed: %t", m.Tracking, s.Transmissions[0].State, o, receipts[m.Tracking])
				}
			}
		}
	}
}

func TestDeadlinesAreAsked(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	other := register(t, h.Store, store.Agency{ORI: "CA019013J", Name: "Los Angeles", Submits: true})
	held := mustAccept(t, h.Store, owed(h.court, "o-1", noon.Add(2*time.Hour)))
	h.hold(h.only(held).ID, store.Hold{Reason: "race is missing"})
	mustAccept(t, h.Store, owed(other, "o-2", noon.Add(time.Hour)))
	early := mustAccept(t, h.Store, serve(h.court, "s-9", "o-9"))
	ask := func(q store.DeadlineQuery) (found []string) {
		t.Helper()
		q.Warn, q.Limit = shares, max(q.Limit, 1)
		owed, err := h.Deadlines(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range owed {
			found = append(found, fmt.Sprintf("%s %s %s %s", d.AgencyORI, d.Kind, d.Outlook.Standing, d.Next.Whose))
		}
		return found
	}
	now := noon.Add(90 * time.Minute)
	for _, x := range []struct {
		q    store.DeadlineQuery
		want []string
	}{
		{store.DeadlineQuery{Now: now, Limit: 9}, []string{"CA019013J ERR late hub", "CA030013J ERR at risk person of the hub"}},
		{store.DeadlineQuery{Now: now, Limit: 1}, []string{"CA019013J ERR late hub"}},
		{store.DeadlineQuery{Now: now, Limit: 9, LateOnly: true}, []string{"CA019013J ERR late hub"}},
		{store.DeadlineQuery{Now: now, Limit: 9, Agency: "CA030013J"}, []string{"CA030013J ERR at risk person of the hub"}},
		{store.DeadlineQuery{Now: now, Limit: 9, Agency: "CA030013J", Within: 72 * time.Hour}, []string{"CA030013J ERR at risk person of the hub", "CA030013J SRR in time hub"}},
	} {
		if got := ask(x.q); !slices.Equal(got, x.want) {
			t.Errorf("%+v:\n got %q\nwant %q", x.q, got, x.want)
		}
	}
	if s, err := h.Status(t.Context(), early.Tracking); err != nil || !strings.Contains(s.Outlook(now, shares).Sentence, "until the court sends the order") {
		t.Errorf("%+v, %v", s.Outlook(now, shares), err)
	}
}

// look lets two hubs look at once, several times, and gives back what changed: each change is told by one of them.
func (h *hub) look(other *store.Store, limits store.AlarmLimits, now time.Time) (changes store.AlarmChanges) {
	h.t.Helper()
	var mu sync.Mutex
	var wait sync.WaitGroup
	for range 3 {
		for _, s := range []*store.Store{h.Store, other} {
			wait.Go(func() {
				found, err := s.RaiseAlarms(h.t.Context(), limits, now)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					h.t.Error(err)
				}
				changes.Raised, changes.Cleared = append(changes.Raised, found.Raised...), append(changes.Cleared, found.Cleared...)
			})
		}
	}
	wait.Wait()
	return changes
}

// want is what a look raised and cleared: "kind who count".
func (h *hub) wantAlarms(got store.AlarmChanges, raised, cleared []string) {
	h.t.Helper()
	for _, x := range []struct {
		alarms []store.Alarm
		want   []string
	}{{got.Raised, raised}, {got.Cleared, cleared}} {
		var is []string
		for _, a := range x.alarms {
			is = append(is, fmt.Sprintf("%s %s %d", a.Kind, a.Who, a.Count))
		}
		slices.Sort(is)
		if !slices.Equal(is, x.want) {
			h.t.Errorf("got %q, want %q", is, x.want)
		}
	}
}

// One alarm for an agency however many of its deadlines have passed, and one all-clear when CARPOS has them all.
func TestDeadlineAlarm(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	other := storetest.Open(t, h.url, store.Options{})
	due := noon.Add(time.Hour)
	first, second := mustAccept(t, h.Store, owed(h.court, "o-1", due)), mustAccept(t, h.Store, owed(h.court, "o-2", due.Add(time.Minute)))
	test := owed(h.court, "o-3", due)
	test.Test = true
	mustAccept(t, h.Store, test)
	h.wantAlarms(h.look(other, store.AlarmLimits{}, due), nil, nil)
	got := h.look(other, store.AlarmLimits{}, due.Add(time.Second))
	h.wantAlarms(got, []string{"deadline agency CA030013J 1"}, nil)
	h.wantAlarms(h.look(other, store.AlarmLimits{}, due.Add(time.Hour)), nil, nil)
	if err := h.AcknowledgeAlarm(t.Context(), got.Raised[0].ID, "person jdoe", due.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if open, err := h.Alarms(t.Context(), false); err != nil || len(open) != 1 || open[0].Count != 2 || !open[0].Last.Equal(due) || open[0].State() != "acknowledged" || open[0].AckedBy != "person jdoe" {
		t.Errorf("%+v, %v", open, err)
	}
	h.pass(first)
	h.wantAlarms(h.look(other, store.AlarmLimits{}, due.Add(2*time.Hour)), nil, nil)
	h.pass(second)
	h.wantAlarms(h.look(other, store.AlarmLimits{}, due.Add(3*time.Hour)), nil, []string{"deadline agency CA030013J 1"})
	if n := h.sql("select string_agg(action, ' ' order by id) from audit where object = 'alarm 1'"); n != "alarm.raise alarm.acknowledge alarm.clear" {
		t.Errorf("recorded: %s", n)
	}
}

// What came after its deadline is not the hub's breach, unless the hub has had it for an hour.
func TestDeadlineAlarmOfWhatCameLate(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	mustAccept(t, h.Store, owed(h.court, "o-1", noon.Add(-time.Hour)))
	h.wantAlarms(h.look(h.Store, store.AlarmLimits{}, noon.Add(time.Hour)), nil, nil)
	h.wantAlarms(h.look(h.Store, store.AlarmLimits{}, noon.Add(time.Hour+time.Second)), []string{"deadline agency CA030013J 1"}, nil)
}

// A line that is down is one alarm, and all of them being down is one more; what a hub that died has said last does not count for ever.
func TestLineAlarms(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	other := storetest.Open(t, h.url, store.Options{})
	limits := store.AlarmLimits{Line: 5 * time.Minute}
	report := func(s *store.Store, at time.Time, up ...bool) {
		t.Helper()
		var lines []store.LineReport
		for i, is := range up {
			lines = append(lines, store.LineReport{Line: fmt.Sprintf("CC0%d", i), Up: is, Since: at, Window: 1})
		}
		if err := s.ReportLines(t.Context(), lines, at); err != nil {
			t.Fatal(err)
		}
	}
	at := func(minutes float64) time.Time { return noon.Add(time.Duration(minutes * float64(time.Minute))) }
	h.wantAlarms(h.look(other, limits, noon), nil, nil) // no hub has a line
	report(h.Store, at(0), true, true)
	report(other, at(0), false, false)
	h.wantAlarms(h.look(other, limits, at(1)), nil, nil)
	for m := 1.0; m <= 6; m++ {
		report(h.Store, at(m), true, false)
		report(other, at(m), false, false)
	}
	h.wantAlarms(h.look(other, limits, at(5)), nil, nil)
	h.wantAlarms(h.look(other, limits, at(6)), []string{"line line CC01 1"}, nil)
	// The hub that held the other line dies: it was last up when it last said so.
	h.wantAlarms(h.look(other, limits, at(10)), nil, nil)
	h.wantAlarms(h.look(other, limits, at(11.5)), []string{"lines switch 2"}, nil)
	report(other, at(13), true, false)
	h.wantAlarms(h.look(other, limits, at(13)), nil, []string{"lines switch 2"})
	report(other, at(14), true, true)
	h.wantAlarms(h.look(other, limits, at(14)), nil, []string{"line line CC01 1"})
	lines, err := h.Lines(t.Context())
	if err != nil || len(lines) != 4 || !lines[0].Up || lines[0].Silent(at(14)) || !lines[1].Silent(at(14)) {
		t.Errorf("%+v, %v", lines, err)
	}
	// A hub that stops in order has no lines any more.
	report(other, at(15), false, false)
	if err := errors.Join(other.RetireLines(t.Context()), h.RetireLines(t.Context())); err != nil {
		t.Fatal(err)
	}
	h.wantAlarms(h.look(other, limits, at(60)), nil, nil)
}

// Messages of the switch and held transmissions that nobody looks at, and a switch that takes nothing.
func TestAlarmsOfWhatWaits(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	other := storetest.Open(t, h.url, store.Options{})
	limits := store.AlarmLimits{Inbound: 15 * time.Minute, Held: 4 * time.Hour, Rejects: 3}
	id, _, err := h.Inbound(t.Context(), "CCPR", "000001", "", "ADMINISTRATIVE MESSAGE", noon)
	if err != nil {
		t.Fatal(err)
	}
	held := mustAccept(t, h.Store, owed(h.court, "o-1", noon.Add(99*time.Hour)))
	hold := store.Hold{Reason: "race is missing", At: noon}
	h.hold(h.only(held).ID, hold)
	h.wantAlarms(h.look(other, limits, noon.Add(15*time.Minute)), nil, nil)
	h.wantAlarms(h.look(other, limits, noon.Add(16*time.Minute)), []string{"inbound switch 1"}, nil)
	if err := h.Handled(t.Context(), id, "read", noon.Add(17*time.Minute)); err != nil {
		t.Fatal(err)
	}
	h.wantAlarms(h.look(other, limits, noon.Add(18*time.Minute)), nil, []string{"inbound switch 1"})
	h.wantAlarms(h.look(other, limits, noon.Add(5*time.Hour)), []string{"held agency CA030013J 1"}, nil)
	if err := h.Release(t.Context(), h.only(held).ID, "person jdoe", noon.Add(5*time.Hour)); err != nil {
		t.Fatal(err)
	}
	h.wantAlarms(h.look(other, limits, noon.Add(6*time.Hour)), nil, []string{"held agency CA030013J 1"})

	entry := h.only(held).ID
	for i, code := range []int{90, 91, 11} {
		h.wantAlarms(h.look(other, limits, noon.Add(7*time.Hour)), nil, nil)
		h.finish(h.begin(entry, store.PurposeSend), store.Outcome{Verdict: store.VerdictRetry, Code: code, Text: fmt.Sprint("not now ", i)})
	}
	h.wantAlarms(h.look(other, limits, noon.Add(7*time.Hour)), []string{"rejecting switch 3"}, nil)
	h.finish(h.begin(entry, store.PurposeSend), store.Outcome{Verdict: store.VerdictRetry, Code: 90})
	h.wantAlarms(h.look(other, limits, noon.Add(8*time.Hour)), nil, nil)
	h.finish(h.begin(entry, store.PurposeSend), accepted)
	h.wantAlarms(h.look(other, limits, noon.Add(9*time.Hour)), nil, []string{"rejecting switch 3"})
}

// Without a limit a cause is not looked at.
func TestAlarmsWithoutLimits(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for range 30 {
		if _, err := h.Refuse(t.Context(), store.Refused{At: noon, Stage: "receive", Code: "Client.X", Received: store.Received{At: noon, Peer: "192.0.2.7:1", Correlation: "c"}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := h.Inbound(t.Context(), "CCPR", "000001", "", "X", noon); err != nil {
		t.Fatal(err)
	}
	h.wantAlarms(h.look(h.Store, store.AlarmLimits{}, noon.Add(99*time.Hour)), nil, nil)
}

// Each share of each transmission is told once, whichever of two hubs looks.
func TestWarnOfDeadlines(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	other := storetest.Open(t, h.url, store.Options{})
	for i := range 3 {
		mustAccept(t, h.Store, owed(h.court, fmt.Sprint("o-", i), noon.Add(10*time.Hour)))
	}
	mustAccept(t, h.Store, owed(h.court, "late", noon.Add(-time.Hour)))
	done := mustAccept(t, h.Store, owed(h.court, "done", noon.Add(10*time.Hour)))
	h.pass(done)
	look := func(hours float64) string {
		t.Helper()
		var mu sync.Mutex
		var wait sync.WaitGroup
		total := map[float64]int{}
		for range 3 {
			for _, s := range []*store.Store{h.Store, other} {
				wait.Go(func() {
					found, err := s.WarnOfDeadlines(t.Context(), shares, noon.Add(time.Duration(hours*float64(time.Hour))))
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						t.Error(err)
					}
					for _, w := range found {
						total[w.Share] += w.Count
					}
				})
			}
		}
		wait.Wait()
		return fmt.Sprint(total)
	}
	for _, x := range []struct {
		hours float64
		want  string
	}{{4.9, "map[]"}, {5, "map[0.5:3]"}, {6, "map[]"}, {8.5, "map[0.8:3]"}, {9, "map[]"}, {11, "map[]"}} {
		if got := look(x.hours); got != x.want {
			t.Errorf("after %v hours: %s, want %s", x.hours, got, x.want)
		}
	}
	mustAccept(t, h.Store, owed(h.court, "another", noon.Add(20*time.Hour)))
	if got := look(17); got != "map[0.8:1]" {
		t.Errorf("of two shares at once the higher is told: %s", got)
	}
}

// The database belongs to one kind of switch: of two hubs of different kinds that come at once one gets it, and a person changes that.
func TestSwitchKind(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	ctx := t.Context()
	if err := h.CheckSwitch(ctx, true); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SwitchKind(ctx); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("before anybody came: %v", err)
	}
	results := make([]error, 8)
	var wait sync.WaitGroup
	for i := range results {
		wait.Go(func() { results[i] = h.ClaimSwitch(ctx, i%2 == 0, noon) })
	}
	wait.Wait()
	k, err := h.SwitchKind(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range results {
		if refused := errors.Is(got, store.ErrOtherSwitch); refused == ((i%2 == 0) == k.Test) || got != nil && !refused {
			t.Errorf("hub %d: %v, and the database is of a test switch: %t", i, got, k.Test)
		}
	}
	mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	if live, err := h.SetSwitchKind(ctx, !k.Test, "person jdoe", noon); err != nil || live != 1 {
		t.Errorf("%d, %v", live, err)
	}
	if err := h.ClaimSwitch(ctx, !k.Test, noon); err != nil {
		t.Error(err)
	}
	if err := h.ClaimSwitch(ctx, k.Test, noon); !errors.Is(err, store.ErrOtherSwitch) {
		t.Errorf("the first hub's kind: %v", err)
	}
	if n := h.sql("select count(*)::text from audit where action = 'switch.kind'"); n != "2" {
		t.Errorf("%s changes are recorded", n)
	}
}

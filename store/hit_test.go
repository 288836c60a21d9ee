package store_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ccpor/store"
)

func asking() store.HitRequest {
	return store.HitRequest{Way: store.HitByTeletype, Asker: "Reno Police Department", AskerORI: "NV0160100", Function: "Dispatch", CallBack: "775-555-0100", Priority: "urgent", AskedAt: noon.Add(-time.Minute), Due: noon.Add(9 * time.Minute)}
}

// dispatcher is the desk's person, at a moment.
func dispatcher(after time.Duration) store.Event {
	e := desk()
	e.At = noon.Add(after)
	return e
}

// withOrder is a hub with one order, found.
func withOrder(t *testing.T) (*hub, store.FoundOrder) {
	t.Helper()
	h := newHub(t)
	h.people()
	mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	f, err := h.FindOrder(t.Context(), "CA030013J", "o-1", false)
	if err != nil {
		t.Fatal(err)
	}
	return h, f
}

func TestHit(t *testing.T) {
	t.Parallel()
	h, f := withOrder(t)
	id, err := h.TakeHit(t.Context(), desk(), f, asking())
	if err != nil {
		t.Fatal(err)
	}
	do := func(err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Fatalf("%v, want %v", err, want)
		}
	}
	answer := func(after time.Duration, a store.HitAnswer) error {
		return h.AnswerHit(t.Context(), dispatcher(after), id, a)
	}
	later := store.HitAnswer{State: store.HitMoreTime, Reason: "the file is in the archive", Due: noon.Add(30 * time.Minute), Version: 1}
	do(h.AnswerHit(t.Context(), engineer(), id, store.HitAnswer{State: store.HitConfirmed, Version: 1}), store.ErrNotFound)
	do(answer(0, store.HitAnswer{State: store.HitNotConfirmed, Version: 1}), store.ErrNoteLength)
	do(answer(0, store.HitAnswer{State: store.HitConfirmed, Version: 2}), store.ErrHitOrderMoved)
	do(answer(0, store.HitAnswer{State: store.HitConfirmed, Version: 1, Cancelled: true}), store.ErrHitOrderMoved)
	do(answer(time.Hour, later), store.ErrHitTime)
	do(answer(0, later), nil)
	do(answer(0, later), store.ErrHitTime)
	waiting, err := h.HitsWaiting(t.Context(), "CA034HELP", 10)
	if err != nil || len(waiting) != 1 || waiting[0].State != store.HitMoreTime || !waiting[0].Late(noon.Add(31*time.Minute)) || waiting[0].Late(noon.Add(30*time.Minute)) || waiting[0].Order != "o-1" || waiting[0].CallBack != "775-555-0100" {
		t.Fatalf("%+v %v", waiting, err)
	}
	if n, first, err := h.HitsDue(t.Context(), "CA034HELP"); n != 1 || !first.Equal(later.Due) || err != nil {
		t.Errorf("%d %s %v", n, first, err)
	}
	do(answer(2*time.Minute, store.HitAnswer{State: store.HitConfirmed, Version: 1}), nil)
	do(answer(3*time.Minute, store.HitAnswer{State: store.HitNotConfirmed, Reason: "no, it is not", Version: 1}), store.ErrHitMoved)
	answered, err := h.HitsAnswered(t.Context(), "CA034HELP", noon, 10)
	if err != nil || len(answered) != 1 || answered[0].AnsweredBy != desk().Actor || !answered[0].AnsweredAt.Equal(noon.Add(2*time.Minute)) || answered[0].Version != 1 || answered[0].Late(noon.AddDate(1, 0, 0)) {
		t.Errorf("%+v %v", answered, err)
	}
	if n, _, err := h.HitsDue(t.Context(), "CA034HELP"); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if acts := h.sql(`select string_agg(action || ' ' || outcome || ' ' || purpose || ' ' || details, ', ' order by id) from audit where person = 11 and object = 'order CA030013J/o-1'`); acts !=
		"hit.ask asked hit confirmation urgent, by teletype, hit.delay moreTime hit confirmation request 1, version 1 of the order, hit.confirm confirmed hit confirmation request 1, version 1 of the order" {
		t.Errorf("on record: %s", acts)
	}
}

// What was written down cannot be taken: each of them says what.
func TestHitRequestsThatAreNone(t *testing.T) {
	t.Parallel()
	h, f := withOrder(t)
	for part, spoil := range map[string]func(*store.HitRequest){
		"asker": func(q *store.HitRequest) { q.Asker = "" }, "function": func(q *store.HitRequest) { q.Function = "a\nb" }, "callBack": func(q *store.HitRequest) { q.CallBack = strings.Repeat("1", 101) },
		"way": func(q *store.HitRequest) { q.Way = "pigeon" }, "priority": func(q *store.HitRequest) { q.Due = q.AskedAt }, "askedAt": func(q *store.HitRequest) { q.AskedAt = noon.Add(time.Minute) },
	} {
		q := asking()
		spoil(&q)
		var refused *store.InputError
		if _, err := h.TakeHit(t.Context(), desk(), f, q); !errors.As(err, &refused) || refused.Part != part {
			t.Errorf("%s: %v", part, err)
		}
	}
	old := asking()
	old.AskedAt = noon.AddDate(0, 0, -2)
	if _, err := h.TakeHit(t.Context(), desk(), f, old); err == nil {
		t.Error("a request of the day before yesterday is taken")
	}
	if _, err := h.TakeHit(t.Context(), store.Event{At: noon, Actor: "nobody"}, f, asking()); err == nil {
		t.Error("a request of nobody is taken")
	}
	if n := h.sql("select count(*)::text from audit where action like 'hit.%'"); n != "0" {
		t.Errorf("%s on record", n)
	}
}

// Of many who answer at once one does.
func TestOneAnswersAHit(t *testing.T) {
	t.Parallel()
	h, f := withOrder(t)
	id, err := h.TakeHit(t.Context(), desk(), f, asking())
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		all.Go(func() {
			a := store.HitAnswer{State: store.HitConfirmed, Version: 1}
			if i%2 == 1 {
				a = store.HitAnswer{State: store.HitNotConfirmed, Reason: "it is another person", Version: 1}
			}
			errs[i] = h.AnswerHit(t.Context(), dispatcher(time.Minute), id, a)
		})
	}
	all.Wait()
	done := 0
	for _, err := range errs {
		switch {
		case err == nil:
			done++
		case !errors.Is(err, store.ErrHitMoved):
			t.Error(err)
		}
	}
	if n := h.sql("select count(*)::text from audit where action in ('hit.confirm', 'hit.deny')"); done != 1 || n != "1" {
		t.Errorf("%d answered, %s on record", done, n)
	}
}

// TestOnlyDrawnHitMoves tries every move on the bare table, and every change of what was asked.
func TestOnlyDrawnHitMoves(t *testing.T) {
	t.Parallel()
	h, _ := withOrder(t)
	values := map[store.HitState]string{store.HitOpen: "now() + interval '1 hour', '', '', null::timestamptz, null::integer", store.HitMoreTime: "now() + interval '2 hours', 'why', '', null::timestamptz, null::integer", store.HitConfirmed: "now() + interval '1 hour', '', 'e', now(), 1",
		store.HitNotConfirmed: "now() + interval '1 hour', 'why', 'e', now(), 1"}
	const columns = "due, reason, answered_by, answered_at, version"
	row := func(state store.HitState) error {
		return h.exec("truncate hit; insert into hit (order_id, test, agency, person, by, way, asker, function, call_back, priority, asked_at, at, state, " + columns + ") select min(id), false, 'CA0300000', 11, 'd', 'fax', 'a', 'f', 'c', 'urgent', now(), now(), '" + string(state) + "', " + values[state] + " from order_")
	}
	var moves []string
	for from := range values {
		for to, after := range values {
			if from == to {
				continue
			}
			if to != store.HitMoreTime { // the time stays as it is, so that nothing else refuses the move
				_, rest, _ := strings.Cut(after, ", ")
				after = "due, " + rest
			}
			if err := row(from); err != nil {
				t.Fatal(err)
			}
			if h.exec("update hit set state = '"+string(to)+"', ("+columns+") = (select "+after+")") == nil {
				moves = append(moves, string(from)+" "+string(to))
			}
		}
	}
	slices.Sort(moves)
	if want := drawnIn(t, "Hit"); !slices.Equal(moves, want) || len(want) == 0 {
		t.Errorf("the database takes %v, drawn are %v", moves, want)
	}
	if err := row(store.HitOpen); err != nil {
		t.Fatal(err)
	}
	for name, sql := range map[string]string{"one is deleted": "delete from hit", "who asks is changed": "update hit set asker = 'another'", "the agency is changed": "update hit set agency = 'CA030013J'", "the time is set back": "update hit set due = due - interval '1 minute', state = 'moreTime'",
		"the time moves alone": "update hit set due = due + interval '1 minute'", "the number of the order is changed": "update hit set order_id = order_id + 1", "when it came is changed": "update hit set asked_at = asked_at - interval '1 minute'",
		"an answer without its person": "update hit set state = 'confirmed', answered_at = now(), version = 1", "no without a reason": "update hit set state = 'notConfirmed', answered_at = now(), answered_by = 'e', version = 1"} {
		if h.exec(sql) == nil {
			t.Errorf("%s, and nothing refuses it", name)
		}
	}
	if h.exec("update hit set state = 'moreTime', reason = 'why', due = due + interval '1 minute'") != nil || h.exec("update hit set due = due + interval '1 minute'") != nil {
		t.Error("more time once more is refused")
	}
}

package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// inState adds an order and takes its entry into a state, as of noon.
func (h *hub) inState(id string, state store.TransmissionState) store.TransmissionID {
	h.t.Helper()
	if state == store.StateWaiting {
		return h.only(mustAccept(h.t, h.Store, serve(h.court, "w-"+id, id))).ID
	}
	t := h.only(mustAccept(h.t, h.Store, add(h.court, "p-"+id, id))).ID
	hold := func() {
		if err := h.Hold(h.t.Context(), t, store.Hold{Reason: "RAC: The order does not say it.", Field: "RAC", At: noon}); err != nil {
			h.t.Fatal(err)
		}
	}
	switch state {
	case store.StateReady:
		h.finish(h.begin(t, store.PurposeSend), store.Outcome{Verdict: store.VerdictRetry, RetryAt: noon.Add(time.Hour)})
	case store.StateSending:
		h.begin(t, store.PurposeSend)
	case store.StateSent:
		if err := h.MarkSent(h.t.Context(), h.begin(t, store.PurposeSend), noon); err != nil {
			h.t.Fatal(err)
		}
	case store.StateUnknown:
		h.finish(h.begin(t, store.PurposeSend), store.Outcome{Verdict: store.VerdictUnknown, RetryAt: noon.Add(time.Hour)})
	case store.StateHeld:
		hold()
	case store.StateAccepted:
		h.finish(h.begin(t, store.PurposeSend), store.Outcome{Verdict: store.VerdictAccepted, FCN: order.FCN("F" + strings.ToUpper(strings.ReplaceAll(id, "-", "")))})
	case store.StateGivenUp:
		hold()
		if err := h.GiveUp(h.t.Context(), t, "person jdoe", "why", noon); err != nil {
			h.t.Fatal(err)
		}
	}
	return t
}

func act(v store.Verb) store.Act {
	a := store.Act{Verb: v, Who: "person jdoe", At: noon.Add(time.Minute)}
	switch v {
	case store.VerbHold, store.VerbGiveUp:
		a.Reason = "The court asked for it."
	case store.VerbCorrect:
		a.Corrections = []store.Correction{{Field: "RAC", Value: "W", Version: 1, Source: "court clerk by telephone"}}
	}
	return a
}

// Every verb from every state: what the list says can be done is done, with one audit entry, and everything else is refused and changes nothing.
func TestActsFromEveryState(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	becomes := map[store.Verb]map[store.TransmissionState]store.TransmissionState{
		store.VerbHold:    {store.StateReady: store.StateHeld, store.StateUnknown: store.StateHeld},
		store.VerbRetry:   {store.StateReady: store.StateReady, store.StateUnknown: store.StateUnknown},
		store.VerbRelease: {store.StateHeld: store.StateReady},
		store.VerbGiveUp:  {store.StateHeld: store.StateGivenUp},
		store.VerbCorrect: {store.StateHeld: store.StateReady},
	}
	for _, v := range store.Verbs {
		for _, from := range states {
			id := h.inState(fmt.Sprintf("o-%s-%s", v, from), from)
			before, err := h.QueueItem(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			audited := h.sql("select count(*)::text from audit")
			done, err := h.Act(t.Context(), id, act(v))
			want, can := becomes[v][from]
			after, _ := h.QueueItem(t.Context(), id)
			var not *store.ActError
			switch {
			case can != (before.Allows(v, noon.Add(time.Minute)) == ""):
				t.Errorf("%s from %s: the list says %q", v, from, before.Allows(v, noon))
			case can && (err != nil || done.State != want || after.State != want):
				t.Errorf("%s from %s: %v, %s, want %s", v, from, err, after.State, want)
			case can && h.sql("select (count(*) - $1::int)::text || max(actor) filter (where id = (select max(id) from audit)) from audit", audited) != "1person jdoe":
				t.Errorf("%s from %s: not one audit entry of the person", v, from)
			case !can && (!errors.As(err, &not) || not.Why == "" || after.State != from || !after.ChangedAt.Equal(before.ChangedAt) || h.sql("select count(*)::text from audit") != audited):
				t.Errorf("%s from %s: %v, and it is %s", v, from, err, after.State)
			}
			if (after.State == store.StateReady || after.State == store.StateUnknown) && !after.Job {
				t.Errorf("%s from %s: %s without a job", v, from, after.State)
			}
		}
	}
	for name, a := range map[string]store.Act{
		"nobody":               {Verb: store.VerbRelease, At: noon},
		"no reason":            {Verb: store.VerbGiveUp, Who: "person jdoe", At: noon},
		"no time":              {Verb: store.VerbRelease, Who: "person jdoe"},
		"nothing supplied":     {Verb: store.VerbCorrect, Who: "person jdoe", At: noon},
		"supplied and held":    {Verb: store.VerbRelease, Who: "person jdoe", At: noon, Corrections: act(store.VerbCorrect).Corrections},
		"supplied from nobody": {Verb: store.VerbCorrect, Who: "person jdoe", At: noon, Corrections: []store.Correction{{Field: "RAC", Value: "W"}}},
		"a verb that is none":  {Verb: "delete", Who: "person jdoe", At: noon},
	} {
		if _, err := h.Act(t.Context(), h.inState("o-"+name, store.StateHeld), a); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := h.Act(t.Context(), 4711, act(store.VerbRelease)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what is not there: %v", err)
	}
}

func TestReleasedInDoubtIsLookedUp(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	id := h.inState("o-1", store.StateUnknown)
	for _, v := range []store.Verb{store.VerbHold, store.VerbCorrect} {
		if _, err := h.Act(t.Context(), id, act(v)); err != nil {
			t.Fatal(err)
		}
	}
	if i, err := h.QueueItem(t.Context(), id); err != nil || i.State != store.StateUnknown || !i.Doubt || !i.Job {
		t.Errorf("%v, it is %s, in doubt %v", err, i.State, i.Doubt)
	}
	if _, err := h.tryBegin(id, store.PurposeSend); !errors.Is(err, store.ErrUnsettled) {
		t.Errorf("it could be sent: %v", err)
	}
	h.begin(id, store.PurposeLookup)
	var not *store.ActError
	if _, err := h.Act(t.Context(), id, act(store.VerbHold)); !errors.As(err, &not) || !strings.Contains(not.Why, "at this moment") {
		t.Errorf("held while it is looked up: %v", err)
	}
}

// What a person holds stays held when the court sends more of the order, which frees what the hub itself held.
func TestAPersonsHoldStands(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	byHub, byPerson := h.inState("o-1", store.StateHeld), h.inState("o-2", store.StateReady)
	if _, err := h.Act(t.Context(), byPerson, act(store.VerbHold)); err != nil {
		t.Fatal(err)
	}
	mustAccept(t, h.Store, modify(h.court, "m-1", "o-1"))
	mustAccept(t, h.Store, modify(h.court, "m-2", "o-2"))
	a, _ := h.QueueItem(t.Context(), byHub)
	b, err := h.QueueItem(t.Context(), byPerson)
	if err != nil || a.State != store.StateReady || b.State != store.StateHeld || b.HeldBy != "person jdoe" || !strings.Contains(b.Next.Sentence, "A person holds it") {
		t.Errorf("%v: the hub's is %s, the person's %s by %q", err, a.State, b.State, b.HeldBy)
	}
	if _, err := h.Act(t.Context(), byPerson, act(store.VerbRelease)); err != nil {
		t.Fatal(err)
	}
	if b, _ := h.QueueItem(t.Context(), byPerson); b.HeldBy != "" {
		t.Error("released, it is still held by the person")
	}
}

func TestActOnWhatWasSeen(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	id := h.inState("o-1", store.StateHeld)
	seen, err := h.QueueItem(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	release := act(store.VerbRelease)
	release.Seen = seen.ChangedAt
	if _, err := h.Act(t.Context(), id, release); err != nil {
		t.Fatal(err)
	}
	if err := h.Hold(t.Context(), id, store.Hold{Reason: "Something else lacks.", At: noon.Add(2 * time.Minute)}); err != nil {
		t.Fatal(err)
	}
	giveUp := act(store.VerbGiveUp)
	giveUp.Seen = seen.ChangedAt
	if _, err := h.Act(t.Context(), id, giveUp); !errors.Is(err, store.ErrMovedOn) {
		t.Errorf("given up for what was seen of an earlier hold: %v", err)
	}
}

// With an entry, what waits behind it is given up too; the list says how much before, and the audit entry afterwards.
func TestGivenUpWithTheRest(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	id := h.inState("o-1", store.StateHeld)
	mustAccept(t, h.Store, serve(h.court, "s-1", "o-1"))
	mustAccept(t, h.Store, serve(h.court, "s-2", "o-1"))
	e, err := h.QueueItem(t.Context(), id)
	if err != nil || e.Behind != 2 || !strings.Contains(e.Means(store.VerbGiveUp), "what waits behind it (2) is given up") {
		t.Errorf("%v, %d behind: %s", err, e.Behind, e.Means(store.VerbGiveUp))
	}
	done, err := h.Act(t.Context(), id, act(store.VerbGiveUp))
	if err != nil || done.GivenUpToo != 2 {
		t.Errorf("%v, %d given up too", err, done.GivenUpToo)
	}
	if got := h.sql("select details from audit order by id desc limit 1"); got != "The court asked for it. (with 2 that waited behind it)" {
		t.Errorf("audited: %s", got)
	}
	if found, err := h.Queue(t.Context(), store.QueueFilter{States: []store.TransmissionState{store.StateGivenUp}}, 10, 0); err != nil || len(found) != 3 {
		t.Errorf("%v, %d given up", err, len(found))
	}
}

// People and the relay act on the same transmissions at once: each ends as one of them decided, and nothing is sent that was held.
func TestPeopleBesideTheRelay(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	second := storetest.Open(t, h.url, store.Options{Hub: "east-1"})
	for n := range 12 {
		id := h.inState(fmt.Sprintf("o-%d", n), store.StateReady)
		var group sync.WaitGroup
		var held, begun error
		group.Go(func() { _, held = second.Act(t.Context(), id, act(store.VerbHold)) })
		group.Go(func() { _, begun = h.tryBegin(id, store.PurposeSend) })
		group.Wait()
		i, err := h.QueueItem(t.Context(), id)
		if err != nil || (held == nil) == (begun == nil) {
			t.Fatalf("%v: held %v, begun %v: one of them must win", err, held, begun)
		}
		if want := map[bool]store.TransmissionState{true: store.StateHeld, false: store.StateSending}[held == nil]; i.State != want {
			t.Errorf("it is %s, want %s", i.State, want)
		}
		var not *store.ActError
		if held != nil && !errors.As(held, &not) {
			t.Errorf("holding what is being sent: %v", held)
		}
	}
	id := h.inState("o-twice", store.StateHeld)
	var group sync.WaitGroup
	errs := make([]error, 8)
	for n := range errs {
		s := []*store.Store{h.Store, second}[n%2]
		group.Go(func() { _, errs[n] = s.Act(t.Context(), id, act(store.VerbRelease)) })
	}
	group.Wait()
	if n := len(slices.DeleteFunc(errs, func(err error) bool { return err != nil })); n != 1 {
		t.Errorf("released %d times, want once", n)
	}
}

func TestQueueFiltersAndPages(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	ids := map[store.TransmissionState]store.TransmissionID{}
	for _, s := range states {
		ids[s] = h.inState("o-"+string(s), s)
	}
	one := func(s store.TransmissionState) []store.TransmissionID { return []store.TransmissionID{ids[s]} }
	open := []store.TransmissionID{ids[store.StateWaiting], ids[store.StateReady], ids[store.StateSending], ids[store.StateSent], ids[store.StateHeld], ids[store.StateUnknown]}
	slices.Sort(open)
	held, _ := h.QueueItem(t.Context(), ids[store.StateHeld])
	for name, tt := range map[string]struct {
		filter store.QueueFilter
		want   []store.TransmissionID
	}{
		"all":            {store.QueueFilter{}, open},
		"a state":        {store.QueueFilter{States: []store.TransmissionState{store.StateHeld}}, one(store.StateHeld)},
		"a final state":  {store.QueueFilter{States: []store.TransmissionState{store.StateAccepted}}, one(store.StateAccepted)},
		"a field":        {store.QueueFilter{Field: "RAC"}, one(store.StateHeld)},
		"a reason":       {store.QueueFilter{Reason: "DOES NOT"}, one(store.StateHeld)},
		"a percent sign": {store.QueueFilter{Reason: "%"}, nil},
		"a kind":         {store.QueueFilter{Kind: store.KindServe}, one(store.StateWaiting)},
		"a line":         {store.QueueFilter{Line: "CCPR", States: []store.TransmissionState{store.StateSent, store.StateHeld}}, one(store.StateSent)},
		"an agency":      {store.QueueFilter{Agency: "CA999999J"}, nil},
		"tests":          {store.QueueFilter{Tests: true}, nil},
		"due":            {store.QueueFilter{DueBefore: noon}, nil},
		"old":            {store.QueueFilter{ChangedBefore: noon}, nil},
		"an order":       {store.QueueFilter{Tracking: held.Tracking}, one(store.StateHeld)},
	} {
		found, err := h.Queue(t.Context(), tt.filter, 100, 0)
		var got []store.TransmissionID
		for _, e := range found {
			got = append(got, e.ID)
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, found %v, want %v", name, err, got, tt.want)
		}
	}
	var paged []store.TransmissionID
	for after := store.TransmissionID(0); ; {
		page, err := h.Queue(t.Context(), store.QueueFilter{}, 2, after)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			paged, after = append(paged, e.ID), e.ID
		}
	}
	if !slices.Equal(paged, open) {
		t.Errorf("page by page %v, want %v", paged, open)
	}
	counts, err := h.QueueCounts(t.Context(), "")
	if err != nil || len(counts) != len(states)-1 {
		t.Fatalf("%v, %v", err, counts)
	}
	for _, c := range counts {
		if c.Count != 1 || c.Oldest.IsZero() || c.Due.IsZero() != (c.State == store.StateGivenUp) {
			t.Errorf("%+v", c)
		}
	}
}

// Somebody has the next move of every row in every state; and of what is broken by hand, the look for dead ends finds each.
func TestDeadEnds(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for _, s := range states {
		h.inState("o-"+string(s), s)
	}
	all, err := h.Queue(t.Context(), store.QueueFilter{States: states}, 100, 0)
	if err != nil || len(all) != len(states) {
		t.Fatalf("%v, %d rows", err, len(all))
	}
	for _, e := range all {
		if e.Next.Sentence == "" || e.Next.Whose == "" || (e.Next.Whose == store.PartyNobody) != e.State.Final() {
			t.Errorf("%s: %+v", e.State, e.Next)
		}
	}
	if all[0].State == store.StateWaiting && all[0].Next.Whose != store.PartyCourt {
		t.Errorf("what waits for an order that has not come is the move of %s", all[0].Next.Whose)
	}
	if found, err := h.DeadEnds(t.Context(), noon, 10); err != nil || len(found) != 0 {
		t.Errorf("%v, found %v", err, found)
	}
	broken := map[store.DeadEndKind]string{
		store.NoJob:         "delete from river_job where (args->>'transmission_id')::bigint = (select id from transmission where state = 'unknown')",
		store.NoPredecessor: "update order_ set relay = 'givenUp', version = 1, added_by = 1, oca = 'X1', open = 1 where id = (select order_id from transmission where state = 'waiting')",
		store.HubGone:       "update transmission set open_since = open_since - interval '1 day' where state = 'sent'",
		store.WrongCount:    "update order_ set open = 2 where id = (select order_id from transmission where state = 'held' and kind = 'ERR')",
		store.NoReason:      "update transmission set reason = ' ' where state = 'held'",
		store.TwoAtOnce:     "insert into transmission (id, order_id, seq, submission_id, kind, state, test, reason, changed_at) select 999, order_id, 7, submission_id, 'SRR', 'held', false, 'x', now() from transmission where state = 'ready'",
	}
	for what, sql := range broken {
		if err := h.exec(sql); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	found, err := h.DeadEnds(t.Context(), noon, 10)
	if err != nil {
		t.Fatal(err)
	}
	for what := range broken {
		if !slices.ContainsFunc(found, func(d store.DeadEnd) bool { return d.What == what && d.Next.Sentence != "" }) {
			t.Errorf("%q is not found among %v", what, found)
		}
	}
}

func TestCorrectionsAreKept(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	id := h.inState("o-1", store.StateHeld)
	if _, err := h.Act(t.Context(), id, act(store.VerbCorrect)); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"update correction set value = 'B'", "delete from correction", "truncate correction"} {
		if err := h.exec(sql); err == nil {
			t.Errorf("%s was taken", sql)
		}
	}
	w, err := h.Work(t.Context(), id)
	if err != nil || len(w.Corrections) != 1 || w.Corrections[0].Value != "W" || w.Corrections[0].By != "person jdoe" {
		t.Errorf("%v, %+v", err, w.Corrections)
	}
	i, err := h.QueueItem(t.Context(), id)
	if err != nil || len(i.Supplied) != 1 || i.Supplied[0].Value != "" || !strings.Contains(i.Reason, "supplied RAC for CARPOS (source: court clerk by telephone)") {
		t.Errorf("%v, %+v, %q", err, i.Supplied, i.Reason)
	}
	if s, err := h.Status(t.Context(), i.Tracking); err != nil || len(s.Supplied) != 1 || s.Supplied[0].Field != "RAC" || s.Supplied[0].Value != "" {
		t.Errorf("%v, the submission tells %+v", err, s.Supplied)
	}
	if got := h.sql("select details from audit where action = 'transmission.correct'"); got != "RAC supplied, source: court clerk by telephone" {
		t.Errorf("audited: %s", got)
	}
}

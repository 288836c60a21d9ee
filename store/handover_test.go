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
)

// desk and engineer are invented people.
func desk() store.Event {
	return store.Event{At: noon, Actor: "person hana.desk@exchange.example, CA034HELP", Person: 11, Agency: "CA034HELP"}
}

func engineer() store.Event {
	return store.Event{At: noon.Add(time.Hour), Actor: "person ines.wire@exchange.example, CA034OPER", Person: 12, Agency: "CA034OPER"}
}

// people are the two, in the database of a hub.
func (h *hub) people() {
	h.t.Helper()
	for i, login := range []string{"hana.desk@exchange.example", "ines.wire@exchange.example"} {
		if err := h.exec("insert into person (id, handle, agency_id, login, name, roles, made_at) overriding system value values ($1, sha256($2), $3, $4, 'Invented', '{helpDesk}', now())", 11+i, []byte(login), int64(h.court.ID), login); err != nil {
			h.t.Fatal(err)
		}
	}
}

func TestHandover(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.people()
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	do := func(err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Fatalf("%v, want %v", err, want)
		}
	}
	do(h.HandOver(t.Context(), desk(), order.NewTracking(1), "the receipt is not there"), store.ErrNotFound)
	do(h.HandOver(t.Context(), desk(), r.Tracking, "  x "), store.ErrNoteLength)
	do(h.HandOver(t.Context(), desk(), r.Tracking, strings.Repeat("ä", 501)), store.ErrNoteLength)
	do(h.HandOver(t.Context(), desk(), r.Tracking, "the court got no receipt"), nil)
	do(h.HandOver(t.Context(), engineer(), r.Tracking, "the same again"), store.ErrHandedOver)
	open, err := h.Handovers(t.Context(), "", 10)
	if err != nil || len(open) != 1 || open[0].State != store.HandoverOpen || open[0].Correlation != "c-p-1" || open[0].Tracking != r.Tracking || open[0].By != desk().Actor || open[0].Note != "the court got no receipt" {
		t.Fatalf("%+v %v", open, err)
	}
	id := open[0].ID
	do(h.TakeHandover(t.Context(), engineer(), id+1), store.ErrNotFound)
	do(h.TakeHandover(t.Context(), engineer(), id), nil)
	do(h.TakeHandover(t.Context(), engineer(), id), store.ErrHandoverMoved)
	do(h.CloseHandover(t.Context(), engineer(), id, ""), store.ErrNoteLength)
	do(h.CloseHandover(t.Context(), engineer(), id, "its proxy cut the answer"), nil)
	do(h.CloseHandover(t.Context(), engineer(), id, "once more"), store.ErrHandoverMoved)
	do(h.HandOver(t.Context(), desk(), r.Tracking, "it happened again"), nil)
	all, err := h.HandoversOf(t.Context(), r.Tracking)
	if err != nil || len(all) != 2 || all[1].State != store.HandoverClosed || all[1].Result != "its proxy cut the answer" || all[1].TakenBy != engineer().Actor || all[1].ClosedBy != engineer().Actor || all[1].Closed.IsZero() {
		t.Fatalf("%+v %v", all, err)
	}
	if none, err := h.Handovers(t.Context(), "CA001013J", 10); err != nil || len(none) > 0 {
		t.Errorf("of another agency: %v %v", none, err)
	}
	if acts := h.sql(`select string_agg(action || ' ' || outcome || ' ' || person || ' ' || agency, ', ' order by id) from audit where person <> 0 and object = 'submission ' || $1`, string(r.Tracking)); acts !=
		"submission.handOver handed over 11 CA034HELP, handover.taken taken 12 CA034OPER, handover.closed closed 12 CA034OPER, submission.handOver handed over 11 CA034HELP" {
		t.Errorf("on record: %s", acts)
	}
	for name, sql := range map[string]string{"a closed one is changed": "update handover set result = 'other' where state = 'closed'", "a note is changed": "update handover set note = 'other note' where state = 'open'",
		"one is deleted": "delete from handover", "closed without a result": "update handover set state = 'closed', closed_at = now(), closed_by = 'x' where state = 'open'",
		"closed goes back": "update handover set state = 'open', closed_at = null, closed_by = '', result = '', taken_at = null, taken_by = '' where state = 'closed'"} {
		if h.exec(sql) == nil {
			t.Errorf("%s, and nothing refuses it", name)
		}
	}
}

func TestSavedSearches(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.people()
	keep := func(by store.Event, name, query string) error {
		return h.SaveSearch(t.Context(), by, store.SavedSearch{Name: name, Query: query})
	}
	for _, bad := range []store.SavedSearch{{Name: " "}, {Name: strings.Repeat("n", 61)}, {Name: "long", Query: strings.Repeat("q", 1001)}} {
		if err := h.SaveSearch(t.Context(), desk(), bad); !errors.Is(err, store.ErrSavedName) {
			t.Errorf("%.20q: %v", bad.Name, err)
		}
	}
	if err := keep(store.Event{At: noon, Actor: "nobody"}, "n", ""); err == nil {
		t.Error("a search of nobody is kept")
	}
	var all sync.WaitGroup
	errs := make([]error, store.MostSaved+5)
	for i := range errs {
		all.Go(func() { errs[i] = keep(desk(), fmt.Sprintf("Search %02d", i), "state=held") })
	}
	all.Wait()
	refused := 0
	for _, err := range errs {
		if errors.Is(err, store.ErrSavedEnough) {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	mine, err := h.SavedSearches(t.Context(), desk().Person)
	if err != nil || len(mine) != store.MostSaved || refused != 5 {
		t.Fatalf("%d kept, %d refused, %v", len(mine), refused, err)
	}
	if err := keep(desk(), mine[3].Name, "state=late"); err != nil {
		t.Fatalf("one that is kept already is not changed: %v", err)
	}
	if err := h.ForgetSearch(t.Context(), engineer(), mine[3].ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another's search is forgotten: %v", err)
	}
	if others, err := h.SavedSearches(t.Context(), engineer().Person); err != nil || len(others) > 0 {
		t.Errorf("another's searches are seen: %v %v", others, err)
	}
	again, _ := h.SavedSearches(t.Context(), desk().Person)
	if again[3].Query != "state=late" || len(again) != store.MostSaved {
		t.Errorf("%+v", again[3])
	}
	if err := h.ForgetSearch(t.Context(), desk(), mine[3].ID); err != nil {
		t.Fatal(err)
	}
	if err := keep(desk(), "One more", ""); err != nil {
		t.Errorf("there is room again: %v", err)
	}
	if n := h.sql("select count(*)::text from audit where person = 11 and action in ('search.keep', 'search.forget')"); n != "53" {
		t.Errorf("%s entries on record, want 53", n)
	}
}

func TestLooks(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for _, e := range []store.Event{desk(), desk(), engineer(), {At: noon, Actor: "command line"}} {
		e.Action, e.Object, e.Outcome = "page.read", "submission 7K4M-X2Q9-PC", "shown"
		if err := h.Audit(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if looks, people, err := h.Looks(t.Context(), "submission 7K4M-X2Q9-PC"); err != nil || looks != 3 || people != 2 {
		t.Errorf("%d looks of %d people, %v", looks, people, err)
	}
}

// TestOnlyDrawnHandoverMoves tries every move on the bare table.
func TestOnlyDrawnHandoverMoves(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.people()
	mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	values := map[store.HandoverState]string{store.HandoverOpen: "null, '', null, '', ''", store.HandoverTaken: "now(), 'e', null, '', ''", store.HandoverClosed: "now(), 'e', now(), 'e', 'found'"}
	var moves []string
	for from, before := range values {
		for to, after := range values {
			if from == to {
				continue
			}
			const columns = "taken_at, taken_by, closed_at, closed_by, result"
			if err := h.exec("truncate handover; insert into handover (submission_id, correlation, person, by, note, at, state, " + columns + ") values (1, 'c', 11, 'd', 'why', now(), '" + string(from) + "', " + before + ")"); err != nil {
				t.Fatal(err)
			}
			if h.exec("update handover set state = '"+string(to)+"', ("+columns+") = ("+after+")") == nil {
				moves = append(moves, string(from)+" "+string(to))
			}
		}
	}
	slices.Sort(moves)
	if want := drawnIn(t, "Hand-over"); !slices.Equal(moves, want) || len(want) == 0 {
		t.Errorf("the database takes %v, drawn are %v", moves, want)
	}
}

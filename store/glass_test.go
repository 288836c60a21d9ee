package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
)

func breaking(ids ...order.LocalID) store.Breaking {
	b := store.Breaking{Person: 7, Actor: "person judge@alpine.example, CA002013J", Agency: "CA002013J", Court: "CA030013J", Orders: ids, Reason: "A hearing this afternoon.", At: noon, Day: order.DateOf(noon)}
	if len(ids) == 1 {
		b.Asked = ids[0]
	}
	return b
}

// What was opened is open to that person for an hour, and is on record with the reason, an entry for each order.
func TestGlassOpensForAnHour(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	g, err := h.BreakGlass(t.Context(), breaking("O-1", "O-2"))
	if err != nil || g.Until != noon.Add(time.Hour) || len(g.Orders) != 2 {
		t.Fatal(g, err)
	}
	for _, c := range []struct {
		person store.PersonID
		at     time.Time
		want   int
	}{{7, noon, 2}, {7, noon.Add(time.Hour - time.Second), 2}, {7, noon.Add(time.Hour), 0}, {8, noon, 0}} {
		open, err := h.Opened(t.Context(), c.person, c.at)
		if err != nil || len(open) != c.want {
			t.Errorf("person %d at %s: %v %v", c.person, c.at, open, err)
		}
		if len(open) > 0 && open[0] != (access.Opened{Court: "CA030013J", ID: "O-1", Until: noon.Add(time.Hour)}) {
			t.Errorf("%v", open[0])
		}
	}
	for _, id := range []order.LocalID{"O-1", "O-2"} {
		trail, err := h.AuditTrail(t.Context(), store.OrderObject("CA030013J", id), 9)
		if err != nil || len(trail) != 1 || trail[0].Purpose != "A hearing this afternoon." || trail[0].Outcome != "opened" || trail[0].Person != 7 || trail[0].Agency != "CA002013J" {
			t.Errorf("%s: %v %v", id, trail, err)
		}
	}
}

// Where there is nothing, that is on record too, and opens nothing.
func TestGlassOverNothing(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	b := breaking()
	b.Asked = "NO-SUCH"
	if _, err := h.BreakGlass(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	trail, err := h.AuditTrail(t.Context(), "order CA030013J/NO-SUCH", 9)
	if err != nil || len(trail) != 1 || trail[0].Outcome != "nothing there" {
		t.Errorf("%v %v", trail, err)
	}
	if open, err := h.Opened(t.Context(), 7, noon); err != nil || len(open) != 0 {
		t.Errorf("%v %v", open, err)
	}
}

// Ten a day and person, however many are asked for at once; the next day begins anew, and others are not bound by it.
func TestGlassADay(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	var tries sync.WaitGroup
	outcomes := make(chan error, 13)
	for range 13 {
		tries.Go(func() {
			_, err := h.BreakGlass(t.Context(), breaking("O-1"))
			outcomes <- err
		})
	}
	tries.Wait()
	close(outcomes)
	done, refused := 0, 0
	for err := range outcomes {
		switch {
		case err == nil:
			done++
		case errors.Is(err, store.ErrGlassADay):
			refused++
		default:
			t.Error(err)
		}
	}
	if done != store.GlassADay || refused != 3 {
		t.Errorf("%d opened, %d refused", done, refused)
	}
	if n := h.sql("select count(*)::text from audit where action = 'glass.break'"); n != "10" {
		t.Errorf("%s on record", n)
	}
	b := breaking("O-1")
	b.Day = b.Day.AddDays(1)
	if _, err := h.BreakGlass(t.Context(), b); err != nil {
		t.Error(err)
	}
	b = breaking("O-1")
	b.Person = 8
	if _, err := h.BreakGlass(t.Context(), b); err != nil {
		t.Error(err)
	}
}

func TestGlassNeedsAReason(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for _, reason := range []string{"", "too short", strings.Repeat("x", 301)} {
		b := breaking("O-1")
		b.Reason = reason
		if _, err := h.BreakGlass(t.Context(), b); !errors.Is(err, store.ErrGlassReason) {
			t.Errorf("%q: %v", reason, err)
		}
	}
}

// Somebody of the person's own agency reads of it, once, and by nobody is it changed afterwards.
func TestGlassIsSeen(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	first, err := h.BreakGlass(t.Context(), breaking("O-1"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.BreakGlass(t.Context(), breaking("O-2"))
	if err != nil {
		t.Fatal(err)
	}
	unseen := func(agency order.ORI, want int) {
		t.Helper()
		if n, err := h.GlassUnseen(t.Context(), agency); err != nil || n != want {
			t.Errorf("%s: %d unseen, %v", agency, n, err)
		}
	}
	see := func(agency order.ORI, upTo store.GlassID, want int) {
		t.Helper()
		n, err := h.SeeGlass(t.Context(), store.Event{At: noon, Actor: "person admin@alpine.example, " + string(agency), Person: 9, Agency: agency}, upTo)
		if err != nil || n != want {
			t.Errorf("%s: %d, %v", agency, n, err)
		}
	}
	unseen("CA002013J", 2)
	unseen("CA030013J", 0)
	see("CA030013J", second.ID, 0)
	see("CA002013J", first.ID, 1)
	unseen("CA002013J", 1)
	see("CA002013J", second.ID, 1)
	see("CA002013J", second.ID, 0)
	list, err := h.Glasses(t.Context(), "CA002013J", 0, 10)
	if err != nil || len(list) != 2 || list[0].ID != second.ID || list[0].SeenBy != "person admin@alpine.example, CA002013J" {
		t.Errorf("%v %v", list, err)
	}
	if list, err = h.Glasses(t.Context(), "CA002013J", second.ID, 10); err != nil || len(list) != 1 {
		t.Errorf("%v %v", list, err)
	}
	if n := h.sql("select count(*)::text from audit where action = 'glass.see'"); n != "2" {
		t.Errorf("%s on record", n)
	}
	conn := connect(t, h.url)
	for _, q := range []string{"delete from glass", "truncate glass", "update glass set reason = 'another reason'", "update glass set seen_by = 'somebody else'", "update glass set until = until - interval '1 minute', seen_at = null, seen_by = ''"} {
		if _, err := conn.Exec(t.Context(), q); err == nil {
			t.Errorf("%s was done", q)
		}
	}
}

// Who administers the person's agency gets a letter, in the transaction that opens the order; nobody else does, and none goes where nothing was opened.
func TestAdministratorsGetALetterOfTheGlass(t *testing.T) {
	t.Parallel()
	h := people(t)
	boss1, boss2, gone, clerk := h.active("one@court.example"), h.active("two@court.example"), h.active("gone@court.example"), h.active("clerk@court.example")
	for _, p := range []store.Person{boss1, boss2, gone} {
		if _, err := h.ChangePerson(t.Context(), p.ID, boss, noon, func(p *store.Person) { p.Roles = []access.Role{access.AgencyAdministrator} }); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.DisablePerson(t.Context(), gone.ID, "has left", boss, noon); err != nil {
		t.Fatal(err)
	}
	letters := func() string {
		return h.sql("select coalesce(string_agg(args->>'person', ' ' order by id), '') from river_job where kind = 'letter' and args->>'letter' = 'glass'")
	}
	b := breaking("O-1")
	b.Person, b.Agency, b.Reason = clerk.ID, h.court.ORI, "short"
	if _, err := h.BreakGlass(t.Context(), b); !errors.Is(err, store.ErrGlassReason) || letters() != "" {
		t.Error(err, letters())
	}
	b.Reason = "A hearing this afternoon."
	if _, err := h.BreakGlass(t.Context(), b); err != nil || letters() != fmt.Sprintf("%d %d", boss1.ID, boss2.ID) {
		t.Error(err, letters())
	}
	b.Agency = "CA002013J"
	if _, err := h.BreakGlass(t.Context(), b); err != nil || letters() != fmt.Sprintf("%d %d", boss1.ID, boss2.ID) {
		t.Errorf("administrators of another agency are told: %v %s", err, letters())
	}
}

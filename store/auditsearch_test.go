package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
	"ccpor/store"
)

// said puts entries on record, one a minute from noon on, and returns what a search finds of them, by their details.
func said(t *testing.T, h *hub, events ...store.Event) func(store.AuditQuery) string {
	t.Helper()
	for i, e := range events {
		e.At = noon.Add(time.Duration(i) * time.Minute)
		if err := h.Audit(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	return func(q store.AuditQuery) string {
		t.Helper()
		if q.Limit == 0 {
			q.Limit = 100
		}
		p, err := h.SearchAudit(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, e := range p.Entries {
			if e.Details != "" && !strings.Contains(e.Details, " ") {
				all = append(all, e.Details)
			}
		}
		return strings.Join(all, " ")
	}
}

func TestAuditSearch(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	sent := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	ana, oda := store.Event{Actor: "person Ana@court.example, CA030013J", Person: 1, Agency: "CA030013J"}, store.Event{Actor: "person oda@sheriff.example, CA0300000", Person: 2, Agency: "CA0300000"}
	look := func(by store.Event, action, object, outcome, name string) store.Event {
		by.Action, by.Object, by.Outcome, by.Details = action, object, outcome, name
		return by
	}
	find := said(t, h,
		look(ana, "page.read", "order CA030013J/o-1", "shown", "a"),
		look(oda, "page.read", "order CA030013J/o-1", "shown", "b"),
		look(oda, "page.read", "order CA002013J/o-9", "shown", "c"),
		look(oda, "page.refuse", "order CA030013J/o-2", "forbidden", "d"),
		look(store.Event{Actor: "agency CA0300000 user u7", Agency: "CA0300000"}, "order.read", "order CA030013J/o-1", "answered", "e"),
		look(store.Event{Actor: "person help@exchange.example, CA0349900", Person: 3, Agency: "CA0349900"}, "page.read", "submission "+string(sent.Tracking), "shown", "f"),
		look(store.Event{Actor: "hub west-1"}, "transmission.finish", "transmission 1 (ERR) of submission "+string(sent.Tracking), "accepted", "g"),
		look(store.Event{Actor: "person jdoe, command line"}, "agency.limit", "agency CA002013J", "set", "h"),
	)
	from := func(m int) time.Time { return noon.Add(time.Duration(m) * time.Minute) }
	for name, c := range map[string]struct {
		q    store.AuditQuery
		want string
	}{
		"all, newest first":              {store.AuditQuery{}, "h g f e d c b a"},
		"an agency's own":                {store.AuditQuery{Within: "CA030013J"}, "g f e d b a"},
		"another's own":                  {store.AuditQuery{Within: "CA0300000"}, "e d c b"},
		"an agency that did nothing":     {store.AuditQuery{Within: "CA002013J"}, "h c"},
		"nothing of a stranger":          {store.AuditQuery{Within: "CA099013J"}, ""},
		"who, in any case":               {store.AuditQuery{Who: "ANA@court.example"}, "a"},
		"who, beyond one's own":          {store.AuditQuery{Who: "oda@sheriff.example", Within: "CA002013J"}, "c"},
		"who at the command line":        {store.AuditQuery{Who: "jdoe"}, "h"},
		"a user of an agency's system":   {store.AuditQuery{User: "u7", Agency: "CA0300000"}, "e"},
		"who saw an order":               {store.AuditQuery{Objects: []string{"order CA030013J/o-1"}}, "e b a"},
		"who saw an order, of others":    {store.AuditQuery{Objects: []string{"order CA030013J/o-1"}, Within: "CA002013J"}, ""},
		"several objects":                {store.AuditQuery{Objects: []string{"order CA030013J/o-2", "order CA002013J/o-9"}}, "d c"},
		"no object":                      {store.AuditQuery{Objects: []string{}}, ""},
		"action":                         {store.AuditQuery{Action: "order.read"}, "e"},
		"outcome":                        {store.AuditQuery{Outcome: "forbidden"}, "d"},
		"people only":                    {store.AuditQuery{People: true}, "f e d c b a"},
		"an agency as a wish":            {store.AuditQuery{Agency: "CA002013J"}, "h c"},
		"an agency as a wish, one's own": {store.AuditQuery{Agency: "CA0300000", Within: "CA030013J"}, "e d b"},
		"a span":                         {store.AuditQuery{From: from(2), To: from(5)}, "e d c"},
		"a span and an agency":           {store.AuditQuery{From: from(2), To: from(5), Within: "CA030013J"}, "e d"},
	} {
		if got := find(c.q); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if looks, people, err := h.LooksAt(t.Context(), "order CA030013J/o-1"); err != nil || looks != 3 || people != 3 {
		t.Errorf("%d looks of %d people, %v", looks, people, err)
	}
}

// What is done to a person is about that person's agency, whoever did it.
func TestAuditAboutAPerson(t *testing.T) {
	t.Parallel()
	h := people(t)
	p := h.invite("ana@court.example")
	find := said(t, h,
		store.Event{Actor: "person sys@operator.example, CA0349901", Agency: "CA0349901", Action: "person.disable", Object: "person ANA@court.example", Details: "a"},
		store.Event{Actor: "person sys@operator.example, CA0349901", Agency: "CA0349901", Action: "person.disable", Object: "person nobody@court.example", Details: "b"})
	if got := find(store.AuditQuery{Within: p.AgencyORI, Action: "person.disable"}); got != "a" {
		t.Errorf("%q", got)
	}
	if got := find(store.AuditQuery{Within: "CA0349901", Action: "person.disable"}); got != "b a" {
		t.Errorf("%q", got)
	}
}

// Going on from page to page tells each entry once, also of those with the same time.
func TestAuditPages(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for i := range 25 {
		if err := h.Audit(t.Context(), store.Event{At: noon.Add(time.Duration(i/10) * time.Minute), Actor: "person a@b.example, CA030013J", Agency: "CA030013J", Action: "page.read", Object: "agency CA030013J", Details: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range []store.AuditQuery{{}, {Within: "CA030013J"}, {Objects: []string{"agency CA030013J"}}, {Who: "a@b.example"}} {
		var told []string
		for q.Limit = 7; ; {
			p, err := h.SearchAudit(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range p.Entries {
				told = append(told, e.Details)
			}
			if q.Before = p.Next; q.Before == (store.AuditPlace{}) {
				break
			}
			if again, err := store.ParseAuditPlace(p.Next.String()); err != nil || again != p.Next {
				t.Fatalf("%s reads as %v, %v", p.Next, again, err)
			}
		}
		if len(told) < 25 || told[0] != "24" || len(slices.Compact(told)) != len(told) {
			t.Errorf("%v tells %v", q, told)
		}
	}
	for _, bad := range []string{"x", ".", "1.", "1.0", "-1.1", "zzzzzzzzzzzz.1"} {
		if _, err := store.ParseAuditPlace(bad); !errors.Is(err, store.ErrMark) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Where nothing of the first five thousand fits, the page says from where the list goes on, and it does.
func TestAuditGoesOnBehindWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	fillLog(t, h, 6000)
	q := store.AuditQuery{Outcome: "outcome 1", Limit: 10}
	p, err := h.SearchAudit(t.Context(), q)
	if err != nil || len(p.Entries) != 0 || !p.Short || p.Next == (store.AuditPlace{}) {
		t.Fatalf("%v %v", p, err)
	}
	q.Before = p.Next
	p, err = h.SearchAudit(t.Context(), q)
	if err != nil || len(p.Entries) != 1 || p.Short || p.Next != (store.AuditPlace{}) {
		t.Errorf("%v %v", p, err)
	}
}

// fillLog writes many entries, of a hundred people and a thousand orders; the first has the outcome 1.
func fillLog(t *testing.T, h *hub, n int) {
	t.Helper()
	conn := connect(t, h.url)
	for _, q := range []string{fmt.Sprintf(`insert into audit (at, actor, action, object, outcome, details, agency, person)
		select '2026-03-02 20:00Z'::timestamptz + g * interval '1 second', 'person p' || g %% 100 || '@x.example, CA0' || 10 + g %% 50 || '0000', 'page.read', 'order CA0' || 10 + g %% 60 || '013J/o-' || g %% 1000,
			'outcome ' || g, '', 'CA0' || 10 + g %% 50 || '0000', 1 from generate_series(1, %d) g`, n), "analyze audit"} {
		if _, err := conn.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
}

// Every way of searching goes along an index: none reads the whole log, however long it is.
func TestAuditSearchReadsIndexes(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	fillLog(t, h, 20000)
	conn := connect(t, h.url)
	first, err := h.SearchAudit(t.Context(), store.AuditQuery{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for want, q := range map[string]store.AuditQuery{
		"audit_at":     {},
		"audit_at on ": {Action: "page.read", From: noon, To: noon.Add(time.Minute)},
		"audit_object": {Objects: []string{"order CA010013J/o-0"}},
		"audit_who":    {Who: "p7@x.example", Within: "CA0100000"},
		"audit_agency": {Within: "CA0100000", Before: first.Next},
		"audit_about":  {Within: "CA030013J"},
	} {
		q.Limit = 50
		sql, args := q.AuditSQL()
		rows, err := conn.Query(t.Context(), "explain "+sql, args...)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(plan, "\n"); strings.Contains(all, "Seq Scan on audit") || !strings.Contains(all, want) {
			t.Errorf("%v does not read %s:\n%s", q, want, all)
		}
	}
}

// What the ledger has and what a checkpoint covers is said of each entry.
func TestAuditSaysWhatIsSealed(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	find := func() store.Entered {
		t.Helper()
		p, err := h.SearchAudit(t.Context(), store.AuditQuery{Objects: []string{"agency CA030013J"}, Action: "agency.see", Limit: 1})
		if err != nil || len(p.Entries) != 1 {
			t.Fatal(p, err)
		}
		return p.Entries[0]
	}
	if err := h.Audit(t.Context(), store.Event{At: noon, Actor: "person a@b.example, CA030013J", Agency: "CA030013J", Action: "agency.see", Object: "agency CA030013J"}); err != nil {
		t.Fatal(err)
	}
	if e := find(); e.Taken || e.Sealed || e.About != order.ORI("CA030013J") {
		t.Errorf("%v", e)
	}
	advance := func(sign store.SignCheckpoint) {
		t.Helper()
		for end := time.Now().Add(time.Minute); time.Now().Before(end); {
			if _, _, err := h.Advance(t.Context(), sign, noon); err != nil {
				t.Fatal(err)
			}
			if e := find(); e.Taken && (sign == nil || e.Sealed) {
				return
			}
		}
	}
	advance(nil)
	if e := find(); !e.Taken || e.Sealed {
		t.Errorf("%v", e)
	}
	advance(func(int64, [32]byte, time.Time) ([]byte, error) { return []byte("signed"), nil })
	if e := find(); !e.Sealed {
		t.Errorf("%v", e)
	}
}

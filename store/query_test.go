package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// While many are kept at once, whoever goes on from mark to mark is told each exactly once.
func TestListNeverSkips(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	const all = 120
	var senders sync.WaitGroup
	for w := range 6 {
		senders.Go(func() {
			for i := range all / 6 {
				if _, err := h.Accept(t.Context(), add(h.court, fmt.Sprintf("L-%d-%d", w, i), fmt.Sprintf("O-%d-%d", w, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { senders.Wait(); close(done) }()
	told := map[order.LocalID]int{}
	var mark store.Mark
	read := func() {
		page, err := h.List(t.Context(), store.ListQuery{Reach: h.court.Reach(), Since: mark, Limit: 7})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.Submissions {
			told[s.Package]++
		}
		again, err := store.ParseMark(page.Next.String())
		if err != nil || again != page.Next {
			t.Fatalf("%q reads as %v, %v", page.Next, again, err)
		}
		mark = page.Next
	}
	for sending := true; sending; {
		select {
		case <-done:
			sending = false
		default:
		}
		read()
	}
	tick := time.NewTicker(5 * time.Millisecond) // older transactions of the whole server are waited for, those of other tests too
	defer tick.Stop()
	for range 10000 {
		if len(told) == all {
			break
		}
		<-tick.C
		read()
	}
	for id, n := range told {
		if n != 1 {
			t.Errorf("%s was told %d times", id, n)
		}
	}
	if len(told) != all {
		t.Errorf("%d of %d were told", len(told), all)
	}
}

// What was written by a transaction that is still under way holds back what came later, however late it commits, and comes before it.
func TestListWaitsForTheOldestTransaction(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	s := storetest.Open(t, url, store.Options{})
	court := orange(t, s)
	if _, err := s.Accept(t.Context(), add(court, "L-0", "O-0")); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	slow, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Exec(t.Context(), `insert into submission (tracking, agency_id, package, action, state, test, received_at, peer, correlation, digest, canonical, signer, algorithm, order_id, due, due_rule, not_owed, waited_for, refused_stage, refused_code)
		select '0000-0000-00', agency_id, 'slow', action, state, test, received_at, peer, correlation, digest, canonical, signer, algorithm, order_id, due, due_rule, not_owed, waited_for, refused_stage, refused_code from submission where package = 'L-0'`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Accept(t.Context(), add(court, "L-1", "O-1")); err != nil {
		t.Fatal(err)
	}
	names := func(since store.Mark) (string, store.Mark) {
		page, err := s.List(t.Context(), store.ListQuery{Reach: court.Reach(), Since: since, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, m := range page.Submissions {
			all = append(all, string(m.Package))
		}
		return strings.Join(all, " "), page.Next
	}
	got, mark := names(store.Mark{})
	if got != "L-0" && got != "" { // empty while another test's transaction, older than L-0, is under way on this server
		t.Fatalf("told %q while a transaction is under way", got)
	}
	if err := slow.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimSpace(strings.TrimPrefix("L-0 slow L-1", got))
	told := ""
	for end := time.Now().Add(time.Minute); told != want && time.Now().Before(end); runtime.Gosched() {
		var more string
		more, mark = names(mark)
		told = strings.TrimSpace(told + " " + more)
	}
	if told != want {
		t.Errorf("told %q after %q, want %q", told, got, want)
	}
}

func TestParseMark(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"x", "-", "1-", "-1", "1-2-3", "1--2", "zzzzzzzzzzzzzz-1", "1-zzzzzzzzzzzzz", "é-1", "1 -1"} {
		if _, err := store.ParseMark(bad); !errors.Is(err, store.ErrMark) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if m, err := store.ParseMark(""); err != nil || m != (store.Mark{}) {
		t.Error("the beginning")
	}
}

// Names are found without regard to case, accents and side, in their newest version only.
func TestFindOrders(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	a := add(h.court, "F-1", "O-1")
	a.Order.Restrained.Name = order.Name{Given: "José", Surname: "Peña  Núñez"}
	a.Order.Restrained.Aliases = []order.Name{{Given: "Pepe", Surname: "Piedra"}}
	a.Order.Protected = []order.Protected{{Name: order.Name{Given: "Zoë", Surname: "Müller"}}}
	if _, err := h.Accept(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		q    store.OrderQuery
		want int
	}{
		"without accents":   {store.OrderQuery{Surname: "pena nunez"}, 1},
		"with accents":      {store.OrderQuery{Surname: "PEÑA NÚÑEZ", Given: "jose"}, 1},
		"beginning":         {store.OrderQuery{Surname: "pen", Prefix: true}, 1},
		"not the beginning": {store.OrderQuery{Surname: "pen"}, 0},
		"alias":             {store.OrderQuery{Surname: "Piedra", Side: store.SideRestrained}, 1},
		"protected":         {store.OrderQuery{Surname: "MULLER", Given: "zoe", Side: store.SideProtected}, 1},
		"other side":        {store.OrderQuery{Surname: "Muller", Side: store.SideRestrained}, 0},
		"case":              {store.OrderQuery{Case: a.Order.Case}, 1},
		"case of another":   {store.OrderQuery{Case: a.Order.Case, Surname: "Nobody"}, 0},
		"test orders apart": {store.OrderQuery{Surname: "pena nunez", Test: true}, 0},
		"a percent sign":    {store.OrderQuery{Surname: "%", Prefix: true}, 0},
	} {
		c.q.Limit = 10
		found, err := h.FindOrders(t.Context(), c.q)
		if err != nil || len(found) != c.want {
			t.Errorf("%s: %d found, %v", what, len(found), err)
		}
	}
	if _, err := h.FindOrders(t.Context(), store.OrderQuery{Given: "José", Limit: 10}); !errors.Is(err, store.ErrTooWide) {
		t.Errorf("a given name alone: %v", err)
	}
}

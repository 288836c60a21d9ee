package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// Refusals that arrive together share transactions, and each is whole: its row, its bytes, its audit entry and its own problems.
func TestRefusalsShareTransactions(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	const packages = 200
	trackings := refuseAll(t, h, packages, func(i int) store.Refused {
		problems := make([]store.Problem, i%4)
		for j := range problems {
			problems[j] = store.Problem{Code: fmt.Sprintf("P-%d-%d", i, j), Line: j + 1}
		}
		return refusedOf(add(h.court, fmt.Sprintf("p-%d", i), "o-1"), problems)
	})
	for i, tracking := range trackings {
		s, err := h.Status(t.Context(), tracking)
		if err != nil || s.Package != order.LocalID(fmt.Sprintf("p-%d", i)) || len(s.Problems) != i%4 {
			t.Fatalf("p-%d: %+v, %v", i, s, err)
		}
		for j, p := range s.Problems {
			if p.Code != fmt.Sprintf("P-%d-%d", i, j) || p.Line != j+1 {
				t.Errorf("p-%d has problem %+v at %d", i, p, j)
			}
		}
	}
	if n := h.sql("select count(*)::text from submission s join received r on r.submission_id = s.id join audit a on a.submission_id = s.id and a.action = 'submission.refuse' and a.object = 'submission ' || s.tracking"); n != "200" {
		t.Errorf("%s of 200 have their bytes and an audit entry", n)
	}
	if n := h.sql("select (count(distinct xmin::text) < 150)::text from submission"); n != "true" {
		t.Error("they shared no transactions")
	}
}

// refuseAll refuses n packages at once.
func refuseAll(t *testing.T, h *hub, n int, of func(int) store.Refused) []order.Tracking {
	t.Helper()
	trackings := make([]order.Tracking, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var err error
			if trackings[i], err = h.Refuse(t.Context(), of(i)); err != nil {
				t.Errorf("p-%d: %v", i, err)
			}
		})
	}
	wg.Wait()
	return trackings
}

// One refusal that the database does not take spoils none of those that share its transaction.
func TestABadRefusalIsAlone(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			r := refusedOf(add(h.court, fmt.Sprintf("p-%d", i), "o-1"), nil)
			if i%20 == 7 {
				r.Package = "\x00" // no text of a database
			}
			if _, err := h.Refuse(t.Context(), r); (err != nil) != (i%20 == 7) {
				t.Errorf("p-%d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if n := h.sql("select count(*)::text from submission"); n != "57" {
		t.Errorf("%s of 57 are kept", n)
	}
}

func TestRefuseNeedsTheName(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := refusedOf(add(h.court, "p-1", "o-1"), nil)
	r.ORI = ""
	if _, err := h.Refuse(t.Context(), r); err == nil {
		t.Error("a refusal was kept that the audit log cannot name")
	}
}

func TestRefuseAfterClose(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	r := refusedOf(add(orange(t, s), "p-1", "o-1"), nil)
	s.Close()
	if _, err := s.Refuse(t.Context(), r); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

package store_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

// TestSearchesAreQuick measures each kind of search with as many submissions as CCPOR_CROWD says (make crowd); docs/performance.md holds what it said of a million.
func TestSearchesAreQuick(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("CCPOR_CROWD"))
	if n == 0 {
		t.Skip("CCPOR_CROWD says how many submissions to measure with")
	}
	s, _ := crowded(t, n)
	now, warn := noon.Add(time.Hour), []float64{0.5, 0.8}
	page := func(q store.SubmissionQuery) func(int) error {
		q.Limit, q.Now, q.Warn = 50, now, warn
		return func(i int) error {
			q := q
			if q.Agency != "" {
				q.Agency = order.ORI(fmt.Sprintf("CA%03d013J", 1+i%60))
			}
			_, err := s.FindSubmissions(t.Context(), q)
			return err
		}
	}
	court := order.ORI("CA017013J")
	month := store.SubmissionQuery{From: noon.Add(-430 * 24 * time.Hour), To: noon.Add(-400 * 24 * time.Hour)}
	ofCourt := func(q store.SubmissionQuery) store.SubmissionQuery { q.Agency = court; return q }
	number := func(of func(g int) store.Number) func(int) error {
		return func(i int) error {
			found, err := s.OrdersNumbered(t.Context(), of(1+(i*7919)%n))
			var keys []store.OrderKey
			for _, o := range found {
				keys = append(keys, o.Key)
			}
			if err == nil && len(keys) > 0 {
				_, err = s.FindSubmissions(t.Context(), store.SubmissionQuery{Orders: keys, Limit: 50})
			}
			return err
		}
	}
	for _, kind := range []struct {
		name string
		do   func(int) error
	}{
		{"all, newest first", page(store.SubmissionQuery{})},
		{"all, the middle of the list", page(store.SubmissionQuery{Before: store.MakePlace(noon.Add(-365*24*time.Hour), int64(n/2))})},
		{"package", func(i int) error {
			return page(store.SubmissionQuery{Package: order.LocalID(fmt.Sprint("crowd-", 1+(i*7919)%n))})(i)
		}},
		{"case number", number(func(g int) store.Number { return store.Number{Case: order.CaseNumber(fmt.Sprintf("26CC%08d", g))} })},
		{"FCN", number(func(g int) store.Number { return store.Number{FCN: order.FCN(fmt.Sprintf("24%011d", g))} })},
		{"agency", page(ofCourt(store.SubmissionQuery{}))},
		{"a month", page(month)},
		{"agency, a month", page(ofCourt(month))},
		{"refused", page(store.SubmissionQuery{Like: store.LikeRefused})},
		{"refused, a code, an agency", page(ofCourt(store.SubmissionQuery{Code: "Client.Image.Missing"}))},
		{"refused, a code", page(store.SubmissionQuery{Code: "Client.Image.Missing"})},
		{"refused, a family", page(store.SubmissionQuery{Code: "Client.Rule.*"})},
		{"in the registry", page(store.SubmissionQuery{Like: store.LikeRegistry})},
		{"owed", page(store.SubmissionQuery{Like: store.LikeOwed})},
		{"owed, an agency", page(ofCourt(store.SubmissionQuery{Like: store.LikeOwed}))},
		{"sending", page(store.SubmissionQuery{Like: store.LikeSending})},
		{"held", page(store.SubmissionQuery{Like: store.LikeHeld})},
		{"late", page(store.SubmissionQuery{Like: store.LikeLate})},
		{"in CARPOS, an agency", page(ofCourt(store.SubmissionQuery{Like: store.LikeCarpos}))},
		{"given up", page(store.SubmissionQuery{Like: store.LikeGivenUp})},
		{"given up, an agency, a month", page(ofCourt(store.SubmissionQuery{Like: store.LikeGivenUp, From: month.From, To: month.To}))},
		{"tests, an agency", page(ofCourt(store.SubmissionQuery{Tests: true}))},
		{"nothing of 5,000 fits", page(store.SubmissionQuery{Code: "Client.Nothing.*"})},
		{"the day's figures", func(int) error {
			_, err := s.Day(t.Context(), store.DayQuery{From: noon.Add(-24 * time.Hour), To: noon.Add(time.Second), Now: now, Warn: warn})
			return err
		}},
		{"the day's figures, an agency", func(i int) error {
			_, err := s.Day(t.Context(), store.DayQuery{From: noon.Add(-24 * time.Hour), To: noon.Add(time.Second), Agency: order.ORI(fmt.Sprintf("CA%03d013J", 1+i%60)), Now: now, Warn: warn})
			return err
		}},
	} {
		p50, p99 := measured(t, kind.do)
		t.Logf("| %s | %.1f | %.1f |", kind.name, p50, p99)
		if p99 > 100 {
			t.Errorf("%s takes more than 100 ms", kind.name)
		}
	}
}

// measured are the median and the 99th percentile of 200 rounds, in milliseconds.
func measured(t *testing.T, do func(int) error) (p50, p99 float64) {
	t.Helper()
	var took []float64
	for i := range 210 {
		began := time.Now()
		if err := do(i); err != nil {
			t.Fatal(err)
		}
		if i >= 10 {
			took = append(took, float64(time.Since(began).Microseconds())/1000)
		}
	}
	slices.Sort(took)
	return took[99], took[197]
}

package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// crowded is a database with some thousand submissions.
func crowded(t *testing.T, n int) (*store.Store, string) {
	t.Helper()
	url := storetest.NewURL(t)
	storetest.Crowd(t, url, n, noon)
	return storetest.Open(t, url, store.Options{}), url
}

// searches are one of each kind, with what finds the same among all.
func searches(s *store.Store, t *testing.T) map[string]search {
	t.Helper()
	var keys []store.OrderKey
	found, err := s.OrdersNumbered(t.Context(), store.Number{Case: "26CC00000109", FCN: "2400000000209", OCA: "CC00000309"})
	if err != nil || len(found) != 3 {
		t.Fatalf("%d orders by their numbers, want 3: %v", len(found), err)
	}
	for _, o := range found {
		keys = append(keys, o.Key)
	}
	agency, other := order.ORI("CA017013J"), order.ORI("CA050013J")
	transmission := func(states ...store.TransmissionState) func(store.Summary) bool {
		return func(x store.Summary) bool { return slices.Contains(states, x.Transmission) }
	}
	open := transmission(store.StateWaiting, store.StateReady, store.StateSending, store.StateSent, store.StateUnknown, store.StateHeld)
	refused := func(x store.Summary) bool { return x.State == store.SubmissionRefused }
	of := func(a order.ORI, and func(store.Summary) bool) func(store.Summary) bool {
		return func(x store.Summary) bool { return x.AgencyORI == a && and(x) }
	}
	any := func(store.Summary) bool { return true }
	now, warn := noon.Add(12*time.Hour), []float64{0.5, 0.8}
	from, to := noon.Add(-200*24*time.Hour), noon.Add(-100*24*time.Hour)
	between := func(x store.Summary) bool { return !x.ReceivedAt.Before(from) && x.ReceivedAt.Before(to) }
	return map[string]search{
		"everything":                 {store.SubmissionQuery{}, any},
		"a package":                  {store.SubmissionQuery{Package: "crowd-411"}, func(x store.Summary) bool { return x.Package == "crowd-411" }},
		"a refused package":          {store.SubmissionQuery{Package: "crowd-32"}, func(x store.Summary) bool { return x.Package == "crowd-32" }},
		"orders":                     {store.SubmissionQuery{Orders: keys}, func(x store.Summary) bool { return slices.Contains([]int64{109, 110, 209, 210, 309, 310}, x.Number) }},
		"orders of an agency":        {store.SubmissionQuery{Orders: keys, Agency: other}, of(other, func(x store.Summary) bool { return x.Number == 109 })},
		"a package or orders":        {store.SubmissionQuery{Package: "crowd-411", Orders: keys[:1]}, func(x store.Summary) bool { return slices.Contains([]int64{411, 309, 310}, x.Number) }},
		"an agency":                  {store.SubmissionQuery{Agency: agency}, of(agency, any)},
		"an agency that is not here": {store.SubmissionQuery{Agency: "CA999999J"}, func(store.Summary) bool { return false }},
		"a time":                     {store.SubmissionQuery{From: from, To: to}, between},
		"an agency in a time":        {store.SubmissionQuery{Agency: agency, From: from, To: to}, of(agency, between)},
		"refused":                    {store.SubmissionQuery{Like: store.LikeRefused}, refused},
		"refused, of an agency":      {store.SubmissionQuery{Like: store.LikeRefused, Agency: "CA033013J"}, of("CA033013J", refused)},
		"refused with a code":        {store.SubmissionQuery{Code: "Client.Image.Missing"}, func(x store.Summary) bool { return x.RefusedCode == "Client.Image.Missing" }},
		"refused with a family":      {store.SubmissionQuery{Code: "Client.Rule.*"}, func(x store.Summary) bool { return strings.HasPrefix(x.RefusedCode, "Client.Rule.") }},
		"a code, of an agency": {store.SubmissionQuery{Code: "Client.Image.Missing", Agency: "CA033013J"}, of("CA033013J", func(x store.Summary) bool {
			return x.RefusedCode == "Client.Image.Missing"
		})},
		"refused in a time": {store.SubmissionQuery{Like: store.LikeRefused, From: from, To: to}, func(x store.Summary) bool { return refused(x) && between(x) }},
		"in the registry":   {store.SubmissionQuery{Like: store.LikeRegistry}, func(x store.Summary) bool { return !refused(x) }},
		"owed":              {store.SubmissionQuery{Like: store.LikeOwed}, open},
		"owed by an agency": {store.SubmissionQuery{Like: store.LikeOwed, Agency: "CA040013J"}, of("CA040013J", open)},
		"owed in a time":    {store.SubmissionQuery{Like: store.LikeOwed, From: from, To: to}, func(x store.Summary) bool { return open(x) && between(x) }},
		"sending":           {store.SubmissionQuery{Like: store.LikeSending}, transmission(store.StateSending, store.StateSent)},
		"held":              {store.SubmissionQuery{Like: store.LikeHeld}, transmission(store.StateHeld)},
		"late": {store.SubmissionQuery{Like: store.LikeLate, Now: now, Warn: warn}, func(x store.Summary) bool {
			return open(x) && now.After(x.Due)
		}},
		"at risk": {store.SubmissionQuery{Like: store.LikeAtRisk, Now: now, Warn: warn}, func(x store.Summary) bool {
			return open(x) && store.Clock{Received: x.ReceivedAt, Due: x.Due, State: x.Transmission}.Outlook(now, warn).Standing == store.StandingAtRisk
		}},
		"in CARPOS":              {store.SubmissionQuery{Like: store.LikeCarpos}, transmission(store.StateAccepted)},
		"in CARPOS, of a agency": {store.SubmissionQuery{Like: store.LikeCarpos, Agency: agency}, of(agency, transmission(store.StateAccepted))},
		"given up":               {store.SubmissionQuery{Like: store.LikeGivenUp}, transmission(store.StateGivenUp)},
		"tests":                  {store.SubmissionQuery{Tests: true}, func(x store.Summary) bool { return x.Test }},
		"no tests":               {store.SubmissionQuery{Live: true}, func(x store.Summary) bool { return !x.Test }},
		"tests of an agency":     {store.SubmissionQuery{Tests: true, Agency: "CA034013J"}, of("CA034013J", func(x store.Summary) bool { return x.Test })},
		"a package that is held": {store.SubmissionQuery{Package: "crowd-1999", Like: store.LikeHeld}, func(x store.Summary) bool { return x.Number == 1999 }},
		"a package that is not":  {store.SubmissionQuery{Package: "crowd-1999", Like: store.LikeCarpos}, func(store.Summary) bool { return false }},
	}
}

type search struct {
	q    store.SubmissionQuery
	fits func(store.Summary) bool
}

// Every search finds what fits and nothing else, newest first, page after page without a gap or a repetition.
func TestSearchesFindWhatFits(t *testing.T) {
	t.Parallel()
	s, _ := crowded(t, 2500)
	everything := pages(t, s, store.SubmissionQuery{Limit: 900})
	if len(everything) != 2500 {
		t.Fatalf("%d of 2500 submissions", len(everything))
	}
	for name, x := range searches(s, t) {
		var want []int64
		for _, one := range everything {
			if x.fits(one) {
				want = append(want, one.Number)
			}
		}
		x.q.Limit = max(1, len(want)/3)
		var got []int64
		for _, one := range pages(t, s, x.q) {
			got = append(got, one.Number)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d found, want %d", name, len(got), len(want))
		}
		if len(want) == 0 && !strings.Contains(name, " not") {
			t.Errorf("%s: nothing fits, so that nothing was tried", name)
		}
	}
}

func pages(t *testing.T, s *store.Store, q store.SubmissionQuery) (rows []store.Summary) {
	t.Helper()
	for {
		p, err := s.FindSubmissions(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Submissions) > q.Limit || p.Short {
			t.Fatalf("%d on a page of %d, short: %v", len(p.Submissions), q.Limit, p.Short)
		}
		rows = append(rows, p.Submissions...)
		if p.Next == (store.Place{}) {
			return rows
		}
		again, err := store.ParsePlace(p.Next.String())
		if err != nil {
			t.Fatal(err)
		}
		q.Before = again
	}
}

// No search reads a table whole or sorts more than what a number leads to, however the statistics stand.
func TestSearchesReadIndexes(t *testing.T) {
	t.Parallel()
	s, url := crowded(t, 2500)
	conn := connect(t, url)
	for name, value := range store.FindSettings() {
		if _, err := conn.Exec(t.Context(), "select set_config($1, $2, false)", name, value); err != nil {
			t.Fatal(err)
		}
	}
	for name, x := range searches(s, t) {
		for place, before := range map[string]store.Place{"": {}, ", further on": store.MakePlace(noon.Add(-9*24*time.Hour), 2450)} {
			x.q.Limit, x.q.Before = 50, before
			for _, sql := range store.SearchSQL(x.q) {
				plan := explained(t, conn, sql.Text, sql.Args)
				if strings.Contains(plan, "Seq Scan on submission") || strings.Contains(plan, "Seq Scan on transmission") || strings.Contains(plan, "Seq Scan on order") {
					t.Errorf("%s%s reads a table whole:\n%s", name, place, plan)
				}
				if x.q.Package == "" && len(x.q.Orders) == 0 && strings.Contains(strings.ReplaceAll(plan, "Sort Key: x.seq", ""), "Sort Key") {
					t.Errorf("%s%s sorts:\n%s", name, place, plan)
				}
			}
		}
	}
}

func explained(t *testing.T, conn *pgx.Conn, sql string, args []any) string {
	t.Helper()
	rows, err := conn.Query(t.Context(), "explain "+sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	return strings.Join(lines, "\n")
}

// A page for which too much would have to be looked through is shown as far as it came, and the next one goes on from there.
func TestSearchesAreBounded(t *testing.T) {
	t.Parallel()
	s, _ := crowded(t, 6000)
	for name, q := range map[string]store.SubmissionQuery{"in the registry": {Like: store.LikeRegistry, Live: true, Limit: 20_000}, "in CARPOS": {Like: store.LikeCarpos, Limit: 20_000}} {
		first, err := s.FindSubmissions(t.Context(), q)
		if err != nil || !first.Short || first.Next == (store.Place{}) || first.Back.IsZero() {
			t.Fatalf("%s: %+v, %v", name, first.Next, err)
		}
		q.Before = first.Next
		second, err := s.FindSubmissions(t.Context(), q)
		if err != nil || second.Short || len(second.Submissions) == 0 || second.Next != (store.Place{}) {
			t.Errorf("%s: %d on the second page, short %v: %v", name, len(second.Submissions), second.Short, err)
		}
		if first.Submissions[len(first.Submissions)-1].Number <= second.Submissions[0].Number {
			t.Errorf("%s: the pages overlap", name)
		}
	}
}

func TestPlacesThatNobodyGaveOut(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"x", ".", "1.", ".1", "-1.5", "1.0", "1.-1", "zzzzzzzzzzzzz.1", "zzzzzzzzzzzz.1", "1.1.1", "' or 1=1", "1.9223372036854775808"} {
		if p, err := store.ParsePlace(s); err == nil {
			t.Errorf("%q was taken for %+v", s, p)
		}
	}
	if p, err := store.ParsePlace(""); err != nil || p != (store.Place{}) {
		t.Error("the beginning is no place")
	}
}

// The day's figures are those of its lists.
func TestDayIsItsLists(t *testing.T) {
	t.Parallel()
	s, _ := crowded(t, 4000)
	from, to, now, warn := noon.Add(-40*24*time.Hour), noon.Add(time.Hour), noon.Add(12*time.Hour), []float64{0.5}
	for _, agency := range []order.ORI{"", "CA008013J"} {
		d, err := s.Day(t.Context(), store.DayQuery{From: from, To: to, Agency: agency, Now: now, Warn: warn})
		if err != nil {
			t.Fatal(err)
		}
		count := func(q store.SubmissionQuery) int {
			q.Agency, q.Live, q.Now, q.Warn, q.Limit = agency, true, now, warn, 5000
			return len(pages(t, s, q))
		}
		day := store.SubmissionQuery{From: from, To: to}
		with := func(like store.SubmissionsLike) store.SubmissionQuery { q := day; q.Like = like; return q }
		refusals := 0
		for _, c := range d.RefusedBy {
			refusals += c.Count
			q := day
			q.Code = c.Family + ".*"
			if n := count(q); n != c.Count || n == 0 {
				t.Errorf("%s: %d, and %d on the list", c.Family, c.Count, n)
			}
		}
		for name, pair := range map[string][2]int{
			"received": {d.Received, count(day)}, "accepted": {d.Accepted, count(with(store.LikeRegistry))}, "refused": {d.Refused, count(with(store.LikeRefused))}, "refused by code": {refusals, d.Refused},
			"in CARPOS": {d.Carpos, count(with(store.LikeCarpos))}, "held": {d.Held, count(store.SubmissionQuery{Like: store.LikeHeld})}, "late": {d.Late, count(store.SubmissionQuery{Like: store.LikeLate})},
			"at risk": {d.AtRisk, count(store.SubmissionQuery{Like: store.LikeAtRisk})},
		} {
			if pair[0] != pair[1] || pair[0] == 0 && agency == "" {
				t.Errorf("%s of %q: %d, and %d on the list", name, agency, pair[0], pair[1])
			}
		}
		if d.Partly {
			t.Error("not everything was counted")
		}
	}
}

func TestSendersOf(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	found, err := h.SendersOf(t.Context(), []order.Tracking{order.NewTracking(1), r.Tracking})
	if err != nil || len(found) != 1 || found[r.Tracking] != h.court.ORI {
		t.Errorf("%v %v", found, err)
	}
	subject, err := h.SubjectOf(t.Context(), r.Tracking)
	if err != nil || fmt.Sprintf("%s %s %s %s", subject.Court, subject.ID, subject.Access, subject.Case) != "CA030013J o-1 normal 06NF0886" {
		t.Errorf("%+v %v", subject, err)
	}
	early := mustAccept(t, h.Store, serve(h.court, "p-2", "o-2"))
	if subject, err := h.SubjectOf(t.Context(), early.Tracking); err != nil || subject.Access != order.AccessSealed || subject.Case != "" {
		t.Errorf("of an order that has not come: %+v %v", subject, err)
	}
}

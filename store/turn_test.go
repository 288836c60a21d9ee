package store_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// waiting is a transmission as the oracle sees it: it shares nothing with the store but the tables of what happened.
type waiting struct {
	ID       int64
	Agency   int64
	Mnemonic string
	Test     bool
	State    string
	RetryAt  time.Time
	Received time.Time
	Due      *time.Time
	Last     string // the purpose of the last attempt
}

const waitingSQL = `select t.id, coalesce(o.agency_id, s.agency_id) as agency, a.mnemonic, t.test, t.state, t.retry_at, s.received_at as received, s.due,
		coalesce((select purpose from attempt x where x.transmission_id = t.id order by x.id desc limit 1), '') as last
	from transmission t join order_ o on o.id = t.order_id join submission s on s.id = t.submission_id join agency a on a.id = coalesce(o.agency_id, s.agency_id)
	where t.state in ('ready', 'unknown') and t.open_attempt is null`

// oracle says which transmissions may be chosen, by the rules as the documents have them.
type oracle struct {
	conn    *pgx.Conn
	claimed map[int64]time.Time
	served  map[int64]int
	choices int
	seen    [4]int // choices by class
}

// class is 0 for what was lost and not looked up since, 1 for what is late soon, 2 for what came in the last quarter of an hour, 3 for the rest.
func (w waiting) class(now time.Time) int {
	switch {
	case w.State == "unknown" && w.Last == "send":
		return 0
	case w.Due != nil && now.Before(*w.Due) && now.Sub(w.Received) >= w.Due.Sub(w.Received)/2:
		return 1
	case now.Sub(w.Received) < 15*time.Minute:
		return 2
	}
	return 3
}

func (w waiting) turn(class int) time.Time {
	switch {
	case class == 0 || class == 2:
		return w.RetryAt
	case w.Due == nil:
		return w.Received.Add(24 * time.Hour)
	}
	return *w.Due
}

// may says that it is due and nobody's, and may go on the line.
func (o *oracle) may(w waiting, r store.Route, now time.Time) bool {
	return !w.RetryAt.After(now) && !o.claimed[w.ID].After(now) && (w.Mnemonic == "" || w.Mnemonic == r.Line) && (!w.Test || r.Test)
}

// judge says what is wrong with a choice, empty for nothing, and counts it.
func (o *oracle) judge(t *testing.T, id int64, r store.Route, now time.Time) string {
	rows, err := o.conn.Query(t.Context(), waitingSQL)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[waiting])
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(w waiting) bool { return !o.may(w, r, now) })
	slices.SortFunc(all, func(a, b waiting) int {
		x, y := a.class(now), b.class(now)
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(o.served[a.Agency], o.served[b.Agency]), cmp.Compare(a.Agency, b.Agency), a.turn(x).Compare(b.turn(y)), cmp.Compare(a.ID, b.ID))
	})
	if len(all) == 0 {
		if id != 0 {
			return "nothing was there to be chosen"
		}
		return ""
	}
	o.choices++
	o.seen[all[0].class(now)]++
	best := all[0]
	o.served[best.Agency], o.claimed[best.ID] = o.choices, now.Add(store.Claimed)
	if best.ID != id {
		return fmt.Sprintf("transmission %d of class %d was left behind", best.ID, best.class(now))
	}
	return ""
}

// crowd is a database with orders of several agencies, received in the last three days.
func crowd(t *testing.T, agencies, orders int, chance *rand.Rand) *hub {
	url := storetest.NewURL(t)
	h := &hub{storetest.Open(t, url, store.Options{TestSwitch: true}), t, url, store.Agency{}}
	var courts []store.Agency
	for i := range agencies {
		a := store.Agency{ORI: order.ORI(fmt.Sprintf("CA03%04dJ", i)), Name: "Court", Submits: true}
		if i%4 == 3 {
			a.Mnemonic = "CC01"
		}
		courts = append(courts, register(t, h.Store, a))
	}
	var accepting sync.WaitGroup
	for i := range orders {
		p := add(courts[chance.IntN(agencies)], fmt.Sprintf("p-%d", i), fmt.Sprintf("o-%d", i))
		p.Received.At = noon.Add(-time.Duration(chance.Int64N(int64(80 * time.Hour))))
		if i%4 == 0 {
			p.Received.At = noon.Add(-time.Duration(chance.Int64N(int64(20 * time.Minute))))
		}
		p.Deadline.Due = p.Received.At.Add([]time.Duration{12, 24, 72}[chance.IntN(3)] * time.Hour)
		if i%9 == 0 {
			p.Deadline.Due = time.Time{}
		}
		p.Order.Case, p.Test = order.CaseNumber(fmt.Sprintf("26NF%05d", i)), i%5 == 0
		accepting.Go(func() { mustAccept(t, h.Store, p) })
	}
	accepting.Wait()
	return h
}

// TestNothingBetterIsLeftBehind chooses again and again, on lines of several kinds, while transmissions become due, age, get lost and are put off.
func TestNothingBetterIsLeftBehind(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(7, 7))
	h := crowd(t, 8, 120, chance)
	o := &oracle{conn: connect(t, h.url), claimed: map[int64]time.Time{}, served: map[int64]int{}}
	now := noon
	for i := range 150 {
		now = now.Add(time.Duration(chance.Int64N(int64(time.Second << min(i/12, 9)))))
		r := store.Route{Line: fmt.Sprintf("CC%02d", chance.IntN(3)), Test: chance.IntN(3) > 0}
		id, err := h.Choose(t.Context(), r, now)
		if err != nil && !errors.Is(err, store.ErrNothingDue) {
			t.Fatal(err)
		}
		if wrong := o.judge(t, int64(id), r, now); wrong != "" {
			t.Fatalf("choice %d on %+v at %s: %d: %s", i, r, now, id, wrong)
		}
		if id == 0 {
			continue
		}
		h.chance(id, now, chance)
	}
	for class := range store.Classes() {
		if o.seen[class] < 5 {
			t.Errorf("class %d was chosen %d times only", class, o.seen[class])
		}
	}
	h.invariants()
}

// chance does something with what was chosen: nothing, or an attempt that ends well, is to be tried again, or is lost.
func (h *hub) chance(id store.TransmissionID, now time.Time, chance *rand.Rand) {
	h.t.Helper()
	if chance.IntN(6) == 0 {
		return
	}
	w := h.work1(id)
	purpose, lost := store.PurposeSend, store.VerdictUnknown
	if w.Unknown {
		purpose, lost = store.PurposeLookup, store.VerdictNotFound
	}
	a := h.begin(id, purpose)
	end := accepted
	end.FCN, end.At = order.FCN(fmt.Sprintf("23206325%05d", id)), now
	switch chance.IntN(4) {
	case 0:
		end = store.Outcome{Verdict: store.VerdictRetry, At: now, RetryAt: now.Add(time.Duration(chance.Int64N(int64(2 * time.Hour))))}
	case 1, 2:
		end = store.Outcome{Verdict: lost, At: now, RetryAt: now.Add(time.Duration(chance.Int64N(int64(20 * time.Minute))))}
	}
	if _, err := h.Finish(h.t.Context(), a, end); err != nil {
		h.t.Fatal(err)
	}
}

// TestAgenciesTakeTurns: an agency with a single order does not wait for one with a hundred.
func TestAgenciesTakeTurns(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	h := &hub{storetest.Open(t, url, store.Options{}), t, url, store.Agency{}}
	for i, orders := range []int{40, 3, 1} {
		a := register(t, h.Store, store.Agency{ORI: order.ORI(fmt.Sprintf("CA03%04dJ", i)), Name: "Court", Submits: true})
		for n := range orders {
			p := add(a, fmt.Sprintf("p-%d-%d", i, n), fmt.Sprintf("o-%d-%d", i, n))
			p.Order.Case = order.CaseNumber(fmt.Sprintf("26NF%d%d", i, n))
			mustAccept(t, h.Store, p)
		}
	}
	var got []string
	for range 9 {
		id, err := h.Choose(t.Context(), store.Route{Line: "CCPR"}, noon)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, h.sql("select a.ori from transmission t join submission s on s.id = t.submission_id join agency a on a.id = s.agency_id where t.id = $1", int64(id))[4:8])
	}
	if turns := strings.Join(got, " "); turns != "0000 0001 0002 0000 0001 0000 0001 0000 0000" {
		t.Errorf("served in the sequence %s", turns)
	}
}

// TestTwoHubsNeverChooseTheSame: each of many choices at the same moment is of another transmission, until its claim has run out.
func TestTwoHubsNeverChooseTheSame(t *testing.T) {
	t.Parallel()
	h := crowd(t, 4, 60, rand.New(rand.NewPCG(1, 1)))
	other := storetest.Open(t, h.url, store.Options{Hub: "other", TestSwitch: true})
	var mu sync.Mutex
	var choosing sync.WaitGroup
	chosen := map[store.TransmissionID]int{}
	for _, s := range []*store.Store{h.Store, other} {
		for range 4 {
			choosing.Go(func() {
				for {
					id, err := s.Choose(t.Context(), store.Route{Line: "CC01", Test: true}, noon)
					if errors.Is(err, store.ErrNothingDue) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					chosen[id]++
					mu.Unlock()
				}
			})
		}
	}
	choosing.Wait()
	for id, n := range chosen {
		if n != 1 {
			t.Errorf("transmission %d was chosen %d times", id, n)
		}
	}
	if len(chosen) != 60 {
		t.Errorf("%d of 60 were chosen", len(chosen))
	}
	if owed, err := h.Owed(t.Context(), noon, 0); owed || err != nil {
		t.Errorf("all are in somebody's hand: %t, %v", owed, err)
	}
	later := noon.Add(store.Claimed + time.Second)
	if id, err := h.Choose(t.Context(), store.Route{Line: "CC01", Test: true}, later); err != nil || id == 0 {
		t.Errorf("after the claims have run out: %d, %v", id, err)
	}
}

// TestLinesForTestsAndForAgencies: nothing is chosen for a line on which it may not go.
func TestLinesForTestsAndForAgencies(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	h := &hub{storetest.Open(t, url, store.Options{TestSwitch: true}), t, url, store.Agency{}}
	own := register(t, h.Store, store.Agency{ORI: "CA030001J", Name: "Court", Submits: true, Mnemonic: "CC01"})
	test := add(orange(t, h.Store), "p-test", "o-test")
	test.Test, test.Order.Case = true, "26NF1"
	tested, owned := h.only(mustAccept(t, h.Store, test)).ID, h.only(mustAccept(t, h.Store, add(own, "p-own", "o-own"))).ID
	for _, c := range []struct {
		route store.Route
		want  store.TransmissionID
	}{{store.Route{Line: "CC00"}, 0}, {store.Route{Line: "CC01"}, owned}, {store.Route{Line: "CC01"}, 0}, {store.Route{Line: "CC00", Test: true}, tested}} {
		if id, err := h.Choose(t.Context(), c.route, noon); id != c.want || (id == 0) != errors.Is(err, store.ErrNothingDue) {
			t.Errorf("%+v: %d, %v, want %d", c.route, id, err, c.want)
		}
	}
	if id, err := h.DueTest(t.Context(), noon.Add(time.Minute)); err != nil || id != tested {
		t.Errorf("the test that is due: %d, %v", id, err)
	}
}

// TestWhatAnOrderCostsDoesNotGrow sends orders out of a small backlog and out of a large one, and after many others while a long statement keeps Postgres from
// clearing away what they left behind. It compares how many rows and index entries Postgres read for them.
func TestWhatAnOrderCostsDoesNotGrow(t *testing.T) {
	t.Parallel()
	for _, analyzed := range []bool{false, true} {
		t.Run(fmt.Sprintf("analyzed %t", analyzed), func(t *testing.T) {
			t.Parallel()
			small, large := crowdedURL(t, 200, analyzed), crowdedURL(t, 4000, analyzed)
			few, many := readsOfAnOrder(t, small, 20), readsOfAnOrder(t, large, 20)
			old, err := connect(t, large).BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
			if err != nil {
				t.Fatal(err)
			}
			defer old.Rollback(t.Context())
			if _, err := old.Exec(t.Context(), "select from transmission limit 1"); err != nil {
				t.Fatal(err)
			}
			readsOfAnOrder(t, large, 200)
			later := readsOfAnOrder(t, large, 20)
			t.Logf("%d and %d, later %d", few, many, later)
			if many > 2*few || later > 2*few {
				t.Errorf("an order costs %d reads with 200 waiting, %d with 4,000, and %d after 220 others", few, many, later)
			}
		})
	}
}

// crowdedURL is a database in which orders of sixty courts wait, and have their class.
func crowdedURL(t *testing.T, waiting int, analyzed bool) string {
	url := storetest.NewURL(t)
	h := &hub{storetest.Open(t, url, store.Options{}), t, url, store.Agency{}}
	defer h.Close()
	for i := range 60 {
		register(t, h.Store, store.Agency{ORI: order.ORI(fmt.Sprintf("CA03%04dJ", i)), Name: "Court", Submits: true})
	}
	// A plan is not to change with what the database has noticed meanwhile.
	for _, sql := range []string{"alter table transmission set (autovacuum_enabled = off)", "alter table attempt set (autovacuum_enabled = off)", "alter table inbound set (autovacuum_enabled = off)"} {
		if err := h.exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.exec(fill, waiting, noon); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Classify(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	if analyzed && h.exec("analyze") != nil {
		t.Fatal("not analyzed")
	}
	return url
}

// readsOfAnOrder takes so many orders the whole way, and says what each of them read.
func readsOfAnOrder(t *testing.T, url string, orders int) int64 {
	before := readsOf(t, url)
	h := &hub{storetest.Open(t, url, store.Options{}), t, url, store.Agency{}}
	for range orders {
		h.sendNext()
	}
	h.Close()
	return (readsOf(t, url) - before) / int64(orders)
}

// sendNext takes one transmission the whole way.
func (h *hub) sendNext() {
	h.t.Helper()
	id, err := h.Choose(h.t.Context(), store.Route{Line: "CCPR"}, noon)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.Work(h.t.Context(), id); err != nil {
		h.t.Fatal(err)
	}
	a := h.begin(id, store.PurposeSend)
	control := h.sql("select control from attempt where id = $1", int64(a))
	in, _, err := h.Inbound(h.t.Context(), "CCPR", fmt.Sprint(a), control, "accepted", noon)
	if err := errors.Join(err, h.MarkSent(h.t.Context(), a, noon), h.MarkAcked(h.t.Context(), a, noon)); err != nil {
		h.t.Fatal(err)
	}
	o := accepted
	o.Inbound = in
	h.finish(a, o)
}

// readsOf is how many rows and index entries were read since the beginning, once every session of the store has ended and told.
func readsOf(t *testing.T, url string) (reads int64) {
	conn := connect(t, url)
	defer conn.Close(t.Context())
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for open := true; open; <-tick.C {
		if err := conn.QueryRow(t.Context(), "select exists (select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name = 'ccpor')").Scan(&open); err != nil {
			t.Fatal(err)
		}
	}
	err := conn.QueryRow(t.Context(), `select (select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables)::bigint + (select sum(idx_tup_read) from pg_stat_user_indexes)::bigint`).Scan(&reads)
	if err != nil {
		t.Fatal(err)
	}
	return reads
}

// BenchmarkChoose chooses among a hundred thousand of sixty agencies, of which CCPOR_WAITING makes another number.
func BenchmarkChoose(b *testing.B) {
	n := 100_000
	if text := os.Getenv("CCPOR_WAITING"); text != "" {
		fmt.Sscan(text, &n)
	}
	url := storetest.Durable(b)
	s := storetest.Open(b, url, store.Options{})
	conn, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	for i := range 60 {
		if _, err := s.RegisterAgency(b.Context(), store.Agency{ORI: order.ORI(fmt.Sprintf("CA03%04dJ", i)), Name: "Court", Submits: true}); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := conn.Exec(b.Context(), fill, n, noon); err != nil {
		b.Fatal(err)
	}
	if _, err := s.Classify(b.Context(), noon); err != nil {
		b.Fatal(err)
	}
	before := cpu(b, s)
	for i := 0; b.Loop(); i++ {
		if _, err := s.Choose(b.Context(), store.Route{Line: "CCPR"}, noon.Add(time.Duration(i)*time.Microsecond)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu(b, s).database-before.database).Microseconds())/float64(b.N), "database-µs/choice")
}

// fill writes rows as a crowd of packages would leave them, received over the last three days, without what no choice reads.
const fill = `
	with n as (select g, $2::timestamptz - g * interval '72 hours' / $1::int as at from generate_series(1, $1::int) g),
	o as (insert into order_ (court, local_id, test, added_by, agency_id, version, next_seq, open, relay, entered, oca, fcn, nic)
		select 'CA030013J', 'o-' || g, false, g, 1 + g % 60, 1, 2, 1, 'owed', false, 'O' || g, '', '' from n returning id, added_by, agency_id),
	s as (insert into submission (id, tracking, agency_id, package, action, state, test, received_at, peer, correlation, digest, canonical, signer, algorithm, order_id, due, due_rule, not_owed, waited_for, refused_stage, refused_code)
		select g, 't-' || g, o.agency_id, 'p-' || g, 'add', 'accepted', false, at, '', '', sha256('x'), sha256('x'), sha256('x'), '', o.id, at + interval '24 hours', '', '', '', '', '' from n join o on o.added_by = g)
	insert into transmission (id, order_id, seq, submission_id, kind, state, test, retry_at, changed_at)
	select g, o.id, 1, g, 'ERR', 'ready', false, at, at from n join o on o.added_by = g`

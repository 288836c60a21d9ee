package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// outcome is what a caller was told of a package.
type outcome struct {
	agency    store.AgencyID
	pkg       order.LocalID
	canonical [32]byte
	action    store.Action
	order     order.LocalID
	receipt   store.Receipt
	err       error
}

// world is a few courts' packages, some of which contradict each other.
func world(courts []store.Agency) []store.Accepted {
	var packages []store.Accepted
	add := func(a store.Agency, pkg, id string) store.Accepted { return temporary(a, pkg, id) }
	for _, c := range courts {
		for o := range 6 {
			id := fmt.Sprintf("o-%d", o) // all courts speak of the same orders
			for n := range 2 {
				packages = append(packages, add(c, fmt.Sprintf("add-%d-%d", o, n), id), serve(c, fmt.Sprintf("serve-%d-%d", o, n), id),
					modify(c, fmt.Sprintf("modify-%d-%d", o, n), id), attach(c, fmt.Sprintf("attach-%d-%d", o, n), id, n == 0))
			}
			packages = append(packages, cancel(c, fmt.Sprintf("cancel-%d", o), id))
			if o%2 == 1 { // every second order follows the one before it
				follows := add(c, fmt.Sprintf("add-%d-after", o), fmt.Sprintf("after-%d", o))
				follows.Order.Follows, follows.Order.Stage = order.LocalID(id), order.StageAfterHearing
				packages = append(packages, follows)
			}
		}
		other := serve(c, "serve-0-0", "o-0")
		other.Canonical[5]++
		packages = append(packages, other)
	}
	return packages
}

// TestModel lets two hubs take a world's packages at random, each many times and all at once, while a relay works on what is ready, and
// then compares everything that anybody was told, and every row, with what must hold.
func TestModel(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 2, 3} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			h := newHub(t)
			second := storetest.Open(t, h.url, store.Options{Batch: 5, Flushers: 3})
			courts := []store.Agency{h.court, register(t, h.Store, store.Agency{ORI: "CA019013J", Name: "Los Angeles", Submits: true})}
			stop := make(chan struct{})
			var relay sync.WaitGroup
			relay.Go(func() { h.work(stop) })
			told := send(t, []*store.Store{h.Store, second}, world(courts), seed)
			close(stop)
			relay.Wait()
			judge(t, told)
			h.invariants()
		})
	}
}

// send gives every package to a random hub six times, in a random order.
func send(t *testing.T, hubs []*store.Store, packages []store.Accepted, seed uint64) []outcome {
	var mu sync.Mutex
	var told []outcome
	var callers sync.WaitGroup
	for caller := range 6 {
		r := rand.New(rand.NewPCG(seed, uint64(caller)))
		callers.Go(func() {
			for _, i := range r.Perm(len(packages)) {
				p := packages[i]
				receipt, err := hubs[r.IntN(len(hubs))].Accept(t.Context(), p)
				o := outcome{agency: p.Agency.ID, pkg: p.Package, canonical: p.Canonical, action: p.Action, receipt: receipt, err: err}
				if p.Order != nil {
					o.order = p.Order.ID
				}
				mu.Lock()
				told = append(told, o)
				mu.Unlock()
			}
		})
	}
	callers.Wait()
	return told
}

// judge compares what the callers were told among itself.
func judge(t *testing.T, told []outcome) {
	type name struct {
		agency store.AgencyID
		pkg    order.LocalID
	}
	receipts, firsts, content := map[name]order.Tracking{}, map[name]int{}, map[name][32]byte{}
	added := map[order.LocalID]order.Tracking{}
	for _, o := range told {
		if o.err != nil {
			continue
		}
		n := name{o.agency, o.pkg}
		if known, ok := receipts[n]; ok && (known != o.receipt.Tracking || content[n] != o.canonical) {
			t.Errorf("package %v has two receipts", n)
		}
		receipts[n], content[n] = o.receipt.Tracking, o.canonical
		if !o.receipt.Duplicate {
			firsts[n]++
		}
		if known, ok := added[o.order]; ok && o.action == store.ActionAdd && known != o.receipt.Tracking {
			t.Errorf("order %s was added twice", o.order)
		}
		if o.action == store.ActionAdd {
			added[o.order] = o.receipt.Tracking
		}
	}
	for n := range receipts {
		if firsts[n] != 1 {
			t.Errorf("package %v was new %d times", n, firsts[n])
		}
	}
	for _, o := range told {
		var conflict *store.ConflictError
		var exists *store.OrderExistsError
		n := name{o.agency, o.pkg}
		switch {
		case o.err == nil:
		case errors.As(o.err, &conflict) && conflict.Tracking == receipts[n] && content[n] != o.canonical:
		case errors.As(o.err, &exists) && exists.Tracking == added[o.order] && exists.Tracking != receipts[n]:
		default:
			t.Errorf("package %v: %v", n, o.err)
		}
	}
}

// work is a relay: it takes whatever is ready, and has it accepted, rejected and released, or lost and found.
func (h *hub) work(stop <-chan struct{}) {
	r := rand.New(rand.NewPCG(9, 9))
	pool, err := pgxpool.New(context.Background(), h.url)
	if err != nil {
		h.t.Error(err)
		return
	}
	defer pool.Close()
	for last := false; ; {
		rows, err := pool.Query(context.Background(), "select id from transmission where state = 'ready' limit 5")
		if err != nil {
			h.t.Error(err)
			return
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || (last && len(ids) == 0) {
			return
		}
		for _, id := range ids {
			if err := h.treat(store.TransmissionID(id), r); err != nil {
				h.t.Error(err)
				return
			}
		}
		select {
		case <-stop:
			last = true
		default:
		}
	}
}

func (h *hub) treat(id store.TransmissionID, r *rand.Rand) error {
	w, err := h.Work(h.t.Context(), id)
	if err != nil {
		return err
	}
	if err := judgeWork(w); err != nil {
		return err
	}
	switch {
	case w.Kind == store.KindModify && r.IntN(4) == 0:
		_, err := h.Settle(h.t.Context(), id, "CARPOS has it.", noon)
		return err
	case w.Kind == store.KindEnter && r.IntN(4) == 0: // it lacks something, as long as nothing more comes
		return h.lack(w)
	}
	if err := h.transmit(id, r); err != nil {
		return err
	}
	var number int64
	fmt.Sscan(h.sql("select order_id::text from transmission where id = $1", int64(id)), &number)
	return h.Follow(h.t.Context(), number, order.MakeDate(2026, 3, 21), noon)
}

// lack holds an entry, and releases it where nothing came that did.
func (h *hub) lack(w store.Work) error {
	if err := h.Hold(h.t.Context(), w.ID, store.Hold{Reason: "It lacks.", Seen: w.Seen, At: noon}); err != nil {
		return err
	}
	return h.release(w.ID)
}

// release releases what is held, unless a correction has done so.
func (h *hub) release(id store.TransmissionID) error {
	err := h.Release(h.t.Context(), id, "person jdoe", noon)
	var moved *store.MoveError
	if errors.As(err, &moved) && moved.From == store.StateReady {
		return nil
	}
	return err
}

// judgeWork says what is wrong with what a worker is given.
func judgeWork(w store.Work) error {
	subject := map[store.Action]bool{store.ActionAdd: true, store.ActionModify: w.Modification != nil, store.ActionServe: w.Service != nil,
		store.ActionCancel: w.Cancellation != nil, store.ActionAttach: w.Supplement != nil && w.Confidential != nil}
	switch {
	case w.Kind != store.KindCancel && !subject[w.Action], w.Kind == store.KindCancel && w.Cancellation == nil:
		return fmt.Errorf("%s of %s without its subject", w.Kind, w.Action)
	case w.Version == 0 || w.Order.ID == "", (w.Kind != store.KindEnter) != (w.Known.Version > 0), w.Known.Version > w.Version:
		return fmt.Errorf("%s of version %d beside version %d", w.Kind, w.Version, w.Known.Version)
	case (w.Kind != store.KindEnter) != (len(w.Record) > 0):
		return fmt.Errorf("%s with %d bodies on record", w.Kind, len(w.Record))
	}
	return nil
}

func (h *hub) transmit(id store.TransmissionID, r *rand.Rand) error {
	a, err := h.tryBegin(id, store.PurposeSend)
	if err != nil {
		return err
	}
	if got := h.sql(`select count(*)::text from transmission t join transmission o on o.order_id = t.order_id and o.id <> t.id
		where t.id = $1 and (o.state not in ('waiting', 'accepted', 'given_up') or (o.seq < t.seq and o.state <> 'accepted'))`, int64(id)); got != "0" {
		return fmt.Errorf("%s other transmissions of the order are on the way or were overtaken", got)
	}
	done := store.Outcome{Verdict: store.VerdictAccepted, FCN: order.FCN(fmt.Sprintf("F%d", id)), At: noon}
	switch r.IntN(3) {
	case 0:
		if _, err = h.Finish(h.t.Context(), a, store.Outcome{Verdict: store.VerdictUnknown, At: noon}); err != nil {
			return err
		}
		if a, err = h.tryBegin(id, store.PurposeLookup); err != nil {
			return err
		}
		done.Verdict = store.VerdictOnFile
	case 1:
		if _, err = h.Finish(h.t.Context(), a, store.Outcome{Verdict: store.VerdictRejected, At: noon}); err != nil {
			return err
		}
		if err = h.release(id); err != nil {
			return err
		}
		if a, err = h.tryBegin(id, store.PurposeSend); err != nil {
			return err
		}
	}
	_, err = h.Finish(h.t.Context(), a, done)
	return err
}

// invariants are queries that find nothing while the tables are sound. The first ones are the foreign keys that the tables do without.
func (h *hub) invariants() {
	h.t.Helper()
	for name, query := range map[string]string{
		"submission without order":          "select from submission s where state = 'accepted' and not exists (select from order_ o where o.id = s.order_id)",
		"submission without agency":         "select from submission s where state = 'accepted' and not exists (select from agency a where a.id = s.agency_id)",
		"submission without bytes":          "select from submission s where not exists (select from received r where r.submission_id = s.id)",
		"bytes without submission":          "select from received r where not exists (select from submission s where s.id = r.submission_id)",
		"submission without audit":          "select from submission s where (select count(*) from audit a where a.object = 'submission ' || s.tracking) <> 1",
		"version without order":             "select from order_version v where not exists (select from order_ o where o.id = v.order_id)",
		"version without submission":        "select from order_version v where not exists (select from submission s where s.id = v.submission_id and s.order_id = v.order_id and s.action = case v.version when 1 then 'add' else 'modify' end)",
		"proof without submission":          "select from service p where not exists (select from submission s where s.id = p.submission_id and s.action = 'serve' and s.order_id = p.order_id)",
		"added order without version":       "select from order_ o where version > 0 and version <> (select count(*) from order_version v where v.order_id = o.id)",
		"version without its number":        "select from order_ o where next_version <> 2 + (select count(*) from order_version v where v.order_id = o.id and v.version > 1)",
		"change without its reason":         "select from order_version v where (v.version > 1) <> (v.modification <> '')",
		"cancellation without submission":   "select from cancellation x where not exists (select from submission s where s.id = x.submission_id and s.action in ('cancel', 'add'))",
		"cancelled by nothing":              "select from order_ o where cancelled_by is not null and not exists (select from cancellation x where x.order_id = o.id and x.submission_id = o.cancelled_by)",
		"cancelled and standing":            "select from order_ o where cancelled_by is null and exists (select from cancellation x join transmission t on t.order_id = x.order_id and t.submission_id = x.submission_id where x.order_id = o.id and t.state <> 'given_up')",
		"supplement without submission":     "select from supplement u where not exists (select from submission s where s.id = u.submission_id and s.action = 'attach' and s.order_id = u.order_id)",
		"secret without submission":         "select from confidential c where not exists (select from submission s where s.id = c.submission_id and s.order_id = c.order_id)",
		"image that nobody knows of":        "select from order_ o where imaged <> exists (select from submission s join image i on i.submission_id = s.id where s.order_id = o.id and i.role = 'order')",
		"task that is done":                 "select from task k join order_ o on o.id = k.order_id where k.kind = 'data' and (o.version > 0) <> (k.closed_at is not null)",
		"data without a task":               "select from supplement u join order_ o on o.id = u.order_id where o.version = 0 and not exists (select from task k where k.order_id = o.id and k.kind = 'data')",
		"added by nobody":                   "select from order_ o where version > 0 and not exists (select from submission s where s.id = o.added_by and s.order_id = o.id and s.agency_id = o.agency_id)",
		"order without its OCA":             "select from order_ o where version > 0 and not exists (select from oca where oca.oca = o.oca and oca.order_id = o.id)",
		"OCA without order":                 "select from oca where not exists (select from order_ o where o.oca = oca.oca and o.id = oca.order_id)",
		"image without content":             "select from image i where not exists (select from image_content c where c.sha256 = i.sha256)",
		"transmission without submission":   "select from transmission t where not exists (select from submission s where s.id = t.submission_id and s.order_id = t.order_id) and not (t.kind = 'XRR' and exists (select from cancellation x where x.submission_id = t.submission_id and x.order_id = t.order_id))",
		"owed submission, no transmission":  "select from submission s where state = 'accepted' and not_owed = '' and (select count(*) from transmission t where t.submission_id = s.id and t.order_id = s.order_id and t.violation_id is null and t.recorded_id is null) <> 1",
		"violation without transmission":    "select from violation w where not exists (select from transmission t where t.violation_id = w.id and t.order_id = w.order_id)",
		"transmission without violation":    "select from transmission t where t.violation_id is not null and not exists (select from violation w where w.id = t.violation_id and w.order_id = t.order_id)",
		"transmission without record":       "select from transmission t where t.recorded_id is not null and not exists (select from recorded w where w.id = t.recorded_id and w.order_id = t.order_id)",
		"record that is owed, untold":       "select from recorded w join order_ o on o.id = w.order_id where o.relay = 'owed' and not exists (select from transmission t where t.recorded_id = w.id)",
		"record without audit":              "select from recorded w where not exists (select from audit a where a.order_id = w.order_id and a.action = 'service.record' and a.at = w.at)",
		"served and on the list":            "select from unserved u where exists (select from service p where p.order_id = u.order_id) or exists (select from recorded p where p.order_id = u.order_id) or exists (select from reported p where p.order_id = u.order_id and p.kind = 'serviceNotice')",
		"reported by no handled message":    "select from reported p where not exists (select from inbound i where i.id = p.inbound_id and i.order_id = p.order_id and i.kind = p.kind and i.handled_at is not null)",
		"message that waits without audit":  "select from inbound i where i.waits <> '' and not exists (select from audit a where a.object = 'message ' || i.id and a.action = 'message.wait')",
		"message handled without audit":     "select from inbound i where i.handled_at is not null and i.attempt_id is null and not exists (select from audit a where a.object = 'message ' || i.id and a.action in ('message.apply', 'message.handle'))",
		"wrong count of open ones":          "select from order_ o where open <> (select count(*) from transmission t where t.order_id = o.id and state not in ('accepted', 'given_up'))",
		"number that was never given":       "select from transmission t join order_ o on o.id = t.order_id where t.seq >= o.next_seq",
		"two on the way":                    "select from transmission where state not in ('waiting', 'accepted', 'given_up') group by order_id having count(*) > 1",
		"overtaken":                         "select from transmission a join transmission b on b.order_id = a.order_id and b.seq > a.seq where a.state in ('waiting', 'ready', 'sending', 'sent', 'unknown', 'held') and b.state = 'accepted'",
		"entered without FCN":               "select from order_ where entered and fcn = ''",
		"nobody's move: all wait":           "select from order_ o where relay = 'owed' and open > 0 and not exists (select from transmission t where t.order_id = o.id and t.state not in ('waiting', 'accepted', 'given_up'))",
		"ready without a job":               "select from transmission t where state in ('ready', 'unknown') and not exists (select from river_job j where (j.args->>'transmission_id')::bigint = t.id)",
		"job for what waits":                "select from transmission t where state = 'waiting' and exists (select from river_job j where (j.args->>'transmission_id')::bigint = t.id)",
		"attempt that is open and finished": "select from transmission t join attempt a on a.id = t.open_attempt where a.finished_at is not null",
	} {
		if got := h.sql("select count(*)::text from (" + query + ") as found"); got != "0" {
			h.t.Errorf("%s: %s", name, got)
		}
	}
}

// sound is invariants, and that the ledger vouches for all of it.
func (h *hub) sound() {
	h.t.Helper()
	h.invariants()
	h.ledger()
	for _, f := range h.verified().Findings {
		h.t.Errorf("the ledger: %s: %s", f.What, f.Where)
	}
}

// TestCutOffConnections: backends are killed in the middle of everything, again and again. Courts send again what they got no receipt for.
func TestCutOffConnections(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	stop := make(chan struct{})
	var killer sync.WaitGroup
	var receipted atomic.Int64
	killer.Go(func() { h.kill(stop, &receipted) })
	var mu sync.Mutex
	receipts := map[string]store.Receipt{}
	var callers sync.WaitGroup
	for caller := range 8 {
		callers.Go(func() {
			for i := range 25 {
				id := fmt.Sprintf("%d-%d", caller, i)
				p := add(h.court, "p-"+id, "o-"+id)
				p.Images = []store.Image{image("a.pdf", uint64(caller*100+i), 2000)}
				for tries := 1; ; tries++ {
					r, err := h.Accept(t.Context(), p)
					if err == nil {
						if r.Duplicate && tries == 1 {
							t.Errorf("package p-%s is a duplicate at its first coming", id)
						}
						mu.Lock()
						receipts[id] = r
						receipted.Add(1)
						mu.Unlock()
						break
					}
					if t.Context().Err() != nil {
						return
					}
				}
			}
		})
	}
	callers.Wait()
	close(stop)
	killer.Wait()
	if got := h.sql("select count(*)::text from submission"); got != "200" || len(receipts) != 200 {
		t.Errorf("%d receipts, %s submissions, want 200", len(receipts), got)
	}
	for id, r := range receipts {
		if got := h.sql("select coalesce(max(package), '') from submission where tracking = $1", string(r.Tracking)); got != "p-"+id {
			t.Errorf("the receipt of p-%s is that of %q", id, got)
		}
	}
	h.sound()
}

// kill ends all of the hub's backends that are at work, again and again, each time when something has been done since: however slow the machine is, it gets to the end.
func (h *hub) kill(stop <-chan struct{}, done *atomic.Int64) {
	conn, err := pgx.Connect(context.Background(), h.url)
	if err != nil {
		h.t.Error(err)
		return
	}
	defer conn.Close(context.Background())
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	killed, last := 0, int64(-1)
	for {
		select {
		case <-stop:
			if killed == 0 {
				h.t.Error("nothing was killed")
			}
			return
		case <-tick.C:
		}
		now := done.Load()
		if now == last {
			continue
		}
		var n int
		err := conn.QueryRow(context.Background(), `select count(pg_terminate_backend(pid)) from pg_stat_activity
			where datname = current_database() and application_name = 'ccpor' and state = 'active'`).Scan(&n)
		if err != nil {
			h.t.Error(err)
			return
		}
		if killed += n; n > 0 {
			last = now
		}
	}
}

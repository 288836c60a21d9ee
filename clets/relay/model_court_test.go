package relay

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/clets/carpos"
	"ccpor/clets/relay/witness"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// modelDB is a database in which schedules are played one after another, with the hubs' connections and one for what the world and the witness look at.
type modelDB struct {
	conn    *pgx.Conn
	stores  []*store.Store // of the hubs a, b and c
	intake  *store.Store
	open    witness.Open
	dict    *carpos.Dictionary
	court   store.Agency
	now     time.Time // when the next schedule begins
	inbound int64     // the last message before it
}

func newModelDB(t testing.TB, planted defect) *modelDB {
	t.Helper()
	url := storetest.NewURL(t)
	db := &modelDB{now: modelStart, open: storetest.Opener(t, url)}
	var err error
	if db.conn, err = pgx.Connect(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.conn.Close(t.Context()) })
	if _, err := db.conn.Exec(t.Context(), witness.Instrument+planted.sql); err != nil {
		t.Fatal(err)
	}
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	url += sep + "search_path=" + witness.SearchPath
	for _, name := range []string{"a", "b", "c"} {
		db.stores = append(db.stores, storetest.Open(t, url, store.Options{Hub: name, TestSwitch: true, MaxConns: 2}))
	}
	db.intake = storetest.Open(t, url, store.Options{Hub: "intake", TestSwitch: true, MaxConns: 2, Flushers: 1})
	if db.dict, err = carpos.Load(); err != nil {
		t.Fatal(err)
	}
	b := &bench{TB: t, store: db.intake}
	db.court = b.register(store.Agency{ORI: "CA030013J", Name: "Superior Court of Orange County", County: "Orange", CarposName: "ORANGE CO SUPERIOR (NORTH)", Submits: true,
		ConfirmText: "FOR A COPY CONTACT CONTROL ONE, 714-555-0100"})
	return db
}

// next makes the database ready for another schedule: later than all that was, without a job or anything under way, and with every line free.
func (db *modelDB) next(t testing.TB, after time.Time) {
	t.Helper()
	db.now = modelStart.Add(after.Sub(modelStart).Truncate(24*time.Hour) + 24*time.Hour)
	if err := db.conn.QueryRow(t.Context(), `with gone as (delete from river_job), free as (delete from lease), clock as (update witness.clock set at = $1)
		select coalesce(max(id), 0) from inbound`, db.now).Scan(&db.inbound); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := db.conn.QueryRow(t.Context(), "select count(*) from transmission where state in ('ready', 'sending', 'sent', 'unknown')").Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left == 0 {
		return
	}
	if _, err := db.conn.Exec(t.Context(), `alter table transmission disable trigger user;
		update transmission set state = 'given_up', reason = 'left over', open_attempt = null, open_since = null, open_line = '', retry_at = null, class = null, claimed_until = null
			where state in ('ready', 'sending', 'sent', 'unknown');
		alter table transmission enable trigger user`); err != nil {
		t.Fatal(err)
	}
}

// plan draws the orders of the schedule and the packages about them, in the sequence in which they come.
func (w *world) plan() {
	following := false // what follows another order is none that can be followed
	n := 1 + w.chance.IntN(3)
	if w.chance.IntN(8) == 0 {
		n = 6
	}
	for i := range n {
		id := fmt.Sprintf("%sM%d-%d", w.planted.tag, w.seed, i)
		w.orders = append(w.orders, id)
		earlier := ""
		if i > 0 && !following && w.chance.IntN(4) == 0 {
			earlier = w.orders[i-1]
		}
		following = earlier != ""
		w.mix(w.parts(id, earlier))
	}
}

// mix lays the packages of another order between those that are there, each order's in its sequence.
func (w *world) mix(parts []func()) {
	var mixed []func()
	for len(w.packages)+len(parts) > 0 {
		from := &w.packages
		if w.chance.IntN(len(w.packages)+len(parts)) >= len(w.packages) {
			from = &parts
		}
		mixed = append(mixed, (*from)[0])
		*from = (*from)[1:]
	}
	w.packages = mixed
}

// parts are an order's packages: the order, which may lack something, up to two changes, a proof of service, CLETS-001 and an end. The order is not always the first.
func (w *world) parts(id, follows string) []func() {
	var parts []func()
	lacks := w.chance.IntN(6) == 0
	for n := range w.chance.IntN(3) {
		parts = append(parts, func() { w.modify(id, follows, n+1) })
	}
	if w.chance.IntN(3) == 0 {
		parts = slices.Insert(parts, w.chance.IntN(len(parts)+1), func() { w.serve(id) })
	}
	if w.chance.IntN(4) == 0 {
		parts = slices.Insert(parts, w.chance.IntN(len(parts)+1), func() { w.attach(id) })
	}
	before := 0
	if w.chance.IntN(3) == 0 {
		before = w.chance.IntN(len(parts) + 1)
	}
	parts = slices.Insert(parts, before, func() { w.add(id, follows, lacks) })
	if w.chance.IntN(5) == 0 {
		parts = append(parts, func() { w.cancel(id) })
	}
	return parts
}

// bring lets the next package come.
func (w *world) bring() {
	next := w.packages[0]
	w.packages = w.packages[1:]
	next()
}

func (w *world) order(id, follows string) *order.Order {
	o := jones(id)
	expires := order.MakeDate(2095, 6, 7)
	o.Issued, o.Expiry.Date, o.Stage = order.MakeDate(2090, 2, 20), &expires, order.StageTemporary
	if follows != "" {
		o.Stage, o.Follows = order.StageAfterHearing, order.LocalID(follows)
	}
	return o
}

func (w *world) add(id, follows string, lacks bool) {
	o := w.order(id, follows)
	if lacks {
		o.Restrained.Race = ""
	}
	if w.chance.IntN(3) == 0 { // another agency has something under the same number
		w.sw.Has("CA0190000", id, "SMITH,JOHN")
	}
	w.accept(store.Accepted{Action: store.ActionAdd, Order: o}, witness.Receipt{Order: id, Kind: "ERR", Follows: follows}, 0)
}

func (w *world) modify(id, follows string, n int) {
	o := w.order(id, follows)
	expires := o.Expiry.Date.AddDays(n)
	o.Expiry.Date = &expires
	w.accept(store.Accepted{Action: store.ActionModify, Order: o, Modification: &order.Modification{Reason: order.ModifyExtend, Date: order.MakeDate(2090, 2, 21)}},
		witness.Receipt{Order: id, Kind: "MRR", Mark: "EXP/" + expires.Compact()}, n)
}

func (w *world) serve(id string) {
	s := served(id)
	s.Date = order.MakeDate(2090, 2, 22)
	w.accept(store.Accepted{Action: store.ActionServe, Service: s}, witness.Receipt{Order: id, Kind: "SRR", Mark: "SVD/20900222"}, 0)
}

func (w *world) cancel(id string) {
	w.accept(store.Accepted{Action: store.ActionCancel, Cancellation: &order.Cancellation{Reference: reference(id), Restrained: order.Name{Given: "Marc", Surname: "Jones"},
		Reason: order.CancelTerminated, Date: order.MakeDate(2090, 2, 23)}}, witness.Receipt{Order: id, Kind: "XRR", Mark: "CXD/20900223"}, 0)
}

func (w *world) attach(id string) {
	w.accept(store.Accepted{Action: store.ActionAttach, Supplement: &order.Supplement{Reference: reference(id)},
		Confidential: &order.Confidential{Restrained: &order.ConfidentialRestrained{Person: order.Person{Race: "unknown"}, Height: 70}}}, witness.Receipt{Order: id, Kind: "MRR"}, 0)
}

// accept gives a package to the hub, and keeps the receipt.
func (w *world) accept(a store.Accepted, r witness.Receipt, n int) {
	id := fmt.Sprintf("%s-%s-%d", a.Action, r.Order, n)
	at := w.stamp()
	a.Agency, a.Package, a.Canonical = w.db.court, order.LocalID(id), sha256.Sum256([]byte(id))
	a.Received = store.Received{At: at, Peer: "192.0.2.7", Wire: []byte(id), Digest: sha256.Sum256([]byte(id)), ContentType: "text/xml", Correlation: id}
	a.Deadline = store.Deadline{Due: at.Add(36 * time.Hour), Rule: "FC 6380(a)"}
	w.say("a package comes: %s", id)
	receipt, err := w.intake(a)
	if err != nil {
		w.fail("accept a package", err)
		return
	}
	w.stale = true
	if receipt.Owed {
		r.Tracking = string(receipt.Tracking)
		w.receipts = append(w.receipts, r)
	}
}

func (w *world) intake(a store.Accepted) (store.Receipt, error) {
	if w.planted.accept != nil {
		return w.planted.accept(w, a)
	}
	return w.db.intake.Accept(w.t.Context(), a)
}

package relay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/clets/carpos"
	"ccpor/clets/link"
	"ccpor/clets/sim"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// quick are waits for tests: the switch answers at once, or never.
var quick = link.Limits{Connect: 5 * time.Second, Ready: 5 * time.Second, Ack: 400 * time.Millisecond, Reply: 500 * time.Millisecond, Idle: time.Minute}

// bench is a database, a switch and a court.
type bench struct {
	testing.TB
	url   string
	store *store.Store
	sw    *sim.Switch
	// window is the switch's: a hub that sends more at a time breaks the profile.
	window int
	dict   *carpos.Dictionary
	court  store.Agency
}

func newBench(t testing.TB, cfg sim.Config) *bench {
	t.Helper()
	return benchOn(t, storetest.NewURL(t), cfg)
}

func benchOn(t testing.TB, url string, cfg sim.Config) *bench {
	t.Helper()
	b := &bench{TB: t, url: url, window: max(cfg.Window, 1)}
	b.store = storetest.Open(t, url, store.Options{Hub: "intake", TestSwitch: true, MaxConns: 4})
	var err error
	if b.sw, err = sim.Start(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.sw.Close() })
	if b.dict, err = carpos.Load(); err != nil {
		t.Fatal(err)
	}
	b.court = b.register(store.Agency{
		ORI: "CA030013J", Name: "Superior Court of Orange County", County: "Orange", CarposName: "ORANGE CO SUPERIOR (NORTH)", Submits: true,
		ConfirmText: "FOR A COPY CONTACT CONTROL ONE, 714-555-0100",
	})
	return b
}

func (b *bench) register(a store.Agency) store.Agency {
	b.Helper()
	if _, err := b.store.RegisterAgency(b.Context(), a); err != nil {
		b.Fatal(err)
	}
	a, err := b.store.AgencyByORI(b.Context(), a.ORI)
	if err != nil {
		b.Fatal(err)
	}
	return a
}

// lines are n lines to the bench's switch.
func (b *bench) lines(n, window int) []Line {
	var lines []Line
	for i := range n {
		lines = append(lines, Line{Mnemonic: fmt.Sprintf("CC%02d", i), ORI: "CA0340000", Address: b.sw.Addr(), Window: window, Test: true})
	}
	return lines
}

// start sets a hub to work, and stops it when the test ends.
func (b *bench) start(cfg Config) *Relay {
	b.Helper()
	r := b.begin(storetest.Open(b, b.url, store.Options{TestSwitch: true}), cfg)
	b.Cleanup(func() { b.stop(r) })
	return r
}

// begin sets a hub to work on the store.
func (b *bench) begin(s Store, cfg Config) *Relay {
	b.Helper()
	if cfg.Lines == nil {
		cfg.Lines = b.lines(1, b.window)
	}
	if cfg.Limits == (link.Limits{}) {
		cfg.Limits = quick
	}
	if cfg.Pauses == nil {
		cfg.Pauses = []time.Duration{time.Millisecond}
	}
	if cfg.Redial == nil {
		cfg.Redial = []time.Duration{20 * time.Millisecond}
	}
	if os.Getenv("CCPOR_TEST_LOG") != "" {
		cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	r, err := New(s, b.dict, cfg)
	if err != nil {
		b.Fatal(err)
	}
	if err := r.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	return r
}

func (b *bench) stop(r *Relay) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		b.Error(err)
	}
}

// jones is an order like the published one, under an identification and case number of its own.
func jones(id string) *order.Order {
	expires, born := order.MakeDate(2036, 6, 7), order.MakeDate(1981, 11, 21)
	present := false
	return &order.Order{
		ID:   order.LocalID(id),
		Form: order.Form{Number: "CR-160", Revision: order.MakeDate(2005, 1, 1), Family: "CPO", Designator: "CPO", Title: "Protective Order in Criminal Proceeding"},
		Case: order.CaseNumber(id), Court: order.Court{ORI: "CA030013J", Name: "Superior Court of California, County of Orange"},
		Issued: order.MakeDate(2026, 3, 2), Judge: "Ronald K. Har", Stage: order.StagePreTrial,
		Expiry: order.Expiry{Date: &expires, Basis: order.ExpiryExplicit}, Access: order.AccessNormal,
		Restrained: order.Restrained{Name: order.Name{Given: "Marc", Surname: "Jones"}, Person: order.Person{Sex: "M", Race: "unknown", Born: &born}, Present: &present},
		Protected:  []order.Protected{{Name: order.Name{Given: "Mary", Surname: "Smith"}, Person: order.Person{Sex: "F"}}},
		Terms: order.Terms{
			NoHarm: true, NoContact: true, StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlacePerson}}}},
			Firearms: &order.Firearms{NoPossession: true, NoPurchase: true, Surrender: true, WithinHours: 24},
		},
		Service: order.ServiceNotServed,
	}
}

// served is a proof of service of that order.
func served(id string) *order.Service {
	return &order.Service{
		OrderID: order.LocalID(id), Court: "CA030013J", Case: order.CaseNumber(id), Restrained: order.Name{Given: "Marc", Surname: "Jones"}, Date: order.MakeDate(2026, 3, 3), Time: 17 * 60,
		Method: order.MethodPersonal, Server: order.Officer{Name: "A. Cecil", AgencyORI: "CA0300000"},
	}
}

func (b *bench) accept(o *order.Order, s *order.Service, change func(*store.Accepted)) order.Tracking {
	b.Helper()
	if o != nil {
		return b.take("add-"+string(o.ID), store.Accepted{Action: store.ActionAdd, Order: o}, change)
	}
	return b.take("serve-"+string(s.OrderID), store.Accepted{Action: store.ActionServe, Service: s}, change)
}

// take accepts a package under an identification of its own.
func (b *bench) take(id string, a store.Accepted, change func(*store.Accepted)) order.Tracking {
	b.Helper()
	wire := []byte(id)
	a.Agency, a.Package, a.Canonical = b.court, order.LocalID(id), sha256.Sum256(wire)
	a.Received = store.Received{At: time.Now(), Peer: "192.0.2.7", Wire: wire, Digest: sha256.Sum256(wire), ContentType: "text/xml", Correlation: id}
	a.Deadline = store.Deadline{Due: time.Now().Add(36 * time.Hour), Rule: "FC 6380(a)"}
	if change != nil {
		change(&a)
	}
	receipt, err := b.store.Accept(b.Context(), a)
	if err != nil {
		b.Fatalf("accept %s: %v", id, err)
	}
	return receipt.Tracking
}

// modify accepts the n-th change of an order: it ends n days later than before.
func (b *bench) modify(id string, n int) order.Tracking {
	b.Helper()
	o := jones(id)
	expires := o.Expiry.Date.AddDays(n)
	if known, err := b.store.KnownOrder(b.Context(), o.Court.ORI, o.ID, false); err == nil {
		o.Stage, o.Follows = known.Order.Stage, known.Order.Follows
	}
	o.Expiry.Date = &expires
	return b.take(fmt.Sprintf("modify-%s-%d", id, n), store.Accepted{Action: store.ActionModify, Order: o,
		Modification: &order.Modification{Reason: order.ModifyExtend, Date: order.MakeDate(2026, 3, 3)}}, nil)
}

// cancel accepts the end of an order.
func (b *bench) cancel(id string) order.Tracking {
	b.Helper()
	return b.take("cancel-"+id, store.Accepted{Action: store.ActionCancel, Cancellation: &order.Cancellation{Reference: reference(id),
		Restrained: order.Name{Given: "Marc", Surname: "Jones"}, Reason: order.CancelTerminated, Date: order.MakeDate(2026, 3, 4)}}, nil)
}

// attach accepts CLETS-001 of an order, which gives the restrained person's race and height.
func (b *bench) attach(id string) order.Tracking {
	b.Helper()
	return b.take("attach-"+id, store.Accepted{Action: store.ActionAttach, Supplement: &order.Supplement{Reference: reference(id)},
		Confidential: &order.Confidential{Restrained: &order.ConfidentialRestrained{Person: order.Person{Race: "unknown"}, Height: 70}}}, nil)
}

func reference(id string) order.Reference {
	return order.Reference{OrderID: order.LocalID(id), Court: "CA030013J", Case: order.CaseNumber(id)}
}

// add and serve accept an order and a proof of service.
func (b *bench) add(id string) order.Tracking { b.Helper(); return b.accept(jones(id), nil, nil) }
func (b *bench) serve(id string) order.Tracking {
	b.Helper()
	return b.accept(nil, served(id), nil)
}

// rows reads a query's rows of texts.
// opened are the rows of a query for a name, as "attempt.bytes/0000000001", and an encrypted value: the values as they were.
func (b *bench) opened(query string, args ...any) []string {
	b.Helper()
	open := storetest.Opener(b, b.url)
	var all []string
	for _, row := range b.rows(query, args...) {
		sealed, err := hex.DecodeString(row[1])
		if err != nil {
			b.Fatal(err)
		}
		value, err := open(b.Context(), row[0], sealed)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, string(value))
	}
	return all
}

// attempts are names and bytes of attempts a, for opened.
const attempts = "select 'attempt.bytes/' || a.control, encode(a.bytes, 'hex') from attempt a"

func (b *bench) rows(query string, args ...any) [][]string {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), b.url)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	rows, err := conn.Query(b.Context(), query, args...)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	var all [][]string
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			b.Fatal(err)
		}
		var texts []string
		for _, v := range values {
			texts = append(texts, fmt.Sprint(v))
		}
		all = append(all, texts)
	}
	if rows.Err() != nil {
		b.Fatal(rows.Err())
	}
	return all
}

// until looks again and again until the condition holds.
func (b *bench) until(limit time.Duration, what string, holds func() bool) {
	b.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(limit)
	for !holds() {
		select {
		case <-tick.C:
		case <-end:
			b.Fatalf("not %s within %s: %v, %v, %s", what, limit, b.rows("select kind, state, reason, count(*) from transmission group by 1, 2, 3 order by 1, 2, 3"),
				b.rows("select kind, state::text, count(*), max(attempt), max(scheduled_at)::text, now()::text from river_job where state <> 'completed' group by 1, 2"), b.sw.Check())
		}
	}
}

// settled waits until no transmission is the hub's or CARPOS's move, and returns how many are in each state.
func (b *bench) settled(limit time.Duration) map[string]int {
	b.Helper()
	counts := map[string]int{}
	b.until(limit, "settled", func() bool {
		clear(counts)
		open := 0
		for _, row := range b.rows("select state, count(*)::int from transmission group by 1") {
			n := 0
			fmt.Sscan(row[1], &n)
			counts[row[0]] = n
			if row[0] != "accepted" && row[0] != "held" && row[0] != "given_up" {
				open += n
			}
		}
		return open == 0
	})
	return counts
}

// sound fails the test when the switch has anything to complain of.
func (b *bench) sound() {
	b.Helper()
	if report := b.sw.Check(); !report.OK() {
		b.Errorf("the switch complains: %s: %+v %+v", report, report.Duplicates, report.Violations)
	}
}

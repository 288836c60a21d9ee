package store_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

// unserved is a package that adds an order which nobody has served yet.
func unserved(a store.Agency, pkg, id string, change ...func(*order.Order)) store.Accepted {
	p := add(a, pkg, id)
	p.Order.Service = order.ServiceNotServed
	for _, c := range change {
		c(p.Order)
	}
	return p
}

// recording is that the police told the restrained person of an order, at a minute of the day before noon.
func (h *hub) recording(id string, minute ...int) store.Recording {
	h.t.Helper()
	f, _ := h.found(id)
	at := order.TimeOfDay(8 * 60)
	for _, m := range minute {
		at += order.TimeOfDay(m)
	}
	return store.Recording{Order: f, Person: 11, Actor: "person officer@police.example, CA0300100", Agency: "CA0300100", At: noon,
		Service: order.Service{OrderID: f.Order.ID, Court: f.Order.Court.ORI, Case: f.Order.Case, Restrained: f.Order.Restrained.Name, Date: order.MakeDate(2026, 3, 2), Time: at,
			Method: order.MethodVerbal, Server: order.Officer{Name: "O. Fficer", Badge: "4711", AgencyORI: "CA0300100"}, Place: "A corner of Example Street"}}
}

func (h *hub) record(r store.Recording) store.RecordedID {
	h.t.Helper()
	id, err := h.RecordService(h.t.Context(), r)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *hub) status(r store.Receipt) store.Status {
	h.t.Helper()
	s, err := h.Status(h.t.Context(), r.Tracking)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// listed are the orders of Orange County that nobody has served.
func (h *hub) listed() string {
	h.t.Helper()
	found, err := h.Unserved(h.t.Context(), store.UnservedQuery{County: "CA030", Today: order.MakeDate(2026, 3, 2), Limit: 100})
	if err != nil {
		h.t.Fatal(err)
	}
	var ids []string
	for _, f := range found {
		if !f.Served {
			ids = append(ids, string(f.Order.ID))
		}
	}
	return strings.Join(ids, " ")
}

// A recorded service waits for the entry like that of a package, stands with the order and not with the package that added it, and goes as an SRR.
func TestARecordedServiceIsOwed(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.police()
	r := mustAccept(t, h.Store, unserved(h.court, "p-1", "o-1"))
	if got := h.listed(); got != "o-1" {
		t.Errorf("not served: %q", got)
	}
	id := h.record(h.recording("o-1"))
	s := h.status(r)
	if len(s.Order.Recorded) != 1 || len(s.Transmissions) != 1 || s.Transmissions[0].Kind != store.KindEnter {
		t.Fatalf("%+v, the package's own %+v", s.Order.Recorded, s.Transmissions)
	}
	w := s.Order.Recorded[0]
	if w.Number != id || w.Agency != "CA0300100" || w.Person != "person officer@police.example, CA0300100" || w.Service.Method != order.MethodVerbal || !w.At.Equal(noon) || w.Transmission == nil {
		t.Fatalf("%+v", w)
	}
	srr := w.Transmission.ID
	work := h.work1(srr)
	if work.State != store.StateWaiting || work.Kind != store.KindServe || work.Seq != 2 || work.Service == nil || work.Service.Server.Badge != "4711" || !work.Recorded || work.Violation != nil || !work.Due.IsZero() {
		t.Errorf("%+v", work)
	}
	f, history := h.found("o-1")
	if !f.Served || len(history.Services) != 1 || history.Services[0].Recorded != id || history.Services[0].Tracking != "" || history.Services[0].RecordedBy == "" || history.Services[0].Place == "" {
		t.Errorf("served %t, %+v", f.Served, history.Services)
	}
	entry, err := h.EntryOf(t.Context(), f)
	if err != nil || len(entry.Services) != 1 || len(entry.Transmissions) != 2 {
		t.Errorf("%+v, %v", entry, err)
	}
	if then, err := h.OrderAsOf(t.Context(), f, noon.Add(-time.Second)); !errors.Is(err, store.ErrNotFound) && (err != nil || then.Served) {
		t.Errorf("before: %+v, %v", then, err)
	}
	if got := h.listed(); got != "" {
		t.Errorf("still on the list: %q", got)
	}
	h.pass(r)
	if h.work1(srr).State != store.StateReady || h.jobs(srr) != "1" {
		t.Errorf("after the entry it is %s with %s jobs", h.work1(srr).State, h.jobs(srr))
	}
	h.finish(h.begin(srr, store.PurposeSend), accepted)
	ready := h.record(h.recording("o-1", 30))
	for _, w := range h.status(r).Order.Recorded {
		if want := map[store.RecordedID]store.TransmissionState{id: store.StateAccepted, ready: store.StateReady}[w.Number]; w.Transmission.State != want || want == store.StateAccepted && len(w.Transmission.Attempts) != 1 {
			t.Errorf("%d is %s", w.Number, w.Transmission.State)
		}
	}
	e := h.last("order CA030013J/o-1")
	if e.Action != "service.record" || e.Person != 11 || e.Agency != "CA0300100" || !strings.HasPrefix(e.Details, "served before, verbal, transmission ") || strings.Contains(e.Details, "Example") || strings.Contains(e.Details, "Fficer") {
		t.Errorf("%+v", e)
	}
	h.sound()
}

// Pressed twice, or by two at once, the same service is one; another officer's is another, with its own place in the sequence.
func TestTheSameServiceIsRecordedOnce(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.police()
	r := mustAccept(t, h.Store, unserved(h.court, "p-1", "o-1"))
	h.pass(r)
	same, other := h.recording("o-1"), h.recording("o-1", 1)
	var ids [8]store.RecordedID
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			var err error
			if ids[i], err = h.RecordService(t.Context(), []store.Recording{same, other}[i%2]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range ids {
		if ids[i] != ids[i%2] || ids[0] == ids[1] {
			t.Errorf("the numbers: %v", ids)
		}
	}
	if got := h.sql("select count(*) || ' ' || count(distinct seq) || ' ' || count(*) filter (where state = 'ready') from transmission where kind = 'SRR'"); got != "2 2 1" {
		t.Errorf("transmissions, numbers, ready: %s", got)
	}
	if got := h.sql("select count(*)::text from audit where action = 'service.record'"); got != "2" {
		t.Errorf("%s audit entries", got)
	}
	h.sound()
}

// An order that does not go to CARPOS is served all the same, and nothing is owed.
func TestARecordedServiceThatIsNotOwed(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.police()
	itself := register(t, h.Store, store.Agency{ORI: "CA002013J", Name: "Alpine", Submits: false})
	own := unserved(itself, "p-1", "o-own", func(o *order.Order) { o.Court.ORI = "CA002013J" })
	mustAccept(t, h.Store, own)
	test := unserved(h.court, "p-2", "o-test")
	test.Test = true
	mustAccept(t, h.Store, test)
	lost := mustAccept(t, h.Store, unserved(h.court, "p-3", "o-lost"))
	h.finish(h.begin(h.only(lost).ID, store.PurposeSend), store.Outcome{Verdict: store.VerdictRejected, Text: "06"})
	if err := h.GiveUp(t.Context(), h.only(lost).ID, "person jdoe", "no", noon); err != nil {
		t.Fatal(err)
	}
	for _, o := range []struct {
		court order.ORI
		id    order.LocalID
		test  bool
	}{{"CA002013J", "o-own", false}, {"CA030013J", "o-test", true}, {"CA030013J", "o-lost", false}} {
		f, err := h.FindOrder(t.Context(), o.court, o.id, o.test)
		if err != nil {
			t.Fatal(err)
		}
		again := h.recording("o-lost")
		again.Order, again.Service.OrderID, again.Service.Court = f, o.id, o.court
		h.record(again)
		if f, err = h.FindOrder(t.Context(), o.court, o.id, o.test); err != nil || !f.Served {
			t.Errorf("%s is not served, %v", o.id, err)
		}
		if e := h.last("order " + string(o.court) + "/" + string(o.id)); !strings.HasPrefix(e.Details, "verbal, nothing is owed to CARPOS, ") {
			t.Errorf("%+v", e)
		}
	}
	if got := h.sql("select count(*)::text from transmission where kind = 'SRR'"); got != "0" {
		t.Errorf("%s SRR", got)
	}
	if r := h.status(lost).Order.Recorded; len(r) != 1 || r[0].Transmission != nil {
		t.Errorf("%+v", r)
	}
	h.sound()
}

// What was judged by another version, or before the court ended the order, is not kept.
func TestARecordedServiceOfAChangedOrder(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.police()
	mustAccept(t, h.Store, unserved(h.court, "p-1", "o-1"))
	before := h.recording("o-1")
	mustAccept(t, h.Store, modify(h.court, "p-2", "o-1"))
	if _, err := h.RecordService(t.Context(), before); !errors.Is(err, store.ErrOrderChanged) {
		t.Errorf("by an earlier version: %v", err)
	}
	before = h.recording("o-1")
	mustAccept(t, h.Store, cancel(h.court, "p-3", "o-1"))
	if _, err := h.RecordService(t.Context(), before); !errors.Is(err, store.ErrOrderChanged) {
		t.Errorf("before the end: %v", err)
	}
	stranger := h.recording("o-1")
	stranger.Agency = "CA0999999"
	if _, err := h.RecordService(t.Context(), stranger); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("by an agency that nobody knows: %v", err)
	}
	if got := h.sql("select count(*) || ' ' || (select count(*) from audit where action = 'service.record') from recorded"); got != "0 0" {
		t.Errorf("kept, on record: %s", got)
	}
	for _, sql := range []string{"delete from recorded", "update recorded set actor = 'x'", "truncate recorded"} {
		h.record(h.recording("o-1", len(sql)))
		if err := h.exec(sql); err == nil {
			t.Errorf("%s was done", sql)
		}
	}
	h.sound()
}

// What is recorded is kept as a whole or not at all: where the last step fails, the order is as it was and still to be served.
func TestARecordedServiceIsKeptWhole(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.police()
	r := mustAccept(t, h.Store, unserved(h.court, "p-1", "o-1"))
	h.pass(r)
	if err := h.exec("alter table audit add constraint full_disk check (action <> 'service.record')"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.RecordService(t.Context(), h.recording("o-1")); err == nil {
		t.Error("it was kept without an entry in the audit log")
	}
	if got := h.sql("select (select count(*) from recorded) || ' ' || (select count(*) from transmission where kind = 'SRR') || ' ' || open || ' ' || next_seq from order_"); got != "0 0 0 2" || h.listed() != "o-1" {
		t.Errorf("recorded, SRR, open, next number: %s; on the list %q", got, h.listed())
	}
	if err := h.exec("alter table audit drop constraint full_disk"); err != nil {
		t.Fatal(err)
	}
	h.record(h.recording("o-1"))
	h.sound()
}

// The list of what is not served follows what comes: proofs, versions, messages, in whatever sequence.
func TestTheListOfUnservedOrders(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.police()
	want := func(what, ids string) {
		t.Helper()
		if got := h.listed(); got != ids {
			t.Errorf("%s: %q, not %q", what, got, ids)
		}
	}
	issued := func(day int) func(*order.Order) {
		return func(o *order.Order) { o.Issued = order.MakeDate(2026, 2, day) }
	}
	mustAccept(t, h.Store, add(h.court, "p-present", "o-present"))
	mustAccept(t, h.Store, unserved(h.court, "p-1", "o-1", issued(1)))
	mustAccept(t, h.Store, unserved(h.court, "p-2", "o-2", issued(2)))
	mustAccept(t, h.Store, unserved(h.court, "p-mail", "o-mail", issued(3), func(o *order.Order) { o.Service = order.ServiceMail }))
	want("newest first", "o-mail o-2 o-1")
	mustAccept(t, h.Store, serve(h.court, "p-3", "o-2"))
	want("after a proof", "o-mail o-1")
	mustAccept(t, h.Store, serve(h.court, "p-4", "o-early"))
	mustAccept(t, h.Store, unserved(h.court, "p-5", "o-early"))
	want("after a proof that came first", "o-mail o-1")
	said := modify(h.court, "p-6", "o-mail")
	said.Order.Service = order.ServiceServed
	mustAccept(t, h.Store, said)
	want("after a version that was served", "o-1")
	again := modify(h.court, "p-7", "o-mail")
	again.Order.Service, again.Order.Issued = order.ServiceNotServed, order.MakeDate(2026, 2, 3)
	mustAccept(t, h.Store, again)
	want("after a version that was not", "o-mail o-1")
	first := modify(h.court, "p-8", "o-first")
	first.Order.Service, first.Order.Issued = order.ServiceNotServed, order.MakeDate(2026, 2, 9)
	mustAccept(t, h.Store, first)
	want("before the order itself", "o-mail o-1")
	mustAccept(t, h.Store, unserved(h.court, "p-9", "o-first", issued(9)))
	want("behind its change", "o-first o-mail o-1")
	mustAccept(t, h.Store, cancel(h.court, "p-10", "o-first")) // from 4 March on
	want("before the day of its end", "o-first o-mail o-1")
	over := unserved(h.court, "p-11", "o-over", func(o *order.Order) { d := order.MakeDate(2026, 3, 1); o.Expiry.Date = &d })
	mustAccept(t, h.Store, over)
	today := unserved(h.court, "p-12", "o-today", issued(28), func(o *order.Order) { d := order.MakeDate(2026, 3, 2); o.Expiry.Date = &d })
	mustAccept(t, h.Store, today)
	forever := unserved(h.court, "p-13", "o-forever", issued(27), func(o *order.Order) { o.Expiry = order.Expiry{Basis: order.ExpiryPermanent} })
	mustAccept(t, h.Store, forever)
	want("by their ends", "o-today o-forever o-first o-mail o-1")
	_, filed := h.entered("p-14", "o-14")
	want("entered", "o-14 o-today o-forever o-first o-mail o-1")
	h.understand(violated(h.kept("000001", "a violation"), filed, "EX-1"))
	h.understand(served(h.kept("000002", "a service"), filed))
	h.record(h.recording("o-1"))
	want("after it was recorded", "o-today o-forever o-first o-mail")
	found, err := h.Unserved(t.Context(), store.UnservedQuery{Court: "CA030013J", Today: order.MakeDate(2026, 3, 4), Limit: 2})
	if err != nil || len(found) != 2 || found[0].Order.ID != "o-forever" || found[1].Order.ID != "o-mail" {
		t.Errorf("two days later: %+v, %v", found, err)
	}
	next, err := h.Unserved(t.Context(), store.UnservedQuery{Court: "CA030013J", Today: order.MakeDate(2026, 3, 2), After: found[0].Place(), Limit: 1})
	if err != nil || len(next) != 1 || next[0].Order.ID != "o-first" {
		t.Errorf("behind the first: %+v, %v", next, err)
	}
	h.sound()
}

// The list is of one county, one court or one agency that the orders name; nobody is given all of it, and tests live apart.
func TestWhoseUnservedOrders(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	alpine := register(t, h.Store, store.Agency{ORI: "CA002013J", Name: "Alpine", Submits: true})
	of := func(ori order.ORI) func(*order.Order) { return func(o *order.Order) { o.Court.ORI = ori } }
	mustAccept(t, h.Store, unserved(h.court, "p-1", "o-1"))
	mustAccept(t, h.Store, unserved(h.court, "p-2", "o-2", of("CA030023J"), func(o *order.Order) { o.Officer = &order.Officer{Name: "A. Cecil", AgencyORI: "CA0300100"} }))
	mustAccept(t, h.Store, unserved(alpine, "p-3", "o-3", of("CA002013J"), func(o *order.Order) {
		o.Petitioner = &order.Petitioner{Kind: order.PetitionerLawEnforcement, ORI: "CA0300100"}
	}))
	test := unserved(h.court, "p-4", "o-4")
	test.Test = true
	mustAccept(t, h.Store, test)
	for want, q := range map[string]store.UnservedQuery{
		"o-2 o-1": {County: "CA030"}, "o-1": {Court: "CA030013J"}, "o-3 o-2": {Agency: "CA0300100"}, "o-2": {County: "CA030", Agency: "CA0300100"}, "o-3": {County: "CA002"}, "o-4": {County: "CA030", Test: true},
		"": {County: "CA002", Court: "CA030013J"},
	} {
		q.Today, q.Limit = order.MakeDate(2026, 3, 2), 10
		found, err := h.Unserved(t.Context(), q)
		var ids []string
		for _, f := range found {
			ids = append(ids, string(f.Order.ID))
		}
		if got := strings.Join(ids, " "); err != nil || got != want {
			t.Errorf("%+v: %q, not %q, %v", q, got, want, err)
		}
	}
	if _, err := h.Unserved(t.Context(), store.UnservedQuery{Limit: 1}); !errors.Is(err, store.ErrTooWide) {
		t.Errorf("of everybody: %v", err)
	}
}

// What came before there was a list is read once, and what has ended leaves it.
func TestTheListOfUnservedOrdersIsTidied(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	mustAccept(t, h.Store, unserved(h.court, "p-1", "o-1", func(o *order.Order) { o.Officer = &order.Officer{Name: "A. Cecil", AgencyORI: "CA0300100"} }))
	mustAccept(t, h.Store, add(h.court, "p-2", "o-present"))
	over := unserved(h.court, "p-3", "o-over", func(o *order.Order) { d := order.MakeDate(2026, 2, 27); o.Expiry.Date = &d })
	mustAccept(t, h.Store, over)
	if err := h.exec(`insert into unserved (order_id, version, test, county, court, agency, issued) select id, 0, test, 'CA030', court, '', '2026-03-02' from order_ where local_id <> 'o-over'
		on conflict (order_id) do update set version = 0, agency = ''`); err != nil {
		t.Fatal(err)
	}
	if got := h.listed(); got != "o-1" {
		t.Errorf("before: %q", got)
	}
	if err := h.TidyUnserved(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	if got := h.sql("select string_agg(o.local_id || ' ' || u.version || ' ' || u.agency, ', ' order by o.local_id) from unserved u join order_ o on o.id = u.order_id"); got != "o-1 1 CA0300100" {
		t.Errorf("after: %s", got)
	}
	h.sound()
}

// The list is read in the order of its indexes, with any number of orders in it.
func TestUnservedOrdersAreReadByAnIndex(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	if err := h.exec(`insert into unserved (order_id, version, test, county, court, agency, issued, ends)
		select g, 1, false, 'CA0' || 10 + g % 50, 'CA0' || 10 + g % 50 || '013J', case when g % 9 = 0 then 'CA0300100' else '' end, date '2026-03-02' - g % 900, date '2026-03-02' + g % 900 from generate_series(1, 20000) g`); err != nil {
		t.Fatal(err)
	}
	place, err := store.ParseOrderPlace("20250101.zz")
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, h.url)
	for name, value := range store.FindSettings() {
		if _, err := conn.Exec(t.Context(), "select set_config($1, $2, false)", name, value); err != nil {
			t.Fatal(err)
		}
	}
	for index, q := range map[string]store.UnservedQuery{"unserved_county": {County: "CA030"}, "unserved_court": {Court: "CA030013J"}, "unserved_agency": {Agency: "CA0300100"}} {
		for _, q.After = range []store.OrderPlace{{}, place} {
			q.Today, q.Limit = order.MakeDate(2026, 3, 2), 101
			sql, args := q.UnservedSQL()
			plan := explained(t, conn, sql, args)
			if !strings.Contains(plan, "using "+index+" on unserved") || strings.Contains(plan, "Sort") || strings.Contains(plan, "Seq Scan") {
				t.Errorf("%+v is read by\n%s", q, plan)
			}
		}
	}
}

package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// kept is a message of the switch as it is kept first.
func (h *hub) kept(outseq, text string) store.InboundID {
	h.t.Helper()
	id, _, err := h.Inbound(h.t.Context(), "CCPR", outseq, "", text, noon)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *hub) understand(u store.Understood) {
	h.t.Helper()
	if err := h.Understand(h.t.Context(), u); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hub) message(id store.InboundID) store.Message {
	h.t.Helper()
	m, err := h.Message(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

// entered is an order that CARPOS has, with its receipt and key.
func (h *hub) entered(pkg, id string) (store.Receipt, store.Filed) {
	h.t.Helper()
	p := add(h.court, pkg, id)
	p.Order.Service = order.ServiceNotServed
	r := mustAccept(h.t, h.Store, p)
	o := accepted
	o.FCN = order.FCN("FCN" + pkg[2:])
	h.finish(h.begin(h.only(r).ID, store.PurposeSend), o)
	found, err := h.OrdersOfFCN(h.t.Context(), o.FCN)
	if err != nil || len(found) != 1 || len(found[0].Names) != 1 || found[0].Names[0].Surname != "Jones" {
		h.t.Fatalf("%+v %v", found, err)
	}
	return r, found[0]
}

func (h *hub) found(id string) (store.FoundOrder, store.History) {
	h.t.Helper()
	f, err := h.FindOrder(h.t.Context(), "CA030013J", order.LocalID(id), false)
	if err != nil {
		h.t.Fatal(err)
	}
	history, err := h.History(h.t.Context(), f)
	if err != nil {
		h.t.Fatal(err)
	}
	return f, history
}

func served(id store.InboundID, o store.Filed) store.Understood {
	return store.Understood{Message: id, Kind: store.MessageService, FCN: "FCN1", Order: o.Order, At: noon, Service: &order.Service{Date: order.MakeDate(2026, 3, 3), Time: 570,
		Method: order.MethodPersonal, Server: order.Officer{Name: "Deputy Example", AgencyORI: "CA0300000"}}}
}

func violated(id store.InboundID, o store.Filed, report string) store.Understood {
	return store.Understood{Message: id, Kind: store.MessageViolation, FCN: "FCN1", Order: o.Order, At: noon,
		Violation: &order.Violation{At: noon, Agency: "CA0300000", Report: report, Text: "invented"}}
}

// news is what the court is told beside the moves.
func (h *hub) news() (all []string) {
	h.t.Helper()
	notices, err := h.Notices(h.t.Context(), h.court.ID, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, n := range notices {
		if n.Reason != "" {
			all = append(all, fmt.Sprintf("%s %s %s: %s", n.Package, n.Kind, n.State, n.Reason))
		}
	}
	return all
}

func (h *hub) events(id store.InboundID) []string {
	h.t.Helper()
	trail, err := h.AuditTrail(h.t.Context(), fmt.Sprintf("message %d", id), 10)
	if err != nil {
		h.t.Fatal(err)
	}
	var all []string
	for _, e := range slices.Backward(trail) {
		all = append(all, e.Actor+" "+e.Action+" "+e.Outcome)
	}
	return all
}

// Service by another agency: the order is served, plainly by CARPOS's word, the court is told, nothing is sent; and all of it once.
func TestServiceByAnotherAgency(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.listen(h.court, true)
	r, o := h.entered("p-1", "o-1")
	h.entered("p-2", "o-2")
	if f, _ := h.found("o-1"); f.Served {
		t.Fatal("served before anybody said so")
	}
	first, again := h.kept("000001", "one"), h.kept("000002", "the same under another number")
	h.understand(served(first, o))
	h.understand(served(first, o)) // repeated by the switch
	h.understand(served(again, o))
	f, history := h.found("o-1")
	if !f.Served || len(history.Services) != 1 || history.Services[0].Tracking != "" || history.Services[0].Server.AgencyORI != "CA0300000" || history.Services[0].Time != 570 {
		t.Errorf("%v %+v", f.Served, history.Services)
	}
	if f, history := h.found("o-2"); f.Served || len(history.Services) != 0 {
		t.Errorf("another order is served: %+v", history.Services)
	}
	status, err := h.Status(t.Context(), r.Tracking)
	if err != nil {
		t.Fatal(err)
	}
	if s := history.Services; s[0].OrderID != "o-1" || s[0].Court != "CA030013J" || s[0].Restrained.Surname != "Jones" {
		t.Errorf("%+v", s)
	}
	if p := status.Order.Reported; len(p) != 1 || p[0].Kind != store.MessageService || p[0].Message != first || p[0].Service == nil || status.Order.UnsentProofs != 0 {
		t.Errorf("%+v", p)
	}
	if m := h.message(first); m.HandledAt.IsZero() || m.Handled != "the order is served" || m.Order == nil || m.Order.ID != "o-1" || m.Order.Tracking != r.Tracking {
		t.Errorf("%+v", m)
	}
	if m := h.message(again); m.Handled != "another message has told the same" {
		t.Errorf("%+v", m)
	}
	if e := h.events(first); len(e) != 1 || len(h.events(again)) != 1 {
		t.Errorf("audited: %q", e)
	}
	if jobs := h.sql("select count(*)::text from river_job where kind = 'deliver' and state = 'available'"); jobs == "0" {
		t.Error("nobody was woken to tell the court")
	}
	if told := h.news(); len(told) != 1 || told[0] != "p-1 ERR accepted: CARPOS reports that another agency has served the order. No proof of service is sent for that." {
		t.Errorf("the court was told %q", told)
	}
	if n := h.sql("select count(*)::text from transmission"); n != "2" {
		t.Errorf("%s transmissions", n)
	}
	h.sound()
}

// A proof of service of the court's that CARPOS has not got yet may be of the same service: the order says so, and nothing is guessed.
func TestServiceBesideAProofOfOurs(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r, o := h.entered("p-1", "o-1")
	proof := mustAccept(t, h.Store, serve(h.court, "p-2", "o-1"))
	h.understand(served(h.kept("000001", "one"), o))
	unsent := func() int {
		s, err := h.Status(t.Context(), r.Tracking)
		if err != nil {
			t.Fatal(err)
		}
		return s.Order.UnsentProofs
	}
	if n := unsent(); n != 1 {
		t.Errorf("%d proofs of ours are not sent", n)
	}
	h.wantState(proof, store.StateReady)
	if _, history := h.found("o-1"); len(history.Services) != 2 || history.Services[0].Tracking != proof.Tracking {
		t.Errorf("%+v", history.Services)
	}
	h.pass(proof)
	if n := unsent(); n != 0 {
		t.Errorf("%d proofs of ours are not sent, after CARPOS has it", n)
	}
	h.sound()
}

func TestViolationsAreKeptAndCounted(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.listen(h.court, true)
	r, o := h.entered("p-1", "o-1")
	for i, report := range []string{"EX-1", "EX-2", "EX-1"} {
		h.understand(violated(h.kept(fmt.Sprintf("%06d", i), report+fmt.Sprint(i)), o, report))
	}
	s, err := h.Status(t.Context(), r.Tracking)
	if err != nil || len(s.Order.Reported) != 2 || s.Order.Reported[0].Violation.Report != "EX-1" || !s.Order.Reported[1].Violation.At.Equal(noon) {
		t.Errorf("%+v %v", s.Order.Reported, err)
	}
	if f, _ := h.found("o-1"); f.Served {
		t.Error("a violation serves the order")
	}
	if told := h.news(); len(told) != 2 {
		t.Errorf("the court was told %q", told)
	}
	h.sound()
}

// What waits for a person waits with its reason, is decided once by the hub, and once by a person.
func TestMessagesForAPerson(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	_, o := h.entered("p-1", "o-1")
	id := h.kept("000001", "one")
	wait := store.Understood{Message: id, Kind: store.MessageService, FCN: "FCN1", Wait: store.WaitName, At: noon}
	h.understand(wait)
	h.understand(wait)
	h.understand(served(id, o)) // the hub does not change its mind
	if m := h.message(id); m.Wait != store.WaitName || !m.HandledAt.IsZero() || m.Order != nil || len(h.events(id)) != 1 {
		t.Errorf("%+v %q", m, h.events(id))
	}
	counts, err := h.Inbox(t.Context())
	if err != nil || len(counts) != 1 || counts[0].Kind != store.MessageService || counts[0].Count != 1 || !counts[0].Oldest.Equal(noon) {
		t.Errorf("%+v %v", counts, err)
	}
	by := served(id, o)
	by.Who = "person jdoe"
	h.understand(by)
	if f, _ := h.found("o-1"); !f.Served {
		t.Error("what a person applied had no effect")
	}
	if err := h.Understand(t.Context(), by); !errors.Is(err, store.ErrHandled) {
		t.Errorf("applied twice: %v", err)
	}
	if err := h.HandleMessage(t.Context(), id, "read", "person jdoe", noon); !errors.Is(err, store.ErrHandled) {
		t.Errorf("handled twice: %v", err)
	}
	if err := h.HandleMessage(t.Context(), id+99, "read", "person jdoe", noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("handled what is not there: %v", err)
	}
	if err := h.Understand(t.Context(), store.Understood{Message: id + 99, Kind: store.MessageAdmin, Wait: store.WaitAdmin, At: noon}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("understood what is not there: %v", err)
	}
	read := h.kept("000002", "two")
	h.understand(store.Understood{Message: read, Kind: store.MessageAdmin, Wait: store.WaitAdmin, At: noon})
	if err := h.HandleMessage(t.Context(), read, "told the operators", "person jdoe", noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if e := h.events(read); len(e) != 2 || e[1] != "person jdoe message.handle handled" {
		t.Errorf("%q", e)
	}
	for q, want := range map[store.MessageQuery]int{{}: 2, {Unhandled: true}: 0, {Kind: store.MessageAdmin}: 1, {Line: "XXXX"}: 0, {Before: read}: 1} {
		q.Limit = 10
		if got, err := h.Messages(t.Context(), q); err != nil || len(got) != want {
			t.Errorf("%+v: %d, %v", q, len(got), err)
		}
	}
	h.sound()
}

// An effect without an order, with two effects, or without one is refused, and so is what cannot be written as a whole: nothing of it stays.
func TestNoHalfEffect(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	_, o := h.entered("p-1", "o-1")
	id := h.kept("000001", "one")
	both, none, nowhere, lost := served(id, o), served(id, o), served(id, o), served(id, o)
	both.Violation, none.Service, nowhere.Order, lost.Order = &order.Violation{}, nil, 0, 999
	for _, u := range []store.Understood{both, none, nowhere, lost} {
		if err := h.Understand(t.Context(), u); err == nil {
			t.Errorf("%+v was taken", u)
		}
	}
	if err := h.exec("create trigger sick before insert on audit for each row when (new.action = 'message.apply') execute function never()"); err != nil {
		t.Fatal(err)
	}
	if err := h.Understand(t.Context(), served(id, o)); err == nil {
		t.Error("taken without an audit entry")
	}
	if f, _ := h.found("o-1"); f.Served || h.message(id).Kind != "" {
		t.Errorf("half of it stays: %+v", h.message(id))
	}
}

// Two hubs that have one message, and two messages of one service at the same moment, leave one effect.
func TestOneEffectOfManyHubs(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	second := storetest.Open(t, h.url, store.Options{})
	_, o := h.entered("p-1", "o-1")
	one, two := h.kept("000001", "one"), h.kept("000002", "two")
	var hubs sync.WaitGroup
	for i := range 12 {
		s, id := h.Store, one
		if i%2 == 1 {
			s = second
		}
		if i%3 == 1 {
			id = two
		}
		hubs.Go(func() {
			if err := s.Understand(t.Context(), served(id, o)); err != nil {
				t.Error(err)
			}
		})
	}
	hubs.Wait()
	if n := h.sql("select count(*) || ' ' || (select count(*) from audit where action = 'message.apply') from reported"); n != "1 2" {
		t.Errorf("reported and audited: %s", n)
	}
	h.sound()
}

// NCIC's refusal stands on the order until a person handles it, or CARPOS accepts a change that was sent after it came.
func TestNCICRefusal(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r, o := h.entered("p-1", "o-1")
	change := mustAccept(t, h.Store, modify(h.court, "p-2", "o-1"))
	early := h.begin(h.only(change).ID, store.PurposeSend) // at noon
	id := h.kept("000001", "one")
	if err := h.exec("update inbound set at = at + interval '1 minute'"); err != nil {
		t.Fatal(err)
	}
	h.understand(store.Understood{Message: id, Kind: store.MessageNCIC, FCN: "FCN1", Order: o.Order, Wait: store.WaitNCIC, At: noon})
	standing := func() int {
		s, err := h.Status(t.Context(), r.Tracking)
		if err != nil {
			t.Fatal(err)
		}
		return len(s.Order.Reported)
	}
	if standing() != 1 {
		t.Error("the order does not say that NCIC has not got it")
	}
	h.finish(early, accepted)
	if standing() != 1 {
		t.Error("a change that was sent before counts as the correction")
	}
	if err := h.exec("update inbound set at = at - interval '2 minutes'"); err != nil {
		t.Fatal(err)
	}
	h.pass(mustAccept(t, h.Store, modify(h.court, "p-3", "o-1")))
	if standing() != 0 || h.message(id).Handled != "a later change was accepted" || len(h.events(id)) != 2 {
		t.Errorf("%+v %q", h.message(id), h.events(id))
	}
	h.sound()
}

// A message that waits for its order is found when an order gets its number, and one that nobody has looked at when its hub is gone.
func TestNotUnderstood(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	waits, left, name := h.kept("000001", "one"), h.kept("000002", "two"), h.kept("000003", "three")
	h.understand(store.Understood{Message: waits, Kind: store.MessageService, FCN: "FCN1", Wait: store.WaitNoOrder, At: noon})
	h.understand(store.Understood{Message: name, Kind: store.MessageService, FCN: "FCN1", Wait: store.WaitName, At: noon})
	ids := func(before time.Time) (all []store.InboundID) {
		found, err := h.NotUnderstood(t.Context(), before)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range found {
			all = append(all, m.ID)
		}
		return all
	}
	if got := ids(noon); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if got := ids(noon.Add(time.Second)); !slices.Equal(got, []store.InboundID{left}) {
		t.Errorf("%v", got)
	}
	_, o := h.entered("p-1", "o-1")
	if got := ids(noon); !slices.Equal(got, []store.InboundID{waits}) {
		t.Errorf("%v", got)
	}
	h.understand(served(waits, o))
	if f, _ := h.found("o-1"); !f.Served || len(ids(noon)) != 0 {
		t.Error("the notice had no effect after all")
	}
	h.sound()
}

package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ccpor/mapping/order"
	"ccpor/store"
)

// modify is a package that brings an order as it stands after a change.
func modify(a store.Agency, pkg, id string) store.Accepted {
	o := jones(id)
	o.OtherOrders = "As " + pkg + " says."
	return packageOf(a, pkg, store.Accepted{Action: store.ActionModify, Order: o, Modification: &order.Modification{Reason: order.ModifyAmend, Date: order.MakeDate(2026, 3, 3)}})
}

// cancel is a package that ends an order.
func cancel(a store.Agency, pkg, id string) store.Accepted {
	return packageOf(a, pkg, store.Accepted{Action: store.ActionCancel, Cancellation: &order.Cancellation{Reference: reference(id),
		Restrained: order.Name{Given: "Marc", Surname: "Jones"}, Reason: order.CancelTerminated, Date: order.MakeDate(2026, 3, 4)}})
}

// attach is a package with CLETS-001, or with nothing but an image of the order.
func attach(a store.Agency, pkg, id string, confidential bool) store.Accepted {
	p := packageOf(a, pkg, store.Accepted{Action: store.ActionAttach, Supplement: &order.Supplement{Reference: reference(id)}})
	if confidential {
		p.Confidential = &order.Confidential{Restrained: &order.ConfidentialRestrained{SSN: "000000000", Employer: "the works of " + pkg}}
	} else {
		p.Images = []store.Image{image(pkg+".pdf", uint64(len(pkg)), 500)}
	}
	return p
}

func reference(id string) order.Reference {
	return order.Reference{OrderID: order.LocalID(id), Court: "CA030013J", Case: "06NF0886"}
}

func (h *hub) work1(id store.TransmissionID) store.Work {
	h.t.Helper()
	w, err := h.Work(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return w
}

// pass has the transmission of the package accepted.
func (h *hub) pass(r store.Receipt) {
	h.t.Helper()
	h.finish(h.begin(h.only(r).ID, store.PurposeSend), accepted)
}

func (h *hub) known(id string) store.Known {
	h.t.Helper()
	k, err := h.KnownOrder(h.t.Context(), "CA030013J", order.LocalID(id), false)
	if err != nil {
		h.t.Fatal(err)
	}
	return k
}

func TestAChangeIsTheNextVersion(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	first, second := mustAccept(t, h.Store, modify(h.court, "p-2", "o-1")), mustAccept(t, h.Store, modify(h.court, "p-3", "o-1"))
	if k := h.known("o-1"); k.Version != 3 || k.Order.OtherOrders != "As p-3 says." || k.Cancelled != nil {
		t.Errorf("known %+v", k)
	}
	if w := h.work1(h.only(r).ID); w.Version != 1 || w.Order.OtherOrders != "" || w.Known.Version != 0 || len(w.Record) != 0 || w.Sent != nil || w.Action != store.ActionAdd {
		t.Errorf("entry %+v", w)
	}
	h.pass(r)
	w := h.work1(h.only(first).ID)
	if w.Kind != store.KindModify || w.State != store.StateReady || w.Version != 2 || w.Order.OtherOrders != "As p-2 says." || w.Known.Version != 1 || w.Known.Order.OtherOrders != "" ||
		w.Modification == nil || w.Modification.Reason != order.ModifyAmend || len(w.Record) != 1 || w.FCN != accepted.FCN || w.Action != store.ActionModify {
		t.Errorf("change %+v", w)
	}
	h.finish(h.begin(w.ID, store.PurposeSend), store.Outcome{Verdict: store.VerdictRejected, Text: "24 RECORD EXPIRED"})
	if err := h.GiveUp(t.Context(), w.ID, "person jdoe", "The court withdrew it.", noon); err != nil {
		t.Fatal(err)
	}
	w = h.work1(h.only(second).ID)
	if w.State != store.StateReady || w.Version != 3 || w.Known.Version != 1 || len(w.Record) != 1 {
		t.Errorf("a change after one that was given up: %+v", w)
	}
	h.pass(second)
	served := mustAccept(t, h.Store, serve(h.court, "p-4", "o-1"))
	if w = h.work1(h.only(served).ID); w.Version != 3 || w.Known.Version != 3 || len(w.Record) != 2 || w.Service == nil || w.Modification != nil {
		t.Errorf("proof %+v", w)
	}
	h.sound()
}

// TestRecordIsWhatWasAccepted: of several sendings, the one that CARPOS accepted; of a change that was not sent, nothing.
func TestRecordIsWhatWasAccepted(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	id := h.only(r).ID
	lost := h.begin(id, store.PurposeSend)
	h.finish(lost, store.Outcome{Verdict: store.VerdictUnknown})
	h.finish(h.begin(id, store.PurposeLookup), store.Outcome{Verdict: store.VerdictNotFound})
	again := h.begin(id, store.PurposeSend)
	h.finish(lost, accepted) // its reply comes after all
	change := mustAccept(t, h.Store, modify(h.court, "p-2", "o-1"))
	item, err := h.QueueItem(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	body := func(a store.AttemptID) string {
		i := slices.IndexFunc(item.Attempts, func(q store.QueueAttempt) bool { return q.ID == a })
		return string(item.Attempts[i].Bytes)
	}
	if w := h.work1(h.only(change).ID); len(w.Record) != 1 || string(w.Record[0]) != body(lost) || body(lost) == body(again) {
		t.Errorf("record %q", w.Record)
	}
	if w := h.work1(id); string(w.Sent) != body(again) {
		t.Errorf("sent %q", w.Sent)
	}
	if _, err := h.Settle(t.Context(), h.only(change).ID, "CARPOS has it already.", noon); err != nil {
		t.Fatal(err)
	}
	h.wantState(change, store.StateAccepted)
	served := mustAccept(t, h.Store, serve(h.court, "p-3", "o-1"))
	if w := h.work1(h.only(served).ID); w.State != store.StateReady || len(w.Record) != 1 || w.Version != 2 {
		t.Errorf("after a change without effect: %+v", w)
	}
	if _, err := h.Settle(t.Context(), h.only(change).ID, "x", noon); !errors.Is(err, store.ErrNotReady) {
		t.Errorf("settled twice: %v", err)
	}
	var moved *store.MoveError
	if _, err := h.Settle(t.Context(), h.only(served).ID, "x", noon); !errors.As(err, &moved) {
		t.Errorf("a proof settled without being sent: %v", err)
	}
	if got := h.sql("select count(*)::text from audit where action = 'transmission.settle'"); got != "1" {
		t.Errorf("%s audit entries", got)
	}
}

// TestEverythingBeforeItsOrder: all that can follow an order comes first, and CARPOS gets it afterwards in the order in which it came.
func TestEverythingBeforeItsOrder(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	early := []store.Accepted{attach(h.court, "p-1", "o-1", true), attach(h.court, "p-2", "o-1", false), modify(h.court, "p-3", "o-1"), serve(h.court, "p-4", "o-1"),
		modify(h.court, "p-5", "o-1"), cancel(h.court, "p-6", "o-1")}
	var receipts []store.Receipt
	for _, p := range early {
		r := mustAccept(t, h.Store, p)
		if !strings.Contains(r.Waits, "not come yet") {
			t.Errorf("%s %s waits: %q", p.Action, p.Package, r.Waits)
		}
		if image := p.Package == "p-2"; r.Owed == image || (r.NotOwed == store.NotOwedImage) != image {
			t.Errorf("%s: %+v", p.Package, r)
		}
		if !receiptsEqual(r, mustAccept(t, h.Store, p)) {
			t.Errorf("%s gets another receipt the second time", p.Package)
		}
		receipts = append(receipts, r)
	}
	if _, err := h.KnownOrder(t.Context(), "CA030013J", "o-1", false); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an order that has not come: %v", err)
	}
	r := mustAccept(t, h.Store, add(h.court, "p-7", "o-1"))
	if k := h.known("o-1"); k.Version != 3 || k.Order.OtherOrders != "As p-5 says." || k.Cancelled == nil || k.Cancelled.Reason != order.CancelTerminated {
		t.Errorf("known %+v", k)
	}
	if w := h.work1(h.only(r).ID); w.Version != 1 || w.Confidential == nil || w.Confidential.Restrained.Employer != "the works of p-1" || len(w.Images) != 1 {
		t.Errorf("entry %+v", w)
	}
	h.pass(r)
	for i, want := range []store.Work{{Version: 1, Known: store.Known{Version: 1}}, {}, {Version: 2, Known: store.Known{Version: 1}}, {Version: 2, Known: store.Known{Version: 2}},
		{Version: 3, Known: store.Known{Version: 2}}, {Version: 3, Known: store.Known{Version: 3}}} {
		if i == 1 {
			continue
		}
		w := h.work1(h.only(receipts[i]).ID)
		if w.State != store.StateReady || w.Version != want.Version || w.Known.Version != want.Known.Version || w.Known.Cancelled != nil || (w.Cancellation != nil) != (i == 5) ||
			(w.Modification != nil) != (i == 2 || i == 4) || (w.Supplement != nil) != (i == 0) {
			t.Errorf("%s: %+v", early[i].Package, w)
		}
		h.pass(receipts[i])
	}
	late := mustAccept(t, h.Store, modify(h.court, "p-8", "o-1"))
	if w := h.work1(h.only(late).ID); w.Known.Cancelled == nil {
		t.Error("a change after the end does not know of it")
	}
	h.sound()
}

func receiptsEqual(a, b store.Receipt) bool { b.Duplicate = false; return a == b }

// TestInterleavings brings packages about an order in every kind of sequence, and compares each answer and what CARPOS is told with a model of a few lines.
func TestInterleavings(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := rand.New(rand.NewPCG(4, 4))
	for n := range 40 {
		id := fmt.Sprintf("o-%d", n)
		m := model{h: h, id: id}
		for i, what := range r.Perm(7)[:3+r.IntN(5)] {
			m.take(fmt.Sprintf("p-%d-%d", n, i), what)
		}
		m.drain()
		m.compare()
	}
	h.sound()
}

// model is what must hold of an order.
type model struct {
	h            *hub
	id           string
	added        bool
	cancelled    bool
	changes      int
	later        []string // packages that wait for CARPOS, in their sequence
	entry        string
	transactions map[string]store.TransmissionID
}

func (m *model) take(pkg string, what int) {
	court := m.h.court
	p := []store.Accepted{add(court, pkg, m.id), modify(court, pkg, m.id), modify(court, pkg, m.id), cancel(court, pkg, m.id), serve(court, pkg, m.id), attach(court, pkg, m.id, true),
		attach(court, pkg, m.id, false)}[what]
	receipt := mustAccept(m.h.t, m.h.Store, p)
	owed, waits := true, ""
	switch {
	case p.Action == store.ActionAdd:
		m.added, m.entry = true, pkg
	case what == 6:
		owed = false
	default:
		m.later = append(m.later, pkg)
		waits = "after the earlier"
	}
	if !m.added {
		waits = "not come yet"
	}
	if what == 6 && m.added {
		waits = ""
	}
	switch p.Action {
	case store.ActionModify:
		m.changes++
	case store.ActionCancel:
		m.cancelled = true
	}
	if receipt.Owed != owed || (waits == "") != (receipt.Waits == "") || !strings.Contains(receipt.Waits, waits) {
		m.h.t.Errorf("%s %s: %+v, want owed %t, waits %q", m.id, p.Action, receipt, owed, waits)
	}
}

// drain has everything accepted that becomes ready, and notes the sequence.
func (m *model) drain() {
	m.transactions = map[string]store.TransmissionID{}
	for _, row := range strings.Fields(m.h.sql(`select coalesce(string_agg(s.package || '=' || t.id, ' ' order by t.seq), '') from transmission t
		join submission s on s.id = t.submission_id join order_ o on o.id = t.order_id where o.local_id = $1`, m.id)) {
		pkg, number, _ := strings.Cut(row, "=")
		var id store.TransmissionID
		fmt.Sscan(number, &id)
		m.transactions[pkg] = id
	}
	if !m.added {
		return
	}
	for _, pkg := range append([]string{m.entry}, m.later...) {
		m.h.finish(m.h.begin(m.transactions[pkg], store.PurposeSend), accepted) // fails unless it is its turn
	}
}

func (m *model) compare() {
	t := m.h.t
	want := len(m.later)
	if m.added {
		want++
	}
	if len(m.transactions) != want {
		t.Errorf("%s: %d transmissions, want %d", m.id, len(m.transactions), want)
	}
	k, err := m.h.KnownOrder(t.Context(), "CA030013J", order.LocalID(m.id), false)
	if m.added != (err == nil) || m.added && (k.Version != m.changes+1 || (k.Cancelled != nil) != m.cancelled) {
		t.Errorf("%s: known %d %v %v; want %d changes, cancelled %t", m.id, k.Version, k.Cancelled, err, m.changes, m.cancelled)
	}
}

// TestConfidentialIsACompartment: what CLETS-001 says stands in its own table and nowhere else that anybody reads.
func TestConfidentialIsACompartment(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	p := add(h.court, "p-1", "o-1")
	p.Confidential = attach(h.court, "secret", "o-1", true).Confidential
	r := mustAccept(t, h.Store, p)
	mustAccept(t, h.Store, attach(h.court, "secret-newer", "o-1", true))
	if w := h.work1(h.only(r).ID); w.Confidential == nil || w.Confidential.Restrained.Employer != "the works of secret-newer" {
		t.Errorf("%+v", w.Confidential)
	}
	for _, table := range []string{"order_version", "order_", "submission", "supplement", "audit", "transmission", "river_job", "task"} {
		if got := h.sql("select count(*)::text from " + table + " x where x::text like '%the works of%' or x::text like '%000000000\"%'"); got != "0" {
			t.Errorf("%s repeats it", table)
		}
	}
	if got := h.sql("select count(*)::text from confidential"); got != "2" {
		t.Errorf("%s rows", got)
	}
}

func TestMissingHalves(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	open := func(want ...string) {
		t.Helper()
		tasks, err := h.Tasks(t.Context(), h.court.ID, 10)
		var got []string
		for _, task := range tasks {
			got = append(got, task.Kind+" "+string(task.Order))
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("open %v %v, want %v", got, err, want)
		}
	}
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	open("image o-1")
	mustAccept(t, h.Store, attach(h.court, "p-2", "o-2", false))
	mustAccept(t, h.Store, attach(h.court, "p-3", "o-2", true))
	open("image o-1", "data o-2")
	mustAccept(t, h.Store, attach(h.court, "p-4", "o-1", false))
	open("data o-2")
	second := mustAccept(t, h.Store, add(h.court, "p-5", "o-2"))
	open()
	proof := serve(h.court, "p-6", "o-3")
	proof.Images = []store.Image{image("proof.pdf", 9, 100)}
	proof.Images[0].Role = "proofOfService"
	mustAccept(t, h.Store, proof)
	mustAccept(t, h.Store, add(h.court, "p-7", "o-3"))
	open("image o-3")
	changed := modify(h.court, "p-8", "o-3")
	changed.Images = []store.Image{image("new.pdf", 10, 100)}
	mustAccept(t, h.Store, changed)
	open()
	if images, err := h.Images(t.Context(), r.Tracking); err != nil || len(images) != 1 || images[0].ID != "p-4.pdf" {
		t.Errorf("images of the order: %+v %v", images, err)
	}
	if w := h.work1(h.only(second).ID); len(w.Images) != 1 {
		t.Errorf("images %+v", w.Images)
	}
	other := register(t, h.Store, store.Agency{ORI: "CA019013J", Name: "Los Angeles", Submits: true})
	if tasks, err := h.Tasks(t.Context(), other.ID, 10); err != nil || len(tasks) != 0 {
		t.Errorf("another agency's: %v %v", tasks, err)
	}
}

// TestACorrectionFreesTheEntry: what lacked has come; the entry takes the newest version, and goes by itself.
func TestACorrectionFreesTheEntry(t *testing.T) {
	t.Parallel()
	lack := store.Hold{Reason: "RAC: missing", Field: "RAC", At: noon}
	for _, c := range []struct {
		name    string
		spoil   func(h *hub, id store.TransmissionID)
		comes   func(a store.Agency) store.Accepted
		version int // 0: it stays held
	}{
		{"a change, before it was ever sent", func(h *hub, id store.TransmissionID) { h.hold(id, lack) }, func(a store.Agency) store.Accepted { return modify(a, "p-2", "o-1") }, 2},
		{"CLETS-001", func(h *hub, id store.TransmissionID) { h.hold(id, lack) }, func(a store.Agency) store.Accepted { return attach(a, "p-2", "o-1", true) }, 1},
		{"an image", func(h *hub, id store.TransmissionID) { h.hold(id, lack) }, func(a store.Agency) store.Accepted { return attach(a, "p-2", "o-1", false) }, 0},
		{"a proof of service", func(h *hub, id store.TransmissionID) { h.hold(id, lack) }, func(a store.Agency) store.Accepted { return serve(a, "p-2", "o-1") }, 0},
		{"a change, after CARPOS refused it", func(h *hub, id store.TransmissionID) {
			h.finish(h.begin(id, store.PurposeSend), store.Outcome{Verdict: store.VerdictRejected, Text: "06"})
		}, func(a store.Agency) store.Accepted { return modify(a, "p-2", "o-1") }, 2},
		{"a change, after a reply that a person has to read", func(h *hub, id store.TransmissionID) {
			h.finish(h.begin(id, store.PurposeSend), store.Outcome{Verdict: store.VerdictHeld, Text: "unreadable"})
		}, func(a store.Agency) store.Accepted { return modify(a, "p-2", "o-1") }, 0},
		{"a change, in doubt", func(h *hub, id store.TransmissionID) {
			h.finish(h.begin(id, store.PurposeSend), store.Outcome{Verdict: store.VerdictUnknown})
			h.hold(id, lack)
		}, func(a store.Agency) store.Accepted { return modify(a, "p-2", "o-1") }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHub(t)
			r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
			id := h.only(r).ID
			c.spoil(h, id)
			jobs := h.jobs(id)
			mustAccept(t, h.Store, c.comes(h.court))
			if c.version == 0 {
				if h.wantState(r, store.StateHeld); h.jobs(id) != jobs {
					t.Error("it has another job")
				}
				return
			}
			if h.wantState(r, store.StateReady); h.jobs(id) == jobs {
				t.Error("it has no job")
			}
			if w := h.work1(id); w.Version != c.version || w.Reason != "" || w.Field != "" {
				t.Errorf("entry %+v", w)
			}
			if got := h.sql("select count(*)::text from audit where action = 'transmission.correct'"); got != "1" {
				t.Errorf("%s audit entries", got)
			}
			h.invariants()
		})
	}
}

func (h *hub) hold(id store.TransmissionID, why store.Hold) {
	h.t.Helper()
	if err := h.Hold(h.t.Context(), id, why); err != nil {
		h.t.Fatal(err)
	}
}

// TestACorrectionThatWasThereBefore: the entry would be held for what a package that came earlier, or meanwhile, has corrected.
func TestACorrectionThatWasThereBefore(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	change := mustAccept(t, h.Store, modify(h.court, "p-1", "o-1"))
	r := mustAccept(t, h.Store, add(h.court, "p-2", "o-1"))
	id := h.only(r).ID
	w := h.work1(id)
	h.hold(id, store.Hold{Reason: "RAC: missing", Seen: w.Seen, At: noon})
	h.wantState(r, store.StateReady)
	if w = h.work1(id); w.Version != 2 {
		t.Errorf("version %d", w.Version)
	}
	mustAccept(t, h.Store, attach(h.court, "p-3", "o-1", true)) // between look and hold
	h.hold(id, store.Hold{Reason: "RAC: missing", Seen: w.Seen, At: noon})
	h.wantState(r, store.StateReady)
	h.hold(id, store.Hold{Reason: "RAC: missing", Seen: h.work1(id).Seen, At: noon})
	h.wantState(r, store.StateHeld)
	mustAccept(t, h.Store, modify(h.court, "p-4", "o-1"))
	h.pass(r) // free again, in version 3
	if w = h.work1(h.only(change).ID); w.State != store.StateReady || w.Version != 3 || w.Known.Version != 3 || w.Modification == nil {
		t.Errorf("the first change would take the record back: %+v", w)
	}
	rejected := mustAccept(t, h.Store, add(h.court, "p-5", "o-2"))
	mustAccept(t, h.Store, modify(h.court, "p-6", "o-2"))
	h.finish(h.begin(h.only(rejected).ID, store.PurposeSend), store.Outcome{Verdict: store.VerdictRejected, Text: "06"})
	if h.wantState(rejected, store.StateReady); h.work1(h.only(rejected).ID).Version != 2 {
		t.Error("a refused entry does not take the correction that waits")
	}
	h.sound()
}

// TestAWrongCancellationThatCameEarly: nobody could compare it with its order; when a person gives it up, the order stands again.
func TestAWrongCancellationThatCameEarly(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{true, false} {
		h := newHub(t)
		packages := []store.Accepted{cancel(h.court, "p-1", "o-1"), add(h.court, "p-2", "o-1")}
		if !early {
			slices.Reverse(packages)
		}
		a, b := mustAccept(t, h.Store, packages[0]), mustAccept(t, h.Store, packages[1])
		if !early {
			a, b = b, a
		}
		h.pass(b)
		h.hold(h.only(a).ID, store.Hold{Reason: "another person", At: noon})
		if err := h.GiveUp(t.Context(), h.only(a).ID, "person jdoe", "wrong order", noon); err != nil {
			t.Fatal(err)
		}
		if stands := h.known("o-1").Cancelled == nil; stands != early {
			t.Errorf("early %t: stands %t", early, stands)
		}
	}
}

// temporary is an order until a hearing, later one that follows it.
func temporary(a store.Agency, pkg, id string) store.Accepted {
	p := add(a, pkg, id)
	p.Order.Stage = order.StageTemporary
	return p
}

func later(a store.Agency, pkg, id, follows string) store.Accepted {
	p := add(a, pkg, id)
	p.Order.Stage, p.Order.Follows, p.Order.Issued = order.StageAfterHearing, order.LocalID(follows), order.MakeDate(2026, 3, 20)
	return p
}

// follow works the jobs of orders that follow one another.
func (h *hub) follow() int {
	h.t.Helper()
	n := 0
	for _, id := range strings.Fields(h.sql("select coalesce(string_agg(args->>'order_id', ' '), '') from river_job where kind = 'follow'")) {
		var number int64
		fmt.Sscan(id, &number)
		for range 2 { // the second time does nothing
			if err := h.Follow(h.t.Context(), number, order.MakeDate(2026, 3, 21), noon); err != nil {
				h.t.Fatal(err)
			}
		}
		n++
	}
	return n
}

func TestWhatAnOrderFollowsIsCancelled(t *testing.T) {
	t.Parallel()
	expired := order.MakeDate(2026, 3, 20)
	for _, c := range []struct {
		name   string
		change func(earlier, later *store.Accepted)
		want   string // the state of the XRR, or the task that is left
	}{
		{"as usual", func(_, _ *store.Accepted) {}, "ready"},
		{"expired", func(e, _ *store.Accepted) { e.Order.Expiry.Date = &expired }, ""},
		{"another person", func(_, l *store.Accepted) { l.Order.Restrained.Name.Surname = "Granite" }, "task"},
		{"no temporary order", func(e, _ *store.Accepted) { e.Order.Stage = order.StageAfterHearing }, "task"},
		{"made earlier than what it follows", func(_, l *store.Accepted) { l.Order.Issued = order.MakeDate(2025, 1, 1) }, "task"},
		{"a test and no test", func(e, _ *store.Accepted) { e.Test = true }, ""},
		{"itself", func(_, l *store.Accepted) { l.Order.Follows = l.Order.ID }, ""},
	} {
		for _, first := range []string{"earlier", "later"} {
			t.Run(c.name+", first accepted the "+first, func(t *testing.T) {
				t.Parallel()
				h := newHub(t)
				e, l := temporary(h.court, "p-1", "tro"), later(h.court, "p-2", "oah", "tro")
				c.change(&e, &l)
				re, rl := mustAccept(t, h.Store, e), mustAccept(t, h.Store, l)
				both := []store.Receipt{re, rl}
				if first == "later" {
					slices.Reverse(both)
				}
				for _, r := range both {
					if r.Owed {
						h.pass(r)
					}
				}
				h.follow()
				got := h.sql("select coalesce(max(state), '') from transmission where kind = 'XRR'")
				if tasks, err := h.Tasks(t.Context(), 0, 10); err != nil {
					t.Fatal(err)
				} else if slices.ContainsFunc(tasks, func(k store.Task) bool { return k.Kind == "follows" && k.Tracking == rl.Tracking }) {
					got += "task"
				}
				if n := h.sql("select count(*)::text from transmission where kind = 'XRR'"); got != c.want || n > "1" {
					t.Errorf("%q (%s), want %q", got, n, c.want)
				}
				h.invariants()
			})
		}
	}
}

func TestFollowingOrders(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	l := mustAccept(t, h.Store, later(h.court, "p-1", "oah", "tro"))
	h.pass(l)
	if h.follow(); h.sql("select count(*)::text from transmission where kind = 'XRR'") != "0" {
		t.Error("an order that has not come was cancelled")
	}
	e := mustAccept(t, h.Store, temporary(h.court, "p-2", "tro"))
	served := mustAccept(t, h.Store, serve(h.court, "p-3", "tro"))
	h.pass(e)
	h.follow()
	k := h.known("tro")
	if k.Cancelled == nil || k.Cancelled.Date != order.MakeDate(2026, 3, 20) || k.Cancelled.Reason != order.CancelTerminated || k.Cancelled.Restrained.Surname != "Jones" {
		t.Fatalf("%+v", k.Cancelled)
	}
	if got := h.sql("select state from transmission where kind = 'XRR'"); got != "waiting" {
		t.Errorf("the cancellation is %s before what came earlier", got)
	}
	h.pass(served)
	var id store.TransmissionID
	fmt.Sscan(h.sql("select id::text from transmission where kind = 'XRR'"), &id)
	if w := h.work1(id); w.State != store.StateReady || w.Cancellation == nil || w.Order.ID != "tro" || w.FCN == "" || w.Known.Cancelled != nil {
		t.Errorf("%+v", w)
	}
	h.finish(h.begin(id, store.PurposeSend), store.Outcome{Verdict: store.VerdictAccepted})
	se, err := h.Status(t.Context(), e.Tracking)
	sl, err2 := h.Status(t.Context(), l.Tracking)
	if err != nil || err2 != nil || se.Order.FollowedBy != l.Tracking || se.Order.CancelledBy != l.Tracking || sl.Order.Follows != e.Tracking || sl.Order.CancelledBy != "" || sl.Order.FollowedBy != "" {
		t.Errorf("earlier %+v, later %+v", se.Order, sl.Order)
	}
	if len(sl.Transmissions) != 1 {
		t.Errorf("the later order's package has %d transmissions", len(sl.Transmissions))
	}
	h.sound()
}

// What follows an order ends it, and its images are none of that order's: who may see the one may not see the other for that.
func TestImagesOfAFollowerAreItsOwn(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	first, next := temporary(h.court, "p-1", "tro"), later(h.court, "p-2", "oah", "tro")
	first.Images, next.Images = []store.Image{image("tro.pdf", 1, 500)}, []store.Image{image("oah.pdf", 2, 500)}
	next.Order.Access = order.AccessSealed
	e, l := mustAccept(t, h.Store, first), mustAccept(t, h.Store, next)
	h.pass(e)
	h.pass(l)
	h.follow()
	f, history := h.found("tro")
	if len(history.Images) != 1 || history.Images[0].ID != "tro.pdf" {
		t.Errorf("the registry shows of %s: %+v", f.Order.ID, history.Images)
	}
	listed, err := h.Images(t.Context(), e.Tracking)
	if err != nil || len(listed) != 1 || listed[0].ID != "tro.pdf" {
		t.Errorf("listed: %+v, %v", listed, err)
	}
	var end store.TransmissionID
	fmt.Sscan(h.sql("select id::text from transmission where kind = 'XRR'"), &end)
	if w := h.work1(end); len(w.Images) != 1 || w.Images[0].ID != "tro.pdf" {
		t.Errorf("the relay has for the end: %+v", w.Images)
	}
}

func TestACourtsOwnCancellationIsEnough(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	e, l := mustAccept(t, h.Store, temporary(h.court, "p-1", "tro")), mustAccept(t, h.Store, later(h.court, "p-2", "oah", "tro"))
	h.pass(e)
	mustAccept(t, h.Store, cancel(h.court, "p-3", "tro"))
	h.pass(l)
	h.follow()
	if n := h.sql("select count(*)::text from transmission where kind = 'XRR'"); n != "1" {
		t.Errorf("%s cancellations", n)
	}
}

func TestAFitIsCorrected(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	e, l := mustAccept(t, h.Store, temporary(h.court, "p-1", "tro")), later(h.court, "p-2", "oah", "tro")
	l.Order.Restrained.Name.Given = "Mark"
	rl := mustAccept(t, h.Store, l)
	h.pass(e)
	h.pass(rl)
	h.follow()
	right := modify(h.court, "p-3", "oah")
	right.Order.Follows, right.Order.Issued = "tro", order.MakeDate(2026, 3, 20)
	r := mustAccept(t, h.Store, right)
	if n := h.sql("select count(*)::text from task where closed_at is null"); n != "0" {
		t.Errorf("%s tasks", n)
	}
	h.pass(r)
	h.follow()
	if n := h.sql("select count(*)::text from transmission where kind = 'XRR'"); n != "1" {
		t.Errorf("%s cancellations", n)
	}
}

func TestNotOwedOfWhatFollows(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	silent := register(t, h.Store, store.Agency{ORI: "CA019013J", Name: "Los Angeles"})
	early := mustAccept(t, h.Store, modify(h.court, "p-0", "o-1"))
	mustAccept(t, h.Store, add(silent, "p-1", "o-1"))
	for i, p := range []store.Accepted{modify(h.court, "p-2", "o-1"), cancel(h.court, "p-3", "o-1"), attach(h.court, "p-4", "o-1", true)} {
		if r := mustAccept(t, h.Store, p); r.Owed || r.NotOwed != store.NotOwedOrder || r.Waits != "" {
			t.Errorf("%d: %+v", i, r)
		}
	}
	h.wantState(early, store.StateGivenUp)
	if s, err := h.Status(t.Context(), early.Tracking); err != nil || s.NotOwed != store.NotOwedOrder {
		t.Errorf("%+v %v", s.NotOwed, err)
	}
	if k := h.known("o-1"); k.Version != 3 || k.Cancelled == nil {
		t.Errorf("the registry has %+v", k)
	}
	test := attach(h.court, "p-5", "o-1", false)
	if s, err := h.Status(t.Context(), mustAccept(t, h.Store, test).Tracking); err != nil || s.NotOwed != store.NotOwedImage || s.Next.Whose != store.PartyNobody {
		t.Errorf("%+v %v", s.Next, err)
	}
	h.sound()
}

func TestIncompleteActions(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for name, p := range map[string]store.Accepted{
		"a change without its reason":  func() store.Accepted { p := modify(h.court, "p", "o"); p.Modification = nil; return p }(),
		"a new order with a reason":    func() store.Accepted { p := add(h.court, "p", "o"); p.Modification = new(order.Modification); return p }(),
		"a cancellation with an order": func() store.Accepted { p := cancel(h.court, "p", "o"); p.Order = jones("o"); return p }(),
		"a cancellation that serves":   func() store.Accepted { p := cancel(h.court, "p", "o"); p.Action = store.ActionServe; return p }(),
		"a proof with CLETS-001": func() store.Accepted {
			p := serve(h.court, "p", "o")
			p.Confidential = new(order.Confidential)
			return p
		}(),
		"a supplement without its court":     func() store.Accepted { p := attach(h.court, "p", "o", false); p.Supplement.Court = ""; return p }(),
		"an action that nobody has heard of": func() store.Accepted { p := add(h.court, "p", "o"); p.Action = "renew"; return p }(),
	} {
		if _, err := h.Accept(t.Context(), p); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if got := h.sql("select count(*)::text from submission"); got != "0" {
		t.Errorf("%s submissions", got)
	}
}

func TestWhatFollowsStays(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	mustAccept(t, h.Store, cancel(h.court, "p-2", "o-1"))
	mustAccept(t, h.Store, attach(h.court, "p-3", "o-2", true))
	for _, sql := range []string{"delete from cancellation", "update cancellation set ends = ends + 1", "delete from supplement", "delete from confidential", "update confidential set document = " + asSealed,
		"delete from task"} {
		if err := h.exec(sql); err == nil || !strings.Contains(err.Error(), "not allowed") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	for name, sql := range map[string]string{
		"a change accepted without being sent or a reason": "insert into transmission (id, order_id, seq, submission_id, kind, state, test, changed_at) values (900, 9, 2, 1, 'MRR', 'accepted', false, now())",
		"a cancellation accepted without being sent":       "insert into transmission (id, order_id, seq, submission_id, kind, state, test, changed_at, reason) values (901, 9, 2, 1, 'XRR', 'accepted', false, now(), 'x')",
		"a version that is not the last":                   "update order_ set next_version = 7 where version > 0",
		"an entry of a version that has not come":          "update order_ set entry_version = 7 where version > 0",
	} {
		if err := h.exec(sql); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if err := h.exec("insert into transmission (id, order_id, seq, submission_id, kind, state, test, changed_at, reason) values (902, 9, 2, 1, 'MRR', 'accepted', false, now(), 'x')"); err != nil {
		t.Error(err)
	}
}

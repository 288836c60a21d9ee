package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

func report(number string) order.Violation {
	return order.Violation{At: noon, Place: "100 Example Street", Agency: "CA0300100", Report: number, Text: "invented"}
}

func (h *hub) police() store.Agency {
	h.t.Helper()
	return register(h.t, h.Store, store.Agency{ORI: "CA0300100", Name: "Police", Kind: store.KindLawEnforcement, Submits: true})
}

// A violation takes its place in the order's sequence, with its job, and stands with the order and not with the package.
func TestAViolationIsOwed(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.police()
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	id, err := h.ReportViolation(t.Context(), r.Tracking, report("EX-1"), "person jdoe", noon)
	if err != nil {
		t.Fatal(err)
	}
	change := mustAccept(t, h.Store, modify(h.court, "p-2", "o-1"))
	if w := h.work1(id); w.State != store.StateWaiting || w.Kind != store.KindViolate || w.Seq != 2 || w.Violation == nil || w.Violation.Report != "EX-1" || w.Violation.Place == "" || w.Service != nil || w.Cancellation != nil {
		t.Errorf("%+v", w)
	}
	h.pass(r)
	if w := h.work1(id); w.State != store.StateReady || h.jobs(id) != "1" || w.FCN != accepted.FCN || w.Known.Order.Restrained.Name.Surname != "Jones" {
		t.Errorf("%+v, %s jobs", w, h.jobs(id))
	}
	h.wantState(change, store.StateWaiting)
	h.finish(h.begin(id, store.PurposeSend), store.Outcome{Verdict: store.VerdictRejected, Text: "24 RECORD EXPIRED"})
	s, err := h.Status(t.Context(), r.Tracking)
	if err != nil {
		t.Fatal(err)
	}
	if v := s.Order.Violations; len(v) != 1 || v[0].Agency != "CA0300100" || v[0].Report != "EX-1" || v[0].Person != "person jdoe" || v[0].Transmission.State != store.StateHeld || len(v[0].Transmission.Attempts) != 1 {
		t.Errorf("%+v", v)
	}
	if len(s.Transmissions) != 1 || s.Transmissions[0].Kind != store.KindEnter || s.Next.Whose != store.PartyNobody {
		t.Errorf("the package's own: %+v, next %+v", s.Transmissions, s.Next)
	}
	found, err := h.FindSubmissions(t.Context(), store.SubmissionQuery{Limit: 10})
	recent := found.Submissions
	if err != nil || len(recent) != 2 || recent[1].Transmission != store.StateAccepted {
		t.Errorf("%+v %v", recent, err)
	}
	if _, err := h.ReportViolation(t.Context(), r.Tracking, report("EX-1"), "person jdoe", noon); !errors.Is(err, store.ErrReported) {
		t.Errorf("reported twice: %v", err)
	}
	if err := h.GiveUp(t.Context(), id, "person jdoe", "It was entered by hand.", noon); err != nil {
		t.Fatal(err)
	}
	h.wantState(change, store.StateReady)
	again, err := h.ReportViolation(t.Context(), r.Tracking, report("EX-1"), "person jdoe", noon)
	if err != nil || h.work1(again).State != store.StateWaiting {
		t.Errorf("after it was given up: %v", err)
	}
	h.pass(change)
	h.finish(h.begin(again, store.PurposeSend), accepted)
	ready, err := h.ReportViolation(t.Context(), r.Tracking, report("EX-2"), "person jdoe", noon)
	if err != nil || h.work1(ready).State != store.StateReady || h.jobs(ready) != "1" {
		t.Errorf("with nothing before it: %v", err)
	}
	trail, err := h.AuditTrail(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range trail {
		if e.Action == "violation.report" {
			n++
		}
		if strings.Contains(e.Details, "Example") {
			t.Errorf("the audit log holds the place: %s", e.Details)
		}
	}
	if n != 3 {
		t.Errorf("%d audit entries", n)
	}
	h.sound()
}

func TestAViolationThatCannotBeReported(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	if _, err := h.ReportViolation(t.Context(), r.Tracking, report("EX-1"), "person jdoe", noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("by an agency that nobody knows: %v", err)
	}
	h.police()
	if _, err := h.ReportViolation(t.Context(), "7K4MX2Q9PC", report("EX-1"), "person jdoe", noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of nothing: %v", err)
	}
	early := mustAccept(t, h.Store, serve(h.court, "p-2", "o-2"))
	if _, err := h.ReportViolation(t.Context(), early.Tracking, report("EX-1"), "person jdoe", noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of an order that has not come: %v", err)
	}
	waits, err := h.ReportViolation(t.Context(), r.Tracking, report("EX-1"), "person jdoe", noon)
	if err != nil {
		t.Fatal(err)
	}
	entry := h.only(r).ID
	h.finish(h.begin(entry, store.PurposeSend), store.Outcome{Verdict: store.VerdictRejected, Text: "06"})
	if err := h.GiveUp(t.Context(), entry, "person jdoe", "no", noon); err != nil {
		t.Fatal(err)
	}
	if w := h.work1(waits); w.State != store.StateGivenUp {
		t.Errorf("after its entry was given up it is %s", w.State)
	}
	if _, err := h.ReportViolation(t.Context(), r.Tracking, report("EX-2"), "person jdoe", noon); !errors.Is(err, store.ErrNotOwed) {
		t.Errorf("of an order that was given up: %v", err)
	}
	h.sound()
}

// A violation of an old order is fresh, and late by no deadline: that of its order is over.
func TestAViolationOfAnOldOrderIsFresh(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.police()
	p := add(h.court, "p-1", "o-1")
	p.Received.At, p.Deadline.Due = noon.AddDate(0, 0, -40), noon.AddDate(0, 0, -39)
	r := mustAccept(t, h.Store, p)
	h.pass(r)
	id, err := h.ReportViolation(t.Context(), r.Tracking, report("EX-1"), "person jdoe", noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Classify(t.Context(), noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if class := h.sql("select class::text from transmission where id = $1", int64(id)); store.Classes()[2].Name != "fresh" || class != "2" {
		t.Errorf("it is of class %s", class)
	}
	late, err := h.Deadlines(t.Context(), store.DeadlineQuery{Now: noon, Warn: []float64{0.5}, Limit: 10})
	if err != nil || len(late) != 0 {
		t.Errorf("late: %+v, %v", late, err)
	}
	f, err := h.Figures(t.Context(), noon, []float64{0.5})
	if err != nil || len(f.Queue) != 1 || f.Queue[0].Late+f.Queue[0].AtRisk != 0 || !f.Queue[0].Due.IsZero() || !f.Queue[0].Received.Equal(noon) {
		t.Errorf("figures: %+v, %v", f.Queue, err)
	}
	err = h.Times(t.Context(), store.TimesQuery{From: noon.AddDate(0, 0, -41), To: noon.AddDate(0, 0, 1)}, noon, func(w store.Times) error {
		if w.Kind == store.KindViolate && (!w.Received.Equal(noon) || !w.Due.IsZero() || w.Standing == store.StandingLate) {
			t.Errorf("the times: %+v", w)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	entries, err := h.Queue(t.Context(), store.QueueFilter{}, 10, 0)
	if err != nil || len(entries) != 1 || !entries[0].Due.IsZero() || !entries[0].ReceivedAt.Equal(noon) {
		t.Errorf("the queue: %+v, %v", entries, err)
	}
}

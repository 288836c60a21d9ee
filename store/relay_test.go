package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// hub is a store with a court, and a hand to look at its tables.
type hub struct {
	*store.Store
	t     *testing.T
	url   string
	court store.Agency
}

func newHub(t *testing.T) *hub {
	t.Helper()
	url := storetest.NewURL(t)
	s := storetest.Open(t, url, store.Options{})
	return &hub{s, t, url, orange(t, s)}
}

// connect opens a connection of its own, until the test ends.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// sql reads one text.
func (h *hub) sql(query string, args ...any) string {
	h.t.Helper()
	conn, err := pgx.Connect(h.t.Context(), h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	defer conn.Close(h.t.Context())
	var out string
	if err := conn.QueryRow(h.t.Context(), query, args...).Scan(&out); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	return out
}

// exec runs a statement and gives its error.
func (h *hub) exec(query string, args ...any) error {
	h.t.Helper()
	conn, err := pgx.Connect(h.t.Context(), h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	defer conn.Close(h.t.Context())
	_, err = conn.Exec(h.t.Context(), query, args...)
	return err
}

// only is the transmission that the package brought.
func (h *hub) only(r store.Receipt) store.TransmissionStatus {
	h.t.Helper()
	s, err := h.Status(h.t.Context(), r.Tracking)
	if err != nil {
		h.t.Fatal(err)
	}
	if len(s.Transmissions) != 1 {
		h.t.Fatalf("%d transmissions, want 1", len(s.Transmissions))
	}
	return s.Transmissions[0]
}

func (h *hub) jobs(id store.TransmissionID) string {
	return h.sql("select count(*)::text from river_job where kind = 'transmit' and (args->>'transmission_id')::bigint = $1", int64(id))
}

func (h *hub) begin(id store.TransmissionID, p store.Purpose) store.AttemptID {
	h.t.Helper()
	a, err := h.tryBegin(id, p)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *hub) tryBegin(id store.TransmissionID, p store.Purpose) (store.AttemptID, error) {
	h.t.Helper()
	control, err := h.NextControl(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return h.BeginAttempt(h.t.Context(), store.Attempt{Transmission: id, Purpose: p, Control: control, Line: "CCPR", Bytes: []byte("MSG CCPR " + control), At: noon})
}

func (h *hub) finish(a store.AttemptID, o store.Outcome) store.Finished {
	h.t.Helper()
	o.At = noon.Add(time.Second)
	f, err := h.Finish(h.t.Context(), a, o)
	if err != nil {
		h.t.Fatal(err)
	}
	return f
}

func (h *hub) wantState(r store.Receipt, want store.TransmissionState) {
	h.t.Helper()
	if got := h.only(r).State; got != want {
		h.t.Errorf("transmission is %s, want %s", got, want)
	}
}

var accepted = store.Outcome{Verdict: store.VerdictAccepted, FCN: "2320632500001", NIC: "H123456789"}

func TestTheWholeWay(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	p := add(h.court, "p-1", "o-1")
	p.Images = []store.Image{image("order.pdf", 1, 5000)}
	r := mustAccept(t, h.Store, p)
	entry := h.only(r)
	w, err := h.Work(t.Context(), entry.ID)
	if err != nil {
		t.Fatal(err)
	}
	if w.Kind != store.KindEnter || w.Seq != 1 || w.OCA != "06NF0886" || w.State != store.StateReady || w.Agency != h.court || w.Submitter != h.court || w.Unknown || w.Test || w.Busy ||
		w.Order.Restrained.Name.Surname != "Jones" || w.Service != nil || len(w.Images) != 1 || w.Images[0].SHA256 != p.Images[0].SHA256 || !w.Due.Equal(p.Deadline.Due) {
		t.Errorf("work %+v", w)
	}
	served := mustAccept(t, h.Store, serve(h.court, "p-2", "o-1"))
	if served.Waits == "" {
		t.Error("the proof of service does not say that it waits")
	}
	h.wantState(served, store.StateWaiting)
	a := h.begin(entry.ID, store.PurposeSend)
	if err := h.MarkSent(t.Context(), a, noon); err != nil {
		t.Fatal(err)
	}
	h.wantState(r, store.StateSent)
	if err := h.MarkAcked(t.Context(), a, noon); err != nil {
		t.Fatal(err)
	}
	f := h.finish(a, accepted)
	next := h.only(served)
	if f.State != store.StateAccepted || f.Next != next.ID || next.State != store.StateReady || h.jobs(next.ID) != "1" {
		t.Errorf("finished %+v, next %+v, jobs %s", f, next, h.jobs(next.ID))
	}
	if w, err = h.Work(t.Context(), next.ID); err != nil || w.FCN != accepted.FCN || w.NIC != accepted.NIC || w.Kind != store.KindServe || w.Service == nil || w.Order.ID != "o-1" {
		t.Errorf("work %+v, %v", w, err)
	}
	h.finish(h.begin(next.ID, store.PurposeSend), store.Outcome{Verdict: store.VerdictAccepted})
	third := mustAccept(t, h.Store, serve(h.court, "p-3", "o-1"))
	h.wantState(third, store.StateReady)
}

func TestServiceBeforeItsOrder(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	first := mustAccept(t, h.Store, serve(h.court, "p-1", "o-1"))
	second := mustAccept(t, h.Store, serve(h.court, "p-2", "o-1"))
	if !strings.Contains(first.Waits, "has not come yet") {
		t.Errorf("waits %q", first.Waits)
	}
	r := mustAccept(t, h.Store, add(h.court, "p-3", "o-1"))
	if tr := h.only(r); tr.Seq != 1 || tr.State != store.StateReady {
		t.Errorf("entry %+v", tr)
	}
	h.finish(h.begin(h.only(r).ID, store.PurposeSend), accepted)
	h.wantState(first, store.StateReady)
	h.wantState(second, store.StateWaiting)
	h.finish(h.begin(h.only(first).ID, store.PurposeSend), store.Outcome{Verdict: store.VerdictAccepted})
	h.wantState(second, store.StateReady)
}

func TestOnlyOneTakesATransmission(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	id := h.only(mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))).ID
	type result struct {
		id  store.AttemptID
		err error
	}
	results := make(chan result)
	for range 8 {
		go func() {
			a, err := h.tryBegin(id, store.PurposeSend)
			results <- result{a, err}
		}()
	}
	won := 0
	for range 8 {
		if r := <-results; r.err == nil {
			won++
		} else if !errors.Is(r.err, store.ErrNotReady) {
			t.Error(r.err)
		}
	}
	if won != 1 {
		t.Errorf("%d took it, want 1", won)
	}
}

// TestLostReply is rule 6: what may have arrived is looked up before it is sent again.
func TestLostReply(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		lookup store.Outcome
		want   store.TransmissionState
		unsure bool
	}{
		{"it is there", store.Outcome{Verdict: store.VerdictOnFile, FCN: "1"}, store.StateAccepted, false},
		{"it is not there", store.Outcome{Verdict: store.VerdictNotFound}, store.StateReady, false},
		{"the look-up failed", store.Outcome{Verdict: store.VerdictRetry}, store.StateUnknown, true},
		{"the look-up was lost", store.Outcome{Verdict: store.VerdictUnknown}, store.StateUnknown, true},
		{"it cannot be told", store.Outcome{Verdict: store.VerdictHeld, Text: "Two hits."}, store.StateHeld, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHub(t)
			r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
			id := h.only(r).ID
			h.finish(h.begin(id, store.PurposeSend), store.Outcome{Verdict: store.VerdictUnknown})
			if _, err := h.tryBegin(id, store.PurposeSend); !errors.Is(err, store.ErrUnsettled) {
				t.Errorf("sending again: %v, want ErrUnsettled", err)
			}
			h.finish(h.begin(id, store.PurposeLookup), c.lookup)
			h.wantState(r, c.want)
			if w, err := h.Work(t.Context(), id); err != nil || w.Unknown != c.unsure {
				t.Errorf("unknown %v, %v; want %v", w.Unknown, err, c.unsure)
			}
		})
	}
}

func TestReleaseAfterALostReplyLooksUpFirst(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	id := h.only(r).ID
	h.finish(h.begin(id, store.PurposeSend), store.Outcome{Verdict: store.VerdictUnknown})
	if err := h.Hold(t.Context(), id, store.Hold{Reason: "Ask DOJ.", At: noon}); err != nil {
		t.Fatal(err)
	}
	if err := h.Release(t.Context(), id, "person jdoe", noon); err != nil {
		t.Fatal(err)
	}
	h.wantState(r, store.StateUnknown)
	if _, err := h.tryBegin(id, store.PurposeSend); !errors.Is(err, store.ErrUnsettled) {
		t.Errorf("sending: %v, want ErrUnsettled", err)
	}
}

// TestReleaseAfterAReplyThatNobodyUnderstandsLooksUpFirst: such a reply may have been an acceptance, and a second proof of service would be a second one on record.
func TestReleaseAfterAReplyThatNobodyUnderstandsLooksUpFirst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		verdict store.Verdict
		want    store.TransmissionState
	}{{store.VerdictHeld, store.StateUnknown}, {store.VerdictRejected, store.StateReady}} {
		t.Run(string(c.verdict), func(t *testing.T) {
			t.Parallel()
			h := newHub(t)
			r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
			id := h.only(r).ID
			h.finish(h.begin(id, store.PurposeSend), store.Outcome{Verdict: c.verdict})
			if err := h.Release(t.Context(), id, "person jdoe", noon); err != nil {
				t.Fatal(err)
			}
			h.wantState(r, c.want)
		})
	}
}

// TestLateReply: the reply to an attempt whose outcome was unknown comes after all.
func TestLateReply(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		then func(h *hub, id store.TransmissionID)
	}{
		{"while unknown", func(*hub, store.TransmissionID) {}},
		{"during the look-up", func(h *hub, id store.TransmissionID) { h.begin(id, store.PurposeLookup) }},
		{"when it is ready again", func(h *hub, id store.TransmissionID) {
			h.finish(h.begin(id, store.PurposeLookup), store.Outcome{Verdict: store.VerdictNotFound})
		}},
		{"when it is being sent again", func(h *hub, id store.TransmissionID) {
			h.finish(h.begin(id, store.PurposeLookup), store.Outcome{Verdict: store.VerdictNotFound})
			h.begin(id, store.PurposeSend)
		}},
		{"when it is held", func(h *hub, id store.TransmissionID) {
			h.finish(h.begin(id, store.PurposeLookup), store.Outcome{Verdict: store.VerdictHeld})
		}},
		{"when it is accepted already", func(h *hub, id store.TransmissionID) {
			h.finish(h.begin(id, store.PurposeLookup), store.Outcome{Verdict: store.VerdictOnFile, FCN: "2320632500001"})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHub(t)
			r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
			served := mustAccept(t, h.Store, serve(h.court, "p-2", "o-1"))
			id := h.only(r).ID
			a := h.begin(id, store.PurposeSend)
			h.finish(a, store.Outcome{Verdict: store.VerdictUnknown})
			c.then(h, id)
			h.finish(a, accepted)
			h.wantState(r, store.StateAccepted)
			h.wantState(served, store.StateReady)
			if got := h.sql("select open::text from order_"); got != "1" {
				t.Errorf("%s open transmissions, want 1", got)
			}
		})
	}
}

func TestRefusedOutcomes(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	id := h.only(r).ID
	a := h.begin(id, store.PurposeSend)
	for name, o := range map[string]store.Outcome{
		"an entry accepted without an FCN": {Verdict: store.VerdictAccepted},
		"not found by a sending":           {Verdict: store.VerdictNotFound},
		"no verdict":                       {},
		"an unknown verdict":               {Verdict: "maybe"},
	} {
		if _, err := h.Finish(t.Context(), a, o); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	h.wantState(r, store.StateSending)
	h.finish(a, store.Outcome{Verdict: store.VerdictRejected, Code: 4, Text: "04 FIELD VALUE", Field: "DOB"})
	var moved *store.MoveError
	if _, err := h.Finish(t.Context(), a, store.Outcome{Verdict: store.VerdictRetry, At: noon}); !errors.As(err, &moved) || moved.From != store.StateHeld {
		t.Errorf("a second verdict: %v, want MoveError from held", err)
	}
	h.wantState(r, store.StateHeld)
	if err := h.MarkSent(t.Context(), 4711, noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("mark of an unknown attempt: %v", err)
	}
	if _, err := h.tryBegin(4711, store.PurposeSend); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("attempt of an unknown transmission: %v", err)
	}
	if _, err := h.tryBegin(id, store.PurposeLookup); !errors.Is(err, store.ErrNotReady) {
		t.Errorf("look-up of a held transmission: %v", err)
	}
	if _, err := h.Finish(t.Context(), 4711, accepted); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown attempt: %v", err)
	}
}

func TestHoldReleaseGiveUp(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	served := mustAccept(t, h.Store, serve(h.court, "p-2", "o-1"))
	id := h.only(r).ID
	var moved *store.MoveError
	if err := h.Release(t.Context(), id, "person jdoe", noon); !errors.As(err, &moved) {
		t.Errorf("release of a ready one: %v", err)
	}
	if err := h.GiveUp(t.Context(), id, "person jdoe", "why", noon); !errors.As(err, &moved) {
		t.Errorf("giving up a ready one: %v", err)
	}
	if err := h.Hold(t.Context(), id, store.Hold{Reason: "The date of birth is missing.", Field: "DOB", Item: "1", At: noon}); err != nil {
		t.Fatal(err)
	}
	if tr := h.only(r); tr.State != store.StateHeld || tr.Reason == "" || tr.Field != "DOB" || tr.Item != "1" {
		t.Errorf("held %+v", tr)
	}
	if err := h.Release(t.Context(), id, "person jdoe", noon); err != nil {
		t.Fatal(err)
	}
	if h.wantState(r, store.StateReady); h.jobs(id) != "2" {
		t.Errorf("%s jobs, want 2", h.jobs(id))
	}
	h.finish(h.begin(id, store.PurposeSend), store.Outcome{Verdict: store.VerdictRejected, Text: "30 ORI NOT AUTHORISED"})
	if err := h.GiveUp(t.Context(), id, "person jdoe", "The court withdrew it.", noon); err != nil {
		t.Fatal(err)
	}
	h.wantState(r, store.StateGivenUp)
	h.wantState(served, store.StateGivenUp)
	later := mustAccept(t, h.Store, serve(h.court, "p-3", "o-1"))
	if later.Owed || later.NotOwed != store.NotOwedGivenUp {
		t.Errorf("a later proof of service: %+v", later)
	}
}

func TestGivenUpServiceLetsTheNextGo(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	h.finish(h.begin(h.only(r).ID, store.PurposeSend), accepted)
	first := mustAccept(t, h.Store, serve(h.court, "p-2", "o-1"))
	second := mustAccept(t, h.Store, serve(h.court, "p-3", "o-1"))
	h.wantState(second, store.StateWaiting)
	if err := h.Hold(t.Context(), h.only(first).ID, store.Hold{Reason: "x", At: noon}); err != nil {
		t.Fatal(err)
	}
	if err := h.GiveUp(t.Context(), h.only(first).ID, "person jdoe", "wrong person", noon); err != nil {
		t.Fatal(err)
	}
	h.wantState(second, store.StateReady)
}

func TestRetryComesBackWithAJob(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	id := h.only(r).ID
	at := noon.Add(90 * time.Second)
	h.finish(h.begin(id, store.PurposeSend), store.Outcome{Verdict: store.VerdictRetry, Code: 10, Text: "NAK 10 busy", RetryAt: at})
	tr := h.only(r)
	if tr.State != store.StateReady || !tr.RetryAt.Equal(at) || tr.Tries != 1 || len(tr.Attempts) != 1 || tr.Attempts[0].Code != 10 {
		t.Errorf("%+v", tr)
	}
	if got := h.sql("select count(*)::text from river_job where scheduled_at = $1", at); got != "1" {
		t.Errorf("%s jobs at %s, want 1", got, at)
	}
}

func TestOrphans(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	id := h.only(r).ID
	h.begin(id, store.PurposeSend)
	found, err := h.Orphans(t.Context(), noon, noon)
	if err != nil || len(found) != 0 {
		t.Errorf("orphans too early: %v, %v", found, err)
	}
	found, err = h.Orphans(t.Context(), noon.Add(time.Second), noon.Add(time.Minute))
	if err != nil || len(found) != 1 || found[0] != id {
		t.Errorf("orphans: %v, %v", found, err)
	}
	h.wantState(r, store.StateUnknown)
	h.begin(id, store.PurposeLookup)
	if found, err = h.OrphansOfLine(t.Context(), "ZZZZ", 0, noon); err != nil || len(found) != 0 {
		t.Errorf("another line's orphans: %v, %v", found, err)
	}
	if found, err = h.OrphansOfLine(t.Context(), "CCPR", 0, noon); err != nil || len(found) != 1 {
		t.Errorf("the line's orphans: %v, %v", found, err)
	}
	h.wantState(r, store.StateUnknown)
	if w, err := h.Work(t.Context(), id); err != nil || w.Busy || !w.Unknown {
		t.Errorf("work %+v, %v", w, err)
	}
}

func TestStranded(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	id := h.only(mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))).ID
	if found, err := h.Stranded(t.Context(), noon.Add(time.Hour), noon); err != nil || len(found) != 0 {
		t.Errorf("with a job: %v, %v", found, err)
	}
	if err := h.exec("delete from river_job"); err != nil {
		t.Fatal(err)
	}
	if found, err := h.Stranded(t.Context(), noon, noon); err != nil || len(found) != 0 {
		t.Errorf("not yet due: %v, %v", found, err)
	}
	if found, err := h.Stranded(t.Context(), noon.Add(time.Hour), noon); err != nil || len(found) != 1 || found[0] != id || h.jobs(id) != "1" {
		t.Errorf("without a job: %v, %v, %s jobs", found, err, h.jobs(id))
	}
}

func TestInbound(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	id := h.only(mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))).ID
	control, err := h.NextControl(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a, err := h.BeginAttempt(t.Context(), store.Attempt{Transmission: id, Purpose: store.PurposeSend, Control: control, Line: "CCPR", Bytes: []byte("x"), At: noon})
	if err != nil {
		t.Fatal(err)
	}
	reply, fresh, err := h.Inbound(t.Context(), "CCPR", "000001", control, "ENTRY ACCEPTED", noon)
	if err != nil || !fresh {
		t.Fatalf("first: %v, %v", fresh, err)
	}
	again, fresh, err := h.Inbound(t.Context(), "CCPR", "000001", control, "ENTRY ACCEPTED", noon.Add(time.Minute))
	if err != nil || fresh || again != reply {
		t.Errorf("repeat: %v %v %v", again, fresh, err)
	}
	if _, fresh, err = h.Inbound(t.Context(), "CCPR", "000001", "", "another text after the numbers began anew", noon); err != nil || !fresh {
		t.Errorf("another text: %v %v", fresh, err)
	}
	if ref, err := h.AttemptByControl(t.Context(), control); err != nil || ref.ID != a || ref.Transmission != id {
		t.Errorf("by control: %+v, %v", ref, err)
	}
	w, err := h.Work(t.Context(), id)
	if err != nil || len(w.Replies) != 1 || w.Replies[0].ID != reply || w.Replies[0].Attempt != a || !w.Busy {
		t.Errorf("replies %+v, %v", w.Replies, err)
	}
	o := accepted
	o.Inbound = reply
	h.finish(a, o)
	left, err := h.Unhandled(t.Context(), noon.Add(time.Hour), 10)
	if err != nil || len(left) != 1 || left[0].Control != "" {
		t.Errorf("unhandled %+v, %v", left, err)
	}
	if err := h.Handled(t.Context(), left[0].ID, "read", noon); err != nil {
		t.Fatal(err)
	}
	if left, err = h.Unhandled(t.Context(), noon.Add(time.Hour), 10); err != nil || len(left) != 0 {
		t.Errorf("unhandled %+v, %v", left, err)
	}
}

func TestControlNumbersOfTwoHubs(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	other := storetest.Open(t, h.url, store.Options{})
	seen := map[string]bool{}
	for range 250 {
		for _, s := range []*store.Store{h.Store, other} {
			c, err := s.NextControl(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(c) != 10 || strings.Trim(c, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || seen[c] {
				t.Fatalf("control number %q", c)
			}
			seen[c] = true
		}
	}
}

func TestLease(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	other := storetest.Open(t, h.url, store.Options{})
	ctx := t.Context()
	l, err := h.Lease(ctx, "CCPR", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Lease(ctx, "CCPR", time.Minute); !errors.Is(err, store.ErrLeased) {
		t.Errorf("the other's: %v, want ErrLeased", err)
	}
	if _, err := h.Renew(ctx, l, time.Minute); err != nil {
		t.Errorf("renew: %v", err)
	}
	again, err := h.Lease(ctx, "CCPR", time.Minute)
	if err != nil || again.Term != l.Term+1 {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := h.Renew(ctx, l, time.Minute); !errors.Is(err, store.ErrLostLease) {
		t.Errorf("renewal of an old term: %v, want ErrLostLease", err)
	}
	if err := h.exec("update lease set until = now() - interval '1 second'"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Renew(ctx, again, time.Minute); !errors.Is(err, store.ErrLostLease) {
		t.Errorf("renewal after it ran out: %v, want ErrLostLease", err)
	}
	theirs, err := other.Lease(ctx, "CCPR", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.ReleaseLease(ctx, again); err != nil {
		t.Errorf("giving back a lost lease: %v", err)
	}
	if _, err := other.Renew(ctx, theirs, time.Minute); err != nil {
		t.Errorf("the other lost it by that: %v", err)
	}
	if err := other.ReleaseLease(ctx, theirs); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Lease(ctx, "CCPR", time.Minute); err != nil {
		t.Errorf("after it was given back: %v", err)
	}
}

// TestNothingOwed: packages that never go to CARPOS through this hub.
func TestNothingOwed(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	silent := register(t, h.Store, store.Agency{ORI: "CA019013J", Name: "Superior Court of Los Angeles County"})
	test := add(h.court, "t-1", "o-1")
	test.Test = true
	for _, c := range []struct {
		name string
		p    store.Accepted
		why  store.NotOwed
	}{
		{"a test", test, store.NotOwedTest},
		{"an agency that enters its own", add(silent, "p-1", "o-2"), store.NotOwedAgency},
		{"service of that order by another agency", serve(h.court, "p-2", "o-2"), store.NotOwedOrder},
	} {
		r := mustAccept(t, h.Store, c.p)
		s, err := h.Status(t.Context(), r.Tracking)
		if err != nil || r.Owed || r.NotOwed != c.why || s.Owed || len(s.Transmissions) != 0 || s.Next.Sentence == "" {
			t.Errorf("%s: %+v, %+v, %v", c.name, r, s, err)
		}
	}
	live := mustAccept(t, h.Store, add(h.court, "p-4", "o-1"))
	if !live.Owed {
		t.Error("a test order stands in the way of the real one")
	}
	early := mustAccept(t, h.Store, serve(h.court, "p-5", "o-3"))
	h.wantState(early, store.StateWaiting)
	mustAccept(t, h.Store, add(silent, "p-6", "o-3"))
	h.wantState(early, store.StateGivenUp)
	if s, err := h.Status(t.Context(), early.Tracking); err != nil || s.Owed || s.NotOwed != store.NotOwedOrder {
		t.Errorf("early service of an order that is not owed: %+v, %v", s, err)
	}
}

func TestTestSwitch(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewURL(t), store.Options{TestSwitch: true})
	p := add(orange(t, s), "p-1", "o-1")
	p.Test = true
	r := mustAccept(t, s, p)
	st, err := s.Status(t.Context(), r.Tracking)
	if err != nil || !r.Owed || len(st.Transmissions) != 1 {
		t.Fatalf("%+v, %+v, %v", r, st, err)
	}
	if w, err := s.Work(t.Context(), st.Transmissions[0].ID); err != nil || !w.Test {
		t.Errorf("the work does not say that it is a test: %v", err)
	}
}

func TestWorkOfNothing(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	if _, err := s.Work(t.Context(), 1); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

func TestOCA(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	seen := map[string]bool{}
	for i, number := range []string{"06NF0886", "06NF0886", "06nf0886", "BD 123/456", "A-VERY-LONG-CASE-NUMBER-INDEED-0001", "A-VERY-LONG-CASE-NUMBER-INDEED-0002", "***"} {
		p := add(h.court, fmt.Sprintf("p-%d", i), fmt.Sprintf("o-%d", i))
		p.Order.Case = order.CaseNumber(number)
		oca := h.only(mustAccept(t, h.Store, p)).OCA
		if seen[oca] || len(oca) > 20 || strings.Trim(oca, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
			t.Errorf("%q became %q", number, oca)
		}
		seen[oca] = true
	}
	if !seen["06NF0886"] || !seen["BD-123-456"] {
		t.Errorf("case numbers that fit were not kept: %v", seen)
	}
}

// Copies of a message that come at once are one message: each is confirmed.
func TestCopiesOfAMessageAtOnce(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for n := range 20 {
		ids := make([]store.InboundID, 4)
		var first atomic.Int64
		var copies sync.WaitGroup
		for i := range ids {
			copies.Go(func() {
				id, fresh, err := h.Inbound(t.Context(), "CCPR", fmt.Sprintf("%06d", n), "", "ADMINISTRATIVE MESSAGE\r\nINVENTED\r\n", noon)
				if err != nil {
					t.Error(err)
				}
				if ids[i] = id; fresh {
					first.Add(1)
				}
			})
		}
		copies.Wait()
		if first.Load() != 1 || ids[0] != ids[1] || ids[0] != ids[2] || ids[0] != ids[3] {
			t.Errorf("message %d was kept as %v, new %d times", n, ids, first.Load())
		}
	}
}

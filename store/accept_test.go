package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

func TestSamePackageSameReceipt(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	p := add(h.court, "p-1", "o-1")
	first := mustAccept(t, h.Store, p)
	if first.Tracking == "" || !first.At.Equal(noon) || first.Digest != p.Received.Digest || !first.Due.Equal(p.Deadline.Due) || first.Rule != "FC 6380(a)" || !first.Owed ||
		first.State != store.SubmissionAccepted || first.Duplicate {
		t.Errorf("receipt %+v", first)
	}
	p.Received.At, p.Received.Wire = noon.Add(1e9), []byte("the same package in another envelope")
	p.Received.Digest = sha256.Sum256(p.Received.Wire)
	again := mustAccept(t, h.Store, p)
	if !again.Duplicate {
		t.Error("the second is no duplicate")
	}
	again.Duplicate = false
	if first != again {
		t.Errorf("first %+v, again %+v", first, again)
	}
	if got := h.sql("select (select count(*) from submission) || ' ' || (select count(*) from transmission) || ' ' || (select count(*) from river_job)"); got != "1 1 1" {
		t.Errorf("submissions, transmissions, jobs: %s", got)
	}
}

func TestSameIdentificationOtherContent(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	first := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	p := add(h.court, "p-1", "o-2")
	p.Canonical[0]++
	_, err := h.Accept(t.Context(), p)
	var conflict *store.ConflictError
	if !errors.As(err, &conflict) || conflict.Tracking != first.Tracking || conflict.Package != "p-1" {
		t.Errorf("got %v, want ConflictError with %s", err, first.Tracking)
	}
	other := register(t, h.Store, store.Agency{ORI: "CA019013J", Name: "Los Angeles", Submits: true})
	if r := mustAccept(t, h.Store, add(other, "p-1", "o-3")); r.Duplicate {
		t.Error("another agency's package of that name is a duplicate")
	}
}

func TestOrderAddedTwice(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	first := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	_, err := h.Accept(t.Context(), add(h.court, "p-2", "o-1"))
	var exists *store.OrderExistsError
	if !errors.As(err, &exists) || exists.Tracking != first.Tracking || exists.Order != "o-1" || exists.Court != "CA030013J" {
		t.Fatalf("got %v, want OrderExistsError with %s", err, first.Tracking)
	}
	if got := h.sql("select count(*) || ' ' || max(open) || ' ' || max(next_seq) from order_"); got != "1 1 2" {
		t.Errorf("the refused package left traces: %s", got)
	}
	mustAccept(t, h.Store, add(h.court, "p-2", "o-2")) // the name is still free
}

func TestIncompletePackages(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for name, spoil := range map[string]func(*store.Accepted){
		"no agency":           func(p *store.Accepted) { p.Agency = store.Agency{} },
		"no identification":   func(p *store.Accepted) { p.Package = "" },
		"no order":            func(p *store.Accepted) { p.Order = nil },
		"both":                func(p *store.Accepted) { p.Service = serve(h.court, "x", "o").Service },
		"another action":      func(p *store.Accepted) { p.Action = store.ActionServe },
		"no court":            func(p *store.Accepted) { p.Order.Court.ORI = "" },
		"image is not itself": func(p *store.Accepted) { p.Images[0].Content = []byte("changed") },
	} {
		p := add(h.court, "p-1", "o-1")
		p.Images = []store.Image{image("a.pdf", 1, 100)}
		spoil(&p)
		if _, err := h.Accept(t.Context(), p); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if got := h.sql("select count(*)::text from submission"); got != "0" {
		t.Errorf("%s submissions", got)
	}
}

// TestBadRowRefusesOnlyItself: one package of a batch holds what the database does not take.
func TestBadRowRefusesOnlyItself(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	s := storetest.Open(t, url, store.Options{Flushers: 1})
	court := orange(t, s)
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() {
			p := add(court, fmt.Sprintf("p-%d", i), fmt.Sprintf("o-%d", i))
			if i == 7 {
				p.Received.Correlation = "\x00" // no text of PostgreSQL
			}
			_, errs[i] = s.Accept(t.Context(), p)
		})
	}
	wg.Wait()
	for i, err := range errs {
		if (err != nil) != (i == 7) {
			t.Errorf("package %d: %v", i, err)
		}
	}
}

func TestCancelledCallerHurtsNobody(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Accept(gone, add(h.court, "p-0", "o-0")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%2 == 0 {
				go cancel()
			}
			_, err := h.Accept(ctx, add(h.court, fmt.Sprintf("p-%d", i), fmt.Sprintf("o-%d", i)))
			if err != nil && (i%2 != 0 || !errors.Is(err, context.Canceled)) {
				t.Errorf("caller %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

func TestClosedStoreRefuses(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.Close()
	if _, err := h.Accept(t.Context(), add(h.court, "p-1", "o-1")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func TestBytesAndImagesComeBack(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	p := add(h.court, "p-1", "o-1")
	p.Received.Wire = soap(1, 20<<10)
	p.Images = []store.Image{image("a.pdf", 1, 3000), image("b.pdf", 2, 100<<10)}
	p.Notes = []order.Note{{Code: "N1", Text: "noticed"}}
	r := mustAccept(t, h.Store, p)
	wire, whole, err := h.Wire(t.Context(), r.Tracking)
	if err != nil || !whole || !bytes.Equal(wire, p.Received.Wire) {
		t.Errorf("wire of %d bytes, %v, %v", len(wire), whole, err)
	}
	for _, want := range p.Images {
		got, err := h.Image(t.Context(), r.Tracking, want.ID)
		if err != nil || got.Document != want.Document || !bytes.Equal(got.Content, want.Content) {
			t.Errorf("image %s: %+v, %v", want.ID, got.Document, err)
		}
	}
	if _, err := h.Image(t.Context(), r.Tracking, "c.pdf"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no such image: %v", err)
	}
	o, err := h.Order(t.Context(), r.Tracking)
	if err != nil || o.Restrained.Name.Full() != "Marc Jones" {
		t.Errorf("order %v", err)
	}
	same := add(h.court, "p-2", "o-2")
	same.Images = p.Images[:1]
	mustAccept(t, h.Store, same)
	if got := h.sql("select count(*)::text from image_content"); got != "2" {
		t.Errorf("%s contents, want 2: equal ones once", got)
	}
}

func TestServiceComesBack(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	p := serve(h.court, "p-1", "o-1")
	r := mustAccept(t, h.Store, p)
	got, err := h.Service(t.Context(), r.Tracking)
	if err != nil || got.Server != p.Service.Server || got.Date != p.Service.Date || got.Time != p.Service.Time {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := h.Order(t.Context(), r.Tracking); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an order that has not come: %v", err)
	}
	if _, err := h.Status(t.Context(), "7K4M-X2Q9-PC"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nothing: %v", err)
	}
	if _, err := h.StatusByPackage(t.Context(), h.court.Reach(), "p-2"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no package: %v", err)
	}
}

func TestAudit(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	read := store.Event{At: noon, Actor: "person jdoe", Action: "order.read", Object: "order CA030013J/o-1", Outcome: "shown", Details: "page"}
	if err := h.Audit(t.Context(), read); err != nil {
		t.Fatal(err)
	}
	trail, err := h.AuditTrail(t.Context(), "", 5)
	if err != nil || len(trail) != 1 || trail[0] != read {
		t.Errorf("%+v, %v", trail, err)
	}
	if err := h.Audit(t.Context(), store.Event{At: noon, Action: "order.read"}); err == nil {
		t.Error("an entry by nobody was taken")
	}
}

// memory keeps images outside the database.
type memory struct {
	mu   sync.Mutex
	kept map[[32]byte][]byte
}

func (m *memory) Keep(_ context.Context, sum [32]byte, content []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[sum] = content
	return nil
}

func (m *memory) Read(_ context.Context, sum [32]byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if content, ok := m.kept[sum]; ok {
		return content, nil
	}
	return nil, store.ErrNotFound
}

func TestImagesElsewhere(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	s := storetest.Open(t, url, store.Options{Images: &memory{kept: map[[32]byte][]byte{}}})
	p := add(orange(t, s), "p-1", "o-1")
	p.Images = []store.Image{image("a.pdf", 1, 3000)}
	r := mustAccept(t, s, p)
	got, err := s.Image(t.Context(), r.Tracking, "a.pdf")
	if err != nil || !bytes.Equal(got.Content, p.Images[0].Content) {
		t.Error(err)
	}
	h := &hub{s, t, url, p.Agency}
	if n := h.sql("select count(*)::text from image_content"); n != "0" {
		t.Errorf("%s contents in the database", n)
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	s := storetest.Open(t, url, store.Options{RefusedBytes: 100})
	court := orange(t, s)
	p := add(court, "p-1", "o-1")
	p.Received.Wire = bytes.Repeat([]byte("x"), 5000)
	problems := []store.Problem{{Code: "S-101", Text: "The date of birth is no date.", Path: "/p/o", Line: 3, Column: 9, Element: "BirthDate", Value: "1981-13-01", Severity: "error", Fix: "Correct it.", Whose: "court"},
		{Code: "R-7", Rule: "expiry", Text: "The order has ended before it began.", Citation: "FC 6345"}}
	tracking, err := s.Refuse(t.Context(), store.Refused{Agency: court.ID, ORI: court.ORI, Package: "p-1", Action: store.ActionAdd, Received: p.Received, At: noon, Stage: "schema", Code: "INVALID", Problems: problems})
	if err != nil {
		t.Fatal(err)
	}
	st, err := s.StatusByPackage(t.Context(), court.Reach(), "p-1")
	if err != nil || st.Tracking != tracking || st.State != store.SubmissionRefused || st.RefusedStage != "schema" || st.RefusedCode != "INVALID" || len(st.Problems) != 2 ||
		st.Problems[0] != problems[0] || st.Problems[1] != problems[1] || st.WireBytes != 5000 || st.Next.Whose != store.PartyCourt || len(st.Stages) != 2 {
		t.Errorf("%+v, %v", st, err)
	}
	wire, whole, err := s.Wire(t.Context(), tracking)
	if err != nil || whole || len(wire) != 100 {
		t.Errorf("wire of %d bytes, %v, %v", len(wire), whole, err)
	}
	accepted := mustAccept(t, s, add(court, "p-1", "o-1")) // corrected
	if st, err = s.StatusByPackage(t.Context(), court.Reach(), "p-1"); err != nil || st.Tracking != accepted.Tracking {
		t.Errorf("after the correction: %s, %v", st.Tracking, err)
	}
	unknown, err := s.Refuse(t.Context(), store.Refused{Received: p.Received, At: noon, Stage: "peer", Code: "UNKNOWN"})
	if err != nil {
		t.Fatal(err)
	}
	if st, err = s.Status(t.Context(), unknown); err != nil || st.Agency.ORI != "" {
		t.Errorf("unknown sender: %+v, %v", st, err)
	}
	trail, err := s.AuditTrail(t.Context(), "submission "+string(unknown), 5)
	if err != nil || len(trail) != 1 || trail[0].Actor != "peer 192.0.2.7" || trail[0].Outcome != "refused" {
		t.Errorf("audit %+v, %v", trail, err)
	}
}

func TestNewestFirst(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	var want []order.Tracking
	for i := range 5 {
		want = append(want, mustAccept(t, h.Store, add(h.court, fmt.Sprintf("p-%d", i), fmt.Sprintf("o-%d", i))).Tracking)
	}
	found, err := h.FindSubmissions(t.Context(), store.SubmissionQuery{Limit: 3})
	page := found.Submissions
	if err != nil || len(page) != 3 || page[0].Tracking != want[4] || page[0].Transmission != store.StateReady || page[0].Next.Whose != store.PartyHub {
		t.Fatalf("%+v, %v", page, err)
	}
	rest, err := h.FindSubmissions(t.Context(), store.SubmissionQuery{Limit: 10, Before: found.Next})
	if err != nil || len(rest.Submissions) != 2 || rest.Submissions[1].Tracking != want[0] {
		t.Errorf("%+v, %v", rest, err)
	}
}

func TestReaderCannotWrite(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	if err := h.Reader.Exec(t.Context(), "update agency set name = 'x'"); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("the reader wrote: %v", err)
	}
}

func TestWhatIsWrittenStays(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	for _, sql := range []string{"update audit set actor = 'nobody'", "delete from audit", "truncate audit", "delete from oca", "delete from submission", "update received set wire = " + asSealed,
		"update submission set canonical = digest", "delete from order_version", "delete from transmission", "update transmission set seq = 9, kind = 'SRR'"} {
		if err := h.exec(sql); err == nil || !strings.Contains(err.Error(), "not allowed") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestStoreWithoutTables(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	h := &hub{t: t, url: url}
	if err := h.exec("delete from goose_db_version where version_id > 0"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), url, store.Options{}); err == nil || !strings.Contains(err.Error(), "migrate it first") {
		t.Errorf("old tables: %v", err)
	}
	if err := h.exec("drop table goose_db_version"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), url, store.Options{}); err == nil || !strings.Contains(err.Error(), "migrate it first") {
		t.Errorf("no tables: %v", err)
	}
}

func TestURLIsNotTold(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), "postgres://me:secret@[::1", store.Options{})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

package store_test

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
	"ccpor/vault"
)

// The columns that the program encrypts are those of which the database takes nothing in the clear.
func TestEncryptedColumnsAreThoseOfTheDatabase(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	columns := strings.Fields(h.sql(`select string_agg(table_name || '.' || column_name, ' ') from information_schema.columns where table_schema = 'public' and domain_name = 'sealed'`))
	places := store.Places()
	slices.Sort(columns)
	slices.Sort(places)
	if !slices.Equal(columns, places) {
		t.Errorf("in the database %v\nin the program %v", columns, places)
	}
	for _, clear := range []string{"convert_to('{\"restrained\":\"somebody who was invented, at an address that was invented\"}', 'UTF8')", "''::bytea", "decode('01', 'hex')"} {
		if err := h.exec("insert into image_content values (sha256('x'), " + clear + ")"); err == nil || !strings.Contains(err.Error(), "sealed") {
			t.Errorf("%s was taken: %v", clear, err)
		}
	}
}

// What was put into another row opens nothing, and nothing of it is told.
func TestMovedValuesDoNotOpen(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	one, two := mustAccept(t, h.Store, add(h.court, "p-1", "o-1")), mustAccept(t, h.Store, add(h.court, "p-2", "o-2"))
	if err := h.exec(`set session_replication_role = replica;
		update order_version v set document = w.document from order_version w where v.order_id <> w.order_id;
		update received r set wire = w.wire from received w where r.submission_id <> w.submission_id`); err != nil {
		t.Fatal(err)
	}
	for _, r := range []store.Receipt{one, two} {
		if o, err := h.Order(t.Context(), r.Tracking); !errors.Is(err, vault.ErrForged) || o.ID != "" {
			t.Errorf("the other's order: %+v, %v", o, err)
		}
		if wire, _, err := h.Wire(t.Context(), r.Tracking); !errors.Is(err, vault.ErrForged) || wire != nil {
			t.Errorf("the other's bytes: %q, %v", wire, err)
		}
	}
}

// Without keys, or with other ones, nothing is kept and nothing is read; what is not encrypted is.
func TestWithoutTheKeys(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	other, err := vault.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	var unknown *vault.UnknownKeyError
	none, err := store.Open(t.Context(), h.url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer none.Close()
	wrong := storetest.Open(t, h.url, store.Options{Keys: other})
	for _, s := range []struct {
		*store.Store
		is func(error) bool
	}{{none, func(err error) bool { return errors.Is(err, vault.ErrNoKeys) }}, {wrong, func(err error) bool { return errors.As(err, &unknown) }}} {
		if err := s.CheckKeys(t.Context()); !s.is(err) {
			t.Errorf("checked: %v", err)
		}
		if _, err := s.Accept(t.Context(), add(h.court, "p-2", "o-2")); !s.is(err) {
			t.Errorf("kept: %v", err)
		}
		if _, err := s.Refuse(t.Context(), refusedOf(add(h.court, "p-3", "o-3"), nil)); !s.is(err) {
			t.Errorf("refusal kept: %v", err)
		}
		if _, err := s.Order(t.Context(), r.Tracking); !s.is(err) {
			t.Errorf("read: %v", err)
		}
		if status, err := s.Status(t.Context(), r.Tracking); err != nil || status.State != store.SubmissionAccepted {
			t.Errorf("the status is not encrypted: %+v, %v", status, err)
		}
	}
	if got := h.sql("select count(*) || ' ' || (select count(*) from data_key) from submission"); got != "1 1" {
		t.Errorf("submissions and data keys: %s", got)
	}
	h.ledger()
	if got, err := none.VerifyLedger(t.Context(), nil); err != nil || len(got.Findings) > 0 || got.Unopened != got.Images {
		t.Errorf("%+v, %v", got, err)
	}
}

// A package that draws its number anew is encrypted anew.
func TestAPackageIsEncryptedUnderItsNumber(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	if anew, err := h.Renumbered(t.Context(), add(h.court, "p-1", "o-1")); err != nil || !anew {
		t.Errorf("still under the first: %v, %v", !anew, err)
	}
}

// The data key of a package that is turned away stays: others are encrypted by it already.
func TestADataKeyOutlivesItsTransaction(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	bad := add(h.court, "p-1", "o-1")
	bad.Deadline.Rule = "not \x00 text" // which the database does not take
	if _, err := h.Accept(t.Context(), bad); err == nil {
		t.Fatal("it was kept")
	}
	r := mustAccept(t, h.Store, add(h.court, "p-2", "o-2"))
	if o, err := storetest.Open(t, h.url, store.Options{}).Order(t.Context(), r.Tracking); err != nil || o.ID != "o-2" {
		t.Errorf("another hub reads %q, %v", o.ID, err)
	}
	if got := h.sql("select count(*)::text from data_key"); got != "1" {
		t.Errorf("%s data keys", got)
	}
}

// An image is kept once, by whichever package it came, and is read with each.
func TestAnImageOfTwoPackagesOpens(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	same := image("image-1", 1, 4<<10)
	for i, id := range []string{"o-1", "o-2"} {
		p := add(h.court, "p-"+id, id)
		p.Images = []store.Image{same}
		r := mustAccept(t, h.Store, p)
		if got, err := h.Image(t.Context(), r.Tracking, "image-1"); err != nil || !slices.Equal(got.Content, same.Content) {
			t.Errorf("%d: %d bytes, %v", i, len(got.Content), err)
		}
	}
	if got := h.sql("select count(*)::text from image_content"); got != "1" {
		t.Errorf("kept %s times", got)
	}
}

// The migration does not pretend: what was kept in the clear stays so, and so it refuses.
func TestMigrationRefusesWhatIsNotEncrypted(t *testing.T) {
	t.Parallel()
	file, err := fs.ReadFile(os.DirFS("migrations"), "00021_sealed.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(file), "-- +goose StatementBegin\n")
	guard, _, _ := strings.Cut(rest, "-- +goose StatementEnd")
	h := newHub(t)
	if err := h.exec(guard); err != nil {
		t.Errorf("an empty database: %v", err)
	}
	mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	if err := h.exec(guard); err == nil || !strings.Contains(err.Error(), "begin with a new database") {
		t.Errorf("one with a package: %v", err)
	}
}

// Names under which nothing could be told apart would let values be exchanged.
func TestEveryProblemHasANameOfItsOwn(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	number, err := h.Refuse(t.Context(), refusedOf(add(h.court, "p-1", "o-1"), []store.Problem{{Code: "A", Text: "x", Value: "one"}, {Code: "B", Text: "y"}, {Code: "C", Text: "z", Value: "three"}}))
	if err != nil {
		t.Fatal(err)
	}
	values := func(t *testing.T, number order.Tracking) (all []string, err error) {
		s, err := h.Status(t.Context(), number)
		for _, p := range s.Problems {
			all = append(all, p.Value)
		}
		return all, err
	}
	if got, err := values(t, number); err != nil || !slices.Equal(got, []string{"one", "", "three"}) {
		t.Errorf("%q, %v", got, err)
	}
	if err := h.exec("set session_replication_role = replica; update problem p set value = q.value from problem q where p.n = 1 and q.n = 3"); err != nil {
		t.Fatal(err)
	}
	if got, err := values(t, number); !errors.Is(err, vault.ErrForged) {
		t.Errorf("exchanged: %q, %v", got, err)
	}
}

package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ccpor/store"
	"ccpor/store/storetest"
	"ccpor/vault"
)

// Rotation changes what data keys are wrapped by and nothing else: hubs go on, and the ledger finds nothing changed.
func TestRotationChangesNoSealedValue(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	h.ledger()
	path, before := storetest.KeyFile(t, h.url), h.sql("select encode(document, 'hex') from order_version")
	first := storetest.Keys(t, h.url).Primary()
	keys, err := vault.Promote(path)
	if err != nil {
		t.Fatal(err)
	}
	var wraps *store.WrapsError
	if err := h.RetireKeys(t.Context(), []vault.KeyID{first}, "test", noon); !errors.As(err, &wraps) || wraps.DataKeys != 1 || wraps.Key != first {
		t.Errorf("retired while it wraps: %v", err)
	}
	for want := 1; want >= 0; want-- { // the second time there is nothing to do
		if n, err := h.Rewrap(t.Context(), keys, "test", noon); err != nil || n != want {
			t.Errorf("%d wrapped anew, %v; want %d", n, err, want)
		}
	}
	if err := h.RetireKeys(t.Context(), []vault.KeyID{first}, "test", noon); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Retire(path, []vault.KeyID{first}); err != nil {
		t.Fatal(err)
	}
	if after := h.sql("select encode(document, 'hex') from order_version"); after != before {
		t.Error("what was encrypted has changed")
	}
	fresh := storetest.Open(t, h.url, store.Options{})
	for _, s := range []*store.Store{h.Store, fresh} {
		if o, err := s.Order(t.Context(), r.Tracking); err != nil || o.ID != "o-1" {
			t.Errorf("%+v, %v", o, err)
		}
	}
	if err := fresh.CheckKeys(t.Context()); err != nil {
		t.Error(err)
	}
	mustAccept(t, h.Store, add(h.court, "p-2", "o-2"))
	h.ledger()
	if got := h.verified(); len(got.Findings) > 0 {
		t.Errorf("%+v", got.Findings)
	}
	uses, err := h.KeyUses(t.Context())
	if err != nil || len(uses) != 2 || uses[0].Key != keys.Primary() && uses[1].Key != keys.Primary() {
		t.Errorf("%+v, %v", uses, err)
	}
	if got := h.sql("select string_agg(action || ' ' || outcome || ' ' || details, '; ' order by id) from audit where action like 'key.%'"); got !=
		"key.make made wrapped by key "+first.String()+"; key.rotate rotated 1 data keys wrapped anew; key.rotate rotated 0 data keys wrapped anew; key.retire retired " {
		t.Errorf("on record: %s", got)
	}
}

// Whoever has an old copy of the key file makes no data key by a key that was retired: the others could not read what it encrypts.
func TestARetiredKeyWrapsNothing(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	if err := h.RetireKeys(t.Context(), []vault.KeyID{4711}, "test", noon); err != nil {
		t.Fatal(err)
	}
	if err := h.KeepDataKey(t.Context(), dataKey(1, 4711)); err == nil || !strings.Contains(err.Error(), "old copy") {
		t.Errorf("wrapped by a retired key: %v", err)
	}
	for _, sql := range []string{"update key_encryption_key set retired_at = null", "delete from key_encryption_key", "delete from data_key", "truncate data_key"} {
		if err := h.KeepDataKey(t.Context(), dataKey(2, 4712)); err != nil && sql[0] == 'u' {
			t.Fatal(err)
		}
		if err := h.exec(sql); err == nil || !strings.Contains(err.Error(), "not allowed") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func dataKey(id int64, by vault.KeyID) vault.DataKey {
	return vault.DataKey{ID: id, Key: by, Wrapped: []byte("x"), MadeAt: noon}
}

// To wrap and to retire at one moment: one of the two waits, and finds what the other did.
func TestWrappingAndRetiringAtOnce(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	if err := h.KeepDataKey(t.Context(), dataKey(1, 5)); err != nil { // makes the key known
		t.Fatal(err)
	}
	for _, first := range []struct {
		name, sql string
		second    func() error
		says      string
	}{
		{"wrapped first", "insert into data_key (id, kek, wrapped, made_at) values (2, 6, 'x', now())",
			func() error { return h.RetireKeys(t.Context(), []vault.KeyID{6}, "test", noon) }, "still wraps 1 data keys"},
		{"retired first", "update key_encryption_key set retired_at = now() where id = 6",
			func() error {
				return h.exec("insert into data_key (id, kek, wrapped, made_at) values (3, 6, 'x', now())")
			}, "was retired"},
	} {
		if err := h.exec("insert into key_encryption_key values (6, now()) on conflict do nothing"); err != nil {
			t.Fatal(err)
		}
		tx, err := connect(t, h.url).Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), first.sql); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- first.second() }()
		h.waitsForLock(done)
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err == nil || !strings.Contains(err.Error(), first.says) {
			t.Errorf("%s: %v", first.name, err)
		}
		if err := h.exec("set session_replication_role = replica; delete from data_key where kek = 6; delete from key_encryption_key where id = 6"); err != nil {
			t.Fatal(err)
		}
	}
}

// waitsForLock returns when somebody waits for a lock of this database; who does not wait has not looked at what is under way.
func (h *hub) waitsForLock(done <-chan error) {
	h.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if h.sql("select (count(*) > 0)::text from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.datname = current_database()") == "true" {
			return
		}
		select {
		case err := <-done:
			h.t.Fatalf("it did not wait: %v", err)
		default:
		}
	}
	h.t.Fatal("nobody waits")
}

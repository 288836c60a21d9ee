package store_test

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"ccpor/store"
	"ccpor/store/storetest"
)

// A revoked certificate is trusted no more, at this hub at once and at others within seconds, for good; the agency's others are.
func TestRevoke(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	ctx, old, next := t.Context(), certificate(t, "court-rsa"), certificate(t, "court-p256")
	from, to := noon.Add(-time.Hour), noon.Add(time.Hour)
	for _, use := range []store.Use{store.UseTLS, store.UseSigning} {
		if err := errors.Join(h.RegisterCertificate(ctx, h.court.ID, use, old, from, to), h.RegisterCertificate(ctx, h.court.ID, use, next, from, to)); err != nil {
			t.Fatal(err)
		}
	}
	other := storetest.Open(t, h.url, store.Options{})
	find := func(s *store.Store, at time.Time) error {
		_, _, err := s.AgencyByTLS(ctx, sha256.Sum256(old.Raw), at)
		return err
	}
	if err := errors.Join(find(h.Store, noon), find(other, noon)); err != nil {
		t.Fatal(err)
	}
	revoke := func(why string) error {
		return h.Revoke(ctx, h.court.ORI, sha256.Sum256(old.Raw), why, store.By{Actor: "command line"}, noon)
	}
	if err := revoke(""); !errors.Is(err, store.ErrNoReason) {
		t.Errorf("without a reason: %v", err)
	}
	if err := h.Revoke(ctx, "CA019013J", sha256.Sum256(old.Raw), "key lost", store.By{Actor: "command line"}, noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another agency's: %v", err)
	}
	if err := errors.Join(revoke("key lost"), revoke("key found")); err != nil {
		t.Fatal(err)
	}
	if err := find(h.Store, noon); !errors.Is(err, store.ErrRevokedCertificate) {
		t.Errorf("here, at once: %v", err)
	}
	if err := find(other, noon.Add(6*time.Second)); !errors.Is(err, store.ErrRevokedCertificate) {
		t.Errorf("at another hub, after six seconds: %v", err)
	}
	_, signing, err := h.AgencyByTLS(ctx, sha256.Sum256(next.Raw), noon)
	if err != nil || len(signing) != 2 {
		t.Fatal(signing, err)
	}
	for _, c := range signing {
		if c.Revoked.IsZero() == c.Equal(old) {
			t.Errorf("%s: revoked %v", c.Subject, c.Revoked)
		}
	}
	if err := h.RegisterCertificate(ctx, h.court.ID, store.UseTLS, old, from, to); !errors.Is(err, store.ErrRevokedCertificate) {
		t.Errorf("registered again: %v", err)
	}
	if err := h.exec("update certificate set revoked_at = null, revoked_for = '' where revoked_at is not null"); err == nil {
		t.Error("a revocation was taken back")
	}
	if got := h.sql("select string_agg(outcome || ': ' || right(details, 8), ', ') from audit where action = 'certificate.revoke'"); got != "revoked: key lost" {
		t.Errorf("on record: %s", got)
	}
}

// A certificate reaches one kind, and only certificates of that kind sign over its connection.
func TestTestCertificates(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	ctx, live, test := t.Context(), certificate(t, "court-rsa"), certificate(t, "court-p256")
	from, to := noon.Add(-time.Hour), noon.Add(time.Hour)
	for _, use := range []store.Use{store.UseTLS, store.UseSigning} {
		if err := errors.Join(h.RegisterCertificate(ctx, h.court.ID, use, live, from, to), h.RegisterTestCertificate(ctx, h.court.ID, use, test, from, to)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		test bool
	}{{"court-rsa", false}, {"court-p256", true}} {
		cert := certificate(t, c.name)
		a, signing, err := h.AgencyByTLS(ctx, sha256.Sum256(cert.Raw), noon)
		if err != nil || a.ID != h.court.ID || a.Test != c.test || len(signing) != 1 || !signing[0].Equal(cert) {
			t.Errorf("%s: test %v, %d may sign, %v", c.name, a.Test, len(signing), err)
		}
	}
	if err := h.RegisterTestCertificate(ctx, h.court.ID, store.UseTLS, live, from, to); !errors.Is(err, store.ErrOtherKind) {
		t.Errorf("live becomes test: %v", err)
	}
	if err := h.RegisterCertificate(ctx, h.court.ID, store.UseTLS, test, from, to); !errors.Is(err, store.ErrOtherKind) {
		t.Errorf("test becomes live: %v", err)
	}
}

// Tests and orders of one agency do not meet: not by identification, not by number, not in a list.
func TestReach(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	tests := h.court
	tests.Test = true
	live, test := mustAccept(t, h.Store, add(h.court, "p-1", "o-1")), mustAccept(t, h.Store, add(tests, "p-1", "o-1"))
	if live.Tracking == test.Tracking || live.Duplicate || test.Duplicate || !live.Owed || test.Owed {
		t.Fatalf("%+v\n%+v", live, test)
	}
	for _, c := range []struct {
		name string
		by   store.Reach
		own  store.Receipt
		not  store.Receipt
	}{{"live", h.court.Reach(), live, test}, {"test", tests.Reach(), test, live}} {
		if s, err := h.OwnStatus(t.Context(), c.by, c.own.Tracking); err != nil || s.Tracking != c.own.Tracking {
			t.Errorf("%s, its own: %v", c.name, err)
		}
		if _, err := h.OwnStatus(t.Context(), c.by, c.not.Tracking); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s, the other: %v", c.name, err)
		}
		if s, err := h.StatusByPackage(t.Context(), c.by, "p-1"); err != nil || s.Tracking != c.own.Tracking {
			t.Errorf("%s, by package: %v", c.name, err)
		}
		page, err := listed(t, h.Store, c.by)
		if err != nil || len(page.Submissions) != 1 || page.Submissions[0].Tracking != c.own.Tracking {
			t.Errorf("%s, the list: %+v, %v", c.name, page, err)
		}
	}
}

// listed is the list once it has something: it waits for older transactions of the whole server.
func listed(t *testing.T, s *store.Store, by store.Reach) (page store.Page, err error) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 10000 {
		if page, err = s.List(t.Context(), store.ListQuery{Reach: by, Limit: 10}); err != nil || len(page.Submissions) > 0 {
			break
		}
		<-tick.C
	}
	return page, err
}

// Each threshold is warned of once, whichever hub looks and however often, and a new end begins anew.
func TestWarnOfExpiry(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	ctx, cert := t.Context(), certificate(t, "court-rsa")
	end := noon.AddDate(0, 0, 90)
	if err := h.RegisterCertificate(ctx, h.court.ID, store.UseTLS, cert, noon, end); err != nil {
		t.Fatal(err)
	}
	other := storetest.Open(t, h.url, store.Options{})
	for _, c := range []struct{ before, want int }{{80, 0}, {60, 60}, {59, 0}, {31, 0}, {30, 30}, {29, 0}, {7, 7}, {6, 0}, {0, 0}} {
		got := 0
		for _, s := range []*store.Store{h.Store, other} {
			warnings, err := s.WarnOfExpiry(ctx, end.AddDate(0, 0, -c.before))
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range warnings {
				got += w.Threshold
			}
		}
		if got != c.want {
			t.Errorf("%d days before: warned of %d, want %d", c.before, got, c.want)
		}
	}
	if err := h.RegisterCertificate(ctx, h.court.ID, store.UseTLS, cert, noon, end.AddDate(0, 0, 30)); err != nil {
		t.Fatal(err)
	}
	if w, err := h.WarnOfExpiry(ctx, end.AddDate(0, 0, 25)); err != nil || len(w) != 1 || w[0].Threshold != 7 {
		t.Errorf("after a new end, five days before it: %+v, %v", w, err)
	}
}

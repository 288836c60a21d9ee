package store_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"ccpor/store"
)

// newKey and certified make certificates that share a key, as renewals do.
func newKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func certified(t *testing.T, key crypto.Signer, serial int64) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "Invented court"}, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// A revocation ends the trust in a key, whatever certificates it has; a key does not come back, and is for tests or for orders and never for both.
func TestKeysAreRevokedAndOfOneKind(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	ctx, from, to := t.Context(), noon.Add(-time.Hour), noon.Add(time.Hour)
	key, another := newKey(t), newKey(t)
	first, renewed, again, other := certified(t, key, 1), certified(t, key, 2), certified(t, key, 3), certified(t, another, 4)
	for _, c := range []*x509.Certificate{first, renewed, other} {
		if err := h.RegisterCertificate(ctx, h.court.ID, store.UseTLS, c, from, to); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.RegisterTestCertificate(ctx, h.court.ID, store.UseSigning, again, from, to); !errors.Is(err, store.ErrOtherKind) {
		t.Errorf("a key of orders, for tests: %v", err)
	}
	if got, err := h.TLSFingerprints(ctx); err != nil || len(got) != 3 {
		t.Errorf("%d fingerprints, %v", len(got), err)
	}
	if err := h.Revoke(ctx, h.court.ORI, sha256.Sum256(first.Raw), "key lost", store.By{Actor: "command line"}, noon); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cert *x509.Certificate
		want error
	}{"revoked": {first, store.ErrRevokedCertificate}, "with its key": {renewed, store.ErrRevokedCertificate}, "another": {other, nil}} {
		if _, _, err := h.AgencyByTLS(ctx, sha256.Sum256(c.cert.Raw), noon); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := h.RegisterCertificate(ctx, h.court.ID, store.UseTLS, again, from, to); !errors.Is(err, store.ErrRevokedCertificate) {
		t.Errorf("the lost key comes back: %v", err)
	}
	if got, err := h.TLSFingerprints(ctx); err != nil || !slices.Equal(got, [][32]byte{sha256.Sum256(other.Raw)}) {
		t.Errorf("%x, %v", got, err)
	}
	if n := h.sql("select count(*)::text from audit where action = 'certificate.revoke'"); n != "2" {
		t.Errorf("%s revocations are on record", n)
	}
}

package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// registration is what is registered of a certificate.
type registration struct {
	cert          *x509.Certificate
	test, revoked bool
}

// registrations are all certificates, of all agencies: there are some thousands at most, and whoever registers or revokes one can wait for that.
func registrations(ctx context.Context, from querier) ([]registration, error) {
	return all(ctx, from, func(row pgx.CollectableRow) (r registration, err error) {
		var der []byte
		if err = row.Scan(&der, &r.test, &r.revoked); err == nil {
			r.cert, err = x509.ParseCertificate(der)
		}
		return r, err
	}, "read the certificates", "select der, test, revoked_at is not null from certificate")
}

// keyAllows refuses a certificate whose key was that of a revoked one, or is that of one of the other kind: who holds the key would have both.
func keyAllows(ctx context.Context, from querier, cert *x509.Certificate, test bool) error {
	known, err := registrations(ctx, from)
	if err != nil {
		return fmt.Errorf("register a certificate: %w", err)
	}
	for _, r := range known {
		switch {
		case !hasKey(r.cert, cert):
		case r.revoked:
			return ErrRevokedCertificate
		case r.test != test:
			return ErrOtherKind
		}
	}
	return nil
}

// sameKey are the fingerprints of all certificates that have the key of one.
func sameKey(ctx context.Context, from querier, fingerprint [32]byte) ([][]byte, error) {
	known, err := registrations(ctx, from)
	if err != nil {
		return nil, err
	}
	var one *x509.Certificate
	for _, r := range known {
		if sha256.Sum256(r.cert.Raw) == fingerprint {
			one = r.cert
		}
	}
	var same [][]byte
	for _, r := range known {
		if one != nil && hasKey(r.cert, one) {
			f := sha256.Sum256(r.cert.Raw)
			same = append(same, f[:])
		}
	}
	return same, nil
}

func hasKey(a, b *x509.Certificate) bool {
	return bytes.Equal(a.RawSubjectPublicKeyInfo, b.RawSubjectPublicKeyInfo)
}

package store

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// CertificateStatus is how a registered certificate stands.
type CertificateStatus struct {
	Fingerprint string    `json:"fingerprint"` // SHA-256 of the DER, hexadecimal
	Agency      order.ORI `json:"agency"`
	Use         Use       `json:"use"`
	Test        bool      `json:"test"`
	From        time.Time `json:"from"`
	// To is the end of trust: of the registration or of the certificate itself, whichever comes first.
	To time.Time `json:"to"`
	// Revoked is when it was revoked and Why the reason; zero and empty while it is not.
	Revoked time.Time `json:"revoked,omitzero"`
	Why     string    `json:"why,omitempty"`
	// Used is when a connection last had it, to the hour; zero: never, or it signs only.
	Used time.Time `json:"used,omitzero"`
	// Subject and Issuer are as the certificate says.
	Subject string `json:"subject"`
	Issuer  string `json:"issuer"`
}

// State is "revoked", "early", "expired" or "valid".
func (c CertificateStatus) State(now time.Time) string {
	switch {
	case !c.Revoked.IsZero() && !now.Before(c.Revoked):
		return "revoked"
	case now.Before(c.From):
		return "early"
	case now.After(c.To):
		return "expired"
	}
	return "valid"
}

// Days are the whole days until its end.
func (c CertificateStatus) Days(now time.Time) int { return int(c.To.Sub(now) / (24 * time.Hour)) }

const certificateColumns = "a.ori, c.use, c.test, c.der, c.valid_from, c.valid_to, c.revoked_at, c.revoked_for, c.used_at, encode(c.fingerprint, 'hex')"

func scanCertificate(row pgx.CollectableRow) (c CertificateStatus, err error) {
	var der []byte
	var revoked, used *time.Time
	if err = row.Scan(&c.Agency, &c.Use, &c.Test, &der, &c.From, &c.To, &revoked, &c.Why, &used, &c.Fingerprint); err != nil {
		return c, err
	}
	cert, err := x509.ParseCertificate(der)
	if err == nil {
		c.Subject, c.Issuer = cert.Subject.String(), cert.Issuer.String()
		if cert.NotAfter.Before(c.To) {
			c.To = cert.NotAfter
		}
	}
	c.From, c.To, c.Revoked, c.Used = c.From.UTC(), c.To.UTC(), known(revoked), known(used)
	return c, err
}

// Certificates are all registered certificates, by agency and end.
func (r *Reader) Certificates(ctx context.Context) ([]CertificateStatus, error) {
	return all(ctx, r.pool, scanCertificate, "list the certificates",
		"select "+certificateColumns+" from certificate c join agency a on a.id = c.agency_id order by a.ori, c.valid_to, c.fingerprint, c.use")
}

// CertificatesOf are an agency's registered certificates, by end.
func (r *Reader) CertificatesOf(ctx context.Context, ori order.ORI) ([]CertificateStatus, error) {
	return all(ctx, r.pool, scanCertificate, "list the certificates",
		"select "+certificateColumns+" from certificate c join agency a on a.id = c.agency_id where a.ori = $1 order by c.valid_to, c.fingerprint, c.use", string(ori))
}

// TLSFingerprints are those of the registered connection certificates that are not revoked.
func (r *Reader) TLSFingerprints(ctx context.Context) ([][32]byte, error) {
	return all(ctx, r.pool, func(row pgx.CollectableRow) (f [32]byte, err error) {
		var raw []byte
		err = row.Scan(&raw)
		copy(f[:], raw)
		return f, err
	}, "list the connections' certificates", "select fingerprint from certificate where use = 'tls' and revoked_at is null")
}

// ErrNoReason says that a revocation gives no reason.
var ErrNoReason = errors.New("a revocation needs a reason")

// Revoke ends the trust in an agency's certificate and in all others that have its key, since it is keys that are lost, for all their uses, from now on and for good: this hub knows at once, others within five seconds. What was accepted before stays accepted and verifiable. ErrNotFound: the agency has no such certificate. Again, it changes nothing.
func (s *Store) Revoke(ctx context.Context, ori order.ORI, fingerprint [32]byte, why string, by By, now time.Time) error {
	if why == "" {
		return ErrNoReason
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		registered, err := tx.Exec(ctx, "select from certificate c join agency a on a.id = c.agency_id where a.ori = $1 and c.fingerprint = $2", string(ori), fingerprint[:])
		if err == nil && registered.RowsAffected() == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		same, err := sameKey(ctx, tx, fingerprint)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `with gone as (update certificate set revoked_at = $2, revoked_for = $3 where fingerprint = any($1) and revoked_at is null returning agency_id, fingerprint)
			insert into audit (at, actor, person, agency, action, object, outcome, details)
			select $2, $4, $5, $6, 'certificate.revoke', 'agency ' || a.ori, 'revoked', 'certificate sha256 ' || encode(g.fingerprint, 'hex') || '; ' || $3
			from (select distinct agency_id, fingerprint from gone) g join agency a on a.id = g.agency_id`, same, now, why, by.Actor, int64(by.Person), string(by.Agency))
		return err
	})
	s.known.forget()
	if err != nil {
		return fmt.Errorf("revoke a certificate: %w", err)
	}
	return nil
}

// warnAt are how many days before its end somebody is warned of a certificate, most first.
var warnAt = []int{60, 30, 7}

// ExpiryWarning says that a certificate in use comes to its end.
type ExpiryWarning struct {
	CertificateStatus
	Threshold int // days
}

// WarnOfExpiry finds the certificates that have come within 60, 30 or 7 days of their end since somebody was last warned. Each threshold is given once, to one hub, whatever starts anew;
// who comes late to several is given the nearest to the end.
func (s *Store) WarnOfExpiry(ctx context.Context, now time.Time) ([]ExpiryWarning, error) {
	certs, err := s.Certificates(ctx)
	if err != nil {
		return nil, err
	}
	var warnings []ExpiryWarning
	for _, c := range certs {
		if c.State(now) != "valid" {
			continue
		}
		threshold := 0
		for _, days := range warnAt {
			if c.To.Sub(now) <= time.Duration(days)*24*time.Hour {
				threshold = days
			}
		}
		if threshold == 0 {
			continue
		}
		tag, err := s.pool.Exec(ctx, `update certificate set warned = $3 where encode(fingerprint, 'hex') = $1 and use = $2 and (warned = 0 or warned > $3)`, c.Fingerprint, string(c.Use), threshold)
		if err != nil {
			return warnings, fmt.Errorf("note a warning: %w", err)
		}
		if tag.RowsAffected() == 1 {
			warnings = append(warnings, ExpiryWarning{c, threshold})
		}
	}
	return warnings, nil
}

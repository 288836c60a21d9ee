package store

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ccpor/access"
	"ccpor/mapping/order"
)

// AgencyID is the hub's own number of an agency.
type AgencyID int64

// Agency is a court, tribal court or law-enforcement agency that sends packages.
type Agency struct {
	ID  AgencyID
	ORI order.ORI
	// Name is the agency's name for people, County its county.
	Name   string
	County string
	// Kind says what the agency is; the zero value counts as a court.
	Kind AgencyKind
	// CarposName is the name as CARPOS shows it (CTN), 1 to 30 characters; Name is taken where it is empty.
	CarposName string
	// Mnemonic is the line on which the agency's transactions go, four characters, or empty for any line.
	Mnemonic string
	// Submits says that the hub enters the agency's orders into CARPOS; otherwise the agency does so itself, and nothing is owed.
	Submits bool
	// EnteredBy is the ORI of whoever enters the agency's orders into CLETS where the hub does not; empty: the agency itself.
	EnteredBy order.ORI
	// Test marks an agency whose every package is a test. Of an agency that was found by its connection's certificate it says that this is for tests.
	Test bool
	// MaxDocumentBytes bounds one image; zero means the hub's own bound.
	MaxDocumentBytes int64
	// ConfirmText says where an officer gets the image or a hit confirmed, as the hit shows it (MIS): "TO RECEIVE A COPY ... CONTACT ...".
	ConfirmText string
	// MayQuery lets it search and read orders, as its kind and its people's roles allow; MayImages read their images too. Its own submissions it
	// may always ask for. ReadOnly takes from it the right to send packages, NoCallbacks the right to be told of changes.
	MayQuery, MayImages, ReadOnly, NoCallbacks bool
	// MessageSignature says what becomes of WS-Security signatures over the agency's messages; the zero value counts as accepted.
	MessageSignature MessageSignature
	// Replays lets it send on behalf of other agencies, in a test region and nowhere else.
	Replays bool
	// Limits are what it may send; they are set by SetLimits alone.
	Limits AgencyLimits
}

// MessageSignature is what an agency has agreed on signatures over whole messages. That of the package inside is always required.
type MessageSignature string

// The agreements on signatures over messages.
const (
	MessageSignatureRequired MessageSignature = "required" // a message without one is refused
	MessageSignatureAccepted MessageSignature = "accepted" // it is verified where there is one
	MessageSignatureOff      MessageSignature = "off"      // Security headers are passed over, unless they must be understood
)

// AgencyKind is what sort of agency it is.
type AgencyKind = access.Kind

// The kinds of agencies that send packages or ask for orders.
const (
	KindCourt          = access.KindCourt
	KindTribalCourt    = access.KindTribalCourt
	KindLawEnforcement = access.KindLawEnforcement
)

// Use is what a registered certificate may be used for.
type Use string

// The uses of certificates.
const (
	UseTLS     Use = "tls"     // identifies the sender on the connection
	UseSigning Use = "signing" // signs packages
)

// SigningCert is a certificate with which an agency signs, and the time in which the hub trusts it. The window is the
// registration's, not the certificate's own: several may overlap while an agency changes keys.
type SigningCert struct {
	*x509.Certificate
	From, To time.Time
	// Revoked is from when on the registry trusts it no more, whatever To says; zero: it does.
	Revoked time.Time
}

// Reach is what a connection reaches: the own submissions of one agency, those that are tests or those that are none.
type Reach struct {
	Agency AgencyID
	Test   bool
}

// Reach is what the agency reaches over this connection.
func (a Agency) Reach() Reach { return Reach{a.ID, a.Test} }

// reached is SQL for: submission s is within the Reach that stands in parameters 1 and 2. Whatever an agency is told of its own submissions goes through it. What a submission was when it came
// it stays, whatever becomes of its agency.
const reached = "s.agency_id = $1 and s.test = $2"

// Errors of the search for an agency by its certificate.
var (
	ErrUnknownCertificate = errors.New("the certificate is not registered")
	ErrExpiredCertificate = errors.New("the certificate's registration is not in force at this time")
	ErrRevokedCertificate = errors.New("the certificate has been revoked")
)

// agencyColumns are the columns of agency a that scanAgency reads.
const agencyColumns = "a.id, a.ori, a.name, a.county, a.kind, a.carpos_name, a.mnemonic, a.submits, a.test, a.max_document_bytes, a.confirm_text, a.may_query, a.may_images, a.read_only, a.no_callbacks, a.message_signature, a.replays, a.per_second, a.burst, a.daily, a.entered_by"

func (a *Agency) fields() []any {
	return []any{&a.ID, &a.ORI, &a.Name, &a.County, &a.Kind, &a.CarposName, &a.Mnemonic, &a.Submits, &a.Test, &a.MaxDocumentBytes, &a.ConfirmText, &a.MayQuery, &a.MayImages, &a.ReadOnly, &a.NoCallbacks, &a.MessageSignature, &a.Replays, &a.Limits.PerSecond, &a.Limits.Burst, &a.Limits.Daily, &a.EnteredBy}
}

func scanAgency(row pgx.CollectableRow) (a Agency, err error) {
	err = row.Scan(a.fields()...)
	return a, err
}

// ErrOtherAgency says that a certificate is registered for another agency.
var ErrOtherAgency = errors.New("the certificate is registered for another agency")

// ErrOtherKind says that a certificate is registered for tests and was to be registered for orders, or the other way round.
var ErrOtherKind = errors.New("the certificate is registered for the other kind, test or live: that does not change")

// RegisterCertificate trusts the certificate for the use from and to the given times; the same certificate again changes its window.
// One certificate belongs to one agency: ErrOtherAgency. It does not become another kind: ErrOtherKind. A revoked one does not come back: ErrRevokedCertificate. Its key
// counts: what is so of one certificate is so of every other that has the same key.
func (s *Store) RegisterCertificate(ctx context.Context, id AgencyID, use Use, cert *x509.Certificate, from, to time.Time) error {
	return s.registerCertificate(ctx, s.pool, id, use, cert, from, to, false)
}

// Trust is a certificate of an agency and what it is trusted for.
type Trust struct {
	Agency      order.ORI
	Use         Use
	Certificate *x509.Certificate
	// From and To are the time of trust; that of the certificate itself bounds it in any case.
	From, To time.Time
	// Test says that it reaches tests and nothing else.
	Test bool
}

// TrustCertificate is RegisterCertificate for people: who did it is on record. ErrNotFound: there is no such agency.
func (s *Store) TrustCertificate(ctx context.Context, t Trust, by By, now time.Time) error {
	return s.onAgency(ctx, t.Agency, by, now, func(tx pgx.Tx, a Agency) (agencyNote, error) {
		if !t.To.After(t.From) {
			return agencyNote{}, &InputError{"to", "Trust ends after it begins."}
		}
		err := s.registerCertificate(ctx, tx, a.ID, t.Use, t.Certificate, t.From, t.To, t.Test)
		details := fmt.Sprintf("certificate sha256 %x for %s, %s to %s%s", sha256.Sum256(t.Certificate.Raw), t.Use, t.From.UTC().Format(time.DateOnly), t.To.UTC().Format(time.DateOnly),
			map[bool]string{true: ", tests only"}[t.Test])
		return agencyNote{"certificate.trust", "trusted", details}, err
	})
}

// Untrustable says why an agency's certificate could not be registered, as RegisterCertificate would; nil: it could.
func (s *Store) Untrustable(ctx context.Context, t Trust) error {
	a, err := s.AgencyByORI(ctx, t.Agency)
	if err != nil {
		return err
	}
	if err := keyAllows(ctx, s.pool, t.Certificate, t.Test); err != nil {
		return err
	}
	fingerprint := sha256.Sum256(t.Certificate.Raw)
	known, err := one(ctx, s.pool, pgx.RowTo[bool], "look for a certificate",
		"select exists (select from certificate where fingerprint = $1 and (agency_id <> $2 or test <> $3 or revoked_at is not null))", fingerprint[:], int64(a.ID), t.Test)
	if err != nil || !known {
		return err
	}
	return unregistrable(ctx, s.pool, fingerprint, a.ID)
}

// RegisterTestCertificate is RegisterCertificate for a certificate that reaches tests and nothing else.
func (s *Store) RegisterTestCertificate(ctx context.Context, id AgencyID, use Use, cert *x509.Certificate, from, to time.Time) error {
	return s.registerCertificate(ctx, s.pool, id, use, cert, from, to, true)
}

func (s *Store) registerCertificate(ctx context.Context, in changer, id AgencyID, use Use, cert *x509.Certificate, from, to time.Time, test bool) error {
	fingerprint := sha256.Sum256(cert.Raw)
	if err := keyAllows(ctx, in, cert, test); err != nil {
		return err
	}
	tag, err := in.Exec(ctx, `insert into certificate (fingerprint, use, agency_id, der, valid_from, valid_to, test)
		select $1, $2, $3, $4, $5, $6, $7
		where not exists (select from certificate where fingerprint = $1 and (agency_id <> $3 or test <> $7 or revoked_at is not null))
		on conflict (fingerprint, use) do update set valid_from = excluded.valid_from, valid_to = excluded.valid_to,
			warned = case when certificate.valid_to = excluded.valid_to then certificate.warned else 0 end
		where certificate.agency_id = excluded.agency_id and certificate.test = excluded.test and certificate.revoked_at is null`,
		fingerprint[:], string(use), int64(id), cert.Raw, from, to, test)
	if err != nil {
		return fmt.Errorf("register a certificate: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return unregistrable(ctx, in, fingerprint, id)
	}
	s.known.forget()
	return nil
}

// changer is a pool or a transaction, in which a certificate is registered.
type changer interface {
	querier
	rower
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// unregistrable says why a certificate cannot be registered so.
func unregistrable(ctx context.Context, in changer, fingerprint [32]byte, id AgencyID) error {
	var other, revoked bool
	err := in.QueryRow(ctx, "select bool_or(agency_id <> $2), bool_or(revoked_at is not null) from certificate where fingerprint = $1", fingerprint[:], int64(id)).Scan(&other, &revoked)
	switch {
	case err != nil:
		return fmt.Errorf("register a certificate: %w", err)
	case other:
		return ErrOtherAgency
	case revoked:
		return ErrRevokedCertificate
	}
	return ErrOtherKind
}

// AgencyByORI finds an agency; ErrNotFound.
func (r *Reader) AgencyByORI(ctx context.Context, ori order.ORI) (Agency, error) {
	return one(ctx, r.pool, scanAgency, "find the agency", "select "+agencyColumns+" from agency a where ori = $1", string(ori))
}

// Agencies lists all agencies by ORI.
func (r *Reader) Agencies(ctx context.Context) ([]Agency, error) {
	return all(ctx, r.pool, scanAgency, "list the agencies", "select "+agencyColumns+" from agency a order by ori")
}

// AgencyByTLS finds the agency to which the connection's certificate belongs (SHA-256 of its DER), and the certificates with which it
// may sign over it, each with its window (the caller judges those): a test certificate's connection is signed for with test certificates, and no other is.
// Answers are kept for a few seconds. ErrUnknownCertificate, ErrExpiredCertificate, ErrRevokedCertificate.
func (s *Store) AgencyByTLS(ctx context.Context, fingerprint [32]byte, now time.Time) (Agency, []SigningCert, error) {
	k, ok := s.known.get(fingerprint, now)
	if !ok {
		var err error
		// That nobody is registered is remembered as well: a stranger who asks again and again costs one query.
		if k, err = s.findTLS(ctx, fingerprint, now); err != nil && !errors.Is(err, ErrUnknownCertificate) {
			return Agency{}, nil, err
		}
		s.known.put(fingerprint, k, now)
	}
	if k.agency.ID == 0 {
		return Agency{}, nil, ErrUnknownCertificate
	}
	if !k.revoked.IsZero() && !now.Before(k.revoked) {
		return Agency{}, nil, ErrRevokedCertificate
	}
	if now.Before(k.from) || now.After(k.to) {
		return Agency{}, nil, ErrExpiredCertificate
	}
	return k.agency, k.signing, nil
}

func (s *Store) findTLS(ctx context.Context, fingerprint [32]byte, now time.Time) (knownAgency, error) {
	var k knownAgency
	var test bool
	var used, revoked *time.Time
	err := s.pool.QueryRow(ctx, "select "+agencyColumns+`, c.valid_from, c.valid_to, c.test, c.used_at, c.revoked_at from certificate c join agency a on a.id = c.agency_id
		where c.fingerprint = $1 and c.use = 'tls'`, fingerprint[:]).Scan(append(k.agency.fields(), &k.from, &k.to, &test, &used, &revoked)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return k, ErrUnknownCertificate
	}
	if err != nil {
		return k, fmt.Errorf("find the agency of a certificate: %w", err)
	}
	k.agency.Test, k.revoked = k.agency.Test || test, known(revoked)
	if now.Sub(known(used)) >= time.Hour {
		s.used(ctx, fingerprint, now)
	}
	k.signing, err = s.signing(ctx, k.agency.ID, "(a.test or c.test) = $2", k.agency.Test)
	return k, err
}

// used notes that a connection had the certificate, which is for people who wonder whether it still is in use: so it may fail.
func (s *Store) used(ctx context.Context, fingerprint [32]byte, now time.Time) {
	if _, err := s.pool.Exec(ctx, "update certificate set used_at = $2 where fingerprint = $1 and use = 'tls' and (used_at is null or used_at < $2)", fingerprint[:], now); err != nil {
		s.opts.Log.Warn("the use of a certificate was not noted", "error", err.Error())
	}
}

// OnBehalf finds an agency by its ORI and the certificates with which it signs, for a replay of what it sent; ErrNotFound.
func (r *Reader) OnBehalf(ctx context.Context, ori order.ORI) (Agency, []SigningCert, error) {
	a, err := r.AgencyByORI(ctx, ori)
	if err != nil {
		return Agency{}, nil, err
	}
	certs, err := r.signing(ctx, a.ID, "true")
	return a, certs, err
}

// signing are the agency's signing certificates for which a condition on them holds. args are its parameters from the second on.
func (r *Reader) signing(ctx context.Context, id AgencyID, which string, args ...any) ([]SigningCert, error) {
	return all(ctx, r.pool, scanSigning, "find the agency's certificates", "select "+signingColumns+` from certificate c join agency a on a.id = c.agency_id
		where c.agency_id = $1 and c.use = 'signing' and `+which+" order by c.valid_from, c.fingerprint", append([]any{int64(id)}, args...)...)
}

// signingColumns are the columns of certificate c that scanSigning reads.
const signingColumns = "c.der, c.valid_from, c.valid_to, c.revoked_at"

func scanSigning(row pgx.CollectableRow) (SigningCert, error) {
	var der []byte
	var c SigningCert
	var revoked *time.Time
	if err := row.Scan(&der, &c.From, &c.To, &revoked); err != nil {
		return c, err
	}
	c.Revoked = known(revoked)
	cert, err := x509.ParseCertificate(der)
	c.Certificate = cert
	return c, err
}

// agencies remembers senders for a few seconds, so that a court's burst of packages asks once.
type agencies struct {
	mu    sync.Mutex
	known map[[32]byte]knownAgency
}

type knownAgency struct {
	agency   Agency
	signing  []SigningCert
	from, to time.Time
	revoked  time.Time // zero: it is not
	asked    time.Time
}

// remembered is how long a changed registration may go unnoticed.
const remembered = 5 * time.Second

func (a *agencies) get(fingerprint [32]byte, now time.Time) (knownAgency, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, ok := a.known[fingerprint]
	return k, ok && now.Sub(k.asked).Abs() < remembered
}

func (a *agencies) put(fingerprint [32]byte, k knownAgency, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == nil || len(a.known) > 10000 { // a bound, not a policy
		a.known = map[[32]byte]knownAgency{}
	}
	k.asked = now
	a.known[fingerprint] = k
}

func (a *agencies) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known = nil
}

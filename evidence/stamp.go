package evidence

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"slices"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"

	"ccpor/store"
)

// Authority is a time-stamping authority (RFC 3161) that is asked over HTTP. It learns a SHA-256, nothing else.
type Authority struct {
	url    string
	client *http.Client
	roots  *x509.CertPool
}

// NewAuthority makes one. Its certificate has to lead to one of the roots.
func NewAuthority(url string, client *http.Client, roots *x509.CertPool) *Authority {
	return &Authority{url, client, roots}
}

// tokenBytes bounds an authority's answer.
const tokenBytes = 64 << 10

var (
	errAnswer   = errors.New("the time-stamping authority does not answer with a time stamp")
	errNonce    = errors.New("the time stamp answers another question")
	errImprint  = errors.New("the time stamp is of something else")
	errNoSigner = errors.New("the time stamp is not signed by one certificate for time-stamping alone")
)

// Stamp has a document's SHA-256 stamped, and verifies what it gets. It returns the token in DER, and the time it names.
func (a *Authority) Stamp(ctx context.Context, document []byte) (token []byte, at time.Time, err error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return nil, at, err
	}
	ask, err := timestamp.CreateRequest(bytes.NewReader(document), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true, Nonce: nonce})
	if err != nil {
		return nil, at, err
	}
	answer, err := a.ask(ctx, ask)
	if err != nil {
		return nil, at, err
	}
	ts, err := timestamp.ParseResponse(answer)
	if err != nil {
		return nil, at, fmt.Errorf("read the time stamp: %w", err)
	}
	if ts.Nonce == nil || ts.Nonce.Cmp(nonce) != 0 {
		return nil, at, errNonce
	}
	at, _, err = OpenStamp(ts.RawToken, document, a.roots)
	return ts.RawToken, at, err
}

func (a *Authority) ask(ctx context.Context, question []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, bytes.NewReader(question))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/timestamp-reply" {
		return nil, errAnswer
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, tokenBytes+1))
	if err == nil && len(answer) > tokenBytes {
		err = errAnswer
	}
	return answer, err
}

// OpenStamp verifies a time stamp over a document: its digest, its signature, and that its certificate is one for time-stamping that led to a root at the time it names. Without
// roots, whose the stamp is is not judged. It returns that time and the certificate.
func OpenStamp(token, document []byte, roots *x509.CertPool) (at time.Time, signer *x509.Certificate, err error) {
	ts, err := timestamp.Parse(token)
	if err != nil {
		return at, nil, fmt.Errorf("read the time stamp: %w", err)
	}
	if digest := sha256.Sum256(document); ts.HashAlgorithm != crypto.SHA256 || !bytes.Equal(ts.HashedMessage, digest[:]) {
		return at, nil, errImprint
	}
	signed, err := pkcs7.Parse(token)
	if err != nil {
		return at, nil, fmt.Errorf("read the time stamp: %w", err)
	}
	signer = signed.GetOnlySigner()
	if signer == nil || !slices.Equal(signer.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}) {
		return at, nil, errNoSigner
	}
	chain := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool(), CurrentTime: ts.Time, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}
	for _, c := range signed.Certificates {
		chain.Intermediates.AddCert(c)
	}
	if err := signed.VerifyWithOpts(chain); err != nil {
		return at, nil, fmt.Errorf("verify the time stamp: %w", err)
	}
	return ts.Time.UTC(), signer, nil
}

// Stamps is what a Stamper needs of the store.
type Stamps interface {
	Unstamped(ctx context.Context, before time.Time) (store.Checkpoint, error)
	Stamp(ctx context.Context, checkpoint int64, token []byte, at time.Time) error
}

// Stamper has a checkpoint stamped now and then. That an authority is out of reach stops nothing: the next stamp covers all that came before.
type Stamper struct {
	stamps    Stamps
	authority *Authority
	every     time.Duration
	now       func() time.Time
	log       *slog.Logger
	failing   bool
}

// NewStamper makes one that leaves about every between two stamps, whichever hub gets them.
func NewStamper(s Stamps, a *Authority, every time.Duration, now func() time.Time, log *slog.Logger) *Stamper {
	return &Stamper{stamps: s, authority: a, every: every, now: now, log: log}
}

// Run looks at every tick whether a stamp is due, until ctx ends.
func (s *Stamper) Run(ctx context.Context, look time.Duration) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.Step(ctx)
		}
	}
}

// Step gets the stamp that is due, if one is. Failure is logged once, and once more when it is over.
func (s *Stamper) Step(ctx context.Context) {
	err := s.step(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil && !s.failing:
		s.log.Warn("the ledger's checkpoint could not be time-stamped; it is tried again", "error", err)
	case err == nil && s.failing:
		s.log.Info("the ledger's checkpoints are time-stamped again")
	}
	s.failing = err != nil
}

func (s *Stamper) step(ctx context.Context) error {
	c, err := s.stamps.Unstamped(ctx, s.now().Add(-s.every))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	token, at, err := s.authority.Stamp(ctx, c.Document)
	if err != nil {
		return err
	}
	return s.stamps.Stamp(ctx, c.Number, token, at)
}

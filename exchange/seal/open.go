package seal

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
)

// Opened is a document that one of the hub's certificates has signed, at a time when that certificate was in force.
type Opened struct {
	sig.Verified
	// SignedAt is when, as the document itself says.
	SignedAt time.Time
}

// ErrNoTrust says that the reader has no certificate of a hub.
var ErrNoTrust = errors.New("no certificate of a hub is given: nothing can be verified")

// ErrUndated says that a signed document does not say when it was signed.
var ErrUndated = errors.New("the signed document does not say when it was signed")

// Open verifies a document whose document element must be named want, with the hub certificates that the reader trusts. The error is a *sig.Error,
// a *canon.Error, ErrNoTrust or ErrUndated.
func Open(doc []byte, want canon.Name, hub []*x509.Certificate) (Opened, error) {
	verified, err := verify(doc, want, hub)
	if err != nil {
		return Opened{}, err
	}
	var dated struct {
		At []time.Time `xml:"SignedDateTime"`
	}
	if err := xml.Unmarshal(verified.Octets(), &dated); err != nil {
		return Opened{}, fmt.Errorf("read the time of signing: %w", err)
	}
	if len(dated.At) != 1 {
		return Opened{}, ErrUndated
	}
	if err := inForce(verified.Certificate(), dated.At[0]); err != nil {
		return Opened{}, err
	}
	return Opened{verified, dated.At[0]}, nil
}

// ErrRewritten says that a sealed document verifies, and is not byte for byte as Seal wrote it.
var ErrRewritten = errors.New("the signed document is not written as it was")

// OpenExact is Open for a document of which no byte may differ from what Seal returned, not even where a signature does not reach. Further errors: ErrRewritten.
func OpenExact(doc []byte, want canon.Name, hub []*x509.Certificate) (Opened, error) {
	o, err := Open(doc, want, hub)
	if err != nil {
		return o, err
	}
	_, after, _ := bytes.Cut(doc, []byte(startValue))
	text, _, _ := bytes.Cut(after, []byte(endValue))
	value, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return Opened{}, ErrRewritten
	}
	var root struct {
		ID string `xml:"Id,attr"`
	}
	if err := xml.Unmarshal(o.Octets(), &root); err != nil {
		return Opened{}, fmt.Errorf("read the document's Id: %w", err)
	}
	if !bytes.Equal(doc, assemble(o.Octets(), infoOf(methodOf(o.Certificate()), root.ID, o.Digest()), value, keyInfoOf(o.Certificate()))) {
		return Opened{}, ErrRewritten
	}
	return o, nil
}

// verify finds the certificate that signed. Its validity is judged afterwards, by the time that the signed content says: so each is tried at its own first moment.
func verify(doc []byte, want canon.Name, hub []*x509.Certificate) (sig.Verified, error) {
	failed := ErrNoTrust
	for _, c := range hub {
		verified, err := sig.VerifyDocument(doc, profile, want, []sig.Trusted{{Certificate: c}}, c.NotBefore)
		if err == nil {
			return verified, nil
		}
		var e *sig.Error
		if unknown := errors.As(err, &e) && e.Code == sig.CertificateUnknown; failed == ErrNoTrust || !unknown {
			failed = err // another reason says more than that it is another certificate's
		}
	}
	return sig.Verified{}, failed
}

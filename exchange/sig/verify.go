package sig

import (
	"crypto"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"ccpor/schemas/canon"
)

// Verified is content that a registered certificate has signed. Only this
// package makes one; its zero value holds nothing.
type Verified struct {
	octets    []byte
	digest    [32]byte
	cert      *x509.Certificate
	algorithm string
	root      canon.Name
}

// Octets is the exclusive canonical form of the signed element without its
// signature, in UTF-8: what is validated, mapped and stored. Do not change it.
func (v Verified) Octets() []byte { return v.octets }

// Digest is the SHA-256 of Octets. The signature value is no identity: a valid
// one can be changed into another valid one.
func (v Verified) Digest() [32]byte { return v.digest }

// Certificate is the registered certificate whose key signed.
func (v Verified) Certificate() *x509.Certificate { return v.cert }

// KeyID is the SHA-256 of the certificate, in lower-case hexadecimal.
func (v Verified) KeyID() string { return KeyID(v.cert) }

// Algorithm is the URI of the signature method.
func (v Verified) Algorithm() string { return v.algorithm }

// Root is the name of the signed element.
func (v Verified) Root() canon.Name { return v.root }

// KeyID is the SHA-256 of a certificate, in lower-case hexadecimal; "" for none.
func KeyID(c *x509.Certificate) string {
	if c == nil {
		return ""
	}
	d := sha256.Sum256(c.Raw)
	return hex.EncodeToString(d[:])
}

// Verifier verifies, and keeps buffers between calls. The zero value is ready;
// it is safe for concurrent use and must not be copied.
type Verifier struct {
	// MaxOctets is how many bytes the canonical form of signed content may have,
	// and that of SignedInfo: both are written before the signature is known to
	// be good. Zero is the profile's MaxBytes. It is set before the first use.
	MaxOctets int

	readings, scanners sync.Pool
}

// Verify verifies the element whose Start is the scanner's current event and
// reads it to its End. The element must be named want; trusted are the sender's
// registered certificates, of which one must have signed and be valid at now.
// The error is an *Error, or the *canon.Error of a document outside the profile;
// with canon.TooLarge it is content of more than MaxOctets.
func (v *Verifier) Verify(s *canon.Scanner, want canon.Name, trusted []Trusted, now time.Time) (Verified, error) {
	return v.VerifyInto(nil, s, want, trusted, now)
}

// VerifyInto is Verify, with the octets appended to dst: where it has room they
// lie in the caller's buffer, and are good as long as the caller leaves it alone.
func (v *Verifier) VerifyInto(dst []byte, s *canon.Scanner, want canon.Name, trusted []Trusted, now time.Time) (Verified, error) {
	r := v.reading(s)
	defer v.done(r)
	return r.verify(dst, want, trusted, now)
}

// reading begins a verification with buffers of an earlier one.
func (v *Verifier) reading(s *canon.Scanner) *reading {
	r, ok := v.readings.Get().(*reading)
	if !ok {
		r = new(reading)
	}
	r.s, r.most, r.listed = s, v.MaxOctets, r.listed[:0]
	return r
}

func (v *Verifier) done(r *reading) {
	r.release()
	v.readings.Put(r)
}

// VerifyDocument verifies a document whose document element is the signed one.
func (v *Verifier) VerifyDocument(doc []byte, p *canon.Profile, want canon.Name, trusted []Trusted, now time.Time) (Verified, error) {
	s, ok := v.scanners.Get().(*canon.Scanner)
	if !ok {
		s = new(canon.Scanner)
	}
	defer func() {
		s.Release()
		v.scanners.Put(s)
	}()
	if err := s.Reset(doc, p); err != nil {
		return Verified{}, err
	}
	if _, err := s.Next(); err != nil {
		return Verified{}, err
	}
	verified, err := v.Verify(s, want, trusted, now)
	if err != nil {
		return Verified{}, err
	}
	if _, err := s.Next(); err != nil {
		return Verified{}, err
	}
	return verified, nil
}

// Verify is Verifier.Verify with buffers of its own.
func Verify(s *canon.Scanner, want canon.Name, trusted []Trusted, now time.Time) (Verified, error) {
	return new(Verifier).Verify(s, want, trusted, now)
}

// VerifyDocument is Verifier.VerifyDocument with buffers of its own.
func VerifyDocument(doc []byte, p *canon.Profile, want canon.Name, trusted []Trusted, now time.Time) (Verified, error) {
	return new(Verifier).VerifyDocument(doc, p, want, trusted, now)
}

// Digest is the SHA-256 of a signed document's content, as Verified.Digest gives it. The content must be what the signature's digest says; who
// signed is not judged, so that nothing may rest on this but a comparison with what somebody else has verified.
func Digest(doc []byte, p *canon.Profile, want canon.Name) ([32]byte, error) {
	var s canon.Scanner
	if err := s.Reset(doc, p); err != nil {
		return [32]byte{}, err
	}
	if _, err := s.Next(); err != nil {
		return [32]byte{}, err
	}
	r := &reading{s: &s}
	octets, err := r.signed(want)
	if err != nil {
		return [32]byte{}, err
	}
	if _, err := s.Next(); err != nil {
		return [32]byte{}, err
	}
	return sha256.Sum256(octets), nil
}

func (r *reading) verify(dst []byte, want canon.Name, trusted []Trusted, now time.Time) (Verified, error) {
	octets, err := r.signed(want)
	if err != nil {
		return Verified{}, err
	}
	cert, err := r.signer(trusted, now)
	if err != nil {
		return Verified{}, err
	}
	r.octets = octets
	kept := append(dst, octets...)[len(dst):]
	return Verified{octets: kept[:len(kept):len(kept)], digest: sha256Of(kept, r.digest, &r.got), cert: cert, algorithm: r.method.uri, root: want}, nil
}

// signed reads the element and gives the octets that were signed, once their digest is the signature's.
func (r *reading) signed(want canon.Name) ([]byte, error) {
	if r.s.Kind() != canon.Start || !r.s.Is(want.Space, want.Local) {
		return nil, r.fail(WrongElement, "the element to be verified is not "+want.Local+" of its namespace", "send the document that this service takes")
	}
	octets, err := r.content()
	if err != nil {
		return nil, err
	}
	r.got.of(r.digest.hash, octets)
	if subtle.ConstantTimeCompare(r.got.bytes(), r.want.bytes()) != 1 {
		return nil, r.fail(DigestMismatch, "the content is not what was signed: its digest differs from DigestValue", "send the document exactly as the signer wrote it: nothing may be reformatted, added or taken away after signing")
	}
	return octets, nil
}

// sha256Of is the SHA-256 of the octets, which the reference may have asked for.
func sha256Of(octets []byte, d *digest, got *sum) [32]byte {
	if d.hash == crypto.SHA256 {
		return [32]byte(got.bytes())
	}
	return sha256.Sum256(octets)
}

// content reads the signed element and its signature and returns the octets
// that the reference stands for.
func (r *reading) content() ([]byte, error) {
	s, element := r.s, r.s.Mark()
	id, ok := s.Attr("", "Id")
	if !ok || !ncName(id) {
		return nil, r.fail(WrongReference, "the signed element has no attribute Id that is a plain name", "give it an Id of ASCII letters, digits, '.', '-' and '_' that begins with a letter")
	}
	r.id = append(r.id[:0], id...)
	signature, err := r.enveloped()
	if err != nil {
		return nil, err
	}
	if err := s.Rewind(element); err != nil {
		return nil, err
	}
	octets, err := s.Canonical(r.octets[:0], canon.Exclusive{Prefixes: r.refNS, Omit: signature, ID: r.id, Exclude: DS, Max: r.most})
	if err != nil {
		return nil, ours(err)
	}
	return octets, nil
}

// enveloped reads the first child of the element, which is the signature.
func (r *reading) enveloped() (canon.Span, error) {
	k, err := r.s.Next()
	if err == nil && k == canon.Text && r.s.Blank() {
		k, err = r.s.Next()
	}
	if err != nil {
		return canon.Span{}, err
	}
	if k != canon.Start || !r.s.Is(DS, "Signature") {
		return canon.Span{}, r.notFirst(k)
	}
	mark := r.s.Mark()
	if err := r.signature(); err != nil {
		return canon.Span{}, err
	}
	return r.s.Span(mark)
}

// notFirst tells a signature in another place from none at all.
func (r *reading) notFirst(k canon.Kind) error {
	depth := r.s.Depth()
	if k == canon.Start {
		depth--
	}
	for err := error(nil); k != canon.End || r.s.Depth() > depth; k, err = r.s.Next() {
		if err != nil {
			return err
		}
		if k == canon.Start && r.s.Is(DS, "Signature") {
			return r.fail(NotFirstChild, "the signature is not the first child of the element it signs", "put ds:Signature first")
		}
	}
	return r.fail(Missing, "there is no signature", "sign the package: ds:Signature is its first child")
}

// ours translates what Canonical refuses for this package's sake.
func ours(err error) error {
	var e *canon.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case canon.DuplicateID:
		return &Error{Code: DuplicateID, Line: e.Line, What: e.What, Hint: e.Hint}
	case canon.Excluded:
		return &Error{Code: TwoSignatures, Line: e.Line, What: e.What, Hint: e.Hint}
	}
	return err
}

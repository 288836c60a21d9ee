package seal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"

	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
)

// The documents that the hub signs.
var (
	Receipt    = canon.Name{Space: "urn:ccpor:exchange:service:1.0", Local: "Receipt"}
	Notice     = canon.Name{Space: "urn:ccpor:exchange:listener:1.0", Local: "Notice"}
	Checkpoint = canon.Name{Space: "urn:ccpor:exchange:evidence:1.0", Local: "Checkpoint"}
	Evidence   = canon.Name{Space: "urn:ccpor:exchange:evidence:1.0", Local: "Evidence"}
	Pack       = canon.Name{Space: "urn:ccpor:exchange:pack:1.0", Local: "Pack"}
)

// profile is the closed profile of sealed documents.
var profile = canon.NewProfile(canon.Limits{MaxBytes: 1 << 20}, append(sig.Namespaces(), Receipt.Space, Notice.Space, Checkpoint.Space, Pack.Space)...)

// Sealer signs with one key. It is safe for use by many goroutines.
type Sealer struct {
	key      crypto.Signer
	cert     *x509.Certificate
	method   string
	keyInfo  string
	scanners sync.Pool
}

// New is a Sealer of a key and its certificate: RSA of 2048 bits or more, or ECDSA on P-256 or P-384. It signs once to see that what it makes
// can be verified. The error is a *sig.Error where key and certificate are not of the profile or do not belong together.
func New(key crypto.Signer, cert *x509.Certificate) (*Sealer, error) {
	if err := sig.Signable(key, cert); err != nil {
		return nil, fmt.Errorf("the hub's signing key: %w", err)
	}
	s := &Sealer{key: key, cert: cert, method: methodOf(cert), keyInfo: keyInfoOf(cert)}
	trial, err := s.Seal([]byte(`<Receipt xmlns="`+Receipt.Space+`" Id="trial"><SignedDateTime>`+cert.NotBefore.UTC().Format(time.RFC3339)+`</SignedDateTime></Receipt>`), cert.NotBefore)
	if err == nil {
		_, err = Open(trial, Receipt, []*x509.Certificate{cert})
	}
	if err != nil {
		return nil, fmt.Errorf("try the hub's signing key: %w", err)
	}
	return s, nil
}

func methodOf(cert *x509.Certificate) string {
	if cert.PublicKeyAlgorithm == x509.ECDSA {
		return "ecdsa-sha256"
	}
	return "rsa-sha256"
}

func keyInfoOf(cert *x509.Certificate) string {
	return "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>" + base64.StdEncoding.EncodeToString(cert.Raw) + "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
}

// Certificate is the one with which a reader verifies.
func (s *Sealer) Certificate() *x509.Certificate { return s.cert }

// The signature in exclusive canonical form: SignedInfo shows the prefix only where it stands alone.
const (
	openSignature = `<ds:Signature xmlns:ds="` + sig.DS + `">`
	aloneInfo     = `<ds:SignedInfo xmlns:ds="` + sig.DS + `">`
	insideInfo    = `<ds:SignedInfo>`
	toMethod      = `<ds:CanonicalizationMethod Algorithm="` + sig.EC + `"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#`
	toReference   = `"></ds:SignatureMethod><ds:Reference URI="#`
	toDigest      = `"><ds:Transforms><ds:Transform Algorithm="` + sig.DS + `enveloped-signature"></ds:Transform><ds:Transform Algorithm="` + sig.EC +
		`"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>`
	startValue = "<ds:SignatureValue>"
	endValue   = "</ds:SignatureValue>"
	closeInfo  = `</ds:DigestValue></ds:Reference></ds:SignedInfo>`
)

// Seal signs a document of the hub's own, whose document element has an Id, a plain name, and a child SignedDateTime that says now. It
// returns the signed document in canonical form. Nothing is signed while the certificate is not in force.
func (s *Sealer) Seal(doc []byte, now time.Time) ([]byte, error) {
	if err := inForce(s.cert, now); err != nil {
		return nil, err
	}
	octets, id, err := s.canonical(doc)
	if err != nil {
		return nil, fmt.Errorf("seal a document: %w", err)
	}
	digest := sha256.Sum256(octets)
	rest := infoOf(s.method, id, digest)
	value, err := s.sign(sha256.Sum256([]byte(aloneInfo + rest)))
	if err != nil {
		return nil, fmt.Errorf("seal a document: %w", err)
	}
	return assemble(octets, rest, value, s.keyInfo), nil
}

// infoOf is SignedInfo behind its start tag.
func infoOf(method, id string, digest [32]byte) string {
	return toMethod + method + toReference + id + toDigest + base64.StdEncoding.EncodeToString(digest[:]) + closeInfo
}

// assemble puts the signature behind the start tag of the document element.
func assemble(octets []byte, rest string, value []byte, keyInfo string) []byte {
	at := endOfTag(octets)
	out := make([]byte, 0, len(octets)+len(openSignature)+len(insideInfo)+len(rest)+len(keyInfo)+512)
	out = append(append(append(append(out, octets[:at]...), openSignature...), insideInfo...), rest...)
	out = append(out, startValue...)
	out = base64.StdEncoding.AppendEncode(out, value)
	out = append(append(out, endValue...), keyInfo...)
	return append(out, octets[at:]...)
}

// canonical is the exclusive canonical form of the document, and the Id of its document element.
func (s *Sealer) canonical(doc []byte) (octets []byte, id string, err error) {
	scanner, ok := s.scanners.Get().(*canon.Scanner)
	if !ok {
		scanner = new(canon.Scanner)
	}
	defer func() {
		scanner.Release()
		s.scanners.Put(scanner)
	}()
	if err = scanner.Reset(doc, profile); err != nil {
		return nil, "", err
	}
	if _, err = scanner.Next(); err != nil {
		return nil, "", err
	}
	name, ok := scanner.Attr("", "Id")
	if !ok || !plain(name) {
		return nil, "", errors.New("its document element has no Id that is a plain name")
	}
	id = string(name)
	octets, err = scanner.Canonical(make([]byte, 0, len(doc)+64), canon.Exclusive{ID: []byte(id), Exclude: sig.DS})
	if err == nil {
		_, err = scanner.Next()
	}
	return octets, id, err
}

// plain says that a name needs no escaping and is an NCName of ASCII.
func plain(name []byte) bool {
	for i, c := range name {
		letter, other := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_', '0' <= c && c <= '9' || c == '-' || c == '.'
		if !letter && (i == 0 || !other) {
			return false
		}
	}
	return len(name) > 0
}

// endOfTag is where the start tag of the document element ends: a canonical attribute value may hold ">".
func endOfTag(octets []byte) int {
	quoted := false
	for i, c := range octets {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '>' && !quoted:
			return i + 1
		}
	}
	return len(octets) // not of a canonical document
}

// sign is the value of a signature: PKCS#1 v1.5, or r and s side by side.
func (s *Sealer) sign(digest [32]byte) ([]byte, error) {
	value, err := s.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	public, ok := s.cert.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return value, nil
	}
	var v struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(value, &v); err != nil || len(rest) > 0 {
		return nil, errors.New("the key gave a signature value that cannot be read")
	}
	size := (public.Curve.Params().BitSize + 7) / 8
	raw := make([]byte, 2*size)
	v.R.FillBytes(raw[:size])
	v.S.FillBytes(raw[size:])
	return raw, nil
}

// inForce refuses a certificate at a time that is not within its own.
func inForce(c *x509.Certificate, at time.Time) error {
	switch {
	case at.Before(c.NotBefore):
		return &sig.Error{Code: sig.CertificateNotYetValid, What: "the hub's certificate was not valid yet at the time of signing"}
	case at.After(c.NotAfter):
		return &sig.Error{Code: sig.CertificateExpired, What: "the hub's certificate had expired at the time of signing"}
	}
	return nil
}

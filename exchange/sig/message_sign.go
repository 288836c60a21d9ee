package sig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"time"

	"ccpor/schemas/canon"
)

// MessageOptions says how SignMessage signs.
type MessageOptions struct {
	Profile  *canon.Profile // of the message; must list Namespaces and MessageNamespaces
	Hash     crypto.Hash    // SHA-256 (also for 0), SHA-384 or SHA-512, for digests and signature
	Created  time.Time
	Lifetime time.Duration // until Expires; 0: five minutes
}

// The Ids of what SignMessage signs, and of the token that it sends along.
const (
	bodyID      = "message-body"
	timestampID = "message-timestamp"
	tokenID     = "message-token"
)

// SignMessage puts a WS-Security header into a SOAP envelope that has none: the certificate as a BinarySecurityToken, a Timestamp, and a
// signature over that and the Body, whose start tag gets a wsu:Id. All else stays byte for byte. The result has been verified against
// cert. The error is an *Error, a *MessageError, a *canon.Error, or one of the key's.
func SignMessage(envelope []byte, key crypto.Signer, cert *x509.Certificate, o MessageOptions) ([]byte, error) {
	if o.Hash == 0 {
		o.Hash = crypto.SHA256
	}
	if o.Lifetime == 0 {
		o.Lifetime = lifetime
	}
	if err := signable(key, cert, Options{Profile: o.Profile, Hash: o.Hash}); err != nil {
		return nil, err
	}
	f, err := frameOf(envelope, o.Profile)
	if err != nil {
		return nil, err
	}
	before, after := f.around(cert, o)
	signature, err := signatureOver(before+after, key, cert, o)
	if err != nil {
		return nil, err
	}
	signed := []byte(before + signature + after)
	return signed, messageChecked(signed, cert, o)
}

// frame is a SOAP envelope as text, cut where something goes in.
type frame struct {
	doc    []byte
	prefix string // of the envelope's namespace, with its colon
	header int    // place of Header's end tag; -1: there is none
	body   int    // place of Body's start tag
}

func frameOf(doc []byte, p *canon.Profile) (frame, error) {
	f := frame{doc: doc, header: -1}
	var s canon.Scanner
	if err := s.Reset(doc, p); err != nil {
		return f, err
	}
	for {
		k, err := s.Next()
		if err != nil {
			return f, err
		}
		switch {
		case k == canon.EOF:
			return f, &Error{Code: Unsignable, What: "the message has no Body"}
		case s.Depth() != 2:
		case k == canon.End && s.Name().Local == "Header":
			f.header = s.Offset()
		case k == canon.Start && s.Name().Local == "Body":
			f.body = s.Offset()
			name, _, _ := strings.Cut(string(doc[f.body+1:]), "Body")
			if f.prefix = name; !strings.HasSuffix(name, ":") || f.header >= 0 && doc[f.header+1] != '/' {
				return f, &Error{Code: Unsignable, What: "the envelope's elements have no prefix, or its Header is empty"}
			}
			return f, nil
		}
	}
}

// around is the message with its Security header, before and after the place of the signature.
func (f frame) around(cert *x509.Certificate, o MessageOptions) (before, after string) {
	open, end := "", ""
	from := f.header
	if from < 0 {
		open, end, from = "<"+f.prefix+"Header>", "</"+f.prefix+"Header>", f.body
	}
	tag := "<" + f.prefix + "Body"
	before = string(f.doc[:from]) + open + `<wsse:Security xmlns:wsse="` + WSSE + `" xmlns:wsu="` + WSU + `" ` + f.prefix + `mustUnderstand="1">` +
		`<wsse:BinarySecurityToken EncodingType="` + inBase64 + `" ValueType="` + x509v3 + `" wsu:Id="` + tokenID + `">` + base64.StdEncoding.EncodeToString(cert.Raw) + `</wsse:BinarySecurityToken>` +
		`<wsu:Timestamp wsu:Id="` + timestampID + `"><wsu:Created>` + stamp(o.Created) + `</wsu:Created><wsu:Expires>` + stamp(o.Created.Add(o.Lifetime)) + `</wsu:Expires></wsu:Timestamp>`
	after = `</wsse:Security>` + end + string(f.doc[from:f.body]) + tag + ` xmlns:wsu="` + WSU + `" wsu:Id="` + bodyID + `"` + string(f.doc[f.body+len(tag):])
	return before, after
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// signatureOver is the ds:Signature for a message that is complete but for it. SignedInfo is written in its canonical form.
func signatureOver(doc string, key crypto.Signer, cert *x509.Certificate, o MessageOptions) (string, error) {
	var method, digesting string
	for _, m := range methods {
		if m.key == cert.PublicKeyAlgorithm && m.hash == o.Hash {
			method = m.uri
		}
	}
	for _, d := range digests {
		if d.hash == o.Hash {
			digesting = d.uri
		}
	}
	info := `<ds:SignedInfo xmlns:ds="` + DS + `"><ds:CanonicalizationMethod Algorithm="` + excC14N + `"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="` + method + `"></ds:SignatureMethod>`
	for _, part := range []struct {
		id    string
		depth int
		name  canon.Name
	}{{timestampID, 4, canon.Name{Space: WSU, Local: "Timestamp"}}, {bodyID, 2, canon.Name{Local: "Body"}}} {
		sum, err := digestAt([]byte(doc), o, part.depth, part.name)
		if err != nil {
			return "", err
		}
		info += `<ds:Reference URI="#` + part.id + `"><ds:Transforms><ds:Transform Algorithm="` + excC14N + `"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="` + digesting +
			`"></ds:DigestMethod><ds:DigestValue>` + base64.StdEncoding.EncodeToString(sum) + `</ds:DigestValue></ds:Reference>`
	}
	info += `</ds:SignedInfo>`
	value, err := signedValue([]byte(info), key, o.Hash)
	if err != nil {
		return "", fmt.Errorf("sign the message: %w", err)
	}
	return `<ds:Signature xmlns:ds="` + DS + `">` + info + `<ds:SignatureValue>` + base64.StdEncoding.EncodeToString(value) + `</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference>` +
		`<wsse:Reference URI="#` + tokenID + `" ValueType="` + x509v3 + `"></wsse:Reference></wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature>`, nil
}

// digestAt digests the first element of a depth and a local name; an empty namespace is any.
func digestAt(doc []byte, o MessageOptions, depth int, name canon.Name) ([]byte, error) {
	var s canon.Scanner
	if err := s.Reset(doc, o.Profile); err != nil {
		return nil, err
	}
	for {
		k, err := s.Next()
		if err != nil {
			return nil, err
		}
		if k == canon.EOF {
			return nil, &Error{Code: Unsignable, What: "the message has no " + name.Local}
		}
		if found := s.Name(); k == canon.Start && s.Depth() == depth && found.Local == name.Local && (name.Space == "" || found.Space == name.Space) {
			h := o.Hash.New()
			err := s.Digest(h, canon.Exclusive{})
			return h.Sum(nil), err
		}
	}
}

// signedValue signs: RSA as PKCS#1 v1.5, ECDSA as r and s side by side.
func signedValue(info []byte, key crypto.Signer, hashed crypto.Hash) ([]byte, error) {
	h := hashed.New()
	h.Write(info)
	value, err := key.Sign(rand.Reader, h.Sum(nil), hashed)
	if err != nil {
		return nil, err
	}
	public, ec := key.Public().(*ecdsa.PublicKey)
	if !ec {
		return value, nil
	}
	var v struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(value, &v); err != nil {
		return nil, err
	}
	size := (public.Curve.Params().BitSize + 7) / 8
	raw := make([]byte, 2*size)
	v.R.FillBytes(raw[:size])
	v.S.FillBytes(raw[size:])
	return raw, nil
}

// messageChecked verifies what was signed, so that no fault of the writing side leaves.
func messageChecked(signed []byte, cert *x509.Certificate, o MessageOptions) error {
	var s canon.Scanner
	var at Place
	if err := s.Reset(signed, o.Profile); err != nil {
		return err
	}
	for {
		k, err := s.Next()
		if err != nil {
			return err
		}
		switch {
		case k != canon.Start:
		case s.Depth() == 1:
			at.Envelope = s.Mark()
		case s.Depth() == 3 && s.Is(WSSE, "Security"):
			at.Security = append(at.Security, s.Mark())
		case s.Depth() == 2 && s.Name().Local == "Body":
			_, err := new(Verifier).VerifyMessage(&s, at, []Trusted{{Certificate: cert}}, o.Created)
			if err != nil {
				return fmt.Errorf("verify what was just signed: %w", err)
			}
			return nil
		}
	}
}

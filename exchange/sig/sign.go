package sig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"

	"ccpor/schemas/canon"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// Options says how Sign signs.
type Options struct {
	Profile *canon.Profile // of the document; must list Namespaces
	Hash    crypto.Hash    // SHA-256 (also for 0), SHA-384 or SHA-512, for digest and signature
	ID      string         // Id of the document element, where it has none
}

// Sign puts an enveloped signature into a document as the first child of its
// document element, and returns the document in canonical form, without XML
// declaration. What stood outside the document element, and declarations that
// nothing uses, are gone. The result has been verified against cert. The error
// is an *Error, a *canon.Error, or one of the key's.
func Sign(doc []byte, key crypto.Signer, cert *x509.Certificate, o Options) ([]byte, error) {
	if o.Hash == 0 {
		o.Hash = crypto.SHA256
	}
	if err := signable(key, cert, o); err != nil {
		return nil, err
	}
	tree, err := parse(doc, o)
	if err != nil {
		return nil, err
	}
	signature, err := construct(tree.Root(), key, cert, o)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	tree.Root().InsertChildAt(0, signature)
	signed, err := tree.WriteToBytes()
	if err != nil {
		return nil, fmt.Errorf("write the signed document: %w", err)
	}
	if err := checked(signed, cert, o); err != nil {
		return nil, err
	}
	return signed, nil
}

// signable refuses keys and options that Verify would refuse.
func signable(key crypto.Signer, cert *x509.Certificate, o Options) error {
	no := func(what string) error { return &Error{Code: Unsignable, What: what} }
	if o.Profile == nil {
		return no("the profile is missing")
	}
	if o.Hash != crypto.SHA256 && o.Hash != crypto.SHA384 && o.Hash != crypto.SHA512 {
		return no("the hash is none of SHA-256, SHA-384 and SHA-512")
	}
	return Signable(key, cert)
}

// Signable refuses a key and a certificate that Verify would refuse, or that do not belong together. The error is an *Error.
func Signable(key crypto.Signer, cert *x509.Certificate) error {
	no := func(what string) error { return &Error{Code: Unsignable, What: what} }
	if key == nil || cert == nil {
		return no("key or certificate is missing")
	}
	if !strong(cert.PublicKey) {
		return &Error{Code: WeakKey, What: "the certificate's key is too weak or of another kind", Hint: "use RSA of 2048 bits or more, or ECDSA on P-256 or P-384"}
	}
	switch p := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		if p.Equal(key.Public()) {
			return nil
		}
	case *ecdsa.PublicKey:
		if p.Equal(key.Public()) {
			return nil
		}
	}
	return no("the certificate is not that of the key")
}

// parse reads a document through the profile and gives its tree, with an Id.
func parse(doc []byte, o Options) (*etree.Document, error) {
	octets, err := canonical(doc, o.Profile)
	if err != nil {
		return nil, ours(err)
	}
	tree := newTree()
	if err := tree.ReadFromBytes(octets); err != nil {
		return nil, fmt.Errorf("read the document to be signed: %w", err)
	}
	root := tree.Root()
	if root.SelectAttr("Id") == nil && o.ID != "" {
		root.CreateAttr("Id", o.ID)
	}
	if !ncName([]byte(root.SelectAttrValue("Id", ""))) {
		return nil, &Error{Code: WrongReference, What: "the document element has no attribute Id that is a plain name", Hint: "give it one, or Options.ID"}
	}
	return tree, nil
}

// newTree is an empty tree that is written in canonical text: a literal CR, for
// one, would not survive the receiver's parser.
func newTree() *etree.Document {
	d := etree.NewDocument()
	d.WriteSettings = etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true, CanonicalEndTags: true}
	return d
}

// canonical is the exclusive canonical form of a document without signature.
func canonical(doc []byte, p *canon.Profile) ([]byte, error) {
	var s canon.Scanner
	if err := s.Reset(doc, p); err != nil {
		return nil, err
	}
	if _, err := s.Next(); err != nil {
		return nil, err
	}
	octets, err := s.Canonical(nil, canon.Exclusive{Exclude: DS})
	if err != nil {
		return nil, err
	}
	_, err = s.Next()
	return octets, err
}

// construct builds the ds:Signature of an element.
func construct(element *etree.Element, key crypto.Signer, cert *x509.Certificate, o Options) (*etree.Element, error) {
	ctx, err := dsig.NewSigningContext(key, [][]byte{cert.Raw})
	if err != nil {
		return nil, err
	}
	ctx.Hash, ctx.IdAttribute, ctx.Canonicalizer = o.Hash, "Id", canonicalizer{o.Profile}
	signature, err := ctx.ConstructSignature(element, true)
	if err != nil {
		return nil, err
	}
	if k, ok := cert.PublicKey.(*ecdsa.PublicKey); ok {
		return signature, sideBySide(signature, k)
	}
	return signature, nil
}

// canonicalizer gives goxmldsig this project's canonical form: its own sorts
// attributes by prefix and writes superfluous xmlns="".
type canonicalizer struct{ p *canon.Profile }

func (c canonicalizer) Canonicalize(e *etree.Element) ([]byte, error) {
	tree := newTree()
	tree.SetRoot(e.Copy())
	b, err := tree.WriteToBytes()
	if err != nil {
		return nil, err
	}
	var s canon.Scanner
	if err := s.Reset(b, c.p); err != nil {
		return nil, err
	}
	if _, err := s.Next(); err != nil {
		return nil, err
	}
	return s.Canonical(nil, canon.Exclusive{})
}

func (canonicalizer) Algorithm() dsig.AlgorithmID { return dsig.CanonicalXML10ExclusiveAlgorithmId }

// sideBySide rewrites an ECDSA value from DER, as goxmldsig gives it, to r and s
// of the curve's width, as XML Signature wants it.
func sideBySide(signature *etree.Element, k *ecdsa.PublicKey) error {
	value := signature.FindElement("./SignatureValue")
	if value == nil {
		return errors.New("a signature without value")
	}
	der, err := base64.StdEncoding.DecodeString(value.Text())
	if err != nil {
		return fmt.Errorf("read the signature value: %w", err)
	}
	var v struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &v); err != nil {
		return fmt.Errorf("read the signature value: %w", err)
	}
	size := (k.Curve.Params().BitSize + 7) / 8
	raw := make([]byte, 2*size)
	v.R.FillBytes(raw[:size])
	v.S.FillBytes(raw[size:])
	value.SetText(base64.StdEncoding.EncodeToString(raw))
	return nil
}

// checked verifies what was signed, so that no fault of the writing side leaves.
func checked(signed []byte, cert *x509.Certificate, o Options) error {
	var s canon.Scanner
	if err := s.Reset(signed, o.Profile); err != nil {
		return err
	}
	if _, err := s.Next(); err != nil {
		return err
	}
	_, err := VerifyDocument(signed, o.Profile, s.Name(), []Trusted{{Certificate: cert}}, cert.NotBefore)
	if err != nil {
		return fmt.Errorf("verify what was just signed: %w", err)
	}
	return nil
}

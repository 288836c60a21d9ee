package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
)

// signer signs packages that are in exclusive canonical form already, by splicing a signature of fixed shape into the text. It is
// for preparing loads only: a court signs with exchange/sig.
type signer struct {
	key    crypto.Signer
	method string
}

func newSigner(kind string) (signer, error) {
	switch kind {
	case "rsa":
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		return signer{key, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"}, err
	case "p256":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		return signer{key, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"}, err
	}
	return signer{}, fmt.Errorf("no signer of kind %q", kind)
}

const signedInfo = `<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">` +
	`<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>` +
	`<ds:SignatureMethod Algorithm="%s"></ds:SignatureMethod>` +
	`<ds:Reference URI="#%s"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>` +
	`<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms>` +
	`<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>%s</ds:DigestValue></ds:Reference></ds:SignedInfo>`

// sign returns the signed package; id is the value of its Id.
func (s signer) sign(canonical []byte, id string) ([]byte, error) {
	end := bytes.IndexByte(canonical, '>')
	if end < 0 {
		return nil, errors.New("no start tag in the package")
	}
	digest := sha256.Sum256(canonical)
	info := fmt.Sprintf(signedInfo, s.method, id, base64.StdEncoding.EncodeToString(digest[:]))
	value, err := s.value([]byte(info))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Grow(len(canonical) + len(info) + 1024)
	out.Write(canonical[:end+1])
	fmt.Fprintf(&out, `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">%s<ds:SignatureValue>%s</ds:SignatureValue></ds:Signature>`,
		info, base64.StdEncoding.EncodeToString(value))
	out.Write(canonical[end+1:])
	return out.Bytes(), nil
}

func (s signer) value(info []byte) ([]byte, error) {
	sum := sha256.Sum256(info)
	if key, ok := s.key.(*ecdsa.PrivateKey); ok {
		r, v, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			return nil, err
		}
		return sideBySide(r, v), nil
	}
	return s.key.Sign(rand.Reader, sum[:], crypto.SHA256)
}

// sideBySide is the form of an ECDSA value in XML signatures (RFC 6931): r and s, 32 bytes each on P-256.
func sideBySide(r, s *big.Int) []byte {
	value := make([]byte, 64)
	r.FillBytes(value[:32])
	s.FillBytes(value[32:])
	return value
}

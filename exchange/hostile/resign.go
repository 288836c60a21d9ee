package hostile

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/schemas/canon"
)

// The namespaces of the contract.
const (
	serviceNS = "urn:ccpor:exchange:service:1.0"
	packageNS = "urn:ccpor:exchange:package:1.0"
	codesNS   = "urn:ccpor:exchange:codes:1.0"
)

// wide is a profile of whole messages.
func wide() *canon.Profile {
	spaces := append(append(soap.Namespaces(), sig.Namespaces()...), sig.MessageNamespaces()...)
	return canon.NewProfile(canon.Limits{MaxBytes: 64 << 20, Foreign: true}, append(spaces, serviceNS, packageNS, codesNS)...)
}

var errNothing = errors.New("the message does not have it")

// walk goes through a document until found says so.
func walk(s *canon.Scanner, found func(*canon.Scanner) bool) error {
	for {
		k, err := s.Next()
		switch {
		case err != nil:
			return err
		case k == canon.EOF:
			return errNothing
		case k == canon.Start && found(s):
			return nil
		}
	}
}

// resigned is a message whose signature value is made anew over SignedInfo as it stands: what refuses it is then what SignedInfo says, and not
// the value. last takes the last SignedInfo of the message, which is the package's; else the first.
func resigned(doc string, key crypto.Signer, last bool) (string, error) {
	var s canon.Scanner
	if err := s.Reset([]byte(doc), wide()); err != nil {
		return "", err
	}
	var octets []byte
	for {
		err := walk(&s, func(s *canon.Scanner) bool { return s.Is(sig.DS, "SignedInfo") })
		if errors.Is(err, errNothing) && octets != nil {
			break
		} else if err != nil {
			return "", fmt.Errorf("looking for SignedInfo: %w", err)
		}
		if octets, err = s.Canonical(nil, canon.Exclusive{}); err != nil {
			return "", err
		}
		if !last {
			break
		}
	}
	value, err := valueOf(octets, key)
	if err != nil {
		return "", err
	}
	return between(doc, "<ds:SignatureValue>", "</ds:SignatureValue>", value, last)
}

func valueOf(octets []byte, key crypto.Signer) (string, error) {
	sum := sha256.Sum256(octets)
	value, err := key.Sign(nil, sum[:], crypto.SHA256) // without chance ECDSA is that of RFC 6979: the same bytes each time
	if err != nil {
		return "", fmt.Errorf("signing anew: %w", err)
	}
	if k, ok := key.Public().(*ecdsa.PublicKey); ok {
		var v struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(value, &v); err != nil {
			return "", err
		}
		size := (k.Curve.Params().BitSize + 7) / 8
		value = append(v.R.FillBytes(make([]byte, size)), v.S.FillBytes(make([]byte, size))...)
	}
	return base64.StdEncoding.EncodeToString(value), nil
}

// between exchanges what stands between two texts, at their first or last place.
func between(doc, open, end, text string, last bool) (string, error) {
	i := strings.Index(doc, open)
	if last {
		i = strings.LastIndex(doc, open)
	}
	if i < 0 {
		return "", fmt.Errorf("%w: %s", errNothing, open)
	}
	i += len(open)
	j := strings.Index(doc[i:], end)
	if j < 0 {
		return "", fmt.Errorf("%w: %s", errNothing, end)
	}
	return doc[:i] + text + doc[i+j:], nil
}

// redigested is a message in which the reference to an Id has the digest of the element that has this Id now.
func redigested(doc, id string) (string, error) {
	var s canon.Scanner
	if err := s.Reset([]byte(doc), wide()); err != nil {
		return "", err
	}
	if err := walk(&s, func(s *canon.Scanner) bool { return hasID(s, id) }); err != nil {
		return "", fmt.Errorf("looking for the Id %s: %w", id, err)
	}
	octets, err := s.Canonical(nil, canon.Exclusive{})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(octets)
	at := strings.Index(doc, `URI="#`+id+`"`)
	if at < 0 {
		return "", fmt.Errorf("%w: a reference to %s", errNothing, id)
	}
	rest, err := between(doc[at:], "<ds:DigestValue>", "</ds:DigestValue>", base64.StdEncoding.EncodeToString(sum[:]), false)
	return doc[:at] + rest, err
}

func hasID(s *canon.Scanner, id string) bool {
	for _, a := range s.Attrs() {
		if strings.EqualFold(a.Name.Local, "id") && bytes.Equal(a.Value, []byte(id)) {
			return true
		}
	}
	return false
}

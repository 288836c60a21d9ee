package sig

import (
	"bytes"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"math/big"

	"ccpor/schemas/canon"
)

// What WS-Security calls the kinds of references to a certificate.
const (
	x509Profile = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0"
	x509v3      = x509Profile + "#X509v3"
	keyID       = x509Profile + "#X509SubjectKeyIdentifier"
	thumbprint  = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1"
	inBase64    = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)

// hint is what KeyInfo says of the certificate that signed. A hint selects among registered certificates and adds none to them.
type hint func(*x509.Certificate) bool

const mostHints = 4

// candidates are the registered certificates that fit every hint.
func (m *message) candidates(trusted []Trusted) []Trusted {
	var fitting []Trusted
	for _, t := range trusted {
		if t.Certificate != nil && m.fits(t.Certificate) {
			fitting = append(fitting, t)
		}
	}
	return fitting
}

func (m *message) fits(c *x509.Certificate) bool {
	for _, h := range m.hints {
		if !h(c) {
			return false
		}
	}
	return true
}

func (m *message) hint(h hint) error {
	if len(m.hints) == mostHints {
		return m.unnamed("KeyInfo says too much of the certificate")
	}
	m.hints = append(m.hints, h)
	return nil
}

func (m *message) raw(der []byte) error {
	return m.hint(func(c *x509.Certificate) bool { return bytes.Equal(c.Raw, der) })
}

func (m *message) unnamed(what string) error {
	return m.fail(KeyReference, what, "name the certificate by one SecurityTokenReference: a direct Reference to a BinarySecurityToken (X509v3), issuer and serial number, a thumbprint or a subject key identifier")
}

// keyInfo reads the rest of the Signature: nothing, or a KeyInfo with one child.
func (m *message) keyInfo() error {
	k, err := m.next()
	if err != nil || k == canon.End {
		return err
	}
	if !m.s.Is(DS, "KeyInfo") {
		return m.malformed("an element that has no place in a signature: " + m.s.Name().Local)
	}
	if err := m.only([]string{"Id"}); err != nil {
		return err
	}
	if k, err = m.next(); err != nil {
		return err
	}
	switch {
	case k == canon.Start && m.s.Is(WSSE, "SecurityTokenReference"):
		err = m.tokenReference()
	case k == canon.Start && m.s.Is(DS, "X509Data"):
		err = m.x509Data()
	default:
		err = m.unnamed("KeyInfo holds no SecurityTokenReference")
	}
	if err != nil {
		return err
	}
	if err := m.close(); err != nil {
		return err
	}
	return m.close()
}

// tokenReference reads a SecurityTokenReference to its End. It names one token in one way.
func (m *message) tokenReference() error {
	k, err := m.next()
	if err != nil {
		return err
	}
	switch {
	case k == canon.Start && m.s.Is(WSSE, "Reference"):
		err = m.direct()
	case k == canon.Start && m.s.Is(WSSE, "KeyIdentifier"):
		err = m.keyIdentifier()
	case k == canon.Start && m.s.Is(DS, "X509Data"):
		err = m.x509Data()
	default:
		err = m.unnamed("the SecurityTokenReference names the certificate in a way that is not taken")
	}
	if err != nil {
		return err
	}
	return m.close()
}

// direct reads a Reference to a BinarySecurityToken of this message.
func (m *message) direct() error {
	uri, _ := m.s.Attr("", "URI")
	if kind, given := m.s.Attr("", "ValueType"); given && string(kind) != x509v3 {
		return m.unnamed("the Reference is to a token of another kind than X509v3")
	}
	if len(uri) < 2 || uri[0] != '#' || !ncName(uri[1:]) {
		return m.unnamed("the Reference is not \"#\" and the Id of a BinarySecurityToken of this Security header")
	}
	m.token = bytes.Clone(uri[1:])
	return m.close()
}

// readToken reads the BinarySecurityToken to which KeyInfo points: before the Signature or after it, but of this Security header.
func (m *message) readToken() error {
	if m.token == nil {
		return nil
	}
	n := m.find(m.token)
	if n == nil || n.part != token || !n.referable {
		return m.unnamed("the Reference is not to a BinarySecurityToken of this Security header")
	}
	if err := m.to(n.mark, token); err != nil {
		return err
	}
	if kind, _ := m.s.Attr("", "ValueType"); string(kind) != x509v3 {
		return m.unnamed("the BinarySecurityToken is not of ValueType X509v3")
	}
	der, err := m.binary()
	if err != nil {
		return err
	}
	return m.raw(der)
}

// binary reads the base64 of the current element, whose EncodingType may say nothing else, to its End.
func (m *message) binary() ([]byte, error) {
	if how, given := m.s.Attr("", "EncodingType"); given && string(how) != inBase64 {
		return nil, m.unnamed("another EncodingType than Base64Binary")
	}
	k, err := m.s.Next()
	if err != nil {
		return nil, err
	}
	if k != canon.Text {
		return nil, m.unnamed("no value where a certificate or its identifier is due")
	}
	m.compact = squeeze(m.compact[:0], m.s.Text())
	value, err := base64.StdEncoding.Strict().DecodeString(string(m.compact))
	if err != nil || len(value) == 0 || len(m.compact) > mostBase64 {
		return nil, m.unnamed("a certificate or its identifier that is no base64")
	}
	return value, m.close()
}

// keyIdentifier reads a thumbprint, a subject key identifier or a certificate.
func (m *message) keyIdentifier() error {
	kind, _ := m.s.Attr("", "ValueType")
	of := string(kind)
	value, err := m.binary()
	if err != nil {
		return err
	}
	switch of {
	case thumbprint:
		return m.hint(func(c *x509.Certificate) bool {
			sum := sha1.Sum(c.Raw) // as WS-Security 1.1 has it: it selects, and proves nothing
			return bytes.Equal(sum[:], value)
		})
	case keyID:
		return m.subjectKey(value)
	case x509v3:
		return m.raw(value)
	}
	return m.unnamed("a KeyIdentifier of another kind than thumbprint and subject key identifier")
}

func (m *message) subjectKey(value []byte) error {
	return m.hint(func(c *x509.Certificate) bool { return bytes.Equal(subjectKeyID(c), value) })
}

// subjectKeyID is a certificate's subject key identifier; where it has none, the first one of RFC 5280 4.2.1.2, the SHA-1 of the public key, which
// WS-Security stacks compute.
func subjectKeyID(c *x509.Certificate) []byte {
	if len(c.SubjectKeyId) > 0 {
		return c.SubjectKeyId
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &info); err != nil {
		return nil
	}
	sum := sha1.Sum(info.Key.Bytes)
	return sum[:]
}

// x509Data reads an X509Data to its End: issuer and serial number, subject key identifier and certificate, all of which must agree.
func (m *message) x509Data() error {
	for {
		k, err := m.next()
		switch {
		case err != nil || k == canon.End:
			return err
		case m.s.Is(DS, "X509IssuerSerial"):
			err = m.issuerSerial()
		case m.s.Is(DS, "X509SKI"):
			var value []byte
			if value, err = m.binary(); err == nil {
				err = m.subjectKey(value)
			}
		case m.s.Is(DS, "X509Certificate"):
			var der []byte
			if der, err = m.binary(); err == nil {
				err = m.raw(der)
			}
		default:
			err = m.unnamed("X509Data holds what is not taken: " + m.s.Name().Local)
		}
		if err != nil {
			return err
		}
	}
}

// issuerSerial reads an X509IssuerSerial. zeep's is empty and says nothing.
func (m *message) issuerSerial() error {
	k, err := m.next()
	if err != nil || k == canon.End {
		return err
	}
	if !m.s.Is(DS, "X509IssuerName") {
		return m.unnamed("X509IssuerSerial holds X509IssuerName and X509SerialNumber")
	}
	issuer, err := m.text()
	if err != nil {
		return err
	}
	if err := m.open("X509SerialNumber"); err != nil {
		return err
	}
	digits, err := m.text()
	if err != nil {
		return err
	}
	serial, ok := new(big.Int).SetString(digits, 10)
	if !ok || len(digits) > mostSerial {
		return m.unnamed("X509SerialNumber is no number")
	}
	name, err := parseName(issuer)
	if err != nil {
		return m.unnamed("X509IssuerName is no distinguished name")
	}
	if err := m.hint(func(c *x509.Certificate) bool { return c.SerialNumber.Cmp(serial) == 0 && name.is(c.RawIssuer) }); err != nil {
		return err
	}
	return m.close()
}

const mostSerial = 64 // decimal digits; RFC 5280 has 20 octets, which are 49

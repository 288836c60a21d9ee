package sig

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
)

// Namespaces of signatures.
const (
	DS  = "http://www.w3.org/2000/09/xmldsig#"
	EC  = "http://www.w3.org/2001/10/xml-exc-c14n#"
	DS1 = "http://www.w3.org/2009/xmldsig11#"
)

// Namespaces are those a canon.Profile must list for signed documents.
func Namespaces() []string { return []string{DS, EC, DS1} }

const (
	excC14N   = EC
	enveloped = DS + "enveloped-signature"
	more      = "http://www.w3.org/2001/04/xmldsig-more#"
	enc       = "http://www.w3.org/2001/04/xmlenc#"
)

// method is a signature method of the profile.
type method struct {
	uri  string
	key  x509.PublicKeyAlgorithm
	hash crypto.Hash
}

var methods = [...]method{
	{more + "rsa-sha256", x509.RSA, crypto.SHA256},
	{more + "rsa-sha384", x509.RSA, crypto.SHA384},
	{more + "rsa-sha512", x509.RSA, crypto.SHA512},
	{more + "ecdsa-sha256", x509.ECDSA, crypto.SHA256},
	{more + "ecdsa-sha384", x509.ECDSA, crypto.SHA384},
	{more + "ecdsa-sha512", x509.ECDSA, crypto.SHA512},
}

// digest is a digest method of the profile.
type digest struct {
	uri  string
	hash crypto.Hash
}

var digests = [...]digest{
	{enc + "sha256", crypto.SHA256},
	{more + "sha384", crypto.SHA384},
	{enc + "sha512", crypto.SHA512},
}

// Algorithms are the URIs of every signature and digest method that is taken, and of the one canonicalisation.
func Algorithms() []string {
	all := []string{excC14N}
	for _, m := range methods {
		all = append(all, m.uri)
	}
	for _, d := range digests {
		all = append(all, d.uri)
	}
	return all
}

func methodOf(uri []byte) *method {
	for i := range methods {
		if methods[i].uri == string(uri) {
			return &methods[i]
		}
	}
	return nil
}

func digestOf(uri []byte) *digest {
	for i := range digests {
		if digests[i].uri == string(uri) {
			return &digests[i]
		}
	}
	return nil
}

// sum is a digest of up to 64 bytes.
type sum struct {
	octets [64]byte
	n      int
}

func (s *sum) bytes() []byte { return s.octets[:s.n] }

// of computes a digest without allocation; the hash is one of the tables'.
func (s *sum) of(h crypto.Hash, b []byte) {
	switch h {
	case crypto.SHA256:
		d := sha256.Sum256(b)
		s.n = copy(s.octets[:], d[:])
	case crypto.SHA384:
		d := sha512.Sum384(b)
		s.n = copy(s.octets[:], d[:])
	default:
		d := sha512.Sum512(b)
		s.n = copy(s.octets[:], d[:])
	}
}

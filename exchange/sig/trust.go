package sig

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"time"
)

// Trusted is one registered certificate of a sender. It counts while both its
// own validity and the window of its registration hold.
type Trusted struct {
	Certificate *x509.Certificate
	NotBefore   time.Time // of the registration; zero for no bound
	NotAfter    time.Time // of the registration, inclusive; zero for no bound
	Revoked     time.Time // from then on it is not trusted; zero for never
}

// at is "" when the certificate counts at a time, else the reason it does not.
func (t Trusted) at(now time.Time) Code {
	c := t.Certificate
	switch {
	case !t.Revoked.IsZero() && !now.Before(t.Revoked):
		return CertificateRevoked
	case now.Before(c.NotBefore) || !t.NotBefore.IsZero() && now.Before(t.NotBefore):
		return CertificateNotYetValid
	case now.After(c.NotAfter) || !t.NotAfter.IsZero() && now.After(t.NotAfter):
		return CertificateExpired
	}
	return ""
}

// signer finds the registered certificate whose key made the signature. One
// that is valid now goes before one that is not.
func (r *reading) signer(trusted []Trusted, now time.Time) (*x509.Certificate, error) {
	var hashed sum
	hashed.of(r.method.hash, r.info)
	untimely, weak, fitting := Code(""), false, false
	for _, t := range trusted {
		if t.Certificate == nil || t.Certificate.PublicKeyAlgorithm != r.method.key {
			continue
		}
		if !strong(t.Certificate.PublicKey) {
			weak = true
			continue
		}
		fitting = true
		if !r.signedBy(t.Certificate.PublicKey, hashed.bytes()) {
			continue
		}
		code := t.at(now)
		if code == "" {
			return t.Certificate, nil
		}
		untimely = code
	}
	return nil, r.unsigned(trusted, untimely, weak, fitting)
}

// unsigned says why no registered certificate fits.
func (r *reading) unsigned(trusted []Trusted, untimely Code, weak, fitting bool) error {
	switch {
	case untimely == CertificateRevoked:
		return r.fail(untimely, "the certificate that signed has been revoked by the registry", "sign with another registered certificate")
	case untimely == CertificateExpired:
		return r.fail(untimely, "the certificate that signed, or its registration, has expired", "register the new certificate and sign with it")
	case untimely == CertificateNotYetValid:
		return r.fail(untimely, "the certificate that signed, or its registration, is not valid yet", "sign with the certificate that is valid now")
	case r.stranger(trusted):
		return r.fail(CertificateUnknown, "the certificate in KeyInfo is none that is registered for this sender", "register it, or sign with the key of the registered one")
	case !fitting && weak:
		return r.fail(WeakKey, "the registered key is too weak: RSA below 2048 bits, or a curve other than P-256 and P-384", "register a certificate with a stronger key")
	case !fitting:
		return r.fail(CertificateUnknown, "no certificate with a key for this signature method is registered for this sender", "register one, or sign with the key of the registered one")
	}
	return r.fail(SignatureMismatch, "the signature value fits no registered key of this sender", "sign SignedInfo in its exclusive canonical form with the registered key; an ECDSA value is r and s side by side, not DER")
}

// stranger reports whether KeyInfo names a certificate that is not registered.
func (r *reading) stranger(trusted []Trusted) bool {
	if len(r.cert) == 0 {
		return false
	}
	der, err := base64.StdEncoding.DecodeString(string(r.cert))
	if err != nil {
		return true
	}
	for _, t := range trusted {
		if t.Certificate != nil && bytes.Equal(t.Certificate.Raw, der) {
			return false
		}
	}
	return true
}

// strong reports whether a key is of the profile.
func strong(key crypto.PublicKey) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= 2048 && k.N.BitLen() <= 8*mostSignature
	case *ecdsa.PublicKey:
		return k.Curve == elliptic.P256() || k.Curve == elliptic.P384()
	}
	return false
}

// signedBy reports whether the key made the signature value over a digest.
func (r *reading) signedBy(key crypto.PublicKey, hashed []byte) bool {
	value := r.value[:r.length]
	switch k := key.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, r.method.hash, hashed, value) == nil
	case *ecdsa.PublicKey:
		size := (k.Curve.Params().BitSize + 7) / 8
		if len(value) != 2*size {
			return false
		}
		x, y := new(big.Int).SetBytes(value[:size]), new(big.Int).SetBytes(value[size:])
		return ecdsa.Verify(k, hashed, x, y)
	}
	return false
}

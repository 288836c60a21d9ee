package sig

import (
	"crypto/x509"
	"time"
)

// Registrable says in words why a certificate must not be registered, as an *Error; nil: it may. What is registered identifies a sender by its key alone, so its issuer does not count, and it may be
// registered before it is valid.
func Registrable(c *x509.Certificate, now time.Time) error {
	switch {
	case !strong(c.PublicKey):
		return &Error{Code: WeakKey, What: "the certificate's key is too weak or of another kind", Hint: "use RSA of 2048 bits or more, or ECDSA on P-256 or P-384"}
	case now.After(c.NotAfter):
		return &Error{Code: CertificateExpired, What: "the certificate ended on " + c.NotAfter.UTC().Format(time.DateOnly), Hint: "send the one that is in force"}
	}
	return nil
}

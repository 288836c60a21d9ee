package exchange

import "crypto/tls"

// TLSConfig is for the hub's listener, and for others that courts' systems meet. TLS 1.2 or later; in 1.2 only suites with a key of the
// connection's own (ECDHE) and AES-GCM, which are those that FIPS 140-3 allows, too. There is no renegotiation: crypto/tls has none on this side.
//
// A client certificate is asked for. Whose it is, is decided by its registration alone, so no authority is configured; the handshake proves
// that the client has its key. Those who only fetch the contract need none.
func TLSConfig(own tls.Certificate) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{own},
		ClientAuth:   tls.RequestClientCert,
		MinVersion:   tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		},
		// In FIPS mode crypto/tls itself leaves X25519 out where it stands alone.
		CurvePreferences: []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256, tls.CurveP384},
	}
}

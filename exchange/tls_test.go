package exchange

import (
	"context"
	"crypto/fips140"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// offer is what a client brings to the handshake.
type offer struct {
	min, max uint16
	suites   []uint16
	curves   []tls.CurveID
}

// shake lets a client with an offer meet a server, and says what the two agreed on.
func shake(t *testing.T, server *tls.Config, o offer) (tls.ConnectionState, error) {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	for _, c := range []net.Conn{near, far} {
		check(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	}
	config := clientTLS(t, "court-rsa")
	config.ServerName, config.MinVersion, config.MaxVersion = "localhost", o.min, o.max
	config.CipherSuites, config.CurvePreferences = o.suites, o.curves
	served := make(chan error, 1)
	go func() {
		err := tls.Server(far, server).Handshake()
		if err != nil {
			err = errors.Join(err, far.Close())
		}
		served <- err
	}()
	client := tls.Client(near, config)
	err := client.Handshake()
	if err != nil {
		check(t, near.Close())
	}
	return client.ConnectionState(), errors.Join(err, <-served)
}

// lax takes what the hub does not: by it the offers of the test are known to be such as a server could take.
func lax(own tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS10, CipherSuites: []uint16{
		tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
		tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}}
}

// What is old is refused by the hub, though a server could take it.
func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	if fips140.Enabled() {
		t.Skip("in FIPS mode the test's own client cannot offer what is old")
	}
	rsa := keyPair(t, "court-rsa").tls
	only12 := func(suites ...uint16) offer {
		return offer{min: tls.VersionTLS12, max: tls.VersionTLS12, suites: suites}
	}
	for name, o := range map[string]offer{
		"TLS 1.0":          {min: tls.VersionTLS10, max: tls.VersionTLS10},
		"TLS 1.1":          {min: tls.VersionTLS11, max: tls.VersionTLS11},
		"CBC, SHA-1":       only12(tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA),
		"CBC, SHA-256":     only12(tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256),
		"RSA key exchange": only12(tls.TLS_RSA_WITH_AES_128_GCM_SHA256),
		"RSA and CBC":      only12(tls.TLS_RSA_WITH_AES_128_CBC_SHA),
		"3DES":             only12(tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA),
		"RC4":              only12(tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA),
		"ChaCha20":         only12(tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := shake(t, TLSConfig(rsa), o); err == nil {
				t.Errorf("taken: %s, %s", tls.VersionName(got.Version), tls.CipherSuiteName(got.CipherSuite))
			}
			if _, err := shake(t, lax(rsa), o); err != nil {
				t.Errorf("the offer says nothing, as no server takes it: %v", err)
			}
		})
	}
}

// What is current is taken, with either kind of key on the hub's side, and the hub knows the client by its certificate.
func TestCurrentTLSIsTaken(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]offer{
		"as a client of today":        {},
		"TLS 1.3":                     {min: tls.VersionTLS13},
		"TLS 1.2":                     {max: tls.VersionTLS12},
		"1.2, AES-128":                {max: tls.VersionTLS12, suites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}},
		"1.2, AES-256":                {max: tls.VersionTLS12, suites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}},
		"P-256 alone":                 {curves: []tls.CurveID{tls.CurveP256}},
		"P-384 alone, 1.2":            {max: tls.VersionTLS12, curves: []tls.CurveID{tls.CurveP384}},
		"post-quantum key agreement":  {curves: []tls.CurveID{tls.X25519MLKEM768}},
		"old and new suites together": {min: tls.VersionTLS10, max: tls.VersionTLS12, suites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}},
	} {
		for _, key := range []string{"hub", "court-rsa"} {
			t.Run(name+", "+key, func(t *testing.T) {
				t.Parallel()
				got, err := shake(t, TLSConfig(keyPair(t, key).tls), o)
				if err != nil || got.Version < tls.VersionTLS12 {
					t.Errorf("%s: %v", tls.VersionName(got.Version), err)
				}
			})
		}
	}
}

// A client that wants to negotiate anew on a connection of TLS 1.2 loses it, and the others are served.
func TestRenegotiationIsRefused(t *testing.T) {
	t.Parallel()
	openssl, err := exec.LookPath("openssl")
	if err != nil && os.Getenv("CCPOR_REQUIRE_TOOLS") == "1" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("only openssl's client renegotiates by itself: ", err)
	}
	r := start(t, parts(t, newMemory(t)))
	address := strings.TrimSuffix(strings.TrimPrefix(r.url, "https://"), "/soap")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	asks := exec.CommandContext(ctx, openssl, "s_client", "-connect", address, "-tls1_2")
	asks.Stdin = strings.NewReader("R\n") // its command for a renegotiation
	said, err := asks.CombinedOutput()
	if err == nil || !strings.Contains(string(said), "RENEGOTIATING") || !strings.Contains(string(said), "unexpected message") {
		t.Errorf("%v\n%s", err, said)
	}
	if _, err := r.send(t, message{}, "beside").Receipt(); err != nil {
		t.Error(err)
	}
}

package hostile

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"path/filepath"
	"time"
)

// Agency is one that the hub under attack has registered. Its name is that of the certificate of testdata/keys by which it signs.
type Agency struct {
	Name string
	ORI  string
	// Signs is the certificate that is registered for signing; nil: none is.
	Signs *x509.Certificate
	// Strict agencies have agreed that every message of theirs is signed as a whole.
	Strict bool
	// Lapsed agencies have a registration for the connection that is over.
	Lapsed bool
	// Peer identifies it on its connections. The key was made for this run.
	Peer tls.Certificate
}

// Cast are all who take part: registered agencies, and connections that nobody knows.
type Cast struct {
	Agencies []Agency
	keys     map[string]pair
	stranger tls.Certificate
}

type pair struct {
	key  crypto.Signer
	cert *x509.Certificate
}

// County is that of all agencies of the cast.
const County = "Orange"

// roles are the agencies by the key with which they sign; "none" signs with nothing.
var roles = [...]struct {
	name, signs    string
	strict, lapsed bool
}{
	{"court-rsa", "court-rsa", false, false}, {"court-p256", "court-p256", false, false}, {"strict", "court-p384", true, false}, {"other-court", "other-court", false, false},
	{"ca", "ca", false, false}, {"weak", "weak", false, false}, {"expired", "expired", false, false}, {"court-p521", "court-p521", false, false},
	{"none", "", false, false}, {"lapsed", "", false, true},
}

// NewCast reads the keys of testdata/keys and makes keys for the connections.
func NewCast(keysDir string, now time.Time) (*Cast, error) {
	c := &Cast{keys: map[string]pair{}}
	for i, r := range roles {
		a := Agency{Name: r.name, ORI: fmt.Sprintf("CA03001%dJ", i), Strict: r.strict, Lapsed: r.lapsed}
		if r.signs != "" {
			p, err := readPair(keysDir, r.signs)
			if err != nil {
				return nil, err
			}
			c.keys[r.signs], a.Signs = p, p.cert
			c.keys[r.name] = p
		}
		var err error
		if a.Peer, err = throwaway(r.name, now); err != nil {
			return nil, err
		}
		c.Agencies = append(c.Agencies, a)
	}
	var err error
	c.stranger, err = throwaway("stranger", now)
	return c, err
}

func readPair(dir, name string) (pair, error) {
	read, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key"))
	if err != nil {
		return pair{}, fmt.Errorf("reading the key %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(read.Certificate[0])
	if err != nil {
		return pair{}, fmt.Errorf("reading the certificate %s: %w", name, err)
	}
	key, ok := read.PrivateKey.(crypto.Signer)
	if !ok {
		return pair{}, errors.New(name + " is no key that signs")
	}
	return pair{key, cert}, nil
}

// throwaway is a certificate that signs itself: the hub knows peers by registration alone.
func throwaway(name string, now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name, Organization: []string{"ATTACK - NEVER TRUST"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, 7), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making a certificate for a connection: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// agency finds one by its name.
func (c *Cast) agency(name string) (Agency, error) {
	for _, a := range c.Agencies {
		if a.Name == name {
			return a, nil
		}
	}
	return Agency{}, fmt.Errorf("nobody in the cast is named %q", name)
}

// peer is the certificate of a connection: an agency's, "stranger", or none for "nobody".
func (c *Cast) peer(name string) ([]tls.Certificate, error) {
	switch name {
	case "nobody":
		return nil, nil
	case "stranger":
		return []tls.Certificate{c.stranger}, nil
	}
	a, err := c.agency(name)
	return []tls.Certificate{a.Peer}, err
}

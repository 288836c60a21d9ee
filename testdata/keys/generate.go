//go:build ignore

// Generate makes the test authority and the certificates that it signs, some of them such as the hub refuses (README.md lists them), and replaces those of the current folder: go run generate.go.
//
// Everybody has these keys. They are for tests, and never to be trusted.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log"
	"math/big"
	"net"
	"os"
	"time"
)

var (
	from = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	to   = time.Date(2054, 1, 1, 0, 0, 0, 0, time.UTC)
)

func main() {
	caKey := ec(elliptic.P256())
	ca := template("TEST CA - NEVER TRUST", 1, from, to)
	ca.IsCA, ca.BasicConstraintsValid = true, true
	ca.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	ca = write("ca", ca, ca, caKey, caKey)

	leaves := []struct {
		file string
		key  crypto.Signer
		from time.Time
		to   time.Time
	}{
		{"court-rsa", rsaKey(2048), from, to},
		{"court-p256", ec(elliptic.P256()), from, to},
		{"court-p384", ec(elliptic.P384()), from, to},
		{"other-court", rsaKey(2048), from, to},
		{"other-court-p256", ec(elliptic.P256()), from, to},
		{"hub", ec(elliptic.P256()), from, to},
		{"switch", ec(elliptic.P256()), from, to},
		{"weak", rsaKey(1024), from, to},
		{"expired", rsaKey(2048), from, from.AddDate(1, 0, 0)},
		{"court-p521", ec(elliptic.P521()), from, to},
	}
	for i, l := range leaves {
		t := template("TEST "+l.file+" - NEVER TRUST", int64(i+2), l.from, l.to)
		t.KeyUsage = x509.KeyUsageDigitalSignature
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
		t.DNSNames = []string{"localhost"}
		t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
		write(l.file, t, ca, l.key, caKey)
	}
}

func template(name string, serial int64, from, to time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{Organization: []string{"TEST - NEVER TRUST"}, CommonName: name},
		NotBefore:    from,
		NotAfter:     to,
	}
}

func ec(c elliptic.Curve) crypto.Signer {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	check(err)
	return k
}

func rsaKey(bits int) crypto.Signer {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	check(err)
	return k
}

func write(file string, t, parent *x509.Certificate, key, by crypto.Signer) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), by)
	check(err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	check(err)
	save(file+".crt", "CERTIFICATE", der)
	save(file+".key", "PRIVATE KEY", pkcs8)
	cert, err := x509.ParseCertificate(der)
	check(err)
	return cert
}

func save(file, kind string, der []byte) {
	check(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o644))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

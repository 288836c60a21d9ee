package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// identity is a throwaway certificate with its key. The hub trusts certificates by their registration, so they sign themselves.
type identity struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func newIdentity(name string, key crypto.Signer, now time.Time) (identity, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return identity{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: []string{"MEASUREMENT - NEVER TRUST"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, 7), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return identity{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return identity{cert, key}, err
}

func newP256Identity(name string, now time.Time) (identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, err
	}
	return newIdentity(name, key, now)
}

// write keeps the identity as NAME.crt and NAME.key in dir.
func (i identity) write(dir, name string) (certFile, keyFile string, err error) {
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		return "", "", err
	}
	certFile, keyFile = filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	if err := os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw}), 0o644); err != nil {
		return "", "", err
	}
	return certFile, keyFile, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

func (i identity) forTLS() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{i.cert.Raw}, PrivateKey: i.key, Leaf: i.cert}
}

// sender is the one court of a measurement, and the hub that it speaks to.
type sender struct {
	hub, client, signing identity
	signer               signer
}

func newSender(kind string, now time.Time) (sender, error) {
	var s sender
	var err error
	if s.signer, err = newSigner(kind); err != nil {
		return s, err
	}
	if s.hub, err = newP256Identity("localhost", now); err != nil {
		return s, fmt.Errorf("making the hub's certificate: %w", err)
	}
	if s.client, err = newP256Identity("measured court", now); err != nil {
		return s, fmt.Errorf("making the court's certificate: %w", err)
	}
	s.signing, err = newIdentity("measured court, signing", s.signer.key, now)
	return s, err
}

// config is how the court reaches the hub.
func (s sender) config() *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(s.hub.cert)
	return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{s.client.forTLS()}, MinVersion: tls.VersionTLS13}
}

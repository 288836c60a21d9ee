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
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authority is the sandbox's throwaway certificate authority: a folder of PEM files, made at the first start and kept for the next.
type authority struct {
	dir  string
	now  time.Time
	cert *x509.Certificate
	key  crypto.Signer
}

// identity is a certificate with its key, as files and as values.
type identity struct {
	certFile, keyFile string
	cert              *x509.Certificate
	key               crypto.Signer
}

type keyKind int

const (
	keyP256 keyKind = iota
	keyRSA2048
)

func openAuthority(dir string, now time.Time) (*authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the sandbox's certificates: %w", err)
	}
	a := &authority{dir: dir, now: now}
	id, err := a.identity("authority", keyP256, &x509.Certificate{
		Subject: pkix.Name{CommonName: "SANDBOX AUTHORITY - NEVER TRUST"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	})
	if err != nil {
		return nil, err
	}
	a.cert, a.key = id.cert, id.key
	return a, nil
}

func (a *authority) certFile() string { return filepath.Join(a.dir, "authority.crt") }

// server is the identity of the hub on this machine.
func (a *authority) server() (identity, error) {
	return a.identity("hub", keyP256, &x509.Certificate{
		Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
}

// client is an agency's identity towards the service.
func (a *authority) client(name string) (identity, error) {
	return a.identity(name+"-tls", keyP256, &x509.Certificate{
		Subject:  pkix.Name{CommonName: name, Organization: []string{"SANDBOX"}},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// sealer is the identity with which the hub signs receipts and notices.
func (a *authority) sealer() (identity, error) {
	return a.identity("hub-signing", keyP256, &x509.Certificate{
		Subject: pkix.Name{CommonName: "Sandbox hub", Organization: []string{"SANDBOX"}}, KeyUsage: x509.KeyUsageDigitalSignature,
	})
}

// signer is the identity with which an agency signs its packages.
func (a *authority) signer(name string, kind keyKind) (identity, error) {
	return a.identity(name+"-signing", kind, &x509.Certificate{
		Subject: pkix.Name{CommonName: name + " package signing", Organization: []string{"SANDBOX"}}, KeyUsage: x509.KeyUsageDigitalSignature,
	})
}

// identity loads the files of that name, or makes them when they are not there.
func (a *authority) identity(name string, kind keyKind, template *x509.Certificate) (identity, error) {
	id := identity{certFile: filepath.Join(a.dir, name+".crt"), keyFile: filepath.Join(a.dir, name+".key")}
	err := id.load()
	if errors.Is(err, fs.ErrNotExist) {
		err = a.make(&id, kind, template)
	}
	if err != nil {
		return identity{}, fmt.Errorf("the sandbox's certificate %s: %w", name, err)
	}
	if a.now.After(id.cert.NotAfter) {
		return identity{}, fmt.Errorf("the sandbox's certificate %s ended on %s: delete %s and start again", name, id.cert.NotAfter.Format(time.DateOnly), a.dir)
	}
	return id, nil
}

func (id *identity) load() error {
	certPEM, err := os.ReadFile(id.certFile)
	if err != nil {
		return err
	}
	keyPEM, err := os.ReadFile(id.keyFile)
	if err != nil {
		return err
	}
	if id.cert, err = parseCertificate(certPEM); err != nil {
		return err
	}
	id.key, err = parseKey(keyPEM)
	return err
}

func (a *authority) make(id *identity, kind keyKind, template *x509.Certificate) error {
	key, err := newKey(kind)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	template.SerialNumber, template.NotBefore, template.NotAfter = serial, a.now.Add(-time.Hour), a.now.AddDate(2, 0, 0)
	parent, parentKey := a.cert, a.key
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(id.keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(id.certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return err
	}
	return id.load()
}

func newKey(kind keyKind) (crypto.Signer, error) {
	if kind == keyRSA2048 {
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// readCertificates reads every certificate of PEM files.
func readCertificates(files []string) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for _, file := range files {
		rest, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		before := len(all)
		for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
			if block.Type != "CERTIFICATE" {
				continue
			}
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", file, err)
			}
			all = append(all, cert)
		}
		if len(all) == before {
			return nil, fmt.Errorf("no certificate in %s", file)
		}
	}
	return all, nil
}

// readPool reads certificates into a pool; nil where there are no files.
func readPool(files []string) (*x509.CertPool, error) {
	all, err := readCertificates(files)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	pool := x509.NewCertPool()
	for _, c := range all {
		pool.AddCert(c)
	}
	return pool, nil
}

func parseCertificate(pemBytes []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(pemBytes)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("no CERTIFICATE block in PEM form")
	}
	return x509.ParseCertificate(block.Bytes)
}

func parseKey(pemBytes []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(pemBytes)
	if block == nil {
		return nil, errors.New("no key in PEM form")
	}
	key, err := parsePrivateKey(block)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("the key cannot sign")
	}
	return signer, nil
}

func parsePrivateKey(block *pem.Block) (any, error) {
	switch block.Type {
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	default:
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	}
}

package sig_test

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
)

const pkgNS = "urn:example:package:1"

var (
	now     = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	want    = canon.Name{Space: pkgNS, Local: "Package"}
	profile = canon.NewProfile(canon.Limits{}, append(sig.Namespaces(), pkgNS, "urn:example:other:1", "urn:example:b",
		"http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope", "urn:example:service:1", wsu)...)
	keys sync.Map
)

const wsu = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

type pair struct {
	key  crypto.Signer
	cert *x509.Certificate
}

func (p pair) trusted() []sig.Trusted { return []sig.Trusted{{Certificate: p.cert}} }

// keyFile is the path of a file of testdata/keys.
func keyFile(name string) string { return filepath.Join("..", "..", "testdata", "keys", name) }

// testKey reads a key and its certificate from testdata/keys.
func testKey(t testing.TB, name string) pair {
	t.Helper()
	if p, ok := keys.Load(name); ok {
		return p.(pair)
	}
	key, err := x509.ParsePKCS8PrivateKey(block(t, name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(block(t, name+".crt"))
	if err != nil {
		t.Fatal(err)
	}
	p := pair{key.(crypto.Signer), cert}
	keys.Store(name, p)
	return p
}

func block(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(keyFile(name))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := pem.Decode(b)
	if p == nil {
		t.Fatalf("%s: no PEM", name)
	}
	return p.Bytes
}

// tools ends the test where a tool is missing: as skipped, or as failed where
// the environment demands the tools.
func tools(t testing.TB, missing string) {
	t.Helper()
	if os.Getenv("CCPOR_REQUIRE_TOOLS") == "1" {
		t.Fatalf("%s is missing and CCPOR_REQUIRE_TOOLS=1 demands it", missing)
	}
	t.Skipf("%s is missing", missing)
}

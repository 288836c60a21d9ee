package main

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ccpor/evidence"
	"ccpor/exchange/client"
	"ccpor/exchange/seal"
)

// keysFolder holds the test authority's keys.
const keysFolder = "../../testdata/keys/"

func testIdentity(t *testing.T, name string) identity {
	t.Helper()
	id := identity{certFile: keysFolder + name + ".crt", keyFile: keysFolder + name + ".key"}
	if err := id.load(); err != nil {
		t.Fatal(err)
	}
	return id
}

func inFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// signedPackage is a package signed by a court, and its digest.
func signedPackage(t *testing.T, id string) (signed []byte, digest string) {
	t.Helper()
	court := testIdentity(t, "court-p256")
	signed, err := client.Sign([]byte(`<OrderPackage xmlns="urn:ccpor:exchange:package:1.0" Id="p"><PackageHeader><PackageIdentification>`+id+`</PackageIdentification></PackageHeader></OrderPackage>`), court.key, court.cert)
	if err == nil {
		digest, err = client.PackageDigest(signed)
	}
	if err != nil {
		t.Fatal(err)
	}
	return signed, digest
}

func TestVerifySaysWhatIsProven(t *testing.T) {
	hub := testIdentity(t, "hub")
	s, err := seal.New(hub.key, hub.cert)
	if err != nil {
		t.Fatal(err)
	}
	pkg, digest := signedPackage(t, "P-1")
	otherPkg, _ := signedPackage(t, "P-2")
	at := time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)
	receipt := `<Receipt xmlns="urn:ccpor:exchange:service:1.0" Id="r"><TrackingIdentification>7K4M-X2Q9-PC</TrackingIdentification><PackageIdentification>P-1</PackageIdentification>` +
		`<ReceivedDateTime>2026-11-20T17:00:00Z</ReceivedDateTime><PackageSHA256>` + digest + `</PackageSHA256><CarposEntry><OwedIndicator>true</OwedIndicator>` +
		`<DeadlineDateTime>2026-11-24T07:59:59Z</DeadlineDateTime></CarposEntry><SubmitterOrganizationORIIdentification>CA030013J</SubmitterOrganizationORIIdentification>` +
		`<SignedDateTime>2026-11-20T17:00:01Z</SignedDateTime></Receipt>`
	signed, err := s.Seal([]byte(receipt), at)
	if err != nil {
		t.Fatal(err)
	}
	answer := `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><SubmitOrderResponse xmlns="urn:ccpor:exchange:service:1.0">` + receipt +
		`<SignedReceipt>` + base64.StdEncoding.EncodeToString(signed) + `</SignedReceipt></SubmitOrderResponse></e:Body></e:Envelope>`
	forged := strings.Replace(string(signed), "7K4M", "7K4N", 1)
	for name, c := range map[string]struct {
		file, cert, pkg []byte
		status          int
		says            string
	}{
		"the receipt":        {file: signed, says: "7K4M-X2Q9-PC"},
		"the whole answer":   {file: []byte(answer), says: "CA030013J"},
		"and its package":    {file: signed, pkg: pkg, says: "is that package"},
		"another package":    {file: signed, pkg: otherPkg, status: 1, says: "another package"},
		"forged":             {file: []byte(forged), status: 1, says: "DigestMismatch"},
		"unsigned":           {file: []byte(receipt), status: 1, says: "Missing"},
		"an answer without":  {file: []byte(strings.ReplaceAll(answer, "SignedReceipt", "Else")), status: 1, says: "no signed receipt"},
		"no receipt":         {file: []byte("hello"), status: 1, says: "no signed receipt"},
		"a court's key":      {file: signed, cert: readFile(t, keysFolder+"court-p256.crt"), status: 1, says: "CertificateUnknown"},
		"no certificate":     {file: signed, cert: []byte("none"), status: 1, says: "no certificate in"},
		"old and new":        {file: signed, cert: append(readFile(t, keysFolder+"court-p256.crt"), readFile(t, keysFolder+"hub.crt")...), says: "Proven"},
		"a package unsigned": {file: signed, pkg: []byte("<OrderPackage/>"), status: 1, says: "Not proven"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.cert == nil {
				c.cert = readFile(t, keysFolder+"hub.crt")
			}
			args := []string{"verify", "--cert", inFile(t, "hub.pem", c.cert), inFile(t, "kept.xml", c.file)}
			if c.pkg != nil {
				args = append(args, "--package", inFile(t, "package.xml", c.pkg))
			}
			status, out, errOut := call(t, args...)
			if status != c.status || !strings.Contains(out+errOut, c.says) || strings.Contains(out, "Proven.") != (c.status == 0) {
				t.Errorf("status %d: %s%s", status, out, errOut)
			}
			var j struct{ Proven bool }
			status, out, _ = call(t, append(args, "--json")...)
			if err := json.Unmarshal([]byte(out), &j); err != nil || j.Proven != (c.status == 0) || status != c.status {
				t.Errorf("as JSON, status %d: %s", status, out)
			}
		})
	}
}

// What was a test, or signed by a certificate that was revoked, is not shown as if it were neither.
func TestEvidenceSaysWhatItIsNot(t *testing.T) {
	hub := testIdentity(t, "hub").cert
	at := time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)
	p := evidence.Proof{Hub: []*x509.Certificate{hub}, Receipt: client.Proof{Hub: hub, Receipt: client.Receipt{Test: true}}}
	p.File.Message.ReceivedAt, p.File.Signer.Revoked = at, at.Add(-time.Second)
	out := evidenceOut(p)
	if out["test"] != true || out["signerRevoked"] != p.File.Signer.Revoked {
		t.Errorf("as JSON: %v", out)
	}
	if text := evidenceText(&terminal{zone: time.UTC}, p); !strings.Contains(text, "The package is a test.") || !strings.Contains(text, "before the package was received") {
		t.Error(text)
	}
	p.File.Signer.Revoked, p.Receipt.Test = time.Time{}, false
	out = evidenceOut(p)
	if _, told := out["signerRevoked"]; told || out["test"] != false {
		t.Errorf("of an order: %v", out)
	}
	if text := evidenceText(&terminal{zone: time.UTC}, p); strings.Contains(text, "test") || strings.Contains(text, "revoked") {
		t.Error(text)
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestConfigCheckWarnsOfUnsignedReceipts(t *testing.T) {
	t.Setenv("CCPOR_DATABASE_URL", "postgres://none/none")
	t.Setenv("CCPOR_TLS_CERT", keysFolder+"hub.crt")
	t.Setenv("CCPOR_TLS_KEY", keysFolder+"hub.key")
	t.Setenv("CCPOR_CONFIG", filepath.Join(t.TempDir(), "none.json"))
	keys, err := ownKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CCPOR_KEYS", keys)
	for _, c := range []struct {
		cert, key string
		status    int
		says      string
	}{
		{"", "", 0, "go unsigned"},
		{"hub.crt", "hub.key", 0, ""},
		{"expired.crt", "expired.key", 0, "after that receipts go unsigned"},
		{"hub.crt", "", 1, "both CCPOR_SEAL_CERT and CCPOR_SEAL_KEY"},
		{"hub.crt", "court-rsa.key", 1, "not that of the key"},
		{"weak.crt", "weak.key", 1, "WeakKey"},
		{"none.crt", "none.key", 1, "no such file"},
	} {
		for name, value := range map[string]string{"CCPOR_SEAL_CERT": c.cert, "CCPOR_SEAL_KEY": c.key} {
			t.Setenv(name, keysFolder+value) // restored when the test ends
			if value == "" {
				os.Unsetenv(name)
			}
		}
		status, out, errOut := call(t, "config", "check")
		if status != c.status || !strings.Contains(errOut, c.says) || (c.says == "") != (errOut == "") {
			t.Errorf("%s: status %d, %s%s", c.cert, status, out, errOut)
		}
	}
}

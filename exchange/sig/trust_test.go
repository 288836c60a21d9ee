package sig_test

import (
	"encoding/base64"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
)

// TestTrust registers certificates in windows of time: which one signed is
// told, and what is wrong with it otherwise.
func TestTrust(t *testing.T) {
	t.Parallel()
	rsa, p256, p384, other := testKey(t, "court-rsa"), testKey(t, "court-p256"), testKey(t, "court-p384"), testKey(t, "other-court")
	day := 24 * time.Hour
	window := func(p pair, from, to time.Duration) sig.Trusted {
		return sig.Trusted{Certificate: p.cert, NotBefore: now.Add(from), NotAfter: now.Add(to)}
	}
	for _, c := range []struct {
		name    string
		trusted []sig.Trusted
		at      time.Time
		code    sig.Code
	}{
		{"registered", rsa.trusted(), now, ""},
		{"inside its window", []sig.Trusted{window(rsa, -day, day)}, now, ""},
		{"first moment", []sig.Trusted{window(rsa, 0, day)}, now, ""},
		{"last moment", []sig.Trusted{window(rsa, -day, 0)}, now, ""},
		{"just over", []sig.Trusted{window(rsa, -day, -1)}, now, sig.CertificateExpired},
		{"not yet", []sig.Trusted{window(rsa, 1, day)}, now, sig.CertificateNotYetValid},
		{"certificate not yet valid", rsa.trusted(), rsa.cert.NotBefore.Add(-1), sig.CertificateNotYetValid},
		{"revoked now", []sig.Trusted{{Certificate: rsa.cert, Revoked: now}}, now, sig.CertificateRevoked},
		{"revoked later", []sig.Trusted{{Certificate: rsa.cert, Revoked: now.Add(1)}}, now, ""},
		{"certificate expired", rsa.trusted(), rsa.cert.NotAfter.Add(1), sig.CertificateExpired},
		{"overlap, old one last", []sig.Trusted{{Certificate: other.cert}, {Certificate: rsa.cert}}, now, ""},
		{"overlap of kinds", append(append(p384.trusted(), p256.trusted()...), rsa.trusted()...), now, ""},
		{"one window over, another open", []sig.Trusted{window(rsa, -2*day, -day), window(rsa, -day, day)}, now, ""},
		{"other window is no help", []sig.Trusted{window(rsa, -2*day, -day), {Certificate: other.cert}}, now, sig.CertificateExpired},
		{"another court's", other.trusted(), now, sig.CertificateUnknown},
		{"other kinds only", append(p384.trusted(), p256.trusted()...), now, sig.CertificateUnknown},
		{"none", nil, now, sig.CertificateUnknown},
		{"an entry without certificate", []sig.Trusted{{}}, now, sig.CertificateUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := good()
			f.keyInfo = certInfo(t, "court-rsa")
			v, err := sig.VerifyDocument([]byte(f.build(t)), contract, orderPackage, c.trusted, c.at)
			if c.code == "" {
				if err != nil || v.Certificate() != rsa.cert {
					t.Errorf("got %v", err)
				}
				return
			}
			var e *sig.Error
			if !errors.As(err, &e) || e.Code != c.code {
				t.Errorf("got %v, want %s", err, c.code)
			}
			if v.Octets() != nil || v.Certificate() != nil || v.KeyID() != "" || v.Digest() != [32]byte{} {
				t.Error("a refusal came with content")
			}
		})
	}
}

// Whatever certificate or name a package's KeyInfo holds, the registered one whose key signed is the signer.
func TestKeyInfoOfAPackageDecidesNothing(t *testing.T) {
	t.Parallel()
	rsa, other := testKey(t, "court-rsa"), testKey(t, "other-court")
	for _, keyInfo := range []string{"", certInfo(t, "court-rsa"), certInfo(t, "other-court"), certInfo(t, "ca"), `<ds:KeyInfo><ds:KeyName>nobody</ds:KeyName></ds:KeyInfo>`,
		`<ds:KeyInfo><ds:X509Data><ds:X509Certificate>no base64!</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`} {
		f := good()
		f.keyInfo = keyInfo
		for _, trusted := range [][]sig.Trusted{rsa.trusted(), append(other.trusted(), rsa.trusted()...)} {
			if v, err := sig.VerifyDocument([]byte(f.build(t)), contract, orderPackage, trusted, now); err != nil || v.Certificate() != rsa.cert {
				t.Errorf("%.90s: %v", keyInfo, err)
			}
		}
	}
}

// TestMalleable shows why a signature value is no identity: (r, n-s) verifies
// as (r, s) does, with the same digest of the content.
func TestMalleable(t *testing.T) {
	t.Parallel()
	k := testKey(t, "court-p256")
	doc := good().ec().build(t)
	from, to := strings.Index(doc, "<ds:SignatureValue>")+len("<ds:SignatureValue>"), strings.Index(doc, "</ds:SignatureValue>")
	raw, err := base64.StdEncoding.DecodeString(doc[from:to])
	if err != nil {
		t.Fatal(err)
	}
	n, _ := new(big.Int).SetString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", 16)
	n.Sub(n, new(big.Int).SetBytes(raw[32:])).FillBytes(raw[32:])
	twin := doc[:from] + base64.StdEncoding.EncodeToString(raw) + doc[to:]
	v, err := sig.VerifyDocument([]byte(doc), contract, orderPackage, k.trusted(), now)
	w, err2 := sig.VerifyDocument([]byte(twin), contract, orderPackage, k.trusted(), now)
	if err != nil || err2 != nil || twin == doc || v.Digest() != w.Digest() {
		t.Errorf("%v %v %x %x", err, err2, v.Digest(), w.Digest())
	}
}

// TestErrorTexts holds refusals to what a court's vendor needs: line, reason,
// what to change, and no content of the document.
func TestErrorTexts(t *testing.T) {
	t.Parallel()
	doc := strings.Replace(good().build(t), "<Order>", "<Order>\n", 1)
	_, err := sig.VerifyDocument([]byte(doc), contract, orderPackage, testKey(t, "court-rsa").trusted(), now)
	var e *sig.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e.Line != 2 || e.Hint == "" || strings.Contains(err.Error(), "06NF0886") || !strings.HasPrefix(err.Error(), "line 2: DigestMismatch: ") {
		t.Errorf("%v", err)
	}
	for _, a := range attacks() {
		if a.code != "sig.DigestMismatch" && strings.HasPrefix(a.code, "canon.") {
			continue
		}
		if err := documentError(a.doc(t)); err != nil && strings.Contains(err.Error(), "06NF") {
			t.Errorf("%s: the text quotes content: %v", a.name, err)
		}
	}
}

func documentError(doc string) error {
	_, err := sig.VerifyDocument([]byte(doc), contract, orderPackage, nil, now)
	return err
}

// TestScannerGoesOn reads the envelope to its end after the package.
func TestScannerGoesOn(t *testing.T) {
	t.Parallel()
	var s canon.Scanner
	doc := soap("", good().build(t)+"<Attachment>x</Attachment>")
	if err := at(&s, []byte(doc), contract, soapPath); err != nil {
		t.Fatal(err)
	}
	if _, err := sig.Verify(&s, orderPackage, testKey(t, "court-rsa").trusted(), now); err != nil {
		t.Fatal(err)
	}
	if s.Kind() != canon.End || !s.Is(orderNS, "OrderPackage") || s.Depth() != 4 {
		t.Errorf("after Verify the scanner is at %v %v", s.Kind(), s.Name())
	}
	if err := nextStart(&s); err != nil || !s.Is(serviceNS, "Attachment") {
		t.Errorf("the next element is %v: %v", s.Name(), err)
	}
	if err := rest(&s); err != nil {
		t.Error(err)
	}
}

// TestIntoBuffer appends the octets to the caller's buffer.
func TestIntoBuffer(t *testing.T) {
	t.Parallel()
	var s canon.Scanner
	var v sig.Verifier
	doc := []byte(good().build(t))
	for _, room := range []int{0, 3, 10_000} {
		if err := at(&s, doc, contract, nil); err != nil {
			t.Fatal(err)
		}
		dst := append(make([]byte, 0, room), "abc"...)
		got, err := v.VerifyInto(dst, &s, orderPackage, testKey(t, "court-rsa").trusted(), now)
		if err != nil || string(got.Octets()) != string(forged(t, string(doc), nil, true)) || string(dst) != "abc" {
			t.Errorf("room %d: %v %s", room, err, got.Octets())
		}
	}
}

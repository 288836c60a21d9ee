package sig_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	random "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
	"ccpor/schemas/canon/canontest"
)

// many is a count of cases: small for every day, CCPOR_HEAVY times as many for
// the full check.
func many(n int) int {
	factor, err := strconv.Atoi(os.Getenv("CCPOR_HEAVY"))
	if err != nil || factor < 1 {
		return n
	}
	return n * factor
}

// suite is a signature method and digest with a key for it.
type suite struct {
	key            string
	method, digest string
	hash, digestBy crypto.Hash
}

const (
	more = "http://www.w3.org/2001/04/xmldsig-more#"
	enc  = "http://www.w3.org/2001/04/xmlenc#"
)

var suites = []suite{
	{"court-rsa", more + "rsa-sha256", enc + "sha256", crypto.SHA256, crypto.SHA256},
	{"court-rsa", more + "rsa-sha384", more + "sha384", crypto.SHA384, crypto.SHA384},
	{"court-rsa", more + "rsa-sha512", enc + "sha512", crypto.SHA512, crypto.SHA512},
	{"court-rsa", more + "rsa-sha256", enc + "sha512", crypto.SHA256, crypto.SHA512},
	{"court-p256", more + "ecdsa-sha256", enc + "sha256", crypto.SHA256, crypto.SHA256},
	{"court-p384", more + "ecdsa-sha384", more + "sha384", crypto.SHA384, crypto.SHA384},
	{"court-p256", more + "ecdsa-sha512", enc + "sha512", crypto.SHA512, crypto.SHA512},
	{"court-p384", more + "ecdsa-sha256", enc + "sha256", crypto.SHA256, crypto.SHA256},
}

// wide is the profile of random documents.
var wide = canon.NewProfile(canon.Limits{}, append(sig.Namespaces(), canontest.Namespaces...)...)

// signRandom signs a random document with libxml2's canonical form and Go's
// cryptography: a signer that shares no code with the verifier.
func signRandom(t testing.TB, r *random.Rand, s suite) canontest.Document {
	t.Helper()
	d := canontest.Random(r, canontest.Signature{Method: s.method, Digest: s.digest})
	octets := judged(t, d, d.Package, d.Prefixes, true)
	d.Octets = bytes.Replace(d.Octets, []byte(canontest.DigestPlace), lines(r, hashed(s.digestBy, octets)), 1)
	info := judged(t, d, append(slices.Clone(d.Package), 0, 0), d.Info, false)
	d.Octets = bytes.Replace(d.Octets, []byte(canontest.ValuePlace), lines(r, rawSignature(t, testKey(t, s.key).key, s.hash, info)), 1)
	return d
}

func judged(t testing.TB, d canontest.Document, path []int, prefixes []string, omit bool) []byte {
	t.Helper()
	octets, err := canontest.Exclusive(d.Octets, path, prefixes, omit)
	if err != nil {
		t.Fatalf("libxml2: %v\n%q", err, d.Octets)
	}
	return octets
}

func hashed(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}

// lines is base64 with line breaks as signers write them.
func lines(r *random.Rand, b []byte) []byte {
	text := base64.StdEncoding.EncodeToString(b)
	sep := []string{"", "\n", "\r\n", "&#13;\n", "&#xD;", " "}[r.IntN(6)]
	var w strings.Builder
	for len(text) > 60 {
		w.WriteString(text[:60] + sep)
		text = text[60:]
	}
	w.WriteString(text)
	return []byte(w.String())
}

// rawSignature signs; an ECDSA value is r and s side by side. Without a source of
// randomness it is by RFC 6979, so that a seed gives the same document each time.
func rawSignature(t testing.TB, key crypto.Signer, h crypto.Hash, b []byte) []byte {
	t.Helper()
	value, err := key.Sign(nil, hashed(h, b), h)
	if err != nil {
		t.Fatal(err)
	}
	k, ok := key.Public().(*ecdsa.PublicKey)
	if !ok {
		return value
	}
	var v struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(value, &v); err != nil {
		t.Fatal(err)
	}
	size := (k.Curve.Params().BitSize + 7) / 8
	raw := make([]byte, 2*size)
	v.R.FillBytes(raw[:size])
	v.S.FillBytes(raw[size:])
	return raw
}

// at walks the scanner to the start tag at a path of child-element indexes.
func at(s *canon.Scanner, doc []byte, p *canon.Profile, path []int) error {
	if err := s.Reset(doc, p); err != nil {
		return err
	}
	if err := nextStart(s); err != nil {
		return err
	}
	for _, n := range path {
		for range n {
			if err := nextStart(s); err != nil {
				return err
			}
			if err := s.Skip(); err != nil {
				return err
			}
		}
		if err := nextStart(s); err != nil {
			return err
		}
	}
	return nil
}

var errNoElement = errors.New("no element at the path")

func nextStart(s *canon.Scanner) error {
	for {
		k, err := s.Next()
		if err != nil || k == canon.Start {
			return err
		}
		if k != canon.Text {
			return errNoElement
		}
	}
}

// rest reads a document to its end.
func rest(s *canon.Scanner) error {
	for {
		if k, err := s.Next(); err != nil || k == canon.EOF {
			return err
		}
	}
}

// verifyAt verifies the element at a path and reads the rest of the document.
func verifyAt(v *sig.Verifier, s *canon.Scanner, doc []byte, p *canon.Profile, path []int, trusted []sig.Trusted) (sig.Verified, error) {
	if err := at(s, doc, p, path); err != nil {
		return sig.Verified{}, err
	}
	got, err := v.Verify(s, want, trusted, now)
	if err != nil {
		return sig.Verified{}, err
	}
	return got, rest(s)
}

// TestRandomSigned verifies random documents that libxml2's canonical form was
// signed of, and refuses them under another key.
func TestRandomSigned(t *testing.T) {
	t.Parallel()
	r := random.New(random.NewPCG(3, 4))
	var v sig.Verifier
	var s canon.Scanner
	wrong := append(testKey(t, "other-court").trusted(), testKey(t, "other-court-p256").trusted()...)
	for i := range many(1500) {
		su := suites[i%len(suites)]
		d := signRandom(t, r, su)
		got, err := verifyAt(&v, &s, d.Octets, wide, d.Package, testKey(t, su.key).trusted())
		if err != nil {
			t.Fatalf("document %d, %s: %v\n%s", i, su.method, err, d.Octets)
		}
		if octets := judged(t, d, d.Package, d.Prefixes, true); !bytes.Equal(got.Octets(), octets) || got.Algorithm() != su.method {
			t.Fatalf("document %d: octets or algorithm differ:\n%q\n%q", i, got.Octets(), octets)
		}
		_, err = verifyAt(&v, &s, d.Octets, wide, d.Package, wrong)
		var e *sig.Error
		if !errors.As(err, &e) || e.Code != sig.SignatureMismatch {
			t.Fatalf("document %d: another court's key: %v", i, err)
		}
	}
}

// TestXmlsec1Signs has xmlsec1 sign random documents, and verifies them.
func TestXmlsec1Signs(t *testing.T) {
	t.Parallel()
	bin, err := exec.LookPath("xmlsec1")
	if err != nil {
		tools(t, "xmlsec1")
	}
	r := random.New(random.NewPCG(5, 6))
	var v sig.Verifier
	var s canon.Scanner
	refusedBySecond, judgedBySecond := 0, 0
	for i := range many(200) {
		su := suites[i%len(suites)]
		d := canontest.Random(r, canontest.Signature{Method: su.method, Digest: su.digest})
		doc := bytes.Replace(d.Octets, []byte(canontest.DigestPlace), nil, 1)
		doc = xmlsecSign(t, bin, bytes.Replace(doc, []byte(canontest.ValuePlace), nil, 1), su.key)
		k := testKey(t, su.key)
		got, err := verifyAt(&v, &s, doc, wide, d.Package, k.trusted())
		if err != nil {
			t.Fatalf("document %d, %s: %v\n%s", i, su.method, err, doc)
		}
		d.Octets = doc
		if octets := judged(t, d, d.Package, d.Prefixes, true); !bytes.Equal(got.Octets(), octets) {
			t.Fatalf("document %d: octets differ:\n%q\n%q", i, got.Octets(), octets)
		}
		if _, err := verifyAt(&v, &s, doc, wide, d.Package, testKey(t, "other-court").trusted()); err == nil {
			t.Fatalf("document %d: another court's key was taken", i)
		}
		if su.key == "court-rsa" && len(d.Package) == 0 {
			judgedBySecond++
			if goxmldsigVerify(doc, k.cert) != nil {
				refusedBySecond++
			}
		}
	}
	t.Logf("goxmldsig refused %d of %d RSA documents that xmlsec1 and this package take (its known limits)", refusedBySecond, judgedBySecond)
	if judgedBySecond > 0 && refusedBySecond == judgedBySecond {
		t.Error("goxmldsig, the second judge, took none")
	}
}

func xmlsecSign(t testing.TB, bin string, doc []byte, key string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "template.xml")
	if err := os.WriteFile(file, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	var out, problems bytes.Buffer
	c := exec.Command(bin, "--sign", "--privkey-pem", keyFile(key+".key"), "--id-attr:Id", pkgNS+":Package", file)
	c.Stdout, c.Stderr = &out, &problems
	if err := c.Run(); err != nil {
		t.Fatalf("xmlsec1: %v\n%s\n%s", err, problems.Bytes(), doc)
	}
	return out.Bytes()
}

// TestSecondJudge has goxmldsig look at documents of ordinary shape: it must
// take what this package takes.
func TestSecondJudge(t *testing.T) {
	t.Parallel()
	k := testKey(t, "court-rsa")
	for _, n := range []int{1000, 8 << 10, 20 << 10, 100 << 10} {
		doc := signedPackage(t, n, "court-rsa")
		if _, err := sig.VerifyDocument(doc, profile, want, k.trusted(), now); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		if err := goxmldsigVerify(doc, k.cert); err != nil {
			t.Errorf("%d bytes: goxmldsig: %v", n, err)
		}
		broken := bytes.Replace(doc, []byte("Mary"), []byte("Mery"), 1)
		_, err := sig.VerifyDocument(broken, profile, want, k.trusted(), now)
		var e *sig.Error
		if !errors.As(err, &e) || e.Code != sig.DigestMismatch || goxmldsigVerify(broken, k.cert) == nil {
			t.Errorf("%d bytes: a changed name: %v", n, err)
		}
	}
}

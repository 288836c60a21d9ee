package sig_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"ccpor/exchange/sig"
)

const sample = `<p:Package xmlns:p="urn:example:package:1" Id="pkg-1" xmlns:o="urn:example:other:1">
  <p:Order o:b="2" b="x &quot;&amp;&#9;" a='1'><o:Name>José &amp; Söhne &lt;x&gt;</o:Name><p:Empty/>&#13;</p:Order>
  <plain xmlns="urn:example:other:1">text</plain>
</p:Package>`

func TestSignVerifies(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"court-rsa", "court-p256", "court-p384"} {
		for _, hash := range []crypto.Hash{0, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			t.Run(name+"/"+hash.String(), func(t *testing.T) {
				t.Parallel()
				k := testKey(t, name)
				signed, err := sig.Sign([]byte(sample), k.key, k.cert, sig.Options{Profile: profile, Hash: hash})
				if err != nil {
					t.Fatal(err)
				}
				v, err := sig.VerifyDocument(signed, profile, want, k.trusted(), now)
				if err != nil {
					t.Fatal(err)
				}
				if v.Digest() != sha256.Sum256(v.Octets()) || v.Certificate() != k.cert || v.Root() != want || v.KeyID() != sig.KeyID(k.cert) {
					t.Errorf("Verified does not tell what was verified: %v %v", v.Root(), v.KeyID())
				}
				if bytes.Contains(v.Octets(), []byte("Signature")) {
					t.Error("the octets hold the signature")
				}
				xmlsec(t, signed, name, nil)
			})
		}
	}
}

// xmlsec has xmlsec1 verify a document with the public key of a certificate.
func xmlsec(t testing.TB, doc []byte, key string, want error) {
	t.Helper()
	bin, err := exec.LookPath("xmlsec1")
	if err != nil {
		tools(t, "xmlsec1")
	}
	file := filepath.Join(t.TempDir(), "signed.xml")
	if err := os.WriteFile(file, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(bin, "--verify", "--pubkey-cert-pem", keyFile(key+".crt"), "--id-attr:Id", pkgNS+":Package", file).CombinedOutput()
	if (err == nil) != (want == nil) {
		t.Errorf("xmlsec1: %v\n%s\n%s", err, out, doc)
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	rsa, ec := testKey(t, "court-rsa"), testKey(t, "court-p256")
	weak, p521 := testKey(t, "weak"), testKey(t, "court-p521")
	o := sig.Options{Profile: profile}
	for _, c := range []struct {
		name string
		doc  string
		pair pair
		o    sig.Options
		code sig.Code
	}{
		{"weak key", sample, weak, o, sig.WeakKey},
		{"curve", sample, p521, o, sig.WeakKey},
		{"other certificate", sample, pair{rsa.key, ec.cert}, o, sig.Unsignable},
		{"other certificate of the kind", sample, pair{rsa.key, testKey(t, "other-court").cert}, o, sig.Unsignable},
		{"no key", sample, pair{nil, rsa.cert}, o, sig.Unsignable},
		{"no profile", sample, rsa, sig.Options{}, sig.Unsignable},
		{"SHA-1", sample, rsa, sig.Options{Profile: profile, Hash: crypto.SHA1}, sig.Unsignable},
		{"no Id", `<Package xmlns="urn:example:package:1"/>`, rsa, o, sig.WrongReference},
		{"signed already", `<Package xmlns="urn:example:package:1" Id="x"><Signature xmlns="` + sig.DS + `"/></Package>`, rsa, o, sig.TwoSignatures},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := sig.Sign([]byte(c.doc), c.pair.key, c.pair.cert, c.o)
			var e *sig.Error
			if !errors.As(err, &e) || e.Code != c.code {
				t.Errorf("got %v, want %s", err, c.code)
			}
		})
	}
}

// faulty is a key store that signs, now and then, something else.
type faulty struct{ crypto.Signer }

func (f faulty) Sign(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	other := bytes.Clone(digest)
	other[0] ^= 1
	return f.Signer.Sign(r, other, o)
}

// TestSignChecks lets nothing out that does not verify.
func TestSignChecks(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"court-rsa", "court-p256"} {
		k := testKey(t, name)
		_, err := sig.Sign([]byte(sample), faulty{k.key}, k.cert, sig.Options{Profile: profile})
		var e *sig.Error
		if !errors.As(err, &e) || e.Code != sig.SignatureMismatch {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

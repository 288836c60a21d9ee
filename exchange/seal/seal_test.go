package seal_test

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/seal"
	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
)

var now = time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)

type pair struct {
	key  crypto.Signer
	cert *x509.Certificate
}

func testKey(t testing.TB, name string) pair {
	t.Helper()
	p, err := tls.LoadX509KeyPair("../../testdata/keys/"+name+".crt", "../../testdata/keys/"+name+".key")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(p.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return pair{p.PrivateKey.(crypto.Signer), cert}
}

func sealer(t testing.TB, name string) *seal.Sealer {
	t.Helper()
	k := testKey(t, name)
	s, err := seal.New(k.key, k.cert)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// receipt has characters that the canonical form writes differently, and a ">" in an attribute of the document element.
func receipt(at time.Time) []byte {
	return []byte(`<Receipt xmlns="urn:ccpor:exchange:service:1.0" Id="receipt-7K4M-X2Q9-PC"><TrackingIdentification>7K4M-X2Q9-PC</TrackingIdentification>` +
		`<WaitsForText>a &quot;b&quot; &gt; &#9;c&#13;</WaitsForText><SignedDateTime>` + at.Format(time.RFC3339) + `</SignedDateTime></Receipt>`)
}

func sealed(t testing.TB, s *seal.Sealer, doc []byte, at time.Time) []byte {
	t.Helper()
	signed, err := s.Seal(doc, at)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func trust(certs ...*x509.Certificate) []*x509.Certificate { return certs }

func TestSealedIsOpened(t *testing.T) {
	t.Parallel()
	old := testKey(t, "other-court").cert
	for _, name := range []string{"hub", "court-rsa", "court-p256", "court-p384"} {
		s := sealer(t, name)
		signed := sealed(t, s, receipt(now), now)
		o, err := seal.Open(signed, seal.Receipt, trust(old, s.Certificate())) // roll-over: several are trusted
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !o.SignedAt.Equal(now) || !o.Certificate().Equal(s.Certificate()) || bytes.Contains(o.Octets(), []byte("Signature")) || !bytes.Contains(o.Octets(), []byte(`a "b" &gt; `)) {
			t.Errorf("%s: %+v\n%s", name, o.SignedAt, o.Octets())
		}
		again := sealed(t, s, receipt(now), now)
		if o2, err := seal.Open(again, seal.Receipt, trust(s.Certificate())); err != nil || o2.Digest() != o.Digest() {
			t.Errorf("%s: the same document sealed again has another content: %v", name, err)
		}
	}
}

// Everything that is not exactly what the hub signed, with a key that is trusted, when that was in force, is refused with its own reason.
func TestNothingElseIsOpened(t *testing.T) {
	t.Parallel()
	s, other := sealer(t, "court-p256"), sealer(t, "other-court-p256")
	good := string(sealed(t, s, receipt(now), now))
	another := string(sealed(t, s, bytes.ReplaceAll(receipt(now), []byte("7K4M-X2Q9-PC"), []byte("AAAA-AAAA-AA")), now))
	signature := func(doc string) string {
		return doc[strings.Index(doc, "<ds:Signature "):strings.Index(doc, "</ds:Signature>")] + "</ds:Signature>"
	}
	head := `<Receipt xmlns="urn:ccpor:exchange:service:1.0" Id="receipt-7K4M-X2Q9-PC">`
	late := s.Certificate().NotAfter.Add(time.Hour)
	code := func(want sig.Code) func(error) bool {
		return func(err error) bool { var e *sig.Error; return errors.As(err, &e) && e.Code == want }
	}
	gate := func(err error) bool { var e *canon.Error; return errors.As(err, &e) }
	for name, c := range map[string]struct {
		doc  string
		want func(error) bool
	}{
		"changed":                     {strings.Replace(good, ">7K4M", ">7K4N", 1), code(sig.DigestMismatch)},
		"added to":                    {strings.Replace(good, "</Receipt>", "<Note/></Receipt>", 1), code(sig.DigestMismatch)},
		"another key":                 {string(sealed(t, other, receipt(now), now)), code(sig.CertificateUnknown)},
		"another key, no KeyInfo":     {withoutKeyInfo(string(sealed(t, other, receipt(now), now))), code(sig.SignatureMismatch)},
		"another key, trusted's name": {strings.Replace(good, "SignatureValue>", "SignatureValue>AA", 1), code(sig.Malformed)},
		"unsigned":                    {string(receipt(now)), code(sig.Missing)},
		"another document's":          {strings.Replace(good, signature(good), signature(another), 1), code(sig.WrongReference)},
		"another document's, same Id": {head + signature(good) + "</Receipt>", code(sig.DigestMismatch)},
		"wrapped":                     {head + good + "</Receipt>", code(sig.NotFirstChild)},
		"wrapped beside":              {strings.Replace(good, head, head+"<X>"+good+"</X>", 1), code(sig.NotFirstChild)},
		"signed twice":                {strings.Replace(good, "</ds:Signature>", "</ds:Signature>"+signature(good), 1), code(sig.TwoSignatures)},
		"not a receipt":               {strings.ReplaceAll(good, "Receipt", "Recipe"), code(sig.WrongElement)},
		"a doctype":                   {`<!DOCTYPE Receipt>` + good, gate},
		"a comment inside":            {strings.Replace(good, "7K4M", "7K<!-- -->4M", 1), gate},
		"two documents":               {good + good, gate},
		"undated":                     {string(sealed(t, s, []byte(`<Receipt xmlns="urn:ccpor:exchange:service:1.0" Id="r"><A><SignedDateTime>2026-11-20T17:00:00Z</SignedDateTime></A></Receipt>`), now)), func(err error) bool { return errors.Is(err, seal.ErrUndated) }},
		"dated twice":                 {string(sealed(t, s, bytes.Replace(receipt(now), []byte("</Receipt>"), []byte("<SignedDateTime>2026-11-20T17:00:00Z</SignedDateTime></Receipt>"), 1), now)), func(err error) bool { return errors.Is(err, seal.ErrUndated) }},
		"expired when signed":         {string(sealed(t, s, receipt(late), now)), code(sig.CertificateExpired)},
		"signed before it was valid":  {string(sealed(t, s, receipt(s.Certificate().NotBefore.Add(-time.Hour)), now)), code(sig.CertificateNotYetValid)},
	} {
		if o, err := seal.Open([]byte(c.doc), seal.Receipt, trust(s.Certificate())); !c.want(err) || o.Octets() != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := seal.Open([]byte(good), seal.Notice, trust(s.Certificate())); !code(sig.WrongElement)(err) {
		t.Errorf("a receipt is taken for a notice: %v", err)
	}
	if _, err := seal.Open([]byte(good), seal.Receipt, nil); !errors.Is(err, seal.ErrNoTrust) {
		t.Errorf("without any certificate: %v", err)
	}
}

func withoutKeyInfo(doc string) string {
	from, to := strings.Index(doc, "<ds:KeyInfo>"), strings.Index(doc, "</ds:KeyInfo>")
	return doc[:from] + doc[to+len("</ds:KeyInfo>"):]
}

func TestSealRefuses(t *testing.T) {
	t.Parallel()
	s := sealer(t, "court-p256")
	var e *sig.Error
	if _, err := s.Seal(receipt(now), s.Certificate().NotAfter.Add(time.Second)); !errors.As(err, &e) || e.Code != sig.CertificateExpired {
		t.Errorf("after the certificate's end: %v", err)
	}
	for name, doc := range map[string]string{
		"no Id":         `<Receipt xmlns="urn:ccpor:exchange:service:1.0"/>`,
		"an Id to mend": `<Receipt xmlns="urn:ccpor:exchange:service:1.0" Id="a&quot;b"/>`,
		"an empty Id":   `<Receipt xmlns="urn:ccpor:exchange:service:1.0" Id=""/>`,
		"an Id twice":   `<Receipt xmlns="urn:ccpor:exchange:service:1.0" Id="a"><b Id="a"/></Receipt>`,
		"foreign":       `<Receipt xmlns="urn:other" Id="a"/>`,
		"signed":        string(sealed(t, s, receipt(now), now)),
		"nothing":       "",
	} {
		if signed, err := s.Seal([]byte(doc), now); err == nil {
			t.Errorf("%s is signed: %s", name, signed)
		}
	}
	if _, err := seal.New(testKey(t, "court-rsa").key, testKey(t, "court-p256").cert); !errors.As(err, &e) || e.Code != sig.Unsignable {
		t.Errorf("a key with another's certificate: %v", err)
	}
	for _, weak := range []string{"weak", "court-p521"} {
		if k := testKey(t, weak); k.cert != nil {
			if _, err := seal.New(k.key, k.cert); !errors.As(err, &e) || e.Code != sig.WeakKey {
				t.Errorf("%s: %v", weak, err)
			}
		}
	}
}

// xmlsec1 verifies what is sealed, by the command that docs/integrating.md shows.
func TestXmlsec(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("xmlsec1"); err != nil {
		t.Skip("xmlsec1 is not installed")
	}
	dir := t.TempDir()
	for _, name := range []string{"hub", "court-rsa"} {
		signed := sealed(t, sealer(t, name), receipt(now), now)
		for change, ok := range map[string]bool{"": true, "N": false} {
			file := filepath.Join(dir, name+change+".xml")
			if err := os.WriteFile(file, bytes.Replace(signed, []byte(">7K4M"), []byte(">7K4"+"M"+change), 1), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("xmlsec1", "--verify", "--id-attr:Id", "urn:ccpor:exchange:service:1.0:Receipt", "--enabled-key-data", "x509,key-name",
				"--pubkey-cert-pem", "../../testdata/keys/"+name+".crt", file).CombinedOutput()
			if (err == nil) != ok {
				t.Errorf("%s%s: %v\n%s", name, change, err, out)
			}
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	doc := append(bytes.TrimSuffix(receipt(now), []byte("</Receipt>")), strings.Repeat("<Note><NoteText>A line of some length that says something</NoteText></Note>", 8)+"</Receipt>"...)
	for _, name := range []string{"court-p256", "court-rsa"} {
		b.Run(name, func(b *testing.B) {
			s := sealer(b, name)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Seal(doc, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

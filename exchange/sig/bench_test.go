package sig_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"testing"

	"ccpor/exchange/sig"
	"ccpor/schemas/canon"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// bigPackage is a package of about n bytes with elements, attributes and text
// as orders have them.
func bigPackage(n int) []byte {
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Package xmlns=\"" + pkgNS + "\" Id=\"pkg-20\" version=\"1\">\n")
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, `  <Order number="%d" kind="DV-130">
    <Case><Number>06NF%04d</Number><Court>CA030013J</Court><Filed>2026-11-2%d</Filed></Case>
    <Restrained><Name><Given>Marc</Given><Family>Jones</Family></Name><Sex>M</Sex><Born>1980-01-02</Born></Restrained>
    <Protected relation="spouse"><Name><Given>Mary</Given><Family>Smith</Family></Name><Sex>F</Sex></Protected>
    <Terms><StayAway yards="100">person</StayAway><Other>No contact by telephone, mail &amp; e-mail</Other></Terms>
  </Order>
`, i, i, i%10)
	}
	b.WriteString("</Package>\n")
	return b.Bytes()
}

func signedPackage(tb testing.TB, n int, key string) []byte {
	tb.Helper()
	k := testKey(tb, key)
	doc, err := sig.Sign(bigPackage(n), k.key, k.cert, sig.Options{Profile: profile})
	if err != nil {
		tb.Fatal(err)
	}
	return doc
}

func benchmarkVerify(b *testing.B, n int) {
	for _, name := range []string{"court-rsa", "court-p256"} {
		b.Run(name, func(b *testing.B) {
			doc, k := signedPackage(b, n, name), testKey(b, name)
			trusted, v, room := k.trusted(), new(sig.Verifier), make([]byte, 0, 2*n)
			var s canon.Scanner
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Reset(doc, profile); err != nil {
					b.Fatal(err)
				}
				if _, err := s.Next(); err != nil {
					b.Fatal(err)
				}
				if _, err := v.VerifyInto(room, &s, want, trusted, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify20KB(b *testing.B) { benchmarkVerify(b, 20<<10) }
func BenchmarkVerify8KB(b *testing.B)  { benchmarkVerify(b, 8<<10) }

// benchmarkGoxmldsig is what etree and goxmldsig need for the same RSA document.
func benchmarkGoxmldsig(b *testing.B, n int) {
	doc, k := signedPackage(b, n, "court-rsa"), testKey(b, "court-rsa")
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if err := goxmldsigVerify(doc, k.cert); err != nil {
			b.Fatal(err)
		}
	}
}

func goxmldsigVerify(doc []byte, cert *x509.Certificate) error {
	tree := etree.NewDocument()
	if err := tree.ReadFromBytes(doc); err != nil {
		return err
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.IdAttribute = "Id"
	ctx.Clock = dsig.NewFakeClockAt(now)
	_, err := ctx.Validate(tree.Root())
	return err
}

func BenchmarkGoxmldsig20KB(b *testing.B) { benchmarkGoxmldsig(b, 20<<10) }
func BenchmarkGoxmldsig8KB(b *testing.B)  { benchmarkGoxmldsig(b, 8<<10) }

// BenchmarkCanonical20KB is the scan alone: gate and canonical form.
func BenchmarkCanonical20KB(b *testing.B) {
	doc := bigPackage(20 << 10)
	var s canon.Scanner
	out := make([]byte, 0, len(doc)*2)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Reset(doc, profile); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Next(); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Canonical(out, canon.Exclusive{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEvents20KB reads the same document as events, as the mapping does.
func BenchmarkEvents20KB(b *testing.B) {
	doc := bigPackage(20 << 10)
	var s canon.Scanner
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Reset(doc, profile); err != nil {
			b.Fatal(err)
		}
		for k, n := canon.None, 0; k != canon.EOF; {
			var err error
			if k, err = s.Next(); err != nil {
				b.Fatal(err)
			}
			switch k {
			case canon.Start:
				n += len(s.Name().Local) + len(s.Attrs())
			case canon.Text:
				n += len(s.Text())
			}
		}
	}
}

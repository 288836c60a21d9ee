package sig_test

import (
	"bytes"
	"errors"
	random "math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
	"ccpor/schemas/canon/canontest"
)

// FuzzVerify: whatever is accepted has octets that were signed in this test.
func FuzzVerify(f *testing.F) {
	signed := map[string]bool{}
	var trusted []sig.Trusted
	for _, name := range []string{"court-rsa", "court-p256", "court-p384"} {
		trusted = append(trusted, testKey(f, name).trusted()...)
	}
	r := random.New(random.NewPCG(13, 14))
	for i := range 24 {
		d := signRandom(f, r, suites[i%len(suites)])
		signed[string(judged(f, d, d.Package, d.Prefixes, true))] = true
		f.Add(d.Octets)
	}
	files, err := filepath.Glob("../../testdata/attacks/*/package.xml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no attacks: %v", err)
	}
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.ReplaceAll(doc, []byte(orderNS), []byte(pkgNS)))
	}
	var v sig.Verifier
	f.Fuzz(func(t *testing.T, doc []byte) {
		var s canon.Scanner
		for _, path := range [][]int{nil, {0, 0, 0}, {1, 0, 0}} {
			got, err := verifyAt(&v, &s, doc, wide, path, trusted)
			if err == nil && !signed[string(got.Octets())] {
				t.Fatalf("accepted what nobody signed: %q\nin %q", got.Octets(), doc)
			}
		}
	})
}

// FuzzSign: what the scanner takes can be signed, and libxml2 finds the same
// octets in the result.
func FuzzSign(f *testing.F) {
	k := testKey(f, "court-p256")
	for _, doc := range []string{
		sample,
		`<?xml version="1.0"?><p:Package xmlns:p="urn:example:package:1" Id="x" xmlns:q="urn:example:package:1"><q:a p:z="1" b='"'/>&#13;</p:Package>`,
		`<Package xmlns="urn:example:package:1" Id="x"><a xmlns=""><b xmlns="urn:example:b"/></a>]]&gt;</Package>`,
		`<b:Package xmlns:b="urn:example:package:1" xmlns:a="urn:example:other:1" Id='x' b:a="1" a:b="2" a="3"/>`,
		string(bigPackage(600)),
	} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		before, err := canonicalOf(doc)
		if err != nil {
			return
		}
		signed, err := sig.Sign(doc, k.key, k.cert, sig.Options{Profile: wide})
		if err != nil {
			var e *sig.Error
			if !errors.As(err, &e) || e.Code != sig.WrongReference && e.Code != sig.TwoSignatures && e.Code != sig.DuplicateID {
				t.Fatalf("accepted, and not signed: %v\n%q", err, doc)
			}
			return
		}
		octets, err := canontest.Exclusive(signed, nil, nil, true)
		if err != nil || !bytes.Equal(octets, before) {
			t.Fatalf("signed something else: %v\n%q\n%q", err, octets, before)
		}
	})
}

func canonicalOf(doc []byte) ([]byte, error) {
	var s canon.Scanner
	if err := at(&s, doc, wide, nil); err != nil {
		return nil, err
	}
	octets, err := s.Canonical(nil, canon.Exclusive{})
	if err != nil {
		return nil, err
	}
	return octets, rest(&s)
}

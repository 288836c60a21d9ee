package canon_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"ccpor/schemas/canon"
	"ccpor/schemas/canon/canontest"
)

// many is a count of cases: small for every day, CCPOR_HEAVY times as many for
// the full check.
func many(t testing.TB, n int) int {
	t.Helper()
	factor, err := strconv.Atoi(os.Getenv("CCPOR_HEAVY"))
	if err != nil || factor < 1 {
		return n
	}
	return n * factor
}

// TestRandomAgainstLibxml2 compares the canonical package and SignedInfo of
// random documents with libxml2's, byte by byte.
func TestRandomAgainstLibxml2(t *testing.T) {
	t.Parallel()
	p := canon.NewProfile(canon.Limits{}, canontest.Namespaces...)
	r := rand.New(rand.NewPCG(1, 2))
	var s canon.Scanner
	nested, listed := 0, 0
	n := many(t, 20_000)
	for i := range n {
		d := canontest.Random(r, canontest.Signature{Method: "m", Digest: "d"})
		if len(d.Package) > 0 {
			nested++
		}
		if len(d.Prefixes)+len(d.Info) > 0 {
			listed++
		}
		octets, info := read(t, &s, p, d)
		compare(t, i, d, "package", octets, d.Package, d.Prefixes, true)
		compare(t, i, d, "SignedInfo", info, append(append([]int{}, d.Package...), 0, 0), d.Info, false)
		if t.Failed() {
			return
		}
	}
	if nested < n/3 || listed < n/2 {
		t.Errorf("of %d documents only %d were nested and %d had a PrefixList", n, nested, listed)
	}
}

// read walks to the package by position, and canonicalises SignedInfo and package.
func read(t *testing.T, s *canon.Scanner, p *canon.Profile, d canontest.Document) (octets, info []byte) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatalf("%v\n%q", err, d.Octets)
		}
	}
	must(s.Reset(d.Octets, p))
	start(t, s)
	for _, n := range d.Package {
		for range n {
			start(t, s)
			must(s.Skip())
		}
		start(t, s)
	}
	pack := s.Mark()
	start(t, s)
	signature := s.Mark()
	start(t, s)
	info, err := s.Canonical(nil, canon.Exclusive{Prefixes: split(d.Info)})
	must(err)
	for k := canon.None; k != canon.End || s.Depth() > len(d.Package)+2; {
		k, err = s.Next()
		must(err)
	}
	span, err := s.Span(signature)
	must(err)
	must(s.Rewind(pack))
	octets, err = s.Canonical(nil, canon.Exclusive{Prefixes: split(d.Prefixes), Omit: span})
	must(err)
	for k := canon.None; k != canon.EOF; {
		k, err = s.Next()
		must(err)
	}
	return octets, info
}

// start goes on to the next start tag.
func start(t *testing.T, s *canon.Scanner) {
	t.Helper()
	for {
		k, err := s.Next()
		if err != nil || k == canon.EOF {
			t.Fatalf("no start tag: %v", err)
		}
		if k == canon.Start {
			return
		}
	}
}

func split(list []string) (b [][]byte) {
	for _, l := range list {
		b = append(b, []byte(l))
	}
	return b
}

func compare(t *testing.T, i int, d canontest.Document, what string, got []byte, path []int, prefixes []string, omit bool) {
	t.Helper()
	want, err := canontest.Exclusive(d.Octets, path, prefixes, omit)
	if err != nil {
		t.Errorf("document %d: libxml2: %v\n%q", i, err, d.Octets)
	} else if !bytes.Equal(got, want) {
		t.Errorf("document %d, %s %v:\n got %q\nwant %q\n of %q", i, what, prefixes, got, want, d.Octets)
	}
}

// TestNamesAgainstLibxml2: namespace names of others that the scanner takes, in headers and around what is signed, libxml2 takes too.
func TestNamesAgainstLibxml2(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	parts := []string{"urn", "http", "x", ":", ":", "/", "//", "?", "#", "@", "%", "%4", "%4a", "%zz", "1", "80", "a.b", "-", "+", "~", "[", "]", "(", "*", "1"}
	taken := 0
	names := []string{"urn:x%", "urn:x%4", "http://a:b/", "http://a:/", "http://a@b@c/", "urn:x#a#b", "http://[::1]/", "http://a:123456789012/", "file:///x", "http://", "x://?#"}
	for range many(t, 20_000) {
		name := parts[r.IntN(3)] + ":"
		for range r.IntN(6) {
			name += parts[r.IntN(len(parts))]
		}
		names = append(names, name)
	}
	for _, name := range names {
		doc := []byte(`<x xmlns="urn:example:a" xmlns:f="` + name + `"><y></y></x>`)
		if events(doc, foreign) != nil {
			continue
		}
		taken++
		if _, err := canontest.Exclusive(doc, []int{0}, nil, false); err != nil {
			t.Errorf("%s: libxml2: %v", name, err)
		}
	}
	if taken < len(names)/4 {
		t.Errorf("of %d names only %d were taken", len(names), taken)
	}
}

// TestForeignNames tells what is a URI from what is none.
func TestForeignNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]canon.Code{
		"urn:x":                    "",
		"urn:x%4A":                 "",
		"http://a:80/":             "",
		"http://u:p@a:80/b?c/?d#e": "",
		"file:///x":                "",
		"urn:x%":                   canon.NamespaceDeclaration,
		"urn:x%4":                  canon.NamespaceDeclaration,
		"urn:x%4g":                 canon.NamespaceDeclaration,
		"http://a:b/":              canon.NamespaceDeclaration,
		"http://a:123456/":         canon.NamespaceDeclaration,
		"http://a:/":               canon.NamespaceDeclaration,
		"http://a:1:2/":            canon.NamespaceDeclaration,
		"http://a@b@c/":            canon.NamespaceDeclaration,
		"http://[::1]/":            canon.NamespaceDeclaration,
		"urn:x#a#b":                canon.NamespaceDeclaration,
		"urn:":                     canon.NamespaceDeclaration,
		":x":                       canon.NamespaceDeclaration,
		"1x:y":                     canon.NamespaceDeclaration,
		"relative/name":            canon.NamespaceDeclaration,
		"urn:\u00e9":               canon.NamespaceDeclaration,
	} {
		if got := code(events([]byte(`<x xmlns="urn:example:a" xmlns:f="`+name+`"/>`), foreign)); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

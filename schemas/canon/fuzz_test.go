package canon_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ccpor/schemas/canon"
	"ccpor/schemas/canon/canontest"
)

var openProfile = canon.NewProfile(canon.Limits{MaxBytes: 1 << 20}, canontest.Namespaces...)

// seeds are random documents and the hand-made attacks.
func seeds(f *testing.F, add func(doc []byte)) {
	f.Helper()
	r := rand.New(rand.NewPCG(11, 12))
	for range 40 {
		add(canontest.Random(r, canontest.Signature{Method: "m", Digest: "d"}).Octets)
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
		add(doc)
	}
}

// FuzzWhole: what is accepted libxml2 parses too, with the same canonical
// octets; these are a fixed point; and encoding/xml reads out of them the
// events that the scanner read out of the document.
func FuzzWhole(f *testing.F) {
	seeds(f, func(doc []byte) { f.Add(doc) })
	f.Fuzz(func(t *testing.T, doc []byte) {
		octets, err := whole(doc, openProfile)
		if fails := events(doc, openProfile); code(fails) != code(err) {
			t.Fatalf("Canonical says %v, Next says %v", err, fails)
		}
		if err != nil {
			return
		}
		same(t, "accepted", doc, octets)
		again, err := whole(octets, openProfile)
		if err != nil || !bytes.Equal(again, octets) {
			t.Fatalf("no fixed point: %v\n%q\n%q", err, octets, again)
		}
		ours, err := told(doc)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := standardTold(octets)
		if err != nil {
			t.Fatalf("encoding/xml: %v\n%q", err, octets)
		}
		if ours != theirs {
			t.Fatalf("the scanner reads\n%s\nencoding/xml reads\n%s", ours, theirs)
		}
	})
}

// told is a document's events by the scanner, attributes in order of their names.
func told(doc []byte) (string, error) {
	var s canon.Scanner
	if err := s.Reset(doc, openProfile); err != nil {
		return "", err
	}
	var w strings.Builder
	for {
		k, err := s.Next()
		if err != nil || k == canon.EOF {
			return w.String(), err
		}
		switch k {
		case canon.Start:
			fmt.Fprintf(&w, "<%q %q", s.Name().Space, s.Name().Local)
			var list []string
			for _, a := range s.Attrs() {
				list = append(list, fmt.Sprintf(" %q %q=%q", a.Name.Space, a.Name.Local, a.Value))
			}
			slices.Sort(list)
			w.WriteString(strings.Join(list, "") + ">\n")
		case canon.Text:
			fmt.Fprintf(&w, "%q\n", s.Text())
		case canon.End:
			w.WriteString("</>\n")
		}
	}
}

// standardTold is told by encoding/xml.
func standardTold(octets []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(octets))
	var w strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return w.String(), nil
		}
		if err != nil {
			return "", err
		}
		switch e := token.(type) {
		case xml.StartElement:
			fmt.Fprintf(&w, "<%q %q", e.Name.Space, e.Name.Local)
			var list []string
			for _, a := range e.Attr {
				if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
					list = append(list, fmt.Sprintf(" %q %q=%q", a.Name.Space, a.Name.Local, a.Value))
				}
			}
			slices.Sort(list)
			w.WriteString(strings.Join(list, "") + ">\n")
		case xml.CharData:
			fmt.Fprintf(&w, "%q\n", []byte(e))
		case xml.EndElement:
			w.WriteString("</>\n")
		}
	}
}

// FuzzElement: the canonical form of any element, under any PrefixList, with or
// without its first child, is libxml2's.
func FuzzElement(f *testing.F) {
	n := 0
	seeds(f, func(doc []byte) {
		n++
		f.Add(doc, []string{"", "a", "#default a", "ds x-1 _p B"}[n%4], uint8(n), n%3 == 0)
	})
	f.Fuzz(func(t *testing.T, doc []byte, list string, nth uint8, omit bool) {
		if events(doc, openProfile) != nil {
			return
		}
		prefixes := strings.Fields(list)
		if len(prefixes) > 32 || strings.ContainsRune(list, 0) {
			return
		}
		var s canon.Scanner
		if err := s.Reset(doc, openProfile); err != nil {
			t.Fatal(err)
		}
		path, ok := walk(t, &s, int(nth))
		if !ok {
			return
		}
		x := canon.Exclusive{Prefixes: split(prefixes)}
		if omit {
			x.Omit, omit = firstChild(t, &s)
		}
		octets, err := s.Canonical(nil, x)
		if err != nil {
			t.Fatal(err)
		}
		want, err := canontest.Exclusive(doc, path, prefixes, omit)
		if err != nil {
			t.Fatalf("libxml2: %v\n%q", err, doc)
		}
		if !bytes.Equal(octets, want) {
			t.Fatalf("element %v, PrefixList %q:\n got %q\nwant %q\nof %q", path, prefixes, octets, want, doc)
		}
	})
}

// walk goes to the nth start tag and tells its path of child-element indexes.
func walk(t *testing.T, s *canon.Scanner, nth int) ([]int, bool) {
	t.Helper()
	path := []int{-1}
	for {
		k, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		switch k {
		case canon.EOF:
			return nil, false
		case canon.Start:
			path[len(path)-1]++
			if nth == 0 {
				return path[1:], true
			}
			nth--
			path = append(path, -1)
		case canon.End:
			path = path[:len(path)-1]
		}
	}
}

// firstChild is the span of the current element's first child element.
func firstChild(t *testing.T, s *canon.Scanner) (span canon.Span, found bool) {
	t.Helper()
	element := s.Mark()
	k, err := s.Next()
	if err == nil && k == canon.Text {
		k, err = s.Next()
	}
	if err != nil {
		t.Fatal(err)
	}
	if k == canon.Start {
		child := s.Mark()
		if err := s.Skip(); err != nil {
			t.Fatal(err)
		}
		if span, err = s.Span(child); err != nil {
			t.Fatal(err)
		}
		found = true
	}
	if err := s.Rewind(element); err != nil {
		t.Fatal(err)
	}
	return span, found
}

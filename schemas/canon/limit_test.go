package canon_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"ccpor/schemas/canon"
	"ccpor/schemas/canon/canontest"
)

// TestMax gives documents whose canonical form is larger than they are exactly the room that it needs, and a byte less.
func TestMax(t *testing.T) {
	t.Parallel()
	const n = 5000
	for name, content := range map[string]string{
		"plain text":        strings.Repeat("text", n),
		"text of >":         strings.Repeat(">", n),
		"text of CR":        strings.Repeat("\r", n),
		"text of CR LF":     strings.Repeat("\r\n", n),
		"text of &#13;":     strings.Repeat("&#13;", n),
		"text that shrinks": strings.Repeat("&#x41;", n),
		"value of quotes":   `<y i='` + strings.Repeat(`"`, n) + `'/>`,
		"value of &#9;":     `<y i="` + strings.Repeat(`&#9;`, n) + `"/>`,
		"plain value":       `<y j="" i="` + strings.Repeat(`v`, n) + `"/>`,
		"empty elements":    strings.Repeat("<y/>", n),
		"elements":          strings.Repeat("<y></y>", n),
		"spaces in tags":    strings.Repeat("<y ></y >", n),
		"a prefix again":    strings.Repeat("<b:y/>", n),
		"nothing":           "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := `<x xmlns="urn:example:a" xmlns:b="urn:example:b">` + content + `</x>`
			form, err := whole([]byte(doc), closed)
			if err != nil {
				t.Fatal(err)
			}
			atMost(t, doc, form, canon.Exclusive{})
			atMost(t, doc, form, canon.Exclusive{Prefixes: [][]byte{[]byte("c")}})
		})
	}
}

// atMost canonicalises a document whose form is known under every bound that matters.
func atMost(t *testing.T, doc string, form []byte, x canon.Exclusive) {
	t.Helper()
	dst := []byte("in front: ")
	for _, max := range []int{1, len(form) / 2, len(form) - 1, len(form), len(form) + 1} {
		x.Max = max
		s := open(t, doc, closed)
		start(t, s)
		got, err := s.Canonical(dst[:len(dst):len(dst)], x)
		if max < len(form) {
			if code(err) != canon.TooLarge || cap(got) > 2*(len(dst)+max)+1024 {
				t.Errorf("at most %d of %d bytes: %v, with memory for %d", max, len(form), err, cap(got))
			}
			continue
		}
		if err != nil || !bytes.Equal(got[len(dst):], form) {
			t.Errorf("at most %d of %d bytes: %v", max, len(form), err)
		}
	}
}

// TestMaxOfRandom does it with what else a document may hold, an element left out included.
func TestMaxOfRandom(t *testing.T) {
	t.Parallel()
	p := canon.NewProfile(canon.Limits{}, canontest.Namespaces...)
	r := rand.New(rand.NewPCG(3, 4))
	for range many(t, 1000) {
		d := canontest.Random(r, canontest.Signature{Method: "m", Digest: "d"})
		form, err := packageOf(t, p, d, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := packageOf(t, p, d, len(form)); err != nil || !bytes.Equal(got, form) {
			t.Fatalf("no room for itself: %v\n%q", err, d.Octets)
		}
		if _, err := packageOf(t, p, d, len(form)-1); code(err) != canon.TooLarge {
			t.Fatalf("a byte too much: %v\n%q", err, d.Octets)
		}
	}
}

// packageOf is the canonical package of a random document, without its signature.
func packageOf(t *testing.T, p *canon.Profile, d canontest.Document, max int) ([]byte, error) {
	t.Helper()
	s := open(t, string(d.Octets), p)
	start(t, s)
	for _, n := range d.Package {
		for range n {
			start(t, s)
			if err := s.Skip(); err != nil {
				t.Fatal(err)
			}
		}
		start(t, s)
	}
	span, _ := firstChild(t, s)
	return s.Canonical(nil, canon.Exclusive{Prefixes: split(d.Prefixes), Omit: span, Max: max})
}

// TestCostOfPrefixList: a PrefixList, which costs its sender nothing, does not multiply what a document costs.
func TestCostOfPrefixList(t *testing.T) {
	var scope strings.Builder
	for i := range 30 {
		fmt.Fprintf(&scope, ` xmlns:q%d="urn:example:a"`, i)
	}
	for name, unit := range map[string]string{
		"prefixed attribute": `<y b:i=""/>`,
		"other prefix":       `<b:y/>`,
		"declaration":        `<y xmlns:q7="urn:example:b"/>`,
	} {
		t.Run(name, func(t *testing.T) {
			doc := `<x xmlns="urn:example:a" xmlns:b="urn:example:b"` + scope.String() + `>` + strings.Repeat(unit, 10_000) + `</x>`
			without, with := time.Hour, time.Hour
			for range 50 { // in turn, until a quiet moment of each shows it: others may want the machine
				without, with = min(without, took(t, doc, nil)), min(with, took(t, doc, prefixes(32)))
				if with <= 5*without {
					return
				}
			}
			t.Errorf("%v with a PrefixList, %v without", with, without)
		})
	}
}

// took is the time in which a document is canonicalised.
func took(t *testing.T, doc string, prefixes [][]byte) time.Duration {
	t.Helper()
	s := open(t, doc, closed)
	start(t, s)
	begin := time.Now()
	if _, err := s.Canonical(nil, canon.Exclusive{Prefixes: prefixes}); err != nil {
		t.Fatal(err)
	}
	return time.Since(begin)
}

// TestRelease: a scanner that is put aside holds nothing of its document, knows no mark of it, and is as good as new afterwards.
func TestRelease(t *testing.T) {
	var s canon.Scanner
	before := held()
	mark := readLarge(t, &s)
	s.Release()
	if more := held() - before; more > 1<<20 {
		t.Errorf("a released scanner holds %d bytes", more)
	}
	if s.Kind() != canon.None || s.Depth() != 0 || s.Path() != "" || s.Line() != 1 || s.Attrs() != nil {
		t.Errorf("a released scanner is at %v of depth %d, %q, line %d", s.Kind(), s.Depth(), s.Path(), s.Line())
	}
	if _, err := s.Next(); code(err) != canon.Misuse {
		t.Errorf("Next: %v", err)
	}
	if err := s.Reset([]byte(`<x xmlns="urn:example:a"/>`), closed); err != nil {
		t.Fatal(err)
	}
	if err := s.Rewind(mark); code(err) != canon.Misuse {
		t.Errorf("a mark of before: %v", err)
	}
	if err := s.Reset([]byte(`<x xmlns="urn:example:a" i="1"/>`), closed); err != nil {
		t.Fatal(err)
	}
	if got, err := story(&s); err != nil || got != `<{urn:example:a}x {}i="1"></x>` {
		t.Errorf("after Reset: %s, %v", got, err)
	}
}

// readLarge reads a document of some MiB up to its last text, which has to be decoded.
func readLarge(t *testing.T, s *canon.Scanner) canon.Mark {
	t.Helper()
	doc := []byte(`<x xmlns="urn:example:a" i="` + strings.Repeat("v", 2<<20) + `">` + strings.Repeat("&gt;", 2<<20) + `</x>`)
	if err := s.Reset(doc, closed); err != nil {
		t.Fatal(err)
	}
	start(t, s)
	if len(s.Attrs()) != 1 {
		t.Fatal("no attribute")
	}
	mark := s.Mark()
	if k, err := s.Next(); k != canon.Text || len(s.Text()) != 2<<20 {
		t.Fatalf("%v, %v", k, err)
	}
	return mark
}

// held is the memory in use.
func held() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestDigest: a hash gets the bytes that Canonical gives, and under the same bound.
func TestDigest(t *testing.T) {
	t.Parallel()
	p := canon.NewProfile(canon.Limits{}, canontest.Namespaces...)
	r := rand.New(rand.NewPCG(5, 6))
	digest := func(doc string, p *canon.Profile, x canon.Exclusive) ([]byte, error) {
		s, h := open(t, doc, p), sha256.New()
		start(t, s)
		err := s.Digest(h, x)
		return h.Sum(nil), err
	}
	docs := map[string]*canon.Profile{
		`<x xmlns="urn:example:a">` + strings.Repeat("&gt;>\r\n", 50000) + `</x>`:                              closed,
		`<x xmlns="urn:example:a">` + strings.Repeat("text", 50000) + "\r" + `</x>`:                            closed,
		`<x xmlns="urn:example:a"><y i="` + strings.Repeat("&#9;v", 50000) + `"/></x>`:                         closed,
		`<x xmlns="urn:example:a">` + strings.Repeat("<y  i='\"'/><z></z >", 20000) + `</x>`:                   closed,
		`<x xmlns="urn:example:a">` + strings.Repeat("<y></y>", 20000) + `</x>`:                                closed,
		`<x xmlns="urn:example:a">` + strings.Repeat("a", 8<<10-30) + "\r" + strings.Repeat("b", 100) + `</x>`: closed,
	}
	for range many(t, 500) {
		docs[string(canontest.Random(r, canontest.Signature{Method: "m", Digest: "d"}).Octets)] = p
	}
	for doc, p := range docs {
		form, err := whole([]byte(doc), p)
		if err != nil {
			t.Fatal(err)
		}
		want := sha256.Sum256(form)
		if got, err := digest(doc, p, canon.Exclusive{Max: len(form)}); err != nil || !bytes.Equal(got, want[:]) {
			t.Fatalf("%v\n%.200q", err, doc)
		}
		if _, err := digest(doc, p, canon.Exclusive{Max: len(form) - 1}); code(err) != canon.TooLarge {
			t.Fatalf("a byte too much: %v\n%.200q", err, doc)
		}
	}
}

// TestDigestTakesNoMemory: content that is only compared is not copied.
func TestDigestTakesNoMemory(t *testing.T) {
	doc := []byte(`<x xmlns="urn:example:a">` + strings.Repeat("base64 in lines\r\n", 1<<18) + `</x>`)
	var s canon.Scanner
	run := func() {
		if err := s.Reset(doc, closed); err != nil {
			t.Fatal(err)
		}
		start(t, &s)
		if err := s.Digest(sha256.New(), canon.Exclusive{}); err != nil {
			t.Fatal(err)
		}
	}
	run()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 256<<10 {
		t.Errorf("%d bytes for a digest of %d", took, len(doc))
	}
}

// TestTaken: Ids that are taken may stand on the element itself, and nowhere below it.
func TestTaken(t *testing.T) {
	t.Parallel()
	taken := canon.Exclusive{Taken: [][]byte{[]byte("a"), []byte("b")}}
	for doc, ok := range map[string]bool{
		`<x xmlns="urn:example:a" Id="a"><y Id="c" other="a"/></x>`:                   true,
		`<x xmlns="urn:example:a"><y Id="a"/></x>`:                                    false,
		`<x xmlns="urn:example:a"><y><z id="b"/></y></x>`:                             false,
		`<x xmlns="urn:example:a" xmlns:b="urn:example:b"><y b:ID="&#98;"/></x>`:      false,
		`<x xmlns="urn:example:a" xmlns:b="urn:example:b"><y b:ident="b" Id=""/></x>`: true,
	} {
		s := open(t, doc, closed)
		start(t, s)
		_, err := s.Canonical(nil, taken)
		if (err == nil) != ok || err != nil && code(err) != canon.DuplicateID {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

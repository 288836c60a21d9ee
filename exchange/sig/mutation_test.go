package sig_test

import (
	"bytes"
	random "math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"ccpor/exchange/sig"
	"ccpor/schemas/canon"
)

// specimen is a valid document with what its verification gave.
type specimen struct {
	doc     []byte
	path    []int
	trusted []sig.Trusted
	profile *canon.Profile
	octets  []byte
}

func specimens(t testing.TB) (all []specimen) {
	t.Helper()
	r := random.New(random.NewPCG(7, 8))
	for i := range 16 {
		su := suites[i%len(suites)]
		d := signRandom(t, r, su)
		all = append(all, specimen{doc: d.Octets, path: d.Package, trusted: testKey(t, su.key).trusted(), profile: wide})
	}
	for _, name := range []string{"court-rsa", "court-p256"} {
		all = append(all, specimen{doc: signedPackage(t, 1500, name), trusted: testKey(t, name).trusted(), profile: profile})
	}
	var v sig.Verifier
	var s canon.Scanner
	for i := range all {
		sp := &all[i]
		got, err := verifyAt(&v, &s, sp.doc, sp.profile, sp.path, sp.trusted)
		if err != nil {
			t.Fatal(err)
		}
		sp.octets = got.Octets()
	}
	return all
}

// scraps are what mutations insert.
var scraps = []string{"<", ">", "/", "&", "\"", "'", " ", "\n", "\r", "\t", "=", ":", "#", "-", "]]>", "<!-- -->", "<![CDATA[x]]>", "<?x?>", "&amp;", "&#x41;", "&#13;",
	` xmlns=""`, ` xmlns="urn:example:b"`, ` xmlns:a="urn:example:b"`, ` xmlns:ds="urn:example:b"`, ` Id="pkg-1"`, ` id='x'`, "<a/>", "</a>", "<a>", "é", "\x00", "\xFF", "\uFEFF", "0", "a"}

// mutate changes a document in one to three places.
func mutate(r *random.Rand, doc []byte) []byte {
	b := bytes.Clone(doc)
	for range 1 + r.IntN(3) {
		i := r.IntN(len(b))
		j := min(len(b), i+1+r.IntN(1+r.IntN(60)))
		switch r.IntN(7) {
		case 0:
			b[i] ^= 1 << r.IntN(8)
		case 1:
			b = append(b[:i:i], b[j:]...)
		case 2:
			b = append(b[:j:j], b[i:]...)
		case 3:
			b = append(append(b[:i:i], scraps[r.IntN(len(scraps))]...), b[i:]...)
		case 4:
			piece := bytes.Clone(b[i:j])
			k := r.IntN(len(b))
			b = append(append(b[:k:k], piece...), b[k:]...)
		case 5:
			b[i], b[j-1] = b[j-1], b[i]
		case 6:
			if k := bytes.IndexAny(b[i:], " \n<>\"'"); k >= 0 {
				i += k
				b = append(append(b[:i:i], scraps[r.IntN(len(scraps))]...), b[i:]...)
			}
		}
		if len(b) == 0 {
			return []byte("<")
		}
	}
	return b
}

// TestMutations changes valid documents at random: whatever is still accepted
// has the octets that were signed.
func TestMutations(t *testing.T) {
	t.Parallel()
	all := specimens(t)
	r := random.New(random.NewPCG(9, 10))
	var v sig.Verifier
	var s canon.Scanner
	accepted := 0
	n := many(100_000)
	for i := range n {
		sp := all[i%len(all)]
		doc := mutate(r, sp.doc)
		got, err := verifyAt(&v, &s, doc, sp.profile, sp.path, sp.trusted)
		if err != nil {
			continue
		}
		accepted++
		if !bytes.Equal(got.Octets(), sp.octets) {
			t.Fatalf("accepted with other octets:\n%q\n%q\nof %q", got.Octets(), sp.octets, doc)
		}
	}
	if accepted == 0 || accepted > n/2 {
		t.Errorf("%d of %d mutations were accepted: the test does not test", accepted, n)
	}
	t.Logf("%d of %d mutations accepted, all with the octets that were signed", accepted, n)
}

// TestTruncations cuts valid documents at every byte before the end of the root.
func TestTruncations(t *testing.T) {
	t.Parallel()
	var v sig.Verifier
	var s canon.Scanner
	cuts := 0
	for _, sp := range specimens(t) {
		doc := bytes.TrimRight(sp.doc, " \t\r\n")
		for n := range doc {
			cuts++
			if _, err := verifyAt(&v, &s, doc[:n], sp.profile, sp.path, sp.trusted); err == nil {
				t.Fatalf("accepted, cut at %d of %d: %q", n, len(doc), doc[:n])
			}
		}
	}
	t.Logf("%d truncations refused", cuts)
}

// TestConcurrent verifies with one Verifier from many goroutines: each Verified
// keeps its own octets.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	all := specimens(t)
	var v sig.Verifier
	var wg sync.WaitGroup
	for g := range 4 * runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			var s canon.Scanner
			kept := make([]sig.Verified, len(all))
			for round := range 20 {
				for i := range all {
					sp := &all[(i+g)%len(all)]
					got, err := verifyAt(&v, &s, sp.doc, sp.profile, sp.path, sp.trusted)
					if err != nil {
						t.Errorf("round %d: %v", round, err)
						return
					}
					kept[(i+g)%len(all)] = got
				}
			}
			for i, k := range kept {
				if !bytes.Equal(k.Octets(), all[i].octets) {
					t.Errorf("specimen %d: the octets changed after verification", i)
				}
			}
		})
	}
	wg.Wait()
}

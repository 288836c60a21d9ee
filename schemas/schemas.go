package schemas

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/lestrrat-go/libxml2/parser"
	"github.com/lestrrat-go/libxml2/xsd"

	"ccpor/schemas/canon"
)

// The namespaces of the schema set, version 1.0.
const (
	PackageNamespace = "urn:ccpor:exchange:package:1.0"
	CodesNamespace   = "urn:ccpor:exchange:codes:1.0"
	signatures       = "http://www.w3.org/2000/09/xmldsig#"
)

// Root is the element that a package is.
var Root = canon.Name{Space: PackageNamespace, Local: "OrderPackage"}

// Errors that say nothing about the package's content. Anything else that Validate returns is Problems.
var (
	// ErrUnverified: there are no octets, as in a zero value that no verification has filled.
	ErrUnverified = errors.New("no verified octets")
	// ErrUnreadable: libxml2 does not read what the canonical reader has written. A fault of ours.
	ErrUnreadable = errors.New("libxml2 does not read the octets")
	// ErrValidator: libxml2 could not do its work (memory, internal error). Nothing is known about the package.
	ErrValidator = errors.New("the validator failed")
)

// Verified is what Validate takes: the canonical octets that a signature covers, without that signature, and whose it is.
// exchange/sig.Verified is the only type of the program that has these methods; a test of this package keeps it so.
type Verified interface {
	Octets() []byte
	Root() canon.Name
	Certificate() *x509.Certificate
}

// Document is a package that is valid by the schema set. Only Validate makes one. The zero Document has no octets.
type Document struct{ octets []byte }

// Octets are the canonical octets that were verified and validated. They must not be changed.
func (d Document) Octets() []byte { return d.octets }

// Set is the compiled schema set. It is used by many goroutines at once and never freed.
type Set struct {
	strict, loose *xsd.Schema
	model         *model
	words         *words
	slots         chan struct{} // a C call cannot be cancelled: no more of them at once than there are processors
}

var load = sync.OnceValues(newSet)

// Load compiles the embedded schema set on its first call and gives the same set ever after. It installs libxml2's entity loader for the whole process.
func Load() (*Set, error) { return load() }

func newSet() (*Set, error) {
	if err := install(); err != nil {
		return nil, err
	}
	m, err := readModel()
	if err != nil {
		return nil, err
	}
	w, err := readWords()
	if err != nil {
		return nil, err
	}
	strict, err := compile(strictURL)
	if err != nil {
		return nil, err
	}
	loose, err := compile(looseURL)
	if err != nil {
		return nil, err
	}
	return &Set{strict: strict, loose: loose, model: m, words: w, slots: make(chan struct{}, runtime.GOMAXPROCS(0))}, nil
}

// Compact keeps short texts inside their nodes, a fifth of the parser's time. It forbids to change texts afterwards; prune removes whole elements only.
const parseOptions = parser.XMLParseNoNet | parser.XMLParseNoError | parser.XMLParseNoWarning | parser.XMLParseBigLines | parser.XMLParseCompact

// Validate gives the octets as a Document when they are a valid package. The error is Problems when they are not, and wraps
// ErrUnverified, ErrUnreadable or ErrValidator when no verdict could be had, or the context's error when it ended before a processor
// was free. Once begun, a validation goes to its end.
func (s *Set) Validate(ctx context.Context, v Verified) (Document, error) {
	if v == nil || len(v.Octets()) == 0 {
		return Document{}, ErrUnverified
	}
	if v.Root() != Root {
		return Document{}, Problems{s.wrongRoot(v.Root())}
	}
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return Document{}, fmt.Errorf("wait for the validator: %w", ctx.Err())
	}
	defer func() { <-s.slots }()
	if err := s.judge(v.Octets()); err != nil {
		return Document{}, err
	}
	return Document{v.Octets()}, nil
}

func (s *Set) judge(octets []byte) error {
	doc, err := parser.New(parseOptions).Parse(octets)
	if err != nil {
		return ErrUnreadable // libxml2's own words may quote the document
	}
	defer doc.Free()
	verdict, err := validate(s.strict, doc)
	if err != nil || verdict.valid {
		return err
	}
	return s.explain(octets, doc, verdict)
}

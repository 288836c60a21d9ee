package canon

import (
	"bytes"
	"slices"
	"strings"
)

// Namespaces that every profile knows. Declarations of XSI and XSD are common
// on envelopes and harmless; attributes of XSI are refused wherever they stand.
const (
	XML   = "http://www.w3.org/XML/1998/namespace"
	XMLNS = "http://www.w3.org/2000/xmlns/"
	XSI   = "http://www.w3.org/2001/XMLSchema-instance"
	XSD   = "http://www.w3.org/2001/XMLSchema"
)

// Foreign is the Space of every name whose namespace is not on the allow-list
// of a profile with Limits.Foreign. No real namespace name equals it. Two
// foreign names with equal Local may be of different namespaces.
const Foreign = "(foreign)"

// Defaults of Limits, in bytes and counts.
const (
	DefaultBytes      = 16 << 20
	DefaultDepth      = 64
	DefaultAttributes = 32
	DefaultName       = 128
	DefaultBindings   = 64
)

// Limits bounds a document. A zero field means its default; a negative one is
// taken as the default too, so that no profile is without bounds.
type Limits struct {
	MaxBytes      int // of the whole document; at most 1 GiB
	MaxDepth      int // open elements
	MaxAttributes int // of one element, namespace declarations included
	MaxName       int // bytes of a qualified name
	MaxBindings   int // namespace declarations in scope

	// Foreign lets elements, attributes and declarations of unknown
	// namespaces pass as events with Name.Space == Foreign, so that a header
	// nobody here understands is not fatal. Canonical refuses them all the
	// same: what is signed contains allow-listed names only.
	Foreign bool
}

// Name is an expanded name. Space is "" for no namespace. Both strings are
// shared by all events; comparing and keeping them is free.
type Name struct {
	Space string
	Local string
}

// Profile is the closed profile of one kind of document: bounds and the
// allow-list of namespaces. It never changes and is shared by goroutines.
type Profile struct {
	limits  Limits
	spaces  []string // sorted in bytes, so that numbers sort as names do
	listed  []bool   // may be the namespace of an element or attribute
	numbers map[string]space
	xml     space
	xsi     space
}

// space numbers the namespaces of a profile: 0 is no namespace.
type space int16

const foreign space = -1

// NewProfile returns a profile. Namespaces are compared byte by byte; "" in the
// list allows elements in no namespace. A listed name that is no absolute URI
// of plain ASCII is left out, and documents that use it are refused.
func NewProfile(l Limits, namespaces ...string) *Profile {
	l.MaxBytes = bounded(l.MaxBytes, DefaultBytes, 1<<30)
	l.MaxDepth = bounded(l.MaxDepth, DefaultDepth, 256)
	l.MaxAttributes = bounded(l.MaxAttributes, DefaultAttributes, 256)
	l.MaxName = bounded(l.MaxName, DefaultName, 1024)
	l.MaxBindings = bounded(l.MaxBindings, DefaultBindings, 256)
	return newProfile(l, namespaces)
}

// bounded is n, or the default where n says nothing, and never more than max.
func bounded(n, byDefault, max int) int {
	if n <= 0 {
		n = byDefault
	}
	return min(n, max)
}

func newProfile(l Limits, namespaces []string) *Profile {
	p := &Profile{limits: l, numbers: make(map[string]space)}
	p.spaces = append(p.spaces, "", XML, XSI, XSD)
	for _, n := range namespaces {
		if n == "" || absoluteURI([]byte(n)) {
			p.spaces = append(p.spaces, n)
		}
	}
	slices.Sort(p.spaces)
	p.spaces = slices.Compact(p.spaces)
	p.listed = make([]bool, len(p.spaces))
	for i, n := range p.spaces {
		p.numbers[n] = space(i)
		p.listed[i] = slices.Contains(namespaces, n) && n != XSI && n != XMLNS
	}
	p.xml, p.xsi = p.numbers[XML], p.numbers[XSI]
	return p
}

// number is that of a namespace name of the document, or foreign.
func (p *Profile) number(uri []byte) space {
	if n, ok := p.numbers[string(uri)]; ok {
		return n
	}
	return foreign
}

// space returns the namespace name of a number.
func (p *Profile) space(n space) string {
	if n == foreign {
		return Foreign
	}
	return p.spaces[n]
}

// usable reports whether names of the namespace may stand in signed content.
func (p *Profile) usable(n space) bool { return n >= 0 && p.listed[n] }

// absoluteURI accepts a URI by RFC 3986 of plain ASCII with something behind its
// scheme, and without address in brackets; libxml2 refuses to canonicalise
// documents that declare anything else.
func absoluteURI(u []byte) bool {
	name, rest, _ := bytes.Cut(u, []byte(":"))
	if !scheme(name) || len(rest) == 0 || !uriCharacters(rest) {
		return false
	}
	rest, fragment, _ := bytes.Cut(rest, []byte("#"))
	if bytes.IndexByte(fragment, '#') >= 0 {
		return false
	}
	host, found := bytes.CutPrefix(rest, []byte("//"))
	if !found {
		return true
	}
	if end := bytes.IndexAny(host, "/?"); end >= 0 {
		host = host[:end]
	}
	return authority(host)
}

func scheme(b []byte) bool {
	for _, c := range b {
		if !letter(c) && !digit(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return len(b) > 0 && letter(b[0])
}

// uriCharacters accepts the characters of a URI, '%' before two hexadecimal digits only.
func uriCharacters(b []byte) bool {
	for i, c := range b {
		switch {
		case c == '%':
			if len(b)-i < 3 || digitValue(b[i+1]) < 0 || digitValue(b[i+2]) < 0 {
				return false
			}
		case !letter(c) && !digit(c) && strings.IndexByte("-._~:/?#@!$'()*+,;=", c) < 0:
			return false
		}
	}
	return true
}

// authority accepts host, user@host, host:port and user@host:port.
func authority(b []byte) bool {
	if _, after, found := bytes.Cut(b, []byte("@")); found {
		b = after
	}
	host, port, found := bytes.Cut(b, []byte(":"))
	for _, c := range port {
		if !digit(c) {
			return false
		}
	}
	return bytes.IndexByte(host, '@') < 0 && found == (len(port) > 0) && len(port) <= len("65535")
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func digit(c byte) bool  { return '0' <= c && c <= '9' }

package canon

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
	limits Limits
	spaces []string // index is the number of the namespace; sorted in bytes, so that numbers sort as names do
	listed []bool   // allowed as namespace of an element or attribute
}

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

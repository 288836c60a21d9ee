package canontest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Namespaces are those that random documents use; a profile must list them.
var Namespaces = []string{"", "urn:example:package:1", "urn:example:other:1", "urn:example:b", "http://example.org/a/b?c=d#e",
	SOAP, DS, EC}

// Namespaces with a part in the structure of random documents.
const (
	SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
	DS   = "http://www.w3.org/2000/09/xmldsig#"
	EC   = "http://www.w3.org/2001/10/xml-exc-c14n#"
)

// Document is a random document of the closed profile with a package in it.
type Document struct {
	Octets   []byte
	Package  []int    // path of the package, as Exclusive takes it
	Prefixes []string // PrefixList of the reference
	Info     []string // PrefixList of SignedInfo
}

// Places in a random signature where a signer fills in its values.
const (
	DigestPlace = "@digest@"
	ValuePlace  = "@value@"
)

// Signature says what a random document's signature names.
type Signature struct{ Method, Digest string }

// random is a document being written, and what is in scope at the pen.
type random struct {
	*rand.Rand
	strings.Builder
	scope []map[string]string // prefix → namespace, one map an element
	size  int
}

var (
	prefixes = []string{"", "a", "b", "c", "B", "x-1", "_p", "ds"}
	locals   = []string{"a", "b", "Order", "Case", "x.y-z", "_", "Name", "B"}
)

// Random writes a document: half of them nested in SOAP, most with PrefixLists,
// with declarations, rebindings, references, quotes and white space of all kinds.
func Random(r *rand.Rand, s Signature) Document {
	w := &random{Rand: r, size: 5 + r.IntN(40)}
	if w.IntN(4) == 0 {
		w.WriteString("\xEF\xBB\xBF")
	}
	if w.IntN(2) == 0 {
		w.WriteString(pick(r, `<?xml version="1.0"?>`, `<?xml version='1.0' encoding='utf-8' standalone="yes" ?>`) + pick(r, "", "\n", "\r\n "))
	}
	var d Document
	body := func() { w.pack(&d, s) }
	if w.IntN(2) == 0 {
		inner := body
		body = func() { w.envelope(&d, inner) }
	}
	body()
	w.WriteString(pick(r, "", "\n", " \t\r\n"))
	d.Octets = []byte(w.String())
	return d
}

func pick[T any](r *rand.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

// lookup is the namespace of a prefix in scope.
func (w *random) lookup(prefix string) (string, bool) {
	for i := len(w.scope) - 1; i >= 0; i-- {
		if ns, ok := w.scope[i][prefix]; ok {
			return ns, true
		}
	}
	return "", prefix == ""
}

// prefixFor is a prefix in scope for a namespace, "" and false if there is none.
func (w *random) prefixFor(ns string, attribute bool) (string, bool) {
	for _, i := range w.Perm(len(prefixes)) {
		p := prefixes[i]
		if got, ok := w.lookup(p); ok && got == ns && !(attribute && p == "") {
			return p, true
		}
	}
	return "", false
}

func (w *random) space() string { return pick(w.Rand, " ", " ", " ", "  ", "\n", "\t ", "\r\n  ") }

func (w *random) gap() string { return pick(w.Rand, "", "", "", " ", "\n") }

// tag writes a start tag of a namespace with random declarations and attributes
// besides those given, and returns the end tag. An empty one returns "".
func (w *random) tag(ns, local string, given []string, mayBeEmpty bool) string {
	scope := map[string]string{}
	w.scope = append(w.scope, scope)
	var parts []string
	for range w.IntN(3) * w.IntN(2) {
		w.declare(scope, &parts, pick(w.Rand, prefixes...), pick(w.Rand, Namespaces...))
	}
	prefix, ok := w.prefixFor(ns, false)
	for !ok {
		p := pick(w.Rand, prefixes...)
		delete(scope, p)
		parts = slices.DeleteFunc(parts, func(s string) bool {
			return strings.HasPrefix(s, name("xmlns", p)+"=") || strings.HasPrefix(s, name("xmlns", p)+" ")
		})
		w.declare(scope, &parts, p, ns)
		prefix, ok = w.prefixFor(ns, false)
	}
	parts = append(parts, given...)
	if len(given) == 0 {
		parts = append(parts, w.attributes()...)
	}
	w.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	q := name(prefix, local)
	if prefix == "" {
		q = local
	}
	w.WriteString("<" + q)
	for _, p := range parts {
		w.WriteString(w.space() + p)
	}
	w.WriteString(w.gap())
	if mayBeEmpty && w.IntN(5) == 0 {
		w.WriteString("/>")
		return ""
	}
	w.WriteString(">")
	return "</" + q + w.gap() + ">"
}

// declare adds a declaration if the namespace allows it for the prefix.
func (w *random) declare(scope map[string]string, parts *[]string, prefix, ns string) {
	if _, twice := scope[prefix]; twice || prefix != "" && ns == "" {
		return
	}
	scope[prefix] = ns
	quote := pick(w.Rand, `"`, `'`)
	*parts = append(*parts, name("xmlns", prefix)+pick(w.Rand, "=", "=", " = ")+quote+ns+quote)
}

func name(prefix, local string) string {
	if local == "" {
		return prefix
	}
	if prefix == "" {
		return local
	}
	return prefix + ":" + local
}

// attributes are random ones, no two of one expanded name.
func (w *random) attributes() (parts []string) {
	seen := map[string]bool{}
	for range w.IntN(5) {
		local, prefix, ns := pick(w.Rand, locals...), "", ""
		if w.IntN(2) == 0 {
			ns = pick(w.Rand, Namespaces[1:]...)
			p, ok := w.prefixFor(ns, true)
			if !ok {
				continue
			}
			prefix = p
		} else if w.IntN(12) == 0 {
			prefix, local, ns = "xml", pick(w.Rand, "lang", "space"), "xml"
		}
		if key := ns + " " + local; !seen[key] {
			seen[key] = true
			value := pick(w.Rand, `"en"`, "'default'")
			if ns != "xml" {
				value = w.value()
			}
			parts = append(parts, name(prefix, local)+pick(w.Rand, "=", "=", " = ", "=\n")+value)
		}
	}
	return parts
}

var (
	inValue = []string{"x", "yes", " ", "  ", "&#9;", "&#10;", "&#13;", "&#xD;", "&amp;", "&lt;", "&gt;", ">", "&quot;", "&apos;", "é", "漢字", "😀", "&#xE9;", "&#128512;", "]]>", "\u0085", "\u2028", "&#x0000041;", "\uFFFD", "\u007f"}
	inText  = []string{"text", " ", "\n", "\r\n", "\r", "\t", "&#9;", "&#10;", "&#13;", "&#xd;", "&amp;", "&lt;", "&gt;", ">", "]]", "&quot;", "&apos;", "\"", "'", "é", "漢字", "😀", "&#xE9;", "\uFEFF", "\uFFFD", "&#x10FFFF;", "amp;", "\u0085", "\uF8FF"}
)

func (w *random) value() string {
	quote, other := `"`, `'`
	if w.IntN(3) == 0 {
		quote, other = other, quote
	}
	var b strings.Builder
	for range w.IntN(4) {
		b.WriteString(pick(w.Rand, append(inValue, other)...))
	}
	return quote + b.String() + quote
}

func (w *random) text() {
	var b strings.Builder
	for range w.IntN(4) {
		b.WriteString(pick(w.Rand, inText...))
	}
	w.WriteString(strings.ReplaceAll(b.String(), "]]>", "]] >"))
}

// element writes a random element and its content.
func (w *random) element(depth int) {
	w.size--
	end := w.tag(pick(w.Rand, Namespaces[:5]...), pick(w.Rand, locals...), nil, true)
	if end != "" {
		w.text()
		for depth < 12 && w.size > 0 && w.IntN(3) > 0 {
			w.element(depth + 1)
			w.text()
		}
		w.WriteString(end)
	}
	w.scope = w.scope[:len(w.scope)-1]
}

// wrap writes an element around content.
func (w *random) wrap(ns, local string, given []string, content func()) {
	end := w.tag(ns, local, given, false)
	content()
	w.WriteString(end)
	w.scope = w.scope[:len(w.scope)-1]
}

// envelope writes a SOAP envelope, with or without header, around the package.
func (w *random) envelope(d *Document, inner func()) {
	d.Package = []int{0, 0, 0}
	w.wrap(SOAP, "Envelope", nil, func() {
		if w.IntN(2) == 0 {
			d.Package[0] = 1
			w.wrap(SOAP, "Header", nil, func() { w.element(3) })
		}
		w.wrap(SOAP, "Body", nil, func() {
			w.WriteString(w.gap())
			w.wrap("urn:example:other:1", "Submit", nil, func() { w.WriteString(w.gap()); inner(); w.WriteString(w.gap()) })
		})
	})
}

// pack writes the package with its signature.
func (w *random) pack(d *Document, s Signature) {
	given := []string{"Id='pkg-1'"}
	if w.IntN(2) == 0 {
		given = append(given, pick(w.Rand, "version = \"1\"", "b='&#9;2'"))
	}
	w.wrap("urn:example:package:1", "Package", given, func() {
		w.WriteString(w.gap())
		w.signature(d, s)
		for w.size > 0 {
			w.text()
			w.element(4)
		}
		w.text()
	})
}

// list is a random PrefixList, of prefixes in scope or not.
func (w *random) list() (list []string) {
	for range w.IntN(5) {
		if p := pick(w.Rand, append(prefixes, "nowhere", "xml")...); p != "" {
			list = append(list, p)
		} else {
			list = append(list, "#default")
		}
	}
	return list
}

func (w *random) inclusive(list []string) {
	if len(list) == 0 {
		return
	}
	w.WriteString(w.gap())
	w.wrap(EC, "InclusiveNamespaces", []string{fmt.Sprintf("PrefixList='%s'", strings.Join(list, " "))}, func() {})
	w.WriteString(w.gap())
}

// signature writes the ds:Signature of the profile.
func (w *random) signature(d *Document, s Signature) {
	algorithm := func(uri string) []string { return []string{"Algorithm=\"" + uri + "\""} }
	none := []string{}
	leaf := func(local string, given []string, content func()) {
		w.WriteString(w.gap())
		w.structure(DS, local, given, content)
		w.WriteString(w.gap())
	}
	text := func(t string) func() { return func() { w.WriteString(w.gap() + t + w.gap()) } }
	leaf("Signature", none, func() {
		leaf("SignedInfo", none, func() {
			d.Info = w.list()
			leaf("CanonicalizationMethod", algorithm(EC), func() { w.inclusive(d.Info) })
			leaf("SignatureMethod", algorithm(s.Method), func() {})
			leaf("Reference", []string{`URI="#pkg-1"`}, func() {
				leaf("Transforms", none, func() {
					leaf("Transform", algorithm(DS+"enveloped-signature"), func() {})
					d.Prefixes = w.list()
					leaf("Transform", algorithm(EC), func() { w.inclusive(d.Prefixes) })
				})
				leaf("DigestMethod", algorithm(s.Digest), func() {})
				leaf("DigestValue", none, text(DigestPlace))
			})
		})
		leaf("SignatureValue", none, text(ValuePlace))
		if w.IntN(2) == 0 {
			leaf("KeyInfo", none, func() { leaf("KeyName", none, text("court")) })
		}
	})
}

// structure is wrap with no attributes but those given.
func (w *random) structure(ns, local string, given []string, content func()) {
	if len(given) == 0 {
		given = []string{pick(w.Rand, "xmlns:unused='urn:example:b'", "xmlns:unused=\"urn:example:other:1\"")}
	}
	w.wrap(ns, local, given, content)
}

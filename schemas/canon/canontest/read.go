package canontest

/*
#include <stdlib.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

static void piece(xmlBufferPtr b, const xmlChar *s) {
	unsigned char n[4];
	size_t len = s == NULL ? 0 : strlen((const char *)s);
	n[0] = len >> 24; n[1] = len >> 16; n[2] = len >> 8; n[3] = len;
	xmlBufferAdd(b, n, 4);
	if (len > 0) xmlBufferAdd(b, s, len);
}

static void kind(xmlBufferPtr b, char k) { xmlBufferAdd(b, (xmlChar *)&k, 1); }

static void attribute(xmlBufferPtr b, xmlDocPtr d, xmlAttrPtr a) {
	xmlChar *value = xmlNodeListGetString(d, a->children, 1);
	kind(b, 'A');
	piece(b, a->ns == NULL ? NULL : a->ns->href);
	piece(b, a->name);
	piece(b, value);
	xmlFree(value);
}

// walk writes an element as 'S' space local, 'A' space local value ..., its content, 'E'; text is 'T' text. What is
// neither element nor text is '?'.
static void walk(xmlBufferPtr b, xmlDocPtr d, xmlNodePtr n) {
	if (n->type == XML_TEXT_NODE) { kind(b, 'T'); piece(b, n->content); return; }
	if (n->type != XML_ELEMENT_NODE) { kind(b, '?'); return; }
	kind(b, 'S');
	piece(b, n->ns == NULL ? NULL : n->ns->href);
	piece(b, n->name);
	for (xmlAttrPtr a = n->properties; a != NULL; a = a->next) attribute(b, d, a);
	for (xmlNodePtr c = n->children; c != NULL; c = c->next) walk(b, d, c);
	kind(b, 'E');
}

// tree returns the length of what walk wrote of the document element, -1 if the document is not well-formed, -4 for a DTD.
static int tree(const char *doc, int n, int *ns, char **out) {
	xmlParserCtxtPtr c = xmlNewParserCtxt();
	xmlDocPtr d = xmlCtxtReadMemory(c, doc, n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	int len = -1;
	if (d != NULL && c->wellFormed) {
		xmlBufferPtr b = xmlBufferCreate();
		walk(b, d, xmlDocGetRootElement(d));
		len = xmlBufferLength(b);
		*out = malloc(len + 1);
		memcpy(*out, xmlBufferContent(b), len);
		if (xmlGetIntSubset(d) != NULL) len = -4;
		xmlBufferFree(b);
	}
	*ns = c->nsWellFormed;
	xmlFreeParserCtxt(c);
	xmlFreeDoc(d);
	return len;
}
*/
import "C"

import (
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"strings"
	"unsafe"
)

// Attr is one attribute that is no namespace declaration.
type Attr struct{ Space, Local, Value string }

// Event is one step through a document: a start tag with its attributes in the order of SortAttrs, an end tag, or all the
// text between two tags.
type Event struct {
	Kind         byte // 'S', 'E' or 'T'
	Space, Local string
	Attrs        []Attr
	Text         string
}

// SortAttrs puts attributes in order, for comparison: XML gives them none.
func SortAttrs(list []Attr) {
	slices.SortFunc(list, func(a, b Attr) int {
		if c := strings.Compare(a.Space, b.Space); c != 0 {
			return c
		}
		if c := strings.Compare(a.Local, b.Local); c != 0 {
			return c
		}
		return strings.Compare(a.Value, b.Value)
	})
}

var errTree = errors.New("libxml2's tree has a node that is neither element, attribute nor text")

// Read is a document as libxml2's tree has it.
func Read(doc []byte) ([]Event, error) {
	if len(doc) == 0 {
		return nil, ErrNotParsed
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cdoc := C.CBytes(doc)
	defer C.free(cdoc)
	var out *C.char
	var ns C.int
	n := C.tree((*C.char)(cdoc), C.int(len(doc)), &ns, &out)
	defer C.free(unsafe.Pointer(out))
	switch {
	case n == -4:
		return nil, ErrDTD
	case n < 0:
		return nil, ErrNotParsed
	case ns == 0:
		return nil, ErrNamespaces
	}
	return decode(C.GoBytes(unsafe.Pointer(out), n))
}

// decode reads what the C function walk wrote.
func decode(b []byte) (all []Event, err error) {
	next := func() string {
		n := binary.BigEndian.Uint32(b)
		s := string(b[4 : 4+n])
		b = b[4+n:]
		return s
	}
	for len(b) > 0 {
		kind := b[0]
		b = b[1:]
		last := len(all) - 1
		switch {
		case kind == 'S':
			all = append(all, Event{Kind: 'S', Space: next(), Local: next()})
		case kind == 'A':
			all[last].Attrs = append(all[last].Attrs, Attr{next(), next(), next()})
		case kind == 'T' && all[last].Kind == 'T':
			all[last].Text += next()
		case kind == 'T':
			all = append(all, Event{Kind: 'T', Text: next()})
		case kind == 'E':
			all = append(all, Event{Kind: 'E'})
		default:
			return nil, errTree
		}
	}
	for i := range all {
		SortAttrs(all[i].Attrs)
	}
	return all, nil
}

// Package canontest asks libxml2 what it thinks of a document: the first judge
// of the canon scanner in tests. It is C and for tests only; the program does
// not link it.
package canontest

/*
#cgo pkg-config: libxml-2.0
#include <stdlib.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/c14n.h>
#include <libxml/xmlerror.h>

static void silent(void *ctx, const char *msg, ...) {}

typedef struct { xmlNodePtr top, omit; } subset;

static int visible(void *user, xmlNodePtr node, xmlNodePtr parent) {
	subset *s = user;
	xmlNodePtr n = node->type == XML_NAMESPACE_DECL ? parent : node;
	for (; n != NULL; n = n->parent) {
		if (n == s->omit) return 0;
		if (n == s->top) return 1;
	}
	return 0;
}

static xmlNodePtr element(xmlNodePtr parent, int index) {
	for (xmlNodePtr n = parent->children; n != NULL; n = n->next)
		if (n->type == XML_ELEMENT_NODE && index-- == 0) return n;
	return NULL;
}

static xmlDocPtr parse(const char *doc, int n, int *well, int *ns, int *dtd) {
	xmlSetGenericErrorFunc(NULL, silent);
	xmlParserCtxtPtr c = xmlNewParserCtxt();
	xmlDocPtr d = xmlCtxtReadMemory(c, doc, n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	*well = c->wellFormed;
	*ns = c->nsWellFormed;
	*dtd = d != NULL && xmlGetIntSubset(d) != NULL;
	xmlFreeParserCtxt(c);
	return d;
}

// exclusive returns the octets' length, or below 0: -1 not parsed, -2 not found, -3 not canonicalised, -4 DTD.
static int exclusive(const char *doc, int n, int *path, int depth, char **prefixes, int omit, int *ns, xmlChar **out) {
	int well = 0, dtd = 0, len = -1;
	xmlDocPtr d = parse(doc, n, &well, ns, &dtd);
	if (d == NULL || !well) { xmlFreeDoc(d); return -1; }
	if (dtd) { xmlFreeDoc(d); return -4; }
	subset s = { xmlDocGetRootElement(d), NULL };
	for (int i = 0; i < depth && s.top != NULL; i++) s.top = element(s.top, path[i]);
	if (s.top == NULL) { xmlFreeDoc(d); return -2; }
	if (omit) s.omit = element(s.top, 0);
	xmlOutputBufferPtr b = xmlAllocOutputBuffer(NULL);
	if (xmlC14NExecute(d, visible, &s, XML_C14N_EXCLUSIVE_1_0, (xmlChar **)prefixes, 0, b) < 0) {
		len = -3;
	} else {
		len = xmlBufUse(b->buffer);
		*out = malloc(len + 1);
		memcpy(*out, xmlBufContent(b->buffer), len);
	}
	xmlOutputBufferClose(b);
	xmlFreeDoc(d);
	return len;
}
*/
import "C"

import (
	"errors"
	"runtime"
	"unsafe"
)

// Errors of libxml2's judgement.
var (
	ErrNotParsed        = errors.New("libxml2 does not parse it")
	ErrNotFound         = errors.New("no element at the path")
	ErrNotCanonicalised = errors.New("libxml2 does not canonicalise it")
	ErrDTD              = errors.New("it has a DTD")
	ErrNamespaces       = errors.New("libxml2 calls its namespaces ill-formed")
)

// Exclusive is libxml2's exclusive canonical form, without comments, of the
// element at a path of child-element indexes from the document element. With
// omitFirst its first child element is left out.
func Exclusive(doc []byte, path []int, prefixes []string, omitFirst bool) ([]byte, error) {
	if len(doc) == 0 {
		return nil, ErrNotParsed
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cdoc := C.CBytes(doc)
	defer C.free(cdoc)
	steps := make([]C.int, len(path)+1)
	for i, p := range path {
		steps[i] = C.int(p)
	}
	list := (*[1 << 16]*C.char)(C.calloc(C.size_t(len(prefixes)+1), C.size_t(unsafe.Sizeof((*C.char)(nil)))))
	defer C.free(unsafe.Pointer(list))
	for i, p := range prefixes {
		list[i] = C.CString(p)
		defer C.free(unsafe.Pointer(list[i]))
	}
	omit := C.int(0)
	if omitFirst {
		omit = 1
	}
	var out *C.xmlChar
	var ns C.int
	n := C.exclusive((*C.char)(cdoc), C.int(len(doc)), &steps[0], C.int(len(path)), &list[0], omit, &ns, &out)
	switch {
	case n == -1:
		return nil, ErrNotParsed
	case n == -2:
		return nil, ErrNotFound
	case n == -4:
		return nil, ErrDTD
	case n < 0:
		return nil, ErrNotCanonicalised
	}
	defer C.free(unsafe.Pointer(out))
	octets := C.GoBytes(unsafe.Pointer(out), n)
	if ns == 0 {
		return octets, ErrNamespaces
	}
	return octets, nil
}

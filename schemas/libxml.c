#include "libxml.h"

#include <stdlib.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>
#include <libxml/xmlschemas.h>

/* --- embedded files --- */

enum { MAX_FILES = 16 };

static struct {
	char *url;
	const char *bytes;
	int size;
} files[MAX_FILES];
static int nfiles;

/* The only entity loader of the process: an embedded file, or nothing. */
static xmlParserInputPtr load(const char *url, const char *id, xmlParserCtxtPtr ctx)
{
	(void)id;
	for (int i = 0; url != NULL && i < nfiles; i++) {
		if (strcmp(url, files[i].url) != 0)
			continue;
		xmlParserInputBufferPtr b = xmlParserInputBufferCreateMem(files[i].bytes, files[i].size, XML_CHAR_ENCODING_NONE);
		if (b == NULL)
			return NULL;
		xmlParserInputPtr in = xmlNewIOInputStream(ctx, b, XML_CHAR_ENCODING_NONE);
		if (in == NULL)
			xmlFreeParserInputBuffer(b);
		else
			in->filename = (char *)xmlStrdup((const xmlChar *)url);
		return in;
	}
	return NULL;
}

int ccpor_serve(const char *url, const void *bytes, int size)
{
	char *name = strdup(url), *copy = malloc(size);
	if (nfiles == MAX_FILES || name == NULL || copy == NULL) {
		free(name);
		free(copy);
		return -1;
	}
	memcpy(copy, bytes, size);
	files[nfiles].url = name;
	files[nfiles].bytes = copy;
	files[nfiles].size = size;
	nfiles++;
	return 0;
}

void ccpor_install(void)
{
	xmlInitParser();
	xmlSetExternalEntityLoader(load);
}

/* --- the document as numbered elements --- */

/* next is the node after n in document order, or NULL past the end of top. */
static xmlNodePtr next(xmlNodePtr n, xmlNodePtr top)
{
	if (n->type == XML_ELEMENT_NODE && n->children != NULL)
		return n->children;
	while (n != top && n->next == NULL)
		n = n->parent;
	return n == top ? NULL : n->next;
}

/* Numbers are kept in _private, which libxml2 leaves to its caller. They stay as they are when elements are removed. */
static void number(xmlDocPtr doc)
{
	xmlNodePtr top = xmlDocGetRootElement(doc);
	uintptr_t count = 0;
	if (top == NULL || top->_private != NULL)
		return;
	for (xmlNodePtr n = top; n != NULL; n = next(n, top))
		if (n->type == XML_ELEMENT_NODE)
			n->_private = (void *)++count;
}

void ccpor_prune(uintptr_t d, const long *numbers, int n)
{
	xmlNodePtr top = xmlDocGetRootElement((xmlDocPtr)d), e = top;
	int i = 0;
	while (e != NULL && i < n) {
		xmlNodePtr after = next(e, top);
		if (e != top && e->type == XML_ELEMENT_NODE && (long)(uintptr_t)e->_private == numbers[i]) {
			xmlNodePtr up = e;
			while (up != top && up->next == NULL)
				up = up->parent;
			after = up == top ? NULL : up->next;
			xmlUnlinkNode(e);
			xmlFreeNode(e);
			i++;
		}
		e = after;
	}
}

/* --- validation --- */

enum { MAX_KEPT = 1000, MAX_TEXT = 2000 };

typedef struct {
	ccpor_report *r;
	xmlNodePtr node[MAX_KEPT];
} keeper;

static xmlNodePtr owner(xmlNodePtr n)
{
	while (n != NULL && n->type != XML_ELEMENT_NODE)
		n = n->parent;
	return n;
}

/* Since 2.12 an error is the library's own, not to be changed. */
#if LIBXML_VERSION >= 21200
typedef const xmlError *told;
#else
typedef xmlErrorPtr told;
#endif

static void keep(void *p, told err)
{
	keeper *k = p;
	ccpor_report *r = k->r;
	if (r->n == MAX_KEPT || r->memory) {
		r->dropped++;
		return;
	}
	if (r->list == NULL)
		r->list = calloc(MAX_KEPT, sizeof *r->list);
	size_t size = err->message == NULL ? 0 : strnlen(err->message, MAX_TEXT);
	char *text = r->list == NULL ? NULL : malloc(size + 1);
	if (text == NULL) {
		r->memory = 1;
		return;
	}
	memcpy(text, err->message == NULL ? "" : err->message, size);
	text[size] = 0;
	k->node[r->n] = owner(err->node);
	r->list[r->n].code = err->code;
	r->list[r->n].text = text;
	r->n++;
}

int ccpor_validate(uintptr_t schema, uintptr_t d, ccpor_report *r)
{
	xmlDocPtr doc = (xmlDocPtr)d;
	keeper k;
	k.r = r;
	if (xmlGetIntSubset(doc) != NULL)
		return CCPOR_DTD;
	xmlSchemaValidCtxtPtr ctx = xmlSchemaNewValidCtxt((xmlSchemaPtr)schema);
	if (ctx == NULL)
		return CCPOR_FAILED;
	xmlSchemaSetValidStructuredErrors(ctx, keep, &k);
	int rc = xmlSchemaValidateDoc(ctx, doc);
	xmlSchemaFreeValidCtxt(ctx);
	if (rc < 0)
		return CCPOR_FAILED;
	if (rc == 0 && r->n == 0 && r->dropped == 0)
		return r->memory ? CCPOR_FAILED : CCPOR_VALID;
	number(doc);
	for (int i = 0; i < r->n; i++)
		if (k.node[i] != NULL)
			r->list[i].element = (long)(uintptr_t)k.node[i]->_private;
	return CCPOR_INVALID;
}

void ccpor_release(ccpor_report *r)
{
	for (int i = 0; i < r->n; i++)
		free(r->list[i].text);
	free(r->list);
	r->list = NULL;
	r->n = 0;
}

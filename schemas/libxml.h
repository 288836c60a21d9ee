#ifndef CCPOR_LIBXML_H
#define CCPOR_LIBXML_H

#include <stdint.h>

/* One violation, as libxml2 tells it. element is the number of the element in document order, from 1. */
typedef struct {
	int code;
	long element;
	char *text;
} ccpor_violation;

typedef struct {
	int n;        /* violations kept */
	long dropped; /* violations beyond those kept */
	int memory;   /* nonzero when memory ran out while keeping them */
	ccpor_violation *list;
} ccpor_report;

enum { CCPOR_VALID = 0, CCPOR_INVALID = 1, CCPOR_DTD = 2, CCPOR_FAILED = 3 };

/* Serving embedded files: all ccpor_serve calls come before ccpor_install, which is called once. */
int ccpor_serve(const char *url, const void *bytes, int size);
void ccpor_install(void);

/* schema and doc are the binding's pointers. The report's list is freed by ccpor_release. */
int ccpor_validate(uintptr_t schema, uintptr_t doc, ccpor_report *r);
void ccpor_release(ccpor_report *r);

/* Removes the elements of the given numbers, ascending, with all they hold. ccpor_validate must have found the document invalid before. */
void ccpor_prune(uintptr_t doc, const long *numbers, int n);

#endif

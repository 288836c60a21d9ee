package schemas

/*
#include "libxml.h"
*/
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/lestrrat-go/libxml2/types"
	"github.com/lestrrat-go/libxml2/xsd"
)

// violation is one of libxml2's findings. Element is the number of the element in document order from 1, or 0.
type violation struct {
	code    int
	element int
	text    string
}

// verdict is libxml2's answer about a document.
type verdict struct {
	valid      bool
	violations []violation
	dropped    int // violations beyond those kept
}

func validate(s *xsd.Schema, doc types.Document) (verdict, error) {
	var r C.ccpor_report
	defer C.ccpor_release(&r)
	switch rc := C.ccpor_validate(C.uintptr_t(s.Pointer()), C.uintptr_t(doc.Pointer()), &r); rc {
	case C.CCPOR_VALID:
		return verdict{valid: true}, nil
	case C.CCPOR_INVALID:
		return verdict{violations: violations(&r), dropped: int(r.dropped)}, nil
	case C.CCPOR_DTD:
		return verdict{}, fmt.Errorf("%w: they hold a DOCTYPE", ErrUnreadable)
	default:
		return verdict{}, ErrValidator
	}
}

func violations(r *C.ccpor_report) []violation {
	list := make([]violation, 0, int(r.n))
	for _, v := range unsafe.Slice(r.list, int(r.n)) {
		list = append(list, violation{code: int(v.code), element: int(v.element), text: C.GoString(v.text)})
	}
	return list
}

// prune removes elements, given by ascending numbers, from a document that validate has found invalid.
func prune(doc types.Document, elements []int) {
	if len(elements) == 0 {
		return
	}
	numbers := make([]C.long, len(elements))
	for i, e := range elements {
		numbers[i] = C.long(e)
	}
	C.ccpor_prune(C.uintptr_t(doc.Pointer()), &numbers[0], C.int(len(numbers)))
}

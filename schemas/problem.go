package schemas

import (
	"fmt"
	"log/slog"
	"strings"
)

// Code says what kind of violation a Problem is. The list is part of the service contract.
type Code string

// The closed list of codes.
const (
	ElementMissing   Code = "ElementMissing"   // a required element is not there
	ElementUnknown   Code = "ElementUnknown"   // no such element at this place
	ElementMisplaced Code = "ElementMisplaced" // an element after one that must follow it
	ElementRepeated  Code = "ElementRepeated"  // more of an element than the schema takes
	ElementConflict  Code = "ElementConflict"  // two elements that exclude each other
	AttributeMissing Code = "AttributeMissing" // a required attribute is not there
	AttributeUnknown Code = "AttributeUnknown" // no such attribute
	TextMisplaced    Code = "TextMisplaced"    // text between elements
	ValueEmpty       Code = "ValueEmpty"       // nothing where something is needed
	ValueTooLong     Code = "ValueTooLong"     // more characters than the schema takes
	ValueNotInList   Code = "ValueNotInList"   // no word of a code list
	ValueOutOfRange  Code = "ValueOutOfRange"  // a number or day beyond the bounds
	ValueMalformed   Code = "ValueMalformed"   // not written as its type asks
	WrongRoot        Code = "WrongRoot"        // not a package at all
	Other            Code = "Other"            // anything else that libxml2 refuses
	More             Code = "More"             // stands last: problems that are not listed
)

// MaxProblems is how many problems are listed; one more says how many are not.
const MaxProblems = 200

// Problem is one violation of the schemas.
type Problem struct {
	Code    Code
	Path    string // local names, as /OrderPackage/ProtectionOrder/ProtectedPerson[2]/PersonName; [n] stands where n > 1
	Line    int    // in the canonical octets, from 1; 0 where there is no place
	Column  int    // in characters, from 1
	Element string // local name of the element that is wrong or missing
	// Text says what is wrong and what is needed, in words for a court clerk. It quotes names and never values.
	Text string
	// Value is the offending value, at most 200 characters of it. It may be a person's data: for the sender's eyes, never for a log.
	Value string
}

// Problems is every violation in one document, in document order. It is never empty.
type Problems []Problem

// Error tells the first few problems by code and path, without any value.
func (p Problems) Error() string {
	const few = 3
	var b strings.Builder
	fmt.Fprintf(&b, "the package breaks its schema (%d problems)", len(p))
	for i, q := range p {
		if i == few {
			b.WriteString("; ...")
			break
		}
		fmt.Fprintf(&b, "; line %d, column %d: %s at %s", q.Line, q.Column, q.Code, q.Path)
	}
	return b.String()
}

// Format keeps values out of every formatting, %+v and %#v included.
func (p Problem) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "line %d, column %d: %s at %s: %s", p.Line, p.Column, p.Code, p.Path, p.Text)
}

// LogValue keeps the value out of structured logs too.
func (p Problem) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(p)) }

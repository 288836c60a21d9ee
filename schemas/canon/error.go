package canon

import "fmt"

// Code says which rule of the profile a document broke.
type Code string

// The closed list of codes. They are part of the service contract: a code is
// never renamed or given another meaning.
const (
	NotUTF8               Code = "NotUTF8"               // bytes that are no UTF-8
	Encoding              Code = "Encoding"              // another encoding declared or evident, or a version other than 1.0
	TooLarge              Code = "TooLarge"              // more bytes than the profile takes
	TooDeep               Code = "TooDeep"               // more open elements
	TooManyAttributes     Code = "TooManyAttributes"     // in one start tag
	TooManyNamespaces     Code = "TooManyNamespaces"     // declarations in scope
	NameTooLong           Code = "NameTooLong"           // of an element or attribute
	BadName               Code = "BadName"               // no ASCII NCName or QName
	BadCharacter          Code = "BadCharacter"          // no XML character
	BadReference          Code = "BadReference"          // entity, or character reference to no XML character
	Doctype               Code = "Doctype"               // DOCTYPE
	ProcessingInstruction Code = "ProcessingInstruction" // anywhere
	Cdata                 Code = "Cdata"                 // anywhere
	Comment               Code = "Comment"               // anywhere
	UndeclaredPrefix      Code = "UndeclaredPrefix"      // prefix without declaration in scope
	NamespaceDeclaration  Code = "NamespaceDeclaration"  // xmlns:p="", rebinding of xml or xmlns, reference or space in the value
	NamespaceNotAllowed   Code = "NamespaceNotAllowed"   // namespace not on the allow-list
	DuplicateAttribute    Code = "DuplicateAttribute"    // by name or by expanded name
	DuplicateID           Code = "DuplicateId"           // a second attribute Id, ID, id with the value of the signed element's
	Excluded              Code = "Excluded"              // an element of a namespace that may not remain in signed content
	ForbiddenAttribute    Code = "ForbiddenAttribute"    // xsi:*, and xml:* but xml:lang and xml:space
	AttributeWhitespace   Code = "AttributeWhitespace"   // literal tab, CR or LF in an attribute value
	NotWellFormed         Code = "NotWellFormed"         // anything else that XML 1.0 does not allow
	Misuse                Code = "Misuse"                // a fault of the calling code, not of the document
)

// Error is a refusal: the rule, the place, what is wrong and what to change.
// Texts are for the sender's engineers and quote names only, never content.
type Error struct {
	Code   Code
	Line   int    // from 1; 0 where there is no place
	Column int    // in characters, from 1
	Path   string // of the open element, as Scanner.Path gives it
	What   string
	Hint   string
}

func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.What
	if e.Line > 0 {
		s = fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, s)
	}
	if e.Path != "" {
		s += " (in " + e.Path + ")"
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

package soap

import "strconv"

// Code says what is wrong with a message as an envelope or as a set of parts.
type Code string

// The closed list of codes. They are part of the service contract.
const (
	MediaType      Code = "MediaType"      // the Content-Type is none of those a SOAP message has
	Charset        Code = "Charset"        // a charset other than UTF-8
	Version        Code = "Version"        // the document element is no Envelope of SOAP 1.1 or 1.2
	VersionMix     Code = "VersionMix"     // the Content-Type says another version than the envelope
	Structure      Code = "Structure"      // not Envelope, optional Header, Body
	EmptyBody      Code = "EmptyBody"      // no operation
	CrowdedBody    Code = "CrowdedBody"    // more than one operation
	MustUnderstand Code = "MustUnderstand" // a header block that must be understood is not
	AddressingCode Code = "Addressing"     // WS-Addressing that cannot be followed
	Action         Code = "Action"         // SOAPAction or action= names another operation than the Body
	Parts          Code = "Parts"          // no well-formed multipart/related message
	TooManyParts   Code = "TooManyParts"   // more parts than MaxParts
	PartMissing    Code = "PartMissing"    // an xop:Include points to no part of this message
	PartTwice      Code = "PartTwice"      // two xop:Include point to one part, or two parts have one Content-ID
	PartUnused     Code = "PartUnused"     // nothing points to a part
)

// Error is a refusal of a message: what is wrong, where, and what to change. Texts quote names, never content.
type Error struct {
	Code   Code
	What   string
	Hint   string
	Line   int // from 1; 0 where there is no place
	Column int
	Path   string
}

func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.What
	if e.Line > 0 {
		s = "line " + strconv.Itoa(e.Line) + ", column " + strconv.Itoa(e.Column) + ": " + s
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

func refuse(c Code, what, hint string) *Error { return &Error{Code: c, What: what, Hint: hint} }

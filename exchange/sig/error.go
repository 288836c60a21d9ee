package sig

import "fmt"

// Code says which check failed.
type Code string

// The closed list of codes, part of the service contract.
const (
	WrongElement           Code = "WrongElement"           // the element to be verified has another name
	Missing                Code = "Missing"                // no signature
	NotFirstChild          Code = "NotFirstChild"          // the signature is not the first child
	TwoSignatures          Code = "TwoSignatures"          // more than one, or part of one inside the content
	Malformed              Code = "Malformed"              // the signature has another shape than the profile's
	WrongReference         Code = "WrongReference"         // not exactly one, or not to the element's own Id
	DuplicateID            Code = "DuplicateId"            // another attribute Id, ID, id has the same value
	Transform              Code = "Transform"              // transforms other than the two
	Algorithm              Code = "Algorithm"              // canonicalisation, digest or signature method outside the list
	WeakKey                Code = "WeakKey"                // RSA below 2048 bits, or another curve
	DigestMismatch         Code = "DigestMismatch"         // the content is not what was signed
	SignatureMismatch      Code = "SignatureMismatch"      // the signature value fits no registered key
	CertificateUnknown     Code = "CertificateUnknown"     // signed with a certificate that is not registered
	CertificateExpired     Code = "CertificateExpired"     // right key, past its time or its registration
	CertificateRevoked     Code = "CertificateRevoked"     // right key, revoked by the registry
	CertificateNotYetValid Code = "CertificateNotYetValid" // right key, before its time or its registration
	Unsignable             Code = "Unsignable"             // Sign was given a key or certificate it cannot use
)

// Error is a refusal: the check, the line, what is wrong and what to change.
// Texts are for the sender's engineers and quote no content.
type Error struct {
	Code Code
	Line int // from 1; 0 where there is no place
	What string
	Hint string
}

func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.What
	if e.Line > 0 {
		s = fmt.Sprintf("line %d: %s", e.Line, s)
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

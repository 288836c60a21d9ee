package sig

// Codes of messages beside those of packages.
const (
	TwoHeaders         Code = "TwoHeaders"
	NotUnderstood      Code = "NotUnderstood"
	BodyNotSigned      Code = "BodyNotSigned"
	Timestamp          Code = "Timestamp"
	TimestampMissing   Code = "TimestampMissing"
	TimestampNotSigned Code = "TimestampNotSigned"
	TimestampExpired   Code = "TimestampExpired"
	TimestampFuture    Code = "TimestampFuture"
	KeyReference       Code = "KeyReference"
)

// Meaning is a code and what it says.
type Meaning struct {
	Code Code
	Text string
}

// MessageCodes is the closed list of codes of messages' signatures, part of the service contract.
func MessageCodes() []Meaning {
	return []Meaning{
		{Missing, "the agency's messages must be signed, and this one is not"},
		{TwoHeaders, "more than one Security header for this service"},
		{NotUnderstood, "the Security header must be understood and holds something that is not"},
		{TwoSignatures, "more than one Signature in the Security header"},
		{Malformed, "Signature or Security header have another shape than the profile's"},
		{WrongReference, "a Reference to something else than Body, Timestamp, tokens and blocks of the header, or two to one element"},
		{DuplicateID, "an Id, in whatever namespace and case, stands twice in the message"},
		{Transform, "transforms other than exclusive C14N, or enveloped-signature and exclusive C14N on Body and Timestamp"},
		{Algorithm, "canonicalisation, digest or signature method outside the list"},
		{BodyNotSigned, "no Reference to the Body"},
		{TimestampMissing, "a Signature without a Timestamp"},
		{TimestampNotSigned, "no Reference to the Timestamp"},
		{Timestamp, "not one Created and at most one, later Expires, both in UTC"},
		{TimestampExpired, "past its time by more than five minutes"},
		{TimestampFuture, "created more than five minutes from now"},
		{KeyReference, "KeyInfo names the certificate in a way that is not taken, or names none that came along"},
		{CertificateUnknown, "no registered certificate is the one that KeyInfo names"},
		{CertificateExpired, "right key, past its time or its registration"},
		{CertificateRevoked, "right key, revoked by the registry"},
		{CertificateNotYetValid, "right key, before its time or its registration"},
		{WeakKey, "RSA below 2048 bits, or another curve"},
		{DigestMismatch, "a signed part is not what was signed"},
		{SignatureMismatch, "the signature value fits no registered key"},
	}
}

// MessageError is the refusal of a message for its WS-Security header; its code is one of MessageCodes.
type MessageError struct{ Refusal Error }

func (e *MessageError) Error() string { return "message: " + e.Refusal.Error() }

// Unsigned is the refusal of a message that should have been signed.
func Unsigned() error {
	return &MessageError{Error{Code: Missing, What: "the message is not signed, and those of your agency must be", Hint: "sign Body and Timestamp by WS-Security (X.509), or have your registration changed"}}
}

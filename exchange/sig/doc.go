// Package sig verifies and makes the enveloped signatures of order packages and
// of the hub's own documents, and the WS-Security signatures of whole messages.
//
// Verification reads a document with the canon scanner, from the start tag of
// the element that must be signed, which the caller found by position. The
// first child is the one ds:Signature, of one fixed shape: exclusive C14N, one
// Reference to the element's own Id, the transforms enveloped-signature and
// exclusive C14N, SHA-256, SHA-384 or SHA-512, RSA PKCS#1 v1.5 of 2048 bits and
// more or ECDSA on P-256 and P-384 (r and s side by side). What comes out is a
// Verified: the canonical octets that were signed, and who signed them. No
// other code can make one.
//
// Trust is the sender's registered certificates and nothing else. KeyInfo may be
// present and decides nothing; no chain is built, no Id is searched for, no URI
// is fetched.
//
// A message's signature (VerifyMessage) is another verifier on the same scanner:
// several references, each of which must be to what position gave (the one Body,
// the Security header's own Timestamp and tokens, blocks of Header), every Id
// unique in the message, a Timestamp in force. KeyInfo selects among the
// registered certificates. It gives no Verified: what is kept, validated and
// mapped is the package's alone.
package sig

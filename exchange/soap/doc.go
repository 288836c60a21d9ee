// Package soap reads and writes the envelopes of SOAP 1.1 and 1.2 and takes MTOM messages apart.
//
// A request is read by position on the scanner of schemas/canon: Envelope, at most one Header, one Body with one child.
// Open stops at that child, the operation, and whoever knows operations goes on from there; Close reads what must be
// nothing but ends. MTOM parts are slices of the received bytes, each pointed at exactly once by an xop:Include of the
// same message. Answers are written in the version of the request, to the addresses it asked for, by a small writer
// that escapes whatever it is given.
//
// The package knows nothing of orders or signatures. It dispatches by the element in the Body only, never by SOAPAction;
// it refuses header blocks that must be understood and are not, replies to other addresses than the connection, parts
// outside the message, parts nobody points at, and everything on which two readers of a message could differ.
package soap

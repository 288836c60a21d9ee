// Package client is a court: it signs packages, puts them into SOAP 1.1 or 1.2 envelopes with their images inline or as MTOM parts,
// posts them over mutual TLS, and reads receipts, faults and the state of what was sent.
//
// Request builds the bytes of a message without sending anything, so that they can be kept, looked at, sent again or sent by
// somebody else; Client.Post sends such bytes as they are. A package that is signed already goes into the message byte for byte.
//
// It never sends a message twice by itself: whether to try again is said by the fault (Fault.Retry), and trying again with the
// same bytes is always safe, since the hub answers the same package with the same receipt.
package client

// Package seal makes and verifies the hub's own signature on documents that the hub answers for: receipts, notices, checkpoints of
// the ledger, evidence and offline packs.
//
// A sealed document is in exclusive canonical form, with one enveloped ds:Signature as its first child, in the shape that
// exchange/sig verifies and xmlsec1 too. It says itself when it was signed (SignedDateTime), and counts only where the certificate was in
// force then: so a receipt stays good after the certificate has ended, and nothing is signed after that. Trust is the list of hub certificates
// that the reader has; several may be in it while the hub changes keys. What KeyInfo says decides nothing.
//
// The package reads no order and sends nothing. It refuses documents of other names than the reader asked for, keys that exchange/sig
// refuses, and certificates that are not in force.
package seal

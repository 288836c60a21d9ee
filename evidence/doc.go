// Package evidence makes what the hub did provable to others: it keeps the ledger over the audit log going and signs its checkpoints, writes one file with
// everything about a submission, and verifies such a file offline, with nothing but the hub's certificate.
//
// It decides nothing about orders, sends nothing, and trusts no word of a file that it verifies: bytes are digested, signatures verified and proofs
// computed anew.
package evidence

// Package identity decides who somebody is: invitations, passwords, second factors, passkeys, recovery codes, lockouts, resets and browsers' sessions, after NIST SP 800-63B-4 (AAL2) and the
// CJIS Security Policy 6.0 (IA-2, IA-5, IA-11, AC-7, AC-11, AC-12). docs/security.md says which control is met where, and by which test.
//
// Signing in takes two proofs: a password, then a one-time code, a recovery code or a passkey; or a passkey alone, on which its holder was verified. Every proof is a try that is counted before
// it is judged, whatever it is and wherever it is given; five failures lock the person out for a time, and nothing but that time or an administrator ends it: neither a reset nor another kind of proof.
//
// It knows no page and no SQL, and keeps nothing but a table of paces. It refuses without a reason that a stranger could use: who is unknown, locked out, disabled or wrong is answered alike, and
// in about the same time. It never keeps a secret in clear: passwords are hashed here, one-time secrets are sealed by the store, links and recovery codes are kept as digests. Nothing
// of what somebody typed stands in an error, a log or the audit log.
//
// Signing in at an agency's own provider is to end where the proofs of this package end: Door.admit.
package identity

// Package exchange is the SOAP endpoint: it takes signed order packages from courts and answers with receipts, faults and
// the state of what was sent.
//
// The way of a package is one function, Hub.take in intake.go: bytes as received, envelope, verified octets, valid document,
// package, checked package, kept package, receipt. Each stage is a type that only the stage before can make, and only the octets
// that a registered certificate signed are validated, mapped and kept. The receipt is written after the store's commit; a refusal
// is kept as well, with every problem that was found, and has a tracking number of its own.
//
// fault.go is the one table from errors to what a sender is told. What is not in it becomes an internal error: its text stays
// inside, and a reference ties the answer to the log. Logs hold codes, agencies, sizes and times, never what a package says.
//
// Time and trust come from outside: the clock is passed in, a sender is whose TLS certificate is registered, and that certificate's
// agency decides which signing certificates count. The package knows nothing of the switch.
package exchange

//go:generate go test -run TestFaultsDocument -update

// Package store keeps everything that the hub knows, and is the only place with SQL.
//
// A package that a court sends becomes a submission; what it says becomes a version of an order; what is owed to CARPOS
// for it becomes a transmission, which the relay sends in attempts. Accept writes all of that, the exact bytes received, the images,
// the audit entry and the relay's job in one transaction and returns after its commit, so that a receipt in a court's hands always has
// rows behind it. Submissions that arrive together share a transaction: the disk is waited for once for all of them.
//
// States are enforced by the database itself (docs/states.md); a move that it does not know is refused, whoever asks. Several hubs
// may work on one database, and any of them may die at any moment: correctness rests on rows, row locks and unique keys, never on the
// memory of one process, on NOTIFY or on advisory locks.
//
// Whoever writes locks in one order, and so without deadlock: order rows by court and identification, then submissions, then the ledger
// of OCAs, then image contents, then transmissions of the locked orders, then their place on the list of unserved ones, then words of names.
//
// The package decides nothing about a court's order: no rule, no code, no CARPOS field. It refuses what contradicts what it holds
// (another package under the same name, an order entered twice, a move out of turn) and it never deletes, but for browsers' sessions that are over and lines of the list of
// unserved orders, which is made of the rest.
//
// People who may sign in are kept here with what they prove themselves with: hashes, public keys, and secrets that are sealed before they come near the database. Who somebody is, package
// identity decides.
package store

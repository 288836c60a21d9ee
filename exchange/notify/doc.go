// Package notify tells agencies of changes: it delivers the store's notices to the listeners that agencies have registered, signed by the hub.
//
// A River job says "look at this agency". Its worker takes the agency's turn, delivers what is not delivered, in the order of the numbers, and lets go. A delivery
// that fails is tried again after a pause that grows (policy.go), without end, and nothing overtakes it; when it has failed for long, a person is told. What a hub
// leaves behind when it dies, and what nobody was woken for, is found by a sweep. So a notice comes at least once, and its number tells a repetition.
//
// Whom the hub trusts is the registration: the address is the operator's, the listener's TLS certificate must be the one registered or issued by it, and
// the hub shows its own client certificate. The package follows no redirect, uses no proxy, reads answers through the closed profile and up to a bound, and
// keeps nothing of them but codes. It refuses http but to the hub's own machine in a sandbox.
package notify

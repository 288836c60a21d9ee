// Package sim is a simulated message switch with CARPOS behind it: the switch's side of the CARPOS line profile
// (docs/carpos-profile.md) on a real TCP socket, for tests and for the sandbox.
//
// It is the second opinion on the profile. It has its own framing, its own field table, its own code tables (data/*.csv) and
// its own checks, imports nothing else of this module, and is never linked into the hub. Where hub and switch disagree, one of
// them has misread the profile.
//
// Start opens it; the zero Config is ready for a test:
//
//	s, err := sim.Start(sim.Config{})
//	...                              // dial s.Addr(), LOGON, MSG, GOT
//	s.Records(), s.History()         // what is on file, what went over the lines
//	s.Check()                        // what the switch thinks of its hubs
//
// How a request is treated. The reading goroutine of a connection judges the header (NAK 12 to 15, NAK 10 over the window),
// draws the request's fate, acknowledges it and has CARPOS (book) carry it out at once. The reply leaves ReplyAfter later, in
// the order of the requests, from a goroutine of its own: no lock is held while anything waits. With Config.Dir
// the reply also waits until the change is on disk; changes that come together share one sync. Replies belong to the
// mnemonic, not to the connection: they are repeated until their GOT, after RepeatAfter and after each LOGON.
//
// Misbehaviour. Faults holds a probability for each kind, and each request on a mnemonic draws for itself from the seed, the
// mnemonic and its ordinal: the same seed and the same requests on a line meet the same fates, however many lines there
// are. A lost reply is gone; a reply that was held back by a dropped line comes after the next LOGON. In a sandbox the
// ending of the court case number chooses the outcome (Magics).
//
// The judge (Check) knows what a hub may not do: use a control number twice, exceed the window, send anything of an order before
// its ERR was accepted, have two transactions of one order under way at once, send a transaction again whose reply it did
// not get without asking for the order, change one that it has cancelled, enter one order under two numbers.
//
// What it refuses to do: it does not authenticate beyond TLS client certificates, does not know which agency may do what (but a
// list of ORIs), does not purge, does not forward to NCIC, and does not pretend that its texts are the Department's. Unacknowledged
// replies and control numbers are not kept over a restart. Never give it data of real people: its history and its control port
// show everything.
package sim

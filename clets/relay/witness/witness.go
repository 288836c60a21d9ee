// Package witness is a second opinion on the relay, for tests: a small switch that keeps a journal, and a checker that afterwards reads the journals of
// switch and hub and says which laws they break. The harness around it is clets/relay's model test.
//
// It knows nothing of ours: neither the relay's code nor the store's. The profile it has from docs/carpos-profile.md, the states from docs/states.md, and the
// hub's rows it reads with statements of its own, so that an error of the hub is not repeated here. It changes no row, and no program links it.
package witness

import (
	"fmt"
	"time"
)

// Event is what an entry of the switch's journal tells.
type Event string

// The events.
const (
	LoggedOn  Event = "logged on"
	Closed    Event = "closed"
	Requested Event = "requested" // a request was received
	Carried   Event = "carried"   // a request was carried out, and has changed what is on record
	Acked     Event = "acked"     // ACK was sent
	Naked     Event = "naked"     // NAK was sent
	Answered  Event = "answered"  // RSP or UNS was sent, for the first time
	Confirmed Event = "confirmed" // GOT was received
)

// Entry is one entry of the switch's journal.
type Entry struct {
	At   time.Time
	What Event
	// Line is the mnemonic, Hub who had the connection, Conn the connection's number.
	Line string
	Hub  string
	Conn int
	// Control is the request's control number; empty of what was not asked for.
	Control string
	// Body is the body of what was requested or carried out, or an answer's text.
	Body string
	// Outseq is the number of an answer; Code of a NAK.
	Outseq string
	Code   int
}

// Receipt is what a court was told: this package, about this order, is kept and goes to CARPOS. Mark is what the transaction that tells CARPOS of it must bear, as "EXP/20360608";
// empty where there is no one such field.
type Receipt struct {
	Order    string
	Kind     string
	Tracking string
	Mark     string
	// Follows is the order that an added one takes the place of; empty for none.
	Follows string
}

// Breach is a law that was broken, and by what. It holds numbers of rows and of no person.
type Breach struct {
	Law  Law
	What string
}

func (b Breach) String() string { return fmt.Sprintf("%s: %s", b.Law, b.What) }

// Law is the name of one thing that must hold.
type Law string

// The laws.
const (
	// LawReceipt: what a court has a receipt for, by which it is owed to CARPOS, is kept and has its transmission.
	LawReceipt Law = "receipt"
	// LawOnce: a transmission takes effect at CARPOS once at most, and exactly once when it is accepted (or nothing was to be told).
	LawOnce Law = "once"
	// LawSequence: transmissions of an order take effect in the court's sequence, none before all earlier ones are settled, none before the entry is there.
	LawSequence Law = "sequence"
	// LawContent: what is sent for a package is what that package said.
	LawContent Law = "content"
	// LawNumber: the order's FCN is the one that the switch gave it.
	LawNumber Law = "number"
	// LawStored: no request reaches the switch that was not stored before, byte for byte.
	LawStored Law = "stored"
	// LawGot: nothing is confirmed that was not stored before, and settled where it answers a request of the hub's.
	LawGot Law = "got"
	// LawControl: no control number is used twice.
	LawControl Law = "control"
	// LawLookup: what may be with CARPOS is looked up before it is sent again, and not sent again when it is there.
	LawLookup Law = "look-up"
	// LawEvidence: every verdict rests on what the switch said.
	LawEvidence Law = "evidence"
	// LawOverlap: of an order's transmissions one at most is under way.
	LawOverlap Law = "overlap"
	// LawWindow: a line has no more unanswered requests than its window.
	LawWindow Law = "window"
	// LawLine: a line is used by one hub at a time.
	LawLine Law = "line"
	// LawStuck: nothing is in a state in which nobody has the next move.
	LawStuck Law = "stuck"
	// LawReason: what is held or given up says why, and only a person gives up.
	LawReason Law = "reason"
	// LawAudit: every move is in the audit log.
	LawAudit Law = "audit"
	// LawMove: every move is one that the drawn states allow for what happened.
	LawMove Law = "move"
	// LawLate: an acceptance counts, whenever it comes.
	LawLate Law = "late"
	// LawPerson: a reply to no known request is kept for a person.
	LawPerson Law = "person"
	// LawFollows: when CARPOS has an order and the one that it follows, the earlier one is ended there.
	LawFollows Law = "follows"
)

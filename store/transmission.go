package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"ccpor/mapping/order"
)

// TransmissionID is the number of one CARPOS transaction owed for an order.
type TransmissionID int64

// AttemptID is the number of one sending of a transmission, or of one look-up for it.
type AttemptID int64

// InboundID is the number of one message that came from the switch.
type InboundID int64

// TransmitArgs is the River job that wakes the relay: "one more is due". Which transmission goes is chosen when a line has a free place (Choose); the number
// only says which one brought the job. At any time there are at least as many jobs that are due as transmissions; one too many finds that there is nothing to do.
type TransmitArgs struct {
	TransmissionID int64 `json:"transmission_id"`
}

// Kind is the name of the job in River's tables.
func (TransmitArgs) Kind() string { return "transmit" }

// FollowArgs is the River job that cancels at CARPOS what an order follows, once CARPOS has both.
type FollowArgs struct {
	OrderID int64 `json:"order_id"`
}

// Kind is the name of the job in River's tables.
func (FollowArgs) Kind() string { return "follow" }

// FollowQueue is the queue of FollowArgs: they do not wait behind the wake-ups of a backlog.
const FollowQueue = "follow"

// InsertOpts names the queue.
func (FollowArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: FollowQueue} }

// Transmission is one CARPOS transaction owed for an order.
type Transmission struct {
	ID   TransmissionID
	Kind Kind
	// Seq is its place among the order's transactions: 1 is the entry, whenever that comes.
	Seq   int
	State TransmissionState
	// OCA is the order's number of ours, 1 to 20 of A-Z0-9-, unique per order and never given twice.
	OCA string
	// Tries counts sendings begun, look-ups not.
	Tries int
	// Reason, Field and Item say why it is held or was given up: the CARPOS field and the item of the form that it is about.
	Reason, Field, Item string
}

// Work is all that a worker needs for one transmission, as it stands now.
type Work struct {
	Transmission
	Tracking order.Tracking
	// Correlation is that of the request that brought the package, Received when it came.
	Correlation string
	Received    time.Time
	// Action is what the package did that brought it.
	Action Action
	// Order is the order as CARPOS is to have it: for an entry the version that it takes there (1, or the newest after a correction freed it), for a change
	// the version that its package brought, for everything else the one that CARPOS has from the hub. Version is its number.
	Order   order.Order
	Version int
	// Known is the order as CARPOS had it before this transmission, to judge the package by; its Order is empty for an entry.
	Known Known
	// Exactly one of these is set for what follows an order, but for what the order that followed it ended: that is a Cancellation.
	Modification *order.Modification
	Service      *order.Service
	Cancellation *order.Cancellation
	Supplement   *order.Supplement
	Violation    *order.Violation // that a person of the hub reports
	// Recorded says that the Service came in no package: law enforcement recorded it here.
	Recorded bool
	// Confidential is the newest that has come for the order; for entries and changes only.
	Confidential *order.Confidential
	// Record are the bodies of the order's entry and changes as CARPOS has accepted them, in their sequence; empty for an entry.
	Record [][]byte
	// Sent is the body of this transmission's last sending, nil before the first.
	Sent []byte
	// Agency entered the order; the transaction goes out on its behalf. Submitter sent this transmission's package; mostly the same.
	Agency    Agency
	Submitter Agency
	FCN       order.FCN
	NIC       string
	// Test forbids sending to any but a test switch.
	Test bool
	Due  time.Time
	// Unknown says that the outcome of an earlier sending is not known: it is looked up before anything is sent again. BeginAttempt
	// refuses a sending as long as it stands.
	Unknown bool
	// Busy says that an attempt is under way, by this hub or another.
	Busy bool
	// Seen counts what had come for the order when this was read; it goes into Hold.
	Seen int
	// Corrections are what people of the hub supplied for the order, the newest of each field.
	Corrections []Correction
	// Images are all that have come for the order, in whatever package.
	Images []ImageRef
	// Replies are stored replies to attempts of this transmission which nobody has handled: a hub died between storing and judging them.
	// They are judged before anything is looked up or sent.
	Replies []Inbound
}

// ImageRef names an image without its content.
type ImageRef struct {
	order.Document
	Tracking order.Tracking
}

// Purpose is what an attempt is for.
type Purpose string

// The purposes of attempts.
const (
	PurposeSend   Purpose = "send"   // the transaction itself; for a transmission that is ready
	PurposeLookup Purpose = "lookup" // an inquiry whether it is there; for a transmission that is unknown
)

// Attempt is one sending, as it begins.
type Attempt struct {
	Transmission TransmissionID
	Purpose      Purpose
	// Control is the message's control number, from NextControl.
	Control string
	// Line is the mnemonic of the line.
	Line string
	// Bytes is the body exactly as it will be sent, 1 to 16384 bytes.
	Bytes []byte
	// Notes say what was spelled otherwise, shortened or left out of the order in the bytes; they go into the audit log, and hold no values.
	Notes string
	At    time.Time
}

// AttemptRef finds an attempt again by its control number.
type AttemptRef struct {
	ID           AttemptID
	Transmission TransmissionID
	Purpose      Purpose
	Line         string
	At           time.Time
	// Verdict is empty while the attempt is under way.
	Verdict Verdict
}

// Inbound is a message from the switch as it is kept.
type Inbound struct {
	ID      InboundID
	Line    string
	OutSeq  string
	Control string // empty for an unsolicited message
	Text    string
	At      time.Time
	// Attempt and Transmission are those that the control number belongs to, zero when none does.
	Attempt      AttemptID
	Transmission TransmissionID
}

// Verdict is what became of an attempt.
type Verdict string

// The verdicts, and the state into which each moves the transmission.
const (
	VerdictAccepted Verdict = "accepted" // accepted
	VerdictOnFile   Verdict = "onFile"   // accepted: CARPOS had it already
	VerdictRejected Verdict = "rejected" // held: refused for a reason that another try will not change
	VerdictRetry    Verdict = "retry"    // nothing was entered, try again: ready (a look-up: stays unknown), with a job at RetryAt
	VerdictUnknown  Verdict = "unknown"  // unknown, with a job at RetryAt
	VerdictNotFound Verdict = "notFound" // of a look-up only: ready, with a job at RetryAt
	VerdictHeld     Verdict = "held"     // held: a person has to look
	VerdictGaveUp   Verdict = "gaveUp"   // given up
)

// Outcome is how an attempt ended.
type Outcome struct {
	Verdict Verdict
	// FCN and NIC are CARPOS's and NCIC's numbers, where the reply gave them. An acceptance of an entry must bring an FCN.
	FCN order.FCN
	NIC string
	// Code is the number of the reject or NAK, zero for none.
	Code int
	// Text says in words what happened; it must hold no personal data, since pages and logs show it.
	Text string
	// Field and Item name the CARPOS field at fault and the item of the form, for a transmission that gets held.
	Field, Item string
	// RetryAt is when the next job is due; zero means At.
	RetryAt time.Time
	// Inbound is the stored reply on which this verdict rests; it counts as handled in the same transaction. Zero for none.
	Inbound InboundID
	At      time.Time
}

// Finished is what Finish did.
type Finished struct {
	State TransmissionState
	// Next is the order's next transmission, made ready in the same transaction; zero for none.
	Next TransmissionID
}

// Hold is why a transmission waits for a person.
type Hold struct {
	// Reason is a sentence for that person, without personal data.
	Reason string
	// Field is the CARPOS field, Item the item of the form.
	Field, Item string
	// Seen is that of the Work on which the decision rests. An entry of whose order more has come since, or a later version, is looked at again instead.
	Seen int
	At   time.Time
}

// Lease is a hub's right to a line for a time. A line's mnemonic belongs to one hub at a time.
type Lease struct {
	Line   string
	Holder string
	// Term counts the holders' turns; a hub that lost a lease and gets it back has a later one.
	Term  int64
	Until time.Time
}

// Errors of the relay's side.
var (
	// ErrNotFound says that there is no such thing.
	ErrNotFound = errors.New("there is no such record")
	// ErrNotReady says that the transmission is not there to be taken: another worker has it, or it has moved on. Nothing was changed.
	ErrNotReady = errors.New("the transmission is not there to be taken")
	// ErrUnsettled says that an earlier sending's outcome is unknown, so that nothing may be sent before it was looked up.
	ErrUnsettled = errors.New("an earlier sending's outcome is unknown and has to be looked up first")
	// ErrLeased says that another hub has the line.
	ErrLeased = errors.New("another hub has the line")
	// ErrLostLease says that the lease has passed to another hub or run out: whoever gets this closes the line at once.
	ErrLostLease = errors.New("the lease of the line is lost")
)

// MoveError says that a transmission's state does not allow what was asked.
type MoveError struct {
	Transmission TransmissionID
	From         TransmissionState
	Asked        string
}

func (e *MoveError) Error() string {
	return fmt.Sprintf("transmission %d is %s: it cannot be %s", e.Transmission, e.From, e.Asked)
}

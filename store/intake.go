package store

import (
	"fmt"
	"time"

	"ccpor/mapping/order"
)

// Action is what a package does.
type Action string

// The actions of packages.
const (
	ActionAdd    Action = "add"    // a new order
	ActionModify Action = "modify" // an order as it stands after a change
	ActionCancel Action = "cancel" // an order no longer stands
	ActionServe  Action = "serve"  // a proof of service of an order
	ActionAttach Action = "attach" // images or confidential information of an order
)

// Accepted is a package that passed every check and is to be kept. Exactly one of Order (add, modify), Service (serve), Cancellation (cancel) and
// Supplement (attach) is set: the subject that its action asks for.
type Accepted struct {
	Agency  Agency
	Package order.LocalID
	Action  Action
	// Received is what came over the wire.
	Received Received
	// Canonical is the SHA-256 of the signed canonical octets; Signer of the signing certificate (DER).
	Canonical [32]byte
	Signer    [32]byte
	// Algorithm is the signature algorithm's short name.
	Algorithm string
	// Test is the package's test flag; the agency's own counts as well.
	Test bool

	// Order is the whole order as it stands now; Modification says why a modify changed it.
	Order        *order.Order
	Modification *order.Modification
	Service      *order.Service
	Cancellation *order.Cancellation
	Supplement   *order.Supplement
	// Confidential may come with an order or a supplement; it is kept apart from both.
	Confidential *order.Confidential
	Notes        []order.Note
	// Warnings are what the rules noticed and the receipt says.
	Warnings []Problem
	// Images are stored as they are; their contents must not be changed any more, even when Accept has returned with its context's error.
	Images   []Image
	Deadline Deadline
}

// Deadline is until when the order has to be in CARPOS, and the rule that says so.
type Deadline struct {
	Due  time.Time
	Rule string
}

// Received is what came over the wire and how it went.
type Received struct {
	At time.Time
	// Peer is the sender's network address.
	Peer string
	// Wire is the exact body of the request; it is kept compressed, byte for byte.
	Wire []byte
	// Digest is the SHA-256 of Wire.
	Digest [32]byte
	// ContentType is the header that says how to read Wire; where it is compressed, a second line says "Content-Encoding: gzip".
	ContentType string
	// Correlation ties logs, answers and rows of one request together.
	Correlation string
	Stages      []Stage
	// Replay is set for what a replayer sends on behalf of the agency.
	Replay *Replay
}

// Replay says where a package was first received, and who sent it again. At is then when it was first received.
type Replay struct {
	Of order.Tracking
	By order.ORI
}

// of is the tracking number at the origin, empty for what is no replay.
func (r *Replay) of() string {
	if r == nil {
		return ""
	}
	return string(r.Of)
}

// by names the replayer in the audit log, before the agency.
func (r *Replay) by() string {
	if r == nil {
		return ""
	}
	return "replayer " + string(r.By) + " for "
}

// Stage is one stage of the intake as it went.
type Stage struct {
	Name  string    `json:"name"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	OK    bool      `json:"ok"`
	Text  string    `json:"text,omitempty"`
}

// Image is a document of the package with its content. Document.SHA256 names the content: equal contents are stored once.
type Image struct {
	order.Document
	Content []byte
}

// Receipt is what the sender is told after the commit. The same package gets the same receipt each time, but for Duplicate.
type Receipt struct {
	Tracking order.Tracking
	// At is when the first copy was received, Digest the SHA-256 of that copy's wire bytes.
	At     time.Time
	Digest [32]byte
	Due    time.Time
	Rule   string
	State  SubmissionState
	// Duplicate says that the package had been accepted before, and that nothing happened this time.
	Duplicate bool
	// Owed says whether CARPOS is to be told; NotOwed says why it is not.
	Owed    bool
	NotOwed NotOwed
	// Waits says in words what the package waits for, e.g. a change for its order; empty when for nothing.
	Waits string
}

// NotOwed is why nothing is owed to CARPOS for a package; empty when something is.
type NotOwed string

// The reasons why nothing is owed.
const (
	NotOwedAgency  NotOwed = "agency"  // the agency enters its orders itself
	NotOwedTest    NotOwed = "test"    // a test package, and the hub's switch is not a test switch
	NotOwedOrder   NotOwed = "order"   // nothing is owed for the order that it is about
	NotOwedGivenUp NotOwed = "givenUp" // the order's entry was given up, so that nothing can follow it
	NotOwedImage   NotOwed = "image"   // images alone: CARPOS takes none
)

// Refused is a package that is turned away. It is kept with every reason.
type Refused struct {
	// Agency and its ORI are zero when the sender is not known; Package and Action are empty when they could not be read.
	Agency   AgencyID
	ORI      order.ORI
	Package  order.LocalID
	Action   Action
	Test     bool
	Received Received
	// At is when the hub turned it away, for the audit log.
	At time.Time
	// Stage and Code say where and by which fault the package was turned away.
	Stage    string
	Code     string
	Problems []Problem
}

// Problem is one thing wrong with a refused package, in words a court clerk understands.
type Problem struct {
	Code     string `json:"code"`
	Rule     string `json:"rule,omitempty"`
	Severity string `json:"severity,omitempty"` // error or warning
	Text     string `json:"text"`
	Path     string `json:"path,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Element  string `json:"element,omitempty"`
	// Value is the court's own word and may be personal data: shown to the sender, never logged.
	Value    string `json:"value,omitempty"`
	Citation string `json:"citation,omitempty"`
	Fix      string `json:"fix,omitempty"`
	Whose    string `json:"whose,omitempty"`
}

// ConflictError says that the agency has used the package's identification before, for other content.
type ConflictError struct {
	Package order.LocalID
	// Tracking is the first package's.
	Tracking order.Tracking
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("package %s was accepted before with other content, as %s", e.Package, e.Tracking)
}

// OrderExistsError says that the order was added before, by another package.
type OrderExistsError struct {
	Court order.ORI
	Order order.LocalID
	// Tracking is that of the package that added it.
	Tracking order.Tracking
}

func (e *OrderExistsError) Error() string {
	return fmt.Sprintf("order %s of %s was added before, as %s", e.Order, e.Court, e.Tracking)
}

package store

import (
	"time"

	"ccpor/mapping/order"
)

// MessageKind is what a message of the switch was understood as.
type MessageKind string

// The kinds of messages (profile section 3).
const (
	MessageReply     MessageKind = "reply" // an answer to a control number
	MessageService   MessageKind = "serviceNotice"
	MessageViolation MessageKind = "violationNotice"
	MessageNCIC      MessageKind = "ncicReject"
	MessageAdmin     MessageKind = "administrative"
	MessageUnknown   MessageKind = "unrecognised"
)

// Wait says why a message waits for a person of the hub; empty: it does not.
type Wait string

// What a message can wait for.
const (
	WaitUnknown   Wait = "unknown"
	WaitCut       Wait = "cut"
	WaitMalformed Wait = "malformed"
	WaitStray     Wait = "stray"
	WaitNoOrder   Wait = "noOrder" // the one that may end by itself
	WaitOrders    Wait = "severalOrders"
	WaitName      Wait = "otherName"
	WaitNumber    Wait = "otherNumber"
	WaitNCIC      Wait = "ncic"
	WaitAdmin     Wait = "administrative"
)

// waits says each in a sentence.
var waits = map[Wait]string{
	WaitUnknown:   "The text is none that is known.",
	WaitCut:       "The text ends in the middle of a line: something is missing.",
	WaitMalformed: "The notice lacks what its effect needs, or says it in a way that is not known.",
	WaitStray:     "It answers a request that no hub of this database has sent.",
	WaitNoOrder:   "No order here has CARPOS's number in it. It is looked at again when one gets that number.",
	WaitOrders:    "Several orders here have CARPOS's number in it.",
	WaitName:      "The order with CARPOS's number is against a person of another name.",
	WaitNumber:    "The order with CARPOS's number was entered under another number of the entering agency.",
	WaitNCIC:      "CARPOS has the order and NCIC does not.",
	WaitAdmin:     "The switch's operators tell something.",
}

// Sentence says in words why a message waits; empty where it does not.
func (w Wait) Sentence() string { return waits[w] }

// Matchable says that the message could be read and no order was found for it: a person may know which one it is about.
func (w Wait) Matchable() bool {
	return w == WaitNoOrder || w == WaitOrders || w == WaitName || w == WaitNumber
}

// Understood is what was made of an unsolicited message, or of a reply to nobody.
type Understood struct {
	Message InboundID
	Kind    MessageKind
	FCN     order.FCN
	// Order is the key of the order that it is about (OrdersOfFCN), zero where that is not certain.
	Order int64
	// Exactly one is set for what is to take effect as service or as a violation.
	Service   *order.Service
	Violation *order.Violation
	// Wait says why a person has to look, Why which field is the cause, without values.
	Wait Wait
	Why  string
	// Who is the person who decided it; empty for the hub itself, which never decides about a message a second time but for WaitNoOrder.
	Who string
	At  time.Time
}

// Filed is an order as CARPOS has it under a number.
type Filed struct {
	Order int64
	OCA   string
	// Names are the restrained person's in the versions of the order, without repetitions.
	Names []order.Name
}

// OrderName is an order by its court's identification, with the submission that added it.
type OrderName struct {
	Court    order.ORI
	ID       order.LocalID
	Tracking order.Tracking
}

// Message is a message of the switch as it stands, without its text.
type Message struct {
	ID      InboundID
	Line    string
	OutSeq  string
	Control string // empty for an unsolicited message
	At      time.Time
	Kind    MessageKind // empty: not looked at yet
	FCN     order.FCN
	Wait    Wait
	Why     string
	// Order is the order that it is about, nil where none is known.
	Order *OrderName
	// HandledAt is zero as long as it waits; Handled says what was done.
	HandledAt time.Time
	Handled   string
}

// MessageQuery asks for messages, newest first. Empty fields leave nothing out.
type MessageQuery struct {
	Kind      MessageKind
	Line      string
	Unhandled bool
	Before    InboundID
	Limit     int
}

// InboxCount is how many messages of one kind nobody has handled, and since when the oldest waits.
type InboxCount struct {
	Kind   MessageKind
	Count  int
	Oldest time.Time
}

// Reported is what CARPOS told of an order without being asked.
type Reported struct {
	Message InboundID
	// Kind is MessageService, MessageViolation or MessageNCIC; the last stands here only as long as nobody has handled it.
	Kind MessageKind
	At   time.Time
	// Service or Violation is what a notice says.
	Service   *order.Service
	Violation *order.Violation
}

// ViolationStatus is a violation that a person of the hub reports to CARPOS on behalf of an agency.
type ViolationStatus struct {
	Agency order.ORI
	Report string
	Person string
	At     time.Time
	// Transmission is its VRR.
	Transmission TransmissionStatus
}

package store

import (
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
)

// Status is everything that is known of one submission, as the SOAP status, the command line and the pages show it.
type Status struct {
	Tracking order.Tracking
	// Agency is the sender; its ORI is empty when it was not known.
	Agency  Agency
	Package order.LocalID
	Action  Action
	Test    bool
	State   SubmissionState

	ReceivedAt  time.Time
	Peer        string
	Digest      [32]byte // SHA-256 of the wire bytes
	WireBytes   int64
	Canonical   [32]byte
	Signer      [32]byte
	Algorithm   string
	Correlation string
	Stages      []Stage
	Notes       []order.Note
	// Warnings are what the rules noticed about an accepted package.
	Warnings []Problem
	// ReplayOf is the package's tracking number where it was first received; empty for what is no replay.
	ReplayOf order.Tracking

	// RefusedStage, RefusedCode and Problems are set when it was refused.
	RefusedStage string
	RefusedCode  string
	Problems     []Problem

	Due     time.Time
	DueRule string
	Owed    bool
	NotOwed NotOwed

	// Order is the order that the package is about; nil for a refused one.
	Order  *OrderSummary
	Images []ImageRef
	// Supplied are what people of the hub supplied to CARPOS for the order, without the values.
	Supplied []Correction
	// Transmissions are those that this package brought.
	Transmissions []TransmissionStatus
	// Next says what happens next, and whose move it is.
	Next Move
}

// OrderSummary is an order without what is in it.
type OrderSummary struct {
	Court order.ORI
	ID    order.LocalID
	Case  order.CaseNumber
	// Access and Test decide with the court who sees it; Access is empty while the order itself has not come.
	Access  order.Access
	Test    bool
	Version int // 0 while the order itself has not come
	OCA     string
	FCN     order.FCN
	NIC     string
	AddedBy order.Tracking
	// CancelledBy is the submission that ended it; empty while it stands.
	CancelledBy order.Tracking
	// Follows is the submission of the order that this one follows, FollowedBy that of the first one that follows it; each is empty where none has come.
	Follows, FollowedBy order.Tracking
	// Reported is what CARPOS told of it unasked, oldest first; UnsentProofs counts proofs of service that CARPOS has not got from the hub while it reports another
	// agency's service: a person compares them.
	Reported     []Reported
	UnsentProofs int
	// Violations are those that people of the hub report to CARPOS.
	Violations []ViolationStatus
	// Recorded are services that law enforcement recorded here.
	Recorded []RecordedStatus
}

// Object is the order as far as it decides who sees it. One that has not come yet is taken for sealed.
func (o OrderSummary) Object() access.Object {
	class := o.Access
	if class == "" {
		class = order.AccessSealed
	}
	return access.Object{Court: o.Court, ID: o.ID, Access: class, Test: o.Test}
}

// TransmissionStatus is one transmission with all its attempts, the first one first.
type TransmissionStatus struct {
	Transmission
	// RetryAt is when the next try is due; zero when none is.
	RetryAt   time.Time
	ChangedAt time.Time
	Attempts  []AttemptStatus
}

// AttemptStatus is one attempt as it went; times that have not come are zero.
type AttemptStatus struct {
	ID         AttemptID
	Purpose    Purpose
	Control    string
	Line       string
	Hub        string
	At         time.Time
	SentAt     time.Time
	AckedAt    time.Time
	FinishedAt time.Time
	Verdict    Verdict
	Code       int
	Text       string
}

// Move is a next step and whose it is.
type Move struct {
	Whose    Party
	Sentence string
}

// Party is somebody whose move it can be.
type Party string

// The parties.
const (
	PartyNobody Party = "nobody" // it is done
	PartyCourt  Party = "court"
	PartyHub    Party = "hub"
	PartyCarpos Party = "CARPOS"
	PartyPerson Party = "person of the hub"
)

// Summary is one line of a list of submissions.
type Summary struct {
	// Number counts submissions up.
	Number     int64
	Tracking   order.Tracking
	AgencyORI  order.ORI
	AgencyName string
	Package    order.LocalID
	Action     Action
	Test       bool
	State      SubmissionState
	ReceivedAt time.Time
	Due        time.Time
	// RefusedCode is set when it was refused.
	RefusedCode string
	Owed        bool
	// Transmission is the state of its transmission, empty when there is none.
	Transmission TransmissionState
	Next         Move
}

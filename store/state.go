package store

// SubmissionState is where a package stands with the hub. Both states that are ever stored are final: what becomes of it at
// CARPOS is told by its transmissions.
type SubmissionState string

// The states of a submission.
const (
	SubmissionRefused  SubmissionState = "refused"  // final; the court sends a corrected package
	SubmissionAccepted SubmissionState = "accepted" // final; the hub has it and answers for it
)

// TransmissionState is where one CARPOS transaction stands; docs/states.md draws the moves, and the database refuses all others.
type TransmissionState string

// The states of a transmission.
const (
	StateWaiting  TransmissionState = "waiting"  // the hub's move, once what the court made earlier for the order is settled
	StateReady    TransmissionState = "ready"    // the hub's move: send it
	StateSending  TransmissionState = "sending"  // the hub's move: its bytes are stored and on their way to the line
	StateSent     TransmissionState = "sent"     // CARPOS's move: answer
	StateAccepted TransmissionState = "accepted" // final: CARPOS has it
	StateHeld     TransmissionState = "held"     // the move of a person of the hub: correct and release, or give up
	StateUnknown  TransmissionState = "unknown"  // the hub's move: look it up before anything is sent again
	StateGivenUp  TransmissionState = "given_up" // final: a person gave it up, with a reason
)

// Final says that nothing follows this state.
func (s TransmissionState) Final() bool { return s == StateAccepted || s == StateGivenUp }

// Kind is the CARPOS transaction that a transmission is.
type Kind string

// The kinds of transmissions (profile section 2).
const (
	KindEnter   Kind = "ERR" // enter an order
	KindModify  Kind = "MRR" // what has changed of it
	KindCancel  Kind = "XRR" // it no longer stands
	KindServe   Kind = "SRR" // proof of service
	KindViolate Kind = "VRR" // a violation, reported by a law-enforcement agency
)

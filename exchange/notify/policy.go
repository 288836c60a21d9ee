package notify

import "time"

// pauses are those after the first, second, ... failure in a row; the last holds for all that follow, for days.
var pauses = []time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}

// jitter spreads a pause over 80 to 120 per cent of it, so that what failed together does not come again together.
const jitter = 0.2

// pause is that after the nth failure in a row, n from 1, with chance from 0 to 1.
func (n *Notifier) pause(fails int) time.Duration {
	d := float64(pauses[min(max(fails, 1), len(pauses))-1]) * n.cfg.Scale
	return time.Duration(d * (1 - jitter + 2*jitter*n.cfg.Jitter()))
}

// Code says what became of a delivery; it is all that is kept of one that failed. "" is a confirmed one.
type Code string

// The codes. A fault's is "fault." and the fault code that SOAP defines, another HTTP status's "http" and the status.
const (
	Confirmed     Code = ""
	BadAddress    Code = "badAddress"
	NotReached    Code = "notReached"
	Timeout       Code = "timeout"
	Certificate   Code = "certificate"
	Unreadable    Code = "unreadable"
	WrongNumber   Code = "wrongNumber"
	TooLong       Code = "tooLong"
	Redirected    Code = "redirected"
	FaultSender   Code = "fault.sender"
	FaultReceiver Code = "fault.receiver"
	FaultOther    Code = "fault.other"
)

// meaning says in plain words what a code means and who does what.
var meaning = map[Code]string{
	Confirmed:     "The listener confirmed the notice.",
	BadAddress:    "The registered address is none that the hub uses: https is needed. Register another one.",
	NotReached:    "Nobody answers at the registered address, or the connection broke. The court looks whether its listener runs and whether its firewall lets the hub in.",
	Timeout:       "The listener did not answer in time. The court looks at its listener.",
	Certificate:   "The listener's certificate is not the registered one, nor issued by it, or not for this name, or not valid now; or the listener refused the hub's own. Compare with the court, and register the new one.",
	Unreadable:    "The answer is no NotifySubmissionStatusResponse that the hub can read. The court compares its listener with the contract (?wsdl=listener).",
	WrongNumber:   "The listener confirmed another number than that of the notice. The court mends its listener.",
	TooLong:       "The answer is longer than any that the contract has. The court looks at what is at the address.",
	Redirected:    "The address answers with a redirect, which the hub does not follow. Register the address that is meant.",
	FaultSender:   "The listener refused the notice as wrong. The court's log says why; often it lacks the hub's certificate.",
	FaultReceiver: "The listener had a fault of its own. The court looks at its log.",
	FaultOther:    "The listener answered with a fault. The court looks at its log.",
}

// Meaning is what the code means, and who does what, in plain words.
func (c Code) Meaning() string {
	if m, ok := meaning[c]; ok {
		return m
	}
	return "The address answered with " + string(c) + " and not with SOAP. The court looks at what is there."
}

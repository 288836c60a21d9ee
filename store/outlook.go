package store

import (
	"slices"
	"time"

	"ccpor/mapping/order"
)

// Standing is how a transmission stands to its deadline.
type Standing string

// The standings. What the hub does not owe, and tests, have none.
const (
	StandingNone    Standing = ""         // no clock of the hub's runs
	StandingInTime  Standing = "in time"  // not settled, and no warning is due
	StandingAtRisk  Standing = "at risk"  // not settled, and the first warning share of its time has passed
	StandingLate    Standing = "late"     // not settled, and its deadline has passed
	StandingMet     Standing = "met"      // CARPOS accepted it by its deadline
	StandingMetLate Standing = "met late" // CARPOS accepted it afterwards
	StandingGivenUp Standing = "given up" // the hub will not send it
)

// graveness orders standings, the one that needs a person most first.
var graveness = []Standing{StandingLate, StandingAtRisk, StandingInTime, StandingGivenUp, StandingMetLate, StandingMet, StandingNone}

// Clock is all that the outlook of one transmission rests on.
type Clock struct {
	// Received is when the package came, Due when CARPOS must have it; a zero Due: no deadline is known.
	Received, Due time.Time
	Test          bool
	// NotOwed says why the hub owes nothing, where it does not; EnteredBy who enters it instead, empty: the agency itself.
	NotOwed   NotOwed
	EnteredBy order.ORI
	// State is the transmission's, Settled when it came into it; Settled counts for final states.
	State   TransmissionState
	Settled time.Time
	// Orderless says that the order itself has not come yet.
	Orderless bool
}

// Outlook says whether a deadline will be met.
type Outlook struct {
	Standing Standing
	// Share is the highest of the warning shares that have passed; 0 for none, and for what is not at risk.
	Share float64
	// Delay is whose delay it is, of what is late or was: the court's, where the package came after its deadline; else nobody is named.
	Delay Party
	// Sentence says in words what the standing does not: whose delay it is, and what keeps it from moving. It may be empty.
	Sentence string
}

// Outlook judges the clock at a moment. warn are the shares, above 0 and below 1, of the time between receipt and deadline at which somebody is warned. The deadline counts from issuance
// (Fam. Code 6380(a)); a share is one of the time that was left when the package came, since before that nobody here could do anything.
func (c Clock) Outlook(now time.Time, warn []float64) Outlook {
	if sentence, none := c.none(); none {
		return Outlook{Sentence: sentence}
	}
	o := Outlook{}
	switch {
	case c.State == StateGivenUp:
		o.Standing = StandingGivenUp
	case c.State == StateAccepted && c.Settled.After(c.Due):
		o.Standing = StandingMetLate
	case c.State == StateAccepted:
		o.Standing = StandingMet
	case now.After(c.Due):
		o.Standing = StandingLate
	default:
		o.Standing = StandingInTime
		if o.Share = c.share(now, warn); o.Share > 0 {
			o.Standing = StandingAtRisk
		}
	}
	if c.Received.After(c.Due) && (o.Standing == StandingLate || o.Standing == StandingMetLate) {
		o.Delay = PartyCourt
	}
	o.Sentence = c.sentence(o)
	return o
}

// none says why no clock of the hub's runs, where none does.
func (c Clock) none() (sentence string, none bool) {
	switch {
	case c.Test:
		return "A test has no deadline.", true
	case c.NotOwed == NotOwedAgency:
		who := "the agency itself"
		if c.EnteredBy != "" {
			who = string(c.EnteredBy)
		}
		return "The hub does not send it: " + who + " has to enter it into CARPOS by the deadline.", true
	case c.NotOwed != "" && (c.State == "" || c.State == StateGivenUp), c.State == "":
		return "", true
	case c.Due.IsZero():
		return "No deadline is set for it.", true
	}
	return "", false
}

// share is the highest share that has passed, 0 for none.
func (c Clock) share(now time.Time, warn []float64) (highest float64) {
	for _, w := range warn {
		if at := c.Received.Add(time.Duration(w * float64(c.Due.Sub(c.Received)))); w > highest && !now.Before(at) {
			highest = w
		}
	}
	return highest
}

func (c Clock) sentence(o Outlook) string {
	var says string
	switch {
	case o.Standing == StandingGivenUp:
		return "The hub does not send it; whoever gave it up sees to it that CARPOS has it otherwise."
	case o.Delay == PartyCourt:
		says = "It came after its deadline: the delay is the sender's, not the hub's."
	case o.Standing == StandingLate:
		says = "Its deadline passed while the hub had it."
	case o.Standing == StandingMetLate:
		says = "The hub had it before its deadline, and CARPOS afterwards."
	}
	stuck := c.stuck()
	if says != "" && stuck != "" {
		says += " "
	}
	return says + stuck
}

// stuck says what it waits for, where it does not move by itself.
func (c Clock) stuck() string {
	switch {
	case c.State == StateHeld:
		return "Nothing moves until a person of the hub acts."
	case c.State == StateWaiting && c.Orderless:
		return "Nothing moves until the court sends the order that it is about."
	}
	return ""
}

// Outlook is that of the submission's transmission which stands worst.
func (s Status) Outlook(now time.Time, warn []float64) Outlook {
	c := Clock{Received: s.ReceivedAt, Due: s.Due, Test: s.Test, NotOwed: s.NotOwed, EnteredBy: s.Agency.EnteredBy, Orderless: s.Order != nil && s.Order.Version == 0}
	if s.State == SubmissionRefused {
		return Outlook{}
	}
	worst := c.Outlook(now, warn)
	for i, t := range s.Transmissions {
		c.State, c.Settled = t.State, t.ChangedAt
		if o := c.Outlook(now, warn); i == 0 || slices.Index(graveness, o.Standing) < slices.Index(graveness, worst.Standing) {
			worst = o
		}
	}
	return worst
}

// Clocked says that a deadline concerns it: the hub's, or that of whoever enters the agency's orders.
func (s Status) Clocked() bool {
	return s.State == SubmissionAccepted && !s.Due.IsZero() && (s.Owed || s.NotOwed == NotOwedAgency && !s.Test)
}

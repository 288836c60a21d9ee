package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Verb is what a person of the hub can do with a transmission.
type Verb string

// The verbs.
const (
	VerbHold    Verb = "hold"    // a ready or unknown one waits for a person, until a person releases it
	VerbRelease Verb = "release" // a held one goes back to the relay
	VerbRetry   Verb = "retry"   // a ready or unknown one that pauses is due now
	VerbGiveUp  Verb = "give-up" // a held one is ended for good; with an entry, what waits behind it
	VerbCorrect Verb = "correct" // a held one is released with what a person supplied for CARPOS
)

// Verbs are all verbs.
var Verbs = []Verb{VerbHold, VerbRelease, VerbRetry, VerbGiveUp, VerbCorrect}

// Act is an act of a person on one transmission.
type Act struct {
	Verb Verb
	// Who is that person, as the audit log shows it: "person jdoe, command line".
	Who string
	// Reason is a sentence without personal data, for holding and giving up. The court that sent the package is told it.
	Reason string
	// Corrections are what is supplied, for VerbCorrect: at least one, each of another field. Their At and By are this act's.
	Corrections []Correction
	// Seen is the ChangedAt of the transmission as that person looked at it: if it has moved on since, nothing is done. Zero: as it is now.
	Seen time.Time
	At   time.Time
}

// Acted is what an act did.
type Acted struct {
	State TransmissionState
	// GivenUpToo counts what waited behind an entry and was given up with it.
	GivenUpToo int
}

// ErrMovedOn says that a transmission is not any more as the person saw it who acts. Nothing was changed.
var ErrMovedOn = errors.New("it has moved on since it was looked at: look again")

// errActIncomplete says that an act lacks what it needs to be understood later.
var errActIncomplete = errors.New("an act needs its person, and a reason where one is asked for")

// ActError says why a transmission does not allow an act now.
type ActError struct {
	Transmission TransmissionID
	State        TransmissionState
	Verb         Verb
	// Why is a sentence.
	Why string
}

func (e *ActError) Error() string {
	return fmt.Sprintf("transmission %d is %s. %s", e.Transmission, e.State, e.Why)
}

// Unwrap is the same as a move that is not allowed.
func (e *ActError) Unwrap() error { return &MoveError{e.Transmission, e.State, string(e.Verb)} }

// stand is how a transmission stands, as far as acts of people depend on it.
type stand struct {
	state   TransmissionState
	busy    bool // an attempt is under way
	retryAt time.Time
}

// notNow says of each state why an act is not for it.
var notNow = map[TransmissionState]string{
	StateWaiting:  "It waits for what the court made before it; act on that.",
	StateReady:    "Only what is held can be released, corrected or given up: hold it first.",
	StateSending:  "Its bytes are on their way, and what is sent cannot be taken back: wait for the outcome.",
	StateSent:     "CARPOS has been asked, and what is sent cannot be taken back: wait for the answer.",
	StateAccepted: "CARPOS has it. What is wrong in it the court corrects with a package of its own.",
	StateHeld:     "It is held: release it, correct it or give it up.",
	StateUnknown:  "Only what is held can be released, corrected or given up: hold it first.",
	StateGivenUp:  "It was given up for good. The court can send what is still needed as a new package.",
}

// From are the states from which a verb can be done.
func From(v Verb) []TransmissionState {
	switch v {
	case VerbHold, VerbRetry:
		return []TransmissionState{StateReady, StateUnknown}
	case VerbRelease, VerbGiveUp, VerbCorrect:
		return []TransmissionState{StateHeld}
	}
	return nil
}

// refuses says why a transmission that stands so does not allow a verb; empty where it does.
func (t stand) refuses(v Verb, now time.Time) string {
	switch {
	case !slices.Contains(From(v), t.state):
		return notNow[t.state]
	case t.busy:
		return "CARPOS is being asked about it at this moment: wait for the answer."
	case v == VerbRetry && !t.retryAt.After(now):
		return "It is due already: it goes as soon as a line has a place for it."
	}
	return ""
}

// Act does what a person decided, in one transaction with its audit entry and the relay's job. *ActError where the transmission's state does not allow it,
// ErrMovedOn where it is not as the person saw it, ErrNotFound; nothing is changed then.
func (s *Store) Act(ctx context.Context, id TransmissionID, a Act) (Acted, error) {
	if err := a.check(); err != nil {
		return Acted{}, err
	}
	var done Acted
	err := s.change(ctx, id, func(c *change) error {
		t, behind, err := c.look(a.Seen)
		if err != nil {
			return err
		}
		if why := t.refuses(a.Verb, a.At); why != "" {
			return &ActError{id, c.state, a.Verb, why}
		}
		if a.Verb == VerbGiveUp && c.kind == KindEnter {
			done.GivenUpToo = behind
		}
		if err := c.act(a, done.GivenUpToo); err != nil {
			return err
		}
		done.State = c.state
		return nil
	})
	return done, err
}

func (a Act) check() error {
	needsReason := a.Verb == VerbHold || a.Verb == VerbGiveUp
	switch {
	case !slices.Contains(Verbs, a.Verb):
		return fmt.Errorf("%q is nothing that can be done: %w", a.Verb, errActIncomplete)
	case strings.TrimSpace(a.Who) == "", needsReason && strings.TrimSpace(a.Reason) == "", a.At.IsZero():
		return errActIncomplete
	case (a.Verb == VerbCorrect) != (len(a.Corrections) > 0):
		return fmt.Errorf("corrections belong to %s: %w", VerbCorrect, errActIncomplete)
	}
	return checkCorrections(a.Corrections)
}

// look reads what an act is judged by, from the rows that are locked, and how many transmissions wait for the order's earlier ones.
func (c *change) look(seen time.Time) (t stand, behind int, err error) {
	var changed time.Time
	var retry *time.Time
	err = c.conn.QueryRow(c.ctx, `select changed_at, retry_at, (select count(*) from transmission w where w.order_id = t.order_id and w.state = 'waiting')
		from transmission t where t.id = $1`, int64(c.id)).Scan(&changed, &retry, &behind)
	if err != nil {
		return t, 0, fmt.Errorf("look at transmission %d: %w", c.id, err)
	}
	if !seen.IsZero() && !seen.Equal(changed) {
		return t, 0, ErrMovedOn
	}
	return stand{c.state, c.openAttempt != 0, known(retry)}, behind, nil
}

// act queues what the verb means.
func (c *change) act(a Act, too int) error {
	switch a.Verb {
	case VerbHold:
		c.move(StateHeld, why{reason: a.Reason}, a.At, a.At)
		c.heldBy(a.Who)
		c.audit(a.At, a.Who, "transmission.hold", "held", a.Reason)
	case VerbRelease:
		c.again(c.released(), a.At, a.At)
		c.heldBy("")
		c.audit(a.At, a.Who, "transmission.release", string(c.state), "")
	case VerbRetry:
		c.again(c.state, a.At, a.At)
		c.audit(a.At, a.Who, "transmission.retry", string(c.state), "due at once")
	case VerbGiveUp:
		c.giveUp(a.Reason, a.At)
		c.audit(a.At, a.Who, "transmission.giveUp", "given_up", withTheRest(a.Reason, too))
	case VerbCorrect:
		return c.supply(a)
	}
	return nil
}

func withTheRest(reason string, too int) string {
	if too == 0 {
		return reason
	}
	return fmt.Sprintf("%s (with %d that waited behind it)", reason, too)
}

// released is the state of a held transmission once it goes back to the relay: what is in doubt is looked up first.
func (c *change) released() TransmissionState {
	if c.doubt {
		return StateUnknown
	}
	return StateReady
}

func (c *change) heldBy(who string) {
	c.b.Queue("update transmission set held_by = $2 where id = $1 and held_by <> $2", int64(c.id), who)
}

// Means says what an act does to the transaction as it stands; it supposes that the verb is allowed.
func (e QueueEntry) Means(v Verb) string {
	switch {
	case v == VerbHold:
		return "It is not sent, and stays held whatever the court sends, until a person releases it or gives it up. The court is told, with the reason."
	case v == VerbGiveUp && e.Kind == KindEnter && e.Behind > 0:
		return fmt.Sprintf("CARPOS never gets this order from the hub, and what waits behind it (%d) is given up with it. The court is told, with the reason. It cannot be undone.", e.Behind)
	case v == VerbGiveUp && e.Kind == KindEnter:
		return "CARPOS never gets this order from the hub, nor anything that follows it. The court is told, with the reason. It cannot be undone."
	case v == VerbGiveUp:
		return "CARPOS never gets it from the hub; what waits behind it is sent. The court is told, with the reason. It cannot be undone."
	case v == VerbRetry:
		return "It is due now instead of at the time shown."
	case e.Doubt:
		return "CARPOS is asked whether it has it. If not, it is sent."
	case v == VerbCorrect:
		return "It is sent with what is supplied; the court is told, so that it puts its own data right."
	}
	return "It is sent. What stopped it stops it again, unless that has changed."
}

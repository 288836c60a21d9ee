package relay

import (
	"time"

	"ccpor/store"
)

// event is what can become of an attempt.
type event string

// The events.
const (
	entered     event = "entered"     // ... ACCEPTED of the transaction that was sent
	onFile      event = "onFile"      // ON FILE
	rejectAgain event = "rejectAgain" // REJECT of the class "again" only (90, 91)
	reject      event = "reject"      // any other REJECT
	nakAgain    event = "nakAgain"    // NAK of the class "again" (10, 11)
	nak         event = "nak"         // any other NAK
	notSent     event = "notSent"     // no byte left
	noAnswer    event = "noAnswer"    // no ACK or no RSP in time
	lineClosed  event = "lineClosed"  // the line went while it was unanswered
	cut         event = "cut"         // a reply that ends in the middle of a line
	unreadable  event = "unreadable"  // a reply that matches nothing
	foreign     event = "foreign"     // a reply to something else than what was sent

	found     event = "found"     // the look-up shows what was sent
	notThere  event = "notThere"  // the look-up shows that it is not there
	otherData event = "otherData" // the number is on file for other data
	orderGone event = "orderGone" // the order to which it belongs is not on file
	unclear   event = "unclear"   // the look-up cannot tell
)

// pause is when the next try is due.
type pause int

const (
	none    pause = iota // no other try, or at once
	growing              // by pauses, jittered
	settled              // when the request can no longer be under way at CARPOS
)

// rule is what follows from an event. Text is for people and holds no personal data; "%s" in it takes the details.
type rule struct {
	verdict store.Verdict
	pause   pause
	text    string
}

// rules are a table of what follows from each event.
type rules map[store.Purpose]map[event]rule

// policy is the one table of what is accepted, tried again, looked up or left to a person (profile section 4). What is not in it is held.
var policy = rules{
	store.PurposeSend: {
		entered:     {store.VerdictAccepted, none, "CARPOS has it."},
		onFile:      {store.VerdictOnFile, none, "CARPOS had it on file already; nothing was entered again."},
		rejectAgain: {store.VerdictRetry, growing, "CARPOS cannot take it now: %s."},
		reject:      {store.VerdictRejected, none, "CARPOS refuses it: %s."},
		nakAgain:    {store.VerdictRetry, growing, "The switch cannot take it now: %s."},
		nak:         {store.VerdictRejected, none, "The switch refuses it: %s."},
		notSent:     {store.VerdictRetry, none, "The line closed before it was sent."},
		noAnswer:    {store.VerdictUnknown, settled, "There was no answer in time; it is looked up."},
		lineClosed:  {store.VerdictUnknown, settled, "The line closed before the answer came; it is looked up."},
		cut:         {store.VerdictUnknown, none, "CARPOS's reply ends early; it is looked up."},
		unreadable:  {store.VerdictHeld, none, "CARPOS's reply is none that is known; a person has to read it."},
		foreign:     {store.VerdictHeld, none, "CARPOS's reply belongs to another request; a person has to read it."},
	},
	store.PurposeLookup: {
		found:       {store.VerdictAccepted, none, "CARPOS has it: the look-up shows it."},
		notThere:    {store.VerdictNotFound, none, "CARPOS does not have it; it is sent again."},
		otherData:   {store.VerdictHeld, none, "CARPOS has another record under the order's number."},
		orderGone:   {store.VerdictHeld, none, "CARPOS does not show the order to which it belongs."},
		unclear:     {store.VerdictHeld, none, "The look-up cannot tell whether CARPOS has it."},
		rejectAgain: {store.VerdictRetry, growing, "CARPOS cannot look it up now: %s."},
		reject:      {store.VerdictHeld, none, "CARPOS refuses to look it up: %s."},
		nakAgain:    {store.VerdictRetry, growing, "The switch cannot take the look-up now: %s."},
		nak:         {store.VerdictHeld, none, "The switch refuses the look-up: %s."},
		notSent:     {store.VerdictRetry, none, "The line closed before the look-up was sent."},
		noAnswer:    {store.VerdictRetry, growing, "The look-up got no answer in time."},
		lineClosed:  {store.VerdictRetry, none, "The line closed before the look-up was answered."},
		cut:         {store.VerdictRetry, growing, "The reply to the look-up ends early."},
		unreadable:  {store.VerdictHeld, none, "The reply to the look-up is none that is known; a person has to read it."},
		foreign:     {store.VerdictHeld, none, "The reply to the look-up belongs to another request; a person has to read it."},
	},
}

// of is the table's row; what has none goes to a person.
func (t rules) of(p store.Purpose, e event) rule {
	r, ok := t[p][e]
	if !ok {
		return rule{store.VerdictHeld, none, "Something happened that the relay has no rule for; a person has to look."}
	}
	return r
}

// pauses are those before the first, second, ... other try; the last holds for all that follow.
var pauses = []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}

// redial are the pauses before a line is dialled again.
var redial = []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second}

// jitter spreads a pause over 80 to 120 per cent of it, so that what failed together does not come again together.
const jitter = 0.2

// step is the nth pause, n from 0, jittered by chance from 0 to 1.
func step(steps []time.Duration, n int, chance float64) time.Duration {
	d := steps[min(max(n, 0), len(steps)-1)]
	return time.Duration(float64(d) * (1 - jitter + 2*jitter*chance))
}

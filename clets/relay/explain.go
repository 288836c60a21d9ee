package relay

import (
	"fmt"
	"strings"

	"ccpor/clets/carpos"
	"ccpor/clets/codes"
	"ccpor/store"
)

// Reading is what the relay makes of an answer, by its one table of rules.
type Reading struct {
	// If says for which attempt it holds.
	If string `json:"if"`
	// Verdict is what becomes of the attempt, State where the transmission goes; Text says it to people, as the pages do.
	Verdict store.Verdict           `json:"verdict"`
	State   store.TransmissionState `json:"state"`
	Text    string                  `json:"text"`
	// Again says that there is another try after a growing pause.
	Again bool `json:"again,omitempty"`
}

const anyRequest = "as the answer to any request"

// Readings are what the relay makes of a reply, for every attempt to which it can be the answer. They rest on the reply alone: what a hit shows is compared
// with what was sent only where that is known, and so a look-up's hits have every reading that the comparison can give.
func Readings(d *carpos.Dictionary, book *codes.Book, reply carpos.Reply) []Reading {
	r := &Relay{author: author{dict: d}, codes: book}
	key, _, _ := strings.Cut(reply.Echo, ".")
	switch {
	case !carpos.Whole(reply.Text):
		return []Reading{
			readingOf("as the answer to any transaction", store.PurposeSend, finding{event: cut}), readingOf("as the answer to any look-up", store.PurposeLookup, finding{event: cut}),
		}
	case reply.Kind == carpos.Unrecognised:
		return []Reading{readingOf(anyRequest, store.PurposeSend, finding{event: unreadable})}
	case reply.Echo == "":
		return []Reading{readingOf(anyRequest, store.PurposeSend, finding{event: foreign})}
	case carpos.Key(key) == carpos.Inquiry:
		return r.lookupReadings(reply)
	}
	s := sent{purpose: store.PurposeSend, owed: carpos.Transaction{Key: carpos.Key(key)}, first: reply.Echo, fcn: reply.FCN}
	when := "as the answer to the " + key + " that it repeats"
	if reply.Kind == carpos.Accepted && carpos.Key(key) != carpos.Enter {
		when += ", if that was for the order with this CARPOS number"
	}
	return []Reading{readingOf(when, store.PurposeSend, r.judge(s, reply))}
}

// lookupReadings are those of an answer to a QRR, by what was looked for.
func (r *Relay) lookupReadings(reply carpos.Reply) []Reading {
	lookup := func(when string, f finding) Reading { return readingOf(when, store.PurposeLookup, f) }
	switch reply.Kind {
	case carpos.Hits:
		gone, other := orderGone, otherData
		if reply.NotShown > 0 {
			gone, other = unclear, unclear
		}
		return []Reading{
			lookup("looked up for an entry, and exactly one record has its agency, number, name and date of issue", finding{event: found}),
			lookup("looked up for an entry, and none has", finding{event: other}),
			lookup("looked up for an entry, and several have", finding{event: otherData}),
			lookup("looked up for something later, and the record with the order's CARPOS number shows it", finding{event: found}),
			lookup("the same, and the record does not show it", finding{event: notThere}),
			lookup("the same, and the record cannot tell", finding{event: unclear}),
			lookup("the same, and no record has that number", finding{event: gone}),
		}
	case carpos.NoRecord:
		return []Reading{
			lookup("looked up for an entry", finding{event: notThere}), lookup("looked up for something later", finding{event: orderGone}),
		}
	}
	return []Reading{lookup("as the answer to a look-up", r.judge(sent{purpose: store.PurposeLookup, first: reply.Echo}, reply))}
}

// NAKReadings are what the relay makes of a NAK with that code.
func NAKReadings(d *carpos.Dictionary, book *codes.Book, code int) []Reading {
	f := (&Relay{author: author{dict: d}, codes: book}).nacked(code)
	return []Reading{readingOf("as the answer to a transaction", store.PurposeSend, f), readingOf("as the answer to a look-up", store.PurposeLookup, f)}
}

func readingOf(when string, p store.Purpose, f finding) Reading {
	rule := policy.of(p, f.event)
	text := rule.text
	if strings.Contains(text, "%s") {
		text = fmt.Sprintf(text, f.details)
	}
	return Reading{If: when, Verdict: rule.verdict, State: stateAfter(p, rule.verdict), Text: text, Again: rule.pause == growing}
}

// stateAfter is where the store takes a transmission with a verdict, where no correction waits for it (docs/states.md).
func stateAfter(p store.Purpose, v store.Verdict) store.TransmissionState {
	switch v {
	case store.VerdictAccepted, store.VerdictOnFile:
		return store.StateAccepted
	case store.VerdictNotFound:
		return store.StateReady
	case store.VerdictRetry:
		if p == store.PurposeLookup {
			return store.StateUnknown
		}
		return store.StateReady
	case store.VerdictUnknown:
		return store.StateUnknown
	case store.VerdictGaveUp:
		return store.StateGivenUp
	}
	return store.StateHeld
}

package relay

import (
	"fmt"
	"strings"
	"time"

	"ccpor/clets/carpos"
	"ccpor/mapping/order"
	"ccpor/store"
)

// sent is an attempt as it must be known to judge what comes of it.
type sent struct {
	attempt      store.AttemptID
	transmission store.TransmissionID
	// inquiry is set instead where a person asks; all else is then empty.
	inquiry store.InquiryID
	purpose store.Purpose
	// owed is the transaction that CARPOS is to have, also when the attempt is a look-up for it; first is the first line of the request.
	owed  carpos.Transaction
	first string
	form  string
	// fcn is CARPOS's number of the order, where it is known; entryServed says that the entry itself called the order served.
	fcn         order.FCN
	entryServed bool
	tries       int
	at          time.Time // when it began
	trail       trail
}

const maxEcho = 100 // characters of the first line that CARPOS repeats (profile section 3)

// finding is what happened to an attempt, with what the event's rule needs to say.
type finding struct {
	event   event
	fcn     order.FCN
	nic     string
	code    int
	details string
	field   string
}

// judge says what a reply means for an attempt.
func (r *Relay) judge(s sent, reply carpos.Reply) finding {
	switch {
	case !carpos.Whole(reply.Text):
		return finding{event: cut}
	case reply.Kind == carpos.Unrecognised:
		return finding{event: unreadable}
	case reply.Echo != s.first[:min(maxEcho, len(s.first))]:
		return finding{event: foreign}
	case reply.Kind == carpos.Rejected:
		return r.rejected(reply)
	case s.purpose == store.PurposeLookup:
		return r.lookedUp(s, reply)
	}
	switch {
	case reply.Kind == carpos.Accepted && reply.Key == s.owed.Key && (s.owed.Key == carpos.Enter || reply.FCN == s.fcn):
		return finding{event: entered, fcn: reply.FCN, nic: reply.NIC}
	case reply.Kind == carpos.OnFile && s.owed.Key == carpos.Enter:
		return finding{event: onFile, fcn: reply.FCN, nic: reply.NIC}
	}
	return finding{event: foreign}
}

// rejected words a refusal by the table's own words: CARPOS's text could repeat a value.
func (r *Relay) rejected(reply carpos.Reply) finding {
	f := finding{event: reject}
	if r.dict.Again(reply) {
		f.event = rejectAgain
	}
	var words []string
	for i, fault := range reply.Faults {
		text := fault.Number + " " + r.meaning("reject", fault.Number)
		if fault.Field != "" {
			text += " (" + fault.Field + ")"
		}
		words = append(words, text)
		if i == 0 {
			fmt.Sscan(fault.Number, &f.code) // two digits, as the parser takes them
		}
		if f.field == "" {
			f.field = fault.Field
		}
	}
	f.details = strings.Join(words, "; ")
	return f
}

// nacked words a NAK in the same way.
func (r *Relay) nacked(code int) finding {
	number := fmt.Sprintf("%02d", code)
	f := finding{event: nak, code: code, details: number + " " + r.meaning("nak", number)}
	if c, err := r.codes.Table("nak").Find(number); err == nil && c.Is("again") {
		f.event = nakAgain
	}
	return f
}

func (r *Relay) meaning(table, number string) string {
	c, err := r.codes.Table(table).Find(number)
	if err != nil {
		return "a number that is not known"
	}
	return c.Meaning
}

// lookedUp compares what was to be there with what the look-up shows (profile section 4, rule 3).
func (r *Relay) lookedUp(s sent, reply carpos.Reply) finding {
	entry := s.owed.Key == carpos.Enter
	switch {
	case reply.Kind == carpos.NoRecord && entry:
		return finding{event: notThere}
	case reply.Kind == carpos.NoRecord:
		return finding{event: orderGone}
	case reply.Kind != carpos.Hits:
		return finding{event: foreign}
	case entry:
		return findEntry(s, reply)
	}
	return r.findLater(s, reply)
}

// findEntry takes the number of the one hit that is the entry's record.
func findEntry(s sent, reply carpos.Reply) finding {
	var records []carpos.Hit
	for _, h := range reply.Hits {
		if h.IsRecordOf(s.owed) {
			records = append(records, h)
		}
	}
	switch {
	case len(records) == 1:
		return finding{event: found, fcn: records[0].FCN, nic: records[0].NIC}
	case len(records) == 0 && reply.NotShown > 0:
		return finding{event: unclear} // it may be among those that did not fit into the reply
	}
	return finding{event: otherData}
}

// findLater looks for what was sent after the entry on the order's record, which has the FCN that the entry was given.
func (r *Relay) findLater(s sent, reply carpos.Reply) finding {
	for _, h := range reply.Hits {
		if h.FCN != s.fcn {
			continue
		}
		switch r.shows(h, s) {
		case carpos.ShownYes:
			return finding{event: found}
		case carpos.ShownNo:
			return finding{event: notThere}
		}
		return finding{event: unclear}
	}
	if reply.NotShown > 0 {
		return finding{event: unclear}
	}
	return finding{event: orderGone}
}

// shows says whether the record shows the transaction. Of a violation a record shows how many there are, not which: even a count of none does not tell, since a
// message that is still on its way would be entered twice, and nothing keeps CARPOS from that. A person looks.
func (r *Relay) shows(h carpos.Hit, s sent) carpos.Shown {
	switch s.owed.Key {
	case carpos.Modify:
		return r.dict.ShowsModification(h, s.owed)
	case carpos.Cancel:
		return h.ShowsCancellation(s.owed)
	case carpos.Serve:
		return h.ShowsService(s.owed, s.entryServed)
	}
	return carpos.ShownUnclear
}

// outcome applies the policy to a finding.
func (r *Relay) outcome(s sent, f finding, in store.InboundID, now time.Time) store.Outcome {
	rule := r.rules.of(s.purpose, f.event)
	o := store.Outcome{Verdict: rule.verdict, FCN: f.fcn, NIC: f.nic, Code: f.code, Text: rule.text, Field: f.field, Inbound: in, At: now, RetryAt: now}
	if strings.Contains(rule.text, "%s") {
		o.Text = fmt.Sprintf(rule.text, f.details)
	}
	switch due := s.at.Add(r.lookAfter()); {
	case rule.pause == growing:
		o.RetryAt = now.Add(step(r.cfg.Pauses, s.tries-1, r.cfg.Jitter()))
	case rule.pause == settled && due.After(now):
		o.RetryAt = due
	}
	if f.field != "" {
		o.Item = r.dict.Item(s.form, f.field)
	}
	return o
}

package relay

import (
	"bytes"
	"cmp"
	"strings"
	"time"

	"ccpor/clets/carpos"
	"ccpor/mapping/order"
	"ccpor/store"
)

// author writes transactions; it knows the dictionary and nothing else.
type author struct {
	dict *carpos.Dictionary
	zone *time.Location // where days begin and end
}

// owed writes the transaction that a transmission is.
func (r author) owed(w store.Work) (carpos.Transaction, []carpos.Lack) {
	c := carpos.Context{
		ORI: w.Agency.ORI, OCA: w.OCA, CourtName: cmp.Or(w.Agency.CarposName, w.Agency.Name), Confirm: w.Agency.ConfirmText, FCN: w.FCN, Restrained: w.Known.Order.Restrained.Name,
	}
	switch {
	case w.Kind == store.KindModify:
		return r.changed(w, c)
	case w.Kind == store.KindCancel && w.Cancellation != nil:
		return r.corrected(w, w.Known.Version)(r.dict.Cancel(*w.Cancellation, c))
	case w.Kind == store.KindServe && w.Service != nil:
		return r.corrected(w, w.Known.Version)(r.dict.Serve(*w.Service, c))
	case w.Kind == store.KindViolate && w.Violation != nil:
		v := *w.Violation
		v.At = v.At.In(r.zone)
		return r.dict.Violate(v, c)
	case w.Kind == store.KindEnter:
		return r.corrected(w, w.Version)(r.dict.EnterWith(w.Order, w.Confidential, c))
	}
	return carpos.Transaction{}, []carpos.Lack{{Reason: "What its package brought is not there.", Whose: carpos.HelpDesk}}
}

// corrected applies what people of the hub supplied to what the order of that version makes.
func (r author) corrected(w store.Work, version int) func(carpos.Transaction, []carpos.Lack) (carpos.Transaction, []carpos.Lack) {
	var supplied []carpos.Correction
	for _, c := range w.Corrections {
		supplied = append(supplied, carpos.Correction{Field: c.Field, Value: c.Value, Version: c.Version, Source: c.Source})
	}
	return func(t carpos.Transaction, lacks []carpos.Lack) (carpos.Transaction, []carpos.Lack) {
		return r.dict.Correct(t, lacks, version, supplied)
	}
}

// changed is the difference between the record as CARPOS accepted it and the order as it is to be there now.
func (r author) changed(w store.Work, c carpos.Context) (carpos.Transaction, []carpos.Lack) {
	want, lacks := r.corrected(w, w.Version)(r.dict.EnterWith(w.Order, w.Confidential, c))
	if len(lacks) > 0 {
		return want, lacks
	}
	if len(w.Record) == 0 {
		return want, []carpos.Lack{{Reason: "It is not known what CARPOS has on record.", Whose: carpos.HelpDesk}}
	}
	record := r.decode(w.Record[0])
	for _, body := range w.Record[1:] {
		record = r.dict.Apply(record, r.decode(body))
	}
	reason := order.ModifyCorrect // CLETS-001 that came apart from the order says what the order left open
	if w.Modification != nil {
		reason = w.Modification.Reason
	}
	return r.dict.Modify(record, want, reason, c)
}

// decode reads a transaction that was sent, from its body. What was sent once is read whatever the dictionary says of it today.
func (r author) decode(body []byte) carpos.Transaction {
	_, text, _ := bytes.Cut(body, []byte("\r\n")) // the first line is the frame's
	t, _ := r.dict.Decode(text)
	return t
}

// sentBefore is the transaction as it was last sent: what its outcome is judged by, whatever has come since.
func (r *Relay) sentBefore(w store.Work) carpos.Transaction {
	if len(w.Sent) > 0 {
		return r.decode(w.Sent)
	}
	owed, _ := r.owed(w)
	return owed
}

// holdFor words what lacks as one reason. Field and item are those of the first.
func holdFor(lacks []carpos.Lack) store.Hold {
	var reasons []string
	for _, l := range lacks {
		text := l.Reason
		if l.Field != "" {
			text = l.Field + ": " + text
		}
		if l.FormItem != "" {
			text += " (On the form: " + l.FormItem + ".)"
		}
		reasons = append(reasons, text)
	}
	return store.Hold{Reason: strings.Join(reasons, " "), Field: lacks[0].Field, Item: lacks[0].FormItem}
}

// notesOf words what was done to the order for CARPOS to take it; a look-up changes nothing.
func notesOf(q sent) string {
	if q.purpose != store.PurposeSend {
		return ""
	}
	var notes []string
	for _, n := range q.owed.Notes {
		notes = append(notes, n.Path+": "+n.Text)
	}
	return strings.Join(notes, " ")
}

// requestOf is the transaction itself, or the look-up for it.
func (r *Relay) requestOf(w store.Work, purpose store.Purpose, owed carpos.Transaction) carpos.Transaction {
	if purpose == store.PurposeLookup {
		return r.dict.Inquire(w.OCA, w.Agency.ORI)
	}
	return owed
}

// sentFor is what must be known to judge the reply to a request.
func (r *Relay) sentFor(w store.Work, purpose store.Purpose, owed carpos.Transaction) sent {
	return sent{
		transmission: w.ID, purpose: purpose, owed: owed, first: firstLine(r.requestOf(w, purpose, owed)), form: w.Order.Form.Number, fcn: w.FCN,
		entryServed: w.Order.Service != order.ServiceNotServed, tries: w.Tries,
	}
}

// firstLine is the line of a request that CARPOS repeats in its reply.
func firstLine(t carpos.Transaction) string {
	line := string(t.Key) + "." + string(t.ORI) + "."
	if len(t.Fields) > 0 {
		line += t.Fields[0].Name + "/" + t.Fields[0].Value
	}
	return line
}

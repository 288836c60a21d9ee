package relay

import (
	"cmp"
	"strings"

	"ccpor/clets/carpos"
	"ccpor/mapping/order"
	"ccpor/store"
)

// owed writes the transaction that a transmission is.
func (r *Relay) owed(w store.Work) (carpos.Transaction, []carpos.Lack) {
	c := carpos.Context{
		ORI: w.Agency.ORI, OCA: w.OCA, CourtName: cmp.Or(w.Agency.CarposName, w.Agency.Name), Confirm: w.Agency.ConfirmText, FCN: w.FCN, Restrained: w.Order.Restrained.Name,
	}
	if w.Kind == store.KindServe && w.Service != nil {
		return r.dict.Serve(*w.Service, c)
	}
	return r.dict.Enter(w.Order, c)
}

// holdFor words what lacks as one reason. Field and item are those of the first.
func holdFor(lacks []carpos.Lack) store.Hold {
	var reasons []string
	for _, l := range lacks {
		text := l.Field + ": " + l.Reason
		if l.FormItem != "" {
			text += " (On the form: " + l.FormItem + ".)"
		}
		reasons = append(reasons, text)
	}
	return store.Hold{Reason: strings.Join(reasons, " "), Field: lacks[0].Field, Item: lacks[0].FormItem}
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

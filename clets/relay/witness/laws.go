package witness

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Case is what a run leaves to be judged.
type Case struct {
	Switch   *Switch
	Receipts []Receipt
	// After is the last number of inbound before the run.
	After int64
	// Window is how many requests a line may have unanswered; Ack and Reply are how long a hub waits for each.
	Window     int
	Ack, Reply time.Duration
}

// court holds what is compared.
type court struct {
	Case
	books
	byControl map[string]*attempt
	byID      map[int64]*transmission
	effects   map[int64][]Entry    // requests that changed something, by transmission
	answers   map[string][]Entry   // what was said to a request, by control number
	asked     map[string]time.Time // when a request came
	breaches  []Breach
}

// Check reads the hub's rows and says which laws they and the journal break; nothing where all is well.
func Check(ctx context.Context, conn *pgx.Conn, open Open, c Case) ([]Breach, error) {
	k, err := read(ctx, conn, open, ordersOf(c.Receipts), c.After)
	if err != nil {
		return nil, err
	}
	j := &court{Case: c, books: k, byControl: map[string]*attempt{}, byID: map[int64]*transmission{}, effects: map[int64][]Entry{},
		answers: map[string][]Entry{}, asked: map[string]time.Time{}}
	j.index()
	for _, law := range []func(){j.receipts, j.requests, j.lines, j.confirmations, j.verdicts, j.resendings, j.endings, j.contents, j.late, j.follows, j.machine} {
		law()
	}
	return j.breaches, nil
}

func ordersOf(receipts []Receipt) []string {
	var orders []string
	for _, r := range receipts {
		if !slices.Contains(orders, r.Order) {
			orders = append(orders, r.Order)
		}
	}
	return orders
}

func (j *court) complain(l Law, format string, args ...any) {
	j.breaches = append(j.breaches, Breach{l, fmt.Sprintf(format, args...)})
}

func (j *court) index() {
	for i := range j.transmissions {
		j.byID[j.transmissions[i].ID] = &j.transmissions[i]
	}
	for i := range j.attempts {
		j.byControl[j.attempts[i].Control] = &j.attempts[i]
	}
	for _, e := range j.Switch.Journal {
		switch e.What {
		case Answered, Naked:
			j.answers[e.Control] = append(j.answers[e.Control], e)
		case Carried:
			if a := j.byControl[e.Control]; a != nil {
				j.effects[a.Transmission] = append(j.effects[a.Transmission], e)
			}
		}
	}
}

// receipts: what a court has a receipt for has its transmission.
func (j *court) receipts() {
	for _, r := range j.Receipts {
		if !slices.ContainsFunc(j.transmissions, func(t transmission) bool { return t.Tracking == r.Tracking && t.Kind == r.Kind && t.Order == r.Order }) {
			j.complain(LawReceipt, "a receipted %s of order %s has no transmission", r.Kind, r.Order)
		}
	}
}

// requests: each was stored before, has a control number of its own, and comes in its turn.
func (j *court) requests() {
	settled := map[string]int{} // of an order, the number up to which effects were seen
	for _, e := range j.Switch.Journal {
		if e.What == Carried {
			if a := j.byControl[e.Control]; a != nil {
				t := j.byID[a.Transmission]
				if t.Seq < settled[t.Order] {
					j.complain(LawSequence, "number %d of order %s took effect after number %d", t.Seq, t.Order, settled[t.Order])
				}
				settled[t.Order] = t.Seq
			}
		}
		if e.What != Requested {
			continue
		}
		if _, again := j.asked[e.Control]; again {
			j.complain(LawControl, "control number %s came twice", e.Control)
		}
		j.asked[e.Control] = e.At
		a := j.byControl[e.Control]
		if a == nil || string(a.Bytes) != e.Body || !a.At.Before(e.At) {
			j.complain(LawStored, "the request %s was not stored as it was sent, before it was sent", e.Control)
		}
	}
}

// lines: one hub at a time, and no more unanswered than the window allows.
func (j *court) lines() {
	open := map[string]Entry{}                 // the connection of a line
	asked := map[string]map[string]time.Time{} // until when a request counts as unanswered, by line
	for _, e := range j.Switch.Journal {
		switch e.What {
		case LoggedOn:
			if o, there := open[e.Line]; there && o.Hub != e.Hub {
				j.complain(LawLine, "hub %s logs on as %s while hub %s has the line", e.Hub, e.Line, o.Hub)
			}
			open[e.Line], asked[e.Line] = e, map[string]time.Time{}
		case Closed:
			if open[e.Line].Conn == e.Conn {
				delete(open, e.Line)
			}
		case Requested:
			asked[e.Line][e.Control] = e.At.Add(j.Ack - slack)
			waiting := 0
			for _, until := range asked[e.Line] {
				if until.After(e.At) {
					waiting++
				}
			}
			if waiting > j.Window {
				j.complain(LawWindow, "line %s has %d requests unanswered", e.Line, waiting)
			}
		case Acked:
			asked[e.Line][e.Control] = j.asked[e.Control].Add(j.Reply - slack)
		case Naked, Answered:
			delete(asked[e.Line], e.Control)
		}
	}
}

// slack is how much longer a request may be under way than the hub knows of.
const slack = 3 * time.Second

// confirmations: what was confirmed is kept, and settled where it was asked for. What nobody asked for is left to a person.
func (j *court) confirmations() {
	texts := map[string]string{} // by line and outseq
	for _, e := range j.Switch.Journal {
		key := e.Line + e.Outseq
		switch e.What {
		case Answered:
			texts[key] = e.Body
		case Confirmed:
			i := slices.IndexFunc(j.inbounds, func(m inbound) bool { return m.Line == e.Line && m.Outseq == e.Outseq && m.Text == texts[key] })
			switch {
			case i < 0 || !j.inbounds[i].At.Before(e.At):
				j.complain(LawGot, "%s of line %s was confirmed and not kept", e.Outseq, e.Line)
			case j.inbounds[i].Attempt != 0 && (j.inbounds[i].Handled == nil || !j.inbounds[i].Handled.Before(e.At)):
				j.complain(LawGot, "%s of line %s was confirmed and not settled", e.Outseq, e.Line)
			}
		}
	}
	for _, m := range j.inbounds {
		if m.Attempt == 0 && m.Control != "" && m.Handled != nil {
			j.complain(LawPerson, "a reply to no known request (%d) is not left to a person", m.ID)
		}
	}
}

// said tells whether the switch has said something to a request for which holds is true.
func (j *court) said(control string, holds func(Entry) bool) bool {
	return slices.ContainsFunc(j.answers[control], holds)
}

// verdicts: each rests on what was said.
func (j *court) verdicts() {
	for _, a := range j.attempts {
		q, t := parseRequest(string(a.Bytes)), j.byID[a.Transmission]
		done := len(j.effects[t.ID]) > 0
		var ok bool
		switch {
		case a.Purpose == "send":
			ok = j.sendVerdict(a, q, t)
		case a.Verdict == "accepted":
			ok = done && j.said(a.Control, isHit(q))
		case a.Verdict == "notFound":
			ok = j.said(a.Control, func(e Entry) bool { return isHit(q)(e) || isAnswer(q, "NO RECORD FOUND")(e) }) && !slices.ContainsFunc(j.effects[t.ID],
				func(e Entry) bool { return e.At.Before(j.answers[a.Control][0].At) })
		default:
			ok = true
		}
		if !ok {
			j.complain(LawEvidence, "the %s %s of transmission %d is called %s, which nothing bears out", a.Purpose, a.Control, a.Transmission, a.Verdict)
		}
	}
}

func (j *court) sendVerdict(a attempt, q request, t *transmission) bool {
	again := func(e Entry) bool {
		return e.Code == 10 || e.Code == 11 || isAnswer(q, "REJECT 90")(e) || isAnswer(q, "REJECT 91")(e)
	}
	_, came := j.asked[a.Control]
	switch a.Verdict {
	case "accepted":
		return j.said(a.Control, func(e Entry) bool { return isAcceptance(q)(e) })
	case "onFile":
		return j.said(a.Control, isAnswer(q, "ON FILE"))
	case "rejected":
		return j.said(a.Control, func(e Entry) bool { return !again(e) && (e.Code != 0 || isAnswer(q, "REJECT ")(e)) })
	case "retry":
		return !came || j.said(a.Control, again)
	case "held":
		return j.said(a.Control, func(e Entry) bool { return !isAcceptance(q)(e) })
	}
	return true
}

// isAnswer says that an answer repeats the request's first line, and then begins with these words.
func isAnswer(q request, words string) func(Entry) bool {
	return func(e Entry) bool {
		lines := strings.Split(e.Body, "\r\n")
		return len(lines) > 2 && lines[1] == "RE: "+q.first[:min(100, len(q.first))] && strings.HasPrefix(lines[2], words)
	}
}

func isHit(q request) func(Entry) bool { return isAnswer(q, "MATCH MADE ON") }

var acceptances = map[string]string{"ERR": "ENTRY ACCEPTED", "MRR": "MODIFY ACCEPTED", "SRR": "SERVICE ACCEPTED", "XRR": "CANCEL ACCEPTED"}

func isAcceptance(q request) func(Entry) bool {
	words, known := acceptances[q.key]
	if !known {
		return func(Entry) bool { return false }
	}
	return isAnswer(q, words)
}

// resendings: between two sendings of a transmission the first was refused, or never came, or was looked up and not there.
func (j *court) resendings() {
	for _, t := range j.transmissions {
		var before *attempt
		var looked bool
		for i := range j.attempts {
			a := &j.attempts[i]
			switch {
			case a.Transmission != t.ID:
				continue
			case a.Purpose == "lookup":
				looked = looked || a.Verdict == "notFound"
				continue
			case before != nil && !looked && j.mayBeThere(*before):
				j.complain(LawLookup, "transmission %d was sent again without a look-up after %s", t.ID, before.Control)
			}
			before, looked = a, false
		}
	}
}

// mayBeThere says that nobody has said that the request had no effect.
func (j *court) mayBeThere(a attempt) bool {
	q := parseRequest(string(a.Bytes))
	_, came := j.asked[a.Control]
	return came && !j.said(a.Control, func(e Entry) bool { return e.Code != 0 || isAnswer(q, "REJECT ")(e) || isGarbledReject(e) })
}

// isGarbledReject is a refusal whose words were spoilt on the way: what was held for it may be sent again when a person says so.
func isGarbledReject(e Entry) bool { return strings.Contains(e.Body, "REJECT ") }

// endings: everything is where somebody has the next move, took effect as often as its state says, and says why it is held.
func (j *court) endings() {
	for _, t := range j.transmissions {
		n := len(j.effects[t.ID])
		switch {
		case n > 1:
			j.complain(LawOnce, "transmission %d took effect %d times", t.ID, n)
		case t.State == "accepted" && n == 0 && (t.Kind != "MRR" || t.Reason == ""):
			j.complain(LawOnce, "transmission %d is accepted and never took effect", t.ID)
		case t.State == "accepted", t.State == "waiting" && j.waitsForSomebody(t):
		case t.State == "held", t.State == "given_up":
			if t.Reason == "" {
				j.complain(LawReason, "transmission %d is %s and does not say why", t.ID, t.State)
			}
		default:
			j.complain(LawStuck, "transmission %d is %s in the end", t.ID, t.State)
		}
		if fcn := j.fcnOf(t); t.Seq == 1 && t.State == "accepted" && fcn != t.FCN {
			j.complain(LawNumber, "order %s has the number %s, where the switch gave %s", t.Order, t.FCN, fcn)
		}
	}
	for _, a := range j.audits {
		if a.Action == "transmission.giveUp" && !strings.HasPrefix(a.Actor, "person ") || a.Action == "transmission.finish" && a.Outcome == "gaveUp" {
			j.complain(LawReason, "%s was given up by %s", a.Object, a.Actor)
		}
	}
}

// waitsForSomebody says that an earlier one of the order is held.
func (j *court) waitsForSomebody(t transmission) bool {
	return slices.ContainsFunc(j.transmissions, func(e transmission) bool { return e.OrderID == t.OrderID && e.Seq < t.Seq && e.State == "held" })
}

// fcnOf is the number that the switch gave the order of an entry.
func (j *court) fcnOf(t transmission) string {
	for _, r := range j.Switch.records {
		if len(j.effects[t.ID]) > 0 && r.oca == t.OCA && r.ori == parseRequest(j.effects[t.ID][0].Body).ori {
			return r.fcn
		}
	}
	return ""
}

// contents: a request bears what the package of its transmission said, and what was accepted is on record.
func (j *court) contents() {
	for _, r := range j.Receipts {
		code, value, _ := strings.Cut(r.Mark, "/")
		if code == "" {
			continue
		}
		for _, t := range j.transmissions {
			if t.Tracking != r.Tracking || t.Kind != r.Kind {
				continue
			}
			for _, e := range j.effects[t.ID] {
				if got := first(parseRequest(e.Body).fields, code); got != "" && got != value && t.Seq > 1 {
					j.complain(LawContent, "transmission %d says %s/%s, where the court said %s", t.ID, code, got, r.Mark)
				}
			}
			if t.State == "accepted" && !j.told(t, r.Mark) {
				j.complain(LawContent, "transmission %d is accepted, and nothing of the order says %s", t.ID, r.Mark)
			}
		}
	}
}

// told says that some transmission of the order took effect with the mark, or with one that the court set later: an entry may take what came after it.
func (j *court) told(t transmission, mark string) bool {
	i := slices.IndexFunc(j.Receipts, func(r Receipt) bool { return r.Order == t.Order && r.Mark == mark })
	for _, r := range j.Receipts[i:] {
		if r.Order == t.Order && strings.HasPrefix(r.Mark, mark[:len("EXP/")]) && j.bears(t, r.Mark) {
			return true
		}
	}
	return false
}

func (j *court) bears(t transmission, mark string) bool {
	for _, o := range j.transmissions {
		for _, e := range j.effects[o.ID] {
			if o.OrderID == t.OrderID && slices.Contains(strings.Split(e.Body, "\r\n"), mark) {
				return true
			}
		}
	}
	return false
}

// late: an acceptance that was kept is the end of its transmission, unless a person was faster.
func (j *court) late() {
	byAttempt := map[int64]*attempt{}
	for i := range j.attempts {
		byAttempt[j.attempts[i].ID] = &j.attempts[i]
	}
	for _, m := range j.inbounds {
		a := byAttempt[m.Attempt]
		if a == nil || a.Purpose != "send" || m.Handled == nil || !isAcceptance(parseRequest(string(a.Bytes)))(Entry{Body: m.Text}) {
			continue
		}
		if t := j.byID[a.Transmission]; t.State != "accepted" && t.State != "given_up" {
			j.complain(LawLate, "transmission %d is %s, and its acceptance is there", t.ID, t.State)
		}
	}
}

// follows: when CARPOS has both of two orders of which one follows the other, the earlier one has its end.
func (j *court) follows() {
	entered := map[string]bool{}
	for _, t := range j.transmissions {
		entered[t.Order] = entered[t.Order] || t.Entered
	}
	for _, r := range j.Receipts {
		if r.Follows == "" || !entered[r.Order] || !entered[r.Follows] {
			continue
		}
		if !slices.ContainsFunc(j.transmissions, func(t transmission) bool { return t.Order == r.Follows && t.Kind == "XRR" }) {
			j.complain(LawFollows, "order %s follows %s, which has no end", r.Order, r.Follows)
		}
	}
}

// machine replays each order through the reference, and compares where that ends.
func (j *court) machine() {
	for _, order := range j.orders() {
		r := newReference(order)
		id := order[0].OrderID
		audits := map[uint64][]audited{}
		for _, a := range j.audits {
			if a.Order == id {
				audits[a.Written] = append(audits[a.Written], a)
			}
		}
		for _, g := range j.transactions(r) {
			r.transaction(audits[g[0].Written], g)
			delete(audits, g[0].Written)
		}
		for _, t := range order {
			if s := r.steps[t.ID]; s.state != t.State {
				r.complain(LawMove, s, "ended %s, and is %s", s.state, t.State)
			}
		}
		j.breaches = append(j.breaches, r.breaches...)
	}
}

func (j *court) orders() [][]transmission {
	var orders [][]transmission
	for i, t := range j.transmissions {
		if i == 0 || t.OrderID != j.transmissions[i-1].OrderID {
			orders = append(orders, nil)
		}
		orders[len(orders)-1] = append(orders[len(orders)-1], t)
	}
	return orders
}

// transactions are the moves of an order's transmissions, by transaction.
func (j *court) transactions(r *reference) [][]moved {
	var out [][]moved
	for _, m := range j.moves {
		if r.steps[m.Transmission] == nil {
			continue
		}
		if n := len(out); n > 0 && out[n-1][0].Written == m.Written {
			out[n-1] = append(out[n-1], m)
			continue
		}
		out = append(out, []moved{m})
	}
	return out
}

package inquiry

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/clets/carpos"
	"ccpor/mapping/order"
	"ccpor/store"
)

// View is an inquiry as a person reads it. While it waits it says nothing of what was asked.
type View struct {
	ID    store.InquiryID    `json:"inquiry"`
	State store.InquiryState `json:"state"`
	// Headline says how it stands, Next what happens next, and Whose whose move it is.
	Headline string `json:"headline"`
	Next     string `json:"next"`
	Whose    string `json:"whose"`

	AskedAt   time.Time  `json:"askedAt"`
	Until     time.Time  `json:"until"`
	Ended     *time.Time `json:"ended,omitempty"`
	Agency    string     `json:"agency"`
	ORI       order.ORI  `json:"ori"`
	Certified string     `json:"certified"`
	Purpose   string     `json:"purpose"`
	Test      bool       `json:"test,omitempty"`
	Tries     int        `json:"tries"`
	Lines     []string   `json:"lines,omitempty"`
	// Asked is the question in words, By the kind of it.
	Asked string `json:"asked,omitempty"`
	By    string `json:"by"`
	// Warnings are what has to be known before the hits are read.
	Warnings []string `json:"warnings,omitempty"`
	Hits     []Hit    `json:"hits,omitempty"`
	// NotShown is how many more hits CARPOS has than it shows.
	NotShown int `json:"notShown,omitempty"`
	// Missing are orders of the registry that the question leads to and CARPOS does not show.
	Missing []Missing `json:"missing,omitempty"`
}

// Hit is one record at CARPOS beside the registry's order.
type Hit struct {
	Ordinal int       `json:"ordinal"`
	FCN     order.FCN `json:"fcn"`
	// Title heads it as CARPOS does; Belongs says to which order of the registry it belongs, and how that was found.
	Title   string `json:"title"`
	Belongs string `json:"belongs"`
	// Tracking is the submission that added the order; empty where the hit belongs to none.
	Tracking    order.Tracking `json:"tracking,omitempty"`
	Differences int            `json:"differences"`
	Lines       []carpos.Line  `json:"lines"`
	// Owed is what the hub has still to tell CARPOS of the order, or never will: it explains differences.
	Owed []string `json:"owed,omitempty"`
}

// Section are lines under one heading.
type Section struct {
	Heading string
	Lines   []carpos.Line
}

// Sections are the lines under their headings.
func (h Hit) Sections() []Section {
	var out []Section
	for _, l := range h.Lines {
		if n := len(out); n == 0 || out[n-1].Heading != l.Section {
			out = append(out, Section{Heading: l.Section})
		}
		last := &out[len(out)-1]
		last.Lines = append(last.Lines, l)
	}
	return out
}

// Missing is an order of the registry that CARPOS does not show.
type Missing struct {
	Order    string         `json:"order"`
	Tracking order.Tracking `json:"tracking"`
	Means    string         `json:"means"`
	Whose    string         `json:"whose"`
}

// Waiting says that there is no answer yet, and that one may come.
func (v View) Waiting() bool {
	return v.State == store.InquiryAsked || v.State == store.InquirySending
}

// mostEntries is how many orders of the registry are looked at for one answer.
const mostEntries = 200

// Reader is who looks at an answer.
type Reader struct {
	// Actor is how the reader is put on record, Person who it is where that person has signed in.
	Actor  string
	Person store.PersonID
	// Asker is in what roles the reader looks; nil where that is not known: at the command line.
	Asker *access.Asker
}

// Show reads an inquiry, of the reader's own agency where that is known. An answer, or that there is none, is given out after the look is on record. store.ErrNotFound.
func (d *Desk) Show(ctx context.Context, id store.InquiryID, by Reader) (View, error) {
	q, err := d.store.Inquiry(ctx, id)
	if err != nil {
		return View{}, err
	}
	if by.Asker != nil && by.Asker.Agency != q.Agency.ORI {
		return View{}, fmt.Errorf("inquiry %d is another agency's: %w", id, store.ErrNotFound)
	}
	v := d.frame(q)
	if v.Waiting() {
		return v, nil
	}
	v.Asked, v.Ended = asked(q.Question), &q.Ended
	if q.State == store.InquiryAnswered {
		if err := d.answer(ctx, q, by, &v); err != nil {
			return View{}, err
		}
	}
	if err := d.store.Audit(ctx, by.look(id, q.Agency.ORI, d.now())); err != nil {
		return View{}, fmt.Errorf("record the look at an inquiry: %w", err)
	}
	return v, nil
}

// frame is what is said of every inquiry.
func (d *Desk) frame(q store.Inquiry) View {
	v := View{ID: q.ID, State: q.State, AskedAt: q.AskedAt, Until: q.Until, Agency: q.Agency.Name, ORI: q.Agency.ORI, Certified: q.Certified, Purpose: q.Purpose,
		Test: q.Test, Tries: q.Tries, Lines: q.Lines, By: q.Question.By()}
	overdue := d.now().After(q.Until.Add(patienceOfHubs))
	switch {
	case v.Waiting() && overdue:
		v.Headline, v.Next, v.Whose = "No hub has taken it up.", "It fails by itself when a hub with a line to the switch runs again. See whether one does, and ask anew.", string(store.PartyPerson)
	case q.State == store.InquiryAsked:
		v.Headline, v.Next, v.Whose = "It is about to be asked.", "The hub asks as soon as a line has a free place.", string(store.PartyHub)
	case q.State == store.InquirySending:
		v.Headline, v.Next, v.Whose = "CARPOS has been asked.", "Without an answer the hub asks again, and says so in the end.", string(store.PartyCarpos)
	case q.State == store.InquiryFailed:
		v.Headline, v.Next, v.Whose = "There is no answer. "+q.Reason, "Nothing is known of what CARPOS has on record. An inquiry changes nothing there: it may be asked anew.", "whoever asked"
	default:
		v.Headline, v.Next, v.Whose = "CARPOS has answered.", "Nothing remains to be done for the inquiry.", string(store.PartyNobody)
	}
	return v
}

// patienceOfHubs is for how long after its time an inquiry may still be waiting in a living hub.
const patienceOfHubs = 15 * time.Second

// answer reads CARPOS's reply and sets it beside the registry.
func (d *Desk) answer(ctx context.Context, q store.Inquiry, by Reader, v *View) error {
	reply, err := d.dict.ParseReply([]byte(q.Reply.Text))
	if err != nil {
		v.Headline, v.Next, v.Whose = "CARPOS has answered, and the answer can no longer be read.", "A person of the hub reads the text that was kept.", string(store.PartyPerson)
		return nil
	}
	entries, err := d.entries(ctx, q, by, reply)
	if err != nil {
		return err
	}
	shown := make([]bool, len(entries))
	for _, h := range reply.Hits {
		i, how := belongs(h, entries)
		if i >= 0 {
			shown[i] = true
			v.Hits = append(v.Hits, d.beside(h, entries[i], how, d.withheld(q.Agency, by, entries[i])))
			continue
		}
		v.Hits = append(v.Hits, Hit{Ordinal: h.Ordinal, FCN: h.FCN, Title: title(h), Lines: d.dict.Alone(h),
			Belongs: "It belongs to no order of the registry that this agency may read: another agency entered it, or it was entered before the registry."})
	}
	v.NotShown = reply.NotShown
	for i, e := range entries {
		if !shown[i] {
			v.Missing = append(v.Missing, d.missing(e, q, reply.NotShown > 0)...)
		}
	}
	v.Headline = headline(*v, reply)
	v.Warnings = warnings(q, reply)
	switch {
	case v.different() > 0:
		v.Next, v.Whose = "Confirm with the entering agency which of the two is right. What the hub still owes CARPOS of an order is said with its record.", "whoever asked"
	case len(v.Missing) > 0:
		v.Next, v.Whose = "Orders of the registry that CARPOS does not show are listed with what that means.", "see each"
	}
	return nil
}

// entries are the orders of the registry to which hits or the question lead, and which the agency may read.
func (d *Desk) entries(ctx context.Context, q store.Inquiry, by Reader, reply carpos.Reply) ([]store.Entry, error) {
	query := store.EntryQuery{Question: q.Question, Test: q.Test, Limit: mostEntries, FCNs: []string{}, OCAs: []string{}}
	for _, h := range reply.Hits {
		query.FCNs, query.OCAs = append(query.FCNs, string(h.FCN)), append(query.OCAs, h.OCA)
	}
	if q.Question.FCN != "" {
		query.FCNs = append(query.FCNs, q.Question.FCN)
	}
	if q.Question.OCA != "" {
		query.OCAs = append(query.OCAs, q.Question.OCA)
	}
	found, err := d.store.Entries(ctx, query)
	return slices.DeleteFunc(found, func(e store.Entry) bool { return !d.mayRead(q, by, e) }), err
}

// mayRead says whether the reader sees the order whole in the registry. Where the roles are not known, law enforcement reads all; a court reads those of its own county, and of
// others those that are neither sealed nor of children (docs/access.md).
func (d *Desk) mayRead(q store.Inquiry, by Reader, e store.Entry) bool {
	if by.Asker != nil {
		return by.Asker.Sees(access.ObjectOf(e.Order, q.Test), d.now()) == access.Whole
	}
	return q.Agency.Kind == store.KindLawEnforcement || isOwn(q.Agency, e) || e.Order.Access == order.AccessNormal
}

func (r Reader) look(id store.InquiryID, agency order.ORI, at time.Time) store.Event {
	e := store.LookedAt(id, r.Actor, at)
	e.Person, e.Agency = r.Person, agency
	return e
}

func isOwn(a store.Agency, e store.Entry) bool {
	return countyOf(e.Order.Court.ORI) == countyOf(a.ORI)
}

// countyOf is the part of an ORI that says the county.
func countyOf(o order.ORI) order.ORI { return o[:min(5, len(o))] }

// withheld are fields that may say where the protected side is: for law enforcement and courts of the county that made the order only.
func (d *Desk) withheld(a store.Agency, by Reader, e store.Entry) []string {
	shown := a.Kind == store.KindLawEnforcement || isOwn(a, e)
	if by.Asker != nil {
		shown = by.Asker.Whereabouts(e.Order.Court.ORI)
	}
	if shown {
		return nil
	}
	return []string{"OTH", "ADR"}
}

// belongs finds the order of a hit: by CARPOS's number, else by the number under which it was entered.
func belongs(h carpos.Hit, entries []store.Entry) (at int, how string) {
	if i := slices.IndexFunc(entries, func(e store.Entry) bool { return e.FCN != "" && e.FCN == h.FCN }); i >= 0 {
		return i, "found by its FCN"
	}
	if i := slices.IndexFunc(entries, func(e store.Entry) bool { return e.OCA == h.OCA && e.Agency.ORI == h.ORI }); i >= 0 {
		return i, "found by its OCA; its FCN in the registry is another, or none yet"
	}
	return -1, ""
}

func title(h carpos.Hit) string { return strings.TrimSpace(h.Status + " " + h.Type) }

// registered is the registry's side of a comparison.
func (d *Desk) registered(e store.Entry, withheld []string) carpos.Registered {
	return carpos.Registered{
		Order: e.Order, Confidential: e.Confidential, NIC: e.NIC, Services: e.Services, Cancelled: e.Cancelled, Withheld: withheld, Now: d.now().In(d.zone),
		Context: carpos.Context{ORI: e.Agency.ORI, OCA: e.OCA, CourtName: cmp.Or(e.Agency.CarposName, e.Agency.Name), Confirm: e.Agency.ConfirmText, FCN: e.FCN,
			Restrained: e.Order.Restrained.Name},
	}
}

func (d *Desk) beside(h carpos.Hit, e store.Entry, how string, withheld []string) Hit {
	out := Hit{Ordinal: h.Ordinal, FCN: h.FCN, Title: title(h), Tracking: e.AddedIn, Lines: d.dict.SideBySide(d.registered(e, withheld), h),
		Belongs: "It is the registry's " + named(e) + ", " + how + "."}
	for _, l := range out.Lines {
		if l.Agreement.IsDifference() {
			out.Differences++
		}
	}
	for _, t := range e.Transmissions {
		if t.State != store.StateAccepted {
			out.Owed = append(out.Owed, owed(t))
		}
	}
	return out
}

// named is an order as one speaks of it.
func named(e store.Entry) string {
	return fmt.Sprintf("order %s of court %s, case %s, version %d", e.Order.ID, e.Order.Court.ORI, e.Order.Case, e.Version)
}

var kindNames = map[store.Kind]string{store.KindEnter: "the entry", store.KindModify: "a change", store.KindCancel: "the end", store.KindServe: "a proof of service"}

// owed says of a transmission that CARPOS does not have it, and whose move it is.
func owed(t store.EntryTransmission) string {
	text := fmt.Sprintf("CARPOS does not have %s (%s) from the hub: %s.", kindNames[t.Kind], t.Kind, strings.ReplaceAll(string(t.State), "_", " "))
	if t.Reason != "" {
		text += " " + t.Reason
	}
	return fmt.Sprintf("%s %s Next move: %s.", text, t.Next.Sentence, t.Next.Whose)
}

// missing is an order that CARPOS does not show, where the question asks for it: a name found in the registry without regard to accents is narrowed to what the hub
// would have entered.
func (d *Desk) missing(e store.Entry, q store.Inquiry, more bool) []Missing {
	if q.Question.Name == nil {
		return []Missing{missing(e, more)}
	}
	ask, err := d.dict.Ask(questionOf(q.Question), q.Agency.ORI)
	if err != nil { // it was asked once; another dictionary may say otherwise
		return nil
	}
	enter, _ := d.dict.EnterWith(e.Order, e.Confidential, d.registered(e, nil).Context)
	if enter.Names(ask) {
		return []Missing{missing(e, more)}
	}
	plain, _ := d.dict.Enter(e.Order, d.registered(e, nil).Context) // a name that came on CLETS-001 is not told
	if like := plain.NamesLike(ask); len(like) > 0 {
		return []Missing{{Order: named(e), Tracking: e.AddedIn, Whose: "whoever asked",
			Means: fmt.Sprintf("CARPOS finds a name only as it was entered, and this order names %s. Ask for that, or for OCA %s.", strings.Join(like, " and "), e.OCA)}}
	}
	return nil
}

// missing says what it means that CARPOS does not show an order of the registry.
func missing(e store.Entry, more bool) Missing {
	m := Missing{Order: named(e), Tracking: e.AddedIn}
	next := e.Next()
	switch i := slices.IndexFunc(e.Transmissions, func(t store.EntryTransmission) bool { return t.Kind == store.KindEnter }); {
	case more:
		m.Means, m.Whose = "CARPOS has more hits than it shows, and this order may be among them. Ask by its FCN or OCA.", "whoever asked"
		return m
	case e.NotOwed != "" || i < 0:
		m.Means = next.Sentence
	case e.Transmissions[i].State == store.StateAccepted:
		m.Means = fmt.Sprintf("CARPOS accepted its entry under FCN %s and does not show it now. An officer who asks does not find the order. A person of the hub asks the Department what became of the record.", e.FCN)
		next.Whose = store.PartyPerson
	default:
		t := e.Transmissions[i]
		next = t.Next
		m.Means = owed(t) + " Until then an officer who asks does not find the order."
	}
	m.Whose = string(next.Whose)
	return m
}

// headline counts what was found.
func headline(v View, reply carpos.Reply) string {
	n := len(v.Hits) + v.NotShown
	text := "CARPOS has no record for this question."
	switch {
	case reply.Kind == carpos.NoRecord:
	case n == 1:
		text = "CARPOS has one record."
	default:
		text = fmt.Sprintf("CARPOS has %d records.", n)
	}
	if v.NotShown > 0 {
		text += fmt.Sprintf(" %d of them it does not show: ask more narrowly.", v.NotShown)
	}
	switch different := v.different(); {
	case different == 0:
	case n == 1:
		text += " It differs from the registry."
	default:
		text += fmt.Sprintf(" Of those shown, %d differ from the registry.", different)
	}
	switch n := len(v.Missing); {
	case n == 1:
		text += " One order of the registry is not shown."
	case n > 1:
		text += fmt.Sprintf(" %d orders of the registry are not shown.", n)
	case reply.Kind == carpos.NoRecord:
		text += " Nor does the registry have an order for it that this agency may read."
	}
	return text
}

// different counts the hits that differ from the registry.
func (v View) different() int {
	n := 0
	for _, h := range v.Hits {
		if h.Differences > 0 {
			n++
		}
	}
	return n
}

// warnings are said before the hits.
func warnings(q store.Inquiry, reply carpos.Reply) []string {
	var out []string
	if reply.Kind == carpos.Hits {
		if len(reply.Hits) > 0 && reply.Hits[0].Asked != reply.Matched {
			out = append(out, "CARPOS says that it searched for something else than what was asked.")
		}
		out = append(out, "Do not arrest or detain based solely on this response. Confirm with the agency that each record names.")
	}
	if q.Ended.After(q.Until) {
		out = append(out, "The answer came after its time. What it shows was so at CARPOS when it was given.")
	}
	return out
}

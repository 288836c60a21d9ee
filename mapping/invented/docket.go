package invented

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"

	"ccpor/mapping"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
)

// Docket makes whole cases: for every order form of a form table, in every revision, everything that a court can send about such an order. What a form needs
// and has boxes for is read from its row, so that a new row needs nothing here. The packages break no rule that refuses; many lack or have too much of
// something, so that CARPOS holds them, as happens with real ones.
type Docket struct {
	maker Maker
	table *forms.Table
	cases []kind
}

// kind is one sort of case: a form and what happens to an order on it.
type kind struct {
	form forms.Form
	plot plot
}

// Case is what a court sends about one order, or about two of which one follows the other, in that sequence.
type Case struct {
	// Name tells the form, its revision and what happens.
	Name string
	Sent []Sent
}

// Sent is one package with its images.
type Sent struct {
	mapping.Package
	Images []Image
}

// Image is a document's content under the identification that the package gives it.
type Image struct {
	ID      string
	Content []byte
}

// NewDocket is the docket of a court. Maker.Issued is the day on which all of it is sent: orders are made on that day or shortly before, those on a revision
// that is out of use in its last days.
func NewDocket(m Maker, t *forms.Table) *Docket {
	d := &Docket{maker: m, table: t}
	var rows []forms.Form
	for _, f := range t.Forms() {
		if f.Kind == forms.KindOrder && !f.Revision.After(m.Issued) {
			rows = append(rows, f)
		}
	}
	plots := make([][]plot, len(rows))
	most := 0
	for i, f := range rows {
		plots[i] = d.plots(f)
		most = max(most, len(plots[i]))
	}
	for round := range most { // each round has every form, and another plot for each
		for i, f := range rows {
			if round < len(plots[i]) {
				d.cases = append(d.cases, kind{f, plots[i][(round+i)%len(plots[i])]})
			}
		}
	}
	return d
}

// Kinds is how many sorts of cases there are. The first Kinds cases are of one each, the next are of the same sorts about other people.
func (d *Docket) Kinds() int { return len(d.cases) }

// Case is the i-th case; the same docket and number give the same case.
func (d *Docket) Case(i int) Case {
	k := d.cases[i%len(d.cases)]
	s := &story{Docket: d, r: d.maker.random(i), id: fmt.Sprintf("%s-%06d", d.maker.Prefix, i)}
	s.begin(k.form)
	k.plot.tell(s)
	return Case{Name: fmt.Sprintf("%s %s: %s", k.form.Number, k.form.Revision, k.plot.name), Sent: s.sent}
}

// story is a case as it is told.
type story struct {
	*Docket
	r     *rand.Rand
	id    string
	form  forms.Form
	order order.Order // as it stands
	sent  []Sent
}

// plot is what happens to an order.
type plot struct {
	name string
	tell func(*story)
}

// plots are all that can happen to an order on the form.
func (d *Docket) plots(f forms.Form) []plot {
	all := []plot{
		{"added", func(s *story) { s.add() }},
		{"image later", func(s *story) { s.addBare(); s.attachImage() }},
		{"image first", func(s *story) { s.attachImage(); s.addBare() }},
		{"CLETS-001 with it", func(s *story) { s.add().Confidential = s.confidential() }},
		{"CLETS-001 later", func(s *story) { s.add(); s.attachConfidential() }},
		{"CLETS-001 first", func(s *story) { s.attachConfidential(); s.add() }},
		{"proof first", func(s *story) { s.serve(order.MethodPersonal); s.add() }},
		{"end first", func(s *story) { s.cancel(order.CancelTerminated); s.add() }},
		{"held and corrected", func(s *story) { s.order.Restrained.Race = ""; s.add(); s.modify(order.ModifyCorrect) }},
		{"a whole life", func(s *story) {
			s.add()
			s.serve(order.MethodPersonal)
			s.modify(order.ModifyAmend)
			s.attachConfidential()
			s.modify(order.ModifyCorrect)
			s.cancel(order.CancelTerminated)
		}},
	}
	for _, m := range []order.ServiceMethod{order.MethodPersonal, order.MethodVerbal, order.MethodMail, order.MethodCourt} {
		all = append(all, plot{"served, " + string(m), func(s *story) { s.add(); s.serve(m) }})
	}
	for _, why := range reasonsFor(f) {
		all = append(all, plot{"modified, " + string(why), func(s *story) { s.add(); s.modify(why) }})
	}
	for _, why := range []order.CancelReason{order.CancelTerminated, order.CancelInError, order.CancelDeceased} {
		all = append(all, plot{"cancelled, " + string(why), func(s *story) { s.add(); s.cancel(why) }})
	}
	if later, ok := d.successor(f); ok {
		all = append(all, plot{"followed by " + later.Number, func(s *story) { s.add(); s.serve(order.MethodPersonal); s.follow(later) }})
	}
	return all
}

// reasonsFor are why an order on the form can be changed: what stands until a hearing is continued, and what does not is extended or renewed.
func reasonsFor(f forms.Form) []order.ModifyReason {
	if temporary(f) {
		return []order.ModifyReason{order.ModifyCorrect, order.ModifyAmend, order.ModifyContinue}
	}
	return []order.ModifyReason{order.ModifyCorrect, order.ModifyAmend, order.ModifyExtend, order.ModifyRenew}
}

func temporary(f forms.Form) bool {
	return f.HasStage(order.StageTemporary) || f.HasStage(order.StageEmergency)
}

// successor is the form of an order that can follow one on this form: after hearing, of the same family, and in use to the end of this one's time.
func (d *Docket) successor(f forms.Form) (forms.Form, bool) {
	day := d.issueDay(f, 0)
	for _, g := range d.table.Forms() {
		if temporary(f) && g.Kind == forms.KindOrder && g.Family == f.Family && g.HasStage(order.StageAfterHearing) && g.InUse(day) {
			return g, true
		}
	}
	return forms.Form{}, false
}

// issueDay is the given number of days before the last one on which the form can have been used.
func (d *Docket) issueDay(f forms.Form, before int) order.Date {
	last := d.maker.Issued
	if !f.Until.IsZero() && f.Until.Before(last) {
		last = f.Until
	}
	if day := last.AddDays(-before); !day.Before(f.Revision) {
		return day
	}
	return f.Revision
}

// begin invents the order that the case is about.
func (s *story) begin(f forms.Form) {
	s.form = f
	s.order = s.invent(f)
	s.order.ID = order.LocalID(s.id)
}

// send appends a package about the order, with one image for each role.
func (s *story) send(a mapping.Action, roles ...string) *Sent {
	p := mapping.Package{ID: order.LocalID(fmt.Sprintf("%s-%d", s.id, len(s.sent)+1)), Action: a, Sent: s.maker.Sent, Submitter: s.maker.Court.ORI,
		Software: "Invented CMS", SoftwareVersion: "2", Test: false}
	out := Sent{Package: p}
	for i, role := range roles {
		content := s.image()
		sum := sha256.Sum256(content)
		id := fmt.Sprintf("image-%d", i+1)
		out.Images = append(out.Images, Image{id, content})
		out.Documents = append(out.Documents, order.Document{ID: id, Role: role, Media: "application/pdf", Bytes: int64(len(content)), Pages: 1 + i, SHA256: hex.EncodeToString(sum[:])})
	}
	s.sent = append(s.sent, out)
	return &s.sent[len(s.sent)-1]
}

func (s *story) image() []byte {
	b := []byte("%PDF-1.4\n% invented, not a real form\n")
	for range 50 + s.r.IntN(400) {
		b = append(b, byte(s.r.Uint32()))
	}
	return append(b, "\n%%EOF\n"...)
}

// add sends the order with its image; addBare without.
func (s *story) add() *Sent     { return s.withOrder(s.send(mapping.ActionAdd, "order")) }
func (s *story) addBare() *Sent { return s.withOrder(s.send(mapping.ActionAdd)) }

func (s *story) withOrder(p *Sent) *Sent {
	o := s.order
	o.Documents = p.Documents
	p.Order = &o
	return p
}

// modify changes the order and sends it as it stands then.
func (s *story) modify(why order.ModifyReason) {
	m := order.Modification{Reason: why, Date: s.after(), Form: s.changeForm(func(f forms.Form) bool { return slices.Contains(f.Reasons, why) }), Judge: s.judge()}
	s.change(why)
	p := s.withOrder(s.send(mapping.ActionModify, "order"))
	p.Modification = &m
}

// change is what a modification does to the order.
func (s *story) change(why order.ModifyReason) {
	o := &s.order
	o.Hearings = slices.Clone(o.Hearings)
	switch why {
	case order.ModifyCorrect:
		o.Restrained.Race, o.Restrained.Sex, o.Restrained.Hair = pick(s.r, races), "M", pick(s.r, hair)
		if o.Restrained.Born == nil && o.Restrained.Age == 0 {
			o.Restrained.Age = 20 + s.r.IntN(50)
		}
	case order.ModifyAmend:
		o.OtherOrders = s.words(5 + s.r.IntN(40))
		for i := range o.Terms.StayAway {
			o.Terms.StayAway = slices.Clone(o.Terms.StayAway)
			o.Terms.StayAway[i].Yards += 50
		}
	case order.ModifyContinue:
		for i, h := range o.Hearings {
			if h.Purpose == order.HearingNext {
				o.Hearings[i].Date = h.Date.AddDays(21)
			}
		}
		s.prolong(func(d order.Date) order.Date { return d.AddDays(21) })
	default:
		s.prolong(func(d order.Date) order.Date { return d.AddYears(1 + s.r.IntN(2)) })
	}
}

// prolong moves an end that the order names; one that it does not name it names now, or moves with the hearing.
func (s *story) prolong(later func(order.Date) order.Date) {
	e := &s.order.Expiry
	switch {
	case e.Date != nil:
		d := later(*e.Date)
		*e = order.Expiry{Date: &d, Basis: order.ExpiryExplicit}
	case e.Basis == "" && !temporary(s.form):
		d := later(s.order.Issued.AddYears(4))
		*e = order.Expiry{Date: &d, Basis: order.ExpiryExplicit}
	}
}

func (s *story) cancel(why order.CancelReason) {
	p := s.send(mapping.ActionCancel, "termination")
	p.Cancellation = &order.Cancellation{Reference: s.reference(), Form: s.changeForm(func(f forms.Form) bool { return slices.Contains(f.Ends, why) }),
		Restrained: s.order.Restrained.Name, Reason: why, Date: s.after(), Judge: s.judge(), Documents: p.Documents}
}

func (s *story) serve(by order.ServiceMethod) {
	p := s.send(mapping.ActionServe, "proofOfService")
	server := order.Officer{Name: "Deputy Moss Granite", Badge: "0000", Agency: "Invented Sheriff"}
	if by == order.MethodMail || s.sometimes(4) {
		server = order.Officer{Name: s.plain().Full()}
	}
	p.Service = &order.Service{OrderID: s.order.ID, Court: s.order.Court.ORI, Case: s.order.Case, Form: s.proofForm(by), Restrained: s.order.Restrained.Name,
		Date: s.after(), Time: order.TimeOfDay(18*60 + s.r.IntN(300)), Method: by, Server: server, Own: s.sometimes(2), Documents: p.Documents}
}

func (s *story) attachImage() {
	p := s.send(mapping.ActionAttach, "order")
	p.Supplement = &order.Supplement{Reference: s.reference(), Form: s.form.Number, Documents: p.Documents}
}

func (s *story) attachConfidential() {
	p := s.send(mapping.ActionAttach)
	name := s.order.Restrained.Name
	p.Supplement, p.Confidential = &order.Supplement{Reference: s.reference(), Restrained: &name}, s.confidential()
}

// follow makes the order after hearing that takes the place of the one so far.
func (s *story) follow(later forms.Form) {
	before := s.order
	s.form, s.order = later, s.invent(later)
	s.order.ID, s.order.Follows = before.ID+"-B", before.ID
	s.order.Case, s.order.Restrained.Name = before.Case, before.Restrained.Name
	s.order.Protected = before.Protected
	s.order.Issued = s.maker.Issued
	if !later.InUse(s.order.Issued) {
		s.order.Issued = before.Issued
	}
	s.add()
	s.serve(order.MethodPersonal)
}

func (s *story) reference() order.Reference {
	return order.Reference{OrderID: s.order.ID, Court: s.order.Court.ORI, Case: s.order.Case}
}

// after is a day from the issue on, at most today.
func (s *story) after() order.Date {
	day := s.order.Issued.AddDays(s.r.IntN(8))
	if day.After(s.maker.Issued) {
		return s.maker.Issued
	}
	return day
}

// changeForm is a form of the family by which this is done; empty where there is none, and sometimes where there is.
func (s *story) changeForm(does func(forms.Form) bool) string {
	return s.sheet(func(f forms.Form) bool { return f.Kind == forms.KindChange && f.Family == s.form.Family && does(f) })
}

func (s *story) proofForm(by order.ServiceMethod) string {
	return s.sheet(func(f forms.Form) bool {
		return f.Kind == forms.KindProof && f.Family == s.form.Family && slices.Contains(f.Methods, by)
	})
}

func (s *story) sheet(fits func(forms.Form) bool) string {
	if s.sometimes(5) {
		return ""
	}
	for _, f := range s.table.Forms() {
		if fits(f) {
			return f.Number
		}
	}
	return ""
}

// sometimes is true once in n times.
func (s *story) sometimes(n int) bool { return s.r.IntN(n) == 0 }

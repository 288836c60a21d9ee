// Package facsimile draws a one-page PDF of the facts of an order, a changed order, a proof of service or a termination. It serves samples, golden cases and the sandbox, whose
// packages need an image that shows what they say; it looks like no Judicial Council form and says on its face that it is none.
//
// The same facts give the same bytes. What goes beyond one page is an error, never cut. Characters outside Latin-1 have no place in
// the fonts used and are drawn as a dot: the package has them, the picture of an invented order need not.
package facsimile

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"ccpor/mapping/order"
)

// Order draws an order.
func Order(o *order.Order) ([]byte, error) {
	p := newPage(o.Form.Number, o.Form.Title)
	p.order(o)
	return p.bytes()
}

// Changed draws an order as it stands after a change, with the change above it.
func Changed(m *order.Modification, o *order.Order) ([]byte, error) {
	number := m.Form
	if number == "" {
		number = o.Form.Number
	}
	p := newPage(number, "Order that changes an order")
	p.row("Change", string(m.Reason))
	p.row("Changed on", m.Date.String())
	p.row("Judicial officer", m.Judge)
	p.heading("The order as it stands now: " + o.Form.Number + " " + o.Form.Title)
	p.order(o)
	return p.bytes()
}

// Termination draws the end of an order.
func Termination(c *order.Cancellation) ([]byte, error) {
	number := c.Form
	if number == "" {
		number = "Notice of termination"
	}
	p := newPage(number, "The order named here no longer stands")
	p.row("Case number", string(c.Case))
	p.row("Restrained person", c.Restrained.Full())
	p.row("Reason", string(c.Reason))
	p.row("From", c.Date.String())
	p.row("Judicial officer", c.Judge)
	return p.bytes()
}

// Attachment draws a paper that belongs to an order and says nothing but which one.
func Attachment(s *order.Supplement) ([]byte, error) {
	p := newPage(s.Form, "Paper of an order that was sent apart from its data")
	p.row("Case number", string(s.Case))
	p.row("Order", string(s.OrderID))
	if s.Restrained != nil {
		p.row("Restrained person", s.Restrained.Full())
	}
	return p.bytes()
}

func (p *page) order(o *order.Order) {
	p.row("Court", o.Court.Name)
	p.row("Case number", string(o.Case))
	p.row("Issued", strings.TrimSpace(o.Issued.String()+" "+at(o.IssuedTime)))
	p.row("Judicial officer", o.Judge)
	for _, h := range o.Hearings {
		p.row("Hearing ("+string(h.Purpose)+")", strings.Join(said(h.Date.String(), at(h.Time), prefixed("Dept. ", h.Department), prefixed("Room ", h.Room)), ", "))
	}
	p.row("Expires", expires(o.Expiry))
	p.heading("Person to be restrained")
	p.person(o.Restrained.Name, o.Restrained.Person)
	p.row("Height, weight", strings.Join(said(feet(o.Restrained.Height), pounds(o.Restrained.Weight)), ", "))
	p.row("Hair, eyes", strings.Join(said(o.Restrained.Hair, o.Restrained.Eyes), ", "))
	p.protected(o)
	p.heading("Orders")
	for _, line := range terms(o.Terms) {
		p.row("[x]", line)
	}
	p.row("Other orders", o.OtherOrders)
	p.row("Service", string(o.Service))
	if f := o.Officer; f != nil {
		p.row("Requested by", strings.Join(said(f.Name, prefixed("badge ", f.Badge), f.Agency), ", "))
	}
}

// protected draws the protected side, and who asked for the order and where it comes from.
func (p *page) protected(o *order.Order) {
	p.heading("Protected persons")
	for _, x := range o.Protected {
		p.person(x.Name, x.Person)
	}
	for _, g := range o.Organizations {
		p.row("Organization", g.Name)
		for _, a := range g.Sites {
			p.row("Site", strings.Join(said(a.Street, a.City, a.State, a.Postal), ", "))
		}
	}
	if x := o.Petitioner; x != nil {
		p.row("Petitioner", x.Name+" ("+string(x.Kind)+")")
	}
	if f := o.Foreign; f != nil {
		p.row("Registers", strings.Join(said(f.Court, f.Jurisdiction, prefixed("case ", f.Case)), ", "))
	}
}

// Proof draws a proof of service.
func Proof(s *order.Service) ([]byte, error) {
	number := s.Form
	if number == "" {
		number = "Return of service"
	}
	p := newPage(number, "Proof of service")
	p.row("Case number", string(s.Case))
	p.row("Person served", s.Restrained.Full())
	p.row("Served", s.Date.String()+" "+s.Time.String())
	p.row("Method", string(s.Method))
	p.row("Place", s.Place)
	p.row("Papers", strings.Join(s.Papers, ", "))
	p.row("Served by", strings.Join(said(s.Server.Name, prefixed("badge ", s.Server.Badge), s.Server.Agency), ", "))
	return p.bytes()
}

func terms(t order.Terms) []string {
	var all []string
	for _, x := range []struct {
		ordered bool
		text    string
	}{
		{t.NoHarm, "must not harass, strike, threaten or disturb the peace of the protected persons"},
		{t.NoContact, "must have no contact with the protected persons"},
		{t.NoThirdPartyContact, "must have no contact through a third party, except an attorney of record"},
		{t.ChildExchange, "may have peaceful contact only for the safe exchange of children"},
		{t.NoDissuasion, "must not dissuade a victim or witness"},
		{t.MoveOut, "must move out"},
		{t.CustodyToProtected, "custody is ordered"},
		{t.VisitationToRestrained, "visitation is ordered"},
		{t.MayRecord, "protected persons may record prohibited communications"},
		{t.Firearms != nil, "firearms: " + firearms(t.Firearms)},
		{t.FinancialAbuseOnly, "financial abuse only: no order on firearms"},
		{t.Animals != "", "animals: " + t.Animals},
		{t.Property != "", "property and payments: " + t.Property},
		{t.Support != "", "support: " + t.Support},
		{len(t.Programs) > 0, "must complete: " + strings.Join(t.Programs, ", ")},
		{t.MonitoredUntil != nil, "electronic monitoring until " + until(t.MonitoredUntil)},
	} {
		if x.ordered {
			all = append(all, x.text)
		}
	}
	for _, s := range t.StayAway {
		all = append(all, fmt.Sprintf("must stay %d yards away from: %s", s.Yards, places(s.Places)))
	}
	return all
}

func until(d *order.Date) string {
	if d == nil {
		return ""
	}
	return d.String()
}

func places(list []order.Place) string {
	var all []string
	for _, p := range list {
		all = append(all, strings.TrimSpace(string(p.Kind)+" "+p.Text))
	}
	return strings.Join(all, ", ")
}

func firearms(f *order.Firearms) string {
	if f == nil {
		return ""
	}
	var all []string
	for _, x := range []struct {
		ordered bool
		text    string
	}{{f.NoPossession, "may not possess"}, {f.NoPurchase, "may not buy or receive"}, {f.Surrender, "must surrender"}, {f.NoBodyArmor, "no body armor"}} {
		if x.ordered {
			all = append(all, x.text)
		}
	}
	if f.WithinHours > 0 {
		all = append(all, fmt.Sprintf("within %d hours", f.WithinHours))
	}
	all = append(all, f.Named...)
	return strings.Join(all, ", ")
}

func expires(e order.Expiry) string {
	if e.Basis == order.ExpiryPermanent {
		return "does not expire"
	}
	if e.Date == nil || e.Basis != order.ExpiryExplicit {
		return "" // blank on the form
	}
	return strings.TrimSpace(e.Date.String() + " " + at(e.Time))
}

func at(t *order.TimeOfDay) string {
	if t == nil {
		return ""
	}
	return t.String()
}

func feet(inches int) string {
	if inches == 0 {
		return ""
	}
	return fmt.Sprintf("%d-%d", inches/12, inches%12)
}

func pounds(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d lb", n)
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// said leaves the empty ones out.
func said(list ...string) []string {
	var all []string
	for _, s := range list {
		if s != "" {
			all = append(all, s)
		}
	}
	return all
}

// page is the one page being drawn, in points on US letter paper.
type page struct {
	pdf    *fpdf.Fpdf
	latin1 func(string) string
}

func newPage(number, title string) *page {
	pdf := fpdf.New("P", "pt", "Letter", "")
	printed := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // the same facts give the same bytes
	pdf.SetCreationDate(printed)
	pdf.SetModificationDate(printed)
	pdf.SetCatalogSort(true)
	pdf.SetMargins(54, 54, 54)
	pdf.SetTitle(number, false)
	pdf.AddPage()
	p := &page{pdf: pdf, latin1: pdf.UnicodeTranslatorFromDescriptor("")}
	pdf.SetFont("Helvetica", "B", 9)
	pdf.CellFormat(0, 14, "FACSIMILE FOR TESTS - INVENTED - NOT A COURT ORDER", "1", 1, "C", false, 0, "")
	pdf.SetFont("Helvetica", "B", 16)
	pdf.CellFormat(0, 30, p.latin1(number), "", 1, "L", false, 0, "")
	p.heading(title)
	return p
}

func (p *page) heading(s string) {
	p.pdf.Ln(6)
	p.pdf.SetFont("Helvetica", "B", 10)
	p.pdf.MultiCell(0, 14, p.latin1(s), "", "L", false)
}

func (p *page) row(label, value string) {
	if value == "" {
		return
	}
	p.pdf.SetFont("Helvetica", "", 9)
	p.pdf.CellFormat(110, 12, p.latin1(label), "", 0, "L", false, 0, "")
	p.pdf.SetFont("Courier", "", 9)
	p.pdf.MultiCell(0, 12, p.latin1(value), "", "L", false)
}

func (p *page) person(n order.Name, d order.Person) {
	born := ""
	if d.Born != nil {
		born = "born " + d.Born.String()
	}
	age := ""
	if d.Age > 0 {
		age = fmt.Sprintf("age %d", d.Age)
	}
	p.row("Name", strings.Join(said(n.Full(), prefixed("sex ", d.Sex), age, born), ", "))
}

func (p *page) bytes() ([]byte, error) {
	if p.pdf.PageCount() != 1 {
		return nil, fmt.Errorf("drawing a facsimile: the facts need %d pages", p.pdf.PageCount())
	}
	var b bytes.Buffer
	if err := p.pdf.Output(&b); err != nil {
		return nil, fmt.Errorf("drawing a facsimile: %w", err)
	}
	return b.Bytes(), nil
}

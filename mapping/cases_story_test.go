package mapping_test

import (
	"strings"
	"testing"
	"time"

	"ccpor/mapping"
	"ccpor/mapping/order"
)

// story is an order and what becomes of it, each step a golden case of its own. The name of a step says which: the order's case, the action, the form
// by which it was done ("own" for none), the reason or method.
type story struct {
	t     testing.TB
	cases *[]goldenCase
	name  string
	// made makes the order anew, so that a step can change its copy.
	made func() *order.Order
}

// tell begins a story: the order is added on the day after its issue.
func tell(t testing.TB, cases *[]goldenCase, name, title string, made func() *order.Order, remarks ...string) story {
	s := story{t: t, cases: cases, name: name, made: made}
	o := made()
	s.step("", title, o.Issued.AddDays(1), mapping.Package{Action: mapping.ActionAdd, Order: o}, remarks...)
	return s
}

// step adds a case that is judged on the day on which it is sent.
func (s story) step(suffix, title string, day order.Date, p mapping.Package, remarks ...string) *goldenCase {
	name, about := s.name+suffix, ""
	if suffix != "" {
		about = s.name
	}
	p.ID = order.LocalID(strings.ToUpper(name))
	p.Sent = day.At(order.TimeOfDay(17*60), time.UTC)
	p.Submitter, p.Software, p.SoftwareVersion = s.made().Court.ORI, "Sample Case Management", "1.0"
	*s.cases = append(*s.cases, goldenCase{name: name, pack: p, facts: facts{Title: title, Today: day, Order: about, Remarks: remarks}})
	return &(*s.cases)[len(*s.cases)-1]
}

func own(form string) string {
	if form == "" {
		return "own"
	}
	return strings.ToLower(strings.ReplaceAll(form, "-", ""))
}

// modify sends the whole order as edit leaves it.
func (s story) modify(form string, reason order.ModifyReason, day string, edit func(o *order.Order), remarks ...string) {
	o := s.made()
	edit(o)
	m := &order.Modification{Reason: reason, Date: on(s.t, day), Form: form, Judge: "Judge Opal Basalt"}
	s.step("-modify-"+own(form)+"-"+string(reason), "The order of "+s.name+" after its change: "+string(reason), m.Date.AddDays(1),
		mapping.Package{Action: mapping.ActionModify, Modification: m, Order: o}, remarks...)
}

func (s story) cancel(form string, reason order.CancelReason, day string, remarks ...string) {
	o := s.made()
	c := &order.Cancellation{Reference: s.reference(), Form: form, Restrained: o.Restrained.Name, Reason: reason, Date: on(s.t, day), Judge: "Judge Opal Basalt"}
	if reason != order.CancelTerminated {
		c.Judge = "" // a clerk's matter
	}
	s.step("-cancel-"+own(form)+"-"+string(reason), "The order of "+s.name+" no longer stands: "+string(reason), c.Date.AddDays(1),
		mapping.Package{Action: mapping.ActionCancel, Cancellation: c}, remarks...)
}

// serve proves service on the day after the issue.
func (s story) serve(form string, method order.ServiceMethod, remarks ...string) {
	o := s.made()
	p := &order.Service{OrderID: o.ID, Court: o.Court.ORI, Case: o.Case, Form: form, Restrained: o.Restrained.Name, Date: o.Issued.AddDays(1), Time: *atTime(18, 5),
		Method: method, Server: order.Officer{Name: "Deputy Flint Sandstone", Badge: "0000", Agency: "Invented County Sheriff", AgencyORI: "CA0300000"}, Own: true,
		Place: "1 Quarry Road, Invented Springs", Papers: []string{o.Form.Number}}
	if method == order.MethodMail {
		p.Server, p.Own = order.Officer{Name: "Birch Gneiss", Agency: "Invented Springs Legal Mail", Telephone: "5555550101"}, false
	}
	s.step("-serve-"+own(form)+"-"+string(method), "Proof of service of the order of "+s.name+": "+string(method), p.Date.AddDays(1),
		mapping.Package{Action: mapping.ActionServe, Service: p}, remarks...)
}

// attach brings an image, CLETS-001, or both, two days after the issue.
func (s story) attach(what string, image bool, c *order.Confidential, remarks ...string) {
	o := s.made()
	x := &order.Supplement{Reference: s.reference(), Form: o.Form.Number, Restrained: &o.Restrained.Name}
	g := s.step("-attach-"+what, "Sent apart from the data of "+s.name+": "+what, o.Issued.AddDays(2),
		mapping.Package{Action: mapping.ActionAttach, Supplement: x, Confidential: c}, remarks...)
	g.imageless = !image
}

func (s story) reference() order.Reference {
	o := s.made()
	return order.Reference{OrderID: o.ID, Court: o.Court.ORI, Case: o.Case}
}

// --- edits that make the whole order as it stands after a change ---

// continued puts the hearing off, and with it the end of an order that stands until then.
func continued(t testing.TB, day string) func(o *order.Order) {
	return func(o *order.Order) { o.Hearings[0].Date = on(t, day) }
}

func lasting(t testing.TB, day string) func(o *order.Order) {
	return func(o *order.Order) { o.Expiry = explicit(t, day) }
}

func forever(o *order.Order) { o.Expiry = order.Expiry{Basis: order.ExpiryPermanent} }

func amended(o *order.Order) {
	o.OtherOrders = "The restrained person may walk on the towpath by day."
}

// corrected mends what the clerk had typed wrongly: the name's spelling and the date of birth.
func corrected(t testing.TB) func(o *order.Order) {
	return func(o *order.Order) {
		o.Restrained.Name.Given += "e"
		o.Restrained.Born, o.Restrained.Age = ref(on(t, "1979-06-05")), 0
	}
}

// clets001 is the confidential form of an order's people.
func clets001(t testing.TB, o *order.Order) *order.Confidential {
	c := &order.Confidential{Restrained: &order.ConfidentialRestrained{
		Aliases: []order.Name{{Given: "Pebbles", Surname: o.Restrained.Name.Surname}}, Person: order.Person{Sex: o.Restrained.Sex, Race: "white", Born: o.Restrained.Born},
		Height: 70, Weight: 180, Hair: "BRO", Eyes: "HAZ", Marks: []string{"scar on the left hand"}, SSN: "000000000",
		DriverLicense: &order.License{Number: "X0000001", State: "CA", Year: 2029}, Address: &order.Address{Street: "1 Quarry Road", City: "Invented Springs", State: "CA", Postal: "90000"},
		Telephones: []string{"5555550102"}, Employer: "Invented Gravel Works", EmployerAddress: &order.Address{Street: "3 Quarry Road", City: "Invented Springs", State: "CA"},
		Vehicles: []string{"grey pick-up, plate 0XXX000"}, Language: "English", SpeaksEnglish: ref(true), FirearmsKnown: "yes", Firearms: []string{"a hunting rifle, in the shed"}}}
	for _, p := range o.Protected {
		c.Protected = append(c.Protected, order.ConfidentialProtected{Name: p.Name, Person: order.Person{Sex: p.Sex, Race: "white", Born: ref(on(t, "1984-03-02"))},
			Relation: p.Relation, Address: &order.Address{Street: "PO Box 0", City: "Invented Springs", State: "CA", Postal: "90000"}, Telephones: []string{"5555550103"}})
	}
	return c
}

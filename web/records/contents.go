package records

import (
	"fmt"
	"strings"

	"ccpor/mapping/order"
)

// section is a part of an order as it is read: its lines, of which those without a value are left out.
type section struct {
	Name  string
	Lines []line
	// Confidential says that it is of CLETS-001.
	Confidential bool
}

type line struct{ Name, Value string }

func (s *section) say(name, value string) {
	if value = strings.TrimSpace(value); value != "" {
		s.Lines = append(s.Lines, line{name, value})
	}
}

func (s *section) yes(name string, is bool) {
	if is {
		s.say(name, "yes")
	}
}

func (s *section) count(name string, n int, unit string) {
	if n != 0 {
		s.say(name, strings.TrimSpace(fmt.Sprintf("%d %s", n, unit)))
	}
}

func (s *section) truth(name string, is *bool) {
	if is != nil {
		s.say(name, map[bool]string{true: "yes", false: "no"}[*is])
	}
}

func (s *section) day(name string, d *order.Date) {
	if d != nil {
		s.say(name, d.String())
	}
}

// sections are all that an order says.
func sections(o order.Order) []section {
	all := []section{made(o), restrained(o.Restrained)}
	for i, p := range o.Protected {
		all = append(all, protected(i, p))
	}
	all = append(all, others(o), terms(o.Terms, o.OtherOrders))
	var said []section
	for _, s := range all {
		if len(s.Lines) > 0 {
			said = append(said, s)
		}
	}
	return said
}

func made(o order.Order) section {
	s := section{Name: "The order"}
	s.say("Case number", string(o.Case))
	for _, c := range o.OtherCases {
		s.say("Other case", strings.Join([]string{c.Kind, string(c.Number), c.Court}, " "))
	}
	s.say("Title", o.Form.Title)
	s.say("Judicial officer", o.Judge)
	s.say("Department", o.Court.Department)
	s.say("Stage", string(o.Stage))
	s.say("Under", strings.Join(o.Statutes, ", "))
	for _, h := range o.Hearings {
		at := h.Date.String()
		if h.Time != nil {
			at += " " + h.Time.String()
		}
		s.say("Hearing ("+string(h.Purpose)+")", strings.Join([]string{at, h.Department, h.Room}, " "))
	}
	s.say("Ends by", string(o.Expiry.Basis))
	s.yes("Changes an earlier order", o.Modification)
	return s
}

func description(s *section, p order.Person) {
	s.say("Sex", p.Sex)
	s.say("Race", p.Race)
	s.day("Date of birth", p.Born)
	s.count("Age", p.Age, "")
}

func looks(s *section, height, weight int, hair, eyes string, marks []string) {
	s.count("Height", height, "inches")
	s.count("Weight", weight, "pounds")
	s.say("Hair", hair)
	s.say("Eyes", eyes)
	s.say("Marks", strings.Join(marks, "; "))
}

func addressOf(a *order.Address) string {
	if a == nil {
		return ""
	}
	var parts []string
	for _, part := range []string{a.Street, a.City, a.State, a.Postal} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

func license(s *section, l *order.License) {
	if l != nil {
		s.say("Driver's license", strings.TrimSpace(l.State+" "+l.Number))
	}
}

func restrained(p order.Restrained) section {
	s := section{Name: "Restrained person"}
	s.say("Name", p.Name.Full())
	for _, n := range p.Aliases {
		s.say("Also called", n.Full())
	}
	description(&s, p.Person)
	looks(&s, p.Height, p.Weight, p.Hair, p.Eyes, p.Marks)
	s.say("Address", addressOf(p.Address))
	license(&s, p.DriverLicense)
	s.say("CII number", p.CII)
	s.say("FBI number", p.FBI)
	s.say("Peace officer of", p.PeaceOfficer)
	s.yes("A minor", p.Minor)
	s.truth("Present in court", p.Present)
	return s
}

func protected(i int, p order.Protected) section {
	s := section{Name: fmt.Sprintf("Protected person %d", i+1)}
	s.say("Name", p.Name.Full())
	description(&s, p.Person)
	s.say("Relationship", p.Relation)
	s.yes("A minor", p.Minor)
	return s
}

// others are who else the order names.
func others(o order.Order) section {
	s := section{Name: "Others"}
	for _, g := range o.Organizations {
		s.say("Protected organization", g.Name)
		for _, a := range g.Sites {
			s.say("Its site", addressOf(&a))
		}
	}
	if p := o.Petitioner; p != nil {
		s.say("Asked for by ("+string(p.Kind)+")", strings.TrimSpace(p.Name+" "+string(p.ORI)))
	}
	if p := o.Officer; p != nil {
		s.say("Officer", strings.Join([]string{p.Name, p.Badge, p.Agency}, " "))
	}
	if f := o.Foreign; f != nil {
		s.say("Order of another court", strings.Join([]string{f.Court, f.Jurisdiction, f.Case}, " "))
		s.truth("Certified copy shown", f.Certified)
	}
	return s
}

func terms(t order.Terms, other string) section {
	s := section{Name: "What is ordered"}
	s.yes("Must not harm", t.NoHarm)
	s.yes("No contact", t.NoContact)
	s.yes("No contact through others", t.NoThirdPartyContact)
	s.yes("Contact for the exchange of children", t.ChildExchange)
	for _, a := range t.StayAway {
		var places []string
		for _, p := range a.Places {
			places = append(places, strings.TrimSpace(string(p.Kind)+" "+p.Text))
		}
		s.say("Stay away", fmt.Sprintf("%d yards: %s", a.Yards, strings.Join(places, "; ")))
	}
	s.yes("Must move out", t.MoveOut)
	s.say("Move out of", addressOf(t.MoveOf))
	firearms(&s, t.Firearms)
	s.yes("Custody to the protected person", t.CustodyToProtected)
	s.yes("Visitation to the restrained person", t.VisitationToRestrained)
	s.yes("Must not dissuade a witness", t.NoDissuasion)
	s.yes("Communications may be recorded", t.MayRecord)
	s.yes("Financial abuse only", t.FinancialAbuseOnly)
	s.say("Animals", t.Animals)
	s.say("Property", t.Property)
	s.say("Support", t.Support)
	s.say("Programs", strings.Join(t.Programs, "; "))
	s.day("Electronic monitoring until", t.MonitoredUntil)
	s.truth("18 U.S.C. 922(g)(8) applies", t.Brady)
	s.say("Other orders", other)
	return s
}

func firearms(s *section, f *order.Firearms) {
	if f == nil {
		return
	}
	s.yes("No firearms", f.NoPossession)
	s.yes("No purchase of firearms", f.NoPurchase)
	s.yes("Firearms are to be surrendered", f.Surrender)
	s.count("Within", f.WithinHours, "hours")
	s.yes("No body armor", f.NoBodyArmor)
	s.say("Firearms named", strings.Join(f.Named, "; "))
}

// confidential is what CLETS-001 says.
func confidential(c order.Confidential) section {
	s := section{Name: "CLETS-001, confidential", Confidential: true}
	if r := c.Restrained; r != nil {
		for _, n := range r.Aliases {
			s.say("Restrained: also called", n.Full())
		}
		description(&s, r.Person)
		looks(&s, r.Height, r.Weight, r.Hair, r.Eyes, r.Marks)
		s.say("Social security number", r.SSN)
		license(&s, r.DriverLicense)
		s.say("Address", addressOf(r.Address))
		s.say("Telephone", strings.Join(r.Telephones, ", "))
		s.say("Employer", strings.TrimSpace(r.Employer+" "+addressOf(r.EmployerAddress)))
		s.say("Vehicles", strings.Join(r.Vehicles, "; "))
		s.say("Language", r.Language)
		s.truth("Speaks English", r.SpeaksEnglish)
		s.say("Has firearms", r.FirearmsKnown)
		s.say("Firearms", strings.Join(r.Firearms, "; "))
	}
	for _, p := range c.Protected {
		s.say("Protected", p.Name.Full())
		description(&s, p.Person)
		s.say("Relationship", p.Relation)
		s.say("Address", addressOf(p.Address))
		s.say("Telephone", strings.Join(p.Telephones, ", "))
	}
	return s
}

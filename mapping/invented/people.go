package invented

import (
	"strings"

	"ccpor/mapping/order"
)

// Names as courts write them: with letters of other languages, apostrophes, hyphens, several words, and too long for CARPOS.
var (
	farGiven    = []string{"Ágata", "Søren", "Łucja", "Zoë", "Ngọc", "Mañana", "Ёлка", "Jürgen-Ivy", "Élan"}
	farSurnames = []string{"Ópalo", "Žula", "Łupek", "Grès", "O'Basalt", "D'Quartz", "De La Peña", "van der Stein", "Müller-Granit", "Đá", "Ñandú-Ópalo",
		"Chrysoberyl-Labradorite", "Montmorillonite Vermiculite Pyrophyllite", "石"}
	suffixes = []string{"Jr", "Sr", "III"}
	allRaces = []string{"otherAsian", "black", "chinese", "cambodian", "filipino", "guamanian", "hispanic", "americanIndian", "japanese", "korean", "laotian", "other",
		"pacificIslander", "samoan", "hawaiian", "vietnamese", "white", "unknown", "asianIndian"}
	allHair = []string{"BLD", "BLK", "BLN", "BLU", "BRO", "GRN", "GRY", "ONG", "PLE", "PNK", "RED", "SDY", "WHI", "XXX"}
	allEyes = []string{"BLK", "BLU", "BRO", "GRN", "GRY", "HAZ", "MAR", "MUL", "PNK", "XXX"}
)

// plain is a name that every system takes.
func (s *story) plain() order.Name {
	return order.Name{Given: pick(s.r, given), Surname: pick(s.r, surnames)}
}

func (s *story) name() order.Name {
	n := s.plain()
	if s.sometimes(3) {
		n.Middle = pick(s.r, given)
	}
	if s.sometimes(5) {
		n.Given = pick(s.r, farGiven)
	}
	if s.sometimes(5) {
		n.Surname = pick(s.r, farSurnames)
	}
	if s.sometimes(10) {
		n.Suffix = pick(s.r, suffixes)
	}
	if s.sometimes(25) {
		n.Given = ""
	}
	return n
}

// described is a person's description. Now and then something is not said without which CARPOS takes no one.
func (s *story) described() order.Person {
	p := order.Person{Sex: pick(s.r, []string{"M", "F", "M", "F", "X", "U"}), Race: pick(s.r, allRaces)}
	switch s.r.IntN(10) {
	case 0:
		p.Age = 20 + s.r.IntN(60)
	case 1: // nothing is known
	default:
		p.Born = s.born()
	}
	if s.sometimes(12) {
		p.Race = ""
	}
	if s.sometimes(20) {
		p.Sex = ""
	}
	return p
}

func (s *story) restrained(o *order.Order) order.Restrained {
	p := order.Restrained{Name: s.name(), Person: s.described()}
	if !s.sometimes(3) {
		p.Height, p.Weight, p.Hair, p.Eyes = 58+s.r.IntN(20), 95+s.r.IntN(180), pick(s.r, allHair), pick(s.r, allEyes)
	}
	for range s.r.IntN(3) * s.r.IntN(2) * s.r.IntN(4) {
		p.Aliases = append(p.Aliases, s.name())
	}
	if s.sometimes(5) {
		p.Marks = []string{"a scar in the form of a fern"}
	}
	if s.sometimes(3) {
		p.Address = s.address()
	}
	if s.sometimes(3) {
		p.DriverLicense = &order.License{Number: "N0000000", State: "CA", Year: o.Issued.Year() + 2}
	}
	if p.DriverLicense != nil && s.sometimes(4) {
		p.DriverLicense.Year = 0
	}
	if s.sometimes(10) {
		p.PeaceOfficer = "Invented Police"
	}
	return p
}

// protected is a person of another name than the restrained one's, so that the two are told apart.
func (s *story) protected(o *order.Order) order.Protected {
	p := order.Protected{Name: s.name(), Person: s.described()}
	for strings.EqualFold(p.Name.Surname, o.Restrained.Name.Surname) {
		p.Name = s.name()
	}
	if s.sometimes(3) {
		p.Relation = pick(s.r, []string{"neighbour", "former spouse", "child"})
	}
	if s.sometimes(6) {
		p.Minor, p.Born, p.Age = true, nil, 1+s.r.IntN(16)
	}
	return p
}

// confidential is CLETS-001 for the order's people: the restrained person is described as the order does where that says something.
func (s *story) confidential() *order.Confidential {
	r := s.order.Restrained.Person
	c := &order.Confidential{Restrained: &order.ConfidentialRestrained{Person: r, SSN: "000000000", Height: 60 + s.r.IntN(15), Weight: 100 + s.r.IntN(150), Hair: pick(s.r, allHair),
		Eyes: pick(s.r, allEyes), Telephones: []string{"5555550199"}, Employer: "Invented Gardens", Language: "English", FirearmsKnown: pick(s.r, []string{"yes", "no", "unknown"})}}
	if r.Race == "" {
		c.Restrained.Race = pick(s.r, allRaces)
	}
	if r.Sex == "" {
		c.Restrained.Sex = "F"
	}
	if r.Born == nil && r.Age == 0 {
		c.Restrained.Born = s.born()
	}
	if s.sometimes(3) {
		c.Restrained.Vehicles, c.Restrained.Marks = []string{"a green wheelbarrow"}, []string{"a leaf tattooed on one hand"}
	}
	for _, p := range s.order.Protected[:min(2, len(s.order.Protected))] {
		c.Protected = append(c.Protected, order.ConfidentialProtected{Name: p.Name, Person: p.Person, Relation: p.Relation, Address: s.address(), Telephones: []string{"5555550198"}})
	}
	return c
}

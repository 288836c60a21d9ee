package precedence

import (
	"fmt"
	"slices"
	"strings"

	"ccpor/mapping/order"
)

// unit is what is compared: a clause, and of a distance the kind of place; of places of another kind also their words.
type unit struct {
	clause ClauseID
	place  string
	words  string
}

// saying is what an order says of a unit.
type saying struct {
	variant string
	level   int // the higher is the stricter; zero is not compared
	number  int
	texts   []string
}

// reader reads one clause of an order.
type reader struct {
	clause   ClauseID
	variants []string
	read     func(*order.Order, func(unit, saying))
}

// readers read all that order.Terms and the other orders of a form say. The words of their variants are in data/clauses.json.
var readers = []reader{
	{"contact", []string{"none", "exchange", "peaceful"}, readContact},
	box("harm", 1, func(o *order.Order) bool { return o.Terms.NoHarm }),
	box("thirdParty", 1, func(o *order.Order) bool { return o.Terms.NoThirdPartyContact }),
	{"stayAway", []string{"person", "residence", "work", "school", "childCare", "vehicle", "other"}, readStayAway},
	{"moveOut", []string{""}, readMoveOut},
	box("noFirearms", 1, func(o *order.Order) bool { return o.Terms.Firearms != nil && o.Terms.Firearms.NoPossession }),
	box("noPurchase", 1, func(o *order.Order) bool { return o.Terms.Firearms != nil && o.Terms.Firearms.NoPurchase }),
	{"surrender", []string{"", "hours"}, readSurrender},
	box("noBodyArmor", 1, func(o *order.Order) bool { return o.Terms.Firearms != nil && o.Terms.Firearms.NoBodyArmor }),
	written("namedFirearms", func(o *order.Order) []string {
		if o.Terms.Firearms == nil {
			return nil
		}
		return o.Terms.Firearms.Named
	}),
	box("custody", 0, func(o *order.Order) bool { return o.Terms.CustodyToProtected }),
	box("visitation", 0, func(o *order.Order) bool { return o.Terms.VisitationToRestrained }),
	{"exchange", []string{""}, readExchange},
	box("dissuade", 1, func(o *order.Order) bool { return o.Terms.NoDissuasion }),
	{"monitored", []string{""}, readMonitored},
	box("record", 0, func(o *order.Order) bool { return o.Terms.MayRecord }),
	written("programs", func(o *order.Order) []string { return o.Terms.Programs }),
	written("animals", func(o *order.Order) []string { return one(o.Terms.Animals) }),
	written("property", func(o *order.Order) []string { return one(o.Terms.Property) }),
	written("support", func(o *order.Order) []string { return one(o.Terms.Support) }),
	{"brady", []string{"yes", "no"}, readBrady},
	box("financialAbuse", 0, func(o *order.Order) bool { return o.Terms.FinancialAbuseOnly }),
	written("other", func(o *order.Order) []string { return one(o.OtherOrders) }),
}

func box(clause ClauseID, level int, set func(*order.Order) bool) reader {
	return reader{clause, []string{""}, func(o *order.Order, say func(unit, saying)) {
		if set(o) {
			say(unit{clause: clause}, saying{level: level})
		}
	}}
}

func written(clause ClauseID, of func(*order.Order) []string) reader {
	return reader{clause, []string{""}, func(o *order.Order, say func(unit, saying)) {
		if t := of(o); len(t) > 0 {
			say(unit{clause: clause}, saying{texts: t})
		}
	}}
}

func one(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return []string{text}
}

// The levels of contact. An order that forbids harm and leaves the box of no contact blank leaves peaceful contact; an emergency order, which comes to other orders for some days,
// says nothing of contact then.
const (
	levelPeaceful = iota + 1
	levelExchange
	levelNone
)

func readContact(o *order.Order, say func(unit, saying)) {
	switch t := o.Terms; {
	case t.NoContact && t.ChildExchange:
		say(unit{clause: "contact"}, saying{variant: "exchange", level: levelExchange})
	case t.NoContact:
		say(unit{clause: "contact"}, saying{variant: "none", level: levelNone})
	case t.NoHarm && o.Stage != order.StageEmergency:
		say(unit{clause: "contact"}, saying{variant: "peaceful", level: levelPeaceful})
	}
}

// Of several distances from one kind of place the greatest is compared; all of them, and the words of all places, are kept. A distance of no yards is stricter than none.
func readStayAway(o *order.Order, say func(unit, saying)) {
	found := map[unit]saying{}
	var sequence []unit
	for _, s := range o.Terms.StayAway {
		for _, p := range s.Places {
			u := unit{clause: "stayAway", place: string(p.Kind)}
			if p.Kind == order.PlaceOther {
				u.words = fold(p.Text)
			}
			was, there := found[u]
			if !there {
				sequence = append(sequence, u)
			}
			was.texts = append(was.texts, strings.TrimSpace(fmt.Sprintf("%s (%d)", p.Text, s.Yards)))
			if s.Yards+1 > was.level {
				was.variant, was.level, was.number = string(p.Kind), s.Yards+1, s.Yards
			}
			found[u] = was
		}
	}
	for _, u := range sequence {
		s := found[u]
		slices.Sort(s.texts)
		s.texts = slices.Compact(s.texts)
		if slices.Equal(s.texts, []string{fmt.Sprintf("(%d)", s.number)}) {
			s.texts = nil // the sentence says it
		}
		say(u, s)
	}
}

func readMoveOut(o *order.Order, say func(unit, saying)) {
	if !o.Terms.MoveOut {
		return
	}
	s := saying{level: 1}
	if a := o.Terms.MoveOf; a != nil {
		s.texts = []string{strings.Join(slices.DeleteFunc([]string{a.Street, a.City, a.State, a.Postal}, func(p string) bool { return p == "" }), ", ")}
	}
	say(unit{clause: "moveOut"}, s)
}

// mostHours is longer than any form gives for the surrender of firearms.
const mostHours = 1 << 20

func readSurrender(o *order.Order, say func(unit, saying)) {
	f := o.Terms.Firearms
	switch {
	case f == nil || !f.Surrender:
	case f.WithinHours > 0:
		say(unit{clause: "surrender"}, saying{variant: "hours", level: max(2, mostHours-f.WithinHours), number: f.WithinHours})
	default:
		say(unit{clause: "surrender"}, saying{level: 1})
	}
}

func readExchange(o *order.Order, say func(unit, saying)) {
	if !o.Terms.ChildExchange {
		return
	}
	var s saying
	for _, c := range familyCases(o) {
		text := c.Kind + " " + string(c.Number)
		if c.Issued != nil {
			text += " " + c.Issued.String()
		}
		s.texts = append(s.texts, text)
	}
	say(unit{clause: "exchange"}, s)
}

func readMonitored(o *order.Order, say func(unit, saying)) {
	if d := o.Terms.MonitoredUntil; d != nil {
		say(unit{clause: "monitored"}, saying{level: (d.Year()*100+int(d.Month()))*100 + d.Day(), texts: []string{d.String()}})
	}
}

func readBrady(o *order.Order, say func(unit, saying)) {
	if b := o.Terms.Brady; b != nil {
		variant := "no"
		if *b {
			variant = "yes"
		}
		say(unit{clause: "brady"}, saying{variant: variant})
	}
}

// fold makes texts that a person takes for the same the same: letters of one size, single spaces.
func fold(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

// says are all units of which the order speaks.
func says(o *order.Order) map[unit]saying {
	all := map[unit]saying{}
	for _, r := range readers {
		r.read(o, func(u unit, s saying) { all[u] = s })
	}
	return all
}

// row is the table's row of a clause.
func (l *Law) row(id ClauseID) Clause {
	i := slices.IndexFunc(l.clauses, func(c Clause) bool { return c.ID == id })
	return l.clauses[i]
}

// words are the sentence of a saying.
func (c Clause) words(s saying) Words {
	w := c.Says[s.variant]
	if strings.Contains(w.En, "%d") {
		return Words{fmt.Sprintf(w.En, s.number), fmt.Sprintf(w.Es, s.number)}
	}
	return w
}

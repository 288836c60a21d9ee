package carpos

import (
	"slices"
	"strings"

	"ccpor/mapping/order"
)

// Question is what a person may ask CARPOS for: exactly one of the entering agency's case number, CARPOS's number, a person's name, and a court's
// case number with its court (profile section 2, QRR). As typed: letters of either case, blanks around it.
type Question struct {
	// OCA is 1 to 20 letters, digits and hyphens, FCN 1 to 16 letters and digits.
	OCA, FCN string
	// Case is the court's case number, 1 to 20 characters, and CTI the court that issued the order; one is nothing without the other.
	Case string
	CTI  order.ORI
	// Name is of a restrained or a protected person. Born and Sex (a code of the package) narrow it: CARPOS puts aside a person for whom another value is
	// on record, not one for whom none is.
	Name order.Name
	Born *order.Date
	Sex  string
}

// Inquire makes the QRR that asks for an order by the number under which it was entered.
func (d *Dictionary) Inquire(oca string, ori order.ORI) Transaction {
	return Transaction{Key: Inquiry, ORI: ori, Fields: []Field{{"OCA", oca}}}
}

// Ask makes the QRR of a person's question on behalf of the agency with that ORI. Its error is Faults, all of them, in words for the person and without
// values; the notes of the transaction say what was spelled otherwise or shortened. A name is brought to the form in which an entry has it, so that both meet.
func (d *Dictionary) Ask(q Question, ori order.ORI) (Transaction, error) {
	a := &asker{b: &builder{d: d, t: Transaction{Key: Inquiry, ORI: ori}}}
	a.ways(q)
	a.number("OCA", q.OCA)
	a.number("FCN", q.FCN)
	a.person(q)
	a.court(q)
	for _, f := range d.Check(a.b.t) {
		if !slices.ContainsFunc(a.faults, func(o Fault) bool { return o.Field == f.Field }) && (f.Number != faultMissing || len(a.faults) == 0) {
			a.faults = append(a.faults, f)
		}
	}
	if len(a.faults) > 0 {
		return a.b.t, a.faults
	}
	return a.b.t, nil
}

// asker collects the one field or group by which a question asks, and what is wrong with it.
type asker struct {
	b      *builder
	faults Faults
}

func (a *asker) fault(number, field, text string) {
	a.faults = append(a.faults, Fault{number, field, text})
}

// ways wants exactly one way to ask.
func (a *asker) ways(q Question) {
	named := q.Name != (order.Name{})
	n := 0
	for _, used := range []bool{typed(q.OCA), typed(q.FCN), named, typed(q.Case) || q.CTI != ""} {
		if used {
			n++
		}
	}
	switch {
	case n == 0:
		a.fault(faultMissing, "", "a number of the order, a name, or a case number with its court is needed")
	case n > 1:
		a.fault(faultMissing, "", "only one of the order's numbers, the name and the case number can be asked for at a time")
	}
	if !named && (q.Born != nil || q.Sex != "") {
		a.fault(faultMissing, "NAM", "date of birth and sex go with a name only")
	}
}

func typed(s string) bool { return strings.TrimSpace(s) != "" }

// number adds a number as it was typed, in capitals.
func (a *asker) number(field, value string) {
	a.b.add(field, strings.ToUpper(strings.TrimSpace(value)))
}

func (a *asker) person(q Question) {
	if q.Name == (order.Name{}) {
		return
	}
	if !typed(q.Name.Surname) || !typed(q.Name.Given) {
		a.fault(faultMissing, "NAM", "surname and given name are needed; for somebody who has one name only, LNU or FNU stands for the other")
		return
	}
	t := a.b.d.name(q.Name)
	if t.reason != "" {
		a.fault(faultValue, "NAM", t.reason)
		return
	}
	a.b.nameNotes("NAM", t)
	a.b.add("NAM", t.text)
	if q.Born != nil {
		a.b.add("DOB", q.Born.Compact())
	}
	a.sex(q.Sex)
}

func (a *asker) sex(code string) {
	if code == "" {
		return
	}
	link, err := a.b.d.codes.Crosswalk("sex.cal_doj").Find(code)
	if err != nil || link.To == "" {
		a.fault(faultCode, "SEX", "is no code that CARPOS knows")
		return
	}
	a.b.add("SEX", link.To)
}

func (a *asker) court(q Question) {
	if !typed(q.Case) && q.CTI == "" {
		return
	}
	if !typed(q.Case) || q.CTI == "" {
		a.fault(faultMissing, "CCN", "a case number and the court that issued the order come together")
		return
	}
	number := a.b.d.transliterate(q.Case)
	if number.lost {
		a.fault(faultValue, "CCN", "holds a character that has no counterpart in US-ASCII")
		return
	}
	a.b.add("CCN", number.text)
	a.b.add("CTI", string(q.CTI))
}

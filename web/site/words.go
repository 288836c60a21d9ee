package site

import (
	"fmt"
	"html/template"
	"time"

	"ccpor/mapping/order"
)

// words are the functions of all templates.
func (s *Site) words() template.FuncMap {
	return template.FuncMap{
		"when":  s.when,
		"short": func(t time.Time) string { return t.In(s.config.Zone).Format("2 Jan 15:04") },
		"clock": func(t time.Time) string { return t.In(s.config.Zone).Format("2 Jan 15:04:05.000") },
		"day":   dayOf(s.config.Zone),
		"whose": whose,
		"field": newField,
		"turn":  func(newer, older string) Turn { return Turn{newer, older} },
	}
}

func (s *Site) when(t time.Time) string { return t.In(s.config.Zone).Format("2 Jan 2006 15:04:05 MST") }

// dayOf writes a date, or the date of a time; nothing for none.
func dayOf(zone *time.Location) func(any) string {
	return func(at any) string {
		switch at := at.(type) {
		case time.Time:
			return dateWords(order.DateOf(at.In(zone)))
		case order.Date:
			return dateWords(at)
		case *order.Date:
			if at != nil {
				return dateWords(*at)
			}
		}
		return ""
	}
}

func dateWords(d order.Date) string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d %s %d", d.Day(), d.Month().String()[:3], d.Year())
}

// parties says in words whose move it is; what is not in it is said as it stands.
var parties = map[string]string{
	"nobody":            "none, it is done",
	"court":             "the court's",
	"sender":            "the court's software's, or its operator's",
	"hub":               "the exchange's",
	"CARPOS":            "CARPOS's",
	"person of the hub": "a person's at the exchange",
	"whoever asked":     "that of whoever asked",
	"see each":          "see each of them",
}

func whose(party any) string {
	name := fmt.Sprint(party)
	if words, ok := parties[name]; ok {
		return words
	}
	return name
}

// Field is one field of a form, as the template "field" shows it: with its label, its hint and what is wrong with what was typed.
type Field struct {
	Name, Label, Value, Hint, Problem string
	// Type is of the input: text where it is empty; textarea and select are no inputs.
	Type string
	// Needed says that it must be filled in.
	Needed bool
	// Most is how many characters it takes; 0: no bound is said.
	Most int
	// Fill is what browsers may fill in (autocomplete); off where it is empty.
	Fill    string
	Choices []Choice
}

// Choice is one of those that a field offers.
type Choice struct {
	Value, Name string
}

func newField(name, label, value, hint, problem string) Field {
	return Field{Name: name, Label: label, Value: value, Hint: hint, Problem: problem, Fill: "off"}
}

// As is the field as an input of a type.
func (f Field) As(kind string) Field { f.Type = kind; return f }

// Required is the field, which must be filled in.
func (f Field) Required() Field { f.Needed = true; return f }

// UpTo is the field with a bound of characters.
func (f Field) UpTo(most int) Field { f.Most = most; return f }

// Filled is the field as browsers may fill it in.
func (f Field) Filled(by string) Field { f.Fill = by; return f }

// Of is the field as a choice.
func (f Field) Of(choices []Choice) Field { f.Type, f.Choices = "select", choices; return f }

// Problem is something wrong with a form, as the template "problems" lists it above the form, with a link to its field where it has one.
type Problem struct {
	Field, Text string
}

// Turn is where the pages of a list are, as the template "turn" shows it; empty: there is none.
type Turn struct {
	Newer, Older string
}

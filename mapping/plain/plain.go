// Package plain says a protective order in plain words, in English or Spanish: at a glance for whoever has to act on it, and as a text to read aloud to the restrained person, which is service by word of mouth.
//
// The sentences are data (words.tsv), each with the form or statute that it renders; what a court wrote by hand is repeated word for word and never translated. Names, places and numbers come from the
// order alone. It withholds nothing by itself: whoever may not read an order, or the whereabouts in it, is not given them (package access).
//
// It refuses to say more than the order: what a form leaves open is not guessed, and a code without a word is said as the code.
package plain

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ccpor/mapping/order"
)

//go:embed words.tsv
var table string

// Language is one in which orders are said.
type Language string

// The languages.
const (
	English Language = "en"
	Spanish Language = "es"
)

// Words are all sentences in both languages.
type Words struct {
	of map[Language]map[string]string
}

// Load reads the table of sentences. Its errors name the line: an id twice, a language without words, placeholders that differ between the languages.
func Load() (*Words, error) { return parse(table) }

func parse(table string) (*Words, error) {
	w := &Words{map[Language]map[string]string{English: {}, Spanish: {}}}
	for i, row := range strings.Split(strings.TrimRight(table, "\n"), "\n") {
		cells := strings.Split(row, "\t")
		switch {
		case i == 0:
			continue
		case len(cells) != 4 || cells[0] == "" || cells[1] == "" || cells[2] == "":
			return nil, fmt.Errorf("words.tsv, line %d: an id, two languages and a source are needed", i+1)
		case w.of[English][cells[0]] != "":
			return nil, fmt.Errorf("words.tsv, line %d: %s twice", i+1, cells[0])
		case holes(cells[1]) != holes(cells[2]):
			return nil, fmt.Errorf("words.tsv, line %d: the languages differ in what is filled in", i+1)
		}
		w.of[English][cells[0]], w.of[Spanish][cells[0]] = cells[1], cells[2]
	}
	return w, nil
}

// holes are the placeholders of a sentence, whatever their order.
func holes(s string) string {
	var found []string
	for _, part := range strings.Split(s, "{")[1:] {
		name, _, _ := strings.Cut(part, "}")
		found = append(found, name)
	}
	slices.Sort(found)
	return strings.Join(found, " ")
}

// Standing is what is known of an order beside what it says.
type Standing struct {
	// Now is the moment for which it is said, in the zone of the courts.
	Now time.Time
	// Served says that a proof of service has come, or that the order needs none; Service is the newest proof, if one came.
	Served  bool
	Service *order.Service
	// Cancelled is the court's notice that the order stands no longer.
	Cancelled *order.Cancellation
}

// State is how an order stands at a moment.
type State string

// The states, as the table of sentences has them.
const (
	Served    State = "served"    // in force, and can be enforced
	Present   State = "present"   // the same: the restrained person heard it in court
	Unserved  State = "unserved"  // in force, and has to be told
	Mail      State = "mail"      // in force, may be served by mail, and no proof has come
	Ending    State = "ending"    // in force, and the court has ended it from a later day on
	Over      State = "over"      // ended by itself
	Cancelled State = "cancelled" // the court ended it
	Error     State = "error"     // was never one
	Deceased  State = "deceased"  // the restrained person has died
)

// InForce says that the order binds in this state.
func (s State) InForce() bool {
	return s == Served || s == Present || s == Unserved || s == Mail || s == Ending
}

// Stand says how an order stands. An order entered in error is none from the beginning, whatever the day of the notice.
func Stand(o order.Order, s Standing) State {
	if c := s.Cancelled; c != nil {
		switch {
		case c.Reason == order.CancelInError:
			return Error
		case c.Date.After(order.DateOf(s.Now)):
			return Ending
		case c.Reason == order.CancelDeceased:
			return Deceased
		}
		return Cancelled
	}
	switch {
	case o.Expiry.Over(s.Now):
		return Over
	case o.Service == order.ServicePresent && s.Service == nil:
		return Present
	case s.Served:
		return Served
	case o.Service == order.ServiceMail:
		return Mail
	}
	return Unserved
}

// Section is a part of what is said: a heading and its sentences.
type Section struct {
	Name  string
	Lines []string
}

// Glance is an order at a glance.
type Glance struct {
	Language Language
	State    State
	// Head says how it stands, Do what to do.
	Head, Do string
	// Sections follow in the order in which they are needed at a door: who, what, how far, weapons, what is allowed, until when, how it was served. Empty ones are left out.
	Sections []Section
}

// speaker fills in sentences of one language.
type speaker struct {
	language Language
	words    map[string]string
}

func (w *Words) speaker(l Language) speaker {
	if w.of[l] == nil {
		l = English
	}
	return speaker{l, w.of[l]}
}

// Say is the word for an id in a language, or the id where there is none.
func (w *Words) Say(l Language, id string) string { return w.speaker(l).say(id) }

// say fills the sentence's places with pairs of name and value.
func (s speaker) say(id string, pairs ...string) string {
	text, known := s.words[id]
	if !known {
		_, code, _ := strings.Cut(id, ".")
		return code
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func (s speaker) day(d order.Date) string {
	return s.say("date", "day", strconv.Itoa(d.Day()), "month", s.say("month."+strconv.Itoa(int(d.Month()))), "year", strconv.Itoa(d.Year()))
}

// clock is a time of day, as each language writes it.
func (s speaker) clock(t order.TimeOfDay) string {
	if s.language == Spanish {
		return t.String()
	}
	return strings.Replace(time.Date(2000, 1, 1, t.Hour(), t.Minute(), 0, 0, time.UTC).Format("3:04 pm"), "m", ".m.", 1)
}

// Glance says an order at a glance, in English where the language has no words.
func (w *Words) Glance(o order.Order, st Standing, l Language) Glance {
	s := w.speaker(l)
	g := Glance{Language: s.language, State: Stand(o, st)}
	g.Head = s.head(o, st, g.State)
	g.Do = s.say("do." + doing(g.State))
	for _, section := range []Section{
		{"restrained", s.restrained(o.Restrained)}, {"protected", s.protected(o)}, {"forbidden", s.forbidden(o)}, {"away", s.away(o.Terms)}, {"firearms", s.firearms(o.Terms)}, {"allowed", s.allowed(o.Terms)},
		{"until", []string{s.until(o.Expiry)}}, {"service", []string{s.service(o, st)}},
	} {
		if len(section.Lines) > 0 {
			section.Name = s.say("section." + section.Name)
			g.Sections = append(g.Sections, section)
		}
	}
	return g
}

// doing is what is to be done in a state.
func doing(s State) string {
	switch {
	case !s.InForce():
		return "over"
	case s == Unserved || s == Mail:
		return "unserved"
	}
	return "served"
}

func (s speaker) head(o order.Order, st Standing, state State) string {
	var pairs []string
	switch state {
	case Over:
		pairs = []string{"when", s.ended(o.Expiry)}
	case Cancelled, Ending:
		pairs = []string{"day", s.day(st.Cancelled.Date)}
	}
	return s.say("state."+string(state), pairs...)
}

// ended is when an order ended by itself.
func (s speaker) ended(e order.Expiry) string {
	if e.Time == nil {
		return s.say("on", "day", s.day(*e.Date))
	}
	return s.say("on", "day", s.say("until.time", "day", s.day(*e.Date), "time", s.clock(*e.Time)))
}

func (s speaker) until(e order.Expiry) string {
	if e.Date == nil {
		return s.say("until.permanent")
	}
	when := s.say("until.day", "day", s.day(*e.Date))
	if e.Time != nil {
		when = s.say("until.time", "day", s.day(*e.Date), "time", s.clock(*e.Time))
	}
	switch e.Basis {
	case order.ExpiryHearingEnd:
		return s.say("until.hearing", "when", when)
	case order.ExpiryDefault:
		return s.say("until.default", "when", when)
	}
	return when
}

func (s speaker) service(o order.Order, st Standing) string {
	switch p := st.Service; {
	case p != nil:
		server := strings.Join(said(p.Server.Name, p.Server.Agency), ", ")
		return s.say("service.by."+string(p.Method), "day", s.day(p.Date), "time", s.clock(p.Time), "server", server)
	case o.Service == order.ServicePresent:
		return s.say("service.present")
	case st.Served:
		return s.say("service.served")
	}
	return s.say("service.none")
}

// said are the texts that say something.
func said(texts ...string) (all []string) {
	for _, t := range texts {
		if t != "" {
			all = append(all, t)
		}
	}
	return all
}

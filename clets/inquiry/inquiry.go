// Package inquiry is the desk at which a CLETS-certified person asks CARPOS: it takes the question, and sets what CARPOS answers beside the registry, hit by hit.
//
// The relay does the asking; this package only keeps the question and reads the answer. Every look at an answer is written to the audit log before
// anything of it is given out; where that fails, nothing is. It shows no more of the registry than the agency on whose behalf is asked may read, and nothing that
// came on CLETS-001. It refuses questions that say nothing exactly, agencies that have not been granted to ask, and whoever does not say why.
package inquiry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ccpor/clets/carpos"
	"ccpor/mapping/order"
	"ccpor/store"
)

// Store is what the desk needs of the store; *store.Store is one.
type Store interface {
	Inquire(ctx context.Context, n store.NewInquiry) (store.InquiryID, error)
	Inquiry(ctx context.Context, id store.InquiryID) (store.Inquiry, error)
	Entries(ctx context.Context, q store.EntryQuery) ([]store.Entry, error)
	Audit(ctx context.Context, e store.Event) error
}

// Desk takes questions and shows answers. It is safe for use by many goroutines.
type Desk struct {
	store Store
	dict  *carpos.Dictionary
	zone  *time.Location
	now   func() time.Time
}

// New is a desk over a store; days begin and end in zone, the courts' own.
func New(s Store, d *carpos.Dictionary, zone *time.Location, now func() time.Time) *Desk {
	return &Desk{store: s, dict: d, zone: zone, now: now}
}

// The bounds of a person's patience.
const (
	StandardPatience = time.Minute
	MostPatience     = 10 * time.Minute
)

// Form is an inquiry as a person types it.
type Form struct {
	// Actor is by what way the person comes, for the audit log.
	Actor string
	// For is the ORI of the agency on whose behalf is asked, Certified by what the person is known as CLETS-certified, Purpose why is asked.
	For, Certified, Purpose string
	// One of these: CARPOS's number, the entering agency's, the court's case number with the court's ORI, or a name as LAST,FIRST MIDDLE SUFFIX.
	FCN, OCA, Case, Court, Name string
	// Born (2006-06-07) and Sex (M, F, X, U) narrow a name.
	Born, Sex string
	// Wait is for how long an answer is waited for; zero means StandardPatience.
	Wait time.Duration
}

// Refusal says everything that is wrong with a form, in sentences for the person and without values.
type Refusal struct{ Problems []string }

func (r *Refusal) Error() string { return strings.Join(r.Problems, " ") }

// Ask keeps the question, which a hub with a line to the switch then asks. The error is a *Refusal where the form is at fault.
func (d *Desk) Ask(ctx context.Context, f Form) (store.InquiryID, error) {
	n, err := d.read(f)
	if err != nil {
		return 0, err
	}
	id, err := d.store.Inquire(ctx, n)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return 0, &Refusal{[]string{"No agency with this ORI is registered."}}
	case errors.Is(err, store.ErrMayNotAsk):
		return 0, &Refusal{[]string{"The agency has not been granted to ask about orders."}}
	}
	return id, err
}

// read makes of the form what is kept, or says all that is wrong with it.
func (d *Desk) read(f Form) (store.NewInquiry, error) {
	var r Refusal
	wrong := func(is bool, text string) {
		if is {
			r.Problems = append(r.Problems, text)
		}
	}
	n := store.NewInquiry{Actor: f.Actor, Certified: strings.TrimSpace(f.Certified), Purpose: strings.TrimSpace(f.Purpose), At: d.now(), Patience: f.Wait}
	if n.Patience == 0 {
		n.Patience = StandardPatience
	}
	wrong(n.Patience < time.Second || n.Patience > MostPatience, "One second to ten minutes can be waited for.")
	for _, s := range []struct{ value, missing, long string }{
		{n.Certified, "It must be said by what the person who asks is known as CLETS-certified.", "The certification must be said in 200 characters."},
		{n.Purpose, "It must be said why is asked.", "The purpose must be said in 200 characters."},
	} {
		wrong(s.value == "", s.missing)
		wrong(len([]rune(s.value)) > 200, s.long)
	}
	var err error
	n.Agency, err = order.ParseORI(strings.ToUpper(strings.TrimSpace(f.For)))
	wrong(err != nil, "The agency on whose behalf is asked is named by its ORI: two letters and seven letters or digits.")
	var problems []string
	n.Question, n.Text, problems = d.question(f, n.Agency)
	r.Problems = append(r.Problems, problems...)
	if len(r.Problems) > 0 {
		return n, &r
	}
	return n, nil
}

// question reads what is asked, and has the dictionary judge it and write the request.
func (d *Desk) question(f Form, ori order.ORI) (q store.Question, text []byte, problems []string) {
	clean := func(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }
	q = store.Question{FCN: clean(f.FCN), OCA: clean(f.OCA), Case: strings.TrimSpace(f.Case), Sex: clean(f.Sex)}
	if f.Court = clean(f.Court); f.Court != "" {
		var err error
		if q.Court, err = order.ParseORI(f.Court); err != nil {
			problems = append(problems, "The court is named by its ORI: two letters and seven letters or digits.")
		}
	}
	if f.Name = strings.TrimSpace(f.Name); f.Name != "" {
		name, ok := ParseName(f.Name)
		if !ok {
			return q, nil, append(problems, "A name is written as LAST,FIRST MIDDLE.")
		}
		q.Name = &name
	}
	if f.Born = strings.TrimSpace(f.Born); f.Born != "" {
		born, err := order.ParseDate(f.Born)
		if err != nil {
			return q, nil, append(problems, "The date of birth is written as 2006-06-07.")
		}
		q.Born = &born
	}
	if len(problems) > 0 {
		return q, nil, problems
	}
	if ori == "" {
		ori = "CA0000000" // its lack is told apart; the question is judged all the same
	}
	text, err := d.request(q, ori)
	var faults carpos.Faults
	if errors.As(err, &faults) {
		for _, fault := range faults {
			problems = append(problems, d.sentence(fault))
		}
	} else if err != nil {
		problems = append(problems, "The question cannot be put to CARPOS.")
	}
	return q, text, problems
}

// request is the question as CARPOS is asked.
func (d *Desk) request(q store.Question, ori order.ORI) ([]byte, error) {
	t, err := d.dict.Ask(questionOf(q), ori)
	if err != nil {
		return nil, err
	}
	return d.dict.Encode(t)
}

// sentence is a fault in words.
func (d *Desk) sentence(f carpos.Fault) string {
	text := f.Text
	for _, i := range d.dict.Fields(carpos.Inquiry) {
		if i.Name == f.Field {
			text = i.Label + ": " + text
		}
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// questionOf is what a person asks in the words of the dictionary.
func questionOf(q store.Question) carpos.Question {
	out := carpos.Question{OCA: q.OCA, FCN: q.FCN, Case: q.Case, CTI: q.Court, Born: q.Born, Sex: q.Sex}
	if q.Name != nil {
		out.Name = *q.Name
	}
	return out
}

var suffixes = map[string]bool{"JR": true, "SR": true, "II": true, "III": true, "IV": true, "V": true}

// ParseName reads LAST,FIRST MIDDLE SUFFIX; both sides of the comma are needed.
func ParseName(s string) (order.Name, bool) {
	last, rest, ok := strings.Cut(s, ",")
	words := strings.Fields(rest)
	n := order.Name{Surname: strings.Join(strings.Fields(last), " ")}
	if !ok || n.Surname == "" || len(words) == 0 {
		return n, false
	}
	if end := len(words) - 1; end > 0 && suffixes[strings.ToUpper(strings.TrimSuffix(words[end], "."))] {
		n.Suffix, words = words[end], words[:end]
	}
	n.Given, n.Middle = words[0], strings.Join(words[1:], " ")
	return n, true
}

// asked is a question in words.
func asked(q store.Question) string {
	switch q.By() {
	case "FCN":
		return "CARPOS number (FCN) " + q.FCN
	case "OCA":
		return "entering agency's case number (OCA) " + q.OCA
	case "case":
		return fmt.Sprintf("court case %s of court %s", q.Case, q.Court)
	}
	if q.Name == nil {
		return ""
	}
	text := "name " + q.Name.Surname + ", " + strings.Join(strings.Fields(q.Name.Given+" "+q.Name.Middle+" "+q.Name.Suffix), " ")
	if q.Born != nil {
		text += ", born " + q.Born.String()
	}
	if q.Sex != "" {
		text += ", sex " + q.Sex
	}
	return text
}

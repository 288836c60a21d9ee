// Package confirm is what confirming a hit takes: how long an answer may take, as data with its source (clocks.tsv), and the sheet: one order on one or two pages, fit to print or fax, with all that one confirms.
//
// The sheet is the same on a page of the exchange and from the reader of an offline pack. It is made of plain words (package plain) and of what the order says; it is in English, as the traffic between agencies is.
//
// It refuses to decide who may see an order: it is given what may be seen. It says nothing of CLETS-001, and that an order can be enforced only where its state says so.
package confirm

import (
	"embed"
	"html/template"
	"io"
	"strings"
	"time"

	"ccpor/mapping/order"
	"ccpor/mapping/plain"
)

//go:embed sheet.html sheet.css
var files embed.FS

// Facts are what is known of an order and of who confirms it.
type Facts struct {
	// Order is the order as far as it may be shown; Withheld says that whereabouts were taken out.
	Order    order.Order
	Withheld bool
	// Standing is that of the moment for which the sheet is made, in the zone of the courts.
	Standing plain.Standing
	Version  int
	OCA      string
	FCN      order.FCN
	// Court is whom to call at the court that made the order, Confirming the agency that confirms.
	Court, Confirming Agency
	// Asked is the request; nil: the sheet has lines to fill in by hand.
	Asked *Asked
	// Banner are sentences that stand above all else: of a pack, how old it is.
	Banner []string
}

// Agency is an agency with whom to call there.
type Agency struct {
	ORI      order.ORI `json:"ori"`
	Name     string    `json:"name"`
	Contacts []Contact `json:"contacts,omitempty"`
}

// Contact is whom to call: a function, never a person by name.
type Contact struct {
	Name      string `json:"name"`
	Telephone string `json:"telephone,omitempty"`
	Email     string `json:"email,omitempty"`
	Hours     string `json:"hours,omitempty"`
}

// Asked is a request to confirm, and what was answered.
type Asked struct {
	// Number is the request's own. Agency, ORI, Function and CallBack are of who asks, Way how it came.
	Number                       string
	Agency                       string
	ORI                          order.ORI
	Function, CallBack, Way      string
	Clock                        Clock
	At, Due                      time.Time
	Answer, Reason, By, ByAgency string
	// AnsweredAt is zero while there is no answer.
	AnsweredAt time.Time
}

// Sheets makes sheets.
type Sheets struct {
	words    *plain.Words
	template *template.Template
	style    template.CSS
}

// Load reads the words and the sheet's form.
func Load() (*Sheets, error) {
	words, err := plain.Load()
	if err != nil {
		return nil, err
	}
	style, err := files.ReadFile("sheet.css")
	if err != nil {
		return nil, err
	}
	t, err := template.New("sheet").Funcs(template.FuncMap{"when": when}).ParseFS(files, "sheet.html")
	return &Sheets{words, t, template.CSS(style)}, err
}

func when(t time.Time) string { return t.Format("2 Jan 2006 15:04 MST") }

// view is what the form shows.
type view struct {
	Facts
	Glance plain.Glance
	Tone   string
	// Do is what to do, where the state asks for more than an answer.
	Do    string
	Known []pair
	Style template.CSS
	Title string
}

type pair struct{ Name, Value string }

// Sheet is the sheet as a part of a page, which brings its own heading and styles.
func (s *Sheets) Sheet(f Facts) (template.HTML, error) {
	var b strings.Builder
	err := s.template.ExecuteTemplate(&b, "sheet", s.view(f))
	return template.HTML(b.String()), err // made by html/template
}

// Page writes the sheet as a whole page that needs nothing beside it: no server, no style sheet, no script.
func (s *Sheets) Page(w io.Writer, title string, f ...Facts) error {
	p := struct {
		Title  string
		Style  template.CSS
		Sheets []view
	}{Title: title, Style: s.style}
	for _, one := range f {
		p.Sheets = append(p.Sheets, s.view(one))
	}
	return s.template.ExecuteTemplate(w, "page", p)
}

// Stands is how an order stands in one sentence, and whether it is in force.
func (s *Sheets) Stands(o order.Order, st plain.Standing) (head string, inForce bool) {
	g := s.words.Glance(o, st, plain.English)
	return g.Head, g.State.InForce()
}

func (s *Sheets) view(f Facts) view {
	v := view{Facts: f, Glance: s.words.Glance(f.Order, f.Standing, plain.English), Tone: "good", Known: known(f)}
	switch state := v.Glance.State; {
	case !state.InForce():
		v.Tone, v.Do = "bad", "Do not confirm it. "+v.Glance.Do
	case state == plain.Unserved || state == plain.Mail:
		v.Tone, v.Do = "wait", "Whoever meets the restrained person has to say what it orders: that is service, and it can be enforced from then on. Ask that the service is reported."
	case state == plain.Ending:
		v.Tone = "wait"
	}
	return v
}

// known are the numbers and facts by which whoever asks finds the order in what they have got.
func known(f Facts) (all []pair) {
	o := f.Order
	say := func(name, value string) {
		if value = strings.TrimSpace(value); value != "" {
			all = append(all, pair{name, value})
		}
	}
	say("CARPOS number (FCN)", string(f.FCN))
	if f.FCN == "" {
		say("CARPOS number (FCN)", "none: CARPOS has not got it, or has not answered yet")
	}
	say("Agency's number (OCA)", f.OCA)
	say("Case number", string(o.Case))
	say("Court", o.Court.Name+" ("+string(o.Court.ORI)+")")
	say("Court's identification", string(o.ID))
	say("Form", strings.Join([]string{o.Form.Number, o.Form.Designator, o.Form.Title}, " "))
	say("Made", o.Issued.String())
	say("Judicial officer", o.Judge)
	return append(all, body(o.Restrained)...)
}

// body are numbers of the restrained person, and where that person lives.
func body(p order.Restrained) (all []pair) {
	say := func(name, value string) {
		if value != "" {
			all = append(all, pair{name, value})
		}
	}
	if l := p.DriverLicense; l != nil {
		say("Driver's license", strings.TrimSpace(l.State+" "+l.Number))
	}
	say("CII number", p.CII)
	say("FBI number", p.FBI)
	if a := p.Address; a != nil {
		say("Restrained person's address", joined(a.Street, a.City, a.State, a.Postal))
	}
	return all
}

func joined(parts ...string) string {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, ", ")
}

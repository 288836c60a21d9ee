package records

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ccpor/mapping"
	"ccpor/mapping/order"
	"ccpor/mapping/plain"
	"ccpor/mapping/rules"
	"ccpor/store"
	"ccpor/web/site"
)

// What the form takes. CARPOS knows who served in 3 to 30 characters (SVN).
const (
	serverLeast, serverMost = 3, 30
	badgeMost               = 20
	placeMost               = 100
)

var methodWords = map[order.ServiceMethod]string{order.MethodPersonal: "by hand", order.MethodVerbal: "by word of mouth", order.MethodMail: "by mail", order.MethodCourt: "in court"}

func methodWord(m order.ServiceMethod) string {
	if word, known := methodWords[m]; known {
		return word
	}
	return string(m)
}

// serviceView is the page on which a service is recorded, or which says what came of it.
type serviceView struct {
	// Order is where the order is, Person whom it restrains.
	Order, Person string
	Method        order.ServiceMethod
	Aloud         []aloud
	// Before are the proofs of service that there are.
	Before []store.ServiceEntry
	// Told says that CARPOS is told by the exchange; NotTold why it is not.
	Told    bool
	NotTold string
	// The form as it was typed, with what is wrong in it, in the order of its fields.
	When, Name, Badge, Place string
	Ticked                   bool
	Problems                 problems
	List                     []site.Problem
	// Done is the service that was recorded, and Stands how it is with CARPOS.
	Done   *store.ServiceEntry
	Stands string
}

// aloud is the text to read aloud in one language.
type aloud struct {
	Language plain.Language
	Lines    []string
}

// toServe is the order of the address, of which a service can be recorded now.
func (p *Pages) toServe(r *site.Request) (looked, error) {
	l, err := p.look(r)
	if err != nil {
		return l, err
	}
	if !l.whole() {
		return l, site.Hidden(noSuchOrder(l.object()))
	}
	if state := plain.Stand(l.Order, standing(l.FoundOrder, p.moment(r, l.FoundOrder))); !state.InForce() {
		return l, &site.Refusal{Status: http.StatusConflict, Title: "This order is not in force", Object: l.object(),
			Text: "It is " + briefly[state] + ", and its service is not recorded any more. Where it was served while it was in force, the court sends the proof of service."}
	}
	return l, nil
}

// servicePage shows the form, or what was recorded.
func (p *Pages) servicePage(r *site.Request) (site.Answer, error) {
	l, err := p.look(r)
	if number := r.URL.Query().Get("recorded"); err == nil && number != "" {
		return p.served(r, l, number)
	}
	if err == nil {
		l, err = p.toServe(r)
	}
	if err != nil {
		return site.Answer{}, err
	}
	v := serviceView{Method: order.MethodVerbal, When: r.Now.In(p.Zone).Format(minutes), Name: clipped(r.Visitor.Name)}
	if r.URL.Query().Get("method") == string(order.MethodPersonal) {
		v.Method = order.MethodPersonal
	}
	return p.toRecord(r, l, v)
}

// clipped is a name as far as CARPOS takes it.
func clipped(name string) string {
	letters := []rune(name)
	return strings.TrimSpace(string(letters[:min(serverMost, len(letters))]))
}

// toRecord is the page with the form.
func (p *Pages) toRecord(r *site.Request, l looked, v serviceView) (site.Answer, error) {
	h, err := p.Reader.History(r.Context(), l.FoundOrder)
	if err != nil {
		return site.Answer{}, err
	}
	e, err := p.Reader.EntryOf(r.Context(), l.FoundOrder)
	if err != nil {
		return site.Answer{}, err
	}
	v.Order, v.Person, v.Before = addressOfOrder(l.Order.Court.ORI, l.Order.ID), l.Order.Restrained.Name.Full(), h.Services
	v.Told, v.NotTold = told(e)
	if v.Method == order.MethodVerbal {
		for _, language := range []plain.Language{plain.English, plain.Spanish} {
			v.Aloud = append(v.Aloud, aloud{language, p.words.Aloud(l.Order, language)})
		}
	}
	a := site.Answer{Page: "service", Title: "Record service", Data: &v, Object: l.object(), Details: "to record service", Above: above(l)}
	for _, field := range serviceFields {
		if text, wrong := v.Problems[field]; wrong {
			v.List = append(v.List, site.Problem{Field: field, Text: text})
		}
	}
	if len(v.List) > 0 {
		a.Status = again
	}
	return a, nil
}

var serviceFields = []string{"method", "told", "when", "name", "badge", "place"}

func above(l looked) []site.Link {
	return []site.Link{{To: "/orders", Name: "Orders"}, {To: addressOfOrder(l.Order.Court.ORI, l.Order.ID), Name: "Order " + string(l.Order.ID)}}
}

// told says whether what is recorded of an order reaches CARPOS by the exchange, and why not where it does not.
func told(e store.Entry) (bool, string) {
	if e.NotOwed != "" {
		return false, e.Next().Sentence
	}
	if len(e.Transmissions) > 0 && e.Transmissions[0].State == store.StateGivenUp {
		return false, "Its entry into CARPOS was given up."
	}
	return true, ""
}

// recordService keeps what the form says.
func (p *Pages) recordService(r *site.Request) (site.Answer, error) {
	l, err := p.toServe(r)
	if err != nil {
		return site.Answer{}, err
	}
	e, err := p.Reader.EntryOf(r.Context(), l.FoundOrder)
	if err != nil {
		return site.Answer{}, err
	}
	v := serviceView{Method: order.ServiceMethod(typed(r, "method")), When: typed(r, "when"), Name: typed(r, "name"), Badge: typed(r, "badge"), Place: typed(r, "place"), Ticked: typed(r, "told") != "", Problems: problems{}}
	s := p.serviceOf(r, l, &v)
	s.Own = e.Agency.ORI == r.Visitor.Asker.Agency
	p.judgeService(r, l, s, v.Problems)
	if len(v.Problems) > 0 {
		return p.toRecord(r, l, v)
	}
	number, err := p.Writer.RecordService(r.Context(), store.Recording{Order: l.FoundOrder, Service: s, Person: r.Visitor.ID, Actor: r.Visitor.Actor(), Agency: r.Visitor.Asker.Agency, At: r.Now})
	if errors.Is(err, store.ErrOrderChanged) {
		return site.Answer{}, &site.Refusal{Status: http.StatusConflict, Title: "The order has just changed", Text: "The court has changed or ended it while you read. Read it again before you record its service.", Object: l.object()}
	}
	if err != nil {
		return site.Answer{}, err
	}
	return site.Answer{To: fmt.Sprintf("%s/service?recorded=%d", addressOfOrder(l.Order.Court.ORI, l.Order.ID), number)}, nil
}

// serviceOf is the proof of service that the form is, and what is missing in it.
func (p *Pages) serviceOf(r *site.Request, l looked, v *serviceView) order.Service {
	w := v.Problems
	if v.Method != order.MethodPersonal && v.Method != order.MethodVerbal {
		w["method"] = "By hand or by word of mouth is recorded here."
		v.Method = order.MethodVerbal
	}
	at, err := time.ParseInLocation(minutes, v.When, p.Zone)
	switch {
	case err != nil:
		w["when"] = "Day and time of the service are needed."
	case at.After(r.Now):
		w["when"] = "That is still to come."
	}
	if !v.Ticked {
		w["told"] = map[order.ServiceMethod]string{order.MethodPersonal: "Only who was handed it is served by hand: tick that you handed it over.",
			order.MethodVerbal: "Only who was told what it orders is served by word of mouth: tick that you have read it."}[v.Method]
	}
	if n := utf8.RuneCountInString(v.Name); n < serverLeast || n > serverMost {
		w["name"] = fmt.Sprintf("The officer's name has %d to %d characters.", serverLeast, serverMost)
	}
	if n := utf8.RuneCountInString(v.Badge); n < 1 || n > badgeMost {
		w["badge"] = fmt.Sprintf("The officer's badge number is needed, with at most %d characters.", badgeMost)
	}
	if utf8.RuneCountInString(v.Place) > placeMost {
		w["place"] = fmt.Sprintf("It has at most %d characters.", placeMost)
	}
	local := at.In(p.Zone)
	return order.Service{OrderID: l.Order.ID, Court: l.Order.Court.ORI, Case: l.Order.Case, Restrained: nameTold(l.Order.Restrained, typed(r, "told")), Date: order.DateOf(local),
		Time: order.TimeOfDay(local.Hour()*60 + local.Minute()), Method: v.Method, Place: v.Place,
		Server: order.Officer{Name: v.Name, Badge: v.Badge, Agency: r.Visitor.Agency, AgencyORI: r.Visitor.Asker.Agency}}
}

// nameTold is the name that the page showed, as the order gives it; one that the order gives no more is nobody's whom it restrains.
func nameTold(p order.Restrained, shown string) order.Name {
	names := append([]order.Name{p.Name}, p.Aliases...)
	if i := slices.IndexFunc(names, func(n order.Name) bool { return n.Full() == shown }); i >= 0 {
		return names[i]
	}
	return order.Name{Surname: shown}
}

// judgeService asks the rules by which a proof that comes as a package is judged; a field that is wrong already is not judged twice.
func (p *Pages) judgeService(r *site.Request, l looked, s order.Service, w problems) {
	pack := mapping.Package{Action: mapping.ActionServe, Service: &s}
	for _, f := range append(p.rules.Check(pack, r.Today()), p.rules.Against(pack, rules.Known{Order: &l.Order, Cancelled: l.Cancelled})...) {
		field, known := map[string]string{"CourtOrderServiceDate": "when", "RestrainedPersonName": "told"}[path.Base(f.Path)]
		if !known {
			field = "method"
		}
		if _, wrong := w[field]; !wrong && f.Severity == rules.Error {
			w[field] = f.Text
		}
	}
}

// served says what was recorded, and what comes of it.
func (p *Pages) served(r *site.Request, l looked, number string) (site.Answer, error) {
	if !l.whole() {
		return site.Answer{}, site.Hidden(noSuchOrder(l.object()))
	}
	h, err := p.Reader.History(r.Context(), l.FoundOrder)
	if err != nil {
		return site.Answer{}, err
	}
	i := slices.IndexFunc(h.Services, func(s store.ServiceEntry) bool { return s.Recorded != 0 && fmt.Sprint(s.Recorded) == number })
	if i < 0 {
		return site.Answer{}, noSuchOrder(l.object())
	}
	e, err := p.Reader.EntryOf(r.Context(), l.FoundOrder)
	if err != nil {
		return site.Answer{}, err
	}
	status, err := p.Reader.Status(r.Context(), e.AddedIn)
	if err != nil {
		return site.Answer{}, err
	}
	v := serviceView{Order: addressOfOrder(l.Order.Court.ORI, l.Order.ID), Done: &h.Services[i]}
	v.Told, v.NotTold = told(e)
	for _, x := range status.Order.Recorded {
		if x.Number == v.Done.Recorded && x.Transmission != nil {
			v.Told, v.Stands = true, carposStands[x.Transmission.State]
		}
	}
	return site.Answer{Page: "service", Title: "Service is recorded", Data: &v, Object: l.object(), Details: "service " + number, Above: above(l)}, nil
}

// carposStands say how it is with CARPOS about a service that was recorded.
var carposStands = map[store.TransmissionState]string{
	store.StateWaiting: "It is told as soon as it has what the court sent before.", store.StateReady: "It is told in a moment.", store.StateSending: "It is being told.", store.StateSent: "It was told, and has not answered yet.",
	store.StateAccepted: "CARPOS has it.", store.StateHeld: "A person of the exchange has to look at it first.", store.StateUnknown: "Its answer was lost, and the exchange looks it up.",
	store.StateGivenUp: "A person of the exchange has given it up: the order's page says why.",
}

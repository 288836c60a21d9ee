package records

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"ccpor/access"
	"ccpor/mapping/box"
	"ccpor/mapping/forms"
	"ccpor/mapping/names"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// mostFound is how many orders a search by the one box shows: who needs more says more.
const mostFound = perPage

// allFound is how many it shows who asks for more.
const allFound = 200

// statuses are the choices of how an order stands.
var statuses = []site.Choice{{Value: "", Name: "any"}, {Value: string(store.OrderInForce), Name: "in force"}, {Value: string(store.OrderNotServed), Name: "in force, not served"},
	{Value: string(store.OrderServed), Name: "in force, served"}, {Value: string(store.OrderExpired), Name: "expired"}, {Value: string(store.OrderCancelled), Name: "cancelled"}}

// ofWords searches by what was typed into the one box and the fields of people: names as somebody else writes them, dates of birth and numbers, the best first, each with the reasons for which it was found.
func (p *Pages) ofWords(r *site.Request, v searchView) (site.Answer, error) {
	a := site.Answer{Page: "orders", Title: "Orders", Object: "orders"}
	q, ok := v.words(r)
	if !ok {
		a.Data, a.Status = v, again
		return a, nil
	}
	found, err := p.Reader.Search(r.Context(), q)
	switch {
	case errors.Is(err, store.ErrTooWide):
		v.Problems[v.box()] = "A surname is needed, a date of birth or a number."
	case errors.Is(err, names.ErrTooMuch):
		v.Problems[v.box()] = "A name has at most six words and 200 letters."
	case err != nil:
		return a, err
	}
	if len(v.Problems) > 0 {
		a.Data, a.Status = v, again
		return a, nil
	}
	v.Searched, v.Narrower, v.Wider = true, found.More, found.More && q.Limit == mostFound
	for _, h := range found.Hits {
		v.Rows = append(v.Rows, p.foundOf(r, h))
	}
	a.Data, a.Action, a.Outcome, a.Purpose, a.Details = v, "page.search", number(len(v.Rows), "order shown", "orders shown"), v.Get("purpose"), v.by()
	return a, nil
}

// foundOf is a row with the reasons, for who sees the order whole.
func (p *Pages) foundOf(r *site.Request, h store.Hit) foundRow {
	row := p.rowOf(r, h.FoundOrder)
	if row.Whole {
		for _, reason := range h.Reasons {
			row.Why = append(row.Why, reason.English())
		}
	}
	return row
}

// box is the field at which a name that cannot be looked for is complained of.
func (v searchView) box() string {
	if v.Get("words") == "" && v.any(byName) {
		return "surname"
	}
	return "words"
}

// words reads the form; false: it cannot be asked so. Who sees no names finds none by asking.
func (v *searchView) words(r *site.Request) (q store.Search, ok bool) {
	p, said := v.Problems, v.Get
	q = store.Search{Sees: func(o access.Object) bool { return r.Visitor.Sees(o, r.Now) != access.Nothing }, Today: r.Today(), Limit: mostFound, Narrow: v.narrow(r)}
	if said("all") != "" {
		q.Limit = allFound
	}
	b, err := box.Read(said("words"), r.Today())
	if err != nil {
		p["words"] = "At most 300 characters are read."
	}
	q.Name.Surname, q.Name.Given = said("surname"), said("given")
	q.Case, q.FCN, q.Tracking = parsed(p, "case", said("case"), order.ParseCaseNumber), parsed(p, "fcn", said("fcn"), order.ParseFCN), parsed(p, "tracking", said("tracking"), order.ParseTracking)
	if born := parsed(p, "born", said("born"), order.ParseDate); !born.IsZero() {
		q.Born = []order.Date{born}
	}
	switch q.Side = store.Side(said("side")); q.Side {
	case "", store.SideRestrained, store.SideProtected:
	default:
		p["side"] = "One side or both."
	}
	q.Take(b)
	named := v.any(byName) || b.Name != "" || len(b.Born) > 0 || b.Year != 0
	if named && !v.ByName {
		p["words"] = "You search by case number, CARPOS number or tracking number."
	}
	v.judgePurpose(named && v.ByName)
	return q, len(p) == 0
}

// narrow reads what leaves out orders.
func (v *searchView) narrow(r *site.Request) store.Narrow {
	p, said := v.Problems, v.Get
	n := store.Narrow{Test: r.Visitor.Test, Status: store.OrderStatus(said("status")), County: said("county"), Type: said("type"), Court: parsed(p, "court", said("court"), order.ParseORI),
		MadeIn: v.days("made"), EndsIn: v.days("ends"), BornIn: v.ages(r.Today())}
	for field, choices := range map[string][]site.Choice{"status": statuses, "county": v.Counties, "type": v.Types} {
		if !slices.ContainsFunc(choices, func(c site.Choice) bool { return c.Value == said(field) }) {
			p[field] = "One of the choices."
		}
	}
	return n
}

// days are those from one field to another.
func (v *searchView) days(which string) store.Days {
	d := store.Days{From: parsed(v.Problems, which+"from", v.Get(which+"from"), order.ParseDate), To: parsed(v.Problems, which+"to", v.Get(which+"to"), order.ParseDate)}
	if !d.From.IsZero() && !d.To.IsZero() && d.To.Before(d.From) {
		v.Problems[which+"to"] = "The last day is not before the first."
	}
	return d
}

// ages are the days of birth of who is of an age today.
func (v *searchView) ages(today order.Date) (d store.Days) {
	from, to := parsed(v.Problems, "agefrom", v.Get("agefrom"), age), parsed(v.Problems, "ageto", v.Get("ageto"), age)
	if v.Get("ageto") != "" {
		d.From = today.AddYears(-to - 1).AddDays(1)
	}
	if v.Get("agefrom") != "" {
		d.To = today.AddYears(-from)
	}
	if v.Get("agefrom") != "" && v.Get("ageto") != "" && to < from {
		v.Problems["ageto"] = "It is not below the youngest."
	}
	return d
}

func age(s string) (int, error) {
	years, err := strconv.Atoi(s)
	if err != nil || years < 0 || years > 120 {
		return 0, errors.New("age: years from 0 to 120 are needed")
	}
	return years, nil
}

// typesOf are the kinds of orders by their CLETS designators, each with one of its forms.
func typesOf(table *forms.Table) []site.Choice {
	all := []site.Choice{{Value: "", Name: "any"}}
	for _, f := range table.Forms() {
		if f.Designator != "" && !slices.ContainsFunc(all, func(c site.Choice) bool { return c.Value == f.Designator }) {
			title, _, _ := strings.Cut(f.Title, " (CLETS")
			all = append(all, site.Choice{Value: f.Designator, Name: fmt.Sprintf("%s, as %s, %s", f.Designator, f.Number, title)})
		}
	}
	slices.SortFunc(all, func(a, b site.Choice) int { return strings.Compare(a.Value, b.Value) })
	return all
}

// Statuses are the choices of the form.
func (v searchView) Statuses() []site.Choice { return statuses }

// Reasons says in one line why an order was found.
func (f foundRow) Reasons() string { return strings.Join(f.Why, ", ") }

// isPost says that the form was sent: what people are called never stands in an address.
func isPost(r *site.Request) bool { return r.Method == http.MethodPost }

// Fields says that something was asked field by field.
func (v searchView) Fields() bool {
	for _, field := range slices.Concat(byName, byNumber, narrowing) {
		if v.Get(field) != "" || v.Problems[field] != "" {
			return true
		}
	}
	return false
}

package records

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"ccpor/access"
	"ccpor/mapping/box"
	"ccpor/mapping/names"
	"ccpor/store"
	"ccpor/web/site"
)

// mostFound is how many orders a search by the one box shows: who needs more says more.
const mostFound = 50

// statuses are the choices of how an order stands.
var statuses = []site.Choice{{Value: "", Name: "any"}, {Value: string(store.OrderInForce), Name: "in force"}, {Value: string(store.OrderNotServed), Name: "in force, not served"},
	{Value: string(store.OrderServed), Name: "in force, served"}, {Value: string(store.OrderExpired), Name: "expired"}, {Value: string(store.OrderCancelled), Name: "cancelled"}}

// ofWords searches by what was typed into the one box: names as somebody else writes them, dates of birth and numbers, the best first, each with the reasons for which it was found.
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
		v.Problems["words"] = "A surname is needed, a date of birth or a number."
	case errors.Is(err, names.ErrTooMuch):
		v.Problems["words"] = "A name has at most six words and 200 letters."
	case err != nil:
		return a, err
	}
	if len(v.Problems) > 0 {
		a.Data, a.Status = v, again
		return a, nil
	}
	v.Searched, v.Narrower = true, found.More
	for _, h := range found.Hits {
		row := p.rowOf(r, h.FoundOrder)
		if row.Whole {
			for _, reason := range h.Reasons {
				row.Why = append(row.Why, reason.English())
			}
		}
		v.Rows = append(v.Rows, row)
	}
	a.Data, a.Action, a.Outcome, a.Purpose, a.Details = v, "page.search", number(len(v.Rows), "order shown", "orders shown"), v.Get("purpose"), v.by()
	return a, nil
}

// words reads the box; false: it cannot be asked so. Who sees no names finds none by asking.
func (v *searchView) words(r *site.Request) (q store.Search, ok bool) {
	q = store.Search{Sees: func(o access.Object) bool { return r.Visitor.Sees(o, r.Now) != access.Nothing }, Today: r.Today(), Limit: mostFound,
		Narrow: store.Narrow{Test: r.Visitor.Test, Status: store.OrderStatus(v.Get("status"))}}
	if q.Status != "" && statusName(q.Status) == "" {
		v.Problems["status"] = "One of the choices."
	}
	b, err := box.Read(v.Get("words"), r.Today())
	named := b.Name != "" || len(b.Born) > 0 || b.Year != 0
	switch {
	case err != nil:
		v.Problems["words"] = "At most 300 characters are read."
	case named && !v.ByName:
		v.Problems["words"] = "You search by case number, CARPOS number or tracking number."
	case named && v.Get("purpose") == "":
		v.Problems["purpose"] = "Who searches by name says why."
	case len(v.Get("purpose")) > 200:
		v.Problems["purpose"] = "It has at most 200 characters."
	}
	q.Take(b)
	return q, len(v.Problems) == 0
}

func statusName(s store.OrderStatus) string {
	for _, c := range statuses {
		if c.Value == string(s) {
			return c.Name
		}
	}
	return ""
}

// Statuses are the choices of the form.
func (v searchView) Statuses() []site.Choice { return statuses }

// Reasons says in one line why an order was found.
func (f foundRow) Reasons() string { return strings.Join(f.Why, ", ") }

// isPost says that the form was sent: what people are called never stands in an address.
func isPost(r *site.Request) bool { return r.Method == http.MethodPost }

// Fields says that something was asked field by field.
func (v searchView) Fields() bool {
	for _, field := range slices.Concat(byName, byNumber) {
		if v.Get(field) != "" || v.Problems[field] != "" {
			return true
		}
	}
	return false
}

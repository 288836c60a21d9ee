package records

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// The fields of a search: what people are called stands in forms only. By number they may stand in an address, too.
var (
	byWords    = []string{"words"}
	byName     = []string{"surname", "given", "side", "born", "agefrom", "ageto"}
	byNumber   = []string{"case", "court", "fcn", "tracking"}
	narrowing  = []string{"status", "county", "type", "madefrom", "madeto", "endsfrom", "endsto"}
	everything = slices.Concat(byWords, byName, byNumber, narrowing)
)

// asked is a search as it was typed.
type asked struct {
	url.Values
	ByName   bool // the visitor may search by names
	Problems problems
}

// searchView is what the page of a search shows.
type searchView struct {
	asked
	// Searched says that something was asked.
	Searched bool
	Rows     []foundRow
	// After is where the list goes on; empty at its end.
	After string
	// MayBreak says that the visitor may open what is kept back.
	MayBreak bool
	// Narrower says that more would fit than is shown, and Wider that more of them can be.
	Narrower, Wider bool
	// What narrows: choices of the form.
	Counties, Types []site.Choice
}

// foundRow is an order as the visitor sees it in a list.
type foundRow struct {
	store.FoundOrder
	Whole  bool
	Stands string
	// Why is why it was found, where that was by the one box.
	Why []string
}

// ordersPage shows the form, or what is found by the numbers in the address. Names in an address are not read.
func (p *Pages) ordersPage(r *site.Request) (site.Answer, error) {
	typed := url.Values{}
	for _, field := range append(slices.Clone(byNumber), "after") {
		typed.Set(field, strings.TrimSpace(r.URL.Query().Get(field)))
	}
	return p.search(r, typed)
}

// ordersFound shows what is found by what was typed.
func (p *Pages) ordersFound(r *site.Request) (site.Answer, error) {
	typed := url.Values{}
	for _, field := range slices.Concat(everything, []string{"purpose", "after", "all"}) {
		typed.Set(field, strings.TrimSpace(r.PostForm.Get(field)))
	}
	return p.search(r, typed)
}

func (p *Pages) search(r *site.Request, typed url.Values) (site.Answer, error) {
	v := searchView{asked: asked{Values: typed, ByName: r.Visitor.ByName(), Problems: problems{}}, MayBreak: r.May(access.BreakGlass), Counties: p.counties(""), Types: p.types}
	if isPost(r) && v.any(byWords, byName, narrowing) {
		return p.ofWords(r, v)
	}
	a := site.Answer{Page: "orders", Title: "Orders", Object: "orders"}
	q, ok := v.query(r)
	if !ok {
		if len(v.Problems) > 0 || r.Method == "POST" {
			a.Status = again
		}
		a.Data = v
		return a, nil
	}
	found, more, err := p.find(r, v.asked, q)
	if err != nil {
		return a, err
	}
	v.Searched = true
	for _, f := range found {
		v.Rows = append(v.Rows, p.rowOf(r, f))
	}
	if more {
		v.After = found[len(found)-1].Place().String()
	}
	a.Data, a.Action, a.Outcome, a.Purpose, a.Details = v, "page.search", number(len(found), "order shown", "orders shown"), typed.Get("purpose"), v.by()
	return a, nil
}

// any says that one of the fields is filled in.
func (v searchView) any(fields ...[]string) bool {
	return slices.ContainsFunc(slices.Concat(fields...), func(f string) bool { return v.Get(f) != "" })
}

// query reads a search by numbers alone; false: nothing is asked, or it cannot be.
func (v *searchView) query(r *site.Request) (q store.OrderQuery, ok bool) {
	p, said := v.Problems, v.Get
	q.Test = r.Visitor.Test
	q.Case = parsed(p, "case", said("case"), order.ParseCaseNumber)
	q.FCN = parsed(p, "fcn", said("fcn"), order.ParseFCN)
	parsed(p, "court", said("court"), order.ParseORI)
	parsed(p, "tracking", said("tracking"), order.ParseTracking)
	q.After = parsed(p, "after", said("after"), store.ParseOrderPlace)
	v.judgePurpose(false)
	return q, len(p) == 0 && (q.Case != "" || q.FCN != "" || said("tracking") != "")
}

// judgePurpose says what is wrong with the purpose, which a search by what people are, and not by numbers, needs.
func (v *searchView) judgePurpose(needed bool) {
	switch said := v.Get("purpose"); {
	case needed && said == "":
		v.Problems["purpose"] = "Who searches by name says why."
	case len(said) > 200:
		v.Problems["purpose"] = "It has at most 200 characters."
	}
}

// by names the fields that were filled in, without their values.
func (v searchView) by() string {
	var fields []string
	for _, field := range everything {
		if v.Get(field) != "" {
			fields = append(fields, field)
		}
	}
	return "by " + strings.Join(fields, ", ")
}

// Next are the fields with which the list goes on: behind its end, or with all that is given at once.
func (v searchView) Next() map[string]string {
	next := map[string]string{"after": v.After}
	if v.Wider {
		next = map[string]string{"all": "all"}
	}
	for _, field := range append(slices.Clone(everything), "purpose") {
		if v.Get(field) != "" {
			next[field] = v.Get(field)
		}
	}
	return next
}

const (
	// readAtOnce is how many orders are read at a time, and readAtMost how many for one page: what the visitor may not see does not take a place of what that person may.
	readAtOnce = 100
	readAtMost = 1000
)

// find reads the first orders that the visitor may see, and whether there are more of them.
func (p *Pages) find(r *site.Request, a asked, q store.OrderQuery) (shown []store.FoundOrder, more bool, err error) {
	if a.Get("tracking") != "" {
		shown, err = p.tracked(r, a, q)
		return shown, false, err
	}
	q.Limit = readAtOnce
	for range readAtMost / readAtOnce {
		found, err := p.Reader.FindOrders(r.Context(), q)
		if err != nil {
			return nil, false, err
		}
		for _, f := range found {
			switch {
			case !fits(r, a, f):
			case len(shown) == perPage:
				return shown, true, nil
			default:
				shown = append(shown, f)
			}
		}
		if len(found) < readAtOnce {
			break
		}
		q.After = found[len(found)-1].Place()
	}
	return shown, false, nil
}

// fits says that the visitor may see an order, and that it is of the court that was named.
func fits(r *site.Request, a asked, f store.FoundOrder) bool {
	return sees(r, f) != access.Nothing && (a.Get("court") == "" || a.Get("court") == string(f.Order.Court.ORI))
}

func sees(r *site.Request, f store.FoundOrder) access.Sight {
	return r.Visitor.Sees(access.ObjectOf(f.Order, f.Test), r.Now)
}

// tracked is the order that a submission is about, where the rest of what was asked fits it, too.
func (p *Pages) tracked(r *site.Request, a asked, q store.OrderQuery) ([]store.FoundOrder, error) {
	t, err := order.ParseTracking(a.Get("tracking"))
	if err != nil {
		return nil, err
	}
	f, err := p.orderOf(r.Context(), t, r.Visitor.Test)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil || !fits(r, a, f) || q.Case != "" && q.Case != f.Order.Case || q.FCN != "" && q.FCN != f.FCN {
		return nil, err
	}
	return []store.FoundOrder{f}, nil
}

// orderOf finds the order that a submission is about; ErrNotFound.
func (p *Pages) orderOf(ctx context.Context, t order.Tracking, test bool) (store.FoundOrder, error) {
	s, err := p.Reader.Status(ctx, t)
	if err != nil {
		return store.FoundOrder{}, err
	}
	if s.Order == nil {
		return store.FoundOrder{}, store.ErrNotFound
	}
	return p.Reader.FindOrder(ctx, s.Order.Court, s.Order.ID, test)
}

func (p *Pages) rowOf(r *site.Request, f store.FoundOrder) foundRow {
	return foundRow{FoundOrder: f, Whole: sees(r, f) == access.Whole, Stands: p.stands(r, f)}
}

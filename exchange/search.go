package exchange

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"ccpor/access"
	"ccpor/exchange/soap"
	"ccpor/mapping/box"
	"ccpor/mapping/names"
	"ccpor/mapping/order"
	"ccpor/store"
)

const (
	searchAtMost    = 100
	searchByDefault = 25
	// searchReads is how many orders are read at most: what the asking person may not see does not take a place of what that person may.
	searchReads = 1000
)

// requester is who asks about an order, as the asking agency vouches for.
type requester struct {
	user    order.LocalID
	role    access.Role
	purpose string
	asker   access.Asker
}

var requesterElements = []string{"Requester/UserIdentification", "Requester/RoleCode", "Requester/PurposeText"}

// requester reads who asks, and refuses roles for which the agency cannot vouch.
func (a asked) requester() (requester, error) {
	var r requester
	var errs [2]error
	r.user, errs[0] = parsed(a, "Requester/UserIdentification", order.ParseLocalID)
	r.role, errs[1] = parsed(a, "Requester/RoleCode", oneOf(access.Asking(a.of.agency.Kind)...))
	r.purpose = a.texts["Requester/PurposeText"]
	if err := firstOf(errs[:]); err != nil {
		return r, err
	}
	if r.user == "" || r.role == "" || r.purpose == "" || len(r.purpose) > 200 {
		return r, a.of.malformed("Requester says who asks, in what role and for what purpose")
	}
	r.asker = asker(a.of.agency, r.role)
	return r, nil
}

// event is the audit entry of a read by a person of an agency. The purpose is the only free text: it stands quoted and last, so that it cannot pass for anything else.
func (o opened) event(r requester, action, object, outcome, how string) store.Event {
	return store.Event{Actor: "agency " + string(o.agency.ORI) + " user " + string(r.user), Action: action, Object: object, Outcome: outcome,
		Details: "role " + string(r.role) + "; " + how + "; purpose " + strconv.Quote(r.purpose), Agency: o.agency.ORI, Purpose: r.purpose}
}

// search answers SearchOrders.
func (h *Hub) search(ctx context.Context, o opened) (reply, error) {
	o.begin("search")
	a, err := o.read(append(requesterElements, "PersonSurName", "PersonGivenName", "PartyCode", "PersonBirthDate", "CaseDocketID", "CarposFileControlIdentification", "MaximumCount", "SearchText")...)
	if err != nil {
		return reply{}, err
	}
	who, err := a.requester()
	if err != nil {
		return reply{}, err
	}
	q, limit, err := a.search()
	if err != nil {
		return reply{}, err
	}
	if !who.asker.ByName() && (q.Surname != "" || q.Given != "" || q.Born != order.Date{}) {
		return reply{}, o.malformed("the help desk searches by case number or CARPOS number")
	}
	shown, more, err := h.seek(ctx, a, who, q, limit)
	if err != nil {
		return reply{}, err
	}
	if err := h.record(ctx, o, o.event(who, "order.search", "orders", strconv.Itoa(len(shown))+" shown", "by "+strings.Join(a.by(), ", "))); err != nil {
		return reply{}, err
	}
	o.end(true, "")
	return o.answer(func(w *soap.Writer) {
		for _, hit := range shown {
			writeOutline(w, hit.FoundOrder, who.sees(hit.FoundOrder) == access.Whole, hit.Reasons...)
		}
		w.Bool("MoreIndicator", more)
	}), nil
}

// seek looks for what SearchText and the other elements say, as people look for others; without SearchText for what the elements say and nothing else.
func (h *Hub) seek(ctx context.Context, a asked, who requester, q store.OrderQuery, limit int) ([]store.Hit, bool, error) {
	var found store.Hits
	var err error
	if a.has("SearchText") {
		found, err = h.seekLike(ctx, a, who, q, limit)
	} else {
		found, err = h.seekExactly(ctx, who, q, limit)
	}
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		return nil, false, refused
	case errors.Is(err, store.ErrTooWide):
		return nil, false, a.of.malformed("a search names a surname, a case number or a CARPOS number")
	case errors.Is(err, names.ErrTooMuch), errors.Is(err, box.ErrTooLong):
		return nil, false, a.of.malformed("a search has at most 300 characters and six words of a name")
	case err != nil:
		return nil, false, h.unavailable(a.of, "orders not found", err)
	}
	return found.Hits, found.More, nil
}

// seekLike is for SearchText.
func (h *Hub) seekLike(ctx context.Context, a asked, who requester, q store.OrderQuery, limit int) (store.Hits, error) {
	now := h.Now()
	today := order.DateOf(now.In(h.Calendar.Pacific()))
	typed, err := box.Read(a.texts["SearchText"], today)
	if err != nil {
		return store.Hits{}, err
	}
	if !who.asker.ByName() && (typed.Name != "" || len(typed.Born) > 0 || typed.Year != 0) {
		return store.Hits{}, a.of.malformed("the help desk searches by case number or CARPOS number")
	}
	s := store.Search{Name: names.Asked{Surname: a.texts["PersonSurName"], Given: a.texts["PersonGivenName"]}, Side: q.Side, Case: q.Case, FCN: q.FCN, Today: today, Limit: limit,
		Narrow: store.Narrow{Test: q.Test}, Sees: func(o access.Object) bool { return who.asker.Sees(o, now) != access.Nothing }}
	if q.Born != (order.Date{}) {
		s.Born = append(s.Born, q.Born)
	}
	s.Take(typed)
	return h.Store.Search(ctx, s)
}

// seekExactly is for the contract's elements alone, whose answers have no reasons.
func (h *Hub) seekExactly(ctx context.Context, who requester, q store.OrderQuery, limit int) (store.Hits, error) {
	found, err := h.Store.FindOrders(ctx, q)
	if err != nil {
		return store.Hits{}, err
	}
	var hits store.Hits
	shown, more := h.visible(who, found, limit)
	for _, f := range shown {
		hits.Hits = append(hits.Hits, store.Hit{FoundOrder: f})
	}
	hits.More = more
	return hits, nil
}

// visible are the first orders that the person may see, and whether there are more of them.
func (h *Hub) visible(who requester, found []store.FoundOrder, limit int) (shown []store.FoundOrder, more bool) {
	for _, f := range found {
		switch {
		case who.sees(f) == access.Nothing:
		case len(shown) == limit:
			return shown, true
		default:
			shown = append(shown, f)
		}
	}
	return shown, false
}

func (a asked) search() (q store.OrderQuery, limit int, err error) {
	var errs [5]error
	q.Surname, q.Prefix = strings.CutSuffix(a.texts["PersonSurName"], "*")
	given, prefix := strings.CutSuffix(a.texts["PersonGivenName"], "*")
	q.Given, q.Prefix = given, q.Prefix || prefix
	q.Side, errs[0] = parsed(a, "PartyCode", oneOf(store.SideRestrained, store.SideProtected))
	q.Born, errs[1] = parsed(a, "PersonBirthDate", order.ParseDate)
	q.Case, errs[2] = parsed(a, "CaseDocketID", order.ParseCaseNumber)
	q.FCN, errs[3] = parsed(a, "CarposFileControlIdentification", order.ParseFCN)
	limit, errs[4] = parsed(a, "MaximumCount", atMost(searchAtMost))
	if limit == 0 {
		limit = searchByDefault
	}
	q.Limit, q.Test = searchReads, a.of.agency.Test
	return q, limit, firstOf(errs[:])
}

// by names the elements by which orders were searched, without their values.
func (a asked) by() []string {
	var names []string
	for _, n := range []string{"PersonSurName", "PersonGivenName", "PartyCode", "PersonBirthDate", "CaseDocketID", "CarposFileControlIdentification", "SearchText"} {
		if a.has(n) {
			names = append(names, n)
		}
	}
	return names
}

// writeOutline writes which order it is and how it stands; people, case and why it was found only for those who see the whole.
func writeOutline(w *soap.Writer, f store.FoundOrder, all bool, why ...names.Reason) {
	o := f.Order
	w.Open("OrderSummary")
	w.Leaf("OrderIdentification", string(o.ID))
	w.Leaf("OrganizationORIIdentification", string(o.Court.ORI))
	w.Leaf("CourtName", o.Court.Name)
	if all {
		w.Leaf("CaseDocketID", string(o.Case))
	}
	w.Leaf("FormNumberText", o.Form.Number)
	w.Leaf("OrderTypeCode", o.Form.Designator)
	w.Leaf("OrderStatusCode", statusOf(f))
	w.Leaf("CourtOrderIssuingDate", o.Issued.String())
	writeExpiry(w, o.Expiry)
	w.Leaf("DocumentAccessCode", string(o.Access))
	w.Optional("CarposFileControlIdentification", string(f.FCN))
	if all {
		writeName(w, "RestrainedPersonName", o.Restrained.Name)
		if b := o.Restrained.Born; b != nil {
			w.Leaf("RestrainedPersonBirthDate", b.String())
		}
		for _, p := range o.Protected {
			writeName(w, "ProtectedPersonName", p.Name)
		}
		for _, r := range why {
			w.Leaf("MatchReasonCode", string(r))
		}
	}
	w.Close("OrderSummary")
}

// statusOf says how an order stands by what the registry has. Whether it has expired is told by its expiration beside it.
func statusOf(f store.FoundOrder) string {
	switch {
	case f.Cancelled != nil:
		return "cancelled"
	case f.Served:
		return "served"
	}
	return "notServed"
}

func writeExpiry(w *soap.Writer, e order.Expiry) {
	w.Open("OrderExpiration")
	if e.Date != nil {
		w.Leaf("ExpirationDate", e.Date.String())
	}
	if e.Time != nil {
		w.Leaf("ExpirationTime", e.Time.String()+":00")
	}
	w.Leaf("ExpirationBasisCode", string(e.Basis))
	w.Optional("RuleIdentification", e.Rule)
	w.Close("OrderExpiration")
}

func writeName(w *soap.Writer, element string, n order.Name) {
	w.Open(element)
	w.Optional("PersonGivenName", n.Given)
	w.Optional("PersonMiddleName", n.Middle)
	w.Leaf("PersonSurName", n.Surname)
	w.Optional("PersonNameSuffixText", n.Suffix)
	w.Close(element)
}

// look finds the one order that a person asks about. What that person may not see, there is not.
func (h *Hub) look(ctx context.Context, a asked) (requester, store.FoundOrder, error) {
	who, err := a.requester()
	if err != nil {
		return who, store.FoundOrder{}, err
	}
	id, err := parsed(a, "OrderIdentification", order.ParseLocalID)
	if err != nil {
		return who, store.FoundOrder{}, err
	}
	court, err := parsed(a, "OrganizationORIIdentification", order.ParseORI)
	if err != nil {
		return who, store.FoundOrder{}, err
	}
	if id == "" || court == "" {
		return who, store.FoundOrder{}, a.of.malformed("an order is named by its OrderIdentification and the ORI of its court")
	}
	f, err := h.Store.FindOrder(ctx, court, id, a.of.agency.Test)
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return who, f, h.unavailable(a.of, "order not found", err)
	case err == nil && who.sees(f) == access.Whole:
		return who, f, nil
	}
	object := "order " + string(court) + "/" + string(id)
	if err := h.record(ctx, a.of, a.of.event(who, "order.read", object, "refused", "nothing to be seen")); err != nil {
		return who, f, err
	}
	return who, f, &refusal{code: "Client.Query.NotFound"}
}

func objectOf(f store.FoundOrder) string {
	return fmt.Sprintf("order %s/%s", f.Order.Court.ORI, f.Order.ID)
}

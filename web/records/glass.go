package records

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// glassView is the form with which the glass is broken, as it was typed.
type glassView struct {
	Court, Case, ID, Reason string
	Problems                problems
	// Done says that it was broken; To is where the order is, if there is one.
	Done bool
	To   string
}

func (p *Pages) glassPage(r *site.Request) (site.Answer, error) {
	q := r.URL.Query()
	v := glassView{Court: q.Get("court"), Case: q.Get("case"), ID: q.Get("id"), Done: q.Has("done")}
	if v.Done {
		v.To = "/orders?" + url.Values{"court": {v.Court}, "case": {v.Case}}.Encode()
		if v.ID != "" {
			v.To = "/order/" + url.PathEscape(v.Court) + "/" + url.PathEscape(v.ID)
		}
	}
	return asking(v), nil
}

func asking(v glassView) site.Answer {
	a := site.Answer{Page: "glass", Title: "Break the glass", Data: v, Object: "openings"}
	if len(v.Problems) > 0 {
		a.Status = again
	}
	return a
}

// breakGlass opens what the form names to the visitor, and answers the same whether there is anything or not.
func (p *Pages) breakGlass(r *site.Request) (site.Answer, error) {
	v := glassView{Court: typed(r, "court"), Case: typed(r, "case"), ID: typed(r, "id"), Reason: typed(r, "reason"), Problems: problems{}}
	b := v.breaking(r)
	if len(v.Problems) > 0 {
		return asking(v), nil
	}
	var err error
	if b.Orders, err = p.there(r, b, order.CaseNumber(v.Case)); err != nil {
		return site.Answer{}, err
	}
	_, err = p.Writer.BreakGlass(r.Context(), b)
	if errors.Is(err, store.ErrGlassADay) {
		return site.Answer{}, &site.Refusal{Status: http.StatusTooManyRequests, Title: "Nothing more can be opened today", Text: "One person opens at most " + strconv.Itoa(store.GlassADay) + " orders a day this way. Ask the court that made the order.",
			Outcome: "too many", Object: "openings"}
	}
	if err != nil {
		return site.Answer{}, err
	}
	return site.Answer{To: "/order/glass?" + url.Values{"done": {""}, "court": {v.Court}, "case": {v.Case}, "id": {v.ID}}.Encode()}, nil
}

func typed(r *site.Request, field string) string { return strings.TrimSpace(r.PostForm.Get(field)) }

// breaking reads the form.
func (v *glassView) breaking(r *site.Request) store.Breaking {
	p := v.Problems
	b := store.Breaking{Person: r.Visitor.ID, Actor: r.Visitor.Actor(), Agency: r.Visitor.Asker.Agency, Court: parsed(p, "court", v.Court, order.ParseORI), Asked: parsed(p, "id", v.ID, order.ParseLocalID),
		Test: r.Visitor.Test, Reason: v.Reason, At: r.Now, Day: r.Today()}
	parsed(p, "case", v.Case, order.ParseCaseNumber)
	if v.Court == "" {
		p["court"] = "The court that made the order is needed."
	}
	if (v.Case == "") == (v.ID == "") && p["case"] == "" && p["id"] == "" {
		p["case"] = "One of the two is needed: the case number, or the court's identification of the order."
	}
	if n := utf8.RuneCountInString(v.Reason); n < store.GlassReasonMin || n > store.GlassReasonMax {
		p["reason"] = "The reason has 10 to 300 characters."
	}
	return b
}

// there are the orders that the form names, whoever may see them.
func (p *Pages) there(r *site.Request, b store.Breaking, number order.CaseNumber) (ids []order.LocalID, err error) {
	if b.Asked != "" {
		f, err := p.Reader.FindOrder(r.Context(), b.Court, b.Asked, b.Test)
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		return []order.LocalID{f.Order.ID}, err
	}
	found, err := p.Reader.FindOrders(r.Context(), store.OrderQuery{Case: number, Test: b.Test, Limit: readAtMost})
	for _, f := range found {
		if f.Order.Court.ORI == b.Court {
			ids = append(ids, f.Order.ID)
		}
	}
	return ids, err
}

// openingsView is the list of what was opened.
type openingsView struct {
	Rows   []store.Glass
	Own    bool
	Unseen int
	// UpTo is the newest of the list: what is said to be seen is what was shown.
	UpTo store.GlassID
	Next store.GlassID
}

// openings lists what an agency's people opened; central auditors see all agencies' openings.
func (p *Pages) openings(r *site.Request) (site.Answer, error) {
	before, err := strconv.ParseInt("0"+r.URL.Query().Get("before"), 10, 64)
	if err != nil {
		return site.Answer{}, site.Bad("The list has no such place", "The address is not one of this program's.")
	}
	v := openingsView{Own: r.Scope == access.Own}
	agency := r.Visitor.Asker.Agency
	if !v.Own {
		agency = ""
	}
	if v.Rows, err = p.Reader.Glasses(r.Context(), agency, store.GlassID(before), perPage+1); err != nil {
		return site.Answer{}, err
	}
	if len(v.Rows) > perPage {
		v.Rows = v.Rows[:perPage]
		v.Next = v.Rows[perPage-1].ID
	}
	if len(v.Rows) > 0 {
		v.UpTo = v.Rows[0].ID
	}
	if v.Own {
		v.Unseen, err = p.Reader.GlassUnseen(r.Context(), agency)
	}
	return site.Answer{Page: "openings", Title: "Openings", Data: v, Object: "openings"}, err
}

// seeOpenings says that the visitor has read of the agency's openings.
func (p *Pages) seeOpenings(r *site.Request) (site.Answer, error) {
	upTo, err := strconv.ParseInt("0"+typed(r, "upTo"), 10, 64)
	if err != nil {
		return site.Answer{}, site.Bad("Nothing was done", "The form was not sent by the page. Open the page again.")
	}
	_, err = p.Writer.SeeGlass(r.Context(), store.Event{At: r.Now, Actor: r.Visitor.Actor(), Person: r.Visitor.ID, Agency: r.Visitor.Asker.Agency}, store.GlassID(upTo))
	return site.Answer{To: "/glass"}, err
}

// notices tell administrators on every page what nobody of their agency has read of.
func (p *Pages) notices(r *site.Request) ([]site.Notice, error) {
	if !r.Visitor.Has(access.AgencyAdministrator) {
		return nil, nil
	}
	n, err := p.Reader.GlassUnseen(r.Context(), r.Visitor.Asker.Agency)
	if err != nil || n == 0 {
		return nil, err
	}
	return []site.Notice{{Text: "The glass was broken by people of your agency, " + number(n, "time", "times") + " of which nobody has read: see Openings."}}, nil
}

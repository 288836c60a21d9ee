package records

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"ccpor/access"
	"ccpor/mapping/box"
	"ccpor/mapping/confirm"
	"ccpor/mapping/names"
	"ccpor/store"
	"ccpor/web/site"
)

const (
	// mostHits is how many requests a list shows.
	mostHits = 50
	// watchEvery is after how many seconds the list loads itself anew, where it was asked to.
	watchEvery = 30
)

// hitsView is the list of an agency's requests, with the box that finds an order.
type hitsView struct {
	Waiting, Answered []hitRow
	// Watch says that the list is alone, and loads itself anew.
	Watch bool
	// What was typed into the box, and what is wrong with it. Found are the orders that fit, More that there are others.
	What, Problem string
	Searched      bool
	Found         []foundRow
	More          bool
	Now           time.Time
}

type hitRow struct {
	store.HitCase
	Left string
	Late bool
	// Mine says that the order is one that the visitor sees whole; Person is whom it restrains then.
	Mine         bool
	Person, Says string
}

// hits lists what waits for the visitor's agency, the most urgent first, and what was answered today.
func (p *Pages) hits(r *site.Request) (site.Answer, error) {
	return p.listHits(r, hitsView{Watch: r.URL.Query().Has("watch")})
}

func (p *Pages) listHits(r *site.Request, v hitsView) (site.Answer, error) {
	v.Now = r.Now
	a := site.Answer{Page: "hits", Title: "Hits", Object: "hits", Purpose: hitPurpose}
	if v.Watch {
		a.Refresh = watchEvery
	}
	agency := r.Visitor.Asker.Agency
	waiting, err := p.Reader.HitsWaiting(r.Context(), agency, mostHits)
	if err != nil {
		return a, err
	}
	answered, err := p.Reader.HitsAnswered(r.Context(), agency, r.Today().At(0, p.Zone), mostHits)
	if err != nil {
		return a, err
	}
	if v.Waiting, err = p.hitRows(r, waiting); err != nil {
		return a, err
	}
	v.Answered, err = p.hitRows(r, answered)
	a.Data = v
	return a, err
}

// hitRows are requests as the visitor sees them: of an order that is not for the visitor the row says so.
func (p *Pages) hitRows(r *site.Request, all []store.HitCase) (rows []hitRow, err error) {
	for _, h := range all {
		row := hitRow{HitCase: h, Left: confirm.Left(h.Due, r.Now), Late: h.Late(r.Now), Says: answerWords[h.State]}
		f, err := p.Reader.FindOrder(r.Context(), h.Court, h.Order, h.Test)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if row.Mine = err == nil && sees(r, f) == access.Whole; row.Mine {
			row.Person = f.Order.Restrained.Name.Full()
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// findHit leads from an FCN, a case number or a name to the form about the one order that fits, or lists those that do, with the reasons.
func (p *Pages) findHit(r *site.Request) (site.Answer, error) {
	v := hitsView{What: typed(r, "what"), Searched: true}
	b, err := box.Read(v.What, r.Today())
	if v.What == "" || err != nil {
		return p.notFound(r, v, "Type a CARPOS number, a case number or a name.")
	}
	found, how, err := p.fitting(r, b)
	switch {
	case errors.Is(err, store.ErrTooWide), errors.Is(err, names.ErrTooMuch):
		return p.notFound(r, v, "A CARPOS number is needed, a case number, or a name with its surname.")
	case err != nil:
		return site.Answer{}, err
	}
	a := site.Answer{}
	if len(found.Hits) == 1 && !found.More && sure(found.Hits[0]) {
		a.To = addressOfOrder(found.Hits[0].Order.Court.ORI, found.Hits[0].Order.ID) + "/hit"
	} else {
		for _, h := range found.Hits {
			v.Found = append(v.Found, p.foundOf(r, h))
		}
		v.More = found.More
		if a, err = p.listHits(r, v); err != nil {
			return a, err
		}
	}
	a.Action, a.Object, a.Outcome, a.Purpose, a.Details = "page.search", "orders", number(len(found.Hits), "order shown", "orders shown"), hitPurpose, "by "+how
	return a, nil
}

// notFound is the list, with what is wrong at the box.
func (p *Pages) notFound(r *site.Request, v hitsView, problem string) (site.Answer, error) {
	v.Searched, v.Problem = false, problem
	a, err := p.listHits(r, v)
	a.Status = again
	return a, err
}

// sure says that an order was found by its number or by the very name: a name that is only near is for the person to judge.
func sure(h store.Hit) bool {
	return !slices.ContainsFunc(h.Reasons, func(r names.Reason) bool {
		return !slices.Contains([]names.Reason{names.FCN, names.CaseNumber, names.OCA, names.Tracking, names.Exact, names.Alias, names.Born}, r)
	})
}

// fitting are the orders that the visitor may confirm. Who sees no names finds none by asking.
func (p *Pages) fitting(r *site.Request, b box.Box) (found store.Hits, how string, err error) {
	how = "number"
	if b.Name != "" || len(b.Born) > 0 {
		how = "name"
	}
	if !r.Visitor.ByName() {
		b = box.Box{Numbers: b.Numbers, Tracking: b.Tracking}
	}
	without := r.Visitor.Asker // a hit is not confirmed by what only the broken glass shows
	without.Opened = nil
	q := store.Search{Today: r.Today(), Limit: mostHits, Narrow: store.Narrow{Test: r.Visitor.Test}, Sees: func(o access.Object) bool { return without.Sees(o, r.Now) == access.Whole }}
	q.Take(b)
	found, err = p.Reader.Search(r.Context(), q)
	return found, how, err
}

// hitNotices tell on every page that somebody waits for an answer.
func (p *Pages) hitNotices(r *site.Request) ([]site.Notice, error) {
	if !r.May(access.ConfirmHits) {
		return nil, nil
	}
	n, first, err := p.Reader.HitsDue(r.Context(), r.Visitor.Asker.Agency)
	if err != nil || n == 0 {
		return nil, err
	}
	text := fmt.Sprintf("%s to confirm a hit: the first answer is due at %s (%s). See Hits.", number(n, "request waits", "requests wait"), first.In(p.Zone).Format("15:04"), confirm.Left(first, r.Now))
	return []site.Notice{{Text: text, Urgent: first.Before(r.Now)}}, nil
}

package records

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"ccpor/access"
	"ccpor/mapping/confirm"
	"ccpor/mapping/order"
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

// findHit leads from an FCN, a case number or a name to the form about the one order that fits, or lists those that do.
func (p *Pages) findHit(r *site.Request) (site.Answer, error) {
	v := hitsView{What: typed(r, "what"), Searched: true}
	if v.What == "" || len(v.What) > 100 {
		v.Searched, v.Problem = false, "Type a CARPOS number, a case number or a name."
		a, err := p.listHits(r, v)
		a.Status = again
		return a, err
	}
	found, how, more, err := p.fitting(r, v.What)
	if err != nil {
		return site.Answer{}, err
	}
	a := site.Answer{To: ""}
	if len(found) == 1 && !more {
		a.To = addressOfOrder(found[0].Order.Court.ORI, found[0].Order.ID) + "/hit"
	} else {
		for _, f := range found {
			v.Found = append(v.Found, p.rowOf(r, f))
		}
		v.More = more
		if a, err = p.listHits(r, v); err != nil {
			return a, err
		}
	}
	a.Action, a.Object, a.Outcome, a.Purpose, a.Details = "page.search", "orders", number(len(found), "order shown", "orders shown"), hitPurpose, "by "+how
	return a, nil
}

// fitting are the orders that the visitor may confirm, found by the first reading of what was typed that finds any: as a CARPOS number, as a case number, as a name.
func (p *Pages) fitting(r *site.Request, what string) (found []store.FoundOrder, how string, more bool, err error) {
	for _, reading := range readings(r, what) {
		how = reading.how
		reading.q.Test = r.Visitor.Test
		all, further, err := p.find(r, asked{Values: url.Values{}}, reading.q)
		if err != nil {
			return nil, how, false, err
		}
		for _, f := range all {
			if sees(r, f) == access.Whole && openUntil(r, f).IsZero() {
				found = append(found, f)
			}
		}
		if len(found) > 0 {
			return found, how, further, nil
		}
	}
	return nil, how, false, nil
}

type reading struct {
	how string
	q   store.OrderQuery
}

func readings(r *site.Request, what string) (all []reading) {
	compact := strings.ToUpper(strings.ReplaceAll(what, " ", ""))
	if fcn, err := order.ParseFCN(compact); err == nil {
		all = append(all, reading{"FCN", store.OrderQuery{FCN: fcn}})
	}
	if number, err := order.ParseCaseNumber(what); err == nil {
		all = append(all, reading{"case", store.OrderQuery{Case: number}})
	}
	if r.Visitor.ByName() && !strings.ContainsFunc(what, unicode.IsDigit) {
		surname, given, split := strings.Cut(what, ",")
		if parts := strings.Fields(what); !split && len(parts) > 1 {
			surname, given = parts[len(parts)-1], parts[0]
		}
		all = append(all, reading{"name", store.OrderQuery{Surname: strings.TrimSpace(surname), Given: strings.TrimSpace(given), Prefix: true}})
	}
	return all
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

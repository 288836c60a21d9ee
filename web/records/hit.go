package records

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/mapping/confirm"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// hitPurpose is why orders are looked at here: who confirms a hit is not asked for a purpose.
const hitPurpose = "hit confirmation"

// askView is the form in which a request to confirm is written down.
type askView struct {
	// Order and Stands are what it is about, InForce says that it can be confirmed.
	Order   order.Order
	Stands  string
	InForce bool
	url.Values
	Problems problems
	Ways     []site.Choice
	Clocks   []site.Choice
}

// hitOrder is the order of the address, where the visitor may confirm it: who sees it only by breaking the glass confirms nothing.
func (p *Pages) hitOrder(r *site.Request) (looked, error) {
	l, err := p.look(r)
	switch {
	case err != nil:
		return l, err
	case !l.whole():
		return l, site.Hidden(noSuchOrder(l.object()))
	case !l.until.IsZero():
		return l, site.Conflict("The court that made it confirms it", "The order is open to you by breaking the glass only. Send whoever asks to the court that made it.")
	}
	return l, nil
}

// hitForm is the form about an order, with the time of now in it.
func (p *Pages) hitForm(r *site.Request) (site.Answer, error) {
	l, err := p.hitOrder(r)
	if err != nil {
		return site.Answer{}, err
	}
	return p.askingAbout(r, l, url.Values{"askedAt": {r.Now.In(p.Zone).Format(minutes)}}, nil), nil
}

func (p *Pages) askingAbout(r *site.Request, l looked, typed url.Values, wrong problems) site.Answer {
	v := askView{Order: l.Order, Values: typed, Problems: wrong}
	v.Stands, v.InForce = p.sheets.Stands(l.Order, standing(l.FoundOrder, r.Now.In(p.Zone)))
	for _, w := range store.HitWays() {
		v.Ways = append(v.Ways, site.Choice{Value: string(w), Name: "by " + string(w)})
	}
	for _, c := range p.clocks {
		v.Clocks = append(v.Clocks, site.Choice{Value: string(c.Priority), Name: c.Name})
	}
	a := site.Answer{Page: "hitAsk", Title: "Confirm a hit", Data: v, Object: l.object(), Purpose: hitPurpose, Details: fmt.Sprintf("version %d, whole", l.Version), Above: []site.Link{{To: "/hits", Name: "Hits"}}}
	if len(wrong) > 0 {
		a.Status = again
	}
	return a
}

// takeHit writes the request down, and leads to the page that is printed or faxed.
func (p *Pages) takeHit(r *site.Request) (site.Answer, error) {
	l, err := p.hitOrder(r)
	if err != nil {
		return site.Answer{}, err
	}
	wrong := problems{}
	q := store.HitRequest{Way: store.HitWay(typed(r, "way")), Asker: typed(r, "asker"), AskerORI: parsed(wrong, "ori", strings.ToUpper(typed(r, "ori")), order.ParseORI), Function: typed(r, "function"), CallBack: typed(r, "callBack"),
		Priority: typed(r, "priority"), AskedAt: p.momentIn(wrong, r, "askedAt")}
	if clock, known := p.clocks.Of(confirm.Priority(q.Priority)); known {
		q.Due = q.AskedAt.Add(clock.Within)
	}
	var id store.HitID
	if len(wrong) == 0 {
		id, err = p.Writer.TakeHit(r.Context(), by(r), l.FoundOrder, q)
		input(wrong, err)
	}
	if len(wrong) > 0 {
		return p.askingAbout(r, l, r.PostForm, wrong), nil
	}
	return site.Answer{To: fmt.Sprintf("/hit/%d", id), Object: l.object()}, err
}

// by is the visitor as whoever does something now.
func by(r *site.Request) store.Event {
	return store.Event{At: r.Now, Actor: r.Visitor.Actor(), Person: r.Visitor.ID, Agency: r.Visitor.Asker.Agency}
}

// momentIn reads a moment of a form, in the courts' zone.
func (p *Pages) momentIn(wrong problems, r *site.Request, field string) time.Time {
	at, err := time.ParseInLocation(minutes, typed(r, field), p.Zone)
	if err != nil {
		wrong[field] = "A day and a time are needed."
	}
	return at
}

// input notes what the store has against what was typed, by field.
func input(wrong problems, err error) {
	all := []error{err}
	if joined, is := err.(interface{ Unwrap() []error }); is {
		all = joined.Unwrap()
	}
	for _, e := range all {
		var refused *store.InputError
		if errors.As(e, &refused) {
			wrong[refused.Part] = refused.Why
		}
	}
}

// hitView is a request with the page that is printed or faxed.
type hitView struct {
	store.HitCase
	Sheet template.HTML
	// Tone is the look of the clock, Left what is left of the time, ClockName its rule in words, Source whose rule it is.
	Tone, Left, ClockName, Source string
	// InForce says that the order can be confirmed; Cancelled is how it was seen, for the answer.
	InForce, Cancelled bool
	Seen               int
	Order              string // its page
	// Reason and Until are of the form for other answers, as typed.
	Reason, Until string
	Problems      problems
}

// about is the request of the address and its order, where both are for the visitor. What was answered is shown as it was then.
func (p *Pages) about(r *site.Request) (h store.HitCase, l looked, err error) {
	none := site.NotFound("There is no such request", "The address is mistyped, or it is another agency's. The list of hits has those of yours.")
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return h, l, none
	}
	h, err = p.Reader.Hit(r.Context(), store.HitID(id))
	if errors.Is(err, store.ErrNotFound) {
		return h, l, none
	}
	if err == nil {
		err = r.About(h.Agency, none)
	}
	if err != nil {
		return h, l, err
	}
	if l, err = p.lookAt(r, h.Court, h.Order); err != nil {
		return h, l, err
	}
	if !h.AnsweredAt.IsZero() {
		l.FoundOrder, err = p.Reader.OrderAsOf(r.Context(), l.FoundOrder, h.AnsweredAt)
	}
	if err == nil && (!l.whole() || sees(r, l.FoundOrder) != access.Whole || !l.until.IsZero()) {
		err = site.Hidden(none)
	}
	return h, l, err
}

// hit is the page to print or fax, with the clock.
func (p *Pages) hit(r *site.Request) (site.Answer, error) {
	h, l, err := p.about(r)
	if err != nil {
		return site.Answer{}, err
	}
	v, err := p.hitOf(r, h, l)
	a := site.Answer{Page: "hit", Title: fmt.Sprintf("Hit confirmation %d", h.ID), Data: v, Object: l.object(), Purpose: hitPurpose, Details: fmt.Sprintf("request %d, version %d, whole", h.ID, l.Version), Above: []site.Link{{To: "/hits", Name: "Hits"}}}
	if h.Waits() {
		a.Refresh = soon(h.Due.Sub(r.Now))
	}
	return a, err
}

// soon is after how many seconds the clock is shown anew: often where little is left.
func soon(left time.Duration) int {
	if left < 15*time.Minute {
		return 30
	}
	return 300
}

func (p *Pages) hitOf(r *site.Request, h store.HitCase, l looked) (hitView, error) {
	clock, _ := p.clocks.Of(confirm.Priority(h.Priority))
	v := hitView{HitCase: h, Tone: "wait", Left: confirm.Left(h.Due, r.Now), ClockName: clock.Name, Source: clock.Source, Seen: l.Version, Cancelled: l.Cancelled != nil, Order: addressOfOrder(h.Court, h.Order),
		Until: h.Due.Add(clock.Within).In(p.Zone).Format(minutes), Problems: problems{}}
	switch {
	case h.State == store.HitConfirmed:
		v.Tone = "good"
	case h.State == store.HitNotConfirmed, h.Late(r.Now):
		v.Tone = "bad"
	}
	f, err := p.factsOf(r, l)
	if err != nil {
		return v, err
	}
	_, v.InForce = p.sheets.Stands(l.Order, f.Standing)
	f.Asked = p.askedOf(h, clock, r.Visitor.Agency)
	v.Sheet, err = p.sheets.Sheet(f)
	return v, err
}

// factsOf are what the sheet of an order says, as far as the visitor may see it.
func (p *Pages) factsOf(r *site.Request, l looked) (confirm.Facts, error) {
	shown, hidden := l.Order, false
	if !r.Visitor.Whereabouts(l.Order.Court.ORI) {
		shown, hidden = access.Withhold(shown)
	}
	f := confirm.Facts{Order: shown, Withheld: hidden, Standing: standing(l.FoundOrder, p.moment(r, l.FoundOrder)), Version: l.Version, OCA: l.OCA, FCN: l.FCN}
	h, err := p.Reader.History(r.Context(), l.FoundOrder)
	if err != nil {
		return f, err
	}
	if n := len(h.Services); n > 0 {
		f.Standing.Service = &h.Services[n-1].Service
	}
	if f.Court, err = p.agencyOf(r, shown.Court.ORI, shown.Court.Name); err != nil {
		return f, err
	}
	if t := shown.Court.Telephone; t != "" {
		f.Court.Contacts = append(f.Court.Contacts, confirm.Contact{Name: "The court, as on the form", Telephone: telephone(t)})
	}
	f.Confirming, err = p.agencyOf(r, r.Visitor.Asker.Agency, r.Visitor.Agency)
	if f.Confirming.ORI == f.Court.ORI {
		f.Confirming = f.Court
	}
	return f, err
}

// agencyOf is an agency with whom to call there about orders, around the clock first.
func (p *Pages) agencyOf(r *site.Request, ori order.ORI, name string) (confirm.Agency, error) {
	a := confirm.Agency{ORI: ori, Name: name}
	contacts, err := p.Reader.ContactsOf(r.Context(), ori)
	for _, kind := range []store.ContactKind{store.ContactConfirmation, store.ContactOffice} {
		for _, c := range contacts {
			if c.Kind == kind {
				a.Contacts = append(a.Contacts, confirm.Contact{Name: c.Name, Telephone: c.Telephone, Email: c.Email, Hours: c.Hours})
			}
		}
	}
	return a, err
}

// answerWords are the answers as the sheet has them.
var answerWords = map[store.HitState]string{store.HitConfirmed: "Confirmed: the order is valid", store.HitNotConfirmed: "Not confirmed", store.HitMoreTime: "More time is needed"}

func (p *Pages) askedOf(h store.HitCase, clock confirm.Clock, agency string) *confirm.Asked {
	a := &confirm.Asked{Number: fmt.Sprint(h.ID), Agency: h.Asker, ORI: h.AskerORI, Function: h.Function, CallBack: h.CallBack, Way: string(h.Way), Clock: clock, At: h.AskedAt.In(p.Zone), Due: h.Due.In(p.Zone),
		Answer: answerWords[h.State], Reason: h.Reason, By: whoWord(h.AnsweredBy), ByAgency: agency}
	if !h.AnsweredAt.IsZero() {
		a.AnsweredAt = h.AnsweredAt.In(p.Zone)
	}
	return a
}

// otherAnswers is the page with the answers that need words. It is not loaded anew while somebody types.
func (p *Pages) otherAnswers(r *site.Request) (site.Answer, error) {
	h, l, err := p.about(r)
	if err != nil {
		return site.Answer{}, err
	}
	return p.answering(r, h, l, nil)
}

func (p *Pages) answering(r *site.Request, h store.HitCase, l looked, wrong problems) (site.Answer, error) {
	v, err := p.hitOf(r, h, l)
	a := site.Answer{Page: "hitAnswer", Title: fmt.Sprintf("Answer request %d", h.ID), Data: v, Object: l.object(), Purpose: hitPurpose, Details: fmt.Sprintf("request %d", h.ID),
		Above: []site.Link{{To: "/hits", Name: "Hits"}, {To: fmt.Sprintf("/hit/%d", h.ID), Name: fmt.Sprintf("Hit confirmation %d", h.ID)}}}
	if len(wrong) > 0 {
		v.Reason, v.Until, v.Problems = r.PostForm.Get("reason"), r.PostForm.Get("until"), wrong
		a.Data, a.Status = v, again
	}
	return a, err
}

// answerHit answers a request: confirmed, not confirmed, or more time.
func (p *Pages) answerHit(r *site.Request) (site.Answer, error) {
	h, l, err := p.about(r)
	if err != nil {
		return site.Answer{}, err
	}
	wrong := problems{}
	answer := store.HitAnswer{State: store.HitState(typed(r, "answer")), Reason: typed(r, "reason"), Cancelled: typed(r, "cancelled") == "true"}
	if answer.Version, err = strconv.Atoi(typed(r, "version")); err != nil {
		return site.Answer{}, notOurs()
	}
	switch answer.State {
	case store.HitConfirmed:
		if _, inForce := p.sheets.Stands(l.Order, standing(l.FoundOrder, r.Now.In(p.Zone))); !inForce {
			return site.Answer{}, site.Conflict("It cannot be confirmed", "The order is not in force. Answer that it is not confirmed, with the reason.")
		}
	case store.HitMoreTime:
		answer.Due = p.momentIn(wrong, r, "until")
	case store.HitNotConfirmed:
	default:
		return site.Answer{}, notOurs()
	}
	if len(wrong) == 0 {
		if err := refusedAnswer(wrong, p.Writer.AnswerHit(r.Context(), by(r), h.ID, answer)); err != nil {
			return site.Answer{}, err
		}
	}
	if len(wrong) > 0 {
		return p.answering(r, h, l, wrong)
	}
	return site.Answer{To: fmt.Sprintf("/hit/%d", h.ID), Object: l.object()}, nil
}

func notOurs() error {
	return site.Bad("Nothing was done", "The form was not sent by the page. Open the page again.")
}

// refusedAnswer is why the store did not take an answer: what was typed wrong, or what has changed.
func refusedAnswer(wrong problems, err error) error {
	switch {
	case errors.Is(err, store.ErrNoteLength):
		wrong["reason"] = "Say why in 3 to 300 characters on one line, without a person's name."
	case errors.Is(err, store.ErrHitTime):
		wrong["until"] = "It is later than now, and than the time that was told before."
	case errors.Is(err, store.ErrHitMoved):
		return site.Conflict("Somebody else has answered", "The request was answered since the page was made. Look at it again.")
	case errors.Is(err, store.ErrHitOrderMoved):
		return &site.Refusal{Status: http.StatusConflict, Title: "The order has changed", Text: "Nothing was answered: the court changed the order since the page was made. Look at it again, and answer what it says now.", Outcome: "order changed"}
	default:
		return err
	}
	return nil
}

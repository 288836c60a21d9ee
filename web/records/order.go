package records

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// orderView is an order as the visitor sees it.
type orderView struct {
	store.FoundOrder
	Stands string
	// Glance is the order in plain words; nil where the visitor does not see it whole.
	Glance *glanceView
	// Past says that it is told as of an earlier moment, AsOfField is that moment as the form has it, Problem what is wrong with the moment that was asked for.
	Past      bool
	AsOfField string
	// Whole says that all of it is shown, but what is withheld; else the outline is.
	Whole bool
	// Until is when an order that is open by breaking the glass closes; zero: the tables show it.
	Until time.Time
	// Hidden says that whereabouts are withheld.
	Hidden   bool
	Sections []section
	store.History
	Changed []versionRow
	// Beside are other orders between the same people; Conflicting is how many terms conflict, Below says that another one comes before this.
	Beside      []besideRow
	Conflicting int
	Below       bool
	Images      []imageRow
	// First is where the image of the order itself is shown; empty where there is none, or it is not for the visitor.
	First string
	// FollowsTo is the order that it follows, where the visitor may see that one, too.
	FollowsTo   order.LocalID
	Submissions []submissionRow
	Owed        []owedRow
	NotOwed     string
	Looks       []store.Entered
	// AllLooks says that Looks are shown, MoreLooks that there are older ones.
	AllLooks, MoreLooks bool
	LookCount           string
	// Record is where a service of it is recorded; empty where that is not for the visitor, or the order is not in force.
	Record string
	// HitTo is where a hit of it is confirmed; empty where that is not for the visitor.
	HitTo string
	// Audit is where the audit log tells of the order; empty where that is not for the visitor.
	Audit string
}

// Headline says in a sentence how the order stands.
func (v orderView) Headline() string {
	switch v.Stands {
	case "cancelled":
		return "This order was cancelled and is not in force."
	case "expired":
		return "This order has expired and is not in force."
	}
	return "This order is " + v.Stands + "."
}

// Tone is how that sentence looks: an order that has ended is neither good news nor bad.
func (v orderView) Tone() string {
	switch v.Stands {
	case "in force, served":
		return "good"
	case "in force, not served":
		return "wait"
	}
	return ""
}

type imageRow struct {
	store.ImageRef
	To string // empty where the image is not for the visitor
}

type submissionRow struct {
	Tracking order.Tracking
	Brought  string
	To       string // empty where submissions of its sender are not for the visitor
}

type owedRow struct {
	store.EntryTransmission
	Reason string // why it stands so: for who sees the order whole
}

// looked is an order with how much of it the visitor sees.
type looked struct {
	store.FoundOrder
	sight access.Sight
	// until is when it closes, where only breaking the glass shows it whole.
	until time.Time
}

// look finds the order of the address. What the visitor may not see, there is not.
func (p *Pages) look(r *site.Request) (l looked, err error) {
	court, err := order.ParseORI(r.PathValue("court"))
	id, err2 := order.ParseLocalID(r.PathValue("id"))
	if err != nil || err2 != nil {
		return l, noSuchOrder("")
	}
	return p.lookAt(r, court, id)
}

func (p *Pages) lookAt(r *site.Request, court order.ORI, id order.LocalID) (l looked, err error) {
	missing := noSuchOrder(store.OrderObject(court, id))
	l.FoundOrder, err = p.Reader.FindOrder(r.Context(), court, id, r.Visitor.Test)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return l, missing
	case err != nil:
		return l, err
	}
	if l.sight = sees(r, l.FoundOrder); l.sight == access.Nothing {
		return l, site.Hidden(missing)
	}
	l.until = openUntil(r, l.FoundOrder)
	return l, nil
}

// minutes is how a moment stands in a form and in an address, in the courts' zone.
const minutes = "2006-01-02T15:04"

// then is the order as the registry showed it at the moment of the address; where none is named, as it is. Who may not see it as it is does not see it as it was, nor the other way round.
func (p *Pages) then(r *site.Request, l looked) (looked, error) {
	text := r.URL.Query().Get("at")
	if text == "" {
		return l, nil
	}
	at, err := time.ParseInLocation(minutes, text, p.Zone)
	switch {
	case err != nil:
		return l, site.Bad("There is no such moment", "A moment is written as 2026-11-29T02:14, in the time of the courts.")
	case at.After(r.Now):
		return l, site.Bad("That moment has not come", "The registry shows what it has shown up to now.")
	}
	past, err := p.Reader.OrderAsOf(r.Context(), l.FoundOrder, at.Add(time.Minute-time.Nanosecond)) // the whole minute
	if errors.Is(err, store.ErrNotFound) {
		return l, &site.Refusal{Status: http.StatusNotFound, Title: "The registry did not have it then", Text: "The order came later. The page without a moment shows when.", Outcome: "not there yet", Object: l.object()}
	}
	if err != nil {
		return l, err
	}
	sight := sees(r, past)
	if sight == access.Nothing {
		return l, site.Hidden(noSuchOrder(l.object()))
	}
	if sight != access.Whole {
		l.sight = sight
	}
	l.FoundOrder = past
	return l, nil
}

// openUntil is when an order closes to the visitor that is whole by breaking the glass only; zero where the tables show it whole.
func openUntil(r *site.Request, f store.FoundOrder) (until time.Time) {
	without := r.Visitor.Asker
	without.Opened = nil
	o := access.ObjectOf(f.Order, f.Test)
	if without.Sees(o, r.Now) == access.Whole {
		return time.Time{}
	}
	for _, opened := range r.Visitor.Opened {
		if opened.Court == o.Court && opened.ID == o.ID && opened.Until.After(until) {
			until = opened.Until
		}
	}
	return until
}

func (l looked) whole() bool { return l.sight == access.Whole }

// object is the order as the audit log names it.
func (l looked) object() string { return store.OrderObject(l.Order.Court.ORI, l.Order.ID) }

// order shows an order: the outline, or the whole of it.
func (p *Pages) order(r *site.Request) (site.Answer, error) {
	l, err := p.look(r)
	if err == nil {
		l, err = p.then(r, l)
	}
	if err != nil {
		return site.Answer{}, err
	}
	v := orderView{FoundOrder: l.FoundOrder, Whole: l.whole(), Until: l.until, Stands: p.stands(r, l.FoundOrder), Past: !l.AsOf.IsZero(), AsOfField: p.moment(r, l.FoundOrder).Format(minutes)}
	entry, err := p.Reader.EntryOf(r.Context(), l.FoundOrder)
	if err != nil {
		return site.Answer{}, err
	}
	for _, add := range []func(*site.Request, looked, store.Entry) error{v.contents, v.owed, p.addHistory(&v), p.addWords(&v), p.addBeside(&v), p.addLooks(&v)} {
		if err := add(r, l, entry); err != nil {
			return site.Answer{}, err
		}
	}
	if v.Whole && v.Until.IsZero() && !v.Past && r.May(access.ConfirmHits) {
		v.HitTo = addressOfOrder(l.Order.Court.ORI, l.Order.ID) + "/hit"
	}
	v.Order = order.Order{ID: l.Order.ID, Court: l.Order.Court, Form: l.Order.Form, Issued: l.Order.Issued, Expiry: l.Order.Expiry, Access: l.Order.Access} // a template has no more of it at hand
	a := site.Answer{Page: "order", Title: fmt.Sprintf("Order %s", l.Order.ID), Data: v, Object: l.object(), Details: fmt.Sprintf("version %d, outline", l.Version)}
	switch {
	case !v.Until.IsZero():
		a.Details = fmt.Sprintf("version %d, opened by breaking the glass", l.Version)
	case v.Whole:
		a.Details = fmt.Sprintf("version %d, whole", l.Version)
	}
	if len(v.Sections) > 0 && v.Sections[len(v.Sections)-1].Confidential {
		a.Details += ", with CLETS-001"
	}
	if v.Past {
		a.Details += ", as of " + v.AsOfField
	}
	return a, nil
}

// addWords says the order at a glance, and what changed from version to version.
func (p *Pages) addWords(v *orderView) func(*site.Request, looked, store.Entry) error {
	return func(r *site.Request, l looked, _ store.Entry) (err error) {
		if !l.whole() {
			return nil
		}
		shown, withhold := l.Order, !r.Visitor.Whereabouts(l.Order.Court.ORI) || !l.until.IsZero()
		if withhold {
			shown, _ = access.Withhold(shown)
		}
		if v.Glance, err = p.glance(r, l.FoundOrder, shown, v.Services); err != nil {
			return err
		}
		if v.Glance.State.InForce() && !v.Past && r.May(access.RecordService) {
			v.Record = addressOfOrder(l.Order.Court.ORI, l.Order.ID) + "/service"
		}
		documents, err := p.Reader.Versions(r.Context(), l.FoundOrder)
		v.Changed = changes(v.Versions, documents, withhold)
		return err
	}
}

// addressOfOrder is where an order's page is.
func addressOfOrder(court order.ORI, id order.LocalID) string {
	return "/order/" + url.PathEscape(string(court)) + "/" + url.PathEscape(string(id))
}

// contents are what the order says, without the protected side's whereabouts where the visitor may not see them, and what CLETS-001 says for whom that is.
func (v *orderView) contents(r *site.Request, l looked, e store.Entry) error {
	if !l.whole() {
		return nil
	}
	shown := l.Order
	if !r.Visitor.Whereabouts(shown.Court.ORI) || !l.until.IsZero() {
		shown, v.Hidden = access.Withhold(shown)
	}
	v.Sections = sections(shown)
	if e.Confidential != nil && l.AsOf.IsZero() && l.until.IsZero() && r.May(access.ReadConfidential) {
		v.Sections = append(v.Sections, confidential(*e.Confidential))
	}
	return nil
}

// owed says how it stands with CARPOS. Reasons may name what an order says: they are for who sees it whole.
func (v *orderView) owed(_ *site.Request, l looked, e store.Entry) error {
	if len(e.Transmissions) == 0 {
		v.NotOwed = e.Next().Sentence
	}
	for _, t := range e.Transmissions {
		row := owedRow{EntryTransmission: t}
		if l.whole() {
			row.Reason = t.Reason
		}
		v.Owed = append(v.Owed, row)
	}
	return nil
}

func (p *Pages) addHistory(v *orderView) func(*site.Request, looked, store.Entry) error {
	return func(r *site.Request, l looked, e store.Entry) error {
		h, err := p.Reader.History(r.Context(), l.FoundOrder)
		if err != nil {
			return err
		}
		if v.Followers, err = p.seen(r, l, h.Followers); err != nil {
			return err
		}
		if l.Order.Follows != "" {
			follows, err := p.seen(r, l, []order.LocalID{l.Order.Follows})
			if err != nil {
				return err
			}
			v.FollowsTo = first(follows)
		}
		v.Versions = h.Versions
		if err := p.addSubmissions(v, r, h, e.AddedIn); err != nil {
			return err
		}
		if l.whole() {
			v.Services = h.Services
			v.images(r, l, h.Images)
			v.imageOf(r, l, p.Pictures != nil)
		}
		return nil
	}
}

// seen are those of a court's orders that the visitor may see: an order that may be seen does not tell of one that may not.
func (p *Pages) seen(r *site.Request, l looked, ids []order.LocalID) (shown []order.LocalID, err error) {
	for _, id := range ids {
		f, err := p.Reader.FindOrder(r.Context(), l.Order.Court.ORI, id, l.Test)
		switch {
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return nil, err
		case err == nil && sees(r, f) != access.Nothing:
			shown = append(shown, id)
		}
	}
	return shown, nil
}

// addSubmissions names the submissions that made the order what it is, with their addresses for whom they are.
func (p *Pages) addSubmissions(v *orderView, r *site.Request, h store.History, added order.Tracking) error {
	first, err := p.Reader.Status(r.Context(), added)
	if err != nil {
		return err
	}
	for _, x := range h.Versions {
		v.brought(x.Tracking, fmt.Sprintf("version %d", x.Number))
	}
	for _, x := range h.Services {
		v.brought(x.Tracking, "proof of service")
	}
	for _, x := range h.Images {
		v.brought(x.Tracking, "images")
	}
	if first.Order != nil {
		v.brought(first.Order.CancelledBy, "cancellation")
	}
	for i, s := range v.Submissions {
		of, err := p.Reader.Status(r.Context(), s.Tracking)
		if err != nil {
			return err
		}
		if r.MayAbout(access.FindSubmissions, of.Agency.ORI) {
			v.Submissions[i].To = "/submission/" + string(s.Tracking)
		}
	}
	return nil
}

// brought adds what a submission brought; without a tracking number it was none.
func (v *orderView) brought(t order.Tracking, what string) {
	i := slices.IndexFunc(v.Submissions, func(s submissionRow) bool { return s.Tracking == t })
	switch {
	case t == "":
	case i < 0:
		v.Submissions = append(v.Submissions, submissionRow{Tracking: t, Brought: what})
	case !strings.Contains(v.Submissions[i].Brought, what):
		v.Submissions[i].Brought += ", " + what
	}
}

// images are listed with their addresses for whom they are. They show the whereabouts that are withheld from who has broken the glass.
func (v *orderView) images(r *site.Request, l looked, images []store.ImageRef) {
	for _, i := range images {
		row := imageRow{ImageRef: i}
		if l.until.IsZero() && r.May(access.ReadImages) {
			row.To = addressOfImage(l.Order, i.SHA256)
		}
		v.Images = append(v.Images, row)
	}
}

// mostLooks is how many looks the page of an order tells of.
const mostLooks = 50

// addLooks tells who has looked: to auditors of the court, and to people of the agencies whose order it is, who see it whole; to others how many.
func (p *Pages) addLooks(v *orderView) func(*site.Request, looked, store.Entry) error {
	return func(r *site.Request, l looked, e store.Entry) error {
		court := l.Order.Court.ORI
		if r.MayAbout(access.SearchAudit, court) {
			v.Audit = "/audit?" + url.Values{"court": {string(court)}, "id": {string(l.Order.ID)}}.Encode()
		}
		own := l.whole() && l.until.IsZero() && slices.Contains([]order.ORI{court, e.Agency.ORI}, r.Visitor.Asker.Agency)
		if v.AllLooks = v.Audit != "" || own; v.AllLooks {
			page, err := p.Reader.SearchAudit(r.Context(), store.AuditQuery{Objects: []string{l.object()}, People: true, Limit: mostLooks})
			v.Looks, v.MoreLooks = page.Entries, page.Next != store.AuditPlace{}
			return err
		}
		looks, people, err := p.Reader.LooksAt(r.Context(), l.object())
		v.LookCount = number(looks, "look", "looks") + " of " + number(people, "person", "people")
		return err
	}
}

// endings are those of the names of files, by media type.
var endings = map[string]string{"application/pdf": ".pdf", "image/tiff": ".tif", "image/jpeg": ".jpg"}

// nameOf is a name to save an image under: the submission's number and what it is of, and nothing that a sender has made up.
func nameOf(i store.ImageRef) string {
	return path.Base(fmt.Sprintf("%s-%s%s", i.Tracking, i.SHA256[:8], endings[i.Media]))
}

func first(ids []order.LocalID) order.LocalID {
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}

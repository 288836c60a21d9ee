// Package records holds the pages about orders and about who saw them: the search for orders, an order as the visitor may see it, recording its service, what has not been served, breaking the glass, and the
// audit log for people.
//
// How much of an order is shown is said by the sights of package access, and by nothing else: an order that is kept from the visitor is answered like one that does not exist, in a list, by its
// address and by its images. Whereabouts are withheld as over the service, and what CLETS-001 says needs its own deed. What people are called is never in an address.
//
// A service is judged by the rules that judge a proof which comes as a package (mapping/rules), and only what has to be filled in is the page's own.
// A hit is confirmed here: another agency's request is written down with its clock, and becomes a page to print or fax (package confirm says what is on it) and an answer.
//
// It refuses searches by name without a purpose or by who sees no names, an opening without a reason, and to tell before the glass is broken whether there is an order.
package records

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/mapping/calendar"
	"ccpor/mapping/confirm"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
	counties "ccpor/mapping/places"
	"ccpor/mapping/plain"
	"ccpor/mapping/precedence"
	"ccpor/mapping/rules"
	"ccpor/store"
	"ccpor/web/site"
)

//go:embed templates
var files embed.FS

// Reader is what the pages read; *store.Reader is one.
type Reader interface {
	Search(ctx context.Context, q store.Search) (store.Hits, error)
	FindOrders(ctx context.Context, q store.OrderQuery) ([]store.FoundOrder, error)
	FindOrder(ctx context.Context, court order.ORI, id order.LocalID, test bool) (store.FoundOrder, error)
	Status(ctx context.Context, t order.Tracking) (store.Status, error)
	History(ctx context.Context, f store.FoundOrder) (store.History, error)
	OrderAsOf(ctx context.Context, f store.FoundOrder, at time.Time) (store.FoundOrder, error)
	Versions(ctx context.Context, f store.FoundOrder) ([]order.Order, error)
	Unserved(ctx context.Context, q store.UnservedQuery) ([]store.FoundOrder, error)
	ToldOf(ctx context.Context, f store.FoundOrder) ([]store.Told, error)
	ContactsOf(ctx context.Context, agency order.ORI) ([]store.Contact, error)
	RelatedTo(ctx context.Context, f store.FoundOrder) (of store.Related, others []store.Related, err error)
	Conflicts(ctx context.Context, court order.ORI, test bool, before store.ConflictID, limit int) ([]store.Conflict, error)
	EntryOf(ctx context.Context, f store.FoundOrder) (store.Entry, error)
	Image(ctx context.Context, t order.Tracking, document string) (store.Image, error)

	Hit(ctx context.Context, id store.HitID) (store.HitCase, error)
	HitsWaiting(ctx context.Context, agency order.ORI, limit int) ([]store.HitCase, error)
	HitsAnswered(ctx context.Context, agency order.ORI, since time.Time, limit int) ([]store.HitCase, error)
	HitsDue(ctx context.Context, agency order.ORI) (waiting int, first time.Time, err error)

	SearchAudit(ctx context.Context, q store.AuditQuery) (store.AuditPage, error)
	LooksAt(ctx context.Context, object string) (looks, people int, err error)
	LastCheckpoint(ctx context.Context) (store.Checkpoint, error)
	Glasses(ctx context.Context, agency order.ORI, before store.GlassID, limit int) ([]store.Glass, error)
	GlassUnseen(ctx context.Context, agency order.ORI) (int, error)
}

// Writer does what people decide here; *store.Store is one.
type Writer interface {
	BreakGlass(ctx context.Context, b store.Breaking) (store.Glass, error)
	SeeGlass(ctx context.Context, by store.Event, upTo store.GlassID) (int, error)
	RecordService(ctx context.Context, r store.Recording) (store.RecordedID, error)
	TakeHit(ctx context.Context, by store.Event, f store.FoundOrder, q store.HitRequest) (store.HitID, error)
	AnswerHit(ctx context.Context, by store.Event, id store.HitID, a store.HitAnswer) error
}

// Pages are the pages over a store.
type Pages struct {
	Reader Reader
	Writer Writer
	// Zone is the courts' own: a day is one of its days.
	Zone *time.Location
	// Law says which of several orders counts.
	Law *precedence.Law
	// Pictures make pictures of images; nil: there are none, and the original is all that there is.
	Pictures Pictures

	words  *plain.Words
	rules  *rules.Book
	places *counties.Register
	types  []site.Choice
	sheets *confirm.Sheets
	clocks confirm.Clocks
}

// Area is the pages with their addresses.
func (p *Pages) Area() (site.Area, error) {
	templates, err := fs.Sub(files, "templates")
	if err == nil {
		err = p.load()
	}
	if err == nil {
		p.sheets, err = confirm.Load()
	}
	if err == nil {
		p.clocks, err = confirm.LoadClocks()
	}
	return site.Area{
		Templates: templates,
		Words: template.FuncMap{"actionWord": actionWord, "methodWord": methodWord, "last": func(n []int) int { return n[len(n)-1] }, "whoWord": whoWord, "accessWord": accessWord, "orderPath": func(o order.Order) string { return addressOfOrder(o.Court.ORI, o.ID) },
			"plain": func(l plain.Language, id string) string { return p.words.Say(l, id) }},
		Routes: []site.Route{
			{Pattern: "GET /orders", Deed: access.ReadOrders, Serve: p.ordersPage},
			{Pattern: "POST /orders", Deed: access.ReadOrders, Serve: p.ordersFound},
			{Pattern: "GET /order/{court}/{id}", Deed: access.ReadOrders, Serve: p.order},
			{Pattern: "GET /order/{court}/{id}/counts", Deed: access.ReadOrders, Serve: p.counts},
			{Pattern: "GET /conflicts", Deed: access.SeeConflicts, Serve: p.conflicts},
			{Pattern: "GET /order/{court}/{id}/timeline", Deed: access.ReadOrders, Serve: p.timeline},
			{Pattern: "GET /order/{court}/{id}/service", Deed: access.RecordService, Serve: p.servicePage},
			{Pattern: "POST /order/{court}/{id}/service", Deed: access.RecordService, Serve: p.recordService},
			{Pattern: "GET /unserved", Deed: access.SeeUnserved, Serve: p.unserved},
			{Pattern: "GET /unserved/export", Deed: access.SeeUnserved, Serve: p.exportUnserved},
			{Pattern: "GET /order/{court}/{id}/image/{digest}", Deed: access.ReadImages, Serve: p.viewer},
			{Pattern: "GET /order/{court}/{id}/image/{digest}/{page}/{width}", Deed: access.ReadImages, Serve: p.drawn},
			{Pattern: "GET /order/{court}/{id}/image/{digest}/original", Deed: access.ReadImages, Serve: p.original},
			{Pattern: "GET /order/{court}/{id}/hit", Deed: access.ConfirmHits, Serve: p.hitForm},
			{Pattern: "POST /order/{court}/{id}/hit", Deed: access.ConfirmHits, Serve: p.takeHit},
			{Pattern: "GET /hits", Deed: access.ConfirmHits, Serve: p.hits},
			{Pattern: "POST /hits", Deed: access.ConfirmHits, Serve: p.findHit},
			{Pattern: "GET /hit/{id}", Deed: access.ConfirmHits, Serve: p.hit},
			{Pattern: "POST /hit/{id}", Deed: access.ConfirmHits, Serve: p.answerHit},
			{Pattern: "GET /hit/{id}/answer", Deed: access.ConfirmHits, Serve: p.otherAnswers},
			{Pattern: "GET /order/glass", Deed: access.BreakGlass, Serve: p.glassPage},
			{Pattern: "POST /order/glass", Deed: access.BreakGlass, Serve: p.breakGlass},
			{Pattern: "GET /glass", Deed: access.SearchAudit, Serve: p.openings},
			{Pattern: "POST /glass", Deed: access.SearchAudit, Serve: p.seeOpenings},
			{Pattern: "GET /audit", Deed: access.SearchAudit, Serve: p.audit},
			{Pattern: "GET /audit/export", Deed: access.SearchAudit, Serve: p.exportAudit},
		},
		Nav: []site.Link{
			{To: "/orders", Name: "Orders", Says: "Find protective orders, and read them as far as your role allows.", Deed: access.ReadOrders},
			{To: "/conflicts", Name: "Conflicting orders", Says: "Orders of your court that order otherwise than another one between the same people.", Deed: access.SeeConflicts},
			{To: "/unserved", Name: "To be served", Says: "Orders in force that nobody has served yet.", Deed: access.SeeUnserved},
			{To: "/hits", Name: "Hits", Says: "Answer another agency that asks whether an order is valid: a page to print or fax, with its clock.", Deed: access.ConfirmHits},
			{To: "/order/glass", Name: "Break the glass", Says: "Open one order that is kept from you, for an hour and a reason that is on record.", Deed: access.BreakGlass},
			{To: "/audit", Name: "Audit log", Says: "Who did and saw what.", Deed: access.SearchAudit},
			{To: "/glass", Name: "Openings", Says: "What was opened by breaking the glass, by whom and why.", Deed: access.SearchAudit},
		},
		Notices: func(r *site.Request) ([]site.Notice, error) { return notices(r, p.hitNotices, p.notices) },
	}, err
}

// load reads the data that the pages need.
func (p *Pages) load() (err error) {
	if p.words, err = plain.Load(); err != nil {
		return err
	}
	if p.places, err = counties.Load(); err != nil {
		return err
	}
	table, err := forms.Load()
	if err != nil {
		return err
	}
	p.types = typesOf(table)
	days, err := calendar.Load()
	p.rules = rules.New(table, days)
	return err
}

// notices are those of several sources; one that cannot be read does not hide the others.
func notices(r *site.Request, sources ...func(*site.Request) ([]site.Notice, error)) (all []site.Notice, err error) {
	for _, source := range sources {
		n, missing := source(r)
		all, err = append(all, n...), errors.Join(err, missing)
	}
	return all, err
}

// perPage is how many rows a list shows.
const perPage = 25

// again is a page that comes back with what is wrong in its form.
const again = http.StatusUnprocessableEntity

// problems are what is wrong with what was typed, by field.
type problems map[string]string

// parsed reads what was typed into a field, if anything was, and notes what is wrong with it.
func parsed[T any](p problems, field, typed string, parse func(string) (T, error)) (v T) {
	if typed == "" {
		return v
	}
	v, err := parse(typed)
	if err != nil {
		// An error of these says the rule and not the value: "ORI not valid: two letters and seven letters or digits are needed".
		_, rule, _ := strings.Cut(err.Error(), ": ")
		p[field] = sentence(rule)
	}
	return v
}

func sentence(s string) string {
	if s == "" {
		return "That cannot be read."
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// noSuchOrder is the answer about an order that does not exist, and about one that is kept from the visitor.
func noSuchOrder(object string) error {
	return &site.Refusal{Status: http.StatusNotFound, Title: "There is no such order", Text: "The registry has no order of this court and identification that you may see.", Outcome: "not found", Object: object}
}

// actionWords say what was done, of actions that people read of often.
var actionWords = map[string]string{"page.read": "looked at it", "page.export": "took a copy", "page.search": "searched", "page.refuse": "was refused", "page.act": "did not get it done", "order.read": "read it over the service",
	"order.search": "searched over the service", "image.read": "read an image over the service", "service.record": "recorded its service", "glass.break": "broke the glass", "glass.see": "read of openings", "hit.ask": "wrote down a request to confirm it", "hit.confirm": "confirmed it", "hit.deny": "did not confirm it", "hit.delay": "asked for more time to confirm it", "submission.accept": "was accepted",
	"submission.refuse": "was refused", "submission.read": "read how it stands"}

func actionWord(action string) string {
	if words, known := actionWords[action]; known {
		return words
	}
	return action
}

// whoWord is who acted, without the word that says what sort of actor it is.
func whoWord(actor string) string { return strings.TrimPrefix(actor, "person ") }

var accessWords = map[order.Access]string{order.AccessNormal: "normal", order.AccessJuvenile: "juvenile", order.AccessSealed: "sealed"}

func accessWord(a order.Access) string { return accessWords[a] }

// number is a count with its noun.
func number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

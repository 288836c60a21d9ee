// Package helpdesk is the pages with which a help desk answers on the first call: submissions are found by whatever the caller can say, and the page of one says in a sentence what is wrong and who must
// act, with the text to read to the caller.
//
// A page shows no name of anybody and no value of an order but on the pages of contents, which are a deed of their own. What belongs to another agency is answered like what does not exist; an order that the
// visitor may not see is not found by its numbers, and its submission says nothing of it. What is said of each state and each code is data (data/answers.tsv). It decides nothing about orders, and changes
// nothing but a person's own saved searches and hand-overs.
package helpdesk

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

//go:embed templates data
var files embed.FS

// Reader is what the pages read; *store.Reader is one.
type Reader interface {
	Status(ctx context.Context, t order.Tracking) (store.Status, error)
	FindSubmissions(ctx context.Context, q store.SubmissionQuery) (store.FoundSubmissions, error)
	OrdersNumbered(ctx context.Context, n store.Number) ([]store.OrderIdentity, error)
	SubjectOf(ctx context.Context, t order.Tracking) (store.OrderIdentity, error)
	SendersOf(ctx context.Context, ts []order.Tracking) (map[order.Tracking]order.ORI, error)
	Day(ctx context.Context, q store.DayQuery) (store.Day, error)
	SavedSearches(ctx context.Context, of store.PersonID) ([]store.SavedSearch, error)
	Handover(ctx context.Context, id int64) (store.Handover, error)
	Handovers(ctx context.Context, agency order.ORI, limit int) ([]store.Handover, error)
	HandoversOf(ctx context.Context, t order.Tracking) ([]store.Handover, error)
	Looks(ctx context.Context, object string) (looks, people int, err error)
	Wire(ctx context.Context, t order.Tracking) (wire []byte, whole bool, err error)
	ContentType(ctx context.Context, t order.Tracking) (string, error)
	Brought(ctx context.Context, t order.Tracking, a store.Action) (store.Brought, error)
	QueueItem(ctx context.Context, id store.TransmissionID) (store.QueueItem, error)
}

// Writer keeps what a person of the desk decides; *store.Store is one.
type Writer interface {
	SaveSearch(ctx context.Context, by store.Event, k store.SavedSearch) error
	ForgetSearch(ctx context.Context, by store.Event, id int64) error
	HandOver(ctx context.Context, by store.Event, t order.Tracking, why string) error
	TakeHandover(ctx context.Context, by store.Event, id int64) error
	CloseHandover(ctx context.Context, by store.Event, id int64, result string) error
}

// Pages are the pages over a store.
type Pages struct {
	Reader Reader
	Writer Writer
	// Zone is the courts' own: a day is one of its days.
	Zone *time.Location
	// Warn are the shares of the time until a deadline from which on it is at risk, as store.Clock.Outlook takes them.
	Warn []float64
}

// desk is the pages' handlers.
type desk struct {
	*Pages
	answers answers
}

// Area is the pages with their addresses; an error says what is not whole in their data.
func (p *Pages) Area() (site.Area, error) {
	said, err := readAnswers()
	if err != nil {
		return site.Area{}, err
	}
	templates, err := fs.Sub(files, "templates")
	if err != nil {
		return site.Area{}, err
	}
	d := &desk{p, said}
	return site.Area{Templates: templates, Words: d.words(), Routes: d.routes(), Nav: []site.Link{
		{To: "/submissions", Name: "Submissions", Says: "Find a submission by whatever the caller can say, and answer the call.", Deed: access.FindSubmissions},
		{To: "/handovers", Name: "Hand-overs", Says: "What the help desk has handed over to engineers.", Deed: access.FindSubmissions},
	}}, nil
}

func (d *desk) routes() []site.Route {
	find := access.FindSubmissions
	return []site.Route{
		{Pattern: "GET /submissions", Deed: find, Serve: d.find},
		{Pattern: "POST /submissions/saved", Deed: find, Serve: d.save},
		{Pattern: "POST /submissions/saved/{id}/forget", Deed: find, Serve: d.forget},
		{Pattern: "GET /submission", Deed: find, Serve: askedBefore},
		{Pattern: "GET /submission/{tracking}", Deed: find, Serve: d.submission},
		{Pattern: "GET /submission/{tracking}/content/{stage}", Deed: access.ReadContents, Serve: d.content},
		{Pattern: "POST /submission/{tracking}/handover", Deed: find, Serve: d.handOver},
		{Pattern: "GET /handovers", Deed: find, Serve: d.handovers},
		{Pattern: "POST /handover/{id}/{move}", Deed: access.ActOnQueue, Serve: d.moveHandover},
	}
}

// by is who acts, as the store puts it on record.
func by(r *site.Request) store.Event {
	return store.Event{At: r.Now, Actor: r.Visitor.Actor(), Person: r.Visitor.ID, Agency: r.Visitor.Asker.Agency}
}

// missing is the answer about a submission that does not exist, and about one that is not for the visitor.
func missing() error {
	return site.NotFound("No submission has this number", "The number is well formed, but nothing was received under it here. Ask the caller for the case number or for the identification that their system gave the package.")
}

// about reads a submission that the visitor may do the route's deed about.
func (d *desk) about(r *site.Request) (store.Status, error) {
	t, err := order.ParseTracking(r.PathValue("tracking"))
	if err != nil {
		return store.Status{}, d.mistyped(r, r.PathValue("tracking"))
	}
	s, err := d.Reader.Status(r.Context(), t)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return s, missing()
	case err != nil:
		return s, err
	}
	return s, r.About(s.Agency.ORI, missing())
}

// mistyped says what is wrong with a tracking number, and which one may be meant.
func (d *desk) mistyped(r *site.Request, typed string) error {
	slip, near, err := d.near(r, typed)
	if err != nil {
		return err
	}
	text := slip
	for _, t := range near {
		text += " Is it " + string(t) + "?"
	}
	return site.Bad("That is no tracking number", text)
}

// near says what is wrong with a text that is no tracking number, and which numbers one slip away the visitor may look at.
func (d *desk) near(r *site.Request, typed string) (says string, near []order.Tracking, err error) {
	slip := order.TrackingSlip(typed)
	if len(slip.Near) == 0 {
		return slip.Text, nil, nil
	}
	senders, err := d.Reader.SendersOf(r.Context(), slip.Near)
	if err != nil {
		return "", nil, err
	}
	for _, t := range slip.Near {
		if agency, there := senders[t]; there && r.MayAbout(access.FindSubmissions, agency) {
			near = append(near, t)
		}
	}
	return slip.Text, near, nil
}

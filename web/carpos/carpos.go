// Package carpos holds the pages about the way to CARPOS: what is owed, and what a person does about it; deadlines; what the switch sent unasked; and questions to CARPOS.
//
// A person acts only through Desk, one narrow interface that holds, releases, makes due, corrects and gives up, each with its own audit entry. An act takes two steps, a page
// that says what will happen and a form that does it. CARPOS is asked through a desk that keeps question, asker and purpose, and gives an answer to the asking agency only.
//
// Who may come is said by the routes' deeds; here it is decided about whose things, and what of them is shown: a case number to those who see the order whole or read contents,
// and texts of the line only as the desks have put them into words, without values about people.
package carpos

import (
	"context"
	"embed"
	"html/template"
	"io/fs"
	"strconv"

	"ccpor/access"
	"ccpor/clets/inquiry"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

//go:embed templates
var files embed.FS

// Reader is what the pages read; *store.Reader is one. Texts of messages are not among it: they may hold personal data, which the command line shows to who says why.
type Reader interface {
	Queue(ctx context.Context, f store.QueueFilter, limit int, after store.TransmissionID) ([]store.QueueEntry, error)
	QueueCounts(ctx context.Context, agency order.ORI) ([]store.StateCount, error)
	Deadlines(ctx context.Context, q store.DeadlineQuery) ([]store.OwedBy, error)
	Alarms(ctx context.Context, cleared bool) ([]store.Alarm, error)
	Messages(ctx context.Context, q store.MessageQuery) ([]store.Message, error)
	Message(ctx context.Context, id store.InboundID) (store.Message, error)
	Inbox(ctx context.Context) ([]store.InboxCount, error)
	AuditTrail(ctx context.Context, object string, limit int) ([]store.Event, error)
}

// Desk shows one transmission in plain words, without values about people, and does what a person decides: holds, releases, makes due, corrects or gives up,
// each with its audit entry. It is all through which pages act.
type Desk interface {
	Item(ctx context.Context, id store.TransmissionID, personal bool) (store.QueueItem, error)
	Suppliable(k store.Kind) []store.Suppliable
	Act(ctx context.Context, id store.TransmissionID, a store.Act) (store.Acted, error)
}

// Inquirer is where people ask CARPOS; *inquiry.Desk is one. It puts every look at an answer on record before it gives it out.
type Inquirer interface {
	Ask(ctx context.Context, f inquiry.Form) (store.InquiryID, error)
	Show(ctx context.Context, id store.InquiryID, by inquiry.Reader) (inquiry.View, error)
}

// Pages are the pages over a store and its desks.
type Pages struct {
	Reader   Reader
	Desk     Desk
	Inquirer Inquirer
	// Warn are shares of the time until a deadline, as store.Clock.Outlook takes them.
	Warn []float64
}

// Area is the pages with their addresses.
func (p *Pages) Area() (site.Area, error) {
	templates, err := fs.Sub(files, "templates")
	return site.Area{
		Templates: templates,
		Words:     template.FuncMap{"messageKind": func(k store.MessageKind) string { return messageNames[k] }, "stateWord": stateWord, "stateClass": stateClass},
		Routes: []site.Route{
			{Pattern: "GET /queue", Deed: access.SeeQueue, Serve: p.queueList},
			{Pattern: "GET /queue/{id}", Deed: access.SeeQueue, Serve: p.queueItem},
			{Pattern: "GET /queue/{id}/{verb}", Deed: access.ActOnQueue, Serve: p.queueConfirm},
			{Pattern: "POST /queue/{id}/{verb}", Deed: access.ActOnQueue, Serve: p.queueAct},
			{Pattern: "GET /deadlines", Deed: access.SeeQueue, Serve: p.deadlines},
			{Pattern: "GET /messages", Deed: access.SeeMessages, Serve: p.messages},
			{Pattern: "GET /messages/{id}", Deed: access.SeeMessages, Serve: p.message},
			{Pattern: "GET /inquiry", Deed: access.AskCarpos, Serve: p.askPage},
			{Pattern: "POST /inquiry", Deed: access.AskCarpos, Serve: p.ask},
			{Pattern: "GET /inquiry/{id}", Deed: access.AskCarpos, Serve: p.inquiry},
		},
		Nav: []site.Link{
			{To: "/queue", Name: "Owed to CARPOS", Says: "What CARPOS has still to get, and what a person can do about it.", Deed: access.SeeQueue},
			{To: "/deadlines", Name: "Deadlines", Says: "What is late, or comes near its deadline.", Deed: access.SeeQueue},
			{To: "/messages", Name: "Messages", Says: "What the switch sent unasked, and what waits for a person.", Deed: access.SeeMessages},
			{To: "/inquiry", Name: "Ask CARPOS", Says: "Ask CARPOS about an order or a person, beside what the registry holds.", Deed: access.AskCarpos},
		},
	}, err
}

// perPage is how many rows a list shows.
const perPage = 50

// number reads a number of the address; 0 where there is none.
func number(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && n < 1 {
		err = strconv.ErrRange
	}
	return n, err
}

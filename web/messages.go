package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"ccpor/store"
)

// MessageReader is what the pages of the switch's messages read. Their texts are not among it: they may hold personal data, which the command line shows to
// who says why.
type MessageReader interface {
	Messages(ctx context.Context, q store.MessageQuery) ([]store.Message, error)
	Message(ctx context.Context, id store.InboundID) (store.Message, error)
	Inbox(ctx context.Context) ([]store.InboxCount, error)
	AuditTrail(ctx context.Context, object string, limit int) ([]store.Event, error)
}

// messageRoutes are the pages of messages.
func (p *Pages) messageRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /messages", p.messages)
	mux.HandleFunc("GET /messages/{id}", p.message)
}

// messageNames say the kinds in words; "" is one that no hub has looked at yet.
var messageNames = map[store.MessageKind]string{
	"":                     "not looked at yet",
	store.MessageReply:     "Reply to a request",
	store.MessageService:   "Service notice: another agency has served an order",
	store.MessageViolation: "Violation notice: another agency reports a violation",
	store.MessageNCIC:      "NCIC reject: NCIC has not taken an order that CARPOS has",
	store.MessageAdmin:     "Administrative message of the switch",
	store.MessageUnknown:   "A text that is not understood",
}

type messagesView struct {
	Rows   []store.Message
	Counts []store.InboxCount
	Kind   store.MessageKind
	Only   bool // those that wait
	Older  store.InboundID
}

// messages lists what came from the switch. What is asked for by a kind that does not exist is nothing.
func (p *Pages) messages(w http.ResponseWriter, r *http.Request) {
	q := store.MessageQuery{Kind: store.MessageKind(r.URL.Query().Get("kind")), Unhandled: r.URL.Query().Get("unhandled") != "", Limit: perPage}
	before, err := number(r.URL.Query().Get("before"))
	if _, known := messageNames[q.Kind]; !known || err != nil {
		p.refuse(w, http.StatusBadRequest, "There is no such page", "The address is not one of this program's. Begin again with the newest messages.")
		return
	}
	q.Before = store.InboundID(before)
	v := messagesView{Kind: q.Kind, Only: q.Unhandled}
	if v.Rows, err = p.reader.Messages(r.Context(), q); err == nil {
		v.Counts, err = p.reader.Inbox(r.Context())
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if len(v.Rows) == perPage {
		v.Older = v.Rows[len(v.Rows)-1].ID
	}
	if p.audited(w, r, "messages") {
		p.render(w, http.StatusOK, "messages", v)
	}
}

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

type messageView struct {
	store.Message
	Trail []store.Event
	// Matchable says that a person may say which order it is about.
	Matchable bool
}

func (p *Pages) message(w http.ResponseWriter, r *http.Request) {
	id, err := number(r.PathValue("id"))
	if err != nil {
		p.refuse(w, http.StatusBadRequest, "That is no message's number", "Begin again with the list of messages.")
		return
	}
	v := messageView{}
	if v.Message, err = p.reader.Message(r.Context(), store.InboundID(id)); err == nil {
		v.Trail, err = p.reader.AuditTrail(r.Context(), fmt.Sprintf("message %d", id), perPage)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		p.fail(w, r, err)
		return
	}
	if !p.audited(w, r, fmt.Sprintf("message %d", id)) {
		return
	}
	if err != nil {
		p.refuse(w, http.StatusNotFound, "No message has this number", "The switch has sent none that is kept under it here.")
		return
	}
	v.Matchable = v.Wait.Matchable()
	p.render(w, http.StatusOK, "message", v)
}

package carpos

import (
	"errors"
	"fmt"

	"ccpor/store"
	"ccpor/web/site"
)

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
func (p *Pages) messages(r *site.Request) (site.Answer, error) {
	asked := r.URL.Query()
	q := store.MessageQuery{Kind: store.MessageKind(asked.Get("kind")), Unhandled: asked.Get("unhandled") != "", Limit: perPage}
	before, err := number(asked.Get("before"))
	if _, known := messageNames[q.Kind]; !known || err != nil {
		return site.Answer{}, site.Bad("There is no such page", "The address is not one of this program's. Begin again with the newest messages.")
	}
	q.Before = store.InboundID(before)
	v := messagesView{Kind: q.Kind, Only: q.Unhandled}
	if v.Rows, err = p.Reader.Messages(r.Context(), q); err == nil {
		v.Counts, err = p.Reader.Inbox(r.Context())
	}
	if len(v.Rows) == perPage {
		v.Older = v.Rows[len(v.Rows)-1].ID
	}
	return site.Answer{Page: "messages", Title: "Messages of the switch", Data: v, Object: "messages"}, err
}

type messageView struct {
	store.Message
	Trail []store.Event
	// Matchable says that a person may say which order it is about.
	Matchable bool
}

func (p *Pages) message(r *site.Request) (site.Answer, error) {
	id, err := number(r.PathValue("id"))
	if err != nil {
		return site.Answer{}, site.Bad("That is no message's number", "Begin again with the list of messages.")
	}
	v, name := messageView{}, fmt.Sprintf("message %d", id)
	if v.Message, err = p.Reader.Message(r.Context(), store.InboundID(id)); err == nil {
		v.Trail, err = p.Reader.AuditTrail(r.Context(), name, perPage)
	}
	if errors.Is(err, store.ErrNotFound) {
		return site.Answer{}, site.NotFound("No message has this number", "The switch has sent none that is kept under it here.")
	}
	v.Matchable = v.Wait.Matchable()
	return site.Answer{Page: "message", Title: fmt.Sprintf("Message %d", id), Above: []site.Link{{To: "/messages", Name: "Messages"}}, Data: v, Object: name}, err
}

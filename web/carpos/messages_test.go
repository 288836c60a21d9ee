package carpos

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"ccpor/store"
)

func (s *shelf) Messages(_ context.Context, q store.MessageQuery) ([]store.Message, error) {
	s.asked = q
	return s.messages, s.err
}

func (s *shelf) Message(_ context.Context, id store.InboundID) (store.Message, error) {
	for _, m := range s.messages {
		if m.ID == id {
			return m, s.err
		}
	}
	return store.Message{}, errors.Join(s.err, store.ErrNotFound)
}

func (s *shelf) Inbox(context.Context) ([]store.InboxCount, error) {
	if len(s.messages) == 0 {
		return nil, s.err
	}
	return []store.InboxCount{{Kind: store.MessageService, Count: 2, Oldest: received()}}, s.err
}

func (s *shelf) AuditTrail(_ context.Context, object string, _ int) ([]store.Event, error) {
	return []store.Event{{At: received(), Actor: "hub west-1", Action: "message.wait", Object: object, Outcome: "otherName"}}, nil
}

func told() *shelf {
	return &shelf{messages: []store.Message{
		{ID: 7, Line: "CCPR", OutSeq: "000007", At: received(), Kind: store.MessageService, FCN: "2320632500001", Wait: store.WaitName},
		{ID: 8, Line: "CCPR", OutSeq: "000008", At: received(), Kind: store.MessageService, Wait: store.WaitMalformed, Why: "SVD is missing"},
		{ID: 6, Line: "CCPR", OutSeq: "000006", At: received(), Kind: store.MessageNCIC, Wait: store.WaitNCIC, Order: &store.OrderName{Court: "CA030013J", ID: "O-1", Tracking: tracked}},
		{ID: 5, Line: "CCPR", OutSeq: "000005", At: received(), Kind: store.MessageViolation, HandledAt: received(), Handled: "the violation is kept on the order"},
		{ID: 4, Line: "CCPR", OutSeq: "000004", At: received(), Kind: store.MessageReply, Control: "0000012345", Wait: store.WaitStray},
		{ID: 3, Line: "CCPR", OutSeq: "000003", At: received()},
	}}
}

func wants(t *testing.T, where, page string, want ...string) {
	t.Helper()
	for _, text := range want {
		if !strings.Contains(page, text) {
			t.Errorf("%s: %q is missing in\n%s", where, text, page)
		}
	}
}

func TestMessagesPage(t *testing.T) {
	s := told()
	w := get(t, s, "/messages?unhandled=1&kind=serviceNotice&before=9", nil)
	if w.Code != http.StatusOK || s.asked != (store.MessageQuery{Kind: store.MessageService, Unhandled: true, Before: 9, Limit: perPage}) {
		t.Errorf("%d %+v", w.Code, s.asked)
	}
	wants(t, "the list", w.Body.String(), "2 · ", `href="/messages?kind=serviceNotice&amp;unhandled=1"`, `href="/messages/7"`, "NCIC has not taken an order", "the violation is kept on the order",
		string(tracked), "in hand", "It answers a request that no hub of this database has sent.")
	if len(s.events) != 1 || s.events[0].Object != "messages" {
		t.Errorf("on record: %+v", s.events)
	}
	wants(t, "an empty list", get(t, &shelf{}, "/messages", nil).Body.String(), "No message is waiting for a person.", "There are no messages here.")
	for _, path := range []string{"/messages?kind=gossip", "/messages?before=0", "/messages?before=x", "/messages/x", "/messages/-1"} {
		if w := get(t, told(), path, nil); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// A message's page says why it waits and by which command it is handled, and shows no text of the switch.
func TestMessagePage(t *testing.T) {
	s := told()
	page := get(t, s, "/messages/7", nil).Body.String()
	wants(t, "a notice that waits", page, "against a person of another name", "ccpor messages apply 7 --order", "ccpor messages handle 7 --what", "ccpor messages show 7", "a person's at the exchange", "hub west-1", "2320632500001")
	if len(s.events) != 1 || s.events[0].Object != "message 7" || s.events[0].Action != "page.read" {
		t.Errorf("on record: %+v", s.events)
	}
	page = get(t, told(), "/messages/8", nil).Body.String()
	wants(t, "a notice that lacks a field", page, "The notice lacks what its effect needs", "SVD is missing", "ccpor messages handle 8")
	if strings.Contains(page, "messages apply") {
		t.Error("what cannot be read is to be applied")
	}
	page = get(t, told(), "/messages/6", nil).Body.String()
	wants(t, "NCIC", page, "CARPOS has the order and NCIC does not.", "CA030013J/O-1", "/submission/"+string(tracked))
	if strings.Contains(page, "messages apply") {
		t.Error("a message that is matched is to be matched")
	}
	page = get(t, told(), "/messages/5", nil).Body.String()
	wants(t, "one that is handled", page, "Handled: the violation is kept on the order")
	if strings.Contains(page, "To do") {
		t.Error("a message that is handled is to be handled")
	}
	wants(t, "one in hand", get(t, told(), "/messages/3", nil).Body.String(), "not looked at yet", "It is being handled.")
	if w := get(t, told(), "/messages/99", nil); w.Code != http.StatusNotFound {
		t.Errorf("%d", w.Code)
	}
	if w := get(t, told(), "/messages/7", func(r *http.Request) { r.Host = "elsewhere.example" }); w.Code != http.StatusMisdirectedRequest {
		t.Errorf("under another host's name: %d", w.Code)
	}
	s = told()
	s.auditErr = errors.New("the database is away")
	if w := get(t, s, "/messages/7", nil); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "2320632500001") {
		t.Errorf("shown without being on record: %d", w.Code)
	}
}

package carpos

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
	"ccpor/web/site/sitetest"
)

var tracked = order.NewTracking(4711)

func received() time.Time { return time.Date(2026, 11, 21, 17, 30, 0, 0, time.UTC) }

// shelf is what the pages read and where looks go on record.
type shelf struct {
	statuses map[order.Tracking]store.Status
	err      error
	events   []store.Event
	auditErr error
	messages []store.Message
	asked    store.MessageQuery
}

func (s *shelf) Audit(_ context.Context, e store.Event) error {
	if s.auditErr == nil {
		s.events = append(s.events, e)
	}
	return s.auditErr
}

func (s *shelf) Queue(context.Context, store.QueueFilter, int, store.TransmissionID) ([]store.QueueEntry, error) {
	return nil, s.err
}

func (s *shelf) QueueCounts(context.Context, order.ORI) ([]store.StateCount, error) {
	return nil, s.err
}

func one(st store.Status) *shelf {
	st.Tracking, st.ReceivedAt = tracked, received()
	return &shelf{statuses: map[order.Tracking]store.Status{tracked: st}}
}

func until() *order.Date { d := order.MakeDate(2028, 6, 30); return &d }

func engineer() site.Visitor {
	return site.Visitor{ID: 3, Login: "ina@operator.example", Name: "Ina Engineer", Agency: "The exchange",
		Asker: access.Asker{Kind: access.KindOperator, Agency: "CA034ABCX", Roles: []access.Role{access.IntegrationEngineer}}}
}

func clerk(ori order.ORI) site.Visitor {
	return site.Visitor{ID: 4, Login: "ana@court.example", Name: "Ana Clerk", Agency: "A court",
		Asker: access.Asker{Kind: access.KindCourt, Agency: ori, Roles: []access.Role{access.CourtClerk}}}
}

func officer() site.Visitor {
	return site.Visitor{ID: 5, Login: "oda@sheriff.example", Name: "Oda Officer", Agency: "A sheriff",
		Asker: access.Asker{Kind: access.KindLawEnforcement, Agency: "CA0300000", Roles: []access.Role{access.LawEnforcement}, CertifiedUntil: until()}}
}

// visit asks the pages as somebody; a form makes it a POST of this program's own page.
func visit(t *testing.T, p *Pages, who site.Visitor, log site.Auditor, path string, form url.Values, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	return sitetest.Visit(t, sitetest.Open(t, sitetest.Config(log, &who, nine), p), path, form, change)
}

func get(t *testing.T, s *shelf, path string, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	return visit(t, &Pages{Reader: s, Warn: []float64{0.5, 0.8}}, engineer(), s, path, nil, change)
}

package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"ccpor/access"
	dictionary "ccpor/clets/carpos"
	"ccpor/clets/inquiry"
	"ccpor/clets/relay"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web"
	"ccpor/web/site"
)

// reader is people of several agencies, one after the other, on the pages of a running sandbox.
type reader struct {
	t   *testing.T
	ctx context.Context
	who site.Visitor
	at  http.Handler
	log bytes.Buffer
}

// Who is whoever reads now.
func (p *reader) Who(*http.Request) (site.Visitor, error) { return p.who, nil }

func (p *reader) as(kind access.Kind, agency order.ORI, roles ...access.Role) {
	until := order.DateOf(time.Now().AddDate(1, 0, 0))
	p.who = site.Visitor{ID: 7, Login: "invented@agency.example", Name: "Invented Visitor", Agency: "An agency", Asker: access.Asker{Kind: kind, Agency: agency, Roles: roles, Sealed: true, CertifiedUntil: &until}}
}

func (p *reader) ask(ctx context.Context, path string, form url.Values) *httptest.ResponseRecorder {
	method, body := http.MethodGet, strings.NewReader("")
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(ctx, method, "http://localhost"+path, body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	a := httptest.NewRecorder()
	p.at.ServeHTTP(a, r)
	return a
}

// wants asks, and says where the page does not hold what it should: what is read by nobody cannot leak.
func (p *reader) wants(want, path string, form url.Values) string {
	p.t.Helper()
	a := p.ask(p.ctx, path, form)
	if !strings.Contains(a.Body.String()+a.Header().Get("Location"), want) {
		p.t.Errorf("%s: %d, without %s", path, a.Code, want)
	}
	return a.Body.String() + a.Header().Get("Location")
}

// readPages reads and searches on pages over the sandbox's database, as people of several roles, and returns what the pages logged. The sandbox's own pages are asked by a stranger.
func (w *watchedSandbox) readPages() string {
	w.t.Helper()
	p := &reader{t: w.t, ctx: w.t.Context()}
	at, err := database{}.lookInto(w.t.Context(), w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	defer at.done()
	s, err := store.Open(w.t.Context(), at.url, at.options())
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	w.open(p, s)
	w.orders(p)
	w.inquiry(p, s)
	w.strange()
	return p.log.String()
}

func (w *watchedSandbox) open(p *reader, s *store.Store) {
	w.t.Helper()
	log, err := newLog(&p.log, "debug")
	if err != nil {
		w.t.Fatal(err)
	}
	words, err := dictionary.Load()
	if err != nil {
		w.t.Fatal(err)
	}
	pages, err := web.New(web.Config{Config: site.Config{Auditor: s, Gate: p, Now: time.Now, Zone: time.UTC, Log: log, URL: &url.URL{Scheme: "http", Host: "localhost"}},
		Store: s, Desk: relay.NewDesk(s, words, time.UTC), Inquirer: inquiry.New(s, words, time.UTC, time.Now), Warn: []float64{0.5, 0.8}})
	if err != nil {
		w.t.Fatal(err)
	}
	p.at = pages.Handler()
}

var toOrder = regexp.MustCompile(`"(/order/[A-Z0-9]{9}/[^"/]+)"`)

// orders are searched for by name, read, and refused; and what is asked when the database does not answer is told to nobody either.
func (w *watchedSandbox) orders(p *reader) {
	w.t.Helper()
	byName := url.Values{"surname": {"Jones"}, "given": {"Marc"}, "born": {"1981-11-21"}, "purpose": {"a hearing"}}
	p.as(access.KindCourt, "CA030013J", access.JudicialOfficer, access.CourtClerk)
	found := p.wants("Jones", "/orders", byName)
	links := toOrder.FindAllStringSubmatch(found, -1)
	if len(links) == 0 {
		w.t.Fatal("no order is found by name")
	}
	for _, to := range links {
		p.wants("Restrained person", to[1], nil)
		p.wants("There is no such order", to[1]+"/image/nothing", nil)
		p.wants("If there is such an order", p.wants("/order/glass?", "/order/glass", url.Values{"court": {"CA030013J"}, "id": {to[1][len("/order/CA030013J/"):]}, "reason": {"A hearing this afternoon."}}), nil)
	}
	p.wants("Nothing was searched for", "/orders", url.Values{"surname": {"Jones"}, "case": {"06NF0886"}})
	p.wants("Jones", "/orders?case=06NF0886", nil)
	gone, stop := context.WithCancel(w.t.Context())
	stop()
	for path, form := range map[string]url.Values{"/orders": byName, links[0][1]: nil, "/orders?case=06NF0886": nil} {
		if a := p.ask(gone, path, form); a.Code != http.StatusServiceUnavailable {
			w.t.Errorf("%s without a database: %d", path, a.Code)
		}
	}
	p.as(access.KindCourt, "CA030013J", access.Auditor)
	p.wants("not for your role", links[0][1], nil)
	p.wants("invented@agency.example", "/audit?case=06NF0886&court=CA030013J", nil)
	p.as(access.KindOperator, "CA0349901", access.IntegrationEngineer)
	p.wants("Owed to CARPOS", "/queue?state=accepted", nil)
}

// inquiry asks CARPOS for a person, and waits for the answer.
func (w *watchedSandbox) inquiry(p *reader, s *store.Store) {
	w.t.Helper()
	if _, err := s.RegisterAgency(w.t.Context(), store.Agency{ORI: "CA0300000", Name: "Invented Sheriff", Kind: access.KindLawEnforcement, Submits: true, MayQuery: true}); err != nil {
		w.t.Fatal(err)
	}
	p.as(access.KindLawEnforcement, "CA0300000", access.LawEnforcement)
	to := p.wants("/inquiry/", "/inquiry", url.Values{"name": {"JONES,MARC"}, "born": {"1981-11-21"}, "purpose": {"a traffic stop"}})
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-tick.C {
		if a := p.ask(w.t.Context(), to, nil); a.Header().Get("Refresh") == "" {
			if !strings.Contains(strings.ToUpper(a.Body.String()), "JONES") {
				w.t.Errorf("the answer is of nobody: %s", a.Body)
			}
			return
		}
	}
	w.t.Error("CARPOS does not answer")
}

// strange asks the sandbox's own pages for people without having signed in, and sends it what no page of its own would send.
func (w *watchedSandbox) strange() {
	w.t.Helper()
	for _, r := range []struct{ method, path, body string }{
		{http.MethodGet, "/orders?surname=Jones&given=Marc&case=06NF0886", ""},
		{http.MethodGet, "/order/CA030013J/06NF0886", ""},
		{http.MethodPost, "/orders", "surname=Jones&born=1981-11-21"},
		{http.MethodPost, "/orders", "surname=%zz&given=Marc"},
		{http.MethodGet, "/Jones/Marc", ""},
	} {
		req, err := http.NewRequestWithContext(w.t.Context(), r.method, "http://"+w.pages+r.path, strings.NewReader(r.body))
		if err != nil {
			w.t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			w.t.Fatal(err)
		}
		resp.Body.Close()
	}
}

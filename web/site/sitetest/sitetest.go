// Package sitetest is for tests of pages: it has whoever the test says come in at the door, opens the site of one area, and asks it as a browser does that is at the site's own page.
//
// It proves nobody's identity, keeps no session and judges no answer, and no program links it.
package sitetest

import (
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"ccpor/web/site"
)

// URL is the address of the pages.
const URL = "http://localhost"

// gate lets in whoever the visitor is when asked.
type gate struct{ who *site.Visitor }

func (g gate) Who(*http.Request) (site.Visitor, error) {
	if g.who.ID == 0 {
		return site.Visitor{}, site.ErrNobody
	}
	return *g.who, nil
}

// Config is a site with UTC as its zone and nothing in its log. Who comes may be another at each request; without an ID it is nobody.
func Config(a site.Auditor, who *site.Visitor, now func() time.Time) site.Config {
	at, _ := url.Parse(URL)
	return site.Config{Auditor: a, Gate: gate{who}, Now: now, Zone: time.UTC, Log: slog.New(slog.DiscardHandler), URL: at}
}

// Pages are those of one area.
type Pages interface {
	Area() (site.Area, error)
}

// Open is the site of one area.
func Open(t testing.TB, c site.Config, p Pages) *site.Site {
	t.Helper()
	area, err := p.Area()
	if err != nil {
		t.Fatal(err)
	}
	s, err := site.New(c, area)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Request asks for a path; a form makes it a POST, sent from a page of the site.
func Request(t testing.TB, path string, form url.Values) *http.Request {
	if form == nil {
		return httptest.NewRequestWithContext(t.Context(), http.MethodGet, URL+path, nil)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, URL+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

// Send is what the site answers.
func Send(s *site.Site, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// Visit is what the site answers to a Request, after the changes that a test makes to it.
func Visit(t testing.TB, s *site.Site, path string, form url.Values, changes ...func(*http.Request)) *httptest.ResponseRecorder {
	r := Request(t, path, form)
	for _, change := range changes {
		if change != nil {
			change(r)
		}
	}
	return Send(s, r)
}

// Main is what stands in a page inside main: what the area has made, without the site's layout.
func Main(page string) string {
	_, rest, _ := strings.Cut(page, "<main")
	inside, _, _ := strings.Cut(rest, "</main>")
	return inside
}

var hidden = regexp.MustCompile(`type="hidden" name="([^"]+)" value="([^"]*)"`)

// Hidden is the value of the first hidden field of a name; empty where there is none.
func Hidden(page, name string) string {
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		if m[1] == name {
			return html.UnescapeString(m[2])
		}
	}
	return ""
}

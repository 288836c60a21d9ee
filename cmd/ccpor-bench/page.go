package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/mapping/precedence"
	"ccpor/store"
	"ccpor/web"
	"ccpor/web/site"
)

// officer comes in at each request: how people sign in is not what is measured.
type officer struct{}

// Who is for the site.
func (officer) Who(*http.Request) (site.Visitor, error) {
	return site.Visitor{ID: 1, Login: "officer@sheriff.example", Name: "Nobody Officer", Agency: "Invented Sheriff",
		Asker: access.Asker{Kind: access.KindLawEnforcement, Agency: "CA0300000", Roles: []access.Role{access.LawEnforcement}}}, nil
}

// pages measures the pages by which an officer comes to an order: in this process, from the request to the last byte, with all that the hub's pages read and write.
func (s *seeker) pages(ctx context.Context) error {
	opened, err := store.Open(ctx, s.url, store.Options{Keys: s.keys})
	if err != nil {
		return err
	}
	defer opened.Close()
	handler, err := pagesOver(opened)
	if err != nil {
		return err
	}
	order := func(p person) string { return fmt.Sprintf("/order/%s/%s", p.court, p.localID) }
	for _, page := range []struct {
		name string
		of   func(person) *http.Request
	}{
		{"search by one box, a name", func(p person) *http.Request {
			return send("/orders", url.Values{"words": {p.name.Full()}, "purpose": {"measurement"}})
		}},
		{"an order", func(p person) *http.Request { return get(order(p)) }},
		{"an order in Spanish", func(p person) *http.Request { return get(order(p) + "?lang=es") }},
		{"which order counts", func(p person) *http.Request { return get(order(p) + "/counts") }},
		{"its timeline", func(p person) *http.Request { return get(order(p) + "/timeline") }},
	} {
		if err := s.page(ctx, handler, page.name, page.of); err != nil {
			return err
		}
	}
	return nil
}

func pagesOver(s *store.Store) (http.Handler, error) {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		return nil, err
	}
	law, err := precedence.Load(zone)
	if err != nil {
		return nil, err
	}
	pages, err := web.New(web.Config{Config: site.Config{Auditor: s, Gate: officer{}, Now: time.Now, Zone: zone, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), URL: &url.URL{Scheme: "http", Host: "localhost"}}, Store: s, Law: law})
	if err != nil {
		return nil, err
	}
	return pages.Handler(), nil
}

// opening is how many pages of a kind are asked before they are measured.
const opening = 40

func (s *seeker) page(ctx context.Context, h http.Handler, name string, of func(person) *http.Request) error {
	return s.p.phase("page: "+name, func() (string, error) {
		r, bytes := s.random(name), 0
		for range opening { // connections open, and each plans its statements once
			h.ServeHTTP(httptest.NewRecorder(), of(s.shown(r)).WithContext(ctx))
		}
		k, err := took(name, s.c.Queries, func() (func() error, error) {
			request := of(s.shown(r)).WithContext(ctx)
			return func() error {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, request)
				bytes += w.Body.Len()
				if w.Code != http.StatusOK {
					return fmt.Errorf("%s: status %d", request.URL.Path, w.Code)
				}
				return nil
			}, nil
		})
		k.Found = float64(bytes) / float64(s.c.Queries) / 1000
		s.report.Pages = append(s.report.Pages, k)
		return fmt.Sprintf("p50 %.1f, p99 %.1f ms, %.1f KB", k.P50, k.P99, k.Found), err
	})
}

// shown is one of the people of an order that an officer may see whole.
func (s *seeker) shown(r *rand.Rand) person {
	for {
		if p := s.person(r); p.access == "normal" && !p.test && p.name.Given != "" && len(strings.Fields(p.name.Full())) <= 5 {
			return p
		}
	}
}

func get(path string) *http.Request {
	return httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
}

func send(path string, form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://localhost"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

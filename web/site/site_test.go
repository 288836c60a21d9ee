package site

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ccpor/access"
	"ccpor/store"
)

// door lets in who is said, and keeps the log.
type door struct {
	visitor Visitor
	err     error
	events  []store.Event
	logErr  error
}

func (d *door) Who(*http.Request) (Visitor, error) { return d.visitor, d.err }

func (d *door) Audit(_ context.Context, e store.Event) error {
	if d.logErr == nil {
		d.events = append(d.events, e)
	}
	return d.logErr
}

func clerk() Visitor {
	return Visitor{ID: 7, Login: "ana@court.example", Name: "Ana Clerk", Agency: "Court of Invented", Asker: access.Asker{Kind: access.KindCourt, Agency: "CA030013J", Roles: []access.Role{access.CourtClerk}}}
}

var pages = fstest.MapFS{"a.html": {Data: []byte(`{{define "greet"}}<p>{{.}}</p>{{end}}{{define "broken"}}{{.Nothing.Here}}{{end}}`)}}

func missing() error {
	return NotFound("There is no such transmission", "Nothing is owed under this number.")
}

func routes() []Route {
	return []Route{
		{Pattern: "GET /queue/{id}", Deed: access.SeeQueue, Serve: func(r *Request) (Answer, error) {
			if r.PathValue("id") == "missing" {
				return Answer{}, missing()
			}
			if r.PathValue("id") == "bad" {
				return Answer{}, errors.New("secret name of a database")
			}
			if err := r.About("CA030099J", missing()); err != nil && r.PathValue("id") == "foreign" {
				return Answer{}, err
			}
			return Answer{Page: "greet", Title: "Item", Data: "<script>alert(1)</script>", Object: "transmission 1"}, nil
		}},
		{Pattern: "POST /queue/{id}", Deed: access.SeeQueue, Serve: func(r *Request) (Answer, error) {
			if r.PostForm.Get("wrong") != "" {
				return Answer{Page: "greet", Title: "Item", Data: "again", Status: 422}, nil
			}
			return Answer{To: "/queue/1", Object: "transmission 1"}, nil
		}},
		{Pattern: "GET /jobs", Deed: access.SeeJobs, Serve: func(*Request) (Answer, error) { panic("who may not must not get here") }},
		{Pattern: "GET /broken", Deed: access.Enter, Serve: func(*Request) (Answer, error) { return Answer{Page: "broken", Data: 1}, nil }},
		{Pattern: "GET /file", Deed: access.Enter, Serve: func(*Request) (Answer, error) {
			return Answer{File: &File{Name: "a\"b.html", Media: "text/html", Content: []byte("<script>")}}, nil
		}},
		{Pattern: "GET /signin", Open: true, Serve: func(*Request) (Answer, error) { return Answer{Page: "greet", Title: "Door", Data: "who?"}, nil }},
	}
}

func ask(t *testing.T, d *door, method, path string, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	at, _ := url.Parse("https://orders.example")
	s, err := New(Config{Auditor: d, Gate: d, Now: func() time.Time { return time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC) }, Zone: time.UTC, URL: at,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, Area{Templates: pages, Routes: routes(), Nav: []Link{{To: "/queue", Name: "Owed", Deed: access.SeeQueue}, {To: "/jobs", Name: "Jobs", Deed: access.SeeJobs}}})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, "https://orders.example"+path, nil)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func TestWhoMaySees(t *testing.T) {
	d := &door{visitor: clerk()}
	w := ask(t, d, "GET", "/queue/1", nil)
	body := w.Body.String()
	if w.Code != 200 || strings.Contains(body, "<script>alert") || !strings.Contains(body, "&lt;script&gt;alert") {
		t.Errorf("%d %s", w.Code, body)
	}
	if !strings.Contains(body, `href="/queue"`) || strings.Contains(body, `href="/jobs"`) {
		t.Error("the navigation does not show what the visitor may, and nothing else")
	}
	want := store.Event{At: d.events[0].At, Actor: "person ana@court.example, CA030013J", Person: 7, Agency: "CA030013J", Action: "page.read", Object: "transmission 1", Outcome: "shown"}
	if len(d.events) != 1 || d.events[0] != want {
		t.Errorf("on record: %+v", d.events)
	}
}

func TestWhoMayNotIsRefusedAndThatIsOnRecord(t *testing.T) {
	tests := map[string]struct {
		path, outcome string
		code          int
	}{
		"no role for it":       {"/jobs", "forbidden", 403},
		"another agency's":     {"/queue/foreign", "forbidden", 404},
		"no page":              {"/nowhere", "not found", 404},
		"no page, long":        {"/" + strings.Repeat("x", 5000), "not found", 404},
		"directory of statics": {"/static/", "not found", 404},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := &door{visitor: clerk()}
			w := ask(t, d, "GET", test.path, nil)
			if w.Code != test.code || len(d.events) != 1 || d.events[0].Action != "page.refuse" || d.events[0].Outcome != test.outcome || d.events[0].Person != 7 || len(d.events[0].Object) > 300 {
				t.Errorf("%d, on record %+v", w.Code, d.events)
			}
		})
	}
}

// What belongs to others must not be told from what does not exist, but in the log.
func TestForeignLooksLikeMissing(t *testing.T) {
	foreign, missing := ask(t, &door{visitor: clerk()}, "GET", "/queue/foreign", nil), ask(t, &door{visitor: clerk()}, "GET", "/queue/missing", nil)
	if foreign.Body.String() != missing.Body.String() || foreign.Code != missing.Code {
		t.Errorf("%d %s\n%d %s", foreign.Code, foreign.Body, missing.Code, missing.Body)
	}
}

func TestNothingIsShownThatIsNotOnRecord(t *testing.T) {
	for _, path := range []string{"/queue/1", "/file", "/jobs", "/"} {
		d := &door{visitor: clerk(), logErr: errors.New("disk full")}
		w := ask(t, d, "GET", path, nil)
		if w.Code != 503 || strings.Contains(w.Body.String(), "alert") || strings.Contains(w.Body.String(), "Welcome") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestNobodyIsSentToTheDoor(t *testing.T) {
	tests := map[string]struct {
		method, path string
		err          error
		to           string
	}{
		"nobody":           {"GET", "/queue/1?x=1", ErrNobody, "/signin?next=%2Fqueue%2F1%3Fx%3D1"},
		"nobody, start":    {"GET", "/", ErrNobody, "/signin"},
		"nobody, form":     {"POST", "/queue/1", ErrNobody, "/signin"},
		"locked":           {"GET", "/queue/1", ErrLocked, "/signin/unlock?next=%2Fqueue%2F1"},
		"nobody, not his":  {"GET", "/jobs", ErrNobody, "/signin?next=%2Fjobs"},
		"locked, his file": {"GET", "/file", ErrLocked, "/signin/unlock?next=%2Ffile"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := &door{visitor: clerk(), err: test.err}
			w := ask(t, d, test.method, test.path, nil)
			if w.Code != 303 || w.Header().Get("Location") != test.to || len(d.events) > 0 {
				t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
			}
		})
	}
	d := &door{visitor: clerk(), err: ErrLocked}
	if w := ask(t, d, "GET", "/signin", nil); w.Code != 200 || strings.Contains(w.Body.String(), "Ana") {
		t.Error("an open page shows who is locked out")
	}
	d = &door{err: errors.New("no database")}
	for _, path := range []string{"/", "/signin"} {
		if w := ask(t, d, "GET", path, nil); w.Code != 503 || strings.Contains(w.Body.String(), "no database") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestFormsOfOthersAreRefused(t *testing.T) {
	tests := map[string]func(*http.Request){
		"cross-site":        func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"of a sister":       func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"of another origin": func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"another host":      func(r *http.Request) { r.Host = "evil.example" },
		"loopback": func(r *http.Request) {
			r.Host = "127.0.0.1"
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			d := &door{visitor: clerk()}
			if w := ask(t, d, "POST", "/queue/1", change); w.Code != 403 && w.Code != 421 || len(d.events) > 0 {
				t.Errorf("%d, %+v", w.Code, d.events)
			}
		})
	}
	d := &door{visitor: clerk()}
	if w := ask(t, d, "POST", "/queue/1", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }); w.Code != 303 || len(d.events) > 0 {
		t.Errorf("%d, %+v", w.Code, d.events)
	}
	again := func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = io.NopCloser(strings.NewReader("wrong=1"))
	}
	if w := ask(t, d, "POST", "/queue/1", again); w.Code != 422 || len(d.events) != 1 || d.events[0].Action != "page.act" || d.events[0].Outcome != "not done" {
		t.Errorf("a form that comes back: %d, %+v", w.Code, d.events)
	}
}

func TestFormsAreBounded(t *testing.T) {
	for kind, size := range map[string]int{"application/x-www-form-urlencoded": maxForm + 1, "multipart/form-data; boundary=x": maxUpload + 100} {
		d := &door{visitor: clerk()}
		w := ask(t, d, "POST", "/queue/1", func(r *http.Request) {
			body := "wrong=" + strings.Repeat("1", size)
			if strings.HasPrefix(kind, "multipart") {
				body = "--x\r\nContent-Disposition: form-data; name=\"wrong\"; filename=\"f\"\r\n\r\n" + strings.Repeat("1", size) + "\r\n--x--\r\n"
			}
			r.Body, r.Header = io.NopCloser(strings.NewReader(body)), http.Header{"Content-Type": {kind}}
		})
		if w.Code != 400 {
			t.Errorf("%s: %d", kind, w.Code)
		}
	}
}

func TestFaultsSayNothingOfTheInside(t *testing.T) {
	for path, code := range map[string]int{"/queue/bad": 503, "/broken": 500} {
		d := &door{visitor: clerk()}
		if w := ask(t, d, "GET", path, nil); w.Code != code || strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "Nothing.Here") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestBrowsersAreBound(t *testing.T) {
	d := &door{visitor: clerk()}
	for _, path := range []string{"/", "/jobs", "/nowhere", "/signin", "/file"} {
		h := ask(t, d, "GET", path, nil).Header()
		p := h.Get("Content-Security-Policy")
		if !strings.Contains(p, "default-src 'none'") || !strings.Contains(p, "frame-ancestors 'none'") || strings.Contains(p, "script-src") || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("Cache-Control") != "no-store" || h.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: %v", path, h)
		}
	}
	h := ask(t, d, "GET", "/file", nil).Header()
	if !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || d.events[len(d.events)-1].Action != "page.export" {
		t.Errorf("a file: %v", h)
	}
}

func TestSitesThatAreNotWholeAreNotMade(t *testing.T) {
	serve := func(*Request) (Answer, error) { return Answer{}, nil }
	tests := map[string][]Area{
		"without a deed":  {{Routes: []Route{{Pattern: "GET /x", Serve: serve}}}},
		"open and a deed": {{Routes: []Route{{Pattern: "GET /x", Serve: serve, Open: true, Deed: access.Enter}}}},
		"no handler":      {{Routes: []Route{{Pattern: "GET /x", Open: true}}}},
		"no method":       {{Routes: []Route{{Pattern: "/x", Open: true, Serve: serve}}}},
		"twice a page":    {{Templates: pages}, {Templates: pages}},
	}
	at, _ := url.Parse("https://orders.example")
	c := Config{Auditor: &door{}, Gate: &door{}, Now: time.Now, Zone: time.UTC, Log: slog.Default(), URL: at}
	for name, areas := range tests {
		if _, err := New(c, areas...); err == nil {
			t.Errorf("%s: made", name)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a site without a gate is made")
	}
}

func TestStaticFilesAreKeptByBrowsers(t *testing.T) {
	d := &door{visitor: clerk()}
	page := ask(t, d, "GET", "/", nil).Body.String()
	_, rest, _ := strings.Cut(page, `<link rel="stylesheet" href="`)
	sheet, _, _ := strings.Cut(rest, `"`)
	w := ask(t, &door{err: ErrNobody}, "GET", sheet, nil)
	if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("%s: %d %v", sheet, w.Code, w.Header())
	}
	for _, path := range []string{"../site.css", "nothing.css", ""} {
		if w := ask(t, d, "GET", sheet[:strings.LastIndex(sheet, "/")+1]+path, nil); w.Code == 200 {
			t.Errorf("%q is given out", path)
		}
	}
}

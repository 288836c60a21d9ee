package site

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"ccpor/access"
	"ccpor/store"
)

// The most bytes of a form, and of one with a file.
const (
	maxForm   = 64 << 10
	maxUpload = 1 << 20
)

// handler is a route with everything around it.
func (s *Site) handler(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := &Request{Request: hr, Now: s.config.Now(), W: w, deed: route.Deed, zone: s.config.Zone}
		var err error
		r.Visitor, err = s.config.Gate.Who(hr)
		if !route.Open && s.sentAway(w, r, err) {
			return
		}
		if err != nil && !errors.Is(err, ErrNobody) && !errors.Is(err, ErrLocked) {
			s.fail(w, r, err)
			return
		}
		if err != nil {
			r.Visitor = Visitor{}
		}
		answer, err := s.answer(route, r)
		if err != nil {
			s.refuse(w, r, route, err)
			return
		}
		s.send(w, r, route, answer)
	})
}

// sentAway sends to the door who has not signed in, or was away for too long.
func (s *Site) sentAway(w http.ResponseWriter, r *Request, err error) bool {
	door := ""
	switch {
	case errors.Is(err, ErrNobody):
		door = "/signin"
	case errors.Is(err, ErrLocked):
		door = "/signin/unlock"
	default:
		return false
	}
	if r.Method == http.MethodGet && r.URL.Path != "/" {
		door += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	http.Redirect(w, r.Request, door, http.StatusSeeOther)
	return true
}

func (s *Site) answer(route Route, r *Request) (Answer, error) {
	if !route.Open {
		if r.Scope = r.Visitor.May(route.Deed, r.Today()); r.Scope == access.Nobodys {
			return Answer{}, Forbidden()
		}
	}
	if route.Raw != nil {
		return Answer{Object: "page " + r.URL.Path}, nil
	}
	if err := r.readForm(); err != nil {
		return Answer{}, err
	}
	return route.Serve(r)
}

// readForm reads what was sent, of bounded size.
func (r *Request) readForm() error {
	if r.Method != http.MethodPost {
		return nil
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	most, read := int64(maxForm), r.ParseForm
	if kind == "multipart/form-data" {
		most, read = maxUpload, func() error { return r.ParseMultipartForm(maxUpload) }
	}
	r.Body = http.MaxBytesReader(r.W, r.Body, most)
	if err := read(); err != nil {
		return Bad("The form could not be read", "It is too long, or was not sent from our page. Open the page again and fill it in once more.")
	}
	return nil
}

// send puts the answer on record, and then gives it out.
func (s *Site) send(w http.ResponseWriter, r *Request, route Route, a Answer) {
	if recorded(route, r, a) {
		if err := s.record(r, a); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	switch {
	case route.Raw != nil:
		w.Header().Set("Content-Security-Policy", route.Policy)
		route.Raw.ServeHTTP(w, r.Request)
	case a.To != "":
		http.Redirect(w, r.Request, a.To, http.StatusSeeOther)
	case a.Elsewhere != "":
		http.Redirect(w, r.Request, a.Elsewhere, http.StatusSeeOther)
	case a.File != nil:
		s.give(w, *a.File)
	default:
		s.render(w, r, a)
	}
}

// recorded says that the site puts the answer on record. What a form has done is on record already, in the transaction that did it, and what is open says itself what is.
func recorded(route Route, r *Request, a Answer) bool {
	done := r.Method == http.MethodPost && (a.To != "" || a.Elsewhere != "")
	return a.Action != "" || !route.Open && !done
}

// record writes the look to the audit log.
func (s *Site) record(r *Request, a Answer) error {
	action, outcome := "page.read", "shown"
	switch {
	case a.File != nil:
		action = "page.export"
	case r.Method == http.MethodPost:
		action, outcome = "page.act", "not done"
	}
	return s.config.Auditor.Audit(r.Context(), store.Event{At: r.Now, Actor: r.Visitor.Actor(), Person: r.Visitor.ID, Agency: r.Visitor.Asker.Agency,
		Action: cmp.Or(a.Action, action), Object: cmp.Or(a.Object, "page "+r.URL.Path), Outcome: cmp.Or(a.Outcome, outcome), Purpose: a.Purpose, Details: a.Details})
}

func (s *Site) give(w http.ResponseWriter, f File) {
	how := "attachment"
	if f.Inline {
		how = "inline"
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'")
	h.Set("Content-Type", f.Media)
	h.Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": f.Name}))
	h.Set("Content-Length", fmt.Sprint(len(f.Content)))
	if f.Keep > 0 {
		h.Set("Cache-Control", fmt.Sprintf("private, max-age=%d", int(f.Keep.Seconds())))
	}
	_, _ = w.Write(f.Content) // who has gone away needs no answer
}

// refuse shows why nothing is shown, and puts the refusal of a person on record.
func (s *Site) refuse(w http.ResponseWriter, r *Request, route Route, err error) {
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		s.fail(w, r, err)
		return
	}
	if r.Visitor.ID != 0 {
		e := store.Event{At: r.Now, Actor: r.Visitor.Actor(), Person: r.Visitor.ID, Agency: r.Visitor.Asker.Agency, Action: "page.refuse",
			Object: cmp.Or(refusal.Object, "page "+loggable(r.URL.Path)), Outcome: cmp.Or(refusal.Outcome, "refused"), Details: string(route.Deed)}
		if err := s.config.Auditor.Audit(r.Context(), e); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	s.render(w, r, Answer{Page: "refusal", Title: refusal.Title, Data: refusal, Status: refusal.Status})
}

// loggable is an address as it goes on record: a stranger's text is not kept at any length.
func loggable(path string) string { return path[:min(len(path), 200)] }

// fail says that it is not the visitor's fault.
func (s *Site) fail(w http.ResponseWriter, r *Request, err error) {
	s.config.Log.ErrorContext(r.Context(), "page not shown", "page", pattern(r.Request), "error", err)
	s.render(w, r, Answer{Page: "refusal", Title: "The exchange cannot answer now", Status: http.StatusServiceUnavailable,
		Data: &Refusal{Text: "Nothing is lost. Try again in a minute; if that does not help, tell the operator of this exchange."}})
}

// pattern is the address without what a visitor typed into it.
func pattern(r *http.Request) string { return r.Pattern }

// foreign answers what another site's page had a browser send.
func (s *Site) foreign(w http.ResponseWriter, hr *http.Request) {
	r := &Request{Request: hr, Now: s.config.Now(), W: w, zone: s.config.Zone}
	s.render(w, r, Answer{Page: "refusal", Title: "This form was not sent from our pages", Status: http.StatusForbidden,
		Data: &Refusal{Text: "Another site had your browser send it, and nothing was done. If you meant to do it, open the page here and send the form from there."}})
}

// frame is what the layout shows around a page.
type frame struct {
	Title   string
	Body    template.HTML
	Visitor *Visitor
	Nav     []navLink
	Notices []Notice
	Band    string
	Assets  string
	Script  string
	Theme   string
	Size    string
	Printed string
	// Above are the pages that this one belongs under, from the top.
	Above []Link
	// Looks are what can be chosen.
	Looks []setting
}

type navLink struct {
	Link
	// Here says that the page is of this part.
	Here bool
}

// render writes a whole page or none.
func (s *Site) render(w http.ResponseWriter, r *Request, a Answer) {
	var body, page bytes.Buffer
	set := s.pages[a.Page]
	if set == nil {
		s.broken(w, a.Page, errors.New("there is no such page"))
		return
	}
	if err := set.ExecuteTemplate(&body, a.Page, a.Data); err != nil {
		s.broken(w, a.Page, err)
		return
	}
	f := s.frame(r, a)
	f.Body = template.HTML(body.String()) // made by html/template itself
	if err := s.layout.ExecuteTemplate(&page, "layout", f); err != nil {
		s.broken(w, "layout", err)
		return
	}
	if a.Script != "" {
		w.Header().Set("Content-Security-Policy", policy+"; script-src 'self'; connect-src 'self'")
	}
	if a.Refresh > 0 {
		w.Header().Set("Refresh", fmt.Sprintf("%d; url=%s", a.Refresh, again(r.URL)))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(cmp.Or(a.Status, http.StatusOK))
	_, _ = page.WriteTo(w) // who has gone away needs no answer
}

// again is the address under which a page loads itself anew: a Gate can tell that nobody asked for it.
func again(u *url.URL) string {
	q := u.Query()
	q.Set("again", "1")
	return u.EscapedPath() + "?" + q.Encode()
}

func (s *Site) broken(w http.ResponseWriter, page string, err error) {
	s.config.Log.Error("page not made", "page", page, "error", err)
	http.Error(w, "The page could not be made. The operator of this exchange can see why.", http.StatusInternalServerError)
}

func (s *Site) frame(r *Request, a Answer) frame {
	f := frame{Title: a.Title, Band: s.config.Band, Assets: strings.TrimSuffix(s.files.path, "/"), Script: a.Script, Theme: themeOf(r.Request), Size: sizeOf(r.Request), Notices: s.notices(r),
		Above: a.Above, Looks: settings(r.Request)}
	if r.Visitor.ID == 0 {
		return f
	}
	f.Visitor = &r.Visitor
	f.Printed = "Printed by " + r.Visitor.Name + ", " + r.Visitor.Agency + ", " + s.when(r.Now)
	f.Nav = s.linksFor(r, a.Above)
	return f
}

// notices are those for everybody and those for the visitor. They are left out where they cannot be read: a page about an order is worth more.
func (s *Site) notices(r *Request) (all []Notice) {
	sources := s.told
	if r.Visitor.ID == 0 {
		sources = nil
	}
	if s.config.Notices != nil {
		sources = append([]func(*Request) ([]Notice, error){func(r *Request) ([]Notice, error) { return s.config.Notices(r.Context()) }}, sources...)
	}
	for _, source := range sources {
		n, err := source(r)
		if err != nil {
			s.config.Log.WarnContext(r.Context(), "announcements not read", "error", err)
		}
		all = append(all, n...)
	}
	return all
}

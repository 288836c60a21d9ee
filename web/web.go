// Package web serves the pages for people, rendered on the server from a read-only view of the store.
//
// The pages of the queue show what is owed to CARPOS, and let a person act on it: only through Desk, one narrow interface that holds, releases, makes due, corrects
// and gives up, each with its own audit entry. An act takes two steps, a page that says what will happen and a form with the person's name.
//
// One page shows one submission: every stage with its time, what was wrong, what happens next and whose move it is. Pages need no
// script and load nothing from elsewhere. Every look at a submission is written to the audit log before the page is sent; where that
// fails, nothing is shown.
//
// Beside that the package writes nothing but audit entries. It decides nothing, and knows no session: until people can sign in it is to be served on
// loopback only, which whoever listens sees to, and a name is on record as it was typed. It refuses requests that a browser made for another site's page or under another
// host name, and shows neither names nor other contents of an order.
package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

//go:embed templates static
var files embed.FS

// Reader is what the pages read; *store.Reader is one.
type Reader interface {
	Status(ctx context.Context, t order.Tracking) (store.Status, error)
	Recent(ctx context.Context, limit int, before int64) ([]store.Summary, error)
	MessageReader
	Deadlines(ctx context.Context, q store.DeadlineQuery) ([]store.OwedBy, error)
	Alarms(ctx context.Context, cleared bool) ([]store.Alarm, error)
}

// Auditor keeps what was looked at; *store.Store is one.
type Auditor interface {
	Audit(ctx context.Context, e store.Event) error
}

// Pages is the handler of all pages.
type Pages struct {
	reader  Reader
	auditor Auditor
	now     func() time.Time
	zone    *time.Location
	log     *slog.Logger
	page    *template.Template
	warn    []float64   // shares of the time until a deadline, as store.Clock.Outlook takes them
	queue   QueueReader // nil: without the pages of the queue
	desk    Desk
	river   http.Handler // nil: not shown
}

// New returns the pages over a store. Times are shown in zone, the courts' own.
func New(reader Reader, auditor Auditor, zone *time.Location, now func() time.Time, log *slog.Logger) (*Pages, error) {
	p := &Pages{reader: reader, auditor: auditor, now: now, zone: zone, log: log, warn: []float64{0.5, 0.8}}
	var err error
	p.page, err = template.New("").Funcs(p.words()).ParseFS(files, "templates/*.html")
	return p, err
}

// Handler is the pages' routes behind their guards.
func (p *Pages) Handler() (http.Handler, error) {
	static, err := fs.Sub(files, "static")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.list)
	mux.HandleFunc("GET /submission", p.find)
	mux.HandleFunc("GET /submission/{tracking}", p.submission)
	p.messageRoutes(mux)
	mux.HandleFunc("GET /deadlines", p.deadlines)
	p.queueRoutes(mux)
	p.riverRoutes(mux)
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	return guard(http.NewCrossOriginProtection().Handler(mux)), nil
}

// guard sets the headers that bind browsers, and refuses a host name that is not this machine's: a page of another site that
// points its own name at loopback gets nothing.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if !localHost(r.Host) {
			http.Error(w, "This page is served on its own machine only.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func localHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

const perPage = 50

func (p *Pages) list(w http.ResponseWriter, r *http.Request) {
	before := int64(0)
	if s := r.URL.Query().Get("before"); s != "" {
		var err error
		if before, err = strconv.ParseInt(s, 10, 64); err != nil || before < 1 {
			p.refuse(w, http.StatusBadRequest, "There is no such page", "The address is not one of this program's. Begin again with the newest submissions.")
			return
		}
	}
	rows, err := p.reader.Recent(r.Context(), perPage, before)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if !p.audited(w, r, "submissions") {
		return
	}
	v := listView{Rows: rows}
	if len(rows) == perPage {
		v.Older = rows[len(rows)-1].Number
	}
	p.render(w, http.StatusOK, "list", v)
}

type listView struct {
	Rows  []store.Summary
	Older int64
}

// find takes a tracking number as typed and goes to its page.
func (p *Pages) find(w http.ResponseWriter, r *http.Request) {
	t, err := order.ParseTracking(r.URL.Query().Get("tracking"))
	if err != nil {
		p.mistyped(w)
		return
	}
	http.Redirect(w, r, "/submission/"+string(t), http.StatusSeeOther)
}

func (p *Pages) mistyped(w http.ResponseWriter) {
	p.refuse(w, http.StatusBadRequest, "That is no tracking number", "A tracking number has ten letters and digits, as 7K4M-X2Q9-PC. Its last character checks the others, so one of them is probably mistyped.")
}

func (p *Pages) submission(w http.ResponseWriter, r *http.Request) {
	t, err := order.ParseTracking(r.PathValue("tracking"))
	if err != nil {
		p.mistyped(w)
		return
	}
	status, err := p.reader.Status(r.Context(), t)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		p.fail(w, r, err)
		return
	}
	if !p.audited(w, r, "submission "+string(t)) {
		return
	}
	if err != nil {
		p.refuse(w, http.StatusNotFound, "No submission has this number", "The number is well formed, but nothing was received under it here.")
		return
	}
	p.render(w, http.StatusOK, "submission", p.view(status))
}

// audited writes the look to the audit log; where that fails nothing may be shown.
func (p *Pages) audited(w http.ResponseWriter, r *http.Request, object string) bool {
	err := p.auditor.Audit(r.Context(), store.Event{At: p.now(), Actor: "loopback", Action: "page.read", Object: object, Outcome: "shown"})
	if err != nil {
		p.fail(w, r, err)
	}
	return err == nil
}

func (p *Pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	p.log.ErrorContext(r.Context(), "page not shown", "error", err)
	p.refuse(w, http.StatusServiceUnavailable, "The registry cannot be read now", "Nothing is lost by it. Try again in a minute; if it stays so, tell the operator of this exchange.")
}

type refusal struct{ Title, Text string }

func (p *Pages) refuse(w http.ResponseWriter, code int, title, text string) {
	p.render(w, code, "refusal", refusal{title, text})
}

// render writes a whole page or none.
func (p *Pages) render(w http.ResponseWriter, code int, name string, data any) {
	var b bytes.Buffer
	if err := p.page.ExecuteTemplate(&b, name, data); err != nil {
		p.log.Error("page not rendered", "page", name, "error", err)
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	if _, err := b.WriteTo(w); err != nil {
		p.log.Debug("page not delivered", "page", name, "error", err)
	}
}

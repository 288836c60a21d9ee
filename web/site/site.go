// Package site is the frame of all pages for people: it knows who comes, asks the tables of access whether that person may do what an address is for, puts every look and every
// refusal on record before anything is sent, and sets each page into one layout.
//
// A page is a Route that answers with an Answer or an error; what is said to browsers, what is written to the audit log and what happens without leave is decided here, once.
// It refuses routes without a deed, pages of requests that a browser made for another site's page or under another host name, and to show anything where the log cannot be written.
// Pages load nothing from elsewhere and have no inline script or style. It decides nothing about orders, and knows no passwords: a Gate says who comes.
package site

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/store"
)

// Auditor keeps what was looked at; *store.Store is one.
type Auditor interface {
	Audit(ctx context.Context, e store.Event) error
}

// Config is what a site needs.
type Config struct {
	Auditor Auditor
	Gate    Gate
	Now     func() time.Time
	// Zone is the courts' own: times are shown in it, and a day is one of its days.
	Zone *time.Location
	Log  *slog.Logger
	// URL is the address at which browsers reach the pages. Requests under another host name are refused.
	URL *url.URL
	// Band is said on top of every page that is not the real thing: a sandbox says that all its people are invented.
	Band string
	// Notices are announced on every page; nil: none.
	Notices func(ctx context.Context) ([]Notice, error)
}

// Notice is an announcement, as one of a maintenance window.
type Notice struct {
	// Urgent says that it is about now.
	Urgent bool
	Text   string
}

// Area is a group of pages that one package brings.
type Area struct {
	// Templates are *.html files; each page in them is defined by its name, and is what stands inside main under the heading.
	Templates fs.FS
	// Words are functions of the templates beside the site's own.
	Words template.FuncMap
	// Scripts are *.js files, for the few pages that cannot do without; nil: none.
	Scripts fs.FS
	Routes  []Route
	Nav     []Link
	// Notices are announced to one visitor, on every page; nil: none.
	Notices func(*Request) ([]Notice, error)
}

// Link leads to a page, for whoever may do its deed.
type Link struct {
	To, Name string
	// Says is what one does there, in a sentence, for the start page.
	Says string
	Deed access.Deed
}

// Route is one address and what happens there. Whoever may not do its deed about anything is refused before Serve is called.
type Route struct {
	// Pattern is as of http.ServeMux, with a method.
	Pattern string
	Deed    access.Deed
	// Open says that it is for whoever comes; the site then puts nothing on record but what the answer says.
	Open  bool
	Serve func(*Request) (Answer, error)
	// Raw answers instead of Serve, with its own Policy (Content-Security-Policy): pages of another's making.
	Raw    http.Handler
	Policy string
}

// Site is the pages of all areas.
type Site struct {
	config Config
	routes []Route
	nav    []Link
	files  *files
	layout *template.Template
	pages  map[string]*template.Template // by their names, each in its area's set
	told   []func(*Request) ([]Notice, error)
	wrap   []func(http.Handler) http.Handler
}

// New reads the areas' templates and routes; an error says what is not whole in them.
func New(c Config, areas ...Area) (*Site, error) {
	s := &Site{config: c, pages: map[string]*template.Template{}}
	if c.Auditor == nil || c.Gate == nil || c.Now == nil || c.Zone == nil || c.Log == nil || c.URL == nil {
		return nil, errors.New("a site needs auditor, gate, clock, zone, log and address")
	}
	var err error
	if s.files, err = newFiles(areas); err != nil {
		return nil, err
	}
	base, err := template.New("").Funcs(s.words()).ParseFS(own, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("the site's templates: %w", err)
	}
	s.layout = base
	start := Area{Routes: []Route{{Pattern: "GET /{$}", Deed: access.Enter, Serve: s.start}, {Pattern: "POST /look", Open: true, Serve: s.look}}}
	for _, a := range append([]Area{start}, areas...) {
		if err := s.add(base, a); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Site) add(base *template.Template, a Area) error {
	for _, r := range a.Routes {
		if err := r.check(); err != nil {
			return err
		}
	}
	s.routes, s.nav = append(s.routes, a.Routes...), append(s.nav, a.Nav...)
	if a.Notices != nil {
		s.told = append(s.told, a.Notices)
	}
	set, err := base.Clone()
	if err != nil {
		return err
	}
	if a.Templates != nil {
		if set, err = set.Funcs(a.Words).ParseFS(a.Templates, "*.html"); err != nil {
			return fmt.Errorf("templates of pages: %w", err)
		}
	}
	for _, t := range set.Templates() {
		switch {
		case base.Lookup(t.Name()) == nil && s.pages[t.Name()] != nil && t.Tree != nil:
			return fmt.Errorf("two areas have a page %q", t.Name())
		case s.pages[t.Name()] == nil:
			s.pages[t.Name()] = set
		}
	}
	return nil
}

func (r Route) check() error {
	_, path, ok := strings.Cut(r.Pattern, " ")
	switch {
	case !ok || !strings.HasPrefix(path, "/"):
		return fmt.Errorf("route %q: a pattern is a method and a path", r.Pattern)
	case r.Open == (r.Deed != ""):
		return fmt.Errorf("route %q: it is either open or for a deed", r.Pattern)
	case (r.Serve == nil) == (r.Raw == nil):
		return fmt.Errorf("route %q: it needs one handler", r.Pattern)
	}
	return nil
}

// start is the page on which everybody begins: what one may do here.
func (s *Site) start(r *Request) (Answer, error) {
	return Answer{Page: "start", Title: "Welcome, " + r.Visitor.Name, Data: s.linksFor(r, nil)}, nil
}

// linksFor are the ways that the visitor may go. The page is of the part under whose address it is, or that is named above it.
func (s *Site) linksFor(r *Request, above []Link) []navLink {
	var links []navLink
	for _, l := range s.nav {
		if r.May(l.Deed) {
			under := slices.ContainsFunc(above, func(a Link) bool { return a.To == l.To })
			links = append(links, navLink{l, under || r.URL.Path == l.To || strings.HasPrefix(r.URL.Path, strings.TrimSuffix(l.To, "/")+"/")})
		}
	}
	return links
}

// Routes are all addresses of all areas.
func (s *Site) Routes() []Route { return s.routes }

// Wrap puts a handler around the routes, inside of the guards: sessions.
func (s *Site) Wrap(w func(http.Handler) http.Handler) *Site {
	s.wrap = append(s.wrap, w)
	return s
}

// Handler is the site behind its guards.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.routes {
		mux.Handle(r.Pattern, s.handler(r))
	}
	mux.Handle("/", s.handler(Route{Open: true, Serve: noSuchPage}))
	var h http.Handler = mux
	for _, w := range s.wrap {
		h = w(h)
	}
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(s.foreign))
	outer := http.NewServeMux()
	outer.Handle("GET "+s.files.path, s.files)
	outer.Handle("/", cross.Handler(h))
	return s.guard(outer)
}

// Package web puts the areas of pages for people together over one store.
//
// It knows which areas there are, and nothing of what they do: site is the frame of each page, and the areas decide what is on it.
package web

import (
	"net/http"

	"ccpor/access"
	"ccpor/mapping/places"
	"ccpor/mapping/precedence"
	"ccpor/store"
	"ccpor/web/admin"
	"ccpor/web/board"
	"ccpor/web/carpos"
	"ccpor/web/helpdesk"
	"ccpor/web/records"
	"ccpor/web/signin"
	"ccpor/web/site"
)

// Config is what the pages need.
type Config struct {
	site.Config
	Store *store.Store
	// Signin are the pages on which people come in, and the gate; nil where the Gate is another.
	Signin *signin.Pages
	// Desk acts on what is owed to CARPOS, and Inquirer asks it.
	Desk     carpos.Desk
	Inquirer carpos.Inquirer
	// Listeners judge and try where agencies are told of changes.
	Listeners admin.Listeners
	// Law says which of several orders between two people counts.
	Law *precedence.Law
	// Warn are shares of the time until a deadline, as store.Clock.Outlook takes them.
	Warn []float64
	// River is River's own pages about the jobs, for reading only; nil: not shown.
	River http.Handler
}

// New is the site of all areas.
func New(c Config) (*site.Site, error) {
	register, err := places.Load()
	if err != nil {
		return nil, err
	}
	if c.Notices == nil {
		c.Notices = admin.Notices(c.Store, c.Zone, c.Now)
	}
	makers := []func() (site.Area, error){
		(&helpdesk.Pages{Reader: c.Store.Reader, Writer: c.Store, Zone: c.Zone, Warn: c.Warn}).Area,
		(&records.Pages{Reader: c.Store.Reader, Writer: c.Store, Zone: c.Zone, Law: c.Law}).Area,
		(&carpos.Pages{Reader: c.Store.Reader, Desk: c.Desk, Inquirer: c.Inquirer, Warn: c.Warn}).Area,
		(&admin.Pages{Store: c.Store, Places: register, Listeners: c.Listeners, Zone: c.Zone}).Area,
		(&board.Pages{Reader: c.Store.Reader, Zone: c.Zone, Jobs: c.River != nil}).Area,
		func() (site.Area, error) { return jobs(c.River), nil },
	}
	if c.Signin != nil {
		makers, c.Gate = append(makers, c.Signin.Area), c.Signin
	}
	var areas []site.Area
	for _, made := range makers {
		a, err := made()
		if err != nil {
			return nil, err
		}
		areas = append(areas, a)
	}
	s, err := site.New(c.Config, areas...)
	if err == nil && c.Signin != nil {
		s.Wrap(c.Signin.Sessions.Wrap)
	}
	return s, err
}

// riverPolicy is what River's pages need beyond ours: they are one script, which styles what it draws.
const riverPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// jobs are River's own pages, for reading only: what people do there would be on no record, and a job that says what follows an order must not be deleted.
func jobs(h http.Handler) site.Area {
	if h == nil {
		return site.Area{}
	}
	return site.Area{
		Routes: []site.Route{{Pattern: "GET /river/", Deed: access.SeeJobs, Raw: h, Policy: riverPolicy}},
		Nav:    []site.Link{{To: "/river/", Name: "Jobs", Says: "The work that goes on behind the exchange, for reading.", Deed: access.SeeJobs}},
	}
}

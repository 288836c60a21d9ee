// Package admin holds the pages of administration: agencies and how they come aboard, their certificates, contacts, closures, callback, limits and people, and maintenance windows.
//
// An administrator of an agency sees to its people, contacts, closures and callback; the operator's system administrators see to all agencies, and alone to certificates, grants, limits and windows.
// Every act is one method of the store, which puts it on record with the person in the same transaction. Agencies and people of others are for a visitor as if there were none.
//
// It refuses certificates that package sig would not trust, and says why before anything is kept; roles for which the agency cannot vouch; and that anybody changes, ends or renews their own access.
package admin

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/mapping/places"
	"ccpor/store"
	"ccpor/web/site"
)

//go:embed templates
var files embed.FS

// Store is what the pages read and change; *store.Store is one.
type Store interface {
	Agencies(ctx context.Context) ([]store.Agency, error)
	AgencyByORI(ctx context.Context, ori order.ORI) (store.Agency, error)
	ChangeAgency(ctx context.Context, ori order.ORI, by store.By, now time.Time, change func(a *store.Agency, isNew bool) error) (store.Agency, error)
	SetGrants(ctx context.Context, ori order.ORI, by store.By, now time.Time, granted bool, grants ...store.Grant) (store.Agency, error)
	SetLimits(ctx context.Context, ori order.ORI, l store.AgencyLimits, by store.By, now time.Time) (store.Agency, error)

	Certificates(ctx context.Context) ([]store.CertificateStatus, error)
	CertificatesOf(ctx context.Context, ori order.ORI) ([]store.CertificateStatus, error)
	Untrustable(ctx context.Context, t store.Trust) error
	TrustCertificate(ctx context.Context, t store.Trust, by store.By, now time.Time) error
	Revoke(ctx context.Context, ori order.ORI, fingerprint [32]byte, why string, by store.By, now time.Time) error

	ListenerOf(ctx context.Context, ori order.ORI) (store.ListenerStatus, error)
	SetListener(ctx context.Context, l store.Listener, by store.By, now time.Time) error
	EndPause(ctx context.Context, agency store.AgencyID) error

	ContactsOf(ctx context.Context, ori order.ORI) ([]store.Contact, error)
	AddContact(ctx context.Context, c store.Contact, by store.By, now time.Time) (store.Contact, error)
	RemoveContact(ctx context.Context, ori order.ORI, id store.ContactID, by store.By, now time.Time) error
	ClosuresOf(ctx context.Context, ori order.ORI, from order.Date) ([]store.Closure, error)
	CloseCourt(ctx context.Context, ori order.ORI, first, last order.Date, name string, by store.By, now time.Time) error
	OpenCourt(ctx context.Context, ori order.ORI, day order.Date, by store.By, now time.Time) error

	People(ctx context.Context, agency order.ORI) ([]store.Person, error)
	Person(ctx context.Context, id store.PersonID) (store.Person, error)
	InvitePerson(ctx context.Context, n store.NewPerson, by store.By, now time.Time) (store.Person, error)
	ChangePerson(ctx context.Context, id store.PersonID, by store.By, now time.Time, change func(p *store.Person)) (store.Person, error)
	DisablePerson(ctx context.Context, id store.PersonID, reason string, by store.By, now time.Time) error
	ReinvitePerson(ctx context.Context, id store.PersonID, by store.By, now time.Time) error
	UnlockPerson(ctx context.Context, id store.PersonID, by store.By, now time.Time) error
	WriteTo(ctx context.Context, id store.PersonID, kind store.LetterKind) error

	Windows(ctx context.Context, now time.Time) ([]store.Window, error)
	AddWindow(ctx context.Context, w store.Window, by store.By, now time.Time) (store.Window, error)
	RemoveWindow(ctx context.Context, id store.WindowID, by store.By, now time.Time) (store.Window, error)
}

// Listeners is how agencies' listeners are judged and tried.
type Listeners interface {
	// Check says in words why the hub would not tell anybody at an address.
	Check(url string) error
	// Try sends a notice that tells of nothing: whether it was confirmed, and what became of it in a sentence.
	Try(ctx context.Context, l store.Listener) (confirmed bool, meaning string)
}

// Pages are the pages over a store.
type Pages struct {
	Store     Store
	Places    *places.Register
	Listeners Listeners
	// Zone is the courts'.
	Zone *time.Location
}

// Area is the pages with their addresses. Everything that is done on a page is sent to the page's own address.
func (p *Pages) Area() (site.Area, error) {
	templates, err := fs.Sub(files, "templates")
	return site.Area{
		Templates: templates,
		Words: template.FuncMap{"kindWord": func(k access.Kind) string { return kindWords[k] }, "roleWord": func(r access.Role) string { return roleWords[r] },
			"contactWord": func(k store.ContactKind) string { return contactWords[k] }, "useWord": func(u store.Use) string { return useWords[u] },
			"list":  func(rows []personRow, agencies bool) listOfPeople { return listOfPeople{rows, agencies} },
			"boxed": func(boxes []roleBox, problem string) boxed { return boxed{boxes, problem} }},
		Routes: []site.Route{
			{Pattern: "GET /agencies", Deed: access.SeeAgency, Serve: p.agencies},
			{Pattern: "GET /agencies/new", Deed: access.ManageAgencies, Serve: p.newAgency},
			{Pattern: "POST /agencies/new", Deed: access.ManageAgencies, Serve: p.addAgency},
			{Pattern: "GET /agencies/{ori}", Deed: access.SeeAgency, Serve: p.agencyPage},
			{Pattern: "GET /agencies/{ori}/aboard", Deed: access.ManageAgencies, Serve: p.aboard},
			{Pattern: "GET /agencies/{ori}/edit", Deed: access.ManageAgencies, Serve: p.editAgency},
			{Pattern: "POST /agencies/{ori}/edit", Deed: access.ManageAgencies, Serve: p.changeAgency},
			{Pattern: "GET /agencies/{ori}/rights", Deed: access.ManageAgencies, Serve: p.rights},
			{Pattern: "POST /agencies/{ori}/rights", Deed: access.ManageAgencies, Serve: p.setRights},
			{Pattern: "GET /agencies/{ori}/certificates", Deed: access.ManageAgencies, Serve: p.certificates},
			{Pattern: "POST /agencies/{ori}/certificates", Deed: access.ManageAgencies, Serve: p.actOnCertificates},
			{Pattern: "GET /agencies/{ori}/contacts", Deed: access.ContactAgency, Serve: p.contacts},
			{Pattern: "POST /agencies/{ori}/contacts", Deed: access.ContactAgency, Serve: p.actOnContacts},
			{Pattern: "GET /agencies/{ori}/closures", Deed: access.ContactAgency, Serve: p.closures},
			{Pattern: "POST /agencies/{ori}/closures", Deed: access.ContactAgency, Serve: p.actOnClosures},
			{Pattern: "GET /agencies/{ori}/callback", Deed: access.ContactAgency, Serve: p.callback},
			{Pattern: "POST /agencies/{ori}/callback", Deed: access.ContactAgency, Serve: p.actOnCallback},
			{Pattern: "GET /agencies/{ori}/people", Deed: access.ManagePeople, Serve: p.peopleOf},
			{Pattern: "POST /agencies/{ori}/people", Deed: access.ManagePeople, Serve: p.invite},
			{Pattern: "GET /people", Deed: access.ManagePeople, Serve: p.people},
			{Pattern: "GET /people/{id}", Deed: access.ManagePeople, Serve: p.personPage},
			{Pattern: "POST /people/{id}", Deed: access.ManagePeople, Serve: p.actOnPerson},
			{Pattern: "GET /windows", Deed: access.ManageWindows, Serve: p.windows},
			{Pattern: "POST /windows", Deed: access.ManageWindows, Serve: p.actOnWindows},
		},
		Nav: []site.Link{
			{To: "/agencies", Name: "Agencies", Says: "Whom to call, what an agency may do, its certificates and when they end.", Deed: access.SeeAgency},
			{To: "/people", Name: "People", Says: "Who may come in, and in which roles: invite, change, end.", Deed: access.ManagePeople},
			{To: "/windows", Name: "Maintenance", Says: "When the exchange may be away, and who is told.", Deed: access.ManageWindows},
		},
	}, err
}

// by is the visitor as acts are put on record.
func by(r *site.Request) store.By {
	return store.By{Actor: r.Visitor.Actor(), Person: r.Visitor.ID, Agency: r.Visitor.Asker.Agency}
}

// noAgency is the answer about an agency that there is not, or that is not for the visitor.
func noAgency() error {
	return site.NotFound("There is no such agency", "No agency is registered under this ORI. The list of agencies has all that you may see.")
}

// agency is the agency of the address, where the visitor may do the route's deed about it.
func (p *Pages) agency(r *site.Request) (store.Agency, error) {
	ori, err := order.ParseORI(r.PathValue("ori"))
	if err != nil {
		return store.Agency{}, noAgency()
	}
	if err := r.About(ori, noAgency()); err != nil {
		return store.Agency{}, err
	}
	a, err := p.Store.AgencyByORI(r.Context(), ori)
	if errors.Is(err, store.ErrNotFound) {
		return a, noAgency()
	}
	return a, err
}

// wrong are what is wrong with what was typed, by field.
type wrong map[string]string

// wrongWith are the problems of input in an error of the store; false: it is an error of another kind.
func wrongWith(err error) (wrong, bool) {
	w := wrong{}
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, e := range all {
		var input *store.InputError
		if errors.As(e, &input) && w[input.Part] == "" {
			w[input.Part] = input.Why
		}
	}
	return w, len(w) > 0
}

// again is a page that comes back with what is wrong in its form.
const again = http.StatusUnprocessableEntity

// typed is a field of the form, without the blanks around it.
func typed(r *site.Request, name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }

// notAnAct is the answer to a form that no page sends.
func notAnAct() error {
	return site.Bad("Nothing was done", "The form does not say what is to be done. Open the page again and choose there.")
}

// moved is the answer to an act on what is not there any more.
func moved(to string) error {
	return site.Conflict("Nothing was done", "What it was about is not there any more: somebody else may have been faster. Open "+to+" again.")
}

var kindWords = map[access.Kind]string{access.KindCourt: "Superior court", access.KindTribalCourt: "Tribal court", access.KindLawEnforcement: "Law enforcement", access.KindHelpDesk: "Help desk of the exchange",
	access.KindOperator: "Operator of the exchange"}

var roleWords = map[access.Role]string{access.JudicialOfficer: "Judicial officer", access.CourtClerk: "Court clerk", access.LawEnforcement: "Law enforcement", access.HelpDesk: "Help desk",
	access.AgencyAdministrator: "Agency administrator", access.IntegrationEngineer: "Integration engineer", access.Auditor: "Auditor", access.SystemAdministrator: "System administrator"}

var contactWords = map[store.ContactKind]string{store.ContactOffice: "Office", store.ContactTechnical: "Technical", store.ContactConfirmation: "Hit confirmation, around the clock",
	store.ContactHelpDesk: "Its own help desk"}

var useWords = map[store.Use]string{store.UseTLS: "Connection (TLS)", store.UseSigning: "Signing packages"}

// choices are some words with their names.
func choices[T ~string](all []T, names map[T]string) []site.Choice {
	var c []site.Choice
	for _, x := range all {
		c = append(c, site.Choice{Value: string(x), Name: names[x]})
	}
	return c
}

// agenciesLink is what an agency's page is under, over what its other pages are under.
func agenciesLink() []site.Link { return []site.Link{{To: "/agencies", Name: "Agencies"}} }

func over(a store.Agency) []site.Link {
	return append(agenciesLink(), site.Link{To: "/agencies/" + string(a.ORI), Name: a.Name})
}

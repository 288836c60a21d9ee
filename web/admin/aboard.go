package admin

import (
	"slices"

	"ccpor/access"
	"ccpor/store"
	"ccpor/web/site"
)

// step is one of those by which an agency comes aboard.
type step struct {
	Name string
	// Says is what is missing, or what there is.
	Says string
	Done bool
	// To is where it is done; empty where nothing is to be done.
	To string
	// Now says that it is the first that is open.
	Now bool
}

type steps []step

// Open says that a step is left.
func (s steps) Open() bool { return slices.ContainsFunc(s, func(s step) bool { return !s.Done }) }

// stepsOfNew are those of an agency that is not registered yet.
func stepsOfNew() steps {
	return steps{{Name: "Agency", Now: true}, {Name: "Certificates"}, {Name: "Contacts"}, {Name: "First administrator"}}
}

// steps are how far an agency is: each is judged by what there is, so that one may stop and go on, in any order.
func (p *Pages) steps(r *site.Request, a store.Agency) (steps, error) {
	certs, err := p.Store.CertificatesOf(r.Context(), a.ORI)
	if err != nil {
		return nil, err
	}
	contacts, err := p.Store.ContactsOf(r.Context(), a.ORI)
	if err != nil {
		return nil, err
	}
	people, err := p.Store.People(r.Context(), a.ORI)
	if err != nil {
		return nil, err
	}
	at := "/agencies/" + string(a.ORI)
	all := steps{
		{Name: "Agency", Says: "It is registered.", Done: true, To: at + "/edit"},
		certificateStep(r, a, certs, at+"/certificates"),
		{Name: "Contacts", Says: contactsSay(contacts), Done: len(contacts) > 0, To: at + "/contacts"},
		administratorStep(people, at+"/people"),
	}
	if i := slices.IndexFunc(all, func(s step) bool { return !s.Done }); i >= 0 {
		all[i].Now = true
	}
	return all, nil
}

// certificateStep asks for a certificate for the connection, and one to sign with where the agency may send.
func certificateStep(r *site.Request, a store.Agency, certs []store.CertificateStatus, to string) step {
	if a.Kind.Central() {
		return step{Name: "Certificates", Says: "The exchange's own agencies need none: their people use these pages.", Done: true}
	}
	has := func(u store.Use) bool {
		return slices.ContainsFunc(certs, func(c store.CertificateStatus) bool { return c.Use == u && c.State(r.Now) == "valid" })
	}
	s := step{Name: "Certificates", To: to, Done: has(store.UseTLS) && (has(store.UseSigning) || !a.Granted(store.GrantSubmit))}
	switch {
	case s.Done:
		s.Says = "Certificates are in force."
	case !has(store.UseTLS):
		s.Says = "A certificate for the connection is missing."
	default:
		s.Says = "A certificate for signing packages is missing."
	}
	return s
}

func contactsSay(contacts []store.Contact) string {
	if len(contacts) == 0 {
		return "Nobody is named whom the help desk or an officer could call."
	}
	return "Somebody can be called."
}

func administratorStep(people []store.Person, to string) step {
	s := step{Name: "First administrator", To: to, Says: "Nobody sees to its people yet. Invite the first administrator, who invites all others."}
	for _, p := range people {
		if slices.Contains(p.Roles, access.AgencyAdministrator) && p.State != store.PersonDisabled {
			s.Done, s.Says = true, "An administrator is invited."
			if p.State == store.PersonActive {
				s.Says = "It has an administrator."
				return s
			}
		}
	}
	return s
}

type aboardView struct {
	store.Agency
	Steps steps
}

// aboard says what is left until an agency can work.
func (p *Pages) aboard(r *site.Request) (site.Answer, error) {
	a, err := p.agency(r)
	if err != nil {
		return site.Answer{}, err
	}
	s, err := p.steps(r, a)
	return site.Answer{Page: "aboard", Title: "Bringing aboard: " + a.Name, Above: over(a), Data: aboardView{a, s}, Object: "agency " + string(a.ORI)}, err
}

// onward is where an act on an agency leads: on with coming aboard while that is not over, else back to the page.
func (p *Pages) onward(r *site.Request, a store.Agency, page string) (string, error) {
	at := "/agencies/" + string(a.ORI)
	if !r.MayAbout(access.ManageAgencies, a.ORI) {
		return at + page, nil
	}
	s, err := p.steps(r, a)
	if err == nil && s.Open() {
		return at + "/aboard", nil
	}
	return at + page, err
}

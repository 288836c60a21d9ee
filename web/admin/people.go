package admin

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// stateWords say how a person stands.
var stateWords = map[store.PersonState]string{store.PersonInvited: "invited, has not accepted", store.PersonActive: "may sign in", store.PersonDisabled: "access ended"}

// personRow is a person in a list.
type personRow struct {
	store.Person
	Stands string
	Locked bool
	Roles  []string
	// Lapsed says that the CLETS certification has ended.
	Lapsed bool
}

func (p *Pages) rowOf(r *site.Request, x store.Person) personRow {
	row := personRow{Person: x, Stands: stateWords[x.State], Locked: x.Locked(r.Now), Lapsed: x.CertifiedUntil != nil && x.CertifiedUntil.Before(r.Today())}
	for _, role := range x.Roles {
		row.Roles = append(row.Roles, roleWords[role])
	}
	return row
}

// listOfPeople is what the table of people is made of; Agencies says that it has a column of them.
type listOfPeople struct {
	Rows     []personRow
	Agencies bool
}

// boxed are roles to tick, with what is wrong with what was ticked.
type boxed struct {
	Boxes   []roleBox
	Problem string
}

// mostRows bounds a list of people: who looks for somebody types more of the name.
const mostRows = 200

type peopleView struct {
	Rows []personRow
	// Asked is the text that was looked for, More says that there are more people than are shown.
	Asked string
	More  bool
}

// people lists those of all agencies. Who sees to one agency only is led to it.
func (p *Pages) people(r *site.Request) (site.Answer, error) {
	if r.Scope == access.Own {
		return site.Answer{To: "/agencies/" + string(r.Visitor.Asker.Agency) + "/people"}, nil
	}
	all, err := p.Store.People(r.Context(), "")
	if err != nil {
		return site.Answer{}, err
	}
	v := peopleView{Asked: strings.TrimSpace(r.URL.Query().Get("q"))}
	for _, x := range all {
		if !contains(x, v.Asked) {
			continue
		}
		if len(v.Rows) == mostRows {
			v.More = true
			break
		}
		v.Rows = append(v.Rows, p.rowOf(r, x))
	}
	return site.Answer{Page: "people", Title: "People", Data: v, Object: "people"}, nil
}

// contains says that the text is in the person's name, address or agency.
func contains(x store.Person, text string) bool {
	return strings.Contains(strings.ToLower(strings.Join([]string{x.Name, x.Login, x.AgencyName, string(x.AgencyORI)}, "\n")), strings.ToLower(text))
}

// personForm is what is typed about a person.
type personForm struct {
	Name, Login, Certified string
	Roles                  []string
	Sealed                 bool
}

// roleBox is a role as a box to tick. Kept says that the visitor cannot give or take it.
type roleBox struct {
	Role      access.Role
	Name      string
	Has, Kept bool
}

type peopleOfView struct {
	store.Agency
	Rows  []personRow
	Form  personForm
	Roles []roleBox
	Wrong wrong
	Steps steps
}

func (p *Pages) peoplePage(r *site.Request, a store.Agency, f personForm, w wrong, status int) (site.Answer, error) {
	all, err := p.Store.People(r.Context(), a.ORI)
	if err != nil {
		return site.Answer{}, err
	}
	v := peopleOfView{Agency: a, Form: f, Roles: boxes(r, a.Kind, f.Roles), Wrong: w}
	for _, x := range all {
		v.Rows = append(v.Rows, p.rowOf(r, x))
	}
	if v.Steps, err = p.stepsFor(r, a); err != nil {
		return site.Answer{}, err
	}
	return site.Answer{Page: "agency-people", Title: "People of " + a.Name, Above: over(a), Data: v, Status: status, Object: "people of " + string(a.ORI)}, nil
}

// mayGive says that the visitor may give the role, and take it. Who sees to one agency only makes nobody a system administrator, not even at the operator: that role reaches everybody.
func mayGive(r *site.Request, role access.Role) bool {
	return role != access.SystemAdministrator || r.Scope == access.Everybody
}

// boxes are the roles for which an agency of the kind can vouch.
func boxes(r *site.Request, kind access.Kind, has []string) []roleBox {
	var all []roleBox
	for _, role := range access.Vouched(kind) {
		b := roleBox{role, roleWords[role], slices.Contains(has, string(role)), !mayGive(r, role)}
		if b.Kept && !b.Has {
			continue
		}
		all = append(all, b)
	}
	return all
}

func (p *Pages) peopleOf(r *site.Request) (site.Answer, error) {
	a, err := p.agency(r)
	if err != nil {
		return site.Answer{}, err
	}
	f := personForm{}
	if s, err := p.stepsFor(r, a); err == nil && len(s) > 0 && !s[len(s)-1].Done { // the first one is an administrator
		f.Roles = []string{string(access.AgencyAdministrator)}
	}
	return p.peoplePage(r, a, f, nil, 0)
}

func readPerson(r *site.Request) personForm {
	return personForm{Name: typed(r, "name"), Login: typed(r, "login"), Certified: typed(r, "certified"), Roles: r.PostForm["role"], Sealed: typed(r, "sealed") != ""}
}

// rolesOf are the roles that were ticked, where all can be: what the agency vouches for, and what the visitor may give. had are those that the person has.
func (f personForm) rolesOf(r *site.Request, kind access.Kind, had []access.Role, w wrong) []access.Role {
	var roles []access.Role
	for _, s := range f.Roles {
		role := access.Role(s)
		switch {
		case !slices.Contains(access.Vouched(kind), role):
			w["role"] = "An agency of this kind cannot vouch for one of these roles."
		case !slices.Contains(had, role) && !mayGive(r, role):
			w["role"] = "A system administrator is made by another one."
		case !slices.Contains(roles, role):
			roles = append(roles, role)
		}
	}
	for _, role := range had { // a role that the visitor cannot take stays
		if !mayGive(r, role) && !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	if len(roles) == 0 && w["role"] == "" {
		w["role"] = "A person has a role at least."
	}
	return roles
}

// certified reads the last day of a certification; nil: there is none.
func (f personForm) certified(w wrong) *order.Date {
	if f.Certified == "" {
		return nil
	}
	d, err := order.ParseDate(f.Certified)
	if err != nil {
		w["certified"] = "A day is written as 2027-06-30. Empty: the person is not certified."
		return nil
	}
	return &d
}

// invite adds a person and has the invitation written.
func (p *Pages) invite(r *site.Request) (site.Answer, error) {
	a, err := p.agency(r)
	if err != nil {
		return site.Answer{}, err
	}
	f, w := readPerson(r), wrong{}
	n := store.NewPerson{Agency: a.ORI, Login: f.Login, Name: f.Name, Sealed: f.Sealed, Roles: f.rolesOf(r, a.Kind, nil, w), CertifiedUntil: f.certified(w)}
	if !store.IsLine(f.Name, 1, 100) {
		w["name"] = "A name has 1 to 100 characters on one line."
	}
	if !store.IsAddress(f.Login) {
		w["login"] = "An e-mail address looks like maria.ortiz@court.example."
	}
	if len(w) > 0 {
		return p.peoplePage(r, a, f, w, again)
	}
	person, err := p.Store.InvitePerson(r.Context(), n, by(r), r.Now)
	switch {
	case errors.Is(err, store.ErrLoginTaken):
		w["login"] = "Somebody has this e-mail address already, here or at another agency. A person belongs to one agency."
		return p.peoplePage(r, a, f, w, again)
	case err != nil:
		return site.Answer{}, err
	}
	if err := p.Store.WriteTo(r.Context(), person.ID, store.LetterInvitation); err != nil {
		return site.Answer{}, err
	}
	return site.Answer{To: fmt.Sprintf("/people/%d", person.ID), Object: "person " + person.Login}, nil
}

func noPerson() error {
	return site.NotFound("There is no such person", "Nobody has this number. The list of people has all that you may see.")
}

// person is the person of the address, where the visitor may see to that person's agency.
func (p *Pages) person(r *site.Request) (store.Person, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return store.Person{}, noPerson()
	}
	x, err := p.Store.Person(r.Context(), store.PersonID(id))
	if errors.Is(err, store.ErrNotFound) {
		return x, noPerson()
	}
	if err != nil {
		return x, err
	}
	return x, r.About(x.AgencyORI, noPerson())
}

type personView struct {
	personRow
	Form  personForm
	Boxes []roleBox
	Wrong wrong
	// Was is what the form was filled in with: who was faster is told.
	Was string
	// Self says that it is the visitor, Above that the person has a role which the visitor cannot give: nothing can be done then.
	Self, Above bool
	// Court says that the agency's people may see sealed orders, where their roles do.
	Court  bool
	Reason string
}

func was(x store.Person) string {
	return fmt.Sprintf("%s|%s|%t|%s|%s", x.Name, x.Roles, x.Sealed, x.CertifiedUntil, x.State)
}

func (p *Pages) viewOf(r *site.Request, x store.Person) personView {
	f := personForm{Name: x.Name, Login: x.Login, Sealed: x.Sealed}
	if x.CertifiedUntil != nil {
		f.Certified = x.CertifiedUntil.String()
	}
	v := personView{personRow: p.rowOf(r, x), Was: was(x), Self: x.ID == r.Visitor.ID, Court: x.Kind == access.KindCourt || x.Kind == access.KindTribalCourt, Wrong: wrong{}}
	for _, role := range x.Roles {
		f.Roles = append(f.Roles, string(role))
		v.Above = v.Above || !mayGive(r, role)
	}
	v.Form, v.Boxes = f, boxes(r, x.Kind, f.Roles)
	return v
}

func personAnswer(v personView, status int) site.Answer {
	return site.Answer{Page: "person", Title: v.Person.Name, Above: []site.Link{{To: "/people", Name: "People"}}, Data: v, Status: status, Object: "person " + v.Login}
}

func (p *Pages) personPage(r *site.Request) (site.Answer, error) {
	x, err := p.person(r)
	if err != nil {
		return site.Answer{}, err
	}
	return personAnswer(p.viewOf(r, x), 0), nil
}

// actOnPerson changes what a person may do, ends or renews access, ends a lockout or has the invitation written again. Nobody does any of that to themselves.
func (p *Pages) actOnPerson(r *site.Request) (site.Answer, error) {
	x, err := p.person(r)
	if err != nil {
		return site.Answer{}, err
	}
	v := p.viewOf(r, x)
	switch {
	case v.Self:
		return site.Answer{}, &site.Refusal{Status: 409, Title: "Nothing was done", Text: "Nobody changes, ends or renews their own access: another administrator does.", Outcome: "forbidden", Object: "person " + x.Login}
	case v.Above:
		return site.Answer{}, &site.Refusal{Status: 409, Title: "Nothing was done", Text: "A system administrator's access is seen to by another system administrator.", Outcome: "forbidden", Object: "person " + x.Login}
	}
	switch typed(r, "do") {
	case "change":
		return p.changePerson(r, x, v)
	case "disable":
		return p.disablePerson(r, x, v)
	case "reinvite":
		if err = p.Store.ReinvitePerson(r.Context(), x.ID, by(r), r.Now); err == nil {
			err = p.Store.WriteTo(r.Context(), x.ID, store.LetterInvitation)
		}
	case "letter":
		if err = store.ErrPersonState; x.State == store.PersonInvited {
			err = p.Store.WriteTo(r.Context(), x.ID, store.LetterInvitation)
		}
	case "unlock":
		err = p.Store.UnlockPerson(r.Context(), x.ID, by(r), r.Now)
	default:
		err = notAnAct()
	}
	return donePerson(x, err)
}

// donePerson leads back to the person's page.
func donePerson(x store.Person, err error) (site.Answer, error) {
	if errors.Is(err, store.ErrPersonState) {
		return site.Answer{}, moved("the page of this person")
	}
	return site.Answer{To: fmt.Sprintf("/people/%d", x.ID), Object: "person " + x.Login}, err
}

func (p *Pages) changePerson(r *site.Request, x store.Person, v personView) (site.Answer, error) {
	if typed(r, "was") != v.Was {
		return site.Answer{}, moved("the page of this person")
	}
	f := readPerson(r)
	f.Login = x.Login
	roles, until := f.rolesOf(r, x.Kind, x.Roles, v.Wrong), f.certified(v.Wrong)
	if !store.IsLine(f.Name, 1, 100) {
		v.Wrong["name"] = "A name has 1 to 100 characters on one line."
	}
	if len(v.Wrong) > 0 {
		v.Form, v.Boxes = f, boxes(r, x.Kind, f.Roles)
		return personAnswer(v, again), nil
	}
	_, err := p.Store.ChangePerson(r.Context(), x.ID, by(r), r.Now, func(x *store.Person) {
		x.Name, x.Roles, x.Sealed, x.CertifiedUntil = f.Name, roles, f.Sealed, until
	})
	return donePerson(x, err)
}

func (p *Pages) disablePerson(r *site.Request, x store.Person, v personView) (site.Answer, error) {
	if v.Reason = typed(r, "reason"); !store.IsLine(v.Reason, 1, 200) {
		v.Wrong["reason"] = "Say why in 1 to 200 characters, without personal data."
		return personAnswer(v, again), nil
	}
	return donePerson(x, p.Store.DisablePerson(r.Context(), x.ID, v.Reason, by(r), r.Now))
}

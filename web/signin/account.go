package signin

import (
	"errors"
	"fmt"
	"strconv"

	"ccpor/identity"
	"ccpor/store"
	"ccpor/web/site"
)

// account is one's own account.
type account struct {
	Person   store.Person
	Passkeys []store.Passkey
	Wrong    string
}

func (p *Pages) account(r *site.Request) (site.Answer, error) { return p.showAccount(r, "") }

func (p *Pages) showAccount(r *site.Request, wrong string) (site.Answer, error) {
	person, err := p.Door.Store.Person(r.Context(), r.Visitor.ID)
	if err != nil {
		return site.Answer{}, err
	}
	v := account{Person: person, Wrong: wrong}
	v.Passkeys, err = p.Door.Store.Passkeys(r.Context(), person.ID)
	a := page("account", "Your account", v)
	a.Object = object(r)
	return a, err
}

func object(r *site.Request) string { return "person " + r.Visitor.Login }

// own is who has signed in, for changing what they prove themselves with: to prove themselves anew, where the last proof is some time ago.
func (p *Pages) own(r *site.Request, next string) (store.Person, *site.Answer, error) {
	if !p.Sessions.ProvedLately(r.Context()) {
		return store.Person{}, &site.Answer{To: "/signin/unlock?next=" + next}, nil
	}
	person, err := p.Door.Store.Person(r.Context(), r.Visitor.ID)
	if err == nil && person.Issuer != "" {
		err = site.Conflict("You sign in at your agency", "Your password and second factors are kept at your agency, and changed there.")
	}
	return person, nil, err
}

func (p *Pages) passwordPage(r *site.Request) (site.Answer, error) {
	person, away, err := p.own(r, "/account/password")
	if away != nil {
		return *away, err
	}
	return underAccount("password", "Change your password", chosen{Person: person, Least: identity.LeastPassword}), err
}

func (p *Pages) changePassword(r *site.Request) (site.Answer, error) {
	person, away, err := p.own(r, "/account/password")
	if away != nil || err != nil {
		return orNothing(away), err
	}
	problems, epoch := same(r), int64(0)
	if problems == nil {
		epoch, err = p.Door.ChangePassword(r.Context(), person.ID, r.PostForm.Get("old"), r.PostForm.Get("password"), p.from(r))
		if errors.Is(err, identity.ErrRefused) {
			problems, err = []string{"The old password is not right."}, nil
		} else if errors.Is(err, identity.ErrPace) {
			_, err = refused(err)
		} else {
			problems, err = unfit(err)
		}
	}
	if err != nil {
		return site.Answer{}, err
	}
	if problems != nil {
		return failed(underAccount("password", "Change your password", chosen{person, problems, identity.LeastPassword})), nil
	}
	return site.Answer{To: "/account"}, p.Sessions.Continue(r.Context(), epoch)
}

func orNothing(a *site.Answer) site.Answer {
	if a == nil {
		return site.Answer{}
	}
	return *a
}

func (p *Pages) newCodes(r *site.Request) (site.Answer, error) {
	person, away, err := p.own(r, "/account")
	if away != nil || err != nil {
		return orNothing(away), err
	}
	codes, err := p.Door.NewCodes(r.Context(), person)
	a := underAccount("codes", "Your recovery codes", codes)
	a.Object, a.Outcome = object(r), "done"
	return a, err
}

func (p *Pages) codePage(r *site.Request) (site.Answer, error) {
	person, away, err := p.own(r, "/account/code")
	if away != nil || err != nil {
		return orNothing(away), err
	}
	return p.offer(r, person, invited{chosen: chosen{Person: person}}, "code", "One-time codes")
}

func (p *Pages) confirmCode(r *site.Request) (site.Answer, error) {
	person, away, err := p.own(r, "/account/code")
	if away != nil || err != nil {
		return orNothing(away), err
	}
	wrong, err := refused(p.Door.ConfirmTOTP(r.Context(), person, r.PostForm.Get("code")))
	if err != nil {
		return site.Answer{}, err
	}
	if wrong != "" {
		a, err := p.offer(r, person, invited{chosen: chosen{Person: person}, Wrong: wrong}, "code", "One-time codes")
		return failed(a), err
	}
	return site.Answer{To: "/account"}, nil
}

func (p *Pages) dropCode(r *site.Request) (site.Answer, error) {
	person, away, err := p.own(r, "/account")
	if away != nil || err != nil {
		return orNothing(away), err
	}
	return p.dropped(r, p.Door.DropTOTP(r.Context(), person))
}

func (p *Pages) dropped(r *site.Request, err error) (site.Answer, error) {
	if errors.Is(err, identity.ErrLastFactor) {
		a, err := p.showAccount(r, "That is your last second factor, and you need at least one. Add another first.")
		return failed(a), err
	}
	if errors.Is(err, store.ErrNotFound) {
		err = site.NotFound("There is no such passkey", "It was removed already.")
	}
	return site.Answer{To: "/account"}, err
}

func (p *Pages) newPasskeyPage(r *site.Request) (site.Answer, error) { return p.askNewPasskey(r, "") }

func (p *Pages) askNewPasskey(r *site.Request, wrong string) (site.Answer, error) {
	person, away, err := p.own(r, "/account/passkey")
	if away != nil || err != nil {
		return orNothing(away), err
	}
	ask, err := p.Door.OfferPasskey(r.Context(), person)
	p.Sessions.Ask(r.Context(), ask)
	a := underAccount("newpasskey", "Add a passkey", form{Wrong: wrong, Person: person, Ask: ask})
	a.Script = script
	return a, err
}

func (p *Pages) addPasskey(r *site.Request) (site.Answer, error) {
	person, away, err := p.own(r, "/account/passkey")
	if away != nil || err != nil {
		return orNothing(away), err
	}
	wrong, err := refused(p.Door.AddPasskey(r.Context(), person, p.Sessions.Asked(r.Context()), r.PostForm.Get("answer"), r.PostForm.Get("name")))
	if err != nil {
		return site.Answer{}, err
	}
	if wrong != "" {
		a, err := p.askNewPasskey(r, wrong)
		return failed(a), err
	}
	return site.Answer{To: "/account"}, nil
}

func (p *Pages) dropPasskey(r *site.Request) (site.Answer, error) {
	person, away, err := p.own(r, "/account")
	if away != nil || err != nil {
		return orNothing(away), err
	}
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return site.Answer{}, fmt.Errorf("%w", site.NotFound("There is no such passkey", "The address is not one of this program's."))
	}
	return p.dropped(r, p.Door.DropPasskey(r.Context(), person, id))
}

// underAccount is a page that is reached from the page of one's account.
func underAccount(name, title string, data any) site.Answer {
	a := page(name, title, data)
	a.Above = []site.Link{{To: "/account", Name: "Your account"}}
	return a
}

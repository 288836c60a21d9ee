package signin

import (
	"encoding/base64"
	"errors"
	"html/template"

	"ccpor/identity"
	"ccpor/store"
	"ccpor/web/site"
)

func (p *Pages) forgottenPage(*site.Request) (site.Answer, error) {
	return page("forgotten", "Forgotten your password?", form{}), nil
}

// forgotten answers alike whether there is such a person or not.
func (p *Pages) forgotten(r *site.Request) (site.Answer, error) {
	if err := p.Door.Forgotten(r.Context(), r.PostForm.Get("login"), p.from(r)); err != nil {
		_, err = refused(err)
		return site.Answer{}, err
	}
	return page("sent", "Check your e-mail", form{Minutes: int(p.Door.Reset.Minutes())}), nil
}

// open keeps a link's token in the session, and takes it out of the address.
func (p *Pages) open(r *site.Request, purpose store.TokenPurpose, to string) (site.Answer, error) {
	return site.Answer{To: to}, p.Sessions.Open(r.Context(), r.PathValue("token"), purpose)
}

func (p *Pages) openReset(r *site.Request) (site.Answer, error) {
	return p.open(r, store.TokenReset, "/signin/reset")
}

func (p *Pages) openInvitation(r *site.Request) (site.Answer, error) {
	return p.open(r, store.TokenInvitation, "/signin/invitation")
}

// linked is for whom the link that was opened is good.
func (p *Pages) linked(r *site.Request, purpose store.TokenPurpose) (store.Person, string, error) {
	token := p.Sessions.Opened(r.Context(), purpose)
	person, err := p.Door.Token(r.Context(), token, purpose)
	return person, token, overdue(err)
}

func overdue(err error) error {
	if errors.Is(err, store.ErrToken) || errors.Is(err, store.ErrNotFound) {
		return site.NotFound("This link no longer works", "It was used already, a newer one was sent, or its time is over. For a new password, ask for another e-mail; for an invitation, ask the administrator of your agency.")
	}
	return err
}

func (p *Pages) resetPage(r *site.Request) (site.Answer, error) { return p.askReset(r, nil) }

func (p *Pages) askReset(r *site.Request, problems []string) (site.Answer, error) {
	person, _, err := p.linked(r, store.TokenReset)
	return page("reset", "A new password", chosen{Person: person, Problems: problems, Least: identity.LeastPassword}), err
}

// chosen is a page on which a password is chosen, with what is wrong with the one that was.
type chosen struct {
	Person   store.Person
	Problems []string
	Least    int
}

// unfit says what is wrong with a password.
func unfit(err error) ([]string, error) {
	var policy *identity.PolicyError
	if errors.As(err, &policy) {
		return policy.Problems, nil
	}
	return nil, overdue(err)
}

// same says whether a password was typed twice alike.
func same(r *site.Request) []string {
	if r.PostForm.Get("password") != r.PostForm.Get("repeated") {
		return []string{"The two are not the same."}
	}
	return nil
}

func (p *Pages) reset(r *site.Request) (site.Answer, error) {
	_, token, err := p.linked(r, store.TokenReset)
	if err != nil {
		return site.Answer{}, err
	}
	problems := same(r)
	if problems == nil {
		if problems, err = unfit(p.Door.ResetPassword(r.Context(), token, r.PostForm.Get("password"))); err != nil {
			return site.Answer{}, err
		}
	}
	if problems != nil {
		a, err := p.askReset(r, problems)
		return failed(a), err
	}
	return page("changed", "Your password has been changed", nil), p.Sessions.Drop(r.Context())
}

// invited is the page of an invitation: a password first, then a second factor.
type invited struct {
	chosen
	Wrong string
	QR    template.URL
	identity.Offer
	Ask identity.Challenge
}

func (p *Pages) invitation(r *site.Request) (site.Answer, error) { return p.askInvited(r, nil, "") }

func (p *Pages) askInvited(r *site.Request, problems []string, wrong string) (site.Answer, error) {
	person, _, err := p.linked(r, store.TokenInvitation)
	if err != nil {
		return site.Answer{}, err
	}
	if !p.Sessions.Banner(r.Context()) {
		return page("banner", "Before you come in", nil), nil
	}
	v := invited{chosen: chosen{person, problems, identity.LeastPassword}, Wrong: wrong}
	if !person.HasPassword {
		return page("invited", "Welcome: choose a password", v), nil
	}
	return p.offer(r, person, v, "enrol", "Welcome: a second factor")
}

// offer shows a secret for one-time codes, and asks for a passkey.
func (p *Pages) offer(r *site.Request, person store.Person, v invited, name, title string) (site.Answer, error) {
	var err error
	if v.Offer, err = p.Door.OfferTOTP(r.Context(), person); err != nil {
		return site.Answer{}, err
	}
	if v.Ask, err = p.Door.OfferPasskey(r.Context(), person); err != nil {
		return site.Answer{}, err
	}
	p.Sessions.Ask(r.Context(), v.Ask)
	v.QR = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(v.PNG)) // our own picture
	a := page(name, title, v)
	a.Script = script
	return a, nil
}

func (p *Pages) choosePassword(r *site.Request) (site.Answer, error) {
	_, token, err := p.linked(r, store.TokenInvitation)
	if err != nil {
		return site.Answer{}, err
	}
	problems := same(r)
	if problems == nil {
		if problems, err = unfit(p.Door.ChoosePassword(r.Context(), token, r.PostForm.Get("password"))); err != nil {
			return site.Answer{}, err
		}
	}
	if problems != nil {
		a, err := p.askInvited(r, problems, "")
		return failed(a), err
	}
	return site.Answer{To: "/signin/invitation"}, nil
}

func (p *Pages) confirmInvitedCode(r *site.Request) (site.Answer, error) {
	person, token, err := p.linked(r, store.TokenInvitation)
	if err != nil {
		return site.Answer{}, err
	}
	return p.accepted(r, token, p.Door.ConfirmTOTP(r.Context(), person, r.PostForm.Get("code")))
}

func (p *Pages) addInvitedPasskey(r *site.Request) (site.Answer, error) {
	person, token, err := p.linked(r, store.TokenInvitation)
	if err != nil {
		return site.Answer{}, err
	}
	return p.accepted(r, token, p.Door.AddPasskey(r.Context(), person, p.Sessions.Asked(r.Context()), r.PostForm.Get("answer"), r.PostForm.Get("name")))
}

// accepted ends an invitation: with the second factor the person is in, and sees the recovery codes once.
func (p *Pages) accepted(r *site.Request, token string, err error) (site.Answer, error) {
	if err != nil {
		wrong, err := refused(err)
		if err != nil {
			return site.Answer{}, err
		}
		a, err := p.askInvited(r, nil, wrong)
		return failed(a), err
	}
	if !p.Sessions.Banner(r.Context()) {
		return site.Answer{To: "/signin/invitation"}, nil
	}
	person, codes, err := p.Door.Accept(r.Context(), token, p.from(r))
	if err != nil {
		return site.Answer{}, overdue(err)
	}
	if err := p.Sessions.Begin(r.Context(), person); err != nil {
		return site.Answer{}, err
	}
	return page("codes", "Your recovery codes", codes), nil
}

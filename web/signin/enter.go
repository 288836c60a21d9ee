package signin

import (
	"errors"

	"ccpor/identity"
	"ccpor/store"
	"ccpor/web/site"
)

// begin is the door: first the banner, then the ways in.
func (p *Pages) begin(r *site.Request) (site.Answer, error) {
	if next := within(r.URL.Query().Get("next")); next != "" {
		p.Sessions.SetNext(r.Context(), next)
	}
	if r.Visitor.ID != 0 {
		return site.Answer{To: "/"}, nil
	}
	if !p.Sessions.Banner(r.Context()) {
		return page("banner", "Before you sign in", nil), nil
	}
	return p.signIn(r, "", "")
}

func (p *Pages) signIn(r *site.Request, login, wrong string) (site.Answer, error) {
	agencies, err := p.Federation.Agencies(r.Context())
	return page("signin", "Sign in", form{Login: login, Wrong: wrong, Agencies: len(agencies) > 0}), err
}

// acceptBanner takes the assent (CJIS Security Policy 6.0, AC-8).
func (p *Pages) acceptBanner(r *site.Request) (site.Answer, error) {
	p.Sessions.AcceptBanner(r.Context())
	if p.Sessions.Opened(r.Context(), store.TokenInvitation) != "" {
		return site.Answer{To: "/signin/invitation"}, nil
	}
	return site.Answer{To: "/signin"}, nil
}

func (p *Pages) password(r *site.Request) (site.Answer, error) {
	if !p.Sessions.Banner(r.Context()) {
		return site.Answer{To: "/signin"}, nil
	}
	login := r.PostForm.Get("login")
	person, err := p.Door.Password(r.Context(), login, r.PostForm.Get("password"), p.from(r))
	if err == nil {
		err = p.Sessions.Step(r.Context(), person)
	}
	if err == nil {
		return site.Answer{To: "/signin/second"}, nil
	}
	wrong, err := refused(err)
	if err != nil {
		return site.Answer{}, err
	}
	a, err := p.signIn(r, login, wrong)
	return failed(a), err
}

func (p *Pages) secondPage(r *site.Request) (site.Answer, error) { return p.askSecond(r, "") }

func (p *Pages) askSecond(r *site.Request, wrong string) (site.Answer, error) {
	person, err := p.Sessions.Stepped(r.Context())
	if errors.Is(err, identity.ErrNobody) {
		return site.Answer{To: "/signin"}, nil
	}
	return page("second", "Second factor", form{Wrong: wrong, Person: person}), err
}

func (p *Pages) second(r *site.Request) (site.Answer, error) {
	stepped, err := p.Sessions.Stepped(r.Context())
	if errors.Is(err, identity.ErrNobody) {
		return site.Answer{To: "/signin"}, nil
	}
	if err != nil {
		return site.Answer{}, err
	}
	kind, code := identity.SecondCode, r.PostForm.Get("code")
	if r.PostForm.Get("recovery") != "" {
		kind, code = identity.SecondRecovery, r.PostForm.Get("recovery")
	}
	person, err := p.Door.SecondFactor(r.Context(), stepped.ID, kind, code, p.from(r))
	if err == nil {
		return p.enter(r, p.Sessions.Begin(r.Context(), person))
	}
	wrong, err := refused(err)
	if err != nil {
		return site.Answer{}, err
	}
	a, err := p.askSecond(r, wrong)
	return failed(a), err
}

// enter leads who has just signed in to where they wanted to go.
func (p *Pages) enter(r *site.Request, err error) (site.Answer, error) {
	to := within(p.Sessions.Next(r.Context()))
	if to == "" {
		to = "/"
	}
	return site.Answer{To: to}, err
}

func (p *Pages) passkeyPage(r *site.Request) (site.Answer, error) {
	if !p.Sessions.Banner(r.Context()) {
		return site.Answer{To: "/signin"}, nil
	}
	return p.askPasskey(r, "")
}

func (p *Pages) askPasskey(r *site.Request, wrong string) (site.Answer, error) {
	ask, err := p.Door.AskPasskey()
	p.Sessions.Ask(r.Context(), ask)
	a := page("passkey", "Sign in with a passkey", form{Wrong: wrong, Ask: ask})
	a.Script = script
	return a, err
}

// script is the one that asks a browser for a passkey.
const script = "passkey.js"

func (p *Pages) passkey(r *site.Request) (site.Answer, error) {
	person, err := p.Door.SignInByPasskey(r.Context(), p.Sessions.Asked(r.Context()), r.PostForm.Get("answer"), p.from(r))
	if err == nil {
		return p.enter(r, p.Sessions.Begin(r.Context(), person))
	}
	wrong, err := refused(err)
	if err != nil {
		return site.Answer{}, err
	}
	a, err := p.askPasskey(r, wrong)
	return failed(a), err
}

func (p *Pages) signOut(r *site.Request) (site.Answer, error) {
	return site.Answer{To: "/signin"}, p.Sessions.End(r.Context())
}

// unlockPage asks who was away for too long, or is about to change what they prove themselves with, to prove themselves anew (CJIS Security Policy 6.0, AC-11, IA-11).
func (p *Pages) unlockPage(r *site.Request) (site.Answer, error) {
	if next := within(r.URL.Query().Get("next")); next != "" {
		p.Sessions.SetNext(r.Context(), next)
	}
	return p.askUnlock(r, "")
}

func (p *Pages) askUnlock(r *site.Request, wrong string) (site.Answer, error) {
	person, err := p.Sessions.Held(r.Context())
	if errors.Is(err, identity.ErrNobody) {
		return site.Answer{To: "/signin"}, nil
	}
	if err != nil {
		return site.Answer{}, err
	}
	v := form{Wrong: wrong, Person: person, Minutes: int(identity.Idle.Minutes())}
	a := page("unlock", "Is it still you?", nil)
	if person.Passkeys > 0 {
		if v.Ask, err = p.Door.AskPasskey(); err != nil {
			return site.Answer{}, err
		}
		p.Sessions.Ask(r.Context(), v.Ask)
		a.Script = script
	}
	a.Data = v
	return a, nil
}

func (p *Pages) unlock(r *site.Request) (site.Answer, error) {
	person, err := p.Sessions.Held(r.Context())
	if errors.Is(err, identity.ErrNobody) {
		return site.Answer{To: "/signin"}, nil
	}
	if err != nil {
		return site.Answer{}, err
	}
	return p.unlocked(r, p.Door.Unlock(r.Context(), person.ID, r.PostForm.Get("password"), p.from(r)))
}

func (p *Pages) unlockByPasskey(r *site.Request) (site.Answer, error) {
	person, err := p.Sessions.Held(r.Context())
	if errors.Is(err, identity.ErrNobody) {
		return site.Answer{To: "/signin"}, nil
	}
	if err != nil {
		return site.Answer{}, err
	}
	return p.unlocked(r, p.Door.UnlockByPasskey(r.Context(), person.ID, p.Sessions.Asked(r.Context()), r.PostForm.Get("answer"), p.from(r)))
}

func (p *Pages) unlocked(r *site.Request, err error) (site.Answer, error) {
	if err == nil {
		return p.enter(r, p.Sessions.Proved(r.Context()))
	}
	wrong, err := refused(err)
	if err != nil {
		return site.Answer{}, err
	}
	a, err := p.askUnlock(r, wrong)
	return failed(a), err
}

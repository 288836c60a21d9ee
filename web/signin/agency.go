package signin

import (
	"encoding/json"
	"errors"
	"net/http"

	"ccpor/identity"
	"ccpor/identity/federation"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// agencies lists those whose people sign in at a provider of their own.
func (p *Pages) agencies(r *site.Request) (site.Answer, error) {
	if !p.Sessions.Banner(r.Context()) {
		return site.Answer{To: "/signin"}, nil
	}
	oris, err := p.Federation.Agencies(r.Context())
	if err != nil {
		return site.Answer{}, err
	}
	var shown []store.Agency
	for _, ori := range oris {
		a, err := p.Door.Store.AgencyByORI(r.Context(), ori)
		if err != nil {
			return site.Answer{}, err
		}
		shown = append(shown, a)
	}
	return page("signin-agencies", "Sign in at your agency", shown), nil
}

// toAgency sends the browser to the agency's provider.
func (p *Pages) toAgency(r *site.Request) (site.Answer, error) {
	ori, err := order.ParseORI(r.PathValue("ori"))
	if err != nil || !p.Sessions.Banner(r.Context()) {
		return site.Answer{To: "/signin"}, nil
	}
	to, trip, err := p.Federation.Begin(r.Context(), ori)
	if errors.Is(err, federation.ErrNoProvider) {
		return site.Answer{}, noProvider()
	}
	if err != nil {
		return site.Answer{}, err
	}
	kept, err := json.Marshal(trip)
	p.Sessions.Travel(r.Context(), string(kept))
	return site.Answer{Elsewhere: to}, err
}

func noProvider() error {
	return site.NotFound("There is no such agency", "No agency of this ORI signs its people in at a provider of its own.")
}

// fromAgency takes the provider's answer, once.
func (p *Pages) fromAgency(r *site.Request) (site.Answer, error) {
	var trip federation.Trip
	if kept := p.Sessions.Travelled(r.Context()); kept != "" {
		if err := json.Unmarshal([]byte(kept), &trip); err != nil {
			return site.Answer{}, err
		}
	}
	named, err := p.Federation.Finish(r.Context(), trip, r.URL.Query())
	if err != nil {
		return site.Answer{}, p.notSignedIn(r, trip.Agency, err)
	}
	person, err := p.Door.Federated(r.Context(), named, p.from(r))
	if errors.Is(err, identity.ErrRefused) {
		return site.Answer{}, &site.Refusal{Status: http.StatusForbidden, Title: "You are not invited here", Text: "Your agency knows you, and this exchange does not yet, or not any more. Ask the administrator of your agency."}
	}
	if err != nil {
		_, err = refused(err)
		return site.Answer{}, err
	}
	return p.enter(r, p.Sessions.Begin(r.Context(), person))
}

// notSignedIn says why somebody was not signed in at an agency's provider, and puts it on record where a sign-in was under way. What was wrong with an answer is for the log.
func (p *Pages) notSignedIn(r *site.Request, agency order.ORI, err error) error {
	refusal, why := unsigned(err)
	if refusal == nil {
		return err
	}
	p.Door.Log.WarnContext(r.Context(), "an agency's provider has signed nobody in", "agency", agency, "error", err)
	if agency == "" {
		return refusal
	}
	if err := p.Door.Pace(p.from(r)); err != nil {
		_, err = refused(err)
		return err
	}
	if err := p.Door.TurnedAway(r.Context(), agency, why.Error(), p.from(r)); err != nil {
		return err
	}
	return refusal
}

// unsigned is the page about somebody who was not signed in, and the kind of reason; nil where the error is of another kind.
func unsigned(err error) (_ *site.Refusal, why error) {
	switch {
	case errors.Is(err, federation.ErrWeak):
		return &site.Refusal{Status: http.StatusForbidden, Title: "A second factor is needed", Text: "Your agency has signed you in without a second factor, or does not say so. Sign in there with one; if you did, your agency's administrators have to have it said (amr: mfa)."}, federation.ErrWeak
	case errors.Is(err, federation.ErrDenied):
		return &site.Refusal{Status: http.StatusForbidden, Title: "Your agency has not signed you in", Text: "Begin again, or ask the administrators of your agency."}, federation.ErrDenied
	case errors.Is(err, federation.ErrAnswer), errors.Is(err, federation.ErrNoProvider):
		return &site.Refusal{Status: http.StatusBadRequest, Title: "That sign-in cannot go on", Text: "It took too long, was begun in another window, or your agency's answer cannot be believed. Begin again; if it stays so, tell the help desk."}, federation.ErrAnswer
	}
	return nil, nil
}

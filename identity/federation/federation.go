// Package federation signs people in at their agency's own identity provider, by OpenID Connect: authorization code flow with PKCE (RFC 9700), state and nonce, each good once.
//
// It says whom the provider named and how strongly that person was known there; whether that person may come in is decided elsewhere (identity.Door.Federated). It refuses providers without https
// but on loopback, tokens of another issuer, audience, nonce or algorithm than asked for, answers of another provider than the one that was asked (RFC 9207), addresses that the provider
// has not verified or may not speak for, sign-ins without a second factor (amr holds no mfa, RFC 8176): AAL2 is required whoever proves it; and sign-ins of before, which a provider remembers in a browser
// (auth_time): whoever signs in here, or unlocks a session, proves it now. It keeps nothing but what providers say of themselves, and no token of theirs.
package federation

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"ccpor/mapping/order"
	"ccpor/store"
)

// Errors of signing in elsewhere.
var (
	// ErrNoProvider says that the agency has no identity provider here.
	ErrNoProvider = errors.New("the agency has no identity provider here")
	// ErrAnswer says that the provider's answer is not to what was asked, or not to be believed. What is wrong with it is for the log.
	ErrAnswer = errors.New("the identity provider's answer was not taken")
	// ErrDenied says that the provider has not signed the person in.
	ErrDenied = errors.New("the identity provider has not signed the person in")
	// ErrWeak says that the provider has not asked for a second factor.
	ErrWeak = errors.New("the identity provider says of no second factor")
)

// Providers are the agencies' identity providers; *store.Store is one.
type Providers interface {
	IdentityProviders(ctx context.Context) ([]store.IdentityProvider, error)
}

// Trip is a sign-in that is under way: kept in the browser's session, and good once.
type Trip struct {
	Agency                 order.ORI
	State, Nonce, Verifier string
	// Until is when it has been under way for too long.
	Until time.Time
}

// Person is whom a provider named.
type Person struct {
	Agency          order.ORI
	Issuer, Subject string
	// Login is the verified e-mail address, of a domain that the provider may speak for.
	Login string
}

// Federation is the way to the providers. It is safe for use by many goroutines.
type Federation struct {
	providers Providers
	back      string
	now       func() time.Time
	client    *http.Client

	mu    sync.Mutex
	known map[string]*oidc.Provider // by issuer
}

// Patience with a provider, how long a person may take there, and how far its clock may be behind ours.
const (
	patience = 10 * time.Second
	longest  = 10 * time.Minute
	behind   = time.Minute
)

// New is the way to the providers, which send people back to an address of the pages.
func New(p Providers, pages *url.URL, back string, now func() time.Time) *Federation {
	return &Federation{providers: p, back: pages.JoinPath(back).String(), now: now, known: map[string]*oidc.Provider{},
		client: &http.Client{Timeout: patience, Transport: bounded{http.DefaultTransport}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Agencies are those that have a provider.
func (f *Federation) Agencies(ctx context.Context) ([]order.ORI, error) {
	all, err := f.providers.IdentityProviders(ctx)
	var oris []order.ORI
	for _, p := range all {
		oris = append(oris, p.Agency)
	}
	return oris, err
}

// Begin is where to send the browser, and what to keep until it comes back. ErrNoProvider.
func (f *Federation) Begin(ctx context.Context, agency order.ORI) (to string, t Trip, err error) {
	p, err := f.provider(ctx, agency)
	if err != nil {
		return "", t, err
	}
	config, _, err := f.config(ctx, p)
	if err != nil {
		return "", t, err
	}
	t = Trip{Agency: agency, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Until: f.now().Add(longest)}
	return config.AuthCodeURL(t.State, append(anew(), oidc.Nonce(t.Nonce), oauth2.S256ChallengeOption(t.Verifier))...), t, nil
}

// anew has the provider ask people again whom it remembers, and say when it did (OpenID Connect Core 1.0, 3.1.2.1: with max_age the token holds auth_time). Whoever takes it out of the address is found by that time.
func anew() []oauth2.AuthCodeOption {
	return []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", strconv.Itoa(int(longest.Seconds())))}
}

// Finish reads the provider's answer, with which the browser came back. ErrAnswer, ErrDenied, ErrWeak; each is joined with the cause.
func (f *Federation) Finish(ctx context.Context, t Trip, answer url.Values) (Person, error) {
	if t.State == "" || subtle.ConstantTimeCompare([]byte(t.State), []byte(answer.Get("state"))) != 1 || f.now().After(t.Until) {
		return Person{}, fmt.Errorf("%w: it belongs to no sign-in that is under way", ErrAnswer)
	}
	p, err := f.provider(ctx, t.Agency)
	if err != nil {
		return Person{}, err
	}
	if iss := answer.Get("iss"); iss != "" && iss != p.Issuer {
		return Person{}, fmt.Errorf("%w: another provider sent it", ErrAnswer)
	}
	if answer.Has("error") {
		return Person{}, ErrDenied
	}
	claims, err := f.exchange(ctx, p, t, answer.Get("code"))
	if err != nil {
		return Person{}, errors.Join(ErrAnswer, err)
	}
	return claims.person(p, t.Until.Add(-longest))
}

// provider is the agency's. What is set is read each time: a provider that was taken away signs nobody in.
func (f *Federation) provider(ctx context.Context, agency order.ORI) (store.IdentityProvider, error) {
	all, err := f.providers.IdentityProviders(ctx)
	if err != nil {
		return store.IdentityProvider{}, err
	}
	at := slices.IndexFunc(all, func(p store.IdentityProvider) bool { return p.Agency == agency })
	if at < 0 {
		return store.IdentityProvider{}, ErrNoProvider
	}
	return all[at], CheckIssuer(all[at].Issuer)
}

// CheckIssuer refuses an issuer without https, but on this machine.
func CheckIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("the issuer is no address")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
		return nil
	}
	return errors.New("the issuer's address has no https")
}

// config is how a provider is spoken with. What it says of itself is asked for once.
func (f *Federation) config(ctx context.Context, p store.IdentityProvider) (*oauth2.Config, *oidc.Provider, error) {
	f.mu.Lock()
	known := f.known[p.Issuer]
	f.mu.Unlock()
	if known == nil {
		var err error
		// Its keys are fetched later by the same client, after the request that asked has ended.
		if known, err = oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), f.client), p.Issuer); err != nil {
			return nil, nil, fmt.Errorf("ask the identity provider about itself: %w", err)
		}
		f.mu.Lock()
		f.known[p.Issuer] = known
		f.mu.Unlock()
	}
	return &oauth2.Config{ClientID: p.Client, ClientSecret: p.Secret, Endpoint: known.Endpoint(), RedirectURL: f.back, Scopes: []string{oidc.ScopeOpenID, "email"}}, known, nil
}

type claims struct {
	subject  string
	Email    string   `json:"email"`
	Verified bool     `json:"email_verified"`
	AMR      []string `json:"amr"`
	// At is when the person proved it, in seconds of 1970; 0: not said.
	At int64 `json:"auth_time"`
}

// exchange gives the code for the tokens, and reads the one that says who it is.
func (f *Federation) exchange(ctx context.Context, p store.IdentityProvider, t Trip, code string) (claims, error) {
	config, provider, err := f.config(ctx, p)
	if err != nil {
		return claims{}, err
	}
	ctx = oidc.ClientContext(ctx, f.client)
	tokens, err := config.Exchange(ctx, code, oauth2.VerifierOption(t.Verifier))
	if err != nil {
		return claims{}, errors.New("the provider did not take the code")
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return claims{}, errors.New("the provider sent no ID token")
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: p.Client, Now: f.now, SupportedSigningAlgs: []string{oidc.RS256, oidc.PS256, oidc.ES256, oidc.ES384, oidc.EdDSA}})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return claims{}, fmt.Errorf("the ID token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(t.Nonce)) != 1 {
		return claims{}, errors.New("the ID token is of another sign-in")
	}
	c := claims{subject: token.Subject}
	if err := token.Claims(&c); err != nil {
		return claims{}, errors.New("the ID token's claims cannot be read")
	}
	return c, nil
}

// person is whom the claims name, where they are to be believed and of a sign-in after it was begun here.
func (c claims) person(p store.IdentityProvider, begun time.Time) (Person, error) {
	_, domain, ok := strings.Cut(c.Email, "@")
	speaks := slices.ContainsFunc(p.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
	switch {
	case c.subject == "":
		return Person{}, fmt.Errorf("%w: it names nobody", ErrAnswer)
	case !ok || !c.Verified:
		return Person{}, fmt.Errorf("%w: it holds no verified e-mail address", ErrAnswer)
	case !speaks:
		return Person{}, fmt.Errorf("%w: the provider may not speak for that domain", ErrAnswer)
	case time.Unix(c.At, 0).Before(begun.Add(-behind)):
		return Person{}, fmt.Errorf("%w: it is of a sign-in before, or does not say when it was (auth_time)", ErrAnswer)
	case !slices.Contains(c.AMR, "mfa"):
		return Person{}, ErrWeak
	}
	return Person{Agency: p.Agency, Issuer: p.Issuer, Subject: c.subject, Login: c.Email}, nil
}

// bounded refuses long answers of providers.
type bounded struct{ next http.RoundTripper }

const mostAnswer = 1 << 20

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, mostAnswer)
	}
	return resp, err
}

// Package signin holds the pages on which people prove who they are, and those of their own account; and it is the gate of all other pages.
//
// Package identity judges every proof; here is only what a page asks, in which sequence, and what it says. Whatever is wrong with a proof is said in the same words, whoever it is of.
// A link that came by letter is kept in the session and taken out of the address at once. After signing in nobody is sent elsewhere than to a page of this site. Pages work without a script but
// for passkeys, which browsers give to scripts only.
package signin

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/identity"
	"ccpor/identity/federation"
	"ccpor/store"
	"ccpor/web/site"
)

//go:embed templates scripts
var files embed.FS

// Pages are the pages over a door.
type Pages struct {
	Door     *identity.Door
	Sessions *identity.Sessions
	// Federation leads to agencies' own providers.
	Federation *federation.Federation
	// Forwarded says that a proxy stands in front, which says in X-Forwarded-For from where a request came; without one that header is whatever somebody wrote.
	Forwarded bool
	// Opened are the orders that a person has opened by breaking the glass; nil: nobody can.
	Opened func(ctx context.Context, id store.PersonID, now time.Time) ([]access.Opened, error)
}

// BackFromAgency is where agencies' providers send people back to.
const BackFromAgency = "/signin/agency/back"

// Area is the pages with their addresses.
func (p *Pages) Area() (site.Area, error) {
	templates, err := fs.Sub(files, "templates")
	if err != nil {
		return site.Area{}, err
	}
	scripts, err := fs.Sub(files, "scripts")
	open := func(pattern string, serve func(*site.Request) (site.Answer, error)) site.Route {
		return site.Route{Pattern: pattern, Open: true, Serve: serve}
	}
	own := func(pattern string, serve func(*site.Request) (site.Answer, error)) site.Route {
		return site.Route{Pattern: pattern, Deed: access.Enter, Serve: serve}
	}
	return site.Area{Templates: templates, Scripts: scripts, Routes: []site.Route{
		open("GET /signin", p.begin), open("POST /signin/banner", p.acceptBanner), open("POST /signin", p.password),
		open("GET /signin/second", p.secondPage), open("POST /signin/second", p.second),
		open("GET /signin/passkey", p.passkeyPage), open("POST /signin/passkey", p.passkey),
		open("GET /signin/unlock", p.unlockPage), open("POST /signin/unlock", p.unlock), open("POST /signin/unlock/passkey", p.unlockByPasskey),
		open("GET /signin/forgotten", p.forgottenPage), open("POST /signin/forgotten", p.forgotten),
		open("GET /signin/reset/{token}", p.openReset), open("GET /signin/reset", p.resetPage), open("POST /signin/reset", p.reset),
		open("GET /signin/invitation/{token}", p.openInvitation), open("GET /signin/invitation", p.invitation),
		open("POST /signin/invitation/password", p.choosePassword), open("POST /signin/invitation/code", p.confirmInvitedCode), open("POST /signin/invitation/passkey", p.addInvitedPasskey),
		open("GET /signin/agency", p.agencies), open("GET /signin/agency/{ori}", p.toAgency), open("GET "+BackFromAgency, p.fromAgency),
		open("POST /signout", p.signOut),
		own("GET /account", p.account), own("GET /account/password", p.passwordPage), own("POST /account/password", p.changePassword),
		own("POST /account/codes", p.newCodes), own("GET /account/code", p.codePage), own("POST /account/code", p.confirmCode), own("POST /account/code/drop", p.dropCode),
		own("GET /account/passkey", p.newPasskeyPage), own("POST /account/passkey", p.addPasskey), own("POST /account/passkey/{id}/drop", p.dropPasskey),
	}}, err
}

// again is in the address of a page that loads itself anew, which keeps no session open.
const again = "again"

// Who is who has signed in.
func (p *Pages) Who(r *http.Request) (site.Visitor, error) {
	person, err := p.Sessions.Who(r.Context(), !r.URL.Query().Has(again))
	switch {
	case errors.Is(err, identity.ErrNobody):
		return site.Visitor{}, site.ErrNobody
	case errors.Is(err, identity.ErrIdle):
		return site.Visitor{}, site.ErrLocked
	case err != nil:
		return site.Visitor{}, err
	}
	v := site.Visitor{ID: person.ID, Login: person.Login, Name: person.Name, Agency: person.AgencyName, Last: person.SignedBefore, Asker: person.Asker()}
	if p.Opened != nil {
		v.Opened, err = p.Opened(r.Context(), person.ID, p.Door.Now())
	}
	return v, err
}

// from is the address from which a request came: where there is a proxy, the last that stands in X-Forwarded-For, which is the one that the proxy has heard.
func (p *Pages) from(r *site.Request) string {
	if all := r.Header.Values("X-Forwarded-For"); p.Forwarded && len(all) > 0 {
		last := all[len(all)-1]
		if ip, err := netip.ParseAddr(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])); err == nil {
			return ip.String()
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// within is the address where somebody wanted to go, where it is one of this site's and not of signing in.
func within(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(u.Path, "/sign") {
		return ""
	}
	return next
}

// refused says in the same words what was not taken, whatever the reason; paces are said apart.
func refused(err error) (wrong string, _ error) {
	switch {
	case errors.Is(err, identity.ErrPace):
		return "", &site.Refusal{Status: http.StatusTooManyRequests, Title: "Too many tries", Text: "There were too many tries from your address. Wait a minute, and try again."}
	case errors.Is(err, identity.ErrRefused):
		return "That was not right: it was mistyped or used already, or the account is locked for a while after several failures.", nil
	}
	return "", err
}

// form is a page with a form.
type form struct {
	Wrong string
	// Person is whose it is, where that is known.
	Person store.Person
	Login  string
	Banner bool
	// Agencies says that some sign in at a provider of their own.
	Agencies bool
	Ask      identity.Challenge
	Minutes  int
}

func page(name, title string, data any) site.Answer {
	return site.Answer{Page: name, Title: title, Data: data}
}

func failed(a site.Answer) site.Answer {
	a.Status = http.StatusUnprocessableEntity
	return a
}

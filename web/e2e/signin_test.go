//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"ccpor/access"
)

// person is somebody of the sandbox, with what they prove themselves with.
type person struct {
	Role                        access.Role
	Name, Login, Password, TOTP string
	Agency                      string

	mu     sync.Mutex
	step   int64 // the time step of the last code
	cookie *network.Cookie
}

// code is the next one-time code of the person's telephone. Each is good once, and that of the step which comes is taken already: two can be had at once.
func (p *person) code(t *testing.T) string {
	t.Helper()
	const period = 30
	now := time.Now().Unix() / period
	p.step = max(p.step+1, now)
	if ahead := p.step - now; ahead > 1 {
		t.Logf("%s waits for a fresh code", p.Login)
		time.Sleep(time.Until(time.Unix((p.step-1)*period, 0)))
	}
	code, err := hotp.GenerateCodeCustom(p.TOTP, uint64(p.step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// signIn is a person who comes in with password and one-time code, by the keyboard and nothing else.
func (b *tab) signIn(p *person) {
	b.t.Helper()
	b.open("/signin")
	b.tabTo("I agree")
	b.enter("")
	b.tabTo("E-mail address")
	b.do("typing", chromedp.KeyEvent(p.Login))
	b.tabTo("Password")
	b.enter(p.Password)
	b.reads("One more step")
	b.tabTo("One-time code")
	b.enter(p.code(b.t))
	b.reads(p.Name)
}

// signedIn is a tab of somebody in a role who has signed in; the first walk in a role signs in, and the others go on in that session.
func signedIn(t *testing.T, role access.Role) *tab {
	t.Helper()
	x := started(t)
	p, b := x.person(t, role), newTab(t, x.pages)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cookie == nil {
		b.signIn(p)
		p.cookie = b.session()
		return b
	}
	c := network.CookieParam{Name: p.cookie.Name, Value: p.cookie.Value, Domain: p.cookie.Domain, Path: p.cookie.Path, HTTPOnly: true, SameSite: p.cookie.SameSite}
	if _, err := chromedp.Call(b.ctx, network.SetCookies, network.SetCookiesParams{Cookies: []*network.CookieParam{&c}}); err != nil {
		t.Fatal(err)
	}
	b.open("/")
	b.reads(p.Name)
	return b
}

// session is the cookie of the session, which no script may read.
func (b *tab) session() *network.Cookie {
	b.t.Helper()
	got, err := chromedp.Call(b.ctx, network.GetCookies, network.GetCookiesParams{})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range got.Cookies {
		if !c.HTTPOnly {
			b.t.Errorf("a script may read the cookie %s", c.Name)
		}
		if c.Name == "ccpor" {
			return c
		}
	}
	b.t.Fatalf("no cookie is of a session: %+v", got.Cookies)
	return nil
}

// telephone gives the browser a device that keeps passkeys and has seen its owner.
func (b *tab) telephone() {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		b.t.Fatal(err)
	}
	o := webauthn.VirtualAuthenticatorOptions{Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true, HasUserVerification: true,
		IsUserVerified: true, AutomaticPresenceSimulation: true}
	if _, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &o}); err != nil {
		b.t.Fatal(err)
	}
}

// signOut ends the session of the tab, and of the person's other tabs.
func (b *tab) signOut() {
	b.t.Helper()
	b.press("Sign out")
	b.expect("/", 200)
	if !strings.HasPrefix(b.address(), "/signin") {
		b.t.Fatalf("signed out, and at %s", b.address())
	}
}

// Every role comes in, sees its start page, and goes.
func TestEveryRoleComesIn(t *testing.T) {
	t.Parallel()
	for _, role := range access.Roles() {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			b := signedIn(t, role)
			b.open("/account")
			b.reads(role.Name(), "Recovery codes")
		})
	}
}

func TestTheDoor(t *testing.T) {
	t.Parallel()
	x := started(t)
	b := newTab(t, x.pages)
	b.open("/queue")
	b.judge("signin-banner")
	b.press("I agree")
	b.judge("signin")
	b.fill("login", "nobody@court.example")
	b.fill("password", "wrong, wrong, wrong")
	b.load("pressing Continue", 422, chromedp.Click(named("button", "Continue")))
	b.reads("That was not right")
	b.judge("signin-refused")
	b.link("Forgotten your password?")
	b.judge("signin-forgotten")
}

// A passkey is added to the account, after proving oneself anew, and then is all that it takes to come in.
func TestAPasskey(t *testing.T) {
	t.Parallel()
	x := started(t)
	p := x.person(t, access.JudicialOfficer)
	b := newTab(t, x.pages)
	b.telephone()
	p.mu.Lock()
	b.signIn(p)
	p.mu.Unlock()
	b.link(p.Name)
	b.judge("account")
	b.link("Add a passkey")
	if strings.HasPrefix(b.address(), "/signin/unlock") {
		b.judge("signin-unlock")
		b.fill("password", p.Password)
		b.press("Continue")
	}
	b.judge("account-passkey")
	b.fill("name", "my telephone")
	b.press("Add a passkey")
	b.open("/account")
	b.reads("my telephone")
	b.signOut()
	b.press("I agree")
	b.link("Sign in with a passkey")
	b.judge("signin-passkey")
	b.tabTo("Sign in with a passkey")
	b.enter("")
	b.reads(p.Name)
	stranger := newTab(t, x.pages)
	stranger.telephone()
	stranger.open("/signin")
	stranger.press("I agree")
	stranger.link("Sign in with a passkey")
	stranger.do("pressing", chromedp.Click(named("button", "Sign in with a passkey")))
	stranger.waits("Nothing came of it")
}

// waits fails where a page does not come to say something.
func (b *tab) waits(wanted string) {
	b.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if strings.Contains(b.says(), wanted) {
			return
		}
	}
	b.reads(wanted)
}

// A password is forgotten, and another comes by letter; the second factor stays as it was, and the link is good once.
func TestAForgottenPassword(t *testing.T) {
	t.Parallel()
	x := started(t)
	p := x.person(t, access.IntegrationEngineer)
	p.mu.Lock()
	defer p.mu.Unlock()
	b := newTab(t, x.pages)
	b.open("/signin")
	b.press("I agree")
	b.link("Forgotten your password?")
	b.fill("login", p.Login)
	b.press("Send me the link")
	b.reads("If somebody here has that address")
	link := x.letter(t, p.Login, "/signin/reset/")
	b.open(link)
	b.reads(p.Login)
	b.judge("signin-reset")
	p.Password = fmt.Sprintf("another sentence, chosen at %d", time.Now().UnixNano())
	b.fill("password", p.Password)
	b.fill("repeated", p.Password)
	b.press("Change the password")
	b.reads("Sign in with it now")
	p.cookie = nil
	n := newTab(t, x.pages)
	n.signIn(p)
	p.cookie = n.session()
	again := newTab(t, x.pages)
	again.expect(link, 404)
	again.reads("no longer works")
}

package signin

import (
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/descope/virtualwebauthn"
	"github.com/jonboulle/clockwork"
	"github.com/pquerna/otp/totp"

	"ccpor/access"
	"ccpor/identity"
	"ccpor/identity/federation"
	"ccpor/store"
	"ccpor/store/storetest"
	"ccpor/web/site"
)

const (
	good  = "seven lanterns under mossy ferry"
	other = "forty orchards beside a quiet canal"
)

var boss = store.By{Actor: "person boss, command line"}

// bench is the pages on a fresh database, at a time of their own.
type bench struct {
	t       *testing.T
	clock   *clockwork.FakeClock
	door    *identity.Door
	handler http.Handler
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, clock: clockwork.NewFakeClockAt(time.Now())} // scs dates new sessions by the machine's clock
	s := storetest.Open(t, storetest.NewURL(t), store.Options{})
	at, _ := url.Parse("https://orders.example")
	var err error
	b.door, err = identity.New(identity.Config{Store: s, Now: b.clock.Now, URL: at, Hash: argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}, PerSecond: -1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.RegisterAgency(t.Context(), store.Agency{ORI: "CA030013J", Name: "Superior Court of Orange County", County: "Orange", Submits: true}); err != nil {
		t.Fatal(err)
	}
	pages := &Pages{Door: b.door, Sessions: identity.NewSessions(b.door), Federation: federation.New(s, at, BackFromAgency, b.clock.Now)}
	area, err := pages.Area()
	if err != nil {
		t.Fatal(err)
	}
	whole, err := site.New(site.Config{Auditor: s, Gate: pages, Now: b.clock.Now, Zone: time.UTC, URL: at, Log: slog.New(slog.DiscardHandler)}, area)
	if err != nil {
		t.Fatal(err)
	}
	b.handler = whole.Wrap(pages.Sessions.Wrap).Handler()
	return b
}

// browser is somebody's browser, with its cookie.
type browser struct {
	*bench
	cookie string
	// at is the address that it shows, page what it shows.
	at, page string
	status   int
	header   http.Header
}

func (b *bench) browser() *browser { return &browser{bench: b} }

// ask sends one request, without following where it leads.
func (w *browser) ask(method, path string, form url.Values) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(method, "https://orders.example"+path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if w.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "__Host-ccpor", Value: w.cookie})
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		if c.Name == "__Host-ccpor" {
			w.cookie = c.Value
		}
	}
	return rec
}

// open and send follow redirects within the site.
func (w *browser) open(path string) *browser { w.t.Helper(); return w.go_(http.MethodGet, path, nil) }
func (w *browser) send(path string, pairs ...string) *browser {
	w.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return w.go_(http.MethodPost, path, form)
}

func (w *browser) go_(method, path string, form url.Values) *browser {
	w.t.Helper()
	for range 5 {
		rec := w.ask(method, path, form)
		w.at, w.page, w.status, w.header = path, rec.Body.String(), rec.Code, rec.Header()
		if rec.Code != http.StatusSeeOther {
			return w
		}
		method, path, form = http.MethodGet, rec.Header().Get("Location"), nil
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
			w.at = path
			return w
		}
	}
	w.t.Fatalf("led on and on, to %s", path)
	return w
}

func (w *browser) shows(status int, at, text string) {
	w.t.Helper()
	if w.status != status || w.at != at || !strings.Contains(w.page, text) {
		w.t.Fatalf("%d at %s, not %d at %s with %q:\n%s", w.status, w.at, status, at, text, w.page)
	}
}

func (b *bench) invite(login string) (store.Person, string) {
	b.t.Helper()
	p, err := b.door.Invite(b.t.Context(), store.NewPerson{Agency: "CA030013J", Login: login, Name: "Ana Clerk", Roles: []access.Role{access.CourtClerk}}, boss)
	if err != nil {
		b.t.Fatal(err)
	}
	return p, b.link(p, store.TokenInvitation)
}

func (b *bench) link(p store.Person, purpose store.TokenPurpose) string {
	b.t.Helper()
	link, err := b.door.Link(b.t.Context(), p.ID, purpose, boss)
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimPrefix(link, "https://orders.example")
}

var secretOnPage = regexp.MustCompile(`<code class="number">([A-Z2-7-]+)</code>`)

func (b *bench) code(secret string) string {
	b.t.Helper()
	c, err := totp.GenerateCode(secret, b.clock.Now())
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// clerk has come in through all pages of an invitation; the browser is signed in.
func (b *bench) clerk(login string) (w *browser, p store.Person, secret string) {
	b.t.Helper()
	p, link := b.invite(login)
	w = b.browser()
	w.open(link).shows(200, "/signin/invitation", "restricted system")
	w.send("/signin/banner").shows(200, "/signin/invitation", "Ana Clerk, Superior Court of Orange County has given you access")
	w.send("/signin/invitation/password", "password", good, "repeated", "else").shows(422, "/signin/invitation/password", "not the same")
	w.send("/signin/invitation/password", "password", "password1", "repeated", "password1").shows(422, "/signin/invitation/password", "tried first")
	w.send("/signin/invitation/password", "password", good, "repeated", good).shows(200, "/signin/invitation", "data:image/png;base64,")
	secret = strings.ReplaceAll(secretOnPage.FindStringSubmatch(w.page)[1], "-", "")
	w.send("/signin/invitation/code", "code", "000000").shows(422, "/signin/invitation/code", "not right")
	w.send("/signin/invitation/code", "code", b.code(secret)).shows(200, "/signin/invitation/code", "ten codes")
	b.clock.Advance(time.Minute)
	return w, p, secret
}

// atTheDoor is a browser that has accepted the banner.
func (b *bench) atTheDoor() *browser {
	b.t.Helper()
	w := b.browser()
	w.open("/signin").shows(200, "/signin", "restricted system")
	w.send("/signin/banner").shows(200, "/signin", "current-password")
	return w
}

// signedIn comes in with password and one-time code.
func (b *bench) signedIn(login, secret string) *browser {
	b.t.Helper()
	w := b.atTheDoor()
	w.send("/signin", "login", login, "password", good).shows(200, "/signin/second", "one-time-code")
	b.clock.Advance(time.Minute)
	w.send("/signin/second", "code", b.code(secret))
	return w
}

func TestInvitedPersonComesInAndSignsInAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w, p, secret := b.clerk("ana@court.example")
	w.open("/account").shows(200, "/account", "Ana Clerk")
	w.open("/signin/invitation").shows(404, "/signin/invitation", "no longer works")
	w.send("/signout").shows(200, "/signin", "restricted system")
	w.open("/account").shows(200, "/signin?next=%2Faccount", "restricted system")
	w = b.signedIn("ana@court.example", secret)
	w.shows(200, "/", "Welcome, Ana Clerk")
	w.open("/account").shows(200, "/account", "Signed in before that</dt>\n<dd>"+b.again(p).SignedBefore.Format("2 Jan 2006 15:04"))
}

func (b *bench) again(p store.Person) store.Person {
	b.t.Helper()
	p, err := b.door.Store.Person(b.t.Context(), p.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// Nothing is asked for before the banner is accepted, and a password without the second factor opens nothing.
func TestStepsAreNotSkipped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, _, secret := b.clerk("ana@court.example")
	w := b.browser()
	w.send("/signin", "login", "ana@court.example", "password", good).shows(200, "/signin", "restricted system")
	w.open("/signin/passkey").shows(200, "/signin", "restricted system")
	w.send("/signin/second", "code", b.code(secret)).shows(200, "/signin", "restricted system")
	w.send("/signin/unlock", "password", good).shows(200, "/signin", "restricted system")
	w = b.atTheDoor()
	w.send("/signin", "login", "ana@court.example", "password", good).shows(200, "/signin/second", "one-time-code")
	for _, path := range []string{"/", "/account", "/account/password"} {
		if w.open(path); !strings.HasPrefix(w.at, "/signin") {
			t.Errorf("%s opens after the password alone", path)
		}
	}
	b.clock.Advance(identity.Stepped)
	w.send("/signin/second", "code", b.code(secret)).shows(200, "/signin", "current-password")
}

// Whoever is not there, not let in, locked out or mistaken gets the same page, to the byte; so does who asks for another password.
func TestPagesDoNotTellWhoIsThere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.clerk("ana1@court.example")
	b.invite("ana2@court.example")
	_, gone, _ := b.clerk("ana3@court.example")
	b.clerk("ana4@court.example")
	if err := b.door.Store.DisablePerson(t.Context(), gone.ID, "left", boss, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		b.atTheDoor().send("/signin", "login", "ana4@court.example", "password", "wrong")
	}
	var pages, letters []string
	for i, password := range []string{"wrong", good, good, good, good} {
		login := fmt.Sprintf("ana%d@court.example", i+1)
		w := b.atTheDoor().send("/signin", "login", login, "password", password)
		pages = append(pages, fmt.Sprint(w.status, w.at, strings.ReplaceAll(w.page, login, "LOGIN")))
		w = b.browser().send("/signin/forgotten", "login", login)
		letters = append(letters, fmt.Sprint(w.status, w.at, strings.ReplaceAll(w.page, login, "LOGIN")))
	}
	for i := range pages {
		if pages[i] != pages[0] || letters[i] != letters[0] || !strings.HasPrefix(pages[i], "422") {
			t.Errorf("%d is answered otherwise:\n%s\n%s", i+1, pages[i], letters[i])
		}
	}
}

func TestNobodyIsSentElsewhere(t *testing.T) {
	t.Parallel()
	for next, to := range map[string]string{"/queue?x=1": "/queue?x=1", "/account": "/account", "https://evil.example/": "", "//evil.example": "", "/\\evil.example": "", "\\\\evil.example": "", "javascript:alert(1)": "", "/signin": "",
		"/signout": "", "": "", "queue": "", "/%0d%0aX: y": "/%0d%0aX: y", "/x\r\nSet-Cookie: a": "", "http:evil.example": "", "///evil.example": "", "/\t/evil.example": "", " //evil.example": ""} {
		if got := within(next); got != to {
			t.Errorf("%q leads to %q", next, got)
		}
	}
	b := newBench(t)
	_, _, secret := b.clerk("ana@court.example")
	for next, to := range map[string]string{"https://evil.example/": "/", "//evil.example/x": "/", "/account": "/account"} {
		w := b.browser()
		w.open("/signin?next=" + url.QueryEscape(next))
		w.send("/signin/banner")
		w.send("/signin", "login", "ana@court.example", "password", good)
		b.clock.Advance(time.Minute)
		if w.send("/signin/second", "code", b.code(secret)); w.status != 200 || w.at != to {
			t.Errorf("%s leads to %s (%d)", next, w.at, w.status)
		}
	}
}

// The cookie from before signing in opens nothing afterwards; another sign-in, being disabled and another role end the session.
func TestSessionsOfOthersAndOfBefore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, p, secret := b.clerk("ana@court.example")
	w := b.atTheDoor()
	fixed := w.cookie
	w.send("/signin", "login", "ana@court.example", "password", good)
	stepped := w.cookie
	b.clock.Advance(time.Minute)
	w.send("/signin/second", "code", b.code(secret)).shows(200, "/", "Welcome")
	for name, cookie := range map[string]string{"before": fixed, "between": stepped, "made up": "AAAA"} {
		thief := &browser{bench: b, cookie: cookie}
		if thief.open("/account"); !strings.HasPrefix(thief.at, "/signin") {
			t.Errorf("the cookie from %s opens the account", name)
		}
	}
	for name, end := range map[string]func(){
		"another sign-in": func() { b.signedIn("ana@court.example", secret).shows(200, "/", "Welcome") },
		"another role": func() {
			if _, err := b.door.Store.ChangePerson(t.Context(), p.ID, boss, b.clock.Now(), func(p *store.Person) { p.Sealed = !p.Sealed }); err != nil {
				t.Error(err)
			}
		},
	} {
		w = b.signedIn("ana@court.example", secret)
		w.open("/account").shows(200, "/account", "Ana")
		end()
		if w.open("/account"); !strings.HasPrefix(w.at, "/signin?") {
			t.Errorf("after %s the session goes on", name)
		}
	}
	w = b.signedIn("ana@court.example", secret)
	if err := b.door.Store.DisablePerson(t.Context(), p.ID, "left", boss, b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if w.open("/account"); !strings.HasPrefix(w.at, "/signin?") {
		t.Error("a disabled person goes on")
	}
}

// A session is locked after thirty minutes and unlocked by a password; failures there lock out like any other, and then nothing unlocks.
func TestLockedSession(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w, _, _ := b.clerk("ana@court.example")
	w.open("/account")
	b.clock.Advance(identity.Idle)
	w.open("/account").shows(200, "/signin/unlock?next=%2Faccount", "show that it is still you")
	if strings.Contains(w.page, "Superior Court") {
		t.Error("a locked page shows more than whose it is")
	}
	before := w.cookie
	w.send("/signin/unlock", "password", "wrong").shows(422, "/signin/unlock", "not right")
	w.send("/signin/unlock", "password", good).shows(200, "/account", "Ana")
	if w.cookie == before {
		t.Error("the token stays")
	}
	b.clock.Advance(identity.Idle)
	for range 5 {
		w.send("/signin/unlock", "password", "wrong")
	}
	w.send("/signin/unlock", "password", good)
	if w.at != "/signin/unlock" && w.at != "/signin" || w.status == 200 && w.at == "/account" {
		t.Errorf("unlocked after five failures: %d at %s", w.status, w.at)
	}
	b.clock.Advance(identity.Longest)
	w.open("/account").shows(200, "/signin?next=%2Faccount", "")
}

// A forgotten password is replaced by a link, good once, that is taken out of the address at once; the second factor is asked for as ever.
func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	session, p, secret := b.clerk("ana@court.example")
	link := b.link(p, store.TokenReset)
	w := b.browser()
	w.open(link).shows(200, "/signin/reset", "For ana@court.example")
	w.send("/signin/reset", "password", "ana.clerk1", "repeated", "ana.clerk1").shows(422, "/signin/reset", "made of")
	w.send("/signin/reset", "password", other, "repeated", other).shows(200, "/signin/reset", "Sign in with it now")
	if session.open("/account"); !strings.HasPrefix(session.at, "/signin") {
		t.Error("a session outlives the password")
	}
	b.browser().open(link).shows(404, "/signin/reset", "no longer works")
	b.browser().open("/signin/reset/AAAA").shows(404, "/signin/reset", "no longer works")
	w = b.atTheDoor()
	w.send("/signin", "login", "ana@court.example", "password", good).shows(422, "/signin", "not right")
	w.send("/signin", "login", "ana@court.example", "password", other).shows(200, "/signin/second", "one-time-code")
	w.send("/signin/second", "code", b.code(secret)).shows(200, "/", "Welcome")
	_, invitation := b.invite("ben@court.example")
	token := invitation[strings.LastIndex(invitation, "/")+1:]
	b.browser().open("/signin/reset/"+token).shows(404, "/signin/reset", "no longer works")
}

var optionsOnPage = regexp.MustCompile(`data-options="([^"]*)"`)

func (w *browser) options() string {
	w.t.Helper()
	m := optionsOnPage.FindStringSubmatch(w.page)
	if m == nil {
		w.t.Fatalf("no passkey is asked for at %s:\n%s", w.at, w.page)
	}
	return `{"publicKey":` + html.UnescapeString(m[1]) + `}`
}

// A passkey is enrolled on the account's page after a proof that is not old, signs in alone, and its answer is good once.
func TestPasskeyOnPages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	party := virtualwebauthn.RelyingParty{Name: "x", ID: "orders.example", Origin: "https://orders.example"}
	w, p, _ := b.clerk("ana@court.example")
	b.clock.Advance(identity.Recent)
	w.open("/account/passkey").shows(200, "/signin/unlock?next=/account/passkey", "show that it is still you")
	w.send("/signin/unlock", "password", good).shows(200, "/account/passkey", "data-passkey")
	if !strings.Contains(w.header.Get("Content-Security-Policy"), "script-src 'self'") || !strings.Contains(w.page, "/scripts/passkey.js") || strings.Contains(w.page, "<script>") {
		t.Error("the one script is not let run, or others are")
	}
	device := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: p.Handle})
	key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	made, err := virtualwebauthn.ParseAttestationOptions(w.options())
	if err != nil {
		t.Fatal(err)
	}
	w.send("/account/passkey", "name", "blue key", "answer", virtualwebauthn.CreateAttestationResponse(party, device, key, *made)).shows(200, "/account", "blue key")
	w = b.atTheDoor()
	w.open("/signin/passkey").shows(200, "/signin/passkey", "data-passkey")
	asked, err := virtualwebauthn.ParseAssertionOptions(w.options())
	if err != nil {
		t.Fatal(err)
	}
	answer := virtualwebauthn.CreateAssertionResponse(party, device, key, *asked)
	if !json.Valid([]byte(answer)) {
		t.Fatal(answer)
	}
	w.send("/signin/passkey", "answer", answer).shows(200, "/", "Welcome, Ana Clerk")
	w = b.atTheDoor()
	w.send("/signin/passkey", "answer", answer).shows(422, "/signin/passkey", "not right")
	w.open("/signin/passkey")
	w.send("/signin/passkey", "answer", answer).shows(422, "/signin/passkey", "not right")
}

// What one proves oneself with is changed with a proof that is not old, the last second factor stays, and a page of another site changes nothing.
func TestAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w, p, _ := b.clerk("ana@court.example")
	w.send("/account/codes").shows(200, "/account/codes", "ten codes")
	w.send("/account/code/drop").shows(422, "/account/code/drop", "last second factor")
	w.send("/account/passkey/4711/drop")
	if w.status == 200 {
		t.Errorf("a passkey that nobody has was dropped: %s", w.page)
	}
	w.send("/account/password", "old", "wrong", "password", other, "repeated", other).shows(422, "/account/password", "old password")
	w.send("/account/password", "old", good, "password", other, "repeated", other).shows(200, "/account", "Ana")
	r := httptest.NewRequest(http.MethodPost, "https://orders.example/account/codes", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.AddCookie(&http.Cookie{Name: "__Host-ccpor", Value: w.cookie})
	rec := httptest.NewRecorder()
	b.handler.ServeHTTP(rec, r)
	if rec.Code != http.StatusForbidden {
		t.Errorf("another site's page: %d", rec.Code)
	}
	b.clock.Advance(identity.Recent)
	for _, path := range []string{"/account/codes", "/account/code/drop", "/account/passkey/1/drop"} {
		codes := b.again(p).Codes
		if w.send(path); !strings.HasPrefix(w.at, "/signin/unlock") || b.again(p).Codes != codes {
			t.Errorf("%s without a recent proof: at %s", path, w.at)
		}
	}
}

// The address by which tries are counted is not the sender's to choose.
func TestAddressOfATry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		proxy  bool
		header []string
		want   string
	}{{false, []string{"203.0.113.9"}, "192.0.2.1"}, {true, []string{"203.0.113.9"}, "203.0.113.9"}, {true, []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"}, {true, []string{"198.51.100.1", "203.0.113.9"}, "203.0.113.9"},
		{true, nil, "192.0.2.1"}, {true, []string{"nonsense"}, "192.0.2.1"}, {true, []string{"198.51.100.1,"}, "192.0.2.1"}} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "192.0.2.1:4711"
		r.Header["X-Forwarded-For"] = tt.header
		if got := (&Pages{Forwarded: tt.proxy}).from(&site.Request{Request: r}); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

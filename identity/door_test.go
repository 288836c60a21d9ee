package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/descope/virtualwebauthn"
	"github.com/jackc/pgx/v5"
	"github.com/jonboulle/clockwork"
	"github.com/pquerna/otp/totp"

	"ccpor/access"
	"ccpor/store"
	"ccpor/store/storetest"
)

var (
	noon = time.Date(2026, 11, 29, 20, 0, 0, 0, time.UTC)
	boss = store.By{Actor: "person boss, command line"}
)

const (
	good = "seven lanterns under mossy ferry"
	from = "192.0.2.7"
)

// bench is a door on a fresh database, at a time of its own.
type bench struct {
	*Door
	t     *testing.T
	clock *clockwork.FakeClock
	url   string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, clock: clockwork.NewFakeClockAt(noon), url: storetest.NewURL(t)}
	s := storetest.Open(t, b.url, store.Options{})
	at, _ := url.Parse("https://orders.example")
	var err error
	b.Door, err = New(Config{Store: s, Now: b.clock.Now, URL: at, Hash: argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}, PerSecond: -1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.RegisterAgency(t.Context(), store.Agency{ORI: "CA030013J", Name: "Superior Court of Orange County", County: "Orange", Submits: true}); err != nil {
		t.Fatal(err)
	}
	return b
}

// invited is a clerk and the token of the invitation.
func (b *bench) invited(login string) (store.Person, string) {
	b.t.Helper()
	p, err := b.Invite(b.t.Context(), store.NewPerson{Agency: "CA030013J", Login: login, Name: "Ana Clerk", Roles: []access.Role{access.CourtClerk}}, boss)
	if err != nil {
		b.t.Fatal(err)
	}
	return p, b.link(p, store.TokenInvitation)
}

func (b *bench) link(p store.Person, purpose store.TokenPurpose) string {
	b.t.Helper()
	link, err := b.Link(b.t.Context(), p.ID, purpose, boss)
	if err != nil {
		b.t.Fatal(err)
	}
	return link[strings.LastIndex(link, "/")+1:]
}

// clerk has accepted, with the password good and one-time codes of the secret.
func (b *bench) clerk(login string) (p store.Person, secret string, recovery []string) {
	b.t.Helper()
	p, token := b.invited(login)
	if err := b.ChoosePassword(b.t.Context(), token, good); err != nil {
		b.t.Fatal(err)
	}
	o, err := b.OfferTOTP(b.t.Context(), p)
	if err != nil {
		b.t.Fatal(err)
	}
	secret = strings.ReplaceAll(o.Secret, "-", "")
	if err := b.ConfirmTOTP(b.t.Context(), p, b.code(secret)); err != nil {
		b.t.Fatal(err)
	}
	p, recovery, err = b.Accept(b.t.Context(), token, from)
	if err != nil || len(recovery) != 10 {
		b.t.Fatal(err)
	}
	b.clock.Advance(time.Minute)
	return p, secret, recovery
}

func (b *bench) code(secret string) string {
	b.t.Helper()
	c, err := totp.GenerateCode(secret, b.clock.Now())
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bench) again(p store.Person) store.Person {
	b.t.Helper()
	p, err := b.Store.Person(b.t.Context(), p.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func refused(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, ErrRefused) {
		t.Errorf("%s: %v", what, err)
	}
}

func TestPasswordThenCode(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p, secret, _ := b.clerk("ana@court.example")
	q, err := b.Password(t.Context(), "ANA@court.example", good, from)
	if err != nil || q.ID != p.ID {
		t.Fatal(err)
	}
	if b.again(p).Epoch != p.Epoch {
		t.Error("a password alone ends the session in hand")
	}
	in, err := b.SecondFactor(t.Context(), p.ID, SecondCode, " "+b.code(secret)[:3]+" "+b.code(secret)[3:], from)
	if err != nil || in.Epoch != p.Epoch+1 || in.SignedBefore != p.SignedIn || in.Failed != 0 {
		t.Errorf("%+v, %v", in, err)
	}
}

// A one-time code is good once, also in the clock's next step, and one of a step before the last used is not good at all.
func TestReplayedCodeIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p, secret, _ := b.clerk("ana@court.example")
	code, before := b.code(secret), b.code(secret)
	if _, err := b.SecondFactor(t.Context(), p.ID, SecondCode, code, from); err != nil {
		t.Fatal(err)
	}
	_, err := b.SecondFactor(t.Context(), p.ID, SecondCode, code, from)
	refused(t, "the same code again", err)
	b.clock.Advance(30 * time.Second)
	_, err = b.SecondFactor(t.Context(), p.ID, SecondCode, before, from)
	refused(t, "the same code in the next step", err)
	if _, err := b.SecondFactor(t.Context(), p.ID, SecondCode, b.code(secret), from); err != nil {
		t.Errorf("the next code: %v", err)
	}
	var taken sync.Map
	b.clock.Advance(30 * time.Second)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			if _, err := b.SecondFactor(t.Context(), p.ID, SecondCode, b.code(secret), from); err == nil {
				taken.Store(i, true)
			}
		})
	}
	all.Wait()
	n := 0
	taken.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("a code sent four times at once was taken %d times", n)
	}
}

func TestUsedRecoveryCodeIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p, _, codes := b.clerk("ana@court.example")
	other, _, others := b.clerk("ben@court.example")
	typed := strings.ToLower(strings.ReplaceAll(codes[0], "-", " "))
	if _, err := b.SecondFactor(t.Context(), p.ID, SecondRecovery, typed, from); err != nil {
		t.Fatal(err)
	}
	_, err := b.SecondFactor(t.Context(), p.ID, SecondRecovery, codes[0], from)
	refused(t, "used", err)
	_, err = b.SecondFactor(t.Context(), p.ID, SecondRecovery, others[0], from)
	refused(t, "another's", err)
	if _, err := b.NewCodes(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	_, err = b.SecondFactor(t.Context(), p.ID, SecondRecovery, codes[1], from)
	refused(t, "replaced", err)
	if b.again(other).Codes != 10 {
		t.Error("another's codes were used up")
	}
}

// Five failures lock out, whatever they are, and nothing but time and an administrator ends it: no right password, code or passkey, no reset, no unlocking of a session.
func TestLockout(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	p, secret, codes := b.clerk("ana@court.example")
	key := b.enrol(p)
	reset := b.link(p, store.TokenReset)
	_, _ = b.Password(ctx, p.Login, "wrong", from)
	if err := b.Unlock(ctx, p.ID, "wrong", from); !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
	for range 2 {
		_, _ = b.SecondFactor(ctx, p.ID, SecondCode, "000000", from)
	}
	if _, err := b.Password(ctx, p.Login, good, from); err != nil {
		t.Errorf("four failures lock out: %v", err)
	}
	_, _ = b.SecondFactor(ctx, p.ID, SecondRecovery, "AAAA", from)
	locked := func() {
		t.Helper()
		_, err := b.Password(ctx, p.Login, good, from)
		refused(t, "a right password", err)
		_, err = b.SecondFactor(ctx, p.ID, SecondCode, b.code(secret), from)
		refused(t, "a right code", err)
		_, err = b.SecondFactor(ctx, p.ID, SecondRecovery, codes[3], from)
		refused(t, "a right recovery code", err)
		refused(t, "unlocking", b.Unlock(ctx, p.ID, good, from))
		_, err = b.passkey(key, 0)
		refused(t, "a passkey", err)
	}
	locked()
	if b.again(p).Codes != 10 {
		t.Error("a code that came while locked out was used up")
	}
	const other = "forty orchards beside a quiet canal"
	if err := b.ResetPassword(ctx, reset, other); err != nil {
		t.Fatal(err)
	}
	_, err := b.Password(ctx, p.Login, other, from)
	refused(t, "a password that was just reset", err)
	b.clock.Advance(15 * time.Minute)
	if _, err := b.Password(ctx, p.Login, other, from); err != nil {
		t.Errorf("the lockout does not end: %v", err)
	}
	if _, err := b.Password(ctx, p.Login, good, from); !errors.Is(err, ErrRefused) {
		t.Error("the old password is good")
	}
	for range 5 {
		_, _ = b.Password(ctx, p.Login, "wrong", from)
	}
	if err := b.Store.UnlockPerson(ctx, p.ID, boss, b.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Password(ctx, p.Login, other, from); err != nil {
		t.Errorf("unlocked by an administrator: %v", err)
	}
}

// Unknown, invited, disabled, locked out and wrong are answered alike, after a hash for each; nothing that was typed is on record.
func TestNobodyLearnsWhoIsThere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	b.clerk("ana@court.example")
	b.invited("invited@court.example")
	gone, _, _ := b.clerk("gone@court.example")
	out, _, _ := b.clerk("out@court.example")
	if err := b.Store.DisablePerson(ctx, gone.ID, "left", boss, b.Now()); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, _ = b.Password(ctx, out.Login, "wrong", from)
	}
	for name, tt := range map[string]struct{ login, password string }{"wrong": {"ana@court.example", "wrong-typed"}, "unknown": {"typed-unknown@court.example", "wrong-typed"}, "invited": {"invited@court.example", "wrong-typed"},
		"disabled": {"gone@court.example", good}, "locked out": {"out@court.example", good}, "empty": {"", ""}, "endless": {"ana@court.example", strings.Repeat("x", 60000)}} {
		before := b.hasher.judged.Load()
		_, err := b.Password(ctx, tt.login, tt.password, from)
		if !errors.Is(err, ErrRefused) || err.Error() != ErrRefused.Error() && errors.Unwrap(err) != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := b.hasher.judged.Load() - before; n != 1 {
			t.Errorf("%s: %d hashes", name, n)
		}
	}
	trail, err := b.Store.AuditTrail(ctx, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range trail {
		if strings.Contains(fmt.Sprint(e), "typed") {
			t.Errorf("on record: %+v", e)
		}
	}
	jobs := func() string { return b.sql("select count(*)::text from river_job where kind = 'letter'") }
	for _, login := range []string{"ana@court.example", "nobody@court.example"} {
		before := jobs()
		if err := b.Forgotten(ctx, login, from); err != nil {
			t.Error(err)
		}
		if jobs() == before {
			t.Errorf("%s: less was done", login)
		}
	}
}

func TestRefusalsTakeTheirTime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Settle = 200 * time.Millisecond
	begin := time.Now()
	_, err := b.Password(t.Context(), "nobody@court.example", "x", from)
	refused(t, "nobody", err)
	if took := time.Since(begin); took < b.Settle {
		t.Errorf("answered after %s", took)
	}
}

func TestPaceOfAnAddress(t *testing.T) {
	t.Parallel()
	p := newPaces(1, 3)
	for i := range 5 {
		if got := p.take("2001:db8::"+fmt.Sprint(i), noon); got != (i < 3) {
			t.Errorf("try %d of one network: %v", i, got)
		}
	}
	if !p.take("192.0.2.8", noon) || !p.take("2001:db8::1", noon.Add(time.Second)) {
		t.Error("others wait too, or for ever")
	}
	b := newBench(t)
	b.paces = newPaces(1, 1)
	_, _ = b.Password(t.Context(), "a@b.example", "x", from)
	if _, err := b.Password(t.Context(), "a@b.example", "x", from); !errors.Is(err, ErrPace) {
		t.Errorf("%v", err)
	}
}

func TestPasswordPolicy(t *testing.T) {
	t.Parallel()
	p := store.Person{Name: "Guadalupe Ortiz", Login: "g.ortiz@orange.court.example", AgencyName: "Superior Court of Orange County"}
	words := contextWords(p, "Protective Order Exchange")
	for password, taken := range map[string]bool{
		good: true, "kX7!q_Zp": true, "ñandú y peñón bajo llovizna": true, strings.Repeat("wo7 ", 32): false, "correct horse battery staple": true,
		"kX7!q_Z": false, "password1234": false, "12345678": false, "aaaaaaaaaaaaaaaaaaaa": false, "qwertyuiop12": false, "Guadalupe1": false, "OrangeCounty22": false, "ProtectiveOrder1": false,
		strings.Repeat("kX7!q_Zp", 17): false, "tab\tand more words here": false, "bad\xffutf8 and others": false, "iloveyou12": false, "": false,
	} {
		err := checkPassword(password, LeastPassword, words)
		var policy *PolicyError
		if (err == nil) != taken || err != nil && (!errors.As(err, &policy) || strings.Contains(err.Error(), password) && password != "") {
			t.Errorf("%q: %v", password, err)
		}
	}
	if checkPassword("kX7!q_Zp", LeastAlone, nil) == nil {
		t.Error("a short password is enough alone")
	}
	begin := time.Now()
	_ = checkPassword(strings.Repeat("4bcd3fg@", 16), LeastPassword, words)
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("a long password is looked at for %s", took)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	p, secret, _ := b.clerk("ana@court.example")
	q, invitation := b.invited("ben@court.example")
	reset := b.link(p, store.TokenReset)
	var policy *PolicyError
	if err := b.ResetPassword(ctx, reset, "password"); !errors.As(err, &policy) {
		t.Errorf("%v", err)
	}
	for name, err := range map[string]error{"another purpose": b.ResetPassword(ctx, invitation, good), "no link": b.ResetPassword(ctx, "", good), "no invitation": b.ChoosePassword(ctx, reset, good)} {
		if !errors.Is(err, store.ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := b.ResetPassword(ctx, reset, "forty orchards beside a quiet canal"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SecondFactor(ctx, p.ID, SecondCode, b.code(secret), from); err != nil {
		t.Errorf("the second factor after a reset: %v", err)
	}
	if err := b.ChoosePassword(ctx, invitation, good); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Password(ctx, q.Login, good, from); !errors.Is(err, ErrRefused) {
		t.Errorf("signs in before the invitation is accepted: %v", err)
	}
	if _, _, err := b.Accept(ctx, invitation, from); !errors.Is(err, store.ErrPersonState) {
		t.Errorf("accepted without a second factor: %v", err)
	}
	b.clock.Advance(7 * 24 * time.Hour)
	if _, _, err := b.Accept(ctx, invitation, from); !errors.Is(err, store.ErrToken) {
		t.Errorf("an old invitation: %v", err)
	}
	for _, login := range []string{"nobody", "a b@court.example", "Ana <ana@court.example>", "ana@", "añ@court.example", "a@b\r\nBcc: c@d.example"} {
		if _, err := ParseLogin(login); !errors.Is(err, ErrLogin) {
			t.Errorf("%q is an address", login)
		}
	}
}

// party is the site for which a virtual authenticator signs.
var party = virtualwebauthn.RelyingParty{Name: "Protective Order Exchange", ID: "orders.example", Origin: "https://orders.example"}

// device is a virtual authenticator with its one passkey.
type device struct {
	virtualwebauthn.Authenticator
	key virtualwebauthn.Credential
}

// enrol gives the person a passkey.
func (b *bench) enrol(p store.Person) *device {
	b.t.Helper()
	c, err := b.OfferPasskey(b.t.Context(), p)
	if err != nil {
		b.t.Fatal(err)
	}
	d := &device{virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: p.Handle}), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)}
	answer := d.made(b.t, c, party)
	if err := b.AddPasskey(b.t.Context(), p, c.State, answer, "blue key"); err != nil {
		b.t.Fatal(err)
	}
	d.AddCredential(d.key)
	return d
}

func (d *device) made(t *testing.T, c Challenge, for_ virtualwebauthn.RelyingParty) string {
	t.Helper()
	options, err := virtualwebauthn.ParseAttestationOptions(`{"publicKey":` + c.Options + `}`)
	if err != nil {
		t.Fatal(err)
	}
	return virtualwebauthn.CreateAttestationResponse(for_, d.Authenticator, d.key, *options)
}

func (d *device) signed(t *testing.T, c Challenge, for_ virtualwebauthn.RelyingParty, counter uint32) string {
	t.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(`{"publicKey":` + c.Options + `}`)
	if err != nil {
		t.Fatal(err)
	}
	key := d.key
	key.Counter = counter
	return virtualwebauthn.CreateAssertionResponse(for_, d.Authenticator, key, *options)
}

// passkey signs in with the device.
func (b *bench) passkey(d *device, counter uint32) (store.Person, error) {
	b.t.Helper()
	c, err := b.AskPasskey()
	if err != nil {
		b.t.Fatal(err)
	}
	return b.SignInByPasskey(b.t.Context(), c.State, d.signed(b.t, c, party, counter), from)
}

func TestPasskeySignsIn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p, token := b.invited("ana@court.example")
	if err := b.ChoosePassword(t.Context(), token, good); err != nil {
		t.Fatal(err)
	}
	d := b.enrol(p)
	if _, _, err := b.Accept(t.Context(), token, from); err != nil {
		t.Fatal(err)
	}
	in, err := b.passkey(d, 0)
	if err != nil || in.ID != p.ID {
		t.Fatal(err)
	}
	keys, _ := b.Store.Passkeys(t.Context(), p.ID)
	if len(keys) != 1 || keys[0].Name != "blue key" || keys[0].Used.IsZero() {
		t.Errorf("%+v", keys)
	}
	if err := b.DropPasskey(t.Context(), in, keys[0].ID); !errors.Is(err, ErrLastFactor) {
		t.Errorf("the last second factor is dropped: %v", err)
	}
}

// An answer for another site, another challenge, an old one, another's session, without verification of its holder or with a changed signature is refused.
func TestPasskeyAttacks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p, _, _ := b.clerk("ana@court.example")
	other, _, _ := b.clerk("ben@court.example")
	d := b.enrol(p)
	ask := func() Challenge {
		c, err := b.AskPasskey()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	evil := party
	evil.Origin = "https://orders.example.evil.example"
	foreign := party
	foreign.ID = "evil.example"
	careless := &device{virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: p.Handle, UserNotVerified: true}), d.key}
	thief := &device{virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: other.Handle}), d.key}
	stranger := &device{virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: p.Handle}), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)}
	attacks := map[string]func(Challenge) (state, answer string){
		"another origin":      func(c Challenge) (string, string) { return c.State, d.signed(t, c, evil, 0) },
		"another site":        func(c Challenge) (string, string) { return c.State, d.signed(t, c, foreign, 0) },
		"another challenge":   func(c Challenge) (string, string) { return c.State, d.signed(t, ask(), party, 0) },
		"no challenge":        func(c Challenge) (string, string) { return "", d.signed(t, c, party, 0) },
		"holder not verified": func(c Challenge) (string, string) { return c.State, careless.signed(t, c, party, 0) },
		"another's handle":    func(c Challenge) (string, string) { return c.State, thief.signed(t, c, party, 0) },
		"an unknown key":      func(c Challenge) (string, string) { return c.State, stranger.signed(t, c, party, 0) },
		"no answer":           func(c Challenge) (string, string) { return c.State, "" },
		"a changed signature": func(c Challenge) (string, string) {
			var a map[string]any
			_ = json.Unmarshal([]byte(d.signed(t, c, party, 0)), &a)
			response := a["response"].(map[string]any)
			response["signature"] = "MEUCIQ" + response["signature"].(string)[6:40] + strings.Repeat("A", 40)
			raw, _ := json.Marshal(a)
			return c.State, string(raw)
		},
		"too late": func(c Challenge) (string, string) {
			b.clock.Advance(passkeyTime + time.Second)
			return c.State, d.signed(t, c, party, 0)
		},
	}
	for name, attack := range attacks {
		state, answer := attack(ask())
		_, err := b.SignInByPasskey(t.Context(), state, answer, from)
		refused(t, name, err)
		for _, who := range []store.Person{p, other} {
			if err := b.Store.UnlockPerson(t.Context(), who.ID, boss, b.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := ask()
	refused(t, "another's session", b.UnlockByPasskey(t.Context(), other.ID, c.State, d.signed(t, c, party, 0), from))
	if _, err := b.passkey(d, 0); err != nil {
		t.Errorf("and the good one: %v", err)
	}
}

// A counter that goes back shows a copy: the passkey is refused, and counts no more.
func TestClonedPasskey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p, _, _ := b.clerk("ana@court.example")
	d := b.enrol(p)
	for _, counter := range []uint32{5, 9} {
		if _, err := b.passkey(d, counter); err != nil {
			t.Fatal(err)
		}
	}
	_, err := b.passkey(d, 6)
	refused(t, "the copy", err)
	_, err = b.passkey(d, 10)
	refused(t, "the passkey of which there is a copy", err)
	if b.again(p).Passkeys != 0 {
		t.Error("it counts on")
	}
}

// A new passkey is bound to the site and to the person who was asked.
func TestEnrolmentAttacks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p, _, _ := b.clerk("ana@court.example")
	other, _, _ := b.clerk("ben@court.example")
	evil := party
	evil.Origin = "http://orders.example"
	d := &device{virtualwebauthn.NewAuthenticator(), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)}
	careless := &device{virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserNotVerified: true}), d.key}
	c, err := b.OfferPasskey(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, "another origin", b.AddPasskey(t.Context(), p, c.State, d.made(t, c, evil), ""))
	refused(t, "holder not verified", b.AddPasskey(t.Context(), p, c.State, careless.made(t, c, party), ""))
	refused(t, "another person", b.AddPasskey(t.Context(), other, c.State, d.made(t, c, party), ""))
	refused(t, "no challenge", b.AddPasskey(t.Context(), p, "", d.made(t, c, party), ""))
	b.enrol(p)
	mine, _ := b.OfferPasskey(t.Context(), p)
	if !strings.Contains(mine.Options, "excludeCredentials") {
		t.Error("the same authenticator may be enrolled twice")
	}
}

func (b *bench) sql(query string) string {
	b.t.Helper()
	conn, err := pgx.Connect(b.t.Context(), b.url)
	if err != nil {
		b.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var out string
	if err := conn.QueryRow(b.t.Context(), query).Scan(&out); err != nil {
		b.t.Fatal(err)
	}
	return out
}

// Letters hold a link where one is due, and nothing is written to who should get none; a job holds no secret.
func TestLetters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	dir := t.TempDir()
	box, err := NewOutbox(filepath.Join(dir, "mail"), "exchange@orders.example")
	if err != nil {
		t.Fatal(err)
	}
	post, err := NewPost(b.Door, box)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := b.invited("ana@court.example")
	active, _, _ := b.clerk("ben@court.example")
	chief, _, _ := b.clerk("eva@court.example")
	if _, err := b.Store.ChangePerson(ctx, chief.ID, boss, noon, func(p *store.Person) { p.Roles = []access.Role{access.AgencyAdministrator} }); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		who  store.PersonID
		kind store.LetterKind
		has  string
	}{{p.ID, store.LetterInvitation, "https://orders.example/signin/invitation/"}, {p.ID, store.LetterReset, ""}, {active.ID, store.LetterReset, "https://orders.example/signin/reset/"},
		{active.ID, store.LetterInvitation, ""}, {active.ID, store.LetterLocked, "locked for 15 minutes"}, {active.ID, store.LetterChanged, "changed"}, {active.ID, store.LetterGlass, ""}, {chief.ID, store.LetterGlass, "https://orders.example/glass"}, {0, store.LetterReset, ""}} {
		if err := post.Send(ctx, tt.who, tt.kind); err != nil {
			t.Fatal(err)
		}
		files, _ := filepath.Glob(filepath.Join(dir, "mail", "*.eml"))
		if (len(files) == 1) != (tt.has != "") {
			t.Errorf("%s to %d: %d letters", tt.kind, tt.who, len(files))
		}
		for _, f := range files {
			raw, _ := os.ReadFile(f)
			if !strings.Contains(string(raw), tt.has) || !strings.Contains(string(raw), "To: <") {
				t.Errorf("%s:\n%s", tt.kind, raw)
			}
			os.Remove(f)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "mail")); err != nil || info.Mode().Perm() != 0o700 {
		t.Error("others may read the outbox")
	}
	if args := b.sql("select coalesce(string_agg(args::text, ' '), '') from river_job"); strings.Contains(args, "@") {
		t.Errorf("jobs hold addresses: %s", args)
	}
	for _, bad := range []string{"", "http://mail.example", "mail.example", "smtp://"} {
		if _, err := NewSMTP(bad, "a@b.example"); err == nil {
			t.Errorf("%q is a mail server", bad)
		}
	}
	if _, err := NewSMTP("smtps://user:word@mail.example", "a@b.example"); err != nil {
		t.Error(err)
	}
}

// visit runs what a handler would within the session of a cookie, and gives the next cookie.
func visit(t *testing.T, s *Sessions, cookie string, do func(ctx context.Context)) string {
	t.Helper()
	r := httptest.NewRequest("GET", "https://orders.example/", nil)
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: "__Host-ccpor", Value: cookie})
	}
	w := httptest.NewRecorder()
	s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { do(r.Context()) })).ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("the cookie: %+v", c)
		}
		cookie = c.Value
	}
	return cookie
}

func (b *bench) who(s *Sessions, cookie string) (err error) {
	b.t.Helper()
	visit(b.t, s, cookie, func(ctx context.Context) { _, err = s.Who(ctx, true) })
	return err
}

func (b *bench) signIn(s *Sessions, cookie string, p store.Person) (store.Person, string) {
	b.t.Helper()
	p, err := b.admit(b.t.Context(), p.ID, "password, one-time code", from)
	if err != nil {
		b.t.Fatal(err)
	}
	return p, visit(b.t, s, cookie, func(ctx context.Context) {
		if err := s.Begin(ctx, p); err != nil {
			b.t.Error(err)
		}
	})
}

// A session ends by another sign-in, by a changed password or role, by being disabled, by signing out, after twelve hours; it is locked after thirty minutes.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	s := NewSessions(b.Door)
	p, _, _ := b.clerk("ana@court.example")
	for name, end := range map[string]func(cookie string){
		"another sign-in": func(string) { b.signIn(s, "", p) },
		"a changed role": func(string) {
			_, err := b.Store.ChangePerson(ctx, p.ID, boss, b.Now(), func(p *store.Person) {
				p.Roles = map[bool][]access.Role{true: {access.CourtClerk}, false: {access.HelpDesk}}[p.Roles[0] == access.HelpDesk]
			})
			if err != nil {
				t.Error(err)
			}
		},
		"a password that was reset": func(string) {
			if err := b.ResetPassword(ctx, b.link(p, store.TokenReset), good); err != nil {
				t.Error(err)
			}
		},
		"signing out": func(cookie string) { visit(t, s, cookie, func(ctx context.Context) { _ = s.End(ctx) }) },
		"twelve hours": func(cookie string) {
			for range 36 {
				b.clock.Advance(20 * time.Minute)
				_ = b.who(s, cookie)
			}
		},
	} {
		_, cookie := b.signIn(s, "", p)
		if err := b.who(s, cookie); err != nil {
			t.Errorf("before %s: %v", name, err)
		}
		end(cookie)
		if err := b.who(s, cookie); !errors.Is(err, ErrNobody) {
			t.Errorf("after %s: %v", name, err)
		}
	}
	_, cookie := b.signIn(s, "", p)
	for range 4 {
		b.clock.Advance(20 * time.Minute)
		if err := b.who(s, cookie); err != nil {
			t.Errorf("active every 20 minutes: %v", err)
		}
	}
	b.clock.Advance(20 * time.Minute)
	visit(t, s, cookie, func(ctx context.Context) { _, _ = s.Who(ctx, false) })
	b.clock.Advance(10 * time.Minute)
	if err := b.who(s, cookie); !errors.Is(err, ErrIdle) {
		t.Errorf("a page that loads itself keeps the session open: %v", err)
	}
	before := cookie
	cookie = visit(t, s, cookie, func(ctx context.Context) { _ = s.Proved(ctx) })
	if err := b.who(s, cookie); err != nil || cookie == before {
		t.Errorf("proved anew: %v", err)
	}
	if err := b.Store.DisablePerson(ctx, p.ID, "left", boss, b.Now()); err != nil {
		t.Fatal(err)
	}
	if err := b.who(s, cookie); !errors.Is(err, ErrNobody) {
		t.Errorf("a disabled person's session: %v", err)
	}
}

// A token from before signing in is nobody's afterwards, and the database holds no token that a browser has.
func TestFixedSession(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := NewSessions(b.Door)
	p, _, _ := b.clerk("ana@court.example")
	fixed := visit(t, s, "", func(ctx context.Context) { s.AcceptBanner(ctx) })
	stepped := visit(t, s, fixed, func(ctx context.Context) { _ = s.Step(ctx, p) })
	_, cookie := b.signIn(s, stepped, p)
	if fixed == stepped || stepped == cookie || fixed == "" {
		t.Error("the token stays")
	}
	for _, old := range []string{fixed, stepped} {
		if err := b.who(s, old); !errors.Is(err, ErrNobody) {
			t.Errorf("an old token: %v", err)
		}
	}
	if err := b.who(s, cookie); err != nil {
		t.Error(err)
	}
	if got := visit(t, s, "made-up-by-somebody", func(ctx context.Context) { s.AcceptBanner(ctx) }); got == "made-up-by-somebody" {
		t.Error("a token that somebody made up is taken")
	}
	if strings.Contains(b.sql("select string_agg(session::text, ' ') from session"), cookie) {
		t.Error("the database holds what the browser holds")
	}
}

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	c := Config{}.withDefaults()
	if c.Tries != 5 || c.Lock != 15*time.Minute || c.Hash.Memory < 19<<10 || c.Log == nil {
		t.Errorf("%+v", c)
	}
}

package store_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
	"ccpor/vault"
)

var boss = store.By{Actor: "person boss, command line"}

// people is a hub with secrets that can be kept.
func people(t *testing.T) *hub {
	t.Helper()
	url := storetest.NewURL(t)
	s := storetest.Open(t, url, store.Options{})
	return &hub{s, t, url, orange(t, s)}
}

// invite adds a clerk of the court.
func (h *hub) invite(login string) store.Person {
	h.t.Helper()
	p, err := h.InvitePerson(h.t.Context(), store.NewPerson{Agency: h.court.ORI, Login: login, Name: "Ana Clerk", Roles: []access.Role{access.CourtClerk}}, boss, noon)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// token gives the person a link good for a day.
func (h *hub) token(p store.Person, purpose store.TokenPurpose, text string) []byte {
	h.t.Helper()
	hash := sha256.Sum256([]byte(text))
	if _, err := h.NewToken(h.t.Context(), p.ID, purpose, hash[:], noon.Add(24*time.Hour), boss, noon); err != nil {
		h.t.Fatal(err)
	}
	return hash[:]
}

// active is a clerk who has accepted, with the password hash "hash" and the TOTP secret "SECRET".
func (h *hub) active(login string) store.Person {
	h.t.Helper()
	p := h.invite(login)
	token := h.token(p, store.TokenInvitation, "invitation of "+login)
	if err := errors.Join(h.ChoosePassword(h.t.Context(), token, "hash", noon), h.ConfirmTOTP(h.t.Context(), p.ID, "SECRET", 7, noon)); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.Activate(h.t.Context(), token, noon); err != nil {
		h.t.Fatal(err)
	}
	return h.again(p)
}

func (h *hub) again(p store.Person) store.Person {
	h.t.Helper()
	p, err := h.Person(h.t.Context(), p.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func TestInvitedPerson(t *testing.T) {
	t.Parallel()
	h := people(t)
	p := h.invite("Ana.Clerk@court.example")
	if p.State != store.PersonInvited || len(p.Handle) != 32 || p.AgencyORI != h.court.ORI || p.HasPassword || p.HasTOTP {
		t.Errorf("%+v", p)
	}
	if q, err := h.PersonByLogin(t.Context(), "ana.clerk@COURT.example"); err != nil || q.ID != p.ID {
		t.Errorf("not found in another case: %v", err)
	}
	for name, tt := range map[string]struct {
		n    store.NewPerson
		want error
	}{
		"the same login in another case":         {store.NewPerson{Agency: h.court.ORI, Login: "ANA.clerk@court.example", Name: "x", Roles: []access.Role{access.CourtClerk}}, store.ErrLoginTaken},
		"a role for which no court can vouch":    {store.NewPerson{Agency: h.court.ORI, Login: "b@court.example", Name: "x", Roles: []access.Role{access.CourtClerk, access.SystemAdministrator}}, store.ErrNotVouched},
		"an agency that there is not":            {store.NewPerson{Agency: "CA999999X", Login: "b@court.example", Name: "x", Roles: []access.Role{access.CourtClerk}}, store.ErrNotFound},
		"nobody signs in who is invited":         {},
		"a login that is no address":             {store.NewPerson{Agency: h.court.ORI, Login: "nobody", Name: "x", Roles: []access.Role{access.CourtClerk}}, nil},
		"a person who may do nothing whatsoever": {store.NewPerson{Agency: h.court.ORI, Login: "b@court.example", Name: "x"}, nil},
	} {
		_, err := h.InvitePerson(t.Context(), tt.n, boss, noon)
		if tt.n.Agency == "" {
			_, err = h.SignIn(t.Context(), p.ID, "password", "192.0.2.7", noon)
			tt.want = store.ErrPersonState
		}
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.Activate(t.Context(), h.token(p, store.TokenInvitation, "t"), noon); !errors.Is(err, store.ErrPersonState) {
		t.Errorf("active without password and second factor: %v", err)
	}
}

// A token is good once, for its time, its purpose and its person.
func TestTokens(t *testing.T) {
	t.Parallel()
	h := people(t)
	ctx := t.Context()
	p, other := h.active("ana@court.example"), h.active("ben@court.example")
	first := h.token(p, store.TokenReset, "first")
	second := h.token(p, store.TokenReset, "second")
	others := h.token(other, store.TokenReset, "others")
	for name, tt := range map[string]struct {
		hash []byte
		at   time.Time
	}{"replaced": {first, noon}, "expired": {second, noon.Add(24 * time.Hour)}, "never made": {make([]byte, 32), noon}} {
		if err := h.ResetPassword(ctx, tt.hash, "new", tt.at); !errors.Is(err, store.ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := h.ChoosePassword(ctx, second, "new", noon); !errors.Is(err, store.ErrToken) {
		t.Errorf("a reset accepts an invitation: %v", err)
	}
	if err := h.ResetPassword(ctx, second, "new", noon); err != nil {
		t.Fatal(err)
	}
	if err := h.ResetPassword(ctx, second, "newer", noon); !errors.Is(err, store.ErrToken) {
		t.Errorf("used twice: %v", err)
	}
	if k, err := h.Secrets(ctx, p.ID); err != nil || k.Password != "new" || k.TOTP != "SECRET" {
		t.Errorf("%+v, %v", k, err)
	}
	if k, _ := h.Secrets(ctx, other.ID); k.Password != "hash" {
		t.Error("another's password was reset")
	}
	if after := h.again(p); after.Epoch <= p.Epoch {
		t.Error("a reset leaves sessions open")
	}
	if err := h.DisablePerson(ctx, other.ID, "left", boss, noon); err != nil {
		t.Fatal(err)
	}
	if err := h.ResetPassword(ctx, others, "new", noon); !errors.Is(err, store.ErrToken) {
		t.Errorf("a disabled person resets: %v", err)
	}
	if _, err := h.NewToken(ctx, other.ID, store.TokenReset, make([]byte, 32), noon.Add(time.Hour), boss, noon); !errors.Is(err, store.ErrPersonState) {
		t.Errorf("a disabled person is sent a link: %v", err)
	}
	var err error
	for i := range 6 {
		hash := sha256.Sum256([]byte{byte(i)})
		_, err = h.NewToken(ctx, p.ID, store.TokenReset, hash[:], noon.Add(time.Hour), boss, noon.Add(time.Minute))
	}
	if !errors.Is(err, store.ErrTooMany) {
		t.Errorf("any number of letters: %v", err)
	}
}

// Tries that come at once are counted one after the other: five are judged, and no sixth.
func TestTriesAtOnce(t *testing.T) {
	t.Parallel()
	h := people(t)
	p := h.active("ana@court.example")
	take := func(at time.Time) bool {
		ok, err := h.TakeTry(t.Context(), p.ID, 5, 15*time.Minute, at)
		if err != nil {
			t.Error(err)
		}
		return ok
	}
	var judged sync.Map
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			if take(noon) {
				judged.Store(i, true)
			}
		})
	}
	all.Wait()
	n := 0
	judged.Range(func(any, any) bool { n++; return true })
	if n != 5 || !h.again(p).Locked(noon) {
		t.Errorf("%d of 30 tries were judged", n)
	}
	if take(noon.Add(15*time.Minute - time.Second)) {
		t.Error("the lockout ends early")
	}
	if !take(noon.Add(15*time.Minute)) || h.again(p).Failed != 1 {
		t.Error("the lockout does not end, or failures before it count on")
	}
	for range 3 {
		take(noon.Add(time.Hour))
	}
	if !take(noon.Add(time.Hour)) || h.GiveTryBack(t.Context(), p.ID, 5) != nil || h.again(p).Failed != 4 || h.again(p).Locked(noon.Add(time.Hour)) {
		t.Errorf("a good fifth try locks out: %+v", h.again(p))
	}
	if !take(noon.Add(time.Hour)) || take(noon.Add(time.Hour)) {
		t.Error("a good password takes failures back")
	}
	if err := h.UnlockPerson(t.Context(), p.ID, boss, noon); err != nil || h.again(p).Failed != 0 || !take(noon) {
		t.Error("unlocked and still locked out", err)
	}
}

// One-time codes and recovery codes are good once, however many come at a time.
func TestCodesAreGoodOnce(t *testing.T) {
	t.Parallel()
	h := people(t)
	ctx := t.Context()
	p, other := h.active("ana@court.example"), h.active("ben@court.example")
	for _, tt := range []struct {
		step int64
		ok   bool
	}{{7, false}, {8, true}, {8, false}, {7, false}, {10, true}, {9, false}} {
		if err := h.UseStep(ctx, p.ID, tt.step); (err == nil) != tt.ok || err != nil && !errors.Is(err, store.ErrReplayed) {
			t.Errorf("step %d: %v", tt.step, err)
		}
	}
	a, b := sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b"))
	if err := h.SetCodes(ctx, p.ID, [][]byte{a[:], b[:]}, noon); err != nil {
		t.Fatal(err)
	}
	if err := h.UseCode(ctx, other.ID, a[:], noon); !errors.Is(err, store.ErrReplayed) {
		t.Errorf("another's code: %v", err)
	}
	if err := h.UseCode(ctx, p.ID, a[:], noon); err != nil || h.again(p).Codes != 1 {
		t.Error(err)
	}
	if err := h.UseCode(ctx, p.ID, a[:], noon); !errors.Is(err, store.ErrReplayed) {
		t.Errorf("used twice: %v", err)
	}
	c := sha256.Sum256([]byte("c"))
	if err := h.SetCodes(ctx, p.ID, [][]byte{c[:]}, noon); err != nil {
		t.Fatal(err)
	}
	if err := h.UseCode(ctx, p.ID, b[:], noon); !errors.Is(err, store.ErrReplayed) {
		t.Errorf("a replaced code is good: %v", err)
	}
}

// Whoever is invited anew has nothing left to come in with.
func TestInvitedAnew(t *testing.T) {
	t.Parallel()
	h := people(t)
	ctx := t.Context()
	p := h.active("ana@court.example")
	code := sha256.Sum256([]byte("a"))
	key := store.Passkey{Person: p.ID, Name: "key", Credential: []byte("c"), PublicKey: []byte("k"), AAGUID: make([]byte, 16)}
	if err := errors.Join(h.SetCodes(ctx, p.ID, [][]byte{code[:]}, noon), h.AddPasskey(ctx, key, noon)); err != nil {
		t.Fatal(err)
	}
	if err := h.AddPasskey(ctx, key, noon); !errors.Is(err, store.ErrPasskeyTaken) {
		t.Errorf("the same passkey twice: %v", err)
	}
	if err := h.ReinvitePerson(ctx, p.ID, boss, noon); err != nil {
		t.Fatal(err)
	}
	after := h.again(p)
	keys, _ := h.Passkeys(ctx, p.ID)
	if after.State != store.PersonInvited || after.HasPassword || after.HasTOTP || after.Codes != 0 || len(keys) != 0 || after.Epoch <= p.Epoch {
		t.Errorf("%+v", after)
	}
	if err := h.AddPasskey(ctx, key, noon); !errors.Is(err, store.ErrPasskeyTaken) {
		t.Errorf("a passkey comes back: %v", err)
	}
}

// A change of what somebody may do ends the sessions, a change of the name does not; roles are such as the agency vouches for.
func TestChangedPerson(t *testing.T) {
	t.Parallel()
	h := people(t)
	ctx := t.Context()
	p := h.active("ana@court.example")
	until := order.MakeDate(2027, 1, 1)
	q, err := h.ChangePerson(ctx, p.ID, boss, noon, func(p *store.Person) { p.Name, p.Login = "Ana Other", "else@court.example" })
	if err != nil || q.Name != "Ana Other" || q.Login != p.Login || q.Epoch != p.Epoch {
		t.Errorf("%+v, %v", q, err)
	}
	q, err = h.ChangePerson(ctx, p.ID, boss, noon, func(p *store.Person) { p.Roles, p.CertifiedUntil = append(p.Roles, access.HelpDesk), &until })
	if err != nil || q.Epoch != p.Epoch+1 || !slices.Contains(q.Roles, access.HelpDesk) || *q.CertifiedUntil != until {
		t.Errorf("%+v, %v", q, err)
	}
	if _, err := h.ChangePerson(ctx, p.ID, boss, noon, func(p *store.Person) { p.Roles = []access.Role{access.LawEnforcement} }); !errors.Is(err, store.ErrNotVouched) {
		t.Errorf("a court vouches for an officer: %v", err)
	}
}

// Every change is on record, with who did it and to whom; no secret stands in the database in clear.
func TestPeopleOnRecord(t *testing.T) {
	t.Parallel()
	h := people(t)
	ctx := t.Context()
	p := h.active("ana@court.example")
	if _, err := h.SignIn(ctx, p.ID, "password, one-time code", "192.0.2.7", noon); err != nil {
		t.Fatal(err)
	}
	provider := store.IdentityProvider{Agency: h.court.ORI, Issuer: "https://id.court.example", Client: "ccpor", Secret: "PROVIDERSECRET", Domains: []string{"court.example"}}
	if err := errors.Join(h.SetIdentityProvider(ctx, provider, boss, noon), h.OfferTOTP(ctx, p.ID, "NEXTSECRET", noon), h.SignOut(ctx, p.ID, noon), h.DisablePerson(ctx, p.ID, "left", boss, noon)); err != nil {
		t.Fatal(err)
	}
	if got, err := h.IdentityProviders(ctx); err != nil || len(got) != 1 || got[0].Secret != provider.Secret {
		t.Errorf("%+v, %v", got, err)
	}
	trail, err := h.AuditTrail(ctx, "person ana@court.example", 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range trail {
		got = append(got, fmt.Sprintf("%s %s by %s (%d)", e.Action, e.Outcome, e.Actor, e.Person))
	}
	slices.Reverse(got)
	self := fmt.Sprintf("by person ana@court.example, CA030013J (%d)", p.ID)
	want := []string{"person.invite invited by person boss, command line (0)", "person.token made by person boss, command line (0)", "person.password chosen " + self, "person.totp set " + self, "person.accept active " + self,
		"person.sign-in signed in " + self, "person.totp offered " + self, "person.sign-out signed out " + self, "person.disable disabled by person boss, command line (0)"}
	if !slices.Equal(got, want) {
		t.Errorf("on record\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	dump := h.sql("select string_agg(p::text, '') || (select string_agg(i::text, '') from identity_provider i) || (select string_agg(a::text, '') from audit a) from person p")
	for _, secret := range []string{"SECRET", "NEXTSECRET", "PROVIDERSECRET"} {
		if strings.Contains(dump, secret) || strings.Contains(dump, fmt.Sprintf("%x", secret)) {
			t.Errorf("%s stands in the database", secret)
		}
	}
	bare, err := store.Open(ctx, h.url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bare.Close)
	if _, err := bare.Secrets(ctx, p.ID); !errors.Is(err, vault.ErrNoKeys) {
		t.Errorf("secrets without keys: %v", err)
	}
	if err := bare.OfferTOTP(ctx, p.ID, "X", noon); !errors.Is(err, vault.ErrNoKeys) {
		t.Errorf("a secret is kept in clear: %v", err)
	}
}

func TestDrawnMovesOfPeople(t *testing.T) {
	t.Parallel()
	h := people(t)
	table := strings.Split(h.sql(`select string_agg(before || ' ' || after, ',' order by before || ' ' || after collate "C") from person_move`), ",")
	if moves := drawnIn(t, "Person"); !slices.Equal(moves, table) {
		t.Errorf("drawn %v\ntable %v", moves, table)
	}
	p := h.active("ana@court.example")
	for name, sql := range map[string]string{
		"deleted":                  "delete from person",
		"another login":            "update person set login = 'b@court.example'",
		"an epoch that goes back":  "update person set epoch = -1",
		"active without password":  "update person set password = '', password_at = null",
		"a used link used again":   "update person_token set ended_at = null",
		"two open links":           fmt.Sprintf("insert into person_token (hash, person_id, purpose, made_at, expires_at) select sha256(n::text::bytea), %d, 'reset', now(), now() + interval '1 day' from generate_series(1, 2) n", p.ID),
		"from invited to invited?": "update person set state = 'unheard of'",
	} {
		if err := h.exec(sql); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	h := people(t)
	ctx, now := t.Context(), noon
	s := h.Sessions(func() time.Time { return now })
	if err := errors.Join(s.CommitCtx(ctx, "a", []byte("1"), noon.Add(time.Hour)), s.CommitCtx(ctx, "a", []byte("2"), noon.Add(time.Hour)), s.CommitCtx(ctx, "b", []byte("3"), noon.Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	if data, found, err := s.FindCtx(ctx, "a"); err != nil || !found || !bytes.Equal(data, []byte("2")) {
		t.Errorf("%s %v %v", data, found, err)
	}
	if err := s.DeleteCtx(ctx, "b"); err != nil {
		t.Fatal(err)
	}
	if _, found, _ := s.FindCtx(ctx, "b"); found {
		t.Error("an ended session goes on")
	}
	now = noon.Add(time.Hour)
	if _, found, _ := s.FindCtx(ctx, "a"); found {
		t.Error("a session does not expire")
	}
	p := h.active("ana@court.example")
	if _, err := h.SignIn(ctx, p.ID, "passkey", "192.0.2.7", noon.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n := h.sql("select count(*)::text from session"); n != "0" {
		t.Errorf("%s sessions that are over lie about", n)
	}
}

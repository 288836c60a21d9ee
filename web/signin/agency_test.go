package signin

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"ccpor/store"
)

// provided gives the court a provider that says of itself what it must, and signs nobody in.
func (b *bench) provided() {
	b.t.Helper()
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := "http://" + r.Host
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": at, "authorization_endpoint": at + "/auth", "token_endpoint": at + "/token", "jwks_uri": at + "/keys"})
	}))
	b.t.Cleanup(p.Close)
	if err := b.door.Store.SetIdentityProvider(b.t.Context(), store.IdentityProvider{Agency: "CA030013J", Issuer: p.URL, Client: "ccpor", Secret: "invented", Domains: []string{"court.example"}}, boss, b.clock.Now()); err != nil {
		b.t.Fatal(err)
	}
}

// turnedAway are the reasons on record for which nobody was signed in, newest first.
func (b *bench) turnedAway() (why []string) {
	b.t.Helper()
	trail, err := b.door.Store.AuditTrail(b.t.Context(), "person unknown", 10)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range trail {
		if e.Action != "person.sign-in" || e.Outcome != "refused" || e.Agency != "CA030013J" || e.Actor != "address 192.0.2.1" {
			b.t.Errorf("on record: %+v", e)
		}
		why = append(why, e.Details)
	}
	return why
}

// A provider's answer is taken once, and that it signed nobody in is on record; answers to what nobody asked are not.
func TestNobodyIsSignedInElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.provided()
	w := b.browser()
	w.open("/signin/agency/CA030013J").shows(200, "/signin", "restricted system")
	w = b.atTheDoor()
	w.open("/signin/agency").shows(200, "/signin/agency", "Superior Court of Orange County")
	w.open("/signin/agency/CA019013J").shows(404, "/signin/agency/CA019013J", "There is no such agency")
	w.open(BackFromAgency+"?error=access_denied").shows(400, BackFromAgency+"?error=access_denied", "That sign-in cannot go on")
	if why := b.turnedAway(); why != nil {
		t.Errorf("on record of nobody: %v", why)
	}
	for _, x := range []struct {
		answer url.Values
		status int
		text   string
	}{
		{url.Values{"error": {"access_denied"}}, 403, "Your agency has not signed you in"},
		{url.Values{"code": {"invented"}}, 400, "That sign-in cannot go on"},
	} {
		led, err := url.Parse(w.open("/signin/agency/CA030013J").at)
		if err != nil {
			t.Fatal(err)
		}
		x.answer.Set("state", led.Query().Get("state"))
		back := BackFromAgency + "?" + x.answer.Encode()
		w.open(back).shows(x.status, back, x.text)
		w.open(back).shows(400, back, "That sign-in cannot go on")
	}
	if why := b.turnedAway(); len(why) != 2 || why[0] != "the identity provider's answer was not taken" || why[1] != "the identity provider has not signed the person in" {
		t.Errorf("on record: %v", why)
	}
}

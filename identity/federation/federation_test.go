package federation

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"ccpor/store"
)

func noon() time.Time { return time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC) }

// house is an identity provider that answers as it is told to.
type house struct {
	*httptest.Server
	key    *ecdsa.PrivateKey
	claims map[string]any
	// sign makes the token of the claims; nil: as it ought to be.
	sign func(claims []byte) string
	// asked is the form of the last exchange.
	asked url.Values
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{}
	var err error
	if h.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		h.tell(w, map[string]any{"issuer": h.URL, "authorization_endpoint": h.URL + "/auth", "token_endpoint": h.URL + "/token", "jwks_uri": h.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		h.tell(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: h.key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		h.asked = r.PostForm
		b, _ := json.Marshal(h.claims)
		sign := h.sign
		if sign == nil {
			sign = h.signed(jose.ES256, h.key)
		}
		h.tell(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": sign(b)})
	})
	h.Server = httptest.NewServer(mux)
	t.Cleanup(h.Close)
	return h
}

func (h *house) tell(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (h *house) signed(alg jose.SignatureAlgorithm, key any) func([]byte) string {
	return func(claims []byte) string {
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
		if err != nil {
			panic(err)
		}
		o, err := s.Sign(claims)
		if err != nil {
			panic(err)
		}
		text, _ := o.CompactSerialize()
		return text
	}
}

func (h *house) IdentityProviders(context.Context) ([]store.IdentityProvider, error) {
	return []store.IdentityProvider{{Agency: "CA030013J", Issuer: h.URL, Client: "ccpor", Secret: "invented", Domains: []string{"court.example"}}}, nil
}

func (h *house) federation(t *testing.T) *Federation {
	t.Helper()
	pages, err := url.Parse("https://orders.example")
	if err != nil {
		t.Fatal(err)
	}
	return New(h, pages, "/signin/agency/back", noon)
}

// begun is a sign-in under way, of which the provider will speak well.
func (h *house) begun(t *testing.T) (*Federation, Trip, url.Values) {
	t.Helper()
	f := h.federation(t)
	to, trip, err := f.Begin(t.Context(), "CA030013J")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, h.URL+"/auth?") {
		t.Fatalf("sent to %s: %v", to, err)
	}
	if q := u.Query(); q.Get("prompt") != "login" || q.Get("max_age") != "600" || q.Get("code_challenge_method") != "S256" {
		t.Errorf("asked for %v", q)
	}
	h.claims = map[string]any{"iss": h.URL, "aud": "ccpor", "sub": "4711", "nonce": u.Query().Get("nonce"), "iat": noon().Unix(), "exp": noon().Add(time.Minute).Unix(),
		"email": "Ana@Court.example", "email_verified": true, "amr": []string{"pwd", "mfa"}, "auth_time": noon().Unix()}
	return f, trip, url.Values{"state": {u.Query().Get("state")}, "code": {"abc"}, "iss": {h.URL}}
}

func TestSignedInElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	f, trip, answer := h.begun(t)
	got, err := f.Finish(t.Context(), trip, answer)
	want := Person{Agency: "CA030013J", Issuer: h.URL, Subject: "4711", Login: "Ana@Court.example"}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if h.asked.Get("code_verifier") != trip.Verifier || h.asked.Get("redirect_uri") != "https://orders.example/signin/agency/back" {
		t.Errorf("asked with %v", h.asked)
	}
}

func TestAnswersThatAreNotTaken(t *testing.T) {
	t.Parallel()
	claim := func(name string, v any) func(*house, *Trip, url.Values) {
		return func(h *house, _ *Trip, _ url.Values) { h.claims[name] = v }
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		change func(h *house, trip *Trip, answer url.Values)
		want   error
	}{
		"another state":      {func(_ *house, _ *Trip, a url.Values) { a.Set("state", "x") }, ErrAnswer},
		"no state":           {func(_ *house, _ *Trip, a url.Values) { a.Del("state") }, ErrAnswer},
		"no trip":            {func(_ *house, trip *Trip, a url.Values) { *trip = Trip{}; a.Del("state") }, ErrAnswer},
		"too late":           {func(_ *house, trip *Trip, _ url.Values) { trip.Until = noon().Add(-time.Second) }, ErrAnswer},
		"of another house":   {func(_ *house, _ *Trip, a url.Values) { a.Set("iss", "https://evil.example") }, ErrAnswer},
		"denied":             {func(_ *house, _ *Trip, a url.Values) { a.Set("error", "access_denied") }, ErrDenied},
		"no provider now":    {func(_ *house, trip *Trip, _ url.Values) { trip.Agency = "CA019013J" }, ErrNoProvider},
		"another nonce":      {claim("nonce", "x"), ErrAnswer},
		"no nonce":           {claim("nonce", ""), ErrAnswer},
		"another audience":   {claim("aud", "other"), ErrAnswer},
		"another issuer":     {claim("iss", "https://evil.example"), ErrAnswer},
		"expired":            {claim("exp", noon().Add(-time.Minute).Unix()), ErrAnswer},
		"nobody":             {claim("sub", ""), ErrAnswer},
		"not verified":       {claim("email_verified", false), ErrAnswer},
		"verified in words":  {claim("email_verified", "true"), ErrAnswer},
		"no address":         {claim("email", ""), ErrAnswer},
		"a foreign domain":   {claim("email", "ana@sheriff.example"), ErrAnswer},
		"two domains":        {claim("email", "ana@sheriff.example@court.example"), ErrAnswer},
		"no second factor":   {claim("amr", []string{"pwd"}), ErrWeak},
		"nothing of factors": {claim("amr", nil), ErrWeak},
		"remembered":         {claim("auth_time", noon().Add(-behind-time.Second).Unix()), ErrAnswer},
		"nothing of when":    {claim("auth_time", nil), ErrAnswer},
		"another key":        {func(h *house, _ *Trip, _ url.Values) { h.sign = h.signed(jose.ES256, other) }, ErrAnswer},
		"signed by the client's secret": {func(h *house, _ *Trip, _ url.Values) {
			h.sign = h.signed(jose.HS256, []byte("invented-invented-invented-invented"))
		}, ErrAnswer},
		"not signed": {func(h *house, _ *Trip, _ url.Values) {
			h.sign = func(b []byte) string {
				return "eyJhbGciOiJub25lIn0." + strings.TrimRight(jsonBase64(b), "=") + "."
			}
		}, ErrAnswer},
		"no token": {func(h *house, _ *Trip, _ url.Values) { h.sign = func([]byte) string { return "" } }, ErrAnswer},
		"very long": {func(h *house, _ *Trip, _ url.Values) {
			h.sign = func([]byte) string { return strings.Repeat("x", mostAnswer+1) }
		}, ErrAnswer},
		"other keys": {func(h *house, _ *Trip, _ url.Values) { h.key = other; h.sign = func([]byte) string { return "a.b.c" } }, ErrAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			f, trip, answer := h.begun(t)
			x.change(h, &trip, answer)
			if got, err := f.Finish(t.Context(), trip, answer); !errors.Is(err, x.want) || got != (Person{}) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestProvidersThatAreNotAsked(t *testing.T) {
	t.Parallel()
	for _, issuer := range []string{"http://id.court.example", "ftp://id.court.example", "id.court.example", "https://", "https://u:p@id.court.example", "https://id.court.example?x=1", "http://10.0.0.1", "http://localhost.evil.example"} {
		if CheckIssuer(issuer) == nil {
			t.Errorf("%s is asked", issuer)
		}
	}
	for _, issuer := range []string{"https://id.court.example/tenant", "http://127.0.0.1:9870", "http://localhost:9870"} {
		if err := CheckIssuer(issuer); err != nil {
			t.Errorf("%s: %v", issuer, err)
		}
	}
	h := newHouse(t)
	if _, _, err := h.federation(t).Begin(t.Context(), "CA019013J"); !errors.Is(err, ErrNoProvider) {
		t.Errorf("an agency without one: %v", err)
	}
}

func jsonBase64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

package store_test

import (
	"errors"
	"testing"

	"ccpor/store"
)

// Who is known by a provider is known by nothing else, and a provider speaks for its own agency's people only.
func TestFederatedPerson(t *testing.T) {
	t.Parallel()
	h := people(t)
	ctx := t.Context()
	ana, ben := h.active("ana@court.example"), h.invite("ben@court.example")
	named := func(subject, login string) store.Federated {
		return store.Federated{Agency: h.court.ORI, Issuer: "https://id.court.example", Subject: subject, Login: login}
	}
	for _, x := range []struct {
		p store.Person
		f store.Federated
	}{{ana, named("1", "Ana@court.example")}, {ben, named("2", "ben@court.example")}} {
		if got, err := h.FederatedPerson(ctx, x.f); err != nil || got.ID != x.p.ID {
			t.Fatalf("%+v, %v", got, err)
		}
		if err := h.Federate(ctx, x.p.ID, x.f, noon); err != nil {
			t.Fatal(err)
		}
		after := h.again(x.p)
		if after.State != store.PersonActive || after.HasPassword || after.HasTOTP || after.Passkeys+after.Codes > 0 || after.Epoch <= x.p.Epoch || after.Subject != x.f.Subject {
			t.Errorf("%+v", after)
		}
		if err := h.Federate(ctx, x.p.ID, named("9", x.p.Login), noon); !errors.Is(err, store.ErrPersonState) {
			t.Errorf("known by another name: %v", err)
		}
	}
	if got, err := h.FederatedPerson(ctx, named("1", "other@court.example")); err != nil || got.ID != ana.ID {
		t.Errorf("with another address now: %v", err)
	}
	foreign := named("1", "ana@court.example")
	foreign.Agency = "CA019013J"
	elsewhere := named("1", "ana@court.example")
	elsewhere.Issuer = "https://evil.example"
	for name, f := range map[string]store.Federated{"another subject, known login": named("3", "ana@court.example"), "another agency": foreign, "another issuer": elsewhere, "nobody": named("4", "nobody@court.example")} {
		if got, err := h.FederatedPerson(ctx, f); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	left := h.active("left@court.example")
	if err := h.DisablePerson(ctx, left.ID, "left", boss, noon); err != nil {
		t.Fatal(err)
	}
	if err := h.Federate(ctx, left.ID, named("5", left.Login), noon); !errors.Is(err, store.ErrPersonState) {
		t.Errorf("who was disabled: %v", err)
	}
}

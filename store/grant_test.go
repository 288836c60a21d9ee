package store_test

import (
	"errors"
	"slices"
	"testing"

	"ccpor/store"
)

// Each grant is given and taken by itself, and what is withheld is not what an agency has.
func TestGrants(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	has := func(a store.Agency) (granted []store.Grant) {
		for _, g := range store.Grants() {
			if a.Granted(g) {
				granted = append(granted, g)
			}
		}
		return granted
	}
	if got := has(h.court); !slices.Equal(got, []store.Grant{store.GrantSubmit, store.GrantCallbacks}) {
		t.Errorf("a court begins with %v", got)
	}
	for _, g := range store.Grants() {
		for _, granted := range []bool{true, false, true} {
			before := slices.DeleteFunc(has(h.court), func(o store.Grant) bool { return o == g })
			a, err := h.SetGrants(t.Context(), h.court.ORI, store.By{Actor: "a test"}, noon, granted, g)
			if err != nil || a.Granted(g) != granted {
				t.Fatalf("%s, %v: %v, %v", g, granted, has(a), err)
			}
			if others := slices.DeleteFunc(has(a), func(o store.Grant) bool { return o == g }); !slices.Equal(others, before) {
				t.Errorf("%s, %v changed the others: %v, before %v", g, granted, others, before)
			}
			h.court = a
		}
	}
	if _, err := h.SetGrants(t.Context(), h.court.ORI, store.By{Actor: "a test"}, noon, true, "everything"); err == nil {
		t.Error("any word is a grant")
	}
	if _, err := h.SetGrants(t.Context(), "CA999999X", store.By{Actor: "a test"}, noon, true, store.GrantQuery); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if h.court.Granted("everything") {
		t.Error("what is no grant is had")
	}
}

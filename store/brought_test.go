package store_test

import (
	"errors"
	"testing"

	"ccpor/store"
)

// What a submission brought is told as it was, whatever came of the order later.
func TestBrought(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	added := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	served := mustAccept(t, h.Store, serve(h.court, "p-2", "o-1"))
	change := modify(h.court, "p-3", "o-1")
	change.Order.Judge = "Opal Basalt"
	changed := mustAccept(t, h.Store, change)
	if b, err := h.Brought(t.Context(), added.Tracking, store.ActionAdd); err != nil || b.Order == nil || b.Order.Judge != "Ronald K. Har" || b.Service != nil {
		t.Errorf("%+v %v", b, err)
	}
	if b, err := h.Brought(t.Context(), changed.Tracking, store.ActionModify); err != nil || b.Order == nil || b.Order.Judge != "Opal Basalt" {
		t.Errorf("%+v %v", b, err)
	}
	if b, err := h.Brought(t.Context(), served.Tracking, store.ActionServe); err != nil || b.Service == nil || b.Order != nil || b.Service.Server.Name != "A. Cecil" {
		t.Errorf("%+v %v", b, err)
	}
	for _, a := range []store.Action{"", store.ActionServe, store.ActionCancel, store.ActionAttach} {
		if b, err := h.Brought(t.Context(), added.Tracking, a); !errors.Is(err, store.ErrNotFound) || b != (store.Brought{}) {
			t.Errorf("as %q: %+v %v", a, b, err)
		}
	}
}

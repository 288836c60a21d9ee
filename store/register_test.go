package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ccpor/store"
)

// What is not named stays, and what was and is stands in the audit log.
func TestChangeAgency(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	was := h.court
	if _, err := h.SetLimits(t.Context(), was.ORI, store.AgencyLimits{PerSecond: 2, Daily: 30}, store.By{Actor: "a test"}, noon); err != nil {
		t.Fatal(err)
	}
	a, err := h.ChangeAgency(t.Context(), was.ORI, store.By{Actor: "person jdoe"}, noon, func(a *store.Agency, isNew bool) error {
		if isNew {
			t.Error("it is known")
		}
		a.Mnemonic, a.Test = "CCP2", true
		return nil
	})
	was.Mnemonic, was.Test, was.Limits = "CCP2", true, store.AgencyLimits{PerSecond: 2, Daily: 30}
	if err != nil || a != was {
		t.Errorf("got  %+v, %v\nwant %+v", a, err, was)
	}
	trail, err := h.AuditTrail(t.Context(), "agency CA030013J", 1)
	if err != nil || len(trail) != 1 || trail[0].Action != "agency.change" || trail[0].Details != `mnemonic: "" -> "CCP2"; test: false -> true` {
		t.Errorf("%+v, %v", trail, err)
	}
	refusal := errors.New("no")
	for name, change := range map[string]func(*store.Agency, bool) error{
		"an error":         func(*store.Agency, bool) error { return refusal },
		"entered twice":    func(a *store.Agency, _ bool) error { a.EnteredBy = "CA0300000"; return nil },
		"no such mnemonic": func(a *store.Agency, _ bool) error { a.Mnemonic = "x"; return nil },
		"no such ORI":      func(a *store.Agency, _ bool) error { a.Submits, a.EnteredBy = false, "sheriff"; return nil },
		"no such word":     func(a *store.Agency, _ bool) error { a.Kind = "tavern"; return nil },
	} {
		if _, err := h.ChangeAgency(t.Context(), was.ORI, store.By{Actor: "person jdoe"}, noon, change); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if kept, err := h.AgencyByORI(t.Context(), was.ORI); err != nil || kept != was {
		t.Errorf("after refusals: %+v, %v", kept, err)
	}
	a, err = h.ChangeAgency(t.Context(), "CA019013J", store.By{Actor: "person jdoe"}, noon, func(a *store.Agency, isNew bool) error {
		if !isNew || !a.Submits {
			t.Errorf("%+v, new %t", a, isNew)
		}
		a.Name, a.Submits, a.EnteredBy = "Los Angeles", false, "CA0190000"
		return nil
	})
	if err != nil || a.EnteredBy != "CA0190000" || a.Kind != store.KindCourt {
		t.Errorf("%+v, %v", a, err)
	}
	if trail, err := h.AuditTrail(t.Context(), "agency CA019013J", 1); err != nil || trail[0].Action != "agency.add" || !strings.Contains(trail[0].Details, `entered-by: "" -> "CA0190000"`) {
		t.Errorf("%+v, %v", trail, err)
	}
	s, err := h.Status(t.Context(), mustAccept(t, h.Store, add(a, "p-1", "o-1")).Tracking)
	if err != nil || !strings.Contains(s.Next.Sentence, "CA0190000 enters") || !strings.Contains(s.Outlook(noon, shares).Sentence, "CA0190000 has to enter it") {
		t.Errorf("%+v %+v, %v", s.Next, s.Outlook(noon, shares), err)
	}
}

// What was live when it came stays live when its agency becomes a test agency afterwards, and the other way round.
func TestWhatCameLiveStaysLive(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	turn := func(test bool) store.Agency {
		t.Helper()
		a, err := h.ChangeAgency(t.Context(), h.court.ORI, store.By{Actor: "person jdoe"}, noon, func(a *store.Agency, _ bool) error { a.Test = test; return nil })
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	live := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	trial := mustAccept(t, h.Store, add(turn(true), "p-2", "o-2"))
	for _, now := range []bool{true, false} {
		turn(now)
		for _, x := range []struct {
			r    store.Receipt
			test bool
		}{{live, false}, {trial, true}} {
			if s, err := h.OwnStatus(t.Context(), store.Reach{Agency: h.court.ID, Test: x.test}, x.r.Tracking); err != nil || s.Test != x.test {
				t.Errorf("agency a test one: %t, submission: test %t, want %t; %v", now, s.Test, x.test, err)
			}
			if _, err := h.OwnStatus(t.Context(), store.Reach{Agency: h.court.ID, Test: !x.test}, x.r.Tracking); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("agency a test one: %t, submission a test: %t; reached as the other: %v", now, x.test, err)
			}
		}
	}
	found, err := h.Deadlines(t.Context(), store.DeadlineQuery{Now: noon.Add(99 * time.Hour), Limit: 9})
	if err != nil || len(found) != 1 || found[0].Tracking != live.Tracking {
		t.Errorf("%+v, %v", found, err)
	}
}

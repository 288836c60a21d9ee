package store_test

import (
	"errors"
	"testing"
	"time"

	"ccpor/store"
	"ccpor/store/storetest"
)

// One alarm for a sender that is refused again and again, from whichever hub's look, until it has been quiet; then another.
func TestAlarms(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	other := storetest.Open(t, h.url, store.Options{})
	refuse := func(n int, by store.Agency, at time.Time) {
		t.Helper()
		for range n {
			r := store.Refused{Agency: by.ID, ORI: by.ORI, At: at, Stage: "receive", Code: "Client.Peer.CertificateUnknown", Received: store.Received{At: at, Peer: "192.0.2.7:50123", Correlation: "c"}}
			if _, err := h.Refuse(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	}
	look := func(at time.Time) (raised []store.Alarm) {
		t.Helper()
		for _, s := range []*store.Store{h.Store, other, h.Store} {
			found, err := s.RaiseAlarms(t.Context(), store.AlarmLimits{Refusals: 5, Window: 10 * time.Minute}, at)
			if err != nil {
				t.Fatal(err)
			}
			raised = append(raised, found.Raised...)
		}
		return raised
	}
	refuse(4, store.Agency{}, noon)
	refuse(4, h.court, noon)
	if got := look(noon.Add(time.Minute)); len(got) != 0 {
		t.Fatalf("below the threshold: %+v", got)
	}
	refuse(1, store.Agency{}, noon.Add(time.Minute))
	got := look(noon.Add(2 * time.Minute))
	if len(got) != 1 || got[0].Who != "peer 192.0.2.7" || got[0].Count != 5 || got[0].Code != "Client.Peer.CertificateUnknown" || got[0].Stage != "receive" {
		t.Fatalf("%+v", got)
	}
	refuse(9, store.Agency{}, noon.Add(3*time.Minute))
	if err := h.AcknowledgeAlarm(t.Context(), got[0].ID, "person jdoe", noon.Add(4*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := h.AcknowledgeAlarm(t.Context(), got[0].ID, "person jdoe", noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("acknowledged twice: %v", err)
	}
	if again := look(noon.Add(5 * time.Minute)); len(again) != 0 {
		t.Errorf("while it lasts, acknowledged: %+v", again)
	}
	if all, err := h.Alarms(t.Context(), false); err != nil || len(all) != 1 || all[0].State() != "acknowledged" || all[0].Count != 14 {
		t.Errorf("%+v, %v", all, err)
	}
	look(noon.Add(14 * time.Minute))
	if all, err := h.Alarms(t.Context(), true); err != nil || len(all) != 1 || all[0].State() != "cleared" {
		t.Errorf("after a quiet window: %+v, %v", all, err)
	}
	refuse(5, store.Agency{}, noon.Add(20*time.Minute))
	if again := look(noon.Add(21 * time.Minute)); len(again) != 1 || again[0].ID == got[0].ID {
		t.Errorf("anew: %+v", again)
	}
	counts, err := h.RefusalCounts(t.Context(), noon.Add(-time.Second))
	if err != nil || len(counts) != 2 || counts[0].Count != 19 || counts[1].Who != "agency CA030013J" || counts[1].Count != 4 {
		t.Errorf("%+v, %v", counts, err)
	}
	if last, err := h.LastRefusals(t.Context(), noon, 3); err != nil || len(last) != 3 || !last[0].At.Equal(noon.Add(20*time.Minute)) || last[0].Tracking == "" {
		t.Errorf("%+v, %v", last, err)
	}
}

// An address is one sender, whether it posts or gets, and in whatever family it is.
func TestAlarmsKnowAnAddress(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := store.Refused{At: noon, Stage: "receive", Code: "Client.Peer.CertificateUnknown", Received: store.Received{At: noon, Peer: "[2001:db8::7]:50123", Correlation: "c"}}
	if _, err := h.Refuse(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	get := store.Event{At: noon, Actor: "stranger", Action: "read.refuse", Object: "ping", Outcome: "refused", Details: r.Code + "; stage receive; peer 2001:db8::7; correlation c"}
	if err := h.Audit(t.Context(), get); err != nil {
		t.Fatal(err)
	}
	if got, err := h.RaiseAlarms(t.Context(), store.AlarmLimits{Refusals: 2, Window: time.Minute}, noon.Add(time.Second)); err != nil || len(got.Raised) != 1 || got.Raised[0].Who != "peer 2001:db8::7" {
		t.Errorf("%+v, %v", got, err)
	}
}

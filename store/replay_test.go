package store_test

import (
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// A replay is a test, whatever its package says, apart from the order that it repeats, and the audit log says by whom and when it really came.
func TestReplayIsKeptApart(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	first := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	again := add(h.court, "p-2", "o-1")
	again.Received.Replay = &store.Replay{Of: first.Tracking, By: "ZZREPLAY0"}
	again.Warnings = []store.Problem{{Code: "Warning.Rule.X", Text: "look"}}
	r := mustAccept(t, h.Store, again)
	s, err := h.Status(t.Context(), r.Tracking)
	if err != nil || !s.Test || s.ReplayOf != first.Tracking || s.Order.AddedBy != r.Tracking || len(s.Warnings) != 1 || s.Warnings[0].Text != "look" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := h.Status(t.Context(), first.Tracking); err != nil || s.Test || s.ReplayOf != "" || s.Order.AddedBy != first.Tracking || s.Warnings != nil {
		t.Errorf("the first: %+v, %v", s, err)
	}
	refused := store.Refused{Agency: h.court.ID, ORI: h.court.ORI, Received: again.Received, At: time.Now(), Stage: "signature", Code: "Client.Signature.Missing"}
	tracking, err := h.Refuse(t.Context(), refused)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := h.Status(t.Context(), tracking); err != nil || !s.Test || s.ReplayOf != first.Tracking {
		t.Errorf("refused: %+v, %v", s, err)
	}
	for _, t1 := range []order.Tracking{r.Tracking, tracking} {
		actor := h.sql("select actor from audit where object = $1 and at > $2::timestamptz", "submission "+string(t1), time.Now().Add(-time.Hour))
		if actor != "replayer ZZREPLAY0 for agency CA030013J" {
			t.Errorf("the audit log names %q", actor)
		}
	}
	if got := h.sql("select actor from audit where object = $1 and at = $2::timestamptz", "submission "+string(first.Tracking), noon); got != "agency CA030013J" {
		t.Errorf("of the first it names %q", got)
	}
	if err := h.exec("update submission set test = false where replay_of <> ''"); err == nil {
		t.Error("a replay can become a real package")
	}
}

// Replays are not replayed, and every filter narrows.
func TestReplayable(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	first := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	later := serve(h.court, "p-2", "o-1")
	later.Received.At = noon.Add(time.Hour)
	proof := mustAccept(t, h.Store, later)
	again := add(h.court, "p-3", "o-1")
	again.Received.Replay = &store.Replay{Of: first.Tracking, By: "ZZREPLAY0"}
	mustAccept(t, h.Store, again)
	for name, c := range map[string]struct {
		filter store.ReplayFilter
		want   string
	}{
		"all":           {store.ReplayFilter{}, "p-1 p-2"},
		"agency":        {store.ReplayFilter{Agency: "CA030013J"}, "p-1 p-2"},
		"nobody":        {store.ReplayFilter{Agency: "CA002013J"}, ""},
		"form":          {store.ReplayFilter{Form: "CR-160"}, "p-1 p-2"},
		"other form":    {store.ReplayFilter{Form: "DV-110"}, ""},
		"since":         {store.ReplayFilter{Since: noon.Add(time.Minute)}, "p-2"},
		"until":         {store.ReplayFilter{Until: noon.Add(time.Hour)}, "p-1"},
		"action":        {store.ReplayFilter{Action: store.ActionServe}, "p-2"},
		"state":         {store.ReplayFilter{State: store.SubmissionRefused}, ""},
		"tracking":      {store.ReplayFilter{Tracking: []order.Tracking{proof.Tracking}}, "p-2"},
		"order":         {store.ReplayFilter{Orders: []order.LocalID{"o-1"}}, "p-1 p-2"},
		"package":       {store.ReplayFilter{Packages: []order.LocalID{"p-2", "p-9"}}, "p-2"},
		"either":        {store.ReplayFilter{Packages: []order.LocalID{"p-2"}, Digests: [][]byte{first.Digest[:]}}, "p-1 p-2"},
		"limit":         {store.ReplayFilter{Limit: 1}, "p-2"},
		"two at a time": {store.ReplayFilter{Action: store.ActionAdd, Since: noon.Add(time.Minute)}, ""},
	} {
		found, err := h.Replayable(t.Context(), c.filter)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, p := range found {
			got = append(got, string(p.Package))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

// What is not settled is told, until it is.
func TestUnsettledAndMade(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	r := mustAccept(t, h.Store, add(h.court, "p-1", "o-1"))
	p := mustAccept(t, h.Store, serve(h.court, "p-2", "o-9")) // its order has not come
	both := []order.Tracking{r.Tracking, p.Tracking}
	if open, err := h.Unsettled(t.Context(), both); err != nil || len(open) != 1 || open[0] != r.Tracking {
		t.Errorf("%v, %v", open, err)
	}
	made, err := h.Made(t.Context(), append(both, "AAAA-AAAA-AA"))
	if err != nil || len(made) != 2 {
		t.Fatalf("%v, %v", made, err)
	}
	m := made[r.Tracking]
	if m.State != store.SubmissionAccepted || !strings.Contains(m.Subject, "Jones") || len(m.Transmissions) != 1 || m.Transmissions[0].Kind != store.KindEnter ||
		m.Transmissions[0].State != store.StateReady || len(m.Transmissions[0].Request) != 0 || m.Algorithm != "ecdsa-sha256" || m.DueRule == "" {
		t.Errorf("%+v", m)
	}
	if m := made[p.Tracking]; len(m.Transmissions) != 1 || m.Transmissions[0].State != store.StateWaiting || !strings.Contains(m.Subject, "A. Cecil") {
		t.Errorf("%+v", m)
	}
}

// What an order follows is judged as of when the replayed package was first received: since then it may have expired.
func TestAReplayFollowsAsItDid(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	s := storetest.Open(t, url, store.Options{TestSwitch: true})
	h := &hub{s, t, url, orange(t, s)}
	e, l := temporary(h.court, "p-1", "tro"), later(h.court, "p-2", "oah", "tro")
	expired := order.MakeDate(2026, 3, 20) // the day before the day on which follow() looks; both were received on the 2nd
	e.Order.Expiry.Date = &expired
	for _, p := range []*store.Accepted{&e, &l} {
		p.Received.Replay = &store.Replay{Of: order.NewTracking(5), By: "ZZREPLAY0"}
		h.pass(mustAccept(t, h.Store, *p))
	}
	h.follow()
	if got := h.sql("select coalesce(max(state), 'none') from transmission where kind = 'XRR'"); got != "ready" {
		t.Errorf("the cancellation is %s", got)
	}
}

package carpos

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"ccpor/store"
)

// Deadlines and Alarms give what the shelf's table holds.
func (s *shelf) Deadlines(_ context.Context, q store.DeadlineQuery) ([]store.OwedBy, error) {
	var owed []store.OwedBy
	for t, st := range s.statuses {
		if q.Agency == "" || q.Agency == st.Agency.ORI {
			owed = append(owed, store.OwedBy{Tracking: t, AgencyORI: st.Agency.ORI, AgencyName: st.Agency.Name, Kind: store.KindEnter, State: store.StateHeld, Reason: "race is missing", Due: st.Due, Next: st.Next,
				Outlook: store.Clock{Received: st.ReceivedAt, Due: st.Due, State: store.StateHeld}.Outlook(q.Now, q.Warn)})
		}
	}
	return owed, s.err
}

func (s *shelf) Alarms(context.Context, bool) ([]store.Alarm, error) {
	return []store.Alarm{{ID: 7, Kind: store.AlarmDeadline, Who: "agency CA030013J", Count: 1, Raised: received()}}, s.err
}

func TestDeadlinesPage(t *testing.T) {
	t.Parallel()
	late := func() *shelf {
		return one(store.Status{State: store.SubmissionAccepted, Owed: true, Due: received().Add(time.Hour), Agency: store.Agency{ORI: "CA030013J", Name: "Orange <b>"}, Next: store.Move{Whose: store.PartyPerson}})
	}
	s := late()
	w := get(t, s, "/deadlines", nil)
	for _, want := range []string{string(tracked), `<td class="bad" data-label="Status">late`, "race is missing", "a person&#39;s at the exchange", "Nothing moves until a person of the hub acts.", "Orange &lt;b&gt;", "Alarm 7, open", "1 past their deadline"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%q is not on the page:\n%s", want, w.Body)
		}
	}
	if w.Code != http.StatusOK || len(s.events) != 1 || s.events[0].Object != "deadlines" {
		t.Errorf("%d, recorded %+v", w.Code, s.events)
	}
	if w := get(t, late(), "/deadlines?agency=CA019013J", nil); !strings.Contains(w.Body.String(), "Nothing is late or at risk.") {
		t.Errorf("another agency's:\n%s", w.Body)
	}
	if w := get(t, late(), "/deadlines?agency=nobody", nil); w.Code != http.StatusBadRequest {
		t.Errorf("an ORI that is none: %d", w.Code)
	}
	s = late()
	s.auditErr = errors.New("no")
	if w := get(t, s, "/deadlines", nil); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), string(tracked)) {
		t.Errorf("shown without being recorded: %d", w.Code)
	}
	if w := get(t, late(), "/deadlines", func(r *http.Request) { r.Host = "evil.example" }); w.Code != http.StatusMisdirectedRequest {
		t.Errorf("another host's name: %d", w.Code)
	}
}

package store_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/store"
)

// shares are those of the tests.
var shares = []float64{0.5, 0.8}

func TestOutlook(t *testing.T) {
	t.Parallel()
	due := noon.Add(10 * time.Hour)
	at := func(hours float64) time.Time { return noon.Add(time.Duration(hours * float64(time.Hour))) }
	for name, x := range map[string]struct {
		clock    store.Clock
		now      time.Time
		standing store.Standing
		share    float64
		delay    store.Party
		says     string
	}{
		"just come":                       {store.Clock{State: store.StateReady}, at(0), store.StandingInTime, 0, "", ""},
		"before the first share":          {store.Clock{State: store.StateSent}, at(4.99), store.StandingInTime, 0, "", ""},
		"at the first share":              {store.Clock{State: store.StateSent}, at(5), store.StandingAtRisk, 0.5, "", ""},
		"at the second share":             {store.Clock{State: store.StateUnknown}, at(8), store.StandingAtRisk, 0.8, "", ""},
		"at the deadline":                 {store.Clock{State: store.StateUnknown}, at(10), store.StandingAtRisk, 0.8, "", ""},
		"past the deadline":               {store.Clock{State: store.StateUnknown}, at(10).Add(time.Nanosecond), store.StandingLate, 0, "", "while the hub had it"},
		"held in time":                    {store.Clock{State: store.StateHeld}, at(1), store.StandingInTime, 0, "", "until a person of the hub acts"},
		"held and late":                   {store.Clock{State: store.StateHeld}, at(11), store.StandingLate, 0, "", "while the hub had it. Nothing moves until a person"},
		"waits for its order":             {store.Clock{State: store.StateWaiting, Orderless: true}, at(1), store.StandingInTime, 0, "", "until the court sends the order"},
		"waits for what comes before":     {store.Clock{State: store.StateWaiting}, at(1), store.StandingInTime, 0, "", ""},
		"accepted at the deadline":        {store.Clock{State: store.StateAccepted, Settled: due}, at(99), store.StandingMet, 0, "", ""},
		"accepted late":                   {store.Clock{State: store.StateAccepted, Settled: at(10.1)}, at(99), store.StandingMetLate, 0, "", "The hub had it before"},
		"came late":                       {store.Clock{State: store.StateReady, Received: at(12)}, at(12), store.StandingLate, 0, store.PartyCourt, "the sender's, not the hub's"},
		"came late and was accepted":      {store.Clock{State: store.StateAccepted, Received: at(12), Settled: at(12.1)}, at(99), store.StandingMetLate, 0, store.PartyCourt, "the sender's, not the hub's"},
		"came at the last moment":         {store.Clock{State: store.StateReady, Received: due}, due, store.StandingAtRisk, 0.8, "", ""},
		"given up":                        {store.Clock{State: store.StateGivenUp, Settled: at(1)}, at(99), store.StandingGivenUp, 0, "", "does not send it"},
		"a test":                          {store.Clock{State: store.StateReady, Test: true}, at(99), "", 0, "", "A test has no deadline."},
		"no deadline":                     {store.Clock{State: store.StateReady, Due: time.Unix(0, 0)}, at(99), "", 0, "", "No deadline"},
		"entered by the agency":           {store.Clock{NotOwed: store.NotOwedAgency}, at(99), "", 0, "", "the agency itself has to enter it"},
		"entered by another":              {store.Clock{NotOwed: store.NotOwedAgency, EnteredBy: "CA0300000"}, at(99), "", 0, "", "CA0300000 has to enter it"},
		"an image":                        {store.Clock{NotOwed: store.NotOwedImage}, at(99), "", 0, "", ""},
		"nothing to send":                 {store.Clock{}, at(99), "", 0, "", ""},
		"its entry was given up, not due": {store.Clock{NotOwed: store.NotOwedGivenUp, State: store.StateGivenUp}, at(99), "", 0, "", ""},
	} {
		c := x.clock
		if c.Received.IsZero() {
			c.Received = noon
		}
		switch {
		case c.Due.IsZero():
			c.Due = due
		case c.Due.Equal(time.Unix(0, 0)):
			c.Due = time.Time{}
		}
		got := c.Outlook(x.now, shares)
		if got.Standing != x.standing || got.Share != x.share || got.Delay != x.delay || !strings.Contains(got.Sentence, x.says) || (x.says == "") != (got.Sentence == "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestOutlookOnlyWorsens: as time goes on, what is not settled goes from in time to at risk to late and never back; what is settled stays as it is; and no share is told before a lower one.
func TestOutlookOnlyWorsens(t *testing.T) {
	t.Parallel()
	order := []store.Standing{store.StandingInTime, store.StandingAtRisk, store.StandingLate}
	r := rand.New(rand.NewPCG(11, 5))
	for range 5000 {
		c := store.Clock{Received: noon, Due: noon.Add(time.Duration(r.Int64N(int64(100*time.Hour))) - 20*time.Hour), State: states[r.IntN(len(states))]}
		c.Settled = noon.Add(time.Duration(r.Int64N(int64(100 * time.Hour))))
		was, wasShare := c.Outlook(noon, shares), 0.0
		for now := noon; now.Before(noon.Add(120 * time.Hour)); now = now.Add(time.Duration(r.Int64N(int64(9*time.Hour))) + 1) {
			is := c.Outlook(now, shares)
			switch {
			case c.State.Final():
				if is != was {
					t.Fatalf("%+v: settled, and went from %+v to %+v", c, was, is)
				}
			case slices.Index(order, is.Standing) < slices.Index(order, was.Standing), is.Standing == store.StandingAtRisk && is.Share < wasShare:
				t.Fatalf("%+v: went from %+v to %+v at %v", c, was, is, now)
			case (is.Standing == store.StandingLate) != now.After(c.Due):
				t.Fatalf("%+v: %+v at %v", c, is, now)
			case (is.Delay == store.PartyCourt) != (is.Standing == store.StandingLate && c.Due.Before(c.Received)):
				t.Fatalf("%+v: the delay is %q", c, is.Delay)
			}
			was, wasShare = is, is.Share
		}
	}
}

// A submission stands as the worst of its transmissions.
func TestOutlookOfASubmission(t *testing.T) {
	t.Parallel()
	s := store.Status{State: store.SubmissionAccepted, Owed: true, ReceivedAt: noon, Due: noon.Add(time.Hour), Order: &store.OrderSummary{Version: 1}}
	for i, x := range []struct {
		add  store.TransmissionStatus
		want store.Standing
	}{
		{store.TransmissionStatus{Transmission: store.Transmission{State: store.StateAccepted}, ChangedAt: noon}, store.StandingMet},
		{store.TransmissionStatus{Transmission: store.Transmission{State: store.StateGivenUp}, ChangedAt: noon}, store.StandingGivenUp},
		{store.TransmissionStatus{Transmission: store.Transmission{State: store.StateReady}, ChangedAt: noon}, store.StandingLate},
		{store.TransmissionStatus{Transmission: store.Transmission{State: store.StateAccepted}, ChangedAt: noon}, store.StandingLate},
	} {
		s.Transmissions = append(s.Transmissions, x.add)
		if got := s.Outlook(noon.Add(2*time.Hour), shares); got.Standing != x.want {
			t.Errorf("after %d: %+v, want %s", i+1, got, x.want)
		}
	}
	if got := (store.Status{State: store.SubmissionRefused, Due: noon}).Outlook(noon, shares); got != (store.Outlook{}) {
		t.Errorf("refused: %+v", got)
	}
}

func TestSharesAreChecked(t *testing.T) {
	t.Parallel()
	for _, good := range [][]float64{nil, {0.5}, {0.5, 0.8}, {0.01, 0.29, 0.57, 0.99}} {
		if err := store.CheckShares(good); err != nil {
			t.Errorf("%v: %v", good, err)
		}
	}
	for _, bad := range [][]float64{{0}, {1}, {-0.5}, {0.8, 0.5}, {0.5, 0.5}, {0.505}, {50, 80}} {
		if store.CheckShares(bad) == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

package exchange

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/store"
)

// An agency's packages of a day are bounded, those that other hubs took counted in; what was taken gets its receipt again, reading goes on, others are served, and
// the next day of the court's begins anew.
func TestAgencyIsHeldToItsQuota(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	s.elsewhere = 2
	c := parts(t, s)
	c.Limits.Daily = 5
	move := movable(&c)
	r := start(t, c)
	send := func(name string) (client.Receipt, error) { return r.send(t, message{}, name).Receipt() }
	for i := range 3 {
		if _, err := send(fmt.Sprint("within-", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(r.log.String(), "four fifths"); n != 1 {
		t.Errorf("warned %d times\n%s", n, r.log)
	}
	for range 2 {
		_, err := send("beyond")
		if f := faultOf(t, err, "Client.Limit.Quota"); f.Status != http.StatusTooManyRequests || !f.Retry || f.RetryAfter != quotaWait {
			t.Errorf("HTTP %d, retry %v after %v", f.Status, f.Retry, f.RetryAfter)
		}
	}
	if again, err := send("within-1"); err != nil || !again.Duplicate {
		t.Errorf("what was taken: %+v, %v", again, err)
	}
	if _, err := r.as(t, "court-rsa").Ping(t.Context(), client.Options{}); err != nil {
		t.Error("reading:", err)
	}
	if n := s.accepts; n != 3 || len(s.refused) != 2 {
		t.Errorf("%d were taken, %d refusals are on record", s.accepts, len(s.refused))
	}
	other := message{tls: "other-court", signer: "other-court", pack: strings.ReplaceAll(sampleOrder(), courtORI, otherORI)}
	if _, err := r.send(t, other, "other").Receipt(); err != nil {
		t.Error("another court:", err)
	}
	move(14*time.Hour + 59*time.Minute) // 23:59 in California
	if _, err := send("beyond"); err == nil {
		t.Error("taken before midnight")
	}
	move(time.Minute)
	s.elsewhere = 0
	if _, err := send("beyond"); err != nil {
		t.Error("the next day:", err)
	}
}

// An agency's own limits take the place of everybody's; of replays none count.
func TestOwnLimits(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	a := s.agencies[fingerprint(keyPair(t, "court-rsa").cert)]
	a.Limits = store.AgencyLimits{PerSecond: 100, Burst: 100, Daily: 2}
	s.agencies[fingerprint(keyPair(t, "court-rsa").cert)] = a
	c := parts(t, s)
	c.Limits.Daily, c.Limits.Agency = 1, Pace{PerSecond: 0.001, Burst: 1}
	r := start(t, c)
	for i, want := range []string{"", "", "Client.Limit.Quota"} {
		_, err := r.send(t, message{}, fmt.Sprint("p-", i)).Receipt()
		if want == "" && err != nil {
			t.Fatal(err)
		}
		if want != "" {
			faultOf(t, err, want)
		}
	}
}

// What a court's tests use up is theirs: its orders have a pace and a quota of their own.
func TestTestsUseUpNothingOfOrders(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	trials := s.agencies[fingerprint(keyPair(t, "court-rsa").cert)]
	trials.Test = true
	s.agencies[fingerprint(keyPair(t, "court-p384").cert)] = trials
	c := parts(t, s)
	c.Limits.Daily, c.Limits.Agency = 2, Pace{PerSecond: 0.001, Burst: 3}
	r := start(t, c)
	for i, want := range []string{"", "", "Client.Limit.Quota", "Client.Limit.Rate"} {
		_, err := r.send(t, message{tls: "court-p384"}, fmt.Sprint("test-", i)).Receipt()
		if want == "" {
			check(t, err)
		} else {
			faultOf(t, err, want)
		}
	}
	for i := range 2 {
		if _, err := r.send(t, message{}, fmt.Sprint("order-", i)).Receipt(); err != nil {
			t.Error(err)
		}
	}
}

// What is only tried, and what comes again, is no package of the day.
func TestTrialsAndRepeatsUseUpNoQuota(t *testing.T) {
	t.Parallel()
	c := parts(t, newMemory(t))
	c.Limits.Daily = 3
	r := start(t, c)
	_, err := r.send(t, message{}, "first").Receipt()
	check(t, err)
	for range 3 {
		again, err := r.send(t, message{}, "first").Receipt()
		if err != nil || !again.Duplicate {
			t.Fatalf("%+v, %v", again, err)
		}
		body, contentType := message{}.request(t, "tried")
		tried := bytes.ReplaceAll(body, []byte("SubmitOrder"), []byte("ValidateOrder"))
		contains(t, "tried", r.post(t, "court-rsa", tried, strings.ReplaceAll(contentType, "SubmitOrder", "ValidateOrder"), nil), "<AcceptableIndicator>true<")
	}
	for i := range 2 {
		_, err := r.send(t, message{}, fmt.Sprint("next-", i)).Receipt()
		check(t, err)
	}
	_, err = r.send(t, message{}, "beyond").Receipt()
	faultOf(t, err, "Client.Limit.Quota")
}

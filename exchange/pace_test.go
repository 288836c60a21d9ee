package exchange

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/store"
)

// movable is a clock that a test moves.
func movable(c *Config) func(time.Duration) {
	var later atomic.Int64
	c.Now = func() time.Time { return now.Add(time.Duration(later.Load())) }
	return func(d time.Duration) { later.Add(int64(d)) }
}

// An agency beyond its pace is told when to come again, and is right to believe it; one refusal a minute is on record; others are served.
func TestAgencyIsHeldToItsPace(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	c := parts(t, s)
	c.Limits.Agency = Pace{PerSecond: 0.125, Burst: 2}
	move := movable(&c)
	r := start(t, c)
	for i := range 2 {
		if _, err := r.send(t, message{}, fmt.Sprint("within-", i)).Receipt(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		_, err := r.send(t, message{}, "beyond").Receipt()
		fault := faultOf(t, err, "Client.Limit.Rate")
		if fault.Status != http.StatusTooManyRequests || !fault.Retry || fault.RetryAfter != 8*time.Second || (fault.Tracking != "") != (i == 0) {
			t.Errorf("refusal %d: HTTP %d, retry %v after %v, tracking %q", i, fault.Status, fault.Retry, fault.RetryAfter, fault.Tracking)
		}
	}
	if len(s.refused) != 1 {
		t.Errorf("%d refusals are on record", len(s.refused))
	}
	if _, err := r.as(t, "other-court").Ping(t.Context(), client.Options{}); err != nil {
		t.Error("another court:", err)
	}
	move(8 * time.Second)
	if _, err := r.send(t, message{}, "beyond").Receipt(); err != nil {
		t.Error("after the time that was told:", err)
	}
	move(time.Minute - 8*time.Second)
	for range 3 {
		r.send(t, message{}, "again")
	}
	if len(s.refused) != 2 || !strings.Contains(r.log.String(), `"sinceLast":3`) {
		t.Errorf("%d refusals are on record after a minute\n%s", len(s.refused), r.log)
	}
}

// Who is not known uses up the pace of its address, before anything is looked up, and nothing of an agency that comes from there too.
func TestStrangersUseUpNothingOfACourt(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	c := parts(t, s)
	c.Limits.Address, c.Limits.Agency = Pace{PerSecond: 0.1, Burst: 3}, Pace{PerSecond: 0.1, Burst: 2}
	var lookups atomic.Int64
	s.lookup = func() error { lookups.Add(1); return nil }
	r := start(t, c)
	if _, err := r.send(t, message{}, "first").Receipt(); err != nil { // of the address's pace too: the hub does not know it yet
		t.Fatal(err)
	}
	for i, want := range []int{403, 403, 429, 429, 429} {
		if got := r.post(t, "court-p384", []byte("x"), "text/xml", nil).Status; got != want && !(want == 403 && got == 500) {
			t.Errorf("stranger %d: HTTP %d", i, got)
		}
	}
	if lookups.Load() != 3 || len(s.refused) != 2 {
		t.Errorf("%d lookups, %d on record", lookups.Load(), len(s.refused))
	}
	if _, err := r.send(t, message{}, "second").Receipt(); err != nil {
		t.Error("the court at the same address:", err)
	}
}

// Who is trusted no more goes past the door no more.
func TestRevokedAreStrangers(t *testing.T) {
	t.Parallel()
	for _, why := range []error{store.ErrRevokedCertificate, store.ErrExpiredCertificate} {
		s := newMemory(t)
		c := parts(t, s)
		c.Limits.Address = Pace{PerSecond: 0.1, Burst: 2}
		var trusted error
		s.lookup = func() error { return trusted }
		r := start(t, c)
		if _, err := r.send(t, message{}, "first").Receipt(); err != nil {
			t.Fatal(err)
		}
		trusted = why
		for i, want := range []int{403, 403, 429, 429} { // the first of them still goes past
			if got := r.post(t, "court-rsa", []byte("x"), "text/xml", nil).Status; got != want && !(want == 403 && got == 500) {
				t.Errorf("%v, request %d: HTTP %d", why, i, got)
			}
		}
	}
}

// However many addresses come, the door is no larger; and one address is held to its pace whatever the others do.
func TestTheDoorDoesNotGrow(t *testing.T) {
	t.Parallel()
	d := newDoor(Pace{PerSecond: 1, Burst: 2})
	from := func(address string) time.Duration {
		return d.pass(&http.Request{RemoteAddr: address}, now)
	}
	for i := range 20000 {
		from(fmt.Sprintf("[2001:db8:%x:%x::1]:4000", i>>8, i&255))
	}
	if len(d.places) != doorPlaces || len(d.known) != 0 {
		t.Errorf("%d places, %d known", len(d.places), len(d.known))
	}
	d = newDoor(Pace{PerSecond: 1, Burst: 2})
	if from("[2001:db8::1]:1") != 0 || from("[2001:db8::2]:2") != 0 {
		t.Error("what the pace allows waits")
	}
	if from("[2001:db8::9]:1") == 0 {
		t.Error("another address of the same /64 is let in")
	}
}

// What is only read is held to the same pace.
func TestReadingIsHeldToThePace(t *testing.T) {
	t.Parallel()
	c := parts(t, newMemory(t))
	c.Limits.Agency = Pace{PerSecond: 0.5, Burst: 1}
	h, err := NewHub(c)
	check(t, err)
	r := serve(t, h, h.API())
	for _, want := range []int{http.StatusOK, http.StatusTooManyRequests} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(r.url, "/soap")+APIPath+"ping", nil)
		check(t, err)
		res, err := r.transport(t, "court-rsa").RoundTrip(req)
		check(t, err)
		answer, err := io.ReadAll(res.Body)
		check(t, err)
		check(t, res.Body.Close())
		if res.StatusCode != want || want != http.StatusOK && res.Header.Get("Retry-After") != "2" {
			t.Errorf("%s, Retry-After %q: %s", res.Status, res.Header.Get("Retry-After"), answer)
		}
	}
}

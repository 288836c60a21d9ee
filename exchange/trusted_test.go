package exchange

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"ccpor/store"
)

// A body that takes its time does not outlast a revocation: the certificate is judged anew when it has come. One that comes at once is judged once.
func TestSlowBodyDoesNotOutlastARevocation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		late    time.Duration
		then    error
		status  int
		lookups int64
	}{
		"at once":            {0, store.ErrRevokedCertificate, http.StatusOK, 1},
		"revoked meanwhile":  {6 * time.Second, store.ErrRevokedCertificate, http.StatusForbidden, 2},
		"unknown meanwhile":  {6 * time.Second, store.ErrUnknownCertificate, http.StatusForbidden, 2},
		"trusted as before":  {6 * time.Second, nil, http.StatusOK, 2},
		"a database is away": {6 * time.Second, io.ErrUnexpectedEOF, http.StatusServiceUnavailable, 2},
	} {
		s := newMemory(t)
		config := parts(t, s)
		move := movable(&config)
		var lookups atomic.Int64
		begun := make(chan struct{})
		s.lookup = func() error {
			if lookups.Add(1) == 1 {
				close(begun)
				return nil
			}
			return c.then
		}
		r := start(t, config)
		body, contentType := message{}.request(t, "slow")
		from, into := io.Pipe()
		go func() {
			<-begun
			move(c.late)
			_, err := into.Write(body)
			into.CloseWithError(err) // none is EOF
		}()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url, from)
		check(t, err)
		req.Header.Set("Content-Type", contentType)
		res, err := r.transport(t, "court-rsa").RoundTrip(req)
		check(t, err)
		check(t, res.Body.Close())
		if want := c.status; res.StatusCode != want && !(want == http.StatusForbidden && res.StatusCode == http.StatusInternalServerError) || lookups.Load() != c.lookups {
			t.Errorf("%s: %s, %d lookups", name, res.Status, lookups.Load())
		}
		if taken := s.accepts > 0; taken != (c.status == http.StatusOK) {
			t.Errorf("%s: taken %v", name, taken)
		}
	}
}

// A registered certificate that is expected goes past the door at once, however many strangers come from its address.
func TestExpectedCourtDoesNotWaitBehindStrangers(t *testing.T) {
	t.Parallel()
	c := parts(t, newMemory(t))
	c.Limits.Address = Pace{PerSecond: 0.001, Burst: 1}
	r := start(t, c)
	r.post(t, "court-p384", []byte("x"), "text/xml", nil)
	if got := r.post(t, "court-p384", []byte("x"), "text/xml", nil).Status; got != http.StatusTooManyRequests {
		t.Fatalf("the address is not used up: HTTP %d", got)
	}
	if _, err := r.send(t, message{}, "unexpected").Receipt(); err == nil {
		t.Error("a court that is not expected goes past")
	}
	r.hub.Expect([][32]byte{fingerprint(keyPair(t, "court-rsa").cert)})
	if _, err := r.send(t, message{}, "expected").Receipt(); err != nil {
		t.Error(err)
	}
}

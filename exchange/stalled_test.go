package exchange

import (
	"testing"

	"ccpor/exchange/client"
)

// While what is done cannot be put on record, nothing is taken, nothing is on record as refused, and questions are answered.
func TestNothingIsTakenWhileTheLedgerStandsStill(t *testing.T) {
	t.Parallel()
	s := newMemory(t)
	c := parts(t, s)
	stalled := true
	c.Stalled = func() bool { return stalled }
	r := start(t, c)
	_, err := r.send(t, message{}, "stalled").Receipt()
	if fault := faultOf(t, err, "Server.LedgerStalled"); !fault.Retry || fault.Tracking != "" {
		t.Errorf("%+v", fault)
	}
	if s.accepts != 0 || len(s.refused) != 0 {
		t.Errorf("%d taken, %d refused", s.accepts, len(s.refused))
	}
	if _, err := r.as(t, "court-rsa").Ping(t.Context(), client.Options{}); err != nil {
		t.Error("a question:", err)
	}
	stalled = false
	if _, err := r.send(t, message{}, "stalled").Receipt(); err != nil {
		t.Error("afterwards:", err)
	}
}

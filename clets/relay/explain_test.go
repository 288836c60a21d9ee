package relay

import (
	"fmt"
	"strings"
	"testing"

	"ccpor/clets/sim"
	"ccpor/store"
)

// Where a verdict takes a transmission is the store's to say; what people are told of it beforehand is the same.
func TestReadingsTellTheState(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	n := 0
	for p, verdicts := range map[store.Purpose][]store.Verdict{
		store.PurposeSend:   {store.VerdictAccepted, store.VerdictOnFile, store.VerdictRejected, store.VerdictRetry, store.VerdictUnknown, store.VerdictHeld, store.VerdictGaveUp},
		store.PurposeLookup: {store.VerdictAccepted, store.VerdictNotFound, store.VerdictRetry, store.VerdictHeld},
	} {
		for _, v := range verdicts {
			n++
			b.accept(jones(fmt.Sprintf("T-%d", n)), nil, nil)
			id := store.TransmissionID(0)
			fmt.Sscan(b.rows("select max(id) from transmission")[0][0], &id)
			if p == store.PurposeLookup {
				b.finish(id, store.PurposeSend, store.VerdictUnknown, n)
			}
			if got := b.finish(id, p, v, n); got != stateAfter(p, v) {
				t.Errorf("%s of a %s: the store says %s, people are told %s", v, p, got, stateAfter(p, v))
			}
		}
	}
}

// finish begins an attempt and ends it with a verdict.
func (b *bench) finish(id store.TransmissionID, p store.Purpose, v store.Verdict, n int) store.TransmissionState {
	b.Helper()
	attempt, err := b.store.BeginAttempt(b.Context(), store.Attempt{Transmission: id, Purpose: p, Control: fmt.Sprintf("%s%09d", strings.ToUpper(string(p[:1])), n), Line: "CCPR", Bytes: []byte("X"), At: matrixNow})
	if err != nil {
		b.Fatal(err)
	}
	o := store.Outcome{Verdict: v, Text: "said so", At: matrixNow}
	if v == store.VerdictAccepted || v == store.VerdictOnFile {
		o.FCN = "2320632500001"
	}
	done, err := b.store.Finish(b.Context(), attempt, o)
	if err != nil {
		b.Fatal(err)
	}
	return done.State
}

// What was done to an order for CARPOS to take it is on record with the attempt, once it is begun.
func TestNotesAreOnRecord(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	b.accept(jones("N-1"), nil, func(a *store.Accepted) { a.Order.Restrained.Name.Given = "José" })
	b.start(Config{})
	b.settled(soon)
	got := b.rows("select details from audit where action = 'transmission.send' and outcome = 'begun'")
	if len(got) != 1 || !strings.Contains(got[0][0], "NAM: Characters outside US-ASCII") || strings.Contains(got[0][0], "JOS") {
		t.Errorf("on record: %v", got)
	}
}

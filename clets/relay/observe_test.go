package relay

import (
	"sync"
	"testing"
	"time"

	"ccpor/clets/sim"
	"ccpor/store"
)

// observed keeps what an observer is told.
type observed struct {
	mu    sync.Mutex
	ended []Attempt
	acked int
	ups   int
	downs int
}

func (o *observed) Ended(a Attempt) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = append(o.ended, a)
}

func (o *observed) Acked(line string, took time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if line == "CC00" && took >= 0 {
		o.acked++
	}
}

func (o *observed) Line(_ string, up bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if up {
		o.ups++
	} else {
		o.downs++
	}
}

// An observer is told of every attempt with what it needs to find the package, and of lines.
func TestObserver(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	tracking := b.add("06NF0001")
	b.serve("06NF0001")
	o := &observed{}
	r := b.begin(b.store, Config{Observe: o})
	if got := b.settled(soon); got["accepted"] != 2 {
		t.Fatalf("%v", got)
	}
	if l := r.Lines(); len(l) != 1 || l[0].Window != 1 || !l[0].Up {
		t.Errorf("%+v", l)
	}
	b.stop(r)
	if len(o.ended) != 2 || o.acked > 2 || o.ups != 1 || o.downs != 1 {
		t.Fatalf("%+v", o)
	}
	stored := b.rows("select s.correlation, a.control from attempt a join transmission t on t.id = a.transmission_id join submission s on s.id = t.submission_id order by a.id")
	for i, a := range o.ended {
		if a.Correlation != stored[i][0] || a.Control != stored[i][1] || a.Line != "CC00" || a.Purpose != store.PurposeSend || a.Verdict != store.VerdictAccepted || a.State != store.StateAccepted ||
			!a.Answered || a.Began.IsZero() || a.Ended.Before(a.Began) || a.Received.IsZero() || a.Submitter != b.court.ORI {
			t.Errorf("%+v", a)
		}
	}
	if a := o.ended[0]; a.Tracking != tracking || a.Kind != store.KindEnter || a.Event != string(entered) || o.ended[1].Kind != store.KindServe {
		t.Errorf("%+v", o.ended)
	}
}

// A reply that was lost is told as such, and the look-up that follows it belongs to the same package.
func TestObserverOfWhatIsLost(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	if err := b.sw.SetFaults(sim.Faults{LoseReply: 1}); err != nil {
		t.Fatal(err)
	}
	tracking := b.add("06NF0001")
	o := &observed{}
	r := b.begin(b.store, Config{Observe: o})
	b.until(soon, "an attempt without answer and another one", func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return len(o.ended) > 1
	})
	b.stop(r)
	first, second := o.ended[0], o.ended[1]
	if first.Answered || first.Verdict != store.VerdictUnknown || first.State != store.StateUnknown || second.Purpose != store.PurposeLookup || second.Tracking != tracking || second.Correlation != first.Correlation || second.Control == first.Control {
		t.Errorf("%+v\n%+v", first, second)
	}
}

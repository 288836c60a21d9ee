package relay

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ccpor/clets/relay/witness"
)

// TestModel plays random schedules of sendings, losses, crashes, restarts and two hubs, and has the witness read the journals of hub and switch after each.
// CCPOR_MODEL_COUNT schedules are played, beginning with the seed CCPOR_MODEL_SEED; `make model` plays 10,000. A seed that fails is printed, with what happened.
func TestModel(t *testing.T) {
	t.Parallel()
	count, seed := number(t, "CCPOR_MODEL_COUNT", 60), number(t, "CCPOR_MODEL_SEED", 1)
	began := time.Now()
	var next, broken atomic.Int64
	var all figures
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range min(max(2, runtime.GOMAXPROCS(0)), count) {
		workers.Go(func() {
			mine := playAll(t, seed, count, &next, &broken)
			mu.Lock()
			defer mu.Unlock()
			all.add(mine)
		})
	}
	workers.Wait()
	t.Logf("%s, in %s", all, time.Since(began).Round(time.Second))
}

// perDatabase is how many schedules share a database, whose tables grow.
const perDatabase = 500

// playAll plays schedules until all are played, or five were bad.
func playAll(t *testing.T, seed, count int, next, broken *atomic.Int64) (all figures) {
	var db *modelDB
	for n := 0; broken.Load() < 5; n++ {
		i := int(next.Add(1)) - 1
		if i >= count {
			break
		}
		if n%perDatabase == 0 {
			db = newModelDB(t, defect{})
		}
		w := newWorld(t, db, uint64(seed+i), defect{})
		breaches := w.play()
		all.add(w.figures)
		if len(breaches) > 0 || w.failed != nil {
			broken.Add(1)
			t.Error(w.report(breaches))
		}
		db.next(t, w.now)
	}
	return all
}

// report tells of a bad schedule, and how it is played again.
func (w *world) report(breaches []witness.Breach) string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d is bad; play it again with: make model SEED=%d COUNT=1\n", w.seed, w.seed)
	if w.failed != nil {
		fmt.Fprintf(&b, "  the world failed: %v\n", w.failed)
	}
	for _, breach := range breaches {
		fmt.Fprintf(&b, "  %s\n", breach)
	}
	fmt.Fprintf(&b, "what happened:\n  %s\n", strings.Join(w.trace, "\n  "))
	return b.String()
}

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
	count, seed := number(t, "CCPOR_MODEL_COUNT", 25), number(t, "CCPOR_MODEL_SEED", 1)
	began := time.Now()
	var next, broken atomic.Int64
	var all figures
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range min(2*max(2, runtime.GOMAXPROCS(0)), count) {
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
		switch bad := len(breaches) > 0 || w.failed != nil; {
		case bad:
			broken.Add(1)
			t.Error(w.report(breaches))
		case count == 1:
			t.Logf("seed %d:\n  %s", w.seed, strings.Join(w.trace, "\n  "))
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

// TestModelRepeats: the seed alone decides what happens in a schedule, whatever was played before it in the same database.
func TestModelRepeats(t *testing.T) {
	t.Parallel()
	first, second := newModelDB(t, defect{}), newModelDB(t, defect{})
	for seed := range uint64(number(t, "CCPOR_MODEL_REPEATS", 3)) {
		a := newWorld(t, first, seed, defect{})
		a.play()
		first.next(t, a.now)
		if seed == 0 { // the other database has another past
			continue
		}
		b := newWorld(t, second, seed, defect{})
		b.play()
		second.next(t, b.now)
		for i := range max(len(a.trace), len(b.trace)) {
			if i >= len(a.trace) || i >= len(b.trace) || a.trace[i] != b.trace[i] {
				t.Errorf("seed %d goes two ways, from step %d on:\n%s\n%s", seed, i, strings.Join(a.trace[max(0, i-5):min(i+3, len(a.trace))], "\n"), strings.Join(b.trace[max(0, i-5):min(i+3, len(b.trace))], "\n"))
				break
			}
		}
	}
}

// TestModelIsSilent: one job too many does no harm, and the witness must not complain of it.
func TestModelIsSilent(t *testing.T) {
	t.Parallel()
	db := newModelDB(t, harmless)
	for seed := range uint64(6) {
		w := newWorld(t, db, seed, harmless)
		if breaches := w.play(); len(breaches) > 0 || w.failed != nil {
			t.Error(w.report(breaches))
		}
		db.next(t, w.now)
	}
}

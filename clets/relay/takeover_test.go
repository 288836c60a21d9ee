package relay

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"ccpor/clets/sim"
	"ccpor/store"
	"ccpor/store/storetest"
)

// severed is a store whose database does not answer any more: whoever asks waits until it gives up by itself.
type severed struct {
	*store.Store
	cut atomic.Bool
}

func (s *severed) Renew(ctx context.Context, l store.Lease, ttl time.Duration) (store.Lease, error) {
	if s.cut.Load() {
		<-ctx.Done()
		return l, ctx.Err()
	}
	return s.Store.Renew(ctx, l, ttl)
}

func (s *severed) Lease(ctx context.Context, line string, ttl time.Duration) (store.Lease, error) {
	if s.cut.Load() {
		return store.Lease{}, errDead
	}
	return s.Store.Lease(ctx, line, ttl)
}

func (s *severed) ReleaseLease(ctx context.Context, l store.Lease) error {
	if s.cut.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.Store.ReleaseLease(ctx, l)
}

// A hub that lives and cannot reach the database closes its line before another gets it: the switch never sees the mnemonic log on twice.
func TestAStalledHubClosesItsLineFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	stalled := &severed{Store: storetest.Open(t, b.url, store.Options{Hub: "stalled", TestSwitch: true})}
	ttl := 3 * time.Second
	first := b.begin(stalled, Config{LeaseTTL: ttl})
	b.until(soon, "up", func() bool { return first.Lines()[0].Up })
	second := b.start(Config{LeaseTTL: ttl})
	b.add("06NF0001")
	b.settled(soon)
	stalled.cut.Store(true)
	b.until(soon, "taken over", func() bool { return second.Lines()[0].Up })
	if first.Lines()[0].Up {
		t.Error("the stalled hub still has its line")
	}
	b.add("06NF0002")
	b.until(soon, "accepted", func() bool { return b.one("select count(*)::int from transmission where state = 'accepted'") == "2" })
	b.kill(first)
	events, _ := b.sw.History()
	for _, e := range events {
		if e.Note == "displaced" {
			t.Error("one hub displaced the other")
		}
	}
	b.sound()
}

// A line whose hub has stopped is another's at once, without waiting for the lease to run out.
func TestAStoppedHubsLineIsTakenOverAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	first := b.begin(storetest.Open(t, b.url, store.Options{Hub: "first", TestSwitch: true}), Config{LeaseTTL: time.Hour})
	b.until(soon, "up", func() bool { return first.Lines()[0].Up })
	second := b.start(Config{LeaseTTL: 6 * time.Second})
	b.stop(first)
	b.until(soon, "taken over", func() bool { return second.Lines()[0].Up })
}

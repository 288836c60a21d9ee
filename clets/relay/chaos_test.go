package relay

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ccpor/clets/sim"
	"ccpor/store"
	"ccpor/store/storetest"
)

// misery is a switch on a bad day: every fifth reply is lost, lines drop, and what comes may be late, double, out of order or a refusal for now.
var misery = sim.Faults{
	LoseReply: 0.20, LoseRequest: 0.02, DropBefore: 0.005, DropAfter: 0.005, GarbageFrame: 0.002, Busy: 0.03, CarposDown: 0.01, TryLater: 0.03, CarposError: 0.01,
	LoseACK: 0.03, Overtake: 0.10, Duplicate: 0.05, Late: 0.05, Slow: 0.03, Reorder: 0.05, LateBy: 900 * time.Millisecond,
}

// TestChaos brings many orders, with proofs of service, changes, CLETS-001 and ends that come before or after them, through a switch on a bad day, while hubs stop, are killed and start again. In the end each order
// stands on record exactly once, in its order, under the number that the hub knows. CCPOR_CHAOS_ORDERS and CCPOR_CHAOS_SEED make it longer or another.
func TestChaos(t *testing.T) {
	orders, seed := number(t, "CCPOR_CHAOS_ORDERS", 300), number(t, "CCPOR_CHAOS_SEED", 1)
	if testing.Short() {
		orders = 100
	}
	b := newBench(t, sim.Config{Window: 8, ReplyAfter: 5 * time.Millisecond, RepeatAfter: 2 * time.Second, Seed: uint64(seed), Faults: misery, HistorySize: 1})
	chance := rand.New(rand.NewPCG(uint64(seed), 1))
	want := b.flood(orders, chance)
	began, limit := time.Now(), 90*time.Second+time.Duration(orders)*200*time.Millisecond
	for round := range 3 + orders/500 {
		b.life(round%2 == 1, time.Second+time.Duration(chance.IntN(2000))*time.Millisecond)
	}
	b.start(b.chaotic())
	counts := b.settled(limit)
	t.Logf("%d orders with %d packages about them settled in %s; %s attempts, %s of them look-ups, %s without an answer",
		orders, want.later, time.Since(began).Round(time.Second), b.one("select count(*)::int from attempt"), b.one("select count(*)::int from attempt where purpose = 'lookup'"),
		b.one("select count(*)::int from attempt where verdict in ('unknown', 'retry') and code = 0"))
	if counts["accepted"] != orders+want.later {
		t.Errorf("%v: %v", counts, b.rows("select kind, reason, count(*)::int from transmission where state = 'held' group by 1, 2"))
	}
	b.sound()
	b.everyOrderOnce(orders, want)
}

func number(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s: a number is needed", name)
	}
	return n
}

func (b *bench) one(query string) string { b.Helper(); return b.rows(query)[0][0] }

// flooded is what CARPOS must have in the end: of each order its expiration, and whether it was served and ended.
type flooded struct {
	later  int // packages about orders
	orders map[string]ending
}

type ending struct {
	expires       string
	served, ended bool
}

// flood accepts the orders, and about each of them up to four packages, of which some come before it. No package about an order comes twice.
func (b *bench) flood(orders int, chance *rand.Rand) flooded {
	b.Helper()
	want := flooded{orders: map[string]ending{}}
	todo := make(chan func())
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for bring := range todo {
				bring()
			}
		})
	}
	for i := range orders {
		id := fmt.Sprintf("06NF%06d", i)
		parts, end := b.parts(id, chance)
		want.later += len(parts) - 1
		want.orders[id] = end
		todo <- func() {
			for _, part := range parts {
				part()
			}
		}
	}
	close(todo)
	workers.Wait()
	return want
}

// parts are the packages of an order in the sequence in which they come, the order itself somewhere among them, and what must become of it.
func (b *bench) parts(id string, chance *rand.Rand) (parts []func(), end ending) {
	end.expires = "20360607"
	for n := range chance.IntN(3) {
		parts = append(parts, func() { b.modify(id, n+1) })
		end.expires = fmt.Sprintf("2036%04d", 607+n+1)
	}
	if chance.IntN(3) == 0 {
		parts, end.served = slices.Insert(parts, chance.IntN(len(parts)+1), func() { b.serve(id) }), true
	}
	if chance.IntN(4) == 0 {
		parts = slices.Insert(parts, chance.IntN(len(parts)+1), func() { b.attach(id) })
	}
	before := chance.IntN(len(parts) + 1)
	if chance.IntN(2) == 0 {
		before = 0
	}
	parts = slices.Insert(parts, before, func() { b.add(id) })
	if chance.IntN(5) == 0 {
		parts, end.ended = append(parts, func() { b.cancel(id) }), true
	}
	return parts, end
}

func (b *bench) chaotic() Config {
	return Config{Lines: b.lines(3, 8), LeaseTTL: time.Second, Sweep: 2 * time.Second, SlotWait: 2 * time.Second,
		Settle: misery.LateBy}
}

// life is one hub's: it works for a while, then it is stopped in order, or killed so that nothing it still tries has any effect.
func (b *bench) life(killed bool, span time.Duration) {
	b.Helper()
	s := storetest.Open(b, b.url, store.Options{TestSwitch: true})
	m := newMortal(s, "", false)
	r := b.begin(m, b.chaotic())
	ctx, cancel := context.WithTimeout(b.Context(), span)
	defer cancel()
	<-ctx.Done()
	if killed {
		m.dead.Store(true)
		b.kill(r)
	} else {
		b.stop(r)
	}
	s.Close()
}

// everyOrderOnce compares the switch's records with what the hub knows and with what came.
func (b *bench) everyOrderOnce(orders int, want flooded) {
	b.Helper()
	numbers := map[string]string{}
	for _, row := range b.rows("select oca, fcn from order_") {
		numbers[row[0]] = row[1]
	}
	records := b.sw.Records()
	if len(records) != orders || len(numbers) != orders {
		b.Errorf("%d records, %d orders of the hub, %d accepted", len(records), len(numbers), orders)
	}
	for _, r := range records {
		if numbers[r.OCA] != r.FCN {
			b.Errorf("%s is on record as %s, with the hub as %q", r.OCA, r.FCN, numbers[r.OCA])
		}
		if r.Versions[0].Key != "ERR" {
			b.Errorf("%s begins with %s", r.OCA, r.Versions[0].Key)
		}
		if got := (ending{r.Value("EXP"), len(r.Service) > 0, len(r.Canceled) > 0}); got != want.orders[r.OCA] {
			b.Errorf("%s is %+v, want %+v: %s", r.OCA, got, want.orders[r.OCA], keys(r))
		}
		if told := keys(r); strings.Count(told, "SRR") > 1 || strings.Count(told, "XRR") > 1 || strings.Contains(told, "XRR ") {
			b.Errorf("%s was told %s", r.OCA, told)
		}
	}
}

package relay

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
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

// TestChaos brings many orders, some with proofs of service, through a switch on a bad day, while hubs stop, are killed and start again. In the end each order
// stands on record exactly once, in its order, under the number that the hub knows. CCPOR_CHAOS_ORDERS and CCPOR_CHAOS_SEED make it longer or another.
func TestChaos(t *testing.T) {
	orders, seed := number(t, "CCPOR_CHAOS_ORDERS", 1000), number(t, "CCPOR_CHAOS_SEED", 1)
	if testing.Short() {
		orders = 100
	}
	b := newBench(t, sim.Config{Window: 8, ReplyAfter: 5 * time.Millisecond, RepeatAfter: 2 * time.Second, Seed: uint64(seed), Faults: misery, HistorySize: 1})
	chance := rand.New(rand.NewPCG(uint64(seed), 1))
	proofs := b.flood(orders, chance)
	began, limit := time.Now(), 90*time.Second+time.Duration(orders)*100*time.Millisecond
	for round := range 3 + orders/500 {
		b.life(round%2 == 1, time.Second+time.Duration(chance.IntN(2000))*time.Millisecond)
	}
	b.start(b.chaotic())
	counts := b.settled(limit)
	t.Logf("%d orders and %d proofs of service settled in %s; %s attempts, %s of them look-ups, %s without an answer",
		orders, proofs, time.Since(began).Round(time.Second), b.one("select count(*)::int from attempt"), b.one("select count(*)::int from attempt where purpose = 'lookup'"),
		b.one("select count(*)::int from attempt where verdict in ('unknown', 'retry') and code = 0"))
	if counts["accepted"] != orders+proofs {
		t.Errorf("%v: %v", counts, b.rows("select kind, reason, count(*)::int from transmission where state = 'held' group by 1, 2"))
	}
	b.sound()
	b.everyOrderOnce(orders, proofs)
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

// flood accepts the orders, and for every third a proof of service, some of which come before their order. It returns how many proofs there are.
func (b *bench) flood(orders int, chance *rand.Rand) int {
	b.Helper()
	type work struct {
		id            string
		proof, before bool
	}
	todo := make(chan work)
	proofs := 0
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for w := range todo {
				if w.proof && w.before {
					b.serve(w.id)
				}
				b.add(w.id)
				if w.proof && !w.before {
					b.serve(w.id)
				}
			}
		})
	}
	for i := range orders {
		w := work{fmt.Sprintf("06NF%06d", i), chance.IntN(3) == 0, chance.IntN(2) == 0}
		if w.proof {
			proofs++
		}
		todo <- w
	}
	close(todo)
	workers.Wait()
	return proofs
}

func (b *bench) chaotic() Config {
	return Config{Lines: b.lines(3, 8), LeaseTTL: time.Second, Sweep: 2 * time.Second, SlotWait: 2 * time.Second}
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

// everyOrderOnce compares the switch's records with what the hub knows.
func (b *bench) everyOrderOnce(orders, proofs int) {
	b.Helper()
	numbers := map[string]string{}
	for _, row := range b.rows("select oca, fcn from order_") {
		numbers[row[0]] = row[1]
	}
	records := b.sw.Records()
	if len(records) != orders || len(numbers) != orders {
		b.Errorf("%d records, %d orders of the hub, %d accepted", len(records), len(numbers), orders)
	}
	served := 0
	for _, r := range records {
		if numbers[r.OCA] != r.FCN {
			b.Errorf("%s is on record as %s, with the hub as %q", r.OCA, r.FCN, numbers[r.OCA])
		}
		if r.Versions[0].Key != "ERR" {
			b.Errorf("%s begins with %s", r.OCA, r.Versions[0].Key)
		}
		if len(r.Service) > 0 {
			served++
		}
	}
	if served != proofs {
		b.Errorf("%d orders are served, %d proofs came", served, proofs)
	}
}

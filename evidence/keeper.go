package evidence

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"ccpor/store"
)

// Ledger is what a Keeper needs of the store.
type Ledger interface {
	Advance(ctx context.Context, sign store.SignCheckpoint, now time.Time) (taken int, more bool, err error)
	LedgerAt(ctx context.Context) (time.Time, error)
}

// Keeper takes the ledger further, together with the other hubs, and knows when it has stood still for too long.
type Keeper struct {
	ledger Ledger
	sign   store.SignCheckpoint
	limit  time.Duration
	now    func() time.Time
	log    *slog.Logger
	fresh  atomic.Int64 // when the ledger was last known to be complete, in microseconds of Unix time
	told   bool
	signed time.Time // when this hub last asked for a checkpoint
}

// NewKeeper makes a Keeper. limit is for how long the ledger may stand still until Stalled says so; zero: for ever.
func NewKeeper(l Ledger, sign store.SignCheckpoint, limit time.Duration, now func() time.Time, log *slog.Logger) *Keeper {
	k := &Keeper{ledger: l, sign: sign, limit: limit, now: now, log: log}
	k.fresh.Store(now().UnixMicro())
	return k
}

// Stalled says that nothing more should be taken: what is done cannot be put on record in a way that shows changes.
func (k *Keeper) Stalled() bool {
	return k.limit > 0 && k.now().UnixMicro()-k.fresh.Load() > k.limit.Microseconds()
}

// lastStep is how long a hub that ends may take to leave the ledger complete.
const lastStep = 5 * time.Second

// checkpointEvery is how often a hub signs. Records are given more often, and so few at a time that no order waits for them.
const checkpointEvery = time.Second

// Run takes the ledger further at every tick until ctx ends, and then once more, with a checkpoint.
func (k *Keeper) Run(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastStep)
			defer cancel()
			k.signed = time.Time{}
			k.Step(last)
			return nil
		case <-tick.C:
			k.Step(ctx)
		}
	}
}

// Step takes the ledger as far as it goes now. What keeps it from that is logged once, and once more when it is over.
func (k *Keeper) Step(ctx context.Context) {
	err := k.advance(ctx)
	switch {
	case ctx.Err() != nil:
	case k.Stalled() && !k.told:
		k.told = true
		k.log.Error("the ledger over the audit log stands still: no order is taken until it goes on", "since", time.UnixMicro(k.fresh.Load()).UTC(), "error", err)
	case err != nil:
		k.log.Warn("the ledger over the audit log could not be taken further", "error", err)
	case k.told && !k.Stalled():
		k.told = false
		k.log.Info("the ledger over the audit log goes on: orders are taken again")
	}
}

func (k *Keeper) advance(ctx context.Context) error {
	now := k.now()
	sign := k.sign
	if now.Sub(k.signed) < checkpointEvery {
		sign = nil
	}
	for {
		_, more, err := k.ledger.Advance(ctx, sign, now)
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if sign != nil {
		k.signed = now
	}
	at, err := k.ledger.LedgerAt(ctx)
	if err == nil {
		k.fresh.Store(at.UnixMicro())
	}
	return err
}

package relay

import (
	"context"
	"time"
)

// strandedAfter is how long a transmission may be due without a job, or with one that runs and does nothing, before it gets another.
func (r *Relay) strandedAfter() time.Duration { return 2 * r.cfg.Sweep }

// sweep looks again and again for what a hub that died has left behind.
func (r *Relay) sweep(ctx context.Context) {
	for {
		if err := r.sweepOnce(ctx); err != nil && ctx.Err() == nil {
			r.log.Error("the sweep failed; it comes again", "error", err)
		}
		select {
		case <-r.clock.After(r.cfg.Sweep):
		case <-ctx.Done():
			return
		}
	}
}

func (r *Relay) sweepOnce(ctx context.Context) error {
	now := r.now()
	if _, err := r.store.Classify(ctx, now); err != nil {
		return err
	}
	orphans, err := r.store.Orphans(ctx, now.Add(-r.orphanAfter()), now)
	if err != nil {
		return err
	}
	stranded, err := r.store.Stranded(ctx, now.Add(-r.strandedAfter()), now)
	if err != nil {
		return err
	}
	if err := r.understandLeft(ctx, now.Add(-r.strandedAfter())); err != nil {
		return err
	}
	if len(orphans)+len(stranded) > 0 {
		r.log.Info("transmissions were found that nobody worked on", "orphans", len(orphans), "stranded", len(stranded))
	}
	return nil
}

// orphanAfter is longer than any attempt can be under way in a living hub: a job's whole time, the wait for its reply, and the time to settle it.
func (r *Relay) orphanAfter() time.Duration {
	return r.jobTimeout() + r.cfg.Limits.Reply + settleWithin
}

package main

import (
	"context"
	"log/slog"
	"time"

	"ccpor/store"
)

const (
	// namedAtOnce is how many orders are named in one transaction, namedEvery how often a hub looks whether there are any.
	namedAtOnce = 200
	namedEvery  = time.Minute
)

// nameOrders keeps the names of orders by which nobody finds them yet, until ctx ends: those from before the tables of names, and those that an older hub takes meanwhile. What fails is tried again.
func nameOrders(ctx context.Context, s *store.Store, log *slog.Logger) error {
	look := time.NewTicker(namedEvery)
	defer look.Stop()
	for {
		if n, err := nameAll(ctx, s); err != nil && ctx.Err() == nil {
			log.Error("names of orders not kept", "error", err.Error())
		} else if n > 0 {
			log.Info("names of orders kept", "orders", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// nameAll names what there is, and says of how many orders it did.
func nameAll(ctx context.Context, s *store.Store) (int, error) {
	all := 0
	for {
		n, err := s.NameOrders(ctx, namedAtOnce)
		if all += n; err != nil || n == 0 {
			return all, err
		}
	}
}

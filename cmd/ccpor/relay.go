package main

import (
	"context"
	"errors"
	"log/slog"

	"ccpor/store"
)

// relaySide is the hub's way to the switch.
type relaySide struct{}

func openRelay(serveConfig, *store.Store, *slog.Logger) (*relaySide, error) {
	return nil, errors.New("this program has no relay yet: run it without a switch")
}

func (*relaySide) run(context.Context) error { return nil }

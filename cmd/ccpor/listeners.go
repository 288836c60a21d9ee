package main

import (
	"context"

	"ccpor/exchange/notify"
	"ccpor/store"
)

// listeners are agencies' listeners as the pages judge and try them: by the hub's own way of telling.
type listeners struct{ h *hub }

func (l listeners) Check(url string) error { return notify.CheckAddress(url, l.h.config.SwitchTest) }

func (l listeners) Try(ctx context.Context, to store.Listener) (confirmed bool, meaning string) {
	code := l.h.notify.Trial(ctx, to)
	return code == notify.Confirmed, code.Meaning()
}

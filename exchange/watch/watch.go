// Package watch looks now and then at what nobody is told of otherwise: certificates that come to their end, and senders that are refused again and again. It logs each once, whichever
// of several hubs looks, and refuses nothing: whoever is watched is served as before.
package watch

import (
	"context"
	"log/slog"
	"time"

	"ccpor/store"
)

// Store is what a watch needs of the store; *store.Store is one.
type Store interface {
	WarnOfExpiry(ctx context.Context, now time.Time) ([]store.ExpiryWarning, error)
	RaiseAlarms(ctx context.Context, most int, window time.Duration, now time.Time) ([]store.Alarm, error)
}

// Watch is made of its fields, all of which are needed.
type Watch struct {
	Store Store
	// Refusals within Window raise an alarm of their sender; zero: never.
	Refusals int
	Window   time.Duration
	Now      func() time.Time
	Log      *slog.Logger
}

// Run looks at once and at every tick until ctx ends.
func (w *Watch) Run(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		w.Look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Look looks once. What could not be looked at is logged, and looked at the next time.
func (w *Watch) Look(ctx context.Context) {
	warnings, err := w.Store.WarnOfExpiry(ctx, w.Now())
	for _, c := range warnings {
		w.Log.Warn("a certificate comes to its end", "agency", c.Agency, "use", c.Use, "test", c.Test, "certificate", c.Fingerprint, "to", c.To, "within", c.Threshold)
	}
	w.failed(ctx, "certificates not looked at", err)
	if w.Refusals <= 0 {
		return
	}
	alarms, err := w.Store.RaiseAlarms(ctx, w.Refusals, w.Window, w.Now())
	for _, a := range alarms {
		w.Log.Warn("a sender is refused again and again", "alarm", a.ID, "who", a.Who, "refusals", a.Refusals, "within", w.Window.String(), "stage", a.Stage, "code", a.Code)
	}
	w.failed(ctx, "refusals not looked at", err)
}

// failed logs an error, but for that of a hub that ends.
func (w *Watch) failed(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		w.Log.Error(what, "error", err.Error())
	}
}

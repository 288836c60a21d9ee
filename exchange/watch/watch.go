// Package watch looks now and then at what nobody is told of otherwise: certificates that come to their end, deadlines that come near or have passed, senders that are refused again and again,
// lines that are down, and whatever waits for a person for long; and takes out of the list of unserved orders what has ended. It logs each once when it begins, and an alarm once more when its cause is gone, whichever of several hubs looks; it refuses nothing: whoever is
// watched is served as before.
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
	WarnOfDeadlines(ctx context.Context, shares []float64, now time.Time) ([]store.DeadlineWarning, error)
	RaiseAlarms(ctx context.Context, limits store.AlarmLimits, now time.Time) (store.AlarmChanges, error)
	TidyUnserved(ctx context.Context, now time.Time) error
}

// Watch is made of its fields, all of which are needed.
type Watch struct {
	Store Store
	// Shares of the time until a deadline at which somebody is warned; none: never.
	Shares []float64
	// Limits are from when on causes raise an alarm.
	Limits store.AlarmLimits
	Now    func() time.Time
	Log    *slog.Logger
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
	if len(w.Shares) > 0 {
		near, err := w.Store.WarnOfDeadlines(ctx, w.Shares, w.Now())
		for _, d := range near {
			w.Log.Warn("orders come near their deadline and are not in CARPOS", "agency", d.Agency, "count", d.Count, "share", d.Share, "due", d.First)
		}
		w.failed(ctx, "deadlines not looked at", err)
	}
	changes, err := w.Store.RaiseAlarms(ctx, w.Limits, w.Now())
	for _, a := range changes.Raised {
		w.Log.Warn(raised(a.Kind), about(a)...)
	}
	for _, a := range changes.Cleared {
		w.Log.Info("an alarm is over", append(about(a), "raised", a.Raised)...)
	}
	w.failed(ctx, "alarms not looked for", err)
	w.failed(ctx, "list of unserved orders not tidied", w.Store.TidyUnserved(ctx, w.Now()))
}

// sayings are how the log tells of alarms; docs/operating.md says what to do about each.
var sayings = map[store.AlarmKind]string{
	store.AlarmRefusals:  "a sender is refused again and again",
	store.AlarmDeadline:  "the deadline of orders has passed and they are not in CARPOS",
	store.AlarmHeld:      "transmissions have waited for a person for long",
	store.AlarmLine:      "a line has been down for long",
	store.AlarmLines:     "no line to the switch is up",
	store.AlarmInbound:   "messages of the switch have waited for a person for long",
	store.AlarmRejecting: "the switch answers nothing but that CARPOS cannot take anything",
}

func raised(k store.AlarmKind) string {
	if text, ok := sayings[k]; ok {
		return text
	}
	return "an alarm is raised: " + string(k)
}

func about(a store.Alarm) []any {
	said := []any{"alarm", a.ID, "kind", a.Kind, "who", a.Who, "count", a.Count, "last", a.Last}
	if a.Code != "" {
		said = append(said, "stage", a.Stage, "code", a.Code)
	}
	return said
}

// failed logs an error, but for that of a hub that ends.
func (w *Watch) failed(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		w.Log.Error(what, "error", err.Error())
	}
}

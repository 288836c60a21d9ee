package observe

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"ccpor/store"
)

// Measurer keeps what is measured; *store.Store does.
type Measurer interface {
	MeasureAll(ctx context.Context, warn []float64, now time.Time) (bool, error)
	MeasureOwn(ctx context.Context, own []store.Measured, now time.Time) error
	ThinMeasured(ctx context.Context, now time.Time) (bool, error)
	ClockAhead(ctx context.Context, now func() time.Time) (time.Duration, error)
}

// Sampler measures how the exchange stands at each minute, for the operator's board. Any number of hubs may run one: what they have in common is measured by one of them, what is a hub's own by each.
type Sampler struct {
	Store Measurer
	// Warn are shares of the time until a deadline, as store.Figures takes them.
	Warn []float64
	// Ends are when the hub's own certificates end, by use.
	Ends map[string]time.Time
	// Intake gives how long packages took since it was last asked.
	Intake func() []time.Duration
	Now    func() time.Time
	Log    *slog.Logger

	minute time.Time // the last one of which the hub's own figures are kept
}

// sampleEvery is how often it is looked whether a minute has begun of which nothing is known.
const sampleEvery = 10 * time.Second

// Run measures until ctx ends.
func (s *Sampler) Run(ctx context.Context) error {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		s.Sample(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Sample measures what has not been measured of this minute. What cannot be measured is logged and missing; the next minute is another.
func (s *Sampler) Sample(ctx context.Context) {
	_, err := s.Store.MeasureAll(ctx, s.Warn, s.Now())
	s.failed(ctx, err)
	if minute := s.Now().Truncate(time.Minute); minute.After(s.minute) || s.minute.Sub(minute) > time.Minute { // or the clock was set back
		s.minute = minute
		s.failed(ctx, s.own(ctx))
	}
	_, err = s.Store.ThinMeasured(ctx, s.Now())
	s.failed(ctx, err)
}

func (s *Sampler) own(ctx context.Context) error {
	ahead, err := s.Store.ClockAhead(ctx, s.Now)
	if err != nil {
		return err
	}
	own := []store.Measured{{What: store.MeasureClock, Value: ahead.Seconds()}}
	for use, end := range s.Ends {
		own = append(own, store.Measured{What: store.MeasureOwnEnd, Label: use, Value: float64(end.Unix())})
	}
	if took := s.Intake(); len(took) > 0 {
		slices.Sort(took)
		own = append(own, store.Measured{What: store.MeasureIntakeP50, Value: share(took, 50).Seconds()}, store.Measured{What: store.MeasureIntakeP95, Value: share(took, 95).Seconds()})
	}
	return s.Store.MeasureOwn(ctx, own, s.Now())
}

// share is the least of sorted times that so many percent of them do not exceed.
func share(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)*percent+99)/100-1]
}

func (s *Sampler) failed(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		s.Log.Warn("not measured", "error", err.Error())
	}
}

// mostTimes bounds how many times of a minute are kept; of more, the last ones.
const mostTimes = 10000

// recent keeps how long packages took.
type recent struct {
	mu    sync.Mutex
	times []time.Duration
	next  int
}

func (r *recent) add(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.times) < mostTimes {
		r.times = append(r.times, d)
		return
	}
	r.times[r.next%mostTimes] = d
	r.next++
}

func (r *recent) take() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	times := r.times
	r.times, r.next = nil, 0
	return times
}

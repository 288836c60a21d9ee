package observe_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ccpor/exchange"
	"ccpor/observe"
	"ccpor/store"
	"ccpor/store/storetest"
)

// measurer remembers what it is given.
type measurer struct {
	all  []time.Time
	own  [][]store.Measured
	thin int
	err  error
}

func (m *measurer) MeasureAll(_ context.Context, _ []float64, now time.Time) (bool, error) {
	m.all = append(m.all, now)
	return true, m.err
}

func (m *measurer) MeasureOwn(_ context.Context, own []store.Measured, _ time.Time) error {
	m.own = append(m.own, own)
	return nil
}

func (m *measurer) ThinMeasured(context.Context, time.Time) (bool, error) {
	m.thin++
	return false, nil
}

func (m *measurer) ClockAhead(context.Context, func() time.Time) (time.Duration, error) {
	return 250 * time.Millisecond, nil
}

// A hub measures its own once a minute, with how long packages took since; failures are told and keep nothing else from being measured.
func TestSampler(t *testing.T) {
	t.Parallel()
	m, err := observe.New(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	handled := func(operation string, took time.Duration) {
		m.Handled(exchange.Request{Operation: operation, Began: now, Ended: now.Add(took)})
	}
	for i := range 100 {
		handled(exchange.SubmitOperation, time.Duration(i+1)*time.Millisecond)
	}
	handled("GetStatus", time.Hour)
	at, to, log := now, &measurer{err: errors.New("no database")}, bytes.Buffer{}
	s := &observe.Sampler{Store: to, Ends: map[string]time.Time{"seal": now.Add(time.Hour)}, Intake: m.IntakeTimes, Now: func() time.Time { return at }, Log: slog.New(slog.NewTextHandler(&log, nil))}
	for range 3 {
		s.Sample(t.Context())
		at = at.Add(20 * time.Second)
	}
	s.Sample(t.Context())
	if len(to.all) != 4 || len(to.own) != 2 || to.thin != 4 || strings.Count(log.String(), "no database") != 4 {
		t.Fatalf("measured %d times, own %d, thinned %d; logged %s", len(to.all), len(to.own), to.thin, log.String())
	}
	want := []store.Measured{{What: store.MeasureClock, Value: 0.25}, {What: store.MeasureOwnEnd, Label: "seal", Value: float64(now.Add(time.Hour).Unix())},
		{What: store.MeasureIntakeP50, Value: 0.05}, {What: store.MeasureIntakeP95, Value: 0.095}}
	if !slices.Equal(to.own[0], want) || len(to.own[1]) != 2 {
		t.Errorf("%+v", to.own)
	}
	at = at.Add(-time.Hour) // the clock was set back
	if s.Sample(t.Context()); len(to.own) != 3 {
		t.Error("nothing is measured after the clock was set back")
	}
}

// Two hubs on one database leave one figure of each minute, and one of each hub.
func TestSamplersOfTwoHubs(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	at := now
	var hubs []*observe.Sampler
	for range 2 {
		hubs = append(hubs, &observe.Sampler{Store: storetest.Open(t, url, store.Options{}), Intake: func() []time.Duration { return nil }, Now: func() time.Time { return at }, Log: slog.New(slog.DiscardHandler)})
	}
	for range 9 {
		for _, h := range hubs {
			h.Sample(t.Context())
		}
		at = at.Add(20 * time.Second)
	}
	s := storetest.Open(t, url, store.Options{})
	got, err := s.Series(t.Context(), now, now.Add(time.Hour), time.Minute, store.MeasureLate, store.MeasureClock)
	if err != nil {
		t.Fatal(err)
	}
	count := map[store.Measure]int{}
	for _, m := range got {
		count[m.What]++
	}
	if count[store.MeasureLate] != 3 || count[store.MeasureClock] != 6 {
		t.Errorf("%v", count)
	}
}

package main

import (
	"testing"
	"time"
)

func TestInversions(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)
	sent := func(received, first time.Duration) sentOrder {
		at := noon.Add(first)
		return sentOrder{received: noon.Add(received), due: noon.Add(received + 24*time.Hour), first: &at}
	}
	late, urgent, fresh, backlog := -30*time.Hour, -20*time.Hour, -time.Minute, -2*time.Hour
	for name, c := range map[string]struct {
		orders []sentOrder
		want   int
	}{
		"in their sequence":               {[]sentOrder{sent(urgent, 0), sent(fresh, time.Second*2), sent(late, 4*time.Second), sent(backlog, 6*time.Second)}, 0},
		"a late one before a fresh one":   {[]sentOrder{sent(late, 0), sent(fresh, 2*time.Second)}, 1},
		"a fresh one before an urgent":    {[]sentOrder{sent(fresh, 0), sent(urgent, 2*time.Second)}, 1},
		"both at one moment":              {[]sentOrder{sent(late, 0), sent(fresh, 400*time.Millisecond)}, 0},
		"a fresh one that came later":     {[]sentOrder{sent(late, 0), sent(time.Second, 4*time.Second)}, 0},
		"an urgent one that never was":    {[]sentOrder{sent(fresh, 0), {received: noon.Add(urgent), due: noon.Add(urgent + 24*time.Hour)}}, 1},
		"two of the backlog, in any case": {[]sentOrder{sent(late, 2*time.Second), sent(backlog, 0)}, 0},
	} {
		if got := inversions(c.orders); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

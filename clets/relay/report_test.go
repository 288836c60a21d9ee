package relay

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"ccpor/clets/sim"
)

// What a relay says of its lines follows them: up, heard, down with the reason; a report that fails stops nothing.
func TestLinesAreReported(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	var mu sync.Mutex
	var said []LineStatus
	broken := true
	b.start(Config{Report: func(_ context.Context, lines []LineStatus, at time.Time) error {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, lines...)
		if at.IsZero() {
			t.Error("no time is told")
		}
		if broken {
			broken = false
			return errors.New("the database is away")
		}
		return nil
	}})
	last := func() LineStatus {
		mu.Lock()
		defer mu.Unlock()
		if len(said) == 0 {
			return LineStatus{}
		}
		return said[len(said)-1]
	}
	b.until(soon, "reported up", func() bool { return last().Up })
	up := last()
	if up.Mnemonic != "CC00" || up.Window != 1 || !up.Test || up.Why != "" {
		t.Errorf("%+v", up)
	}
	b.add("06NF0001")
	b.settled(soon)
	if err := b.sw.Down(0); err != nil {
		t.Fatal(err)
	}
	b.until(soon, "reported down with the reason", func() bool { return !last().Up && strings.Contains(last().Why, "connect") })
	down := last()
	if down.Since.Before(up.Since) || down.Heard.IsZero() {
		t.Errorf("%+v after %+v", down, up)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, s := range said { // a line that is dialled again and again has been down since it went down
		if !s.Up && s.Since.After(down.Since) {
			t.Errorf("down since %v, later since %v", down.Since, s.Since)
		}
	}
}

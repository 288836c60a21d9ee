package relay

import (
	"math/rand/v2"
	"testing"
	"time"

	"ccpor/clets/sim"
	"ccpor/store"
	"ccpor/store/storetest"
)

// BenchmarkRelay measures how many orders a minute one hub brings into CARPOS, on a database that waits for the disk, with a switch that replies after
// 10 ms. Run it with -benchtime 3000x.
func BenchmarkRelay(b *testing.B) {
	for name, c := range map[string]struct{ lines, window int }{"1 line, window 1": {1, 1}, "4 lines, window 1": {4, 1}, "4 lines, window 8": {4, 8}} {
		b.Run(name, func(b *testing.B) {
			x := benchOn(b, storetest.Durable(b), sim.Config{Window: c.window, ReplyAfter: 10 * time.Millisecond, HistorySize: 1})
			x.flood(b.N, rand.New(rand.NewPCG(1, 1)))
			transmissions := len(x.rows("select id from transmission"))
			b.ResetTimer()
			began := time.Now()
			r := x.begin(storetest.Open(b, x.url, store.Options{TestSwitch: true}), Config{Lines: x.lines(c.lines, c.window)})
			counts := x.settled(10 * time.Minute)
			took := time.Since(began)
			b.StopTimer()
			x.stop(r)
			if counts["accepted"] != transmissions {
				b.Fatalf("%v", counts)
			}
			x.sound()
			b.ReportMetric(float64(transmissions)/took.Minutes(), "transmissions/min")
			b.ReportMetric(float64(took.Microseconds())/float64(transmissions), "us/transmission")
		})
	}
}

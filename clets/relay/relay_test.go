package relay

import (
	"testing"
	"time"

	"ccpor/clets/sim"
)

func TestEntryAndService(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{Window: 4})
	b.serve("06NF0001") // comes first, and waits
	b.add("06NF0001")
	b.start(Config{})
	if got := b.settled(20 * time.Second); got["accepted"] != 2 {
		t.Fatalf("%v", got)
	}
	b.sound()
	records := b.sw.Records()
	if len(records) != 1 || len(records[0].Service) == 0 {
		t.Fatalf("%+v", records)
	}
	if fcn := b.rows("select fcn from order_")[0][0]; fcn != records[0].FCN {
		t.Errorf("FCN %s, on record %s", fcn, records[0].FCN)
	}
}

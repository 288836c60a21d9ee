package relay

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ccpor/clets/carpos"
	"ccpor/clets/sim"
	"ccpor/mapping/order"
)

// samples accepts the project's sample packages and returns the orders by case number and how many packages there are.
func (b *bench) samples() (map[order.CaseNumber]order.Order, int) {
	b.Helper()
	files, err := filepath.Glob("../../testdata/cases/*/order.json")
	if err != nil {
		b.Fatal(err)
	}
	orders, n := map[order.CaseNumber]order.Order{}, 0
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(filepath.Dir(file)), "refused-") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		var sample struct {
			Order   *order.Order
			Service *order.Service
		}
		if err := json.Unmarshal(text, &sample); err != nil {
			b.Fatal(err)
		}
		if sample.Order != nil {
			sample.Order.Documents = nil
			orders[sample.Order.Case+order.CaseNumber(sample.Order.Form.Number)] = *sample.Order
		} else {
			sample.Service.Documents = nil
		}
		b.accept(sample.Order, sample.Service, nil)
		n++
	}
	return orders, n
}

// The hub and the simulated switch have read the profile apart from each other: what the one writes of the project's sample orders, the other takes.
func TestSampleOrdersAreTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{Window: 8})
	orders, n := b.samples()
	b.start(Config{})
	if got := b.settled(soon); len(orders) < 3 || got["accepted"] != n {
		t.Errorf("%d samples: %v %v", n, got, b.rows("select kind, state, reason from transmission"))
	}
	b.sound()
}

// A record that the switch shows of an order says what the order says, field by field: whatever is written is read back.
func TestRecordsShowWhatWasEntered(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{Window: 8, Faults: sim.Faults{LoseReply: 1}})
	orders, _ := b.samples()
	b.start(Config{})
	b.until(soon, "all entered", func() bool { return len(b.sw.Records()) == len(orders) })
	if err := b.sw.SetFaults(sim.Faults{}); err != nil {
		t.Fatal(err)
	}
	b.settled(90 * time.Second)
	compared := 0
	for _, row := range b.rows("select text from inbound where text like '%ROS HIT%'") {
		r, err := b.dict.ParseReply([]byte(row[0]))
		if err != nil || len(r.Hits) != 1 || len(r.Hits[0].Other) > 0 {
			t.Errorf("%v: %+v", err, r.Hits)
			continue
		}
		h := r.Hits[0]
		o, ok := orders[order.CaseNumber(h.First("CCN")+h.First("FRM"))]
		if !ok {
			t.Errorf("no sample has case %s", h.First("CCN"))
			continue
		}
		c := carpos.Context{ORI: b.court.ORI, OCA: h.OCA, CourtName: b.court.CarposName, Confirm: b.court.ConfirmText}
		if d := b.dict.Compare(o, c, h); len(d) > 0 {
			t.Errorf("case %s: %+v", o.Case, d)
		}
		compared++
	}
	if compared < len(orders) {
		t.Errorf("%d of %d orders were looked up", compared, len(orders))
	}
}

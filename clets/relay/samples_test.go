package relay

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/clets/carpos"
	"ccpor/clets/sim"
	"ccpor/mapping/order"
	"ccpor/store"
)

// sample is a golden case of an order or of a proof of service.
type sample struct {
	name    string
	Action  store.Action
	Order   *order.Order
	Service *order.Service
}

// samples accepts the project's sample orders and proofs of service, of every form's newest order against each person, and returns the orders by case
// number and form, and how many packages there are.
func (b *bench) samples() (map[order.CaseNumber]order.Order, int) {
	b.Helper()
	var all []sample
	newest := map[string]order.LocalID{}
	for _, s := range b.golden() {
		switch {
		case s.Action == store.ActionAdd && !b.lacks(*s.Order):
			f := s.Order.Form
			newest[f.Number+f.Designator+s.Order.Restrained.Name.Surname] = s.Order.ID
			all = append(all, s)
		case s.Action == store.ActionServe:
			all = append(all, s)
		}
	}
	taken := slices.Collect(maps.Values(newest))
	orders, n := map[order.CaseNumber]order.Order{}, 0
	for _, s := range all {
		switch {
		case s.Order != nil && slices.Contains(taken, s.Order.ID):
			s.Order.Documents = nil
			orders[s.Order.Case+order.CaseNumber(s.Order.Form.Number)] = *s.Order
		case s.Service != nil && slices.Contains(taken, s.Service.OrderID):
			s.Service.Documents = nil
		default:
			continue
		}
		b.accept(s.Order, s.Service, func(a *store.Accepted) { a.Package = order.LocalID(s.name) })
		n++
	}
	return orders, n
}

// golden are the cases that are not refused, by name.
func (b *bench) golden() []sample {
	b.Helper()
	files, err := filepath.Glob("../../testdata/cases/*/order.json")
	if err != nil {
		b.Fatal(err)
	}
	var all []sample
	for _, file := range files {
		s := sample{name: filepath.Base(filepath.Dir(file))}
		if strings.HasPrefix(s.name, "refused-") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		if err := json.Unmarshal(text, &s); err != nil {
			b.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// lacks says that CARPOS needs what the order does not have, so that it waits for a person; the golden texts of clets/carpos name what.
func (b *bench) lacks(o order.Order) bool {
	_, lacks := b.dict.Enter(o, carpos.Context{ORI: b.court.ORI, OCA: "OCA-1", CourtName: b.court.CarposName, Confirm: b.court.ConfirmText})
	return len(lacks) > 0
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
	for _, text := range b.opened("select 'inbound.text/' || line || '/' || outseq || '/' || encode(digest, 'hex'), encode(text, 'hex') from inbound") {
		if !strings.Contains(text, "ROS HIT") {
			continue
		}
		r, err := b.dict.ParseReply([]byte(text))
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

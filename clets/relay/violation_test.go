package relay

import (
	"strings"
	"testing"
	"time"

	"ccpor/clets/sim"
	"ccpor/mapping/order"
	"ccpor/store"
)

func (b *bench) violate(t order.Tracking, report string) store.TransmissionID {
	b.Helper()
	b.register(store.Agency{ORI: "CA0300000", Name: "Sheriff", County: "Orange", Kind: store.KindLawEnforcement, Submits: true})
	id, err := b.store.ReportViolation(b.Context(), t, order.Violation{At: time.Date(2026, 3, 5, 5, 30, 0, 0, time.UTC), Place: "100 Example Street", Agency: "CA0300000", Report: report, Arrested: true, Text: "invented"}, "person jdoe", time.Now())
	if err != nil {
		b.Fatal(err)
	}
	return id
}

// A violation goes behind what the court sent before, and CARPOS counts it.
func TestAViolationIsSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	tracking := b.add("06NF0001")
	b.serve("06NF0001")
	b.violate(tracking, "EX-1")
	zone := time.FixedZone("PST", -8*3600)
	b.start(Config{Zone: zone, Against: func(w store.Work) []string {
		if w.Kind == store.KindViolate {
			t.Error("a violation is judged like a package")
		}
		return nil
	}})
	if got := b.settled(soon); got["accepted"] != 3 {
		t.Fatalf("%v %v", got, b.rows("select kind, reason from transmission"))
	}
	if r := b.sw.Records(); len(r) != 1 || r[0].Violations != 1 {
		t.Errorf("%+v", r)
	}
	sent := b.opened(attempts + " join transmission t on t.id = a.transmission_id where t.kind = 'VRR'")[0]
	if _, at, _ := strings.Cut(sent, "VDT/"); !strings.HasPrefix(at, "202603042130\r") {
		t.Errorf("the time is told as %.12s, not by the courts' clock", at)
	}
	b.sound()
}

// Whether a violation whose reply was lost is on record, no look-up shows: a person has to look, and nothing is sent again (profile section 4, rule 3).
func TestAnUnknownViolationGoesToAPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	tracking := b.add("06NF0001")
	b.start(Config{})
	b.settled(soon)
	if err := b.sw.SetFaults(sim.Faults{LoseReply: 1}); err != nil {
		t.Fatal(err)
	}
	id := b.violate(tracking, "EX-1")
	b.until(soon, "unknown", func() bool {
		return b.rows("select doubt::text from transmission where id = $1", int64(id))[0][0] == "true"
	})
	if err := b.sw.SetFaults(sim.Faults{}); err != nil {
		t.Fatal(err)
	}
	b.settled(soon)
	row := b.rows("select state, tries::text, reason from transmission where id = $1", int64(id))[0]
	if row[0] != "held" || row[1] != "1" || row[2] != "The look-up cannot tell whether CARPOS has it." {
		t.Errorf("%v", row)
	}
	if r := b.sw.Records(); r[0].Violations != 1 {
		t.Errorf("%+v", r[0].Violations)
	}
	b.sound()
}

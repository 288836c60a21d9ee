package relay

import (
	"strings"
	"testing"
	"time"

	"ccpor/clets/sim"
	"ccpor/mapping/order"
	"ccpor/store"
)

// told is a service by word of mouth that an officer records.
func (b *bench) told(id string) store.TransmissionID {
	b.Helper()
	b.register(store.Agency{ORI: "CA0300000", Name: "Sheriff", County: "Orange", Kind: store.KindLawEnforcement, Submits: true})
	f, err := b.store.FindOrder(b.Context(), "CA030013J", order.LocalID(id), false)
	if err != nil {
		b.Fatal(err)
	}
	s := served(id)
	s.Restrained, s.Method, s.Server = f.Order.Restrained.Name, order.MethodVerbal, order.Officer{Name: "Otto Fficer", Badge: "4711", Agency: "Sheriff", AgencyORI: "CA0300000"}
	number, err := b.store.RecordService(b.Context(), store.Recording{Order: f, Service: *s, Person: 11, Actor: "person officer@sheriff.example, CA0300000", Agency: "CA0300000", At: time.Now()})
	if err != nil {
		b.Fatal(err)
	}
	return b.srr(number)
}

func (b *bench) srr(number store.RecordedID) (id store.TransmissionID) {
	b.Helper()
	e, err := b.store.Queue(b.Context(), store.QueueFilter{Kind: store.KindServe}, 10, 0)
	if err != nil || len(e) != 1 {
		b.Fatalf("service %d: %+v %v", number, e, err)
	}
	return e[0].ID
}

// A recorded service waits for the entry, is judged like a proof that came as a package, and reaches CARPOS as an SRR of the officer's agency.
func TestARecordedServiceIsSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	b.add("06NF0001")
	id := b.told("06NF0001")
	judged := 0
	b.start(Config{Against: func(w store.Work) []string {
		if w.ID == id && w.Recorded && w.Service != nil && w.Known.Order.ID == "06NF0001" {
			judged++
		}
		return nil
	}})
	if got := b.settled(soon); got["accepted"] != 2 || judged != 1 {
		t.Fatalf("%v, judged %d times, %v", got, judged, b.rows("select kind, reason from transmission"))
	}
	sent := b.opened(attempts+" join transmission t on t.id = a.transmission_id where t.id = $1", int64(id))[0]
	_, text, _ := strings.Cut(sent, "\r\n")
	oca, fcn := b.rows("select oca, fcn from order_")[0][0], b.rows("select oca, fcn from order_")[0][1]
	want := "SRR.CA030013J.FCN/" + fcn + "\r\nNAM/JONES,MARC\r\nOCA/" + oca + "\r\nSVN/OTTO FFICER\r\nSVD/20260303\r\nSVT/1700\r\nSVA/CA0300000\r\nSVM/V\r\nSVR/OTH\r\n"
	if text != want {
		t.Errorf("sent\n%q\nnot\n%q", text, want)
	}
	b.sound()
}

// One that does not fit the order as CARPOS has it waits for a person, who is told that it is recorded anew: no court corrects it.
func TestARecordedServiceThatDoesNotFit(t *testing.T) {
	t.Parallel()
	b := newBench(t, sim.Config{})
	b.add("06NF0001")
	id := b.told("06NF0001")
	b.start(Config{Against: func(w store.Work) []string {
		if w.Recorded {
			return []string{"It names somebody else."}
		}
		return nil
	}})
	b.settled(soon)
	if row := b.rows("select state, reason from transmission where id = $1", int64(id))[0]; row[0] != "held" || row[1] != "It names somebody else. Whoever served it records it anew, as it was; this one is given up." {
		t.Errorf("%v", row)
	}
	b.sound()
}

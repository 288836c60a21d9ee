package invented_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"ccpor/mapping"
	"ccpor/mapping/calendar"
	"ccpor/mapping/forms"
	"ccpor/mapping/invented"
	"ccpor/mapping/order"
	"ccpor/mapping/rules"
)

func maker(seed uint64) invented.Maker {
	return invented.Maker{Seed: seed, Prefix: "INV", Words: 60, Court: order.Court{ORI: "CA030013J", Name: "Invented Court", County: "Orange"},
		Issued: order.MakeDate(2026, 11, 19), Sent: time.Date(2026, 11, 19, 18, 0, 0, 0, time.UTC)}
}

// What is invented has to be taken: no rule may find an error in it, and the proof of service has to fit its order.
func TestInventedOrdersBreakNoRule(t *testing.T) {
	t.Parallel()
	table, err := forms.Load()
	if err != nil {
		t.Fatal(err)
	}
	cal, err := calendar.Load()
	if err != nil {
		t.Fatal(err)
	}
	book, m := rules.New(table, cal), maker(7)
	for i := range 300 {
		p, proof := m.Order(i, m.Image(i, 4000)), m.Service(i)
		findings := append(book.Check(p, m.Issued), book.Check(proof, m.Issued)...)
		for _, f := range append(findings, book.Against(proof, rules.Known{Order: p.Order})...) {
			if f.Severity == rules.Error {
				t.Errorf("order %d breaks %s: %s", i, f.Rule, f.Text)
			}
		}
		if _, err := mapping.Write(p); err != nil {
			t.Errorf("order %d cannot be written: %v", i, err)
		}
	}
}

func TestTheSameSeedInventsTheSame(t *testing.T) {
	t.Parallel()
	text := func(seed uint64, i int) []byte {
		b, err := json.Marshal(maker(seed).Order(i, maker(seed).Image(i, 500)))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !bytes.Equal(text(1, 5), text(1, 5)) {
		t.Error("one seed and number gave two orders")
	}
	if bytes.Equal(text(1, 5), text(2, 5)) || bytes.Equal(text(1, 5), text(1, 6)) {
		t.Error("another seed or number gave the same order")
	}
	if image := maker(1).Image(3, 1000); len(image) != 1000 || !bytes.HasPrefix(image, []byte("%PDF-")) || !bytes.HasSuffix(image, []byte("%%EOF\n")) {
		t.Errorf("the image has %d bytes and is %.10q ... %q", len(image), image, image[len(image)-8:])
	}
}

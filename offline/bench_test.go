package offline

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"ccpor/mapping/invented"
	"ccpor/mapping/order"
)

// BenchmarkPack makes a pack of invented orders, of which CCPOR_PACK says the number, and tells the bytes of an order; then it opens the pack and finds one by name, as a process of its own would, each time anew.
func BenchmarkPack(b *testing.B) {
	n := 20_000
	if said := os.Getenv("CCPOR_PACK"); said != "" {
		if _, err := fmt.Sscan(said, &n); err != nil {
			b.Fatal(err)
		}
	}
	by, k := hub(b, "hub"), key(b)
	p := plan(b, by, k.Recipient())
	p.InMemory = 0
	maker := invented.Maker{Seed: 1, Prefix: "b", Court: order.Court{ORI: "CA030013J", Name: "Court", County: "Orange"}, Words: 20, Issued: order.MakeDate(2026, 1, 2), Sent: noon()}
	var file bytes.Buffer
	begun := time.Now()
	if _, err := Make(&file, p, func(yield func(Record, error) bool) {
		for i := range n {
			if r := (Record{Order: *maker.Order(i).Order, Version: 1, FCN: order.FCN(fmt.Sprintf("24%011d", i))}); !yield(r, nil) {
				return
			}
		}
	}); err != nil {
		b.Fatal(err)
	}
	took := time.Since(begun)
	wanted := maker.Order(n / 2).Order.Restrained.Name
	b.ResetTimer()
	for b.Loop() {
		opened, err := opened(file.Bytes(), k, by)
		if err != nil {
			b.Fatal(err)
		}
		if found, _, err := opened.Find(Query{Name: wanted.Surname + ", " + wanted.Given}, 50); err != nil || len(found) == 0 {
			b.Fatal(len(found), err)
		}
	}
	b.ReportMetric(float64(file.Len())/float64(n), "B/order")
	b.ReportMetric(float64(n)/took.Seconds(), "orders/s")
}

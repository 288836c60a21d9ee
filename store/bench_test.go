package store_test

import (
	"crypto/sha256"
	"fmt"
	"sync/atomic"
	"testing"

	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/store/storetest"
)

// BenchmarkAccept measures the intake against a PostgreSQL that waits for the disk. "alone" is the same code with one package a
// transaction and one connection a caller, for the ratio.
func BenchmarkAccept(b *testing.B) {
	for _, content := range []struct {
		name  string
		image int
	}{{"8KB", 0}, {"8KB+100KB", 100 << 10}} {
		for _, callers := range []int{1, 8, 32} {
			for _, mode := range []struct {
				name string
				opts store.Options
			}{{"grouped", store.Options{}}, {"alone", store.Options{Batch: 1, Flushers: callers}}} {
				b.Run(fmt.Sprintf("%s/callers=%d/%s", content.name, callers, mode.name), func(b *testing.B) {
					benchmarkAccept(b, content.image, callers, mode.opts)
				})
			}
		}
	}
}

func benchmarkAccept(b *testing.B, imageBytes, callers int, opts store.Options) {
	s := storetest.Open(b, storetest.Durable(b), opts)
	a := orange(b, s)
	wires := make([][]byte, 64)
	for i := range wires {
		wires[i] = soap(uint64(i), 8<<10)
	}
	var n atomic.Int64
	b.ResetTimer()
	run(b, callers, func() error {
		i := n.Add(1)
		p := add(a, fmt.Sprintf("p-%d", i), fmt.Sprintf("o-%d", i))
		p.Order.Case = order.CaseNumber(fmt.Sprintf("26NF%07d", i))
		p.Received.Wire = wires[i%64]
		p.Received.Digest = sha256.Sum256(p.Received.Wire)
		if imageBytes > 0 {
			p.Images = []store.Image{image("order.pdf", uint64(i), imageBytes)}
		}
		_, err := s.Accept(b.Context(), p)
		return err
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "orders/s")
}

// run calls do b.N times from so many goroutines.
func run(b *testing.B, callers int, do func() error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	errs := make(chan error, callers)
	for range callers {
		go func() {
			for left.Add(-1) >= 0 {
				if err := do(); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range callers {
		if err := <-errs; err != nil {
			b.Fatal(err)
		}
	}
}

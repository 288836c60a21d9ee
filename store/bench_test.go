package store_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

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
	before := cpu(b, s)
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
	b.StopTimer()
	used := cpu(b, s)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "orders/s")
	b.ReportMetric(float64((used.hub-before.hub).Microseconds())/float64(b.N), "hub-µs/order")
	b.ReportMetric(float64((used.database-before.database).Microseconds())/float64(b.N), "database-µs/order")
}

// usage is the processor time that was used, which other programs on the machine change less than the time that passed.
type usage struct{ hub, database time.Duration }

func cpu(b *testing.B, s *store.Store) (u usage) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	u.hub = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	var backend int
	if err := s.Reader.Scan(b.Context(), "select pg_backend_pid()", &backend); err != nil {
		b.Fatal(err)
	}
	postmaster := stat(backend)[parent]
	processes, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	for _, p := range processes {
		pid, _ := strconv.Atoi(strings.Split(p, "/")[2])
		if f := stat(pid); f != nil && (f[parent] == postmaster || pid == postmaster) {
			u.database += time.Duration(f[own]+f[kernel]+f[childs]+f[childsKernel]) * (time.Second / 100)
		}
	}
	return u
}

// Fields of /proc/<pid>/stat after the program's name; times are in hundredths of a second.
const (
	parent       = 1
	own          = 11
	kernel       = 12
	childs       = 13
	childsKernel = 14
)

func stat(pid int) []int {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil // not this system, or gone by now
	}
	_, after, _ := strings.Cut(string(content), ") ")
	var numbers []int
	for _, f := range strings.Fields(after) {
		n, _ := strconv.Atoi(f) // the state is a letter
		numbers = append(numbers, n)
	}
	return numbers
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

// BenchmarkRefuse measures what refused packages cost a PostgreSQL that waits for the disk.
func BenchmarkRefuse(b *testing.B) {
	for _, callers := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("8KB/callers=%d", callers), func(b *testing.B) { benchmarkRefuse(b, callers) })
	}
}

func benchmarkRefuse(b *testing.B, callers int) {
	s := storetest.Open(b, storetest.Durable(b), store.Options{})
	a := orange(b, s)
	wires := make([][]byte, 64)
	for i := range wires {
		wires[i] = soap(uint64(i), 8<<10)
	}
	problems := []store.Problem{{Code: "Client.Signature.Invalid", Text: "The signature does not fit.", Whose: "court"}, {Code: "R-7", Text: "Look at the key."}}
	var n atomic.Int64
	before := cpu(b, s)
	b.ResetTimer()
	run(b, callers, func() error {
		i := n.Add(1)
		p := add(a, fmt.Sprintf("p-%d", i), "o-1")
		p.Received.Wire = wires[i%64]
		p.Received.Digest = sha256.Sum256(p.Received.Wire)
		_, err := s.Refuse(b.Context(), refusedOf(p, problems))
		return err
	})
	b.StopTimer()
	used := cpu(b, s)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "refusals/s")
	b.ReportMetric(float64((used.hub-before.hub).Microseconds())/float64(b.N), "hub-µs/refusal")
	b.ReportMetric(float64((used.database-before.database).Microseconds())/float64(b.N), "database-µs/refusal")
}

func refusedOf(p store.Accepted, problems []store.Problem) store.Refused {
	return store.Refused{Agency: p.Agency.ID, ORI: p.Agency.ORI, Package: p.Package, Action: p.Action, Received: p.Received, At: noon, Stage: "signature", Code: "Client.Signature.Invalid", Problems: problems}
}

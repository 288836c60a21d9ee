package main

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"

	"ccpor/exchange"
	"ccpor/mapping/calendar"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
	"ccpor/mapping/rules"
	"ccpor/store"
)

// stage is what one step of one order costs, in one goroutine. Micros is the best of many rounds: what the step takes when nobody else wants the machine.
type stage struct {
	Name   string  `json:"name"`
	Micros float64 `json:"us"`
	Allocs float64 `json:"allocs"`
	Bytes  float64 `json:"bytes"`
	// Part says that the stage is a part of the one before it.
	Part bool `json:"part,omitempty"`
}

// cost runs do over and over for a time.
func cost(name string, most time.Duration, do func() error) (stage, error) {
	s := stage{Name: name}
	n, err := roundOf(do)
	if err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	best, total := time.Duration(1<<62), 0
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for start := time.Now(); time.Since(start) < most; total += n {
		round := time.Now()
		for range n {
			if err := do(); err != nil {
				return s, fmt.Errorf("%s: %w", name, err)
			}
		}
		best = min(best, time.Since(round)/time.Duration(n))
	}
	runtime.ReadMemStats(&after)
	s.Micros = float64(best.Nanoseconds()) / 1000
	s.Allocs, s.Bytes = float64(after.Mallocs-before.Mallocs)/float64(total), float64(after.TotalAlloc-before.TotalAlloc)/float64(total)
	return s, nil
}

// roundOf is how many runs take about half a millisecond: short enough to fall between two interruptions.
func roundOf(do func() error) (int, error) {
	for n := 1; ; n *= 2 {
		start := time.Now()
		for range n {
			if err := do(); err != nil {
				return 0, err
			}
		}
		if time.Since(start) > 500*time.Microsecond || n >= 1<<12 {
			return n, nil
		}
	}
}

// stages measures each step of an order without image.
func (c *runCommand) stages(ctx context.Context, p *progress, r *rig, rep *report) error {
	return p.phase("stages of one order", func() (string, error) {
		f, err := newFactory(r.court.signer, "S", time.Now())
		if err != nil {
			return "", err
		}
		m, err := f.messages(ctx, shapes[0], 1+kept)
		if err != nil {
			return "", err
		}
		if err := rep.readingStages(ctx, r, m[0], c.plan().probe/8); err != nil {
			return "", err
		}
		if err := rep.wireStage(ctx, r, m[0], c.plan().probe/8); err != nil {
			return "", err
		}
		return "", rep.keepingStages(ctx, r, m[1:])
	})
}

// readingStages are those between the bytes and the checked order.
func (r *report) readingStages(ctx context.Context, g *rig, m request, most time.Duration) error {
	reader, err := newReader(g.court, time.Now())
	if err != nil {
		return err
	}
	table, err := forms.Load()
	if err != nil {
		return err
	}
	cal, err := calendar.Load()
	if err != nil {
		return err
	}
	b, book, today := &bench{reader: reader}, rules.New(table, cal), order.DateOf(reader.now)
	pack, err := b.read(ctx, m)
	if err != nil {
		return err
	}
	verified := b.verified
	document, err := reader.set.Validate(ctx, verified)
	if err != nil {
		return err
	}
	public, ok := g.court.signing.cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return errors.New("the court does not sign with RSA")
	}
	digest := sha256.Sum256(m.body)
	value, err := g.court.signing.key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return err
	}
	for _, s := range []struct {
		name string
		part bool
		do   func() error
	}{
		{"digest of the message", false, func() error { sha256.Sum256(m.body); return nil }},
		{"envelope and signature", false, func() error { return errors.Join(b.open(m), second(b.verify())) }},
		{"RSA-2048 alone", true, func() error { return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], value) }},
		{"schema", false, func() error { return second(reader.set.Validate(ctx, verified)) }},
		{"mapping", false, func() error { return second(reader.mapper.Package(document)) }},
		{"rules", false, func() error { book.Check(pack, today); return nil }},
	} {
		c, err := cost(s.name, most, s.do)
		if err != nil {
			return err
		}
		c.Part = s.part
		r.Stages = append(r.Stages, c)
	}
	return nil
}

func second[T any](_ T, err error) error { return err }

// wireStage is one message to a server that reads it and answers as many bytes as a receipt has: both sides of TLS and HTTP.
func (r *report) wireStage(ctx context.Context, g *rig, m request, most time.Duration) error {
	answer := make([]byte, 1000)
	return serve(ctx, g, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if _, err := io.Copy(io.Discard, req.Body); err == nil {
			_, _ = w.Write(answer) // a client that is gone is told by its own error
		}
	}), func(l load) error {
		l.clients = 1
		lines, err := l.dial(ctx)
		defer hangUp(lines)
		if err != nil {
			return err
		}
		c, err := cost("TLS and HTTP, both sides", most, func() error { return lines[0].post(m) })
		r.Stages = append(r.Stages, c)
		return err
	})
}

// kept is how many orders are used to measure the store.
const kept = 600

// keepingStages are what Store.Accept takes, its commit included: one order at a time, and 32 at once.
func (r *report) keepingStages(ctx context.Context, g *rig, messages []request) error {
	accepted, err := acceptedOf(ctx, g, messages)
	if err != nil {
		return err
	}
	database, err := g.database(ctx, "stages")
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, database, store.Options{Keys: g.keys})
	if err != nil {
		return err
	}
	defer s.Close()
	for _, part := range []struct {
		name    string
		callers int
		orders  []store.Accepted
	}{{"store, one at a time (wall)", 1, accepted[:kept/3]}, {"store, 32 at once (wall, each)", 32, accepted[kept/3:]}} {
		c, err := acceptCost(ctx, s, part.callers, part.orders)
		if err != nil {
			return err
		}
		c.Name = part.name
		r.Stages = append(r.Stages, c)
	}
	return nil
}

func acceptCost(ctx context.Context, s *store.Store, callers int, orders []store.Accepted) (stage, error) {
	for len(orders)%callers != 0 {
		orders = orders[1:]
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, n := time.Now(), float64(len(orders))
	errs := make([]error, callers)
	var wait sync.WaitGroup
	for w, own := range slices.Collect(slices.Chunk(orders, len(orders)/callers)) {
		wait.Go(func() {
			for _, a := range own {
				if _, err := s.Accept(ctx, a); err != nil {
					errs[w] = err
					return
				}
			}
		})
	}
	wait.Wait()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return stage{Micros: float64(took.Nanoseconds()) / 1000 / n, Allocs: float64(after.Mallocs-before.Mallocs) / n,
		Bytes: float64(after.TotalAlloc-before.TotalAlloc) / n}, errors.Join(errs...)
}

// acceptedOf sends the messages to an intake and takes down what it hands to its store.
func acceptedOf(ctx context.Context, g *rig, messages []request) ([]store.Accepted, error) {
	database, err := g.database(ctx, "taken")
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, database, store.Options{Keys: g.keys})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	taken := &takingDown{Store: s}
	handler, err := newIntake(taken, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	err = serve(ctx, g, handler, func(l load) error {
		l.clients = 4
		return second(l.run(ctx, messages))
	})
	return taken.accepted, err
}

// takingDown is a store that keeps copies of what it is given.
type takingDown struct {
	*store.Store
	mu       sync.Mutex
	accepted []store.Accepted
}

func (t *takingDown) Accept(ctx context.Context, a store.Accepted) (store.Receipt, error) {
	receipt, err := t.Store.Accept(ctx, a)
	a.Received.Wire = slices.Clone(a.Received.Wire)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.accepted = append(t.accepted, a)
	return receipt, err
}

var _ exchange.Store = (*takingDown)(nil)

// serve runs a handler over HTTPS on a free port while use lasts.
func serve(ctx context.Context, g *rig, handler http.Handler, use func(load) error) error {
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := exchange.Server(handler, exchange.TLSConfig(g.court.hub.forTLS()), slog.New(slog.DiscardHandler))
	ended := make(chan error, 1)
	go func() { ended <- server.ServeTLS(at, "", "") }()
	err = use(load{url: "https://" + at.Addr().String() + "/soap", tls: g.court.config()})
	err = errors.Join(err, server.Shutdown(context.WithoutCancel(ctx)))
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

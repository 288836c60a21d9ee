package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// fullLines is the relay with its lines kept full, beside the same relay and switch with no reply time to wait for, in the minute before.
type fullLines struct {
	relayed
	// Probe is orders a second of the same hub, lines and windows when the switch replies at once: what the machine allows, with every statement, frame and
	// reply that an order takes, and without the wait that full lines are there to hide.
	Probe float64 `json:"probe_per_s"`
	Share float64 `json:"share"` // of the lower of what lines and reply time allow, and the probe
	// At half of that rate, from receipt to acceptance, with orders that come through the service.
	HalfPerS float64 `json:"half_per_s"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
}

const (
	fullOf     = 4 // lines
	fullWindow = 8
)

// full measures the relay with 32 requests in flight.
func (c *runCommand) full(ctx context.Context, p *progress, r *rig, rep *report) error {
	out := &fullLines{}
	for _, reply := range []time.Duration{0, replyTime} {
		m := &series{rig: r, plan: c.plan(), progress: p, shape: shape{name: "relay"}}
		if err := m.queue(ctx); err != nil {
			return err
		}
		got, err := m.drain(ctx, fullOf, fullWindow, reply)
		if err != nil {
			return err
		}
		if reply == 0 {
			out.Probe = got.OrdersPerS
			continue
		}
		out.relayed, out.Share = got, got.OrdersPerS/min(got.Allowed, out.Probe)
	}
	m := &series{rig: r, plan: c.plan(), progress: p, shape: shape{name: "relay"}}
	rep.Full = out
	return m.healthy(ctx, out)
}

// healthy sends orders at half of the relay's rate through the service, and takes down how long each took to its acceptance.
func (m *series) healthy(ctx context.Context, out *fullLines) (err error) {
	if err := m.open(ctx); err != nil {
		return err
	}
	if err := m.hub.stop(); err != nil {
		return err
	}
	sim, err := m.switchAt(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sim.stop()) }()
	if m.hub, err = m.startHub(ctx, m.database, lineSettings(sim.Line)...); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.hub.stop()) }()
	out.HalfPerS = out.OrdersPerS / 2
	requests, err := m.prepare(ctx, max(100, min(m.relayed, int(out.HalfPerS*15))))
	if err != nil {
		return err
	}
	return m.phase("relay: half load, from receipt to acceptance", func() (string, error) {
		l := m.rig.load(m.hub, 16)
		l.rate = out.HalfPerS
		if _, err := m.send(ctx, requests, l); err != nil {
			return "", err
		}
		took, err := m.accepted(ctx)
		out.P50, out.P99 = ms(took.percentile(.5)), ms(took.percentile(.99))
		return fmt.Sprintf("%.0f/s, p50 %.0f ms, p99 %.0f ms", out.HalfPerS, out.P50, out.P99), err
	})
}

// accepted waits until CARPOS has everything, and returns how long each order took from its receipt.
func (m *series) accepted(ctx context.Context) (result, error) {
	conn, err := pgx.Connect(ctx, m.database)
	if err != nil {
		return result{}, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := m.until(ctx, 2*time.Minute, "select not exists (select from transmission where state not in ('accepted', 'held', 'given_up'))"); err != nil {
		return result{}, err
	}
	sent, err := sentOrders(ctx, conn)
	if err != nil {
		return result{}, err
	}
	var took []time.Duration
	for _, s := range sent {
		if s.finished == nil {
			return result{}, errors.New("an order was not accepted")
		}
		took = append(took, s.finished.Sub(s.received))
	}
	slices.Sort(took)
	return result{latencies: took}, nil
}

func (f *fullLines) table() table {
	return table{head: []string{"full lines", "orders/s", "replies at once", "lines allow", "share of the lower", "half load", "p50 ms to acceptance", "p99 ms"}, rows: [][]string{{
		fmt.Sprintf("%d × %d, reply %.0f ms", f.Lines, f.Window, f.ReplyMs), whole(f.OrdersPerS), whole(f.Probe), whole(f.Allowed), hundredths(f.Share), whole(f.HalfPerS) + "/s", whole(f.P50), whole(f.P99)}}}
}

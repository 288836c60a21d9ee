package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// relayed is the relay of queued orders to the simulated switch.
type relayed struct {
	Orders     int     `json:"orders"`
	Lines      int     `json:"lines"`
	Window     int     `json:"window"`
	ReplyMs    float64 `json:"reply_ms"`
	OrdersPerS float64 `json:"orders_per_s"`
	// Allowed is what reply time, lines and window allow: lines * window / reply time. Machine is what the cores allow at the processor time
	// that an order took. Ratio is to the lower of the two.
	Allowed float64 `json:"allowed"`
	Machine float64 `json:"machine"`
	Ratio   float64 `json:"ratio"`
	PeakRSS float64 `json:"peak_rss_mb"`
	// CPU is that of an order; its load is the simulator's.
	CPU cpu `json:"cpu"`
}

// replyTime is how long the simulated switch takes to reply.
const replyTime = 10 * time.Millisecond

// relay queues orders in a hub without a switch, and lets a hub with one send them.
func (c *runCommand) relay(ctx context.Context, p *progress, r *rig, rep *report) error {
	for _, lines := range []struct{ lines, window int }{{4, 1}, {4, 4}} {
		m := &series{rig: r, plan: c.plan(), progress: p, shape: shape{name: "relay"}}
		if err := m.queue(ctx); err != nil {
			return err
		}
		out, err := m.drain(ctx, lines.lines, lines.window, replyTime)
		if err != nil {
			return err
		}
		rep.Relay = append(rep.Relay, out)
	}
	return c.full(ctx, p, r, rep)
}

// queue fills a database with orders that wait for the switch.
func (m *series) queue(ctx context.Context) error {
	if err := m.open(ctx); err != nil {
		return err
	}
	requests, err := m.prepare(ctx, m.relayed)
	if err == nil {
		err = m.phase("relay: queueing orders", func() (string, error) {
			res, err := m.send(ctx, requests, m.rig.load(m.hub, 8))
			return fmt.Sprintf("%d orders", res.sent), err
		})
	}
	return errors.Join(err, m.hub.stop())
}

// simulator is the running simulated switch.
type simulator struct {
	*child
	Line string `json:"line"`
}

func (m *series) drain(ctx context.Context, lines, window int, reply time.Duration) (out relayed, err error) {
	out = relayed{Orders: m.relayed, Lines: lines, Window: window, ReplyMs: ms(reply), Allowed: float64(lines*window) / replyTime.Seconds()}
	err = m.phase(fmt.Sprintf("relay: %d lines, window %d, reply after %s", lines, window, reply), func() (string, error) {
		sim := &simulator{}
		args := []string{"--json", "--listen", "127.0.0.1:0", "--control", "", "--no-magic", "--window", fmt.Sprint(window), "--reply-after", reply.String()}
		var err error
		if sim.child, err = startChild(ctx, "carpos-sim", m.hubs, nil, args, sim); err != nil {
			return "", err
		}
		err = m.sendAll(ctx, sim, &out)
		return fmt.Sprintf("%.0f/s of %.0f/s that reply time and window allow", out.OrdersPerS, out.Allowed), errors.Join(err, sim.stop())
	})
	return out, err
}

func (m *series) sendAll(ctx context.Context, sim *simulator, out *relayed) (err error) {
	names := make([]string, out.Lines)
	for i := range names {
		names[i] = fmt.Sprintf("CCP%d", i+1)
	}
	if m.hub, err = m.startHub(ctx, m.database, "CCPOR_SWITCH="+sim.Line, "CCPOR_SWITCH_PLAIN=true", "CCPOR_SWITCH_LINES="+strings.Join(names, ","),
		fmt.Sprintf("CCPOR_SWITCH_WINDOW=%d", out.Window)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.hub.stop()) }()
	before, err := m.relayUsage(sim)
	if err != nil {
		return err
	}
	start := time.Now()
	if err = m.awaitAccepted(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, m.hub.lastWords())
	}
	after, err := m.relayUsage(sim)
	if err != nil {
		return err
	}
	took, err := m.relayTime(ctx)
	if err != nil {
		return err
	}
	l := newLoaded(load{}, result{sent: m.relayed, elapsed: took}, before, after, time.Since(start))
	out.OrdersPerS, out.PeakRSS, out.CPU = l.OrdersPerS, l.PeakRSS, l.CPU
	out.Machine = float64(cores()) * 1e6 / (l.CPU.Hub + l.CPU.Postgres + l.CPU.Load)
	out.Ratio = out.OrdersPerS / min(out.Allowed, out.Machine)
	return nil
}

func (m *series) relayUsage(sim *simulator) (usage, error) {
	u, err := m.usage()
	if err == nil {
		u.load, err = ownCPU(sim.pid())
	}
	return u, err
}

// awaitAccepted waits until CARPOS has every order.
func (m *series) awaitAccepted(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, m.database)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		var accepted, held int
		if err := conn.QueryRow(ctx, "select count(*) filter (where state = 'accepted'), count(*) filter (where state in ('held', 'given_up')) from transmission").
			Scan(&accepted, &held); err != nil {
			return fmt.Errorf("waiting for %d orders, %d accepted: %w", m.relayed, accepted, err)
		}
		switch {
		case held > 0:
			return fmt.Errorf("%d of %d orders were not accepted", held, m.relayed)
		case accepted == m.relayed:
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d orders accepted: %w", accepted, m.relayed, ctx.Err())
		}
	}
}

// relayTime is from the first attempt's beginning to the last one's end.
func (m *series) relayTime(ctx context.Context) (time.Duration, error) {
	conn, err := pgx.Connect(ctx, m.database)
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var from, to time.Time
	err = conn.QueryRow(ctx, "select min(at), max(finished_at) from attempt").Scan(&from, &to)
	return to.Sub(from), err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

type soakCommand struct {
	Orders  int     `default:"200000" help:"How many."`
	Clients int     `default:"16" help:"How many clients."`
	Growth  float64 `default:"20" help:"Most that the memory at rest may have grown between the first tenth and the last, in percent."`
	Out     string  `default:"bench/soak.json" help:"Where the figures go, as JSON; empty writes none." placeholder:"FILE"`
}

// soaked is what bench/soak.json holds.
type soaked struct {
	Orders  int       `json:"orders"`
	Samples []sampled `json:"samples"`
	Growth  float64   `json:"growth_percent"` // of the resident memory, from the first tenth to the last
	Date    time.Time `json:"date"`
	Machine machine   `json:"machine"`
}

// sampled is the hub after a number of orders.
type sampled struct {
	Orders     int     `json:"orders"`
	OrdersPerS float64 `json:"orders_per_s"`
	P99        float64 `json:"p99_ms"`
	RSS        float64 `json:"rss_mb"`
	PeakRSS    float64 `json:"peak_rss_mb"`
	CPU        cpu     `json:"cpu"`
}

func (c *soakCommand) Run(ctx context.Context, all *commands, p *progress) error {
	out := soaked{Orders: c.Orders, Date: time.Now().UTC().Truncate(time.Second)}
	err := all.with(ctx, p, "p256", func(r *rig) (err error) {
		if out.Machine, err = describe(ctx, r); err != nil {
			return err
		}
		m := &series{rig: r, progress: p, shape: shape{name: "soak"}}
		if err := m.open(ctx); err != nil {
			return err
		}
		err = c.soak(ctx, m, &out)
		return errors.Join(err, m.hub.stop())
	})
	if err != nil {
		return err
	}
	return c.tell(p, out)
}

// soak sends a tenth at a time: the packages of one tenth are all that is in this program's memory.
func (c *soakCommand) soak(ctx context.Context, m *series, out *soaked) error {
	for sent := 0; sent < c.Orders; {
		n := min(max(1, c.Orders/10), c.Orders-sent)
		requests, err := m.prepare(ctx, n)
		if err != nil {
			return err
		}
		err = m.phase(fmt.Sprintf("soak: orders %d to %d", sent+1, sent+n), func() (string, error) {
			f, err := m.watched(ctx, requests, m.rig.load(m.hub, c.Clients))
			out.Samples = append(out.Samples, sampled{sent + n, f.OrdersPerS, f.P99, f.RSS, f.PeakRSS, f.CPU})
			return f.told(), err
		})
		if err != nil {
			return err
		}
		sent += n
	}
	first, last := out.Samples[0].RSS, out.Samples[len(out.Samples)-1].RSS
	out.Growth = 100 * (last - first) / first
	return m.count(ctx)
}

func (s soaked) table() table {
	t := table{head: []string{"orders so far", "orders/s", "p99 ms", "RSS MB", "most RSS MB", "hub µs", "Postgres µs", "load µs", "others"}}
	for _, x := range s.Samples {
		t.rows = append(t.rows, append([]string{fmt.Sprint(x.Orders), whole(x.OrdersPerS), tenths(x.P99), whole(x.RSS), whole(x.PeakRSS)}, x.CPU.cells()...))
	}
	return t
}

var errGrew = errors.New("the hub's memory grew")

func (c *soakCommand) tell(p *progress, out soaked) error {
	if err := out.table().print(p.out); err != nil {
		return err
	}
	fmt.Fprintf(p.out, "\nResident memory changed by %.1f %% from the first tenth to the last.\n", out.Growth)
	if c.Out != "" {
		if err := writeJSON(c.Out, out); err != nil {
			return err
		}
	}
	if out.Growth > c.Growth {
		return fmt.Errorf("%w by %.1f %%, more than %g %%", errGrew, out.Growth, c.Growth)
	}
	return nil
}

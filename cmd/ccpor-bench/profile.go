package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/pprof"
	"time"

	"ccpor/exchange"
	"ccpor/mapping"
	"ccpor/mapping/calendar"
	"ccpor/mapping/forms"
	"ccpor/mapping/rules"
	"ccpor/schemas"
	"ccpor/store"
)

// profileCommand runs the intake within this program, since a hub has no port for profiles. The load's goroutines are labelled, so
// that they can be left out: go tool pprof -tagignore side=load.
type profileCommand struct {
	Out     string        `default:"cpu.pprof" help:"Where the processor profile goes." placeholder:"FILE"`
	Heap    string        `help:"Where the profile of allocations goes; empty writes none." placeholder:"FILE"`
	Shape   string        `default:"order" enum:"order,image-inline,image-mtom" help:"What is sent: ${enum}."`
	Orders  int           `default:"8000" help:"How many."`
	Clients int           `default:"16" help:"How many clients."`
	Most    time.Duration `default:"20s" help:"How long at most."`
}

func (c *profileCommand) Run(ctx context.Context, all *commands, p *progress) error {
	return all.with(ctx, p, "rsa", func(r *rig) error {
		database, err := r.database(ctx, "profile")
		if err != nil {
			return err
		}
		f, err := newFactory(r.court.signer, "P", time.Now())
		if err != nil {
			return err
		}
		var s shape
		for _, s = range shapes {
			if s.name == c.Shape {
				break
			}
		}
		requests, err := f.messages(ctx, s, c.Orders)
		if err != nil {
			return err
		}
		return c.intake(ctx, r, database, func(l load) error { return c.profile(ctx, p, l, requests) })
	})
}

// intake runs the intake on a free port while use lasts.
func (c *profileCommand) intake(ctx context.Context, r *rig, database string, use func(load) error) error {
	log := slog.New(slog.NewJSONHandler(r.hubs, nil))
	s, err := store.Open(ctx, database, store.Options{Log: log, Keys: r.keys})
	if err != nil {
		return err
	}
	defer s.Close()
	handler, err := newIntake(s, log)
	if err != nil {
		return err
	}
	return serve(ctx, r, handler, func(l load) error {
		l.clients, l.most = c.Clients, c.Most
		return use(l)
	})
}

func newIntake(s exchange.Store, log *slog.Logger) (*exchange.Hub, error) {
	set, err := schemas.Load()
	if err != nil {
		return nil, err
	}
	table, err := forms.Load()
	if err != nil {
		return nil, err
	}
	cal, err := calendar.Load()
	if err != nil {
		return nil, err
	}
	return exchange.NewHub(exchange.Config{Store: s, Schemas: set, Mapper: mapping.New(table, cal), Rules: rules.New(table, cal), Calendar: cal, Forms: table, Log: log})
}

func (c *profileCommand) profile(ctx context.Context, p *progress, l load, requests []request) error {
	out, err := os.Create(c.Out)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	err = p.phase("profiling", func() (told string, err error) {
		pprof.Do(ctx, pprof.Labels("side", "load"), func(ctx context.Context) {
			var res result
			res, err = l.run(ctx, requests)
			told = fmt.Sprintf("%d orders, %.0f/s; see go tool pprof -tagignore side=load %s", res.sent, res.perSecond(), c.Out)
		})
		return told, err
	})
	pprof.StopCPUProfile()
	if err != nil || c.Heap == "" {
		return err
	}
	heap, err := os.Create(c.Heap)
	if err != nil {
		return err
	}
	defer heap.Close()
	return pprof.Lookup("allocs").WriteTo(heap, 0)
}

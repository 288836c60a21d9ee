package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

type runCommand struct {
	Quick  bool     `help:"The same in under a minute, with figures that vary more."`
	Only   []string `enum:"stages,order,image-inline,image-mtom,attack,relay" help:"Measure only these (${enum})." placeholder:"PART"`
	Orders int      `help:"Orders of each load without image; 12000, or 2500 with --quick." placeholder:"N"`
	Out    string   `default:"bench/latest.json" help:"Where the figures go, as JSON; empty writes none." placeholder:"FILE"`
}

// plan is how much is sent, and how long at most.
type plan struct {
	orders, images, relayed int
	besieged, rounds        int // good orders of each round under attack, and rounds
	most, probe             time.Duration
}

func (c *runCommand) plan() plan {
	p := plan{orders: 12000, images: 2000, relayed: 3000, besieged: 4000, rounds: 4, most: 20 * time.Second, probe: 10 * time.Second}
	if c.Quick {
		p = plan{orders: 2500, images: 300, relayed: 1000, besieged: 1000, rounds: 2, most: 4 * time.Second, probe: 2 * time.Second}
	}
	if c.Orders > 0 {
		p.orders, p.besieged = c.Orders, c.Orders
	}
	return p
}

func (c *runCommand) wants(part string) bool {
	return len(c.Only) == 0 || slices.Contains(c.Only, part)
}

func (c *runCommand) Run(ctx context.Context, all *commands, p *progress) error {
	rep := &report{Date: time.Now().UTC().Truncate(time.Second), Quick: c.Quick}
	err := all.with(ctx, p, "rsa", func(r *rig) (err error) {
		if rep.Machine, err = describe(ctx, r); err != nil {
			return err
		}
		if c.wants("stages") {
			if err := c.stages(ctx, p, r, rep); err != nil {
				return err
			}
		}
		for _, s := range shapes {
			if c.wants(s.name) {
				if err := c.ingest(ctx, p, r, s, rep); err != nil {
					return fmt.Errorf("%s: %w", s.name, err)
				}
			}
		}
		if c.wants("attack") {
			if err := c.attack(ctx, p, r, rep); err != nil {
				return fmt.Errorf("attack: %w", err)
			}
		}
		if c.wants("relay") {
			return c.relay(ctx, p, r, rep)
		}
		return nil
	})
	if err != nil {
		return err
	}
	rep.judge()
	if err := rep.print(p.out); err != nil {
		return err
	}
	if c.Out == "" {
		return nil
	}
	return writeJSON(c.Out, rep)
}

// series is the measurement of one shape of message.
type series struct {
	*rig
	plan
	*progress
	shape
	factory  *factory
	database string
	hub      *hub
	receipts int
	sample   []request // for the XML probe
	out      ingest
}

func (c *runCommand) ingest(ctx context.Context, p *progress, r *rig, s shape, rep *report) error {
	m := &series{rig: r, plan: c.plan(), progress: p, shape: s}
	if s.image > 0 {
		m.orders = m.images
	}
	m.out.Shape = s.name
	err := m.measure(ctx)
	if m.hub != nil {
		err = errors.Join(err, m.hub.stop())
	}
	if err != nil {
		return err
	}
	rep.Ingest = append(rep.Ingest, m.out)
	return nil
}

func (m *series) measure(ctx context.Context) error {
	for _, step := range []func(context.Context) error{m.open, m.warm,
		func(ctx context.Context) error { return m.full(ctx, 8) }, func(ctx context.Context) error { return m.full(ctx, 32) },
		m.half, m.count, m.probeDatabase, m.probeXML} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	m.out.compare()
	return nil
}

func (m *series) open(ctx context.Context) error {
	return m.phase(m.name+": starting the hub", func() (_ string, err error) {
		if m.database, err = m.rig.database(ctx, "hub_"+fmt.Sprint(len(m.made))); err != nil {
			return "", err
		}
		if m.factory, err = newFactory(m.court.signer, "B"+fmt.Sprint(len(m.made)), time.Now()); err != nil {
			return "", err
		}
		m.hub, err = m.startHub(ctx, m.database)
		return "", err
	})
}

// warm opens the hub's connections and lets it prepare its statements.
func (m *series) warm(ctx context.Context) error {
	return m.phase(m.name+": warming up", func() (string, error) {
		requests, err := m.factory.messages(ctx, m.shape, 200)
		if err != nil {
			return "", err
		}
		m.sample = requests[:100]
		m.out.MessageBytes = len(requests[0].body)
		res, err := m.send(ctx, requests, m.rig.load(m.hub, 8))
		return fmt.Sprintf("%d bytes a message, %.0f/s", m.out.MessageBytes, res.perSecond()), err
	})
}

func (m *series) send(ctx context.Context, requests []request, l load) (result, error) {
	res, err := l.run(ctx, requests)
	m.receipts += res.sent
	if err != nil {
		return res, fmt.Errorf("%w\n%s", err, m.hub.lastWords())
	}
	return res, nil
}

// full sends as fast as answers come.
func (m *series) full(ctx context.Context, clients int) error {
	requests, err := m.prepare(ctx, m.orders)
	if err != nil {
		return err
	}
	return m.phase(fmt.Sprintf("%s: %d clients, full load", m.name, clients), func() (string, error) {
		l := m.rig.load(m.hub, clients)
		l.most = m.most
		f, err := m.watched(ctx, requests, l)
		m.out.Full = append(m.out.Full, f)
		return f.told(), err
	})
}

// half sends half of what the hub was able to take.
func (m *series) half(ctx context.Context) error {
	rate := m.out.best().OrdersPerS / 2
	requests, err := m.prepare(ctx, min(m.orders, int(rate*m.most.Seconds()/2)))
	if err != nil {
		return err
	}
	return m.phase(fmt.Sprintf("%s: 32 clients, half load", m.name), func() (string, error) {
		l := m.rig.load(m.hub, 32)
		l.rate = rate
		var err error
		m.out.Half, err = m.watched(ctx, requests, l)
		return m.out.Half.told(), err
	})
}

func (m *series) prepare(ctx context.Context, n int) (requests []request, err error) {
	err = m.phase(fmt.Sprintf("%s: signing %d packages", m.name, n), func() (_ string, err error) {
		requests, err = m.factory.messages(ctx, m.shape, n)
		return "", err
	})
	return requests, err
}

// watched runs a load and takes down what it cost.
func (m *series) watched(ctx context.Context, requests []request, l load) (loaded, error) {
	before, err := m.usage()
	if err != nil {
		return loaded{}, err
	}
	start := time.Now()
	res, err := m.send(ctx, requests, l)
	if err != nil {
		return loaded{}, err
	}
	after, err := m.usage()
	if err != nil {
		return loaded{}, err
	}
	return newLoaded(l, res, before, after, time.Since(start)), nil
}

// usage is how much processor time everybody has used so far, and the hub's memory.
func (m *series) usage() (u usage, err error) {
	if u.hub, err = cpuOf(m.hub.pid()); err != nil {
		return u, err
	}
	if m.server != nil {
		if u.postgres, err = cpuOf(m.server.PID()); err != nil {
			return u, err
		}
	}
	if u.load, err = ownCPU(os.Getpid()); err != nil {
		return u, err
	}
	if u.machine, err = busy(); err != nil {
		return u, err
	}
	u.memory, err = memoryOf(m.hub.pid())
	return u, err
}

// count proves that every receipt has a row behind it, and no row is without one.
func (m *series) count(ctx context.Context) error {
	return m.phase(m.name+": comparing receipts and rows", func() (string, error) {
		kept, err := countAccepted(ctx, m.database)
		if err == nil && kept != m.receipts {
			err = fmt.Errorf("%d receipts were given and %d submissions are kept", m.receipts, kept)
		}
		m.out.Receipts = m.receipts
		return fmt.Sprintf("%d receipts, as many submissions", kept), err
	})
}

func countAccepted(ctx context.Context, databaseURL string) (n int, err error) {
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = conn.QueryRow(ctx, "select count(*) from submission where state = 'accepted'").Scan(&n)
	return n, err
}

func (m *series) probeDatabase(ctx context.Context) error {
	return m.phase(m.name+": probe, pgbench with the same rows", func() (string, error) {
		into, err := m.rig.database(ctx, "probe_"+fmt.Sprint(len(m.made)))
		if err != nil {
			return "", err
		}
		m.out.ProbeDB, m.out.ProbeDBPipelined, err = probeDatabase(ctx, m.dir, m.database, into, m.probe)
		return fmt.Sprintf("%.0f/s, pipelined %.0f/s", m.out.ProbeDB, m.out.ProbeDBPipelined), err
	})
}

func (m *series) probeXML(ctx context.Context) error {
	return m.phase(m.name+": probe, verify + XSD + mapping", func() (string, error) {
		r, err := newReader(m.court, time.Now())
		if err != nil {
			return "", err
		}
		m.out.ProbeXML, err = r.probe(ctx, m.sample, m.probe)
		return fmt.Sprintf("%.0f/s", m.out.ProbeXML), err
	})
}

package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"ccpor/mapping/order"
	"ccpor/store"
)

// outageCommand measures what a dead hub and an absent switch cost. The switch is the simulator, in a process of its own, as are the hubs.
type outageCommand struct {
	Count int           `default:"100000" help:"How many transmissions wait while the switch is away."`
	Most  time.Duration `default:"12m" help:"How long the backlog is watched as it drains; what is left then is told."`
	Out   string        `default:"bench/outage.json" help:"Where the figures go, as JSON; empty writes none." placeholder:"FILE"`
}

// outageReport is what bench/outage.json holds.
type outageReport struct {
	Date     time.Time `json:"date"`
	Machine  machine   `json:"machine"`
	Takeover takeover  `json:"takeover"`
	Outage   outage    `json:"outage"`
}

// takeover is the kill of the hub that has the lines, while another waits for them. Times count from the kill.
type takeover struct {
	Orders          int     `json:"orders"`
	LinesAfter      float64 `json:"lines_after_s"`      // until the other hub has leased every line
	AcceptanceAfter float64 `json:"acceptance_after_s"` // until CARPOS's next acceptance over it
	Twice           int     `json:"twice"`
	Lost            int     `json:"lost"`
	Violations      int     `json:"violations"` // of the profile, a control number used twice among them
}

// outage is the switch's absence and its return.
type outage struct {
	Waiting      int     `json:"waiting"`
	IntakeBefore float64 `json:"intake_before_per_s"`
	IntakeDuring float64 `json:"intake_during_per_s"`
	IntakeRatio  float64 `json:"intake_ratio"`
	RSSBefore    float64 `json:"rss_before_mb"` // with nothing waiting
	RSSWaiting   float64 `json:"rss_waiting_mb"`
	RSSPeak      float64 `json:"rss_peak_mb"` // to the end
	// IdleCPU is the share of one core that hub and Postgres use while everything waits and nothing comes; IdleBefore with nothing waiting.
	IdleBefore float64 `json:"idle_before_share"`
	IdleCPU    float64 `json:"idle_cpu_share"`
	// BetterAfter is until everything is sent that was urgent or fresh when the switch came back: new orders wait for the one and behind the other until then.
	BetterAfter float64 `json:"better_after_s"`
	Drained     int     `json:"drained"`
	DrainPerS   float64 `json:"drain_per_s"`
	LinesAllow  float64 `json:"lines_allow_per_s"`
	CoresAllow  float64 `json:"cores_allow_per_s"`
	Ratio       float64 `json:"ratio"` // to the lower of the two
	Fresh       int     `json:"fresh"`
	FreshP50    float64 `json:"fresh_p50_ms"` // from receipt to acceptance, while the backlog drains
	FreshP99    float64 `json:"fresh_p99_ms"`
	FreshWorst  float64 `json:"fresh_worst_ms"`
	Inversions  int     `json:"inversions"`
	Twice       int     `json:"twice"`
	Unsettled   int     `json:"unsettled"` // neither accepted nor waiting: held, given up or unknown
	CPU         cpu     `json:"cpu"`
}

const (
	outageLines  = 4
	outageWindow = 8
	// freshPerS is how many orders a second come while the backlog drains.
	freshPerS = 5
	// courts is how many agencies the backlog comes from.
	courts = 60
)

var errOutage = errors.New("the outage was not survived as it must be")

func (c *outageCommand) Run(ctx context.Context, all *commands, p *progress) error {
	rep := outageReport{Date: time.Now().UTC().Truncate(time.Second)}
	err := all.with(ctx, p, "p256", func(r *rig) (err error) {
		if rep.Machine, err = describe(ctx, r); err != nil {
			return err
		}
		m := &series{rig: r, progress: p, shape: shape{name: "outage"}}
		if rep.Takeover, err = m.takeOver(ctx, min(1500, max(300, c.Count/20))); err != nil {
			return fmt.Errorf("take-over: %w", err)
		}
		rep.Outage, err = m.endure(ctx, c.Count, c.Most)
		return err
	})
	if err != nil {
		return err
	}
	if err := rep.table().print(p.out); err != nil {
		return err
	}
	if c.Out != "" {
		if err := writeJSON(c.Out, rep); err != nil {
			return err
		}
	}
	return rep.judge()
}

// judge fails on what must hold on any machine; rates are for the reader.
func (r outageReport) judge() error {
	t, o := r.Takeover, r.Outage
	if t.Twice+t.Lost+t.Violations+o.Twice+o.Inversions+o.Unsettled > 0 || t.AcceptanceAfter > 10 {
		return errOutage
	}
	return nil
}

// switchAt starts the simulated switch at an address.
func (m *series) switchAt(ctx context.Context, addr string) (*watchedSwitch, error) {
	s := &watchedSwitch{}
	var err error
	s.child, err = startChild(ctx, "carpos-sim", m.hubs, nil, []string{"--json", "--listen", addr, "--control", "127.0.0.1:0", "--no-magic",
		"--window", fmt.Sprint(outageWindow), "--reply-after", replyTime.String(), "--history", "10"}, s)
	return s, err
}

// watchedSwitch is a simulator that can be asked what it has seen.
type watchedSwitch struct {
	*child
	Line    string `json:"line"`
	Control string `json:"control"`
}

// switchCheck is the simulator's account of what the hubs sent.
type switchCheck struct {
	Records         int
	Duplicates      []any
	TotalViolations int
}

func (s *watchedSwitch) check(ctx context.Context) (c switchCheck, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Control+"/check", nil)
	if err != nil {
		return c, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return c, fmt.Errorf("asking the switch: %w", err)
	}
	defer resp.Body.Close()
	return c, json.NewDecoder(resp.Body).Decode(&c)
}

// lineSettings are a hub's towards the switch.
func lineSettings(addr string) []string {
	return []string{"CCPOR_SWITCH=" + addr, "CCPOR_SWITCH_PLAIN=true", "CCPOR_SWITCH_LINES=CCP1,CCP2,CCP3,CCP4", fmt.Sprintf("CCPOR_SWITCH_WINDOW=%d", outageWindow),
		"CCPOR_REPLY_TIMEOUT=10s", "CCPOR_LOG_LEVEL=warn"}
}

// takeOver kills the hub that has the lines in the middle of its work, as the kernel would.
func (m *series) takeOver(ctx context.Context, orders int) (out takeover, err error) {
	out.Orders = orders
	if m.database, err = m.rig.database(ctx, "takeover"); err != nil {
		return out, err
	}
	if err := m.backlog(ctx, orders, time.Now(), time.Minute); err != nil {
		return out, err
	}
	sim, err := m.switchAt(ctx, "127.0.0.1:0")
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, sim.stop()) }()
	return out, m.phase(fmt.Sprintf("take-over: %d orders, one of two hubs is killed", orders), func() (string, error) {
		err := m.killOne(ctx, sim, &out)
		return fmt.Sprintf("lines after %.1f s, next acceptance after %.1f s", out.LinesAfter, out.AcceptanceAfter), err
	})
}

func (m *series) killOne(ctx context.Context, sim *watchedSwitch, out *takeover) error {
	doomed, err := m.startHub(ctx, m.database, lineSettings(sim.Line)...)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, m.database)
	if err != nil {
		return errors.Join(err, doomed.stop())
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if err := m.until(ctx, 2*time.Minute, fmt.Sprintf("select count(*) >= %d from transmission where state = 'accepted'", out.Orders/5)); err != nil {
		return errors.Join(err, doomed.stop())
	}
	if m.hub, err = m.startHub(ctx, m.database, lineSettings(sim.Line)...); err != nil {
		return errors.Join(err, doomed.stop())
	}
	defer func() { err = errors.Join(err, m.hub.stop()) }()
	var first string
	if err := conn.QueryRow(ctx, "select holder from lease limit 1").Scan(&first); err != nil {
		return errors.Join(err, doomed.stop())
	}
	killed := time.Now()
	if err := errors.Join(doomed.cmd.Process.Kill(), doomed.stop()); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if err := m.until(ctx, time.Minute, fmt.Sprintf("select count(*) = %d from lease where holder <> '%s' and until > now()", outageLines, first)); err != nil {
		return err
	}
	out.LinesAfter = time.Since(killed).Seconds()
	if err := m.until(ctx, time.Minute, fmt.Sprintf("select exists (select from attempt where hub <> '%s' and verdict = 'accepted')", first)); err != nil {
		return err
	}
	out.AcceptanceAfter = time.Since(killed).Seconds()
	if err := m.until(ctx, 3*time.Minute, "select not exists (select from transmission where state not in ('accepted', 'held', 'given_up'))"); err != nil {
		return err
	}
	saw, err := sim.check(ctx)
	out.Twice, out.Lost, out.Violations = len(saw.Duplicates), out.Orders-saw.Records, saw.TotalViolations
	return err
}

// until asks the database again and again until it says yes.
func (m *series) until(ctx context.Context, most time.Duration, query string) error {
	conn, err := pgx.Connect(ctx, m.database)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		var yes bool
		if err := conn.QueryRow(ctx, query).Scan(&yes); err != nil || yes {
			return err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %q: %w", query, ctx.Err())
		}
	}
}

// backlog accepts orders of many courts, whose receipts are spread over the time before now, straight into the store. Each has a day.
func (m *series) backlog(ctx context.Context, n int, now time.Time, over time.Duration) error {
	return m.phase(fmt.Sprintf("%s: %d orders of %d courts into the store", m.name, n, courts), func() (string, error) {
		s, err := store.Open(ctx, m.database, store.Options{Hub: "backlog", Keys: m.keys})
		if err != nil {
			return "", err
		}
		defer s.Close()
		f, err := newFactory(m.court.signer, "W"+fmt.Sprint(len(m.made)), now)
		if err != nil {
			return "", err
		}
		all, err := registerCourts(ctx, s)
		if err != nil {
			return "", err
		}
		began := time.Now()
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(64)
		for i := range n {
			group.Go(func() error {
				_, err := s.Accept(ctx, f.waiting(i, all[i%courts], now.Add(-time.Duration(float64(over)*float64(n-i)/float64(n)))))
				return err
			})
		}
		err = group.Wait()
		return fmt.Sprintf("%.0f/s", float64(n)/time.Since(began).Seconds()), err
	})
}

func registerCourts(ctx context.Context, s *store.Store) ([]store.Agency, error) {
	var all []store.Agency
	for i := range courts {
		ori := order.ORI(fmt.Sprintf("CA09%04dJ", i))
		if _, err := s.RegisterAgency(ctx, store.Agency{ORI: ori, Name: courtName, County: courtCounty, Kind: store.KindCourt, CarposName: "ORANGE COUNTY SUPERIOR", Submits: true,
			ConfirmText: "IMAGE AND HIT CONFIRMATION: NOBODY, THIS IS A MEASUREMENT"}); err != nil {
			return nil, err
		}
		a, err := s.AgencyByORI(ctx, ori)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// waiting is the i-th order as the intake would hand it to the store.
func (f *factory) waiting(i int, a store.Agency, at time.Time) store.Accepted {
	p := f.maker.Order(i)
	o := *p.Order
	o.Court.ORI = a.ORI
	o.Form.Family, o.Form.Designator, o.Form.Title = "CPO", "CPO", "Protective Order in Criminal Proceeding"
	wire := fmt.Appendf(nil, "%s %d", a.ORI, i)
	digest := sha256.Sum256(wire)
	return store.Accepted{Agency: a, Package: p.ID, Action: store.ActionAdd, Order: &o, Canonical: digest, Signer: digest, Algorithm: "ecdsa-sha256",
		Received: store.Received{At: at, Peer: "192.0.2.7", Wire: wire, Digest: digest, ContentType: "text/xml"}, Deadline: store.Deadline{Due: at.Add(24 * time.Hour), Rule: "FC 6380(a)"}}
}

// endure lets the switch be away while everything waits, and then return.
func (m *series) endure(ctx context.Context, count int, most time.Duration) (out outage, err error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return out, err
	}
	addr := free.Addr().String()
	if err := errors.Join(free.Close(), m.open(ctx), m.hub.stop()); err != nil {
		return out, err
	}
	if m.hub, err = m.startHub(ctx, m.database, lineSettings(addr)...); err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, m.hub.stop()) }()
	out.Waiting = count
	if err := m.absent(ctx, &out); err != nil {
		return out, err
	}
	return out, m.returned(ctx, addr, most, &out)
}

// absent measures intake, memory and idle processor time with nothing waiting and with everything.
func (m *series) absent(ctx context.Context, out *outage) error {
	intake := min(3000, max(200, out.Waiting/30))
	measure := func() (loaded, error) {
		requests, err := m.prepare(ctx, intake)
		if err != nil {
			return loaded{}, err
		}
		return m.watched(ctx, requests, m.rig.load(m.hub, 16))
	}
	if _, err := measure(); err != nil { // warms up
		return err
	}
	before, err := measure()
	if err != nil {
		return err
	}
	if out.IdleBefore, err = m.idle(ctx, 10*time.Second); err != nil {
		return err
	}
	if err := m.backlog(ctx, out.Waiting, time.Now(), 72*time.Hour); err != nil {
		return err
	}
	if err := m.settle(ctx); err != nil {
		return err
	}
	if out.IdleCPU, err = m.idle(ctx, 20*time.Second); err != nil {
		return err
	}
	during, err := measure()
	out.IntakeBefore, out.IntakeDuring, out.IntakeRatio = before.OrdersPerS, during.OrdersPerS, during.OrdersPerS/before.OrdersPerS
	out.RSSBefore, out.RSSWaiting = before.RSS, during.RSS
	return err
}

// settle waits until the hub has given every entry its record, and clears the tables as the database would have done by itself over the days in which so much comes to wait.
func (m *series) settle(ctx context.Context) error {
	return m.phase("outage: the ledger catches up, the tables are vacuumed", func() (string, error) {
		if err := m.until(ctx, 5*time.Minute, "select coalesce((select max(audit_id) from ledger), 0) >= coalesce((select max(id) from audit), 0)"); err != nil {
			return "", err
		}
		conn, err := pgx.Connect(ctx, m.database)
		if err != nil {
			return "", err
		}
		defer conn.Close(context.WithoutCancel(ctx))
		_, err = conn.Exec(ctx, "vacuum analyze")
		return "", err
	})
}

// idle is the share of one core that hub and Postgres use while nothing happens.
func (m *series) idle(ctx context.Context, span time.Duration) (share float64, err error) {
	err = m.phase("outage: nothing happens", func() (string, error) {
		before, err := m.usage()
		if err != nil {
			return "", err
		}
		select {
		case <-time.After(span):
		case <-ctx.Done():
			return "", ctx.Err()
		}
		after, err := m.usage()
		share = (after.hub + after.postgres - before.hub - before.postgres).Seconds() / span.Seconds()
		return fmt.Sprintf("%.1f %% of a core", 100*share), err
	})
	return share, err
}

// returned lets the switch come back, and sends fresh orders while the backlog drains.
func (m *series) returned(ctx context.Context, addr string, most time.Duration, out *outage) error {
	fresh, err := m.prepare(ctx, min(int(most.Seconds())*freshPerS, max(50, out.Waiting/100)))
	if err != nil {
		return err
	}
	sim, err := m.switchAt(ctx, addr)
	if err != nil {
		return err
	}
	var from time.Time // since when only the backlog is in front of fresh orders
	err = m.phase("outage: the switch is back, the backlog drains", func() (string, error) {
		var err error
		from, err = m.drainWatched(ctx, sim, fresh, most, out)
		return fmt.Sprintf("%.0f/s", out.DrainPerS), err
	})
	return errors.Join(err, m.examine(ctx, sim, from, out), sim.stop())
}

func (m *series) drainWatched(ctx context.Context, sim *watchedSwitch, fresh []request, most time.Duration, out *outage) (from time.Time, err error) {
	began := time.Now()
	if err := m.until(ctx, time.Minute, "select exists (select from transmission where state = 'accepted')"); err != nil {
		return from, err
	}
	before, err := m.drainUsage(sim)
	if err != nil {
		return from, err
	}
	if err := m.until(ctx, most/2, "select not exists (select from transmission where class < 3)"); err != nil {
		return from, err
	}
	from, out.BetterAfter = time.Now(), time.Since(began).Seconds()
	var after usage
	drained := make(chan struct{})
	group, together := errgroup.WithContext(ctx)
	group.Go(func() error {
		l := m.rig.load(m.hub, 4)
		l.rate, l.ended = freshPerS, drained
		_, err := m.send(together, fresh, l)
		return err
	})
	group.Go(func() (err error) {
		defer close(drained)
		err = m.until(together, max(time.Second, most-time.Since(began)), "select not exists (select from transmission where class = 3)")
		if err == nil || errors.Is(err, context.DeadlineExceeded) {
			after, err = m.drainUsage(sim)
		}
		return err
	})
	if err := group.Wait(); err != nil {
		return from, err
	}
	if err := m.drained(ctx, before, after, out); err != nil {
		return from, err
	}
	return from, m.until(ctx, time.Minute, "select not exists (select from transmission where state in ('sending', 'sent', 'unknown') or class < 3)")
}

func (m *series) drainUsage(sim *watchedSwitch) (usage, error) {
	u, err := m.usage()
	if err == nil {
		u.load, err = ownCPU(sim.pid())
	}
	return u, err
}

// drained works out the rates. The machine's limit is what its cores allow at the processor time that an order took, whoever used it.
func (m *series) drained(ctx context.Context, before, after usage, out *outage) error {
	conn, err := pgx.Connect(ctx, m.database)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var from, to time.Time
	if err := conn.QueryRow(ctx, "select count(*), min(at), max(finished_at) from attempt where verdict = 'accepted'").Scan(&out.Drained, &from, &to); err != nil {
		return err
	}
	took := to.Sub(from)
	l := newLoaded(load{}, result{sent: out.Drained, elapsed: took}, before, after, took)
	out.DrainPerS, out.CPU, out.RSSPeak = l.OrdersPerS, l.CPU, l.PeakRSS
	out.LinesAllow = float64(outageLines*outageWindow) / replyTime.Seconds()
	out.CoresAllow = float64(cores()) * 1e6 / (l.CPU.Hub + l.CPU.Postgres + l.CPU.Load)
	out.Ratio = out.DrainPerS / min(out.LinesAllow, out.CoresAllow)
	return nil
}

// examine looks afterwards at what was sent when, and asks the switch what it has.
func (m *series) examine(ctx context.Context, sim *watchedSwitch, from time.Time, out *outage) error {
	conn, err := pgx.Connect(ctx, m.database)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	sent, err := sentOrders(ctx, conn)
	if err != nil {
		return err
	}
	var fresh []time.Duration
	for _, s := range sent {
		if !from.IsZero() && s.received.After(from) && s.finished != nil {
			fresh = append(fresh, s.finished.Sub(s.received))
		}
	}
	slices.Sort(fresh)
	res := result{latencies: fresh}
	out.Fresh, out.FreshP50, out.FreshP99, out.FreshWorst = len(fresh), ms(res.percentile(.5)), ms(res.percentile(.99)), ms(res.percentile(1))
	out.Inversions = inversions(sent)
	if err := conn.QueryRow(ctx, "select count(*) from transmission where state in ('held', 'given_up', 'unknown')").Scan(&out.Unsettled); err != nil {
		return err
	}
	saw, err := sim.check(ctx)
	out.Twice = len(saw.Duplicates) + saw.TotalViolations
	return err
}

func (r outageReport) table() table {
	t, o := r.Takeover, r.Outage
	row := func(what, got string) []string { return []string{what, got} }
	return table{head: []string{"take-over and outage", "figure"}, rows: [][]string{
		row("a hub is killed: its lines are another's after", tenths(t.LinesAfter)+" s"),
		row("and CARPOS's next acceptance comes after", tenths(t.AcceptanceAfter)+" s"),
		row("orders twice, lost, breaches of the profile", fmt.Sprintf("%d, %d, %d of %d", t.Twice, t.Lost, t.Violations, t.Orders)),
		row("waiting while the switch is away", fmt.Sprint(o.Waiting)),
		row("intake with nothing waiting, with everything, ratio", fmt.Sprintf("%.0f/s, %.0f/s, %.2f", o.IntakeBefore, o.IntakeDuring, o.IntakeRatio)),
		row("hub and Postgres while everything waits", fmt.Sprintf("%.1f %% of a core; %.1f %% with nothing waiting", 100*o.IdleCPU, 100*o.IdleBefore)),
		row("the hub's memory with nothing waiting, with everything, at most", fmt.Sprintf("%.0f, %.0f, %.0f MB", o.RSSBefore, o.RSSWaiting, o.RSSPeak)),
		row("the backlog drains", fmt.Sprintf("%.0f/s, %d of it watched", o.DrainPerS, o.Drained)),
		row("lines allow, cores allow, ratio to the lower", fmt.Sprintf("%.0f/s, %.0f/s, %.2f", o.LinesAllow, o.CoresAllow, o.Ratio)),
		row("processor time of an order: hub, Postgres, simulator; others' share", fmt.Sprintf("%.0f, %.0f, %.0f µs; %.0f %%", o.CPU.Hub, o.CPU.Postgres, o.CPU.Load, 100*o.CPU.Others)),
		row("what was urgent or fresh when it came back is sent after", tenths(o.BetterAfter)+" s"),
		row("fresh orders from then on, from receipt to acceptance: p50, p99, worst", fmt.Sprintf("%.0f, %.0f, %.0f ms of %d", o.FreshP50, o.FreshP99, o.FreshWorst, o.Fresh)),
		row("sent before something of a better class; twice; not settled", fmt.Sprintf("%d; %d; %d", o.Inversions, o.Twice, o.Unsettled)),
	}}
}

func (r outageReport) markdown() string {
	return fmt.Sprintf("Outage, %s, on: %s. %s\n\n%s\n", r.Date.Format(time.DateOnly), r.Machine, meanwhile(r.Outage.CPU.Others), r.table().markdown())
}

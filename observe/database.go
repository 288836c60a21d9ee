package observe

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ccpor/store"
)

// Figures gives the figures that the hubs of one database have in common; *store.Store does.
type Figures interface {
	// Ping says whether the database answers.
	Ping(ctx context.Context) error
	Figures(ctx context.Context, now time.Time, warn []float64) (store.Figures, error)
}

const (
	// keep is for how long figures are given again at least, whoever asks; and for times as long as they took, so that counting a backlog never is what the database mostly does.
	keep  = 10 * time.Second
	times = 10
	// answers bounds the database's time to show that it is there, counts that for all figures, and patience that of whoever scrapes: who does not wait longer gets the last figures.
	answers  = 2 * time.Second
	counts   = 30 * time.Second
	patience = 4 * time.Second
)

// endings are within how many days of their end certificates are counted, as the watch warns of them.
var endings = []int{60, 30, 7}

// Database collects the figures of the database when somebody looks.
type Database struct {
	ctx  context.Context
	from Figures
	warn []float64
	now  func() time.Time
	log  *slog.Logger
	desc map[string]*prometheus.Desc

	patience time.Duration
	mu       sync.Mutex
	last     counted
	asked    time.Time
	running  chan struct{} // closed when the look that is under way is over; nil while none is
}

// counted is what is known of the database.
type counted struct {
	up      bool
	figures *store.Figures // nil where there are none
	took    time.Duration
}

// NewDatabase makes a collector of the database's figures. Of what has used the lowest of the shares warn of its time it says that it is at risk. It asks nothing any more when
// ctx has ended.
func NewDatabase(ctx context.Context, from Figures, warn []float64, now func() time.Time, log *slog.Logger) *Database {
	d := &Database{ctx: ctx, from: from, warn: warn, now: now, log: log, desc: map[string]*prometheus.Desc{}, patience: patience}
	for _, r := range databaseRows {
		d.desc[r.Name] = prometheus.NewDesc(r.Name, r.Help, r.Labels, nil)
	}
	return d
}

// Describe names the metrics.
func (d *Database) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range d.desc {
		to <- desc
	}
}

// Collect gives the figures as they were last counted, or says that there are none.
func (d *Database) Collect(to chan<- prometheus.Metric) {
	c := d.look()
	tell := telling{to, d.desc}
	tell.set("ccpor_database_up", oneIf(c.up))
	tell.set("ccpor_database_figures_seconds", c.took.Seconds())
	if c.figures != nil {
		tell.queue(*c.figures)
		tell.rest(*c.figures)
	}
}

// look begins to count if it is time to, and waits for whoever counts, but not for long.
func (d *Database) look() counted {
	d.mu.Lock()
	if d.running == nil && d.due() {
		d.asked, d.running = d.now(), make(chan struct{})
		go d.count(d.running)
	}
	running := d.running
	d.mu.Unlock()
	if running != nil {
		select {
		case <-running:
		case <-time.After(d.patience):
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last
}

// due says that what is known is too old. The caller holds the lock.
func (d *Database) due() bool {
	return d.asked.IsZero() || d.now().Sub(d.asked).Abs() >= max(keep, times*d.last.took)
}

// count asks the database. One that does not answer has no figures; one that only takes its time keeps those that it had, until it has given others or failed to.
func (d *Database) count(over chan struct{}) {
	began := d.now()
	err := d.ping()
	if err != nil {
		d.know(counted{took: d.now().Sub(began)})
	} else {
		d.mu.Lock()
		d.last.up = true
		d.mu.Unlock()
		var f store.Figures
		ctx, cancel := context.WithTimeout(d.ctx, counts)
		defer cancel()
		if f, err = d.from.Figures(ctx, began, d.warn); err == nil {
			d.know(counted{true, &f, d.now().Sub(began)})
		} else {
			d.know(counted{up: true, took: d.now().Sub(began)})
		}
	}
	if err != nil && d.ctx.Err() == nil {
		d.log.Warn("the database did not give its figures", "error", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running = nil
	close(over)
}

func (d *Database) ping() error {
	ctx, cancel := context.WithTimeout(d.ctx, answers)
	defer cancel()
	return d.from.Ping(ctx)
}

func (d *Database) know(c counted) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = c
}

// telling sends values on.
type telling struct {
	to   chan<- prometheus.Metric
	desc map[string]*prometheus.Desc
}

func (t telling) set(name string, value float64, labels ...string) {
	m, err := prometheus.NewConstMetric(t.desc[name], prometheus.GaugeValue, value, labels...)
	if err != nil {
		m = prometheus.NewInvalidMetric(t.desc[name], err)
	}
	t.to <- m
}

// stateFigure is what is told of a state over all kinds.
type stateFigure struct {
	since, received time.Time
	late, atRisk    int
}

// queue tells of the transmissions. States of which there is none are told with 0, so that an alert sees them empty.
func (t telling) queue(f store.Figures) {
	states := map[store.TransmissionState]stateFigure{store.StateWaiting: {}, store.StateReady: {}, store.StateSending: {}, store.StateSent: {}, store.StateUnknown: {}, store.StateHeld: {}}
	var due time.Time
	for _, q := range f.Queue {
		t.set("ccpor_transmissions", float64(q.Count), string(q.Kind), string(q.State))
		s := states[q.State]
		s.since, s.received, due = earlier(s.since, q.Since), earlier(s.received, q.Received), earlier(due, q.Due)
		s.late, s.atRisk = s.late+q.Late, s.atRisk+q.AtRisk
		states[q.State] = s
	}
	for state, s := range states {
		t.set("ccpor_transmission_state_age_seconds", age(f.At, s.since), string(state))
		t.set("ccpor_transmission_age_seconds", age(f.At, s.received), string(state))
		t.set("ccpor_transmissions_late", float64(s.late), string(state))
		t.set("ccpor_transmissions_at_risk", float64(s.atRisk), string(state))
	}
	if !due.IsZero() {
		t.set("ccpor_next_deadline_timestamp_seconds", float64(due.Unix()))
	}
}

func (t telling) rest(f store.Figures) {
	for field, n := range f.Held {
		t.set("ccpor_held", float64(n), orNone(field))
	}
	t.set("ccpor_unhandled_messages", float64(f.Unhandled))
	t.set("ccpor_unhandled_message_age_seconds", age(f.At, f.UnhandledSince))
	for _, state := range []string{"open", "acknowledged"} {
		t.set("ccpor_alarms", float64(f.Alarms[state]), state)
	}
	for kind, n := range f.Tasks {
		t.set("ccpor_tasks", float64(n), kind)
	}
	t.set("ccpor_ledger_lag_seconds", age(f.At, f.LedgerAt))
	for _, j := range f.Jobs {
		t.set("ccpor_jobs", float64(j.Count), j.Kind, j.State)
	}
	t.set("ccpor_notices_pending", float64(f.Notices))
	t.set("ccpor_notice_age_seconds", age(f.At, f.NoticesSince))
	for agency, since := range f.Failing {
		t.set("ccpor_listener_failing_seconds", age(f.At, since), string(agency))
	}
	for line, until := range f.Leases {
		t.set("ccpor_line_leased", oneIf(f.At.Before(until)), line)
	}
	t.certificates(f)
}

func (t telling) certificates(f store.Figures) {
	for _, use := range []store.Use{store.UseTLS, store.UseSigning} {
		for _, days := range endings {
			n := 0
			for _, c := range f.Certificates {
				if c.Use == use && c.State(f.At) == "valid" && c.To.Sub(f.At) <= time.Duration(days)*24*time.Hour {
					n++
				}
			}
			t.set("ccpor_certificates_ending", float64(n), string(use), strconv.Itoa(days))
		}
	}
}

// earlier is the earlier of two times, where zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// age is the seconds since, 0 for never; clocks of hubs may differ a little.
func age(now, since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(0, now.Sub(since).Seconds())
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

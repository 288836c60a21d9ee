package observe_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"ccpor/clets/relay"
	"ccpor/exchange"
	"ccpor/exchange/notify"
	"ccpor/mapping/order"
	"ccpor/observe"
	"ccpor/store"
)

var update = flag.Bool("update", false, "write docs/metrics.md anew")

var now = time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)

// figures gives what it holds, and counts how often it was asked.
type figures struct {
	give  store.Figures
	down  error         // it does not answer
	err   error         // it answers, and does not count
	slow  chan struct{} // it counts when this is closed
	asked int
}

func (f *figures) Ping(ctx context.Context) error {
	f.asked++
	if _, bounded := ctx.Deadline(); !bounded {
		return errors.New("asked without a bound")
	}
	return f.down
}

func (f *figures) Figures(ctx context.Context, at time.Time, _ []float64) (store.Figures, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		return store.Figures{}, errors.New("asked without a bound")
	}
	if f.slow != nil {
		<-f.slow
	}
	f.give.At = at
	return f.give, f.err
}

// something is figures in which every metric has a value.
func something() *figures {
	return &figures{give: store.Figures{
		Queue: []store.QueueFigure{{Kind: store.KindEnter, State: store.StateHeld, Count: 3, Since: now.Add(-time.Hour), Received: now.Add(-2 * time.Hour), Due: now.Add(time.Hour), Late: 1, AtRisk: 2},
			{Kind: store.KindServe, State: store.StateHeld, Count: 1, Since: now.Add(-3 * time.Hour), Received: now.Add(-3 * time.Hour), Due: now.Add(30 * time.Hour)}},
		Held: map[string]int{"RAC": 3, "": 1}, Unhandled: 2, UnhandledSince: now.Add(-time.Minute), Alarms: map[string]int{"open": 1}, Tasks: map[string]int{"data": 1},
		Certificates: []store.CertificateStatus{{Use: store.UseTLS, From: now.AddDate(-1, 0, 0), To: now.AddDate(0, 0, 20)}, {Use: store.UseTLS, From: now.AddDate(-1, 0, 0), To: now.AddDate(0, 0, 3), Revoked: now.AddDate(0, 0, -1)}},
		LedgerAt:     now.Add(-2 * time.Second), Jobs: []store.JobFigure{{Kind: "transmit", State: "available", Count: 7}}, Notices: 4, NoticesSince: now.Add(-time.Minute),
		Failing: map[order.ORI]time.Time{"CA030013J": now.Add(-5 * time.Hour)}, Leases: map[string]time.Time{"CCP1": now.Add(time.Second), "CCP2": now.Add(-time.Second)}}}
}

// everything is a registry in which everything has happened once.
func everything(t *testing.T) *prometheus.Registry {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	m, err := observe.New(r)
	if err != nil {
		t.Fatal(err)
	}
	m.Handled(exchange.Request{Operation: "SubmitOrder", Action: store.ActionAdd, Agency: "CA030013J", Receipt: true, Bytes: 20000, Began: now, Ended: now.Add(20 * time.Millisecond),
		Stages: []store.Stage{{Name: "store", Start: now, End: now.Add(10 * time.Millisecond), OK: true}}})
	m.Handled(exchange.Request{Operation: "SubmitOrder", Agency: "CA030013J", Code: "Client.Rule.ProtectedMissing", Began: now, Ended: now})
	m.Handled(exchange.Request{Operation: "SubmitOrder", Agency: "CA030013J", Code: "Server.Unavailable", Began: now, Ended: now})
	m.Handled(exchange.Request{Code: "Client.Peer.CertificateUnknown", Began: now, Ended: now})
	a := relay.Attempt{Kind: store.KindEnter, Purpose: store.PurposeSend, Event: "entered", Verdict: store.VerdictAccepted, Answered: true, State: store.StateAccepted, Began: now, Ended: now.Add(time.Second), Received: now.Add(-time.Second)}
	m.Ended(a)
	a.Event, a.Verdict, a.State, a.Code = "nakAgain", store.VerdictRetry, store.StateReady, 7
	m.Ended(a)
	a.Event, a.Verdict, a.Answered, a.Code = "noAnswer", store.VerdictUnknown, false, 0
	m.Ended(a)
	m.Acked("CCP1", time.Millisecond)
	m.Line("CCP1", true)
	m.Told(notify.Telling{Ended: now, Moved: now})
	m.Told(notify.Telling{Code: "http502"})
	if _, err := m.Watched(&watch{}).WarnOfExpiry(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	standing, err := observe.NewStanding(observe.Standing{Version: "v1", Stalled: func() bool { return false }, InHand: func() (int64, int64) { return 1, 2 },
		Lines: func() []relay.LineStatus {
			return []relay.LineStatus{{Mnemonic: "CCP1", Up: true, Window: 8, UnderWay: 3}}
		}, Ends: map[string]time.Time{"service": now}})
	if err != nil {
		t.Fatal(err)
	}
	r.MustRegister(standing, observe.NewDatabase(t.Context(), something(), nil, func() time.Time { return now }, slog.New(slog.DiscardHandler)))
	return r
}

// watch is a watch's store that finds nothing.
type watch struct{ err error }

func (w *watch) WarnOfExpiry(context.Context, time.Time) ([]store.ExpiryWarning, error) {
	return nil, w.err
}
func (w *watch) WarnOfDeadlines(context.Context, []float64, time.Time) ([]store.DeadlineWarning, error) {
	return nil, w.err
}
func (w *watch) RaiseAlarms(context.Context, store.AlarmLimits, time.Time) (store.AlarmChanges, error) {
	return store.AlarmChanges{}, w.err
}

func (w *watch) TidyUnserved(context.Context, time.Time) error { return w.err }

// What a hub tells is what the table says: every metric, its kind, its labels and its text, and nothing else.
func TestTableIsWhatIsTold(t *testing.T) {
	t.Parallel()
	families, err := everything(t).Gather()
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]*dto.MetricFamily{}
	for _, f := range families {
		told[f.GetName()] = f
	}
	for _, r := range observe.Table() {
		f := told[r.Name]
		delete(told, r.Name)
		if f == nil {
			t.Errorf("%s is not told", r.Name)
			continue
		}
		if !strings.EqualFold(f.GetType().String(), string(r.Kind)) || f.GetHelp() != r.Help {
			t.Errorf("%s is a %s: %s", r.Name, f.GetType(), f.GetHelp())
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName())
			}
			if want := slices.Sorted(slices.Values(r.Labels)); !slices.Equal(labels, want) {
				t.Errorf("%s has the labels %v, the table %v", r.Name, labels, want)
			}
		}
	}
	for name := range told {
		t.Errorf("%s is told and not in the table", name)
	}
	if problems, err := testutil.GatherAndLint(everything(t)); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

// The labels of requests and attempts are few, whatever the codes.
func TestLabels(t *testing.T) {
	t.Parallel()
	want := `
# HELP ccpor_rejects_total Refusals of requests by number: by is carpos (REJECT) or switch (NAK).
# TYPE ccpor_rejects_total counter
ccpor_rejects_total{by="switch",code="07"} 1
# HELP ccpor_requests_total Requests by operation, action of the package, outcome (accepted, refused, failed) and the first two parts of the fault code. Failed is what the hub could not take for its own reasons.
# TYPE ccpor_requests_total counter
ccpor_requests_total{action="add",code="",operation="SubmitOrder",outcome="accepted"} 1
ccpor_requests_total{action="none",code="Client.Peer",operation="none",outcome="refused"} 1
ccpor_requests_total{action="none",code="Client.Rule",operation="SubmitOrder",outcome="refused"} 1
ccpor_requests_total{action="none",code="Server.Unavailable",operation="SubmitOrder",outcome="failed"} 1
# HELP ccpor_notices_total Deliveries of notices to courts' listeners by what became of them: confirmed, or the code of the failure; statuses of HTTP count as one.
# TYPE ccpor_notices_total counter
ccpor_notices_total{code="confirmed"} 1
ccpor_notices_total{code="http"} 1
# HELP ccpor_agency_packages_total SubmitOrder by registered agency (ORI) and outcome. As many series as the registry has agencies that send, times three; who is not registered is not here.
# TYPE ccpor_agency_packages_total counter
ccpor_agency_packages_total{agency="CA030013J",outcome="accepted"} 1
ccpor_agency_packages_total{agency="CA030013J",outcome="failed"} 1
ccpor_agency_packages_total{agency="CA030013J",outcome="refused"} 1
# HELP ccpor_certificates_ending Agencies' certificates in force that end within 60, 30 or 7 days; each counts in all that it is within.
# TYPE ccpor_certificates_ending gauge
ccpor_certificates_ending{days="30",use="signing"} 0
ccpor_certificates_ending{days="30",use="tls"} 1
ccpor_certificates_ending{days="60",use="signing"} 0
ccpor_certificates_ending{days="60",use="tls"} 1
ccpor_certificates_ending{days="7",use="signing"} 0
ccpor_certificates_ending{days="7",use="tls"} 0
# HELP ccpor_line_leased 1 while the line belongs to a hub, whichever.
# TYPE ccpor_line_leased gauge
ccpor_line_leased{line="CCP1"} 1
ccpor_line_leased{line="CCP2"} 0
# HELP ccpor_next_deadline_timestamp_seconds The earliest deadline of what is not settled, tests apart; absent where there is none.
# TYPE ccpor_next_deadline_timestamp_seconds gauge
ccpor_next_deadline_timestamp_seconds 1.7724852e+09
# HELP ccpor_held Transmissions that wait for a person, by the CARPOS field that they are about; none where they are about none. As many series as the dictionary has fields.
# TYPE ccpor_held gauge
ccpor_held{field="RAC"} 3
ccpor_held{field="none"} 1
`
	if err := testutil.GatherAndCompare(everything(t), strings.NewReader(want), "ccpor_rejects_total", "ccpor_requests_total", "ccpor_notices_total", "ccpor_agency_packages_total", "ccpor_certificates_ending",
		"ccpor_line_leased", "ccpor_next_deadline_timestamp_seconds", "ccpor_held"); err != nil {
		t.Error(err)
	}
}

// Any number of scrapers cost the database one look in ten seconds.
func TestFiguresAreKept(t *testing.T) {
	t.Parallel()
	at, f := now, something()
	d := observe.NewDatabase(t.Context(), f, nil, func() time.Time { return at }, slog.New(slog.DiscardHandler))
	for _, step := range []struct {
		after time.Duration
		asked int
	}{{0, 1}, {5 * time.Second, 1}, {4 * time.Second, 1}, {time.Second, 2}, {time.Second, 2}, {-time.Hour, 3}} { // the last: the clock was set back
		at = at.Add(step.after)
		testutil.CollectAndCount(d)
		if f.asked != step.asked {
			t.Errorf("at %s it was asked %d times, want %d", at.Sub(now), f.asked, step.asked)
		}
	}
}

// A database that does not answer is told as down, and nothing of it is told that was true once. One that does not count is told as it is.
func TestDatabaseIsDown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		breaks func(*figures)
		up     string
	}{
		"does not answer": {func(f *figures) { f.down = errors.New("no database") }, "0"},
		"does not count":  {func(f *figures) { f.err = errors.New("out of memory") }, "1"},
	} {
		at, f := now, something()
		var log bytes.Buffer
		d := observe.NewDatabase(t.Context(), f, nil, func() time.Time { return at }, slog.New(slog.NewTextHandler(&log, nil)))
		testutil.CollectAndCount(d)
		c.breaks(f)
		at = at.Add(10 * time.Second)
		if err := testutil.CollectAndCompare(d, strings.NewReader(`
# HELP ccpor_database_figures_seconds Time that the database took for its figures, when they were last counted. They are counted every ten seconds at most, and less often where they take more than one.
# TYPE ccpor_database_figures_seconds gauge
ccpor_database_figures_seconds 0
# HELP ccpor_database_up 1 if the database answers; its figures are absent while it is 0.
# TYPE ccpor_database_up gauge
ccpor_database_up `+c.up+"\n")); err != nil || strings.Count(log.String(), "did not give its figures") != 1 {
			t.Errorf("%s: %v %s", name, err, log.String())
		}
		testutil.CollectAndCount(d)
		if f.asked != 2 {
			t.Errorf("%s: the next scraper waited for it again", name)
		}
		f.down, f.err, at = nil, nil, at.Add(10*time.Second)
		if n := testutil.CollectAndCount(d, "ccpor_database_up", "ccpor_held"); n != 3 {
			t.Errorf("%s: it is back, and %d are told", name, n)
		}
	}
}

// Who scrapes does not wait for a backlog to be counted: the last figures are given meanwhile, and the longer it takes the less often it is done.
func TestSlowFigures(t *testing.T) {
	t.Parallel()
	var at atomic.Int64
	clock := func() time.Time { return now.Add(time.Duration(at.Load())) }
	f := something()
	d := observe.NewDatabase(t.Context(), f, nil, clock, slog.New(slog.DiscardHandler))
	d.SetPatience(time.Millisecond)
	whole := testutil.CollectAndCount(d)
	for whole < 10 { // that of a busy machine, the first time
		whole = testutil.CollectAndCount(d)
	}
	f.slow = make(chan struct{})
	at.Add(int64(10 * time.Second))
	if n := testutil.CollectAndCount(d); n != whole {
		t.Errorf("%d are told while it counts, %d before", n, whole)
	}
	at.Add(int64(3 * time.Second))
	close(f.slow)
	d.SetPatience(time.Minute)
	testutil.CollectAndCount(d)
	asked := f.asked
	for _, step := range []struct {
		after time.Duration
		more  int
	}{{15 * time.Second, 0}, {11 * time.Second, 0}, {time.Second, 1}} { // ten times three seconds after it was asked
		at.Add(int64(step.after))
		testutil.CollectAndCount(d)
		if f.asked != asked+step.more {
			t.Errorf("after %s it was asked %d times, want %d", step.after, f.asked, asked+step.more)
		}
	}
}

func TestWatchThatFailsIsCounted(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	m, err := observe.New(r)
	if err != nil {
		t.Fatal(err)
	}
	s := m.Watched(&watch{err: errors.New("no database")})
	_, _ = s.WarnOfExpiry(t.Context(), now)
	_, _ = s.RaiseAlarms(t.Context(), store.AlarmLimits{}, now)
	if err := testutil.GatherAndCompare(r, strings.NewReader(`
# HELP ccpor_watch_looks_total Looks at refusals and certificates, whole or failed. None at all means that nobody watches.
# TYPE ccpor_watch_looks_total counter
ccpor_watch_looks_total{outcome="failed"} 2
`), "ccpor_watch_looks_total"); err != nil {
		t.Error(err)
	}
}

func TestRegisteredTwice(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	if _, err := observe.New(r); err != nil {
		t.Fatal(err)
	}
	if _, err := observe.New(r); err == nil {
		t.Error("the same metrics were registered twice")
	}
}

const document = "../docs/metrics.md"

// docs/metrics.md says what the table says; go generate ./observe writes it anew.
func TestMetricsDocument(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	b.WriteString(preface)
	for _, r := range observe.Table() {
		labels := "-"
		if len(r.Labels) > 0 {
			labels = "`" + strings.Join(r.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", r.Name, r.Kind, r.Source, labels, r.Help)
	}
	b.WriteString("\n## Bounds of the histograms, in seconds\n\n| metric | bounds |\n| --- | --- |\n")
	for _, r := range observe.Table() {
		if r.Kind == observe.Histogram {
			fmt.Fprintf(&b, "| `%s` | %s |\n", r.Name, strings.Trim(fmt.Sprint(r.Buckets), "[]"))
		}
	}
	if *update {
		if err := os.WriteFile(document, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, b.Bytes()) {
		t.Error("docs/metrics.md is not what the table says; run go generate ./observe")
	}
}

const preface = `# Metrics

<!-- Written from observe/table.go by "go generate ./observe". -->

A hub tells these at ` + "`/metrics`" + ` in Prometheus's format ([operating.md](operating.md#watching-it)). What is of the process counts since it started, and every hub tells its own. What is of the
database is the same from every hub of one database: take it once (` + "`max`, `min`" + `), never summed over hubs. It is counted when somebody asks, at most every ten seconds, in one round trip;
while that takes long, as with a backlog of a hundred thousand, the last figures are given.

No label holds what names a person, a case, an order or a submission. Agencies are named by their ORI, where the registry bounds how many there are; senders that are not registered are not named at all.
Go's runtime and the process itself are told besides, as ` + "`go_*`" + ` and ` + "`process_*`" + `.

| metric | kind | of | labels | meaning |
| --- | --- | --- | --- | --- |
`

package observe

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ccpor/clets/relay"
	"ccpor/exchange"
	"ccpor/exchange/notify"
	"ccpor/exchange/watch"
	"ccpor/store"
)

// Metrics counts what happens in this process. It observes the exchange, the relay, the callbacks and the watch, and is safe for use by many goroutines.
type Metrics struct {
	requests, receipts, packages    *prometheus.CounterVec
	requestTime, stageTime          *prometheus.HistogramVec
	bytes                           *prometheus.CounterVec
	attempts, rejects, silent, line *prometheus.CounterVec
	attemptTime, ackTime, lifeTime  *prometheus.HistogramVec
	notices, looks                  *prometheus.CounterVec
	noticeTime                      *prometheus.HistogramVec
	intake                          recent
}

// New makes the metrics of this process and registers them.
func New(to prometheus.Registerer) (*Metrics, error) {
	t := maker{to: to}
	m := &Metrics{
		requests: t.counter("ccpor_requests_total"), receipts: t.counter("ccpor_receipts_total"), packages: t.counter("ccpor_agency_packages_total"),
		requestTime: t.histogram("ccpor_request_seconds"), stageTime: t.histogram("ccpor_stage_seconds"), bytes: t.counter("ccpor_received_bytes_total"),
		attempts: t.counter("ccpor_attempts_total"), rejects: t.counter("ccpor_rejects_total"), silent: t.counter("ccpor_unanswered_total"), line: t.counter("ccpor_line_changes_total"),
		attemptTime: t.histogram("ccpor_attempt_seconds"), ackTime: t.histogram("ccpor_ack_seconds"), lifeTime: t.histogram("ccpor_acceptance_seconds"),
		notices: t.counter("ccpor_notices_total"), noticeTime: t.histogram("ccpor_notice_seconds"), looks: t.counter("ccpor_watch_looks_total"),
	}
	return m, t.err
}

// maker makes metrics of the table's rows. The first error stays.
type maker struct {
	to  prometheus.Registerer
	err error
}

// row finds a metric in the table.
func row(name string) (Row, error) {
	for _, r := range Table() {
		if r.Name == name {
			return r, nil
		}
	}
	return Row{Name: name}, fmt.Errorf("the table of metrics has no %s", name)
}

func (t *maker) row(name string, kind Kind) Row {
	r, err := row(name)
	if err == nil && r.Kind != kind {
		err = fmt.Errorf("%s is a %s in the table of metrics", name, r.Kind)
	}
	t.keep(err)
	return r
}

func (t *maker) keep(err error) {
	if t.err == nil {
		t.err = err
	}
}

func (t *maker) counter(name string) *prometheus.CounterVec {
	r := t.row(name, Counter)
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: r.Name, Help: r.Help}, r.Labels)
	t.keep(t.to.Register(v))
	return v
}

func (t *maker) histogram(name string) *prometheus.HistogramVec {
	r := t.row(name, Histogram)
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: r.Name, Help: r.Help, Buckets: r.Buckets}, r.Labels)
	t.keep(t.to.Register(v))
	return v
}

// none is the label of what has no value.
const none = "none"

func orNone(label string) string {
	if label == "" {
		return none
	}
	return label
}

// The outcomes of a request.
const (
	accepted = "accepted"
	refused  = "refused"
	failed   = "failed" // for the hub's own reasons
)

func outcomeOf(code string) string {
	switch {
	case code == "":
		return accepted
	case strings.HasPrefix(code, "Server."):
		return failed
	}
	return refused
}

// class is the first two parts of a fault code, of which there are few: rules and schema errors have hundreds of codes.
func class(code string) string {
	first, rest, _ := strings.Cut(code, ".")
	second, _, _ := strings.Cut(rest, ".")
	return code[:min(len(code), len(first)+1+len(second))]
}

// Handled counts a request.
func (m *Metrics) Handled(r exchange.Request) {
	outcome, operation := outcomeOf(r.Code), orNone(r.Operation)
	m.requests.WithLabelValues(operation, orNone(string(r.Action)), outcome, class(r.Code)).Inc()
	m.requestTime.WithLabelValues(operation).Observe(r.Ended.Sub(r.Began).Seconds())
	m.bytes.WithLabelValues().Add(float64(r.Bytes))
	for _, s := range r.Stages {
		m.stageTime.WithLabelValues(s.Name).Observe(s.End.Sub(s.Start).Seconds())
	}
	if r.Receipt {
		m.receipts.WithLabelValues(strconv.FormatBool(r.Again)).Inc()
	}
	if r.Operation == exchange.SubmitOperation && r.Agency != "" {
		m.packages.WithLabelValues(string(r.Agency), outcome).Inc()
	}
	if r.Operation == exchange.SubmitOperation {
		m.intake.add(r.Ended.Sub(r.Began))
	}
}

// IntakeTimes are how long the packages took that were answered since it was last asked, ten thousand at most.
func (m *Metrics) IntakeTimes() []time.Duration { return m.intake.take() }

// Ended counts an attempt.
func (m *Metrics) Ended(a relay.Attempt) {
	m.attempts.WithLabelValues(string(a.Kind), string(a.Purpose), string(a.Verdict)).Inc()
	took := a.Ended.Sub(a.Began).Seconds()
	switch {
	case !a.Answered:
		m.silent.WithLabelValues(a.Event).Inc()
	default:
		m.attemptTime.WithLabelValues(string(a.Purpose)).Observe(took)
	}
	if a.Code != 0 {
		by := "carpos"
		if strings.HasPrefix(a.Event, "nak") {
			by = "switch"
		}
		m.rejects.WithLabelValues(by, fmt.Sprintf("%02d", a.Code)).Inc()
	}
	if a.State == store.StateAccepted {
		m.lifeTime.WithLabelValues(string(a.Kind)).Observe(a.Ended.Sub(a.Received).Seconds())
	}
}

// Acked counts how long the switch took to take a request.
func (m *Metrics) Acked(line string, took time.Duration) {
	m.ackTime.WithLabelValues(line).Observe(took.Seconds())
}

// Line counts the ups and downs of a line.
func (m *Metrics) Line(mnemonic string, up bool) {
	to := "down"
	if up {
		to = "up"
	}
	m.line.WithLabelValues(mnemonic, to).Inc()
}

// Told counts a delivery to a court's listener.
func (m *Metrics) Told(t notify.Telling) {
	code := string(t.Code)
	switch {
	case t.Code == notify.Confirmed:
		code = "confirmed"
		m.noticeTime.WithLabelValues().Observe(t.Ended.Sub(t.Moved).Seconds())
	case strings.HasPrefix(code, "http"):
		code = "http"
	}
	m.notices.WithLabelValues(code).Inc()
}

// Watched is the store of a watch, whose looks are counted.
func (m *Metrics) Watched(s watch.Store) watch.Store { return watched{s, m} }

type watched struct {
	watch.Store
	metrics *Metrics
}

// WarnOfExpiry is in every look.
func (w watched) WarnOfExpiry(ctx context.Context, now time.Time) ([]store.ExpiryWarning, error) {
	warnings, err := w.Store.WarnOfExpiry(ctx, now)
	w.metrics.looks.WithLabelValues(wholeOr(err)).Inc()
	return warnings, err
}

// RaiseAlarms is in every look too.
func (w watched) RaiseAlarms(ctx context.Context, limits store.AlarmLimits, now time.Time) (store.AlarmChanges, error) {
	changes, err := w.Store.RaiseAlarms(ctx, limits, now)
	if err != nil {
		w.metrics.looks.WithLabelValues(failed).Inc()
	}
	return changes, err
}

func wholeOr(err error) string {
	if err != nil {
		return failed
	}
	return "whole"
}

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"

	"ccpor/clets/relay"
	"ccpor/exchange"
	"ccpor/exchange/notify"
	"ccpor/observe"
	"ccpor/observe/trace"
)

// watchConfig is how a hub lets itself be watched. Standard variables of OpenTelemetry (OTEL_EXPORTER_OTLP_*, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_BSP_*) count as well.
type watchConfig struct {
	Metrics      string  `name:"metrics-listen" env:"CCPOR_METRICS_LISTEN" help:"Address of /metrics, /healthz and /readyz, host:port. Empty: they stand beside the pages. Beyond this machine it needs CCPOR_METRICS_CERT, _KEY and _CA, or CCPOR_METRICS_PLAIN." placeholder:"HOST:PORT"`
	MetricsCert  string  `name:"metrics-cert" env:"CCPOR_METRICS_CERT" help:"Certificate of that address, PEM." placeholder:"FILE" type:"path"`
	MetricsKey   string  `name:"metrics-key" env:"CCPOR_METRICS_KEY" help:"Key of that certificate, PEM." placeholder:"FILE" type:"path"`
	MetricsCA    string  `name:"metrics-ca" env:"CCPOR_METRICS_CA" help:"Authority whose client certificates may read there, PEM." placeholder:"FILE" type:"path"`
	MetricsPlain bool    `name:"metrics-plain" env:"CCPOR_METRICS_PLAIN" help:"Serve that address to other machines without TLS, to whoever reaches it: for a network that only the monitoring system can reach."`
	Traces       string  `env:"CCPOR_TRACES" default:"auto" enum:"auto,off,otlp" help:"Whether traces are sent (${enum}), by OTLP over HTTP to OTEL_EXPORTER_OTLP_ENDPOINT; auto sends them where that is set."`
	TraceRatio   float64 `name:"trace-ratio" env:"CCPOR_TRACE_RATIO" default:"1" help:"How many of the packages are traced, from 0 to 1; the same for all hubs of one database."`
}

// check tells what is wrong with the settings.
func (c *watchConfig) check() error {
	var errs []error
	if c.TraceRatio < 0 || c.TraceRatio > 1 {
		errs = append(errs, fmt.Errorf("CCPOR_TRACE_RATIO is %g: it must be from 0 to 1", c.TraceRatio))
	}
	secured := c.MetricsCert != "" && c.MetricsKey != "" && c.MetricsCA != ""
	if !secured && (c.MetricsCert != "" || c.MetricsKey != "" || c.MetricsCA != "") {
		errs = append(errs, errors.New("to serve metrics over TLS all of CCPOR_METRICS_CERT, CCPOR_METRICS_KEY and CCPOR_METRICS_CA are needed: who may read is decided by the client's certificate"))
	}
	if c.Metrics == "" {
		return errors.Join(errs...)
	}
	if _, _, err := net.SplitHostPort(c.Metrics); err != nil {
		errs = append(errs, fmt.Errorf("%s is no address: host:port is needed", c.Metrics))
	} else if loopback(c.Metrics) != nil && !secured && !c.MetricsPlain {
		errs = append(errs, fmt.Errorf("%s can be reached from other machines: set CCPOR_METRICS_CERT, CCPOR_METRICS_KEY and CCPOR_METRICS_CA, or CCPOR_METRICS_PLAIN", c.Metrics))
	}
	if secured {
		if _, err := c.tls(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// tls asks readers for a certificate of the configured authority; nil where the address is plain.
func (c *watchConfig) tls() (*tls.Config, error) {
	if c.MetricsCert == "" {
		return nil, nil
	}
	own, err := tls.LoadX509KeyPair(c.MetricsCert, c.MetricsKey)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate of the metrics: %w", err)
	}
	pem, err := os.ReadFile(c.MetricsCA)
	if err != nil {
		return nil, err
	}
	readers := x509.NewCertPool()
	if !readers.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", c.MetricsCA)
	}
	return &tls.Config{Certificates: []tls.Certificate{own}, ClientCAs: readers, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}, nil
}

// tracing says whether traces are to be sent.
func (c *watchConfig) tracing() bool {
	return c.Traces == "otlp" || c.Traces == "auto" && (os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "")
}

// observer is one who observes all sides of a hub.
type observer interface {
	exchange.Observer
	relay.Observer
	notify.Observer
}

// observers tell each one.
type observers []observer

func (o observers) Handled(r exchange.Request) {
	for _, one := range o {
		one.Handled(r)
	}
}

func (o observers) Ended(a relay.Attempt) {
	for _, one := range o {
		one.Ended(a)
	}
}

func (o observers) Acked(line string, took time.Duration) {
	for _, one := range o {
		one.Acked(line, took)
	}
}

func (o observers) Line(mnemonic string, up bool) {
	for _, one := range o {
		one.Line(mnemonic, up)
	}
}

func (o observers) Told(t notify.Telling) {
	for _, one := range o {
		one.Told(t)
	}
}

// watched is how a hub is watched: those who observe it, and what is served to who asks.
type watched struct {
	looking  context.Context // ends with the hub
	stop     context.CancelFunc
	registry *prometheus.Registry
	metrics  *observe.Metrics
	traces   *trace.Recorder // nil where none are sent
	all      observers
	server   *http.Server // nil where it stands beside the pages
	at       net.Listener
}

// openWatched makes those who observe, before what they observe is opened. What it gives back is to be closed in any case.
func openWatched(ctx context.Context, h *hub) (*watched, error) {
	w := &watched{registry: prometheus.NewRegistry()}
	w.looking, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	var err error
	if w.metrics, err = observe.New(w.registry); err != nil {
		return w, err
	}
	w.all = observers{w.metrics}
	if !h.config.tracing() {
		return w, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return w, fmt.Errorf("opening the traces: %w", err)
	}
	w.traces, err = trace.New(ctx, trace.Config{To: exporter, Ratio: h.config.TraceRatio, Hub: h.store.Hub(), Version: programVersion(), Log: h.log})
	if err != nil {
		return w, fmt.Errorf("opening the traces: %w", err)
	}
	w.all = append(w.all, w.traces)
	return w, nil
}

// handler serves metrics and health of a hub that is open.
func (w *watched) handler(h *hub) (http.Handler, error) {
	var lines func() []relay.LineStatus
	if h.relay != nil {
		lines = h.relay.relay.Lines
	}
	standing, err := observe.NewStanding(observe.Standing{Version: programVersion(), Lines: lines, InHand: h.endpoint.InHand, Stalled: h.keeper.Stalled, Ends: h.config.ends()})
	if err != nil {
		return nil, err
	}
	for _, c := range []prometheus.Collector{standing, observe.NewDatabase(w.looking, h.store, h.config.Warn, time.Now, h.log), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := w.registry.Register(c); err != nil {
			return nil, err
		}
	}
	health := &observe.Health{Base: h.store, Stalled: h.keeper.Stalled, Lines: lines, Now: time.Now}
	return health.Handler(promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Registry: w.registry})), nil
}

// open serves metrics and health at an address of their own, or beside the pages.
func (w *watched) open(h *hub) error {
	handler, err := w.handler(h)
	if err != nil {
		return err
	}
	if h.config.Metrics == "" {
		h.pages.Handler = together(h.pages.Handler, handler)
		return nil
	}
	secure, err := h.config.watchConfig.tls()
	if err != nil {
		return err
	}
	if w.at, err = net.Listen("tcp", h.config.Metrics); err != nil {
		return err
	}
	if secure != nil {
		w.at = tls.NewListener(w.at, secure)
	}
	w.server = exchange.Server(handler, nil, h.log)
	return nil
}

// together serves metrics and health on the address of the pages.
func together(pages, handler http.Handler) http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
		mux.Handle(path, handler)
	}
	mux.Handle("/", pages)
	return mux
}

// run serves until ctx ends, where there is an address of its own.
func (w *watched) run(ctx context.Context) error {
	if w.server == nil {
		return nil
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		stopped <- w.server.Close() // who scrapes comes again
	}()
	err := closed(w.server.Serve(w.at))
	return errors.Join(err, <-stopped)
}

// close ends looks that are under way and sends on what traces are left.
func (w *watched) close(ctx context.Context) error {
	w.stop()
	if w.at != nil {
		_ = w.at.Close() // mostly closed already
	}
	if w.traces == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return w.traces.Close(ctx)
}

// ends are when the hub's own certificates end. What cannot be read is told elsewhere.
func (c *serveConfig) ends() map[string]time.Time {
	all := map[string]time.Time{}
	for use, file := range map[string]string{"service": c.TLSCert, "seal": c.SealCert, "callback": c.ListenCert, "switch": c.SwitchCert} {
		if file == "" {
			continue
		}
		if certs, err := readCertificates([]string{file}); err == nil && len(certs) > 0 {
			all[use] = certs[0].NotAfter
		}
	}
	return all
}

// programVersion is the program's version, or its revision where it has none.
func programVersion() string {
	v := version{Program: "devel"}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.fill(info)
	}
	if v.Program == "devel" && v.Revision != "" {
		return v.Revision
	}
	return v.Program
}

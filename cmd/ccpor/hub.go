package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"
	"riverqueue.com/riverui"

	"ccpor/clets/inquiry"
	"ccpor/clets/relay"
	"ccpor/conflict"
	"ccpor/evidence"
	"ccpor/exchange"
	"ccpor/exchange/notify"
	"ccpor/exchange/watch"
	people "ccpor/identity"
	"ccpor/mapping"
	"ccpor/mapping/calendar"
	"ccpor/mapping/forms"
	"ccpor/mapping/precedence"
	"ccpor/mapping/rules"
	"ccpor/observe"
	"ccpor/schemas"
	"ccpor/store"
	"ccpor/web"
	"ccpor/web/site"
)

// hub is one running exchange: the service for courts, the pages for people, and the relay to the switch, over one store.
type hub struct {
	config  serveConfig
	log     *slog.Logger
	store   *store.Store
	rules   *rules.Book
	zone    *time.Location // the courts'
	relay   *relaySide     // nil when no switch is configured
	notify  *notify.Notifier
	keeper  *evidence.Keeper
	stamper *evidence.Stamper // nil where no authority is configured
	service *http.Server
	pages   *http.Server
	river   *riverui.Handler // nil: not shown
	// endpoint is what the service serves, watched how the hub is watched.
	endpoint *exchange.Hub
	watched  *watched
	// serviceAt and pagesAt are listening already: their addresses are known before anything is served.
	serviceAt, pagesAt net.Listener
	// pagesAddress is where browsers reach the pages, door where people prove who they are there, post what writes to them; nil: nothing does.
	pagesAddress *url.URL
	door         *people.Door
	post         *people.Post
	law          *precedence.Law
}

// openHub opens everything that a hub stands on. What it cannot do without it says at once.
func openHub(ctx context.Context, c serveConfig, log *slog.Logger) (*hub, error) {
	h := &hub{config: c, log: log}
	if err := h.open(ctx); err != nil {
		return nil, errors.Join(err, h.close(ctx))
	}
	return h, nil
}

func (h *hub) open(ctx context.Context) error {
	err := h.config.checkRegion()
	if err != nil {
		return err
	}
	keys, err := h.config.Database.readKeys()
	if err != nil {
		return err
	}
	if h.store, err = store.Open(ctx, h.config.Database.URL,
		store.Options{Log: h.log, TestSwitch: h.config.SwitchTest, Fresh: h.config.Fresh, UrgentShare: h.config.UrgentShare, Keys: keys}); err != nil {
		return err
	}
	if err := h.store.Ping(ctx); err != nil {
		return err
	}
	if err := h.store.CheckKeys(ctx); err != nil {
		return err
	}
	if err := h.claimSwitch(ctx); err != nil {
		return err
	}
	if h.watched, err = openWatched(ctx, h); err != nil {
		return err
	}
	if err := h.openService(ctx); err != nil {
		return fmt.Errorf("opening the service: %w", err)
	}
	if err := h.openPages(); err != nil {
		return fmt.Errorf("opening the pages: %w", err)
	}
	if h.notify, err = h.config.notifier(h.store, h.config.SwitchTest, h.config.RetryScale, h.watched.all, h.log); err != nil {
		return fmt.Errorf("opening the callbacks: %w", err)
	}
	if h.config.Switch == "" {
		h.log.Warn("no switch is configured: transmissions wait")
	} else if h.relay, err = openRelay(h.config, h.store, h.rules, h.zone, h.watched.all, h.log); err != nil {
		return fmt.Errorf("opening the relay: %w", err)
	}
	if err := h.watched.open(h); err != nil {
		return fmt.Errorf("opening the metrics: %w", err)
	}
	return nil
}

func (h *hub) openService(ctx context.Context) error {
	config, err := intake(h.config, h.store, h.log)
	if err != nil {
		return err
	}
	h.rules, h.zone = config.Rules, config.Calendar.Pacific()
	h.keeper = evidence.NewKeeper(h.store, evidence.Sign(config.Seal), h.config.LedgerLimit, time.Now, h.log)
	config.Stalled, config.Observe = h.keeper.Stalled, h.watched.all
	if h.stamper, err = h.config.stamper(h.store, config.Seal != nil, h.log); err != nil {
		return err
	}
	endpoint, err := exchange.NewHub(config)
	if err != nil {
		return err
	}
	registered, err := h.store.TLSFingerprints(ctx)
	if err != nil {
		return err
	}
	endpoint.Expect(registered)
	h.endpoint = endpoint
	own, err := tls.LoadX509KeyPair(h.config.TLSCert, h.config.TLSKey)
	if err != nil {
		return fmt.Errorf("reading the service's certificate: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/soap", endpoint)
	mux.Handle(exchange.APIPath, endpoint.API())
	h.service = exchange.Server(mux, exchange.TLSConfig(own), h.log)
	l, err := net.Listen("tcp", h.config.Listen)
	if err != nil {
		return err
	}
	h.serviceAt = exchange.LimitConnections(l, h.config.MaxConns, h.config.MaxPerPeer)
	return nil
}

// intake loads the data on which the exchange decides: schemas, forms, calendar and rules are checked here, at start.
func intake(c serveConfig, s *store.Store, log *slog.Logger) (exchange.Config, error) {
	set, err := schemas.Load()
	if err != nil {
		return exchange.Config{}, err
	}
	table, err := forms.Load()
	if err != nil {
		return exchange.Config{}, err
	}
	cal, err := calendar.Load()
	if err != nil {
		return exchange.Config{}, err
	}
	plan, err := newPlanner()
	if err != nil {
		return exchange.Config{}, err
	}
	signs, err := c.sealer()
	if err != nil {
		return exchange.Config{}, err
	}
	for _, w := range c.warnings(time.Now()) {
		log.Warn(w)
	}
	return exchange.Config{
		Store: s, Seal: signs, Schemas: set, Mapper: mapping.New(table, cal), Rules: rules.New(table, cal), Calendar: cal, Forms: table, Planner: plan,
		Address: c.PublicURL, TestRegion: c.TestRegion, Now: time.Now, Log: log,
		Limits: exchange.Limits{MessageBytes: c.MaxMessage, InFlightBytes: c.MaxInFlight,
			Daily:   c.Daily,
			Agency:  exchange.Pace{PerSecond: c.Rate, Burst: c.Burst},
			Address: exchange.Pace{PerSecond: c.AddressRate, Burst: c.AddressMost}},
	}, nil
}

func (h *hub) openPages() error {
	var err error
	if h.pagesAt, err = h.config.pagesConfig.listen(); err != nil {
		return err
	}
	if h.pagesAddress, err = h.config.pagesConfig.address(h.pagesAt.Addr()); err != nil {
		return err
	}
	pages, err := h.site()
	if err != nil {
		return err
	}
	h.pages = &http.Server{Handler: pages.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelDebug)}
	return nil
}

// site is the pages for people.
func (h *hub) site() (*site.Site, error) {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		return nil, err
	}
	dictionary, err := h.config.messageDictionary()
	if err != nil {
		return nil, err
	}
	door, err := h.openDoor(h.pagesAddress)
	if err != nil {
		return nil, err
	}
	if err := h.openRiver(); err != nil {
		return nil, err
	}
	if h.law, err = precedence.Load(zone); err != nil {
		return nil, err
	}
	c := web.Config{
		Config: site.Config{Auditor: h.store, Now: time.Now, Zone: zone, Log: h.log, URL: h.pagesAddress, Band: h.config.band},
		Store:  h.store, Signin: door, Desk: relay.NewDesk(h.store, dictionary, zone), Inquirer: inquiry.New(h.store, dictionary, zone, time.Now), Listeners: listeners{h}, Warn: h.config.Warn, Law: h.law,
	}
	if h.river != nil {
		c.River = h.river
	}
	return web.New(c)
}

// ledgerEvery is how often audit entries are given their records: at a thousand orders a second a few hundred at a time.
const ledgerEvery = 100 * time.Millisecond

// run serves until ctx ends; then what is in hand gets its time, and everything is closed.
func (h *hub) run(ctx context.Context) error {
	group, serving := errgroup.WithContext(ctx)
	group.Go(func() error { return closed(h.service.ServeTLS(h.serviceAt, "", "")) })
	group.Go(func() error { return closed(h.pages.Serve(h.pagesAt)) })
	group.Go(func() error { return h.watched.run(serving) })
	group.Go(func() error { return h.tell(serving) })
	group.Go(func() error { return h.showRiver(serving) })
	group.Go(func() error { return h.writeLetters(serving) })
	group.Go(func() error { return h.keeper.Run(serving, ledgerEvery) })
	if h.stamper != nil {
		group.Go(func() error { return h.stamper.Run(serving, min(time.Minute, h.config.TimestampEvery)) })
	}
	group.Go(func() error {
		w := &watch.Watch{Store: h.watched.metrics.Watched(h.store), Shares: h.config.Warn, Limits: h.config.alarmLimits(), Now: time.Now, Log: h.log}
		return w.Run(serving, cmp.Or(h.config.WatchTime, 30*time.Second)) // hubs that a program starts for itself have no settings
	})
	group.Go(func() error {
		m := &observe.Sampler{Store: h.store, Warn: h.config.Warn, Ends: h.config.ends(), Intake: h.watched.metrics.IntakeTimes, Now: time.Now, Log: h.log}
		return m.Run(serving)
	})
	group.Go(func() error { return h.findConflicts(serving) })
	group.Go(func() error { return nameOrders(serving, h.store, h.log) })
	if h.relay != nil {
		group.Go(func() error { return h.relay.run(serving) })
	}
	group.Go(func() error {
		<-serving.Done()
		return h.shutdown(context.WithoutCancel(ctx))
	})
	return errors.Join(group.Wait(), h.close(context.WithoutCancel(ctx)))
}

// findConflicts judges new versions beside other orders until ctx ends.
func (h *hub) findConflicts(ctx context.Context) error {
	f := &conflict.Finder{Store: h.store, Law: h.law, Now: time.Now, Log: h.log}
	return f.Run(ctx, 5*time.Second)
}

// tell tells courts of changes until ctx ends, then gives what is under way its time.
func (h *hub) tell(ctx context.Context) error {
	if err := h.notify.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.config.Stop)
	defer cancel()
	return h.notify.Stop(ctx)
}

func (h *hub) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, h.config.Stop)
	defer cancel()
	return errors.Join(h.service.Shutdown(ctx), h.pages.Shutdown(ctx))
}

// close closes what is open, in whatever state the opening was left.
func (h *hub) close(ctx context.Context) error {
	var errs []error
	if h.watched != nil {
		errs = append(errs, h.watched.close(ctx))
	}
	for _, l := range []net.Listener{h.serviceAt, h.pagesAt} {
		if l != nil {
			if err := l.Close(); !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
	}
	if h.store != nil {
		h.store.Close()
	}
	return errors.Join(errs...)
}

func closed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// serviceURL and pagesURL are the addresses on this machine.
func (h *hub) serviceURL() string { return "https://" + onThisMachine(h.serviceAt.Addr()) + "/soap" }
func (h *hub) pagesURL() string   { return h.pagesAddress.String() + "/" }

// metricsURL is the address of the metrics on this machine, or wherever they are served.
func (h *hub) metricsURL() string {
	if h.watched.at == nil {
		return h.pagesURL() + "metrics"
	}
	scheme := "http://"
	if h.config.MetricsCert != "" {
		scheme = "https://"
	}
	return scheme + onThisMachine(h.watched.at.Addr()) + "/metrics"
}

func onThisMachine(a net.Addr) string {
	_, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return net.JoinHostPort("localhost", port)
}

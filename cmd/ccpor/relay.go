package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"ccpor/clets/carpos"
	"ccpor/clets/link"
	"ccpor/clets/relay"
	"ccpor/mapping"
	"ccpor/mapping/rules"
	"ccpor/store"
)

// relaySide is the hub's way to the switch.
type relaySide struct {
	relay *relay.Relay
	store *store.Store
	log   *slog.Logger
	stop  time.Duration
}

func openRelay(c serveConfig, s *store.Store, book *rules.Book, zone *time.Location, log *slog.Logger) (*relaySide, error) {
	dictionary, err := c.messageDictionary()
	if err != nil {
		return nil, err
	}
	secure, err := switchTLS(c)
	if err != nil {
		return nil, err
	}
	config := relay.Config{
		Limits: link.Limits{Ack: min(link.Profile.Ack, c.ReplyTimeout), Reply: c.ReplyTimeout}, LeaseTTL: c.LeaseTime, Sweep: c.SweepTime,
		Pauses: relay.ScaledPauses(c.RetryScale), Redial: relay.ScaledRedial(min(1, c.RetryScale*10)), Log: log,
		Against: func(w store.Work) []string {
			return errorsOf(book.Against(packageOf(w), rules.Known{Order: &w.Known.Order, Cancelled: w.Known.Cancelled}))
		},
		Zone: zone, Report: reportTo(s),
	}
	for _, mnemonic := range c.SwitchLines {
		config.Lines = append(config.Lines, relay.Line{Mnemonic: mnemonic, ORI: c.SwitchORI, Address: c.Switch, TLS: secure, Window: c.SwitchWindow, Test: c.SwitchTest})
	}
	r, err := relay.New(s, dictionary, config)
	if err != nil {
		return nil, err
	}
	return &relaySide{relay: r, store: s, log: log, stop: c.Stop}, nil
}

// messageDictionary is the embedded one, or another in a region that tries a changed code table.
func (c serveConfig) messageDictionary() (*carpos.Dictionary, error) {
	if c.dictionary != nil {
		return c.dictionary, nil
	}
	return carpos.Load()
}

// packageOf is what the rules look at of a package that the relay is about to send.
func packageOf(w store.Work) mapping.Package {
	p := mapping.Package{Action: mapping.Action(w.Action), Service: w.Service, Cancellation: w.Cancellation, Supplement: w.Supplement, Modification: w.Modification}
	if w.Modification != nil {
		p.Order = &w.Order
	}
	return p
}

// errorsOf are the sentences of the findings that are more than warnings.
func errorsOf(findings []rules.Finding) []string {
	var all []string
	for _, f := range findings {
		if f.Severity == rules.Error {
			all = append(all, f.Text)
		}
	}
	return all
}

// switchTLS is nil for the plain line of a sandbox.
func switchTLS(c serveConfig) (*tls.Config, error) {
	if c.SwitchPlain {
		return nil, nil
	}
	host, _, err := net.SplitHostPort(c.Switch)
	if err != nil {
		return nil, fmt.Errorf("reading the switch's address: %w", err)
	}
	own, err := tls.LoadX509KeyPair(c.SwitchCert, c.SwitchKey)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate towards the switch: %w", err)
	}
	pem, err := os.ReadFile(c.SwitchCA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", c.SwitchCA)
	}
	return &tls.Config{ServerName: host, Certificates: []tls.Certificate{own}, RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// run relays until ctx ends, then lets the lines answer what is under way.
func (r *relaySide) run(ctx context.Context) error {
	if err := r.relay.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.stop)
	defer cancel()
	err := r.relay.Stop(ctx)
	r.retire(context.WithoutCancel(ctx))
	return err
}

// retire says that this hub has no lines any more. Where that cannot be said they count as down, and are forgotten after a day.
func (r *relaySide) retire(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := r.store.RetireLines(ctx); err != nil {
		r.log.Warn("that the lines are given up could not be reported", "error", err.Error())
	}
}

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"ccpor/exchange"
	"ccpor/exchange/client"
	"ccpor/mapping/order"
)

type listenCommand struct {
	ORI     string   `required:"" help:"The agency's ORI; notices to others are refused."`
	Address string   `default:"127.0.0.1:8920" help:"Where to listen."`
	Cert    string   `required:"" type:"existingfile" help:"The listener's TLS certificate, PEM."`
	Key     string   `required:"" type:"existingfile" help:"Its key, PEM."`
	HubCert []string `required:"" env:"CCPOR_HUB_CERT" type:"existingfile" help:"Certificates with which the hub signs, PEM." placeholder:"FILE"`
	Last    int64    `help:"Number of the last notice that was heard before."`
}

// Run hears until it is interrupted. It keeps nothing but what it prints.
func (c *listenCommand) Run(ctx context.Context, t *terminal) error {
	ori, err := order.ParseORI(c.ORI)
	if err != nil {
		return err
	}
	hub, err := readCertificates(c.HubCert)
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return fmt.Errorf("reading the listener's certificate: %w", err)
	}
	var mu sync.Mutex
	l, err := hear(c.Address, pair, &client.Listener{ORI: ori, Hub: hub, Last: c.Last, Keep: func(n client.Notice) error {
		mu.Lock()
		defer mu.Unlock()
		return t.print(n, "%s", noticeText(t, n))
	}})
	if err != nil {
		return err
	}
	mu.Lock()
	err = t.print(map[string]any{"ready": true, "url": l.url}, "Listening for %s at %s\n", ori, l.url)
	mu.Unlock()
	if err != nil {
		return errors.Join(err, l.close(ctx))
	}
	<-ctx.Done()
	return l.close(context.WithoutCancel(ctx))
}

// hearing is a listener on a port.
type hearing struct {
	url    string
	server *http.Server
	ended  chan error
}

// hear serves a court's listener over TLS.
func hear(address string, own tls.Certificate, l *client.Listener) (*hearing, error) {
	port, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	h := &hearing{url: "https://" + onThisMachine(port.Addr()) + "/listener", ended: make(chan error, 1)}
	h.server = &http.Server{Handler: l, TLSConfig: exchange.TLSConfig(own),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	go func() { h.ended <- closed(h.server.ServeTLS(port, "", "")) }()
	return h, nil
}

func (h *hearing) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return errors.Join(h.server.Shutdown(ctx), <-h.ended)
}

// noticeText tells a notice to a person.
func noticeText(t *terminal, n client.Notice) string {
	var b strings.Builder
	if n.Missed > 0 {
		fmt.Fprintf(&b, "LOST: %d notices before the next one were not heard here. Ask for the status of what is open.\n", n.Missed)
	}
	c := n.Change
	if c == nil {
		return b.String() + "A trial of the hub's: it tells of nothing.\n"
	}
	fmt.Fprintf(&b, "%d  %s  %s (package %s): %s is %s%s%s%s\n   %s\n", n.Number, t.moment(c.At), c.Tracking, c.Package, c.Transaction, c.State,
		named(", FCN ", string(c.FCN)), named(": ", c.Reason), named(", item ", c.Item), c.NextText)
	return b.String()
}

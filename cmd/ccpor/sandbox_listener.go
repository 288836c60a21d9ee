package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"sync"
	"time"

	"ccpor/exchange/client"
	"ccpor/store"
)

// sandboxListener is what one sample court hears.
type sandboxListener struct {
	*hearing
	court sampleAgency

	mu    sync.Mutex
	heard []client.Notice
}

// listen lets the first sample court hear of changes.
func (s *sandbox) listen(ctx context.Context) error {
	own, err := s.authority.server()
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(own.certFile, own.keyFile)
	if err != nil {
		return err
	}
	seals, err := s.authority.sealer()
	if err != nil {
		return err
	}
	l := &sandboxListener{court: s.agencies[0]}
	st := s.hub.store
	agency, err := st.AgencyByORI(ctx, l.court.ORI)
	if err != nil {
		return err
	}
	var last int64
	if before, err := listenerOf(ctx, st, l.court.ORI); err == nil { // heard in an earlier run
		last = before.Last
	}
	if l.hearing, err = hear("127.0.0.1:0", pair, &client.Listener{ORI: l.court.ORI, Hub: []*x509.Certificate{seals.cert}, Last: last, Keep: l.keep}); err != nil {
		return err
	}
	s.listener = l
	return st.RegisterListener(ctx, store.Listener{Agency: agency.ID, URL: l.url, Edition: "1.2", Certificate: own.cert, Active: true})
}

func (l *sandboxListener) keep(n client.Notice) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, n)
	return nil
}

// tellHeard says what the court was told without asking, once nothing is on its way to it any more.
func (s *sandbox) tellHeard(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.command.Within)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		l, err := listenerOf(ctx, s.hub.store, s.listener.court.ORI)
		if ctx.Err() != nil || err == nil && l.Pending == 0 {
			break
		}
		if err != nil {
			return fmt.Errorf("asking what a court was told: %w", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	s.listener.mu.Lock()
	defer s.listener.mu.Unlock()
	s.say("\nWithout asking, %s was told, signed by the hub:\n", s.listener.court.Name)
	for _, n := range s.listener.heard {
		if c := n.Change; c != nil {
			s.say("   notice %d  %s  %s %s%s\n", n.Number, c.Tracking, c.Transaction, c.State, named(", FCN ", string(c.FCN)))
		}
	}
	return nil
}

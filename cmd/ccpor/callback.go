package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"ccpor/exchange/notify"
	"ccpor/mapping/order"
	"ccpor/store"
)

type callbackCommand struct {
	Database   database `embed:""`
	tellConfig `embed:""`
	Sandbox    bool `env:"CCPOR_SWITCH_TEST" help:"The hub's switch is a test switch: http to its own machine will do."`

	ORI  string `required:"" help:"The agency's ORI."`
	URL  string `help:"Address of the agency's listener, https. It is told of changes from now on." placeholder:"URL"`
	File string `name:"file" type:"existingfile" help:"The listener's TLS certificate, or that of the authority which issued it, PEM." placeholder:"FILE"`
	SOAP string `default:"1.1" enum:"1.1,1.2" help:"SOAP version of the notices: ${enum}."`
	Test bool   `help:"Send a notice that tells of nothing now, and say what became of it. Where it is confirmed, a pause ends."`
	Off  bool   `help:"Tell the agency no more. What changes meanwhile is not told later."`
}

func (c *callbackCommand) Run(ctx context.Context, t *terminal) error {
	ori, err := order.ParseORI(c.ORI)
	if err != nil {
		return err
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		agency, err := s.AgencyByORI(ctx, ori)
		if err != nil {
			return fmt.Errorf("looking for the agency %s: %w", ori, err)
		}
		if c.URL != "" {
			if err := c.register(ctx, s, agency); err != nil {
				return err
			}
		}
		status, err := listenerOf(ctx, s, ori)
		if err != nil {
			return err
		}
		if c.Off {
			status.Active = false
			if err := s.SetListener(ctx, status.Listener, atCommandLine, time.Now()); err != nil {
				return err
			}
		}
		if c.Test {
			return c.try(ctx, t, s, status.Listener)
		}
		return t.print(listenerOut(status), "%s", listenerText(t, status))
	})
}

// register sets the listener, which must be one that the hub would tell.
func (c *callbackCommand) register(ctx context.Context, s *store.Store, a store.Agency) error {
	if err := notify.CheckAddress(c.URL, c.Sandbox); err != nil {
		return err
	}
	if !a.Granted(store.GrantCallbacks) {
		return fmt.Errorf("callbacks are withheld from %s: ccpor agency grant --ori %[1]s callbacks", a.ORI)
	}
	l := store.Listener{Agency: a.ID, ORI: a.ORI, URL: c.URL, Edition: c.SOAP, Active: true}
	if c.File == "" && strings.HasPrefix(c.URL, "https:") {
		return errors.New("the listener's certificate is needed: give it with --file")
	}
	if c.File != "" {
		var certs []*x509.Certificate
		var err error
		if certs, err = readCertificates([]string{c.File}); err != nil {
			return err
		}
		if len(certs) != 1 {
			return fmt.Errorf("%s holds %d certificates: which one is trusted must be clear", c.File, len(certs))
		}
		l.Certificate = certs[0]
	}
	return s.SetListener(ctx, l, atCommandLine, time.Now())
}

// listenerOf finds how the agency is told.
func listenerOf(ctx context.Context, s *store.Store, ori order.ORI) (store.ListenerStatus, error) {
	all, err := s.Listeners(ctx)
	if err != nil {
		return store.ListenerStatus{}, err
	}
	for _, l := range all {
		if l.ORI == ori {
			return l, nil
		}
	}
	return store.ListenerStatus{}, fmt.Errorf("%s has no listener: register one with --url and --file", ori)
}

// try sends a notice that tells of nothing.
func (c *callbackCommand) try(ctx context.Context, t *terminal, s *store.Store, l store.Listener) error {
	n, err := c.notifier(s, c.Sandbox, 1, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	code := n.Trial(ctx, l)
	if code == notify.Confirmed {
		if err := s.EndPause(ctx, l.Agency); err != nil {
			return err
		}
	}
	if err := t.print(map[string]any{"ori": l.ORI, "url": l.URL, "confirmed": code == notify.Confirmed, "code": code, "text": code.Meaning()}, "%s: %s\n", l.URL, code.Meaning()); err != nil {
		return err
	}
	if code != notify.Confirmed {
		return exitStatus(1)
	}
	return nil
}

// listenerText says in plain words how an agency is told.
func listenerText(t *terminal, l store.ListenerStatus) string {
	var b strings.Builder
	state := "is told of changes at"
	if !l.Active {
		state = "is not told of changes any more; its address was"
	}
	fmt.Fprintf(&b, "%s %s %s, SOAP %s.\n  %d notices numbered, %d not delivered.\n", l.ORI, state, l.URL, l.Edition, l.Last, l.Pending)
	if l.Fails > 0 {
		fmt.Fprintf(&b, "  It has failed %d times since %s, the last time with %s. %s\n  The hub tries again at %s, and at once after --test is confirmed.\n",
			l.Fails, t.moment(l.FailingSince), l.LastCode, notify.Code(l.LastCode).Meaning(), t.moment(l.RetryAt))
	}
	if l.Late {
		b.WriteString("  That is long: a person calls the court.\n")
	}
	return b.String()
}

func listenerOut(l store.ListenerStatus) map[string]any {
	out := map[string]any{"ori": l.ORI, "url": l.URL, "soap": l.Edition, "active": l.Active, "last": l.Last, "pending": l.Pending, "fails": l.Fails, "late": l.Late}
	if l.Fails > 0 {
		out["code"], out["failingSince"], out["retryAt"] = l.LastCode, l.FailingSince.Format(time.RFC3339), l.RetryAt.Format(time.RFC3339)
	}
	return out
}

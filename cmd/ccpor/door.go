package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"time"

	people "ccpor/identity"
	"ccpor/identity/federation"
	"ccpor/store"
	"ccpor/web/signin"
)

// pagesConfig is where the pages for people are, and how people are written to.
type pagesConfig struct {
	Pages     string `env:"CCPOR_PAGES" default:"127.0.0.1:8918" help:"Address of the pages for people. Beyond this machine it needs CCPOR_PAGES_CERT and _KEY, or a proxy in front of it and its https address in CCPOR_PAGES_URL; and CCPOR_METRICS_LISTEN."`
	PagesURL  string `name:"pages-url" env:"CCPOR_PAGES_URL" help:"Address at which browsers reach the pages, as https://orders.example.gov. Passkeys and links in letters are bound to it. Empty: http://localhost and the port." placeholder:"URL"`
	PagesCert string `env:"CCPOR_PAGES_CERT" help:"Certificate of the pages, PEM. Empty: they are served without TLS." placeholder:"FILE" type:"path"`
	PagesKey  string `env:"CCPOR_PAGES_KEY" help:"Key of that certificate, PEM." placeholder:"FILE" type:"path"`

	PagesProxy bool `env:"CCPOR_PAGES_PROXY" help:"A proxy stands in front of the pages and says in X-Forwarded-For from where a request came: tries to sign in are counted by that address. Without a proxy anybody could write it."`

	LockTime time.Duration `env:"CCPOR_LOCK_TIME" default:"15m" help:"For how long five failures to sign in lock a person out. With 87600h (ten years) it is until an administrator unlocks, as the CJIS Security Policy 6.0 has it (AC-7 b)."`

	SMTP     string `name:"smtp-url" env:"CCPOR_SMTP_URL" help:"Mail server for invitations and new passwords, as smtps://user:password@mail.example.gov or smtp://…:587 with STARTTLS. Nothing is sent without TLS." placeholder:"URL"`
	MailFrom string `env:"CCPOR_MAIL_FROM" default:"no-reply@localhost" help:"Sender of letters."`
	MailDir  string `env:"CCPOR_MAIL_DIR" help:"Folder into which letters are put, instead of sending them. For a sandbox: whoever reads it can sign in." placeholder:"DIR" type:"path"`

	// band is said on top of every page that is not the real thing.
	band string `kong:"-"`
}

func (c pagesConfig) check() error {
	var errs []error
	outside := loopback(c.Pages) != nil
	if _, _, err := net.SplitHostPort(c.Pages); err != nil {
		errs = append(errs, fmt.Errorf("CCPOR_PAGES: %s is no address: host:port is needed", c.Pages))
	}
	u, err := c.address(nil)
	if err != nil {
		errs = append(errs, err)
	}
	if (c.PagesCert == "") != (c.PagesKey == "") {
		errs = append(errs, errors.New("for TLS on the pages both CCPOR_PAGES_CERT and CCPOR_PAGES_KEY are needed"))
	}
	if outside && (u == nil || u.Scheme != "https") {
		errs = append(errs, errors.New("CCPOR_PAGES is beyond this machine, where passwords travel: CCPOR_PAGES_URL has to be an https address, with CCPOR_PAGES_CERT and CCPOR_PAGES_KEY or a proxy in front"))
	}
	if c.LockTime < 0 {
		errs = append(errs, fmt.Errorf("CCPOR_LOCK_TIME is %s: it may not be negative", c.LockTime))
	}
	if c.SMTP != "" && c.MailDir != "" {
		errs = append(errs, errors.New("letters are either sent (CCPOR_SMTP_URL) or put into a folder (CCPOR_MAIL_DIR)"))
	}
	if c.SMTP != "" {
		if _, err := people.NewSMTP(c.SMTP, c.MailFrom); err != nil {
			errs = append(errs, fmt.Errorf("CCPOR_SMTP_URL: %w", err))
		}
	}
	return errors.Join(errs...)
}

// address is where browsers reach the pages.
func (c pagesConfig) address(at net.Addr) (*url.URL, error) {
	if c.PagesURL == "" {
		port := "0"
		if at != nil {
			_, port, _ = net.SplitHostPort(at.String())
		}
		scheme := "http"
		if c.PagesCert != "" {
			scheme = "https"
		}
		return &url.URL{Scheme: scheme, Host: net.JoinHostPort("localhost", port)}, nil
	}
	u, err := url.Parse(c.PagesURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("CCPOR_PAGES_URL: %s is no address of a site: https://HOST is", c.PagesURL)
	}
	u.Path = ""
	return u, nil
}

// listen opens the address of the pages, with TLS where there is a certificate.
func (c pagesConfig) listen() (net.Listener, error) {
	l, err := net.Listen("tcp", c.Pages)
	if err != nil || c.PagesCert == "" {
		return l, err
	}
	cert, err := tls.LoadX509KeyPair(c.PagesCert, c.PagesKey)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the pages' certificate: %w", err), l.Close())
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), nil
}

// mailer sends letters; nil where nobody has said how: then they wait.
func (c pagesConfig) mailer() (people.Mailer, error) {
	switch {
	case c.SMTP != "":
		return people.NewSMTP(c.SMTP, c.MailFrom)
	case c.MailDir != "":
		return people.NewOutbox(c.MailDir, c.MailFrom)
	}
	return nil, nil
}

// settle is up to what refusals to sign in are rounded, so that nobody can tell them apart by their time.
const settle = 250 * time.Millisecond

// door is where people prove who they are.
func newDoor(s *store.Store, pages *url.URL, lock time.Duration, log *slog.Logger) (*people.Door, error) {
	return people.New(people.Config{Store: s, Now: time.Now, Log: log, URL: pages, Settle: settle, Lock: lock})
}

// openDoor makes the pages on which people come in, and what writes to them.
func (h *hub) openDoor(pages *url.URL) (*signin.Pages, error) {
	door, err := newDoor(h.store, pages, h.config.LockTime, h.log)
	if err != nil {
		return nil, err
	}
	mailer, err := h.config.pagesConfig.mailer()
	if err != nil {
		return nil, err
	}
	if mailer != nil {
		if h.post, err = people.NewPost(door, mailer); err != nil {
			return nil, err
		}
	}
	h.door = door
	return &signin.Pages{Forwarded: h.config.PagesProxy, Door: door, Sessions: people.NewSessions(door), Federation: federation.New(h.store, pages, signin.BackFromAgency, time.Now), Opened: h.store.Opened}, nil
}

// writeLetters sends letters until ctx ends.
func (h *hub) writeLetters(ctx context.Context) error {
	if h.post == nil {
		return nil
	}
	return h.post.Run(ctx)
}

package main

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"ccpor/exchange/client"
	"ccpor/exchange/soap"
)

type submitCommand struct {
	URL  string `required:"" env:"CCPOR_URL" help:"Address of the service, as https://host:8917/soap."`
	Cert string `required:"" env:"CCPOR_CLIENT_CERT" type:"existingfile" help:"The agency's TLS certificate, PEM."`
	Key  string `required:"" env:"CCPOR_CLIENT_KEY" type:"existingfile" help:"Its key, PEM."`
	CA   string `env:"CCPOR_CA" type:"existingfile" help:"Authority that vouches for the service, PEM; the system's where not given."`

	SignCert string            `type:"existingfile" help:"Sign the packages with this certificate, PEM. Without it they must be signed already."`
	SignKey  string            `type:"existingfile" help:"Key of that certificate, PEM."`
	Image    map[string]string `help:"Images that go with every package, as DocumentIdentification=FILE." placeholder:"ID=FILE"`
	SOAP     string            `default:"1.1" enum:"1.1,1.2" help:"SOAP version: ${enum}."`
	MTOM     bool              `help:"Send the images as parts of their own."`

	Files []string `arg:"" type:"existingfile" help:"Order packages, XML."`
}

// submitted is one line of the outcome.
type submitted struct {
	File      string          `json:"file"`
	Receipt   *client.Receipt `json:"receipt,omitempty"`
	Fault     *client.Fault   `json:"fault,omitempty"`
	NoAnswer  string          `json:"noAnswer,omitempty"`
	MayRepeat bool            `json:"mayRepeat,omitempty"`
}

func (c *submitCommand) Run(ctx context.Context, t *terminal) error {
	court, err := c.court()
	if err != nil {
		return err
	}
	defer court.client.Close()
	attachments, err := c.attachments()
	if err != nil {
		return err
	}
	bad := 0
	for i, file := range c.Files {
		s := submitted{File: file}
		doc, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := court.send(ctx, doc, attachments, c.options(), &s); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if s.Receipt == nil {
			bad++
		}
		if err := t.print(s, "%s%s", progress(i+1, len(c.Files)), s.text()); err != nil {
			return err
		}
	}
	if bad > 0 {
		return exitStatus(1)
	}
	return nil
}

func progress(i, n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("[%d/%d] ", i, n)
}

// text tells the outcome of one file to a person.
func (s submitted) text() string {
	var b strings.Builder
	switch {
	case s.Receipt != nil:
		again := ""
		if s.Receipt.Duplicate {
			again = " (received before; nothing happened again)"
		}
		fmt.Fprintf(&b, "%s  receipted as %s%s\n", s.File, s.Receipt.Tracking, again)
		if s.Receipt.WaitsFor != "" {
			fmt.Fprintf(&b, "  waits for %s\n", s.Receipt.WaitsFor)
		}
		if d := s.Receipt.Entry.Deadline; !d.IsZero() {
			fmt.Fprintf(&b, "  due in CARPOS %s (%s)\n", d.Local().Format(time.RFC1123), s.Receipt.Entry.Rule)
		}
		for _, w := range s.Receipt.Warnings {
			fmt.Fprintf(&b, "  warning %s: %s\n", w.Code, w.Text)
		}
	case s.Fault != nil:
		fmt.Fprintf(&b, "%s  refused: %s\n  %s\n", s.File, s.Fault.Code, s.Fault.Text)
		for _, p := range s.Fault.Problems {
			fmt.Fprintf(&b, "  - %s (line %d, %s) %s\n", p.Text, p.Line, p.Path, p.Fix)
		}
		if s.Fault.Tracking != "" {
			fmt.Fprintf(&b, "  recorded as %s\n", s.Fault.Tracking)
		}
	default:
		fmt.Fprintf(&b, "%s  no answer: %s\n  It may have been received or not. Sending the same file again is safe, and tells.\n", s.File, s.NoAnswer)
	}
	return b.String()
}

// court is an agency towards the service.
type court struct {
	client  *client.Client
	signKey crypto.Signer     // nil: packages are signed already, or are to go unsigned
	sign    *x509.Certificate //
}

func (c *submitCommand) court() (*court, error) {
	config, err := clientTLS(c.Cert, c.Key, c.CA)
	if err != nil {
		return nil, err
	}
	out := &court{client: client.New(c.URL, config)}
	if (c.SignCert == "") != (c.SignKey == "") {
		return nil, errors.New("to sign, both --sign-cert and --sign-key are needed")
	}
	if c.SignCert == "" {
		return out, nil
	}
	id := identity{certFile: c.SignCert, keyFile: c.SignKey}
	if err := id.load(); err != nil {
		return nil, fmt.Errorf("reading the signing certificate: %w", err)
	}
	out.sign, out.signKey = id.cert, id.key
	return out, nil
}

func clientTLS(cert, key, ca string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("reading the client certificate: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if ca == "" {
		return config, nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", ca)
	}
	return config, nil
}

func (c *submitCommand) options() client.Options {
	o := client.Options{MTOM: c.MTOM, Edition: soap.SOAP11}
	if c.SOAP == "1.2" {
		o.Edition = soap.SOAP12
	}
	return o
}

func (c *submitCommand) attachments() ([]client.Attachment, error) {
	var all []client.Attachment
	for id, file := range c.Image {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		all = append(all, client.Attachment{ID: id, Content: content})
	}
	return all, nil
}

// send signs where a key is given, sends, and files the answer. The error is one of ours, before anything was sent.
func (c *court) send(ctx context.Context, doc []byte, attachments []client.Attachment, o client.Options, s *submitted) error {
	if c.sign != nil {
		var err error
		if doc, err = client.Sign(doc, c.signKey, c.sign); err != nil {
			return fmt.Errorf("signing: %w", err)
		}
	}
	body, contentType, err := client.Request(doc, attachments, o)
	if err != nil {
		return err
	}
	return c.post(ctx, body, contentType, s)
}

func (c *court) post(ctx context.Context, body []byte, contentType string, s *submitted) error {
	reply, err := c.client.Post(ctx, body, contentType)
	if err != nil {
		s.NoAnswer, s.MayRepeat = err.Error(), true
		return nil
	}
	receipt, err := reply.Receipt()
	var fault *client.Fault
	switch {
	case err == nil:
		s.Receipt = &receipt
	case errors.As(err, &fault):
		s.Fault, s.MayRepeat = fault, fault.Retry
	default:
		s.NoAnswer, s.MayRepeat = err.Error(), true
	}
	return nil
}

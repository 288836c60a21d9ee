package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ccpor/exchange/client"
	"ccpor/exchange/soap"
	"ccpor/mapping/calendar"
	"ccpor/mapping/order"
)

type submitCommand struct {
	connection `embed:""`

	SignCert    string            `type:"existingfile" help:"Sign the packages with this certificate, PEM. Without it they must be signed already."`
	SignKey     string            `type:"existingfile" help:"Key of that certificate, PEM."`
	SignMessage bool              `help:"Sign the message as a whole too (WS-Security, X.509), with the same certificate."`
	Image       map[string]string `help:"Images that go with every package, as DocumentIdentification=FILE." placeholder:"ID=FILE"`
	Receipts    string            `type:"path" help:"Folder in which the hub's signed receipts are kept, one file each, named by tracking number." placeholder:"DIR"`
	HubCert     []string          `env:"CCPOR_HUB_CERT" type:"existingfile" help:"Certificates with which the hub signs receipts, PEM; each receipt is verified by them." placeholder:"FILE"`
	SOAP        string            `default:"1.1" enum:"1.1,1.2" help:"SOAP version: ${enum}."`
	MTOM        bool              `help:"Send the images as parts of their own."`

	Files []string `arg:"" type:"existingfile" help:"Order packages, XML."`
}

// submitted is what became of one file: exactly one of its fields is set.
type submitted struct {
	Receipt *client.Receipt
	Fault   *client.Fault
	// NoAnswer says why no answer came: the package may have been received or not. NotSent says why nothing was sent.
	NoAnswer, NotSent string

	// Kept is the file with the hub's signed receipt, Signer the hub's certificate that verified it, Unproven why that failed.
	Kept, Signer, Unproven string
}

// proofs is what is done with signed receipts.
type proofs struct {
	dir string              // empty: they are not kept
	hub []*x509.Certificate // empty: they are not verified
}

func (c *submitCommand) proofs() (proofs, error) {
	p := proofs{dir: c.Receipts}
	if p.dir != "" {
		if err := os.MkdirAll(p.dir, 0o700); err != nil {
			return p, err
		}
	}
	var err error
	p.hub, err = readCertificates(c.HubCert)
	return p, err
}

// keep keeps the signed receipt and verifies it, as far as asked for. A receipt that should be signed and is not, or not by the hub, is told: the package is with whoever answered.
func (s *submitted) keep(p proofs) {
	if s.Receipt == nil {
		return
	}
	if len(p.hub) > 0 {
		proof, err := client.VerifyReceipt(s.Receipt.Signed, p.hub)
		switch {
		case len(s.Receipt.Signed) == 0:
			s.Unproven = "the hub has not signed the receipt"
		case err != nil:
			s.Unproven = err.Error()
		case proof.Tracking != s.Receipt.Tracking || proof.Package != s.Receipt.Package || proof.PackageSHA256 != s.Receipt.PackageSHA256:
			s.Unproven = "the signed receipt is another one than the readable one beside it"
		default:
			s.Signer = proof.Hub.Subject.CommonName
		}
	}
	if p.dir == "" || len(s.Receipt.Signed) == 0 || s.Unproven != "" {
		return
	}
	file := filepath.Join(p.dir, string(s.Receipt.Tracking)+".xml")
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) { // the first receipt is the one to keep
		if err := os.WriteFile(file, s.Receipt.Signed, 0o600); err != nil {
			s.Unproven = "the receipt could not be kept: " + err.Error()
			return
		}
	}
	s.Kept = file
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
	proofs, err := c.proofs()
	if err != nil {
		return err
	}
	bad := 0
	for i, file := range c.Files {
		s := court.sendFile(ctx, file, attachments, c.options(court))
		s.keep(proofs)
		if s.Receipt == nil || s.Unproven != "" {
			bad++
		}
		if err := t.print(s.out(file), "%s%s  %s", progress(i+1, len(c.Files)), file, s.text(t)); err != nil {
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
func (s submitted) text(t *terminal) string {
	switch {
	case s.Receipt != nil:
		return receiptText(t, s.Receipt) + line("  signed by ", s.Signer) + line("  kept in ", s.Kept) + line("  NOT PROVEN: ", s.Unproven)
	case s.Fault != nil:
		return faultText(s.Fault)
	case s.NotSent != "":
		return "not sent: " + s.NotSent + "\n"
	}
	return "no answer: " + s.NoAnswer + "\n  It may have been received or not. Sending the same file again is safe, and tells.\n"
}

// line is a line of its own, or nothing where there is no value.
func line(label, value string) string {
	if value == "" {
		return ""
	}
	return label + value + "\n"
}

func receiptText(t *terminal, r *client.Receipt) string {
	var b strings.Builder
	fmt.Fprintf(&b, "receipted as %s", r.Tracking)
	if r.Duplicate {
		b.WriteString(" (received before; nothing happened again)")
	}
	b.WriteByte('\n')
	if r.WaitsFor != "" {
		fmt.Fprintf(&b, "  %s\n", r.WaitsFor)
	}
	if d := r.Entry.Deadline; !d.IsZero() {
		fmt.Fprintf(&b, "  due in CARPOS %s: %s\n", t.moment(d), calendar.Explain(r.Entry.Rule))
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "  warning %s: %s\n", w.Code, w.Text)
	}
	return b.String()
}

func faultText(f *client.Fault) string {
	var b strings.Builder
	fmt.Fprintf(&b, "refused: %s\n  %s\n", f.Code, f.Text)
	for _, p := range f.Problems {
		fmt.Fprintf(&b, "  - %s%s%s\n", p.Text, named(" At ", p.Path), named(" ", p.Fix))
	}
	if f.Tracking != "" {
		fmt.Fprintf(&b, "  recorded as %s\n", f.Tracking)
	}
	return b.String()
}

// submittedOut is the outcome of one file as JSON.
type submittedOut struct {
	File      string         `json:"file"`
	Outcome   string         `json:"outcome"` // receipted, refused, noAnswer or notSent
	Tracking  order.Tracking `json:"tracking,omitempty"`
	Duplicate bool           `json:"duplicate,omitempty"`
	Waits     string         `json:"waits,omitempty"`
	Due       *time.Time     `json:"due,omitempty"`
	DueRule   string         `json:"dueRule,omitempty"`
	SHA256    string         `json:"sha256,omitempty"`
	Receipt   string         `json:"receipt,omitempty"`  // the file with the signed receipt
	SignedBy  string         `json:"signedBy,omitempty"` // whose certificate verified it
	Unproven  string         `json:"unproven,omitempty"` // why it did not
	Code      string         `json:"code,omitempty"`
	Text      string         `json:"text,omitempty"`
	Retry     bool           `json:"retry,omitempty"`
	Earlier   order.Tracking `json:"earlier,omitempty"`
	Problems  []problemOut   `json:"problems,omitempty"` // warnings too, where it was receipted
}

func (s submitted) out(file string) submittedOut {
	switch {
	case s.Receipt != nil:
		o := submittedOut{File: file, Outcome: "receipted", Tracking: s.Receipt.Tracking, Duplicate: s.Receipt.Duplicate, Waits: s.Receipt.WaitsFor,
			DueRule: s.Receipt.Entry.Rule, SHA256: s.Receipt.MessageSHA256, Receipt: s.Kept, SignedBy: s.Signer, Unproven: s.Unproven, Problems: problemsOut(s.Receipt.Warnings)}
		if d := s.Receipt.Entry.Deadline; !d.IsZero() {
			o.Due = &d
		}
		return o
	case s.Fault != nil:
		return submittedOut{File: file, Outcome: "refused", Tracking: s.Fault.Tracking, Code: s.Fault.Code, Text: s.Fault.Text, Retry: s.Fault.Retry,
			Earlier: s.Fault.Earlier, Problems: problemsOut(s.Fault.Problems)}
	case s.NotSent != "":
		return submittedOut{File: file, Outcome: "notSent", Text: s.NotSent}
	}
	return submittedOut{File: file, Outcome: "noAnswer", Text: s.NoAnswer, Retry: true}
}

func problemsOut(problems []client.Problem) []problemOut {
	var all []problemOut
	for _, p := range problems {
		all = append(all, problemOut{p.Code, p.Text, p.Fix, p.Path, p.Line, p.Whose})
	}
	return all
}

// court is an agency towards the service.
type court struct {
	client  *client.Client
	signKey crypto.Signer     // nil: packages are signed already, or are to go unsigned
	sign    *x509.Certificate //
}

func (c *submitCommand) court() (*court, error) {
	hub, err := c.open()
	if err != nil {
		return nil, err
	}
	out := &court{client: hub}
	if (c.SignCert == "") != (c.SignKey == "") {
		return nil, errors.New("to sign, both --sign-cert and --sign-key are needed")
	}
	if c.SignCert == "" {
		if c.SignMessage {
			return nil, errors.New("--sign-message needs --sign-cert and --sign-key")
		}
		return out, nil
	}
	id := identity{certFile: c.SignCert, keyFile: c.SignKey}
	if err := id.load(); err != nil {
		return nil, fmt.Errorf("reading the signing certificate: %w", err)
	}
	out.sign, out.signKey = id.cert, id.key
	return out, nil
}

func (c *submitCommand) options(from *court) client.Options {
	o := client.Options{MTOM: c.MTOM, Edition: soap.SOAP11}
	if c.SignMessage {
		o.Message = &client.MessageKey{Key: from.signKey, Certificate: from.sign}
	}
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

// sendFile sends one package file.
func (c *court) sendFile(ctx context.Context, file string, attachments []client.Attachment, o client.Options) submitted {
	doc, err := os.ReadFile(file)
	if err != nil {
		return submitted{NotSent: err.Error()}
	}
	return c.send(ctx, doc, attachments, o)
}

// send signs where a key is given, and sends.
func (c *court) send(ctx context.Context, doc []byte, attachments []client.Attachment, o client.Options) submitted {
	if c.sign != nil {
		signed, err := client.Sign(doc, c.signKey, c.sign)
		if err != nil {
			return submitted{NotSent: "signing it: " + err.Error()}
		}
		doc = signed
	}
	body, contentType, err := client.Request(doc, attachments, o)
	if err != nil {
		return submitted{NotSent: err.Error()}
	}
	return c.post(ctx, body, contentType)
}

// post sends a message as it is and files the answer.
func (c *court) post(ctx context.Context, body []byte, contentType string) submitted {
	reply, err := c.client.Post(ctx, body, contentType)
	if err != nil {
		return submitted{NoAnswer: err.Error()}
	}
	receipt, err := reply.Receipt()
	var fault *client.Fault
	switch {
	case err == nil:
		return submitted{Receipt: &receipt}
	case errors.As(err, &fault):
		return submitted{Fault: fault}
	}
	return submitted{NoAnswer: err.Error()}
}

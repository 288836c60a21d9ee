package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"ccpor/evidence"
	"ccpor/exchange/sig"
	"ccpor/mapping/order"
	"ccpor/store"
)

type evidenceCommand struct {
	Database database `embed:""`

	Data     string `help:"Look into the sandbox that keeps its data in this folder, running or not." type:"path" placeholder:"DIR"`
	SealCert string `env:"CCPOR_SEAL_CERT" help:"Certificate with which the hub signs, PEM; a sandbox's own where not given." placeholder:"FILE" type:"path"`
	SealKey  string `env:"CCPOR_SEAL_KEY" help:"Key of that certificate, PEM." placeholder:"FILE" type:"path"`
	Out      string `help:"Where the file goes; TRACKING.evidence where not given." type:"path" placeholder:"FILE"`
	Tracking string `arg:"" help:"The submission's tracking number, as typed."`
}

// Run writes one file with everything about a submission. It holds the whole order: whoever makes it is on record.
func (c *evidenceCommand) Run(ctx context.Context, t *terminal) error {
	tracking, err := order.ParseTracking(c.Tracking)
	if err != nil {
		return err
	}
	signs, err := (&tellConfig{SealCert: c.SealCert, SealKey: c.SealKey}).sealer()
	if err != nil {
		return err
	}
	if signs == nil {
		return errors.New("evidence is signed by the hub: set CCPOR_SEAL_CERT and CCPOR_SEAL_KEY")
	}
	at, err := c.Database.lookInto(ctx, c.Data)
	if err != nil {
		return err
	}
	defer at.done()
	s, err := store.Open(ctx, at.url, at.options())
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Audit(ctx, store.Event{At: time.Now(), Actor: "command line", Action: "submission.evidence", Object: "submission " + string(tracking), Outcome: "asked for"}); err != nil {
		return fmt.Errorf("recording that evidence is made: %w", err)
	}
	file, err := evidence.Collect(ctx, s.Reader, tracking, signs, time.Now())
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("no submission has the number %s here", tracking)
	}
	if err != nil {
		return err
	}
	out := or(c.Out, string(tracking)+".evidence")
	if err := os.WriteFile(out, file, 0o600); err != nil {
		return err
	}
	return t.print(map[string]any{"file": out, "bytes": len(file)},
		"%s holds all about submission %s, the order itself included: keep it as you keep the order.\nAnybody can check it with the hub's certificate: ccpor verify --cert HUB.pem %s\n", out, tracking, out)
}

// evidenceText says in plain words what a file proves.
func evidenceText(t *terminal, p evidence.Proof) string {
	var b strings.Builder
	say := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	f := p.File
	say("Proven. %s answers for this file, made on %s.", signerName(p.Hub[0]), t.moment(f.Made))
	say("  message    received on %s, %d bytes, SHA-256 %s", t.moment(f.Message.ReceivedAt), len(f.Message.Bytes), f.Message.SHA256)
	say("  package    %s of %s, SHA-256 of the signed content %s", f.Package.ID, f.Package.Submitter, f.Package.SHA256)
	if p.Receipt.Test {
		say("             The package is a test.")
	}
	say("  signature  %s, by the certificate SHA-256 %s, registered for %s from %s to %s", f.Package.Algorithm, f.Signer.SHA256, f.Signer.Agency, t.moment(f.Signer.From), t.moment(f.Signer.To))
	if !f.Signer.Revoked.IsZero() {
		say("             revoked on %s, %s", t.moment(f.Signer.Revoked), afterwards(f.Signer.Revoked, f.Message.ReceivedAt))
	}
	say("  receipt    %s, signed by %s", p.Receipt.Tracking, signerName(p.Receipt.Hub))
	say("  ledger     %d records stand in the tree of %d records that was signed on %s", len(f.Records), p.Size, t.moment(p.At))
	for _, r := range f.Records {
		say("             %s", recordText(t, r.Text))
	}
	if s := p.Stamped; s != nil {
		say("  time stamp %s, by the clock of %s (RFC 3161): the acceptance was on record then%s", t.moment(s.At), signerName(s.Authority), unjudged(s.Judged))
	}
	say("  signed with the certificate %s, SHA-256 %s", p.Hub[0].Subject, sig.KeyID(p.Hub[0]))
	return b.String()
}

// afterwards says how a revocation stands to a receipt.
func afterwards(revoked, received time.Time) string {
	if received.Before(revoked) {
		return "after the package was received: it was trusted then"
	}
	return "before the package was received"
}

// recordText is the entry of a record.
func recordText(t *terminal, text string) string {
	var e []any
	var at time.Time
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 3 || json.Unmarshal([]byte(lines[2]), &e) != nil || len(e) < 7 || at.UnmarshalText(fmt.Append(nil, e[1])) != nil {
		return text // it was proven all the same
	}
	return fmt.Sprintf("%s  %v  %v: %v, by %v. %v", t.moment(at), e[3], e[4], e[5], e[2], e[6])
}

func unjudged(judged bool) string {
	if judged {
		return ""
	}
	return "; whose the stamp is was not judged, since no --tsa is given"
}

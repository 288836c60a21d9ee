package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"ccpor/evidence"
	"ccpor/store"
)

type auditCommand struct {
	Verify     auditVerifyCommand     `cmd:"" help:"Compare packages, orders, images, attempts and the audit log with the ledger: what was changed, taken out or put in is listed."`
	Checkpoint auditCheckpointCommand `cmd:"" help:"Print the newest signed checkpoint of the ledger, to be kept elsewhere."`
}

type auditVerifyCommand struct {
	Database database `embed:""`

	Data  string   `help:"Look into the sandbox that keeps its data in this folder, running or not." type:"path" placeholder:"DIR"`
	Cert  []string `env:"CCPOR_HUB_CERT" type:"existingfile" help:"Certificates with which the hub signs, PEM. Without them, whose the checkpoints are is not judged." placeholder:"FILE"`
	Known []string `type:"existingfile" help:"Checkpoints that were kept elsewhere: whoever writes the whole ledger anew cannot change those." placeholder:"FILE"`
}

// Run verifies. Status 0: everything is as the ledger says; 1: it is not.
func (c *auditVerifyCommand) Run(ctx context.Context, t *terminal) error {
	hub, err := readCertificates(c.Cert)
	if err != nil {
		return err
	}
	known, err := c.known(hub)
	if err != nil {
		return err
	}
	at, err := c.Database.lookInto(ctx, c.Data)
	if err != nil {
		return err
	}
	defer at.done()
	r, err := store.OpenReader(ctx, at.url, at.options())
	if err != nil {
		return err
	}
	defer r.Close()
	report, err := r.VerifyLedger(ctx, openCheckpoint(hub), known...)
	if err != nil {
		return err
	}
	if err := t.print(report, "%s", ledgerText(t, report, len(hub) > 0)); err != nil {
		return err
	}
	if len(report.Findings) > 0 {
		return exitStatus(1)
	}
	return nil
}

func openCheckpoint(hub []*x509.Certificate) store.OpenCheckpoint {
	if len(hub) == 0 {
		return nil
	}
	return evidence.Open(hub)
}

// known reads the checkpoints that were kept elsewhere, which must be the hub's.
func (c *auditVerifyCommand) known(hub []*x509.Certificate) ([]store.KnownRoot, error) {
	if len(c.Known) > 0 && len(hub) == 0 {
		return nil, errors.New("to judge a checkpoint that was kept, name the hub's certificate with --cert")
	}
	var known []store.KnownRoot
	for _, file := range c.Known {
		document, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		size, root, _, err := evidence.Open(hub)(document)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		known = append(known, store.KnownRoot{Size: size, Root: root})
	}
	return known, nil
}

// ledgerText says what a verification found.
func ledgerText(t *terminal, r store.LedgerReport, signed bool) string {
	var b strings.Builder
	say := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	if len(r.Findings) == 0 {
		say("Everything is as the ledger says.")
	} else {
		say("%d things are not as the ledger says.", len(r.Findings))
	}
	for _, f := range r.Findings {
		say("  %-9s %s", f.What, f.Where)
	}
	say("  %d audit entries, %d packages, %d orders, %d attempts and %d images were compared; the ledger is of %s.", r.Entries, r.Packages, r.Orders, r.Attempts, r.Images, t.moment(r.At))
	if r.Unopened > 0 {
		say("  What %d images show was not compared: it is encrypted, and no keys are at hand (CCPOR_KEYS).", r.Unopened)
	}
	if r.Pending > 0 {
		say("  %d entries are too new to have a record.", r.Pending)
	}
	switch {
	case r.Checkpoints == 0 && signed:
		say("  There is no signed checkpoint: the hub has no key (CCPOR_SEAL_CERT, CCPOR_SEAL_KEY).")
	case signed:
		say("  %d checkpoints carry the hub's signature.", r.Checkpoints)
	default:
		say("  The roots of %d checkpoints are right; whose they are was not judged, since no --cert is given.", r.Checkpoints)
	}
	say("  tree of %d records, root SHA-256 %x", r.Size, r.Root)
	return b.String()
}

type auditCheckpointCommand struct {
	Database database `embed:""`

	Data string `help:"Look into the sandbox that keeps its data in this folder, running or not." type:"path" placeholder:"DIR"`
}

// Run prints the document as it is: its bytes are what is kept.
func (c *auditCheckpointCommand) Run(ctx context.Context, t *terminal) error {
	at, err := c.Database.lookInto(ctx, c.Data)
	if err != nil {
		return err
	}
	defer at.done()
	r, err := store.OpenReader(ctx, at.url, at.options())
	if err != nil {
		return err
	}
	defer r.Close()
	last, err := r.LastCheckpoint(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return evidence.ErrNoCheckpoint
	}
	if err != nil {
		return err
	}
	return t.print(map[string]any{"size": last.Size, "at": last.At, "document": string(last.Document)}, "%s\n", last.Document)
}

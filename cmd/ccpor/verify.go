package main

import (
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"ccpor/evidence"
	"ccpor/exchange/client"
	"ccpor/exchange/sig"
	"ccpor/mapping/calendar"
	"ccpor/mapping/order"
)

type verifyCommand struct {
	Cert    []string `required:"" env:"CCPOR_HUB_CERT" type:"existingfile" help:"Certificates with which the hub signs, PEM: several while it changes them." placeholder:"FILE"`
	TSA     []string `name:"tsa" env:"CCPOR_TIMESTAMP_CERT" type:"existingfile" help:"Certificates of time-stamping authorities, PEM. Without them, whose a time stamp is is not judged." placeholder:"FILE"`
	Package string   `type:"existingfile" help:"Also say whether the receipt is for this signed package." placeholder:"FILE"`
	File    string   `arg:"" type:"existingfile" help:"The signed receipt, or the hub's whole answer with it, or an evidence file."`
}

// Run verifies offline. Status 0: everything asked for is proven; 1: it is not.
func (c *verifyCommand) Run(t *terminal) error {
	kept, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	if evidence.Is(kept) {
		return c.verifyEvidence(t, kept)
	}
	proof, err := c.verify(kept)
	if err != nil {
		return notProven(t, err)
	}
	return t.print(proofOf(proof), "%s", proofText(t, proof, c.Package))
}

// notProven says why, and ends with status 1.
func notProven(t *terminal, why error) error {
	if err := t.print(map[string]any{"proven": false, "reason": why.Error()}, "Not proven: %s.\n", why); err != nil {
		return err
	}
	return exitStatus(1)
}

func (c *verifyCommand) verifyEvidence(t *terminal, kept []byte) error {
	hub, err := readCertificates(c.Cert)
	if err != nil {
		return notProven(t, err)
	}
	authorities, err := readPool(c.TSA)
	if err != nil {
		return notProven(t, err)
	}
	p, err := evidence.Verify(kept, hub, authorities)
	if err != nil {
		return notProven(t, err)
	}
	return t.print(evidenceOut(p), "%s", evidenceText(t, p))
}

func (c *verifyCommand) verify(kept []byte) (client.Proof, error) {
	hub, err := readCertificates(c.Cert)
	if err != nil {
		return client.Proof{}, err
	}
	signed, err := client.FindReceipt(kept)
	if err != nil {
		return client.Proof{}, err
	}
	proof, err := client.VerifyReceipt(signed, hub)
	if err != nil || c.Package == "" {
		return proof, err
	}
	pkg, err := os.ReadFile(c.Package)
	if err != nil {
		return client.Proof{}, err
	}
	return proof, proof.Covers(pkg)
}

// proofText says in plain words what a receipt proves.
func proofText(t *terminal, p client.Proof, pkg string) string {
	var b strings.Builder
	say := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	say("Proven. %s signed this receipt on %s.", signerName(p.Hub), t.moment(p.SignedAt))
	say("  It received package %s of %s on %s, and keeps it as %s.", p.Package, or(string(p.Submitter), "an agency that the receipt does not name"), t.moment(p.ReceivedAt), p.Tracking)
	if p.Duplicate {
		say("  This is a later receipt for a package that had been received then already.")
	}
	if p.Test {
		say("  The package is a test.")
	}
	say("  the package's signed content  SHA-256 %s", p.PackageSHA256)
	say("  the message that brought it   SHA-256 %s", p.MessageSHA256)
	switch d := p.Entry.Deadline; {
	case !p.Entry.Owed:
		say("  Nothing is owed to CARPOS for it. %s", p.Entry.NotOwed)
	case !d.IsZero():
		say("  due in CARPOS %s: %s", t.moment(d), calendar.Explain(p.Entry.Rule))
	default:
		say("  The hub owes it to CARPOS.")
	}
	if pkg != "" {
		say("  %s is that package.", pkg)
	}
	say("  signed with the certificate %s, SHA-256 %s", p.Hub.Subject, sig.KeyID(p.Hub))
	return b.String()
}

func signerName(c *x509.Certificate) string { return or(c.Subject.CommonName, c.Subject.String()) }

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// proofOut is a proof as JSON.
type proofOut struct {
	Proven        bool           `json:"proven"`
	Hub           string         `json:"hub"`
	Certificate   string         `json:"certificate"` // SHA-256
	SignedAt      time.Time      `json:"signedAt"`
	Tracking      order.Tracking `json:"tracking"`
	Package       order.LocalID  `json:"package"`
	Submitter     order.ORI      `json:"submitter,omitempty"`
	ReceivedAt    time.Time      `json:"receivedAt"`
	PackageSHA256 string         `json:"packageSHA256"`
	MessageSHA256 string         `json:"messageSHA256"`
	Duplicate     bool           `json:"duplicate,omitempty"`
	Test          bool           `json:"test,omitempty"`
	Owed          bool           `json:"owed"`
	Due           *time.Time     `json:"due,omitempty"`
}

func proofOf(p client.Proof) proofOut {
	out := proofOut{true, signerName(p.Hub), sig.KeyID(p.Hub), p.SignedAt, p.Tracking, p.Package, p.Submitter, p.ReceivedAt, p.PackageSHA256, p.MessageSHA256,
		p.Duplicate, p.Test, p.Entry.Owed, nil}
	if !p.Entry.Deadline.IsZero() {
		out.Due = &p.Entry.Deadline
	}
	return out
}

// evidenceOut is what a file proves as JSON.
func evidenceOut(p evidence.Proof) map[string]any {
	f := p.File
	out := map[string]any{"proven": true, "tracking": f.Tracking, "package": f.Package.ID, "submitter": f.Package.Submitter, "test": p.Receipt.Test, "receivedAt": f.Message.ReceivedAt,
		"packageSHA256": f.Package.SHA256, "messageSHA256": f.Message.SHA256, "signer": f.Signer.SHA256, "treeSize": p.Size, "records": len(f.Records), "stamp": stampOut(p.Stamped)}
	if !f.Signer.Revoked.IsZero() {
		out["signerRevoked"] = f.Signer.Revoked
	}
	return out
}

// stampOut is a time stamp as JSON, or nil.
func stampOut(s *evidence.StampProof) any {
	if s == nil {
		return nil
	}
	return map[string]any{"at": s.At, "authority": s.Authority.Subject.String(), "certificate": sig.KeyID(s.Authority), "trusted": s.Judged}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"ccpor/exchange/client"
)

// validateCommand sends what submit would send, to be tried only.
type validateCommand struct {
	connection `embed:""`

	SignCert string            `type:"existingfile" help:"Sign the packages with this certificate, PEM. Without it they must be signed already."`
	SignKey  string            `type:"existingfile" help:"Key of that certificate, PEM."`
	Image    map[string]string `help:"Images that go with every package, as DocumentIdentification=FILE." placeholder:"ID=FILE"`

	Files []string `arg:"" type:"existingfile" help:"Order packages, XML."`
}

func (c *validateCommand) Run(ctx context.Context, t *terminal) error {
	as := submitCommand{connection: c.connection, SignCert: c.SignCert, SignKey: c.SignKey, Image: c.Image}
	court, err := as.court()
	if err != nil {
		return err
	}
	defer court.client.Close()
	attachments, err := as.attachments()
	if err != nil {
		return err
	}
	bad := false
	for _, file := range c.Files {
		report, err := court.try(ctx, file, attachments)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		bad = bad || !report.Acceptable
		if err := t.print(reportOf(file, report), "%s  %s", file, reportText(report)); err != nil {
			return err
		}
	}
	if bad {
		return exitStatus(1)
	}
	return nil
}

func (c *court) try(ctx context.Context, file string, attachments []client.Attachment) (client.Report, error) {
	doc, err := os.ReadFile(file)
	if err == nil && c.sign != nil {
		doc, err = client.Sign(doc, c.signKey, c.sign)
	}
	if err != nil {
		return client.Report{}, err
	}
	report, err := c.client.Validate(ctx, doc, attachments, client.Options{})
	var fault *client.Fault
	if errors.As(err, &fault) { // the message itself was refused: nothing could be tried
		return client.Report{FaultCode: fault.Code, Problems: append(fault.Problems, client.Problem{Code: fault.Code, Text: fault.Text, Fix: fault.Hint, Whose: fault.Whose})}, nil
	}
	return report, err
}

func reportText(r client.Report) string {
	var b strings.Builder
	if r.Acceptable {
		b.WriteString("would be taken\n")
	} else {
		fmt.Fprintf(&b, "would be refused: %s\n", r.FaultCode)
	}
	for _, s := range r.Stages {
		fmt.Fprintf(&b, "  %s %-10s %s\n", okMark(s.Passed), s.Name, time.Duration(s.Microseconds)*time.Microsecond)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "  ✗ %s%s%s (%s)\n", p.Text, named(" At ", p.Path), named(" ", p.Fix), p.Whose)
	}
	for _, p := range r.Warnings {
		fmt.Fprintf(&b, "  warning %s: %s\n", p.Code, p.Text)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "  note %s: %s\n", n.Code, n.Text)
	}
	if r.Plan != nil {
		b.WriteString(planText(*r.Plan))
	}
	return b.String()
}

func planText(p client.Plan) string {
	var b strings.Builder
	if p.Transaction != "" {
		fmt.Fprintf(&b, "  CARPOS would get %s\n", p.Transaction)
	}
	for _, f := range p.Fields {
		fmt.Fprintf(&b, "    %-4s %-34s %s\n", f.Code, f.Text, f.Value)
	}
	for _, l := range p.Lacks {
		fmt.Fprintf(&b, "  CARPOS would lack %s: %s%s (%s)\n", l.Field, l.Reason, named(" ", l.FormItem), l.Whose)
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "  note %s: %s\n", n.Code, n.Text)
	}
	return b.String()
}

type reportOut struct {
	File       string        `json:"file"`
	Acceptable bool          `json:"acceptable"`
	Code       string        `json:"code,omitempty"`
	Problems   []problemOut  `json:"problems,omitempty"`
	Warnings   []problemOut  `json:"warnings,omitempty"`
	Notes      []client.Note `json:"notes,omitempty"`
	Plan       *client.Plan  `json:"carpos,omitempty"`
}

func reportOf(file string, r client.Report) reportOut {
	return reportOut{file, r.Acceptable, r.FaultCode, problemsOut(r.Problems), problemsOut(r.Warnings), r.Notes, r.Plan}
}

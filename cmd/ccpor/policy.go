package main

import (
	"context"
	"fmt"
	"strings"

	"ccpor/exchange/client"
)

type policyCommand struct {
	connection `embed:""`
}

func (c *policyCommand) Run(ctx context.Context, t *terminal) error {
	hub, err := c.open()
	if err != nil {
		return err
	}
	defer hub.Close()
	p, err := hub.Policy(ctx, client.Options{})
	if err != nil {
		return err
	}
	return t.print(p, "%s", t.policyText(p))
}

// policyText tells the policy to a person. Code lists and codes are long: they are in the JSON.
func (t *terminal) policyText(p client.Policy) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Policy %s\n\nForms\n", p.Edition)
	for _, f := range p.Forms {
		fmt.Fprintf(&b, "  %-10s %-10s %-13s %-8s %s%s\n", f.Number, f.Revision, f.Kind, strings.Join(f.Types, " "), f.Title, named("; until ", f.Until))
	}
	b.WriteString("\nLimits\n")
	for _, l := range p.Limits {
		fmt.Fprintf(&b, "  %-20s %d\n", l.Name, l.Value)
	}
	for _, a := range p.Algorithms {
		fmt.Fprintf(&b, "signed by  %s\n", a)
	}
	for _, m := range p.Maintenance {
		fmt.Fprintf(&b, "maintenance  %s\n", m)
	}
	for _, w := range p.Windows {
		fmt.Fprintf(&b, "next away  %s to %s: %s\n", t.moment(w.Starts), t.moment(w.Ends), w.Text)
	}
	fmt.Fprintf(&b, "%d code lists and %d error codes: --json\n", len(p.Lists), len(p.Errors))
	return b.String()
}

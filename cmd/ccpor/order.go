package main

import (
	"context"
	"fmt"
	"strings"

	"ccpor/exchange/client"
	"ccpor/mapping/order"
)

type orderCommand struct {
	inquirer `embed:""`

	Court string `arg:"" help:"ORI of the court that made the order."`
	Order string `arg:"" help:"The court's own identification of the order."`
}

func (c *orderCommand) Run(ctx context.Context, t *terminal) error {
	hub, err := c.open()
	if err != nil {
		return err
	}
	defer hub.Close()
	o, err := hub.Order(ctx, c.requester(), order.ORI(c.Court), order.LocalID(c.Order), client.Options{})
	if err != nil {
		return err
	}
	return t.print(o, "%s", orderText(o))
}

// orderText tells an order's history and then its content, as XML.
func orderText(o client.Order) string {
	var b strings.Builder
	b.WriteString(outlineText(o.Outline))
	if o.Follows != "" {
		fmt.Fprintf(&b, "  follows %s\n", o.Follows)
	}
	for _, f := range o.Followers {
		fmt.Fprintf(&b, "  is followed by %s\n", f)
	}
	for _, v := range o.Versions {
		fmt.Fprintf(&b, "  version %d, submission %s%s%s\n", v.Number, v.Tracking, named(", changed ", v.Date), named(": ", v.Reason))
	}
	for _, s := range o.Services {
		source := "by no package: law enforcement recorded it, or CARPOS reported it"
		if s.Tracking != "" {
			source = "submission " + string(s.Tracking)
		}
		fmt.Fprintf(&b, "  served %s %s (%s) by %s, %s\n", s.Date, s.Time, s.Method, s.Server, source)
	}
	if e := o.Ended; e != nil {
		fmt.Fprintf(&b, "  ended %s: %s\n", e.Date, e.Reason)
	}
	for _, i := range o.Images {
		fmt.Fprintf(&b, "  image %s %s: %s, %s, %d bytes\n", i.Tracking, i.ID, i.Role, i.Media, i.Bytes)
	}
	if o.Withheld {
		b.WriteString("  The protected side's whereabouts are withheld from you.\n")
	}
	b.WriteString(o.Document.XML + "\n")
	return b.String()
}

package main

import (
	"context"
	"os"

	"ccpor/exchange/client"
	"ccpor/mapping/order"
)

type imageCommand struct {
	asking `embed:""`

	Out      string `required:"" type:"path" help:"File to write it to; one that is there is not overwritten." placeholder:"FILE"`
	Court    string `arg:"" help:"ORI of the court that made the order."`
	Order    string `arg:"" help:"The court's own identification of the order."`
	Tracking string `arg:"" help:"The submission that brought the image."`
	Document string `arg:"" help:"The image's identification, as the order tells it."`
}

func (c *imageCommand) Run(ctx context.Context, t *terminal) error {
	tracking, err := order.ParseTracking(c.Tracking)
	if err != nil {
		return err
	}
	hub, err := c.open()
	if err != nil {
		return err
	}
	defer hub.Close()
	p, err := hub.Image(ctx, c.requester(), order.ORI(c.Court), order.LocalID(c.Order), tracking, c.Document, client.Options{})
	if err != nil {
		return err
	}
	if err := writeNew(c.Out, p.Content); err != nil {
		return err
	}
	return t.print(p.Image, "%s: %s, %s, %d bytes, SHA-256 %s as the court signed it.\n", c.Out, p.Role, p.Media, p.Bytes, p.SHA256)
}

// writeNew writes a file that only its owner reads, and that was not there.
func writeNew(name string, content []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

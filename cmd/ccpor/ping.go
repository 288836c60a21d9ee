package main

import (
	"context"

	"ccpor/exchange/client"
)

type pingCommand struct {
	connection `embed:""`
}

func (c *pingCommand) Run(ctx context.Context, t *terminal) error {
	hub, err := c.open()
	if err != nil {
		return err
	}
	defer hub.Close()
	pong, err := hub.Ping(ctx, client.Options{})
	if err != nil {
		return err
	}
	kind := ""
	if pong.Test {
		kind = ", a test agency"
	}
	return t.print(pong, "The hub answers at %s. You are %s (%s%s). It decides by %s.\n", t.moment(pong.Time), pong.Name, pong.Agency, kind, pong.Policy)
}

package main

import (
	"context"
	"fmt"
	"time"

	"ccpor/exchange/client"
)

type listCommand struct {
	connection `embed:""`

	Since  string    `help:"Go on from the cursor that the last call printed." placeholder:"CURSOR"`
	State  string    `enum:",accepted,refused" default:"" help:"Only accepted or refused ones."`
	Action string    `enum:",add,modify,cancel,serve,attach" default:"" help:"Only those of an action."`
	From   time.Time `format:"2006-01-02T15:04:05Z07:00" help:"Leave out what was received before." placeholder:"TIME"`
	Limit  int       `help:"How many at most, up to 500; the hub's own number where not given."`
}

func (c *listCommand) Run(ctx context.Context, t *terminal) error {
	hub, err := c.open()
	if err != nil {
		return err
	}
	defer hub.Close()
	page, err := hub.List(ctx, client.ListQuery{Since: c.Since, State: c.State, Action: c.Action, From: c.From, Limit: c.Limit}, client.Options{})
	if err != nil {
		return err
	}
	if t.json {
		return t.print(page, "")
	}
	for _, s := range page.Submissions {
		fmt.Fprintf(t.out, "%s  %s  %-8s %-6s %s%s%s\n    %s (%s)\n", s.Tracking, t.moment(s.ReceivedAt), s.State, s.Action, s.Package, named("  CARPOS ", s.Transmission), named("  ", s.FaultCode), s.Next, s.Whose)
	}
	more := ""
	if page.More {
		more = "There is more. "
	}
	fmt.Fprintf(t.out, "%s%d told. Go on with --since %q\n", more, len(page.Submissions), page.Cursor)
	return nil
}

package main

import (
	"context"
	"fmt"
	"strings"

	"ccpor/exchange/client"
)

// inquirer is who asks about an order; the agency vouches for it, and the hub puts it on record.
type inquirer struct {
	connection `embed:""`

	User    string `required:"" help:"The person who asks, as the agency knows that person. It is put on record."`
	Role    string `required:"" enum:"judicialOfficer,courtClerk,lawEnforcement,helpDesk" help:"In what role: ${enum}."`
	Purpose string `required:"" help:"Why, up to 200 characters. It is put on record."`
}

func (a inquirer) requester() client.Requester {
	return client.Requester{User: a.User, Role: a.Role, Purpose: a.Purpose}
}

type searchCommand struct {
	inquirer `embed:""`

	Surname string `help:"Surname; with an asterisk at its end, names that begin so."`
	Given   string `help:"Given name."`
	Party   string `enum:",restrained,protected" default:"" help:"On which side."`
	Born    string `help:"Date of birth of the restrained person." placeholder:"DATE"`
	Case    string `help:"Case number."`
	FCN     string `name:"fcn" help:"CARPOS's number of the order."`
	Text    string `help:"What one would type into one box: a name as one has heard it, a date of birth, a number, or several of them. Names are found that are only like it, the best first."`
	Limit   int    `help:"How many at most, up to 100; the hub's own number where not given."`
}

func (c *searchCommand) Run(ctx context.Context, t *terminal) error {
	hub, err := c.open()
	if err != nil {
		return err
	}
	defer hub.Close()
	found, err := hub.Search(ctx, c.requester(), client.SearchQuery{Surname: c.Surname, Given: c.Given, Party: c.Party, Born: c.Born, Case: c.Case, FCN: c.FCN, Limit: c.Limit, Text: c.Text}, client.Options{})
	if err != nil {
		return err
	}
	if t.json {
		return t.print(found, "")
	}
	for _, o := range found.Orders {
		fmt.Fprint(t.out, outlineText(o))
	}
	more := ""
	if found.More {
		more = " There are more: search for less."
	}
	fmt.Fprintf(t.out, "%d found.%s\n", len(found.Orders), more)
	return nil
}

// outlineText tells which order it is, and how it stands, on two or three lines.
func outlineText(o client.Outline) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s  %s %s, %s\n", o.Court, o.ID, o.Form, o.Type, o.Status)
	until := named(", until ", o.Expires)
	if o.Expires == "" {
		until = ", " + o.Basis
	}
	fmt.Fprintf(&b, "    %s, issued %s%s%s%s\n", o.CourtName, o.Issued, until, named(", case ", o.Case), named(", FCN ", string(o.FCN)))
	if o.Restrained != nil {
		names := make([]string, len(o.Protected))
		for i, p := range o.Protected {
			names[i] = p.String()
		}
		fmt.Fprintf(&b, "    restrained %s%s%s\n", o.Restrained, named(", born ", o.Born), named("; protected ", strings.Join(names, ", ")))
	}
	return b.String()
}

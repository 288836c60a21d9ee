package main

import (
	"context"
	"fmt"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

type agencyContactCommand struct {
	List   contactListCommand   `cmd:"" default:"withargs" help:"List whom to call at an agency."`
	Add    contactAddCommand    `cmd:"" help:"Add a function that is called: no names of people."`
	Remove contactRemoveCommand `cmd:"" help:"Take a contact away."`
}

type contactListCommand struct {
	Database database `embed:""`

	ORI string `required:"" help:"The agency's ORI."`
}

func (c *contactListCommand) Run(ctx context.Context, t *terminal) error {
	return withAgency(ctx, c.Database, c.ORI, func(s *store.Store, a store.Agency) error {
		all, err := s.ContactsOf(ctx, a.ORI)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return t.say("Nobody is named at %s.\n", a.ORI)
		}
		for _, c := range all {
			if err := t.print(c, "%s", contactText(c)); err != nil {
				return err
			}
		}
		return nil
	})
}

func contactText(c store.Contact) string {
	return fmt.Sprintf("%d  %-12s  %s  %s  %s  %s\n", c.ID, c.Kind, c.Name, or(c.Telephone, "-"), or(c.Email, "-"), c.Hours)
}

type contactAddCommand struct {
	Database database `embed:""`
	person   `embed:""`

	ORI       string            `required:"" help:"The agency's ORI."`
	Kind      store.ContactKind `required:"" enum:"office,technical,confirmation,helpDesk" help:"What for: ${enum}. confirmation is who confirms hits around the clock."`
	Name      string            `required:"" help:"The function, as \"Clerk's office, protective orders\"."`
	Telephone string            `help:"Its telephone number." placeholder:"NUMBER"`
	Email     string            `help:"Its e-mail address." placeholder:"ADDRESS"`
	Hours     string            `help:"When it answers, in words." placeholder:"TEXT"`
}

func (c *contactAddCommand) Run(ctx context.Context, t *terminal) error {
	by, err := c.by()
	if err != nil {
		return err
	}
	return withAgency(ctx, c.Database, c.ORI, func(s *store.Store, a store.Agency) error {
		kept, err := s.AddContact(ctx, store.Contact{Agency: a.ORI, Kind: c.Kind, Name: c.Name, Telephone: c.Telephone, Email: c.Email, Hours: c.Hours}, by, time.Now())
		if err != nil {
			return err
		}
		return t.print(kept, "%s", contactText(kept))
	})
}

type contactRemoveCommand struct {
	Database database `embed:""`
	person   `embed:""`

	ORI    string          `required:"" help:"The agency's ORI."`
	Number store.ContactID `arg:"" help:"The contact's number, as 'ccpor agency contact' tells it."`
}

func (c *contactRemoveCommand) Run(ctx context.Context, t *terminal) error {
	by, err := c.by()
	if err != nil {
		return err
	}
	return withAgency(ctx, c.Database, c.ORI, func(s *store.Store, a store.Agency) error {
		if err := missing(s.RemoveContact(ctx, a.ORI, c.Number, by, time.Now()), "%s has no contact %d", a.ORI, c.Number); err != nil {
			return err
		}
		return t.print(map[string]any{"agency": a.ORI, "removed": c.Number}, "Contact %d of %s is taken away.\n", c.Number, a.ORI)
	})
}

type agencyClosureCommand struct {
	List   closureListCommand   `cmd:"" default:"withargs" help:"List on which days a court is closed, from today on."`
	Add    closureAddCommand    `cmd:"" help:"Say that a court is closed. Deadlines of orders that come from now on are counted without these days."`
	Remove closureRemoveCommand `cmd:"" help:"Say that a court is open on a day after all. Deadlines that were given stay."`
}

type closureListCommand struct {
	Database database `embed:""`

	ORI  string `required:"" help:"The court's ORI."`
	From string `help:"From this day on, instead of today." placeholder:"DATE"`
}

func (c *closureListCommand) Run(ctx context.Context, t *terminal) error {
	from := order.DateOf(time.Now().In(t.zone))
	if c.From != "" {
		var err error
		if from, err = order.ParseDate(c.From); err != nil {
			return fmt.Errorf("--from: %w", err)
		}
	}
	return withAgency(ctx, c.Database, c.ORI, func(s *store.Store, a store.Agency) error {
		all, err := s.ClosuresOf(ctx, a.ORI, from)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return t.say("%s is closed on no day from %s on but the judicial holidays.\n", a.ORI, from)
		}
		for _, c := range all {
			if err := t.print(c, "%s  %s\n", c.Day, c.Name); err != nil {
				return err
			}
		}
		return nil
	})
}

type closureAddCommand struct {
	Database database `embed:""`
	person   `embed:""`

	ORI  string `required:"" help:"The court's ORI."`
	Name string `required:"" help:"Why, in a few words."`
	Day  string `arg:"" help:"The day, as 2026-11-27, or the first of several."`
	Last string `arg:"" optional:"" help:"The last day."`
}

func (c *closureAddCommand) Run(ctx context.Context, t *terminal) error {
	by, err := c.by()
	if err != nil {
		return err
	}
	first, err := order.ParseDate(c.Day)
	if err != nil {
		return err
	}
	last, err := order.ParseDate(or(c.Last, c.Day))
	if err != nil {
		return err
	}
	return withAgency(ctx, c.Database, c.ORI, func(s *store.Store, a store.Agency) error {
		if err := s.CloseCourt(ctx, a.ORI, first, last, c.Name, by, time.Now()); err != nil {
			return err
		}
		return t.print(map[string]any{"agency": a.ORI, "first": first, "last": last, "name": c.Name}, "%s is closed from %s to %s. Running hubs know within five seconds.\n", a.ORI, first, last)
	})
}

type closureRemoveCommand struct {
	Database database `embed:""`
	person   `embed:""`

	ORI string `required:"" help:"The court's ORI."`
	Day string `arg:"" help:"The day, as 2026-11-27."`
}

func (c *closureRemoveCommand) Run(ctx context.Context, t *terminal) error {
	by, err := c.by()
	if err != nil {
		return err
	}
	day, err := order.ParseDate(c.Day)
	if err != nil {
		return err
	}
	return withAgency(ctx, c.Database, c.ORI, func(s *store.Store, a store.Agency) error {
		if err := missing(s.OpenCourt(ctx, a.ORI, day, by, time.Now()), "%s was not said to be closed on %s", a.ORI, day); err != nil {
			return err
		}
		return t.print(map[string]any{"agency": a.ORI, "open": day}, "%s is open on %s.\n", a.ORI, day)
	})
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ccpor/clets/carpos"
	"ccpor/mapping/order"
	"ccpor/store"
)

type violationCommand struct {
	Database database `embed:""`
	person   `embed:""`

	Order    string `required:"" help:"Tracking number of a submission about the order." placeholder:"NUMBER"`
	At       string `required:"" help:"When it happened, by the courts' clock, as 2026-11-20T21:30." placeholder:"TIME"`
	Place    string `help:"Where." placeholder:"TEXT"`
	Agency   string `required:"" help:"ORI of the law-enforcement agency that reports it; it must be registered." placeholder:"ORI"`
	Report   string `required:"" help:"Number of its report, 1 to 20 characters." placeholder:"NUMBER"`
	Arrested bool   `help:"The restrained person was arrested for it."`
	Text     string `required:"" help:"What happened, in the agency's words; CARPOS takes 500 characters." placeholder:"TEXT"`
}

func (c *violationCommand) Run(ctx context.Context, t *terminal) error {
	who, err := c.onRecord()
	if err != nil {
		return err
	}
	v, err := c.violation(t.zone)
	if err != nil {
		return err
	}
	tracking, err := order.ParseTracking(c.Order)
	if err != nil {
		return err
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		if err := sayable(ctx, s, tracking, v); err != nil {
			return err
		}
		id, err := s.ReportViolation(ctx, tracking, v, who, time.Now())
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("no order of a submission %s, or no agency %s is registered here", tracking, v.Agency)
		}
		if err != nil {
			return err
		}
		return t.print(map[string]any{"transmission": id, "tracking": tracking, "report": v.Report}, "The violation is kept, and goes to CARPOS as transmission %d, behind what came for the order before. ccpor status %s says how it stands.\n", id, tracking)
	})
}

func (c *violationCommand) violation(zone *time.Location) (order.Violation, error) {
	at, err := time.ParseInLocation("2006-01-02T15:04", c.At, zone)
	if err != nil {
		return order.Violation{}, errors.New("--at is no day and time as 2026-11-20T21:30")
	}
	if at.After(time.Now()) {
		return order.Violation{}, errors.New("--at is still to come")
	}
	agency, err := order.ParseORI(c.Agency)
	if err != nil {
		return order.Violation{}, err
	}
	return order.Violation{At: at, Place: strings.TrimSpace(c.Place), Agency: agency, Report: strings.TrimSpace(c.Report), Arrested: c.Arrested, Text: strings.TrimSpace(c.Text)}, nil
}

// sayable says at once what would hold the violation later for what the person has typed. CARPOS's number of the order may still be to come.
func sayable(ctx context.Context, s *store.Store, t order.Tracking, v order.Violation) error {
	dictionary, err := carpos.Load()
	if err != nil {
		return err
	}
	o, err := s.Reader.Order(ctx, t)
	if err != nil {
		return fmt.Errorf("looking for the order of submission %s: %w", t, err)
	}
	_, lacks := dictionary.Violate(v, carpos.Context{ORI: o.Court.ORI, FCN: "0", Restrained: o.Restrained.Name})
	var wrong []string
	for _, l := range lacks {
		wrong = append(wrong, l.Field+": "+l.Reason)
	}
	if len(wrong) > 0 {
		return errors.New("CARPOS does not take it so. " + strings.Join(wrong, " "))
	}
	return nil
}

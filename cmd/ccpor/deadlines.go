package main

import (
	"context"
	"fmt"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

// clockConfig is when somebody is warned of deadlines.
type clockConfig struct {
	Warn []float64 `name:"deadline-warn" env:"CCPOR_DEADLINE_WARN" default:"0.5,0.8" help:"Shares of the time from receipt to deadline at which a transmission that CARPOS has not accepted is at risk, and is warned of."`
}

type deadlinesCommand struct {
	Database    database `embed:""`
	clockConfig `embed:""`

	Agency string        `help:"Only those of the agency with this ORI." placeholder:"ORI"`
	Late   bool          `help:"Only those whose deadline has passed."`
	Within time.Duration `help:"Those too that are due within this time, at risk or not." placeholder:"TIME"`
	Limit  int           `default:"1000" help:"How many at most, oldest deadline first."`
}

// deadlineOut is a line of the list as JSON.
type deadlineOut struct {
	Tracking   order.Tracking `json:"tracking"`
	Agency     order.ORI      `json:"agency"`
	Name       string         `json:"name"`
	Kind       store.Kind     `json:"kind"`
	Action     store.Action   `json:"action"`
	State      string         `json:"state"`
	Standing   store.Standing `json:"standing"`
	ReceivedAt time.Time      `json:"receivedAt"`
	Due        time.Time      `json:"due"`
	Rule       string         `json:"rule"`
	Whose      store.Party    `json:"whose"`
	Delay      store.Party    `json:"delay,omitempty"`
	Outlook    string         `json:"outlook,omitempty"`
	Reason     string         `json:"reason,omitempty"`
}

// Run lists. Status 1 says that something is late.
func (c *deadlinesCommand) Run(ctx context.Context, t *terminal) error {
	ori, err := optionalORI(c.Agency)
	if err == nil {
		err = store.CheckShares(c.Warn)
	}
	if err != nil {
		return err
	}
	now := time.Now()
	return withStore(ctx, c.Database, func(s *store.Store) error {
		owed, err := s.Deadlines(ctx, store.DeadlineQuery{Now: now, Warn: c.Warn, Within: c.Within, LateOnly: c.Late, Agency: ori, Limit: c.Limit})
		if err != nil {
			return err
		}
		if err := s.Audit(ctx, store.Event{At: now, Actor: "command line", Action: "deadlines.read", Object: "deadlines", Outcome: "shown"}); err != nil {
			return fmt.Errorf("recording the look at the deadlines: %w", err)
		}
		return c.tell(t, owed)
	})
}

func (c *deadlinesCommand) tell(t *terminal, owed []store.OwedBy) error {
	late := false
	for _, d := range owed {
		late = late || d.Outlook.Standing == store.StandingLate
		out := deadlineOut{d.Tracking, d.AgencyORI, d.AgencyName, d.Kind, d.Action, string(d.State), d.Outlook.Standing, d.ReceivedAt, d.Due, d.Rule, d.Next.Whose, d.Outlook.Delay, d.Outlook.Sentence, d.Reason}
		if err := t.print(out, "%s  %-7s  due %s  %s  %s %-8s  next move: %s%s%s\n", d.Tracking, d.Outlook.Standing, t.moment(d.Due), d.AgencyORI, d.Kind, d.State, d.Next.Whose,
			named("\n    ", d.Outlook.Sentence), named("\n    held: ", d.Reason)); err != nil {
			return err
		}
	}
	if len(owed) == c.Limit {
		if err := t.say("There may be more: --limit\n"); err != nil {
			return err
		}
	}
	if len(owed) == 0 {
		return t.say("Nothing is %s.\n", map[bool]string{true: "late", false: "late or at risk"}[c.Late])
	}
	if late {
		return exitStatus(1)
	}
	return nil
}

// optionalORI is empty where nothing was given.
func optionalORI(s string) (order.ORI, error) {
	if s == "" {
		return "", nil
	}
	return order.ParseORI(s)
}

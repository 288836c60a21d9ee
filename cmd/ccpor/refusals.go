package main

import (
	"context"
	"fmt"
	"time"

	"ccpor/store"
)

type refusalsCommand struct {
	Database database `embed:""`

	Since time.Duration `default:"24h" help:"How far to look back."`
	Last  int           `default:"10" help:"How many of the last refusals to list."`
}

func (c *refusalsCommand) Run(ctx context.Context, t *terminal) error {
	since := time.Now().Add(-c.Since)
	return withStore(ctx, c.Database, func(s *store.Store) error {
		counts, err := s.RefusalCounts(ctx, since)
		if err != nil {
			return err
		}
		if len(counts) == 0 {
			return t.say("Nothing was refused since %s.\n", t.moment(since))
		}
		for _, n := range counts {
			if err := t.print(n, "%6d  %-24s  %-10s  %s, last %s\n", n.Count, n.Who, n.Stage, n.Code, t.moment(n.Last)); err != nil {
				return err
			}
		}
		last, err := s.LastRefusals(ctx, since, c.Last)
		if err != nil {
			return err
		}
		for _, r := range last {
			if err := t.print(r, "%s  %-24s  %-10s  %s  %s\n", t.moment(r.At), r.Who, r.Stage, r.Code, r.Tracking); err != nil {
				return err
			}
		}
		return nil
	})
}

type alarmsCommand struct {
	List alarmsListCommand `cmd:"" default:"withargs" help:"List alarms that are not cleared. Status 1 where one is not acknowledged."`
	Ack  alarmsAckCommand  `cmd:"" help:"Acknowledge an alarm. It is not raised anew before its cause is gone."`
}

type alarmsListCommand struct {
	Database database `embed:""`

	All bool `help:"Those that are cleared too."`
}

func (c *alarmsListCommand) Run(ctx context.Context, t *terminal) error {
	return withStore(ctx, c.Database, func(s *store.Store) error {
		alarms, err := s.Alarms(ctx, c.All)
		if err != nil {
			return err
		}
		if len(alarms) == 0 {
			return t.say("No alarm is raised.\n")
		}
		open := 0
		for _, a := range alarms {
			if a.State() == "open" {
				open++
			}
			if err := t.print(a, "%d  %-12s  %-9s  %s; raised %s, %s %s%s%s\n", a.ID, a.State(), a.Kind, a.Sentence(), t.moment(a.Raised), lastWord(a.Kind), t.moment(a.Last),
				t.by(", acknowledged ", a.Acked, a.AckedBy), t.by(", cleared ", a.Cleared, "")); err != nil {
				return err
			}
		}
		if open > 0 {
			return exitStatus(1)
		}
		return nil
	})
}

// lastWord says what an alarm's last moment is.
func lastWord(k store.AlarmKind) string {
	if k == store.AlarmRefusals {
		return "last"
	}
	return "since"
}

// by says when something was done and by whom; nothing where it was not.
func (t *terminal) by(what string, at time.Time, who string) string {
	if at.IsZero() {
		return ""
	}
	return what + t.moment(at) + named(" by ", who)
}

type alarmsAckCommand struct {
	Database database `embed:""`

	ID int64 `arg:"" help:"The alarm's number."`
}

func (c *alarmsAckCommand) Run(ctx context.Context, t *terminal) error {
	return withStore(ctx, c.Database, func(s *store.Store) error {
		if err := s.AcknowledgeAlarm(ctx, c.ID, "command line", time.Now()); err != nil {
			return fmt.Errorf("acknowledging alarm %d: %w", c.ID, err)
		}
		return t.print(map[string]any{"alarm": c.ID, "acknowledged": true}, "Alarm %d is acknowledged. It clears when its cause is gone.\n", c.ID)
	})
}

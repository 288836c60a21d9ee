package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ccpor/clets/relay"
	"ccpor/store"
)

type linesCommand struct {
	Database database `embed:""`
}

// Run lists the lines of all hubs. Status 1 says that one is up with nobody.
func (c *linesCommand) Run(ctx context.Context, t *terminal) error {
	now := time.Now()
	return withStore(ctx, c.Database, func(s *store.Store) error {
		lines, err := s.Lines(ctx)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return t.say("No hub with a switch is running.\n")
		}
		up := map[string]bool{}
		for _, l := range lines {
			up[l.Line] = up[l.Line] || l.Up && !l.Silent(now)
			if err := t.printLine(l, now); err != nil {
				return err
			}
		}
		for _, isUp := range up {
			if !isUp {
				return exitStatus(1)
			}
		}
		return nil
	})
}

func (t *terminal) printLine(l store.LineReport, now time.Time) error {
	state, heard := "down", "nothing"
	switch {
	case l.Silent(now):
		state = "gone" // whatever the hub said last
	case l.Up:
		state = "up"
	}
	if !l.Heard.IsZero() {
		heard = t.moment(l.Heard)
	}
	return t.print(struct {
		store.LineReport
		State string `json:"state"`
	}{l, state}, "%s  %-4s  since %s  hub %s  held by %s  %d of %d unanswered  last heard %s  seen %s%s%s\n", l.Line, state, t.moment(l.Since), l.Hub, or(l.Holder, "nobody"),
		l.UnderWay, l.Window, heard, t.moment(l.Seen), map[bool]string{true: "  (test switch)", false: ""}[l.Test], named("\n    ", l.Why))
}

// reportTo keeps in the store how the relay's lines stand.
func reportTo(s *store.Store) func(context.Context, []relay.LineStatus, time.Time) error {
	return func(ctx context.Context, lines []relay.LineStatus, at time.Time) error {
		reports := make([]store.LineReport, len(lines))
		for i, l := range lines {
			reports[i] = store.LineReport{Line: l.Mnemonic, Up: l.Up, Test: l.Test, Since: l.Since, Why: l.Why, Window: l.Window, UnderWay: l.UnderWay, Heard: l.Heard}
		}
		return s.ReportLines(ctx, reports, at)
	}
}

type switchCommand struct {
	Kind switchKindCommand `cmd:"" help:"Say or set whether the database belongs to a live switch or to a test switch."`
}

type switchKindCommand struct {
	Database database `embed:""`

	Set string `arg:"" optional:"" enum:",test,live" default:"" help:"What it is from now on: ${enum}. Not given: what it is."`
}

// Run says or sets; the setting is on record.
func (c *switchKindCommand) Run(ctx context.Context, t *terminal) error {
	return withStore(ctx, c.Database, func(s *store.Store) error {
		if c.Set != "" {
			live, err := s.SetSwitchKind(ctx, c.Set == "test", "command line", time.Now())
			if err != nil {
				return err
			}
			warning := ""
			if live > 0 {
				warning = fmt.Sprintf(" %d transmissions of orders are unsettled and go to it.", live)
			}
			return t.print(map[string]any{"kind": c.Set, "unsettled": live}, "The database belongs to a %s switch.%s\n", c.Set, warning)
		}
		k, err := s.SwitchKind(ctx)
		if errors.Is(err, store.ErrNotFound) {
			return t.print(map[string]any{"kind": ""}, "No hub with a switch has used this database.\n")
		}
		if err != nil {
			return err
		}
		kind := kindOfSwitch(k.Test)
		return t.print(map[string]any{"kind": kind, "by": k.By, "at": k.At}, "The database belongs to a %s switch, as %s set on %s.\n", kind, k.By, t.moment(k.At))
	})
}

func kindOfSwitch(test bool) string {
	if test {
		return "test"
	}
	return "live"
}

// claimSwitch refuses to run a hub on the database of the other kind of switch. A hub without a switch that owes nothing to a test switch may run anywhere.
func (h *hub) claimSwitch(ctx context.Context) error {
	var err error
	switch {
	case h.config.Switch != "":
		err = h.store.ClaimSwitch(ctx, h.config.SwitchTest, time.Now())
	case h.config.SwitchTest:
		err = h.store.CheckSwitch(ctx, true)
	}
	if errors.Is(err, store.ErrOtherSwitch) {
		kind := kindOfSwitch(h.config.SwitchTest)
		return fmt.Errorf("this hub is set up for a %s switch (CCPOR_SWITCH_TEST), and the database has been used with a %s one: look at both; "+
			"if the database is to belong to the %s switch from now on, ccpor switch kind %s says so", kind, kindOfSwitch(!h.config.SwitchTest), kind, kind)
	}
	return err
}

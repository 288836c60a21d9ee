package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ccpor/clets/relay"
	"ccpor/store"
)

// queueAct is what every act on transmissions takes.
type queueAct struct {
	queueDatabase `embed:""`
	queueFilter   `embed:""`
	person        `embed:""`

	Names  []string `arg:"" optional:"" name:"id" help:"Numbers of transmissions, or tracking numbers of submissions."`
	All    bool     `help:"All that fit the filters. What would be done is only told, unless --yes is given."`
	Yes    bool     `help:"With --all: do it."`
	DryRun bool     `help:"Tell what would be done, and do nothing."`
	Limit  int      `default:"100" help:"With --all: how many at most."`
}

type queueHoldCommand struct {
	queueAct `embed:""`

	Reason string `required:"" help:"Why, in a sentence that the court may read. No names of people in it."`
}

func (c *queueHoldCommand) Run(ctx context.Context, t *terminal) error {
	return c.act(ctx, t, c.Names, store.Act{Verb: store.VerbHold, Reason: c.Reason})
}

type queueReleaseCommand struct {
	queueAct `embed:""`
}

func (c *queueReleaseCommand) Run(ctx context.Context, t *terminal) error {
	return c.act(ctx, t, c.Names, store.Act{Verb: store.VerbRelease})
}

type queueRetryCommand struct {
	queueAct `embed:""`
}

func (c *queueRetryCommand) Run(ctx context.Context, t *terminal) error {
	return c.act(ctx, t, c.Names, store.Act{Verb: store.VerbRetry})
}

type queueGiveUpCommand struct {
	queueAct `embed:""`

	Reason string `required:"" help:"Why, in a sentence that the court may read. No names of people in it."`
}

func (c *queueGiveUpCommand) Run(ctx context.Context, t *terminal) error {
	return c.act(ctx, t, c.Names, store.Act{Verb: store.VerbGiveUp, Reason: c.Reason})
}

type queueCorrectCommand struct {
	queueAct `embed:""`

	Source string `help:"Where it comes from, as \"court clerk by telephone\". No names of people in it." placeholder:"TEXT"`
}

// Run takes FIELD=VALUE among the names: what holds an equals sign is no number.
func (c *queueCorrectCommand) Run(ctx context.Context, t *terminal) error {
	a := store.Act{Verb: store.VerbCorrect}
	var names []string
	for _, n := range c.Names {
		field, value, is := strings.Cut(n, "=")
		if !is {
			names = append(names, n)
			continue
		}
		a.Corrections = append(a.Corrections, store.Correction{Field: strings.ToUpper(field), Value: value, Source: strings.TrimSpace(c.Source)})
	}
	switch {
	case len(a.Corrections) == 0:
		return c.tellSuppliable(ctx, t, names)
	case strings.TrimSpace(c.Source) == "":
		return errors.New("say where it comes from: --source \"court clerk by telephone\"")
	case len(c.Source) > maxSource:
		return fmt.Errorf("the source has more than %d characters", maxSource)
	}
	return c.act(ctx, t, names, a)
}

const maxSource = 80

// tellSuppliable tells what may be supplied for the transmissions.
func (c *queueCorrectCommand) tellSuppliable(ctx context.Context, t *terminal, names []string) error {
	if len(names) == 0 {
		return errNoneNamed
	}
	return c.with(ctx, t.zone, func(s *store.Store, desk *relay.Desk) error {
		ids, err := idsOf(ctx, s, names)
		if err != nil {
			return err
		}
		for _, id := range ids {
			i, err := desk.Item(ctx, id, false)
			if err != nil {
				return fmt.Errorf("reading transmission %d: %w", id, err)
			}
			if err := t.say("Transmission %d (%s), %s%s\nWhat may be supplied:\n", id, i.Kind, i.State, named(": ", i.Reason)); err != nil {
				return err
			}
			for _, f := range desk.Suppliable(i.Kind) {
				if err := t.print(f, "  %s=  %s: %s\n", f.Field, f.Label, f.Shape); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

var (
	errNoneNamed = errors.New("name transmissions by number or tracking number, or take all that fit with --all")
	errBoth      = errors.New("name transmissions, or take all that fit with --all, not both")
)

// queueDone is what became of one transmission.
type queueDone struct {
	ID      store.TransmissionID    `json:"id"`
	Verb    store.Verb              `json:"act"`
	Done    bool                    `json:"done"`
	Would   string                  `json:"would,omitempty"` // of a dry run
	State   store.TransmissionState `json:"state,omitempty"`
	GivenUp int                     `json:"givenUpToo,omitempty"`
	Why     string                  `json:"why,omitempty"` // it was not done
}

// act does it to each transmission by itself: one that has moved on meanwhile stops none of the others. Status 1 where one was refused.
func (c *queueAct) act(ctx context.Context, t *terminal, names []string, a store.Act) error {
	who, err := c.onRecord()
	switch {
	case err != nil:
		return err
	case c.All && len(names) > 0:
		return errBoth
	case !c.All && len(names) == 0:
		return errNoneNamed
	}
	a.Who = who
	try := c.DryRun || c.All && !c.Yes
	return c.with(ctx, t.zone, func(s *store.Store, desk *relay.Desk) error {
		targets, err := c.targets(ctx, s, names, a.Verb)
		if err != nil {
			return err
		}
		refused := 0
		for _, e := range targets {
			done := c.one(ctx, desk, e, a, try)
			if done.Why != "" {
				refused++
			}
			if err := t.printDone(done); err != nil {
				return err
			}
		}
		if err := t.sayTotal(a.Verb, len(targets), refused, try, c.All); err != nil {
			return err
		}
		if refused > 0 {
			return exitStatus(1)
		}
		return nil
	})
}

// target is a transmission, as it was seen when it was chosen; seen is zero where it was named.
type target struct {
	id   store.TransmissionID
	seen time.Time
}

// targets are those that are named, or of all that fit those to which the verb can be done.
func (c *queueAct) targets(ctx context.Context, s *store.Store, names []string, v store.Verb) ([]target, error) {
	var all []target
	if !c.All {
		ids, err := idsOf(ctx, s, names)
		for _, id := range ids {
			all = append(all, target{id: id})
		}
		return all, err
	}
	f, err := c.filter(time.Now())
	if err != nil {
		return nil, err
	}
	if len(f.States) == 0 {
		f.States = store.From(v)
	}
	found, err := s.Queue(ctx, f, c.Limit, 0)
	for _, e := range found {
		all = append(all, target{e.ID, e.ChangedAt})
	}
	return all, err
}

func (c *queueAct) one(ctx context.Context, desk *relay.Desk, on target, a store.Act, try bool) queueDone {
	a.At, a.Seen = time.Now(), on.seen
	done := queueDone{ID: on.id, Verb: a.Verb}
	if try {
		would, err := desk.Try(ctx, on.id, a)
		done.Would, done.Why = would, whyNot(err)
		return done
	}
	acted, err := desk.Act(ctx, on.id, a)
	done.Done, done.State, done.GivenUp, done.Why = err == nil, acted.State, acted.GivenUpToo, whyNot(err)
	return done
}

func whyNot(err error) string {
	if err == nil {
		return ""
	}
	if errors.Is(err, store.ErrNotFound) {
		return "there is no such transmission"
	}
	return err.Error()
}

func (t *terminal) printDone(d queueDone) error {
	switch {
	case d.Why != "":
		return t.print(d, "%d  not done: %s\n", d.ID, d.Why)
	case d.Would != "":
		return t.print(d, "%d  would %s: %s\n", d.ID, d.Verb, d.Would)
	case d.GivenUp > 0:
		return t.print(d, "%d  %s: it is %s, and %d behind it\n", d.ID, d.Verb, d.State, d.GivenUp)
	}
	return t.print(d, "%d  %s: it is %s\n", d.ID, d.Verb, d.State)
}

func (t *terminal) sayTotal(v store.Verb, n, refused int, try, all bool) error {
	switch {
	case n == 0:
		return t.say("Nothing is there that fits.\n")
	case try && all:
		return t.say("Nothing was done: %d of %d would %s. Do it with --yes.\n", n-refused, n, v)
	case try:
		return t.say("Nothing was done.\n")
	case n > 1:
		return t.say("%d of %d done.\n", n-refused, n)
	}
	return nil
}

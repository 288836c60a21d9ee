package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"ccpor/clets/relay"
	"ccpor/mapping/order"
	"ccpor/store"
)

type queueShowCommand struct {
	queueDatabase `embed:""`
	person        `embed:""`

	Names  []string `arg:"" name:"id" help:"Numbers of transmissions, or tracking numbers of submissions."`
	Values bool     `help:"Show values that are data about people too. The asking is put on record."`
}

func (c *queueShowCommand) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t.zone, func(s *store.Store, desk *relay.Desk) error {
		ids, err := idsOf(ctx, s, c.Names)
		if err != nil {
			return err
		}
		who := "command line"
		if c.Values {
			if who, err = c.onRecord(); err != nil {
				return err
			}
		}
		for n, id := range ids {
			if n > 0 && !t.json {
				fmt.Fprintln(t.out)
			}
			if err := c.show(ctx, t, s, desk, id, who); err != nil {
				return err
			}
		}
		return nil
	})
}

// show puts the look on record before it shows anything.
func (c *queueShowCommand) show(ctx context.Context, t *terminal, s *store.Store, desk *relay.Desk, id store.TransmissionID, who string) error {
	i, err := desk.Item(ctx, id, c.Values)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("no transmission has the number %d here", id)
	}
	if err != nil {
		return err
	}
	details := ""
	if c.Values {
		details = "with values"
	}
	if err := s.Audit(ctx, store.Event{At: time.Now(), Actor: who, Action: "transmission.read", Object: fmt.Sprintf("transmission %d (%s) of submission %s", id, i.Kind, i.Tracking), Outcome: "shown", Details: details}); err != nil {
		return fmt.Errorf("recording the look at the transmission: %w", err)
	}
	if t.json {
		return t.print(queueItemOut(i, time.Now()), "")
	}
	t.printItem(i)
	return nil
}

// printItem tells a transmission: how it stands, how it came there, and what can be done.
func (t *terminal) printItem(i store.QueueItem) {
	w := t.out
	fmt.Fprintf(w, "Transmission %d (%s), %s%s\n", i.ID, i.Kind, i.State, named(": ", i.Reason))
	fmt.Fprintf(w, "  %s%s\n  next move: %s\n\n", i.Next.Sentence, t.next(i.QueueEntry), i.Next.Whose)
	for _, l := range []struct{ label, value string }{
		{"held by", i.HeldBy},
		{"field", i.Field + named(", on the form: ", i.Item)},
		{"doubt", map[bool]string{true: "an earlier sending's outcome is not known: it is looked up before anything is sent again"}[i.Doubt]},
		{"from", fmt.Sprintf("%s (%s), submission %s", i.AgencyName, i.AgencyORI, i.Tracking)},
		{"received", t.moment(i.ReceivedAt)},
		{"since", t.moment(i.ChangedAt)},
		{"due", strings.TrimPrefix(strings.TrimSpace(t.due(i.QueueEntry)), "due ")},
		{"order", t.orderLine(i)},
		{"tries", fmt.Sprint(i.Tries) + named(", last on line ", i.Line)},
		{"job", map[bool]string{true: "the relay has one for it"}[i.Job && !i.RetryAt.IsZero()]},
	} {
		if l.value != "" {
			fmt.Fprintf(w, "  %-9s %s\n", l.label, l.value)
		}
	}
	for _, o := range i.Others {
		fmt.Fprintf(w, "            beside it: transmission %d (%s), number %d of the order, %s\n", o.ID, o.Kind, o.Seq, o.State)
	}
	for _, s := range i.Supplied {
		fmt.Fprintf(w, "  supplied  %s, by %s on %s; source: %s\n", s.Field, s.By, t.moment(s.At), s.Source)
	}
	t.printTries(w, i)
	t.printCan(w, i)
}

func (t *terminal) orderLine(i store.QueueItem) string {
	o := i.Order
	return fmt.Sprintf("case %s, court %s, number %d of its transactions%s%s", o.Case, o.Court, i.Seq, named(", OCA ", o.OCA), named(", FCN ", string(o.FCN)))
}

// printTries tells each attempt with what was sent and what was answered to it.
func (t *terminal) printTries(w io.Writer, i store.QueueItem) {
	for _, a := range i.Attempts {
		fmt.Fprintf(w, "\n  %s  %s on line %s by hub %s, control %s\n", t.moment(a.At), a.Purpose, a.Line, a.Hub, a.Control)
		indent(w, a.Said)
		for _, r := range i.Replies {
			if r.Attempt == a.ID {
				fmt.Fprintf(w, "    %s  reply%s\n", t.moment(r.At), named(", taken as ", r.Handled))
				indent(w, r.Said)
			}
		}
		if a.Verdict != "" {
			fmt.Fprintf(w, "    %s  ended as %s: %s\n", t.moment(a.FinishedAt), a.Verdict, a.Text)
		}
	}
}

func indent(w io.Writer, text string) {
	for line := range strings.Lines(text) {
		fmt.Fprint(w, "      ", line)
	}
}

// printCan tells what can be done now, with the command for it.
func (t *terminal) printCan(w io.Writer, i store.QueueItem) {
	arguments := map[store.Verb]string{store.VerbHold: ` --reason "..."`, store.VerbGiveUp: ` --reason "..."`, store.VerbCorrect: ` FIELD=VALUE --source "..."`}
	fmt.Fprintln(w, "\n  What can be done:")
	none := true
	for _, v := range store.Verbs {
		if i.Allows(v, time.Now()) != "" {
			continue
		}
		none = false
		fmt.Fprintf(w, "    ccpor queue %s %d%s\n        %s\n", v, i.ID, arguments[v], i.Means(v))
	}
	if none {
		fmt.Fprintf(w, "    nothing now. %s\n", i.Allows(store.VerbRelease, time.Now()))
	}
}

type queueItemJSON struct {
	queueEntryOut
	FCN      order.FCN         `json:"fcn,omitempty"`
	Job      bool              `json:"job"`
	Supplied []suppliedJSON    `json:"supplied,omitempty"`
	Attempts []queueAttemptOut `json:"attempts,omitempty"`
	Can      []store.Verb      `json:"can"`
}

type suppliedJSON struct {
	Field  string    `json:"field"`
	By     string    `json:"by"`
	Source string    `json:"source"`
	At     time.Time `json:"at"`
}

type queueAttemptOut struct {
	Purpose  store.Purpose `json:"purpose"`
	Line     string        `json:"line"`
	Hub      string        `json:"hub"`
	Control  string        `json:"control"`
	At       time.Time     `json:"at"`
	Said     string        `json:"said"`
	Verdict  store.Verdict `json:"verdict,omitempty"`
	Text     string        `json:"text,omitempty"`
	Finished *time.Time    `json:"finishedAt,omitempty"`
	Replies  []string      `json:"replies,omitempty"`
}

func queueItemOut(i store.QueueItem, now time.Time) queueItemJSON {
	out := queueItemJSON{queueEntryOut: queueOut(i.QueueEntry), FCN: i.Order.FCN, Job: i.Job, Can: []store.Verb{}}
	for _, s := range i.Supplied {
		out.Supplied = append(out.Supplied, suppliedJSON{s.Field, s.By, s.Source, s.At})
	}
	for _, a := range i.Attempts {
		o := queueAttemptOut{a.Purpose, a.Line, a.Hub, a.Control, a.At, a.Said, a.Verdict, a.Text, unlessZero(a.FinishedAt), nil}
		for _, r := range i.Replies {
			if r.Attempt == a.ID {
				o.Replies = append(o.Replies, r.Said)
			}
		}
		out.Attempts = append(out.Attempts, o)
	}
	for _, v := range store.Verbs {
		if i.Allows(v, now) == "" {
			out.Can = append(out.Can, v)
		}
	}
	return out
}

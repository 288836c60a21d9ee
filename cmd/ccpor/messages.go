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

type messagesCommand struct {
	List   messagesListCommand   `cmd:"" default:"withargs" help:"List messages of the switch, newest first; of those that nobody has handled, count them by kind. Status 1 where one waits for a person."`
	Show   messagesShowCommand   `cmd:"" help:"Tell what a message says. Personal data is withheld unless asked for with a reason."`
	Handle messagesHandleCommand `cmd:"" help:"Mark a message as handled, with what was done."`
	Apply  messagesApplyCommand  `cmd:"" help:"Say which order a notice is about that was not matched; it takes its effect."`
}

type messagesListCommand struct {
	Database database `embed:""`

	Kind      string `enum:",reply,serviceNotice,violationNotice,ncicReject,administrative,unrecognised" default:"" help:"Only one kind."`
	Line      string `help:"Only those of a line." placeholder:"MNEMONIC"`
	Unhandled bool   `help:"Only those that nobody has handled."`
	Before    int64  `help:"Only those with a lower number: the next page." placeholder:"NUMBER"`
	Limit     int    `default:"50" help:"How many at most."`
}

func (c *messagesListCommand) Run(ctx context.Context, t *terminal) error {
	return withStore(ctx, c.Database, func(s *store.Store) error {
		counts, err := s.Inbox(ctx)
		if err != nil {
			return err
		}
		found, err := s.Messages(ctx, store.MessageQuery{Kind: store.MessageKind(c.Kind), Line: c.Line, Unhandled: c.Unhandled, Before: store.InboundID(c.Before), Limit: c.Limit})
		if err != nil {
			return err
		}
		for _, m := range found {
			if err := t.printMessage(m); err != nil {
				return err
			}
		}
		return t.sayInbox(counts)
	})
}

// sayInbox ends with status 1 where something waits for a person.
func (t *terminal) sayInbox(counts []store.InboxCount) error {
	if len(counts) == 0 {
		return t.say("No message waits for a person.\n")
	}
	for _, n := range counts {
		if err := t.say("%d not handled: %s, the oldest of %s\n", n.Count, kindOf(n.Kind), t.moment(n.Oldest)); err != nil {
			return err
		}
	}
	return exitStatus(1)
}

func kindOf(k store.MessageKind) string {
	if k == "" {
		return "not looked at yet"
	}
	return string(k)
}

// messageOut is the JSON of a message; it holds no personal data unless Text is there.
type messageOut struct {
	ID      store.InboundID `json:"id"`
	Line    string          `json:"line"`
	Outseq  string          `json:"outseq"`
	Control string          `json:"control,omitempty"`
	At      time.Time       `json:"at"`
	Kind    string          `json:"kind"`
	FCN     order.FCN       `json:"fcn,omitempty"`
	Waits   string          `json:"waits,omitempty"`
	Why     string          `json:"why,omitempty"`
	Court   order.ORI       `json:"court,omitempty"`
	Order   order.LocalID   `json:"order,omitempty"`
	Added   order.Tracking  `json:"tracking,omitempty"`
	Handled *time.Time      `json:"handledAt,omitempty"`
	What    string          `json:"handled,omitempty"`
	Says    string          `json:"says,omitempty"`
	Text    string          `json:"text,omitempty"`
}

func messageJSON(m store.Message) messageOut {
	out := messageOut{ID: m.ID, Line: m.Line, Outseq: m.OutSeq, Control: m.Control, At: m.At, Kind: string(m.Kind), FCN: m.FCN, Waits: string(m.Wait), Why: m.Why, What: m.Handled}
	if m.Order != nil {
		out.Court, out.Order, out.Added = m.Order.Court, m.Order.ID, m.Order.Tracking
	}
	if !m.HandledAt.IsZero() {
		out.Handled = &m.HandledAt
	}
	return out
}

func (t *terminal) printMessage(m store.Message) error {
	about, stands := "", "not handled"
	if m.Order != nil {
		about = fmt.Sprintf("  order %s/%s, submission %s", m.Order.Court, m.Order.ID, m.Order.Tracking)
	}
	if !m.HandledAt.IsZero() {
		stands = m.Handled
	} else if m.Wait != "" {
		stands = "waits for a person: " + m.Wait.Sentence() + named(" ", m.Why)
	}
	return t.print(messageJSON(m), "%6d  %s  %s %s  %-15s%s%s\n        %s\n", m.ID, t.moment(m.At), m.Line, m.OutSeq, kindOf(m.Kind), named("  control ", m.Control), about, stands)
}

type messagesShowCommand struct {
	Database database `embed:""`
	person   `embed:""`

	ID     int64  `arg:"" help:"The message's number."`
	Unmask bool   `help:"Show the text as it came, with personal data. Needs --reason, and is put on record."`
	Reason string `help:"Why the personal data is needed." placeholder:"TEXT"`
}

func (c *messagesShowCommand) Run(ctx context.Context, t *terminal) error {
	look := store.Event{At: time.Now(), Actor: "command line", Action: "message.read", Object: fmt.Sprintf("message %d", c.ID), Outcome: "shown"}
	if c.Unmask {
		who, err := c.onRecord()
		if err != nil {
			return err
		}
		if strings.TrimSpace(c.Reason) == "" {
			return errors.New("say why the personal data is needed: --reason TEXT")
		}
		look.Actor, look.Outcome, look.Details = who, "shown with personal data", c.Reason
	}
	dictionary, err := carpos.Load()
	if err != nil {
		return err
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		m, text, err := readMessage(ctx, s, c.ID)
		if err != nil {
			return err
		}
		if err := s.Audit(ctx, look); err != nil {
			return fmt.Errorf("recording the look at the message: %w", err)
		}
		reply, _ := dictionary.ParseReply([]byte(text)) // what is not recognised is described as that
		out := messageJSON(m)
		out.Says = dictionary.DescribeReply(reply, c.Unmask)
		if c.Unmask {
			out.Text = text
		}
		if t.json {
			return t.print(out, "")
		}
		if err := t.printMessage(m); err != nil {
			return err
		}
		return t.say("\n%s%s", out.Says, named("\n", out.Text))
	})
}

func readMessage(ctx context.Context, s *store.Store, id int64) (store.Message, string, error) {
	m, err := s.Message(ctx, store.InboundID(id))
	if errors.Is(err, store.ErrNotFound) {
		return m, "", fmt.Errorf("no message has the number %d here", id)
	}
	if err != nil {
		return m, "", err
	}
	text, err := s.MessageText(ctx, m.ID)
	return m, text, err
}

type messagesHandleCommand struct {
	Database database `embed:""`
	person   `embed:""`

	ID   int64  `arg:"" help:"The message's number."`
	What string `required:"" help:"What was done, in a few words; no names of people in it." placeholder:"TEXT"`
}

func (c *messagesHandleCommand) Run(ctx context.Context, t *terminal) error {
	who, err := c.onRecord()
	if err != nil {
		return err
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		if err := s.HandleMessage(ctx, store.InboundID(c.ID), c.What, who, time.Now()); err != nil {
			return fmt.Errorf("handling message %d: %w", c.ID, err)
		}
		return t.print(map[string]any{"message": c.ID, "handled": c.What}, "Message %d is handled.\n", c.ID)
	})
}

type messagesApplyCommand struct {
	Database database `embed:""`
	person   `embed:""`

	ID    int64  `arg:"" help:"The message's number."`
	Order string `required:"" help:"Tracking number of a submission about the order." placeholder:"NUMBER"`
}

// applied says what an applied message has done.
var applied = map[store.MessageKind]string{
	store.MessageService: "The order is served.", store.MessageViolation: "The violation is kept on the order.", store.MessageNCIC: "The order is marked: in CARPOS, not in NCIC.",
}

func (c *messagesApplyCommand) Run(ctx context.Context, t *terminal) error {
	who, err := c.onRecord()
	if err != nil {
		return err
	}
	tracking, err := order.ParseTracking(c.Order)
	if err != nil {
		return err
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		_, text, err := readMessage(ctx, s, c.ID)
		if err != nil {
			return err
		}
		u, err := t.noticed(text)
		if err != nil {
			return fmt.Errorf("message %d: %w", c.ID, err)
		}
		o, err := s.OrderOf(ctx, tracking)
		if err != nil {
			return fmt.Errorf("looking for the order of submission %s: %w", tracking, err)
		}
		u.Message, u.Order, u.Who, u.At = store.InboundID(c.ID), o.Order, who, time.Now()
		if err := s.Understand(ctx, u); err != nil {
			return err
		}
		return t.print(map[string]any{"message": c.ID, "tracking": tracking, "kind": u.Kind}, "%s Message %d was applied to the order of submission %s.\n", applied[u.Kind], c.ID, tracking)
	})
}

// noticed reads a notice that a person applies: it must be whole, whatever its number and name say.
func (t *terminal) noticed(text string) (store.Understood, error) {
	dictionary, err := carpos.Load()
	if err != nil {
		return store.Understood{}, err
	}
	reply, err := dictionary.ParseReply([]byte(text))
	if err != nil {
		return store.Understood{}, err
	}
	n, err := dictionary.Notice(reply, t.zone)
	if err != nil {
		return store.Understood{}, err
	}
	u := store.Understood{FCN: n.FCN, Service: n.Service, Violation: n.Violation}
	switch {
	case n.Service != nil:
		u.Kind = store.MessageService
	case n.Violation != nil:
		u.Kind = store.MessageViolation
	default:
		u.Kind, u.Wait = store.MessageNCIC, store.WaitNCIC
	}
	return u, nil
}

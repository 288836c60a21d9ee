package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ccpor/clets/carpos"
	"ccpor/clets/relay"
	"ccpor/mapping/order"
	"ccpor/store"
)

type queueCommand struct {
	List    queueListCommand    `cmd:"" default:"withargs" help:"List what is owed to CARPOS and not settled, the oldest first."`
	Counts  queueCountsCommand  `cmd:"" help:"Count it by state, with the oldest and the earliest deadline of each."`
	Show    queueShowCommand    `cmd:"" help:"Show everything about transmissions: what was sent and answered, whose move it is, what can be done."`
	Hold    queueHoldCommand    `cmd:"" help:"Hold what is ready or unknown, until a person releases it."`
	Release queueReleaseCommand `cmd:"" help:"Give held ones back to the relay."`
	Retry   queueRetryCommand   `cmd:"" help:"Make due now what pauses before its next try."`
	GiveUp  queueGiveUpCommand  `cmd:"" name:"give-up" help:"End held ones for good, with a reason. With an entry, what waits behind it is given up too."`
	Correct queueCorrectCommand `cmd:"" help:"Supply what CARPOS needs and the order does not say, and release. Without FIELD=VALUE: tell what may be supplied."`
	Check   queueCheckCommand   `cmd:"" help:"Look for what nobody would move on. Status 1 where there is any."`
}

// queueDatabase is a database, or a sandbox's.
type queueDatabase struct {
	Database database `embed:""`

	Data string `help:"Look into the sandbox that keeps its data in this folder, running or not." type:"path" placeholder:"DIR"`
}

// with opens the store and the desk over it.
func (d queueDatabase) with(ctx context.Context, zone *time.Location, use func(*store.Store, *relay.Desk) error) error {
	at, err := d.Database.lookInto(ctx, d.Data)
	if err != nil {
		return err
	}
	defer at.done()
	dictionary, err := carpos.Load()
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, at.url, at.options())
	if err != nil {
		return err
	}
	defer s.Close()
	return use(s, relay.NewDesk(s, dictionary, zone))
}

// queueFilter is what is left out.
type queueFilter struct {
	State     []string      `enum:"waiting,ready,sending,sent,unknown,held,accepted,given_up" help:"Only those in these states: ${enum}. Without it, all that are not final." placeholder:"STATE"`
	Agency    string        `help:"Only those of packages that this agency sent." placeholder:"ORI"`
	Kind      string        `enum:",ERR,MRR,XRR,SRR" default:"" help:"Only transactions of this kind."`
	Older     time.Duration `help:"Only those that have stood as they stand for longer." placeholder:"TIME"`
	Field     string        `help:"Only those held for this CARPOS field."`
	About     string        `help:"Only those whose reason has this text in it." placeholder:"TEXT"`
	Tests     bool          `xor:"tests" help:"Tests only."`
	Live      bool          `xor:"tests" help:"No tests."`
	DueWithin time.Duration `help:"Only those that are due in CARPOS within this time, or are late." placeholder:"TIME"`
	Tracking  string        `help:"All transmissions of the order that this submission is about." placeholder:"NUMBER"`
	Line      string        `help:"Only those last sent on this line." placeholder:"MNEMONIC"`
}

func (f queueFilter) filter(now time.Time) (store.QueueFilter, error) {
	q := store.QueueFilter{Agency: order.ORI(f.Agency), Kind: store.Kind(f.Kind), Field: strings.ToUpper(f.Field), Reason: f.About, Tests: f.Tests, Live: f.Live, Line: f.Line}
	for _, s := range f.State {
		q.States = append(q.States, store.TransmissionState(s))
	}
	if f.Older > 0 {
		q.ChangedBefore = now.Add(-f.Older)
	}
	if f.DueWithin > 0 {
		q.DueBefore = now.Add(f.DueWithin)
	}
	if f.Tracking != "" {
		t, err := order.ParseTracking(f.Tracking)
		if err != nil {
			return q, err
		}
		q.Tracking = t
	}
	return q, nil
}

type queueListCommand struct {
	queueDatabase `embed:""`
	queueFilter   `embed:""`

	Limit int   `default:"50" help:"How many at most."`
	After int64 `help:"Go on after this transmission." placeholder:"ID"`
}

func (c *queueListCommand) Run(ctx context.Context, t *terminal) error {
	f, err := c.filter(time.Now())
	if err != nil {
		return err
	}
	return c.with(ctx, t.zone, func(s *store.Store, _ *relay.Desk) error {
		found, err := s.Queue(ctx, f, c.Limit, store.TransmissionID(c.After))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return t.say("Nothing is there that fits.\n")
		}
		for _, e := range found {
			if err := t.print(queueOut(e), "%s", t.queueLine(e)); err != nil {
				return err
			}
		}
		if len(found) < c.Limit {
			return nil
		}
		return t.say("There may be more: go on with --after %d\n", found[len(found)-1].ID)
	})
}

// queueLine tells a transmission on two lines, and on three where there is a reason.
func (t *terminal) queueLine(e store.QueueEntry) string {
	var b strings.Builder
	test := ""
	if e.Test {
		test = "  test"
	}
	fmt.Fprintf(&b, "%-6d %-8s %s  %s  %s%s  since %s%s\n", e.ID, e.State, e.Kind, e.Tracking, e.AgencyORI, test, t.moment(e.ChangedAt), t.due(e))
	if e.Reason != "" {
		fmt.Fprintf(&b, "       %s%s\n", named("", e.Reason), named("  held by ", e.HeldBy))
	}
	fmt.Fprintf(&b, "       %s (%s)%s\n", e.Next.Sentence, e.Next.Whose, t.next(e))
	return b.String()
}

func (t *terminal) due(e store.QueueEntry) string {
	if e.Due.IsZero() || e.State.Final() {
		return ""
	}
	if time.Now().After(e.Due) {
		return "  LATE, was due " + t.moment(e.Due)
	}
	return "  due " + t.moment(e.Due)
}

func (t *terminal) next(e store.QueueEntry) string {
	if e.RetryAt.IsZero() || e.Busy || !e.RetryAt.After(time.Now()) {
		return ""
	}
	return " Next try " + t.moment(e.RetryAt) + "."
}

type queueCountsCommand struct {
	queueDatabase `embed:""`
}

func (c *queueCountsCommand) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t.zone, func(s *store.Store, _ *relay.Desk) error {
		counts, err := s.QueueCounts(ctx, "")
		if err != nil {
			return err
		}
		for _, n := range counts {
			oldest, due := "", ""
			if n.Count > 0 {
				oldest = ", oldest since " + t.moment(n.Oldest)
			}
			if !n.Due.IsZero() {
				due = ", earliest due " + t.moment(n.Due)
			}
			err := t.print(struct {
				State  store.TransmissionState `json:"state"`
				Count  int                     `json:"count"`
				Oldest *time.Time              `json:"oldest,omitempty"`
				Due    *time.Time              `json:"due,omitempty"`
			}{n.State, n.Count, unlessZero(n.Oldest), unlessZero(n.Due)}, "%7d  %s%s%s\n", n.Count, n.State, oldest, due)
			if err != nil {
				return err
			}
		}
		return t.say("Tests are not counted, nor is what CARPOS has.\n")
	})
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// The JSON of a transmission is a form of its own, so that the store may change without breaking those who read it.
type queueEntryOut struct {
	ID        store.TransmissionID    `json:"id"`
	State     store.TransmissionState `json:"state"`
	Kind      store.Kind              `json:"kind"`
	Seq       int                     `json:"seq"`
	Tracking  order.Tracking          `json:"tracking"`
	Agency    order.ORI               `json:"agency"`
	OCA       string                  `json:"oca,omitempty"`
	Test      bool                    `json:"test,omitempty"`
	Reason    string                  `json:"reason,omitempty"`
	Field     string                  `json:"field,omitempty"`
	Item      string                  `json:"item,omitempty"`
	HeldBy    string                  `json:"heldBy,omitempty"`
	Line      string                  `json:"line,omitempty"`
	Tries     int                     `json:"tries"`
	Doubt     bool                    `json:"doubt,omitempty"`
	Busy      bool                    `json:"busy,omitempty"`
	Behind    int                     `json:"behind,omitempty"`
	Received  time.Time               `json:"receivedAt"`
	ChangedAt time.Time               `json:"changedAt"`
	RetryAt   *time.Time              `json:"retryAt,omitempty"`
	Due       *time.Time              `json:"due,omitempty"`
	Next      string                  `json:"next"`
	Whose     string                  `json:"whose"`
}

func queueOut(e store.QueueEntry) queueEntryOut {
	return queueEntryOut{e.ID, e.State, e.Kind, e.Seq, e.Tracking, e.AgencyORI, e.OCA, e.Test, e.Reason, e.Field, e.Item, e.HeldBy, e.Line, e.Tries, e.Doubt, e.Busy, e.Behind,
		e.ReceivedAt, e.ChangedAt, unlessZero(e.RetryAt), unlessZero(e.Due), e.Next.Sentence, string(e.Next.Whose)}
}

// idsOf are the transmissions that an argument names: its number, or all that a submission brought.
func idsOf(ctx context.Context, s *store.Store, names []string) ([]store.TransmissionID, error) {
	var ids []store.TransmissionID
	for _, name := range names {
		if n, err := strconv.ParseInt(name, 10, 64); err == nil && n > 0 {
			ids = append(ids, store.TransmissionID(n))
			continue
		}
		tracking, err := order.ParseTracking(name)
		if err != nil {
			return nil, fmt.Errorf("%q is neither the number of a transmission nor a tracking number", name)
		}
		found, err := s.TransmissionsOf(ctx, tracking)
		if errors.Is(err, store.ErrNotFound) {
			return nil, fmt.Errorf("submission %s brought no transmission here", tracking)
		}
		if err != nil {
			return nil, err
		}
		ids = append(ids, found...)
	}
	return ids, nil
}

type queueCheckCommand struct {
	queueDatabase `embed:""`

	UnderWay time.Duration `default:"10m" help:"For how long an attempt may be under way in a living hub: well above CCPOR_REPLY_TIMEOUT."`
	Limit    int           `default:"50" help:"How many of each kind to list."`
}

// Run looks for dead ends. Status 0: there is none; 1: it lists them.
func (c *queueCheckCommand) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t.zone, func(s *store.Store, _ *relay.Desk) error {
		found, err := s.DeadEnds(ctx, time.Now().Add(-c.UnderWay), c.Limit)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return t.say("No dead end: somebody has the next move of everything that is owed.\n")
		}
		for _, d := range found {
			err := t.print(struct {
				ID       store.TransmissionID    `json:"id,omitempty"`
				State    store.TransmissionState `json:"state,omitempty"`
				Tracking order.Tracking          `json:"tracking,omitempty"`
				What     store.DeadEndKind       `json:"what"`
				Since    *time.Time              `json:"since,omitempty"`
				Next     string                  `json:"next"`
				Whose    string                  `json:"whose"`
			}{d.Transmission, d.State, d.Tracking, d.What, unlessZero(d.Since), d.Next.Sentence, string(d.Next.Whose)},
				"%-15s  %s%s\n    %s (%s)\n", d.What, d.Tracking, deadAt(t, d), d.Next.Sentence, d.Next.Whose)
			if err != nil {
				return err
			}
		}
		return exitStatus(1)
	})
}

func deadAt(t *terminal, d store.DeadEnd) string {
	if d.Transmission == 0 {
		return ""
	}
	return fmt.Sprintf("  transmission %d, %s since %s", d.Transmission, d.State, t.moment(d.Since))
}

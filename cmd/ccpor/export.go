package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

type exportCommand struct {
	Times exportTimesCommand `cmd:"" help:"When orders were received, sent, acknowledged and accepted (Fam. Code 6380.5), without anything of the orders."`
}

type exportTimesCommand struct {
	Database database `embed:""`

	From   time.Time `required:"" format:"2006-01-02" help:"First day on which packages were received." placeholder:"DATE"`
	To     time.Time `required:"" format:"2006-01-02" help:"Last day." placeholder:"DATE"`
	Agency string    `help:"Only what the agency with this ORI sent." placeholder:"ORI"`
	Tests  bool      `help:"Tests too."`
	Out    string    `help:"File to write; where not given, standard output." type:"path" placeholder:"FILE"`
}

// Run writes CSV, or JSON lines with --json. That it was asked for is on record before the first line.
func (c *exportTimesCommand) Run(ctx context.Context, t *terminal) error {
	ori, err := optionalORI(c.Agency)
	if err != nil {
		return err
	}
	from, to := c.From, c.To.AddDate(0, 0, 1)
	q := store.TimesQuery{From: midnight(from, t.zone), To: midnight(to, t.zone), Agency: ori, Tests: c.Tests}
	if !q.From.Before(q.To) {
		return errors.New("the last day is before the first")
	}
	return withStore(ctx, c.Database, func(s *store.Store) error {
		now := time.Now()
		event := store.Event{At: now, Actor: "command line", Action: "times.export", Object: "times", Outcome: "asked for",
			Details: fmt.Sprintf("from %s to %s; agency %s; tests %t", c.From.Format(time.DateOnly), c.To.Format(time.DateOnly), or(string(ori), "all"), c.Tests)}
		if err := s.Audit(ctx, event); err != nil {
			return fmt.Errorf("recording the export: %w", err)
		}
		if c.Out == "" {
			_, err := writeTimes(ctx, s.Reader, q, now, t.out, t.json)
			return err
		}
		return c.intoFile(ctx, t, s.Reader, q, now)
	})
}

func (c *exportTimesCommand) intoFile(ctx context.Context, t *terminal, r *store.Reader, q store.TimesQuery, now time.Time) error {
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	n, err := writeTimes(ctx, r, q, now, f, t.json)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s is not whole: %w", c.Out, err)
	}
	return t.print(map[string]any{"file": c.Out, "rows": n}, "%s: %d transmissions.\n", c.Out, n)
}

// midnight is the beginning of the day in the courts' time.
func midnight(day time.Time, zone *time.Location) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
}

// timesOut is a line of the export. Moments are in UTC; one that has not come is empty.
type timesOut struct {
	Tracking     order.Tracking `json:"tracking"`
	Agency       order.ORI      `json:"agency"`
	County       string         `json:"county"`
	Action       store.Action   `json:"action"`
	Kind         store.Kind     `json:"kind"`
	Test         bool           `json:"test"`
	Received     string         `json:"received_at"`
	Due          string         `json:"due"`
	FirstSent    string         `json:"first_sent_at"`
	LastSent     string         `json:"last_sent_at"`
	Acknowledged string         `json:"acknowledged_at"`
	Accepted     string         `json:"accepted_at"`
	Attempts     int            `json:"attempts"`
	Lookups      int            `json:"lookups"`
	State        string         `json:"state"`
	Minutes      string         `json:"minutes_to_acceptance"` // from receipt
	Standing     store.Standing `json:"deadline"`
}

var timesHeader = []string{"tracking", "agency", "county", "action", "kind", "test", "received_at", "due", "first_sent_at", "last_sent_at", "acknowledged_at", "accepted_at", "attempts", "lookups", "state",
	"minutes_to_acceptance", "deadline"}

func timesOf(x store.Times) timesOut {
	stamp := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return at.UTC().Format(time.RFC3339)
	}
	out := timesOut{Tracking: x.Tracking, Agency: x.Agency, County: x.County, Action: x.Action, Kind: x.Kind, Test: x.Test, Received: stamp(x.Received), Due: stamp(x.Due), FirstSent: stamp(x.FirstSent),
		LastSent: stamp(x.LastSent), Acknowledged: stamp(x.Acknowledged), Accepted: stamp(x.Accepted), Attempts: x.Attempts, Lookups: x.Lookups, State: string(x.State), Standing: x.Standing}
	if !x.Accepted.IsZero() {
		out.Minutes = strconv.FormatFloat(x.Accepted.Sub(x.Received).Minutes(), 'f', 1, 64)
	}
	return out
}

func (o timesOut) fields() []string {
	return []string{string(o.Tracking), string(o.Agency), o.County, string(o.Action), string(o.Kind), strconv.FormatBool(o.Test), o.Received, o.Due, o.FirstSent, o.LastSent, o.Acknowledged, o.Accepted,
		strconv.Itoa(o.Attempts), strconv.Itoa(o.Lookups), o.State, o.Minutes, string(o.Standing)}
}

// writeTimes writes the lines as they are read and says how many there were.
func writeTimes(ctx context.Context, r *store.Reader, q store.TimesQuery, now time.Time, w io.Writer, asJSON bool) (n int, err error) {
	b := bufio.NewWriter(w)
	lines, values := csv.NewWriter(b), json.NewEncoder(b)
	if !asJSON {
		err = lines.Write(timesHeader)
	}
	if err == nil {
		err = r.Times(ctx, q, now, func(x store.Times) error {
			n++
			if asJSON {
				return values.Encode(timesOf(x))
			}
			return lines.Write(timesOf(x).fields())
		})
	}
	lines.Flush()
	return n, errors.Join(err, lines.Error(), b.Flush())
}

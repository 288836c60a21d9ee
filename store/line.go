package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// LineReport is how one line stands with a hub.
type LineReport struct {
	Line string `json:"line"`
	Hub  string `json:"hub"`
	Up   bool   `json:"up"`
	Test bool   `json:"test"`
	// Since is when it came up or went down; Why says why it is down.
	Since time.Time `json:"since"`
	Why   string    `json:"why,omitempty"`
	// Window is how many requests may be unanswered, UnderWay how many are.
	Window   int `json:"window"`
	UnderWay int `json:"underWay"`
	// Heard is when the switch last said something on it; zero: not since that hub started.
	Heard time.Time `json:"heard,omitzero"`
	// Seen is when the hub said so.
	Seen time.Time `json:"seen"`
	// Holder is the hub that has the lease; empty where it has run out.
	Holder string `json:"holder,omitempty"`
}

// Silent says that the hub has not spoken for so long that it counts as gone.
func (l LineReport) Silent(now time.Time) bool { return now.Sub(l.Seen) > 90*time.Second }

// ReportLines keeps how this hub's lines stand, for all hubs and for people to see, and forgets hubs that have been silent for a week.
func (s *Store) ReportLines(ctx context.Context, lines []LineReport, at time.Time) error {
	var b pgx.Batch
	for _, l := range lines {
		b.Queue(`insert into line_status (line, hub, up, test, since, why, places, under_way, heard_at, up_at, seen_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $3 then $10::timestamptz end, $10)
			on conflict (line, hub) do update set up = excluded.up, test = excluded.test, since = excluded.since, why = excluded.why, places = excluded.places, under_way = excluded.under_way,
				heard_at = excluded.heard_at, up_at = coalesce(excluded.up_at, line_status.up_at), seen_at = excluded.seen_at`,
			l.Line, s.opts.Hub, l.Up, l.Test, l.Since, l.Why, l.Window, l.UnderWay, moment(l.Heard), at)
	}
	b.Queue("delete from line_status where seen_at < $1", at.Add(-7*24*time.Hour))
	if err := s.pool.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("report the lines: %w", err)
	}
	return nil
}

// RetireLines forgets how this hub's lines stood, since it stops.
func (s *Store) RetireLines(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, "delete from line_status where hub = $1", s.opts.Hub); err != nil {
		return fmt.Errorf("report that the lines are given up: %w", err)
	}
	return nil
}

// Lines lists how every line stands with every hub that has it.
func (r *Reader) Lines(ctx context.Context) ([]LineReport, error) {
	return all(ctx, r.pool, func(row pgx.CollectableRow) (l LineReport, err error) {
		var heard *time.Time
		err = row.Scan(&l.Line, &l.Hub, &l.Up, &l.Test, &l.Since, &l.Why, &l.Window, &l.UnderWay, &heard, &l.Seen, &l.Holder)
		l.Since, l.Seen, l.Heard = l.Since.UTC(), l.Seen.UTC(), known(heard)
		return l, err
	}, "list the lines", `select l.line, l.hub, l.up, l.test, l.since, l.why, l.places, l.under_way, l.heard_at, l.seen_at, coalesce(h.holder, '')
		from line_status l left join lease h on h.line = l.line and h.until > now() order by l.line, l.up desc, l.seen_at desc, l.hub`)
}

// SwitchKind is which kind of switch a database belongs to.
type SwitchKind struct {
	Test bool
	By   string
	At   time.Time
}

// ErrOtherSwitch says that the database belongs to a switch of the other kind.
var ErrOtherSwitch = errors.New("this database belongs to a switch of the other kind")

// SwitchKind is what the first hub with a switch, or a person, has set; ErrNotFound while nobody has.
func (r *Reader) SwitchKind(ctx context.Context) (SwitchKind, error) {
	return one(ctx, r.pool, func(row pgx.CollectableRow) (k SwitchKind, err error) {
		err = row.Scan(&k.Test, &k.By, &k.At)
		k.At = k.At.UTC()
		return k, err
	}, "find the kind of the switch", "select test, set_by, set_at from switch_kind")
}

// ClaimSwitch makes the database one of this kind of switch, where it is of none yet. ErrOtherSwitch where it is of the other: of two hubs of different kinds that start at once, one gets it.
func (s *Store) ClaimSwitch(ctx context.Context, test bool, now time.Time) error {
	_, err := s.pool.Exec(ctx, `with claimed as (insert into switch_kind (test, set_by, set_at) values ($1, $2, $3) on conflict do nothing returning test)
		insert into audit (at, actor, action, object, outcome, details) select $3, $2, 'switch.kind', 'switch', case when test then 'test' else 'live' end, 'the first' from claimed`,
		test, "hub "+s.opts.Hub, now)
	if err != nil {
		return fmt.Errorf("claim the database for a switch: %w", err)
	}
	return s.CheckSwitch(ctx, test)
}

// CheckSwitch is ErrOtherSwitch where the database belongs to a switch of the other kind, and nothing where it belongs to none yet.
func (s *Store) CheckSwitch(ctx context.Context, test bool) error {
	var other bool
	if err := s.pool.QueryRow(ctx, "select exists (select from switch_kind where test <> $1)", test).Scan(&other); err != nil {
		return fmt.Errorf("find the kind of the switch: %w", err)
	}
	if other {
		return ErrOtherSwitch
	}
	return nil
}

// SetSwitchKind makes the database one of this kind of switch, whatever it was, and says how many orders' transmissions are unsettled that would go to it. by is who did it, for the audit log.
func (s *Store) SetSwitchKind(ctx context.Context, test bool, by string, now time.Time) (live int, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "select count(*) from "+unsettled+" where not t.test").Scan(&live); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `with was as (select test from switch_kind),
			set_ as (insert into switch_kind (test, set_by, set_at) values ($1, $2, $3) on conflict (single) do update set test = excluded.test, set_by = excluded.set_by, set_at = excluded.set_at returning test)
			insert into audit (at, actor, action, object, outcome, details)
			select $3, $2, 'switch.kind', 'switch', case when test then 'test' else 'live' end,
				'before: ' || coalesce((select case when test then 'test' else 'live' end from was), 'none') || '; unsettled orders: ' || $4::int from set_`, test, by, now, live)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("set the kind of the switch: %w", err)
	}
	return live, nil
}

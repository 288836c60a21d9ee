package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// AlarmKind is what kind of cause an alarm has.
type AlarmKind string

// The kinds of alarms. docs/operating.md says what to do about each.
const (
	AlarmRefusals  AlarmKind = "refusals"  // a sender is refused again and again; by sender
	AlarmDeadline  AlarmKind = "deadline"  // deadlines have passed; by agency
	AlarmHeld      AlarmKind = "held"      // transmissions wait for a person for long; by agency
	AlarmLine      AlarmKind = "line"      // a line is down for long while another is up; by line
	AlarmLines     AlarmKind = "lines"     // no line is up
	AlarmInbound   AlarmKind = "inbound"   // messages of the switch wait for a person
	AlarmRejecting AlarmKind = "rejecting" // the switch answers nothing but that CARPOS cannot take it
)

// Alarm says that one cause lasts. It holds nothing that a sender wrote and nothing of an order.
type Alarm struct {
	ID   int64     `json:"id"`
	Kind AlarmKind `json:"kind"`
	// Who is whom it is about: "agency CA030013J", "peer 192.0.2.7", "line CCPR", "switch".
	Who string `json:"who"`
	// Count is how many there were when somebody last looked: refusals in the window, transmissions, lines, messages, answers.
	Count int `json:"count"`
	// Stage and Code are those of most refusals when it was raised; empty for other causes.
	Stage  string    `json:"stage,omitempty"`
	Code   string    `json:"code,omitempty"`
	Raised time.Time `json:"raised"`
	// Last is the last refusal, and of every other cause since when it is so: the oldest of the deadlines, holds, messages; when the line was last up.
	Last    time.Time `json:"last"`
	Acked   time.Time `json:"acknowledged,omitzero"`
	AckedBy string    `json:"acknowledgedBy,omitempty"`
	Cleared time.Time `json:"cleared,omitzero"`
}

// State is "open", "acknowledged" or "cleared".
func (a Alarm) State() string {
	switch {
	case !a.Cleared.IsZero():
		return "cleared"
	case !a.Acked.IsZero():
		return "acknowledged"
	}
	return "open"
}

// Sentence says what is wrong, without times.
func (a Alarm) Sentence() string {
	switch a.Kind {
	case AlarmRefusals:
		return fmt.Sprintf("%s: %d refusals, mostly %s at %s", a.Who, a.Count, a.Code, a.Stage)
	case AlarmDeadline:
		return fmt.Sprintf("%s: %d past their deadline in CARPOS", a.Who, a.Count)
	case AlarmHeld:
		return fmt.Sprintf("%s: %d held for long", a.Who, a.Count)
	case AlarmLine:
		return a.Who + " is down"
	case AlarmLines:
		return fmt.Sprintf("none of %d lines to the switch is up", a.Count)
	case AlarmInbound:
		return fmt.Sprintf("%d messages of the switch wait for a person", a.Count)
	case AlarmRejecting:
		return fmt.Sprintf("the last %d answers of the switch say that CARPOS cannot take anything", a.Count)
	}
	return a.Who
}

const alarmColumns = "id, kind, who, count, stage, code, raised, last_at, acked, acked_by, cleared"

func scanAlarm(row pgx.CollectableRow) (a Alarm, err error) {
	var acked, cleared *time.Time
	err = row.Scan(&a.ID, &a.Kind, &a.Who, &a.Count, &a.Stage, &a.Code, &a.Raised, &a.Last, &acked, &a.AckedBy, &cleared)
	a.Raised, a.Last, a.Acked, a.Cleared = a.Raised.UTC(), a.Last.UTC(), known(acked), known(cleared)
	return a, err
}

// Alarms lists alarms, newest first: those that are not cleared, or all.
func (r *Reader) Alarms(ctx context.Context, cleared bool) ([]Alarm, error) {
	return all(ctx, r.pool, scanAlarm, "list the alarms", "select "+alarmColumns+" from alarm where $1 or cleared is null order by id desc", cleared)
}

// AlarmLimits are from when on causes raise an alarm. A cause whose limit is zero or less is not looked at, but for deadlines, which always are.
type AlarmLimits struct {
	// Refusals of one sender within Window.
	Refusals int
	Window   time.Duration
	// Line is for how long a line, or all of them, may be down; Inbound and Held for how long a message or a held transmission may wait for a person.
	Line, Inbound, Held time.Duration
	// Rejects is how many answers in a row may say that CARPOS cannot take anything (REJECT 90, 91, NAK 11).
	Rejects int
}

// AlarmChanges are what one look has changed.
type AlarmChanges struct{ Raised, Cleared []Alarm }

// RaiseAlarms looks at every cause that has a limit. A cause that goes beyond it has an alarm, and only one while it lasts; an alarm is cleared when its cause is gone, acknowledged or not. What this very look
// raised or cleared is given back and stands in the audit log: any number of hubs may look at once, and each change is given to one of them. What could not be looked at is left as it was, and is an error.
func (s *Store) RaiseAlarms(ctx context.Context, limits AlarmLimits, now time.Time) (AlarmChanges, error) {
	var changes AlarmChanges
	var errs []error
	for _, c := range limits.causes(now) {
		if err := s.lookAt(ctx, c, now, &changes); err != nil {
			errs = append(errs, fmt.Errorf("look for alarms (%s): %w", c.kind, err))
		}
	}
	return changes, errors.Join(errs...)
}

func (s *Store) lookAt(ctx context.Context, c cause, now time.Time, changes *AlarmChanges) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		cleared, err := all(ctx, tx, scanAlarm, "clear", c.with()+`,
			seen as (update alarm a set cleared = case when n.who is null then $2 end, count = coalesce(n.count, a.count), last_at = coalesce(n.last_at, a.last_at)
				from (select id, who from alarm where kind = $4 and cleared is null order by id for update) o left join cause n on n.who = o.who
				where o.id = a.id and a.cleared is null returning a.*),
			said as (insert into audit (at, actor, action, object, outcome, details)
				select $2, $5, 'alarm.clear', 'alarm ' || id, 'cleared', kind || ' of ' || who from seen where cleared is not null)
			select `+alarmColumns+" from seen where cleared is not null order by id", c.since, now, c.most, string(c.kind), "hub "+s.opts.Hub)
		if err != nil {
			return err
		}
		raised, err := all(ctx, tx, scanAlarm, "raise", c.with()+`,
			made as (insert into alarm (kind, who, raised, count, stage, code, last_at) select $4, who, $2, count, stage, code, last_at from cause where raised order by who
				on conflict (kind, who) where cleared is null do nothing returning *),
			said as (insert into audit (at, actor, action, object, outcome, details) select $2, $5, 'alarm.raise', 'alarm ' || id, 'raised', kind || ' of ' || who from made)
			select `+alarmColumns+" from made order by id", c.since, now, c.most, string(c.kind), "hub "+s.opts.Hub)
		if err == nil {
			changes.Raised, changes.Cleared = append(changes.Raised, raised...), append(changes.Cleared, cleared...)
		}
		return err
	})
}

// AcknowledgeAlarm notes that somebody has seen it, and who, for the audit log; ErrNotFound where there is no such alarm open.
func (s *Store) AcknowledgeAlarm(ctx context.Context, id int64, by string, now time.Time) error {
	tag, err := s.pool.Exec(ctx, `with seen as (update alarm set acked = $2, acked_by = $3 where id = $1 and acked is null and cleared is null returning id, kind, who)
		insert into audit (at, actor, action, object, outcome, details) select $2, $3, 'alarm.acknowledge', 'alarm ' || id, 'acknowledged', kind || ' of ' || who from seen`, id, now, by)
	if err != nil {
		return fmt.Errorf("acknowledge an alarm: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	return nil
}

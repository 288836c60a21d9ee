package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// Refusal is one refusal as people look at it: who, at which stage, for what. It quotes nothing that the sender wrote.
type Refusal struct {
	At    time.Time `json:"at"`
	Who   string    `json:"who"` // "agency CA030013J", or "peer 192.0.2.7" where the sender is not known
	Stage string    `json:"stage"`
	Code  string    `json:"code"`
	// Tracking is the number under which its message is kept; empty for a GET.
	Tracking order.Tracking `json:"tracking,omitempty"`
}

// RefusalCount is how often one sender was refused at one stage with one code.
type RefusalCount struct {
	Who   string    `json:"who"`
	Stage string    `json:"stage"`
	Code  string    `json:"code"`
	Count int       `json:"count"`
	Last  time.Time `json:"last"`
}

// refusedSince is SQL for everything that was refused after $1: messages, which are kept, and GETs, which stand in the audit log. Replays are trials.
const refusedSince = `(
	select coalesce('agency ' || a.ori, 'peer ' || btrim(regexp_replace(s.peer, ':[0-9]+$', ''), '[]')) as who, s.refused_stage as stage, s.refused_code as code, s.received_at as at, s.tracking
	from submission s left join agency a on a.id = s.agency_id where s.state = 'refused' and s.replay_of = '' and s.received_at > $1
	union all
	select case when actor like 'agency %' then actor else 'peer ' || coalesce(substring(details from '; peer ([^;]+)'), 'unknown') end,
		coalesce(substring(details from '; stage ([^;]+)'), ''), split_part(details, ';', 1), at, ''
	from audit where action = 'read.refuse' and at > $1) r`

// RefusalCounts counts what was refused since, most often first.
func (r *Reader) RefusalCounts(ctx context.Context, since time.Time) ([]RefusalCount, error) {
	return all(ctx, r.pool, func(row pgx.CollectableRow) (c RefusalCount, err error) {
		err = row.Scan(&c.Who, &c.Stage, &c.Code, &c.Count, &c.Last)
		c.Last = c.Last.UTC()
		return c, err
	}, "count the refusals", "select who, stage, code, count(*), max(at) from "+refusedSince+" group by who, stage, code order by 4 desc, 1, 2, 3", since)
}

// LastRefusals lists what was refused since, newest first, at most limit.
func (r *Reader) LastRefusals(ctx context.Context, since time.Time, limit int) ([]Refusal, error) {
	return all(ctx, r.pool, func(row pgx.CollectableRow) (f Refusal, err error) {
		err = row.Scan(&f.At, &f.Who, &f.Stage, &f.Code, &f.Tracking)
		f.At = f.At.UTC()
		return f, err
	}, "list the refusals", "select at, who, stage, code, tracking from "+refusedSince+" order by at desc limit $2", since, limit)
}

// Alarm says that one sender is refused again and again.
type Alarm struct {
	ID  int64  `json:"id"`
	Who string `json:"who"`
	// Refusals is how many there were in the window when somebody last looked, Stage and Code those of most of them when it was raised.
	Refusals int       `json:"refusals"`
	Stage    string    `json:"stage"`
	Code     string    `json:"code"`
	Raised   time.Time `json:"raised"`
	Last     time.Time `json:"last"`
	Acked    time.Time `json:"acknowledged,omitzero"`
	Cleared  time.Time `json:"cleared,omitzero"`
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

const alarmColumns = "id, who, refusals, stage, code, raised, last_at, acked, cleared"

func scanAlarm(row pgx.CollectableRow) (a Alarm, err error) {
	var acked, cleared *time.Time
	err = row.Scan(&a.ID, &a.Who, &a.Refusals, &a.Stage, &a.Code, &a.Raised, &a.Last, &acked, &cleared)
	a.Raised, a.Last, a.Acked, a.Cleared = a.Raised.UTC(), a.Last.UTC(), known(acked), known(cleared)
	return a, err
}

// Alarms lists alarms, newest first: those that are not cleared, or all.
func (r *Reader) Alarms(ctx context.Context, cleared bool) ([]Alarm, error) {
	return all(ctx, r.pool, scanAlarm, "list the alarms", "select "+alarmColumns+" from alarm where $1 or cleared is null order by id desc", cleared)
}

// RaiseAlarms looks at the refusals of the window before now: a sender with at least most of them has an alarm, and those whose alarm was raised by this very look are given back. An alarm is
// cleared when its sender had no refusal in a whole window, acknowledged or not; until then there is no other. Any number of hubs may look at once: the database takes one open alarm a sender.
func (s *Store) RaiseAlarms(ctx context.Context, most int, window time.Duration, now time.Time) ([]Alarm, error) {
	since := now.Add(-window)
	_, err := s.pool.Exec(ctx, `update alarm a set cleared = case when n.who is null then $2::timestamptz end, refusals = coalesce(n.count, a.refusals), last_at = coalesce(n.last, a.last_at)
		from alarm o left join (select who, count(*), max(at) as last from `+refusedSince+` group by who) n on n.who = o.who
		where o.id = a.id and a.cleared is null`, since, now)
	if err != nil {
		return nil, fmt.Errorf("look at the alarms: %w", err)
	}
	return all(ctx, s.pool, scanAlarm, "raise alarms", `insert into alarm (who, raised, refusals, stage, code, last_at)
		select who, $2, count(*), split_part(mode() within group (order by stage || ' ' || code), ' ', 1), split_part(mode() within group (order by stage || ' ' || code), ' ', 2), max(at)
		from `+refusedSince+` group by who having count(*) >= $3
		on conflict (who) where cleared is null do nothing returning `+alarmColumns, since, now, most)
}

// AcknowledgeAlarm notes that somebody has seen it, and who, for the audit log; ErrNotFound where there is no such alarm open.
func (s *Store) AcknowledgeAlarm(ctx context.Context, id int64, by string, now time.Time) error {
	tag, err := s.pool.Exec(ctx, `with seen as (update alarm set acked = $2 where id = $1 and acked is null and cleared is null returning id, who)
		insert into audit (at, actor, action, object, outcome, details) select $2, $3, 'alarm.acknowledge', 'alarm ' || id, 'acknowledged', who from seen`, id, now, by)
	if err != nil {
		return fmt.Errorf("acknowledge an alarm: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	return nil
}

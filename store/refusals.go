package store

import (
	"context"
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

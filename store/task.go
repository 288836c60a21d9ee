package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// taskKind is what is missing.
type taskKind string

const (
	taskData    taskKind = "data"    // images or CLETS-001 have come, and not their order
	taskFollows taskKind = "follows" // the order follows one that it does not fit
)

// Task is something that somebody still has to send or to look at.
type Task struct {
	// Kind is image (the order has come, and no image of it), data (images or CLETS-001 have come, and not their order) or follows (the order names as
	// its forerunner one that it does not fit, which therefore was not cancelled).
	Kind  string
	Court order.ORI
	Order order.LocalID
	Test  bool
	// Agency is whose work it is; Tracking the submission that left it open, Since when.
	Agency   order.ORI
	Tracking order.Tracking
	Since    time.Time
}

// Tasks lists what is open, oldest first: at most limit, of one agency or of all (zero).
func (r *Reader) Tasks(ctx context.Context, agency AgencyID, limit int) ([]Task, error) {
	return all(ctx, r.pool, func(row pgx.CollectableRow) (t Task, err error) {
		err = row.Scan(&t.Kind, &t.Court, &t.Order, &t.Test, &t.Agency, &t.Tracking, &t.Since)
		t.Since = t.Since.UTC()
		return t, err
	}, "list what is open", `select k.kind, o.court, o.local_id, o.test, a.ori, s.tracking, s.received_at from (
			(select kind, order_id, agency_id, opened_by from task where closed_at is null and $1::bigint in (0, agency_id) order by id limit $2)
			union all
			(select 'image', id, agency_id, added_by from order_ where not imaged and added_by is not null and $1::bigint in (0, agency_id) order by id limit $2)) k
		join order_ o on o.id = k.order_id join agency a on a.id = k.agency_id join submission s on s.id = k.opened_by
		order by s.received_at, s.id, k.kind limit $2`, int64(agency), limit)
}

// queueTasks opens and closes tasks: no statement where no package does either.
func (t *transaction) queueTasks(b *pgx.Batch) {
	t.queueFollows(b)
	if rs := some(t.requests, func(r *request) bool { return r.completes }); len(rs) > 0 {
		b.Queue(`update task k set closed_by = n.submission_id, closed_at = n.at
			from unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) as n (order_id, submission_id, at)
			where k.order_id = n.order_id and k.kind = $4 and k.closed_at is null`, append(taskRows(rs), string(taskData))...)
	}
	if rs := some(t.requests, func(r *request) bool { return r.lacksData }); len(rs) > 0 {
		b.Queue(`insert into task (order_id, kind, agency_id, opened_by, since)
			select order_id, $4, agency_id, submission_id, at
			from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $5::bigint[]) as n (order_id, submission_id, at, agency_id)
			on conflict (order_id, kind) where closed_at is null do nothing`,
			append(taskRows(rs), string(taskData), column(rs, func(r *request) int64 { return int64(r.Agency.ID) }))...)
	}
}

// queueFollows closes the tasks of orders that do not fit what they follow, where the order was changed or what it follows was cancelled.
func (t *transaction) queueFollows(b *pgx.Batch) {
	rs := some(t.requests, func(r *request) bool { return r.Action == ActionModify || r.Action == ActionCancel })
	if len(rs) == 0 {
		return
	}
	b.Queue(`update task k set closed_by = n.submission_id, closed_at = n.at
		from unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) as n (order_id, submission_id, at)
		join order_ p on p.id = n.order_id join order_ f on f.id = p.id or (f.court = p.court and f.follows = p.local_id and f.test = p.test and f.follows <> '')
		where k.order_id = f.id and k.kind = 'follows' and k.closed_at is null`, taskRows(rs)...)
}

func taskRows(rs []*request) []any {
	return []any{column(rs, func(r *request) int64 { return r.orderID }), column(rs, func(r *request) int64 { return r.submission }),
		column(rs, func(r *request) time.Time { return r.Received.At })}
}

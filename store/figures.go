package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// Figures are how everything stands that the hubs of one database have in common, as a monitoring system asks for it: numbers, states and codes, and nobody's name.
type Figures struct {
	// At is when they were counted; ages are told by it.
	At    time.Time
	Queue []QueueFigure
	// Held counts what waits for a person by the CARPOS field that it is about; "" for what is about none.
	Held map[string]int
	// Unhandled are messages of the switch that nobody has dealt with, the oldest since UnhandledSince.
	Unhandled      int
	UnhandledSince time.Time
	// Alarms counts those that are not cleared by their state: open, acknowledged.
	Alarms map[string]int
	// Tasks counts what courts still have to send, by its kind.
	Tasks map[string]int
	// Certificates are those that will be in force at some time to come and are not revoked.
	Certificates []CertificateStatus
	// LedgerAt is when the ledger was last known to hold everything that was due.
	LedgerAt time.Time
	// Jobs counts the queue's jobs that are not over, and those that it gave up.
	Jobs []JobFigure
	// Notices are those that were not delivered to courts that listen, the oldest since NoticesSince; Failing are the listeners that fail, and since when.
	Notices      int
	NoticesSince time.Time
	Failing      map[order.ORI]time.Time
	// Leases are until when the lines belong to a hub, whichever.
	Leases map[string]time.Time
}

// QueueFigure is about the transmissions of one kind in one state that is not final.
type QueueFigure struct {
	Kind  Kind
	State TransmissionState
	Count int
	// Since is when the one that is longest in this state came into it, Received when the package came that has waited longest.
	Since, Received time.Time
	// Due is the earliest deadline of those that are no tests, zero where there is none. Late are past theirs; AtRisk are not, but have used much of their time.
	Due          time.Time
	Late, AtRisk int
}

// JobFigure counts jobs of one kind in one of River's states.
type JobFigure struct {
	Kind, State string
	Count       int
}

// Figures counts everything anew. At risk is what has used the lowest of the warning shares of its time, as Clock.Outlook takes them. What it asks reads indexes of what is not settled, whose size does not grow
// with the years.
func (r *Reader) Figures(ctx context.Context, now time.Time, warn []float64) (Figures, error) {
	f := Figures{At: now, Held: map[string]int{}, Alarms: map[string]int{}, Tasks: map[string]int{}, Failing: map[order.ORI]time.Time{}, Leases: map[string]time.Time{}}
	var b pgx.Batch
	f.queueQueue(&b, now, earliest(warn))
	b.Queue("select field, count(*) from transmission where state = 'held' group by field").Query(into(f.Held))
	b.Queue("select case when acked is null then 'open' else 'acknowledged' end, count(*) from alarm where cleared is null group by 1").Query(into(f.Alarms))
	b.Queue("select kind, count(*) from task where closed_at is null group by kind").Query(into(f.Tasks))
	b.Queue(`select a.ori, l.failing_since from listener l join agency a on a.id = l.agency_id where l.active and l.failing_since is not null`).Query(into(f.Failing))
	b.Queue("select line, until from lease").Query(into(f.Leases))
	b.Queue("select at from ledger_head").QueryRow(func(row pgx.Row) error { return row.Scan(&f.LedgerAt) })
	queueCounted(&b, "select count(*), min(at) from inbound where handled_at is null", &f.Unhandled, &f.UnhandledSince)
	queueCounted(&b, `select count(*), min(n.at) from notice n join listener l on l.agency_id = n.agency_id where n.delivered_at is null and l.active`, &f.Notices, &f.NoticesSince)
	f.queueJobs(&b)
	b.Queue("select "+certificateColumns+" from certificate c join agency a on a.id = c.agency_id where c.revoked_at is null and c.valid_to > $1", now).Query(func(rows pgx.Rows) (err error) {
		f.Certificates, err = pgx.CollectRows(rows, scanCertificate)
		return err
	})
	if err := r.pool.SendBatch(ctx, &b).Close(); err != nil {
		return Figures{}, fmt.Errorf("count what there is: %w", err)
	}
	return f, nil
}

// openStates are the transmissions that are not settled, each state by the condition of its own partial index. What is joined to them is looked up one by one, offset 0 keeping it so: a backlog must not make
// the planner read all submissions that there ever were.
const openStates = `(
	select * from transmission where state = 'waiting'
	union all select * from transmission where state in ('ready', 'unknown')
	union all select * from transmission where state in ('sending', 'sent') and open_attempt is not null
	union all select * from transmission where state = 'held')`

func (f *Figures) queueQueue(b *pgx.Batch, now time.Time, share float64) {
	b.Queue(`select t.kind, t.state, count(*), min(t.changed_at), min(s.received_at), min(s.due) filter (where not t.test),
			count(*) filter (where not t.test and s.due < $1), count(*) filter (where not t.test and s.due >= $1 and s.received_at + (s.due - s.received_at) * $2::float8 <= $1)
		from `+openStates+` t cross join lateral (select `+cameAt+` as received_at, `+dueBy+` as due from submission s where s.id = t.submission_id offset 0) s group by t.kind, t.state`, now, share).Query(func(rows pgx.Rows) error {
		var q QueueFigure
		var due *time.Time
		_, err := pgx.ForEachRow(rows, []any{&q.Kind, &q.State, &q.Count, &q.Since, &q.Received, &due, &q.Late, &q.AtRisk}, func() error {
			q.Due = known(due)
			f.Queue = append(f.Queue, q)
			return nil
		})
		return err
	})
}

// jobFigures leaves out the jobs that are over, which River keeps for a day.
const jobFigures = "select kind, state::text, count(*) from river_job where state in ('available', 'pending', 'retryable', 'running', 'scheduled', 'discarded') group by kind, state"

func (f *Figures) queueJobs(b *pgx.Batch) {
	b.Queue(jobFigures).Query(func(rows pgx.Rows) (err error) {
		f.Jobs, err = pgx.CollectRows(rows, pgx.RowToStructByPos[JobFigure])
		return err
	})
}

// queueCounted asks for a number of things and the time of the oldest.
func queueCounted(b *pgx.Batch, sql string, count *int, since *time.Time) {
	b.Queue(sql).QueryRow(func(row pgx.Row) error {
		var oldest *time.Time
		err := row.Scan(count, &oldest)
		*since = known(oldest)
		return err
	})
}

// into reads rows of a name and a value.
func into[K ~string, V any](m map[K]V) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var k K
		var v V
		_, err := pgx.ForEachRow(rows, []any{&k, &v}, func() error {
			m[k] = v
			return nil
		})
		return err
	}
}

package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Measure is the name of a figure that is kept over time.
type Measure string

// The measures. Those of the exchange are measured by one hub of several; those that end in "a hub's own" by each, with the hub's name as label.
const (
	MeasureAccepted  Measure = "accepted"  // packages taken in the minute
	MeasureRefused   Measure = "refused"   // packages refused in the minute, by agency; empty: the sender is not known
	MeasureAttempts  Measure = "attempts"  // attempts that ended in the minute, by verdict
	MeasureReplyP50  Measure = "replyP50"  // seconds from sending to the settled answer of the switch: the median of the minute's
	MeasureReplyP95  Measure = "replyP95"  // and what all but one of twenty kept to
	MeasureQueue     Measure = "queue"     // transmissions that are not settled, by state
	MeasureLate      Measure = "late"      // of these, past their deadline
	MeasureAtRisk    Measure = "atRisk"    // of these, near it
	MeasureUnsent    Measure = "unsent"    // seconds since the package came that is ready to be sent for longest
	MeasureLines     Measure = "lines"     // lines to the switch that hubs have told of
	MeasureLinesUp   Measure = "linesUp"   // of these, up
	MeasureMessages  Measure = "messages"  // messages of the switch that wait for a person
	MeasureNotices   Measure = "notices"   // notices that wait for courts' listeners
	MeasureJobs      Measure = "jobs"      // jobs that are not over, by state
	MeasureLedgerLag Measure = "ledgerLag" // seconds since the ledger held everything that was due
	MeasureBytes     Measure = "bytes"     // of the database on its disk
	MeasureConns     Measure = "conns"     // connections to the database
	MeasureOldestTx  Measure = "oldestTx"  // seconds that the oldest transaction is open
	MeasureIntakeP50 Measure = "intakeP50" // seconds from a package's header to the end of its answer, median of the minute: a hub's own
	MeasureIntakeP95 Measure = "intakeP95" // and what all but one of twenty kept to: a hub's own
	MeasureClock     Measure = "clock"     // seconds by which the database's clock is before the hub's: a hub's own
	MeasureOwnEnd    Measure = "ownEnd"    // Unix time at which a certificate of the hub's own ends, label "HUB USE": a hub's own
)

// folding is how several values of a measure become one, of minutes into a longer time.
type folding string

const (
	foldSum     folding = "sum"     // what is counted
	foldHighest folding = "highest" // what is worse the higher it is
	foldLowest  folding = "lowest"
)

// folds are all measures.
var folds = map[Measure]folding{
	MeasureAccepted: foldSum, MeasureRefused: foldSum, MeasureAttempts: foldSum,
	MeasureReplyP50: foldHighest, MeasureReplyP95: foldHighest, MeasureQueue: foldHighest, MeasureLate: foldHighest, MeasureAtRisk: foldHighest, MeasureUnsent: foldHighest,
	MeasureLines: foldHighest, MeasureLinesUp: foldLowest, MeasureMessages: foldHighest, MeasureNotices: foldHighest, MeasureJobs: foldHighest, MeasureLedgerLag: foldHighest,
	MeasureBytes: foldHighest, MeasureConns: foldHighest, MeasureOldestTx: foldHighest, MeasureIntakeP50: foldHighest, MeasureIntakeP95: foldHighest, MeasureClock: foldHighest, MeasureOwnEnd: foldLowest,
}

// foldArrays are the measures and their folds as two arrays for SQL, all of them or those named.
func foldArrays(only ...Measure) (whats, how []string) {
	for m, f := range folds {
		if len(only) == 0 || slices.Contains(only, m) {
			whats, how = append(whats, string(m)), append(how, string(f))
		}
	}
	return whats, how
}

// folded is SQL that folds v.value as f.fold says.
const folded = "case f.fold when 'sum' then sum(v.value) when 'lowest' then min(v.value) else max(v.value) end"

// Measured is one figure at one time.
type Measured struct {
	What  Measure   `json:"what"`
	Label string    `json:"label,omitempty"`
	At    time.Time `json:"at"`
	Value float64   `json:"value"`
}

const (
	// settles is how long after a minute what happened in it is counted: until then what began in it may still commit.
	settles = time.Minute
	// catchUp is how much of the time in which nobody measured is counted afterwards.
	catchUp = time.Hour
	// minutesKept is for how long minutes are kept, and measuresKept for how long hours are.
	minutesKept  = 48 * time.Hour
	measuresKept = 35 * 24 * time.Hour
	// abandoned is how old an attempt is that has not ended and is not waited for any more.
	abandoned = 24 * time.Hour
)

// measuring is how far the measuring has come.
type measuring struct {
	at, counted time.Time
	attempt     int64
}

// MeasureAll measures how the exchange stands at the minute of now and what happened since it was last measured, and says whether it did: it does nothing where this minute was measured, by this hub or
// another. What is at risk is as Figures takes it. Of two hubs that measure at once one writes.
func (s *Store) MeasureAll(ctx context.Context, warn []float64, now time.Time) (bool, error) {
	minute := now.UTC().Truncate(time.Minute)
	last, err := s.measuring(ctx)
	if err != nil || !last.at.Before(minute) {
		return false, err
	}
	next := measuring{at: minute, counted: minute.Add(-settles)}
	happened, err := s.happened(ctx, last, &next)
	if err != nil {
		return false, fmt.Errorf("measure what happened: %w", err)
	}
	stands, err := s.stands(ctx, warn, now, minute)
	if err != nil {
		return false, fmt.Errorf("measure how everything stands: %w", err)
	}
	return s.writeMeasured(ctx, last, next, append(happened, stands...))
}

func (r *Reader) measuring(ctx context.Context) (measuring, error) {
	return one(ctx, r.pool, func(row pgx.CollectableRow) (m measuring, err error) {
		err = row.Scan(&m.at, &m.counted, &m.attempt)
		return m, err
	}, "find how far the measuring has come", "select at, counted, attempt from measuring")
}

// writeMeasured writes all of it, where nobody has moved the measuring on meanwhile.
func (s *Store) writeMeasured(ctx context.Context, last, next measuring, all []Measured) (bool, error) {
	var wrote bool
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "update measuring set at = $2, counted = greatest(counted, $3), attempt = greatest(attempt, $4) where at = $1", last.at, next.at, next.counted, next.attempt)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		wrote = true
		return insertMeasured(ctx, tx, all)
	})
	if err != nil {
		return false, fmt.Errorf("keep what was measured: %w", err)
	}
	return wrote, nil
}

// MeasureOwn keeps what only this hub can measure: its figures of the minute of now, each once. Their labels begin with the hub's name.
func (s *Store) MeasureOwn(ctx context.Context, own []Measured, now time.Time) error {
	of := make([]Measured, len(own))
	for i, m := range own {
		m.At, m.Label = now.UTC().Truncate(time.Minute), s.opts.Hub+named(m.Label)
		of[i] = m
	}
	if err := insertMeasured(ctx, s.pool, of); err != nil {
		return fmt.Errorf("keep what the hub has measured: %w", err)
	}
	return nil
}

func named(label string) string {
	if label == "" {
		return ""
	}
	return " " + label
}

func insertMeasured(ctx context.Context, q querier, all []Measured) error {
	whats, labels, ats, values := make([]string, len(all)), make([]string, len(all)), make([]time.Time, len(all)), make([]float64, len(all))
	for i, m := range all {
		if folds[m.What] == "" {
			return fmt.Errorf("%q is no measure", m.What)
		}
		whats[i], labels[i], ats[i], values[i] = string(m.What), m.Label, m.At, m.Value
	}
	rows, err := q.Query(ctx, "insert into measurement (what, label, at, value) select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::float8[]) on conflict do nothing", whats, labels, ats, values)
	if err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}

// What happens is counted by the minute. Every part reads an index by time, or attempts from a number on.
const (
	countAccepted = `select m.at, count(s.at) from generate_series($1::timestamptz, $2::timestamptz - interval '1 minute', interval '1 minute') m (at)
		left join (select date_trunc('minute', s.received_at) as at from agency a cross join lateral
			(select received_at from submission where agency_id = a.id and state = 'accepted' and replay_of = '' and received_at >= $1 and received_at < $2 offset 0) s) s on s.at = m.at group by m.at`
	countRefused = `select date_trunc('minute', s.received_at), coalesce(a.ori, ''), count(*) from submission s left join agency a on a.id = s.agency_id
		where s.state = 'refused' and s.replay_of = '' and s.received_at >= $1 and s.received_at < $2 group by 1, 2`
	countAttempts = `select date_trunc('minute', finished_at), verdict, count(*) from attempt where id >= $3 and finished_at >= $1 and finished_at < $2 group by 1, 2`
	replyTimes    = `select date_trunc('minute', finished_at), percentile_cont(array[0.5, 0.95]) within group (order by extract(epoch from finished_at - sent_at)::float8)
		from attempt where id >= $3 and finished_at >= $1 and finished_at < $2 and sent_at is not null and verdict not in ('unknown', 'gaveUp') group by 1`
	// nextAttempt is the lowest number that is of interest the next time: of what has not ended, or ended too late for this time. Numbers are drawn a little before they are seen.
	nextAttempt = `select coalesce(min(id) filter (where (finished_at is null or finished_at >= $2) and at > $3), max(id) - 100, $1) from attempt where id >= $1`
)

// happened counts what happened from where the last count ended.
func (s *Store) happened(ctx context.Context, last measuring, next *measuring) ([]Measured, error) {
	from, to := last.counted, next.counted
	if oldest := to.Add(-catchUp); from.Before(oldest) {
		from = oldest
	}
	next.attempt = last.attempt
	if !from.Before(to) {
		return nil, nil
	}
	var b pgx.Batch
	var all []Measured
	keep := func(what Measure, labelled bool) func(pgx.Rows) error {
		return func(rows pgx.Rows) error {
			m := Measured{What: what}
			into := []any{&m.At, &m.Value}
			if labelled {
				into = []any{&m.At, &m.Label, &m.Value}
			}
			_, err := pgx.ForEachRow(rows, into, func() error { all = append(all, m); return nil })
			return err
		}
	}
	b.Queue(countAccepted, from, to).Query(keep(MeasureAccepted, false))
	b.Queue(countRefused, from, to).Query(keep(MeasureRefused, true))
	b.Queue(countAttempts, from, to, last.attempt).Query(keep(MeasureAttempts, true))
	b.Queue(replyTimes, from, to, last.attempt).Query(func(rows pgx.Rows) error {
		var at time.Time
		var p []float64
		_, err := pgx.ForEachRow(rows, []any{&at, &p}, func() error {
			all = append(all, Measured{MeasureReplyP50, "", at, p[0]}, Measured{MeasureReplyP95, "", at, p[1]})
			return nil
		})
		return err
	})
	b.Queue(nextAttempt, last.attempt, to, to.Add(-abandoned)).QueryRow(func(row pgx.Row) error { return row.Scan(&next.attempt) })
	return all, s.Reader.pool.SendBatch(ctx, &b).Close()
}

// stands measures how everything stands, as Figures and the database itself say.
func (s *Store) stands(ctx context.Context, warn []float64, now, minute time.Time) ([]Measured, error) {
	f, err := s.Figures(ctx, now, warn)
	if err != nil {
		return nil, err
	}
	var all []Measured
	add := func(what Measure, label string, value float64) {
		all = append(all, Measured{what, label, minute, value})
	}
	queue, jobs := map[TransmissionState]int{StateWaiting: 0, StateReady: 0, StateSending: 0, StateSent: 0, StateUnknown: 0, StateHeld: 0}, map[string]int{"discarded": 0}
	var late, risk int
	var unsent time.Time
	for _, q := range f.Queue {
		queue[q.State] += q.Count
		late, risk = late+q.Late, risk+q.AtRisk
		if q.State == StateReady && (unsent.IsZero() || q.Received.Before(unsent)) {
			unsent = q.Received
		}
	}
	for _, j := range f.Jobs {
		jobs[j.State] += j.Count
	}
	for state, n := range queue {
		add(MeasureQueue, string(state), float64(n))
	}
	for state, n := range jobs {
		add(MeasureJobs, state, float64(n))
	}
	add(MeasureLate, "", float64(late))
	add(MeasureAtRisk, "", float64(risk))
	add(MeasureUnsent, "", secondsSince(now, unsent))
	add(MeasureMessages, "", float64(f.Unhandled))
	add(MeasureNotices, "", float64(f.Notices))
	add(MeasureLedgerLag, "", secondsSince(now, f.LedgerAt))
	if err := s.measureLines(ctx, now, add); err != nil {
		return nil, err
	}
	d, err := s.database(ctx)
	add(MeasureBytes, "", float64(d.Bytes))
	add(MeasureConns, "", float64(d.Connections))
	add(MeasureOldestTx, "", d.OldestTransaction.Seconds())
	return all, err
}

func (s *Store) measureLines(ctx context.Context, now time.Time, add func(Measure, string, float64)) error {
	lines, err := s.Lines(ctx)
	if err != nil {
		return err
	}
	up := LinesUp(lines, now)
	n := 0
	for _, isUp := range up {
		if isUp {
			n++
		}
	}
	add(MeasureLines, "", float64(len(up)))
	add(MeasureLinesUp, "", float64(n))
	return nil
}

// LinesUp says of each line whether it is up with a hub that still speaks.
func LinesUp(lines []LineReport, now time.Time) map[string]bool {
	up := map[string]bool{}
	for _, l := range lines {
		up[l.Line] = up[l.Line] || l.Up && !l.Silent(now)
	}
	return up
}

// secondsSince is 0 for never; clocks of hubs may differ a little.
func secondsSince(now, since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return max(0, now.Sub(since).Seconds())
}

// DatabaseState is how the database itself stands.
type DatabaseState struct {
	Bytes          int64 `json:"bytes"`
	Connections    int   `json:"connections"`
	MaxConnections int   `json:"maxConnections"`
	// OldestTransaction is for how long the oldest transaction is open; 0 where none is.
	OldestTransaction time.Duration `json:"oldestTransaction"`
	// Version is that of its tables, Needed what this program needs.
	Version int64 `json:"version"`
	Needed  int64 `json:"needed"`
	// Now is its clock.
	Now time.Time `json:"now"`
}

// database asks for all of it; the size takes the database a look at each of its files.
func (r *Reader) database(ctx context.Context) (DatabaseState, error) {
	d, err := r.databaseQuick(ctx)
	if err != nil {
		return d, err
	}
	d.Bytes, err = one(ctx, r.pool, pgx.RowTo[int64], "ask for the size of the database", "select pg_database_size(current_database())")
	return d, err
}

func (r *Reader) databaseQuick(ctx context.Context) (DatabaseState, error) {
	return one(ctx, r.pool, func(row pgx.CollectableRow) (d DatabaseState, err error) {
		var seconds float64
		err = row.Scan(&d.Connections, &d.MaxConnections, &seconds, &d.Version, &d.Now)
		d.OldestTransaction, d.Needed, d.Now = time.Duration(seconds*float64(time.Second)), schemaVersion, d.Now.UTC()
		return d, err
	}, "ask how the database stands", `select (select count(*) from pg_stat_activity where datname = current_database()), current_setting('max_connections')::int,
		(select coalesce(greatest(0, max(extract(epoch from clock_timestamp() - xact_start))), 0)::float8 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()),
		(select coalesce(max(version_id), 0) from goose_db_version where is_applied), clock_timestamp()`)
}

// ClockAhead is by how much the database's clock is before this hub's, as nearly as a round trip tells.
func (r *Reader) ClockAhead(ctx context.Context, now func() time.Time) (time.Duration, error) {
	before := now()
	theirs, err := one(ctx, r.pool, pgx.RowTo[time.Time], "ask the database's clock", "select clock_timestamp()")
	after := now()
	return theirs.Sub(before.Add(after.Sub(before) / 2)), err
}

// ThinMeasured makes hours of the minutes that are older than two days, and forgets what is older than 35 days. It does so once an hour, whichever hub asks, and says whether it did.
func (s *Store) ThinMeasured(ctx context.Context, now time.Time) (bool, error) {
	until := now.UTC().Add(-minutesKept).Truncate(time.Hour)
	var did bool
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var from time.Time
		err := tx.QueryRow(ctx, "select thinned from measuring where thinned < $1 for update skip locked", until).Scan(&from)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		did = true
		return thin(ctx, tx, from, until, now)
	})
	if err != nil {
		return false, fmt.Errorf("thin what was measured: %w", err)
	}
	return did, nil
}

func thin(ctx context.Context, tx pgx.Tx, from, until, now time.Time) error {
	whats, how := foldArrays()
	_, err := tx.Exec(ctx, `with f as (select * from unnest($1::text[], $2::text[]) f (what, fold)),
			v as (delete from measurement where what = any($1) and at >= $3 and at < $4 returning *)
		insert into measurement (what, label, at, value) select v.what, v.label, date_trunc('hour', v.at), `+folded+` from v join f on f.what = v.what group by v.what, v.label, date_trunc('hour', v.at), f.fold`,
		whats, how, from, until)
	if err == nil {
		_, err = tx.Exec(ctx, "delete from measurement where what = any($1) and at < $2", whats, now.Add(-measuresKept))
	}
	if err == nil {
		_, err = tx.Exec(ctx, "update measuring set thinned = $1", until)
	}
	return err
}

// readSeries is what Series asks.
const readSeries = `select v.what, v.label, date_bin($5::interval, v.at, $3) as step, ` + folded + `
		from unnest($1::text[], $2::text[]) f (what, fold) join measurement v on v.what = f.what and v.at >= $3 and v.at < $4
		group by v.what, v.label, step, f.fold order by v.what, v.label, step`

// Series gives what was measured from a time on until before another, in steps that begin at from: of each measure and label one value a step in which there is one, counts summed up and of everything else
// the worst.
func (r *Reader) Series(ctx context.Context, from, to time.Time, step time.Duration, only ...Measure) ([]Measured, error) {
	whats, how := foldArrays(only...)
	return all(ctx, r.pool, func(row pgx.CollectableRow) (m Measured, err error) {
		err = row.Scan(&m.What, &m.Label, &m.At, &m.Value)
		m.At = m.At.UTC()
		return m, err
	}, "read what was measured", readSeries, whats, how, from, to, step)
}

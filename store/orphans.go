package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// sweepLimit bounds one sweep; what is left is found by the next.
const sweepLimit = 1000

// Orphans finds attempts begun before the given time and never finished: their hub died or hangs. Each one's outcome is unknown from
// now on (a look-up's is tried again), with a job. It must be further back than the longest time the relay waits for a reply.
func (s *Store) Orphans(ctx context.Context, olderThan, now time.Time) ([]TransmissionID, error) {
	return s.orphans(ctx, 0, now, "open_since < $1", olderThan)
}

// OrphansOfLine is Orphans for every unfinished attempt on one line, whatever its age: a hub calls it after it got the line's lease and before it logs on. They are
// looked up when the given time has passed since they began: until then what was asked may still be carried out, and a look-up would not see it.
func (s *Store) OrphansOfLine(ctx context.Context, line string, after time.Duration, now time.Time) ([]TransmissionID, error) {
	return s.orphans(ctx, after, now, "open_line = $1", line)
}

func (s *Store) orphans(ctx context.Context, after time.Duration, now time.Time, which string, arg any) ([]TransmissionID, error) {
	open, err := all(ctx, s.pool, pgx.RowTo[int64], "find attempts without a hub",
		fmt.Sprintf("select open_attempt from transmission where open_attempt is not null and %s order by open_attempt limit %d", which, sweepLimit), arg)
	if err != nil {
		return nil, err
	}
	var found []TransmissionID
	for _, id := range open {
		a, err := s.orphan(ctx, AttemptID(id), after, now)
		var moved *MoveError
		if errors.As(err, &moved) {
			continue // finished in the meantime
		}
		if err != nil {
			return found, err
		}
		found = append(found, a.Transmission)
	}
	return found, nil
}

func (s *Store) orphan(ctx context.Context, id AttemptID, after time.Duration, now time.Time) (AttemptRef, error) {
	var a AttemptRef
	err := s.pool.QueryRow(ctx, "select transmission_id, at from attempt where id = $1", int64(id)).Scan(&a.Transmission, &a.At)
	if err != nil {
		return a, fmt.Errorf("find an attempt: %w", err)
	}
	_, err = s.Finish(ctx, id, Outcome{Verdict: VerdictUnknown, Text: "The hub that sent it stopped before the reply came.", At: now, RetryAt: later(now, a.At.Add(after))})
	return a, err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Stranded finds ready and unknown transmissions that were due before the given time and for which no job is left: there are fewer jobs than such transmissions, and
// for each that lacks it gives a job. A job that has been running since before that time counts as lost with its hub: one job too many does no harm, as it
// finds nothing to do. It counts up to a bound only, so that it costs the same with a hundred thousand waiting.
func (s *Store) Stranded(ctx context.Context, dueBefore, now time.Time) ([]TransmissionID, error) {
	jobs, err := one(ctx, s.marks, pgx.RowTo[int], "count jobs", jobsSQL, dueBefore)
	if err != nil || jobs >= sweepLimit {
		return nil, err
	}
	due, err := all(ctx, s.marks, pgx.RowTo[TransmissionID], "find transmissions without a job", dueSQL, dueBefore)
	if err != nil || len(due) <= jobs {
		return nil, err
	}
	found := due[jobs:]
	var b pgx.Batch
	if err := enqueue(ctx, s.jobs, &b, time.Time{}, found...); err != nil {
		return nil, err
	}
	if err := s.pool.SendBatch(ctx, &b).Close(); err != nil {
		return nil, fmt.Errorf("give transmissions a job: %w", err)
	}
	return found, nil
}

// jobsSQL counts the jobs that are there to be taken, or will be in a moment, or are at work. River goes by the database's clock.
var jobsSQL = fmt.Sprintf(`
	select count(*)::int from (
		(select from river_job where state = 'available' and kind = 'transmit' limit %[1]d)
		union all (select from river_job where state in ('scheduled', 'retryable', 'pending') and kind = 'transmit' and scheduled_at < now() + interval '10 s' limit %[1]d)
		union all (select from river_job where state = 'running' and kind = 'transmit' and attempted_at >= $1 limit %[1]d)) as j`, sweepLimit)

var dueSQL = fmt.Sprintf(`
	select id from (
		(select id from transmission where class is null and state in ('ready', 'unknown') and open_attempt is null and retry_at < $1 order by retry_at limit %[1]d)
		union all (select id from transmission where class is not null and retry_at < $1 limit %[1]d)) as t order by id limit %[1]d`, sweepLimit)

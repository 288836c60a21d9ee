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
	return s.orphans(ctx, now, "open_since < $1", olderThan)
}

// OrphansOfLine is Orphans for every unfinished attempt on one line, whatever its age: a hub calls it after it got the line's lease and before it logs on.
func (s *Store) OrphansOfLine(ctx context.Context, line string, now time.Time) ([]TransmissionID, error) {
	return s.orphans(ctx, now, "open_line = $1", line)
}

func (s *Store) orphans(ctx context.Context, now time.Time, which string, arg any) ([]TransmissionID, error) {
	open, err := all(ctx, s.pool, pgx.RowTo[int64], "find attempts without a hub",
		fmt.Sprintf("select open_attempt from transmission where open_attempt is not null and %s order by open_attempt limit %d", which, sweepLimit), arg)
	if err != nil {
		return nil, err
	}
	var found []TransmissionID
	for _, id := range open {
		a, err := s.orphan(ctx, AttemptID(id), now)
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

func (s *Store) orphan(ctx context.Context, id AttemptID, now time.Time) (AttemptRef, error) {
	var a AttemptRef
	err := s.pool.QueryRow(ctx, "select transmission_id from attempt where id = $1", int64(id)).Scan(&a.Transmission)
	if err != nil {
		return a, fmt.Errorf("find an attempt: %w", err)
	}
	_, err = s.Finish(ctx, id, Outcome{Verdict: VerdictUnknown, Text: "The hub that sent it stopped before the reply came.", At: now})
	return a, err
}

// Stranded finds ready and unknown transmissions that were due before the given time and for which no job is left, and gives each a job. A job that
// has been running since before that time counts as lost with its hub: one job too many does no harm, as it finds nothing to do.
func (s *Store) Stranded(ctx context.Context, dueBefore, now time.Time) ([]TransmissionID, error) {
	found, err := all(ctx, s.pool, pgx.RowTo[TransmissionID], "find transmissions without a job", fmt.Sprintf(`
		select t.id from transmission t
		where t.state in ('ready', 'unknown') and t.retry_at < $1 and t.open_attempt is null
		and t.id not in (select (args->>'transmission_id')::bigint from river_job where kind = 'transmit'
			and (state in ('available', 'retryable', 'scheduled', 'pending') or state = 'running' and attempted_at >= $1))
		order by t.id limit %d`, sweepLimit), dueBefore)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	var b pgx.Batch
	if err := enqueue(ctx, s.jobs, &b, now, found...); err != nil {
		return nil, err
	}
	if err := s.pool.SendBatch(ctx, &b).Close(); err != nil {
		return nil, fmt.Errorf("give transmissions a job: %w", err)
	}
	return found, nil
}

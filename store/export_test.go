package store

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Exec runs a statement on a connection of the reader.
func (r *Reader) Exec(ctx context.Context, sql string) error {
	_, err := r.pool.Exec(ctx, sql)
	return err
}

// Moves is the table of next moves.
func Moves() map[TransmissionState]Move { return moves }

// Scan reads one value on a connection of the reader.
func (r *Reader) Scan(ctx context.Context, sql string, into any) error {
	return r.pool.QueryRow(ctx, sql).Scan(into)
}

// TakenSinceSQL is what TakenSince asks.
const TakenSinceSQL = takenSince

// OpenStates and JobFigures are parts of what Figures asks.
const (
	OpenStates = openStates
	JobFigures = jobFigures
)

// FirstOrderSeal is SQL for a seal of the edition order/1.
func FirstOrderSeal(id string) string { return firstOrderSeal(id) }

// CompareSeals compares everything with these seals alone.
func (r *Reader) CompareSeals(ctx context.Context, seals string) ([]Finding, error) {
	v := &verification{ctx: ctx, seals: map[string]map[int64]seal{}}
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		v.tx = tx
		v.remember(seals)
		return v.sealed()
	})
	return v.out.Findings, err
}

// BoardSQL is what the board asks and what is measured each minute, with values in place of the parameters.
func BoardSQL() []string {
	at := "timestamptz '2026-03-02 20:00Z'"
	times := strings.NewReplacer("$1", at, "$2", at, "$3", "7")
	return []string{
		times.Replace(countAccepted), times.Replace(countRefused), times.Replace(countAttempts), times.Replace(replyTimes), times.Replace(ownMeasured), times.Replace(refusedBy), ledgerAndSeal,
		strings.NewReplacer("$1", "7", "$2", at, "$3", at).Replace(nextAttempt),
		strings.NewReplacer("$1", "array['queue', 'late']").Replace(lastMeasured),
		strings.NewReplacer("$1", "array['queue', 'late']", "$2", "array['highest', 'highest']", "$3", at, "$4", at, "$5", "'1 hour'").Replace(readSeries),
	}
}

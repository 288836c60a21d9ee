package store

import "context"

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

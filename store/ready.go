package store

import (
	"context"
	"errors"
	"fmt"
)

// ErrReadOnly says that the database takes no writes: it is a standby, or set so.
var ErrReadOnly = errors.New("the database takes no writes")

// Commits says whether a transaction can be made durable now, by making one: it writes a few bytes to the write-ahead log and to no table, and waits for what a receipt would wait for.
func (s *Store) Commits(ctx context.Context) error {
	var readOnly bool
	err := s.pool.QueryRow(ctx, "select current_setting('transaction_read_only') = 'on' from (select pg_logical_emit_message(true, 'ccpor', 'ready')) m").Scan(&readOnly)
	if err != nil {
		return fmt.Errorf("commit something: %w", err)
	}
	if readOnly {
		return ErrReadOnly
	}
	return nil
}

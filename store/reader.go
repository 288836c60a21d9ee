package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Reader is the read-only side, for pages and answers: its connections refuse to write.
type Reader struct {
	pool   *pgxpool.Pool
	finds  *pgxpool.Pool // reads lists in the order of their indexes
	images Images
	codec  codec
}

// OpenReader connects for reading only.
func OpenReader(ctx context.Context, url string, opts Options) (*Reader, error) {
	opts = opts.withDefaults()
	pool, err := connect(ctx, url, opts.MaxConns, map[string]string{"default_transaction_read_only": "on"})
	if err != nil {
		return nil, fmt.Errorf("open the store for reading: %w", err)
	}
	finds, err := connect(ctx, url, 4, findSettings())
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the store for reading: %w", err)
	}
	c, err := newCodec()
	if err != nil {
		pool.Close()
		finds.Close()
		return nil, fmt.Errorf("open the store for reading: %w", err)
	}
	return &Reader{pool: pool, finds: finds, images: opts.Images, codec: c}, nil
}

// Close lets go of the connections.
func (r *Reader) Close() {
	r.pool.Close()
	r.finds.Close()
}

// querier is a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// one reads the one row that the query finds; ErrNotFound.
func one[T any](ctx context.Context, q querier, scan pgx.RowToFunc[T], doing, sql string, args ...any) (T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		var none T
		return none, fmt.Errorf("%s: %w", doing, err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return v, ErrNotFound
	}
	if err != nil {
		return v, fmt.Errorf("%s: %w", doing, err)
	}
	return v, nil
}

// all reads every row that the query finds.
func all[T any](ctx context.Context, q querier, scan pgx.RowToFunc[T], doing, sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	v, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	return v, nil
}

package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ccpor/vault"
)

// Reader is the read-only side, for pages and answers: its connections refuse to write.
type Reader struct {
	pool   *pgxpool.Pool
	finds  *pgxpool.Pool // reads lists in the order of their indexes
	keys   *pgxpool.Pool // for data keys alone: whoever asks for one may hold a connection of another pool
	images Images
	given  *vault.Keys // nil for none
	naming *naming
	safe
}

// readOnly makes connections refuse to write.
var readOnly = map[string]string{"default_transaction_read_only": "on"}

// OpenReader connects for reading only.
func OpenReader(ctx context.Context, url string, opts Options) (*Reader, error) {
	return openReader(ctx, url, opts.withDefaults(), readOnly)
}

// openReader gives the connections for data keys settings of their own: a Store makes data keys.
func openReader(ctx context.Context, url string, opts Options, forKeys map[string]string) (*Reader, error) {
	r := &Reader{images: opts.Images, given: opts.Keys}
	if err := r.connect(ctx, url, opts, forKeys); err != nil {
		r.Close()
		return nil, fmt.Errorf("open the store for reading: %w", err)
	}
	return r, nil
}

func (r *Reader) connect(ctx context.Context, url string, opts Options, forKeys map[string]string) (err error) {
	if r.pool, err = connect(ctx, url, opts.MaxConns, readOnly); err != nil {
		return err
	}
	if r.finds, err = connect(ctx, url, 4, findSettings()); err != nil {
		return err
	}
	if r.keys, err = connect(ctx, url, 2, forKeys); err != nil {
		return err
	}
	r.vault = vault.New(opts.Keys, dataKeys{r.keys, opts.Hub}, opts.Now)
	if r.codec, err = newCodec(); err != nil {
		return err
	}
	r.naming, err = newNaming()
	return err
}

// Close lets go of the connections.
func (r *Reader) Close() {
	for _, pool := range []*pgxpool.Pool{r.pool, r.finds, r.keys} {
		if pool != nil {
			pool.Close()
		}
	}
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

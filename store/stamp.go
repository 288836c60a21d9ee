package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"
)

// Stamped is a checkpoint with a time stamp by RFC 3161 over its document.
type Stamped struct {
	Checkpoint
	Token     []byte    // DER
	StampedAt time.Time // by the authority's clock
}

// Unstamped is the newest checkpoint, when it has no time stamp and the last one that has was stamped before a moment; otherwise ErrNotFound.
func (r *Reader) Unstamped(ctx context.Context, before time.Time) (Checkpoint, error) {
	return one(ctx, r.pool, scanCheckpoint, "find a checkpoint to stamp", `
		select n, size, root, at, document from checkpoint c
		where n = (select max(n) from checkpoint) and not exists (select from checkpoint_stamp s where s.checkpoint = c.n or s.at >= $1)`, before)
}

// Stamp keeps the time stamp of a checkpoint. When another hub was first, its stamp stays, and that is no error.
func (s *Store) Stamp(ctx context.Context, checkpoint int64, token []byte, at time.Time) error {
	if _, err := s.pool.Exec(ctx, "insert into checkpoint_stamp (checkpoint, at, token) values ($1, $2, $3) on conflict do nothing", checkpoint, at, token); err != nil {
		return fmt.Errorf("keep a time stamp: %w", err)
	}
	return nil
}

// FirstStamped is the oldest stamped checkpoint that holds record n of the ledger, with the proof that it does (RFC 6962, 2.1.1); ErrNotFound.
func (r *Reader) FirstStamped(ctx context.Context, n int64) (Stamped, [][32]byte, error) {
	s, err := one(ctx, r.pool, scanStamped, "find a stamped checkpoint", `
		select c.n, c.size, c.root, c.at, c.document, s.token, s.at from checkpoint c join checkpoint_stamp s on s.checkpoint = c.n where c.size > $1 order by c.n limit 1`, n)
	if err != nil {
		return s, nil, err
	}
	hashes, err := tlog.ProveRecord(s.Size, n, &growing{ctx: ctx, tx: r.pool, known: map[int64]tlog.Hash{}})
	if err != nil {
		return s, nil, fmt.Errorf("prove a record: %w", err)
	}
	proof := make([][32]byte, len(hashes))
	for i, h := range hashes {
		proof[i] = h
	}
	return s, proof, nil
}

// LastStamped is the newest stamped checkpoint; ErrNotFound.
func (r *Reader) LastStamped(ctx context.Context) (Stamped, error) {
	return one(ctx, r.pool, scanStamped, "find the last stamped checkpoint", `
		select c.n, c.size, c.root, c.at, c.document, s.token, s.at from checkpoint c join checkpoint_stamp s on s.checkpoint = c.n order by c.n desc limit 1`)
}

func scanStamped(row pgx.CollectableRow) (s Stamped, err error) {
	var root []byte
	err = row.Scan(&s.Number, &s.Size, &root, &s.At, &s.Document, &s.Token, &s.StampedAt)
	if err == nil && copy(s.Root[:], root) != len(s.Root) {
		err = errors.New("a checkpoint's root is too short")
	}
	s.At, s.StampedAt = s.At.UTC(), s.StampedAt.UTC()
	return s, err
}

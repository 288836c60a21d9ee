package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"ccpor/vault"
)

// dataKeys keep the vault's data keys in the database. They have connections of their own: whoever asks may hold one of the others, in the middle of its rows, and a
// data key stays where the transaction that it was made for is taken back.
type dataKeys struct {
	pool *pgxpool.Pool
	hub  string
}

const dataKeyColumns = "id, kek, wrapped, made_at"

func scanDataKey(row pgx.CollectableRow) (k vault.DataKey, err error) {
	err = row.Scan(&k.ID, &k.Key, &k.Wrapped, &k.MadeAt)
	k.MadeAt = k.MadeAt.UTC()
	return k, err
}

func orNoDataKey(k vault.DataKey, err error) (vault.DataKey, error) {
	if errors.Is(err, ErrNotFound) {
		err = vault.ErrNoDataKey
	}
	return k, err
}

// NewestDataKey is for the vault.
func (d dataKeys) NewestDataKey(ctx context.Context) (vault.DataKey, error) {
	return orNoDataKey(one(ctx, d.pool, scanDataKey, "find the newest data key", "select "+dataKeyColumns+" from data_key order by id desc limit 1"))
}

// DataKey is for the vault.
func (d dataKeys) DataKey(ctx context.Context, id int64) (vault.DataKey, error) {
	return orNoDataKey(one(ctx, d.pool, scanDataKey, "read a data key", "select "+dataKeyColumns+" from data_key where id = $1", id))
}

// NextDataKey is for the vault.
func (d dataKeys) NextDataKey(ctx context.Context) (int64, error) {
	return one(ctx, d.pool, pgx.RowTo[int64], "draw the number of a data key", "select nextval('data_key_id')")
}

// KeepDataKey is for the vault. The database refuses a key that is wrapped by one that was retired.
func (d dataKeys) KeepDataKey(ctx context.Context, k vault.DataKey) error {
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if err := addKey(ctx, tx, k.Key, k.MadeAt); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "insert into data_key (id, kek, wrapped, made_at) values ($1, $2, $3, $4)", k.ID, int64(k.Key), k.Wrapped, k.MadeAt); err != nil {
			return err
		}
		return auditKey(ctx, tx, Event{At: k.MadeAt, Actor: "hub " + d.hub, Action: "key.make", Object: fmt.Sprintf("data key %d", k.ID), Outcome: "made", Details: "wrapped by key " + k.Key.String()})
	})
	if err != nil {
		return fmt.Errorf("keep a data key: %w", err)
	}
	return nil
}

// addKey makes a key-encryption key known by its number.
func addKey(ctx context.Context, tx pgx.Tx, id vault.KeyID, at time.Time) error {
	_, err := tx.Exec(ctx, "insert into key_encryption_key (id, added_at) values ($1, $2) on conflict do nothing", int64(id), at)
	return err
}

func auditKey(ctx context.Context, tx pgx.Tx, e Event) error {
	_, err := tx.Exec(ctx, "insert into audit (at, actor, action, object, outcome, details) values ($1, $2, $3, $4, $5, $6)", e.At, e.Actor, e.Action, e.Object, e.Outcome, e.Details)
	return err
}

// KeyUse is a key-encryption key as the database knows it: by its number.
type KeyUse struct {
	Key vault.KeyID
	// DataKeys counts what it wraps.
	DataKeys int
	AddedAt  time.Time
	// RetiredAt is zero while it may wrap.
	RetiredAt time.Time
}

// KeyUses are the key-encryption keys that have wrapped data keys, in the order in which they came.
func (r *Reader) KeyUses(ctx context.Context) ([]KeyUse, error) {
	return all(ctx, r.pool, func(row pgx.CollectableRow) (u KeyUse, err error) {
		var retired *time.Time
		err = row.Scan(&u.Key, &u.AddedAt, &retired, &u.DataKeys)
		u.AddedAt, u.RetiredAt = u.AddedAt.UTC(), known(retired)
		return u, err
	}, "list the keys", "select k.id, k.added_at, k.retired_at, (select count(*) from data_key d where d.kek = k.id) from key_encryption_key k order by k.added_at, k.id")
}

// DataKeys are all data keys, the oldest first.
func (r *Reader) DataKeys(ctx context.Context) ([]vault.DataKey, error) {
	return all(ctx, r.pool, scanDataKey, "list the data keys", "select "+dataKeyColumns+" from data_key order by id")
}

// CheckKeys says whether the keys that the store was opened with open every data key: nil, vault.ErrNoKeys, *vault.UnknownKeyError, or that a data key was changed.
func (r *Reader) CheckKeys(ctx context.Context) error {
	if r.vault == nil {
		return vault.ErrNoKeys
	}
	kept, err := r.DataKeys(ctx)
	if err != nil {
		return err
	}
	for _, k := range kept {
		if err := r.given.Opens(k); err != nil {
			return err
		}
	}
	return nil
}

// Rewrap wraps every data key anew that is not wrapped by the primary key, and tells how many. Hubs may run meanwhile; a data key that one of them makes under an
// older key is left to the next time.
func (s *Store) Rewrap(ctx context.Context, keys *vault.Keys, who string, at time.Time) (n int, err error) {
	kept, err := s.DataKeys(ctx)
	if err != nil {
		return 0, err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := addKey(ctx, tx, keys.Primary(), at); err != nil {
			return err
		}
		for _, k := range kept {
			again, err := keys.Rewrap(k)
			if err != nil {
				return err
			}
			tag, err := tx.Exec(ctx, "update data_key set kek = $2, wrapped = $3 where id = $1 and kek = $4 and kek <> $2", k.ID, int64(again.Key), again.Wrapped, int64(k.Key))
			if err != nil {
				return err
			}
			n += int(tag.RowsAffected())
		}
		return auditKey(ctx, tx, Event{At: at, Actor: who, Action: "key.rotate", Object: "key " + keys.Primary().String(), Outcome: "rotated", Details: fmt.Sprintf("%d data keys wrapped anew", n)})
	})
	if err != nil {
		return 0, fmt.Errorf("wrap the data keys anew: %w", err)
	}
	return n, nil
}

// WrapsError says that a key-encryption key is needed: it wraps data keys. Nothing was retired.
type WrapsError struct {
	Key      vault.KeyID
	DataKeys int
}

func (e *WrapsError) Error() string {
	return fmt.Sprintf("key %s still wraps %d data keys, and what they encrypt could not be read without it: rotate first", e.Key, e.DataKeys)
}

// RetireKeys forbids key-encryption keys for good, all of them or none; those that were retired stay so. *WrapsError.
func (s *Store) RetireKeys(ctx context.Context, keys []vault.KeyID, who string, at time.Time) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		for _, id := range keys {
			if err := retireKey(ctx, tx, id, who, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("retire keys: %w", err)
	}
	return nil
}

// retireKey locks the key's row before it looks, as whoever wraps by it does.
func retireKey(ctx context.Context, tx pgx.Tx, id vault.KeyID, who string, at time.Time) error {
	if err := addKey(ctx, tx, id, at); err != nil {
		return err
	}
	retired, err := one(ctx, tx, pgx.RowTo[bool], "find the key", "select retired_at is not null from key_encryption_key where id = $1 for update", int64(id))
	if err != nil || retired {
		return err
	}
	wraps, err := one(ctx, tx, pgx.RowTo[int], "count its data keys", "select count(*) from data_key where kek = $1", int64(id))
	switch {
	case err != nil:
		return err
	case wraps > 0:
		return &WrapsError{id, wraps}
	}
	if _, err := tx.Exec(ctx, "update key_encryption_key set retired_at = $2 where id = $1", int64(id), at); err != nil {
		return err
	}
	return auditKey(ctx, tx, Event{At: at, Actor: who, Action: "key.retire", Object: "key " + id.String(), Outcome: "retired"})
}

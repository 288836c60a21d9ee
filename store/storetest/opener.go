package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"ccpor/vault"
)

// Opener decrypts what Stores keep in the database of the URL, by the names of column and row: "attempt.bytes/0000000001". It goes its own way to the data keys.
func Opener(t testing.TB, url string) func(ctx context.Context, name string, sealed []byte) ([]byte, error) {
	t.Helper()
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dec.Close)
	v := vault.New(Keys(t, url), reading{url: url}, time.Now)
	return func(ctx context.Context, name string, sealed []byte) ([]byte, error) {
		packed, err := v.Open(ctx, name, sealed)
		if err != nil {
			return nil, err
		}
		return dec.DecodeAll(packed, nil)
	}
}

// reading keeps no data keys; it only reads those that are there.
type reading struct {
	vault.Keeper
	url string
}

func (r reading) DataKey(ctx context.Context, id int64) (k vault.DataKey, err error) {
	conn, err := pgx.Connect(ctx, r.url)
	if err != nil {
		return k, err
	}
	err = conn.QueryRow(ctx, "select id, kek, wrapped from data_key where id = $1", id).Scan(&k.ID, &k.Key, &k.Wrapped)
	return k, errors.Join(err, conn.Close(ctx))
}

package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

// schemaVersion is the newest migration; Ping refuses a database that has not got it.
const schemaVersion = 30

// Migrate brings the schema in the connection's search_path up to date: our tables and River's. It is safe to run from several hubs
// at once, since the second waits for the first; nothing else relies on that lock.
func Migrate(ctx context.Context, url string) error {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("migrate: %w", withoutURL(err))
	}
	config.MaxConns = 3
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer pool.Close()
	if err := migrateAlone(ctx, pool); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func migrateAlone(ctx context.Context, pool *pgxpool.Pool) error {
	lock, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer lock.Release()
	const key = "hashtextextended('ccpor migrate ' || current_schema(), 0)"
	if _, err := lock.Exec(ctx, "select pg_advisory_lock("+key+")"); err != nil {
		return err
	}
	err = migrateBoth(ctx, pool)
	if _, free := lock.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock("+key+")"); err == nil {
		err = free
	}
	return err
}

func migrateBoth(ctx context.Context, pool *pgxpool.Pool) error {
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	if err := migrateOurs(ctx, db); err != nil {
		return err
	}
	jobs, err := rivermigrate.New[pgx.Tx](riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("tables of the job queue: %w", err)
	}
	if _, err := jobs.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("tables of the job queue: %w", err)
	}
	return nil
}

func migrateOurs(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// SchemaFingerprint tells one set of migrations from another, River's included.
func SchemaFingerprint() string {
	h := sha256.New()
	for _, files := range []fs.FS{migrations, riverpgxv5.New(nil).GetMigrationFS(riverdriver.MigrationLineMain)} {
		fs.WalkDir(files, ".", func(path string, _ fs.DirEntry, _ error) error { // embedded: it cannot fail
			content, _ := fs.ReadFile(files, path) // a folder has no content
			fmt.Fprintln(h, path, len(content))
			h.Write(content)
			return nil
		})
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

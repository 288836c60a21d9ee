package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"ccpor/vault"
)

// Options are how a Store is opened; the zero value is ready for use.
type Options struct {
	// Hub is this hub's name in audit entries, attempts and leases; unique among the hubs of one database. Empty: host name and process id.
	Hub string
	// Log gets what an operator has to know; nil discards it.
	Log *slog.Logger
	// MaxConns bounds the connections for everything but Accept; zero means 16.
	MaxConns int
	// Flushers is how many transactions of Accept run at a time, each with a connection of its own; zero means 2.
	Flushers int
	// Batch is how many submissions share a transaction at most; zero means 64.
	Batch int
	// BatchBytes bounds what one transaction carries; one submission alone may exceed it. Zero means 16 MiB.
	BatchBytes int
	// RefusedBytes bounds how much of a refused package's wire bytes is kept; zero means 1 MiB.
	RefusedBytes int
	// Fresh is for how long after its receipt a transmission is fresh, and UrgentShare from which share of its legal time on it is urgent (Classes); zero means 15
	// minutes and 0.5. What has its class already keeps it until that changes by the old settings.
	Fresh       time.Duration
	UrgentShare float64
	// TestSwitch says that the hub's switch is a test switch, so that test packages are owed to it.
	TestSwitch bool
	// Images keeps image contents; nil keeps them in Postgres, in the order's own transaction.
	Images Images
	// Keys are the key-encryption keys. Without them nothing is kept or read that is encrypted: vault.ErrNoKeys.
	Keys *vault.Keys
	// Now is the clock by which data keys are renewed; nil is the machine's.
	Now func() time.Time
}

// Images keeps the contents of images outside the database, by digest: that of the image, which comes encrypted. To keep one again that is there has no effect.
type Images interface {
	// Keep returns when the content is durable. It is called before the transaction that names the content.
	Keep(ctx context.Context, sha256 [32]byte, content []byte) error
	// Read returns the content as it was kept, or ErrNotFound.
	Read(ctx context.Context, sha256 [32]byte) ([]byte, error)
}

// Store is the hub's side of the database. It is safe for use by many goroutines.
type Store struct {
	*Reader
	opts     Options
	pool     *pgxpool.Pool
	marks    *pgxpool.Pool // does not wait for the disk: for notes and choices whose loss in a crash of the database changes nothing
	intake   *intake
	refusals *refusals
	driver   quietDriver
	jobs     *river.Client[pgx.Tx]
	known    agencies
	closures closures
	control  controls
	close    sync.Once
}

// ErrClosed says that the Store has been closed.
var ErrClosed = errors.New("the store is closed")

// Open connects to the database, whose schema Migrate must have brought up to date. The search_path of the URL decides the schema.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	opts = opts.withDefaults()
	s := &Store{opts: opts}
	if err := s.open(ctx, url); err != nil {
		s.Close()
		return nil, fmt.Errorf("open the store: %w", err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, url string) (err error) {
	if s.pool, err = connect(ctx, url, s.opts.MaxConns, keySettings); err != nil {
		return err
	}
	if s.marks, err = connect(ctx, url, 8, markSettings()); err != nil {
		return err
	}
	if s.Reader, err = openReader(ctx, url, s.opts, keySettings); err != nil {
		return err
	}
	if err = s.Ping(ctx); err != nil {
		return err
	}
	if s.driver, err = newDriver(ctx, s.pool); err != nil {
		return err
	}
	if s.jobs, err = s.Jobs(nil); err != nil {
		return err
	}
	s.refusals = startRefusals(s.pool, s.opts)
	s.intake, err = startIntake(ctx, url, s.opts, s.jobs, s.safe, s.naming)
	return err
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Hub == "" {
		host, _ := os.Hostname() // without a name the process number has to do
		o.Hub = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Fresh <= 0 {
		o.Fresh = 15 * time.Minute
	}
	if o.UrgentShare <= 0 {
		o.UrgentShare = 0.5
	}
	for _, d := range []struct {
		value    *int
		standard int
	}{{&o.MaxConns, 16}, {&o.Flushers, 2}, {&o.Batch, 64}, {&o.BatchBytes, 16 << 20}, {&o.RefusedBytes, 1 << 20}} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	return o
}

// keySettings keep the plans of intake and relay what they were made for, whatever the statistics say: their statements reach rows by keys. The tables of a
// young database look empty, and a plan that reads them whole would be kept while they fill; planning a statement anew costs more than most take.
var keySettings = map[string]string{
	"plan_cache_mode":  "force_generic_plan",
	"enable_seqscan":   "off",
	"enable_hashjoin":  "off",
	"enable_mergejoin": "off",
	"jit":              "off",
}

// markSettings keep the plans of the choice what they were made for, and let nothing wait for the disk. Sorting what is waiting, or
// collecting it first, would cost as much as is waiting.
func markSettings() map[string]string {
	settings := maps.Clone(keySettings)
	settings["synchronous_commit"], settings["enable_bitmapscan"], settings["enable_sort"] = "off", "off", "off"
	return settings
}

// connect opens a pool whose connections have the given run-time settings.
func connect(ctx context.Context, url string, conns int, settings map[string]string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, withoutURL(err)
	}
	config.MaxConns = int32(min(conns, 1000))
	config.ConnConfig.RuntimeParams["application_name"] = "ccpor"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	for name, value := range settings {
		config.ConnConfig.RuntimeParams[name] = value
	}
	return pgxpool.NewWithConfig(ctx, config)
}

// withoutURL keeps the password in the URL out of the error.
func withoutURL(err error) error {
	var bad *pgconn.ParseConfigError
	if errors.As(err, &bad) {
		return errors.New("the database's URL cannot be read")
	}
	return err
}

// Close ends what is under way and lets go of the connections. An Accept or Refuse that has not returned is ended first; a later one gets ErrClosed.
func (s *Store) Close() {
	s.close.Do(func() {
		if s.intake != nil {
			s.intake.stop()
		}
		if s.refusals != nil {
			s.refusals.stop()
		}
		if s.Reader != nil {
			s.Reader.Close()
		}
		for _, pool := range []*pgxpool.Pool{s.marks, s.pool} {
			if pool != nil {
				pool.Close()
			}
		}
	})
}

// Ping says whether the database answers and its schema is the one this program needs.
func (s *Store) Ping(ctx context.Context) error {
	var version int64
	err := s.pool.QueryRow(ctx, "select coalesce(max(version_id), 0) from goose_db_version where is_applied").Scan(&version)
	if isMissingTable(err) {
		return errors.New("the database has no tables of this program yet: migrate it first")
	}
	if err != nil {
		return fmt.Errorf("ask the database: %w", err)
	}
	if version < schemaVersion {
		return fmt.Errorf("the database's tables are of version %d and this program needs %d: migrate it first", version, schemaVersion)
	}
	return nil
}

// Hub is this hub's name.
func (s *Store) Hub() string { return s.opts.Hub }

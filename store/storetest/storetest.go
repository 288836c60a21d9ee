// Package storetest gives each test a database of its own, fresh and migrated, with keys of its own, and a Store on it.
//
// The server is the one of CCPOR_TEST_DATABASE_URL (its role must be allowed to create databases), or else a private PostgreSQL that is started once per test
// process and ends with it. One template database is migrated once per server; each test's database is a copy of it and is dropped when the test ends.
// The private server does not wait for the disk, and keeps its files in memory where there is room, except for Durable, which is for benchmarks.
package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"ccpor/store"
	"ccpor/store/private"
	"ccpor/vault"
)

// New is a Store on a fresh database, with a hub name of its own.
func New(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, NewURL(t), store.Options{})
}

// Open is a Store on the database of the URL, closed when the test ends. Several Stores on one URL are several hubs.
func Open(t testing.TB, url string, opts store.Options) *store.Store {
	t.Helper()
	if opts.Hub == "" {
		opts.Hub = "test-" + rand.Text()[:6]
	}
	if opts.Keys == nil {
		opts.Keys = Keys(t, url)
	}
	s, err := store.Open(t.Context(), url, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// NewURL is the URL of a fresh, migrated database that is dropped when the test ends.
func NewURL(t testing.TB) string {
	t.Helper()
	return lax.fresh(t)
}

// Keys are the keys of a database that NewURL or Durable made.
func Keys(t testing.TB, url string) *vault.Keys {
	t.Helper()
	k, err := vault.Read(KeyFile(t, url))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// KeyFile is the file with the keys of such a database, for commands: CCPOR_KEYS. It is there until the test ends that the database was made for.
func KeyFile(t testing.TB, url string) string {
	t.Helper()
	path, ok := keyFiles.Load(nameOf(url))
	if !ok {
		t.Fatal("no key file: the database is none of NewURL's")
	}
	return path.(string)
}

// keyFiles are the paths of the key files by the databases' names.
var keyFiles sync.Map

func nameOf(database string) string {
	u, err := url.Parse(database)
	if err != nil {
		return ""
	}
	return u.Path
}

func makeKeys(t testing.TB, url string) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if _, err := vault.Create(path); err != nil {
		t.Fatal(err)
	}
	keyFiles.Store(nameOf(url), path)
	t.Cleanup(func() { keyFiles.Delete(nameOf(url)) })
}

// Durable is NewURL on a private server that waits for the disk at each commit, for measurements that mean something.
func Durable(t testing.TB) string {
	t.Helper()
	return durable.fresh(t)
}

// server is a PostgreSQL with a migrated template, started by the first test that asks.
type server struct {
	settings map[string]string
	memory   bool   // its files may be gone after a power failure
	outside  string // the environment variable with the URL of a server to use instead
	once     sync.Once
	url      string
	template string
	err      error
}

var (
	lax     = &server{memory: true, outside: "CCPOR_TEST_DATABASE_URL", settings: map[string]string{"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "min_wal_size": "80MB", "max_connections": "300"}}
	durable = &server{outside: "CCPOR_BENCH_DATABASE_URL"}
)

func (s *server) fresh(t testing.TB) string {
	t.Helper()
	s.once.Do(s.start)
	if s.err != nil {
		t.Fatal(s.err)
	}
	name := "ccpor_test_" + strings.ToLower(rand.Text())
	if err := s.exec(t.Context(), fmt.Sprintf("create database %s template %s", name, s.template)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.exec(context.Background(), fmt.Sprintf("drop database if exists %s with (force)", name)); err != nil {
			t.Error(err)
		}
	})
	url := on(s.url, name)
	makeKeys(t, url)
	return url
}

func (s *server) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return fmt.Errorf("storetest: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("storetest: %w", err)
	}
	return nil
}

func on(base, database string) string {
	u, err := url.Parse(base)
	if err != nil { // it was parsed before
		return base
	}
	u.Path = "/" + database
	return u.String()
}

func (s *server) start() {
	s.url = os.Getenv(s.outside)
	if s.url == "" {
		if s.url, s.err = s.private(); s.err != nil {
			return
		}
	}
	s.err = s.makeTemplate(context.Background())
}

// private starts a server that ends when this process does (the kernel sees to that), and leaves its folder to the next test process to clear away.
func (s *server) private() (string, error) {
	sweep()
	dir, err := os.MkdirTemp(s.home(), fmt.Sprintf("ccpor-test-%d-", os.Getpid()))
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	srv, err := private.Start(context.Background(), private.Config{Dir: dir, Settings: s.settings})
	if err != nil {
		return "", err
	}
	return srv.URL(), nil
}

// inMemory is where files are kept in memory on Linux, and how much room there must be: the databases of tests that run at once, and their logs.
const (
	inMemory = "/dev/shm"
	room     = 4 << 30
)

// home is where the server's folder is put.
func (s *server) home() string {
	var fs syscall.Statfs_t
	if s.memory && syscall.Statfs(inMemory, &fs) == nil && fs.Bavail*uint64(fs.Bsize) > room {
		return inMemory
	}
	return "/tmp"
}

// sweep removes the folders of test processes that are gone.
func sweep() {
	inFiles, _ := filepath.Glob("/tmp/ccpor-test-*-*") // the patterns are well-formed
	kept, _ := filepath.Glob(inMemory + "/ccpor-test-*-*")
	for _, dir := range slices.Concat(inFiles, kept) {
		pid, err := strconv.Atoi(strings.Split(filepath.Base(dir), "-")[2])
		if err == nil && syscall.Kill(pid, 0) == syscall.ESRCH {
			os.RemoveAll(dir)
		}
	}
}

// makeTemplate migrates the template once per server: its name tells the migrations apart, and whoever comes second waits.
func (s *server) makeTemplate(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return fmt.Errorf("storetest: %w", err)
	}
	defer conn.Close(ctx)
	s.template = "ccpor_template_" + store.SchemaFingerprint()
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(7150)"); err != nil {
		return fmt.Errorf("storetest: %w", err)
	}
	var ready bool
	err = conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1 and datistemplate)", s.template).Scan(&ready)
	if err != nil || ready {
		return err
	}
	for _, sql := range []string{"drop database if exists " + s.template, "create database " + s.template} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("storetest: %w", err)
		}
	}
	if err := store.Migrate(ctx, on(s.url, s.template)); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "alter database "+s.template+" is_template true")
	return err
}

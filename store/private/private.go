// Package private runs a PostgreSQL of the program's own, as a child process from the binaries that the system has installed.
//
// Start finds the binaries, makes the data folder on the first start, starts the server on a Unix socket that only its own user may open,
// waits until it answers, and hands out its URL. The server ends with the program, however the program ends; after a crash of either, the next
// Start recovers. Started by root, the server runs as the user postgres, else nobody, since PostgreSQL refuses to run as root.
//
// It listens on no network address, downloads nothing, never upgrades a data folder, and refuses a folder that another program is using. It is for one machine:
// a large installation brings its own PostgreSQL and does not need this package.
package private

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// Config says where the server's data is and which binaries run it.
type Config struct {
	// Dir is the folder that holds everything of the server; it is made if it is missing.
	Dir string
	// BinDir holds initdb and postgres; empty means: $PG_BINDIR, then where the systems' packages put them.
	BinDir string
	// Log gets the server's own words, at debug level; nil discards them.
	Log *slog.Logger
	// Settings are added to the server's settings, or replace them.
	Settings map[string]string
}

// Server is a running PostgreSQL.
type Server struct {
	socket string
	proc   *process
	lock   *os.File
}

const (
	role     = "ccpor"
	database = "ccpor"
	port     = "5432" // names the socket file; nothing listens on a network port
)

// settings are for a small machine that it shares with the program. Error details stay out of the server's log, since they quote rows.
var settings = map[string]string{
	"listen_addresses":                "",
	"port":                            port,
	"unix_socket_permissions":         "0700",
	"max_connections":                 "60",
	"shared_buffers":                  "256MB",
	"effective_cache_size":            "1GB",
	"max_parallel_workers_per_gather": "0",
	"jit":                             "off",
	"fsync":                           "on",
	"synchronous_commit":              "on",
	"full_page_writes":                "on",
	"wal_buffers":                     "16MB",
	"min_wal_size":                    "512MB",
	"max_wal_size":                    "4GB",
	"checkpoint_timeout":              "15min",
	"timezone":                        "UTC",
	"log_timezone":                    "UTC",
	"log_error_verbosity":             "terse",
	"log_parameter_max_length":        "0",
	"log_min_error_statement":         "panic",
	"logging_collector":               "off",
}

// startTimeout bounds crash recovery after a hard stop; what is left to replay is bounded by max_wal_size.
const startTimeout = 5 * time.Minute

// Start starts the server on the folder and waits until it answers. Errors say in plain words what to do: *MissingError,
// *VersionError, *InUseError, *FolderError.
func Start(ctx context.Context, c Config) (*Server, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	acct, err := accountFor(os.Geteuid())
	if err != nil {
		return nil, err
	}
	if err := prepare(dir, acct); err != nil {
		return nil, err
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	s, err := start(ctx, c, dir, acct)
	if err != nil {
		lock.Close()
		return nil, err
	}
	s.lock = lock
	return s, nil
}

func start(ctx context.Context, c Config, dir string, acct account) (*Server, error) {
	data := filepath.Join(dir, "data")
	bin, err := binaries(ctx, c.BinDir, dataVersion(data))
	if err != nil {
		return nil, err
	}
	if err := initialise(ctx, bin, data, acct); err != nil {
		return nil, err
	}
	if err := endOrphan(ctx, data); err != nil {
		return nil, err
	}
	socket, err := socketFolder(dir, acct)
	if err != nil {
		return nil, err
	}
	proc, err := run(bin, arguments(data, socket, c.Settings), acct, c.Log)
	if err != nil {
		return nil, err
	}
	s := &Server{socket: socket, proc: proc}
	if err := s.ready(ctx); err != nil {
		s.Stop(context.WithoutCancel(ctx))
		return nil, err
	}
	return s, nil
}

func arguments(data, socket string, more map[string]string) []string {
	args := []string{"-D", data, "-k", socket}
	for _, m := range []map[string]string{settings, more} {
		for k, v := range m {
			args = append(args, "-c", k+"="+v)
		}
	}
	return args
}

// ready waits until the server takes connections, and makes the database if this is the first start.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			defer conn.Close(context.WithoutCancel(ctx))
			return makeDatabase(ctx, conn)
		}
		select {
		case <-s.proc.done:
			return fmt.Errorf("PostgreSQL did not start; its last words were:\n%s", s.proc.words())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL did not answer in time: %w", errors.Join(ctx.Err(), err))
		case <-tick.C:
		}
	}
}

func makeDatabase(ctx context.Context, conn *pgx.Conn) error {
	var there bool
	err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", database).Scan(&there)
	if err == nil && !there {
		_, err = conn.Exec(ctx, "create database "+database)
	}
	if err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	return nil
}

// URL is the database's address for pgx.
func (s *Server) URL() string { return s.url(database) }

func (s *Server) url(db string) string {
	q := url.Values{"host": {s.socket}, "user": {role}, "port": {port}}
	return "postgres:///" + db + "?" + q.Encode()
}

// PID is the process of the server.
func (s *Server) PID() int { return s.proc.cmd.Process.Pid }

// Done is closed when the server has ended, by Stop or by itself.
func (s *Server) Done() <-chan struct{} { return s.proc.done }

// Stop ends the server: clients are cut off, what was committed is on disk. When ctx ends first, the server is stopped hard and recovers on its next start.
func (s *Server) Stop(ctx context.Context) error {
	defer s.lock.Close()
	return s.proc.stop(ctx)
}

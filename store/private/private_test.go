package private

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// folder is a short folder that the server's user can reach; t.TempDir is closed to others.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pg")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func mustStart(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Start(t.Context(), Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop(context.Background()) })
	return s
}

func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var out string
	if err := conn.QueryRow(t.Context(), sql).Scan(&out); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

func TestFirstStart(t *testing.T) {
	t.Parallel()
	s := mustStart(t, folder(t))
	for sql, want := range map[string]string{
		"select current_setting('data_checksums')":     "on",
		"select current_setting('listen_addresses')":   "",
		"select current_setting('fsync')":              "on",
		"select current_setting('synchronous_commit')": "on",
		"select current_setting('server_encoding')":    "UTF8",
		"select current_setting('lc_collate')":         "C",
		"select current_database()":                    "ccpor",
	} {
		if got := query(t, s.URL(), sql); got != want {
			t.Errorf("%s = %q, want %q", sql, got, want)
		}
	}
}

func TestSecondStartIsRefusedAndThenWorks(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := mustStart(t, dir)
	_, err := Start(t.Context(), Config{Dir: dir})
	var inUse *InUseError
	if !errors.As(err, &inUse) || inUse.PID != os.Getpid() {
		t.Fatalf("second start: %v, want InUseError of this process", err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustStart(t, dir)
}

func TestCommittedSurvivesKilledPostmaster(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := mustStart(t, dir)
	conn, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "create table kept (n int); insert into kept values (7)"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	if err := s.Stop(t.Context()); err != nil { // gives the folder back
		t.Fatal(err)
	}
	again := mustStart(t, dir)
	if got := query(t, again.URL(), "select n::text from kept"); got != "7" {
		t.Errorf("after the crash: %q, want 7", got)
	}
}

// TestMain lets the test binary be the program that is killed in TestServerEndsWithItsProgram.
func TestMain(m *testing.M) {
	if dir := os.Getenv("CCPOR_TEST_PRIVATE_DIR"); dir != "" {
		s, err := Start(context.Background(), Config{Dir: dir})
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(s.PID(), s.URL())
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestServerEndsWithItsProgram(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CCPOR_TEST_PRIVATE_DIR="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	var url string
	if _, err := fmt.Fscan(out, &pid, &url); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // killed: the error says so
	waitGone(t, filepath.Join(dir, "data"))
	mustStart(t, dir)
}

func waitGone(t *testing.T, data string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for postmaster(data) != 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("the server outlived its program")
		}
	}
}

func TestOtherMajorVersionIsToldApart(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Config{Dir: dir})
	var version *VersionError
	if !errors.As(err, &version) || version.Data != "9" || len(version.Found) == 0 {
		t.Fatalf("got %v, want VersionError for 9", err)
	}
	if !strings.Contains(err.Error(), "postgresql-9") {
		t.Errorf("the error does not name the package to install: %v", err)
	}
}

func TestMissingBinariesNameThePackage(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Config{Dir: folder(t), BinDir: t.TempDir()})
	var missing *MissingError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Fatalf("got %v, want MissingError with advice", err)
	}
}

func TestFolderThatTheUserCannotEnter(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root drops to another user")
	}
	dir := folder(t)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Config{Dir: filepath.Join(dir, "deep", "down")})
	var bad *FolderError
	if !errors.As(err, &bad) || bad.Path != dir {
		t.Fatalf("got %v, want FolderError for %s", err, dir)
	}
}

func TestLongPathGetsAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), strings.Repeat("long/", 25))
	s := mustStart(t, dir)
	if got := query(t, s.URL(), "select 'here'"); got != "here" {
		t.Errorf("got %q", got)
	}
	if n := len(filepath.Join(s.socket, ".s.PGSQL.5432")); n > socketLimit {
		t.Errorf("socket path of %d bytes", n)
	}
	os.RemoveAll(s.socket)
}

func TestHalfMadeFolderIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	if err := os.MkdirAll(filepath.Join(dir, "data.new", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	mustStart(t, dir)
}

func TestStalePidFileOfAnotherProgram(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "postmaster.pid"), fmt.Appendf(nil, "%d\n", os.Getpid()), 0o600); err != nil {
		t.Fatal(err)
	}
	if pid := postmaster(data); pid != 0 {
		t.Errorf("takes this test (%d) for a PostgreSQL", pid)
	}
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// machine says on what the figures were taken.
type machine struct {
	CPU       string `json:"cpu"`
	Cores     int    `json:"cores"`
	MemoryGB  int    `json:"memory_gb"`
	System    string `json:"system"`
	Go        string `json:"go"`
	Revision  string `json:"revision,omitempty"`
	Postgres  string `json:"postgres"`
	Fsync     string `json:"fsync"`
	Committed string `json:"synchronous_commit"`
	// DiskSync is how long a write of one page took to reach the disk, in the middle of 200.
	DiskSync float64 `json:"disk_sync_us"`
	// Load is the system's load average of the minute before; what others took meanwhile stands beside each load.
	Load float64 `json:"load_before"`
}

func (m machine) String() string {
	return fmt.Sprintf("%s, %d cores, %d GB, %s, %s, PostgreSQL %s (fsync %s, %.0f µs a sync), load average before %.2f",
		m.CPU, m.Cores, m.MemoryGB, m.System, m.Go, m.Postgres, m.Fsync, m.DiskSync, m.Load)
}

func cores() int { return runtime.NumCPU() }

func describe(ctx context.Context, r *rig) (machine, error) {
	m := machine{CPU: field("/proc/cpuinfo", "model name"), Cores: cores(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Revision: revision()}
	kb, _, _ := strings.Cut(field("/proc/meminfo", "MemTotal"), " ")
	if n, err := strconv.Atoi(kb); err == nil {
		m.MemoryGB = n >> 20
	}
	if raw, err := os.ReadFile("/proc/loadavg"); err == nil {
		_, err = fmt.Sscan(string(raw), &m.Load)
		if err != nil {
			return m, fmt.Errorf("reading the load average: %w", err)
		}
	}
	var err error
	if m.DiskSync, err = diskSync(r.dir); err != nil {
		return m, fmt.Errorf("trying the disk: %w", err)
	}
	return m, m.askPostgres(ctx, r.url)
}

func (m *machine) askPostgres(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return conn.QueryRow(ctx, "select split_part(current_setting('server_version'), ' ', 1), current_setting('fsync'), current_setting('synchronous_commit')").
		Scan(&m.Postgres, &m.Fsync, &m.Committed)
}

// field is the value of the first line "name : value" of a file of the kernel's; empty where there is none.
func field(file, name string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(raw)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}

// diskSync is the median time, in microseconds, that a page takes to the disk.
func diskSync(dir string) (float64, error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	page := make([]byte, 8192)
	var r result
	for range 200 {
		start := time.Now()
		if _, err := f.WriteAt(page, 0); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		r.latencies = append(r.latencies, time.Since(start))
	}
	return float64(r.sorted().percentile(.5).Microseconds()), nil
}

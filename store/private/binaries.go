package private

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// places are where packages put PostgreSQL's binaries; a later place counts only when no earlier one fits.
var places = []string{
	"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
	"/usr/pgsql-*/bin",          // PostgreSQL's own packages for RHEL
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin", // Homebrew on Intel
	"/usr/local/pgsql/bin",           // built from source
}

// binaries finds a folder with initdb and postgres: of the wanted major version, or of the newest when there are no data yet.
func binaries(ctx context.Context, given, version string) (string, error) {
	var looked, found []string
	for _, dir := range candidates(ctx, given) {
		looked = append(looked, dir)
		v := majorOf(ctx, dir)
		if v == "" {
			continue
		}
		if version == "" || v == version {
			return dir, nil
		}
		found = append(found, v)
	}
	if len(found) > 0 {
		return "", &VersionError{Data: version, Found: found}
	}
	return "", &MissingError{Looked: looked}
}

// candidates lists folders, the best first. A folder that somebody named is the only one.
func candidates(ctx context.Context, given string) []string {
	for _, dir := range []string{given, os.Getenv("PG_BINDIR")} {
		if dir != "" {
			return []string{dir}
		}
	}
	var dirs []string
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, place := range places {
		if m, err := filepath.Glob(place); err == nil {
			slices.SortFunc(m, newestFirst)
			dirs = append(dirs, m...)
		}
	}
	if p, err := exec.LookPath("postgres"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			dirs = append(dirs, filepath.Dir(p))
		}
	}
	return slices.Compact(dirs)
}

var number = regexp.MustCompile(`[0-9]+`)

func newestFirst(a, b string) int {
	x, _ := strconv.Atoi(number.FindString(a)) // a folder without a number sorts last
	y, _ := strconv.Atoi(number.FindString(b))
	return y - x
}

// majorOf is the major version of the binaries in the folder ("15"), empty when they are not both there or do not run.
func majorOf(ctx context.Context, dir string) string {
	if info, err := os.Stat(filepath.Join(dir, "initdb")); err != nil || info.IsDir() {
		return ""
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return ""
	}
	return number.FindString(string(out)) // "postgres (PostgreSQL) 15.18"
}

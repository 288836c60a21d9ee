package private

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// prepare makes the folder and sees to it that the account can reach it through all of its parents.
func prepare(dir string, a account) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if !a.drop {
		return nil
	}
	for d := dir; ; d = filepath.Dir(d) {
		info, err := os.Stat(d)
		if err != nil {
			return fmt.Errorf("look at the data folder: %w", err)
		}
		if !searchable(info, a) {
			return &FolderError{d, a.name, "it may not enter it"}
		}
		if d == filepath.Dir(d) {
			return nil
		}
	}
}

// searchable says whether the account may pass through the folder, by its mode bits.
func searchable(info os.FileInfo, a account) bool {
	mode := info.Mode().Perm()
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && st.Uid == a.uid:
		return mode&0o100 != 0
	case ok && st.Gid == a.gid:
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}

// lockFolder makes this program the only one on the folder, until the file is closed or the program ends.
func lockFolder(dir string) (*os.File, error) {
	path := filepath.Join(dir, "ccpor.lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock the data folder: %w", err)
		}
		held, _ := os.ReadFile(path) // without a number the error is still right
		pid, _ := strconv.Atoi(strings.TrimSpace(string(held)))
		return nil, &InUseError{dir, pid}
	}
	if err := f.Truncate(0); err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock the data folder: %w", err)
		}
	}
	return f, nil
}

// dataVersion is the major version that made the data folder, empty when there is none yet.
func dataVersion(data string) string {
	b, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// initialise makes the data folder on the first start: beside its place first, so that a start that was cut short leaves nothing that looks whole.
func initialise(ctx context.Context, bin, data string, a account) error {
	if dataVersion(data) != "" {
		return nil
	}
	fresh := data + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if err := a.own(fresh); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", fresh, "-U", role, "--auth=trust", "--encoding=UTF8", "--locale=C",
		"--data-checksums", "--no-instructions")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", environment(), attributes(a, false)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb could not make the data folder (%w):\n%s", err, out)
	}
	if err := os.Rename(fresh, data); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	return nil
}

// socketLimit is the longest path of a Unix socket that all systems take.
const socketLimit = 103

// socketFolder is where the socket lies: in the data folder, or in a short folder under /tmp when that path would be too long for a socket.
func socketFolder(dir string, a account) (string, error) {
	run := filepath.Join(dir, "run")
	if len(filepath.Join(run, ".s.PGSQL."+port)) > socketLimit {
		run = fmt.Sprintf("/tmp/ccpor-%x", sha256.Sum256([]byte(dir)))[:27]
	}
	if err := os.Mkdir(run, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("make the socket's folder: %w", err)
	}
	info, err := os.Lstat(run)
	if err != nil {
		return "", fmt.Errorf("make the socket's folder: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || (st.Uid != a.uid && int(st.Uid) != os.Geteuid()) {
		return "", &FolderError{run, a.name, "somebody else made it"}
	}
	if err := a.own(run); err != nil {
		return "", fmt.Errorf("make the socket's folder: %w", err)
	}
	return run, nil
}

// endOrphan ends a server that outlived its program. We hold the folder's lock, so that nobody else can be using it.
func endOrphan(ctx context.Context, data string) error {
	pid := postmaster(data)
	if pid == 0 {
		return nil
	}
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("end the PostgreSQL that was left behind (process %d): %w", pid, err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for postmaster(data) != 0 {
		select {
		case <-ctx.Done():
			return &InUseError{data, pid}
		case <-tick.C:
		}
	}
	return nil
}

// postmaster is the process of a server that runs on the data folder, 0 for none. The number in the pid file may by now be another
// program's; where the system tells a process's folder (Linux), it must be this one.
func postmaster(data string) int {
	b, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 1 || syscall.Kill(pid, 0) != nil {
		return 0
	}
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if errors.Is(err, os.ErrNotExist) { // no /proc, or the process is gone by now
		if _, err := os.Stat("/proc/self"); err == nil {
			return 0
		}
		return pid
	}
	if err == nil && cwd != data {
		return 0
	}
	return pid
}

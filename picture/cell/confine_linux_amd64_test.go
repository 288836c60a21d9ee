package cell

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// misdeed, as first argument, makes the test program a process that confines itself, or does not, and then does what a cell may not do.
const misdeed = "misdeed"

func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == misdeed {
		os.Exit(misbehave(os.Args[2], os.Args[3] == "confined"))
	}
	os.Exit(m.Run())
}

const (
	didIt   = 10
	refused = 11
	failed  = 12
)

func misbehave(what string, confined bool) int {
	does := misdeeds(confined)[what] // which knows what it needs before it is confined
	if confined {
		seconds := uint64(30)
		if what == "work for a long time" {
			seconds = 0
		}
		err := closeInherited()
		if err == nil {
			_, err = Confine(seconds)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return failed
		}
	}
	if err := does(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return refused
	}
	return didIt
}

// inheritedAs is a descriptor that a process of this test inherits; Go's own come before.
const inheritedAs = 9

// end is how a process is to end that does something while confined.
type end struct {
	status int            // …
	signal syscall.Signal // … or by a signal
	words  string         // and says this
}

func misdeeds(confined bool) map[string]func() error {
	long := 500 * time.Millisecond // of processor time, a confined process gets less
	if confined {
		long = time.Minute // by the clock of a busy machine
	}
	parent := uintptr(os.Getppid())
	raw := func(call, a, b, c uintptr) error {
		if _, _, e := syscall.Syscall(call, a, b, c); e != 0 {
			return e
		}
		return nil
	}
	return map[string]func() error{
		"read a file":  func() error { _, err := os.ReadFile("/etc/passwd"); return err },
		"write a file": func() error { return os.WriteFile("/tmp/ccpor-picture-cell-misdeed", nil, 0o600) },
		"open the old way": func() error {
			name := []byte("/etc/passwd\x00")
			return raw(unix.SYS_OPEN, addressOf(name), 0, 0)
		},
		"look at a name":  func() error { _, err := os.Lstat("/etc/passwd"); return err },
		"make a socket":   func() error { return raw(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0) },
		"ask a resolver":  func() error { l, err := net.Listen("tcp", "127.0.0.1:0"); _ = l; return err },
		"start a program": func() error { _, err := syscall.ForkExec("/bin/true", []string{"true"}, nil); return err },
		"make a process":  fork,
		"become a program": func() error {
			name := []byte("/bin/false\x00")
			return raw(unix.SYS_EXECVE, addressOf(name), 0, 0)
		},
		"take 512 MB":             func() error { return take(512) },
		"work for a long time":    func() error { return spin(long) },
		"make code":               func() error { return mapping(unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE) },
		"share memory":            func() error { return mapping(unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED) },
		"signal the parent":       func() error { return raw(unix.SYS_KILL, parent, 0, 0) },
		"signal another's thread": func() error { return raw(unix.SYS_TGKILL, parent, parent, 0) },
		"look into the parent": func() error {
			return raw(unix.SYS_PTRACE, unix.PTRACE_SEIZE, parent, 0)
		},
		"read what was inherited": func() error { _, err := unix.Read(inheritedAs, make([]byte, 1)); return err },
		"live as a cell does":     live,
	}
}

func addressOf(b []byte) uintptr { return uintptr(unsafe.Pointer(&b[0])) } // the bytes live as long as the process

func fork() error {
	r, _, e := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if e != 0 {
		return e
	}
	if r == 0 {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	return nil
}

func take(megabytes int) error {
	var all [][]byte
	const piece = 4
	for range megabytes / piece {
		b := make([]byte, piece<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		all = append(all, b)
	}
	runtime.KeepAlive(all)
	return nil
}

// spin uses the processor for so long.
func spin(d time.Duration) error {
	for begun := time.Now(); time.Since(begun) < d; {
		for i := 0; i < 1e7; i++ {
			_ = i
		}
	}
	return nil
}

func mapping(protection, flags int) error {
	_, err := unix.Mmap(-1, 0, 4096, protection, flags|unix.MAP_ANON)
	return err
}

// live does what Go's runtime does in a cell that has much to do: threads, timers, collections, memory given back.
func live() error {
	var work sync.WaitGroup
	for range 3 {
		work.Go(func() {
			runtime.LockOSThread()
			for range 5 {
				if err := take(4); err != nil {
					panic(err)
				}
				time.Sleep(time.Microsecond)
			}
		})
	}
	work.Wait()
	runtime.GC()
	debug.FreeOSMemory()
	return take(40)
}

// Each misdeed is done twice: by a process that is confined, and by one that is not, where it succeeds. So the test sees what confinement prevents and not what would fail anyway.
func TestAConfinedProcessCanDoNothing(t *testing.T) {
	t.Parallel()
	killed := end{signal: syscall.SIGSYS}
	for what, want := range map[string]end{
		"read a file":             {status: refused, words: "operation not permitted"},
		"write a file":            {status: refused, words: "operation not permitted"},
		"open the old way":        killed,
		"look at a name":          killed,
		"make a socket":           killed,
		"ask a resolver":          killed,
		"start a program":         killed,
		"make a process":          killed,
		"become a program":        killed,
		"take 512 MB":             {status: 2, words: "memory"},
		"work for a long time":    {signal: syscall.SIGKILL},
		"make code":               killed,
		"share memory":            killed,
		"signal the parent":       killed,
		"signal another's thread": killed,
		"look into the parent":    killed,
		"read what was inherited": {status: refused, words: "bad file descriptor"},
		"live as a cell does":     {status: didIt},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if got, words := behave(t, what, "confined"); got != (end{status: want.status, signal: want.signal}) || !strings.Contains(words, want.words) {
				t.Errorf("confined: %+v %q, want %+v", got, words, want)
			}
			got, words := behave(t, what, "loose")
			if what == "become a program" { // /bin/false has ended then
				if got.status != 1 {
					t.Errorf("loose: %+v %q", got, words)
				}
				return
			}
			if what != "look into the parent" && got.status != didIt { // a machine may forbid that to everybody
				t.Errorf("loose: %+v %q: the misdeed fails anyway", got, words)
			}
		})
	}
}

func behave(t *testing.T, what, how string) (end, string) {
	inherited, err := os.Open("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	defer inherited.Close()
	cmd := exec.Command(os.Args[0], misdeed, what, how)
	var words bytes.Buffer
	cmd.Env, cmd.Stderr, cmd.ExtraFiles = []string{}, &words, []*os.File{inherited, inherited, inherited, inherited, inherited, inherited, inherited}
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return end{signal: status.Signal()}, words.String()
	}
	return end{status: status.ExitStatus()}, words.String()
}

func TestOnlyKnownWordsMakeACell(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {PDFs}, {"draw", "x"}, {PDFs, "x", "y"}, {Scans}} {
		if got := Main(args); got != 2 {
			t.Errorf("%v: status %d", args, got)
		}
	}
}

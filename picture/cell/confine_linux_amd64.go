package cell

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/landlock-lsm/go-landlock/landlock"
	landlocksys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// Available says whether a process can be confined on this system.
func Available() error { return nil }

// closeInherited closes every descriptor but the three standard ones and those by which Go's runtime waits. Go marks what it opens to be closed in children; this is for what C code in the hub may have
// opened, and for what packages of this program opened before its main function.
func closeInherited() error {
	runtime.GOMAXPROCS(1) // else the runtime reads now and then, from a file that it keeps open, how many processors it may use
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, d := range all {
		fd, err := strconv.Atoi(d.Name())
		if err != nil || fd < 3 {
			continue
		}
		to, err := os.Readlink("/proc/self/fd/" + d.Name())
		if err != nil || strings.HasPrefix(to, "anon_inode:[event") {
			continue // it is gone, as the one by which the list was read; or eventpoll, eventfd
		}
		if err := unix.Close(fd); err != nil {
			return err
		}
	}
	return nil
}

// Confine takes from this process everything but its open descriptors, memory up to MaxMemory, so many seconds of processor time from now on, and its end. It cannot be undone.
// It fails unless it can see afterwards that no file can be opened.
func Confine(seconds uint64) (Walls, error) {
	w := Walls{Memory: MaxMemory}
	debug.SetMemoryLimit(memoryGoal)
	runtime.GOMAXPROCS(1)
	time.Sleep(time.Nanosecond) // the runtime makes the descriptors that its timers need
	if abi, err := landlocksys.LandlockGetABIVersion(); err == nil {
		w.Landlock = abi
	}
	if err := landlock.V11.BestEffort().Restrict(); err != nil {
		return w, fmt.Errorf("landlock: %w", err)
	}
	if err := limit(seconds); err != nil {
		return w, err
	}
	runtime.LockOSThread() // the filter takes no_new_privs of this thread to all others
	defer runtime.UnlockOSThread()
	filter := seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: policy(os.Getpid())}
	if err := seccomp.LoadFilter(filter); err != nil {
		return w, err
	}
	if f, err := os.Open("/"); !errors.Is(err, unix.EPERM) {
		f.Close()
		return w, errors.New("a file could still be opened")
	}
	w.Seccomp = true
	return w, nil
}

// limit sets the limits of resources. What a process has mapped and can write, and shares with nobody, counts as its data; Go and the C library also reserve addresses that nothing backs, gigabytes of
// them, which is why the address space as such is not what bounds memory.
func limit(seconds uint64) error {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return err
	}
	cpu := uint64(used.Utime.Sec+used.Stime.Sec) + 1 + seconds
	for what, n := range map[int]uint64{
		unix.RLIMIT_DATA: MaxMemory, unix.RLIMIT_AS: 8 << 30, unix.RLIMIT_CPU: cpu, unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: 0, unix.RLIMIT_FSIZE: 0,
		unix.RLIMIT_MEMLOCK: 0, unix.RLIMIT_MSGQUEUE: 0,
	} {
		if err := syscall.Setrlimit(what, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			return fmt.Errorf("limit %d: %w", what, err)
		}
	}
	return nil
}

// policy is the list of system calls that Go's runtime needs, and those that it can do without but asks for; any other ends the process.
func policy(pid int) seccomp.Policy {
	only := func(name string, conditions ...seccomp.Condition) seccomp.NameWithConditions {
		return seccomp.NameWithConditions{Name: name, Conditions: conditions}
	}
	const bitsNotSet, equal = seccomp.BitsNotSet, seccomp.Equal
	return seccomp.Policy{DefaultAction: seccomp.ActionKillProcess, Syscalls: []seccomp.SyscallGroup{
		{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}}, // its flags are in memory; the C library falls back on clone
		// The runtime names its memory and asks for settings of the kernel, and lives with a no.
		{Action: seccomp.ActionErrno | seccomp.Action(unix.EPERM), Names: []string{"openat", "prctl"}},
		{Action: seccomp.ActionAllow, Names: []string{
			"read", "write", "munmap", "madvise", "brk", "futex", "sched_yield", "nanosleep", "clock_nanosleep", "clock_gettime", "getpid", "gettid",
			"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall", "set_robust_list", "rseq", "sched_getaffinity", "getrandom",
			"epoll_create1", "epoll_ctl", "epoll_pwait", "eventfd2", "close", "exit", "exit_group",
		}},
		{Action: seccomp.ActionAllow, NamesWithCondtions: []seccomp.NameWithConditions{
			only("mmap", seccomp.Condition{Argument: 2, Operation: bitsNotSet, Value: unix.PROT_EXEC}, seccomp.Condition{Argument: 3, Operation: bitsNotSet, Value: unix.MAP_SHARED}),
			only("mprotect", seccomp.Condition{Argument: 2, Operation: bitsNotSet, Value: unix.PROT_EXEC}),
			only("clone", seccomp.Condition{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_THREAD}),
			only("tgkill", seccomp.Condition{Argument: 0, Operation: equal, Value: uint64(pid)}),
		}},
	}}
}

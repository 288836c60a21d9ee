package schemas

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// What follows is a prototype: a validator in a child process without files, sockets or further processes, to measure what it would cost.
// docs/security.md says what came of it. Protocol: four bytes of length and the octets in, one byte of verdict out.

// childMode is the environment variable that makes the test program a child; its value is what the child does once it is confined.
const childMode = "CCPOR_SCHEMAS_TEST_CHILD"

// TestChild is the child; without its variable it does nothing.
func TestChild(t *testing.T) {
	mode := os.Getenv(childMode)
	if mode == "" {
		t.Skip("runs as a child only")
	}
	s := set(t)
	in, out := bufio.NewReader(os.NewFile(3, "in")), os.NewFile(4, "out")
	if err := confine(); err != nil {
		t.Fatal(err)
	}
	switch mode {
	case "open":
		if _, err := os.Open("/etc/hostname"); !errors.Is(err, syscall.EPERM) {
			t.Fatal("opened a file", err)
		}
		return
	case "socket":
		_, err := net.Dial("tcp", "127.0.0.1:1")
		t.Fatal("made a socket", err)
	case "exec":
		_, err := syscall.ForkExec("/bin/true", nil, nil)
		t.Fatal("made a process", err)
	}
	if err := serveVerdicts(s, in, out); err != nil {
		t.Fatal(err)
	}
}

func serveVerdicts(s *Set, in io.Reader, out io.Writer) error {
	var head [4]byte
	var octets []byte
	for {
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return err
		}
		n := int(binary.LittleEndian.Uint32(head[:]))
		if cap(octets) < n {
			octets = make([]byte, n)
		}
		octets = octets[:n]
		if _, err := io.ReadFull(in, octets); err != nil {
			return err
		}
		verdict := byte(1)
		if s.judge(octets) != nil {
			verdict = 0
		}
		if _, err := out.Write([]byte{verdict}); err != nil {
			return err
		}
	}
}

// confine bounds the process and leaves it only the system calls that Go's runtime and the pipes need; another one ends it.
func confine() error {
	for what, n := range map[int]uint64{syscall.RLIMIT_AS: 4 << 30, syscall.RLIMIT_CORE: 0, syscall.RLIMIT_NOFILE: 32, syscall.RLIMIT_CPU: 600} {
		if err := syscall.Setrlimit(what, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			return err
		}
	}
	filter := seccompFilter()
	program := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	const noNewPrivs, seccomp, setModeFilter, allThreads = 38, 317, 1, 1
	if _, _, e := syscall.AllThreadsSyscall6(syscall.SYS_PRCTL, noNewPrivs, 1, 0, 0, 0, 0); e != 0 && e != syscall.ENOTSUP {
		return e
	} else if e == syscall.ENOTSUP { // with cgo; the filter below carries this thread's setting to all others
		if _, _, e := syscall.RawSyscall6(syscall.SYS_PRCTL, noNewPrivs, 1, 0, 0, 0, 0); e != 0 {
			return e
		}
	}
	if rc, _, e := syscall.RawSyscall(seccomp, setModeFilter, allThreads, uintptr(unsafe.Pointer(&program))); e != 0 || rc != 0 {
		return fmt.Errorf("seccomp: %d, %w", rc, e)
	}
	return nil
}

func seccompFilter() []syscall.SockFilter {
	const load, equal, set, give = 0x20, 0x15, 0x45, 0x06 // BPF_LD|W|ABS, BPF_JMP|JEQ, BPF_JMP|JSET, BPF_RET
	const allow, kill, noSuchCall, refused, amd64 = 0x7fff0000, 0x80000000, 0x00050000 | uint32(syscall.ENOSYS), 0x00050000 | uint32(syscall.EPERM), 0xc000003e
	f := []syscall.SockFilter{
		{Code: load, K: 4}, {Code: equal, K: amd64, Jt: 1}, {Code: give, K: kill}, // the machine's own calls only
		{Code: load, K: 0},
		{Code: equal, K: 435, Jf: 1}, {Code: give, K: noSuchCall}, // clone3: its flags are in memory, and the C library falls back on clone
		// The C library asks for a setting before it gives memory back, and Go's runtime names its memory: both live with a no.
		{Code: equal, K: syscall.SYS_OPENAT, Jf: 1}, {Code: give, K: refused}, {Code: equal, K: syscall.SYS_PRCTL, Jf: 1}, {Code: give, K: refused},
		{Code: equal, K: syscall.SYS_CLONE, Jf: 4}, {Code: load, K: 16}, {Code: set, K: syscall.CLONE_THREAD, Jf: 1}, {Code: give, K: allow}, {Code: give, K: kill},
	}
	for _, n := range []uint32{syscall.SYS_READ, syscall.SYS_WRITE, syscall.SYS_MMAP, syscall.SYS_MUNMAP, syscall.SYS_MPROTECT, syscall.SYS_MADVISE, syscall.SYS_BRK, syscall.SYS_MREMAP,
		syscall.SYS_RT_SIGACTION, syscall.SYS_RT_SIGPROCMASK, syscall.SYS_RT_SIGRETURN, syscall.SYS_SIGALTSTACK, syscall.SYS_FUTEX, syscall.SYS_SCHED_YIELD, syscall.SYS_NANOSLEEP,
		syscall.SYS_CLOCK_GETTIME, syscall.SYS_CLOCK_NANOSLEEP, syscall.SYS_GETPID, syscall.SYS_GETTID, syscall.SYS_TGKILL, syscall.SYS_EPOLL_PWAIT, syscall.SYS_EXIT, syscall.SYS_EXIT_GROUP,
		syscall.SYS_SET_ROBUST_LIST, syscall.SYS_SCHED_GETAFFINITY, syscall.SYS_TIMER_SETTIME, syscall.SYS_RESTART_SYSCALL, syscall.SYS_EPOLL_CREATE1, syscall.SYS_EPOLL_CTL, syscall.SYS_EVENTFD2, 318 /* getrandom */, 334 /* rseq */} {
		f = append(f, syscall.SockFilter{Code: equal, K: n, Jf: 1}, syscall.SockFilter{Code: give, K: allow})
	}
	return append(f, syscall.SockFilter{Code: give, K: kill})
}

// child is the parent's side.
type child struct {
	cmd     *exec.Cmd
	to      *os.File
	from    *os.File
	message []byte
}

func startChild(tb testing.TB, mode string) *child {
	tb.Helper()
	inRead, inWrite, err := os.Pipe()
	outRead, outWrite, err2 := os.Pipe()
	if err = errors.Join(err, err2); err != nil {
		tb.Fatal(err)
	}
	c := &child{cmd: exec.Command(os.Args[0], "-test.run=^TestChild$"), to: inWrite, from: outRead}
	c.cmd.Env, c.cmd.ExtraFiles = append(os.Environ(), childMode+"="+mode), []*os.File{inRead, outWrite}
	if err := c.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	inRead.Close()
	outWrite.Close()
	tb.Cleanup(c.stop)
	return c
}

func (c *child) stop() {
	c.to.Close()
	c.from.Close()
	if c.cmd.ProcessState == nil {
		_ = c.cmd.Process.Kill() // it may be gone
		_ = c.cmd.Wait()
	}
}

func (c *child) validate(octets []byte) (bool, error) {
	c.message = append(binary.LittleEndian.AppendUint32(c.message[:0], uint32(len(octets))), octets...)
	if _, err := c.to.Write(c.message); err != nil {
		return false, err
	}
	var verdict [1]byte
	_, err := io.ReadFull(c.from, verdict[:])
	return verdict[0] == 1, err
}

// stat gives the child's processor time and its resident memory.
func (c *child) stat(tb testing.TB) (time.Duration, int) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		tb.Fatal(err)
	}
	_, after, _ := strings.Cut(string(raw), ") ")
	f := strings.Fields(after)
	user, _ := strconv.Atoi(f[11]) // the kernel writes numbers
	system, _ := strconv.Atoi(f[12])
	pages, _ := strconv.Atoi(f[21])
	return time.Duration(user+system) * 10 * time.Millisecond, pages * os.Getpagesize()
}

// A confined child gives verdicts, opens no file, and dies when it does what only foreign code would.
func TestConfinedChild(t *testing.T) {
	t.Parallel()
	c := startChild(t, "serve")
	good := canonical([]byte(sample(t)))
	for range 200 {
		if ok, err := c.validate(good); !ok || err != nil {
			t.Fatalf("valid: %v, %v", ok, err)
		}
	}
	if ok, err := c.validate([]byte(swap(t, string(good), ">DV-130<", ">DV 130<"))); ok || err != nil {
		t.Errorf("invalid: %v, %v", ok, err)
	}
	if err := startChild(t, "open").cmd.Wait(); err != nil {
		t.Errorf("open: %v", err)
	}
	for _, mode := range []string{"socket", "exec"} {
		err := startChild(t, mode).cmd.Wait()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGSYS {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// BenchmarkChild compares validation of a package of 8 KB in this process with confined children.
func BenchmarkChild(b *testing.B) {
	for _, size := range []int{8 << 10, 20 << 10} {
		octets := canonical(grown(sample(b), size))
		for _, n := range []int{1, 2} {
			name := fmt.Sprintf("%dKB/at-once=%d/", size>>10, n)
			b.Run(name+"here", func(b *testing.B) { benchmarkHere(b, octets, n) })
			b.Run(name+"child", func(b *testing.B) { benchmarkChildren(b, octets, n) })
		}
	}
}

// grown is a package with its last protected person named again and again until it has about so many bytes.
func grown(pack string, size int) []byte {
	const begin, end = "<ProtectedPerson>", "</ProtectedPerson>"
	last := strings.LastIndex(pack, end) + len(end)
	person := pack[strings.LastIndex(pack[:last], begin):last]
	return []byte(pack[:last] + strings.Repeat(person, max(0, size-len(pack))/len(person)) + pack[last:])
}

func benchmarkHere(b *testing.B, octets []byte, n int) {
	s := set(b)
	shared(b, n, nil, func(int) error { return s.judge(octets) })
}

func benchmarkChildren(b *testing.B, octets []byte, n int) {
	children := make([]*child, n)
	for i := range children {
		children[i] = startChild(b, "serve")
		if _, err := children[i].validate(octets); err != nil {
			b.Fatal(err)
		}
	}
	shared(b, n, children, func(i int) error {
		_, err := children[i].validate(octets)
		return err
	})
	_, memory := children[0].stat(b)
	b.ReportMetric(float64(memory)/(1<<20), "MB-a-child")
}

// shared runs b.N validations from n goroutines, and reports the processor time of everybody.
func shared(b *testing.B, n int, children []*child, do func(int) error) {
	used := func() time.Duration {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		sum := time.Duration(r.Utime.Nano() + r.Stime.Nano())
		for _, c := range children {
			d, _ := c.stat(b)
			sum += d
		}
		return sum
	}
	before := used()
	b.ResetTimer()
	errs := make(chan error, n)
	for i := range n {
		go func() {
			var err error
			for k := i; k < b.N && err == nil; k += n {
				err = do(i)
			}
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64((used()-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// BenchmarkChildRestart is the time from a child's death to the next one's first verdict.
func BenchmarkChildRestart(b *testing.B) {
	octets := canonical([]byte(sample(b)))
	for range b.N {
		c := startChild(b, "serve")
		if _, err := c.validate(octets); err != nil {
			b.Fatal(err)
		}
		c.stop()
	}
}

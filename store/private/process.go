package private

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// process is the postmaster and what it said last.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}

	mu   sync.Mutex
	tail []string
}

// tailLines is how many of the server's last words an error quotes.
const tailLines = 12

// run starts the server. The kernel ends it when the OS thread that started it ends (Pdeathsig), so that thread is kept for as long as the server runs.
func run(bin string, args []string, acct account, log *slog.Logger) (*process, error) {
	p := &process{cmd: exec.Command(filepath.Join(bin, "postgres"), args...), done: make(chan struct{})}
	p.cmd.Dir = "/"
	p.cmd.Env = environment()
	p.cmd.SysProcAttr = attributes(acct, true)
	out, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.listen(out, log)
		if err := p.cmd.Wait(); err != nil {
			log.Warn("PostgreSQL ended", "how", err.Error())
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return p, nil
}

// environment leaves out what would change the server's language or place.
func environment() []string {
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

func (p *process) listen(out io.Reader, log *slog.Logger) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		log.Debug("PostgreSQL", "says", lines.Text())
		p.mu.Lock()
		p.tail = append(p.tail, lines.Text())
		p.tail = p.tail[max(0, len(p.tail)-tailLines):]
		p.mu.Unlock()
	}
	io.Copy(io.Discard, out) // a line too long for the scanner must not block the server
}

func (p *process) words() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.tail, "\n")
}

func (p *process) stop(ctx context.Context) error {
	if err := p.signal(syscall.SIGINT); err != nil { // fast shutdown
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	if err := p.signal(syscall.SIGQUIT); err != nil { // at once, recovery on the next start
		return err
	}
	<-p.done
	return nil
}

func (p *process) signal(sig os.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	return nil
}

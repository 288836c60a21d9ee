package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// programs are the two programs as they are shipped, built once for all tests that run them as processes.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "ccpor-programs-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "ccpor/cmd/ccpor", "ccpor/cmd/carpos-sim").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	status := m.Run()
	if dir, err := programs(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(status)
}

func program(t *testing.T, name string) string {
	t.Helper()
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// hubProcess is `ccpor serve` as a process that can be killed.
type hubProcess struct {
	t    *testing.T
	env  []string
	cmd  *exec.Cmd
	log  *tail
	done chan struct{}
}

// start starts the hub and waits until it says that it is ready.
func (h *hubProcess) start() {
	h.t.Helper()
	h.cmd = exec.Command(program(h.t, "ccpor"), "serve", "--json")
	h.cmd.Env = append(os.Environ(), h.env...)
	h.cmd.Stderr = h.log
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	var ready struct{ Ready bool }
	line, err := lines.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil || !ready.Ready {
		h.t.Fatalf("the hub did not get ready: %v\n%s", err, h.log)
	}
	h.done = make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		_ = h.cmd.Wait()
		close(h.done)
	}()
}

// kill is kill -9, and waits until the process is gone.
func (h *hubProcess) kill() {
	_ = h.cmd.Process.Kill()
	<-h.done
}

// stop is SIGTERM, after which the hub has to end by itself with status 0.
func (h *hubProcess) stop() {
	h.t.Helper()
	_ = h.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-h.done:
	case <-time.After(30 * time.Second):
		h.t.Fatalf("the hub did not end\n%s", h.log)
	}
	if code := h.cmd.ProcessState.ExitCode(); code != 0 {
		h.t.Errorf("the hub ended with status %d\n%s", code, h.log)
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buf.Len() > 64<<10 {
		l.buf.Next(l.buf.Len() - 32<<10)
	}
	return l.buf.Write(p)
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// ask gets JSON from the simulator's control port.
func ask(t *testing.T, control, path string, v any) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+control+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

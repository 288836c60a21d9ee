package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// simulator is a running carpos-sim: a program of its own on a real socket.
type simulator struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	Line    string `json:"line"`
	Control string `json:"control"`
	Records int    `json:"records"`
}

// startSimulator starts the carpos-sim that was built beside this program, and waits until it is ready.
func startSimulator(ctx context.Context, data string, log io.Writer, args ...string) (*simulator, error) {
	bin, err := beside("carpos-sim")
	if err != nil {
		return nil, err
	}
	return simulatorAt(ctx, bin, data, log, args...)
}

// simulatorAt starts the given program.
func simulatorAt(ctx context.Context, bin, data string, log io.Writer, args ...string) (*simulator, error) {
	args = append([]string{"--json", "--with-parent", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--data", data}, args...)
	s := &simulator{cmd: exec.CommandContext(ctx, bin, args...)}
	// In a group of its own, so that Ctrl-C reaches this program first, which ends the simulator last.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 5 * time.Second
	s.cmd.Stderr = log
	var err error
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the simulated switch: %w", err)
	}
	if err := s.ready(out); err != nil {
		return nil, errors.Join(fmt.Errorf("the simulated switch did not start: %w", err), s.stop())
	}
	return s, nil
}

func (s *simulator) ready(out io.Reader) error {
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		return err
	}
	return json.Unmarshal(line, s)
}

func (s *simulator) stop() error {
	if err := s.stdin.Close(); err != nil {
		return err
	}
	var exit *exec.ExitError
	if err := s.cmd.Wait(); err != nil && !errors.As(err, &exit) && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("ending the simulated switch: %w", err)
	}
	return nil
}

// beside finds a program that was built into the same folder as this one.
func beside(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s was not built beside this program: run make build (%w)", name, err)
	}
	return path, nil
}

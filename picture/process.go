package picture

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"ccpor/picture/cell"
)

const (
	preparing = 2 * time.Minute  // how long PDFium may take to be compiled
	starting  = 30 * time.Second // how long a cell may take until it is ready
	pause     = time.Second      // before the next one where one did not live
)

// prepare has PDFium compiled by a process of its own, since that takes memory which would stay with this one.
func (r *Renderer) prepare() error {
	ctx, cancel := context.WithTimeout(r.closing, preparing)
	defer cancel()
	cmd := r.command(ctx, cell.Prepare)
	var words tail
	cmd.Stderr = &words
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("compiling PDFium: %w: %s", err, words.first())
	}
	return nil
}

// command is a process of this program that is a cell: with no environment, in a folder in which there is nothing, and in a group of its own, so that signals from a terminal pass it by.
func (r *Renderer) command(ctx context.Context, what string) *exec.Cmd {
	program := r.options.program
	cmd := exec.CommandContext(ctx, program[0], append(program[1:len(program):len(program)], what, filepath.Join(r.folder, compiled))...)
	cmd.Env = []string{}
	cmd.Dir = filepath.Join(r.folder, nothing)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// keep keeps one cell ready: the next is made when the one before has ended. A failure is told to the next who asks, and then tried again.
func (r *Renderer) keep(prepared func() error) {
	for r.closing.Err() == nil {
		var s started
		if s.err = prepared(); s.err == nil {
			s.cell, s.err = r.start(cell.PDFs)
		}
		if s.err != nil && r.closing.Err() == nil {
			r.log.Error("no process can be made ready to draw pages", "error", s.err)
		}
		r.hand(s)
	}
}

// hand gives the cell to who asks next, and waits for its end.
func (r *Renderer) hand(s started) {
	if s.err != nil {
		select {
		case r.ready <- s:
		case <-r.closing.Done():
		}
		return
	}
	defer s.cell.stop()
	select {
	case r.ready <- s:
		<-s.cell.ended
	case <-r.closing.Done():
	case <-s.cell.ended:
		r.log.Warn("a process that was ready to draw pages has ended")
		select {
		case <-time.After(pause):
		case <-r.closing.Done():
		}
	}
}

// process is the parent's side of one cell.
type process struct {
	cmd   *exec.Cmd
	kill  context.CancelFunc
	to    io.WriteCloser
	from  *bufio.Reader // of out, which outlives the process: its last words are read after its end
	out   *os.File
	words tail
	ended chan struct{} // closed when the process has ended and was waited for
}

// start makes a cell and waits until it has confined itself.
func (r *Renderer) start(what string) (*process, error) {
	p, err := r.launch(what)
	if err != nil {
		return nil, fmt.Errorf("starting a cell: %w", err)
	}
	late := time.AfterFunc(starting, p.kill)
	walls, err := cell.ReadWalls(p.from)
	late.Stop()
	if err == nil && !walls.Seccomp {
		err = errors.New("it is not confined")
	}
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("making a cell ready: %w: %s", err, p.words.first())
	}
	return p, nil
}

func (r *Renderer) launch(what string) (*process, error) {
	out, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	ctx, kill := context.WithCancel(r.closing)
	p := &process{cmd: r.command(ctx, what), kill: kill, from: bufio.NewReader(out), out: out, ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = theirs, &p.words
	if p.to, err = p.cmd.StdinPipe(); err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		kill()
		out.Close()
		return nil, err
	}
	go p.watch()
	return p, nil
}

// watch sees also a cell die that nobody uses.
func (p *process) watch() {
	_ = p.cmd.Wait() // how it ended is read from its state
	close(p.ended)
}

// stop ends the process. It may be called again.
func (p *process) stop() {
	p.kill()
	<-p.ended
	p.out.Close()
}

// serve has one question answered, and the cell ended.
func (r *Renderer) serve(ctx context.Context, p *process, q cell.Request, document []byte) (cell.Answer, error) {
	bounded, cancel := context.WithTimeout(ctx, r.options.Time)
	defer cancel()
	defer context.AfterFunc(bounded, p.kill)()
	written := make(chan struct{})
	go func() {
		defer close(written)
		_ = q.Write(p.to, document) // a cell that does not read to the end has something to say, or has ended
	}()
	a, err := cell.ReadAnswer(p.from, q)
	late := bounded.Err() != nil
	p.stop()
	<-written
	switch {
	case r.closing.Err() != nil && err != nil:
		return a, ErrClosed
	case err != nil && ctx.Err() != nil:
		return a, ctx.Err()
	case err != nil && late:
		return a, &Refusal{Slow}
	case err != nil:
		return a, r.blame(p, document, err)
	case a.Refused != "":
		return a, &Refusal{a.Refused}
	}
	return a, nil
}

// blame says of what a cell has died. The document is named by its digest only.
func (r *Renderer) blame(p *process, document []byte, err error) error {
	if p.words.has("out of memory") || p.words.has("cannot allocate memory") {
		return &Refusal{TooLarge}
	}
	reason := Died
	status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() && status.Signal() == syscall.SIGSYS || errors.Is(err, cell.ErrAnswer) {
		reason = Stopped
	}
	sum := sha256.Sum256(document)
	r.log.Error("a process that draws pages did not answer as it should", "reason", reason, "status", p.cmd.ProcessState.String(), "document", hex.EncodeToString(sum[:]))
	return &Refusal{reason}
}

// tail keeps the first of what a process says when it fails.
type tail struct{ bytes.Buffer }

const mostWords = 4096

func (t *tail) Write(b []byte) (int, error) {
	if room := mostWords - t.Len(); room > 0 {
		t.Buffer.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

func (t *tail) first() string {
	line, _, _ := bytes.Cut(t.Bytes(), []byte("\n"))
	return string(line)
}

func (t *tail) has(words string) bool { return bytes.Contains(t.Bytes(), []byte(words)) }

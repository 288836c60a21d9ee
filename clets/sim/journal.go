package sim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

const journalName = "carpos.jsonl"

// journal keeps every accepted transaction in a file, one JSON object a line, only ever appended to. Changes that come
// in while the disk is busy share the next write and sync.
type journal struct {
	disk sync.Mutex // held while the file is written
	file *os.File

	mu      sync.Mutex
	buffer  bytes.Buffer
	waiting []chan error
	failed  error
	closed  bool
	wake    chan struct{}
	done    chan struct{}
}

// openJournal replays what the folder holds and then keeps on writing behind it. A last line that was cut off by a crash
// was never answered and is removed; any other damage is an error.
func openJournal(dir string, replay func(change) error) (*journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, journalName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	end, err := readJournal(f, replay)
	if err == nil {
		err = cutAt(f, end)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the journal: %w", err), f.Close())
	}
	j := &journal{file: f, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go j.run()
	return j, nil
}

// readJournal returns the offset behind the last whole line.
func readJournal(f io.Reader, replay func(change) error) (int64, error) {
	r := bufio.NewReader(f)
	var end int64
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		if err != nil {
			return 0, err
		}
		var c change
		if err := json.Unmarshal(line, &c); err != nil {
			return 0, fmt.Errorf("line %d is not a transaction", n)
		}
		if err := replay(c); err != nil {
			return 0, fmt.Errorf("line %d: %w", n, err)
		}
		end += int64(len(line))
	}
}

func cutAt(f *os.File, end int64) error {
	if err := f.Truncate(end); err != nil {
		return err
	}
	_, err := f.Seek(end, io.SeekStart)
	return err
}

// add takes a change; the channel reports when it is on disk.
func (j *journal) add(c change) (<-chan error, error) {
	line, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("write the journal: %w", err)
	}
	kept := make(chan error, 1)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed != nil || j.closed {
		return nil, errors.Join(errors.New("the journal is closed"), j.failed)
	}
	j.buffer.Write(append(line, '\n'))
	j.waiting = append(j.waiting, kept)
	select {
	case j.wake <- struct{}{}:
	default:
	}
	return kept, nil
}

func (j *journal) run() {
	defer close(j.done)
	for range j.wake {
		j.flush()
	}
	j.flush()
}

func (j *journal) flush() {
	j.disk.Lock()
	defer j.disk.Unlock()
	j.mu.Lock()
	lines := bytes.Clone(j.buffer.Bytes())
	waiting, err := j.waiting, j.failed
	j.buffer.Reset()
	j.waiting = nil
	j.mu.Unlock()
	if len(waiting) == 0 {
		return
	}
	if err == nil {
		err = j.write(lines)
	}
	for _, kept := range waiting {
		kept <- err
	}
}

func (j *journal) write(lines []byte) error {
	_, err := j.file.Write(lines)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		err = fmt.Errorf("write the journal: %w", err)
		j.mu.Lock()
		j.failed = err
		j.mu.Unlock()
	}
	return err
}

// empty forgets everything that was added.
func (j *journal) empty() error {
	j.flush()
	j.disk.Lock()
	defer j.disk.Unlock()
	if err := cutAt(j.file, 0); err != nil {
		return fmt.Errorf("empty the journal: %w", err)
	}
	return j.file.Sync()
}

func (j *journal) close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	close(j.wake)
	j.mu.Unlock()
	<-j.done
	return j.file.Close()
}

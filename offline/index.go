package offline

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"

	"filippo.io/age"
	"golang.org/x/text/unicode/norm"

	"ccpor/mapping/order"
)

// The kinds of keys. A key is its kind and what is looked for.
const (
	restrainedKey = "r" // folded surname, comma, folded given name
	protectedKey  = "p"
	bornKey       = "b" // as 1981-11-21, of the restrained person
	fcnKey        = "f"
	caseKey       = "c"
)

// entry is a key with the place of its order: the block, and which order of it.
type entry struct {
	key      string
	block, n int
}

func compare(a, b entry) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.block, b.block), cmp.Compare(a.n, b.n))
}

// keysOf are the keys under which an order is found.
func keysOf(r Record) (keys []string) {
	o := r.Order
	for _, n := range append([]order.Name{o.Restrained.Name}, o.Restrained.Aliases...) {
		keys = append(keys, restrainedKey+nameKey(n))
	}
	for _, p := range o.Protected {
		keys = append(keys, protectedKey+nameKey(p.Name))
	}
	if o.Restrained.Born != nil {
		keys = append(keys, bornKey+o.Restrained.Born.String())
	}
	if r.FCN != "" {
		keys = append(keys, fcnKey+fold(string(r.FCN)))
	}
	if o.Case != "" {
		keys = append(keys, caseKey+fold(string(o.Case)))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func nameKey(n order.Name) string { return fold(n.Surname) + "," + fold(n.Given) }

// fold makes what is written differently alike: case, accents and blanks do not count.
func fold(s string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, norm.NFD.String(s))
	return strings.Join(strings.Fields(plain), " ")
}

func appendEntry(b []byte, e entry) []byte {
	b = binary.AppendUvarint(b, uint64(len(e.key)))
	b = append(b, e.key...)
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(e.block)), uint64(e.n))
}

// reading is what entries are read from.
type reading interface {
	io.Reader
	io.ByteReader
}

// readEntry reads one; io.EOF at the end.
func readEntry(r reading) (e entry, err error) {
	length, err := binary.ReadUvarint(r)
	if err != nil {
		return e, err
	}
	if length > mostKey {
		return e, ErrTampered
	}
	key := make([]byte, length)
	if _, err = io.ReadFull(r, key); err != nil {
		return e, noEnd(err)
	}
	block, err := binary.ReadUvarint(r)
	if err != nil {
		return e, noEnd(err)
	}
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return e, noEnd(err)
	}
	if block > 1<<31 || n > 1<<31 {
		return e, ErrTampered
	}
	return entry{string(key), int(block), int(n)}, nil
}

// mostKey is the longest that a key may be; what is longer is cut where it is made.
const mostKey = 1 << 10

func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// sorter sorts more entries than fit into memory: what is full is sorted and lies in a file, encrypted with a key that only this process knows.
type sorter struct {
	folder string
	most   int // entries in memory
	now    []entry
	key    *age.X25519Identity
	runs   []*os.File
}

func (s *sorter) add(e entry) error {
	e.key = e.key[:min(len(e.key), mostKey)]
	s.now = append(s.now, e)
	if len(s.now) < s.most {
		return nil
	}
	return s.spill()
}

// spill writes what is in memory as a sorted run. The file has no name any more when it is written.
func (s *sorter) spill() (err error) {
	if s.key == nil {
		if s.key, err = age.GenerateX25519Identity(); err != nil {
			return err
		}
	}
	f, err := os.CreateTemp(s.folder, ".pack-index-*")
	if err != nil {
		return err
	}
	s.runs = append(s.runs, f)
	if err := os.Remove(f.Name()); err != nil {
		return err
	}
	w, err := age.Encrypt(f, s.key.Recipient())
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	slices.SortFunc(s.now, compare)
	var b []byte
	for _, e := range s.now {
		b = appendEntry(b[:0], e)
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	s.now = s.now[:0]
	return errors.Join(out.Flush(), w.Close())
}

func (s *sorter) close() {
	for _, f := range s.runs {
		_ = f.Close() // it has no name, and nobody needs it
	}
}

// run is a sorted run with its next entry.
type run struct {
	entry
	next func() (entry, error)
}

type runs []run

func (r runs) Len() int           { return len(r) }
func (r runs) Less(i, j int) bool { return compare(r[i].entry, r[j].entry) < 0 }
func (r runs) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *runs) Push(x any)        { *r = append(*r, x.(run)) }
func (r *runs) Pop() any {
	last := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return last
}

// each gives all entries in their order.
func (s *sorter) each(take func(entry) error) error {
	slices.SortFunc(s.now, compare)
	var heads runs
	sources := []func() (entry, error){s.inMemory()}
	for _, f := range s.runs {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		r, err := age.Decrypt(bufio.NewReaderSize(f, 1<<16), s.key)
		if err != nil {
			return err
		}
		in := bufio.NewReaderSize(r, 1<<16)
		sources = append(sources, func() (entry, error) { return readEntry(in) })
	}
	for _, next := range sources {
		if err := heads.put(next); err != nil {
			return err
		}
	}
	for heads.Len() > 0 {
		r := heap.Pop(&heads).(run)
		if err := take(r.entry); err != nil {
			return err
		}
		if err := heads.put(r.next); err != nil {
			return err
		}
	}
	return nil
}

// put adds a run with its next entry, unless it has come to its end.
func (r *runs) put(next func() (entry, error)) error {
	e, err := next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read a run of the index: %w", err)
	}
	heap.Push(r, run{e, next})
	return nil
}

func (s *sorter) inMemory() func() (entry, error) {
	i := 0
	return func() (entry, error) {
		if i == len(s.now) {
			return entry{}, io.EOF
		}
		i++
		return s.now[i-1], nil
	}
}

// entriesOf reads a block of the index.
func entriesOf(b []byte) (all []entry, err error) {
	for in := bytes.NewReader(b); ; {
		e, err := readEntry(in)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
}

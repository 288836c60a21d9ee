package exchange

import (
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"ccpor/schemas/canon"
)

// budget bounds the bytes of all requests in hand, so that no load makes the hub run out of memory: what does not fit is turned
// away at once, with a time to come back.
type budget struct{ free atomic.Int64 }

func (b *budget) take(n int64) bool {
	if b.free.Add(-n) < 0 {
		b.free.Add(n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.free.Add(n) }

// workspace is the memory in which one request is read. The body and the signed octets stay where they were read to until the
// store has them; then the next request uses the same memory.
type workspace struct {
	scanner canon.Scanner
	body    []byte
	octets  []byte
}

const (
	firstChunk = 64 << 10
	// keepAtMost bounds the memory that a workspace keeps between requests: a rare large image is not worth holding on to.
	keepAtMost = 1 << 20
)

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// keep takes over the memory of octets that did not fit into its own.
func (w *workspace) keep(octets []byte) {
	if len(octets) > cap(w.octets) {
		w.octets = octets
	}
}

// recycle gives the memory back. It must not be called while anybody may still read the body.
func (w *workspace) recycle() {
	if cap(w.body) > keepAtMost {
		w.body = nil
	}
	if cap(w.octets) > keepAtMost {
		w.octets = nil
	}
	workspaces.Put(w)
}

// reading reads one body under the limits.
type reading struct {
	limit   int64
	budget  *budget
	taken   int64 // of the budget
	control *http.ResponseController
}

// room takes n bytes of the budget for the buffer.
func (r *reading) room(n int64) error {
	if !r.budget.take(n) {
		return &refusal{code: "Server.Busy"}
	}
	r.taken += n
	return nil
}

// body reads the request's body once, into memory of its announced length, and its digest on the way. The whole must be there by
// the deadline.
func (r *reading) body(req *http.Request, buf []byte, deadline time.Time) ([]byte, [32]byte, error) {
	size := req.ContentLength
	switch {
	case size > r.limit:
		return buf[:0], [32]byte{}, &refusal{code: "Client.Transport.TooLarge"}
	case size == 0:
		return buf[:0], [32]byte{}, &refusal{code: "Client.Transport.Empty"}
	case size < 0:
		size = min(firstChunk, r.limit) // chunked: it grows as it comes
	}
	if err := r.room(size); err != nil {
		return buf[:0], [32]byte{}, err
	}
	if err := r.control.SetReadDeadline(deadline); err != nil {
		return buf[:0], [32]byte{}, err
	}
	if int64(cap(buf)) <= size {
		buf = make([]byte, 0, size+1)
	}
	buf, digest, err := r.fill(req.Body, buf[:0], int(size))
	if err != nil {
		return buf, digest, err
	}
	return buf, digest, r.control.SetReadDeadline(time.Time{})
}

// fill reads to the end, into memory for one byte more than size: that byte tells an end from a longer body.
func (r *reading) fill(from io.Reader, buf []byte, size int) ([]byte, [32]byte, error) {
	digest := sha256.New()
	for {
		n, err := from.Read(buf[len(buf) : size+1])
		digest.Write(buf[len(buf) : len(buf)+n])
		buf = buf[:len(buf)+n]
		if err != nil {
			return finish(buf, digest.Sum(nil), err)
		}
		if len(buf) > size {
			if buf, size, err = r.grow(buf, size); err != nil {
				return buf[:size], [32]byte{}, err
			}
		}
	}
}

// grow doubles the memory of a body that came without a length.
func (r *reading) grow(buf []byte, size int) ([]byte, int, error) {
	if int64(size) >= r.limit {
		return buf, size, &refusal{code: "Client.Transport.TooLarge"}
	}
	more := min(int64(size), r.limit-int64(size))
	if err := r.room(more); err != nil {
		return buf, size, err
	}
	size += int(more)
	if cap(buf) > size {
		return buf, size, nil
	}
	return append(make([]byte, 0, size+1), buf...), size, nil
}

func finish(buf, digest []byte, err error) ([]byte, [32]byte, error) {
	var late net.Error
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &late) && late.Timeout():
		err = &refusal{code: "Client.Transport.Slow"}
	case !errors.Is(err, io.EOF):
		err = &refusal{code: "Client.Transport.Incomplete"}
	case len(buf) == 0:
		err = &refusal{code: "Client.Transport.Empty"}
	default:
		err = nil
	}
	return buf, [32]byte(digest), err
}

// LimitConnections lets a listener hold at most n connections; the next one waits in the system's queue.
func LimitConnections(l net.Listener, n int) net.Listener {
	return &limited{Listener: l, places: make(chan struct{}, n), closed: make(chan struct{})}
}

type limited struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &place{Conn: c, leave: sync.OnceFunc(func() { <-l.places })}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type place struct {
	net.Conn
	leave func()
}

func (p *place) Close() error {
	defer p.leave()
	return p.Conn.Close()
}

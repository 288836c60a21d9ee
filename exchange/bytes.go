package exchange

import (
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"

	"ccpor/schemas/canon"
	"ccpor/store"
)

// budget bounds the bytes of all requests in hand, so that no load makes the hub run out of memory: what does not fit is turned
// away at once, with a time to come back. No agency gets more than its share, so that none can shut the others out.
type budget struct {
	mu    sync.Mutex
	free  int64
	share int64 // the most of one agency's orders, or of its tests
	held  map[store.Reach]int64
}

func newBudget(all, share int64) *budget {
	return &budget{free: all, share: share, held: map[store.Reach]int64{}}
}

func (b *budget) take(by store.Reach, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > b.free || b.held[by]+n > b.share {
		return false
	}
	b.free -= n
	b.held[by] += n
	return true
}

func (b *budget) give(by store.Reach, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += n
	if b.held[by] -= n; b.held[by] == 0 {
		delete(b.held, by)
	}
}

// workspace is the memory in which one request is read. The body and the signed octets stay where they were read to until the
// store has them; then the next request uses the same memory.
type workspace struct {
	scanner canon.Scanner
	body    []byte
	plain   []byte // what a compressed body holds
	octets  []byte
	unzip   unzipper
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

// recycle gives the memory back. It must not be called while anybody may still read the body. After a large message all of it is let go,
// for the scanner's tables grow with what it reads.
func (w *workspace) recycle() {
	w.scanner.Release()
	w.unzip.from.Reset(nil)
	if cap(w.body) <= keepAtMost && cap(w.plain) <= keepAtMost && cap(w.octets) <= keepAtMost {
		workspaces.Put(w)
	}
}

// reading reads the body of one message under the limits. What is announced gets neither memory nor time: both grow with what comes.
type reading struct {
	of      *received
	limits  Limits
	most    int64 // bytes that may come
	control *http.ResponseController
	began   time.Time // by the system's clock, as the deadlines of connections are
	counted int64     // bytes that the deadline counts
}

// room takes n bytes of the budget for the buffer.
func (r *reading) room(n int64) error {
	if !r.of.hub.inFlight.take(r.of.reach(), n) {
		return &refusal{code: "Server.Busy"}
	}
	r.of.taken += n
	return nil
}

// extend moves the deadline on with what has come.
func (r *reading) extend(came int64) error {
	if came-r.counted < r.limits.BodyRate {
		return nil
	}
	r.counted = came
	return r.control.SetReadDeadline(r.began.Add(r.limits.BodyTime + time.Duration(came/r.limits.BodyRate)*time.Second))
}

// body reads the request's body once, and its digest on the way. The deadline is the one that every request begins with.
func (r *reading) body(req *http.Request, buf []byte) ([]byte, [32]byte, error) {
	switch {
	case req.ContentLength > r.limits.MessageBytes:
		return buf[:0], [32]byte{}, &refusal{code: "Client.Transport.TooLarge"}
	case req.ContentLength == 0:
		return buf[:0], [32]byte{}, &refusal{code: "Client.Transport.Empty"}
	}
	r.most = r.limits.MessageBytes
	if req.ContentLength > 0 {
		r.most = req.ContentLength
	}
	size := min(firstChunk, r.most)
	if err := r.room(size); err != nil {
		return buf[:0], [32]byte{}, err
	}
	buf, digest, err := r.fill(req.Body, sized(buf[:0], int(size)), int(size))
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
		if err = r.extend(int64(len(buf))); err != nil {
			return buf[:min(len(buf), size)], [32]byte{}, err
		}
		if len(buf) > size {
			if buf, size, err = r.grow(buf, size); err != nil {
				return buf[:size], [32]byte{}, err
			}
		}
	}
}

// grow doubles the memory, up to what may come.
func (r *reading) grow(buf []byte, size int) ([]byte, int, error) {
	if int64(size) >= r.most {
		return buf, size, &refusal{code: "Client.Transport.TooLarge"}
	}
	more := min(int64(size), r.most-int64(size))
	if err := r.room(more); err != nil {
		return buf, size, err
	}
	size += int(more)
	return sized(buf, size), size, nil
}

// sized is the buffer with memory for one byte more than size.
func sized(buf []byte, size int) []byte {
	if cap(buf) > size {
		return buf
	}
	return append(make([]byte, 0, size+1), buf...)
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

// LimitConnections lets a listener hold at most n connections; the next one waits in the system's queue. Of one address (of one /64 in
// IPv6) it holds at most perAddress, and closes the next one at once; zero is no such bound, for a hub behind a proxy.
func LimitConnections(l net.Listener, n, perAddress int) net.Listener {
	return &limited{Listener: l, places: make(chan struct{}, n), closed: make(chan struct{}), perAddress: perAddress, from: map[netip.Prefix]int{}}
}

type limited struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once

	perAddress int
	mu         sync.Mutex
	from       map[netip.Prefix]int
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			<-l.places
			return nil, err
		}
		network := networkOf(c.RemoteAddr())
		if l.enter(network) {
			return &place{Conn: c, leave: sync.OnceFunc(func() { l.leave(network); <-l.places })}, nil
		}
		_ = c.Close() // nothing was written
	}
}

func (l *limited) enter(network netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.perAddress > 0 && l.from[network] >= l.perAddress {
		return false
	}
	l.from[network]++
	return true
}

func (l *limited) leave(network netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.from[network]--; l.from[network] == 0 {
		delete(l.from, network)
	}
}

// networkOf is what one party has for itself: an address in IPv4, a /64 in IPv6. What has no address is all one.
func networkOf(a net.Addr) netip.Prefix {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	ip := tcp.AddrPort().Addr().Unmap()
	return netip.PrefixFrom(ip, min(ip.BitLen(), 64)).Masked()
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

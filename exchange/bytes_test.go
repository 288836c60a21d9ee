package exchange

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"

	"ccpor/store"
)

func TestBudget(t *testing.T) {
	t.Parallel()
	b := newBudget(100, 60)
	orders, tests := store.Reach{Agency: 1}, store.Reach{Agency: 1, Test: true} // of one agency, and apart
	for _, step := range []struct {
		by   store.Reach
		take int64
		ok   bool
	}{{orders, 50, true}, {orders, 11, false}, {orders, 10, true}, {orders, 1, false}, {tests, 41, false}, {tests, 40, true}, {tests, 1, false}} {
		if b.take(step.by, step.take) != step.ok {
			t.Fatalf("%+v takes %d: not %v", step.by, step.take, step.ok)
		}
	}
	b.give(orders, 60)
	b.give(tests, 40)
	if !b.take(store.Reach{Agency: 3}, 60) || len(b.held) != 1 {
		t.Error("what was refused is still counted")
	}
}

// queue is a listener with connections ready.
type queue chan net.Conn

func (q queue) Accept() (net.Conn, error) {
	c, ok := <-q
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (q queue) Close() error   { close(q); return nil }
func (q queue) Addr() net.Addr { return nil }

// A listener hands out so many connections and no more, until one is closed.
func TestLimitConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiting := make(queue, 3)
		for range cap(waiting) {
			c, _ := net.Pipe()
			waiting <- c
		}
		l := LimitConnections(waiting, 2, 0)
		accepted, ended := make(chan net.Conn, 3), make(chan error, 1)
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					ended <- err
					return
				}
				accepted <- c
			}
		}()
		synctest.Wait()
		if len(accepted) != 2 || len(waiting) != 1 {
			t.Fatalf("%d accepted, %d waiting", len(accepted), len(waiting))
		}
		first := <-accepted
		check(t, first.Close())
		check(t, first.Close()) // a second time frees nothing
		synctest.Wait()
		if len(accepted) != 2 {
			t.Fatalf("%d accepted after one was closed", len(accepted)+1)
		}
		check(t, l.Close())
		synctest.Wait()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("after closing: %v", err)
		}
	})
}

// from is a connection of a remote address.
type from struct {
	net.Conn
	address string
}

func (f from) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(f.address))
}

// Nobody has all places: what one address opens beyond its share is closed, and others get in.
func TestLimitConnectionsOfOneAddress(t *testing.T) {
	t.Parallel()
	waiting := make(queue, 16)
	add := func(address string) {
		c, _ := net.Pipe()
		waiting <- from{c, address}
	}
	for _, address := range []string{"192.0.2.1:1", "192.0.2.1:2", "[::ffff:192.0.2.1]:3", "192.0.2.1:4", "192.0.2.2:1", "[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::3]:1", "[2001:db8:0:1::1]:1"} {
		add(address)
	}
	l := LimitConnections(waiting, 8, 2)
	accept := func(want string) net.Conn {
		t.Helper()
		c, err := l.Accept()
		check(t, err)
		if got := c.RemoteAddr().String(); got != want {
			t.Fatalf("accepted %s, want %s", got, want)
		}
		return c
	}
	first := accept("192.0.2.1:1")
	for _, want := range []string{"192.0.2.1:2", "192.0.2.2:1", "[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8:0:1::1]:1"} {
		accept(want)
	}
	check(t, first.Close())
	add("192.0.2.1:5")
	accept("192.0.2.1:5")
	check(t, l.Close())
}

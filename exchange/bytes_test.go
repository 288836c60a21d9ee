package exchange

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
)

func TestBudget(t *testing.T) {
	t.Parallel()
	var b budget
	b.give(100)
	for _, step := range []struct {
		take int64
		ok   bool
	}{{60, true}, {41, false}, {40, true}, {1, false}} {
		if b.take(step.take) != step.ok {
			t.Fatalf("take %d is not %v", step.take, step.ok)
		}
	}
	b.give(100)
	if !b.take(100) {
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
		l := LimitConnections(waiting, 2)
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

package store_test

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"ccpor/store"
	"ccpor/store/storetest"
)

// between stands between a hub and its database, and when armed swallows the database's next "committed" and cuts the connection.
type between struct {
	armed atomic.Int32
	cut   atomic.Int32
}

// newBetween gives the URL of a database that is reached through it.
func newBetween(t *testing.T, to string) (*between, string) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	server := filepath.Join(q.Get("host"), ".s.PGSQL."+q.Get("port"))
	if _, err := os.Stat(server); err != nil {
		t.Skip("the database is not reached by a Unix socket")
	}
	dir, err := os.MkdirTemp("/tmp", "between")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL."+q.Get("port")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	b := new(between)
	go b.serve(l, server)
	q.Set("host", dir)
	u.RawQuery = q.Encode()
	return b, u.String()
}

func (b *between) serve(l net.Listener, server string) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		db, err := net.Dial("unix", server)
		if err != nil {
			client.Close()
			continue
		}
		go func() {
			io.Copy(db, client)
			db.Close()
		}()
		go b.back(client, db)
	}
}

func (b *between) back(client, db net.Conn) {
	defer client.Close()
	defer db.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := db.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(buf[:n], []byte("COMMIT\x00")) && b.armed.Load() > 0 {
			b.armed.Add(-1)
			b.cut.Add(1)
			return
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}

// TestCommitWhoseAnswerIsLost: the package is kept, and the hub finds out that it was its own.
func TestCommitWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	b, through := newBetween(t, url)
	s := storetest.Open(t, through, store.Options{})
	court := orange(t, s)
	mustAccept(t, s, add(court, "p-0", "o-0")) // with a data key, whose commit is another
	b.armed.Store(1)
	r := mustAccept(t, s, add(court, "p-1", "o-1"))
	if b.cut.Load() != 1 || r.Duplicate {
		t.Errorf("cut %d times, receipt %+v", b.cut.Load(), r)
	}
	b.armed.Store(2) // the first try and the second: the court hears of a failure, and sends again
	if r, err := s.Accept(t.Context(), add(court, "p-2", "o-2")); err == nil {
		t.Errorf("a receipt without the database's word: %+v", r)
	}
	if r := mustAccept(t, s, add(court, "p-2", "o-2")); !r.Duplicate {
		t.Error("the package that was kept is new")
	}
	h := &hub{s, t, url, court}
	if got := h.sql("select count(*)::text from submission"); got != "3" {
		t.Errorf("%s submissions, want 3", got)
	}
	h.sound()
}

package exchange

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"ccpor/exchange/client"
)

// hurried is a hub whose times are short.
func hurried(t *testing.T) running {
	t.Helper()
	c := parts(t, newMemory(t))
	c.Limits.BodyTime = 300 * time.Millisecond
	c.Log = slog.New(slog.DiscardHandler)
	h, err := NewHub(c)
	check(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	s := Server(h, TLSConfig(keyPair(t, "hub").tls), h.Log)
	s.ReadHeaderTimeout, s.IdleTimeout = 300*time.Millisecond, 300*time.Millisecond
	done := make(chan error, 1)
	go func() { done <- s.ServeTLS(LimitConnections(l, 256, 0), "", "") }()
	t.Cleanup(func() {
		check(t, s.Close())
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return running{hub: h, url: "https://" + l.Addr().String() + "/soap", connections: &sync.Map{}}
}

// beside says that others are served meanwhile.
func beside(t *testing.T, r running) {
	t.Helper()
	if _, err := r.as(t, "other-court").Ping(t.Context(), client.Options{}); err != nil {
		t.Error("another court:", err)
	}
}

// drip writes a request one byte at a time, as fast as a byte every few milliseconds, until the hub ends the connection.
func drip(t *testing.T, c *tls.Conn, first string, endless string) {
	t.Helper()
	_, err := io.WriteString(c, first)
	check(t, err)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for i := range 4000 { // 20 s
		<-tick.C
		if _, err := io.WriteString(c, endless[i%len(endless):i%len(endless)+1]); err != nil {
			return
		}
	}
	t.Error("the hub holds the connection")
}

// Requests that never end, byte by byte: the connection is ended, and others are served while it lasts.
func TestDrippingSendersAreCutOff(t *testing.T) {
	t.Parallel()
	r := hurried(t)
	const post = "POST /soap HTTP/1.1\r\nHost: hub\r\nContent-Type: text/xml\r\n"
	for name, request := range map[string]struct{ first, endless string }{
		"request line":    {"POST /", "a"},
		"headers":         {post, "X-A: b\r\n"},
		"body":            {post + "Content-Length: 100000\r\n\r\n", " "},
		"chunks":          {post + "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"},
		"chunk extension": {post + "Transfer-Encoding: chunked\r\n\r\n1;", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, r, "court-rsa")
			check(t, conn.SetWriteDeadline(time.Now().Add(30*time.Second)))
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				drip(t, conn, request.first, request.endless)
			}()
			beside(t, r)
			ends(t, conn)
			<-ended
		})
	}
}

// Requests that are too much, or that two readers would read differently: refused, the connection ended, nothing of them taken as a second request.
func TestMisshapenRequestsAreRefused(t *testing.T) {
	t.Parallel()
	r := hurried(t)
	const post = "POST /soap HTTP/1.1\r\nHost: hub\r\nContent-Type: text/xml\r\n"
	const second = "GET /soap?wsdl HTTP/1.1\r\nHost: hub\r\n\r\n"
	for name, c := range map[string]struct{ request, status string }{
		"huge address":                 {"GET /soap?" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\nHost: hub\r\n\r\n", "431"},
		"huge header":                  {post + "X-A: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", "431"},
		"many headers":                 {post + strings.Repeat("X-A: b\r\n", 8<<10) + "\r\n", "431"},
		"two lengths":                  {post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef" + second, "400"},
		"a length that is none":        {post + "Content-Length: +5\r\n\r\nabcde" + second, "400"},
		"chunked, but not last":        {post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + second, "501"},
		"another coding":               {post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + second, "501"},
		"a blank before the colon":     {post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + second, "400"},
		"two hosts":                    {"POST /soap HTTP/1.1\r\nHost: hub\r\nHost: other\r\n\r\n" + second, "400"},
		"a chunk size out of range":    {post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na", "500"},
		"a chunk extension, very long": {post + "Transfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("a", 64<<10) + "\r\na\r\n0\r\n\r\n", "500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, r, "court-rsa")
			go func() { _, _ = io.WriteString(conn, c.request) }() // the hub may end the connection before all is written
			answer := ends(t, conn)
			// Where bytes are left unread, the system may end the connection before the answer has been read.
			if answer != "" && !strings.HasPrefix(answer, "HTTP/1.1 "+c.status) || strings.Contains(answer, "definitions") {
				t.Errorf("answered %.300q", answer)
			}
			beside(t, r)
		})
	}
}

// Connections that say nothing are ended, and others are served beside them.
func TestIdleConnectionsAreEnded(t *testing.T) {
	t.Parallel()
	r := hurried(t)
	var idle []*tls.Conn
	for range 60 {
		idle = append(idle, dial(t, r, "court-rsa"))
	}
	beside(t, r)
	for _, c := range idle {
		ends(t, c)
	}
}

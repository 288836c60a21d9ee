package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// request is one prepared message: its bytes are made before the clock starts.
type request struct {
	contentType string
	body        []byte
	hostile     bool // it must be refused
}

// load is a number of clients that send prepared messages, each over a connection of its own that is open before the clock starts.
type load struct {
	url     string
	tls     *tls.Config
	clients int
	// rate is in requests per second over all clients; zero sends as fast as answers come.
	rate float64
	// most ends the load after a time, whatever is left to send; zero does not.
	most time.Duration
	// ended ends the load when it is closed; nil does not.
	ended <-chan struct{}
}

// over says that nothing more is to be sent.
func (l load) over(start time.Time) bool {
	select {
	case <-l.ended:
		return true
	default:
		return l.most > 0 && time.Since(start) > l.most
	}
}

// result is what a load measured. Latency is from before the first byte is sent until the answer was read; under a fixed rate, from
// the moment at which the request was due.
type result struct {
	sent      int
	elapsed   time.Duration
	latencies []time.Duration
}

func (r result) perSecond() float64 { return float64(r.sent) / r.elapsed.Seconds() }

func (r result) sorted() result {
	slices.Sort(r.latencies)
	return r
}

// percentile of the latencies, which are sorted.
func (r result) percentile(p float64) time.Duration {
	if len(r.latencies) == 0 {
		return 0
	}
	return r.latencies[min(len(r.latencies)-1, int(p*float64(len(r.latencies))))]
}

var errRefused = errors.New("the hub did not answer with a receipt")

// run sends every request once, and fails with the first answer that is no receipt, or with the first receipt for a hostile request. Hostile ones are
// not in the result.
func (l load) run(ctx context.Context, requests []request) (result, error) {
	lines, err := l.dial(ctx)
	defer hangUp(lines)
	if err != nil {
		return result{}, err
	}
	own := make([][]time.Duration, l.clients)
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	for i, line := range lines {
		group.Go(func() (err error) {
			own[i], err = l.client(ctx, line, start, requests, &next)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return result{}, err
	}
	elapsed := time.Since(start)
	all := slices.Concat(own...)
	return result{sent: len(all), elapsed: elapsed, latencies: all}.sorted(), nil
}

func (l load) client(ctx context.Context, line *line, start time.Time, requests []request, next *atomic.Int64) ([]time.Duration, error) {
	own := make([]time.Duration, 0, 2*len(requests)/l.clients)
	for {
		i := int(next.Add(1)) - 1
		if i >= len(requests) || l.over(start) {
			return own, nil
		}
		begin, err := l.due(ctx, start, i)
		if err != nil {
			return own, err
		}
		if requests[i].hostile {
			if err := line.postHostile(requests[i]); err != nil {
				return own, err
			}
			continue
		}
		if err := line.post(requests[i]); err != nil {
			return own, err
		}
		own = append(own, time.Since(begin))
	}
}

// due waits for the moment of the i-th request under a fixed rate. The latency counts from that moment, so that a stall of the
// hub is not hidden by clients that wait for it.
func (l load) due(ctx context.Context, start time.Time, i int) (time.Time, error) {
	if l.rate == 0 {
		return time.Now(), ctx.Err()
	}
	at := start.Add(time.Duration(float64(i) / l.rate * float64(time.Second)))
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return at, nil
	case <-ctx.Done():
		return at, ctx.Err()
	}
}

// line is one connection. It speaks just enough HTTP/1.1 that the load takes little from the machine that is being measured.
type line struct {
	conn   *tls.Conn
	in     *bufio.Reader
	target string
	out    []byte
}

func (l load) dial(ctx context.Context) ([]*line, error) {
	u, err := url.Parse(l.url)
	if err != nil {
		return nil, err
	}
	dialer := tls.Dialer{Config: l.tls, NetDialer: &net.Dialer{Timeout: 10 * time.Second}}
	var lines []*line
	for range l.clients {
		c, err := dialer.DialContext(ctx, "tcp", u.Host)
		if err != nil {
			return lines, fmt.Errorf("calling the hub: %w", err)
		}
		lines = append(lines, &line{conn: c.(*tls.Conn), in: bufio.NewReader(c), target: "POST " + u.Path + " HTTP/1.1\r\nHost: " + u.Host + "\r\n"})
	}
	return lines, nil
}

func hangUp(lines []*line) {
	for _, l := range lines {
		l.conn.Close()
	}
}

// answerTimeout is how long an answer may take before the measurement has failed.
const answerTimeout = time.Minute

// post sends a message and reads the answer to its end.
func (l *line) post(r request) error {
	l.out = append(append(append(l.out[:0], l.target...), "Content-Type: "...), r.contentType...)
	l.out = append(strconv.AppendInt(append(l.out, "\r\nContent-Length: "...), int64(len(r.body)), 10), "\r\n\r\n"...)
	l.out = append(l.out, r.body...)
	if err := l.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	if _, err := l.conn.Write(l.out); err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	resp, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		_, err := io.Copy(io.Discard, resp.Body)
		return err
	}
	answer, err := io.ReadAll(resp.Body)
	return errors.Join(fmt.Errorf("%w: %s: %.2000s", errRefused, resp.Status, answer), err)
}

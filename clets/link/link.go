// Package link is one line to the message switch: a TCP connection with a mnemonic, on which requests go out and replies come in
// (docs/carpos-profile.md, section 1).
//
// Dial connects, with TLS where it is configured, and logs on. Send puts one request on the line and returns as soon as its bytes are
// written; at most Window of them are unanswered at a time. What becomes of a request is told to a Handler: acknowledged, refused, replied,
// out of time, or unanswered when the line closed. A reply is confirmed to the switch by Got, and only by the caller: the line never says
// that something is stored. A heartbeat finds a dead line. All waits come from Limits and run on the Clock of the configuration.
//
// The package knows bytes only: no order, no CARPOS text, no database. It never repeats a request, never guesses an outcome, and takes
// nothing from a line that breaks the framing: the first violation closes it.
package link

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// Errors of a line.
var (
	// ErrNotSent says that no byte of the request has left: nothing can have come of it.
	ErrNotSent = errors.New("the request was not sent")
	// ErrClosed says that the line was closed by this side.
	ErrClosed = errors.New("the line is closed")
	// ErrSilent says that the switch answered no PING.
	ErrSilent = errors.New("the switch is silent")
)

// RefusedError is the switch's REFUSED to a LOGON, by the numbers of NAK.
type RefusedError struct {
	Code int
	Text string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the switch refuses the log-on: %d", e.Code)
}

// Limits are the waits of a line; a zero one is the profile's.
type Limits struct {
	Connect time.Duration // until the connection, with TLS, stands: 10 s
	Ready   time.Duration // from LOGON to READY: 10 s
	Ack     time.Duration // from a request to its ACK: 15 s
	Reply   time.Duration // from a request to its RSP: 120 s
	Idle    time.Duration // of silence until a PING: 60 s
	Pong    time.Duration // from a PING to any sign of life: 15 s
	Write   time.Duration // for writing one frame: 10 s
}

// Profile are the limits of profile section 1.
var Profile = Limits{
	Connect: 10 * time.Second, Ready: 10 * time.Second, Ack: 15 * time.Second, Reply: 120 * time.Second,
	Idle: 60 * time.Second, Pong: 15 * time.Second, Write: 10 * time.Second,
}

func (l Limits) orProfile() Limits {
	for _, p := range []struct {
		to   *time.Duration
		from time.Duration
	}{
		{&l.Connect, Profile.Connect}, {&l.Ready, Profile.Ready}, {&l.Ack, Profile.Ack}, {&l.Reply, Profile.Reply},
		{&l.Idle, Profile.Idle}, {&l.Pong, Profile.Pong}, {&l.Write, Profile.Write},
	} {
		if *p.to <= 0 {
			*p.to = p.from
		}
	}
	return l
}

// Config is how a line is opened.
type Config struct {
	// Address is the switch's host:port.
	Address string
	// Mnemonic is the line's name, four of A-Z0-9; ORI is the hub's, nine.
	Mnemonic, ORI string
	// TLS is nil for a plain connection, which only a sandbox may have.
	TLS *tls.Config
	// Window is how many requests may be unanswered; zero means 1.
	Window int
	Limits Limits
	// Clock is nil for the machine's.
	Clock clockwork.Clock
}

func (c Config) check() error {
	if !isMnemonic(c.Mnemonic) || len(c.ORI) != 9 || !upperAlnum(c.ORI) {
		return errors.New("a line needs a mnemonic of four and an ORI of nine capital letters and digits")
	}
	if c.Window < 0 {
		return errors.New("a line's window cannot be negative")
	}
	return nil
}

// Delivery is a reply or an unsolicited message.
type Delivery struct {
	// Outseq is the number by which Got confirms it.
	Outseq string
	// Control is the request's control number; empty for an unsolicited message.
	Control string
	// Text is what follows the first line.
	Text string
}

// Wait is what a request waited for in vain.
type Wait string

// The waits.
const (
	WaitAck   Wait = "ACK"
	WaitReply Wait = "RSP"
)

// Handler is told what happens on a line. Its methods are called one after another, by the line's own goroutine: a method that blocks
// holds the line up. Closed is the last call.
type Handler interface {
	// Acked: the switch has the request. It says nothing about CARPOS.
	Acked(control string)
	// Refused: the switch did not take the request (NAK).
	Refused(control string, code int, text string)
	// Replied: the application's reply; also one that is late or comes again.
	Replied(Delivery)
	Unsolicited(Delivery)
	// Expired: neither ACK nor RSP came in time. The outcome is unknown. Its place in the window is free again.
	Expired(control string, missing Wait)
	// Closed: the line is gone. The outcome of everything unanswered is unknown.
	Closed(why error, unanswered []string)
}

// Line is an open line. Its methods are safe for use by many goroutines.
type Line struct {
	cfg     Config
	limits  Limits
	clock   clockwork.Clock
	conn    net.Conn
	handler Handler
	slots   chan struct{}
	events  chan func()
	done    chan struct{} // closed when the line is given up
	ended   chan struct{} // closed after Closed was called
	wake    chan struct{}
	drain   chan struct{} // closed when no more requests are taken

	writing sync.Mutex
	drained sync.Once

	mu      sync.Mutex
	why     error
	pending map[string]*request
	heard   time.Time
	pinged  time.Time // zero: no PING is open
}

// request is one that is unanswered.
type request struct {
	sent  time.Time
	acked bool
}

// Dial opens a line: it connects, logs on, and returns when the switch says READY. Errors: *RefusedError, what the network says, a
// violation of the framing. ctx bounds the opening only.
func Dial(ctx context.Context, cfg Config, h Handler) (*Line, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	l := &Line{
		cfg: cfg, limits: cfg.Limits.orProfile(), clock: cfg.Clock, handler: h, pending: map[string]*request{},
		slots: make(chan struct{}, max(cfg.Window, 1)), events: make(chan func()), done: make(chan struct{}), ended: make(chan struct{}), wake: make(chan struct{}, 1),
		drain: make(chan struct{}),
	}
	if l.clock == nil {
		l.clock = clockwork.NewRealClock()
	}
	var err error
	if l.conn, err = connect(ctx, cfg, l.limits.Connect); err != nil {
		return nil, fmt.Errorf("connect to the switch: %w", err)
	}
	r := bufio.NewReaderSize(l.conn, maxBody+frameOverhead)
	if err := l.logon(ctx, r); err != nil {
		return nil, errors.Join(fmt.Errorf("log on as %s: %w", cfg.Mnemonic, err), l.conn.Close())
	}
	l.heard = l.clock.Now()
	go l.run(r)
	return l, nil
}

func connect(ctx context.Context, cfg Config, limit time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if cfg.TLS != nil {
		d := tls.Dialer{Config: cfg.TLS}
		return d.DialContext(ctx, "tcp", cfg.Address)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", cfg.Address)
}

// logon is bounded by closing the connection, which ends a read that hangs.
func (l *Line) logon(ctx context.Context, r *bufio.Reader) error {
	ctx, cancel := context.WithTimeout(ctx, l.limits.Ready)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.conn.Close() })
	defer stop()
	if err := l.write("LOGON " + l.cfg.Mnemonic + " " + l.cfg.ORI + crlf); err != nil {
		return err
	}
	body, err := readFrame(r)
	if err != nil {
		return errors.Join(err, ctx.Err())
	}
	m, err := parseMessage(body)
	switch {
	case err != nil:
		return err
	case m.kind == kindRefused:
		return &RefusedError{m.code, m.text}
	case m.kind != kindReady || m.mnemonic != l.cfg.Mnemonic:
		return violation("READY was expected")
	}
	return nil
}

// Mnemonic is the line's name.
func (l *Line) Mnemonic() string { return l.cfg.Mnemonic }

// Done is closed as soon as the line is given up; the handler's Closed follows.
func (l *Line) Done() <-chan struct{} { return l.done }

// Body is the body of a request's frame, exactly as Send writes it.
func (l *Line) Body(control string, text []byte) []byte {
	return append([]byte("MSG "+l.cfg.Mnemonic+" "+control+crlf), text...)
}

// Send waits for a free place in the window and writes a request whose body Body made; control is its control number. ErrNotSent: it did
// not leave, and will not be heard of again. Any other error: the line broke while it was written, and Closed will name it as unanswered.
func (l *Line) Send(ctx context.Context, control string, body []byte) error {
	if !isControl(control) || checkBody(body) != nil {
		return fmt.Errorf("%w: its control number or text cannot be framed", ErrNotSent)
	}
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrNotSent, ctx.Err())
	case <-l.done:
		return fmt.Errorf("%w: %w", ErrNotSent, ErrClosed)
	case <-l.drain:
		return fmt.Errorf("%w: %w", ErrNotSent, ErrClosed)
	}
	if err := l.register(control); err != nil {
		<-l.slots
		return err
	}
	l.poke()
	if err := l.write(string(body)); err != nil {
		l.shut(err)
		return fmt.Errorf("write to the switch: %w", err)
	}
	return nil
}

func (l *Line) register(control string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.why != nil, isClosed(l.drain):
		return fmt.Errorf("%w: %w", ErrNotSent, ErrClosed)
	case l.pending[control] != nil:
		return fmt.Errorf("%w: its control number is in use", ErrNotSent)
	}
	l.pending[control] = &request{sent: l.clock.Now()}
	return nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// settle takes a request out of the window; it tells whether it was there.
func (l *Line) settle(control string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending[control] == nil {
		return false
	}
	delete(l.pending, control)
	<-l.slots
	return true
}

// Got tells the switch that the reply or message of that number is stored. An error means that the line is closed; the switch will
// then repeat it after the next log-on.
func (l *Line) Got(outseq string) error {
	if err := l.write("GOT " + outseq + crlf); err != nil {
		l.shut(err)
		return fmt.Errorf("confirm to the switch: %w", err)
	}
	return nil
}

// Drain takes no more requests and returns when none is unanswered, when the line is closed, or with ctx's error.
func (l *Line) Drain(ctx context.Context) error {
	l.drained.Do(func() { close(l.drain) })
	for taken := range cap(l.slots) { // whoever holds every place knows that nothing is unanswered
		select {
		case l.slots <- struct{}{}:
			continue
		case <-l.done:
			return nil
		case <-ctx.Done():
		}
		for range taken {
			<-l.slots
		}
		return ctx.Err()
	}
	return nil
}

// Close gives the line up and returns after the handler's Closed.
func (l *Line) Close() {
	l.shut(ErrClosed)
	<-l.ended
}

// shut gives the line up, once.
func (l *Line) shut(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.why != nil {
		return
	}
	l.why = why
	close(l.done)
	// The connection is useless whatever Close says; what is still in flight is unknown either way.
	_ = l.conn.Close()
}

func (l *Line) write(body string) error {
	frame := appendFrame(nil, []byte(body))
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.conn.SetWriteDeadline(l.clock.Now().Add(l.limits.Write)); err != nil {
		return err
	}
	_, err := l.conn.Write(frame)
	return err
}

// poke lets the watch look at its deadlines anew.
func (l *Line) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

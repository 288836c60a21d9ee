package sim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config of a Switch. The zero value is ready for a test: an address of its own on the loopback interface, no TLS, records in
// memory, replies at once, no misbehaviour, every well-formed mnemonic and ORI accepted.
type Config struct {
	Address string      // host:port; empty means 127.0.0.1:0
	TLS     *tls.Config // nil means plain TCP; ask for client certificates here

	Mnemonic   string            // the switch's own, at the head of every reply; empty means 8AYX
	Mnemonics  map[string]string // who may log on: mnemonic to hub; nil means all, counted as one hub
	ORIs       []string          // who may send; empty means every well-formed ORI
	EntryORIs  []string          // who may send more than inquiries; empty means all
	OrderTypes []OrderType       // codes of ORT beside the built-in ones
	FCNPrefix  string            // first three digits of every FCN; empty means 232

	Window      int           // requests unanswered on a line; 0 means 1
	MaxText     int           // longest text of a request in bytes, NAK 15 beyond; 0 means no limit but the frame's
	ReplyAfter  time.Duration // from request to reply
	RepeatAfter time.Duration // until a reply without GOT is repeated; 0 means 60 s
	PingAfter   time.Duration // of silence; 0 means 60 s
	PongWithin  time.Duration // 0 means 15 s

	Dir         string // folder that keeps the records over a restart; empty means memory only
	HistorySize int    // events kept; 0 means 10,000
	Seed        uint64 // of the misbehaviours
	Faults      Faults // misbehaviours at the start
	NoMagic     bool   // court case numbers choose nothing

	Now      func() time.Time // nil means time.Now
	Location *time.Location   // in which orders expire; nil means America/Los_Angeles
}

// Switch is a running simulated switch. All methods are safe for use by several goroutines.
type Switch struct {
	cfg     Config
	dict    *dictionary
	book    *book
	journal *journal // nil: memory only
	history *history
	judge   *judge
	faults  atomic.Pointer[Faults]
	oris    map[string]bool

	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while down
	address  string
	conns    map[*conn]bool
	stations map[string]*station
	raise    *time.Timer // ends a timed Down
	failed   error
}

// Start opens the records and listens. The error names what could not be opened or which setting makes no sense.
func Start(cfg Config) (*Switch, error) {
	s, err := newSwitch(cfg)
	if err != nil {
		return nil, fmt.Errorf("start the simulated switch: %w", err)
	}
	if err := s.openRecords(); err != nil {
		return nil, fmt.Errorf("start the simulated switch: %w", err)
	}
	if err := s.Up(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the simulated switch: %w", err), s.Close())
	}
	return s, nil
}

func newSwitch(cfg Config) (*Switch, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	dict, err := loadDictionary(cfg.OrderTypes)
	if err != nil {
		return nil, err
	}
	s := &Switch{
		cfg: cfg, dict: dict, book: newBook(dict, cfg.FCNPrefix, cfg.EntryORIs, cfg.Location),
		history: newHistory(cfg.HistorySize, cfg.Now), judge: newJudge(), oris: set(cfg.ORIs),
		address: cfg.Address, conns: map[*conn]bool{}, stations: map[string]*station{},
	}
	s.faults.Store(&cfg.Faults)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// fill sets what was left out and refuses what makes no sense.
func (c *Config) fill() error {
	orString(&c.Address, "127.0.0.1:0")
	orString(&c.Mnemonic, "8AYX")
	orString(&c.FCNPrefix, "232")
	orDuration(&c.RepeatAfter, time.Minute)
	orDuration(&c.PingAfter, time.Minute)
	orDuration(&c.PongWithin, 15*time.Second)
	if c.Window == 0 {
		c.Window = 1
	}
	if c.HistorySize == 0 {
		c.HistorySize = 10_000
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Location == nil {
		loc, err := time.LoadLocation("America/Los_Angeles")
		if err != nil {
			return err
		}
		c.Location = loc
	}
	return c.check()
}

func orString(s *string, otherwise string) {
	if *s == "" {
		*s = otherwise
	}
}

func orDuration(d *time.Duration, otherwise time.Duration) {
	if *d == 0 {
		*d = otherwise
	}
}

func (c *Config) check() error {
	if !isMnemonic(c.Mnemonic) {
		return fmt.Errorf("mnemonic %q is not four characters A-Z0-9", c.Mnemonic)
	}
	for m := range c.Mnemonics {
		if !isMnemonic(m) {
			return fmt.Errorf("mnemonic %q is not four characters A-Z0-9", m)
		}
	}
	for _, ori := range slices.Concat(c.ORIs, c.EntryORIs) {
		if !isORI(ori) {
			return fmt.Errorf("ORI %q is not nine characters A-Z0-9", ori)
		}
	}
	if len(c.FCNPrefix) != 3 || !isDigits(c.FCNPrefix) {
		return fmt.Errorf("FCN prefix %q is not three digits", c.FCNPrefix)
	}
	if c.Window < 0 || c.HistorySize < 0 || c.MaxText < 0 || min(c.ReplyAfter, c.RepeatAfter, c.PingAfter, c.PongWithin) < 0 {
		return errors.New("a size or a duration is negative")
	}
	return c.Faults.check()
}

func (s *Switch) openRecords() error {
	if s.cfg.Dir == "" {
		return nil
	}
	j, err := openJournal(s.cfg.Dir, s.book.replay)
	if err != nil {
		return err
	}
	s.journal, s.book.keep = j, j.add
	return nil
}

// Addr returns host:port of the line. It stays the same over Down and Up.
func (s *Switch) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// Up begins to listen, again after Down. It does nothing on a switch that listens already.
func (s *Switch) Up() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return net.ErrClosed
	}
	if s.raise != nil {
		s.raise.Stop()
	}
	if s.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		return err
	}
	s.address, s.listener = l.Addr().String(), l
	if s.cfg.TLS != nil {
		l = tls.NewListener(l, s.cfg.TLS)
	}
	s.work.Go(func() { s.accept(l) })
	s.history.add(Event{Direction: "event", Kind: eventUp})
	return nil
}

// Down closes every line and refuses connections for the duration, or until Up if it is 0.
func (s *Switch) Down(d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.raise != nil {
		s.raise.Stop()
	}
	err := s.stopListening("down")
	s.history.add(Event{Direction: "event", Kind: eventDown})
	if d > 0 {
		s.raise = time.AfterFunc(d, s.riseAgain)
	}
	return err
}

const riseEvery = 100 * time.Millisecond

// riseAgain ends a timed Down; as long as the address is taken by another it tries again.
func (s *Switch) riseAgain() {
	err := s.Up()
	if err == nil || errors.Is(err, net.ErrClosed) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raise = time.AfterFunc(riseEvery, s.riseAgain)
}

// stopListening closes the listener and all lines. The caller holds the lock.
func (s *Switch) stopListening(why string) error {
	var err error
	if s.listener != nil {
		err = s.listener.Close()
		s.listener = nil
	}
	for c := range s.conns {
		c.close(why)
	}
	return err
}

func (s *Switch) accept(l net.Listener) {
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		c := &conn{sw: s, nc: nc}
		if !s.admit(c) {
			c.close("down")
			continue
		}
		s.history.add(Event{Direction: "event", Kind: eventConnected})
		s.work.Go(c.serve)
	}
}

// admit takes a connection in, unless the switch went down since it was accepted.
func (s *Switch) admit(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil || s.ctx.Err() != nil {
		return false
	}
	s.conns[c] = true
	return true
}

func (s *Switch) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// station returns what the switch keeps for a mnemonic, over all its connections.
func (s *Switch) station(mnemonic string) *station {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stations[mnemonic]
	if st == nil {
		st = &station{sw: s, mnemonic: mnemonic, pending: map[int]*output{}}
		s.stations[mnemonic] = st
	}
	return st
}

// after runs f when d has passed, unless the switch is closed first.
func (s *Switch) after(d time.Duration, f func()) {
	s.work.Go(func() {
		if s.wait(d) {
			f()
		}
	})
}

// wait lets d pass and tells whether the switch is still open.
func (s *Switch) wait(d time.Duration) bool {
	if d <= 0 {
		return s.ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// fail stops a switch that can no longer keep its records.
func (s *Switch) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
	s.cancel()
}

// Done is closed when the switch has stopped, by Close or because it could not keep its records (see Err).
func (s *Switch) Done() <-chan struct{} { return s.ctx.Done() }

// Err tells why a switch stopped by itself: its journal could not be written.
func (s *Switch) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// Close closes every line, waits for what is under way and closes the records. What was not yet answered stays unanswered.
func (s *Switch) Close() error {
	s.cancel()
	s.mu.Lock()
	if s.raise != nil {
		s.raise.Stop()
	}
	err := s.stopListening("closed")
	s.mu.Unlock()
	s.work.Wait()
	for _, st := range s.stations {
		st.clear()
	}
	if s.journal != nil {
		err = errors.Join(err, s.journal.close())
	}
	return err
}

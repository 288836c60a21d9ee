package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Records returns a copy of every record on file, as entered.
func (s *Switch) Records() []Record { return s.book.records() }

// History returns the last events, oldest first (Config.HistorySize), and how many there were in all. It holds the
// texts as they were on the wire: invented people only.
func (s *Switch) History() ([]Event, uint64) { return s.history.events() }

// Faults returns the misbehaviours in force.
func (s *Switch) Faults() Faults { return *s.faults.Load() }

// SetFaults replaces the misbehaviours, from the next request on. It refuses what is no probability.
func (s *Switch) SetFaults(f Faults) error {
	if err := f.check(); err != nil {
		return fmt.Errorf("set misbehaviours: %w", err)
	}
	s.faults.Store(&f)
	return nil
}

// Check judges the hubs that used the switch: orders on file twice, breaches of the profile.
func (s *Switch) Check() Report {
	records := s.Records()
	r := Report{Records: len(records), Duplicates: duplicates(records)}
	r.Violations, r.Total = s.judge.violations()
	return r
}

// Unsolicited sends a UNS to a mnemonic, or keeps it for its next LOGON. Text is lines ended by CR LF.
func (s *Switch) Unsolicited(mnemonic, text string) error {
	if !isMnemonic(mnemonic) {
		return fmt.Errorf("send unsolicited: mnemonic %q is not four characters A-Z0-9", mnemonic)
	}
	if text == "" || len(text) > maxBody-room {
		return errors.New("send unsolicited: the text is empty or too long")
	}
	if err := checkBody([]byte(text)); err != nil {
		return fmt.Errorf("send unsolicited: %w", err)
	}
	s.station(mnemonic).push("UNS "+mnemonic, "", text, nil)
	return nil
}

// Reset forgets records, history, violations and unacknowledged replies. Lines stay up.
func (s *Switch) Reset() error {
	var empty func() error
	if s.journal != nil {
		empty = s.journal.empty
	}
	if err := s.book.reset(empty); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.stations {
		st.clear()
	}
	s.judge.reset()
	s.history.reset()
	return nil
}

// Await returns when the condition holds; it is looked at after every event of the history. The error is the context's.
func (s *Switch) Await(ctx context.Context, holds func(*Switch) bool) error {
	return s.history.await(ctx, func() bool { return holds(s) })
}

// Status is the state of the switch as a whole.
type Status struct {
	Address    string    `json:"address"`
	Down       bool      `json:"down"`
	Lines      []string  `json:"lines"` // mnemonics that are logged on
	Records    int       `json:"records"`
	Events     uint64    `json:"events"`
	Violations int       `json:"violations"`
	Window     int       `json:"window"`
	ReplyAfter string    `json:"replyAfter"`
	Seed       uint64    `json:"seed"`
	Now        time.Time `json:"now"`
}

// Status returns the state of the switch as a whole.
func (s *Switch) Status() Status {
	_, violations := s.judge.violations()
	out := Status{
		Records: s.book.count(), Events: s.history.count(), Violations: violations, Window: s.cfg.Window,
		ReplyAfter: s.cfg.ReplyAfter.String(), Seed: s.cfg.Seed, Now: s.cfg.Now(), Lines: []string{},
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Address, out.Down = s.address, s.listener == nil
	for m, st := range s.stations {
		if st.loggedOn() {
			out.Lines = append(out.Lines, m)
		}
	}
	slices.Sort(out.Lines)
	return out
}

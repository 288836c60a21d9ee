package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"ccpor/exchange/hostile"
)

// siege is an attack under way: one message at a time, so that what the hub uses meanwhile is what that message costs it.
type siege struct {
	options
	rig      *rig
	sender   *hostile.Sender
	told     *summary
	controls int
	peak     int64
}

func (o options) attack(ctx context.Context, r *rig, cases []hostile.Case) (*summary, error) {
	s := &siege{options: o, rig: r, sender: hostile.NewSender(r.cast, r.address, r.roots), told: newSummary(o)}
	defer s.sender.Close()
	if err := s.warm(); err != nil {
		return s.told, err
	}
	for _, part := range []func(context.Context) error{
		func(ctx context.Context) error { return s.corpus(ctx, cases) },
		s.variants,
		func(ctx context.Context) error { return s.slow(ctx, cases) },
		s.end,
	} {
		if err := part(ctx); err != nil {
			return s.told, err
		}
	}
	return s.told, nil
}

// warm sends every kind of good message, a hundred in all, so that what the hub keeps for itself is there before memory is measured.
func (s *siege) warm() error {
	for range 100 {
		if err := s.control(); err != nil {
			return err
		}
	}
	var err error
	s.peak, err = peakOf(s.rig.cmd.Process.Pid)
	s.told.MemoryBefore = s.peak
	return err
}

// control sends the next good message, which must get a receipt.
func (s *siege) control() error {
	kinds := hostile.Kinds()
	kind := kinds[s.controls%len(kinds)]
	request, err := s.rig.cast.Control(kind, s.controls, time.Now())
	if err != nil {
		return err
	}
	s.controls++
	code, err := s.sender.Send(hostile.Finished(request))
	if err != nil {
		return err
	}
	if code != hostile.Accepted {
		return fmt.Errorf("a good message (%s) was answered with %s: refusals say nothing now", kind, code)
	}
	s.told.Controls++
	return nil
}

// every is after how many hostile messages a good one goes.
const every = 20

func (s *siege) corpus(ctx context.Context, cases []hostile.Case) error {
	for i, k := range cases {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if k.Slow {
			continue
		}
		cost, err := s.measured(func() (hostile.Request, error) { return k.Request(s.rig.cast, time.Now()) })
		if err != nil {
			return fmt.Errorf("%s: %w", k.Name, err)
		}
		s.told.corpus(k, cost)
		if i%every == 0 {
			if err := s.control(); err != nil {
				return err
			}
		}
	}
	return nil
}

// fresh is for how long messages that are signed as a whole are in force, with some to spare.
const fresh = 2 * time.Minute

func (s *siege) variants(ctx context.Context) error {
	var g *hostile.Generator
	var made time.Time
	for i := range s.Count {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(made) > fresh {
			var err error
			made = time.Now()
			if g, err = hostile.NewGenerator(s.rig.cast, s.Seed, made); err != nil {
				return err
			}
		}
		v, err := g.Variant(i)
		if err != nil {
			return err
		}
		cost, err := s.measured(func() (hostile.Request, error) { return v.Request, nil })
		if err != nil {
			return fmt.Errorf("variant %d (%s): %w", i, v.Mutation, err)
		}
		s.told.variant(v, cost)
		if i%every == 0 {
			if err := s.control(); err != nil {
				return err
			}
		}
	}
	return nil
}

// cost is what one message has cost the hub.
type cost struct {
	code  string
	cpu   time.Duration
	grown int64 // of peak memory, bytes
}

// measured sends a message. One that seems dear is sent again, and the least counts: the hub has work of its own beside it. What was
// accepted is never sent again.
func (s *siege) measured(request func() (hostile.Request, error)) (cost, error) {
	const tries = 4
	var least cost
	for i := range tries {
		c, err := s.once(request)
		if err != nil {
			return c, err
		}
		if i == 0 {
			least = c
		}
		least.cpu, least.grown = min(least.cpu, c.cpu), least.grown+c.grown*int64(min(i, 1))
		if c.code == hostile.Accepted || least.cpu <= s.CPU/2 {
			break
		}
	}
	return least, nil
}

func (s *siege) once(request func() (hostile.Request, error)) (cost, error) {
	r, err := request()
	if err != nil {
		return cost{}, err
	}
	pid := s.rig.cmd.Process.Pid
	before, err := cpuOf(pid)
	if err != nil {
		return cost{}, err
	}
	code, err := s.sender.Send(r)
	if !s.rig.alive() {
		s.told.Crashed++
		return cost{}, errors.New("the hub's process has ended:\n" + s.lastWords())
	}
	if err != nil {
		return cost{}, err
	}
	after, err := cpuOf(pid)
	if err != nil {
		return cost{}, err
	}
	peak, err := peakOf(pid)
	grown := peak - s.peak
	s.peak = peak
	return cost{code: code, cpu: after - before, grown: grown}, err
}

// slow sends the cases that wait for a deadline beside each other, and good messages meanwhile.
func (s *siege) slow(ctx context.Context, cases []hostile.Case) error {
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(80) // of the hundred connections that one address may have
	codes := make([]string, len(cases))
	for i, k := range cases {
		if !k.Slow {
			continue
		}
		group.Go(func() error {
			request, err := k.Request(s.rig.cast, time.Now())
			if err != nil {
				return err
			}
			own := hostile.NewSender(s.rig.cast, s.rig.address, s.rig.roots)
			defer own.Close()
			if codes[i], err = own.Send(request); err != nil {
				return fmt.Errorf("%s: %w", k.Name, err)
			}
			return nil
		})
	}
	for range 12 {
		if err := s.control(); err != nil {
			return errors.Join(err, group.Wait())
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, k := range cases {
		if k.Slow {
			s.told.corpus(k, cost{code: codes[i]})
		}
	}
	return nil
}

// end holds what the database has against the good messages, and looks for panics in the hub's log.
func (s *siege) end(ctx context.Context) error {
	if err := s.control(); err != nil {
		return err
	}
	n, err := s.rig.taken(ctx)
	if err != nil {
		return err
	}
	if s.told.Kept = n; n > s.told.Controls {
		s.told.Accepted += n - s.told.Controls
		s.told.wrong(fmt.Sprintf("the database has %d accepted packages, %d good ones were sent", n, s.told.Controls))
	} else if n < s.told.Controls {
		return fmt.Errorf("the database has %d accepted packages, %d receipts were given", n, s.told.Controls)
	}
	s.told.MemoryAfter = s.peak
	log, err := os.ReadFile(s.rig.logFile.Name())
	if err != nil {
		return err
	}
	if panics := bytes.Count(log, []byte(`"msg":"panic"`)) + bytes.Count(log, []byte("panic: ")) + bytes.Count(log, []byte("fatal error: ")); panics > 0 {
		s.told.Crashed += panics
		s.told.wrong(fmt.Sprintf("%d panics in the hub's log", panics))
	}
	return nil
}

// lastWords is the end of the hub's log.
func (s *siege) lastWords() string {
	const most = 4000
	log, err := os.ReadFile(s.rig.logFile.Name())
	if err != nil {
		return err.Error()
	}
	return strings.ToValidUTF8(string(log[max(0, len(log)-most):]), "?")
}

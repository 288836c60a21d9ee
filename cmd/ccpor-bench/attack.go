package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"ccpor/exchange/client"
	"ccpor/mapping"
)

// attackCommand measures what is left of the good rate while half of the clients are hostile ones with a registered court's certificate.
type attackCommand struct {
	Rounds int `default:"3" help:"Rounds of each, in turn." placeholder:"N"`
	Orders int `default:"2500" help:"Good orders a round." placeholder:"N"`
}

// attackMark is the good rate under attack to be kept, as a share of that alone.
const attackMark = .45

func (c *attackCommand) Run(ctx context.Context, all *commands, p *progress) error {
	return all.with(ctx, p, "p256", func(r *rig) error {
		m := &series{rig: r, progress: p, shape: shape{name: "attack"}}
		if err := m.open(ctx); err != nil {
			return err
		}
		err := m.warm(ctx)
		if err == nil {
			err = c.rounds(ctx, m)
		}
		return errors.Join(err, m.hub.stop())
	})
}

func (c *attackCommand) rounds(ctx context.Context, m *series) error {
	bad, err := m.factory.hostile()
	if err != nil {
		return err
	}
	var alone, attacked float64
	for round := range c.Rounds {
		good, err := m.prepare(ctx, 2*c.Orders)
		if err != nil {
			return err
		}
		err = m.phase(fmt.Sprintf("attack: round %d", round+1), func() (string, error) {
			first, err := m.send(ctx, good[:c.Orders], m.rig.load(m.hub, 32))
			if err != nil {
				return "", err
			}
			second, refused, err := m.besieged(ctx, good[c.Orders:], bad)
			alone, attacked = alone+first.elapsed.Seconds(), attacked+second.elapsed.Seconds()
			return fmt.Sprintf("%.0f/s alone, %.0f/s beside %.0f refusals/s", first.perSecond(), second.perSecond(), float64(refused)/second.elapsed.Seconds()), err
		})
		if err != nil {
			return err
		}
	}
	k := atLeast("good rate under attack, of that alone", attackMark, alone/attacked)
	fmt.Fprintf(m.progress.out, "%s  %s: %.2f (mark %g)\n", met(k.Met), k.Name, k.Got, k.Want)
	return m.count(ctx)
}

// besieged sends good messages from 16 clients while 16 others send hostile ones.
func (m *series) besieged(ctx context.Context, good, bad []request) (res result, refused int, err error) {
	lines, err := m.rig.load(m.hub, 16).dial(ctx)
	defer hangUp(lines)
	if err != nil {
		return res, 0, err
	}
	siege, end := context.WithCancel(ctx)
	defer end()
	counts := make([]int, len(lines))
	var group errgroup.Group
	for i, l := range lines {
		group.Go(func() (err error) {
			counts[i], err = l.harass(siege, bad, i)
			return err
		})
	}
	res, err = m.send(ctx, good, m.rig.load(m.hub, 16))
	end()
	err = errors.Join(err, group.Wait())
	for _, n := range counts {
		refused += n
	}
	return res, refused, err
}

var errTaken = errors.New("the hub took a hostile message")

// harass sends hostile messages until ctx ends, and counts the refusals.
func (l *line) harass(ctx context.Context, bad []request, i int) (n int, err error) {
	for ; ctx.Err() == nil; n++ {
		switch err := l.post(bad[(i+n)%len(bad)]); {
		case err == nil:
			return n, errTaken
		case !errors.Is(err, errRefused):
			return n, err
		}
	}
	return n, nil
}

// hostile are messages of a registered court that the hub refuses: with a wrong digest, unsigned, with a DOCTYPE, and signed but against the schema.
func (f *factory) hostile() ([]request, error) {
	canonical, err := mapping.Write(f.maker.Order(1 << 20))
	if err != nil {
		return nil, err
	}
	signed, err := f.signer.sign(canonical, "package")
	if err != nil {
		return nil, err
	}
	wrong, err := f.signer.sign(bytes.Replace(canonical, []byte("CR-160"), []byte("CR 160"), 1), "package")
	if err != nil {
		return nil, err
	}
	var all []request
	for _, b := range [][]byte{bytes.Replace(signed, []byte("CR-160"), []byte("CR-161"), 1), canonical, wrong} {
		body, contentType, err := client.Request(b, nil, client.Options{})
		if err != nil {
			return nil, err
		}
		all = append(all, request{contentType, body})
	}
	doctype := append([]byte("<!DOCTYPE x>"), all[0].body...)
	return append(all, request{all[0].contentType, doctype}), nil
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"ccpor/exchange/client"
	"ccpor/mapping"
)

// besieged is what hostile senders leave of the rate of good ones. Every client sends a good and a hostile message in turn, so that half of
// the traffic is hostile, whoever's answer comes sooner. The hostile ones come from a registered court's machine: a stranger's end at the TLS handshake.
type besieged struct {
	Alone    loaded  `json:"alone"`    // the last round's
	Attacked loaded  `json:"attacked"` // the last round's; its processor time is that of a good and a hostile message together
	Refused  int     `json:"refused"`
	Ratio    float64 `json:"ratio"` // of the good rate under attack to that alone, over all rounds
}

// attackMark is the good rate under attack to be kept, as a share of that alone.
const attackMark = .45

var errTaken = errors.New("the hub took a hostile message")

// attack sends rounds of good messages alone and rounds of half hostile ones, in turn, so that a machine that slows down slows both.
func (c *runCommand) attack(ctx context.Context, p *progress, r *rig, rep *report) error {
	m := &series{rig: r, plan: c.plan(), progress: p, shape: shape{name: "attack"}}
	if err := m.open(ctx); err != nil {
		return err
	}
	rep.Attack = &besieged{}
	err := m.warm(ctx)
	if err == nil {
		err = m.besiege(ctx, rep.Attack)
	}
	if err == nil {
		err = m.count(ctx)
	}
	return errors.Join(err, m.hub.stop())
}

func (m *series) besiege(ctx context.Context, out *besieged) error {
	hostile, err := m.factory.hostile()
	if err != nil {
		return err
	}
	var alone, attacked float64
	for round := range m.rounds {
		good, err := m.prepare(ctx, 2*m.besieged)
		if err != nil {
			return err
		}
		if out.Alone, err = m.round(ctx, fmt.Sprintf("attack: good alone, round %d", round+1), good[:m.besieged]); err != nil {
			return err
		}
		if out.Attacked, err = m.round(ctx, fmt.Sprintf("attack: half hostile, round %d", round+1), interleaved(good[m.besieged:], hostile)); err != nil {
			return err
		}
		alone, attacked, out.Refused = alone+1/out.Alone.OrdersPerS, attacked+1/out.Attacked.OrdersPerS, out.Refused+m.besieged
	}
	out.Ratio = alone / attacked
	return nil
}

func (m *series) round(ctx context.Context, name string, requests []request) (l loaded, err error) {
	err = m.phase(name, func() (string, error) {
		l, err = m.watched(ctx, requests, m.rig.load(m.hub, 32))
		return l.told(), err
	})
	return l, err
}

// interleaved puts a hostile message after every good one, the kinds in turn.
func interleaved(good, hostile []request) []request {
	all := make([]request, 0, 2*len(good))
	for i, r := range good {
		all = append(all, r, hostile[i%len(hostile)])
	}
	return all
}

// hostile are messages that the hub refuses, each at another stage: with a DOCTYPE, unsigned, changed after signing, signed by a stranger, and signed by
// the court but against the schema.
func (f *factory) hostile() ([]request, error) {
	stranger, err := newSigner("p256")
	if err != nil {
		return nil, err
	}
	canonical, err := mapping.Write(f.maker.Order(1 << 20))
	if err != nil {
		return nil, err
	}
	changed := bytes.Replace(canonical, []byte("CR-160"), []byte("CR-161"), 1)
	invalid := bytes.Replace(canonical, []byte("CR-160"), []byte("CR 160"), 1)
	var all []request
	for _, make := range []func() ([]byte, error){
		func() ([]byte, error) { return canonical, nil },
		func() ([]byte, error) { return f.signer.signOther(canonical, changed) },
		func() ([]byte, error) { return stranger.sign(canonical, "package") },
		func() ([]byte, error) { return f.signer.sign(invalid, "package") },
	} {
		b, err := make()
		if err != nil {
			return nil, err
		}
		body, contentType, err := client.Request(b, nil, client.Options{})
		if err != nil {
			return nil, err
		}
		all = append(all, request{contentType: contentType, body: body, hostile: true})
	}
	doctype := append([]byte("<!DOCTYPE x>"), all[0].body...)
	return append(all, request{contentType: all[0].contentType, body: doctype, hostile: true}), nil
}

// signOther signs one text and shows another.
func (s signer) signOther(text, shown []byte) ([]byte, error) {
	signed, err := s.sign(text, "package")
	if err != nil {
		return nil, err
	}
	was, is := text[bytes.IndexByte(text, '>'):], shown[bytes.IndexByte(shown, '>'):]
	return append(bytes.TrimSuffix(signed, was[1:]), is[1:]...), nil
}

// postHostile sends a hostile message, which must be refused.
func (l *line) postHostile(r request) error {
	switch err := l.post(r); {
	case err == nil:
		return errTaken
	case errors.Is(err, errRefused):
		return nil
	default:
		return err
	}
}

func (r *report) sieges() table {
	t := table{head: []string{"traffic", "good orders/s", "p50 ms", "p99 ms", "max ms", "most RSS MB", "hub µs", "Postgres µs", "load µs", "others"}}
	if r.Attack == nil {
		return t
	}
	t.rows = append(t.rows, append([]string{"good alone"}, r.Attack.Alone.cells()...), append([]string{"half of it hostile"}, r.Attack.Attacked.cells()...))
	return t
}

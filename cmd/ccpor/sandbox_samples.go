package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"ccpor/exchange/client"
	"ccpor/mapping/order"
	"ccpor/store"
)

// ending is how one sample ended, as `ccpor sandbox --once --json` prints it.
type ending struct {
	Sample    string         `json:"sample"`
	Tracking  order.Tracking `json:"tracking,omitempty"`
	Outcome   string         `json:"outcome"` // accepted, refused, or what else became of it
	Duplicate bool           `json:"duplicate,omitempty"`
	Code      string         `json:"code,omitempty"`
	Problems  int            `json:"problems,omitempty"`
	FCN       order.FCN      `json:"fcn,omitempty"`
	Wrong     string         `json:"wrong,omitempty"`
	Page      string         `json:"page,omitempty"`
}

// submitAll sends the samples one after the other, follows each to its end, and says whether all ended as expected.
func (s *sandbox) submitAll(ctx context.Context) (bool, error) {
	samples, err := loadSamples(s.command.Samples)
	if err != nil {
		return false, err
	}
	wrong := 0
	for _, one := range samples {
		s.say("\n%s  %s\n", one.name, one.Title)
		e, err := s.submitOne(ctx, one)
		if err != nil {
			return false, fmt.Errorf("sample %s: %w", one.name, err)
		}
		e.Wrong = one.Expect.differs(e)
		if e.Wrong != "" {
			wrong++
		}
		if err := s.tell(e); err != nil {
			return false, err
		}
	}
	s.say("\n%d samples, %d ended as their READMEs say, %d did not.\n", len(samples), len(samples)-wrong, wrong)
	s.say("Any of them can be asked for: %s status --data %s NUMBER\n", os.Args[0], s.command.Data)
	return wrong == 0, nil
}

func (s *sandbox) tell(e ending) error {
	outcome := "as expected: " + e.Outcome + named(", ", e.Code) + named(", FCN ", string(e.FCN))
	if e.Wrong != "" {
		outcome = "NOT AS EXPECTED: " + e.Wrong
	}
	return s.t.print(e, "   %s%s\n", outcome, named("\n   page ", e.Page))
}

// differs says how an ending differs from what is expected; empty when it does not.
func (x expectation) differs(e ending) string {
	switch {
	case e.Outcome != x.Outcome:
		return fmt.Sprintf("it was to be %s and is %s %s", x.Outcome, e.Outcome, e.Code)
	case e.Code != x.Code:
		return fmt.Sprintf("it was to be refused with %s and was with %s", x.Code, e.Code)
	case x.Problems > 0 && e.Problems != x.Problems:
		return fmt.Sprintf("%d problems were to be named, and %d are", x.Problems, e.Problems)
	case x.Duplicate && !e.Duplicate:
		return "it was to be known already, and was taken as new"
	case x.Outcome == "accepted" && e.FCN == "":
		return "it has no FCN"
	}
	return ""
}

func (s *sandbox) submitOne(ctx context.Context, one sample) (ending, error) {
	ctx, cancel := context.WithTimeout(ctx, s.command.Within)
	defer cancel()
	doc, err := s.prepare(one)
	if err != nil {
		return ending{}, err
	}
	var attachments []client.Attachment
	for id, content := range one.images {
		attachments = append(attachments, client.Attachment{ID: id, Content: content})
	}
	c := &court{client: s.courts[one.Agency].client}
	out := c.send(ctx, doc, attachments, client.Options{})
	e := ending{Sample: one.name}
	switch {
	case out.Fault != nil:
		e.Outcome, e.Code, e.Tracking, e.Problems = "refused", out.Fault.Code, out.Fault.Tracking, len(out.Fault.Problems)
	case out.Receipt != nil:
		e.Outcome, e.Tracking, e.Duplicate = "receipted", out.Receipt.Tracking, out.Receipt.Duplicate
	default:
		return e, errors.New(out.NoAnswer + out.NotSent)
	}
	if e.Tracking == "" {
		return e, nil
	}
	e.Page = s.hub.pagesURL() + "submission/" + string(e.Tracking)
	return e, s.follow(ctx, &e)
}

// prepare gives the package its signature, and does to it what the sample says.
func (s *sandbox) prepare(one sample) ([]byte, error) {
	doc := one.packageXML
	var err error
	if one.Signer != "" {
		signer, known := s.courts[one.Signer]
		if !known {
			return nil, fmt.Errorf("its signer %s is none of the sample agencies", one.Signer)
		}
		if doc, err = client.Sign(doc, signer.signing.key, signer.signing.cert); err != nil {
			return nil, err
		}
	}
	if one.AfterSigning != nil {
		doc, err = one.AfterSigning.apply(doc)
	}
	return doc, err
}

// follow shows a submission's way until nothing more will happen by itself.
func (s *sandbox) follow(ctx context.Context, e *ending) error {
	shown := map[string]bool{}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		status, err := s.hub.store.Status(ctx, e.Tracking)
		if ctx.Err() != nil {
			e.Outcome = "not settled in time"
			return nil
		}
		if err != nil {
			return fmt.Errorf("asking for the status of %s: %w", e.Tracking, err)
		}
		s.show(status, shown)
		if outcome, final := settled(status); final {
			e.Outcome = outcome
			if status.Order != nil && outcome == "accepted" {
				e.FCN = status.Order.FCN
			}
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// settled says how a submission ended, once it has.
func settled(s store.Status) (string, bool) {
	if s.State == store.SubmissionRefused {
		return "refused", true
	}
	if !s.Owed {
		return "accepted", true
	}
	for _, t := range s.Transmissions {
		switch t.State {
		case store.StateAccepted:
		case store.StateHeld, store.StateGivenUp:
			return string(t.State) + ": " + t.Reason, true
		default:
			return "", false
		}
	}
	return "accepted", true
}

// show prints what is new of a submission's way.
func (s *sandbox) show(status store.Status, shown map[string]bool) {
	line := func(format string, a ...any) {
		if l := fmt.Sprintf(format, a...); !shown[l] {
			shown[l] = true
			s.say("   %s\n", l)
		}
	}
	var stages []string
	for _, st := range status.Stages {
		stages = append(stages, fmt.Sprintf("%s %s %s", okMark(st.OK), st.Name, st.End.Sub(st.Start).Round(10*time.Microsecond)))
	}
	line("%s  %d bytes  %s", status.Tracking, status.WireBytes, strings.Join(stages, "  "))
	for _, p := range status.Problems {
		line("✗ %s%s", p.Text, named("  at ", p.Path))
	}
	for _, t := range status.Transmissions {
		if t.State == store.StateWaiting {
			line("… %s waits: %s", t.Kind, status.Next.Sentence)
		}
		for _, a := range t.Attempts {
			line("→ CARPOS %s %s on line %s, control %s", t.Kind, a.Purpose, a.Line, a.Control)
			if a.Verdict != "" {
				line("← %s  %s", a.Verdict, a.Text)
			}
		}
	}
}

// defaultConfig is the configuration of `serve` when nothing is set.
func defaultConfig() (serveConfig, error) {
	var c serveConfig
	parser, err := kong.New(&c, kong.Name("serve"))
	if err != nil {
		return c, err
	}
	_, err = parser.Parse(nil)
	return c, err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"ccpor/clets/carpos"
	"ccpor/clets/inquiry"
	"ccpor/store"
)

type inquireCommand struct {
	Ask  inquireAskCommand  `cmd:"" default:"withargs" help:"Ask, wait for the answer and print it. Status 1 where there is none."`
	Show inquireShowCommand `cmd:"" help:"Print an inquiry and its answer again. The look is put on record."`
}

// inquiryDesk is where inquiries are kept: the hub's database, or a sandbox's.
type inquiryDesk struct {
	Database database `embed:""`

	Data string `help:"Ask in the sandbox that keeps its data in this folder and runs." type:"path" placeholder:"DIR"`
}

// atTheCommandLine is who looks, for the audit log: whoever has a shell at the hub.
const atTheCommandLine = "command line"

func (c inquiryDesk) open(ctx context.Context, t *terminal, use func(*inquiry.Desk) error) error {
	at, err := c.Database.lookInto(ctx, c.Data)
	if err != nil {
		return err
	}
	defer at.done()
	s, err := store.Open(ctx, at.url, at.options())
	if err != nil {
		return err
	}
	defer s.Close()
	dictionary, err := carpos.Load()
	if err != nil {
		return err
	}
	return use(inquiry.New(s, dictionary, t.zone, time.Now))
}

type inquireAskCommand struct {
	inquiryDesk `embed:""`

	For       string `required:"" help:"ORI of the registered agency on whose behalf is asked; it needs the grant query." placeholder:"ORI"`
	Purpose   string `required:"" help:"Why, up to 200 characters. It is put on record: no names."`
	Certified string `required:"" help:"By what the person who asks is known as CLETS-certified. It is put on record." placeholder:"ID"`

	FCN   string `name:"fcn" help:"CARPOS's number of the order."`
	OCA   string `name:"oca" help:"The entering agency's case number."`
	Case  string `help:"The court's case number; with --court."`
	Court string `help:"ORI of the court that made the order." placeholder:"ORI"`
	Name  string `help:"A restrained or protected person." placeholder:"LAST,FIRST MIDDLE"`
	Born  string `help:"Date of birth, with --name." placeholder:"DATE"`
	Sex   string `help:"M, F, X or U, with --name."`

	Wait time.Duration `default:"60s" help:"For how long the answer is waited for."`
}

// inquiryPoll is how often the answer is looked for, inquiryGrace how much longer than asked the hub is given to say that there is none.
const (
	inquiryPoll  = 200 * time.Millisecond
	inquiryGrace = 16 * time.Second
)

func (c *inquireAskCommand) Run(ctx context.Context, t *terminal) error {
	return c.open(ctx, t, func(d *inquiry.Desk) error {
		id, err := d.Ask(ctx, inquiry.Form{Actor: atTheCommandLine, For: c.For, Certified: c.Certified, Purpose: c.Purpose, FCN: c.FCN, OCA: c.OCA, Case: c.Case, Court: c.Court,
			Name: c.Name, Born: c.Born, Sex: c.Sex, Wait: c.Wait})
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, c.Wait+inquiryGrace)
		defer cancel()
		v, err := awaitInquiry(ctx, d, id)
		if err != nil {
			return err
		}
		return t.printInquiry(v)
	})
}

// awaitInquiry looks until the inquiry has ended or the time is over.
func awaitInquiry(ctx context.Context, d *inquiry.Desk, id store.InquiryID) (inquiry.View, error) {
	for {
		v, err := d.Show(context.WithoutCancel(ctx), id, inquiry.Reader{Actor: atTheCommandLine})
		if err != nil || !v.Waiting() {
			return v, err
		}
		select {
		case <-time.After(inquiryPoll):
		case <-ctx.Done():
			return v, nil
		}
	}
}

type inquireShowCommand struct {
	inquiryDesk `embed:""`

	ID int64 `arg:"" help:"The inquiry's number."`
}

func (c *inquireShowCommand) Run(ctx context.Context, t *terminal) error {
	return c.open(ctx, t, func(d *inquiry.Desk) error {
		v, err := d.Show(ctx, store.InquiryID(c.ID), inquiry.Reader{Actor: atTheCommandLine})
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("no inquiry has the number %d here", c.ID)
		}
		if err != nil {
			return err
		}
		return t.printInquiry(v)
	})
}

// printInquiry tells an inquiry in plain words, or as JSON. Status 1 where there is no answer.
func (t *terminal) printInquiry(v inquiry.View) error {
	if t.json {
		if err := t.print(v, ""); err != nil {
			return err
		}
	} else {
		t.writeInquiry(v)
	}
	if v.State != store.InquiryAnswered {
		return exitStatus(1)
	}
	return nil
}

func (t *terminal) writeInquiry(v inquiry.View) {
	w := t.out
	fmt.Fprintf(w, "Inquiry %d, %s\n  %s\n  %s\n  next move: %s\n\n", v.ID, v.State, v.Headline, v.Next, v.Whose)
	if v.Asked != "" {
		fmt.Fprintf(w, "  asked     %s\n", v.Asked)
	}
	fmt.Fprintf(w, "  for       %s (%s), certified by %q, purpose %q\n  at        %s\n", v.Agency, v.ORI, v.Certified, v.Purpose, t.moment(v.AskedAt))
	for _, text := range v.Warnings {
		fmt.Fprintf(w, "\n  ! %s\n", text)
	}
	for _, h := range v.Hits {
		writeHit(w, h)
	}
	for _, m := range v.Missing {
		fmt.Fprintf(w, "\nNot shown by CARPOS: the registry's %s (submission %s)\n  %s\n  next move: %s\n", m.Order, m.Tracking, m.Means, m.Whose)
	}
}

func writeHit(w io.Writer, h inquiry.Hit) {
	fmt.Fprintf(w, "\nRecord %d: %s, FCN %s\n  %s\n", h.Ordinal, h.Title, h.FCN, h.Belongs)
	if h.Tracking != "" {
		fmt.Fprintf(w, "  It was added by submission %s. Differences: %d.\n", h.Tracking, h.Differences)
	}
	for _, text := range h.Owed {
		fmt.Fprintf(w, "  %s\n", text)
	}
	section := ""
	for _, l := range h.Lines {
		if l.Section != section {
			section = l.Section
			fmt.Fprintf(w, "  %s\n", section)
		}
		writeLine(w, l)
	}
}

// writeLine tells a thing once where both sides have it alike, else both sides and how they stand to each other.
func writeLine(w io.Writer, l carpos.Line) {
	switch {
	case l.Agreement == carpos.Same:
		fmt.Fprintf(w, "    = %s: %s\n", l.Label, l.Carpos)
	case l.Agreement == carpos.NotCompared:
		fmt.Fprintf(w, "    · %s: %s%s\n", l.Label, l.Carpos, named("in the registry ", l.Registry))
	default:
		fmt.Fprintf(w, "    %s %s, %s\n        registry  %s\n        CARPOS    %s\n", l.Agreement.Mark(), l.Label, l.Agreement, l.Registry, l.Carpos)
	}
	if l.Note != "" {
		fmt.Fprintf(w, "        %s\n", l.Note)
	}
}

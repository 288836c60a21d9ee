package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"ccpor/store"
	"ccpor/web/board"
)

type boardCommand struct {
	Database database `embed:""`
}

// boardOut is the board as JSON: what is said, and what it is said of.
type boardOut struct {
	Sentence string          `json:"sentence"`
	Findings []board.Finding `json:"findings"`
	store.Board
}

// Run tells how the exchange stands, as the page does. Status 1 says that something is wrong.
func (c *boardCommand) Run(ctx context.Context, t *terminal) error {
	now := time.Now()
	return withStore(ctx, c.Database, func(s *store.Store) error {
		b, err := s.Board(ctx, now)
		if err != nil {
			return err
		}
		if err := s.Audit(ctx, store.Event{At: now, Actor: "command line", Action: "board.read", Object: "board", Outcome: "shown"}); err != nil {
			return fmt.Errorf("recording the look at the board: %w", err)
		}
		return t.board(b)
	})
}

func (t *terminal) board(b store.Board) error {
	findings := board.Stands(b)
	text := board.Sentence(findings) + "\n"
	bad := false
	for _, f := range findings {
		word := "watch"
		if f.Bad {
			word, bad = "wrong", true
		}
		text += fmt.Sprintf("  %s  %s\n", word, f.Text)
	}
	if err := t.print(boardOut{board.Sentence(findings), findings, b}, "%s\n%s", text, t.figures(b)); err != nil {
		return err
	}
	if bad {
		return exitStatus(1)
	}
	return nil
}

// figures are the board's in lines.
func (t *terminal) figures(b store.Board) string {
	text := ""
	row := func(name, format string, args ...any) {
		text += fmt.Sprintf("%-13s "+format+"\n", append([]any{name}, args...)...)
	}
	if b.Measured.IsZero() {
		row("measured", "not yet")
	} else {
		row("measured", "%s", t.moment(b.Measured))
	}
	up := 0
	all := store.LinesUp(b.Lines, b.At)
	for _, isUp := range all {
		if isUp {
			up++
		}
	}
	row("lines", "%d of %d up", up, len(all))
	for _, s := range board.States() {
		row("queue", "%6d  %s", b.Queue[s], s)
	}
	row("deadlines", "%d late, %d at risk", b.Late, b.AtRisk)
	row("unsent", "oldest ready for %s", b.Unsent.Round(time.Second))
	row("messages", "%d wait for a person", b.Messages)
	row("notices", "%d wait for courts' listeners", b.Notices)
	for _, r := range b.Refused {
		row("refused", "%6d  %s in 24 hours", r.Count, or(string(r.Agency), "senders that are not known"))
	}
	for _, e := range b.Own {
		row("certificate", "hub %s, %s: ends %s", e.Hub, e.Use, t.moment(e.To))
	}
	for _, e := range b.Ending {
		row("certificate", "%s, %s: ends %s%s", e.Agency, e.Use, t.moment(e.To), map[bool]string{true: ", the next one is registered"}[e.Successor])
	}
	d := b.Database
	row("database", "%s MB, %d of %d connections, oldest transaction %s, tables of version %d", strconv.FormatInt(d.Bytes/1_000_000, 10), d.Connections, d.MaxConnections, d.OldestTransaction.Round(time.Millisecond), d.Version)
	sealed := "never signed"
	if !b.Sealed.IsZero() {
		sealed = "last signed " + t.moment(b.Sealed)
	}
	row("ledger", "%d records, complete %s, %s", b.Records, t.moment(b.LedgerAt), sealed)
	row("jobs", "%d given up", b.Jobs["discarded"])
	for hub, ahead := range b.Clocks {
		row("clock", "hub %s: the database's is %s before", hub, ahead.Round(time.Millisecond))
	}
	row("alarms", "%d", len(b.Alarms))
	return text
}

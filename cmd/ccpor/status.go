package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"ccpor/mapping/calendar"
	"ccpor/mapping/order"
	"ccpor/store"
)

type statusCommand struct {
	Database database `embed:""`

	clockConfig `embed:""`

	Data     string `help:"Look into the sandbox that keeps its data in this folder, running or not." type:"path" placeholder:"DIR"`
	Tracking string `arg:"" help:"The submission's tracking number, as typed."`
}

func (c *statusCommand) Run(ctx context.Context, t *terminal) error {
	tracking, err := order.ParseTracking(c.Tracking)
	if err != nil {
		return err
	}
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
	status, err := s.Status(ctx, tracking)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("no submission has the number %s here", tracking)
	}
	if err != nil {
		return err
	}
	if err := s.Audit(ctx, store.Event{At: time.Now(), Actor: "command line", Action: "submission.read", Object: "submission " + string(tracking), Outcome: "shown"}); err != nil {
		return fmt.Errorf("recording the look at the submission: %w", err)
	}
	outlook := status.Outlook(time.Now(), c.Warn)
	if t.json {
		return t.print(statusJSON(status, outlook), "")
	}
	t.printStatus(status, outlook)
	return nil
}

// printStatus tells a submission in plain words: first how it stands, then how it came there.
func (t *terminal) printStatus(s store.Status, outlook store.Outlook) {
	w := t.out
	from := "a sender that is not registered"
	if s.Agency.ORI != "" {
		from = fmt.Sprintf("%s (%s)", s.Agency.Name, s.Agency.ORI)
	}
	fmt.Fprintf(w, "Submission %s, %s\n", s.Tracking, s.State)
	fmt.Fprintf(w, "  %s\n  next move: %s\n\n", s.Next.Sentence, s.Next.Whose)
	fmt.Fprintf(w, "  from      %s\n", from)
	if s.ReplayOf != "" {
		fmt.Fprintf(w, "  replay    of %s, where it was first received; a test\n", s.ReplayOf)
	}
	if s.Package != "" {
		fmt.Fprintf(w, "  package   %s (%s)\n", s.Package, s.Action)
	}
	fmt.Fprintf(w, "  received  %s, %d bytes, SHA-256 %s\n", t.moment(s.ReceivedAt), s.WireBytes, hex.EncodeToString(s.Digest[:]))
	if s.Clocked() {
		fmt.Fprintf(w, "  due       %s (%s)\n", t.moment(s.Due), calendar.Explain(s.DueRule))
	}
	if o := outlook; o.Standing != "" || o.Sentence != "" {
		fmt.Fprintf(w, "  deadline  %s\n", strings.Join(slices.DeleteFunc([]string{string(o.Standing), o.Sentence}, func(s string) bool { return s == "" }), ". "))
	}
	if o := s.Order; o != nil {
		fmt.Fprintf(w, "  order     case %s, court %s%s%s\n", o.Case, o.Court, named(", OCA ", o.OCA), named(", FCN ", string(o.FCN)))
		t.printRelations(*o)
		t.printTold(*o)
	}
	for _, p := range s.Problems {
		printProblem(w, p)
	}
	for _, st := range s.Stages {
		fmt.Fprintf(w, "  %s %-10s %s%s\n", okMark(st.OK), st.Name, st.End.Sub(st.Start).Round(time.Microsecond), named("  ", st.Text))
	}
	for _, c := range s.Supplied {
		fmt.Fprintf(w, "  supplied  %s to CARPOS on %s by %s; source: %s\n", c.Field, t.moment(c.At), c.By, c.Source)
	}
	for _, tr := range s.Transmissions {
		t.printTransmission(tr)
	}
}

// printRelations tells by which other submissions an order was changed, ended, or stands in a row.
func (t *terminal) printRelations(o store.OrderSummary) {
	if o.Version > 1 {
		fmt.Fprintf(t.out, "            version %d, added by %s\n", o.Version, o.AddedBy)
	}
	for _, r := range []struct {
		says string
		by   order.Tracking
	}{{"no longer stands", o.CancelledBy}, {"follows the order", o.Follows}, {"is followed by the order", o.FollowedBy}} {
		if r.by != "" {
			fmt.Fprintf(t.out, "            %s, submission %s\n", r.says, r.by)
		}
	}
}

func printProblem(w io.Writer, p store.Problem) {
	fmt.Fprintf(w, "\n  ✗ %s\n    %s\n", p.Code, p.Text)
	if p.Fix != "" {
		fmt.Fprintf(w, "    %s\n", p.Fix)
	}
	var at []string
	if p.Line > 0 {
		at = append(at, fmt.Sprintf("line %d", p.Line))
	}
	for _, s := range []string{p.Path, p.Citation} {
		if s != "" {
			at = append(at, s)
		}
	}
	if len(at) > 0 {
		fmt.Fprintf(w, "    at %s\n", strings.Join(at, ", "))
	}
	if p.Whose != "" {
		fmt.Fprintf(w, "    next move: %s\n", p.Whose)
	}
}

func (t *terminal) printTransmission(tr store.TransmissionStatus) {
	w := t.out
	fmt.Fprintf(w, "  CARPOS    %s %s%s\n", tr.Kind, tr.State, named(": ", tr.Reason))
	for _, a := range tr.Attempts {
		fmt.Fprintf(w, "    %s %s on line %s, control %s%s%s\n", t.moment(a.At), a.Purpose, a.Line, a.Control, named(": ", string(a.Verdict)), named(", ", a.Text))
	}
}

func named(label, value string) string {
	if value == "" {
		return ""
	}
	return label + value
}

func okMark(ok bool) string {
	if ok {
		return "✓"
	}
	return "✗"
}

// The JSON of a status is a form of its own, so that the store may change without breaking those who read it.
type statusOut struct {
	Tracking      order.Tracking    `json:"tracking"`
	State         string            `json:"state"`
	Next          string            `json:"next"`
	Whose         string            `json:"whose"`
	Agency        order.ORI         `json:"agency,omitempty"`
	Package       order.LocalID     `json:"package,omitempty"`
	Action        string            `json:"action,omitempty"`
	Test          bool              `json:"test,omitempty"`
	ReplayOf      order.Tracking    `json:"replayOf,omitempty"`
	ReceivedAt    time.Time         `json:"receivedAt"`
	Bytes         int64             `json:"bytes"`
	SHA256        string            `json:"sha256"`
	Code          string            `json:"code,omitempty"`
	Due           *time.Time        `json:"due,omitempty"`
	DueRule       string            `json:"dueRule,omitempty"`
	Standing      store.Standing    `json:"standing,omitempty"`
	Delay         store.Party       `json:"delay,omitempty"`
	Outlook       string            `json:"outlook,omitempty"`
	Case          order.CaseNumber  `json:"case,omitempty"`
	OCA           string            `json:"oca,omitempty"`
	FCN           order.FCN         `json:"fcn,omitempty"`
	Version       int               `json:"version,omitempty"`
	CancelledBy   order.Tracking    `json:"cancelledBy,omitempty"`
	Follows       order.Tracking    `json:"follows,omitempty"`
	FollowedBy    order.Tracking    `json:"followedBy,omitempty"`
	Told          *toldOut          `json:"told,omitempty"`
	Stages        []store.Stage     `json:"stages,omitempty"`
	Problems      []problemOut      `json:"problems,omitempty"`
	Transmissions []transmissionOut `json:"transmissions,omitempty"`
}

type problemOut struct {
	Code  string `json:"code"`
	Text  string `json:"text"`
	Fix   string `json:"fix,omitempty"`
	Path  string `json:"path,omitempty"`
	Line  int    `json:"line,omitempty"`
	Whose string `json:"whose,omitempty"`
}

type transmissionOut struct {
	Kind     string       `json:"kind"`
	State    string       `json:"state"`
	Reason   string       `json:"reason,omitempty"`
	Attempts []attemptOut `json:"attempts,omitempty"`
}

type attemptOut struct {
	At      time.Time `json:"at"`
	Purpose string    `json:"purpose"`
	Line    string    `json:"line"`
	Control string    `json:"control"`
	Verdict string    `json:"verdict,omitempty"`
	Code    int       `json:"code,omitempty"`
	Text    string    `json:"text,omitempty"`
}

func statusJSON(s store.Status, outlook store.Outlook) statusOut {
	out := statusOut{Tracking: s.Tracking, State: string(s.State), Next: s.Next.Sentence, Whose: string(s.Next.Whose), Agency: s.Agency.ORI, Package: s.Package,
		Action: string(s.Action), Test: s.Test, ReplayOf: s.ReplayOf, ReceivedAt: s.ReceivedAt, Bytes: s.WireBytes, SHA256: hex.EncodeToString(s.Digest[:]), Code: s.RefusedCode, Stages: s.Stages}
	if s.Clocked() {
		out.Due, out.DueRule = &s.Due, s.DueRule
	}
	out.Standing, out.Delay, out.Outlook = outlook.Standing, outlook.Delay, outlook.Sentence
	if s.Order != nil {
		out.Case, out.OCA, out.FCN, out.Version = s.Order.Case, s.Order.OCA, s.Order.FCN, s.Order.Version
		out.CancelledBy, out.Follows, out.FollowedBy = s.Order.CancelledBy, s.Order.Follows, s.Order.FollowedBy
		out.Told = toldJSON(*s.Order)
	}
	for _, p := range s.Problems {
		out.Problems = append(out.Problems, problemOut{p.Code, p.Text, p.Fix, p.Path, p.Line, p.Whose})
	}
	for _, t := range s.Transmissions {
		out.Transmissions = append(out.Transmissions, transmissionJSON(t))
	}
	return out
}

func transmissionJSON(t store.TransmissionStatus) transmissionOut {
	tr := transmissionOut{Kind: string(t.Kind), State: string(t.State), Reason: t.Reason}
	for _, a := range t.Attempts {
		tr.Attempts = append(tr.Attempts, attemptOut{a.At, string(a.Purpose), a.Line, a.Control, string(a.Verdict), a.Code, a.Text})
	}
	return tr
}

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"ccpor/clets/carpos"
	"ccpor/clets/codes"
	"ccpor/clets/link"
	"ccpor/clets/relay"
	"ccpor/store"
)

type describeTextCommand struct {
	Database database `embed:""`

	Data   string `help:"Audit into the sandbox that keeps its data in this folder, running or not." type:"path" placeholder:"DIR"`
	Unmask bool   `help:"Show data about persons too. Needs --reason and the database: who asked, when and why goes into the audit log before anything is shown."`
	Reason string `help:"Why the data are needed. It is read by whoever reads the audit log: no names of people in it." placeholder:"TEXT"`

	File string `arg:"" help:"A request, a reply or an unsolicited message, with or without its frame and first line; - is the standard input."`
}

const mostDescribed = 1 << 20

// Run describes every message of the file. Status 1: something is wrong with one of them.
func (c *describeTextCommand) Run(ctx context.Context, t *terminal) error {
	if c.Unmask && strings.TrimSpace(c.Reason) == "" {
		return errors.New("to see data about persons, say why: --unmask --reason TEXT")
	}
	text, err := readMessages(c.File)
	if err != nil {
		return err
	}
	d, err := newDescriber(c.Unmask)
	if err != nil {
		return err
	}
	if c.Unmask {
		if err := c.audit(ctx, text); err != nil {
			return err
		}
	}
	wrong := false
	for _, m := range link.Capture(text) {
		one := d.describe(m)
		wrong = wrong || len(one.Wrong) > 0
		if err := t.print(one, "%s", one.text()); err != nil {
			return err
		}
	}
	if wrong {
		return exitStatus(1)
	}
	return nil
}

func readMessages(name string) ([]byte, error) {
	in := io.Reader(os.Stdin)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, mostDescribed+1))
	if err == nil && len(b) > mostDescribed {
		err = fmt.Errorf("%s has more than %d bytes: no messages of a line", name, mostDescribed)
	}
	return b, err
}

// audit records who sees the persons in a text, and why. The text is named by its digest: the log holds nothing of it.
func (c *describeTextCommand) audit(ctx context.Context, text []byte) error {
	at, err := c.Database.lookInto(ctx, c.Data)
	if err != nil {
		return fmt.Errorf("data about persons are shown to nobody who is not on record: %w", err)
	}
	defer at.done()
	s, err := store.Open(ctx, at.url, at.options())
	if err != nil {
		return fmt.Errorf("data about persons are shown to nobody who is not on record: %w", err)
	}
	defer s.Close()
	return s.Audit(ctx, store.Event{
		At: time.Now(), Actor: userAtTheCommandLine(), Action: "carpos.describe", Object: fmt.Sprintf("text SHA-256 %x", sha256.Sum256(text)), Outcome: "unmasked", Details: strings.TrimSpace(c.Reason),
	})
}

// described is one message in plain words.
type described struct {
	Line   string          `json:"line,omitempty"` // the frame's first line
	Title  string          `json:"title"`
	Words  []string        `json:"words,omitempty"` // what it says beside fields
	Fields []carpos.Saying `json:"fields,omitempty"`
	Hits   []describedHit  `json:"hits,omitempty"`
	Relay  []relay.Reading `json:"relay,omitempty"`
	Next   string          `json:"next,omitempty"` // what the hub does with it, where that is one thing
	Wrong  []string        `json:"wrong,omitempty"`
	plain  string          // words, fields and hits as text
}

type describedHit struct {
	Ordinal    int             `json:"ordinal"`
	Heading    string          `json:"heading"`
	FCN        string          `json:"fcn"`
	NIC        string          `json:"nic,omitempty"`
	Violations int             `json:"violations"`
	Fields     []carpos.Saying `json:"fields"`
}

func (m described) text() string {
	var b strings.Builder
	for _, l := range []string{m.Line, m.Title} {
		if l != "" {
			b.WriteString(l + "\n")
		}
	}
	for _, w := range m.Words {
		fmt.Fprintf(&b, "  %s\n", w)
	}
	b.WriteString(m.plain)
	b.WriteString("what the hub makes of it\n")
	if m.Next != "" {
		fmt.Fprintf(&b, "  %s\n", m.Next)
	}
	for _, r := range m.Relay {
		again := ""
		if r.Again {
			again = ", after a pause"
		}
		fmt.Fprintf(&b, "  %s: %s It is then %s%s.\n", r.If, r.Text, r.State, again)
	}
	if len(m.Wrong) == 0 {
		b.WriteString("nothing is wrong with it\n\n")
		return b.String()
	}
	fmt.Fprintf(&b, "what is wrong with it: %d\n", len(m.Wrong))
	for _, w := range m.Wrong {
		fmt.Fprintf(&b, "  ✗ %s\n", w)
	}
	b.WriteString("\n")
	return b.String()
}

// describer says messages in plain words.
type describer struct {
	dict     *carpos.Dictionary
	book     *codes.Book
	personal bool
}

func newDescriber(personal bool) (describer, error) {
	book, err := codes.Load()
	if err != nil {
		return describer{}, err
	}
	d, err := carpos.LoadWith(book)
	return describer{d, book, personal}, err
}

// isRequest is the beginning of a request. A reply begins with a mnemonic of four characters.
var isRequest = regexp.MustCompile(`^[A-Z]{3}\.`)

func (d describer) describe(m link.Captured) described {
	var one described
	switch {
	case m.Kind == "MSG" || m.Kind == "" && isRequest.Match(m.Text):
		one = d.request(m.Text)
	case m.Kind == "RSP" || m.Kind == "UNS" || m.Kind == "":
		one = d.reply(m)
	default:
		one = d.short(m)
	}
	one.Line = firstLineOf(m)
	one.Wrong = append(m.Faults, one.Wrong...)
	return one
}

// firstLineOf says the frame's first line; that of a short message is the whole of it.
func firstLineOf(m link.Captured) string {
	switch {
	case m.Mnemonic == "":
		return ""
	case m.Kind == "MSG":
		return fmt.Sprintf("request %s of the hub, on line %s", m.Control, m.Mnemonic)
	case m.Kind == "RSP":
		return fmt.Sprintf("the switch's message %s on line %s, in answer to request %s", m.Outseq, m.Mnemonic, m.Control)
	case m.Kind == "UNS":
		return fmt.Sprintf("the switch's message %s on line %s, which nobody has asked for", m.Outseq, m.Mnemonic)
	}
	return ""
}

func (d describer) request(text []byte) described {
	t, err := d.dict.Decode(text)
	one := described{Title: d.dict.Heading(t, d.personal), Fields: d.dict.Sayings(t.Key, t.Fields, d.personal)}
	one.plain = sayingsText(one.Fields)
	one.Next = "It may be sent: nothing in it breaks the message dictionary."
	if err != nil {
		one.Next = "The relay would not send it: it is held for a person."
	}
	one.Wrong = complaints(err, true)
	return one
}

func sayingsText(all []carpos.Saying) string {
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, "  %s  %-34s %s\n", s.Field, s.Label, s.Value)
	}
	return b.String()
}

// complaints are what is wrong with a text; rejects adds by what number CARPOS would refuse a request for it.
func complaints(err error, rejects bool) []string {
	var out []string
	for _, f := range carpos.Complaints(err) {
		text := f.Text
		if f.Field != "" && !strings.Contains(text, f.Field) {
			text = f.Field + " " + text
		}
		if rejects && f.Number != "" {
			text += " (CARPOS would say REJECT " + f.Number + ")"
		}
		out = append(out, text)
	}
	return out
}

func (d describer) reply(m link.Captured) described {
	r, err := d.dict.ParseReply(m.Text)
	title, rest, _ := strings.Cut(d.dict.DescribeReply(r, d.personal), "\n")
	one := described{Title: title, plain: rest, Wrong: complaints(err, false)}
	if r.Echo != "" {
		one.Words = append(one.Words, "answers: "+d.dict.EchoOf(r, d.personal))
	}
	for _, h := range r.Hits {
		one.Hits = append(one.Hits, describedHit{
			h.Ordinal, d.dict.HitHeading(h, d.personal), string(h.FCN), h.NIC, h.Violations, d.dict.Sayings(carpos.Enter, h.Fields, d.personal),
		})
		if len(h.Other) > 0 {
			one.Wrong = append(one.Wrong, fmt.Sprintf("record %d has %d lines that no label explains", h.Ordinal, len(h.Other)))
		}
	}
	one.Fields = d.dict.Sayings(noticeKey(r.Kind), r.Fields, d.personal)
	one.Wrong = append(one.Wrong, d.unknownNumbers(r)...)
	if r.Echo == "" && m.Kind != "RSP" {
		one.Next = unsolicited(r)
		one.Wrong = append(one.Wrong, d.incomplete(r)...)
	} else {
		one.Relay = relay.Readings(d.dict, d.book, r)
	}
	return one
}

func noticeKey(k carpos.ReplyKind) carpos.Key {
	if k == carpos.Violated {
		return carpos.Violation
	}
	return carpos.Serve
}

// unknownNumbers are the reject numbers that no table has.
func (d describer) unknownNumbers(r carpos.Reply) []string {
	var out []string
	for _, f := range r.Faults {
		if _, err := d.book.Table("reject").Find(f.Number); err != nil {
			out = append(out, "the reject number "+f.Number+" is not in the table")
		}
	}
	return out
}

// incomplete is why a notice has no effect before a person has completed it.
func (d describer) incomplete(r carpos.Reply) []string {
	if r.Kind != carpos.Served && r.Kind != carpos.Violated && r.Kind != carpos.NCICFault {
		return nil
	}
	if _, err := d.dict.Notice(r, time.UTC); err != nil {
		return []string{"it has no effect by itself: " + err.Error()}
	}
	return nil
}

// unsolicited says what the hub does with a message that answers no request.
func unsolicited(r carpos.Reply) string {
	if r.Kind == carpos.Unrecognised {
		return "It is kept whole, and a person has to read it: it is never taken for an acceptance."
	}
	if r.FCN == "" {
		return "It answers no request: it is kept, and a person reads it."
	}
	return "It answers no request: it is kept, and belongs to the order that has this CARPOS number, where the hub has one."
}

// short describes what the two ends say to each other about the line and its requests.
func (d describer) short(m link.Captured) described {
	code := fmt.Sprintf("%02d", m.Code)
	if m.Broken {
		return described{Title: "a broken " + m.Kind + " line", Next: "The line is closed: whoever breaks its protocol may have lost more. What is unanswered on it is unknown, and looked up."}
	}
	switch m.Kind {
	case "LOGON":
		return described{Title: "the hub opens line " + m.Mnemonic, Next: "The switch answers READY or REFUSED."}
	case "READY":
		return described{Title: "the switch has opened line " + m.Mnemonic, Next: "Requests may be sent."}
	case "REFUSED":
		return described{Title: "the switch does not open the line, code " + code, Next: "The line is dialled again, after growing pauses."}
	case "ACK":
		return described{Title: "the switch has request " + m.Control + "; it says nothing about CARPOS", Next: "The hub waits for the reply; without one in time the outcome is unknown, and looked up."}
	case "NAK":
		return d.nak(m, code)
	case "GOT":
		return described{Title: "the hub has stored the switch's message " + m.Outseq, Next: "The switch does not repeat it."}
	}
	return described{Title: m.Kind + ": one end asks whether the line lives, the other says so", Next: "Without a PONG in time the line is closed."}
}

func (d describer) nak(m link.Captured, code string) described {
	one := described{Title: "the switch did not take request " + m.Control + "; nothing was forwarded: " + code, Relay: relay.NAKReadings(d.dict, d.book, m.Code)}
	c, err := d.book.Table("nak").Find(code)
	if err != nil {
		one.Wrong = append(one.Wrong, "the code "+code+" is not in the table of NAKs")
		return one
	}
	one.Title += " " + c.Meaning
	return one
}

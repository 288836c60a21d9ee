package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"ccpor/mapping/order"
)

// InquiryID is the number of one inquiry that a person makes at CARPOS.
type InquiryID int64

// QueueInquire is the queue of the jobs that ask: a person waits for them, so that they do not stand behind a backlog of transmissions.
const QueueInquire = "inquire"

// InquireArgs is the River job that moves one inquiry on. It says "look at this inquiry", no more; a job that comes twice or too late finds nothing to do.
type InquireArgs struct {
	InquiryID int64 `json:"inquiry_id"`
}

// Kind is the name of the job in River's tables.
func (InquireArgs) Kind() string { return "inquire" }

// InsertOpts puts the job into its queue.
func (InquireArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: QueueInquire} }

// InquiryState is how an inquiry stands; docs/states.md draws the moves.
type InquiryState string

// The states of an inquiry.
const (
	InquiryAsked    InquiryState = "asked"    // the hub's move
	InquirySending  InquiryState = "sending"  // CARPOS's move
	InquiryAnswered InquiryState = "answered" // final
	InquiryFailed   InquiryState = "failed"   // nobody's move, unless a reply comes late
)

// Question is what a person asks for: exactly one of OCA, FCN, Case with Court, and Name. It is data about people.
type Question struct {
	OCA   string      `json:"oca,omitempty"`
	FCN   string      `json:"fcn,omitempty"`
	Case  string      `json:"case,omitempty"`
	Court order.ORI   `json:"court,omitempty"`
	Name  *order.Name `json:"name,omitempty"`
	Born  *order.Date `json:"born,omitempty"`
	Sex   string      `json:"sex,omitempty"`
}

// By says by what is asked, for the audit log, which has no room for the value: FCN, OCA, case or name.
func (q Question) By() string {
	switch {
	case q.FCN != "":
		return "FCN"
	case q.OCA != "":
		return "OCA"
	case q.Case != "":
		return "case"
	}
	return "name"
}

// NewInquiry is an inquiry as a person makes it.
type NewInquiry struct {
	// Actor is by what way the person came, as in the audit log.
	Actor string
	// Agency is the registered agency on whose behalf is asked.
	Agency order.ORI
	// Certified is by what the person is known as CLETS-certified, and Purpose why is asked: 1 to 200 characters each. Both go into the audit log.
	Certified, Purpose string
	Question           Question
	// Text is the request that puts the question to CARPOS, as the dictionary writes it.
	Text []byte
	At   time.Time
	// Patience is for how long the person waits; afterwards the inquiry fails.
	Patience time.Duration
}

// Inquiry is an inquiry as it stands.
type Inquiry struct {
	ID                        InquiryID
	AskedAt                   time.Time
	Actor, Certified, Purpose string
	Agency                    Agency
	Question                  Question
	// Text is the request, without the frame's line.
	Text []byte
	// Test forbids asking any but a test switch.
	Test  bool
	Until time.Time
	State InquiryState
	// Tries counts sendings begun; Control is that of the one under way.
	Tries   int
	Control string
	// Due is when a hub looks at it next, zero once it has ended; Ended is when that was.
	Due, Ended time.Time
	// Reason says why it failed.
	Reason string
	// Reply is CARPOS's answer, nil where none has come that could be read.
	Reply *Inbound
	// Lines are the lines on which it was sent, the last one last.
	Lines []string
}

// InquiryTry is one sending, as it begins.
type InquiryTry struct {
	Inquiry       InquiryID
	Control, Line string
	// Bytes is the body exactly as it will be sent, 1 to 16384 bytes.
	Bytes []byte
	At    time.Time
	// Due is until when its reply is waited for.
	Due time.Time
}

// Errors of inquiries.
var (
	// ErrMayNotAsk says that the agency has not been granted to ask about orders.
	ErrMayNotAsk = errors.New("the agency has not been granted to ask (query)")
	// ErrNotSaid says that an inquiry lacks who asks, why, or what.
	ErrNotSaid = errors.New("who asks, by what that person is certified, why and what must be said, in at most 200 characters each")
	// ErrInquiryMoved says that an inquiry has moved on; nothing was changed.
	ErrInquiryMoved = errors.New("the inquiry has moved on")
)

// schedulerInterval is how often River looks for jobs that have become due.
const schedulerInterval = 5 * time.Second

const maxSaid = 200 // characters of purpose and certification

func (n NewInquiry) said() bool {
	for _, s := range []string{n.Certified, n.Purpose} {
		if strings.TrimSpace(s) == "" || len([]rune(s)) > maxSaid {
			return false
		}
	}
	return n.Actor != "" && n.Question != (Question{}) && len(n.Text) > 0 && n.Patience > 0
}

// Inquire keeps the inquiry, its audit entry and its job in one transaction. ErrNotSaid; ErrNotFound for an agency that is not registered; ErrMayNotAsk.
func (s *Store) Inquire(ctx context.Context, n NewInquiry) (InquiryID, error) {
	if !n.said() {
		return 0, ErrNotSaid
	}
	var id InquiryID
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		a, err := one(ctx, tx, scanAgency, "find the agency", "select "+agencyColumns+" from agency a where a.ori = $1 for share", string(n.Agency))
		switch {
		case err != nil:
			return err
		case !a.MayQuery:
			return ErrMayNotAsk
		}
		if id, err = s.keepInquiry(ctx, tx, n, a); err != nil {
			return err
		}
		return s.inquiryMoved(ctx, tx, id, n.At, Event{At: n.At, Actor: n.Actor, Action: "inquiry.ask", Outcome: "asked",
			Details: fmt.Sprintf("for %s, certified by %q, purpose %q, by %s", n.Agency, n.Certified, n.Purpose, n.Question.By())})
	})
	if err != nil {
		return 0, fmt.Errorf("keep an inquiry: %w", err)
	}
	return id, nil
}

// keepInquiry inserts the inquiry. Its number comes first: under that name question and request are encrypted.
func (s *Store) keepInquiry(ctx context.Context, tx pgx.Tx, n NewInquiry, a Agency) (id InquiryID, err error) {
	if err := tx.QueryRow(ctx, "select nextval(pg_get_serial_sequence('inquiry', 'id'))").Scan(&id); err != nil {
		return 0, err
	}
	question, err := sealJSON(ctx, s.safe, inQuestion, id.row(), &n.Question)
	if err != nil {
		return 0, err
	}
	text, err := s.seal(ctx, inRequest, id.row(), n.Text)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `insert into inquiry (id, asked_at, actor, agency_id, certified, purpose, question, text, asked_by, test, until, due) overriding system value
		values ($11, $1, $2, $3, $4, $5, $6::bytea, $7::bytea, $8, $9, $10, $1)`,
		n.At, n.Actor, int64(a.ID), n.Certified, n.Purpose, question, text, n.Question.By(), a.Test, n.At.Add(n.Patience), int64(id))
	return id, err
}

// row is the inquiry's name for what is encrypted.
func (id InquiryID) row() string { return strconv.FormatInt(int64(id), 10) }

// inquiryMoved writes the audit entry of a move, and the job for the next look where one is due.
func (s *Store) inquiryMoved(ctx context.Context, tx pgx.Tx, id InquiryID, due time.Time, e Event) error {
	var b pgx.Batch
	b.Queue("insert into audit (at, actor, action, object, outcome, details) values ($1, $2, $3, $4, $5, $6)",
		e.At, e.Actor, e.Action, id.object(), e.Outcome, e.Details)
	if !due.IsZero() {
		if due.Sub(e.At) < schedulerInterval {
			due = time.Time{} // at once, so that it does not wait for River's scheduler: who looks too early waits by himself
		}
		if err := insertJobs(ctx, s.jobs, &b, due, InquireArgs{int64(id)}); err != nil {
			return err
		}
	}
	return tx.SendBatch(ctx, &b).Close()
}

// object is the inquiry's name in the audit log.
func (id InquiryID) object() string { return fmt.Sprintf("inquiry %d", id) }

// LookedAt is the audit entry of a look at an inquiry, whose answer may be shown once it is written.
func LookedAt(id InquiryID, actor string, at time.Time) Event {
	return Event{At: at, Actor: actor, Action: "inquiry.read", Object: id.object(), Outcome: "shown"}
}

// Inquiry reads an inquiry; ErrNotFound.
func (r *Reader) Inquiry(ctx context.Context, id InquiryID) (Inquiry, error) {
	return one(ctx, r.pool, r.scanInquiry(ctx), "read an inquiry", `
		select q.id, q.asked_at, q.actor, q.certified, q.purpose, q.question, q.text, q.test, q.until, q.state, q.tries, q.control, q.due, q.ended_at, q.reason,
			coalesce(i.id, 0), coalesce(i.line, ''), coalesce(i.outseq, ''), coalesce(i.control, ''), i.at, i.text, `+inboundRow+`,
			coalesce((select array_agg(t.line order by t.n) from inquiry_try t where t.inquiry_id = q.id), '{}'), `+agencyColumns+`
		from inquiry q join agency a on a.id = q.agency_id left join inbound i on i.id = q.reply where q.id = $1`, int64(id))
}

// inquiryParts is what is encrypted of an inquiry.
type inquiryParts struct{ question, request, reply sealed }

func (s safe) scanInquiry(ctx context.Context) pgx.RowToFunc[Inquiry] {
	return func(row pgx.CollectableRow) (i Inquiry, err error) {
		var p inquiryParts
		var due, ended, replied *time.Time
		var m Inbound
		fields := []any{&i.ID, &i.AskedAt, &i.Actor, &i.Certified, &i.Purpose, &p.question.bytes, &p.request.bytes, &i.Test, &i.Until, &i.State, &i.Tries, &i.Control, &due, &ended, &i.Reason,
			&m.ID, &m.Line, &m.OutSeq, &m.Control, &replied}
		fields = append(append(fields, p.reply.fields()...), &i.Lines)
		if err = row.Scan(append(fields, i.Agency.fields()...)...); err != nil {
			return i, err
		}
		i.AskedAt, i.Until, i.Due, i.Ended = i.AskedAt.UTC(), i.Until.UTC(), known(due), known(ended)
		if m.ID != 0 {
			m.At = known(replied)
			i.Reply = &m
		}
		return i, i.decrypt(ctx, s, p)
	}
}

func (i *Inquiry) decrypt(ctx context.Context, s safe, p inquiryParts) (err error) {
	p.question.row, p.request.row = i.ID.row(), i.ID.row()
	if i.Text, err = s.open(ctx, inRequest, p.request); err != nil {
		return err
	}
	if i.Reply != nil {
		err = s.openText(ctx, inInbound, p.reply, &i.Reply.Text)
	}
	return errors.Join(err, s.openInto(ctx, inQuestion, p.question, &i.Question))
}

// BeginInquiry stores the bytes and moves the inquiry from asked to sending, with a job at the end of the wait. Only after it has returned may the bytes be sent.
// ErrInquiryMoved: another hub has it, or it has ended.
func (s *Store) BeginInquiry(ctx context.Context, t InquiryTry) error {
	return s.moveInquiry(ctx, "begin an inquiry", func(tx pgx.Tx) error {
		var n int
		err := tx.QueryRow(ctx, "update inquiry set state = 'sending', tries = tries + 1, control = $2, due = $3 where id = $1 and state = 'asked' returning tries",
			int64(t.Inquiry), t.Control, t.Due).Scan(&n)
		if err != nil {
			return err
		}
		bytes, err := s.seal(ctx, inTry, t.Control, t.Bytes)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "insert into inquiry_try (control, inquiry_id, n, line, hub, bytes, at) values ($1, $2, $3, $4, $5, $6::bytea, $7)",
			t.Control, int64(t.Inquiry), n, t.Line, s.opts.Hub, bytes, t.At)
		if err != nil {
			return err
		}
		return s.inquiryMoved(ctx, tx, t.Inquiry, t.Due, Event{At: t.At, Actor: "hub " + s.opts.Hub, Action: "inquiry.send", Outcome: "begun",
			Details: fmt.Sprintf("try %d, control %s", n, t.Control)})
	})
}

// moveInquiry is a transaction that moves an inquiry; where its state does not allow it, nothing is changed and the error is ErrInquiryMoved.
func (s *Store) moveInquiry(ctx context.Context, doing string, move func(pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, s.pool, move)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrInquiryMoved
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// AskAgain ends the try with this control number, if it is the one under way, and moves the inquiry back to asked, with a job when it is due. Why is told without
// personal data. ErrInquiryMoved.
func (s *Store) AskAgain(ctx context.Context, control, why string, due, at time.Time) error {
	return s.moveInquiry(ctx, "ask again", func(tx pgx.Tx) error {
		var id InquiryID
		err := tx.QueryRow(ctx, "update inquiry set state = 'asked', control = '', due = $2 where control = $1 and state = 'sending' returning id", control, due).Scan(&id)
		if err == nil {
			err = endTry(ctx, tx, control, why, at)
		}
		if err != nil {
			return err
		}
		return s.inquiryMoved(ctx, tx, id, due, Event{At: at, Actor: "hub " + s.opts.Hub, Action: "inquiry.send", Outcome: "again", Details: "control " + control + ": " + why})
	})
}

func endTry(ctx context.Context, tx pgx.Tx, control, why string, at time.Time) error {
	_, err := tx.Exec(ctx, "update inquiry_try set ended_at = $2, text = $3 where control = $1 and ended_at is null", control, at, why)
	return err
}

// FailInquiry ends an inquiry without an answer; control is that of the try under way, or empty for one that waits. Why is a sentence without personal data.
// ErrInquiryMoved.
func (s *Store) FailInquiry(ctx context.Context, id InquiryID, control, why string, at time.Time) error {
	return s.moveInquiry(ctx, "end an inquiry", func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, "update inquiry set state = 'failed', control = '', due = null, ended_at = $3, reason = $4 where id = $1 and control = $2 and state in ('asked', 'sending') returning id",
			int64(id), control, at, why).Scan(&id)
		if err == nil {
			err = endTry(ctx, tx, control, why, at)
		}
		if err != nil {
			return err
		}
		return s.inquiryMoved(ctx, tx, id, time.Time{}, Event{At: at, Actor: "hub " + s.opts.Hub, Action: "inquiry.fail", Outcome: "failed", Details: why})
	})
}

// AnswerInquiry ends an inquiry with the kept reply to any of its tries, however late; the reply counts as handled. ErrInquiryMoved where it is answered already.
func (s *Store) AnswerInquiry(ctx context.Context, control string, reply InboundID, at time.Time) error {
	return s.moveInquiry(ctx, "answer an inquiry", func(tx pgx.Tx) error {
		var id InquiryID
		err := tx.QueryRow(ctx, `update inquiry set state = 'answered', control = '', due = null, ended_at = $3, reason = '', reply = $2
			where id = (select inquiry_id from inquiry_try where control = $1) and state <> 'answered' returning id`, control, int64(reply), at).Scan(&id)
		if err == nil {
			err = endTry(ctx, tx, control, "It was answered.", at)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "update inbound set handled_at = $2, handled = $3 where id = $1 and handled_at is null", int64(reply), at, "answers "+id.object()); err != nil {
			return err
		}
		return s.inquiryMoved(ctx, tx, id, time.Time{}, Event{At: at, Actor: "hub " + s.opts.Hub, Action: "inquiry.answer", Outcome: "answered", Details: "control " + control})
	})
}

// InquiryByControl finds the inquiry that was sent under a control number; ErrNotFound.
func (r *Reader) InquiryByControl(ctx context.Context, control string) (InquiryID, error) {
	return one(ctx, r.pool, pgx.RowTo[InquiryID], "find an inquiry", "select inquiry_id from inquiry_try where control = $1", control)
}

// StrandedInquiries gives a job to inquiries that were due before the given time and have none, or one that has been running since before.
func (s *Store) StrandedInquiries(ctx context.Context, dueBefore time.Time) ([]InquiryID, error) {
	found, err := all(ctx, s.pool, pgx.RowTo[InquiryID], "find inquiries without a job", fmt.Sprintf(`
		select id from inquiry where due < $1
		and id not in (select (args->>'inquiry_id')::bigint from river_job where kind = 'inquire'
			and (state in ('available', 'retryable', 'scheduled', 'pending') or state = 'running' and attempted_at >= $1))
		order by id limit %d`, sweepLimit), dueBefore)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	args := make([]river.JobArgs, len(found))
	for i, id := range found {
		args[i] = InquireArgs{int64(id)}
	}
	var b pgx.Batch
	if err := insertJobs(ctx, s.jobs, &b, time.Time{}, args...); err != nil {
		return nil, err
	}
	if err := s.pool.SendBatch(ctx, &b).Close(); err != nil {
		return nil, fmt.Errorf("give inquiries a job: %w", err)
	}
	return found, nil
}

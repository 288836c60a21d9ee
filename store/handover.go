package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// HandoverState is how a hand-over stands; docs/states.md draws the moves.
type HandoverState string

// The states of a hand-over.
const (
	HandoverOpen   HandoverState = "open"   // an engineer's move
	HandoverTaken  HandoverState = "taken"  // the move of the engineer who took it
	HandoverClosed HandoverState = "closed" // final, with a result
)

// Handover is a submission that the help desk has handed over to an engineer. It holds nobody's name but those of who acted.
type Handover struct {
	ID       int64
	Tracking order.Tracking
	// Agency is the sender of the submission; empty where it is not known.
	Agency order.ORI
	// Correlation is that of the request that brought the submission: logs and traces say it too.
	Correlation string
	State       HandoverState
	// By is who handed it over, TakenBy and ClosedBy who went on with it; empty where nobody has.
	By, TakenBy, ClosedBy string
	// Note is what the engineer has to know, Result what came of it.
	Note, Result        string
	At, TakenAt, Closed time.Time
}

// Errors of hand-overs.
var (
	// ErrNoteLength says that a note or a result is too short or too long.
	ErrNoteLength = errors.New("it takes 3 to 500 characters")
	// ErrHandedOver says that the submission is with an engineer already.
	ErrHandedOver = errors.New("the submission is with an engineer already")
	// ErrHandoverMoved says that somebody else has taken or closed the hand-over. Nothing was changed.
	ErrHandoverMoved = errors.New("somebody else has gone on with it: look again")
)

func sentence(s string) (string, error) {
	s = strings.TrimSpace(s)
	if n := utf8.RuneCountInString(s); n < 3 || n > 500 {
		return "", ErrNoteLength
	}
	return s, nil
}

// HandOver hands a submission over to an engineer; a submission is handed over once at a time. ErrNoteLength, ErrHandedOver, ErrNotFound.
func (s *Store) HandOver(ctx context.Context, by Event, t order.Tracking, why string) error {
	why, err := sentence(why)
	if err != nil {
		return err
	}
	return s.actOf(ctx, "hand over", by, Event{Action: "submission.handOver", Object: "submission " + string(t), Outcome: "handed over"}, func(tx pgx.Tx) error {
		k, err := one(ctx, tx, pgx.RowToStructByPos[submissionKey], "find the submission", "select id, correlation from submission where tracking = $1", string(t))
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, "insert into handover (submission_id, correlation, person, by, note, at) values ($1, $2, $3, $4, $5, $6) on conflict (submission_id) where state <> 'closed' do nothing",
			k.ID, k.Correlation, int64(by.Person), by.Actor, why, by.At)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrHandedOver
		}
		return err
	})
}

type submissionKey struct {
	ID          int64
	Correlation string
}

// TakeHandover says that the person of the act goes on with an open one. ErrNotFound, ErrHandoverMoved.
func (s *Store) TakeHandover(ctx context.Context, by Event, id int64) error {
	return s.moveHandover(ctx, by, id, "taken", "update handover set state = 'taken', taken_by = $2, taken_at = $3 where id = $1 and state = 'open'", by.Actor, by.At)
}

// CloseHandover ends one with a result, whoever took it: an engineer ends what another had no time for. ErrNoteLength, ErrNotFound, ErrHandoverMoved.
func (s *Store) CloseHandover(ctx context.Context, by Event, id int64, result string) error {
	result, err := sentence(result)
	if err != nil {
		return err
	}
	return s.moveHandover(ctx, by, id, "closed", "update handover set state = 'closed', closed_by = $2, closed_at = $3, result = $4 where id = $1 and state <> 'closed'", by.Actor, by.At, result)
}

func (s *Store) moveHandover(ctx context.Context, by Event, id int64, outcome, sql string, args ...any) error {
	h, err := s.Handover(ctx, id)
	if err != nil {
		return err
	}
	return s.actOf(ctx, "go on with a hand-over", by, Event{Action: "handover." + outcome, Object: "submission " + string(h.Tracking), Outcome: outcome, Details: fmt.Sprintf("hand-over %d", id)}, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, append([]any{id}, args...)...)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrHandoverMoved
		}
		return err
	})
}

const handoverColumns = "h.id, s.tracking, coalesce(a.ori, ''), h.correlation, h.state, h.by, h.taken_by, h.closed_by, h.note, h.result, h.at, h.taken_at, h.closed_at from handover h join submission s on s.id = h.submission_id left join agency a on a.id = s.agency_id"

func scanHandover(row pgx.CollectableRow) (h Handover, err error) {
	var taken, closed *time.Time
	err = row.Scan(&h.ID, &h.Tracking, &h.Agency, &h.Correlation, &h.State, &h.By, &h.TakenBy, &h.ClosedBy, &h.Note, &h.Result, &h.At, &taken, &closed)
	h.At, h.TakenAt, h.Closed = h.At.UTC(), known(taken), known(closed)
	return h, err
}

// Handover reads one; ErrNotFound.
func (r *Reader) Handover(ctx context.Context, id int64) (Handover, error) {
	return one(ctx, r.finds, scanHandover, "read a hand-over", "select "+handoverColumns+" where h.id = $1", id)
}

// HandoversOf are those of a submission, the newest first.
func (r *Reader) HandoversOf(ctx context.Context, t order.Tracking) ([]Handover, error) {
	return all(ctx, r.finds, scanHandover, "read the hand-overs of a submission", "select "+handoverColumns+" where h.submission_id = (select k.id from submission k where k.tracking = $1) order by h.id desc limit 20", string(t))
}

// Handovers are those that are not closed, of an agency's submissions or (empty) of all, the oldest first.
func (r *Reader) Handovers(ctx context.Context, agency order.ORI, limit int) ([]Handover, error) {
	return all(ctx, r.finds, scanHandover, "list the hand-overs", "select "+handoverColumns+" where h.state <> 'closed' and $1 in ('', a.ori) order by h.id limit $2", string(agency), limit)
}

// Looks are how often something was looked at, and by how many: people of the pages, and agencies' people over the service.
func (r *Reader) Looks(ctx context.Context, object string) (looks, people int, err error) {
	type counts struct{ Looks, People int }
	c, err := one(ctx, r.finds, pgx.RowToStructByPos[counts], "count who has looked", `select count(*), count(distinct actor) from audit
		where object = $1 and agency <> '' and action in ('page.read', 'page.search', 'page.export', 'submission.read')`, object)
	return c.Looks, c.People, err
}

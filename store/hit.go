package store

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// HitState is how a request to confirm a hit stands; docs/states.md draws the moves.
type HitState string

// The states of a request to confirm a hit.
const (
	HitOpen         HitState = "open"         // waits for an answer of the agency
	HitMoreTime     HitState = "moreTime"     // the same, and whoever asked was told a later time
	HitConfirmed    HitState = "confirmed"    // final: the order is valid
	HitNotConfirmed HitState = "notConfirmed" // final, with a reason
)

// HitWay is how a request came.
type HitWay string

// The ways.
const (
	HitByTeletype  HitWay = "teletype"
	HitByTelephone HitWay = "telephone"
	HitByFax       HitWay = "fax"
)

// HitWays are all ways.
func HitWays() []HitWay { return []HitWay{HitByTelephone, HitByTeletype, HitByFax} }

// HitID is the hub's own number of a request.
type HitID int64

// HitRequest is who asks whether an order is valid, and until when the answer is due. It names a function and never a person.
type HitRequest struct {
	Way HitWay
	// Asker is the name of the agency that asks, AskerORI its ORI, empty where it is not known.
	Asker    string
	AskerORI order.ORI
	// Function is who there: "Watch commander". CallBack is a telephone or fax number, or a teletype address. Each has 1 to 100 characters on one line.
	Function, CallBack string
	// Priority is one of the clocks of package confirm.
	Priority string
	// AskedAt is when it came, Due when the answer has to be given.
	AskedAt, Due time.Time
}

// HitCase is a request to confirm a hit, with what came of it.
type HitCase struct {
	HitRequest
	ID HitID
	// Court and Order are the order that it is about.
	Court order.ORI
	Order order.LocalID
	Test  bool
	// Agency is the one that confirms, By who wrote the request down and At when.
	Agency order.ORI
	By     string
	At     time.Time
	State  HitState
	// Reason is why it is not confirmed, or takes longer.
	Reason string
	// AnsweredBy, AnsweredAt and Version (of the order) are of the answer; zero while there is none.
	AnsweredBy string
	AnsweredAt time.Time
	Version    int
}

// Waits says that no answer was given yet.
func (h HitCase) Waits() bool { return h.State == HitOpen || h.State == HitMoreTime }

// Late says that the answer was due before a moment, and was not given.
func (h HitCase) Late(now time.Time) bool { return h.Waits() && h.Due.Before(now) }

// HitAnswer is what an agency answers.
type HitAnswer struct {
	State HitState
	// Reason has 3 to 300 characters, without names; a confirmation needs none.
	Reason string
	// Due is the later time, for HitMoreTime.
	Due time.Time
	// Version and Cancelled are the order as it was seen by whoever answers: where it has changed since, nothing is answered.
	Version   int
	Cancelled bool
}

// Errors of confirming hits.
var (
	// ErrHitMoved says that somebody else has answered. Nothing was changed.
	ErrHitMoved = errors.New("somebody else has answered: look again")
	// ErrHitOrderMoved says that the order has changed since it was looked at. Nothing was answered.
	ErrHitOrderMoved = errors.New("the order has changed since it was looked at: look again")
	// ErrHitTime says that a time is not later than the one before, or is over.
	ErrHitTime = errors.New("the later time lies in the past, or is no later than the one before")
)

// hitPurpose is why orders are looked at and answered here, as the audit log has it.
const hitPurpose = "hit confirmation"

// TakeHit writes a request down about a found order, in one transaction with its audit entry. *InputError: what cannot be taken, several joined.
func (s *Store) TakeHit(ctx context.Context, by Event, f FoundOrder, q HitRequest) (id HitID, err error) {
	if err := q.check(by.At); err != nil {
		return 0, err
	}
	what := Event{Action: "hit.ask", Object: OrderObject(f.Order.Court.ORI, f.Order.ID), Outcome: "asked", Purpose: hitPurpose, Details: q.Priority + ", by " + string(q.Way)}
	err = s.actOf(ctx, "write down a request to confirm", by, what, func(tx pgx.Tx) (err error) {
		id, err = one(ctx, tx, pgx.RowTo[HitID], "write it", `insert into hit (order_id, test, agency, person, by, way, asker, asker_ori, function, call_back, priority, asked_at, at, due)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) returning id`,
			f.key, f.Test, string(by.Agency), int64(by.Person), by.Actor, string(q.Way), q.Asker, string(q.AskerORI), q.Function, q.CallBack, q.Priority, q.AskedAt, by.At, q.Due)
		return err
	})
	return id, err
}

// oldestHit is how long ago a request may have come that is written down now.
const oldestHit = 24 * time.Hour

func (q HitRequest) check(now time.Time) error {
	var errs []error
	wrong := func(is bool, part, why string) {
		if is {
			errs = append(errs, &InputError{part, why})
		}
	}
	const line = "1 to 100 characters on one line are needed, without a person's name."
	wrong(!IsLine(q.Asker, 1, 100), "asker", line)
	wrong(!IsLine(q.Function, 1, 100), "function", line)
	wrong(!IsLine(q.CallBack, 1, 100), "callBack", line)
	wrong(q.AskedAt.After(now) || q.AskedAt.Before(now.Add(-oldestHit)), "askedAt", "The request came within the last 24 hours.")
	wrong(!q.Due.After(q.AskedAt), "priority", "One of those that are offered is needed.")
	known := false
	for _, w := range HitWays() {
		known = known || w == q.Way
	}
	wrong(!known, "way", "One of those that are offered is needed.")
	return errors.Join(errs...)
}

// hitActs are the answers as the audit log names them.
var hitActs = map[HitState]string{HitConfirmed: "hit.confirm", HitNotConfirmed: "hit.deny", HitMoreTime: "hit.delay"}

// AnswerHit answers a request of the agency of the act, in one transaction with its audit entry. ErrNotFound, also of another agency's; ErrHitMoved, ErrHitOrderMoved, ErrHitTime, ErrNoteLength.
func (s *Store) AnswerHit(ctx context.Context, by Event, id HitID, a HitAnswer) error {
	h, err := s.Hit(ctx, id)
	if err == nil && h.Agency != by.Agency {
		err = ErrNotFound
	}
	if err == nil {
		err = a.check(h, by.At)
	}
	if err != nil {
		return err
	}
	what := Event{Action: hitActs[a.State], Object: OrderObject(h.Court, h.Order), Outcome: string(a.State), Purpose: hitPurpose, Details: fmt.Sprintf("request %d, version %d of the order", id, a.Version)}
	return s.actOf(ctx, "answer a request to confirm", by, what, func(tx pgx.Tx) error {
		if err := a.unchanged(ctx, tx, id); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, a.sql(), a.args(by, id)...)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrHitMoved
		}
		return err
	})
}

func (a HitAnswer) check(h HitCase, now time.Time) error {
	n := utf8.RuneCountInString(a.Reason)
	switch {
	case hitActs[a.State] == "":
		return fmt.Errorf("%q is no answer", a.State)
	case n > 300, a.State != HitConfirmed && n < 3, n > 0 && !IsLine(a.Reason, 1, 300):
		return ErrNoteLength
	case a.State == HitMoreTime && (!a.Due.After(h.Due) || !a.Due.After(now)):
		return ErrHitTime
	}
	return nil
}

// unchanged holds the order as it is while it is answered, and says whether it is as it was seen.
func (a HitAnswer) unchanged(ctx context.Context, tx pgx.Tx, id HitID) error {
	type now struct {
		Version   int
		Cancelled bool
	}
	n, err := one(ctx, tx, pgx.RowToStructByPos[now], "look at the order", "select o.version, o.cancelled_by is not null from order_ o where o.id = (select order_id from hit where id = $1) for share", int64(id))
	if err == nil && (n.Version != a.Version || n.Cancelled != a.Cancelled) {
		err = ErrHitOrderMoved
	}
	return err
}

func (a HitAnswer) sql() string {
	if a.State == HitMoreTime {
		return "update hit set state = 'moreTime', due = $2, reason = $3 where id = $1 and state in ('open', 'moreTime') and due < $2"
	}
	return "update hit set state = $2, reason = $3, answered_by = $4, answered_at = $5, version = $6 where id = $1 and state in ('open', 'moreTime')"
}

func (a HitAnswer) args(by Event, id HitID) []any {
	if a.State == HitMoreTime {
		return []any{int64(id), a.Due, a.Reason}
	}
	return []any{int64(id), string(a.State), a.Reason, by.Actor, by.At, a.Version}
}

const hitColumns = `h.id, o.court, o.local_id, h.test, h.agency, h.by, h.at, h.way, h.asker, h.asker_ori, h.function, h.call_back, h.priority, h.asked_at, h.due, h.state, h.reason,
	h.answered_by, h.answered_at, coalesce(h.version, 0) from hit h join order_ o on o.id = h.order_id`

func scanHit(row pgx.CollectableRow) (h HitCase, err error) {
	var answered *time.Time
	err = row.Scan(&h.ID, &h.Court, &h.Order, &h.Test, &h.Agency, &h.By, &h.At, &h.Way, &h.Asker, &h.AskerORI, &h.Function, &h.CallBack, &h.Priority, &h.AskedAt, &h.Due, &h.State, &h.Reason,
		&h.AnsweredBy, &answered, &h.Version)
	h.At, h.AskedAt, h.Due, h.AnsweredAt = h.At.UTC(), h.AskedAt.UTC(), h.Due.UTC(), known(answered)
	return h, err
}

// Hit reads one; ErrNotFound.
func (r *Reader) Hit(ctx context.Context, id HitID) (HitCase, error) {
	return one(ctx, r.pool, scanHit, "read a request to confirm", "select "+hitColumns+" where h.id = $1", int64(id))
}

// HitsWaiting are those of an agency that nobody has answered, the most urgent first.
func (r *Reader) HitsWaiting(ctx context.Context, agency order.ORI, limit int) ([]HitCase, error) {
	return all(ctx, r.pool, scanHit, "list the requests to confirm", "select "+hitColumns+" where h.agency = $1 and h.state in ('open', 'moreTime') order by h.due, h.id limit $2", string(agency), limit)
}

// HitsAnswered are those of an agency that were answered since a moment, the newest first.
func (r *Reader) HitsAnswered(ctx context.Context, agency order.ORI, since time.Time, limit int) ([]HitCase, error) {
	return all(ctx, r.pool, scanHit, "list the answered requests to confirm", "select "+hitColumns+" where h.agency = $1 and h.answered_at >= $2 order by h.answered_at desc, h.id desc limit $3", string(agency), since, limit)
}

// HitsDue counts those of an agency that wait for an answer, and tells when the first is due; zero: none waits.
func (r *Reader) HitsDue(ctx context.Context, agency order.ORI) (waiting int, first time.Time, err error) {
	type due struct {
		Waiting int
		First   *time.Time
	}
	d, err := one(ctx, r.pool, pgx.RowToStructByPos[due], "count the requests to confirm", "select count(*)::int, min(due) from hit where agency = $1 and state in ('open', 'moreTime')", string(agency))
	return d.Waiting, known(d.First), err
}

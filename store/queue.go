package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// TransmissionStates are all states of a transmission, on the way from its beginning to its end.
var TransmissionStates = []TransmissionState{StateWaiting, StateReady, StateSending, StateSent, StateUnknown, StateHeld, StateAccepted, StateGivenUp}

// QueueFilter leaves out what does not fit; its zero value finds everything that is not final.
type QueueFilter struct {
	States []TransmissionState
	// Agency sent the package, by its ORI.
	Agency order.ORI
	Kind   Kind
	// ChangedBefore finds what has stood as it stands since before that time.
	ChangedBefore time.Time
	// Field is the CARPOS field for which it is held, Reason a part of the reason, whatever its case.
	Field, Reason string
	// Tests finds tests only, Live everything else.
	Tests, Live bool
	// DueBefore finds what is due in CARPOS before that time.
	DueBefore time.Time
	// Tracking finds all transmissions of the order that this submission is about.
	Tracking order.Tracking
	// Line is the mnemonic of the line on which it was last sent or looked up.
	Line string
}

// QueueEntry is one transmission as a list shows it. It holds no personal data.
type QueueEntry struct {
	Transmission
	Tracking  order.Tracking
	AgencyORI order.ORI
	// AgencyName is that of the agency which sent the package.
	AgencyName string
	Test       bool
	// ReceivedAt is when its package came, Due when it is to be in CARPOS (zero: no deadline), RetryAt when the relay comes to it next (zero: it does not).
	ReceivedAt, Due, RetryAt time.Time
	// ChangedAt is since when it has stood as it stands.
	ChangedAt time.Time
	// Busy says that an attempt is under way, Doubt that the outcome of an earlier sending is not known.
	Busy, Doubt bool
	// Line is the line of its last attempt, empty before the first.
	Line string
	// HeldBy is the person who holds it; empty where the hub does, or nobody.
	HeldBy string
	// Behind counts what waits for the order's earlier transmissions; with an entry it is given up too.
	Behind int
	// Next says what happens next, and whose move it is.
	Next Move
	// orderMissing says that the order itself has not come.
	orderMissing bool
}

// Allows says nothing where the verb can be done now, else why not.
func (e QueueEntry) Allows(v Verb, now time.Time) string {
	return stand{e.State, e.Busy, e.RetryAt}.refuses(v, now)
}

// Moves that the state alone does not tell.
var (
	orderIsMissing = Move{PartyCourt, "Its order has not come yet: the court sends it, and this follows."}
	heldByPerson   = Move{PartyPerson, "A person holds it, for the reason shown, and releases it or gives it up."}
)

func (e QueueEntry) next() Move {
	switch {
	case e.State == StateWaiting && e.orderMissing:
		return orderIsMissing
	case e.State == StateHeld && e.HeldBy != "":
		return heldByPerson
	case e.State == StateReady && e.Tries > 0:
		return retried
	}
	return moves[e.State]
}

// When what a transmission t tells of came, and by when the law wants it in CARPOS. What a person reported or recorded stands with the submission s that added its order, and came long after it; it has no
// deadline.
const (
	cameAt = "coalesce((select w.at from violation w where w.id = t.violation_id), (select w.at from recorded w where w.id = t.recorded_id), s.received_at)"
	dueBy  = "case when t.violation_id is null and t.recorded_id is null then s.due end"
)

// ofPackage is SQL that is true of a transmission, under its alias, that a package brought. A violation and a recorded service stand with the submission that added their order, and are not that submission's.
func ofPackage(alias string) string {
	return alias + ".violation_id is null and " + alias + ".recorded_id is null"
}

// queueColumns are the columns of transmission t, order_ o, submission s and agency a that scanQueueEntry reads.
const queueColumns = transmissionColumns + `, s.tracking, coalesce(a.ori, ''), coalesce(a.name, ''), t.test, ` + cameAt + `, ` + dueBy + `, t.retry_at, t.changed_at, t.open_attempt is not null, t.doubt,
	coalesce((select l.line from attempt l where l.transmission_id = t.id order by l.id desc limit 1), ''), t.held_by,
	(select count(*) from transmission w where w.order_id = t.order_id and w.state = 'waiting' and w.id <> t.id), o.relay = 'unknown'`

const queueTables = " from transmission t join order_ o on o.id = t.order_id join submission s on s.id = t.submission_id left join agency a on a.id = s.agency_id"

func scanQueueEntry(row pgx.CollectableRow) (e QueueEntry, err error) {
	var due, retry *time.Time
	err = row.Scan(append(e.fields(), &e.Tracking, &e.AgencyORI, &e.AgencyName, &e.Test, &e.ReceivedAt, &due, &retry, &e.ChangedAt, &e.Busy, &e.Doubt, &e.Line, &e.HeldBy,
		&e.Behind, &e.orderMissing)...)
	e.ReceivedAt, e.ChangedAt, e.Due, e.RetryAt = e.ReceivedAt.UTC(), e.ChangedAt.UTC(), known(due), known(retry)
	if e.State != StateReady && e.State != StateUnknown {
		e.RetryAt = time.Time{} // what is left of an earlier time
	}
	e.Next = e.next()
	return e, err
}

// Queue lists transmissions that fit, the oldest first: at most limit, those with an ID above after (0: from the first).
func (r *Reader) Queue(ctx context.Context, f QueueFilter, limit int, after TransmissionID) ([]QueueEntry, error) {
	c := f.conditions()
	c.add("t.id > ?", int64(after))
	c.args = append(c.args, limit)
	return all(ctx, r.pool, scanQueueEntry, "list transmissions", "select "+queueColumns+queueTables+" where "+strings.Join(c.sql, " and ")+
		fmt.Sprintf(" order by t.id limit $%d", len(c.args)), c.args...)
}

// conditions are a where clause as it grows.
type conditions struct {
	sql  []string
	args []any
}

// add takes a condition in which each question mark is the value.
func (c *conditions) add(sql string, value any) {
	c.args = append(c.args, value)
	c.sql = append(c.sql, strings.ReplaceAll(sql, "?", fmt.Sprintf("$%d", len(c.args))))
}

const isUnsettled = "t.state not in ('accepted', 'given_up')"

// conditions name the states in the words of the partial indexes, so that a list of what is not settled never walks over what is.
func (f QueueFilter) conditions() *conditions {
	var c conditions
	switch {
	case len(f.States) == 0 && f.Tracking != "":
		c.sql = append(c.sql, "true")
	case len(f.States) == 0, !slices.ContainsFunc(f.States, TransmissionState.Final):
		c.sql = append(c.sql, isUnsettled)
	case slices.Equal(f.States, []TransmissionState{StateGivenUp}):
		c.sql = append(c.sql, "t.state = 'given_up'")
	}
	for _, w := range []struct {
		is    bool
		sql   string
		value any
	}{
		{len(f.States) > 0, "t.state = any(?)", column(f.States, func(s TransmissionState) string { return string(s) })},
		{f.Agency != "", "a.ori = ?", string(f.Agency)},
		{f.Kind != "", "t.kind = ?", string(f.Kind)},
		{!f.ChangedBefore.IsZero(), "t.changed_at < ?", f.ChangedBefore},
		{f.Field != "", "t.field = ?", f.Field},
		{f.Reason != "", "strpos(lower(t.reason), lower(?)) > 0", f.Reason},
		{f.Tests || f.Live, "t.test = ?", f.Tests},
		{!f.DueBefore.IsZero(), dueBy + " < ?", f.DueBefore},
		{f.Tracking != "", "t.order_id = (select k.order_id from submission k where k.tracking = ?)", string(f.Tracking)},
		{f.Line != "", "(select l.line from attempt l where l.transmission_id = t.id order by l.id desc limit 1) = ?", f.Line},
	} {
		if w.is {
			c.add(w.sql, w.value)
		}
	}
	return &c
}

// StateCount is how many transmissions are in a state.
type StateCount struct {
	State TransmissionState
	Count int
	// Oldest is since when the one has stood so that has for longest, Due the earliest deadline; zero where there is none.
	Oldest, Due time.Time
}

// QueueCounts counts the transmissions that are not final, and those given up, by state; what CARPOS has is not counted. Every such state is there, in the
// order of TransmissionStates. Tests are left out. Of one agency, by its ORI, or of all where that is empty.
func (r *Reader) QueueCounts(ctx context.Context, agency order.ORI) ([]StateCount, error) {
	counted, err := all(ctx, r.pool, func(row pgx.CollectableRow) (c StateCount, err error) {
		var oldest, due *time.Time
		err = row.Scan(&c.State, &c.Count, &oldest, &due)
		c.Oldest, c.Due = known(oldest), known(due)
		return c, err
	}, "count transmissions", `select t.state, count(*), min(t.changed_at), min(`+dueBy+`) from transmission t join submission s on s.id = t.submission_id
		where `+isUnsettled+` and not t.test and ($1 = '' or s.agency_id = (select id from agency where ori = $1)) group by t.state
		union all select t.state, count(*), min(t.changed_at), null from transmission t join submission s on s.id = t.submission_id
		where t.state = 'given_up' and not t.test and ($1 = '' or s.agency_id = (select id from agency where ori = $1)) group by t.state`, string(agency))
	if err != nil {
		return nil, err
	}
	var out []StateCount
	for _, s := range TransmissionStates {
		if s == StateAccepted {
			continue
		}
		i := slices.IndexFunc(counted, func(c StateCount) bool { return c.State == s })
		if i < 0 {
			out = append(out, StateCount{State: s})
			continue
		}
		out = append(out, counted[i])
	}
	return out, nil
}

// QueueItem is everything about one transmission. Bytes and replies hold personal data as they went over the line: whoever shows them masks it.
type QueueItem struct {
	QueueEntry
	Order    OrderSummary
	Attempts []QueueAttempt
	// Replies are what the switch said to it, in the order in which it came.
	Replies []QueueReply
	// Supplied are the corrections that count for the order. Their values are not read.
	Supplied []Correction
	// Others are the order's other transmissions, in their sequence.
	Others []QueueOther
	// Job says that the relay has a job for it.
	Job bool
}

// QueueAttempt is an attempt with what was sent. Said is for whoever puts Bytes into words.
type QueueAttempt struct {
	AttemptStatus
	Bytes []byte
	Said  string
}

// QueueReply is a reply. Handled says what was done with it, empty while nothing was. Said is for whoever puts Text into words.
type QueueReply struct {
	Inbound
	Handled string
	Said    string
}

// QueueOther is another transmission of the same order.
type QueueOther struct {
	ID    TransmissionID
	Seq   int
	Kind  Kind
	State TransmissionState
}

// QueueItem reads one transmission with all that happened to it; ErrNotFound.
func (r *Reader) QueueItem(ctx context.Context, id TransmissionID) (QueueItem, error) {
	var i QueueItem
	tx, err := r.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return i, fmt.Errorf("read transmission %d: %w", id, err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // nothing was written
	if i.QueueEntry, err = one(ctx, tx, scanQueueEntry, "read a transmission", "select "+queueColumns+queueTables+" where t.id = $1", int64(id)); err != nil {
		return i, err
	}
	if err := i.readParts(ctx, tx, r.safe); err != nil {
		return i, fmt.Errorf("read transmission %d: %w", id, err)
	}
	return i, nil
}

func (i *QueueItem) readParts(ctx context.Context, tx pgx.Tx, by safe) error {
	orderID, err := one(ctx, tx, pgx.RowTo[int64], "find the order", "select order_id from transmission where id = $1", int64(i.ID))
	if err != nil {
		return err
	}
	summary, err := readOrder(ctx, tx, orderID)
	if err != nil {
		return err
	}
	i.Order = *summary
	if i.Attempts, err = all(ctx, tx, by.scanQueueAttempt(ctx), "read the attempts",
		"select id, purpose, control, line, hub, at, sent_at, acked_at, finished_at, verdict, code, text, bytes from attempt where transmission_id = $1 order by id", int64(i.ID)); err != nil {
		return err
	}
	if i.Replies, err = all(ctx, tx, by.scanQueueReply(ctx), "read the replies", "select "+inboundColumns+", i.handled from attempt a join inbound i on i.attempt_id = a.id where a.transmission_id = $1 order by i.id", int64(i.ID)); err != nil {
		return err
	}
	if i.Supplied, err = readSupplied(ctx, tx, orderID); err != nil {
		return err
	}
	if i.Others, err = all(ctx, tx, pgx.RowToStructByPos[QueueOther], "read the order's other transmissions",
		"select id, seq, kind, state from transmission where order_id = $1 and id <> $2 order by seq", orderID, int64(i.ID)); err != nil {
		return err
	}
	i.Job, err = one(ctx, tx, pgx.RowTo[bool], "find its job", "select exists (select from river_job j where "+isJob+" and (j.args->>'transmission_id')::bigint = $1)", int64(i.ID))
	return err
}

// isJob says of river_job j that it will look at a transmission, or does at this moment.
const isJob = "j.kind = 'transmit' and j.state in ('available', 'retryable', 'scheduled', 'pending', 'running')"

func (s safe) scanQueueAttempt(ctx context.Context) pgx.RowToFunc[QueueAttempt] {
	return func(row pgx.CollectableRow) (a QueueAttempt, err error) {
		var sent, acked, finished *time.Time
		var bytes sealed
		err = row.Scan(&a.ID, &a.Purpose, &a.Control, &a.Line, &a.Hub, &a.At, &sent, &acked, &finished, &a.Verdict, &a.Code, &a.Text, &bytes.bytes)
		if err != nil {
			return a, err
		}
		a.At, a.SentAt, a.AckedAt, a.FinishedAt = a.At.UTC(), known(sent), known(acked), known(finished)
		bytes.row = a.Control
		a.Bytes, err = s.open(ctx, inAttempt, bytes)
		return a, err
	}
}

func (s safe) scanQueueReply(ctx context.Context) pgx.RowToFunc[QueueReply] {
	return func(row pgx.CollectableRow) (m QueueReply, err error) {
		err = m.Inbound.scan(ctx, row, s, &m.Handled)
		return m, err
	}
}

// readSupplied reads the corrections of an order without their values.
func readSupplied(ctx context.Context, q querier, orderID int64) ([]Correction, error) {
	return all(ctx, q, scanCorrection, "read the corrections", newestCorrections, orderID)
}

// TransmissionsOf are the transmissions that a submission brought, in the sequence of their orders; ErrNotFound where it brought none.
func (r *Reader) TransmissionsOf(ctx context.Context, t order.Tracking) ([]TransmissionID, error) {
	found, err := all(ctx, r.pool, pgx.RowTo[TransmissionID], "find the transmissions of a submission",
		"select t.id from submission s join transmission t on t.submission_id = s.id where s.tracking = $1 order by t.order_id, t.seq", string(t))
	if err == nil && len(found) == 0 {
		return nil, ErrNotFound
	}
	return found, err
}

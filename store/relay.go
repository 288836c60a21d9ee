package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river"

	"ccpor/mapping/order"
)

// Work reads a transmission with all that is needed to send it; ErrNotFound. It locks nothing: BeginAttempt decides who sends.
func (s *Store) Work(ctx context.Context, id TransmissionID) (Work, error) {
	var w Work
	var b pgx.Batch
	s.queueWork(ctx, &b, id, &w)
	s.queueWorkParts(ctx, &b, id, &w)
	if err := s.pool.SendBatch(ctx, &b).Close(); err != nil {
		if errors.Is(err, pgx.ErrNoRows) {
			return Work{}, ErrNotFound
		}
		return Work{}, fmt.Errorf("read transmission %d: %w", id, err)
	}
	return w, nil
}

// versionsOf are, for what follows an entry, the versions of the order as CARPOS has them by the hub's doing: before it, and with it. A change that was given
// up never came there.
const versionsOf = `
	select max(w.version) filter (where y.id = t.id or y.state = 'accepted') as after, max(w.version) filter (where y.id <> t.id and y.state = 'accepted') as before
	from transmission y join order_version w on w.order_id = y.order_id and w.submission_id = y.submission_id
	where t.kind <> 'ERR' and y.order_id = t.order_id and y.kind = 'MRR' and y.seq <= t.seq`

// workParts are the documents of a work and its last sending.
type workParts struct {
	order, before, modification, service, cancellation, supplement, confidential, cancelled, violation, recorded, sent sealed
	due                                                                                                                *time.Time
}

func (p *workParts) sealed() []any {
	return fieldsOfAll(&p.order, &p.before, &p.modification, &p.service, &p.cancellation, &p.supplement, &p.confidential, &p.cancelled, &p.violation, &p.recorded, &p.sent)
}

// queueWork reads the transmission, its order and its agencies.
func (s *Store) queueWork(ctx context.Context, b *pgx.Batch, id TransmissionID, w *Work) {
	var p workParts
	fields := append(w.Transmission.fields(), &w.Tracking, &w.Correlation, &w.Received, &w.Action, &p.due, &w.FCN, &w.NIC, &w.Test, &w.Unknown, &w.Busy, &w.Seen, &w.Version, &w.Known.Version)
	fields = append(fields, p.sealed()...)
	fields = append(append(fields, w.Agency.fields()...), w.Submitter.fields()...)
	b.Queue("select "+transmissionColumns+`, s.tracking, s.correlation, `+cameAt+`, s.action, `+dueBy+`, o.fcn, o.nic, t.test, t.doubt, t.open_attempt is not null, o.next_seq,
			coalesce(v.version, 0), coalesce(k.version, 0),
			`+sealedBy("v.document", "v.submission_id")+", "+sealedBy("k.document", "k.submission_id")+`, m.modification, s.tracking, p.document, s.tracking, x.document, s.tracking, u.document, s.tracking,
			`+sealedBy("c.document", "c.submission_id")+", "+sealedBy("e.document", "e.submission_id")+", i.document, t.id::text, y.document, y.id::text, l.bytes, l.control, "+agencyColumns+", "+submitterColumns+`
		from transmission t
		join order_ o on o.id = t.order_id
		join submission s on s.id = t.submission_id
		join agency b on b.id = s.agency_id
		join agency a on a.id = coalesce(o.agency_id, s.agency_id)
		left join lateral (`+versionsOf+`) n on true
		left join order_version v on v.order_id = o.id and v.version = greatest(o.entry_version, n.after)
		left join order_version k on t.kind <> 'ERR' and k.order_id = o.id and k.version = greatest(o.entry_version, n.before)
		left join order_version m on t.kind = 'MRR' and m.order_id = o.id and m.submission_id = t.submission_id
		left join service p on p.submission_id = t.submission_id
		left join cancellation x on x.submission_id = t.submission_id and x.order_id = o.id
		left join supplement u on u.submission_id = t.submission_id
		left join violation i on i.id = t.violation_id
		left join recorded y on y.id = t.recorded_id
		left join lateral (select c.document, c.submission_id from confidential c where t.kind in ('ERR', 'MRR') and c.order_id = o.id order by c.id desc limit 1) c on true
		left join lateral (select a.bytes, a.control from attempt a where t.tries > 0 and a.transmission_id = t.id and a.purpose = 'send' order by a.id desc limit 1) l on true
		left join cancellation e on e.submission_id = o.cancelled_by and exists (select from transmission y
			where y.order_id = o.id and y.submission_id = o.cancelled_by and y.kind = 'XRR' and y.seq < t.seq and y.state = 'accepted')
		where t.id = $1`, int64(id)).QueryRow(func(row pgx.Row) error {
		if err := row.Scan(fields...); err != nil {
			return err
		}
		if p.due != nil {
			w.Due = p.due.UTC()
		}
		w.Recorded = len(p.recorded.bytes) > 0
		return w.decrypt(ctx, s.safe, p)
	})
}

// decrypt reads the stored documents. An order that has not come is empty.
func (w *Work) decrypt(ctx context.Context, s safe, p workParts) (err error) {
	if w.Sent, err = s.open(ctx, inAttempt, p.sent); err != nil {
		return err
	}
	return errors.Join(
		s.openInto(ctx, inVersion, p.order, &w.Order), s.openInto(ctx, inVersion, p.before, &w.Known.Order),
		openIfThere(ctx, s, inModification, p.modification, &w.Modification), openIfThere(ctx, s, inService, p.service, &w.Service), openIfThere(ctx, s, inRecorded, p.recorded, &w.Service),
		openIfThere(ctx, s, inCancellation, p.cancellation, &w.Cancellation), openIfThere(ctx, s, inSupplement, p.supplement, &w.Supplement),
		openIfThere(ctx, s, inConfidential, p.confidential, &w.Confidential), openIfThere(ctx, s, inCancellation, p.cancelled, &w.Known.Cancelled),
		openIfThere(ctx, s, inViolation, p.violation, &w.Violation))
}

// queueWorkParts reads the order's images, its record at CARPOS, and replies that nobody has handled.
func (s *Store) queueWorkParts(ctx context.Context, b *pgx.Batch, id TransmissionID, w *Work) {
	b.Queue("select "+imageColumns+" from transmission t cross join lateral ("+strings.ReplaceAll(submissionsOfOrder, "$1", "t.order_id")+`) k
		join submission s on s.id = k.submission_id join image i on i.submission_id = s.id where t.id = $1 order by s.id, i.n`, int64(id)).Query(func(rows pgx.Rows) (err error) {
		w.Images, err = pgx.CollectRows(rows, scanImage)
		return err
	})
	b.Queue(`select a.bytes, a.control from transmission t join transmission y on y.order_id = t.order_id and y.seq < t.seq and y.kind in ('ERR', 'MRR') and y.state = 'accepted'
		cross join lateral (select bytes, control from attempt a where a.transmission_id = y.id and a.purpose = 'send' order by a.verdict = 'accepted' desc, a.id desc limit 1) a
		where t.id = $1 order by y.seq`, int64(id)).Query(func(rows pgx.Rows) (err error) {
		w.Record, err = pgx.CollectRows(rows, s.scanBytes(ctx))
		return err
	})
	s.queueCorrections(ctx, b, id, w)
	b.Queue("select "+inboundColumns+` from attempt a cross join lateral (select * from inbound r where r.attempt_id = a.id offset 0) i
		where a.transmission_id = $1 and i.handled_at is null order by i.id`, int64(id)).Query(func(rows pgx.Rows) (err error) {
		w.Replies, err = pgx.CollectRows(rows, s.scanInbound(ctx))
		return err
	})
}

// scanBytes reads the bytes of an attempt.
func (s safe) scanBytes(ctx context.Context) pgx.RowToFunc[[]byte] {
	return func(row pgx.CollectableRow) ([]byte, error) {
		var b sealed
		if err := row.Scan(b.fields()...); err != nil {
			return nil, err
		}
		return s.open(ctx, inAttempt, b)
	}
}

// transmissionColumns are the columns of transmission t and order_ o that Transmission.fields reads.
const transmissionColumns = "t.id, t.kind, t.seq, t.state, o.oca, t.tries, t.reason, t.field, t.item"

func (t *Transmission) fields() []any {
	return []any{&t.ID, &t.Kind, &t.Seq, &t.State, &t.OCA, &t.Tries, &t.Reason, &t.Field, &t.Item}
}

// submitterColumns are agencyColumns for the agency b.
const submitterColumns = "b.id, b.ori, b.name, b.county, b.kind, b.carpos_name, b.mnemonic, b.submits, b.test, b.max_document_bytes, b.confirm_text, b.may_query, b.may_images, b.read_only, b.no_callbacks, b.message_signature, b.replays, b.per_second, b.burst, b.daily, b.entered_by"

// imageColumns are the columns of image i and submission s that scanImage reads.
const imageColumns = "i.document_id, i.role, i.media, i.bytes, i.pages, encode(i.sha256, 'hex'), s.tracking"

func scanImage(row pgx.CollectableRow) (i ImageRef, err error) {
	err = row.Scan(&i.ID, &i.Role, &i.Media, &i.Bytes, &i.Pages, &i.SHA256, &i.Tracking)
	return i, err
}

// BeginAttempt stores the bytes and takes the transmission: a sending moves it from ready to sending, a look-up leaves it unknown.
// It returns after the commit; only then may the bytes be sent. ErrNotReady: another has it or it has moved on. ErrUnsettled: a look-up is due first.
func (s *Store) BeginAttempt(ctx context.Context, a Attempt) (AttemptID, error) {
	var id AttemptID
	bytes, err := s.seal(ctx, inAttempt, a.Control, a.Bytes)
	if err != nil {
		return 0, fmt.Errorf("begin an attempt of transmission %d: %w", a.Transmission, err)
	}
	err = s.pool.QueryRow(ctx, `
		with taken as (
			update transmission set open_attempt = nextval('attempt_id'), open_since = $6, open_line = $4, changed_at = $6, class = null,
				state = case $2 when 'send' then 'sending' else state end, tries = tries + case $2 when 'send' then 1 else 0 end
			where id = $1 and open_attempt is null and state = case $2 when 'send' then 'ready' else 'unknown' end
			returning id, open_attempt, order_id, kind, submission_id),
		seen as (
			insert into audit (at, actor, action, object, outcome, details, order_id, attempt_id)
			select $6, $8, 'transmission.' || $2, 'transmission ' || t.id || ' (' || t.kind || ') of submission ' || s.tracking, 'begun', 'attempt ' || t.open_attempt || ', control ' || $3 || $9, t.order_id, t.open_attempt
			from taken t join submission s on s.id = t.submission_id)
		insert into attempt (id, transmission_id, purpose, control, line, hub, bytes, at)
		select open_attempt, id, $2, $3, $4, $7, $5::bytea, $6 from taken returning id`,
		int64(a.Transmission), string(a.Purpose), a.Control, a.Line, bytes, a.At, s.opts.Hub, "hub "+s.opts.Hub, a.noted()).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, s.whyNotTaken(ctx, a)
	}
	if err != nil {
		return 0, fmt.Errorf("begin an attempt of transmission %d: %w", a.Transmission, err)
	}
	return id, nil
}

// noted are the notes as the audit log has them behind the control number.
func (a Attempt) noted() string {
	if a.Notes == "" {
		return ""
	}
	return "; " + a.Notes
}

func (s *Store) whyNotTaken(ctx context.Context, a Attempt) error {
	var doubt bool
	err := s.pool.QueryRow(ctx, "select doubt and open_attempt is null from transmission where id = $1", int64(a.Transmission)).Scan(&doubt)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound
	case err != nil:
		return fmt.Errorf("begin an attempt of transmission %d: %w", a.Transmission, err)
	case doubt && a.Purpose == PurposeSend:
		return ErrUnsettled
	}
	return ErrNotReady
}

// MarkSent records that the bytes have been written to the line: sending → sent.
func (s *Store) MarkSent(ctx context.Context, id AttemptID, at time.Time) error {
	return s.mark(ctx, id, at, "sent_at = case when finished_at is null then coalesce(sent_at, $2) else sent_at end")
}

// MarkAcked records the switch's ACK; it implies MarkSent.
func (s *Store) MarkAcked(ctx context.Context, id AttemptID, at time.Time) error {
	return s.mark(ctx, id, at, "sent_at = case when finished_at is null then coalesce(sent_at, $2) else sent_at end, acked_at = case when finished_at is null then coalesce(acked_at, $2) else acked_at end")
}

// mark takes the transmission's row before the attempt's, as Finish does; the count makes the database do so. To compare open_attempt
// with = would let it be planned as a walk over the index of what is under way, which is mostly full of what was. It does not wait for the disk: a mark that a
// crash of the database takes back leaves an attempt that is under way, whose outcome is unknown with the mark or without. An attempt that has ended is not
// marked any more: the ledger has sealed it.
func (s *Store) mark(ctx context.Context, id AttemptID, at time.Time, what string) error {
	tag, err := s.marks.Exec(ctx, `
		with t as (
			update transmission set state = 'sent', changed_at = $2
			where id = (select transmission_id from attempt where id = $1) and open_attempt is not distinct from $1 and state = 'sending' returning id)
		update attempt set `+what+" where id = $1 and (select count(*) from t) >= 0", int64(id), at)
	if err != nil {
		return fmt.Errorf("mark attempt %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	return nil
}

// AttemptByControl finds the attempt that a control number belongs to; ErrNotFound.
func (s *Store) AttemptByControl(ctx context.Context, control string) (AttemptRef, error) {
	return one(ctx, s.pool, func(row pgx.CollectableRow) (a AttemptRef, err error) {
		err = row.Scan(&a.ID, &a.Transmission, &a.Purpose, &a.Line, &a.At, &a.Verdict)
		return a, err
	}, "find an attempt", "select id, transmission_id, purpose, line, at, verdict from attempt where control = $1", control)
}

// Hold sets a ready or unknown transmission aside for a person, without an attempt. ErrNotReady while an attempt is under way. An entry is not held, but
// looked at again, when more of its order has come than it was judged by.
func (s *Store) Hold(ctx context.Context, id TransmissionID, h Hold) error {
	return s.change(ctx, id, func(c *change) error {
		switch {
		case c.openAttempt != 0:
			return ErrNotReady
		case c.state != StateReady && c.state != StateUnknown:
			return c.refuse("held")
		}
		if c.isCorrected(h.Seen) {
			c.correct(h.At)
			return nil
		}
		c.move(StateHeld, why{h.Reason, h.Field, h.Item}, h.At, h.At)
		c.audit(h.At, "hub "+s.opts.Hub, "transmission.hold", "held", h.Reason)
		return nil
	})
}

// isCorrected says that a ready entry would be held for what the court has corrected since, or in a version that came before the entry's turn.
func (c *change) isCorrected(seen int) bool {
	return c.correctable && !c.doubt && (c.version > c.entryVersion || seen != 0 && c.nextSeq > seen)
}

// correct gives an entry back to the relay with the newest version.
func (c *change) correct(at time.Time) {
	c.b.Queue("update order_ set entry_version = version where id = $1", c.orderID)
	c.again(StateReady, at, at)
	c.audit(at, "hub "+c.s.opts.Hub, "transmission.correct", "ready", "the court sent more of the order")
}

// Settle ends a ready change without sending it: CARPOS has what it says, for the reason given. ErrNotReady: another worker has it or it has moved on.
func (s *Store) Settle(ctx context.Context, id TransmissionID, reason string, at time.Time) (Finished, error) {
	var done Finished
	err := s.change(ctx, id, func(c *change) error {
		switch {
		case c.openAttempt != 0 || c.state != StateReady:
			return ErrNotReady
		case c.kind != KindModify:
			return c.refuse("settled without being sent")
		}
		c.accept(Outcome{At: at}, why{reason: reason})
		c.audit(at, "hub "+s.opts.Hub, "transmission.settle", "accepted", reason)
		done = Finished{State: c.state, Next: c.next}
		return nil
	})
	return done, err
}

// Release gives a held transmission back to the relay, with a job: ready, or unknown where an earlier sending has never been looked up.
func (s *Store) Release(ctx context.Context, id TransmissionID, who string, at time.Time) error {
	_, err := s.Act(ctx, id, Act{Verb: VerbRelease, Who: who, At: at})
	return err
}

// GiveUp ends a held transmission for good, with a person's reason. What follows it is sent, but after an entry that was given up
// nothing can follow: the order's waiting transmissions are given up with it.
func (s *Store) GiveUp(ctx context.Context, id TransmissionID, who, reason string, at time.Time) error {
	_, err := s.Act(ctx, id, Act{Verb: VerbGiveUp, Who: who, Reason: reason, At: at})
	return err
}

// Finish ends an attempt, in one transaction: its verdict, the transmission's state, FCN and NIC on the order, the audit entry, the next
// transmission and the job. A late reply counts: an attempt finished as unknown may be finished again, and an acceptance moves any
// transmission that is not final. *MoveError when the transmission's state does not allow it; nothing is changed then.
func (s *Store) Finish(ctx context.Context, id AttemptID, o Outcome) (Finished, error) {
	var done Finished
	a, err := one(ctx, s.pool, func(row pgx.CollectableRow) (a AttemptRef, err error) {
		err = row.Scan(&a.Transmission, &a.Purpose, &a.Line)
		return a, err
	}, "find an attempt", "select transmission_id, purpose, line from attempt where id = $1", int64(id))
	if err != nil {
		return done, err
	}
	a.ID = id
	err = s.change(ctx, a.Transmission, func(c *change) error {
		if err := c.finish(a, o); err != nil {
			return err
		}
		c.audit(o.At, "hub "+s.opts.Hub, "transmission.finish", string(o.Verdict), o.Text)
		done = Finished{State: c.state, Next: c.next}
		return nil
	})
	return done, err
}

// change is a transaction on one transmission, whose order and row are locked; what the decision queues is written in one round trip, with the commit.
type change struct {
	ctx context.Context
	s   *Store
	b   pgx.Batch

	id          TransmissionID
	orderID     int64
	kind        Kind
	state       TransmissionState
	doubt       bool
	openAttempt AttemptID
	ended       AttemptID // the attempt that the change ends
	open        int       // transmissions of the order that are not final
	entered     bool
	fcn         order.FCN
	tracking    order.Tracking
	// version and entryVersion are the order's newest version and the one that its entry takes to CARPOS; nextSeq counts what has come for it.
	version, entryVersion, nextSeq int
	// follows says that the order follows another one or is followed; correctable that it is an entry which a correction may still change.
	follows, correctable bool
	// following is the order's next waiting transmission, zero for none; next is set when it is made ready.
	following, next TransmissionID
	// listeners are the agencies that are told of the order's moves.
	listeners []int64
	conn      *pgx.Conn // for what only few decisions look at
}

// change locks the order and the transmission, lets decide look and queue, and commits. An error of decide changes nothing.
func (s *Store) change(ctx context.Context, id TransmissionID, decide func(*change) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("change transmission %d: %w", id, err)
	}
	defer conn.Release() // a connection within a transaction is closed, which ends that
	c := &change{ctx: ctx, s: s, id: id, conn: conn.Conn()}
	if err := c.lock(conn.Conn()); err != nil {
		return err
	}
	if err := decide(c); err != nil {
		if _, undo := conn.Exec(ctx, "rollback"); undo != nil {
			return fmt.Errorf("change transmission %d: %w", id, errors.Join(err, undo))
		}
		return err
	}
	c.wake()
	c.b.Queue("commit").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return errors.New("the transaction was rolled back")
		}
		return nil
	})
	if err := conn.SendBatch(ctx, &c.b).Close(); err != nil {
		return fmt.Errorf("change transmission %d: %w", id, err)
	}
	return nil
}

// lock takes the order's row first, as the intake does, so that nothing of this order changes until the commit.
func (c *change) lock(conn *pgx.Conn) error {
	var b pgx.Batch
	b.Queue("begin")
	b.Queue("select from order_ where id = (select order_id from transmission where id = $1) for update", int64(c.id))
	b.Queue(`select t.order_id, t.kind, t.state, t.doubt, coalesce(t.open_attempt, 0), o.open, o.entered, o.fcn, s.tracking,
			coalesce((select w.id from transmission w where w.order_id = t.order_id and w.state = 'waiting' order by w.seq limit 1), 0),
			o.version, o.entry_version, o.next_seq, `+mayCorrect+`,
			t.kind in ('ERR', 'MRR') and (o.follows <> '' or exists (select from order_ f where f.court = o.court and f.follows = o.local_id and f.test = o.test and f.follows <> ''))
		from transmission t join order_ o on o.id = t.order_id join submission s on s.id = t.submission_id where t.id = $1 for update of t`, int64(c.id)).
		QueryRow(func(row pgx.Row) error {
			return row.Scan(&c.orderID, &c.kind, &c.state, &c.doubt, &c.openAttempt, &c.open, &c.entered, &c.fcn, &c.tracking, &c.following,
				&c.version, &c.entryVersion, &c.nextSeq, &c.correctable, &c.follows)
		})
	c.queueListeners(&b)
	err := conn.SendBatch(c.ctx, &b).Close()
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("lock transmission %d: %w", c.id, err)
	}
	return nil
}

func (c *change) refuse(asked string) error {
	return &MoveError{Transmission: c.id, From: c.state, Asked: asked}
}

// why is the reason of a state, with the CARPOS field and the item of the form that it is about.
type why struct{ reason, field, item string }

// move sets the state with its reason; the attempt that was under way, if any, is so no longer. due counts where the relay is to act.
func (c *change) move(to TransmissionState, w why, at, due time.Time) {
	c.b.Queue(`update transmission set state = $2, reason = $3, field = $4, item = $5, changed_at = $6, open_attempt = null, open_since = null, open_line = '',
			class = null, claimed_until = null,
			retry_at = case when $2 in ('ready', 'unknown') then $7::timestamptz end,
			doubt = $2 = 'unknown' or $2 in ('held', 'given_up') and $8
		where id = $1`, int64(c.id), string(to), w.reason, w.field, w.item, at, due, c.doubt)
	c.state = to
}

// again gives the transmission back to the relay, with a job at the time when it is due.
func (c *change) again(to TransmissionState, at, due time.Time) {
	c.move(to, why{}, at, due)
	c.enqueue(soon(at, due), c.id)
}

// tooEarly is the longest that a job may come too early: whoever takes it finds that its transmission is due soon, and waits.
const tooEarly = time.Second

// soon is when a job comes that is due then, seen from at; zero: at once. River looks every five seconds only at jobs that have a time.
func soon(at, due time.Time) time.Time {
	if due.Sub(at) < tooEarly {
		return time.Time{}
	}
	return due
}

// enqueue makes the transmission's job; zero: at once.
func (c *change) enqueue(due time.Time, id TransmissionID) { c.insert(due, TransmitArgs{int64(id)}) }

// insert cannot fail on a job of one number; if River found a reason all the same, the commit must not happen.
func (c *change) insert(at time.Time, job river.JobArgs) {
	if err := insertJobs(c.ctx, c.s.jobs, &c.b, at, job); err != nil {
		c.b.Queue("rollback").Exec(func(pgconn.CommandTag) error { return err })
	}
}

func (c *change) audit(at time.Time, who, action, outcome, details string) {
	c.b.Queue("insert into audit (at, actor, action, object, outcome, details, order_id, attempt_id) values ($1, $2, $3, $4, $5, $6, $7, nullif($8::bigint, 0))",
		at, who, action, fmt.Sprintf("transmission %d (%s) of submission %s", c.id, c.kind, c.tracking), outcome, details, c.orderID, int64(c.ended))
}

// finish writes the verdict and does what it means.
func (c *change) finish(a AttemptRef, o Outcome) error {
	o = o.complete()
	if err := c.allow(a, o); err != nil {
		return err
	}
	c.ended = a.ID
	c.b.Queue("update attempt set verdict = $2, code = $3, text = $4, finished_at = $5 where id = $1", int64(a.ID), string(o.Verdict), o.Code, o.Text, o.At)
	if o.Inbound != 0 {
		c.b.Queue("update inbound set handled_at = $2, handled = $3 where id = $1 and handled_at is null", int64(o.Inbound), o.At, string(o.Verdict))
	}
	if c.state.Final() { // only a verdict that changes nothing comes this far
		return nil
	}
	switch o.Verdict {
	case VerdictAccepted, VerdictOnFile:
		c.accept(o, why{})
		c.clearNCIC(o.At)
	case VerdictRejected, VerdictHeld:
		if o.Verdict == VerdictRejected && c.isCorrected(0) {
			c.correct(o.At)
			break
		}
		c.doubt = c.doubt || o.Verdict == VerdictHeld && a.Purpose == PurposeSend // a reply that nobody understands may be an acceptance
		c.move(StateHeld, why{o.Text, o.Field, o.Item}, o.At, o.At)
	case VerdictGaveUp:
		c.giveUp(o.Text, o.At)
	case VerdictNotFound:
		c.again(StateReady, o.At, o.RetryAt)
	case VerdictRetry:
		if a.Purpose == PurposeLookup {
			c.again(StateUnknown, o.At, o.RetryAt)
		} else {
			c.again(StateReady, o.At, o.RetryAt)
		}
	case VerdictUnknown:
		c.again(StateUnknown, o.At, o.RetryAt)
	}
	return nil
}

// complete fills in what a person would otherwise miss.
func (o Outcome) complete() Outcome {
	if o.Text == "" {
		o.Text = string(o.Verdict)
	}
	if o.RetryAt.IsZero() {
		o.RetryAt = o.At
	}
	return o
}

// allow refuses verdicts that contradict what is known. The attempt under way may have any verdict that fits its purpose; of an earlier one, whose
// outcome was unknown, only an acceptance is news.
func (c *change) allow(a AttemptRef, o Outcome) error {
	accepted := o.Verdict == VerdictAccepted || o.Verdict == VerdictOnFile
	switch {
	case !o.Verdict.fits(a.Purpose):
		return fmt.Errorf("a verdict %q of a %s: %w", o.Verdict, a.Purpose, errVerdict)
	case accepted && c.kind == KindEnter && o.FCN == "" && c.fcn == "":
		return fmt.Errorf("an accepted entry without an FCN: %w", errVerdict)
	case c.openAttempt == a.ID:
		return nil
	case accepted && c.state == StateAccepted: // told twice: by its reply and by a look-up
		return nil
	case !accepted || c.state.Final():
		return c.refuse("finished as " + string(o.Verdict))
	}
	return nil
}

var errVerdict = errors.New("the outcome contradicts itself")

func (v Verdict) fits(p Purpose) bool {
	switch v {
	case VerdictAccepted, VerdictOnFile, VerdictRejected, VerdictRetry, VerdictUnknown, VerdictHeld:
		return p == PurposeSend || p == PurposeLookup
	case VerdictGaveUp:
		return p == PurposeSend
	case VerdictNotFound:
		return p == PurposeLookup
	}
	return false
}

// accept closes the transmission and readies the next. Another attempt that is under way finds the transmission accepted when it ends.
func (c *change) accept(o Outcome, w why) {
	c.move(StateAccepted, w, o.At, o.At)
	c.entered = c.entered || c.kind == KindEnter
	c.b.Queue(`update order_ set open = open - 1, entered = $2, fcn = case when $3 <> '' then $3 else fcn end, nic = case when $4 <> '' then $4 else nic end
		where id = $1`, c.orderID, c.entered, string(o.FCN), o.NIC)
	c.open--
	c.readyNext(o.At)
	if c.follows {
		c.insert(time.Time{}, FollowArgs{c.orderID})
	}
}

// readyNext readies the next transmission of the order, if all earlier ones are settled and CARPOS has the order.
func (c *change) readyNext(at time.Time) {
	if c.following == 0 || !c.entered {
		return
	}
	c.b.Queue(`update transmission w set state = 'ready', changed_at = $2, retry_at = $2 where w.id = $1 and w.state = 'waiting'`, int64(c.following), at)
	c.enqueue(time.Time{}, c.following)
	c.next = c.following
}

// giveUp ends the transmission, and what could only have followed its success.
func (c *change) giveUp(reason string, at time.Time) {
	c.move(StateGivenUp, why{reason: reason}, at, at)
	if c.kind != KindEnter {
		c.b.Queue("update order_ set open = open - 1 where id = $1", c.orderID)
		if c.kind == KindCancel {
			c.standAgain()
		}
		c.readyNext(at)
		return
	}
	c.b.Queue(`update transmission set state = 'given_up', reason = 'The entry of its order was given up.', changed_at = $2
		where order_id = $1 and state = 'waiting'`, c.orderID, at)
	c.b.Queue("update order_ set open = 0, relay = 'givenUp' where id = $1", c.orderID)
}

// standAgain takes an order's end back when its cancellation was given up that nobody could compare with the order when it came: it may have meant another
// order. One that was compared stands in the registry, whatever becomes of it at CARPOS.
func (c *change) standAgain() {
	c.b.Queue(`update order_ o set cancelled_by = (select min(y.submission_id) from transmission y
			where y.order_id = o.id and y.kind = 'XRR' and y.id <> $2 and y.state <> 'given_up')
		from transmission t join submission s on s.id = t.submission_id
		where o.id = $1 and t.id = $2 and t.submission_id = o.cancelled_by and s.waited_for = 'order'`, c.orderID, int64(c.id))
}

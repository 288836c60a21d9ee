package store

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river"

	"ccpor/mapping/order"
)

// NoticeQueue is the River queue of deliveries. They have one of their own, so that a court which does not answer takes no worker from the relay.
const NoticeQueue = "notices"

// DeliverArgs is the River job that delivers what an agency has not been told yet. It says "look at this agency", no more; a job that comes twice,
// or while the agency's turn is another's or its pause is not over, finds that there is nothing to do.
type DeliverArgs struct {
	AgencyID int64 `json:"agency_id"`
}

// Kind is the name of the job in River's tables.
func (DeliverArgs) Kind() string { return "deliver" }

// Listener is where an agency wants to be told of changes.
type Listener struct {
	Agency AgencyID
	ORI    order.ORI
	// URL is absolute, https, or http on the hub's own machine.
	URL string
	// Edition is the version of SOAP, "1.1" or "1.2".
	Edition string
	// Certificate is what its TLS certificate must be, or the authority's that must have issued it; nil for http only.
	Certificate *x509.Certificate
	// Active says that it is told of changes; those that happen while it is not are never told.
	Active bool
}

// ListenerStatus is how the deliveries to an agency stand.
type ListenerStatus struct {
	Listener
	// Last is the last number given, Pending how many notices are not delivered.
	Last    int64
	Pending int
	// Fails counts failed deliveries in a row; the rest says since when, why and until when there is a pause. Late says that a person was told.
	Fails        int
	FailingSince time.Time
	RetryAt      time.Time
	LastCode     string
	Late         bool
}

// Notice tells an agency of one move of a transmission that its package brought. It holds no personal data.
type Notice struct {
	id int64
	// Number counts an agency's notices from 1 without gaps, in the order of delivery. The moves of one order come in their order.
	Number   int64
	Tracking order.Tracking
	// Correlation is that of the request that brought the package.
	Correlation string
	Package     order.LocalID
	Order       order.LocalID
	Test        bool
	Kind        Kind
	State       TransmissionState
	Reason      string
	Item        string
	// FCN is CARPOS's number of the order, where the move is an acceptance.
	FCN  order.FCN
	Next Move
	At   time.Time
	// Tried counts deliveries of this notice that have failed.
	Tried int
}

// RegisterListener sets where the agency is told of changes, and ends a pause.
func (s *Store) RegisterListener(ctx context.Context, l Listener) error {
	return registerListener(ctx, s.pool, l)
}

func registerListener(ctx context.Context, in changer, l Listener) error {
	var der []byte
	if l.Certificate != nil {
		der = l.Certificate.Raw
	}
	_, err := in.Exec(ctx, `insert into listener (agency_id, active, url, edition, certificate) values ($1, $2, $3, $4, $5)
		on conflict (agency_id) do update set active = excluded.active, url = excluded.url, edition = excluded.edition, certificate = excluded.certificate, retry_at = null`,
		int64(l.Agency), l.Active, l.URL, l.Edition, der)
	if err != nil {
		return fmt.Errorf("register a listener: %w", err)
	}
	return nil
}

// SetListener is RegisterListener for people: who did it is on record. ErrNotFound: there is no such agency.
func (s *Store) SetListener(ctx context.Context, l Listener, by By, now time.Time) error {
	return s.onAgency(ctx, l.ORI, by, now, func(tx pgx.Tx, a Agency) (agencyNote, error) {
		l.Agency = a.ID
		outcome := map[bool]string{true: "set", false: "off"}[l.Active]
		details := fmt.Sprintf("%s, SOAP %s", strconv.Quote(l.URL), l.Edition)
		if l.Certificate != nil {
			details += fmt.Sprintf(", certificate sha256 %x", sha256.Sum256(l.Certificate.Raw))
		}
		return agencyNote{"agency.callback", outcome, details}, registerListener(ctx, tx, l)
	})
}

// EndPause lets the next delivery to the agency begin now.
func (s *Store) EndPause(ctx context.Context, agency AgencyID) error {
	if _, err := s.pool.Exec(ctx, "update listener set retry_at = null where agency_id = $1", int64(agency)); err != nil {
		return fmt.Errorf("end a pause: %w", err)
	}
	return nil
}

const listenerColumns = "l.agency_id, a.ori, l.active, l.url, l.edition, l.certificate"

// listenerRow reads listenerColumns.
type listenerRow struct {
	Listener
	der []byte
}

func (r *listenerRow) fields() []any {
	return []any{&r.Agency, &r.ORI, &r.Active, &r.URL, &r.Edition, &r.der}
}

func (r *listenerRow) listener() (Listener, error) {
	if len(r.der) == 0 {
		return r.Listener, nil
	}
	cert, err := x509.ParseCertificate(r.der)
	r.Certificate = cert
	return r.Listener, err
}

// Listeners tells how the deliveries stand, by ORI.
func (r *Reader) Listeners(ctx context.Context) ([]ListenerStatus, error) {
	return all(ctx, r.pool, scanListener, "list the listeners", listenersNow+" order by a.ori")
}

// ListenerOf tells how the deliveries to an agency stand; ErrNotFound where nobody has said where it is told.
func (r *Reader) ListenerOf(ctx context.Context, ori order.ORI) (ListenerStatus, error) {
	return one(ctx, r.pool, scanListener, "find the listener", listenersNow+" where a.ori = $1", string(ori))
}

const listenersNow = "select " + listenerColumns + `, l.next_number - 1, (select count(*) from notice n where n.agency_id = l.agency_id and n.delivered_at is null),
	l.fails, l.failing_since, l.retry_at, l.last_code, l.told from listener l join agency a on a.id = l.agency_id`

func scanListener(row pgx.CollectableRow) (st ListenerStatus, err error) {
	var l listenerRow
	var since, retry *time.Time
	if err = row.Scan(append(l.fields(), &st.Last, &st.Pending, &st.Fails, &since, &retry, &st.LastCode, &st.Late)...); err != nil {
		return st, err
	}
	st.FailingSince, st.RetryAt = known(since), known(retry)
	st.Listener, err = l.listener()
	return st, err
}

// Turn is a hub's right to deliver an agency's notices for a time. It is one hub's at a time, so that notices come in their order.
type Turn struct {
	Listener
	// Fails, FailingSince and Late are as in ListenerStatus.
	Fails        int
	FailingSince time.Time
	Late         bool
	term         int64
}

// TakeTurn takes the agency's turn until now + ttl. ErrNotReady: it is another's, there is a pause, or nobody listens. Hubs' clocks may differ by less than
// ttl; where they differ by more, a notice is delivered twice.
//
// The row is locked by a statement of its own first. A single update would judge a turn that ends at this moment by the row as it was, not wait, and let
// its caller go who was woken for a notice that the turn's holder has not seen.
func (s *Store) TakeTurn(ctx context.Context, agency AgencyID, now time.Time, ttl time.Duration) (t Turn, err error) {
	var b pgx.Batch
	b.Queue("select from listener where agency_id = $1 for no key update", int64(agency))
	b.Queue(`update listener l set holder = $2, term = term + 1, held_until = $4 from agency a
		where l.agency_id = $1 and a.id = l.agency_id and l.active and not a.no_callbacks and (l.held_until is null or l.held_until < $3) and (l.retry_at is null or l.retry_at <= $3)
		returning `+listenerColumns+", l.fails, l.failing_since, l.told, l.term", int64(agency), s.opts.Hub, now, now.Add(ttl)).QueryRow(func(row pgx.Row) error { return t.scan(row) })
	switch err := s.pool.SendBatch(ctx, &b).Close(); {
	case errors.Is(err, pgx.ErrNoRows):
		return t, ErrNotReady
	case err != nil:
		return t, fmt.Errorf("take the turn of a listener: %w", err)
	}
	return t, nil
}

func (t *Turn) scan(row pgx.Row) (err error) {
	var l listenerRow
	var since *time.Time
	if err = row.Scan(append(l.fields(), &t.Fails, &since, &t.Late, &t.term)...); err != nil {
		return err
	}
	t.FailingSince = known(since)
	t.Listener, err = l.listener()
	return err
}

// NextNotice is the one to deliver now, with its number, and prolongs the turn until now + ttl. ErrNotFound: all is told, and the turn has ended; whoever is woken
// by a notice that was written meanwhile finds it free. ErrLostLease: the turn is another's.
func (s *Store) NextNotice(ctx context.Context, t Turn, now time.Time, ttl time.Duration) (Notice, error) {
	var n Notice
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		id, err := t.choose(ctx, tx, now.Add(ttl), s.opts.Hub)
		if err != nil || id == 0 {
			return err
		}
		n, err = one(ctx, tx, scanNotice, "read a notice", "select "+noticeColumns+noticeTables+" where n.id = $1", id)
		return err
	})
	switch {
	case errors.Is(err, ErrLostLease):
		return n, err
	case err != nil:
		return n, fmt.Errorf("find the next notice: %w", err)
	case n.id == 0:
		return n, ErrNotFound
	}
	return n, nil
}

// choose finds the notice in delivery or numbers the next one; 0 where there is none, and then the turn ends. The listener's row is locked before the look, so
// that a notice committed later wakes somebody who finds the turn free.
func (t Turn) choose(ctx context.Context, tx pgx.Tx, until time.Time, hub string) (int64, error) {
	current, err := one(ctx, tx, pgx.RowTo[int64], "prolong the turn",
		"update listener set held_until = $4 where agency_id = $1 and holder = $2 and term = $3 returning coalesce(notice_id, 0)", int64(t.Agency), hub, t.term, until)
	if errors.Is(err, ErrNotFound) {
		return 0, ErrLostLease
	}
	if err != nil || current != 0 {
		return current, err
	}
	next, err := one(ctx, tx, pgx.RowTo[int64], "number a notice", `
		with n as (
			update notice set number = (select next_number from listener where agency_id = $1)
			where id = (select id from notice where agency_id = $1 and delivered_at is null order by id limit 1) returning id)
		update listener set notice_id = n.id, next_number = next_number + 1 from n where agency_id = $1 returning n.id`, int64(t.Agency))
	if errors.Is(err, ErrNotFound) {
		_, err = tx.Exec(ctx, "update listener set holder = '', held_until = null where agency_id = $1", int64(t.Agency))
	}
	return next, err
}

const (
	noticeColumns = "n.id, coalesce(n.number, 0), s.tracking, s.correlation, s.package, o.local_id, t.test, t.kind, n.state, n.reason, n.item, case n.state when 'accepted' then o.fcn else '' end, s.not_owed, n.tries, n.at, n.tried"
	noticeTables  = " from notice n join transmission t on t.id = n.transmission_id join submission s on s.id = n.submission_id join order_ o on o.id = t.order_id"
)

func scanNotice(row pgx.CollectableRow) (n Notice, err error) {
	var not NotOwed
	var tries int
	err = row.Scan(&n.id, &n.Number, &n.Tracking, &n.Correlation, &n.Package, &n.Order, &n.Test, &n.Kind, &n.State, &n.Reason, &n.Item, &n.FCN, &not, &tries, &n.At, &n.Tried)
	n.At, n.Next = n.At.UTC(), nextMove(SubmissionAccepted, not, n.State, tries)
	return n, err
}

// Notices lists an agency's notices by the order of their writing, at most limit, those after the given number of delivered ones first.
func (r *Reader) Notices(ctx context.Context, agency AgencyID, limit int) ([]Notice, error) {
	return all(ctx, r.pool, scanNotice, "list notices", "select "+noticeColumns+noticeTables+" where n.agency_id = $1 order by n.number nulls last, n.id limit $2", int64(agency), limit)
}

// Delivered records that the agency has confirmed the notice, as a reading of what it tells; failures are forgotten. ErrLostLease.
func (s *Store) Delivered(ctx context.Context, t Turn, n Notice, at time.Time) error {
	return s.settle(ctx, "record a delivery", `
		with l as (
			update listener set notice_id = null, fails = 0, failing_since = null, retry_at = null, last_code = '', told = false
			where agency_id = $1 and holder = $2 and term = $3 and notice_id = $4 returning agency_id),
		seen as (
			insert into audit (at, actor, action, object, outcome, details) select $5, $6, 'submission.tell', $7, 'delivered', $8 from l)
		update notice set delivered_at = $5 from l where id = $4`, int64(t.Agency), s.opts.Hub, t.term, n.id,
		at, "agency "+string(t.ORI), "submission "+string(n.Tracking), fmt.Sprintf("notice %d: %s %s", n.Number, n.Kind, n.State))
}

// Undelivered records a failure by its code, begins a pause until retryAt, and ends the turn. late says that a person is told now or was before. ErrLostLease.
func (s *Store) Undelivered(ctx context.Context, t Turn, n Notice, code string, at, retryAt time.Time, late bool) error {
	return s.settle(ctx, "record a failed delivery", `
		with l as (
			update listener set holder = '', held_until = null, fails = fails + 1, failing_since = coalesce(failing_since, $5), retry_at = $6, last_code = $7, told = $8
			where agency_id = $1 and holder = $2 and term = $3 and notice_id = $4 returning agency_id)
		update notice set tried = tried + 1 from l where id = $4`, int64(t.Agency), s.opts.Hub, t.term, n.id, at, retryAt, code, late)
}

// EndTurn lets go of the turn, with or without something left. A turn that is lost already is no error.
func (s *Store) EndTurn(ctx context.Context, t Turn) error {
	_, err := s.pool.Exec(ctx, "update listener set holder = '', held_until = null where agency_id = $1 and holder = $2 and term = $3", int64(t.Agency), s.opts.Hub, t.term)
	if err != nil {
		return fmt.Errorf("end the turn of a listener: %w", err)
	}
	return nil
}

func (s *Store) settle(ctx context.Context, doing, sql string, args ...any) error {
	tag, err := s.pool.Exec(ctx, sql, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if tag.RowsAffected() == 0 {
		return ErrLostLease
	}
	return nil
}

// DueListeners are the agencies with something to deliver now, whose turn is nobody's: what a hub left behind when it died, and what nobody was woken for.
func (s *Store) DueListeners(ctx context.Context, now time.Time) ([]AgencyID, error) {
	return all(ctx, s.pool, pgx.RowTo[AgencyID], "find due listeners", `select agency_id from listener l join agency a on a.id = l.agency_id
		where active and not a.no_callbacks and (held_until is null or held_until < $1) and (retry_at is null or retry_at <= $1)
			and exists (select from notice n where n.agency_id = l.agency_id and n.delivered_at is null) order by agency_id`, now)
}

// queueListeners asks who is told of the order's moves.
func (c *change) queueListeners(b *pgx.Batch) {
	b.Queue(`select distinct s.agency_id from transmission t join transmission o on o.order_id = t.order_id join submission s on s.id = o.submission_id
		join listener l on l.agency_id = s.agency_id join agency a on a.id = l.agency_id where t.id = $1 and l.active and not a.no_callbacks order by 1`, int64(c.id)).Query(func(rows pgx.Rows) (err error) {
		c.listeners, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
}

// wake makes a job for each agency that is told of a move; the database writes the notices themselves. The job is committed with the move, so that nobody
// looks before there is something to see.
func (c *change) wake() {
	if len(c.listeners) == 0 {
		return
	}
	params := make([]river.InsertManyParams, len(c.listeners))
	for i, id := range c.listeners {
		params[i] = river.InsertManyParams{Args: DeliverArgs{id}, InsertOpts: &river.InsertOpts{Queue: NoticeQueue}}
	}
	if _, err := c.s.jobs.InsertManyTx(c.ctx, batchTx{batch: &c.b}, params); err != nil {
		c.b.Queue("rollback").Exec(func(pgconn.CommandTag) error { return fmt.Errorf("enqueue a delivery: %w", err) })
	}
}

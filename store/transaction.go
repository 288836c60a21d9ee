package store

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river"

	"ccpor/mapping/order"
)

// transaction is one shared transaction of the intake, in three round trips, each a pipeline of statements over all packages:
// look (what is known of these names, and numbers for new rows), lock (the order rows, made where they are missing), write (everything, and commit).
type transaction struct {
	conn *pgx.Conn
	jobs *river.Client[pgx.Tx]
	opts Options
	// requests are those still to be written: answered ones leave.
	requests []*request
	answers  map[*request]answer
	added    map[*request]int64 // the submission that added the order before, for packages that add it again
	loose    []int64            // orders that turned out not to be owed while something waits for them
	held     []heldEntry        // entries that are held, of orders of which a package brings more
	naming   *naming
	named    namedRows
}

func newTransaction(conn *pgx.Conn, jobs *river.Client[pgx.Tx], opts Options, n *naming, batch []*request) *transaction {
	return &transaction{conn: conn, jobs: jobs, opts: opts, naming: n, requests: slices.Clone(batch),
		answers: make(map[*request]answer, len(batch)), added: map[*request]int64{}}
}

func (t *transaction) run(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{{"look", t.look}, {"lock the orders", t.lock}, {"write", t.write}} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// send runs a pipeline and hands its results to the functions that its statements were queued with.
func (t *transaction) send(ctx context.Context, b *pgx.Batch) error {
	return t.conn.SendBatch(ctx, b).Close()
}

// settle answers a request, which is written no further.
func (t *transaction) settle(r *request, a answer) {
	t.answers[r] = a
	t.requests = slices.DeleteFunc(t.requests, func(o *request) bool { return o == r })
}

// look begins the transaction, finds packages and OCAs that are known, and draws numbers.
func (t *transaction) look(ctx context.Context) error {
	var b pgx.Batch
	b.Queue("begin")
	t.drawNumbers(&b)
	taken := t.findOCAs(&b)
	known := t.findPackages(&b)
	if err := t.send(ctx, &b); err != nil {
		return err
	}
	for _, r := range slices.Clone(t.requests) {
		if first, ok := known[r.key()]; ok {
			t.settle(r, first.answer(r.entry))
			continue
		}
		if r.Action == ActionAdd {
			r.chooseOCA(taken)
		}
	}
	return nil
}

func (t *transaction) drawNumbers(b *pgx.Batch) {
	b.Queue("select nextval('submission_id'), nextval('transmission_id') from generate_series(1, $1::int)", len(t.requests)).
		Query(func(rows pgx.Rows) error {
			i := 0
			var submission, transmission int64
			_, err := pgx.ForEachRow(rows, []any{&submission, &transmission}, func() error {
				t.requests[i].submission, t.requests[i].transmission = submission, transmission
				i++
				return nil
			})
			return err
		})
}

func (t *transaction) findOCAs(b *pgx.Batch) map[string]bool {
	var wanted []string
	for _, r := range t.requests {
		if r.Action == ActionAdd {
			wanted = append(wanted, r.ocas[:]...)
		}
	}
	taken := map[string]bool{}
	if len(wanted) == 0 {
		return taken
	}
	b.Queue("select oca from oca where oca = any($1)", wanted).Query(func(rows pgx.Rows) error {
		var oca string
		_, err := pgx.ForEachRow(rows, []any{&oca}, func() error { taken[oca] = true; return nil })
		return err
	})
	return taken
}

// chooseOCA takes the first candidate that is free in the ledger and in this batch. Were all taken, the insert would fail and the
// package be tried again with another tracking number.
func (e *entry) chooseOCA(taken map[string]bool) {
	for _, oca := range e.ocas {
		if e.oca = oca; !taken[oca] {
			break
		}
	}
	taken[e.oca] = true
}

// first is what is kept of a package that was accepted before.
type first struct {
	key               packageKey
	tracking          order.Tracking
	at                time.Time
	digest, canonical []byte
	due               *time.Time
	rule              string
	notOwed           NotOwed
	waitedFor         waitedFor
}

// firstColumns are the columns of submission s that make a first.
const firstColumns = "s.agency_id, s.package, s.test, s.tracking, s.received_at, s.digest, s.canonical, s.due, s.due_rule, s.not_owed, s.waited_for"

func scanFirst(row pgx.CollectableRow) (f first, err error) {
	err = row.Scan(&f.key.agency, &f.key.id, &f.key.test, &f.tracking, &f.at, &f.digest, &f.canonical, &f.due, &f.rule, &f.notOwed, &f.waitedFor)
	return f, err
}

func (t *transaction) findPackages(b *pgx.Batch) map[packageKey]first {
	known := map[packageKey]first{}
	agencies, packages, tests := make([]int64, len(t.requests)), make([]string, len(t.requests)), make([]bool, len(t.requests))
	for i, r := range t.requests {
		agencies[i], packages[i], tests[i] = int64(r.Agency.ID), string(r.Package), r.test
	}
	// Lateral, and offset 0 to keep it so: a join would be planned while the table is empty, as a walk over its whole index for each batch.
	b.Queue("select "+firstColumns+` from unnest($1::bigint[], $2::text[], $3::bool[]) as k (agency_id, package, test)
		cross join lateral (select * from submission where agency_id = k.agency_id and package = k.package and test = k.test and state = 'accepted' offset 0) s`, agencies, packages, tests).
		Query(func(rows pgx.Rows) error {
			found, err := pgx.CollectRows(rows, scanFirst)
			for _, f := range found {
				known[f.key] = f
			}
			return err
		})
	return known
}

// answer is the first receipt again, or the conflict. When the tracking number is the entry's own, this hub committed it
// a moment ago and only lost the database's answer.
func (f first) answer(e *entry) answer {
	if string(f.canonical) != string(e.Canonical[:]) {
		return answer{err: &ConflictError{Package: e.Package, Tracking: f.tracking}}
	}
	r := Receipt{Tracking: f.tracking, At: f.at.UTC(), Rule: f.rule, State: SubmissionAccepted, Duplicate: f.tracking != e.tracking,
		Owed: f.notOwed == "", NotOwed: f.notOwed, Waits: f.waitedFor.waits(e.Action)}
	copy(r.Digest[:], f.digest)
	if f.due != nil {
		r.Due = f.due.UTC()
	}
	return answer{receipt: r}
}

// lockOrders makes or locks the order rows, in the order of their keys. What the row becomes depends on what it was, which only the row itself
// knows once it is locked: so the cases stand here. In excluded, only an order that is added has added_by; open is 1 where the
// package alone would be owed; next_seq and next_version are 3 where the package takes a number. The result tells whether an order was added
// before: then added_by is another submission, and nothing else has changed.
const lockOrders = `
insert into order_ (court, local_id, test, added_by, agency_id, version, next_seq, open, relay, entered, oca, fcn, nic, next_version, follows, imaged, attached, cancelled_by)
select court, local_id, test, nullif(added_by, 0), nullif(agency_id, 0), version, next_seq, open, relay, false, oca, '', '', next_version, follows, imaged, attached, nullif(cancelled_by, 0)
from unnest($1::text[], $2::text[], $3::bool[], $4::bigint[], $5::bigint[], $6::int[], $7::int[], $8::int[], $9::text[], $10::text[],
            $11::int[], $12::text[], $13::bool[], $14::bool[], $15::bigint[])
     as n (court, local_id, test, added_by, agency_id, version, next_seq, open, relay, oca, next_version, follows, imaged, attached, cancelled_by)
on conflict on constraint order_identity do update set
    added_by  = coalesce(order_.added_by, excluded.added_by),
    agency_id = coalesce(order_.agency_id, excluded.agency_id),
    version   = case when coalesce(order_.added_by, excluded.added_by) is null then 0 else order_.next_version + excluded.next_version - 3 end,
    next_seq  = order_.next_seq + excluded.next_seq - 2,
    relay     = case when order_.relay = 'unknown' then excluded.relay else order_.relay end,
    oca       = case when order_.oca = '' then excluded.oca else order_.oca end,
    open      = case when excluded.added_by is null
                          then order_.open + case when order_.relay in ('unknown', 'owed') then excluded.open else 0 end
                     when order_.added_by is not null then order_.open
                     when excluded.relay = 'owed' then order_.open + 1
                     else 0 end,
    next_version = order_.next_version + excluded.next_version - 2,
    follows      = case when excluded.follows = '' or (excluded.added_by is not null and (order_.added_by is not null or order_.follows <> ''))
                        then order_.follows else excluded.follows end,
    imaged       = order_.imaged or (excluded.imaged and (excluded.added_by is null or order_.added_by is null)),
    attached     = order_.attached or (excluded.attached and order_.added_by is null),
    cancelled_by = coalesce(order_.cancelled_by, excluded.cancelled_by)
returning id, court, local_id, test, coalesce(added_by, 0), next_seq, open, relay, entered, next_version, attached`

// lock locks the orders and decides what becomes of each package.
func (t *transaction) lock(ctx context.Context) error {
	if len(t.requests) == 0 {
		return nil
	}
	slices.SortFunc(t.requests, func(a, b *request) int { return a.order.compare(b.order) })
	var b pgx.Batch
	var rows orderRows
	byKey := make(map[orderKey]*request, len(t.requests))
	for _, r := range t.requests {
		rows.add(r.entry, t.opts)
		byKey[r.order] = r
	}
	b.Queue(lockOrders, rows.args()...).Query(func(rows pgx.Rows) error {
		var o locked
		_, err := pgx.ForEachRow(rows, o.fields(), func() error {
			t.decide(byKey[o.key], o)
			return nil
		})
		return err
	})
	t.findHeld(&b)
	if err := t.send(ctx, &b); err != nil {
		return err
	}
	return t.tellExisting(ctx)
}

func (k orderKey) compare(o orderKey) int {
	if c := cmp.Or(cmp.Compare(k.court, o.court), cmp.Compare(k.id, o.id)); c != 0 {
		return c
	}
	switch {
	case k.test == o.test:
		return 0
	case o.test:
		return -1
	}
	return 1
}

// locked is an order's row as it has become.
type locked struct {
	id      int64
	key     orderKey
	addedBy int64
	nextSeq int
	open    int
	relay   string
	entered bool
	// nextVersion counts the versions, also those that came before version 1; attached says that something was attached before it.
	nextVersion int
	attached    bool
}

func (o *locked) fields() []any {
	return []any{&o.id, &o.key.court, &o.key.id, &o.key.test, &o.addedBy, &o.nextSeq, &o.open, &o.relay, &o.entered, &o.nextVersion, &o.attached}
}

// The relay states of an order: whether its transactions go to CARPOS.
const (
	relayUnknown = "unknown" // it has not come yet
	relayOwed    = "owed"
	relayNotOwed = "notOwed"
	relayGivenUp = "givenUp" // its entry was given up
)

// decide says what becomes of a package, now that its order is locked.
func (t *transaction) decide(r *request, o locked) {
	r.orderID, r.notOwed, r.state, r.waitedFor = o.id, r.ownNotOwed(t.opts), "", ""
	switch {
	case r.Action != ActionAdd:
		r.decideLater(o)
	case o.addedBy != r.submission:
		t.added[r] = o.addedBy
	default:
		r.decideAdded(o)
		if r.notOwed != "" && o.nextSeq > 2 {
			t.loose = append(t.loose, o.id)
		}
	}
}

// decideAdded is about an order that is new.
func (e *entry) decideAdded(o locked) {
	e.seq, e.version = 1, 1
	if e.notOwed == "" {
		e.state = StateReady
	}
	e.completes = o.attached
}

// decideLater is about everything that follows an order, and may come before it.
func (e *entry) decideLater(o locked) {
	e.seq, e.version = o.nextSeq-1, o.nextVersion-1
	e.lacksData = e.Action == ActionAttach && o.relay == relayUnknown
	switch {
	case e.notOwed == NotOwedImage:
		if o.relay == relayUnknown {
			e.waitedFor = waitedForOrder
		}
	case e.notOwed != "":
	case o.relay == relayNotOwed:
		e.notOwed = NotOwedOrder
	case o.relay == relayGivenUp:
		e.notOwed = NotOwedGivenUp
	case o.entered && o.open == 1: // its own
		e.state = StateReady
	case o.relay == relayUnknown:
		e.state, e.waitedFor = StateWaiting, waitedForOrder
	default:
		e.state, e.waitedFor = StateWaiting, waitedForEarlier
	}
}

// ownNotOwed is why nothing is owed for the package, whatever its order.
func (e *entry) ownNotOwed(opts Options) NotOwed {
	switch {
	case e.Action == ActionAttach && e.Confidential == nil:
		return NotOwedImage
	case !e.Agency.Submits:
		return NotOwedAgency
	case e.test && !opts.TestSwitch:
		return NotOwedTest
	}
	return ""
}

// tellExisting answers packages whose order was added before: by the same package, while this transaction waited for the order's row, or by another.
func (t *transaction) tellExisting(ctx context.Context) error {
	for r, submission := range t.added {
		rows, err := t.conn.Query(ctx, "select "+firstColumns+" from submission s where s.id = $1", submission)
		if err != nil {
			return err
		}
		f, err := pgx.CollectExactlyOneRow(rows, scanFirst)
		if err != nil {
			return err
		}
		if f.key == r.key() {
			t.settle(r, f.answer(r.entry))
			continue
		}
		t.settle(r, answer{err: &OrderExistsError{Court: order.ORI(r.order.court), Order: order.LocalID(r.order.id), Tracking: f.tracking}})
	}
	return nil
}

// write inserts all rows and commits.
func (t *transaction) write(ctx context.Context) error {
	var b pgx.Batch
	if err := t.queueRows(ctx, &b); err != nil {
		return err
	}
	b.Queue("commit").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return errors.New("the transaction was rolled back")
		}
		return nil
	})
	if err := t.send(ctx, &b); err != nil {
		return err
	}
	t.naming.remember(t.named.words)
	for _, r := range t.requests {
		t.answers[r] = answer{receipt: r.receipt()}
	}
	return nil
}

// queueRows queues the inserts by table. Names that another hub may be giving at this moment come in one order: packages, OCAs, images.
func (t *transaction) queueRows(ctx context.Context, b *pgx.Batch) error {
	if len(t.requests) == 0 {
		return nil
	}
	slices.SortFunc(t.requests, func(a, b *request) int {
		return cmp.Or(cmp.Compare(a.Agency.ID, b.Agency.ID), cmp.Compare(a.Package, b.Package))
	})
	t.queueSubmissions(b)
	t.queueVersions(b)
	t.queueParties(b)
	if t.opts.Images == nil {
		t.queueContents(b)
	}
	t.queueImages(b)
	t.queueServices(b)
	t.queueUnserved(b)
	t.queueCancellations(b)
	t.queueSupplements(b)
	t.queueConfidential(b)
	t.queueTransmissions(b)
	t.queueLoose(b)
	t.queueTasks(b)
	ready := t.queueHeld(b)
	t.queueNamed(b)
	for _, r := range t.requests {
		if r.state == StateReady {
			ready = append(ready, TransmissionID(r.transmission))
		}
	}
	return enqueue(ctx, t.jobs, b, time.Time{}, ready...)
}

func (e *entry) receipt() Receipt {
	return Receipt{Tracking: e.tracking, At: e.Received.At, Digest: e.Received.Digest, Due: e.Deadline.Due, Rule: e.Deadline.Rule, State: SubmissionAccepted,
		Owed: e.notOwed == "", NotOwed: e.notOwed, Waits: e.waitedFor.waits(e.Action)}
}

// queueLoose gives up what waited for orders that are not owed.
func (t *transaction) queueLoose(b *pgx.Batch) {
	if len(t.loose) == 0 {
		return
	}
	b.Queue(`with given_up as (
			update transmission set state = 'given_up', reason = 'The order came, and nothing is owed to CARPOS for it.', changed_at = $2
			where order_id = any($1) and state = 'waiting' returning submission_id)
		update submission set not_owed = 'order' where id in (select submission_id from given_up)`, t.loose, t.requests[0].Received.At)
}

// whoSent names the sender in the audit log, about what the package says.
func (e *entry) whoSent() string { return e.Received.Replay.by() + "agency " + string(e.Agency.ORI) }
func (e *entry) about() string {
	return fmt.Sprintf("%s order %s/%s by package %s, sha256 %s", e.Action, e.order.court, e.order.id, e.Package, hex.EncodeToString(e.Canonical[:]))
}

package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// Mark is a place in the list of an agency's submissions; its zero value is the beginning. It is given out as a text that means nothing to its holder.
type Mark struct{ written, number uint64 }

// ErrMark says that a text is no mark.
var ErrMark = errors.New("this is no place in a list")

// String is the mark as it is given out; the beginning is the empty text.
func (m Mark) String() string {
	if m == (Mark{}) {
		return ""
	}
	return strconv.FormatUint(m.written, 36) + "-" + strconv.FormatUint(m.number, 36)
}

// ParseMark reads what String wrote; the error is ErrMark.
func ParseMark(s string) (Mark, error) {
	if s == "" {
		return Mark{}, nil
	}
	a, b, ok := strings.Cut(s, "-")
	written, err := strconv.ParseUint(a, 36, 64)
	number, err2 := strconv.ParseUint(b, 36, 63)
	if !ok || err != nil || err2 != nil {
		return Mark{}, ErrMark
	}
	return Mark{written, number}, nil
}

// ListQuery asks for submissions within reach.
type ListQuery struct {
	Reach
	Since Mark
	// State and Action leave out others; empty for all.
	State  SubmissionState
	Action Action
	// From leaves out what was received before; zero for all.
	From time.Time
	// Except are stages at which questions are refused: such a refusal is kept like any other, and is no submission.
	Except []string
	Limit  int
}

// Page is a part of a list. Next is where to go on; More says that there is more now.
type Page struct {
	Submissions []Summary
	Next        Mark
	More        bool
}

// List reads an agency's submissions in the order in which they were written, from a mark on. Only what is older than every transaction still under way is
// told, so that going on from Next never skips one, however transactions overlap; a submission shows up when the last transaction that was under way with
// it has ended.
func (r *Reader) List(ctx context.Context, q ListQuery) (Page, error) {
	type marked struct {
		Summary
		at Mark
	}
	found, err := all(ctx, r.pool, func(row pgx.CollectableRow) (m marked, err error) {
		var due *time.Time
		var not NotOwed
		var tries int
		var number, written int64
		err = row.Scan(&number, &written, &m.Tracking, &m.AgencyORI, &m.AgencyName, &m.Package, &m.Action, &m.Test, &m.State, &m.ReceivedAt, &due, &m.RefusedCode, &not, &m.Transmission, &tries)
		m.Number, m.at = number, Mark{uint64(written), uint64(number)}
		m.ReceivedAt, m.Due = m.ReceivedAt.UTC(), known(due)
		m.Owed = m.State == SubmissionAccepted && not == ""
		m.Next = nextMove(m.State, not, m.Transmission, tries)
		return m, err
	}, "list an agency's submissions", `
		select s.id, s.written::text::bigint, s.tracking, a.ori, a.name, s.package, s.action, s.test, s.state, s.received_at, s.due, s.refused_code, s.not_owed, coalesce(t.state, ''), coalesce(t.tries, 0)
		from (select s.* from submission s join agency a on a.id = s.agency_id where `+reached+` and (s.written, s.id) > ($3::text::xid8, $4::bigint) and s.written < pg_snapshot_xmin(pg_current_snapshot())
				and $5 in ('', s.state) and $6 in ('', s.action) and ($8::timestamptz is null or s.received_at >= $8) and s.refused_stage <> all(coalesce($9::text[], '{}')) order by s.written, s.id limit $7) as s
		join agency a on a.id = s.agency_id
		left join lateral (select x.state, x.tries from transmission x where x.order_id = s.order_id and x.submission_id = s.id and `+ofPackage("x")+` order by x.seq desc limit 1) t on true
		order by s.written, s.id`,
		int64(q.Agency), q.Test, strconv.FormatUint(q.Since.written, 10), int64(q.Since.number), string(q.State), string(q.Action), q.Limit+1, moment(q.From), q.Except)
	if err != nil {
		return Page{}, err
	}
	p := Page{Next: q.Since, More: len(found) > q.Limit}
	for _, m := range found[:min(len(found), q.Limit)] {
		p.Submissions, p.Next = append(p.Submissions, m.Summary), m.at
	}
	return p, nil
}

// OrderQuery asks for orders by what they say. Fields that are empty do not count; a surname, a case number or an FCN is needed.
type OrderQuery struct {
	// Surname and Given are compared without regard to case and accents; with Prefix, names that begin so are found too.
	Surname, Given string
	Prefix         bool
	// Side is restrained (with its other names) or protected; empty for both.
	Side Side
	Born order.Date // of the restrained person
	Case order.CaseNumber
	FCN  order.FCN
	Test bool
	// After goes on with a list behind an order that was found; its zero value begins it.
	After OrderPlace
	// Limit is how many are read; who asks decides what is shown of them.
	Limit int
}

// Side is a side of an order.
type Side string

// The sides.
const (
	SideRestrained Side = "restrained"
	SideProtected  Side = "protected"
)

// ErrTooWide says that a question names nothing by which orders are found.
var ErrTooWide = errors.New("a surname, a case number or an FCN is needed")

// FoundOrder is an order as a search finds it.
type FoundOrder struct {
	Known
	// AddedBy is the agency that added it, Served whether a proof of service has come or the order says that it needs none.
	AddedBy AgencyID
	Served  bool
	Test    bool
	// AsOf is the moment of which this is told; zero: now.
	AsOf time.Time
	key  int64
}

// foundColumns are the columns of order_ o, its current version v and its cancellation c that FoundOrder.scan reads.
const foundColumns = `o.id, v.document, (select y.tracking from submission y where y.id = v.submission_id), c.document, (select y.tracking from submission y where y.id = c.submission_id),
	v.version, o.oca, o.fcn, coalesce(o.agency_id, 0), o.test, ` + isServed

func (s safe) scanFound(ctx context.Context) pgx.RowToFunc[FoundOrder] {
	return func(row pgx.CollectableRow) (f FoundOrder, err error) {
		err = f.scan(ctx, row, s)
		return f, err
	}
}

// scan reads foundColumns, and others behind them.
func (f *FoundOrder) scan(ctx context.Context, row pgx.CollectableRow, by safe, others ...any) error {
	var document, cancelled sealed
	fields := append([]any{&f.key}, fieldsOfAll(&document, &cancelled)...)
	if err := row.Scan(append(append(fields, &f.Version, &f.OCA, &f.FCN, &f.AddedBy, &f.Test, &f.Served), others...)...); err != nil {
		return err
	}
	err := errors.Join(by.openInto(ctx, inVersion, document, &f.Order), openIfThere(ctx, by, inCancellation, cancelled, &f.Cancelled))
	f.Served = f.Served || saysServed(&f.Order)
	return err
}

// beyond is above every character that a name can begin with.
const beyond = "\U0010FFFF"

// FindOrders reads the newest versions of the orders that fit, newest issue first. ErrTooWide.
func (r *Reader) FindOrders(ctx context.Context, q OrderQuery) ([]FoundOrder, error) {
	if q.Surname == "" && q.Case == "" && q.FCN == "" {
		return nil, ErrTooWide
	}
	surname, given := fold(q.Surname), fold(q.Given)
	to, givenTo := surname, given
	if q.Prefix {
		to, givenTo = surname+beyond, given+beyond
	}
	return all(ctx, r.pool, r.scanFound(ctx), "find orders", `
		with k as (
			select order_id, version from order_version where $1 <> '' and $5 in ('', 'restrained') and surname ~>=~ $1 and surname ~<=~ $2
				and ($3 = '' or given ~>=~ $3 and given ~<=~ $4)
			union
			select order_id, version from party where $1 <> '' and $5 in ('', case role when 'alias' then 'restrained' else role end) and surname ~>=~ $1 and surname ~<=~ $2
				and ($3 = '' or given ~>=~ $3 and given ~<=~ $4)
			union
			select order_id, version from order_version where $1 = '' and $7 <> '' and case_number = $7
			union
			select o.id, o.version from order_ o where $1 = '' and $7 = '' and $8 <> '' and o.fcn = $8)
		select `+foundColumns+` from k join order_ o on o.id = k.order_id and o.version = k.version
		join order_version v on v.order_id = o.id and v.version = o.version left join cancellation c on c.submission_id = o.cancelled_by
		where o.test = $9 and ($6::date is null or v.born = $6) and $7 in ('', v.case_number) and $8 in ('', o.fcn)
			and ($11::bigint = 0 or (coalesce(v.issued, '-infinity'), o.id) < ($12::date, $11::bigint))
		order by v.issued desc nulls last, o.id desc limit $10`,
		surname, to, given, givenTo, string(q.Side), day(&q.Born), string(q.Case), string(q.FCN), q.Test, q.Limit, q.After.number, q.After.day())
}

// FindOrder reads one order by its court and that court's own identification; ErrNotFound.
func (r *Reader) FindOrder(ctx context.Context, court order.ORI, id order.LocalID, test bool) (FoundOrder, error) {
	return one(ctx, r.pool, r.scanFound(ctx), "find the order", "select "+foundColumns+` from order_ o
		join order_version v on v.order_id = o.id and v.version = o.version left join cancellation c on c.submission_id = o.cancelled_by
		where o.court = $1 and o.local_id = $2 and o.test = $3`, string(court), string(id), test)
}

// History is what became of an order, each list in the order in which it came.
type History struct {
	Versions  []Version
	Services  []ServiceEntry
	Images    []ImageRef
	Followers []order.LocalID // orders of the same court that name this one as the one they follow
}

// submissionsOfOrder are the submissions that brought something of the order $1. One that ends it by adding an order which follows it is that order's alone: whoever
// may see the earlier one need not be allowed to see the later.
const submissionsOfOrder = `select submission_id from order_version where order_id = $1 union select submission_id from service where order_id = $1
	union select x.submission_id from cancellation x join submission y on y.id = x.submission_id and y.order_id = x.order_id where x.order_id = $1 union select submission_id from supplement where order_id = $1`

// Version is one version of an order.
type Version struct {
	Number       int
	Tracking     order.Tracking
	ReceivedAt   time.Time
	Modification *order.Modification // nil for the order as it was added
}

// ServiceEntry is one proof of service; without a Tracking no package brought it.
type ServiceEntry struct {
	Tracking order.Tracking
	// Recorded is the number of a service that was recorded here, RecordedBy who did it; 0: it came by package, or is what CARPOS reported of another agency's service.
	Recorded   RecordedID
	RecordedBy string
	// At is when the hub came to know of it.
	At time.Time
	order.Service
}

// History reads what became of a found order, up to the moment of which that tells.
func (r *Reader) History(ctx context.Context, f FoundOrder) (History, error) {
	var h History
	var b pgx.Batch
	until := f.until()
	collect(&b, &h.Versions, r.scanVersion(ctx), `select v.version, s.tracking, s.received_at, v.modification from order_version v join submission s on s.id = v.submission_id
		where v.order_id = $1 and s.received_at <= $2 order by v.version`, f.key, until)
	collect(&b, &h.Services, r.scanService(ctx), servicesOfOrder, f.key, until)
	collect(&b, &h.Images, scanImage, "select "+imageColumns+" from ("+submissionsOfOrder+`) k join submission s on s.id = k.submission_id
		join image i on i.submission_id = s.id where s.received_at <= $2 order by s.id, i.n`, f.key, until)
	collect(&b, &h.Followers, pgx.RowTo[order.LocalID], `select n.local_id from order_ o join order_ n on n.court = o.court and n.follows = o.local_id and n.test = o.test
		join submission s on s.id = n.added_by where o.id = $1 and n.follows <> '' and s.received_at <= $2 order by n.id`, f.key, until)
	if err := r.pool.SendBatch(ctx, &b).Close(); err != nil {
		return History{}, fmt.Errorf("read the history of an order: %w", err)
	}
	return h, nil
}

// servicesOfOrder are the proofs of service of the order $1, up to the moment $2.
const servicesOfOrder = `select s.tracking, 0::bigint, '', s.received_at as at, p.document, s.tracking from service p join submission s on s.id = p.submission_id where p.order_id = $1 and s.received_at <= $2
	union all select '', 0, '', p.at, p.document, p.inbound_id::text from reported p where p.order_id = $1 and p.kind = 'serviceNotice' and p.at <= $2
	union all select '', p.id, p.actor, p.at, p.document, p.id::text from recorded p where p.order_id = $1 and p.at <= $2 order by at`

func (s safe) scanService(ctx context.Context) pgx.RowToFunc[ServiceEntry] {
	return func(row pgx.CollectableRow) (e ServiceEntry, err error) {
		var document sealed
		if err = row.Scan(append([]any{&e.Tracking, &e.Recorded, &e.RecordedBy, &e.At}, document.fields()...)...); err != nil {
			return e, err
		}
		e.At = e.At.UTC()
		in := inReported
		switch {
		case e.Recorded != 0:
			in = inRecorded
		case e.Tracking != "":
			in = inService
		}
		return e, s.openInto(ctx, in, document, &e.Service)
	}
}

func collect[T any](b *pgx.Batch, to *[]T, scan pgx.RowToFunc[T], sql string, args ...any) {
	b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*to, err = pgx.CollectRows(rows, scan)
		return err
	})
}

func (s safe) scanVersion(ctx context.Context) pgx.RowToFunc[Version] {
	return func(row pgx.CollectableRow) (v Version, err error) {
		var modification sealed
		if err = row.Scan(&v.Number, &v.Tracking, &v.ReceivedAt, &modification.bytes); err != nil {
			return v, err
		}
		v.ReceivedAt, modification.row = v.ReceivedAt.UTC(), string(v.Tracking)
		return v, openIfThere(ctx, s, inModification, modification, &v.Modification)
	}
}

package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// isServed is SQL that is true of order_ o of which service was proved: by a package, by CARPOS's word, or by who recorded it here. What the order itself says stands in its document.
const isServed = `(exists (select from service p where p.order_id = o.id) or exists (select from recorded p where p.order_id = o.id)
		or exists (select from reported p where p.order_id = o.id and p.kind = 'serviceNotice'))`

// saysServed says that an order needs no proof of service: it was served, or heard in court, when it was made.
func saysServed(o *order.Order) bool {
	return o.Service == order.ServicePresent || o.Service == order.ServiceServed
}

// namedAgency is the law-enforcement agency that an order names: of the officer who asked for it, or that asked itself.
func namedAgency(o *order.Order) order.ORI {
	if o.Officer != nil && o.Officer.AgencyORI != "" {
		return o.Officer.AgencyORI
	}
	if o.Petitioner != nil {
		return o.Petitioner.ORI
	}
	return ""
}

// county is the part of an ORI that says the county (package access): two letters and three digits.
func county(o order.ORI) string { return string(o[:min(5, len(o))]) }

// unservedRows are the columns of unserved.
type unservedRows struct {
	order                  []int64
	version                []int32
	test                   []bool
	county, court, agency  []string
	issued                 []time.Time
	ends                   []*time.Time
	proved, saidOtherwise  []int64
	saidOtherwiseInVersion []int32
}

func (c *unservedRows) add(r *request) {
	switch {
	case r.Service != nil:
		c.proved = append(c.proved, r.orderID)
	case r.Order == nil:
	case saysServed(r.Order):
		c.saidOtherwise, c.saidOtherwiseInVersion = append(c.saidOtherwise, r.orderID), append(c.saidOtherwiseInVersion, int32(r.version))
	default:
		c.order, c.version, c.test = append(c.order, r.orderID), append(c.version, int32(r.version)), append(c.test, r.test)
		c.county, c.court, c.agency = append(c.county, county(r.Order.Court.ORI)), append(c.court, string(r.Order.Court.ORI)), append(c.agency, string(namedAgency(r.Order)))
		c.issued, c.ends = append(c.issued, dayOrFirst(r.Order.Issued)), append(c.ends, day(r.Order.Expiry.Date))
	}
}

// dayOrFirst is a day, or the first of all where there is none.
func dayOrFirst(d order.Date) time.Time {
	if t := day(&d); t != nil {
		return *t
	}
	return time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
}

// queueUnserved keeps the list of orders that are not served: a version that needs service puts its order on it, a proof or a version that needs none takes it off. An earlier version that comes later
// changes nothing.
func (t *transaction) queueUnserved(b *pgx.Batch) {
	var c unservedRows
	for _, r := range t.requests {
		c.add(r)
	}
	if len(c.order) > 0 {
		b.Queue(`insert into unserved as u (order_id, version, test, county, court, agency, issued, ends)
			select o.id, o.version, o.test, o.county, o.court, o.agency, o.issued, o.ends
			from unnest($1::bigint[], $2::int[], $3::bool[], $4::text[], $5::text[], $6::text[], $7::date[], $8::date[]) as o (id, version, test, county, court, agency, issued, ends)
			where not `+isServed+`
			on conflict (order_id) do update set version = excluded.version, agency = excluded.agency, issued = excluded.issued, ends = excluded.ends where u.version < excluded.version`,
			c.order, c.version, c.test, c.county, c.court, c.agency, c.issued, c.ends)
	}
	if len(c.proved) > 0 {
		b.Queue("delete from unserved where order_id = any($1)", c.proved)
	}
	if len(c.saidOtherwise) > 0 {
		b.Queue("delete from unserved u using unnest($1::bigint[], $2::int[]) as o (id, version) where u.order_id = o.id and u.version < o.version", c.saidOtherwise, c.saidOtherwiseInVersion)
	}
}

// queueServed takes an order off the list of those that are not served.
func queueServed(b *pgx.Batch, orderID int64) {
	b.Queue("delete from unserved where order_id = $1", orderID)
}

// UnservedQuery asks for orders of which nobody has proved service. One of County, Court and Agency is needed.
type UnservedQuery struct {
	// County is the first five characters of the courts' ORIs; Court is one court; Agency is the law-enforcement agency that the order names. Those that are there have to fit.
	County        string
	Court, Agency order.ORI
	Test          bool
	// Today is the day in the courts' zone: what has ended before, or was cancelled by then, is left out.
	Today order.Date
	// After goes on with a list behind an order that was found; its zero value begins it.
	After OrderPlace
	Limit int
}

// way is the statement with its values: the narrowest index in the list's order first, the rest looked up one by one.
func (q UnservedQuery) way() (sql string, args []any) {
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	where := []string{"u.test = " + arg(q.Test)}
	for _, f := range []struct{ column, value string }{{"u.court", string(q.Court)}, {"u.agency", string(q.Agency)}, {"u.county", q.County}} {
		if f.value != "" {
			where = append(where, f.column+" = "+arg(f.value))
		}
	}
	if q.Agency != "" {
		where = append(where, "u.agency <> ''")
	}
	today := arg(dayOrFirst(q.Today))
	where = append(where, "(u.ends is null or u.ends >= "+today+"::date)", "(c.ends is null or c.ends > "+today+"::date)")
	if q.After != (OrderPlace{}) {
		where = append(where, "(u.issued, u.order_id) < ("+arg(dayOrFirst(q.After.issued))+"::date, "+arg(q.After.number)+"::bigint)")
	}
	return "select " + foundColumns + ` from unserved u join order_ o on o.id = u.order_id join order_version v on v.order_id = o.id and v.version = o.version
		left join cancellation c on c.submission_id = o.cancelled_by and c.order_id = o.id
		where ` + strings.Join(where, " and ") + fmt.Sprintf(" order by u.issued desc, u.order_id desc limit %d", q.Limit), args
}

// Unserved reads the newest versions of orders in force of which nobody has proved service, newest issue first. Who asks leaves out those that are Served all the same: what an order itself says of service is
// not known before it is read.
func (r *Reader) Unserved(ctx context.Context, q UnservedQuery) ([]FoundOrder, error) {
	if q.County == "" && q.Court == "" && q.Agency == "" {
		return nil, ErrTooWide
	}
	sql, args := q.way()
	return all(ctx, r.finds, r.scanFound(ctx), "find orders that are not served", sql, args...)
}

// TidyUnserved takes out of the list of unserved orders what ended more than a day ago, and reads the orders that came before there was such a list: some thousands of each at most. It takes no part in what is
// shown; without it the list would be read ever more slowly.
func (s *Store) TidyUnserved(ctx context.Context, now time.Time) error {
	_, err := s.pool.Exec(ctx, "delete from unserved where order_id in (select order_id from unserved where ends < $1::date limit 5000 for update skip locked)", now.UTC().Add(-48*time.Hour))
	if err != nil {
		return fmt.Errorf("tidy the list of unserved orders: %w", err)
	}
	return s.transact(ctx, func(tx pgx.Tx) error { return s.readUnread(ctx, tx) })
}

// unread is an order that came before there was a list of unserved ones.
type unread struct {
	id      int64
	version int
	order   order.Order
}

func (s *Store) readUnread(ctx context.Context, tx pgx.Tx) error {
	found, err := all(ctx, tx, func(row pgx.CollectableRow) (u unread, err error) {
		var document sealed
		if err = row.Scan(append([]any{&u.id, &u.version}, document.fields()...)...); err != nil {
			return u, err
		}
		return u, s.openInto(ctx, inVersion, document, &u.order)
	}, "read orders that may be unserved", `select u.order_id, v.version, `+sealedBy("v.document", "v.submission_id")+` from unserved u join order_ o on o.id = u.order_id
		join order_version v on v.order_id = o.id and v.version = o.version where u.version = 0 order by u.order_id limit 1000 for update of u skip locked`)
	if err != nil || len(found) == 0 {
		return err
	}
	var b pgx.Batch
	for _, u := range found {
		if saysServed(&u.order) {
			queueServed(&b, u.id)
			continue
		}
		b.Queue("update unserved set version = $2, agency = $3 where order_id = $1", u.id, u.version, string(namedAgency(&u.order)))
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("tidy the list of unserved orders: %w", err)
	}
	return nil
}

package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"ccpor/access"
	"ccpor/mapping/order"
)

// OrderKey is the hub's own number of an order.
type OrderKey int64

// OrderIdentity says which order it is, and all that decides who sees it.
type OrderIdentity struct {
	Key OrderKey
	access.Object
	// Case is its case number.
	Case order.CaseNumber
}

// Number is a number by which a caller knows an order; all that are set are looked for, each in its own place.
type Number struct {
	Case order.CaseNumber
	FCN  order.FCN
	OCA  string
}

// numbered is how many orders one number leads to at most. Courts number their cases each for itself, so that there can be several.
const numbered = 200

const identityColumns = "o.id, o.court, o.local_id, coalesce(v.access, 'sealed'), o.test, coalesce(v.case_number, '')"

func scanIdentity(row pgx.CollectableRow) (i OrderIdentity, err error) {
	err = row.Scan(&i.Key, &i.Court, &i.ID, &i.Access, &i.Test, &i.Case)
	return i, err
}

// OrdersNumbered finds the orders that have one of the numbers, or had it in an earlier version, the newest first. An order that has not come yet has no number.
func (r *Reader) OrdersNumbered(ctx context.Context, n Number) ([]OrderIdentity, error) {
	return all(ctx, r.finds, scanIdentity, "find orders by a number", `
		with k as materialized (
			select order_id as id from order_version where $1 <> '' and case_number = $1
			union select id from order_ where $2 <> '' and fcn <> '' and fcn = $2
			union select order_id from oca where $3 <> '' and oca = $3),
		i (key, court, local_id, access, test, case_number) as materialized (select `+identityColumns+` from k join order_ o on o.id = k.id join order_version v on v.order_id = o.id and v.version = o.version)
		select i.* from i order by i.key desc limit $4`,
		string(n.Case), string(n.FCN), n.OCA, numbered)
}

// SubjectOf says which order a submission is about; ErrNotFound where it is about none. An order that has not come yet is taken for sealed.
func (r *Reader) SubjectOf(ctx context.Context, t order.Tracking) (OrderIdentity, error) {
	return one(ctx, r.finds, scanIdentity, "find the order of a submission", "select "+identityColumns+` from submission s join order_ o on o.id = s.order_id
		left join order_version v on v.order_id = o.id and v.version = o.version where s.tracking = $1`, string(t))
}

// SendersOf says which of the tracking numbers submissions have, and which agency sent each; empty where it is not known.
func (r *Reader) SendersOf(ctx context.Context, ts []order.Tracking) (map[order.Tracking]order.ORI, error) {
	type pair struct {
		Tracking order.Tracking
		Agency   order.ORI
	}
	found, err := all(ctx, r.finds, pgx.RowToStructByPos[pair], "look for tracking numbers",
		"select s.tracking, coalesce(a.ori, '') from unnest($1::text[]) k (tracking) join submission s on s.tracking = k.tracking left join agency a on a.id = s.agency_id", column(ts, func(t order.Tracking) string { return string(t) }))
	known := map[order.Tracking]order.ORI{}
	for _, p := range found {
		known[p.Tracking] = p.Agency
	}
	return known, err
}

package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// until is the moment up to which the order is told of.
func (f FoundOrder) until() time.Time {
	if f.AsOf.IsZero() {
		return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return f.AsOf
}

// OrderAsOf is a found order as the registry showed it at a moment: the version, the proofs of service, the cancellation and the FCN that it had by then. What counts is when a package was received, which
// is when the court had its receipt. ErrNotFound where the order itself had not come.
func (r *Reader) OrderAsOf(ctx context.Context, f FoundOrder, at time.Time) (FoundOrder, error) {
	scan := func(row pgx.CollectableRow) (then FoundOrder, err error) {
		err = then.scan(ctx, row, r.safe)
		then.AsOf = at
		return then, err
	}
	return one(ctx, r.pool, scan, "read an order as it was", `select o.id, v.document, (select y.tracking from submission y where y.id = v.submission_id), c.document, (select y.tracking from submission y where y.id = c.submission_id),
		v.version, o.oca, case when exists (select from transmission t where t.order_id = o.id and t.kind = 'ERR' and t.state = 'accepted' and t.changed_at <= $2) then o.fcn else '' end, coalesce(o.agency_id, 0), o.test,
		exists (select from service p join submission s on s.id = p.submission_id where p.order_id = o.id and s.received_at <= $2)
			or exists (select from reported p where p.order_id = o.id and p.kind = 'serviceNotice' and p.at <= $2) or exists (select from recorded p where p.order_id = o.id and p.at <= $2)
		from order_ o join lateral (select v.* from order_version v join submission s on s.id = v.submission_id where v.order_id = o.id and s.received_at <= $2 order by v.version desc limit 1) v on true
		left join lateral (select c.* from cancellation c join submission s on s.id = c.submission_id where c.submission_id = o.cancelled_by and s.received_at <= $2) c on true
		where o.id = $1`, f.key, at)
}

// Told is a notice of what became of a transmission, to the agency that sent the package.
type Told struct {
	Agency order.ORI
	Kind   Kind
	State  TransmissionState
	// At is when it was written, DeliveredAt when the agency's listener confirmed it; zero: not yet.
	At, DeliveredAt time.Time
}

// ToldOf reads of what agencies were told about a found order, in the order of the telling.
func (r *Reader) ToldOf(ctx context.Context, f FoundOrder) ([]Told, error) {
	return all(ctx, r.pool, func(row pgx.CollectableRow) (t Told, err error) {
		var delivered *time.Time
		err = row.Scan(&t.Agency, &t.Kind, &t.State, &t.At, &delivered)
		t.DeliveredAt = known(delivered)
		return t, err
	}, "read of what agencies were told", `select a.ori, t.kind, n.state, n.at, n.delivered_at from transmission t join notice n on n.transmission_id = t.id join agency a on a.id = n.agency_id
		where t.order_id = $1 and n.at <= $2 order by n.id`, f.key, f.until())
}

// Versions reads what each version of a found order says, the first one first, up to the moment of which it tells.
func (r *Reader) Versions(ctx context.Context, f FoundOrder) ([]order.Order, error) {
	return all(ctx, r.pool, scanDocument[order.Order](ctx, r.safe, inVersion), "read an order's versions",
		"select "+sealedBy("v.document", "v.submission_id")+" from order_version v join submission s on s.id = v.submission_id where v.order_id = $1 and s.received_at <= $2 order by v.version", f.key, f.until())
}

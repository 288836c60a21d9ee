package store

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// LiveQuery says which orders are read.
type LiveQuery struct {
	// Counties are beginnings of ORIs, as "CA030"; none: all.
	Counties []string
	// Day is the one on which the orders must not have ended by themselves.
	Day  order.Date
	Test bool
}

// LiveOrder is an order with its newest proof of service, if one came.
type LiveOrder struct {
	FoundOrder
	Service *order.Service
}

// liveAtOnce is how many orders a page of LiveOrders has.
const liveAtOnce = 500

// LiveOrders gives every order that has not ended by itself before a day, one after another in the sequence in which they came, and keeps one page of them in memory. Orders that a court has ended are among
// them: from which day on is theirs to say. It holds no snapshot, so that a long reading is in nobody's way: what changes meanwhile is read as it is then.
func (r *Reader) LiveOrders(ctx context.Context, q LiveQuery) iter.Seq2[LiveOrder, error] {
	return func(yield func(LiveOrder, error) bool) {
		for after := int64(0); ; {
			page, err := r.livePage(ctx, q, after)
			if err != nil {
				yield(LiveOrder{}, fmt.Errorf("read live orders: %w", err))
				return
			}
			for _, o := range page {
				if !yield(o, nil) {
					return
				}
			}
			if len(page) < liveAtOnce {
				return
			}
			after = page[len(page)-1].key
		}
	}
}

func (r *Reader) livePage(ctx context.Context, q LiveQuery, after int64) ([]LiveOrder, error) {
	return all(ctx, r.finds, r.scanLive(ctx), "read a page", `select `+foundColumns+`, p.document, p.tracking, n.document, n.inbound from order_ o
		join order_version v on v.order_id = o.id and v.version = o.version left join cancellation c on c.submission_id = o.cancelled_by
		left join lateral (select p.document, s.tracking from service p join submission s on s.id = p.submission_id where p.order_id = o.id order by p.submission_id desc limit 1) p on true
		left join lateral (select n.document, n.inbound_id::text as inbound from reported n where n.order_id = o.id and n.kind = 'serviceNotice' order by n.inbound_id desc limit 1) n on true
		where o.id > $1 and o.test = $2 and (v.expires is null or v.expires >= $3) and (cardinality($4::text[]) = 0 or left(o.court, 5) = any($4)) order by o.id limit $5`,
		after, q.Test, day(&q.Day), append([]string{}, q.Counties...), liveAtOnce)
}

func (s safe) scanLive(ctx context.Context) pgx.RowToFunc[LiveOrder] {
	return func(row pgx.CollectableRow) (o LiveOrder, err error) {
		var proof, notice sealed
		if err = o.scan(ctx, row, s, fieldsOfAll(&proof, &notice)...); err != nil {
			return o, err
		}
		if err = openIfThere(ctx, s, inReported, notice, &o.Service); err != nil || len(proof.bytes) == 0 {
			return o, err
		}
		return o, openIfThere(ctx, s, inService, proof, &o.Service)
	}
}

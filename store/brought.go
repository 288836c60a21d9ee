package store

import (
	"context"

	"ccpor/mapping/order"
)

// Brought is what one submission brought, as it was read from its package: exactly one is set. What CLETS-001 says is in none.
type Brought struct {
	Order        *order.Order        `json:"order,omitempty"`
	Service      *order.Service      `json:"service,omitempty"`
	Cancellation *order.Cancellation `json:"cancellation,omitempty"`
	Supplement   *order.Supplement   `json:"supplement,omitempty"`
}

// Brought reads what a submission brought; ErrNotFound where it was refused, or there is none.
func (r *Reader) Brought(ctx context.Context, t order.Tracking, a Action) (b Brought, err error) {
	switch a {
	case ActionAdd, ActionModify:
		b.Order, err = brought[order.Order](ctx, r, t, "join order_version d on d.order_id = s.order_id and d.submission_id = s.id")
	case ActionServe:
		b.Service, err = brought[order.Service](ctx, r, t, "join service d on d.submission_id = s.id")
	case ActionCancel:
		b.Cancellation, err = brought[order.Cancellation](ctx, r, t, "join cancellation d on d.submission_id = s.id")
	case ActionAttach:
		b.Supplement, err = brought[order.Supplement](ctx, r, t, "join supplement d on d.submission_id = s.id")
	default:
		err = ErrNotFound
	}
	return b, err
}

func brought[T any](ctx context.Context, r *Reader, t order.Tracking, join string) (*T, error) {
	v, err := one(ctx, r.pool, scanDocument[T], "read what a submission brought", "select d.document from submission s "+join+" where s.tracking = $1", string(t))
	if err != nil {
		return nil, err
	}
	return &v, nil
}

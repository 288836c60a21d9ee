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
		b.Order, err = pointed(one(ctx, r.pool, scanDocument[order.Order](ctx, r.safe, inVersion), "read the version of the order that a submission brought",
			"select "+sealedBy("v.document", "v.submission_id")+" from submission s join order_version v on v.order_id = s.order_id and v.submission_id = s.id where s.tracking = $1", string(t)))
	case ActionServe:
		b.Service, err = pointed(r.Service(ctx, t))
	case ActionCancel:
		b.Cancellation, err = pointed(r.Cancellation(ctx, t))
	case ActionAttach:
		b.Supplement, err = pointed(r.Supplement(ctx, t))
	default:
		err = ErrNotFound
	}
	return b, err
}

func pointed[T any](v T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return &v, nil
}

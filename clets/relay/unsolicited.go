package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ccpor/clets/carpos"
	"ccpor/mapping/order"
	"ccpor/store"
)

// messageKinds are the kinds of unsolicited messages; whatever else comes unasked is none that is known.
var messageKinds = map[carpos.ReplyKind]store.MessageKind{
	carpos.Served: store.MessageService, carpos.Violated: store.MessageViolation, carpos.NCICFault: store.MessageNCIC, carpos.Admin: store.MessageAdmin,
}

// understand does what an unsolicited message asks for, or leaves it to a person with the reason. That it is done already is no error.
func (r *Relay) understand(ctx context.Context, id store.InboundID, text string) error {
	u, err := r.read(ctx, text)
	if err != nil {
		return err
	}
	u.Message, u.At = id, r.now()
	if err := r.store.Understand(ctx, u); err != nil {
		return err
	}
	if u.Wait != "" {
		r.log.Info("the switch sent a message that waits for a person", "message", id, "kind", u.Kind, "waits", u.Wait)
	}
	return nil
}

// read says what a text asks for.
func (r *Relay) read(ctx context.Context, text string) (store.Understood, error) {
	reply, err := r.dict.ParseReply([]byte(text))
	kind, known := messageKinds[reply.Kind]
	u := store.Understood{Kind: kind, FCN: reply.FCN}
	switch {
	case !carpos.Whole(text):
		return store.Understood{Kind: store.MessageUnknown, Wait: store.WaitCut}, nil
	case err != nil:
		return store.Understood{Kind: store.MessageUnknown, Wait: store.WaitUnknown, Why: err.Error()}, nil
	case !known:
		return store.Understood{Kind: store.MessageUnknown, Wait: store.WaitUnknown, Why: "an answer that nobody has asked for"}, nil
	case reply.Kind == carpos.Admin:
		u.Wait = store.WaitAdmin
		return u, nil
	}
	n, err := r.dict.Notice(reply, r.cfg.Zone)
	if err != nil {
		u.Wait, u.Why = store.WaitMalformed, err.Error()
		return u, nil
	}
	err = r.match(ctx, &u, n)
	return u, err
}

// match finds the order that a notice is about. A name or a number of the entering agency in it must be the order's: the FCN alone may be mistyped.
func (r *Relay) match(ctx context.Context, u *store.Understood, n carpos.Notice) error {
	orders, err := r.store.OrdersOfFCN(ctx, n.FCN)
	switch {
	case err != nil:
		return fmt.Errorf("find the order of a notice: %w", err)
	case len(orders) == 0:
		u.Wait = store.WaitNoOrder
	case len(orders) > 1:
		u.Wait = store.WaitOrders
	case n.Name != "" && !slices.ContainsFunc(orders[0].Names, func(o order.Name) bool { return r.dict.IsNamed(n.Name, o) }):
		u.Wait = store.WaitName
	case n.OCA != "" && n.OCA != orders[0].OCA:
		u.Wait = store.WaitNumber
	case u.Kind == store.MessageNCIC:
		u.Order, u.Wait = orders[0].Order, store.WaitNCIC
	default:
		u.Order, u.Service, u.Violation = orders[0].Order, n.Service, n.Violation
	}
	return nil
}

// stray leaves a reply to a person that answers nothing which any hub of this database has sent.
func (r *Relay) stray(ctx context.Context, id store.InboundID, control string) error {
	r.log.Warn("the switch answers a request that the hub does not know; a person has to read it", "control", control, "message", id)
	return r.store.Understand(ctx, store.Understood{Message: id, Kind: store.MessageReply, Wait: store.WaitStray, At: r.now()})
}

// understandLeft looks at messages that a hub kept before it died, and at those whose order has meanwhile got its number. One that cannot be settled keeps none of the
// others waiting.
func (r *Relay) understandLeft(ctx context.Context, before time.Time) error {
	left, err := r.store.NotUnderstood(ctx, before)
	if err != nil {
		return err
	}
	var failed []error
	for _, m := range left {
		failed = append(failed, r.understand(ctx, m.ID, m.Text))
	}
	return errors.Join(failed...)
}

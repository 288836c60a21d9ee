package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"ccpor/mapping/order"
)

// ErrHandled says that the message has been handled already. Nothing was changed.
var ErrHandled = errors.New("the message has been handled already")

// OrdersOfFCN are the orders that CARPOS has under the number: one, unless something is wrong.
func (r *Reader) OrdersOfFCN(ctx context.Context, fcn order.FCN) ([]Filed, error) {
	return all(ctx, r.pool, func(row pgx.CollectableRow) (f Filed, err error) {
		var documents [][]byte
		var rows []string
		if err = row.Scan(&f.Order, &f.OCA, &documents, &rows); err != nil {
			return f, err
		}
		for i, d := range documents {
			var o order.Order
			if err := r.openInto(ctx, inVersion, sealed{d, rows[i]}, &o); err != nil {
				return f, err
			}
			f.Names = append(f.Names, o.Restrained.Name)
		}
		return f, nil
	}, "find the order of a number", `select o.id, o.oca, array_agg(v.document::bytea order by v.version), array_agg(s.tracking order by v.version)
		from order_ o join order_version v on v.order_id = o.id join submission s on s.id = v.submission_id
		where o.fcn = $1 and $1 <> '' and o.entered group by o.id order by o.id limit 2`, string(fcn))
}

// OrderOf is the key of the order that the submission is about, and its name; ErrNotFound.
func (r *Reader) OrderOf(ctx context.Context, t order.Tracking) (Filed, error) {
	return one(ctx, r.pool, func(row pgx.CollectableRow) (f Filed, err error) {
		err = row.Scan(&f.Order, &f.OCA)
		return f, err
	}, "find the order of a submission", "select o.id, o.oca from submission s join order_ o on o.id = s.order_id where s.tracking = $1", string(t))
}

// Understand does what a message of the switch asks for, in one transaction with its mark and the audit entry: the order is served, or a violation is kept on it
// and the court that sent it told; or it waits for a person, with the reason. A message that was understood before has no second effect, and what another message
// has told already of the order has none either. A person (Who) may decide about any message that is not handled: ErrHandled. ErrNotFound.
func (s *Store) Understand(ctx context.Context, u Understood) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		a := understanding{Understood: u, tx: tx, safe: s.safe, hub: s.opts.Hub, jobs: s.jobs}
		if fresh, err := a.lock(ctx); err != nil || !fresh {
			return err
		}
		return a.decide(ctx)
	})
	if err != nil {
		return fmt.Errorf("understand message %d: %w", u.Message, err)
	}
	return nil
}

// understanding is the transaction on one message; its order and its row are locked.
type understanding struct {
	Understood
	tx     pgx.Tx
	safe   safe
	hub    string
	jobs   *river.Client[pgx.Tx]
	order  order.Order // in its newest version; empty where the message is about none
	digest []byte
}

// lock takes the order's row first, as everybody does. fresh is false where there is nothing left to decide.
func (a *understanding) lock(ctx context.Context) (fresh bool, err error) {
	if a.Order != 0 {
		if err := a.lockOrder(ctx); err != nil {
			return false, err
		}
	}
	var kind MessageKind
	var wait Wait
	var handled bool
	err = a.tx.QueryRow(ctx, "select kind, waits, handled_at is not null, digest from inbound where id = $1 for update", int64(a.Message)).Scan(&kind, &wait, &handled, &a.digest)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, ErrNotFound
	case err != nil:
		return false, err
	case a.Who != "":
		if handled {
			return false, ErrHandled
		}
		return true, nil
	}
	again := wait == WaitNoOrder && a.Wait != WaitNoOrder
	return !handled && (wait == "" && (kind == "" || kind == MessageReply) || again), nil
}

// lockOrder reads what names the order, too: a service says of which order it is.
func (a *understanding) lockOrder(ctx context.Context) error {
	var document sealed
	err := a.tx.QueryRow(ctx, "select "+sealedBy("v.document", "v.submission_id")+" from order_ o join order_version v on v.order_id = o.id and v.version = o.version where o.id = $1 for update of o",
		a.Order).Scan(document.fields()...)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound
	case err != nil:
		return err
	}
	return a.safe.openInto(ctx, inVersion, document, &a.order)
}

func (a *understanding) decide(ctx context.Context) error {
	if a.Wait != "" {
		if _, err := a.tx.Exec(ctx, "update inbound set kind = $2, fcn = $3, order_id = nullif($4::bigint, 0), waits = $5, why = $6 where id = $1",
			int64(a.Message), string(a.Kind), string(a.FCN), a.Order, string(a.Wait), a.Why); err != nil {
			return err
		}
		return a.audit(ctx, "message.wait", string(a.Wait), a.Why)
	}
	done, err := a.report(ctx)
	if err != nil {
		return err
	}
	if _, err := a.tx.Exec(ctx, "update inbound set kind = $2, fcn = $3, order_id = $4, waits = '', why = '', handled_at = $5, handled = $6 where id = $1",
		int64(a.Message), string(a.Kind), string(a.FCN), a.Order, a.At, done); err != nil {
		return err
	}
	return a.audit(ctx, "message.apply", done, fmt.Sprintf("order %s/%s", a.order.Court.ORI, a.order.ID))
}

// report keeps what a notice says on the order, once, and tells the court.
func (a *understanding) report(ctx context.Context) (done string, err error) {
	if a.Order == 0 || (a.Service == nil) == (a.Violation == nil) {
		return "", errNoEffect
	}
	told, done := "CARPOS reports that another agency has served the order. No proof of service is sent for that.", "the order is served"
	if a.Violation != nil {
		told, done = "CARPOS reports a violation of the order.", "the violation is kept on the order"
	}
	document, digest, err := a.document(ctx)
	if err != nil {
		return "", fmt.Errorf("write what a notice says: %w", err)
	}
	tag, err := a.tx.Exec(ctx, "insert into reported (inbound_id, order_id, kind, document, digest, at) values ($1, $2, $3, $4::bytea, $5, $6) on conflict on constraint reported_once do nothing",
		int64(a.Message), a.Order, string(a.Kind), document, digest[:], a.At)
	if err != nil {
		return "", err
	}
	if tag.RowsAffected() == 0 {
		return "another message has told the same", nil
	}
	if a.Service != nil {
		var b pgx.Batch
		queueServed(&b, a.Order)
		if err := a.tx.SendBatch(ctx, &b).Close(); err != nil {
			return "", err
		}
	}
	return done, tellCourt(ctx, a.tx, a.jobs, a.Order, told, a.At)
}

// document is what is kept, encrypted, with the digest of what the notice itself says: a later version of the order makes no other notice of it.
func (a *understanding) document(ctx context.Context) (document []byte, digest [32]byte, err error) {
	said, err := json.Marshal(map[string]any{"service": a.Service, "violation": a.Violation})
	if err != nil {
		return nil, digest, err
	}
	row := strconv.FormatInt(int64(a.Message), 10)
	if a.Violation != nil {
		document, err = sealJSON(ctx, a.safe, inReported, row, a.Violation)
	} else {
		whole := *a.Service
		whole.OrderID, whole.Court, whole.Case, whole.Restrained = a.order.ID, a.order.Court.ORI, a.order.Case, a.order.Restrained.Name
		document, err = sealJSON(ctx, a.safe, inReported, row, &whole)
	}
	return document, sha256.Sum256(said), err
}

var errNoEffect = errors.New("a message that does not wait needs an order and one effect on it")

// audit vouches for the text of the message by the digest that it is kept with.
func (a *understanding) audit(ctx context.Context, action, outcome, details string) error {
	who := a.Who
	if who == "" {
		who = "hub " + a.hub
	}
	if details != "" {
		details += ", "
	}
	_, err := a.tx.Exec(ctx, "insert into audit (at, actor, action, object, outcome, details, order_id) values ($1, $2, $3, $4, $5, $6, nullif($7::bigint, 0))",
		a.At, who, action, messageObject(a.Message), outcome, details+string(a.Kind)+", digest "+hex.EncodeToString(a.digest), a.Order)
	return err
}

// messageObject names a message in the audit log.
func messageObject(id InboundID) string { return fmt.Sprintf("message %d", id) }

// HandleMessage marks a message that waits as handled by a person, with what was done in a few words without personal data. ErrHandled, ErrNotFound.
func (s *Store) HandleMessage(ctx context.Context, id InboundID, what, who string, at time.Time) error {
	tag, err := s.pool.Exec(ctx, `
		with m as (update inbound set handled_at = $2, handled = $3 where id = $1 and handled_at is null returning order_id)
		insert into audit (at, actor, action, object, outcome, details, order_id) select $2, $4, 'message.handle', $5, 'handled', $3, m.order_id from m`,
		int64(id), at, what, who, messageObject(id))
	if err != nil {
		return fmt.Errorf("handle message %d: %w", id, err)
	}
	if tag.RowsAffected() > 0 {
		return nil
	}
	if _, err := s.Message(ctx, id); err != nil {
		return err
	}
	return ErrHandled
}

// NotUnderstood finds unsolicited messages that nobody has looked at, kept before the given time: their hub died. So it does those that wait for an order that
// has meanwhile got CARPOS's number, as when a notice overtakes the reply to the entry.
func (s *Store) NotUnderstood(ctx context.Context, before time.Time) ([]Inbound, error) {
	return all(ctx, s.pool, s.scanInbound(ctx), "find messages that nobody has looked at", "select "+inboundColumns+fmt.Sprintf(` from inbound i where handled_at is null and control = ''
		and (kind = '' and at < $1 or waits = 'noOrder' and exists (select from order_ o where o.fcn = i.fcn and o.fcn <> '' and o.entered)) order by id limit %d`, sweepLimit), before)
}

// clearNCIC ends what NCIC had against an order: CARPOS has accepted a change that was sent after NCIC's refusal came.
func (c *change) clearNCIC(at time.Time) {
	if c.kind != KindModify {
		return
	}
	c.b.Queue(`with m as (
			update inbound i set handled_at = $3, handled = 'a later change was accepted' from attempt a
			where i.order_id = $1 and i.kind = 'ncicReject' and i.handled_at is null and a.id = $2 and a.at > i.at returning i.id)
		insert into audit (at, actor, action, object, outcome, details, order_id) select $3, $4, 'message.handle', 'message ' || m.id, 'handled', 'a later change was accepted', $1 from m`,
		c.orderID, int64(c.ended), at, "hub "+c.s.opts.Hub)
}

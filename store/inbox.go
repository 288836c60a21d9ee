package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// messageColumns are the columns of inbound i, order_ o and submission s that scanMessage reads.
const messageColumns = `i.id, i.line, i.outseq, i.control, i.at, i.kind, i.fcn, i.waits, i.why, i.handled_at, i.handled, coalesce(o.court, ''), coalesce(o.local_id, ''), coalesce(s.tracking, '')`

// messageTables find the order by the message's own mark, or by the transmission that it answers.
const messageTables = ` from inbound i left join transmission t on t.id = i.transmission_id left join order_ o on o.id = coalesce(i.order_id, t.order_id) left join submission s on s.id = o.added_by`

func scanMessage(row pgx.CollectableRow) (m Message, err error) {
	var handled *time.Time
	var o OrderName
	err = row.Scan(&m.ID, &m.Line, &m.OutSeq, &m.Control, &m.At, &m.Kind, &m.FCN, &m.Wait, &m.Why, &handled, &m.Handled, &o.Court, &o.ID, &o.Tracking)
	m.At, m.HandledAt = m.At.UTC(), known(handled)
	if o.Court != "" {
		m.Order = &o
	}
	return m, err
}

// Messages lists what came from the switch, newest first.
func (r *Reader) Messages(ctx context.Context, q MessageQuery) ([]Message, error) {
	return all(ctx, r.pool, scanMessage, "list messages", "select "+messageColumns+messageTables+` where $1 in ('', i.kind) and $2 in ('', i.line) and (not $3 or i.handled_at is null)
		and ($4::bigint = 0 or i.id < $4) order by i.id desc limit $5`, string(q.Kind), q.Line, q.Unhandled, int64(q.Before), q.Limit)
}

// Message is one message without its text; ErrNotFound.
func (r *Reader) Message(ctx context.Context, id InboundID) (Message, error) {
	return one(ctx, r.pool, scanMessage, "read a message", "select "+messageColumns+messageTables+" where i.id = $1", int64(id))
}

// MessageText is the text of a message as it came, from the second line of its body on; it may hold personal data. ErrNotFound.
func (r *Reader) MessageText(ctx context.Context, id InboundID) (string, error) {
	return one(ctx, r.pool, func(row pgx.CollectableRow) (text string, err error) {
		var kept sealed
		if err = row.Scan(kept.fields()...); err == nil {
			err = r.openText(ctx, inInbound, kept, &text)
		}
		return text, err
	}, "read a message", "select i.text, "+inboundRow+" from inbound i where i.id = $1", int64(id))
}

// Inbox counts the messages that nobody has handled, by kind; kinds without any are left out.
func (r *Reader) Inbox(ctx context.Context) ([]InboxCount, error) {
	return all(ctx, r.pool, func(row pgx.CollectableRow) (c InboxCount, err error) {
		err = row.Scan(&c.Kind, &c.Count, &c.Oldest)
		c.Oldest = c.Oldest.UTC()
		return c, err
	}, "count messages", "select kind, count(*), min(at) from inbound where handled_at is null group by kind order by kind")
}

// readReported reads what CARPOS told of an order unasked, and what of NCIC's refusals nobody has handled.
func readReported(ctx context.Context, q querier, by safe, orderID int64) ([]Reported, error) {
	return all(ctx, q, func(row pgx.CollectableRow) (p Reported, err error) {
		var document sealed
		if err = row.Scan(append([]any{&p.Message, &p.Kind, &p.At}, document.fields()...)...); err != nil {
			return p, err
		}
		p.At = p.At.UTC()
		return p, p.decrypt(ctx, by, document)
	}, "read what CARPOS reported", `select inbound_id, kind, at, document, inbound_id::text from reported where order_id = $1
		union all select id, kind, at, null, null from inbound where order_id = $1 and kind = 'ncicReject' and handled_at is null order by 1`, orderID)
}

func (p *Reported) decrypt(ctx context.Context, by safe, document sealed) error {
	switch p.Kind {
	case MessageService:
		p.Service = new(order.Service)
		return by.openInto(ctx, inReported, document, p.Service)
	case MessageViolation:
		p.Violation = new(order.Violation)
		return by.openInto(ctx, inReported, document, p.Violation)
	}
	return nil
}

// readTold reads what the switch told of an order, and what people of the hub reported of it.
func (o *OrderSummary) readTold(ctx context.Context, tx pgx.Tx, by safe, id int64) (err error) {
	if o.Reported, err = readReported(ctx, tx, by, id); err != nil {
		return err
	}
	if o.UnsentProofs, err = readUnsent(ctx, tx, id); err != nil {
		return err
	}
	if o.Recorded, err = readRecorded(ctx, tx, by, id); err != nil {
		return err
	}
	o.Violations, err = readViolations(ctx, tx, id)
	return err
}

// readUnsent counts proofs of service of an order that CARPOS has not got from the hub, where another agency has served it: they may be of the same service.
func readUnsent(ctx context.Context, q querier, orderID int64) (int, error) {
	return one(ctx, q, pgx.RowTo[int], "count proofs of service", `select count(*)::int from transmission t where t.order_id = $1 and t.kind = 'SRR' and t.state not in ('accepted', 'given_up')
		and exists (select from reported p where p.order_id = $1 and p.kind = 'serviceNotice')`, orderID)
}

package store

import "github.com/jackc/pgx/v5"

// An entry that was held, and of which it is certain that CARPOS has not got it, is sent again when the court sends more of its order: then it takes the
// newest version, and the change that brought it has nothing left to tell.

// mayCorrect is true of an entry t that CARPOS certainly has not got: nothing is in doubt, no reply to it was one that a person has to read, and no person
// holds it.
const mayCorrect = "t.kind = 'ERR' and not t.doubt and t.held_by = '' and not exists (select from attempt a where a.transmission_id = t.id and a.verdict = 'held')"

// heldEntry is the entry of an order of which a package brings more.
type heldEntry struct{ transmission, order int64 }

// findHeld finds the entries that the packages' data may free. Their orders are locked.
func (t *transaction) findHeld(b *pgx.Batch) {
	rs := some(t.requests, func(r *request) bool { return r.informs() })
	if len(rs) == 0 {
		return
	}
	b.Queue(`select t.id, t.order_id from unnest($1::text[], $2::text[], $3::bool[]) as n (court, local_id, test)
		join order_ o on o.court = n.court and o.local_id = n.local_id and o.test = n.test
		join transmission t on t.order_id = o.id and t.seq = 1
		where t.state = 'held' and `+mayCorrect+` for update of t`,
		column(rs, func(r *request) string { return r.order.court }), column(rs, func(r *request) string { return r.order.id }),
		column(rs, func(r *request) bool { return r.order.test })).Query(func(rows pgx.Rows) error {
		var h heldEntry
		_, err := pgx.ForEachRow(rows, []any{&h.transmission, &h.order}, func() error {
			t.held = append(t.held, h)
			return nil
		})
		return err
	})
}

// queueHeld gives those entries back to the relay, and says which need a job.
func (t *transaction) queueHeld(b *pgx.Batch) []TransmissionID {
	var ready []TransmissionID
	var ids []int64
	for _, h := range t.held {
		ready, ids = append(ready, TransmissionID(h.transmission)), append(ids, h.transmission)
	}
	if len(ids) == 0 {
		return nil
	}
	b.Queue(`with freed as (
			update transmission set state = 'ready', reason = '', field = '', item = '', changed_at = $2, retry_at = $2 where id = any($1) returning id, order_id, submission_id),
		newest as (update order_ set entry_version = version where id in (select order_id from freed))
		insert into audit (at, actor, action, object, outcome, details, order_id)
		select $2, $3, 'transmission.correct', 'transmission ' || f.id || ' (ERR) of submission ' || s.tracking, 'ready', 'the court sent more of the order', f.order_id
		from freed f join submission s on s.id = f.submission_id`, ids, t.requests[0].Received.At, "hub "+t.opts.Hub)
	return ready
}

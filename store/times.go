package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// TimesQuery asks when transmissions were received, sent, acknowledged and accepted.
type TimesQuery struct {
	// From and To bound when the package was received: from on, and before.
	From, To time.Time
	// Agency is the sender; empty for all.
	Agency order.ORI
	// Tests are told too.
	Tests bool
}

// Times are the moments of one transmission. It holds what Fam. Code 6380.5 opens to the public, and nothing of the order: no name, no case number, no number of CARPOS's, no form. A
// moment that has not come is zero.
type Times struct {
	Tracking order.Tracking
	Agency   order.ORI
	County   string
	Kind     Kind
	Action   Action
	Test     bool
	State    TransmissionState

	Received, Due time.Time
	// FirstSent and LastSent are of sendings, Acknowledged of the switch's last ACK, Accepted of CARPOS's answer.
	FirstSent, LastSent, Acknowledged, Accepted time.Time
	// Attempts counts sendings, Lookups inquiries after a lost answer.
	Attempts, Lookups int
	Standing          Standing
}

// timesBatch is how many packages are read at a time.
const timesBatch = 1000

// Times hands each transmission to each, in the order in which their packages came. It reads them in parts, so that any number takes the same memory and no transaction lasts long; an error of each ends it.
func (r *Reader) Times(ctx context.Context, q TimesQuery, now time.Time, each func(Times) error) error {
	type row struct {
		Times
		number int64
	}
	for last := int64(0); ; {
		read := 0
		rows, err := all(ctx, r.pool, func(c pgx.CollectableRow) (w row, err error) {
			var due, first, latest, acked, changed *time.Time
			err = c.Scan(&w.number, &w.Tracking, &w.Agency, &w.County, &w.Kind, &w.Action, &w.Test, &w.State, &w.Received, &due, &first, &latest, &acked, &changed, &w.Attempts, &w.Lookups)
			w.Received, w.Due, w.FirstSent, w.LastSent, w.Acknowledged = w.Received.UTC(), known(due), known(first), known(latest), known(acked)
			if w.State == StateAccepted {
				w.Accepted = known(changed)
			}
			w.Standing = Clock{Received: w.Received, Due: w.Due, Test: w.Test, State: w.State, Settled: known(changed)}.Outlook(now, nil).Standing
			return w, err
		}, "read the times of transmissions", `
			select s.id, s.tracking, a.ori, a.county, coalesce(t.kind, ''), s.action, s.test, coalesce(t.state, ''), `+cameAt+`, `+dueBy+`, x.first, x.latest, x.acked, t.changed_at, x.sent, x.looked
			from (select id, tracking, agency_id, action, test, received_at, due, order_id from submission where id > $1 and state = 'accepted' and received_at >= $2 and received_at < $3 and (not test or $5)
					and ($4 = '' or agency_id = (select id from agency where ori = $4)) order by id limit $6) s
			join agency a on a.id = s.agency_id
			left join transmission t on t.order_id = s.order_id and t.submission_id = s.id
			cross join lateral (select min(coalesce(sent_at, at)) filter (where purpose = 'send') as first, max(coalesce(sent_at, at)) filter (where purpose = 'send') as latest,
				max(acked_at) filter (where purpose = 'send') as acked, count(*) filter (where purpose = 'send') as sent, count(*) filter (where purpose = 'lookup') as looked
				from attempt where transmission_id = t.id) x
			order by s.id, t.seq`, last, q.From, q.To, string(q.Agency), q.Tests, timesBatch)
		if err != nil {
			return err
		}
		for _, w := range rows {
			if w.number != last {
				read, last = read+1, w.number
			}
			if w.State == "" { // nothing is owed for it
				continue
			}
			if err := each(w.Times); err != nil {
				return err
			}
		}
		if read < timesBatch {
			return nil
		}
	}
}

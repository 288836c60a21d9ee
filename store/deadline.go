package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// DeadlineQuery asks for transmissions that CARPOS is owed, that are not settled, and whose deadline matters now.
type DeadlineQuery struct {
	Now time.Time
	// Warn are the warning shares, as Clock.Outlook takes them.
	Warn []float64
	// Within adds what is due within so long from now, at risk or not.
	Within time.Duration
	// LateOnly leaves out whatever is not late.
	LateOnly bool
	// Agency is the sender; empty for all.
	Agency order.ORI
	Limit  int
}

// OwedBy is one transmission with its deadline. It holds nothing of the order.
type OwedBy struct {
	Tracking   order.Tracking
	AgencyORI  order.ORI
	AgencyName string
	Action     Action
	Kind       Kind
	State      TransmissionState
	// Reason says why it is held.
	Reason     string
	ReceivedAt time.Time
	Due        time.Time
	Rule       string
	Next       Move
	Outlook    Outlook
}

// unsettled is SQL for every transmission that is not final. Each part has an index of its own, so that those which are final cost nothing.
const unsettled = `(
	select id, order_id, submission_id, kind, state, test, tries, reason, violation_id, recorded_id from transmission where state in ('ready', 'unknown')
	union all select id, order_id, submission_id, kind, state, test, tries, reason, violation_id, recorded_id from transmission where state in ('sending', 'sent') and open_attempt is not null
	union all select id, order_id, submission_id, kind, state, test, tries, reason, violation_id, recorded_id from transmission where state = 'held'
	union all select id, order_id, submission_id, kind, state, test, tries, reason, violation_id, recorded_id from transmission where state = 'waiting') t`

// Deadlines lists what is late, at risk or due soon, oldest deadline first.
func (r *Reader) Deadlines(ctx context.Context, q DeadlineQuery) ([]OwedBy, error) {
	return all(ctx, r.pool, func(row pgx.CollectableRow) (d OwedBy, err error) {
		var c Clock
		var tries int
		err = row.Scan(&d.Tracking, &d.AgencyORI, &d.AgencyName, &d.Action, &d.Kind, &d.State, &tries, &d.Reason, &d.ReceivedAt, &d.Due, &d.Rule, &c.Orderless)
		d.ReceivedAt, d.Due = d.ReceivedAt.UTC(), d.Due.UTC()
		c.Received, c.Due, c.State = d.ReceivedAt, d.Due, d.State
		d.Next, d.Outlook = nextMove(SubmissionAccepted, "", d.State, tries), c.Outlook(q.Now, q.Warn)
		return d, err
	}, "list the deadlines", `select s.tracking, a.ori, a.name, s.action, t.kind, t.state, t.tries, t.reason, s.received_at, s.due, s.due_rule, o.version = 0
		from `+unsettled+` join submission s on s.id = t.submission_id join agency a on a.id = s.agency_id join order_ o on o.id = t.order_id
		where not t.test and `+ofPackage("t")+` and s.due is not null and $1 in ('', a.ori)
			and case when $2 then s.due < $3 else s.due <= $4 or s.received_at + (s.due - s.received_at) * $5 <= $3 end
		order by s.due, t.id limit $6`,
		string(q.Agency), q.LateOnly, q.Now, q.Now.Add(q.Within), earliest(q.Warn), q.Limit)
}

// earliest is the lowest of the shares; 1 where there are none.
func earliest(shares []float64) float64 {
	lowest := 1.0
	for _, s := range shares {
		lowest = min(lowest, s)
	}
	return lowest
}

// DeadlineWarning says that transmissions of one sender have come near their deadline.
type DeadlineWarning struct {
	Agency order.ORI `json:"agency"`
	// Share of its time that each of them has used.
	Share float64 `json:"share"`
	Count int     `json:"count"`
	// First is the earliest of their deadlines.
	First time.Time `json:"first"`
}

// WarnOfDeadlines finds transmissions that have come past a share of their time and of which nobody was warned at that share. Each share of each is given once, to one hub; who comes late to several is
// given the highest. Those past their deadline have an alarm instead.
func (s *Store) WarnOfDeadlines(ctx context.Context, shares []float64, now time.Time) ([]DeadlineWarning, error) {
	percents := make([]int32, len(shares))
	for i, share := range shares {
		percents[i] = int32(math.Round(share * 100))
	}
	return all(ctx, s.pool, func(row pgx.CollectableRow) (w DeadlineWarning, err error) {
		var percent int
		err = row.Scan(&w.Agency, &percent, &w.Count, &w.First)
		w.Share, w.First = float64(percent)/100, w.First.UTC()
		return w, err
	}, "warn of deadlines", `
		with near as (
			select t.id, s.agency_id, s.due, p.percent from `+unsettled+` join submission s on s.id = t.submission_id cross join unnest($1::int[]) as p (percent)
			where not t.test and `+ofPackage("t")+` and s.due >= $2 and s.received_at + (s.due - s.received_at) * p.percent / 100 <= $2
				and not exists (select from deadline_warning w where w.transmission_id = t.id and w.percent = p.percent)),
		told as (insert into deadline_warning (transmission_id, percent, at) select id, percent, $2 from near on conflict do nothing returning transmission_id, percent),
		highest as (select transmission_id, max(percent) as percent from told group by transmission_id)
		select a.ori, h.percent, count(*), min(n.due) from highest h join near n on n.id = h.transmission_id and n.percent = h.percent join agency a on a.id = n.agency_id
		group by a.ori, h.percent order by a.ori, h.percent`, percents, now)
}

// CheckShares says what is wrong with warning shares: they grow, between 0 and 1, in whole percents.
func CheckShares(shares []float64) error {
	last := 0.0
	for _, s := range shares {
		if s <= last || s >= 1 || math.Abs(s*100-math.Round(s*100)) > 1e-9 {
			return fmt.Errorf("%v: the shares at which deadlines are warned of grow, between 0 and 1, in whole percents", shares)
		}
		last = s
	}
	return nil
}

package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// DeadEnd is something owed to CARPOS of which nobody has the next move, or might not have.
type DeadEnd struct {
	// Transmission is zero where it is about the order as a whole.
	Transmission TransmissionID
	State        TransmissionState
	// Tracking is the submission that brought the transmission, or added the order.
	Tracking order.Tracking
	// What is wrong, and since when.
	What  DeadEndKind
	Since time.Time
	// Next says who mends it and how.
	Next Move
}

// DeadEndKind is a kind of dead end.
type DeadEndKind string

// The kinds.
const (
	NoJob         DeadEndKind = "no job"          // ready or unknown, and no job looks at it
	NoPredecessor DeadEndKind = "waits for none"  // waiting, and nothing stands before it
	NoReason      DeadEndKind = "no reason"       // held, and nobody can know why
	HubGone       DeadEndKind = "hub gone"        // an attempt is under way for longer than one can be
	WrongCount    DeadEndKind = "count is wrong"  // the order's count of open transmissions is not theirs
	TwoAtOnce     DeadEndKind = "two of an order" // of one order two are neither waiting nor final
)

// deadEnds says of each kind what to do.
var deadEnds = map[DeadEndKind]Move{
	NoJob:         {PartyHub, "The sweep of a running hub with a switch gives it a job once it is overdue. If it stays: is a hub running? ccpor queue retry gives one that pauses a job at once."},
	NoPredecessor: {PartyPerson, "Nothing in the program leaves this behind. Tell whoever maintains it; the entry of the order, and what came before, is shown by ccpor queue list --tracking."},
	NoReason:      {PartyPerson, "Release it: the hub looks at it again and says why it holds it."},
	HubGone:       {PartyHub, "The sweep of a running hub, or whoever takes over its line, ends the attempt as unknown and looks it up. If it stays: is a hub running?"},
	WrongCount:    {PartyPerson, "Nothing in the program leaves this behind. Tell whoever maintains it: what waits for this order may wait for ever."},
	TwoAtOnce:     {PartyPerson, "Nothing in the program leaves this behind. Tell whoever maintains it, and hold the later one."},
}

// DeadEnds looks through everything that is owed for what nobody would move on, the oldest first: at most limit of each kind. An attempt that has been under
// way since before begunBefore belongs to a hub that is gone.
func (r *Reader) DeadEnds(ctx context.Context, begunBefore time.Time, limit int) ([]DeadEnd, error) {
	var found []DeadEnd
	for _, q := range []struct {
		what DeadEndKind
		sql  string
		args []any
	}{
		{NoJob, deadTransmission + `t.state in ('ready', 'unknown') and t.open_attempt is null and t.id not in (select (j.args->>'transmission_id')::bigint from river_job j where ` + isJob + ")", nil},
		{NoPredecessor, deadTransmission + `t.state = 'waiting' and (o.relay in ('notOwed', 'givenUp') or o.entered
			and not exists (select from transmission y where y.order_id = t.order_id and y.seq < t.seq and y.state not in ('accepted', 'given_up')))`, nil},
		{NoReason, deadTransmission + "t.state = 'held' and btrim(t.reason) = ''", nil},
		{HubGone, deadTransmission + "t.open_attempt is not null and t.open_since < $2", []any{begunBefore}},
		{WrongCount, `select 0::bigint, '', coalesce((select s.tracking from submission s where s.id = o.added_by), ''), null::timestamptz
			from order_ o full join (select t.order_id, count(*) as n from transmission t where ` + isUnsettled + ` group by t.order_id) c on c.order_id = o.id
			where coalesce(o.open, 0) <> coalesce(c.n, 0) order by o.id limit $1`, nil},
		{TwoAtOnce, deadTransmission + `t.state in ('ready', 'sending', 'sent', 'held', 'unknown') and exists (select from transmission y where y.order_id = t.order_id and y.seq < t.seq
			and y.state in ('ready', 'sending', 'sent', 'held', 'unknown'))`, nil},
	} {
		sql := q.sql
		if q.what != WrongCount {
			sql += " order by t.id limit $1"
		}
		some, err := all(ctx, r.pool, scanDeadEnd, fmt.Sprintf("look for dead ends (%s)", q.what), sql, append([]any{limit}, q.args...)...)
		if err != nil {
			return nil, err
		}
		for i := range some {
			some[i].What, some[i].Next = q.what, deadEnds[q.what]
		}
		found = append(found, some...)
	}
	return found, nil
}

const deadTransmission = "select t.id, t.state, s.tracking, t.changed_at from transmission t join order_ o on o.id = t.order_id join submission s on s.id = t.submission_id where " + isUnsettled + " and "

func scanDeadEnd(row pgx.CollectableRow) (d DeadEnd, err error) {
	var since *time.Time
	err = row.Scan(&d.Transmission, &d.State, &d.Tracking, &since)
	d.Since = known(since)
	return d, err
}

package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// AgencyLimits are what an agency may send. Zero is what the hub allows everybody.
type AgencyLimits struct {
	PerSecond float64 // requests to one process
	Burst     int     // requests at once after a pause
	Daily     int     // packages that are taken in a day
}

// SetLimits gives the agency limits of its own. Running hubs know within five seconds. ErrNotFound.
func (s *Store) SetLimits(ctx context.Context, ori order.ORI, l AgencyLimits) (Agency, error) {
	a, err := one(ctx, s.pool, scanAgency, "set the limits of an agency",
		"update agency a set per_second = $2, burst = $3, daily = $4 where ori = $1 returning "+agencyColumns, string(ori), l.PerSecond, l.Burst, l.Daily)
	s.known.forget()
	return a, err
}

// TakenSince is how many packages within reach were taken since a moment; replays do not count.
func (r *Reader) TakenSince(ctx context.Context, by Reach, since time.Time) (int, error) {
	return one(ctx, r.pool, pgx.RowTo[int], "count the packages of an agency", takenSince, int64(by.Agency), by.Test, since)
}

// takenSince is asked for every few seconds while an agency sends: what it sent in the years before must cost nothing.
const takenSince = "select count(*) from submission s join agency a on a.id = s.agency_id where " + reached + " and s.state = 'accepted' and s.received_at >= $3 and s.replay_of = ''"

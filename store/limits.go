package store

import (
	"context"
	"math"
	"strconv"
	"strings"
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

// SetLimits gives the agency limits of its own, and notes who did it. Running hubs know within five seconds. ErrNotFound; *InputError for what is negative or no number.
func (s *Store) SetLimits(ctx context.Context, ori order.ORI, l AgencyLimits, by By, now time.Time) (after Agency, err error) {
	if !(l.PerSecond >= 0) || math.IsInf(l.PerSecond, 1) || l.Burst < 0 || l.Daily < 0 {
		return Agency{}, &InputError{"limits", "A limit is not negative."}
	}
	err = s.onAgency(ctx, ori, by, now, func(tx pgx.Tx, a Agency) (agencyNote, error) {
		after, err = one(ctx, tx, scanAgency, "set the limits of an agency",
			"update agency a set per_second = $2, burst = $3, daily = $4 where ori = $1 returning "+agencyColumns, string(ori), l.PerSecond, l.Burst, l.Daily)
		return agencyNote{"agency.limit", "set", a.Limits.String() + " -> " + l.String()}, err
	})
	s.known.forget()
	return after, err
}

// String says what an agency may send, in words.
func (l AgencyLimits) String() string {
	var own []string
	for _, x := range []struct {
		n  float64
		of string
	}{{l.PerSecond, "requests a second"}, {float64(l.Burst), "requests at once"}, {float64(l.Daily), "packages a day"}} {
		if x.n > 0 {
			own = append(own, strconv.FormatFloat(x.n, 'f', -1, 64)+" "+x.of)
		}
	}
	if len(own) == 0 {
		return "limits as the hub has them for everybody"
	}
	return "of its own " + strings.Join(own, ", ")
}

// TakenSince is how many packages within reach were taken since a moment; replays do not count.
func (r *Reader) TakenSince(ctx context.Context, by Reach, since time.Time) (int, error) {
	return one(ctx, r.pool, pgx.RowTo[int], "count the packages of an agency", takenSince, int64(by.Agency), by.Test, since)
}

// takenSince is asked for every few seconds while an agency sends: what it sent in the years before must cost nothing.
const takenSince = "select count(*) from submission s join agency a on a.id = s.agency_id where " + reached + " and s.state = 'accepted' and s.received_at >= $3 and s.replay_of = ''"

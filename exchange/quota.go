package exchange

import (
	"context"
	"sync"
	"time"

	"ccpor/store"
)

// recount is for how long a count of the database holds: a hub counts its own packages at once and those of the others every so often, so that an agency
// that sends to several gets at most that much more.
const recount = 5 * time.Second

// quotas count what was taken of each agency in a day, its tests apart from its orders. It grows with the registry alone.
type quotas struct {
	mu sync.Mutex
	of map[store.Reach]*taken
}

type taken struct {
	day, at time.Time // of the count
	count   int
	warned  bool // on that day
}

// get is the count of the day, if it is fresh.
func (q *quotas) get(by store.Reach, day, now time.Time) (count int, fresh bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.of[by]
	if t == nil || !t.day.Equal(day) || now.Sub(t.at).Abs() > recount {
		return 0, false
	}
	return t.count, true
}

// add counts a package that was taken; what is only tried or comes again is none.
func (q *quotas) add(by store.Reach) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t := q.of[by]; t != nil {
		t.count++
	}
}

// set takes over a count of the database.
func (q *quotas) set(by store.Reach, day, now time.Time, count int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.of[by]
	if t == nil || !t.day.Equal(day) {
		t = &taken{day: day}
		q.of[by] = t
	}
	t.at, t.count = now, count
}

// warn says that nobody was warned of this agency on this day yet.
func (q *quotas) warn(by store.Reach) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	first := !q.of[by].warned
	q.of[by].warned = true
	return first
}

// quotaWait is what a sender beyond its quota is told to wait: the operator may raise it at any time, and an order must not wait for midnight then.
const quotaWait = 5 * time.Minute

// quota refuses a package that is beyond what its agency may send on a day of the court's. What was taken before gets its receipt again.
func (h *Hub) quota(ctx context.Context, r read) error {
	most := r.agency.Limits.Daily
	if most == 0 {
		most = h.Limits.Daily
	}
	if most <= 0 || r.replay != nil {
		return nil
	}
	count, err := h.takenToday(ctx, r)
	if err != nil {
		return err
	}
	count++ // with this one
	if count*5 >= most*4 && h.quotas.warn(r.reach()) {
		h.Log.Warn("an agency has used four fifths of what it may send today; beyond it its orders are not taken", "agency", r.agency.ORI, "test", r.reach().Test, "taken", count, "most", most)
	}
	if count <= most {
		return nil
	}
	if before, err := h.takenBefore(ctx, r); before || err != nil {
		return err
	}
	return &refusal{code: "Client.Limit.Quota", after: quotaWait}
}

// takenToday counts the packages of the day that were taken before this one.
func (h *Hub) takenToday(ctx context.Context, r read) (int, error) {
	local := r.began.In(h.Calendar.Pacific())
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	if count, fresh := h.quotas.get(r.reach(), day, r.began); fresh {
		return count, nil
	}
	count, err := h.Store.TakenSince(ctx, r.reach(), day)
	if err != nil {
		h.Log.Error("packages not counted", "correlation", r.correlation, "agency", r.agency.ORI, "error", loggable(err))
		return 0, &refusal{code: "Server.Unavailable"}
	}
	h.quotas.set(r.reach(), day, r.began, count)
	return count, nil
}

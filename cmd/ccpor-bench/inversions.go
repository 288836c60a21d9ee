package main

import (
	"context"
	"slices"
	"sort"
	"time"

	"github.com/jackc/pgx/v5"
)

// sentOrder is an order as it came and as it went: the check reads nothing of what the choice is made by.
type sentOrder struct {
	received, due time.Time
	first         *time.Time // when its first attempt began
	finished      *time.Time // when it was accepted
}

func sentOrders(ctx context.Context, conn *pgx.Conn) ([]sentOrder, error) {
	rows, err := conn.Query(ctx, `select s.received_at, coalesce(s.due, s.received_at + interval '100 years'), min(a.at), min(a.finished_at) filter (where a.verdict = 'accepted')
		from transmission t join submission s on s.id = t.submission_id left join attempt a on a.transmission_id = t.id and a.purpose = 'send' group by t.id, s.received_at, s.due`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s sentOrder, err error) {
		err = row.Scan(&s.received, &s.due, &s.first, &s.finished)
		return s, err
	})
}

// The rules once more, as docs/operating.md has them.
const (
	freshFor    = 15 * time.Minute
	urgentShare = 0.5
	// atOnce is how far a choice and the beginning of its attempt may lie apart: what came or went within it was chosen at the same moment.
	atOnce = 500 * time.Millisecond
)

// span is from when until when an order waited in a class.
type span struct{ from, to time.Time }

func (s sentOrder) urgent() span {
	return s.until(span{s.received.Add(time.Duration(urgentShare * float64(s.due.Sub(s.received)))), s.due})
}

func (s sentOrder) fresh() span { return s.until(span{s.received, s.received.Add(freshFor)}) }

// until ends the span with the order's first attempt.
func (s sentOrder) until(w span) span {
	if s.first != nil && s.first.Before(w.to) {
		w.to = *s.first
	}
	return w
}

func (w span) holds(at time.Time) bool { return !at.Before(w.from) && at.Before(w.to) }

// waitings are spans in which orders of a class waited, each shorter by what is one moment.
type waitings struct{ froms, tos []time.Time }

func (w *waitings) add(s span) {
	from, to := s.from.Add(atOnce), s.to.Add(-atOnce)
	if from.Before(to) {
		w.froms, w.tos = append(w.froms, from), append(w.tos, to)
	}
}

func (w *waitings) sort() {
	slices.SortFunc(w.froms, time.Time.Compare)
	slices.SortFunc(w.tos, time.Time.Compare)
}

// at is how many waited at a moment.
func (w *waitings) at(moment time.Time) int {
	begun := sort.Search(len(w.froms), func(i int) bool { return w.froms[i].After(moment) })
	ended := sort.Search(len(w.tos), func(i int) bool { return w.tos[i].After(moment) })
	return begun - ended
}

// inversions counts the orders that were sent while another of a better class waited.
func inversions(sent []sentOrder) (n int) {
	var urgent, fresh waitings
	for _, s := range sent {
		urgent.add(s.urgent())
		fresh.add(s.fresh())
	}
	urgent.sort()
	fresh.sort()
	for _, s := range sent {
		if s.first == nil {
			continue
		}
		before := s
		before.first = nil // its own class at the moment
		switch at := *s.first; {
		case before.urgent().holds(at.Add(-atOnce)) || before.urgent().holds(at):
		case urgent.at(at) > 0:
			n++
		case before.fresh().holds(at.Add(-atOnce)) || before.fresh().holds(at):
		case fresh.at(at) > 0:
			n++
		}
	}
	return n
}

package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// Related is an order with the court's last change of it, as what counts between two people is judged (mapping/precedence).
type Related struct {
	FoundOrder
	Changed *order.Modification // nil for an order as it was added
}

// Key names the order in a judgement.
func (f FoundOrder) Key() string { return string(f.Order.Court.ORI) + "/" + string(f.Order.ID) }

const (
	relatedColumns = foundColumns + ", v.modification, (select y.tracking from submission y where y.id = v.submission_id)"
	// mostRelated bounds how many orders of people of one name are read: the newest.
	mostRelated = 200
)

func (s safe) scanRelated(ctx context.Context) pgx.RowToFunc[Related] {
	return func(row pgx.CollectableRow) (f Related, err error) {
		var changed sealed
		if err = f.scan(ctx, row, s, changed.fields()...); err != nil {
			return f, err
		}
		return f, openIfThere(ctx, s, inModification, changed, &f.Changed)
	}
}

// RelatedTo reads the order itself and others, of any court, that bind somebody of the same name, as far as their dates of birth, where both are known, do not differ: all of the surname, among others, and the
// first given name, of the restrained person or an alias, without regard to case, accents and hyphens; the newest 200. Whether it is the same person is for others to judge (mapping/alike).
func (r *Reader) RelatedTo(ctx context.Context, f FoundOrder) (of Related, others []Related, err error) {
	var surnames, givens []int64
	for _, n := range append([]order.Name{f.Order.Restrained.Name}, f.Order.Restrained.Aliases...) {
		if surname, given, ok := r.naming.most(n); ok {
			surnames, givens = append(surnames, surname), append(givens, given)
		}
	}
	found, err := all(ctx, r.pool, r.scanRelated(ctx), "read orders about the same name", `
		with k as (
			select $3::bigint as order_id
			union select n.order_id from unnest($1::bigint[], $2::bigint[]) a(surname, given) cross join lateral (
				select order_id from named where surname = a.surname and given = a.given and test = $4 and side <> 'p' and (born is null or $6::date is null or born = $6)
				order by order_id desc limit $5) n)
		select `+relatedColumns+` from k join order_ o on o.id = k.order_id join order_version v on v.order_id = o.id and v.version = o.version
		left join cancellation c on c.submission_id = o.cancelled_by where o.test = $4 order by o.id = $3 desc, v.issued desc nulls last, o.id desc limit $5`,
		surnames, givens, f.key, f.Test, mostRelated+1, day(f.Order.Restrained.Born))
	if err != nil || len(found) == 0 {
		return of, nil, err
	}
	return found[0], found[1:], nil
}

// Clash is that the terms of two orders conflict.
type Clash struct {
	Other Related
	// Clauses are the terms that conflict, by their names in mapping/precedence.
	Clauses []string
	// TellOf and TellOther say that the court of the order that came, or of the other, may know of the other one.
	TellOf, TellOther bool
}

// Judge says with which of the others an order conflicts.
type Judge func(of Related, others []Related) ([]Clash, error)

// JudgeVersions judges versions that came since, the oldest first and at most limit. Those whose people no other order names are judged together, since they conflict with nothing; each other one in one
// transaction with the notices to the courts and an audit entry. Several hubs may do so at once. A version waits until its own names are kept (NameOrders): so of two orders the one that is judged last finds
// the other by its names. It returns how many were judged.
func (s *Store) JudgeVersions(ctx context.Context, limit int, judge Judge, now time.Time) (judged int, err error) {
	alone, others, err := s.passAlone(ctx, limit)
	if err != nil {
		return 0, err
	}
	for judged = alone; judged < alone+others; judged++ {
		some, err := s.judgeNext(ctx, judge, now)
		if err != nil || !some {
			return judged, err
		}
	}
	return judged, nil
}

// passAlone takes versions that wait and whose restrained person no other order names off the list, and counts the others. One that cannot be read is left to be judged alone.
func (s *Store) passAlone(ctx context.Context, limit int) (alone, others int, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		waiting, err := all(ctx, tx, s.scanWaiting(ctx), "read versions to judge", `with u as materialized (select failed, order_id, version from unjudged order by failed, order_id, version limit $2 for update skip locked)
			select u.failed, u.order_id, u.version, o.test, v.document, (select y.tracking from submission y where y.id = v.submission_id)
			from u join order_ o on o.id = u.order_id join order_version v on v.order_id = u.order_id and v.version = u.version join submission s on s.id = v.submission_id and s.named
			order by u.failed, u.order_id, u.version limit $1`, limit, 5*limit)
		if err != nil {
			return err
		}
		var k companions
		for _, w := range waiting {
			k.add(s.naming, w)
		}
		named, err := all(ctx, tx, pgx.RowTo[int64], "find whose people other orders name", `select distinct k.id from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::boolean[], $5::date[]) k (id, surname, given, test, born)
			where exists (select from named n where n.surname = k.surname and n.given = k.given and n.test = k.test and n.side <> 'p' and n.order_id <> k.id and (n.born is null or k.born is null or n.born = k.born))`,
			k.order, k.surname, k.given, k.test, k.born)
		if err != nil {
			return err
		}
		passed := slices.DeleteFunc(slices.Clone(waiting), func(w waitingVersion) bool { return !w.read || slices.Contains(named, w.order) })
		alone, others = len(passed), len(waiting)-len(passed)
		_, err = tx.Exec(ctx, "delete from unjudged u using unnest($1::int[], $2::bigint[], $3::int[]) a (failed, order_id, version) where (u.failed, u.order_id, u.version) = (a.failed, a.order_id, a.version)",
			column(passed, func(w waitingVersion) int32 { return w.failed }), column(passed, func(w waitingVersion) int64 { return w.order }), column(passed, func(w waitingVersion) int32 { return int32(w.version) }))
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("pass versions whose people no other order names: %w", err)
	}
	return alone, others, nil
}

// waitingVersion is a version that waits, with its document where that can be read.
type waitingVersion struct {
	failed     int32
	order      int64
	version    int
	test, read bool
	document   order.Order
}

func (s safe) scanWaiting(ctx context.Context) pgx.RowToFunc[waitingVersion] {
	return func(row pgx.CollectableRow) (w waitingVersion, err error) {
		var document sealed
		if err = row.Scan(append([]any{&w.failed, &w.order, &w.version, &w.test}, document.fields()...)...); err != nil {
			return w, err
		}
		w.read = s.openInto(ctx, inVersion, document, &w.document) == nil // why it cannot be read is said when it is judged
		return w, nil
	}
}

// companions are the names by which other orders about the same person are found, as columns.
type companions struct {
	order, surname, given []int64
	test                  []bool
	born                  []*time.Time
}

func (k *companions) add(n *naming, w waitingVersion) {
	for _, name := range append([]order.Name{w.document.Restrained.Name}, w.document.Restrained.Aliases...) {
		if surname, given, ok := n.most(name); ok {
			k.order, k.surname, k.given = append(k.order, w.order), append(k.surname, surname), append(k.given, given)
			k.test, k.born = append(k.test, w.test), append(k.born, day(w.document.Restrained.Born))
		}
	}
}

// unjudged is a version that waits.
type unjudged struct {
	order   int64
	version int
	court   order.ORI
	id      order.LocalID
	test    bool
}

func (s *Store) judgeNext(ctx context.Context, judge Judge, now time.Time) (some bool, err error) {
	var tried unjudged
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		next, err := all(ctx, tx, func(row pgx.CollectableRow) (u unjudged, err error) {
			err = row.Scan(&u.order, &u.version, &u.court, &u.id, &u.test)
			return u, err
		}, "find a version to judge", `with u as (delete from unjudged where (failed, order_id, version) = (
				select u.failed, u.order_id, u.version from unjudged u join order_version v on v.order_id = u.order_id and v.version = u.version join submission s on s.id = v.submission_id and s.named
				order by u.failed, u.order_id, u.version limit 1 for update of u skip locked) returning order_id, version)
			select u.order_id, u.version, o.court, o.local_id, o.test from u join order_ o on o.id = u.order_id`)
		if err != nil || len(next) == 0 {
			return err
		}
		some, tried = true, next[0]
		return s.judgeOne(ctx, tx, next[0], judge, now)
	})
	if err != nil {
		err = fmt.Errorf("judge a version: %w", err)
		if some { // what cannot be judged must not keep others waiting
			_, put := s.pool.Exec(ctx, "update unjudged set failed = failed + 1 where order_id = $1 and version = $2", tried.order, tried.version)
			err = errors.Join(err, put)
		}
		return false, err
	}
	return some, nil
}

func (s *Store) judgeOne(ctx context.Context, tx pgx.Tx, u unjudged, judge Judge, now time.Time) error {
	f, err := s.FindOrder(ctx, u.court, u.id, u.test)
	if err != nil {
		return err
	}
	if f.Version != u.version { // a newer one has come, and is judged in its place
		return nil
	}
	of, others, err := s.RelatedTo(ctx, f)
	if err != nil || len(others) == 0 {
		return err
	}
	clashes, err := judge(of, others)
	for _, c := range clashes {
		if err := s.keepClash(ctx, tx, of, c, now); err != nil {
			return err
		}
	}
	return err
}

// keepClash keeps a conflict that is new, and tells the courts that may know.
func (s *Store) keepClash(ctx context.Context, tx pgx.Tx, of Related, c Clash, now time.Time) error {
	ids, err := all(ctx, tx, pgx.RowTo[int64], "keep a conflict", `insert into conflict (order_id, version, other_id, other_version, clauses, at) select $1, $2, $3, $4, $5, $6
		where not exists (select from conflict where order_id = $3 and version = $4 and other_id = $1 and other_version = $2) -- found from the other side
		on conflict on constraint conflict_once do nothing returning id`, of.key, of.Version, c.Other.key, c.Other.Version, c.Clauses, now)
	if err != nil || len(ids) == 0 {
		return err
	}
	terms := strings.Join(c.Clauses, ", ")
	for _, told := range []struct {
		is          bool
		whose, with Related
	}{{c.TellOf, of, c.Other}, {c.TellOther, c.Other, of}} {
		if !told.is {
			continue
		}
		if err := s.tellOfClash(ctx, tx, ids[0], told.whose, told.with, terms, now); err != nil {
			return err
		}
	}
	return auditIn(ctx, tx, Event{At: now, Actor: "hub " + s.opts.Hub, Action: "conflict.find", Object: OrderObject(of.Order.Court.ORI, of.Order.ID), Outcome: "kept", Details: "with order " + c.Other.Key() + ": " + terms})
}

func (s *Store) tellOfClash(ctx context.Context, tx pgx.Tx, conflict int64, whose, with Related, terms string, now time.Time) error {
	if _, err := tx.Exec(ctx, "insert into conflict_told (conflict_id, court) values ($1, $2) on conflict do nothing", conflict, string(whose.Order.Court.ORI)); err != nil {
		return fmt.Errorf("keep whom a conflict concerns: %w", err)
	}
	news := fmt.Sprintf("Order %s of %s orders otherwise: %s. Which term counts, and why, is on the order's page.", with.Order.ID, with.Order.Court.ORI, terms)
	return tellCourt(ctx, tx, s.jobs, whose.key, news, now)
}

// ConflictID is the hub's own number of a conflict.
type ConflictID int64

// Conflict is one as it was found.
type Conflict struct {
	ID ConflictID
	// Order came at At, and conflicted with Other; each is one of a court.
	Order, Other ConflictingOrder
	Clauses      []string
	At           time.Time
}

// ConflictingOrder is one of the two.
type ConflictingOrder struct {
	Court   order.ORI
	ID      order.LocalID
	Version int
}

// Conflicts lists those that a court was told of, newest first. Before goes on with the list; 0 begins it.
func (r *Reader) Conflicts(ctx context.Context, court order.ORI, test bool, before ConflictID, limit int) ([]Conflict, error) {
	return all(ctx, r.finds, func(row pgx.CollectableRow) (c Conflict, err error) {
		err = row.Scan(&c.ID, &c.Order.Court, &c.Order.ID, &c.Order.Version, &c.Other.Court, &c.Other.ID, &c.Other.Version, &c.Clauses, &c.At)
		c.At = c.At.UTC()
		slices.Sort(c.Clauses)
		return c, err
	}, "list conflicts", `select x.id, o.court, o.local_id, x.version, p.court, p.local_id, x.other_version, x.clauses, x.at from conflict_told t join conflict x on x.id = t.conflict_id
		join order_ o on o.id = x.order_id join order_ p on p.id = x.other_id where t.court = $1 and o.test = $2 and ($3::bigint = 0 or t.conflict_id < $3) order by t.conflict_id desc limit $4`,
		string(court), test, int64(before), limit)
}

// Package conflict says of an order how it stands beside the other orders between the same people, and tells the courts concerned when a new order, or a new version of one, conflicts with another.
//
// It puts three things together: the orders about people of one name (store), who of them is held for the same (mapping/alike), and what counts between them (mapping/precedence). The finder looks at
// versions soon after they were receipted and never before: an order is taken whether it conflicts with another or not.
//
// It refuses to tell a court of an order that a clerk of that court may not read (package access), and to say in a notice more than which order it is and which terms differ.
package conflict

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"ccpor/access"
	"ccpor/mapping/alike"
	"ccpor/mapping/precedence"
	"ccpor/store"
)

// Between is what counts between two people.
type Between struct {
	alike.Pair
	precedence.Ruling
}

// Rulings judge an order beside others at a moment, once for each person whom it protects; a person whom no other order protects has none.
func Rulings(law *precedence.Law, at time.Time, of store.Related, others []store.Related) (all []Between, err error) {
	var beside []precedence.Standing
	for _, o := range others {
		beside = append(beside, Standing(o))
	}
	for _, pair := range alike.Pairs(Standing(of), beside) {
		if len(pair.Orders) < 2 {
			continue
		}
		ruling, err := law.Judge(at, pair.Orders)
		if err != nil {
			return nil, fmt.Errorf("judge the orders beside %s: %w", of.Key(), err)
		}
		all = append(all, Between{pair, ruling})
	}
	return all, nil
}

// Standing is an order as it is judged.
func Standing(r store.Related) precedence.Standing {
	return precedence.Standing{Key: r.Key(), Version: r.Version, Order: r.Order, Changed: r.Changed, Cancelled: r.Cancelled}
}

// Finder finds conflicts of new versions. It is made of its fields, all of which are needed.
type Finder struct {
	Store *store.Store
	Law   *precedence.Law
	Now   func() time.Time
	Log   *slog.Logger
}

// atOnce is how many versions are looked at before the finder looks whether it is to end.
const atOnce = 200

// Run judges what has come at every tick until ctx ends.
func (f *Finder) Run(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		f.Look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Look judges all that waits. What could not be judged waits on, and is logged.
func (f *Finder) Look(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := f.Store.JudgeVersions(ctx, atOnce, f.clashes, f.Now())
		if err != nil && ctx.Err() == nil {
			f.Log.Error("orders not judged beside others", "err", err)
		}
		if err != nil || n < atOnce {
			return
		}
	}
}

// clashes are the orders with which one conflicts now, each beside it alone: where several say the same, each of their courts is told.
func (f *Finder) clashes(of store.Related, others []store.Related) (all []store.Clash, err error) {
	for _, o := range others {
		rulings, err := Rulings(f.Law, f.Now(), of, []store.Related{o})
		if err != nil {
			return nil, err
		}
		if terms := differing(rulings); len(terms) > 0 {
			all = append(all, store.Clash{Other: o, Clauses: terms, TellOf: f.mayKnow(of, o), TellOther: f.mayKnow(o, of)})
		}
	}
	return all, nil
}

// differing names the clauses that conflict.
func differing(rulings []Between) (terms []string) {
	for _, r := range rulings {
		for _, c := range r.Conflicts() {
			terms = append(terms, string(c.Clause))
		}
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

// mayKnow says that a clerk of the court of one order reads the other one.
func (f *Finder) mayKnow(whose, with store.Related) bool {
	clerk := access.Asker{Kind: access.KindCourt, Agency: whose.Order.Court.ORI, Test: whose.Test, Roles: []access.Role{access.CourtClerk}}
	return clerk.Sees(access.ObjectOf(with.Order, with.Test), f.Now()) == access.Whole
}

package precedence

import (
	"cmp"
	"slices"
)

// Party is an order with the people in it, by whatever the caller holds them for the same people by.
type Party struct {
	Standing
	// Restrained names the restrained person, Protected the protected ones; an order that names none has none.
	Restrained string
	Protected  []string
}

// Pair are the orders that protect one person from another. Protected is empty where no order about the restrained person protects anybody by name.
type Pair struct {
	Restrained string
	Protected  string
	Orders     []Standing
}

// Pairs groups orders by pairs of people, each for Judge. An order that protects several people stands in a pair for each; one that protects nobody by name stands in every pair
// of the restrained person, or in one of its own. All versions of an order go with the people of its newest one. The pairs come in the sequence of their names, the orders in that
// of their keys and versions.
func Pairs(parties []Party) []Pair {
	type people struct{ restrained, protected string }
	current := newest(parties)
	named := map[string][]string{} // whom orders protect from a restrained person
	for _, p := range current {
		named[p.Restrained] = append(named[p.Restrained], p.Protected...)
	}
	groups := map[people][]Standing{}
	for _, p := range parties {
		now := current[p.Key]
		for _, protected := range everybody(now, named[now.Restrained]) {
			k := people{now.Restrained, protected}
			groups[k] = append(groups[k], p.Standing)
		}
	}
	var pairs []Pair
	for k, orders := range groups {
		slices.SortFunc(orders, func(a, b Standing) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Version, b.Version)) })
		pairs = append(pairs, Pair{k.restrained, k.protected, orders})
	}
	slices.SortFunc(pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.Restrained, b.Restrained), cmp.Compare(a.Protected, b.Protected))
	})
	return pairs
}

// newest are the newest versions by key.
func newest(parties []Party) map[string]Party {
	current := map[string]Party{}
	for _, p := range parties {
		if was, there := current[p.Key]; !there || p.Version > was.Version {
			current[p.Key] = p
		}
	}
	return current
}

// everybody is whom an order's group is for.
func everybody(p Party, named []string) []string {
	if len(p.Protected) > 0 {
		named = p.Protected
	}
	if len(named) == 0 {
		return []string{""}
	}
	return slices.Compact(slices.Sorted(slices.Values(named)))
}

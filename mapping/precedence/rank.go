package precedence

import (
	"cmp"
	"slices"

	"ccpor/mapping/order"
)

// key ranks an order before any emergency order is lifted; the smaller comes first. Orders of one key are put apart by their hours, where all of them have one.
type key struct {
	contact int // 0 for an order that forbids contact, while the rule holds
	side    int // 0 for a criminal order
	day     order.Date
}

func (s *sitting) key(o *standing) key {
	k := key{1, 1, o.issued.day}
	if o.noContact && s.law.holds(noContact, s.at) {
		k.contact = 0
	}
	if o.side == SideCriminal {
		k.side = 0
	}
	return k
}

// The last day comes first.
func (k key) compare(o key) int {
	return cmp.Or(cmp.Compare(k.contact, o.contact), cmp.Compare(k.side, o.side), cmp.Compare(o.day.String(), k.day.String()))
}

// rank places the orders in force.
func (s *sitting) rank() {
	ranked := slices.DeleteFunc(slices.Clone(s.live), func(o *standing) bool { return o.beside })
	for _, e := range ranked {
		if e.side == SideEmergency && s.law.holds(emergency, s.at) {
			e.beats = slices.DeleteFunc(slices.Clone(ranked), func(o *standing) bool { return o.side == SideEmergency || !s.stricter(e, o) })
		}
	}
	s.groups = s.lift(s.plain(ranked), func(e *standing) []*standing { return e.beats })
	place := 1
	for i, group := range s.groups {
		for _, o := range group {
			s.ruling.Ranked = append(s.ruling.Ranked, s.placed(o, i, place))
		}
		place += len(group)
	}
	for _, o := range s.live {
		if o.beside {
			s.ruling.Beside = append(s.ruling.Beside, Placed{Key: o.Key, Version: o.Version, Reason: s.law.branch(beside)})
		}
	}
	s.under(ranked)
}

// under names the sections under which the orders are ranked.
func (s *sitting) under(ranked []*standing) {
	s.ruling.Under = []string{"Fam. Code 6383(h)(2)", "Pen. Code 136.2"}
	for _, o := range ranked {
		if act := s.law.kind(o.Order.Form).Act; act != "" && !slices.Contains(s.ruling.Under, act) {
			s.ruling.Under = append(s.ruling.Under, act)
		}
	}
	slices.Sort(s.ruling.Under)
}

// stricter says whether an emergency order is more restrictive than another order in one of its terms at least.
func (s *sitting) stricter(e, o *standing) bool {
	for u, says := range e.says {
		if s.law.row(u.clause).Restricts && says.level > o.says[u].level {
			return true
		}
	}
	return false
}

// plain ranks orders without a look at the precedence of emergency orders: groups of orders that are not put above one another, the first group first.
func (s *sitting) plain(orders []*standing) [][]*standing {
	sortedBy := slices.SortedStableFunc(slices.Values(orders), func(a, b *standing) int { return s.key(a).compare(s.key(b)) })
	var groups [][]*standing
	for len(sortedBy) > 0 {
		n := 1
		for n < len(sortedBy) && s.key(sortedBy[n]).compare(s.key(sortedBy[0])) == 0 {
			n++
		}
		groups = append(groups, byHour(sortedBy[:n])...)
		sortedBy = sortedBy[n:]
	}
	return groups
}

// byHour puts orders of one day apart, where all hours are known: one that is missing may be before or after each of the others.
func byHour(day []*standing) [][]*standing {
	if len(day) == 1 || slices.ContainsFunc(day, func(o *standing) bool { return o.issued.time == nil }) {
		return [][]*standing{day}
	}
	sortedBy := slices.SortedStableFunc(slices.Values(day), func(a, b *standing) int { return cmp.Compare(*b.issued.time, *a.issued.time) })
	var groups [][]*standing
	for i, o := range sortedBy {
		if i > 0 && *sortedBy[i-1].issued.time == *o.issued.time {
			groups[len(groups)-1] = append(groups[len(groups)-1], o)
			continue
		}
		groups = append(groups, []*standing{o})
	}
	return groups
}

// lift puts each emergency order before the first group that holds an order over which it has precedence. Those lifted to one place keep their own sequence.
func (s *sitting) lift(groups [][]*standing, beats func(*standing) []*standing) [][]*standing {
	type place struct{ at, was int }
	places := map[*standing]place{}
	for i, group := range groups {
		for _, o := range group {
			places[o] = place{2*i + 1, i}
		}
	}
	all := slices.Concat(groups...)
	for _, e := range all {
		p := places[e]
		for _, o := range beats(e) {
			p.at = min(p.at, 2*places[o].was)
		}
		places[e] = p
	}
	slices.SortStableFunc(all, func(a, b *standing) int {
		return cmp.Or(cmp.Compare(places[a].at, places[b].at), cmp.Compare(places[a].was, places[b].was))
	})
	var lifted [][]*standing
	for i, o := range all {
		if i > 0 && places[all[i-1]] == places[o] {
			lifted[len(lifted)-1] = append(lifted[len(lifted)-1], o)
			continue
		}
		lifted = append(lifted, []*standing{o})
	}
	return lifted
}

// placed says why an order has its place: what tells it from the group above it, or the first group from the one below it.
func (s *sitting) placed(o *standing, group, place int) Ranked {
	r := Ranked{Place: place, Key: o.Key, Version: o.Version}
	var reasons []BranchID
	switch {
	case group > 0:
		reasons = s.between(s.groups[group-1], s.groups[group])
	case len(s.groups) > 1:
		reasons = s.between(s.groups[0], s.groups[1])
	case len(s.groups[0]) > 1:
		reasons = []BranchID{tie}
	default:
		reasons = []BranchID{only}
	}
	if len(s.groups[group]) > 1 && reasons[0] != tie {
		reasons = append(reasons, tie)
	}
	if group > 1 {
		reasons = append(reasons, rest)
	}
	if o.side == SideEmergency && len(o.beats) == 0 && reasons[0] != only {
		reasons = append(reasons, emergencyPlain)
	}
	if o.side == SideForeign && reasons[0] != only {
		reasons = append(reasons, foreignPlain)
	}
	r.Reason = s.law.branch(reasons[0])
	for _, id := range reasons[1:] {
		r.Also = append(r.Also, s.law.branch(id))
	}
	return r
}

// between are the reasons why one group comes before another; the first is the main one.
func (s *sitting) between(above, below []*standing) []BranchID {
	for _, e := range above {
		if slices.ContainsFunc(e.beats, func(o *standing) bool { return slices.Contains(below, o) }) {
			return []BranchID{emergency}
		}
	}
	if above[0].side == SideEmergency && s.key(above[0]).compare(s.key(below[0])) > 0 {
		return []BranchID{emergency} // lifted over an order that ties with what stands below
	}
	return s.told(above[0], below[0])
}

// told are the reasons why one order comes before another where neither is lifted.
func (s *sitting) told(a, b *standing) []BranchID {
	up, down := s.key(a), s.key(b)
	if up.contact < down.contact {
		return []BranchID{noContact}
	}
	reasons := []BranchID{civilLast}
	switch {
	case up.side < down.side:
		reasons[0] = criminal
	case up.side == 0:
		reasons[0] = criminalLast
	}
	if up.contact == 0 {
		reasons = append(reasons, amongNoContact)
	}
	return reasons
}

package precedence

import (
	"cmp"
	"slices"

	"ccpor/mapping/order"
)

// compare makes the terms: for every unit of which an order in force speaks, which word counts, and how the others stand to it.
func (s *sitting) compare() {
	for _, c := range s.law.clauses {
		for _, u := range s.units(c.ID) {
			s.ruling.Terms = append(s.ruling.Terms, s.term(c, u))
		}
	}
	s.yield()
}

// units are those of the clause of which any order speaks: distances in the sequence of the forms' places.
func (s *sitting) units(c ClauseID) []unit {
	var all []unit
	for _, o := range s.live {
		for u := range o.says {
			if u.clause == c && !slices.Contains(all, u) {
				all = append(all, u)
			}
		}
	}
	places := readers[slices.IndexFunc(readers, func(r reader) bool { return r.clause == c })].variants
	slices.SortFunc(all, func(a, b unit) int {
		return cmp.Or(cmp.Compare(slices.Index(places, a.place), slices.Index(places, b.place)), cmp.Compare(a.words, b.words))
	})
	return all
}

// arranged are the orders that speak of the unit, the one that counts first. An emergency order comes before those whose term is less strict than its own, and before no others
// (Pen. Code 136.2(c)(1)(B)). Orders beside the ranking come last.
func (s *sitting) arranged(c Clause, u unit) [][]*standing {
	var ranked, others []*standing
	for _, o := range s.live {
		if _, speaks := o.says[u]; !speaks {
			continue
		}
		if o.beside {
			others = append(others, o)
			continue
		}
		ranked = append(ranked, o)
	}
	groups := s.lift(s.plain(ranked), func(e *standing) []*standing {
		if !c.Restricts {
			return nil
		}
		return slices.DeleteFunc(slices.Clone(e.beats), func(o *standing) bool { _, speaks := o.says[u]; return !speaks || o.says[u].level >= e.says[u].level })
	})
	for _, o := range others {
		groups = append(groups, []*standing{o})
	}
	return groups
}

// term is what counts of a unit.
func (s *sitting) term(c Clause, u unit) Term {
	groups := s.arranged(c, u)
	t := Term{Clause: c.ID, Place: u.place, Name: c.Name}
	if c.Compare == byPermission {
		if banned := s.banned(groups, c, u); banned != nil {
			return *banned
		}
	}
	first := groups[0]
	if len(first) > 1 && s.differs(c, u, first) {
		return s.open(t, c, u, groups)
	}
	governs := s.said(c, u, first[0])
	t.Governs = &governs
	for _, group := range groups {
		for _, o := range group {
			if o != first[0] {
				t.Others = append(t.Others, s.against(c, u, first, o))
			}
		}
	}
	s.settle(&t, c, first[0])
	return t
}

// differs says whether orders of one group conflict on the unit.
func (s *sitting) differs(c Clause, u unit, group []*standing) bool {
	return (c.Compare == byLevel || c.Compare == byDistance) && slices.ContainsFunc(group, func(o *standing) bool { return o.says[u].level != group[0].says[u].level })
}

// open is a term on which the first orders differ, and none of them comes before the others.
func (s *sitting) open(t Term, c Clause, u unit, groups [][]*standing) Term {
	t.State, t.Reason = StateConflict, s.law.branch(open)
	for i, group := range groups {
		for _, o := range group {
			said := s.said(c, u, o)
			said.State, said.Reason = StateConflict, s.law.branch(open)
			if i > 0 && s.coveredBy(c, u, groups[0], o) {
				said.State, said.Reason = StateCovered, s.law.branch(covered)
			}
			t.Others = append(t.Others, said)
		}
	}
	return t
}

// coveredBy says whether all orders of the first group ask for at least as much as another one.
func (s *sitting) coveredBy(c Clause, u unit, first []*standing, o *standing) bool {
	return c.Compare == byDistance && !slices.ContainsFunc(first, func(f *standing) bool { return f.says[u].level < o.says[u].level })
}

func (s *sitting) said(c Clause, u unit, o *standing) Said {
	says := o.says[u]
	return Said{Key: o.Key, Words: c.words(says), Level: says.level, Texts: says.texts, State: StateOnlyHere, Reason: s.law.branch(onlyHere)}
}

// against is how what an order says stands to what counts.
func (s *sitting) against(c Clause, u unit, first []*standing, o *standing) Said {
	said, counts := s.said(c, u, o), first[0].says[u]
	alike := said.Level == counts.level && (c.Compare == byLevel || c.Compare == byDistance || c.Compare == byFlag || slices.Equal(said.Texts, counts.texts)) && o.says[u].variant == counts.variant
	state, why := StateSame, same
	switch {
	case alike:
	case c.Compare == byText:
		state, why = StateRead, read
	case c.Compare == byOwn || c.Compare == byPermission:
		state, why = StateEachStands, eachStands
	case c.Compare == byDistance && said.Level < counts.level:
		state, why = StateCovered, covered
	default:
		state, why = StateConflict, s.before(u, first, o)
	}
	said.State, said.Reason = state, s.law.branch(why)
	return said
}

// before is why the order that counts comes before another on a unit.
func (s *sitting) before(u unit, first []*standing, o *standing) BranchID {
	if first[0].side == SideEmergency && slices.Contains(first[0].beats, o) && first[0].says[u].level > o.says[u].level {
		return emergencyClause
	}
	if o.beside {
		return beside
	}
	return s.told(first[0], o)[0]
}

// gravest is the sequence of the states, the gravest last.
var gravest = []State{StateOnlyHere, StateSame, StateCovered, StateEachStands, StateRead, StateYields, StateConflict}

// settle gives a term its state and reason by those of the others.
func (s *sitting) settle(t *Term, c Clause, governs *standing) {
	t.State = StateOnlyHere
	for _, o := range t.Others {
		if slices.Index(gravest, o.State) > slices.Index(gravest, t.State) {
			t.State = o.State
		}
	}
	reasons := map[State]BranchID{StateOnlyHere: onlyHere, StateSame: same, StateCovered: conflict, StateEachStands: eachStands, StateRead: read, StateConflict: conflict}
	why := reasons[t.State]
	lifted := slices.ContainsFunc(t.Others, func(o Said) bool { return o.Reason.ID == emergencyClause })
	switch {
	case len(s.live) == 1:
		why = only
	case t.State == StateOnlyHere && c.Compare == byText:
		why = read
	case lifted || t.State == StateCovered && governs.side == SideEmergency && len(governs.beats) > 0:
		why = emergencyClause
	}
	t.Reason = s.law.branch(why)
	t.Governs.State, t.Governs.Reason = t.State, t.Reason
}

// banned is the term of a permission for contact that stands against a ban of contact in an order that comes before it; nil where none does.
func (s *sitting) banned(groups [][]*standing, c Clause, u unit) *Term {
	contact := s.find("contact")
	if contact == nil {
		return nil
	}
	ban := s.ban(contact)
	t := &Term{Clause: c.ID, Place: u.place, Name: c.Name, State: StateConflict, Reason: s.law.branch(permission)}
	if contact.Governs != nil {
		governs := *contact.Governs
		t.Governs = &governs
	}
	free := false
	for _, o := range slices.Concat(groups...) {
		said := s.said(c, u, o)
		said.State, said.Reason = StateConflict, t.Reason
		if ban == nil || o.says[unit{clause: "contact"}].level == levelNone || slices.Contains(ban, o.Key) {
			free = true
			said.State, said.Reason = StateEachStands, s.law.branch(eachStands)
		}
		t.Others = append(t.Others, said)
	}
	if !slices.ContainsFunc(t.Others, func(o Said) bool { return o.State == StateConflict }) {
		return nil
	}
	if free {
		s.letStand(t)
	}
	return t
}

// letStand makes the first permission that no ban touches the one that counts.
func (s *sitting) letStand(t *Term) {
	i := slices.IndexFunc(t.Others, func(o Said) bool { return o.State != StateConflict })
	governs := t.Others[i]
	governs.State, governs.Reason = t.State, t.Reason
	t.Governs, t.Others = &governs, slices.Delete(t.Others, i, i+1)
}

// ban are the keys of the orders that forbid contact without exception and come first on it; nil where the first does not.
func (s *sitting) ban(contact *Term) []string {
	var keys []string
	heads := contact.Others
	if contact.Governs != nil {
		heads = []Said{*contact.Governs}
	}
	for _, h := range heads {
		if h.Level == levelNone && h.State != StateCovered {
			keys = append(keys, h.Key)
		}
	}
	return keys
}

// find is a term made before; the clauses' table puts contact first.
func (s *sitting) find(c ClauseID) *Term {
	i := slices.IndexFunc(s.ruling.Terms, func(t Term) bool { return t.Clause == c })
	if i < 0 {
		return nil
	}
	return &s.ruling.Terms[i]
}

// familyCases are the cases that an order's exception for the exchange of children can name.
func familyCases(o *order.Order) []order.OtherCase {
	return slices.DeleteFunc(slices.Clone(o.OtherCases), func(c order.OtherCase) bool { return c.Kind != "family" && c.Kind != "juvenile" && c.Kind != "probate" })
}

package plain

import (
	"slices"
	"strconv"
	"strings"

	"ccpor/mapping/order"
)

// forbidden is what the restrained person must and must not do, but for distances and firearms.
func (s speaker) forbidden(o order.Order) (lines []string) {
	t := o.Terms
	when := func(is bool, id string, pairs ...string) {
		if is {
			lines = append(lines, s.say(id, pairs...))
		}
	}
	when(t.NoHarm, "term.noHarm")
	when(t.NoContact, "term.noContact")
	when(t.NoThirdPartyContact, "term.noThirdPartyContact")
	when(t.MoveOut && t.MoveOf == nil, "term.moveOut")
	when(t.MoveOf != nil, "term.moveOutOf", "place", address(t.MoveOf))
	when(t.NoDissuasion, "term.noDissuasion")
	if t.MonitoredUntil != nil {
		when(true, "term.monitored", "day", s.day(*t.MonitoredUntil))
	}
	for _, p := range t.Programs {
		when(true, "term.program", "text", p)
	}
	when(t.CustodyToProtected, "term.custody")
	when(t.Animals != "", "term.animals", "text", t.Animals)
	when(t.Property != "", "term.property", "text", t.Property)
	when(t.Support != "", "term.support", "text", t.Support)
	when(o.OtherOrders != "", "term.other", "text", o.OtherOrders)
	return lines
}

func address(a *order.Address) string {
	if a == nil {
		return ""
	}
	return strings.Join(said(a.Street, a.City, a.State, a.Postal), ", ")
}

func (s speaker) away(t order.Terms) (lines []string) {
	for _, a := range t.StayAway {
		var places []string
		for _, p := range a.Places {
			place := s.say("place." + string(p.Kind))
			if p.Text != "" {
				place = s.say("away.text", "place", place, "text", p.Text)
			}
			places = append(places, place)
		}
		lines = append(lines, s.say("away.yards", "yards", strconv.Itoa(a.Yards), "places", s.list(places)))
	}
	return lines
}

// list joins by commas, and by "and" before the last.
func (s speaker) list(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	last := len(all) - 1
	return strings.Join(all[:last], ", ") + " " + s.say("and") + " " + all[last]
}

func (s speaker) firearms(t order.Terms) (lines []string) {
	f := t.Firearms
	switch {
	case t.FinancialAbuseOnly:
		return []string{s.say("firearms.financial")}
	case f == nil && (t.Brady == nil || !*t.Brady):
		return []string{s.say("firearms.unsaid")}
	case f == nil:
		return []string{s.say("firearms.brady")}
	}
	for _, c := range []struct {
		is bool
		id string
	}{{f.NoPossession, "possession"}, {f.NoPurchase, "purchase"}, {f.Surrender && f.WithinHours == 0, "surrender"}, {f.Surrender && f.WithinHours > 0, "surrenderHours"}, {f.NoBodyArmor, "armor"}, {t.Brady != nil && *t.Brady, "brady"}} {
		if c.is {
			lines = append(lines, s.say("firearms."+c.id, "hours", strconv.Itoa(f.WithinHours)))
		}
	}
	if len(f.Named) > 0 {
		lines = append(lines, s.say("firearms.named", "text", strings.Join(f.Named, "; ")))
	}
	return lines
}

func (s speaker) allowed(t order.Terms) (lines []string) {
	for _, c := range []struct {
		is bool
		id string
	}{{t.ChildExchange, "exchange"}, {t.VisitationToRestrained, "visitation"}, {t.MayRecord, "record"}} {
		if c.is {
			lines = append(lines, s.say("allowed."+c.id))
		}
	}
	return lines
}

// restrained is the name, and how to know the person.
func (s speaker) restrained(p order.Restrained) []string {
	lines := []string{p.Name.Full()}
	for _, n := range p.Aliases {
		lines = append(lines, s.say("person.alias", "name", n.Full()))
	}
	if looks := strings.Join(s.looks(p), ", "); looks != "" {
		lines = append(lines, looks)
	}
	for _, m := range p.Marks {
		lines = append(lines, s.say("person.mark", "text", m))
	}
	if p.PeaceOfficer != "" {
		lines = append(lines, s.say("person.officer", "text", p.PeaceOfficer))
	}
	return lines
}

func (s speaker) looks(p order.Restrained) []string {
	all := s.described(p.Person)
	if p.Minor {
		all = append(all, s.say("person.minor"))
	}
	if p.Height > 0 {
		all = append(all, s.say("person.height", "feet", strconv.Itoa(p.Height/12), "inches", strconv.Itoa(p.Height%12)))
	}
	if p.Weight > 0 {
		all = append(all, s.say("person.weight", "pounds", strconv.Itoa(p.Weight)))
	}
	return append(all, said(s.coded("hair", p.Hair), s.coded("eyes", p.Eyes))...)
}

func (s speaker) described(p order.Person) []string {
	all := said(s.coded("sex", p.Sex), s.coded("race", p.Race))
	switch {
	case p.Born != nil:
		all = append(all, s.say("person.born", "day", s.day(*p.Born)))
	case p.Age > 0:
		all = append(all, s.say("person.age", "years", strconv.Itoa(p.Age)))
	}
	return all
}

// unsaid are codes for what nobody knows.
var unsaid = []string{"", "U", "XXX", "unknown"}

func (s speaker) coded(of, code string) string {
	if slices.Contains(unsaid, code) {
		return ""
	}
	return s.say(of + "." + code)
}

// protected are the people and organizations that the order protects.
func (s speaker) protected(o order.Order) (lines []string) {
	for _, p := range o.Protected {
		line := p.Name.Full()
		about := s.described(p.Person)
		if p.Minor {
			about = append(about, s.say("person.minor"))
		}
		if text := strings.Join(append(about, said(p.Relation)...), ", "); text != "" {
			line = s.say("person.relation", "name", line, "text", text)
		}
		lines = append(lines, line)
	}
	for _, g := range o.Organizations {
		lines = append(lines, g.Name)
	}
	return lines
}

// Aloud is what an officer reads to the restrained person, sentence by sentence: with it the order is served by word of mouth (Fam. Code 6383). It names nobody's whereabouts: a stay-away order says "their home".
func (w *Words) Aloud(o order.Order, l Language) []string {
	s := w.speaker(l)
	lines := []string{s.say("aloud.hello", "name", o.Restrained.Name.Full())}
	var names []string
	for _, p := range o.Protected {
		names = append(names, p.Name.Full())
	}
	for _, g := range o.Organizations {
		names = append(names, g.Name)
	}
	if len(names) > 0 {
		lines = append(lines, s.say("aloud.protects", "names", s.list(names)))
	}
	lines = append(lines, s.say("aloud.orders"))
	for _, term := range slices.Concat(s.forbidden(o), s.away(withoutTexts(o.Terms)), s.aloudFirearms(o.Terms), s.allowed(o.Terms)) {
		lines = append(lines, s.toYou(term))
	}
	lines = append(lines, s.aloudUntil(o.Expiry))
	return append(append(lines, s.aloudHearings(o)...), s.say("aloud.break"), s.say("aloud.copy", "court", o.Court.Name, "case", string(o.Case)))
}

// aloudFirearms leaves out that an order says nothing.
func (s speaker) aloudFirearms(t order.Terms) []string {
	if t.FinancialAbuseOnly || t.Firearms == nil && t.Brady == nil {
		return nil
	}
	return s.firearms(t)
}

// toYou speaks to the person. The Spanish sentences do already.
func (s speaker) toYou(term string) string {
	if rest, must := strings.CutPrefix(term, "Must "); must && s.language == English {
		return "You must " + rest
	}
	return term
}

// withoutTexts leaves the kinds of places alone.
func withoutTexts(t order.Terms) order.Terms {
	away := slices.Clone(t.StayAway)
	for i := range away {
		away[i].Places = slices.Clone(away[i].Places)
		for j := range away[i].Places {
			away[i].Places[j].Text = ""
		}
	}
	t.StayAway = away
	return t
}

func (s speaker) aloudUntil(e order.Expiry) string {
	if e.Date == nil {
		return s.say("aloud.permanent")
	}
	until := s.day(*e.Date)
	if e.Time != nil {
		until = s.say("until.time", "day", until, "time", s.clock(*e.Time))
	}
	return s.say("aloud.until", "until", until)
}

func (s speaker) aloudHearings(o order.Order) (lines []string) {
	for _, h := range o.Hearings {
		switch {
		case h.Purpose == order.HearingHeard:
		case h.Time == nil:
			lines = append(lines, s.say("aloud.hearingDay", "day", s.day(h.Date)))
		default:
			lines = append(lines, s.say("aloud.hearing", "day", s.day(h.Date), "time", s.clock(*h.Time)))
		}
	}
	return lines
}

package records

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/conflict"
	"ccpor/mapping/plain"
	"ccpor/mapping/precedence"
	"ccpor/store"
	"ccpor/web/site"
)

// countsView is what counts between the people of an order.
type countsView struct {
	Language plain.Language
	// Other is the way to the other language, OtherName what that is called in itself.
	Other, OtherName string
	Pairs            []pairView
	// All says that the visitor sees every order there is; else some may be kept back, and count all the same.
	All bool
	To  string // the order's page
}

// pairView is what counts between two people.
type pairView struct {
	Restrained, Protected string
	Ranked                []placedView
	Terms                 []termView
	Beside, Left          []placedView
	Doubts                []doubtView
	// ByName are orders that are held to be about these people by what they are called alone.
	ByName []orderLink
	// Conflicts is how many terms conflict.
	Conflicts int
}

// orderLink names an order, with the way to it.
type orderLink struct {
	Language              plain.Language
	Name, Court, Form, To string
	// This says that it is the order from whose page one came.
	This bool
}

type placedView struct {
	orderLink
	Place  int
	Reason reasonView
	Also   []reasonView
	By     *orderLink
}

type reasonView struct {
	Language       plain.Language
	Says, Citation string
	Ours           bool
}

type termView struct {
	Name, Place string
	// Class is the look of its state: bad for a conflict, wait for what a person has to read.
	Class, State string
	Governs      *saidView
	Others       []saidView
	Reason       reasonView
}

type saidView struct {
	orderLink
	Words string
	Texts []string
	State string
	Why   reasonView
}

type doubtView struct {
	Says   string
	Orders []orderLink
}

// states are the words for how a term stands to what counts.
var states = map[plain.Language]map[precedence.State]string{
	plain.English: {precedence.StateOnlyHere: "no other order speaks of it: in force", precedence.StateSame: "says the same", precedence.StateCovered: "asks for less, and is kept by keeping what counts",
		precedence.StateEachStands: "each stands", precedence.StateRead: "the court's own words: read both", precedence.StateYields: "gives way by its own exception", precedence.StateConflict: "conflicts: what counts decides"},
	plain.Spanish: {precedence.StateOnlyHere: "ninguna otra orden habla de ello: vigente", precedence.StateSame: "dice lo mismo", precedence.StateCovered: "pide menos, y se cumple al cumplir lo que cuenta",
		precedence.StateEachStands: "cada una vale", precedence.StateRead: "palabras de la corte: lea ambas", precedence.StateYields: "cede por su propia excepción", precedence.StateConflict: "en conflicto: decide lo que cuenta"},
}

// related are the order and the others about the same name that the visitor may see, and whether those are all.
func (p *Pages) related(r *site.Request, l looked) (of store.Related, others []store.Related, whole bool, err error) {
	of, found, err := p.Reader.RelatedTo(r.Context(), l.FoundOrder)
	for _, o := range found {
		if sees(r, o.FoundOrder) == access.Whole {
			others = append(others, o)
		}
	}
	whole = r.Visitor.Has(access.LawEnforcement)
	return of, others, whole, err
}

// counts shows which of the orders between the same people counts, term by term.
func (p *Pages) counts(r *site.Request) (site.Answer, error) {
	l, err := p.look(r)
	if err != nil {
		return site.Answer{}, err
	}
	if !l.whole() {
		return site.Answer{}, site.Hidden(noSuchOrder(l.object()))
	}
	of, others, whole, err := p.related(r, l)
	if err != nil {
		return site.Answer{}, err
	}
	rulings, err := conflict.Rulings(p.Law, r.Now, of, others)
	if err != nil {
		return site.Answer{}, err
	}
	v := countsView{Language: language(r), All: whole, To: addressOfOrder(l.Order.Court.ORI, l.Order.ID), Other: inLanguage(r, plain.Spanish), OtherName: "Español"}
	if v.Language == plain.Spanish {
		v.Other, v.OtherName = inLanguage(r, plain.English), "English"
	}
	s := sayer{v.Language, map[string]store.Related{of.Key(): of}, of.Key(), r, !l.until.IsZero()}
	for _, o := range others {
		s.of[o.Key()] = o
	}
	for _, b := range rulings {
		v.Pairs = append(v.Pairs, s.pair(b))
	}
	return site.Answer{Page: "counts", Title: p.words.Say(v.Language, "counts.title"), Data: v, Object: l.object(), Details: "which order counts: " + strings.Join(s.keys(), ", "),
		Above: []site.Link{{To: "/orders", Name: "Orders"}, {To: v.To, Name: "Order " + string(l.Order.ID)}}}, nil
}

func language(r *site.Request) plain.Language {
	if r.URL.Query().Get("lang") == string(plain.Spanish) {
		return plain.Spanish
	}
	return plain.English
}

// sayer says a ruling in a language.
type sayer struct {
	language plain.Language
	of       map[string]store.Related
	this     string
	r        *site.Request
	// opened says that the visitor has broken the glass: no whereabouts.
	opened bool
}

// keys are the orders that were looked at beside this one.
func (s sayer) keys() (keys []string) {
	for k := range s.of {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (s sayer) words(w precedence.Words) string {
	if s.language == plain.Spanish {
		return w.Es
	}
	return w.En
}

func (s sayer) link(key string) orderLink {
	o := s.of[key].Order
	return orderLink{s.language, string(o.ID), o.Court.Name, o.Form.Number, addressOfOrder(o.Court.ORI, o.ID), key == s.this}
}

func (s sayer) reason(b precedence.Branch) reasonView {
	if b.Citation == "-" { // no section speaks of it
		b.Citation = ""
	}
	return reasonView{s.language, s.words(b.Says), b.Citation, b.Ours}
}

func (s sayer) pair(b conflict.Between) pairView {
	v := pairView{Restrained: b.Restrained.Full(), Protected: b.Protected.Full(), Conflicts: len(b.Conflicts())}
	for _, x := range b.Ranked {
		row := placedView{orderLink: s.link(x.Key), Place: x.Place, Reason: s.reason(x.Reason)}
		for _, also := range x.Also {
			row.Also = append(row.Also, s.reason(also))
		}
		v.Ranked = append(v.Ranked, row)
	}
	v.Beside, v.Left = s.placed(b.Beside), s.placed(b.Left)
	for _, t := range b.Terms {
		v.Terms = append(v.Terms, s.term(t))
	}
	for _, d := range b.Open {
		doubt := doubtView{Says: s.words(d.Reason.Says)}
		for _, key := range d.Orders {
			doubt.Orders = append(doubt.Orders, s.link(key))
		}
		v.Doubts = append(v.Doubts, doubt)
	}
	for _, key := range b.ByName {
		v.ByName = append(v.ByName, s.link(key))
	}
	return v
}

func (s sayer) placed(all []precedence.Placed) (rows []placedView) {
	for _, x := range all {
		row := placedView{orderLink: s.link(x.Key), Reason: s.reason(x.Reason)}
		if x.By != "" {
			by := s.link(x.By)
			row.By = &by
		}
		rows = append(rows, row)
	}
	return rows
}

func (s sayer) term(t precedence.Term) termView {
	v := termView{Name: s.words(t.Name), Place: t.Place, State: states[s.language][t.State], Reason: s.reason(t.Reason)}
	switch t.State {
	case precedence.StateConflict:
		v.Class = "bad"
	case precedence.StateRead, precedence.StateYields:
		v.Class = "wait"
	}
	if t.Governs != nil {
		g := s.said(*t.Governs)
		v.Governs = &g
	}
	for _, o := range t.Others {
		v.Others = append(v.Others, s.said(o))
	}
	return v
}

// said is what an order says of a term; the court's own words may name whereabouts, and are withheld like those.
func (s sayer) said(x precedence.Said) saidView {
	v := saidView{orderLink: s.link(x.Key), Words: s.words(x.Words), State: states[s.language][x.State], Why: s.reason(x.Reason)}
	if !s.opened && s.r.Visitor.Whereabouts(s.of[x.Key].Order.Court.ORI) {
		v.Texts = x.Texts
	}
	return v
}

// besideRow is one other order between the same people, as the order's page names it.
type besideRow struct {
	orderLink
	Stands string
}

// addBeside names the other orders between the people of the order, and in how many terms they conflict.
func (p *Pages) addBeside(v *orderView) func(*site.Request, looked, store.Entry) error {
	return func(r *site.Request, l looked, _ store.Entry) error {
		if !l.whole() || !l.AsOf.IsZero() {
			return nil
		}
		of, others, _, err := p.related(r, l)
		if err != nil {
			return err
		}
		rulings, err := conflict.Rulings(p.Law, r.Now, of, others)
		if err != nil {
			return err
		}
		v.beside(r.Now.In(p.Zone), rulings, others, l.Key())
		return nil
	}
}

func (v *orderView) beside(now time.Time, rulings []conflict.Between, others []store.Related, of string) {
	between := map[string]bool{}
	for _, b := range rulings {
		v.Conflicting += len(b.Conflicts())
		for _, s := range b.Orders {
			between[s.Key] = true
		}
		if i := slices.IndexFunc(b.Ranked, func(x precedence.Ranked) bool { return x.Place == 1 && x.Key == of }); i < 0 && len(b.Ranked) > 1 {
			v.Below = true
		}
	}
	for _, o := range others {
		if between[o.Key()] {
			link := orderLink{v.Glance.Language, string(o.Order.ID), o.Order.Court.Name, o.Order.Form.Number, addressOfOrder(o.Order.Court.ORI, o.Order.ID), false}
			v.Beside = append(v.Beside, besideRow{link, briefly[plain.Stand(o.Order, standing(o.FoundOrder, now))]})
		}
	}
}

// conflictsView lists what a court was told of.
type conflictsView struct {
	Rows []conflictRow
	Next store.ConflictID
}

type conflictRow struct {
	store.Conflict
	Terms            []string
	OrderTo, OtherTo string
}

// conflicts lists the conflicts of which the visitor's court was told.
func (p *Pages) conflicts(r *site.Request) (site.Answer, error) {
	before, err := strconv.ParseInt("0"+r.URL.Query().Get("before"), 10, 64)
	if err != nil {
		return site.Answer{}, site.Bad("The list has no such place", "The address is not one of this program's.")
	}
	all, err := p.Reader.Conflicts(r.Context(), r.Visitor.Asker.Agency, r.Visitor.Test, store.ConflictID(before), perPage+1)
	if err != nil {
		return site.Answer{}, err
	}
	var v conflictsView
	if len(all) > perPage {
		all = all[:perPage]
		v.Next = all[perPage-1].ID
	}
	for _, c := range all {
		row := conflictRow{Conflict: c, OrderTo: addressOfOrder(c.Order.Court, c.Order.ID), OtherTo: addressOfOrder(c.Other.Court, c.Other.ID)}
		for _, clause := range p.Law.Clauses() {
			if slices.Contains(c.Clauses, string(clause.ID)) {
				row.Terms = append(row.Terms, clause.Name.En)
			}
		}
		v.Rows = append(v.Rows, row)
	}
	return site.Answer{Page: "conflicts", Title: "Conflicting orders", Data: v, Object: "conflicts"}, nil
}

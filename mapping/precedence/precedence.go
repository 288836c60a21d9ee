// Package precedence says which of several orders between two people counts, and why: order by order, term by term, at a moment.
//
// The law (Fam. Code 6383(h), 6405(b), 6457; Pen. Code 136.2(c), (e)) is a list of branches, each with its citation, the sentence that gives the reason in English and in
// Spanish, the days on which it holds and how sure we are of it (data/branches.json). What sort of order a family is, and what is more restrictive, term by term, is data, too
// (data/kinds.json, data/clauses.json). docs/precedence.md says all of it in words, and what of it is ours.
//
// The package is pure: it is given the orders, the moment and the courts' time zone. It refuses to hide anything, so that every order given comes out once, and every term of
// an order in force stands in the ruling; and it refuses to guess: where the law or the data do not say which order counts, none is put above the other and a doubt says what a
// person has to find out. Who is the same person as whom is decided by its caller.
package precedence

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ccpor/mapping/order"
)

// Standing is one version of an order as it stands, with what decides whether it is in force.
type Standing struct {
	// Key names the order for the caller, the same for all of its versions. It is not empty.
	Key string
	// Version is the version's number; of the versions of one order the highest counts.
	Version int
	Order   order.Order
	// Changed is the court's last change of the order, where it was changed.
	Changed *order.Modification
	// Cancelled says that the order no longer stands; nil while it stands.
	Cancelled *order.Cancellation
}

// Ruling is what counts between two people at a moment. Each order that was given stands in exactly one of Ranked, Beside and Left.
type Ruling struct {
	At time.Time `json:"at"`
	// Under are the sections under which the orders are ranked.
	Under []string `json:"under"`
	// Ranked are the orders in force, the one that counts most first. Orders of the same place are not put above one another.
	Ranked []Ranked `json:"ranked"`
	// Beside are orders in force that name nobody whom they protect: they stand beside the ranking.
	Beside []Placed `json:"beside,omitempty"`
	// Terms are all terms of all orders in force, by clause.
	Terms []Term `json:"terms"`
	// Left are the orders that are not in force, with why.
	Left []Placed `json:"left,omitempty"`
	// Open is what a person has to find out or to decide.
	Open []Doubt `json:"open,omitempty"`
}

// Placed is an order with the reason why it stands where it does.
type Placed struct {
	Key     string `json:"key"`
	Version int    `json:"version"`
	Reason  Branch `json:"reason"`
	// By is the key of the order that took its place, where one did.
	By string `json:"by,omitempty"`
}

// Ranked is an order's place. Reason tells it from the order above it, or the first from the one below it; Also are further reasons.
type Ranked struct {
	Place   int      `json:"place"` // from 1; orders that are not put above one another share it
	Key     string   `json:"key"`
	Version int      `json:"version"`
	Reason  Branch   `json:"reason"`
	Also    []Branch `json:"also,omitempty"`
}

// State says how what an order says of a clause stands to what counts.
type State string

// The states of a term.
const (
	StateOnlyHere   State = "onlyHere"   // no other order in force speaks of it: it is in force
	StateSame       State = "same"       // the others say the same
	StateCovered    State = "covered"    // what counts asks for more of the same
	StateEachStands State = "eachStands" // each order's own; all are in force
	StateRead       State = "read"       // a court's own words: a person has to compare them
	StateYields     State = "yields"     // by its own exception it gives way to another order
	StateConflict   State = "conflict"   // the orders differ, and what counts decides
)

// Term is a clause, and what each order in force says of it.
type Term struct {
	Clause ClauseID `json:"clause"`
	// Place is the kind of place of a distance, "other" with the order's own words for it.
	Place string `json:"place,omitempty"`
	Name  Words  `json:"name"`
	// State is the gravest of the States of Others; with no others it is OnlyHere.
	State  State  `json:"state"`
	Reason Branch `json:"reason"`
	// Governs is the order whose word counts; nil where the orders differ and none comes before the other. A ban that governs a permission speaks of contact.
	Governs *Said `json:"governs,omitempty"`
	// Others are what the other orders say.
	Others []Said `json:"others,omitempty"`
}

// Said is what one order says of a clause.
type Said struct {
	Key   string `json:"key"`
	Words Words  `json:"words"`
	// Level compares within a clause and place: the higher is the stricter. Zero is not compared.
	Level int `json:"level,omitempty"`
	// Texts are the court's own words, names of places and addresses; they may tell the protected side's whereabouts.
	Texts []string `json:"texts,omitempty"`
	State State    `json:"state"`
	// Reason says why what governs comes before it; of what governs it is the term's.
	Reason Branch `json:"reason"`
	// YieldsTo is the key of the order to which an exception gives way.
	YieldsTo string `json:"yieldsTo,omitempty"`
}

// Doubt is something that a person has to find out or to decide.
type Doubt struct {
	Reason Branch   `json:"reason"`
	Orders []string `json:"orders"` // keys
	Clause ClauseID `json:"clause,omitempty"`
	Place  string   `json:"place,omitempty"`
}

// Clash is a conflict of one term between two orders, for the courts that made them.
type Clash struct {
	Clause ClauseID `json:"clause"`
	Place  string   `json:"place,omitempty"`
	Name   Words    `json:"name"`
	// Counts comes before Other, unless Open says that neither does. Its clause is contact where a permission conflicts with a ban.
	Counts Said   `json:"counts"`
	Other  Said   `json:"other"`
	Open   bool   `json:"open,omitempty"`
	Reason Branch `json:"reason"`
}

// GivenError says that the orders given contradict themselves.
type GivenError struct {
	Key     string
	Version int
	Problem string
}

func (e *GivenError) Error() string {
	return fmt.Sprintf("order %s, version %d: %s", e.Key, e.Version, e.Problem)
}

// Judge rules on the orders that protect one person from another, at the moment. Orders may be given in any sequence and in several versions; what a viewer may not see must be
// given, too, and be hidden afterwards: what counts does not depend on who looks. The error is *GivenError.
func (l *Law) Judge(at time.Time, orders []Standing) (Ruling, error) {
	at = at.In(l.zone)
	given, err := sorted(orders)
	if err != nil {
		return Ruling{}, err
	}
	s := &sitting{law: l, at: at, ruling: Ruling{At: at}}
	s.sortOut(given)
	s.rank()
	s.compare()
	s.doubts()
	return s.ruling, nil
}

// sitting is one judgement under way.
type sitting struct {
	law    *Law
	at     time.Time
	ruling Ruling
	live   []*standing // ranked and beside, by key
	groups [][]*standing
}

// standing is an order in force, with what the ranking asks of it.
type standing struct {
	Standing
	side      Side
	beside    bool
	noContact bool
	issued    moment
	says      map[unit]saying
	beats     []*standing // of an emergency order: those over which it has precedence
}

// sorted are the orders by key, the newest version of each first.
func sorted(orders []Standing) ([]Standing, error) {
	given := slices.Clone(orders)
	slices.SortFunc(given, func(a, b Standing) int {
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return b.Version - a.Version
	})
	for i, o := range given {
		if o.Key == "" {
			return nil, &GivenError{o.Key, o.Version, "an order needs a key"}
		}
		if i > 0 && given[i-1].Key == o.Key && given[i-1].Version == o.Version {
			return nil, &GivenError{o.Key, o.Version, "the same version was given twice"}
		}
	}
	return given, nil
}

// Conflicts are the real conflicts of terms between two orders, for the notice to both courts: neither what two orders say alike, nor what can be kept together.
func (r Ruling) Conflicts() []Clash {
	var all []Clash
	for _, t := range r.Terms {
		counts, others, open := t.Governs, t.Others, t.Governs == nil
		if open {
			counts, others = &t.Others[0], t.Others[1:]
		}
		for _, o := range others {
			against := counts
			if o.Reason.ID == permission {
				against = r.contact()
			}
			if o.State == StateConflict && against != nil && (!open || o.Level != against.Level) {
				all = append(all, Clash{Clause: t.Clause, Place: t.Place, Name: t.Name, Counts: *against, Other: o, Open: open, Reason: o.Reason})
			}
		}
	}
	return all
}

// contact is the word on contact that counts; nil where none does.
func (r Ruling) contact() *Said {
	for _, t := range r.Terms {
		if t.Clause == "contact" {
			return t.Governs
		}
	}
	return nil
}

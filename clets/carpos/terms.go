package carpos

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ccpor/clets/codes"
	"ccpor/mapping/order"
)

// facts are what an order says, in the words that data/rules.tsv and data/terms.tsv use.
type facts map[string]bool

// factsOf finds them; numbers and places of the terms come from the terms themselves.
func factsOf(o order.Order) facts {
	t := o.Terms
	f := facts{
		"noHarm": t.NoHarm, "others": len(o.Protected) > 1, "noContact": t.NoContact, "noThirdParty": t.NoThirdPartyContact,
		"childExchange": t.ChildExchange, "stayAway": len(t.StayAway) > 0, "moveOut": t.MoveOut,
		"stayAwayPlace": staysAwayFrom(t, ofCondition04), "stayAwayElse": staysAwayFrom(t, func(k order.PlaceKind) bool { return !ofCondition04(k) }),
		"custody": t.CustodyToProtected, "visitation": t.VisitationToRestrained, "noDissuasion": t.NoDissuasion, "mayRecord": t.MayRecord,
		"noPossession": false, "noPurchase": false, "surrender": false, "hours": false,
		"bradyYes": t.Brady != nil && *t.Brady, "bradyNo": t.Brady != nil && !*t.Brady, "otherOrders": strings.TrimSpace(o.OtherOrders) != "",
		"present": o.Restrained.Present != nil && *o.Restrained.Present, "absent": o.Restrained.Present != nil && !*o.Restrained.Present,
		"servedPresent": o.Service == order.ServicePresent, "emergency": o.Stage == order.StageEmergency, "temporary": o.Stage == order.StageTemporary,
		"registered": o.Stage == order.StageRegistered, "noBodyArmor": t.Firearms != nil && t.Firearms.NoBodyArmor,
		"protected": len(o.Protected) > 0, "financialOnly": t.FinancialAbuseOnly,
	}
	if a := t.Firearms; a != nil {
		f["noPossession"], f["noPurchase"], f["surrender"], f["hours"] = a.NoPossession, a.NoPurchase, a.Surrender, a.WithinHours > 0
	}
	return f
}

func staysAwayFrom(t order.Terms, which func(order.PlaceKind) bool) bool {
	return slices.ContainsFunc(t.StayAway, func(s order.StayAway) bool {
		return slices.ContainsFunc(s.Places, func(p order.Place) bool { return which(p.Kind) })
	})
}

// ofCondition04 says that NCIC's condition 04 speaks of such a place: residence, property, school or workplace. It does not speak of the person, and what an
// "other" place is, nobody can tell from its box.
func ofCondition04(k order.PlaceKind) bool { return k != order.PlacePerson && k != order.PlaceOther }

// holds says that every word of the condition does.
func (f facts) holds(when []string) bool {
	return !slices.ContainsFunc(when, func(w string) bool {
		word, not := strings.CutPrefix(w, "!")
		return f[word] == not
	})
}

// rule is one row of data/rules.tsv.
type rule struct {
	field, value, reason, note string
	when                       []string
}

func (d *Dictionary) readRule(r codes.Row) error {
	one := rule{r.Get("field"), r.Get("value"), r.Get("reason"), r.Get("note"), strings.Fields(r.Get("when"))}
	if (one.value == "") == (one.reason == "") {
		return errors.New("either a value or a reason is needed, not both")
	}
	if d.rules == nil {
		d.rules = map[string][]rule{}
	}
	d.rules[one.field] = append(d.rules[one.field], one)
	return knownFacts(one.when)
}

func knownFacts(when []string) error {
	known := factsOf(order.Order{})
	for _, w := range when {
		if _, ok := known[strings.TrimPrefix(w, "!")]; !ok {
			return fmt.Errorf("condition %q is unknown", w)
		}
	}
	return nil
}

func (d *Dictionary) checkRules() error {
	var faults []error
	enter := d.messages[Enter]
	if enter == nil {
		return errors.New("keys.tsv has no ERR")
	}
	for field, rows := range d.rules {
		s, ok := enter.spec(field)
		if !ok || s.table == nil {
			faults = append(faults, fmt.Errorf("rules.tsv: %s is no coded field of ERR", field))
			continue
		}
		for _, r := range rows {
			if _, err := s.table.Find(r.value); r.value != "" && err != nil {
				faults = append(faults, fmt.Errorf("rules.tsv: %s %s: %w", field, r.value, err))
			}
		}
	}
	return errors.Join(faults...)
}

// decide is the first rule of a field that holds; ok is false when none does.
func (d *Dictionary) decide(field string, f facts) (rule, bool) {
	for _, r := range d.rules[field] {
		if f.holds(r.when) {
			return r, true
		}
	}
	return rule{}, false
}

// collect are the values of every rule of a field that holds, each once, in the order of the rules.
func (d *Dictionary) collect(field string, f facts) []string {
	var values []string
	for _, r := range d.rules[field] {
		if f.holds(r.when) && !slices.Contains(values, r.value) {
			values = append(values, r.value)
		}
	}
	return values
}

// sentence is one row of data/terms.tsv.
type sentence struct {
	when        []string
	long, short string
	spare       bool
	yields      int // which is said in short before it
}

func (d *Dictionary) readTerm(r codes.Row) error {
	yields, err := strconv.Atoi(r.Get("yields"))
	s := sentence{strings.Fields(r.Get("when")), r.Get("long"), r.Get("short"), r.Get("spare") == "yes", yields}
	switch {
	case err != nil || yields < 1 || slices.ContainsFunc(d.terms, func(o sentence) bool { return o.yields == yields }):
		return errors.New("yields: a number from 1 is needed that no other row has")
	case len(s.when) == 0 || !sendable(s.long) || !sendable(s.short) || len(s.short) > len(s.long):
		return errors.New("a condition and two sentences that can be sent are needed, the short one not longer than the long one")
	}
	d.terms = append(d.terms, s)
	return knownFacts(s.when)
}

// MaxConfirm is how long the words on where the image can be had may be for every order's terms to fit beside them. An agency with
// longer words has some of its orders held for it.
const MaxConfirm = 131

// spoken are the terms in plain words as they fit: how many sentences are said in short, and whether what is spare was left out.
type spoken struct {
	text  string
	short int
	left  bool
}

// misText is MIS: the terms, then where the image can be had. Sentences are said in short one by one, in the order of the column yields, until all fit; then what
// is spare is left out. ok is false when not even that fits.
func (d *Dictionary) misText(f facts, fill *strings.Replacer, confirm string, room int) (s spoken, ok bool) {
	said := slices.DeleteFunc(slices.Clone(d.terms), func(t sentence) bool { return !f.holds(t.when) })
	yielding := slices.SortedFunc(slices.Values(said), func(a, b sentence) int { return a.yields - b.yields })
	last := 0 // what yields up to here is said in short
	for n := range len(said) + 1 {
		if n > 0 {
			last = yielding[n-1].yields
		}
		if s.text = readAloud(said, last, fill, confirm); len(s.text) <= room {
			s.short = n
			return s, true
		}
	}
	bare := slices.DeleteFunc(said, func(t sentence) bool { return t.spare })
	s = spoken{text: readAloud(bare, last, fill, confirm), short: len(bare), left: true}
	return s, len(s.text) <= room
}

func readAloud(said []sentence, last int, fill *strings.Replacer, confirm string) string {
	var out []string
	for _, t := range said {
		words := t.long
		if t.yields <= last {
			words = t.short
		}
		out = append(out, fill.Replace(words))
	}
	return strings.TrimSpace(strings.Join(out, " ") + " " + confirm)
}

// stayAway is the one distance that SAY takes with its places, and the others in words.
type stayAway struct {
	yards  int
	places []order.Place
	others []string
}

// stayAwayOf takes the distance from the protected person, or the first distance if none is from the person. Places with the same
// distance belong to it; other distances are said in words.
func stayAwayOf(all []order.StayAway) stayAway {
	var s stayAway
	if len(all) == 0 {
		return s
	}
	main := slices.IndexFunc(all, func(a order.StayAway) bool {
		return slices.ContainsFunc(a.Places, func(p order.Place) bool { return p.Kind == order.PlacePerson })
	})
	s.yards = all[max(main, 0)].Yards
	for _, a := range all {
		if a.Yards == s.yards {
			s.places = append(s.places, a.Places...)
			continue
		}
		for _, p := range a.Places {
			s.others = append(s.others, strconv.Itoa(a.Yards)+" YARDS AWAY FROM "+placeWords(p))
		}
	}
	return s
}

// named are the places of the main distance that the form names by text.
func (s stayAway) named() []string {
	var out []string
	for _, p := range s.places {
		if strings.TrimSpace(p.Text) != "" {
			out = append(out, placeWords(p))
		}
	}
	return out
}

// spoken are the kinds of places in words, each once.
func (s stayAway) spoken(words map[order.PlaceKind]string) string {
	var out []string
	for _, p := range s.places {
		if w := words[p.Kind]; !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return strings.Join(out, ", ")
}

var placeKindWords = map[order.PlaceKind]string{
	order.PlacePerson: "PROTECTED PERSON", order.PlaceResidence: "HOME", order.PlaceWork: "WORK", order.PlaceSchool: "SCHOOL",
	order.PlaceChildCare: "CHILD CARE", order.PlaceVehicle: "VEHICLE", order.PlaceOther: "OTHER PLACES",
}

var shortKindWords = map[order.PlaceKind]string{
	order.PlacePerson: "PERSON", order.PlaceResidence: "HOME", order.PlaceWork: "WORK", order.PlaceSchool: "SCHOOL",
	order.PlaceChildCare: "CHILD CARE", order.PlaceVehicle: "VEHICLE", order.PlaceOther: "OTHER",
}

func placeWords(p order.Place) string {
	text := strings.TrimSpace(p.Text)
	if p.Kind == order.PlaceOther && text != "" {
		return text
	}
	return strings.TrimSpace(placeKindWords[p.Kind] + " " + text)
}

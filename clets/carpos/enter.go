package carpos

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ccpor/clets/codes"
	"ccpor/mapping/order"
)

// pointer ends a text of other orders that does not fit as a whole.
const pointer = "... MORE ON THE ORDER, SEE IMAGE"

const maxProtected = 20 // groups of PPN (profile section 2)

// Enter makes the ERR of an order. It is total: it returns what it could make and every Lack at once. Only a transaction
// without lacks may be sent; Encode refuses the others.
func (d *Dictionary) Enter(o order.Order, c Context) (Transaction, []Lack) {
	b := d.begin(Enter, c, o.Form.Number)
	f := factsOf(o)
	stay := stayAwayOf(o.Terms.StayAway)
	other := b.otherOrders(o, stay)
	f["otherOrders"] = other != ""

	b.court(o, c)
	b.dates(o)
	b.restrained(o.Restrained, c.SSN)
	b.protected(o)
	for _, field := range []string{"RPC", "CPP", "FIR"} {
		b.rule(field, f)
	}
	b.stayAway(stay)
	b.rule("MOV", f)
	b.rule("CUS", f)
	b.conditions(f)
	b.rule("BRD", f)
	b.add("OTH", other)
	b.crosswalk("SVS", "service.carpos", string(o.Service), "The order does not say whether it was served.")
	b.miscellaneous(f, stay, o, c)
	return b.finish()
}

// builder collects the fields of one transaction, what was noted and what lacks.
type builder struct {
	d     *Dictionary
	t     Transaction
	form  string
	lacks []Lack
}

func (d *Dictionary) begin(k Key, c Context, form string) *builder {
	b := &builder{d: d, t: Transaction{Key: k, ORI: c.ORI}, form: form}
	if c.ORI == "" {
		b.lack("ORI", "The agency on whose behalf the order is entered has no ORI.", HelpDesk)
	}
	return b
}

// finish lets the dictionary judge the whole; what it finds and no rule has named becomes a lack as well, so that nothing
// unsendable is ever called whole.
func (b *builder) finish() (Transaction, []Lack) {
	for _, fault := range b.d.Check(b.t) {
		b.unnamed(fault.Field, "It cannot be sent as it is: "+fault.Text+".")
	}
	return b.t, b.lacks
}

// unnamed is a lack of a field of which none is known yet.
func (b *builder) unnamed(field, reason string) {
	if !slices.ContainsFunc(b.lacks, func(l Lack) bool { return l.Field == field }) {
		b.lack(field, reason, Court)
	}
}

func (b *builder) lack(field, reason string, whose Party) {
	b.lacks = append(b.lacks, Lack{field, reason, b.d.Item(b.form, field), whose})
}

// note tells a thing once.
func (b *builder) note(field, code, text string) {
	n := order.Note{Code: code, Text: text, Path: field}
	if !slices.Contains(b.t.Notes, n) {
		b.t.Notes = append(b.t.Notes, n)
	}
}

// add puts a field in; an empty value is an absent field.
func (b *builder) add(field, value string) {
	if value != "" {
		b.t.Fields = append(b.t.Fields, Field{field, value})
	}
}

// need is add for a field that must be there.
func (b *builder) need(field, value, reason string, whose Party) {
	if value == "" {
		b.lack(field, reason, whose)
	}
	b.add(field, value)
}

// text brings a text to what can be sent, and notes what that changed.
func (b *builder) text(field, s string) string {
	t := b.d.transliterate(s)
	if t.lost {
		b.note(field, "text.lost", "Characters without a counterpart in US-ASCII were replaced by question marks; the image has them.")
	} else if t.foreign {
		b.note(field, "text.transliterated", "Characters outside US-ASCII were spelled in US-ASCII; the registry keeps the original.")
	}
	return t.text
}

// room is how many characters a field takes.
func (b *builder) room(field string) int {
	s, _ := b.d.messages[b.t.Key].spec(field)
	return s.max
}

// optional adds a descriptor that CARPOS can do without: what does not fit is left out, and noted.
func (b *builder) optional(field, value string) {
	if value == "" {
		return
	}
	s, _ := b.d.messages[b.t.Key].spec(field)
	fits := len(value) >= s.min && len(value) <= s.max && shapes[s.kind](value)
	if s.table != nil {
		_, err := s.table.Find(value)
		fits = err == nil
	}
	if !fits {
		b.note(field, "leftOut", "What the order says does not fit into the field, and was left out.")
		return
	}
	b.add(field, value)
}

// crosswalk adds the code that the crosswalk gives for a code of the package; missing is the reason when the order says nothing.
func (b *builder) crosswalk(field, walk, from, missing string) {
	if from == "" {
		b.lack(field, missing, Court)
		return
	}
	link, err := b.d.codes.Crosswalk(walk).Find(from)
	switch {
	case err != nil:
		b.lack(field, "The code that the order gives is not in the crosswalk "+walk+".", HelpDesk)
	case link.To == "":
		b.lack(field, "The code that the order gives has no counterpart: "+link.Reason+".", Court)
	default:
		b.add(field, link.To)
	}
}

// descriptor is crosswalk for a description that CARPOS can do without.
func (b *builder) descriptor(field, walk, from string) {
	if from == "" {
		return
	}
	link, err := b.d.codes.Crosswalk(walk).Find(from)
	if err != nil || link.To == "" {
		b.note(field, "leftOut", "The code that the order gives has no counterpart, and was left out.")
		return
	}
	b.add(field, link.To)
}

// rule adds what the first rule of data/rules.tsv that holds says; no rule means no field.
func (b *builder) rule(field string, f facts) {
	r, ok := b.d.decide(field, f)
	if !ok {
		return
	}
	if r.reason != "" {
		b.lack(field, r.reason, Court)
		return
	}
	if r.note != "" {
		b.note(field, "rule", r.note)
	}
	b.add(field, r.value)
}

func (b *builder) court(o order.Order, c Context) {
	b.need("OCA", c.OCA, "The order has no number of the entering agency.", HelpDesk)
	b.need("CTI", string(o.Court.ORI), "The issuing court has no ORI.", Court)
	b.courtName(o.Court.Name, c.CourtName)
	b.optional("CTP", o.Court.Telephone)
	b.optional("CTA", b.courtAddress(o.Court))
	number := b.text("CCN", string(o.Case))
	if b.d.transliterate(string(o.Case)).lost {
		b.lack("CCN", "The case number has characters that have no counterpart in US-ASCII.", Court)
		number = ""
	} else if len(number) > b.room("CCN") {
		b.lack("CCN", fmt.Sprintf("The case number has %d characters; CARPOS takes %d.", len(number), b.room("CCN")), Court)
		number = ""
	} else if number == "" {
		b.lack("CCN", "The order has no case number.", Court)
	}
	b.add("CCN", number)
	b.orderType(o.Form)
}

func (b *builder) courtName(onForm, registered string) {
	name := b.text("CTN", registered)
	if name == "" {
		name = b.text("CTN", onForm)
	}
	if name == "" || len(name) > b.room("CTN") {
		b.lack("CTN", fmt.Sprintf("The court needs a name of at most %d characters in its registration.", b.room("CTN")), HelpDesk)
		return
	}
	b.add("CTN", name)
}

// courtAddress is department and address in one text. What is too long loses postal code and state, then the address.
func (b *builder) courtAddress(c order.Court) string {
	dept := b.text("CTA", c.Department)
	if dept != "" && !strings.HasPrefix(dept, "DEPT") {
		dept = "DEPT " + dept
	}
	return b.shorten("CTA", []string{
		strings.TrimSpace(dept + " " + b.text("CTA", line(c.Address, true))), strings.TrimSpace(dept + " " + b.address(c.Address)), dept,
	})
}

// line is an address on one line, with or without state and postal code.
func line(a *order.Address, whole bool) string {
	if a == nil {
		return ""
	}
	parts := []string{a.Street, a.City}
	if whole {
		parts = append(parts, a.State, a.Postal)
	}
	return strings.Join(parts, " ")
}

// address is the short line as it can be sent. What that changed is noted of the whole one.
func (b *builder) address(a *order.Address) string { return b.d.transliterate(line(a, false)).text }

// shorten is the first of the texts that fits its field; every other but the first is noted.
func (b *builder) shorten(field string, texts []string) string {
	for i, t := range texts {
		if t == "" || len(t) > b.room(field) {
			continue
		}
		if i > 0 && texts[0] != t {
			b.note(field, "address.shortened", "The whole address does not fit; its end was left out.")
		}
		return t
	}
	return texts[0]
}

func (b *builder) orderType(f order.Form) {
	switch _, err := b.d.codes.Table("order_type").Find(f.Designator); {
	case f.Designator == "":
		b.lack("ORT", "The form has no CLETS designator.", HelpDesk)
	case err != nil:
		b.lack("ORT", "The form's CLETS designator is not in the table of order types.", HelpDesk)
	default:
		b.add("ORT", f.Designator)
	}
	b.need("FRM", f.Number, "The order does not say on which form it was made.", Court)
}

func (b *builder) dates(o order.Order) {
	issued := ""
	if !o.Issued.IsZero() {
		issued = o.Issued.Compact()
	}
	b.need("ISD", issued, "The order has no date of issue.", Court)
	b.expiry(o.Expiry)
	b.hearing(o)
}

func (b *builder) expiry(e order.Expiry) {
	switch {
	case e.Date != nil:
		b.add("EXP", e.Date.Compact())
		if e.Time != nil {
			b.add("EXT", e.Time.Compact())
		}
	case e.Basis == order.ExpiryPermanent:
		b.add("EXP", nonExpiring)
	default:
		b.lack("EXP", "The order has no date of expiration, and is not said to be permanent.", Court)
	}
}

func (b *builder) hearing(o order.Order) {
	kind, _ := b.d.codes.Table("order_type").Find(o.Form.Designator)
	i := slices.IndexFunc(o.Hearings, func(h order.Hearing) bool { return h.Purpose == order.HearingNext })
	switch {
	case i >= 0 && o.Hearings[i].Time != nil:
		b.add("HRD", o.Hearings[i].Date.Compact()+o.Hearings[i].Time.Compact())
	case kind.Is("temporary") && i >= 0:
		b.lack("HRD", "A temporary order needs the time of its hearing.", Court)
	case kind.Is("temporary"):
		b.lack("HRD", "A temporary order needs the date and time of its hearing.", Court)
	case i >= 0:
		b.note("HRD", "leftOut", "The hearing has no time, and was left out.")
	}
}

// name adds a name that must fit.
func (b *builder) name(field string, n order.Name) {
	t := b.d.name(n)
	b.nameNotes(field, t)
	if t.reason != "" {
		b.lack(field, t.reason, Court)
		return
	}
	b.add(field, t.text)
}

func (b *builder) nameNotes(field string, t nameText) {
	for _, n := range t.notes {
		b.note(field, n.Code, n.Text)
	}
}

func (b *builder) restrained(r order.Restrained, ssn string) {
	b.name("NAM", r.Name)
	b.aliases(r.Aliases)
	b.crosswalk("SEX", "sex.cal_doj", r.Sex, "The order does not say the restrained person's sex; unknown must be said too.")
	b.crosswalk("RAC", "race.cal_doj", r.Race, "The order does not say the restrained person's race; unknown must be said too.")
	switch {
	case r.Born != nil:
		b.add("DOB", r.Born.Compact())
	case r.Age > 0:
		b.add("AGE", strconv.Itoa(r.Age))
	default:
		b.lack("DOB", "The order gives neither date of birth nor age of the restrained person; an estimate of the age is enough.", Court)
	}
	b.body(r)
	b.optional("SOC", ssn)
	b.numbers(r)
	b.optional("ADR", b.shorten("ADR", []string{b.text("ADR", line(r.Address, true)), b.address(r.Address)}))
}

func (b *builder) body(r order.Restrained) {
	if r.Height > 0 {
		b.optional("HGT", fmt.Sprintf("%d%02d", r.Height/12, r.Height%12))
	}
	if r.Weight > 0 {
		b.optional("WGT", fmt.Sprintf("%03d", r.Weight))
	}
	b.descriptor("EYE", "eye.ncic", r.Eyes)
	b.descriptor("HAI", "hair.ncic", r.Hair)
	if len(r.Marks) > 0 {
		b.note("SMT", "leftOut", "Scars, marks and tattoos are in the court's words; CARPOS takes NCIC's codes, of which no table is published. They were left out.")
	}
}

func (b *builder) numbers(r order.Restrained) {
	switch l := r.DriverLicense; {
	case l == nil:
	case l.Year == 0 || l.State == "":
		b.note("OLN", "leftOut", "The driver's licence lacks its state or year of expiry, without which CARPOS does not take it, and was left out.")
	default:
		b.license(*l)
	}
	b.optional("CII", r.CII)
	b.optional("FBI", r.FBI)
}

// license adds the three fields of a licence together, or none.
func (b *builder) license(l order.License) {
	number := strings.ToUpper(l.Number)
	if !shapes[kindAlnum](number) || number == "" || len(number) > b.room("OLN") || !shapes[kindLetters](l.State) || len(l.State) != b.room("OLS") {
		b.note("OLN", "leftOut", "The driver's licence does not fit into its fields, and was left out.")
		return
	}
	b.add("OLN", number)
	b.add("OLS", l.State)
	b.add("OLY", fmt.Sprintf("%04d", l.Year))
}

func (b *builder) aliases(names []order.Name) {
	spec, _ := b.d.messages[b.t.Key].spec("AKA")
	var texts []string
	for _, n := range names {
		t := b.d.name(n)
		b.nameNotes("AKA", t)
		switch {
		case t.reason != "":
			b.note("AKA", "leftOut", "Another name was left out. "+t.reason)
		case !slices.Contains(texts, t.text):
			texts = append(texts, t.text)
		}
	}
	if over := len(texts) - spec.repeats; over > 0 {
		b.note("AKA", "leftOut", fmt.Sprintf("CARPOS takes %d other names; the last %d were left out.", spec.repeats, over))
		texts = texts[:spec.repeats]
	}
	for _, t := range texts {
		b.add("AKA", t)
	}
}

func (b *builder) protected(o order.Order) {
	kind, err := b.d.codes.Table("order_type").Find(o.Form.Designator)
	switch n := len(o.Protected); {
	case n > maxProtected:
		b.lack("PPN", fmt.Sprintf("The order protects %d persons; CARPOS takes %d.", n, maxProtected), HelpDesk)
		return
	case n == 0 && err == nil && !kind.Is("unprotected"):
		b.lack("PPN", "The order names no protected person, and CARPOS takes no order of this type without one.", Court)
	}
	for _, p := range o.Protected {
		before := len(b.t.Fields)
		b.name("PPN", p.Name)
		if len(b.t.Fields) == before {
			continue // without a name there is no group
		}
		b.descriptor("PSX", "sex.cal_doj", p.Sex)
		b.descriptor("PRA", "race.cal_doj", p.Race)
		if p.Born != nil {
			b.add("PPB", p.Born.Compact())
		} else if p.Age > 0 {
			b.add("PPA", strconv.Itoa(p.Age))
		}
	}
}

func (b *builder) stayAway(s stayAway) {
	if len(s.places) == 0 {
		return
	}
	var places []string
	for _, p := range s.places {
		link, err := b.d.codes.Crosswalk("place.carpos").Find(string(p.Kind))
		if err != nil {
			b.lack("SAF", "A place to stay away from is of a kind that has no code.", HelpDesk)
			continue
		}
		if !slices.Contains(places, link.To) {
			places = append(places, link.To)
		}
	}
	for _, code := range b.inTableOrder("SAF", places) {
		b.add("SAF", code)
	}
	b.add("SAY", fmt.Sprintf("%04d", s.yards))
	if len(s.others) > 0 {
		b.note("SAY", "distances", "CARPOS takes one distance: that from the protected person, or the first. The others are said under other orders.")
	}
}

// inTableOrder sorts codes as their table has them, so that the same order always gives the same text.
func (b *builder) inTableOrder(field string, values []string) []string {
	s, _ := b.d.messages[b.t.Key].spec(field)
	table := s.table.Codes()
	place := func(v string) int {
		return slices.IndexFunc(table, func(c codes.Code) bool { return c.Code == v })
	}
	return slices.SortedFunc(slices.Values(values), func(x, y string) int { return place(x) - place(y) })
}

func (b *builder) conditions(f facts) {
	values := b.inTableOrder("PCO", b.d.collect("PCO", f))
	if len(values) == 0 {
		b.lack("PCO", "None of the order's terms is one of the conditions that CARPOS knows.", Court)
	}
	for _, v := range values {
		b.add("PCO", v)
	}
}

func (b *builder) miscellaneous(f facts, s stayAway, o order.Order, c Context) {
	confirm := b.text("MIS", c.Confirm)
	if confirm == "" {
		b.lack("MIS", "The agency's registration does not say where an officer gets the image.", HelpDesk)
		return
	}
	hours := 0
	if o.Terms.Firearms != nil {
		hours = o.Terms.Firearms.WithinHours
	}
	told, ok := b.d.misText(f, filler(s, hours), confirm, b.room("MIS"))
	if !ok {
		b.lack("MIS", fmt.Sprintf("The terms and the registered words on where the image can be had have more than %d characters together; with at most %d, those words fit beside any order's terms.", b.room("MIS"), MaxConfirm), HelpDesk)
		return
	}
	if told.short > 0 {
		b.note("MIS", "text.shortened", fmt.Sprintf("For want of room %s said in short; the codes and the image have them whole.", counted(told.short, "of the terms is", "of the terms are")))
	}
	if told.left && f["mayRecord"] {
		b.note("MIS", "leftOut", "That the protected person may record communications was left out, for want of room.")
	}
	b.add("MIS", told.text)
}

// filler puts the numbers and places of the terms into a sentence.
func filler(s stayAway, hours int) *strings.Replacer {
	return strings.NewReplacer("{YARDS}", strconv.Itoa(s.yards), "{PLACES}", s.spoken(placeKindWords), "{KINDS}", s.spoken(shortKindWords), "{HOURS}", strconv.Itoa(hours))
}

// counted says a number of things.
func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}

func (d *Dictionary) readItem(r codes.Row) error {
	if d.items == nil {
		d.items = map[string]string{}
	}
	place := r.Get("form") + " " + r.Get("field")
	if _, twice := d.items[place]; twice || r.Get("item") == "" {
		return fmt.Errorf("an item is needed, once for a form and field")
	}
	d.items[place] = r.Get("item")
	return nil
}

// Item is where on a form a field stands, empty when nothing is known of it.
func (d *Dictionary) Item(form, field string) string {
	if i, ok := d.items[form+" "+field]; ok {
		return i
	}
	return d.items["* "+field]
}

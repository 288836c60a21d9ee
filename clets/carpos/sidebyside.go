package carpos

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ccpor/mapping/order"
)

// Agreement says how the registry and a record of CARPOS stand to each other in one thing.
type Agreement string

// The agreements. Differs, OnlyCarpos and OnlyRegistry are differences; the others are none.
const (
	Same         Agreement = "same"
	Otherwise    Agreement = "written otherwise" // CARPOS has what the hub would send, which is not letter for letter what the court wrote
	Differs      Agreement = "differs"
	OnlyCarpos   Agreement = "only in CARPOS"
	OnlyRegistry Agreement = "only in the registry"
	NotCompared  Agreement = "not compared" // the other side has no place for it
)

// IsDifference says that somebody has to ask which of the two is right.
func (a Agreement) IsDifference() bool {
	return a == Differs || a == OnlyCarpos || a == OnlyRegistry
}

// Mark is a sign for the agreement, for readers who do not see colours: "=", "≈", "≠", "+" for what CARPOS alone has, "−" for what the registry alone has, "·".
func (a Agreement) Mark() string {
	switch a {
	case Same:
		return "="
	case Otherwise:
		return "≈"
	case Differs:
		return "≠"
	case OnlyCarpos:
		return "+"
	case OnlyRegistry:
		return "−"
	}
	return "·"
}

// Line is one thing of an order as both sides have it, in words for people. Registry and Carpos are mostly data about people.
type Line struct {
	// Section is a heading; lines of one section stand together.
	Section string `json:"section"`
	// Field is that of the dictionary, or of the hit's head (FCN, NIC, ORI); empty for what is no field.
	Field     string    `json:"field,omitempty"`
	Label     string    `json:"label"`
	Registry  string    `json:"registry,omitempty"`
	Carpos    string    `json:"carpos,omitempty"`
	Agreement Agreement `json:"agreement"`
	// Note says what has to be known beside the two values, without values.
	Note string `json:"note,omitempty"`
}

// Registered is an order as the registry has it, with all of which a record at CARPOS can speak.
type Registered struct {
	Order order.Order
	// Confidential fills what the order leaves open, as it does when the order is entered. What comes from it is compared and never shown.
	Confidential *order.Confidential
	// Context is that of its transactions; its FCN is empty while CARPOS has given none.
	Context Context
	NIC     string
	// Services are the proofs of service, the last one last.
	Services  []order.Service
	Cancelled *order.Cancellation
	// Withheld are fields whose value in the registry the reader may not see.
	Withheld []string
	// Now is when the two are compared, in the courts' zone: an order that has expired is shown as such.
	Now time.Time
}

// The headings of the sections.
const (
	sectionRecord     = "Record"
	sectionRestrained = "Restrained person"
	sectionProtected  = "Protected person"
	sectionCourt      = "Court and terms"
	sectionOrder      = "Order, service and end"
	sectionBeyond     = "Beyond the registry"
)

var sectionOf = map[string]string{partHead: sectionRecord, partRestrained: sectionRestrained, partProtected: sectionProtected, partCourt: sectionCourt, partOrder: sectionOrder}

const (
	fromConfidential = "(from CLETS-001, not shown)"
	notForReader     = "(withheld from this agency)"
	notPrinted       = "This record is printed without the part in which it would stand."
)

// SideBySide sets a hit beside the order in the registry, line by line, in words. What our own transaction would say of the order is what CARPOS is to have:
// a text that was spelled in US-ASCII or shortened by rule is written otherwise, and no difference.
func (d *Dictionary) SideBySide(r Registered, h Hit) []Line {
	b := d.beside(r, h)
	b.record()
	for _, section := range []string{sectionRestrained, sectionProtected, sectionCourt, sectionOrder} {
		if section == sectionProtected {
			b.protected()
			continue
		}
		for _, s := range b.fields(section) {
			b.field(section, s)
		}
	}
	b.beyond()
	return b.lines
}

// Alone is a hit that belongs to no order of the registry, line by line.
func (d *Dictionary) Alone(h Hit) []Line {
	lines := d.SideBySide(Registered{}, h)
	lines = slices.DeleteFunc(lines, func(l Line) bool { return l.Carpos == "" })
	for i := range lines {
		lines[i].Agreement, lines[i].Registry, lines[i].Note = NotCompared, "", ""
	}
	return lines
}

// besides collects the lines of one comparison.
type besides struct {
	d   *Dictionary
	r   Registered
	hit Hit
	// ours is what the registry's order would say at CARPOS, plain the same without CLETS-001.
	ours, plain Transaction
	lines       []Line
}

func (d *Dictionary) beside(r Registered, h Hit) *besides {
	b := &besides{d: d, r: r, hit: h}
	if r.Order.ID == "" {
		return b
	}
	b.ours, _ = d.EnterWith(r.Order, r.Confidential, r.Context)
	b.plain, _ = d.Enter(r.Order, r.Context)
	if n := len(r.Services); n > 0 {
		served, _ := d.Serve(r.Services[n-1], r.Context)
		b.append(served, "SVN", "SVD", "SVT", "SVA", "SVM", "SVR")
	}
	if r.Cancelled != nil {
		ended, _ := d.Cancel(*r.Cancelled, r.Context)
		b.append(ended, "CXD", "CXR")
	}
	return b
}

// append takes these fields of another transaction beside those of the entry.
func (b *besides) append(t Transaction, names ...string) {
	for _, f := range t.Fields {
		if slices.Contains(names, f.Name) {
			b.ours.Fields, b.plain.Fields = append(b.ours.Fields, f), append(b.plain.Fields, f)
		}
	}
	b.ours.Notes = append(b.ours.Notes, t.Notes...)
}

// fields are those of a section, in the order in which they are sent.
func (b *besides) fields(section string) []spec {
	var out []spec
	for _, k := range []Key{Enter, Serve, Cancel} {
		for _, s := range b.d.messages[k].fields {
			if (k == Enter || strings.HasPrefix(s.name, "SV") || strings.HasPrefix(s.name, "CX")) && sectionOf[b.d.partOf(s.name)] == section {
				out = append(out, s)
			}
		}
	}
	return out
}

// partOf is the part of a hit in which a field stands, empty for none.
func (d *Dictionary) partOf(field string) string {
	for _, part := range partOrderOf {
		if slices.ContainsFunc(d.hit.labels[part], func(l hitLabel) bool { return l.field == field }) {
			return part
		}
	}
	return ""
}

func (b *besides) add(l Line) {
	if l.Registry != "" || l.Carpos != "" {
		b.lines = append(b.lines, l)
	}
}

// record compares the numbers and how the order stands.
func (b *besides) record() {
	c := b.r.Context
	for _, n := range []struct{ field, label, ours, theirs string }{
		{"FCN", "CARPOS number (FCN)", string(c.FCN), string(b.hit.FCN)},
		{"NIC", "NCIC number", b.r.NIC, b.hit.NIC},
		{"ORI", "entering agency", string(b.ours.ORI), string(b.hit.ORI)},
		{"OCA", "entering agency's case number", c.OCA, b.hit.OCA},
	} {
		b.add(Line{sectionRecord, n.field, n.label, n.ours, n.theirs, agree([]string{n.ours}, []string{n.theirs}), ""})
	}
	stands := b.stands()
	b.add(Line{sectionRecord, "", "how the order stands", strings.ToLower(stands), strings.ToLower(b.hit.Status), agree([]string{stands}, []string{b.hit.Status}), ""})
	b.add(Line{sectionRecord, "", "kind of order, as CARPOS heads it", "", strings.ToLower(b.hit.Type), NotCompared, ""})
}

// stands is the word with which the registry would head the order.
func (b *besides) stands() string {
	e := b.r.Order.Expiry
	last := order.TimeOfDay(23*60 + 59)
	if e.Time != nil {
		last = *e.Time
	}
	switch {
	case b.r.Order.ID == "":
		return ""
	case b.r.Cancelled != nil:
		return "CANCELLED"
	case e.Date != nil && b.r.Now.Format("200601021504") > e.Date.Compact()+last.Compact():
		return "EXPIRED"
	case len(b.r.Services) > 0 || b.ours.First("SVS") != "" && b.ours.First("SVS") != "U":
		return "SERVED"
	}
	return "NOT SERVED"
}

// agree compares two lists of values, without regard to their order and to how the print breaks lines.
func agree(ours, theirs []string) Agreement {
	x, y := asPrinted(ours), asPrinted(theirs)
	switch {
	case x == y:
		return Same
	case x == "":
		return OnlyCarpos
	case y == "":
		return OnlyRegistry
	}
	return Differs
}

// field compares one field that is no group's.
func (b *besides) field(section string, s spec) {
	theirs := all(b.hit.Fields, s.name)
	l := b.line(section, s, b.ours.All(s.name), b.plain.All(s.name), theirs, b.written(s.name))
	switch {
	case !b.d.shown(s.name, b.hit) && len(theirs) == 0:
		l.Agreement, l.Note = NotCompared, notPrinted
	case s.name == "SVS" && len(b.r.Services) > 0: // a proof that came since counts more than what the order said
		l.Registry, l.Agreement = "served, as a proof of service says", Same
		if b.hit.First("SVS") == "U" {
			l.Agreement = Differs
		}
	}
	b.add(l)
}

// line compares the values of one field: ours, the same without CLETS-001, CARPOS's, and what the court wrote where that is not what is sent.
func (b *besides) line(section string, s spec, ours, plain, theirs, written []string) Line {
	l := Line{Section: section, Field: s.name, Label: s.label, Registry: b.words(s, ours), Carpos: b.words(s, theirs), Agreement: agree(ours, theirs)}
	if len(written) > 0 && asPrinted(lettersOnly(written)) != asPrinted(lettersOnly(ours)) {
		l.Registry = strings.Join(written, "; ")
		l.Note = b.notes(s.name)
		switch l.Agreement {
		case Same:
			l.Agreement = Otherwise
		case OnlyCarpos: // the registry says something of it after all
			l.Agreement = Differs
		}
	}
	switch {
	case l.Registry == "":
	case slices.Contains(b.r.Withheld, s.name):
		l.Registry = notForReader
	case !slices.Equal(ours, plain):
		l.Registry = fromConfidential
	}
	return l
}

// lettersOnly takes away what makes no difference to a reader: case, and the blank behind a name's comma.
func lettersOnly(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.ReplaceAll(strings.ToUpper(v), ", ", ",")
	}
	return out
}

// notes are what was noted on a field when the order was put into CARPOS's terms.
func (b *besides) notes(field string) string {
	var texts []string
	for _, n := range b.ours.Notes {
		if n.Path == field && !slices.Contains(texts, n.Text) {
			texts = append(texts, n.Text)
		}
	}
	return strings.Join(texts, " ")
}

// written is what the court wrote, for fields in which that may be spelled otherwise or shortened; none for all others.
func (b *besides) written(field string) []string {
	o := b.r.Order
	var texts []string
	switch field {
	case "NAM":
		texts = []string{asWritten(o.Restrained.Name)}
	case "AKA":
		for _, n := range o.Restrained.Aliases {
			texts = append(texts, asWritten(n))
		}
	case "SMT":
		texts = o.Restrained.Marks
	case "ADR":
		texts = []string{line(o.Restrained.Address, true)}
	case "CTN":
		texts = []string{o.Court.Name}
	case "CTA":
		texts = []string{strings.TrimSpace(o.Court.Department + " " + line(o.Court.Address, true))}
	case "CCN":
		texts = []string{string(o.Case)}
	case "OTH":
		texts = []string{strings.Join(strings.Fields(o.OtherOrders), " ")}
	}
	return slices.DeleteFunc(texts, func(t string) bool { return t == "" })
}

// asWritten is a name in the order of CARPOS and the letters of the court.
func asWritten(n order.Name) string {
	rest := strings.Join(strings.Fields(n.Given+" "+n.Middle+" "+n.Suffix), " ")
	if n.Surname == "" || rest == "" {
		return n.Surname + rest
	}
	return n.Surname + ", " + rest
}

// protected compares the protected persons: those of the same name, then the others in their order.
func (b *besides) protected() {
	ours, plain, theirs := groups(b.ours.Fields), groups(b.plain.Fields), groups(b.hit.Fields)
	named := slices.DeleteFunc(slices.Clone(b.r.Order.Protected), func(p order.Protected) bool { return b.d.name(p.Name).reason != "" })
	left := slices.Clone(theirs)
	match := make([][]Field, len(ours))
	for i, g := range ours {
		if at := slices.IndexFunc(left, func(t []Field) bool { return t != nil && t[0] == g[0] }); at >= 0 {
			match[i], left[at] = left[at], nil
		}
	}
	left = slices.DeleteFunc(left, func(t []Field) bool { return t == nil })
	for i := range ours {
		if match[i] == nil && len(left) > 0 {
			match[i], left = left[0], left[1:]
		}
		var written []string
		if i < len(named) {
			written = []string{asWritten(named[i].Name)}
		}
		b.person(i+1, ours[i], plainOf(plain, i), match[i], written)
	}
	for i, g := range left {
		b.person(len(ours)+i+1, nil, nil, g, nil)
	}
}

func plainOf(plain [][]Field, i int) []Field {
	if i >= len(plain) {
		return nil
	}
	return plain[i]
}

func (b *besides) person(n int, ours, plain, theirs []Field, written []string) {
	section := sectionProtected + " " + strconv.Itoa(n)
	for _, s := range b.d.messages[Enter].fields {
		if s.group == "" {
			continue
		}
		if s.group != groupOpen {
			written = nil
		}
		if s.group == groupOpen {
			s.label = "name"
		}
		b.add(b.line(section, s, all(ours, s.name), all(plain, s.name), all(theirs, s.name), written))
	}
}

// beyond is what the record says of which the registry has nothing to say.
func (b *besides) beyond() {
	c := b.hit.Confirm
	confirm := strings.TrimSpace(string(c.ORI) + " " + c.Name)
	if c.Telephone != "" {
		confirm += ", telephone " + readable(spec{name: "CTP"}, c.Telephone)
	}
	b.add(Line{sectionBeyond, "", "confirm with", "", confirm, NotCompared, ""})
	note := ""
	if b.hit.Violations > 0 {
		note = "Ask the reporting agencies: the record counts the messages and does not show them."
	}
	b.add(Line{sectionBeyond, "", "violation messages on record", "", strconv.Itoa(b.hit.Violations), NotCompared, note})
	for _, text := range b.hit.Other {
		b.add(Line{sectionBeyond, "", "a line that no label explains", "", text, NotCompared, ""})
	}
}

// words are values as a person reads them.
func (b *besides) words(s spec, values []string) string {
	var out []string
	for _, v := range values {
		if v != "" {
			out = append(out, readable(s, v))
		}
	}
	return strings.Join(out, "; ")
}

// readable is one value in words: the meaning of a code, a date as people write it, a measure with its unit.
func readable(s spec, v string) string {
	number := strings.TrimLeft(v, "0")
	switch {
	case s.kind == kindHeight && isHeight(v):
		return fmt.Sprintf("%s ft %s in", v[:1], strings.TrimPrefix(v[1:], "0"))
	case s.name == "WGT" && shapes[kindDigits](v):
		return number + " lb"
	case s.name == "SAY" && shapes[kindDigits](v):
		return number + " yards"
	case s.name == "CTP" && len(v) == 10:
		return fmt.Sprintf("%s-%s-%s", v[:3], v[3:6], v[6:])
	case s.kind == kindTime && shapes[kindTime](v):
		return v[:2] + ":" + v[2:]
	case s.kind == kindDateTime && shapes[kindDateTime](v):
		return v[4:6] + "/" + v[6:8] + "/" + v[:4] + " " + v[8:10] + ":" + v[10:]
	case s.table != nil:
		if c, err := s.table.Find(v); err == nil && !strings.EqualFold(c.Meaning, v) {
			return c.Meaning + " (" + v + ")"
		}
		return v
	}
	return s.say(v, true)
}

// Names says whether an inquiry by name asks for a person of this entry, as CARPOS decides: the name is the restrained person's, another name of it or a protected
// person's, and date of birth and sex, where they are asked for, are not said otherwise of that person.
func (t Transaction) Names(ask Transaction) bool {
	could := func(said, want string) bool { return want == "" || said == "" || said == want }
	name, born, sex := ask.First("NAM"), ask.First("DOB"), ask.First("SEX")
	known := t.First("NAM") == name || slices.Contains(t.All("AKA"), name)
	if known && could(t.First("DOB"), born) && could(t.First("SEX"), sex) {
		return true
	}
	return slices.ContainsFunc(groups(t.Fields), func(g []Field) bool {
		return g[0].Value == name && could(first(g, "PPB"), born) && could(first(g, "PSX"), sex)
	})
}

// NamesLike are the names in this entry that begin as the one that an inquiry asks for, and would be found by no other reason than their spelling or length:
// CARPOS finds a name only as it was entered.
func (t Transaction) NamesLike(ask Transaction) []string {
	var out []string
	for _, f := range t.Fields {
		if !slices.Contains([]string{"NAM", "AKA", "PPN"}, f.Name) || firstOf(f.Value) != firstOf(ask.First("NAM")) || slices.Contains(out, f.Value) {
			continue
		}
		other := Transaction{Key: ask.Key, ORI: ask.ORI, Fields: append([]Field{{"NAM", f.Value}}, slices.DeleteFunc(slices.Clone(ask.Fields), func(f Field) bool { return f.Name == "NAM" })...)}
		if t.Names(other) {
			out = append(out, f.Value)
		}
	}
	return out
}

// firstOf is surname and first given name.
func firstOf(name string) string {
	last, given, _ := strings.Cut(name, ",")
	given, _, _ = strings.Cut(given, " ")
	return last + "," + given
}

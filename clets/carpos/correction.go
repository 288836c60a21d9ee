package carpos

import (
	"fmt"
	"slices"
	"strings"

	"ccpor/clets/codes"
	"ccpor/mapping/order"
)

// Correction is what a person of the hub supplied for a field of one order.
type Correction struct {
	Field, Value string
	// Version is the order's version that it was made for.
	Version int
	// Source is where it comes from, for the note.
	Source string
}

// Correctable is a row of data/corrections.tsv for a field of a transaction.
type Correctable struct {
	Field, Label string
	// Shape says in words what a value looks like.
	Shape string
	// Reason is why it may be supplied.
	Reason string
}

// CorrectionError says why a correction is not taken. Its text holds no value.
type CorrectionError struct{ Field, Text string }

func (e *CorrectionError) Error() string { return e.Field + " " + e.Text }

// correctable is a row of the table.
type correctable struct {
	may    bool
	fills  string
	form   string
	reason string
}

const formShorter = "shorter"

func (d *Dictionary) readCorrection(r codes.Row) error {
	if d.corrections == nil {
		d.corrections = map[string]correctable{}
	}
	field, may := r.Get("field"), r.Get("may")
	_, twice := d.corrections[field]
	_, known := d.messages[Enter].spec(field)
	fills := r.Get("fills")
	_, fillsKnown := d.messages[Enter].spec(fills)
	switch {
	case twice, !known && field != "*":
		return fmt.Errorf("field %q: a field of ERR is needed, once", field)
	case may != "yes" && may != "no", r.Get("reason") == "":
		return fmt.Errorf("field %s: may is yes or no, with a reason", field)
	case fills != "" && !fillsKnown, r.Get("form") != "" && r.Get("form") != formShorter:
		return fmt.Errorf("field %s: fills is a field of ERR, form is %q or nothing", field, formShorter)
	}
	d.corrections[field] = correctable{may == "yes", fills, r.Get("form"), r.Get("reason")}
	return nil
}

func (d *Dictionary) correctable(field string) correctable {
	if c, ok := d.corrections[field]; ok {
		return c
	}
	return d.corrections["*"]
}

// Correctable are the fields of a transaction that a person of the hub may supply, in their order.
func (d *Dictionary) Correctable(k Key) []Correctable {
	m := d.messages[k]
	if m == nil {
		return nil
	}
	var out []Correctable
	for _, s := range m.fields {
		if c := d.correctable(s.name); c.may {
			out = append(out, Correctable{s.name, s.label, s.shape(), c.reason})
		}
	}
	return out
}

// shape says in words what a value of the field looks like.
func (s spec) shape() string {
	switch {
	case s.table != nil:
		var all []string
		for _, c := range s.table.Codes() {
			all = append(all, c.Code+" "+c.Meaning)
		}
		return "one of: " + strings.Join(all, ", ")
	case s.kind == kindDate:
		return "CCYYMMDD, as 19811121"
	case s.kind == kindHeight:
		return "feet and two digits of inches, as 601"
	case s.kind == kindName:
		return fmt.Sprintf("LAST,FIRST MIDDLE SUFFIX, %d to %d characters", s.min, s.max)
	case s.min == s.max:
		return fmt.Sprintf("%d %s", s.max, s.kind)
	}
	return fmt.Sprintf("%d to %d %s", s.min, s.max, s.kind)
}

// Correct applies corrections to a transaction that was made from an order of the given version, beside its lacks. The order's own word wins over a correction
// that was made for an earlier version, wherever the order says the field in a way that CARPOS takes. What was applied is noted; the dictionary judges the
// whole anew. A transaction that has no such field is not changed.
func (d *Dictionary) Correct(t Transaction, lacks []Lack, version int, all []Correction) (Transaction, []Lack) {
	b := &builder{d: d, t: t, form: t.First("FRM"), lacks: slices.Clone(lacks)}
	applied := false
	for _, c := range all {
		_, fits := d.messages[t.Key].spec(c.Field)
		if !fits || !d.correctable(c.Field).may || version > c.Version && has(t.Fields, c.Field) && !lacking(lacks, c.Field) {
			continue
		}
		b.correct(c)
		applied = true
	}
	if !applied {
		return t, lacks
	}
	return b.finish()
}

func lacking(lacks []Lack, field string) bool {
	return slices.ContainsFunc(lacks, func(l Lack) bool { return l.Field == field })
}

// correct puts a value in its place, instead of what stands there.
func (b *builder) correct(c Correction) {
	m := b.d.messages[b.t.Key]
	fields := slices.DeleteFunc(slices.Clone(b.t.Fields), func(f Field) bool { return f.Name == c.Field })
	at := slices.IndexFunc(fields, func(f Field) bool { return m.index[f.Name] > m.index[c.Field] })
	if at < 0 {
		at = len(fields)
	}
	b.t.Fields = slices.Insert(fields, at, Field{c.Field, c.Value})
	fills := b.d.correctable(c.Field).fills
	b.lacks = slices.DeleteFunc(b.lacks, func(l Lack) bool { return l.Field == c.Field || l.Field == fills })
	b.note(c.Field, "corrected", "A person of the exchange supplied it; source: "+c.Source+".")
}

// CheckCorrection says what is wrong with a correction of the transaction that the order makes as it is, as a *CorrectionError; nil when it may be kept. name is
// the restrained person's as the order has it, heldFor the field for which CARPOS refused the transaction, if it did. What the order says itself, in a way that
// is taken, the court alone corrects.
func (d *Dictionary) CheckCorrection(c Correction, t Transaction, lacks []Lack, name order.Name, heldFor string) error {
	wrong := func(format string, a ...any) error { return &CorrectionError{c.Field, fmt.Sprintf(format, a...)} }
	m := d.messages[t.Key]
	if m == nil {
		return wrong("belongs to a transaction of unknown kind")
	}
	s, ok := m.spec(c.Field)
	rule := d.correctable(c.Field)
	switch {
	case !ok:
		return wrong("is no field of %s", t.Key)
	case !rule.may:
		return wrong("is not supplied here. %s", rule.reason)
	case c.Value == "":
		return wrong("is empty")
	case has(t.Fields, c.Field) && !lacking(lacks, c.Field) && heldFor != c.Field:
		return wrong("is said by the order, and CARPOS takes it so: the court corrects it with a package of its own")
	}
	judge := newChecker(m)
	judge.value(s, c.Value)
	if len(judge.faults) > 0 {
		return wrong("%s: %s is needed", judge.faults[0].Text, s.shape())
	}
	if rule.form == formShorter && !leavesOut(d.wholeName(name), c.Value) {
		return wrong("is another name than the order's: letters may be left out, none put in")
	}
	return nil
}

// wholeName is a name in CARPOS's letters, however long.
func (d *Dictionary) wholeName(n order.Name) string {
	var out nameText
	return nameParts{surname: d.namePart(n.Surname, &out), given: d.namePart(n.Given, &out), middle: d.namePart(n.Middle, &out), suffix: d.namePart(n.Suffix, &out)}.String()
}

// leavesOut says that a text is another one without some of its characters.
func leavesOut(whole, short string) bool {
	for _, r := range short {
		i := strings.IndexRune(whole, r)
		if i < 0 {
			return false
		}
		whole = whole[i+1:]
	}
	return true
}

package carpos

import (
	"fmt"
	"strings"

	"ccpor/mapping/order"
)

const (
	withheld      = "(withheld)"
	withheldStray = "(withheld: it does not have the field's shape, and could be anything)"
)

// Describe says a transaction in plain words, one field a line. Values that are data about a person are withheld unless personal is true.
func (d *Dictionary) Describe(t Transaction, personal bool) string {
	m := d.messages[t.Key]
	if m == nil {
		return "a transaction of unknown kind"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s), on behalf of %s\n", m.title, t.Key, agency(t.ORI, personal))
	d.describeFields(&b, m, t.Fields, personal)
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "note on %s: %s\n", n.Path, n.Text)
	}
	return b.String()
}

func (d *Dictionary) describeFields(b *strings.Builder, m *message, fields []Field, personal bool) {
	for _, one := range d.Sayings(m.key, fields, personal) {
		fmt.Fprintf(b, "  %s, %s: %s\n", one.Field, one.Label, one.Value)
	}
}

// say is a value in words: the code's meaning beside it, the date as people write it.
func (s spec) say(v string, personal bool) string {
	switch {
	case v == "":
		return "(deleted)"
	case s.personal && !personal:
		return withheld
	case !personal && s.strays(v):
		return withheldStray
	case s.table != nil:
		if c, err := s.table.Find(v); err == nil {
			return v + " (" + c.Meaning + ")"
		}
	case s.kind == kindDate && shapes[kindDate](v), s.kind == kindExpiry && shapes[kindDate](v):
		return v[4:6] + "/" + v[6:] + "/" + v[:4]
	case s.kind == kindDateTime && shapes[kindDateTime](v):
		return v[4:6] + "/" + v[6:8] + "/" + v[:4] + " " + v[8:10] + ":" + v[10:]
	case s.kind == kindTime && shapes[kindTime](v):
		return v[:2] + ":" + v[2:]
	case v == nonExpiring:
		return "does not expire"
	}
	return v
}

// strays says that a value does not have its field's shape: whatever was put there by mistake may be data about a person.
func (s spec) strays(v string) bool {
	number, _ := s.wrong(v)
	return number != ""
}

// DescribeReply says a reply in plain words, under the same rule for personal data; free texts of the switch count as such.
func (d *Dictionary) DescribeReply(r Reply, personal bool) string {
	var b strings.Builder
	switch r.Kind {
	case Accepted:
		fmt.Fprintf(&b, "accepted: %s\n", d.messages[r.Key].title)
	case OnFile:
		b.WriteString("on file already: nothing was entered again\n")
	case Rejected:
		b.WriteString("refused; nothing was changed\n")
	case Hits:
		fmt.Fprintf(&b, "%d on record for %s\n", len(r.Hits)+r.NotShown, keyOf(r.Matched))
	case NoRecord:
		b.WriteString("nothing on record\n")
	case Served:
		b.WriteString("another agency served the order\n")
	case Violated:
		b.WriteString("another agency reports a violation of the order\n")
	case NCICFault:
		b.WriteString("NCIC refused its copy of the order\n")
	case Admin:
		b.WriteString("a message from the switch's operators\n")
	default:
		b.WriteString("a text that is not understood; a person has to read it\n")
	}
	writeNumbers(&b, r.FCN, r.NIC)
	d.describeParts(&b, r, personal)
	return b.String()
}

func (d *Dictionary) describeParts(b *strings.Builder, r Reply, personal bool) {
	for _, f := range r.Faults {
		fmt.Fprintf(b, "  fault %s, %s", f.Number, d.rejectMeaning(f))
		if f.Field != "" {
			fmt.Fprintf(b, ", field %s", f.Field)
		}
		b.WriteByte('\n')
	}
	for _, h := range r.Hits {
		fmt.Fprintf(b, "  record %d: %s\n", h.Ordinal, d.HitHeading(h, personal))
		writeNumbers(b, h.FCN, h.NIC)
		d.describeFields(b, d.messages[Enter], h.Fields, personal)
	}
	if r.Kind == Served || r.Kind == Violated {
		key := map[ReplyKind]Key{Served: Serve, Violated: Violation}[r.Kind]
		d.describeFields(b, d.messages[key], r.Fields, personal)
	}
	if text := freeText(r); text != "" {
		if !personal {
			text = withheld
		}
		fmt.Fprintf(b, "  text: %s\n", text)
	}
}

// agency is an ORI where it is one.
func agency(o order.ORI, personal bool) string {
	if _, err := order.ParseORI(string(o)); err != nil && !personal {
		return "an agency whose ORI has not the shape of one"
	}
	return string(o)
}

// rejectMeaning is the table's word for a number that it has; CARPOS's own text could hold anything.
func (d *Dictionary) rejectMeaning(f Fault) string {
	if c, err := d.codes.Table("reject").Find(f.Number); err == nil {
		return c.Meaning
	}
	return "a number that is not known"
}

func freeText(r Reply) string {
	if r.Kind == Unrecognised {
		return r.Text
	}
	return r.Message
}

// keyOf is the field without its value.
func keyOf(field string) string {
	key, _, _ := strings.Cut(field, "/")
	return key
}

func writeNumbers(b *strings.Builder, fcn order.FCN, nic string) {
	if fcn != "" {
		fmt.Fprintf(b, "  CARPOS number %s\n", fcn)
	}
	if nic != "" {
		fmt.Fprintf(b, "  NCIC number %s\n", nic)
	}
}

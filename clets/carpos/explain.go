package carpos

import (
	"errors"
	"strings"

	"ccpor/mapping/order"
)

// Saying is one field of a transaction, of a notice or of a hit in plain words.
type Saying struct {
	// Field is its three letters, Label what it is.
	Field string `json:"field"`
	Label string `json:"label"`
	// Value is what it says, a code with its meaning, a date as people write it; "(withheld)" where it is data about a person and the reader may not see that.
	Value    string `json:"value"`
	Withheld bool   `json:"withheld,omitempty"`
}

// Sayings are the fields of a transaction, of a notice or of a hit, in their order. A field that the dictionary does not have counts as data about a person.
func (d *Dictionary) Sayings(k Key, fields []Field, personal bool) []Saying {
	var out []Saying
	for _, f := range fields {
		s := d.readable(k, f.Name)
		value := s.say(f.Value, personal)
		out = append(out, Saying{f.Name, s.label, value, value == withheld || value == withheldStray})
	}
	return out
}

// readable is the field as the transaction has it, else as any record has it.
func (d *Dictionary) readable(k Key, field string) spec {
	if m := d.messages[k]; m != nil {
		if s, ok := m.spec(field); ok {
			return s
		}
	}
	if s := d.specOf(field); s != nil {
		return *s
	}
	return spec{name: field, label: "unknown field", personal: true}
}

// Heading says a transaction's kind and agency in words.
func (d *Dictionary) Heading(t Transaction, personal bool) string {
	if d.messages[t.Key] == nil {
		return "a request of unknown kind"
	}
	return d.Title(t.Key) + " (" + string(t.Key) + "), on behalf of " + agency(t.ORI, personal)
}

// Title is what a transaction is, in words; empty for an unknown key.
func (d *Dictionary) Title(k Key) string {
	if m := d.messages[k]; m != nil {
		return m.title
	}
	return ""
}

// EchoOf says in words to which request a reply answers. The value of its first field is withheld like that of any field.
func (d *Dictionary) EchoOf(r Reply, personal bool) string {
	key, rest, _ := strings.Cut(r.Echo, ".")
	ori, field, _ := strings.Cut(rest, ".")
	name, value, _ := strings.Cut(field, "/")
	title := d.Title(Key(key))
	if title == "" {
		return "a request of unknown kind"
	}
	words := title + " (" + key + "), on behalf of " + agency(order.ORI(ori), personal)
	if name != "" {
		words += ", " + name + " " + d.readable(Key(key), name).say(value, personal)
	}
	return words
}

// HitHeading says of a hit which order it is: how it stands, its type, by whom and under what number it was entered.
func (d *Dictionary) HitHeading(h Hit, personal bool) string {
	kind := "order of an unknown type"
	for _, c := range d.codes.Table("order_type").Codes() {
		if strings.EqualFold(c.Meaning, h.Type) || personal {
			kind = strings.ToLower(h.Type)
		}
	}
	return strings.ToLower(h.Status) + " " + kind + ", entered by " + agency(h.ORI, personal) + " as " + d.readable(Enter, "OCA").say(h.OCA, personal)
}

// Complaints are everything that Encode, Decode, Ask or ParseReply found, one by one; those of ParseReply have no number. None holds a value.
func Complaints(err error) []Fault {
	var faults Faults
	switch {
	case err == nil:
		return nil
	case errors.As(err, &faults):
		return faults
	}
	for _, one := range strings.Split(strings.TrimPrefix(err.Error(), ErrUnrecognised.Error()+": "), "\n") {
		faults = append(faults, Fault{Text: one})
	}
	return faults
}

package carpos

import (
	"slices"
	"strings"

	"ccpor/mapping/order"
)

// fixed are the fields of a record that no MRR changes: they say which order it is and by whom it was entered.
var fixed = []string{"OCA", "CTI", "ORT", "FRM"}

// Modify makes the MRR that brings a record to what Enter would make of the order now. onRecord is the record as CARPOS has it: its ERR with every
// accepted MRR applied. A field that the order no longer has is sent empty, which deletes it; of a field that repeats all values are sent, and of the
// protected persons all groups. Where nothing differs the transaction changes nothing (ChangesNothing) and need not be sent. Lacks are those of want, which
// the caller has from Enter, and a change that no MRR can make.
func (d *Dictionary) Modify(onRecord, want Transaction, reason order.ModifyReason, c Context) (Transaction, []Lack) {
	b := d.begin(Modify, c, want.First("FRM"))
	b.t.Notes = append(b.t.Notes, want.Notes...)
	b.need("FCN", string(c.FCN), "CARPOS's number of the order is not known yet.", HelpDesk)
	b.need("NAM", onRecord.First("NAM"), "The name under which CARPOS has the order is not known.", HelpDesk)
	if want.First("NAM") != onRecord.First("NAM") {
		b.add("NNM", want.First("NAM"))
	}
	b.need("OCA", onRecord.First("OCA"), "The order has no number of the entering agency.", HelpDesk)
	b.crosswalk("RSN", "modify_reason.carpos", string(reason), "The package does not say why the order was changed.")
	for _, name := range fixed {
		if onRecord.First(name) != want.First(name) {
			b.lack(name, "The change gives the order another "+d.label(name)+", which no modification can; CARPOS takes it as a new order.", HelpDesk)
		}
	}
	b.changes(onRecord, want)
	return b.finish()
}

func (d *Dictionary) label(field string) string {
	s, _ := d.messages[Enter].spec(field)
	return s.label
}

// changes adds every field of ERR in which the two differ, in the order of the dictionary.
func (b *builder) changes(onRecord, want Transaction) {
	for _, s := range b.d.messages[Enter].fields {
		switch {
		case s.name == "NAM" || slices.Contains(fixed, s.name) || s.group != "" && s.group != groupOpen:
		case s.group == groupOpen:
			b.people(s.name, onRecord, want)
		case !slices.Equal(onRecord.All(s.name), want.All(s.name)):
			b.replace(s.name, want.All(s.name))
		}
	}
}

// people sends all protected persons again when one of them differs.
func (b *builder) people(opener string, onRecord, want Transaction) {
	was, is := groups(onRecord.Fields), groups(want.Fields)
	if slices.EqualFunc(was, is, slices.Equal[[]Field]) {
		return
	}
	if len(is) == 0 {
		b.replace(opener, nil)
	}
	for _, g := range is {
		b.t.Fields = append(b.t.Fields, g...)
	}
}

// replace sends all values that the field has now, or deletes it.
func (b *builder) replace(field string, values []string) {
	if len(values) == 0 {
		values = []string{""}
	}
	for _, v := range values {
		b.t.Fields = append(b.t.Fields, Field{field, v})
	}
}

// ChangesNothing says that a modification names the order and changes no field of it.
func (t Transaction) ChangesNothing() bool {
	return t.Key == Modify && !slices.ContainsFunc(t.Fields, func(f Field) bool { return !names(f) })
}

// names says that a field of an MRR says which order is changed and why, not what.
func names(f Field) bool { return slices.Contains([]string{"FCN", "NAM", "OCA", "RSN"}, f.Name) }

// Apply is the record after CARPOS has accepted a modification of it, as an ERR in the order of the dictionary.
func (d *Dictionary) Apply(onRecord, modify Transaction) Transaction {
	out := Transaction{Key: Enter, ORI: onRecord.ORI}
	for _, s := range d.messages[Enter].fields {
		switch {
		case s.group == groupOpen:
			out.Fields = append(out.Fields, newer(s.name, groups(onRecord.Fields), groups(modify.Fields), has(modify.Fields, s.name))...)
		case s.group != "":
		case s.name == "NAM" && has(modify.Fields, "NNM"):
			out.Fields = append(out.Fields, Field{"NAM", modify.First("NNM")})
		case s.name == "NAM" || s.name == "OCA" || !has(modify.Fields, s.name):
			out.Fields = append(out.Fields, filled(onRecord.Fields, s.name)...)
		default:
			out.Fields = append(out.Fields, filled(modify.Fields, s.name)...)
		}
	}
	return out
}

// newer are the groups that count: those of the modification where it speaks of them, and none where it deletes them.
func newer(opener string, was, is [][]Field, changed bool) []Field {
	if !changed {
		return slices.Concat(was...)
	}
	if len(is) == 1 && first(is[0], opener) == "" {
		return nil
	}
	return slices.Concat(is...)
}

// filled are the fields of one name that have a value.
func filled(fields []Field, name string) []Field {
	return slices.DeleteFunc(slices.Clone(fields), func(f Field) bool { return f.Name != name || f.Value == "" })
}

// ShowsModification compares what a hit shows with the modification that was sent. A field that this hit has no part for says nothing; when it has none
// for any of them, the answer is unclear. The answer no may be wrong where CARPOS prints a value otherwise than it was sent: then the same values are sent
// once more, which changes nothing. The answer yes rests on every field that is shown.
func (d *Dictionary) ShowsModification(h Hit, modify Transaction) Shown {
	record := Transaction{Key: Enter, Fields: h.Fields}
	shown := ShownUnclear
	for _, s := range d.messages[Enter].fields {
		sent := s.name
		if s.name == "NAM" {
			sent = "NNM"
		}
		if !has(modify.Fields, sent) || s.name == "OCA" || !d.shown(s.name, h) {
			continue
		}
		if asPrinted(modify.All(sent)) != asPrinted(record.All(s.name)) {
			return ShownNo
		}
		shown = ShownYes
	}
	return shown
}

// asPrinted are the values of a field as they compare with a print: long texts are broken into lines there, and lists have an order of their own.
func asPrinted(values []string) string {
	var words []string
	for _, v := range values {
		if v != "" {
			words = append(words, strings.Join(strings.Fields(v), " "))
		}
	}
	slices.Sort(words)
	return strings.Join(words, "\n")
}

// ShowsCancellation says whether a hit shows that the order was cancelled: its banner does.
func (h Hit) ShowsCancellation() Shown {
	if h.Status == "CANCELLED" {
		return ShownYes
	}
	return ShownNo
}

// Cancel makes the XRR of an order that no longer stands. The name is that under which CARPOS has the order (Context.Restrained).
func (d *Dictionary) Cancel(x order.Cancellation, c Context) (Transaction, []Lack) {
	b := d.begin(Cancel, c, x.Form)
	b.need("FCN", string(c.FCN), "CARPOS's number of the order is not known yet.", HelpDesk)
	entered := c.Restrained
	if entered == (order.Name{}) {
		entered = x.Restrained
	}
	b.name("NAM", entered)
	b.need("OCA", c.OCA, "The order has no number of the entering agency.", HelpDesk)
	date := ""
	if !x.Date.IsZero() {
		date = x.Date.Compact()
	}
	b.need("CXD", date, "The cancellation has no date.", Court)
	b.crosswalk("CXR", "cancel_reason.carpos", string(x.Reason), "The package does not say why the order no longer stands.")
	return b.finish()
}

package carpos

import (
	"slices"
	"strings"

	"ccpor/mapping/order"
)

// fixed are the fields of a record that no MRR of ours changes: they say which order it is and by whom it was entered. Beside each, who has to act when
// a change would need it: an order of another court, type or form is a new one, which the court adds.
var fixed = map[string]Party{"OCA": HelpDesk, "CTI": Court, "ORT": Court, "FRM": Court}

// Modify makes the MRR that brings a record to what Enter would make of the order now. onRecord is the record as CARPOS has it: its ERR with every
// accepted MRR applied. A field that the order no longer has is sent empty, which deletes it; of a field that repeats all values are sent, and of the
// protected persons all groups. Where nothing differs the transaction changes nothing (ChangesNothing) and need not be sent. Lacks are a change that no
// MRR can make and whatever the record would lack after it; those of want itself the caller has from Enter.
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
	for _, s := range d.messages[Enter].fields {
		if whose, is := fixed[s.name]; is && onRecord.First(s.name) != want.First(s.name) {
			b.lack(s.name, "The change gives the order another "+s.label+", which no modification can; it is a new order.", whose)
		}
	}
	b.changes(onRecord, want)
	b.judge(d.Apply(onRecord, b.t))
	return b.finish()
}

// judge makes a lack of everything in which the record would break the rules of an entry after the modification: CARPOS would refuse it.
func (b *builder) judge(record Transaction) {
	for _, fault := range b.d.Check(record) {
		b.unnamed(fault.Field, "The order could not stand on record so: "+fault.Text+".")
	}
}

// changes adds every field of ERR in which the two differ, in the order of the dictionary.
func (b *builder) changes(onRecord, want Transaction) {
	for _, s := range b.d.messages[Enter].fields {
		_, isFixed := fixed[s.name]
		switch {
		case isFixed || s.name == "NAM" || s.group != "" && s.group != groupOpen:
		case s.group == groupOpen:
			b.persons(s.name, onRecord, want)
		case !slices.Equal(onRecord.All(s.name), want.All(s.name)):
			b.replace(s.name, want.All(s.name))
		}
	}
}

// persons sends all protected persons again when one of them differs.
func (b *builder) persons(opener string, onRecord, want Transaction) {
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
			out.Fields = append(out.Fields, slices.Concat(people(newer(s.name, onRecord, modify).Fields)...)...)
		case s.group != "":
		case s.name == "NAM" && has(modify.Fields, "NNM"):
			out.Fields = append(out.Fields, Field{"NAM", modify.First("NNM")})
		case s.name == "NAM" || s.name == "OCA":
			out.Fields = append(out.Fields, filled(onRecord.Fields, s.name)...)
		default:
			out.Fields = append(out.Fields, filled(newer(s.name, onRecord, modify).Fields, s.name)...)
		}
	}
	return out
}

// newer is the transaction whose word on a field counts.
func newer(field string, onRecord, modify Transaction) Transaction {
	if has(modify.Fields, field) {
		return modify
	}
	return onRecord
}

// people are the protected persons of a transaction or a hit; none where they are deleted.
func people(fields []Field) [][]Field {
	return slices.DeleteFunc(groups(fields), func(g []Field) bool { return g[0].Value == "" })
}

// filled are the fields of one name that have a value.
func filled(fields []Field, name string) []Field {
	return slices.DeleteFunc(slices.Clone(fields), func(f Field) bool { return f.Name != name || f.Value == "" })
}

// ShowsModification compares what a hit shows with the modification that was sent. CARPOS takes an MRR as a whole or not at all, so any of its fields can tell;
// every one that the hit shows is asked.
//
// A corrected name answers alone: the record has either the new one or the one that the MRR named, and the MRR must not be sent twice, because its NAM is then
// no longer on record (reject 21). With any other change a wrong no sends the same values again, which changes nothing, while a wrong yes would lose the change.
// Therefore a deletion says yes only where the hit has the part on the order, without which nobody knows whether CARPOS would print the field; the service
// status, which a proof of service moves too, answers only where nothing else does, and never says no.
func (d *Dictionary) ShowsModification(h Hit, modify Transaction) Shown {
	if has(modify.Fields, "NNM") {
		return showsName(h, modify)
	}
	shown := ShownUnclear
	for _, s := range d.messages[Enter].fields {
		if s.name == "NAM" || s.name == "OCA" || s.name == "SVS" || !has(modify.Fields, s.name) || !d.shown(s.name, h) {
			continue
		}
		switch {
		case s.group == groupOpen && !slices.EqualFunc(people(modify.Fields), people(h.Fields), samePrint):
			return ShownNo
		case s.group != "":
		case asPrinted(modify.All(s.name)) != asPrinted(all(h.Fields, s.name)):
			return ShownNo
		}
		if modify.First(s.name) != "" || has(h.Fields, "ORT") {
			shown = ShownYes
		}
	}
	if shown == ShownUnclear && modify.First("SVS") != "" && modify.First("SVS") == h.First("SVS") {
		return ShownYes
	}
	return shown
}

func showsName(h Hit, modify Transaction) Shown {
	switch h.First("NAM") {
	case modify.First("NNM"):
		return ShownYes
	case modify.First("NAM"):
		return ShownNo
	}
	return ShownUnclear
}

// samePrint says that two groups are the same person with the same description, however many lines the print took.
func samePrint(x, y []Field) bool {
	return slices.EqualFunc(x, y, func(f, g Field) bool {
		return f.Name == g.Name && asPrinted([]string{f.Value}) == asPrinted([]string{g.Value})
	})
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

// ShowsCancellation says whether a hit shows the cancellation that was sent. The banner of a cancelled order says so; where the hit has the day and the reason
// too, they must be those that were sent, else another cancellation stands on record, and a person has to see it: CARPOS takes no second one (reject 23). An
// order that is called expired may have been cancelled before, unless the hit has the part on the order, where the cancellation would stand.
func (h Hit) ShowsCancellation(cancel Transaction) Shown {
	details := has(h.Fields, "CXD") || has(h.Fields, "CXR")
	switch {
	case details && (h.First("CXD") != cancel.First("CXD") || h.First("CXR") != cancel.First("CXR")):
		return ShownUnclear
	case details || h.Status == "CANCELLED":
		return ShownYes
	case h.Status == "EXPIRED" && !has(h.Fields, "ORT"):
		return ShownUnclear
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
	if d.name(x.Restrained).text != d.name(entered).text {
		b.note("NAM", "name.differs", "The cancellation names the restrained person otherwise than the order does; the order's name is sent.")
	}
	b.need("OCA", c.OCA, "The order has no number of the entering agency.", HelpDesk)
	date := ""
	if !x.Date.IsZero() {
		date = x.Date.Compact()
	}
	b.need("CXD", date, "The cancellation has no date.", Court)
	b.crosswalk("CXR", "cancel_reason.carpos", string(x.Reason), "The package does not say why the order no longer stands.")
	return b.finish()
}

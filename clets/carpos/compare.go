package carpos

import (
	"slices"
	"strings"

	"ccpor/mapping/order"
)

// Difference is one thing in which a record differs from the order as the hub would enter it.
type Difference struct {
	// Field is the field of ERR; ORI, or the request itself, where no field of it differs.
	Field string
	// Label says in words what it is.
	Label string
	// Order and Record are the two values, empty where one says nothing. Both may be personal data.
	Order, Record string
}

// Compare sets a hit beside the order as Enter would write it, field by field, and names every difference; what was asked and what
// CARPOS says it searched for are compared too. Texts of MIS differ by design and are not compared, nor are fields that the hit
// has no part for.
func (d *Dictionary) Compare(o order.Order, c Context, h Hit) []Difference {
	want, _ := d.Enter(o, c)
	out := d.numbersDiffer(want, c, h)
	for _, s := range d.messages[Enter].fields {
		if s.group != "" || !d.shown(s.name, h) || slices.Contains([]string{"OCA", "MIS"}, s.name) {
			continue
		}
		ours, theirs := sorted(want.All(s.name)), sorted(all(h.Fields, s.name))
		if ours != theirs {
			out = append(out, Difference{s.name, s.label, ours, theirs})
		}
	}
	return append(out, d.peopleDiffer(want, h)...)
}

func (d *Dictionary) numbersDiffer(want Transaction, c Context, h Hit) []Difference {
	var out []Difference
	add := func(field, label, ours, theirs string) {
		if ours != theirs {
			out = append(out, Difference{field, label, ours, theirs})
		}
	}
	add("request", "what was asked for", "OCA/"+c.OCA, h.Asked)
	add("request", "what CARPOS says it searched for", "OCA/"+c.OCA, h.Matched)
	add("ORI", "entering agency", string(want.ORI), string(h.ORI))
	add("OCA", "entering agency's case number", c.OCA, h.OCA)
	return out
}

// shown says whether the hit has the part in which the field would stand.
func (d *Dictionary) shown(field string, h Hit) bool {
	for part, labels := range d.hit.labels {
		if slices.ContainsFunc(labels, func(l hitLabel) bool { return l.field == field }) {
			return part != partOrder || has(h.Fields, "ORT")
		}
	}
	return false
}

func sorted(values []string) string {
	return strings.Join(slices.Sorted(slices.Values(values)), ", ")
}

// peopleDiffer compares the protected persons in their order.
func (d *Dictionary) peopleDiffer(want Transaction, h Hit) []Difference {
	ours, theirs := groups(want.Fields), groups(h.Fields)
	var out []Difference
	for i := range max(len(ours), len(theirs)) {
		for _, s := range d.messages[Enter].fields {
			if s.group == "" {
				continue
			}
			x, y := at(ours, i, s.name), at(theirs, i, s.name)
			if x != y {
				label := s.label
				if s.group != groupOpen {
					label = "protected person, " + s.label
				}
				out = append(out, Difference{s.name, label, x, y})
			}
		}
	}
	return out
}

// groups are the protected persons, each with the fields behind its PPN.
func groups(fields []Field) [][]Field {
	var out [][]Field
	for _, f := range fields {
		switch f.Name {
		case "PPN":
			out = append(out, []Field{f})
		case "PSX", "PRA", "PPB", "PPA":
			if len(out) > 0 {
				out[len(out)-1] = append(out[len(out)-1], f)
			}
		}
	}
	return out
}

func at(groups [][]Field, i int, name string) string {
	if i >= len(groups) {
		return ""
	}
	return first(groups[i], name)
}

// IsRecordOf says that the hit is the record of the entry: same agency and number, same name, same date of issue (profile section 4, rule 3).
func (h Hit) IsRecordOf(enter Transaction) bool {
	return h.ORI == enter.ORI && h.OCA == enter.First("OCA") && h.First("NAM") == enter.First("NAM") && h.First("ISD") == enter.First("ISD")
}

// Shown says whether a hit shows a proof of service.
type Shown string

// The answers of ShowsService.
const (
	ShownYes     Shown = "yes"
	ShownNo      Shown = "no"
	ShownUnclear Shown = "unclear" // the hit cannot tell this proof from what the entry itself said
)

// ShowsService compares what a hit shows of service with the proof that was sent. A hit with the details of the last service answers for
// itself. One without them says at most that the order is served, which is no answer where the entry said so already (enteredServed).
func (h Hit) ShowsService(serve Transaction, enteredServed bool) Shown {
	if has(h.Fields, "SVD") {
		for _, f := range []string{"SVN", "SVD", "SVT"} {
			if h.First(f) != serve.First(f) {
				return ShownNo
			}
		}
		return ShownYes
	}
	switch {
	case has(h.Fields, "ORT"): // the part with the details is there, and has none
		return ShownNo
	case !h.IsServed():
		return ShownNo
	case enteredServed:
		return ShownUnclear
	}
	return ShownYes
}

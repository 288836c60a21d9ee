package carpos

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ccpor/clets/codes"
	"ccpor/mapping/order"
)

// unfielded is one row of data/unfielded.tsv: what becomes of something that an order says and no field of ERR takes.
type unfielded struct{ subject, to, words string }

// What can become of it.
const (
	toOther = "OTH"
	toCut   = "cut"
	toNote  = "note"
)

// said stands in a row's words for what the order says.
const said = "{}"

func (d *Dictionary) readUnfielded(r codes.Row) error {
	u := unfielded{r.Get("subject"), r.Get("to"), r.Get("words")}
	_, known := subjectsOf(order.Order{}, stayAway{})[u.subject]
	switch {
	case !known:
		return fmt.Errorf("subject %q is unknown", u.subject)
	case slices.ContainsFunc(d.unfielded, func(o unfielded) bool { return o.subject == u.subject }):
		return fmt.Errorf("subject %s stands twice", u.subject)
	case u.to == toNote && (u.words == "" || strings.Contains(u.words, said)):
		return errors.New("a note is a text of its own and repeats no value")
	case u.to != toNote && (!sendable(u.words) || strings.Count(u.words, said) != 1):
		return fmt.Errorf("words that can be sent, with one %s, are needed", said)
	case !slices.Contains([]string{toOther, toCut, toNote}, u.to):
		return fmt.Errorf("%q is no place", u.to)
	}
	d.unfielded = append(d.unfielded, u)
	return nil
}

// checkUnfielded wants a row for every subject: nothing that an order says is left out without a rule.
func (d *Dictionary) checkUnfielded() error {
	var faults []error
	for subject := range subjectsOf(order.Order{}, stayAway{}) {
		if !slices.ContainsFunc(d.unfielded, func(u unfielded) bool { return u.subject == subject }) {
			faults = append(faults, fmt.Errorf("unfielded.tsv: %s has no row", subject))
		}
	}
	return errors.Join(faults...)
}

// subjectsOf are the parts of an order for which there is no field, by subject; a subject that the order does not speak of has none. Those of a subject that
// is only noted are not read.
func subjectsOf(o order.Order, s stayAway) map[string][]string {
	t := o.Terms
	subjects := map[string][]string{
		"placeNamed": s.named(), "distance": s.others, "moveOutOf": nil, "foreign": nil, "organization": nil, "site": nil, "monitoredUntil": nil,
		"firearmNamed": nil, "otherOrders": {o.OtherOrders}, "animals": {t.Animals}, "property": {t.Property}, "support": {t.Support}, "program": t.Programs,
		"follows": {string(o.Follows)}, "petitioner": nil, "minor": nil, "firearmsOfFinancial": nil,
	}
	if t.MoveOut && t.MoveOf != nil {
		subjects["moveOutOf"] = []string{line(t.MoveOf, false)}
	}
	if o.Foreign != nil {
		subjects["foreign"] = []string{foreignOrder(*o.Foreign)}
	}
	for _, g := range o.Organizations {
		subjects["organization"] = append(subjects["organization"], g.Name)
		for i := range g.Sites {
			subjects["site"] = append(subjects["site"], line(&g.Sites[i], false))
		}
	}
	if t.MonitoredUntil != nil {
		subjects["monitoredUntil"] = []string{t.MonitoredUntil.String()}
	}
	if t.Firearms != nil {
		subjects["firearmNamed"] = t.Firearms.Named
	}
	for subject, there := range map[string]bool{
		"petitioner": o.Petitioner != nil, "minor": o.Restrained.Minor, "firearmsOfFinancial": t.FinancialAbuseOnly && t.Firearms != nil,
	} {
		if there {
			subjects[subject] = []string{subject}
		}
	}
	return subjects
}

// foreignOrder says by which court of which state, tribe or country the registered order was made, its case and its day.
func foreignOrder(f order.Foreign) string {
	parts := []string{f.Court, f.Jurisdiction}
	if f.Case != "" {
		parts = append(parts, "CASE "+f.Case)
	}
	if f.Issued != nil {
		parts = append(parts, "ISSUED "+f.Issued.String())
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}

// otherOrders is OTH: what must stand there, then what may be cut. Where all of it does not fit, the text ends with a pointer to the image.
func (b *builder) otherOrders(o order.Order, s stayAway) string {
	subjects := subjectsOf(o, s)
	head, texts := b.sentencesTo(toOther, subjects), b.sentencesTo(toCut, subjects)
	b.unfieldedNotes(subjects)
	switch whole := join(head, texts); {
	case len(whole) <= b.room("OTH"):
		return whole
	case len(join(head, pointer)) > b.room("OTH"):
		b.lack("OTH", "The places to stay away from, and what else has no field of its own, do not fit into the text of other orders.", HelpDesk)
		return ""
	}
	b.note("OTH", "text.shortened", "The other orders do not fit as a whole; the text ends with a pointer to the image.")
	room := b.room("OTH") - len(join(head, "x")) + 1 - len(pointer) - 1
	return join(head, strings.TrimSpace(cutAtWord(texts, room)+" "+pointer))
}

// sentencesTo are the sentences of the rows that lead there.
func (b *builder) sentencesTo(to string, subjects map[string][]string) string {
	var out string
	for _, u := range b.d.unfielded {
		if u.to != to {
			continue
		}
		for _, text := range subjects[u.subject] {
			if text = strings.TrimSpace(text); text != "" {
				out = join(out, strings.Replace(u.words, said, text, 1))
			}
		}
	}
	return b.text("OTH", out)
}

func (b *builder) unfieldedNotes(subjects map[string][]string) {
	for _, u := range b.d.unfielded {
		there := slices.ContainsFunc(subjects[u.subject], func(s string) bool { return s != "" })
		if u.to == toNote && there {
			b.note("OTH", "leftOut", u.words)
		}
	}
}

// join sets two texts behind each other as sentences.
func join(head, tail string) string {
	switch {
	case head == "" || tail == "":
		return head + tail
	case strings.HasSuffix(head, "."):
		return head + " " + tail
	}
	return head + ". " + tail
}

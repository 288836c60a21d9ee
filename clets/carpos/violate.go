package carpos

import (
	"time"

	"ccpor/mapping/order"
)

// reportGoesOn ends what happened where MIS does not take all of it (data/fields.tsv): the report itself stands at its agency.
const reportGoesOn = "... MORE IN THE REPORT"

// Violate makes the VRR of a report that the order was broken (profile section 2). Like Enter it is total. The restrained person's name is that of the record;
// the time is told as the clock showed it in the report's own zone, which the caller sets to the courts'.
func (d *Dictionary) Violate(v order.Violation, c Context) (Transaction, []Lack) {
	b := d.begin(Violation, c, "")
	b.need("FCN", string(c.FCN), "CARPOS's number of the order is not known yet.", HelpDesk)
	b.name("NAM", c.Restrained)
	b.need("VDT", minuteOf(v.At), "The report does not say when it happened.", HelpDesk)
	b.place(v.Place)
	b.need("VAG", string(v.Agency), "The report does not name the agency that makes it.", HelpDesk)
	b.reportNumber(v.Report)
	b.add("ARR", yesNo(v.Arrested))
	b.whatHappened(v.Text)
	return b.finish()
}

func minuteOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("200601021504")
}

func yesNo(yes bool) string {
	if yes {
		return "Y"
	}
	return "N"
}

// place is left out where it does not fit: half an address could be another's.
func (b *builder) place(s string) {
	text := b.text("VLO", s)
	if len(text) > b.room("VLO") {
		b.note("VLO", "leftOut", "The place does not fit into the field, and was left out.")
		return
	}
	b.add("VLO", text)
}

// reportNumber is never shortened: it is how the report is found.
func (b *builder) reportNumber(s string) {
	t := b.d.transliterate(s)
	if t.text == "" || t.lost || len(t.text) > b.room("VRN") {
		b.lack("VRN", "The number of the report needs 1 to 20 characters of US-ASCII.", HelpDesk)
		return
	}
	b.add("VRN", t.text)
}

func (b *builder) whatHappened(s string) {
	text, room := b.text("MIS", s), b.room("MIS")
	if len(text) > room {
		text = text[:room-len(reportGoesOn)] + reportGoesOn
		b.note("MIS", "text.shortened", "What happened does not fit into the field; its end was left out, and the field says so.")
	}
	b.need("MIS", text, "The report does not say what happened.", HelpDesk)
}

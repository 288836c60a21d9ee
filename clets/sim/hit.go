package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// inquire answers a QRR. The caller holds the lock.
func (b *book) inquire(asked fields, now time.Time) []string {
	code := asked[0].Code
	found := b.find(asked)
	if len(found) == 0 {
		return []string{"NO RECORD FOUND"}
	}
	lines := []string{"MATCH MADE ON"}
	for _, f := range asked {
		lines = append(lines, f.Code+"/"+f.Value)
	}
	lines = append(lines, code+" FIELD SEARCH REVEALS:", "")
	return b.hits(lines, found, now)
}

func (b *book) find(asked fields) []*Record {
	switch asked[0].Code {
	case "OCA":
		return b.byOCA[asked[0].Value]
	case "FCN":
		if r := b.byFCN[asked[0].Value]; r != nil {
			return []*Record{r}
		}
		return nil
	case "CCN":
		return b.ofCase(asked.first("CTI"), asked.first("CCN"))
	}
	return b.named(asked)
}

func (b *book) ofCase(cti, ccn string) []*Record {
	var out []*Record
	for _, r := range b.byCase[cti+" "+ccn] {
		if r.Value("CTI") == cti && r.Value("CCN") == ccn {
			out = append(out, r)
		}
	}
	return out
}

// named looks among restrained persons, their other names and protected persons.
func (b *book) named(asked fields) []*Record {
	var out []*Record
	for _, r := range b.byName[asked.first("NAM")] {
		if r.bears(asked) {
			out = append(out, r)
		}
	}
	return out
}

// bears tells whether a person of the record has the name asked for. Date of birth and sex put aside a person for whom
// another value is on record, not one for whom there is none.
func (r *Record) bears(asked fields) bool {
	name := asked.first("NAM")
	could := func(on, want string) bool { return want == "" || on == "" || on == want }
	known := name == r.Value("NAM") || slices.Contains(r.Values("AKA"), name)
	if known && could(r.Value("DOB"), asked.first("DOB")) && could(r.Value("SEX"), asked.first("SEX")) {
		return true
	}
	for _, p := range r.protected() {
		if p.first("PPN") == name && could(p.first("PPB"), asked.first("DOB")) && could(p.first("PSX"), asked.first("SEX")) {
			return true
		}
	}
	return false
}

// protected returns the protected persons, each with its own fields.
func (r *Record) protected() []fields {
	var out []fields
	for _, f := range r.Fields {
		switch f.Code {
		case "PPN":
			out = append(out, fields{f})
		case "PSX", "PRA", "PPB", "PPA":
			out[len(out)-1] = append(out[len(out)-1], f)
		}
	}
	return out
}

// room keeps what stands around the hits of a reply within one body: header, echo, the line on what was left out.
const room = 400

// hits prints as many blocks as fit into one body, and says how many did not.
func (b *book) hits(lines []string, found []*Record, now time.Time) []string {
	size := len(strings.Join(lines, "\r\n"))
	for i, r := range found {
		block := b.hit(i+1, r, now)
		size += len(strings.Join(block, "\r\n")) + 2
		if size > maxBody-room {
			return append(lines, fmt.Sprintf("MORE HITS NOT SHOWN/%03d", len(found)-i))
		}
		lines = append(lines, block...)
	}
	return lines
}

// hit prints one record (profile section 3.1).
func (b *book) hit(n int, r *Record, now time.Time) []string {
	p := &page{r: r}
	p.line(fmt.Sprintf("ROS HIT # %03d", n))
	p.own("FCN/"+r.FCN, "ORI/"+r.ORI, "OCA/"+r.OCA, given("NIC/", r.NIC))
	p.line("")
	p.line("*** " + b.banner(r, now) + " ***")
	p.line("DO NOT ARREST OR DETAIN BASED SOLELY ON THIS RESPONSE")
	p.line("THIS RESTRAINING ORDER RESPONSE MAY BE THE SAME AS:")
	p.restrained()
	p.protected()
	p.court(b.dict)
	p.orderInformation()
	p.confirmation()
	return p.lines
}

func (b *book) banner(r *Record, now time.Time) string {
	status := b.dict.codes["SVS"][r.Value("SVS")]
	switch {
	case len(r.Canceled) > 0:
		status = "CANCELLED"
	case r.expiredAt(now.In(b.location).Format(minuteLayout)):
		status = "EXPIRED"
	}
	return status + " " + b.dict.orders[r.Value("ORT")].Title
}

// page collects the lines of a hit.
type page struct {
	r     *Record
	lines []string
}

func (p *page) line(s string) { p.lines = append(p.lines, s) }

// own prints each text that is not empty on a line of its own.
func (p *page) own(texts ...string) {
	for _, t := range texts {
		if t != "" {
			p.line(t)
		}
	}
}

// row prints the texts that are not empty on one line, or no line.
func (p *page) row(texts ...string) {
	texts = slices.DeleteFunc(texts, func(t string) bool { return t == "" })
	if len(texts) > 0 {
		p.line(strings.Join(texts, " "))
	}
}

func (p *page) section(title string) {
	p.line("* * * * * " + title + " * * * * *")
	p.line("")
}

// given prints a label before a value, or nothing for no value.
func given(label, value string) string {
	if value == "" {
		return ""
	}
	return label + value
}

// of prints a field under its own code.
func (p *page) of(code string) string { return given(code+"/", p.r.Value(code)) }

func (p *page) each(code string) {
	for _, v := range p.r.Values(code) {
		p.line(code + "/" + v)
	}
}

func (p *page) restrained() {
	p.section("RESTRAINED PERSON INFORMATION")
	p.row(p.of("NAM"), p.of("DOB"), p.of("AGE"))
	p.row(p.of("SEX"), p.of("RAC"), p.of("HGT"), p.of("WGT"), p.of("EYE"), p.of("HAI"))
	p.each("AKA")
	p.each("SMT")
	p.row(p.of("SOC"), p.of("OLN"), p.of("OLS"), p.of("OLY"), p.of("CII"), p.of("FBI"))
	p.own(p.of("ADR"), p.of("MIS"))
}

func (p *page) protected() {
	p.section("PROTECTED PERSON INFORMATION")
	for _, one := range p.r.protected() {
		p.line("PROTECTED PERSON NAME/" + one.first("PPN"))
		p.row(given("PROTECTED PERSON SEX/", one.first("PSX")), given("PROTECTED PERSON RACE/", one.first("PRA")))
		p.row(given("PROTECTED PERSON DOB/", one.first("PPB")), given("PROTECTED PERSON AGE/", one.first("PPA")))
	}
}

func (p *page) court(d *dictionary) {
	r := p.r
	p.section("COURT INFORMATION")
	p.own("RESTRAINED PERSON PRESENT IN COURT/"+r.Value("RPC"), "COURT NAME/"+r.Value("CTN"))
	p.own(given("COURT PHONE NUMBER/", telephone("(%s) %s-%s", r.Value("CTP"))))
	p.own("COURT CASE NUMBER/" + r.Value("CCN"))
	p.row("ISSUE DATE/"+r.Value("ISD"), "EXPIRATION DATE/"+r.Value("EXP"))
	p.own("CONTACT PROTECTED PERSON/" + d.codes["CPP"][r.Value("CPP")])
	p.line("")
	p.own("FIREARM PROVISIONS/" + d.codes["FIR"][r.Value("FIR")])
	p.stayAway(d)
	p.own(given("OTHER ORDERS/", r.Value("OTH")))
}

func (p *page) stayAway(d *dictionary) {
	var places []string
	for _, code := range p.r.Values("SAF") {
		places = append(places, d.codes["SAF"][code])
	}
	if len(places) == 0 {
		return
	}
	p.line("STAY AWAY FROM/" + strings.Join(places, ", "))
	p.line("")
	p.line("STAY AWAY/" + p.r.Value("SAY") + " YARDS")
}

// orderInformation prints what the published hit does not show, each field under its own code.
func (p *page) orderInformation() {
	p.section("ORDER INFORMATION")
	for _, code := range []string{"CTI", "CTA", "ORT", "FRM", "EXT", "HRD", "MOV", "CUS", "PCO", "BRD", "SVS"} {
		p.each(code)
	}
	for _, f := range slices.Concat(p.r.Service, p.r.Canceled) {
		p.line(f.Code + "/" + f.Value)
	}
}

func (p *page) confirmation() {
	p.line("IMMEDIATELY CONFIRM WITH " + p.r.ORI + " " + p.r.Value("CTN"))
	p.own(given("TELEPHONE ", telephone("%s %s-%s", p.r.Value("CTP"))))
	p.line("***** VIOLATION MESSAGE *****")
	p.line(fmt.Sprintf("NUMBER OF PRIOR VIOLATION MSG/%03d", p.r.Violations))
	p.line("***** END OF DVROS MESSAGE *****")
}

// telephone prints ten digits in the given layout, or nothing.
func telephone(layout, digits string) string {
	if len(digits) != 10 {
		return ""
	}
	return fmt.Sprintf(layout, digits[:3], digits[3:6], digits[6:])
}

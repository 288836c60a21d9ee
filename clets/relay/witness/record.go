package witness

import (
	"fmt"
	"slices"
	"strings"
)

// field is one field of a transaction or of a record.
type field struct{ code, value string }

// request is a request's body in its parts.
type request struct {
	control, first, key, ori string
	fields                   []field
}

// parseRequest reads "MSG line control", then "KEY.ORI.FLD/value", then one field a line.
func parseRequest(body string) request {
	lines := strings.Split(strings.TrimSuffix(body, "\r\n"), "\r\n")
	words := strings.Split(lines[0], " ")
	var q request
	if len(words) == 3 {
		q.control = words[2]
	}
	if len(lines) < 2 {
		return q
	}
	q.first = lines[1]
	parts := strings.SplitN(lines[1], ".", 3)
	if len(parts) < 3 {
		return q
	}
	q.key, q.ori = parts[0], parts[1]
	for _, l := range append([]string{parts[2]}, lines[2:]...) {
		code, value, _ := strings.Cut(l, "/")
		q.fields = append(q.fields, field{code, value})
	}
	return q
}

func first(fields []field, code string) string {
	for _, f := range fields {
		if f.code == code {
			return f.value
		}
	}
	return ""
}

// record is an order as CARPOS has it.
type record struct {
	fcn, ori, oca      string
	fields             []field
	service, cancelled []field
}

// carryOut does what the request asks for, and says what is answered and whether anything on record has changed.
func (s *Switch) carryOut(q request) ([]string, bool) {
	switch q.key {
	case "QRR":
		return s.inquire(first(q.fields, "OCA")), false
	case "ERR":
		return s.enter(q)
	case "MRR", "SRR", "XRR":
		return s.change(q)
	}
	return []string{"REJECT 01 FORMAT"}, false
}

func (s *Switch) enter(q request) ([]string, bool) {
	oca := first(q.fields, "OCA")
	for _, r := range s.records {
		if r.ori != q.ori || r.oca != oca {
			continue
		}
		if first(r.fields, "NAM") == first(q.fields, "NAM") && first(r.fields, "ISD") == first(q.fields, "ISD") {
			return []string{"ON FILE", "FCN/" + r.fcn}, false
		}
		return []string{"REJECT 40 SAME OCA WITH OTHER DATA"}, false
	}
	r := &record{fcn: s.nextFCN(), ori: q.ori, oca: oca, fields: slices.Clone(q.fields)}
	s.records = append(s.records, r)
	return []string{"ENTRY ACCEPTED", "FCN/" + r.fcn}, true
}

func (s *Switch) change(q request) ([]string, bool) {
	i := slices.IndexFunc(s.records, func(r *record) bool { return r.fcn == first(q.fields, "FCN") })
	if i < 0 {
		return []string{"REJECT 20 FCN NOT ON FILE"}, false
	}
	r := s.records[i]
	switch {
	case r.ori != q.ori:
		return []string{"REJECT 22 NOT THE OWNER"}, false
	case first(r.fields, "NAM") != first(q.fields, "NAM"):
		return []string{"REJECT 21 NAME DOES NOT MATCH"}, false
	case r.cancelled != nil:
		return []string{"REJECT 23 RECORD CANCELLED"}, false
	}
	switch q.key {
	case "MRR":
		r.modify(q.fields)
		return []string{"MODIFY ACCEPTED", "FCN/" + r.fcn}, true
	case "SRR":
		r.service = only(q.fields, "SVN", "SVD", "SVT", "SVA", "SVM", "SVR")
		r.set("SVS", "S")
		return []string{"SERVICE ACCEPTED", "FCN/" + r.fcn}, true
	}
	r.cancelled = only(q.fields, "CXD", "CXR")
	return []string{"CANCEL ACCEPTED", "FCN/" + r.fcn}, true
}

func only(fields []field, codes ...string) []field {
	return slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return !slices.Contains(codes, f.code) })
}

var people = []string{"PPN", "PSX", "PRA", "PPB", "PPA"}

// modify replaces each field that is sent, and all persons where one of them is.
func (r *record) modify(fields []field) {
	gone := []string{}
	for _, f := range fields {
		if f.code == "PPN" {
			gone = append(gone, people...)
		}
		gone = append(gone, f.code)
	}
	own := func(code string) bool { return slices.Contains([]string{"FCN", "NAM", "OCA", "RSN"}, code) }
	r.fields = slices.DeleteFunc(r.fields, func(f field) bool { return !own(f.code) && slices.Contains(gone, f.code) })
	for _, f := range fields {
		if !own(f.code) && f.value != "" {
			r.fields = append(r.fields, f)
		}
	}
}

func (r *record) set(code, value string) {
	r.fields = append(slices.DeleteFunc(r.fields, func(f field) bool { return f.code == code }), field{code, value})
}

// inquire shows every record under the number, whoever entered it.
func (s *Switch) inquire(oca string) []string {
	lines := []string{"MATCH MADE ON", "OCA/" + oca, "OCA FIELD SEARCH REVEALS:", ""}
	n := 0
	for _, r := range s.records {
		if r.oca == oca {
			n++
			lines = append(lines, r.hit(n)...)
		}
	}
	if n == 0 {
		return []string{"NO RECORD FOUND"}
	}
	return lines
}

// hit prints a record (profile section 3.1), with codes where the profile has words for them too.
func (r *record) hit(n int) []string {
	status := map[string]string{"S": "SERVED", "P": "SERVED", "M": "SERVED"}[first(r.fields, "SVS")]
	switch {
	case r.cancelled != nil:
		status = "CANCELLED"
	case status == "":
		status = "NOT SERVED"
	}
	p := &page{fields: slices.Concat(r.fields, r.service, r.cancelled)}
	p.line(fmt.Sprintf("ROS HIT # %03d", n), "FCN/"+r.fcn, "ORI/"+r.ori, "OCA/"+r.oca, "", "*** "+status+" PROTECTIVE ORDER ***")
	p.part("RESTRAINED PERSON INFORMATION", "NAM", "DOB", "AGE", "SEX", "RAC", "HGT", "WGT", "EYE", "HAI", "AKA", "SMT", "ADR", "MIS")
	p.part("PROTECTED PERSON INFORMATION")
	for _, f := range r.fields {
		if label := labels[f.code]; slices.Contains(people, f.code) {
			p.line(label + "/" + f.value)
		}
	}
	p.part("COURT INFORMATION", "RPC", "CTN", "CTP", "CCN", "ISD", "EXP", "CPP", "FIR")
	p.list("SAF")
	p.each("SAY", "OTH")
	p.part("ORDER INFORMATION", "CTI", "CTA", "ORT", "FRM", "EXT", "HRD", "MOV", "CUS", "PCO", "BRD", "SVS", "SVN", "SVD", "SVT", "SVA", "SVM", "SVR", "CXD", "CXR")
	p.line("IMMEDIATELY CONFIRM WITH "+r.ori+" A COURT", "***** VIOLATION MESSAGE *****", "NUMBER OF PRIOR VIOLATION MSG/000", "***** END OF DVROS MESSAGE *****")
	return p.lines
}

// labels are those of fields that a hit does not print under their own code.
var labels = map[string]string{
	"PPN": "PROTECTED PERSON NAME", "PSX": "PROTECTED PERSON SEX", "PRA": "PROTECTED PERSON RACE", "PPB": "PROTECTED PERSON DOB", "PPA": "PROTECTED PERSON AGE",
	"RPC": "RESTRAINED PERSON PRESENT IN COURT", "CTN": "COURT NAME", "CTP": "COURT PHONE NUMBER", "CCN": "COURT CASE NUMBER", "ISD": "ISSUE DATE", "EXP": "EXPIRATION DATE",
	"CPP": "CONTACT PROTECTED PERSON", "FIR": "FIREARM PROVISIONS", "SAF": "STAY AWAY FROM", "SAY": "STAY AWAY", "OTH": "OTHER ORDERS",
}

// page collects the lines of a hit.
type page struct {
	fields []field
	lines  []string
}

func (p *page) line(texts ...string) { p.lines = append(p.lines, texts...) }

func (p *page) part(title string, codes ...string) {
	p.line("* * * * * "+title+" * * * * *", "")
	p.each(codes...)
}

// each prints every value of the fields on a line of its own.
func (p *page) each(codes ...string) {
	for _, code := range codes {
		label := code
		if l, ok := labels[code]; ok {
			label = l
		}
		for _, f := range p.fields {
			if f.code == code {
				p.line(label + "/" + f.value)
			}
		}
	}
}

// list prints all values of a field on one line.
func (p *page) list(code string) {
	var values []string
	for _, f := range p.fields {
		if f.code == code {
			values = append(values, f.value)
		}
	}
	if len(values) > 0 {
		p.line(labels[code] + "/" + strings.Join(values, ", "))
	}
}

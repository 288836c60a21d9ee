package sim

import (
	"fmt"
	"strings"
	"time"
)

// Reject numbers that the checks use (data/rejects.csv has the words).
const (
	rejectFormat   = 1
	rejectUnknown  = 2
	rejectMissing  = 3
	rejectValue    = 4
	rejectTooLong  = 5
	rejectCode     = 6
	rejectNoFCN    = 20
	rejectName     = 21
	rejectNotOwner = 22
	rejectCanceled = 23
	rejectExpired  = 24
	rejectORI      = 30
	rejectSameOCA  = 40
	rejectLater    = 90
	rejectError    = 91
)

// reject is one fault of a transaction: a number of the table and, where one is to blame, the field.
type reject struct {
	number int
	field  string
}

// line is the fault as the reply prints it.
func (d *dictionary) line(r reject) string {
	s := fmt.Sprintf("REJECT %02d %s", r.number, d.rejects[r.number])
	if r.field != "" {
		s += " FLD/" + r.field
	}
	return s
}

const kindCode = "code"

// kinds are the shapes a value may have beside its length. Codes are judged by their tables.
var kinds = map[string]func(string) bool{
	"text":     func(string) bool { return true },
	"oca":      func(s string) bool { return isUpperAlnum(strings.ReplaceAll(s, "-", "0")) },
	"alnum":    isUpperAlnum,
	"ori":      isORI,
	"digits":   isDigits,
	"height":   isHeight,
	"name":     isName,
	"date":     isDate,
	"time":     func(s string) bool { return fits("1504", s) },
	"datetime": func(s string) bool { return fits("200601021504", s) },
	"expiry":   func(s string) bool { return s == nonExpiring || isDate(s) },
}

const nonExpiring = "NONEXP"

func isDate(s string) bool { return fits("20060102", s) }

func fits(layout, s string) bool {
	_, err := time.Parse(layout, s)
	return err == nil && isDigits(s)
}

// isHeight reads feet and two digits of inches.
func isHeight(s string) bool {
	return len(s) == 3 && isDigits(s) && s[0] != '0' && (s[1] == '0' || s[1] == '1' && s[2] <= '1')
}

// isName wants `LAST,FIRST...`: one comma with something on both sides.
func isName(s string) bool {
	last, first, ok := strings.Cut(s, ",")
	return ok && strings.TrimSpace(last) != "" && strings.TrimSpace(first) != "" && !strings.Contains(first, ",")
}

// checker walks over the fields of one transaction and collects every fault.
type checker struct {
	dict    *dictionary
	rules   map[string]rule
	place   int // furthest place reached
	inGroup bool
	seen    map[string]int
	faults  []reject
}

// check judges a transaction by its own field table: everything that can be said without the record.
func (d *dictionary) check(req request) []reject {
	rules, known := d.fields[req.key]
	if !known {
		return []reject{{number: rejectFormat}}
	}
	c := checker{dict: d, rules: rules, place: -1, seen: map[string]int{}}
	for _, code := range req.broken {
		c.fault(rejectFormat, code)
	}
	for _, f := range req.fields {
		c.field(f)
	}
	c.missing()
	switch req.key {
	case keyEnter:
		c.faults = append(c.faults, d.orderRules(req.fields)...)
	case keyInquiry:
		c.faults = append(c.faults, inquiryRules(req.fields)...)
	case keyModify:
		c.changes(req.fields)
	}
	return c.faults
}

func (c *checker) fault(number int, field string) {
	c.faults = append(c.faults, reject{number, field})
}

func (c *checker) field(f Field) {
	r, known := c.rules[f.Code]
	if !known {
		c.fault(rejectUnknown, f.Code)
		return
	}
	if !c.inOrder(r, f) {
		c.fault(rejectFormat, f.Code)
	}
	c.seen[f.Code]++
	if n := c.dict.judge(r, f.Value); n != 0 {
		c.fault(n, f.Code)
	}
}

// inOrder follows the order of the table. A PPN may come again as long as its group is open; the corrected name of a
// modify has no place of its own.
func (c *checker) inOrder(r rule, f Field) bool {
	if r.code == "NNM" {
		return c.seen["NAM"] > 0 && c.seen["NNM"] == 0
	}
	if r.must == mustGroup {
		if !c.inGroup || r.place <= c.place {
			return false
		}
		c.place = r.place
		return true
	}
	if r.code == "PPN" && c.inGroup {
		c.place = r.place
	}
	ok := r.place >= c.place && c.seen[f.Code] < r.times
	c.inGroup = r.code == "PPN" && f.Value != ""
	c.place = max(c.place, r.place)
	return ok
}

// judge returns the reject number for a value that its rule does not take, or 0.
func (d *dictionary) judge(r rule, v string) int {
	switch {
	case v == "" && r.erasable:
		return 0
	case r.kind == kindCode:
		return d.judgeCode(r, v)
	case len(v) > r.max:
		return rejectTooLong
	case len(v) < r.min, v != strings.ToUpper(v), !kinds[r.kind](v):
		return rejectValue
	}
	return 0
}

func (d *dictionary) judgeCode(r rule, v string) int {
	if v == "" {
		return rejectValue
	}
	if _, ok := d.codes[r.table][v]; !ok {
		return rejectCode
	}
	return 0
}

func (c *checker) missing() {
	for _, r := range inPlace(c.rules) {
		if r.must == mustYes && c.seen[r.code] == 0 {
			c.fault(rejectMissing, r.code)
		}
	}
}

// changes wants a modify to change something, and a deletion to stand alone.
func (c *checker) changes(fs fields) {
	changed := false
	for _, f := range fs {
		r := c.rules[f.Code]
		changed = changed || f.Code == "NNM" || r.erasable || r.must == mustGroup
		if f.Value == "" && r.erasable && c.seen[f.Code] > 1 {
			c.fault(rejectFormat, f.Code)
		}
	}
	if !changed {
		c.fault(rejectFormat, "")
	}
}

// orderRules are the rules over a whole order: what is needed because of something else. They serve an enter and the
// record that a modify would leave behind.
func (d *dictionary) orderRules(fs fields) []reject {
	var out []reject
	need := func(when bool, code string) {
		if when && fs.first(code) == "" {
			out = append(out, reject{rejectMissing, code})
		}
	}
	kind, known := d.orders[fs.first("ORT")]
	license := fs.has("OLN") || fs.has("OLS") || fs.has("OLY")
	need(!fs.has("AGE"), "DOB")
	need(known && kind.Temporary, "HRD")
	need(known && kind.Protected, "PPN")
	need(license, "OLN")
	need(license, "OLS")
	need(license, "OLY")
	need(fs.has("SAY"), "SAF")
	need(fs.has("SAF"), "SAY")
	exp, issued := fs.first("EXP"), fs.first("ISD")
	if isDate(exp) && isDate(issued) && exp < issued {
		out = append(out, reject{rejectValue, "EXP"})
	}
	if exp == nonExpiring && fs.has("EXT") {
		out = append(out, reject{rejectValue, "EXT"})
	}
	return out
}

// mandatory names the fields of an enter that the order lacks.
func (d *dictionary) mandatory(fs fields) []reject {
	var out []reject
	for _, r := range d.enter {
		if r.must == mustYes && fs.first(r.code) == "" {
			out = append(out, reject{rejectMissing, r.code})
		}
	}
	return out
}

// inquiryRules want exactly one way of asking.
func inquiryRules(fs fields) []reject {
	ways := 0
	for _, code := range []string{"OCA", "FCN", "NAM", "CCN"} {
		if fs.has(code) {
			ways++
		}
	}
	byName, byCase := fs.has("NAM"), fs.has("CCN")
	stray := !byName && (fs.has("DOB") || fs.has("SEX"))
	switch {
	case byCase && ways == 1 && !fs.has("CTI"):
		return []reject{{rejectMissing, "CTI"}}
	case ways != 1, stray, fs.has("CTI") && !byCase:
		return []reject{{number: rejectFormat}}
	}
	return nil
}

// inPlace returns the rules of a transaction in the order of its fields.
func inPlace(rules map[string]rule) []rule {
	out := make([]rule, len(rules))
	for _, r := range rules {
		out[r.place] = r
	}
	return out
}

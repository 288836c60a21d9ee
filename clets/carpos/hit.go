package carpos

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ccpor/clets/codes"
	"ccpor/mapping/order"
)

// Hit is one record as CARPOS shows it.
type Hit struct {
	Ordinal int
	FCN     order.FCN
	ORI     order.ORI
	OCA     string
	NIC     string
	// Status is the first word or words of the banner: SERVED, NOT SERVED, CANCELLED, EXPIRED; Type the rest of it.
	Status, Type string
	// Fields are the record under the names of ERR and SRR, in the order of the print. Words are turned back into codes; words that no
	// table has stay as they are.
	Fields []Field
	// Confirm is with whom the hit is to be confirmed.
	Confirm Confirmation
	// Violations counts the violation messages on record.
	Violations int
	// Asked is the field that the request asked for and Matched what CARPOS says it searched for, both as "OCA/06NF0885".
	Asked, Matched string
	// Other are lines that no label explains.
	Other []string
}

// Confirmation is whom to ask whether an order still stands.
type Confirmation struct {
	ORI       order.ORI
	Name      string
	Telephone string
}

// First is the first value of a field, empty when the hit does not show it.
func (h Hit) First(name string) string { return first(h.Fields, name) }

// IsServed says that the banner calls the order served.
func (h Hit) IsServed() bool { return h.Status == "SERVED" }

// The parts of a hit in which labels stand (data/hit.tsv).
const (
	partHead       = "head"
	partRestrained = "restrained"
	partProtected  = "protected"
	partCourt      = "court"
	partOrder      = "order"
	partEnd        = "end"
)

var parts = map[string]string{
	"* * * * * RESTRAINED PERSON INFORMATION * * * * *": partRestrained,
	"* * * * * PROTECTED PERSON INFORMATION * * * * *":  partProtected,
	"* * * * * COURT INFORMATION * * * * *":             partCourt,
	"* * * * * ORDER INFORMATION * * * * *":             partOrder,
}

// partOrderOf is the order in which the parts come; a part never comes again.
var partOrderOf = []string{partHead, partRestrained, partProtected, partCourt, partOrder, partEnd}

const endOfHit = "***** END OF DVROS MESSAGE *****"

// fixedLines are printed in every hit and say nothing about the order.
var fixedLines = []string{
	"DO NOT ARREST OR DETAIN BASED SOLELY ON THIS RESPONSE", "THIS RESTRAINING ORDER RESPONSE MAY BE THE SAME AS:", "***** VIOLATION MESSAGE *****",
}

// statuses are the words with which a banner can begin; the longer come first.
var statuses = []string{"NOT SERVED", "SERVED", "CANCELLED", "EXPIRED"}

// Ways of reading a value (data/hit.tsv).
const (
	readWord      = "word"
	readName      = "name"
	readRest      = "rest"
	readFirst     = "first"
	readWords     = "words"
	readList      = "list"
	readTelephone = "telephone"
	readYards     = "yards"
)

// hitLabels are the labels of a hit by part, and the words that stand for codes.
type hitLabels struct {
	labels map[string][]hitLabel
	words  map[string]string // "FIR words": code
}

type hitLabel struct{ label, field, read string }

func (d *Dictionary) readLabel(r codes.Row) error {
	l := hitLabel{r.Get("label"), r.Get("field"), r.Get("read")}
	if !slices.Contains([]string{readWord, readName, readRest, readFirst, readWords, readList, readTelephone, readYards}, l.read) {
		return fmt.Errorf("way of reading %q is unknown", l.read)
	}
	if d.hit.labels == nil {
		d.hit = hitLabels{map[string][]hitLabel{}, map[string]string{}}
	}
	part := r.Get("section")
	d.hit.labels[part] = append(d.hit.labels[part], l)
	return nil
}

func (d *Dictionary) readWords(r codes.Row) error {
	d.hit.words[r.Get("field")+" "+r.Get("words")] = r.Get("code")
	return nil
}

func (d *Dictionary) checkHit() error {
	for part, labels := range d.hit.labels {
		if !slices.Contains(partOrderOf, part) {
			return fmt.Errorf("hit.tsv: part %q is unknown", part)
		}
		for _, l := range labels {
			if d.specOf(l.field) == nil && l.field != "ORI" && l.field != "NIC" {
				return fmt.Errorf("hit.tsv: %s is no field", l.field)
			}
		}
	}
	for words, code := range d.hit.words {
		s := d.specOf(words[:3])
		if s == nil || s.table == nil {
			return fmt.Errorf("hitwords.tsv: %s is no coded field", words[:3])
		}
		if _, err := s.table.Find(code); err != nil {
			return fmt.Errorf("hitwords.tsv: %s: %w", words[:3], err)
		}
	}
	return nil
}

// specOf finds a field in any transaction that a record is made of.
func (d *Dictionary) specOf(field string) *spec {
	for _, k := range []Key{Enter, Serve, Cancel} {
		if m := d.messages[k]; m != nil {
			if s, ok := m.spec(field); ok {
				return &s
			}
		}
	}
	return nil
}

var (
	searchLine  = regexp.MustCompile(`^([A-Z]{3}) FIELD SEARCH REVEALS:$`)
	matchedLine = regexp.MustCompile(`^[A-Z]{3}/.`)
	ordinalLine = regexp.MustCompile(`^ROS HIT # ([0-9]{3})$`)
	bannerLine  = regexp.MustCompile(`^\*\*\* (.+) \*\*\*$`)
	confirmLine = regexp.MustCompile(`^IMMEDIATELY CONFIRM WITH ([A-Z]{2}[0-9A-Z]{7})(?: (.*))?$`)
	phoneLine   = regexp.MustCompile(`^TELEPHONE ([0-9() -]{10,20})$`)
	priorLine   = regexp.MustCompile(`^NUMBER OF PRIOR VIOLATION MSG/([0-9]{1,6})$`)
	moreLine    = regexp.MustCompile(`^MORE HITS NOT SHOWN/([0-9]{1,6})$`)
)

// hits reads what follows MATCH MADE ON: what was matched, the line on the search, the blocks.
func (d *Dictionary) hits(r Reply, lines []string) (Reply, error) {
	r.Kind = Hits
	i := slices.IndexFunc(lines, searchLine.MatchString)
	if i < 1 || !matchedLine.MatchString(lines[0]) {
		return r, errors.New("it does not say what the search matched")
	}
	r.Matched = lines[0]
	var faults []error
	for lines = lines[i+1:]; len(lines) > 0; {
		if m := moreLine.FindStringSubmatch(lines[0]); m != nil && len(lines) == 1 {
			r.NotShown, _ = strconv.Atoi(m[1]) // at most six digits
			break
		}
		end := slices.Index(lines, endOfHit)
		if end < 0 {
			faults = append(faults, errors.New("the last hit has no end"))
			break
		}
		h, err := d.parseHit(lines[:end])
		if err != nil {
			faults = append(faults, fmt.Errorf("hit %d: %w", len(r.Hits)+1, err))
		}
		h.Asked, h.Matched = asked(r.Echo), r.Matched
		r.Hits = append(r.Hits, h)
		lines = lines[end+1:]
	}
	if len(r.Hits) == 0 && len(faults) == 0 {
		faults = append(faults, errors.New("it promises hits and has none"))
	}
	return r, errors.Join(faults...)
}

// asked is the first field of a request's first line.
func asked(echo string) string {
	parts := strings.SplitN(echo, ".", 3)
	return parts[len(parts)-1]
}

// hitReader reads one block, line by line.
type hitReader struct {
	d    *Dictionary
	hit  Hit
	part string
	// open is the place in Fields of a text that the next line may continue, -1 for none.
	open int
}

func (d *Dictionary) parseHit(lines []string) (Hit, error) {
	if len(lines) == 0 {
		return Hit{}, errors.New("it is empty")
	}
	m := ordinalLine.FindStringSubmatch(lines[0])
	if m == nil {
		return Hit{}, errors.New("it does not begin with its ordinal")
	}
	r := &hitReader{d: d, part: partHead, open: -1}
	r.hit.Ordinal, _ = strconv.Atoi(m[1]) // three digits
	for _, l := range lines[1:] {
		if err := r.line(l); err != nil {
			return Hit{}, err
		}
	}
	return r.hit, r.hit.whole()
}

// whole says whether a hit can be used: without these it cannot be told of which order it speaks.
func (h Hit) whole() error {
	if h.FCN == "" || h.ORI == "" || h.First("NAM") == "" || h.First("ISD") == "" || h.Status == "" {
		return errors.New("it lacks FCN, ORI, banner, name or date of issue")
	}
	return nil
}

func (r *hitReader) line(l string) error {
	if part, ok := parts[l]; ok {
		return r.enter(part)
	}
	if r.fixed(l) {
		r.open = -1
		return nil
	}
	return r.labelled(l)
}

// enter goes to the next part; a part that comes again could only be foreign text.
func (r *hitReader) enter(part string) error {
	if slices.Index(partOrderOf, part) <= slices.Index(partOrderOf, r.part) {
		return errors.New("a part of it comes twice or out of order")
	}
	r.part, r.open = part, -1
	return nil
}

// fixed reads the lines that have no label.
func (r *hitReader) fixed(l string) bool {
	if slices.Contains(fixedLines, l) {
		return true
	}
	if m := bannerLine.FindStringSubmatch(l); m != nil && r.part == partHead {
		for _, s := range statuses {
			if rest, ok := strings.CutPrefix(m[1], s+" "); ok {
				r.hit.Status, r.hit.Type = s, rest
				return true
			}
		}
		return false
	}
	if m := confirmLine.FindStringSubmatch(l); m != nil && (r.part == partCourt || r.part == partOrder) {
		r.part = partEnd
		r.hit.Confirm.ORI, r.hit.Confirm.Name = order.ORI(m[1]), m[2]
		return true
	}
	return r.part == partEnd && r.ending(l)
}

func (r *hitReader) ending(l string) bool {
	if m := phoneLine.FindStringSubmatch(l); m != nil {
		r.hit.Confirm.Telephone = onlyDigits(m[1])
		return true
	}
	if m := priorLine.FindStringSubmatch(l); m != nil {
		r.hit.Violations, _ = strconv.Atoi(m[1]) // at most six digits
		return true
	}
	return false
}

// labelled reads the fields of a line; a line without a label continues an open text or is kept as it is.
func (r *hitReader) labelled(l string) error {
	label, rest, ok := r.label(l)
	if !ok {
		if r.open < 0 {
			r.hit.Other = append(r.hit.Other, l)
			return nil
		}
		r.hit.Fields[r.open].Value += " " + l
		return nil
	}
	r.open = -1
	for ok {
		value := rest
		var next hitLabel
		next, value, rest, ok = r.split(label, rest)
		if err := r.add(label, value); err != nil {
			return err
		}
		label = next
	}
	return nil
}

// label is the part's label with which the text begins.
func (r *hitReader) label(l string) (hitLabel, string, bool) {
	for _, one := range r.d.hit.labels[r.part] {
		if rest, ok := strings.CutPrefix(l, one.label+"/"); ok {
			return one, rest, true
		}
	}
	return hitLabel{}, "", false
}

// split divides what follows a label into its value and the rest of the line, when another label of the part follows.
func (r *hitReader) split(l hitLabel, rest string) (next hitLabel, value, after string, more bool) {
	if l.read != readWord && l.read != readName {
		return hitLabel{}, rest, "", false
	}
	for i := strings.IndexByte(rest, ' '); i >= 0; {
		if n, tail, ok := r.label(rest[i+1:]); ok {
			return n, rest[:i], tail, true
		}
		j := strings.IndexByte(rest[i+1:], ' ')
		if j < 0 {
			break
		}
		i += j + 1
	}
	return hitLabel{}, rest, "", false
}

func (r *hitReader) add(l hitLabel, value string) error {
	value = strings.TrimSpace(value)
	switch r.part {
	case partHead:
		return r.number(l.field, value)
	case partRestrained, partCourt:
		repeats := r.d.specOf(l.field) != nil && r.d.specOf(l.field).repeats > 1
		if has(r.hit.Fields, l.field) && !repeats {
			return fmt.Errorf("%s stands twice", l.field)
		}
	}
	for _, v := range r.d.readValue(l, value) {
		r.hit.Fields = append(r.hit.Fields, Field{l.field, v})
	}
	if l.read == readRest {
		r.open = len(r.hit.Fields) - 1
	}
	return nil
}

// number reads a field of the hit's head, each of which stands once.
func (r *hitReader) number(field, value string) error {
	to := map[string]*string{"FCN": (*string)(&r.hit.FCN), "ORI": (*string)(&r.hit.ORI), "OCA": &r.hit.OCA, "NIC": &r.hit.NIC}[field]
	if to == nil || *to != "" {
		return fmt.Errorf("%s stands twice", field)
	}
	if field == "FCN" {
		if _, err := order.ParseFCN(value); err != nil {
			return fmt.Errorf("read the FCN: %w", err)
		}
	}
	*to = value
	return nil
}

// readValue turns the print of a value back into what a transaction holds.
func (d *Dictionary) readValue(l hitLabel, value string) []string {
	switch l.read {
	case readFirst:
		code, _, _ := strings.Cut(value, " ")
		return []string{code}
	case readTelephone:
		return []string{onlyDigits(value)}
	case readYards:
		return []string{strings.TrimSuffix(value, " YARDS")}
	case readWords:
		return []string{d.codeOf(l.field, value)}
	case readList:
		var codes []string
		for _, w := range strings.Split(value, ",") {
			codes = append(codes, d.codeOf(l.field, strings.TrimSpace(w)))
		}
		return codes
	}
	return []string{value}
}

func (d *Dictionary) codeOf(field, words string) string {
	if code, ok := d.hit.words[field+" "+words]; ok {
		return code
	}
	return words
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

package sim

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// book is CARPOS itself: the records and the transactions upon them. Every method is safe for many lines at once.
type book struct {
	dict     *dictionary
	prefix   string // of every FCN
	entryORI map[string]bool
	location *time.Location
	keep     func(change) (<-chan error, error) // writes a change where it survives; nil keeps it in memory only

	mu     sync.Mutex
	byFCN  map[string]*Record
	byOCA  map[string][]*Record // agency case number, of any ORI
	byName map[string][]*Record // every name on a record, past ones too
	byCase map[string][]*Record // CTI and CCN
	all    []*Record            // as entered
	last   int64                // serial part of the last FCN
}

func newBook(d *dictionary, prefix string, entry []string, loc *time.Location) *book {
	b := &book{
		dict: d, prefix: prefix, location: loc, entryORI: set(entry),
		byFCN: map[string]*Record{}, byOCA: map[string][]*Record{},
		byName: map[string][]*Record{}, byCase: map[string][]*Record{},
	}
	return b
}

func set(list []string) map[string]bool {
	m := map[string]bool{}
	for _, s := range list {
		m[s] = true
	}
	return m
}

// origin says where and when a request came in.
type origin struct {
	at       time.Time
	mnemonic string
	control  string
}

// answer is what CARPOS says to one request.
type answer struct {
	lines  []string
	kept   <-chan error // reports when what changed is safe; nil if nothing changed
	notice *notice
}

// notice is an unsolicited message to the line under which a record was entered.
type notice struct {
	mnemonic string
	text     string
}

// answer judges a request and carries it out.
func (b *book) answer(req request, from origin) (answer, error) {
	faults := b.dict.check(req)
	b.mu.Lock()
	defer b.mu.Unlock()
	if req.key == keyInquiry {
		if len(faults) > 0 {
			return b.refuse(faults), nil
		}
		return answer{lines: b.inquire(req.fields, from.at)}, nil
	}
	if len(b.entryORI) > 0 && !b.entryORI[req.ori] {
		faults = append(faults, reject{number: rejectORI})
	}
	if req.key == keyEnter {
		return b.enter(req, from, faults)
	}
	return b.change(req, from, faults)
}

// mostFaults bounds a refusal so that it fits into one body; no request that means well comes near.
const mostFaults = 200

// refuse prints every fault once, in the order in which it was found.
func (b *book) refuse(faults []reject) answer {
	var a answer
	said := map[reject]bool{}
	for _, f := range faults {
		if !said[f] && len(said) < mostFaults {
			said[f] = true
			a.lines = append(a.lines, b.dict.line(f))
		}
	}
	return a
}

func (b *book) enter(req request, from origin, faults []reject) (answer, error) {
	old := b.onFile(req.ori, req.fields.first("OCA"))
	same := old != nil && old.matches(req.fields.first("NAM"), req.fields.first("ISD"))
	if old != nil && !same {
		faults = append(faults, reject{rejectSameOCA, "OCA"})
	}
	if len(faults) > 0 {
		return b.refuse(faults), nil
	}
	if same {
		return answer{lines: []string{"ON FILE", "FCN/" + old.FCN}}, nil
	}
	c := b.newChange(req, from)
	c.FCN = b.nextFCN(from.at)
	if eligible(req.fields) {
		c.NIC = fmt.Sprintf("H%09d", 100_000_000+len(b.all)+1)
	}
	a, err := b.commit(c)
	a.lines = []string{"ENTRY ACCEPTED", "FCN/" + c.FCN}
	if c.NIC != "" {
		a.lines = append(a.lines, "NIC/"+c.NIC)
	}
	return a, err
}

func (b *book) newChange(req request, from origin) change {
	return change{Version: Version{
		At: from.at, Key: req.key, ORI: req.ori, Mnemonic: from.mnemonic, Control: from.control, Fields: req.fields,
	}}
}

// nextFCN gives prefix, year, day of the year and a serial number of five digits; a day with more orders runs on into the
// numbers of the next.
func (b *book) nextFCN(now time.Time) string {
	day := now.In(b.location)
	base := int64(day.Year()%100)*100_000_000 + int64(day.YearDay())*100_000
	b.last = max(b.last, base) + 1
	return fmt.Sprintf("%s%010d", b.prefix, b.last)
}

func (b *book) onFile(ori, oca string) *Record {
	for _, r := range b.byOCA[oca] {
		if r.ORI == ori {
			return r
		}
	}
	return nil
}

// accepted are the words for the transactions upon a record.
var accepted = map[string]string{
	keyModify: "MODIFY ACCEPTED", keyCancel: "CANCEL ACCEPTED",
	keyService: "SERVICE ACCEPTED", keyViolation: "VIOLATION ACCEPTED",
}

// change carries out what is done upon a record: modify, cancel, service, violation.
func (b *book) change(req request, from origin, faults []reject) (answer, error) {
	rec := b.byFCN[req.fields.first("FCN")]
	switch {
	case rec != nil:
		faults = append(faults, b.against(rec, req, from)...)
	case req.fields.first("FCN") != "":
		faults = append(faults, reject{rejectNoFCN, "FCN"})
	}
	if len(faults) > 0 {
		return b.refuse(faults), nil
	}
	c := b.newChange(req, from)
	c.FCN = rec.FCN
	a, err := b.commit(c)
	a.lines = []string{accepted[req.key], "FCN/" + rec.FCN}
	a.notice = noticeOf(rec, req)
	return a, err
}

// against compares a transaction with the record that it names.
func (b *book) against(rec *Record, req request, from origin) []reject {
	var out []reject
	fault := func(when bool, number int, field string) {
		if when {
			out = append(out, reject{number, field})
		}
	}
	owners := req.key == keyModify || req.key == keyCancel || req.fields.first("SVR") == "OWN"
	fault(req.fields.has("NAM") && req.fields.first("NAM") != rec.Value("NAM"), rejectName, "NAM")
	fault(owners && req.ori != rec.ORI, rejectNotOwner, "")
	fault(owners && req.fields.has("OCA") && req.fields.first("OCA") != rec.OCA, rejectValue, "OCA")
	fault(len(rec.Canceled) > 0, rejectCanceled, "")
	after := *rec
	if req.key == keyModify {
		after.Fields = b.dict.merge(rec.Fields, req.fields)
		out = append(out, b.dict.mandatory(after.Fields)...)
		out = append(out, b.dict.orderRules(after.Fields)...)
	}
	minute := b.minuteOf(req, from.at)
	fault(len(rec.Canceled) == 0 && rec.expiredAt(minute) && after.expiredAt(minute), rejectExpired, "")
	return out
}

// minuteOf is the moment a transaction speaks of: its own date where it has one, else now.
func (b *book) minuteOf(req request, now time.Time) string {
	switch req.key {
	case keyCancel:
		return req.fields.first("CXD") + "0000"
	case keyService:
		return req.fields.first("SVD") + req.fields.first("SVT")
	case keyViolation:
		return req.fields.first("VDT")
	}
	return now.In(b.location).Format(minuteLayout)
}

// noticeOf tells the entering agency what another one reported on its order.
func noticeOf(rec *Record, req request) *notice {
	title := map[string]string{keyService: "SERVICE NOTICE", keyViolation: "VIOLATION NOTICE"}[req.key]
	if title == "" || req.ori == rec.ORI {
		return nil
	}
	told := slices.Clone(req.fields)
	for i, f := range told {
		if f.Code == "OCA" {
			told[i].Value = rec.OCA
		}
	}
	return &notice{mnemonic: rec.Mnemonic, text: title + "\r\n" + told.text()}
}

// text prints fields one a line.
func (fs fields) text() string {
	var s string
	for _, f := range fs {
		s += f.Code + "/" + f.Value + "\r\n"
	}
	return s
}

// commit applies a change and hands it to the journal, in this order under one lock, so that the journal has the
// changes in the order in which they were made.
func (b *book) commit(c change) (answer, error) {
	b.apply(c)
	if b.keep == nil {
		return answer{}, nil
	}
	kept, err := b.keep(c)
	return answer{kept: kept}, err
}

func (b *book) apply(c change) {
	rec := b.byFCN[c.FCN]
	if rec == nil {
		rec = &Record{}
		b.byFCN[c.FCN] = rec
		b.all = append(b.all, rec)
	}
	c.applyTo(rec, b.dict)
	if c.Key == keyEnter {
		b.byOCA[rec.OCA] = append(b.byOCA[rec.OCA], rec)
	}
	b.index(rec)
}

// index lists the record under its names and its case. Former names stay: an inquiry compares before it shows.
func (b *book) index(rec *Record) {
	for _, f := range rec.Fields {
		if f.Code == "NAM" || f.Code == "AKA" || f.Code == "PPN" {
			addOnce(b.byName, f.Value, rec)
		}
	}
	addOnce(b.byCase, rec.Value("CTI")+" "+rec.Value("CCN"), rec)
}

func addOnce(m map[string][]*Record, key string, rec *Record) {
	if !slices.Contains(m[key], rec) {
		m[key] = append(m[key], rec)
	}
}

// replay applies a change from the journal.
func (b *book) replay(c change) error {
	if (b.byFCN[c.FCN] == nil) != (c.Key == keyEnter) {
		return fmt.Errorf("%s for FCN %s does not follow from what stands before it", c.Key, c.FCN)
	}
	if len(c.FCN) > 3 {
		if n, err := strconv.ParseInt(c.FCN[3:], 10, 64); err == nil {
			b.last = max(b.last, n)
		}
	}
	b.apply(c)
	return nil
}

// records returns copies of all records, as entered.
func (b *book) records() []Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Record, len(b.all))
	for i, r := range b.all {
		out[i] = r.copied()
	}
	return out
}

// copied is safe to hand out: fields are never changed in place, only the list of versions grows.
func (r *Record) copied() Record {
	c := *r
	c.Versions = slices.Clip(c.Versions)
	return c
}

// count returns the number of records.
func (b *book) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.all)
}

// orderOf names the order that a request is about, and tells how it stands.
func (b *book) orderOf(req request) (order, standing) {
	b.mu.Lock()
	defer b.mu.Unlock()
	named := order{req.ori, req.fields.first("OCA")}
	rec := b.byFCN[req.fields.first("FCN")]
	if rec == nil {
		rec = b.onFile(named.ori, named.oca)
	} else {
		named = order{rec.ORI, rec.OCA}
	}
	switch {
	case rec == nil:
		return named, notOnFile
	case len(rec.Canceled) > 0:
		return named, cancelled
	}
	return named, onFile
}

// reset forgets every record; empty, unless nil, does the same for what is kept on disk.
func (b *book) reset(empty func() error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if empty != nil {
		if err := empty(); err != nil {
			return err
		}
	}
	clear(b.byFCN)
	clear(b.byOCA)
	clear(b.byName)
	clear(b.byCase)
	b.all = nil
	return nil
}

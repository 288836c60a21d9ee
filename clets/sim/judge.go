package sim

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Report is the switch's own judgment on the hubs that used it.
type Report struct {
	Records    int           `json:"records"`
	Duplicates []DoubleEntry `json:"duplicates"` // orders that are on file more than once
	Violations []Violation   `json:"violations"` // the first thousand
	Total      int           `json:"totalViolations"`
}

// OK tells whether there is nothing to complain of.
func (r Report) OK() bool { return len(r.Duplicates) == 0 && r.Total == 0 }

// DoubleEntry is one order under several agency case numbers: same ORI, court case number, name, date of issue and type.
type DoubleEntry struct {
	ORI  string   `json:"ori"`
	CCN  string   `json:"ccn"`
	ORT  string   `json:"ort"`
	OCAs []string `json:"ocas"`
	FCNs []string `json:"fcns"`
}

// Kinds of Violation.
const (
	// ControlTwice: a control number was used a second time.
	ControlTwice = "controlTwice"
	// OverWindow: more requests were unanswered on a line than its window allows.
	OverWindow = "overWindow"
	// BeforeAccepted: something other than ERR or QRR came for an order whose ERR had not been accepted.
	BeforeAccepted = "beforeAccepted"
	// Overlap: two transactions of one order were under way at once.
	Overlap = "overlap"
	// ResentBlind: a transaction whose reply was not delivered came again, or another one of the same agency about the same order came in its place,
	// without an inquiry about the order in between.
	ResentBlind = "resentBlind"
	// AfterCancelled: an order was modified or cancelled whose cancellation its hub knew of.
	AfterCancelled = "afterCancelled"
)

// Violation is one breach of the profile by a hub. It names no person.
type Violation struct {
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"`
	Mnemonic string    `json:"mnemonic"`
	Control  string    `json:"control"`
	Key      string    `json:"key,omitempty"`
	OCA      string    `json:"oca,omitempty"`
	FCN      string    `json:"fcn,omitempty"`
}

const keptViolations = 1000

// order names an order as the hub does: the entering ORI and its case number.
type order struct{ ori, oca string }

// sending is what an agency sent about an order.
type sending struct {
	order order
	ori   string
}

// standing is how an order stands when a request for it comes.
type standing int

const (
	notOnFile standing = iota
	onFile
	cancelled
)

type usedControl struct {
	hub     string
	control [10]byte
}

// judge watches the sequence of requests.
type judge struct {
	mu       sync.Mutex
	controls map[usedControl]bool
	underWay map[order]int               // changes that are not yet answered
	open     map[string]map[sending]bool // by OCA: a change was sent, its reply not delivered, no QRR since
	tries    map[order]int               // enters with a magic case number so far
	kept     []Violation
	total    int
}

func newJudge() *judge {
	j := &judge{}
	j.clear()
	return j
}

func (j *judge) clear() {
	j.controls, j.underWay = map[usedControl]bool{}, map[order]int{}
	j.open, j.tries = map[string]map[sending]bool{}, map[order]int{}
	j.kept, j.total = nil, 0
}

func (j *judge) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.clear()
}

// blame notes a violation.
func (j *judge) blame(v Violation) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.note(v)
}

func (j *judge) note(v Violation) {
	j.total++
	if len(j.kept) < keptViolations {
		j.kept = append(j.kept, v)
	}
}

// useControl tells whether the control number is new for this hub.
func (j *judge) useControl(hub, control string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	key := usedControl{hub: hub}
	copy(key.control[:], control)
	if j.controls[key] {
		return false
	}
	j.controls[key] = true
	return true
}

// arrives notes a request that the hub must think is under way, and returns what it violates.
func (j *judge) arrives(key string, what sending, stands standing, v Violation) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	if key == keyInquiry {
		// Whoever has looked may go on, even if an earlier reply is still to come.
		delete(j.open, what.order.oca)
		delete(j.underWay, what.order)
		return nil
	}
	open, underWay := j.open[what.order.oca][what], j.underWay[what.order] > 0
	var kinds []string
	if open && !underWay {
		kinds = append(kinds, ResentBlind)
	}
	if key != keyEnter && stands == notOnFile {
		kinds = append(kinds, BeforeAccepted)
	}
	if (key == keyModify || key == keyCancel) && stands == cancelled && !open {
		kinds = append(kinds, AfterCancelled)
	}
	if underWay {
		kinds = append(kinds, Overlap)
	}
	for _, kind := range kinds {
		v.Kind = kind
		j.note(v)
	}
	j.leaveOpen(what)
	return kinds
}

func (j *judge) leaveOpen(what sending) {
	if j.open[what.order.oca] == nil {
		j.open[what.order.oca] = map[sending]bool{}
	}
	j.open[what.order.oca][what] = true
}

// settled notes that the reply to a change is delivered, unsettled that it was not after all.
func (j *judge) settled(what sending) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.open[what.order.oca], what)
	if len(j.open[what.order.oca]) == 0 {
		delete(j.open, what.order.oca)
	}
}

func (j *judge) unsettled(what sending) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.leaveOpen(what)
}

// begins and ends enclose the time in which a change of an order is under way.
func (j *judge) begins(o order) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.underWay[o]++
}

func (j *judge) ends(o order) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.underWay[o]--; j.underWay[o] <= 0 {
		delete(j.underWay, o)
	}
}

// tried counts the enters of an order and returns how many there were before.
func (j *judge) tried(o order) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.tries[o]++
	return j.tries[o] - 1
}

func (j *judge) violations() ([]Violation, int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Violation{}, j.kept...), j.total
}

// duplicates finds orders that stand on file under more than one agency case number.
func duplicates(records []Record) []DoubleEntry {
	groups := map[string][]Record{}
	var keys []string
	for _, r := range records {
		key := strings.Join([]string{r.ORI, r.entered("CCN"), r.entered("NAM"), r.entered("ISD"), r.entered("ORT")}, "\n")
		if len(groups[key]) == 0 {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], r)
	}
	out := []DoubleEntry{}
	for _, key := range keys {
		if g := groups[key]; len(g) > 1 {
			out = append(out, doubleEntryOf(g))
		}
	}
	return out
}

func doubleEntryOf(g []Record) DoubleEntry {
	d := DoubleEntry{ORI: g[0].ORI, CCN: g[0].entered("CCN"), ORT: g[0].entered("ORT")}
	for _, r := range g {
		d.OCAs = append(d.OCAs, r.OCA)
		d.FCNs = append(d.FCNs, r.FCN)
	}
	return d
}

// String is one line without personal data.
func (r Report) String() string {
	return fmt.Sprintf("%d records, %d duplicates, %d violations", r.Records, len(r.Duplicates), r.Total)
}

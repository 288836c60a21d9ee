package precedence

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"ccpor/mapping/order"
)

//go:generate go test -run TestDocument -update

//go:embed data/*.json
var files embed.FS

// Words are the same in English and in Spanish.
type Words struct {
	En string `json:"en"`
	Es string `json:"es"`
}

// BranchID names a branch.
type BranchID string

// Branch is one branch of the law, or of what we hold where the law is silent.
type Branch struct {
	ID BranchID `json:"id"`
	// Part says where it is used: rank, left, term or doubt.
	Part     string `json:"part"`
	Citation string `json:"citation"`
	// From is the first day on which it holds, Until the last; zero: as far back, or on, as orders go.
	From  order.Date `json:"from,omitzero"`
	Until order.Date `json:"until,omitzero"`
	// Ours marks what no statute says.
	Ours       bool   `json:"ours,omitempty"`
	Says       Words  `json:"says"`
	Source     string `json:"source"`
	Confidence string `json:"confidence"` // stated, likely or unverified
}

// Side is what sort of order it is, as the ranking asks.
type Side string

// The sides.
const (
	SideCriminal  Side = "criminal"
	SideCivil     Side = "civil"
	SideEmergency Side = "emergency"
	SideFirearms  Side = "firearms" // against firearms, for nobody by name
	SideForeign   Side = "foreign"  // of another state or a tribe: civil or criminal is not known
	SideUnknown   Side = "unknown"  // the family has no row
)

// Kind says on which side the orders of a family stand, or, with a form, those on that form.
type Kind struct {
	Family   order.Family `json:"family"`
	Form     string       `json:"form"`
	Side     Side         `json:"side"`
	Citation string       `json:"citation"`
	// Act is the section that ranks orders of other jurisdictions.
	Act        string `json:"act"`
	Source     string `json:"source"`
	Confidence string `json:"confidence"`
}

// ClauseID names a clause.
type ClauseID string

// Clause is a row of the table of terms: how orders that both speak of it are compared, and in what words it is said.
type Clause struct {
	ID      ClauseID `json:"id"`
	Name    Words    `json:"name"`
	Compare string   `json:"compare"` // level, distance, flag, own, text or permission
	// Restricts: it counts when an emergency order is asked whether it is more restrictive (Pen. Code 136.2(c)(1)(A)).
	Restricts bool `json:"restricts"`
	// Stricter says which of two is the stricter, for the documentation.
	Stricter string `json:"stricter"`
	// Says are the sentences by variant; %d is the number.
	Says map[string]Words `json:"says"`
}

// How clauses are compared.
const (
	byLevel      = "level"      // what differs is a conflict
	byDistance   = "distance"   // the greater one covers the smaller one
	byFlag       = "flag"       // said or not said
	byOwn        = "own"        // each order's own, both can be kept
	byText       = "text"       // a court's words
	byPermission = "permission" // said or not said, and nothing against a ban of contact
)

// Law is the branches, kinds and clauses. It never changes and is shared by goroutines.
type Law struct {
	zone     *time.Location
	branches []Branch
	kinds    []Kind
	clauses  []Clause
	edition  string
}

// Load reads the embedded law; zone is the courts' time zone.
func Load(zone *time.Location) (*Law, error) { return Read(files, zone) }

// Read reads data/branches.json, data/kinds.json and data/clauses.json of a file system and checks every row.
func Read(from fs.FS, zone *time.Location) (*Law, error) {
	l := &Law{zone: zone}
	for _, name := range []string{"branches", "kinds", "clauses"} {
		if err := l.read(from, "data/"+name+".json"); err != nil {
			return nil, fmt.Errorf("precedence, %s: %w", name, err)
		}
	}
	for _, check := range []func() error{l.checkBranches, l.checkKinds, l.checkClauses} {
		if err := check(); err != nil {
			return nil, fmt.Errorf("precedence: %w", err)
		}
	}
	return l, nil
}

func (l *Law) read(from fs.FS, name string) error {
	b, err := fs.ReadFile(from, name)
	if err != nil {
		return err
	}
	var sheet struct {
		Edition  string   `json:"edition"`
		Branches []Branch `json:"branches"`
		Kinds    []Kind   `json:"kinds"`
		Clauses  []Clause `json:"clauses"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&sheet); err != nil {
		return err
	}
	if _, err := order.ParseDate(sheet.Edition); err != nil {
		return fmt.Errorf("its edition: %w", err)
	}
	l.edition = max(l.edition, sheet.Edition)
	l.branches, l.kinds, l.clauses = append(l.branches, sheet.Branches...), append(l.kinds, sheet.Kinds...), append(l.clauses, sheet.Clauses...)
	return nil
}

// Edition is the latest day on which a file was checked, as 2026-11-29.
func (l *Law) Edition() string { return l.edition }

// Branches are all branches, in the sequence of the documentation.
func (l *Law) Branches() []Branch { return slices.Clone(l.branches) }

// Kinds are all kinds.
func (l *Law) Kinds() []Kind { return slices.Clone(l.kinds) }

// Clauses are all clauses, in the sequence in which terms are shown.
func (l *Law) Clauses() []Clause { return slices.Clone(l.clauses) }

// kind is the kind of an order: the row of its form before that of its family.
func (l *Law) kind(f order.Form) Kind {
	found := Kind{Family: f.Family, Side: SideUnknown}
	for _, k := range l.kinds {
		if k.Family == f.Family && (k.Form == f.Number || k.Form == "" && found.Form == "") {
			found = k
		}
	}
	return found
}

// branch is a branch by its identification; Load has checked that there is one.
func (l *Law) branch(id BranchID) Branch {
	i := slices.IndexFunc(l.branches, func(b Branch) bool { return b.ID == id })
	return l.branches[i]
}

// holds says whether a branch is in force on the day of the moment.
func (l *Law) holds(id BranchID, at time.Time) bool {
	b, day := l.branch(id), order.DateOf(at)
	return !day.Before(b.From) && (b.Until.IsZero() || !day.After(b.Until))
}

// parts are the branches that the program knows, by part. A row of the data that is not here, or the reverse, is refused.
var parts = map[string][]BranchID{
	"rank": {only, emergency, noContact, criminal, criminalLast, civilLast, amongNoContact, rest, emergencyPlain, foreignPlain, tie, beside},
	"left": {superseded, cancelled, replaced, expired, notYet},
	"term": {onlyHere, same, conflict, emergencyClause, covered, eachStands, read, open, permission, exchange},
	"doubt": {doubtTie, doubtStricter, doubtRead, doubtForeign, doubtForeignDate, doubtKind, doubtChanged, doubtTemporary, doubtHearing, doubtEnd, doubtExchangeMissing,
		doubtExchangeDate, doubtExchangeEmpty, doubtExchangeOther},
}

// The branches; data/branches.json says what they are.
const (
	only           BranchID = "only"
	emergency      BranchID = "emergency"
	noContact      BranchID = "noContact"
	criminal       BranchID = "criminal"
	criminalLast   BranchID = "criminalLast"
	civilLast      BranchID = "civilLast"
	amongNoContact BranchID = "amongNoContact"
	rest           BranchID = "rest"
	emergencyPlain BranchID = "emergencyPlain"
	foreignPlain   BranchID = "foreignPlain"
	tie            BranchID = "tie"
	beside         BranchID = "beside"

	superseded BranchID = "superseded"
	cancelled  BranchID = "cancelled"
	replaced   BranchID = "replaced"
	expired    BranchID = "expired"
	notYet     BranchID = "notYet"

	onlyHere        BranchID = "onlyHere"
	same            BranchID = "same"
	conflict        BranchID = "conflict"
	emergencyClause BranchID = "emergencyClause"
	covered         BranchID = "covered"
	eachStands      BranchID = "eachStands"
	read            BranchID = "read"
	open            BranchID = "open"
	permission      BranchID = "permission"
	exchange        BranchID = "exchange"

	doubtTie             BranchID = "doubtTie"
	doubtStricter        BranchID = "doubtStricter"
	doubtRead            BranchID = "doubtRead"
	doubtForeign         BranchID = "doubtForeign"
	doubtForeignDate     BranchID = "doubtForeignDate"
	doubtKind            BranchID = "doubtKind"
	doubtChanged         BranchID = "doubtChanged"
	doubtTemporary       BranchID = "doubtTemporary"
	doubtHearing         BranchID = "doubtHearing"
	doubtEnd             BranchID = "doubtEnd"
	doubtExchangeMissing BranchID = "doubtExchangeMissing"
	doubtExchangeDate    BranchID = "doubtExchangeDate"
	doubtExchangeEmpty   BranchID = "doubtExchangeEmpty"
	doubtExchangeOther   BranchID = "doubtExchangeOther"
)

func (l *Law) checkBranches() error {
	want := map[BranchID]string{}
	for part, ids := range parts {
		for _, id := range ids {
			want[id] = part
		}
	}
	for _, b := range l.branches {
		switch {
		case want[b.ID] != b.Part || b.Part == "":
			return fmt.Errorf("branch %q of part %q is not known to the program, or given twice", b.ID, b.Part)
		case b.Citation == "" || !b.Says.whole():
			return fmt.Errorf("branch %q needs a citation, and its reason in both languages", b.ID)
		}
		if err := sourced(b.Source, b.Confidence); err != nil {
			return fmt.Errorf("branch %q: %w", b.ID, err)
		}
		delete(want, b.ID)
	}
	for id := range want {
		return fmt.Errorf("branch %q has no row", id)
	}
	return nil
}

func (l *Law) checkKinds() error {
	seen := map[string]bool{}
	for _, k := range l.kinds {
		name := string(k.Family) + " " + k.Form
		if seen[name] || k.Family == "" || k.Citation == "" || !slices.Contains([]Side{SideCriminal, SideCivil, SideEmergency, SideFirearms, SideForeign}, k.Side) {
			return fmt.Errorf("kind %q is given twice, or lacks family, side or citation", name)
		}
		if err := sourced(k.Source, k.Confidence); err != nil {
			return fmt.Errorf("kind %q: %w", name, err)
		}
		seen[name] = true
	}
	return nil
}

func (l *Law) checkClauses() error {
	want := map[ClauseID]bool{}
	for _, r := range readers {
		want[r.clause] = true
	}
	for _, c := range l.clauses {
		if !want[c.ID] || !slices.Contains([]string{byLevel, byDistance, byFlag, byOwn, byText, byPermission}, c.Compare) || !c.Name.whole() || c.Stricter == "" {
			return fmt.Errorf("clause %q is not known to the program, is given twice, or lacks its comparison or words", c.ID)
		}
		delete(want, c.ID)
		if err := c.checkWords(); err != nil {
			return err
		}
	}
	for id := range want {
		return fmt.Errorf("clause %q has no row", id)
	}
	return nil
}

// checkWords asks for the sentences that the readers of the clause use, and a number in both languages or in none.
func (c Clause) checkWords() error {
	i := slices.IndexFunc(readers, func(r reader) bool { return r.clause == c.ID })
	for _, v := range readers[i].variants {
		w, ok := c.Says[v]
		if !ok || !w.whole() || strings.Count(w.En, "%d") != strings.Count(w.Es, "%d") || strings.Count(w.En, "%") > 1 {
			return fmt.Errorf("clause %q has no sentence for %q in both languages", c.ID, v)
		}
	}
	if len(c.Says) != len(readers[i].variants) {
		return fmt.Errorf("clause %q has a sentence that nothing uses", c.ID)
	}
	return nil
}

func (w Words) whole() bool { return w.En != "" && w.Es != "" }

func sourced(source, confidence string) error {
	if source == "" || !slices.Contains([]string{"stated", "likely", "unverified"}, confidence) {
		return fmt.Errorf("a source and a confidence (stated, likely, unverified) are needed")
	}
	return nil
}

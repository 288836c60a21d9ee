package forms

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"ccpor/mapping/order"
)

// Load reads the embedded table.
func Load() (*Table, error) { return Read(files) }

// Read reads the files data/*.json of a file system and checks every row. A file holds its edition, and forms or expiry rules or both.
func Read(files fs.FS) (*Table, error) {
	names, err := fs.Glob(files, "data/*.json")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("the form table has no files: %w", err)
	}
	t := &Table{forms: map[key][]Form{}, expiry: map[string]ExpiryRule{}}
	var forms []Form
	for _, name := range names {
		f, err := readFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		t.edition = max(t.edition, f.Edition)
		forms = append(forms, f.Forms...)
		for _, r := range f.Expiry {
			if err := t.addExpiry(r); err != nil {
				return nil, fmt.Errorf("%s: expiry rule %q: %w", name, r.ID, err)
			}
		}
	}
	for _, f := range forms {
		if err := t.addForm(f); err != nil {
			return nil, fmt.Errorf("form %q, revision %v: %w", f.Number, f.Revision, err)
		}
	}
	return t, nil
}

// sheet is one file of the table.
type sheet struct {
	Edition string       `json:"edition"`
	Expiry  []ExpiryRule `json:"expiry"`
	Forms   []Form       `json:"forms"`
}

func readFile(files fs.FS, name string) (f sheet, err error) {
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return f, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return f, err
	}
	if _, err := order.ParseDate(f.Edition); err != nil {
		return f, fmt.Errorf("its edition: %w", err)
	}
	return f, nil
}

var confidences = []string{"stated", "likely", "unverified"}

func sourced(source, confidence string) error {
	if source == "" || !slices.Contains(confidences, confidence) {
		return fmt.Errorf("a source and a confidence (%s) are needed", strings.Join(confidences, ", "))
	}
	return nil
}

func (t *Table) addExpiry(r ExpiryRule) error {
	if r.ID == "" || r.Text == "" || r.Citation == "" {
		return fmt.Errorf("id, text and citation are needed")
	}
	if _, ok := t.expiry[r.ID]; ok {
		return fmt.Errorf("given twice")
	}
	if !slices.Contains(expiryKinds, r.Kind) {
		return fmt.Errorf("unknown kind %q", r.Kind)
	}
	if (r.Kind == FromIssue || r.Kind == FromHearing) != (r.Years > 0) || (r.Kind == DaysFromIssue) != (r.Days > 0) {
		return fmt.Errorf("years and days are needed where they are counted, and nowhere else")
	}
	t.expiry[r.ID] = r
	return sourced(r.Source, r.Confidence)
}

func (t *Table) addForm(f Form) error {
	checks := map[Kind]func(Form) error{KindOrder: t.checkOrder, KindProof: checkProof, KindChange: checkChange, KindConfidential: checkTitle}
	check := checks[f.Kind]
	if check == nil {
		return fmt.Errorf("unknown kind %q", f.Kind)
	}
	if err := check(f); err != nil {
		return err
	}
	k := key{f.Kind, f.Number}
	if err := follows(t.forms[k], f); err != nil {
		return err
	}
	t.forms[k] = append(t.forms[k], f)
	return sourced(f.Source, f.Confidence)
}

// follows checks a row against the last one of its number.
func follows(list []Form, f Form) error {
	if len(list) == 0 {
		return nil
	}
	last := list[len(list)-1]
	switch {
	case f.Kind != KindOrder:
		return fmt.Errorf("only order forms have several rows")
	case !last.Revision.Before(f.Revision):
		return fmt.Errorf("revisions must be given once, oldest first")
	case last.Until.IsZero() || !last.Until.Before(f.Revision):
		return fmt.Errorf("the window of the revision before must end before this one begins")
	}
	return nil
}

var stages = []order.Stage{order.StageEmergency, order.StageTemporary, order.StageAfterHearing, order.StagePreTrial, order.StagePostConviction, order.StageRegistered}

var petitioners = []order.PetitionerKind{order.PetitionerPerson, order.PetitionerGuardian, order.PetitionerLawEnforcement, order.PetitionerEmployer,
	order.PetitionerSchool, order.PetitionerEstablishment, order.PetitionerPeople}

// within says that every value is one of the known ones.
func within[T comparable](values, known []T) bool {
	return !slices.ContainsFunc(values, func(v T) bool { return !slices.Contains(known, v) })
}

func isDesignator(s string) bool { return len(s) == 3 && strings.ToUpper(s) == s }

func (t *Table) checkOrder(f Form) error {
	_, known := t.expiry[f.Expiry]
	switch {
	case f.Number == "" || f.Revision.IsZero() || f.Family == "" || f.Title == "":
		return fmt.Errorf("number, revision, family and title are needed")
	case !isDesignator(f.Designator) || f.FinancialDesignator != "" && !isDesignator(f.FinancialDesignator):
		return fmt.Errorf("the designator is three capital letters")
	case len(f.Stages) == 0 || !within(f.Stages, stages):
		return fmt.Errorf("known stages are needed")
	case !within(f.Petitioners, petitioners) || f.NeedsPetitioner && len(f.Petitioners) == 0:
		return fmt.Errorf("known petitioners are needed")
	case !within(f.Clauses, clauses):
		return fmt.Errorf("known clauses are needed: %v", clauses)
	case !slices.Contains([]order.Access{"", order.AccessJuvenile, order.AccessSealed}, f.Access):
		return fmt.Errorf("unknown access class %q", f.Access)
	case !known:
		return fmt.Errorf("no expiry rule %q", f.Expiry)
	case !f.Until.IsZero() && f.Until.Before(f.Revision):
		return fmt.Errorf("its window ends before it begins")
	case f.ProtectedMin < 0 || f.OrganizationsMin < 0:
		return fmt.Errorf("negative numbers")
	}
	return checkMax(f.Max)
}

func checkMax(m Max) error {
	switch {
	case m.Years < 0 || m.Days < 0:
		return fmt.Errorf("negative numbers")
	case (m.Years > 0 || m.Days > 0) && m.Citation == "":
		return fmt.Errorf("the longest duration needs a citation")
	}
	return nil
}

var (
	modifyReasons = []order.ModifyReason{order.ModifyCorrect, order.ModifyAmend, order.ModifyContinue, order.ModifyExtend, order.ModifyRenew}
	cancelReasons = []order.CancelReason{order.CancelTerminated, order.CancelInError, order.CancelDeceased}
)

func checkChange(f Form) error {
	if f.Number == "" || f.Family == "" || len(f.Reasons)+len(f.Ends) == 0 || !within(f.Reasons, modifyReasons) || !within(f.Ends, cancelReasons) {
		return fmt.Errorf("a change needs a number, a family, and known reasons")
	}
	if err := checkMax(f.Max); err != nil {
		return err
	}
	return checkTitle(f)
}

func checkTitle(f Form) error {
	if f.Title == "" {
		return fmt.Errorf("a title is needed")
	}
	return nil
}

var methods = []order.ServiceMethod{order.MethodPersonal, order.MethodVerbal, order.MethodMail, order.MethodCourt}

func checkProof(f Form) error {
	if f.Title == "" || len(f.Methods) == 0 || !within(f.Methods, methods) {
		return fmt.Errorf("a proof needs a title and known methods")
	}
	return nil
}

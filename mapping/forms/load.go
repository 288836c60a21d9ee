package forms

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"ccpor/mapping/order"
)

// Load reads the embedded table.
func Load() (*Table, error) { return Parse(file) }

// Parse reads a table in the form of forms.json and checks every row.
func Parse(b []byte) (*Table, error) {
	var f struct {
		Edition string       `json:"edition"`
		Expiry  []ExpiryRule `json:"expiry"`
		Forms   []Form       `json:"forms"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("reading the form table: %w", err)
	}
	if _, err := order.ParseDate(f.Edition); err != nil {
		return nil, fmt.Errorf("the form table's edition: %w", err)
	}
	t := &Table{forms: map[string][]Form{}, expiry: map[string]ExpiryRule{}, edition: f.Edition}
	for _, r := range f.Expiry {
		if err := t.addExpiry(r); err != nil {
			return nil, fmt.Errorf("expiry rule %q: %w", r.ID, err)
		}
	}
	for _, form := range f.Forms {
		if err := t.addForm(form); err != nil {
			return nil, fmt.Errorf("form %q, revision %v: %w", form.Number, form.Revision, err)
		}
	}
	return t, nil
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
	counts := r.Kind == FromIssue || r.Kind == FromHearing
	if !counts && r.Kind != HearingEnd && r.Kind != Emergency {
		return fmt.Errorf("unknown kind %q", r.Kind)
	}
	if counts != (r.Years > 0) {
		return fmt.Errorf("years are needed where they are counted, and nowhere else")
	}
	t.expiry[r.ID] = r
	return sourced(r.Source, r.Confidence)
}

func (t *Table) addForm(f Form) error {
	check := t.checkOrder
	if f.Kind == KindProof {
		check = checkProof
	}
	if err := check(f); err != nil {
		return err
	}
	list := t.forms[f.Number]
	if n := len(list); n > 0 {
		last := list[n-1]
		switch {
		case last.Kind != f.Kind:
			return fmt.Errorf("its other rows are of another kind")
		case !last.Revision.Before(f.Revision):
			return fmt.Errorf("revisions must be given once, oldest first")
		case last.Until.IsZero() || !last.Until.Before(f.Revision):
			return fmt.Errorf("the window of the revision before must end before this one begins")
		}
	}
	t.forms[f.Number] = append(list, f)
	return sourced(f.Source, f.Confidence)
}

var stages = []order.Stage{order.StageEmergency, order.StageTemporary, order.StageAfterHearing, order.StagePreTrial, order.StagePostConviction}

func (t *Table) checkOrder(f Form) error {
	_, known := t.expiry[f.Expiry]
	switch {
	case f.Kind != KindOrder:
		return fmt.Errorf("unknown kind %q", f.Kind)
	case f.Number == "" || f.Revision.IsZero() || f.Family == "" || f.Title == "":
		return fmt.Errorf("number, revision, family and title are needed")
	case len(f.Designator) != 3 || strings.ToUpper(f.Designator) != f.Designator:
		return fmt.Errorf("the designator is three capital letters")
	case len(f.Stages) == 0 || slices.ContainsFunc(f.Stages, func(s order.Stage) bool { return !slices.Contains(stages, s) }):
		return fmt.Errorf("known stages are needed")
	case !known:
		return fmt.Errorf("no expiry rule %q", f.Expiry)
	case !f.Until.IsZero() && f.Until.Before(f.Revision):
		return fmt.Errorf("its window ends before it begins")
	case f.ProtectedMin < 0 || f.Max.Years < 0 || f.Max.Days < 0:
		return fmt.Errorf("negative numbers")
	case (f.Max.Years > 0 || f.Max.Days > 0) && f.Max.Citation == "":
		return fmt.Errorf("the longest duration needs a citation")
	}
	return nil
}

var methods = []order.ServiceMethod{order.MethodPersonal, order.MethodVerbal, order.MethodMail, order.MethodCourt}

func checkProof(f Form) error {
	if f.Title == "" || len(f.Methods) == 0 || slices.ContainsFunc(f.Methods, func(m order.ServiceMethod) bool { return !slices.Contains(methods, m) }) {
		return fmt.Errorf("a proof needs a title and known methods")
	}
	return nil
}

package carpos

import (
	"errors"
	"strings"
	"testing"

	"ccpor/mapping/order"
)

// lacksRace is an order's transaction whose order does not say the race, with its lacks.
func lacksRace(t *testing.T, d *Dictionary) (order.Order, Transaction, []Lack) {
	t.Helper()
	o := overviewOrder()
	o.Restrained.Race, o.Restrained.Born, o.Restrained.Age = "", nil, 0
	tr, lacks := d.Enter(o, overviewContext())
	if len(lacks) != 2 || !lacking(lacks, "RAC") || !lacking(lacks, "DOB") {
		t.Fatalf("%v", lacks)
	}
	return o, tr, lacks
}

func TestCorrectPutsAFieldInItsPlace(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	o, tr, lacks := lacksRace(t, d)
	got, left := d.Correct(tr, lacks, 1, []Correction{{"AGE", "44", 1, "court clerk by telephone"}, {"RAC", "W", 1, "court clerk by telephone"}, {"HGT", "601", 1, "court clerk by telephone"}})
	if len(left) != 0 {
		t.Fatalf("%v", left)
	}
	if _, err := d.Encode(got); err != nil {
		t.Errorf("the dictionary refuses it: %v", err)
	}
	if got.First("RAC") != "W" || got.First("AGE") != "44" || got.First("HGT") != "601" || has(tr.Fields, "RAC") {
		t.Errorf("%v", got.Fields)
	}
	told := 0
	for _, n := range got.Notes {
		if n.Code == "corrected" {
			told++
		}
	}
	if told != 3 {
		t.Errorf("%d notes of 3 corrections", told)
	}
	if _, left := d.Correct(tr, lacks, 1, []Correction{{"RAC", "W", 1, "x"}}); len(left) != 1 || left[0].Field != "DOB" {
		t.Errorf("what still lacks is %v, want DOB", left)
	}
	if _, left := d.Correct(tr, lacks, 1, []Correction{{"RAC", "9", 1, "x"}}); !lacking(left, "RAC") {
		t.Errorf("a code that no table has lacks nothing: %v", left)
	}
	o.Restrained.Race = "black"
	tr, lacks = d.Enter(o, overviewContext())
	if later, _ := d.Correct(tr, lacks, 2, []Correction{{"RAC", "W", 1, "x"}}); later.First("RAC") != "B" {
		t.Errorf("a later version of the court's has %q, want its own B", later.First("RAC"))
	}
	if same, _ := d.Correct(tr, lacks, 1, []Correction{{"RAC", "W", 1, "x"}}); same.First("RAC") != "W" {
		t.Errorf("the version that was corrected has %q, want W", same.First("RAC"))
	}
	if same, _ := d.Correct(tr, lacks, 1, []Correction{{"EXP", "20990101", 1, "x"}, {"SVN", "A. CECIL", 1, "x"}}); same.First("EXP") == "20990101" || has(same.Fields, "SVN") {
		t.Error("a field that nobody may supply was put in")
	}
}

func TestCorrectionsThatAreRefused(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	o, tr, lacks := lacksRace(t, d)
	for name, tt := range map[string]struct {
		field, value, heldFor, want string
	}{
		"a code that is none":            {"RAC", "Q", "", "not in table cal_doj.race"},
		"a date that is none":            {"DOB", "19811341", "", "CCYYMMDD, as"},
		"a date of people":               {"DOB", "1981-11-21", "", "has 10 characters, 8 are allowed"},
		"nothing":                        {"RAC", "", "", "is empty"},
		"when it ends":                   {"EXP", "20300101", "", "the court's word alone"},
		"a term":                         {"PCO", "01", "PCO", "term of the order"},
		"whom it protects":               {"PPN", "SMITH,MARY", "PPN", "the court's word alone"},
		"what the order says":            {"SEX", "F", "", "is said by the order"},
		"another person":                 {"NAM", "SMITH,MARK", "NAM", "letters may be left out, none put in"},
		"a field of another transaction": {"SVN", "A. CECIL", "", "is no field of ERR"},
	} {
		err := d.CheckCorrection(Correction{Field: tt.field, Value: tt.value}, tr, lacks, o.Restrained.Name, tt.heldFor)
		var wrong *CorrectionError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		if err != nil && tt.value != "" && len(tt.value) > 1 && strings.Contains(err.Error(), tt.value) {
			t.Errorf("%s: the error holds the value", name)
		}
	}
	for field, value := range map[string]string{"RAC": "W", "DOB": "19811121", "AGE": "44"} {
		if err := d.CheckCorrection(Correction{Field: field, Value: value}, tr, lacks, o.Restrained.Name, ""); err != nil {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := d.CheckCorrection(Correction{Field: "SEX", Value: "F"}, tr, lacks, o.Restrained.Name, "SEX"); err != nil {
		t.Errorf("what CARPOS refused cannot be supplied: %v", err)
	}
}

func TestCorrectNameLeavesOut(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	o := overviewOrder()
	o.Restrained.Name = order.Name{Given: "Hubert", Surname: "Wolfeschlegelsteinhausenbergerdorff"}
	tr, lacks := d.Enter(o, overviewContext())
	if !lacking(lacks, "NAM") {
		t.Fatalf("%v", lacks)
	}
	if err := d.CheckCorrection(Correction{Field: "NAM", Value: "WOLFESCHLEGELSTEINHAUSEN,HUBER"}, tr, lacks, o.Restrained.Name, "NAM"); err != nil {
		t.Error(err)
	}
	if err := d.CheckCorrection(Correction{Field: "NAM", Value: "WOLFESCHLEGELSTEINHAUS,HUBERTS"}, tr, lacks, o.Restrained.Name, "NAM"); err == nil {
		t.Error("a letter was put in")
	}
}

package carpos

import (
	"errors"
	"slices"
	"testing"

	"ccpor/mapping/order"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	born := date("1970-02-03")
	for name, c := range map[string]struct {
		question Question
		want     []Field
	}{
		"number":          {Question{OCA: " 06nf0886 "}, []Field{{"OCA", "06NF0886"}}},
		"CARPOS's number": {Question{FCN: "2320632500001"}, []Field{{"FCN", "2320632500001"}}},
		"case":            {Question{Case: "06nf0886 a", CTI: "CA030013J"}, []Field{{"CCN", "06NF0886 A"}, {"CTI", "CA030013J"}}},
		"name":            {Question{Name: order.Name{Given: "José", Surname: "Núñez"}}, []Field{{"NAM", "NUNEZ,JOSE"}}},
		"described": {
			Question{Name: order.Name{Given: "Ann", Middle: "Lee", Surname: "Roe"}, Born: &born, Sex: "X"},
			[]Field{{"NAM", "ROE,ANN LEE"}, {"DOB", "19700203"}, {"SEX", "X"}},
		},
		"one name": {Question{Name: order.Name{Given: "FNU", Surname: "Sukarno"}}, []Field{{"NAM", "SUKARNO,FNU"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, err := d.Ask(c.question, "CA030013J")
			if err != nil || !slices.Equal(q.Fields, c.want) || q.Key != Inquiry || q.ORI != "CA030013J" {
				t.Fatalf("%+v, %v", q, err)
			}
			if _, err := d.Encode(q); err != nil {
				t.Error(err)
			}
		})
	}
}

// A name is asked for as an entry has it, also where it had to be shortened.
func TestAskAsEntered(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	long := order.Name{Given: "Maximiliano Alejandro", Middle: "Bartolomé Ignacio", Surname: "Villanueva-Ortega"}
	q, err := d.Ask(Question{Name: long}, "CA030013J")
	o := overviewOrder()
	o.Restrained.Name = long
	entry, _ := d.Enter(o, overviewContext())
	if err != nil || q.First("NAM") != entry.First("NAM") || q.First("NAM") == "" || len(q.Notes) != 2 {
		t.Errorf("asked for %q, entered as %q, notes %v, %v", q.First("NAM"), entry.First("NAM"), q.Notes, err)
	}
}

func TestAskNamesEveryFault(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	born := date("1970-02-03")
	for name, c := range map[string]struct {
		question Question
		ori      order.ORI
		want     []string // number and field
	}{
		"nothing":          {Question{}, "CA030013J", []string{"03 "}},
		"blanks":           {Question{OCA: " "}, "CA030013J", []string{"03 "}},
		"two ways":         {Question{OCA: "1", FCN: "2"}, "CA030013J", []string{"03 "}},
		"birth alone":      {Question{OCA: "1", Born: &born}, "CA030013J", []string{"03 NAM"}},
		"case, no court":   {Question{Case: "1"}, "CA030013J", []string{"03 CCN"}},
		"court, no case":   {Question{CTI: "CA030013J"}, "CA030013J", []string{"03 CCN"}},
		"no given name":    {Question{Name: order.Name{Surname: "Roe"}}, "CA030013J", []string{"03 NAM"}},
		"name in Chinese":  {Question{Name: order.Name{Surname: "王", Given: "伟"}}, "CA030013J", []string{"04 NAM"}},
		"case in Chinese":  {Question{Case: "王", CTI: "CA030013J"}, "CA030013J", []string{"04 CCN"}},
		"sex":              {Question{Name: order.Name{Surname: "Roe", Given: "Ann"}, Sex: "?"}, "CA030013J", []string{"06 SEX"}},
		"long number":      {Question{OCA: "123456789012345678901"}, "CA030013J", []string{"05 OCA"}},
		"shape of number":  {Question{FCN: "23-1"}, "CA030013J", []string{"04 FCN"}},
		"shape and agency": {Question{FCN: "23-1"}, "CA", []string{"01 ORI", "04 FCN"}},
		"court's ORI":      {Question{Case: "1", CTI: "CA"}, "CA030013J", []string{"04 CTI"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := d.Ask(c.question, c.ori)
			var faults Faults
			if !errors.As(err, &faults) {
				t.Fatalf("got %v", err)
			}
			var got []string
			for _, f := range faults {
				got = append(got, f.Number+" "+f.Field)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v: %v", got, err)
			}
		})
	}
}

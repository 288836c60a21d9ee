package carpos

import (
	"strings"
	"testing"

	"ccpor/mapping/order"
)

func TestWithConfidential(t *testing.T) {
	t.Parallel()
	o := overviewOrder()
	o.Restrained.Born, o.Restrained.Age, o.Restrained.Weight = nil, 0, 0
	o.Protected[0].Born = nil
	before := o.Protected[0]
	c := &order.Confidential{Restrained: &order.ConfidentialRestrained{Aliases: []order.Name{{Given: "Moss", Surname: "Jones"}, o.Restrained.Name},
		Person: order.Person{Sex: "F", Race: "white", Born: ptr(date("1980-01-01"))}, Weight: 200, Address: &order.Address{Street: "1 Quarry Road"}},
		Protected: []order.ConfidentialProtected{{Name: o.Protected[0].Name, Person: order.Person{Age: 29}, Address: &order.Address{Street: "2 Pebble Lane"}}}}
	got := WithConfidential(o, c)
	if got.Restrained.Sex != "M" || got.Restrained.Race == "white" {
		t.Errorf("the order's own words did not win: %+v", got.Restrained.Person)
	}
	if got.Restrained.Born.String() != "1980-01-01" || got.Restrained.Weight != 200 || len(got.Restrained.Aliases) != 1 || got.Protected[0].Age != 29 {
		t.Errorf("%+v %+v", got.Restrained, got.Protected[0])
	}
	if o.Protected[0] != before || len(o.Restrained.Aliases) != 0 {
		t.Error("the order itself was changed")
	}
	d := dictionary(t)
	cx := overviewContext()
	cx.SSN = "000000000"
	tx, lacks := d.Enter(got, cx)
	if tx.First("SOC") != "000000000" || len(lacks) > 0 {
		t.Errorf("SOC %q, %+v", tx.First("SOC"), lacks)
	}
	for _, f := range tx.Fields {
		if strings.Contains(f.Value, "PEBBLE") {
			t.Errorf("the protected person's address is in %s", f.Name)
		}
	}
	if same := WithConfidential(o, nil); same.Restrained.Weight != 0 {
		t.Error("nothing changed something")
	}
}

// Names are matched however they are written; two persons of one name are not told apart by a guess.
func TestWithConfidentialMatchesNames(t *testing.T) {
	t.Parallel()
	o := overviewOrder()
	o.Protected = []order.Protected{{Name: order.Name{Given: "Hazel", Surname: "Basalt"}}, {Name: order.Name{Given: "Fern", Surname: "Basalt"}}, {Name: order.Name{Given: "Fern", Surname: "Basalt"}}}
	c := &order.Confidential{Protected: []order.ConfidentialProtected{
		{Name: order.Name{Given: " HAZEL", Surname: "basalt"}, Person: order.Person{Sex: "F"}},
		{Name: order.Name{Given: "Fern", Surname: "Basalt"}, Person: order.Person{Sex: "F"}},
		{Name: order.Name{Given: "Moss", Surname: "Basalt"}, Person: order.Person{Sex: "M"}},
	}}
	got := WithConfidential(o, c).Protected
	if len(got) != 3 || got[0].Sex != "F" || got[1].Sex != "" || got[2].Sex != "" {
		t.Errorf("%+v", got)
	}
	notes := Disagreements(o, c)
	if len(notes) != 1 || notes[0].Code != "confidential.unmatched" {
		t.Errorf("%+v", notes)
	}
}

// Every place where the two can differ is told, without a value; where one of them says nothing, or both say the same, nothing is.
func TestDisagreements(t *testing.T) {
	t.Parallel()
	o := overviewOrder()
	o.Restrained.DriverLicense, o.Restrained.Address = &order.License{Number: "D1111111", State: "CA"}, &order.Address{Street: "1 Quarry Road"}
	o.Protected[0].Sex, o.Protected[0].Race = "F", "black"
	other := &order.ConfidentialRestrained{
		Person: order.Person{Sex: "F", Race: "white", Born: ptr(date("1980-01-01"))}, Height: 60, Weight: 100, Eyes: "GRN", Hair: "RED", SSN: "123456789",
		DriverLicense: &order.License{Number: "D2222222", State: "CA"}, Address: &order.Address{Street: "2 Pebble Lane"},
	}
	c := &order.Confidential{Restrained: other, Protected: []order.ConfidentialProtected{{Name: o.Protected[0].Name, Person: order.Person{Sex: "M", Race: "white", Born: ptr(date("1980-01-01"))}}}}
	fields := func(notes []order.Note) string {
		var out []string
		for _, n := range notes {
			out = append(out, n.Path)
			for _, value := range []string{"F", "M", "white", "1980", "100", "GRN", "RED", "D2222222", "PEBBLE", "123456789"} {
				for _, word := range strings.FieldsFunc(n.Text, func(r rune) bool { return r == ' ' || r == ';' || r == ',' || r == '.' }) {
					if strings.EqualFold(word, value) {
						t.Errorf("a note tells a value: %s", n.Text)
					}
				}
			}
		}
		return strings.Join(out, " ")
	}
	if got := WithConfidential(o, c); got.Restrained.Person != o.Restrained.Person || got.Protected[0].Person != o.Protected[0].Person || got.Restrained.Height != o.Restrained.Height ||
		got.Restrained.Eyes != o.Restrained.Eyes || *got.Restrained.DriverLicense != *o.Restrained.DriverLicense || *got.Restrained.Address != *o.Restrained.Address {
		t.Errorf("the order's own words did not win: %+v %+v", got.Restrained, got.Protected[0])
	}
	if got := fields(Disagreements(o, c)); got != "SEX RAC DOB EYE HAI HGT WGT OLN ADR PSX PRA PPB" {
		t.Errorf("told: %s", got)
	}
	if got := Disagreements(order.Order{}, &order.Confidential{Restrained: other}); len(got) != 0 {
		t.Errorf("an order that says nothing disagrees: %+v", got)
	}
	if got := Disagreements(o, nil); got != nil {
		t.Errorf("no CLETS-001: %+v", got)
	}
	same := &order.Confidential{Restrained: &order.ConfidentialRestrained{Person: o.Restrained.Person, Height: o.Restrained.Height, Eyes: "BRO", Address: &order.Address{Street: "1 Quarry Road"}}}
	if got := Disagreements(o, same); len(got) != 0 {
		t.Errorf("the same: %+v", got)
	}
	same.Restrained.Vehicles = []string{"Grey pick-up"}
	if got := Disagreements(o, same); len(got) != 1 || got[0].Code != "leftOut" {
		t.Errorf("what has no field: %+v", got)
	}
}

// An age may be an estimate and a birthday away; a date of birth that fits it not at all is told, and sent.
func TestAgeAndDateOfBirth(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	o := overviewOrder() // issued 7 June 2006
	o.Restrained.Born = nil
	for born, ages := range map[string][2]int{"1981-11-21": {23, 25}, "1981-06-07": {24, 26}, "1981-06-08": {23, 25}} {
		for age := 20; age <= 30; age++ {
			o.Restrained.Age = age
			c := &order.Confidential{Restrained: &order.ConfidentialRestrained{Person: order.Person{Born: ptr(date(born))}}}
			fits := age >= ages[0] && age <= ages[1]
			if got := Disagreements(o, c); (len(got) == 0) != fits {
				t.Errorf("born %s, age %d: %+v", born, age, got)
			}
			tx, _ := d.Enter(WithConfidential(o, c), overviewContext())
			if tx.First("DOB") != strings.ReplaceAll(born, "-", "") || has(tx.Fields, "AGE") {
				t.Errorf("born %s, age %d: %s %s", born, age, tx.First("DOB"), tx.First("AGE"))
			}
		}
	}
}

// CLETS-001 that comes after its order brings a correction of what the record lacks, and of nothing else.
func TestConfidentialAfterItsOrder(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	o := overviewOrder()
	o.Restrained.Born, o.Restrained.Weight, o.Restrained.Eyes = nil, 0, ""
	cx := overviewContext()
	record, lacks := d.Enter(o, cx)
	if len(lacks) > 0 {
		t.Fatalf("%+v", lacks)
	}
	c := &order.Confidential{Restrained: &order.ConfidentialRestrained{
		Person: order.Person{Sex: "F", Born: ptr(date("1981-11-21"))}, Height: 60, Weight: 200, SSN: "000000000", Aliases: []order.Name{{Given: "Moss", Surname: "Jones"}},
		DriverLicense: &order.License{Number: "D1234567", State: "CA", Year: 2009}, Address: &order.Address{Street: "1 Quarry Road", City: "Fullerton"},
	}}
	cx.FCN = "2320632500001"
	want, lacks := d.EnterWith(o, c, cx)
	mrr, more := d.Modify(record, want, order.ModifyCorrect, cx)
	text, err := d.Encode(mrr)
	if err != nil || len(lacks)+len(more) > 0 {
		t.Fatalf("%v %+v %+v", err, lacks, more)
	}
	golden(t, "confidential-afterwards.txt", string(text))
	golden(t, "confidential-afterwards-described.txt", d.Describe(mrr, false))
	if again, _ := d.Modify(d.Apply(record, mrr), want, order.ModifyCorrect, cx); !again.ChangesNothing() {
		t.Errorf("a second time: %v", again.Fields)
	}
}

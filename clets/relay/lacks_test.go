package relay

import (
	"fmt"
	"strings"
	"testing"

	"ccpor/clets/sim"
	"ccpor/mapping/order"
	"ccpor/store"
)

// Whatever CARPOS needs and a court's order may lack: the registry has the order, its entry is held with field, reason and item, nothing is sent; and the court's
// corrected package releases it by itself, so that CARPOS gets one entry and no change.
func TestEveryLackIsHeldAndCorrected(t *testing.T) {
	t.Parallel()
	lacks := []struct {
		name                string
		change              func(*order.Order)
		field, reason, item string
	}{
		{"race", func(o *order.Order) { o.Restrained.Race = "" }, "RAC", "does not say the restrained person's race", "Person to be restrained"},
		{"sex", func(o *order.Order) { o.Restrained.Sex = "" }, "SEX", "does not say the restrained person's sex", "Person to be restrained"},
		{"age and date of birth", func(o *order.Order) { o.Restrained.Born = nil }, "DOB", "an estimate of the age is enough", "Person to be restrained"},
		{"a code without counterpart", func(o *order.Order) { o.Restrained.Race = "B" }, "RAC", "not in the crosswalk race.cal_doj", "Person to be restrained"},
		{"a name too long for every rule", func(o *order.Order) { o.Restrained.Name.Surname = strings.Repeat("Long", 9) }, "NAM", "more than 30 characters even without middle names", "Person to be restrained"},
		{"a name in other letters", func(o *order.Order) { o.Restrained.Name.Surname = "王" }, "NAM", "no counterpart in US-ASCII", "Person to be restrained"},
		{"a part of a name without a letter", func(o *order.Order) { o.Restrained.Name.Given = "..." }, "NAM", "holds no letter", "Person to be restrained"},
		{"a protected person's name too long", func(o *order.Order) { o.Protected[0].Name.Surname = strings.Repeat("Long", 9) }, "PPN", "more than 30 characters", "item 7"},
		{"too many protected persons", func(o *order.Order) {
			for n := range 20 {
				o.Protected = append(o.Protected, order.Protected{Name: order.Name{Given: fmt.Sprint("N", n), Surname: "Smith"}})
			}
		}, "PPN", "protects 21 persons; CARPOS takes 20", "item 7"},
		{"nobody protected", func(o *order.Order) { o.Protected = nil }, "PPN", "names no protected person", "item 7"},
		{"a case number too long", func(o *order.Order) { o.Case = order.CaseNumber(strings.Repeat("9", 30)) }, "CCN", "has 30 characters; CARPOS takes 20", "Case Number"},
		{"presence in court", func(o *order.Order) { o.Restrained.Present = nil }, "RPC", "does not say whether the restrained person was present", "item 2"},
		{"surrender of firearms", func(o *order.Order) { o.Terms.Firearms = &order.Firearms{NoPossession: true} }, "FIR", "does not order their surrender", "item 3(b)"},
		{"every term", func(o *order.Order) { o.Terms, o.OtherOrders = order.Terms{}, "" }, "PCO", "None of the order's terms", "item 3"},
		{"an end", func(o *order.Order) { o.Expiry = order.Expiry{} }, "EXP", "no date of expiration", "item 8"},
		{"the hearing of a temporary order", func(o *order.Order) { o.Form.Designator = "TRO" }, "HRD", "needs the date and time of its hearing", "hearing date and time"},
	}
	b := newBench(t, sim.Config{Window: 8})
	id := func(i int) string { return fmt.Sprintf("LACK-%02d", i+1) }
	for i, l := range lacks {
		o := jones(id(i))
		l.change(o)
		b.accept(o, nil, nil)
	}
	b.start(Config{})
	if got := b.settled(soon); got["held"] != len(lacks) || len(b.sw.Records()) != 0 {
		t.Fatalf("%v, %d on record: %v", got, len(b.sw.Records()), b.rows("select kind, state, reason from transmission where state <> 'held'"))
	}
	for i, l := range lacks {
		row := b.rows("select t.reason, t.field, t.item, v.version::text from transmission t join order_ o on o.id = t.order_id join order_version v on v.order_id = o.id and v.version = o.version where o.local_id = $1", id(i))
		if len(row) != 1 || row[0][1] != l.field || !strings.Contains(row[0][0], l.reason) || row[0][2] != l.item || !strings.Contains(row[0][0], "(On the form: "+l.item+".)") {
			t.Errorf("%s: %v", l.name, row)
		}
	}
	for i := range lacks {
		b.take("correct-"+id(i), store.Accepted{Action: store.ActionModify, Order: jones(id(i)),
			Modification: &order.Modification{Reason: order.ModifyCorrect, Date: order.MakeDate(2026, 3, 3)}}, nil)
	}
	if got := b.settled(soon); got["accepted"] != 2*len(lacks) {
		t.Fatalf("%v: %v", got, b.rows("select kind, state, reason from transmission where state <> 'accepted'"))
	}
	for _, r := range b.sw.Records() {
		if keys(r) != "ERR" {
			t.Errorf("CARPOS took %s of one order", keys(r))
		}
	}
	if n := len(b.sw.Records()); n != len(lacks) {
		t.Errorf("%d orders are on record", n)
	}
	b.sound()
}

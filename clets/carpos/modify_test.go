package carpos

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ccpor/mapping/order"
)

// entered is the overview's order as CARPOS has it, and what an MRR of it needs to know.
func entered(t testing.TB, d *Dictionary) (Transaction, Context) {
	t.Helper()
	c := overviewContext()
	tx, lacks := d.Enter(overviewOrder(), c)
	if len(lacks) > 0 {
		t.Fatalf("%+v", lacks)
	}
	c.FCN = "2320632500001"
	return tx, c
}

// changed is the overview's order after a change, as Enter would make it.
func changed(t testing.TB, d *Dictionary, change func(o *order.Order)) Transaction {
	t.Helper()
	o := overviewOrder()
	change(&o)
	tx, lacks := d.Enter(o, overviewContext())
	if len(lacks) > 0 {
		t.Fatalf("%+v", lacks)
	}
	return tx
}

func TestModifySendsWhatHasChanged(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	record, c := entered(t, d)
	const head = "FCN/2320632500001 NAM/JONES,MARC OCA/06NF0886 RSN/"
	for name, x := range map[string]struct {
		reason order.ModifyReason
		change func(o *order.Order)
		want   string
	}{
		"a later end":      {order.ModifyExtend, func(o *order.Order) { o.Expiry.Date = ptr(date("2011-06-07")) }, head + "EXTD EXP/20110607"},
		"for ever":         {order.ModifyRenew, func(o *order.Order) { o.Expiry = order.Expiry{Basis: order.ExpiryPermanent} }, head + "EXTD EXP/NONEXP"},
		"another name":     {order.ModifyCorrect, func(o *order.Order) { o.Restrained.Name.Given = "Mark" }, "FCN/2320632500001 NAM/JONES,MARC NNM/JONES,MARK OCA/06NF0886 RSN/CORR"},
		"no weight":        {order.ModifyCorrect, func(o *order.Order) { o.Restrained.Weight = 0 }, head + "CORR WGT/"},
		"age for birthday": {order.ModifyCorrect, func(o *order.Order) { o.Restrained.Born, o.Restrained.Age = nil, 24 }, head + "CORR DOB/ AGE/24"},
		"one more alias":   {order.ModifyCorrect, func(o *order.Order) { o.Restrained.Aliases = []order.Name{{Given: "Moss", Surname: "Jones"}} }, head + "CORR AKA/JONES,MOSS"},
		"a second person": {order.ModifyAmend, func(o *order.Order) {
			o.Protected = append(o.Protected, order.Protected{Name: order.Name{Given: "Fern", Surname: "Smith"}, Person: order.Person{Age: 7}})
		}, head + "AMND PPN/SMITH,MARY PPB/19770101 PPN/SMITH,FERN PPA/7 PCO/01 PCO/02 PCO/05 PCO/07 PCO/08"},
		"terms":              {order.ModifyAmend, func(o *order.Order) { o.Terms.StayAway[0].Yards = 200 }, head + "AMND SAY/0200"},
		"nothing that shows": {order.ModifyAmend, func(o *order.Order) { o.Judge = "Another" }, head + "AMND"},
	} {
		mrr, lacks := d.Modify(record, changed(t, d, x.change), x.reason, c)
		var got []string
		for _, f := range mrr.Fields {
			if f.Name != "MIS" {
				got = append(got, f.Name+"/"+f.Value)
			}
		}
		if text := strings.Join(got, " "); text != x.want || len(lacks) > 0 {
			t.Errorf("%s:\n got %s %+v\nwant %s", name, text, lacks, x.want)
		}
		if mrr.ChangesNothing() != (name == "nothing that shows") {
			t.Errorf("%s: changes nothing: %v", name, mrr.ChangesNothing())
		}
		if _, err := d.Encode(mrr); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatNoModificationCanChange(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	record, c := entered(t, d)
	want := changed(t, d, func(o *order.Order) { o.Form.Designator = "OAH" })
	if _, lacks := d.Modify(record, want, order.ModifyAmend, c); len(lacks) != 1 || lacks[0].Field != "ORT" {
		t.Errorf("another type of order: %+v", lacks)
	}
	if _, lacks := d.Modify(record, record, "", c); len(lacks) != 1 || lacks[0].Field != "RSN" {
		t.Errorf("no reason: %+v", lacks)
	}
	c.FCN = ""
	if _, lacks := d.Modify(record, record, order.ModifyAmend, c); len(lacks) != 1 || lacks[0].Field != "FCN" {
		t.Errorf("no FCN: %+v", lacks)
	}
}

// The property: a record with the modification applied is what Enter would make of the order now, and the second look finds nothing to change.
func TestModifyThenApply(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	tried := 0
	rapid.Check(t, func(rt *rapid.T) {
		was, want, c := random(rt, d), random(rt, d), overviewContext()
		c.FCN = "2320632500001"
		if was.First("ORT") != want.First("ORT") {
			return
		}
		mrr, lacks := d.Modify(was, want, order.ModifyAmend, c)
		if len(lacks) > 0 {
			rt.Fatalf("%+v", lacks)
		}
		text, err := d.Encode(mrr)
		if err != nil {
			rt.Fatal(err)
		}
		read, err := d.Decode(text)
		if err != nil || !slices.Equal(read.Fields, mrr.Fields) {
			rt.Fatalf("read back %v", err)
		}
		got := d.Apply(was, read)
		if !slices.Equal(got.Fields, want.Fields) {
			rt.Fatalf("got  %v\nwant %v\nby   %v", got.Fields, want.Fields, mrr.Fields)
		}
		if faults := d.Check(got); len(faults) > 0 {
			rt.Fatalf("the record is none: %v", faults)
		}
		if again, _ := d.Modify(got, want, order.ModifyAmend, c); !again.ChangesNothing() {
			rt.Fatalf("a second modification: %v", again.Fields)
		}
		tried++
	})
	if tried < 20 {
		t.Errorf("only %d pairs", tried)
	}
}

// random is an order that CARPOS takes, near the overview's.
func random(t *rapid.T, d *Dictionary) Transaction {
	o := overviewOrder()
	if rapid.Bool().Draw(t, "end") {
		o.Expiry.Date = ptr(date("2006-06-07").AddDays(rapid.IntRange(1, 3000).Draw(t, "days")))
	} else {
		o.Expiry = order.Expiry{Basis: order.ExpiryPermanent}
	}
	o.Restrained.Name.Given = rapid.SampledFrom([]string{"Marc", "Mark", "Marcus"}).Draw(t, "given")
	o.Restrained.Weight = rapid.SampledFrom([]int{0, 180, 260}).Draw(t, "weight")
	if rapid.Bool().Draw(t, "age") {
		o.Restrained.Born, o.Restrained.Age = nil, 30
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "aliases") {
		o.Restrained.Aliases = append(o.Restrained.Aliases, order.Name{Given: "A" + string(rune('A'+i)), Surname: "Jones"})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "protected") {
		o.Protected = append(o.Protected, order.Protected{Name: order.Name{Given: "Fern" + string(rune('A'+i)), Surname: "Smith"}, Person: order.Person{Age: rapid.IntRange(0, 9).Draw(t, "years")}})
	}
	o.Terms.StayAway = nil
	if rapid.Bool().Draw(t, "away") {
		o.Terms.StayAway = []order.StayAway{{Yards: rapid.IntRange(1, 300).Draw(t, "yards"), Places: []order.Place{{Kind: anyPlace.Draw(t, "place")}}}}
	}
	o.Terms.MoveOut = rapid.Bool().Draw(t, "move")
	o.OtherOrders = rapid.SampledFrom([]string{"", "Keep off the meadow."}).Draw(t, "other")
	tx, lacks := d.Enter(o, overviewContext())
	if len(lacks) > 0 {
		t.Fatalf("%+v", lacks)
	}
	return tx
}

func TestCancel(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	_, c := entered(t, d)
	c.Restrained = overviewOrder().Restrained.Name
	x := order.Cancellation{Reference: order.Reference{OrderID: "O", Court: "CA030013J", Case: "06NF0886"}, Form: "CR-165", Restrained: order.Name{Given: "M", Surname: "Jones"}, Date: date("2008-01-15")}
	for reason, code := range map[order.CancelReason]string{order.CancelTerminated: "T", order.CancelInError: "E", order.CancelDeceased: "D"} {
		x.Reason = reason
		tx, lacks := d.Cancel(x, c)
		text, err := d.Encode(tx)
		if want := "XRR.CA030013J.FCN/2320632500001\r\nNAM/JONES,MARC\r\nOCA/06NF0886\r\nCXD/20080115\r\nCXR/" + code + "\r\n"; string(text) != want || err != nil || len(lacks) > 0 {
			t.Errorf("%q %v %+v", text, err, lacks)
		}
	}
	_, lacks := d.Cancel(order.Cancellation{}, Context{ORI: "CA030013J"})
	var fields []string
	for _, l := range lacks {
		fields = append(fields, l.Field)
	}
	if got := strings.Join(fields, " "); got != "FCN NAM OCA CXD CXR" {
		t.Errorf("lacks %s", got)
	}
}

func TestShowsModification(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	record, c := entered(t, d)
	c.FCN = "2320632500001"
	show := func(tx Transaction, details bool) Hit {
		h := Hit{FCN: "2320632500001", Status: "SERVED"}
		for _, f := range tx.Fields {
			hidden := slices.Contains([]string{"CTI", "CTA", "ORT", "FRM", "EXT", "HRD", "MOV", "CUS", "PCO", "BRD", "SVS"}, f.Name)
			if details || !hidden {
				h.Fields = append(h.Fields, f)
			}
		}
		return h
	}
	later := changed(t, d, func(o *order.Order) { o.Expiry.Date = ptr(date("2011-06-07")) })
	mrr, _ := d.Modify(record, later, order.ModifyExtend, c)
	moved := changed(t, d, func(o *order.Order) { o.Terms.MoveOut = true })
	move := Transaction{Key: Modify, Fields: []Field{{"FCN", "2320632500001"}, {"MOV", "YES"}}}
	lighter := changed(t, d, func(o *order.Order) { o.Restrained.Weight = 0 })
	less, _ := d.Modify(record, lighter, order.ModifyCorrect, c)
	renamed := changed(t, d, func(o *order.Order) { o.Restrained.Name.Given = "Mark" })
	rename, _ := d.Modify(record, renamed, order.ModifyCorrect, c)
	for name, x := range map[string]struct {
		hit  Hit
		mrr  Transaction
		want Shown
	}{
		"as before":                  {show(record, true), mrr, ShownNo},
		"as changed":                 {show(later, true), mrr, ShownYes},
		"deleted":                    {show(lighter, true), less, ShownYes},
		"not deleted":                {show(record, true), less, ShownNo},
		"renamed":                    {show(renamed, false), rename, ShownYes},
		"not renamed":                {show(record, false), rename, ShownNo},
		"in a part that is not told": {show(moved, false), move, ShownUnclear},
		"in a part that is told":     {show(moved, true), move, ShownYes},
	} {
		if got := d.ShowsModification(x.hit, x.mrr); got != x.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if (Hit{Status: "CANCELLED"}).ShowsCancellation() != ShownYes || (Hit{Status: "SERVED"}).ShowsCancellation() != ShownNo {
		t.Error("a cancellation is not seen in the banner")
	}
}

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

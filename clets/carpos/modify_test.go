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

// The property: a record with the modification applied is what Enter would make of the order now, the text reads back as it was made, and the second look finds
// nothing to change. What no MRR changes stays as it was.
func TestModifyThenApply(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	tried, refused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		family := rapid.SampledFrom([]string{"CPO", "TRO", "OGV", "WHO"}).Draw(rt, "family")
		was, want, c := random(rt, d, family), random(rt, d, family), overviewContext()
		c.FCN = "2320632500001"
		other := rapid.IntRange(0, 9).Draw(rt, "fixed") == 0
		if other {
			want.Fields[0].Value = "06NF0887" // another OCA
		}
		mrr, lacks := d.Modify(was, want, order.ModifyAmend, c)
		if other != (len(lacks) == 1 && lacks[0].Field == "OCA" && lacks[0].Whose == HelpDesk) {
			rt.Fatalf("%+v", lacks)
		}
		if other {
			refused++
			want.Fields[0].Value = was.Fields[0].Value
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
		if mrr.ChangesNothing() != slices.Equal(was.Fields, want.Fields) {
			rt.Fatalf("from %v\nto   %v\nby   %v", was.Fields, want.Fields, mrr.Fields)
		}
		before, after := hitOf(was), hitOf(got)
		if shown := d.ShowsModification(after, mrr); shown == ShownNo {
			rt.Fatalf("not seen where it is: %v", mrr.Fields)
		}
		if shown := d.ShowsModification(before, mrr); !mrr.ChangesNothing() && shown == ShownYes && onlyOrders(was, mrr) {
			rt.Fatalf("seen where it is not: %v", mrr.Fields)
		}
		tried++
	})
	if tried < 50 || refused == 0 {
		t.Errorf("only %d pairs, %d refused", tried, refused)
	}
}

// onlyOrders says that the modification does more than put the values of a list into another order, which no record shows.
func onlyOrders(was, mrr Transaction) bool {
	return slices.ContainsFunc(mrr.Fields, func(f Field) bool {
		return !names(f) && asPrinted(was.All(f.Name)) != asPrinted(mrr.All(f.Name))
	})
}

// hitOf is the record as the profile's hit shows it.
func hitOf(record Transaction) Hit {
	return Hit{FCN: "2320632500001", ORI: record.ORI, OCA: record.First("OCA"), Status: "NOT SERVED", Fields: record.Fields}
}

// random is an order of a family that CARPOS takes, near the overview's.
func random(t *rapid.T, d *Dictionary, family string) Transaction {
	o := overviewOrder()
	draw := func(name string) bool { return rapid.Bool().Draw(t, name) }
	o.Form.Designator = family
	if family == "TRO" {
		at := anyTime.Draw(t, "hearing at")
		o.Hearings = []order.Hearing{{Purpose: order.HearingNext, Date: date("2006-06-20").AddDays(rapid.IntRange(0, 9).Draw(t, "hearing")), Time: &at}}
	}
	if draw("end") {
		o.Expiry.Date = ptr(date("2006-06-07").AddDays(rapid.IntRange(1, 3000).Draw(t, "days")))
		if draw("end at") {
			o.Expiry.Time = ptr(anyTime.Draw(t, "time"))
		}
	} else {
		o.Expiry = order.Expiry{Basis: order.ExpiryPermanent}
	}
	if draw("described") {
		describeAnew(t, &o)
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "aliases") {
		o.Restrained.Aliases = append(o.Restrained.Aliases, order.Name{Given: "A" + string(rune('A'+i)), Surname: "Jones"})
	}
	people := rapid.IntRange(0, 3).Draw(t, "protected")
	if family == "OGV" || family == "WHO" {
		o.Protected = nil
	}
	for i := range people {
		o.Protected = append(o.Protected, order.Protected{Name: order.Name{Given: "Fern" + string(rune('A'+i)), Surname: "Smith"},
			Person: order.Person{Sex: rapid.SampledFrom([]string{"", "F", "M"}).Draw(t, "sex"), Age: rapid.IntRange(0, 9).Draw(t, "years")}})
	}
	o.Terms.StayAway = nil
	if draw("away") {
		o.Terms.StayAway = []order.StayAway{{Yards: rapid.IntRange(1, 300).Draw(t, "yards"), Places: []order.Place{{Kind: anyPlace.Draw(t, "place")}, {Kind: anyPlace.Draw(t, "place")}}}}
	}
	o.Terms.MoveOut, o.Terms.CustodyToProtected, o.Terms.ChildExchange = draw("move"), draw("custody"), draw("exchange")
	o.OtherOrders = rapid.SampledFrom([]string{"", "Keep off the meadow."}).Draw(t, "other")
	o.Service = rapid.SampledFrom([]order.ServiceState{order.ServiceNotServed, order.ServicePresent}).Draw(t, "service")
	tx, lacks := d.Enter(o, overviewContext())
	if len(lacks) > 0 {
		t.Fatalf("%+v", lacks)
	}
	return tx
}

func describeAnew(t *rapid.T, o *order.Order) {
	r := &o.Restrained
	r.Name.Given = rapid.SampledFrom([]string{"Marc", "Mark", "Marcus"}).Draw(t, "given")
	r.Weight = rapid.SampledFrom([]int{0, 180, 260}).Draw(t, "weight")
	if rapid.Bool().Draw(t, "age") {
		r.Born, r.Age = nil, rapid.IntRange(20, 30).Draw(t, "years")
	}
	if rapid.Bool().Draw(t, "licence") {
		r.DriverLicense = &order.License{Number: "D1234567", State: "CA", Year: rapid.IntRange(2007, 2009).Draw(t, "year")}
	}
	if rapid.Bool().Draw(t, "address") {
		r.Address = &order.Address{Street: rapid.SampledFrom([]string{"1 Quarry Road", "2 Quarry Road"}).Draw(t, "street"), City: "Fullerton"}
	}
	r.Eyes = rapid.SampledFrom([]string{"", "BRO", "GRN"}).Draw(t, "eyes")
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
}

// What would lose a change if it were taken for shown.
func TestShowsModificationIsCareful(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	mrr := func(fields ...Field) Transaction {
		return Transaction{Key: Modify, Fields: append([]Field{{"FCN", "1"}, {"NAM", "JONES,MARC"}, {"OCA", "1"}, {"RSN", "CORR"}}, fields...)}
	}
	public := func(fields ...Field) Hit { return Hit{Fields: append([]Field{{"NAM", "JONES,MARC"}}, fields...)} }
	full := func(fields ...Field) Hit { return public(append(fields, Field{"ORT", "CPO"})...) }
	a, b, f, m := Field{"PPN", "SMITH,ANN"}, Field{"PPN", "SMITH,BEA"}, Field{"PSX", "F"}, Field{"PSX", "M"}
	for name, x := range map[string]struct {
		hit  Hit
		mrr  Transaction
		want Shown
	}{
		"a sex is taken off a person":                            {full(a, f), mrr(a), ShownNo},
		"a sex has been taken off":                               {full(a), mrr(a), ShownYes},
		"two persons change their sex":                           {full(a, f, b, m), mrr(a, m, b, f), ShownNo},
		"two persons have changed their sex":                     {full(a, m, b, f), mrr(a, m, b, f), ShownYes},
		"one person of two":                                      {full(a, f), mrr(a, f, b, m), ShownNo},
		"nobody any more":                                        {full(), mrr(Field{"PPN", ""}), ShownYes},
		"nobody any more, and somebody is shown":                 {full(a), mrr(Field{"PPN", ""}), ShownNo},
		"a deletion that the overview's hit would never show":    {public(), mrr(Field{"ADR", ""}), ShownUnclear},
		"the same beside what it does show":                      {public(Field{"WGT", "180"}), mrr(Field{"WGT", "180"}, Field{"ADR", ""}), ShownYes},
		"what it does not show decides nothing":                  {public(Field{"WGT", "180"}), mrr(Field{"WGT", "180"}, Field{"EXT", "1700"}), ShownYes},
		"one of two":                                             {full(Field{"WGT", "180"}, Field{"HGT", "601"}), mrr(Field{"HGT", "511"}, Field{"WGT", "180"}), ShownNo},
		"a new name decides, though a text is printed otherwise": {full(Field{"OTH", "CUT"}), mrr(Field{"NNM", "JONES,MARC"}, Field{"OTH", "LONG"}), ShownYes},
		"neither the old name nor the new":                       {full(), Transaction{Key: Modify, Fields: []Field{{"NAM", "JONES,MARK"}, {"NNM", "JONES,MOSS"}}}, ShownUnclear},
		"the service status alone":                               {full(Field{"SVS", "U"}), mrr(Field{"SVS", "U"}), ShownYes},
		"a service in between":                                   {full(Field{"SVS", "S"}), mrr(Field{"SVS", "U"}), ShownUnclear},
		"the same beside another change":                         {full(Field{"WGT", "180"}, Field{"SVS", "S"}), mrr(Field{"WGT", "180"}, Field{"SVS", "U"}), ShownYes},
		"nothing was sent":                                       {full(), mrr(), ShownUnclear},
		"a text in another number of lines":                      {full(Field{"OTH", "KEEP  OFF THE MEADOW"}), mrr(Field{"OTH", "KEEP OFF THE MEADOW"}), ShownYes},
		"other names in another order":                           {full(Field{"AKA", "B,B"}, Field{"AKA", "A,A"}), mrr(Field{"AKA", "A,A"}, Field{"AKA", "B,B"}), ShownYes},
	} {
		if got := d.ShowsModification(x.hit, x.mrr); got != x.want {
			t.Errorf("%s: %s, not %s", name, got, x.want)
		}
	}
}

func TestShowsCancellation(t *testing.T) {
	t.Parallel()
	sent := Transaction{Key: Cancel, Fields: []Field{{"FCN", "1"}, {"NAM", "JONES,MARC"}, {"OCA", "1"}, {"CXD", "20080115"}, {"CXR", "T"}}}
	ort := Field{"ORT", "CPO"}
	for name, x := range map[string]struct {
		hit  Hit
		want Shown
	}{
		"banner alone":               {Hit{Status: "CANCELLED"}, ShownYes},
		"banner and details":         {Hit{Status: "CANCELLED", Fields: []Field{ort, {"CXD", "20080115"}, {"CXR", "T"}}}, ShownYes},
		"another day":                {Hit{Status: "CANCELLED", Fields: []Field{ort, {"CXD", "20080116"}, {"CXR", "T"}}}, ShownUnclear},
		"another reason":             {Hit{Status: "CANCELLED", Fields: []Field{ort, {"CXD", "20080115"}, {"CXR", "E"}}}, ShownUnclear},
		"in force":                   {Hit{Status: "SERVED", Fields: []Field{ort}}, ShownNo},
		"not served":                 {Hit{Status: "NOT SERVED"}, ShownNo},
		"expired, nothing of an end": {Hit{Status: "EXPIRED", Fields: []Field{ort}}, ShownNo},
		"expired after it was ended": {Hit{Status: "EXPIRED", Fields: []Field{ort, {"CXD", "20080115"}, {"CXR", "T"}}}, ShownYes},
		"expired, and no details":    {Hit{Status: "EXPIRED"}, ShownUnclear},
	} {
		if got := x.hit.ShowsCancellation(sent); got != x.want {
			t.Errorf("%s: %s, not %s", name, got, x.want)
		}
	}
}

// A change after which the record would break the rules of an entry is held, whatever Enter said.
func TestModifyLeavesALawfulRecord(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	record, c := entered(t, d)
	without := func(name string) Transaction {
		want := record
		want.Fields = slices.DeleteFunc(slices.Clone(record.Fields), func(f Field) bool { return f.Name == name })
		return want
	}
	for _, field := range []string{"DOB", "SEX", "SAF", "SAY", "PPN", "PCO", "EXP"} {
		mrr, lacks := d.Modify(record, without(field), order.ModifyCorrect, c)
		if len(lacks) == 0 {
			t.Errorf("%s is taken off: %v", field, mrr.Fields)
		}
	}
	for field, whose := range map[string]Party{"CTI": Court, "FRM": Court, "ORT": Court, "OCA": HelpDesk} {
		want := Transaction{Key: Enter, ORI: record.ORI, Fields: slices.Clone(record.Fields)}
		i := slices.IndexFunc(want.Fields, func(f Field) bool { return f.Name == field })
		want.Fields[i].Value = map[string]string{"CTI": "CA019013J", "FRM": "CR-161", "ORT": "EPO", "OCA": "X"}[field]
		mrr, lacks := d.Modify(record, want, order.ModifyCorrect, c)
		if len(lacks) != 1 || lacks[0].Field != field || lacks[0].Whose != whose || field != "OCA" && has(mrr.Fields, field) {
			t.Errorf("%s: %+v %v", field, lacks, mrr.Fields)
		}
	}
}

// A deletion stands alone and opens no group.
func TestDeletionsInADecodedText(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	head := "MRR.CA030013J.FCN/1\r\nNAM/JONES,MARC\r\nOCA/1\r\nRSN/CORR\r\n"
	for fields, whole := range map[string]bool{
		"AKA/\r\n": true, "PPN/\r\n": true, "AKA/\r\nAKA/JONES,M\r\n": false, "AKA/JONES,M\r\nAKA/\r\n": false, "PPN/\r\nPPN/SMITH,ANN\r\n": false, "PPN/SMITH,ANN\r\nPPN/\r\n": false,
		"PPN/\r\nPSX/F\r\n": false, "PPN/SMITH,ANN\r\nPSX/\r\n": false, "EXP/NONEXP\r\nEXT/\r\n": true, "EXP/NONEXP\r\nEXT/1200\r\n": false, "WGT/\r\nWGT/\r\n": false,
	} {
		if _, err := d.Decode([]byte(head + fields)); (err == nil) != whole {
			t.Errorf("%q: %v", fields, err)
		}
	}
}

// A person reads what is to be sent: every field by its name, codes with their meaning, deletions as such, and nothing personal without the right to it.
func TestDescribeChanges(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	record, c := entered(t, d)
	want := changed(t, d, func(o *order.Order) {
		o.Restrained.Name.Given, o.Restrained.Weight, o.Expiry, o.Terms.Firearms = "Mark", 0, order.Expiry{Basis: order.ExpiryPermanent}, nil
		o.Protected = append(o.Protected, order.Protected{Name: order.Name{Given: "Fern", Surname: "Smith"}, Person: order.Person{Sex: "F", Age: 7}})
	})
	mrr, lacks := d.Modify(record, want, order.ModifyAmend, c)
	c.Restrained = order.Name{Given: "Mark", Surname: "Jones"}
	xrr, more := d.Cancel(order.Cancellation{Restrained: order.Name{Given: "Marc", Surname: "Jones"}, Reason: order.CancelDeceased, Date: date("2008-01-15")}, c)
	if len(lacks)+len(more) > 0 {
		t.Fatalf("%+v %+v", lacks, more)
	}
	golden(t, "changes-described.txt", d.Describe(mrr, true)+d.Describe(xrr, true))
	golden(t, "changes-described-withheld.txt", d.Describe(mrr, false)+d.Describe(xrr, false))
	for _, name := range []string{"JONES", "SMITH"} {
		if strings.Contains(d.Describe(mrr, false)+d.Describe(xrr, false), name) {
			t.Errorf("%s is told", name)
		}
	}
}

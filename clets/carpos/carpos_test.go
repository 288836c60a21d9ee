package carpos

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"ccpor/clets/codes"
	"ccpor/mapping/order"
)

var update = flag.Bool("update", false, "write the golden files anew")

func dictionary(t testing.TB) *Dictionary {
	t.Helper()
	d, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// golden compares with testdata/name. Lines end with LF in the file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	goldenFile(t, filepath.Join("testdata", name), got)
}

func goldenFile(t *testing.T, path, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, crlf, "\n")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n%s\nwanted:\n%s", path, got, want)
	}
}

func ptr[T any](v T) *T { return &v }

func date(s string) order.Date {
	d, err := order.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// overviewOrder is the order whose form the overview of October 2011 prints, as its boxes say it.
func overviewOrder() order.Order {
	expires := date("2009-06-07")
	born, protectedBorn := date("1981-11-21"), date("1977-01-01")
	half := order.TimeOfDay(8*60 + 30)
	return order.Order{
		ID:       "06NF0886-1",
		Form:     order.Form{Number: "CR-160", Revision: date("2005-01-01"), Family: "CPO", Designator: "CPO", Title: "Protective Order in Criminal Proceeding"},
		Case:     "06NF0886",
		Court:    order.Court{ORI: "CA030013J", Name: "Superior Court of California, County of Orange, North Justice Center", Department: "N7", Address: &order.Address{Street: "1275 N. Berkeley Avenue", City: "Fullerton", State: "CA", Postal: "92830-0500"}},
		Issued:   date("2006-06-07"),
		Judge:    "Ronald K. Har",
		Stage:    order.StagePreTrial,
		Statutes: []string{"PC 136.2"},
		Hearings: []order.Hearing{{Purpose: order.HearingHeard, Date: date("2006-01-01"), Time: &half, Department: "N7"}},
		Expiry:   order.Expiry{Date: &expires, Basis: order.ExpiryExplicit},
		Restrained: order.Restrained{
			Name: order.Name{Given: "Marc", Surname: "Jones"}, Person: order.Person{Sex: "M", Race: "unknown", Born: &born, Age: 24},
			Height: 73, Weight: 260, Eyes: "BRO", Hair: "BRO", Present: ptr(true),
		},
		Protected: []order.Protected{{Name: order.Name{Given: "Mary", Surname: "Smith"}, Person: order.Person{Born: &protectedBorn}}},
		Terms: order.Terms{
			NoHarm: true, NoContact: true, NoThirdPartyContact: true, NoDissuasion: true, MayRecord: true,
			StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlacePerson}}}},
			Firearms: &order.Firearms{Surrender: true, WithinHours: 24},
		},
		OtherOrders: "Stay away from 123 Main Street\nFullerton CA 92835",
		Service:     order.ServicePresent,
	}
}

func overviewContext() Context {
	return Context{
		ORI: "CA030013J", OCA: "06NF0886", CourtName: "ORANGE CO SUPERIOR (NORTH)",
		Confirm: "FOR A COPY OF THE ORDER CONTACT ORANGE COUNTY SHERIFF, CONTROL ONE, 714-555-0100",
	}
}

func TestEnterTheOverviewsOrder(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	tx, lacks := d.Enter(overviewOrder(), overviewContext())
	if len(lacks) > 0 {
		t.Fatalf("lacks: %+v", lacks)
	}
	text, err := d.Encode(tx)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "overview-enter.txt", string(text))
	golden(t, "overview-enter-described.txt", d.Describe(tx, true))
}

func TestServeTheOverviewsOrder(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	c := overviewContext()
	c.FCN, c.Restrained = "2320632500001", order.Name{Given: "Marc", Surname: "Jones"}
	proof := order.Service{
		OrderID: "06NF0886-1", Court: "CA030013J", Case: "06NF0886", Restrained: order.Name{Given: "Mark", Surname: "Jones"}, Date: date("2006-06-08"),
		Time: 17*60 + 5, Method: order.MethodVerbal, Server: order.Officer{Name: "Pat Doe", Badge: "1234", AgencyORI: "CA0300000"},
	}
	tx, lacks := d.Serve(proof, c)
	text, err := d.Encode(tx)
	if err != nil || len(lacks) > 0 {
		t.Fatalf("%v, lacks %+v", err, lacks)
	}
	golden(t, "overview-serve.txt", string(text))
	if len(tx.Notes) != 1 || tx.Notes[0].Code != "name.differs" {
		t.Errorf("the other name on the proof is not noted: %+v", tx.Notes)
	}
}

// An empty order lacks everything that must be there, all at once, and each lack says whose move it is.
func TestEnterNamesEveryLack(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	_, lacks := d.Enter(order.Order{}, Context{})
	fields := map[string]Lack{}
	for _, l := range lacks {
		if l.Reason == "" || l.Whose == "" {
			t.Errorf("%s: %+v", l.Field, l)
		}
		fields[l.Field] = l
	}
	for _, want := range strings.Fields("ORI OCA CTI CTN CCN ORT FRM ISD EXP NAM SEX RAC DOB PPN RPC PCO SVS MIS") {
		if _, ok := fields[want]; !ok {
			t.Errorf("%s is not lacking", want)
		}
	}
	if fields["MIS"].Whose != HelpDesk || fields["SEX"].Whose != Court {
		t.Errorf("whose: MIS %s, SEX %s", fields["MIS"].Whose, fields["SEX"].Whose)
	}
	o := overviewOrder()
	o.Expiry = order.Expiry{}
	_, lacks = d.Enter(o, overviewContext())
	if len(lacks) != 1 || lacks[0].FormItem != "item 8" {
		t.Errorf("the expiry of a CR-160 is item 8: %+v", lacks)
	}
}

func TestServeNamesEveryLack(t *testing.T) {
	t.Parallel()
	_, lacks := dictionary(t).Serve(order.Service{}, Context{ORI: "CA030013J"})
	var fields []string
	for _, l := range lacks {
		fields = append(fields, l.Field)
	}
	if got := strings.Join(fields, " "); got != "FCN NAM OCA SVN SVD SVA SVM" {
		t.Errorf("lacks %s", got)
	}
}

func TestLackCases(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for name, c := range map[string]struct {
		change func(*order.Order, *Context)
		field  string
		whose  Party
	}{
		"21 protected persons": {func(o *order.Order, _ *Context) {
			o.Protected = make([]order.Protected, 21)
		}, "PPN", HelpDesk},
		"a surname of 40":              {func(o *order.Order, _ *Context) { o.Restrained.Name.Surname = strings.Repeat("A", 40) }, "NAM", Court},
		"a name without counterpart":   {func(o *order.Order, _ *Context) { o.Restrained.Name.Surname = "王" }, "NAM", Court},
		"a case number of 30":          {func(o *order.Order, _ *Context) { o.Case = order.CaseNumber(strings.Repeat("9", 30)) }, "CCN", Court},
		"no race":                      {func(o *order.Order, _ *Context) { o.Restrained.Race = "" }, "RAC", Court},
		"a race that is no word":       {func(o *order.Order, _ *Context) { o.Restrained.Race = "B" }, "RAC", HelpDesk},
		"no registered name":           {func(_ *order.Order, c *Context) { c.CourtName = "" }, "CTN", HelpDesk},
		"a registered name of 31":      {func(_ *order.Order, c *Context) { c.CourtName = strings.Repeat("C", 31) }, "CTN", HelpDesk},
		"an unknown designator":        {func(o *order.Order, _ *Context) { o.Form.Designator = "CANCEL" }, "ORT", HelpDesk},
		"a temporary order":            {func(o *order.Order, _ *Context) { o.Form.Designator = "TRO" }, "HRD", Court},
		"presence not said":            {func(o *order.Order, _ *Context) { o.Restrained.Present, o.Service = nil, order.ServiceNotServed }, "RPC", Court},
		"firearms without surrender":   {func(o *order.Order, _ *Context) { o.Terms.Firearms = &order.Firearms{NoPossession: true} }, "FIR", Court},
		"no term":                      {func(o *order.Order, _ *Context) { o.Terms, o.OtherOrders = order.Terms{}, "" }, "PCO", Court},
		"a confirmation text too long": {func(_ *order.Order, c *Context) { c.Confirm = strings.Repeat("LONG ", 100) }, "MIS", HelpDesk},
		"nobody protected":             {func(o *order.Order, _ *Context) { o.Protected = nil }, "PPN", Court},
		"ends before it begins":        {func(o *order.Order, _ *Context) { o.Expiry.Date = ptr(date("2001-01-01")) }, "EXP", Court},
		"places that fill the text": {func(o *order.Order, _ *Context) {
			for range 9 {
				o.Terms.StayAway[0].Places = append(o.Terms.StayAway[0].Places, order.Place{Kind: order.PlaceOther, Text: strings.Repeat("FAR ", 40)})
			}
		}, "OTH", HelpDesk},
	} {
		o, ctx := overviewOrder(), overviewContext()
		c.change(&o, &ctx)
		tx, lacks := d.Enter(o, ctx)
		if len(lacks) != 1 || lacks[0].Field != c.field || lacks[0].Whose != c.whose {
			t.Errorf("%s: %+v", name, lacks)
		}
		if _, err := d.Encode(tx); !errors.Is(err, ErrNotSendable) && c.field != "OTH" {
			t.Errorf("%s: a transaction with a lack was encoded: %v", name, err)
		}
	}
}

// What may be sent in another shape than the court wrote it leaves a note.
func TestNotes(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for name, c := range map[string]struct {
		change func(*order.Order)
		field  string
		value  string
		code   string
	}{
		"marks come off": {func(o *order.Order) { o.Restrained.Name = order.Name{Given: "José", Surname: "Muñoz-Ærø"} }, "NAM", "MUNOZ-AERO,JOSE", "name.transliterated"},
		"middle initial": {func(o *order.Order) {
			o.Restrained.Name.Middle, o.Restrained.Name.Surname = "Maximilian", strings.Repeat("J", 20)
		}, "NAM", strings.Repeat("J", 20) + ",MARC M", "name.shortened"},
		"only one name":       {func(o *order.Order) { o.Restrained.Name = order.Name{Surname: "Madonna"} }, "NAM", "MADONNA,FNU", "name.noGiven"},
		"full stop and comma": {func(o *order.Order) { o.Restrained.Name.Suffix = "Jr." }, "NAM", "JONES,MARC JR", ""},
		"slash in a name":     {func(o *order.Order) { o.Restrained.Name.Middle = "A/B" }, "NAM", "JONES,MARC A B", "name.punctuation"},
		"long other orders":   {func(o *order.Order) { o.OtherOrders = strings.Repeat("pay ", 200) }, "OTH", strings.Repeat("PAY ", 116) + "PAY " + pointer, "text.shortened"},
		"two distances": {func(o *order.Order) {
			o.Terms.StayAway = append(o.Terms.StayAway, order.StayAway{Yards: 50, Places: []order.Place{{Kind: order.PlaceWork}}})
		}, "SAY", "0100", "distances"},
		"an unreadable sign": {func(o *order.Order) { o.OtherOrders = "Return the 王 vase" }, "OTH", "RETURN THE ? VASE", "text.lost"},
		"surrender alone":    {func(o *order.Order) {}, "FIR", "2", "rule"},
		"long address": {func(o *order.Order) {
			o.Restrained.Address = &order.Address{Street: strings.Repeat("1", 50), City: "FULLERTON", State: "CA", Postal: "92835"}
		}, "ADR", strings.Repeat("1", 50) + " FULLERTON", "address.shortened"},
		"licence without a year": {func(o *order.Order) { o.Restrained.DriverLicense = &order.License{Number: "D1234567", State: "CA"} }, "OLN", "", "leftOut"},
		"marks":                  {func(o *order.Order) { o.Restrained.Marks = []string{"Tattoo left arm"} }, "SMT", "", "leftOut"},
	} {
		o := overviewOrder()
		c.change(&o)
		tx, lacks := d.Enter(o, overviewContext())
		if len(lacks) > 0 || tx.First(c.field) != c.value {
			t.Errorf("%s: %s is %q, lacks %+v", name, c.field, tx.First(c.field), lacks)
		}
		noted := false
		for _, n := range tx.Notes {
			noted = noted || n.Code == c.code && n.Path == c.field
		}
		if !noted && c.code != "" {
			t.Errorf("%s: not noted: %+v", name, tx.Notes)
		}
	}
}

func TestOtherDistancesAreSaidInWords(t *testing.T) {
	t.Parallel()
	o := overviewOrder()
	o.Terms.StayAway = []order.StayAway{
		{Yards: 50, Places: []order.Place{{Kind: order.PlaceSchool, Text: "Main St. School"}}},
		{Yards: 100, Places: []order.Place{{Kind: order.PlaceVehicle}, {Kind: order.PlacePerson}}},
	}
	tx, _ := dictionary(t).Enter(o, overviewContext())
	if got := strings.Join(tx.All("SAF"), " "); got != "PP VE" || tx.First("SAY") != "0100" {
		t.Errorf("SAF %s SAY %s", got, tx.First("SAY"))
	}
	if !strings.HasPrefix(tx.First("OTH"), "STAY 50 YARDS AWAY FROM SCHOOL MAIN ST. SCHOOL. STAY AWAY FROM 123") {
		t.Errorf("OTH %s", tx.First("OTH"))
	}
}

// The words that the published hit has in MIS leave room for the terms of its order.
func TestThePublishedConfirmationLeavesRoom(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	r, err := d.ParseReply(overviewHit(t))
	if err != nil {
		t.Fatal(err)
	}
	c := overviewContext()
	c.Confirm = r.Hits[0].First("MIS")
	tx, lacks := d.Enter(overviewOrder(), c)
	mis := tx.First("MIS")
	if len(lacks) > 0 || !strings.HasSuffix(mis, c.Confirm) || !strings.HasPrefix(mis, "NO HARASSMENT, THREATS OR VIOLENCE. NO CONTACT.") {
		t.Errorf("%+v %s", lacks, mis)
	}
	if noted := tx.Notes[len(tx.Notes)-1]; strings.Contains(mis, "RECORD") != (noted.Code != "leftOut") {
		t.Errorf("%s: %+v", mis, noted)
	}
}

// MaxConfirm is true: it is what the longest terms that an order can have leave of MIS.
func TestMaxConfirm(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	o := overviewOrder()
	for _, k := range []order.PlaceKind{order.PlaceResidence, order.PlaceWork, order.PlaceSchool, order.PlaceChildCare, order.PlaceVehicle, order.PlaceOther} {
		o.Terms.StayAway[0].Places = append(o.Terms.StayAway[0].Places, order.Place{Kind: k})
	}
	o.Terms.StayAway[0].Yards = 9999
	o.Terms.StayAway = append(o.Terms.StayAway, order.StayAway{Yards: 1, Places: []order.Place{{Kind: order.PlaceWork}}})
	held := map[int]bool{}
	for bits := range 1 << 9 {
		bit := func(n int) bool { return bits>>n&1 == 1 }
		o.Terms.NoContact, o.Terms.ChildExchange, o.Terms.MoveOut, o.Terms.CustodyToProtected = bit(0), bit(1), bit(2), bit(3)
		o.Terms.VisitationToRestrained, o.Terms.NoThirdPartyContact = bit(4), bit(5)
		o.Terms.Firearms = &order.Firearms{NoPossession: bit(6), NoPurchase: bit(7), Surrender: true, WithinHours: 999 * (bits >> 8 & 1), NoBodyArmor: true}
		for _, n := range []int{MaxConfirm, MaxConfirm + 1} {
			c := overviewContext()
			c.Confirm = strings.Repeat("C", n)
			_, lacks := d.Enter(o, c)
			held[n] = held[n] || len(lacks) > 0
		}
	}
	if held[MaxConfirm] || !held[MaxConfirm+1] {
		t.Errorf("with %d characters an order is held: %t; with one more: %t", MaxConfirm, held[MaxConfirm], held[MaxConfirm+1])
	}
}

// Every combination of a firearm clause's boxes leads to a code or to a reason.
func TestFirearmRulesAreTotal(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	want := map[[3]bool]string{ // possession, purchase, surrender
		{false, false, false}: "0", {true, false, true}: "1", {false, true, true}: "2", {true, true, true}: "2", {false, false, true}: "2",
		{true, false, false}: "", {false, true, false}: "", {true, true, false}: "",
	}
	for boxes, code := range want {
		o := order.Order{Terms: order.Terms{Firearms: &order.Firearms{NoPossession: boxes[0], NoPurchase: boxes[1], Surrender: boxes[2]}}}
		r, ok := d.decide("FIR", factsOf(o))
		if !ok || r.value != code || (r.value == "") != (r.reason != "") {
			t.Errorf("%v: %+v", boxes, r)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for name, c := range map[string]struct {
		terms order.Terms
		field string
		want  string
	}{
		"brady yes":           {order.Terms{Brady: ptr(true)}, "BRD", "Y"},
		"brady no":            {order.Terms{Brady: ptr(false)}, "BRD", "N"},
		"brady not said":      {order.Terms{Firearms: &order.Firearms{NoPossession: true, Surrender: true}}, "BRD", "U"},
		"contact not limited": {order.Terms{NoHarm: true}, "CPP", "YES"},
		"no contact":          {order.Terms{NoContact: true}, "CPP", "NO"},
		"exchange":            {order.Terms{NoContact: true, ChildExchange: true}, "CPP", "LTD"},
		"custody":             {order.Terms{CustodyToProtected: true}, "CUS", "YES"},
		"move out":            {order.Terms{MoveOut: true}, "MOV", "YES"},
	} {
		r, _ := d.decide(c.field, factsOf(order.Order{Terms: c.terms}))
		if r.value != c.want {
			t.Errorf("%s: %s", name, r.value)
		}
	}
	away := func(from ...order.PlaceKind) []order.StayAway {
		s := order.StayAway{Yards: 100}
		for _, k := range from {
			s.Places = append(s.Places, order.Place{Kind: k})
		}
		return []order.StayAway{s}
	}
	all := order.Order{
		Protected: make([]order.Protected, 2), OtherOrders: "x",
		Terms: order.Terms{NoHarm: true, NoContact: true, StayAway: away(order.PlaceResidence), MoveOut: true, CustodyToProtected: true, VisitationToRestrained: true, Firearms: &order.Firearms{Surrender: true}},
	}
	if got := strings.Join(d.collect("PCO", factsOf(all)), " "); got != "01 02 03 04 05 06 07 08 09" {
		t.Errorf("PCO %s", got)
	}
	// A record must not carry a condition that is not on the order.
	if got := d.collect("PCO", factsOf(order.Order{Terms: order.Terms{NoThirdPartyContact: true}})); strings.Join(got, " ") != "08" {
		t.Errorf("contact through others alone: %v", got)
	}
	for want, from := range map[string][]order.PlaceKind{
		"08":    {order.PlacePerson},
		"04":    {order.PlaceWork},
		"04 08": {order.PlacePerson, order.PlaceResidence},
	} {
		if got := strings.Join(d.collect("PCO", factsOf(order.Order{Terms: order.Terms{StayAway: away(from...)}})), " "); got != want {
			t.Errorf("away from %v: %s, want %s", from, got, want)
		}
	}
	if got := d.collect("PCO", factsOf(order.Order{Terms: order.Terms{StayAway: away(order.PlaceOther)}})); strings.Join(got, " ") != "08" {
		t.Errorf("away from another place: %v", got)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for _, c := range []struct {
		name order.Name
		want string
		why  string
	}{
		{order.Name{Given: "Marc", Surname: "Jones"}, "JONES,MARC", ""},
		{order.Name{Given: "Anne-Marie", Middle: "Lou", Surname: "O’Brien", Suffix: "II"}, "O'BRIEN,ANNE-MARIE LOU II", ""},
		{order.Name{Given: "Đặng", Surname: "Nguyễn"}, "NGUYEN,DANG", ""},
		{order.Name{Given: "Groß", Surname: "Łukasz"}, "LUKASZ,GROSS", ""},
		{order.Name{Given: "Maria Guadalupe", Middle: "Esperanza", Surname: "Rodriguez Villanueva"}, "RODRIGUEZ VILLANUEVA,MARIA G", ""},
		{order.Name{Given: "Maria Guadalupe", Middle: "E", Surname: "Rodriguez de la Villanueva"}, "", "more than 30"},
		{order.Name{Given: "X"}, "LNU,X", ""},
		{order.Name{Given: "李", Surname: "Li"}, "", "no counterpart"},
		{order.Name{Given: "...", Surname: "Li"}, "", "no letter"},
		{order.Name{Given: "a", Surname: "b"}, "B,A", ""},
	} {
		got := d.name(c.name)
		if got.text != c.want || !strings.Contains(got.reason, c.why) || (c.why == "") != (got.reason == "") {
			t.Errorf("%s: %q, %q", c.want, got.text, got.reason)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	good, _ := d.Enter(overviewOrder(), overviewContext())
	change := func(name, value string) Transaction {
		tx := good
		tx.Fields = nil
		for _, f := range good.Fields {
			if f.Name == name {
				f.Value = value
			}
			tx.Fields = append(tx.Fields, f)
		}
		return tx
	}
	swapped := change("", "")
	swapped.Fields[1], swapped.Fields[2] = swapped.Fields[2], swapped.Fields[1]
	stray := good
	stray.Fields = append([]Field{{"PSX", "F"}}, good.Fields...)
	extra := good
	extra.Fields = append(append([]Field{}, good.Fields...), Field{"ZZZ", "1"})
	for name, c := range map[string]struct {
		tx     Transaction
		number string
	}{
		"line break":      {change("MIS", "A\r\nFCN/1"), faultValue},
		"lower case":      {change("CTN", "Orange"), faultValue},
		"outside ASCII":   {change("CTN", "ORANGÉ"), faultValue},
		"empty":           {change("CTN", ""), faultValue},
		"too long":        {change("CTN", strings.Repeat("A", 31)), faultLong},
		"no such code":    {change("RAC", "E"), faultCode},
		"no such day":     {change("ISD", "20060231"), faultValue},
		"height":          {change("HGT", "613"), faultValue},
		"order":           {swapped, faultFormat},
		"group":           {stray, faultFormat},
		"unknown field":   {extra, faultUnknown},
		"key":             {Transaction{Key: "ZZZ", ORI: "CA030013J"}, faultFormat},
		"ORI":             {Transaction{Key: Inquiry, ORI: "CA", Fields: []Field{{"OCA", "1"}}}, faultFormat},
		"two ways to ask": {Transaction{Key: Inquiry, ORI: "CA030013J", Fields: []Field{{"OCA", "1"}, {"FCN", "1"}}}, faultMissing},
		"case, no court":  {Transaction{Key: Inquiry, ORI: "CA030013J", Fields: []Field{{"CCN", "1"}}}, faultMissing},
		"sex, no name":    {Transaction{Key: Inquiry, ORI: "CA030013J", Fields: []Field{{"OCA", "1"}, {"SEX", "M"}}}, faultFormat},
	} {
		_, err := d.Encode(c.tx)
		var faults Faults
		if !errors.As(err, &faults) || !errors.Is(err, ErrNotSendable) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		found := false
		for _, f := range faults {
			found = found || f.Number == c.number
		}
		if !found && name != "sex, no name" {
			t.Errorf("%s: %v", name, faults)
		}
	}
	if _, err := d.Encode(change("MIS", "JONES MARC SECRET é")); strings.Contains(err.Error(), "SECRET") {
		t.Errorf("the error holds the value: %v", err)
	}
}

func TestModifyMayDelete(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	tx := Transaction{Key: Modify, ORI: "CA030013J", Fields: []Field{{"FCN", "1"}, {"NAM", "JONES,MARC"}, {"OCA", "1"}, {"RSN", "CONT"}, {"EXP", "20090707"}, {"AKA", ""}}}
	text, err := d.Encode(tx)
	if err != nil || !strings.HasSuffix(string(text), "\r\nAKA/\r\n") {
		t.Errorf("%q %v", text, err)
	}
	back, err := d.Decode(text)
	if err != nil || len(back.Fields) != len(tx.Fields) {
		t.Errorf("%+v %v", back, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	for _, text := range []string{
		"", "ERR", "QRR.CA111111J", "QRR.CA111111J.", "QRR.CA111111J.OCA", "QRR.CA111111J.OCA/1\nFCN/2", "QRR.CA111111J.OCA/1\r\n\r\n", "QRR.CA111111J.OCA/a",
		"qrr.CA111111J.OCA/1", strings.Repeat("A", maxText+1), "QRR.CA111111J.OCA/1" + strings.Repeat("\r\nOCA/1", maxLines),
	} {
		if tx, err := d.Decode([]byte(text)); !errors.Is(err, ErrNotSendable) {
			t.Errorf("%.40q: %+v %v", text, tx, err)
		}
	}
	tx, err := d.Decode([]byte("QRR.CA111111J.OCA/01N11111"))
	if err != nil || tx.First("OCA") != "01N11111" || tx.ORI != "CA111111J" {
		t.Errorf("the published inquiry: %+v %v", tx, err)
	}
}

func TestInquire(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	text, err := d.Encode(d.Inquire("01N11111", "CA111111J"))
	if err != nil || string(text) != "QRR.CA111111J.OCA/01N11111\r\n" {
		t.Errorf("%q %v", text, err)
	}
}

func TestDescribeWithholdsPersonalData(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	tx, _ := d.Enter(overviewOrder(), overviewContext())
	text := d.Describe(tx, false)
	for _, secret := range []string{"JONES", "SMITH", "1981", "MAIN STREET"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is told:\n%s", secret, text)
		}
	}
	if !strings.Contains(text, "06/07/2006") || !strings.Contains(text, "criminal protective order") {
		t.Errorf("too little is told:\n%s", text)
	}
	hit, err := d.ParseReply(overviewHit(t))
	if err != nil {
		t.Fatal(err)
	}
	text = d.DescribeReply(hit, false)
	for _, secret := range []string{"JONES", "SMITH", "1981", "MAIN STREET", "714-628"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is told:\n%s", secret, text)
		}
	}
	golden(t, "overview-hit-described.txt", d.DescribeReply(hit, true))
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	book, err := codes.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ file, old, new, want string }{
		"unknown kind":       {"fields", "\tcaseno\t", "\tnumber\t", "kind"},
		"length":             {"fields", "\tname\t3\t30\t", "\tname\t31\t30\t", "lengths 31 to 30"},
		"table":              {"fields", "\tcal_doj.race\t", "\tncic.rice\t", "has a table"},
		"rule":               {"fields", "class:temporary", "sometimes", "rule"},
		"rule names nothing": {"fields", "with:SAY", "with:SAZ", "SAZ"},
		"confidence":         {"fields", "\tlikely\n", "\tsure\n", "confidence"},
		"group":              {"fields", "\tPPN\tcal_doj.sex", "\tPPZ\tcal_doj.sex", "PPZ"},
		"rule value":         {"rules", "PCO\t01\t", "PCO\t10\t", "rules.tsv"},
		"rule condition":     {"rules", "\tnoHarm\t", "\tnoHarms\t", "condition"},
		"sentence":           {"terms", "NO CONTACT.", "no contact.", "sentences"},
		"latin":              {"latin", "ß\tSS", "ß\tß", "cannot be sent"},
		"latin is ascii":     {"latin", "ß\tSS", "s\tS", "one character"},
		"hit part":           {"hit", "court\t", "yard\t", "part"},
		"hit field":          {"hit", "\tEXP\t", "\tEXQ\t", "no field"},
		"hit words":          {"hitwords", "\tPP\t", "\tPQ\t", "hitwords"},
		"item":               {"items", "CR-160\tOTH\titem 7, other orders", "CR-160\tEXP\titem 7, other orders", "once"},
	} {
		files := fstest.MapFS{}
		entries, err := data.ReadDir("data")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			b, err := data.ReadFile("data/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			if e.Name() == c.file+".tsv" {
				if !strings.Contains(string(b), c.old) {
					t.Fatalf("%s: %q is not in the file", name, c.old)
				}
				b = []byte(strings.ReplaceAll(string(b), c.old, c.new))
			}
			files["data/"+e.Name()] = &fstest.MapFile{Data: b}
		}
		if _, err := load(files, book); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

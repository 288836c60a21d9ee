package carpos

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ccpor/clets/codes"
	"ccpor/mapping/order"
)

// variation is the overview's order with one thing changed.
type variation struct {
	name   string
	change func(*order.Order)
}

func away(yards int, kinds ...order.PlaceKind) order.StayAway {
	s := order.StayAway{Yards: yards}
	for _, k := range kinds {
		s.Places = append(s.Places, order.Place{Kind: k})
	}
	return s
}

// variations are what the project's cases do not have: every code, every rule, every optional field.
func variations(d *Dictionary) []variation {
	var all []variation
	add := func(name string, change func(*order.Order)) { all = append(all, variation{name, change}) }
	for _, walk := range []struct {
		name   string
		change func(o *order.Order, from string)
	}{
		{"sex.cal_doj", func(o *order.Order, from string) { o.Restrained.Sex, o.Protected[0].Sex = from, from }},
		{"race.cal_doj", func(o *order.Order, from string) { o.Restrained.Race, o.Protected[0].Race = from, from }},
		{"eye.ncic", func(o *order.Order, from string) { o.Restrained.Eyes = from }},
		{"hair.ncic", func(o *order.Order, from string) { o.Restrained.Hair = from }},
		{"service.carpos", func(o *order.Order, from string) { o.Service = order.ServiceState(from) }},
		{"place.carpos", func(o *order.Order, from string) {
			o.Terms.StayAway = []order.StayAway{away(100, order.PlaceKind(from))}
		}},
	} {
		for _, l := range d.codes.Crosswalk(walk.name).Links() {
			add(walk.name+" "+l.From, func(o *order.Order) { walk.change(o, l.From) })
		}
	}
	for _, c := range d.codes.Table("order_type").Codes() {
		add("order type "+c.Code, func(o *order.Order) {
			o.Form.Designator = c.Code
			if c.Is("temporary") {
				at := order.TimeOfDay(9 * 60)
				o.Hearings = []order.Hearing{{Purpose: order.HearingNext, Date: date("2006-06-27"), Time: &at}}
			}
		})
	}
	clause := func(name string, a *order.Firearms) {
		add("firearms: "+name, func(o *order.Order) { o.Terms.Firearms = a })
	}
	clause("none", nil)
	clause("no possession", &order.Firearms{NoPossession: true})
	clause("no purchase", &order.Firearms{NoPurchase: true})
	clause("no possession, surrender", &order.Firearms{NoPossession: true, Surrender: true})
	clause("no purchase, surrender", &order.Firearms{NoPurchase: true, Surrender: true})
	clause("all, named, body armor", &order.Firearms{NoPossession: true, NoPurchase: true, Surrender: true, NoBodyArmor: true, Named: []string{"Glock 19"}})
	term := func(name string, change func(*order.Terms)) {
		add("term: "+name, func(o *order.Order) { change(&o.Terms) })
	}
	term("for financial abuse alone", func(t *order.Terms) { t.FinancialAbuseOnly, t.Firearms = true, nil })
	term("for financial abuse alone, with a clause", func(t *order.Terms) { t.FinancialAbuseOnly = true })
	term("Brady yes", func(t *order.Terms) { t.Brady = ptr(true) })
	term("Brady no", func(t *order.Terms) { t.Brady = ptr(false) })
	term("exchange of children, no contact", func(t *order.Terms) { t.ChildExchange = true })
	term("exchange of children alone", func(t *order.Terms) { t.ChildExchange, t.NoContact, t.NoThirdPartyContact = true, false, false })
	term("contact through others alone", func(t *order.Terms) { t.NoContact = false })
	term("contact allowed", func(t *order.Terms) { t.NoContact, t.NoThirdPartyContact = false, false })
	term("move out", func(t *order.Terms) {
		t.MoveOut, t.MoveOf = true, &order.Address{Street: "1 Main St", City: "Fullerton"}
	})
	term("custody", func(t *order.Terms) { t.CustodyToProtected = true })
	term("visitation", func(t *order.Terms) { t.VisitationToRestrained = true })
	term("another distance", func(t *order.Terms) { t.StayAway = append(t.StayAway, away(50, order.PlaceWork)) })
	term("nothing", func(t *order.Terms) { *t = order.Terms{} })
	term("what no field takes", func(t *order.Terms) {
		t.Animals, t.Property, t.Support, t.Programs = "The dog stays.", "Use of the car.", "500 a month.", []string{"Batterers' program"}
		t.MonitoredUntil = ptr(date("2007-06-07"))
	})
	add("nobody protected, type needs nobody", func(o *order.Order) { o.Form.Designator, o.Protected, o.Terms.NoContact = "OGV", nil, false })
	add("two protected, one with an age", func(o *order.Order) {
		o.Protected = append(o.Protected, order.Protected{Name: order.Name{Given: "Ann", Surname: "Smith"}, Person: order.Person{Age: 9}})
	})
	add("an age", func(o *order.Order) { o.Restrained.Born, o.Restrained.Age = nil, 40 })
	add("numbers and marks", func(o *order.Order) {
		r := &o.Restrained
		r.DriverLicense, r.CII, r.FBI = &order.License{Number: "D1234567", State: "CA", Year: 2009}, "A12345678", "123456AB7"
		r.Aliases, r.Marks = []order.Name{{Given: "Mac", Surname: "Jones"}}, []string{"Tattoo left arm"}
		r.Address = &order.Address{Street: "5 Oak St", City: "Orange", State: "CA", Postal: "92866"}
		o.Court.Telephone = "7145550100"
	})
	add("another court room, height and weight", func(o *order.Order) { o.Court.Department, o.Restrained.Height, o.Restrained.Weight = "C5", 70, 180 })
	add("ends at an hour", func(o *order.Order) { o.Expiry.Time = ptr(order.TimeOfDay(17 * 60)) })
	add("permanent", func(o *order.Order) { o.Expiry = order.Expiry{Basis: order.ExpiryPermanent} })
	add("another name and number of the case", func(o *order.Order) { o.Restrained.Name.Given, o.Case = "Mark", "06NF0887" })
	add("another day of issue", func(o *order.Order) { o.Issued = date("2006-06-08") })
	presence := func(name string, stage order.Stage, p *bool) {
		add("presence: "+name, func(o *order.Order) { o.Stage, o.Restrained.Present, o.Service = stage, p, order.ServiceNotServed })
	}
	presence("absent", order.StagePreTrial, ptr(false))
	presence("emergency order", order.StageEmergency, nil)
	presence("temporary order", order.StageTemporary, nil)
	presence("registered order", order.StageRegistered, nil)
	presence("not said", order.StagePreTrial, nil)
	add("served by being present", func(o *order.Order) { o.Restrained.Present = nil })
	add("an order of another state, an employer, a site, somebody who asked, a minor, what it follows", func(o *order.Order) {
		o.Form.Designator = "WHO"
		o.Foreign = &order.Foreign{Court: "District Court", Jurisdiction: "Nevada", Case: "N-1", Issued: ptr(date("2006-01-02"))}
		o.Organizations = []order.Organization{{Name: "Acme Inc.", Sites: []order.Address{{Street: "2 Elm St", City: "Orange"}}}}
		o.Petitioner, o.Restrained.Minor, o.Follows = &order.Petitioner{}, true, "TRO-1"
	})
	for at := 0; at < len(d.foreignLetters()); at += 40 {
		letters := d.foreignLetters()[at:min(at+40, len(d.foreignLetters()))]
		add(fmt.Sprintf("letters %d to %d of the table", at+1, at+len(letters)), func(o *order.Order) { o.OtherOrders = strings.Join(letters, " ") })
	}
	return all
}

// foreignLetters are the characters of the table "latin", sorted.
func (d *Dictionary) foreignLetters() []string {
	var out []string
	for r := range d.latin {
		out = append(out, string(r))
	}
	slices.Sort(out)
	return out
}

// use collects which rows of the dictionary the cases use, each as "table row".
type use struct {
	d    *Dictionary
	rows map[string]bool
}

func (u use) mark(table string, row ...string) { u.rows[table+" "+strings.Join(row, " ")] = true }

// transaction marks key, fields and codes.
func (u use) transaction(t Transaction) {
	u.mark("keys", string(t.Key))
	m := u.d.messages[t.Key]
	for _, f := range t.Fields {
		s, ok := m.spec(f.Name)
		if !ok {
			continue
		}
		u.mark("fields", string(t.Key), f.Name)
		u.code(s, f.Value)
	}
	for _, n := range t.Notes {
		for _, one := range u.d.unfielded {
			if one.to == toNote && n.Text == one.words {
				u.mark("unfielded", one.subject)
			}
		}
	}
}

func (u use) code(s spec, value string) {
	if s.table != nil && value != "" {
		u.mark("table "+s.table.Name, value)
	}
}

// order marks what an order's terms and codes lead to: rules, sentences, crosswalks.
func (u use) order(o order.Order, lacks []Lack) {
	f, stay := factsOf(o), stayAwayOf(o.Terms.StayAway)
	tx, _ := u.d.Enter(o, overviewContext())
	f["otherOrders"] = has(tx.Fields, "OTH")
	for field, rows := range u.d.rules {
		for i, r := range rows {
			if !f.holds(r.when) {
				continue
			}
			u.mark("rules", field, fmt.Sprint(i+1))
			if field != "PCO" {
				break
			}
		}
	}
	for _, s := range u.d.terms {
		if f.holds(s.when) {
			u.mark("terms", s.when...)
		}
	}
	subjects := subjectsOf(o, stay)
	for _, s := range u.d.unfielded {
		if slices.ContainsFunc(subjects[s.subject], func(x string) bool { return strings.TrimSpace(x) != "" }) {
			u.mark("unfielded", s.subject)
		}
	}
	people := []order.Person{o.Restrained.Person}
	for _, p := range o.Protected {
		people = append(people, p.Person)
	}
	for _, p := range people {
		u.mark("crosswalk sex.cal_doj", p.Sex)
		u.mark("crosswalk race.cal_doj", p.Race)
	}
	u.mark("crosswalk eye.ncic", o.Restrained.Eyes)
	u.mark("crosswalk hair.ncic", o.Restrained.Hair)
	u.mark("crosswalk service.carpos", string(o.Service))
	for _, s := range o.Terms.StayAway {
		for _, p := range s.Places {
			u.mark("crosswalk place.carpos", string(p.Kind))
		}
	}
	for _, r := range o.OtherOrders {
		if u.d.latin[r] != "" || slices.Contains(u.d.foreignLetters(), string(r)) {
			u.mark("latin", string(r))
		}
	}
	for _, l := range lacks {
		u.item(o.Form.Number, l.Field)
	}
}

// item marks the row of items.tsv by which a person is told where to look.
func (u use) item(form, field string) {
	if _, own := u.d.items[form+" "+field]; own {
		u.mark("items", form, field)
	} else if _, any := u.d.items["* "+field]; any {
		u.mark("items", "*", field)
	}
}

// hit marks labels and words of a hit, and the codes that stand in it.
func (u use) hit(h Hit, text string) {
	for part, labels := range u.d.hit.labels {
		for _, l := range labels {
			if strings.Contains("\n"+text, "\n"+l.label+"/") || strings.Contains(text, " "+l.label+"/") {
				if has(h.Fields, l.field) || part == partHead {
					u.mark("hit", part, l.label)
				}
			}
		}
	}
	for words := range u.d.hit.words {
		if strings.Contains(text, "/"+words[4:]) || strings.Contains(text, ", "+words[4:]) {
			u.mark("hitwords", words)
		}
	}
	for _, f := range h.Fields {
		if s := u.d.specOf(f.Name); s != nil {
			u.code(*s, f.Value)
		}
	}
}

// rows are all rows of the dictionary, of its tables and crosswalks. A crosswalk has rows in both directions: "back" asks by which code of the package one of
// CARPOS's is reached.
func (d *Dictionary) allRows() []string {
	var out []string
	add := func(table string, row ...string) { out = append(out, table+" "+strings.Join(row, " ")) }
	for key, m := range d.messages {
		add("keys", string(key))
		for _, s := range m.fields {
			add("fields", string(key), s.name)
		}
	}
	for field, rows := range d.rules {
		for i := range rows {
			add("rules", field, fmt.Sprint(i+1))
		}
	}
	for _, s := range d.terms {
		add("terms", s.when...)
	}
	for _, u := range d.unfielded {
		add("unfielded", u.subject)
	}
	for place := range d.items {
		add("items", place)
	}
	for r := range d.latin {
		add("latin", string(r))
	}
	for part, labels := range d.hit.labels {
		for _, l := range labels {
			add("hit", part, l.label)
		}
	}
	for words := range d.hit.words {
		add("hitwords", words)
	}
	for _, name := range d.codes.Tables() {
		for _, c := range d.codes.Table(name).Codes() {
			add("table "+name, c.Code)
		}
	}
	for _, name := range d.codes.Crosswalks() {
		walk := d.codes.Crosswalk(name)
		for _, l := range walk.Links() {
			add("crosswalk "+name, l.From)
		}
		for _, c := range d.codes.Table(walk.To).Codes() {
			add("back "+name, c.Code)
		}
	}
	slices.Sort(out)
	return out
}

// cases marks what the project's cases use.
func (u use) cases(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(casesDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "refused-") {
			continue
		}
		s := readSample(t, e.Name())
		tx, record, lacks := s.owed(t, u.d)
		if len(lacks) == 0 && tx.Key != "" && !tx.ChangesNothing() {
			u.transaction(tx)
		}
		if record.Key != "" {
			u.transaction(record)
		}
		p := s.pack
		if p.Order != nil && tx.Key != "" {
			u.order(WithConfidential(*p.Order, p.Confidential), lacks)
		}
		if p.Modification != nil {
			u.mark("crosswalk modify_reason.carpos", string(p.Modification.Reason))
		}
		if p.Cancellation != nil {
			u.mark("crosswalk cancel_reason.carpos", string(p.Cancellation.Reason))
		}
		if p.Service != nil {
			u.mark("crosswalk service_method.carpos", string(p.Service.Method))
		}
	}
}

// replies marks what the printed hits, the matrix of replies and the conversations on the line use.
func (u use) replies(t *testing.T) {
	t.Helper()
	texts := []string{"testdata/seed-hit.txt", "../sim/testdata/hit.txt", "../sim/testdata/hit-full.txt", "../sim/testdata/hit-least.txt"}
	for _, file := range texts {
		text := read(t, file)
		r, err := u.d.ParseReply([]byte(text))
		if err != nil && !strings.Contains(text, "MATCH MADE ON") { // the simulator's are blocks alone
			r, err = u.d.ParseReply([]byte(hitsHead + text))
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, h := range r.Hits {
			u.hit(h, text)
		}
	}
	matrix := read(t, "../relay/testdata/matrix/ERR.txt") + read(t, "../relay/testdata/matrix/VRR.txt")
	for _, table := range []string{"reject", "nak"} {
		for _, c := range u.d.codes.Table(table).Codes() {
			if strings.Contains(matrix, ": "+c.Code+" "+c.Meaning+".") {
				u.mark("table "+table, c.Code)
			}
		}
	}
	for _, text := range []string{
		"VRR.CA0300000.FCN/1\r\nNAM/JONES,MARC\r\nVDT/202603021530\r\nVLO/1 MAIN ST\r\nVAG/CA0300000\r\nVRN/26-0001\r\nARR/Y\r\nMIS/HE CAME TO THE DOOR.",
		"VRR.CA0300000.FCN/1\r\nNAM/JONES,MARC\r\nVDT/202603021530\r\nVAG/CA0300000\r\nVRN/26-0001\r\nARR/N\r\nMIS/HE CALLED.",
	} {
		tx, err := u.d.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		u.transaction(tx)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What becomes of each variation, as the differences from the overview's order. The golden file is read by people; with the project's cases it uses the rows of
// the dictionary.
func (u use) variations(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	c := overviewContext()
	c.FCN, c.Restrained = caseFCN, overviewOrder().Restrained.Name
	base, lacks := u.d.Enter(overviewOrder(), c)
	if len(lacks) > 0 {
		t.Fatal(lacks)
	}
	for _, v := range variations(u.d) {
		o := overviewOrder()
		v.change(&o)
		tx, lacks := u.d.Enter(o, c)
		fmt.Fprintf(&out, "===== %s\n%s", v.name, differences(base, tx, lacks))
		u.order(o, lacks)
		if len(lacks) > 0 {
			continue
		}
		u.transaction(tx)
		if m, lacks := u.d.Modify(base, tx, order.ModifyAmend, c); len(lacks) == 0 {
			u.transaction(m)
		}
		if m, lacks := u.d.Modify(tx, base, order.ModifyAmend, c); len(lacks) == 0 {
			u.transaction(m)
		}
	}
	renamed := c
	renamed.CourtName = "ORANGE CO SUPERIOR (CENTRAL)"
	tx, _ := u.d.Enter(overviewOrder(), renamed)
	m, _ := u.d.Modify(base, tx, order.ModifyCorrect, c)
	fmt.Fprintf(&out, "===== the court's registered name has changed\n%s", differences(Transaction{}, m, nil))
	u.transaction(m)
	c.SSN = "123456789"
	tx, _ = u.d.Enter(overviewOrder(), c)
	fmt.Fprintf(&out, "===== CLETS-001 has a social security number\n%s", differences(base, tx, nil))
	u.transaction(tx)
	m, _ = u.d.Modify(base, tx, order.ModifyCorrect, c)
	u.transaction(m)
	u.later(&out, base, c)
	return out.String()
}

// later are the transactions after the entry, with every code of theirs.
func (u use) later(out *strings.Builder, base Transaction, c Context) {
	say := func(walk, from string, tx Transaction, lacks []Lack) {
		fmt.Fprintf(out, "===== %s %s\n%s", walk, from, differences(Transaction{}, tx, lacks))
		u.mark("crosswalk "+walk, from)
		u.transaction(tx)
	}
	changed := base
	changed.Fields = append(slices.Clone(base.Fields[:len(base.Fields)-1]), Field{"MIS", "CHANGED."})
	for _, l := range u.d.codes.Crosswalk("modify_reason.carpos").Links() {
		tx, lacks := u.d.Modify(base, changed, order.ModifyReason(l.From), c)
		tx.Notes = nil
		say("modify_reason.carpos", l.From, tx, lacks)
	}
	for _, l := range u.d.codes.Crosswalk("cancel_reason.carpos").Links() {
		tx, lacks := u.d.Cancel(order.Cancellation{Restrained: c.Restrained, Reason: order.CancelReason(l.From), Date: date("2006-07-01")}, c)
		say("cancel_reason.carpos", l.From, tx, lacks)
	}
	for i, l := range u.d.codes.Crosswalk("service_method.carpos").Links() {
		s := order.Service{Restrained: c.Restrained, Date: date("2006-07-01"), Time: 600, Method: order.ServiceMethod(l.From), Server: order.Officer{Name: "A. Cecil", Agency: "Orange PD"}, Own: i == 0}
		tx, lacks := u.d.Serve(s, c)
		say("service_method.carpos", l.From, tx, lacks)
	}
	born := date("1981-11-21")
	for _, q := range []Question{
		{OCA: "06NF0886"}, {FCN: caseFCN}, {Name: order.Name{Given: "Marc", Surname: "Jones"}, Born: &born, Sex: "M"}, {Case: "06NF0886", CTI: "CA030013J"},
	} {
		tx, err := u.d.Ask(q, c.ORI)
		if err != nil {
			fmt.Fprintln(out, err)
		}
		fmt.Fprintf(out, "===== question\n%s", differences(Transaction{}, tx, nil))
		u.transaction(tx)
	}
	u.told(out)
}

// told are the words by which a person is told where on the form to look, when a field lacks or CARPOS refuses it.
func (u use) told(out *strings.Builder) {
	out.WriteString("===== where a person looks when CARPOS refuses a field\n")
	for _, place := range slices.Sorted(maps.Keys(u.d.items)) {
		form, field, _ := strings.Cut(place, " ")
		if form == "*" {
			form = "any other"
		}
		fmt.Fprintf(out, "%s %s: %s\n", form, field, u.d.Item(form, field))
		u.item(form, field)
	}
}

// differences are the fields of two transactions that are not in the other, with what lacks and what is noted.
func differences(was, is Transaction, lacks []Lack) string {
	var out strings.Builder
	for _, f := range was.Fields {
		if !slices.Contains(is.Fields, f) {
			fmt.Fprintf(&out, "- %s/%s\n", f.Name, f.Value)
		}
	}
	for _, f := range is.Fields {
		if !slices.Contains(was.Fields, f) {
			fmt.Fprintf(&out, "+ %s/%s\n", f.Name, f.Value)
		}
	}
	for _, l := range lacks {
		fmt.Fprintf(&out, "lack %s (%s, %s): %s\n", l.Field, l.FormItem, l.Whose, l.Reason)
	}
	for _, n := range is.Notes {
		if !slices.Contains(was.Notes, n) {
			fmt.Fprintf(&out, "note %s %s: %s\n", n.Path, n.Code, n.Text)
		}
	}
	return out.String()
}

// printed has the switch print records with every word that a hit has, served and cancelled. The golden file is read by people.
func (u use) printed(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	for _, a := range []*order.Firearms{{NoPossession: true, Surrender: true}, nil} {
		o := overviewOrder()
		o.Terms.Firearms, o.Issued, o.Service = a, date("2026-03-02"), order.ServiceNotServed
		o.Expiry.Date = ptr(date("2029-03-02"))
		o.Terms.StayAway = []order.StayAway{away(100, order.PlacePerson, order.PlaceResidence, order.PlaceWork, order.PlaceSchool, order.PlaceChildCare, order.PlaceVehicle, order.PlaceOther)}
		c := overviewContext()
		c.OCA = caseOCA
		entry, lacks := u.d.Enter(o, c)
		if len(lacks) > 0 {
			t.Fatal(lacks)
		}
		desk := openDesk(t, date("2026-03-04"))
		c.FCN, c.Restrained = desk.ask(t, u.d, entry).FCN, o.Restrained.Name
		for _, step := range []func() (Transaction, []Lack){
			func() (Transaction, []Lack) { return u.d.Inquire(caseOCA, c.ORI), nil },
			func() (Transaction, []Lack) {
				return u.d.Serve(order.Service{Restrained: c.Restrained, Date: date("2026-03-03"), Time: 600, Method: order.MethodPersonal, Server: order.Officer{Name: "A. Cecil", AgencyORI: "CA0300000"}}, c)
			},
			func() (Transaction, []Lack) {
				return u.d.Cancel(order.Cancellation{Restrained: c.Restrained, Reason: order.CancelTerminated, Date: date("2026-03-04")}, c)
			},
			func() (Transaction, []Lack) { return u.d.Inquire(caseOCA, c.ORI), nil },
		} {
			tx, lacks := step()
			if len(lacks) > 0 {
				t.Fatal(lacks)
			}
			r := desk.ask(t, u.d, tx)
			for _, h := range r.Hits {
				u.hit(h, r.Text)
				if len(h.Other) > 0 {
					t.Errorf("lines that no label explains: %q", h.Other)
				}
			}
			if tx.Key == Inquiry {
				out.WriteString(r.Text)
			}
		}
	}
	return out.String()
}

// back marks the codes of CARPOS's that a used row of a crosswalk leads to.
func (u use) back() {
	for _, name := range u.d.codes.Crosswalks() {
		for _, l := range u.d.codes.Crosswalk(name).Links() {
			if l.To != "" && u.rows["crosswalk "+name+" "+l.From] {
				u.mark("back "+name, l.To)
			}
		}
	}
}

// Every row of the dictionary, of its tables and of its crosswalks in both directions is used by a case, or testdata/unused.tsv says why not. A row that is there
// and is used all the same fails too.
func TestEveryRowIsUsed(t *testing.T) {
	t.Parallel()
	u := use{dictionary(t), map[string]bool{}}
	u.cases(t)
	u.replies(t)
	golden(t, "variations.txt", u.variations(t))
	golden(t, "printed.txt", u.printed(t))
	u.back()
	reasons := unusedReasons(t)
	for _, row := range u.d.allRows() {
		reason, excused := excuse(reasons, row)
		switch {
		case u.rows[row] && excused:
			t.Errorf("%s is used, and is said not to be: %s", row, reason)
		case !u.rows[row] && !excused:
			t.Errorf("%s is used by no case", row)
		}
	}
	for key, hits := range reasons.hits {
		if hits == 0 {
			t.Errorf("unused.tsv: %q is no row", key)
		}
	}
}

type unusedRows struct {
	reasons map[string]string
	hits    map[string]int
}

// excuse finds the reason of a row, or that of its whole table ("*").
func excuse(u unusedRows, row string) (string, bool) {
	for key, reason := range u.reasons {
		if table, all := strings.CutSuffix(key, " *"); key == row || all && strings.HasPrefix(row, table+" ") {
			u.hits[key]++
			return reason, true
		}
	}
	return "", false
}

func unusedReasons(t *testing.T) unusedRows {
	t.Helper()
	s, err := codes.ReadSheet(os.DirFS("testdata"), "unused.tsv")
	if err != nil {
		t.Fatal(err)
	}
	u := unusedRows{map[string]string{}, map[string]int{}}
	for _, r := range s.Rows {
		key := r.Get("table") + " " + r.Get("row")
		if _, twice := u.reasons[key]; twice || len(r.Get("reason")) < 20 {
			t.Errorf("unused.tsv: %s stands twice or has no reason", key)
		}
		u.reasons[key], u.hits[key] = r.Get("reason"), 0
	}
	return u
}

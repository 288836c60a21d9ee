package carpos

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"ccpor/clets/codes"
	"ccpor/mapping/order"
)

// everywhere is the overview's order with everything for which there is no field.
func everywhere() order.Order {
	o := overviewOrder()
	o.Follows, o.Petitioner, o.Restrained.Minor = "06NF0886-0", &order.Petitioner{Kind: order.PetitionerGuardian, Name: "Slate Granite"}, true
	o.Foreign = &order.Foreign{Court: "Invented Rancheria Tribal Court", Jurisdiction: "Invented Rancheria", Case: "PO-1", Issued: ptr(date("2006-05-05"))}
	o.Organizations = []order.Organization{{Name: "Gravel Works, Inc.", Sites: []order.Address{{Street: "3 Quarry Road", City: "Fullerton", State: "CA", Postal: "92835"}}}}
	o.Terms.Animals, o.Terms.Property, o.Terms.Support = "Keep the dog.", "Return the bank card.", "As ordered."
	o.Terms.Programs, o.Terms.MonitoredUntil, o.Terms.FinancialAbuseOnly = []string{"Batterer's program", "Parenting class"}, ptr(date("2007-06-07")), true
	o.Terms.Firearms.Named, o.Terms.Firearms.NoBodyArmor = []string{"a revolver"}, true
	o.Terms.StayAway[0].Places = append(o.Terms.StayAway[0].Places, order.Place{Kind: order.PlaceSchool, Text: "Pebble School"})
	o.Terms.StayAway = append(o.Terms.StayAway, order.StayAway{Yards: 300, Places: []order.Place{{Kind: order.PlaceWork}}})
	o.Terms.MoveOut, o.Terms.MoveOf = true, &order.Address{Street: "2 Pebble Lane", City: "Fullerton"}
	o.OtherOrders = "Keep off the meadow"
	return o
}

// Everything that an order says is sent or told. A subject that no row names would be neither.
func TestWhatNoFieldTakes(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	tx, lacks := d.Enter(everywhere(), overviewContext())
	if len(lacks) > 0 {
		t.Fatalf("%+v", lacks)
	}
	want := "STAY AWAY FROM SCHOOL PEBBLE SCHOOL. STAY 300 YARDS AWAY FROM WORK. MOVE OUT OF 2 PEBBLE LANE FULLERTON. " +
		"REGISTERED ORDER OF INVENTED RANCHERIA TRIBAL COURT, INVENTED RANCHERIA, CASE PO-1, ISSUED 2006-05-05. PROTECTS GRAVEL WORKS, INC. ELECTRONIC MONITORING UNTIL 2007-06-07. " +
		"PROTECTED SITE 3 QUARRY ROAD FULLERTON. FIREARM NAMED: A REVOLVER. KEEP OFF THE MEADOW. ANIMALS: KEEP THE DOG. " +
		"PROPERTY: RETURN THE BANK CARD. SUPPORT: AS ORDERED. PROGRAM: BATTERER'S PROGRAM. PROGRAM: PARENTING CLASS"
	if got := tx.First("OTH"); got != want {
		t.Errorf("OTH\n%s\nwanted\n%s", got, want)
	}
	if mis := tx.First("MIS"); !strings.Contains(mis, "BODY ARMOR.") || !slices.Contains(tx.All("PCO"), "08") {
		t.Errorf("body armor: MIS %s, PCO %v", mis, tx.All("PCO"))
	}
	notes := ""
	for _, n := range tx.Notes {
		notes += n.Text + "\n"
	}
	for _, what := range []string{"follows another one", "Somebody else than the protected person asked", "is a minor", "financial abuse alone, whose form has no firearm clause, and has one"} {
		if !strings.Contains(notes, what) {
			t.Errorf("not told: %s, in\n%s", what, notes)
		}
	}
	if strings.Contains(notes, "Slate") {
		t.Error("a note tells a name")
	}
	for subject, texts := range subjectsOf(everywhere(), stayAwayOf(everywhere().Terms.StayAway)) {
		if len(texts) == 0 {
			t.Errorf("the sample does not speak of %s", subject)
		}
	}
}

// What must stand in OTH and does not fit holds the order; what may be cut never does.
func TestManySites(t *testing.T) {
	t.Parallel()
	d := dictionary(t)
	o := overviewOrder()
	for range 30 {
		o.Organizations = append(o.Organizations, order.Organization{Name: "A", Sites: []order.Address{{Street: "12345 Very Long Quarry Road", City: "Fullerton"}}})
	}
	tx, lacks := d.Enter(o, overviewContext())
	if len(lacks) > 0 || !strings.HasSuffix(tx.First("OTH"), pointer) || len(tx.First("OTH")) > 500 {
		t.Errorf("%+v %s", lacks, tx.First("OTH"))
	}
	for range 30 {
		o.Organizations = append(o.Organizations, order.Organization{Name: "An organization with a long name"})
	}
	if _, lacks := d.Enter(o, overviewContext()); len(lacks) != 1 || lacks[0].Field != "OTH" || lacks[0].Whose != HelpDesk {
		t.Errorf("%+v", lacks)
	}
}

// Who is named by no rule, what is named twice, and words that cannot be sent are faults of the table.
func TestUnfieldedTableIsChecked(t *testing.T) {
	t.Parallel()
	book, err := codes.Load()
	if err != nil {
		t.Fatal(err)
	}
	good, err := data.ReadFile("data/unfielded.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a row is gone":          {"animals\tcut\tANIMALS: {}\tCARPOS line profile, section 5\t1\tours\n", "", "animals has no row"},
		"an unknown subject":     {"animals\t", "pets\t", "pets"},
		"a subject twice":        {"animals\t", "property\t", "stands twice"},
		"an unknown place":       {"animals\tcut", "animals\tMIS", "no place"},
		"words without a value":  {"ANIMALS: {}", "ANIMALS", "one {}"},
		"lower case":             {"ANIMALS: {}", "Animals: {}", "one {}"},
		"a note repeats a value": {"minor\tnote\tThe restrained person", "minor\tnote\t{}", "repeats no value"},
	} {
		files := fstest.MapFS{}
		for _, f := range []string{"keys", "fields", "rules", "terms", "latin", "items", "hit", "hitwords", "corrections"} {
			b, err := data.ReadFile("data/" + f + ".tsv")
			if err != nil {
				t.Fatal(err)
			}
			files["data/"+f+".tsv"] = &fstest.MapFile{Data: b}
		}
		broken := strings.Replace(string(good), c.old, c.new, 1)
		if broken == string(good) {
			t.Fatalf("%s: the table does not hold it", name)
		}
		files["data/unfielded.tsv"] = &fstest.MapFile{Data: []byte(broken)}
		if _, err := load(files, book); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A family is a row of the table of order types: no line of this package names one.
func TestOrderTypesAreData(t *testing.T) {
	t.Parallel()
	table := dictionary(t).codes.Table("order_type")
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					if _, err := table.Find(s); err == nil {
						t.Errorf("%s names the order type %s", name, s)
					}
				}
			}
			return true
		})
	}
}

package places

import (
	"strings"
	"testing"

	"ccpor/clets/codes"
	"ccpor/mapping/order"
)

// The outbound side's table of counties is another list, from another reader: they have to say the same.
func TestCountiesAreThoseOfTheCodeTables(t *testing.T) {
	t.Parallel()
	r, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	book, err := codes.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Counties() {
		row, err := book.Table("county").Find(c.Number)
		if err != nil || row.Meaning != c.Name || row.Class != c.FIPS {
			t.Errorf("%+v against %+v, %v", c, row, err)
		}
	}
	if n := len(book.Table("county").Codes()); n != len(r.Counties()) {
		t.Errorf("%d and %d counties", len(r.Counties()), n)
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	r, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for ori, want := range map[order.ORI]string{"CA030013J": "Orange", "CA0580000": "Yuba", "CA059013J": "", "CA000013J": "", "NV030013J": "", "": ""} {
		if c, ok := r.Of(ori); c.Name != want || ok != (want != "") {
			t.Errorf("%s is in %q, want %q", ori, c.Name, want)
		}
	}
	if c, ok := r.Named("San Luis Obispo"); !ok || c.Court() != "Superior Court of California, County of San Luis Obispo" {
		t.Errorf("%+v", c)
	}
	if len(r.TribalCourts()) != 7 || r.TribalCourts()[4].Called() != "Tolowa Dee-ni' Nation Tribal Court" || len(r.TribalCourts()[1].Tribes) != 4 {
		t.Errorf("%+v", r.TribalCourts())
	}
}

func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(counties, tribal string) (string, string){
		"a county is missing": func(c, t string) (string, string) {
			return strings.TrimSuffix(c, c[strings.LastIndex(c, "\n058")+1:]), t
		},
		"a number twice":         func(c, t string) (string, string) { return strings.Replace(c, "\n002\t", "\n001\t", 1), t },
		"a number of two digits": func(c, t string) (string, string) { return strings.Replace(c, "\n002\t", "\n02\t", 1), t },
		"another FIPS code":      func(c, t string) (string, string) { return strings.Replace(c, "06003", "06005", 1), t },
		"out of the alphabet":    func(c, t string) (string, string) { return strings.Replace(c, "Alpine", "Aaa", 1), t },
		"no source": func(c, t string) (string, string) {
			return strings.Replace(c, "NIEM 5.0.1 justice, fips.xsd, 2020", "", 1), t
		},
		"no edition":                 func(c, t string) (string, string) { return strings.Replace(c, "# edition: 1", "#", 1), t },
		"a field less":               func(c, t string) (string, string) { return c, strings.Replace(t, "\t\tQuechan", "\tQuechan", 1) },
		"a county that there is not": func(c, t string) (string, string) { return c, strings.Replace(t, "\tImperial\t", "\tImperium\t", 1) },
		"courts out of the alphabet": func(c, t string) (string, string) { return c, strings.Replace(t, "\nYurok Tribal", "\nAaa Tribal", 1) },
	} {
		c, tribal := spoil(countyFile, tribalFile)
		r := &Register{}
		if c == countyFile && tribal == tribalFile {
			t.Errorf("%s: nothing was spoilt", name)
		}
		if r.readCounties(c) == nil && r.readTribal(tribal) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

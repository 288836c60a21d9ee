package facsimile

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"ccpor/mapping/order"
)

func sample() *order.Order {
	d := order.MakeDate(2009, 6, 7)
	return &order.Order{
		Form: order.Form{Number: "CR-160", Title: "Protective Order"}, Case: "06NF0886", Issued: order.MakeDate(2006, 6, 7), Judge: "Ronald K. Har",
		Hearings:   []order.Hearing{{Purpose: order.HearingHeard, Date: order.MakeDate(2006, 1, 1), Department: "N7"}},
		Expiry:     order.Expiry{Date: &d, Basis: order.ExpiryExplicit},
		Restrained: order.Restrained{Name: order.Name{Given: "Marc", Surname: "Jönes"}, Height: 73, Weight: 260, Person: order.Person{Sex: "M", Age: 24}},
		Protected:  []order.Protected{{Name: order.Name{Given: "Mary", Surname: "Smith"}}},
		Terms: order.Terms{NoHarm: true, Firearms: &order.Firearms{Surrender: true, WithinHours: 24},
			StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlacePerson}}}}},
	}
}

func check(t *testing.T, b []byte, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	conf := model.NewDefaultConfiguration()
	if n, err := api.PageCount(bytes.NewReader(b), conf); err != nil || n != 1 {
		t.Errorf("%d pages, %v", n, err)
	}
	if err := api.Validate(bytes.NewReader(b), conf); err != nil {
		t.Error(err)
	}
}

func TestOrder(t *testing.T) {
	a, err := Order(sample())
	check(t, a, err)
	b, err := Order(sample())
	check(t, b, err)
	if !bytes.Equal(a, b) {
		t.Error("the same facts gave other bytes")
	}
	other := sample()
	other.Case = "06NF0887"
	c, err := Order(other)
	check(t, c, err)
	if bytes.Equal(a, c) {
		t.Error("other facts gave the same bytes")
	}
}

func TestProof(t *testing.T) {
	b, err := Proof(&order.Service{Case: "06NF0886", Restrained: order.Name{Surname: "Jones"}, Date: order.MakeDate(2006, 6, 7), Method: order.MethodPersonal})
	check(t, b, err)
}

func TestWhatIsAboutAnOrder(t *testing.T) {
	ref := order.Reference{OrderID: "O-1", Court: "CA030013J", Case: "06NF0886"}
	ended := &order.Cancellation{Reference: ref, Restrained: order.Name{Surname: "Jones"}, Reason: order.CancelTerminated, Date: order.MakeDate(2007, 1, 2)}
	b, err := Termination(ended)
	check(t, b, err)
	numbered := *ended
	numbered.Form = "CR-165"
	c, err := Termination(&numbered)
	check(t, c, err)
	if bytes.Equal(b, c) {
		t.Error("the form of the termination is not drawn")
	}
	b, err = Attachment(&order.Supplement{Reference: ref, Restrained: &order.Name{Surname: "Jones"}})
	check(t, b, err)
	change := &order.Modification{Reason: order.ModifyAmend, Date: order.MakeDate(2007, 1, 2)}
	b, err = Changed(change, sample())
	check(t, b, err)
	change.Form = "CR-161"
	c, err = Changed(change, sample())
	check(t, c, err)
	if bytes.Equal(b, c) {
		t.Error("the form of the change is not drawn")
	}
}

// What only some families have is drawn as well.
func TestEveryFact(t *testing.T) {
	bare, err := Order(sample())
	check(t, bare, err)
	for name, add := range map[string]func(o *order.Order){
		"organization": func(o *order.Order) {
			o.Organizations = []order.Organization{{Name: "Invented Works", Sites: []order.Address{{Street: "1 Quarry Road"}}}}
		},
		"petitioner": func(o *order.Order) {
			o.Petitioner = &order.Petitioner{Kind: order.PetitionerEmployer, Name: "Invented Works"}
		},
		"foreign": func(o *order.Order) {
			o.Foreign = &order.Foreign{Court: "Invented Tribal Court", Jurisdiction: "Invented Tribe"}
		},
		"financial":  func(o *order.Order) { o.Terms.FinancialAbuseOnly = true },
		"body armor": func(o *order.Order) { o.Terms.Firearms.NoBodyArmor = true },
		"named":      func(o *order.Order) { o.Terms.Firearms.Named = []string{"an old rifle"} },
		"animals":    func(o *order.Order) { o.Terms.Animals = "the dog Pebble" },
		"property":   func(o *order.Order) { o.Terms.Property = "the telephone" },
		"support":    func(o *order.Order) { o.Terms.Support = "for the child" },
		"programs":   func(o *order.Order) { o.Terms.Programs = []string{"a programme of 52 weeks"} },
		"monitoring": func(o *order.Order) { d := order.MakeDate(2007, 1, 2); o.Terms.MonitoredUntil = &d },
	} {
		o := sample()
		add(o)
		b, err := Order(o)
		check(t, b, err)
		if bytes.Equal(b, bare) {
			t.Errorf("%s: not drawn", name)
		}
	}
}

func TestOnePage(t *testing.T) {
	o := sample()
	o.OtherOrders = strings.Repeat("line\n", 100)
	if _, err := Order(o); err == nil {
		t.Error("more than a page was drawn")
	}
}

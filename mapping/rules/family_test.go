package rules

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"ccpor/mapping"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
)

// madeUp is a family that no code knows: an establishment asks, an organization is protected and no person, orders last two years.
const madeUp = `{"edition": "2026-11-25",
 "expiry": [{"id": "XX-2Y", "kind": "yearsFromHearing", "years": 2, "text": "two years after the date of the hearing", "citation": "made up", "source": "made up", "confidence": "stated"}],
 "forms": [
  {"number": "XX-130", "revision": "2026-01-01", "kind": "order", "family": "XX", "designator": "XXO", "title": "Made-up Order", "stages": ["postConviction"],
   "clauses": ["stayAway", "organizations", "statutes"], "organizationsMin": 1, "petitioners": ["establishment"], "needsPetitioner": true, "access": "sealed",
   "expiry": "XX-2Y", "max": {"years": 2, "citation": "made up"}, "source": "made up", "confidence": "stated"},
  {"number": "XX-630", "kind": "change", "family": "XX", "title": "Made-up Change", "reasons": ["amend"], "ends": ["terminated"], "source": "made up", "confidence": "stated"}]}`

func withMadeUp(t *testing.T, b *Book) *Book {
	t.Helper()
	all := fstest.MapFS{"data/made-up.json": {Data: []byte(madeUp)}}
	names, err := filepath.Glob("../forms/data/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no form data: %v", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all["data/"+filepath.Base(name)] = &fstest.MapFile{Data: text}
	}
	table, err := forms.Read(all)
	if err != nil {
		t.Fatal(err)
	}
	return New(table, b.calendar)
}

func madeUpOrder() *order.Order {
	return &order.Order{
		ID: "O-1", Form: order.Form{Number: "XX-130", Revision: day("2026-01-01"), Family: "XX", Designator: "XXO"}, Case: "26XX0001", Access: order.AccessSealed,
		Issued: day("2026-06-01"), Judge: "Judge Basalt", Stage: order.StagePostConviction, Expiry: order.Expiry{Date: ptr(day("2028-06-01")), Basis: order.ExpiryExplicit},
		Restrained:    order.Restrained{Name: order.Name{Given: "Rowan", Surname: "Granite"}},
		Petitioner:    &order.Petitioner{Kind: order.PetitionerEstablishment, Name: "Invented Stores"},
		Organizations: []order.Organization{{Name: "Invented Stores", Sites: []order.Address{{Street: "1 Quarry Road"}}}},
		Terms:         order.Terms{StayAway: []order.StayAway{{Yards: 10, Places: []order.Place{{Kind: order.PlaceOther, Text: "every store"}}}}},
		Service:       order.ServicePresent,
	}
}

// A new family is a row of data: every rule that judges by the form judges its orders, their changes and their ends.
func TestNewFamilyIsData(t *testing.T) {
	t.Parallel()
	b := withMadeUp(t, book(t))
	reference := order.Reference{OrderID: "O-1", Case: "26XX0001"}
	for name, x := range map[string]struct {
		do   func(p *mapping.Package)
		want []ID
	}{
		"whole":             {func(*mapping.Package) {}, nil},
		"other stage":       {func(p *mapping.Package) { p.Order.Stage = order.StageTemporary }, []ID{"StageNotOfForm"}},
		"no organization":   {func(p *mapping.Package) { p.Order.Organizations = nil }, []ID{"OrganizationMissing"}},
		"no petitioner":     {func(p *mapping.Package) { p.Order.Petitioner = nil }, []ID{"PetitionerMissing"}},
		"other petitioner":  {func(p *mapping.Package) { p.Order.Petitioner.Kind = order.PetitionerSchool }, []ID{"PetitionerNotOfForm"}},
		"open to everybody": {func(p *mapping.Package) { p.Order.Access = order.AccessNormal }, []ID{"AccessClass"}},
		"a box it has not":  {func(p *mapping.Package) { p.Order.Terms.NoHarm = true }, []ID{"FieldNotOfForm"}},
		"too long":          {func(p *mapping.Package) { p.Order.Expiry.Date = ptr(day("2028-06-02")) }, []ID{"ExpiryTooLong"}},
		"changed": {func(p *mapping.Package) {
			p.Action, p.Modification = mapping.ActionModify, &order.Modification{Reason: order.ModifyAmend, Date: day("2026-06-01"), Form: "XX-630"}
		}, nil},
		"changed by another family's form": {func(p *mapping.Package) {
			p.Action, p.Modification = mapping.ActionModify, &order.Modification{Reason: order.ModifyAmend, Date: day("2026-06-01"), Form: "CH-630"}
		}, []ID{"ChangeFormUnknown"}},
		"ended": {func(p *mapping.Package) {
			p.Action, p.Order, p.Cancellation = mapping.ActionCancel, nil, &order.Cancellation{Reference: reference, Form: "XX-630",
				Restrained: order.Name{Given: "Rowan", Surname: "Granite"}, Reason: order.CancelTerminated, Date: day("2026-06-01")}
		}, nil},
		"ended by another family's form": {func(p *mapping.Package) {
			p.Action, p.Order, p.Cancellation = mapping.ActionCancel, nil, &order.Cancellation{Reference: reference, Form: "CR-165",
				Restrained: order.Name{Given: "Rowan", Surname: "Granite"}, Reason: order.CancelTerminated, Date: day("2026-06-01")}
		}, []ID{"EndOtherFamily"}},
	} {
		p := mapping.Package{ID: "P-1", Action: mapping.ActionAdd, Order: madeUpOrder()}
		x.do(&p)
		var got []ID
		for _, f := range append(b.Check(p, today), b.Against(p, Known{Order: madeUpOrder()})...) {
			got = append(got, f.Rule)
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%s: found %v, want %v", name, got, x.want)
		}
	}
}

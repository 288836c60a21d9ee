package mapping_test

import (
	"testing"

	"ccpor/mapping/order"
)

// retailTheft is the family that protects an establishment and no person (Pen. Code 490.8).
func retailTheft(t testing.TB, all *[]goldenCase) {
	s := tell(t, all, "cr168-2025-01-01", "Retail crime restraining order at sentencing: an establishment with two sites, and no protected person", func() *order.Order {
		o := paper(t, "CR-168", "2025-01-01", "2026-03-03", order.StagePostConviction)
		o.Statutes = []string{"PC 490.8"}
		o.Restrained = somebody(t, "Flint", "Feldspar", "M", "1995-11-30")
		o.Restrained.Present, o.Service = ref(true), order.ServicePresent
		o.Petitioner = &order.Petitioner{Kind: order.PetitionerPeople, Name: "The People of the State of California"}
		o.Organizations = []order.Organization{{Name: "Invented Garden Supply", Sites: []order.Address{
			{Street: "10 Meadow Way", City: "Invented Springs", State: "CA", Postal: "90000"}, {Street: "20 Orchard Way", City: "Invented Springs", State: "CA", Postal: "90000"}}}}
		o.Terms = order.Terms{StayAway: []order.StayAway{{Yards: 50, Places: []order.Place{{Kind: order.PlaceOther, Text: "every Invented Garden Supply"}}}}}
		return o
	}, "The form names no expiration date: the default counts.")
	s.modify("", order.ModifyAmend, "2026-08-03", func(o *order.Order) { o.Terms.StayAway[0].Yards = 100 })
	s.cancel("", order.CancelTerminated, "2027-01-11")
	s.serve("", order.MethodCourt)
	s.attach("image", true, nil)
}

package store_test

import (
	"slices"
	"strings"
	"testing"

	"ccpor/mapping/order"
)

// Orders beside one are those that bind somebody called so, however it is written, and not somebody who was born on another day. That a name has more surnames than were asked is for others to judge.
func TestRelatedTo(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	bring := func(id string, name order.Name, change func(*order.Order)) {
		a := add(h.court, "P-"+id, id)
		a.Order.Restrained = order.Restrained{Name: name, Person: order.Person{Born: born(1980, 4, 2)}}
		if change != nil {
			change(a.Order)
		}
		mustAccept(t, h.Store, a)
	}
	unknown := func(o *order.Order) { o.Restrained.Born = nil }
	bring("this", order.Name{Given: "José Luis", Surname: "García-López"}, nil)
	bring("plain", order.Name{Given: "JOSE", Surname: "GARCIA LOPEZ"}, nil)
	bring("unknown-birth", order.Name{Given: "Jose", Surname: "Garcia Lopez"}, unknown)
	bring("alias", order.Name{Given: "Pepe", Surname: "Topaz"}, func(o *order.Order) { o.Restrained.Aliases = []order.Name{{Given: "José", Surname: "Garcia Lopez"}} })
	bring("other-birth", order.Name{Given: "Jose", Surname: "Garcia Lopez"}, func(o *order.Order) { o.Restrained.Born = born(1980, 4, 3) })
	bring("other-given", order.Name{Given: "Juan", Surname: "Garcia Lopez"}, nil)
	bring("one-surname", order.Name{Given: "Jose", Surname: "Garcia"}, nil)
	bring("protected", order.Name{Given: "Opal", Surname: "Onyx"}, func(o *order.Order) { o.Protected[0].Name = order.Name{Given: "Jose", Surname: "Garcia Lopez"} })
	for from, want := range map[string]string{"this": "alias plain unknown-birth", "unknown-birth": "alias other-birth plain this", "alias": "plain this unknown-birth", "other-given": "", "one-surname": "alias plain this unknown-birth"} {
		f, err := h.FindOrder(t.Context(), h.court.ORI, order.LocalID(from), false)
		if err != nil {
			t.Fatal(err)
		}
		of, others, err := h.RelatedTo(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, o := range others {
			ids = append(ids, string(o.Order.ID))
		}
		slices.Sort(ids)
		if got := strings.Join(ids, " "); got != want || string(of.Order.ID) != from {
			t.Errorf("beside %s: %q, want %q", of.Order.ID, got, want)
		}
	}
}

package store_test

import (
	"fmt"
	"strings"
	"testing"

	"ccpor/mapping/order"
	"ccpor/store"
)

// Every live order comes once, with its newest proof of service; what has ended by itself, another county's and a test do not.
func TestLiveOrders(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	ended := add(h.court, "p-ended", "o-ended")
	last := order.MakeDate(2026, 3, 3)
	ended.Order.Expiry.Date = &last
	mustAccept(t, h.Store, ended)
	for i := range 3 {
		mustAccept(t, h.Store, add(h.court, fmt.Sprintf("p-%d", i), fmt.Sprintf("o-%d", i)))
	}
	mustAccept(t, h.Store, serve(h.court, "s-1", "o-1"))
	mustAccept(t, h.Store, cancel(h.court, "c-2", "o-2"))
	read := func(q store.LiveQuery) string {
		t.Helper()
		var all []string
		for o, err := range h.LiveOrders(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprintf("%s %t %t", o.Order.ID, o.Service != nil && o.Service.Server.Name == "A. Cecil", o.Cancelled != nil))
		}
		return strings.Join(all, ", ")
	}
	const three = "o-0 false false, o-1 true false, o-2 false true"
	for name, c := range map[string]struct {
		q    store.LiveQuery
		want string
	}{
		"its last day":   {store.LiveQuery{Day: last}, "o-ended false false, " + three},
		"the day after":  {store.LiveQuery{Day: last.AddDays(1)}, three},
		"its county":     {store.LiveQuery{Day: last.AddDays(1), Counties: []string{"CA001", "CA030"}}, three},
		"another county": {store.LiveQuery{Day: last, Counties: []string{"CA001"}}, ""},
		"tests":          {store.LiveQuery{Day: last, Test: true}, ""},
	} {
		if got := read(c.q); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	for range h.LiveOrders(t.Context(), store.LiveQuery{Day: last}) {
		break // who has enough is not given more
	}
}

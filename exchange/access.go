package exchange

import (
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
)

// asker is a person for whom an agency vouches with the request, in one role. Which of its people may see sealed orders the agency says by vouching for them.
func asker(a store.Agency, r access.Role) access.Asker {
	return access.Asker{Kind: a.Kind, Agency: a.ORI, Test: a.Test, Roles: []access.Role{r}, Sealed: true}
}

// sees is how much of an order the person sees. Over the service nobody opens an order that the tables forbid, so the time decides nothing.
func (r requester) sees(f store.FoundOrder) access.Sight {
	return r.asker.Sees(access.ObjectOf(f.Order, f.Test), time.Time{})
}

// withheld is the order without the protected side's whereabouts, where the person may not see them.
func (r requester) withheld(f store.FoundOrder) (order.Order, bool) {
	if r.asker.Whereabouts(f.Order.Court.ORI) {
		return f.Order, false
	}
	return access.Withhold(f.Order)
}

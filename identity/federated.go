package identity

import (
	"context"
	"errors"

	"ccpor/identity/federation"
	"ccpor/mapping/order"
	"ccpor/store"
)

// Federated signs in whom the agency's own identity provider has named, with a second factor proved there. Who comes so for the first time has to have been invited, and is known by the
// provider alone from then on. ErrRefused, ErrPace.
func (d *Door) Federated(ctx context.Context, named federation.Person, from string) (store.Person, error) {
	defer d.settle(ctx, d.Now())
	if err := d.Pace(from); err != nil {
		return store.Person{}, err
	}
	f := store.Federated(named)
	p, err := d.Store.FederatedPerson(ctx, f)
	if errors.Is(err, store.ErrNotFound) {
		return store.Person{}, d.strange(ctx, named, from)
	}
	if err == nil && p.Issuer == "" {
		err = d.Store.Federate(ctx, p.ID, f, d.Now())
	}
	if errors.Is(err, store.ErrPersonState) {
		return store.Person{}, d.strange(ctx, named, from)
	}
	if err != nil {
		return store.Person{}, err
	}
	return d.admit(ctx, p.ID, "the agency's identity provider", from)
}

// strange refuses whom the provider named and who has not been invited here, or is disabled.
func (d *Door) strange(ctx context.Context, named federation.Person, from string) error {
	return errors.Join(ErrRefused, d.TurnedAway(ctx, named.Agency, "named by "+named.Issuer+", not invited or disabled", from))
}

// TurnedAway puts on record that somebody who came from an agency's identity provider was not let in, and why. Who that is stands in no log: the provider knows.
func (d *Door) TurnedAway(ctx context.Context, agency order.ORI, why, from string) error {
	return d.Store.Audit(ctx, store.Event{At: d.Now(), Actor: "address " + from, Agency: agency, Action: "person.sign-in", Object: "person unknown", Outcome: "refused", Details: why})
}

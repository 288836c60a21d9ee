package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ccpor/mapping/order"
)

// Grant is something that an agency may do or not. To ask for its own submissions, for the policy and whether the hub is there, it needs none.
type Grant string

// The grants.
const (
	GrantSubmit    Grant = "submit"    // send packages
	GrantQuery     Grant = "query"     // search and read orders
	GrantImages    Grant = "images"    // read images of orders
	GrantCallbacks Grant = "callbacks" // be told of changes
)

// Grants are all grants.
func Grants() []Grant { return []Grant{GrantSubmit, GrantQuery, GrantImages, GrantCallbacks} }

// Granted says whether the agency may do this. What is no grant nobody has.
func (a Agency) Granted(g Grant) bool {
	switch g {
	case GrantSubmit:
		return !a.ReadOnly
	case GrantQuery:
		return a.MayQuery
	case GrantImages:
		return a.MayImages
	case GrantCallbacks:
		return !a.NoCallbacks
	}
	return false
}

// ErrCentral says that the help desk or the operator was to send orders: they send none.
var ErrCentral = errors.New("the exchange's own agencies send no orders")

// SetGrants grants these to the agency, or withholds them, leaves its others alone, and notes who did it. Running hubs know within five seconds. ErrNotFound; ErrCentral.
func (s *Store) SetGrants(ctx context.Context, ori order.ORI, by By, now time.Time, granted bool, grants ...Grant) (after Agency, err error) {
	for _, g := range grants {
		if !slices.Contains(Grants(), g) {
			return Agency{}, fmt.Errorf("%q is no grant", g)
		}
	}
	err = s.onAgency(ctx, ori, by, now, func(tx pgx.Tx, a Agency) (agencyNote, error) {
		if granted && a.Kind.Central() && slices.Contains(grants, GrantSubmit) {
			return agencyNote{}, ErrCentral
		}
		after, err = one(ctx, tx, scanAgency, "set the grants of an agency", `update agency a set
			read_only    = case when 'submit' = any($2) then not $3 else read_only end,
			may_query    = case when 'query' = any($2) then $3 else may_query end,
			may_images   = case when 'images' = any($2) then $3 else may_images end,
			no_callbacks = case when 'callbacks' = any($2) then not $3 else no_callbacks end
		where ori = $1 returning `+agencyColumns, string(ori), texts(grants), granted)
		return agencyNote{"agency.grant", map[bool]string{true: "granted", false: "withheld"}[granted], strings.Join(texts(grants), ", ")}, err
	})
	s.known.forget()
	return after, err
}

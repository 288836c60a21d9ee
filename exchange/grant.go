package exchange

import (
	"strings"

	"ccpor/store"
)

// grants say what an agency needs for each operation; what is not here nobody may ask for. Callbacks are no operation: the store tells only those who have that grant.
// docs/security.md is this table for people.
var grants = map[string][]store.Grant{
	submitOrder:         {store.GrantSubmit},
	validateOrder:       {}, // it does nothing, and says of a package what SubmitOrder would
	getSubmissionStatus: {}, // its own, always
	listSubmissions:     {},
	searchOrders:        {store.GrantQuery},
	getOrder:            {store.GrantQuery},
	getOrderImage:       {store.GrantQuery, store.GrantImages},
	getPolicy:           {},
	ping:                {},

	"GET submissions":            {},
	"GET submissions/{tracking}": {},
	"GET policy":                 {},
	"GET ping":                   {},
}

// notGranted is the refusal of an agency that lacks a grant for the operation; nil where it has all.
func notGranted(a store.Agency, operation string) error {
	needed, known := grants[operation]
	if !known {
		return &refusal{code: "Client.Operation.NotGranted"}
	}
	var lacks []string
	for _, g := range needed {
		if !a.Granted(g) {
			lacks = append(lacks, string(g))
		}
	}
	if len(lacks) == 0 {
		return nil
	}
	return &refusal{code: "Client.Operation.NotGranted", what: "Your agency has not been granted this: " + strings.Join(lacks, ", ") + "."}
}

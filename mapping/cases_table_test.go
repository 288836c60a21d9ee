package mapping_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ccpor/mapping"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
)

// TestEveryFormHasItsCases walks the form table: every revision on which an order is made, every change and every end with each of its reasons, every proof
// with each of its methods has a golden case, and so has every action with every family of orders.
func TestEveryFormHasItsCases(t *testing.T) {
	t.Parallel()
	have := map[string]bool{}
	all := cases(t)
	for _, c := range all {
		for _, what := range shows(t, c, all) {
			have[what] = true
		}
	}
	for _, want := range wanted(t) {
		if !have[want] {
			t.Errorf("no case: %s", want)
		}
	}
}

// shows is what a case is an example of. A case that is refused is an example of nothing.
func shows(t *testing.T, c goldenCase, cases []goldenCase) []string {
	p := c.pack
	if strings.HasPrefix(c.name, "refused-") {
		return nil
	}
	var all []string
	if p.Confidential != nil {
		all = append(all, fmt.Sprintf("CLETS-001 with %s", p.Action))
	}
	switch {
	case p.Modification != nil:
		return append(all, fmt.Sprintf("change by %q: %s", p.Modification.Form, p.Modification.Reason), familyAction(t, c, p.Order))
	case p.Order != nil:
		return append(all, fmt.Sprintf("order on %s of %v", p.Order.Form.Number, p.Order.Form.Revision), familyAction(t, c, p.Order))
	case p.Service != nil:
		all = append(all, fmt.Sprintf("proof on %q: %s", p.Service.Form, p.Service.Method))
	case p.Cancellation != nil:
		all = append(all, fmt.Sprintf("end by %q: %s", p.Cancellation.Form, p.Cancellation.Reason))
	}
	for _, other := range cases {
		if other.name == c.facts.Order {
			all = append(all, familyAction(t, c, other.pack.Order))
		}
	}
	return all
}

func familyAction(t *testing.T, c goldenCase, o *order.Order) string {
	f, err := table(t).Find(o.Form.Number, o.Form.Revision)
	if err != nil {
		t.Errorf("%s: %v", c.name, err)
	}
	return fmt.Sprintf("%s with an order of family %s", c.pack.Action, f.Family)
}

func wanted(t *testing.T) []string {
	var all []string
	families := map[order.Family]bool{}
	for _, f := range table(t).Forms() {
		switch f.Kind {
		case forms.KindOrder:
			families[f.Family] = true
			all = append(all, fmt.Sprintf("order on %s of %v", f.Number, f.Revision))
		case forms.KindProof:
			for _, m := range f.Methods {
				all = append(all, fmt.Sprintf("proof on %q: %s", f.Number, m))
			}
		case forms.KindConfidential:
			for _, a := range []mapping.Action{mapping.ActionAdd, mapping.ActionModify, mapping.ActionAttach} {
				all = append(all, fmt.Sprintf("%s with %s", f.Number, a))
			}
		}
		for _, r := range f.Reasons {
			all = append(all, fmt.Sprintf("change by %q: %s", f.Number, r))
		}
		for _, r := range f.Ends {
			all = append(all, fmt.Sprintf("end by %q: %s", f.Number, r))
		}
	}
	for family := range families {
		for _, a := range []mapping.Action{mapping.ActionAdd, mapping.ActionModify, mapping.ActionCancel, mapping.ActionServe, mapping.ActionAttach} {
			all = append(all, fmt.Sprintf("%s with an order of family %s", a, family))
		}
	}
	for _, r := range []order.CancelReason{order.CancelTerminated, order.CancelInError, order.CancelDeceased} {
		all = append(all, fmt.Sprintf("end by %q: %s", "", r)) // on no form of its own
	}
	slices.Sort(all)
	return all
}

func table(t testing.TB) *forms.Table {
	t.Helper()
	f, err := forms.Load()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

package mapping_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ccpor/mapping"
	"ccpor/mapping/calendar"
	"ccpor/mapping/order"
	"ccpor/mapping/rules"
)

// refusedChanges are packages about an order that do not fit it, or that bring something else than their action says.
func refusedChanges(t testing.TB) []goldenCase {
	var all, steps []goldenCase
	f := domesticViolence(t)
	about := story{t: t, cases: &steps, name: "dv110-2025-01-01", made: func() *order.Order { return f.untilHearing(newest(f.temporary)) }}
	// refuse takes the last step of the story, spoilt, for a case of its own.
	refuse := func(name, title string, spoil func(c *goldenCase)) {
		c := steps[len(steps)-1]
		c.name, c.facts.Title = "refused-"+name, title
		spoil(&c)
		c.pack.ID = order.LocalID(strings.ToUpper(c.name))
		all = append(all, c)
	}
	const ended = "dv110-2025-01-01-cancel-own-terminated"

	about.modify("DV-116", order.ModifyContinue, "2026-03-23", continued(t, "2026-04-13"))
	refuse("modify-without-modification", "The action modify with an order and no modification", func(c *goldenCase) { c.pack.Modification = nil })
	refuse("modify-in-future", "Changed after the day on which it is sent", func(c *goldenCase) { c.pack.Modification.Date = on(t, "2026-03-25") })
	about.modify("DV-116", order.ModifyContinue, "2026-03-23", continued(t, "2026-04-13"))
	refuse("modify-before-issue", "Changed before the order was made", func(c *goldenCase) { c.pack.Modification.Date = on(t, "2026-03-02") })
	about.modify("DV-116", order.ModifyContinue, "2026-03-23", continued(t, "2026-04-13"))
	refuse("modify-cancelled", "A change of an order that was cancelled on the same day", func(c *goldenCase) { c.facts.Cancelled = ended })
	refuse("modify-other-type", "A temporary order that comes back as an order after hearing: that is a new order", func(c *goldenCase) {
		c.pack.Order = f.afterHearing(newest(f.after))
		c.pack.Order.ID, c.pack.Order.Follows, c.pack.Modification.Reason = about.made().ID, "", order.ModifyAmend
	})
	about.modify("", order.ModifyCorrect, "2026-03-04", func(o *order.Order) { o.Restrained = somebody(t, "Linden", "Magma", "F", "1999-09-09") })
	refuse("modify-other-person", "A correction after which the order restrains somebody else altogether", func(*goldenCase) {})
	about.modify("", order.ModifyCorrect, "2026-03-04", func(o *order.Order) { o.Follows = o.ID })
	refuse("follows-itself", "An order that is said to follow itself", func(*goldenCase) {})

	about.cancel("DV-330", order.CancelTerminated, "2026-03-16")
	refuse("cancel-action", "The action add with a cancellation", func(c *goldenCase) { c.pack.Action = mapping.ActionAdd })
	refuse("cancel-twice", "A cancellation of what was cancelled before", func(c *goldenCase) { c.facts.Cancelled, c.facts.Today = ended, on(t, "2026-03-24") })
	refuse("confidential-misplaced", "CLETS-001 with a cancellation", func(c *goldenCase) { c.pack.Confidential = clets001(t, about.made()) })
	for _, x := range []struct {
		name, title string
		spoil       func(c *order.Cancellation)
	}{
		{"cancel-in-future", "Cancelled after the day on which it is sent", func(c *order.Cancellation) { c.Date = on(t, "2026-03-18") }},
		{"cancel-before-issue", "Ended before it was made", func(c *order.Cancellation) { c.Date = on(t, "2026-03-02") }},
		{"cancel-other-case", "A cancellation that names another case than the order", func(c *order.Cancellation) { c.Case = "2603DV002" }},
		{"cancel-other-person", "A cancellation that names another person than the order", func(c *order.Cancellation) {
			c.Restrained = order.Name{Given: "Linden", Surname: "Magma"}
		}},
	} {
		about.cancel("DV-330", order.CancelTerminated, "2026-03-16")
		refuse(x.name, x.title, func(c *goldenCase) { x.spoil(c.pack.Cancellation) })
	}

	about.attach("clets001", false, clets001(t, about.made()))
	refuse("attach-nothing", "A supplement that brings nothing", func(c *goldenCase) { c.pack.Confidential = nil })
	refuse("attach-other-case", "A supplement that names another case than the order", func(c *goldenCase) {
		s := *c.pack.Supplement
		s.Case, c.pack.Supplement = "2603DV002", &s
	})
	refuse("attach-other-person", "CLETS-001 of another person than the order restrains", func(c *goldenCase) {
		s := *c.pack.Supplement
		s.Restrained, c.pack.Supplement = &order.Name{Given: "Linden", Surname: "Magma"}, &s
	})
	about.attach("image", true, nil)
	refuse("document-repeated", "Two documents of one identification", func(c *goldenCase) {
		c.spoil = func(xml string) string {
			i, j := strings.Index(xml, "\n  <Document>"), strings.Index(xml, "\n</OrderPackage>")
			return xml[:j] + xml[i:j] + xml[j:]
		}
	})
	return all
}

// Every rule that refuses has a golden case that it refuses.
func TestEveryRefusalHasItsCase(t *testing.T) {
	t.Parallel()
	shown := map[rules.ID]bool{}
	files, err := filepath.Glob(casesDir + "/refused-*/findings.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		var found []rules.Finding
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &found); err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			shown[f.Rule] = true
		}
	}
	cal, err := calendar.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules.New(table(t), cal).Rules() {
		if r.Severity == rules.Error && !shown[r.ID] {
			t.Errorf("no case is refused by %s", r.ID)
		}
	}
}

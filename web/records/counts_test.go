package records

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"ccpor/conflict"
	"ccpor/mapping/order"
	"ccpor/store"
)

// between makes an order one between the same two people, made on a day of November, with a distance.
func between(id string, day, yards int, class order.Access) func(*order.Order, *store.Accepted) {
	return func(o *order.Order, _ *store.Accepted) {
		hers := order.MakeDate(1985, 1, 2)
		o.ID, o.Access, o.Issued = order.LocalID(id), class, order.MakeDate(2026, time.November, day)
		o.Restrained.Name = order.Name{Given: "Sam", Surname: "Slate"}
		o.Protected = []order.Protected{{Name: order.Name{Given: "Pat", Surname: "Quartz"}, Person: order.Person{Born: &hers}}}
		o.Terms.StayAway = []order.StayAway{{Yards: yards, Places: []order.Place{{Kind: order.PlaceResidence, Text: "Place" + id}}}}
	}
}

// The page says which order counts, term by term, with the reason and its citation, in both languages; the order's page leads to it.
func TestWhichOrderCounts(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	w.bring(orange, order.AccessNormal, between("far", 10, 300, order.AccessNormal))
	w.bring(alpine, order.AccessNormal, between("near", 12, 100, order.AccessNormal))
	w.who = officer()
	w.reads(at(orange, "far"), "Other orders between these people", "Another order comes before this one.", at(alpine, "near"), at(orange, "far")+"/counts")
	w.reads(at(alpine, "near"), "This order comes before the others.")
	body := w.reads(at(orange, "far")+"/counts", "Sam Slate – Pat Quartz", "Fam. Code 6383(h)", "conflicts: what counts decides", "What counts", "(this order)")
	if strings.Index(body, ">near</a>") > strings.Index(body, ">far</a> (this order)") {
		t.Error("the order that counts does not stand first")
	}
	w.reads(at(orange, "far")+"/counts?lang=es", "Lo que cuenta", "en conflicto: decide lo que cuenta", `lang="es"`)
	w.bring(alpine, order.AccessNormal, between("other", 12, 100, order.AccessNormal), func(o *order.Order, _ *store.Accepted) { o.Restrained.Name.Surname = "Shale" })
	if body := w.reads(at(alpine, "other")+"/counts", "no other order between these people"); strings.Contains(body, "near") {
		t.Error("an order about somebody else")
	}
}

// What is kept from the visitor is not named here either, and that something may be kept is said; whereabouts stay withheld.
func TestCountsKeepsWhatIsKept(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	w.bring(orange, order.AccessNormal, between("open", 10, 300, order.AccessNormal))
	w.bring(orange, order.AccessNormal, between("sealed", 12, 100, order.AccessSealed))
	w.bring(alpine, order.AccessNormal, between("mine", 11, 200, order.AccessNormal))
	w.who = judge(alpine)
	for _, path := range []string{at(orange, "open"), at(orange, "open") + "/counts", at(alpine, "mine") + "/counts"} {
		if body := w.reads(path, "mine"); strings.Contains(body, "sealed</a>") || strings.Contains(body, "Placesealed") || strings.Contains(body, "Placeopen") {
			t.Errorf("%s tells of what is kept back", path)
		}
	}
	w.reads(at(orange, "open")+"/counts", "One that is kept from you is not among them", "Placemine")
	if a := w.visit(at(orange, "sealed")+"/counts", nil); a.Code != http.StatusNotFound {
		t.Errorf("%d", a.Code)
	}
	w.who = officer()
	w.reads(at(orange, "open")+"/counts", "sealed</a>")
	w.who = person("helpDesk", desk, "helpDesk")
	if a := w.visit(at(orange, "open")+"/counts", nil); a.Code != http.StatusNotFound {
		t.Errorf("the outline's reader: %d", a.Code)
	}
}

// A court lists what it was told of, and no other does.
func TestConflictsOfACourt(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	w.bring(orange, order.AccessNormal, between("far", 10, 300, order.AccessNormal))
	w.bring(alpine, order.AccessNormal, between("near", 12, 100, order.AccessNormal))
	w.who = judge(alpine)
	w.reads("/conflicts", "None was found")
	(&conflict.Finder{Store: w.store, Law: w.pages.Law, Now: noon, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}).Look(t.Context())
	body := w.reads("/conflicts", at(alpine, "near")+"/counts", at(orange, "far")+"/counts", "Stay away")
	if strings.Contains(body, "Slate") || strings.Contains(body, "Quartz") {
		t.Error("the list names people")
	}
	w.who = officer()
	if a := w.visit("/conflicts", nil); a.Code != http.StatusForbidden {
		t.Errorf("an officer: %d", a.Code)
	}
}

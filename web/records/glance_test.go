package records

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"testing"
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

// amend sends a second version of an order some minutes after noon.
func (w *registry) amend(id order.LocalID, minutes int, change func(*order.Order)) {
	w.Helper()
	f, err := w.store.FindOrder(w.Context(), orange, id, false)
	w.must(err)
	from, err := w.store.AgencyByORI(w.Context(), orange)
	w.must(err)
	o := f.Order
	change(&o)
	wire := []byte("amended wire of " + o.ID)
	_, err = w.store.Accept(w.Context(), store.Accepted{Agency: from, Action: store.ActionModify, Package: "amend-" + o.ID, Canonical: sha256.Sum256(wire), Order: &o,
		Modification: &order.Modification{Reason: order.ModifyAmend, Date: order.MakeDate(2026, 11, 25)}, Deadline: store.Deadline{Due: noon().Add(36 * time.Hour), Rule: "FC 6380(a)"},
		Received: store.Received{At: noon().Add(time.Duration(minutes) * time.Minute), Peer: "192.0.2.7", Wire: wire, Digest: sha256.Sum256(wire), ContentType: "text/xml", Correlation: "amend"}})
	w.must(err)
}

func (w *registry) reads(path string, wanted ...string) string {
	w.Helper()
	a := w.visit(path, nil)
	body := a.Body.String()
	for _, text := range wanted {
		if a.Code != http.StatusOK || !strings.Contains(body, text) {
			w.Errorf("%s: %d, without %q", path, a.Code, text)
		}
	}
	return body
}

// At a glance: what to do, in both languages, and what to read aloud where nobody has served it.
func TestAtAGlance(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	w.must(w.addContact())
	w.who = judge(orange)
	english := w.reads(at(orange, id), `lang="en"`, "In force, and not served yet.", "Must stay at least 100 yards away from: their home (Place"+string(id)+").", "You must stay at least 100 yards away from: their home.", "Watch commander", `href="?lang=es"`)
	if strings.Contains(english, "Vigente") {
		t.Error("both languages at once")
	}
	w.reads(at(orange, id)+"?lang=es", `lang="es"`, "Vigente, y aún no notificada.", "No debe lastimar", `href="?lang=en"`, "Confirmar con")
	w.reads(at(orange, id)+"?lang=xx", `lang="en"`)
	w.who = judge(alpine)
	if body := w.reads(at(orange, id), "Must stay at least 100 yards away from: their home."); strings.Contains(body, "Place"+string(id)) {
		t.Error("a judge of another county reads the whereabouts")
	}
}

func (w *registry) addContact() error {
	_, err := w.store.AddContact(w.Context(), store.Contact{Agency: orange, Kind: store.ContactConfirmation, Name: "Watch commander", Telephone: "714-555-0100"}, store.By{Actor: "person boss, command line"}, noon())
	return err
}

// What changed is said version by version, and withheld where the order withholds it.
func TestChangesOfAVersion(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	w.amend(id, 10, func(o *order.Order) {
		o.Terms.NoHarm, o.Terms.NoContact = false, true
		o.Terms.StayAway = []order.StayAway{{Yards: 300, Places: []order.Place{{Kind: order.PlaceResidence, Text: "Elsewhere" + string(id)}}}}
	})
	w.now = noon().Add(time.Hour)
	w.who = judge(orange)
	w.reads(at(orange, id), "What version 2 changed", "<td data-label=\"Before\">yes</td><td data-label=\"Since then\">–</td>", "100 yards: residence Place"+string(id), "300 yards: residence Elsewhere"+string(id))
	w.who = judge(alpine)
	if body := w.reads(at(orange, id), "What version 2 changed", "300 yards: residence"); strings.Contains(body, "Place"+string(id)) || strings.Contains(body, "Elsewhere") {
		t.Error("changes tell the whereabouts")
	}
}

// As it stood: what the registry showed at a past moment, and nothing of what came later.
func TestAsItStood(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal) // an hour before noon
	w.amend(id, 10, func(o *order.Order) { o.Judge = "Second Judge" })
	w.now = noon().Add(time.Hour)
	w.who = judge(orange)
	moment := func(minutes int) string {
		return "?at=" + noon().Add(time.Duration(minutes)*time.Minute).Format("2006-01-02T15:04")
	}
	body := w.reads(at(orange, id)+moment(9), "As of", "I. Nvented", "As it is now")
	if strings.Contains(body, "Second Judge") || strings.Contains(body, "With CARPOS") || strings.Contains(body, "Employer") {
		t.Error("what came later shows")
	}
	w.reads(at(orange, id)+moment(10), "As of", "Second Judge", "What version 2 changed")
	if e := w.trail(store.OrderObject(orange, id)); !strings.Contains(e[0].Details, "as of 2026-11-") || !strings.Contains(e[0].Details, "version 2") {
		t.Errorf("on record: %v", e[0])
	}
	for path, code := range map[string]int{moment(-61): http.StatusNotFound, moment(61): http.StatusBadRequest, "?at=yesterday": http.StatusBadRequest, "?at=2026-11-25": http.StatusBadRequest} {
		if a := w.visit(at(orange, id)+path, nil); a.Code != code || strings.Contains(a.Body.String(), "Surname") {
			t.Errorf("%s: %d, not %d", path, a.Code, code)
		}
	}
	// An order that is sealed now is not read as it was before; nor the other way round.
	w.amend(w.bring(orange, order.AccessJuvenile), 20, func(o *order.Order) { o.Access = order.AccessSealed })
	w.who = judge(alpine)
	if a := w.visit(at(orange, "o-030-juvenile")+moment(9), nil); a.Code != http.StatusNotFound {
		t.Errorf("a sealed order is read as it was: %d", a.Code)
	}
	sealed := w.bring(orange, order.AccessSealed)
	w.amend(sealed, 20, func(o *order.Order) { o.Access = order.AccessNormal })
	w.reads(at(orange, sealed), "Surname")
	if a := w.visit(at(orange, sealed)+moment(9), nil); a.Code != http.StatusNotFound || strings.Contains(a.Body.String(), "Surname") {
		t.Errorf("an order that was sealed then is read: %d", a.Code)
	}
}

// The timeline has packages and looks, and is for who sees the order whole.
func TestTimeline(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	w.amend(id, 10, func(o *order.Order) { o.Judge = "Second Judge" })
	w.now = noon().Add(time.Hour)
	w.who = judge(orange)
	w.reads(at(orange, id), "/timeline")
	body := w.reads(at(orange, id)+"/timeline", "Received: version 1, images", "Received: version 2", "ERR is ready", "looked at it: shown", "package pk-"+string(id))
	if strings.Index(body, "version 2") > strings.Index(body, "version 1,") {
		t.Error("the newest does not come first")
	}
	if strings.Contains(body, "Surname") {
		t.Error("a timeline needs no name")
	}
	w.who = judge(alpine)
	if body := w.reads(at(orange, id)+"/timeline", "Received: version 2"); strings.Contains(body, "looked at it: ") {
		t.Error("another court is told who looked")
	}
	w.who = person("helpDesk", desk, "helpDesk")
	if a := w.visit(at(orange, id)+"/timeline", nil); a.Code != http.StatusNotFound {
		t.Errorf("the outline's reader: %d", a.Code)
	}
	if a := w.visit(at(orange, "no-such")+"/timeline", nil); a.Code != http.StatusNotFound {
		t.Errorf("nothing: %d", a.Code)
	}
}

package records

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// confirmer is a visitor who is somebody in the database, as whoever writes something down has to be.
func (w *registry) confirmer(v site.Visitor) site.Visitor {
	w.Helper()
	p, err := w.store.InvitePerson(w.Context(), store.NewPerson{Agency: v.Asker.Agency, Login: v.Login, Name: "Invented Visitor", Roles: v.Roles}, store.By{Actor: "a test"}, w.now)
	w.must(err)
	v.ID = p.ID
	return v
}

// hitRequest is a form as the page has it, filled in.
func hitRequest() url.Values {
	return url.Values{"priority": {"urgent"}, "askedAt": {"2026-11-24T19:59"}, "way": {"teletype"}, "asker": {"Reno Police Department"}, "ori": {"nv0160100"}, "function": {"Dispatch"}, "callBack": {"775-555-0100"}}
}

// ask writes a request down, and gives the address of its page.
func (w *registry) ask(court order.ORI, id order.LocalID) string {
	w.Helper()
	a := w.visit(at(court, id)+"/hit", hitRequest())
	if a.Code != http.StatusSeeOther {
		w.Fatalf("%d %s", a.Code, a.Body)
	}
	return a.Header().Get("Location")
}

// From a number to the page in two forms; the page holds what is confirmed, and the answer stands on it.
func TestHitInTwoSteps(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	_, err := w.store.AddContact(t.Context(), store.Contact{Agency: sheriff, Kind: store.ContactConfirmation, Name: "Communications, all hours", Telephone: "530-555-0142"}, store.By{Actor: "a test"}, noon())
	w.must(err)
	w.who = w.confirmer(officer())
	if body := w.visit(at(orange, id), nil).Body.String(); !strings.Contains(body, `href="`+at(orange, id)+`/hit"`) {
		t.Error("the order's page does not lead to it")
	}
	found := w.visit("/hits", url.Values{"what": {"case" + string(id)}})
	if found.Code != http.StatusSeeOther || found.Header().Get("Location") != at(orange, id)+"/hit" {
		t.Fatalf("%d %s", found.Code, found.Header().Get("Location"))
	}
	if e := w.trail("orders")[0]; e.Action != "page.search" || e.Purpose != "hit confirmation" || e.Details != "by number" {
		t.Errorf("%v", e)
	}
	if body := w.visit(found.Header().Get("Location"), nil).Body.String(); !strings.Contains(body, `value="2026-11-24T20:00"`) || !strings.Contains(body, "Surname"+string(id)) {
		t.Errorf("%s", body)
	}
	page := w.ask(orange, id)
	shown := w.visit(page, nil)
	body := shown.Body.String()
	for _, want := range []string{"Surname" + string(id), "case" + string(id), "Kept" + string(id), "Place" + string(id), "530-555-0142", "Agency CA0020000", "(CA0020000)", "Reno Police Department", "(NV0160100)", "775-555-0100", "9 minutes left",
		"Answer due by 24 Nov 2026 20:09:00", "NCIC Operating Manual", "In force, and not served yet.", "not the official record", "Signature", "not confirmed"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(body, "000112222") || strings.Contains(body, "Employer") {
		t.Error("CLETS-001 is on the page")
	}
	if got := shown.Header().Get("Refresh"); got != "30; url="+page+"?again=1" {
		t.Errorf("refresh %q", got)
	}
	w.now = w.now.Add(time.Minute)
	if a := w.visit(page, url.Values{"answer": {"confirmed"}, "version": {"1"}, "cancelled": {"false"}}); a.Code != http.StatusSeeOther || a.Header().Get("Location") != page {
		t.Fatalf("%d %s", a.Code, a.Body)
	}
	shown = w.visit(page, nil)
	if body = shown.Body.String(); !strings.Contains(body, "Confirmed: the order is valid") || !strings.Contains(body, "lawenforcement@ca0020000.example") || shown.Header().Get("Refresh") != "" || strings.Contains(body, `value="confirmed"`) {
		t.Errorf("%s", body)
	}
	if a := w.visit(page, url.Values{"answer": {"notConfirmed"}, "reason": {"no, it is not"}, "version": {"1"}, "cancelled": {"false"}}); a.Code != http.StatusConflict {
		t.Errorf("answered twice: %d", a.Code)
	}
	var acts []string
	for _, e := range w.trail(store.OrderObject(orange, id)) {
		if strings.HasPrefix(e.Action, "hit.") {
			acts = append(acts, e.Action+" "+e.Purpose)
		} else if e.Action == "page.read" && e.Purpose == "" && e.Details != "version 1, whole, with CLETS-001" {
			t.Errorf("a look without its purpose: %v", e)
		}
	}
	if got := strings.Join(acts, ", "); got != "hit.confirm hit confirmation, hit.ask hit confirmation" {
		t.Errorf("on record: %s", got)
	}
}

// The list has the most urgent first, says what is overdue, and every page says that somebody waits; another agency has none of it.
func TestHitsOfTheAgency(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	first, second := w.bring(alpine, order.AccessNormal), w.bring(alpine, order.AccessSealed)
	w.who = w.confirmer(clerk(alpine))
	routine := hitRequest()
	routine.Set("priority", "routine")
	w.visit(at(alpine, first)+"/hit", routine)
	page := w.ask(alpine, second)
	w.now = noon().Add(10 * time.Minute)
	body := w.visit("/hits", nil).Body.String()
	urgent, later := strings.Index(body, "Surname"+string(second)), strings.Index(body, "Surname"+string(first))
	if urgent < 0 || later < urgent || !strings.Contains(body, "Overdue: 1 minute over") || !strings.Contains(body, "49 minutes left") || !strings.Contains(body, "2 requests wait to confirm a hit: the first answer is due at 20:09 (1 minute over)") {
		t.Errorf("%s", body)
	}
	if watched := w.visit("/hits?watch", nil); watched.Header().Get("Refresh") == "" || strings.Contains(watched.Body.String(), `name="what"`) || w.visit("/hits", nil).Header().Get("Refresh") != "" {
		t.Error("the list that loads itself anew has the box in it, or the other one loads itself")
	}
	w.visit(page, url.Values{"answer": {"notConfirmed"}, "reason": {"The court cancelled it"}, "version": {"1"}, "cancelled": {"false"}})
	if body = w.visit("/hits", nil).Body.String(); !strings.Contains(body, "Not confirmed: The court cancelled it") || !strings.Contains(body, "1 request waits") {
		t.Errorf("%s", body)
	}
	// Who may not see sealed orders any more is not told which one it was.
	w.who.Sealed = false
	if body = w.visit("/hits", nil).Body.String(); strings.Contains(body, string(second)) || !strings.Contains(body, "an order that is not for you") || w.visit(page, nil).Code != http.StatusNotFound {
		t.Errorf("%s", body)
	}
	w.who.Sealed = true
	w.who = w.confirmer(officer())
	if body = w.visit("/hits", nil).Body.String(); !strings.Contains(body, "Nobody waits.") || strings.Contains(body, "requests wait") || strings.Contains(body, "Surname") {
		t.Errorf("another agency: %s", body)
	}
	none := w.visit("/hit/9999", nil)
	for _, a := range []string{page, page + "/answer"} {
		if got := w.visit(a, nil); got.Code != http.StatusNotFound || a == page && got.Body.String() != none.Body.String() {
			t.Errorf("%s of another agency: %d", a, got.Code)
		}
	}
	if a := w.visit(page, url.Values{"answer": {"confirmed"}, "version": {"1"}, "cancelled": {"false"}}); a.Code != http.StatusNotFound {
		t.Errorf("another agency answers: %d", a.Code)
	}
}

// What does not stand is not confirmed; what changed since the page was made is not answered; what was answered is shown as it was then.
func TestHitOfAnOrderThatChanges(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(alpine, order.AccessNormal)
	w.who = w.confirmer(clerk(alpine))
	confirmed, open := w.ask(alpine, id), w.ask(alpine, id)
	yes := url.Values{"answer": {"confirmed"}, "version": {"1"}, "cancelled": {"false"}}
	w.now = noon().Add(time.Minute)
	if a := w.visit(confirmed, yes); a.Code != http.StatusSeeOther {
		t.Fatal(a.Code)
	}
	w.cancel(alpine, id, noon().Add(2*time.Minute))
	w.now = noon().Add(3 * time.Minute)
	if a := w.visit(open, yes); a.Code != http.StatusConflict {
		t.Errorf("a cancelled order is confirmed: %d", a.Code)
	}
	body := w.visit(open, nil).Body.String()
	if !strings.Contains(body, "Do not confirm it.") || strings.Contains(body, `value="confirmed"`) || !strings.Contains(body, `name="cancelled" value="true"`) {
		t.Errorf("%s", body)
	}
	if a := w.visit(open, url.Values{"answer": {"notConfirmed"}, "reason": {"cancelled"}, "version": {"1"}, "cancelled": {"false"}}); a.Code != http.StatusConflict || !strings.Contains(a.Body.String(), "The order has changed") {
		t.Errorf("answered what was not seen: %d", a.Code)
	}
	if body = w.visit(confirmed, nil).Body.String(); strings.Contains(body, "Do not confirm it.") || !strings.Contains(body, "In force") {
		t.Errorf("what was confirmed is not shown as it was: %s", body)
	}
	later := url.Values{"answer": {"moreTime"}, "reason": {"x"}, "until": {"2026-11-24T20:30"}, "version": {"1"}, "cancelled": {"true"}}
	if a := w.visit(open, later); a.Code != again || !strings.Contains(a.Body.String(), "3 to 300 characters on one line") || !strings.Contains(a.Body.String(), `value="2026-11-24T20:30"`) {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	later.Set("reason", "The file is in the archive")
	later.Set("until", "2026-11-24T20:03")
	if a := w.visit(open, later); a.Code != again || !strings.Contains(a.Body.String(), "It is later than now") {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	later.Set("until", "2026-11-24T20:30")
	if a := w.visit(open, later); a.Code != http.StatusSeeOther || !strings.Contains(w.visit(open, nil).Body.String(), "27 minutes left") || !strings.Contains(w.visit(open, nil).Body.String(), "more time was told: The file is in the archive") {
		t.Errorf("%d", a.Code)
	}
	for _, bad := range []url.Values{{}, {"answer": {"perhaps"}, "version": {"1"}}, {"answer": {"confirmed"}, "version": {"x"}}} {
		if a := w.visit(open, bad); a.Code != http.StatusBadRequest {
			t.Errorf("%v: %d", bad, a.Code)
		}
	}
}

// cancel is the court's notice that an order stands no longer.
func (w *registry) cancel(court order.ORI, id order.LocalID, at time.Time) {
	w.Helper()
	from, err := w.store.AgencyByORI(w.Context(), court)
	w.must(err)
	c := store.Accepted{Agency: from, Action: store.ActionCancel, Package: "cancel-" + id, Cancellation: &order.Cancellation{Reference: order.Reference{OrderID: id, Court: court, Case: order.CaseNumber("case" + id)}, Reason: order.CancelTerminated, Date: order.MakeDate(2026, 11, 24)}}
	c.Received = store.Received{At: at, Peer: "192.0.2.7", Wire: []byte("cancel"), Digest: [32]byte{1}, ContentType: "text/xml", Correlation: "c"}
	c.Canonical = [32]byte{2}
	_, err = w.store.Accept(w.Context(), c)
	w.must(err)
}

// What the visitor does not see whole by the table is not confirmed, and whereabouts are left out for whom they are withheld.
func TestHitsKeepToTheSights(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	sealed, normal := w.bring(orange, order.AccessSealed), w.bring(orange, order.AccessNormal)
	w.who = w.confirmer(clerk(alpine))
	for _, form := range []url.Values{nil, hitRequest()} {
		none := w.visit(at(orange, "no-such")+"/hit", form)
		if a := w.visit(at(orange, sealed)+"/hit", form); a.Code != http.StatusNotFound || a.Body.String() != none.Body.String() {
			t.Errorf("a sealed order: %d", a.Code)
		}
	}
	if a := w.visit("/hits", url.Values{"what": {"case" + string(sealed)}}); a.Code != 200 || strings.Contains(a.Body.String(), string(sealed)+"/hit") || !strings.Contains(a.Body.String(), "No order that you may confirm fits") {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	w.visit("/order/glass", glass(orange, "id", string(sealed)))
	if a := w.visit(at(orange, sealed)+"/hit", nil); a.Code != http.StatusConflict {
		t.Errorf("an order that is open by breaking the glass: %d", a.Code)
	}
	body := w.visit(w.ask(orange, normal), nil).Body.String()
	if strings.Contains(body, "Place"+string(normal)) || !strings.Contains(body, "is left out") || !strings.Contains(body, "Court "+string(orange)) {
		t.Errorf("%s", body)
	}
	w.who = person(access.KindCourt, orange, access.JudicialOfficer)
	for _, path := range []string{"/hits", at(orange, normal) + "/hit", "/hit/1"} {
		if a := w.visit(path, nil); a.Code != http.StatusForbidden {
			t.Errorf("%s for a judge: %d", path, a.Code)
		}
	}
}

// The box takes a name, whole or its beginning, in either order; several that fit are listed, and what is wrong with a form is said at the field.
func TestHitBox(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	for i, given := range []string{"Ada", "Bea"} {
		w.bring(alpine, order.AccessNormal, func(o *order.Order, _ *store.Accepted) {
			o.ID, o.Case = order.LocalID(fmt.Sprintf("box-%d", i)), order.CaseNumber(fmt.Sprintf("BOX%d", i))
			o.Restrained.Name = order.Name{Given: given, Surname: "Quarry"}
		})
	}
	w.who = w.confirmer(officer())
	for what, want := range map[string]string{"Quarry, Ada": "box-0", "bea quarry": "box-1", "quarry": "both", "BOX1": "box-1", "nobody": "none", "": "again", strings.Repeat("x", 301): "again", "xxxxx ada": "none", "quarry eda": "list"} {
		a := w.visit("/hits", url.Values{"what": {what}})
		got := "none"
		switch body := a.Body.String(); {
		case a.Code == http.StatusSeeOther:
			got = strings.TrimSuffix(strings.TrimPrefix(a.Header().Get("Location"), "/order/"+string(alpine)+"/"), "/hit")
		case a.Code == again:
			got = "again"
		case strings.Contains(body, "box-0/hit") && strings.Contains(body, "box-1/hit"):
			got = "both"
		case strings.Contains(body, "box-0/hit") && strings.Contains(body, "Is it this one?"): // the name is only near: the person judges
			got = "list"
		}
		if got != want {
			t.Errorf("%.20q: %s, want %s", what, got, want)
		}
	}
	for _, e := range w.trail("orders") {
		if strings.Contains(strings.ToLower(fmt.Sprint(e)), "quarry") {
			t.Errorf("a name is on record: %v", e)
		}
	}
	for field, wrong := range map[string]string{"priority": "soon", "askedAt": "yesterday", "way": "pigeon", "asker": "", "ori": "12", "function": " ", "callBack": ""} {
		form := hitRequest()
		form.Set(field, wrong)
		if a := w.visit(at(alpine, "box-0")+"/hit", form); a.Code != again || !strings.Contains(a.Body.String(), `id="`+field+`-problem"`) {
			t.Errorf("%s: %d", field, a.Code)
		}
	}
	hostile := hitRequest()
	hostile.Set("asker", `"><script>alert(1)</script>`)
	if body := w.visit(w.visit(at(alpine, "box-0")+"/hit", hostile).Header().Get("Location"), nil).Body.String(); strings.Contains(body, "<script>alert") || !strings.Contains(body, "&lt;script&gt;") {
		t.Error("what was typed is more than text")
	}
}

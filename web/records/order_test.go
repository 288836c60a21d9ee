package records

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
)

// Who looked is told to whom the order belongs, with names; to others how many.
func TestWhoLooked(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	w.who = judge(alpine)
	w.visit(at(orange, id), nil)
	w.who = officer()
	first := w.visit(at(orange, id), nil).Body.String()
	if !strings.Contains(first, "1 look of 1 person before you") || strings.Contains(first, "judicialofficer@") || strings.Contains(first, "/audit") {
		t.Errorf("a stranger is told who looked: %s", first)
	}
	w.who = clerk(orange)
	body := w.visit(at(orange, id), nil).Body.String()
	for _, want := range []string{"judicialofficer@ca002013j.example, CA002013J", "lawenforcement@ca0020000.example, CA0020000", "looked at it: shown"} {
		if !strings.Contains(body, want) {
			t.Errorf("the court is not told of %s", want)
		}
	}
	if strings.Contains(body, "/audit?court") {
		t.Error("a link leads where the visitor may not go")
	}
	w.who = person(access.KindCourt, orange, access.CourtClerk, access.Auditor)
	if body = w.visit(at(orange, id), nil).Body.String(); !strings.Contains(body, "/audit?court=CA030013J&amp;id="+string(id)) || strings.Count(body, "looked at it: ") != 3 {
		t.Error("an auditor of the court is not led to the log")
	}
	// The help desk of the court sees the outline: a count, too.
	w.who = person(access.KindCourt, orange, access.HelpDesk)
	if body = w.visit(at(orange, id), nil).Body.String(); !strings.Contains(body, "4 looks of 3 people before you") {
		t.Errorf("the help desk: %s", body)
	}
	if e := w.trail(store.OrderObject(orange, id))[0]; e.Action != "page.read" || e.Outcome != "shown" || e.Details != "version 1, outline" {
		t.Errorf("%v", e)
	}
}

// An order that follows another is named with it to those only who may see both.
func TestFollowing(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	before := w.bring(orange, order.AccessNormal)
	after := w.bring(orange, order.AccessSealed, func(o *order.Order, _ *store.Accepted) { o.Follows = before })
	w.who = clerk(orange)
	if body := w.visit(at(orange, after), nil).Body.String(); !strings.Contains(body, ">Follows<") || !strings.Contains(body, `"`+at(orange, before)+`"`) {
		t.Error("what it follows is not named")
	}
	if body := w.visit(at(orange, before), nil).Body.String(); !strings.Contains(body, "Followed by") || !strings.Contains(body, `"`+at(orange, after)+`"`) {
		t.Error("what follows it is not named")
	}
	w.who = clerk(alpine)
	if body := w.visit(at(orange, before), nil).Body.String(); !strings.Contains(body, "Surname") || strings.Contains(body, string(after)) || strings.Contains(body, "Followed by") {
		t.Error("a sealed order is named to who may not see it")
	}
}

// What made an order leads to its submission for whom submissions of that agency are.
func TestSubmissionsOfAnOrder(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	w.who = clerk(orange)
	if body := w.visit(at(orange, id), nil).Body.String(); !strings.Contains(body, `href="/submission/`) || !strings.Contains(body, "version 1, images") {
		t.Error("the court is not led to its submission")
	}
	w.who = judge(alpine)
	if body := w.visit(at(orange, id), nil).Body.String(); strings.Contains(body, `/submission/`) || !strings.Contains(body, "version 1, images") {
		t.Error("another court is led to the submission")
	}
}

func glass(court order.ORI, field, value string) url.Values {
	return url.Values{"court": {string(court)}, field: {value}, "reason": {"A hearing this afternoon."}}
}

// What the sights forbid is open for an hour to who broke the glass, and to nobody else; whereabouts, images and CLETS-001 stay withheld.
func TestBreakingTheGlass(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessSealed)
	other := w.bring(orange, order.AccessJuvenile)
	w.who = clerk(alpine)
	seen := func() string {
		t.Helper()
		a := w.visit(at(orange, id), nil)
		return fmt.Sprint(a.Code, strings.Contains(a.Body.String(), "Surname"+string(id)))
	}
	if s := seen(); s != "404 false" {
		t.Fatal(s)
	}
	there, nothing := w.visit("/order/glass", glass(orange, "id", string(id))), w.visit("/order/glass", glass(orange, "id", "no-such"))
	if there.Code != http.StatusSeeOther || strings.ReplaceAll(there.Header().Get("Location"), string(id), "no-such") != nothing.Header().Get("Location") {
		t.Errorf("%d %s, %d %s", there.Code, there.Header().Get("Location"), nothing.Code, nothing.Header().Get("Location"))
	}
	if body := w.visit(there.Header().Get("Location"), nil).Body.String(); !strings.Contains(body, "If there is such an order") || !strings.Contains(body, `"`+at(orange, id)+`"`) {
		t.Errorf("%s", body)
	}
	page := w.visit(at(orange, id), nil)
	body := page.Body.String()
	if page.Code != 200 || !strings.Contains(body, "Surname"+string(id)) || !strings.Contains(body, "You have broken the glass") || !strings.Contains(body, "withheld") {
		t.Errorf("%d %s", page.Code, body)
	}
	if strings.Contains(body, "Place"+string(id)) || strings.Contains(body, "/image/") || strings.Contains(body, "Employer") {
		t.Error("what stays withheld is shown")
	}
	if a := w.visit(at(orange, id)+"/image/"+digest(), nil); a.Code != http.StatusNotFound {
		t.Errorf("the image: %d", a.Code)
	}
	if a := w.visit(at(orange, other), nil); a.Code != http.StatusNotFound {
		t.Errorf("another order: %d", a.Code)
	}
	if e := w.trail(store.OrderObject(orange, id)); e[1].Details != "version 1, opened by breaking the glass" {
		t.Errorf("%v", e)
	}
	w.who.ID++
	if s := seen(); s != "404 false" {
		t.Error("somebody else sees it")
	}
	w.who.ID--
	w.who.Roles = []access.Role{access.HelpDesk}
	if s := seen(); s != "404 false" {
		t.Error("who has lost the role sees it")
	}
	w.who.Roles = []access.Role{access.CourtClerk}
	w.now = noon().Add(time.Hour)
	if s := seen(); s != "404 false" {
		t.Error("it is open after an hour")
	}
}

// Also in one's own county, where the tables show no sealed orders to who is not let.
func TestGlassShowsNoWhereaboutsInTheOwnCounty(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(alpine, order.AccessSealed)
	w.who = judge(alpine)
	w.who.Sealed = false
	w.visit("/order/glass", glass(alpine, "id", string(id)))
	if body := w.visit(at(alpine, id), nil).Body.String(); !strings.Contains(body, "Surname"+string(id)) || strings.Contains(body, "Place"+string(id)) {
		t.Error("whereabouts")
	}
}

// A case number opens what the court has under it; one finds it by a search then.
func TestGlassByCaseNumber(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessSealed)
	w.who = judge(alpine)
	a := w.visit("/order/glass", glass(orange, "case", "case"+string(id)))
	to := w.visit(a.Header().Get("Location"), nil).Body.String()
	if !strings.Contains(to, "/orders?case=case"+string(id)+"&amp;court=CA030013J") {
		t.Errorf("%s", to)
	}
	if body := w.visit("/orders?court=CA030013J&case=case"+string(id), nil).Body.String(); !strings.Contains(body, at(orange, id)) {
		t.Error("it is not found")
	}
	w.who.ID++
	w.visit("/order/glass", glass(alpine, "case", "case"+string(id)))
	if body := w.visit(at(orange, id), nil); body.Code != 404 {
		t.Error("the case number of another court opens it")
	}
	if e := w.trail("orders of CA002013J"); len(e) != 1 || e[0].Outcome != "nothing there" {
		t.Errorf("%v", e)
	}
}

func TestGlassRefuses(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := string(w.bring(orange, order.AccessSealed))
	w.who = judge(alpine)
	for name, form := range map[string]url.Values{
		"no reason":       {"court": {string(orange)}, "id": {id}},
		"a short reason":  {"court": {string(orange)}, "id": {id}, "reason": {"because"}},
		"a long reason":   {"court": {string(orange)}, "id": {id}, "reason": {strings.Repeat("x", 301)}},
		"no court":        {"id": {id}, "reason": {"A hearing this afternoon."}},
		"no ORI":          {"court": {"Orange"}, "id": {id}, "reason": {"A hearing this afternoon."}},
		"no order":        {"court": {string(orange)}, "reason": {"A hearing this afternoon."}},
		"two orders":      {"court": {string(orange)}, "id": {id}, "case": {"x"}, "reason": {"A hearing this afternoon."}},
		"no case number":  {"court": {string(orange)}, "case": {"é"}, "reason": {"A hearing this afternoon."}},
		"no local number": {"court": {string(orange)}, "id": {"%"}, "reason": {"A hearing this afternoon."}},
	} {
		if a := w.visit("/order/glass", form); a.Code != 422 || w.visit(at(orange, order.LocalID(id)), nil).Code != 404 {
			t.Errorf("%s: %d", name, a.Code)
		}
	}
	for i := range store.GlassADay {
		if a := w.visit("/order/glass", glass(orange, "id", fmt.Sprint("no-such-", i))); a.Code != http.StatusSeeOther {
			t.Fatalf("%d: %d", i, a.Code)
		}
	}
	if a := w.visit("/order/glass", glass(orange, "id", id)); a.Code != http.StatusTooManyRequests || w.visit(at(orange, order.LocalID(id)), nil).Code != 404 {
		t.Errorf("the eleventh: %d", a.Code)
	}
	for _, who := range []access.Role{access.HelpDesk, access.Auditor, access.AgencyAdministrator, access.IntegrationEngineer} {
		w.who = person(access.KindCourt, alpine, who)
		if a := w.visit("/order/glass", glass(orange, "id", id)); a.Code != http.StatusForbidden {
			t.Errorf("%s: %d", who, a.Code)
		}
	}
	w.who = officer()
	if a := w.visit("/order/glass", glass(orange, "id", id)); a.Code != http.StatusForbidden {
		t.Errorf("an officer: %d", a.Code)
	}
}

// The administrators of the person's agency are told on every page until one of them has read of it; others are not.
func TestAdministratorsAreTold(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessSealed)
	w.who = judge(alpine)
	w.visit("/order/glass", glass(orange, "id", string(id)))
	const notice = "The glass was broken by people of your agency, 1 time"
	if strings.Contains(w.visit("/orders", nil).Body.String(), notice) {
		t.Error("a judge is told")
	}
	for _, of := range []order.ORI{orange, alpine} {
		w.who = person(access.KindCourt, of, access.AgencyAdministrator)
		w.who.ID = 12
		list := w.visit("/glass", nil).Body.String()
		if own := of == alpine; strings.Contains(w.visit("/audit", nil).Body.String(), notice) != own || strings.Contains(list, "A hearing this afternoon.") != own || strings.Contains(list, "I have read about") != own {
			t.Errorf("%s: %s", of, list)
		}
	}
	w.visit("/glass", url.Values{"upTo": {"1"}})
	list := w.visit("/glass", nil).Body.String()
	if strings.Contains(list, notice) || strings.Contains(list, "I have read about") || !strings.Contains(list, "agencyadministrator@ca002013j.example, CA002013J") {
		t.Errorf("%s", list)
	}
	if e := w.trail("openings of CA002013J"); len(e) != 1 || e[0].Action != "glass.see" || e[0].Person != 12 {
		t.Errorf("%v", e)
	}
	w.who = person(access.KindHelpDesk, desk, access.Auditor)
	if body := w.visit("/glass", nil).Body.String(); !strings.Contains(body, "A hearing this afternoon.") || strings.Contains(body, "I have read about") {
		t.Error("a central auditor does not see it")
	}
	for _, path := range []string{"/glass?before=x", "/glass?before=-1"} {
		if a := w.visit(path, nil); a.Code != 400 {
			t.Errorf("%s: %d", path, a.Code)
		}
	}
}

// Auditors search what is their agency's; central ones everything.
func TestAuditPage(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	w.bring(alpine, order.AccessNormal)
	tracking := ""
	for _, e := range w.trail("") {
		if e.Action == "submission.accept" && e.Actor == "agency CA030013J" {
			tracking = strings.TrimPrefix(e.Object, "submission ")
		}
	}
	w.who = officer()
	w.visit(at(orange, id), nil)
	w.who = clerk(alpine)
	w.visit(at(alpine, "o-002-normal"), nil)
	shows := func(query string) string {
		t.Helper()
		a := w.visit("/audit?"+query, nil)
		if a.Code != 200 {
			return fmt.Sprint(a.Code)
		}
		_, table, _ := strings.Cut(a.Body.String(), "<tbody>")
		who := ""
		for name, mark := range map[string]string{"o": "lawenforcement@", "c": "courtclerk@"} {
			if strings.Contains(table, mark) {
				who += name
			}
		}
		if who == "co" {
			who = "oc"
		}
		if strings.Contains(table, "was accepted") {
			who += "s"
		}
		return who
	}
	for _, c := range []struct {
		agency order.ORI
		kind   access.Kind
		query  string
		want   string
	}{
		{orange, access.KindCourt, "", "os"},
		{alpine, access.KindCourt, "", "cs"},
		{sheriff, access.KindLawEnforcement, "", "o"},
		{desk, access.KindHelpDesk, "", "ocs"},
		{orange, access.KindCourt, "court=CA030013J&id=" + string(id), "o"},
		{orange, access.KindCourt, "court=CA030013J&case=case" + string(id), "o"},
		{sheriff, access.KindLawEnforcement, "court=CA030013J&case=case" + string(id), ""}, // the case is not theirs
		{sheriff, access.KindLawEnforcement, "court=CA030013J&id=" + string(id), "o"},      // what its own people did is
		{alpine, access.KindCourt, "court=CA030013J&id=" + string(id), ""},
		{desk, access.KindHelpDesk, "who=lawenforcement@ca0020000.example", "o"},
		{alpine, access.KindCourt, "who=lawenforcement@ca0020000.example", ""},
		{desk, access.KindHelpDesk, "agency=CA002013J", "cs"},
		{alpine, access.KindCourt, "agency=CA030013J", ""},
		{desk, access.KindHelpDesk, "tracking=" + tracking, "s"},
		{orange, access.KindCourt, "tracking=" + tracking, "s"},
		{alpine, access.KindCourt, "tracking=" + tracking, ""},
		{desk, access.KindHelpDesk, "action=submission.accept", "s"},
		{desk, access.KindHelpDesk, "outcome=shown&from=2026-11-24&to=2026-11-24", "oc"},
		{desk, access.KindHelpDesk, "from=2026-11-25", ""},
		{desk, access.KindHelpDesk, "from=tomorrow", "422"},
		{desk, access.KindHelpDesk, "id=x", "422"},
		{desk, access.KindHelpDesk, "court=CA030013J", "422"},
		{desk, access.KindHelpDesk, "before=x", "422"},
	} {
		w.who = person(c.kind, c.agency, access.Auditor)
		w.who.ID = 20
		if got := shows(c.query); got != c.want {
			t.Errorf("%s with %q: %q, want %q", c.agency, c.query, got, c.want)
		}
	}
	if e := w.trail("audit"); e[len(e)-1].Action != "page.search" || e[len(e)-1].Details != "all" || e[len(e)-1].Outcome == "" {
		t.Errorf("%v", e[len(e)-1])
	}
	for _, role := range []access.Role{access.CourtClerk, access.JudicialOfficer, access.HelpDesk, access.IntegrationEngineer} {
		w.who = person(access.KindCourt, orange, role)
		if got := shows(""); got != "403" {
			t.Errorf("%s: %s", role, got)
		}
	}
}

// Entries lead to what they are about, for whom that is.
func TestAuditLeadsOn(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	w.who = officer()
	w.visit(at(orange, id), nil)
	w.who = person(access.KindCourt, orange, access.Auditor)
	body := w.visit("/audit", nil).Body.String()
	if strings.Contains(body, `"`+at(orange, id)+`"`) || !strings.Contains(body, "/audit?object=order&#43;CA030013J%2F"+string(id)) || !strings.Contains(body, `"/submission/`) || !strings.Contains(body, "No checkpoint seals the log yet") {
		t.Errorf("%s", body)
	}
	w.who = person(access.KindCourt, orange, access.Auditor, access.CourtClerk)
	if body = w.visit("/audit", nil).Body.String(); !strings.Contains(body, `"`+at(orange, id)+`"`) {
		t.Error("a clerk is not led to the order")
	}
}

// The file holds what the page shows, is on record, and no cell of it is a formula.
func TestAuditExport(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	for i := range 1100 {
		w.must(w.store.Audit(t.Context(), store.Event{At: noon().Add(time.Duration(i) * time.Second), Actor: "person a@b.example, CA030013J", Agency: orange, Action: "page.read", Object: "agency CA030013J", Outcome: "shown", Purpose: `=HYPERLINK("x"), "quoted"`}))
	}
	w.must(w.store.Audit(t.Context(), store.Event{At: noon(), Actor: "person a@b.example, CA002013J", Agency: alpine, Action: "page.read", Object: "agency CA002013J"}))
	w.who = person(access.KindCourt, orange, access.Auditor)
	a := w.visit("/audit/export?action=page.read", nil)
	rows, err := csv.NewReader(a.Body).ReadAll()
	if err != nil || len(rows) != 1101 || a.Header().Get("Content-Disposition") != "attachment; filename=audit-2026-11-24.csv" {
		t.Fatal(len(rows), err, a.Header())
	}
	for _, row := range rows[1:] {
		if row[3] != "CA030013J" || row[7] != `'=HYPERLINK("x"), "quoted"` {
			t.Fatalf("%v", row)
		}
	}
	if e := w.trail("audit")[0]; e.Action != "page.export" || e.Outcome != "1100 entries" || e.Details != "by action" {
		t.Errorf("%v", e)
	}
	if a = w.visit("/audit/export?from=x", nil); a.Code != 400 {
		t.Errorf("%d", a.Code)
	}
	w.broken = errors.New("the log is full")
	if a = w.visit("/audit/export", nil); a.Code != http.StatusServiceUnavailable || strings.Contains(a.Body.String(), "HYPERLINK") {
		t.Errorf("%d", a.Code)
	}
}

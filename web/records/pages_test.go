package records

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/mapping/precedence"
	"ccpor/store"
	"ccpor/store/storetest"
	"ccpor/web/site"
	"ccpor/web/site/sitetest"
)

const (
	orange  = order.ORI("CA030013J")
	alpine  = order.ORI("CA002013J")
	sheriff = order.ORI("CA0020000")
	desk    = order.ORI("CA0349900")
)

func noon() time.Time { return time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC) }

func until() *order.Date { d := order.MakeDate(2028, 1, 1); return &d }

// person is somebody of an agency of a kind in some roles.
func person(kind access.Kind, agency order.ORI, roles ...access.Role) site.Visitor {
	return site.Visitor{ID: 11, Login: strings.ToLower(string(roles[0])) + "@" + strings.ToLower(string(agency)) + ".example", Name: "Invented Visitor", Agency: "Agency " + string(agency),
		Asker: access.Asker{Kind: kind, Agency: agency, Roles: roles, Sealed: true, CertifiedUntil: until()}}
}

func clerk(of order.ORI) site.Visitor { return person(access.KindCourt, of, access.CourtClerk) }
func judge(of order.ORI) site.Visitor { return person(access.KindCourt, of, access.JudicialOfficer) }
func officer() site.Visitor {
	return person(access.KindLawEnforcement, sheriff, access.LawEnforcement)
}

// registry is a store with orders, and pages over it.
type registry struct {
	*testing.T
	store *store.Store
	pages *Pages
	who   site.Visitor
	now   time.Time
	// broken makes the log refuse.
	broken error
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	w := &registry{T: t, store: storetest.New(t), now: noon()}
	for ori, kind := range map[order.ORI]access.Kind{orange: access.KindCourt, alpine: access.KindCourt, sheriff: access.KindLawEnforcement, desk: access.KindHelpDesk} {
		_, err := w.store.RegisterAgency(t.Context(), store.Agency{ORI: ori, Name: "Agency " + string(ori), Kind: kind, Submits: !kind.Central(), ReadOnly: kind.Central()})
		w.must(err)
	}
	law, err := precedence.Load(time.UTC)
	w.must(err)
	w.pages = &Pages{Reader: w.store.Reader, Writer: w.store, Zone: time.UTC, Law: law}
	return w
}

func (w *registry) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *registry) Audit(ctx context.Context, e store.Event) error {
	if w.broken != nil {
		return w.broken
	}
	return w.store.Audit(ctx, e)
}

// visit asks the pages; a form makes it a POST of a page of ours.
func (w *registry) visit(path string, form url.Values) *httptest.ResponseRecorder {
	w.Helper()
	var err error
	w.who.Opened, err = w.store.Opened(w.Context(), w.who.ID, w.now)
	w.must(err)
	return sitetest.Visit(w, sitetest.Open(w, sitetest.Config(w, &w.who, func() time.Time { return w.now }), w.pages), path, form)
}

var pdf = []byte("%PDF-1.4\ninvented\n%%EOF\n")

// bring adds an order of a court, whose names say what it is.
func (w *registry) bring(court order.ORI, class order.Access, change ...func(*order.Order, *store.Accepted)) order.LocalID {
	w.Helper()
	from, err := w.store.AgencyByORI(w.Context(), court)
	w.must(err)
	id := fmt.Sprintf("o-%s-%s", court[2:5], class)
	born, expires, yes := order.MakeDate(1981, 11, 21), order.MakeDate(2036, 6, 7), true
	o := &order.Order{ID: order.LocalID(id), Case: order.CaseNumber("case" + id), Access: class, Form: order.Form{Number: "DV-130", Revision: order.MakeDate(2025, 1, 1), Family: "DV", Designator: "OAH", Title: "Restraining Order"},
		Court: order.Court{ORI: court, Name: "Court " + string(court)}, Issued: order.MakeDate(2026, 11, 20), Judge: "I. Nvented", Stage: order.StageAfterHearing, Expiry: order.Expiry{Basis: order.ExpiryExplicit, Date: &expires},
		Restrained: order.Restrained{Name: order.Name{Given: "Sam", Surname: "Surname" + id}, Person: order.Person{Sex: "M", Race: "unknown", Born: &born}, Present: &yes},
		Protected:  []order.Protected{{Name: order.Name{Given: "Pat", Surname: "Kept" + id}}},
		Terms:      order.Terms{NoHarm: true, StayAway: []order.StayAway{{Yards: 100, Places: []order.Place{{Kind: order.PlaceResidence, Text: "Place" + id}}}}},
		Service:    order.ServiceNotServed}
	sum := sha256.Sum256(pdf)
	a := store.Accepted{Agency: from, Action: store.ActionAdd, Order: o, Deadline: store.Deadline{Due: noon().Add(36 * time.Hour), Rule: "FC 6380(a)"}, Confidential: &order.Confidential{Restrained: &order.ConfidentialRestrained{SSN: "000112222", Employer: "Employer" + id}},
		Images: []store.Image{{Document: order.Document{ID: "order-image", Role: "order", Media: "application/pdf", Bytes: int64(len(pdf)), Pages: 1, SHA256: hex.EncodeToString(sum[:])}, Content: pdf}}}
	for _, c := range change {
		c(o, &a)
	}
	wire := []byte("wire of " + o.ID)
	a.Package, a.Canonical = order.LocalID("pk-"+o.ID), sha256.Sum256(wire)
	a.Received = store.Received{At: noon().Add(-time.Hour), Peer: "192.0.2.7", Wire: wire, Digest: sha256.Sum256(wire), ContentType: "text/xml", Correlation: string(o.ID)}
	_, err = w.store.Accept(w.Context(), a)
	w.must(err)
	return o.ID
}

func at(court order.ORI, id order.LocalID) string {
	return "/order/" + string(court) + "/" + string(id)
}

// trail is what is on record about an object, newest first.
func (w *registry) trail(object string) []store.Event {
	w.Helper()
	e, err := w.store.AuditTrail(w.Context(), object, 100)
	w.must(err)
	return e
}

// Role by access class by county: what is nothing is not found, by its address, in a search and by its image, and is on record as what it is.
func TestSights(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	classes := []order.Access{order.AccessNormal, order.AccessJuvenile, order.AccessSealed}
	for _, court := range []order.ORI{orange, alpine} {
		for _, class := range classes {
			w.bring(court, class)
		}
	}
	// w whole, o outline, n nothing; of Alpine's (one's own county) and Orange's normal, juvenile and sealed orders.
	for _, c := range []struct {
		who  site.Visitor
		want string
	}{
		{judge(alpine), "www wwn"},
		{clerk(alpine), "www wnn"},
		{officer(), "www www"},
		{person(access.KindCourt, alpine, access.HelpDesk), "onn nnn"},
		{person(access.KindHelpDesk, desk, access.HelpDesk), "onn onn"},
		{person(access.KindCourt, alpine, access.HelpDesk, access.CourtClerk), "www wnn"},
		{func() site.Visitor { v := judge(alpine); v.Sealed = false; return v }(), "wwn wwn"},
		{func() site.Visitor { v := judge(alpine); v.Test = true; return v }(), "nnn nnn"},
		{person(access.KindCourt, alpine, access.Auditor), "fff fff"},
		{person(access.KindCourt, alpine, access.AgencyAdministrator), "fff fff"},
		{person(access.KindOperator, desk, access.SystemAdministrator), "fff fff"},
		{person(access.KindOperator, desk, access.IntegrationEngineer), "fff fff"},
	} {
		w.who = c.who
		var got []string
		for _, court := range []order.ORI{alpine, orange} {
			cell := ""
			for _, class := range classes {
				cell += w.sight(court, class)
			}
			got = append(got, cell)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%v at %s sees %s, want %s", c.who.Roles, c.who.Asker.Agency, s, c.want)
		}
	}
}

// sight is how much the visitor sees of an order, by its page; search and image have to agree.
func (w *registry) sight(court order.ORI, class order.Access) string {
	w.Helper()
	id := order.LocalID(fmt.Sprintf("o-%s-%s", court[2:5], class))
	page := w.visit(at(court, id), nil)
	body := page.Body.String()
	image := w.visit(at(court, id)+"/image/"+digest()+"/original", nil)
	list := w.visit("/orders?case=case"+string(id), nil).Body.String()
	listed, named := strings.Contains(list, at(court, id)), strings.Contains(list, "Surname"+string(id))
	said := "?"
	switch {
	case page.Code == http.StatusForbidden:
		said = "f"
	case page.Code == http.StatusNotFound && !listed && image.Code != http.StatusOK:
		said = "n"
		w.sameAsNothing(court, body)
		if last := w.trail(store.OrderObject(court, id))[0]; last.Outcome != "forbidden" && last.Outcome != "not found" {
			w.Errorf("%s/%s is on record as %v", court, id, last)
		}
	case page.Code == http.StatusOK && strings.Contains(body, "Surname"+string(id)) && listed && named && image.Code == http.StatusOK && image.Body.String() == string(pdf):
		said = "w"
	case page.Code == http.StatusOK && !strings.Contains(body, "Surname") && !strings.Contains(body, "case"+string(id)) && listed && !named && image.Code != http.StatusOK:
		said = "o"
	}
	if strings.Contains(body+list, "Place"+string(id)) && !w.who.Whereabouts(court) {
		w.Errorf("%v at %s reads the whereabouts of %s", w.who.Roles, w.who.Asker.Agency, id)
	}
	if said == "w" && strings.Contains(body, "Place"+string(id)) != w.who.Whereabouts(court) {
		w.Errorf("%v at %s does not read the whereabouts of %s", w.who.Roles, w.who.Asker.Agency, id)
	}
	if strings.Contains(body, "Employer"+string(id)) != (said == "w" && w.who.Has(access.LawEnforcement)) {
		w.Errorf("%v at %s and CLETS-001 of %s", w.who.Roles, w.who.Asker.Agency, id)
	}
	return said
}

func digest() string { sum := sha256.Sum256(pdf); return hex.EncodeToString(sum[:]) }

// sameAsNothing compares a page with the one of an order that does not exist.
func (w *registry) sameAsNothing(court order.ORI, body string) {
	w.Helper()
	if none := w.visit(at(court, "no-such"), nil); none.Code != http.StatusNotFound || none.Body.String() != body {
		w.Errorf("what is kept back differs from what is not there:\n%s\n%s", body, none.Body)
	}
}

// An address that leads nowhere says so, whatever stands in it.
func TestAddressesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(alpine, order.AccessNormal)
	w.who = judge(alpine)
	for _, path := range []string{at(orange, id), at(alpine, "x"), "/order/CA/x", "/order/" + string(alpine) + "/%3Cscript%3E", "/order/ca002013j/" + string(id), at(alpine, id) + "/image/00", at(alpine, id) + "/image/..%2f"} {
		if a := w.visit(path, nil); a.Code != http.StatusNotFound || strings.Contains(a.Body.String(), "<script>") {
			t.Errorf("%s: %d", path, a.Code)
		}
	}
	// Whose certification has ended reads no CLETS-001 any more.
	w.who = officer()
	ended := order.MakeDate(2026, 11, 23)
	w.who.CertifiedUntil = &ended
	if body := w.visit(at(alpine, id), nil).Body.String(); strings.Contains(body, "Employer") || strings.Contains(body, "000112222") || !strings.Contains(body, "Surname") {
		t.Error("CLETS-001 is shown to who is not certified")
	}
}

// What courts and people write is text and nothing else.
func TestHostileTextIsText(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	id := w.bring(alpine, order.AccessNormal, func(o *order.Order, _ *store.Accepted) {
		o.Restrained.Name.Surname, o.OtherOrders, o.Court.Name, o.Judge, o.Form.Title = hostile, hostile, hostile, hostile, hostile
	})
	w.who = judge(alpine)
	for name, a := range map[string]*httptest.ResponseRecorder{
		"order":  w.visit(at(alpine, id), nil),
		"search": w.visit("/orders", url.Values{"case": {"case" + string(id)}, "purpose": {hostile}, "given": {hostile}}),
		"typed":  w.visit("/orders", url.Values{"surname": {hostile}, "case": {hostile}, "purpose": {hostile}, "tracking": {hostile}}),
		"glass":  w.visit("/order/glass", url.Values{"court": {hostile}, "case": {hostile}, "reason": {hostile}}),
		"done":   w.visit("/order/glass?done&court="+url.QueryEscape(hostile)+"&id="+url.QueryEscape(hostile), nil),
	} {
		if body := a.Body.String(); strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") || a.Code >= 500 {
			t.Errorf("%s: %d %s", name, a.Code, body)
		}
	}
	w.who = person(access.KindCourt, alpine, access.Auditor)
	w.must(w.store.Audit(t.Context(), store.Event{At: noon(), Actor: "person " + hostile, Agency: alpine, Action: "page.read", Object: hostile, Outcome: hostile, Purpose: hostile, Details: hostile}))
	for _, path := range []string{"/audit", "/audit?object=" + url.QueryEscape(hostile), "/audit?who=" + url.QueryEscape(hostile) + "&court=" + url.QueryEscape(hostile)} {
		if body := w.visit(path, nil).Body.String(); strings.Contains(body, "<script>alert") {
			t.Errorf("%s: %s", path, body)
		}
	}
}

// Where the log cannot be written nothing is shown, and nothing is opened.
func TestNothingIsShownUnaudited(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(alpine, order.AccessNormal)
	w.who, w.broken = judge(alpine), errors.New("the log is full")
	for _, path := range []string{at(alpine, id), at(alpine, id) + "/image/" + digest(), "/orders?case=case" + string(id), at(alpine, "no-such")} {
		if a := w.visit(path, nil); a.Code != http.StatusServiceUnavailable || strings.Contains(a.Body.String(), "Surname") || strings.Contains(a.Body.String(), "PDF") {
			t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
	if a := w.visit("/orders", url.Values{"surname": {"Surname" + string(id)}, "purpose": {"a call"}}); a.Code != http.StatusServiceUnavailable || strings.Contains(a.Body.String(), at(alpine, id)) {
		t.Errorf("%d", a.Code)
	}
	w.who = person(access.KindCourt, alpine, access.Auditor)
	for _, path := range []string{"/audit", "/audit/export", "/glass"} {
		if a := w.visit(path, nil); a.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", path, a.Code)
		}
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(alpine, order.AccessNormal)
	status, err := w.store.AuditTrail(t.Context(), "", 100)
	w.must(err)
	tracking := ""
	for _, e := range status {
		if e.Action == "submission.accept" {
			tracking = strings.TrimPrefix(e.Object, "submission ")
		}
	}
	w.who = clerk(alpine)
	found := func(form url.Values) (bool, int) {
		t.Helper()
		a := w.visit("/orders", form)
		return strings.Contains(a.Body.String(), at(alpine, id)), a.Code
	}
	surname := "SURNAME" + strings.ToUpper(string(id))
	for name, c := range map[string]struct {
		form url.Values
		want bool
		code int
	}{
		"surname, in any case":            {url.Values{"surname": {surname}, "purpose": {"a hearing"}}, true, 200},
		"surname and date of birth":       {url.Values{"surname": {surname}, "born": {"1981-11-21"}, "purpose": {"a hearing"}}, true, 200},
		"surname and nearly that birth":   {url.Values{"surname": {surname}, "born": {"1981-11-22"}, "purpose": {"a hearing"}}, true, 200},
		"of that county":                  {url.Values{"surname": {surname}, "county": {"CA002"}, "purpose": {"a hearing"}}, true, 200},
		"of another county":               {url.Values{"surname": {surname}, "county": {"CA030"}, "purpose": {"a hearing"}}, false, 200},
		"a county that is none":           {url.Values{"surname": {surname}, "county": {"CA099"}, "purpose": {"a hearing"}}, false, 422},
		"of that type":                    {url.Values{"surname": {surname}, "type": {"OAH"}, "purpose": {"a hearing"}}, true, 200},
		"of another type":                 {url.Values{"surname": {surname}, "type": {"EPO"}, "purpose": {"a hearing"}}, false, 200},
		"a type that is none":             {url.Values{"surname": {surname}, "type": {"XXX"}, "purpose": {"a hearing"}}, false, 422},
		"of an age":                       {url.Values{"surname": {surname}, "agefrom": {"45"}, "ageto": {"45"}, "purpose": {"a hearing"}}, true, 200},
		"too young":                       {url.Values{"surname": {surname}, "agefrom": {"46"}, "purpose": {"a hearing"}}, false, 200},
		"too old":                         {url.Values{"surname": {surname}, "ageto": {"44"}, "purpose": {"a hearing"}}, false, 200},
		"an age that is none":             {url.Values{"surname": {surname}, "ageto": {"old"}, "purpose": {"a hearing"}}, false, 422},
		"ages the wrong way round":        {url.Values{"surname": {surname}, "agefrom": {"50"}, "ageto": {"40"}, "purpose": {"a hearing"}}, false, 422},
		"made then":                       {url.Values{"surname": {surname}, "madefrom": {"2026-01-01"}, "madeto": {"2026-12-31"}, "purpose": {"a hearing"}}, true, 200},
		"made before":                     {url.Values{"surname": {surname}, "madeto": {"2025-12-31"}, "purpose": {"a hearing"}}, false, 200},
		"days the wrong way round":        {url.Values{"surname": {surname}, "madefrom": {"2026-12-31"}, "madeto": {"2026-01-01"}, "purpose": {"a hearing"}}, false, 422},
		"ends before":                     {url.Values{"surname": {surname}, "endsto": {"2026-01-01"}, "purpose": {"a hearing"}}, false, 200},
		"a county alone":                  {url.Values{"county": {"CA002"}, "purpose": {"a hearing"}}, false, 422},
		"the beginning":                   {url.Values{"surname": {"surname*"}, "purpose": {"a hearing"}}, true, 200},
		"the other side":                  {url.Values{"surname": {"kept*"}, "side": {"protected"}, "purpose": {"a hearing"}}, true, 200},
		"the wrong side":                  {url.Values{"surname": {"kept*"}, "side": {"restrained"}, "purpose": {"a hearing"}}, false, 200},
		"a name without purpose":          {url.Values{"surname": {surname}}, false, 422},
		"a given name alone":              {url.Values{"given": {"Sam"}, "purpose": {"a hearing"}}, false, 422},
		"case":                            {url.Values{"case": {"case" + string(id)}}, true, 200},
		"case of another court":           {url.Values{"case": {"case" + string(id)}, "court": {string(orange)}}, false, 200},
		"tracking":                        {url.Values{"tracking": {tracking}}, true, 200},
		"tracking with another case":      {url.Values{"tracking": {tracking}, "case": {"another"}}, false, 200},
		"nothing":                         {url.Values{}, false, 422},
		"a date that is none":             {url.Values{"surname": {surname}, "born": {"yesterday"}, "purpose": {"a hearing"}}, false, 422},
		"a side that is none":             {url.Values{"surname": {surname}, "side": {"left"}, "purpose": {"a hearing"}}, false, 422},
		"a purpose that is a whole story": {url.Values{"surname": {surname}, "purpose": {strings.Repeat("x", 201)}}, false, 422},
	} {
		if got, code := found(c.form); got != c.want || code != c.code {
			t.Errorf("%s: %v %d", name, got, code)
		}
	}
	last := w.trail("orders")
	for _, e := range last {
		if strings.Contains(fmt.Sprint(e), "Sam") || strings.Contains(strings.ToLower(fmt.Sprint(e)), "surnameo") {
			t.Errorf("a name is on record: %v", e)
		}
	}
	if a := w.visit("/orders", url.Values{"surname": {surname}, "purpose": {"a hearing"}}); a.Code != 200 {
		t.Fatal(a.Code)
	}
	if e := w.trail("orders")[0]; e.Action != "page.search" || e.Purpose != "a hearing" || e.Details != "by surname" || e.Outcome != "1 order shown" {
		t.Errorf("%v", e)
	}
	// A name in an address is not read.
	if body := w.visit("/orders?surname="+surname+"&purpose=x", nil).Body.String(); strings.Contains(body, at(alpine, id)) || strings.Contains(body, surname) {
		t.Error("a name in an address is read")
	}
}

// Of many people with one name the best fifty are shown, and two hundred to who asks for more.
func TestSearchShowsMore(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	for i := range 60 {
		w.bring(alpine, order.AccessNormal, func(o *order.Order, _ *store.Accepted) {
			o.ID, o.Restrained.Name.Surname = order.LocalID(fmt.Sprintf("many-%02d", i)), "Many"
		})
	}
	w.who = clerk(alpine)
	form := url.Values{"surname": {"many"}, "purpose": {"a hearing"}}
	for range 2 {
		body := w.visit("/orders", form).Body.String()
		rows, more := strings.Count(body, `"`+at(alpine, "many-")), strings.Contains(body, "Show up to 200")
		if all := form.Has("all"); all && (rows != 60 || more) || !all && (rows != 25 || !more || sitetest.Hidden(body, "surname") != "many" || sitetest.Hidden(body, "purpose") != "a hearing") {
			t.Errorf("%d shown, more %v", rows, more)
		}
		form.Set("all", sitetest.Hidden(body, "all"))
	}
}

// Who sees no name does not find one by asking.
func TestHelpDeskSearchesByNumber(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(alpine, order.AccessNormal)
	w.who = person(access.KindHelpDesk, desk, access.HelpDesk)
	for _, form := range []url.Values{{"surname": {"surname*"}}, {"born": {"1981-11-21"}}, {"given": {"Sam"}}} {
		form.Set("purpose", "a call")
		form.Set("case", "case"+string(id))
		if a := w.visit("/orders", form); a.Code != 422 || strings.Contains(a.Body.String(), at(alpine, id)) || strings.Contains(a.Body.String(), "By name") {
			t.Errorf("%v: %d", form, a.Code)
		}
	}
}

// A list goes on behind its last line, and what the visitor may not see takes no place in it.
func TestSearchGoesOn(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	for i := range 60 {
		w.bring(alpine, order.AccessNormal, func(o *order.Order, _ *store.Accepted) {
			o.ID, o.Case, o.Issued = order.LocalID(fmt.Sprintf("many-%02d", i)), "MANY1", order.MakeDate(2026, 11, 1+i%3)
			if i%2 == 1 {
				o.Access = order.AccessSealed
			}
		})
	}
	w.who = judge(alpine)
	w.who.Sealed = false
	told, after := map[string]int{}, ""
	for range 9 {
		form := url.Values{"case": {"MANY1"}, "after": {after}}
		body := w.visit("/orders", form).Body.String()
		for i := range 60 {
			if id := fmt.Sprintf("many-%02d", i); strings.Contains(body, at(alpine, order.LocalID(id))+`"`) {
				told[id]++
			}
		}
		_, rest, more := strings.Cut(body, `name="after" value="`)
		if !more {
			break
		}
		after, _, _ = strings.Cut(rest, `"`)
	}
	for id, n := range told {
		if n != 1 {
			t.Errorf("%s was told %d times", id, n)
		}
	}
	if len(told) != 30 || told["many-01"] != 0 {
		t.Errorf("%d told", len(told))
	}
	if a := w.visit("/orders", url.Values{"case": {"MANY1"}, "after": {"x"}}); a.Code != 422 {
		t.Errorf("%d", a.Code)
	}
}

package records

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// telling is the form of a service by word of mouth, an hour before noon.
func telling(id order.LocalID, changes ...string) url.Values {
	form := url.Values{"method": {"verbal"}, "told": {"Sam Surname" + string(id)}, "when": {"2026-11-24T19:00"}, "name": {"Otto Fficer"}, "badge": {"4711"}, "place": {"A corner of Example Street"}}
	for i := 0; i+1 < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
	}
	return form
}

// status is how the submission stands that added an order.
func (w *registry) status(court order.ORI, id order.LocalID) store.Status {
	w.Helper()
	f, err := w.store.FindOrder(w.Context(), court, id, w.who.Test)
	w.must(err)
	e, err := w.store.EntryOf(w.Context(), f)
	w.must(err)
	s, err := w.store.Status(w.Context(), e.AddedIn)
	w.must(err)
	return s
}

// follow reads the page to which an answer leads.
func (w *registry) follow(path string, form url.Values, wanted ...string) string {
	w.Helper()
	a := w.visit(path, form)
	if a.Code != http.StatusSeeOther {
		w.Fatalf("%s: %d %s", path, a.Code, a.Body)
	}
	return w.reads(a.Header().Get("Location"), wanted...)
}

// An officer reads an order aloud and records it: the page has both languages, says what comes next, and the order is served wherever it is shown.
func TestAnOfficerRecordsService(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	w.who = officer()
	w.reads(at(orange, id), `href="`+at(orange, id)+`/service">Record service</a>`, "In force, and not served yet.")
	w.reads("/unserved?county=CA030", at(orange, id), "4 days ago", "Surname"+string(id), "born 21 Nov 1981")
	form := w.reads(at(orange, id)+"/service", `lang="en" open`, "a court has made an order against you", `lang="es"`, "una corte ha dictado una orden contra usted", "I have read this to <strong>Sam Surname"+string(id),
		`value="2026-11-24T20:00"`, `value="Invented Visitor"`, `action="`+at(orange, id)+`/service"`, "?method=personal")
	if strings.Contains(form, "served before") || strings.Contains(form, "not told by the exchange") || strings.Contains(form, "Place"+string(id)) {
		t.Errorf("%s", form)
	}
	if body := w.reads(at(orange, id)+"/service?method=personal", "I have handed the order to", "?method=verbal"); strings.Contains(body, "a court has made") {
		t.Error("the text to read aloud stands where nothing is read")
	}
	w.follow(at(orange, id)+"/service", telling(id), "Served by word of mouth on 24 Nov 2026 at 19:00, by Otto Fficer.", "The exchange tells CARPOS: you need not enter it there.", "as soon as it has what the court sent before")
	w.reads(at(orange, id), "In force, and served.", "by Otto Fficer, Agency CA0020000", "recorded here", "SRR: waiting")
	w.reads(at(orange, id)+"/timeline", "Service was recorded: by word of mouth", "served 2026-11-24 19:00", "lawenforcement@ca0020000.example", "SRR is waiting")
	w.reads(at(orange, id)+"/service", "It was served before.", "24 Nov 2026 19:00, by word of mouth, by Otto Fficer, Agency CA0020000")
	if body := w.reads("/unserved?county=CA030", "Nothing that you may see waits"); strings.Contains(body, string(id)) {
		t.Error("it is still to be served")
	}
	r := w.status(orange, id).Order.Recorded
	if len(r) != 1 || r[0].Service.Own || r[0].Service.Place != "A corner of Example Street" || r[0].Service.Server.AgencyORI != sheriff || r[0].Service.Case != order.CaseNumber("case"+string(id)) {
		t.Fatalf("%+v", r)
	}
	e := w.trail(store.OrderObject(orange, id))
	var on []string
	for _, x := range e {
		on = append(on, x.Action)
		if strings.Contains(fmt.Sprint(x), "Fficer") || strings.Contains(fmt.Sprint(x), "corner") {
			t.Errorf("a name or a place is on record: %v", x)
		}
	}
	if got := strings.Join(on, " "); !strings.Contains(got, "page.read page.read service.record page.read") || e[len(e)-1].Action != "page.read" {
		t.Errorf("on record: %s", got)
	}
}

// By hand, of an order that the officer's own agency has entered; CARPOS is told at once where it has the order.
func TestAnOfficerHandsAnOrderOver(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessSealed, func(_ *order.Order, a *store.Accepted) {
		var err error
		a.Agency, err = w.store.AgencyByORI(w.Context(), sheriff)
		w.must(err)
	})
	w.who = officer()
	w.enter(orange, id)
	w.follow(at(orange, id)+"/service", telling(id, "method", "personal", "place", ""), "Served by hand on 24 Nov 2026", "It is told in a moment.")
	if r := w.status(orange, id).Order.Recorded; len(r) != 1 || !r[0].Service.Own || r[0].Service.Method != order.MethodPersonal || r[0].Transmission.State != store.StateReady {
		t.Errorf("%+v", r)
	}
}

// enter has CARPOS take the entry of an order.
func (w *registry) enter(court order.ORI, id order.LocalID) {
	w.Helper()
	s := w.status(court, id)
	a, err := w.store.BeginAttempt(w.Context(), store.Attempt{Transmission: s.Transmissions[0].ID, Purpose: store.PurposeSend, Control: "ABCDEFGH01", Line: "CCP1", Bytes: []byte("x"), At: noon()})
	w.must(err)
	_, err = w.store.Finish(w.Context(), a, store.Outcome{Verdict: store.VerdictAccepted, FCN: "2320632500001", At: noon()})
	w.must(err)
}

// Each thing that is wrong is said at its field, and nothing is kept.
func TestRecordingRefuses(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	w.who = officer()
	for name, c := range map[string]struct {
		form  url.Values
		field string
		says  string
	}{
		"not ticked":            {telling(id, "told", ""), "told", "tick that you have read it"},
		"not ticked, by hand":   {telling(id, "told", "", "method", "personal"), "told", "tick that you handed it over"},
		"another person":        {telling(id, "told", "Pat Kept"+string(id)), "told", "names another person than the order restrains"},
		"still to come":         {telling(id, "when", "2026-11-24T20:01"), "when", "still to come"},
		"tomorrow":              {telling(id, "when", "2026-11-25T19:00"), "when", "still to come"},
		"before it was made":    {telling(id, "when", "2026-11-19T19:00"), "when", "before the issue of the order"},
		"no moment":             {telling(id, "when", "yesterday"), "when", "Day and time"},
		"nobody":                {telling(id, "name", ""), "name", "3 to 30 characters"},
		"a name that is long":   {telling(id, "name", strings.Repeat("x", 31)), "name", "3 to 30 characters"},
		"no badge":              {telling(id, "badge", ""), "badge", "badge number is needed"},
		"a long story of where": {telling(id, "place", strings.Repeat("x", 101)), "place", "at most 100"},
		"by mail":               {telling(id, "method", "mail"), "method", "By hand or by word of mouth"},
		"no way at all":         {telling(id, "method", "shouted"), "method", "By hand or by word of mouth"},
	} {
		a := w.visit(at(orange, id)+"/service", c.form)
		if body := a.Body.String(); a.Code != 422 || !strings.Contains(body, `<a href="#`+c.field+`">`) || !strings.Contains(body, c.says) || !strings.Contains(body, "One thing is not right yet") {
			t.Errorf("%s: %d %s", name, a.Code, body)
		}
	}
	all := w.visit(at(orange, id)+"/service", url.Values{})
	if body := all.Body.String(); all.Code != 422 || !strings.Contains(body, "5 things are not right yet") || strings.Contains(body, "names another person") {
		t.Errorf("nothing filled in: %d %s", all.Code, body)
	}
	hostile := w.visit(at(orange, id)+"/service", telling(id, "told", "", "name", `"><script>alert(1)</script>`, "badge", "<img src=x>", "place", "<script>alert(2)</script>", "when", `"><script>alert(3)</script>`)).Body.String()
	if strings.Contains(hostile, "<script>alert") || strings.Contains(hostile, "<img src=x") {
		t.Error(hostile)
	}
	if r := w.status(orange, id).Order.Recorded; len(r) != 0 {
		t.Errorf("%+v", r)
	}
}

// An order that is not in force is not served here, and one that is not there for the visitor is not there.
func TestWhatCannotBeServed(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	w.bring(alpine, order.AccessNormal, func(o *order.Order, _ *store.Accepted) {
		d := order.MakeDate(2026, 11, 23)
		o.ID, o.Expiry.Date = "over", &d
	})
	ended := w.bring(orange, order.AccessNormal, func(o *order.Order, _ *store.Accepted) { o.ID = "ended" })
	w.end(ended)
	test := w.bring(orange, order.AccessNormal, func(o *order.Order, a *store.Accepted) { o.ID, a.Test = "test", true })
	id := w.bring(orange, order.AccessSealed)
	w.who = officer()
	for path, says := range map[string]string{at(alpine, "over"): "It is expired", at(orange, ended): "It is cancelled"} {
		for _, a := range []int{w.visit(path+"/service", nil).Code, w.visit(path+"/service", telling("x")).Code} {
			if a != http.StatusConflict {
				t.Errorf("%s: %d", path, a)
			}
		}
		if body := w.visit(path+"/service", nil).Body.String(); !strings.Contains(body, says) {
			t.Errorf("%s: %s", path, body)
		}
		if body := w.visit(path, nil).Body.String(); strings.Contains(body, "Record service") {
			t.Errorf("%s: it is offered", path)
		}
	}
	for _, path := range []string{at(orange, test), at(orange, "no-such"), at(orange, id) + "/service?recorded=1#"} {
		path = strings.TrimSuffix(path, "#")
		if !strings.Contains(path, "?") {
			path += "/service"
		}
		if a := w.visit(path, nil); a.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.Code)
		}
	}
	if a := w.visit(at(orange, test)+"/service", telling(test)); a.Code != http.StatusNotFound {
		t.Errorf("a test: %d", a.Code)
	}
	for _, who := range []site.Visitor{judge(orange), clerk(orange), person(access.KindCourt, orange, access.HelpDesk), person(access.KindHelpDesk, desk, access.HelpDesk), person(access.KindLawEnforcement, sheriff, access.Auditor)} {
		w.who = who
		for _, form := range []url.Values{nil, telling(id)} {
			if a := w.visit(at(orange, id)+"/service", form); a.Code != http.StatusForbidden || strings.Contains(a.Body.String(), "Surname") {
				t.Errorf("%s: %d", who.Roles[0], a.Code)
			}
		}
		if body := w.visit(at(orange, id), nil).Body.String(); strings.Contains(body, "Record service") {
			t.Errorf("%s is offered it", who.Roles[0])
		}
	}
	w.who = officer()
	w.who.CertifiedUntil = nil // which recording does not need
	w.follow(at(orange, id)+"/service", telling(id), "The exchange tells CARPOS")
}

// end sends the court's cancellation of an order of Orange.
func (w *registry) end(id order.LocalID) {
	w.Helper()
	from, err := w.store.AgencyByORI(w.Context(), orange)
	w.must(err)
	wire := []byte("end of " + id)
	_, err = w.store.Accept(w.Context(), store.Accepted{Agency: from, Action: store.ActionCancel, Package: "end-" + id, Canonical: sha256.Sum256(wire),
		Cancellation: &order.Cancellation{Reference: order.Reference{OrderID: id, Court: orange, Case: order.CaseNumber("case" + id)}, Reason: order.CancelTerminated, Date: order.MakeDate(2026, 11, 24)},
		Deadline:     store.Deadline{Due: noon().Add(36 * time.Hour), Rule: "FC 6380(a)"}, Received: store.Received{At: noon().Add(-time.Minute), Peer: "192.0.2.7", Wire: wire, Digest: sha256.Sum256(wire), ContentType: "text/xml", Correlation: "end"}})
	w.must(err)
}

// Pressed twice, also at once, it is one service, and both presses lead to the same page.
func TestPressedTwice(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	w.who = officer()
	var led [4]string
	var group sync.WaitGroup
	for i := range led {
		group.Go(func() { led[i] = w.visit(at(orange, id)+"/service", telling(id)).Header().Get("Location") })
	}
	group.Wait()
	for _, to := range led {
		if to == "" || to != led[0] {
			t.Errorf("%v", led)
		}
	}
	w.follow(at(orange, id)+"/service", telling(id, "when", "2026-11-24T19:30"), "Served by word of mouth")
	if r := w.status(orange, id).Order.Recorded; len(r) != 2 {
		t.Errorf("%d services", len(r))
	}
}

// Of an order that does not go to CARPOS the page says so before and after.
func TestRecordingWhatIsNotOwed(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal, func(_ *order.Order, a *store.Accepted) { a.Test = true })
	w.who = officer()
	w.who.Test = true
	w.reads(at(orange, id)+"/service", "CARPOS is not told by the exchange.", "test")
	body := w.follow(at(orange, id)+"/service", telling(id), "CARPOS is not told by the exchange.")
	if strings.Contains(body, "you need not enter it") {
		t.Errorf("%s", body)
	}
}

// The court changes the order while the officer reads: nothing is recorded of what was not read.
func TestTheOrderChangesMeanwhile(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	id := w.bring(orange, order.AccessNormal)
	w.who = officer()
	w.amend(id, 1, func(o *order.Order) { o.Restrained.Name.Given = "Samuel" })
	a := w.visit(at(orange, id)+"/service", telling(id))
	if body := a.Body.String(); a.Code != 422 || !strings.Contains(body, "names another person") {
		t.Errorf("%d %s", a.Code, body)
	}
	w.pages.Writer = changing{w.store}
	if a := w.visit(at(orange, id)+"/service", telling(id, "told", "Samuel Surname"+string(id))); a.Code != http.StatusConflict || !strings.Contains(a.Body.String(), "Read it again") {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}

// changing is a store to which a change of the order has come first.
type changing struct{ *store.Store }

func (changing) RecordService(context.Context, store.Recording) (store.RecordedID, error) {
	return 0, fmt.Errorf("record: %w", store.ErrOrderChanged)
}

// The list is of one's own county, or of what was asked for; courts see their own; nobody sees what the sights keep back.
func TestTheListOfWhatIsToBeServed(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	for _, court := range []order.ORI{orange, alpine} {
		for _, class := range []order.Access{order.AccessNormal, order.AccessSealed} {
			w.bring(court, class)
		}
	}
	w.bring(alpine, order.AccessNormal, func(o *order.Order, _ *store.Accepted) {
		soon := order.MakeDate(2026, 11, 25)
		o.ID, o.Expiry.Date, o.Officer = "epo", &soon, &order.Officer{Name: "A. Cecil", AgencyORI: sheriff}
		o.Hearings = []order.Hearing{{Purpose: order.HearingHeard, Date: order.MakeDate(2026, 11, 20)}, {Purpose: order.HearingNext, Date: order.MakeDate(2026, 11, 25)}}
	})
	w.bring(alpine, order.AccessNormal, func(o *order.Order, _ *store.Accepted) { o.ID, o.Service = "heard", order.ServicePresent })
	for _, c := range []struct {
		who   site.Visitor
		query string
		want  string // n, s: normal and sealed of Orange and Alpine; e the emergency order; or the status
	}{
		{officer(), "", "Ae As An"}, {officer(), "?county=CA030", "Os On"}, {officer(), "?court=CA030013J", "Os On"}, {officer(), "?agency=CA0020000", "Ae"}, {officer(), "?county=CA030&agency=CA0020000", ""},
		{officer(), "?county=Alpine", "422"}, {officer(), "?court=x", "422"}, {officer(), "?agency=x", "422"}, {officer(), "?after=x", "422"},
		{judge(alpine), "", "Ae As An"}, {judge(alpine), "?county=CA030", "Ae As An"}, {clerk(orange), "", "Os On"}, {clerk(orange), "?court=CA002013J", "Os On"},
		{func() site.Visitor { v := clerk(orange); v.Sealed = false; return v }(), "", "On"}, {func() site.Visitor { v := officer(); v.Test = true; return v }(), "", ""},
		{person(access.KindCourt, orange, access.HelpDesk), "", "403"}, {person(access.KindHelpDesk, desk, access.HelpDesk), "", "403"}, {person(access.KindCourt, orange, access.Auditor), "", "403"},
	} {
		w.who = c.who
		a, sheet := w.visit("/unserved"+c.query, nil), w.visit("/unserved/export"+c.query, nil)
		got := fmt.Sprint(a.Code)
		if a.Code == 200 {
			got = w.shown(a.Body.String())
			if also := w.shown(sheet.Body.String()); also != got || sheet.Code != 200 {
				t.Errorf("%s%s: the page shows %q, the file %q", c.who.Roles[0], c.query, got, also)
			}
		} else if sheet.Code < 400 {
			t.Errorf("%s%s: the file is given out", c.who.Roles[0], c.query)
		}
		if got != c.want {
			t.Errorf("%s of %s%s: %q, not %q", c.who.Roles[0], c.who.Asker.Agency, c.query, got, c.want)
		}
	}
	w.who = officer()
	w.reads("/unserved", "in 1 day", "hearing 25 Nov 2026", `<option value="CA002" selected>Alpine</option>`)
	rows, err := csv.NewReader(strings.NewReader(w.visit("/unserved/export", nil).Body.String())).ReadAll()
	if err != nil || len(rows) != 4 || strings.Join(rows[1], "|") != "CA002013J|epo|caseo-002-normal|DV-130|2026-11-20|4|2026-11-25|1|2026-11-25|normal|Sam Surnameo-002-normal" {
		t.Errorf("%q, %v", rows, err)
	}
	if e := w.trail("unserved"); e[0].Action != "page.export" || e[0].Outcome != "3 orders" || e[0].Details != "county=CA002" || e[1].Outcome != "3 orders shown" {
		t.Errorf("%v", e[:2])
	}
}

// shown are the orders that a page or a file names, in its order.
func (w *registry) shown(text string) string {
	places := map[string]string{"On": "o-030-normal", "Os": "o-030-sealed", "An": "o-002-normal", "As": "o-002-sealed", "Ae": "epo", "heard": "heard"}
	var all []string
	for len(text) > 0 {
		first, name := len(text), ""
		for short, id := range places {
			for _, mark := range []string{"/" + id + `"`, "J," + id + ","} {
				if i := strings.Index(text, mark); i >= 0 && i < first {
					first, name = i, short
				}
			}
		}
		if name == "" {
			break
		}
		all, text = append(all, name), text[first+1:]
	}
	return strings.Join(all, " ")
}

// The list goes on behind its last line.
func TestTheListOfWhatIsToBeServedGoesOn(t *testing.T) {
	t.Parallel()
	w := newRegistry(t)
	for i := range 30 {
		w.bring(orange, order.AccessNormal, func(o *order.Order, _ *store.Accepted) {
			o.ID, o.Issued = order.LocalID(fmt.Sprintf("many-%02d", i)), order.MakeDate(2026, 11, 1+i%3)
		})
	}
	w.who = judge(orange)
	told, path := map[string]int{}, "/unserved"
	for range 3 {
		body := w.visit(path, nil).Body.String()
		for i := range 30 {
			if id := fmt.Sprintf("many-%02d", i); strings.Contains(body, at(orange, order.LocalID(id))+`"`) {
				told[id]++
			}
		}
		_, rest, more := strings.Cut(body, `rel="next" href="`)
		if !more {
			break
		}
		path, _, _ = strings.Cut(rest, `"`)
	}
	if len(told) != 30 || !strings.Contains(path, "after=") {
		t.Errorf("%d told, last %s", len(told), path)
	}
	for id, n := range told {
		if n != 1 {
			t.Errorf("%s was told %d times", id, n)
		}
	}
}

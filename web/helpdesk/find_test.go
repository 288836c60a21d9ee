package helpdesk

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// numbered is a shelf whose orders have numbers: one of each class.
func numbered() *shelf {
	identity := func(key store.OrderKey, class order.Access, test bool) store.OrderIdentity {
		return store.OrderIdentity{Key: key, Object: access.Object{Court: court, ID: "O", Access: class, Test: test}}
	}
	s := one(stood(store.StateHeld, nil))
	s.orders = map[string][]store.OrderIdentity{
		"case 26CC00000001": {identity(1, order.AccessNormal, false), identity(2, order.AccessSealed, false), identity(3, order.AccessJuvenile, false), identity(4, order.AccessNormal, true)},
		"case 26SEALED":     {identity(2, order.AccessSealed, false)},
		"FCN 2320632500001": {identity(1, order.AccessNormal, false)},
		"OCA CC-1":          {identity(1, order.AccessNormal, false)},
	}
	return s
}

// A number is looked for as everything that it can be, and leads to no order that the visitor may not see.
func TestBoxLooksForOrders(t *testing.T) {
	sealed := func(v site.Visitor) site.Visitor { v.Sealed = true; return v }
	for name, test := range map[string]struct {
		who    site.Visitor
		typed  string
		orders []store.OrderKey
		pkg    order.LocalID
		of     order.ORI
	}{
		"case, help desk":             {helper(), "26CC00000001", []store.OrderKey{1}, "26CC00000001", ""},
		"case, in small letters":      {helper(), "26cc00000001", []store.OrderKey{1}, "26cc00000001", ""},
		"case, clerk":                 {clerk(court), "26CC00000001", []store.OrderKey{1, 3}, "26CC00000001", court},
		"case, clerk who sees sealed": {sealed(clerk(court)), "26CC00000001", []store.OrderKey{1, 2, 3}, "26CC00000001", court},
		"case, test agency":           {func() site.Visitor { v := clerk(court); v.Test = true; return v }(), "26CC00000001", []store.OrderKey{4}, "26CC00000001", court},
		"case, auditor":               {person("ada", access.KindOperator, "CA034OPER", access.Auditor), "26CC00000001", nil, "26CC00000001", ""},
		"case, engineer":              {engineer(), "26CC00000001", []store.OrderKey{1, 2, 3, 4}, "26CC00000001", ""},
		"sealed case, help desk":      {helper(), "26SEALED", nil, "26SEALED", ""},
		"FCN":                         {helper(), "2320632500001", []store.OrderKey{1}, "2320632500001", ""},
		"OCA":                         {helper(), "cc-1", []store.OrderKey{1}, "cc-1", ""},
		"a package's identification":  {helper(), "P-1:a_b", nil, "P-1:a_b", ""},
	} {
		s := numbered()
		visit(t, s, test.who, "/submissions?q="+url.QueryEscape(test.typed), nil)
		if len(s.asked) != 1 {
			t.Errorf("%s: asked %d times", name, len(s.asked))
			continue
		}
		if q := s.asked[0]; !slices.Equal(q.Orders, test.orders) || q.Package != test.pkg || q.Agency != test.of {
			t.Errorf("%s: asked for %v, %q of %q", name, q.Orders, q.Package, q.Agency)
		}
		if e := s.events[0]; e.Action != "page.search" || e.Object != "submissions" || strings.Contains(e.Details+e.Outcome, test.typed) || !strings.Contains(e.Details, "number") {
			t.Errorf("%s: on record %+v", name, e)
		}
	}
	// An answer about a sealed order is the same as about none.
	known, none := visit(t, numbered(), helper(), "/submissions?q=26SEALED", nil), visit(t, &shelf{}, helper(), "/submissions?q=26SEALED", nil)
	if known.Body.String() != none.Body.String() {
		t.Error("an answer tells of a sealed order")
	}
}

func TestBoxLeadsOn(t *testing.T) {
	bare := strings.ReplaceAll(string(tracked), "-", "")
	row := store.Summary{Tracking: tracked, State: store.SubmissionAccepted}
	for name, test := range map[string]struct {
		path  string
		found []store.Summary
		next  store.Place
		to    string
		says  []string
	}{
		"a tracking number":             {"/submissions?q=" + string(tracked), nil, store.Place{}, page + string(tracked), nil},
		"as it is said":                 {"/submissions?q=" + url.QueryEscape(" "+strings.ToLower(bare[:4]+" "+bare[4:])+" "), nil, store.Place{}, page + string(tracked), nil},
		"the address of before":         {"/submission?tracking=" + string(tracked), nil, store.Place{}, "/submissions?q=" + string(tracked), nil},
		"one that nobody has":           {"/submissions?q=" + string(other), nil, store.Place{}, "", []string{"well-formed tracking number, but nothing was received"}},
		"one wrong":                     {"/submissions?q=" + bare[:5] + "0" + bare[6:], nil, store.Place{}, "", []string{"does not fit the others", page + string(tracked), "Is it one of these?"}},
		"one left out":                  {"/submissions?q=" + bare[1:], nil, store.Place{}, "", []string{"A character is missing", page + string(tracked)}},
		"the only one of a case":        {"/submissions?q=26CC00000001", []store.Summary{row}, store.Place{}, page + string(tracked), nil},
		"the only one, with conditions": {"/submissions?q=26CC00000001&state=held", []store.Summary{row}, store.Place{}, "", []string{string(tracked)}},
		"two of a case":                 {"/submissions?q=26CC00000001", []store.Summary{row, row}, store.Place{}, "", []string{string(tracked)}},
		"none of a case":                {"/submissions?q=26CC00000001", nil, store.Place{}, "", []string{"It was looked for as tracking number, package identification, case number, FCN and OCA"}},
		"nothing on a list":             {"/submissions?state=held", nil, store.Place{}, "", []string{"Nothing matches."}},
	} {
		s := numbered()
		s.found = store.FoundSubmissions{Submissions: test.found, Next: test.next}
		w := visit(t, s, helper(), test.path, nil)
		if w.Header().Get("Location") != test.to || w.Code != 200 && w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d to %q", name, w.Code, w.Header().Get("Location"))
		}
		for _, says := range test.says {
			if !strings.Contains(w.Body.String(), says) {
				t.Errorf("%s: the page does not say %q", name, says)
			}
		}
	}
}

// An address asks for what it says, and nothing that an address says widens what somebody may list.
func TestAddressesAsk(t *testing.T) {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	midnight := func(day int) time.Time { return time.Date(2026, 11, day, 0, 0, 0, 0, zone) }
	place, err := store.ParsePlace("zz.5")
	if err != nil {
		t.Fatal(err)
	}
	common := store.SubmissionQuery{Now: now(), Warn: []float64{0.5, 0.8}, Limit: perPage}
	with := func(change func(*store.SubmissionQuery)) store.SubmissionQuery { q := common; change(&q); return q }
	for path, test := range map[string]struct {
		who  site.Visitor
		want store.SubmissionQuery
	}{
		"":                           {helper(), common},
		"?agency=ca030013j":          {helper(), with(func(q *store.SubmissionQuery) { q.Agency = court })},
		"?agency=" + string(another): {clerk(court), with(func(q *store.SubmissionQuery) { q.Agency = court })},
		"?state=late&tests=none":     {clerk(court), with(func(q *store.SubmissionQuery) { q.Agency, q.Like, q.Live = court, store.LikeLate, true })},
		"?from=2026-11-01&to=2026-11-01": {helper(), with(func(q *store.SubmissionQuery) {
			q.From, q.To = midnight(1), midnight(2) // the day on which clocks go back has 25 hours
		})},
		"?code=Client.Rule.*&tests=only": {helper(), with(func(q *store.SubmissionQuery) { q.Code, q.Tests = "Client.Rule.*", true })},
		"?before=zz.5":                   {helper(), with(func(q *store.SubmissionQuery) { q.Before = place })},
	} {
		s := &shelf{}
		if w := visit(t, s, test.who, "/submissions"+path, nil); w.Code != 200 || len(s.asked) != 1 || !reflect.DeepEqual(s.asked[0], test.want) {
			t.Errorf("%s: %d, asked for %+v, want %+v", path, w.Code, s.asked, test.want)
		}
	}
}

func TestListPagesAndFigures(t *testing.T) {
	next, err := store.ParsePlace("abc.77")
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{found: store.FoundSubmissions{Next: next, Submissions: []store.Summary{
		{Tracking: tracked, State: store.SubmissionAccepted, Owed: true, Transmission: store.StateHeld, Due: received(), AgencyORI: court, AgencyName: "Court of Invented"},
		{Tracking: other, State: store.SubmissionRefused, RefusedCode: "Client.Rule.X", Test: true}}},
		day:   store.Day{Received: 41, Accepted: 38, Refused: 3, Carpos: 30, RefusedBy: []store.CodeCount{{Family: "Client.Rule", Count: 3}}, Held: 2, Late: 1, Partly: true},
		saved: []store.SavedSearch{{ID: 9, Name: "Held in Orange", Query: "agency=CA030013J&state=held"}}}
	body := visit(t, s, helper(), "/submissions?state=held&agency=CA030013J", nil).Body.String()
	for _, want := range []string{"Court of Invented", ">late<", ">test<", "Client.Rule.X", `href="/submissions?agency=CA030013J&amp;before=abc.77&amp;state=held"`, "Next page",
		`href="/submissions?from=2026-11-29&amp;tests=none&amp;to=2026-11-29"`, `href="/submissions?code=Client.Rule.%2A&amp;from=2026-11-29&amp;tests=none&amp;to=2026-11-29"`, `href="/submissions?state=late&amp;tests=none"`,
		">41<", ">38<", ">30<", "there may be more held", "Held in Orange", `action="/submissions/saved/9/forget"`, `value="agency=CA030013J&amp;state=held"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	// The day is the courts': at nine in the evening of the 28th in California it is the 29th in Greenwich.
	if from := s.dayAsked.From.UTC(); from != time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC) || s.dayAsked.To.Sub(s.dayAsked.From) != 24*time.Hour || s.dayAsked.Agency != "" || s.dayAsked.Tests {
		t.Errorf("the day asked for: %+v", s.dayAsked)
	}
	who := clerk(court)
	who.Test = true
	s.found.Short, s.found.Back, s.found.Submissions = true, received(), nil
	body = visit(t, s, who, "/submissions?state=held", nil).Body.String()
	if s.dayAsked.Agency != court || !s.dayAsked.Tests || strings.Contains(body, `name="agency"`) || !strings.Contains(body, "tests=only") {
		t.Errorf("a court's own figures: %+v", s.dayAsked)
	}
	if !strings.Contains(body, "Nothing matches, back to 27 Nov 2026 09:30:00 PST") || !strings.Contains(body, "Look further back") {
		t.Error("the page does not say how far was looked")
	}
}

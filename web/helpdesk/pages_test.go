package helpdesk

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
	"ccpor/web/site/sitetest"
)

var (
	tracked = order.NewTracking(9876543210123)
	other   = order.NewTracking(9)
)

const (
	court   = order.ORI("CA030013J")
	another = order.ORI("CA002013J")
)

func received() time.Time { return time.Date(2026, 11, 27, 17, 30, 0, 0, time.UTC) }
func now() time.Time      { return time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC) }

// shelf is what the pages read and write, and where looks go on record.
type shelf struct {
	statuses  map[order.Tracking]store.Status
	orders    map[string][]store.OrderIdentity // by case number, FCN and OCA
	found     store.FoundSubmissions
	asked     []store.SubmissionQuery
	day       store.Day
	dayAsked  store.DayQuery
	saved     []store.SavedSearch
	handovers []store.Handover
	wire      []byte
	kind      string
	cut       bool
	brought   store.Brought
	item      store.QueueItem
	err       error
	actErr    error
	acts      []string
	events    []store.Event
	auditErr  error
}

func (s *shelf) Audit(_ context.Context, e store.Event) error {
	if s.auditErr == nil {
		s.events = append(s.events, e)
	}
	return s.auditErr
}

func (s *shelf) Status(_ context.Context, t order.Tracking) (store.Status, error) {
	if st, ok := s.statuses[t]; ok || s.err != nil {
		return st, s.err
	}
	return store.Status{}, store.ErrNotFound
}

func (s *shelf) FindSubmissions(_ context.Context, q store.SubmissionQuery) (store.FoundSubmissions, error) {
	s.asked = append(s.asked, q)
	return s.found, s.err
}

func (s *shelf) OrdersNumbered(_ context.Context, n store.Number) ([]store.OrderIdentity, error) {
	return slices.Concat(s.orders["case "+string(n.Case)], s.orders["FCN "+string(n.FCN)], s.orders["OCA "+n.OCA]), s.err
}

func (s *shelf) SubjectOf(_ context.Context, t order.Tracking) (store.OrderIdentity, error) {
	st, ok := s.statuses[t]
	if !ok || st.Order == nil {
		return store.OrderIdentity{}, store.ErrNotFound
	}
	return store.OrderIdentity{Object: st.Order.Object()}, s.err
}

func (s *shelf) SendersOf(_ context.Context, ts []order.Tracking) (map[order.Tracking]order.ORI, error) {
	senders := map[order.Tracking]order.ORI{}
	for _, t := range ts {
		if st, ok := s.statuses[t]; ok {
			senders[t] = st.Agency.ORI
		}
	}
	return senders, s.err
}

func (s *shelf) Day(_ context.Context, q store.DayQuery) (store.Day, error) {
	s.dayAsked = q
	return s.day, s.err
}

func (s *shelf) SavedSearches(context.Context, store.PersonID) ([]store.SavedSearch, error) {
	return s.saved, s.err
}

func (s *shelf) Handover(_ context.Context, id int64) (store.Handover, error) {
	for _, h := range s.handovers {
		if h.ID == id {
			return h, s.err
		}
	}
	return store.Handover{}, store.ErrNotFound
}

func (s *shelf) Handovers(_ context.Context, of order.ORI, _ int) ([]store.Handover, error) {
	return slices.DeleteFunc(slices.Clone(s.handovers), func(h store.Handover) bool { return of != "" && h.Agency != of }), s.err
}

func (s *shelf) HandoversOf(_ context.Context, t order.Tracking) ([]store.Handover, error) {
	return slices.DeleteFunc(slices.Clone(s.handovers), func(h store.Handover) bool { return h.Tracking != t }), s.err
}

func (s *shelf) Looks(context.Context, string) (int, int, error) { return 12, 3, s.err }
func (s *shelf) Wire(context.Context, order.Tracking) ([]byte, bool, error) {
	return s.wire, !s.cut, s.err
}
func (s *shelf) ContentType(context.Context, order.Tracking) (string, error) { return s.kind, s.err }

func (s *shelf) Brought(context.Context, order.Tracking, store.Action) (store.Brought, error) {
	return s.brought, s.err
}

func (s *shelf) QueueItem(context.Context, store.TransmissionID) (store.QueueItem, error) {
	return s.item, s.err
}

func (s *shelf) act(by store.Event, what string) error {
	if s.actErr == nil {
		s.acts = append(s.acts, by.Actor+": "+what)
	}
	return s.actErr
}

func (s *shelf) SaveSearch(_ context.Context, by store.Event, k store.SavedSearch) error {
	return s.act(by, "keep "+k.Name+" "+k.Query)
}
func (s *shelf) ForgetSearch(_ context.Context, by store.Event, id int64) error {
	return s.act(by, "forget")
}
func (s *shelf) HandOver(_ context.Context, by store.Event, t order.Tracking, why string) error {
	return s.act(by, "hand over "+string(t)+" "+why)
}
func (s *shelf) TakeHandover(_ context.Context, by store.Event, id int64) error {
	return s.act(by, "take")
}
func (s *shelf) CloseHandover(_ context.Context, by store.Event, id int64, result string) error {
	return s.act(by, "close "+result)
}

func person(name string, kind access.Kind, agency order.ORI, roles ...access.Role) site.Visitor {
	until := order.MakeDate(2028, 6, 30)
	return site.Visitor{ID: 7, Login: name + "@invented.example", Name: name, Agency: "An agency", Asker: access.Asker{Kind: kind, Agency: agency, Roles: roles, CertifiedUntil: &until}}
}

func helper() site.Visitor { return person("hana", access.KindHelpDesk, "CA034HELP", access.HelpDesk) }
func engineer() site.Visitor {
	return person("ina", access.KindOperator, "CA034OPER", access.IntegrationEngineer)
}
func clerk(of order.ORI) site.Visitor { return person("ana", access.KindCourt, of, access.CourtClerk) }

// opened are the pages over what is read and written, for somebody.
func opened(t *testing.T, r Reader, w Writer, log site.Auditor, who *site.Visitor) *site.Site {
	t.Helper()
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	c := sitetest.Config(log, who, now)
	c.Zone = zone
	return sitetest.Open(t, c, &Pages{Reader: r, Writer: w, Zone: zone, Warn: []float64{0.5, 0.8}})
}

// visit asks the pages as somebody; a form makes it a POST of this program's own page.
func visit(t *testing.T, s *shelf, who site.Visitor, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	return sitetest.Visit(t, opened(t, s, s, s, &who), path, form)
}

// one is a shelf with one submission of the court.
func one(st store.Status) *shelf {
	st.Tracking, st.ReceivedAt, st.Correlation = tracked, received(), "corr-1"
	if st.Agency.ORI == "" {
		st.Agency = store.Agency{ORI: court, Name: "Superior Court of Invented County"}
	}
	return &shelf{statuses: map[order.Tracking]store.Status{tracked: st}}
}

// stood is an accepted package whose transmission stands so.
func stood(state store.TransmissionState, change func(*store.Status)) store.Status {
	st := store.Status{State: store.SubmissionAccepted, Action: store.ActionAdd, Package: "P-1", Owed: true, Due: received().Add(96 * time.Hour), DueRule: "FC 6380(a)",
		Order:         &store.OrderSummary{Court: court, ID: "O-1", Case: "30-SECRET-1", Access: order.AccessNormal, Version: 1, OCA: "CC0001", FCN: "2320632500001"},
		Transmissions: []store.TransmissionStatus{{Transmission: store.Transmission{ID: 5, Kind: store.KindEnter, State: state}, ChangedAt: received().Add(time.Minute)}}}
	if change != nil {
		change(&st)
	}
	return st
}

func refused(code string, problems ...store.Problem) store.Status {
	return store.Status{State: store.SubmissionRefused, RefusedCode: code, RefusedStage: "rules", Problems: problems}
}

const page = "/submission/"

// The page says what is wrong, whose move it is, and what to read to the caller.
func TestPageAnswersTheCall(t *testing.T) {
	tests := map[string]struct {
		status store.Status
		says   []string
		not    []string
	}{
		"refused for a rule": {refused("Client.Rule.ExpiryBeforeIssue", store.Problem{Code: "Client.Rule.ExpiryBeforeIssue", Text: "The order ends before it was issued.", Fix: "Look at both dates.", Line: 7, Value: "SECRET VALUE", Whose: "court"}),
			[]string{"The order breaks a rule, and the court has to correct one thing and send it again.", "Next move: the court&#39;s", "Friday 27 November 2026, 9:30 AM", "Nothing of it is in the registry or in CARPOS", "The order ends before it was issued. Look at both dates. It is in line 7 of the package.", "one business day"},
			[]string{"SECRET VALUE", "Due in CARPOS"}},
		"refused by many problems": {refused("Client.Schema.Invalid", slices.Repeat([]store.Problem{{Code: "Client.Schema.ValueMalformed", Text: "This is no date.", Whose: "sender"}}, 9)...),
			[]string{"has to put 9 things right", "There are 4 more", "Next move: the court&#39;s software&#39;s"}, nil},
		"problems of several": {refused("Client.Rule.X", store.Problem{Text: "One.", Whose: "sender"}, store.Problem{Text: "Two.", Whose: "court"}), []string{"Next move: the court&#39;s<"}, nil},
		"a certificate":       {refused("Client.Peer.CertificateExpired"), []string{"past its time, and the court has to renew it", "Please have a current certificate registered with us today"}, nil},
		"a code from later":   {refused("Client.Novel.Kind"), []string{"the court&#39;s software or its operator has to put it right"}, nil},
		"our own fault":       {refused("Server.Internal"), []string{"hand it over to an engineer", "Next move: the exchange&#39;s"}, nil},
		"in CARPOS":           {stood(store.StateAccepted, nil), []string{"Nothing is wrong: the order is in the registry and in CARPOS.", "CARPOS confirmed it on Friday 27 November 2026, 9:31 AM", "2320632500001"}, []string{"has passed"}},
		"in CARPOS too late": {stood(store.StateAccepted, func(s *store.Status) { s.Due = received() }),
			[]string{"came there after its deadline", "after the deadline, Friday 27 November 2026, 9:30 AM"}, nil},
		"late": {stood(store.StateUnknown, func(s *store.Status) { s.Due = received().Add(time.Hour) }),
			[]string{"answer was lost", "Please do not send it again.", "It was due in CARPOS by Friday 27 November 2026, 10:30 AM.", "The deadline for CARPOS has passed"}, nil},
		"held": {stood(store.StateHeld, func(s *store.Status) { s.Transmissions[0].Reason = "race is missing" }),
			[]string{"until a person of the exchange has acted: race is missing.", "Next move: a person&#39;s at the exchange", "It is due in CARPOS by Tuesday 1 December 2026, 9:30 AM."}, nil},
		"waits for its order": {stood(store.StateWaiting, func(s *store.Status) { s.Action, s.Order.Version = store.ActionServe, 0 }),
			[]string{"The order itself has not come: the court has to send it, and the proof of service follows."}, nil},
		"tried again": {stood(store.StateReady, func(s *store.Status) { s.Transmissions[0].Tries = 2 }), []string{"the exchange tries again by itself"}, nil},
		"sent":        {stood(store.StateSent, nil), []string{"CARPOS was asked and has not answered yet", "Next move: CARPOS"}, nil},
		"given up":    {stood(store.StateGivenUp, func(s *store.Status) { s.Transmissions[0].Reason = "entered by hand" }), []string{"was given up", "entered by hand."}, nil},
		"entered by another": {stood("", func(s *store.Status) {
			s.Transmissions, s.NotOwed, s.Owed, s.Agency = nil, store.NotOwedAgency, false, store.Agency{ORI: court, EnteredBy: "CA0300000"}
		}), []string{"CA0300000 has to enter it into CARPOS", "Please make sure that CA0300000 enters it. It is due in CARPOS by Tuesday"}, nil},
		"a test": {stood("", func(s *store.Status) {
			s.Transmissions, s.NotOwed, s.Owed, s.Test = nil, store.NotOwedTest, false, true
		}),
			[]string{"it is a test, which never goes to CARPOS"}, []string{"Due in CARPOS", "It is due"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := one(test.status)
			w := visit(t, s, helper(), page+string(tracked), nil)
			body := w.Body.String()
			for _, want := range test.says {
				if !strings.Contains(body, want) {
					t.Errorf("the page does not say %q", want)
				}
			}
			for _, not := range test.not {
				if strings.Contains(body, not) {
					t.Errorf("the page says %q", not)
				}
			}
			if strings.Contains(body, "{") || strings.Contains(body, "%!") {
				t.Error("a blank was not filled in")
			}
			if w.Code != 200 || len(s.events) != 1 || s.events[0].Object != "submission "+string(tracked) || s.events[0].Action != "page.read" {
				t.Errorf("%d, on record %+v", w.Code, s.events)
			}
			if !strings.Contains(body, "12 times by 3 people") || !strings.Contains(body, "corr-1") {
				t.Error("the page does not say who has looked, or lacks the correlation id")
			}
		})
	}
}

// Which order it is, is said to those who see it; its case number to those who see it whole or read contents.
func TestPageMasksTheOrder(t *testing.T) {
	seal := func(v site.Visitor) site.Visitor { v.Sealed = true; return v }
	const noOrder, outline, whole = "no order", "outline", "whole"
	tests := map[string]struct {
		who   site.Visitor
		class order.Access
		want  string
	}{
		"help desk, normal":          {helper(), order.AccessNormal, outline},
		"help desk, sealed":          {helper(), order.AccessSealed, noOrder},
		"help desk, juvenile":        {helper(), order.AccessJuvenile, noOrder},
		"help desk with the flag":    {seal(helper()), order.AccessSealed, noOrder},
		"an order that has not come": {helper(), "", noOrder},
		"clerk, normal":              {clerk(court), order.AccessNormal, whole},
		"clerk, juvenile":            {clerk(court), order.AccessJuvenile, whole},
		"clerk, sealed":              {clerk(court), order.AccessSealed, noOrder},
		"clerk who sees sealed":      {seal(clerk(court)), order.AccessSealed, whole},
		"desk of the court, sealed":  {person("hal", access.KindCourt, court, access.HelpDesk), order.AccessSealed, noOrder},
		"auditor":                    {person("ada", access.KindOperator, "CA034OPER", access.Auditor), order.AccessNormal, noOrder},
		"administrator":              {person("adi", access.KindCourt, court, access.AgencyAdministrator), order.AccessNormal, noOrder},
		"engineer":                   {engineer(), order.AccessSealed, whole},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := one(stood(store.StateAccepted, func(s *store.Status) { s.Order.Access = test.class }))
			body := visit(t, s, test.who, page+string(tracked), nil).Body.String()
			got := noOrder
			switch {
			case strings.Contains(body, "30-SECRET-1"):
				got = whole
			case strings.Contains(body, "2320632500001"):
				got = outline
			}
			// The OCA is made of the case number.
			if strings.Contains(body, "CC0001") != (got == whole) {
				t.Error("the OCA is shown to somebody else than the case number")
			}
			if got != test.want || !strings.Contains(body, "Read to the caller") {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// Another order is named to those who may see it and look at its submission.
func TestPageNamesOtherOrders(t *testing.T) {
	for name, test := range map[string]struct {
		class  order.Access
		sender order.ORI
		who    site.Visitor
		named  bool
	}{
		"normal":                     {order.AccessNormal, court, helper(), true},
		"juvenile":                   {order.AccessJuvenile, court, helper(), false},
		"juvenile, whole":            {order.AccessJuvenile, court, clerk(court), true},
		"sent by another agency":     {order.AccessNormal, "CA030099J", clerk(court), false},
		"sent by another, help desk": {order.AccessNormal, "CA030099J", helper(), true},
	} {
		s := one(stood(store.StateAccepted, func(s *store.Status) { s.Order.Follows, s.Order.AddedBy = other, tracked }))
		s.statuses[other] = stood(store.StateAccepted, func(s *store.Status) { s.Order.Access, s.Agency.ORI = test.class, test.sender })
		if body := visit(t, s, test.who, page+string(tracked), nil).Body.String(); strings.Contains(body, string(other)) != test.named {
			t.Errorf("%s: named %v", name, !test.named)
		}
	}
}

// What belongs to another agency is answered byte for byte like what does not exist, and only the log knows.
func TestOthersSubmissionsAreNotThere(t *testing.T) {
	for _, path := range []string{page + string(tracked), page + string(tracked) + "/content/package"} {
		theirs, none := one(stood(store.StateAccepted, nil)), &shelf{}
		a, b := visit(t, theirs, clerk(another), path, nil), visit(t, none, clerk(another), path, nil)
		if a.Code != 404 || a.Body.String() != b.Body.String() || a.Code != b.Code {
			t.Errorf("%s: %d and %d\n%s\n%s", path, a.Code, b.Code, a.Body, b.Body)
		}
		if theirs.events[0].Outcome != "forbidden" || none.events[0].Outcome != "not found" {
			t.Errorf("on record: %s, %s", theirs.events[0].Outcome, none.events[0].Outcome)
		}
	}
	// So does the box, for a number that is right and for one that is mistyped.
	bare := strings.ReplaceAll(string(tracked), "-", "")
	for _, q := range []string{string(tracked), bare[:8] + "7" + bare[9:], bare[1:]} {
		theirs, none := one(stood(store.StateAccepted, nil)), &shelf{}
		a, b := visit(t, theirs, clerk(another), "/submissions?q="+q, nil), visit(t, none, clerk(another), "/submissions?q="+q, nil)
		if a.Code != 200 || a.Body.String() != b.Body.String() {
			t.Errorf("%s: %d", q, a.Code)
		}
	}
}

func TestRefusals(t *testing.T) {
	bare := strings.ReplaceAll(string(tracked), "-", "")
	swapped := bare[:3] + bare[4:5] + bare[3:4] + bare[5:]
	tests := map[string]struct {
		who   site.Visitor
		path  string
		form  url.Values
		shelf *shelf
		code  int
		says  string
	}{
		"mistyped":                 {helper(), page + "AAAA-AAAA-AB", nil, &shelf{}, 400, "does not fit the others"},
		"mistyped, one that is":    {helper(), page + swapped, nil, one(store.Status{}), 400, "Is it " + string(tracked) + "?"},
		"a word":                   {helper(), page + "hello", nil, &shelf{}, 400, "ten letters and digits"},
		"unknown":                  {helper(), page + string(other), nil, &shelf{}, 404, "No submission has this number"},
		"store away":               {helper(), page + string(tracked), nil, &shelf{err: errors.New("dial tcp: secret host")}, 503, "cannot answer now"},
		"log away":                 {helper(), page + string(tracked), nil, func() *shelf { s := one(store.Status{}); s.auditErr = errors.New("disk full"); return s }(), 503, "cannot answer now"},
		"not for the role":         {person("sam", access.KindHelpDesk, "CA034HELP", access.AgencyAdministrator), "/submissions", nil, &shelf{}, 200, "Submissions"},
		"nobody's role":            {person("sam", access.KindHelpDesk, "CA034HELP"), "/submissions", nil, &shelf{}, 403, "not for your role"},
		"contents, help desk":      {helper(), page + string(tracked) + "/content/package", nil, one(store.Status{}), 403, "not for your role"},
		"contents of no stage":     {engineer(), page + string(tracked) + "/content/secrets", nil, one(store.Status{}), 404, "no such contents"},
		"texts, not certified":     {func() site.Visitor { v := engineer(); v.CertifiedUntil = nil; return v }(), page + string(tracked) + "/content/carpos", nil, one(stood(store.StateSent, nil)), 404, "no such contents"},
		"texts, clerk":             {clerk(court), page + string(tracked) + "/content/carpos", nil, one(stood(store.StateSent, nil)), 404, "no such contents"},
		"sealed contents, clerk":   {clerk(court), page + string(tracked) + "/content/package", nil, one(stood(store.StateSent, func(s *store.Status) { s.Order.Access = order.AccessSealed })), 404, "no such contents"},
		"refused contents, clerk":  {clerk(court), page + string(tracked) + "/content/package", nil, one(refused("Client.Rule.X")), 404, "no such contents"},
		"a bad day":                {helper(), "/submissions?from=yesterday", nil, &shelf{}, 422, "A day is written as"},
		"a bad ORI":                {helper(), "/submissions?agency=orange", nil, &shelf{}, 422, "An ORI has"},
		"a bad state":              {helper(), "/submissions?state=lost", nil, &shelf{}, 422, "There is no such state"},
		"a bad code":               {helper(), "/submissions?code=%25", nil, &shelf{}, 422, "A code is as"},
		"a code of what is held":   {helper(), "/submissions?code=Client.Rule.*&state=held", nil, &shelf{}, 422, "A code is as"},
		"a bad place":              {helper(), "/submissions?before=x", nil, &shelf{}, 422, "The address was cut"},
		"keep nothing":             {helper(), "/submissions/saved", url.Values{"name": {"n"}}, &shelf{}, 400, "Only what finds something"},
		"keep nonsense":            {helper(), "/submissions/saved", url.Values{"name": {"n"}, "query": {"state=lost"}}, &shelf{}, 400, "Only what finds something"},
		"keep without a name":      {helper(), "/submissions/saved", url.Values{"query": {"state=held"}}, &shelf{actErr: store.ErrSavedName}, 400, "needs a name"},
		"keep one too many":        {helper(), "/submissions/saved", url.Values{"name": {"n"}, "query": {"state=held"}}, &shelf{actErr: store.ErrSavedEnough}, 409, "You keep 50 already"},
		"forget another's":         {helper(), "/submissions/saved/3/forget", url.Values{}, &shelf{actErr: store.ErrNotFound}, 404, "You keep no such search"},
		"forget a word":            {helper(), "/submissions/saved/x/forget", url.Values{}, &shelf{}, 404, "You keep no such search"},
		"hand over without a note": {helper(), page + string(tracked) + "/handover", url.Values{"note": {"<b>"}}, func() *shelf { s := one(store.Status{}); s.actErr = store.ErrNoteLength; return s }(), 422, "&lt;b&gt;"},
		"hand over twice":          {helper(), page + string(tracked) + "/handover", url.Values{"note": {"why"}}, func() *shelf { s := one(store.Status{}); s.actErr = store.ErrHandedOver; return s }(), 409, "with an engineer already"},
		"hand over another's":      {clerk(another), page + string(tracked) + "/handover", url.Values{"note": {"why"}}, one(store.Status{}), 404, "No submission has this number"},
		"take, help desk":          {helper(), "/handover/1/take", url.Values{}, &shelf{handovers: []store.Handover{{ID: 1, Agency: court}}}, 403, "not for your role"},
		"take another court's":     {person("eva", access.KindCourt, another, access.IntegrationEngineer), "/handover/1/take", url.Values{}, &shelf{handovers: []store.Handover{{ID: 1, Agency: court}}}, 403, "not for your role"},
		"take none":                {engineer(), "/handover/2/take", url.Values{}, &shelf{}, 404, "no such hand-over"},
		"take a word":              {engineer(), "/handover/x/take", url.Values{}, &shelf{}, 404, "no such hand-over"},
		"an unknown move":          {engineer(), "/handover/1/eat", url.Values{}, &shelf{handovers: []store.Handover{{ID: 1, Agency: court}}}, 404, "no such hand-over"},
		"taken meanwhile":          {engineer(), "/handover/1/take", url.Values{}, &shelf{actErr: store.ErrHandoverMoved, handovers: []store.Handover{{ID: 1, Agency: court}}}, 409, "Somebody else"},
		"closed without a result":  {engineer(), "/handover/1/close", url.Values{}, &shelf{actErr: store.ErrNoteLength, handovers: []store.Handover{{ID: 1, Agency: court}}}, 400, "needs a result"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := visit(t, test.shelf, test.who, test.path, test.form)
			if w.Code != test.code || !strings.Contains(w.Body.String(), test.says) {
				t.Errorf("%d, want %d and %q\n%.1500s", w.Code, test.code, test.says, w.Body)
			}
			if strings.Contains(w.Body.String(), "secret host") || len(test.shelf.acts) > 0 {
				t.Errorf("the inside is told, or something was done: %v", test.shelf.acts)
			}
		})
	}
}

func TestActsAreTheVisitors(t *testing.T) {
	for name, test := range map[string]struct {
		who  site.Visitor
		path string
		form url.Values
		to   string
		act  string
	}{
		"keep":      {helper(), "/submissions/saved", url.Values{"name": {"Mine"}, "query": {"state=held&before=x&evil=1&agency=ca030013j"}}, "/submissions?agency=CA030013J&state=held", "keep Mine agency=CA030013J&state=held"},
		"forget":    {helper(), "/submissions/saved/3/forget", url.Values{}, "/submissions", "forget"},
		"hand over": {helper(), page + string(tracked) + "/handover", url.Values{"note": {"no receipt"}}, page + string(tracked) + "#handover", "hand over " + string(tracked) + " no receipt"},
		"take":      {engineer(), "/handover/1/take", url.Values{}, "/handovers", "take"},
		"close":     {engineer(), "/handover/1/close", url.Values{"result": {"found"}}, "/handovers", "close found"},
	} {
		s := one(store.Status{})
		s.handovers = []store.Handover{{ID: 1, Agency: court, Tracking: tracked, State: store.HandoverClosed}}
		w := visit(t, s, test.who, test.path, test.form)
		if w.Code != 303 || w.Header().Get("Location") != test.to || len(s.acts) != 1 || s.acts[0] != test.who.Actor()+": "+test.act {
			t.Errorf("%s: %d to %s, %v", name, w.Code, w.Header().Get("Location"), s.acts)
		}
	}
}

// Whatever is stored, the page is text.
func TestHostileTextIsText(t *testing.T) {
	const evil = `<script>alert(1)</script>"onload='x'`
	st := refused(evil, store.Problem{Code: evil, Text: evil, Fix: evil, Path: evil, Citation: evil, Whose: evil})
	st.Package, st.Stages, st.Agency.Name, st.Agency.ORI = evil, []store.Stage{{Name: evil, Text: evil}}, evil, court
	held := stood(store.StateHeld, func(s *store.Status) {
		s.Transmissions[0].Reason, s.Order.Case, s.Order.OCA, s.Notes = evil, evil, evil, []order.Note{{Text: evil}}
		s.Supplied = []store.Correction{{Field: evil, By: evil, Source: evil}}
		s.Transmissions[0].Attempts = []store.AttemptStatus{{Line: evil, Text: evil, Verdict: store.VerdictHeld}}
	})
	for name, s := range map[string]*shelf{"refused": one(st), "held": one(held)} {
		s.handovers = []store.Handover{{Tracking: tracked, Note: evil, By: evil, Result: evil, TakenBy: evil}}
		s.wire, s.kind = []byte("<a b='"+strings.ReplaceAll(evil, "'", "")+"'><![CDATA["+evil+"]]></a>"+evil), "text/xml"
		s.brought = store.Brought{Order: &order.Order{Judge: evil}}
		s.item = store.QueueItem{Attempts: []store.QueueAttempt{{Bytes: []byte(evil)}}}
		s.found = store.FoundSubmissions{Submissions: []store.Summary{{Tracking: tracked, AgencyName: evil, AgencyORI: court, Package: evil, RefusedCode: evil}, {}}}
		s.saved = []store.SavedSearch{{Name: evil, Query: evil}}
		s.day = store.Day{RefusedBy: []store.CodeCount{{Family: evil, Count: 1}}}
		for _, path := range []string{page + string(tracked), page + string(tracked) + "/content/package", page + string(tracked) + "/content/read", page + string(tracked) + "/content/carpos", "/submissions?q=" + url.QueryEscape(evil),
			"/submissions", "/submissions?agency=" + url.QueryEscape(evil), "/handovers", page + url.PathEscape(evil)} {
			body := visit(t, s, engineer(), path, nil).Body.String()
			if strings.Contains(body, "<script>alert") || strings.Contains(body, `"onload`) {
				t.Errorf("%s, %s: the text is markup", name, path)
			}
			if path == page+string(tracked) && !strings.Contains(body, "&lt;script&gt;") {
				t.Errorf("%s: the page does not show what is stored", name)
			}
		}
	}
}

package carpos

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
	"ccpor/web/site/sitetest"
)

func nine() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }

// counter is a queue with one transmission, number 5, and a desk that keeps what it was told to do.
type counter struct {
	shelf
	visitor site.Visitor
	item    store.QueueItem
	acts    []store.Act
	asked   store.QueueFilter
	after   store.TransmissionID
	err     error // of Act
	away    error // of everything that reads
}

func (c *counter) Queue(_ context.Context, f store.QueueFilter, _ int, after store.TransmissionID) ([]store.QueueEntry, error) {
	c.asked, c.after = f, after
	return []store.QueueEntry{c.item.QueueEntry}, c.away
}

func (c *counter) QueueCounts(context.Context, order.ORI) ([]store.StateCount, error) {
	return []store.StateCount{{State: c.item.State, Count: 1, Oldest: nine()}}, c.away
}

func (c *counter) Item(_ context.Context, id store.TransmissionID, personal bool) (store.QueueItem, error) {
	if personal {
		return store.QueueItem{}, errors.New("a page asked for values about people")
	}
	if id != c.item.ID {
		return store.QueueItem{}, store.ErrNotFound
	}
	return c.item, c.away
}

func (c *counter) Suppliable(store.Kind) []store.Suppliable {
	return []store.Suppliable{{Field: "RAC", Label: "race", Shape: "one of: B black, W white"}, {Field: "HGT", Label: "height", Shape: "feet and inches"}}
}

func (c *counter) Act(_ context.Context, _ store.TransmissionID, a store.Act) (store.Acted, error) {
	c.acts = append(c.acts, a)
	return store.Acted{}, c.err
}

func standing(s store.TransmissionState) *counter {
	c := &counter{}
	c.item.ID, c.item.Kind, c.item.State, c.item.Tracking, c.item.Seq = 5, store.KindEnter, s, tracked, 1
	c.item.AgencyName, c.item.ChangedAt, c.item.ReceivedAt = "Superior Court of Invented County", received(), received()
	c.item.Next = store.Move{Whose: store.PartyHub, Sentence: "What is " + string(s) + " moves on."}
	switch s {
	case store.StateHeld:
		c.item.Reason, c.item.Field, c.item.Behind = "RAC: The order does not say it.", "RAC", 2
	case store.StateReady, store.StateUnknown:
		c.item.RetryAt = nine().Add(time.Hour)
	}
	return c
}

// send asks the pages as the operator's engineer; a form makes it a POST of this program's own page.
func (c *counter) send(t *testing.T, path string, form url.Values, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	return visit(t, &Pages{Reader: c, Desk: c}, c.who(), &c.shelf, path, form, change)
}

// who comes: an engineer of the operator, where nobody else is said.
func (c *counter) who() site.Visitor {
	if c.visitor.ID != 0 {
		return c.visitor
	}
	return engineer()
}

func form(pairs ...string) url.Values {
	f := url.Values{"seen": {received().Format(time.RFC3339Nano)}}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

func TestQueuePagesOfEveryState(t *testing.T) {
	offers := map[store.TransmissionState][]string{
		store.StateReady: {"/queue/5/hold", "/queue/5/retry"}, store.StateUnknown: {"/queue/5/hold", "/queue/5/retry"},
		store.StateHeld: {"/queue/5/release", "/queue/5/give-up", "/queue/5/correct"},
	}
	for _, s := range store.TransmissionStates {
		t.Run(string(s), func(t *testing.T) {
			t.Parallel()
			c := standing(s)
			w := c.send(t, "/queue/5", nil, nil)
			body := w.Body.String()
			for _, want := range append([]string{"It is " + stateWord(s), "Next move: ", "What is " + string(s) + " moves on."}, offers[s]...) {
				if !strings.Contains(body, want) {
					t.Errorf("the page does not say %q", want)
				}
			}
			if n := strings.Count(body, `class="act"`); n != len(offers[s]) || (n == 0) != strings.Contains(body, "Nothing at the moment.") {
				t.Errorf("%d acts are offered, want %v", n, offers[s])
			}
			if w.Code != http.StatusOK || len(c.events) != 1 || c.events[0].Object != "transmission 5" {
				t.Errorf("status %d, audited %v", w.Code, c.events)
			}
			if w := c.send(t, "/queue", nil, nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `href="/queue/5"`) || !strings.Contains(w.Body.String(), stateWord(s)) {
				t.Errorf("the list: status %d", w.Code)
			}
		})
	}
}

func TestQueueActs(t *testing.T) {
	for name, tt := range map[string]struct {
		state store.TransmissionState
		verb  store.Verb
		form  url.Values
		says  string // on the page that asks
	}{
		"hold":    {store.StateReady, store.VerbHold, form("reason", "The court asked for it."), "stays held"},
		"retry":   {store.StateUnknown, store.VerbRetry, form(), "due now"},
		"release": {store.StateHeld, store.VerbRelease, form(), "What stopped it stops it again"},
		"give up": {store.StateHeld, store.VerbGiveUp, form("reason", "The court withdrew it."), "what waits behind it (2) is given up with it"},
		"correct": {store.StateHeld, store.VerbCorrect, form("field-RAC", " W ", "field-HGT", "", "source", "court clerk by telephone"), "missing</strong>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := standing(tt.state)
			path := "/queue/5/" + string(tt.verb)
			asked := sitetest.Main(c.send(t, path, nil, nil).Body.String())
			for _, want := range []string{tt.says, "as done by Ina Engineer", received().Format(time.RFC3339Nano), `method="post"`} {
				if !strings.Contains(asked, want) {
					t.Errorf("the page that asks does not say %q", want)
				}
			}
			if strings.Contains(asked, "<script") || strings.Contains(asked, "style=") || strings.Count(asked, "<input") > strings.Count(asked, "<label")+1 {
				t.Error("the page holds a script, a style or an input without a label")
			}
			w := c.send(t, path, tt.form, nil)
			if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/queue/5?done" || len(c.acts) != 1 {
				t.Fatalf("status %d to %q, %d acts: %.600s", w.Code, w.Header().Get("Location"), len(c.acts), w.Body)
			}
			a := c.acts[0]
			if a.Verb != tt.verb || a.Who != "person ina@operator.example, CA034ABCX" || a.Reason != tt.form.Get("reason") || !a.Seen.Equal(received()) || !a.At.Equal(nine()) {
				t.Errorf("%+v", a)
			}
			if tt.verb == store.VerbCorrect && (len(a.Corrections) != 1 || a.Corrections[0] != store.Correction{Field: "RAC", Value: "W", Source: "court clerk by telephone"}) {
				t.Errorf("%+v", a.Corrections)
			}
		})
	}
}

func TestQueueRefuses(t *testing.T) {
	held := func() *counter { return standing(store.StateHeld) }
	failing := func(err error) *counter { c := held(); c.err = err; return c }
	elsewhere := func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", "https://evil.example")
	}
	for name, tt := range map[string]struct {
		counter *counter
		path    string
		form    url.Values
		change  func(*http.Request)
		code    int
		says    string
		acts    int
	}{
		"another site's form":       {held(), "/queue/5/release", form(), elsewhere, 403, "", 0},
		"another origin":            {held(), "/queue/5/release", form(), func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "https://evil.example") }, 403, "", 0},
		"another host name":         {held(), "/queue/5/release", form(), func(r *http.Request) { r.Host = "evil.example" }, 421, "another address", 0},
		"another method":            {held(), "/queue/5/release", form(), func(r *http.Request) { r.Method = http.MethodPut }, 404, "", 0},
		"acting by following":       {standing(store.StateReady), "/queue/5/release", nil, nil, 409, "hold it first", 0},
		"unknown number":            {held(), "/queue/6", nil, nil, 404, "There is no such transmission", 0},
		"act on an unknown number":  {held(), "/queue/6/release", form(), nil, 404, "There is no such transmission", 0},
		"no number":                 {held(), "/queue/-5", nil, nil, 404, "There is no such transmission", 0},
		"an act that is none":       {held(), "/queue/5/delete", form(), nil, 404, "There is no such act", 0},
		"ask for an act of none":    {held(), "/queue/5/delete", nil, nil, 404, "There is no such act", 0},
		"no reason":                 {held(), "/queue/5/give-up", form(), nil, 422, "A reason is needed", 0},
		"no source":                 {held(), "/queue/5/correct", form("field-RAC", "W"), nil, 422, "Where it comes from is needed", 0},
		"no mark of what was seen":  {held(), "/queue/5/release", form("seen", ""), nil, 422, "not whole", 0},
		"a form that is too large":  {held(), "/queue/5/give-up", form("reason", strings.Repeat("x", 70000)), nil, 400, "could not be read", 0},
		"twice, or moved on":        {failing(store.ErrMovedOn), "/queue/5/release", form(), nil, 409, "It has moved on", 1},
		"not any more":              {failing(&store.ActError{Transmission: 5, State: store.StateSent, Why: "Wait for the answer."}), "/queue/5/release", form(), nil, 409, "Wait for the answer.", 1},
		"a wrong value":             {failing(&store.SupplyError{Err: errors.New("RAC is not in table cal_doj.race")}), "/queue/5/correct", form("field-RAC", "Q", "source", "court clerk"), nil, 422, "not in table", 1},
		"the store is away":         {failing(errors.New("dial tcp: secret host")), "/queue/5/release", form(), nil, 503, "cannot answer now", 1},
		"a state that is none":      {held(), "/queue?state=lost", nil, nil, 400, "no such state", 0},
		"a kind that is none":       {held(), "/queue?kind=QRR", nil, nil, 400, "no such kind", 0},
		"a page that is none":       {held(), "/queue?after=x", nil, nil, 400, "no such page", 0},
		"hours that are none":       {held(), "/queue?older=soon", nil, nil, 400, "whole hours", 0},
		"a number that is mistyped": {held(), "/queue?tracking=AAAA-AAAA-AB", nil, nil, 400, "mistyped", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tt.counter.send(t, tt.path, tt.form, tt.change)
			if w.Code != tt.code || !strings.Contains(w.Body.String(), tt.says) || len(tt.counter.acts) != tt.acts {
				t.Errorf("status %d, %d acts, body %.400q; want %d, %d and %q", w.Code, len(tt.counter.acts), w.Body, tt.code, tt.acts, tt.says)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Error("the page shows the inner error")
			}
		})
	}
}

func TestQueueShowsNothingUnaudited(t *testing.T) {
	c := standing(store.StateHeld)
	c.auditErr = errors.New("disk full")
	for _, path := range []string{"/queue", "/queue/5", "/queue/5/release"} {
		if w := c.send(t, path, nil, nil); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "RAC") {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
}

func TestQueueFilter(t *testing.T) {
	c := standing(store.StateHeld)
	w := c.send(t, "/queue?state=held&kind=ERR&agency=ca030013j&field=rac&about=race&line=ccpr&tests=none&older=2&within=12&after=4&tracking="+string(tracked), nil, nil)
	want := store.QueueFilter{States: []store.TransmissionState{store.StateHeld}, Agency: "CA030013J", Kind: store.KindEnter, ChangedBefore: nine().Add(-2 * time.Hour), Field: "RAC", Reason: "race",
		Live: true, DueBefore: nine().Add(12 * time.Hour), Tracking: tracked, Line: "CCPR"}
	got := c.asked
	if w.Code != http.StatusOK || c.after != 4 || len(got.States) != 1 || got.States[0] != want.States[0] {
		t.Fatalf("status %d, after %d, %+v", w.Code, c.after, got)
	}
	got.States, want.States = nil, nil
	if got.Agency != want.Agency || got.Kind != want.Kind || !got.ChangedBefore.Equal(want.ChangedBefore) || got.Field != want.Field || got.Reason != want.Reason || got.Live != want.Live ||
		!got.DueBefore.Equal(want.DueBefore) || got.Tracking != want.Tracking || got.Line != want.Line {
		t.Errorf("asked for %+v, want %+v", got, want)
	}
	for _, kept := range []string{`value="CA030013J"`, `value="held" selected`, "<option selected>ERR"} {
		if !strings.Contains(strings.ReplaceAll(w.Body.String(), "ca030013j", "CA030013J"), kept) {
			t.Errorf("the form does not keep %s", kept)
		}
	}
}

// A clerk sees what the own agency owes, and of others not even that it is there; nobody but the exchange's own acts.
func TestQueueIsOnesOwn(t *testing.T) {
	c := standing(store.StateHeld)
	c.item.AgencyORI, c.item.Order = "CA030013J", store.OrderSummary{Court: "CA030013J", ID: "O-1", Case: "30-SECRET-1", Access: order.AccessSealed, FCN: "2320632500001"}
	c.visitor = clerk("CA030013J")
	if body := c.send(t, "/queue/5", nil, nil).Body.String(); strings.Contains(body, "30-SECRET-1") {
		t.Errorf("a clerk who may not see sealed orders reads the case number: %s", body)
	}
	c.visitor.Sealed = true
	if body := c.send(t, "/queue/5", nil, nil).Body.String(); !strings.Contains(body, "30-SECRET-1") || strings.Contains(body, "What can be done") {
		t.Errorf("one's own: %s", body)
	}
	for _, path := range []string{"/queue?agency=CA019013J", "/queue"} {
		if w := c.send(t, path, nil, nil); w.Code != 200 || c.asked.Agency != "CA030013J" {
			t.Errorf("%s: %d, asked for %q", path, w.Code, c.asked.Agency)
		}
	}
	for _, path := range []string{"/queue/5/release", "/messages", "/messages/7"} {
		if w := c.send(t, path, nil, nil); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := c.send(t, "/queue/5/release", form(), nil); w.Code != http.StatusForbidden || len(c.acts) > 0 {
		t.Errorf("acting: %d", w.Code)
	}
	c.visitor = clerk("CA019013J")
	foreign, missing := c.send(t, "/queue/5", nil, nil), c.send(t, "/queue/6", nil, nil)
	if foreign.Code != http.StatusNotFound || strings.ReplaceAll(foreign.Body.String(), "/5", "") != strings.ReplaceAll(missing.Body.String(), "/6", "") {
		t.Errorf("another court's: %d %s", foreign.Code, foreign.Body)
	}
	c.visitor = engineer()
	c.visitor.Roles = []access.Role{access.HelpDesk}
	if body := c.send(t, "/queue/5", nil, nil).Body.String(); strings.Contains(body, "30-SECRET-1") || !strings.Contains(body, "It is held") {
		t.Errorf("the help desk: %s", body)
	}
}

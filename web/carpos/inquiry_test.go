package carpos

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"ccpor/clets/carpos"
	"ccpor/clets/inquiry"
	"ccpor/mapping/order"
	"ccpor/store"
)

// answered is a desk with one answer.
type answered struct {
	view  inquiry.View
	asked inquiry.Form
	err   error
	shown []inquiry.Reader
}

func (c *answered) Ask(_ context.Context, f inquiry.Form) (store.InquiryID, error) {
	c.asked = f
	return 12, c.err
}

func (c *answered) Show(_ context.Context, _ store.InquiryID, by inquiry.Reader) (inquiry.View, error) {
	c.shown = append(c.shown, by)
	return c.view, c.err
}

// inquire asks the pages over a desk, as an officer.
func inquire(t *testing.T, c *answered, method, path string, form url.Values, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	if method != http.MethodPost {
		form = nil
	}
	return visit(t, &Pages{Inquirer: c}, officer(), &shelf{}, path, form, func(r *http.Request) {
		r.Method = method
		if change != nil {
			change(r)
		}
	})
}

var filled = url.Values{"for": {"CA030013J"}, "certified": {"badge 4711"}, "purpose": {"traffic stop"}, "name": {"JONES,MARC"}, "born": {"1981-11-21"}, "sex": {"M"}}

func TestAskingGoesToThePageOfTheInquiry(t *testing.T) {
	c := &answered{}
	w := inquire(t, c, http.MethodPost, "/inquiry", filled, nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/inquiry/12" {
		t.Errorf("got %d to %q", w.Code, w.Header().Get("Location"))
	}
	want := inquiry.Form{Actor: "person oda@sheriff.example, CA0300000", For: "CA0300000", Certified: "oda@sheriff.example, until 2028-06-30", Purpose: "traffic stop", Name: "JONES,MARC", Born: "1981-11-21", Sex: "M"}
	if c.asked != want {
		t.Errorf("asked %+v", c.asked)
	}
}

// What is wrong is said above the form, which keeps what was typed; nothing of it is markup.
func TestRefusedFormsComeBack(t *testing.T) {
	c := &answered{err: &inquiry.Refusal{Problems: []string{"It must be said why is asked.", "A name is written as LAST,FIRST MIDDLE."}}}
	form := url.Values{"name": {`"><script>alert(1)</script>`}, "for": {"CA0300000"}, "sex": {"M"}}
	w := inquire(t, c, http.MethodPost, "/inquiry", form, nil)
	body := w.Body.String()
	for _, want := range []string{"Nothing was asked.", "why is asked", "LAST,FIRST", "You ask for CA0300000", `value="M" selected`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if w.Code != http.StatusUnprocessableEntity || strings.Contains(body, "<script") {
		t.Errorf("status %d, script: %t", w.Code, strings.Contains(body, "<script"))
	}
}

func TestInquiryPagesRefuse(t *testing.T) {
	long := url.Values{"purpose": {strings.Repeat("x", 70000)}}
	for name, tt := range map[string]struct {
		method, path string
		form         url.Values
		change       func(*http.Request)
		err          error
		code         int
		asked        bool
	}{
		"from another site":       {http.MethodPost, "/inquiry", filled, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, nil, 403, false},
		"from another origin":     {http.MethodPost, "/inquiry", filled, func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Set("Origin", "https://evil.example") }, nil, 403, false},
		"another host name":       {http.MethodPost, "/inquiry", filled, func(r *http.Request) { r.Host = "evil.example" }, nil, 421, false},
		"too long":                {http.MethodPost, "/inquiry", long, nil, nil, 400, false},
		"in the address":          {http.MethodGet, "/inquiry?" + filled.Encode(), nil, nil, nil, 200, false},
		"store away":              {http.MethodPost, "/inquiry", filled, nil, errors.New("secret host"), 503, true},
		"no number":               {http.MethodGet, "/inquiry/x", nil, nil, nil, 400, false},
		"a negative number":       {http.MethodGet, "/inquiry/-1", nil, nil, nil, 400, false},
		"unknown":                 {http.MethodGet, "/inquiry/9", nil, nil, store.ErrNotFound, 404, false},
		"not to be put on record": {http.MethodGet, "/inquiry/9", nil, nil, errors.New("secret host"), 503, false},
		"changed by GET":          {http.MethodDelete, "/inquiry/9", nil, nil, nil, 404, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &answered{err: tt.err}
			w := inquire(t, c, tt.method, tt.path, tt.form, tt.change)
			if w.Code != tt.code || (c.asked.Actor != "") != tt.asked || strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "JONES") {
				t.Errorf("status %d, asked %q, body %.300q", w.Code, c.asked.Actor, w.Body)
			}
			if w.Code == 200 && w.Header().Get("Cache-Control") != "no-store" {
				t.Error("the page may be kept")
			}
		})
	}
}

func TestWaitingPageLooksAgain(t *testing.T) {
	v := inquiry.View{ID: 12, State: store.InquirySending, Headline: "CARPOS has been asked.", Next: "Wait.", Whose: "CARPOS"}
	w := inquire(t, &answered{view: v}, http.MethodGet, "/inquiry/12", nil, nil)
	if w.Header().Get("Refresh") != "2; url=/inquiry/12?again=1" || !strings.Contains(w.Body.String(), "CARPOS has been asked.") {
		t.Errorf("refresh %q, %s", w.Header().Get("Refresh"), w.Body)
	}
}

// The answer's page marks differences by a sign and a word, escapes what CARPOS says, and looks no further.
func TestAnswerPage(t *testing.T) {
	ended := received()
	c := &answered{view: inquiry.View{ID: 12, State: store.InquiryAnswered, Headline: "CARPOS has one record.", Next: "Nothing.", Whose: "nobody", Asked: "name JONES, MARC", Ended: &ended,
		Warnings: []string{"Do not arrest on this alone."}, Lines: []string{"CCP1", "CCP2"},
		Missing: []inquiry.Missing{{Order: "order A-3", Tracking: tracked, Means: "It is held.", Whose: "person of the hub"}},
		Hits: []inquiry.Hit{{Ordinal: 1, FCN: "111", Title: "SERVED <b>ORDER</b>", Belongs: "It is the registry's order A-1.", Tracking: tracked, Differences: 1, Owed: []string{"CARPOS does not have a change."},
			Lines: []carpos.Line{
				{Section: "Restrained person", Label: "name", Registry: "Núñez, José", Carpos: "NUNEZ,JOSE", Agreement: carpos.Otherwise, Note: "spelled in US-ASCII"},
				{Section: "Restrained person", Label: "race", Registry: "unknown (X)", Carpos: "<script>B</script>", Agreement: carpos.Differs},
				{Section: "Court and terms", Label: "telephone", Carpos: "714-555-0100", Agreement: carpos.OnlyCarpos},
			}}}}}
	w := inquire(t, c, http.MethodGet, "/inquiry/12", nil, nil)
	body := w.Body.String()
	for _, want := range []string{"name JONES, MARC", "Do not arrest", "order A-3", "It is held.", "a person&#39;s at the exchange", "1 thing differs from the registry", "CARPOS does not have a change.",
		"<span class=\"mark\" aria-hidden=\"true\">≠</span> differs", "≈</span> written otherwise", "&#43;</span> only in CARPOS", "spelled in US-ASCII", "Court and terms", "&lt;script&gt;B", "CCP1, then CCP2"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(body, "<script") || strings.Contains(body, "<b>") || strings.Contains(body, "style=") || w.Header().Get("Refresh") != "" {
		t.Error("the page holds markup of others, an inline style, or looks again")
	}
	if strings.Count(body, `class="differs"`) != 2 || w.Header().Get("Cache-Control") != "no-store" || len(c.shown) != 1 || c.shown[0].Actor != "person oda@sheriff.example, CA0300000" || c.shown[0].Asker == nil {
		t.Errorf("%d differences marked, %v looks", strings.Count(body, `class="differs"`), c.shown)
	}
}

// Who is not CLETS-certified, or not any more, cannot ask, nor read an answer.
func TestWithoutCertificationNothingIsAsked(t *testing.T) {
	ended := order.MakeDate(2026, 11, 21)
	for name, until := range map[string]*order.Date{"never certified": nil, "ended": &ended} {
		for _, path := range []string{"/inquiry", "/inquiry/12"} {
			c, who := &answered{}, officer()
			who.CertifiedUntil = until
			if w := visit(t, &Pages{Inquirer: c}, who, &shelf{}, path, nil, nil); w.Code != http.StatusForbidden || len(c.shown) > 0 {
				t.Errorf("%s, %s: %d", name, path, w.Code)
			}
		}
	}
}

//go:build e2e

package e2e

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/store"
	"ccpor/web/site"

	"github.com/chromedp/chromedp"
)

// someone is whoever looks at the specimen.
type someone struct{}

func (someone) Who(*http.Request) (site.Visitor, error) {
	return site.Visitor{ID: 1, Login: "ana@court.example", Name: "Ana Invented", Agency: "Superior Court of Orange (invented)",
		Asker: access.Asker{Kind: access.KindCourt, Agency: "CA030013J", Roles: []access.Role{access.CourtClerk}}}, nil
}

func (someone) Audit(context.Context, store.Event) error { return nil }

// specimen is a site with one page that has everything of which pages are made.
func specimen(t *testing.T) string {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	at, err := url.Parse("http://" + server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	show := func(*site.Request) (site.Answer, error) {
		return site.Answer{Page: "specimen", Title: "Everything that pages are made of", Above: []site.Link{{To: "/", Name: "Start"}, {To: "/specimen", Name: "Specimens"}}, Data: map[string]any{
			"Problems": []site.Problem{{Field: "ori", Text: "An ORI has nine letters and digits, as CA030013J."}, {Text: "Somebody else has changed it meanwhile."}},
			"Choices":  []site.Choice{{Value: "a", Name: "Court"}, {Value: "b", Name: "Tribal court"}}}}, nil
	}
	var nav []site.Link
	for _, name := range []string{"Specimen", "Submissions", "Owed to CARPOS", "Deadlines", "Messages", "Ask CARPOS", "Agencies", "People", "Audit log"} {
		nav = append(nav, site.Link{To: "/specimen", Name: name, Says: "What one does there, in a sentence.", Deed: access.Enter})
	}
	s, err := site.New(site.Config{Auditor: someone{}, Gate: someone{}, Now: time.Now, Zone: time.UTC, URL: at, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Band: "Sandbox: all people and orders are invented.",
		Notices: func(context.Context) ([]site.Notice, error) {
			return []site.Notice{{Text: "Maintenance on Wednesday from 18:00 to 21:00. Orders are taken, and go to CARPOS afterwards."}, {Urgent: true, Text: "Maintenance now, until 21:00."}}, nil
		}}, site.Area{Templates: os.DirFS("testdata"), Nav: nav, Routes: []site.Route{{Pattern: "GET /specimen", Deed: access.Enter, Serve: show}}})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = s.Handler()
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

func TestEverythingThatPagesAreMadeOf(t *testing.T) {
	t.Parallel()
	b := newTab(t, specimen(t))
	b.open("/specimen")
	b.judge("specimen")
	b.open("/")
	b.judge("start")
}

// A look that a person has chosen goes before what the device says, and stays.
func TestALookStays(t *testing.T) {
	t.Parallel()
	b := newTab(t, specimen(t))
	paper := func() string { return evaluate[string](b, `getComputedStyle(document.body).backgroundColor`) }
	b.as(looks[0])
	b.open("/specimen")
	day := paper()
	b.press("Dark")
	if b.address() != "/specimen" || paper() == day {
		t.Errorf("at %s, on %s, as by day", b.address(), paper())
	}
	b.axe("chosen dark")
	night := paper()
	b.press("Large, for a patrol car")
	if paper() != night {
		t.Error("the type and the colours do not go together")
	}
	b.as(looks[2])
	b.thumbs()
	b.picture("patrol-car")
	b.as(looks[1])
	b.press("Light")
	if paper() != day {
		t.Errorf("on %s at night, though light was chosen", paper())
	}
	b.axe("chosen light on a dark device")
	b.press("Same as device")
	if paper() != night {
		t.Errorf("on %s, though the device has the word again", paper())
	}
}

// thumbs fails where something that is pressed is smaller than a thumb: 44 pixels high.
func (b *tab) thumbs() {
	b.t.Helper()
	for _, small := range evaluate[[]string](b, `[...document.querySelectorAll("button, a.act, nav a, summary, input:not([type=hidden],[type=checkbox],[type=radio]), select, td a, th a")].filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 43.5).map(e => e.getBoundingClientRect().height + " " + e.outerHTML.slice(0, 150))`) {
		b.t.Errorf("too small for a thumb: %s", small)
	}
}

func TestTheKeyboardAloneIsEnough(t *testing.T) {
	t.Parallel()
	b := newTab(t, specimen(t))
	b.open("/specimen")
	// The list of what is wrong has the focus first, and its link leads to the field.
	if got := evaluate[string](b, `document.activeElement.className`); got != "usa-alert usa-alert--error problems" {
		t.Errorf("first in focus: %q", got)
	}
	b.tabTo("An ORI has nine")
	b.do("following", chromedp.KeyEvent("\r"))
	b.tabTo("Kind")
	b.tabTo("Save it")
	b.open("/")
	b.tabTo("Skip to the content")
	b.do("skipping", chromedp.KeyEvent("\r"))
	b.tabTo("Specimen")
	b.tabTo("Dark")
	b.enter("")
	if got := evaluate[string](b, `document.documentElement.dataset.theme`); got != "dark" {
		t.Errorf("the look is %q", got)
	}
}

// Colours that a person has set for the whole machine leave nothing unseen.
func TestForcedColours(t *testing.T) {
	t.Parallel()
	b := newTab(t, specimen(t))
	b.open("/specimen")
	b.force()
	b.picture("specimen-forced-colours")
	if got := evaluate[string](b, `getComputedStyle(document.querySelector(".lead.bad"), "::before").backgroundColor`); got == evaluate[string](b, `getComputedStyle(document.body).backgroundColor`) {
		t.Errorf("the drawing is %s as its ground", got)
	}
}

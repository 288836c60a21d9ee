//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ccpor/access"
)

// again opens the page that the tab is at until it says something.
func (b *tab) again(until string) {
	b.t.Helper()
	at := b.address()
	for end := time.Now().Add(patience); !strings.Contains(b.says(), until); time.Sleep(time.Second) {
		if time.Now().After(end) {
			b.t.Fatalf("%s never says %q:\n%s", at, until, b.says())
		}
		b.open(at)
	}
}

// A judge finds two orders between the same people, of two courts, and reads which term counts and why.
func TestAJudgeFindsTwoOrdersThatConflict(t *testing.T) {
	t.Parallel()
	started(t)
	b := signedIn(t, access.JudicialOfficer)
	b.open("/conflicts")
	b.again("2603CR007-160")
	b.reads("2603DV001-130", "Contact")
	b.judge("conflicts")
	b.open("/orders")
	b.fill("words", "2603CR007")
	b.press("Search")
	b.link("2603CR007-160")
	b.reads("Other orders between these people", "Another order comes before this one.", "which one counts, and why", "2603DV001-130")
	b.judge("order-in-conflict")
	b.link("which one counts, and why")
	b.reads("Rowan Granite – Hazel Pumice", "An order that forbids contact is enforced before one that does not.", "Pen. Code 136.2(c)(2)", "2603CR007-160", "2603DV001-130", "Superior Court of California, County of Alpine")
	first := evaluate[string](b, `document.querySelector("ol.ranking li").innerText`)
	if !strings.Contains(first, "2603DV001-130") {
		t.Errorf("the criminal order that leaves contact comes first: %s", first)
	}
	b.judge("counts")
	b.link("Español")
	b.reads("Una orden que prohíbe el contacto se hace cumplir antes que una que no lo prohíbe.")
	b.judge("counts-es")
}

// A clerk of another county sees what courts share, and nothing of what is sealed: by its name, its number or its address.
func TestAClerkOfAnotherCounty(t *testing.T) {
	t.Parallel()
	x := started(t)
	b := signedIn(t, access.SystemAdministrator)
	b.open("/agencies/CA002013J/people")
	b.fill("name", "Alma Alpine")
	b.fill("login", "alma@court.example")
	b.do("giving a role", chromedp.Click(chromedp.CSS(`label[for="role-`+string(access.CourtClerk)+`"]`)))
	b.press("Invite")
	n := comes(t, x, "alma@court.example", "Alma Alpine")
	for words, finds := range map[string]bool{"Rowan Granite": true, "2603DV001": true, "Hawthorn Zircon": false, "Moonstone Violet": false, "2603DV001-600": false} {
		n.open("/orders")
		n.fill("words", words)
		n.fill("purpose", "a filing in this county")
		n.press("Search")
		says := n.says()
		if strings.Contains(says, "2603DV001-130") != finds || strings.Contains(says, "2603DV001-600") && words != "2603DV001-600" || strings.Contains(says, "Zircon") {
			t.Errorf("%s:\n%s", words, says)
		}
		if !finds {
			n.reads("Nothing that you may see fits.")
		}
	}
	n.judge("orders-none")
	n.expect("/order/CA030013J/2603DV001-600", 404)
	n.expect("/order/CA030013J/2603DV001-600/counts", 404)
	n.open("/order/CA030013J/2603DV001-130")
	n.reads("Rowan Granite", "Must not contact them in any way")
	n.judge("order-of-another-county")
}

// Who is CLETS-certified asks CARPOS and sees its answer beside the registry, each difference marked.
func TestCarposBesideTheRegistry(t *testing.T) {
	t.Parallel()
	started(t)
	b := signedIn(t, access.LawEnforcement)
	b.open("/inquiry")
	b.fill("purpose", "a hearing tomorrow")
	b.fill("case", "2603CH001-CHNG")
	b.fill("court", "CA030013J")
	b.judge("inquiry-ask")
	b.press("Ask CARPOS")
	b.again("In the registry")
	b.reads("At CARPOS", "2 things differ from the registry", "SHALE", "180", "199", "brown (BRO)", "red or auburn (RED)")
	if marked := evaluate[float64](b, `document.querySelectorAll("tr.differs").length`); marked != 2 {
		t.Errorf("%v differences are marked", marked)
	}
	b.judge("inquiry-answered")
}

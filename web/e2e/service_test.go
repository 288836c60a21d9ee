//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"ccpor/access"
)

// An officer at a door at night, with a telephone and a name as it was heard: three taps to the signed form, then the text to read aloud, the service recorded, and off the list of what is to be served.
func TestAnOfficerServesAnOrder(t *testing.T) {
	t.Parallel()
	started(t)
	const order = "2603DV001-130" // of the sample that is to be served
	b := signedIn(t, access.LawEnforcement)
	telephone := looks[2]
	b.as(telephone)
	b.open("/unserved")
	b.reads("Orders in force that nobody has served", order)
	b.judge("unserved")
	b.open("/orders")
	b.as(telephone)
	b.fill("words", "granit rowen")
	b.fill("purpose", "a call to a door")
	b.press("Search") // the first tap
	b.reads("orders that you may see", order, "found by: ")
	b.judge("orders-misspelt")
	b.as(telephone)
	b.link(order) // the second
	b.reads("In force", "no proof", "To read aloud to the restrained person")
	b.judge("order-at-the-door")
	b.as(telephone)
	b.link("The signed form, page by page") // the third
	if shown := evaluate[float64](b, `document.querySelector("main img").decode().then(() => document.querySelector("main img").naturalWidth)`); shown < 300 {
		t.Errorf("the picture of the form is %v points wide", shown)
	}
	b.judge("viewer")
	b.as(telephone)
	b.link("The order's own page")
	b.link("Record service")
	b.reads("a court has made an order against you", "Para leer en voz alta", "I have read this to")
	b.judge("service")
	b.as(telephone)
	b.link("I hand the order over instead")
	b.reads("I have handed the order to")
	b.judge("service-by-hand")
	b.as(telephone)
	b.link("I tell it by word of mouth instead")
	b.fill("badge", "4711")
	b.fill("name", "Ot")
	b.do("ticking", chromedp.Click(chromedp.CSS(`label[for="told"]`)))
	b.load("pressing Record service", 422, chromedp.Click(named("button", "Record service")))
	b.reads("One thing is not right yet", "3 to 30 characters")
	b.judge("service-refused")
	b.as(telephone)
	b.fill("name", "Otto Example")
	b.press("Record service")
	b.reads("Served by word of mouth", "by Otto Example", "you need not enter it there")
	b.judge("service-recorded")
	b.as(telephone)
	b.link("Back to the order")
	b.reads("by Otto Example", "recorded here")
	address := b.address()
	for end := time.Now().Add(patience); !strings.Contains(b.says(), "SRR: accepted"); time.Sleep(time.Second) {
		if time.Now().After(end) {
			t.Fatalf("CARPOS was not told:\n%s", b.says())
		}
		b.open(address)
	}
	b.open("/unserved")
	if strings.Contains(b.says(), order) {
		t.Errorf("it is still to be served:\n%s", b.says())
	}
}

//go:build e2e

package e2e

import (
	"fmt"
	"testing"

	"ccpor/access"
)

// A dispatcher is asked by teletype whether an order is valid: from its number to the page to fax in two steps, and the answer.
func TestADispatcherConfirmsAHit(t *testing.T) {
	t.Parallel()
	started(t)
	b := signedIn(t, access.LawEnforcement)
	b.open("/hits")
	b.judge("hits-none")
	// The first step: the number, or what else whoever asks has.
	b.fill("what", "06NF0886")
	b.press("Confirm a hit")
	b.reads("How soon the answer is needed")
	b.judge("hit-ask")
	// The second: who asks.
	b.fill("asker", "Reno Police Department")
	b.fill("ori", "NV0160100")
	b.fill("function", "Dispatch")
	b.fill("callBack", "775-555-0100")
	b.press("Make the page to print or fax")
	b.reads("Answer due by", "left", "06NF0886", "Reno Police Department", "Signature", "not the official record")
	b.judge("hit-waiting")
	page := b.address()
	if pages := evaluate[int](b, `Math.ceil(document.querySelector("main").scrollHeight / 1400)`); pages > 4 {
		t.Errorf("the page is as long as %d screens", pages)
	}
	b.open("/hits")
	b.reads("Waiting for an answer", "Request", "urgent")
	b.judge("hits-waiting")
	b.open(page)
	b.link("Not confirmed, or more time needed")
	b.judge("hit-answer")
	b.fill("reason", "The file is in the archive")
	b.press("More time needed until then")
	b.reads("more time was told: The file is in the archive")
	b.press("Confirmed: the order is valid")
	b.reads("Confirmed at", "Confirmed: the order is valid", "Print this page")
	b.judge("hit-confirmed")
	if printed := fmt.Sprint(evaluate[bool](b, `getComputedStyle(document.querySelector(".sheet .sign")).display !== "none"`)); printed != "true" {
		t.Error("the lines to sign are not there")
	}
	b.open("/hits")
	b.reads("Nobody waits.", "Answered today", "Reno Police Department")
}

//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
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
	b.fill("what", "25FL000110")
	b.press("Confirm a hit")
	b.reads("Which one is it?", "Rowan Thistle Granite")
	b.judge("hits-several")
	fcn := evaluate[string](b, `[...document.querySelectorAll("main tbody tr")].find(r => r.innerText.includes("DV-130")).querySelector("[data-label='CARPOS number']").innerText`)
	b.open("/hits")
	// The first step: the number that whoever asks has.
	b.fill("what", fcn)
	b.press("Confirm a hit")
	b.reads("How soon the answer is needed")
	b.judge("hit-ask")
	// The second: who asks.
	b.fill("asker", "Reno Police Department")
	b.fill("ori", "NV0160100")
	b.fill("function", "Dispatch")
	b.fill("callBack", "775-555-0100")
	b.press("Make the page to print or fax")
	b.reads("Answer due by", "left", "25FL000110", fcn, "714-555-0142", "Reno Police Department", "Signature", "not the official record")
	b.judge("hit-waiting")
	page := b.address()
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
	paper, err := os.ReadFile(filepath.Join(build, "screens", "hit-confirmed.pdf"))
	if leaves := len(regexp.MustCompile(`/Type /Page\b`).FindAll(paper, -1)); err != nil || leaves < 1 || leaves > 2 {
		t.Errorf("printed it has %d leaves: %v", leaves, err)
	}
	b.open("/hits")
	b.reads("Nobody waits.", "Answered today", "Reno Police Department")
}

package exchange

import (
	"fmt"

	"ccpor/mapping/rules"
	"ccpor/picture/nature"
	"ccpor/store"
)

const ofImages = "Warning.Image."

// natures names what the images are beyond pictures of forms, as warnings: an order is not refused for what its image also holds. Nothing of them is run or opened.
func natures(images []store.Image) []store.Problem {
	var all []store.Problem
	for i, m := range images {
		for _, f := range nature.Of(m.Media, m.Content) {
			all = append(all, store.Problem{Code: ofImages + f.Trait.Code(), Severity: string(rules.Warning), Text: f.Trait.Sentence(), Path: fmt.Sprintf("/OrderPackage/Document[%d]", i+1), Fix: printed, Whose: sender})
		}
	}
	return all
}

const printed = "Send the form as it looks on paper: printed into a new PDF, or scanned."

// imageCodes are the codes of such warnings.
func imageCodes() []errorCode {
	var all []errorCode
	for _, t := range nature.Traits() {
		all = append(all, errorCode{ofImages + t.Code(), string(rules.Warning), t.Sentence(), "", false, sender})
	}
	return all
}

package order

import "time"

// Violation is a report that the restrained person broke the order, as a law-enforcement agency makes it.
type Violation struct {
	// At is when it happened, to the minute.
	At time.Time `json:"at"`
	// Place is where, in the agency's words; empty when the report does not say.
	Place string `json:"place,omitempty"`
	// Agency is the agency that reports it, Report the number of its report.
	Agency ORI    `json:"agency"`
	Report string `json:"report"`
	// Arrested says whether the restrained person was arrested for it.
	Arrested bool `json:"arrested"`
	// Text is what happened, in the agency's words.
	Text string `json:"text,omitempty"`
}

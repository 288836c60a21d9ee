package store

import "time"

// Event is one entry of the audit log: who did what to what, when, and how it ended. An entry stands for itself: it needs no other
// row to be understood. It holds no personal data, and the database refuses to change or delete it.
type Event struct {
	At time.Time
	// Actor is who: "agency CA030013J", "hub west-1", "person jdoe".
	Actor string
	// Action is what: "submission.accept", "order.read".
	Action string
	// Object is to what: "submission 7K4M-X2Q9-PC", "order CA030013J/06NF0886-1".
	Object string
	// Outcome is how it ended: "accepted", "refused", "CARPOS-30".
	Outcome string
	// Details is what else a reader of the log needs.
	Details string
}

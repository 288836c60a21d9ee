package site

import (
	"errors"
	"net/http"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
)

// Request is a request with who makes it. Its form is read and bounded.
type Request struct {
	*http.Request
	Visitor Visitor
	// Scope is about whose things the visitor may do the route's deed.
	Scope access.Scope
	Now   time.Time
	// W is there for cookies and for nothing else.
	W    http.ResponseWriter
	deed access.Deed
	zone *time.Location
}

// Today is the day in the courts' zone.
func (r *Request) Today() order.Date { return order.DateOf(r.Now.In(r.zone)) }

// May says that the visitor may do a deed about something.
func (r *Request) May(d access.Deed) bool { return r.Visitor.May(d, r.Today()) != access.Nobodys }

// MayAbout says that the visitor may do a deed about an agency's things.
func (r *Request) MayAbout(d access.Deed, agency order.ORI) bool {
	return r.Visitor.MayAbout(d, agency, r.Today())
}

// About is nil where the visitor may do the route's deed about that agency's things. Else it is the refusal that says that there is no such thing, as the visitor would get
// it if there were none: whether there is one is nobody else's business.
func (r *Request) About(agency order.ORI, missing error) error {
	if r.MayAbout(r.deed, agency) {
		return nil
	}
	return Hidden(missing)
}

// Hidden is a refusal that looks like that of what does not exist, and is on record as what it is.
func Hidden(missing error) error {
	var refusal *Refusal
	if !errors.As(missing, &refusal) {
		return NotFound(noSuchTitle, noSuchText)
	}
	hidden := *refusal
	hidden.Outcome = "forbidden"
	return &hidden
}

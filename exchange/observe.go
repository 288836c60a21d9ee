package exchange

import (
	"time"

	"ccpor/mapping/order"
	"ccpor/store"
)

// Observer is told of each request once it has been answered, in the request's own goroutine: it must not wait.
type Observer interface {
	Handled(r Request)
}

// Request is what became of one request: codes, sizes and times, and nothing of what a message says.
type Request struct {
	// Correlation is 32 hexadecimal digits, drawn for this request alone.
	Correlation string
	// Parent is the traceparent header as it was sent, by anybody and perhaps malformed.
	Parent string
	// Operation is one of the service's operations or "GET " and a resource; empty where none could be read.
	Operation string
	Action    store.Action
	// Agency is empty where the sender is not known.
	Agency order.ORI
	// Code is the fault's; empty: the request was answered as asked.
	Code     string
	Tracking order.Tracking
	// Receipt says that the answer is a receipt, Again that it was given before.
	Receipt, Again bool
	Bytes          int
	Began, Ended   time.Time
	Stages         []store.Stage
}

// observed tells the observer, if there is one, how a request ended.
func (h *Hub) observed(v *visit, code string) {
	if h.Observe == nil {
		return
	}
	h.Observe.Handled(Request{Correlation: v.correlation, Parent: v.parent, Operation: v.operation, Action: v.action, Agency: v.agency.ORI, Code: code, Tracking: v.tracking,
		Receipt: v.receipt, Again: v.again, Bytes: v.size, Began: v.began, Ended: h.Now(), Stages: v.ended()})
}

// toldCode is the code of a refusal; nil is none.
func toldCode(o *outward) string {
	if o == nil {
		return ""
	}
	return o.code
}

// InHand is how many bytes of messages are in hand now, and how many may be.
func (h *Hub) InHand() (bytes, most int64) {
	h.inFlight.mu.Lock()
	defer h.inFlight.mu.Unlock()
	return h.Limits.InFlightBytes - h.inFlight.free, h.Limits.InFlightBytes
}

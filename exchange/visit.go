package exchange

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/mapping/order"
	"ccpor/store"
)

// visit is what is known of one request so far: enough at any moment to answer it, to keep its refusal and to log it.
type visit struct {
	correlation string
	at          time.Time // when it was received: what it is judged by. Of a replay, when the package was first received
	began       time.Time
	now         func() time.Time
	peer        string
	contentType string
	size        int

	agency store.Agency
	replay *store.Replay
	// edition and addressing are how to answer.
	edition    soap.Edition
	addressing soap.Addressing
	operation  string
	// messageSigned says that a registered certificate signed the message as a whole.
	messageSigned bool

	pkg      order.LocalID
	action   store.Action
	test     bool
	tracking order.Tracking
	// receipt says that the package is kept, again that it had been before; parent is the traceparent header.
	receipt, again bool
	parent         string

	stages []store.Stage
	stage  string // the current one
}

func (h *Hub) newVisit(req *http.Request) *visit {
	contentType := req.Header.Get("Content-Type")
	at := h.Now()
	return &visit{correlation: correlation(), at: at, began: at, now: h.Now, peer: req.RemoteAddr, contentType: recordable(contentType), parent: req.Header.Get("Traceparent"),
		edition: soap.GuessEdition(contentType), stages: make([]store.Stage, 0, 8)}
}

// recordable is a header as it can be kept: it may hold bytes that are no text for a database, and be as long as all headers together.
func recordable(header string) string {
	return strings.ToValidUTF8(header[:min(len(header), 1024)], "?")
}

// reach is what the sender reaches: its own tests, or its own submissions that are none. What is replayed is a test.
func (v *visit) reach() store.Reach {
	return store.Reach{Agency: v.agency.ID, Test: v.agency.Test || v.replay != nil}
}

// begin ends the stage before, which went well, and begins the next one.
func (v *visit) begin(stage string) {
	now := v.now()
	v.endAt(now, true, "")
	v.stage = stage
	v.stages = append(v.stages, store.Stage{Name: stage, Start: now})
}

// end ends the current stage.
func (v *visit) end(ok bool, text string) { v.endAt(v.now(), ok, text) }

func (v *visit) endAt(now time.Time, ok bool, text string) {
	if n := len(v.stages) - 1; n >= 0 && v.stages[n].End.IsZero() {
		v.stages[n].End, v.stages[n].OK, v.stages[n].Text = now, ok, text
	}
}

// received is what the store keeps of the message itself.
func (v *visit) received(m *received) store.Received {
	return store.Received{At: v.at, Peer: v.peer, Wire: m.body, Digest: m.digest, ContentType: v.contentType, Correlation: v.correlation, Stages: v.ended(), Replay: v.replay}
}

// ended are the stages that have come to their end: the storing itself has not, as long as it is being stored.
func (v *visit) ended() []store.Stage {
	n := len(v.stages)
	for n > 0 && v.stages[n-1].End.IsZero() {
		n--
	}
	return v.stages[:n]
}

func (v *visit) refused(m *received, o outward) store.Refused {
	return store.Refused{Agency: v.agency.ID, ORI: v.agency.ORI, Package: v.pkg, Action: v.action, Test: v.reach().Test, Received: v.received(m), At: v.now(),
		Stage: v.stage, Code: o.code, Problems: o.all()}
}

// received is the first stage's result: the bytes of one message, and whose they are.
type received struct {
	*visit
	hub         *Hub
	memory      *workspace
	taken       int64  // of the hub's budget
	held        bool   // somebody may still read the bytes
	body        []byte // as received: what is kept and digested
	content     []byte // the message: the body, or what it was compressed from
	digest      [32]byte
	contentType soap.ContentType
	soapAction  string
	trusted     []sig.Trusted
}

// done gives back what the message took, once. Memory that a store may still be reading, after it failed to answer in time, is left to it.
func (m *received) done() {
	if m.memory == nil {
		return
	}
	m.hub.inFlight.give(m.reach(), m.taken)
	if !m.held {
		m.memory.recycle()
	}
	m.memory, m.body, m.content, m.taken = nil, nil, nil, 0
}

// allowance is a number of things a minute.
type allowance struct {
	perMinute int
	mu        sync.Mutex
	minute    time.Time
	used      int
}

func (a *allowance) allow(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if minute := now.Truncate(time.Minute); minute.After(a.minute) {
		a.minute, a.used = minute, 0
	}
	a.used++
	return a.used <= a.perMinute
}

// durations are a log's view of the stages.
func durations(stages []store.Stage) string {
	var b strings.Builder
	for i, s := range stages {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s=%s", s.Name, s.End.Sub(s.Start).Round(time.Microsecond))
	}
	return b.String()
}

// loggable is what a log may say of an inner error. Only kinds of error whose text cannot quote a package are told in full; of others
// the types are.
func loggable(err error) string {
	var state interface{ SQLState() string }
	var network net.Error
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "out of time or cancelled"
	case errors.As(err, &state):
		return "database error, SQLSTATE " + state.SQLState()
	case errors.As(err, &network):
		return network.Error()
	}
	var types []string
	for e := err; e != nil; e = errors.Unwrap(e) {
		types = append(types, fmt.Sprintf("%T", e))
	}
	return "error of type " + strings.Join(types, " > ")
}

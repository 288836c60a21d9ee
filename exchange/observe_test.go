package exchange

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"ccpor/store"
)

// observed hands on what an observer is told.
type observed chan Request

func (o observed) Handled(r Request) {
	r.Stages = slices.Clone(r.Stages)
	o <- r
}

// An observer is told once of each request: of a receipt, of a refusal, of a stranger's, and of what it calls its parent.
func TestObserver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		send func(running)
		is   func(Request) bool
	}{
		"receipt": {func(r running) { r.send(t, message{}, "1") }, func(q Request) bool {
			return q.Code == "" && q.Receipt && !q.Again && q.Tracking != "" && q.Action == store.ActionAdd && q.Operation == SubmitOperation && q.Agency == courtORI && q.Bytes > 1000 &&
				len(q.Stages) > 6 && q.Stages[0].Name == "receive" && q.Stages[len(q.Stages)-1].OK
		}},
		"refusal": {func(r running) { r.send(t, message{signer: "none"}, "1") }, func(q Request) bool {
			return strings.HasPrefix(q.Code, "Client.Signature.") && !q.Receipt && q.Agency == courtORI && !q.Stages[len(q.Stages)-1].OK
		}},
		"stranger": {func(r running) { r.send(t, message{tls: "nobody"}, "1") }, func(q Request) bool {
			return q.Code == "Client.Peer.CertificateMissing" && q.Agency == "" && q.Operation == "" && q.Tracking != ""
		}},
		"parent": {func(r running) {
			body, contentType := message{}.request(t, "1")
			r.post(t, "court-rsa", body, contentType, map[string]string{"traceparent": "00-1-2-01"})
		}, func(q Request) bool { return q.Parent == "00-1-2-01" && len(q.Correlation) == 32 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := make(observed, 8)
			p := parts(t, newMemory(t))
			p.Observe = o
			c.send(start(t, p))
			select {
			case q := <-o:
				if !c.is(q) || q.Ended.Before(q.Began) || len(o) > 0 {
					t.Errorf("%+v, and %d more", q, len(o))
				}
			case <-time.After(20 * time.Second):
				t.Error("nothing was observed")
			}
		})
	}
}

// What is in hand is told while it is, and nothing is left of it.
func TestInHand(t *testing.T) {
	t.Parallel()
	h, err := NewHub(parts(t, newMemory(t)))
	check(t, err)
	by := store.Reach{Agency: 1}
	h.inFlight.take(by, 1000)
	if bytes, most := h.InHand(); bytes != 1000 || most != h.Limits.InFlightBytes {
		t.Errorf("%d of %d", bytes, most)
	}
	h.inFlight.give(by, 1000)
	if bytes, _ := h.InHand(); bytes != 0 {
		t.Errorf("%d are left", bytes)
	}
}

// nobody is an observer that does nothing.
type nobody struct{}

func (nobody) Handled(Request) {}

// BenchmarkObserved is what a request costs more for having an observer.
func BenchmarkObserved(b *testing.B) {
	for name, o := range map[string]Observer{"none": nil, "one": nobody{}} {
		b.Run(name, func(b *testing.B) {
			p := parts(b, newMemory(b))
			p.Observe = o
			h, err := NewHub(p)
			check(b, err)
			req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "/soap", nil)
			check(b, err)
			v := h.newVisit(req)
			for range 8 {
				v.begin("store")
			}
			v.end(true, "")
			b.ReportAllocs()
			for b.Loop() {
				h.observed(v, "")
			}
		})
	}
}

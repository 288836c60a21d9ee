package exchange

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"ccpor/exchange/client"
	"ccpor/mapping/order"
	"ccpor/store"
)

// first is when the replayed message was first received: a minute before now.
var first = now.Add(-time.Minute)

// replaying are the headers of a replay of the sample court's message.
func replaying() http.Header {
	return http.Header{HeaderReplayOf: {string(order.NewTracking(1))}, HeaderReplayAgency: {courtORI}, HeaderReplayReceived: {first.Format(time.RFC3339Nano)}}
}

// region is a test region in which the other court is a replayer.
func region(t *testing.T) (*memory, Config) {
	t.Helper()
	m := newMemory(t)
	f := fingerprint(keyPair(t, "other-court").cert)
	a := m.agencies[f]
	a.Replays = true
	m.agencies[f] = a
	c := parts(t, m)
	c.TestRegion = true
	return m, c
}

// sendHeaders posts a message with headers that may repeat.
func (r running) sendHeaders(t *testing.T, as string, body []byte, contentType string, headers http.Header) *client.Reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url, bytes.NewReader(body))
	check(t, err)
	req.Header = headers.Clone()
	req.Header.Set("Content-Type", contentType)
	res, err := r.transport(t, as).RoundTrip(req)
	check(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	check(t, err)
	return &client.Reply{Status: res.StatusCode, ContentType: res.Header.Get("Content-Type"), Body: answer}
}

// A replayer sends what another agency signed: it is that agency's, a test, and as old as it is.
func TestReplay(t *testing.T) {
	t.Parallel()
	m, c := region(t)
	c.Seal = hubSealer(t)
	r := start(t, c)
	body, contentType := message{}.request(t, "replayed")
	reply := r.sendHeaders(t, "other-court", body, contentType, replaying())
	receipt, err := reply.Receipt()
	check(t, err)
	if bytes.Contains(reply.Body, []byte("SignedReceipt")) {
		t.Error("the hub signs that it received then what it receives now")
	}
	if !receipt.Test || !receipt.ReceivedAt.Equal(first) {
		t.Errorf("the receipt says test %v, received %v", receipt.Test, receipt.ReceivedAt)
	}
	kept := m.byID[courtORI+"/P-replayed"].accepted
	if !kept.Test || kept.Agency.ORI != courtORI || !kept.Received.At.Equal(first) || kept.Received.Replay == nil ||
		*kept.Received.Replay != (store.Replay{Of: order.NewTracking(1), By: otherORI}) {
		t.Errorf("kept as test %v of %s, received %v, replay %+v", kept.Test, kept.Agency.ORI, kept.Received.At, kept.Received.Replay)
	}
}

// What stands in for another agency's certificate must be hard to get: each of these would be a way around it.
func TestReplaysThatAreRefused(t *testing.T) {
	t.Parallel()
	m, c := region(t)
	live := c
	live.TestRegion = false
	r, l := start(t, c), start(t, live)
	with := func(change func(h http.Header)) http.Header {
		h := replaying()
		change(h)
		return h
	}
	only := func(name string) http.Header { return http.Header{name: replaying()[name]} }
	status, statusType := client.StatusRequest("", "P-own", client.Options{})
	for name, c := range map[string]struct {
		on      running
		as      string
		message message
		headers http.Header
		ask     bool // for a status instead of sending a package
		code    string
	}{
		"a live hub":                    {on: l, as: "other-court", headers: replaying(), code: "Client.Replay.NotHere"},
		"a live hub, the agency itself": {on: l, as: "court-rsa", headers: replaying(), code: "Client.Replay.NotHere"},
		"a live hub, one header":        {on: l, as: "other-court", headers: only(HeaderReplayAgency), code: "Client.Replay.NotHere"},
		"a live hub, another header":    {on: l, as: "other-court", headers: http.Header{"X-Replay-Anything": {""}}, code: "Client.Replay.NotHere"},
		"a live hub, a status":          {on: l, as: "other-court", headers: replaying(), ask: true, code: "Client.Replay.NotHere"},
		"no replayer":                   {on: r, as: "court-rsa", headers: with(func(h http.Header) { h.Set(HeaderReplayAgency, otherORI) }), code: "Client.Replay.NotEntitled"},
		"no replayer, for itself":       {on: r, as: "court-rsa", headers: replaying(), code: "Client.Replay.NotEntitled"},
		"a number missing":              {on: r, as: "other-court", headers: with(func(h http.Header) { h.Del(HeaderReplayOf) }), code: "Client.Replay.Malformed"},
		"an agency missing":             {on: r, as: "other-court", headers: only(HeaderReplayOf), code: "Client.Replay.Malformed"},
		"an agency twice":               {on: r, as: "other-court", headers: with(func(h http.Header) { h.Add(HeaderReplayAgency, otherORI) }), code: "Client.Replay.Malformed"},
		"a time twice":                  {on: r, as: "other-court", headers: with(func(h http.Header) { h.Add(HeaderReplayReceived, h.Get(HeaderReplayReceived)) }), code: "Client.Replay.Malformed"},
		"another header":                {on: r, as: "other-court", headers: with(func(h http.Header) { h.Set("X-Replay-More", "1") }), code: "Client.Replay.Malformed"},
		"a mistyped number":             {on: r, as: "other-court", headers: with(func(h http.Header) { h.Set(HeaderReplayOf, "AAAA-AAAA-AA") }), code: "Client.Replay.Malformed"},
		"no ORI":                        {on: r, as: "other-court", headers: with(func(h http.Header) { h.Set(HeaderReplayAgency, "CA03' or 1") }), code: "Client.Replay.Malformed"},
		"the future":                    {on: r, as: "other-court", headers: with(func(h http.Header) { h.Set(HeaderReplayReceived, now.Add(time.Second).Format(time.RFC3339Nano)) }), code: "Client.Replay.Malformed"},
		"an agency that is not there":   {on: r, as: "other-court", headers: with(func(h http.Header) { h.Set(HeaderReplayAgency, "CA099013J") }), code: "Client.Replay.UnknownAgency"},
		"a status of the other agency":  {on: r, as: "other-court", headers: replaying(), ask: true, code: "Client.Replay.Malformed"},
		"signed by the replayer":        {on: r, as: "other-court", message: message{signer: "other-court"}, headers: replaying(), code: "Client.Signature.CertificateUnknown"},
		"unsigned":                      {on: r, as: "other-court", message: message{signer: "none"}, headers: replaying(), code: "Client.Signature.Missing"},
		"signed before its time":        {on: r, as: "other-court", headers: with(func(h http.Header) { h.Set(HeaderReplayReceived, now.AddDate(-2, 0, 0).Format(time.RFC3339Nano)) }), code: "Client.Signature.CertificateNotYetValid"},
		"issued after it was received":  {on: r, as: "other-court", headers: with(func(h http.Header) { h.Set(HeaderReplayReceived, now.AddDate(0, 0, -3).Format(time.RFC3339Nano)) }), code: "Client.Rule.IssuedInFuture"},
		"no certificate":                {on: r, as: "", headers: replaying(), code: "Client.Peer.CertificateMissing"},
	} {
		t.Run(name, func(t *testing.T) {
			body, contentType := c.message.request(t, "refused")
			if c.ask {
				body, contentType = status, statusType
			}
			reply := c.on.sendHeaders(t, c.as, body, contentType, c.headers)
			if c.ask {
				_, err := reply.Submission()
				faultOf(t, err, c.code)
				return
			}
			_, err := reply.Receipt()
			faultOf(t, err, c.code)
		})
	}
	if m.accepts != 0 {
		t.Errorf("%d packages were accepted", m.accepts)
	}
}

// Without the headers a test region is a hub like any other, also to a replayer: it may not send as somebody else.
func TestAReplayerIsAnAgencyLikeOthers(t *testing.T) {
	t.Parallel()
	_, c := region(t)
	r := start(t, c)
	_, err := r.send(t, message{tls: "other-court"}, "plain").Receipt()
	faultOf(t, err, "Client.Signature.CertificateUnknown")
	_, err = r.send(t, message{tls: "other-court", signer: "other-court"}, "plain").Receipt()
	faultOf(t, err, "Client.Package.WrongSubmitter")
}

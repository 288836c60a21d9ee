package exchange

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"ccpor/exchange/sig"
	"ccpor/mapping/order"
	"ccpor/store"
)

// The headers of a replay: HTTP headers, so that the message is, byte for byte, the one that was first received.
const (
	HeaderReplayOf       = "X-Replay-Of"       // its tracking number there
	HeaderReplayAgency   = "X-Replay-Agency"   // the ORI of the agency that sent it
	HeaderReplayReceived = "X-Replay-Received" // when, as RFC 3339: the day by which it is judged, and the certificates that were in force
	replayHeaders        = "X-Replay-"
)

// onBehalf lets a registered replayer stand in for the agency that first sent the message, in a test region. The replayer's own certificate has been judged by
// today; what the agency signed is judged by when it was first received. Everywhere else a message that says it is a replay is refused, whoever sends it.
func (h *Hub) onBehalf(req *http.Request, m *received) error {
	said := 0
	for name := range req.Header {
		if strings.HasPrefix(name, replayHeaders) {
			said++
		}
	}
	switch {
	case said == 0:
		return nil
	case !h.TestRegion:
		return &refusal{code: "Client.Replay.NotHere"}
	case !m.agency.Replays:
		return &refusal{code: "Client.Replay.NotEntitled"}
	}
	of, ori, at, err := readReplay(req.Header, said, m.visit.began)
	if err != nil {
		return &refusal{code: "Client.Replay.Malformed"}
	}
	agency, signers, err := h.Store.OnBehalf(req.Context(), ori)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &refusal{code: "Client.Replay.UnknownAgency"}
	case err != nil:
		h.Log.Error("agency not looked up", "correlation", m.visit.correlation, "error", loggable(err))
		return &refusal{code: "Server.Unavailable"}
	}
	m.visit.replay = &store.Replay{Of: of, By: m.agency.ORI}
	m.visit.agency, m.visit.at, m.visit.test = agency, at, true
	m.trust(signers)
	return nil
}

// trust makes these the certificates that may have signed the package.
func (m *received) trust(signers []store.SigningCert) {
	m.trusted = nil
	for _, s := range signers {
		m.trusted = append(m.trusted, sig.Trusted{Certificate: s.Certificate, NotBefore: s.From, NotAfter: s.To, Revoked: s.Revoked})
	}
}

var errReplay = errors.New("the headers of a replay are not as they should be")

// readReplay reads the three headers, each of which has to be there once and no other beside them. Nothing is received later than now.
func readReplay(h http.Header, said int, now time.Time) (of order.Tracking, ori order.ORI, at time.Time, err error) {
	one := func(name string) string {
		if values := h.Values(name); len(values) == 1 {
			return values[0]
		}
		return ""
	}
	if said != 3 {
		return of, ori, at, errReplay
	}
	var errs [3]error
	of, errs[0] = order.ParseTracking(one(HeaderReplayOf))
	ori, errs[1] = order.ParseORI(one(HeaderReplayAgency))
	at, errs[2] = time.Parse(time.RFC3339Nano, one(HeaderReplayReceived))
	if err := errors.Join(errs[:]...); err != nil || at.After(now) {
		return of, ori, at, errReplay
	}
	return of, ori, at.UTC(), nil
}

// onlySubmits refuses a replay of anything but a package: it would read, on behalf of another agency, what is that one's alone.
func (o opened) onlySubmits() error {
	if o.replay != nil && o.operation != submitOrder {
		return &refusal{code: "Client.Replay.Malformed"}
	}
	return nil
}

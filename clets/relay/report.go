package relay

import (
	"context"
	"time"

	"ccpor/clets/link"
)

// reportEvery is how often a relay says how its lines stand when nothing changes.
const reportEvery = 30 * time.Second

// report says how the lines stand, at once when one comes up or goes down and now and then otherwise, until ctx ends.
func (r *Relay) report(ctx context.Context) {
	if r.cfg.Report == nil {
		return
	}
	for {
		if err := r.cfg.Report(ctx, r.Lines(), r.now()); err != nil && ctx.Err() == nil {
			r.log.Warn("how the lines stand could not be reported", "error", err)
		}
		select {
		case <-r.altered:
		case <-r.clock.After(reportEvery):
		case <-ctx.Done():
			return
		}
	}
}

// noticed has the next report made now.
func (r *Relay) noticed() {
	select {
	case r.altered <- struct{}{}:
	default: // one is due already
	}
}

// ear notes when the switch says something, on its way to the session.
type ear struct{ *session }

func (e ear) hear() { e.station.heard.Store(e.station.relay.now().UnixNano()) }

// Acked is the session's, as the next are.
func (e ear) Acked(control string) { e.hear(); e.session.Acked(control) }

// Refused is the session's.
func (e ear) Refused(control string, code int, text string) {
	e.hear()
	e.session.Refused(control, code, text)
}

// Replied is the session's.
func (e ear) Replied(d link.Delivery) { e.hear(); e.session.Replied(d) }

// Unsolicited is the session's.
func (e ear) Unsolicited(d link.Delivery) { e.hear(); e.session.Unsolicited(d) }

// lastHeard is when the switch last said something; zero: never.
func (st *station) lastHeard() time.Time {
	if at := st.heard.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

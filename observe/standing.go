package observe

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ccpor/clets/relay"
)

// Standing is how this process stands when somebody looks. Functions that are nil tell nothing.
type Standing struct {
	Version string
	// Lines are this hub's; InHand is how many bytes of messages are in hand, and how many may be.
	Lines  func() []relay.LineStatus
	InHand func() (bytes, most int64)
	// Stalled says that no orders are taken since the ledger stands still.
	Stalled func() bool
	// Ends are when the hub's own certificates end, by use.
	Ends map[string]time.Time
}

// standing collects it.
type standing struct {
	Standing
	desc map[string]*prometheus.Desc
}

var standingNames = []string{"ccpor_build_info", "ccpor_own_certificate_end_timestamp_seconds", "ccpor_ledger_stalled", "ccpor_in_hand_bytes", "ccpor_in_hand_limit_bytes",
	"ccpor_line_up", "ccpor_line_window", "ccpor_line_under_way"}

// NewStanding makes a collector of how this process stands.
func NewStanding(s Standing) (prometheus.Collector, error) {
	c := standing{s, map[string]*prometheus.Desc{}}
	for _, name := range standingNames {
		r, err := row(name)
		if err != nil {
			return nil, err
		}
		c.desc[name] = prometheus.NewDesc(r.Name, r.Help, r.Labels, nil)
	}
	return c, nil
}

// Describe names the metrics.
func (c standing) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range c.desc {
		to <- desc
	}
}

// Collect tells how everything stands now.
func (c standing) Collect(to chan<- prometheus.Metric) {
	tell := telling{to, c.desc}
	tell.set("ccpor_build_info", 1, c.Version, runtime.Version())
	for use, end := range c.Ends {
		tell.set("ccpor_own_certificate_end_timestamp_seconds", float64(end.Unix()), use)
	}
	if c.Stalled != nil {
		tell.set("ccpor_ledger_stalled", oneIf(c.Stalled()))
	}
	if c.InHand != nil {
		bytes, most := c.InHand()
		tell.set("ccpor_in_hand_bytes", float64(bytes))
		tell.set("ccpor_in_hand_limit_bytes", float64(most))
	}
	if c.Lines == nil {
		return
	}
	for _, l := range c.Lines() {
		tell.set("ccpor_line_up", oneIf(l.Up), l.Mnemonic)
		tell.set("ccpor_line_window", float64(l.Window), l.Mnemonic)
		tell.set("ccpor_line_under_way", float64(l.UnderWay), l.Mnemonic)
	}
}

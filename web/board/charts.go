package board

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"ccpor/store"
)

// span is how far back charts go, in steps; rows is how many steps are a line of the table beside.
type span struct {
	name, says string
	length     time.Duration
	step       time.Duration
	rows       int
	layout     string // of a time in it
}

var spans = []span{
	{"1h", "1 hour", time.Hour, time.Minute, 5, "15:04"},
	{"24h", "24 hours", 24 * time.Hour, 5 * time.Minute, 12, "15:04"},
	{"7d", "7 days", 7 * 24 * time.Hour, time.Hour, 6, "2 Jan 15:04"},
	{"30d", "30 days", 30 * 24 * time.Hour, 4 * time.Hour, 6, "2 Jan 15:04"},
}

// window is the time that is charted: whole steps, of which the last one has ended.
func (s span) window(now time.Time) (from, to time.Time) {
	to = now.UTC().Truncate(s.step)
	return to.Add(-s.length), to
}

// chart is one of those on the board.
type chart struct {
	Name, Title string
	// unit is told with numbers, and scale what they are multiplied with to be in it; whole says that there are no parts of one.
	unit   string
	scale  float64
	whole  bool
	counts bool // what is counted is summed up over steps; else the worst of them counts
	curves []curve
}

// curve is one line of a chart: a measure, of all labels or of some; what is each hub's own is the worst of all hubs.
type curve struct {
	name   string
	what   store.Measure
	labels []string
	worst  bool
}

var catalog = []chart{
	{Name: "taken", Title: "Packages taken and refused", scale: 1, whole: true, counts: true, curves: []curve{{name: "taken", what: store.MeasureAccepted}, {name: "refused", what: store.MeasureRefused}}},
	{Name: "queue", Title: "Owed to CARPOS", scale: 1, whole: true, curves: []curve{{name: "not settled", what: store.MeasureQueue}, {name: "held for a person", what: store.MeasureQueue, labels: []string{"held"}}}},
	{Name: "deadlines", Title: "Deadlines", scale: 1, whole: true, curves: []curve{{name: "late", what: store.MeasureLate}, {name: "at risk", what: store.MeasureAtRisk}}},
	{Name: "attempts", Title: "What came of attempts to send", scale: 1, whole: true, counts: true, curves: []curve{
		{name: "in CARPOS", what: store.MeasureAttempts, labels: []string{"accepted", "onFile"}},
		{name: "refused or held", what: store.MeasureAttempts, labels: []string{"rejected", "held"}},
		{name: "to be tried again", what: store.MeasureAttempts, labels: []string{"retry", "notFound", "gaveUp"}},
		{name: "no answer", what: store.MeasureAttempts, labels: []string{"unknown"}}}},
	{Name: "reply", Title: "Round trip to the switch", unit: "s", scale: 1, curves: []curve{{name: "median", what: store.MeasureReplyP50}, {name: "95 of 100 within", what: store.MeasureReplyP95}}},
	{Name: "unsent", Title: "Oldest package that is ready to be sent", unit: "min", scale: 1.0 / 60, curves: []curve{{name: "waits for", what: store.MeasureUnsent}}},
	{Name: "lines", Title: "Lines to the switch", scale: 1, whole: true, curves: []curve{{name: "up", what: store.MeasureLinesUp}, {name: "known", what: store.MeasureLines}}},
	{Name: "intake", Title: "Time until a package is answered", unit: "ms", scale: 1000, curves: []curve{
		{name: "median", what: store.MeasureIntakeP50, worst: true}, {name: "95 of 100 within", what: store.MeasureIntakeP95, worst: true}}},
	{Name: "size", Title: "Size of the database", unit: "MB", scale: 1e-6, whole: true, curves: []curve{{name: "on disk", what: store.MeasureBytes}}},
	{Name: "connections", Title: "Connections to the database", scale: 1, whole: true, curves: []curve{{name: "connections", what: store.MeasureConns}}},
}

func chartNamed(name string) (chart, bool) {
	i := slices.IndexFunc(catalog, func(c chart) bool { return c.Name == name })
	if i < 0 {
		return chart{}, false
	}
	return catalog[i], true
}

// measures are what the chart needs. What was taken is measured in every minute in which anything is, and tells "none" from "not measured".
func (c chart) measures() []store.Measure {
	all := []store.Measure{store.MeasureAccepted}
	for _, u := range c.curves {
		if !slices.Contains(all, u.what) {
			all = append(all, u.what)
		}
	}
	return all
}

func allMeasures() []store.Measure {
	var all []store.Measure
	for _, c := range catalog {
		for _, m := range c.measures() {
			if !slices.Contains(all, m) {
				all = append(all, m)
			}
		}
	}
	return all
}

// series is a chart with its values: of each curve one a step, NaN where nothing was measured.
type series struct {
	chart
	span
	from   time.Time
	zone   *time.Location
	values [][]float64
}

// series takes the chart's values from what was measured.
func (c chart) series(measured []store.Measured, s span, from time.Time, zone *time.Location) series {
	n := int(s.length / s.step)
	out := series{chart: c, span: s, from: from, zone: zone}
	known := make([]bool, n)
	at := func(m store.Measured) int { return int(m.At.Sub(from) / s.step) }
	for _, m := range measured {
		if i := at(m); m.What == store.MeasureAccepted && i >= 0 && i < n {
			known[i] = true
		}
	}
	for _, u := range c.curves {
		values := make([]float64, n)
		for i := range values {
			if values[i] = math.NaN(); c.counts && known[i] {
				values[i] = 0
			}
		}
		for _, m := range measured {
			if i := at(m); i >= 0 && i < n && m.What == u.what && (u.labels == nil || slices.Contains(u.labels, m.Label)) {
				values[i] = u.with(values[i], m.Value*c.scale)
			}
		}
		out.values = append(out.values, values)
	}
	return out
}

// with adds a label's value to a step's.
func (u curve) with(had, more float64) float64 {
	switch {
	case math.IsNaN(had):
		return more
	case u.worst:
		return max(had, more)
	}
	return had + more
}

func (s series) moment(i int) string {
	return s.from.Add(time.Duration(i) * s.step).In(s.zone).Format(s.layout)
}

// number writes a value with as many digits as it needs.
func (c chart) number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case c.whole || v == 0 || math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func (c chart) amount(v float64) string { return strings.TrimSpace(c.number(v) + " " + c.unit) }

// says is the chart in words.
func (s series) says() string {
	parts := []string{fmt.Sprintf("%s, the last %s.", s.Title, s.span.says)}
	for i, u := range s.curves {
		parts = append(parts, s.curveSays(u, s.values[i]))
	}
	return strings.Join(parts, " ")
}

func (s series) curveSays(u curve, values []float64) string {
	sum, most, last := 0.0, -1, -1
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		sum, last = sum+v, i
		if most < 0 || v > values[most] {
			most = i
		}
	}
	name := strings.ToUpper(u.name[:1]) + u.name[1:]
	switch {
	case last < 0:
		return name + ": not measured."
	case s.counts && sum == 0:
		return name + ": none."
	case s.counts:
		return fmt.Sprintf("%s: %s in all, at most %s in %s, from %s on.", name, s.amount(sum), s.amount(values[most]), ago(s.step), s.moment(most))
	}
	return fmt.Sprintf("%s: last %s, at most %s, at %s.", name, s.amount(values[last]), s.amount(values[most]), s.moment(most))
}

// heads and rows are the chart as a table, of fewer lines than it has steps.
func (s series) heads() []string {
	all := []string{"From"}
	for _, u := range s.curves {
		all = append(all, strings.TrimSpace(u.name+" "+s.inUnit()))
	}
	return all
}

func (s series) inUnit() string {
	if s.unit == "" {
		return ""
	}
	return "(" + s.unit + ")"
}

func (s series) rows() [][]string {
	var all [][]string
	n := int(s.length / s.step)
	for i := 0; i < n; i += s.span.rows {
		row := []string{s.moment(i)}
		for _, values := range s.values {
			row = append(row, s.number(s.over(values[i:min(n, i+s.span.rows)])))
		}
		all = append(all, row)
	}
	return all
}

// over is what several steps are together.
func (s series) over(values []float64) float64 {
	whole := math.NaN()
	for _, v := range values {
		switch {
		case math.IsNaN(v):
		case math.IsNaN(whole):
			whole = v
		case s.counts:
			whole += v
		default:
			whole = max(whole, v)
		}
	}
	return whole
}

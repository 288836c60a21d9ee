package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// report is what bench/latest.json holds. The figures at its top are those of orders without image.
type report struct {
	OrdersPerS     float64 `json:"orders_per_s"`
	P50            float64 `json:"p50_ms"` // at half load, as p99
	P99            float64 `json:"p99_ms"`
	RSS            float64 `json:"rss_mb"` // the most that the hub had resident in any part
	ProbeDB        float64 `json:"probe_db"`
	ProbeXML       float64 `json:"probe_xml"`
	RatioComposite float64 `json:"ratio_composite"`

	Machine machine   `json:"machine"`
	Date    time.Time `json:"date"`
	Quick   bool      `json:"quick"`
	Marks   []mark    `json:"marks"`
	Ingest  []ingest  `json:"ingest,omitempty"`
	Attack  *besieged `json:"attack,omitempty"`
	Relay   []relayed `json:"relay,omitempty"`
	// Full is the relay with 32 requests in flight.
	Full   *fullLines `json:"full_lines,omitempty"`
	Stages []stage    `json:"stages,omitempty"`
}

// ingest is one shape of message, beside its probes.
type ingest struct {
	Shape        string   `json:"shape"`
	MessageBytes int      `json:"message_bytes"`
	Receipts     int      `json:"receipts"` // each with its submission in the database: the run fails otherwise
	Full         []loaded `json:"full_load"`
	Half         loaded   `json:"half_load"`
	// ProbeDB is the orders a second that pgbench wrote, one order a transaction and one statement a round trip; ProbeXML those that were verified,
	// validated and mapped; Composite is what one after the other would allow. The pipelined ones are with all statements of an order sent at once.
	ProbeDB            float64 `json:"probe_db"`
	ProbeDBPipelined   float64 `json:"probe_db_pipelined"`
	ProbeXML           float64 `json:"probe_xml"`
	Composite          float64 `json:"composite"`
	CompositePipelined float64 `json:"composite_pipelined"`
	RatioDB            float64 `json:"ratio_db"`
	RatioXML           float64 `json:"ratio_xml"`
	RatioComposite     float64 `json:"ratio_composite"`
	RatioPipelined     float64 `json:"ratio_composite_pipelined"`
}

// loaded is one load.
type loaded struct {
	Clients    int     `json:"clients"`
	Sent       int     `json:"sent"`
	OrdersPerS float64 `json:"orders_per_s"`
	P50        float64 `json:"p50_ms"`
	P99        float64 `json:"p99_ms"`
	Max        float64 `json:"max_ms"`
	RSS        float64 `json:"rss_mb"`
	PeakRSS    float64 `json:"peak_rss_mb"`
	CPU        cpu     `json:"cpu"`
}

// cpu is processor time: of an order in microseconds, and of everybody else on the machine as a share of what it has.
type cpu struct {
	Hub      float64 `json:"hub_us"`
	Postgres float64 `json:"postgres_us"`
	Load     float64 `json:"load_us"`
	Others   float64 `json:"others_share"`
}

// usage is how much processor time was used up to a moment, and the hub's memory then.
type usage struct {
	hub, postgres, load, machine time.Duration
	memory                       memory
}

func newLoaded(l load, r result, before, after usage, took time.Duration) loaded {
	per := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(max(1, r.sent)) }
	hub, postgres, own := after.hub-before.hub, after.postgres-before.postgres, after.load-before.load
	others := after.machine - before.machine - hub - postgres - own
	return loaded{Clients: l.clients, Sent: r.sent, OrdersPerS: r.perSecond(), P50: ms(r.percentile(.5)), P99: ms(r.percentile(.99)), Max: ms(r.percentile(1)),
		RSS: mb(after.memory.now), PeakRSS: mb(after.memory.peak),
		CPU: cpu{Hub: per(hub), Postgres: per(postgres), Load: per(own), Others: max(0, others.Seconds()/(took.Seconds()*float64(cores())))}}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func mb(n int64) float64         { return float64(n) / (1 << 20) }

func (l loaded) told() string {
	return fmt.Sprintf("%.0f/s, p50 %.1f ms, p99 %.1f ms, %.0f MB", l.OrdersPerS, l.P50, l.P99, l.RSS)
}

// best is the full load with the highest rate.
func (i ingest) best() loaded {
	var best loaded
	for _, f := range i.Full {
		if f.OrdersPerS > best.OrdersPerS {
			best = f
		}
	}
	return best
}

// others is the most that everybody else took of the machine during any load.
func (r *report) others() float64 {
	var most float64
	for _, i := range r.Ingest {
		for _, l := range append(i.Full, i.Half) {
			most = max(most, l.CPU.Others)
		}
	}
	if r.Attack != nil {
		most = max(most, r.Attack.Alone.CPU.Others, r.Attack.Attacked.CPU.Others)
	}
	for _, l := range r.Relay {
		most = max(most, l.CPU.Others)
	}
	return most
}

// meanwhile says how far the figures can be believed.
func meanwhile(others float64) string {
	if others < .05 {
		return "Nobody else was at work on it."
	}
	return fmt.Sprintf("Others took up to %.0f %% of it meanwhile, so that those rates are low.", 100*others)
}

// peak is the most memory that the hub had.
func (i ingest) peak() float64 {
	most := i.Half.PeakRSS
	for _, f := range i.Full {
		most = max(most, f.PeakRSS)
	}
	return most
}

func (i *ingest) compare() {
	rate := i.best().OrdersPerS
	i.Composite, i.CompositePipelined = together(i.ProbeDB, i.ProbeXML), together(i.ProbeDBPipelined, i.ProbeXML)
	i.RatioDB, i.RatioXML, i.RatioComposite, i.RatioPipelined = rate/i.ProbeDB, rate/i.ProbeXML, rate/i.Composite, rate/i.CompositePipelined
}

// together is the rate of doing two things one after the other.
func together(a, b float64) float64 { return 1 / (1/a + 1/b) }

// mark is what is asked of the exchange on two cores that carry Postgres and the load too.
type mark struct {
	Name string  `json:"name"`
	Want float64 `json:"want"`
	Got  float64 `json:"got"`
	Met  bool    `json:"met"`
}

func atLeast(name string, want, got float64) mark { return mark{name, want, got, got >= want} }
func below(name string, want, got float64) mark   { return mark{name, want, got, got < want} }

// judge fills in the figures at the top and the marks.
func (r *report) judge() {
	for _, i := range r.Ingest {
		r.RSS = max(r.RSS, i.peak())
		if i.Shape != shapes[0].name {
			continue
		}
		r.OrdersPerS, r.P50, r.P99 = i.best().OrdersPerS, i.Half.P50, i.Half.P99
		r.ProbeDB, r.ProbeXML, r.RatioComposite = i.ProbeDB, i.ProbeXML, i.RatioComposite
		r.Marks = append(r.Marks, atLeast("orders a second, 8 KB without image", 1200, r.OrdersPerS),
			atLeast("ratio to the composite of the probes", .7, r.RatioComposite), below("p99 at half load, ms", 50, r.P99))
	}
	if r.Attack != nil {
		r.Marks = append(r.Marks, atLeast("good rate while half of the traffic is hostile, of that alone", attackMark, r.Attack.Ratio))
	}
	if r.Full != nil {
		r.Marks = append(r.Marks, atLeast("full lines: rate beside what lines or machine allow", .90, r.Full.Share),
			below("from receipt to acceptance at half load, p99 ms", 2000, r.Full.P99))
	}
	if len(r.Ingest) > 0 {
		r.Marks = append(r.Marks, below("resident memory of the hub, MB", 300, r.RSS))
	}
}

func writeJSON(file string, value any) error {
	raw, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(raw, '\n'), 0o644)
}

// table is a part of the report: rows of cells under a heading.
type table struct {
	head []string
	rows [][]string
}

func (r *report) tables() []table {
	var all []table
	for _, t := range []table{r.loads(), r.ratios(), r.sieges(), r.relays(), r.costs()} {
		if len(t.rows) > 0 {
			all = append(all, t)
		}
	}
	if r.Full != nil {
		all = append(all, r.Full.table())
	}
	return all
}

func (r *report) loads() table {
	t := table{head: []string{"message", "load", "orders/s", "p50 ms", "p99 ms", "max ms", "most RSS MB", "hub µs", "Postgres µs", "load µs", "others"}}
	for _, i := range r.Ingest {
		for _, l := range i.Full {
			t.rows = append(t.rows, append([]string{i.Shape, fmt.Sprintf("%d clients", l.Clients)}, l.cells()...))
		}
		t.rows = append(t.rows, append([]string{i.Shape, "half of the best"}, i.Half.cells()...))
	}
	return t
}

func (l loaded) cells() []string {
	return append([]string{whole(l.OrdersPerS), tenths(l.P50), tenths(l.P99), tenths(l.Max), whole(l.PeakRSS)}, l.CPU.cells()...)
}

func (c cpu) cells() []string {
	return []string{whole(c.Hub), whole(c.Postgres), whole(c.Load), whole(100*c.Others) + " %"}
}

func (r *report) ratios() table {
	t := table{head: []string{"message", "best/s", "probe DB", "probe XML", "composite", "ratio to DB", "to XML", "to composite", "DB pipelined", "composite with it", "ratio"}}
	for _, i := range r.Ingest {
		t.rows = append(t.rows, []string{i.Shape, whole(i.best().OrdersPerS), whole(i.ProbeDB), whole(i.ProbeXML), whole(i.Composite), hundredths(i.RatioDB), hundredths(i.RatioXML),
			hundredths(i.RatioComposite), whole(i.ProbeDBPipelined), whole(i.CompositePipelined), hundredths(i.RatioPipelined)})
	}
	return t
}

func (r *report) relays() table {
	t := table{head: []string{"relayed", "lines × window", "orders/s", "line allows", "cores allow", "ratio", "most RSS MB", "hub µs", "Postgres µs", "simulator µs", "others"}}
	for _, l := range r.Relay {
		t.rows = append(t.rows, append([]string{fmt.Sprintf("%d orders", l.Orders), fmt.Sprintf("%d × %d", l.Lines, l.Window), whole(l.OrdersPerS), whole(l.Allowed),
			whole(l.Machine), hundredths(l.Ratio), whole(l.PeakRSS)}, l.CPU.cells()...))
	}
	return t
}

func (r *report) costs() table {
	t := table{head: []string{"stage of one order", "µs", "allocations", "bytes"}}
	for _, s := range r.Stages {
		name := s.Name
		if s.Part {
			name = "of it " + name
		}
		t.rows = append(t.rows, []string{name, tenths(s.Micros), whole(s.Allocs), whole(s.Bytes)})
	}
	return t
}

func whole(f float64) string      { return strconv.FormatFloat(f, 'f', 0, 64) }
func tenths(f float64) string     { return strconv.FormatFloat(f, 'f', 1, 64) }
func hundredths(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

func (t table) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\n%s\t\n", strings.Join(t.head, "\t"))
	for _, row := range t.rows {
		fmt.Fprintf(w, "%s\t\n", strings.Join(row, "\t"))
	}
	return w.Flush()
}

func (r *report) print(out io.Writer) error {
	fmt.Fprintf(out, "\n%s\n%s\n", r.Machine, meanwhile(r.others()))
	for _, t := range r.tables() {
		if err := t.print(out); err != nil {
			return err
		}
	}
	fmt.Fprintln(out)
	for _, m := range r.Marks {
		fmt.Fprintf(out, "%s  %s: %.2f (mark %g)\n", met(m.Met), m.Name, m.Got, m.Want)
	}
	return nil
}

func met(b bool) string {
	if b {
		return "met   "
	}
	return "MISSED"
}

package observe_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.yaml.in/yaml/v3"

	"ccpor/observe"
)

const monitoring = "../docs/monitoring/"

// rule is an alert rule or a recording rule.
type rule struct {
	Record, Alert, Expr, For string
	Labels, Annotations      map[string]string
}

func rules(t *testing.T, file string) []rule {
	t.Helper()
	raw, err := os.ReadFile(monitoring + file)
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Groups []struct {
			Name  string
			Rules []rule
		}
	}
	if err := yaml.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, g := range f.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// known is what an expression may ask for: the table, what is recorded from it, what the runtime's collectors tell, and what Prometheus says of a target itself. With each go its labels.
func known(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{"up": nil}
	for _, r := range observe.Table() {
		if r.Kind == observe.Histogram {
			all[r.Name+"_bucket"] = append([]string{"le"}, r.Labels...)
			all[r.Name+"_sum"], all[r.Name+"_count"] = r.Labels, r.Labels
			continue
		}
		all[r.Name] = r.Labels
	}
	for _, r := range rules(t, "recording.yml") {
		all[r.Record] = nil
	}
	runtime := prometheus.NewRegistry()
	runtime.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	families, err := runtime.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		all[f.GetName()] = nil
	}
	return all
}

// asks says what is wrong with an expression, and what it asks for. Every label that it selects, groups or joins by must be one of what it asks for.
func asks(expr string, known map[string][]string) (metrics []string, wrong []string) {
	e, err := metricsql.Parse(strings.ReplaceAll(expr, "$__rate_interval", "5m"))
	if err != nil {
		return nil, []string{err.Error()}
	}
	labels := []string{"instance", "job"} // Prometheus's own
	var wanted []string
	metricsql.VisitAll(e, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.MetricExpr:
			for _, filters := range e.LabelFilterss {
				for _, f := range filters {
					if f.Label != "__name__" {
						wanted = append(wanted, f.Label)
						continue
					}
					has, ok := known[f.Value]
					if !ok {
						wrong = append(wrong, "there is no "+f.Value)
					}
					labels, metrics = append(labels, has...), append(metrics, f.Value)
				}
			}
		case *metricsql.AggrFuncExpr:
			wanted = append(wanted, e.Modifier.Args...)
		case *metricsql.BinaryOpExpr:
			wanted = append(append(wanted, e.GroupModifier.Args...), e.JoinModifier.Args...)
		}
	})
	for _, w := range wanted {
		if !slices.Contains(labels, w) {
			wrong = append(wrong, "nothing in it has the label "+w)
		}
	}
	if len(metrics) == 0 {
		wrong = append(wrong, "it asks for nothing")
	}
	return metrics, wrong
}

func TestAsksTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	metrics := known(t)
	for expr, wrong := range map[string]string{
		`sum by (state) (ccpor_transmissions)`:                "",
		`sum by (stat) (ccpor_transmissions)`:                 "label stat",
		`ccpor_transmission`:                                  "no ccpor_transmission",
		`ccpor_transmissions{case="1"}`:                       "label case",
		`rate(ccpor_request_seconds[5m])`:                     "no ccpor_request_seconds",
		`sum by (le) (rate(ccpor_request_seconds_bucket[5m])`: "unparsed",
		`1 > 0`: "asks for nothing",
		`max by (use) (ccpor_line_up) > on (line) ccpor_line_window`:  "label use",
		`histogram_quantile(0.9, rate(ccpor_ack_seconds_bucket[5m]))`: "",
	} {
		if _, got := asks(expr, metrics); (len(got) > 0) != (wrong != "") || wrong != "" && wrong != "unparsed" && !strings.Contains(strings.Join(got, "; "), wrong) {
			t.Errorf("%s: %v", expr, got)
		}
	}
}

// The rules ask for what there is, and each alert says what it means and where to read on.
func TestRules(t *testing.T) {
	t.Parallel()
	metrics := known(t)
	operating, err := os.ReadFile("../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]bool{}
	for line := range strings.Lines(string(operating)) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			anchors["docs/operating.md#"+strings.ReplaceAll(strings.ToLower(strings.TrimSpace(title)), " ", "-")] = true
		}
	}
	seen := map[string]bool{}
	for _, r := range append(rules(t, "recording.yml"), rules(t, "alerts.yml")...) {
		name := r.Alert + r.Record
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
		if _, wrong := asks(r.Expr, metrics); len(wrong) > 0 {
			t.Errorf("%s: %v", name, wrong)
		}
		if r.Record != "" {
			continue
		}
		if r.Annotations["summary"] == "" || r.Annotations["description"] == "" || !slices.Contains([]string{"warning", "critical"}, r.Labels["severity"]) {
			t.Errorf("%s does not say what it means: %+v", name, r)
		}
		if !anchors[r.Annotations["runbook"]] {
			t.Errorf("%s: there is no %s", name, r.Annotations["runbook"])
		}
	}
	if len(seen) < 25 {
		t.Errorf("%d rules", len(seen))
	}
}

// panel is one panel of a dashboard.
type panel struct {
	Title, Type string
	Targets     []struct{ Expr, LegendFormat string }
}

// The dashboard asks for what there is, and shows everything that there is.
func TestDashboard(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(monitoring + "dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Title  string
		Panels []panel
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	metrics := known(t)
	shown := map[string]bool{}
	for _, p := range d.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("%s shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			asked, wrong := asks(target.Expr, metrics)
			if len(wrong) > 0 {
				t.Errorf("%s: %v in %s", p.Title, wrong, target.Expr)
			}
			for _, m := range asked {
				shown[strings.TrimSuffix(m, "_bucket")] = true
			}
		}
	}
	for _, r := range observe.Table() {
		if shown[r.Name] == (r.NotShown != "") {
			t.Errorf("%s is on the dashboard: %v; the table says why not: %q", r.Name, shown[r.Name], r.NotShown)
		}
	}
}

// Where promtool is installed (Debian: prometheus), it judges the rules and what they say of invented series.
func TestPromtool(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed")
	}
	for _, args := range [][]string{{"check", "rules", "recording.yml", "alerts.yml"}, {"test", "rules", "alerts_test.yml"}} {
		cmd := exec.CommandContext(t.Context(), tool, args...)
		cmd.Dir = filepath.Clean(monitoring)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// public are the elements of a package whose content names nobody: codes, flags, numbers, days of the court's, forms and agencies.
var public = regexp.MustCompile(`(Code|Indicator|ORIIdentification|FormNumberText|FormRevisionDate|SoftwareName|SoftwareVersionText|StatuteText|Measure|Yards|Hours|ByteCount|PageCount|MediaTypeText|SHA256|DocumentIdentification|PackageIdentification|DateTime|` +
	`CourtName|CourtCountyName|Court(Division|Floor|Room)Text|(Issuing|Hearing|Expiration|Service|Modification|Cancellation|Monitoring\w*)(Date|Time)|ExpirationYear|PersonPrimaryLanguageText)$`)

// shortNumber is what any figure may be, as a badge's number.
var shortNumber = regexp.MustCompile(`^[0-9]{1,5}$`)

var leaf = regexp.MustCompile(`<(?:\w+:)?(\w+)[^<>]*>([^<>]+)</`)

// packages are those of all samples and of all golden cases.
func packages(t *testing.T) [][]byte {
	t.Helper()
	samples, err := loadSamples("../../testdata/samples")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := filepath.Glob("../../testdata/cases/*/package.xml")
	if err != nil || len(cases) < 50 {
		t.Fatal(len(cases), err)
	}
	var all [][]byte
	for _, s := range samples {
		all = append(all, s.packageXML)
	}
	for _, c := range cases {
		raw, err := os.ReadFile(c)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw)
	}
	return all
}

// personal are the words of the packages that name or describe somebody, each in the forms in which it could come out.
func personal(t *testing.T) map[string]*regexp.Regexp {
	t.Helper()
	all := map[string]*regexp.Regexp{}
	for _, p := range packages(t) {
		for _, m := range leaf.FindAllStringSubmatch(string(p), -1) {
			value := strings.TrimSpace(m[2])
			if public.MatchString(m[1]) || len(value) < 4 || shortNumber.MatchString(value) {
				continue
			}
			forms := []string{regexp.QuoteMeta(value)}
			if day, err := time.Parse(time.DateOnly, value); err == nil {
				forms = append(forms, day.Format("20060102"), day.Format("01/02/2006"))
			}
			if m[1] == "TelephoneNumber" && len(value) == 10 {
				forms = append(forms, value[:3]+`.?.?`+value[3:6]+`.?`+value[6:])
			}
			all[m[1]+" "+value] = regexp.MustCompile(`(?i)\b(` + strings.Join(forms, "|") + `)\b`)
		}
	}
	return all
}

// leaks are the words of persons that a text holds.
func leaks(text string, personal map[string]*regexp.Regexp) []string {
	var found []string
	for what, form := range personal {
		if at := form.FindStringIndex(text); at != nil {
			found = append(found, what+" in ..."+text[max(0, at[0]-80):min(len(text), at[1]+20)])
		}
	}
	return found
}

func TestLeaksAreFound(t *testing.T) {
	t.Parallel()
	words := personal(t)
	if len(words) < 30 {
		t.Fatalf("only %d words", len(words))
	}
	for _, text := range []string{`{"msg":"accepted","who":"JONES,MARC"}`, `ccpor_held{case="06NF0886"} 1`, "restrained Marc", "born 19770101", "1 Quarry Road, x, 123 MAIN STREET"} {
		if len(leaks(text, words)) == 0 {
			t.Errorf("%s holds nothing of a person", text)
		}
	}
	if found := leaks(`{"time":"2026-11-28T21:33:17Z","msg":"accepted","agency":"CA030013J","operation":"SubmitOrder","code":"Client.Rule.ProtectedMissing"}`, words); len(found) > 0 {
		t.Error(found)
	}
}

// watchedSandbox is a sandbox as a process, with a collector of traces.
type watchedSandbox struct {
	t     *testing.T
	dir   string
	pages string

	mu    sync.Mutex
	spans []*traces.Span
	raw   strings.Builder // the spans as JSON

	out, errs bytes.Buffer // what the process writes beside its log
}

// ServeHTTP is the collector.
func (w *watchedSandbox) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var got collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &got)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		w.t.Errorf("%s: %v", r.URL, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.raw.WriteString(protojson.Format(&got))
	for _, of := range got.GetResourceSpans() {
		for _, in := range of.GetScopeSpans() {
			w.spans = append(w.spans, in.GetSpans()...)
		}
	}
}

// run runs the sandbox until it is up, looks at what it serves, and ends it.
func (w *watchedSandbox) run(look func()) {
	w.t.Helper()
	sink := httptest.NewServer(w)
	defer sink.Close()
	w.pages = freeAddress(w.t)
	cmd := exec.CommandContext(w.t.Context(), program(w.t, "ccpor"), "sandbox", "--data", w.dir, "--samples", "../../testdata/samples", "--listen", freeAddress(w.t), "--pages", w.pages)
	cmd.Env = append(os.Environ(), "OTEL_EXPORTER_OTLP_ENDPOINT="+sink.URL, "OTEL_BSP_SCHEDULE_DELAY=100", "CCPOR_LOG_LEVEL=debug")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = &w.errs
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	lines, up := bufio.NewScanner(out), false
	for !up && lines.Scan() {
		w.out.WriteString(lines.Text() + "\n")
		up = strings.HasPrefix(lines.Text(), "The exchange is up")
	}
	if up {
		look()
	}
	_ = cmd.Process.Signal(syscall.SIGINT)
	_, _ = io.Copy(&w.out, out)
	if err := cmd.Wait(); err != nil || !up {
		w.t.Fatalf("up %v, ended with %v\n%s", up, err, w.errs.String())
	}
}

// printed is what the process wrote beside its log, without the samples' titles: who runs a sandbox is told what is in it.
func (w *watchedSandbox) printed() string {
	w.t.Helper()
	samples, err := loadSamples("../../testdata/samples")
	if err != nil {
		w.t.Fatal(err)
	}
	text := w.out.String() + w.errs.String()
	for _, s := range samples {
		text = strings.ReplaceAll(text, s.Title, "")
	}
	return text
}

func (w *watchedSandbox) get(path string) string {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+w.pages+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s %v", path, resp.Status, err)
	}
	return string(body)
}

// A whole hub takes all samples, good and bad, with its log at debug and every trace kept, people read and search on its pages, and CARPOS is asked. What it logs, counts, traces and
// prints tells what happened, and of nobody.
func TestNothingOfAPersonIsToldToWhoWatches(t *testing.T) {
	if testing.Short() {
		t.Skip("runs whole programs")
	}
	t.Parallel()
	w := &watchedSandbox{t: t, dir: shortTemp(t)}
	told := map[string]string{}
	w.run(func() {
		told["pages"] = w.readPages()
		told["metrics"], told["readiness"] = w.get("/metrics"), w.get("/readyz")
		status, out, errOut := call(t, "health", "--pages", w.pages)
		if status != 0 || !strings.Contains(out, "takes orders") || !strings.Contains(out, "line CCP1 is up") {
			t.Errorf("health: %d %s %s", status, out, errOut)
		}
	})
	log, err := os.ReadFile(filepath.Join(w.dir, "hub.log"))
	if err != nil {
		t.Fatal(err)
	}
	told["log"], told["traces"], told["output"] = string(log), w.raw.String(), w.printed()
	words := personal(t)
	for where, text := range told {
		if found := leaks(text, words); len(found) > 0 || len(text) < 100 {
			t.Errorf("%s (%d bytes): %s", where, len(text), strings.Join(found, "\n"))
		}
	}
	w.judge(told)
}

// judge says whether what was told tells what happened.
func (w *watchedSandbox) judge(told map[string]string) {
	t := w.t
	for _, want := range []string{`ccpor_receipts_total{again="false"}`, `ccpor_attempts_total{kind="ERR",purpose="send",verdict="accepted"}`, `code="Client.Rule"`, "ccpor_database_up 1", `ccpor_line_up{line="CCP1"} 1`, `ccpor_notices_total{code="confirmed"}`} {
		if !strings.Contains(told["metrics"], want) {
			t.Errorf("the metrics do not tell %s", want)
		}
	}
	whole := 0
	for _, root := range w.spans {
		if root.GetName() != "SubmitOrder" || len(root.GetParentSpanId()) > 0 {
			continue
		}
		var under []string
		for _, s := range w.spans {
			if bytes.Equal(s.GetTraceId(), root.GetTraceId()) && bytes.Equal(s.GetParentSpanId(), root.GetSpanId()) {
				under = append(under, s.GetName())
			}
		}
		if slices.Contains(under, "store") && slices.Contains(under, "send ERR") && slices.Contains(under, "tell") {
			whole++
		}
	}
	if whole == 0 {
		t.Error("no trace goes from submission to acceptance and to what the court was told")
	}
	for line := range strings.Lines(told["log"]) {
		if !json.Valid([]byte(line)) && !strings.Contains(line, "carpos-sim") {
			t.Errorf("no line of JSON: %s", line)
		}
	}
}

// Metrics beyond this machine need client certificates, or to be told so.
func TestMetricsAddress(t *testing.T) {
	t.Parallel()
	cert, key := keyDir+"court-rsa.crt", keyDir+"court-rsa.key"
	for name, c := range map[string]struct {
		config watchConfig
		wrong  string
	}{
		"beside the pages":  {watchConfig{}, ""},
		"loopback":          {watchConfig{Metrics: "127.0.0.1:9464"}, ""},
		"everywhere":        {watchConfig{Metrics: ":9464"}, "can be reached from other machines"},
		"everywhere, told":  {watchConfig{Metrics: ":9464", MetricsPlain: true}, ""},
		"everywhere, TLS":   {watchConfig{Metrics: "0.0.0.0:9464", MetricsCert: cert, MetricsKey: key, MetricsCA: cert}, ""},
		"TLS for everybody": {watchConfig{Metrics: ":9464", MetricsCert: cert, MetricsKey: key}, "who may read is decided"},
		"no certificate":    {watchConfig{Metrics: ":9464", MetricsCert: key, MetricsKey: key, MetricsCA: cert}, "reading the certificate of the metrics"},
		"no authority":      {watchConfig{Metrics: ":9464", MetricsCert: cert, MetricsKey: key, MetricsCA: key}, "no certificate in"},
		"no address":        {watchConfig{Metrics: "9464"}, "is no address"},
		"ratio":             {watchConfig{TraceRatio: 1.5}, "from 0 to 1"},
	} {
		err := c.config.check()
		if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who has no certificate of the authority for readers reads nothing.
func TestMetricsOverTLS(t *testing.T) {
	t.Parallel()
	a, err := openAuthority(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	own, err := a.server()
	if err != nil {
		t.Fatal(err)
	}
	reader, err := a.client("prometheus")
	if err != nil {
		t.Fatal(err)
	}
	c := watchConfig{MetricsCert: own.certFile, MetricsKey: own.keyFile, MetricsCA: a.certFile()}
	config, err := c.tls()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"ready":false,"checks":{"database":false,"commit":false,"ledger":true},"lines":[]}`)
	}))
	server.TLS = config
	server.StartTLS()
	t.Cleanup(server.Close)
	url := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	status, out, errOut := call(t, "health", "--url", url, "--cert", reader.certFile, "--key", reader.keyFile, "--ca", a.certFile())
	if status != 0 || errOut != "" || out == "" {
		t.Errorf("%d %s %s", status, out, errOut)
	}
	stranger, err := tls.LoadX509KeyPair(keyDir+"court-rsa.crt", keyDir+"court-rsa.key")
	if err != nil {
		t.Fatal(err)
	}
	for _, certs := range [][]tls.Certificate{nil, {stranger}} {
		h := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: certs}}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := h.Do(req); err == nil {
			resp.Body.Close()
			t.Errorf("a stranger with %d certificates read the metrics", len(certs))
		}
	}
}

// The command tells a hub that is not ready from one that does not answer, and both by its status.
func TestHealthCommand(t *testing.T) {
	t.Parallel()
	ready := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/healthz":
			_, _ = io.WriteString(w, `{"alive":true}`)
		case r.URL.Path != "/readyz":
			http.NotFound(w, r)
		case ready:
			_, _ = io.WriteString(w, `{"ready":true,"checks":{"database":true},"lines":[{"line":"CCP1","up":false,"since":"2026-03-02T20:00:00Z"}]}`)
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"ready":false,"checks":{"database":false,"commit":false,"ledger":true},"lines":[]}`)
		}
	}))
	if status, out, _ := call(t, "health", "--url", server.URL); status != 0 || !strings.Contains(out, "takes orders") || !strings.Contains(out, "line CCP1 is down") {
		t.Errorf("ready: %d %s", status, out)
	}
	ready = false
	if status, out, _ := call(t, "health", "--url", server.URL+"/"); status != 1 || !strings.Contains(out, "takes no orders: commit, database.") {
		t.Errorf("not ready: %d %s", status, out)
	}
	if status, out, _ := call(t, "health", "--alive", "--url", server.URL); status != 0 || !strings.Contains(out, "alive") {
		t.Errorf("alive: %d %s", status, out)
	}
	status, out, _ := call(t, "health", "--json", "--url", server.URL)
	if status != 1 || !json.Valid([]byte(out)) {
		t.Errorf("as JSON: %d %s", status, out)
	}
	if status, _, errOut := call(t, "health", "--url", server.URL+"/elsewhere"); status != 1 || !strings.Contains(errOut, "404") {
		t.Errorf("another address: %d %s", status, errOut)
	}
	server.Close()
	if status, _, errOut := call(t, "health", "--url", server.URL); status != 1 || errOut == "" {
		t.Errorf("no answer: %d %s", status, errOut)
	}
}

func TestHealthAddress(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]healthCommand{
		"http://127.0.0.1:8918": {Pages: "127.0.0.1:8918"},
		"http://localhost:9464": {Pages: "127.0.0.1:8918", Metrics: ":9464"},
		"http://localhost:9465": {Metrics: "0.0.0.0:9465"},
		"https://hub:9464":      {Pages: "127.0.0.1:8918", URL: "https://hub:9464/"},
	} {
		if got := c.url(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

package sim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ccpor/clets/sim"
)

// port is the control port of a desk's switch.
type port struct {
	desk
	url string
}

func newPort(t *testing.T) port {
	t.Helper()
	d := newDesk(t, sim.Config{})
	srv := httptest.NewServer(d.s.Control())
	t.Cleanup(srv.Close)
	return port{d, srv.URL}
}

// call returns status and body of one request.
func (p port) call(method, path, body string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// get reads a JSON answer.
func get[T any](p port, path string) T {
	p.t.Helper()
	status, body := p.call("GET", path, "")
	var v T
	if err := json.Unmarshal([]byte(body), &v); err != nil || status != 200 {
		p.t.Fatalf("GET %s: %d %v\n%s", path, status, err, body)
	}
	return v
}

func TestControlShows(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	for path, want := range map[string]int{
		"/records": 1, "/records?oca=" + oca: 1, "/records?oca=NONE": 0, "/records?fcn=" + p.fcn: 1, "/records?fcn=1": 0,
		"/records?ccn=06NF0886": 1, "/records?ccn=1": 0, "/records?ccn=06NF0886&oca=NONE": 0,
	} {
		if got := get[[]sim.Record](p, path); len(got) != want {
			t.Errorf("%s: %d records, want %d", path, len(got), want)
		}
	}
	type history struct {
		Total  uint64
		Events []sim.Event
	}
	if h := get[history](p, "/history?kind=MSG"); len(h.Events) != 1 || h.Events[0].Key != "ERR" || h.Events[0].Body != "" || h.Total < 5 {
		t.Errorf("history %+v", h)
	}
	if h := get[history](p, "/history?control=CCPR000001&body=1"); len(h.Events) != 3 || !strings.Contains(h.Events[2].Body, "ENTRY ACCEPTED") {
		t.Errorf("history %+v", h)
	}
	if r := get[sim.Report](p, "/check"); r.Records != 1 || !r.OK() {
		t.Errorf("check %+v", r)
	}
	if _, body := p.call("GET", "/check", ""); strings.Contains(body, "null") {
		t.Errorf("check %s", body)
	}
	if s := get[sim.Status](p, "/"); s.Address != p.s.Addr() || s.Down || len(s.Lines) != 1 || s.Records != 1 {
		t.Errorf("status %+v", s)
	}
}

func TestControlConfig(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	if status, body := p.call("PUT", "/config", `{"loseReply":0.2,"lateBy":"150ms"}`); status != 200 || !strings.Contains(body, `"lateBy": "150ms"`) {
		t.Errorf("%d %s", status, body)
	}
	if f := get[sim.Faults](p, "/config"); f.LoseReply != 0.2 || f != p.s.Faults() {
		t.Errorf("config %+v, in force %+v", f, p.s.Faults())
	}
	for _, bad := range []string{`{"loseReply":1.2}`, `{"loseReplies":0.2}`, `{"lateBy":"soon"}`, `{`, `{} {}`, `[]`} {
		if status, _ := p.call("PUT", "/config", bad); status != 400 {
			t.Errorf("%s: %d", bad, status)
		}
	}
	if f := p.s.Faults(); f.LoseReply != 0.2 {
		t.Errorf("a refused setting changed %+v", f)
	}
	if _, body := p.call("PUT", "/config", `{"busy":1}`); p.s.Faults().LoseReply != 0 || !strings.Contains(body, `"busy": 1`) {
		t.Errorf("what is not named is still on: %s", body)
	}
}

func TestControlOrders(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	if status, body := p.call("POST", "/unsolicited", `{"mnemonic":"CCPR","text":"ADMINISTRATIVE MESSAGE\r\nTEST\r\n"}`); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	p.expect("UNS CCPR 000002\r\nADMINISTRATIVE MESSAGE\r\nTEST\r\n")
	for path, bad := range map[string]string{"/unsolicited": `{"mnemonic":"CCPR","text":""}`, "/down": `{"seconds":-1}`} {
		if status, _ := p.call("POST", path, bad); status != 400 {
			t.Errorf("%s %s: %d", path, bad, status)
		}
	}
	if status, body := p.call("POST", "/down", `{"seconds":0}`); status != 200 || !strings.Contains(body, `"down": true`) {
		t.Errorf("%d %s", status, body)
	}
	p.expectClosed()
	if status, body := p.call("POST", "/up", ""); status != 200 || !strings.Contains(body, `"down": false`) {
		t.Errorf("%d %s", status, body)
	}
	if status, body := p.call("POST", "/reset", ""); status != 200 || !strings.Contains(body, `"records": 0`) {
		t.Errorf("%d %s", status, body)
	}
	for _, c := range [][2]string{{"GET", "/reset"}, {"DELETE", "/records"}, {"GET", "/nothing"}} {
		if status, _ := p.call(c[0], c[1], ""); status != 404 && status != 405 {
			t.Errorf("%s %s: %d", c[0], c[1], status)
		}
	}
}

// TestControlFromAForeignPage: a page of another origin in somebody's browser may not give orders.
func TestControlFromAForeignPage(t *testing.T) {
	t.Parallel()
	p := newPort(t)
	req := httptest.NewRequestWithContext(t.Context(), "POST", p.url+"/reset", nil)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	p.s.Control().ServeHTTP(w, req)
	if w.Code != http.StatusForbidden || len(p.s.Records()) != 1 {
		t.Errorf("%d, %d records", w.Code, len(p.s.Records()))
	}
}

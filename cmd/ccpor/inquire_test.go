package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"ccpor/clets/sim"
	"ccpor/store"
	"ccpor/store/storetest"
)

// Asking as an operator types it, with a hub that sends: what is refused, what is answered, and what is shown again.
func TestInquireFromTheCommandLine(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	sw, err := sim.Start(sim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sw.Close() })
	relay, err := openRelay(serveConfig{Switch: sw.Addr(), SwitchPlain: true, SwitchTest: true, SwitchORI: "CA0340000", SwitchLines: []string{"CCPR"}, SwitchWindow: 1, ReplyTimeout: 5 * time.Second,
		LeaseTime: 3 * time.Second, SweepTime: time.Second, RetryScale: 0.01, Stop: 5 * time.Second}, storetest.Open(t, url, store.Options{TestSwitch: true}), nil, time.UTC, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	serving, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- relay.run(serving) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	step := func(status int, want string, args ...string) string {
		t.Helper()
		var out, errOut bytes.Buffer
		if got := run(t.Context(), append(args, "--database-url", url, "--keys", storetest.KeyFile(t, url)), &out, &errOut); got != status || !strings.Contains(out.String()+errOut.String(), want) {
			t.Errorf("ccpor %s: status %d, want %d and %q:\n%s%s", strings.Join(args, " "), got, status, want, out.String(), errOut.String())
		}
		return out.String()
	}
	ask := func(more ...string) []string {
		return append([]string{"inquire", "--for", "CA0300000", "--purpose", "traffic stop", "--certified", "badge 4711"}, more...)
	}
	step(1, "No agency with this ORI", ask("--oca", "NOWHERE-1")...)
	step(0, "is registered", "agency", "add", "--ori", "CA0300000", "--name", "Invented Sheriff", "--kind", "lawEnforcement")
	step(1, "has not been granted to ask", ask("--oca", "NOWHERE-1")...)
	step(0, "query", "agency", "grant", "--ori", "CA0300000", "query")
	step(1, "Only one of", ask("--oca", "NOWHERE-1", "--fcn", "1")...)
	step(1, "LAST,FIRST", ask("--name", "Marc Jones")...)
	step(2, "--certified", "inquire", "--for", "CA0300000", "--purpose", "x", "--fcn", "1")
	out := step(0, "CARPOS has no record for this question.", ask("--name", "Núñez,José", "--born", "1981-11-21")...)
	for _, want := range []string{"Inquiry 1, answered", "name Núñez, José, born 1981-11-21", `certified by "badge 4711", purpose "traffic stop"`} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	var v struct {
		State, Headline, Asked string
		Inquiry                int
	}
	if err := json.Unmarshal([]byte(step(0, "answered", append([]string{"--json"}, ask("--oca", "NOWHERE-1")...)...)), &v); err != nil || v.Inquiry != 2 || v.State != "answered" || v.Asked == "" {
		t.Errorf("%+v %v", v, err)
	}
	step(0, "CARPOS has no record", "inquire", "show", "1")
	step(1, "no inquiry has the number 99", "inquire", "show", "99")
	looks, err := storetest.Open(t, url, store.Options{}).AuditTrail(t.Context(), "inquiry 1", 10)
	read := 0
	for _, e := range looks {
		if e.Action == "inquiry.read" && e.Actor == "command line" {
			read++
		}
		if strings.Contains(strings.ToUpper(e.Details), "NUNEZ") || strings.Contains(e.Details, "1981") {
			t.Errorf("the audit log holds what was asked: %+v", e)
		}
	}
	if err != nil || read != 2 {
		t.Errorf("%d looks on record, %v", read, err)
	}
}

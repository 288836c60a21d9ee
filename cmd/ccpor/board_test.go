package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"ccpor/store"
	"ccpor/store/storetest"
)

// The command says what the page says, and its status whether something is wrong; the look is on record.
func TestBoardCommand(t *testing.T) {
	t.Parallel()
	url := storetest.NewURL(t)
	s := storetest.Open(t, url, store.Options{Hub: "west-1"})
	now := time.Now()
	if _, err := s.MeasureAll(t.Context(), []float64{0.5}, now); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Advance(t.Context(), nil, now); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, int) {
		t.Helper()
		var out, errs strings.Builder
		code := run(t.Context(), append([]string{"board", "--database-url", url}, args...), &out, &errs)
		return out.String() + errs.String(), code
	}
	if out, code := run(); code != 0 || !strings.HasPrefix(out, "All is well.\n") || !strings.Contains(out, "lines         0 of 0 up") {
		t.Errorf("%d %s", code, out)
	}
	if err := s.ReportLines(t.Context(), []store.LineReport{{Line: "CCP1", Since: now, Why: "refused"}}, now); err != nil {
		t.Fatal(err)
	}
	out, code := run("--json")
	var told struct {
		Sentence string
		Findings []struct {
			Bad  bool
			Text string
		}
		Queue map[string]int
	}
	if err := json.Unmarshal([]byte(out), &told); err != nil || code != 1 || told.Sentence != "No line to the switch is up." || len(told.Findings) != 1 || !told.Findings[0].Bad || told.Queue == nil {
		t.Errorf("%v, %d %s", err, code, out)
	}
	trail, err := s.AuditTrail(t.Context(), "board", 5)
	if err != nil || len(trail) != 2 || trail[0].Action != "board.read" {
		t.Errorf("%+v, %v", trail, err)
	}
}

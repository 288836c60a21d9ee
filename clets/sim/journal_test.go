package sim_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"ccpor/clets/sim"
)

const journal = "carpos.jsonl"

// fill enters, modifies, serves and cancels on a switch over dir, closes it and returns what was on file.
func fill(t *testing.T, dir string) []sim.Record {
	t.Helper()
	s, err := sim.Start(sim.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	h := logon(t, s, "CCPR")
	first, second := h.enter(order("30-00001").String()), h.enter(order("30-00002").String())
	for _, x := range []text{modify(first, "30-00001"), service(first, "30-00001"), violation(first), cancel(second, "30-00002")} {
		if got := h.ask(x.String()); !strings.HasSuffix(got[0], "ACCEPTED") {
			t.Fatalf("%s: %q", x.key, got)
		}
	}
	records := s.Records()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return records
}

func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := fill(t, dir)
	s := start(t, sim.Config{Dir: dir})
	got := s.Records()
	if len(got) != 2 || len(got[0].Versions) != 4 {
		t.Fatalf("%d records after the restart", len(got))
	}
	for i := range got {
		for j := range got[i].Versions {
			if !got[i].Versions[j].At.Equal(want[i].Versions[j].At) {
				t.Errorf("version %d of record %d is of %v", j, i, got[i].Versions[j].At)
			}
			got[i].Versions[j].At = want[i].Versions[j].At
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	h := logon(t, s, "CCPR")
	if lines := h.ask(order("30-00001").String()); lines[0] != "ON FILE" || lines[1] != "FCN/"+want[0].FCN {
		t.Errorf("entered again: %q", lines)
	}
	if fcn := h.enter(order("30-00003").String()); fcn == want[0].FCN || fcn == want[1].FCN {
		t.Errorf("FCN %s given twice", fcn)
	}
}

// TestTornJournal: a last line that was cut off is dropped, and what follows is written behind the last whole one.
func TestTornJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fill(t, dir)
	path := filepath.Join(dir, journal)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(whole, `{"at":"2026-11-22T20:00:00Z","key":"ERR"`...), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, sim.Config{Dir: dir})
	if n := len(s.Records()); n != 2 {
		t.Fatalf("%d records", n)
	}
	logon(t, s, "CCPR").enter(order("30-00003").String())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if rest, kept := strings.CutPrefix(string(after), string(whole)); !kept || strings.Count(rest, "\n") != 1 || strings.Count(rest, `"at"`) != 1 {
		t.Error("the torn line is still there")
	}
	if n := len(start(t, sim.Config{Dir: dir}).Records()); n != 3 {
		t.Errorf("%d records after another restart", n)
	}
}

func TestDamagedJournal(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(lines []string) []string{
		"no JSON":              func(l []string) []string { l[1] = "{"; return l },
		"change without enter": func(l []string) []string { return l[1:] },
		"entered twice":        func(l []string) []string { return append(l, l[0]) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			fill(t, dir)
			path := filepath.Join(dir, journal)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			lines := damage(strings.Split(strings.TrimSuffix(string(b), "\n"), "\n"))
			if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := sim.Start(sim.Config{Dir: dir})
			if err == nil {
				s.Close()
				t.Fatal("started on a damaged journal")
			}
			if strings.Contains(err.Error(), "JONES") || strings.Contains(err.Error(), "1981") {
				t.Errorf("the error names a person: %v", err)
			}
		})
	}
}

// TestEveryAcceptedChangeIsOnDisk: many lines at once share syncs, and what was answered survives without a Close.
func TestEveryAcceptedChangeIsOnDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, sim.Config{Dir: dir})
	const lines, each = 8, 25
	var wg sync.WaitGroup
	for l := range lines {
		h := logon(t, s, fmt.Sprintf("LN%02d", l))
		wg.Go(func() {
			for i := range each {
				h.enter(order(fmt.Sprintf("%02d-%05d", l, i)).String())
			}
		})
	}
	wg.Wait()
	b, err := os.ReadFile(filepath.Join(dir, journal))
	if err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	if err := os.WriteFile(filepath.Join(copied, journal), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if n := len(start(t, sim.Config{Dir: copied}).Records()); n != lines*each {
		t.Errorf("%d of %d answered orders are on disk", n, lines*each)
	}
}

func TestResetEmptiesTheJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fill(t, dir)
	s := start(t, sim.Config{Dir: dir})
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Records()); n != 0 {
		t.Errorf("%d records", n)
	}
	logon(t, s, "CCPR").enter(order("30-00001").String())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(start(t, sim.Config{Dir: dir}).Records()); n != 1 {
		t.Errorf("%d records after the restart", n)
	}
}

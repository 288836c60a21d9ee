package main

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	got, err := parseStat([]byte("77 (a (b) c) S 12 77 77 0 -1 4194560 900 8 0 0 150 50 7 3 20 0 1 0 100 1000 200"))
	if want := (stat{pid: 77, parent: 12, cpu: 2 * time.Second, reaped: 100 * time.Millisecond}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for _, bad := range []string{"", "77", "77 (a) S 12", "x (a) S 12 77 77 0 -1 4194560 900 8 0 0 150 50 7 3 20", "77 (a) S 12 77 77 0 -1 4194560 900 8 0 0 y 50 7 3 20"} {
		if _, err := parseStat([]byte(bad)); !errors.Is(err, errStat) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestOwnProcess(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	m, err := memoryOf(os.Getpid())
	if err != nil || m.now < 1<<20 || m.peak < m.now/2 {
		t.Errorf("memory %+v, %v", m, err)
	}
	own, err := ownCPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if all, err := cpuOf(os.Getpid()); err != nil || all < own {
		t.Errorf("with its children it used %v, alone %v, %v", all, own, err)
	}
	if machine, err := busy(); err != nil || machine < own {
		t.Errorf("the machine was busy for %v, this process for %v, %v", machine, own, err)
	}
}

package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"ccpor/clets/relay"
	"ccpor/store"
	"ccpor/web"
)

func TestZZRecord(t *testing.T) {
	s := newScene(t)
	f, _ := os.Create("/tmp/queue-record")
	defer f.Close()
	rec := func(args ...string) {
		_, out := s.run(args...)
		q := make([]string, len(args))
		for i, a := range args {
			q[i] = a
			if strings.Contains(a, " ") {
				q[i] = `"` + a + `"`
			}
		}
		fmt.Fprintf(f, "$ ccpor queue %s\n%s\n", strings.Join(q, " "), out)
	}
	rec("counts")
	rec("list")
	for _, st := range store.TransmissionStates {
		rec("show", s.id(st))
	}
	zone, _ := time.LoadLocation("America/Los_Angeles")
	p, err := web.New(s.store.Reader, s.store, zone, time.Now, slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	h, err := p.WithQueue(s.store.Reader, relay.NewDesk(s.store, s.dict)).Handler()
	if err != nil {
		t.Fatal(err)
	}
	go http.ListenAndServe("127.0.0.1:8977", h)
	time.Sleep(200 * time.Millisecond)
	shots := map[string]string{"list": "/queue", "held": "/queue/" + s.id("held"), "ready": "/queue/" + s.id("ready"), "correct": "/queue/" + s.id("held") + "/correct", "giveup": "/queue/" + s.id("held") + "/give-up"}
	for n, path := range shots {
		for _, mode := range []string{"light", "dark", "phone"} {
			args := []string{"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--screenshot=/tmp/queue-shot-" + n + "-" + mode + ".png", "--window-size=1000,1400"}
			if mode == "dark" {
				if n != "held" && n != "list" {
					continue
				}
				args = append(args, "--force-dark-mode", "--blink-settings=preferredColorScheme=0")
			}
			if mode == "phone" {
				if n != "list" && n != "correct" {
					continue
				}
				args[5] = "--window-size=500,1800"
			}
			out, err := exec.Command("chromium", append(args, "http://127.0.0.1:8977"+path)...).CombinedOutput()
			if err != nil {
				t.Log(n, err, string(out))
			}
		}
	}
	held := s.id("held")
	rec("correct", held, "--as", "jdoe")
	rec("correct", held, "EXP=20300101", "--source", "court clerk by telephone", "--as", "jdoe")
	rec("correct", held, "RAC=W", "--source", "court clerk by telephone", "--as", "jdoe")
	rec("show", held)
	rec("retry", s.id("ready"), "--as", "jdoe")
	rec("hold", "--all", "--reason", "The switch is being repaired.", "--as", "jdoe")
	rec("hold", "--all", "--yes", "--reason", "The switch is being repaired.", "--as", "jdoe")
	rec("hold", s.id("sent"), "--reason", "The court asked for it.", "--as", "jdoe")
	rec("release", "--all", "--about", "being repaired", "--as", "jdoe")
	rec("release", "--all", "--about", "being repaired", "--yes", "--as", "jdoe")
	rec("hold", held, "--reason", "The court asked for it.", "--as", "jdoe")
	rec("give-up", held, "--reason", "The court withdrew the order.", "--dry-run", "--as", "jdoe")
	rec("give-up", held, "--reason", "The court withdrew the order.", "--as", "jdoe")
	rec("check", "--under-way", "2h")
	rec("check")
}

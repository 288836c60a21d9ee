package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"ccpor/observe"
)

type healthCommand struct {
	Pages   string `env:"CCPOR_PAGES" default:"127.0.0.1:8918" help:"Address of the hub's pages, where health stands if it has no address of its own."`
	Metrics string `name:"metrics-listen" env:"CCPOR_METRICS_LISTEN" help:"Its own address, as the hub is told." placeholder:"HOST:PORT"`
	URL     string `env:"CCPOR_HEALTH_URL" help:"Address of the hub's health, as https://host:9464. Empty: as the settings of the hub on this machine say." placeholder:"URL"`
	Cert    string `env:"CCPOR_HEALTH_CERT" type:"existingfile" help:"Client certificate to read with, PEM, for https." placeholder:"FILE"`
	Key     string `env:"CCPOR_HEALTH_KEY" type:"existingfile" help:"Its key, PEM." placeholder:"FILE"`
	CA      string `env:"CCPOR_HEALTH_CA" type:"existingfile" help:"Authority that vouches for the hub, PEM." placeholder:"FILE"`

	Alive  bool          `help:"Ask only whether it is alive, not whether it takes orders: for what would start it anew."`
	Within time.Duration `default:"5s" help:"Time that the answer may take."`
}

// Run ends with status 1 for a hub that is not ready or does not answer.
func (c *healthCommand) Run(ctx context.Context, t *terminal) error {
	ctx, cancel := context.WithTimeout(ctx, c.Within)
	defer cancel()
	path := "/readyz"
	if c.Alive {
		path = "/healthz"
	}
	body, ok, err := c.ask(ctx, c.url()+path)
	if err != nil {
		return fmt.Errorf("asking %s: %w", c.url()+path, err)
	}
	if err := t.print(body, "%s", healthText(c.Alive, ok, body)); err != nil {
		return err
	}
	if !ok {
		return exitStatus(1)
	}
	return nil
}

func (c *healthCommand) url() string {
	switch {
	case c.URL != "":
		return strings.TrimSuffix(c.URL, "/")
	case c.Metrics != "":
		return "http://" + onThisMachineAt(c.Metrics)
	}
	return "http://" + onThisMachineAt(c.Pages)
}

// onThisMachineAt is an address for listening as one to connect to.
func onThisMachineAt(address string) string {
	if strings.HasPrefix(address, ":") {
		return "localhost" + address
	}
	return strings.Replace(strings.Replace(address, "0.0.0.0:", "localhost:", 1), "[::]:", "localhost:", 1)
}

func (c *healthCommand) ask(ctx context.Context, url string) (body observe.Readiness, ok bool, err error) {
	h := &http.Client{}
	if c.Cert != "" {
		config, err := clientTLS(c.Cert, c.Key, c.CA)
		if err != nil {
			return body, false, err
		}
		h.Transport = &http.Transport{TLSClientConfig: config}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return body, false, err
	}
	resp, err := h.Do(req)
	if err != nil {
		return body, false, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusServiceUnavailable {
		return body, false, fmt.Errorf("it answers %s", resp.Status)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&body); err != nil {
		return body, false, fmt.Errorf("reading the answer: %w", err)
	}
	return body, resp.StatusCode == http.StatusOK, nil
}

// healthText tells a person.
func healthText(alive, ok bool, r observe.Readiness) string {
	if alive {
		return "The hub is alive.\n"
	}
	var b strings.Builder
	b.WriteString("The hub takes orders.\n")
	if !ok {
		var wrong []string
		for check, good := range r.Checks {
			if !good {
				wrong = append(wrong, check)
			}
		}
		slices.Sort(wrong)
		b.Reset()
		fmt.Fprintf(&b, "The hub takes no orders: %s. Its log says why.\n", strings.Join(wrong, ", "))
	}
	for _, l := range r.Lines {
		state := "down"
		if l.Up {
			state = "up"
		}
		fmt.Fprintf(&b, "  line %s is %s since %s\n", l.Line, state, l.Since.UTC().Format(time.RFC3339))
	}
	return b.String()
}

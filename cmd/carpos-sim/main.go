// Command carpos-sim stands in for the Department of Justice's message switch: it speaks the switch's side of the CARPOS
// line profile on a real socket, keeps orders as CARPOS would, and misbehaves as told. It is a program of its own, shares no
// code with the hub, and is never linked into it. It prints no names and no dates of birth; its control port shows everything
// and belongs on the loopback interface.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // orders expire by California's clock, on hosts without the zone files too

	"github.com/alecthomas/kong"

	"ccpor/clets/sim"
)

func main() {
	var o options
	k := kong.Parse(&o, kong.Name("carpos-sim"), kong.Description(
		"A simulated CLETS switch with CARPOS behind it. Every probability is a number from 0 (never) to 1 (always)."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.Parent {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // an error is an end too
			stop()
		}()
	}
	k.FatalIfErrorf(run(ctx, o, os.Stdout))
}

// run serves until the context ends, or until the switch stops by itself.
func run(ctx context.Context, o options, out io.Writer) (err error) {
	cfg, err := o.config()
	if err != nil {
		return err
	}
	s, err := sim.Start(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	control, failed, err := serveControl(o, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, control.Close()) }()
	if err := announce(out, o.JSON, s, control); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return report(out, o.JSON, s)
	case <-s.Done():
		return s.Err()
	case err := <-failed:
		return err
	}
}

// controlPort is the HTTP server beside the switch; nil when it is switched off.
type controlPort struct {
	address string
	server  *http.Server
}

func (c *controlPort) Close() error {
	if c == nil {
		return nil
	}
	return c.server.Close()
}

const headerWithin = 10 * time.Second

func serveControl(o options, s *sim.Switch) (*controlPort, <-chan error, error) {
	failed := make(chan error, 1)
	if o.Control == "" {
		return nil, failed, nil
	}
	if err := o.controlAllowed(); err != nil {
		return nil, nil, err
	}
	l, err := net.Listen("tcp", o.Control)
	if err != nil {
		return nil, nil, fmt.Errorf("open the control port: %w", err)
	}
	c := &controlPort{l.Addr().String(), &http.Server{Handler: s.Control(), ReadHeaderTimeout: headerWithin}}
	go func() {
		if err := c.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve the control port: %w", err)
		}
	}()
	return c, failed, nil
}

// announcement is the one line that is printed when the switch is ready.
type announcement struct {
	Ready   bool   `json:"ready"`
	Line    string `json:"line"`
	Control string `json:"control,omitempty"`
	Records int    `json:"records"`
	Seed    uint64 `json:"seed"`
}

func announce(out io.Writer, asJSON bool, s *sim.Switch, control *controlPort) error {
	st := s.Status()
	a := announcement{Ready: true, Line: st.Address, Records: st.Records, Seed: st.Seed}
	if control != nil {
		a.Control = control.address
	}
	if asJSON {
		return json.NewEncoder(out).Encode(a)
	}
	shown := "off"
	if control != nil {
		shown = "http://" + control.address
	}
	_, err := fmt.Fprintf(out, "carpos-sim ready: line %s, control %s, %d records, seed %d\n", a.Line, shown, a.Records, a.Seed)
	return err
}

// report prints the last line: what the switch thinks of its hubs.
func report(out io.Writer, asJSON bool, s *sim.Switch) error {
	r := s.Check()
	if asJSON {
		return json.NewEncoder(out).Encode(map[string]int{
			"records": r.Records, "duplicates": len(r.Duplicates), "violations": r.Total,
		})
	}
	_, err := fmt.Fprintf(out, "carpos-sim stopped: %s\n", r)
	return err
}

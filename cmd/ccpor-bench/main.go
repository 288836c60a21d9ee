// Command ccpor-bench measures the exchange as courts and the switch would see it: a hub that was built beside it runs as a process of its
// own, takes signed packages over HTTPS and keeps them in a Postgres that waits for its disk, and relays them to the simulated switch.
//
// Every rate stands beside probes taken in the same minute on the same machine: what Postgres alone takes of the same rows, and what
// reading the same bytes alone costs. A ratio to those says more than a rate, which is another one on every machine. What it prints is
// written as JSON too (bench/latest.json). It judges nothing but its marks, and it keeps nothing: databases and keys are gone when it ends.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type commands struct {
	DatabaseURL string `name:"database-url" env:"CCPOR_DATABASE_URL" help:"Postgres to measure on; its role must be allowed to create databases. Empty: a private one." placeholder:"URL"`

	Run     runCommand     `cmd:"" default:"withargs" help:"Measure intake and relay, each beside its probes (the default)."`
	Soak    soakCommand    `cmd:"" help:"Send many orders and watch the hub's memory."`
	Outage  outageCommand  `cmd:"" help:"Kill a hub, let the switch be away with many transmissions waiting, and watch both end."`
	Search  searchCommand  `cmd:"" help:"Search among many invented orders, and count whom slips still find."`
	Doc     docCommand     `cmd:"" help:"Write the figures of the last runs into docs/performance.md."`
	Profile profileCommand `cmd:"" help:"Run the intake inside this program and write its processor profile."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	k := kong.Parse(&c, kong.Name("ccpor-bench"), kong.UsageOnError(),
		kong.Description("Measures the exchange beside what its machine would allow."), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := k.Run(&c, &progress{out: os.Stdout, start: time.Now()}); err != nil {
		fmt.Fprintln(os.Stderr, "ccpor-bench:", err)
		stop()
		os.Exit(1)
	}
}

// progress tells what is being done and how long it took: one line a phase.
type progress struct {
	out   io.Writer
	start time.Time
}

// phase runs do and tells its result in a few words.
func (p *progress) phase(name string, do func() (string, error)) error {
	fmt.Fprintf(p.out, "%6.1fs  %-44s", time.Since(p.start).Seconds(), name)
	told, err := do()
	if err != nil {
		fmt.Fprintln(p.out, "failed")
		return fmt.Errorf("%s: %w", name, err)
	}
	fmt.Fprintln(p.out, told)
	return nil
}

// with runs do on a rig and takes the rig down again, whatever happens.
func (c *commands) with(ctx context.Context, p *progress, signerKind string, do func(*rig) error) error {
	var r *rig
	err := p.phase("starting Postgres, making keys", func() (_ string, err error) {
		r, err = newRig(ctx, c.DatabaseURL, signerKind, time.Now())
		return "", err
	})
	if err != nil {
		return err
	}
	return errors.Join(do(r), r.close(context.WithoutCancel(ctx)))
}

// Command ccpor-attack sends a hub what it must refuse: the kept corpus of testdata/attacks and variants of good messages made from a seed,
// over HTTPS, to a hub that runs as a process of its own. Good messages go in between, and each of them must get its receipt: that everything
// is refused says nothing where nothing is taken.
//
// It fails when a hostile message is accepted, when the hub ends or panics, when a case of the corpus is answered by another code than the one
// that stands beside it, and when a message costs the hub more processor time or memory than is allowed. It keeps nothing but its summary.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"ccpor/exchange/hostile"
)

type options struct {
	Corpus string        `default:"testdata/attacks" help:"Folder of the corpus." type:"path"`
	Keys   string        `default:"testdata/keys" help:"Folder of the test keys." type:"path"`
	Seed   uint64        `default:"1" help:"Seed of the variants."`
	Count  int           `default:"10000" help:"How many variants are sent."`
	CPU    time.Duration `default:"50ms" help:"Processor time that one message may cost the hub."`
	Memory int64         `default:"64" help:"MB by which the hub's peak memory may grow."`
	Show   int           `default:"-1" help:"Write this variant to standard output and attack nothing."`
	Out    string        `default:".build/attack.json" help:"Where the summary is written."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o options
	kong.Parse(&o, kong.Name("ccpor-attack"), kong.UsageOnError(), kong.Description("Attacks a hub that it starts, and says how it stood."))
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "ccpor-attack:", err)
		stop()
		os.Exit(1)
	}
}

// show writes one variant as it would be sent now.
func (o options) show() error {
	now := time.Now()
	cast, err := hostile.NewCast(o.Keys, now)
	if err != nil {
		return err
	}
	g, err := hostile.NewGenerator(cast, o.Seed, now)
	if err != nil {
		return err
	}
	v, err := g.Variant(o.Show)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("%s\r\n%s", v.Head, v.Body)
	return err
}

func (o options) run(ctx context.Context) error {
	if o.Show >= 0 {
		return o.show()
	}
	cases, err := hostile.Corpus(o.Corpus)
	if err != nil {
		return err
	}
	r, err := newRig(ctx, o.Keys, time.Now())
	if err != nil {
		return err
	}
	told, err := o.attack(ctx, r, cases)
	if err := errors.Join(err, r.close(context.WithoutCancel(ctx))); err != nil {
		return err
	}
	told.print(os.Stdout)
	if err := write(o.Out, told); err != nil {
		return err
	}
	return told.verdict(o)
}

func write(file string, s *summary) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

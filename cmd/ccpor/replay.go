package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"ccpor/clets/carpos"
	"ccpor/clets/codes"
	"ccpor/exchange/client"
	"ccpor/mapping/order"
	"ccpor/replay"
	"ccpor/store"
)

type replayCommand struct {
	Database database `embed:""`

	Data     string   `help:"Take the packages from the sandbox that keeps its data in this folder, running or not." type:"path" placeholder:"DIR"`
	Agency   string   `help:"Only what this agency sent, by ORI." placeholder:"ORI"`
	Form     string   `help:"Only what is about orders on this form." placeholder:"FORM"`
	Since    string   `help:"Only what was received on or after this day in the courts' zone." placeholder:"DATE"`
	Until    string   `help:"Only what was received before this day." placeholder:"DATE"`
	State    string   `help:"Only what was accepted or refused." enum:",accepted,refused" default:"" placeholder:"STATE"`
	Action   string   `help:"Only packages with this action." enum:",add,modify,cancel,serve,attach" default:"" placeholder:"ACTION"`
	Tracking []string `help:"Only these submissions." placeholder:"NUMBER"`
	Limit    int      `help:"At most so many, the newest." placeholder:"N"`

	Codes      string        `help:"Try other code tables: a folder with tables/NAME.tsv or crosswalks/NAME.tsv, each instead of the file of that name." type:"existingdir" placeholder:"DIR"`
	Rate       float64       `help:"Messages a second, at most." placeholder:"N"`
	Abreast    int           `help:"Orders that go side by side." default:"32"`
	Within     time.Duration `help:"Time that each package is given until the region is done with it." default:"1m"`
	DryRun     bool          `help:"Say what would be sent, and send nothing."`
	ShowValues bool          `help:"Show values about people in the differences; they are withheld otherwise."`

	replayElsewhere `embed:""`

	poll time.Duration `kong:"-"` // how often another region is asked; a test is in more of a hurry

	Files []string `arg:"" optional:"" type:"path" help:"Messages as they were kept, or packages as XML: files, and folders of them. Without any, everything that the filters leave."`
}

// skipped is a message that is not sent again, and why.
type skipped struct {
	Tracking order.Tracking `json:"tracking,omitempty"`
	File     string         `json:"file,omitempty"`
	Why      string         `json:"why"`
}

// selection is what is to be sent again, in the order in which it was received.
type selection struct {
	items   []replay.Item
	skipped []skipped
}

// compared is how many are those of which the outcome is compared.
func (s selection) compared() (n int) {
	for _, i := range s.items {
		if !i.Along {
			n++
		}
	}
	return n
}

// since is when the first of them was received.
func (s selection) since() time.Time {
	if len(s.items) == 0 {
		return time.Time{}
	}
	return s.items[0].Received
}

// replayOut is the result as JSON.
type replayOut struct {
	Replayed    int              `json:"replayed"`
	Along       int              `json:"along"` // sent because others need them, and not compared
	Skipped     []skipped        `json:"skipped"`
	NotSettled  []order.Tracking `json:"notSettled"`
	Different   int              `json:"different"` // packages
	Differences []replay.Group   `json:"differences"`
}

// The exit statuses: 1 says that something differs, 2 that the replay failed.
const (
	replayDiffers = exitStatus(1)
	replayFailed  = exitStatus(2)
)

func (c *replayCommand) Run(ctx context.Context, t *terminal) error {
	c.poll = time.Second
	differs, err := c.replay(ctx, t)
	switch {
	case err != nil:
		fmt.Fprintln(t.err, "ccpor:", err)
		return replayFailed
	case differs:
		return replayDiffers
	}
	return nil
}

func (c *replayCommand) replay(ctx context.Context, t *terminal) (differs bool, err error) {
	if c.URL != "" && c.Database.URL == "" && c.Data == "" {
		return false, c.withoutStore(ctx, t)
	}
	at, err := c.Database.lookInto(ctx, c.Data)
	if err != nil {
		return false, err
	}
	defer at.done()
	from, err := store.Open(ctx, at.url, at.options())
	if err != nil {
		return false, err
	}
	defer from.Close()
	chosen, err := c.choose(ctx, from, t.zone)
	if err != nil {
		return false, err
	}
	if err := from.Audit(ctx, store.Event{At: time.Now(), Actor: "command line", Action: "submission.replay",
		Object: fmt.Sprintf("%d submissions", len(chosen.items)), Outcome: "read"}); err != nil {
		return false, fmt.Errorf("recording the look at the submissions: %w", err)
	}
	if c.DryRun {
		return false, t.printDryRun(chosen)
	}
	if c.URL != "" {
		out, err := c.runElsewhere(ctx, t, chosen, from.Reader)
		if err != nil {
			return false, err
		}
		return len(out.Differences) > 0, t.printReplay(out)
	}
	dictionary, err := c.dictionary()
	if err != nil {
		return false, err
	}
	region, err := openRegion(ctx, regionConfig{Dictionary: dictionary, Since: chosen.since()}, from.Reader)
	if err != nil {
		return false, fmt.Errorf("starting a region: %w", err)
	}
	out, err := c.run(ctx, t, chosen, from.Reader, region)
	if err = errors.Join(err, region.close(context.WithoutCancel(ctx))); err != nil {
		return false, err
	}
	return len(out.Differences) > 0, t.printReplay(out)
}

// dictionary is the message dictionary of the region, over the tables to be tried.
func (c *replayCommand) dictionary() (*carpos.Dictionary, error) {
	if c.Codes == "" {
		return nil, nil
	}
	book, err := codes.LoadWith(os.DirFS(c.Codes))
	if err != nil {
		return nil, fmt.Errorf("reading the code tables in %s: %w", c.Codes, err)
	}
	return carpos.LoadWith(book)
}

// run sends what was chosen, and compares.
func (c *replayCommand) run(ctx context.Context, t *terminal, chosen selection, from *store.Reader, to *region) (replayOut, error) {
	plan := replay.Plan{PerSecond: c.Rate, Abreast: c.Abreast, Settle: c.Within, Progress: t.progress()}
	sent, err := replay.Run(ctx, chosen.items, to, plan)
	if err != nil {
		return replayOut{}, err
	}
	dictionary, err := carpos.Load()
	if err != nil {
		return replayOut{}, err
	}
	return report(ctx, sent, chosen, from, to.hub.store.Reader, replay.NewComparer(dictionary), c.ShowValues)
}

// batch is how many outcomes are read at a time.
const batch = 500

// outcomes are where what was made of submissions is read.
type outcomes interface {
	Made(ctx context.Context, trackings []order.Tracking) (map[order.Tracking]*store.Made, error)
}

// report compares what the two hubs made of each message.
func report(ctx context.Context, sent []replay.Sent, chosen selection, from, to outcomes, c *replay.Comparer, show bool) (replayOut, error) {
	out := replayOut{Skipped: chosen.skipped, NotSettled: []order.Tracking{}, Along: len(chosen.items) - chosen.compared(), Replayed: chosen.compared()}
	table := replay.Table{Show: show}
	for some := range slices.Chunk(sent, batch) {
		var origins, targets []order.Tracking
		for _, s := range some {
			origins, targets = append(origins, s.Origin), append(targets, s.Tracking)
		}
		was, err := from.Made(ctx, origins)
		if err != nil {
			return out, err
		}
		is, err := to.Made(ctx, targets)
		if err != nil {
			return out, err
		}
		for _, s := range some {
			if s.Along {
				continue
			}
			if s.Late {
				out.NotSettled = append(out.NotSettled, s.Origin)
			}
			if d := c.Compare(was[s.Origin], is[s.Tracking]); len(d) > 0 {
				out.Different++
				table.Add(s.Origin, d)
			}
		}
	}
	out.Differences = table.Groups()
	return out, nil
}

// choose is what the filters leave, and whatever else is about the same orders.
func (c *replayCommand) choose(ctx context.Context, from *store.Store, zone *time.Location) (selection, error) {
	filter, err := c.filter(zone)
	if err != nil {
		return selection{}, err
	}
	files, err := keptFiles(c.Files)
	if err != nil || len(c.Files) > 0 && len(files) == 0 {
		return selection{}, err
	}
	narrow(&filter, files)
	wanted, err := from.Replayable(ctx, filter)
	if err != nil {
		return selection{}, err
	}
	s := selection{skipped: append([]skipped{}, unknown(files, wanted)...)}
	all, err := withCompany(ctx, from.Reader, wanted)
	if err != nil {
		return s, err
	}
	compared := map[int64]bool{}
	for _, w := range wanted {
		compared[w.Number] = true
	}
	for _, p := range all {
		if why := notReplayable(p.Replayable); why != "" {
			if compared[p.Number] {
				s.skipped = append(s.skipped, skipped{Tracking: p.Tracking, Why: why})
			}
			continue
		}
		s.items = append(s.items, itemOf(from.Reader, p, !compared[p.Number]))
	}
	return s, nil
}

func (c *replayCommand) filter(zone *time.Location) (f store.ReplayFilter, err error) {
	f = store.ReplayFilter{Form: c.Form, State: store.SubmissionState(c.State), Action: store.Action(c.Action), Limit: c.Limit}
	if c.Agency != "" {
		if f.Agency, err = order.ParseORI(c.Agency); err != nil {
			return f, err
		}
	}
	for _, d := range []struct {
		text string
		at   *time.Time
	}{{c.Since, &f.Since}, {c.Until, &f.Until}} {
		if d.text == "" {
			continue
		}
		day, err := order.ParseDate(d.text)
		if err != nil {
			return f, err
		}
		*d.at = day.At(0, zone)
	}
	for _, n := range c.Tracking {
		t, err := order.ParseTracking(n)
		if err != nil {
			return f, err
		}
		f.Tracking = append(f.Tracking, t)
	}
	return f, nil
}

// inLine is a submission with what its message names.
type inLine struct {
	store.Replayable
	names []string
}

// withCompany adds to submissions all others about the same orders and packages: what a package does depends on them. The result is in the order in which
// they were received.
func withCompany(ctx context.Context, from *store.Reader, wanted []store.Replayable) ([]inLine, error) {
	found := map[int64]inLine{}
	asked := map[string]bool{}
	for len(wanted) > 0 {
		var next store.ReplayFilter
		for _, p := range wanted {
			if _, there := found[p.Number]; there {
				continue
			}
			names, err := namesOf(ctx, from, p)
			if err != nil {
				return nil, err
			}
			found[p.Number] = inLine{p, names}
			more(&next, names, asked)
		}
		wanted = nil
		if len(next.Orders)+len(next.Packages) > 0 {
			var err error
			if wanted, err = from.Replayable(ctx, next); err != nil {
				return nil, err
			}
		}
	}
	all := make([]inLine, 0, len(found))
	for _, p := range found {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b inLine) int { return int(a.Number - b.Number) })
	return all, nil
}

func namesOf(ctx context.Context, from *store.Reader, p store.Replayable) ([]string, error) {
	wire, _, err := from.Wire(ctx, p.Tracking)
	if err != nil {
		return nil, err
	}
	if plain, _, err := client.Plain(wire, p.ContentType); err == nil { // what cannot be decompressed names nothing
		wire = plain
	}
	return replay.Names(wire), nil
}

// notReplayable says why a submission cannot be sent again as it was; empty where it can.
func notReplayable(p store.Replayable) string {
	switch {
	case p.Agency == "":
		return "its sender was not known"
	case p.RefusedStage == "receive":
		return "it was refused before its message was read"
	case !p.Whole:
		return "only its beginning is kept"
	case strings.HasPrefix(p.RefusedCode, "Server."):
		return "it was not refused for what it says"
	case p.RefusedCode == "Client.Envelope.Action":
		return "it was refused for its HTTP headers, which are not kept"
	}
	return ""
}

func itemOf(from *store.Reader, p inLine, along bool) replay.Item {
	return replay.Item{Origin: p.Tracking, Agency: p.Agency, Received: p.ReceivedAt, Names: p.names, Along: along,
		Message: func(ctx context.Context) ([]byte, string, error) {
			wire, _, err := from.Wire(ctx, p.Tracking)
			return wire, p.ContentType, err
		}}
}

// progress tells on standard error how far it is, about a hundred times.
func (t *terminal) progress() func(done, all int) {
	return func(done, all int) {
		if step := max(1, all/100); done%step == 0 || done == all {
			fmt.Fprintf(t.err, "\r%d of %d sent and settled", done, all)
			if done == all {
				fmt.Fprintln(t.err)
			}
		}
	}
}

func (t *terminal) printDryRun(s selection) error {
	lanes := len(replay.Lanes(s.items))
	if t.json {
		return json.NewEncoder(t.out).Encode(map[string]any{"wouldReplay": s.compared(), "along": len(s.items) - s.compared(), "sequences": lanes, "skipped": s.skipped})
	}
	fmt.Fprintf(t.out, "%d packages would be sent again, and %d more on which they depend, in %d sequences.\n", s.compared(), len(s.items)-s.compared(), lanes)
	t.printSkipped(s.skipped)
	return nil
}

func (t *terminal) printSkipped(all []skipped) {
	for _, s := range all {
		fmt.Fprintf(t.out, "skipped %s%s: %s\n", s.Tracking, s.File, s.Why)
	}
}

func (t *terminal) printReplay(out replayOut) error {
	if t.json {
		return json.NewEncoder(t.out).Encode(out)
	}
	t.printSkipped(out.Skipped)
	if len(out.NotSettled) > 0 {
		fmt.Fprintf(t.out, "not settled in time: %v\n", out.NotSettled)
	}
	fmt.Fprintf(t.out, "%d packages replayed, %d sent along, %d skipped; %d ended otherwise than they did.\n", out.Replayed, out.Along, len(out.Skipped), out.Different)
	if len(out.Differences) == 0 {
		return nil
	}
	return replay.WriteGroups(t.out, out.Differences)
}

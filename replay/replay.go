// Package replay sends packages again that a hub has received before, and compares what the two hubs made of each, stage by stage.
//
// A message is sent byte for byte as it came. Packages of one order keep their sequence, each waiting until the hub has nothing more to do by itself for
// the one before; different orders go side by side. So the result does not depend on timing. What a hub draws for itself (tracking numbers, control numbers,
// CARPOS's numbers, its own number of an order) and times of the clock are no part of an outcome: Compare leaves them out, by rules that stand beside each other.
//
// The package knows no database and no process: it is given where to send, and what to compare with. It writes personal data nowhere; a difference
// holds values, and its text masks those that are about a person.
package replay

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"ccpor/mapping/order"
)

// Item is one message to be sent again.
type Item struct {
	// Origin is its tracking number where it was first received, Agency the agency that sent it there, Received when.
	Origin   order.Tracking
	Agency   order.ORI
	Received time.Time
	// Name is the file that it is from; empty for one from a store.
	Name string
	// Names are what it speaks of, as Names finds them: messages that share one go in sequence.
	Names []string
	// Along marks what is sent only because another message needs it; its outcome is not compared.
	Along bool
	// Message gives its bytes and their Content-Type.
	Message func(context.Context) (body []byte, contentType string, err error)
}

// Target is a hub to which messages are sent again.
type Target interface {
	// Send sends a message on behalf of its agency, and gives its tracking number there, of a refusal too.
	Send(ctx context.Context, i Item) (order.Tracking, error)
	// Unsettled are those of the submissions with which the hub is not done.
	Unsettled(ctx context.Context, sent []order.Tracking) ([]order.Tracking, error)
}

// Plan says how to send.
type Plan struct {
	// PerSecond bounds the messages; zero is no bound.
	PerSecond float64
	// Abreast is how many orders go side by side; zero means 16.
	Abreast int
	// Settle is how long one message is given until the hub is done with it; zero means a minute. What is not settled then is compared as it stands.
	Settle time.Duration
	// Poll is how often the target is asked; zero means 20 ms.
	Poll time.Duration
	// Progress is told after each message; nil for nobody.
	Progress func(done, all int)
}

// Sent is a message with its tracking number at the target.
type Sent struct {
	Item
	Tracking order.Tracking
	// Late says that the target was not done with it in time.
	Late bool
}

// Run sends all items and waits until the target is done with them. The result is in the order of the items.
func Run(ctx context.Context, items []Item, to Target, p Plan) ([]Sent, error) {
	if p.Abreast <= 0 {
		p.Abreast = 16
	}
	if p.Settle <= 0 {
		p.Settle = time.Minute
	}
	if p.Poll <= 0 {
		p.Poll = 20 * time.Millisecond
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{Plan: p, target: to, items: items, sent: make([]Sent, len(items)), waiting: map[order.Tracking]chan struct{}{}, fail: cancel}
	if p.PerSecond > 0 {
		r.pace = rate.NewLimiter(rate.Limit(p.PerSecond), 1)
	}
	lanes := make(chan []int)
	var workers, poller sync.WaitGroup
	poller.Go(func() { r.poll(ctx) })
	for range p.Abreast {
		workers.Go(func() {
			for lane := range lanes {
				r.walk(ctx, lane)
			}
		})
	}
	for _, lane := range Lanes(items) {
		lanes <- lane
	}
	close(lanes)
	workers.Wait()
	err := context.Cause(ctx)
	cancel(nil)
	poller.Wait()
	return r.sent, err
}

// run is one replay under way.
type run struct {
	Plan
	target Target
	items  []Item
	sent   []Sent
	pace   *rate.Limiter
	fail   context.CancelCauseFunc

	mu      sync.Mutex
	done    int
	waiting map[order.Tracking]chan struct{}
}

// walk sends the items of one lane, each when the target is done with the one before.
func (r *run) walk(ctx context.Context, lane []int) {
	for _, i := range lane {
		if ctx.Err() != nil {
			return
		}
		if err := r.one(ctx, i); err != nil {
			r.fail(fmt.Errorf("replaying %s: %w", r.items[i].Origin, err))
			return
		}
	}
}

func (r *run) one(ctx context.Context, i int) error {
	if r.pace != nil {
		if err := r.pace.Wait(ctx); err != nil {
			return err
		}
	}
	tracking, err := r.target.Send(ctx, r.items[i])
	if err != nil {
		return err
	}
	r.sent[i] = Sent{Item: r.items[i], Tracking: tracking}
	if tracking != "" {
		if r.sent[i].Late, err = r.settled(ctx, tracking); err != nil {
			return err
		}
	}
	r.mu.Lock()
	r.done++
	done := r.done
	r.mu.Unlock()
	if r.Progress != nil {
		r.Progress(done, len(r.items))
	}
	return nil
}

// settled waits until the target is done with a submission; late says that it was not in time.
func (r *run) settled(ctx context.Context, t order.Tracking) (late bool, err error) {
	r.mu.Lock()
	c, there := r.waiting[t]
	if !there {
		c = make(chan struct{})
		r.waiting[t] = c
	}
	r.mu.Unlock()
	patience := time.NewTimer(r.Settle)
	defer patience.Stop()
	select {
	case <-c:
		return false, nil
	case <-patience.C:
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// poll asks the target for all who wait, at once.
func (r *run) poll(ctx context.Context) {
	tick := time.NewTicker(r.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := r.ask(ctx); err != nil && ctx.Err() == nil {
			r.fail(err)
			return
		}
	}
}

func (r *run) ask(ctx context.Context) error {
	r.mu.Lock()
	var asked []order.Tracking
	for t := range r.waiting {
		asked = append(asked, t)
	}
	r.mu.Unlock()
	if len(asked) == 0 {
		return nil
	}
	open, err := r.target.Unsettled(ctx, asked)
	if err != nil {
		return err
	}
	still := map[order.Tracking]bool{}
	for _, t := range open {
		still[t] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range asked {
		if c := r.waiting[t]; c != nil && !still[t] {
			close(c)
			delete(r.waiting, t)
		}
	}
	return nil
}

var (
	spoken  = regexp.MustCompile(`<(?:[A-Za-z_][\w.-]*:)?(PackageIdentification|OrderIdentification|FollowedOrderIdentification)>\s*([A-Za-z0-9][A-Za-z0-9._:-]{0,63})\s*<`)
	aliases = map[string]string{"PackageIdentification": "package ", "OrderIdentification": "order ", "FollowedOrderIdentification": "order "}
)

// Names are the package and the orders that a message names. They decide in which sequence messages are sent and nothing else, so that they are looked for
// in the raw bytes: a message that cannot be read has none.
func Names(message []byte) []string {
	var names []string
	for _, m := range spoken.FindAllSubmatch(message, 8) {
		names = append(names, aliases[string(m[1])]+string(m[2]))
	}
	return names
}

// Lanes groups items that share a name, directly or through others: each lane is in the order of the items.
func Lanes(items []Item) [][]int {
	parent := make([]int, len(items))
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	named := map[string]int{}
	for i := range items {
		parent[i] = i
		for _, n := range items[i].Names {
			if j, ok := named[n]; ok {
				parent[root(i)] = root(j)
			}
			named[n] = i
		}
	}
	var lanes [][]int
	place := map[int]int{}
	for i := range items {
		at, ok := place[root(i)]
		if !ok {
			at = len(lanes)
			place[root(i)] = at
			lanes = append(lanes, nil)
		}
		lanes[at] = append(lanes[at], i)
	}
	return lanes
}

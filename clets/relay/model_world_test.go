package relay

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ccpor/clets/relay/witness"
	"ccpor/store"
)

// world is one schedule of the model test: courts, hubs that die and come again, persons, the lines and the switch behind them, under one clock that only the
// world moves. Everything in it that runs is a task; one runs at a time, and gives way wherever it calls the store, the line or the clock, so that the seed
// alone decides what comes before what. The code of the hubs is the relay's own, on the real store.
type world struct {
	t       testing.TB
	db      *modelDB
	seed    uint64
	chance  *rand.Rand
	now     time.Time
	calm    bool
	weather weather
	planted defect
	sw      *witness.Switch

	tasks   []*task
	running *task
	yielded chan struct{}

	hubs     []*hub
	packages []func()
	receipts []witness.Receipt
	orders   []string
	queue    []*modelJob // River's table, as it was last read
	stale    bool        // it may have changed since
	acts     int         // of persons, still to come

	names   map[string]string // what a trace calls something
	trace   []string
	figures figures
	failed  error
}

// weather is how often something goes wrong, from 0 to 1.
type weather struct {
	crash, stop, drop, notSent, broken, database      float64 // at each step or call
	nak, reject, noAck, noReply, late, twice, garbled float64 // of each request
	foreign, dropAfter, lost, unasked, reorder, slow  float64
	mute                                              float64 // of each look-up: it gets no answer
}

// figures count what schedules were made of.
type figures struct {
	schedules, steps, requests, lookups, faults, crashes, takeovers, orders, held int
}

func (f *figures) add(o figures) {
	f.schedules += o.schedules
	f.steps += o.steps
	f.requests += o.requests
	f.lookups += o.lookups
	f.faults += o.faults
	f.crashes += o.crashes
	f.takeovers += o.takeovers
	f.orders += o.orders
	f.held += o.held
}

func (f figures) String() string {
	return fmt.Sprintf("%d schedules, %d orders, %d steps, %d faults, %d requests, %d of them look-ups, %d crashes, %d take-overs, %d held in the end",
		f.schedules, f.orders, f.steps, f.faults, f.requests, f.lookups, f.crashes, f.takeovers, f.held)
}

// The switch's window and the hubs' waits. They are short, so that a schedule is.
const (
	modelWindow = 2
	modelAck    = 6 * time.Second
	modelReply  = 20 * time.Second
	modelLease  = time.Minute
	modelSweep  = 40 * time.Second
)

// modelStart is far from today: what the database or River stamps with the machine's own clock lies in the past.
var modelStart = time.Date(2090, 3, 1, 16, 0, 0, 0, time.UTC)

func newWorld(t testing.TB, db *modelDB, seed uint64, planted defect) *world {
	w := &world{t: t, db: db, seed: seed, chance: rand.New(rand.NewPCG(seed, 0)), now: db.now, planted: planted, sw: witness.NewSwitch("CA0340000"),
		yielded: make(chan struct{}), names: map[string]string{}, stale: true}
	w.weather = w.forecast()
	w.acts = w.chance.IntN(6)
	w.plan()
	return w
}

// forecast draws how bad the day is: some days are good, and on most some things go wrong much and others never.
func (w *world) forecast() weather {
	bad := []float64{0, 0.3, 1, 2}[w.chance.IntN(4)]
	of := func(p float64) float64 {
		if w.chance.IntN(3) == 0 {
			return 0
		}
		return p * bad
	}
	return weather{
		crash: of(0.008), stop: of(0.003), drop: of(0.01), notSent: of(0.03), broken: of(0.03), database: of(0.02),
		nak: of(0.06), reject: of(0.10), noAck: of(0.06), noReply: of(0.15), late: of(0.18), twice: of(0.06), garbled: of(0.02),
		foreign: of(0.03), dropAfter: of(0.03), lost: of(0.05), unasked: of(0.03), reorder: of(0.4), slow: of(0.2), mute: []float64{0, 0, 0, 0, 0, 0.95}[w.chance.IntN(6)],
	}
}

// hits says whether something of that likelihood happens now. On a calm day nothing does.
func (w *world) hits(p float64) bool {
	if w.calm || p <= 0 || w.chance.Float64() >= p {
		return false
	}
	w.figures.faults++
	return true
}

// stamp is a moment that no other thing has.
func (w *world) stamp() time.Time {
	w.now = w.now.Add(10 * time.Microsecond)
	return w.now
}

func (w *world) say(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%11s  ", w.now.Sub(w.db.now).Round(time.Millisecond))+fmt.Sprintf(format, args...))
}

// name is what a trace calls a number that differs from run to run: the first control number is c1.
func (w *world) name(kind, number string) string {
	n, ok := w.names[kind+number]
	if !ok {
		w.names[kind] += "i"
		n = fmt.Sprintf("%s%d", kind, len(w.names[kind]))
		w.names[kind+number] = n
	}
	return n
}

func (w *world) fail(what string, err error) {
	if err != nil && w.failed == nil {
		w.failed = fmt.Errorf("%s: %w", what, err)
	}
}

// task is something that runs, a goroutine by itself.
type task struct {
	name   string
	hub    *hub
	keeper bool       // it lives as long as its hub: a line's keeper, or the sweep
	line   *modelLine // that it keeps
	resume chan struct{}
	wake   func() bool // nil: it may go on at once
	at     time.Time   // when it wakes by itself; zero: never
	done   bool
}

// spawn adds a task, which begins when the world lets it.
func (w *world) spawn(h *hub, name string, keeper bool, do func()) *task {
	t := &task{name: name, hub: h, keeper: keeper, resume: make(chan struct{})}
	w.tasks = append(w.tasks, t)
	go func() {
		<-t.resume
		do()
		t.done = true
		w.yielded <- struct{}{}
	}()
	return t
}

// run lets a task go on until it gives way.
func (w *world) run(t *task) {
	w.running = t
	t.resume <- struct{}{}
	<-w.yielded
	w.running = nil
	if t.done {
		w.tasks = slices.DeleteFunc(w.tasks, func(o *task) bool { return o == t })
	}
}

// park gives way until the world goes on with the running task: when wake says so, or at once where that is nil. at is when to look by the clock.
func (w *world) park(wake func() bool, at time.Time) {
	t := w.running
	t.wake, t.at = wake, at
	w.yielded <- struct{}{}
	<-t.resume
	t.wake, t.at = nil, time.Time{}
}

func (t *task) ready() bool { return t.wake == nil || t.wake() }

// option is one thing that can happen next; weight says how likely beside others.
type option struct {
	weight int
	do     func()
}

// options are all that can happen now.
func (w *world) options() []option {
	var all []option
	for _, t := range w.tasks {
		if t.ready() {
			all = append(all, option{8, func() { w.run(t) }})
		}
	}
	for _, h := range w.hubs {
		all = append(all, h.options()...)
	}
	if n := len(w.packages); n > 0 {
		all = append(all, option{3, w.bring})
	}
	return all
}

// turn does one thing, or lets time pass where there is nothing to do. It says whether anything but time can still happen.
func (w *world) turn() {
	w.figures.steps++
	w.now = w.now.Add(time.Millisecond)
	w.sw.Work(w.stamp())
	w.sw.Repeat(w.now)
	w.misfortune()
	all := w.options()
	if len(all) == 0 || !w.calm && w.chance.IntN(60) == 0 {
		w.pass(len(all) > 0)
		return
	}
	total := 0
	for _, s := range all {
		total += s.weight
	}
	for n := w.chance.IntN(total); ; {
		if n -= all[0].weight; n < 0 {
			all[0].do()
			return
		}
		all = all[1:]
	}
}

// misfortune is what befalls hubs and lines between two steps, and what people do.
func (w *world) misfortune() {
	living := w.living()
	switch {
	case len(living) > 0 && w.hits(w.weather.crash):
		w.crash(living[w.chance.IntN(len(living))])
	case len(living) > 0 && w.hits(w.weather.stop):
		living[w.chance.IntN(len(living))].stop()
	case len(living) < 2 && len(w.hubs) < len(w.db.stores) && (w.chance.IntN(30) == 0 || w.calm && len(living) == 0):
		w.rise()
	case !w.calm && w.acts > 0 && w.chance.IntN(40) == 0:
		w.acts--
		w.person()
	}
}

func (w *world) living() []*hub {
	return slices.DeleteFunc(slices.Clone(w.hubs), func(h *hub) bool { return h.dead || h.stopping })
}

// pass lets time go by until the next thing is due; only a little of it while something could be done at once.
func (w *world) pass(hurry bool) {
	var next time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && t.After(w.now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, t := range w.tasks {
		sooner(t.at)
	}
	for _, j := range w.jobs() {
		sooner(j.due)
	}
	for _, h := range w.hubs {
		for _, l := range h.lines {
			l.deadlines(sooner)
		}
	}
	sooner(w.sw.Repeat(w.now))
	sooner(w.sw.Work(w.stamp()))
	if limit := w.now.Add(time.Duration(w.chance.IntN(2000)) * time.Millisecond); hurry && (next.IsZero() || next.After(limit)) {
		next = limit
	}
	if next.IsZero() {
		next = w.now.Add(time.Second)
	}
	w.now = next
}

// Bounds of a schedule: how long it may take, once nothing goes wrong any more, until everything is settled.
const (
	calmSteps = 6000
	calmTime  = 4 * time.Hour
)

// play runs the schedule, first in its weather, then in calm until nothing moves any more, and returns what is wrong.
func (w *world) play() []witness.Breach {
	w.rise()
	if w.chance.IntN(2) == 0 {
		w.rise()
	}
	for n := 40 + w.chance.IntN(160); n > 0 && w.failed == nil; n-- {
		w.turn()
	}
	w.calm = true
	w.say("calm")
	breaches := w.idle()
	for n, began := 0, w.now; n < calmSteps && w.now.Before(began.Add(calmTime)) && w.failed == nil; n++ {
		if w.settled() {
			break
		}
		w.turn()
	}
	w.end()
	if w.failed != nil {
		return breaches
	}
	found, err := witness.Check(w.t.Context(), w.db.conn, w.db.open, witness.Case{Switch: w.sw, Receipts: w.receipts, After: w.db.inbound, Window: modelWindow, Ack: modelAck, Reply: modelReply})
	w.fail("check", err)
	w.count()
	return append(breaches, found...)
}

// idle asks whether something has been forgotten; only while no job is being worked.
func (w *world) idle() []witness.Breach {
	found, err := witness.Idle(w.t.Context(), w.db.conn)
	w.fail("look for what is forgotten", err)
	return found
}

// settled says that everything has come to rest: nothing is under way or still to come.
func (w *world) settled() bool {
	if len(w.packages) > 0 || w.sw.Busy() || len(w.jobs()) > 0 {
		return false
	}
	for _, t := range w.tasks {
		if !t.keeper {
			return false
		}
	}
	for _, h := range w.hubs {
		for _, l := range h.lines {
			if l.busy() {
				return false
			}
		}
	}
	var open int
	w.fail("look whether all is settled", w.db.conn.QueryRow(w.t.Context(), `select count(*) from transmission t join order_ o on o.id = t.order_id
		where o.local_id = any($1) and t.state in ('ready', 'sending', 'sent', 'unknown')`, w.orders).Scan(&open))
	return open == 0
}

// end takes the hubs away.
func (w *world) end() {
	for _, h := range slices.Clone(w.hubs) {
		if !h.dead {
			w.take(h)
		}
	}
}

func (w *world) count() {
	w.figures.schedules, w.figures.orders = 1, len(w.orders)
	holder := map[string]string{}
	for _, e := range w.sw.Journal {
		if e.What == witness.LoggedOn {
			if before := holder[e.Line]; before != "" && before != e.Hub {
				w.figures.takeovers++
			}
			holder[e.Line] = e.Hub
		}
		if e.What == witness.Requested {
			w.figures.requests++
			if isLookup(e.Body) {
				w.figures.lookups++
			}
		}
	}
	w.fail("count", w.db.conn.QueryRow(w.t.Context(), `select count(*) from transmission t join order_ o on o.id = t.order_id where o.local_id = any($1) and t.state = 'held'`,
		w.orders).Scan(&w.figures.held))
}

// person releases or gives up one of what is held.
func (w *world) person() {
	var ids []int64
	w.fail("list what is held", w.db.conn.QueryRow(w.t.Context(), `select coalesce(array_agg(t.id order by t.id), '{}') from transmission t join order_ o on o.id = t.order_id
		where o.local_id = any($1) and t.state = 'held'`, w.orders).Scan(&ids))
	if len(ids) == 0 {
		return
	}
	id, err := store.TransmissionID(ids[w.chance.IntN(len(ids))]), error(nil)
	if w.chance.IntN(4) == 0 {
		w.say("a person gives up %s", w.name("t", fmt.Sprint(id)))
		err = w.db.intake.GiveUp(w.t.Context(), id, "person model", "It is no longer wanted.", w.stamp())
	} else {
		w.say("a person releases %s", w.name("t", fmt.Sprint(id)))
		err = w.db.intake.Release(w.t.Context(), id, "person model", w.stamp())
	}
	w.stale = true
	w.fail("a person's act", err)
}

// modelJob is a row of River's table.
type modelJob struct {
	id           int64
	kind         string
	transmission int64
	order        int64
	attempt      int
	due          time.Time // when it may be worked
	taken        *hub      // who works it
}

// jobs reads River's table where it may have changed. What is known of a job is kept: the world is River.
func (w *world) jobs() []*modelJob {
	if !w.stale {
		return w.queue
	}
	rows, err := w.db.conn.Query(w.t.Context(), `select id, kind, coalesce((args->>'transmission_id')::bigint, 0), coalesce((args->>'order_id')::bigint, 0), scheduled_at
		from river_job order by id`)
	if err != nil {
		w.fail("read the jobs", err)
		return nil
	}
	known := map[int64]*modelJob{}
	for _, j := range w.queue {
		known[j.id] = j
	}
	w.queue = nil
	for rows.Next() {
		j := &modelJob{}
		if err := rows.Scan(&j.id, &j.kind, &j.transmission, &j.order, &j.due); err != nil {
			w.fail("read the jobs", err)
		}
		if k := known[j.id]; k != nil {
			j = k
		}
		w.queue = append(w.queue, j)
	}
	w.fail("read the jobs", rows.Err())
	w.stale = false
	return w.queue
}

// put writes River's row of a job, which is taken, put off or done.
func (w *world) put(j *modelJob, state string) {
	if state == "done" {
		_, err := w.db.conn.Exec(w.t.Context(), "delete from river_job where id = $1", j.id)
		w.fail("end a job", err)
		w.queue = slices.DeleteFunc(slices.Clone(w.queue), func(o *modelJob) bool { return o == j })
		return
	}
	_, err := w.db.conn.Exec(w.t.Context(), "update river_job set state = $2::river_job_state, attempted_at = case $2 when 'running' then $3 else attempted_at end, scheduled_at = $4 where id = $1",
		j.id, state, w.now, j.due)
	w.fail("change a job", err)
}

// lost is the failure of a hub that is dead, errBroken that of a database which does not answer.
var errBroken = errors.New("the database does not answer")

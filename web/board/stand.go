package board

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ccpor/access"
	"ccpor/store"
)

// Finding is one thing that is wrong, or on its way to be.
type Finding struct {
	// Bad says that somebody has to act now; else it is to be watched, or somebody sees to it already.
	Bad  bool   `json:"bad"`
	Text string `json:"text"`
	// To is the address at which one sees to it, for whoever may do the Deed; a part of the board has none. Way says where it leads.
	To   string      `json:"-"`
	Way  string      `json:"-"`
	Deed access.Deed `json:"-"`
}

// limits are from when on a figure of the board is wrong. What has an alarm of its own has its limit there (docs/operating.md, Alarms).
var limits = struct {
	unmeasured, ledger, transaction, clockWatch, clockBad, certificate, certificateWatch, own time.Duration
	connections                                                                               float64
}{
	unmeasured:       3 * time.Minute,     // minutes are measured ten seconds after they begin, at the latest
	ledger:           2 * time.Minute,     // as CcporLedgerLags
	transaction:      10 * time.Minute,    // nothing of ours is open for so long; the ledger waits for it
	clockWatch:       time.Second,         // deadlines are told to the second
	clockBad:         5 * time.Second,     // leases of lines last six
	certificate:      7 * 24 * time.Hour,  // as CcporCertificateEnds
	certificateWatch: 30 * 24 * time.Hour, // as the watch warns for the second time
	own:              30 * 24 * time.Hour, // as CcporOwnCertificateEnds
	connections:      0.9,
}

// Sentence says how the exchange stands, in one sentence.
func Sentence(findings []Finding) string {
	bad := 0
	for _, f := range findings {
		if f.Bad {
			bad++
		}
	}
	watch := len(findings) - bad
	switch {
	case len(findings) == 0:
		return "All is well."
	case len(findings) == 1:
		return findings[0].Text
	case bad == 0:
		return fmt.Sprintf("Nothing is wrong; %d things are to be watched.", watch)
	case watch == 0:
		return fmt.Sprintf("%d things are wrong.", bad)
	}
	return fmt.Sprintf("%s wrong, and %s to be watched.", things(bad), things(watch))
}

func things(n int) string {
	if n == 1 {
		return "1 thing is"
	}
	return fmt.Sprintf("%d things are", n)
}

// Stands judges how the exchange stands: what is wrong, worst first, then what is to be watched.
func Stands(b store.Board) []Finding {
	j := &judge{Board: b, alarms: map[store.AlarmKind][]store.Alarm{}}
	for _, a := range b.Alarms {
		j.alarms[a.Kind] = append(j.alarms[a.Kind], a)
	}
	j.measured()
	j.ledger()
	j.tables()
	j.lines()
	j.deadlines()
	j.waiting()
	j.refusals()
	j.jobs()
	j.certificates()
	j.database()
	j.clocks()
	slices.SortStableFunc(j.all, func(x, y Finding) int {
		if x.Bad == y.Bad {
			return 0
		} else if x.Bad {
			return -1
		}
		return 1
	})
	return j.all
}

// judge goes through everything, the worst first.
type judge struct {
	store.Board
	alarms map[store.AlarmKind][]store.Alarm
	all    []Finding
}

func (j *judge) say(bad bool, w way, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	j.all = append(j.all, Finding{Bad: bad, Text: strings.ToUpper(text[:1]) + text[1:], To: w.to, Way: w.says, Deed: w.deed})
}

// way is where one sees to something.
type way struct {
	to, says string
	deed     access.Deed
}

func onBoard(part, says string) way { return way{to: "#" + part, says: says} }

func toDeadlines() way { return way{"/deadlines", "Deadlines", access.SeeQueue} }
func toQueue(state store.TransmissionState) way {
	return way{"/queue?state=" + string(state), "The queue", access.SeeQueue}
}
func toMessages() way { return way{"/messages", "Messages", access.SeeMessages} }
func toAgency(ori string) way {
	return way{"/agencies/" + ori, "The agency", access.SeeAgency}
}

// mostOfAKind is how many alarms of one kind are told one by one.
const mostOfAKind = 3

// raised tells the alarms of a kind, and says whether there were any. Many of one kind are one thing that is wrong.
func (j *judge) raised(kind store.AlarmKind, many string, to func(store.Alarm) way) bool {
	alarms := j.alarms[kind]
	if len(alarms) <= mostOfAKind {
		for _, a := range alarms {
			seen := ""
			if a.State() == "acknowledged" {
				seen = "; somebody sees to it"
			}
			j.say(a.State() == "open", to(a), "%s%s.", a.Sentence(), seen)
		}
		return len(alarms) > 0
	}
	open := slices.ContainsFunc(alarms, func(a store.Alarm) bool { return a.State() == "open" })
	j.say(open, onBoard("alarms", "The alarms"), many, len(alarms))
	return true
}

func always(w way) func(store.Alarm) way { return func(store.Alarm) way { return w } }

func (j *judge) measured() {
	switch {
	case j.Measured.IsZero():
		j.say(false, way{}, "nothing has been measured yet: figures come with the first minutes of a running hub.")
	case j.At.Sub(j.Measured) > limits.unmeasured:
		j.say(true, way{}, "nobody has measured for %s: no hub runs, or none can write.", ago(j.At.Sub(j.Measured)))
	}
}

func (j *judge) ledger() {
	if lag := j.At.Sub(j.LedgerAt); !j.LedgerAt.IsZero() && lag > limits.ledger && !j.Measured.IsZero() {
		j.say(true, onBoard("ledger", "The ledger"), "the ledger over the audit log stands still for %s; hubs stop taking orders when that lasts.", ago(lag))
	}
}

func (j *judge) tables() {
	if d := j.Database; d.Version != d.Needed {
		j.say(d.Version < d.Needed, onBoard("database", "The database"), "the database's tables are of version %d, and this program is made for %d.", d.Version, d.Needed)
	}
}

func (j *judge) lines() {
	up := store.LinesUp(j.Lines, j.At)
	var down []string
	for l, isUp := range up {
		if !isUp {
			down = append(down, l)
		}
	}
	slices.Sort(down)
	none := j.raised(store.AlarmLines, "", always(onBoard("lines", "The lines")))
	j.raised(store.AlarmRejecting, "", always(onBoard("lines", "The lines")))
	one := j.raised(store.AlarmLine, "%d lines have been down for long.", always(onBoard("lines", "The lines")))
	switch {
	case none || len(down) == 0:
	case len(down) == len(up):
		j.say(true, onBoard("lines", "The lines"), "no line to the switch is up.")
	case !one:
		j.say(false, onBoard("lines", "The lines"), "of %d lines to the switch %s not up.", len(up), isAre(down))
	}
}

func isAre(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names, ", ") + " are"
}

func (j *judge) deadlines() {
	late := j.raised(store.AlarmDeadline, "orders of %d agencies are past their deadline and not in CARPOS.", func(a store.Alarm) way {
		return way{"/deadlines?agency=" + strings.TrimPrefix(a.Who, "agency "), "Deadlines", access.SeeQueue}
	})
	if !late && j.Late > 0 {
		j.say(true, toDeadlines(), "%s past the deadline and not in CARPOS.", transmissions(j.Late))
	}
	if j.AtRisk > 0 {
		j.say(false, toDeadlines(), "%s near the deadline and not in CARPOS.", transmissions(j.AtRisk))
	}
}

func transmissions(n int) string {
	if n == 1 {
		return "1 transmission is"
	}
	return fmt.Sprintf("%d transmissions are", n)
}

func (j *judge) waiting() {
	if !j.raised(store.AlarmInbound, "", always(toMessages())) && j.Messages > 0 {
		j.say(false, toMessages(), "messages of the switch wait for a person: %d.", j.Messages)
	}
	if !j.raised(store.AlarmHeld, "transmissions of %d agencies have waited for a person for long.", always(toQueue(store.StateHeld))) && j.Queue[store.StateHeld] > 0 {
		j.say(false, toQueue(store.StateHeld), "%s held and waits for a person.", strings.Replace(transmissions(j.Queue[store.StateHeld]), "are", "are each", 1))
	}
}

func (j *judge) refusals() {
	j.raised(store.AlarmRefusals, "%d senders are refused again and again.", func(a store.Alarm) way {
		if ori, ok := strings.CutPrefix(a.Who, "agency "); ok {
			return toRefused(ori)
		}
		return onBoard("refused", "Refusals")
	})
}

func toRefused(ori string) way {
	return way{"/submissions?agency=" + ori + "&state=refused", "What was refused", access.FindSubmissions}
}

func (j *judge) jobs() {
	if n := j.Jobs["discarded"]; n > 0 {
		j.say(true, way{"/river/", "Jobs", access.SeeJobs}, "the queue has given up %d jobs, which should not come to be.", n)
	}
}

func (j *judge) certificates() {
	for _, o := range j.Own {
		if left := o.To.Sub(j.At); left <= limits.own {
			j.say(true, onBoard("certificates", "Certificates"), "the hub's own certificate for %s (%s) %s.", o.Use, o.Hub, ends(left))
		}
	}
	for _, c := range j.Ending {
		if left := c.To.Sub(j.At); !c.Successor && left <= limits.certificateWatch {
			j.say(left <= limits.certificate && left > 0, toAgency(string(c.Agency)), "the %s certificate of %s %s, and no other is registered.", c.Use, c.Agency, ends(left))
		}
	}
}

func ends(left time.Duration) string {
	if left <= 0 {
		return "has ended " + ago(left) + " ago"
	}
	return "ends in " + ago(left)
}

func (j *judge) database() {
	d := j.Database
	if d.MaxConnections > 0 && float64(d.Connections) >= limits.connections*float64(d.MaxConnections) {
		j.say(true, onBoard("database", "The database"), "the database has %d of its %d connections in use.", d.Connections, d.MaxConnections)
	}
	if d.OldestTransaction > limits.transaction {
		j.say(false, onBoard("database", "The database"), "a transaction has been open in the database for %s; the ledger may wait for it.", ago(d.OldestTransaction))
	}
}

func (j *judge) clocks() {
	for _, c := range clocksOf(j.Board) {
		if c.Class != "good" {
			j.say(c.Class == "bad", onBoard("clock", "Clocks"), "the clock of hub %s is %s %s the database's.", c.Hub, ago(c.Ahead), map[bool]string{true: "behind", false: "before"}[c.Ahead > 0])
		}
	}
}

// clocksOf are the hubs' clocks, the one that is furthest off first.
func clocksOf(b store.Board) []clock {
	var all []clock
	for _, hub := range slices.Sorted(maps.Keys(b.Clocks)) {
		c := clock{hub, b.Clocks[hub], "good"}
		switch off := c.Ahead.Abs(); {
		case off > limits.clockBad:
			c.Class = "bad"
		case off > limits.clockWatch:
			c.Class = "wait"
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(x, y clock) int { return cmp.Compare(y.Ahead.Abs(), x.Ahead.Abs()) })
	return all
}

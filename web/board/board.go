// Package board is the operator's board: how the exchange stands in one sentence, what is wrong, worst first, with where one sees to it, and charts of how it came to be so.
//
// It reads what was measured and judges it by the limits of one table (stand.go); a page, a chart as a picture of its own, and the command line say the same. It counts nothing itself, so that it costs the same
// whatever is stored, and holds numbers, agencies, lines and states: it refuses everything about an order or a person.
package board

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"strings"
	"sync"
	"time"

	"ccpor/access"
	"ccpor/store"
	"ccpor/web/site"
)

//go:embed templates
var files embed.FS

// Reader is what the board reads; *store.Reader is one.
type Reader interface {
	Board(ctx context.Context, now time.Time) (store.Board, error)
	Series(ctx context.Context, from, to time.Time, step time.Duration, only ...store.Measure) ([]store.Measured, error)
}

// Pages are the board over a store.
type Pages struct {
	Reader Reader
	// Zone is the courts' own, in which charts tell times.
	Zone *time.Location
	// Jobs says that River's own pages are shown.
	Jobs bool

	mu   sync.Mutex
	kept map[string]past
}

// past is what was measured in a span until a time, which does not change any more.
type past struct {
	to       time.Time
	measured []store.Measured
}

// measured reads what was measured in a span, once for all who look before another step has ended.
func (p *Pages) measured(ctx context.Context, s span, now time.Time) ([]store.Measured, time.Time, error) {
	from, to := s.window(now)
	p.mu.Lock()
	defer p.mu.Unlock()
	if k, ok := p.kept[s.name]; ok && k.to.Equal(to) {
		return k.measured, from, nil
	}
	all, err := p.Reader.Series(ctx, from, to, s.step, allMeasures()...)
	if err != nil {
		return nil, from, err
	}
	if p.kept == nil {
		p.kept = map[string]past{}
	}
	p.kept[s.name] = past{to, all}
	return all, from, nil
}

// refresh is after how many seconds the board is loaded again; what it shows is measured once a minute.
const refresh = 30

// Area is the board with its addresses.
func (p *Pages) Area() (site.Area, error) {
	templates, err := fs.Sub(files, "templates")
	return site.Area{
		Templates: templates,
		Words:     template.FuncMap{"ago": ago, "bytes": megabytes, "daysTo": func(to, at time.Time) int { return int(to.Sub(at) / (24 * time.Hour)) }},
		Routes: []site.Route{
			{Pattern: "GET /board", Deed: access.SeeBoard, Serve: p.board},
			{Pattern: "GET /board/chart/{name}", Deed: access.SeeBoard, Serve: p.chart},
		},
		Nav: []site.Link{{To: "/board", Name: "Board", Says: "How the exchange stands: lines, queue, deadlines, refusals, certificates, database.", Deed: access.SeeBoard}},
	}, err
}

// view is what the page shows.
type view struct {
	store.Board
	Sentence string
	Class    string
	Findings []shown
	Lines    []line
	Queue    []counted
	Owed     int
	Jobs     []counted
	Ending   []ending
	Clocks   []clock
	Charts   []drawn
	Spans    []choice
	Still    choice
	// May says which of the deeds behind links the visitor may do.
	May may
}

type may struct{ Queue, Find, Agencies, Messages bool }

// shown is a finding with a way to where one sees to it, where the visitor may go it.
type shown struct {
	Finding
	Link bool
}

type line struct {
	store.LineReport
	State, Class string
}

type counted struct {
	Name  string
	Count int
}

type ending struct {
	store.Ending
	Days  int
	Class string
}

type clock struct {
	Hub   string
	Ahead time.Duration
	Class string
}

// choice is a link of several of which one is taken.
type choice struct {
	To, Name string
	Here     bool
}

// board shows everything.
func (p *Pages) board(r *site.Request) (site.Answer, error) {
	s, err := spanOf(r)
	if err != nil {
		return site.Answer{}, err
	}
	b, err := p.Reader.Board(r.Context(), r.Now)
	if err != nil {
		return site.Answer{}, err
	}
	measured, from, err := p.measured(r.Context(), s, r.Now)
	if err != nil {
		return site.Answer{}, err
	}
	findings := Stands(b)
	v := view{Board: b, Sentence: Sentence(findings), Class: "good", Lines: linesOf(b), Jobs: jobsOf(b), Ending: endingOf(b), Clocks: clocksOf(b), Spans: spanChoices(r, s), Still: stillChoice(r, s)}
	v.May = may{Queue: r.May(access.SeeQueue), Find: r.May(access.FindSubmissions), Agencies: r.May(access.SeeAgency), Messages: r.May(access.SeeMessages)}
	for _, f := range findings {
		if f.Bad {
			v.Class = "bad"
		} else if v.Class == "good" {
			v.Class = "wait"
		}
		v.Findings = append(v.Findings, shown{f, f.To != "" && (f.Deed == "" || r.May(f.Deed)) && (f.Deed != access.SeeJobs || p.Jobs)})
	}
	v.Queue, v.Owed = queueOf(b)
	for _, c := range catalog {
		d := c.series(measured, s, from, p.Zone)
		v.Charts = append(v.Charts, drawn{Chart: c, Src: pictureOf(r, c, s), Says: d.says(), Rows: d.rows(), Heads: d.heads()})
	}
	a := site.Answer{Page: "board", Title: "Board", Data: v, Object: "board", Refresh: refresh}
	if r.URL.Query().Has("still") {
		a.Refresh = 0
	}
	return a, nil
}

// pictureOf is the address of a chart's picture. A page that nobody asked for, since it loads itself again, has pictures that nobody asked for: they must not keep a session awake either.
func pictureOf(r *site.Request, c chart, s span) string {
	q := url.Values{"span": {s.name}}
	if r.URL.Query().Has("again") {
		q.Set("again", "1")
	}
	return "/board/chart/" + c.Name + ".svg?" + q.Encode()
}

// drawn is a chart on the page: a picture, what it says in words, and its figures.
type drawn struct {
	Chart     chart
	Src, Says string
	Heads     []string
	Rows      [][]string
}

// chart gives one chart as a picture.
func (p *Pages) chart(r *site.Request) (site.Answer, error) {
	s, err := spanOf(r)
	if err != nil {
		return site.Answer{}, err
	}
	c, ok := chartNamed(strings.TrimSuffix(r.PathValue("name"), ".svg"))
	if !ok {
		return site.Answer{}, site.NotFound("There is no such chart", "The board shows those that there are.")
	}
	measured, from, err := p.measured(r.Context(), s, r.Now)
	if err != nil {
		return site.Answer{}, err
	}
	picture, err := c.series(measured, s, from, p.Zone).draw()
	if err != nil {
		return site.Answer{}, fmt.Errorf("draw the chart %s: %w", c.Name, err)
	}
	return site.Answer{Action: "page.read", Object: "board, chart " + c.Name, File: &site.File{Name: c.Name + ".svg", Media: "image/svg+xml", Content: picture, Inline: true, Keep: s.step}}, nil
}

// spanOf is how far back the visitor looks: a day where that is not said.
func spanOf(r *site.Request) (span, error) {
	name := r.URL.Query().Get("span")
	if name == "" {
		name = "24h"
	}
	for _, s := range spans {
		if s.name == name {
			return s, nil
		}
	}
	return span{}, site.Bad("There is no such span", "Charts go back an hour (1h), a day (24h), a week (7d) or a month (30d).")
}

// address is the board's with what was chosen.
func address(s span, still bool) string {
	q := url.Values{"span": {s.name}}
	if still {
		q.Set("still", "")
	}
	return "/board?" + q.Encode()
}

func spanChoices(r *site.Request, here span) []choice {
	var all []choice
	for _, s := range spans {
		all = append(all, choice{address(s, r.URL.Query().Has("still")), s.says, s.name == here.name})
	}
	return all
}

// stillChoice stops the page from loading itself again, or lets it.
func stillChoice(r *site.Request, s span) choice {
	if r.URL.Query().Has("still") {
		return choice{To: address(s, false), Name: "Reload it every half minute", Here: true}
	}
	return choice{To: address(s, true), Name: "Stop reloading"}
}

func linesOf(b store.Board) []line {
	var all []line
	for _, l := range b.Lines {
		row := line{l, "down", "bad"}
		switch {
		case l.Silent(b.At):
			row.State = "gone"
		case l.Up:
			row.State, row.Class = "up", "good"
		}
		all = append(all, row)
	}
	return all
}

// States are those that are not settled, in the order of their life.
func States() []store.TransmissionState {
	return []store.TransmissionState{store.StateWaiting, store.StateReady, store.StateSending, store.StateSent, store.StateUnknown, store.StateHeld}
}

func queueOf(b store.Board) (all []counted, owed int) {
	for _, s := range States() {
		all = append(all, counted{string(s), b.Queue[s]})
		owed += b.Queue[s]
	}
	return all, owed
}

func jobsOf(b store.Board) []counted {
	var all []counted
	for _, s := range []string{"available", "pending", "scheduled", "running", "retryable", "discarded"} {
		if n := b.Jobs[s]; n > 0 || s == "discarded" {
			all = append(all, counted{s, n})
		}
	}
	return all
}

func endingOf(b store.Board) []ending {
	var all []ending
	for _, e := range b.Ending {
		row := ending{e, e.Days(b.At), "wait"}
		if e.Successor {
			row.Class = "good"
		} else if e.To.Sub(b.At) <= limits.certificate {
			row.Class = "bad"
		}
		all = append(all, row)
	}
	return all
}

// ago says a length of time in the unit that fits.
func ago(d time.Duration) string {
	switch d = d.Abs(); {
	case d < 2*time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

func megabytes(n int64) string {
	if n < 10_000_000_000 {
		return fmt.Sprintf("%d MB", n/1_000_000)
	}
	return fmt.Sprintf("%d GB", n/1_000_000_000)
}

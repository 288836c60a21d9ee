package board

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ccpor/access"
	"ccpor/store"
	"ccpor/web/site"
	"ccpor/web/site/sitetest"
)

func noon() time.Time { return time.Date(2026, 11, 24, 20, 0, 30, 0, time.UTC) }

// well is a board on which nothing is wrong.
func well() store.Board {
	at := noon()
	return store.Board{At: at, Measured: at.Truncate(time.Minute), LedgerAt: at, Sealed: at, Queue: map[store.TransmissionState]int{store.StateReady: 3}, Jobs: map[string]int{"available": 2},
		Lines:    []store.LineReport{{Line: "CCP1", Hub: "west-1", Up: true, Since: at.Add(-time.Hour), Seen: at, Window: 4}, {Line: "CCP2", Hub: "west-1", Up: true, Since: at, Seen: at}},
		Database: store.DatabaseState{Bytes: 5e9, Connections: 20, MaxConnections: 100, Version: 26, Needed: 26}, Clocks: map[string]time.Duration{"west-1": 10 * time.Millisecond}}
}

// shelf is what the board reads and where looks go on record.
type shelf struct {
	board  store.Board
	series []store.Measured
	err    error
	events []store.Event
	asked  int
}

func (s *shelf) Board(context.Context, time.Time) (store.Board, error) { return s.board, s.err }

func (s *shelf) Series(_ context.Context, _, _ time.Time, _ time.Duration, only ...store.Measure) (some []store.Measured, err error) {
	s.asked++
	for _, m := range s.series {
		for _, o := range only {
			if m.What == o {
				some = append(some, m)
			}
		}
	}
	return some, s.err
}

func (s *shelf) Audit(_ context.Context, e store.Event) error {
	s.events = append(s.events, e)
	return nil
}

func as(kind access.Kind, role access.Role) site.Visitor {
	return site.Visitor{ID: 3, Login: "ina@operator.example", Name: "Ina Invented", Agency: "An agency", Asker: access.Asker{Kind: kind, Agency: "CA034ABCX", Roles: []access.Role{role}}}
}

func operator() site.Visitor { return as(access.KindOperator, access.SystemAdministrator) }

func visit(t *testing.T, s *shelf, who site.Visitor, path string) *httptest.ResponseRecorder {
	t.Helper()
	return sitetest.Visit(t, sitetest.Open(t, sitetest.Config(s, &who, noon), &Pages{Reader: s, Zone: time.UTC, Jobs: true}), path, nil)
}

// Each situation and what the board says first.
func TestSituations(t *testing.T) {
	t.Parallel()
	alarm := func(id int64, kind store.AlarmKind, who string, n int) store.Alarm {
		return store.Alarm{ID: id, Kind: kind, Who: who, Count: n, Code: "Client.Schema", Stage: "schema", Raised: noon()}
	}
	court := func(in time.Duration, successor bool) store.Ending {
		return store.Ending{CertificateStatus: store.CertificateStatus{Agency: "CA030013J", Use: store.UseTLS, To: noon().Add(in)}, Successor: successor}
	}
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		change func(*store.Board)
		class  string
		want   []string // in this sequence
	}{
		"all is well":             {func(*store.Board) {}, "good", []string{"All is well."}},
		"nothing measured yet":    {func(b *store.Board) { b.Measured = time.Time{} }, "wait", []string{"Nothing has been measured yet"}},
		"nobody measures":         {func(b *store.Board) { b.Measured = noon().Add(-10 * time.Minute) }, "bad", []string{"Nobody has measured for 10 minutes"}},
		"the ledger stands still": {func(b *store.Board) { b.LedgerAt = noon().Add(-5 * time.Minute) }, "bad", []string{"The ledger over the audit log stands still for 5 minutes", "#ledger"}},
		"older tables":            {func(b *store.Board) { b.Database.Version = 25 }, "bad", []string{"version 25, and this program is made for 26"}},
		"newer tables":            {func(b *store.Board) { b.Database.Version = 27 }, "wait", []string{"version 27, and this program is made for 26"}},
		"no line is up":           {func(b *store.Board) { b.Lines[0].Up, b.Lines[1].Up = false, false }, "bad", []string{"No line to the switch is up.", "#lines"}},
		"hubs are gone":           {func(b *store.Board) { b.Lines[0].Seen, b.Lines[1].Seen = noon().Add(-5*time.Minute), time.Time{} }, "bad", []string{"No line to the switch is up."}},
		"one line is down":        {func(b *store.Board) { b.Lines[1].Up = false }, "wait", []string{"Of 2 lines to the switch CCP2 is not up."}},
		"no hub with a switch":    {func(b *store.Board) { b.Lines = nil }, "good", []string{"All is well."}},
		"a line is down for long": {func(b *store.Board) {
			b.Lines[1].Up = false
			b.Alarms = []store.Alarm{alarm(1, store.AlarmLine, "line CCP2", 1)}
		}, "bad", []string{"Line CCP2 is down.", "#lines"}},
		"late, no alarm yet": {func(b *store.Board) { b.Late = 1 }, "bad", []string{"1 transmission is past the deadline", `href="/deadlines"`}},
		"late": {func(b *store.Board) {
			b.Late = 4
			b.Alarms = []store.Alarm{alarm(1, store.AlarmDeadline, "agency CA030013J", 4)}
		}, "bad", []string{"Agency CA030013J: 4 past their deadline", `href="/deadlines?agency=CA030013J"`}},
		"somebody sees to it": {func(b *store.Board) {
			a := alarm(1, store.AlarmDeadline, "agency CA030013J", 4)
			a.Acked = noon()
			b.Alarms = []store.Alarm{a}
		}, "wait", []string{"4 past their deadline in CARPOS; somebody sees to it."}},
		"late everywhere": {func(b *store.Board) {
			b.Alarms = []store.Alarm{alarm(1, store.AlarmDeadline, "agency A", 4), alarm(2, store.AlarmDeadline, "agency B", 4), alarm(3, store.AlarmDeadline, "agency C", 4), alarm(4, store.AlarmDeadline, "agency D", 4)}
		}, "bad", []string{"Orders of 4 agencies are past their deadline", "#alarms"}},
		"at risk":                  {func(b *store.Board) { b.AtRisk = 2 }, "wait", []string{"2 transmissions are near the deadline"}},
		"a message waits":          {func(b *store.Board) { b.Messages = 2 }, "wait", []string{"Messages of the switch wait for a person: 2.", `href="/messages"`}},
		"held":                     {func(b *store.Board) { b.Queue[store.StateHeld] = 1 }, "wait", []string{"1 transmission is held and waits for a person.", `href="/queue?state=held"`}},
		"a sender is refused":      {func(b *store.Board) { b.Alarms = []store.Alarm{alarm(1, store.AlarmRefusals, "agency CA030013J", 20)} }, "bad", []string{"Agency CA030013J: 20 refusals", `href="/submissions?agency=CA030013J&amp;state=refused"`}},
		"a stranger is refused":    {func(b *store.Board) { b.Alarms = []store.Alarm{alarm(1, store.AlarmRefusals, "peer 192.0.2.7", 20)} }, "bad", []string{"Peer 192.0.2.7: 20 refusals", `href="#refused"`}},
		"the switch takes nothing": {func(b *store.Board) { b.Alarms = []store.Alarm{alarm(1, store.AlarmRejecting, "switch", 10)} }, "bad", []string{"The last 10 answers of the switch say"}},
		"jobs are given up":        {func(b *store.Board) { b.Jobs["discarded"] = 2 }, "bad", []string{"The queue has given up 2 jobs", `href="/river/"`}},
		"a court's certificate":    {func(b *store.Board) { b.Ending = []store.Ending{court(5*day, false)} }, "bad", []string{"The tls certificate of CA030013J ends in 5 days, and no other is registered.", `href="/agencies/CA030013J"`}},
		"it has ended":             {func(b *store.Board) { b.Ending = []store.Ending{court(-5*day, false)} }, "wait", []string{"The tls certificate of CA030013J has ended 5 days ago"}},
		"in a month":               {func(b *store.Board) { b.Ending = []store.Ending{court(20*day, false)} }, "wait", []string{"ends in 20 days"}},
		"in two":                   {func(b *store.Board) { b.Ending = []store.Ending{court(50*day, false)} }, "good", []string{"All is well."}},
		"its successor is there":   {func(b *store.Board) { b.Ending = []store.Ending{court(5*day, true)} }, "good", []string{"All is well."}},
		"the hub's own":            {func(b *store.Board) { b.Own = []store.OwnEnd{{Hub: "west-1", Use: "seal", To: noon().Add(20 * day)}} }, "bad", []string{"The hub&#39;s own certificate for seal (west-1) ends in 20 days."}},
		"connections":              {func(b *store.Board) { b.Database.Connections = 95 }, "bad", []string{"The database has 95 of its 100 connections in use."}},
		"a transaction":            {func(b *store.Board) { b.Database.OldestTransaction = time.Hour }, "wait", []string{"A transaction has been open in the database for 60 minutes"}},
		"a clock":                  {func(b *store.Board) { b.Clocks["east-1"] = -7 * time.Second }, "bad", []string{"The clock of hub east-1 is 7 s before the database&#39;s."}},
		"a clock, a little":        {func(b *store.Board) { b.Clocks["east-1"] = 1500 * time.Millisecond }, "wait", []string{"The clock of hub east-1 is 1500 ms behind the database&#39;s."}},
		"several, the worst comes first": {func(b *store.Board) {
			b.AtRisk, b.Late, b.Lines[0].Up, b.Lines[1].Up, b.Queue[store.StateHeld] = 1, 2, false, false, 3
		}, "bad", []string{"2 things are wrong, and 2 things are to be watched.", "No line to the switch", "2 transmissions are past", "1 transmission is near", "3 transmissions are each held"}},
	} {
		b := well()
		c.change(&b)
		body := visit(t, &shelf{board: b}, operator(), "/board").Body.String()
		if !strings.Contains(body, `<p class="lead `+c.class+`">`) {
			t.Errorf("%s: it is not %s:\n%.900s", name, c.class, sitetest.Main(body))
			continue
		}
		rest := body[strings.Index(body, `<p class="lead`):strings.Index(body, `<p class="soft">`)]
		for _, want := range c.want {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%s: %q is not there, or not in its place:\n%s", name, want, rest)
				break
			}
			rest = after
		}
	}
}

// Links are shown to who may go them: an auditor sees that something is late and has no queue to go to.
func TestLinksOnlyForWhoMay(t *testing.T) {
	t.Parallel()
	b := well()
	b.Late, b.Jobs["discarded"], b.Refused = 2, 1, []store.RefusedBy{{Agency: "CA030013J", Name: "A <court>", Count: 7}, {Count: 2}}
	body := visit(t, &shelf{board: b}, as(access.KindOperator, access.Auditor), "/board").Body.String()
	for _, no := range []string{"/deadlines", "/queue", "/river", "/messages"} {
		if strings.Contains(body, `href="`+no) {
			t.Errorf("an auditor is led to %s", no)
		}
	}
	for _, want := range []string{"2 transmissions are past the deadline", `<a href="/submissions?agency=CA030013J&amp;state=refused">A &lt;court&gt; (CA030013J)</a>`, "unknown senders", "5000 MB", "20 of 100"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}

func TestWhoMayNotSeeTheBoard(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/board", "/board/chart/taken.svg"} {
		for _, who := range []site.Visitor{as(access.KindCourt, access.CourtClerk), as(access.KindCourt, access.HelpDesk), as(access.KindCourt, access.Auditor), as(access.KindLawEnforcement, access.LawEnforcement),
			as(access.KindOperator, access.AgencyAdministrator), as(access.KindCourt, access.IntegrationEngineer)} {
			s := &shelf{board: well()}
			if w := visit(t, s, who, path); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "All is well") || len(s.events) != 1 || s.events[0].Outcome != "forbidden" {
				t.Errorf("%s as %s of a %s: %d, on record %+v", path, who.Roles[0], who.Kind, w.Code, s.events)
			}
		}
		if w := visit(t, &shelf{board: well()}, site.Visitor{}, path); w.Code != http.StatusSeeOther {
			t.Errorf("%s as nobody: %d", path, w.Code)
		}
	}
}

// What does not exist is refused, what cannot be read is told as such, and a look is on record.
func TestBoardAnswers(t *testing.T) {
	t.Parallel()
	for path, code := range map[string]int{"/board?span=2h": 400, "/board/chart/nothing.svg": 404, "/board/chart/taken.svg?span=x": 400, "/board?span=7d": 200, "/board/chart/taken": 200} {
		if w := visit(t, &shelf{board: well()}, operator(), path); w.Code != code {
			t.Errorf("%s: %d, want %d", path, w.Code, code)
		}
	}
	for _, path := range []string{"/board", "/board/chart/queue.svg"} {
		if w := visit(t, &shelf{err: errors.New("no database")}, operator(), path); w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s without a database: %d", path, w.Code)
		}
	}
	s := &shelf{board: well()}
	if w := visit(t, s, operator(), "/board"); w.Header().Get("Refresh") != "30; url=/board?again=1" || strings.Contains(w.Body.String(), "again=1") || len(s.events) != 1 || s.events[0].Object != "board" || s.events[0].Action != "page.read" {
		t.Errorf("refresh %q, on record %+v", w.Header().Get("Refresh"), s.events)
	}
	if body := visit(t, s, operator(), "/board?again=1&span=7d").Body.String(); strings.Count(body, `.svg?again=1&amp;span=7d"`) != len(catalog) || strings.Contains(body, `href="/board?again`) {
		t.Error("pictures of a page that loaded itself again count as asked for, or a person's links do not")
	}
	if w := visit(t, s, operator(), "/board?still="); w.Header().Get("Refresh") != "" {
		t.Error("it cannot be stopped from loading itself again")
	}
}

// figures are an hour's: packages each minute, refusals of two agencies in one, nothing measured in the last ten.
func figures() []store.Measured {
	from, _ := spans[0].window(noon())
	var all []store.Measured
	for m := range 50 {
		at := from.Add(time.Duration(m) * time.Minute)
		all = append(all, store.Measured{What: store.MeasureAccepted, At: at, Value: float64(m)}, store.Measured{What: store.MeasureIntakeP95, Label: "west-1", At: at, Value: 0.5}, store.Measured{What: store.MeasureIntakeP95, Label: "east-1", At: at, Value: 0.25},
			store.Measured{What: store.MeasureQueue, Label: "ready", At: at, Value: 5}, store.Measured{What: store.MeasureQueue, Label: "held", At: at, Value: 2})
	}
	at := from.Add(7 * time.Minute)
	return append(all, store.Measured{What: store.MeasureRefused, Label: "CA030013J", At: at, Value: 2}, store.Measured{What: store.MeasureRefused, At: at, Value: 1})
}

// A chart says in words and in a table what it draws.
func TestChartsInWords(t *testing.T) {
	t.Parallel()
	body := visit(t, &shelf{board: well(), series: figures()}, operator(), "/board?span=1h").Body.String()
	for _, want := range []string{
		`<img src="/board/chart/taken.svg?span=1h" alt="Packages taken and refused, the last 1 hour. Taken: 1225 in all, at most 49 in 60 s, from 19:47 on. Refused: 3 in all, at most 3 in 60 s, from 19:05 on."`,
		`<tr><th scope="row">19:03</th><td class="number">35</td><td class="number">3</td></tr>`, // 5+6+7+8+9
		`<tr><th scope="row">19:48</th><td class="number">–</td><td class="number">–</td></tr>`,
		"Not settled: last 7, at most 7, at 18:58. Held for a person: last 2",
		"Median: not measured. 95 of 100 within: last 500 ms, at most 500 ms",
		"No answer: none.",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not on the page:\n%s", want, body[strings.Index(body, `id="charts"`):])
		}
	}
	if n := strings.Count(body, "<figure>"); n != len(catalog) || strings.Contains(body, "style=") || strings.Contains(body, "<script") {
		t.Errorf("%d charts, or a style or a script in the page", n)
	}
}

// A picture is whole XML that brings no script and loads nothing, in colours of its own for day and night, under a policy that lets it do nothing else; browsers may keep it for a step.
func TestPictures(t *testing.T) {
	t.Parallel()
	for _, c := range catalog {
		for _, s := range spans {
			for name, measured := range map[string][]store.Measured{"figures": figures(), "none": nil} {
				w := visit(t, &shelf{board: well(), series: measured}, operator(), "/board/chart/"+c.Name+".svg?span="+s.name)
				body := w.Body.String()
				if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/svg+xml" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") ||
					!strings.HasPrefix(w.Header().Get("Cache-Control"), "private, max-age=") {
					t.Fatalf("%s %s %s: %d %v", c.Name, s.name, name, w.Code, w.Header())
				}
				if err := wellFormed(body); err != nil || strings.Contains(body, "<script") || strings.Contains(body, "url(") || strings.Contains(body, "rgb(") || !strings.Contains(body, "prefers-color-scheme:dark") {
					t.Errorf("%s %s %s: %v\n%.600s", c.Name, s.name, name, err, body)
				}
				if name == "figures" && c.Name == "taken" && s.name == "1h" && (!strings.Contains(body, "stroke:var(--first)") || !strings.Contains(body, ">18:58</text>") || !strings.Contains(body, "stroke:var(--second);stroke-dasharray")) {
					t.Errorf("the curves are not there:\n%s", body)
				}
			}
		}
	}
}

func wellFormed(text string) error {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// Every measure of a chart exists, and names are told apart.
func TestCeiling(t *testing.T) {
	t.Parallel()
	for highest, want := range map[float64]float64{0: 4, 1: 4, 3: 4, 5: 8, 12: 12, 13: 20, 95: 100, 101: 120, 250: 400} {
		if got := ceiling(highest, true); got != want {
			t.Errorf("%v: %v, want %v", highest, got, want)
		}
	}
	if got := ceiling(0.3, false); math.Abs(got-0.4) > 1e-9 {
		t.Errorf("%v", got)
	}
}

// Curves and words can be read on the page's paper by day and by night: 4.5:1, as for text.
func TestContrast(t *testing.T) {
	t.Parallel()
	for _, p := range paints {
		if p.name == "grid" {
			continue
		}
		for paper, ink := range map[string]string{"#ffffff": p.day, "#1b1b1b": p.night} {
			if c := contrast(ink, paper); c < 4.5 {
				t.Errorf("%s %s on %s: %.2f", p.name, ink, paper, c)
			}
		}
	}
}

func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(hex string) float64 {
	var l float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64(strings.Index("0123456789abcdef", hex[1+2*i:2+2*i])*16+strings.Index("0123456789abcdef", hex[2+2*i:3+2*i])) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		l += weight * v
	}
	return l
}

// Whoever looks before another step has ended costs the database no further look at what was measured; a failed one is not kept.
func TestMeasuredIsReadOnce(t *testing.T) {
	t.Parallel()
	s := &shelf{err: errors.New("no database")}
	p := &Pages{Reader: s}
	for i, step := range []struct {
		span  int
		after time.Duration
		asked int
	}{{0, 0, 1}, {0, 0, 2}, {0, 10 * time.Second, 2}, {1, 10 * time.Second, 3}, {0, time.Minute, 4}} {
		if i > 0 {
			s.err = nil
		}
		if _, _, err := p.measured(t.Context(), spans[step.span], noon().Add(step.after)); (err != nil) != (i == 0) || s.asked != step.asked {
			t.Errorf("%d: %v, asked %d times, want %d", i, err, s.asked, step.asked)
		}
	}
}

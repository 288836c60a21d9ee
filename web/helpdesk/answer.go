package helpdesk

import (
	"bufio"
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ccpor/store"
)

// said is what is said of a submission that stands so: one row of data/answers.tsv.
type said struct {
	whose          store.Party
	wrong, say, do string
}

type answers map[string]said

// sender is whose move it is where the court's software has to be put right; refusals name it, and transmissions never do.
const sender store.Party = "sender"

// readAnswers reads the table; an error says what in it is not whole.
func readAnswers() (answers, error) {
	text, err := files.ReadFile("data/answers.tsv")
	if err != nil {
		return nil, fmt.Errorf("answers: %w", err)
	}
	return parseAnswers(text)
}

func parseAnswers(text []byte) (answers, error) {
	all := answers{}
	for n, line := range slices.Collect(lines(text)) {
		f := strings.Split(line, "\t")
		switch {
		case strings.HasPrefix(line, "#"), line == "key\twhose\twrong\tsay\tdo":
			continue
		case len(f) != 5 || slices.Contains(f, ""):
			return nil, fmt.Errorf("answers, line %d: a row has five fields, none of them empty", n+1)
		}
		row := said{store.Party(f[1]), f[2], f[3], f[4]}
		if _, twice := all[f[0]]; twice {
			return nil, fmt.Errorf("answers, line %d: %q is there twice", n+1, f[0])
		}
		if err := row.check(); err != nil {
			return nil, fmt.Errorf("answers, line %d: %w", n+1, err)
		}
		all[f[0]] = row
	}
	return all, all.whole()
}

func lines(text []byte) func(func(string) bool) {
	return func(yield func(string) bool) {
		for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
			if !yield(s.Text()) {
				return
			}
		}
	}
}

var inBraces = regexp.MustCompile(`\{[^}]*\}`)

func (s said) check() error {
	if !slices.Contains([]store.Party{store.PartyCourt, sender, store.PartyHub, store.PartyCarpos, store.PartyPerson, store.PartyNobody}, s.whose) {
		return fmt.Errorf("%q is nobody whose move it can be", s.whose)
	}
	for _, name := range inBraces.FindAllString(s.wrong+s.say+s.do, -1) {
		if !slices.Contains(blanks, name) {
			return fmt.Errorf("%s is not known", name)
		}
	}
	return nil
}

// blanks are what is filled in.
var blanks = []string{"{what}", "{received}", "{due}", "{deadline}", "{since}", "{reason}", "{who}", "{n}"}

// whole says that there is something to say of everything that can be.
func (a answers) whole() error {
	need := []string{"refused *", "carpos", "carpos late", "waiting order", "retried"}
	for _, s := range store.TransmissionStates {
		if s != store.StateAccepted {
			need = append(need, string(s))
		}
	}
	for _, n := range []store.NotOwed{store.NotOwedAgency, store.NotOwedTest, store.NotOwedOrder, store.NotOwedGivenUp, store.NotOwedImage} {
		need = append(need, "notOwed "+string(n))
	}
	for _, key := range need {
		if _, ok := a[key]; !ok {
			return fmt.Errorf("answers: nothing is said of %q", key)
		}
	}
	return nil
}

// answer is what is said of one submission.
type answer struct {
	Class string // good, bad or wait
	// Wrong says in one sentence what is wrong and who must act; Whose is that again, for the words of the pages.
	Wrong string
	Whose store.Party
	// Say is read to the caller, then Problems, the first few of them, More says how many there are beside those, and Do what to do by when.
	Say      string
	Problems []store.Problem
	More     int
	Do       string
	// Late says more of a deadline that has passed or comes near; empty where it does not matter.
	Late string
}

// mostRead is how many problems are read out on the telephone.
const mostRead = 5

// answer says of a submission how it stands, in the words of the table.
func (d *desk) answer(s store.Status, outlook store.Outlook) answer {
	key := keyOf(s, outlook)
	row := d.answers.of(key)
	fill := d.filler(s, outlook)
	a := answer{Class: classOf(key, row), Whose: row.whose, Wrong: begin(fill(row.wrong)), Say: begin(fill(row.say)), Do: begin(fill(row.do)), Late: late(s, outlook, d.moment)}
	if s.State == store.SubmissionRefused {
		a.Whose = whoseProblems(s.Problems, row.whose)
		a.Problems = s.Problems[:min(mostRead, len(s.Problems))]
		a.More = len(s.Problems) - len(a.Problems)
	}
	return a
}

// of is the row of a key; of a refusal, that of the longest code that fits.
func (a answers) of(key string) said {
	if row, ok := a[key]; ok {
		return row
	}
	longest := "refused *"
	for k := range a {
		if begins, star := strings.CutSuffix(k, "*"); star && strings.HasPrefix(key, begins) && len(k) > len(longest) {
			longest = k
		}
	}
	return a[longest]
}

// keyOf says how a submission stands in the words of the table: by the last transmission that it brought, as its next move does.
func keyOf(s store.Status, outlook store.Outlook) string {
	if s.State == store.SubmissionRefused {
		return "refused " + s.RefusedCode
	}
	if len(s.Transmissions) == 0 {
		return "notOwed " + string(s.NotOwed)
	}
	t := s.Transmissions[len(s.Transmissions)-1]
	switch {
	case s.NotOwed != "" && t.State == store.StateGivenUp:
		return "notOwed " + string(s.NotOwed)
	case t.State == store.StateAccepted && outlook.Standing == store.StandingMetLate:
		return "carpos late"
	case t.State == store.StateAccepted:
		return "carpos"
	case t.State == store.StateWaiting && s.Order != nil && s.Order.Version == 0:
		return "waiting order"
	case t.State == store.StateReady && t.Tries > 0:
		return "retried"
	}
	return string(t.State)
}

func classOf(key string, row said) string {
	switch {
	case strings.HasPrefix(key, "refused"), strings.HasPrefix(key, "held"), key == string(store.StateGivenUp), row.whose == store.PartyCourt && !strings.HasPrefix(key, "notOwed"):
		return "bad"
	case row.whose == store.PartyNobody || strings.HasPrefix(key, "notOwed"):
		return "good"
	}
	return "wait"
}

// whoseProblems is whose move it is where every problem says the same; else what the table says.
func whoseProblems(all []store.Problem, table store.Party) store.Party {
	for _, p := range all {
		if p.Whose == "" || p.Whose != all[0].Whose {
			return table
		}
	}
	if len(all) == 0 {
		return table
	}
	return store.Party(all[0].Whose)
}

// brings says what a package brings.
var brings = map[store.Action]string{store.ActionAdd: "the order", store.ActionModify: "the change of the order", store.ActionCancel: "the end of the order", store.ActionServe: "the proof of service",
	store.ActionAttach: "what belongs to the order"}

// filler fills in the blanks of a sentence.
func (d *desk) filler(s store.Status, outlook store.Outlook) func(string) string {
	what, who, due, deadline, since, reason := brings[s.Action], string(s.Agency.EnteredBy), "", "", "", ""
	if what == "" {
		what = "the package"
	}
	if who == "" {
		who = "your agency itself"
	}
	if s.Clocked() {
		due, deadline = d.moment(s.Due), "It is due in CARPOS by "+d.moment(s.Due)+"."
		if outlook.Standing == store.StandingLate {
			deadline = "It was due in CARPOS by " + due + "."
		}
	}
	if n := len(s.Transmissions); n > 0 {
		since, reason = d.moment(s.Transmissions[n-1].ChangedAt), ended(s.Transmissions[n-1].Reason)
	}
	r := strings.NewReplacer("{what}", what, "{who}", who, "{due}", due, "{deadline}", deadline, "{since}", since, "{reason}", reason, "{received}", d.moment(s.ReceivedAt), "{n}", things(len(s.Problems)))
	return func(text string) string { return strings.TrimSpace(r.Replace(text)) }
}

func things(n int) string {
	if n == 1 {
		return "one thing"
	}
	return strconv.Itoa(n) + " things"
}

// ended is a sentence with its full stop.
func ended(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

// begin is a sentence with its capital.
func begin(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// moment is a time as it is read out on the telephone.
func (d *desk) moment(t time.Time) string {
	return t.In(d.Zone).Format("Monday 2 January 2006, 3:04 PM")
}

// late says what there is to say of a deadline beside the answer.
func late(s store.Status, o store.Outlook, moment func(time.Time) string) string {
	switch o.Standing {
	case store.StandingLate:
		return "The deadline for CARPOS has passed: " + moment(s.Due) + ". " + o.Sentence
	case store.StandingAtRisk:
		return "The deadline for CARPOS comes near: " + moment(s.Due) + ". " + o.Sentence
	case store.StandingMetLate:
		return o.Sentence
	}
	return ""
}

package web

import (
	"encoding/hex"
	"fmt"
	"html/template"
	"time"

	"ccpor/mapping/calendar"
	"ccpor/store"
)

// submissionView is what the page of one submission shows. It holds no name of a person and no value of the order.
type submissionView struct {
	store.Status
	Lead     string // good, bad or wait
	Headline string
	Steps    []step
	Digest   string
	Outlook  store.Outlook
}

// Late says that the deadline has passed and CARPOS has not confirmed, AfterDue that it has, but after the deadline, and AtRisk that a warning share of the time has passed.
func (v submissionView) Late() bool     { return v.Outlook.Standing == store.StandingLate }
func (v submissionView) AfterDue() bool { return v.Outlook.Standing == store.StandingMetLate }
func (v submissionView) AtRisk() bool   { return v.Outlook.Standing == store.StandingAtRisk }

// step is one line of the way of a package.
type step struct {
	Mark, Class string
	Text        string
	At          time.Time
	Took        string
}

func (p *Pages) view(s store.Status) submissionView {
	v := submissionView{Status: s, Digest: hex.EncodeToString(s.Digest[:])}
	v.Lead, v.Headline = headline(s)
	v.Outlook = s.Outlook(p.now(), p.warn)
	v.Steps = append(v.Steps, step{"✓", "good", fmt.Sprintf("Received, %d bytes, kept as they came", s.WireBytes), s.ReceivedAt, ""})
	for _, st := range s.Stages {
		v.Steps = append(v.Steps, stageStep(st))
	}
	if s.State == store.SubmissionAccepted {
		v.Steps = append(v.Steps, step{Mark: "✓", Class: "good", Text: "Stored in one transaction; the receipt went out after it"})
	}
	for _, t := range s.Transmissions {
		v.Steps = append(v.Steps, transmissionSteps(t)...)
	}
	return v
}

func headline(s store.Status) (class, text string) {
	if s.State == store.SubmissionRefused {
		return "bad", "Refused. Nothing of it is in the registry."
	}
	if !s.Owed || len(s.Transmissions) == 0 {
		return "good", "In the registry."
	}
	switch s.Transmissions[len(s.Transmissions)-1].State {
	case store.StateAccepted:
		return "good", "In the registry and in CARPOS."
	case store.StateHeld:
		return "bad", "In the registry. Its way to CARPOS is held."
	case store.StateGivenUp:
		return "bad", "In the registry. Its way to CARPOS was given up."
	}
	return "wait", "In the registry. CARPOS has not confirmed it yet."
}

// stageNames says the stages of the intake in words.
var stageNames = map[string]string{
	"receive":     "Sender known by its certificate, message read whole",
	"envelope":    "SOAP envelope read",
	"signature":   "Signature verified",
	"attachments": "Attachments read",
	"schema":      "Checked against the schema",
	"mapping":     "Order read from the package",
	"rules":       "Sender, images and business rules checked",
	"store":       "Stored",
}

func stageStep(st store.Stage) step {
	text, known := stageNames[st.Name]
	if !known {
		text = st.Name
	}
	s := step{Mark: "✓", Class: "good", Text: text, At: st.Start, Took: took(st.End.Sub(st.Start))}
	if !st.OK {
		s.Mark, s.Class = "✗", "bad"
		if st.Text != "" {
			s.Text += ": " + st.Text
		}
	}
	return s
}

func took(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return d.Round(10 * time.Microsecond).String()
}

var kindNames = map[store.Kind]string{store.KindEnter: "the order", store.KindModify: "what has changed of the order", store.KindCancel: "the end of the order", store.KindServe: "the proof of service", store.KindViolate: "a violation of the order"}

func transmissionSteps(t store.TransmissionStatus) []step {
	var steps []step
	for _, a := range t.Attempts {
		steps = append(steps, attemptSteps(t.Kind, a)...)
	}
	switch t.State {
	case store.StateWaiting:
		steps = append(steps, step{"…", "wait", fmt.Sprintf("%s waits for what comes before it", t.Kind), t.ChangedAt, ""})
	case store.StateHeld:
		steps = append(steps, step{"✗", "bad", "Held for a person: " + t.Reason, t.ChangedAt, ""})
	case store.StateGivenUp:
		steps = append(steps, step{"✗", "bad", "Given up: " + t.Reason, t.ChangedAt, ""})
	case store.StateReady, store.StateUnknown:
		if !t.RetryAt.IsZero() {
			steps = append(steps, step{"…", "wait", "Next try", t.RetryAt, ""})
		}
	}
	return steps
}

func attemptSteps(kind store.Kind, a store.AttemptStatus) []step {
	what := fmt.Sprintf("%s (%s) sent on line %s", kind, kindNames[kind], a.Line)
	if a.Purpose == store.PurposeLookup {
		what = "Outcome unknown: looked up in CARPOS (QRR) on line " + a.Line
	}
	steps := []step{{"→", "", what, a.At, ""}}
	if !a.AckedAt.IsZero() {
		steps = append(steps, step{"✓", "good", "The switch has it (ACK); that says nothing about CARPOS", a.AckedAt, ""})
	}
	if a.Verdict == "" {
		return steps
	}
	mark, class := "✗", "bad"
	switch a.Verdict {
	case store.VerdictAccepted, store.VerdictOnFile:
		mark, class = "✓", "good"
	case store.VerdictRetry, store.VerdictUnknown, store.VerdictNotFound:
		mark, class = "…", "wait"
	}
	text := a.Text
	if text == "" {
		text = string(a.Verdict)
	}
	return append(steps, step{mark, class, text, a.FinishedAt, ""})
}

// words are the functions of the templates.
func (p *Pages) words() template.FuncMap {
	return template.FuncMap{
		"messageKind": func(k store.MessageKind) string { return messageNames[k] },
		"when":        func(t time.Time) string { return t.In(p.zone).Format("2 Jan 2006 15:04:05 MST") },
		"short":       func(t time.Time) string { return t.In(p.zone).Format("2 Jan 15:04") },
		"clock":       func(t time.Time) string { return t.In(p.zone).Format("2 Jan 15:04:05.000") },
		"row":         rowClass,
		"rule":        calendar.Explain,
		"whose":       whose,

		"stateWord":  stateWord,
		"stateClass": stateClass,
	}
}

// rowClass says in two words how a submission of the list stands.
func rowClass(s store.Summary) [2]string {
	switch {
	case s.State == store.SubmissionRefused:
		return [2]string{"bad", "refused"}
	case !s.Owed:
		return [2]string{"good", "in the registry"}
	case s.Transmission == store.StateAccepted:
		return [2]string{"good", "in CARPOS"}
	case s.Transmission == store.StateHeld || s.Transmission == store.StateGivenUp:
		return [2]string{"bad", string(s.Transmission)}
	}
	return [2]string{"wait", string(s.Transmission)}
}

// parties says in words whose move it is; what is not in it is said as it stands.
var parties = map[string]string{
	"nobody":            "nobody's, it is done",
	"court":             "the court's",
	"sender":            "the court's software's, or its operator's",
	"hub":               "the exchange's",
	"CARPOS":            "CARPOS's",
	"person of the hub": "a person's at the exchange",
}

func whose(party any) string {
	name := fmt.Sprint(party)
	if words, ok := parties[name]; ok {
		return words
	}
	return name
}

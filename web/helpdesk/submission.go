package helpdesk

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"time"

	"ccpor/access"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/web/site"
)

// submissionView is what the page of one submission shows. It holds no name of a person and no value of the order.
type submissionView struct {
	store.Status
	Answer  answer
	Steps   []step
	Digest  string
	Outlook store.Outlook
	Order   *orderView
	// Reads are the pages of contents that the visitor may open.
	Reads []stage
	// Queue says that the visitor may look at the transmissions.
	Queue         bool
	Looks, People int
	Handovers     []store.Handover
	// Open says that it is with an engineer already.
	Open    bool
	Note    site.Field
	Problem string
}

// orderView is what is shown of the order that a submission is about: nothing of it where it is nil.
type orderView struct {
	*store.OrderSummary
	// Whole says that the visitor sees the order whole, or reads what came of it: its case number and the OCA, which is made of it, too. Messages says that the visitor may look at what the switch sent.
	Whole, Messages bool
	// Page is the address of the order's own page, Audit of who looked at it; empty where that is not for the visitor.
	Page, Audit string
	// Added, Follows, FollowedBy and Ended are submissions that the visitor may look at, of orders that the visitor may see.
	Added, Follows, FollowedBy, Ended order.Tracking
}

// submission answers with the page of one submission.
func (d *desk) submission(r *site.Request) (site.Answer, error) {
	s, err := d.about(r)
	if err != nil {
		return site.Answer{}, err
	}
	return d.page(r, s, "", "")
}

// page shows a submission; note and problem are what somebody wrote for an engineer, and what is wrong with that.
func (d *desk) page(r *site.Request, s store.Status, note, problem string) (site.Answer, error) {
	v := submissionView{Status: s, Outlook: s.Outlook(r.Now, d.Warn), Digest: hex.EncodeToString(s.Digest[:]), Steps: stepsOf(s), Queue: r.MayAbout(access.SeeQueue, s.Agency.ORI)}
	v.Answer = d.answer(s, v.Outlook)
	v.Reads = readable(r, s)
	var err error
	if v.Order, err = d.orderOf(r, s, len(v.Reads) > 0); err != nil {
		return site.Answer{}, err
	}
	if v.Looks, v.People, err = d.Reader.Looks(r.Context(), object(s)); err != nil {
		return site.Answer{}, err
	}
	if v.Handovers, err = d.Reader.HandoversOf(r.Context(), s.Tracking); err != nil {
		return site.Answer{}, err
	}
	for _, h := range v.Handovers {
		v.Open = v.Open || h.State != store.HandoverClosed
	}
	v.Note = site.Field{Name: "note", Label: "What the engineer has to know", Value: note, Problem: problem, Type: "textarea", Needed: true, Most: 500,
		Hint: "3 to 500 characters. No names of people and no case numbers: the engineer sees which submission it is."}
	return site.Answer{Page: "submission", Title: "Submission " + string(s.Tracking), Above: submissionsLink(), Data: v, Object: object(s)}, nil
}

// submissionsLink is what a submission's page is under.
func submissionsLink() []site.Link { return []site.Link{{To: "/submissions", Name: "Submissions"}} }

func object(s store.Status) string { return "submission " + string(s.Tracking) }

// orderOf is what the visitor sees of the order. Who reads what the submission holds can see there which order it is.
func (d *desk) orderOf(r *site.Request, s store.Status, reads bool) (*orderView, error) {
	if s.Order == nil {
		return nil, nil
	}
	sight := r.Visitor.Sees(s.Order.Object(), r.Now)
	if sight == access.Nothing && !reads {
		return nil, nil
	}
	o := &orderView{OrderSummary: s.Order, Whole: reads || sight == access.Whole, Messages: r.May(access.SeeMessages)}
	name := url.Values{"court": {string(s.Order.Court)}, "id": {string(s.Order.ID)}}
	if sight != access.Nothing && s.Order.Version > 0 && r.May(access.ReadOrders) {
		o.Page = "/order/" + url.PathEscape(string(s.Order.Court)) + "/" + url.PathEscape(string(s.Order.ID))
	}
	if r.MayAbout(access.SearchAudit, s.Order.Court) {
		o.Audit = "/audit?" + name.Encode()
	}
	for _, other := range []struct {
		of   order.Tracking
		into *order.Tracking
	}{{s.Order.AddedBy, &o.Added}, {s.Order.Follows, &o.Follows}, {s.Order.FollowedBy, &o.FollowedBy}, {s.Order.CancelledBy, &o.Ended}} {
		shown, err := d.mayName(r, other.of)
		if err != nil {
			return nil, err
		}
		if shown && other.of != s.Tracking {
			*other.into = other.of
		}
	}
	return o, nil
}

// mayName says that a submission may be named: it is one that the visitor may look at, about an order that the visitor may see.
func (d *desk) mayName(r *site.Request, t order.Tracking) (bool, error) {
	if t == "" {
		return false, nil
	}
	senders, err := d.Reader.SendersOf(r.Context(), []order.Tracking{t})
	if agency, there := senders[t]; err != nil || !there || !r.MayAbout(access.FindSubmissions, agency) {
		return false, err
	}
	subject, err := d.Reader.SubjectOf(r.Context(), t)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && r.Visitor.Sees(subject.Object, r.Now) != access.Nothing, err
}

// step is one line of the way of a package.
type step struct {
	Mark, Class string
	Text        string
	At          time.Time
	Took        string
}

func stepsOf(s store.Status) []step {
	steps := []step{{"✓", "good", fmt.Sprintf("Received, %d bytes, stored unchanged", s.WireBytes), s.ReceivedAt, ""}}
	for _, st := range s.Stages {
		steps = append(steps, stageStep(st))
	}
	if s.State == store.SubmissionAccepted {
		steps = append(steps, step{Mark: "✓", Class: "good", Text: "Stored; only then was the receipt sent"})
	}
	for _, t := range s.Transmissions {
		steps = append(steps, transmissionSteps(t)...)
	}
	return steps
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
		steps = append(steps, step{"✓", "good", "The switch has it (ACK); that says nothing about CARPOS", a.AckedAt, took(a.AckedAt.Sub(a.At))})
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
	return append(steps, step{mark, class, text, a.FinishedAt, took(a.FinishedAt.Sub(a.At))})
}

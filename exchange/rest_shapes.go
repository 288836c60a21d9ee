package exchange

import (
	"context"
	"encoding/hex"
	"time"

	"ccpor/exchange/sig"
	"ccpor/mapping/forms"
	"ccpor/mapping/order"
	"ccpor/schemas"
	"ccpor/store"
)

// The JSON shapes of the reading side, as openapi.json describes them. They are a set of their own, so that what stands behind them may change.

type problemDetails struct {
	Type        string       `json:"type"`
	Title       string       `json:"title"`
	Status      int          `json:"status"`
	Code        string       `json:"code"`
	Hint        string       `json:"hint,omitempty"`
	Retry       bool         `json:"retry"`
	Whose       string       `json:"nextMove"`
	Correlation string       `json:"correlation"`
	ReceivedAt  time.Time    `json:"receivedAt"`
	Problems    []apiProblem `json:"problems,omitempty"`
}

type apiProblem struct {
	Code     string `json:"code"`
	Rule     string `json:"rule,omitempty"`
	Text     string `json:"text"`
	Path     string `json:"path,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Element  string `json:"element,omitempty"`
	Value    string `json:"value,omitempty"`
	Citation string `json:"citation,omitempty"`
	Fix      string `json:"fix,omitempty"`
	Whose    string `json:"nextMove,omitempty"`
}

func apiProblems(problems []store.Problem) []apiProblem {
	var all []apiProblem
	for _, p := range problems {
		all = append(all, apiProblem{p.Code, p.Rule, p.Text, p.Path, p.Line, p.Column, p.Element, p.Value, p.Citation, p.Fix, p.Whose})
	}
	return all
}

type apiList struct {
	Submissions []apiSummary `json:"submissions"`
	Cursor      string       `json:"cursor"`
	More        bool         `json:"more"`
}

type apiMove struct {
	Whose string `json:"whose"`
	Text  string `json:"text"`
}

type apiSummary struct {
	Tracking     order.Tracking          `json:"tracking"`
	Package      order.LocalID           `json:"package,omitempty"`
	Action       store.Action            `json:"action,omitempty"`
	ReceivedAt   time.Time               `json:"receivedAt"`
	State        store.SubmissionState   `json:"state"`
	Test         bool                    `json:"test"`
	Fault        string                  `json:"faultCode,omitempty"`
	Transmission store.TransmissionState `json:"transmission,omitempty"`
	Deadline     *time.Time              `json:"deadline,omitempty"`
	Next         apiMove                 `json:"next"`
}

func summaryOf(s store.Summary) apiSummary {
	return apiSummary{Tracking: s.Tracking, Package: s.Package, Action: s.Action, ReceivedAt: s.ReceivedAt.UTC(), State: s.State, Test: s.Test, Fault: s.RefusedCode,
		Transmission: s.Transmission, Deadline: known(s.Due), Next: moveOf(s.Next)}
}

func moveOf(m store.Move) apiMove { return apiMove{partyOf(m.Whose), m.Sentence} }

// known is a moment, or nothing where it has not come.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

type apiSubmission struct {
	apiSummary
	MessageSHA256 string            `json:"messageSHA256"`
	PackageSHA256 string            `json:"packageSHA256,omitempty"`
	Problems      []apiProblem      `json:"problems,omitempty"`
	Notes         []apiNote         `json:"notes,omitempty"`
	Owed          bool              `json:"owed"`
	NotOwed       string            `json:"notOwed,omitempty"`
	DeadlineRule  string            `json:"deadlineRule,omitempty"`
	Order         order.LocalID     `json:"order,omitempty"`
	FCN           order.FCN         `json:"fcn,omitempty"`
	Transmissions []apiTransmission `json:"transmissions"`
	Stages        []apiStage        `json:"stages"`
}

type apiNote struct {
	Code string `json:"code"`
	Text string `json:"text"`
	Path string `json:"path,omitempty"`
}

type apiTransmission struct {
	Transaction string       `json:"transaction"`
	State       string       `json:"state"`
	Reason      string       `json:"reason,omitempty"`
	FormItem    string       `json:"formItem,omitempty"`
	NextTry     *time.Time   `json:"nextTry,omitempty"`
	ChangedAt   *time.Time   `json:"changedAt,omitempty"`
	Attempts    []apiAttempt `json:"attempts"`
}

type apiAttempt struct {
	Purpose  string     `json:"purpose"`
	Begun    time.Time  `json:"begun"`
	Finished *time.Time `json:"finished,omitempty"`
	Verdict  string     `json:"verdict,omitempty"`
	Text     string     `json:"text,omitempty"`
}

type apiStage struct {
	Name         string `json:"name"`
	Passed       bool   `json:"passed"`
	Microseconds int64  `json:"microseconds"`
}

func submissionOf(s store.Status) apiSubmission {
	a := apiSubmission{apiSummary: apiSummary{Tracking: s.Tracking, Package: s.Package, Action: s.Action, ReceivedAt: s.ReceivedAt.UTC(), State: s.State, Test: s.Test, Fault: s.RefusedCode,
		Deadline: known(s.Due), Next: moveOf(s.Next)}, MessageSHA256: hex.EncodeToString(s.Digest[:]), Problems: apiProblems(s.Problems), Owed: s.Owed, NotOwed: notOwedText(s.NotOwed, s.Agency.EnteredBy),
		DeadlineRule: s.DueRule, Transmissions: []apiTransmission{}, Stages: []apiStage{}}
	if s.Canonical != [32]byte{} {
		a.PackageSHA256 = hex.EncodeToString(s.Canonical[:])
	}
	for _, n := range s.Notes {
		a.Notes = append(a.Notes, apiNote{n.Code, n.Text, n.Path})
	}
	if s.Order != nil {
		a.Order, a.FCN = s.Order.ID, s.Order.FCN
	}
	for _, t := range s.Transmissions {
		a.Transmissions, a.Transmission = append(a.Transmissions, transmissionOf(t)), t.State
	}
	for _, g := range s.Stages {
		a.Stages = append(a.Stages, apiStage{g.Name, g.OK, max(0, g.End.Sub(g.Start).Microseconds())})
	}
	return a
}

func transmissionOf(t store.TransmissionStatus) apiTransmission {
	a := apiTransmission{Transaction: string(t.Kind), State: string(t.State), Reason: t.Reason, FormItem: t.Item, NextTry: known(t.RetryAt), ChangedAt: known(t.ChangedAt), Attempts: []apiAttempt{}}
	for _, x := range t.Attempts {
		a.Attempts = append(a.Attempts, apiAttempt{string(x.Purpose), x.At.UTC(), known(x.FinishedAt), string(x.Verdict), x.Text})
	}
	return a
}

type apiPing struct {
	Time   time.Time `json:"time"`
	Policy string    `json:"policyEdition"`
	Agency order.ORI `json:"agency"`
	Name   string    `json:"name"`
	Test   bool      `json:"test"`
}

type apiPolicy struct {
	Edition     string              `json:"edition"`
	Forms       []apiForm           `json:"forms"`
	Expirations []apiExpiration     `json:"expirationRules"`
	Codes       map[string][]string `json:"codeLists"`
	Limits      []limit             `json:"limits"`
	Algorithms  []string            `json:"signatureAlgorithms"`
	Maintenance []string            `json:"maintenance"`
	Errors      []errorCode         `json:"errors"`
	Receipts    [][]byte            `json:"receiptCertificates"`
	Windows     []window            `json:"maintenanceWindows"`
}

type apiForm struct {
	Number       string                 `json:"number"`
	Kind         string                 `json:"kind"`
	Title        string                 `json:"title"`
	Revision     string                 `json:"revision,omitempty"`
	Until        string                 `json:"until,omitempty"`
	Family       string                 `json:"family,omitempty"`
	OrderTypes   []string               `json:"orderTypes,omitempty"`
	Stages       []order.Stage          `json:"stages,omitempty"`
	Petitioners  []order.PetitionerKind `json:"petitioners,omitempty"`
	Reasons      []order.ModifyReason   `json:"modificationReasons,omitempty"`
	Ends         []order.CancelReason   `json:"cancellationReasons,omitempty"`
	Methods      []order.ServiceMethod  `json:"serviceMethods,omitempty"`
	Clauses      []forms.Clause         `json:"clauses,omitempty"`
	ProtectedMin *int                   `json:"protectedMinimum,omitempty"`
	Expiration   string                 `json:"expirationRule,omitempty"`
	Confidence   string                 `json:"confidence"`
}

type apiExpiration struct {
	ID         string `json:"id"`
	Text       string `json:"text"`
	Citation   string `json:"citation"`
	Confidence string `json:"confidence"`
}

// apiPolicy is GetPolicy's answer, out of the same tables.
func (h *Hub) apiPolicy(ctx context.Context, a asked) (any, error) {
	lists, err := schemas.CodeLists()
	if err != nil {
		return nil, err
	}
	windows, err := h.windows(ctx)
	if err != nil {
		return nil, err
	}
	p := apiPolicy{Edition: h.edition(), Codes: map[string][]string{}, Limits: h.limitsOf(a.of), Algorithms: sig.Algorithms(), Maintenance: []string{}, Windows: windows, Errors: h.errorCodes(), Receipts: h.receiptCertificates()}
	for _, w := range windows {
		p.Maintenance = append(p.Maintenance, w.When)
	}
	for _, f := range h.Forms.Forms() {
		p.Forms = append(p.Forms, formOf(f))
	}
	for _, r := range h.Forms.Rules() {
		p.Expirations = append(p.Expirations, apiExpiration{r.ID, r.Text, r.Citation, r.Confidence})
	}
	for _, l := range lists {
		p.Codes[l.Name] = l.Codes
	}
	return p, nil
}

func formOf(f forms.Form) apiForm {
	a := apiForm{Number: f.Number, Kind: string(f.Kind), Title: f.Title, Family: string(f.Family), Stages: f.Stages, Petitioners: f.Petitioners, Reasons: f.Reasons, Ends: f.Ends,
		Methods: f.Methods, Clauses: f.Clauses, Confidence: f.Confidence}
	if !f.Revision.IsZero() {
		a.Revision = f.Revision.String()
	}
	if !f.Until.IsZero() {
		a.Until = f.Until.String()
	}
	for _, d := range []string{f.Designator, f.FinancialDesignator} {
		if d != "" {
			a.OrderTypes = append(a.OrderTypes, d)
		}
	}
	if f.Kind == forms.KindOrder {
		a.ProtectedMin, a.Expiration = &f.ProtectedMin, f.Expiry
	}
	return a
}

package exchange

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"time"

	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/mapping/forms"
	"ccpor/mapping/rules"
	"ccpor/schemas"
	"ccpor/store"
)

// edition names the data by which the hub decides: it changes when a form, a rule or a fault does.
func (h *Hub) edition() string { return "forms " + h.Forms.Edition() }

// policy answers GetPolicy: what the hub takes, out of the tables by which it decides.
func (h *Hub) policy(ctx context.Context, o opened) (reply, error) {
	o.begin("policy")
	if _, err := o.read(); err != nil {
		return reply{}, err
	}
	lists, err := schemas.CodeLists()
	if err != nil {
		return reply{}, err
	}
	windows, err := h.windows(ctx)
	if err != nil {
		return reply{}, err
	}
	o.end(true, "")
	return o.answer(func(w *soap.Writer) {
		w.Leaf("PolicyEditionText", h.edition())
		for _, f := range h.Forms.Forms() {
			writeForm(w, f)
		}
		for _, r := range h.Forms.Rules() {
			writeExpiryRule(w, r)
		}
		for _, l := range lists {
			w.Open("CodeList")
			w.Leaf("CodeListName", l.Name)
			for _, c := range l.Codes {
				w.Leaf("CodeValue", c)
			}
			w.Close("CodeList")
		}
		writeLimits(w, h.limitsOf(o))
		for _, a := range sig.Algorithms() {
			w.Leaf("SignatureAlgorithmURI", a)
		}
		for _, m := range windows {
			w.Leaf("MaintenanceText", m.When)
		}
		writeErrors(w, h.errorCodes())
		for _, c := range h.receiptCertificates() {
			w.Leaf("ReceiptCertificate", base64.StdEncoding.EncodeToString(c))
		}
		for _, m := range windows {
			w.Open("MaintenanceWindow")
			w.Leaf("WindowStartDateTime", stamp(m.Starts))
			w.Leaf("WindowEndDateTime", stamp(m.Ends))
			w.Bool("WeeklyIndicator", m.Weekly)
			w.Leaf("WindowText", m.Text)
			w.Close("MaintenanceWindow")
		}
	}), nil
}

// window is the next time, or the present one, of a maintenance window.
type window struct {
	Starts time.Time `json:"starts"`
	Ends   time.Time `json:"ends"`
	// Weekly says that the same comes every week.
	Weekly bool   `json:"weekly"`
	Text   string `json:"text"`
	// When says it in words.
	When string `json:"-"`
}

// windows are in which times the hub may be away, of each window the present or next one, the earliest first.
func (h *Hub) windows(ctx context.Context) ([]window, error) {
	all, err := h.Store.Windows(ctx, h.Now())
	if err != nil {
		h.Log.Error("maintenance windows not read", "error", loggable(err))
		return nil, &refusal{code: "Server.Unavailable"}
	}
	zone := h.Calendar.Pacific()
	next := []window{}
	for _, o := range store.Upcoming(all, h.Now(), zone) {
		next = append(next, window{o.At.UTC(), o.To.UTC(), o.Weekly, o.Text, o.Words(zone)})
	}
	return next, nil
}

func writeForm(w *soap.Writer, f forms.Form) {
	w.Open("Form")
	w.Leaf("FormNumberText", f.Number)
	w.Leaf("FormKindCode", string(f.Kind))
	w.Leaf("FormTitleText", f.Title)
	if !f.Revision.IsZero() {
		w.Leaf("FormRevisionDate", f.Revision.String())
	}
	if !f.Until.IsZero() {
		w.Leaf("FormUntilDate", f.Until.String())
	}
	w.Optional("FormFamilyCode", string(f.Family))
	w.Optional("OrderTypeCode", f.Designator)
	w.Optional("OrderTypeCode", f.FinancialDesignator)
	each(w, "OrderStageCode", f.Stages)
	each(w, "PetitionerCategoryCode", f.Petitioners)
	each(w, "ModificationReasonCode", f.Reasons)
	each(w, "CancellationReasonCode", f.Ends)
	each(w, "ServiceMethodCode", f.Methods)
	each(w, "ClauseName", f.Clauses)
	if f.Kind == forms.KindOrder {
		w.Int("ProtectedPersonMinimum", f.ProtectedMin)
		w.Leaf("ExpirationRuleIdentification", f.Expiry)
	}
	w.Leaf("ConfidenceText", f.Confidence)
	w.Close("Form")
}

func each[T ~string](w *soap.Writer, name string, values []T) {
	for _, v := range values {
		w.Leaf(name, string(v))
	}
}

func writeExpiryRule(w *soap.Writer, r forms.ExpiryRule) {
	w.Open("ExpirationRule")
	w.Leaf("RuleIdentification", r.ID)
	w.Leaf("RuleText", r.Text)
	w.Leaf("CitationText", r.Citation)
	w.Leaf("ConfidenceText", r.Confidence)
	w.Close("ExpirationRule")
}

// receiptCertificates are those with which the hub signs receipts, DER; none where it does not sign.
func (h *Hub) receiptCertificates() [][]byte {
	if h.Seal == nil {
		return [][]byte{}
	}
	return [][]byte{h.Seal.Certificate().Raw}
}

// limit is one bound of the hub.
type limit struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

func (h *Hub) limitsOf(o opened) []limit {
	all := []limit{
		{"MessageBytes", h.Limits.MessageBytes},
		{"PackageBytes", int64(h.Limits.PackageBytes)},
		{"Attachments", maxAttachments},
		{"DocumentBytes", o.agency.MaxDocumentBytes},
		{"BodySeconds", int64(h.Limits.BodyTime.Seconds())},
		{"ListMaximumCount", listAtMost},
		{"SearchMaximumCount", searchAtMost},
	}
	return slices.DeleteFunc(all, func(l limit) bool { return l.Value <= 0 })
}

func writeLimits(w *soap.Writer, all []limit) {
	for _, l := range all {
		w.Open("Limit")
		w.Leaf("LimitName", l.Name)
		w.Leaf("LimitValue", strconv.FormatInt(l.Value, 10))
		w.Close("Limit")
	}
}

// errorCode is one code that a refusal or a warning can have.
type errorCode struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Text     string `json:"text"`
	Citation string `json:"citation,omitempty"`
	Retry    bool   `json:"retry"`
	Whose    string `json:"nextMove"`
}

// errorCodes are all but those of the lists that a last part "*" stands for, which docs/faults.md has.
func (h *Hub) errorCodes() []errorCode {
	var all []errorCode
	for _, f := range faults {
		all = append(all, errorCode{f.code, "error", f.text, "", f.retry, f.whose})
	}
	for _, r := range h.Rules.Rules() {
		prefix := "Client.Rule."
		if r.Severity == rules.Warning {
			prefix = "Warning.Rule."
		}
		all = append(all, errorCode{prefix + string(r.ID), string(r.Severity), r.Asks, r.Citation, false, string(r.Whose)})
	}
	return append(all, imageCodes()...)
}

func writeErrors(w *soap.Writer, all []errorCode) {
	for _, e := range all {
		w.Open("ErrorCode")
		w.Leaf("FaultCodeText", e.Code)
		w.Leaf("SeverityCode", e.Severity)
		w.Leaf("FaultText", e.Text)
		w.Optional("CitationText", e.Citation)
		w.Bool("RetryIndicator", e.Retry)
		w.Leaf("NextMoveCode", e.Whose)
		w.Close("ErrorCode")
	}
}

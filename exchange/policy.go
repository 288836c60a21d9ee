package exchange

import (
	"context"
	"strconv"

	"ccpor/exchange/sig"
	"ccpor/exchange/soap"
	"ccpor/mapping/forms"
	"ccpor/schemas"
)

// edition names the data by which the hub decides: it changes when a form, a rule or a fault does.
func (h *Hub) edition() string { return "forms " + h.Forms.Edition() }

// policy answers GetPolicy: what the hub takes, out of the tables by which it decides.
func (h *Hub) policy(_ context.Context, o opened) (reply, error) {
	o.begin("policy")
	if _, err := o.read(); err != nil {
		return reply{}, err
	}
	lists, err := schemas.CodeLists()
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
		h.writeLimits(w, o)
		for _, a := range sig.Algorithms() {
			w.Leaf("SignatureAlgorithmURI", a)
		}
		for _, m := range h.Maintenance {
			w.Leaf("MaintenanceText", m)
		}
		h.writeErrors(w)
	}), nil
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

func (h *Hub) writeLimits(w *soap.Writer, o opened) {
	limit := func(name string, n int64) {
		if n > 0 {
			w.Open("Limit")
			w.Leaf("LimitName", name)
			w.Leaf("LimitValue", strconv.FormatInt(n, 10))
			w.Close("Limit")
		}
	}
	limit("MessageBytes", h.Limits.MessageBytes)
	limit("PackageBytes", int64(h.Limits.PackageBytes))
	limit("Attachments", maxAttachments)
	limit("DocumentBytes", o.agency.MaxDocumentBytes)
	limit("BodySeconds", int64(h.Limits.BodyTime.Seconds()))
	limit("ListMaximumCount", listAtMost)
	limit("SearchMaximumCount", searchAtMost)
}

// writeErrors tells every code that a refusal or a warning can have, but those of the lists that a last part "*" stands for, which docs/faults.md has.
func (h *Hub) writeErrors(w *soap.Writer) {
	code := func(code, severity, text, citation, whose string, retry bool) {
		w.Open("ErrorCode")
		w.Leaf("FaultCodeText", code)
		w.Leaf("SeverityCode", severity)
		w.Leaf("FaultText", text)
		w.Optional("CitationText", citation)
		w.Bool("RetryIndicator", retry)
		w.Leaf("NextMoveCode", whose)
		w.Close("ErrorCode")
	}
	for _, f := range faults {
		code(f.code, "error", f.text, "", f.whose, f.retry)
	}
	for _, r := range h.Rules.Rules() {
		prefix := "Client.Rule."
		if r.Severity == "warning" {
			prefix = "Warning.Rule."
		}
		code(prefix+string(r.ID), string(r.Severity), r.Asks, r.Citation, string(r.Whose), false)
	}
}

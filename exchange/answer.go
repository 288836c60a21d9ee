package exchange

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"

	"ccpor/exchange/seal"
	"ccpor/exchange/soap"
	"ccpor/mapping/order"
	"ccpor/store"
	"ccpor/wsdl"
)

// receipt is the answer to a package that is kept: the receipt, and the same as a document that the hub has signed.
func (k kept) receipt() []byte {
	now := k.hub.Now()
	receipt := k.writeReceipt(now)
	signed := k.signed(receipt, now)
	return soap.Answer(k.edition, k.addressing, wsdl.Action(submitOrder)+"Response", func(w *soap.Writer) {
		w.Open("SubmitOrderResponse", "xmlns", wsdl.Namespace)
		w.Raw(receipt)
		w.Optional("SignedReceipt", base64.StdEncoding.EncodeToString(signed))
		w.Close("SubmitOrderResponse")
	})
}

// signed is the receipt with the hub's signature, and nothing where the hub does not sign. The package is kept in any case, so that a
// signature that cannot be made costs the sender nothing but that.
func (k kept) signed(receipt []byte, now time.Time) []byte {
	if k.hub.Seal == nil || k.replay != nil { // a replay says when the package was first received, which this hub cannot vouch for
		return nil
	}
	signed, err := k.hub.Seal.Seal(receipt, now)
	if err != nil {
		k.hub.Log.Error("a receipt could not be signed", "correlation", k.correlation, "error", loggable(err))
	}
	return signed
}

// receiptOf is what a receipt says.
type receiptOf struct {
	stored    store.Receipt
	canonical [32]byte
	pkg       order.LocalID
	submitter order.ORI
	test      bool
	enteredBy order.ORI // who enters the submitter's orders, where that is another
	citation  string
	warnings  []store.Problem
	notes     []order.Note
}

func (k kept) writeReceipt(now time.Time) []byte {
	r := receiptOf{k.stored, k.verified.Digest(), k.pack.ID, k.agency.ORI, k.test || k.agency.Test, k.agency.EnteredBy, "", k.warnings, k.pack.Notes}
	if r.stored.Rule == k.deadline.Rule {
		r.citation = k.deadline.Citation
	}
	return r.write(now, k.hub.Seal != nil)
}

// ReceiptAgain is the signed receipt of a submission that was accepted, as it would be given today.
func ReceiptAgain(s store.Status, by *seal.Sealer, now time.Time) ([]byte, error) {
	r := receiptOf{store.Receipt{Tracking: s.Tracking, At: s.ReceivedAt, Digest: s.Digest, Due: s.Due, Rule: s.DueRule, State: s.State, Duplicate: true, Owed: s.Owed, NotOwed: s.NotOwed},
		s.Canonical, s.Package, s.Agency.ORI, s.Test, s.Agency.EnteredBy, "", s.Warnings, s.Notes}
	return by.Seal(r.write(now, true), now)
}

// write writes the Receipt as a document of its own.
func (r receiptOf) write(now time.Time, signed bool) []byte {
	w := &soap.Writer{}
	w.Open("Receipt", "xmlns", wsdl.Namespace, "Id", "receipt-"+string(r.stored.Tracking))
	w.Leaf("TrackingIdentification", string(r.stored.Tracking))
	w.Leaf("PackageIdentification", string(r.pkg))
	w.Leaf("ReceivedDateTime", stamp(r.stored.At))
	w.Leaf("MessageSHA256", hex.EncodeToString(r.stored.Digest[:]))
	w.Leaf("PackageSHA256", hex.EncodeToString(r.canonical[:]))
	w.Leaf("SubmissionStateCode", string(r.stored.State))
	w.Bool("DuplicateIndicator", r.stored.Duplicate)
	w.Bool("TestIndicator", r.test)
	writeEntry(w, r.stored.Owed, notOwedText(r.stored.NotOwed, r.enteredBy), r.stored.Due, r.stored.Rule, r.citation)
	w.Optional("WaitsForText", r.stored.Waits)
	for _, p := range r.warnings {
		writeProblem(w, "Warning", p)
	}
	writeNotes(w, r.notes)
	w.Leaf("SubmitterOrganizationORIIdentification", string(r.submitter))
	if signed {
		w.Leaf("SignedDateTime", stamp(now))
	}
	w.Close("Receipt")
	return w.Bytes()
}

var notOwedTexts = map[store.NotOwed]string{
	store.NotOwedAgency:  "Your agency enters its orders into CARPOS itself.",
	store.NotOwedTest:    "This is a test; CARPOS is not told of it.",
	store.NotOwedOrder:   "Nothing is owed to CARPOS for the order that this is about.",
	store.NotOwedGivenUp: "The order's entry into CARPOS was given up, so nothing can follow it.",
	store.NotOwedImage:   "An image alone is not sent to CARPOS.",
}

// notOwedText says why nothing is owed to CARPOS, and who enters the order instead where the registration names somebody.
func notOwedText(not store.NotOwed, enteredBy order.ORI) string {
	if not == store.NotOwedAgency && enteredBy != "" {
		return string(enteredBy) + " enters your agency's orders into CARPOS."
	}
	return notOwedTexts[not]
}

func writeEntry(w *soap.Writer, owed bool, not string, due time.Time, rule, citation string) {
	w.Open("CarposEntry")
	w.Bool("OwedIndicator", owed)
	w.Optional("NotOwedText", not)
	if !due.IsZero() {
		w.Leaf("DeadlineDateTime", stamp(due))
		w.Optional("DeadlineRuleText", rule)
		w.Optional("DeadlineCitationText", citation)
	}
	w.Close("CarposEntry")
}

func writeNotes(w *soap.Writer, notes []order.Note) {
	for _, n := range notes {
		w.Open("Note")
		w.Leaf("NoteCode", n.Code)
		w.Leaf("NoteText", n.Text)
		w.Optional("PathText", n.Path)
		w.Close("Note")
	}
}

func writeProblem(w *soap.Writer, name string, p store.Problem) {
	w.Open(name)
	w.Leaf("ProblemCode", p.Code)
	w.Optional("RuleIdentification", p.Rule)
	w.Leaf("ProblemText", p.Text)
	w.Optional("PathText", p.Path)
	if p.Line > 0 {
		w.Int("LineNumber", p.Line)
	}
	if p.Column > 0 {
		w.Int("ColumnNumber", p.Column)
	}
	w.Optional("ElementName", p.Element)
	w.Optional("ValueText", p.Value)
	w.Optional("CitationText", p.Citation)
	w.Optional("FixText", p.Fix)
	w.Optional("NextMoveCode", p.Whose)
	w.Close(name)
}

// faultOf is the SOAP fault for what the sender is told.
func (h *Hub) faultOf(v *visit, o outward, tracking order.Tracking) soap.Fault {
	v.tracking = tracking
	return soap.Fault{Kind: o.kind, Subcode: o.code, Namespace: wsdl.Namespace, Reason: o.text, Detail: func(w *soap.Writer) {
		w.Open("SubmissionFault", "xmlns", wsdl.Namespace)
		w.Leaf("FaultCode", o.code)
		w.Leaf("FaultText", o.text)
		w.Optional("FaultHintText", o.hint)
		w.Bool("RetryIndicator", o.retry)
		w.Leaf("NextMoveCode", o.whose)
		w.Optional("TrackingIdentification", string(tracking))
		w.Optional("EarlierTrackingIdentification", o.earlier)
		w.Leaf("CorrelationIdentification", v.correlation)
		w.Leaf("ReceivedDateTime", stamp(v.at))
		for _, p := range o.problems {
			writeProblem(w, "Problem", p)
		}
		w.Close("SubmissionFault")
	}}
}

// status answers GetSubmissionStatus: everything of one submission, to the agency that sent it and to no other.
func (h *Hub) status(ctx context.Context, o opened) (reply, error) {
	o.begin("status")
	question, err := o.readQuestion()
	if err != nil {
		return reply{}, err
	}
	found, err := h.find(ctx, o, question)
	if err != nil {
		return reply{}, err
	}
	if err := h.record(ctx, o, store.Event{Action: "submission.read", Object: "submission " + string(found.Tracking), Outcome: "answered"}); err != nil {
		return reply{}, err
	}
	o.tracking = found.Tracking
	o.end(true, "")
	return o.answer(func(w *soap.Writer) {
		w.Open("Submission")
		writeSubmission(w, found)
		w.Close("Submission")
	}), nil
}

// question is by what a submission is asked for: exactly one of the two.
type question struct {
	tracking order.Tracking
	pkg      order.LocalID
}

func (o opened) readQuestion() (question, error) {
	var q question
	a, err := o.read("TrackingIdentification", "PackageIdentification")
	if err != nil {
		return q, err
	}
	if a.has("TrackingIdentification") == a.has("PackageIdentification") {
		return q, o.malformed("GetSubmissionStatus holds TrackingIdentification or PackageIdentification")
	}
	if a.has("TrackingIdentification") {
		if q.tracking, err = order.ParseTracking(a.texts["TrackingIdentification"]); err != nil {
			err = &refusal{code: "Client.Operation.TrackingNumber"}
		}
		return q, err
	}
	if q.pkg, err = order.ParseLocalID(a.texts["PackageIdentification"]); err != nil {
		err = a.wrong("PackageIdentification", "1 to 64 letters, digits and . _ : - are needed")
	}
	return q, err
}

func (h *Hub) find(ctx context.Context, o opened, q question) (store.Status, error) {
	var found store.Status
	var err error
	if q.tracking != "" {
		found, err = h.Store.OwnStatus(ctx, o.reach(), q.tracking)
	} else {
		found, err = h.Store.StatusByPackage(ctx, o.reach(), q.pkg)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return found, &refusal{code: "Client.Operation.NotFound"}
	case err != nil:
		h.Log.Error("status not read", "correlation", o.correlation, "error", loggable(err))
		return found, &refusal{code: "Server.Unavailable"}
	}
	return found, nil
}

func writeSubmission(w *soap.Writer, s store.Status) {
	w.Leaf("TrackingIdentification", string(s.Tracking))
	w.Optional("PackageIdentification", string(s.Package))
	w.Optional("PackageActionCode", string(s.Action))
	w.Leaf("ReceivedDateTime", stamp(s.ReceivedAt))
	w.Leaf("MessageSHA256", hex.EncodeToString(s.Digest[:]))
	if s.Canonical != [32]byte{} {
		w.Leaf("PackageSHA256", hex.EncodeToString(s.Canonical[:]))
	}
	w.Leaf("SubmissionStateCode", string(s.State))
	w.Bool("TestIndicator", s.Test)
	w.Optional("FaultCode", s.RefusedCode)
	for _, p := range s.Problems {
		writeProblem(w, "Problem", p)
	}
	writeNotes(w, s.Notes)
	if s.State == store.SubmissionAccepted {
		writeEntry(w, s.Owed, notOwedText(s.NotOwed, s.Agency.EnteredBy), s.Due, s.DueRule, "")
	}
	if s.Order != nil {
		w.Optional("OrderIdentification", string(s.Order.ID))
		w.Optional("CarposFileControlIdentification", string(s.Order.FCN))
	}
	for _, t := range s.Transmissions {
		writeTransmission(w, t)
	}
	w.Leaf("NextMoveCode", partyOf(s.Next.Whose))
	w.Leaf("NextMoveText", s.Next.Sentence)
	for _, g := range s.Stages {
		writeStage(w, g)
	}
}

func writeStage(w *soap.Writer, g store.Stage) {
	w.Open("Stage")
	w.Leaf("StageName", g.Name)
	w.Bool("PassedIndicator", g.OK)
	w.Int("DurationMicroseconds", int(max(0, g.End.Sub(g.Start).Microseconds())))
	w.Close("Stage")
}

func writeTransmission(w *soap.Writer, t store.TransmissionStatus) {
	w.Open("Transmission")
	w.Leaf("TransactionCode", string(t.Kind))
	w.Leaf("TransmissionStateCode", string(t.State))
	w.Optional("ReasonText", t.Reason)
	w.Optional("FormItemText", t.Item)
	if !t.RetryAt.IsZero() {
		w.Leaf("NextTryDateTime", stamp(t.RetryAt))
	}
	for _, a := range t.Attempts {
		w.Open("Attempt")
		w.Leaf("AttemptPurposeCode", string(a.Purpose))
		w.Leaf("BegunDateTime", stamp(a.At))
		if !a.FinishedAt.IsZero() {
			w.Leaf("FinishedDateTime", stamp(a.FinishedAt))
		}
		w.Optional("VerdictCode", string(a.Verdict))
		w.Optional("VerdictText", a.Text)
		w.Close("Attempt")
	}
	w.Close("Transmission")
}

// partyOf says a store's party in the words of the service: what a person of the hub does is the hub's move to a sender.
func partyOf(p store.Party) string {
	switch p {
	case store.PartyCourt:
		return court
	case store.PartyCarpos:
		return "carpos"
	case store.PartyNobody:
		return "nobody"
	}
	return hub
}

// stamp is a moment as the service writes it, in UTC.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func fingerprint(c *x509.Certificate) [32]byte { return sha256.Sum256(c.Raw) }
